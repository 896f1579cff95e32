r"""This module gives the covariances of a belief about a map, between any two lists of its cells.

Two beliefs have covariances. The Gaussian process over the discrepancy and the nuisances knows them exactly, for every
pair of cells. An ensemble of K draws knows them up to errors of 1 / sqrt(K) in every correlation, which over thousands
of far cells add up to more than the signal (N / K against the few hundred cells that a reading does inform); they are
damped with distance (localisation), at the price of true far correlations.

References:
    Construction of correlation functions in two and three dimensions. G. Gaspari, S. E. Cohn, 1999, Eq. 4.10.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from openckm.errors import OptionError
from openckm.observe.field.discrepancy import DiscrepancyFit

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_LOCALISATION_M = 150.0
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
    localisation_m: float = _LOCALISATION_M

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
