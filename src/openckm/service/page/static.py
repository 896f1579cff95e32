"""The node hands out these files as they are: the built page, the documentation at /docs, and a background map.

GET     /docs                        leads to /docs/index.html
GET     /docs/{name}                 a page, script or picture of the documentation
GET     /basemap.pmtiles             the background that the node was given, or ranges of its bytes
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from openckm.errors import OptionError
from openckm.service.wire import failure

_MEDIA = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
    ".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2", ".png": "image/png",
    ".webp": "image/webp", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
_PACKED = (".html", ".js", ".mjs", ".css", ".svg", ".json", ".txt")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""Content-Security-Policy: own origin alone. Inline styles are those that MapLibre sets on its elements."""
BASEMAP = "basemap.pmtiles"
"""Name under which the background map is handed out."""
_HEADERS = {
    "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
}  # fmt: skip


def built_file(folder: Path, name: str, request: Request, remedy: str) -> Response:
    """Return a file of a folder with the headers that keep a browser to this node.

    Args:
        folder: the folder of built files; nothing outside it is handed out.
        name: path within the folder.
        request: says whether the browser takes packed content.
        remedy: what to do if the file is not there.

    Raises:
        HTTPException: 404, if there is no such file or it is of a kind that is not handed out.
    """
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or path.suffix not in _MEDIA or not path.is_file():
        raise failure(404, "not_found", remedy)
    packed = "gzip" in request.headers.get("accept-encoding", "") and path.suffix in _PACKED
    content = _packed(path, path.stat().st_mtime_ns) if packed else path.read_bytes()
    more = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if packed else {}
    return Response(content, media_type=_MEDIA[path.suffix], headers=_HEADERS | more)


@lru_cache(maxsize=32)
def _packed(path: Path, _stamp: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def built_docs() -> Path:
    """Return the folder of the built documentation, whether it is there or not."""
    return Path(str(files("openckm.assets") / "docs"))


def add_docs(app: FastAPI) -> None:
    """Add the documentation's routes to an application."""

    @app.get("/docs", include_in_schema=False)
    def front() -> Response:
        """The way to the first page."""
        return RedirectResponse("/docs/index.html")

    @app.get("/docs/{name:path}", include_in_schema=False)
    def part(name: str, request: Request) -> Response:
        """A file of the documentation."""
        remedy = "the documentation has no such page; `make docs` builds it"
        return built_file(built_docs(), name or "index.html", request, remedy)


def add_basemap(app: FastAPI, path: Path) -> None:
    """Add the route of a background map, of which browsers fetch the ranges of bytes that they draw.

    Raises:
        OptionError: if the file is no PMTiles archive of version 3.
    """
    _require_pmtiles(path)

    @app.get(f"/{BASEMAP}", include_in_schema=False)
    def basemap() -> Response:
        """The background map, or what a Range header asks of it."""
        if not path.is_file():
            raise failure(404, "not_found", f"the background map {path.name} is no longer there: start the node again")
        return FileResponse(path, media_type="application/vnd.pmtiles", headers=_HEADERS)


def _require_pmtiles(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise OptionError(f"basemap {path}: {error.strerror or error}; wanted a file of PMTiles") from error
    if head[:7] != b"PMTiles" or head[7:] != b"\x03":
        kind = f"PMTiles of version {head[7]}" if head[:7] == b"PMTiles" and len(head) == 8 else "no PMTiles archive"
        raise OptionError(
            f"basemap {path} is {kind}: wanted version 3, as `pmtiles convert` or GDAL (ogr2ogr -f PMTiles) write it"
        )
