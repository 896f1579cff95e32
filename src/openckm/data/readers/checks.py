"""Two checks of a data set's conventions: directions point at the transmitter, and gain falls with distance.

Near the transmitter most cells see it, so the strongest path is the straight one. With phi the azimuth of a cell and
psi that of the straight line to the transmitter, the mean of exp(i (phi - psi)) has a modulus near 1 and an angle near
0 where row order, turning sense, zero direction and transmitter are all understood; a mirrored or transposed
convention drives the modulus towards 0, the direction of travel (instead of arrival) the angle to 180 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError
from openckm.maps.grid import Grid

__all__ = ["gain_slope", "pointing"]

Field = NDArray[np.float32]


@dataclass(frozen=True)
class Pointing:
    """How well directions point at the transmitter.

    Attributes:
        concentration: modulus of the mean of exp(i error), 0 to 1.
        offset_deg: angle of that mean [degrees, -180 to 180].
        cells: number of cells.
    """

    concentration: float
    offset_deg: float
    cells: int


def pointing(grid: Grid, aoa_rad: Field, x: float, y: float, *, near_m: float = 4.0, far_m: float = 30.0) -> Pointing:
    """Compare directions near a transmitter with the straight line to it.

    Args:
        grid: the cells.
        aoa_rad: azimuth the strongest path comes from [rad], NaN where there is none, shape grid.shape.
        x: easting of the transmitter [m].
        y: northing of the transmitter [m].
        near_m: cells nearer than this are left out, where a pixel is a large angle [m].
        far_m: cells farther than this are left out, where few see the transmitter [m].

    Raises:
        InputError: if no cell at these distances has a direction.
    """
    dx, dy = (c - e for c, e in zip((x, y), grid.centres(), strict=True))
    distance = np.hypot(dx, dy)
    used = np.isfinite(aoa_rad) & (distance >= near_m) & (distance <= far_m)
    if not used.any():
        raise InputError(f"no cell {near_m:g} to {far_m:g} m from ({x:.1f}, {y:.1f}) has a direction; widen the range")
    mean = np.exp(1j * (aoa_rad - np.arctan2(dy, dx))[used].astype(np.float64)).mean()
    return Pointing(float(np.abs(mean)), float(np.angle(mean, deg=True)), int(used.sum()))


def gain_slope(grid: Grid, gain_db: Field, x: float, y: float, *, near_m: float = 5.0) -> float:
    """Return the slope of gain over distance from a transmitter [dB per decade], by least squares: negative if right.

    Args:
        grid: the cells.
        gain_db: gain [dB], NaN where there is none, shape grid.shape.
        x: easting of the transmitter [m].
        y: northing of the transmitter [m].
        near_m: cells nearer than this are left out [m].

    Raises:
        InputError: if fewer than two distances have a gain.
    """
    east, north = grid.centres()
    distance = np.hypot(east - x, north - y)
    used = np.isfinite(gain_db) & (distance >= near_m)
    if np.unique(distance[used]).size < 2:
        raise InputError(f"fewer than two distances from ({x:.1f}, {y:.1f}) have a gain; a slope needs two")
    return float(np.polyfit(np.log10(distance[used]), gain_db[used].astype(np.float64), 1)[0])
