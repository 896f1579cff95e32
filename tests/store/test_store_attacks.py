"""The attacks that the specification of The Update Framework lists (section 1.5.2), each by name: all fail closed.

Fails closed: the update raises the alarm of an attack, and the edge has the model that it had, whole, and no other.
"""

from __future__ import annotations

import datetime as clock
import hashlib
import http.server
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from store_worlds import Middle, World, content, endless, flipped
from tuf.api.metadata import Metadata, Root, TargetFile

from openckm.errors import RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.store import chunks
from openckm.store.documents import Release
from openckm.store.fetch import GuardedFetcher
from openckm.store.roles import TIMESTAMP
from openckm.store.trust import Policy, RolePolicy
from openckm.store.update import UpdateOptions, Updater


@contextmanager
def fails_closed(edge: Updater, alarm: type[StoreError] = RepositoryAttacked) -> Iterator[None]:
    """Whatever is done to the repository inside, the next update raises the alarm and the edge keeps its model."""
    had = edge.current()
    before = content(had) if had else None
    held = sorted(edge._cache.models.iterdir())
    yield
    with pytest.raises(alarm) as caught:
        edge.update()
    assert type(caught.value) is alarm
    assert edge.current() == had
    assert sorted(edge._cache.models.iterdir()) == held
    assert before is None or content(had) == before


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Let the edge's clock run ahead."""

    class Ahead(clock.datetime):
        @classmethod
        def now(cls, tz=None):
            return clock.datetime.now(tz) + clock.timedelta(days=days)

    ahead = SimpleNamespace(datetime=Ahead, timezone=clock.timezone)
    monkeypatch.setattr("tuf.ngclient._internal.trusted_metadata_set.datetime", ahead)


EVERY_FILE = {
    "root": r"2\.root\.json", "timestamp": r"timestamp\.json", "snapshot": r"snapshot\.json",
    "targets": r"targets\.json", "release": r"stable\.json", "manifest": r"bf16\.json", "card": r"card\.json",
    "chunk": r"/chunks/", "difference": r"/deltas/",
}  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A repository that has gone on to version 2 with a new root, and an edge that has version 1."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", 1024)
        world = World(tmp_path_factory.mktemp("template"))
        world.publish("1.0.0")
        world.edge().update()
        world.publish("2.0.0")
        world.repository.rotate("root")
    return world


@pytest.fixture
def updated(template, tmp_path, small_chunks):
    """A copy of the template, its edge, and the man in between."""
    world = template.copy(tmp_path)
    middle = Middle(world.url)
    return world, world.edge(fetcher=middle), middle


def test_without_an_attack_the_update_asks_for_every_kind_of_file(updated):
    """The premise of the tests below: what they tamper with is really fetched."""
    world, edge, middle = updated
    assert content(edge.update()) == content(world.model("2.0.0"))
    for kind, pattern in EVERY_FILE.items():
        assert any(re.search(pattern, url) for url in middle.asked), kind


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_arbitrary_software_attack_wrong_hash(updated, kind):
    _, edge, middle = updated
    with fails_closed(edge):
        middle.edits = {EVERY_FILE[kind]: flipped}


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_arbitrary_software_attack_other_content(updated, kind):
    _, edge, middle = updated
    with fails_closed(edge):
        middle.edits = {
            EVERY_FILE[kind]: lambda _: b'{"signed": {"_type": "' + kind.encode() + b'"}, "signatures": []}'
        }


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_arbitrary_software_attack_cut_short(updated, kind):
    _, edge, middle = updated
    with fails_closed(edge):
        middle.edits = {EVERY_FILE[kind]: lambda data: data[: len(data) // 2]}


def test_arbitrary_software_attack_signed_by_strangers(world, tmp_path):
    """Another repository, correct in itself, in the place of the one that the edge trusts."""
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    stranger = World(tmp_path / "stranger")
    stranger.publish("9.0.0")
    with fails_closed(edge):
        world.put(stranger.files())


@pytest.mark.parametrize("kind", EVERY_FILE)
def test_endless_data_attack(updated, kind):
    _, edge, middle = updated
    with fails_closed(edge):
        middle.edits = {EVERY_FILE[kind]: endless}
        middle.sent = 0
    most = 700_000 if kind == "root" else 200_000
    assert middle.sent < most, "more was read than any signed document allows"


def test_extraneous_dependencies_attack(updated):
    """Files and signed targets that no model names are never fetched."""
    world, edge, middle = updated
    chain_before = set(world.files())
    world.put({"targets/chunks/" + "0" * 64 + ".evil.zst": b"evil", "metadata/evil.json": b"{}"})

    def add(chain) -> None:
        chain.targets.signed.targets["chunks/evil.zst"] = TargetFile.from_data("chunks/evil.zst", b"evil", ["sha256"])

    world.forge("targets", add, world.keys.held)
    edge.update()
    assert not any("evil" in url for url in middle.asked)
    assert set(world.files()) > chain_before


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_fast_forward_attack_recovery(world, role):
    """Huge versions, signed with stolen keys, stop the edge until the owners change those keys; then it goes on."""
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    good = world.files()

    def jump(chain) -> None:
        getattr(chain, role).signed.version = 10**6

    world.forge(role, jump, {r: world.keys.held[r] for r in ("snapshot", "timestamp")})
    edge.update()
    with fails_closed(edge):
        world.put(good)
        world.publish("1.1.0")
        want = world.publish("2.0.0")
    for stolen in ("snapshot", "timestamp"):
        world.repository.rotate(stolen)
    assert content(edge.update()) == want


def test_indefinite_freeze_attack(updated, monkeypatch):
    """Who shows an edge the same state for ever is found out when the timestamp runs out."""
    world, edge, middle = updated
    frozen = world.storage.read(TIMESTAMP)
    edge.update()
    world.publish("3.0.0")
    middle.edits = {"timestamp": lambda _: frozen}
    edge.update()
    with fails_closed(edge):
        later(monkeypatch, days=Policy().timestamp.days + 0.01)


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_expired_metadata(tmp_path, small_chunks, monkeypatch, role):
    spans = {r: RolePolicy(1, 1, 1.0 if r == role else 100.0) for r in ("root", "targets", "snapshot", "timestamp")}
    world = World(tmp_path, policy=Policy(**spans))
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    world.publish("2.0.0")
    with fails_closed(edge):
        later(monkeypatch, days=1.01)
    monkeypatch.undo()
    assert edge.update()


def test_malicious_mirrors_attack(world, tmp_path):
    """One bad mirror cannot keep an edge from the good ones, and does not go unnoticed."""
    world.publish("1.0.0")
    bad, good = "memory://bad-mirror", world.url
    middle = Middle(world.url)
    inner = middle._inner.fetch
    middle._inner.fetch = lambda url: inner(url.replace(bad, good))
    middle.edits = {"bad-mirror.*(chunks|timestamp)": flipped}
    edge = Updater(world.root, [bad, good], tmp_path / "edge", fetcher=middle)
    assert content(edge.update()) == content(world.model("1.0.0"))
    assert [type(alarm) for alarm in edge.alarms] == [RepositoryAttacked]
    assert "bad-mirror" in str(edge.alarms[0])
    world.publish("2.0.0")
    with fails_closed(edge):
        middle.edits = {"chunks": flipped}


@pytest.mark.parametrize("kind", ["snapshot", "targets", "release", "manifest", "chunk"])
def test_mix_and_match_attack(world, kind):
    """Files of two states, each well signed, are never combined: the old one is answered in the place of the new."""
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    edge.update()
    old = world.files()
    world.publish("2.0.0")
    stale = [data for path, data in sorted(old.items()) if re.search(EVERY_FILE[kind], path)][-1]
    with fails_closed(edge):
        middle.edits = {EVERY_FILE[kind] if kind != "chunk" else "/chunks/|/deltas/": lambda _: stale}


def test_rollback_attack(updated):
    """The whole repository as it was before, well signed and not expired."""
    world, edge, _ = updated
    new = world.files()
    edge.update()
    world.publish("3.0.0")
    edge.update()
    with fails_closed(edge):
        world.put(new)


@pytest.mark.parametrize("lowest", ["snapshot", "targets"])
def test_rollback_attack_with_stolen_online_keys(world, lowest):
    """A fresh timestamp over an old snapshot, or a fresh snapshot over old targets, is still going back."""
    world.publish("1.0.0")
    old = world.files()
    world.publish("2.0.0")
    edge = world.edge()
    edge.update()
    holds = {r: world.keys.held[r] for r in ("snapshot", "timestamp")}
    version = 2 if lowest == "targets" else None

    def back(chain) -> None:
        if version:
            data = old[f"metadata/{version}.targets.json"]
            chain.snapshot.signed.meta["targets.json"].version = version
            chain.targets = Metadata.from_bytes(data)
        else:
            chain.snapshot = Metadata.from_bytes(old["metadata/2.snapshot.json"])

    with fails_closed(edge):
        world.forge("snapshot" if version else "timestamp", back, holds)


def test_a_signed_rollback_is_no_attack(world):
    world.publish("1.0.0")
    edge = world.edge()
    first = content(edge.update())
    world.publish("2.0.0")
    edge.update()
    assert world.repository.rollback("stable").number == 3
    assert content(edge.update()) == first


class Drip(http.server.BaseHTTPRequestHandler):
    """Answers every request with a promise of much, and little: a byte now and then, or nothing."""

    wait_s = 0.02
    done = threading.Event()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        try:
            while not self.done.wait(self.wait_s):
                self.wfile.write(b" ")
                self.wfile.flush()
        except OSError:
            return

    def log_message(self, *_):
        pass


@contextmanager
def served(handler) -> Iterator[str]:
    """Serve on loopback and yield the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("wait_s", [0.02, 30.0], ids=["drip", "stall"])
def test_slow_retrieval_attack_over_http(world, tmp_path, monkeypatch, wait_s):
    """Too slow is told apart from tampered with: it may be the network. The model stays either way."""
    world.publish("1.0.0")
    world.edge().update()
    monkeypatch.setattr(Drip, "wait_s", wait_s)
    monkeypatch.setattr(Drip, "done", threading.Event())
    with served(Drip) as url:
        options = UpdateOptions(stall_s=0.2, rate_bytes_s=1000.0, grace_s=0.2, deadline_s=5.0)
        edge = Updater(world.root, url, tmp_path / "edge", options=options)
        begun = time.monotonic()
        with fails_closed(edge, RepositoryUnreachable):
            pass
        assert time.monotonic() - begun < 3.0
        Drip.done.set()


def test_slow_retrieval_attack_over_many_files(world, monkeypatch):
    """Every file comes just fast enough, all together too late."""
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    edge.update()
    world.publish("2.0.0")
    now = [0.0]

    def slowly(data: bytes) -> bytes:
        now[0] += 9.0
        return data

    monkeypatch.setattr(GuardedFetcher.__init__, "__kwdefaults__", {"clock": lambda: now[0]})
    edge.options = UpdateOptions(deadline_s=30.0, grace_s=10.0)
    with fails_closed(edge, RepositoryUnreachable):
        middle.edits = {"": slowly}


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_key_compromise_below_threshold(world, role):
    """All online keys and all but one of the keys of the role that says what a model is: not enough for anything."""
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    holds = {r: world.keys.held[r] for r in ("snapshot", "timestamp")}
    holds["targets"] = world.keys.held["targets"][:1]
    if role != "targets":
        holds[role] = []

    def evil(chain) -> None:
        release = Release("stable", 2, "evil", "9.0.0", {"bf16": "models/evil/9.0.0/bf16.json"}, ("9.0.0",), ())
        chain.targets.signed.targets["channels/stable.json"] = TargetFile.from_data(
            "channels/stable.json", release.to_json(), ["sha256"]
        )

    with fails_closed(edge):
        world.forge(role, evil, holds)


def test_key_compromise_below_threshold_one_key_twice(world):
    """One key's signature counts once, however often it is there."""
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    one = world.keys.held["targets"][0]
    world.forge("targets", lambda chain: None, {**world.keys.held, "targets": [one]})
    path = sorted(p for p in world.files() if p.endswith("targets.json"))[-1]
    raw = json.loads(world.storage.read(path))
    raw["signatures"] *= 2
    with fails_closed(edge):
        world.put({path: json.dumps(raw).encode()})


@pytest.mark.parametrize("enough", [False, True])
def test_key_compromise_of_root_below_threshold(world, enough):
    """One of three root keys cannot replace the others; two can, which is why they are kept apart."""
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    root = Metadata[Root].from_bytes(world.root)
    root.signed.version += 1
    root.signatures.clear()
    for signer in world.keys.held["root"][: 2 if enough else 1]:
        root.sign(signer, append=True)
    if enough:
        world.put({"metadata/2.root.json": root.to_bytes()})
        assert edge.update() == edge.current()
    else:
        with fails_closed(edge):
            world.put({"metadata/2.root.json": root.to_bytes()})


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_key_compromise_after_rotation(world, role):
    """Keys that were replaced sign nothing any more, however many of them are stolen."""
    world.publish("1.0.0")
    edge = world.edge()
    stolen = {r: list(keys) for r, keys in world.keys.held.items()}
    world.repository.rotate(role)
    edge.update()
    holds = {**world.keys.held, role: stolen[role]}
    with fails_closed(edge):
        if role == "root":
            root = Metadata[Root].from_bytes(world.repository.trust_root)
            root.signed.version += 1
            root.signatures.clear()
            for signer in stolen["root"]:
                root.sign(signer, append=True)
            world.put({"metadata/3.root.json": root.to_bytes()})
        else:
            world.forge(role, lambda chain: None, holds)


def test_wrong_software_installation_attack(world):
    """A model of the other channel, properly signed there, is not taken for this one's."""
    world.publish("1.0.0")
    world.publish("2.0.0", channel="candidate")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    edge.update()
    world.publish("1.1.0")
    files = world.files()
    candidate = next(data for path, data in files.items() if path.endswith("candidate.json"))
    with fails_closed(edge):
        middle.edits = {r"stable\.json": lambda _: candidate}

    def swap(chain) -> None:
        held = chain.targets.signed.targets
        held["channels/stable.json"] = TargetFile.from_data("channels/stable.json", candidate, ["sha256"])

    middle.edits = {}
    with fails_closed(edge):
        world.forge("targets", swap, world.keys.held)
        world.put({f"targets/channels/{hashlib.sha256(candidate).hexdigest()}.stable.json": candidate})
