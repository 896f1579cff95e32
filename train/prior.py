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

    python train/prior.py --ckmimagenet DIR --cell-m 2 --carrier-hz 28e9 --out runs/ckm --publish runs/prior_ckm

trains on CKMImageNet's part "train" in place of --data, as P1 does; every tenth of its scenes (one at least) is for
validation, and `ckm bench p1 --ckmimagenet DIR` scores the result on its part "eval". The files state neither cell size
nor carrier, so both are asked for. The data set states no licence: what was trained on it is for evaluation.

    ckm data generate rays --maps 750 --seed 50 --real-share 0.8 --layouts LAYOUTS
    python train/prior.py --data rays --rays rays/planes --start shipped --out runs/rays --batch 8 \
        --steps 2400 --decay-steps 1000 --nothing 0.12 --learning-rate 4e-4 --posterior-share 0.6 --publish runs/prior_s

teaches the shipped prior to read rays, from weights that answer as before (--start). With --misdrawn, every map is
seen a second time with a layout that is shifted and lacks buildings (`openckm.data.misdrawn`); their rays lie in the
folder `misdrawn` of --rays.

Resumes where it stopped, keeps a checkpoint every 5 minutes. Each --data folder holds shards made by
`ckm data generate`; which cities are held out for validation and which are never read says `openckm.data.split`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openckm.data.coarsen import coarsen
from openckm.data.readers.ckmimagenet import CkmImageNet, CkmImageNetOptions
from openckm.data.shards import TracedMap, read_shards
from openckm.errors import InputError
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.site import Layout
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIZES, Denoiser, MapDenoiser, with_planes
from openckm.priors.pretrained import load_prior, save_prior
from openckm.priors.schedules import EDM
from openckm.store.weights import require_new_folder
from openckm.training.rays import Planes, coarse_rays, kept_rays, misdrawn_shard
from openckm.training.samples import MixedSet, SampleOptions, TrainingSet
from openckm.training.trainer import Batch, Trainer, TrainOptions

HELD = 64
"""Validation maps at most."""
LEVELS = (0.1, 0.4, 1.6)
"""Noise levels at which the unconditional prior is scored."""


def validator(
    maps: Sequence[TracedMap], rays: Sequence[Planes] | None = None
) -> Callable[[Denoiser], dict[str, float]]:
    """Posterior-mean RMSE [dB] on fixed evidence over hidden free covered cells of validation maps, and how well the
    same maps are denoised with nothing told (RMSE of the gain in dB at LEVELS)."""
    held = TrainingSet(maps, rays=rays)
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


def asymmetry(model: Denoiser, maps: Sequence[TracedMap], level: float = 0.4) -> float:
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


def publish(trainer: Trainer, which: int, version: str, size: str, folder: Path, maps: Maps) -> None:
    """Write the averaged weights and their card as a model folder."""
    lines = [json.loads(line) for line in (trainer.folder / "log.jsonl").read_text().splitlines()]
    decay = trainer.options.ema[which]
    last = [line for line in lines if f"rmse_db@{decay}" in line][-1]
    scores = {f"denoise_db_{level:g}": round(last[f"denoise_db_{level:g}@{decay}"], 3) for level in LEVELS}
    scores |= {"validation_rmse_db": round(last[f"rmse_db@{decay}"], 3), "training_hours": hours_of(lines)}
    with trainer.averaged(which) as model:
        if not isinstance(model, MapDenoiser):
            raise TypeError("only a MapDenoiser can be published")
        scores["asymmetry_rms"] = asymmetry(model, maps.held)
        save_prior(
            folder,
            model,
            name=f"openckm-prior-{size}",
            version=version,
            recipe=f"train/prior.py, {trainer.step} steps",
            metrics=scores,
            **maps.facts,
        )


@dataclass(frozen=True)
class Maps:
    """What a training reads, and what its card says of it.

    Attributes:
        seen: training maps.
        held: validation maps.
        facts: entries of the card.
        seen_rays: planes of rays of the training maps; None where the network reads none.
        held_rays: those of the validation maps.
        layouts: the layouts of the training maps as the network sees them; None where they are the true ones.
    """

    seen: Sequence[TracedMap]
    held: Sequence[TracedMap]
    facts: dict[str, Any]
    seen_rays: Sequence[Planes] | None = None
    held_rays: Sequence[Planes] | None = None
    layouts: Sequence[Layout] | None = None

    def misdrawn(self, paths: Sequence[Path], rays: Path) -> Maps:
        """Return the same with every training map a second time, its layout misdrawn."""
        planes, layouts = list(self.seen_rays or ()), [m.layout for m in self.seen]
        for path in paths:  # in the order of `seen`
            wrong = misdrawn_shard(path)
            for one, launched in zip(wrong, kept_rays(path, rays / "misdrawn", maps=wrong), strict=True):
                if one.split == "train":
                    planes.append(launched)
                    layouts.append(one.layout)
        facts = self.facts | {"training_data": self.facts["training_data"] + "; each with a misdrawn layout, too"}
        return replace(self, seen=[*self.seen, *self.seen], seen_rays=planes, layouts=layouts, facts=facts)


def traced_maps(folders: Sequence[Path], rays: Path | None, wrongly: bool = False) -> Maps:
    """Return ray-traced maps, split by city and seed (`openckm.data.split`), with their rays where a folder keeps
    those, and `wrongly` drawn, too, where that is asked for."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.npz"))]
    maps = list(read_shards(paths))
    planes = None if rays is None else [one for path in paths for one in kept_rays(path, rays)]
    chosen = [k for k, m in enumerate(maps) if m.split == "train"]
    kept = [k for k, m in enumerate(maps) if m.split == "validation"][:HELD]
    seen, held = [maps[k] for k in chosen], [maps[k] for k in kept]
    shown, known = (None if planes is None else [planes[k] for k in some] for some in (chosen, kept))
    cities = sorted({m.city for m in seen})
    kept_maps = Maps(seen, held, {
        "cell_m": (1.0, 4.0), "carrier_hz": (0.9e9, 28e9), "licence": "Apache-2.0",
        "training_data": f"{len(seen)} ray-traced maps ({', '.join(cities)}) and their coarser averages; Florence held"
        " out",
        "credits": "Layouts: OpenStreetMap contributors (ODbL), sionna-rt (Apache-2.0), OpenPathNet (ODbL), open city"
        " data of Den Haag and Zurich",
    }, shown, known)  # fmt: skip
    return kept_maps.misdrawn(paths, rays) if wrongly and rays is not None else kept_maps


def published_maps(folder: Path, cell_m: float, carrier_hz: float) -> Maps:
    """Return CKMImageNet's training patches, split by scene.

    Raises:
        InputError: if there are fewer than two scenes.
    """
    data = CkmImageNet(folder, CkmImageNetOptions(cell_m, "train"))
    scenes = sorted({key.scene for key in data.keys})
    if len(scenes) < 2:
        raise InputError(f"{folder}: scenes {scenes}: wanted two or more, one of them for validation")
    validation = set(scenes[:: max(len(scenes) // max(len(scenes) // 10, 1), 1)])
    seen, held = data.where(lambda key: key.scene not in validation), data.where(lambda key: key.scene in validation)
    few = held[:: max(len(held) // HELD, 1)][:HELD]
    return Maps(seen, few, {
        "cell_m": (cell_m, 2.0 * cell_m), "carrier_hz": (carrier_hz, carrier_hz),
        "licence": "none stated by the data set: for evaluation only",
        "training_data": f"{len(seen)} patches of CKMImageNet's part train and their coarser averages; scenes"
        f" {', '.join(sorted(validation))} held out",
        "credits": "CKMImageNet, Z. Wu et al., 2025",
    })  # fmt: skip


def training_data(
    maps: Sequence[TracedMap], nothing: float, batch: int, rays: Sequence[Planes] | None = None,
    layouts: Sequence[Layout] | None = None,
) -> MixedSet:  # fmt: skip
    """Return the batches of a stage."""
    told = SampleOptions(nothing=nothing)
    small = [k for k, m in enumerate(maps) if m.grid.cell_m <= 2.0]
    coarser = None if rays is None else [coarse_rays(rays[k]) for k in small]
    seen = None if layouts is None else [coarsen(replace(maps[k], layout=layouts[k])).layout for k in small]
    coarse = TrainingSet((coarsen(maps[k]) for k in small), told, rays=coarser, layouts=seen)
    return MixedSet(TrainingSet(maps, told, rays=rays, layouts=layouts), coarse, batch, seed=1)


def beginning(start: str | None, size: str, reads_rays: bool) -> MapDenoiser:
    """Return the network that training begins with: new, or that of a model folder ("shipped": the package's)."""
    if start is None:
        own = SIZES[size]
        return MapDenoiser(replace(own, planes=("rays",)) if reads_rays else own)
    learnt, _ = load_prior(None if start == "shipped" else Path(start))
    return with_planes(learnt, ["rays"] if reads_rays else []).requires_grad_(True).train(True)


def main() -> None:
    """Train, and publish when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", help="folder of shards; may be repeated")
    parser.add_argument("--ckmimagenet", type=Path, help="folder of CKMImageNet, in place of --data")
    parser.add_argument("--cell-m", type=float, help="cell size of CKMImageNet [m]")
    parser.add_argument("--carrier-hz", type=float, help="carrier of CKMImageNet [Hz]")
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
    parser.add_argument("--start", help="folder of a model to go on from, or `shipped`")
    parser.add_argument("--rays", type=Path, help="folder that keeps the rays of --data: the network reads them")
    parser.add_argument(
        "--misdrawn", action="store_true", help="see every map with a misdrawn layout, too (with --rays)"
    )
    parser.add_argument("--posterior-share", type=float, default=0.4, help="share of samples denoised from all noise")
    parser.add_argument("--learning-rate", type=float, default=6e-4)
    parser.add_argument("--publish", type=Path, help="write the averaged weights and their card into this new folder")
    parser.add_argument("--version", default="0.5.0")
    parser.add_argument("--ema", type=int, default=0, help="which of the averages to publish")
    arguments = parser.parse_args()
    if (arguments.ckmimagenet is None) == (arguments.data is None):
        parser.error("give either --data or --ckmimagenet")
    if arguments.ckmimagenet is not None and None in (arguments.cell_m, arguments.carrier_hz):
        parser.error("--ckmimagenet wants --cell-m and --carrier-hz: its files state neither")
    if arguments.misdrawn and arguments.rays is None:
        parser.error("--misdrawn wants --rays, the folder that keeps the rays of the misdrawn layouts, too")
    if arguments.publish:
        require_new_folder(arguments.publish)  # a model is written once: say so before the hours of training
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    begun = time.monotonic()
    maps = (
        traced_maps(arguments.data, arguments.rays, arguments.misdrawn)
        if arguments.ckmimagenet is None
        else published_maps(arguments.ckmimagenet, arguments.cell_m, arguments.carrier_hz)
    )
    print(f"{len(maps.seen)} training maps, {len(maps.held)} validation maps", flush=True)
    size = arguments.recipe or arguments.size
    own = Stage(arguments.steps, arguments.decay_steps, arguments.learning_rate, arguments.nothing)
    stages = RECIPES[size] if arguments.recipe else (own,)
    denoiser = beginning(arguments.start, size, maps.seen_rays is not None).to(arguments.device)
    training = training_data(maps.seen, stages[0].nothing, arguments.batch, maps.seen_rays, maps.layouts)
    for stage in stages:
        training.tell(stage.nothing)
        options = TrainOptions(
            steps=stage.steps, decay_steps=stage.decay_steps, learning_rate=stage.learning_rate, seed=1,
            posterior_share=arguments.posterior_share,
        )  # fmt: skip
        validate = validator(maps.held, maps.held_rays)
        trainer = Trainer(denoiser, training.batch, options, arguments.out, validate=validate)
        left = 60.0 * arguments.minutes - (time.monotonic() - begun)
        print(f"step {trainer.step} -> {trainer.run(left)} of {stage.steps}", flush=True)
        if trainer.step < stage.steps:
            print("time is up: run again to go on", flush=True)
            return
    if arguments.publish:
        publish(trainer, arguments.ema, arguments.version, size, arguments.publish, maps)


if __name__ == "__main__":
    main()
