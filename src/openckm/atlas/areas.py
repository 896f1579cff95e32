"""Areas: where a map lies at or above a threshold, as polygons and lines in GeoJSON, and how large that area is.

Outlines follow the cells' edges and are simplified to half a cell, without crossing themselves and with holes kept;
buildings are left out. How large an area is, with its interval, is a statement on many cells and needs draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from openckm.atlas.joint import Spread, spread_of
from openckm.atlas.places import WGS84, as_geojson, moved, require_area
from openckm.atlas.points import require_unit
from openckm.atlas.view import GAIN_CHANNEL, MapView
from openckm.errors import OptionError, OutsideGrid

TOLERANCE = 0.5
"""How far an outline may leave the cells' edges [cells]."""
_DRAW_CELLS = 4_000_000
Field = NDArray[np.floating]


@dataclass(frozen=True)
class AreaAnswer:
    """How much of an area lies at or above a threshold.

    Attributes:
        share: share of the cells of which the map says something, over the draws.
        square_m: the same [m^2].
        cells: cells of the area of which the map says something.
        left_out: cells of the area of which it does not (buildings).
        outside_square_m: part of the area that lies outside the map [m^2], of which nothing is said.
        above: the threshold [unit].
        unit: the unit of the threshold.
    """

    share: Spread
    square_m: Spread
    cells: int
    left_out: int
    outside_square_m: float
    above: float
    unit: str


def ask_area(
    view: MapView, area: Polygon | MultiPolygon, above: float, *, crs: str | None = WGS84, unit: str | None = None,
    channel: str = GAIN_CHANNEL,
) -> AreaAnswer:  # fmt: skip
    """Return how much of a polygon lies at or above a threshold, draw by draw; a cell counts where its centre lies.

    Args:
        view: the map.
        area: the polygon.
        above: threshold [unit].
        crs: the CRS of the polygon; None if it lies on the map's plane.
        unit: the unit of the threshold; it must be the map's. None takes the map's.
        channel: the channel that is asked.

    Raises:
        OptionError: if the map holds no draws or no such channel.
        OutsideGrid: if no cell of the map lies in the polygon.
        UnitError: if the threshold is in another unit than the map.
        InputError: if the polygon encloses no area.
    """
    require_unit(view, above, unit, channel)
    count = view.require_draws("how much of an area lies above a threshold")
    polygon = moved(area, view.grid, crs)
    require_area(polygon)
    rows, cols, inside = cells_within(view, polygon)
    said = view.window("valid", rows, cols, channel=channel).astype(bool) & inside
    if not said.any():
        raise OutsideGrid(f"{view.name} says nothing in this area: it holds buildings alone")
    shares = np.empty(count)
    for k in range(count):
        shares[k] = np.mean(view.window("draws", rows, cols, channel=channel, index=k)[said] >= above)
    cells, square = int(said.sum()), view.grid.cell_m**2
    beyond = polygon.difference(box(*view.grid.bounds)).area
    return AreaAnswer(
        spread_of(shares), spread_of(shares * cells * square), cells, int(inside.sum()) - cells, float(beyond), above,
        view.unit(channel),
    )  # fmt: skip


def cells_within(view: MapView, polygon: BaseGeometry) -> tuple[slice, slice, NDArray[np.bool_]]:
    """Return the window of a map that holds a polygon on its plane, and which cells' centres lie in the polygon.

    Raises:
        OutsideGrid: if none does.
    """
    from rasterio.features import rasterize

    grid = view.grid
    west, south, east, north = polygon.bounds
    top, left = (int(np.floor(v / grid.cell_m)) for v in (grid.origin[1] - north, west - grid.origin[0]))
    bottom, right = (int(np.ceil(v / grid.cell_m)) for v in (grid.origin[1] - south, east - grid.origin[0]))
    rows = slice(max(top, 0), min(bottom, grid.shape[0]))
    cols = slice(max(left, 0), min(right, grid.shape[1]))
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    if min(shape) > 0:
        corner = grid.transform @ grid.transform.translation(cols.start, rows.start)
        inside = rasterize([polygon], out_shape=shape, transform=corner, dtype="uint8").astype(bool)
        if inside.any():
            return rows, cols, inside
    spans = tuple(round(v, 1) for v in grid.bounds)
    raise OutsideGrid(
        f"no cell of {view.name} has its centre in this area; the map spans {spans} [m, {grid.crs or 'local plane'}]"
    )


def coverage(
    view: MapView, above: float, *, unit: str | None = None, channel: str = GAIN_CHANNEL, tolerance: float = TOLERANCE
) -> dict[str, Any]:
    """Return where a map's mean lies at or above a threshold, as a GeoJSON feature of polygons with holes.

    Args:
        view: the map.
        above: threshold [unit].
        unit: the unit of the threshold; it must be the map's. None takes the map's.
        channel: the channel that is asked.
        tolerance: how far outlines may leave the cells' edges [cells]; 0 keeps the edges.

    Raises:
        UnitError: if the threshold is in another unit than the map.
        OptionError: if the map has no such channel or the tolerance is negative.
    """
    require_unit(view, above, unit, channel)
    rows, cols = slice(0, view.grid.shape[0]), slice(0, view.grid.shape[1])
    said = view.window("valid", rows, cols, channel=channel).astype(bool)
    covered = said & (view.window("mean", rows, cols, channel=channel) >= above)
    found = _coverage_polygons(covered, view, tolerance)
    facts = {"map": view.name, "channel": channel, "above": above, "unit": view.unit(channel)}
    area = {"square_m": found.area, "cells": int(covered.sum()), "cell_m": view.grid.cell_m}
    return {"type": "Feature", "properties": facts | area, "geometry": as_geojson(found, view.grid)}


def _coverage_polygons(covered: NDArray[np.bool_], view: MapView, tolerance: float = TOLERANCE) -> MultiPolygon:
    """Return the covered cells as polygons on the map's plane, simplified together so that none meets another."""
    from rasterio.features import shapes

    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise OptionError(f"tolerance {tolerance}: wanted 0 or a positive number of cells")
    grid = view.grid
    found = shapes(covered.astype(np.uint8), mask=covered, connectivity=4, transform=grid.transform)
    parts = np.array([Polygon(one["coordinates"][0], one["coordinates"][1:]) for one, _ in found], dtype=object)
    exact = MultiPolygon(list(parts))
    if not len(parts) or tolerance == 0:
        return exact
    # The limit itself is excluded, as Douglas and Peucker's is not: a notch of half a cell stays.
    whole = MultiPolygon(list(shapely.simplify(parts, 0.999 * tolerance * grid.cell_m, preserve_topology=True)))
    if whole.is_valid:
        return whole
    together = shapely.coverage_simplify(parts, tolerance * grid.cell_m)  # polygons that meet at corners crossed
    whole = MultiPolygon(list(together))
    return whole if whole.is_valid else exact


def contours(view: MapView, levels: list[float], *, channel: str = GAIN_CHANNEL) -> dict[str, Any]:
    """Return the lines along which a map's mean crosses some levels, as a GeoJSON collection; not through buildings.

    Args:
        view: the map.
        levels: [unit of the channel].
        channel: the channel that is asked.

    Raises:
        UnitError: if a level cannot be meant in the map's unit.
        OptionError: if the map has no such channel.
    """
    import contourpy

    grid = view.grid
    for level in levels:
        require_unit(view, level, None, channel)
    rows, cols = slice(0, grid.shape[0]), slice(0, grid.shape[1])
    said = view.window("valid", rows, cols, channel=channel).astype(bool)
    mean = np.ma.masked_array(view.window("mean", rows, cols, channel=channel).astype(np.float64), ~said)
    if min(grid.shape) < 2:
        return {"type": "FeatureCollection", "features": []}
    maker = contourpy.contour_generator(grid.x, grid.y, mean, corner_mask=True)
    features = []
    for level in levels:
        found: Any = maker.lines(level)
        lines = [shapely.LineString(line) for line in found if len(line) > 1]
        smooth = shapely.simplify(lines, TOLERANCE * grid.cell_m / 2, preserve_topology=True)
        kept = [line for line in smooth if not line.is_empty]
        features.append({
            "type": "Feature", "properties": {"map": view.name, "level": level, "unit": view.unit(channel)},
            "geometry": as_geojson(shapely.MultiLineString(kept), grid),
        })  # fmt: skip
    return {"type": "FeatureCollection", "features": features}
