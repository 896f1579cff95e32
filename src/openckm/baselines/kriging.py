"""Kriging: the best linear unbiased prediction under a fitted variogram, solved by PyKrige.

    ordinary    the mean is an unknown constant
    universal   the mean is a + b 10 log10(d) (+ c G(bearing, elevation) of a sector antenna), unknown a, b, c

The variogram is fitted by restricted maximum likelihood (`variogram`), exponential and spherical both tried. PyKrige's
kriging variance is that of a new noisy average; the part of the nugget which the readings' own sigma explains is
taken off, so that the spread speaks of the map.

References:
    "Statistics for Spatial Data", Cressie, 1993, sections 3.2 and 3.4.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.answer import Belief, as_radio_map
from openckm.baselines.cells import cell_means, noise_variance, positions
from openckm.baselines.drift import require_transmitter, site_drift
from openckm.baselines.variogram import MODELS, Variogram, fit_variogram
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap

__all__ = ["Kriging", "UniversalKriging"]

GLOBAL_LIMIT = 1000
"""Cells up to which one global system is solved [cells]; above, ordinary kriging takes the nearest ones."""
LOCAL_NEIGHBOURS = 64
UNIVERSAL_LIMIT = 2000
"""Cells that universal kriging uses at most; more are thinned at random."""
CHUNK = 4096


@dataclass(frozen=True)
class Kriging:
    """Ordinary kriging on cell averages.

    Attributes:
        models: variogram models to choose from by likelihood.
        name: name in tables.
    """

    models: tuple[str, ...] = MODELS
    name: str = "kriging"

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 8,
        seed: int = 0,
        deadline_s: float | None = None,
    ) -> RadioMap:
        """Return the kriged map; arguments as in `Reconstructor.reconstruct` (the deadline has no effect).

        Raises:
            MeasurementError: if fewer than three cells hold usable readings.
            GridError: if the observations are in another CRS than the grid.
            OptionError: if `draws` is negative or a variogram model is unknown.
            ComputationError: if the system cannot be solved.
        """
        started = time.perf_counter()
        cells = cell_means(observations, grid)
        variogram = fit_variogram(positions(cells), cells.value, np.ones((len(cells), 1)), models=self.models)
        mean, variance = _ordinary(cells, variogram, grid)
        belief = Belief(mean, _map_std(variance, variogram, cells), variogram)
        return as_radio_map(
            self.name, belief, cells, observations, grid,
            draws=draws, seed=seed, started=started, variogram=_describe(variogram),
        )  # fmt: skip


@dataclass(frozen=True)
class UniversalKriging:
    """Kriging with an external drift in the log-distance to the transmitter, and its pattern if it is a sector.

    Attributes:
        models: variogram models to choose from by likelihood.
        pattern: whether a sector antenna's pattern is part of the drift.
        name: name in tables.
    """

    models: tuple[str, ...] = MODELS
    pattern: bool = True
    name: str = "universal_kriging"

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 8,
        seed: int = 0,
        deadline_s: float | None = None,
    ) -> RadioMap:
        """Return the kriged map; arguments as in `Reconstructor.reconstruct` (the deadline has no effect).

        Raises:
            MeasurementError: if fewer than three cells hold usable readings.
            GridError: if the observations are in another CRS than the grid.
            OptionError: if the transmitter is not known, `draws` is negative or a variogram model is unknown.
            ComputationError: if the system cannot be solved.
        """
        started = time.perf_counter()
        transmitter = require_transmitter(observations, self.name)
        cells = _thinned(cell_means(observations, grid), seed)
        drift = site_drift(transmitter, cells, grid, pattern=self.pattern)
        columns = np.column_stack([np.ones(len(cells)), drift.at_cells])
        variogram = fit_variogram(positions(cells), cells.value, columns, models=self.models)
        mean, variance = _universal(cells, variogram, grid, drift.at_cells, drift.on_grid)
        belief = Belief(mean, _map_std(variance, variogram, cells), variogram)
        return as_radio_map(
            self.name, belief, cells, observations, grid,
            draws=draws, seed=seed, started=started, variogram=_describe(variogram), drift=drift.names,
        )  # fmt: skip


def _map_std(variance: NDArray[np.float64], variogram: Variogram, cells: Points) -> NDArray[np.float64]:
    noise = min(noise_variance(cells), variogram.nugget)
    return np.sqrt(np.maximum(variance - noise, 0.0))


def _describe(variogram: Variogram) -> dict[str, Any]:
    return {
        "model": variogram.model, "psill_db2": variogram.psill, "range_m": variogram.range_m,
        "nugget_db2": variogram.nugget,
    }  # fmt: skip


def _parameters(variogram: Variogram) -> dict[str, Any]:
    return {
        "variogram_model": variogram.model,
        "variogram_parameters": [variogram.psill, variogram.range_m, variogram.nugget],
        "exact_values": False,
    }


def _thinned(cells: Points, seed: int) -> Points:
    if len(cells) <= UNIVERSAL_LIMIT:
        return cells
    return cells.subset(np.sort(np.random.default_rng(seed).choice(len(cells), UNIVERSAL_LIMIT, replace=False)))


def _ordinary(
    cells: Points, variogram: Variogram, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pykrige.ok import OrdinaryKriging

    solver = OrdinaryKriging(cells.x, cells.y, cells.value, **_parameters(variogram))
    x, y = (a.ravel() for a in grid.centres())
    if len(cells) > GLOBAL_LIMIT:
        mean, variance = solver.execute("points", x, y, backend="loop", n_closest_points=LOCAL_NEIGHBOURS)
    else:
        mean, variance = solver.execute("points", x, y, backend="vectorized")
    return np.asarray(mean).reshape(grid.shape), np.asarray(variance).reshape(grid.shape)


def _universal(
    cells: Points,
    variogram: Variogram,
    grid: Grid,
    at_cells: NDArray[np.float64],
    on_grid: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pykrige.uk import UniversalKriging as Solver

    solver = Solver(
        cells.x, cells.y, cells.value, drift_terms=["specified"],
        specified_drift=list(at_cells.T), **_parameters(variogram),
    )  # fmt: skip
    x, y = (a.ravel() for a in grid.centres())
    mean, variance = np.empty(x.size), np.empty(x.size)
    for start in range(0, x.size, CHUNK):
        part = slice(start, start + CHUNK)
        mean[part], variance[part] = solver.execute(
            "points", x[part], y[part], specified_drift_arrays=list(on_grid[part].T)
        )
    return mean.reshape(grid.shape), variance.reshape(grid.shape)
