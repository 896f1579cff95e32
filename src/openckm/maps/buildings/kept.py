"""A layout is kept beside a finished map as a GeoTIFF of heights, which any GIS opens and `read_layout` reads, too."""

from __future__ import annotations

import math

import numpy as np

from openckm.errors import LayoutError
from openckm.maps.cog import Band, cog_bytes
from openckm.maps.grid import Grid
from openckm.maps.site import Layout

KEPT_LAYOUT = "layout.tif"
"""Name of the file in the folder of a kept map."""
MOST_CELLS = 4096 * 4096
"""Cells of the largest layout that is kept."""

_OFF = 1e-3  # share of a cell by which the two may be off


def encode_layout(layout: Layout) -> bytes:
    """Return the heights of a layout [m], with what is known around its map, as a GeoTIFF.

    Raises:
        LayoutError: if it has more than MOST_CELLS cells.
    """
    wide = layout if layout.around is None else layout.around
    if math.prod(wide.grid.shape) > MOST_CELLS:
        raise LayoutError(f"a layout of {wide.grid.shape[0]} x {wide.grid.shape[1]} cells is too large to be kept")
    tags = {
        "OPENCKM_SOURCE": layout.source, "OPENCKM_LICENCE": layout.licence,
        "OPENCKM_HEIGHT_KNOWN": repr(layout.height_known),
    }  # fmt: skip
    bands = [Band("height", "m", wide.height_m)]
    if layout.assumed is not None:  # of the map's own cells; none is assumed around them
        assumed = np.zeros(wide.grid.shape, np.float32)
        rows, cols = _window(wide.grid, layout.grid)
        assumed[rows, cols] = layout.assumed
        bands.append(Band("assumed", "1", assumed))
    return cog_bytes(bands, wide.grid, tags)


def decode_layout(content: bytes, grid: Grid) -> Layout:
    """Return the layout of a map's cells that `encode_layout` wrote, with what is known around it.

    Args:
        content: the file.
        grid: the cells of the map.

    Raises:
        LayoutError: if the file is damaged, or its cells are not those of the map.
    """
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    try:
        with MemoryFile(content) as memory, memory.open() as raster:
            heights, *more = raster.read()
            tags, place = raster.tags(), raster.transform
        source, licence = tags.get("OPENCKM_SOURCE", ""), tags.get("OPENCKM_LICENCE", "")
        known = float(tags["OPENCKM_HEIGHT_KNOWN"])
    except (RasterioError, KeyError, ValueError) as error:
        raise LayoutError(f"the layout that was kept is damaged ({error}): make and keep the map again") from error
    around = Grid(heights.shape, place.a, (place.c, place.f), grid.crs)
    rows, cols = _window(around, grid)
    wide = Layout(around, np.asarray(heights, np.float32), known, source, licence)
    if around == grid and not more:
        return wide
    assumed = more[0][rows, cols] > 0.5 if more else None
    inner = np.array(wide.height_m[rows, cols])
    return Layout(grid, inner, known, source, licence, around=None if around == grid else wide, assumed=assumed)


def _window(around: Grid, grid: Grid) -> tuple[slice, slice]:
    """Return the rows and columns of a grid within a larger one of the same cells.

    Raises:
        LayoutError: if it does not lie within it, cell on cell.
    """
    west = (grid.origin[0] - around.origin[0]) / around.cell_m
    north = (around.origin[1] - grid.origin[1]) / around.cell_m
    row, col = round(north), round(west)
    rows, cols = slice(row, row + grid.shape[0]), slice(col, col + grid.shape[1])
    within = min(row, col) >= 0 and rows.stop <= around.shape[0] and cols.stop <= around.shape[1]
    if not within or max(abs(west - col), abs(north - row)) > _OFF or around.cell_m != grid.cell_m:
        raise LayoutError("the layout that was kept lies on other cells than its map: make and keep the map again")
    return rows, cols
