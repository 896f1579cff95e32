"""Readings averaged over cells, the evidence of every baseline (`openckm.maps.cells` holds the arithmetic).

Exact averages count with their value, intervals with their middle. A cell that holds nothing but one-sided censored
readings ("not heard") is left out, or counts with its limit where a method asks for that (`openckm.baselines.limits`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, MeasurementError
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points

MIN_CELLS = 3
"""Fewest distinct cells with readings that a baseline works with."""


def cell_means(observations: Observations, grid: Grid, *, limits: bool = False) -> Points:
    """Return one reading per observed cell of the grid and of its continuation outside, at the cell centre.

    The noise of an average is that of its readings taken as independent.

    Args:
        observations: the evidence.
        grid: the cells.
        limits: whether cells with one-sided readings alone are among them, their limit as the value.

    Raises:
        GridError: if the observations are in another CRS than the grid.
        MeasurementError: if there are no gain readings, or they fill fewer than MIN_CELLS cells.
    """
    observations.require_points_only("a baseline")
    if observations.crs != grid.crs:
        raise GridError(
            f"the observations are in {observations.crs or 'a local plane'}, the grid in {grid.crs or 'a local plane'};"
            " bring the readings into the grid's CRS"
        )
    readings = observations.gain_points()
    cells = aggregate_cells(readings, covering(grid, readings), shadow_sigma_db=0.0)
    cells = cells.subset(np.isfinite(cells.value))
    both_sided = ~one_sided(cells)
    if (usable := int(both_sided.sum())) < MIN_CELLS:
        raise MeasurementError(
            f"the usable readings fill {usable} cells of {grid.cell_m} m: a baseline needs at least {MIN_CELLS};"
            " give more readings (censored ones do not count here) or a finer grid"
        )
    return cells if limits else cells.subset(both_sided)


def one_sided(cells: Points) -> NDArray[np.bool_]:
    """Return which cells hold a limit alone, shape (n,)."""
    return np.isin(cells.kind, ("below", "above"))


def positions(cells: Points) -> NDArray[np.float64]:
    """Return the coordinates [m] of readings, shape (n, 2)."""
    return np.column_stack([cells.x, cells.y])


def noise_variance(cells: Points) -> float:
    """Return the mean variance of the readings' noise [dB^2]."""
    return float(np.mean(cells.sigma**2))


def covering(grid: Grid, points: Points) -> Grid:
    """Return the grid continued by whole cells until it holds all points."""
    west, south, east, north = grid.bounds
    left, right = _extra(west - points.x.min(), grid), _extra(points.x.max() - east, grid)
    above, below = _extra(points.y.max() - north, grid), _extra(south - points.y.min(), grid)
    shape = (grid.shape[0] + above + below, grid.shape[1] + left + right)
    return replace(grid, shape=shape, origin=(west - left * grid.cell_m, north + above * grid.cell_m))


def _extra(overhang_m: float, grid: Grid) -> int:
    return 0 if overhang_m < 0 else int(overhang_m // grid.cell_m) + 1
