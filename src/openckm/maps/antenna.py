"""The sector antenna of 3GPP TR 38.901, Table 7.3-1: one element, vertical polarisation.

A_v(theta) = -min(12 (theta / 65 deg)^2, 30 dB)          theta measured from the tilted boresight
A_h(phi)   = -min(12 (phi / 65 deg)^2, 30 dB)
G          = 8 dBi - min(-(A_v + A_h), 30 dB)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BEAMWIDTH_RAD = np.deg2rad(65.0)
FLOOR_DB = 30.0
PEAK_DBI = 8.0


def sector_gain_db(azimuth_off: ArrayLike, elevation_off: ArrayLike) -> NDArray[np.float64]:
    """Return the antenna gain [dBi] at angles off the boresight.

    Args:
        azimuth_off: azimuth minus boresight azimuth [rad], any shape, any branch.
        elevation_off: elevation minus boresight elevation [rad], broadcastable.

    References:
        3GPP TR 38.901 V17, Study on channel model for frequencies from 0.5 to 100 GHz, Table 7.3-1.
    """
    phi = np.angle(np.exp(1j * np.asarray(azimuth_off, dtype=np.float64)))
    theta = np.asarray(elevation_off, dtype=np.float64)
    horizontal = np.minimum(12.0 * (phi / _BEAMWIDTH_RAD) ** 2, FLOOR_DB)
    vertical = np.minimum(12.0 * (theta / _BEAMWIDTH_RAD) ** 2, FLOOR_DB)
    return np.asarray(PEAK_DBI - np.minimum(horizontal + vertical, FLOOR_DB), dtype=np.float64)
