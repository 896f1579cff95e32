"""An edge gives back, if its owner asks for it, statistics of its maps and what they taught the prior.

Maps and readings are read here, used here, and stay here. What leaves is a `openckm.store.contribution.Contribution`:
a file of fixed size that holds factors of low-rank differences and ten numbers. Nothing is made without the owner's
word (`opt_in`), and nothing is sent: the file is written where the owner says, to be looked at and handed over. With
noise (`openckm.edge.private_training`) the factors bound what they reveal of any single map, and the ten
numbers and the losses, which have none, stay out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from openckm.data.digest import map_digest
from openckm.data.map_statistics import STATISTICS, statistics
from openckm.data.shards import TracedMap, read_shards
from openckm.edge.private_training import NoiseOptions, train_with_noise
from openckm.errors import InputError, OptionError
from openckm.maps.atomic import atomic_path
from openckm.priors.adapter import LowRank
from openckm.priors.denoiser import Denoiser
from openckm.priors.pretrained import load_prior
from openckm.priors.schedules import EDM
from openckm.store.contribution import LEAST_MAPS, MAX_RANK, Contribution
from openckm.training.objective import TrainOptions, denoising_loss
from openckm.training.samples import SampleOptions, TrainingSet
from openckm.training.trainer import Batch, Trainer

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

Progress = Callable[[str, int, int], None]
HELD = 5
"""Every so many maps one is held back, to see whether the rest taught anything."""


@dataclass(frozen=True)
class Giver:
    """Who gives, and what for.

    Attributes:
        contributor: who is to be credited.
        licence: SPDX name under which the contribution is given.
        region: the region of the maps, as coarsely as the owner likes: small letters, digits, '-' and '_'.
    """

    contributor: str
    licence: str
    region: str


@dataclass(frozen=True)
class ContributeOptions:
    """How an edge learns from its maps.

    Attributes:
        rank: the rank of the differences.
        steps: training steps; 0 gives statistics alone.
        batch: quarters of maps per step.
        learning_rate: AdamW's, at its height; with noise Adam's, which stays as it is.
        seed: the seed of everything random but noise.
        noise: the noise to train with, for a bound on what the differences reveal; None for none.

    Raises:
        OptionError: if a value is out of range.
    """

    rank: int = 4
    steps: int = 300
    batch: int = 8
    learning_rate: float = 1e-3
    seed: int = 0
    noise: NoiseOptions | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.rank <= MAX_RANK or self.steps < 0 or self.batch < 1 or self.seed < 0:
            raise OptionError(f"{self}: wanted a rank from 1 to {MAX_RANK}, and counts")
        if not self.learning_rate > 0:
            raise OptionError(f"learning rate {self.learning_rate}: wanted a positive number")


def contribute(
    model: Path,
    shards: Sequence[Path],
    giver: Giver,
    *,
    opt_in: bool = False,
    options: ContributeOptions | None = None,
    progress: Progress | None = None,
) -> Contribution:
    """Make a contribution from an edge's own maps; nothing leaves the process.

    Args:
        model: folder of the prior that the edge runs.
        shards: .npz files of the edge's maps, as `ckm data generate` writes them.
        giver: who gives.
        opt_in: the owner's word; without it nothing is made.
        options: how.
        progress: called as progress(what, done, total).

    Raises:
        ComputationError: if training diverges.
        InputError: if a shard cannot be read.
        ModelError: if the prior cannot be read.
        OptionError: if the owner did not opt in, there are too few different maps, a value cannot be (such as a
            statistic that is the same of every map), the maps taught nothing, or noise is wanted without opacus.
    """
    if not opt_in:
        raise OptionError("nothing is contributed unless the owner of the maps says so: opt in to make a contribution")
    chosen = options or ContributeOptions()
    net, card = load_prior(model)
    maps = list(read_shards(shards))
    maps = list({map_digest(one): one for one in maps}.values())
    if len(maps) < LEAST_MAPS:
        raise OptionError(
            f"{len(maps)} different maps (a map turned or given twice is one): a contribution is made from at least"
            f" {LEAST_MAPS}, so that it reveals none"
        )
    before = after = epsilon = delta = 0.0
    factors = {}
    if chosen.steps:
        adapter = LowRank(net, chosen.rank, chosen.seed)
        before, after, epsilon = _taught(adapter, maps, chosen, 2 * card.grid_multiple, progress)
        if not after < before:
            raise OptionError(
                f"the loss on the maps held back went from {before:.4g} to {after:.4g}: they taught nothing, and"
                " nothing is contributed; give more maps, or other options"
            )
        factors = adapter.factors()
    pooled = _pooled(maps)
    if chosen.noise is not None and factors:
        before, after, pooled, delta = 0.0, 0.0, {}, chosen.noise.delta
    return Contribution(
        card.name, card.version, card.sha256, giver.contributor, giver.licence, giver.region, len(maps),
        chosen.steps * chosen.batch, before, after, pooled, epsilon, delta, factors,
    )  # fmt: skip


def write_contribution(path: Path, made: Contribution, signer: Signer | None = None) -> int:
    """Write a contribution, whole or not at all, and return its size [bytes].

    Args:
        path: file to write.
        made: the contribution.
        signer: the signer of the contributor (`openckm.store.contributors`); None leaves it unsigned.

    Raises:
        InputError: if there is something already, or it cannot be written.
    """
    if path.exists():
        raise InputError(f"{path}: there is something already; choose another file, or remove it")
    content = made.to_bytes(signer)
    try:
        with atomic_path(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error}); choose another place") from error
    return len(content)


def _pooled(maps: Sequence[TracedMap]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation over all maps of each statistic."""
    rows = [statistics(one) for one in maps]
    if not all(rows):
        raise OptionError("a map without transmitter: wanted its position in every map")
    found = {}
    for name in STATISTICS:
        values = np.array([row[name] for row in rows])
        found[name] = (float(values.mean()), float(values.std()))
    return found


def _taught(
    adapter: LowRank, maps: Sequence[TracedMap], options: ContributeOptions, multiple: int, progress: Progress | None
) -> tuple[float, float, float]:
    """Train the adapter on the maps not held back; return the loss on the others, before and after, and epsilon."""
    shapes = {one.grid.shape for one in maps}
    if len(shapes) > 1 or any(side % multiple for shape in shapes for side in shape):
        raise OptionError(f"maps of {sorted(shapes)} cells: wanted one shape, of sides divisible by {multiple}")
    sampling = SampleOptions(nothing=0.2)
    learned = TrainingSet([m for k, m in enumerate(maps) if k % HELD], sampling)
    held = TrainingSet(maps[::HELD], sampling)

    def batches(step: int) -> Batch:
        if progress is not None:
            progress("training", step, options.steps)
        rng = np.random.default_rng([options.seed, step])
        return learned.sample(rng.integers(len(learned), size=options.batch), rng, fold=2)

    plan = TrainOptions(
        steps=options.steps, decay_steps=max(options.steps // 2, 1), warmup_steps=min(20, options.steps // 10),
        learning_rate=options.learning_rate, weight_decay=0.0, ema=(), power_ema=(),
        seed=options.seed,
    )  # fmt: skip
    before = _held_loss(adapter, held, plan)
    if options.noise is not None:
        report = None if progress is None else (lambda step: progress("training", step, options.steps))
        epsilon = train_with_noise(adapter, learned, plan, options.batch, options.noise, report)
        return before, _held_loss(adapter, held, plan), epsilon
    with tempfile.TemporaryDirectory() as place:
        Trainer(adapter, batches, plan, Path(place)).run()
    return before, _held_loss(adapter, held, plan), 0.0


def _held_loss(adapter: Denoiser, held: TrainingSet, plan: TrainOptions) -> float:
    """Mean loss over the maps held back, under the same evidence and noise at every call."""
    total, rounds = 0.0, max(1, 8 // len(held))
    for k in range(rounds):
        batch = held.sample(np.arange(len(held)), np.random.default_rng([7, k]), fold=2)
        generator = torch.Generator().manual_seed(k)
        with torch.no_grad():
            total += float(denoising_loss(adapter, batch, EDM(), plan, generator))
    return total / rounds
