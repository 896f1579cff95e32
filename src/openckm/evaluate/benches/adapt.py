"""Benchmark "adapt": what a site's own readings teach the prior, on real cells (Duke A to D).

Half of the 64 m blocks of a cell are hidden; the other half teaches (`openckm.edge.adapt`) and is known. Scored are the
hidden cells:

    network          the one-call mean of the shipped prior, conditioned on the readings
    network+delta    the same of the taught network, whether or not the delta was kept
    openckm          the whole of `ckm construct`
    openckm+delta    the whole with the delta, where it was kept; where it was refused, the same as without
    openckm+refused  the whole with a delta that was refused
    openckm+best     with or without the delta, whichever errs less on the hidden cells: no test could choose better
    openckm+mate     with the delta of the other cell of the mast that faces the same way, where that was kept
    openckm+across   the same of a cell of the mast that faces the other way
    network+full, network+last    all weights taught in place of factors, or those of the last level alone

Task "few" repeats network and network+delta where 50 or 200 cells of the given blocks have been read; what is refused
there, for want of readings, answers as the prior does (`kept` 0).

Task "forgetting" asks the prior and the taught network for maps of held-out cities from 1 and 10 % of their cells and
the site, one call each: what a site teaches must not cost what the prior knew.

`rmse_ratio` is the mean RMSE with the delta over that without, paired by cell (by map) and seed, intervals by bootstrap
over both. `kept` is the share of the deltas that their own judging blocks kept; `judged_ratio` and `judged_high` are
what those blocks said, and the upper end of its interval. The committed rows are of seven seeds, those of all weights
and of few readings of the first alone, those of the last level and of forgetting of two. What is finished is kept in
$OPENCKM_BENCH_KEEP, if that is set, and a run that was interrupted goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from openckm.edge.adapt import adapt_to
from openckm.edge.lesson import BLOCK_CELLS, lesson_of
from openckm.edge.teaching import AdaptOptions
from openckm.errors import MeasurementError
from openckm.evaluate.adapt_rivals import RIVALS, rival
from openckm.evaluate.benches.duke import duke_cases
from openckm.evaluate.benches.heldout import heldout_case, load_heldout
from openckm.evaluate.report.cases import home_folder, remembered
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.scores.bootstrap import ratio_interval
from openckm.evaluate.scores.scoring import Score, Truth, case_of, city_of, paired, score_map, summary_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.worlds.duke import DUKE_CELLS, DukeCell, duke_cell
from openckm.evaluate.worlds.folders import data_folder
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.scene import prepare_scene
from openckm.infer.spread.calibration import prior_calibration
from openckm.maps.observations import Observations
from openckm.maps.quantity import GAIN
from openckm.priors.adapted import with_delta
from openckm.priors.denoiser import MapDenoiser, planes_of
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior
from openckm.store.delta import Delta
from openckm.store.weights import write_aside

SEEDS = 5
_QUICK_STEPS = 5
_OTHERS = {
    "openckm+mate": {"A": "B", "B": "A", "C": "D", "D": "C"}, "openckm+across": {"A": "C", "B": "D", "C": "A", "D": "B"}
}  # fmt: skip
"""Cells of the same mast whose delta is used on a cell, by the name of the row: one that faces the same way, or not."""
_Scorer = Callable[[str, dict[str, float], int, float], Score]
PAIRS = (
    ("network+delta", "network"),
    *((f"openckm+{what}", "openckm") for what in ("delta", "refused", "best", "mate", "across")),
    ("network+full", "network"), ("network+last", "network"),
)  # fmt: skip
_FORGETTING_MAPS, _FORGETTING_SHARES = 22, (0.01, 0.1)
COUNTS = (50, 200)
"""Cells with readings of task "few"."""


@benchmark("test_dir", "keep")
def run(setup: Setup, cells: Sequence[str] | None = None, seeds: Sequence[int] | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means one cell, taught for a few steps and judged by its blocks alone, no rivals, and no few
            readings; `test_dir` holds the maps that forgetting is measured on.
        cells: Duke cells; overrides `quick`.
        seeds: the seeds of the hidden blocks; overrides `quick`.

    Raises:
        OpenCKMError: whatever an adaptation or a construction raises.
    """
    quick = setup.quick
    chosen = range(1 if quick else SEEDS) if seeds is None else seeds
    names = (DUKE_CELLS[:1] if quick else DUKE_CELLS) if cells is None else cells
    scores: list[Score] = []
    with home_folder(setup.keep, f"adapt{'-quick' * quick}") as home:
        jobs = [(name, seed) for seed in chosen for name in names]
        for k, (name, seed) in enumerate(jobs):
            setup.tell(f"cell {name}, seed {seed}", k, len(jobs))
            own = partial(_cell_scores, duke_cell(name), seed, home, quick=quick)
            scores += remembered(home / f"{name}-{seed}.json", own)
            folder = setup.test_dir or data_folder("test", quick=True)
            forgot = partial(_forgetting, name, seed, home, folder, quick=quick)
            scores += remembered(home / f"{name}-{seed}-forgetting.json", forgot)
            for kind in () if quick else RIVALS:
                taught = partial(rival_scores, duke_cell(name), seed, home, kind)
                scores += remembered(home / f"{name}-{seed}-{kind}.json", taught)
            for count in () if quick else COUNTS:
                few = partial(_few_scores, duke_cell(name), seed, home, count)
                scores += remembered(home / f"{name}-{seed}-{count}.json", few)
    if quick:  # what so few steps teach is compared with no other run
        scores = [replace(s, split=f"{s.split}, {_QUICK_STEPS} steps") for s in scores]
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    means = [s for s in scores if s.method != "judging blocks"]
    means += _best(means)
    judged = [s for s in scores if s.method == "judging blocks"]
    rows = summary_rows(means, ("rmse_db",)) + summary_rows(judged, ("kept", "judged_ratio", "judged_high"))
    for task, split in dict.fromkeys((s.task, s.split) for s in means):
        here = [s for s in means if (s.task, s.split) == (task, split)]
        rows += [row for after, before in PAIRS for row in _ratio(here, after, before)]
    return rows


def _best(scores: Sequence[Score]) -> list[Score]:
    """Return the best of the maps with and without the delta, of each cell and seed."""
    best: dict[tuple[str, int], Score] = {}
    for one in (s for s in scores if s.method in ("openckm", "openckm+delta", "openckm+refused")):
        found = best.setdefault((one.case, one.seed), one)
        best[one.case, one.seed] = min(found, one, key=lambda s: s.values["rmse_db"])
    return [replace(one, method="openckm+best") for one in best.values()]


def _ratio(here: Sequence[Score], after: str, before: str) -> list[Row]:
    """Return the row of a ratio of RMSE, paired by case and seed; none where nothing is paired."""
    pairs = paired(here, after, before)
    if not pairs:
        return []
    top, bottom = ([pair[k].values["rmse_db"] for pair in pairs] for k in (0, 1))
    found = ratio_interval(top, bottom, [f"{own.city} {own.seed}" for own, _ in pairs])
    first = pairs[0][0]
    return [
        plain_row(after, first.task, first.split, "rmse_ratio", found, sum(own.n for own, _ in pairs),
                  calls=first.network_evaluations, cases=len(pairs), over=before)
    ]  # fmt: skip


def _forgetting(name: str, seed: int, home: Path, folder: Path, *, quick: bool = False) -> list[Score]:
    """Return the scores of prior and taught network on maps of held-out cities; none where there are no maps."""
    if not folder.is_dir():
        return []
    net, _ = embedded_prior()
    models = {"network": net, "network+delta": with_delta(net, Delta.read(home / f"{name}-{seed}.delta"))}
    scores = []
    for k, traced in enumerate(load_heldout(folder, 2 if quick else _FORGETTING_MAPS)):
        for share in _FORGETTING_SHARES:
            given, truth = heldout_case(traced, "gain", share, k)
            scene = prepare_scene(given, traced.grid, net.multiple, planes=planes_of(net))
            condition = scene.with_evidence(scene.cells)
            for method, model in models.items():
                mean = posterior_mean(model, condition, symmetrise=False).mean[0, 0].numpy()
                found = scene.crop(GAIN.decode(mean))[truth.row, truth.col]
                values = {"rmse_db": float(np.sqrt(np.mean((found - truth.value) ** 2)))}
                case, city = f"{case_of(traced, k)} {name}", city_of(traced)
                scores.append(
                    Score(method, "forgetting", f"{share:.0%}", case, city, values, len(found), 1, 0.0, seed)
                )  # fmt: skip
    return scores


def _cell_scores(cell: DukeCell, seed: int, home: Path, *, quick: bool = False) -> list[Score]:
    """Return the scores of one cell with the blocks that a seed hides."""
    given, truth = _case(cell, seed)
    begun = time.process_time()
    delta, keeps = _delta(cell, seed, given, home, quick=quick)
    seconds = time.process_time() - begun
    score = partial(_score, cell, seed, truth)
    judged = {"kept": float(keeps), "judged_ratio": delta.ratio, "judged_high": delta.ratio_high}
    scores = [score("judging blocks", judged, 0, seconds)]
    net, _ = embedded_prior()
    for name, model in (("network", net), ("network+delta", with_delta(net, delta))):
        scores.append(score(name, {"rmse_db": _one_call_db(cell, given, truth, net, model)}, 1, 0.0))
    taught = "openckm+delta" if keeps else "openckm+refused"
    made = _constructed(cell, seed, given, truth, {"openckm": None, taught: delta}, score)
    scores += made if keeps else [*made, replace(made[0], method="openckm+delta")]
    if quick:
        return scores
    return [*scores, *(_by_another(method, cell, seed, home, made[0], score) for method in _OTHERS)]


def _score(
    cell: DukeCell, seed: int, truth: Truth, method: str, values: dict[str, float], calls: int, took: float,
    split: str = "block",
) -> Score:  # fmt: skip
    return Score(method, "duke", split, f"Duke {cell.name}", cell.name, values, truth.value.size, calls, took, seed)


def _one_call_db(cell: DukeCell, given: Observations, truth: Truth, net: MapDenoiser, model: MapDenoiser) -> float:
    """Return the RMSE on the hidden cells [dB] of a model's one-call mean, given all readings of the others.

    Args:
        cell: where.
        given: the readings.
        truth: the hidden cells.
        net: the prior, by which the nuisances are fitted.
        model: the prior, or the prior taught.
    """
    every = np.ones(len(given.gain_points()), bool)  # a block holds a reading at least
    lesson = lesson_of(given, cell.grid, net, every, BLOCK_CELLS * cell.grid.cell_m)
    at = truth.row * cell.grid.shape[1] + truth.col
    answer = (lesson.answer(model, lesson.known) - lesson.shift)[at]
    return float(np.sqrt(np.mean((answer - truth.value) ** 2)))


def rival_scores(cell: DukeCell, seed: int, home: Path, kind: str) -> list[Score]:
    """Return the scores of the prior taught in another way than by factors, and what its judging blocks say."""
    given, truth = _case(cell, seed)
    net, begun = embedded_prior()[0], time.process_time()
    model, verdict = rival(kind, given, cell.grid, net, home / f"{cell.name}-{seed}-{kind}")
    took = time.process_time() - begun
    error = {"rmse_db": _one_call_db(cell, given, truth, net, model)}
    judged = {"kept": float(verdict.helps), "judged_ratio": verdict.ratio, "judged_high": verdict.high}
    return [
        _score(cell, seed, truth, f"network+{kind}", error, 1, took),
        _score(cell, seed, truth, "judging blocks", judged, 0, took, f"block, {kind}"),
    ]


def _few_scores(cell: DukeCell, seed: int, home: Path, count: int) -> list[Score]:
    """Return the scores of prior and taught network where few cells have been read."""
    given, truth = _case(cell, seed)
    points = given.gain_points()
    chosen = np.sort(np.random.default_rng([seed, count]).permutation(len(points))[:count])
    given = replace(given, points=(points.subset(chosen),))
    net, card = embedded_prior()
    before = after = _one_call_db(cell, given, truth, net, net)
    judged = {"kept": 0.0}
    try:
        done = adapt_to(given, cell.grid, (net, card), AdaptOptions(minutes=1e6), home / f"{cell.name}-{seed}-{count}")
        judged |= {"kept": float(done.kept), "judged_ratio": done.delta.ratio, "judged_high": done.delta.ratio_high}
        after = _one_call_db(cell, given, truth, net, with_delta(net, done.delta)) if done.kept else before
    except MeasurementError:
        pass  # too few, and said so: the prior answers as it is
    split = f"{count} cells read"
    return [
        replace(_score(cell, seed, truth, name, values, int(name != "judging blocks"), 0.0, split), task="few")
        for name, values in (
            ("network", {"rmse_db": before}), ("network+delta", {"rmse_db": after}), ("judging blocks", judged)
        )
    ]  # fmt: skip


def _constructed(
    cell: DukeCell, seed: int, given: Observations, truth: Truth, deltas: dict[str, Delta | None], score: _Scorer
) -> list[Score]:
    """Return the scores of the whole of `ckm construct` with each of some deltas, by the name of its row."""
    net, card = embedded_prior()
    calibration = prior_calibration(None, card.sha256)
    scores: list[Score] = []
    for name, delta in deltas.items():
        denoiser = net if delta is None else with_delta(net, delta)
        begun = time.process_time()
        made = OpenCKM(LoadedPrior(denoiser, card.name, calibration)).reconstruct(given, cell.grid, draws=0, seed=seed)
        took = time.process_time() - begun
        calls = int(made.provenance["network_evaluations"])
        scores.append(score(name, score_map(made, truth, seed=seed), calls, took))
    return scores


def _by_another(method: str, cell: DukeCell, seed: int, home: Path, without: Score, score: _Scorer) -> Score:
    """Return the score with the delta of another cell of the mast; where that was refused it is not used."""
    other = duke_cell(_OTHERS[method][cell.name])
    delta, kept = _delta(other, seed, _case(other, seed)[0], home)
    if not kept:
        return replace(without, method=method)
    return _constructed(cell, seed, *_case(cell, seed), {method: delta}, score)[0]


def _case(cell: DukeCell, seed: int) -> tuple[Observations, Truth]:
    _, given, truth = next(iter(duke_cases(cell, "block", [seed])))
    return given, truth


def _delta(cell: DukeCell, seed: int, given: Observations, home: Path, *, quick: bool = False) -> tuple[Delta, bool]:
    """Return the delta of a cell and whether its judging blocks keep it; made once."""
    path, kept = home / f"{cell.name}-{seed}.delta", home / f"{cell.name}-{seed}.kept"
    if path.exists() and kept.exists():
        return Delta.read(path), kept.read_text() == "True"
    options = AdaptOptions(minutes=1e6, steps=_QUICK_STEPS, judge_map=False) if quick else AdaptOptions(minutes=1e6)
    done = adapt_to(given, cell.grid, embedded_prior(), options, home / path.stem)
    done.delta.write(path)
    write_aside(kept, str(done.kept).encode())
    return done.delta, done.kept
