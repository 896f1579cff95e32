"""What all baselines have in common: the call, and the way from a per-cell normal belief to a `RadioMap`.

Draws are   mean + std * g   with g a stationary normal field of unit variance whose correlation is the fitted
variogram's. Every cell then has exactly the stated mean and spread, and neighbouring cells go together; near the
readings, where the exact conditional field is less correlated, the draws are smoother than they should be.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.variogram import Variogram
from openckm.errors import ComputationError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap

_MIN_STD_DB = 1e-3


@dataclass(frozen=True)
class Belief:
    """A normal belief per cell.

    Attributes:
        mean: [dB or dBm], shape grid.shape.
        std: [dB], shape grid.shape.
        variogram: correlation of the draws; None makes the cells of a draw independent.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    variogram: Variogram | None = None


@dataclass(frozen=True)
class Answer:
    """What a baseline finds out from the evidence.

    Attributes:
        belief: mean and spread per cell.
        cells: the averaged readings.
        facts: more entries of the provenance.
    """

    belief: Belief
    cells: Points
    facts: dict[str, Any] = field(default_factory=dict)


class Baseline(ABC):
    """A classical method: a subclass says what it believes of each cell; the call is the same for all."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name in tables."""

    @abstractmethod
    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return what the method believes of each cell.

        Args:
            observations: the evidence.
            grid: the cells.
            seed: the seed of what is drawn by lot.

        Raises:
            MeasurementError: if too few cells hold usable readings.
            GridError: if the observations are in another CRS than the grid.
            OptionError: if something that the method needs is not known.
            ComputationError: if a system cannot be solved.
        """

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 8,
        seed: int = 0,
        deadline_s: float | None = None,
    ) -> RadioMap:
        """Return the map: channel "gain_db" in the unit of the readings, buildings invalid.

        Args:
            observations: the evidence; its layout says which cells are buildings.
            grid: the cells of the answer.
            draws: number of draws, 0 for none.
            seed: the seed of the draws, and of what the method draws by lot.
            deadline_s: has no effect, for no baseline takes long.

        Raises:
            MeasurementError: if too few cells hold usable readings.
            GridError: if the observations are in another CRS than the grid.
            OptionError: if `draws` is negative, or something that the method needs is not known.
            ComputationError: if a system cannot be solved, or the mean or the spread is not finite.
        """
        if draws < 0:
            raise OptionError(f"draws={draws}: wanted 0 or more")
        started = time.perf_counter()
        answer = self.believe(observations, grid, seed)
        belief, cells = answer.belief, answer.cells
        if not (np.isfinite(belief.mean).all() and np.isfinite(belief.std).all()):
            raise ComputationError(f"{self.name} gave non-finite values; are readings or drift degenerate?")
        std = np.maximum(belief.std, _MIN_STD_DB)
        sampled = _sample(belief.mean, std, belief.variogram, grid, draws, seed) if draws else None
        provenance = {
            "unit": cells.unit, "method": self.name, "cells_observed": len(cells), "network_evaluations": 0,
            **answer.facts, "seconds": time.perf_counter() - started,
        }  # fmt: skip
        return RadioMap.from_gaussian(
            grid, belief.mean[None].astype(np.float32), std[None].astype(np.float32), ["gain_db"],
            draws=sampled, valid=_valid_cells(observations, grid), provenance=provenance,
        )  # fmt: skip


def _valid_cells(observations: Observations, grid: Grid) -> NDArray[np.bool_]:
    """Return False inside buildings of a layout on the same grid, True elsewhere, shape grid.shape."""
    if observations.layout is None or observations.layout.grid != grid:
        return np.ones(grid.shape, dtype=bool)
    return ~observations.layout.building


def correlated_field(variogram: Variogram, grid: Grid, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a normal field of unit variance with a variogram's correlation, shape grid.shape (circulant embedding).

    References:
        "Fast and exact simulation of stationary Gaussian processes through circulant embedding of the covariance
        matrix", Dietrich & Newsam, 1997.
    """
    rows, cols = (2 * n for n in grid.shape)
    dy = np.minimum(np.arange(rows), rows - np.arange(rows)) * grid.cell_m
    dx = np.minimum(np.arange(cols), cols - np.arange(cols)) * grid.cell_m
    spectrum = np.fft.fft2(variogram.covariance(np.hypot(dy[:, None], dx[None, :]))).real
    spectrum = np.maximum(spectrum, 0.0)
    white = rng.standard_normal((rows, cols)) + 1j * rng.standard_normal((rows, cols))
    smooth = np.fft.fft2(np.sqrt(spectrum / (rows * cols)) * white).real[: grid.shape[0], : grid.shape[1]]
    variance = float(spectrum.mean()) + variogram.nugget
    rough = np.sqrt(variogram.nugget) * rng.standard_normal(grid.shape)
    return np.asarray((smooth + rough) / np.sqrt(max(variance, 1e-30)))


def _sample(
    mean: NDArray[np.float64], std: NDArray[np.float64], variogram: Variogram | None, grid: Grid, draws: int, seed: int
) -> NDArray[np.float32]:
    out = np.empty((draws, 1, *grid.shape), np.float32)
    for k in range(draws):
        rng = np.random.default_rng([seed, k])
        field = rng.standard_normal(grid.shape) if variogram is None else correlated_field(variogram, grid, rng)
        out[k, 0] = mean + std * field
    return out
