r"""An older map is evidence on today's: its readings' noise grows with age, and it says where the new drive differs.

The older map z_old, s_old is read on a lattice so coarse that its errors are about independent (_SPACING_M, half the
length of shadowing), as if one more device had driven there:

    z_old(c) = z(c) + b + n,     n ~ N(0, s_old(c)^2 + _DRIFT_DB^2 age / month)                      (1)

Its level b is the device's own, so that a changed transmit power is no contradiction, and how far its noise is off is
estimated from the readings like any device's. Where the new readings differ from it by more than both explain, block by
block, it is said.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, InputError, MeasurementError, OptionError
from openckm.infer.scene import OLDER as OLDER
from openckm.maps.geotiff import channel_unit, read_geotiff
from openckm.maps.grid import Grid, reproject
from openckm.maps.observations import Points
from openckm.maps.radiomap import RadioMap

Array = NDArray[np.float64]
_SPACING_M = 20.0
_MOST_A_SIDE = 32
"""Lattice points along the longer side, at most."""
_DRIFT_DB, MONTH_DAYS = 2.0, 30.0
"""What a map loses in a month [dB]: a random walk; the readings correct it."""
BLOCKS_A_SIDE = 8
FEWEST = 5
"""Readings in a block without which it is not judged."""
_NAMED = 5
"""Blocks that are named."""
_STRANGE, _LEAST_DB = 2.5, 3.0
"""Standard deviations, and dB, by which the mean of a block must differ to be named."""


@dataclass(frozen=True)
class Disagreement:
    """A block of the map where the new readings differ from the older map.

    Attributes:
        x: easting of the readings' middle [m].
        y: northing [m].
        difference_db: new minus old there, beyond the difference of the whole [dB].
        deviations: the difference in standard deviations of what both explain.
        readings: how many there are.
    """

    x: float
    y: float
    difference_db: float
    deviations: float
    readings: int


def read_older(path: str | os.PathLike[str], unit: str | None) -> RadioMap:
    """Read an older map of the gain.

    Args:
        path: GeoTIFF of `ckm construct`.
        unit: the unit of today's readings, which the map must have; None where there are none.

    Raises:
        InputError: if the file is no map of the gain.
        MeasurementError: if its unit is another.
    """
    radiomap = read_geotiff(path)
    if radiomap.channels != ("gain_db",):
        raise InputError(f"{path} is a map of {', '.join(radiomap.channels)}: wanted one of gain_db")
    own = channel_unit(radiomap, "gain_db")
    if unit is not None and own != unit:
        raise MeasurementError(f"{path} is in {own}, the readings are in {unit}: give a map in the readings' unit")
    return radiomap


def older_readings(older: RadioMap, grid: Grid, age_days: float) -> Points:
    """Return the readings that an older map stands for, on a lattice of today's cells.

    Args:
        older: the map.
        grid: today's cells.
        age_days: how old it is [days].

    Raises:
        OptionError: if the age is negative or not finite.
        GridError: if the two maps do not overlap, or one alone has a CRS.
    """
    if not (math.isfinite(age_days) and age_days >= 0):
        raise OptionError(f"an older map's age of {age_days} days: wanted a number of 0 or more")
    step = max(round(_SPACING_M / grid.cell_m), -(-max(grid.shape) // _MOST_A_SIDE), 1)
    row, col = (part.ravel() for part in np.mgrid[step // 2 : grid.shape[0] : step, step // 2 : grid.shape[1] : step])
    x, y = grid.x[col], grid.y[row]
    mean, std = _at(older, grid, x, y)
    known = np.isfinite(mean)
    if not known.any():
        raise GridError(f"the older map ({older.grid}) says nothing on today's map ({grid}); is it of this site?")
    noise = np.hypot(std, _DRIFT_DB * math.sqrt(age_days / MONTH_DAYS))[known]  # (1): the root of the variance of n
    unit = channel_unit(older, "gain_db")
    return Points.exact(x[known], y[known], mean[known], sigma=noise, unit=unit, device=OLDER, source="map before")


def disagreements(older: RadioMap, points: Points, grid: Grid, age_days: float) -> tuple[float, list[Disagreement]]:
    """Return by how much the readings lie above the older map as a whole [dB], and where they differ beyond that.

    Readings of a block share the older map's error there; the worst block comes first.

    Args:
        older: the map.
        points: today's readings of the gain; limits are not compared.
        grid: today's cells.
        age_days: how old the map is [days].
    """
    plain = points.subset(points.kind == "exact")
    mean, std = _at(older, grid, plain.x, plain.y)
    known = np.isfinite(mean)
    if not known.any():
        return 0.0, []
    plain, gap, own = plain.subset(known), (plain.value - mean)[known], std[known]
    level = float(np.median(gap))
    side = max(1, -(-max(grid.shape) // BLOCKS_A_SIDE))
    row, col = grid.index_of(plain.x, plain.y)
    label = (row // side) * (grid.shape[1] // side + 1) + col // side
    found = []
    for block in np.unique(label):
        here = label == block
        count = int(here.sum())
        if count < FEWEST:
            continue
        difference = float(gap[here].mean()) - level
        drift = _DRIFT_DB**2 * age_days / MONTH_DAYS
        # (1), averaged over a block
        spread = math.sqrt(float(np.mean(own[here] ** 2)) + drift + float(np.mean(plain.sigma[here] ** 2)) / count)
        if abs(difference) > max(_STRANGE * spread, _LEAST_DB):
            place = float(plain.x[here].mean()), float(plain.y[here].mean())
            found.append(Disagreement(*place, difference, difference / spread, count))
    return level, sorted(found, key=lambda one: -abs(one.deviations))


def older_words(older: RadioMap, stands_for: Points, points: Points, grid: Grid, age_days: float) -> list[str]:
    """Return what is to be said of an older map, one sentence each: how it counts, and where the new drive disagrees.

    Args:
        older: the map.
        stands_for: its readings, of `older_readings`.
        points: today's readings of the gain.
        grid: today's cells.
        age_days: how old the map is [days].
    """
    noise = float(np.sqrt(np.mean(stands_for.sigma**2)))
    level, found = disagreements(older, points, grid, age_days)
    said = [
        f"the map before, {age_days:g} days old, counts as {len(stands_for)} readings of one more device, give or take"
        f" {noise:.1f} dB; today's readings lie {level:+.1f} dB above it",
        *(_sentence(one, grid) for one in found[:_NAMED]),
    ]
    if not found:
        said.append("the new drive agrees with the map before wherever it went")
    if len(found) > _NAMED:
        said.append(f"... and in {len(found) - _NAMED} more places")
    return said


def _sentence(one: Disagreement, grid: Grid) -> str:
    place = f"x {one.x:.0f} m, y {one.y:.0f} m"
    if grid.crs is not None:
        lon, lat = grid.to_lonlat(one.x, one.y)
        place = f"{float(lon):.5f}, {float(lat):.5f}"
    word = "stronger" if one.difference_db > 0 else "weaker"
    return (
        f"around {place} the new drive is {abs(one.difference_db):.0f} dB {word} than the map before"
        f" ({one.readings} readings, {abs(one.deviations):.1f} standard deviations)"
    )


def _at(older: RadioMap, grid: Grid, x: Array, y: Array) -> tuple[Array, Array]:
    """Return mean and std of an older map at places of today's plane; NaN where it says nothing."""
    if (older.grid.crs is None) != (grid.crs is None):
        raise GridError(f"the older map is in {older.grid.crs or 'a local plane'}, today's in {grid.crs or 'one'}")
    if older.grid.crs is not None and grid.crs is not None and older.grid.crs != grid.crs:
        x, y = reproject(grid.crs, older.grid.crs, x, y)
    inside = older.grid.contains(x, y)
    mean, std = np.full(len(x), np.nan), np.full(len(x), np.nan)
    row, col = older.grid.index_of(x[inside], y[inside])
    said = older.valid[row, col]
    mean[inside] = np.where(said, older.mean()[row, col], np.nan)
    std[inside] = older.std()[row, col]
    return mean, np.maximum(np.nan_to_num(std, nan=1.0), 0.1)
