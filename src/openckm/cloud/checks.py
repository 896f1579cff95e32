"""A contributed map is checked before it may teach a prior, by pure code without I/O.

Numbers: every value in its range; ranges are narrow enough that the usual mix-ups of units fall out of them.
Physics: gain does not exceed free space by much, and near the transmitter the strongest path comes from it. The two
    find transmitters in the wrong place or with y upwards, carriers in the wrong unit, and azimuths that are clockwise,
    from north, or of the direction of travel.
Outliers: statistics of the map against those of the maps that were accepted before, z = (v - median) / (1.4826 MAD).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.cloud.mapfile import Arrays
from openckm.data.map_statistics import ABOVE_SHARE, STATISTICS
from openckm.data.shards import MISSING_CDB

NO_AOA = -999


@dataclass(frozen=True)
class CheckOptions:
    """How strict the checks are.

    Attributes:
        least_side: fewest cells along a side.
        side_multiple: sides must be divisible by this many cells.
        least_covered: smallest share of free cells that are covered.
        above_free_db: what 98 % of the cells may exceed the main lobe in free space by [dB].
        least_aim: smallest mean cosine between direction and bearing of the transmitter over the cells in clear sight.
        outlier_z: largest |z| of a statistic.
        reference: accepted maps below which no map is called an outlier.
    """

    least_side: int = 32
    side_multiple: int = 16
    least_covered: float = 0.02
    above_free_db: float = 10.0
    least_aim: float = 0.3
    outlier_z: float = 6.0
    reference: int = 50


def number_reasons(one: Arrays, options: CheckOptions) -> list[str]:
    """Return what is wrong with the shape and numbers of one map; nothing if all is well."""
    rows, cols = one["gain_cdb"].shape[1:]
    reasons = []
    if min(rows, cols) < options.least_side or rows % options.side_multiple or cols % options.side_multiple:
        reasons.append(
            f"{rows} x {cols} cells: wanted at least {options.least_side} and multiples of {options.side_multiple};"
            " cut it into tiles"
        )
    reasons += _gain_reasons(one["gain_cdb"][0], one["height_dm"][0], options)
    reasons += _direction_reasons(one["aoa_deg"][0])
    reasons += _height_reasons(one["height_dm"][0])
    return reasons + _site_reasons(one)


def _gain_reasons(gain: NDArray[np.int16], height: NDArray[np.uint16], options: CheckOptions) -> list[str]:
    known = gain[(gain != MISSING_CDB) & (height == 0)]
    if known.size < max(options.least_covered * (height == 0).sum(), 16):
        return [f"gain is known in {known.size} of {int((height == 0).sum())} free cells: too few"]
    if known.max() > 0:
        return [f"gains up to {known.max() / 100:g} dB: a gain is negative, wanted -path loss in hundredths of dB"]
    if known.min() < -30000:
        return [f"gains down to {known.min() / 100:g} dB: wanted -300 dB or more, or {MISSING_CDB} where none arrives"]
    if np.median(known) > -2000:
        return [f"a median gain of {np.median(known) / 100:g} dB: looks like whole dB, wanted hundredths of dB"]
    return []


def _direction_reasons(aoa: NDArray[np.int16]) -> list[str]:
    known = aoa[aoa != NO_AOA]
    if known.size == 0:
        return ["no direction anywhere: wanted the azimuth of the strongest path"]
    if known.min() < -360 or known.max() > 360:
        return [f"directions from {known.min()} to {known.max()}: wanted degrees, or {NO_AOA} for none"]
    if known.size >= 64 and np.abs(known).max() <= 6:
        return [f"directions from {known.min()} to {known.max()}: looks like radians, wanted degrees"]
    return []


def _height_reasons(height: NDArray[np.uint16]) -> list[str]:
    built = height[height > 0]
    if built.size and built.max() > 10000:
        return [f"a building of {built.max() / 10:g} m: wanted decimetres below 10000"]
    if built.size >= 64 and np.median(built) < 25:
        return [f"a median building height of {np.median(built) / 10:g} m: looks like metres, wanted decimetres"]
    return []


def _site_reasons(one: Arrays) -> list[str]:
    carrier, cell = float(one["carrier_hz"][0]), float(one["cell_m"][0])
    x, south, z, azimuth, tilt = (float(v) for v in one["tx"][0])
    rows, cols = one["gain_cdb"].shape[1:]
    reasons = []
    if not 1e8 <= carrier <= 1e11:
        hint = ", looks like GHz or MHz" if 0 < carrier < 1e6 else ""
        reasons.append(f"a carrier of {carrier:g} Hz{hint}: wanted 1e8 to 1e11 Hz")
    if not 0.25 <= cell <= 100:
        return [*reasons, f"cells of {cell:g} m: wanted 0.25 to 100 m"]
    if not (-cols <= x / cell <= 2 * cols and -rows <= south / cell <= 2 * rows):
        reasons.append(f"a transmitter at {x:g} m east, {south:g} m south of the corner: more than a map's side away")
    if not 0 < z <= 1000:
        reasons.append(f"an antenna {z:g} m above ground: wanted more than 0 and at most 1000 m")
    sector = not np.isnan(azimuth)
    if sector and not (-360 <= azimuth <= 360 and -90 <= tilt <= 90):
        reasons.append(f"an antenna turned by {azimuth:g} and tilted by {tilt:g}: wanted degrees")
    return reasons


def physics_reasons(found: Mapping[str, float], options: CheckOptions) -> list[str]:
    """Return what contradicts physics in the statistics of a map; nothing if all is well."""
    reasons = []
    if not found:
        return ["no transmitter: wanted its position"]
    if found["above_db"] > options.above_free_db:
        reasons.append(
            f"gain exceeds free space by {found['above_db']:.0f} dB in more than {ABOVE_SHARE:.0%} of the cells:"
            " check the place of the transmitter (y southwards), the carrier and the unit of the gain"
        )
    if found["aim"] < options.least_aim:
        reasons.append(
            f"where it is strongest the signal does not come from the transmitter (mean cosine {found['aim']:.2f}):"
            " azimuths are counter-clockwise from east, of where the path comes from"
        )
    return reasons


def outlier_reasons(
    found: Mapping[str, float], accepted: Sequence[Mapping[str, float]], options: CheckOptions
) -> list[str]:
    """Return which statistics of a map lie far from those of the accepted maps; nothing where those are too few."""
    if len(accepted) < options.reference:
        return []
    reasons = []
    for name, least in STATISTICS.items():
        values = np.array([one[name] for one in accepted])
        centre = float(np.median(values))
        spread = max(1.4826 * float(np.median(np.abs(values - centre))), least)
        z = (found[name] - centre) / spread
        if abs(z) > options.outlier_z:
            reasons.append(
                f"an outlier: {name} is {found[name]:.3g}, of the {len(accepted)} accepted maps {centre:.3g} give or"
                f" take {spread:.2g}; if it is right, have it reviewed and say by whom"
            )
    return reasons
