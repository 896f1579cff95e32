"""These routes serve the page: the built files, uploads, what would be read of them, and maps of them.

GET     /                            the page; /page/... its scripts and styles; see `static` for what lies beside it
GET     /v1/page                     what this node offers: store, demos, version
POST    /v1/files?kind=&name=        a file as it is: 201 and its id            scope jobs
POST    /v1/files/{id}/preview       what would be read of it                   scope jobs
POST    /v1/files/{id}/points        readings as float32 triples                scope jobs
DELETE  /v1/files/{id}               forget it                                  scope jobs
POST    /v1/demos/{name}             a demo's files, as if they had been sent   scope jobs
POST    /v1/drives                   a map of such files: 202 and its job       scope jobs

What is asked of maps is in `job_routes` and `stored_routes`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from openckm import __version__
from openckm.errors import InputError
from openckm.service.config import Token
from openckm.service.node import Node
from openckm.service.page.answers import parsed, plain
from openckm.service.page.bodies import DriveRequest, ReadingBody
from openckm.service.page.demos import DEMOS, demo_of
from openckm.service.page.drives import Files, drive_work, encode_points, preview
from openckm.service.page.job_routes import Desk, job_routes
from openckm.service.page.records import Records
from openckm.service.page.static import BASEMAP, add_basemap, add_docs, built_file
from openckm.service.page.stored_routes import stored_routes
from openckm.service.page.uploads import Kind, Upload, Uploads, in_given_names
from openckm.service.queue import Job
from openckm.service.wire import body_of, error_body, fails, failure

_RAW = ("application/octet-stream",)
_MOST_POINTS = 1_000_000
_Found = TypeVar("_Found")


def built_page() -> Path:
    """Return the folder of the built page."""
    return Path(str(files("openckm.assets") / "page"))


def add_page(app: FastAPI, node: Node, allowed: Any, maps_allowed: Any, job_of: Any, submit: Any) -> None:
    """Add the page's routes to the application of a node.

    Args:
        app: the application.
        node: what it serves.
        allowed: dependency that returns the token of a request about jobs.
        maps_allowed: dependency that returns the token of a request about stored maps.
        job_of: returns a job of a token by its id, or raises 404.
        submit: queues work for a token and returns its job.
    """
    uploads, records = Uploads(node.config.limits.body_bytes * 2), Records()
    app.router.add_event_handler("shutdown", uploads.close)
    app.add_middleware(_OwnOrigin)
    _static_routes(app, node)
    add_docs(app)
    if node.config.server.basemap is not None:
        add_basemap(app, node.config.server.basemap)
    _file_routes(app, node, allowed, uploads)
    _drive_routes(app, node, allowed, submit, uploads, records)
    desk = Desk(node, uploads, records, job_of, submit)
    job_routes(app, desk, allowed)
    if node.shelf is not None:
        stored_routes(app, node.shelf, maps_allowed)


def _static_routes(app: FastAPI, node: Node) -> None:
    remedy = "the page has no such file; `make page` builds it"

    def index(request: Request) -> Response:
        """The page."""
        return built_file(built_page(), "index.html", request, remedy)

    kind = APIRoute if node.shelf is None else _ForBrowsers  # a node with a store describes itself at `/`, too
    app.router.routes.insert(0, kind("/", index, methods=["GET"], include_in_schema=False))

    @app.get("/page/{name:path}", include_in_schema=False)
    def part(name: str, request: Request) -> Response:
        """A script or style of the page."""
        return built_file(built_page(), name, request, remedy)

    @app.get("/v1/page")
    async def offers() -> dict[str, Any]:
        """What this node offers to a page; nothing of anybody's."""
        return {
            "version": __version__, "store": node.shelf is not None, "tokens": bool(node.config.token),
            "demos": DEMOS, "body_bytes": node.config.limits.body_bytes,
            "basemap": None if node.config.server.basemap is None else f"/{BASEMAP}",
        }  # fmt: skip


class _ForBrowsers(APIRoute):
    """A route for those who want HTML; whoever does not gets the next that matches."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match where HTML is accepted by name."""
        if scope["type"] == "http" and "text/html" not in Headers(scope=scope).get("accept", ""):
            return Match.NONE, {}
        return super().matches(scope)


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
        return plain(found)

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


def _drive_routes(app: FastAPI, node: Node, allowed: Any, submit: Any, uploads: Uploads, records: Records) -> None:
    @app.post("/v1/drives", status_code=202, responses=fails(400, 401, 403, 413, 415, 422, 429, 503))
    async def drive(request: Request, token: Token = allowed) -> dict[str, str]:
        """Take a map of files that were sent; it is a job like every other."""
        async with body_of(request, node, token) as content:
            wanted = parsed(DriveRequest, content)
        try:
            files = Files.of(uploads, token.name, wanted)
        except InputError as error:
            raise failure(422, "invalid", str(error)) from error
        job: Job = submit(token, "drive", drive_work(wanted, files, records), wanted.deadline_s)
        return {"id": job.id}

    @app.post("/v1/demos/{name}", status_code=201, responses=fails(401, 403, 404, 422))
    async def demo(name: str, token: Token = allowed) -> JSONResponse:
        """The files of a demo, as if they had been sent, and what the form holds."""
        if name not in DEMOS:
            raise failure(404, "not_found", f"no demo {name[:40]!r}: there are {', '.join(DEMOS)}")
        made = await run_in_threadpool(demo_of, name)
        kinds: list[tuple[Kind, tuple[str, bytes] | None]] = [
            ("readings", made.readings), ("layout", made.layout), ("truth", made.truth),
        ]  # fmt: skip
        held = {kind: uploads.add(token.name, kind, *file) for kind, file in kinds if file is not None}
        files_ = {kind: {"id": one.id, "name": one.name} for kind, one in held.items()}
        return JSONResponse(
            {"name": name, "files": files_, "site": made.site, "reading": made.reading, "credit": made.credit}, 201
        )


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


def _preview(uploads: Uploads, owner: str, file_id: str, content: bytes) -> dict[str, Any]:
    return _read(uploads, owner, file_id, content, preview)


def _points(uploads: Uploads, owner: str, file_id: str, content: bytes) -> tuple[bytes, int]:
    return _read(uploads, owner, file_id, content, partial(encode_points, most=_MOST_POINTS))


def _read(
    uploads: Uploads, owner: str, file_id: str, content: bytes, reader: Callable[[Upload, ReadingBody], _Found]
) -> _Found:
    """Return what a reader finds in a file; its refusals have the name that the sender gave."""
    reading = parsed(ReadingBody, content)
    try:
        upload = uploads.find(owner, file_id, "readings")
    except InputError as error:
        raise failure(422, "invalid", str(error)) from error
    try:
        return reader(upload, reading)
    except InputError as error:
        raise failure(422, "invalid", in_given_names(str(error), upload)) from error
