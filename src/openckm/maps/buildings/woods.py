"""Woods of a layout's file: which cells they cover, and how high they are.

Woods are areas tagged natural=wood, landuse=forest, landcover=trees, or so named by Geofabrik's `fclass`; they are read
from the same files as buildings, from OpenStreetMap, GeoJSON, Overpass, and all layers of areas that GDAL reads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import LayoutError
from openckm.maps.buildings.json_files import json_polygons
from openckm.maps.buildings.osm import osm_polygons
from openckm.maps.buildings.outlines import Footprints, Polygon, rasterise
from openckm.maps.buildings.tags import all_tags, height_of
from openckm.maps.buildings.vector import parquet_polygons, vector_shapes
from openckm.maps.grid import Grid
from openckm.maps.site import Layout
from openckm.maps.trees import CROWN_M

_WOOD_KEYS = ("natural", "landuse", "landcover")
_WOODS = {
    "natural": ("wood", "tree_group"),
    "landuse": ("forest",),
    "landcover": ("trees",),
    "fclass": ("forest", "wood"),
}
OSM = (".osm", ".osm.gz", ".osm.bz2", ".pbf")
JSON = (
    ".json",
    ".geojson",
    ".geojsonl",
    ".geojsonseq",
    ".ndjson",
    ".jsonl",
    ".json.gz",
    ".geojson.gz",
    ".geojsonl.gz",
)
VECTOR = (".gpkg", ".shp", ".fgb", ".gml", ".zip")


def _is_wood(tags: Mapping[str, Any]) -> bool:
    """Say whether the tags of an area are those of a wood."""
    low = all_tags(tags)
    return any(str(low.get(key, "")).lower() in kinds for key, kinds in _WOODS.items())


def read_woods(path: str | os.PathLike[str], grid: Grid, around: Grid | None = None) -> tuple[Layout, tuple[str, ...]]:
    """Return the heights of the crowns of woods, 0 where there are none; and what was assumed.

    Args:
        path: a layout's file; rasters and files without woods give none.
        grid: the cells of the map.
        around: a larger grid of the same cells, on which woods are wanted; None for those of the map.

    Raises:
        LayoutError: if the file cannot be read.
    """
    polygons, crs = areas_of(Path(path), _WOOD_KEYS)
    woods = [p for p in polygons if p.outline is not None and not p.outline.is_empty and _is_wood(p.tags)]
    wide = around or grid
    nothing = Layout(wide, np.zeros(wide.shape, dtype=np.float32))
    if not woods:
        return nothing, ()
    height = np.array([height_of(p.tags) for p in woods])
    flags = np.zeros(len(woods), dtype=bool)
    outlines = [p.outline for p in woods if p.outline is not None]
    try:
        crown, known, _ = rasterise(Footprints(outlines, height, crs, flags, flags), wide, CROWN_M, str(path))
    except LayoutError:  # they all lie elsewhere
        return nothing, ()
    words = f"heights stated for {known:.0%}, {CROWN_M:g} m for the others" if known < 1 else "heights stated"
    share = np.mean(crown[wide.index_of(*grid.centres())] > 0)
    return Layout(wide, crown), (f"woods cover {share:.0%} of the map ({words})",)


def areas_of(path: Path, keys: Sequence[str]) -> tuple[list[Polygon], str | None]:
    """Return the areas of a layout's file, those with one of the tags where it is OpenStreetMap, and their CRS.

    Raises:
        LayoutError: if the file cannot be read.
    """
    name = path.name.lower()
    if name.endswith(OSM):
        return osm_polygons(path, keys), "EPSG:4326"
    if name.endswith(JSON):
        return json_polygons(path)
    if name.endswith(VECTOR):
        return vector_shapes(path)
    if name.endswith((".parquet", ".geoparquet")):
        return parquet_polygons(path)
    return [], None
