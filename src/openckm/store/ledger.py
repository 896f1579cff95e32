"""A change to a repository in the making: what is there, verified, and what is to be written, in its order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Snapshot, Targets

from openckm.errors import RepositoryAttacked, StoreError
from openckm.store.documents import CHANNELS, Manifest, Release
from openckm.store.package import Base, Model, assembled, manifest_path, unpacked
from openckm.store.roles import TIMESTAMP, Chain, stored_at
from openckm.store.storage import Storage

KEEP_VERSIONS = 3
"""Versions of each channel that stay in the repository, the one on offer included."""
KEEP_GENERATIONS = 5
"""States of the repository whose files stay, so that readers who began before a publication can finish."""
_DELTA_BASES = 2
"""Versions to which differences are published."""
_MODEL = re.compile(r"models/(?P<name>[^/]+)/(?P<version>[^/]+)/(?P<precision>[a-z0-9]+)\.json")
_SNAPSHOT = re.compile(r"metadata/(\d+)\.snapshot\.json")


class Ledger:
    """The verified state of a repository, and the writes that lead to the next.

    Args:
        storage: the repository.
        trust_root: a root that the publisher trusts.

    Raises:
        RepositoryAttacked: if the repository is not what its owners signed.
        StoreError: if it cannot be read.
    """

    def __init__(self, storage: Storage, trust_root: bytes) -> None:
        self.storage = storage
        self.chain = Chain.load(storage, trust_root)
        self.writes: dict[str, bytes] = {}
        self._seen = self.chain.timestamp.signed.version

    @property
    def held(self) -> dict[str, str]:
        """Where each target is kept, by its path."""
        return {path: stored_at(target) for path, target in self.chain.targets.signed.targets.items()}

    def read(self, path: str) -> bytes:
        """Return a target's content, written or to be written.

        Raises:
            RepositoryAttacked: if it is missing, or not what was signed.
            StoreError: if it cannot be read.
        """
        target = self.chain.targets.signed.targets[path]
        try:
            content = self.writes.get(stored_at(target)) or self.storage.read(stored_at(target))
            target.verify_length_and_hashes(content)
        except (FileNotFoundError, RepositoryError) as error:
            raise RepositoryAttacked(
                f"{self.storage.url}: {path} is missing or not what was signed ({error}); nothing was changed: restore"
                " it, or revoke the version"
            ) from error
        return content

    def add(self, path: str, content: bytes) -> None:
        """Make a file a target, in place of what the path held."""
        where, content = self.chain.add_target(path, content)
        self.writes[where] = content

    def releases(self) -> dict[str, Release]:
        """Return what the channels offer, by channel.

        Raises:
            RepositoryAttacked: as `read`.
            StoreError: as `read`.
        """
        paths = {channel: f"channels/{channel}.json" for channel in CHANNELS}
        held = self.held
        return {c: Release.from_json(self.read(path)) for c, path in paths.items() if path in held}

    def known(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Return name and manifests (by precision) of every version that is held, by version."""
        found: dict[str, tuple[str, dict[str, str]]] = {}
        for path in self.held:
            match = _MODEL.fullmatch(path)
            if match:
                found.setdefault(match["version"], (match["name"], {}))[1][match["precision"]] = path
        return found

    def model(self, name: str, version: str, precision: str) -> Model:
        """Return a version that is held.

        Raises:
            RepositoryAttacked: as `read`, or if its documents contradict each other.
            StoreError: as `read`, or if the version is not held in this precision.
        """
        path = manifest_path(name, version, precision)
        if path not in self.held:
            raise StoreError(f"{self.storage.url} does not hold {name} {version} in {precision}: publish it")
        manifest = Manifest.from_json(self.read(path))
        return assembled(manifest, self.read(manifest.card), [self.read(chunk.target) for chunk in manifest.everything])

    def bases(self, channel: str, name: str, precision: str) -> list[Base]:
        """Return the models that edges most likely have, the channel's own first.

        Raises:
            RepositoryAttacked: as `read`.
            StoreError: as `read`.
        """
        order = sorted(self.releases().values(), key=lambda release: release.channel != channel)
        versions = [*(r.version for r in order), *(v for r in order for v in reversed(r.history))]
        paths = dict.fromkeys(manifest_path(name, version, precision) for version in versions if version)
        manifests = [Manifest.from_json(self.read(p)) for p in [p for p in paths if p in self.held][:_DELTA_BASES]]
        return [unpacked(m, [self.read(chunk.target) for chunk in m.chunks]) for m in manifests]

    def offer(self, changed: Sequence[Release]) -> None:
        """Put releases in the place of the last ones, and drop the targets that no channel needs any more.

        Raises:
            RepositoryAttacked: as `read`.
            StoreError: as `read`.
        """
        for release in changed:
            self.add(f"channels/{release.channel}.json", release.to_json())
        kept = {version for release in self.releases().values() for version in _kept(release)}
        used = {path for path in self.held if path.startswith("channels/")}
        for version, (_, manifests) in self.known().items():
            for path in manifests.values() if version in kept else ():
                manifest = Manifest.from_json(self.read(path))
                used |= {path, manifest.card, *(chunk.target for chunk in manifest.everything)}
                used |= {delta.target for chunk in manifest.chunks for delta in chunk.deltas}
        targets = self.chain.targets.signed.targets
        self.chain.targets.signed.targets = {path: target for path, target in targets.items() if path in used}

    def commit(self) -> None:
        """Write what is to be written, in order, then remove what no reader can ask for any more.

        Raises:
            StoreError: if somebody else published since the state was read, or the storage refuses.
        """
        if not self.writes:
            return
        if Metadata.from_bytes(self.storage.read(TIMESTAMP)).signed.version != self._seen:
            raise StoreError(f"{self.storage.url}: somebody else published meanwhile; nothing was changed: try again")
        for path, content in self.writes.items():
            self.storage.write(path, content)
        self._prune()

    def _prune(self) -> None:
        """Remove the files of old generations, and what killed publications left behind; roots stay for ever."""
        present = self.storage.list("metadata")
        current = self.chain.snapshot.signed.version
        versions = sorted(int(m[1]) for m in map(_SNAPSHOT.fullmatch, present) if m and int(m[1]) <= current)
        kept = {TIMESTAMP, *(path for path in present if path.endswith(".root.json"))}
        for version in versions[-KEEP_GENERATIONS:]:
            path = f"metadata/{version}.snapshot.json"
            kept |= {path, *self._files_of(path)}
        self.storage.remove([path for path in (*present, *self.storage.list("targets")) if path not in kept])

    def _files_of(self, path: str) -> set[str]:
        """Return the files that a snapshot names, directly or through its targets."""
        snapshot = Metadata[Snapshot].from_bytes(self.storage.read(path)).signed
        where = f"metadata/{snapshot.meta['targets.json'].version}.targets.json"
        targets = Metadata[Targets].from_bytes(self.storage.read(where)).signed
        return {where, *(stored_at(target) for target in targets.targets.values())}


def _kept(release: Release) -> list[str]:
    """Return the versions of a channel that stay: the latest that it offered, each counted once."""
    return list(dict.fromkeys(reversed(release.history)))[:KEEP_VERSIONS]
