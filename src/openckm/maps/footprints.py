"""Building footprints: outlines with a height, from GeoJSON and OpenStreetMap, and how they become cells.

A cell belongs to a building when its centre lies inside the outline (holes are outside); where buildings overlap the
taller one wins. The height of a building is its height tag, else 3.2 m for every storey, else a default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError
from openckm.maps.grid import Grid, reproject

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["STOREY_M", "Footprints", "geojson_footprints", "parse_height", "rasterise", "read_geojson", "read_osm"]

STOREY_M = 3.2
"""Height taken for one storey [m]."""
_HEIGHT_KEYS = ("height", "height_m", "building:height")
_LEVEL_KEYS = ("building:levels", "levels")
_LENGTH = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*(m|metres?|meters?|ft|feet|')?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Footprints:
    """Outlines of buildings in one CRS.

    Attributes:
        outlines: polygons or multipolygons, n of them.
        height_m: height of each [m], NaN where nobody stated one, shape (n,).
        crs: CRS of the coordinates ("EPSG:4326" for degrees), None for a local plane.
    """

    outlines: list[BaseGeometry]
    height_m: NDArray[np.float64]
    crs: str | None


def read_geojson(path: Path, height_column: str | None) -> Footprints:
    """Read the polygons of a GeoJSON file; see `geojson_footprints`.

    Raises:
        LayoutError: if the file is not JSON; else as `geojson_footprints`.
    """
    return geojson_footprints(_load_json(path), str(path), height_column)


def geojson_footprints(document: object, path: str, height_column: str | None = None) -> Footprints:
    """Return the polygons of a GeoJSON document.

    Where any feature has a `building` property, only features with one (and not "no") are buildings; else all polygons
    are. Coordinates are WGS 84 degrees unless the file has a `crs` member: a name ("EPSG:32617"), or null for a local
    plane.

    Args:
        document: as `json.loads` returns it.
        path: what errors call it.
        height_column: property that holds the height [m]; None takes the usual ones.

    Raises:
        LayoutError: if it is not GeoJSON, has no polygons, lacks `height_column`, or gives metres without a CRS.
    """
    if not isinstance(document, dict) or "type" not in document:
        raise LayoutError(f"{path} is JSON but not GeoJSON: wanted a FeatureCollection with building outlines")
    features = [f for f in _features(path, document) if _is_area(f.get("geometry"))]
    if any("building" in _properties(f) for f in features):
        features = [f for f in features if _properties(f).get("building") not in (None, "", "no", False, 0)]
    if not features:
        raise LayoutError(f"{path} holds no building outline: wanted features of type Polygon or MultiPolygon")
    if height_column is not None and not any(height_column in _properties(f) for f in features):
        names = sorted({name for f in features for name in _properties(f)})
        raise LayoutError(f"{path}: no building has the property {height_column!r}; they have {', '.join(names)}")
    outlines = [_outline(path, i, f["geometry"]) for i, f in enumerate(features, start=1)]
    heights = np.array([_height_of(_properties(f), height_column) for f in features])
    crs = _geojson_crs(path, document)
    if crs == "EPSG:4326":
        _require_degrees(path, outlines)
    return Footprints(outlines, heights, crs)


def read_osm(path: Path, height_column: str | None) -> Footprints:
    """Read the buildings of an OpenStreetMap file (XML or PBF): closed ways and multipolygon relations.

    Raises:
        LayoutError: if the file cannot be read or holds no building.
    """
    import osmium
    import shapely

    wkb, heights = [], []
    maker = osmium.geom.WKBFactory()
    try:
        areas = osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter("building"))
        areas = areas.with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
        for area in areas.with_filter(osmium.filter.KeyFilter("building")):
            tags = dict(area.tags)
            if isinstance(area, osmium.osm.Area) and tags["building"] != "no":
                wkb.append(maker.create_multipolygon(area))
                heights.append(_height_of(tags, height_column))
    except (RuntimeError, OSError) as error:
        raise LayoutError(
            f"{path} cannot be read as OpenStreetMap data: {error}; download the extract again"
        ) from error
    if not wkb:
        raise LayoutError(f"{path} holds no building (ways or multipolygons tagged building=...)")
    return Footprints([_repaired(g) for g in shapely.from_wkb(wkb)], np.array(heights), "EPSG:4326")


def rasterise(
    footprints: Footprints, grid: Grid, default_height_m: float, where: str
) -> tuple[NDArray[np.float32], float]:
    """Return building heights [m] on a grid, shape grid.shape, and the share of its buildings with a stated height.

    Raises:
        LayoutError: if no building lies on the grid, or the CRS of one side is missing.
    """
    import shapely
    from rasterio.features import rasterize

    near = _crop(footprints, grid, where)
    moved = [_repaired(outline) for outline in _to_grid(near, grid, where).outlines]
    area = shapely.box(*grid.bounds)
    kept = [i for i, outline in enumerate(moved) if outline.intersects(area) and not outline.is_empty]
    if not kept:
        raise LayoutError(_misses(footprints, grid, where))
    known = np.isfinite(near.height_m[kept])
    heights = np.where(known, near.height_m[kept], default_height_m)
    shapes = [(moved[kept[i]], float(heights[i])) for i in np.argsort(heights, kind="stable")]  # the taller wins
    cells = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, fill=0.0, dtype="float32")
    return np.asarray(cells, dtype=np.float32), float(known.mean())


def parse_height(text: object) -> float:
    """Return a height [m] from a tag such as 12, "12.5", "12 m" or "40 ft"; NaN where it is none or not positive."""
    match = _LENGTH.match(str(text))
    if match is None or isinstance(text, bool):
        return float("nan")
    value = float(match[1].replace(",", "."))
    value *= 0.3048 if (match[2] or "m").lower() in ("ft", "feet", "'") else 1.0
    return value if value > 0 else float("nan")


def _height_of(tags: Mapping[str, Any], height_column: str | None) -> float:
    if height_column is not None:
        return parse_height(tags.get(height_column))
    stated = [parse_height(tags[key]) for key in _HEIGHT_KEYS if key in tags]
    stated += [parse_height(tags[key]) * STOREY_M for key in _LEVEL_KEYS if key in tags]
    return next((height for height in stated if np.isfinite(height)), float("nan"))


def _load_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise LayoutError(f"{path} is not JSON ({error}): wanted GeoJSON with building outlines") from error


def _features(path: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    kind = document["type"]
    if kind == "FeatureCollection":
        found = document.get("features")
        if not isinstance(found, list) or not all(isinstance(f, dict) for f in found):
            raise LayoutError(f"{path}: a FeatureCollection without a list of features; export the layout again")
        return found
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise LayoutError(f"{path} is a {kind!r}: wanted a GeoJSON FeatureCollection with building outlines")


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _is_area(geometry: object) -> bool:
    return isinstance(geometry, dict) and geometry.get("type") in ("Polygon", "MultiPolygon")


def _outline(path: str, number: int, geometry: dict[str, Any]) -> BaseGeometry:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        return _repaired(shape(geometry))
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise LayoutError(
            f"{path}: the outline of building {number} cannot be read ({error}): wanted rings of at least four"
            " [lon, lat] pairs, the last equal to the first"
        ) from error


def _repaired(outline: BaseGeometry) -> BaseGeometry:
    """Return the outline without self-intersections, its areas only."""
    import shapely

    if outline.is_valid:
        return outline
    parts = shapely.get_parts(shapely.make_valid(outline))
    areas = [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(areas)


def _geojson_crs(path: str, document: dict[str, Any]) -> str | None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if "crs" not in document:
        return "EPSG:4326"
    if document["crs"] is None:
        return None
    try:
        name = document["crs"]["properties"]["name"]
        parsed = CRS.from_user_input(name)
    except (CRSError, KeyError, TypeError) as error:
        raise LayoutError(f"{path}: unknown crs {document['crs']!r}: wanted a name such as EPSG:32617") from error
    return "EPSG:4326" if str(name).upper().endswith("CRS84") else parsed.to_string()


def _require_degrees(path: str, outlines: list[BaseGeometry]) -> None:
    west, south, east, north = _bounds(outlines)
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise LayoutError(
            f"{path} has no CRS, and its coordinates ({west:.1f}, {south:.1f}) to ({east:.1f}, {north:.1f}) are no"
            ' degrees; add "crs": {"type": "name", "properties": {"name": "EPSG:..."}}, or export it in EPSG:4326'
        )


def _bounds(outlines: Iterable[BaseGeometry]) -> tuple[float, float, float, float]:
    import shapely

    west, south, east, north = shapely.total_bounds(np.asarray(list(outlines), dtype=object))
    return float(west), float(south), float(east), float(north)


def _to_grid(footprints: Footprints, grid: Grid, where: str) -> Footprints:
    import shapely

    if footprints.crs == grid.crs:
        return footprints
    if footprints.crs is None or grid.crs is None:
        raise LayoutError(_no_crs(footprints, grid, where))
    moved = shapely.transform(np.asarray(footprints.outlines, dtype=object), _mover(footprints.crs, grid.crs))
    return Footprints(list(moved), footprints.height_m, grid.crs)


def _crop(footprints: Footprints, grid: Grid, where: str) -> Footprints:
    """Drop what lies far from the grid before it is moved: projections are only sane near their area."""
    import shapely

    west, south, east, north = _grid_box(footprints, grid, where)
    pad_x, pad_y = 0.1 * (east - west), 0.1 * (north - south)
    area = shapely.box(west - pad_x, south - pad_y, east + pad_x, north + pad_y)
    keep = [i for i, outline in enumerate(footprints.outlines) if outline.intersects(area)]
    if not keep:
        raise LayoutError(_misses(footprints, grid, where))
    return Footprints([footprints.outlines[i] for i in keep], footprints.height_m[keep], footprints.crs)


def _grid_box(footprints: Footprints, grid: Grid, where: str) -> tuple[float, float, float, float]:
    """Return the grid's bounding box in the CRS of the footprints."""
    import shapely

    if footprints.crs == grid.crs:
        return grid.bounds
    if footprints.crs is None or grid.crs is None:
        raise LayoutError(_no_crs(footprints, grid, where))
    edge = shapely.segmentize(shapely.box(*grid.bounds), max(grid.width_m, grid.height_m) / 16)
    return _bounds([shapely.transform(edge, _mover(grid.crs, footprints.crs))])


def _mover(source: str, target: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda xy: np.column_stack(reproject(source, target, xy[:, 0], xy[:, 1]))


def _no_crs(footprints: Footprints, grid: Grid, where: str) -> str:
    lacks, has = ("layout", grid.crs) if footprints.crs is None else ("grid", footprints.crs)
    remedy = (
        "export the layout with its CRS"
        if footprints.crs is None
        else "make the grid with Grid.centred(lon, lat, ...) or give it a crs"
    )
    return f"{where}: the {lacks} has no CRS, the other side is in {has}, so the two cannot be laid together; {remedy}"


def _misses(footprints: Footprints, grid: Grid, where: str) -> str:
    if all(outline.is_empty for outline in footprints.outlines):
        return f"{where} has {len(footprints.outlines)} buildings without an outline; export their polygons again"

    def text(box: tuple[float, float, float, float]) -> str:
        return "({:.5f}, {:.5f}) to ({:.5f}, {:.5f})".format(*box)

    return (
        f"{where} misses the area: none of its {len(footprints.outlines)} buildings lies on the grid; the layout spans"
        f" {text(_bounds(footprints.outlines))}, the grid {text(_grid_box(footprints, grid, where))} [west south to"
        f" east north, {footprints.crs or 'm, local plane'}]; take a layout of this area or move the grid"
    )
