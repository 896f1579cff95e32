r"""A reading holds more than the map: transmit power, antenna pattern, slopes. Bayesian linear regression fits them.

    y = sum_j H_j beta_j + eps,   beta_j ~ N(b_j, B_j^2),   eps_i ~ N(0, sigma_i^2)                 (1)

A `Basis` is a named matrix H with the priors of its coefficients; bases are joined side by side. The received power
[dBm] of an unknown transmitter is, e.g.,

    join(map_column(gain_db), level_column(rows), pattern_columns(bearing - azimuth))

The same matrix, prior_mean and prior_std are what `openckm.observe.field.discrepancy.fit_discrepancy` wants.

References:
    Pattern recognition and machine learning. C. M. Bishop, 2006, Eqs 3.49-3.54.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import InputError, OptionError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """One line of a report: an estimated number with its unit; std is None where no spread was computed."""

    name: str
    unit: str
    mean: float
    std: float | None = None


@dataclass(frozen=True, eq=False)
class Basis:
    """Columns of a linear model with Gaussian priors on their coefficients.

    Attributes:
        matrix: H, shape (n, p).
        names: what each coefficient is, length p.
        units: unit of each coefficient, length p.
        prior_mean: shape (p,) [unit of the coefficient].
        prior_std: shape (p,) [unit of the coefficient]; inf for no prior, 0 for a known coefficient.

    Raises:
        InputError: if shapes disagree, or a value is NaN, or a standard deviation is negative.
    """

    matrix: Array
    names: tuple[str, ...]
    units: tuple[str, ...]
    prior_mean: Array
    prior_std: Array

    def __post_init__(self) -> None:
        p = len(self.names)
        shapes = (self.matrix.shape[1:], (len(self.units),), self.prior_mean.shape, self.prior_std.shape)
        if self.matrix.ndim != 2 or any(s != (p,) for s in shapes):
            raise InputError(f"basis of {p} names: matrix {self.matrix.shape}, units/mean/std {shapes[1:]} do not fit")
        if not (np.isfinite(self.matrix).all() and np.isfinite(self.prior_mean).all() and (self.prior_std >= 0).all()):
            raise InputError(f"basis {self.names}: matrix and prior means must be finite, prior_std 0 or more")


def join(*bases: Basis) -> Basis:
    """Return bases side by side.

    Raises:
        InputError: if there is none, they differ in the number of rows, or two columns share a name.
    """
    names = tuple(name for basis in bases for name in basis.names)
    if len({len(b.matrix) for b in bases}) != 1 or len(set(names)) != len(names):
        raise InputError(f"cannot join bases {names}: wanted one or more, equally many rows, and distinct names")
    return Basis(
        np.concatenate([b.matrix for b in bases], axis=1), names, tuple(u for b in bases for u in b.units),
        np.concatenate([b.prior_mean for b in bases]), np.concatenate([b.prior_std for b in bases]),
    )  # fmt: skip


def map_column(value: ArrayLike, *, name: str = "map slope", mean: float = 1.0, std: float = 0.3) -> Basis:
    """Return a predicted map [dB] at the readings, shape (n,), as a column whose coefficient is a slope near `mean`."""
    column = np.asarray(value, dtype=np.float64)[:, None]
    return Basis(column, (name,), ("dB/dB",), np.array([mean]), np.array([std]))


def level_column(rows: int, *, mean: float = 0.0, std: float = math.inf) -> Basis:
    """Return the unknown level of received power [dBm], common to all readings.

    Args:
        rows: how many there are.
        mean: prior mean [dB].
        std: prior standard deviation [dB]; inf for none.
    """
    return Basis(np.ones((rows, 1)), ("offset",), ("dB",), np.array([mean]), np.array([std]))


def harmonics(angle_rad: ArrayLike, order: int) -> Array:
    """Return cos k a, sin k a for k = 1..order, shape (n, 2 order).

    Args:
        angle_rad: a, shape (n,) [rad].
        order: highest harmonic, 0 for no columns.

    Raises:
        OptionError: if the order is negative.
    """
    if order < 0:
        raise OptionError(f"harmonic order {order}: wanted 0 or more")
    angle = np.asarray(angle_rad, dtype=np.float64)
    phase = angle[:, None] * np.arange(1, order + 1)
    return np.stack([np.cos(phase), np.sin(phase)], axis=-1).reshape(len(angle), 2 * order)


def pattern_columns(angle_rad: ArrayLike, *, order: int = 3, std: float = 3.0) -> Basis:
    """Return smooth departures of an antenna's pattern: harmonics of the bearing from boresight.

    Their coefficients are near 0 with a spread that falls as 1 / k^2: with few readings the estimate shrinks to the
    pattern that the map has, with many it is free.

    Args:
        angle_rad: bearing from the boresight to each reading [rad], shape (n,).
        order: highest harmonic.
        std: prior standard deviation of the first harmonic's coefficients [dB].

    Raises:
        OptionError: if the order is negative.
    """
    waves = harmonics(angle_rad, order)
    index = np.repeat(np.arange(1, order + 1), 2)
    kinds = ("cos", "sin") * order
    return Basis(
        waves, tuple(f"pattern {kind} {k}" for kind, k in zip(kinds, index, strict=True)), ("dB",) * len(index),
        np.zeros(len(index)), std / index.astype(np.float64) ** 2,
    )  # fmt: skip
