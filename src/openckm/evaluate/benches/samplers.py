"""Benchmark "samplers": error against network evaluations, for every posterior sampler and task, on the same cases.

Tasks and what a method may be conditioned on: `openckm.evaluate.p1.tasks`. Ours:
`openckm.evaluate.samplers.methods`; azula's around the same prior, where azula is installed:
`openckm.evaluate.samplers.azula_rivals`. Scores, and what "mean of 8" is: `openckm.evaluate.samplers.scores`. Windows
of 64 x 64 cells of 2 m in cities that nothing was trained on. For every case the methods run one after the other in
this process, so that their seconds are taken under the same load.

    method rows           RMSE of a single draw, of the mean of 8, of one call; share of values inside their interval,
                          of all draws and of the worst
    X, over RIVAL Y       ratio of mean RMSE, of network evaluations and of seconds, paired by case; intervals by
                          bootstrap over scenes
    dps_full              P1's Algorithm 2 with all its 2,000 steps: what it costs, and is worth, on few windows
    constant Z            a method with a tuning constant, on validation windows (Florence), one draw or more; the
                          constant with the least RMSE of a single draw (gain; of the saturated cells where there is a
                          device) is used above
    field, points/areas   spread and ranks of draws against the exact posterior of a Gaussian field
                          (`openckm.evaluate.samplers.exact_field`)
    TASK, 128 x 128       the time of one call, with and without the solve, and of 8 draws by jfs, on whole maps

Network evaluations are forward passes, a vector-Jacobian product counts as two. Algorithm 2, MMPS and DAPS, which cost
the most, answer fewer windows or with fewer draws than the others. What is finished is kept in $OPENCKM_BENCH_KEEP, if
that is set, and a run that was interrupted goes on from there; seconds are kept with it.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Section IV.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openckm.errors import InputError
from openckm.evaluate.benches.p1 import BenchOptions
from openckm.evaluate.p1.tasks import ALL_TASKS, DEVICE_TASKS, P1Case
from openckm.evaluate.p1.windows import cases_of, held_windows
from openckm.evaluate.report.cases import keep_folder
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.samplers.azula_rivals import azula_found, azula_rivals
from openckm.evaluate.samplers.exact_field import FieldOptions, field_rows
from openckm.evaluate.samplers.exam import Asked, Exam
from openckm.evaluate.samplers.methods import CaseMethod, DrawStore, OneCall, Ours, our_methods
from openckm.evaluate.samplers.product_field import product_rows
from openckm.evaluate.samplers.scores import (
    MEAN_8,
    ONE_CALL,
    SINGLE,
    case_scores,
    sampler_ratios,
    sampler_rows,
)
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.setup import Setup, benchmark
from openckm.priors.denoiser import MapDenoiser

_log = logging.getLogger(__name__)
CHAINS = ("dps", "azula_dps")
FULL = "dps_full"
TIMED, WHOLE = ("ipbox", "jtqr", "points"), 128
"""Tasks on which whole maps are timed, and their side [cells]."""
_AZULA = ("azula_dps", "azula_diffpir", "azula_pigdm", "azula_mmps")
PAIRS = (
    ("jfs", SINGLE, "dps", SINGLE),
    *(("jfs", MEAN_8, chain, split) for chain in ("dps", FULL) for split in (SINGLE, MEAN_8)),
    *(("jfs", MEAN_8, rival, MEAN_8) for rival in (*_AZULA, "diffpir", "daps", "mmps")),
    *(("jfs_mean", ONE_CALL, chain, split) for chain in ("dps", FULL) for split in (SINGLE, MEAN_8)),
    *(("jfs_mean", ONE_CALL, rival, MEAN_8) for rival in ("jfs", "mmps", *_AZULA)),
    ("mmse", ONE_CALL, "jfs", MEAN_8),
    ("mmse", ONE_CALL, "jfs_mean", ONE_CALL),
    *(("mmse", ONE_CALL, rival, MEAN_8) for rival in ("dps", FULL, *_AZULA)),
    ("mmse_8", ONE_CALL, "jfs", MEAN_8),
    ("refined_1", ONE_CALL, "jfs", MEAN_8),
    ("refined_1", ONE_CALL, "jfs_mean", ONE_CALL),
    *(("refined_1", ONE_CALL, rival, MEAN_8) for rival in ("dps", FULL, *_AZULA)),
    ("refined", ONE_CALL, "jfs", MEAN_8),
    *(("refined", ONE_CALL, rival, MEAN_8) for rival in ("dps", FULL, "mmps", *_AZULA)),
    *(("estimate", ONE_CALL, rival, MEAN_8) for rival in ("jfs", "dps", FULL, "mmps", *_AZULA)),
    ("estimate", ONE_CALL, "dps", SINGLE),
    ("conditioned", MEAN_8, "jfs", MEAN_8),
)
"""What is compared with what: method, its split, rival, its split."""


@dataclass(frozen=True)
class SamplerOptions:
    """How much is run.

    Attributes:
        size: side of a window [cells].
        windows: windows for all methods but the chains.
        chains: windows for Algorithm 2 and azula's DPS.
        steps: the number of steps of these chains.
        full: windows for Algorithm 2 at its full length; 0 leaves that out.
        full_steps: its steps.
        full_zeta: its strength by task: that of benchmark "p1", which is chosen there for chains of this kind.
        few: steps of azula's other samplers.
        draws: draws per case.
        chain_draws: draws per case of the methods that cost the most.
        sweep: validation windows for the choice of tuning constants; 0 takes the methods' own.
        timed: repetitions of the timing on whole maps.
        rivals: whether to run azula's samplers, where azula is installed.
        quick: shorter chains for our rivals too.
        tasks: which tasks.
        field: how much is run against the exact posterior of a Gaussian field; None leaves that out.
        product: fields from which the product's default draws whole, and fields for each noise that is stated; None
            leaves that out.
    """

    size: int = 64
    windows: int = 12
    chains: int = 4
    steps: int = 250
    full: int = 1
    full_steps: int = 2000
    full_zeta: tuple[tuple[str, float], ...] = BenchOptions().zeta
    few: int = 20
    draws: int = 8
    chain_draws: int = 2
    sweep: int = 1
    timed: int = 3
    rivals: bool = True
    quick: bool = False
    tasks: tuple[str, ...] = ALL_TASKS
    field: FieldOptions | None = FieldOptions()  # noqa: RUF009 - a frozen value
    product: tuple[int, int] | None = (200, 40)


QUICK = SamplerOptions(
    windows=1, chains=1, steps=20, full=0, few=5, chain_draws=2, sweep=0, timed=1, quick=True,
    field=FieldOptions(fields=4, rival_fields=1), product=(2, 1),
)  # fmt: skip


@benchmark("data_dir", "validation_dir", "prior", "keep")
def run(setup: Setup, options: SamplerOptions | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means one window, short chains, nothing tuned: under a minute.
        options: how much is run; overrides `quick`.

    Raises:
        InputError: if there are no usable maps.
        OpenCKMError: whatever a method raises.
    """
    chosen = options or (QUICK if setup.quick else SamplerOptions())
    denoiser, card = setup.network()
    exam = Exam(DrawStore(keep_folder(setup.keep), card.sha256), case_scores, setup.tell)
    bench, folder = _Bench(_methods(denoiser, chosen), exam, chosen), setup.maps()
    places = held_windows(folder, chosen.size, chosen.windows)
    held = {task: cases_of(places, task) for task in chosen.tasks}
    tuned, scores = bench.tune(setup.validation())
    scores += [found for task, cases in held.items() for found in bench.score(task, cases, tuned)]
    scores += bench.times(denoiser, folder)
    exact = [] if chosen.field is None else field_rows(chosen.field, setup.progress)
    exact += [] if chosen.product is None else product_rows(*chosen.product, setup.progress)
    return Results([*table(scores), *exact], scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases; those of the exact field are of no case."""
    return [*sampler_rows(scores), *sampler_ratios(scores, PAIRS)]


def _methods(denoiser: MapDenoiser, o: SamplerOptions) -> list[CaseMethod]:
    found = our_methods(
        denoiser, steps=o.steps, chain_draws=o.chain_draws, draws=o.draws,
        full_steps=o.full_steps if o.full else 0, quick=o.quick,
    )  # fmt: skip
    if o.rivals and azula_found():
        few = o.chain_draws if o.quick else o.draws
        found += azula_rivals(denoiser, steps=o.steps, few=o.few, chain_draws=o.chain_draws, draws=few)
    elif o.rivals:
        _log.warning("azula is not installed: the benchmark runs without its samplers; `make rivals` installs it")
    return found


@dataclass(frozen=True, eq=False)
class _Bench:
    """The methods, how they are asked, and how much is run."""

    methods: Sequence[CaseMethod]
    exam: Exam
    options: SamplerOptions

    def score(self, task: str, cases: dict[int, P1Case], tuned: dict[tuple[str, str], float]) -> list[Score]:
        """Return the scores of every method that answers a task."""
        few = dict.fromkeys(CHAINS, self.options.chains) | {FULL: self.options.full}
        asked = [
            Asked(m, tuned.get((m.name, task), m.strength), few.get(m.name, len(cases)), m.name)
            for m in self.methods if m.answers(task)
        ]  # fmt: skip
        return self.exam.scores(asked, cases)

    def tune(self, folder: Path) -> tuple[dict[tuple[str, str], float], list[Score]]:
        """Return the tuning constant by method and task, and the scores of the sweep that chose it."""
        tuned = {(FULL, task): zeta for task, zeta in self.options.full_zeta}
        scores: list[Score] = []
        if self.options.sweep < 1:
            return tuned, scores
        places = held_windows(folder, self.options.size, self.options.sweep)
        for task in self.options.tasks:
            cases = cases_of(places, task)
            for method in (m for m in self.methods if m.strengths and m.answers(task)):
                tuned[method.name, task], found = self.exam.tuned(method, cases, SINGLE, _error)
                scores += found
        return tuned, scores

    def times(self, denoiser: MapDenoiser, folder: Path) -> list[Score]:
        """Return the time of one call and of 8 draws by jfs on whole maps, taken in turn."""
        if self.options.timed < 1:
            return []
        scores: list[Score] = []
        methods = (OneCall(denoiser), OneCall(denoiser, "refined_1", False, True), Ours(denoiser, "jfs", 8, 8))
        for task in (t for t in TIMED if t in self.options.tasks):
            try:
                case = next(iter(cases_of(held_windows(folder, WHOLE, 1), task).values()))
            except InputError as error:
                _log.warning("no timing of %s: %s", task, error)
                continue
            taken: dict[str, list[float]] = {m.name: [] for m in methods}
            for turn in range(self.options.timed + 1):
                self.exam.progress(f"{task}, {WHOLE} x {WHOLE}", turn, self.options.timed + 1)
                for method in methods:
                    taken[method.name].append(method.draw(case, turn, 0.0)[2])
            scores += [s for m in methods for s in _time_scores(m.name, task, case.city, taken[m.name][1:])]
        return scores


def _error(scores: Sequence[Score]) -> float:
    """Mean RMSE of a single draw: of the gain, of the saturated cells' gain where there is a device."""
    saturated = [s.values["saturated_rmse_db"] for s in scores if "saturated_rmse_db" in s.values]
    if saturated and scores[0].task in DEVICE_TASKS:
        return float(np.mean(saturated))
    return float(np.mean([s.values["gain_rmse_db"] for s in scores]))


def _time_scores(method: str, task: str, city: str, seconds: list[float]) -> list[Score]:
    split, calls = (MEAN_8, 64) if method == "jfs" else (ONE_CALL, 1)
    return [
        Score(method, f"{task}, {WHOLE} x {WHOLE}", split, f"turn {k}", city, {"seconds": taken}, 1, calls, taken)
        for k, taken in enumerate(seconds)
    ]
