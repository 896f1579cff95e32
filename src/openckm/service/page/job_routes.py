"""These routes of the page are on maps that were just made.

GET     /v1/jobs/{id}/record         what is to be said of the map              scope jobs
GET     /v1/jobs/{id}/buildings      the buildings of its layout as GeoJSON
GET     /v1/jobs/{id}/ground         streets and water of its layout as GeoJSON
GET     /v1/jobs/{id}/heights        heights of its buildings, also around the map, as numbers
GET     /v1/jobs/{id}/layers/{name}  a layer as numbers
GET     /v1/jobs/{id}/picture        a layer as PNG
GET     /v1/jobs/{id}/contours       lines of its mean as GeoJSON
GET     /v1/jobs/{id}/plan           where to measure next, as GeoJSON
POST    /v1/jobs/{id}/asks           a question about it: 202 and its job
POST    /v1/jobs/{id}/keep           keep it in the node's store                scopes jobs and maps
POST    /v1/predictions              a one-pass prediction, newest only
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from openckm.errors import InputError
from openckm.maps.geotiff import read_geotiff
from openckm.maps.radiomap import RadioMap
from openckm.service.config import Token
from openckm.service.map_shelf import id_of, site_facts
from openckm.service.node import Node
from openckm.service.page.answers import contours_of, parsed, picture_of, plain
from openckm.service.page.asks import Base, ask_work
from openckm.service.page.bodies import Ask, CompareAsk, LiveRequest
from openckm.service.page.drives import Files
from openckm.service.page.kept import EMPTY, kept_check, layout_files
from openckm.service.page.layers import MEDIA_TYPE, buildings_geojson, encode_heights, encode_layer
from openckm.service.page.live import Newest, Superseded
from openckm.service.page.records import Record, Records
from openckm.service.page.uploads import Uploads, in_given_names
from openckm.service.queue import Job
from openckm.service.wire import body_of, fails, failure

_FAILS = fails(400, 401, 403, 404, 409, 422, 429, 503)


class _Keep(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)


@dataclass(frozen=True)
class Desk:
    """What the routes on jobs work with.

    Attributes:
        node: the node that is served.
        uploads: files of all tokens.
        records: what is said of maps.
        job_of: returns a job of a token by its id, or raises 404.
        submit: queues work for a token and returns its job.
        newest: the newest of positions while dragging.
    """

    node: Node
    uploads: Uploads
    records: Records
    job_of: Callable[[Token, str], Job]
    submit: Callable[..., Job]
    newest: Newest = field(default_factory=Newest)

    def record(self, token: Token, job_id: str) -> Record:
        """Return the record of a job, or raise 404."""
        found = self.records.find(self.job_of(token, job_id))
        if found is None:
            raise failure(404, "not_found", "this job has no record: it was not made of files, or is not done")
        return found

    def radiomap(self, token: Token, job_id: str) -> RadioMap:
        """Return the map of a job that is done, or raise 404 or 409."""
        job = self.job_of(token, job_id)
        if job.result is None:
            code, message = job.error or ("not_done", f"the job is {job.state}: there is no map")
            raise failure(409, code, message)
        job.fetched = True
        return job.result

    def base(self, token: Token, job_id: str) -> Base:
        """Return a map about which more can be asked, or raise 404, 409 or 422."""
        radiomap, record = self.radiomap(token, job_id), self.record(token, job_id)
        if record.made is None:
            raise failure(
                422, "invalid", "this map answers a question itself: ask about the map that was made of files"
            )
        try:
            return Base(job_id, radiomap, record, record.made, Files.of(self.uploads, token.name, record.made.request))
        except InputError as error:
            raise failure(422, "invalid", f"{error}; send it again and make the map anew") from error

    def other(self, token: Token, question: CompareAsk) -> Callable[[], RadioMap]:
        """Return what reads the map of a file or of the store."""
        if question.by == "file":
            upload = self.uploads.find(token.name, question.file or "", "truth")

            def from_file() -> RadioMap:
                try:
                    return read_geotiff(upload.path)
                except InputError as error:
                    raise InputError(in_given_names(str(error), upload)) from None

            return from_file
        shelf = self.node.shelf
        if shelf is None or "maps" not in token.scopes:
            raise failure(403, "forbidden", "stored maps want a store, and a token with the scope 'maps'")
        view = shelf.view(id_of(question.name or ""), question.version)
        source: Any = view.source
        return partial(source.load)


def job_routes(app: FastAPI, desk: Desk, allowed: Any) -> None:
    """Add the routes to an application."""
    _read_routes(app, desk, allowed)
    _ask_routes(app, desk, allowed)


def _read_routes(app: FastAPI, desk: Desk, allowed: Any) -> None:
    @app.get("/v1/jobs/{job_id}/record", responses=_FAILS)
    async def record(job_id: str, token: Token = allowed) -> JSONResponse:
        """What was read, assumed, fitted and checked."""
        return plain(desk.record(token, job_id).document)

    @app.get("/v1/jobs/{job_id}/buildings", responses=_FAILS)
    async def buildings(job_id: str, token: Token = allowed) -> JSONResponse:
        """The buildings of the layout as GeoJSON; empty where there was none."""
        layout = desk.record(token, job_id).layout
        return JSONResponse(EMPTY if layout is None else await _worked(partial(buildings_geojson, layout)))

    @app.get("/v1/jobs/{job_id}/ground", responses=_FAILS)
    async def ground(job_id: str, token: Token = allowed) -> JSONResponse:
        """Streets and water of the layout as GeoJSON; empty where its file holds none."""
        return JSONResponse(desk.record(token, job_id).ground or EMPTY)

    @app.get("/v1/jobs/{job_id}/heights", response_class=Response, responses=_FAILS)
    async def heights(job_id: str, token: Token = allowed) -> Response:
        """Heights of the buildings on the map and around it, as numbers."""
        layout = desk.record(token, job_id).layout
        if layout is None:
            raise failure(404, "not_found", "this map was made without a building layout")
        return Response(await _worked(partial(encode_heights, layout)), media_type=MEDIA_TYPE)

    @app.get("/v1/jobs/{job_id}/plan", responses=_FAILS)
    async def plan(job_id: str, token: Token = allowed) -> JSONResponse:
        """Places to measure next and the drive to them, as GeoJSON."""
        found = desk.record(token, job_id).plan
        if found is None:
            raise failure(404, "not_found", "this job was not asked where to measure next")
        return JSONResponse(found)

    @app.get("/v1/jobs/{job_id}/layers/{name}", response_class=Response, responses=_FAILS)
    async def layer(
        job_id: str, name: str, below: Annotated[float | None, Query(ge=-300, le=100)] = None, token: Token = allowed
    ) -> Response:
        """A layer of a map that is done, as numbers that the browser colours."""
        radiomap = desk.radiomap(token, job_id)
        return Response(await _worked(partial(encode_layer, radiomap, name, below)), media_type=MEDIA_TYPE)

    @app.get("/v1/jobs/{job_id}/picture", response_class=Response, responses=_FAILS)
    async def picture(
        job_id: str, layer: Annotated[str, Query(max_length=20)] = "mean", token: Token = allowed
    ) -> Response:
        """A layer as a picture, for browsers that draw none themselves."""
        radiomap = desk.radiomap(token, job_id)
        return Response(await _worked(partial(picture_of, radiomap, layer)), media_type="image/png")

    @app.get("/v1/jobs/{job_id}/contours", responses=_FAILS)
    async def lines(
        job_id: str, step: Annotated[float, Query(ge=0.5, le=50)] = 10.0, token: Token = allowed
    ) -> JSONResponse:
        """Lines along which the mean is a multiple of a step [dB], as GeoJSON."""
        radiomap = desk.radiomap(token, job_id)
        return JSONResponse(await _worked(partial(contours_of, radiomap, step)))


def _ask_routes(app: FastAPI, desk: Desk, allowed: Any) -> None:
    @app.post("/v1/jobs/{job_id}/asks", status_code=202, responses=_FAILS)
    async def ask(request: Request, job_id: str, token: Token = allowed) -> dict[str, str]:
        """Ask about a map that was made of files; the answer is a map on the same cells, and a job like every other."""
        async with body_of(request, desk.node, token) as content:
            question = parsed(Ask, content).question
        base = desk.base(token, job_id)
        other = None
        if isinstance(question, CompareAsk) and question.by in ("file", "stored"):
            other = await _worked(partial(desk.other, token, question))
        work = ask_work(question, base, desk.records, other)
        return {"id": desk.submit(token, question.ask, work, None).id}

    @app.post("/v1/jobs/{job_id}/keep", status_code=201, responses=_FAILS)
    async def keep(request: Request, job_id: str, token: Token = allowed) -> dict[str, Any]:
        """Keep a map under a name; it never holds readings."""
        async with body_of(request, desk.node, token) as content:
            name = parsed(_Keep, content).name
        shelf = desk.node.shelf
        if shelf is None:
            raise failure(422, "invalid", "this node keeps no maps: start it with `ckm serve --store FOLDER`")
        if "maps" not in token.scopes:
            raise failure(403, "forbidden", "keeping wants a token with the scope 'maps', too")
        radiomap, record = desk.radiomap(token, job_id), desk.record(token, job_id)
        tower = None if record.made is None else record.made.transmitter
        beside = await _worked(partial(layout_files, record.layout, record.ground))
        facts = {"self_check": kept_check(record.document), "site": site_facts(tower, radiomap.grid)}
        kept = await _worked(partial(shelf.keep, radiomap, name, facts, beside))
        return {"id": id_of(kept.name), "name": kept.name, "version": kept.version}

    @app.post("/v1/predictions", response_class=Response, responses=_FAILS)
    async def predict(request: Request, token: Token = allowed) -> Response:
        """The one-pass prediction of a transmitter elsewhere; 409 "superseded" where a newer position came."""
        async with body_of(request, desk.node, token) as content:
            wanted = parsed(LiveRequest, content)
        try:
            desk.newest.announce(token.name, wanted.stream, wanted.turn)
            radiomap, record = desk.radiomap(token, wanted.job), desk.record(token, wanted.job)
            if record.made is None:
                raise failure(422, "invalid", "drag the transmitter of the map that was made of files")
            facts = radiomap.provenance
            level, unit = float(facts.get("transmit_offset_db", 0.0)), str(facts.get("unit", "dB"))
            run = partial(desk.newest.run, token.name, wanted, record.made, level if unit == "dBm" else 0.0, unit)
            found = await _worked(run)
        except Superseded:
            raise failure(409, "superseded", "a newer position came: this one was dropped") from None
        return Response(encode_layer(found, "mean"), media_type=MEDIA_TYPE)


async def _worked(work: Callable[[], Any]) -> Any:
    """Run work in a thread; what it refuses is the failure 422."""
    try:
        return await run_in_threadpool(work)
    except InputError as error:
        raise failure(422, "invalid", str(error)) from error
