"""Kriging: the best linear unbiased prediction under a fitted variogram.

    ordinary    the mean is an unknown constant (solved by PyKrige)
    universal   the mean is a + b 10 log10(d) (+ c G(bearing, elevation) of a sector antenna) with unknown a, b, c, and
                further columns if asked for: the layout between transmitter and cell, each phone's offset, another
                cell's field on the same site, which is co-kriging with an external drift, and any further maps of the
                site (`openckm.baselines.drift`)

Universal kriging is solved here: PyKrige's always leaves out every reading in turn when it is made, which costs
minutes at a thousand readings. The tests hold both against PyKrige and a dense textbook solution.

The variogram is fitted by restricted maximum likelihood (`variogram`); the exponential model alone is tried unless
stated otherwise, for on the Duke cells the spherical one was 0.3 dB worse on hidden blocks. The kriging variance is
that of a new noisy average; the part of the nugget which the readings' own sigma explains is taken off, so that the
spread speaks of the map.

References:
    "Statistics for Spatial Data", Cressie, 1993, sections 3.2 and 3.4.
    "Geostatistics for Natural Resources Evaluation", Goovaerts, 1997, section 6.1 (external drift, co-located fields).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.cells import positions
from openckm.baselines.drift import (
    Maps,
    SiteDrift,
    layout_columns,
    map_columns,
    phone_columns,
    require_transmitter,
    site_drift,
)
from openckm.baselines.regression import Prediction, Regression, Table
from openckm.baselines.variogram import DEFAULT_MODELS, Variogram, fit_variogram
from openckm.errors import ComputationError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.side_by_side import side_by_side

GLOBAL_LIMIT = 1700
"""Cells up to which one global system is solved [cells]; above, ordinary kriging takes the nearest ones."""
_LOCAL_NEIGHBOURS = 64
_UNIVERSAL_LIMIT = 2000
"""Cells that universal kriging uses at most; more are thinned at random."""
CHUNK = 4096
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kriging(Regression):
    """Ordinary kriging on cell averages.

    Attributes:
        models: variogram models to choose from by likelihood.
        name: name in tables.
    """

    models: tuple[str, ...] = DEFAULT_MODELS
    name: str = "kriging"

    def columns(self, observations: Observations, cells: Points, grid: Grid) -> SiteDrift:
        """Return no columns."""
        return site_drift(None, cells, grid)

    def predict(
        self, table: Table, targets: Floats, columns: Floats, *, variogram: Variogram | None = None, seed: int = 0
    ) -> Prediction:
        """Return predictions at targets; see `Regression.predict`.

        Raises:
            OptionError: if a variogram model is unknown.
            ComputationError: if the system cannot be solved.
        """
        cells = table.cells
        if variogram is None:
            variogram = fit_variogram(positions(cells), cells.value, np.ones((len(cells), 1)), models=self.models)
        return Prediction(*ordinary(cells, variogram, targets), variogram, np.zeros(0))


@dataclass(frozen=True)
class UniversalKriging(Regression):
    """Kriging with an external drift: the transmitter, and what else is asked for and known.

    Attributes:
        models: variogram models to choose from by likelihood.
        pattern: whether a sector antenna's pattern is a drift.
        layout: whether obstruction, diffraction, buildings and line of sight are drifts.
        phones: whether each phone's share in a cell's readings is one.
        other: evidence on another cell of the same site, whose kriged map is one; None for none.
        maps: makes further maps of the site, each of which is one; None for none.
        name: name in tables; made from the options where it is empty.
    """

    models: tuple[str, ...] = DEFAULT_MODELS
    pattern: bool = True
    layout: bool = False
    phones: bool = False
    other: Observations | None = None
    maps: Maps | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            parts = {"layout": self.layout, "phones": self.phones, "other": self.other is not None, "maps": self.maps}
            object.__setattr__(self, "name", "_".join(["universal_kriging", *(k for k, used in parts.items() if used)]))

    def columns(self, observations: Observations, cells: Points, grid: Grid) -> SiteDrift:
        """Return the columns that the options ask for and that say something at the cells.

        Raises:
            OptionError: if the transmitter is not known.
        """
        drift = site_drift(require_transmitter(observations, self.name), cells, grid, pattern=self.pattern)
        further = [] if self.maps is None else map_columns(self.maps(observations, grid), cells, grid)
        further += layout_columns(observations, cells, grid) if self.layout else []
        if self.phones:
            further += phone_columns(observations, cells, grid)
        if self.other is not None:
            field = replace(self, other=None, name="").reconstruct(self.other, grid, draws=0).mean()
            further += map_columns({"other field": field}, cells, grid)
        return drift.with_columns(further)

    def predict(
        self, table: Table, targets: Floats, columns: Floats, *, variogram: Variogram | None = None, seed: int = 0
    ) -> Prediction:
        """Return predictions at targets; see `Regression.predict`.

        Raises:
            OptionError: if a variogram model is unknown.
            ComputationError: if the system cannot be solved.
        """
        table = _thinned(table, seed)
        at_cells, at_targets = (np.insert(c, 0, 1.0, axis=1) for c in (table.drift.at_cells, columns))
        if variogram is None:
            variogram = fit_variogram(positions(table.cells), table.cells.value, at_cells, models=self.models)
        mean, variance, coefficient = universal(table.cells, variogram, at_cells, targets, at_targets)
        return Prediction(mean, variance, variogram, coefficient[1:])


def _thinned(table: Table, seed: int) -> Table:
    n = len(table.cells)
    if n <= _UNIVERSAL_LIMIT:
        return table
    keep = np.zeros(n, bool)
    keep[np.random.default_rng(seed).choice(n, _UNIVERSAL_LIMIT, replace=False)] = True
    return table.subset(keep)


def ordinary(cells: Points, variogram: Variogram, targets: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance at targets [m], shape (t, 2), of ordinary kriging: the drift is a constant."""
    if len(cells) <= GLOBAL_LIMIT:
        return universal(cells, variogram, np.ones((len(cells), 1)), targets, np.ones((len(targets), 1)))[:2]
    from pykrige.ok import OrdinaryKriging

    parameters = {"psill": variogram.psill, "range": variogram.range_m, "nugget": variogram.nugget}
    solver = OrdinaryKriging(
        cells.x, cells.y, cells.value, variogram_model=variogram.model, variogram_parameters=parameters,
        exact_values=False,
    )  # fmt: skip
    mean, variance = np.empty(len(targets)), np.empty(len(targets))
    local: dict[str, Any] = {"backend": "loop", "n_closest_points": _LOCAL_NEIGHBOURS}
    for start in range(0, len(targets), CHUNK):  # bounds the memory
        part = slice(start, start + CHUNK)
        mean[part], variance[part] = solver.execute("points", targets[part, 0], targets[part, 1], **local)
    return mean, variance


def universal(
    cells: Points, variogram: Variogram, at_cells: Floats, targets: Floats, at_targets: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return mean and variance at targets, and the drift's coefficients, by Cressie's equations (3.4.60)-(3.4.64).

    Args:
        cells: the averages, n of them.
        variogram: the variogram of the residual.
        at_cells: drift at the cells, the constant among them, shape (n, p).
        targets: positions [m], shape (t, 2).
        at_targets: drift there, shape (t, p).

    Raises:
        ComputationError: if the system is singular.
    """
    from scipy.linalg import LinAlgError, blas, cho_factor, cho_solve
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
    mean, variance = np.empty(len(targets)), np.empty(len(targets))

    def fill(start: int) -> None:
        part = slice(start, start + CHUNK)
        cross = variogram.covariance(cdist(targets[part], xy))
        mean[part] = at_targets[part] @ coefficient + cross @ weighted
        lack = at_targets[part] - cross @ solved[:, :-1]
        white = blas.dtrsm(1.0, factor[0], cross, side=1, lower=1, trans_a=1)  # rows of cross times L^-T
        explained = (white**2).sum(1)
        variance[part] = variogram.sill - explained + ((lack @ information) * lack).sum(1)

    side_by_side([partial(fill, start) for start in range(0, len(targets), CHUNK)])
    return mean, variance, coefficient
