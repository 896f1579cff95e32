"""Building outlines of GeoPackage, Shapefile and other files of GDAL, and of GeoParquet (Overture)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError
from openckm.maps.buildings.outlines import Footprints, Polygon, footprints_of, polygon_of

_AREAS = ("Polygon", "MultiPolygon")
_EXTRA = "install openckm[files] to read it, or export the buildings as GeoJSON"


def read_vector(path: Path, height_column: str | None) -> Footprints:
    """Read the polygons of the first layer that has some.

    Raises:
        LayoutError: if pyogrio is not installed, the file cannot be read, or holds no building.
    """
    try:
        import pyogrio
    except ImportError:
        raise LayoutError(f"{path} is a file of GDAL: {_EXTRA}") from None
    place = f"/vsizip/{path}" if path.suffix.lower() == ".zip" else str(path)
    try:
        layers = [(str(name), str(kind)) for name, kind in pyogrio.list_layers(place)]
        areas = [name for name, kind in layers if "Polygon" in kind or "Unknown" in kind or "Surface" in kind]
        if not areas:
            raise LayoutError(f"{path} holds {', '.join(f'{n} ({k})' for n, k in layers)}: wanted a layer of polygons")
        layer = _building_layer(place, areas)
        meta, _, geometry, fields = pyogrio.raw.read(place, layer=layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError) as error:
        raise LayoutError(f"cannot read {path}: {error}; export the layout again") from error
    names = [str(name) for name in meta["fields"]]
    polygons = _polygons(geometry, names, fields)
    others = len(geometry) - len(polygons)
    counts = {"that are points, lines or nothing": others} if others else {}
    found = footprints_of(polygons, meta["crs"], str(path), height_column, counts)
    passed = [name for name in areas if name != layer]
    note = f"the buildings were taken from the layer {layer!r}; {', '.join(passed)} passed over"
    return replace(found, notes=(note, *found.notes)) if passed else found


def vector_shapes(path: Path, kinds: Sequence[str] = _AREAS) -> tuple[list[Polygon], str | None]:
    """Return the shapes of certain kinds, of all layers that have the CRS of the first one, and that CRS.

    Raises:
        LayoutError: if pyogrio is not installed, or the file cannot be read.
    """
    try:
        import pyogrio
    except ImportError:
        raise LayoutError(f"{path} is a file of GDAL: {_EXTRA}") from None
    place = f"/vsizip/{path}" if path.suffix.lower() == ".zip" else str(path)
    found: list[Polygon] = []
    crs: str | None = None
    try:
        for k, (layer, _) in enumerate(pyogrio.list_layers(place)):
            meta, _, geometry, fields = pyogrio.raw.read(place, layer=str(layer), force_2d=True)
            crs = meta["crs"] if k == 0 else crs
            if geometry is not None and meta["crs"] == crs:
                found += _polygons(geometry, [str(name) for name in meta["fields"]], fields, kinds)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError) as error:
        raise LayoutError(f"cannot read {path}: {error}; export the layout again") from error
    return found, crs


def _building_layer(place: str, areas: list[str]) -> str:
    """Return the layer whose name or columns are those of buildings, the first one where none is."""
    import pyogrio

    words = ("build", "bldg", "gebaeude", "gebäude", "bati", "bâti", "edific", "footprint", "haus")
    named = [name for name in areas if any(word in name.lower() for word in words)]
    columns = {name: {str(f).lower() for f in pyogrio.read_info(place, layer=name)["fields"]} for name in areas}
    telling = [name for name in areas if columns[name] & {"building", "height", "building:levels", "measuredheight"}]
    return next(iter((*named, *telling, *areas)))


def read_parquet(path: Path, height_column: str | None) -> Footprints:
    """Read the polygons of a GeoParquet file, as Overture publishes buildings.

    Raises:
        LayoutError: if pyarrow is not installed, the file cannot be read, or holds no building.
    """
    polygons, crs = parquet_polygons(path)
    return footprints_of(polygons, crs, str(path), height_column)


def parquet_polygons(path: Path) -> tuple[list[Polygon], str | None]:
    """Return all areas of a GeoParquet file, and the CRS of their coordinates.

    Raises:
        LayoutError: if pyarrow is not installed, or the file cannot be read.
    """
    try:
        import pyarrow
        import pyarrow.parquet as pq
    except ImportError:
        raise LayoutError(f"{path} is a Parquet file: {_EXTRA}") from None
    try:
        table = pq.read_table(path)
        geo = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise LayoutError(f"cannot read {path} as GeoParquet: {error}; download it again") from error
    place = geo.get("primary_column", "geometry")
    if place not in table.column_names:
        raise LayoutError(f"{path} has no geometry; it has {', '.join(table.column_names)}: wanted GeoParquet")
    simple = [n for n in table.column_names if n != place and not pyarrow.types.is_nested(table.schema.field(n).type)]
    fields = [table[name].to_numpy(zero_copy_only=False) for name in simple]
    crs = (geo.get("columns") or {}).get(place, {}).get("crs", "EPSG:4326")
    return _polygons(table[place].to_pylist(), simple, fields), _crs(crs)


def _polygons(
    geometry: Any, names: list[str], fields: list[NDArray[Any]], kinds: Sequence[str] = _AREAS
) -> list[Polygon]:
    import shapely

    shapes = shapely.from_wkb(np.asarray(list(geometry), dtype=object), on_invalid="ignore")
    found = []
    for i, shape in enumerate(shapes):
        if shape is None or shape.geom_type not in kinds:
            continue
        tags = {n: v for n, f in zip(names, fields, strict=True) if (v := _value(f[i])) is not None}
        found.append(polygon_of(shape, tags))
    return found


def _value(value: Any) -> Any:
    """Return a value of a column, None where it is empty."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if plain is None or (isinstance(plain, float) and np.isnan(plain)) else plain


def _crs(crs: Any) -> str | None:
    from pyproj import CRS

    if crs is None or "CRS84" in str(crs):
        return "EPSG:4326"
    return str(CRS.from_user_input(crs if isinstance(crs, str) else json.dumps(crs)).to_string())
