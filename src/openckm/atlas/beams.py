"""Which beam of an array to use at places, from the map of the direction of arrival.

A uniform linear array of N elements, spaced d wavelengths apart, has the steering vector (P1, Eq. 25)

    a(theta) = [1, e^(j 2 pi d sin theta), ..., e^(j 2 pi d (N - 1) sin theta)]

theta is counted from the array's broadside, counter-clockwise seen from above, so that with the broadside to the east
sin theta is the map's `aoa_sin`. A line of elements cannot tell front from back. Beam m of the DFT codebook is
w_m = a(psi_m) / sqrt(N) with the phase step 2 pi m / N; its gain is |w_m^H a|^2, at most N, and its loss N / gain.

The array stands at the asked place (the map's direction is the one from which the strongest path arrives there).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.atlas.places import WGS84
from openckm.atlas.points import ask_points
from openckm.atlas.view import MapView
from openckm.errors import OptionError

Floats = NDArray[np.float64]
EAST, NORTH = "aoa_cos", "aoa_sin"
VAGUE = 0.1
"""Mean direction vectors shorter than this point nowhere: the directions that they average go all round."""


@dataclass(frozen=True)
class LinearArray:
    """A uniform linear array.

    Attributes:
        elements: number of elements N.
        spacing: between elements [wavelengths].
        broadside_deg: direction that the array faces, clockwise from north [degrees].
    """

    elements: int = 8
    spacing: float = 0.5
    broadside_deg: float = 0.0

    def __post_init__(self) -> None:
        if not (1 <= self.elements <= 4096 and 0 < self.spacing <= 100 and math.isfinite(self.broadside_deg)):
            raise OptionError(
                f"{self}: wanted 1 to 4096 elements, a spacing within (0, 100] wavelengths and a direction in degrees"
            )

    def sine(self, east: ArrayLike, north: ArrayLike) -> Floats:
        """Return sin(theta) of unit vectors (east, north) towards where paths come from, of any shape."""
        broadside = math.radians(self.broadside_deg)
        along = -math.cos(broadside), math.sin(broadside)  # the axis, a quarter turn counter-clockwise of the broadside
        return np.asarray(along[0] * np.asarray(east) + along[1] * np.asarray(north), np.float64)


@dataclass(frozen=True, eq=False)
class Beams:
    """The best beam at n places.

    Attributes:
        best: its number in the DFT codebook, -1 where the direction is not known, shape (n,).
        loss_db: the level by which it falls short of a beam that points exactly there [dB], shape (n,).
        chance: probability that it is the best, from the draws; None where the map holds none. Shape (n,).
        azimuth_deg: mean direction of arrival, clockwise from north [degrees], shape (n,).
        sharpness: length of the mean direction vector, 1 where the direction is certain, shape (n,).
        array: the array.
    """

    best: NDArray[np.intp]
    loss_db: Floats
    chance: Floats | None
    azimuth_deg: Floats
    sharpness: Floats
    array: LinearArray


def beam_gains(array: LinearArray, sine: Floats) -> Floats:
    """Return the gain |w_m^H a|^2 of every beam of the DFT codebook, shape (beam, *sine.shape); at most N.

    References:
        P1, Eq. 25. The sum over elements is a geometric series: |sin(N u / 2) / sin(u / 2)|^2 / N, with
        u = 2 pi (d sin theta - m / N).
    """
    count = array.elements
    beams = np.arange(count).reshape(-1, *([1] * np.ndim(sine)))
    half = math.pi * (array.spacing * np.asarray(sine, np.float64) - beams / count)
    below = np.sin(half)
    near = np.abs(below) < 1e-9
    ratio = np.where(near, count, np.sin(count * half) / np.where(near, 1.0, below))
    return np.asarray(ratio**2 / count, np.float64)


def ask_beams(
    view: MapView, array: LinearArray, first: ArrayLike, second: ArrayLike, *, crs: str | None = WGS84
) -> Beams:
    """Return the best beam at places.

    Args:
        view: a map with the channels aoa_cos and aoa_sin.
        array: the array that stands there.
        first: longitudes [degrees], or eastings [m] where `crs` says so, shape (n,).
        second: latitudes [degrees], or northings [m], shape (n,).
        crs: the CRS of the places; None if they lie on the map's plane.

    Raises:
        OptionError: if the map has no direction.
        OutsideGrid: if a place lies outside the map.
        InputError: if a place cannot be one.
    """
    if not {EAST, NORTH} <= set(view.channels):
        raise OptionError(
            f"{view.name} has no direction of arrival (it has {', '.join(view.channels)}): beams want the channels"
            f" {EAST} and {NORTH}, as `ckm construct --zarr` keeps them and a GeoTIFF of the gain does not"
        )
    answer = ask_points(view, first, second, crs=crs, channel=EAST)
    row, col, said = answer.row, answer.col, answer.said
    east, north = answer.mean, view.take("mean", row, col, channel=NORTH).astype(np.float64)
    sharpness = np.hypot(east, north)
    known = said & (sharpness > VAGUE)
    safe = np.where(known, sharpness, 1.0)
    gains = beam_gains(array, array.sine(east / safe, north / safe))
    best = np.argmax(np.where(np.isnan(gains), -1.0, gains), axis=0)
    top = np.take_along_axis(gains, best[None], 0)[0]
    chance = _chance(view, array, row, col, best) if view.draws >= 2 else None
    azimuth = np.degrees(np.arctan2(east, north)) % 360.0
    loss = 10.0 * np.log10(array.elements / np.maximum(top, 1e-12))
    return Beams(
        np.where(known, best, -1), np.where(known, loss, np.nan),
        None if chance is None else np.where(known, chance, np.nan), np.where(known, azimuth, np.nan),
        np.where(said, np.minimum(sharpness, 1.0), np.nan), array,
    )  # fmt: skip


def _chance(
    view: MapView, array: LinearArray, row: NDArray[np.intp], col: NDArray[np.intp], best: NDArray[np.intp]
) -> Floats:
    """Return the share of draws in which each place's beam is the best."""
    east, north = (view.take("draws", row, col, channel=name).astype(np.float64) for name in (EAST, NORTH))
    length = np.maximum(np.hypot(east, north), 1e-9)
    sine = array.sine(east / length, north / length)
    right = np.stack([np.argmax(beam_gains(array, one), axis=0) == best for one in sine])
    return np.asarray(right.mean(0), np.float64)
