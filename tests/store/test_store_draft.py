"""Two release managers who never meet, each with one key of 'targets' on a medium of their own, publish together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from store_worlds import content, save_model
from tuf.api.metadata import Metadata

from openckm.errors import OptionError, RepositoryAttacked, StoreError
from openckm.store.draft import Draft
from openckm.store.keys import KeyFolder
from openckm.store.publish import Repository
from openckm.store.update import Updater


class Apart:
    """A repository on disk; keys: anna's and ben's of 'targets', and the machine's of snapshot and timestamp."""

    def __init__(self, place: Path) -> None:
        self.place, self.url = place, str(place / "repository")
        made = Repository.create(self.url, KeyFolder(place / "keys"))
        self.root = made.trust_root
        made.publish(self.model("1.0.0"), "stable", ("bf16",))
        for name, path in zip(("anna", "ben"), sorted((place / "keys/targets").iterdir()), strict=True):
            self.move(path, place / name / "targets" / path.name)
        for role in ("snapshot", "timestamp"):
            for path in (place / "keys" / role).iterdir():
                self.move(path, place / "machine" / role / path.name)

    @staticmethod
    def move(path: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        shutil.move(path, to)

    def model(self, version: str) -> Path:
        folder = self.place / "made" / version
        return folder if folder.exists() else save_model(folder, version)

    def at(self, who: str, draft: Path | None = None) -> Repository:
        return Repository(self.url, KeyFolder(self.place / who), self.root, draft=draft)

    def edge(self) -> dict[str, bytes]:
        return content(Updater(self.root, self.url, self.place / "edge").update())


@pytest.fixture
def apart(tmp_path, small_chunks) -> Apart:
    return Apart(tmp_path)


def carried(folder: Path, to: Path) -> Path:
    """Carry a draft on a medium."""
    shutil.copytree(folder, to)
    return to


def test_together_they_publish_and_neither_alone_can(apart, tmp_path):
    with pytest.raises(StoreError, match=r"signed by 1/2 keys.*bring the missing keys of 'targets'"):
        apart.at("anna").publish(apart.model("1.1.0"), "stable", ("bf16",))
    before = sorted(Path(apart.url).rglob("*"))
    release = apart.at("anna", tmp_path / "draft").publish(apart.model("1.1.0"), "stable", ("bf16",))
    assert release.number == 2
    assert sorted(Path(apart.url).rglob("*")) == before, "a draft changes nothing in the repository"
    with pytest.raises(StoreError, match=r"signed by 1/2 keys.*carry it to the next"):
        apart.at("machine").finish(tmp_path / "draft")
    medium = carried(tmp_path / "draft", tmp_path / "usb")
    with pytest.raises(StoreError, match="no key of 'targets' that has not signed yet"):
        apart.at("anna").sign(medium)
    told, count, wanted = apart.at("ben").sign(medium)
    assert (count, wanted) == (2, 2)
    assert "channel stable: release 2 offers 1.1.0, before 1.0.0" in told
    assert "adds models/tiny/1.1.0/bf16.json" in told
    assert apart.edge() == content(apart.model("1.0.0")), "signatures alone publish nothing"
    with pytest.raises(StoreError, match="bring the missing keys of 'snapshot'"):
        apart.at("ben").finish(medium)
    assert apart.at("machine").finish(medium) == told
    assert apart.edge() == content(apart.model("1.1.0"))
    with pytest.raises(StoreError, match="it follows state 2 of the repository, which is at 3 now"):
        apart.at("machine").finish(medium)


def test_revocation_and_rollback_are_drafted_too(apart, tmp_path):
    apart.at("anna", tmp_path / "a").publish(apart.model("1.1.0"), "stable", ("bf16",))
    apart.at("ben").sign(tmp_path / "a")
    apart.at("machine").finish(tmp_path / "a")
    apart.at("ben", tmp_path / "b").revoke("1.1.0")
    told, _, _ = apart.at("anna").sign(tmp_path / "b")
    assert "channel stable: release 3 offers 1.0.0, before 1.1.0; forbids 1.1.0" in told
    apart.at("machine").finish(tmp_path / "b")
    assert apart.edge() == content(apart.model("1.0.0"))


def test_a_draft_that_somebody_changed_on_the_way_is_not_signed(apart, tmp_path):
    apart.at("anna", tmp_path / "draft").publish(apart.model("1.1.0"), "stable", ("bf16",))
    files = sorted(p for p in (tmp_path / "draft/files").rglob("*") if p.is_file())

    flipped = carried(tmp_path / "draft", tmp_path / "flipped")
    path = flipped / files[0].relative_to(tmp_path / "draft")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(RepositoryAttacked, match="is not what the list says"):
        apart.at("ben").sign(flipped)

    lacking = carried(tmp_path / "draft", tmp_path / "lacking")
    told = json.loads((lacking / "draft.json").read_bytes())
    told["files"] = told["files"][1:]
    (lacking / "draft.json").write_text(json.dumps(told))
    with pytest.raises(RepositoryAttacked, match="neither here nor in the repository"):
        apart.at("ben").sign(lacking)

    for listed in (["../../../etc/passwd"], ["/etc/passwd"], "x", [1]):
        stray = carried(tmp_path / "draft", tmp_path / f"stray{len(str(listed))}")
        (stray / "draft.json").write_text(json.dumps(told | {"files": listed}))
        with pytest.raises(StoreError, match="not a whole draft"):
            apart.at("ben").sign(stray)

    for name, data in (("targets.json", b"[" * 50_000), ("targets.json", b"{}"), ("draft.json", b"")):
        broken = carried(tmp_path / "draft", tmp_path / f"broken{len(data)}")
        (broken / name).write_bytes(data)
        with pytest.raises(StoreError, match="not a whole draft"):
            apart.at("ben").sign(broken)


def test_what_was_signed_before_a_change_of_the_list_does_not_count(apart, tmp_path):
    """Anna's signature is of her list: with another release in it, hers is no signature any more."""
    apart.at("anna", tmp_path / "draft").publish(apart.model("1.1.0"), "stable", ("bf16",))
    list_ = tmp_path / "draft/targets.json"
    document = Metadata.from_bytes(list_.read_bytes())
    document.signed.expires = document.signed.expires.replace(year=document.signed.expires.year + 5)
    list_.write_bytes(document.to_bytes())
    apart.at("ben").sign(tmp_path / "draft")
    with pytest.raises(StoreError, match="signed by 1/2 keys"):
        apart.at("machine").finish(tmp_path / "draft")


def test_a_draft_is_overtaken_by_what_was_published_meanwhile(apart, tmp_path):
    apart.at("anna", tmp_path / "late").publish(apart.model("1.2.0"), "stable", ("bf16",))
    apart.at("anna", tmp_path / "early").publish(apart.model("1.1.0"), "stable", ("bf16",))
    apart.at("ben").sign(tmp_path / "early")
    apart.at("machine").finish(tmp_path / "early")
    with pytest.raises(StoreError, match="make the draft again"):
        apart.at("ben").sign(tmp_path / "late")


def test_what_a_draft_cannot_be(apart, tmp_path):
    drafted = apart.at("anna", tmp_path / "draft")
    drafted.publish(apart.model("1.1.0"), "stable", ("bf16",))
    with pytest.raises(StoreError, match="there is a draft already"):
        drafted.publish(apart.model("1.2.0"), "stable", ("bf16",))
    with pytest.raises(StoreError, match="no key of 'targets'"):
        apart.at("machine", tmp_path / "none").publish(apart.model("1.2.0"), "stable", ("bf16",))
    for act in (drafted.renew, lambda: drafted.rotate("targets")):
        with pytest.raises(OptionError, match="leave the draft out"):
            act()
    with pytest.raises(StoreError, match="not a whole draft"):
        Draft.read(tmp_path / "nowhere")
