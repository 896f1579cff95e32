"""Recipes of what warm starts learn: the vehicles' planes of the prior, and P2's latent form.

    ckm data generate cars --maps 800 --seed 19 --cell 1 --cell 2 --vehicles 1 --floor-db 2
    python train/flux.py vehicles --data cars --out runs/vehicles --publish runs/prior_cars       about 1 h on 2 cores
    python train/flux.py autoencoder --data maps --held florence --out runs/code                  minutes
    python train/flux.py latent --data maps --rays runs/rays --code runs/code_model --out runs/latent    about 1 h
    python train/flux.py rule --data sequences --out runs/prior_cars                              minutes

`vehicles` trains the weights of the new planes alone; all others stay as they are, so that maps without vehicles are
answered as before, to the last bit. It is published if the gate of `ckm cloud publish` lets it pass.
`rule` fits how far earlier answers may be reused (`openckm.evaluate.flux.rule`) on the validation sequences of
`bench/flux_sequences.py` and writes warm.json, with what was measured beside it (warm_fit.json), into --out: the folder
of the model that it belongs to, or an empty one for the embedded prior. `autoencoder` is published if it loses at most
1.5 dB on the held-out city. Each training resumes where it stopped and keeps a checkpoint every 2 minutes. San
Francisco and Rotterdam are never read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.data.shards import TracedMap, latent_state, read_shards
from openckm.evaluate.flux.rule import fit_rows, fit_rule
from openckm.evaluate.worlds.moving import read_places
from openckm.flux.latent import FLOOR_DB, LatentDenoiser, floor_db, latent_mean, load_latent, save_latent
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.symmetry import apply_symmetry
from openckm.nn.autoencoder import MapAutoencoder
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser, MapDenoiser, planes_of, with_planes
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior, save_prior
from openckm.training.loop import Loop
from openckm.training.objective import Batch, TrainOptions
from openckm.training.rays import Planes, kept_rays
from openckm.training.samples import CHANNEL_WEIGHTS, HIDDEN_WEIGHT, site_condition
from openckm.training.trainer import Trainer

KEEP_S = 120.0
LINEAR = torch.tensor([1.0, 0.03, 0.03, 0.01, 0.01])
"""How much each channel counts in the autoencoder: weights that favour directions lose more of the gain than the linear
code alone."""
WEIGHTS = torch.tensor(CHANNEL_WEIGHTS)[:, None, None]
HELD = 64
"""Windows of the held-out city on which a latent model is scored."""
TOP_SHARE = 0.4
"""Share of the samples that are denoised from the highest level: the one-call mean matters most."""


class Maps:
    """Maps in memory with what a network is conditioned on, upright; samples are cut and turned.

    Args:
        maps: of the training cities.
        planes: the further planes that the network reads.
        side: cells along a side of a window.
        seed: the seed of windows and orientations.
        rays: planes of rays of each map by its own heights, (planes, rows, cols); None where the network reads none.
    """

    def __init__(
        self, maps: Sequence[TracedMap], planes: Sequence[str], side: int = 64, seed: int = 0,
        rays: Sequence[NDArray[np.float16]] | None = None,
    ) -> None:  # fmt: skip
        self.items = [item(m, planes) for m in maps]
        if rays is not None:
            self.items = [_lit(one, launched) for one, launched in zip(self.items, rays, strict=True)]
        self.side, self.seed = side, seed

    def batch(self, step: int, size: int) -> Batch:
        """Return windows [B, 5, side, side], where they count, and their conditions: a function of (seed, step)."""
        rng = np.random.default_rng([self.seed, abs(step), int(step < 0)])
        parts = [self._one(self.items[int(k)], rng) for k in rng.integers(len(self.items), size=size)]
        clean, weight = (torch.cat([p[i] for p in parts]) for i in (0, 2))  # type: ignore[misc]
        return Batch(clean, Condition.join([p.condition for p in parts]), weight * WEIGHTS)

    def _one(self, whole: Batch, rng: np.random.Generator) -> Batch:
        rows, cols = (int(n) for n in whole.clean.shape[-2:])
        r, c = (int(rng.integers((n - self.side) // 4 + 1)) * 4 for n in (rows, cols))
        window = (..., slice(r, r + self.side), slice(c, c + self.side))
        k = int(rng.integers(8))
        turned = torch.as_tensor(apply_symmetry(k, whole.clean[window].numpy(), CHANNELS))
        shown = whole.condition.each(lambda part: part if part.ndim == 2 else part[window]).turned(k)
        return Batch(turned, shown, torch.as_tensor(apply_symmetry(k, whole.weight[window].numpy())))


def item(traced: TracedMap, planes: Sequence[str]) -> Batch:
    """Return a whole map, what a network is conditioned on, and 1 where its values are known."""
    state, known = latent_state(traced)
    weight = np.where(known, 1.0, HIDDEN_WEIGHT).astype(np.float32)
    clean = torch.as_tensor(state.astype(np.float32))[None]
    return Batch(clean, site_condition(traced, planes=planes), torch.as_tensor(weight)[None, None])


def _lit(one: Batch, rays: NDArray[np.float16]) -> Batch:
    """Return a map whose condition holds rays that were launched before."""
    return one._replace(condition=replace(one.condition, rays=torch.as_tensor(rays.astype(np.float32))[None]))


def maps_of(folders: list[Path], held: str, *, with_cars: bool) -> tuple[list[TracedMap], list[TracedMap]]:
    """Return training maps and those of the held-out city; with cars, the maps with vehicles beside those without."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.npz"))]
    train, kept = [], []
    for one in read_shards(paths):
        for shown in (one, one.dynamic) if with_cars else (one,):
            if shown is not None and held in one.city:
                kept.append(shown)
            elif shown is not None and one.split == "train":
                train.append(shown)
    return train, kept


def options_of(given: argparse.Namespace) -> TrainOptions:
    """Return how a denoiser is trained: a short rise, then a fall of the learning rate over all steps."""
    return TrainOptions(
        steps=given.steps, decay_steps=given.steps, warmup_steps=100, learning_rate=given.rate, weight_decay=0.0,
        posterior_share=TOP_SHARE, variance_weight=0.0, ema=(0.995,), power_ema=(), checkpoint_s=KEEP_S, seed=19,
    )  # fmt: skip


def vehicles(given: argparse.Namespace) -> None:
    """Train the new planes of the prior on maps with vehicles."""
    old, card = embedded_prior()
    net = with_planes(old, [*planes_of(old), "vehicles"]).requires_grad_(False)
    entrance = net.network.entrance.weight.requires_grad_(True)
    new = torch.zeros_like(entrance)
    new[:, old.network.entrance.weight.shape[1] :] = 1.0
    entrance.register_hook(lambda gradient: gradient * new)  # type: ignore[no-untyped-call]  # old weights stay
    train, kept = maps_of(given.data, given.held, with_cars=True)
    held = [m for m in kept if m.vehicle_m is not None]
    maps = Maps(train, planes_of(net), seed=19)
    trainer = Trainer(
        net, lambda step: maps.batch(step, given.batch), options_of(given), given.out,
        validate=lambda model: ablation(model, held),
    )  # fmt: skip
    trainer.run(given.seconds)
    with trainer.averaged():
        found = ablation(net, held)
        print(json.dumps({"step": trainer.step, "maps": len(train), "held": len(held), **found}), flush=True)
        if given.publish is not None:
            names = ("name", "cell_m", "carrier_hz", "training_data", "licence", "credits")
            save_prior(
                given.publish, net, version=given.version, recipe="train/flux.py vehicles",
                metrics=card.metrics | found, **{name: getattr(card, name) for name in names},
            )  # fmt: skip


def ablation(net: Denoiser, maps: Sequence[TracedMap]) -> dict[str, float]:
    """RMSE of the one-call mean [dB] on free covered cells: vehicles not known, burnt in as houses, and known."""
    errors: dict[str, list[float]] = {}
    planes = planes_of(net) if isinstance(net, MapDenoiser) else ()
    for traced in maps:
        whole = item(traced, planes)
        free = whole.weight[0, 0] == 1.0
        shown = {
            "not_known_db": site_condition(traced, planes=[p for p in planes if p != "vehicles"]),
            "burnt_db": site_condition(_as_houses(traced), planes=planes),
            "known_db": whole.condition,
        }
        for name, condition in shown.items():
            error = (posterior_mean(net, condition, symmetrise=False).mean - whole.clean)[0, 0] * GAIN.scale
            errors.setdefault(name, []).append(float((error[free] ** 2).mean().sqrt()))
    return {name: float(np.mean(values)) for name, values in errors.items()}


def _as_houses(traced: TracedMap) -> TracedMap:
    """Return a map whose vehicles are part of the layout."""
    layout = traced.layout
    height = layout.height_m if traced.vehicle_m is None else np.maximum(layout.height_m, traced.vehicle_m)
    return replace(traced, layout=replace(layout, height_m=height), vehicle_m=None)


class Coding(Loop):
    """The training of an autoencoder.

    Args:
        folder: of the checkpoint.
        code: it.
        batches: the batch of a step.
        steps: in all.
        rate: the learning rate at its height.
        floor: returns the loss on the held-out city [dB].
    """

    def __init__(
        self, folder: Path, code: MapAutoencoder, batches: Callable[[int], Batch], steps: int, rate: float,
        floor: Callable[[], float],
    ) -> None:  # fmt: skip
        optimisers = {"": torch.optim.AdamW(code.parameters(), rate, weight_decay=0.0)}
        super().__init__(folder, code, optimisers, clip=1.0, checkpoint_s=KEEP_S)
        self.code, self.batches, self.steps, self.height, self.floor = code, batches, steps, rate, floor
        self.resume()

    @property
    def done(self) -> bool:
        """Whether the last step is done."""
        return self.step >= self.steps

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        return self.height * min(1.0, (self.step + 1) / 100) * (1.0 - self.step / self.steps)

    def gradients(self) -> Iterator[tuple[str, float]]:
        """Yield once: squared errors of all channels, and a little of the gain's absolute ones."""
        batch = self.batches(self.step)
        error = self.code(batch.clean) - batch.clean
        weight = batch.weight / WEIGHTS * LINEAR[:, None, None]
        loss = (weight * error**2).mean() + 0.02 * (weight[:, :1] * error[:, :1].abs()).mean()
        yield "", self.back(loss)

    def save(self, losses: Sequence[float]) -> None:
        """Write the checkpoint, and say what the code loses."""
        super().save(losses)
        print(json.dumps({"step": self.step, "seconds": round(self.seconds), "floor_db": self.floor()}), flush=True)


def autoencoder(given: argparse.Namespace) -> None:
    """Train the autoencoder, and write it where it loses little enough."""
    torch.manual_seed(0)
    code = MapAutoencoder()
    train, kept = maps_of(given.data, given.held, with_cars=False)
    maps = Maps(train, (), seed=20)
    code.fit_linear(torch.cat([maps.batch(-1 - k, 32).clean for k in range(16)]), LINEAR)
    held = [(whole.clean, whole.weight[:, 0] == 1.0) for whole in (item(m, ()) for m in kept)]

    def lost() -> float:
        return float(np.sqrt(np.mean([floor_db(code, clean, known) ** 2 for clean, known in held])))

    print(json.dumps({"step": 0, "floor_db": lost(), "maps": len(train), "held": len(held)}), flush=True)
    Coding(given.out, code, lambda step: maps.batch(step, given.batch), given.steps, given.rate, lost).run(
        given.seconds
    )
    code.standardise(maps.batch(0, 64).clean)
    code.load_state_dict({name: value.bfloat16().float() for name, value in code.state_dict().items()})  # as published
    floor = lost()
    if given.publish is not None:
        if floor <= FLOOR_DB:
            save_latent(given.publish, code, None, floor=floor, name="openckm-latent", version="0.1.0")
        else:
            print(f"not published: it loses {floor:.2f} dB on {given.held}, wanted at most {FLOOR_DB}", flush=True)


def latent(given: argparse.Namespace) -> None:
    """Train the denoiser of latents."""
    torch.manual_seed(0)
    code, _, card = load_latent(given.code)
    net = LatentDenoiser(code.options.latent)
    train, kept, train_rays, kept_planes = _with_rays(given)
    maps, held = Maps(train, (), seed=21, rays=train_rays), Maps(kept, (), seed=22, rays=kept_planes)
    weight = code.get_buffer("scale") / code.get_buffer("scale").mean()  # planes that carry more of a map count more

    def batch(step: int) -> Batch:
        whole = maps.batch(step, given.batch)
        shown = whole.condition if step % 4 else whole.condition.static()  # a quarter: the first stage, layout alone
        with torch.no_grad():
            z: Tensor = code.encode(whole.clean)
        return Batch(z, shown, weight[:, None, None].expand_as(z))

    options = replace(options_of(given), variance_weight=0.05)
    trainer = Trainer(net, batch, options, given.out, validate=lambda _: decoded_error(net, code, held))
    begun = trainer.step
    trainer.run(given.seconds)
    hours = trainer.seconds / max(trainer.step - begun, 1) * trainer.step / 3600
    if given.publish is not None:
        with trainer.averaged():
            cities = sorted({one.city for one in train})
            save_latent(
                given.publish, code, net, floor=card["floor_db"], name=card["name"], version="0.2.0",
                metrics=decoded_error(net, code, held) | {"training_hours": round(hours, 2)},
                samples=trainer.step * given.batch, licence="Apache-2.0", recipe="train/flux.py latent",
                training_data=f"{len(train)} ray-traced maps ({', '.join(cities)})",
                credits=embedded_prior()[1].credits,
            )  # fmt: skip


def _with_rays(given: argparse.Namespace) -> tuple[list[TracedMap], list[TracedMap], list[Planes], list[Planes]]:
    """Return training maps, those of the held-out city, and the rays of both by their own heights."""
    paths = [path for folder in given.data for path in sorted(folder.glob("*.npz"))]
    maps = list(read_shards(paths))
    rays = [pair[0] for path in paths for pair in kept_rays(path, given.rays)]
    train = [k for k, one in enumerate(maps) if one.split == "train" and given.held not in one.city]
    kept = [k for k, one in enumerate(maps) if given.held in one.city]
    return [maps[k] for k in train], [maps[k] for k in kept], [rays[k] for k in train], [rays[k] for k in kept]


@torch.no_grad()
def decoded_error(net: LatentDenoiser, code: MapAutoencoder, held: Maps) -> dict[str, float]:
    """RMSE of the decoded one-call mean [dB] on free covered cells of windows of the held-out city."""
    batch = held.batch(0, HELD)
    found: dict[str, float] = {}
    for name, condition in (("mean_db", batch.condition), ("static_mean_db", batch.condition.static())):
        mean = code.decode(latent_mean(net, condition).mean)
        error = ((mean - batch.clean)[:, 0] * GAIN.scale)[batch.weight[:, 0] == 1.0]
        found[name] = round(float((error**2).mean().sqrt()), 3)
    return found


def rule(given: argparse.Namespace) -> None:
    """Fit the rule of warm starts of the model in --out, or of the embedded one."""
    folder = given.out if (given.out / "card.json").is_file() else None
    denoiser, card = embedded_prior() if folder is None else load_prior(folder)
    rays = "rays" in planes_of(denoiser)
    places = [place for data in given.data for place in read_places(data, rays=rays)]
    with torch.no_grad():
        found, carried = fit_rule(denoiser, places, card.sha256)
    given.out.mkdir(parents=True, exist_ok=True)
    found.write(given.out)
    text = json.dumps([asdict(row) for row in fit_rows(carried, found)], indent=1)
    (given.out / "warm_fit.json").write_text(text + "\n", encoding="utf-8")
    print(f"{found}, from {len(carried)} changes of {len(places)} places", flush=True)


def main() -> None:
    """Run one of the recipes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=("vehicles", "autoencoder", "latent", "rule"))
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of shards")
    parser.add_argument("--held", default="florence", help="city that nothing is trained on, and scored on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--rays", type=Path, help="folder that keeps the rays of --data, for latent")
    parser.add_argument("--code", type=Path, help="folder of the autoencoder, for latent")
    parser.add_argument("--publish", type=Path, help="folder of the finished model")
    parser.add_argument("--version", default="0.5.1", help="version of the prior with vehicles' planes")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long; it goes on from there")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    given = parser.parse_args()
    {"vehicles": vehicles, "autoencoder": autoencoder, "latent": latent, "rule": rule}[given.recipe](given)


if __name__ == "__main__":
    main()
