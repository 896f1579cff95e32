"""Recipes of what warm starts learn: the vehicles' planes of the prior, and P2's latent form.

    ckm data generate cars --maps 800 --seed 19 --cell 1 --cell 2 --vehicles 1 --floor-db 2
    python train/flux.py vehicles --data cars --out runs/vehicles --publish runs/prior_0.4.1     about 1 h on 2 cores
    python train/flux.py autoencoder --data maps --held florence --out runs/code                 about 1 h on 2 cores
    python train/flux.py latent --data maps --code runs/code --out runs/latent                   hours, better on a GPU
    python train/flux.py rule --data sequences --out runs/prior_0.4.1                            minutes

`vehicles` trains the weights of the new planes alone; all others stay as they are, so that maps without vehicles are
answered as before, to the last bit. It is published as 0.4.1 if the gate of `ckm cloud publish` lets it pass.
`rule` fits how far earlier answers may be reused (`openckm.evaluate.flux.rule`) on the validation sequences of
`bench/flux_sequences.py` and writes warm.json into --out, the folder of the model that it belongs to, or an empty one
for the embedded prior. `autoencoder` is published if it loses at most 1.5 dB on the held-out city. Each training
resumes where it stopped and keeps a checkpoint every 2 minutes. San Francisco and Rotterdam are never read.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from openckm.data.shards import TracedMap, latent_state, read_shards
from openckm.evaluate.flux.rule import fit_rule
from openckm.evaluate.worlds.moving import read_places
from openckm.flux.latent import FLOOR_DB, LatentDenoiser, floor_db, load_latent, save_latent
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.symmetry import apply_symmetry
from openckm.nn.autoencoder import MapAutoencoder
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, moving_planes, scalars, stack_site
from openckm.priors.denoiser import SIGMA_DATA, Denoiser, planes_of, with_planes
from openckm.priors.pretrained import embedded_prior, load_prior, save_prior
from openckm.priors.schedules import EDM

KEEP_S = 120.0
LINEAR = torch.tensor([1.0, 0.03, 0.03, 0.01, 0.01])
"""How much each channel counts in the linear code."""
WEIGHTS = torch.tensor([1.0, 0.3, 0.3, 0.15, 0.15])[:, None, None]
"""Loss weights of the channels, as in the prior's own training."""
Item = tuple[Tensor, Tensor, Condition]


class Maps:
    """Maps in memory with their conditions, upright; samples are cut and turned."""

    def __init__(self, maps: list[TracedMap], side: int = 64, seed: int = 0) -> None:
        self.items = [_item(m) for m in maps]
        self.side, self.seed = side, seed

    def batch(self, step: int, size: int) -> Item:
        """Return maps [B, 5, side, side], where they count, and their conditions: a function of (seed, step)."""
        rng = np.random.default_rng([self.seed, abs(step), int(step < 0)])
        parts = [self._one(self.items[int(k)], rng) for k in rng.integers(len(self.items), size=size)]
        clean, weight = (torch.cat([p[i] for p in parts]) for i in (0, 1))  # type: ignore[misc]
        return clean, weight, Condition.join([p[2] for p in parts])

    def _one(self, item: Item, rng: np.random.Generator) -> Item:
        clean, weight, condition = item
        rows, cols = (int(n) for n in clean.shape[-2:])
        r, c = (int(rng.integers((n - self.side) // 4 + 1)) * 4 for n in (rows, cols))
        window = (..., slice(r, r + self.side), slice(c, c + self.side))
        k = int(rng.integers(8))
        turned = torch.as_tensor(apply_symmetry(k, clean[window].numpy(), CHANNELS))
        shown = condition.each(lambda part: part if part.ndim == 2 else part[window]).turned(k)
        return turned, torch.as_tensor(apply_symmetry(k, weight[window].numpy())), shown


def _item(traced: TracedMap) -> Item:
    state, known = latent_state(traced)
    geometry = None
    if traced.transmitter is not None:
        geometry = site_geometry(traced.grid, traced.transmitter, traced.layout.height_m)
    site = stack_site(traced.grid.shape, traced.layout.height_m, traced.layout.height_known > 0.5, geometry)
    carrier = None if traced.transmitter is None else traced.transmitter.carrier_hz
    cars = np.zeros(traced.grid.shape, np.float32) if traced.vehicle_m is None else traced.vehicle_m
    evidence = torch.zeros(1, EVIDENCE_PLANES, *traced.grid.shape)
    condition = Condition(
        torch.as_tensor(site)[None], evidence, scalars(traced.grid.cell_m, carrier),
        torch.as_tensor(moving_planes(cars))[None],
    )  # fmt: skip
    weight = np.where(known, 1.0, 0.05).astype(np.float32)
    return torch.as_tensor(state.astype(np.float32))[None], torch.as_tensor(weight)[None, None], condition


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


def loop(
    parameters: list[nn.Parameter],
    loss: Callable[[int], Tensor],
    steps: int,
    rate: float,
    folder: Path,
    module: nn.Module,
) -> Iterator[int]:
    """Train, resume and keep; yield the step after every checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    optimiser, path, begin = torch.optim.AdamW(parameters, rate, weight_decay=0.0), folder / "checkpoint.pt", 0
    if path.exists():
        held = torch.load(path, weights_only=True)
        module.load_state_dict(held["module"])
        optimiser.load_state_dict(held["optimiser"])
        begin = held["step"]
    last = time.monotonic()
    for step in range(begin, steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 100) * (1.0 - step / steps)
        optimiser.zero_grad()
        loss(step).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        if time.monotonic() - last > KEEP_S or step + 1 == steps:
            last = time.monotonic()
            aside = path.with_suffix(".aside")
            torch.save({"module": module.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1}, aside)
            aside.replace(path)
            yield step + 1


def denoising_loss(denoiser: Denoiser, clean: Tensor, weight: Tensor, condition: Condition, seed: int) -> Tensor:
    """The log-likelihood loss of the prior's own training, weighted by the noise level (EDM)."""
    g = torch.Generator().manual_seed(seed)
    sigma = EDM().sample_time(torch.rand(len(clean), generator=g))[1]
    top = torch.rand(len(clean), generator=g) < 0.4  # the one-call mean matters most here
    sigma = torch.where(top, torch.full_like(sigma, EDM().sigma_max), sigma)
    noisy = clean + sigma[:, None, None, None] * torch.randn(clean.shape, generator=g)
    found = denoiser(noisy, sigma, condition)
    scale = ((sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2)[:, None, None, None]
    return (weight * scale * (found.mean - clean) ** 2).mean()


def vehicles(given: argparse.Namespace) -> None:
    """Train the new planes of the prior on maps with vehicles."""
    old, card = embedded_prior()
    net = with_planes(old, ["vehicles"]).requires_grad_(False)
    entrance = net.network.entrance.weight.requires_grad_(True)
    first = old.network.entrance.weight.shape[1]
    mask = torch.zeros_like(entrance)
    mask[:, first:] = 1.0
    entrance.register_hook(lambda gradient: gradient * mask)  # the old weights stay as they are
    train, kept = maps_of(given.data, given.held, with_cars=True)
    maps = Maps(train, seed=19)

    def loss(step: int) -> Tensor:
        clean, weight, condition = maps.batch(step, given.batch)
        return denoising_loss(net, clean, weight * WEIGHTS, condition, step)

    for step in loop([entrance], loss, given.steps, given.rate, given.out, net):
        print(json.dumps({"step": step, **ablation(net, [m for m in kept if m.vehicle_m is not None])}), flush=True)
    if given.publish is not None:
        described = {
            k: getattr(card, k) for k in ("name", "cell_m", "carrier_hz", "training_data", "licence", "credits")
        }
        save_prior(
            given.publish, net, version="0.4.1", recipe="train/flux.py vehicles", **described,
            metrics=card.metrics | ablation(net, [m for m in kept if m.vehicle_m is not None]),
        )  # fmt: skip


@torch.no_grad()
def ablation(net: Denoiser, maps: list[TracedMap]) -> dict[str, float]:
    """RMSE of the one-call mean [dB] with vehicles not told and told, over free covered cells."""
    errors: dict[str, list[float]] = {"not_told_db": [], "told_db": []}
    for clean, weight, condition in map(_item, maps):
        top = torch.full((1,), EDM().sigma_max)
        start = EDM().sigma_max * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        shown = {"not_told_db": Condition(condition.site, condition.evidence, condition.scalars), "told_db": condition}
        for name, what in shown.items():
            error = (net(start, top, what).mean - clean)[0, 0] * GAIN.scale
            errors[name].append(float((error[weight[0, 0] == 1.0] ** 2).mean().sqrt()))
    return {name: float(np.mean(values)) for name, values in errors.items() if values}


def autoencoder(given: argparse.Namespace) -> None:
    """Train the autoencoder, and write it where it loses little enough."""
    torch.manual_seed(0)
    code = MapAutoencoder()
    train, kept = maps_of(given.data, given.held, with_cars=False)
    maps = Maps(train, seed=20)
    code.fit_linear(torch.cat([maps.batch(-1 - k, 32)[0] for k in range(16)]), LINEAR)
    held = [(clean, weight[:, 0] == 1.0) for clean, weight, _ in map(_item, kept)]

    def loss(step: int) -> Tensor:
        clean, weight, _ = maps.batch(step, given.batch)
        return (weight * WEIGHTS * (code(clean) - clean) ** 2).mean() + 0.02 * (weight[:, :1] * (
            code(clean) - clean)[:, :1].abs()).mean()  # fmt: skip

    def lost() -> float:
        return float(np.sqrt(np.mean([floor_db(code, clean, known) ** 2 for clean, known in held])))

    floor = lost()
    print(json.dumps({"step": 0, "floor_db": floor, "maps": len(train), "held": len(held)}), flush=True)
    for step in loop(list(code.parameters()), loss, given.steps, given.rate, given.out, code):
        floor = lost()
        print(json.dumps({"step": step, "floor_db": floor, "maps": len(train)}), flush=True)
    code.standardise(maps.batch(0, 64)[0])
    if floor <= FLOOR_DB and given.publish is not None:
        save_latent(given.publish, code, None, floor=floor, name="openckm-latent", version="0.1.0", maps=len(train))


def latent(given: argparse.Namespace) -> None:
    """Train the denoiser of latents."""
    torch.manual_seed(0)
    code, _, card = load_latent(given.code)
    net = LatentDenoiser(code.options.latent)
    train, _ = maps_of(given.data, given.held, with_cars=False)
    maps = Maps(train, seed=21)

    def loss(step: int) -> Tensor:
        clean, _, condition = maps.batch(step, given.batch)
        shown = condition if step % 4 else condition.static()  # a quarter without the transmitter: the first stage
        with torch.no_grad():
            z = code.encode(clean)
        return denoising_loss(net, z, torch.ones(1), shown, step)

    for step in loop(list(net.parameters()), loss, given.steps, given.rate, given.out, net):
        print(json.dumps({"step": step}), flush=True)
    if given.publish is not None:
        save_latent(given.publish, code, net, floor=card["floor_db"], name=card["name"], version="0.2.0")


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
    print(f"{found}, from {len(carried)} changes of {len(places)} places", flush=True)


def main() -> None:
    """Run one of the recipes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=("vehicles", "autoencoder", "latent", "rule"))
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of shards")
    parser.add_argument("--held", default="florence", help="city that nothing is trained on, and scored on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--code", type=Path, help="folder of the autoencoder, for latent")
    parser.add_argument("--publish", type=Path, help="folder of the finished model")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    given = parser.parse_args()
    {"vehicles": vehicles, "autoencoder": autoencoder, "latent": latent, "rule": rule}[given.recipe](given)


if __name__ == "__main__":
    main()
