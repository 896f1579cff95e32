"""This module is the node over HTTP; the commands do the same work without it.

    GET     /health                    alive: version in use and alarms raised, for whoever asks
    GET     /ready                     200 if jobs are taken, else 503
    GET     /metrics                   for Prometheus                                            scope metrics
    GET     /v1/model                  card of the model in use, alarms in words                 scope model
    GET     /v1/operators              kinds of operators and likelihoods                        scope model
    POST    /v1/jobs                   a request (`openckm.service.requests`): 202 and its job      scope jobs
    GET     /v1/jobs/{id}?wait_s=      state and progress, when it ends or after so long         scope jobs
    GET     /v1/jobs/{id}/result       the map: ?format=json|geotiff|zarr                        scope jobs
    DELETE  /v1/jobs/{id}              cancel it, or forget its result                           scope jobs

With [maps] in the configuration, finished maps are kept ("keep" in a job) and asked: `openckm.service.edr` and
`openckm.service.map_routes` say by which routes (scope maps).

Every failure is {"error": {"code", "message"}}. A job belongs to the token that sent it: to all others it is not there.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openckm import __version__
from openckm.errors import InputError
from openckm.maps.radiomap import RadioMap
from openckm.nn.arithmetic import arithmetic
from openckm.observe.spec import LIKELIHOODS, operator_kinds
from openckm.service.answers import plan
from openckm.service.config import SCOPES, Token
from openckm.service.map_shelf import site_facts
from openckm.service.memory import UnknownStream
from openckm.service.model_keeper import Model
from openckm.service.node import Node
from openckm.service.queue import ENDING, Busy, Draining, Job, JobQueue, State, Ticket, Work, where
from openckm.service.requests import EvidenceRequest, SiteRequest, parse
from openckm.service.results import MEDIA, encode_result
from openckm.service.wire import ErrorBody, Pieces, body_of, error_body, fails, failure

_LOCAL = ("localhost", "127.0.0.1", "[::1]", "testserver")
_NOBODY = Token(name="local", sha256="0" * 64, scopes=frozenset(("jobs", "model", "metrics", "maps")))
_MOST_WAIT_S = 60.0
_HUNG_UP = 499
"""Status under which requests are counted whose client hung up before the answer."""
_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_log = logging.getLogger("openckm.edge")


class JobAnswer(BaseModel):
    """A job: state, what is being done, and on which version."""

    id: str
    kind: str
    state: State
    ahead: int
    step: str
    done: int
    total: int
    version: str
    seconds: float
    error: ErrorBody | None = None

    @classmethod
    def of(cls, job: Job, queue: JobQueue) -> JobAnswer:
        """Return the description of a job."""
        step, done, total = job.progress
        error = None if job.error is None else ErrorBody(code=job.error[0], message=job.error[1])
        return cls(
            id=job.id, kind=job.kind, state=job.state, ahead=queue.place(job), step=step, done=done, total=total,
            version=job.version, seconds=job.run_s, error=error,
        )  # fmt: skip


def create_app(node: Node) -> FastAPI:
    """Return the application of a node; the node starts and ends with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        node.queue.start()
        node.keeper.start()
        yield
        node.keeper.stop()
        await run_in_threadpool(node.queue.stop)

    app = FastAPI(
        title="OpenCKM edge", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
        description="Channel knowledge maps from evidence that stays on this node.",
    )  # fmt: skip
    _guard(app, node)
    _state_routes(app, node)
    _job_routes(app, node)
    if node.shelf is not None:
        from openckm.service.edr import edr_routes
        from openckm.service.map_routes import map_routes

        allowed = _allowed(node, "maps")
        edr_routes(app, node, node.shelf, allowed)
        map_routes(app, node.shelf, allowed)
    if node.config.server.page:
        from openckm.service.page.routes import add_page

        add_page(app, node, _allowed(node, "jobs"), _allowed(node, "maps"), partial(_job, node), partial(_queued, node))
    _describe(app)
    return app


def _guard(app: FastAPI, node: Node) -> None:
    """One shape of errors, counts of requests, and headers."""
    if not node.config.token:  # a page elsewhere must not reach this machine by a name that it resolves to it
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(_LOCAL))

    app.add_middleware(_Counted, node=node)

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> JSONResponse:
        detail: object = error.detail
        body = detail if isinstance(detail, dict) else error_body("refused", str(detail))
        return JSONResponse(_of_standard(request, body), error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        body = error_body("invalid", f"{'.'.join(map(str, first['loc']))[:80]}: {first['msg'][:200]}")
        return JSONResponse(_of_standard(request, body), 422)


def _of_standard(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a failure, under OGC API EDR with the members that its exceptions have, too."""
    if not request.url.path.startswith("/collections") or "error" not in body:
        return body
    return body | {"code": body["error"]["code"], "description": body["error"]["message"]}


class _Counted:
    """Counts answers, sets their headers, and makes an answer of what nobody foresaw; its text may hold readings."""

    def __init__(self, app: ASGIApp, node: Node) -> None:
        self.app, self.node = app, node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self.node.metrics.request(_route_of(scope), message["status"])
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        if _is_smuggled(scope):
            body = error_body("malformed", "both Content-Length and Transfer-Encoding: wanted one of them")
            await JSONResponse(body, 400, headers={"Connection": "close"})(scope, receive, sent)
            return
        try:
            await self.app(scope, receive, sent)
        except ClientDisconnect:  # who hung up wants no answer, and is nothing for the log
            self.node.metrics.request(_route_of(scope), _HUNG_UP)
        except Exception as error:  # noqa: BLE001 - answered without its text
            _log.error("a request failed with %s", where(error))
            if not begun:
                body = error_body("internal", "the node could not do this; its log names the place")
                await JSONResponse(body, 500)(scope, receive, sent)


def _route_of(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "other"))


def _is_smuggled(scope: Scope) -> bool:
    """Whether a request states its length twice: a proxy on the way may have read another body than is read here."""
    return {b"content-length", b"transfer-encoding"} <= {name.lower() for name, _ in scope["headers"]}


def _state_routes(app: FastAPI, node: Node) -> None:
    watching, reading = _allowed(node, "metrics"), _allowed(node, "model")

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Alive: the version in use and the alarms that are raised."""
        model, alarms = node.keeper.model, node.keeper.alarms
        return {
            "status": "alarm" if alarms else "ok",
            "version": "" if model is None else model.card.version,
            "alarms": [alarm.kind for alarm in alarms],
            "updates": node.keeper.updates, "polls": node.keeper.polls,
            "uptime_s": time.time() - node.begun,
        }  # fmt: skip

    @app.get("/ready", responses=fails(503))
    async def ready() -> dict[str, Any]:
        """Whether jobs are taken."""
        if node.keeper.model is None:
            raise failure(503, "no_model", "no model yet: see the alarms", 5)
        if node.queue.ending:
            raise failure(503, "ending", "this node is about to end", 5)
        return {"ready": True, "waiting": node.queue.waiting}

    @app.get("/metrics", responses=fails(401, 403), response_class=Response)
    async def metrics(_: Token = watching) -> Response:
        """Counts and times, in Prometheus' text format."""
        return Response(node.metrics_text(), media_type="text/plain; version=0.0.4")

    @app.get("/v1/model", responses=fails(401, 403, 503))
    async def model(_: Token = reading) -> dict[str, Any]:
        """The card of the model in use, the arithmetic it computes in, and what is wrong with updates, in words."""
        held = node.keeper.model
        if held is None:
            raise failure(503, "no_model", "no model yet: " + "; ".join(a.detail for a in node.keeper.alarms), 5)
        alarms = [{"kind": a.kind, "detail": a.detail, "since": a.since} for a in node.keeper.alarms]
        calibration = None if held.calibration is None else held.calibration.measured_on
        return {
            "card": json.loads(held.card.to_json()), "calibration": calibration, "arithmetic": arithmetic(),
            "alarms": alarms, "delta": held.delta,
        }  # fmt: skip

    @app.get("/v1/operators", responses=fails(401, 403))
    async def operators(_: Token = reading) -> dict[str, list[str]]:
        """Kinds of operators and likelihoods that evidence may be described by."""
        return {"operators": list(operator_kinds()), "likelihoods": list(LIKELIHOODS)}


def _job_routes(app: FastAPI, node: Node) -> None:
    allowed = _allowed(node, "jobs")

    @app.post("/v1/jobs", status_code=202, responses=fails(400, 401, 403, 404, 408, 413, 415, 422, 429, 503))
    async def submit(request: Request, response: Response, token: Token = allowed) -> JobAnswer:
        """Take a job; its map is there when its state is done."""
        _require_room(node, token)
        async with body_of(request, node, token) as content, node.parsers.of(token.name):
            job = await run_in_threadpool(_submit, node, token, content)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        return JobAnswer.of(job, node.queue)

    @app.get("/v1/jobs/{job_id}", responses=fails(401, 403, 404, 422, 503))
    async def state(
        job_id: str, wait_s: Annotated[float, Query(ge=0, le=_MOST_WAIT_S, allow_inf_nan=False)] = 0.0,
        token: Token = allowed,
    ) -> JobAnswer:  # fmt: skip
        """State of a job; answers when it ended, or after `wait_s`."""
        job = _job(node, token, job_id)
        await node.wait_for(job, wait_s)
        _require_begun(job)
        return JobAnswer.of(job, node.queue)

    @app.get(
        "/v1/jobs/{job_id}/result", response_class=Response,
        responses={
            **fails(401, 403, 404, 409, 422, 429, 503), 200: {"content": {media: {} for media in MEDIA.values()}}
        },
    )  # fmt: skip
    async def result(
        job_id: str, format: Literal["json", "geotiff", "zarr"] = "json",
        channel: Annotated[list[str] | None, Query(max_length=8)] = None, draws: bool = False, token: Token = allowed,
    ) -> Response:  # fmt: skip
        """The map of a job that is done."""
        job = _job(node, token, job_id)
        async with node.writers.of(token.name):
            if job.result is None:
                code, message = job.error or ("not_done", f"the job is {job.state}: there is no result")
                raise failure(409, code, message)
            channels = tuple(dict.fromkeys(channel or ("gain_db",)))
            try:
                content = await run_in_threadpool(encode_result, job.result, format, channels, draws)
            except InputError as error:
                raise failure(422, "invalid", str(error)) from error
        if not node.answers.take(token.name, len(content)):
            raise failure(429, "busy", "too many results are on their way: fetch one after another", 2)
        job.fetched = True
        return Pieces(content, MEDIA[format], partial(node.answers.give, token.name, len(content)))

    @app.delete("/v1/jobs/{job_id}", status_code=204, responses=fails(401, 403, 404, 503), response_class=Response)
    async def delete(job_id: str, token: Token = allowed) -> Response:
        """Cancel a job, or forget its result."""
        node.queue.remove(_job(node, token, job_id))
        return Response(status_code=204)


def _submit(node: Node, token: Token, content: bytes) -> Job:
    limits, model = node.config.limits, node.keeper.model
    if model is None:
        raise failure(503, "no_model", "no model yet: ask again later", 5)
    try:
        request = parse(content, limits)
        grid = request.grid.build(limits)
        work = plan(
            request, model, limits, node.memory.start(request, token, grid, model.card.sha256, model.denoiser.folder)
        )
        if request.keep is not None:
            work = _keeping(node, token, request, work)
    except UnknownStream as error:
        raise failure(404, "not_found", str(error)) from error
    except InputError as error:
        raise failure(422, "invalid", str(error)) from error
    return _queued(node, token, request.kind, work, request.deadline_s)


def _queued(node: Node, token: Token, kind: str, work: Work, deadline_s: float | None) -> Job:
    """Queue work for a token, with the deadline it asks for or the longest there is."""
    longest = node.config.limits.deadline_s
    with _refusals():
        return node.queue.submit(token.name, kind, work, min(deadline_s or longest, longest))


def _keeping(node: Node, token: Token, request: SiteRequest | EvidenceRequest, work: Work) -> Work:
    """Return work whose map is added to the node's store when it is made; refuse at once what could not be kept."""
    shelf, name = node.shelf, request.keep or ""
    if shelf is None:
        raise failure(422, "invalid", "keep: this node keeps no maps; its operator names a folder under [maps]")
    if "maps" not in token.scopes:
        raise failure(403, "forbidden", "keep wants a token with the scope 'maps', too")
    grid = request.grid.build(node.config.limits)
    site = site_facts(None if request.transmitter is None else request.transmitter.build(grid), grid)

    def kept(model: Model, ticket: Ticket) -> RadioMap:
        made = work(model, ticket)
        entry = shelf.keep(made, name, {"site": site})
        made.provenance["kept"] = {"name": entry.name, "version": entry.version}
        return made

    return kept


def _require_room(node: Node, token: Token) -> None:
    """Refuse a request that would not be taken before its evidence is read."""
    with _refusals():
        node.queue.require_room(token.name)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Busy as busy:
        raise failure(429, "busy", str(busy), busy.retry_s) from busy
    except Draining as error:
        raise failure(503, "ending", "this node is about to end: ask again later", 5) from error


def _job(node: Node, token: Token, job_id: str) -> Job:
    """Return a job of a token; 404 if there is none, or it is somebody else's."""
    found = node.queue.find(token.name, job_id)
    if found is None:
        raise failure(404, "not_found", "no such job: it never was, expired, or this node was restarted")
    _require_begun(found)
    return found


def _require_begun(job: Job) -> None:
    """Answer 503 for a job that was not begun because the node is about to end."""
    if job.error == ENDING:
        raise failure(503, *ENDING, 5)


def _allowed(node: Node, scope: str) -> Any:
    """Return the dependency of a route that wants a scope; it returns whose request it is."""
    if not node.config.token:
        return Depends(lambda: _NOBODY)
    bearer = Security(
        HTTPBearer(auto_error=False, scheme_name="token", description="A token that `ckm edge token` made.")
    )

    async def check(given: HTTPAuthorizationCredentials | None = bearer) -> Token:
        found = None if given is None else node.config.who(given.credentials.strip())
        if found is None:
            raise failure(401, "unauthorized", "wanted 'Authorization: Bearer TOKEN' with a token known here")
        if scope not in found.scopes:
            raise failure(403, "forbidden", f"this token lacks the scope {scope!r}; scopes are {', '.join(SCOPES)}")
        return found

    return Depends(check)


def _describe(app: FastAPI) -> None:
    """Put the body of a request into OpenAPI: it is read by hand, for its limits."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = made()
        shelf = document.setdefault("components", {}).setdefault("schemas", {})
        kinds: dict[str, type[BaseModel]] = {"SiteRequest": SiteRequest, "EvidenceRequest": EvidenceRequest}
        for name, kind in kinds.items():
            schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
            shelf.update(schema.pop("$defs", {}))
            shelf[name] = schema
        body = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in kinds]}
        document["paths"]["/v1/jobs"]["post"]["requestBody"] = {
            "required": True, "content": {"application/json": {"schema": body}},
        }  # fmt: skip
        app.openapi_schema = document
        return document

    app.openapi = openapi  # type: ignore[method-assign]
