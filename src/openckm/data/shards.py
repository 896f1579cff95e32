"""Reading shards of ray-traced maps and turning them into training samples.

A shard is an .npz of n maps of one scene: gain_cdb int16 (hundredths of dB, -32768 = building or outage), aoa_deg int16
(azimuth the strongest path comes from, counter-clockwise from east, -999 = none), height_dm uint16 (0 = free), tx
(x_m eastwards and y_m southwards from the north-west corner, z_m, azimuth_deg, downtilt_deg; NaN = isotropic), layout,
carrier_hz, antenna, and cell_m (2 m where absent). Further arrays are optional: floor_db, the maps with vehicles, the
coherent gain and an antenna of one's own, as `openckm.data.generate` describes them. No network knows such an antenna:
what its pattern adds along the direct path is taken off, and the transmitter is read as isotropic.

Building and outage cells have no gain and no direction. A diffusion needs a number there, so they are filled by a
smooth extension of their surroundings, and the training loss and every score pass over them.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from openckm.data.split import VALIDATION_CITIES, Split, is_held_out
from openckm.errors import InputError
from openckm.maps.antenna_file import AntennaPattern, pattern_field_db
from openckm.maps.grid import Grid
from openckm.maps.quantity import CHANNELS
from openckm.maps.site import Layout, Transmitter

__all__ = ["read_shards", "TracedMap"]

MISSING_CDB = -32768
UNREADABLE = (
    OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error
)  # fmt: skip
"""What numpy raises for files that are missing, cut short, damaged, or of another kind."""
_WINDOWS = (1.0, 3.0, 9.0, 27.0, 81.0)
"""Widths of the windows that fill building and outage cells [cells]."""
Field = NDArray[np.float32]


@dataclass(frozen=True)
class TracedMap:
    """One ray-traced map on a local grid (north-west corner at the origin).

    Attributes:
        grid: the cells.
        gain_db: path gain with the antenna pattern [dB], NaN in buildings and where no ray arrives.
        aoa_rad: azimuth the strongest path comes from, counter-clockwise from east [rad], NaN as above.
        layout: buildings and heights.
        transmitter: position, height, carrier, antenna; None where a published data set does not tell.
        city: name of the layout.
        scene: name of the shard, the unit of resampling in confidence intervals.
        floor_db: RMS error of `gain_db` that the tracing itself leaves [dB], NaN where nobody measured it.
        vehicle_m: heights of the vehicles that stand on cells [m], 0 = none; None for a map without vehicles. Their
            cells have neither gain nor direction.
        dynamic: the same map with vehicles in the streets, None where it was not traced.
        around: buildings on the window and a rim around it, None where the shard holds the window alone.
        pattern_db: what an antenna of one's own adds along the direct path and was taken off `gain_db`, which is that
            of an isotropic one then [dBi]; None for the antennas that the networks know.
        coherent_db: gain of the coherent sum of paths at cell centres [dB], NaN as above; None where not traced.
        split: the set that the map belongs to: a held-out city's, else what the shard states ("train" where it does
            not): procedural cities of all sets have the same names.
    """

    grid: Grid
    gain_db: Field
    aoa_rad: Field
    layout: Layout
    transmitter: Transmitter | None
    city: str
    scene: str
    floor_db: float = float("nan")
    vehicle_m: Field | None = None
    dynamic: TracedMap | None = None
    around: Layout | None = None
    coherent_db: Field | None = None
    split: Split = "train"
    pattern_db: Field | None = None

    @property
    def covered(self) -> NDArray[np.bool_]:
        """True where a ray arrives outside buildings, shape grid.shape."""
        return np.isfinite(self.gain_db)


def read_shard(path: Path) -> Iterator[TracedMap]:
    """Yield the maps of one shard.

    Raises:
        InputError: if the file is not a readable shard.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        count = arrays["gain_cdb"].shape[0]
        for k in range(count):
            yield _traced_map(arrays, k, path.stem)
    except UNREADABLE as error:
        raise InputError(f"{path}: not a readable shard of maps ({error}); delete it and generate it again") from error


def read_shards(paths: Sequence[Path]) -> Iterator[TracedMap]:
    """Yield the maps of several shards, in the order given."""
    for path in paths:
        yield from read_shard(path)


def _traced_map(arrays: dict[str, NDArray[np.generic]], k: int, scene: str) -> TracedMap:
    cell = float(np.asarray(arrays["cell_m"], np.float64)[k]) if "cell_m" in arrays else 2.0
    height = _metres(arrays["height_dm"][k])
    grid = Grid((height.shape[0], height.shape[1]), cell)
    x, south, z, azimuth, tilt = (float(v) for v in np.asarray(arrays["tx"][k], np.float64))
    sector = np.isfinite(azimuth)
    transmitter = Transmitter(
        x, -south, max(z, 0.5), float(np.asarray(arrays["carrier_hz"], np.float64)[k]),
        90.0 - azimuth if sector else None, tilt if sector else 0.0,
    )  # fmt: skip
    city = str(arrays["layout"][k])
    gain, aoa = _channels(arrays, k, "", height > 0)
    static = TracedMap(grid, gain, aoa, Layout(grid, height, source=city), transmitter, city, scene)
    static = replace(static, floor_db=_floor(arrays, k, ""), around=_around(arrays, k, cell), split=_split(arrays, k))
    if "coherent_cdb" in arrays:
        static = replace(static, coherent_db=_decibels(arrays["coherent_cdb"][k], height > 0))
    if "antenna_cuts_db" in arrays and sector:
        pattern = AntennaPattern.of_array(
            str(arrays["antenna"][k]), np.asarray(arrays["antenna_cuts_db"][k], np.float64)
        )
        static = _isotropic(static, pattern_field_db(pattern, transmitter, grid))
    if "dynamic_gain_cdb" not in arrays:
        return static
    vehicle = _metres(arrays["vehicle_dm"][k])
    gain, aoa = _channels(arrays, k, "dynamic_", (height > 0) | (vehicle > 0))
    floor = _floor(arrays, k, "dynamic_")
    if static.pattern_db is not None:
        gain = gain - static.pattern_db
    dynamic = replace(static, gain_db=gain, aoa_rad=aoa, vehicle_m=vehicle, floor_db=floor, coherent_db=None)
    return replace(static, dynamic=dynamic)


def _split(arrays: dict[str, NDArray[np.generic]], k: int) -> Split:
    city = str(arrays["layout"][k])
    if is_held_out(city):
        return "validation" if is_held_out(city, VALIDATION_CITIES) else "test"
    stated = str(arrays["split"][k]) if "split" in arrays else "train"
    if stated not in get_args(Split):
        raise ValueError(f"set {stated!r}, wanted one of {', '.join(get_args(Split))}")
    return cast(Split, stated)


def _isotropic(traced: TracedMap, added_db: NDArray[np.float64]) -> TracedMap:
    """Return a map without what its antenna's pattern adds along the direct path [dBi]."""
    tower = traced.transmitter
    added = added_db.astype(np.float32)
    return replace(
        traced, gain_db=traced.gain_db - added, pattern_db=added,
        transmitter=None if tower is None else replace(tower, bearing_deg=None, downtilt_deg=0.0),
        coherent_db=None if traced.coherent_db is None else traced.coherent_db - added,
    )  # fmt: skip


def _around(arrays: dict[str, NDArray[np.generic]], k: int, cell_m: float) -> Layout | None:
    """The buildings on the window and its rim, whose corner lies north-west of the window's."""
    if "around_dm" not in arrays:
        return None
    height = _metres(arrays["around_dm"][k])
    rim = cell_m * ((height.shape[0] - arrays["height_dm"].shape[1]) // 2)
    return Layout(Grid((height.shape[0], height.shape[1]), cell_m, (-rim, rim)), height)


def _metres(decimetres: NDArray[np.generic]) -> Field:
    return (np.asarray(decimetres, np.float32) / 10.0).astype(np.float32)


def _decibels(cdb: NDArray[np.generic], blocked: NDArray[np.bool_]) -> Field:
    raw = np.asarray(cdb)
    return np.where((raw == MISSING_CDB) | blocked, np.nan, raw / 100.0).astype(np.float32)


def _channels(
    arrays: dict[str, NDArray[np.generic]], k: int, prefix: str, blocked: NDArray[np.bool_]
) -> tuple[Field, Field]:
    """Gain [dB] and direction [rad] of a map, NaN where there is none."""
    raw, degrees = arrays[f"{prefix}gain_cdb"][k], np.asarray(arrays[f"{prefix}aoa_deg"][k], np.float32)
    missing = (np.asarray(raw) == MISSING_CDB) | (degrees == -999)
    return _decibels(raw, blocked), np.where(missing, np.nan, np.deg2rad(degrees)).astype(np.float32)


def _floor(arrays: dict[str, NDArray[np.generic]], k: int, prefix: str) -> float:
    key = f"{prefix}floor_db"
    return float(np.asarray(arrays[key], np.float64)[k]) if key in arrays else float("nan")


def extend(field: NDArray[np.float64], known: NDArray[np.bool_], fallback: float) -> NDArray[np.float64]:
    """Return `field` with unknown cells filled by a smooth extension of the known ones.

    Normalised Gaussian averages over growing windows, the smallest window that holds something wins; `fallback` where
    nothing is known at all.
    """
    filled = np.where(known, field, 0.0)
    weight = known.astype(np.float64)
    result = np.where(known, field, np.nan)
    for scale in _WINDOWS:
        open_cells = np.isnan(result)
        if not open_cells.any():
            break
        mass = ndimage.gaussian_filter(weight, scale, mode="constant", truncate=3.0)
        value = ndimage.gaussian_filter(filled, scale, mode="constant", truncate=3.0)
        usable = open_cells & (mass > (1e-2 if scale < _WINDOWS[-1] else 0.0))
        result[usable] = value[usable] / mass[usable]
    return np.where(np.isnan(result), fallback, result)


def latent_state(traced: TracedMap) -> tuple[Field, NDArray[np.bool_]]:
    """Return the latent channels (5, rows, cols) of a map, smoothly extended, and where gain and direction count."""
    known = traced.covered
    direction = known & np.isfinite(traced.aoa_rad)
    gain = extend(np.nan_to_num(traced.gain_db.astype(np.float64), nan=0.0), known, -150.0)
    angle = np.nan_to_num(traced.aoa_rad.astype(np.float64))
    cos, sin = (extend(f(angle), direction, 0.0) for f in (np.cos, np.sin))
    physical = (gain, cos, sin, traced.layout.building.astype(np.float64), known.astype(np.float64))
    state = np.stack([channel.encode(values) for channel, values in zip(CHANNELS, physical, strict=True)])
    return state, known
