"""Confidence intervals by the cluster bootstrap: whole clusters (cities, scenes, radio cells) are drawn again.

Maps of one scene are not independent, so it is clusters, each with all its maps, that are drawn with replacement.
Percentile intervals; the statistic is a mean over maps, or the ratio of two methods' means over the same maps.

References:
    "Bootstrap Methods and their Application", Davison & Hinkley, 1997, sections 2.4 and 3.8.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError

RESAMPLES = 2000
LEVEL = 0.95


class Interval(NamedTuple):
    """An estimate with its 95 % confidence interval.

    Attributes:
        value: the estimate.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float


def mean_interval(values: ArrayLike, clusters: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Return the mean of values, shape (n,), with clusters, shape (n,), resampled.

    With a single cluster there is nothing to draw again, and the values themselves are resampled.

    Raises:
        OptionError: if shapes differ, there is no value or one is not finite.
    """
    v = _checked(values, clusters)
    weights = resampled_weights(clusters, v.shape[0], seed=seed, resamples=resamples)
    means = (weights @ v) / weights.sum(1)
    return interval_of(float(v.mean()), means)


def ratio_interval(
    numerator: ArrayLike, denominator: ArrayLike, clusters: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Return mean(numerator) / mean(denominator) of paired scores, shape (n,), the pairs resampled together.

    Raises:
        OptionError: if shapes differ, there is no value, one is not finite or a denominator is not positive.
    """
    top, bottom = _checked(numerator, clusters), _checked(denominator, clusters)
    if not (bottom > 0).all():
        raise OptionError("a ratio of scores needs positive scores in the denominator")
    weights = resampled_weights(clusters, top.shape[0], seed=seed, resamples=resamples)
    return interval_of(float(top.mean() / bottom.mean()), (weights @ top) / (weights @ bottom))


def _checked(values: ArrayLike, clusters: ArrayLike) -> NDArray[np.float64]:
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or v.size == 0 or np.asarray(clusters).shape != v.shape:
        raise OptionError(
            f"bootstrap: values {v.shape} and clusters {np.asarray(clusters).shape}, wanted the same length >= 1"
        )
    if not np.isfinite(v).all():
        raise OptionError("bootstrap: a score is not finite")
    return v


def resampled_weights(clusters: ArrayLike, n: int, *, seed: int = 0, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Return how often each of n values occurs in each resample of the clusters, shape (resamples, n)."""
    _, member = np.unique(np.asarray(clusters), return_inverse=True)
    count = int(member.max()) + 1
    if count == 1:
        member, count = np.arange(n), n
    picks = np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=resamples)
    return picks[:, member].astype(np.float64)


def interval_of(value: float, resampled: NDArray[np.float64]) -> Interval:
    """Return an estimate with the interval of the estimates of its resamples, shape (resamples,)."""
    low, high = np.quantile(resampled, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(value, float(low), float(high))
