"""These routes of the page are on stored maps; `version` names a certain version, the newest by default.

GET     /v1/maps/{map}/record                    what is to be said of it               scope maps
GET     /v1/maps/{map}/buildings                 the buildings of its layout as GeoJSON
GET     /v1/maps/{map}/ground                    streets and water of its layout as GeoJSON
GET     /v1/maps/{map}/heights                   heights of its buildings, also around the map, as numbers
GET     /v1/maps/{map}/layers/{name}             a layer as numbers, up to 512 x 512 cells
GET     /v1/maps/{map}/tiles/{z}/{x}/{y}?layer=  the same as a tile of 256 x 256
GET     /v1/maps/{map}/picture                   a layer as PNG
GET     /v1/maps/{map}/contours                  lines of its mean as GeoJSON
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from openckm.atlas import MapView
from openckm.atlas.records import entry_record
from openckm.errors import OptionError
from openckm.service.config import Token
from openckm.service.edr import answered
from openckm.service.map_shelf import MapShelf, id_of
from openckm.service.page.answers import contours_of, picture_of, plain
from openckm.service.page.kept import kept_ground, kept_layout, layout_facts, shown_check
from openckm.service.page.layers import MEDIA_TYPE, buildings_geojson, encode_heights
from openckm.service.page.places import corners, to_page
from openckm.service.page.tiles import WHOLE, Pyramids, stored_layers, whole_layer
from openckm.service.wire import fails

_FAILS = fails(400, 401, 403, 404, 422, 503)
_Version = Annotated[int | None, Query(ge=1)]
_Below = Annotated[float | None, Query(ge=-300, le=100)]
_Layer = Annotated[str, Query(max_length=20)]


def stored_routes(app: FastAPI, shelf: MapShelf, allowed: Any) -> None:
    """Add the routes to an application."""
    pyramids = Pyramids()

    @app.get("/v1/maps/{map_id}/record", responses=_FAILS)
    async def record(map_id: str, version: _Version = None, _: Token = allowed) -> Response:
        """What a map says of itself, its layers and versions."""
        return await _answered(lambda: plain(_record(shelf, map_id, version)))

    _layout_routes(app, shelf, allowed)

    @app.get("/v1/maps/{map_id}/layers/{name}", response_class=Response, responses=_FAILS)
    async def layer(
        map_id: str, name: str, version: _Version = None, below: _Below = None, _: Token = allowed
    ) -> Response:
        """A layer of a map, every cell of it."""

        def work() -> Response:
            view, others = _views(shelf, map_id, version, name)
            return Response(whole_layer(view, name, below, others), media_type=MEDIA_TYPE)

        return await _answered(work)

    @app.get("/v1/maps/{map_id}/tiles/{z}/{x}/{y}", response_class=Response, responses=_FAILS)
    async def tile(
        request: Request, map_id: str, z: int, x: int, y: int, layer: _Layer = "mean", version: _Version = None,
        below: _Below = None, _: Token = allowed,
    ) -> Response:  # fmt: skip
        """A tile of a layer of a map."""

        def work() -> Response:
            entry = shelf.entry(map_id, version)
            view, others = _views(shelf, map_id, version, layer)
            content = pyramids.of(view, entry.folder, layer, below, others).tile(z, x, y)
            if "gzip" not in request.headers.get("accept-encoding", ""):
                return Response(content, media_type=MEDIA_TYPE)
            return Response(gzip.compress(content, 1), media_type=MEDIA_TYPE, headers={"Content-Encoding": "gzip"})

        return await _answered(work)

    @app.get("/v1/maps/{map_id}/picture", response_class=Response, responses=_FAILS)
    async def picture(map_id: str, layer: _Layer = "mean", version: _Version = None, _: Token = allowed) -> Response:
        """A layer as a picture."""

        def work() -> Response:
            source: Any = _small(shelf.view(map_id, version)).source
            return Response(picture_of(source.load(), layer), media_type="image/png")

        return await _answered(work)

    @app.get("/v1/maps/{map_id}/contours", responses=_FAILS)
    async def lines(
        map_id: str, step: Annotated[float, Query(ge=0.5, le=50)] = 10.0, version: _Version = None, _: Token = allowed
    ) -> Response:
        """Lines along which the mean is a multiple of a step [dB], as GeoJSON."""
        return await _answered(lambda: plain(contours_of(shelf.view(map_id, version), step)))


def _layout_routes(app: FastAPI, shelf: MapShelf, allowed: Any) -> None:
    @app.get("/v1/maps/{map_id}/buildings", responses=_FAILS)
    async def buildings(map_id: str, version: _Version = None, _: Token = allowed) -> Response:
        """The buildings of the layout that was kept with a map, as GeoJSON."""
        return await _answered(
            lambda: JSONResponse(buildings_geojson(kept_layout(shelf, shelf.entry(map_id, version))))
        )

    @app.get("/v1/maps/{map_id}/ground", responses=_FAILS)
    async def ground(map_id: str, version: _Version = None, _: Token = allowed) -> Response:
        """Streets and water that were kept with a map, as GeoJSON; empty where there are none."""
        return await _answered(lambda: JSONResponse(kept_ground(shelf, shelf.entry(map_id, version))))

    @app.get("/v1/maps/{map_id}/heights", response_class=Response, responses=_FAILS)
    async def heights(map_id: str, version: _Version = None, _: Token = allowed) -> Response:
        """Heights of the buildings on a map and around it, as numbers."""

        def work() -> Response:
            return Response(encode_heights(kept_layout(shelf, shelf.entry(map_id, version))), media_type=MEDIA_TYPE)

        return await _answered(work)


async def _answered(work: Callable[[], Response]) -> Response:
    return await run_in_threadpool(partial(answered, work))


def _views(shelf: MapShelf, map_id: str, version: int | None, layer: str) -> tuple[MapView, list[MapView]]:
    """Return a map, and the other cells of its group where the layer needs them."""
    view = shelf.view(map_id, version)
    return view, ([shelf.view(one) for one in shelf.siblings(map_id)] if layer == "server" else [])


def _small(view: MapView) -> MapView:
    if max(view.grid.shape) > 4 * WHOLE:
        raise OptionError(f"{view.name} is too large for one picture: wanted up to {4 * WHOLE} cells a side")
    return view


def _place(view: MapView) -> list[float] | None:
    """Return where the site of a map stands, as the page has places; None where the map does not say it."""
    site = view.site
    if view.grid.crs is None and {"x", "y"} <= set(site):
        return [float(v) for v in to_page(None, site["x"], site["y"])]
    return [site["lon"], site["lat"]] if {"lon", "lat"} <= set(site) else None


def _record(shelf: MapShelf, map_id: str, version: int | None) -> dict[str, Any]:
    entry, view = shelf.entry(map_id, version), shelf.view(map_id, version)
    siblings = [shelf.view(one) for one in shelf.siblings(map_id)]
    versions = [e.version for e in shelf.store.entries(versions=True) if e.name == entry.name]
    site, facts = view.site, dict(view.provenance)
    place = _place(view)
    return {
        "kind": "stored", "id": id_of(entry.name), "name": entry.name, "version": entry.version, "versions": versions,
        "status": facts.get("status", "unchecked"), "unit": view.unit(), "crs": view.grid.crs, "draws": view.draws,
        "belief": view.belief,
        "shape": list(view.grid.shape), "tiles": max(view.grid.shape) > WHOLE, "corners": corners(view.grid),
        "cell_m": view.grid.cell_m, "layers": list(stored_layers(view, siblings)), "check": shown_check(facts),
        "site": None if place is None else {**site, "place": place}, "entry": entry_record(entry), "summary": "",
        "credit": str(facts.get("layout_credit", "")), **layout_facts(shelf, entry),
    }  # fmt: skip
