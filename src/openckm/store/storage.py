"""Where a repository's files are written: a folder, or whatever fsspec reaches (memory, S3, ...).

A file appears whole or not at all: on disk it is written aside, flushed and renamed; object stores do so by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openckm.errors import ModelError, StoreError
from openckm.store.weights import write_aside


class Storage:
    """A folder of files, by address.

    Args:
        url: a path, or an address of fsspec such as "s3://bucket/folder" (which needs its package, here s3fs).

    Raises:
        StoreError: if the address is of a kind that cannot be reached from here.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        try:
            self._fs, self._root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StoreError(f"{url}: no such kind of storage here ({error}); install its package of fsspec") from error
        self.url = url
        self._local = "file" in self._protocols()

    def _protocols(self) -> tuple[str, ...]:
        protocol: Any = self._fs.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises:
            FileNotFoundError: if there is none.
            StoreError: if it cannot be read.
        """
        try:
            content: bytes = self._fs.cat_file(self._at(path))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(
                f"{self.url}/{path}: cannot be read ({error}); check the storage and its rights"
            ) from error
        return content

    def write(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            StoreError: if it cannot be written; the old one, if any, is then as it was.
        """
        try:
            if self._local:
                write_aside(Path(self._at(path)), content)
            else:
                self._fs.pipe_file(self._at(path), content)
        except (OSError, ModelError) as error:
            raise StoreError(f"{self.url}/{path}: cannot be written ({error}); check the storage") from error

    def remove(self, paths: list[str]) -> None:
        """Remove files; those that are gone already are passed over.

        Raises:
            StoreError: if one cannot be removed.
        """
        for path in paths:
            try:
                self._fs.rm_file(self._at(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"{self.url}/{path}: cannot be removed ({error}); check the storage") from error

    def list(self, folder: str) -> list[str]:
        """Return the paths of all files in a folder and below, sorted; none if there is no such folder."""
        self._fs.invalidate_cache()
        base = self._at(folder)
        found = self._fs.find(base) if self._fs.exists(base) else []
        return sorted(f"{folder}/{str(path)[len(base) :].lstrip('/')}" for path in found)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other publishers of a folder out; object stores have no locks, keep to one publisher there.

        Raises:
            StoreError: if another publisher is at work for more than a minute.
        """
        if not self._local:
            yield
            return
        from filelock import FileLock, Timeout

        lock = FileLock(Path(self._root) / ".lock")
        try:
            Path(self._root).mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=60.0)
        except Timeout as error:
            raise StoreError(f"{self.url}: somebody else is publishing; try again when they are done") from error
        except OSError as error:
            raise StoreError(
                f"{self.url}: the repository cannot be written ({error}); nothing was changed: give this user the right"
                " to write there, or choose another place"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"
