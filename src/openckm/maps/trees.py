r"""Woods on the way: how many metres of a radio path run below crowns, and what they take off it.

    A = A_m [1 - exp(-d gamma / A_m)]        (ITU-R P.833-9, Eq. 1)

d is the length of the straight line from the antenna to the receiver that runs through a wood, below its crowns. The
specific attenuation gamma [dB/m] and the largest attenuation A_m [dB] are those measured in a mixed forest in leaf
(P.833-9, Table 2: 105.9 to 2117.5 MHz), between its frequencies by straight lines in logarithms; beyond them
A_m goes on as f^0.43 (its Eq. 2), and gamma with the slope of the table. Trees without leaves take about
a fifth less.

References:
    ITU-R P.833-9 (2016), Attenuation in vegetation, section 2.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Layout, Transmitter

CROWN_M = 15.0
"""Height of a wood whose height nobody stated [m]."""
FULL_STD_DB = 8.7
"""Standard deviation of the measurements behind the largest attenuation (P.833-9, section 2.1) [dB]."""
SAMPLES = 256
_MHZ = np.array([105.9, 466.475, 949.0, 1852.2, 2117.5])
_GAMMA = np.array([0.04, 0.12, 0.17, 0.30, 0.34])
_MOST = np.array([9.4, 18.0, 26.5, 29.0, 34.1])

Floats = NDArray[np.float64]


def wood_attenuation_db(metres: Floats | float, carrier_hz: float) -> Floats:
    """Return what a path loses in a wood [dB], of the shape of `metres`.

    Args:
        metres: the length of the path that run through it [m].
        carrier_hz: carrier frequency [Hz].
    """
    gamma, most = specific_attenuation(carrier_hz), most_attenuation_db(carrier_hz)
    return np.asarray(most * (1.0 - np.exp(-np.asarray(metres, np.float64) * gamma / most)))  # Eq. 1


def specific_attenuation(carrier_hz: float) -> float:
    """Return gamma, what the first metres of a wood take [dB/m], at a carrier frequency [Hz]."""
    mhz = carrier_hz / 1e6
    if _MHZ[0] <= mhz <= _MHZ[-1]:
        return float(np.exp(np.interp(np.log(mhz), np.log(_MHZ), np.log(_GAMMA))))
    end = 0 if mhz < _MHZ[0] else -1
    slope = np.log(_GAMMA[-1] / _GAMMA[0]) / np.log(_MHZ[-1] / _MHZ[0])
    return float(_GAMMA[end] * (mhz / _MHZ[end]) ** slope)


def most_attenuation_db(carrier_hz: float) -> float:
    """Return A_m, what a path through any length of wood loses at most [dB], at a carrier frequency [Hz]."""
    mhz = carrier_hz / 1e6
    within = float(np.clip(mhz, _MHZ[0], _MHZ[-1]))
    return float(np.exp(np.interp(np.log(within), np.log(_MHZ), np.log(_MOST))) * (mhz / within) ** 0.43)  # Eq. 2


def tree_loss_db(woods: Layout, transmitter: Transmitter, grid: Grid, receiver_m: float = RECEIVER_HEIGHT_M) -> Floats:
    """Return what woods take off the straight line to each cell [dB], shape grid.shape.

    Args:
        woods: height of crowns, on the cells of the map or on more of them around it.
        transmitter: the base station, on or off the map.
        grid: the cells.
        receiver_m: height of the receiver above ground [m].
    """
    x, y = grid.centres()
    rise = transmitter.height_m - receiver_m
    length = np.hypot(np.hypot(x - transmitter.x, y - transmitter.y), rise)
    inside, own = np.zeros(grid.shape), woods.grid
    for t in (np.arange(SAMPLES) + 0.5) / SAMPLES:
        row = np.floor((own.origin[1] - (transmitter.y + t * (y - transmitter.y))) / own.cell_m).astype(np.int32)
        col = np.floor(((transmitter.x + t * (x - transmitter.x)) - own.origin[0]) / own.cell_m).astype(np.int32)
        on = (row >= 0) & (row < own.shape[0]) & (col >= 0) & (col < own.shape[1])
        top = woods.height_m[np.clip(row, 0, own.shape[0] - 1), np.clip(col, 0, own.shape[1] - 1)]
        inside += on & (top > transmitter.height_m - t * rise)
    return wood_attenuation_db(inside / SAMPLES * length, transmitter.carrier_hz)
