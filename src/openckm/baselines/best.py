"""The best classical method for a site's readings, picked by their own cross-validation.

Candidates are ordinary kriging; where the transmitter is known, universal kriging, alone and with the layout, with each
phone's offset, and with both; and boosted trees where a library of them is installed. Each predicts every observed cell
from the others, scattered ones and whole blocks (`openckm.baselines.regression`); the least mean squared error of both
together wins. The choice is the readings' own: no truth of the map takes part in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from openckm.baselines.answer import Answer, Baseline
from openckm.baselines.kriging import Kriging, UniversalKriging
from openckm.baselines.regression import Folds, Regression
from openckm.baselines.trees import BoostedTrees, trees_available
from openckm.errors import ComputationError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations

KINDS: tuple[Folds, ...] = ("scattered", "blocks")


@dataclass(frozen=True)
class Choice:
    """What cross-validation found.

    Attributes:
        method: the best candidate.
        rmse_db: error of each candidate in predicting observed cells from the others [dB], by its name; inf where it
            failed.
    """

    method: Regression
    rmse_db: dict[str, float]


def classical_candidates(observations: Observations, other: Observations | None = None) -> list[Regression]:
    """Return the methods that can use this evidence.

    Args:
        observations: the evidence.
        other: evidence on another cell of the same site, for co-kriging.
    """
    found: list[Regression] = [Kriging()]
    if observations.transmitter is None:
        return found
    layout = observations.layout is not None and bool(observations.layout.building.any())
    phones = len(np.unique(observations.gain_points().device)) > 1
    found.append(UniversalKriging())
    found += [UniversalKriging(layout=True)] if layout else []
    found += [UniversalKriging(phones=True)] if phones else []
    found += [UniversalKriging(layout=True, phones=True)] if layout and phones else []
    found += [UniversalKriging(layout=layout, phones=phones, other=other)] if other is not None else []
    found += [BoostedTrees(phones=phones)] if trees_available() else []
    return found


def best_classical(
    observations: Observations,
    grid: Grid,
    *,
    other: Observations | None = None,
    candidates: Sequence[Regression] | None = None,
    seed: int = 0,
) -> Choice:
    """Return the classical method that predicts the readings' cells best from one another.

    Args:
        observations: the evidence.
        grid: the cells.
        other: evidence on another cell of the same site, for co-kriging.
        candidates: the methods to choose from; None means `classical_candidates`.
        seed: the seed of the folds.

    Raises:
        MeasurementError: if fewer than three cells hold usable readings.
        GridError: if the observations are in another CRS than the grid.
        ComputationError: if every candidate fails.
    """
    methods = classical_candidates(observations, other) if candidates is None else list(candidates)
    errors = {m.name: _error(m, observations, grid, seed) for m in methods}
    best = min(methods, key=lambda m: errors[m.name])
    if not math.isfinite(errors[best.name]):
        raise ComputationError(f"none of {', '.join(errors)} could be cross-validated; are the readings degenerate?")
    return Choice(best, errors)


def _error(method: Regression, observations: Observations, grid: Grid, seed: int) -> float:
    """Root mean squared error over both kinds of folds [dB], inf where the method cannot be solved on a fold."""
    table = method.table(observations, grid)
    try:
        return math.sqrt(float(np.mean([method.cross_validated(table, kind, seed=seed).mean() for kind in KINDS])))
    except ComputationError:
        return math.inf


@dataclass(frozen=True)
class BestClassical(Baseline):
    """The best classical method, as one method: it cross-validates, then answers with the winner.

    Attributes:
        other: evidence on another cell of the same site, for co-kriging.
        name: name in tables; provenance holds the winner's under "chosen", and the errors under "cross_validation_db".
    """

    other: Observations | None = None
    name: str = "best_classical"

    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return what the winner believes; see `Baseline.believe`."""
        choice = best_classical(observations, grid, other=self.other, seed=seed)
        found = choice.method.believe(observations, grid, seed)
        errors = {name: round(value, 3) for name, value in choice.rmse_db.items()}
        return replace(found, facts=found.facts | {"chosen": choice.method.name, "cross_validation_db": errors})
