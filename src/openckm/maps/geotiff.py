"""One channel of a radio map as a GeoTIFF that GIS programs open: bands mean, std, p10, p50, p90, and outage if asked.

Bands are float32, tiled, deflate-compressed, NaN (the nodata value) where the map says nothing, with a description
and a unit each; row 0 is north. The tags OPENCKM_CHANNEL, OPENCKM_UNIT, OPENCKM_CRS and OPENCKM_PROVENANCE (JSON) ride
along. A map that carries the outage of the channel (`RadioMap.with_outage`) has it as a sixth band, P(value <
threshold), with the threshold in the tag OPENCKM_OUTAGE_THRESHOLD. If asked for, its draws follow as bands "draw 1",
"draw 2" and so on.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, InputError, OptionError
from openckm.maps.atomic import atomic_path
from openckm.maps.grid import Grid
from openckm.maps.provenance import dump_provenance, load_provenance
from openckm.maps.quantity import CHANNELS
from openckm.maps.radiomap import RadioMap

if TYPE_CHECKING:
    from affine import Affine

__all__ = ["BANDS", "channel_unit", "grid_of_raster", "read_geotiff", "write_geotiff"]

BANDS = ("mean", "std", "p10", "p50", "p90")
OUTAGE = "outage"
_LEVELS = (0.1, 0.5, 0.9)


def channel_unit(radiomap: RadioMap, channel: str) -> str:
    """Return the unit of a channel: for gain what the provenance says ("dB" or "dBm"), else the quantity's."""
    if channel == "gain_db":
        return str(radiomap.provenance.get("unit", "dB"))
    return next((c.unit for c in CHANNELS if c.name == channel), "1")


def write_geotiff(
    radiomap: RadioMap, path: str | os.PathLike[str], channel: str = "gain_db", unit: str | None = None,
    *, draws: bool = False,
) -> None:  # fmt: skip
    """Write one channel of a map as a GeoTIFF, whole or not at all.

    Args:
        radiomap: the map.
        path: file to write, ending in .tif or .tiff; an old one is replaced.
        channel: channel to write.
        unit: unit of the values; None takes it from the map ("dBm" for received power).
        draws: whether the map's draws are written, too.

    Raises:
        OptionError: if the map has no such channel, quantile or draws, or the suffix is not .tif or .tiff.
        InputError: if the folder does not exist or the provenance is not JSON.
    """
    import rasterio

    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        raise OptionError(f"{path}: a GeoTIFF wants a name that ends in .tif or .tiff")
    names, bands = _bands(radiomap, channel, draws)
    said = channel_unit(radiomap, channel) if unit is None else unit
    tags = {
        "OPENCKM_CHANNEL": channel,
        "OPENCKM_UNIT": said,
        "OPENCKM_CRS": radiomap.grid.crs or "",
        "OPENCKM_PROVENANCE": dump_provenance(radiomap.provenance),
    }
    if OUTAGE in names:
        tags["OPENCKM_OUTAGE_THRESHOLD"] = repr(radiomap.outage_threshold)
    profile = _profile(radiomap.grid, len(names))
    with atomic_path(path) as aside, _quiet(), rasterio.open(aside, "w", **profile) as raster:
        raster.write(bands)
        raster.descriptions = names
        raster.units = tuple(_band_unit(name, said) for name in names)
        raster.update_tags(AREA_OR_POINT="Area", **tags)


def read_geotiff(path: str | os.PathLike[str]) -> RadioMap:
    """Read a map that `write_geotiff` wrote: one channel with mean, std, the quantiles 0.1, 0.5 and 0.9, and its draws.

    Cells that are NaN are not valid; their values stay NaN.

    Raises:
        InputError: if the file cannot be read, or its bands are not those of a map.
        GridError: if its cells are not square, north up and in metres.
    """
    import rasterio
    from affine import Affine
    from rasterio.errors import RasterioError

    try:
        with _quiet(), rasterio.open(path) as raster:
            tags = raster.tags()
            has_outage = _require_bands(raster.descriptions, path)
            bands = np.asarray(raster.read(masked=False), dtype=np.float32)
            transform = Affine(1, 0, 0, 0, -1, 0) if raster.transform.is_identity else raster.transform  # GDAL drops it
            grid = grid_of_raster(transform, raster.shape, _crs_name(raster.crs, tags), str(path))
    except RasterioError as error:
        raise InputError(f"cannot read {path} as a GeoTIFF: {error}; wanted a file of write_geotiff") from error
    provenance = load_provenance(tags.get("OPENCKM_PROVENANCE", "{}"), str(path))
    if tags.get("OPENCKM_UNIT") == "dBm":
        provenance.setdefault("unit", "dBm")
    channel = tags.get("OPENCKM_CHANNEL", "gain_db")
    levels = bands[2 : len(BANDS), None]
    drawn = bands[len(BANDS) + has_outage :, None]
    made = RadioMap._build(
        grid, bands[:1], bands[1:2], levels, [channel], np.isfinite(bands[0]), provenance,
        drawn if len(drawn) else None, _LEVELS,
    )  # fmt: skip
    if has_outage:
        threshold = _number(tags.get("OPENCKM_OUTAGE_THRESHOLD"), str(path))
        made.dataset[OUTAGE] = (("row", "col"), bands[len(BANDS)], {"threshold": threshold, "channel": channel})
    return made


def _number(text: str | None, where: str) -> float:
    try:
        return float(text or "")
    except ValueError as error:
        raise InputError(f"{where}: its outage band has the threshold {text!r}; write the map again") from error


def _band_unit(name: str, unit: str) -> str:
    """A probability has no unit, a spread of received power is in dB, all else is in the channel's unit."""
    if name == OUTAGE:
        return "1"
    return "dB" if name == "std" and unit == "dBm" else unit


def grid_of_raster(transform: Affine, shape: tuple[int, int], crs: str | None, where: str) -> Grid:
    """Return the grid of a raster's pixel-to-plane transform.

    Raises:
        GridError: if the pixels are not square and north up, or the CRS is not metric.
    """
    square = abs(transform.a + transform.e) <= 1e-6 * abs(transform.a)
    if transform.b or transform.d or transform.a <= 0 or not square:
        raise GridError(
            f"{where}: pixels of {transform.a:g} x {transform.e:g} turned by ({transform.b:g}, {transform.d:g}): wanted"
            " square ones, north up; warp the raster first (gdalwarp -tr)"
        )
    rows, cols = shape
    return Grid((int(rows), int(cols)), float(transform.a), (float(transform.c), float(transform.f)), crs)


def _bands(radiomap: RadioMap, channel: str, draws: bool) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return the names of the bands, and the bands."""
    names: tuple[str, ...] = BANDS
    layers = [radiomap.mean(channel), radiomap.std(channel)]
    layers += [radiomap.quantile(level, channel) for level in _LEVELS]
    if radiomap.outage_threshold is not None and radiomap.dataset[OUTAGE].attrs["channel"] == channel:
        names, layers = (*names, OUTAGE), [*layers, radiomap.outage()]
    if draws:
        drawn = list(radiomap.draws(channel))
        names, layers = (*names, *_draw_names(len(drawn))), layers + drawn
    bands = np.stack(layers).astype(np.float32)
    bands[:, ~radiomap.valid] = np.nan
    return names, bands


def _draw_names(count: int) -> tuple[str, ...]:
    return tuple(f"draw {k}" for k in range(1, count + 1))


def _profile(grid: Grid, count: int) -> dict[str, Any]:
    return {
        "driver": "GTiff", "dtype": "float32", "count": count, "height": grid.shape[0], "width": grid.shape[1],
        "crs": grid.crs, "transform": grid.transform, "nodata": float("nan"), "tiled": True, "blockxsize": 256,
        "blockysize": 256, "compress": "deflate", "predictor": 3, "interleave": "band",
    }  # fmt: skip


def _require_bands(descriptions: tuple[str | None, ...], path: str | os.PathLike[str]) -> bool:
    """Refuse a raster that is no map; return whether it holds the outage."""
    found = tuple(descriptions)
    has_outage = found[len(BANDS) : len(BANDS) + 1] == (OUTAGE,)
    head = (*BANDS, OUTAGE) if has_outage else BANDS
    if found != head + _draw_names(len(found) - len(head)):
        raise InputError(
            f"{path} has the bands {', '.join(str(d) for d in descriptions)}: wanted {', '.join(BANDS)}, as"
            " write_geotiff names them; a raster of building heights is read by read_layout"
        )
    return has_outage


def _crs_name(crs: Any, tags: dict[str, str]) -> str | None:
    if crs is None:
        return None
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else tags.get("OPENCKM_CRS") or str(crs.to_wkt())


def _quiet() -> warnings.catch_warnings[None]:
    """Silence the warning on rasters without georeference: a local plane is fine, and the rest is checked above."""
    from rasterio.errors import NotGeoreferencedWarning

    return warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning)
