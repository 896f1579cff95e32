"""Benchmark "p1": P1's four construction tasks on windows of held-out cities, its rivals beside its method and ours.

Tasks, readings and what a method may be conditioned on: `openckm.evaluate.p1.tasks`. Protocols, printed side by side:
`openckm.evaluate.p1.scores`; "corrected" is the one to quote. Windows of 64 x 64 cells of 2 m, side by side, in maps of
cities that nothing was trained on. Algorithm 2 answers a subset of the windows, evenly spread; ratios between methods
are paired by window, and n counts windows. Intervals: bootstrap over cities.

    method rows      RMSE of gain [dB] and sine, angular error [deg], by protocol
    over RIVAL       a method's mean RMSE over kriging's, an end-to-end network's or Algorithm 2's, "corrected"
    zeta Z           Algorithm 2 on validation windows (Florence): the strength with the least gain RMSE is used for the
                     rows above
    training cost    what k = 1..8 configurations cost in training: runs, seconds, labelled samples (P1's Table I);
                     single-task networks beyond the four that were trained at their average cost
    tracer_floor     error of the ray-traced truth itself, where the shards state it

The end-to-end networks all saw equally many samples of the tasks. `single_task_tuned` began as the prior and has also
seen all that the prior has (its card says how much); `openckm_one_call` over it is what the prior loses by serving
every operator (negative transfer). The seconds of its training come on top of the prior's.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Section IV, Tables I-III, Fig. 11.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from openckm.data.readers.ckmimagenet import CkmImageNet, CkmImageNetOptions
from openckm.data.shards import TracedMap, read_shards
from openckm.errors import InputError, LayoutError
from openckm.evaluate.p1.methods import few_step_methods, one_call_methods
from openckm.evaluate.p1.nets import KINDS, NetCard, P1Net, default_nets_dir, load_net, row_name, tasks_of
from openckm.evaluate.p1.scores import CORRECTED, p1_scores, ratio_rows, score_rows
from openckm.evaluate.p1.tasks import TASKS, P1Case, Window, p1_case, windows_of
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.cases import keep_folder
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.samplers.methods import CaseMethod, DrawStore, Ours
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.worlds.floors import floor_scores
from openckm.evaluate.worlds.folders import data_folder
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.store.card import ModelCard

_log = logging.getLogger(__name__)
_CONFIGURATIONS = 8
"""As many as in P1's Table I."""
RIVALS = ("kriging", "single_task", "multi_task", "single_task_tuned", "multi_task_tuned", "dps")
CELL_M = 2.0
_BEYOND = 3
"""Strengths tried at most beyond those listed, per task."""


@dataclass(frozen=True)
class BenchOptions:
    """How much is run.

    Attributes:
        size: side of a window [cells].
        windows: windows for methods of one call and references.
        draws: windows for few-step sampling.
        chains: windows for Algorithm 2.
        steps: N of Algorithm 2.
        sweep: validation windows for the choice of zeta; 0 takes `zeta`.
        zetas: strengths tried; more where the best of them is the least or the greatest.
        zeta: strength by task where there is no sweep: what the sweep chose for prior 0.4.0.
        tasks: which tasks.
    """

    size: int = 64
    windows: int = 200
    draws: int = 48
    chains: int = 16
    steps: int = 1000
    sweep: int = 16
    zetas: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0)
    zeta: tuple[tuple[str, float], ...] = (("ipbox", 8.0), ("iprandom", 1.0), ("sr2", 1.0), ("jtqr", 0.5))
    tasks: tuple[str, ...] = TASKS


QUICK = BenchOptions(windows=8, draws=4, chains=2, steps=100, sweep=0)


def run(
    quick: bool = False,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
    validation_dir: Path | None = None,
    nets_dir: Path | None = None,
    prior: Path | None = None,
    keep: Path | None = None,
    options: BenchOptions | None = None,
    ckmimagenet: Path | None = None,
) -> Results:
    """Return the rows of the benchmark.

    Args:
        quick: a handful of windows, short chains, no sweep.
        progress: called as progress(what, done, total).
        data_dir: folder of held-out shards; None means $OPENCKM_TEST_DATA or the cache.
        validation_dir: folder of validation shards; None means $OPENCKM_VALIDATION_DATA or the cache.
        nets_dir: folder of the end-to-end networks (`train/p1_nets.py`); those that are missing have no rows.
        prior: model folder; None means the prior shipped in the package.
        keep: folder for finished answers, of which those of Algorithm 2 cost the most; None means $OPENCKM_BENCH_KEEP,
            if set.
        options: how much is run; overrides `quick`.
        ckmimagenet: folder of CKMImageNet; its part "eval" is scored in place of the held-out shards, its part "train"
            takes the place of the validation shards. Its files state no cell size: it is taken to be CELL_M.

    Raises:
        InputError: if there are no usable maps.
        OpenCKMError: whatever a method raises.
    """
    chosen = options or (QUICK if quick else BenchOptions())
    denoiser, card = embedded_prior() if prior is None else load_prior(prior)
    keeper = DrawStore(keep_folder(keep), card.sha256)
    chain = Ours(denoiser, "dps", chosen.steps, 1, strength=1.0)
    nets = _nets(nets_dir or default_nets_dir())
    if ckmimagenet is None:
        places = held_windows(data_dir or data_folder("test", quick), chosen)
        tuned, sweep = _sweep(chain, keeper, validation_dir or data_folder("validation", quick), chosen, progress)
    else:
        places = _published_windows(ckmimagenet, "eval", chosen)
        tuned, sweep = _sweep(chain, keeper, ckmimagenet, chosen, progress, _published_windows)
    few = few_step_methods(denoiser)
    scores: list[Score] = []
    for task in chosen.tasks:
        cases = p1_cases(places, task)
        scores += floor_scores([places[k].traced for k in cases], task=task, split=CORRECTED, metric="gain_rmse_db")
        asked = [(method, chosen.windows) for method in one_call_methods(denoiser, nets)]
        asked += [(method, chosen.draws) for method in few]
        asked += [(replace(chain, strength=tuned[task]), chosen.chains)]
        for method, count in asked:
            if method.answers(task):
                scores += _score(method, keeper, task, _spread(cases, count), progress)
    scores += sweep
    return Results([*table(scores), *_cost_rows(nets), *_prior_cost(card)], scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases; those of what training cost are of no case."""
    return [*score_rows(scores), *ratio_rows(scores, RIVALS)]


@dataclass(frozen=True)
class Place:
    """A window of a map.

    Attributes:
        traced: the map.
        window: the part of it.
    """

    traced: TracedMap
    window: Window


def held_windows(folder: Path, options: BenchOptions) -> list[Place]:
    """Return up to `options.windows` usable windows of maps with 2 m cells, spread evenly over the shards' windows.

    Raises:
        InputError: if there is none.
    """
    places = _places(read_shards(sorted(folder.glob("*.npz"))), options)
    if not places:
        raise InputError(
            f"no maps with {CELL_M:g} m cells in {folder}: make them with `ckm data generate` (split test or"
            " validation), or say where they are with OPENCKM_TEST_DATA and OPENCKM_VALIDATION_DATA"
        )
    return [places[k] for k in _evenly(len(places), options.windows)]


def _places(maps: Iterable[TracedMap], options: BenchOptions) -> list[Place]:
    return [
        Place(traced, window)
        for traced in maps
        if traced.grid.cell_m == CELL_M and min(traced.grid.shape) >= options.size
        for window in windows_of(traced, options.size)
    ]


def _published_windows(folder: Path, part: Literal["train", "eval"], options: BenchOptions) -> list[Place]:
    """Return up to `options.windows` usable windows of CKMImageNet, spread evenly over a part's patches.

    Raises:
        InputError: if there is none, or the folder is not CKMImageNet's.
    """
    data = CkmImageNet(folder, CkmImageNetOptions(CELL_M, part))
    places = _places((data[k] for k in _evenly(len(data), options.windows)), options)
    if not places:
        raise InputError(f"{folder}: no patch of CKMImageNet's part {part} has a usable window of {options.size} cells")
    return [places[k] for k in _evenly(len(places), options.windows)]


def p1_cases(places: Sequence[Place], task: str) -> dict[int, P1Case]:
    """Return the cases of a task by their windows' numbers; windows without room for a hidden box have none."""
    cases = {}
    for k, place in enumerate(places):
        try:
            cases[k] = p1_case(place.traced, task, k, place.window)
        except LayoutError as error:
            _log.info("window %d has no case: %s", k, error)
    if not cases:
        raise InputError(f"no window has a case of {task!r}: give more or other maps")
    return cases


def _evenly(total: int, count: int) -> Iterable[int]:
    return (int(k) for k in np.unique(np.linspace(0, total - 1, min(count, total)).round()))


def _spread(cases: dict[int, P1Case], count: int) -> dict[int, P1Case]:
    numbers = list(cases)
    return {numbers[k]: cases[numbers[k]] for k in _evenly(len(numbers), count)}


def _nets(folder: Path) -> dict[str, tuple[P1Net, NetCard]]:
    found = {}
    for kind in KINDS:
        if (folder / f"{kind}.json").exists():
            found[kind] = load_net(folder, kind)
        else:
            _log.warning("no network %r in %s: train/p1_nets.py makes it; the benchmark runs without it", kind, folder)
    return found


def _score(
    method: CaseMethod, keeper: DrawStore, task: str, cases: dict[int, P1Case], progress: Progress | None
) -> list[Score]:
    scores = []
    store = keeper if method.steps > 1 else DrawStore(None, "")  # what a single call answers is not worth keeping
    for done, (number, case) in enumerate(cases.items()):
        drawn = store.draw(method, case, number, method.strength)
        cost = (1, drawn.evaluations, drawn.seconds)
        scores += [
            Score(method.name, task, protocol, f"window {number}", case.city, found, *cost)
            for protocol, found in p1_scores(case, drawn.maps.mean(0)).items()
        ]
        if progress is not None:
            progress(f"{task}, {method.name}", done + 1, len(cases))
    return scores


def _sweep(
    chain: Ours,
    keeper: DrawStore,
    folder: Path,
    options: BenchOptions,
    progress: Progress | None,
    published: Callable[[Path, Literal["train", "eval"], BenchOptions], list[Place]] | None = None,
) -> tuple[dict[str, float], list[Score]]:
    """Return the strength for each task, and the scores of the sweep that chose it."""
    if options.sweep < 1:
        return dict(options.zeta), []
    few = replace(options, windows=options.sweep)
    places = held_windows(folder, few) if published is None else published(folder, "train", few)
    tuned: dict[str, float] = {}
    scores: list[Score] = []
    for task in options.tasks:
        cases = p1_cases(places, task)
        error: dict[float, float] = {}
        while (zeta := _next_zeta(error, options.zetas)) is not None:
            one = replace(chain, strength=zeta, name="dps_on_validation", method="dps")
            found = [s for s in _score(one, keeper, task, cases, progress) if s.split == CORRECTED]
            error[zeta] = float(np.mean([s.values["gain_rmse_db"] for s in found]))
            scores += [replace(s, split=f"zeta {zeta:g}") for s in found]
        tuned[task] = min(error, key=lambda z: error[z])
    return tuned, scores


def _next_zeta(error: dict[float, float], zetas: Sequence[float]) -> float | None:
    """Return the strength to try next: those listed, then beyond the end that is best, by 2, at most 3 times."""
    untried = [zeta for zeta in zetas if zeta not in error]
    if untried:
        return untried[0]
    best = min(error, key=lambda z: error[z])
    further = {min(error): best / 2.0, max(error): best * 2.0}.get(best)
    return further if len(error) < len(zetas) + _BEYOND else None


def _cost_rows(nets: dict[str, tuple[P1Net, NetCard]]) -> Iterator[Row]:
    """Yield what 1, 2, .. configurations cost in training end-to-end networks of each kind."""
    trained: dict[str, list[NetCard]] = {}
    for kind, (_, card) in nets.items():
        trained.setdefault(row_name(kind), []).append(card)
    for method, cards in trained.items():
        if len(tasks_of(cards[0].kind)) > 1:
            yield from _costs(method, len(TASKS), 1, cards[0].seconds, cards[0].samples_seen)
            continue
        for k in range(1, _CONFIGURATIONS + 1):
            share = k / min(k, len(cards))
            seconds, seen = (share * sum(v[:k]) for v in ([c.seconds for c in cards], [c.samples_seen for c in cards]))
            yield from _costs(method, k, k, seconds, seen)


def _prior_cost(card: ModelCard) -> Iterator[Row]:
    """Yield what any number of configurations cost in training the prior: once, and no labelled sample."""
    if "training_hours" in card.metrics:
        for k in (1, _CONFIGURATIONS):
            yield from _costs("openckm", k, 1, 3600.0 * card.metrics["training_hours"], math.nan)


def _costs(method: str, k: int, runs: int, seconds: float, seen: float) -> Iterator[Row]:
    numbers = {
        "training_runs": float(runs), "training_seconds": seconds, "samples_seen": seen,
        "labelled_samples": 0.0 if math.isnan(seen) else seen,
    }  # fmt: skip
    for metric, value in numbers.items():
        if math.isfinite(value):
            yield plain_row(method, f"{k} configurations", "training cost", metric, value, runs)
