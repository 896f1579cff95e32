"""This is the one place that turns scores |error| / std into factors on a spread: z_90, quantiles, and shrinking.

A belief is stated by mean and std, and its 90 % interval is mean +- z_90 std. A spread is brought to what was seen by

    c = 90 % quantile of |y - m| / s over z_90,        s' = c^trust s,        trust = n / (n + n_half)  (1)

so that few scores say little. Who measures scores, and on what, stands where they are measured: on validation maps
(`openckm.infer.spread.calibration`), on readings held out of a fit (`openckm.infer.experts`), on a user's own held-back
blocks (`openckm.edge.selfcheck`), of one-pass networks (`openckm.predict.spread`).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from openckm.errors import InputError

LEVEL = 0.9
"""Share of values that an interval holds."""
Z_90 = 1.6448536269514722
"""Half width of the 90 % interval of a normal law [standard deviations]."""
_SMALLEST = 1e-3
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def factor_90(scores: ArrayLike, weights: ArrayLike | None = None, *, new: bool = False) -> float:
    """Return the factor on the spread with which 90 % of the scores would have been inside their intervals.

    Args:
        scores: |error| / std, at least one, each 0 or more.
        weights: the weights of the scores; None weighs all the same.
        new: the factor for one more score exchangeable with these (level 0.9 (n + 1) / n), instead of for these.

    Raises:
        InputError: if there is no score, or one is negative or not finite.
    """
    value = np.asarray(scores, np.float64).ravel()
    if not value.size or not np.isfinite(value).all() or value.min() < 0:
        raise InputError(f"{value.size} scores of a spread: wanted at least one, each a finite number of 0 or more")
    share = np.ones(value.size) if weights is None else np.asarray(weights, np.float64).ravel()
    order = np.argsort(value)
    reached = np.cumsum(share[order]) / share.sum()
    level = min(1.0, LEVEL * (value.size + 1) / value.size) if new else LEVEL
    found = value[order][min(int(np.searchsorted(reached, level - 1e-12)), value.size - 1)]
    return max(float(found) / Z_90, _SMALLEST)  # (1): c


def shrunk(factor: float, count: int, half: float, towards: float = 1.0) -> float:
    """Return a factor drawn towards another one on the scale of logarithms, half way at `half` scores.

    Args:
        factor: the factor as it was measured, positive.
        count: scores, or whatever it was measured on.
        half: the half of them with which it counts as much as `towards`.
        towards: the factor at which few scores leave it.
    """
    trust = count / (count + half)  # (1): trust
    return math.exp(trust * math.log(factor) + (1.0 - trust) * math.log(towards))  # (1): c^trust


def draw_factor(log_sd: float, seed: int, k: int) -> float:
    """Return the factor on all deviations of draw k of a map whose spread is known up to a log-normal factor.

    How wrong the spread of a map is, is one unknown of the whole map: draws that all have the stated spread agree too
    well on statements on many cells. Factors of consecutive draws fill the law evenly (multiples of the golden ratio),
    and are such that 90 % of all draws' values of a cell still lie within z_90 stated deviations.

    Args:
        log_sd: standard deviation of the logarithm of the factor, 0 where the spread is known.
        seed: the seed of the draws.
        k: number of the draw.
    """
    if log_sd == 0.0:
        return 1.0
    place = (np.random.default_rng([seed, 9]).uniform() + k * _GOLDEN) % 1.0
    return _centre(log_sd) * math.exp(log_sd * float(ndtri(np.clip(place, 0.005, 0.995))))


@lru_cache(maxsize=16)
def _centre(log_sd: float) -> float:
    """Return the median c of the factor c exp(log_sd N(0, 1)): P(|N(0, 1)| factor > z_90) = 0.1."""
    factor = np.exp(log_sd * ndtri((np.arange(400) + 0.5) / 400))
    beyond = 1.0 - LEVEL
    return float(brentq(lambda c: 2.0 * float(np.mean(ndtr(-Z_90 / (c * factor)))) - beyond, 1e-3, 1.5))
