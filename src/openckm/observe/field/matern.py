r"""This module has Matérn covariances on the plane, their derivatives and their spectral draws.

    k(d) = v R(d / l),    R_{1/2}(r) = exp(-r),    R_{3/2}(r) = (1 + sqrt(3) r) exp(-sqrt(3) r)

with variance v, distance d [m] and length l [m]. In the plane the spectral measure of R_nu is the bivariate Student t
with 2 nu degrees of freedom and scale 1 / l, so that with w ~ t_{2 nu} / l and a, b ~ N(0, 1)

    f(s) = sqrt(v / F) sum_{j <= F} a_j cos(w_j . s) + b_j sin(w_j . s)

has, over draws of (w, a, b), exactly the covariance k; and f is Gaussian given w.

References:
    Random features for large-scale kernel machines. A. Rahimi, B. Recht, 2007.
    Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Eqs 4.14-4.17.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.spatial.distance import cdist

from openckm.errors import OptionError

Array = NDArray[np.float64]

_CHUNK = 2**22
_DENSE_GRID = 4
_FEW_PAIRS = 2**18
"""Pairs of places below which looking for a common grid does not pay."""
_SAME_M = 1e-6


@dataclass(frozen=True)
class Matern:
    """One Matérn component of a covariance.

    Attributes:
        nu: smoothness, 0.5 (exponential) or 1.5 (once differentiable).
        length_m: length scale l [m].
        std: standard deviation sqrt(v) [unit of the field], 0 allowed.
        across: factor on the covariance between fields i and j, a symmetric matrix without negative eigenvalues, where
            places say in a third coordinate whose field they read (0, 1, ...); None for one field.

    Raises:
        OptionError: if a value is out of range.
    """

    nu: float
    length_m: float
    std: float
    across: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        if self.nu not in (0.5, 1.5):
            raise OptionError(f"Matérn smoothness {self.nu!r}: wanted 0.5 or 1.5")
        if not (math.isfinite(self.length_m) and self.length_m > 0):
            raise OptionError(f"Matérn length {self.length_m!r} m: wanted a positive finite number of metres")
        if not (math.isfinite(self.std) and self.std >= 0):
            raise OptionError(f"Matérn standard deviation {self.std!r}: wanted a finite number, 0 or more")

    @property
    def variance(self) -> float:
        """Variance v [unit of the field squared]."""
        return self.std**2

    def __call__(self, distance: Array) -> Array:
        """Return the covariance [unit squared] at distances [m] of any shape."""
        a = distance * (math.sqrt(2.0 * self.nu) / self.length_m)
        decay = self.variance * np.exp(-a)
        return np.asarray(decay if self.nu == 0.5 else decay * (1.0 + a))

    def with_length_gradient(self, distance: Array) -> tuple[Array, Array]:
        """Return k and dk / d(log l) [both unit squared] at distances [m] of any shape."""
        a = distance * (math.sqrt(2.0 * self.nu) / self.length_m)
        decay = self.variance * np.exp(-a)
        if self.nu == 0.5:
            return np.asarray(decay), np.asarray(decay * a)
        return np.asarray(decay * (1.0 + a)), np.asarray(decay * a * a)

    def frequencies(self, count: int, rng: np.random.Generator) -> Array:
        """Return draws [rad/m] of the spectral measure, shape (count, 2)."""
        normal = rng.standard_normal((count, 2))
        chi2 = rng.chisquare(2.0 * self.nu, size=(count, 1))
        return np.asarray(normal * np.sqrt(2.0 * self.nu / chi2) / self.length_m)


def covariance(first: Array, second: Array, components: Sequence[Matern], nugget_std: float = 0.0) -> Array:
    """Return the summed covariance [unit squared] of points [m], (n, 2) and (m, 2), as an (n, m) matrix.

    Args:
        first: positions [m], shape (n, 2), or (n, 3) with the number of the field that is read there.
        second: positions [m], shape (m, 2) or (m, 3).
        components: the Matérn terms, summed.
        nugget_std: standard deviation of what a place shares with no other place [unit].
    """
    lattice = _lattice(first, second)
    total: Array = np.zeros((len(first), len(second)))
    distance = np.zeros((0, 0)) if lattice is not None else cdist(first[:, :2], second[:, :2])
    for component in components:
        if component.std > 0:
            here = component(distance) if lattice is None else lattice.spread(component)
            total += here * _between(component, first, second)
    if nugget_std > 0:
        label = same_places(np.concatenate([first, second]))
        there = np.flatnonzero(np.isin(label[len(first) :], label[: len(first)]))  # columns with a partner: few
        same = label[: len(first), None] == label[len(first) :][there]
        total[:, there] += nugget_std**2 * same
    return total


@dataclass(frozen=True, eq=False)
class _Lattice:
    """Two sets of places on one regular grid, the second filling R x C of its cells: distances repeat.

    A kernel is then computed once for every offset between cells instead of once for every pair of places.

    Attributes:
        shape: (R, C).
        row: the row of each place of the first set, counted so that the largest is 0, shape (n,).
        col: the column of each place, shape (n,).
        distance: the distance of every offset [m], shape (R + span of rows, C + span of columns).
    """

    shape: tuple[int, int]
    row: NDArray[np.intp]
    col: NDArray[np.intp]
    distance: Array

    def weighted(self, component: Matern, weights: Array) -> Array:
        """Return weights' times the covariance [unit squared], (k, n) -> (k, R C): a convolution on the grid."""
        table = component(self.distance)
        held = np.zeros((len(weights), 1 - int(self.row.min()), 1 - int(self.col.min())))
        for one, weight in zip(held, weights, strict=True):
            np.add.at(one, (self.row - 1, self.col - 1), weight)  # half a turn of the grid: offset 0 is last
        size = [next_fast_len(n, real=True) for n in table.shape]  # what wraps around lies beside the part that is kept
        kernel = rfft2(table, size)
        made = irfft2(kernel * rfft2(held, size), size)
        top, left = held.shape[1] - 1, held.shape[2] - 1
        return np.asarray(made[:, top : top + self.shape[0], left : left + self.shape[1]]).reshape(len(weights), -1)

    def spread(self, component: Matern) -> Array:
        """Return the covariance [unit squared] of all pairs, shape (n, R C)."""
        rows, cols = self.shape
        table, out = component(self.distance), np.empty((len(self.row), rows, cols))
        for k, (row, col) in enumerate(zip(-self.row, -self.col, strict=True)):
            out[k] = table[row : row + rows, col : col + cols]
        return out.reshape(len(self.row), rows * cols)


def row_length(points: Array) -> int:
    """Return the number of columns where points [m], (m, 2), fill a regular grid row by row, else 1."""
    if len(points) < 2:
        return 1
    other = np.flatnonzero(points[:, 1] != points[0, 1])
    cols = int(other[0]) if len(other) else len(points)
    if cols == 1 or len(points) % cols:
        return 1
    x, y = points[:, 0].reshape(-1, cols), points[:, 1].reshape(-1, cols)
    return cols if (x == x[0]).all() and (y == y[:, :1]).all() else 1


def _lattice(first: Array, second: Array) -> _Lattice | None:
    """Return the grid that two sets of places [m] share, or None if they share none or are too few to matter."""
    if len(first) * len(second) < _FEW_PAIRS or (cols := row_length(second)) == 1 or len(second) < 2 * cols:
        return None
    xs, ys = second[:cols, 0], second[::cols, 1]
    across, down = xs[1] - xs[0], ys[1] - ys[0]
    if not (_even(xs, across) and _even(ys, down)):
        return None
    col, row = (first[:, 0] - xs[0]) / across, (first[:, 1] - ys[0]) / down
    near = [np.rint(v) for v in (row, col)]
    if max(np.abs(row - near[0]).max() * abs(down), np.abs(col - near[1]).max() * abs(across)) > _SAME_M:
        return None
    row, col = (v.astype(np.intp) - int(v.max()) for v in near)
    # offset of cell (r, c) of the grid from place k: r - row_k, c - col_k; the table begins at the smallest
    down_m = (np.arange(len(ys) - int(row.min())) - near[0].max()) * down
    across_m = (np.arange(cols - int(col.min())) - near[1].max()) * across
    if len(down_m) * len(across_m) > len(first) * len(second) // 2:
        return None
    return _Lattice((len(ys), cols), row, col, np.hypot(down_m[:, None], across_m[None, :]))


def _even(values: Array, step: float) -> bool:
    """Return whether coordinates [m] are evenly spaced."""
    return bool(np.abs(values - (values[0] + step * np.arange(len(values)))).max() <= _SAME_M)


def weighted_covariance(
    weights: Array, first: Array, second: Array, components: Sequence[Matern], nugget_std: float = 0.0
) -> Array:
    """Return weights' times `covariance`, (k, n) -> (k, m): on a common grid without the (n, m) matrix.

    Args:
        weights: the weights of the first set of places, shape (k, n).
        first: positions [m], as for `covariance`.
        second: positions [m].
        components: the Matérn terms, summed.
        nugget_std: standard deviation of what a place shares with no other place [unit].
    """
    alone = all(c.across is None for c in components)
    lattice = _lattice(first, second) if alone else None
    if lattice is None:
        return np.asarray(weights @ covariance(first, second, components, nugget_std))
    total = sum((lattice.weighted(c, weights) for c in components if c.std > 0), np.zeros((len(weights), len(second))))
    if nugget_std > 0:
        label = same_places(np.concatenate([first, second]))
        own = np.stack([np.bincount(label[: len(first)], w, int(label.max()) + 1) for w in weights])
        total += nugget_std**2 * own[:, label[len(first) :]]
    return np.asarray(total)


def _between(component: Matern, first: Array, second: Array) -> Array | float:
    """Return the factor between the fields that two sets of places read, (n, m), or 1 where there is one field."""
    if component.across is None:
        return 1.0
    table = np.asarray(component.across)
    return np.asarray(table[np.ix_(first[:, 2].astype(np.intp), second[:, 2].astype(np.intp))])


def _variances(component: Matern, points: Array) -> Array:
    """Return the variance of one component at each place, shape (n,)."""
    own = 1.0 if component.across is None else np.diag(np.asarray(component.across))[points[:, 2].astype(np.intp)]
    return np.asarray(np.broadcast_to(component.variance * own, (len(points),)))


def variances(points: Array, components: Sequence[Matern], nugget_std: float = 0.0) -> Array:
    """Return the summed variance [unit squared] at each place, shape (n,)."""
    return np.asarray(sum((_variances(c, points) for c in components), np.full(len(points), nugget_std**2)))


def same_places(points: Array) -> NDArray[np.intp]:
    """Return a number for each point, shape (n,), the same for points within a millimetre, from 0 without a gap."""
    corner = points.min(axis=0) if len(points) else np.zeros(3)
    east, north = np.round((points[:, :2] - corner[:2]) * 1e3).astype(np.int64).T
    _, label = np.unique(east * 2**31 + north, return_inverse=True)
    if points.shape[1] == 3:  # another field has nothing of its own in common
        _, label = np.unique(label * 2**20 + points[:, 2].astype(np.int64), return_inverse=True)
    return np.asarray(label, dtype=np.intp).reshape(-1)


def spectral_draw(
    first: Array, second: Array, components: Sequence[Matern], rng: np.random.Generator, features: int
) -> tuple[Array, Array]:
    """Return one draw of the zero-mean field at two sets of points.

    The frequencies are drawn afresh at every call, so the covariance over draws is exactly the kernel whatever
    `features` is; a single draw is Gaussian up to an excess kurtosis of order 1 / features.

    Args:
        first: positions [m], shape (n, 2).
        second: positions [m], shape (m, 2); the columns and rows of a regular grid are found and used.
        components: the covariance.
        rng: the draw's own generator.
        features: number of frequencies per component.

    Returns:
        The field [unit] at both sets, shapes (n,) and (m,).

    References:
        Random features for large-scale kernel machines. A. Rahimi, B. Recht, 2007.
    """
    grid = _as_grid(second[:, :2])
    fields = np.zeros(len(first)), np.zeros(len(second))
    for component in components:
        roots = np.ones((1, 1)) if component.across is None else _root(np.asarray(component.across))
        for root in roots.T:  # one independent field for each column of the root of `across`
            omega = component.frequencies(features, rng)
            weight = rng.standard_normal((features, 2)) * (component.std / math.sqrt(features))
            if component.std == 0:
                continue
            drawn = _sum_at_points(first[:, :2], omega, weight)
            wide = _sum_on_grid(grid, omega, weight) if grid else _sum_at_points(second[:, :2], omega, weight)
            fields[0][:] += drawn * (1.0 if component.across is None else root[first[:, 2].astype(np.intp)])
            fields[1][:] += wide * (1.0 if component.across is None else root[second[:, 2].astype(np.intp)])
    return fields


def _root(across: Array) -> Array:
    """Return a matrix whose product with its transpose is `across`."""
    value, vector = np.linalg.eigh(across)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))


_Grid = tuple[Array, NDArray[np.intp], Array, NDArray[np.intp]]


def _as_grid(points: Array) -> _Grid | None:
    """Return (xs, column, ys, row) where the points fill a good part of the grid of their coordinates."""
    xs, column = np.unique(points[:, 0], return_inverse=True)
    ys, row = np.unique(points[:, 1], return_inverse=True)
    if len(xs) * len(ys) > _DENSE_GRID * len(points):
        return None
    return xs, column, ys, row


def _sum_on_grid(grid: _Grid, omega: Array, weight: Array) -> Array:
    """Re sum (a - ib) exp(i wx x) exp(i wy y): a matrix product, as the exponential separates."""
    xs, column, ys, row = grid
    along_x = np.exp(1j * np.outer(xs, omega[:, 0]))
    along_y = np.exp(1j * np.outer(ys, omega[:, 1])) * (weight[:, 0] - 1j * weight[:, 1])
    table = along_y.real @ along_x.real.T - along_y.imag @ along_x.imag.T
    return np.asarray(table[row, column])


def _sum_at_points(points: Array, omega: Array, weight: Array) -> Array:
    out = np.empty(len(points))
    for part in _chunks(len(points), len(omega)):
        phase = points[part] @ omega.T
        out[part] = np.cos(phase) @ weight[:, 0] + np.sin(phase) @ weight[:, 1]
    return out


def _chunks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of rows that keep a (rows, columns) block of doubles small."""
    step = max(1, _CHUNK // max(columns, 1))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
