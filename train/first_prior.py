"""Recipe of the first shipped prior (openckm-prior-s): see docs/model-card.md for what it should score.

    python train/first_prior.py --data DIR [--data DIR ...] --out runs/first --minutes 90

Runs on two CPU cores (bf16), resumes where it stopped, keeps a checkpoint every 5 minutes. Each --data folder holds shards
made by `ckm data generate`; Florence is held out for validation, San Francisco and Rotterdam are never read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from openckm.data.shards import TracedMap, read_shards
from openckm.data.training_set import TrainingSet
from openckm.maps.quantity import GAIN
from openckm.priors.denoiser import Denoiser, MapDenoiser
from openckm.priors.schedules import EDM
from openckm.priors.training import Trainer, TrainOptions

HELD_OUT = ("florence", "san_francisco", "rotterdam")


def city_is(traced: TracedMap, names: tuple[str, ...]) -> bool:
    return any(name in traced.city for name in names)


def validator(maps: list[TracedMap]):
    """Posterior-mean RMSE [dB] on fixed evidence over hidden free covered cells of validation maps."""
    held = TrainingSet(maps, seed=99)
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
        return {"rmse_db": float(torch.stack(errors).mean().sqrt())}

    return validate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/first"))
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--decay-steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(0)
    paths = [path for folder in arguments.data for path in sorted(folder.glob("*.npz"))]
    maps = [m for m in read_shards(paths) if not city_is(m, HELD_OUT[1:])]
    training = TrainingSet((m for m in maps if not city_is(m, HELD_OUT)), size=arguments.batch, seed=1)
    held = [m for m in maps if city_is(m, HELD_OUT[:1])][:64]
    print(f"{len(training)} training maps, {len(held)} validation maps", flush=True)
    options = TrainOptions(steps=arguments.steps, decay_steps=arguments.decay_steps, seed=1)
    trainer = Trainer(MapDenoiser(), training.batch, options, arguments.out, validate=validator(held))
    print(f"step {trainer.step} -> {trainer.run(arguments.minutes * 60)}", flush=True)


if __name__ == "__main__":
    main()
