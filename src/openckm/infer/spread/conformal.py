r"""Conformal risk control gives intervals that miss at most a stated share of a new map's cells, on average.

Map i has scores s_ic = |truth - mean| / std of its cells c. An interval mean +- l std misses the share

    L_i(l) = mean_c 1[s_ic > l],        R(l) = (1/n) sum_i L_i(l)                                   (1)

of its cells. With   l^ = inf { l : n / (n+1) R(l) + 1 / (n+1) <= alpha }   and maps 1..n+1 exchangeable,
E[L_{n+1}(l^)] <= alpha, whatever the scores are and however the cells of one map hang together. n counts maps: cells of
one map are not exchangeable with those of another, and a quantile taken over pooled cells misses more than it says.

References:
    Conformal Risk Control. A. N. Angelopoulos, S. Bates, A. Fisch, L. Lei, T. Schuster, 2024, Eq. 4, Theorem 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError


@dataclass(frozen=True)
class RiskControl:
    """What risk control found.

    Attributes:
        half_width: l^, half the interval's width [standard deviations].
        alpha: share of a new map's cells that the interval may miss, on average over maps.
        maps: n, the maps that it was found on.
        risk: R(l^), the share that it misses on those maps.
    """

    half_width: float
    alpha: float
    maps: int
    risk: float


def fewest_maps(alpha: float) -> int:
    """Return the fewest maps with which a miss rate of alpha can be stated: 1/alpha - 1, rounded up."""
    return math.ceil(1.0 / alpha - 1.0 - 1e-9)


def risk_control(scores: Sequence[ArrayLike], alpha: float = 0.1) -> RiskControl:
    """Return the half width whose miss rate is controlled.

    Args:
        scores: |truth - mean| / std of the scored cells of each map, any shape, at least one cell each.
        alpha: share of cells that may be missed, between 0 and 1.

    Raises:
        OptionError: if alpha is out of range, a map has no score or one that is not a finite number of 0 or more, or
            there are too few maps for alpha.

    References:
        Conformal Risk Control. A. N. Angelopoulos et al., 2024, Eq. 4.
    """
    if not 0.0 < alpha < 1.0:
        raise OptionError(f"alpha={alpha}: wanted a share of cells between 0 and 1")
    n = len(scores)
    if n < fewest_maps(alpha):
        raise OptionError(
            f"{n} maps cannot state a miss rate of {alpha:g}: wanted at least {fewest_maps(alpha)} (cells of one map do"
            " not count as maps)"
        )
    flat = [_checked(s) for s in scores]
    value = np.concatenate(flat)
    weight = np.concatenate([np.full(s.size, 1.0 / (n * s.size)) for s in flat])  # (1): every map weighs the same
    order = np.argsort(value)
    value, missed = value[order], 1.0 - np.cumsum(weight[order])  # R just at, and right of, each score
    allowed = (alpha - 1.0 / (n + 1)) * (n + 1) / n  # R(l^) <= (alpha - 1 / (n + 1)) (n + 1) / n
    last = np.r_[value[1:] != value[:-1], True]  # cells with equal scores leave together
    first = int(np.argmax(last & (missed <= allowed + 1e-12)))
    return RiskControl(float(value[first]), alpha, n, float(max(missed[first], 0.0)))


def _checked(scores: ArrayLike) -> NDArray[np.float64]:
    flat = np.asarray(scores, dtype=np.float64).ravel()
    if flat.size == 0 or not (np.isfinite(flat) & (flat >= 0)).all():
        raise OptionError("risk control wants at least one score per map, each a finite number of 0 or more")
    return flat
