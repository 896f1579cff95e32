"""Building layouts from the files that cities and mappers publish, brought onto a grid.

| suffix | what |
|---|---|
| .geojson, .json | outlines with `height` [m] or `building:levels` |
| .osm, .osm.gz, .osm.bz2, .osm.pbf, .pbf | OpenStreetMap extracts |
| .tif, .tiff | a raster of building heights above ground [m] |
| .npz | a height raster `height_m` at `resolution_m`, placed by `origin_xy_m` or by `minlat` ... `maxlon` |
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError, OptionError
from openckm.maps.footprints import Footprints, geojson_footprints, rasterise, read_geojson, read_osm
from openckm.maps.grid import Grid
from openckm.maps.height_rasters import read_height_npz, read_height_tiff
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M, Layout

__all__ = ["SUFFIXES", "geojson_layout", "read_layout"]

_GEOJSON = (".geojson", ".json")
_OSM = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
_TIFF = (".tif", ".tiff")
SUFFIXES = (*_GEOJSON, *_OSM, *_TIFF, ".npz")
"""The file name endings that `read_layout` understands."""

_ODBL = "ODbL 1.0, OpenStreetMap contributors"


def read_layout(
    path: str | os.PathLike[str],
    grid: Grid,
    *,
    height_column: str | None = None,
    default_height_m: float = DEFAULT_BUILDING_HEIGHT_M,
) -> Layout:
    """Read a building layout and bring it onto a grid.

    A cell is built over when its centre lies in an outline (or in a raster's cell of positive height); the taller
    building wins; self-intersecting outlines are repaired.

    Args:
        path: the file; its suffix says how to read it (see SUFFIXES).
        grid: the cells.
        height_column: property or tag that holds the height [m]; None takes height, then building:levels * 3.2 m.
        default_height_m: height of a building whose height nobody stated [m].

    Returns:
        The layout; `height_known` is the share of the grid's buildings whose height was stated (1 for rasters).

    Raises:
        LayoutError: if the file cannot be read, its suffix is unknown, it misses the area (with both bounding boxes),
            or a CRS is missing.
        OptionError: if default_height_m is not positive, or height_column is given for a raster.
    """
    if not (math.isfinite(default_height_m) and default_height_m > 0):
        raise OptionError(f"default_height_m={default_height_m!r}: wanted a positive number of metres")
    source = Path(path)
    kind = _suffix(source)
    if not source.is_file():
        raise LayoutError(f"cannot read the layout {source}: there is no such file; check the path")
    if kind in _TIFF or kind == ".npz":
        return Layout(grid, _raster(source, kind, grid, height_column), source=source.name)
    footprints = _footprints(source, kind, height_column)
    height, known = rasterise(footprints, grid, default_height_m, str(source))
    return Layout(grid, height, known, source.name, _ODBL if kind in _OSM else "")


def geojson_layout(document: object, grid: Grid, source: str = "layout") -> Layout:
    """Return the layout of a GeoJSON document in memory, brought onto a grid; errors as `read_layout`.

    Args:
        document: as `json.loads` returns it.
        grid: the cells.
        source: what the layout and its errors call it.
    """
    height, known = rasterise(geojson_footprints(document, source), grid, DEFAULT_BUILDING_HEIGHT_M, source)
    return Layout(grid, height, known, source)


def _suffix(path: Path) -> str:
    name = path.name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return suffix
    raise LayoutError(f"cannot read the layout {path}: wanted a name that ends in one of {', '.join(SUFFIXES)}")


def _footprints(path: Path, kind: str, height_column: str | None) -> Footprints:
    return read_geojson(path, height_column) if kind in _GEOJSON else read_osm(path, height_column)


def _raster(path: Path, kind: str, grid: Grid, height_column: str | None) -> NDArray[np.float32]:
    if height_column is not None:
        raise OptionError(f"height_column={height_column!r}: {path} is a raster of heights and has no columns")
    height = read_height_tiff(path, grid) if kind in _TIFF else read_height_npz(path, grid)
    if (height > 0).all():
        raise LayoutError(
            f"{path}: every cell of the area is higher than 0 m (lowest {float(height.min()):.1f} m): this looks like"
            " elevation above sea level; subtract the terrain to get heights above ground"
        )
    return height
