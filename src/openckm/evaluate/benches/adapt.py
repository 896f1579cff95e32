"""Benchmark "adapt": what a site's own readings teach the prior, on real cells (Duke A to D).

Half of the 64 m blocks of a cell are hidden; the other half teaches (`openckm.edge.adapt`) and is told. Scored are the
hidden cells:

    network          the one-call mean of the shipped prior, told the readings
    network+delta    the same of the taught network, whether or not the delta was kept
    openckm          the whole of `ckm construct`
    openckm+delta    the whole with the delta, where it was kept; where it was refused, the same as without
    openckm+MATE     with the delta of the other cell of the mast that faces the same way

`rmse_ratio` is the mean RMSE with the delta over that without, paired by cell and seed, intervals by bootstrap over
both. `kept` is the share of the deltas that their own judging blocks kept; `judged_ratio` what those blocks said.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from openckm.edge.adapt import AdaptOptions, adapt_to
from openckm.edge.lesson import BLOCK_CELLS, lesson_of
from openckm.evaluate.benches.duke import duke_cases
from openckm.evaluate.benches.imperfect import KEEP_VARIABLE
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row, peak_mb
from openckm.evaluate.scores.bootstrap import ratio_interval
from openckm.evaluate.scores.scoring import Score, Truth, score_map, summary_rows
from openckm.evaluate.worlds.duke import DUKE_CELLS, DukeCell, duke_cell
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.spread.calibration import prior_calibration
from openckm.maps.observations import Observations
from openckm.priors.adapted import with_delta
from openckm.priors.pretrained import embedded_prior
from openckm.store.delta import Delta

__all__ = ["run", "table"]

SEEDS, QUICK_SEEDS = 5, 1
MATE = {"A": "B", "B": "A", "C": "D", "D": "C"}
"""The cell of the mast that faces the same way."""
Scorer = Callable[[str, dict[str, float], int, float], Score]
PAIRS = (("network+delta", "network"), ("openckm+delta", "openckm"), ("openckm+mate", "openckm"))


def run(
    quick: bool = False,
    progress: Progress | None = None,
    *,
    cells: Sequence[str] = DUKE_CELLS,
    seeds: Sequence[int] | None = None,
    keep: Path | None = None,
) -> Results:
    """Return the rows of the benchmark.

    Args:
        quick: one seed instead of five.
        progress: called as progress(what, done, total).
        cells: Duke cells.
        seeds: of the hidden blocks; overrides `quick`.
        keep: folder in which deltas stay, and are found again; None means $OPENCKM_BENCH_KEEP, if set.

    Raises:
        OpenCKMError: whatever an adaptation or a construction raises.
    """
    chosen = range(QUICK_SEEDS if quick else SEEDS) if seeds is None else seeds
    kept = keep or (Path(os.environ[KEEP_VARIABLE]) if KEEP_VARIABLE in os.environ else None)
    scores: list[Score] = []
    with ExitStack() as stack:
        home = (kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))) / "adapt"
        jobs = [(name, seed) for seed in chosen for name in cells]
        for k, (name, seed) in enumerate(jobs):
            if progress is not None:
                progress(f"cell {name}, seed {seed}", k, len(jobs))
            scores += cell_scores(duke_cell(name), seed, home)
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    means = [s for s in scores if s.method != "judging blocks"]
    judged = [s for s in scores if s.method == "judging blocks"]
    rows = summary_rows(means, ("rmse_db",)) + summary_rows(judged, ("kept", "judged_ratio"))
    for after, before in PAIRS:
        own, other = ({(s.case, s.seed): s for s in means if s.method == name} for name in (after, before))
        pairs = sorted(set(own) & set(other))
        if not pairs:
            continue
        found = ratio_interval(
            [own[p].values["rmse_db"] for p in pairs], [other[p].values["rmse_db"] for p in pairs],
            [f"{case} {seed}" for case, seed in pairs],
        )  # fmt: skip
        rows.append(
            Row(after, "duke", "block", "rmse_ratio", found.value, found.low, found.high, sum(own[p].n for p in pairs),
                own[pairs[0]].network_evaluations, 0.0, peak_mb(), len(pairs), before)
        )  # fmt: skip
    return rows


def cell_scores(cell: DukeCell, seed: int, home: Path) -> list[Score]:
    """Return the scores of one cell with the blocks that a seed hides."""
    given, truth = _case(cell, seed)
    begun = time.process_time()
    delta, keeps = _delta(cell, seed, given, home)
    seconds = time.process_time() - begun

    def score(method: str, values: dict[str, float], calls: int, took: float) -> Score:
        return Score(
            method, "duke", "block", f"Duke {cell.name}", cell.name, values, truth.value.size, calls, took, seed
        )

    scores = [score("judging blocks", {"kept": float(keeps), "judged_ratio": delta.ratio}, 0, seconds)]
    net, _ = embedded_prior()
    lesson = lesson_of(given, cell.grid, net, np.ones(len(delta.blocks), bool), BLOCK_CELLS * cell.grid.cell_m, 0)
    at = truth.row * cell.grid.shape[1] + truth.col
    for name, model in (("network", net), ("network+delta", with_delta(net, delta))):
        answer = (lesson.answer(model, lesson.known) - lesson.shift)[at]
        scores.append(score(name, {"rmse_db": float(np.sqrt(np.mean((answer - truth.value) ** 2)))}, 1, 0.0))
    scores += _constructed(cell, seed, given, truth, delta if keeps else None, home, score)
    return scores


def _constructed(
    cell: DukeCell, seed: int, given: Observations, truth: Truth, delta: Delta | None, home: Path, score: Scorer
) -> list[Score]:
    """Return the scores of the whole of `ckm construct`, without a delta, with the cell's own and with its mate's."""
    net, card = embedded_prior()
    calibration = prior_calibration(None, card.sha256)
    mate, _ = _case(duke_cell(MATE[cell.name]), seed)
    other, keeps = _delta(duke_cell(MATE[cell.name]), seed, mate, home)
    scores: list[Score] = []
    for name, taught in (("openckm", None), ("openckm+delta", delta), ("openckm+mate", other if keeps else None)):
        if taught is None and scores:  # a delta that was refused is not used
            scores.append(replace(scores[0], method=name))
            continue
        denoiser = net if taught is None else with_delta(net, taught)
        begun = time.process_time()
        made = OpenCKM(LoadedPrior(denoiser, card.name, calibration)).reconstruct(given, cell.grid, draws=0, seed=seed)
        took = time.process_time() - begun
        calls = int(made.provenance["network_evaluations"])
        scores.append(score(name, score_map(made, truth, seed=seed), calls, took))
    return scores


def _case(cell: DukeCell, seed: int) -> tuple[Observations, Truth]:
    _, given, truth = next(iter(duke_cases(cell, "block", [seed])))
    return given, truth


def _delta(cell: DukeCell, seed: int, given: Observations, home: Path) -> tuple[Delta, bool]:
    """Return the delta of a cell and whether its judging blocks keep it; made once."""
    path = home / f"{cell.name}-{seed}.delta"
    if path.exists():
        found = Delta.read(path)
        return found, found.helps
    done = adapt_to(given, cell.grid, embedded_prior(), AdaptOptions(minutes=1e6), home / path.stem)
    done.delta.write(path)
    return done.delta, done.kept
