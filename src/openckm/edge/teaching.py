"""How a site teaches: readings are dealt into folds of blocks, and the other folds' blocks teach each fold's factors.

A quarter of the blocks that teach decides when to stop; see `openckm.edge.adapt`, which judges what was learnt.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.edge.judging import Factors
from openckm.edge.lesson import BLOCK_CELLS, Lesson, Replay, blocks_of, lesson_of
from openckm.errors import MeasurementError, OptionError
from openckm.infer.scene import prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.nn.memory import give_back
from openckm.nn.recompute import Plan, peak_mb, policy_for
from openckm.priors.adapter import LowRank, Pupil
from openckm.priors.denoiser import MapDenoiser, planes_of
from openckm.store.delta import as_plain
from openckm.store.weights import write_aside
from openckm.training.objective import Batch, TrainOptions
from openckm.training.trainer import Trainer

FOLDS = 3
LEAST_READINGS, LEAST_BLOCKS = 60, 6
STOPPING = 0.25
"""Share of a fold's blocks that decides when to stop."""
TEACHING = 0.85
"""Share of the time that teaching may take; the rest is for judging."""
REPLAYED, REPLAY_SIDE = 8, 64
FIXED_MB = 190.0
"""What is there above the prior besides a step, whatever the site [MiB]: the code that launches rays (75), the
network's kernels and what three lessons keep (measured with the shipped prior)."""
_PAIR_BYTES = 56
"""What judging the map holds for each pair of cells that it is told (measured): seven matrices of them."""
_LEAST_TOLD = 100
Report = Callable[[str, int, int], None]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class AdaptOptions:
    """How a site is learnt.

    Attributes:
        budget_mb: memory above the loaded prior that the adaptation may take [MiB].
        minutes: time it may take [min].
        rank: the rank of the factors of a fold.
        steps: training steps of a fold, at most.
        every: steps between looks at the stopping blocks.
        patience: looks without anything better after which a fold ends.
        learning_rate: AdamW's.
        place: what the delta's card says of the place.
        licence: SPDX name under which it may be handed on; "" where it may not.
        seed: the seed of everything random.
        judge_map: refuse what does not make the whole map better, too.

    Raises:
        OptionError: if a value is out of range.
    """

    budget_mb: float = 256.0
    minutes: float = 10.0
    rank: int = 4
    steps: int = 80
    every: int = 5
    patience: int = 6
    learning_rate: float = 2e-3
    place: str = ""
    licence: str = ""
    seed: int = 0
    judge_map: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.rank <= 16 or min(self.steps, self.every, self.patience) < 1 or self.seed < 0:
            raise OptionError(f"{self}: wanted a rank from 1 to 16, counts of at least 1 and a seed of at least 0")
        if not (self.minutes > 0 and self.budget_mb > 0 and self.learning_rate > 0):
            raise OptionError(f"{self}: wanted a positive budget, time and learning rate")
        as_plain(self.place, "place")
        as_plain(self.licence, "licence")


@dataclass(frozen=True, eq=False)
class Dealt:
    """The blocks of a site that have readings, dealt into folds.

    Attributes:
        blocks: (east, north) from the base station, shape (b, 2).
        fold: the fold of each block, shape (b,).
        block_m: side of a block [m].
        readings: cells with readings.
        limits: cells whose readings are limits alone; they do not teach.
    """

    blocks: NDArray[np.int16]
    fold: NDArray[np.intp]
    block_m: float
    readings: int
    limits: int


def blocks_with_readings(observations: Observations, grid: Grid, net: MapDenoiser, seed: int) -> Dealt:
    """Return the blocks of a site that have readings, dealt into folds.

    Raises:
        MeasurementError: if the base station is not known, or there are too few readings or blocks.
    """
    transmitter = observations.transmitter
    if transmitter is None:
        raise MeasurementError("to adapt to a site, the base station must be known: give its place")
    scene = prepare_scene(observations, grid, net.multiple, planes=planes_of(net))
    readings = None if scene.cells is None else scene.readings.subset(scene.plain)
    count = 0 if readings is None else len(readings)
    limits = 0 if scene.cells is None else int((~scene.plain).sum())
    side = BLOCK_CELLS * grid.cell_m
    if readings is None or count < LEAST_READINGS:
        raise MeasurementError(
            f"{count} cells with readings{_besides(limits)}: to adapt, at least {LEAST_READINGS} are wanted, or what is"
            " learnt cannot be judged; measure more, or use the prior as it is"
        )
    blocks, number = blocks_of(readings, (transmitter.x, transmitter.y), side)
    if len(blocks) < LEAST_BLOCKS:
        raise MeasurementError(
            f"the readings lie in {len(blocks)} blocks of {side:g} m: to adapt, at least {LEAST_BLOCKS} are wanted, for"
            " some must be held back whole; measure in more places, or use the prior as it is"
        )
    fold = _dealt(np.bincount(number), FOLDS, np.random.default_rng([seed, 1]))
    return Dealt(blocks, fold, side, count, limits)


def _besides(limits: int) -> str:
    return f" ({limits} more hold limits alone)" if limits else ""


def plan_of(net: MapDenoiser, options: AdaptOptions, shape: tuple[int, int], least: float) -> Plan:
    """Return how a step of one map is run within what the budget leaves beside FIXED_MB.

    The prior lends its weights, and the adapted ones are those that the plan counts.

    Args:
        net: the prior.
        options: with the budget.
        shape: rows and columns of the map.
        least: what a step takes at least, from `least_mb` [MiB].

    Raises:
        OptionError: if no plan fits; the message says how much one map needs.
    """
    size, (rows, cols) = net.network.options, _padded(net, shape)
    room = options.budget_mb - FIXED_MB
    if room < least:
        raise OptionError(
            f"a budget of {options.budget_mb:g} MiB: one map of {rows} x {cols} cells needs {FIXED_MB + least:.0f} MiB"
            f" ({FIXED_MB:.0f} for the code that launches rays, kernels and lessons, {least:.0f} for weights, their"
            " gradients and activations): give at least that, or a smaller map"
        )
    found = policy_for(net.network, room, 1, (rows, cols), size.inputs, size.scalars)
    return replace(found, peak_mb=found.peak_mb + FIXED_MB)


def _padded(net: MapDenoiser, shape: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[0] // net.multiple) * net.multiple, -(-shape[1] // net.multiple) * net.multiple


def least_mb(net: MapDenoiser, shape: tuple[int, int]) -> float:
    """Return the least memory that a step of one map takes under any policy [MiB]."""
    size = net.network.options
    return min(
        peak_mb(net.network, p, 1, _padded(net, shape), size.inputs, size.scalars) for p in net.network.policies
    )  # fmt: skip


def most_told(options: AdaptOptions, least: float) -> int:
    """Return how many cells with readings the map may be told when it is judged within the budget.

    Args:
        options: with the budget.
        least: what a call of the network takes, for which the least of a step stands, from `least_mb` [MiB].
    """
    room_mb = options.budget_mb - FIXED_MB - least
    return max(_LEAST_TOLD, int(math.sqrt(max(room_mb, 0.0) * 2**20 / _PAIR_BYTES)))


def teach(
    observations: Observations, grid: Grid, net: MapDenoiser, dealt: Dealt, options: AdaptOptions, plan: Plan,
    work: Path, report: Report, make: type[Fold] | None = None,
) -> tuple[list[tuple[Lesson, Factors]], tuple[int, ...]]:  # fmt: skip
    """Return the lesson of every fold with what was learnt in it, and the steps at which the folds were stopped.

    Args:
        observations: readings, base station and layout.
        grid: the cells of the map.
        net: the prior.
        dealt: the blocks.
        options: how.
        plan: how a step is run.
        work: folder of checkpoints.
        report: called with (what, done, in all).
        make: what is taught; None for low-rank factors.
    """
    begun = time.monotonic()
    taught: list[tuple[Lesson, Factors]] = []
    steps = []
    for fold in range(FOLDS):
        lesson = lesson_of(observations, grid, net, dealt.fold != fold, dealt.block_m)
        give_back()
        ends = begun + TEACHING * 60.0 * options.minutes * (fold + 1) / FOLDS
        found, stopped = (make or Fold)(net, lesson, options, plan, work / f"fold-{fold}", fold, ends).run(
            _shifted(report, fold)
        )
        taught.append((lesson, found))
        steps.append(stopped)
        give_back()
    return taught, tuple(steps)


def _shifted(report: Report, fold: int) -> Callable[[int, int], None]:
    return lambda done, total: report("teaching", fold * total + done, FOLDS * total)


def _dealt(counts: NDArray[np.intp], folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Deal blocks into folds of about as many readings each: the largest first, each to the fold with the fewest."""
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order], kind="stable")]
    fold, total = np.zeros(len(counts), dtype=np.intp), np.zeros(folds)
    for block in order:
        fold[block] = int(np.argmin(total))
        total[fold[block]] += counts[block]
    return fold


class Fold:
    """The factors of one fold while they are taught."""

    def __init__(
        self, net: MapDenoiser, lesson: Lesson, options: AdaptOptions, plan: Plan, work: Path, fold: int, ends: float
    ) -> None:
        self.net, self.lesson, self.options, self.work, self.fold = net, lesson, options, work, fold
        self.ends, self.policy = ends, plan.policy
        counts = np.bincount(lesson.block[lesson.known], minlength=int(lesson.block.max()) + 1)
        rng = np.random.default_rng([options.seed, 2, fold])
        blocks = rng.permutation(np.flatnonzero(counts))
        last = int(np.searchsorted(np.cumsum(counts[blocks]), STOPPING * counts.sum())) + 1
        self.stopping = lesson.known & np.isin(lesson.block, blocks[: min(last, len(blocks) - 1)])
        self.teaching = lesson.known & ~self.stopping
        self.replay = Replay(net, REPLAYED, REPLAY_SIDE, lesson.scene.condition.scalars, options.seed)
        give_back()  # what a draw, a look or some steps leave is no room for the next of them

    def run(self, report: Callable[[int, int], None]) -> tuple[Factors, int]:
        """Teach until the stopping blocks find nothing better; return the best factors and their step."""
        model = self.pupil()
        options = TrainOptions(
            steps=0, decay_steps=1, warmup_steps=10, learning_rate=self.options.learning_rate, weight_decay=0.0,
            accumulate=2, posterior_share=0.0, variance_weight=0.0, ema=(0.9,), power_ema=(), checkpoint_s=1e9,
            seed=self.options.seed * 101 + self.fold,
        )  # fmt: skip
        trainer = Trainer(model, self._batch, options, self.work)
        curve = self._curve()
        while True:
            if not curve or trainer.step > curve[-1][0]:
                self._look(trainer, model, curve)
            best = min(curve, key=lambda point: point[1])
            late = len(curve) - 1 - curve.index(best) >= self.options.patience
            if late or trainer.step >= self.options.steps or time.monotonic() > self.ends:
                return self._best(), int(best[0])
            trainer.options = replace(options, steps=min(trainer.step + self.options.every, self.options.steps))
            trainer.run()
            give_back()
            report(trainer.step, self.options.steps)

    def pupil(self) -> Pupil:
        """Return what is taught: low-rank factors that begin at nothing."""
        model = LowRank(self.net, self.options.rank, self.options.seed)
        model.parent.network.recompute = self.policy
        return model

    def _batch(self, number: int) -> Batch:
        """Return batch 2 s of step s, the site's, or batch 2 s + 1, a replay."""
        rng = np.random.default_rng([self.options.seed, 3, self.fold, number])
        return self.replay.batch(2, rng) if number % 2 else self.lesson.batch(self.teaching, rng)

    def _look(self, trainer: Trainer, model: Pupil, curve: list[tuple[int, float]]) -> None:
        """Ask the stopping blocks; keep the factors if they are the best so far."""
        with trainer.averaged():  # the model, with its averaged weights
            error = self.lesson.errors(model, self.teaching, self.stopping)
            found = float(np.sqrt(np.mean(error**2)))
            if all(found < other for _, other in curve):
                write_aside(self.work / "best.safetensors", _packed(model.factors()))
        give_back()
        curve.append((trainer.step, found))
        write_aside(self.work / "curve.json", json.dumps(curve).encode())

    def _curve(self) -> list[tuple[int, float]]:
        path = self.work / "curve.json"
        return [(int(s), float(e)) for s, e in json.loads(path.read_bytes())] if path.exists() else []

    def _best(self) -> Factors:
        from safetensors.numpy import load

        return dict(load((self.work / "best.safetensors").read_bytes()))


def _packed(factors: Factors) -> bytes:
    from safetensors.numpy import save

    return bytes(save({name: np.ascontiguousarray(value) for name, value in factors.items()}))
