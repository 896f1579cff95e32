"""How an edge reads a repository: over HTTP or through fsspec, never more, longer or slower than it allows.

python-tuf bounds the length of every file and the gap between two receptions; what drips within the gap it would read
for ever. Here every reception is seen, and a file must come at a least rate after a time of grace, and everything
together before a deadline. Content codings are not undone, so nothing unpacks itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any
from urllib.parse import urlsplit

import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError, SlowRetrievalError
from tuf.ngclient import Urllib3Fetcher
from tuf.ngclient.fetcher import FetcherInterface

from openckm.errors import StoreError

_PIECE = 64 * 1024
"""Most that is taken at once [bytes]."""


def fetcher_for(url: str, stall_s: float) -> FetcherInterface:
    """Return what reads addresses of this kind.

    Args:
        url: the address of the repository.
        stall_s: longest wait for an answer, or for more of it [s].

    Raises:
        StoreError: if the kind is unknown.
    """
    if urlsplit(url).scheme in ("http", "https"):
        return _HttpFetcher(stall_s)
    return FsspecFetcher(url)


class _HttpFetcher(Urllib3Fetcher):
    """python-tuf's client (urllib3, the system's certificates, proxies of the environment), reception by reception."""

    def __init__(self, stall_s: float) -> None:
        super().__init__(app_user_agent="OpenCKM")
        self.socket_timeout = stall_s  # type: ignore[assignment]

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            return super()._fetch(url)
        except SlowRetrievalError as error:
            raise SlowRetrievalError(f"{url}: no answer ({error.__cause__})") from error

    def _chunks(self, response: Any) -> Iterator[bytes]:
        try:
            while piece := response.read1(_PIECE, decode_content=False):
                yield piece
        except urllib3.exceptions.TimeoutError as error:
            raise SlowRetrievalError(f"nothing came for {self.socket_timeout} s") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise DownloadError(f"the connection broke ({error})") from error
        finally:
            response.close()


class FsspecFetcher(FetcherInterface):
    """Reads folders, memory, buckets: whatever fsspec reaches.

    Args:
        url: the address of the repository.

    Raises:
        StoreError: if fsspec knows no such kind of address, or misses the package for it.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        try:
            self._fs, _ = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StoreError(
                f"{url}: no such kind of address here ({error}); check it, or install its package"
            ) from error

    def _fetch(self, url: str) -> Iterator[bytes]:
        self._fs.invalidate_cache()
        try:
            file = self._fs.open(url, "rb", block_size=_PIECE)
        except FileNotFoundError as error:
            raise DownloadHTTPError(f"{url} is not there", 404) from error
        return self._pieces(file)

    @staticmethod
    def _pieces(file: Any) -> Iterator[bytes]:
        with file:
            while piece := file.read(_PIECE):
                yield piece


class GuardedFetcher(FetcherInterface):
    """Another fetcher, counted and timed.

    Args:
        inner: what fetches.
        rate: least average rate of a file after the grace [bytes/s].
        grace_s: time that a file has before its rate counts [s].
        deadline_s: time for everything fetched through this object, from the first file on [s].
        clock: monotonic time [s].
    """

    def __init__(
        self,
        inner: FetcherInterface,
        *,
        rate: float,
        grace_s: float,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner, self._rate, self._grace, self._deadline, self._clock = inner, rate, grace_s, deadline_s, clock
        self._begun = math.inf
        self._open: Generator[bytes, None, None] | None = None
        self.received = 0
        """Bytes received so far."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        begun = self._clock()
        self._begun = min(self._begun, begun)
        self._check(url, begun, 0)
        self._open = self._timed(url, self._inner.fetch(url), begun)
        return self._open

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return a file, in memory: python-tuf would pass it through a temporary file, on a disk that may be full.

        Raises:
            DownloadLengthMismatchError: if it is longer than it may be.
            DownloadError: if it cannot be read.
        """
        content = bytearray()
        for piece in self.fetch(url):
            content += piece
            if len(content) > max_length:
                self.close()
                raise DownloadLengthMismatchError(f"{url}: more than {max_length} bytes came")
        return bytes(content)

    def close(self) -> None:
        """Hang up on a file that was given up."""
        if self._open is not None:
            self._open.close()

    def _timed(self, url: str, pieces: Iterator[bytes], begun: float) -> Generator[bytes, None, None]:
        received = 0
        try:
            for piece in pieces:
                received += len(piece)
                self.received += len(piece)
                self._check(url, begun, received)
                yield piece
        except OSError as error:
            raise DownloadError(f"{url}: reading broke off ({error})") from error
        finally:
            if isinstance(pieces, Generator):
                pieces.close()

    def _check(self, url: str, begun: float, received: int) -> None:
        now = self._clock()
        if now - self._begun > self._deadline:
            raise SlowRetrievalError(f"{url}: not everything came within {self._deadline:g} s")
        late = now - begun - self._grace
        if late > 0 and received < self._rate * late:
            raise SlowRetrievalError(f"{url}: {received} bytes in {now - begun:.1f} s, wanted {self._rate:g} bytes/s")
