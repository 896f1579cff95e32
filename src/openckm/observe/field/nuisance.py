r"""What a reading holds besides the map: transmit power, antenna pattern, slopes. Bayesian linear regression.

    y = sum_j H_j beta_j + eps,   beta_j ~ N(b_j, B_j^2),   eps_i ~ N(0, sigma_i^2)

A `Basis` is a named matrix H with the priors of its coefficients; bases are joined side by side. The received power
[dBm] of an unknown transmitter is, e.g.,

    join(map_column(gain_db), offset_columns(device), pattern_columns(bearing, azimuth, ...))

The same matrix, prior_mean and prior_std are what `openckm.observe.field.discrepancy.fit_discrepancy` wants.

References:
    Pattern recognition and machine learning. C. M. Bishop, 2006, Eqs 3.49-3.54.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky

from openckm.errors import InputError
from openckm.observe.field.antenna import element_gain_dbi, harmonics

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


@dataclass(frozen=True, eq=False)
class LinearFit:
    """Posterior of the coefficients of a basis.

    Attributes:
        mean: shape (p,).
        covariance: shape (p, p).
        names: what each coefficient is.
        units: unit of each coefficient.
    """

    mean: Array
    covariance: Array
    names: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def std(self) -> Array:
        """Posterior standard deviation of each coefficient, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    def predict(self, matrix: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation [unit of y] of H beta for new rows, shape (m, p)."""
        variance = np.einsum("ij,jk,ik->i", matrix, self.covariance, matrix)
        return matrix @ self.mean, np.sqrt(np.maximum(variance, 0.0))

    def report(self) -> tuple[Parameter, ...]:
        """Return one line for each coefficient."""
        rows = zip(self.names, self.units, self.mean, self.std, strict=True)
        return tuple(Parameter(name, unit, float(m), float(s)) for name, unit, m, s in rows)


def fit_linear(y: Array, sigma: Array, basis: Basis) -> LinearFit:
    """Return the posterior of the coefficients given readings.

    Args:
        y: readings [any one unit], shape (n,).
        sigma: standard deviation of each reading's noise [same unit], shape (n,).
        basis: the columns and priors.

    Raises:
        InputError: if shapes disagree, sigma is not positive, or a coefficient without prior is not identified.

    References:
        Pattern recognition and machine learning. C. M. Bishop, 2006, Eqs 3.50, 3.51.
    """
    n = len(basis.matrix)
    if y.shape != (n,) or sigma.shape != (n,):
        raise InputError(f"y {y.shape} and sigma {sigma.shape}: wanted ({n},) each, one per row of the basis")
    if not (np.isfinite(y).all() and np.isfinite(sigma).all() and (sigma > 0).all()):
        raise InputError("readings must be finite and their sigma positive and finite; remove the bad rows")
    flat = np.isinf(basis.prior_std)
    scale = np.where(flat, 1.0, basis.prior_std)
    design = basis.matrix * scale / sigma[:, None]
    precision = np.diag(np.where(flat, 0.0, 1.0)) + design.T @ design
    rhs = design.T @ ((y - basis.matrix @ basis.prior_mean) / sigma)
    try:
        factor = (cholesky(precision, lower=True), True)
    except LinAlgError as error:
        raise InputError(
            f"the readings do not identify all of {basis.names}: give those without prior a finite prior_std"
        ) from error
    covariance = np.outer(scale, scale) * cho_solve(factor, np.eye(len(scale)))
    return LinearFit(basis.prior_mean + scale * cho_solve(factor, rhs), covariance, basis.names, basis.units)


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


def offset_columns(
    device: ArrayLike, *, names: Sequence[str] | None = None, mean: float = 0.0,
    std: float = math.inf, device_std: float = 3.0,
) -> Basis:  # fmt: skip
    """Return the unknown level of received power [dBm], common to all and, with several devices, one more for each.

    Args:
        device: name of the device of each reading, length n.
        names: devices that get a column; None for those among `device`. Readings of others have the common level.
        mean: prior mean of the common level [dB].
        std: prior standard deviation of the common level [dB].
        device_std: prior standard deviation of a device's departure from it [dB].
    """
    labels = np.asarray(device, dtype=np.str_)
    chosen = list(dict.fromkeys(names if names is not None else np.unique(labels).tolist()))
    columns = [np.ones(len(labels))]
    if len(chosen) > 1 or names is not None:
        columns += [(labels == name).astype(np.float64) for name in chosen]
    extra = len(columns) - 1
    return Basis(
        np.stack(columns, axis=1), ("offset", *(f"offset of {n or 'unnamed device'}" for n in chosen[:extra])),
        ("dB",) * (extra + 1), np.array([mean] + [0.0] * extra), np.array([std] + [device_std] * extra),
    )  # fmt: skip


def pattern_columns(
    bearing_rad: ArrayLike, azimuth_rad: float | None, *, order: int = 3, std: float = 3.0,
    zenith_offset_rad: float | ArrayLike = 0.0, shape_std: float = 0.25,
) -> Basis:  # fmt: skip
    """Return an antenna pattern: the TR 38.901 element around a known azimuth, and smooth departures from it.

    The TR 38.901 column [dB, 0 at boresight] has a coefficient near 1; the harmonics cos k(bearing - azimuth),
    sin k(bearing - azimuth) have coefficients near 0 whose spread falls as 1 / k^2, so with few readings the estimate
    shrinks to the standard's shape and with many it is free. Without an azimuth only the harmonics remain.

    Args:
        bearing_rad: direction from the antenna to each reading, counter-clockwise from east [rad], shape (n,).
        azimuth_rad: boresight, counter-clockwise from east [rad]; None for an omnidirectional antenna.
        order: highest harmonic.
        std: prior standard deviation of the first harmonic's coefficients [dB].
        zenith_offset_rad: angle of each reading below the boresight plane [rad], scalar or shape (n,).
        shape_std: prior standard deviation of the TR 38.901 coefficient.

    Raises:
        OptionError: if the order is negative.

    References:
        Study on channel model for frequencies from 0.5 to 100 GHz. 3GPP TR 38.901, Table 7.3-1.
    """
    bearing = np.asarray(bearing_rad, dtype=np.float64)
    waves = harmonics(bearing, azimuth_rad or 0.0, order)
    index = np.repeat(np.arange(1, order + 1), 2)
    kinds = ("cos", "sin") * order
    free = Basis(
        waves, tuple(f"pattern {kind} {k}" for kind, k in zip(kinds, index, strict=True)), ("dB",) * len(index),
        np.zeros(len(index)), std / index.astype(np.float64) ** 2,
    )  # fmt: skip
    if azimuth_rad is None:
        return free
    gain = element_gain_dbi(bearing - azimuth_rad, zenith_offset_rad, peak_dbi=0.0)
    standard = Basis(gain[:, None], ("TR 38.901 pattern",), ("dB/dB",), np.ones(1), np.array([shape_std]))
    return join(standard, free) if order else standard
