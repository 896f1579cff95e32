"""Nearest neighbour and inverse distance: local linear predictors whose spread follows from a fitted variogram.

For weights w over k neighbours, sum w = 1, and residual z = v - average of the map, the error of sum_i w_i v_i has
    variance = 2 sum_i w_i gamma(h_0i) - sum_ij w_i w_j gamma(h_ij),
with gamma the semivariance between averages, so the spread grows with the distance to the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.answer import Answer, Baseline, Belief
from openckm.baselines.cells import cell_means, noise_variance, positions
from openckm.baselines.variogram import Variogram, fit_variogram
from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points


@dataclass(frozen=True)
class InverseDistance(Baseline):
    """Inverse-distance weighting of the nearest cell averages, in dB.

    Attributes:
        power: exponent of the distance.
        neighbours: cells taken [cells].
        name: name in tables.

    References:
        "A two-dimensional interpolation function for irregularly-spaced data", Shepard, 1968.
    """

    power: float = 2.0
    neighbours: int = 12
    name: str = "inverse_distance"

    def __post_init__(self) -> None:
        if not self.power > 0 or self.neighbours < 1:
            raise OptionError(f"power={self.power}, neighbours={self.neighbours}: wanted power > 0, neighbours >= 1")

    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return the weighted averages of the nearest cells; see `Baseline.believe`."""
        cells = cell_means(observations, grid)
        return Answer(_local_belief(cells, grid, min(self.neighbours, len(cells)), self.power), cells)


@dataclass(frozen=True)
class Nearest(Baseline):
    """The average of the nearest observed cell.

    Attributes:
        name: name in tables.
    """

    name: str = "nearest"

    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return the average of the nearest cell; see `Baseline.believe`."""
        cells = cell_means(observations, grid)
        return Answer(_local_belief(cells, grid, 1, 1.0), cells)


def _local_belief(cells: Points, grid: Grid, k: int, power: float) -> Belief:
    from scipy.spatial import cKDTree

    targets = np.column_stack([a.ravel() for a in grid.centres()])
    distance, index = cKDTree(positions(cells)).query(targets, k=np.arange(1, k + 1))
    weight = np.maximum(distance, 0.5 * grid.cell_m) ** -power
    weight /= weight.sum(1, keepdims=True)
    variogram = fit_variogram(positions(cells), cells.value, np.ones((len(cells), 1)))
    mean = (weight * cells.value[index]).sum(1)
    variance = _error_variance(weight, distance, positions(cells)[index], variogram)
    noise = min(noise_variance(cells), variogram.nugget)
    std = np.sqrt(np.maximum(variance - noise, 0.0))
    return Belief(mean.reshape(grid.shape), std.reshape(grid.shape), variogram)


def _error_variance(
    weight: NDArray[np.float64],
    distance: NDArray[np.float64],
    neighbours: NDArray[np.float64],
    variogram: Variogram,
) -> NDArray[np.float64]:
    """Variance of a new average minus the weighted one [dB^2], shape (targets,), from weights (targets, k)."""
    to_target = variogram.covariance(distance)
    apart = np.hypot(*(neighbours[:, :, None, :] - neighbours[:, None, :, :]).transpose(3, 0, 1, 2))
    among = np.einsum("ti,tij,tj->t", weight, variogram.covariance(apart), weight)
    own = variogram.nugget * (weight**2).sum(1)
    return np.asarray(variogram.sill - 2.0 * (weight * to_target).sum(1) + among + own)
