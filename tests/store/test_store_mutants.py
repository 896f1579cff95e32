"""Each check of the client is switched off, one at a time, and the attack that this check is for must then be noticed.

An attack is refused by the client as it is, with the reason of one check. Where the same attack is run with that check
alone switched off, it is no longer refused for that reason: so no check can get lost without a test that fails.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType

import pytest
from store_worlds import Middle, World, content, flipped
from test_store_attacks import later
from test_store_contradictions import signed, told
from tuf.api import _payload
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

from openckm.errors import OpenCKMError, RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.store import cache, update
from openckm.store.documents import Release
from openckm.store.fetch import GuardedFetcher
from openckm.store.roles import TIMESTAMP
from openckm.store.trust import Policy, RolePolicy
from openckm.store.update import UpdateOptions, Updater

Patch = pytest.MonkeyPatch
ONLINE = ("snapshot", "timestamp")


@dataclass
class Scene:
    """An edge with 1.0.0, of a repository that offers 1.1.0 as stable and 2.0.0 as candidate, and somebody between."""

    world: World
    edge: Updater
    middle: Middle
    patch: Patch

    def keys(self, *roles: str) -> dict:
        return {role: self.world.keys.held[role] for role in roles}

    def evil(self, chain) -> None:
        """Let the stable channel offer 2.0.0, which its owners did not."""
        chain.targets.signed.targets["channels/stable.json"] = TargetFile.from_data(
            "channels/stable.json", self.release(), ["sha256"]
        )

    def release(self) -> bytes:
        paths = {"bf16": "models/tiny/2.0.0/bf16.json"}
        return Release("stable", 9, "tiny", "2.0.0", paths, ("2.0.0",), ()).to_json()

    def put_release(self) -> None:
        made = TargetFile.from_data("channels/stable.json", self.release(), ["sha256"])
        self.world.put({f"targets/channels/{made.hashes['sha256']}.stable.json": self.release()})

    def renewed(self, part: str) -> None:
        """Sign snapshot (or timestamp alone) again, with nothing new in it, and let the edge see it."""
        chain = self.world.repository
        with chain._edit() as ledger:
            ledger.writes.update(ledger.chain.resign(part, self.world.keys, self.world.now()))
        self.edge.update()


def rewritten(function: FunctionType, old: str, new: str) -> FunctionType:
    """Return a function with a piece of its source replaced; the piece must be there."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{function.__qualname__} has no single {old!r} any more"
    space: dict = {}
    exec(compile(source.replace(old, new), "<mutant>", "exec"), function.__globals__, space)
    return space[function.__name__]


def without(owner: type, name: str, old: str, new: str = "if False:") -> Callable[[Patch], None]:
    """Return what switches off one line of a method."""
    return lambda patch: patch.setattr(owner, name, rewritten(getattr(owner, name), old, new))


def always(owner: object, name: str, value: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(owner, name, value)


# ---- signatures


def signed_below_the_threshold(s: Scene) -> None:
    s.put_release()
    s.world.forge("targets", s.evil, s.keys(*ONLINE) | {"targets": s.world.keys.held["targets"][:1]})


def signed_by_strangers(s: Scene) -> None:
    stranger = World(s.world.folder / "stranger")
    s.put_release()
    s.world.forge("targets", s.evil, {r: stranger.keys.held[r] for r in ("targets", *ONLINE)})


def root_of(world: World, version: int, signers: list, change: Callable[[Root], None] = lambda root: None) -> bytes:
    root = Metadata[Root].from_bytes(world.root)
    root.signed.version = version
    change(root.signed)
    root.signatures.clear()
    for signer in signers:
        root.sign(signer, append=True)
    return root.to_bytes()


def a_whole_strange_repository_with_a_root_of_its_own(s: Scene) -> None:
    """Its 2.root.json and all else is signed correctly, by the stranger's own keys."""
    stranger = World(s.world.folder / "stranger")
    for version in ("9.0.0", "9.1.0", "9.2.0", "9.3.0"):
        stranger.publish(version)
    files = {path: data for path, data in stranger.files().items() if not path.endswith("root.json")}
    s.world.put(files | {"metadata/2.root.json": root_of(stranger, 2, stranger.keys.held["root"])})


def a_root_that_does_not_sign_itself(s: Scene) -> None:
    """Signed by the owners' root keys, but naming a key that did not sign: it might be anybody's, or nobody's."""

    def change(root: Root) -> None:
        for keyid in list(root.roles["root"].keyids):
            root.revoke_key(keyid, "root")
        for signer in World(s.world.folder / "stranger").keys.held["root"]:
            root.add_key(signer.public_key, "root")

    s.world.put({"metadata/2.root.json": root_of(s.world, 2, s.world.keys.held["root"], change)})


def a_root_that_skips_a_version(s: Scene) -> None:
    s.world.put({"metadata/2.root.json": root_of(s.world, 7, s.world.keys.held["root"])})


# ---- versions and what fits together


def an_old_timestamp(s: Scene) -> None:
    old = s.world.storage.read(TIMESTAMP)
    s.renewed("timestamp")
    s.world.put({TIMESTAMP: old})


def a_new_timestamp_over_an_old_snapshot(s: Scene) -> None:
    path = max(p for p in s.world.files() if p.endswith("snapshot.json"))
    old = s.world.storage.read(path)
    s.renewed("snapshot")
    s.world.forge("timestamp", lambda chain: setattr(chain, "snapshot", Metadata.from_bytes(old)), s.keys(*ONLINE))


def a_new_snapshot_over_old_targets(s: Scene) -> None:
    path = max(p for p in s.world.files() if p.endswith("targets.json"))
    old = s.world.storage.read(path)
    s.edge.update()
    s.world.publish("1.2.0")
    s.edge.update()

    def back(chain) -> None:
        chain.targets = Metadata.from_bytes(old)

    s.world.forge("snapshot", back, s.keys(*ONLINE))


def an_old_snapshot_under_a_new_number(s: Scene) -> None:
    path = max(p for p in s.world.files() if p.endswith("snapshot.json"))
    old = s.world.storage.read(path)
    s.renewed("snapshot")
    made = Metadata.from_bytes(old)

    def again(chain) -> None:
        made.signed.version, number = chain.snapshot.signed.version + 1, made.signed.version
        chain.snapshot = made
        s.number = number

    s.world.forge("timestamp", again, s.keys("timestamp"))
    later_number = made.signed.version
    stamp = Metadata.from_bytes(s.world.storage.read(TIMESTAMP))
    meta = _payload.MetaFile.from_data(later_number, old, ["sha256"])
    stamp.signed.snapshot_meta = meta
    stamp.signatures.clear()
    for signer in s.world.keys.held["timestamp"]:
        stamp.sign(signer, append=True)
    s.world.put({TIMESTAMP: stamp.to_bytes(), f"metadata/{later_number}.snapshot.json": old})


def old_targets_under_a_new_number(s: Scene) -> None:
    path = max(p for p in s.world.files() if p.endswith("targets.json"))
    old = s.world.storage.read(path)
    s.edge.update()
    s.world.publish("1.2.0")
    s.edge.update()
    number = int(re.findall(r"(\d+)\.targets", max(p for p in s.world.files() if p.endswith("targets.json")))[0]) + 1
    s.world.put({f"metadata/{number}.targets.json": old})

    def back(chain) -> None:
        chain.snapshot.signed.meta["targets.json"] = _payload.MetaFile.from_data(number, old, ["sha256"])

    def forge_snapshot(chain) -> None:
        back(chain)
        chain.targets = _Fixed(chain.snapshot.signed.meta["targets.json"], old)

    s.world.forge("snapshot", forge_snapshot, s.keys(*ONLINE))


class _Fixed:
    """Stands for a document whose bytes are given, under a number that is not its own."""

    def __init__(self, meta, data: bytes) -> None:
        self.signed, self._data = meta, data

    def to_bytes(self) -> bytes:
        return self._data


# ---- hashes and lengths


def a_snapshot_that_the_timestamp_does_not_name(s: Scene) -> None:
    """Another snapshot of the same number, well signed by whoever has that key alone."""
    path = max(p for p in s.world.files() if p.endswith("snapshot.json"))
    other = Metadata.from_bytes(s.world.storage.read(path))
    other.signed.expires = other.signed.expires.replace(year=other.signed.expires.year + 1)
    other.signatures.clear()
    for signer in s.world.keys.held["snapshot"]:
        other.sign(signer, append=True)
    s.world.put({path: other.to_bytes()})


def a_release_that_nobody_signed(s: Scene) -> None:
    s.middle.edits = {r"stable\.json": lambda _: s.release()}


def a_timestamp_that_does_not_end(s: Scene) -> None:
    """White space after a good timestamp, which is JSON still."""
    s.middle.edits = {"timestamp": lambda data: data + b" " * 1_000_000}


def a_chunk_that_holds_something_else(s: Scene) -> None:
    from openckm.store.chunks import pack

    manifest = told(s.world, "models/tiny/1.1.0/bf16.json")
    target = manifest["chunks"][-1]["target"]
    length = manifest["chunks"][-1]["length"]
    signed(s.world, target, pack(bytes(length), manifest["chunks"][-1]["kind"]))


def chunks_that_do_not_make_the_weights(s: Scene) -> None:
    def swap(raw: dict) -> None:
        same = {}
        for k, chunk in enumerate(raw["chunks"]):
            same.setdefault((chunk["length"], chunk["kind"]), []).append(k)
        a, b = next(ks for ks in same.values() if len(ks) > 1)[:2]
        raw["chunks"][a], raw["chunks"][b] = raw["chunks"][b], raw["chunks"][a]

    _change(s, swap)


def _change(s: Scene, change: Callable[[dict], None]) -> None:
    path = "models/tiny/1.1.0/bf16.json"
    raw = told(s.world, path)
    change(raw)
    signed(s.world, path, json.dumps(raw).encode())


def a_manifest_of_another_version(s: Scene) -> None:
    _change(s, lambda raw: raw.update(version="1.0.9"))


def a_release_of_the_other_channel(s: Scene) -> None:
    other = next(data for path, data in s.world.files().items() if path.endswith("candidate.json"))
    signed(s.world, "channels/stable.json", other)


def a_document_that_is_too_long(s: Scene) -> None:
    raw = s.world.files()[max(p for p in s.world.files() if p.endswith("stable.json"))]
    signed(s.world, "channels/stable.json", raw + b" " * update.MAX_DOCUMENT)


def a_manifest_that_is_named_and_not_signed(s: Scene) -> None:
    def drop(chain) -> None:
        del chain.targets.signed.targets["models/tiny/1.1.0/bf16.json"]

    s.world.forge("targets", drop, s.world.keys.held)


# ---- time


def dripping(s: Scene, step_s: float) -> None:
    now = [0.0]

    def slowly(data: bytes):
        def pieces():
            for k in range(0, max(len(data), 1), 64):
                now[0] += step_s
                yield data[k : k + 64]

        return pieces()

    s.patch.setattr(GuardedFetcher.__init__, "__kwdefaults__", {"clock": lambda: now[0]})
    s.middle.edits = {"": slowly}


def a_file_that_drips(s: Scene) -> None:
    s.edge.options = UpdateOptions(rate_bytes_s=1000.0, grace_s=1.0, deadline_s=1e9)
    dripping(s, 1.0)


def everything_together_too_late(s: Scene) -> None:
    s.edge.options = UpdateOptions(rate_bytes_s=1e-3, grace_s=10.0, deadline_s=5.0)
    dripping(s, 0.4)


def expired(role: str) -> Callable[[Scene], Updater]:
    def attack(s: Scene) -> Updater:
        spans = {r: RolePolicy(1, 1, 1.0 if r == role else 100.0) for r in ("root", "targets", *ONLINE)}
        world = World(s.world.folder / "short", policy=Policy(**spans))
        world.publish("1.0.0")
        edge = world.edge()
        edge.update()
        world.publish("1.1.0")
        later(s.patch, days=1.01)
        return edge

    return attack


@dataclass(frozen=True)
class Check:
    """A check: the attack it is for, the reason it gives, and how it is switched off."""

    attack: Callable[[Scene], Updater | None]
    reason: str
    off: Callable[[Patch], None]
    alarm: type[StoreError] = RepositoryAttacked


TRUSTED, VERIFIED = TrustedMetadataSet, _payload.VerificationResult
CHECKS = {
    "threshold": Check(
        signed_below_the_threshold, "signed by 1/2 keys",
        always(VERIFIED, "verified", property(lambda r: bool(r.signed))),
    ),
    "signature": Check(
        signed_by_strangers, r"targets was signed by 0/2 keys|signed by 0/", always(VERIFIED, "verified", True)
    ),
    "root signed by the old root": Check(
        a_whole_strange_repository_with_a_root_of_its_own, "root was signed by 0/2",
        without(TRUSTED, "update_root", "Root, data, self.root", "Root, data, None"),
    ),
    "root signed by itself": Check(
        a_root_that_does_not_sign_itself, "root was signed by 0/2",
        without(TRUSTED, "update_root", "new_root.verify_delegate(", "(lambda *_: None)("),
    ),
    "root version": Check(
        a_root_that_skips_a_version, "Expected root version 2",
        without(TRUSTED, "update_root", "if new_root.version != self.root.version + 1:"),
    ),
    "timestamp version": Check(
        an_old_timestamp, "New timestamp version",
        without(TRUSTED, "update_timestamp", "if new_timestamp.version < self.timestamp.version:"),
    ),
    "snapshot version": Check(
        a_new_timestamp_over_an_old_snapshot, "New snapshot version must be",
        without(TRUSTED, "update_timestamp", "if new_snapshot_meta.version < snapshot_meta.version:"),
    ),
    "targets version of the snapshot": Check(
        a_new_snapshot_over_old_targets, r"Expected targets\.json version",
        without(TRUSTED, "update_snapshot", "if new_fileinfo.version < fileinfo.version:"),
    ),
    "snapshot match": Check(
        an_old_snapshot_under_a_new_number, "Expected snapshot version",
        without(TRUSTED, "_check_final_snapshot", "if self.snapshot.version != snapshot_meta.version:"),
    ),
    "targets version": Check(
        old_targets_under_a_new_number, r"Expected targets v\d+, got v",
        without(TRUSTED, "update_delegated_targets", "if version != meta.version:"),
    ),
    "hash of roles": Check(
        a_snapshot_that_the_timestamp_does_not_name, "LengthOrHashMismatch",
        always(_payload.MetaFile, "verify_length_and_hashes", lambda self, data: None),
    ),
    "hash of targets": Check(
        a_release_that_nobody_signed, "LengthOrHashMismatch",
        always(_payload.TargetFile, "verify_length_and_hashes", lambda self, data: None),
    ),
    "length": Check(
        a_timestamp_that_does_not_end, "DownloadLengthMismatch",
        without(GuardedFetcher, "download_bytes", "if len(content) > max_length:"),
    ),
    "length of documents": Check(
        a_document_that_is_too_long, "more than .* that it may",
        without(update.Session, "_document", "if info.length > most:"),
    ),
    "expiry of the root": Check(
        expired("root"), "root.json is expired",
        without(TRUSTED, "update_timestamp", "if self.root.is_expired(self.reference_time):"),
    ),
    "expiry of the timestamp": Check(
        expired("timestamp"), "timestamp.json is expired",
        without(TRUSTED, "_check_final_timestamp", "if self.timestamp.is_expired(self.reference_time):"),
    ),
    "expiry of the snapshot": Check(
        expired("snapshot"), "snapshot.json is expired",
        without(TRUSTED, "_check_final_snapshot", "if self.snapshot.is_expired(self.reference_time):"),
    ),
    "expiry of the targets": Check(
        expired("targets"), "New targets is expired",
        without(TRUSTED, "update_delegated_targets", "if new_delegate.is_expired(self.reference_time):"),
    ),
    "rate": Check(
        a_file_that_drips, r"wanted 1000 bytes/s",
        without(GuardedFetcher, "_check", "if late > 0 and received < self._rate * late:"), RepositoryUnreachable,
    ),
    "deadline": Check(
        everything_together_too_late, "not everything came within 5 s",
        without(GuardedFetcher, "_check", "if now - self._begun > self._deadline:"), RepositoryUnreachable,
    ),
    "channel": Check(
        a_release_of_the_other_channel, "answers as 'candidate'",
        without(update.Session, "release", "if release.channel != channel:"),
    ),
    "named but not signed": Check(
        a_manifest_that_is_named_and_not_signed, "is named but not signed",
        without(update.Session, "_needed", "if content is None:"),
    ),
    "card, manifest and release": Check(
        a_manifest_of_another_version, "contradict", always(update, "check_pair", lambda *_: None)
    ),
    "hash of a chunk": Check(
        a_chunk_that_holds_something_else, "does not hold what the model names",
        without(update.Session, "_chunk", "if _sha256(content) != chunk.sha256:"),
    ),
    "hash of the weights": Check(
        chunks_that_do_not_make_the_weights, "do not make the signed weights",
        without(cache.Staged, "finish", "if found != self._manifest.sha256:"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    from openckm.store import chunks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", 1024)
        world = World(tmp_path_factory.mktemp("template"))
        world.publish("1.0.0")
        world.edge().update()
        world.publish("2.0.0", "candidate")
        world.publish("1.1.0")
    return world


@pytest.fixture
def scene(template, tmp_path, small_chunks, monkeypatch) -> Scene:
    world = template.copy(tmp_path)
    middle = Middle(world.url)
    return Scene(world, world.edge(fetcher=middle), middle, monkeypatch)


def refused(scene: Scene, check: Check) -> bool:
    """Attack; return whether the update was refused for the reason of the check, and the edge kept its model."""
    edge = check.attack(scene) or scene.edge
    had, before = edge.current(), content(edge.current())
    try:
        edge.update()
    except OpenCKMError as error:
        kept = edge.current() == had and content(had) == before
        return type(error) is check.alarm and re.search(check.reason, str(error)) is not None and kept
    except (AttributeError, TypeError):  # what comes of going on without the check
        return False
    return False


@pytest.mark.parametrize("name", CHECKS)
def test_the_attack_is_refused_by_its_check(scene, name):
    assert refused(scene, CHECKS[name])


@pytest.mark.parametrize("name", CHECKS)
def test_with_the_check_switched_off_the_test_above_notices(scene, name):
    check = CHECKS[name]
    inner = check.attack

    def attack(s: Scene) -> Updater | None:
        edge = inner(s)
        check.off(s.patch)  # the edge had its versions by the client as it is
        return edge

    assert not refused(scene, Check(attack, check.reason, check.off, check.alarm))


BACKED = {
    "root version": "python-tuf then looks for the file of the root's own number, which is not there",
    "named but not signed": "there is no content to go on with",
    "hash of a chunk": "the hash of the whole weights is behind it",
}
"""Checks behind which another one stands, and which."""


@pytest.mark.parametrize("name", [name for name in CHECKS if name not in BACKED])
def test_without_its_check_the_attack_succeeds(scene, name):
    """The attacks are real: nothing else stands in their way."""
    edge = CHECKS[name].attack(scene) or scene.edge
    CHECKS[name].off(scene.patch)
    edge.update()


def test_a_revoked_version_is_out_of_use_and_without_that_check_it_is_not(scene):
    edge, world = scene.edge, scene.world
    edge.update()
    assert "1.1.0" in edge.current().name
    world.repository.revoke("1.1.0")
    edge.options = UpdateOptions(precision="int8")  # nothing else can be taken
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Updater, "_obey", lambda self, release: None)
        with pytest.raises(StoreError, match="offers"):
            edge.update()
        assert "1.1.0" in edge.current().name
    with pytest.raises(StoreError, match="offers"):
        edge.update()
    assert "1.0.0" in edge.current().name


def test_a_flipped_bit_anywhere_on_the_way_is_refused_by_a_hash(scene):
    scene.middle.edits = {r"/(chunks|deltas)/": flipped}
    assert refused(scene, Check(lambda s: None, "LengthOrHashMismatch", lambda patch: None))
