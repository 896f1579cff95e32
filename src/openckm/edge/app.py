"""The service of an edge over HTTP. The commands do the same work without it.

    GET     /health                    alive: version in use and alarms raised, for whoever asks
    GET     /ready                     200 if jobs are taken, else 503
    GET     /metrics                   for Prometheus                                            scope metrics
    GET     /v1/model                  card of the model in use, alarms in words                 scope model
    GET     /v1/operators              kinds of operators and likelihoods                        scope model
    POST    /v1/jobs                   a request (`openckm.edge.requests`): 202 and its job      scope jobs
    GET     /v1/jobs/{id}?wait_s=      state and progress, when it ends or after so long         scope jobs
    GET     /v1/jobs/{id}/result       the map: ?format=json|geotiff|zarr                        scope jobs
    DELETE  /v1/jobs/{id}              cancel it, or forget its result                           scope jobs

Every failure is {"error": {"code", "message"}}. A job belongs to the token that sent it: to all others it is not there.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from openckm import __version__
from openckm.edge.config import SCOPES, EdgeConfig, Token
from openckm.edge.jobs import Busy, Draining, Job, JobQueue, State
from openckm.edge.metrics import Metrics
from openckm.edge.requests import EvidenceRequest, SiteRequest, parse
from openckm.edge.results import MEDIA, encode_result
from openckm.edge.updating import Keeper
from openckm.edge.work import plan
from openckm.errors import InputError
from openckm.observe.spec import LIKELIHOODS, operator_kinds

__all__ = ["Service", "create_app"]

_LOCAL = ("localhost", "127.0.0.1", "[::1]", "testserver")
_NOBODY = Token(name="local", sha256="0" * 64, scopes=frozenset(("jobs", "model", "metrics")))
_POLL_S, _MOST_WAIT_S = 0.02, 60.0
_PARSERS = 2
"""Bodies that are read into requests at the same time: each may take many times its size in memory."""


class ErrorBody(BaseModel):
    """What went wrong: a word for programs, a sentence for people."""

    code: str
    message: str


class ErrorAnswer(BaseModel):
    """Every failure looks like this."""

    error: ErrorBody


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
        """Return what is told of a job."""
        step, done, total = job.progress
        error = None if job.error is None else ErrorBody(code=job.error[0], message=job.error[1])
        return cls(
            id=job.id, kind=job.kind, state=job.state, ahead=queue.place(job), step=step, done=done, total=total,
            version=job.version, seconds=job.run_s, error=error,
        )  # fmt: skip


class Service:
    """Configuration, model, queue and metrics of one edge.

    Args:
        config: of the edge.
        keeper: of its model; made from the configuration if None.
    """

    def __init__(self, config: EdgeConfig, keeper: Keeper | None = None) -> None:
        self.config, self.metrics = config, Metrics()
        self.keeper = keeper or Keeper(config)
        self.queue = JobQueue(config.limits, lambda: self.keeper.model, self.metrics.job)
        self.parsers = asyncio.Semaphore(_PARSERS)
        self.begun = time.time()

    def who(self, request: Request) -> Token:
        """Return whose request it is.

        Raises:
            HTTPException: 401 without a token that is known.
        """
        if not self.config.token:
            return _NOBODY
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        found = self.config.who(given.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise _error(401, "unauthorized", "wanted 'Authorization: Bearer TOKEN' with a token known here")
        return found

    def job(self, token: Token, job_id: str) -> Job:
        """Return a job of a token.

        Raises:
            HTTPException: 404 if there is none, or it is somebody else's.
        """
        found = self.queue.find(token.name, job_id)
        if found is None:
            raise _error(404, "not_found", "no such job: it never was, expired, or this node was restarted")
        return found


def create_app(service: Service) -> FastAPI:
    """Return the application of a service; it starts and ends with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.queue.start()
        service.keeper.start()
        yield
        service.keeper.stop()
        await run_in_threadpool(service.queue.stop)

    app = FastAPI(
        title="OpenCKM edge", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
        description="Channel knowledge maps from evidence that stays on this node.",
    )  # fmt: skip
    _guard(app, service)
    _state_routes(app, service)
    _job_routes(app, service)
    _describe(app)
    return app


def _guard(app: FastAPI, service: Service) -> None:
    """One shape of errors, counts of requests, and headers."""
    if not service.config.token:  # a page elsewhere must not reach this machine by a name that it resolves to it
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(_LOCAL))

    @app.middleware("http")
    async def counted(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        route = request.scope.get("route")
        service.metrics.request(getattr(route, "path", "other"), response.status_code)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.exception_handler(StarletteHTTPException)
    async def told(_: Request, error: StarletteHTTPException) -> JSONResponse:
        detail: object = error.detail
        body = detail if isinstance(detail, dict) else _body("refused", str(detail))
        return JSONResponse(body, error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return JSONResponse(_body("invalid", f"{'.'.join(map(str, first['loc']))[:80]}: {first['msg'][:200]}"), 422)

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(_body("internal", f"the node could not do this ({type(error).__name__})"), 500)


def _state_routes(app: FastAPI, service: Service) -> None:
    watching, reading = Depends(_scope(service, "metrics")), Depends(_scope(service, "model"))

    @app.get("/health")
    def health() -> dict[str, Any]:
        """Alive: the version in use and the alarms that are raised."""
        model, alarms = service.keeper.model, service.keeper.alarms
        return {
            "status": "alarm" if alarms else "ok",
            "version": "" if model is None else model.card.version,
            "alarms": [alarm.kind for alarm in alarms],
            "updates": service.keeper.updates, "polls": service.keeper.polls,
            "uptime_s": time.time() - service.begun,
        }  # fmt: skip

    @app.get("/ready", responses=_fails(503))
    def ready() -> dict[str, Any]:
        """Whether jobs are taken."""
        if service.keeper.model is None:
            raise _error(503, "no_model", "no model yet: see the alarms", 5)
        return {"ready": True, "waiting": service.queue.waiting}

    @app.get("/metrics", responses=_fails(401, 403), response_class=Response)
    def metrics(_: Token = watching) -> Response:
        """Counts and times, in Prometheus' text format."""
        return Response(service.metrics.text(service.keeper, service.queue), media_type="text/plain; version=0.0.4")

    @app.get("/v1/model", responses=_fails(401, 403, 503))
    def model(_: Token = reading) -> dict[str, Any]:
        """The card of the model in use, and what is wrong with updates, in words."""
        held = service.keeper.model
        if held is None:
            raise _error(503, "no_model", "no model yet: " + "; ".join(a.detail for a in service.keeper.alarms), 5)
        alarms = [{"kind": a.kind, "detail": a.detail, "since": a.since} for a in service.keeper.alarms]
        calibration = None if held.calibration is None else held.calibration.measured_on
        return {"card": json.loads(held.card.to_json()), "calibration": calibration, "alarms": alarms}

    @app.get("/v1/operators", responses=_fails(401, 403))
    def operators(_: Token = reading) -> dict[str, list[str]]:
        """Kinds of operators and likelihoods that evidence may be described by."""
        return {"operators": list(operator_kinds()), "likelihoods": list(LIKELIHOODS)}


def _job_routes(app: FastAPI, service: Service) -> None:
    allowed = Depends(_scope(service, "jobs"))

    @app.post("/v1/jobs", status_code=202, responses=_fails(400, 401, 403, 408, 413, 415, 422, 429, 503))
    async def submit(request: Request, response: Response, token: Token = allowed) -> JobAnswer:
        """Take a job; its map is there when its state is done."""
        content = await _read(request, service.config)
        async with service.parsers:
            job = await run_in_threadpool(_submit, service, token, content)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        return JobAnswer.of(job, service.queue)

    @app.get("/v1/jobs/{job_id}", responses=_fails(401, 403, 404, 422))
    async def state(
        job_id: str, wait_s: Annotated[float, Query(ge=0, le=_MOST_WAIT_S, allow_inf_nan=False)] = 0.0,
        token: Token = allowed,
    ) -> JobAnswer:  # fmt: skip
        """State of a job; answers when it ended, or after `wait_s`."""
        job, end = service.job(token, job_id), time.monotonic() + wait_s
        while not job.over and time.monotonic() < end:
            await asyncio.sleep(_POLL_S)
        return JobAnswer.of(job, service.queue)

    @app.get(
        "/v1/jobs/{job_id}/result", response_class=Response,
        responses={**_fails(401, 403, 404, 409, 422), 200: {"content": {media: {} for media in MEDIA.values()}}},
    )  # fmt: skip
    def result(
        job_id: str, format: Literal["json", "geotiff", "zarr"] = "json",
        channel: Annotated[list[str] | None, Query(max_length=8)] = None, draws: bool = False, token: Token = allowed,
    ) -> Response:  # fmt: skip
        """The map of a job that is done."""
        job = service.job(token, job_id)
        radiomap = job.result
        if radiomap is None:
            code, message = job.error or ("not_done", f"the job is {job.state}: there is no result")
            raise _error(409, code, message)
        try:
            content = encode_result(radiomap, format, tuple(dict.fromkeys(channel or ("gain_db",))), draws)
        except InputError as error:
            raise _error(422, "invalid", str(error)) from error
        job.fetched = True
        return Response(content, media_type=MEDIA[format])

    @app.delete("/v1/jobs/{job_id}", status_code=204, responses=_fails(401, 403, 404), response_class=Response)
    def delete(job_id: str, token: Token = allowed) -> Response:
        """Cancel a job, or forget its result."""
        service.queue.remove(service.job(token, job_id))
        return Response(status_code=204)


def _submit(service: Service, token: Token, content: bytes) -> Job:
    limits, model = service.config.limits, service.keeper.model
    if model is None:
        raise _error(503, "no_model", "no model yet: ask again later", 5)
    try:
        request = parse(content, limits)
        work = plan(request, model, limits)
    except InputError as error:
        raise _error(422, "invalid", str(error)) from error
    deadline_s = min(request.deadline_s or limits.deadline_s, limits.deadline_s)
    try:
        return service.queue.submit(token.name, request.kind, work, deadline_s)
    except Busy as busy:
        raise _error(429, "busy", str(busy), busy.retry_s) from busy
    except Draining as error:
        raise _error(503, "ending", "this node is about to end: ask again later", 5) from error


async def _read(request: Request, config: EdgeConfig) -> bytes:
    """Return the body, decompressed, within the limits of size and time."""
    most, kind = config.limits.body_bytes, request.headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind != "application/json" or coding not in ("identity", "gzip"):
        raise _error(415, "unsupported", "wanted application/json, as it is or compressed by gzip")
    content = bytearray()
    try:
        async with asyncio.timeout(config.limits.body_s):
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    raise _too_large(most)
    except TimeoutError as error:
        raise _error(408, "too_slow", f"the body did not come within {config.limits.body_s:g} s") from error
    return bytes(content) if coding == "identity" else await run_in_threadpool(_unpacked, bytes(content), most)


def _unpacked(content: bytes, most: int) -> bytes:
    """Return what gzip packed, stopping at the limit."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(content, most + 1)
    except zlib.error as error:
        raise _error(400, "malformed", "the body is not what gzip makes") from error
    if len(found) > most:
        raise _too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise _error(400, "malformed", "the body is not one whole gzip stream")
    return found


def _too_large(most: int) -> HTTPException:
    return _error(413, "too_large", f"more than {most} bytes, as sent or decompressed: send less")


def _scope(service: Service, scope: str) -> Callable[[Request], Token]:
    def check(request: Request) -> Token:
        token = service.who(request)
        if scope not in token.scopes:
            raise _error(403, "forbidden", f"this token lacks the scope {scope!r}; scopes are {', '.join(SCOPES)}")
        return token

    return check


def _error(status: int, code: str, message: str, retry_s: int | None = None) -> HTTPException:
    headers = {} if retry_s is None else {"Retry-After": str(retry_s)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return HTTPException(status, _body(code, message), headers)


def _body(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _fails(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorAnswer} for status in statuses}


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
