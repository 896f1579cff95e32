"""The edge's side of a repository: fetch what the channel offers, verify it, and keep the last good model.

The Update Framework's client (python-tuf) verifies the signed documents, from the root that came with the edge's
configuration to the hash of every file. On top of it: a model comes in chunks, so an interrupted download goes on where
it stopped and a refresh fetches only chunks that changed, as differences where the edge has what they differ from; what
is whole and verified is moved to its place and only then used; and what fails has a type of its own:
`RepositoryUnreachable`, `RepositoryAttacked`, or a `ModelError` for a model that this program cannot run. Whatever
fails, the last good model stays, and `Updater.current` finds it without a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import TargetFile
from tuf.ngclient import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from openckm.errors import ModelError, OptionError, RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.store.attachments import check_attachments
from openckm.store.cache import Cache, Installed, Staged, read_chunk
from openckm.store.card import ModelCard
from openckm.store.chunks import unpack
from openckm.store.client import TufClient
from openckm.store.codec import PRECISIONS
from openckm.store.documents import MAX_DOCUMENT, Chunk, Manifest, Release, check_name
from openckm.store.fetch import GuardedFetcher, fetcher_for
from openckm.store.roles import stored_at
from openckm.store.trust import alarm_of, check_pair, to_evict

Progress = Callable[[int, int], None]
"""Is called with the bytes of the weights that are in place, and bytes in all."""


@dataclass(frozen=True)
class UpdateOptions:
    """How an edge updates.

    Attributes:
        precision: "fp32", "bf16" or "int8", of those that are published.
        keep: verified models that stay in the cache, the one in use included.
        quota_bytes: most that models may take, the one on its way included [bytes].
        stall_s: longest wait for an answer, or for more of it [s].
        rate_bytes_s: least average rate of a file [bytes/s].
        grace_s: time that a file has before its rate counts [s].
        deadline_s: time for a whole update [s].
        lock_s: longest wait for another update of the same cache [s].
    """

    precision: str = "bf16"
    keep: int = 2
    quota_bytes: int = 2**30
    stall_s: float = 20.0
    rate_bytes_s: float = 1000.0
    grace_s: float = 10.0
    deadline_s: float = 1800.0
    lock_s: float = 60.0

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise OptionError(f"precision {self.precision!r} is unknown: choose one of {', '.join(PRECISIONS)}")
        if min(self.keep, self.quota_bytes, self.stall_s, self.rate_bytes_s, self.deadline_s) <= 0 or self.grace_s < 0:
            raise OptionError(f"{self}: wanted positive numbers")


@dataclass(frozen=True)
class UpdateReport:
    """What an update did.

    Attributes:
        release: what the channel offers.
        folder: the verified model.
        changed: True if another model is in use than before.
        received: bytes that came over the network, signed documents included [bytes].
        whole: chunks that came whole.
        differences: chunks that came as differences.
        present: chunks that the cache held already.
    """

    release: Release
    folder: Path
    changed: bool
    received: int
    whole: int
    differences: int
    present: int


class Updater:
    """Keeps an edge's model up to date with a channel of a repository.

    Args:
        trust_root: the repository's root, as it came with the edge's configuration: a file, or its content.
        url: address of the repository, or of several mirrors of it, tried in turn.
        cache_dir: folder that is this updater's own.
        channel: "stable" or "candidate".
        options: how to update.
        accept: called with the card before weights are fetched; raises ModelError for what the edge cannot run.
        trial: called with the folder of a verified model before it counts as good; raises ModelError for one that does
            not run.
        fetcher: what fetches, in place of HTTP or fsspec.

    Raises:
        OptionError: if an option, the channel or the list of mirrors cannot be.
        StoreError: if the trust root or the cache cannot be used.
    """

    def __init__(
        self,
        trust_root: bytes | Path,
        url: str | Sequence[str],
        cache_dir: Path,
        channel: str = "stable",
        *,
        options: UpdateOptions | None = None,
        accept: Callable[[ModelCard], None] | None = None,
        trial: Callable[[Path], None] | None = None,
        fetcher: FetcherInterface | None = None,
    ) -> None:
        check_name(channel, "channel")
        self.urls = (url,) if isinstance(url, str) else tuple(url)
        if not self.urls:
            raise OptionError("wanted the address of a repository")
        self.channel, self.options = channel, options or UpdateOptions()
        self._root = _root_bytes(trust_root)
        self._cache, self._accept, self._trial, self._fetcher = Cache(Path(cache_dir)), accept, trial, fetcher
        self._revoked: frozenset[str] = frozenset()
        self.report: UpdateReport | None = None
        self.alarms: tuple[StoreError, ...] = ()
        """What mirrors raised in the last update, those included that another mirror made up for."""

    def current(self) -> Path | None:
        """Return the folder of the last good model, found without a network; None if there is none."""
        return next(self.held(), None)

    def held(self) -> Iterator[Path]:
        """Yield the folders of all good models whose files are intact, the one in use first, without a network."""
        return (self._cache.models / row.folder for row in self._good() if self._cache.intact(row))

    def lists(self, folder: Path) -> bool:
        """Say whether a model's folder is one of those that count as good, even if its files rotted since."""
        return any(self._cache.models / row.folder == folder for row in self._good())

    def _good(self) -> tuple[Installed, ...]:
        """Return what was installed and was not revoked, as far as this process knows, newest first."""
        return tuple(row for row in self._cache.installed() if row.version not in self._revoked)

    def update(self, progress: Progress | None = None) -> Path:
        """Fetch what the channel offers unless it is here, and return the folder of the verified model.

        Raises:
            RepositoryUnreachable: if no mirror answers, or too slowly.
            RepositoryAttacked: if one answers, but not with what its owners signed, or with what is out of date.
            ModelError: if this program cannot run the model.
            StoreError: if the channel offers none, it does not fit under the quota, or the disk refuses.
        """
        alarms: list[StoreError] = []
        with self._cache.locked(self.options.lock_s) as refused:
            for url in self.urls:
                try:
                    self.report = self._update(url.rstrip("/"), progress or _silent, refused)
                    return self.report.folder
                except (RepositoryUnreachable, RepositoryAttacked) as alarm:
                    alarms.append(alarm)
                finally:
                    self.alarms = tuple(alarms)
        raise next((a for a in alarms if isinstance(a, RepositoryAttacked)), alarms[0])

    def _update(self, url: str, progress: Progress, refused: OSError | None) -> UpdateReport:
        session = Session(url, self._root, self._cache, self.options, self._fetcher)
        release = session.release(self.channel)
        self._obey(release)
        session.require_written(refused)
        manifest, card = session.model(release, self.options.precision)
        session.require_written()
        if self._accept is not None:
            self._accept(ModelCard.from_json(card, manifest.card))
        before = self._good()
        row = Installed.of(release, manifest, card)
        if not self._cache.intact(row):
            self._cache.tidy({*session.used, row.folder})
            self._make_room(manifest)
            session.fetch(row.folder, manifest, card, progress)
        if self._trial is not None and (not before or before[0].folder != row.folder):
            self._trial(self._cache.models / row.folder)
        held = self._cache.sizes()
        kept = [row, *(old for old in before if old.folder in held and old.folder != row.folder)][: self.options.keep]
        if tuple(kept) != self._cache.installed():
            self._cache.list_installed(kept)
        self._cache.remove([name for name in held if name not in {old.folder for old in kept}])
        self._cache.tidy(session.used)
        changed = not before or before[0].folder != row.folder
        return UpdateReport(release, self._cache.models / row.folder, changed, session.received, *session.counts)

    def _obey(self, release: Release) -> None:
        """Stop using versions that were revoked, also where the disk is full or may only be read.

        They are out of use from the first line on; then their files go, which frees space; only then is the list
        written.

        Raises:
            StoreError: if the disk refuses: they then come back when the process is started again.
        """
        before = self._cache.installed()
        self._revoked = frozenset(release.revoked)
        gone = [row for row in before if row.version in self._revoked]
        if not gone:
            return
        folders = {row.folder for row in gone}
        self._cache.remove([name for name in self._cache.sizes() if name in folders])
        self._cache.list_installed([row for row in before if row not in gone])

    def _make_room(self, manifest: Manifest) -> None:
        needed = sum(c.length for c in manifest.everything) + len(manifest.to_json()) + MAX_DOCUMENT
        current = self.current()
        in_use = [current.name] if current else []
        self._cache.remove(to_evict(self._cache.sizes(), in_use, needed, self.options.quota_bytes))


class Session:
    """One update from one mirror.

    Args:
        url: the address of the mirror.
        root: the trust root.
        cache: the cache of the edge.
        options: how to update.
        fetcher: what fetches, or None for what fits the address.

    Raises:
        RepositoryUnreachable: if the mirror does not answer, or too slowly.
        RepositoryAttacked: if what it answers is refused.
        StoreError: if the trust root or the cache cannot be used.
    """

    def __init__(
        self, url: str, root: bytes, cache: Cache, options: UpdateOptions, fetcher: FetcherInterface | None
    ) -> None:
        self._url, self._cache = url, cache
        self._guard = GuardedFetcher(
            fetcher or fetcher_for(url, options.stall_s),
            rate=options.rate_bytes_s,
            grace_s=options.grace_s,
            deadline_s=options.deadline_s,
        )
        self.used: set[str] = set()
        self._new: dict[str, bytes] = {}
        self.counts = [0, 0, 0]
        """Chunks that came whole, as differences, and that were there."""
        with suppress(OSError):
            cache.tidy_metadata()
        try:
            with cache.guarded():
                self._client = TufClient(
                    str(cache.metadata), f"{url}/metadata/", fetcher=self._guard, config=UpdaterConfig(), bootstrap=root
                )
                self._client.refresh()
                cache.flush_metadata()
        except (RepositoryError, DownloadError) as error:
            self._guard.close()
            raise alarm_of(error, url) from error

    @property
    def received(self) -> int:
        """Bytes received so far."""
        return self._guard.received

    def require_written(self, refused: OSError | None = None) -> None:
        """Go on only if everything that was verified is on the disk, where it guards against going back.

        Args:
            refused: an error of the disk that came before.

        Raises:
            StoreError: if the disk refused something.
        """
        error = self._client.unwritten or refused
        if error is not None:
            raise StoreError(
                f"{self._cache.folder}: the cache cannot be written ({error}). Revoked versions are out of use in this"
                " process, nothing new was taken: free some space, or give this user the right to write there"
            ) from error
        for target in list(self._new):
            self._cache.keep_document(target, self._new.pop(target))

    def release(self, channel: str) -> Release:
        """Return what the channel offers.

        Raises:
            StoreError: if it offers nothing; else as the constructor.
        """
        content = self._document(f"channels/{channel}.json")
        if content is None:
            raise StoreError(f"{self._url}: nothing was ever offered on channel {channel!r}; the model in use was kept")
        release = Release.from_json(content)
        if release.channel != channel:
            raise RepositoryAttacked(
                f"{self._url}: channel {channel!r} answers as {release.channel!r}; nothing was taken"
            )
        return release

    def model(self, release: Release, precision: str) -> tuple[Manifest, bytes]:
        """Return manifest and card of what a channel offers, checked against each other.

        Raises:
            ModelError: if the card does not fit this program.
            StoreError: if there is no model, or not in this precision; else as the constructor.
        """
        if precision not in release.precisions:
            offered = sorted(release.precisions) or "nothing"
            raise StoreError(
                f"{self._url}: channel {release.channel!r} offers {offered}, wanted {precision!r}; the model in use was"
                " kept unless it was revoked"
            )
        manifest = Manifest.from_json(self._needed(release.precisions[precision]))
        card = self._needed(manifest.card)
        check_pair(ModelCard.from_json(card, manifest.card), manifest, release)
        return manifest, card

    def fetch(self, folder: str, manifest: Manifest, card: bytes, progress: Progress) -> None:
        """Bring the weights together, chunk by chunk, verify them, and put the model into a folder of the cache.

        Raises:
            As the constructor.
        """
        staged, here, offset = Staged(self._cache, folder, manifest), self._cache.chunks(), 0
        for chunk in manifest.chunks:
            progress(offset, manifest.length)
            if staged.read(offset, chunk) is None:
                staged.put(offset, self._chunk(chunk, here))
            else:
                self.counts[2] += 1
            offset += chunk.length
        staged.finish(card, self._beside(manifest, here))
        progress(manifest.length, manifest.length)
        self._cache.install(staged)

    def _beside(self, manifest: Manifest, here: dict[str, tuple[Path, int, Chunk]]) -> dict[str, bytes]:
        """Return the verified files beside the weights, by name."""
        files = {one.name: self._chunk(one.chunk, here) for one in manifest.attachments}
        try:
            check_attachments(files, manifest.sha256, f"{manifest.name} {manifest.version}")
        except ModelError as error:
            raise RepositoryAttacked(f"{self._url}: the signed documents contradict each other: {error}") from error
        return files

    def _chunk(self, chunk: Chunk, here: dict[str, tuple[Path, int, Chunk]]) -> bytes:
        """Return a verified chunk: from the cache, as a difference to what is in the cache, or whole."""
        if chunk.sha256 in here and (content := read_chunk(*here[chunk.sha256])) is not None:
            self.counts[2] += 1
            return content
        base = None
        for delta in chunk.deltas:
            if delta.base in here and (base := read_chunk(*here[delta.base])) is not None:
                break
        payload = self._payload(chunk.target if base is None else delta.target, chunk)
        try:
            content = unpack(payload, chunk.length, chunk.kind, base)
        except ModelError as error:
            raise RepositoryAttacked(f"{self._url}: {error}; nothing was taken") from error
        if _sha256(content) != chunk.sha256:
            raise RepositoryAttacked(f"{self._url}: the signed chunk {chunk.target} does not hold what the model names")
        self.counts[0 if base is None else 1] += 1
        return content

    def _payload(self, target: str, chunk: Chunk) -> bytes:
        return self._needed(target, chunk.length + chunk.length // 128 + 1024, keep=False)

    def _needed(self, target: str, most: int = MAX_DOCUMENT, keep: bool = True) -> bytes:
        content = self._document(target, most, keep)
        if content is None:
            raise RepositoryAttacked(f"{self._url}: {target} is named but not signed; nothing was taken")
        return content

    def _document(self, target: str, most: int = MAX_DOCUMENT, keep: bool = True) -> bytes | None:
        """Return a verified target's content, from the cache if it is there; None if nobody signed such a target."""
        try:
            info = self._client.get_targetinfo(target)
            if info is None:
                return None
            if info.length > most:
                raise RepositoryAttacked(f"{self._url}: {target} has {info.length} bytes, more than {most} that it may")
            content = self._cache.document(target) if keep else None
            if content is None or not _fits(info, content):
                content = self._guard.download_bytes(f"{self._url}/{stored_at(info)}", info.length)
                info.verify_length_and_hashes(content)
                if keep:
                    self._new[target] = content
        except (RepositoryError, DownloadError) as error:
            self._guard.close()
            raise alarm_of(error, self._url) from error
        if keep:
            self.used.add(quote(target, ""))
        return content


def _fits(info: TargetFile, content: bytes) -> bool:
    """Whether a content that was kept is what is signed now."""
    try:
        info.verify_length_and_hashes(content)
    except RepositoryError:
        return False
    return True


def _root_bytes(trust_root: bytes | Path) -> bytes:
    from tuf.api.metadata import Metadata, Root

    try:
        content = trust_root if isinstance(trust_root, bytes) else Path(trust_root).read_bytes()
        document = Metadata[Root].from_bytes(content)
        if not isinstance(document.signed, Root):
            raise RepositoryError(f"it is a {document.signed.type}")
        document.signed.verify_delegate("root", document.signed_bytes, document.signatures)
    except (OSError, RepositoryError) as error:
        raise StoreError(
            f"the trust root is not a signed root ({error}); take it from who publishes the models"
        ) from error
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _silent(done: int, total: int) -> None:
    """Tell nobody."""
