"""What the transmitter says of the mean: 10 log10 of the slant distance, and the sector antenna's pattern.

    drift columns   10 log10(d / m),   G(azimuth, elevation) [dBi] of TR 38.901 where the boresight is known

Columns are centred and scaled by the spread at the observed cells, which keeps kriging systems well conditioned and
leaves every prediction as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.antenna import sector_gain_db
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Transmitter

__all__ = ["SiteDrift", "require_transmitter", "site_drift"]

MIN_SPREAD = 1e-6


@dataclass(frozen=True)
class SiteDrift:
    """Standardised drift columns.

    Attributes:
        names: what each column is.
        at_cells: at the observed cells, shape (n, p).
        on_grid: at all cells of the grid in row-major order, shape (rows * cols, p).
    """

    names: tuple[str, ...]
    at_cells: NDArray[np.float64]
    on_grid: NDArray[np.float64]


def require_transmitter(observations: Observations, method: str) -> Transmitter:
    """Return the known transmitter.

    Raises:
        OptionError: if the observations hold none.
    """
    if observations.transmitter is None:
        raise OptionError(f"{method} needs the transmitter's position: give one, or use a method that works without it")
    return observations.transmitter


def site_drift(transmitter: Transmitter, cells: Points, grid: Grid, *, pattern: bool = True) -> SiteDrift:
    """Return the drift columns of a transmitter; those that do not vary over the observed cells are left out."""
    x, y = (a.ravel() for a in grid.centres())
    near = _columns(transmitter, cells.x, cells.y)
    far = _columns(transmitter, x, y)
    names = [name for name in near if pattern or name != "pattern"]
    used = [name for name in names if float(near[name].std()) > MIN_SPREAD]
    centre = np.array([near[name].mean() for name in used])
    spread = np.array([near[name].std() for name in used])

    def stack(columns: dict[str, NDArray[np.float64]], n: int) -> NDArray[np.float64]:
        raw = np.column_stack([columns[name] for name in used]) if used else np.zeros((n, 0))
        return np.asarray((raw - centre) / spread)

    return SiteDrift(tuple(used), stack(near, len(cells)), stack(far, x.size))


def _columns(
    transmitter: Transmitter, x: NDArray[np.float64], y: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    dx, dy = x - transmitter.x, y - transmitter.y
    flat = np.hypot(dx, dy)
    rise = transmitter.height_m - RECEIVER_HEIGHT_M
    columns = {"log_distance": 10.0 * np.log10(np.maximum(np.hypot(flat, rise), 1.0))}
    if transmitter.azimuth_rad is not None:
        azimuth = np.arctan2(dy, dx) - transmitter.azimuth_rad
        elevation = np.arctan2(-rise, np.maximum(flat, 1e-6)) + np.deg2rad(transmitter.downtilt_deg)
        columns["pattern"] = sector_gain_db(azimuth, elevation)
    return columns
