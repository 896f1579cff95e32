"""`ckm cloud init|publish|...`: from keys to an edge's model by commands, and what each refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cloud"))
from regions import shard_of, store_of, write

from openckm.cloud.suite import freeze
from openckm.store import Updater
from worlds import save_tiny


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> Path:
    """A suite of one region, in its folder."""
    folder = tmp_path_factory.mktemp("cloud")
    return freeze(store_of(folder / "store", oldtown=20), folder / "suite", {"oldtown": 1.0}, most=8).folder


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder in which the commands find repository, keys and root by the environment."""
    for name, value in {"REPOSITORY": "repository", "KEYS": "keys", "TRUST_ROOT": "root.json"}.items():
        monkeypatch.setenv(f"OPENCKM_{name}", str(tmp_path / value))
    monkeypatch.delenv("OPENCKM_PASSPHRASE", raising=False)
    return tmp_path


def edge(place: Path) -> Updater:
    return Updater(place / "root.json", str(place / "repository"), place / "cache")


def test_by_commands_from_keys_to_an_edge(ckm, place, suite):
    (place / "secret").write_text("a long sentence\n")
    (place / "secret").chmod(0o644)
    done = ckm("cloud", "init", "--passphrase-file", place / "secret")
    assert done.status == 2 and "others may read this passphrase (mode 644)" in done.complaint
    (place / "secret").chmod(0o600)
    secret = ("--passphrase-file", place / "secret")
    done = ckm("cloud", "init", "--root-keys", place / "offline", "--role", "targets=3/2/90", *secret)
    assert done.status == 0 and "encrypted" in done.out and "NOT" not in done.out
    assert {p.name for p in (place / "keys").iterdir()} == {"targets", "snapshot", "timestamp"}
    assert len(list((place / "keys" / "targets").iterdir())) == 3
    assert b"ENCRYPTED" in next((place / "offline" / "root").iterdir()).read_bytes()
    model = save_tiny(place / "model")
    done = ckm("cloud", "publish", model, "--suite", suite, "--channel", "stable", "--precision", "bf16", *secret)
    assert done.status == 0, done.err
    assert "a first version" in done.out and "stable   release 1: tiny 0.0.1 (bf16)" in done.out
    assert edge(place).update()
    (place / "offline").rename(place / "safe")
    done = ckm("cloud", "rotate", "timestamp", *secret)
    assert done.status == 2 and "bring the missing keys of 'root'" in done.complaint
    before = (place / "root.json").read_bytes()
    done = ckm("cloud", "rotate", "timestamp", "--root-keys", place / "safe", *secret)
    assert done.status == 0 and (place / "root.json").read_bytes() != before
    assert edge(place).update()
    done = ckm("cloud", "renew", *secret)
    assert done.status == 0 and "nothing was due" in done.out
    done = ckm("cloud", "status")
    assert done.status == 0 and "held     0.0.1 (bf16)" in done.out and "expires  timestamp in 3.0 days" in done.out
    done = ckm("cloud", "revoke", "0.0.1", *secret)
    assert done.status == 0 and "stable   release 2: nothing; revoked: 0.0.1" in done.out
    done = ckm("cloud", "rollback", *secret)
    assert done.status == 2 and "offered nothing before" in done.complaint


def test_the_gate_decides_and_says_why(ckm, place, suite, monkeypatch):
    from openckm.cloud.gate import Verdict

    ckm("cloud", "init")
    model = save_tiny(place / "model")
    assert ckm("cloud", "publish", model, "--suite", suite, "--precision", "bf16").status == 0
    done = ckm("cloud", "promote", "0.0.1", "--suite", suite)
    assert done.status == 0 and "stable   release 1: tiny 0.0.1" in done.out
    card = (place / "model" / "card.json").read_text()
    (place / "model" / "card.json").write_text(card.replace('"0.0.1"', '"0.0.2"'))
    monkeypatch.setattr("openckm.cloud.judge.decide", lambda *_: Verdict(False, ("oldtown: forgets",), ()))
    done = ckm("cloud", "publish", model, "--suite", suite, "--precision", "bf16", "--report", place / "gate.json")
    assert done.status == 3 and "refused: bf16: oldtown: forgets" in done.out
    assert done.complaint == "ckm: the gate refused version 0.0.2; nothing was published"
    assert '"against": "0.0.1"' in (place / "gate.json").read_text()


def test_two_release_managers_sign_apart(ckm, place, suite):
    """Each has one of the two keys of 'targets' in a folder of their own; the machine has those of the rest."""
    ckm("cloud", "init")
    model, draft = save_tiny(place / "model"), place / "draft"
    for name, path in zip(("anna", "ben"), sorted((place / "keys/targets").iterdir()), strict=True):
        (place / name / "targets").mkdir(parents=True, mode=0o700)
        path.rename(place / name / "targets" / path.name)
    anna, ben = (("--keys", place / name) for name in ("anna", "ben"))
    asked = ("cloud", "publish", model, "--suite", suite, "--precision", "bf16", "--draft", draft, *anna)
    done = ckm(*asked)
    assert done.status == 0 and f"nothing was published: {draft} waits for signatures" in done.out, done.err
    done = ckm("cloud", "finish", draft)
    assert done.status == 2 and "signed by 1/2 keys" in done.complaint
    done = ckm("cloud", "sign", draft, "--yes", *anna)
    assert done.status == 2 and "no key of 'targets' that has not signed yet" in done.complaint
    done = ckm("cloud", "sign", draft, "--yes", *ben)
    assert done.status == 0 and "channel candidate: release 1 offers 0.0.1, before nothing" in done.out
    assert "signed by 2 of 2 keys that must: `ckm cloud finish` publishes it" in done.out
    assert "held" not in ckm("cloud", "status").out
    done = ckm("cloud", "finish", draft)
    assert done.status == 0 and "adds models/tiny/0.0.1/bf16.json" in done.out
    assert "held     0.0.1 (bf16)" in ckm("cloud", "status").out


def test_keys_without_a_passphrase_are_said_to_be_bare(ckm, place, monkeypatch):
    assert "NOT encrypted" in ckm("cloud", "init").out
    monkeypatch.setenv("OPENCKM_PASSPHRASE", "another")
    (place / "root.json").rename(place / "first.json")
    monkeypatch.setenv("OPENCKM_REPOSITORY", str(place / "second"))
    monkeypatch.setenv("OPENCKM_KEYS", str(place / "keys2"))
    done = ckm("cloud", "init")
    assert done.status == 0 and "NOT" not in done.out
    monkeypatch.setenv("OPENCKM_PASSPHRASE", "wrong")
    done = ckm("cloud", "rotate", "timestamp")
    assert done.status == 2 and "passphrase" in done.complaint


def test_train_and_merge_by_commands(ckm, place, suite, monkeypatch):
    seen = {}

    def train_first(*arguments, **options):
        seen.update(options, arguments=arguments)
        return None, 3

    monkeypatch.setattr("openckm.cloud.train.train_first", train_first)
    done = ckm(
        "cloud", "train", "-o", place / "out", "--store", place, "--suite", suite, "--name", "first", "--size", "xs",
        "--steps", 9, "--minutes", 1,
    )  # fmt: skip
    assert done.status == 4 and "step 3 of 9; the same command goes on" in done.out
    assert seen["options"].size == "xs" and seen["seconds"] == 60.0 and seen["name"] == "first"
    model, shard = save_tiny(place / "model"), write(place / "maps.npz", shard_of(list(range(8))))
    given = ("--contributor", "A town", "--licence", "CC-BY-4.0", "--region", "oldtown")
    done = ckm("edge", "contribute", model, shard, "-o", place / "c", *given)
    assert done.status == 2 and "unless the owner of the maps says so" in done.complaint
    done = ckm("edge", "contribute", model, shard, "-o", place / "c", *given, "--opt-in", "--statistics-only")
    assert done.status == 0, done.err
    assert f"{(place / 'c').stat().st_size} bytes in" in done.out and '"values": 0' in done.out
    assert "unsigned: the cloud takes it only with --unsigned" in done.out
    merge = ("cloud", "merge", model, "-o", place / "merged", "--suite", suite)
    done = ckm(*merge, place / "c")
    assert done.status == 2 and "no keys of contributors were given" in done.complaint
    done = ckm(*merge, place / "c", "--unsigned")
    assert done.status == 0 and "statistics alone" in done.out
    mine = ("--keys", place / "edge-keys")
    done = ckm("edge", "key", *mine, "--contributor", "A town", "-o", place / "known" / "town.json")
    assert done.status == 0 and "is not secret" in done.out, done.err
    done = ckm("edge", "contribute", model, shard, "-o", place / "s", *given, *mine, "--opt-in", "--statistics-only")
    assert done.status == 0 and "s, signed: this" in done.out, done.err
    known = ("--contributors", place / "known")
    done = ckm(*merge, place / "c", *known)
    assert done.status == 3 and "refused c: it is not signed" in done.out
    done = ckm(*merge, place / "s", *known)
    assert done.status == 0 and "statistics alone" in done.out and "oldtown: " in done.out and "covered 1" in done.out
    (place / "bad").write_bytes(b"bad")
    done = ckm(*merge, place / "bad", *known)
    assert done.status == 3 and "refused bad: not a contribution" in done.out
    assert "no contribution was left to merge" in done.complaint and not (place / "merged").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("init", "--role", "targets=2"), "wanted ROLE=KEYS/THRESHOLD/DAYS"),
        (("init", "--role", "mirror=1/1/1"), "wanted one of root, targets"),
        (("init", "--role", "targets=1/2/3"), "wanted 1 <= threshold <= keys"),
        (("init", "--passphrase-file", "none"), "cannot be read"),
        (("publish", "m", "--suite", "s"), "--trust-root"),
        (("status",), "`ckm cloud init` made it"),
        (("rotate", "root"), "--trust-root"),
    ],
)
def test_bad_input_is_one_line_and_makes_nothing(ckm, place, arguments, message):
    done = ckm("cloud", *arguments)
    assert done.status == 2 and message in done.complaint
    assert list(place.iterdir()) == []
    (place / "root.json").write_text("{}")
    assert "is there already" in ckm("cloud", "init").complaint
