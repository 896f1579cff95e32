"""Building layouts from the files that cities and mappers publish, brought onto a grid.

| suffix | what |
|---|---|
| .geojson, .json, .geojsonl, .ndjson, also .gz | outlines with `height` [m] or `building:levels`; Overpass; CityJSON |
| .osm, .osm.gz, .osm.bz2, .osm.pbf, .pbf | OpenStreetMap extracts |
| .csv, .csv.gz | outlines as WKT in a column (Google's Open Buildings), or a feature a line (Microsoft's) |
| .gpkg, .shp, .fgb, .gml, .kml, .zip (of a Shapefile) | outlines by GDAL (extra `files`) |
| .parquet, .geoparquet | outlines as GeoParquet, e.g. of Overture (extra `files`) |
| .tif, .tiff, .asc, .vrt, .img, .bil, .flt, .dem | a raster of building heights above ground [m] |
| .npz | a height raster `height_m` at `resolution_m`, placed by `origin_xy_m` or by `minlat` ... `maxlon` |
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from openckm.errors import LayoutError, OptionError
from openckm.maps.buildings.json_files import geojson_footprints, read_json
from openckm.maps.buildings.osm import read_osm
from openckm.maps.buildings.outlines import Footprints, rasterise, warnings_of
from openckm.maps.buildings.rasters import read_height_npz, read_height_tiff
from openckm.maps.buildings.text import read_csv
from openckm.maps.buildings.vector import read_parquet, read_vector
from openckm.maps.grid import Grid
from openckm.maps.rays import MARGIN_M
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M, Layout

_JSON = (
    ".geojson",
    ".json",
    ".geojsonl",
    ".geojsonseq",
    ".ndjson",
    ".jsonl",
    ".geojson.gz",
    ".json.gz",
    ".geojsonl.gz",
)
_CSV = (".csv", ".csv.gz")
_OSM = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
_VECTOR = (".gpkg", ".shp", ".fgb", ".gml", ".kml", ".zip")
_PARQUET = (".parquet", ".geoparquet")
_TIFF = (".tif", ".tiff", ".asc", ".vrt", ".img", ".bil", ".flt", ".dem")
_SUFFIXES = (*_JSON, *_CSV, *_OSM, *_VECTOR, *_PARQUET, *_TIFF, ".npz")
"""The file name endings that `read_layout` understands."""

_MOST_PADDING = 16
"""Cells that a network may want beyond a map; the surroundings reach at least so far."""
_CROWDED = 0.7
"""A larger share of the map under buildings is worth a warning; the densest town centres have 0.6."""


def read_layout(
    path: str | os.PathLike[str],
    grid: Grid,
    *,
    height_column: str | None = None,
    default_height_m: float = DEFAULT_BUILDING_HEIGHT_M,
) -> Layout:
    """Read a building layout and bring it onto a grid.

    A cell is built over when its centre lies in an outline (or in a raster's cell of positive height); the taller
    building wins, and parts say the height inside an outline. Broken outlines are mended, or left out and counted.

    Args:
        path: the file; its suffix says how to read it (see _SUFFIXES).
        grid: the cells.
        height_column: property or tag that holds the height [m]; None takes height, then building:levels * 3.2 m.
        default_height_m: height of a building whose height nobody stated [m].

    Returns:
        The layout; `height_known` is the share of the grid's buildings whose height was stated (1 for rasters of
        heights,
        0 for masks), `notes` what was left out and assumed, `unknown` the cells that a raster does not tell.

    Raises:
        LayoutError: if the file cannot be read, its suffix is unknown, it misses the area (with both bounding boxes),
            holds no building, elevations instead of heights, or a CRS is missing.
        OptionError: if default_height_m is not positive, or height_column is given for a raster.
    """
    if not (math.isfinite(default_height_m) and default_height_m > 0):
        raise OptionError(f"default_height_m={default_height_m!r}: wanted a positive number of metres")
    source = Path(path)
    kind = _suffix(source)
    if not source.is_file():
        raise LayoutError(f"cannot read the layout {source}: there is no such file; check the path")
    if kind in _TIFF or kind == ".npz":
        return _raster(source, kind, grid, height_column, default_height_m)
    footprints = _footprints(source, kind, height_column)
    return _on_grid(footprints, grid, default_height_m, str(source), source.name)


def geojson_layout(document: object, grid: Grid, source: str = "layout") -> Layout:
    """Return the layout of a GeoJSON document in memory, brought onto a grid; errors as `read_layout`.

    Args:
        document: the document as `json.loads` returns it.
        grid: the cells.
        source: what the layout and its errors call it.
    """
    return _on_grid(geojson_footprints(document, source), grid, DEFAULT_BUILDING_HEIGHT_M, source, source)


def _on_grid(footprints: Footprints, grid: Grid, default_height_m: float, where: str, name: str) -> Layout:
    height, known, assumed = rasterise(footprints, grid, default_height_m, where)
    notes = warnings_of(footprints, grid)
    notes += [f"polygons left out: {count} {reason}" for reason, count in footprints.left_out.items()]
    if footprints.part.any():
        notes.append(f"{int(footprints.part.sum())} parts say the height inside their outlines")
    wide = grid.grown(max(_MOST_PADDING, math.ceil(MARGIN_M / grid.cell_m)))
    around = Layout(wide, rasterise(footprints, wide, default_height_m, where)[0])
    notes += footprints.notes
    layout = Layout(grid, height, known, name, footprints.credit, notes=tuple(notes), around=around, assumed=assumed)
    return _with_warning(layout)


def _suffix(path: Path) -> str:
    name = path.name.lower()
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return suffix
    raise LayoutError(f"cannot read the layout {path}: wanted a name that ends in one of {', '.join(_SUFFIXES)}")


def _footprints(path: Path, kind: str, height_column: str | None) -> Footprints:
    readers = ((_JSON, read_json), (_OSM, read_osm), (_CSV, read_csv), (_PARQUET, read_parquet))
    return next((read for kinds, read in readers if kind in kinds), read_vector)(path, height_column)


def _raster(path: Path, kind: str, grid: Grid, height_column: str | None, default_height_m: float) -> Layout:
    if height_column is not None:
        raise OptionError(f"height_column={height_column!r}: {path} is a raster of heights and has no columns")
    found = (read_height_tiff if kind in _TIFF else read_height_npz)(path, grid, default_height_m)
    unknown = found.unknown if found.unknown.any() else None
    layout = Layout(
        grid, found.height_m, float(found.known), path.name, found.credit, notes=found.notes, unknown=unknown
    )
    return _with_warning(layout)


def _with_warning(layout: Layout) -> Layout:
    from dataclasses import replace

    share = float(np.mean(layout.building))
    if share <= _CROWDED:
        return layout
    warning = (
        f"WARNING: buildings cover {share:.0%} of the map; are these polygons buildings, and the heights above ground?"
    )
    return replace(layout, notes=(*layout.notes, warning))
