"""Kriging: the best linear unbiased prediction under a fitted variogram.

    ordinary    the mean is an unknown constant (solved by PyKrige)
    universal   the mean is a + b 10 log10(d) (+ c G(bearing, elevation) of a sector antenna), unknown a, b, c

Universal kriging is solved here: PyKrige's always leaves out every reading in turn when it is made, which costs
minutes at a thousand readings. The tests hold both against PyKrige and a dense textbook solution.

The variogram is fitted by restricted maximum likelihood (`variogram`); the exponential model alone is tried unless
told otherwise, for on the Duke cells the spherical one was 0.3 dB worse on hidden blocks. The kriging variance is that
of a new noisy average; the part of the nugget which the readings' own sigma explains is taken off, so that the spread
speaks of the map.

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
from openckm.baselines.variogram import DEFAULT_MODELS, Variogram, fit_variogram
from openckm.errors import ComputationError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap

__all__ = ["Kriging", "UniversalKriging"]

GLOBAL_LIMIT = 1700
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

    models: tuple[str, ...] = DEFAULT_MODELS
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

    models: tuple[str, ...] = DEFAULT_MODELS
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
        at_cells, on_grid = (np.insert(columns, 0, 1.0, axis=1) for columns in (drift.at_cells, drift.on_grid))
        variogram = fit_variogram(positions(cells), cells.value, at_cells, models=self.models)
        mean, variance = _universal(cells, variogram, grid, at_cells, on_grid)
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


def _thinned(cells: Points, seed: int) -> Points:
    if len(cells) <= UNIVERSAL_LIMIT:
        return cells
    return cells.subset(np.sort(np.random.default_rng(seed).choice(len(cells), UNIVERSAL_LIMIT, replace=False)))


def _ordinary(cells: Points, variogram: Variogram, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pykrige.ok import OrdinaryKriging

    parameters = {"psill": variogram.psill, "range": variogram.range_m, "nugget": variogram.nugget}
    solver = OrdinaryKriging(
        cells.x, cells.y, cells.value, variogram_model=variogram.model, variogram_parameters=parameters,
        exact_values=False,
    )  # fmt: skip
    x, y = (a.ravel() for a in grid.centres())
    mean, variance = np.empty(x.size), np.empty(x.size)
    local: dict[str, Any] = {"backend": "vectorized"}
    if len(cells) > GLOBAL_LIMIT:
        local = {"backend": "loop", "n_closest_points": LOCAL_NEIGHBOURS}
    for start in range(0, x.size, CHUNK):  # bounds the memory
        part = slice(start, start + CHUNK)
        mean[part], variance[part] = solver.execute("points", x[part], y[part], **local)
    return mean.reshape(grid.shape), variance.reshape(grid.shape)


def _universal(
    cells: Points,
    variogram: Variogram,
    grid: Grid,
    at_cells: NDArray[np.float64],
    on_grid: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solve Cressie's equations (3.4.60)-(3.4.64); drifts have shape (n, p) and (cells of the grid, p)."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve
    from scipy.spatial.distance import cdist

    xy = positions(cells)
    system = variogram.covariance(cdist(xy, xy))
    system[np.diag_indices_from(system)] += variogram.nugget
    try:
        factor = cho_factor(system, lower=True, overwrite_a=True)
        solved = cho_solve(factor, np.column_stack([at_cells, cells.value]))
        information = np.linalg.inv(at_cells.T @ solved[:, :-1])
    except (LinAlgError, np.linalg.LinAlgError) as error:
        raise ComputationError(
            f"the kriging system of {len(cells)} cells is singular; are drifts dependent?"
        ) from error
    coefficient = information @ at_cells.T @ solved[:, -1]
    weighted = solved[:, -1] - solved[:, :-1] @ coefficient
    targets = np.column_stack([a.ravel() for a in grid.centres()])
    mean, variance = np.empty(len(targets)), np.empty(len(targets))
    for start in range(0, len(targets), CHUNK):
        part = slice(start, start + CHUNK)
        cross = variogram.covariance(cdist(targets[part], xy))
        mean[part] = on_grid[part] @ coefficient + cross @ weighted
        lack = on_grid[part] - cross @ solved[:, :-1]
        explained = (cross * cho_solve(factor, cross.T).T).sum(1)
        variance[part] = variogram.sill - explained + ((lack @ information) * lack).sum(1)
    return mean.reshape(grid.shape), variance.reshape(grid.shape)
