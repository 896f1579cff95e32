r"""Scores of directions: angles [rad] and beliefs about the unit vector u = (cos, sin).

    angular error   d(a, b) = |wrap(a - b)|, 0 to pi
    circular CRPS   E d(X, v) - (1/2) E d(X, X'), with the fair pair term over K draws
    energy score    E |U - u| - (1/2) E |U - U'| of unit vectors, the same with the chord instead of the arc

References:
    "The Continuous Ranked Probability Score for Circular Variables and its Application to Mesoscale Forecast Ensemble
    Verification", Grimit, Gneiting, Berrocal & Johnson, 2006, Eq. 6.
    "Strictly Proper Scoring Rules, Prediction, and Estimation", Gneiting & Raftery, 2007, Eq. 22 (energy score).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError

Array = NDArray[np.float64]


def angular_error(estimate_rad: ArrayLike, truth_rad: ArrayLike) -> Array:
    """Return the angle [rad, 0 to pi] between directions [rad, any branch], of the broadcast shape.

    Raises:
        OptionError: if there is nothing to score or a value is not finite.
    """
    gap = np.asarray(estimate_rad, np.float64) - np.asarray(truth_rad, np.float64)
    if gap.size == 0 or not np.isfinite(gap).all():
        raise OptionError("directions must be finite, and at least one; leave out cells that carry no truth")
    return np.asarray(np.abs(np.remainder(gap + np.pi, 2.0 * np.pi) - np.pi))


def mean_angular_error(estimate_rad: ArrayLike, truth_rad: ArrayLike) -> float:
    """Return the mean angle [rad] between directions [rad].

    Raises:
        OptionError: if shapes differ, there is nothing to score or a value is not finite.
    """
    if np.shape(estimate_rad) != np.shape(truth_rad):
        raise OptionError(f"directions of shapes {np.shape(estimate_rad)} and {np.shape(truth_rad)}: wanted the same")
    return float(angular_error(estimate_rad, truth_rad).mean())


def circular_crps(draws_rad: ArrayLike, truth_rad: ArrayLike) -> float:
    """Return the mean fair circular CRPS [rad] of draws, shape (K, ...), against truths, shape (...).

    Raises:
        OptionError: if shapes differ, there are fewer than two draws or a value is not finite.

    References:
        "The Continuous Ranked Probability Score for Circular Variables", Grimit et al., 2006, Eq. 6.
    """
    x, v = _paired(draws_rad, truth_rad)
    return _fair(angular_error(x, v[None]), lambda j, k: angular_error(x[j], x[k]))


def energy_score(draws_rad: ArrayLike, truth_rad: ArrayLike) -> float:
    """Return the mean fair energy score [1] of the unit vectors of draws, shape (K, ...), against truths, shape (...).

    Raises:
        OptionError: if shapes differ, there are fewer than two draws or a value is not finite.

    References:
        "Strictly Proper Scoring Rules, Prediction, and Estimation", Gneiting & Raftery, 2007, Eq. 22.
    """
    x, v = _paired(draws_rad, truth_rad)
    return _fair(_chord(angular_error(x, v[None])), lambda j, k: _chord(angular_error(x[j], x[k])))


def _paired(draws: ArrayLike, truth: ArrayLike) -> tuple[Array, Array]:
    x, v = np.asarray(draws, np.float64), np.asarray(truth, np.float64)
    if x.ndim < 1 or x.shape[0] < 2 or x.shape[1:] != v.shape:
        raise OptionError(f"draws {x.shape} against truths {v.shape}: wanted (K >= 2, ...) and (...)")
    return x, v


def _fair(distance: Array, between: Callable[[int, int], Array]) -> float:
    k = distance.shape[0]
    pairs = sum(float(between(i, j).mean()) for i in range(k) for j in range(i))
    return float(distance.mean() - pairs / (k * (k - 1)))


def _chord(angle: Array) -> Array:
    return np.asarray(2.0 * np.sin(0.5 * angle))
