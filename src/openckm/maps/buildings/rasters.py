"""Rasters of building heights (GeoTIFF, .npz) sampled at the centres of a grid's cells.

What cannot be a height is set apart first: numbers that stand for nothing and are not tagged so (9999, 255, -32768),
masks of 0 and 1 or 255, and elevations above sea level. Cells that the raster does not tell are unknown, not free.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError
from openckm.maps.buildings.credit import said_credit
from openckm.maps.buildings.tags import TALLEST_M
from openckm.maps.grid import Grid

_ABOVE_SEA_M = 60.0
"""No town has only buildings that are higher; such a raster is one of elevations [m]."""
_EVERYWHERE = 0.97
_COARSE_M = 10.0
"""Cells of a raster that are wider smear houses [m]."""
_ALONE_SHARE = 0.1
LOWEST_M = 2.0
"""What is lower is no building: noise of a normalised surface model, cars, hedges [m]."""
_SMALL_CLASSES_M = 9.0
_BELOW_SEA_M = -1.0
_UNITS = {
    **dict.fromkeys(("ft", "foot", "feet", "us survey foot", "us-ft", "ftus"), ("feet", 0.3048)),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "centimetres"), ("centimetres", 0.01)),
    **dict.fromkeys(("dm", "decimetre", "decimeter", "decimetres"), ("decimetres", 0.1)),
    **dict.fromkeys(("mm", "millimetre", "millimeter"), ("millimetres", 0.001)),
    **dict.fromkeys(("km", "kilometre", "kilometer"), ("kilometres", 1000.0)),
}
"""Units of a band: what they are called, and their size [m]."""
_GROUND_M, _FREE_SHARE = 0.5, 0.01
"""A raster tells free cells where such a share of it is so near the ground [m]."""
_NOTHING = (-32768.0, -9999.0, 9999.0, 32767.0, 65535.0, 99999.0, -99999.0)


@dataclass(frozen=True)
class HeightRaster:
    """Heights on a grid.

    Attributes:
        height_m: building heights [m], 0 where there is none or nobody knows, shape grid.shape.
        unknown: cells of which the raster says nothing, shape grid.shape.
        known: whether the heights are heights, not a mask of buildings.
        notes: what was taken for what, one sentence each.
        credit: whom the raster's tags credit; "" where they do not say.
    """

    height_m: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    known: bool = True
    notes: tuple[str, ...] = ()
    credit: str = ""


_ENOUGH_CELLS = 50
_DEGREE_M = 111_320.0
_LOCAL = "EPSG:3857"  # stands in for the shared plane where neither side has a CRS


def read_height_tiff(path: Path, grid: Grid, mask_height_m: float) -> HeightRaster:
    """Return the heights [m] of a GeoTIFF's first band at the grid's cell centres (nearest), shape grid.shape.

    Args:
        path: the file.
        grid: the cells.
        mask_height_m: height of a building where the raster is a mask [m].

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
                heights, notes = _band(raster, path)
                notes += _coarse(raster, grid)
                free = _says_free(heights)
                found, covered = np.full((2, *grid.shape), np.nan, dtype=np.float32)
                for source, target in ((heights, found), (np.ones_like(heights), covered)):
                    reproject(
                        source, target, src_transform=raster.transform, src_crs=crs or _LOCAL, src_nodata=np.nan,
                        dst_transform=grid.transform, dst_crs=grid.crs or _LOCAL, dst_nodata=np.nan,
                        resampling=Resampling.nearest,
                    )  # fmt: skip
                # No-data in a raster that tells no free cell means "no building"; where it tells some, nobody knows.
                if not free:
                    found = np.where(np.isnan(found) & np.isfinite(covered), np.float32(0.0), found)
                bounds, credit = tuple(raster.bounds), said_credit(raster.tags())
    except RasterioError as error:
        raise LayoutError(f"cannot read {path} as a GeoTIFF: {error}; export the heights again") from error
    if np.isnan(found).all():
        _raise_misses(path, grid, bounds, "its own CRS")
    return replace(_understood(found, heights, path, grid, mask_height_m, notes), credit=credit)


def _band(raster: Any, path: Path) -> tuple[NDArray[np.float32], list[str]]:
    """Return the first band [m], its tags of scale and unit applied, NaN where it has no data; and notes on it.

    Raises:
        LayoutError: if it is a picture.
    """
    colours = {str(c.name) for c in raster.colorinterp}
    if {"red", "green", "blue"} <= colours or "palette" in colours:
        raise LayoutError(f"{path} is a picture in colours, not heights: wanted one band of building heights [m]")
    band = _band_of_heights(raster)
    heights = raster.read(band, masked=True).astype(np.float32).filled(np.nan)
    if "alpha" in colours:
        heights = np.where(raster.dataset_mask() > 0, heights, np.float32(np.nan))
    called = f" ({raster.descriptions[band - 1]})" if raster.descriptions[band - 1] else ""
    notes = [f"band {band} of {raster.count}{called} was taken as the heights"] if raster.count > 1 else []
    scale, offset = float(raster.scales[band - 1]), float(raster.offsets[band - 1])
    if (scale, offset) != (1.0, 0.0):
        heights = heights * np.float32(scale) + np.float32(offset)
        notes.append(f"the raster's scale {scale:g} and offset {offset:g} were applied")
    unit = str(raster.units[band - 1] or "").lower()
    if unit in _UNITS:
        heights = heights * np.float32(_UNITS[unit][1])
        notes.append(f"the raster is in {_UNITS[unit][0]}, and was turned into metres")
    return heights, notes


def _coarse(raster: Any, grid: Grid) -> list[str]:
    """Return a warning where the raster's cells are much wider than the map's and than a house."""
    degrees = raster.crs is not None and raster.crs.is_geographic
    side = max(map(abs, raster.res)) * (_DEGREE_M if degrees else 1.0)
    if side <= max(_COARSE_M, 2 * grid.cell_m):
        return []
    return [
        f"WARNING: the raster's cells are {side:.0f} m wide, the map's {grid.cell_m:g} m: narrower houses are smeared"
        " or lost"
    ]


def _band_of_heights(raster: Any) -> int:
    """Return the number of the band whose description says heights of buildings, 1 where none does."""
    names = [str(name or "").lower() for name in raster.descriptions]
    for words in (("building", "gebäude", "bati", "ndsm"), ("height", "höhe", "hoehe", "hauteur", "altura")):
        found = [k for k, name in enumerate(names) if any(word in name for word in words) and "mask" not in name]
        if len(found) == 1:
            return found[0] + 1
    return 1


def _says_free(heights: NDArray[np.float32]) -> bool:
    """Say whether a raster tells cells without a building by a number, so that no-data means that nobody knows."""
    finite = heights[np.isfinite(heights)]
    return bool(np.isnan(heights).any() and finite.size and (np.abs(finite) < _GROUND_M).mean() > _FREE_SHARE)


def read_height_npz(path: Path, grid: Grid, mask_height_m: float) -> HeightRaster:
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
    found = np.full(grid.shape, np.nan, dtype=np.float32)
    found[inside] = heights[row[inside], col[inside]]
    return _understood(found, heights, path, grid, mask_height_m)


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


def _understood(
    found: NDArray[np.float32], raster: NDArray[np.float32], path: Path, grid: Grid, mask_height_m: float,
    said: Sequence[str] = (),
) -> HeightRaster:  # fmt: skip
    """Return the heights on the grid with what the raster's numbers mean.

    Args:
        found: the raster at the grid's cells, NaN where it does not reach.
        raster: the whole raster, which tells masks and numbers that stand for nothing.
        path: the file, for messages.
        grid: the cells.
        mask_height_m: height of a building where the raster is a mask [m].
        said: notes so far.
    """
    values, counts = np.unique(raster[np.isfinite(raster)], return_counts=True)
    notes, nothing = list(said), _nothings(values, counts)
    for value in nothing:
        found = np.where(found == value, np.nan, found)
        share = float(counts[values == value].sum() / raster.size)
        notes.append(f"the value {value:g} ({share:.0%} of the raster) is no height and was taken as unknown")
    real = values[~np.isin(values, nothing)]
    if not real.size:
        raise LayoutError(f"{path} holds no value: every cell is no-data; export the heights again")
    above = real[real != 0]
    known = not (len(above) == 1 and above[0] in (1.0, 100.0, 255.0))
    if not known:
        found = np.where(found > 0, np.float32(mask_height_m), found)
        notes.append(
            f"the raster is a mask of 0 and {above[0]:g}: heights are not known ({mask_height_m:g} m were taken)"
        )
    else:
        _require_above_ground(found, path)
        found = _without_low(found, notes)
    pits = int((found < -LOWEST_M).sum())
    if pits:
        notes.append(f"{pits} cells are below {-LOWEST_M:g} m, and were taken as free")
    unknown = ~np.isfinite(found)
    if unknown.any():
        notes.append(
            f"WARNING: the raster says nothing of {unknown.mean():.0%} of the map; buildings there are not known"
        )
    height = np.where(np.isfinite(found) & (found > 0), found, 0.0).astype(np.float32)
    if not height.any():
        notes.append("WARNING: the raster holds no building on this map")
    elif known and height.max() < _SMALL_CLASSES_M and len(above) < 10 and np.all(above == np.round(above)):
        notes.append(
            f"WARNING: the highest building is {height.max():g} m high, and all heights are whole numbers: are these"
            " heights in metres, storeys, or classes of land use?"
        )
    alone = _standing_alone(height > 0)
    if alone > _ALONE_SHARE:
        notes.append(
            f"WARNING: {alone:.0%} of the building cells have no neighbour: does the raster hold trees or noise?"
        )
    return HeightRaster(height, unknown, known, tuple(notes))


def _standing_alone(building: NDArray[np.bool_]) -> float:
    """Return the share of building cells that touch no other one, of maps with more than a few."""
    from scipy import ndimage

    if building.sum() < _ENOUGH_CELLS:
        return 0.0
    beside = ndimage.convolve(building.astype(np.int8), np.ones((3, 3), np.int8), mode="constant")
    return float((beside[building] == 1).mean())


def _nothings(values: NDArray[np.float32], counts: NDArray[np.intp]) -> list[float]:
    """Return the numbers of a raster that stand for nothing though they are not tagged so."""
    found = [float(v) for v in values if float(v) in _NOTHING or abs(float(v)) > 1e5]
    rest = values[~np.isin(values, found)]
    if len(rest) > 1 and rest[0] < 0 and (rest[1:] >= 0).all() and not _is_noise(float(rest[0]), values, counts):
        found.append(float(rest[0]))  # one negative number, such as -1
        rest = rest[1:]
    for byte, below in ((255.0, 200.0), (127.0, 100.0)):
        if len(rest) > 2 and rest[-1] == byte and np.all(rest == np.round(rest)) and rest[-2] < below:
            found.append(byte)  # the largest byte, far from any height
            rest = rest[:-1]
    if len(rest) and rest[-1] > TALLEST_M and (len(rest) == 1 or rest[-2] <= TALLEST_M):
        found.append(float(rest[-1]))  # one number beyond all buildings
    return found


def _is_noise(value: float, values: NDArray[np.float32], counts: NDArray[np.intp]) -> bool:
    """Say whether a negative number is the noise of whole metres around the ground: +1 stands about as often."""
    mirrored = counts[values == -value]
    return value >= -LOWEST_M and mirrored.size == 1 and bool(mirrored[0] > 0.5 * counts[values == value][0])


def _without_low(found: NDArray[np.float32], notes: list[str]) -> NDArray[np.float32]:
    """Return the heights without what is too low for a building, and say how many cells that were."""
    low = (found > 0) & (found < LOWEST_M)
    if low.any():
        share = f"{int(low.sum())} cells ({low.mean():.0%} of the map)"
        notes.append(f"{share} are lower than {LOWEST_M:g} m, and were not taken for buildings")
    return np.where(low, np.float32(0.0), found)


def _require_above_ground(found: NDArray[np.float32], path: Path) -> None:
    finite = found[np.isfinite(found)]
    high = finite[finite > 0]
    if not high.size:
        return
    lowest, share = float(np.quantile(high, 0.05)), high.size / finite.size
    deepest = float(np.quantile(finite, 0.01))
    if deepest < _BELOW_SEA_M:
        raise LayoutError(
            f"{path}: cells of the area are below 0 m (1% below {deepest:.1f} m): this looks like elevation"
            " above sea level;"
            " subtract the terrain to get heights above ground"
        )
    plateau = share > 0.6 and lowest > 10.0  # no town is built over so densely by such high buildings alone
    if share < 0.6 and (lowest > _ABOVE_SEA_M or float(high.max()) > TALLEST_M):
        raise LayoutError(
            f"{path}: {share:.0%} of the cells are higher than 0 m, from {float(high.min()):.1f} to"
            f" {float(high.max()):.1f} m: these are decimetres or centimetres (write the band's scale, gdal_edit.py"
            " -scale 0.1), or elevations above sea level (subtract the terrain to get heights above ground)"
        )
    if share > _EVERYWHERE or plateau or lowest > _ABOVE_SEA_M or float(high.max()) > TALLEST_M:
        what = "every cell" if high.size == finite.size else f"{share:.0%} of the cells"
        raise LayoutError(
            f"{path}: {what} of the area is higher than 0 m (lowest {float(high.min()):.1f} m, highest"
            f" {float(high.max()):.1f} m): this looks like elevation above sea level; subtract the terrain to get"
            " heights"
            " above ground"
        )
