"""Benchmark "real": measured sets of six campaigns, half of the blocks given, the cells of the other half scored.

Each method gets the raw readings of the given cells with transmitter, layout and phones where the set tells them. The
truth is the mean of a hidden cell's readings, its noise READING_SIGMA_DB / sqrt(n). Blocks are a sixteenth of the
map's side, and not less than two cells. `rmse_ratio` is over the best classical method of the row, which it names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from openckm.errors import OptionError
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.scores.scoring import Score, Truth, ask, belief_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.sweep import sweep
from openckm.evaluate.worlds.duke import READING_SIGMA_DB
from openckm.evaluate.worlds.real import REAL_SETS, RealSet, real_set
from openckm.evaluate.worlds.splits import block_split
from openckm.maps.cells import aggregate_cells
from openckm.maps.observations import Observations, Points
from openckm.reconstructor import Reconstructor

DATA_VARIABLE = "OPENCKM_REAL_DATA"
"""Environment variable that names the folder with the published sets."""
SEEDS = 5
QUICK_SEEDS = 1
BLOCKS = 16
_FEWEST_CELLS = 2


@benchmark("workers")
def run(
    setup: Setup, methods: Sequence[Reconstructor] | None = None, folder: Path | None = None, seeds: int | None = None,
    sets: Sequence[str] = tuple(REAL_SETS),
) -> Results:  # fmt: skip
    """Return the rows of the benchmark.

    Args:
        setup: quick means one draw of blocks instead of five.
        methods: the methods to compare; None means OpenCKM and the classical ones.
        folder: holds the published sets; None takes the environment variable OPENCKM_REAL_DATA.
        seeds: number of draws of blocks; overrides `quick`.
        sets: names of the sets.

    Raises:
        OptionError: if the folder is not named, or a set is unknown.
        OpenCKMError: whatever a method raises.
    """
    root = _folder(folder)
    count = seeds if seeds is not None else (QUICK_SEEDS if setup.quick else SEEDS)
    cases = [(name, seed) for name in sets for seed in range(count)]
    work = _RealWork(None if methods is None else tuple(methods), root)
    scores = sweep(work, cases, workers=setup.workers, progress=setup.progress)
    return Results(table(scores), scores)


@dataclass(frozen=True)
class _RealWork:
    """The scores of methods on a case (set, draw of blocks); None means every method that the set lets be asked."""

    methods: tuple[Reconstructor, ...] | None
    folder: Path

    def __call__(self, case: tuple[str, int]) -> list[Score]:
        name, seed = case
        world, every = _world(name, self.folder)
        given, truth = _case(world, seed)
        where = ("real", world.name, f"{world.name} {seed}", world.name)
        chosen = every if self.methods is None else self.methods
        return [ask(method, given, world.grid, truth, where, seed=seed)[0] for method in chosen]


@lru_cache(maxsize=1)
def _world(name: str, folder: Path) -> tuple[RealSet, list[Reconstructor]]:
    """Return a set and its methods, read once for all draws of its blocks."""
    world = real_set(name, folder)
    return world, _methods(world)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return belief_rows(scores)


def _folder(folder: Path | None) -> Path:
    if folder is None and DATA_VARIABLE not in os.environ:
        raise OptionError(f"where are the measured sets? Set {DATA_VARIABLE} to the folder that holds them")
    return Path(os.environ[DATA_VARIABLE]) if folder is None else folder


def _methods(world: RealSet) -> list[Reconstructor]:
    """Return OpenCKM and the classical methods; those that need a transmitter or a layout where it is known."""
    from openckm.evaluate.benches.methods import NEED_SITE, classical_methods, product_methods

    phones = len(np.unique(world.points.device)) > 1
    left_out = () if world.observations.transmitter is not None else NEED_SITE
    left_out += () if world.observations.layout is not None else ("rays_alone",)
    return [m for m in (*product_methods(), *classical_methods(phones=phones)) if m.name not in left_out]


def _case(world: RealSet, seed: int) -> tuple[Observations, Truth]:
    """Return the readings in half of the blocks, and the cells of the others."""
    points, grid = world.points, world.grid
    noisy = Points.exact(points.x, points.y, points.value, sigma=READING_SIGMA_DB, unit=points.unit)
    means = aggregate_cells(noisy, grid, shadow_sigma_db=0.0)
    row, col = grid.index_of(means.x, means.y)
    reading_row, reading_col = grid.index_of(points.x, points.y)
    side = max(_FEWEST_CELLS, grid.shape[0] // BLOCKS)
    given = block_split(row, col, 1.0, seed, side)
    at = np.zeros(grid.shape, dtype=bool)
    at[row[given], col[given]] = True
    truth = Truth(row[~given], col[~given], means.value[~given], means.sigma[~given])
    return replace(world.observations, points=(points.subset(at[reading_row, reading_col]),)), truth
