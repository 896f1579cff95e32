"""These routes answer questions beyond the standard on finished maps, and hand out their files.

GET   /v1/maps                       all maps                                                   scope maps
GET   /v1/maps/{map}                 one
GET   /v1/maps/{map}/map.tif         cloud-optimised GeoTIFF; Range requests are answered
POST  /v1/maps/{map}/route           {"line", "spacing_m", "above", "unit", "power_dbm"}
POST  /v1/maps/{map}/servers         {"coords" or "line", "others", "power_dbm", ...}
POST  /v1/maps/{map}/beams           {"coords", "elements", "spacing", "facing_deg"}

The GeoTIFF and the route are of the newest version, or of that which `?version=` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from openckm.atlas import (
    HandoverRule,
    LinearArray,
    MapView,
    Radio,
    Route,
    ask_beams,
    ask_handovers,
    ask_route,
    ask_servers,
    geometry,
)
from openckm.atlas.records import beams_record, entry_record, handovers_record, route_record, servers_record
from openckm.errors import OptionError
from openckm.service.config import Token
from openckm.service.edr import MOST_PLACES, answered
from openckm.service.map_shelf import MapShelf
from openckm.service.wire import fails, failure

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_Version = Annotated[int | None, Query(ge=1)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class RouteQuestion(_Body):
    """A route to go along.

    Attributes:
        line: WKT or a GeoJSON geometry, degrees, longitude first.
        spacing_m: way between samples [m].
        above: threshold of the statements on the whole route [unit].
        unit: the unit of the threshold.
        power_dbm: transmit power, for maps of path gain [dBm].
        samples: whether the answer holds the samples, too.
    """

    line: str | dict[str, Any]
    spacing_m: float = Field(default=5.0, gt=0)
    above: float | None = None
    unit: Literal["dBm", "dB"] = "dBm"
    power_dbm: float | None = None
    samples: bool = True


class ServersQuestion(_Body):
    """Which cell serves, at places or along a line.

    Attributes:
        coords: places, (longitude, latitude) each [degrees].
        line: WKT or a GeoJSON geometry: the answer says where it is handed over.
        others: maps of the other cells; by default all that share the map's group (the name up to its last "/").
        spacing_m: way between samples of the line [m].
        power_dbm: transmit power, for maps of path gain [dBm].
        bandwidth_hz: the bandwidth of the channel [Hz].
        noise_figure_db: the noise figure of the receiver [dB].
        load: share of time that other cells send.
        offset_db: the offset of a handover [dB].
        hysteresis_db: the hysteresis of a handover [dB].
        trigger_m: the trigger of a handover [m].
        any_time: whether maps of different times may be compared.
    """

    coords: list[tuple[float, float]] | None = Field(default=None, max_length=MOST_PLACES)
    line: str | dict[str, Any] | None = None
    others: list[str] | None = Field(default=None, max_length=64)
    spacing_m: float = Field(default=5.0, gt=0)
    power_dbm: float | None = None
    bandwidth_hz: float = 20e6
    noise_figure_db: float = 7.0
    load: float = 0.5
    offset_db: float = 3.0
    hysteresis_db: float = 1.0
    trigger_m: float = 10.0
    any_time: bool = False


class BeamsQuestion(_Body):
    """The best beam of an array at places.

    Attributes:
        coords: places, (longitude, latitude) each [degrees].
        elements: the number of elements of the array.
        spacing: between elements [wavelengths].
        facing_deg: direction that the array faces, clockwise from north [degrees].
    """

    coords: list[tuple[float, float]] = Field(max_length=MOST_PLACES)
    elements: int = 8
    spacing: float = 0.5
    facing_deg: float = 0.0


_Asked = TypeVar("_Asked", bound=_Body)


def map_routes(app: FastAPI, shelf: MapShelf, allowed: Any) -> None:
    """Add the routes to an application."""
    failures = fails(400, 401, 403, 404, 422, 503)

    @app.get("/v1/maps", responses=failures)
    async def every_map(_: Token = allowed) -> Response:
        """All maps, by the ids that addresses hold."""
        return await _answered(lambda: [{"id": key, **entry_record(e)} for key, e in shelf.entries().items()])

    @app.get("/v1/maps/{map_id}", responses=failures)
    async def one_map(map_id: str, _: Token = allowed) -> Response:
        """One map."""
        return await _answered(lambda: {"id": map_id, **entry_record(shelf.entry(map_id))})

    @app.get(
        "/v1/maps/{map_id}/map.tif", response_class=Response,
        responses={**fails(400, 401, 403, 404, 416, 422, 503), 200: {"content": {"image/tiff": {}}}, 206: {}},
    )  # fmt: skip
    async def tiff(map_id: str, request: Request, version: _Version = None, _: Token = allowed) -> Response:
        """The map as a cloud-optimised GeoTIFF, whole or the bytes of a Range."""
        return await run_in_threadpool(answered, lambda: _part(shelf, map_id, version, request.headers.get("range")))

    @app.head("/v1/maps/{map_id}/map.tif", include_in_schema=False)
    async def tiff_head(map_id: str, version: _Version = None, _: Token = allowed) -> Response:
        def work() -> Response:
            content, entry = shelf.tiff(map_id, version)
            headers = {"Content-Length": str(len(content)), "Accept-Ranges": "bytes", "ETag": f'"{entry.sha256[:32]}"'}
            return Response(headers=headers, media_type="image/tiff")

        return await run_in_threadpool(answered, work)

    @app.post("/v1/maps/{map_id}/route", responses=failures)
    async def route(
        map_id: str, question: RouteQuestion, version: _Version = None, _: Token = allowed
    ) -> Response:  # fmt: skip
        """What the map says along a route, and of the whole of it."""
        return await _answered(lambda: _route(shelf.view(map_id, version), question))

    @app.post("/v1/maps/{map_id}/servers", responses=failures)
    async def servers(map_id: str, question: ServersQuestion, _: Token = allowed) -> Response:
        """Which cell serves at places, and where a line is handed over."""
        return await _answered(lambda: _servers(shelf, map_id, question))

    @app.post("/v1/maps/{map_id}/beams", responses=failures)
    async def beams(map_id: str, question: BeamsQuestion, _: Token = allowed) -> Response:
        """The best beam of an array at places."""
        array = LinearArray(question.elements, question.spacing, question.facing_deg)
        lon, lat = _columns(question.coords)
        return await _answered(lambda: beams_record(ask_beams(shelf.view(map_id), array, lon, lat), map_id))


async def _answered(record: Callable[[], Any]) -> Response:
    def work() -> Response:
        return Response(json.dumps(record(), allow_nan=False), media_type="application/json")

    return await run_in_threadpool(answered, work)


def _columns(coords: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [c[0] for c in coords], [c[1] for c in coords]


def _powered(view: MapView, power_dbm: float | None) -> MapView:
    return view if power_dbm is None or view.unit() != "dB" else view.in_dbm(power_dbm)


def _sampled(line: str | dict[str, Any], view: MapView, spacing_m: float) -> Route:
    text = line if isinstance(line, str) else json.dumps(line)
    return Route.of(geometry(text, "line", "line"), view.grid, spacing_m=spacing_m)


def _route(view: MapView, question: RouteQuestion) -> dict[str, Any]:
    asked = _powered(view, question.power_dbm)
    unit = None if question.above is None else question.unit
    answer = ask_route(asked, _sampled(question.line, view, question.spacing_m), above=question.above, unit=unit)
    return route_record(answer, view.name, question.samples)


def _servers(shelf: MapShelf, map_id: str, question: ServersQuestion) -> dict[str, Any]:
    others = shelf.siblings(map_id) if question.others is None else [o.replace("/", ":") for o in question.others]
    views = [_powered(shelf.view(key), question.power_dbm) for key in dict.fromkeys([map_id, *others])]
    if question.coords is None and question.line is None:
        raise OptionError("nothing is asked: give coords, line or both")
    found: dict[str, Any] = {}
    if question.coords is not None:
        radio = Radio(question.bandwidth_hz, question.noise_figure_db, question.load)
        found |= servers_record(ask_servers(views, *_columns(question.coords), radio=radio, any_time=question.any_time))
    if question.line is not None:
        rule = HandoverRule(question.offset_db, question.hysteresis_db, question.trigger_m)
        route = _sampled(question.line, views[0], question.spacing_m)
        found["handovers"] = handovers_record(ask_handovers(views, route, rule, any_time=question.any_time))
    return found


def _part(shelf: MapShelf, map_id: str, version: int | None, wanted: str | None) -> Response:
    content, entry = shelf.tiff(map_id, version)
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{entry.sha256[:32]}"'}
    if wanted is None:
        return Response(content, headers=headers, media_type="image/tiff")
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or found.groups() == ("", ""):  # several ranges, or another unit: the whole is a lawful answer
        return Response(content, headers=headers, media_type="image/tiff")
    size = len(content)
    first = max(size - int(found[2]), 0) if not found[1] else int(found[1])
    last = size - 1 if not found[1] or not found[2] else min(int(found[2]), size - 1)
    if first > last:
        refused = failure(416, "range", f"bytes {wanted!r}: the file has {size} bytes")
        refused.headers = {**(refused.headers or {}), "Content-Range": f"bytes */{size}"}
        raise refused
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(content[first : last + 1], 206, headers=headers, media_type="image/tiff")
