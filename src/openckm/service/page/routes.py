"""Routes of the page: the built files, uploads, what would be read of them, drives, and layers of their maps.

GET     /                            the page; /page/... its scripts and styles
POST    /v1/files?kind=&name=        a file as it is: 201 and its id            scope jobs
POST    /v1/files/{id}/preview       what would be read of it                   scope jobs
POST    /v1/files/{id}/points        readings as float32 triples                scope jobs
DELETE  /v1/files/{id}               forget it                                  scope jobs
POST    /v1/drives                   a map of such files: 202 and its job       scope jobs
GET     /v1/jobs/{id}/record         what is to be said of the map              scope jobs
GET     /v1/jobs/{id}/buildings      its layout as GeoJSON                      scope jobs
GET     /v1/jobs/{id}/layers/{name}  a layer as numbers                         scope jobs
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from openckm.errors import InputError
from openckm.maps.provenance import dump_provenance
from openckm.service.config import Token
from openckm.service.node import Node
from openckm.service.page.drives import DriveRequest, ReadingBody, Records, drive_work, encode_points, preview
from openckm.service.page.layers import MEDIA_TYPE, encode_layer
from openckm.service.page.uploads import Kind, Upload, Uploads, in_given_names
from openckm.service.queue import Job
from openckm.service.wire import body_of, error_body, fails, failure

__all__ = ["add_page", "built_page"]

_MEDIA = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
    ".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2", ".png": "image/png",
}  # fmt: skip
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""Content-Security-Policy: own origin alone. Inline styles are those that MapLibre sets on its elements."""
_RAW = ("application/octet-stream",)
_MOST_POINTS = 200_000
_Found = TypeVar("_Found")


def built_page() -> Path:
    """Return the folder of the built page."""
    return Path(str(files("openckm.assets") / "page"))


def add_page(app: FastAPI, node: Node, allowed: Any, job_of: Any, submit: Any) -> None:
    """Add the page's routes to the application of a node.

    Args:
        app: the application.
        node: what it serves.
        allowed: dependency that returns the token of a request.
        job_of: returns a job of a token by its id, or raises 404.
        submit: queues work for a token and returns its job.
    """
    uploads, records = Uploads(node.config.limits.body_bytes * 2), Records()
    app.router.add_event_handler("shutdown", uploads.close)
    app.add_middleware(_OwnOrigin)
    _static_routes(app)
    _file_routes(app, node, allowed, uploads)
    _drive_routes(app, node, allowed, job_of, submit, uploads, records)


def _static_routes(app: FastAPI) -> None:
    headers = {
        "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }  # fmt: skip

    def answer(name: str) -> Response:
        root = built_page().resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root) or path.suffix not in _MEDIA or not path.is_file():
            raise failure(404, "not_found", "the page has no such file; `make page` builds it")
        return Response(path.read_bytes(), media_type=_MEDIA[path.suffix], headers=headers)

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        """The page."""
        return answer("index.html")

    @app.get("/page/{name:path}", include_in_schema=False)
    def part(name: str) -> Response:
        """A script or style of the page."""
        return answer(name)


def _file_routes(app: FastAPI, node: Node, allowed: Any, uploads: Uploads) -> None:
    @app.post("/v1/files", status_code=201, responses=fails(400, 401, 403, 408, 413, 415, 422, 429))
    async def send(
        request: Request, kind: Kind, name: Annotated[str, Query(min_length=1, max_length=200)], token: Token = allowed
    ) -> dict[str, Any]:
        """Hold a file in memory, as it is; its name is text."""
        async with body_of(request, node, token, _RAW) as content:
            try:
                held = await run_in_threadpool(uploads.add, token.name, kind, name, content)
            except InputError as error:
                raise failure(422, "invalid", str(error)) from error
        return {"id": held.id, "kind": held.kind, "name": held.name, "size": held.size}

    @app.post("/v1/files/{file_id}/preview", responses=fails(400, 401, 403, 413, 415, 422))
    async def look(request: Request, file_id: str, token: Token = allowed) -> JSONResponse:
        """What would be read of a file of readings: columns, roles, rows left out, first rows, suggestions."""
        async with body_of(request, node, token) as content, node.parsers.of(token.name):
            found = await run_in_threadpool(_preview, uploads, token.name, file_id, content)
        return _plain(found)

    @app.post("/v1/files/{file_id}/points", responses=fails(400, 401, 403, 413, 415, 422))
    async def points(request: Request, file_id: str, token: Token = allowed) -> Response:
        """Readings as float32 triples (longitude, latitude, value); X-Count says how many there are in all."""
        async with body_of(request, node, token) as content, node.parsers.of(token.name):
            found, count = await run_in_threadpool(_points, uploads, token.name, file_id, content)
        return Response(found, media_type="application/octet-stream", headers={"X-Count": str(count)})

    @app.delete("/v1/files/{file_id}", status_code=204, responses=fails(401, 403, 404), response_class=Response)
    async def forget(file_id: str, token: Token = allowed) -> Response:
        """Forget a file."""
        if not uploads.remove(token.name, file_id):
            raise failure(404, "not_found", "no such file: it never was, or made room for newer ones")
        return Response(status_code=204)


def _drive_routes(
    app: FastAPI, node: Node, allowed: Any, job_of: Any, submit: Any, uploads: Uploads, records: Records
) -> None:
    @app.post("/v1/drives", status_code=202, responses=fails(400, 401, 403, 413, 415, 422, 429, 503))
    async def drive(request: Request, token: Token = allowed) -> dict[str, str]:
        """Take a map of files that were sent; it is a job like every other."""
        async with body_of(request, node, token) as content:
            wanted = _parsed(DriveRequest, content)
        try:
            readings = [uploads.find(token.name, one, "readings") for one in wanted.readings]
            layout = None if wanted.layout is None else uploads.find(token.name, wanted.layout, "layout")
        except InputError as error:
            raise failure(422, "invalid", str(error)) from error
        job: Job = submit(token, "drive", drive_work(wanted, readings, layout, records), wanted.deadline_s)
        return {"id": job.id}

    @app.get("/v1/jobs/{job_id}/record", responses=fails(401, 403, 404))
    async def record(job_id: str, token: Token = allowed) -> JSONResponse:
        """What was read, assumed, fitted and checked."""
        return _plain(_record(records, job_of(token, job_id)).document)

    @app.get("/v1/jobs/{job_id}/buildings", responses=fails(401, 403, 404))
    async def buildings(job_id: str, token: Token = allowed) -> JSONResponse:
        """The layout of the map as GeoJSON; empty where there was none."""
        found = _record(records, job_of(token, job_id)).buildings
        return JSONResponse(found or {"type": "FeatureCollection", "features": []})

    @app.get("/v1/jobs/{job_id}/layers/{name}", response_class=Response, responses=fails(401, 403, 404, 409, 422))
    async def layer(
        job_id: str, name: str, below: Annotated[float | None, Query(ge=-300, le=100)] = None, token: Token = allowed
    ) -> Response:
        """A layer of a map that is done, as numbers that the browser colours."""
        job: Job = job_of(token, job_id)
        if job.result is None:
            code, message = job.error or ("not_done", f"the job is {job.state}: there is no map")
            raise failure(409, code, message)
        try:
            content = await run_in_threadpool(partial(encode_layer, job.result, name, below))
        except InputError as error:
            raise failure(422, "invalid", str(error)) from error
        return Response(content, media_type=MEDIA_TYPE)


def _plain(document: dict[str, Any]) -> JSONResponse:
    """Return a document as JSON in which what is not finite is null."""
    return JSONResponse(json.loads(dump_provenance(document), parse_constant=lambda _: None))


class _OwnOrigin:
    """Refuses requests that a page elsewhere sends: where a browser states an Origin, it must be this node's own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            body = error_body("forbidden", f"a page of {origin[:100]} may not ask this node: open the node's own page")
            await JSONResponse(body, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _parsed(model: type[Any], content: bytes) -> Any:
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])[:80] or "the whole"
        raise failure(422, "invalid", f"{name}: {first['msg'][:200]}") from error


def _preview(uploads: Uploads, owner: str, file_id: str, content: bytes) -> dict[str, Any]:
    return _read(uploads, owner, file_id, content, preview)


def _points(uploads: Uploads, owner: str, file_id: str, content: bytes) -> tuple[bytes, int]:
    return _read(uploads, owner, file_id, content, partial(encode_points, most=_MOST_POINTS))


def _read(
    uploads: Uploads, owner: str, file_id: str, content: bytes, reader: Callable[[Upload, ReadingBody], _Found]
) -> _Found:
    """Return what a reader finds in a file; its refusals have the name that the sender gave."""
    reading = _parsed(ReadingBody, content)
    try:
        upload = uploads.find(owner, file_id, "readings")
    except InputError as error:
        raise failure(422, "invalid", str(error)) from error
    try:
        return reader(upload, reading)
    except InputError as error:
        raise failure(422, "invalid", in_given_names(str(error), upload)) from error


def _record(records: Records, job: Job) -> Any:
    found = records.find(job)
    if found is None:
        raise failure(404, "not_found", "this job has no record: it was not made of files, or is not done")
    return found
