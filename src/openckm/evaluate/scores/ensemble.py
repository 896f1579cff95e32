r"""Is the stated uncertainty the true one? Scores of beliefs and ensembles, in plain numpy.

    PIT           u = F(v), uniform on [0, 1] where the belief F is right; its Kolmogorov distance sup |F_n(u) - u|
    rank          of the truth among K draws, uniform on 0..K where truth and draws are alike; ties are drawn by lot
    spread-skill  cells binned by stated spread s: RMSE of each bin against sqrt((K + 1) / K) rms(s), slope 1 if right
    Brier         mean (p - 1[v < t])^2 of the stated probability p of outage

References:
    "Probabilistic Forecasts, Calibration and Sharpness", Gneiting, Balabdaoui & Raftery, 2007.
    "Interpretation of Rank Histograms for Verifying Ensemble Forecasts", Hamill, 2001.
    "Why Should Ensemble Spread Match the RMSE of the Ensemble Mean?", Fortin, Abaza, Anctil & Turcotte, 2014, Eq. 15.
    "Verification of Forecasts Expressed in Terms of Probability", Brier, 1950.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError

Array = NDArray[np.float64]


def pit_normal(mean: ArrayLike, std: ArrayLike, truth: ArrayLike) -> Array:
    """Return Phi((truth - mean) / std), the probability integral transform of normal beliefs, of the common shape.

    Raises:
        OptionError: if shapes differ, a value is not finite or a spread is not positive.
    """
    from scipy.special import ndtr

    m, s, v = _alike(mean, std, truth)
    if not (s > 0).all():
        raise OptionError("PIT of a normal belief: wanted a positive spread per truth")
    return np.asarray(ndtr((v - m) / s))


def pit_distance(pit: ArrayLike) -> float:
    """Return the Kolmogorov distance of PIT values from uniformity, 0 (uniform) to 1.

    Raises:
        OptionError: if there is no value or one is not in [0, 1].
    """
    u = np.sort(np.asarray(pit, np.float64).ravel())
    if u.size == 0 or not ((u >= 0) & (u <= 1)).all():
        raise OptionError("PIT values lie in [0, 1]: wanted at least one")
    step = np.arange(u.size + 1) / u.size
    return float(max(np.max(step[1:] - u), np.max(u - step[:-1])))


def rank_histogram(draws: ArrayLike, truth: ArrayLike, *, seed: int = 0) -> NDArray[np.int64]:
    """Return how often the truth has each rank 0..K among K draws, shape (K + 1,).

    Args:
        draws: shape (K, ...).
        truth: shape (...).
        seed: the seed of the lot that breaks ties.

    Raises:
        OptionError: if shapes differ, nothing is to be scored or a value is not finite.
    """
    x, v = np.asarray(draws, np.float64), np.asarray(truth, np.float64)
    if x.ndim < 1 or x.shape[0] < 1 or x.shape[1:] != v.shape or v.size == 0:
        raise OptionError(f"draws {x.shape} against truths {v.shape}: wanted (K, ...) and (...), with an entry")
    if not (np.isfinite(x).all() and np.isfinite(v).all()):
        raise OptionError("cannot rank values that are not finite; leave out cells that carry no truth")
    below, ties = (x < v).sum(0), (x == v).sum(0)
    rank = below + np.random.default_rng(seed).integers(0, ties + 1)
    return np.bincount(rank.ravel(), minlength=len(x) + 1).astype(np.int64)


def rank_unevenness(histogram: ArrayLike) -> float:
    """Return half the summed distance of a rank histogram's shares from even ones, 0 (even) to 1 - 1/(K + 1).

    Raises:
        OptionError: if the histogram is empty.
    """
    count = np.asarray(histogram, np.float64)
    if count.ndim != 1 or count.size < 2 or not count.sum() > 0:
        raise OptionError(f"a rank histogram of shape {count.shape}: wanted counts of at least two ranks")
    return float(0.5 * np.abs(count / count.sum() - 1.0 / count.size).sum())


@dataclass(frozen=True, eq=False)
class SpreadSkill:
    """Stated spread against error.

    Attributes:
        spread: rms of the stated spread per bin, ascending, shape (bins,).
        error: RMSE per bin, shape (bins,).
        slope: the slope of the regression of error on spread through the origin; 1 where the spread is right, above it
            where
            the belief is too sure.
        correlation: the correlation of spread and error over the bins: whether large errors are where they are said to
            be; 0 where all
            bins state the same.
    """

    spread: Array
    error: Array
    slope: float
    correlation: float


def spread_skill(
    mean: ArrayLike, std: ArrayLike, truth: ArrayLike, *, draws: int | None = None, bins: int = 10
) -> SpreadSkill:
    """Return error against stated spread in bins of equal size.

    Args:
        mean: the mean of the belief, any shape.
        std: its standard deviation, same shape.
        truth: same shape.
        draws: K where mean and std (ddof 1) are those of K draws: the spread is then multiplied by sqrt((K + 1) / K).
        bins: how many; fewer where there are fewer values.

    Raises:
        OptionError: if shapes differ, nothing is to be scored, a value is not finite or the spread is 0 everywhere.
    """
    m, s, v = (a.ravel() for a in _alike(mean, std, truth))
    if draws is not None:
        s = s * np.sqrt((draws + 1.0) / draws)
    if bins < 1 or not (s > 0).any() or (s < 0).any():
        raise OptionError("spread-skill wants at least one bin and a spread that is somewhere positive")
    parts = np.array_split(np.argsort(s, kind="stable"), min(bins, len(s)))
    spread = np.array([np.sqrt(np.mean(s[p] ** 2)) for p in parts])
    error = np.array([np.sqrt(np.mean((v[p] - m[p]) ** 2)) for p in parts])
    varied = len(parts) > 1 and np.ptp(spread) > 1e-12 and np.ptp(error) > 1e-12
    related = float(np.corrcoef(spread, error)[0, 1]) if varied else 0.0
    return SpreadSkill(spread, error, float(spread @ error / (spread @ spread)), related)


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """Return the Brier score of stated probabilities, 0 (certain and right) to 1.

    Args:
        probability: the probability of the event, any shape, in [0, 1].
        happened: whether it did, same shape.

    Raises:
        OptionError: if shapes differ, there is nothing to score or a probability is out of [0, 1].
    """
    p, event = np.asarray(probability, np.float64), np.asarray(happened, bool)
    if p.shape != event.shape or p.size == 0 or not ((p >= 0) & (p <= 1)).all():
        raise OptionError(f"probabilities {p.shape} in [0, 1] and events {event.shape}: wanted the same shape")
    return float(np.mean((p - event) ** 2))


def _alike(*values: ArrayLike) -> tuple[Array, ...]:
    arrays = tuple(np.asarray(v, np.float64) for v in values)
    if len({a.shape for a in arrays}) != 1 or arrays[0].size == 0 or not all(np.isfinite(a).all() for a in arrays):
        raise OptionError(f"shapes {[a.shape for a in arrays]}: wanted the same, with entries that are all finite")
    return arrays
