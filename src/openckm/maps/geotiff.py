"""One channel of a radio map as a GeoTIFF that GIS programs open: bands mean, std, p10, p50, p90, and outage if asked.

The file is cloud-optimised (`openckm.maps.cog`): tiles, and overviews in which power is averaged in linear scale.
Bands are float32, NaN (the nodata value) where the map says nothing, with a description and a unit each; row 0 is
north. The tags OPENCKM_CHANNEL, OPENCKM_UNIT, OPENCKM_CRS and OPENCKM_PROVENANCE (JSON) ride
along. A map that carries the outage of the channel (`RadioMap.with_outage`) has it as a sixth band, P(value <
threshold), with the threshold in the tag OPENCKM_OUTAGE_THRESHOLD. If asked for, its draws follow as bands "draw 1",
"draw 2" and so on.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, InputError, OptionError
from openckm.maps.atomic import atomic_path
from openckm.maps.cog import Band, Pooling, cog_bytes
from openckm.maps.grid import Grid
from openckm.maps.provenance import dump_provenance, load_provenance
from openckm.maps.quantity import CHANNELS, UNLEARNT
from openckm.maps.radiomap import RadioMap

if TYPE_CHECKING:
    from affine import Affine

BANDS = ("mean", "std", "p10", "p50", "p90")
_OUTAGE = "outage"
_LEVELS = (0.1, 0.5, 0.9)


def channel_unit(radiomap: RadioMap, channel: str) -> str:
    """Return the unit of a channel: for gain what the provenance says ("dB" or "dBm"), else the quantity's."""
    if channel == "gain_db":
        return str(radiomap.provenance.get("unit", "dB"))
    return next((c.unit for c in (*CHANNELS, *UNLEARNT) if c.name == channel), "1")


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
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        raise OptionError(f"{path}: a GeoTIFF wants a name that ends in .tif or .tiff")
    content = encode_geotiff(radiomap, channel, unit, draws=draws)
    with atomic_path(path) as aside:
        aside.write_bytes(content)


def encode_geotiff(
    radiomap: RadioMap, channel: str = "gain_db", unit: str | None = None, *, draws: bool = False
) -> bytes:
    """Return one channel of a map as a GeoTIFF in memory; arguments and errors as `write_geotiff`."""
    said = channel_unit(radiomap, channel) if unit is None else unit
    bands = _bands(radiomap, channel, said, draws)
    tags = {
        "OPENCKM_CHANNEL": channel,
        "OPENCKM_UNIT": said,
        "OPENCKM_CRS": radiomap.grid.crs or "",
        "OPENCKM_BELIEF": str(radiomap.dataset.attrs.get("belief", "normal")) if draws else "normal",
        "OPENCKM_PROVENANCE": dump_provenance(radiomap.provenance),
    }
    if any(band.name == _OUTAGE for band in bands):
        tags["OPENCKM_OUTAGE_THRESHOLD"] = repr(radiomap.outage_threshold)
    return cog_bytes(bands, radiomap.grid, tags)


def read_geotiff(path: str | os.PathLike[str]) -> RadioMap:
    """Read a map that `write_geotiff` wrote: one channel with mean, std, the quantiles 0.1, 0.5 and 0.9, and its draws.

    Cells that are NaN are not valid; their values stay NaN.

    Raises:
        InputError: if the file cannot be read, or its bands are not those of a map.
        GridError: if its cells are not square, north up and in metres.
    """
    return TiffMap.open(path).load()


class TiffMap:
    """A map in a GeoTIFF of `write_geotiff`, read window by window.

    Attributes:
        path: the path of the file.
        grid: the cells.
        channels: name of its one channel.
        levels: quantile levels.
        draws: number of posterior draws, 0 if there are none.
        provenance: where the map comes from.
        attributes: further attributes of the map, such as its `belief`.
        outage_threshold: the outage threshold of its outage band, or None where it has none.
    """

    def __init__(self, path: Path, raster: Any) -> None:
        from affine import Affine

        tags, self.path = raster.tags(), path
        has_outage = _require_bands(raster.descriptions, path)
        transform = Affine(1, 0, 0, 0, -1, 0) if raster.transform.is_identity else raster.transform  # GDAL drops it
        self.grid = _grid_of_raster(transform, raster.shape, _crs_name(raster.crs, tags), str(path))
        self.provenance = load_provenance(tags.get("OPENCKM_PROVENANCE", "{}"), str(path))
        if tags.get("OPENCKM_UNIT") == "dBm":
            self.provenance.setdefault("unit", "dBm")
        self.channels = (str(tags.get("OPENCKM_CHANNEL", "gain_db")),)
        self.levels = _LEVELS
        self._first_draw = len(BANDS) + has_outage
        self.draws = raster.count - self._first_draw
        belief = tags.get("OPENCKM_BELIEF", "normal")
        self.attributes = {"belief": belief} if belief == "draws" else {}
        threshold = tags.get("OPENCKM_OUTAGE_THRESHOLD")
        self.outage_threshold = _number(threshold, str(path)) if has_outage else None

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> TiffMap:
        """Open a map; only its header is read.

        Raises:
            InputError: if the file cannot be read, or its bands are not those of a map.
            GridError: if its cells are not square, north up and in metres.
        """
        with _opened(Path(path)) as raster:
            return cls(Path(path), raster)

    def read(
        self, variable: str, rows: slice, cols: slice, *, channel: str | None = None, index: int | slice = slice(None)
    ) -> NDArray[Any]:
        """Return a window of "mean", "std", "valid", "outage", or of the quantiles or draws of some index.

        Raises:
            InputError: if the file cannot be read.
        """
        from rasterio.windows import Window

        start = {"mean": 0, "valid": 0, "std": 1, "quantile": 2, "outage": len(BANDS), "draws": self._first_draw}
        count = {"quantile": len(self.levels), "draws": self.draws}.get(variable)
        bands: Any = start[variable] + 1
        if count is not None:
            chosen = range(count)[index]
            bands = bands + chosen if isinstance(chosen, int) else [bands + k for k in chosen]
        top, bottom, _ = rows.indices(self.grid.shape[0])
        left, right, _ = cols.indices(self.grid.shape[1])
        with _opened(self.path) as raster:
            values = raster.read(bands, window=Window(left, top, right - left, bottom - top), masked=False)
        return np.isfinite(values) if variable == "valid" else np.asarray(values, np.float32)

    def load(self) -> RadioMap:
        """Return the whole map in memory; cells that are NaN are not valid, their values stay NaN.

        Raises:
            InputError: if the file cannot be read.
        """
        with _opened(self.path) as raster:
            bands = np.asarray(raster.read(masked=False), dtype=np.float32)
        levels, drawn = bands[2 : len(BANDS), None], bands[self._first_draw :, None]
        made = RadioMap._build(
            self.grid, bands[:1], bands[1:2], levels, self.channels, np.isfinite(bands[0]), self.provenance,
            drawn if len(drawn) else None, self.levels,
        )  # fmt: skip
        made.dataset.attrs |= self.attributes
        if self.outage_threshold is not None:
            facts = {"threshold": self.outage_threshold, "channel": self.channels[0]}
            made.dataset[_OUTAGE] = (("row", "col"), bands[len(BANDS)], facts)
        return made


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with _quiet(), rasterio.open(path) as raster:
            yield raster
    except RasterioError as error:
        raise InputError(f"cannot read {path} as a GeoTIFF: {error}; wanted a file of write_geotiff") from error


def _number(text: str | None, where: str) -> float:
    try:
        return float(text or "")
    except ValueError as error:
        raise InputError(f"{where}: its outage band has the threshold {text!r}; write the map again") from error


def _band_unit(name: str, unit: str) -> str:
    """A probability has no unit, a spread of received power is in dB, all else is in the channel's unit."""
    if name == _OUTAGE:
        return "1"
    return "dB" if name == "std" and unit == "dBm" else unit


def _grid_of_raster(transform: Affine, shape: tuple[int, int], crs: str | None, where: str) -> Grid:
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


def _bands(radiomap: RadioMap, channel: str, unit: str, draws: bool) -> list[Band]:
    pooling, partner = _pooling(radiomap, channel)
    layers: list[tuple[str, NDArray[np.float32], Pooling]] = [
        ("mean", radiomap.mean(channel), pooling), ("std", radiomap.std(channel), "largest"),
    ]  # fmt: skip
    spread: Pooling = "power" if pooling == "power" else "mean"
    for name, level in zip(BANDS[2:], _LEVELS, strict=True):
        layers.append((name, radiomap.quantile(level, channel), spread))
    if radiomap.outage_threshold is not None and radiomap.dataset[_OUTAGE].attrs["channel"] == channel:
        layers.append((_OUTAGE, radiomap.outage(), "mean"))
    if draws:
        drawn = radiomap.draws(channel)
        layers += [(name, one, spread) for name, one in zip(_draw_names(len(drawn)), drawn, strict=True)]
    return [
        Band(name, _band_unit(name, unit), _masked(values, radiomap.valid), how, partner if how == "circle" else None)
        for name, values, how in layers
    ]


def _pooling(radiomap: RadioMap, channel: str) -> tuple[Pooling, NDArray[np.float32] | None]:
    """How the mean of a channel is brought to a lower resolution, and the other component of a direction."""
    partner = {"aoa_cos": "aoa_sin", "aoa_sin": "aoa_cos"}.get(channel)
    if partner in radiomap.channels:
        return "circle", radiomap.mean(str(partner))
    return ("power" if channel_unit(radiomap, channel) in ("dB", "dBm") else "mean"), None


def _masked(values: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.where(valid, values, np.float32(np.nan)).astype(np.float32)


def _draw_names(count: int) -> tuple[str, ...]:
    return tuple(f"draw {k}" for k in range(1, count + 1))


def _require_bands(descriptions: tuple[str | None, ...], path: str | os.PathLike[str]) -> bool:
    """Refuse a raster that is no map; return whether it holds the outage."""
    found = tuple(descriptions)
    has_outage = found[len(BANDS) : len(BANDS) + 1] == (_OUTAGE,)
    head = (*BANDS, _OUTAGE) if has_outage else BANDS
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
