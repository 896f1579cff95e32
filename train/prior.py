"""Recipe of the shipped prior (openckm-prior-s): see docs/model-card.md for what it should score.

Four stages, each going on from the checkpoint of the one before, on one or two CPU cores (bf16):

    python train/prior.py --data START --out runs/s --steps 4600 --decay-steps 1900
    python train/prior.py --data START --out runs/s --steps 5650 --decay-steps 1000 --learning-rate 4e-4 --nothing 0.35
    python train/prior.py --data START --data MORE --out runs/s --steps 10400 --decay-steps 2500 \\
        --learning-rate 5e-4 --nothing 0.2
    python train/prior.py --data START --data MORE --out runs/s --steps 15800 --decay-steps 3000 \\
        --learning-rate 5e-4 --nothing 0.2 --publish runs/prior_s

The first learns to answer with site and evidence, the second spends a third of its samples on the unconditional prior,
the third learns from more cities, carriers and cell sizes and from the evidence that stages one and two had not seen
(block averages, lone components of the direction, common offsets), the fourth sees dense evidence more often.

Resumes where it stopped, keeps a checkpoint every 5 minutes. Each --data folder holds shards made by
`ckm data generate`; Florence is held out for validation, San Francisco and Rotterdam are never read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from openckm.data.coarsen import coarsen
from openckm.data.shards import TracedMap, read_shards
from openckm.data.training_set import MixedSet, SampleOptions, TrainingSet
from openckm.maps.quantity import GAIN
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser, MapDenoiser
from openckm.priors.pretrained import save_prior
from openckm.priors.schedules import EDM
from openckm.priors.training import Batch, Trainer, TrainOptions
from openckm.store.weights import require_new_folder

HELD_OUT = ("florence", "san_francisco", "rotterdam")


def city_is(traced: TracedMap, names: tuple[str, ...]) -> bool:
    """Say whether a map is of one of the cities."""
    return any(name in traced.city for name in names)


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
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
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


def hours_of(lines: list[dict[str, float]]) -> float:
    """Return the hours that the steps of a log took, by their pace."""
    paced = [line for line in lines if "steps_per_s" in line]
    before = [0.0, *(line["step"] for line in paced)]
    each = ((line["step"] - b) / line["steps_per_s"] for b, line in zip(before, paced, strict=False))
    return round(sum(each) / 3600.0, 2)


def publish(trainer: Trainer, which: int, version: str, folder: Path, data: str) -> None:
    """Write the averaged weights and their card as a model folder."""
    lines = [json.loads(line) for line in (trainer.folder / "log.jsonl").read_text().splitlines()]
    decay = trainer.options.ema[which]
    scores = [line[f"rmse_db@{decay}"] for line in lines if f"rmse_db@{decay}" in line]
    with trainer.averaged(which) as model:
        if not isinstance(model, MapDenoiser):
            raise TypeError("only a MapDenoiser can be published")
        save_prior(
            folder,
            model,
            name="openckm-prior-s",
            version=version,
            cell_m=(1.0, 4.0),
            carrier_hz=(0.9e9, 28e9),
            training_data=data,
            recipe=f"train/prior.py, {trainer.step} steps in four stages on 1 to 2 CPU cores",
            metrics={"validation_rmse_db": round(scores[-1], 3), "training_hours": hours_of(lines)},
            licence="Apache-2.0",
            credits="Layouts: OpenStreetMap contributors (ODbL), sionna-rt (Apache-2.0)",
        )


def main() -> None:
    """Train, and publish when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/s"))
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--decay-steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--nothing", type=float, default=0.0, help="share of the samples that are told nothing at all")
    parser.add_argument("--learning-rate", type=float, default=6e-4)
    parser.add_argument("--publish", type=Path, help="write the averaged weights and their card into this new folder")
    parser.add_argument("--version", default="0.2.0")
    parser.add_argument("--ema", type=int, default=0, help="which of the averages to publish")
    arguments = parser.parse_args()
    if arguments.publish:
        require_new_folder(arguments.publish)  # a model is written once: say so before the hours of training
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    paths = [path for folder in arguments.data for path in sorted(folder.glob("*.npz"))]
    maps = [m for m in read_shards(paths) if not city_is(m, HELD_OUT[1:])]
    seen = [m for m in maps if not city_is(m, HELD_OUT)]
    told = SampleOptions(nothing=arguments.nothing)
    coarse = TrainingSet((coarsen(m) for m in seen if m.grid.cell_m <= 2.0), told)
    training = MixedSet(TrainingSet(seen, told), coarse, arguments.batch, seed=1)
    held = [m for m in maps if city_is(m, HELD_OUT[:1])][:64]
    print(f"{len(seen)} training maps, {len(held)} validation maps", flush=True)
    options = TrainOptions(
        steps=arguments.steps, decay_steps=arguments.decay_steps, learning_rate=arguments.learning_rate, seed=1
    )
    trainer = Trainer(MapDenoiser(), training.batch, options, arguments.out, validate=validator(held))
    print(f"step {trainer.step} -> {trainer.run(arguments.minutes * 60)}", flush=True)
    if arguments.publish:
        cities = sorted({m.city for m in seen})
        data = f"{len(seen)} ray-traced maps ({', '.join(cities)}) and their coarser averages; Florence held out"
        publish(trainer, arguments.ema, arguments.version, arguments.publish, data)


if __name__ == "__main__":
    main()
