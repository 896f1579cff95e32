"""A prior is taught its site, on the site, from its own readings, and kept only where blocks that were not used say so.

Blocks of readings are dealt into FOLDS folds. For each fold, low-rank factors (`openckm.priors.adapter`) are taught by
the other folds' blocks (`openckm.edge.lesson`): a quarter of those decides when to stop, the rest teaches. What the
fold's own blocks say, before and after, is a true prediction, and all blocks together judge how much of the factors is
added (`openckm.edge.judging`). What a site wants is a better map, and a network that errs less does not always make
one: where it stays far behind kriging, its smaller error earns it weight that it does not deserve (cell C of
`ckm bench adapt`). So the whole of `ckm construct` is asked, too, with and without the factors: given the readings of
the other folds, it predicts those of each. The delta is written only if the network's error falls by 1 %
at least, beyond its interval, and the map's by 1 %. It holds every fold's factors, so maps made with it can tell what
was taught from what was not, and a fingerprint of the station's place, for elsewhere the prior is asked as it was
(`openckm.priors.adapted`).

Interrupted at any moment, the same call goes on from the work folder beside the output and writes the same delta to the
bit, unless time ended a fold. The delta never leaves the node by itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.edge.judging import CHANCE, Factors, rmse, scaled, weighed
from openckm.edge.lesson import BLOCK_CELLS, Lesson, Replay, blocks_of, lesson_of
from openckm.edge.reading import ReadingOptions, from_keywords, read_evidence, without_pattern
from openckm.errors import MeasurementError, ModelError, OptionError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.scene import prepare_scene
from openckm.maps.csv import Files
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site_plan import SitePlan
from openckm.nn.memory import forget_peak, give_back, resident_mb
from openckm.nn.recompute import Plan, peak_mb, policy_for
from openckm.priors.adapted import block_of, place_print, with_delta
from openckm.priors.adapter import UP, LowRank, Pupil
from openckm.priors.denoiser import MapDenoiser, planes_of
from openckm.priors.posterior import one_by_one
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.store.card import ModelCard
from openckm.store.delta import Delta, as_plain
from openckm.store.weights import write_aside
from openckm.training.objective import Batch, TrainOptions
from openckm.training.trainer import Trainer

__all__ = ["adapt"]

FOLDS = 3
LEAST_READINGS, LEAST_BLOCKS = 60, 6
STOPPING = 0.25
"""Share of a fold's blocks that decides when to stop."""
TEACHING = 0.85
"""Share of the time that teaching may take; the rest is for judging."""
REPLAYED, REPLAY_SIDE = 8, 64
FIXED_MB = 190.0
"""What is loaded once above the prior, whatever the site [MiB]: the code that launches rays, trains and fits, and the
network's kernels at their first call (70, 70 and 50, measured with the shipped prior)."""
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
class Adaptation:
    """What became of an adaptation.

    Attributes:
        delta: what was learnt, whether or not it is kept.
        kept: whether blocks that were not used say that it is better.
        plan: how a step was run, and its computed peak of memory.
        steps: the number of steps after which each fold was stopped.
        weight: share of what was learnt that the delta adds.
        seconds: time it took [s].
        peak_mb: what it took at most above what the process held at the beginning [MiB]; NaN where nobody can tell.
        budget_mb: what it was given [MiB].
    """

    delta: Delta
    kept: bool
    plan: Plan
    steps: tuple[int, ...]
    weight: float
    seconds: float
    peak_mb: float = math.nan
    budget_mb: float = math.inf

    def summary(self) -> str:
        """Return the record as text."""
        d = self.delta
        verdict = "kept" if self.kept else "refused: readings that were held back do not show that it helps"
        if d.network_helps and not self.kept:
            verdict = "refused: the network errs less, but the map that is made with it does not; readings decide it"
        return "\n".join([
            f"  taught   {d.model} {d.version} by {d.readings} cells with readings in {len(d.blocks)} blocks of"
            f" {d.block_m:g} m, {d.folds} folds, stopped at {', '.join(map(str, self.steps))} steps",
            f"  memory   {self._memory()}, recomputing: {self.plan.policy}",
            f"  judged   on blocks that were not used, {self.weight:.0%} of what was learnt: {d.rmse_before_db:.2f} dB"
            f" before, {d.rmse_after_db:.2f} dB after ({d.ratio - 1:+.1%}, at most {d.ratio_high - 1:+.1%} with a"
            f" chance of {CHANCE:.0%})",
            *([f"  map      on the same blocks: {d.map_before_db:.2f} dB before, {d.map_after_db:.2f} dB after"]
              if d.map_before_db else []),
            f"  status   {verdict}",
            f"  took     {self.seconds:.0f} s",
        ])  # fmt: skip

    def _memory(self) -> str:
        """Return what was computed and what was measured, and whether the budget was kept."""
        said = f"{self.plan.peak_mb:.0f} MiB above the prior computed for a step"
        if math.isnan(self.peak_mb):
            return said
        over = self.peak_mb - self.budget_mb
        return f"{said}, {self.peak_mb:.0f} at most in all" + (f" ({over:.0f} over the budget)" if over > 0 else "")


def adapt(
    measurements: Files,
    output: Path,
    site: SitePlan | None = None,
    *,
    reading: ReadingOptions | None = None,
    options: AdaptOptions | None = None,
    prior: str | os.PathLike[str] | None = None,
    on_progress: Report | None = None,
    **loose: Any,
) -> Adaptation:
    """Teach a prior a site and write a delta, if it helps; arguments and errors of reading as for `construct`.

    Args:
        measurements: the site's own readings.
        output: the delta; an older one there stays until a better one is written, and if none is.
        site: the base station and the map.
        reading: how the measurement file is read.
        options: how it is learnt.
        prior: model folder; None for the embedded prior.
        on_progress: called with (what, done, in all) while the work goes on.
        **loose: attributes of `SitePlan` and of `ReadingOptions` one by one.

    Raises:
        InputError: if anything given cannot be used, there are too few readings or blocks, or the budget is too small.
        ModelError: if the prior cannot be loaded, the work folder belongs to another adaptation, or the delta cannot be
            written.
        ComputationError: if training diverges; nothing is written.
    """
    site, reading = from_keywords(site, reading, loose)
    given, _ = without_pattern(read_evidence(measurements, site, reading), site)
    loaded = embedded_prior() if prior is None else load_prior(Path(prior))
    work = output.with_name(f"{output.name}.work")
    done = adapt_to(given.observations, given.grid, loaded, options or AdaptOptions(), work, on_progress=on_progress)
    if done.kept:
        done.delta.write(output)
    shutil.rmtree(work, ignore_errors=True)
    return done


@one_by_one()
def adapt_to(
    observations: Observations,
    grid: Grid,
    loaded: tuple[MapDenoiser, ModelCard],
    options: AdaptOptions,
    work: Path,
    *,
    on_progress: Report | None = None,
) -> Adaptation:
    """Teach a prior in memory a site; errors as for `adapt`.

    Args:
        observations: readings, base station and layout.
        grid: the cells of the map.
        loaded: the prior and its card.
        options: how.
        work: folder of checkpoints, from which an interrupted adaptation goes on.
        on_progress: called with (what, done, in all).
    """
    begun, held = time.monotonic(), resident_mb("VmRSS")
    net, card = loaded
    blocks, number, block_m, readings = _blocks(observations, grid, net)
    plan = _plan(net, options, grid.shape)
    forget_peak()
    _claim(work, observations, card, options)
    fold_of_block = _dealt(np.bincount(number), FOLDS, np.random.default_rng([options.seed, 1]))
    report = on_progress or (lambda *_: None)
    taught, steps = [], []
    for fold in range(FOLDS):
        lesson = lesson_of(observations, grid, net, fold_of_block != fold, block_m, options.seed)
        ends = begun + TEACHING * 60.0 * options.minutes * (fold + 1) / FOLDS
        pupil = Fold(net, lesson, options, plan, work / f"fold-{fold}", fold, ends)
        found, stopped = pupil.run(_shifted(report, fold))
        taught.append((lesson, found))
        steps.append(stopped)
        del pupil
        give_back()
    verdict = weighed(net, taught, len(blocks), options.seed)
    factors = _joined([scaled(found, verdict.weight) for _, found in taught])
    table = np.concatenate([blocks, fold_of_block[:, None]], axis=1).astype(np.int16)
    salt = hashlib.sha256(f"{_seen(observations)} {options.seed}".encode()).hexdigest()[:16]
    delta = Delta(
        card.name, card.version, card.sha256, options.place, options.licence, readings, block_m,
        rmse(verdict.before, readings), rmse(verdict.after, readings), verdict.ratio, verdict.high,
        _recipe(options, verdict.weight), FOLDS, table, factors, salt, _print(observations, grid, salt),
    )  # fmt: skip
    if options.judge_map and delta.network_helps:
        report("judging", 1, 1)
        give_back()
        before = _map_db(observations, grid, net, delta)
        after = _map_db(observations, grid, with_delta(net, delta), delta)
        delta = replace(delta, map_before_db=before, map_after_db=after)
    took, peak = time.monotonic() - begun, resident_mb("VmHWM") - held
    return Adaptation(delta, delta.helps, plan, tuple(steps), verdict.weight, took, peak, options.budget_mb)


def _map_db(observations: Observations, grid: Grid, model: MapDenoiser, delta: Delta) -> float:
    """Return the error of the whole of `ckm construct` on every fold's blocks [dB], from the readings of the others.

    Args:
        observations: readings and base station.
        grid: the cells of the map.
        model: the prior, or the prior with the delta, which then answers for a block by the fold that never saw it.
        delta: says which block is whose.
    """
    points, tower = observations.gain_points(), observations.transmitter
    if tower is None:
        raise MeasurementError("to adapt to a site, the base station must be known: give its place")
    known = {(int(e), int(n)): int(f) for e, n, f in delta.blocks}
    own = block_of(points.x, points.y, (tower.x, tower.y), delta.block_m)
    fold = np.array([known.get((int(e), int(n)), -1) for e, n in own])  # -1: left out of the map, as of the lesson
    squared = []
    for k in range(delta.folds):
        given = replace(observations, points=(points.subset((fold != k) & (fold >= 0)),))
        asked = points.subset(fold == k)
        row, col = grid.index_of(asked.x, asked.y)
        made = OpenCKM(LoadedPrior(model, delta.model)).reconstruct(given, grid, draws=0)
        squared.append((made.mean()[row, col] - asked.value) ** 2)
    return round(float(np.sqrt(np.mean(np.concatenate(squared)))), 4)


def _print(observations: Observations, grid: Grid, salt: str) -> str:
    return "" if observations.transmitter is None else place_print(grid, observations.transmitter, salt)


def _seen(observations: Observations) -> str:
    """Return the SHA-256 of the readings that teach."""
    points = observations.gain_points()
    parts = (np.ascontiguousarray(v).tobytes() for v in (points.x, points.y, points.value))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _shifted(report: Report, fold: int) -> Callable[[int, int], None]:
    return lambda done, total: report("teaching", fold * total + done, FOLDS * total)


def _blocks(
    observations: Observations, grid: Grid, net: MapDenoiser
) -> tuple[NDArray[np.int16], NDArray[np.intp], float, int]:
    """Return the blocks with readings, the block of each cell, a block's side [m] and the number of cells."""
    transmitter = observations.transmitter
    if transmitter is None:
        raise MeasurementError("to adapt to a site, the base station must be known: give its place")
    scene = prepare_scene(observations, grid, net.multiple, planes=planes_of(net))
    readings = None if scene.cells is None else scene.readings.subset(scene.plain)
    count = 0 if readings is None else len(readings)
    side = BLOCK_CELLS * grid.cell_m
    if readings is None or count < LEAST_READINGS:
        raise MeasurementError(
            f"{count} cells with readings: to adapt, at least {LEAST_READINGS} are wanted, or what is learnt cannot be"
            " judged; measure more, or use the prior as it is"
        )
    blocks, number = blocks_of(readings, (transmitter.x, transmitter.y), side)
    if len(blocks) < LEAST_BLOCKS:
        raise MeasurementError(
            f"the readings lie in {len(blocks)} blocks of {side:g} m: to adapt, at least {LEAST_BLOCKS} are wanted, for"
            " some must be held back whole; measure in more places, or use the prior as it is"
        )
    return blocks, number, side, count


def _plan(net: MapDenoiser, options: AdaptOptions, shape: tuple[int, int]) -> Plan:
    """Return how a step of one map is run within what the budget leaves beside FIXED_MB.

    The prior lends its weights, and the adapted ones are those that the plan counts.

    Raises:
        OptionError: if no plan fits; the message says how much one map needs.
    """
    size = net.network.options
    rows, cols = (-(-side // net.multiple) * net.multiple for side in shape)
    room = options.budget_mb - FIXED_MB
    least = min(peak_mb(net.network, p, 1, (rows, cols), size.inputs, size.scalars) for p in net.network.policies)
    if room < least:
        raise OptionError(
            f"a budget of {options.budget_mb:g} MiB: one map of {rows} x {cols} cells needs {FIXED_MB + least:.0f} MiB"
            f" ({FIXED_MB:.0f} for the code that launches rays, trains and fits, {least:.0f} for weights, their"
            " gradients and activations): give at least that, or a smaller map"
        )
    found = policy_for(net.network, room, 1, (rows, cols), size.inputs, size.scalars)
    return replace(found, peak_mb=found.peak_mb + FIXED_MB)


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


def _joined(factors: Sequence[Factors]) -> Factors:
    """Put the folds' factors one after the other."""
    return {
        name: np.concatenate([one[name] for one in factors], axis=1 if name.endswith(UP) else 0) for name in factors[0]
    }


def _recipe(options: AdaptOptions, weight: float) -> str:
    said = {
        k: v for k, v in asdict(options).items() if k not in ("place", "licence", "minutes", "budget_mb", "judge_map")
    }
    said["weight"] = weight
    return "ckm edge adapt, " + ", ".join(f"{k} {v}" for k, v in said.items())


def _claim(work: Path, observations: Observations, card: ModelCard, options: AdaptOptions) -> None:
    """Make the work folder this adaptation's, or go on in it.

    Raises:
        ModelError: if it belongs to another one.
    """
    said = {**asdict(options), "parent": card.sha256, "readings": _seen(observations), "torch": torch.__version__}
    text = json.dumps({k: v for k, v in said.items() if k not in ("minutes", "place", "licence")}, sort_keys=True)
    path = work / "about.json"
    if not path.exists():
        write_aside(path, text.encode())
    elif path.read_text() != text:
        raise ModelError(f"{work}: it belongs to another adaptation that was interrupted; remove it to start afresh")
