r"""Where to measure next: the cells whose readings are expected to reduce the map's error most.

A belief with covariance C over cells; a reading of cell j, with noise sigma, turns it into

    C' = C - C_:j C_j: / (C_jj + sigma^2),      gain(j) = sum_{i in targets} C_ij^2 / (C_jj + sigma^2)

whatever the reading will say. A batch is chosen greedily: the best cell, C', the best cell of C', and so on.

Two beliefs have covariances. The Gaussian process over the discrepancy and the nuisances knows them exactly, for every
pair of cells. An ensemble of K draws knows them up to errors of 1 / sqrt(K) in every correlation, which over thousands
of far cells add up to more than the gain itself (N / K against the few hundred cells that a reading does inform);
they are damped with distance (localisation), at the price of true far correlations. So the exact one is taken wherever
there are readings to fit it to, and the ensemble where there are none.

References:
    Near-Optimal Sensor Placements in Gaussian Processes. A. Krause, A. Singh, C. Guestrin, 2008 (greedy batches).
    Construction of correlation functions in two and three dimensions. G. Gaspari, S. E. Cohn, 1999, Eq. 4.10.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from openckm.errors import OptionError
from openckm.infer.construct import Posterior
from openckm.observe.field.discrepancy import DiscrepancyFit

__all__ = [
    "Choice", "Covariance", "EnsembleCovariance", "ExactCovariance", "choose_cells", "covariance_of", "gaspari_cohn",
]  # fmt: skip

Array = NDArray[np.float64]
Index = NDArray[np.intp]
TARGETS, CANDIDATES = 2500, 1500
"""Cells over which the gain is summed, and cells compared, at most: a random sample stands for more of them."""
LOCALISATION_M = 150.0
"""Distance [m] beyond which an ensemble's correlations count nothing."""


class Covariance(ABC):
    """The covariance of a belief over the cells of a grid."""

    @abstractmethod
    def between(self, first: Index, second: Index) -> Array:
        """Return the covariance [dB^2] between two lists of flat cell indices, shape (len(first), len(second))."""


@dataclass(frozen=True, eq=False)
class ExactCovariance(Covariance):
    """That of a fitted Gaussian process, brought to the standard deviation that the map states.

    Attributes:
        fit: the process.
        places: cell centres [m], shape (cells, 2).
        design: rows of H, shape (cells, p).
        std: standard deviation that the map states [dB], shape (cells,); None for the process's own.
    """

    fit: DiscrepancyFit
    places: Array
    design: Array
    std: Array | None = None

    def between(self, first: Index, second: Index) -> Array:
        """Return the covariance [dB^2] between two lists of cells."""
        cov = self.fit.cross_covariance(
            self.places[first], self.design[first], self.places[second], self.design[second]
        )
        if self.std is None:
            return cov
        left, right = (self.std[k] / np.maximum(self._own(k), 1e-6) for k in (first, second))
        return np.asarray(left[:, None] * cov * right[None, :])

    def _own(self, index: Index) -> Array:
        return self.fit.predict(self.places[index], self.design[index]).std


@dataclass(frozen=True, eq=False)
class EnsembleCovariance(Covariance):
    """That of a few draws, damped with distance.

    Attributes:
        draws: shape (K, cells) with K >= 2 [dB].
        places: cell centres [m], shape (cells, 2).
        localisation_m: distance beyond which correlations count nothing [m]; inf for no damping.
    """

    draws: Array
    places: Array
    localisation_m: float = LOCALISATION_M

    def __post_init__(self) -> None:
        if self.draws.ndim != 2 or len(self.draws) < 2 or self.draws.shape[1] != len(self.places):
            raise OptionError(f"draws of shape {self.draws.shape}: wanted at least 2 of {len(self.places)} cells")

    def between(self, first: Index, second: Index) -> Array:
        """Return the covariance [dB^2] between two lists of cells."""
        gap = self.draws - self.draws.mean(0)
        cov = gap[:, first].T @ gap[:, second] / (len(gap) - 1)
        if np.isinf(self.localisation_m):
            return np.asarray(cov)
        return np.asarray(cov * gaspari_cohn(cdist(self.places[first], self.places[second]), self.localisation_m))


def gaspari_cohn(distance: Array, support: float) -> Array:
    """Return the fifth-order correlation function that is 1 at 0 and 0 from `support` on, any shape.

    References:
        Construction of correlation functions in two and three dimensions. G. Gaspari, S. E. Cohn, 1999, Eq. 4.10.
    """
    r = np.asarray(distance, np.float64) / (0.5 * support)
    near = 1.0 + r**2 * (-5.0 / 3.0 + r * (5.0 / 8.0 + r * (0.5 - 0.25 * r)))
    safe = np.maximum(r, 1.0)
    far = 4.0 + safe * (-5.0 + safe * (5.0 / 3.0 + safe * (5.0 / 8.0 + safe * (-0.5 + safe / 12.0)))) - 2.0 / (3 * safe)
    return np.asarray(np.where(r < 1.0, near, np.where(r < 2.0, far, 0.0)))


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
    covariance: Covariance,
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
        covariance: the belief's.
        targets: cells that matter, flat indices.
        candidates: cells that can be measured.
        count: how many to choose; fewer come back if there are fewer candidates.
        noise_db: standard deviation of a reading's noise [dB], positive.
        criterion: "reduction" of the variance over the targets, or largest "variance" of the cell itself (a rival).
        seed: of the sample that stands for very many targets or candidates.

    Raises:
        OptionError: if count or noise is not positive, or there is no target or candidate.
    """
    if count < 1 or not noise_db > 0 or criterion not in ("reduction", "variance"):
        raise OptionError(f"count={count}, noise_db={noise_db}, criterion={criterion!r}: wanted positive numbers")
    if not (len(targets) and len(candidates)):
        raise OptionError(f"{len(targets)} cells that matter, {len(candidates)} that can be measured: wanted some")
    rng = np.random.default_rng([seed, 41])
    goal, open_cells = _sample(targets, TARGETS, rng), _sample(candidates, CANDIDATES, rng)
    count = min(count, len(open_cells))
    cov = covariance.between(np.r_[goal, open_cells], open_cells)
    total = _variances(covariance, goal)
    std = np.sqrt(np.maximum(cov[len(goal) + np.arange(len(open_cells)), np.arange(len(open_cells))], 0.0))
    chosen, summed = _greedy(cov, len(goal), count, noise_db**2, criterion)
    left = np.maximum(float(total.sum()) - np.r_[0.0, np.cumsum(summed)], 0.0)
    return Choice(open_cells[chosen], np.sqrt(left / len(goal)), std[chosen])


def _greedy(cov: Array, targets: int, count: int, noise: float, criterion: str) -> tuple[Index, Array]:
    """Choose columns of cov (targets and candidates, candidates), which is overwritten; return them and their gains."""
    free = np.ones(cov.shape[1], dtype=bool)
    chosen, gains = np.empty(count, dtype=np.intp), np.empty(count)
    own = cov[targets:]
    for k in range(count):
        variance = np.maximum(np.diagonal(own), 0.0)
        gain = np.einsum("ij,ij->j", cov[:targets], cov[:targets]) / (variance + noise)
        worth = np.where(free, gain if criterion == "reduction" else variance, -np.inf)
        best = int(np.argmax(worth))
        chosen[k], gains[k], free[best] = best, gain[best], False
        column = cov[:, best] / np.sqrt(variance[best] + noise)
        cov -= np.outer(column, column[targets:])
    return chosen, gains


def _sample(cells: Index, most: int, rng: np.random.Generator) -> Index:
    return cells if len(cells) <= most else np.sort(rng.choice(cells, most, replace=False))


def _variances(covariance: Covariance, cells: Index) -> Array:
    """Variance of each cell, by small blocks of the covariance."""
    blocks = np.array_split(cells, max(1, len(cells) // 250))
    return np.concatenate([np.diagonal(covariance.between(b, b)) for b in blocks])


def covariance_of(posterior: Posterior, *, draws: int = 24, seed: int = 0, steps: int = 10) -> Covariance:
    """Return the exact covariance where readings were fitted, else that of an ensemble of draws.

    Args:
        posterior: what OpenCKM believes.
        draws: size of the ensemble.
        seed: of the ensemble.
        steps: network calls per draw.

    Raises:
        OptionError: if an ensemble of fewer than 2 draws is asked for.
    """
    expert, places = posterior.expert, posterior.scene.places
    if expert is not None:
        return ExactCovariance(expert.fit, places, expert.basis.matrix, posterior.gain.std)
    drawn = posterior.draw(draws, seed, steps)[:, 0]
    return EnsembleCovariance(drawn.reshape(len(drawn), -1).astype(np.float64), places)
