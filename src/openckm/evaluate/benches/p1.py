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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openckm.evaluate.p1.methods import few_step_methods, one_call_methods
from openckm.evaluate.p1.nets import KINDS, NetCard, P1Net, default_nets_dir, load_net, row_name, tasks_of
from openckm.evaluate.p1.scores import CORRECTED, p1_scores, ratio_rows, score_rows
from openckm.evaluate.p1.tasks import TASKS, P1Case
from openckm.evaluate.p1.windows import CELL_M as CELL_M
from openckm.evaluate.p1.windows import Place, cases_of, held_windows, published_windows
from openckm.evaluate.report.cases import keep_folder
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.samplers.exam import Asked, Exam
from openckm.evaluate.samplers.methods import Drawn, DrawStore, Ours
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.worlds.floors import floor_scores
from openckm.store.card import ModelCard

_log = logging.getLogger(__name__)
_CONFIGURATIONS = 8
"""As many as in P1's Table I."""
RIVALS = ("kriging", "single_task", "multi_task", "single_task_tuned", "multi_task_tuned", "dps")
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
        zeta: strength by task where there is no sweep: what the sweep chose for prior 0.5.0 with 250 steps.
        tasks: which tasks.
    """

    size: int = 64
    windows: int = 200
    draws: int = 48
    chains: int = 16
    steps: int = 1000
    sweep: int = 16
    zetas: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0)
    zeta: tuple[tuple[str, float], ...] = (("ipbox", 16.0), ("iprandom", 2.0), ("sr2", 2.0), ("jtqr", 2.0))
    tasks: tuple[str, ...] = TASKS


QUICK = BenchOptions(windows=8, draws=4, chains=2, steps=100, sweep=0)


@benchmark("data_dir", "validation_dir", "prior", "keep")
def run(
    setup: Setup, nets_dir: Path | None = None, options: BenchOptions | None = None, ckmimagenet: Path | None = None
) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means a handful of windows, short chains, no sweep.
        nets_dir: folder of the end-to-end networks (`train/p1_nets.py`); those that are missing have no rows.
        options: how much is run; overrides `quick`.
        ckmimagenet: folder of CKMImageNet; its part "eval" is scored in place of the held-out shards, its part "train"
            takes the place of the validation shards. Its files state no cell size: it is taken to be CELL_M.

    Raises:
        InputError: if there are no usable maps.
        OpenCKMError: whatever a method raises.
    """
    chosen = options or (QUICK if setup.quick else BenchOptions())
    denoiser, card = setup.network()
    exam = Exam(DrawStore(keep_folder(setup.keep), card.sha256, single=False), _scores, setup.tell)
    chain = Ours(denoiser, "dps", chosen.steps, 1, chosen.zetas, 1.0)
    nets = _nets(nets_dir or default_nets_dir())
    if ckmimagenet is None:
        places = held_windows(setup.maps(), chosen.size, chosen.windows)
    else:
        places = published_windows(ckmimagenet, "eval", chosen.size, chosen.windows)
    zeta, sweep = dict(chosen.zeta), list[Score]()
    if chosen.sweep > 0:
        if ckmimagenet is None:
            held = held_windows(setup.validation(), chosen.size, chosen.sweep)
        else:
            held = published_windows(ckmimagenet, "train", chosen.size, chosen.sweep)
        zeta, sweep = _sweep(exam, chain, held, chosen.tasks)
    few = few_step_methods(denoiser)
    scores: list[Score] = []
    for task in chosen.tasks:
        cases = cases_of(places, task)
        scores += floor_scores([places[k].traced for k in cases], task=task, split=CORRECTED, metric="gain_rmse_db")
        able = [Asked(m, m.strength, chosen.windows, m.name) for m in one_call_methods(denoiser, nets)]
        able += [Asked(m, m.strength, chosen.draws, m.name) for m in few]
        able += [Asked(chain, zeta[task], chosen.chains, chain.name)]
        scores += exam.scores([one for one in able if one.method.answers(task)], cases)
    scores += sweep
    return Results([*table(scores), *_cost_rows(nets), *_prior_cost(card)], scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases; those of what training cost are of no case."""
    return [*score_rows(scores), *ratio_rows(scores, RIVALS)]


def _nets(folder: Path) -> dict[str, tuple[P1Net, NetCard]]:
    found = {}
    for kind in KINDS:
        if (folder / f"{kind}.json").exists():
            found[kind] = load_net(folder, kind)
        else:
            _log.warning("no network %r in %s: train/p1_nets.py makes it; the benchmark runs without it", kind, folder)
    return found


def _scores(name: str, number: int, case: P1Case, drawn: Drawn) -> list[Score]:
    """Return the scores of the mean of what was drawn, under every protocol."""
    cost = (1, drawn.evaluations, drawn.seconds)
    return [
        Score(name, case.task, protocol, f"window {number}", case.city, found, *cost)
        for protocol, found in p1_scores(case, drawn.maps.mean(0)).items()
    ]


def _sweep(
    exam: Exam, chain: Ours, places: Sequence[Place], tasks: Sequence[str]
) -> tuple[dict[str, float], list[Score]]:
    """Return the strength for each task, and the scores of the sweep that chose it."""
    zeta: dict[str, float] = {}
    scores: list[Score] = []
    for task in tasks:
        cases = cases_of(places, task)
        zeta[task], found = exam.tuned(chain, cases, CORRECTED, _error, constant="zeta", beyond=_BEYOND)
        scores += found
    return zeta, scores


def _error(scores: Sequence[Score]) -> float:
    return float(np.mean([s.values["gain_rmse_db"] for s in scores]))


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
