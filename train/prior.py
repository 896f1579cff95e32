"""Recipe of the shipped prior (openckm-prior-s): see docs/model-card.md for what it scores.

    ckm data generate maps --maps 4100 --seed 1 --vehicles 0.3
    ckm data generate maps --maps 96 --seed 1 --split validation
    python train/prior.py --recipe s --data maps --out runs/s --publish runs/prior_s

The five stages of the recipe go on from one another: the first learns to answer with site and evidence, the second
spends a third of its samples on the unconditional prior, the others learn from more kinds of maps and of evidence. S
takes about 3 hours on two CPU cores (bf16); M is for a GPU (--device cuda). Without --recipe, one stage is trained as
--steps, --decay-steps, --learning-rate and --nothing say, on top of what stands in --out.

The shipped weights came from the same stages, but the first two saw 1,085 maps, the next two 2,755, and the last 3,472
and then 4,061; the last two alone saw dense evidence as often as all do now.

Resumes where it stopped, keeps a checkpoint every 5 minutes. Each --data folder holds shards made by
`ckm data generate`; which cities are held out for validation and which are never read says `openckm.data.split`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from openckm.data.coarsen import coarsen
from openckm.data.shards import TracedMap, read_shards
from openckm.data.split import VALIDATION_CITIES, is_held_out
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIZES, Denoiser, MapDenoiser
from openckm.priors.pretrained import save_prior
from openckm.priors.schedules import EDM
from openckm.store.weights import require_new_folder
from openckm.training.samples import MixedSet, SampleOptions, TrainingSet
from openckm.training.trainer import Batch, Trainer, TrainOptions

LEVELS = (0.1, 0.4, 1.6)
"""Noise levels at which the unconditional prior is scored."""


def validator(maps: list[TracedMap]) -> Callable[[Denoiser], dict[str, float]]:
    """Posterior-mean RMSE [dB] on fixed evidence over hidden free covered cells of validation maps, and how well the
    same maps are denoised with nothing told (RMSE of the gain in dB at LEVELS)."""
    held = TrainingSet(maps)
    batches = [
        held.sample(np.arange(k, min(k + 16, len(held))), np.random.default_rng([7, k]))
        for k in range(0, len(held), 16)
    ]

    def validate(model: Denoiser) -> dict[str, float]:
        errors: list[torch.Tensor] = []
        with torch.no_grad():
            for batch in batches:
                top = torch.full((batch.clean.shape[0],), EDM().sigma_max)
                start = EDM().sigma_max * torch.randn(batch.clean.shape, generator=torch.Generator().manual_seed(1))
                mean = model(start, top, batch.condition).mean
                scored = (batch.weight[:, 0] == 1.0) & (batch.condition.evidence[:, 2] == 0)
                squared = ((mean - batch.clean)[:, 0] * GAIN.scale) ** 2
                errors += [squared[i][scored[i]].mean() for i in range(len(squared)) if scored[i].any()]
            plain = {f"denoise_db_{level:g}": _denoising_db(model, batches[0], level) for level in LEVELS}
        return {"rmse_db": float(torch.stack(errors).mean().sqrt()), **plain}

    return validate


def _denoising_db(model: Denoiser, batch: Batch, level: float) -> float:
    clean = batch.clean
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    nothing = Condition.nothing(len(clean), (clean.shape[-2], clean.shape[-1]))
    told = Condition(nothing.site, nothing.evidence, batch.condition.scalars * torch.tensor([1.0, 0.0]))
    error = (model(clean + level * noise, torch.full((len(clean),), level), told).mean - clean)[:, 0] * GAIN.scale
    return float(error[batch.weight[:, 0] == 1.0].square().mean().sqrt())


def asymmetry(model: Denoiser, maps: list[TracedMap], level: float = 0.4) -> float:
    """Return how far the network alone is from commuting with the 8 symmetries: RMS over the channels, latent code.

    What the product answers commutes exactly: averaged over the symmetries, or asked in a canonical pose.
    """
    batch = TrainingSet(maps).sample(np.arange(min(len(maps), 8)), np.random.default_rng(3))
    noisy = batch.clean + level * torch.randn(batch.clean.shape, generator=torch.Generator().manual_seed(3))
    levels = torch.full((len(noisy),), level)
    with torch.no_grad():
        still = model(noisy, levels, batch.condition).mean.numpy()
        gaps = []
        for k in range(1, 8):
            turned = torch.as_tensor(apply_symmetry(k, noisy.numpy(), CHANNELS))
            answer = model(turned, levels, batch.condition.turned(k)).mean.numpy()
            gaps.append(np.mean((answer - apply_symmetry(k, still, CHANNELS)) ** 2))
    return round(float(np.sqrt(np.mean(gaps))), 4)


def hours_of(lines: list[dict[str, float]]) -> float:
    """Return the hours that the steps of a log took, by their pace."""
    paced = [line for line in lines if "steps_per_s" in line]
    before = [0.0, *(line["step"] for line in paced)]
    each = ((line["step"] - b) / line["steps_per_s"] for b, line in zip(before, paced, strict=False))
    return round(sum(each) / 3600.0, 2)


@dataclass(frozen=True)
class Stage:
    """A stage of training: up to which step, over how many steps the learning rate falls, its height, and the share of
    the samples that are told nothing at all."""

    steps: int
    decay_steps: int
    learning_rate: float
    nothing: float


S_STAGES = (
    Stage(4600, 1900, 6e-4, 0.0), Stage(5650, 1000, 4e-4, 0.35), Stage(10400, 2500, 5e-4, 0.2),
    Stage(15800, 3000, 5e-4, 0.2), Stage(20600, 3000, 5e-4, 0.2),
)  # fmt: skip
RECIPES = {"s": S_STAGES, "m": (Stage(20000, 6000, 5e-4, 0.2),)}
"""Stages by size of the network. M has not been trained yet."""


def publish(
    trainer: Trainer, which: int, version: str, size: str, folder: Path, data: str, held: list[TracedMap]
) -> None:
    """Write the averaged weights and their card as a model folder."""
    lines = [json.loads(line) for line in (trainer.folder / "log.jsonl").read_text().splitlines()]
    decay = trainer.options.ema[which]
    last = [line for line in lines if f"rmse_db@{decay}" in line][-1]
    scores = {f"denoise_db_{level:g}": round(last[f"denoise_db_{level:g}@{decay}"], 3) for level in LEVELS}
    scores |= {"validation_rmse_db": round(last[f"rmse_db@{decay}"], 3), "training_hours": hours_of(lines)}
    with trainer.averaged(which) as model:
        if not isinstance(model, MapDenoiser):
            raise TypeError("only a MapDenoiser can be published")
        scores["asymmetry_rms"] = asymmetry(model, held)
        save_prior(
            folder,
            model,
            name=f"openckm-prior-{size}",
            version=version,
            cell_m=(1.0, 4.0),
            carrier_hz=(0.9e9, 28e9),
            training_data=data,
            recipe=f"train/prior.py, {trainer.step} steps",
            metrics=scores,
            licence="Apache-2.0",
            credits="Layouts: OpenStreetMap contributors (ODbL), sionna-rt (Apache-2.0), OpenPathNet (ODbL), open city"
            " data of Den Haag and Zurich",
        )


def training_data(maps: list[TracedMap], nothing: float, batch: int) -> MixedSet:
    """Return the batches of a stage."""
    told = SampleOptions(nothing=nothing)
    coarse = TrainingSet((coarsen(m) for m in maps if m.grid.cell_m <= 2.0), told)
    return MixedSet(TrainingSet(maps, told), coarse, batch, seed=1)


def main() -> None:
    """Train, and publish when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/s"))
    parser.add_argument("--recipe", choices=RECIPES, help="train all stages of this size, one after the other")
    parser.add_argument("--size", choices=SIZES, default="s", help="of the network, without --recipe")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, default=600.0, help="in all; run again to go on")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--decay-steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--nothing", type=float, default=0.0, help="share of the samples that are told nothing at all")
    parser.add_argument("--learning-rate", type=float, default=6e-4)
    parser.add_argument("--publish", type=Path, help="write the averaged weights and their card into this new folder")
    parser.add_argument("--version", default="0.4.0")
    parser.add_argument("--ema", type=int, default=0, help="which of the averages to publish")
    arguments = parser.parse_args()
    if arguments.publish:
        require_new_folder(arguments.publish)  # a model is written once: say so before the hours of training
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    begun = time.monotonic()
    paths = [path for folder in arguments.data for path in sorted(folder.glob("*.npz"))]
    maps = list(read_shards(paths))
    seen = [m for m in maps if not is_held_out(m.city)]
    held = [m for m in maps if is_held_out(m.city, VALIDATION_CITIES)][:64]
    print(f"{len(seen)} training maps, {len(held)} validation maps", flush=True)
    size = arguments.recipe or arguments.size
    own = Stage(arguments.steps, arguments.decay_steps, arguments.learning_rate, arguments.nothing)
    stages = RECIPES[size] if arguments.recipe else (own,)
    denoiser = MapDenoiser(SIZES[size]).to(arguments.device)
    training = training_data(seen, stages[0].nothing, arguments.batch)
    for stage in stages:
        training.tell(stage.nothing)
        options = TrainOptions(
            steps=stage.steps, decay_steps=stage.decay_steps, learning_rate=stage.learning_rate, seed=1
        )
        trainer = Trainer(denoiser, training.batch, options, arguments.out, validate=validator(held))
        left = 60.0 * arguments.minutes - (time.monotonic() - begun)
        print(f"step {trainer.step} -> {trainer.run(left)} of {stage.steps}", flush=True)
        if trainer.step < stage.steps:
            print("time is up: run again to go on", flush=True)
            return
    if arguments.publish:
        cities = sorted({m.city for m in seen})
        data = f"{len(seen)} ray-traced maps ({', '.join(cities)}) and their coarser averages; Florence held out"
        publish(trainer, arguments.ema, arguments.version, size, arguments.publish, data, held)


if __name__ == "__main__":
    main()
