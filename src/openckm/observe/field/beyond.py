r"""Of more readings than a factor of their covariance can hold, conjugate gradients give the mean all the same.

Neighbours are joined until a dense factor is possible (`openckm.observe.field.readings.join_neighbours`); the spread,
leave-out formulas and draws are of that joined model. The mean need not be: with C the covariance of all readings,

    C X = [r, H S],    u = (I + S H' X_H)^-1 S H' X_r,    C^-1 (r - H S u) = X_r - X_H u           (1)

where readings lie on one grid of cells, C v is a convolution (FFT) and a diagonal. The joined model preconditions: with
P from places to readings, N the noise of single readings, Q = P' N^-1 P, and C_p the joined places' covariance,

    (N + P K_p P')^-1 v = N^-1 (v - P m + P Q^-1 C_p^-1 m),    m = Q^-1 P' N^-1 v                   (2)

which is C^-1 up to what happens within the joined cells, so that some tens of steps suffice.

References:
    Iterative methods for sparse linear systems. Y. Saad, 2003, Algorithm 9.1 (preconditioned conjugate gradients).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.observe.field.marginal import Hyper
from openckm.observe.field.matern import same_places, weighted_covariance

Array = NDArray[np.float64]
STEPS = 200
"""Conjugate gradients, at most."""
_SETTLED = 1e-7
"""Residual over the right-hand side at which the answer stands."""
LARGEST = 2**22
"""Cells of the grid that readings may lie on."""


@dataclass(frozen=True, eq=False)
class Joined:
    """The joined model, as a preconditioner.

    Attributes:
        place: number of the joined place of each reading, shape (n,).
        noise: variance of each reading's noise, its own nugget included where the joined place is made of several
            [unit of y squared], shape (n,).
        place_noise: the same of each joined place, 1 over the precision of its readings, shape (places,).
        solve: returns C_p^-1 times the columns of an array, shape (places, k).
    """

    place: NDArray[np.intp]
    noise: Array
    place_noise: Array
    solve: Callable[[Array], Array]

    def __call__(self, value: Array) -> Array:
        """Return the approximate inverse times the columns of `value`, shape (n, k)."""
        weighed = np.zeros((len(self.place_noise), value.shape[1]))
        np.add.at(weighed, self.place, value / self.noise[:, None])
        mean = weighed * self.place_noise[:, None]
        inner = mean - self.place_noise[:, None] * self.solve(mean)
        return np.asarray((value - inner[self.place]) / self.noise[:, None])  # (2)


def _grid_of(xy: Array) -> tuple[Array, NDArray[np.intp]] | None:
    """Return the places of the smallest regular grid that holds all points [m], and each point's number among them.

    None where the points lie on no such grid, or on one of more than LARGEST cells.
    """
    axes, number = [], []
    for values in xy.T:
        seen, back = np.unique(np.round(values, 6), return_inverse=True)
        step = float(np.diff(seen).min()) if len(seen) > 1 else 1.0
        index = np.rint((seen - seen[0]) / step)
        if np.abs(seen - (seen[0] + step * index)).max() > 1e-6 * max(1.0, float(index[-1])):
            return None
        axes.append(seen[0] + step * np.arange(int(index[-1]) + 1))
        number.append(index.astype(np.intp)[back])
    if len(axes[0]) * len(axes[1]) > LARGEST:
        return None
    x, y = np.meshgrid(*axes)
    return np.stack([x.ravel(), y.ravel()], axis=1), np.asarray(number[1] * len(axes[0]) + number[0])


def solved(
    xy: Array, resid: Array, design: Array, flat: NDArray[np.bool_], noise: Array, hyper: Hyper, joined: Joined
) -> tuple[Array, Array] | None:
    """Return u and the weights C^-1 (r - H S u) of all readings, shapes (p,) and (n,).

    Args:
        xy: places of the readings [m], shape (n, 2).
        resid: readings less the prior mean, shape (n,).
        design: H S, shape (n, p).
        flat: coefficients without a prior, shape (p,).
        noise: variance of each reading's noise [unit of y squared], shape (n,).
        hyper: hyperparameters.
        joined: the joined model.

    Returns:
        None where the readings lie on no common grid, or the steps do not suffice: then the joined model stands.
    """
    found = _grid_of(xy)
    if found is None:
        return None
    grid, number = found
    label = same_places(xy)

    def product(value: Array) -> Array:
        spread = weighted_covariance(value.T, xy, grid, hyper.components)[:, number].T
        own = np.zeros((int(label.max()) + 1, value.shape[1]))
        np.add.at(own, label, value)
        return np.asarray(spread + hyper.nugget_std**2 * own[label] + noise[:, None] * value)

    answer = _conjugate_gradients(product, np.column_stack([resid, design]), joined)
    if answer is None:
        return None
    by_resid, by_design = answer[:, 0], answer[:, 1:]
    precision = np.diag(np.where(flat, 0.0, 1.0)) + design.T @ by_design
    shift = np.asarray(np.linalg.solve(precision, design.T @ by_resid), np.float64)  # (1)
    return shift, by_resid - by_design @ shift


def _conjugate_gradients(
    product: Callable[[Array], Array], wanted: Array, inverse: Callable[[Array], Array]
) -> Array | None:
    """Return X with product(X) = wanted, every column by itself; None where STEPS do not suffice.

    Args:
        product: a positive definite operator on the columns of an array, shape (n, k).
        wanted: right-hand sides, shape (n, k).
        inverse: about its inverse, positive definite as well.
    """
    size = np.maximum(np.sqrt((wanted**2).sum(0)), 1e-30)
    answer, left = np.zeros_like(wanted), wanted.copy()
    turned = inverse(left)
    way, power = turned, (left * turned).sum(0)
    for _ in range(STEPS):
        if (np.sqrt((left**2).sum(0)) <= _SETTLED * size).all():
            return answer
        ahead = product(way)
        step = power / np.maximum((way * ahead).sum(0), 1e-300)
        answer, left = answer + step * way, left - step * ahead
        turned = inverse(left)
        renewed = (left * turned).sum(0)
        way, power = turned + renewed / np.maximum(power, 1e-300) * way, renewed
    return None
