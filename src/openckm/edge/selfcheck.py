"""The self-check holds the user's own measurements back in spatial blocks, four times over, and predicts them.

It says, on this site and before anybody drives again, how far off the map is away from the readings (RMSE) and whether
its error bars are honest (share of held-back readings inside their 90 % interval), beside the best classical method
with the same rights. DRAWS disjoint sets of blocks are held back one after the other, each about a tenth of the cells,
and more where there are so few that fewer than FEWEST would be held back in all. A reading is that of one device: what
a method says of that device's level is added to its map. With

    c = 90 % quantile of |y - m| / sqrt(s^2 + sigma^2) over the held-back readings, divided by z_90  (1)

the map is   trusted      if the intervals cover what they say, give or take,
             widened      if they cover less: its spread is multiplied by c,
             refused      if c is beyond what widening may mend, or the map predicts the held-back readings much worse
                          than the classical method does, or worse than the plain average of the readings,
             unchecked    if fewer than FEWEST readings could be held back: they cannot tell misfit from chance.

A held-back limit ("not heard") has no error; it is respected if the interval of the map reaches into it, and the map is
widened where too few are. Two methods are called equal where the difference of their RMSE is within what blocks drawn
again would change (twice the jackknife's standard error). What an older map says is evidence and no truth: it is given
to all, and never held back.

References:
    The jackknife, the bootstrap and other resampling plans. B. Efron, 1982, Eq. 3.7 (blocks are left out in turn).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.cells import noise_variance, one_sided
from openckm.baselines.regression import Regression
from openckm.edge.older import OLDER
from openckm.errors import ComputationError, MeasurementError
from openckm.infer.spread.normal import Z_90, factor_90, shrunk
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap
from openckm.reconstructor import Reconstructor
from openckm.side_by_side import side_by_side

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
DRAWS = 4
"""Sets of blocks that are held back, one after the other."""
MIN_CELLS = 20
BLOCKS_A_SIDE = 8
SHARE = 0.1
MOST = 0.5
"""A block that would take the share of held-back readings above this is given: the rest could not predict it."""
_HONEST = (0.75, 0.99)
"""Share of held-back readings inside their 90 % intervals outside of which the error bars are called dishonest."""
WIDEST = 3.0
"""Factor on the spread beyond which the prior is said not to fit."""
FEWEST = 15
"""Held-back readings without which a map is neither trusted nor refused."""
_WIDENING_HALF = 10.0
"""Held-back readings with which the factor that they ask for counts half."""
_MUCH_WORSE = 1.5
"""RMSE over the rival's, or over that of the readings' average, beyond which the prior is said not to fit."""


@runtime_checkable
class AtCells(Protocol):
    """A method that predicts some cells alone, which is all that a self-check wants of it."""

    @property
    def name(self) -> str:
        """Name in tables."""
        ...

    def at_cells(
        self, observations: Observations, grid: Grid, cells: NDArray[np.intp], seed: int
    ) -> tuple[Array, Array, Mapping[str, Any]]:
        """Return mean and standard deviation of the gain of cells [dB], by flat index, and the provenance."""
        ...


@dataclass(frozen=True)
class Score:
    """How one method predicted the held-back readings.

    Attributes:
        method: its name.
        rmse_db: over the values among them [dB].
        coverage_90: share of the values inside their 90 % intervals.
        needed: factor on the spread with which 90 % of the values would have been inside.
        limits_respected: share of the limits among them that the 90 % interval reaches; None where there are none.
        limits_needed: factor on the spread with which it would reach 90 % of them.
    """

    method: str
    rmse_db: float
    coverage_90: float
    needed: float = 1.0
    limits_respected: float | None = None
    limits_needed: float = 1.0

    @property
    def honest(self) -> bool:
        """Whether the intervals hold at least what they should, give or take."""
        return min(self.coverage_90, 1.0 if self.limits_respected is None else self.limits_respected) >= _HONEST[0]

    @property
    def widening(self) -> float:
        """Factor on the spread with which values and limits would have been inside."""
        return max(self.needed, self.limits_needed)


@dataclass(frozen=True)
class SelfCheck:
    """Result of the self-check.

    Attributes:
        given: readings (one per cell and device) that were never held back.
        held: readings that were held back and predicted, limits not counted.
        scores: one for each method, OpenCKM first and the best of the others last.
        average_db: RMSE of the average of the given readings on the held-back ones [dB].
        draws: sets of blocks that were held back.
        limits: limits that were held back.
        error_db: standard error of the difference of OpenCKM's RMSE and the last method's [dB], blocks drawn again.
    """

    given: int
    held: int
    scores: tuple[Score, ...]
    average_db: float = float("inf")
    draws: int = 1
    limits: int = 0
    error_db: float = 0.0

    @property
    def equal(self) -> bool:
        """Whether OpenCKM and the best other method differ by less than blocks drawn again would make them."""
        return abs(self.scores[0].rmse_db - self.scores[-1].rmse_db) <= 2.0 * self.error_db

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the map is refused; empty if it is not."""
        own, rival = self.scores[0], self.scores[-1]
        found: list[str] = []
        if self.held < FEWEST:
            return ()
        if own.coverage_90 < _HONEST[0] and own.needed > WIDEST:
            found.append(f"its intervals would have to be {own.needed:.1f} times as wide")
        if own.rmse_db > _MUCH_WORSE * rival.rmse_db and not self.equal:
            found.append(f"its error is {own.rmse_db / rival.rmse_db:.1f} times {_words(rival.method)}'s")
        if own.rmse_db > _MUCH_WORSE * self.average_db:
            found.append(f"the plain average of the readings errs by {self.average_db:.1f} dB only")
        return tuple(found)

    @property
    def status(self) -> str:
        """What became of the map: "trusted", "widened", "refused" or "unchecked"."""
        if self.held < FEWEST:
            return "unchecked"
        return "refused" if self.reasons else "trusted" if self.scores[0].honest else "widened"

    @property
    def widening(self) -> float:
        """Factor on the map's spread: 1 if its intervals held, near 1 if few readings say not, at most WIDEST."""
        if self.scores[0].honest and not self.reasons:
            return 1.0
        factor = shrunk(self.scores[0].widening, self.held + self.limits, _WIDENING_HALF)
        return float(np.clip(factor, 1.0, WIDEST))

    def verdict(self, unit: str = "dB") -> str:
        """Return one sentence on whether the map may be trusted.

        Args:
            unit: the unit of the readings' differences.
        """
        if self.status == "unchecked":
            return (
                f"Unchecked: only {self.held} readings could be held back, and fewer than {FEWEST} cannot tell misfit"
                " from chance" + (f" ({self._widened()})" if self.widening > 1.0 else "") + "; give more readings."
            )
        if self.status == "refused":
            return (
                "REFUSED, the prior does not fit this site: on your own held-back readings "
                + " and ".join(self.reasons).replace(" dB ", f" {unit} ")
                + "; check position, azimuth and column of the readings, or use kriging."
            )
        own, rival = self.scores[0], self.scores[-1]
        better = "equal to" if self.equal else "below" if own.rmse_db < rival.rmse_db else "above"
        text = f"OpenCKM's error is {better} that of {_words(rival.method)} on your own held-back readings"
        if not own.honest:
            text += f"; {self._widened()}: measure where it matters"
        elif own.coverage_90 > _HONEST[1]:
            text += "; the intervals are wider than they need to be"
        return text + "."

    def _widened(self) -> str:
        own = self.scores[0]
        what = f"only {own.coverage_90:.0%} of them lie inside the 90 % intervals"
        if own.coverage_90 >= _HONEST[0] and own.limits_respected is not None:
            what = f"only {own.limits_respected:.0%} of the held-back limits are reached by the 90 % intervals"
        return f"{what}, so the spread of the map was widened by {self.widening - 1:.0%}"


def _words(name: str) -> str:
    words = name.replace("_", " ")
    for part, said in (("layout", "with the layout"), ("rays", "with rays"), ("phones", "with a level for each phone")):
        words = words.replace(f" {part}", f" {said}")
    return words


def held_back(cells: Points, grid: Grid, seed: int, draws: int = DRAWS) -> list[Mask]:
    """Return which readings each draw holds back, shape (n,) each: whole blocks, none in two draws.

    There are fewer draws where the blocks do not suffice. A tenth of the readings is held back in each, and up to a
    quarter where it takes that to hold back FEWEST in all.

    Args:
        cells: one reading per cell and device.
        grid: the cells; a block is an eighth of its longer side.
        seed: the seed of the order of the blocks.
        draws: sets of blocks that are wanted.
    """
    side = max(1, -(-max(grid.shape) // BLOCKS_A_SIDE))
    row, col = grid.index_of(cells.x, cells.y)
    label = (row // side) * (grid.shape[1] // side + 1) + col // side
    left = list(np.random.default_rng(seed).permutation(np.unique(label)))
    wanted = float(np.clip(FEWEST / draws, SHARE * len(cells), len(cells) / draws))
    found = []
    for _ in range(draws):
        held = np.zeros(len(cells), dtype=bool)
        for block in tuple(left):
            if held.sum() >= wanted:
                break
            more = held | (label == block)
            if more.sum() <= MOST * len(cells):
                held = more
                left.remove(block)
        if held.any():
            found.append(held)
    return found


def self_check(
    methods: Sequence[Reconstructor | AtCells], observations: Observations, grid: Grid, *, seed: int = 0,
    draws: int = DRAWS, by_device: bool = True,
) -> SelfCheck:  # fmt: skip
    """Hold back the readings in blocks, a part at a time, and let each method predict them from the rest.

    Args:
        methods: OpenCKM first, then its rivals, of which the best is scored; one that cannot answer is left out.
        observations: all evidence.
        grid: the map's cells.
        seed: the seed of the choice of blocks.
        draws: sets of blocks that are held back.
        by_device: whether a held-back reading is that of one device, or of whatever devices read its cell.

    Raises:
        MeasurementError: if there are too few measured cells to hold any back.
    """
    return hold_back(observations, grid, seed=seed, draws=draws, by_device=by_device).scored(methods)


def hold_back(
    observations: Observations, grid: Grid, *, seed: int = 0, draws: int = DRAWS, by_device: bool = True
) -> HeldBack:
    """Return which readings a self-check holds back, before any method is asked; arguments as for `self_check`.

    Raises:
        MeasurementError: if there are too few measured cells to hold any back.
    """
    points = observations.gain_points()
    cells = aggregate_cells(points.subset(points.device != OLDER), grid, shadow_sigma_db=0.0, by_device=by_device)
    cells = cells.subset(np.isfinite(cells.low) | np.isfinite(cells.high) | (cells.kind != "interval"))
    plain = cells.kind == "exact"
    masks = held_back(cells, grid, seed, draws) if plain.any() else []
    masks = [m for m in masks if (m & plain).any() and (~m & plain).any()]
    visited = len(_numbers(cells.subset(plain), grid))
    if visited < MIN_CELLS or not masks:
        raise MeasurementError(
            f"the readings fill {visited} cells: a self-check needs {MIN_CELLS} in more than one part of the map;"
            " give more readings or leave the self-check out"
        )
    return HeldBack(observations, cells, tuple(Part(observations, points, cells, mask, grid, seed) for mask in masks))


@dataclass(frozen=True, eq=False)
class HeldBack:
    """The readings of a self-check.

    Attributes:
        observations: all evidence.
        cells: one reading per cell and device.
        parts: what is held back together, one set of blocks after the other.
    """

    observations: Observations
    cells: Points
    parts: tuple[Part, ...]

    def scored(self, methods: Sequence[Reconstructor | AtCells]) -> SelfCheck:
        """Return how methods predict what is held back, OpenCKM first; a rival that cannot answer is left out."""
        parts, observations, plain = self.parts, self.observations, self.cells.kind == "exact"
        tasks = [partial(_attempt, method, observations, parts) for method in methods[1:]]
        *rivals, own = side_by_side([*tasks, partial(_predicted, methods[0], observations, parts)])
        first = _score(methods[0].name, own, parts)
        others = [_score(m.name, said, parts) for m, said in zip(methods[1:], rivals, strict=True) if said]
        best = min(others, key=lambda s: s[0].rmse_db) if others else first
        average = np.concatenate([p.truth.value - self.cells.value[~p.mask & plain].mean() for p in parts])
        plain_held = np.concatenate([p.plain for p in parts])
        never = ~np.any([p.mask for p in parts], axis=0)
        return SelfCheck(
            int((never & plain).sum()), int(plain_held.sum()), (first[0], *([best[0]] if others else [])),
            float(np.sqrt(np.mean(average[plain_held] ** 2))), len(parts), int((~plain_held).sum()),
            _difference_error(first[1], best[1], parts),
        )  # fmt: skip


def _numbers(points: Points, grid: Grid) -> NDArray[np.intp]:
    """Return the numbers of the cells that readings lie in, each once."""
    row, col = grid.index_of(points.x, points.y)
    return np.unique(row * grid.shape[1] + col)


class Part:
    """One set of held-back readings: what is given, what is held back, and where.

    Attributes:
        given: the evidence that is left.
        truth: the held-back readings.
        number: flat index of the cell of each.
    """

    def __init__(
        self, observations: Observations, points: Points, cells: Points, mask: Mask, grid: Grid, seed: int
    ) -> None:
        self.mask, self.grid, self.seed, self.truth = mask, grid, seed, cells.subset(mask)
        row, col = grid.index_of(points.x, points.y)
        there = np.isin(row * grid.shape[1] + col, _numbers(self.truth, grid)) & (points.device != OLDER)
        self.given = replace(observations, points=(*_others(observations), points.subset(~there)))
        self.row, self.col = grid.index_of(self.truth.x, self.truth.y)
        self.number = np.asarray(self.row * grid.shape[1] + self.col, dtype=np.intp)
        self.plain = self.truth.kind == "exact"
        side = max(1, -(-max(grid.shape) // BLOCKS_A_SIDE))
        self.block = (self.row // side) * (grid.shape[1] // side + 1) + self.col // side

    @property
    def low(self) -> Array:
        """Lower end of what each held-back reading says."""
        kind = self.truth.kind
        return np.select([kind == "below", kind == "interval"], [-np.inf, self.truth.low], self.truth.value)

    @property
    def high(self) -> Array:
        """Upper end of what each held-back reading says."""
        kind = self.truth.kind
        return np.select([kind == "above", kind == "interval"], [np.inf, self.truth.high], self.truth.value)

    def levels(self, facts: Mapping[str, Any]) -> Array:
        """Return how much each held-back reading's device reads above the map, as the map's provenance tells."""
        devices = facts.get("devices") or facts.get("phone_offsets_db") or {}
        level = {name: float(v[0] if isinstance(v, tuple | list) else v) for name, v in devices.items()}
        names, counts = np.unique(self.given.gain_points().device, return_counts=True)
        missing = ~np.isin(names, list(level))
        if level and missing.any():  # offsets are against the average reading: those untold balance the others
            known = sum(level[n] * c for n, c, m in zip(names, counts, missing, strict=True) if not m)
            level |= dict.fromkeys(names[missing], -known / counts[missing].sum())
        return np.array([level.get(name, 0.0) for name in self.truth.device])


def _others(observations: Observations) -> tuple[Points, ...]:
    """Return the readings of other quantities than the gain."""
    return tuple(table for table in observations.points if table.quantity != "gain_db")


Said = tuple[Array, Array]
"""What a method says of a part's held-back readings: mean and standard deviation [dB], the noise left out."""


def _predicted(method: Reconstructor | AtCells, observations: Observations, parts: Sequence[Part]) -> list[Said]:
    if isinstance(method, Regression):
        return _regressed(method, observations, parts)
    if isinstance(method, AtCells):
        return side_by_side([partial(_told, method, p) for p in parts])
    return [_read(method.reconstruct(p.given, p.grid, draws=0, seed=p.seed), p) for p in parts]


def _told(method: AtCells, part: Part) -> Said:
    mean, std, facts = method.at_cells(part.given, part.grid, part.number, part.seed)
    return mean + part.levels(facts), std


def _attempt(method: Reconstructor | AtCells, observations: Observations, parts: Sequence[Part]) -> list[Said]:
    """What a rival says, nothing if it cannot answer on every part."""
    try:
        return _predicted(method, observations, parts)
    except (ComputationError, MeasurementError):
        return []


def _read(radiomap: RadioMap, part: Part) -> Said:
    mean = radiomap.mean()[part.row, part.col].astype(np.float64) + part.levels(radiomap.provenance)
    return mean, radiomap.std()[part.row, part.col].astype(np.float64)


def _regressed(method: Regression, observations: Observations, parts: Sequence[Part]) -> list[Said]:
    """A classical method at the held-back places alone, with the variogram of all readings."""
    alone, grid = replace(observations, areas=(), rasters=()), parts[0].grid
    whole = method.limits_chosen(method.table(alone, grid))
    number = np.ravel_multi_index(grid.index_of(whole.cells.x, whole.cells.y), grid.shape)
    older = bool((alone.gain_points().device == OLDER).any())  # stands beside the readings of a cell, and stays
    here = np.zeros((1, 2)), whole.drift.at_cells[:1]
    variogram = method.predict(whole, *here).variogram
    said = []
    for part in parts:
        table = whole.subset(~np.isin(number, part.number))
        if older:
            table = method.table(replace(part.given, areas=(), rasters=()), grid)
            table = table if one_sided(whole.cells).any() else table.both_sided()
        places = np.column_stack([part.truth.x, part.truth.y])
        found = method.predict(table, places, table.drift.on_grid[part.number], variogram=variogram)
        noise = min(noise_variance(table.cells), found.variogram.nugget)
        level = part.levels({"phone_offsets_db": table.drift.phone_offsets(found.coefficient)})
        said.append((found.mean + level, np.sqrt(np.maximum(found.variance - noise, 0.0))))
    return said


def _score(name: str, said: Sequence[Said], parts: Sequence[Part]) -> tuple[Score, list[Array]]:
    """Return the score of a method and its squared errors of the values of each part."""
    squares, scores, beyond = [], [], []
    for (mean, std), part in zip(said, parts, strict=True):
        spread = np.hypot(std, part.truth.sigma)
        off = np.abs(mean - part.truth.value)
        outside = np.maximum(np.maximum(part.low - mean, mean - part.high), 0.0) / spread
        squares.append(off[part.plain] ** 2)
        scores.append((off / spread)[part.plain])  # (1): |y - m| / sqrt(s^2 + sigma^2)
        beyond.append(outside[~part.plain])
    value, limit = np.concatenate(scores), np.concatenate(beyond)
    respected = float(np.mean(limit <= Z_90)) if limit.size else None
    rmse = float(np.sqrt(np.mean(np.concatenate(squares))))
    inside = float(np.mean(value <= Z_90))
    needed = factor_90(value)  # (1): c
    return Score(name, rmse, inside, needed, respected, factor_90(limit) if limit.size else 1.0), squares


def _difference_error(own: Sequence[Array], rival: Sequence[Array], parts: Sequence[Part]) -> float:
    """Standard error of the difference of two RMSE, blocks being left out in turn; infinite with a single block."""
    label = np.concatenate([k * 10**6 + part.block[part.plain] for k, part in enumerate(parts)])
    _, block = np.unique(label, return_inverse=True)
    count = int(block.max()) + 1
    if count < 2:
        return float("inf")
    size = np.bincount(block)
    kept = size.sum() - size
    rmse = [
        np.sqrt((square.sum() - np.bincount(block, square)) / np.maximum(kept, 1))
        for square in (np.concatenate(own), np.concatenate(rival))
    ]
    gap = rmse[0] - rmse[1]
    return float(np.sqrt((count - 1) / count * np.sum((gap - gap.mean()) ** 2)))
