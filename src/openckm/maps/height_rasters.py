"""Rasters of building heights (GeoTIFF, .npz) sampled at the centres of a grid's cells."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError
from openckm.maps.grid import Grid

__all__ = ["read_height_npz", "read_height_tiff"]

_LOCAL = "EPSG:3857"  # stands in for the shared plane where neither side has a CRS


def read_height_tiff(path: Path, grid: Grid) -> NDArray[np.float32]:
    """Return the heights [m] of a GeoTIFF's first band at the grid's cell centres (nearest), shape grid.shape.

    No-data, negative values and cells that the raster does not cover are 0.

    Raises:
        LayoutError: if the file cannot be read, misses the grid, has no place, or one side lacks a CRS.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError
    from rasterio.warp import Resampling, reproject

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as raster:
                crs = None if raster.crs is None else raster.crs.to_wkt()
                _require_placed(raster.transform.is_identity, path)
                _require_crs(crs, grid, path)
                heights = raster.read(1, masked=True).astype(np.float32).filled(np.nan)
                found = np.full(grid.shape, np.nan, dtype=np.float32)
                reproject(
                    heights, found, src_transform=raster.transform, src_crs=crs or _LOCAL, src_nodata=np.nan,
                    dst_transform=grid.transform, dst_crs=grid.crs or _LOCAL, dst_nodata=np.nan,
                    resampling=Resampling.nearest,
                )  # fmt: skip
                bounds = tuple(raster.bounds)
    except RasterioError as error:
        raise LayoutError(f"cannot read {path} as a GeoTIFF: {error}; export the heights again") from error
    if np.isnan(found).all() and not np.isnan(heights).all():
        _raise_misses(path, grid, bounds, "its own CRS")
    return _cleaned(found)


def read_height_npz(path: Path, grid: Grid) -> NDArray[np.float32]:
    """Return the heights [m] of an .npz raster at the grid's cell centres (nearest), shape grid.shape.

    The file holds `height_m` (row, col) and `resolution_m`, and either `origin_xy_m`, the south-west corner [m] on a
    local plane with row 0 in the south, or `minlat`, `maxlat`, `minlon`, `maxlon`, `metres_per_deg_lat` and
    `metres_per_deg_lon` with row 0 in the north.

    Raises:
        LayoutError: if an array is missing, the file cannot be read, misses the grid, or does not fit its CRS.
    """
    arrays = _load(path)
    heights, step = np.asarray(arrays["height_m"], dtype=np.float32), float(arrays["resolution_m"])
    rows, cols = heights.shape
    if "origin_xy_m" in arrays:
        row, col, bounds = _local_index(arrays, grid, path, rows, cols, step)
    else:
        row, col, bounds = _degree_index(arrays, grid, path, step)
    inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    if not inside.any():
        _raise_misses(path, grid, bounds, "m" if "origin_xy_m" in arrays else "degrees")
    found = np.zeros(grid.shape, dtype=np.float32)
    found[inside] = heights[row[inside], col[inside]]
    return _cleaned(found)


Indices = tuple[NDArray[np.intp], NDArray[np.intp], tuple[float, ...]]


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise LayoutError(
            f"cannot read {path} as .npz arrays: {error}; write the heights again with numpy.savez"
        ) from error
    placed = "origin_xy_m" in arrays or {
        "minlat", "maxlat", "minlon", "maxlon", "metres_per_deg_lat", "metres_per_deg_lon",
    } <= set(arrays)  # fmt: skip
    if not {"height_m", "resolution_m"} <= set(arrays) or not placed or arrays["height_m"].ndim != 2:
        raise LayoutError(
            f"{path} holds the arrays {', '.join(sorted(arrays))}: wanted height_m (row, col), resolution_m, and"
            " origin_xy_m or minlat, maxlat, minlon, maxlon, metres_per_deg_lat, metres_per_deg_lon"
        )
    return arrays


def _local_index(
    arrays: Mapping[str, NDArray[Any]], grid: Grid, path: Path, rows: int, cols: int, step: float
) -> Indices:
    _require_crs(None, grid, path)
    west, south = (float(v) for v in arrays["origin_xy_m"])
    x, y = grid.centres()
    bounds = (west, south, west + cols * step, south + rows * step)
    return np.floor((y - south) / step).astype(np.intp), np.floor((x - west) / step).astype(np.intp), bounds


def _degree_index(arrays: Mapping[str, NDArray[Any]], grid: Grid, path: Path, step: float) -> Indices:
    _require_crs("EPSG:4326", grid, path)
    lon, lat = grid.to_lonlat(*grid.centres())
    row = np.floor((float(arrays["maxlat"]) - lat) * float(arrays["metres_per_deg_lat"]) / step)
    col = np.floor((lon - float(arrays["minlon"])) * float(arrays["metres_per_deg_lon"]) / step)
    bounds = tuple(float(arrays[name]) for name in ("minlon", "minlat", "maxlon", "maxlat"))
    return row.astype(np.intp), col.astype(np.intp), bounds


def _require_placed(unplaced: bool, path: Path) -> None:
    if unplaced:
        raise LayoutError(
            f"{path} does not say where its cells lie (no geotransform); write it with gdal_translate -a_ullr"
            " <west> <north> <east> <south> -a_srs EPSG:..."
        )


def _require_crs(crs: str | None, grid: Grid, path: Path) -> None:
    if (crs is None) == (grid.crs is None):
        return
    if crs is None:
        raise LayoutError(
            f"{path} has no CRS, the grid is in {grid.crs}, so the two cannot be laid together; write the raster with"
            " its CRS (gdal_edit.py -a_srs EPSG:...)"
        )
    raise LayoutError(
        f"{path}: the grid has no CRS, the layout has one, so the two cannot be laid together; make the grid with"
        " Grid.centred(lon, lat, ...) or give it a crs"
    )


def _raise_misses(path: Path, grid: Grid, bounds: tuple[float, ...], unit: str) -> None:
    box = tuple(round(b, 5) for b in bounds)
    if unit == "degrees":
        west, south, east, north = grid.bounds
        lon, lat = grid.to_lonlat([west, east, west, east], [south, south, north, north])
        own: tuple[float, ...] = (float(min(lon)), float(min(lat)), float(max(lon)), float(max(lat)))
    else:
        own = grid.bounds
    raise LayoutError(
        f"{path} misses the area: the layout spans {box} [west south east north, {unit}], the grid"
        f" {tuple(round(b, 5) for b in own)} [{'degrees' if unit == 'degrees' else grid.crs or 'm, local plane'}]; take"
        " a layout of this area or move the grid"
    )


def _cleaned(heights: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(np.isfinite(heights) & (heights > 0), heights, 0.0).astype(np.float32)
