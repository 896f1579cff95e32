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
    return cog_bytes([Band("height", "m", wide.height_m)], wide.grid, tags)


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
            heights, tags = raster.read(1), raster.tags()
            place = raster.transform
        source, licence = tags.get("OPENCKM_SOURCE", ""), tags.get("OPENCKM_LICENCE", "")
        known = float(tags["OPENCKM_HEIGHT_KNOWN"])
    except (RasterioError, KeyError, ValueError) as error:
        raise LayoutError(f"the layout that was kept is damaged ({error}): make and keep the map again") from error
    around = Grid(heights.shape, place.a, (place.c, place.f), grid.crs)
    wide = Layout(around, np.asarray(heights, np.float32), known, source, licence)
    if around == grid:
        return wide
    west, north = (abs(a - b) / grid.cell_m for a, b in zip(around.origin, grid.origin, strict=True))
    row, col = round(north), round(west)
    inner = wide.height_m[row : row + grid.shape[0], col : col + grid.shape[1]]
    if inner.shape != grid.shape or max(abs(west - col), abs(north - row)) > _OFF or around.cell_m != grid.cell_m:
        raise LayoutError("the layout that was kept lies on other cells than its map: make and keep the map again")
    return Layout(grid, inner, known, source, licence, around=wide)
