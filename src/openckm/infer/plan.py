r"""This module says where to measure next: at the cells whose readings are expected to reduce the map's error most.

A belief with covariance C over cells; a reading of cell j, with noise sigma, turns it into

    C' = C - C_:j C_j: / (C_jj + sigma^2),      gain(j) = sum_{i in targets} C_ij^2 / (C_jj + sigma^2)  (1)

whatever the reading will say. A batch is chosen greedily: the best cell, C', the best cell of C', and so on. Where a
drive reads several maps of the same cells at once (the radio cells of a mast), their gains add up.

The covariance is the posterior's (`openckm.infer.covariance`): exact wherever there are readings to fit a process to.

References:
    Near-Optimal Sensor Placements in Gaussian Processes. A. Krause, A. Singh, C. Guestrin, 2008 (greedy batches).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.infer.covariance import Covariance

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_TARGETS, _CANDIDATES = 2500, 1500
"""Cells over which the gain is summed, and cells compared, at most: a random sample stands for more of them."""


@dataclass(frozen=True, eq=False)
class Choice:
    """Cells to measure, best first.

    Attributes:
        cell: flat cell indices, shape (n,).
        rmse_db: expected RMSE over the targets before any, after the first, after the second, ..., shape (n + 1,).
        std_db: standard deviation at each chosen cell before anything is measured, shape (n,).
    """

    cell: Index
    rmse_db: Array
    std_db: Array


def choose_cells(
    covariance: Covariance | Sequence[Covariance],
    targets: Index,
    candidates: Index,
    count: int,
    *,
    noise_db: float,
    criterion: str = "reduction",
    seed: int = 0,
) -> Choice:
    """Return the cells whose readings reduce the summed variance over the targets most, chosen one by one.

    Args:
        covariance: the belief's, or those of several maps of the same cells.
        targets: cells that matter, flat indices.
        candidates: cells that can be measured.
        count: how many to choose; fewer come back if there are fewer candidates.
        noise_db: standard deviation of a reading's noise [dB], positive.
        criterion: "reduction" of the variance over the targets, or largest "variance" of the cell itself (a rival).
        seed: the seed of the sample that stands for very many targets or candidates.

    Raises:
        OptionError: if count or noise is not positive, or there is no target or candidate.
    """
    if count < 1 or not noise_db > 0 or criterion not in ("reduction", "variance"):
        raise OptionError(f"count={count}, noise_db={noise_db}, criterion={criterion!r}: wanted positive numbers")
    if not (len(targets) and len(candidates)):
        raise OptionError(f"{len(targets)} cells that matter, {len(candidates)} that can be measured: wanted some")
    rng = np.random.default_rng([seed, 41])
    goal, open_cells = _sample(targets, _TARGETS, rng), _sample(candidates, _CANDIDATES, rng)
    count = min(count, len(open_cells))
    maps = [covariance] if isinstance(covariance, Covariance) else list(covariance)
    cov = [one.between(np.r_[goal, open_cells], open_cells) for one in maps]
    total = float(np.mean([_variances(one, goal).sum() for one in maps]))
    own = np.arange(len(open_cells))
    std = np.sqrt(np.maximum(np.mean([one[len(goal) + own, own] for one in cov], axis=0), 0.0))
    chosen, summed = _greedy(cov, len(goal), count, noise_db**2, criterion)
    left = np.maximum(total - np.r_[0.0, np.cumsum(summed)] / len(maps), 0.0)
    return Choice(open_cells[chosen], np.sqrt(left / len(goal)), std[chosen])


def _greedy(covs: list[Array], targets: int, count: int, noise: float, criterion: str) -> tuple[Index, Array]:
    """Choose columns of each (targets and candidates, candidates), overwritten; return them and their summed gains."""
    free = np.ones(covs[0].shape[1], dtype=bool)
    chosen, gains = np.empty(count, dtype=np.intp), np.empty(count)
    for k in range(count):
        own = [np.maximum(np.diagonal(cov[targets:]), 0.0) for cov in covs]
        gain = sum(
            # (1): gain(j)
            np.einsum("ij,ij->j", cov[:targets], cov[:targets]) / (v + noise)
            for cov, v in zip(covs, own, strict=True)
        )
        worth = np.where(free, gain if criterion == "reduction" else sum(own), -np.inf)
        best = int(np.argmax(worth))
        chosen[k], gains[k], free[best] = best, gain[best], False
        for cov, variance in zip(covs, own, strict=True):
            column = cov[:, best] / np.sqrt(variance[best] + noise)  # (1): C' = C - column column'
            cov -= np.outer(column, column[targets:])
    return chosen, gains


def _sample(cells: Index, most: int, rng: np.random.Generator) -> Index:
    return cells if len(cells) <= most else np.sort(rng.choice(cells, most, replace=False))


def _variances(covariance: Covariance, cells: Index) -> Array:
    """Variance of each cell, by small blocks of the covariance."""
    blocks = np.array_split(cells, max(1, len(cells) // 250))
    return np.concatenate([np.diagonal(covariance.between(b, b)) for b in blocks])
