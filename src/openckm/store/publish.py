"""The publisher's side of a repository: a folder of static files which any web server, bucket or CDN can serve.

    metadata/N.root.json, N.targets.json, N.snapshot.json    signed, never changed
    metadata/timestamp.json                                  signed, short-lived: the one file that is overwritten
    targets/channels/HASH.stable.json                        which model the channel offers
    targets/models/NAME/VERSION/HASH.int8.json               which chunks it is made of; beside it its card
    targets/chunks/HASH.ID.zst, targets/deltas/HASH.ID.zst   its weights

Every operation reads and verifies the repository, makes the new state in memory, and writes it such that the new
`timestamp.json` comes last: killed at any moment, it has published everything or nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openckm.errors import OptionError, StoreError
from openckm.store.codec import PRECISIONS
from openckm.store.documents import CHANNELS, Manifest, Release
from openckm.store.draft import Draft
from openckm.store.keys import Keys
from openckm.store.ledger import Ledger
from openckm.store.package import Model, manifest_path, package, read_model, recode
from openckm.store.roles import TIMESTAMP, Chain, countersign, stored_at
from openckm.store.storage import Storage
from openckm.store.trust import ROLES, Policy, fallback, next_release, revoked_release
from openckm.store.weights import write_folder


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Repository:
    """Publishes models, and changes what was published; made by `create` or opened with a root that is trusted.

    Args:
        url: folder or address of the repository.
        keys: signers of the roles; an operation needs those of the roles that it signs.
        trust_root: a root of the repository that the publisher trusts: the file that edges are given.
        draft: folder into which a change of what is offered is written instead, for others to sign (`sign`) and
            somebody to finish (`finish`); None to publish at once with the keys that are at hand.
        now: clock.

    Raises:
        StoreError: if the storage cannot be reached.
    """

    def __init__(
        self, url: str, keys: Keys, trust_root: bytes, *, draft: Path | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:  # fmt: skip
        self._storage, self._keys, self._draft, self._now = Storage(url), keys, draft, now
        self.trust_root = trust_root

    @classmethod
    def create(
        cls, url: str, keys: Keys, policy: Policy | None = None, *, now: Callable[[], datetime] = _utc_now
    ) -> Repository:
        """Make an empty repository and the keys that are missing; its `trust_root` is to be given to the edges.

        Raises:
            StoreError: if there is one already, or it cannot be written.
        """
        storage = Storage(url)
        with storage.lock():
            if TIMESTAMP in storage.list("metadata"):
                raise StoreError(f"{url}: there is a repository already; open it, or choose another place")
            chain, writes = Chain.first(policy or Policy(), keys, now())
            for path, content in writes:
                storage.write(path, content)
        return cls(url, keys, chain.root.to_bytes(), now=now)

    def releases(self) -> dict[str, Release]:
        """Return what the channels offer, by channel.

        Raises:
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if it cannot be read.
        """
        return Ledger(self._storage, self.trust_root).releases()

    def versions(self) -> dict[str, tuple[str, ...]]:
        """Return the precisions of every version that the repository holds, by version.

        Raises:
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if it cannot be read.
        """
        known = Ledger(self._storage, self.trust_root).known()
        return {version: tuple(sorted(paths)) for version, (_, paths) in sorted(known.items())}

    def expiry(self) -> dict[str, datetime]:
        """Return when the signatures of each role run out.

        Raises:
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if it cannot be read.
        """
        chain = Ledger(self._storage, self.trust_root).chain
        return {role: getattr(chain, role).signed.expires for role in ROLES}

    def checkout(self, version: str, folder: Path, precision: str = "bf16") -> Path:
        """Write a version that the repository holds into a new folder, whole or not at all, and return the folder.

        Raises:
            ModelError: if there is something in the folder, or it cannot be written.
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if the version is not there in this precision, or cannot be read.
        """
        ledger = Ledger(self._storage, self.trust_root)
        name = ledger.known().get(version, ("no model", {}))[0]
        write_folder(Path(folder), ledger.model(name, version, precision).files())
        return Path(folder)

    def publish(
        self, model_folder: Path, channel: str = "candidate", precisions: Sequence[str] = ("bf16", "int8")
    ) -> Release:
        """Publish a model folder in some precisions and offer it on a channel.

        Raises:
            ModelError: if the folder is not a model.
            OptionError: if channel, precision or the name of the model cannot be.
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if the version was published with other content or revoked, keys are missing, or writing fails.
        """
        _check_channel(channel)
        if not precisions or not set(precisions) <= set(PRECISIONS):
            raise OptionError(f"precisions {tuple(precisions)}: wanted one or more of {', '.join(PRECISIONS)}")
        model = read_model(Path(model_folder))
        card = model.card
        with self._edit() as ledger:
            paths = {p: manifest_path(card.name, card.version, p) for p in precisions}
            release = self._next(ledger, channel, card.name, card.version, paths)
            for precision, path in paths.items():
                coded = recode(model, precision)
                if path in ledger.held:
                    _check_same(path, Manifest.from_json(ledger.read(path)), coded)
                    continue
                made = package(coded, precision, ledger.bases(channel, card.name, precision))
                for target, payload in made.files.items():
                    if target not in ledger.held:
                        ledger.add(target, payload)
            self._offer(ledger, [release])
        return release

    def offer(self, version: str, channel: str) -> Release:
        """Offer a version that is published already on a channel: promotion and rollback are new releases.

        Raises:
            OptionError: if the channel cannot be.
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if the version is not there or was revoked, keys are missing, or writing fails.
        """
        _check_channel(channel)
        with self._edit() as ledger:
            release = self._again(ledger, version, channel)
            self._offer(ledger, [release])
        return release

    def rollback(self, channel: str) -> Release:
        """Offer again what the channel offered before, as a new release.

        Raises:
            StoreError: if it offered nothing else that is still there; else as `offer`.
        """
        _check_channel(channel)
        with self._edit() as ledger:
            last = ledger.releases().get(channel)
            version = fallback(last, ledger.known()) if last else ""
            if not version:
                raise StoreError(
                    f"channel {channel!r} offered nothing before that is still there: publish a new version"
                )
            release = self._again(ledger, version, channel)
            self._offer(ledger, [release])
        return release

    def revoke(self, version: str) -> tuple[Release, ...]:
        """Forbid a version: edges stop using it, and channels that offer it go back to what they offered before.

        A version that was revoked already stays so; what the channels offer is returned as it is.

        Raises:
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if no channel ever offered the version, keys are missing, or writing fails.
        """
        with self._edit() as ledger:
            releases, known = ledger.releases(), ledger.known()
            if releases and all(version in release.revoked for release in releases.values()):
                return tuple(releases.values())
            if version not in known and all(version not in release.history for release in releases.values()):
                raise StoreError(f"version {version!r} is not in the repository, which holds {sorted(known)}")
            changed = tuple(revoked_release(release, version, known) for release in releases.values())
            self._offer(ledger, changed)
        return changed

    def rotate(self, role: str, *, lost: bool = False) -> bytes:
        """Replace the keys of a role by new ones and return the new root, which edges find by themselves.

        Args:
            role: "root", "targets", "snapshot" or "timestamp".
            lost: the old keys are gone, so that what they signed becomes invalid a moment before it is signed anew.

        Raises:
            OptionError: if there is no such role, or lost root keys are to be replaced.
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if too few of the other keys are at hand, or writing fails.
        """
        self._require_no_draft()
        if role not in ROLES or (lost and role == "root"):
            raise OptionError(
                f"cannot replace {'lost ' if lost else ''}keys of {role!r}: a new root needs the old keys"
            )
        with self._edit() as ledger:
            old = ledger.chain.root.signed.roles[role].keyids
            fresh = self._keys.fresh(role, len(old))
            ledger.writes.update(ledger.chain.rotate(role, fresh, self._keys, self._now(), lost))
        self._keys.retire(role, old)
        self.trust_root = ledger.chain.root.to_bytes()
        return self.trust_root

    def renew(self, part: float = 0.5) -> tuple[str, ...]:
        """Sign again whatever has less than a part of its time left, and return the files written; run it by a timer.

        Raises:
            RepositoryAttacked: if the repository is not what its owners signed.
            StoreError: if keys of a role that is due are missing, or writing fails.
        """
        self._require_no_draft()
        now = self._now()

        def due(expires: datetime, span: timedelta) -> bool:
            return expires - now < part * span

        with self._edit() as ledger:
            ledger.writes.update(ledger.chain.renew(self._keys, now, due))
        return tuple(ledger.writes)

    def sign(self, draft: Path) -> tuple[tuple[str, ...], int, int]:
        """Sign a draft with the keys of 'targets' at hand, after working out what it changes; nothing is published.

        Args:
            draft: its folder.

        Returns:
            What it changes, a sentence each; how many keys have signed it; and how many must.

        Raises:
            RepositoryAttacked: if the draft holds what its list does not say, or the repository is not its owners'.
            StoreError: if it is no draft, the repository has gone on, or no key that has not signed yet is at hand.
        """
        ledger, held = Ledger(self._storage, self.trust_root), Draft.read(draft)
        changes = held.check(ledger)
        count = countersign(held.document, self._keys, ledger.chain.root.signed)
        held.save()
        return changes, count, ledger.chain.root.signed.roles["targets"].threshold

    def finish(self, draft: Path) -> tuple[str, ...]:
        """Publish a draft that enough people have signed, with the keys of snapshot and timestamp.

        Returns:
            What it changed, a sentence each.

        Raises:
            RepositoryAttacked: as `sign`.
            StoreError: as `sign`, or if too few have signed, keys are missing, or writing fails.
        """
        held = Draft.read(draft)
        with self._storage.lock():
            ledger = Ledger(self._storage, self.trust_root)
            changes = held.check(ledger)
            held.require_signed(ledger.chain.root.signed)
            ledger.chain.targets = held.document
            ledger.writes.update(held.files)
            ledger.writes[f"metadata/{held.document.signed.version}.targets.json"] = held.document.to_bytes()
            ledger.writes.update(ledger.chain.resign("snapshot", self._keys, self._now()))
            ledger.commit()
        return changes

    @contextmanager
    def _edit(self) -> Iterator[Ledger]:
        """Yield the verified state; what is to be written is written when the block ends without error."""
        with self._storage.lock():
            ledger = Ledger(self._storage, self.trust_root)
            yield ledger
            if self._draft is None:
                ledger.commit()

    def _offer(self, ledger: Ledger, changed: Sequence[Release]) -> None:
        base = ledger.chain.timestamp.signed.version
        ledger.offer(changed)
        if self._draft is None:
            ledger.writes.update(ledger.chain.resign("targets", self._keys, self._now()))
            return
        ledger.chain.begin(self._keys, self._now())
        named = {stored_at(target) for target in ledger.chain.targets.signed.targets.values()}
        files = {path: content for path, content in ledger.writes.items() if path in named}
        Draft(self._draft, base, ledger.chain.targets, files).write()

    def _require_no_draft(self) -> None:
        if self._draft is not None:
            raise OptionError("keys are replaced, and signatures renewed, with the keys at hand: leave the draft out")

    def _again(self, ledger: Ledger, version: str, channel: str) -> Release:
        """Return the release that offers a version which is held already."""
        known = ledger.known()
        if version not in known:
            raise StoreError(f"version {version!r} is not in the repository, which holds {sorted(known)}: publish it")
        return self._next(ledger, channel, known[version][0], version, known[version][1])

    def _next(self, ledger: Ledger, channel: str, name: str, version: str, paths: dict[str, str]) -> Release:
        releases, held = ledger.releases(), ledger.known().get(version, (name, {}))[0]
        if held != name:
            raise StoreError(f"version {version} is {held}'s here, it cannot be {name}'s too: choose a new version")
        revoked = sorted({v for release in releases.values() for v in release.revoked})
        return next_release(releases.get(channel), channel, name, version, paths, revoked)


def _check_channel(channel: str) -> None:
    if channel not in CHANNELS:
        raise OptionError(f"channel {channel!r} is unknown: choose one of {', '.join(CHANNELS)}")


def _check_same(path: str, manifest: Manifest, model: Model) -> None:
    held = {one.name: one.chunk.sha256 for one in manifest.attachments}
    if manifest.sha256 != model.card.sha256:
        raise StoreError(f"{path} was published with other weights: a version is written once, choose a new one")
    if held != {name: hashlib.sha256(content).hexdigest() for name, content in model.attachments.items()}:
        raise StoreError(
            f"{path} was published with other files beside its weights ({', '.join(held) or 'none'}): a version is"
            " written once, choose a new one"
        )
