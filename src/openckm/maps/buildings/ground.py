"""Streets and water of a layout's file: the background of a drawn map. They say nothing about radio.

Streets are lines tagged highway=..., rivers are lines tagged waterway=..., and water is areas tagged natural=water,
waterway=riverbank, landuse=reservoir or basin; or all of these as Geofabrik's `fclass` names them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.maps.buildings.json_files import json_lines
from openckm.maps.buildings.osm import osm_lines
from openckm.maps.buildings.outlines import Polygon
from openckm.maps.buildings.tags import all_tags
from openckm.maps.buildings.vector import vector_shapes
from openckm.maps.buildings.woods import JSON, OSM, VECTOR, areas_of
from openckm.maps.grid import Grid, reproject

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

AROUND_M = 500.0
"""How far beyond the map streets and water are kept [m]."""
MOST = 20_000
"""More streets than these are not drawn: the largest come first."""
_RANKS = {
    **dict.fromkeys(("motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"), 0),
    **dict.fromkeys(("secondary", "tertiary", "secondary_link", "tertiary_link"), 1),
    **dict.fromkeys(("residential", "unclassified", "living_street", "road", "pedestrian"), 2),
}
_PATH = 3
_FCLASS = {*_RANKS, "service", "footway", "path", "track", "cycleway", "steps", "bridleway"}
_RIVERS = ("river", "stream", "canal", "drain", "ditch")
_WATER = {
    "natural": ("water", "bay"), "waterway": ("riverbank", "dock"), "landuse": ("reservoir", "basin"),
    "fclass": ("water", "reservoir", "riverbank", "dock", "wetland"),
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """Streets and water on the plane of a grid.

    Attributes:
        streets: each line with its rank, from 0 for a motorway to 3 for a path; the largest come first.
        water: areas of water.
        rivers: lines of rivers and streams.
        left_out: number of streets beyond `MOST`.
    """

    streets: list[tuple[BaseGeometry, int]]
    water: list[BaseGeometry]
    rivers: list[BaseGeometry]
    left_out: int = 0


def read_ground(path: str | os.PathLike[str], grid: Grid) -> Ground:
    """Return the streets and the water of a layout's file on the map and around it; rasters hold none.

    Args:
        path: the file of the layout.
        grid: the cells of the map.

    Raises:
        LayoutError: if the file cannot be read.
    """
    file = Path(path)
    lines, crs = _lines(file)
    areas, areas_crs = areas_of(file, tuple(_WATER))
    streets, rivers = [], []
    for one in lines:
        rank = _street(one.tags)
        if rank is not None:
            streets.append((one.outline, rank))
        elif _kind(one.tags, "waterway") in _RIVERS or _kind(one.tags, "fclass") in _RIVERS:
            rivers.append(one.outline)
    near = _near([shape for shape, _ in streets], crs, grid)
    ranked = sorted(((near[k], streets[k][1]) for k in near), key=lambda pair: pair[1])
    water = _near([one.outline for one in areas if _is_water(one.tags)], areas_crs, grid)
    drawn = _near(rivers, crs, grid)
    return Ground(ranked[:MOST], list(water.values())[:MOST], list(drawn.values())[:MOST], max(0, len(ranked) - MOST))


def _lines(path: Path) -> tuple[list[Polygon], str | None]:
    name = path.name.lower()
    if name.endswith(OSM):
        return osm_lines(path, ("highway", "waterway")), "EPSG:4326"
    if name.endswith(JSON):
        return json_lines(path)
    if name.endswith(VECTOR):
        return vector_shapes(path, ("LineString", "MultiLineString"))
    return [], None


def _kind(tags: Mapping[str, Any], key: str) -> str:
    return str(all_tags(tags).get(key, "")).lower()


def _street(tags: Mapping[str, Any]) -> int | None:
    """Return the rank of a street, None where the tags are not those of one."""
    kind, named = _kind(tags, "highway"), _kind(tags, "fclass")
    if kind and kind not in ("no", "proposed", "razed", "construction"):
        return _RANKS.get(kind, _PATH)
    return _RANKS.get(named, _PATH) if named in _FCLASS else None


def _is_water(tags: Mapping[str, Any]) -> bool:
    return any(_kind(tags, key) in kinds for key, kinds in _WATER.items())


def _near(shapes: Sequence[BaseGeometry | None], crs: str | None, grid: Grid) -> dict[int, BaseGeometry]:
    """Return the parts of shapes near a grid, on its plane, by their place in the sequence."""
    import shapely

    array = np.array([shapely.Point() if shape is None else shape for shape in shapes], dtype=object)
    if (crs is None) != (grid.crs is None) or not len(array):
        return {}
    west, south, east, north = grid.bounds
    box = west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M
    numbers = np.arange(len(array))
    if crs is not None and grid.crs is not None and crs != grid.crs:
        x, y = reproject(grid.crs, crs, [box[0], box[2], box[2], box[0]], [box[1], box[1], box[3], box[3]])
        numbers = np.flatnonzero(shapely.intersects(array, shapely.box(x.min(), y.min(), x.max(), y.max())))
        array = shapely.transform(array[numbers], partial(_moved, crs, grid.crs))
    parts = shapely.clip_by_rect(np.where(shapely.is_valid(array), array, shapely.make_valid(array)), *box)
    return {int(k): part for k, part in zip(numbers, parts, strict=True) if not part.is_empty}


def _moved(source: str, target: str, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack(reproject(source, target, *corners.T), axis=1)
