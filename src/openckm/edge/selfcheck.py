"""The self-check: a tenth of the user's own measurements is held back in spatial blocks and predicted.

It says, on this site and before anybody drives again, how far off the map is away from the readings (RMSE) and whether
its error bars are honest (share of held-back readings inside their 90 % interval), beside ordinary kriging. With

    c = 90 % quantile of |y - m| / sqrt(s^2 + sigma^2) over the held-back readings, divided by z_90

the map is   trusted    if the intervals cover what they say, give or take,
             widened    if they cover less: its spread is multiplied by c,
             refused    if c is beyond what widening may mend, or the map predicts the held-back readings much worse
                        than kriging does, or worse than the plain average of the readings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.infer.spread.normal import Z_90, factor_90
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.reconstructor import Reconstructor

__all__ = ["Score", "SelfCheck", "held_back", "self_check"]

MIN_CELLS = 20
BLOCKS_A_SIDE = 8
SHARE = 0.1
MOST = 0.5
"""A block that would take the share of held-back cells above this is given: the rest could not predict it."""
HONEST = (0.75, 0.99)
"""Share of held-back readings inside their 90 % intervals outside of which the error bars are called dishonest."""
WIDEST = 3.0
"""Factor on the spread beyond which the prior is said not to fit."""
FEWEST = 15
"""Held-back cells without which nothing is refused: that few readings cannot tell misfit from chance."""
MUCH_WORSE = 1.5
"""RMSE over kriging's, or over that of the readings' average, beyond which the prior is said not to fit."""


@dataclass(frozen=True)
class Score:
    """How one method predicted the held-back cells: RMSE [dB], share inside the 90 % interval.

    `needed` is the factor on the spread with which 90 % of them would have been inside.
    """

    method: str
    rmse_db: float
    coverage_90: float
    needed: float = 1.0


@dataclass(frozen=True)
class SelfCheck:
    """Result of the self-check.

    Attributes:
        given: cells that the methods were given.
        held: cells that were held back and predicted.
        scores: one for each method, OpenCKM first.
        average_db: RMSE of the average of the given cells on the held-back ones [dB].
    """

    given: int
    held: int
    scores: tuple[Score, ...]
    average_db: float = float("inf")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the map is refused; empty if it is not."""
        own, rival = self.scores[0], self.scores[-1]
        found: list[str] = []
        if self.held < FEWEST:
            return ()
        if own.coverage_90 < HONEST[0] and own.needed > WIDEST:
            found.append(f"its intervals would have to be {own.needed:.1f} times as wide")
        if own.rmse_db > MUCH_WORSE * rival.rmse_db:
            found.append(f"its error is {own.rmse_db / rival.rmse_db:.1f} times {rival.method}'s")
        if own.rmse_db > MUCH_WORSE * self.average_db:
            found.append(f"the plain average of the readings errs by {self.average_db:.1f} dB only")
        return tuple(found)

    @property
    def status(self) -> str:
        """What became of the map: "trusted", "widened" or "refused"."""
        if self.reasons:
            return "refused"
        return "widened" if self.scores[0].coverage_90 < HONEST[0] else "trusted"

    @property
    def widening(self) -> float:
        """Factor on the map's spread: 1 if it may be trusted, near 1 if few readings say so, at most WIDEST."""
        if self.status == "trusted":
            return 1.0
        trust = self.held / (self.held + 10.0)
        return float(np.clip(self.scores[0].needed ** trust, 1.0, WIDEST))

    def verdict(self) -> str:
        """Return one sentence on whether the map may be trusted."""
        if self.status == "refused":
            return (
                "REFUSED, the prior does not fit this site: on your own held-back readings "
                + " and ".join(self.reasons)
                + "; check position, azimuth and column of the readings, or use kriging."
            )
        own, rival = self.scores[0], self.scores[-1]
        better = "below" if own.rmse_db <= rival.rmse_db else "above"
        text = f"OpenCKM's error is {better} {rival.method}'s on your own held-back readings"
        if not HONEST[0] <= own.coverage_90 <= HONEST[1]:
            text += (
                f"; only {own.coverage_90:.0%} of them lie inside the 90 % intervals, so the spread of the map was"
                f" widened by {self.widening - 1:.0%}: measure where it matters"
                if own.coverage_90 < HONEST[0]
                else "; the intervals are wider than they need to be"
            )
        return text + "."


def held_back(cells: Points, grid: Grid, seed: int, share: float = SHARE) -> NDArray[np.bool_]:
    """Return which cells are held back, shape (n,): whole blocks drawn at random until `share` of the cells is in them.

    Args:
        cells: one reading per cell.
        grid: the cells; a block is an eighth of its longer side.
        seed: of the choice of blocks.
        share: of the cells to hold back; blocks that would make it more than MOST are passed over.
    """
    side = max(1, -(-max(grid.shape) // BLOCKS_A_SIDE))
    row, col = grid.index_of(cells.x, cells.y)
    label = (row // side) * (grid.shape[1] // side + 1) + col // side
    held = np.zeros(len(cells), dtype=bool)
    for block in np.random.default_rng(seed).permutation(np.unique(label)):
        if held.sum() >= share * len(cells):
            break
        more = held | (label == block)
        held = more if more.sum() <= MOST * len(cells) else held
    return held


def self_check(
    methods: tuple[Reconstructor, ...], observations: Observations, grid: Grid, *, seed: int = 0
) -> SelfCheck:
    """Hold back a tenth of the readings in blocks and let each method predict them from the rest.

    Args:
        methods: OpenCKM first, then its rivals.
        observations: all evidence.
        grid: the map's cells.
        seed: of the choice of blocks.

    Raises:
        MeasurementError: if there are too few measured cells to hold any back.
    """
    points = observations.gain_points()
    cells = aggregate_cells(points, grid, shadow_sigma_db=0.0)
    cells = cells.subset(cells.kind == "exact")
    held = held_back(cells, grid, seed) if len(cells) else np.zeros(0, bool)
    if len(cells) < MIN_CELLS or not held.any():
        raise MeasurementError(
            f"the readings fill {len(cells)} cells: a self-check needs {MIN_CELLS} in more than one part of the map;"
            " give more readings or leave the self-check out"
        )
    given = replace(observations, points=(points.subset(~_in_cells(points, cells.subset(held), grid)),))
    row, col = (index[held] for index in grid.index_of(cells.x, cells.y))
    truth, noise = cells.value[held], cells.sigma[held]
    scores = []
    for method in methods:
        radiomap = method.reconstruct(given, grid, draws=0, seed=seed)
        error = radiomap.mean()[row, col] - truth
        score = np.abs(error) / np.hypot(radiomap.std()[row, col], noise)
        needed = factor_90(score)
        inside = float(np.mean(score <= Z_90))
        scores.append(Score(method.name, float(np.sqrt(np.mean(error**2))), inside, needed))
    average = float(np.sqrt(np.mean((truth - cells.value[~held].mean()) ** 2)))
    return SelfCheck(int((~held).sum()), int(held.sum()), tuple(scores), average)


def _in_cells(points: Points, cells: Points, grid: Grid) -> NDArray[np.bool_]:
    """Say for each reading whether it lies in one of the cells."""
    columns = grid.shape[1]
    row, col = grid.index_of(points.x, points.y)
    there = grid.index_of(cells.x, cells.y)
    return np.asarray(np.isin(row * columns + col, there[0] * columns + there[1]))
