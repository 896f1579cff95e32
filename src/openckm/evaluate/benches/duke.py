"""Benchmark "duke": real RSRP measurements of cells A-D, part of the observed 4 m cells given, the rest scored.

The methods get the raw readings of the given cells, the layout and the transmitter. The truth is the linear mean of a
hidden cell's readings, its noise READING_SIGMA_DB / sqrt(n). Two phones walked, more than nine cells of ten were read
by one of them alone, and the truth is that of whichever it was: so the product is asked for the map of whatever phone
is at hand, and, as a row of its own, for that of the mean phone, which is another question. Numbers are means over
cells and seeds, intervals by bootstrap over the radio cells; `rmse_ratio` is over the best classical method of the row,
which it names. `openckm.evaluate.benches.duke_phones` holds the tasks in which truth and prediction are one phone's.

References:
    "Geo2SigMap: High-Fidelity RF Signal Mapping Using Geographic Databases", Li et al., 2023 (arXiv 2312.14303).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from openckm.evaluate.benches.methods import baseline_methods
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.scores.scoring import Score, Truth, ask, belief_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.sweep import sweep
from openckm.evaluate.worlds.duke import DUKE_CELLS, DukeCell, duke_cell
from openckm.evaluate.worlds.splits import SPLITS, split_cells
from openckm.infer.construct import OpenCKM
from openckm.infer.scene import ANY_DEVICE
from openckm.maps.cells import aggregate_cells
from openckm.maps.observations import Observations
from openckm.reconstructor import Reconstructor

SEEDS = 5
QUICK_SEEDS = 1


@benchmark("workers")
def run(
    setup: Setup, methods: Sequence[Reconstructor] | None = None, seeds: int | None = None,
    cells: Sequence[str] = DUKE_CELLS,
) -> Results:  # fmt: skip
    """Return the rows of the benchmark.

    Args:
        setup: quick means one seed instead of five, and of the tasks by phone those of one cell alone.
        methods: the methods to compare; None means the baselines and the product, asked both questions.
        seeds: number of seeds; overrides `quick`.
        cells: names of the radio cells.

    Raises:
        OptionError: if a cell is unknown.
        OpenCKMError: whatever a method raises.
    """
    count = seeds if seeds is not None else (QUICK_SEEDS if setup.quick else SEEDS)
    cases = [(name, split, seed) for name in cells for split in SPLITS for seed in range(count)]
    work = _DukeWork(None if methods is None else tuple(methods))
    scores = sweep(work, cases, workers=setup.workers, progress=setup.progress)
    if methods is None:  # the tasks by phone are the product's and its rival's
        from openckm.evaluate.benches.duke_phones import PROTOCOLS, QUICK_PROTOCOLS, phone_scores

        asked = QUICK_PROTOCOLS if setup.quick else PROTOCOLS
        scores += phone_scores(
            range(count), protocols=asked, cells=cells, progress=setup.progress, workers=setup.workers
        )
    return Results(table(scores), scores)


@cache
def _every_method() -> tuple[Reconstructor, ...]:
    """Return the baselines, and the product, asked for whatever phone is at hand, and for the mean phone."""
    return (*baseline_methods(), OpenCKM(device=ANY_DEVICE), OpenCKM(name="openckm_mean_phone"))


@dataclass(frozen=True)
class _DukeWork:
    """The scores of every method on a case (radio cell, split, seed); None means every method there is."""

    methods: tuple[Reconstructor, ...] | None

    def __call__(self, case: tuple[str, str, int]) -> list[Score]:
        name, split, number = case
        cell, where = duke_cell(name), ("duke", split, f"Duke {name}", name)
        ((seed, given, truth),) = duke_cases(cell, split, [number])
        methods = _every_method() if self.methods is None else self.methods
        return [ask(method, given, cell.grid, truth, where, seed=seed)[0] for method in methods]


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return belief_rows(scores)


def duke_cases(
    cell: DukeCell, split: str, seeds: Sequence[int], *, site: bool = True
) -> Iterator[tuple[int, Observations, Truth]]:
    """Yield (seed, given evidence, hidden truth) of a radio cell; `site` says whether layout and transmitter are known.

    Raises:
        OptionError: if the split is unknown.
    """
    means = aggregate_cells(cell.points, cell.grid, shadow_sigma_db=0.0)
    row, col = cell.grid.index_of(means.x, means.y)
    reading_row, reading_col = cell.grid.index_of(cell.points.x, cell.points.y)
    for seed in seeds:
        given = split_cells(split, row, col, cell.grid.cell_m, seed)
        chosen = np.zeros(cell.grid.shape, dtype=bool)
        chosen[row[given], col[given]] = True
        hidden = ~given
        truth = Truth(row[hidden], col[hidden], means.value[hidden], means.sigma[hidden])
        yield seed, cell.observations(chosen[reading_row, reading_col], site=site), truth
