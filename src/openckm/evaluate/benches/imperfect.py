"""Benchmark "imperfect": what does a prior lose by noisy training maps, and what by never seeing readings and sites?

The same small network is trained for equally many steps, from the same weights, on windows of the same maps in the same
order, with the same evidence and noise draws:

    clean         all maps as they were traced
    ambient       nine tenths carry noise of known size, trained by the loss of `openckm.priors.imperfect`
    naive         the same maps, trained as though they were clean
    clean_tenth   the clean tenth alone
    foundation    all maps as they were traced, and nothing else: no readings, no layout, no transmitter, as P1's prior

The noise is 0.05 of P1's pixels: 10 dB of gain, 0.14 of the direction's sine and cosine. It belongs to the map: the
same whenever the map is drawn, and in the evidence drawn from it. Which tenth is clean is random.

Scored on maps of cities that none has seen: RMSE of the posterior mean in one call, over hidden free covered cells
(task "posterior_mean", a random site and evidence each), and RMSE of the gain denoised with nothing known, from levels
above and below the noise of the maps (tasks "denoise_..." with the level in dB). P1's tasks (`openckm.evaluate.p1`,
"corrected") on a window of each map are answered by chains of jfs: by "clean" with the layout as a condition, by
"clean, layout read" and "foundation" with the layout as one more reading, as P1 has it; "clean, one call" is the
network conditioned on layout and readings. `rmse_ratio` is over the arm "clean", paired by map. Numbers are means over
maps, intervals by bootstrap over cities. All of it twice (the split): with all training maps, where even the clean
tenth is more than so short a training uses up, and with few.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.data.shards import TracedMap, read_shards
from openckm.data.split import VALIDATION_CITIES, is_held_out
from openckm.errors import InputError, LayoutError
from openckm.evaluate.p1.scores import CORRECTED, p1_scores
from openckm.evaluate.p1.tasks import TASKS, P1Case, p1_case, windows_of
from openckm.evaluate.report.cases import home_folder
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.samplers.methods import CaseMethod, Estimated, OneCall
from openckm.evaluate.scores.scoring import Score, case_of, city_of, ratio_rows, summary_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.worlds.folders import VARIABLES
from openckm.evaluate.worlds.splits import evenly
from openckm.maps.pixels import P1_GAIN_DB
from openckm.maps.quantity import AOA_COS, BUILDING, CHANNELS, GAIN
from openckm.observe.likelihood import Gaussian, Product
from openckm.observe.operators import Select
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIZES, Denoiser, MapDenoiser
from openckm.priors.schedules import EDM
from openckm.training.objective import Batch, TrainOptions, imperfect_batch
from openckm.training.samples import SampleOptions, TrainingSet
from openckm.training.simulate import EvidenceOptions
from openckm.training.trainer import Trainer

ARMS = ("clean", "ambient", "naive", "clean_tenth", "foundation")
_P1_ARMS = ("clean", "foundation")
"""Arms that are asked P1's tasks."""
_P1_SIZE, CHAINS, LAYOUT_SIGMA = 64, 4, 0.02
"""Side of P1's windows [cells], chains averaged, and the noise of a layout that is read as a channel [latent]."""
_LEVELS_DB = (4.0, 16.0, 64.0)
MIN_CELLS = 50
"""Hidden cells that a validation map must have to be scored."""
_AVERAGE_WIDTH = 0.10
_SINE_PER_PIXEL = 1.0 / 0.35
"""P1 codes a sine in [-1, 1] by pixels in [0.3, 1]."""


@dataclass(frozen=True)
class ImperfectOptions:
    """What is trained and scored.

    Attributes:
        noise_pixel: standard deviation of the noise of a noisy map [P1's pixels].
        clean_share: share of the maps that are clean.
        size: name of the network's size (`openckm.priors.denoiser.SIZES`).
        steps: optimiser steps of each arm.
        batch: windows per step.
        learning_rate: at its height.
        fold: windows have 1 / fold of the maps' sides.
        nothing: share of the samples without any condition.
        train_maps: training maps, spread evenly over those there are; None: all.
        maps: validation maps at most.
        seed: the seed of weights, noise, choice and evidence.
    """

    noise_pixel: float = 0.05
    clean_share: float = 0.1
    size: str = "xs"
    steps: int = 1500
    batch: int = 16
    learning_rate: float = 1e-3
    fold: int = 2
    nothing: float = 0.2
    train_maps: int | None = None
    maps: int = 96
    seed: int = 1

    def noise(self) -> NDArray[np.float32]:
        """Return the noise of each channel of a noisy map [latent], shape (channels,)."""
        gain = self.noise_pixel * (P1_GAIN_DB[1] - P1_GAIN_DB[0]) / GAIN.scale
        direction = self.noise_pixel * _SINE_PER_PIXEL / AOA_COS.scale
        known = {"gain_db": gain, "aoa_cos": direction, "aoa_sin": direction}
        return np.array([known.get(channel.name, 0.0) for channel in CHANNELS], np.float32)

    def conditions(self) -> SampleOptions:
        """Return the conditions of samples; block averages, whose noise is another, are left out."""
        return SampleOptions(nothing=self.nothing, evidence=EvidenceOptions(blocks=0.0))

    def training(self) -> TrainOptions:
        """Return how each arm is trained."""
        return TrainOptions(
            steps=self.steps, decay_steps=self.steps // 2, warmup_steps=min(100, self.steps // 4 + 1),
            learning_rate=self.learning_rate, ema=(), power_ema=(_AVERAGE_WIDTH,), snapshot_every=self.steps,
            seed=self.seed,
        )  # fmt: skip


FULL = (ImperfectOptions(), ImperfectOptions(train_maps=60))
QUICK = (ImperfectOptions(steps=150, batch=8, maps=24),)


@benchmark("data_dir", "keep")
def run(setup: Setup, options: Sequence[ImperfectOptions] | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means 150 small steps instead of twice 1500, too few to learn much; `data_dir` holds maps of the
            training and validation cities, and trainings stay in `keep`.
        options: what is trained, one after the other; overrides `quick`.

    Raises:
        InputError: if the folder does not hold maps of both kinds.
        ComputationError: if a training fails.
    """
    scores: list[Score] = []
    traced = _traced(setup.maps("train"))
    with home_folder(setup.keep, "imperfect") as home:
        for chosen in options or (QUICK if setup.quick else FULL):
            scores += _scores(traced, chosen, home, setup)
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return summary_rows(scores, ("rmse_db",)) + ratio_rows(scores, rivals=ARMS[:1])


def _scores(
    traced: tuple[list[TracedMap], list[TracedMap]], options: ImperfectOptions, home: Path, setup: Setup
) -> list[Score]:
    seen, held = evenly(traced[0], options.train_maps or len(traced[0])), evenly(traced[1], options.maps)
    maps, exam = ImperfectMaps(TrainingSet(seen, options.conditions()), options), _Exam(held, options)
    scores: list[Score] = []
    for k, arm in enumerate(ARMS):
        setup.tell(f"{len(seen)} maps, training: {arm}", k, len(ARMS))
        folder = home / _digest(options, len(maps)) / arm
        scores += [replace(s, split=f"{len(seen)} training maps") for s in _trained(arm, maps, folder, exam)]
    return scores


class ImperfectMaps:
    """Training maps of which all but a random share are noisy."""

    def __init__(self, clean: TrainingSet, options: ImperfectOptions) -> None:
        """Draw which maps are clean, and the noise of the others.

        Args:
            clean: the maps without noise.
            options: share and noise.
        """
        self.clean, self.options = clean, options
        rng = np.random.default_rng([options.seed, 1])
        count = max(1, round(options.clean_share * len(clean)))
        self.chosen = np.sort(rng.choice(len(clean), count, replace=False))
        level = np.tile(options.noise(), (len(clean), 1))
        level[self.chosen] = 0.0
        self.level = level
        self.noisy, self.alone = copy.copy(clean), copy.copy(clean)
        self.alone.options = replace(clean.options, nothing=1.0)
        self.noisy.states = clean.states.copy()
        for state, own in zip(self.noisy.states, level, strict=True):
            state += (own[:, None, None] * rng.standard_normal(state.shape, np.float32)).astype(state.dtype)

    def __len__(self) -> int:
        return len(self.clean)

    def batches(self, arm: str) -> Callable[[int], Batch]:
        """Return the batches of an arm by their number."""

        def batch(number: int) -> Batch:
            rng = np.random.default_rng([self.options.seed, 2, number])
            which = rng.integers(len(self), size=self.options.batch)
            if arm == "clean_tenth":
                which = self.chosen[which % len(self.chosen)]
            source = {"ambient": self.noisy, "naive": self.noisy, "foundation": self.alone}.get(arm, self.clean)
            drawn = source.sample(which, rng, fold=self.options.fold)
            return imperfect_batch(drawn, noise=torch.as_tensor(self.level[which])) if arm == "ambient" else drawn

        return batch


class _Exam:
    """Maps of another city, with fixed evidence."""

    def __init__(self, maps: Sequence[TracedMap], options: ImperfectOptions) -> None:
        self.place = [(case_of(m, k), city_of(m)) for k, m in enumerate(maps)]
        drawn = SampleOptions(evidence=options.conditions().evidence)
        held = TrainingSet(maps, drawn)
        self.p1 = [case for k, m in enumerate(maps) for case in _p1_cases(m, k)]
        self.items = [held.sample(np.array([k]), np.random.default_rng([options.seed, 3, k])) for k in range(len(held))]

    def scores(self, arm: str, model: Denoiser) -> list[Score]:
        """Return the scores of every map in every task."""
        found = []
        for k, item in enumerate(self.items):
            noise = torch.randn(item.clean.shape, generator=torch.Generator().manual_seed(k))
            free = item.weight[:, 0] == 1.0
            hidden = free & (item.condition.evidence[:, 2] == 0)
            tasks = [("posterior_mean", EDM.sigma_max, item.condition, hidden)] if arm != "foundation" else []
            tasks += [(f"denoise_{v:g}_db", v / GAIN.scale, _nothing(item.condition), free) for v in _LEVELS_DB]
            for task, level, condition, scored in tasks:
                if int(scored.sum()) >= MIN_CELLS:
                    found.append(_score(arm, task, self.place[k], model, item.clean, noise, level, condition, scored))
        return found + (
            [s for name, case in self.p1 for s in _p1_scores(arm, name, case, model)] if arm in _P1_ARMS else []
        )


def _score(
    arm: str, task: str, place: tuple[str, str], model: Denoiser, clean: Tensor, noise: Tensor, level: float,
    condition: Condition, scored: Tensor,
) -> Score:  # fmt: skip
    started = time.perf_counter()
    x = noise * level if level == EDM.sigma_max else clean + level * noise
    with torch.no_grad():
        mean = model(x, torch.full((1,), level), condition).mean
    seconds = time.perf_counter() - started
    error = GAIN.scale * float((mean - clean)[:, 0][scored].square().mean().sqrt())
    return Score(arm, task, "", *place, {"rmse_db": error}, int(scored.sum()), 1, seconds)


def _p1_cases(traced: TracedMap, number: int) -> Iterator[tuple[str, P1Case]]:
    """Yield P1's tasks on the first window of a map that can be used; no box where none fits."""
    for window in windows_of(traced, min(_P1_SIZE, *traced.grid.shape))[:1]:
        for task in TASKS:
            with suppress(LayoutError):
                yield case_of(traced, number), p1_case(traced, task, number, window)


def _p1_scores(arm: str, name: str, case: P1Case, model: Denoiser) -> Iterator[Score]:
    """Yield the scores of an arm on one of P1's tasks, in every way in which it can be asked."""
    chains, read = Estimated(model, CHAINS, method="jfs"), _with_layout_read(case)
    ways: list[tuple[str, CaseMethod, P1Case]] = [("foundation", chains, read)]
    if arm == "clean":
        ways = [
            ("clean", chains, case),
            ("clean, layout read", chains, read),
            ("clean, one call", OneCall(model), case),
        ]
    for method, sampler, asked in ways:
        maps, calls, seconds = sampler.draw(asked, 0, 0.0)
        error = p1_scores(case, maps[:, :3].numpy().mean(0))[CORRECTED]["gain_rmse_db"]
        cells = int(case.readings.scored.sum())
        yield Score(method, case.task, "", name, case.city, {"rmse_db": error}, cells, calls, seconds)


def _with_layout_read(case: P1Case) -> P1Case:
    """Return a case whose layout is a reading of its channel instead of a condition."""
    built = torch.as_tensor(BUILDING.encode(case.readings.building[None, None].astype(np.float32)))
    layout = Gaussian(Select(case.likelihood.domain, BUILDING.name), built, LAYOUT_SIGMA)
    return replace(case, likelihood=Product(case.likelihood, layout), condition=_nothing(case.condition))


def _nothing(given: Condition) -> Condition:
    """Return a condition of which the cell size alone is left."""
    scalars = given.scalars * torch.tensor([1.0, 0.0])
    return Condition(torch.zeros_like(given.site), torch.zeros_like(given.evidence), scalars)


def _trained(arm: str, maps: ImperfectMaps, folder: Path, exam: _Exam) -> list[Score]:
    torch.manual_seed(maps.options.seed)
    denoiser = MapDenoiser(SIZES[maps.options.size])
    trainer = Trainer(denoiser, maps.batches(arm), maps.options.training(), folder)
    trainer.run()
    with trainer.averaged(sigma_rel=_AVERAGE_WIDTH) as model:
        return exam.scores(arm, model)


def _traced(folder: Path) -> tuple[list[TracedMap], list[TracedMap]]:
    """Maps of the training cities and of the validation cities."""
    traced = list(read_shards(sorted(folder.glob("*.npz"))))
    held = [m for m in traced if is_held_out(m.city, VALIDATION_CITIES)]
    seen = [m for m in traced if not is_held_out(m.city)]
    if not held or not seen:
        raise InputError(
            f"{folder}: {len(seen)} training maps and {len(held)} of {', '.join(VALIDATION_CITIES)}; wanted both: make"
            " them with `ckm data generate` (splits train and validation) or say where they are with"
            f" {VARIABLES['train']}"
        )
    return seen, held


def _digest(options: ImperfectOptions, maps: int) -> str:
    return hashlib.sha256(repr((sorted(asdict(options).items()), maps)).encode()).hexdigest()[:12]
