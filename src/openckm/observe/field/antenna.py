"""Antenna patterns: the element of 3GPP TR 38.901 (`openckm.maps.antenna`) and smooth functions of bearing.

References:
    Study on channel model for frequencies from 0.5 to 100 GHz. 3GPP TR 38.901, Table 7.3-1 and Section 7.1.3.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError
from openckm.maps.antenna import PEAK_DBI, sector_gain_db

Array = NDArray[np.float64]


def element_gain_dbi(
    azimuth_offset_rad: float | ArrayLike, zenith_offset_rad: float | ArrayLike = 0.0, *, peak_dbi: float = PEAK_DBI
) -> Array:
    """Return the gain [dBi] of the TR 38.901 element.

    Args:
        azimuth_offset_rad: azimuth from boresight [rad], any shape; wrapped.
        zenith_offset_rad: zenith angle from boresight [rad], broadcast against it.
        peak_dbi: gain at boresight [dBi].

    References:
        Study on channel model for frequencies from 0.5 to 100 GHz. 3GPP TR 38.901, Table 7.3-1.
    """
    return np.asarray(sector_gain_db(azimuth_offset_rad, zenith_offset_rad) + (peak_dbi - PEAK_DBI))


def boresight_offsets(
    east_m: float | ArrayLike, north_m: float | ArrayLike, up_m: float | ArrayLike, azimuth_rad: float,
    downtilt_rad: float = 0.0,
) -> tuple[Array, Array]:  # fmt: skip
    """Return (azimuth offset, zenith offset) [rad] of points seen from an antenna, in its own tilted frame.

    Args:
        east_m: position relative to the antenna [m], any shape.
        north_m: the same.
        up_m: the same; negative below the antenna.
        azimuth_rad: boresight, counter-clockwise from east [rad].
        downtilt_rad: boresight below the horizon [rad].

    Returns:
        The azimuth offset in (-pi, pi], counter-clockwise; and the zenith offset, positive below the boresight plane.
    """
    east, north, up = (np.asarray(v, dtype=np.float64) for v in (east_m, north_m, up_m))
    ahead = east * math.cos(azimuth_rad) + north * math.sin(azimuth_rad)
    left = -east * math.sin(azimuth_rad) + north * math.cos(azimuth_rad)
    forward = ahead * math.cos(downtilt_rad) - up * math.sin(downtilt_rad)
    above = ahead * math.sin(downtilt_rad) + up * math.cos(downtilt_rad)
    azimuth_offset, zenith_offset = np.arctan2(left, forward), -np.arctan2(above, np.hypot(forward, left))
    return np.asarray(azimuth_offset), np.asarray(zenith_offset)


def harmonics(bearing_rad: ArrayLike, azimuth_rad: float, order: int) -> Array:
    """Return cos k(b - a), sin k(b - a) for k = 1..order, shape (n, 2 order): smooth free patterns around an azimuth.

    Args:
        bearing_rad: b, shape (n,) [rad].
        azimuth_rad: a [rad].
        order: highest harmonic, 0 for no columns.

    Raises:
        OptionError: if the order is negative.
    """
    if order < 0:
        raise OptionError(f"harmonic order {order}: wanted 0 or more")
    offset = np.asarray(bearing_rad, dtype=np.float64)[:, None] - azimuth_rad
    phase = offset * np.arange(1, order + 1)
    return np.stack([np.cos(phase), np.sin(phase)], axis=-1).reshape(len(offset), 2 * order)
