"""The four signed documents of a repository, as a publisher reads, changes and signs them.

What is read is verified first, from a root that the publisher holds: somebody who may write to the storage must not get
the publisher's signature under entries of their own. What is written comes in an order such that a reader sees the old
state or the new one: files, then targets, snapshot, and `timestamp.json`, the only file that is ever overwritten.

Keys change in two steps. First the documents are signed with the old keys and the new ones, so that they are valid
under the old root and the new one; then the new root is written. A reader in between finds everything valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from securesystemslib.signer import Signer
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from openckm.errors import RepositoryAttacked, StoreError
from openckm.store.keys import Keys
from openckm.store.storage import Storage
from openckm.store.trust import ROLES, Policy

TIMESTAMP = "metadata/timestamp.json"
SECONDS = "x-openckm-seconds"
"""Field of a role in the root: how long its signatures are good for [s]."""
Writes = list[tuple[str, bytes]]
_Online = ("targets", "snapshot", "timestamp")
"""The order in which they are signed and written; each states the one before."""


def _root_path(version: int) -> str:
    """Return where the root of a version is."""
    return f"metadata/{version}.root.json"


@dataclass
class Chain:
    """Root, targets, snapshot and timestamp, with their signatures."""

    root: Metadata[Root]
    targets: Metadata[Targets]
    snapshot: Metadata[Snapshot]
    timestamp: Metadata[Timestamp]

    @classmethod
    def first(cls, policy: Policy, keys: Keys, now: datetime) -> tuple[Chain, Writes]:
        """Return a new chain without targets, and what is to be written; missing keys are made.

        Raises:
            StoreError: if a key cannot be made or used.
        """
        signers = {role: _enough(keys, role, policy.of(role).keys) for role in ROLES}
        root = Root(keys={s.public_key.keyid: s.public_key for role in ROLES for s in signers[role]})
        for role in ROLES:
            span = round(policy.of(role).days * 86400)
            ids = [signer.public_key.keyid for signer in signers[role]]
            root.roles[role] = Role(ids, policy.of(role).threshold, {SECONDS: span})
        chain = cls(Metadata(root), Metadata(Targets()), Metadata(Snapshot()), Metadata(Timestamp()))
        for signed in (chain.targets.signed, chain.snapshot.signed, chain.timestamp.signed):
            signed.version = 0
        _sign(chain.root, "root", keys, [root], now)
        return chain, [(_root_path(1), chain.root.to_bytes()), *chain.resign("targets", keys, now)]

    @classmethod
    def load(cls, storage: Storage, trust_root: bytes) -> Chain:
        """Read and verify the chain of a repository; expiry is not looked at, for it is about to be signed again.

        Args:
            storage: the repository.
            trust_root: a root that the publisher trusts, of any age.

        Raises:
            RepositoryAttacked: if something is not signed as the root wants, or does not fit together.
            StoreError: if it cannot be read.
        """
        try:
            root = _latest_root(storage, trust_root)
            timestamp = _verified(Timestamp, storage.read(TIMESTAMP), root)
            meta = timestamp.signed.snapshot_meta
            content = storage.read(f"metadata/{meta.version}.snapshot.json")
            meta.verify_length_and_hashes(content)
            snapshot = _verified(Snapshot, content, root, meta.version)
            meta = snapshot.signed.meta["targets.json"]
            content = storage.read(f"metadata/{meta.version}.targets.json")
            meta.verify_length_and_hashes(content)
            return cls(root, _verified(Targets, content, root, meta.version), snapshot, timestamp)
        except FileNotFoundError as error:
            raise StoreError(f"{storage.url}: no repository there ({error}); create it first") from error
        except (RepositoryError, KeyError) as error:
            raise RepositoryAttacked(
                f"{storage.url}: not what its owners signed ({error}); nothing was signed or changed: restore it"
            ) from error

    def resign(self, lowest: str, keys: Keys, now: datetime, to: Root | None = None) -> Writes:
        """Sign new versions of a document and of those that depend on it, and return them in the order of writing.

        Args:
            lowest: "targets", "snapshot" or "timestamp".
            keys: signers.
            now: time that expiry is counted from.
            to: a root that is to come, whose keys sign too.

        Raises:
            StoreError: if too few keys are at hand.
        """
        writes: Writes = []
        roots = [self.root.signed, *([to] if to else [])]
        for role in _Online[_Online.index(lowest) :]:
            if role == "snapshot":
                self.snapshot.signed.meta["targets.json"] = _meta_of(self.targets)
            if role == "timestamp":
                self.timestamp.signed.snapshot_meta = _meta_of(self.snapshot)
            document: Metadata[Any] = getattr(self, role)
            document.signed.version += 1
            _sign(document, role, keys, roots, now)
            version = document.signed.version
            path = TIMESTAMP if role == "timestamp" else f"metadata/{version}.{role}.json"
            writes.append((path, document.to_bytes()))
        return writes

    def begin(self, keys: Keys, now: datetime) -> None:
        """Give the list of targets its next version, with the signatures that are at hand, be they enough or not.

        Raises:
            StoreError: if no key of the role is at hand.
        """
        self.targets.signed.version += 1
        self.targets.signed.expires = now.replace(microsecond=0) + _span(self.root.signed, "targets")
        self.targets.signatures.clear()
        countersign(self.targets, keys, self.root.signed)

    def rotate(self, role: str, fresh: Sequence[Signer], keys: Keys, now: datetime, lost: bool) -> Writes:
        """Replace the keys of a role and return what is to be written, in order.

        Args:
            role: one of the four.
            fresh: signers of the new keys, which `keys` gives too.
            keys: signers, old and new.
            now: time that expiry is counted from.
            lost: the old keys of the role cannot sign any more (not for "root").

        Raises:
            StoreError: if too few keys are at hand.
        """
        old, root = self.root.signed, deepcopy(self.root.signed)
        for keyid in list(root.roles[role].keyids):
            root.revoke_key(keyid, role)
        for signer in fresh:
            root.add_key(signer.public_key, role)
        root.version += 1
        document = Metadata(root)
        _sign(document, "root", keys, [old, root], now)
        written = (_root_path(root.version), document.to_bytes())
        if role == "root" or not lost:
            bridge = [] if role == "root" else self.resign(role, keys, now, root)
            self.root = document
            return [*bridge, written]
        self.root = document
        return [written, *self.resign(role, keys, now)]

    def renew(self, keys: Keys, now: datetime, due: Callable[[datetime, timedelta], bool]) -> Writes:
        """Sign again what is due, with new expiry, and return what is to be written, in order.

        Args:
            keys: signers.
            now: time that expiry is counted from.
            due: says of a document's expiry and of the span it is signed for whether it is to be signed again.

        Raises:
            StoreError: if too few keys are at hand.
        """
        late = [r for r in _Online if due(getattr(self, r).signed.expires, _span(self.root.signed, r))]
        writes = self.resign(late[0], keys, now) if late else []
        if due(self.root.signed.expires, _span(self.root.signed, "root")):
            old = self.root.signed
            self.root = Metadata(deepcopy(old))
            self.root.signed.version += 1
            _sign(self.root, "root", keys, [old, self.root.signed], now)
            writes.insert(0, (_root_path(self.root.signed.version), self.root.to_bytes()))
        return writes

    def add_target(self, path: str, content: bytes) -> tuple[str, bytes]:
        """List a file as target, and return where it is to be written, and its content."""
        target = TargetFile.from_data(path, content, ["sha256"])
        self.targets.signed.targets[path] = target
        return stored_at(target), content


def countersign(document: Metadata[Targets], keys: Keys, root: Root) -> int:
    """Add the signatures of the keys of 'targets' that are at hand, and return how many keys have signed now.

    Raises:
        StoreError: if none of the keys that the root names is at hand, or all of them have signed.
    """
    before = set(document.signatures)
    for signer in keys.signers("targets"):
        if signer.public_key.keyid in root.roles["targets"].keyids and signer.public_key.keyid not in before:
            document.sign(signer, append=True)
    if set(document.signatures) == before:
        raise StoreError("no key of 'targets' that has not signed yet is at hand: bring one that the root names")
    return len(document.signatures)


def stored_at(target: TargetFile) -> str:
    """Return where a target is kept: its name carries its SHA-256, so that old and new stand side by side."""
    folder, _, name = f"targets/{target.path}".rpartition("/")
    return f"{folder}/{target.hashes['sha256']}.{name}"


def _enough(keys: Keys, role: str, count: int) -> list[Signer]:
    found = list(keys.signers(role))[:count]
    return [*found, *keys.fresh(role, count - len(found))]


def _latest_root(storage: Storage, trust_root: bytes) -> Metadata[Root]:
    root = Metadata[Root].from_bytes(trust_root)
    if not isinstance(root.signed, Root):
        raise RepositoryError(f"wanted a root, got {root.signed.type}")
    root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    while True:
        version = root.signed.version + 1
        try:
            content = storage.read(_root_path(version))
        except FileNotFoundError:
            return root
        newer = _verified(Root, content, root, version)
        newer.signed.verify_delegate("root", newer.signed_bytes, newer.signatures)
        root = newer


def _verified(kind: type[Signed], content: bytes, root: Metadata[Root], version: int | None = None) -> Metadata[Any]:
    document = Metadata.from_bytes(content)
    if not isinstance(document.signed, kind):
        raise RepositoryError(f"wanted {kind.type}, got {document.signed.type}")
    root.signed.verify_delegate(kind.type, document.signed_bytes, document.signatures)
    if version is not None and document.signed.version != version:
        raise RepositoryError(f"wanted version {version} of {kind.type}, got {document.signed.version}")
    return document


def _sign(document: Metadata[Any], role: str, keys: Keys, roots: Sequence[Root], now: datetime) -> None:
    document.signed.expires = now.replace(microsecond=0) + _span(roots[-1], role)
    document.signatures.clear()
    trusted = {keyid for root in roots for keyid in root.roles[role].keyids}
    for signer in keys.signers(role):
        if signer.public_key.keyid in trusted:
            document.sign(signer, append=True)
    for root in roots:
        try:
            root.verify_delegate(role, document.signed_bytes, document.signatures)
        except UnsignedMetadataError as error:
            raise StoreError(
                f"{error}, of the keys that root version {root.version} names: nothing was changed; bring the missing"
                f" keys of {role!r}"
            ) from error


def _span(root: Root, role: str) -> timedelta:
    fields: Mapping[str, int] = root.roles[role].unrecognized_fields
    return timedelta(seconds=fields[SECONDS])


def _meta_of(document: Metadata[Any]) -> MetaFile:
    return MetaFile.from_data(document.signed.version, document.to_bytes(), ["sha256"])
