"""What a map channel is: its unit, its physical range, its latent code, and how the 8 symmetries act on it.

The latent code is affine, z = (v - offset) / scale, chosen so that every channel of a map has a standard
deviation near 0.5 (the `sigma_data` of the priors). A direction is kept as the unit vector (cos, sin) towards
where the strongest path comes from (azimuth counter-clockwise from east): cosine is the `east` component, sine
the `north` component, and a symmetry of the square turns the vector together with the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import UnitError

__all__ = ["GAIN"]

_Symmetry = Literal["scalar", "east", "north"]


@dataclass(frozen=True)
class Quantity:
    """One physical quantity of a map.

    Attributes:
        name: channel name, e.g. "gain_db".
        unit: "dB", "1" (dimensionless).
        lo: smallest physical value that makes sense [unit].
        hi: largest physical value that makes sense [unit].
        symmetry: "scalar", or the component ("east", "north") of a direction vector.
        offset: physical value whose latent code is 0 [unit].
        scale: physical size of one latent unit [unit].
    """

    name: str
    unit: str
    lo: float
    hi: float
    symmetry: _Symmetry = "scalar"
    offset: float = 0.0
    scale: float = 1.0

    def encode(self, value: ArrayLike) -> NDArray[np.float32]:
        """Return the latent code of physical values of any shape (NaN stays NaN)."""
        return ((np.asarray(value, dtype=np.float64) - self.offset) / self.scale).astype(np.float32)

    def decode(self, latent: ArrayLike) -> NDArray[np.float32]:
        """Return the physical values [unit] of latent codes of any shape."""
        return (np.asarray(latent, dtype=np.float64) * self.scale + self.offset).astype(np.float32)


GAIN = Quantity("gain_db", "dB", lo=-300.0, hi=0.0, offset=-100.0, scale=40.0)
AOA_COS = Quantity("aoa_cos", "1", lo=-1.0, hi=1.0, symmetry="east", scale=1.0 / 0.7)
AOA_SIN = Quantity("aoa_sin", "1", lo=-1.0, hi=1.0, symmetry="north", scale=1.0 / 0.7)
BUILDING = Quantity("building", "1", lo=0.0, hi=1.0, offset=0.5)
COVERED = Quantity("covered", "1", lo=0.0, hi=1.0, offset=0.5)

CHANNELS: tuple[Quantity, ...] = (GAIN, AOA_COS, AOA_SIN, BUILDING, COVERED)
"""The channels of a complete map, in the order in which the priors hold them."""


UNLEARNT: tuple[Quantity, ...] = (
    Quantity("rsrq_db", "dB", lo=-43.0, hi=20.0, offset=-12.0, scale=8.0),
    Quantity("sinr_db", "dB", lo=-40.0, hi=60.0, offset=10.0, scale=20.0),
    Quantity("rssi_dbm", "dBm", lo=-160.0, hi=0.0, offset=-70.0, scale=30.0),
    Quantity("throughput_mbps", "Mbit/s", lo=0.0, hi=1e6, offset=50.0, scale=100.0),
)
"""Quantities that people measure and no prior has learnt: they depend on load, interference and other cells."""


def quantity(name: str) -> Quantity:
    """Return the map quantity of a name.

    Raises:
        UnitError: if no channel has that name.
    """
    for channel in (*CHANNELS, *UNLEARNT):
        if channel.name == name:
            return channel
    raise UnitError(f"unknown map quantity {name!r}: wanted one of {', '.join(c.name for c in CHANNELS)}")
