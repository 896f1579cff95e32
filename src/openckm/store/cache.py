"""What an edge keeps: verified models, which of them is in use, and the one that is being fetched.

    CACHE/state.json                 what was installed, newest first: the one file that says what is in use
    CACHE/models/FOLDER/             card.json, weights.safetensors and what lies beside them, manifest.json: whole,
                                     verified, never changed
    CACHE/staging/FOLDER/            a model on its way: its chunks are put in their places one by one
    CACHE/documents/                 signed documents that name the model
    CACHE/metadata/                  python-tuf's: the newest signed roles seen, against going back

A model is moved to `models` when it is whole, then `state.json` is replaced: killed at any moment, the edge has the old
model or the new one. What is in staging is checked by its hashes before it is used, so it may be in any state.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

from openckm.errors import ModelError, RepositoryAttacked, StoreError
from openckm.store.attachments import ATTACHMENTS
from openckm.store.documents import MAX_DOCUMENT, Chunk, Manifest, Release
from openckm.store.package import CARD_FILE, MANIFEST_FILE, WEIGHT_FILE
from openckm.store.weights import MAX_BYTES, digest, flush_folder, write_aside


@dataclass(frozen=True)
class Installed:
    """A model that was installed.

    Attributes:
        channel: the channel that it came from.
        number: the number of the channel's release.
        version: the version of the model.
        folder: its name in the cache.
        card: SHA-256 of its card.
        weights: SHA-256 of its weight file.
        beside: SHA-256 of each file beside it, by name.
    """

    channel: str
    number: int
    version: str
    folder: str
    card: str
    weights: str
    beside: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.folder, str) or not isinstance(self.version, str):
            raise TypeError(f"{self.folder!r}: wanted the name of a folder")
        if not isinstance(self.beside, dict) or not set(self.beside) <= set(ATTACHMENTS):
            raise TypeError(f"{self.beside!r}: wanted checksums by name")

    @classmethod
    def of(cls, release: Release, manifest: Manifest, card: bytes) -> Installed:
        """Return the row of a model; its folder's name differs with its content, so that none is ever overwritten."""
        digest = hashlib.sha256(card).hexdigest()
        beside = {one.name: one.chunk.sha256 for one in manifest.attachments}
        mark = hashlib.sha256(" ".join([digest, manifest.sha256, *beside.values()]).encode()).hexdigest()[:12]
        folder = f"{manifest.name}-{manifest.version}-{manifest.precision}-{mark}"
        return cls(release.channel, release.number, release.version, folder, digest, manifest.sha256, beside)


class Cache:
    """The folder of an edge.

    Args:
        folder: made if it is not there.

    Raises:
        StoreError: if it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.models, self.staging = self.folder / "models", self.folder / "staging"
        self.metadata, self.documents = self.folder / "metadata", self.folder / "documents"
        with self.guarded():
            for made in (self.models, self.staging, self.metadata, self.documents):
                made.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn errors of the disk into errors of the store."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.folder}: the cache cannot be used ({error}): check space and rights") from error

    @contextmanager
    def locked(self, timeout_s: float) -> Iterator[OSError | None]:
        """Keep other updates of this cache out; yield the error of a disk that takes no lock, where nobody can write.

        Raises:
            StoreError: if another one is still at work after the time.
        """
        from filelock import FileLock, Timeout

        lock, refused = FileLock(self.folder / "lock"), None
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout as error:
            raise StoreError(f"{self.folder}: another update is at work; wait for it, or use another folder") from error
        except OSError as error:
            refused = error
        try:
            yield refused
        finally:
            lock.release()

    def installed(self) -> tuple[Installed, ...]:
        """Return what was installed and is listed, newest first; an unreadable list is an empty one."""
        try:
            raw = json.loads((self.folder / "state.json").read_bytes())
            return tuple(Installed(**row) for row in raw["installed"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return ()

    def list_installed(self, rows: Sequence[Installed]) -> None:
        """Replace the list: this is the moment at which a new model is in use.

        Raises:
            StoreError: if it cannot be written; the old list is then as it was.
        """
        content = json.dumps({"installed": [asdict(row) for row in rows]}, indent=2).encode()
        try:
            write_aside(self.folder / "state.json", content)
        except ModelError as error:
            raise StoreError(f"the list of models cannot be kept: {error}") from error

    def intact(self, row: Installed) -> bool:
        """True if the model is there and each file is what was verified when it came."""
        folder = self.models / row.folder
        try:
            wanted = {**row.beside, CARD_FILE: row.card, WEIGHT_FILE: row.weights}
            return all(digest(folder / name) == sha256 for name, sha256 in wanted.items())
        except OSError:
            return False

    def sizes(self) -> dict[str, int]:
        """Return the bytes of every model in the cache, in order of the list, unlisted ones last."""
        order = [row.folder for row in self.installed()]
        with self.guarded():
            present = sorted(path.name for path in self.models.iterdir())
            names = [*(n for n in dict.fromkeys(order) if n in present), *(n for n in present if n not in order)]
            return {name: _size(self.models / name) for name in names}

    def remove(self, names: Sequence[str]) -> None:
        """Remove models; their names go first, so that none is ever half there."""
        for name in names:
            aside = self.staging / f"{name}.old"
            with self.guarded():
                shutil.rmtree(aside, ignore_errors=True)
                (self.models / name).rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def tidy(self, keep: Collection[str]) -> None:
        """Remove what no update needs any more: other models on their way, and other documents."""
        with self.guarded():
            for path in [*self.staging.iterdir(), *self.documents.iterdir()]:
                if path.name not in keep:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def tidy_metadata(self) -> None:
        """Remove what killed updates left half written."""
        for path in [*self.metadata.glob("tmp*"), *self.folder.glob(".state.json.*.part")]:
            path.unlink(missing_ok=True)

    def document(self, target: str) -> bytes | None:
        """Return what is kept of a signed document, None if nothing is; its hash is for the caller to check."""
        try:
            return (self.documents / quote(target, "")).read_bytes()
        except OSError:
            return None

    def keep_document(self, target: str, content: bytes) -> None:
        """Keep a verified document.

        Raises:
            StoreError: if the disk refuses.
        """
        try:
            write_aside(self.documents / quote(target, ""), content)
        except ModelError as error:
            raise StoreError(f"{self.folder}: a signed document cannot be kept: {error}") from error

    def flush_metadata(self) -> None:
        """Make the newest roles outlast a loss of power, so that nobody can lead the edge back behind them."""
        for path in self.metadata.rglob("*.json"):
            with path.open("rb") as file:
                os.fsync(file.fileno())

    def chunks(self) -> dict[str, tuple[Path, int, Chunk]]:
        """Return where each chunk that the cache holds is (weight file, offset), by SHA-256."""
        found: dict[str, tuple[Path, int, Chunk]] = {}
        for folder in self.models.iterdir():
            try:
                content = (folder / MANIFEST_FILE).read_bytes()
                manifest = Manifest.from_json(content[: MAX_DOCUMENT + 1])
            except (OSError, ModelError, RepositoryAttacked):
                continue
            offset = 0
            for chunk in manifest.chunks:
                found.setdefault(chunk.sha256, (folder / WEIGHT_FILE, offset, chunk))
                offset += chunk.length
            for one in manifest.attachments:
                found.setdefault(one.chunk.sha256, (folder / one.name, 0, one.chunk))
        return found

    def install(self, staged: Staged) -> None:
        """Move a model that is whole and verified to the others.

        Raises:
            StoreError: if the disk refuses.
        """
        target = self.models / staged.folder.name
        if target.exists():
            self.remove([target.name])
        with self.guarded():
            staged.folder.rename(target)
            flush_folder(self.models)


class Staged:
    """A model on its way: a folder whose weight file has its full length, and chunks in their places.

    Args:
        cache: where.
        folder: name of the folder.
        manifest: what the model is made of.

    Raises:
        StoreError: if the disk refuses.
    """

    def __init__(self, cache: Cache, folder: str, manifest: Manifest) -> None:
        self._cache, self._manifest = cache, manifest
        self.folder = cache.staging / folder
        self._weights = self.folder / WEIGHT_FILE
        with cache.guarded():
            self.folder.mkdir(exist_ok=True)
            with self._weights.open("ab") as file:
                file.truncate(min(manifest.length, MAX_BYTES))

    def read(self, offset: int, chunk: Chunk) -> bytes | None:
        """Return a chunk if it is in its place."""
        return read_chunk(self._weights, offset, chunk)

    def put(self, offset: int, content: bytes) -> None:
        """Put a verified chunk in its place.

        Raises:
            StoreError: if the disk refuses.
        """
        with self._cache.guarded(), self._weights.open("r+b") as file:
            file.seek(offset)
            file.write(content)

    def finish(self, card: bytes, beside: Mapping[str, bytes]) -> None:
        """Verify the whole weight file, put card, manifest and the files beside it there, and flush everything.

        Args:
            card: the card.
            beside: verified files, by name.

        Raises:
            RepositoryAttacked: if the chunks, each as signed, do not make the weight file that was signed.
            StoreError: if the disk refuses.
        """
        with self._cache.guarded():
            with self._weights.open("rb") as file:
                os.fsync(file.fileno())
            found = digest(self._weights)
        if found != self._manifest.sha256:
            raise RepositoryAttacked(
                f"{self.folder.name}: the signed chunks do not make the signed weights (SHA-256 {found[:12]}…);"
                " nothing was taken: ask who publishes the repository"
            )
        try:
            for path in self.folder.glob(".*.part"):
                path.unlink()
            for name, content in beside.items():
                write_aside(self.folder / name, content)
            write_aside(self.folder / CARD_FILE, card)
            write_aside(self.folder / MANIFEST_FILE, self._manifest.to_json())
        except (ModelError, OSError) as error:
            raise StoreError(f"the model cannot be kept: {error}") from error


def read_chunk(path: Path, offset: int, chunk: Chunk) -> bytes | None:
    """Return a chunk from a weight file if it is what its SHA-256 says, else None."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read(chunk.length)
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == chunk.sha256 else None


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
