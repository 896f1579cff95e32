"""Other programs ask finished maps by OGC API EDR 1.1.

    GET  /   /conformance   /collections   /collections/{map}
    GET  /collections/{map}/position?coords=POINT(lon lat)        scope maps; POST with the same in JSON
    GET  /collections/{map}/trajectory?coords=LINESTRING(...)
    GET  /collections/{map}/area?coords=POLYGON(...)
    GET  /collections/{map}/cube?bbox=west,south,east,north
    GET  /collections/{map}/locations[/{site}]

parameter-name, crs and f (CoverageJSON, GeoJSON, CSV) as the standard says. Coordinates are longitude first, also under
EPSG:4326. Cells are averages: a position's values are those of its cell. An area comes as a grid in the map's own
reference system, and as points (cell centres) in any other, where its cells do not lie along the axes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
import shapely
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from openckm.atlas import Entry, MapView, ask_points
from openckm.atlas.areas import cells_within
from openckm.atlas.places import WGS84, geometry, moved, on_plane
from openckm.errors import InputError, MapStoreError, OptionError, OutsideGrid
from openckm.maps.grid import reproject
from openckm.service.config import Token
from openckm.service.edr_coverages import MEDIA, Values, as_coverage, as_csv, as_geojson, feature, stamp_of
from openckm.service.edr_documents import (
    CONFORMANCE,
    CRS84,
    FORMATS,
    collection,
    collections,
    crs_names,
    landing,
    parameter_names,
)
from openckm.service.map_shelf import MapShelf
from openckm.service.node import Node
from openckm.service.wire import body_of, fails, failure

MOST_PLACES = 250_000
"""Places, or cells, of one answer."""
_PLACE = ("lon", "lat")
_NOT_HERE = "nothing is said there: the place lies outside the map"
_WRITERS = {"CoverageJSON": as_coverage, "GeoJSON": as_geojson, "CSV": as_csv}


class Address(BaseModel):
    """A question by EDR as the parameters of an address."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    coords: str | None = None
    bbox: str | None = None
    parameter_name: str | None = Field(default=None, alias="parameter-name")
    parameter_names: str | None = None  # as OWSLib says it
    crs: str | None = None
    f: str | None = None
    datetime: str | None = None
    z: str | None = None

    def question(self) -> Question:
        """Return the question."""
        asked = self.model_dump(by_alias=True, exclude={"parameter_names"})
        return Question.model_validate(asked | {"parameter-name": self.parameter_name or self.parameter_names})


class Question(BaseModel):
    """A question by EDR as a body in JSON."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    coords: str | dict[str, Any] | None = None
    bbox: str | list[float] | None = None
    parameter_name: str | list[str] | None = Field(default=None, alias="parameter-name")
    crs: str | None = None
    f: str | None = None
    datetime: str | None = None
    z: str | None = None


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question that can be answered: by whom, in which reference system, and what."""

    view: MapView
    entry: Entry
    crs: str
    names: list[str]


def answered(work: Callable[[], Response]) -> Response:
    """Return what a question gives, its errors in the node's one shape.

    Raises:
        HTTPException: 400 for what cannot be asked, 404 for what is not there, 503 where the store cannot be used.
    """
    try:
        return work()
    except OutsideGrid as error:
        raise failure(404, "outside", str(error)) from error
    except MapStoreError as error:
        raise failure(503, "store", str(error), 5) from error
    except InputError as error:
        missing = "there is no map" in str(error)
        raise failure(404 if missing else 400, "not_found" if missing else "invalid", str(error)) from error


def _units_of(view: MapView) -> dict[str, str]:
    """Return the unit of each channel of a map."""
    return {channel: view.unit(channel) for channel in view.channels}


def edr_routes(app: FastAPI, node: Node, shelf: MapShelf, allowed: Any) -> None:
    """Add the routes of EDR to an application."""
    failures = fails(400, 401, 403, 404, 413, 422, 503)

    @app.get("/", responses=fails(401, 403))
    async def landing_page(request: Request, _: Token = allowed) -> dict[str, Any]:
        """Where to go from here."""
        return landing(_base(request))

    @app.get("/conformance", responses=fails(401, 403))
    async def conformance(_: Token = allowed) -> dict[str, list[str]]:
        """What of the standard is kept."""
        return {"conformsTo": list(CONFORMANCE)}

    @app.get("/collections", responses=failures)
    async def every_map(request: Request, _: Token = allowed) -> Response:
        """All maps."""

        def work() -> Response:
            entries = list(shelf.entries().values())
            units = {key: _units_of(shelf.view(key)) for key in shelf.entries()}
            return _json(collections(entries, units, _base(request)))

        return await run_in_threadpool(answered, work)

    @app.get("/collections/{map_id}", responses=failures)
    async def one_map(map_id: str, request: Request, _: Token = allowed) -> Response:
        """One map: extent, parameters, and what it answers."""
        return await run_in_threadpool(
            answered,
            lambda: _json(collection(shelf.entry(map_id), _units_of(shelf.view(map_id)), _base(request))),
        )

    @app.get("/collections/{map_id}/locations", responses=failures)
    async def locations(map_id: str, request: Request, _: Token = allowed) -> Response:
        """The sites of a map, as GeoJSON."""
        base = _base(request)
        return await run_in_threadpool(answered, lambda: _json(_sites(shelf, map_id, base), MEDIA["GeoJSON"]))

    @app.get("/collections/{map_id}/locations/{site}", responses=failures)
    async def location(
        map_id: str, site: str, request: Request, question: Annotated[Address, Query()], _: Token = allowed
    ) -> Response:  # fmt: skip
        """What the map says at a site."""
        base = _base(request)
        return await run_in_threadpool(
            answered,
            lambda: _answer(shelf, map_id, _at_site(shelf, map_id, site, question.question()), "position", base),
        )

    for kind in ("position", "trajectory", "area", "cube"):
        _query_routes(app, node, shelf, allowed, kind, failures)


def _query_routes(app: FastAPI, node: Node, shelf: MapShelf, allowed: Any, kind: str, failures: Any) -> None:
    documented = {**failures, 200: {"content": {media: {} for media in MEDIA.values()}}}

    @app.get(f"/collections/{{map_id}}/{kind}", name=f"{kind}_of_map", responses=documented, response_class=Response)
    async def ask(
        map_id: str, request: Request, question: Annotated[Address, Query()], _: Token = allowed
    ) -> Response:  # fmt: skip
        base = _base(request)
        return await run_in_threadpool(answered, lambda: _answer(shelf, map_id, question.question(), kind, base))

    @app.post(
        f"/collections/{{map_id}}/{kind}", name=f"{kind}_of_map_by_body", responses=documented, response_class=Response
    )
    async def ask_by_body(map_id: str, request: Request, token: Token = allowed) -> Response:
        async with body_of(request, node, token) as content:
            try:
                question = Question.model_validate_json(content)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                raise failure(
                    422, "invalid", f"{'.'.join(map(str, first['loc']))[:80]}: {first['msg'][:200]}"
                ) from error
        base = _base(request)
        return await run_in_threadpool(answered, lambda: _answer(shelf, map_id, question, kind, base))

    ask.__doc__ = f"What a map says: the query '{kind}' of the standard."
    ask_by_body.__doc__ = f"The same with the parameters of '{kind}' as a body in JSON, for long geometries."


def _answer(shelf: MapShelf, map_id: str, question: Question, kind: str, base: str) -> Response:
    entry, view = shelf.entry(map_id), shelf.view(map_id)
    form = question.f or FORMATS[0]
    if form not in _WRITERS:
        raise OptionError(f"f={form!r}: wanted one of {', '.join(FORMATS)}")
    _require_time(question, entry)
    asked = _Asked(view, entry, _crs(question.crs, entry), _names(question.parameter_name, entry))
    found = replace(_ASK[kind](asked, question), endpoint=f"{base}/collections/{map_id}/{kind}")
    return Response(_WRITERS[form](found), media_type=MEDIA[form])


def _require_time(question: Question, entry: Entry) -> None:
    """A map is of one time and of one height; another one is not there, and is not taken for this one."""
    if question.z is not None:
        raise OptionError("z: these maps are of one height above ground, the receiver's: leave it out")
    if question.datetime is None:
        return
    first, sign, last = question.datetime.partition("/")
    try:
        begin, end = (_moment(text) for text in (first, last if sign else first))
    except ValueError as error:
        raise OptionError(f"datetime={question.datetime!r}: wanted ISO 8601, e.g. 2026-05-01T00:00:00Z/..") from error
    if not ((begin is None or begin <= entry.moment) and (end is None or entry.moment <= end)):
        raise OutsideGrid(f"this map is of {entry.time}: there is none of {question.datetime}")


def _moment(text: str) -> datetime | None:
    if text in ("", ".."):
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _crs(name: str | None, entry: Entry) -> str:
    """Return CRS84 or the EPSG code in which a question is asked, longitude or easting first."""
    known = crs_names(entry)
    wanted = known[0] if name is None else name
    for start in ("http://www.opengis.net/def/crs/OGC/1.3/", "http://www.opengis.net/def/crs/EPSG/0/"):
        if wanted.startswith(start):
            wanted = wanted.removeprefix(start)
            wanted = f"EPSG:{wanted}" if "EPSG" in start else wanted
    wanted = wanted.removeprefix("OGC:")
    if wanted not in known:
        raise OptionError(f"unknown CRS {name!r}: this map is asked in {', '.join(known)}")
    return CRS84 if wanted == "EPSG:4326" else wanted


def _names(given: str | list[str] | None, entry: Entry) -> list[str]:
    known = parameter_names(entry.channels)
    if given is None:
        return [name for name in known if known[name][0] == entry.channels[0]]
    listed = given.split(",") if isinstance(given, str) else given
    names = list(dict.fromkeys(name.strip() for name in listed if name.strip()))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise OptionError(f"parameter-name={','.join(unknown)!r}: this map has {', '.join(known)}")
    return names


def _input_crs(asked: _Asked) -> str | None:
    return {CRS84: WGS84, "local": None}.get(asked.crs, asked.crs)


def _geometry(question: Question, kind: Any) -> Any:
    if question.coords is None:
        raise OptionError("coords is missing: wanted WKT, e.g. coords=POINT(24.94 60.17)")
    text = question.coords if isinstance(question.coords, str) else json.dumps(question.coords)
    return geometry(text, kind, "coords")


def _position(asked: _Asked, question: Question) -> Values:
    text = question.coords if isinstance(question.coords, str) else json.dumps(question.coords or {})
    if text.strip().upper().startswith("MULTIPOINT") or '"MultiPoint"' in text:
        many = shapely.from_wkt(text) if not text.startswith("{") else shapely.from_geojson(text)
        points = shapely.get_coordinates(many)
        return _at_points(asked, points[:, 0], points[:, 1], "points")
    point = _geometry(question, "point")
    return _at_points(asked, np.array([point.x]), np.array([point.y]), "point")


def _trajectory(asked: _Asked, question: Question) -> Values:
    line = np.asarray(_geometry(question, "line").coords, np.float64)
    return _at_points(asked, line[:, 0], line[:, 1], "line")


def _at_points(asked: _Asked, first: np.ndarray, second: np.ndarray, shape: Any) -> Values:
    _require_few(len(first))
    values = _values(asked, first, second, _input_crs(asked), outside=shape != "point")
    return Values(shape, first, second, asked.crs, values, _units(asked), asked.entry.moment)


def _area(asked: _Asked, question: Question) -> Values:
    polygon = _geometry(question, "polygon")
    return _of_polygon(asked, moved(polygon, asked.view.grid, _input_crs(asked)))


def _cube(asked: _Asked, question: Question) -> Values:
    given = question.bbox
    try:
        parts = [float(v) for v in (given.split(",") if isinstance(given, str) else given or [])]
    except ValueError:
        parts = []
    if len(parts) == 6:
        parts = [parts[0], parts[1], parts[3], parts[4]]
    if len(parts) != 4 or not np.isfinite(parts).all() or not (parts[0] < parts[2] and parts[1] < parts[3]):
        raise OptionError(f"bbox={given!r}: wanted west,south,east,north with an area, not across the antimeridian")
    west, south, east, north = parts
    corners = shapely.segmentize(
        shapely.box(west, south, east, north), max(parts[2] - parts[0], parts[3] - parts[1]) / 32
    )
    return _of_polygon(asked, moved(corners, asked.view.grid, _input_crs(asked)))


def _of_polygon(asked: _Asked, polygon: Any) -> Values:
    grid = asked.view.grid
    spans = shapely.box(*polygon.bounds).intersection(shapely.box(*grid.bounds)).area / grid.cell_m**2
    _require_few(int(spans))
    rows, cols, inside = cells_within(asked.view, polygon)
    x, y = grid.x[cols], grid.y[rows]
    down, right = np.nonzero(inside)
    found = _values(asked, x[right], y[down], None)
    if asked.crs in (grid.crs, "local"):
        planes = {}
        for name, values in found.items():
            planes[name] = np.full(inside.shape, np.nan)
            planes[name][inside] = values
        return Values("grid", x, y, asked.crs, planes, _units(asked), asked.entry.moment)
    target = WGS84 if asked.crs == CRS84 else asked.crs
    lon, lat = reproject(str(grid.crs), target, x[right], y[down])
    return Values("points", lon, lat, asked.crs, found, _units(asked), asked.entry.moment)


def _values(
    asked: _Asked, first: np.ndarray, second: np.ndarray, crs: str | None, *, outside: bool = False
) -> dict[str, np.ndarray]:
    known = parameter_names(asked.entry.channels)
    x, y = on_plane(asked.view.grid, first, second, crs)
    inside = asked.view.grid.contains(x, y)
    if outside and not inside.any():
        raise OutsideGrid(_NOT_HERE)
    found: dict[str, np.ndarray] = {}
    for channel in dict.fromkeys(known[name][0] for name in asked.names):
        answer = ask_points(asked.view, x, y, crs=None, channel=channel, outside=outside)
        columns = {"": answer.mean, "_std": answer.std, "_p05": answer.low, "_p95": answer.high}
        found |= {f"{channel}{suffix}": values for suffix, values in columns.items()}
    return {name: found[name] for name in asked.names}


def _units(asked: _Asked) -> dict[str, str]:
    known = parameter_names(asked.entry.channels)
    units = {}
    for name in asked.names:
        channel, suffix = known[name]
        unit = asked.view.unit(channel)
        units[name] = "dB" if suffix == "_std" and unit == "dBm" else unit
    return units


def _sites(shelf: MapShelf, map_id: str, base: str = "") -> dict[str, Any]:
    """Return the sites of a map with a place, as features."""
    site, entry = shelf.view(map_id).site, shelf.entry(map_id)
    features = []
    if {"lon", "lat"} <= set(site):
        name = str(site.get("name") or "site")
        place, stated = (float(site["lon"]), float(site["lat"])), {k: v for k, v in site.items() if k not in _PLACE}
        endpoint = f"{base}/collections/{map_id}/locations/{quote(name, safe='')}"
        names = list(parameter_names(entry.channels))
        features.append(feature(name, place, name, stated, names, stamp_of(entry.moment), endpoint))
    return {"type": "FeatureCollection", "features": features}


def _at_site(shelf: MapShelf, map_id: str, name: str, question: Question) -> Question:
    features = _sites(shelf, map_id)["features"]
    chosen = [f for f in features if f["id"] == name]
    if not chosen:
        raise OutsideGrid(f"there is no location {name!r} of this map: it has {[f['id'] for f in features] or 'none'}")
    lon, lat = chosen[0]["geometry"]["coordinates"]
    return question.model_copy(update={"coords": f"POINT({lon!r} {lat!r})", "crs": None})


def _require_few(count: int) -> None:
    if count > MOST_PLACES:
        raise failure(
            413, "too_large", f"{count:,} places or cells: at most {MOST_PLACES:,} in one answer; ask in parts"
        )


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _json(content: dict[str, Any], media: str = "application/json") -> Response:
    return Response(json.dumps(content), media_type=media)


_ASK: dict[str, Callable[[_Asked, Question], Values]] = {
    "position": _position, "trajectory": _trajectory, "area": _area, "cube": _cube,
}  # fmt: skip
