"""Regression of cell averages on columns, with a spatial residual: what kriging and boosted trees have in common.

A method says which columns it uses and predicts values at targets from cells; the rest is here: averaging readings over
cells, the choice of what to do with one-sided readings, cross-validation, and the map.

**Limits.** Intervals count with their middle. One-sided readings ("not heard", "saturated") count with their limit or
are left out, whichever has less error when cells are predicted from the others. The error of a cell that holds a limit
alone is what the prediction goes beyond it.

**Cross-validation.** Cells are dealt into FOLDS parts, one by one (`scattered`) or by square blocks of an eighth of
their extent (`blocks`); each part is predicted from the others with the variogram of all. Phones count with their
average share there, as on the map.

References:
    "Statistics for Spatial Data", Cressie, 1993, section 2.6.4 (cross-validation of a variogram).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.answer import Answer, Baseline, Belief
from openckm.baselines.cells import MIN_CELLS, cell_means, noise_variance, one_sided, positions
from openckm.baselines.drift import SiteDrift
from openckm.baselines.variogram import Variogram
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points

Folds = Literal["scattered", "blocks"]
FOLDS = 5
_BLOCKS_ACROSS = 8
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """What a method regresses.

    Attributes:
        cells: averages [dB or dBm], n of them, those with a limit alone among them.
        drift: columns at the cells and on the grid.
    """

    cells: Points
    drift: SiteDrift

    def subset(self, keep: Mask) -> Table:
        """Return the rows of some cells, a mask of shape (n,)."""
        return Table(self.cells.subset(keep), replace(self.drift, at_cells=self.drift.at_cells[keep]))

    def both_sided(self) -> Table:
        """Return the cells that hold more than a limit."""
        return self.subset(~one_sided(self.cells))


@dataclass(frozen=True)
class Prediction:
    """Values at targets.

    Attributes:
        mean: [dB or dBm], shape (targets,).
        variance: the variance of a new noisy average there [dB^2], shape (targets,).
        variogram: the variogram of the residual.
        coefficient: the coefficient of the columns of the drift [dB], shape (p,), 0 for those that the method uses
            otherwise.
    """

    mean: Floats
    variance: Floats
    variogram: Variogram
    coefficient: Floats


class Regression(Baseline):
    """A classical method that regresses: a subclass says its columns and how it predicts."""

    @abstractmethod
    def columns(self, observations: Observations, cells: Points, grid: Grid) -> SiteDrift:
        """Return the columns of the mean.

        Raises:
            OptionError: if what the method needs is not known.
        """

    @abstractmethod
    def predict(
        self, table: Table, targets: Floats, columns: Floats, *, variogram: Variogram | None = None, seed: int = 0
    ) -> Prediction:
        """Return predictions at targets.

        Args:
            table: the cells.
            targets: positions [m], shape (t, 2).
            columns: columns of the drift there, shape (t, p).
            variogram: the variogram of the residual; None means that it is fitted.
            seed: the seed of what is drawn by lot.

        Raises:
            ComputationError: if the system cannot be solved.
        """

    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return the prediction on the whole grid; see `Baseline.believe`."""
        whole = self.table(observations, grid)
        table = self.limits_chosen(whole, seed=seed)
        targets = np.column_stack([a.ravel() for a in grid.centres()])
        found = self.predict(table, targets, table.drift.on_grid, seed=seed)
        noise = min(noise_variance(table.cells), found.variogram.nugget)
        std = np.sqrt(np.maximum(found.variance - noise, 0.0))
        belief = Belief(found.mean.reshape(grid.shape), std.reshape(grid.shape), found.variogram)
        facts = {
            "variogram": _describe(found.variogram), "drift": table.drift.names,
            "phone_offsets_db": table.drift.phone_offsets(found.coefficient), **_limit_facts(whole, table),
        }  # fmt: skip
        return Answer(belief, table.cells, facts)

    def table(self, observations: Observations, grid: Grid) -> Table:
        """Return the cells, limits among them, and their columns.

        Raises:
            MeasurementError: if fewer than three cells hold usable readings.
            GridError: if the observations are in another CRS than the grid.
            OptionError: if something that the method needs is not known.
        """
        cells = cell_means(observations, grid, limits=True)
        return Table(cells, self.columns(observations, cells, grid))

    def limits_chosen(self, table: Table, *, seed: int = 0) -> Table:
        """Return the table with its one-sided readings, or without, whichever predicts cells with less error."""
        heard = table.both_sided()
        if len(heard.cells) == len(table.cells):
            return table
        errors = []
        for used in (heard, table):
            variogram = self.predict(used, *_nowhere(used), seed=seed).variogram
            errors.append(float(np.mean(self._errors(used, table, variogram, "scattered", seed))))
        return table if errors[1] < errors[0] else heard

    def cross_validated(self, table: Table, folds: Folds = "scattered", *, seed: int = 0) -> Floats:
        """Return the squared error [dB^2] of each cell as the others predict it, shape (n,)."""
        used = self.limits_chosen(table, seed=seed)
        variogram = self.predict(used, *_nowhere(used), seed=seed).variogram
        return self._errors(used, table, variogram, folds, seed)

    def _errors(self, used: Table, scored: Table, variogram: Variogram, folds: Folds, seed: int) -> Floats:
        """Squared errors of the cells of `scored` as those of `used` in other folds predict them."""
        fold = _folds(positions(scored.cells), folds, seed)
        in_used = ~one_sided(scored.cells) if len(used.cells) < len(scored.cells) else np.ones(len(fold), bool)
        square = np.empty(len(scored.cells))
        for k in np.unique(fold):
            here = fold == k
            given = used.subset(~here[in_used])
            if len(given.cells) < MIN_CELLS:
                square[here] = float(np.var(used.cells.value))
                continue
            found = self.predict(
                given, positions(scored.cells)[here], scored.drift.unseen()[here], variogram=variogram, seed=seed
            )
            square[here] = _beyond(scored.cells.subset(here), found.mean) ** 2
        return square


def _nowhere(table: Table) -> tuple[Floats, Floats]:
    """Targets and columns of a prediction that is asked for its variogram alone."""
    return positions(table.cells)[:1], table.drift.at_cells[:1]


def _beyond(cells: Points, mean: Floats) -> Floats:
    """Return mean minus reading [dB]; of a limit, what lies on its wrong side."""
    error = mean - cells.value
    error = np.where(cells.kind == "below", np.maximum(error, 0.0), error)
    return np.where(cells.kind == "above", np.minimum(error, 0.0), error)


def _folds(xy: Floats, kind: Folds, seed: int) -> NDArray[np.intp]:
    """Return the fold of each cell, shape (n,)."""
    rng = np.random.default_rng(seed)
    if kind == "scattered":
        return np.asarray(rng.permutation(len(xy)) % min(FOLDS, len(xy)))
    side = max(float(np.ptp(xy, axis=0).max()) / _BLOCKS_ACROSS, 1e-9)
    blocks = np.unique(np.floor((xy - xy.min(0)) / side), axis=0, return_inverse=True)[1].ravel()
    return np.asarray((rng.permutation(int(blocks.max()) + 1) % FOLDS)[blocks])


def _limit_facts(whole: Table, used: Table) -> dict[str, Any]:
    """Say in the provenance what became of the cells that hold a limit alone."""
    limits = int(one_sided(whole.cells).sum())
    if not limits:
        return {}
    kept = int(one_sided(used.cells).sum())
    return {"limits_at_their_value": kept, "limits_left_out": limits - kept}


def _describe(variogram: Variogram) -> dict[str, Any]:
    return {
        "model": variogram.model, "psill_db2": variogram.psill, "range_m": variogram.range_m,
        "nugget_db2": variogram.nugget,
    }  # fmt: skip
