"""Scores of a map against a truth, each over the cells that count, in plain numpy.

    rmse      sqrt(mean (m - v)^2)
    coverage  share of truths within the central 90 % interval
    CRPS      E|X - v| - (1/2) E|X - X'|; for N(m, s):  s [ z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi) ],  z = (v - m)/s
    fair CRPS of K draws   (1/K) sum |x_k - v| - 1/(2 K (K-1)) sum_jk |x_j - x_k|, unbiased for any K >= 2

References:
    "Strictly Proper Scoring Rules, Prediction, and Estimation", Gneiting & Raftery, 2007.
    "Fair scores for ensemble forecasts", Ferro, 2014.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError
from openckm.infer.spread.normal import Z_90


def rmse(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Return the root mean squared error [unit of the arguments] over entries of any common shape.

    Raises:
        OptionError: if shapes differ, nothing is to be scored or a value is not finite.
    """
    error = _difference(estimate, truth)
    return float(np.sqrt(np.mean(error**2)))


def coverage(low: ArrayLike, high: ArrayLike, truth: ArrayLike) -> float:
    """Return the share of truths in [low, high], 0-1.

    Raises:
        OptionError: if shapes differ, nothing is to be scored or a value is not finite.
    """
    above, below = _difference(truth, low) >= 0, _difference(high, truth) >= 0
    return float(np.mean(above & below))


def interval_width(low: ArrayLike, high: ArrayLike) -> float:
    """Return the mean width of intervals [unit of the arguments].

    Raises:
        OptionError: if shapes differ, nothing is to be scored or a value is not finite.
    """
    return float(np.mean(_difference(high, low)))


def crps_gaussian(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> float:
    """Return the mean CRPS [unit of the arguments] of normal beliefs, in closed form.

    Raises:
        OptionError: if shapes differ, nothing is to be scored, a value is not finite or a spread is not positive.

    References:
        "Calibrated Probabilistic Forecasting Using Ensemble Model Output Statistics and Minimum CRPS Estimation",
        Gneiting, Raftery, Westveld & Goldman, 2005.
    """
    from scipy.special import ndtr

    spread = np.asarray(std, dtype=np.float64)
    error = _difference(truth, mean)
    if spread.shape != error.shape or not (np.isfinite(spread) & (spread > 0)).all():
        raise OptionError("CRPS of a normal belief: wanted one positive finite spread per truth")
    z = error / spread
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return float(np.mean(spread * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / math.sqrt(math.pi))))


def crps_draws(draws: ArrayLike, truth: ArrayLike, pair_scale: float = 1.0) -> float:
    """Return the mean fair CRPS [unit of the arguments] of draws, shape (K, ...), against truths, shape (...).

    Args:
        draws: the ensemble.
        truth: what was there.
        pair_scale: factor that brings the differences of two draws to those of independent ones. Draws that were
            moved about a known mean and scaled by sqrt(K / (K - 1)) differ by that factor too much, and the score
            would be 7 % too good with eight of them: `about_mean` returns what they want here.

    Raises:
        OptionError: if shapes differ, there are fewer than two draws or a value is not finite.

    References:
        "Fair scores for ensemble forecasts", Ferro, 2014.
    """
    x = np.asarray(draws, dtype=np.float64)
    if x.ndim < 1 or x.shape[0] < 2:
        raise OptionError(f"draws have shape {x.shape}: the CRPS of draws needs at least two of them")
    v = np.broadcast_to(np.asarray(truth, dtype=np.float64), x.shape[1:])
    error = np.abs(_difference(x, np.broadcast_to(v, x.shape)))
    k = x.shape[0]
    rank = np.arange(1, k + 1).reshape(-1, *([1] * (x.ndim - 1)))
    pairs = ((2 * rank - k - 1) * np.sort(x, axis=0)).sum(0)  # = (1/2) sum_jk |x_j - x_k|
    return float(np.mean(error.mean(0) - pair_scale * pairs / (k * (k - 1))))


def about_mean(count: int) -> float:
    """Return sqrt((K - 1) / K), by which K draws about a known mean differ less than their differences say."""
    return float(np.sqrt((count - 1.0) / count))


def widened(
    centre: ArrayLike, low: ArrayLike, high: ArrayLike, noise_std: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 90 % intervals for noisy readings from 90 % intervals of the map, all of shape (n,) and unit [dB].

    Each arm's length a becomes sqrt(a^2 + (z_90 sigma)^2), exact where belief and noise are normal.
    """
    m, noise = np.asarray(centre, np.float64), Z_90 * np.asarray(noise_std, np.float64)
    down = np.hypot(np.maximum(m - np.asarray(low, np.float64), 0.0), noise)
    up = np.hypot(np.maximum(np.asarray(high, np.float64) - m, 0.0), noise)
    return m - down, m + up


def _difference(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.size == 0:
        raise OptionError(f"cannot compare shapes {first.shape} and {second.shape}: wanted the same, with an entry")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise OptionError("cannot score values that are not finite; leave out cells that carry no truth")
    return first - second
