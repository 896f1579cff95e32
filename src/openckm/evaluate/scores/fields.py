r"""Scores of an ensemble of whole fields against the true field, and of one ensemble against another.

With |a| the root mean square of a field over the scored cells, K draws x_k and the truth t:

    energy score       mean_k |x_k - t| - (1 / (2 K (K - 1))) sum_jk |x_j - x_k|          fair: unbiased in K
    energy distance    2 mean_jk |x_j - y_k| - (pairs of x) - (pairs of y)                 0 of the same law
    gradient ratio     rms of differences between neighbouring scored cells, over the truth's

References:
    Strictly proper scoring rules, prediction, and estimation, T. Gneiting, A. Raftery, 2007, Section 4.3.
    Energy statistics: a class of statistics based on distances, G. Szekely, M. Rizzo, 2013.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError

Array = NDArray[np.float64]


def field_energy_score(draws: ArrayLike, truth: ArrayLike, pair_scale: float = 1.0) -> float:
    """Return the fair energy score of draws, shape (K, n), against a truth, shape (n,).

    `pair_scale` is that of `openckm.evaluate.scores.metrics.crps_draws`.

    Raises:
        OptionError: if shapes differ or there are fewer than two draws.
    """
    x, t = _checked(draws, 2), np.asarray(truth, np.float64)
    if x.shape[1:] != t.shape:
        raise OptionError(f"draws {x.shape} against a truth {t.shape}: wanted (K, n) and (n,)")
    return float(_norm(x - t).mean() - 0.5 * pair_scale * _within(x))


def energy_distance(one: ArrayLike, other: ArrayLike, pair_scale: float = 1.0) -> float:
    """Return the unbiased energy distance of two ensembles, shapes (K, n) and (L, n); may be below 0 by chance.

    `pair_scale` is that of `openckm.evaluate.scores.metrics.crps_draws`, for the first ensemble.

    Raises:
        OptionError: if shapes differ or there are fewer than two draws.
    """
    x, y = _checked(one, 2), _checked(other, 2)
    if x.shape[1:] != y.shape[1:]:
        raise OptionError(f"ensembles {x.shape} and {y.shape}: wanted the same cells")
    between = np.mean([_norm(x - one_y).mean() for one_y in y])
    return float(2.0 * between - pair_scale * _within(x) - _within(y))


def gradient_ratio(draws: ArrayLike, truth: ArrayLike, scored: NDArray[np.bool_]) -> float:
    """Return how rough draws (K, rows, cols) are over how rough the truth (rows, cols) is.

    Raises:
        OptionError: if no two neighbouring cells are scored, or the truth is flat.
    """
    x, t = np.asarray(draws, np.float64), np.asarray(truth, np.float64)
    found = []
    for field in (x, t[None]):
        parts = []
        for axis in (1, 2):
            both = np.take(scored, range(1, scored.shape[axis - 1]), axis - 1)
            both = both & np.take(scored, range(scored.shape[axis - 1] - 1), axis - 1)
            parts.append(np.diff(np.where(scored, field, 0.0), axis=axis)[:, both].ravel())
        found.append(np.concatenate(parts))
    if not found[1].size or not (found[1] ** 2).mean() > 0:
        raise OptionError("a gradient wants neighbouring scored cells whose truth differs")
    return float(np.sqrt((found[0] ** 2).mean() / (found[1] ** 2).mean()))


def _checked(draws: ArrayLike, least: int) -> Array:
    x = np.asarray(draws, np.float64)
    if x.ndim != 2 or len(x) < least or x.shape[1] < 1 or not np.isfinite(x).all():
        raise OptionError(f"draws of shape {x.shape}: wanted (K >= {least}, n >= 1), all finite")
    return x


def _norm(x: Array) -> Array:
    return np.asarray(np.sqrt((x**2).mean(-1)))


def _within(x: Array) -> float:
    k = len(x)
    return float(sum(_norm(x - one).sum() for one in x) / (k * (k - 1)))
