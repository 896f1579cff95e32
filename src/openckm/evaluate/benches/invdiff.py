"""Benchmark "invdiff": what the invertible network and chain of P4 are worth, against twins that differ in one thing.

All arms are trained on the same windows of the same maps with the same evidence, noise and seeds: layout, transmitter
and 0.5 to 15 % of the cells read. Scored are whole maps of cities that no arm has seen, of the cell sizes that were
trained on, with 1, 3 and 10 % of their free covered cells read with 2 dB of noise, one call in the canonical pose.

    reversible    the reversible U-Net with injector, exact mode; its training gives the same bits under every policy
    float_twin    the same bodies and the same initial weights in ordinary arithmetic: no grid, plain backpropagation
    plain         the product's U-Net of equal size: residual blocks on all channels, skips by concatenation
    no_injector   the reversible U-Net without its injector
    radiounet     RadioUNet with readings (RadioUNet-S), at equal parameters: site, readings, and what `plain` is
                  shown of them, to the gain over free space; trained for that alone, in one call
    chain_T       the invertible chain of T steps, trained end to end from `reversible`; chain_1 is the one-call mean
                  of the same further training
    shipped prior, refined, jfs     one call of the shipped prior, the same made to agree with the readings, and the
                  mean of 8 chains of its posterior
    kriging       universal kriging of the readings

With a folder of RadioMap3DSeer, on which P4 reports its PSNR, all arms learn from some SEEN maps of its training set
and are scored on its test set, in the data set's own grey scale (task "radiomap3dseer"). It states no licence, so no
committed row is of it.

Metrics: PSNR, RMSE, SSIM and NMSE (`openckm.evaluate.scores.image_metrics`); `psnr_gain_db` is the difference of PSNR
to the arm's twin, paired by map and seed, intervals by bootstrap over scenes. "ARM at 9,600 samples", among the
committed rows, is ARM after 1,200 of its 2,500 steps: its learning rate had fallen to nothing there, and was raised
once more. RadioUNet was trained in one go, at the better of two learning rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.baselines.kriging import UniversalKriging
from openckm.data.readers.radiomap3dseer import RadioMap3DSeer, RadioMap3DSeerOptions
from openckm.data.shards import TracedMap, read_shards
from openckm.data.split import is_held_out
from openckm.errors import InputError
from openckm.evaluate.benches.heldout import NOISE_DB, heldout_case, load_heldout
from openckm.evaluate.report.cases import home_folder
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.scores.bootstrap import mean_interval
from openckm.evaluate.scores.image_metrics import image_scores
from openckm.evaluate.scores.scoring import Score, case_of, city_of, paired, summary_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.worlds.folders import data_folder
from openckm.infer.posterior_draws import STEPS, sample_posterior
from openckm.infer.refine import refined_mean
from openckm.infer.scene import Scene, prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.pixels import RADIOMAP3DSEER, GreyScale
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.nn.radiounet import RadioUNet, RadioUNetOptions
from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import Mask, map_domain
from openckm.priors.chain import ChainDenoiser, ChainOptions
from openckm.priors.conditioning import EVIDENCE_PLANES, INTERPOLATION_SCALES, Condition
from openckm.priors.denoiser import (
    Denoised,
    Denoiser,
    MapDenoiser,
    ReversibleMapDenoiser,
    ReversibleMapDenoiserOptions,
    planes_of,
)
from openckm.priors.planes import SITE_PLANES
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior
from openckm.training.objective import TrainOptions
from openckm.training.samples import SampleOptions, TrainingSet
from openckm.training.simulate import EvidenceOptions
from openckm.training.trainer import Batch, Trainer

SHARES = (0.01, 0.03, 0.1)
SEEN = 1600
"""Maps of RadioMap3DSeer's training set that are learnt from, about: three transmitters on each of its cities."""
METRICS = ("psnr_db", "rmse_db", "ssim", "nmse")
_TWINS = {
    "float_twin": "reversible", "plain": "reversible", "no_injector": "reversible", "radiounet": "reversible",
    "chain_3": "chain_1", "chain_8": "chain_1",
}  # fmt: skip
_AT = " at "
"""Stands between an arm and its number of samples, in rows of arms that were trained on."""
ARMS = ("reversible", "float_twin", "plain", "no_injector", "radiounet", "chain_1", "chain_3", "chain_8")
RIVALS = ("kriging", "refined", "jfs")
SCALE = GreyScale(-250.0, 200.0)
"""P1's range of gains [dB]."""
_RADIOUNET_SHARE = 0.24
"""Share of RadioUNet's published channels with which it has as many parameters as the networks of size xs."""
Gains = NDArray[np.floating]
Answer = Callable[[Scene, Observations, Grid], Gains]


@dataclass(frozen=True)
class InvdiffOptions:
    """What is trained and scored.

    Attributes:
        size: the size of the networks.
        steps: optimiser steps of a denoiser, from nothing.
        chain_steps: optimiser steps of a chain, from the trained denoiser.
        batch: windows per step.
        fold: windows have 1 / fold of the maps' sides.
        learning_rate: at its height; a chain is trained with a third of it.
        seeds: the seeds of weights, windows, evidence and noise; each arm is trained once per seed.
        arms: the arms that are trained.
        maps: test maps at most.
    """

    size: str = "xs"
    steps: int = 2500
    chain_steps: int = 300
    batch: int = 8
    fold: int = 2
    learning_rate: float = 1e-3
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    arms: tuple[str, ...] = ARMS
    maps: int = 32

    def samples(self) -> SampleOptions:
        """Return the conditions of samples: the site, and scattered readings."""
        evidence = EvidenceOptions(
            none=0.0, density=(0.005, 0.15), noise_db=(1.0, 4.0), saturate=0.0, quantise=0.0, sensitivity=0.0,
            direction=0.0, dense_direction=0.0, offset=0.0, blocks=0.0,
        )  # fmt: skip
        return SampleOptions(building=1.0, height=1.0, transmitter=1.0, evidence=evidence)

    def training(self, arm: str, seed: int) -> TrainOptions:
        """Return how an arm is trained."""
        chain = arm.startswith("chain")
        steps = self.chain_steps if chain else self.steps
        return TrainOptions(
            steps=steps, decay_steps=steps // 2, warmup_steps=min(100, steps // 4 + 1), ema=(0.995,), power_ema=(),
            learning_rate=self.learning_rate / (3.0 if chain else 1.0), seed=seed, checkpoint_s=120.0,
            posterior_share=1.0 if chain or arm == "radiounet" else 0.6,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class World:
    """What networks learn from, and what they are scored on.

    Attributes:
        seen: maps to learn from.
        held: maps of other cities.
        task: the task that scores are those of.
        scale: gains of the grey levels that pictures are compared by [dB].
    """

    seen: Sequence[TracedMap]
    held: Sequence[TracedMap]
    task: str = "gain"
    scale: GreyScale = SCALE


QUICK = InvdiffOptions(steps=60, chain_steps=20, seeds=(1,), maps=4, arms=("reversible", "plain", "chain_1", "chain_3"))


@benchmark("data_dir", "test_dir", "keep")
def run(setup: Setup, options: InvdiffOptions | None = None, radiomap3dseer: Path | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means 60 steps of one seed instead of 2500 of five, too few to learn much; `data_dir` holds
            training shards and `test_dir` test shards, and trainings stay in `keep`.
        options: what is trained; overrides `quick`.
        radiomap3dseer: folder of RadioMap3DSeer, in place of ray-traced maps of our own.

    Raises:
        InputError: if a folder holds no usable maps.
        ComputationError: if a training fails.
    """
    chosen = options or (QUICK if setup.quick else InvdiffOptions())
    if radiomap3dseer is None:
        world = _traced(setup, chosen)
    else:
        world = _published(radiomap3dseer, chosen)
        chosen = replace(chosen, fold=2 * chosen.fold)  # its maps have twice the sides
    maps = TrainingSet(world.seen, chosen.samples())
    scores: list[Score] = []
    with home_folder(setup.keep, "invdiff" if world.task == "gain" else f"invdiff-{world.task}") as home:
        jobs = [(arm, seed) for seed in chosen.seeds for arm in chosen.arms]
        for k, (arm, seed) in enumerate(jobs):
            setup.tell(f"{arm}, seed {seed}", k, len(jobs))
            scores += _arm_scores(arm, seed, train_arm(arm, seed, maps, home, chosen), world)
        scores += _arm_scores("shipped prior", 0, embedded_prior()[0], world)
        scores += [one for rival in RIVALS for one in rival_scores(rival, world)]
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return [*summary_rows(scores, METRICS), *_gains(scores)]


def training_maps(folder: Path) -> list[TracedMap]:
    """Return the maps of the training cities.

    Raises:
        InputError: if there is none.
    """
    seen = [m for m in read_shards(sorted(folder.glob("*.npz"))) if not is_held_out(m.city)]
    if not seen:
        raise InputError(f"{folder}: no training maps; make them with `ckm data generate`, or say where they are")
    return seen


def _traced(setup: Setup, options: InvdiffOptions) -> World:
    """Return maps of our own: those of the training cities, and of held-out ones with the same sides of cells."""
    seen = training_maps(setup.maps("train"))
    sizes = {m.grid.cell_m for m in seen}
    tested = load_heldout(setup.test_dir or data_folder("test", setup.quick), 10_000)
    held = [m for m in tested if m.grid.cell_m in sizes][: options.maps]
    if not held:
        raise InputError(f"no test map has cells of {sorted(sizes)} m, the sizes trained on: make some")
    return World(seen, held)


def _published(folder: Path, options: InvdiffOptions) -> World:
    """Return maps of RadioMap3DSeer, spread evenly over the cities of its training and test sets."""
    sets = [RadioMap3DSeer(folder, RadioMap3DSeerOptions(split)) for split in ("train", "test")]
    seen, held = (
        list(maps[:: -(-len(maps) // most)]) for maps, most in zip(sets, (SEEN, options.maps), strict=True)
    )  # fmt: skip
    return World(seen, held, "radiomap3dseer", RADIOMAP3DSEER)


def train_arm(
    arm: str, seed: int, maps: TrainingSet, home: Path, options: InvdiffOptions, seconds: float = float("inf")
) -> Denoiser:
    """Train an arm, or go on where its training stopped, and return it with averaged weights.

    Args:
        arm: one of ARMS.
        seed: the seed of everything random.
        maps: to learn from.
        home: holds a folder for each arm and seed.
        options: how.
        seconds: time for it [s].

    Raises:
        ComputationError: if it fails.
    """
    torch.manual_seed(seed)
    if arm.startswith("chain"):
        first = train_arm("reversible", seed, maps, home, options)
        model: Denoiser = ChainDenoiser(_ready(first), ChainOptions(int(arm.removeprefix("chain_"))))
        model.requires_grad_(True)
    else:
        model = _network(arm, options.size)
    trainer = Trainer(model, _batches(maps, options, seed), options.training(arm, seed), home / f"{arm}-{seed}")
    trainer.run(seconds)
    with trainer.averaged() as averaged:
        values = {name: value.clone() for name, value in averaged.state_dict().items()}
    model.load_state_dict(values)
    return model.requires_grad_(False).train(False)


def _ready(model: Denoiser) -> MapDenoiser:
    if not isinstance(model, MapDenoiser):
        raise InputError("a chain begins with a denoiser")
    return model


class RadioUNetMean(Denoiser):
    """RadioUNet as a denoiser that gives the mean of the gain, whatever noisy map and level it is asked at."""

    def __init__(self) -> None:
        super().__init__()
        planes = len(SITE_PLANES) + EVIDENCE_PLANES + 2 * len(INTERPOLATION_SCALES)
        self.network = RadioUNet(RadioUNetOptions(planes, _RADIOUNET_SHARE, rectified=False))
        self.multiple = self.network.options.multiple

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Return the mean of the map given a condition; of x [B, C, H, W] the shape alone counts.

        Raises:
            OptionError: if the map sides are not divisible by 64.
        """
        given = Condition.nothing(x.shape[0], (x.shape[-2], x.shape[-1])) if condition is None else condition
        answer = self.network(torch.cat([given.site, given.evidence, given.interpolated], dim=1))[1]
        gain = given.site[:, SITE_PLANES.index("free_space"), None] + answer.float()
        return Denoised(torch.cat([gain, torch.zeros_like(x[:, 1:])], dim=1), None)


def _network(arm: str, size: str) -> Denoiser:
    """Return an arm's network; where weights can be the same, they are. Trainings keep all: the bits are the same."""
    if arm == "radiounet":
        return RadioUNetMean()
    if arm == "plain":
        return MapDenoiser(MapDenoiser.sizes[size])
    sized = ReversibleMapDenoiser.sizes[size]
    how = ReversibleMapDenoiserOptions(
        sized.widths, sized.blocks, injector=arm != "no_injector", exact=arm != "float_twin"
    )  # fmt: skip
    model = ReversibleMapDenoiser(how)
    model.network.recompute = "none"
    return model


def _batches(maps: TrainingSet, options: InvdiffOptions, seed: int) -> Callable[[int], Batch]:
    def batch(number: int) -> Batch:
        rng = np.random.default_rng([seed, 5, number])
        return maps.sample(rng.integers(len(maps), size=options.batch), rng, fold=options.fold)

    return batch


def _arm_scores(arm: str, seed: int, model: Denoiser, world: World) -> list[Score]:
    """Return the scores of a trained arm on every map and share of cells read.

    Args:
        arm: its name.
        seed: the seed of its training.
        model: the network.
        world: whose maps it has not seen.
    """
    calls = len(model.moves) if isinstance(model, ChainDenoiser) else 1

    def mean(scene: Scene, given: Observations, grid: Grid) -> Gains:
        condition = scene.with_evidence(scene.cells)
        return scene.crop(GAIN.decode(posterior_mean(model, condition, symmetrise=False).mean[0, 0].numpy()))

    planes = planes_of(model) if isinstance(model, MapDenoiser) else ()
    return scores_of(arm, seed, mean, world, int(model.multiple), calls, planes)  # type: ignore[arg-type]


def rival_scores(rival: str, world: World) -> list[Score]:
    """Return the scores of one of RIVALS; those with a network use the shipped prior.

    Args:
        rival: its name.
        world: the maps.
    """
    net, _ = embedded_prior()

    def answer(scene: Scene, given: Observations, grid: Grid) -> Gains:
        if rival == "kriging":
            return UniversalKriging().reconstruct(given, grid, draws=0).mean()
        likelihood, shape = _likelihood(scene), (len(CHANNELS), *scene.grid.shape)
        if rival == "refined":
            condition = scene.with_evidence(scene.cells)
            mean = refined_mean(net, likelihood, condition, symmetrise=False).mean
        else:
            mean = sample_posterior(net, likelihood, shape, scene.condition, method="jfs", mean=True).maps.mean(0)[None]
        return scene.crop(GAIN.decode(mean[0, 0].numpy()))

    calls = {"kriging": 0, "refined": 1}.get(rival, 8 * STEPS["jfs"])
    planes = () if rival == "kriging" else planes_of(net)
    return scores_of(rival, 0, answer, world, net.multiple, calls, planes)


def _likelihood(scene: Scene) -> Gaussian:
    """Return the likelihood of a scene's readings on maps in latent code."""
    domain = map_domain(scene.grid.shape)
    if scene.cells is None:
        raise InputError("nothing was read")
    row, col = scene.grid.index_of(scene.cells.x, scene.cells.y)
    seen, value = torch.zeros(domain.full_shape, dtype=torch.bool), torch.zeros(1, *domain.full_shape)
    seen[0, row, col] = True
    value[0, 0, row, col] = torch.as_tensor(GAIN.encode(scene.cells.value), dtype=torch.float32)
    return Gaussian(Mask(domain, seen), value, NOISE_DB / GAIN.scale)


def scores_of(
    name: str, seed: int, answer: Answer, world: World, multiple: int, calls: int,
    planes: Sequence[str] = (),
) -> list[Score]:  # fmt: skip
    """Return the scores of whatever answers with a map of gains [dB], on every map and share of cells read.

    Args:
        name: what answers.
        seed: the seed of its training.
        answer: it.
        world: whose maps.
        multiple: sides of maps are padded to a multiple of it.
        calls: network calls of an answer.
        planes: further groups of planes that its network reads; rays are launched for it.
    """
    scores, scale = [], world.scale
    for k, traced in enumerate(world.held):
        for share in SHARES:
            given, truth = heldout_case(traced, "gain", share, k)
            found = answer(prepare_scene(given, traced.grid, multiple, planes=planes), given, traced.grid)
            known = np.zeros(traced.grid.shape, dtype=bool)
            known[truth.row, truth.col] = True
            grey, true = ((field - scale.floor_db) / scale.span_db for field in (found, np.nan_to_num(traced.gain_db)))
            values = image_scores(grey, true, scale.span_db, known)
            case, count = case_of(traced, k), int(known.sum())
            scores.append(
                Score(name, world.task, f"{share:.0%}", case, city_of(traced), values, count, calls, 0.0, seed)
            )  # fmt: skip
    return scores


def _twin(arm: str) -> str | None:
    """Return what an arm is compared with: its twin, of as many samples; without one, itself of fewer samples."""
    name, at, samples = arm.partition(_AT)
    return _TWINS[name] + at + samples if name in _TWINS else name if at else None


def _gains(scores: Sequence[Score]) -> list[Row]:
    """Return the differences of PSNR between arms and their twins, paired by map and seed; intervals over cities."""
    rows = []
    for arm in sorted({s.method for s in scores}):
        if (twin := _twin(arm)) is None:
            continue
        for task, split in dict.fromkeys((s.task, s.split) for s in scores):
            here = [s for s in scores if (s.task, s.split) == (task, split)]
            both = paired(here, arm, twin)
            if not both:
                continue
            gap = [own.values["psnr_db"] - other.values["psnr_db"] for own, other in both]
            found = mean_interval(gap, [own.city for own, _ in both])
            calls, n = both[0][0].network_evaluations, sum(own.n for own, _ in both)
            where = (f"{arm} over {twin}", task, split, "psnr_gain_db")
            rows.append(plain_row(*where, found, n, calls=calls, cases=len(both), over=twin))
    return rows
