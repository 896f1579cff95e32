"""What geometry alone says of a radio map: distance, bearing, free-space gain, pattern, obstruction, diffraction.

For a transmitter at height z and receivers at `RECEIVER_HEIGHT_M`, along the straight line to each cell:
    free space   20 log10(lambda / 4 pi d)                                         (ITU-R P.525)
    obstruction  metres of the plan-view line that run inside buildings
    diffraction  J(nu) of the single dominant knife edge,
                 J = 6.9 + 20 log10(sqrt((nu - 0.1)^2 + 1) + nu - 0.1)  for nu > -0.78, else 0   (ITU-R P.526, Eq. 31)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.maps.antenna import sector_gain_db
from openckm.maps.grid import Grid
from openckm.maps.site import Transmitter

RECEIVER_HEIGHT_M = 1.5
SPEED_OF_LIGHT = 299_792_458.0
_RAY_SAMPLES = 128

Field = NDArray[np.float32]


@dataclass(frozen=True)
class SiteGeometry:
    """Fields over a grid, each of shape grid.shape.

    Attributes:
        distance_m: slant distance from the antenna to the receiver plane [m].
        cos: east component of the unit vector from the cell towards the transmitter.
        sin: north component of the same vector.
        free_space_db: free-space gain between isotropic antennas [dB], negative.
        pattern_db: gain of the sector antenna [dBi], 0 for an omnidirectional one.
        obstruction_m: length of the plan-view line to the transmitter that runs inside buildings [m].
        diffraction_db: loss over the single dominant knife edge [dB], 0 in clear line of sight.
    """

    distance_m: Field
    cos: Field
    sin: Field
    free_space_db: Field
    pattern_db: Field
    obstruction_m: Field
    diffraction_db: Field


def site_geometry(
    grid: Grid, transmitter: Transmitter, height_m: Field | None = None, *, around: Grid | None = None,
    ground_m: Field | None = None,
) -> SiteGeometry:  # fmt: skip
    """Return the geometric fields of a transmitter over a grid.

    Args:
        grid: the cells.
        transmitter: position, height, carrier and antenna; it may stand outside the grid.
        height_m: building heights [m], shape grid.shape; None means nothing is built.
        around: grid that the heights stand on, where that is a larger one than the cells asked for.
        ground_m: elevation of the ground above any one level [m], shape grid.shape; None means flat ground. All
            heights are above it.

    References:
        ITU-R P.525 (free space); ITU-R P.526-15, section 4.1 (knife edge).
    """
    x, y = grid.centres()
    dx, dy = transmitter.x - x, transmitter.y - y
    flat = np.hypot(dx, dy)
    rise = transmitter.height_m - RECEIVER_HEIGHT_M
    distance = np.maximum(np.hypot(flat, rise), 1.0)
    wavelength = SPEED_OF_LIGHT / transmitter.carrier_hz
    safe = np.maximum(flat, 1e-6)
    ground = ground_m if around is None or around == grid else None
    built, loss = _profile(grid, transmitter, flat, height_m, wavelength, around or grid, ground)
    fields = (
        distance, dx / safe, dy / safe, 20.0 * np.log10(wavelength / (4.0 * np.pi * distance)),
        _pattern(transmitter, dx, dy, flat, rise), built, loss,
    )  # fmt: skip
    return SiteGeometry(*(np.asarray(f, dtype=np.float32) for f in fields))


def _pattern(
    tx: Transmitter, dx: NDArray[np.float64], dy: NDArray[np.float64], flat: NDArray[np.float64], rise: float
) -> NDArray[np.float64]:
    if tx.azimuth_rad is None:
        return np.zeros_like(flat)
    azimuth = np.arctan2(-dy, -dx) - tx.azimuth_rad
    elevation = np.arctan2(-rise, np.maximum(flat, 1e-6)) + np.deg2rad(tx.downtilt_deg)
    return sector_gain_db(azimuth, elevation)


def _profile(
    grid: Grid, tx: Transmitter, flat: NDArray[np.float64], height_m: Field | None, wavelength: float, around: Grid,
    ground_m: Field | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Walk each line from the transmitter to the cell: metres inside buildings, and the worst knife edge [dB]."""
    if height_m is None or not (height_m > 0).any():
        return np.zeros(grid.shape), np.zeros(grid.shape)
    x, y = grid.centres()
    built = np.zeros(grid.shape)
    worst = np.full(grid.shape, -np.inf)
    fractions = (np.arange(_RAY_SAMPLES) + 0.5) / _RAY_SAMPLES
    start, end = tx.height_m, np.full(grid.shape, RECEIVER_HEIGHT_M)
    if ground_m is not None:
        rows, cols = grid.shape
        at = int((grid.origin[1] - tx.y) // grid.cell_m), int((tx.x - grid.origin[0]) // grid.cell_m)
        start = tx.height_m + float(ground_m[min(max(at[0], 0), rows - 1), min(max(at[1], 0), cols - 1)])
        end = ground_m + end
    own_edge = np.maximum(1.0 - 0.75 * grid.cell_m / np.maximum(flat, 1e-6), 0.0)
    for t in fractions:
        row = np.floor((around.origin[1] - (tx.y + t * (y - tx.y))) / around.cell_m).astype(np.int32)
        col = np.floor(((tx.x + t * (x - tx.x)) - around.origin[0]) / around.cell_m).astype(np.int32)
        inside = (row >= 0) & (row < around.shape[0]) & (col >= 0) & (col < around.shape[1])
        top = height_m[np.clip(row, 0, around.shape[0] - 1), np.clip(col, 0, around.shape[1] - 1)]
        top = np.where(inside, top, np.float32(0.0))
        built += top > 0
        line = start + t * (end - start)
        reach = np.maximum(flat, 1.0)
        base = 0.0
        if ground_m is not None:
            base = ground_m[np.clip(row, 0, around.shape[0] - 1), np.clip(col, 0, around.shape[1] - 1)]
        nu = (base + top - line) * np.sqrt(2.0 / (wavelength * reach * t * (1.0 - t)))
        worst = np.where((top > 0) & (t < own_edge), np.maximum(worst, nu), worst)
    return built * flat / _RAY_SAMPLES, knife_edge_db(worst)


def knife_edge_db(nu: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return J(nu) [dB], the loss over a single knife edge (ITU-R P.526, Eq. 31), of any shape."""
    shifted = np.where(nu > -0.78, nu, -0.78) - 0.1
    loss = 6.9 + 20.0 * np.log10(np.sqrt(shifted**2 + 1.0) + shifted)
    return np.where(nu > -0.78, loss, 0.0)
