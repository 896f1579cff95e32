"""The rules that are ours, beside those of The Update Framework: pure code without I/O.

The Update Framework (Samuel et al., Survivable key compromise in software update systems, CCS 2010, and the
specification 1.0 that python-tuf implements) decides what is signed, current and consistent. What is left to decide:
which release follows which, what an edge may run of what it keeps, what it throws away, and which alarm an error is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from openckm.errors import OptionError, RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.store.card import ModelCard
from openckm.store.documents import Manifest, Release

ROLES = ("root", "targets", "snapshot", "timestamp")
HISTORY = 32
"""Releases that a channel remembers, to go back to."""


@dataclass(frozen=True)
class RolePolicy:
    """How a role signs.

    Attributes:
        keys: number of keys.
        threshold: how many of them must sign.
        days: how long a signature is good for [d].
    """

    keys: int
    threshold: int
    days: float

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= self.keys or not self.days > 0:
            raise OptionError(f"{self}: wanted 1 <= threshold <= keys and a positive number of days")


@dataclass(frozen=True)
class Policy:
    """How the four roles sign: root and targets with keys kept offline, snapshot and timestamp by a machine."""

    root: RolePolicy = RolePolicy(3, 2, 365.0)
    targets: RolePolicy = RolePolicy(2, 2, 180.0)
    snapshot: RolePolicy = RolePolicy(1, 1, 30.0)
    timestamp: RolePolicy = RolePolicy(1, 1, 3.0)

    def of(self, role: str) -> RolePolicy:
        """Return the policy of a role.

        Raises:
            OptionError: if there is no such role.
        """
        if role not in ROLES:
            raise OptionError(f"role {role!r} is unknown: choose one of {', '.join(ROLES)}")
        found: RolePolicy = getattr(self, role)
        return found


def next_release(
    last: Release | None, channel: str, name: str, version: str, precisions: dict[str, str], revoked: Sequence[str] = ()
) -> Release:
    """Return the release that offers a version, new or old, after the last one of the channel.

    Raises:
        StoreError: if the version was revoked, or the channel offers it already.
    """
    if version in revoked:
        raise StoreError(f"version {version} was revoked: publish its successor under a new version")
    if last is None:
        return Release(channel, 1, name, version, precisions, (version,), tuple(revoked))
    if (name, version, precisions) == (last.name, last.version, last.precisions):
        raise StoreError(f"channel {channel!r} offers {name} {version} already: there is nothing to publish")
    history = (*last.history, version)[-HISTORY:]
    return Release(channel, last.number + 1, name, version, precisions, history, tuple(revoked))


def fallback(release: Release, known: Collection[str]) -> str:
    """Return the version of `known` that the channel offered last before this one, "" if there is none."""
    barred = {*release.revoked, release.version}
    return next((version for version in reversed(release.history) if version in known and version not in barred), "")


def revoked_release(last: Release, version: str, known: Mapping[str, tuple[str, dict[str, str]]]) -> Release:
    """Return the release after a version was revoked: the one offered before if it was this one, else the same again.

    Args:
        last: what the channel offers.
        version: the version that must not be used any more.
        known: name and manifests of the versions that the repository still holds.
    """
    revoked = tuple(sorted({*last.revoked, version}))
    history = tuple(v for v in last.history if v != version)
    if last.version != version:
        return replace(last, number=last.number + 1, history=history, revoked=revoked)
    back = fallback(last, known)
    name, precisions = known[back] if back else ("", {})
    return Release(last.channel, last.number + 1, name, back, precisions, (*history, back) if back else (), revoked)


def check_pair(card: ModelCard, manifest: Manifest, release: Release) -> None:
    """Refuse a card that does not belong to its weights, or a model that is not the one the channel offers.

    Raises:
        RepositoryAttacked: if name, version or checksum of the three differ.
    """
    said = {(card.name, card.version), (manifest.name, manifest.version), (release.name, release.version)}
    if len(said) > 1 or card.sha256 != manifest.sha256:
        raise RepositoryAttacked(
            f"the signed documents contradict each other: {sorted(said)}, weights {manifest.sha256[:12]}…, card"
            f" {card.sha256[:12]}…; nothing was taken: ask who publishes the repository"
        )


def to_evict(sizes: Mapping[str, int], keep: Sequence[str], needed: int, quota: int) -> tuple[str, ...]:
    """Return which kept models must go so that `needed` bytes fit under the quota, the last named first.

    Args:
        sizes: bytes of every model kept, newest first.
        keep: models that must stay.
        needed: bytes of what is to come [bytes].
        quota: bytes that all may have together [bytes].

    Raises:
        StoreError: if it does not fit even so.
    """
    gone: list[str] = []
    total = sum(sizes.values()) + needed
    for name in reversed([name for name in sizes if name not in keep]):
        if total <= quota:
            break
        gone.append(name)
        total -= sizes[name]
    if total > quota:
        raise StoreError(
            f"an update needs {needed} bytes beside {total - needed} that must stay, the quota is {quota}:"
            " nothing was fetched; raise the quota, or choose a smaller precision"
        )
    return tuple(gone)


def alarm_of(error: Exception, url: str) -> StoreError:
    """Return which alarm an error of python-tuf or of the network is: unreachable, or attacked.

    Too slow counts as unreachable, too long and out of date as attacked.
    """
    from tuf.api.exceptions import DownloadError, DownloadLengthMismatchError, RepositoryError

    name = type(error).__name__
    if isinstance(error, RepositoryError | DownloadLengthMismatchError):
        alarm: StoreError = RepositoryAttacked(
            f"{url}: what the repository sent was refused ({name}: {error}); the model in use was kept. Either someone"
            " tampers with the repository or holds updates back, or its owners did not sign in time: inform them, and"
            " check the clock of this machine"
        )
    elif isinstance(error, DownloadError):
        alarm = RepositoryUnreachable(
            f"{url}: the repository cannot be read now ({name}: {error}); the model in use was kept: check the network"
        )
    else:
        alarm = StoreError(f"{url}: the update failed ({name}: {error}); the model in use was kept")
    return alarm
