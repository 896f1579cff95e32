"""What the network says of one window of a city: mean, variance and draws of gain and direction.

Noise belongs to the city: a draw's noise in a block of 64 x 64 cells is a function of (seed, site, draw, step, block),
so that two windows see the same noise where they overlap, and a window made alone is the one made with all others.
Buildings cut the line to the transmitter wherever they stand in the city, inside the window or not.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.city.plan import CHANNELS, CityPlan, Task
from openckm.infer.exact.samplers import FewStepSampler
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import CHANNELS as MAP_CHANNELS
from openckm.maps.quantity import quantity
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, scalars, stack_site
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior

__all__ = ["city_noise", "make_window", "prior_of", "window_condition"]

BLOCK = 64
BATCH = 2
"""Draws per network call."""
Field = NDArray[np.float32]


@lru_cache(maxsize=2)
def prior_of(folder: Path | None) -> tuple[MapDenoiser, str]:
    """Return the network of a city and its name, loaded once a process."""
    network, card = embedded_prior() if folder is None else load_prior(folder)
    return network, f"{card.name} {card.version}"


def city_noise(seed: int, site: str, draw: int, step: int, rows: slice, cols: slice) -> Field:
    """Return standard normal noise of a window, (channels, rows, cols), a function of the city's cells."""
    top, left = rows.start // BLOCK, cols.start // BLOCK
    down, right = -(-rows.stop // BLOCK) - top, -(-cols.stop // BLOCK) - left
    whole = np.empty((len(MAP_CHANNELS), down * BLOCK, right * BLOCK), np.float32)
    key = zlib.crc32(site.encode())
    for i in range(down):
        for j in range(right):
            rng = np.random.default_rng([seed, key, draw, step, top + i, left + j])
            block = rng.standard_normal((len(MAP_CHANNELS), BLOCK, BLOCK), dtype=np.float32)
            whole[:, i * BLOCK : (i + 1) * BLOCK, j * BLOCK : (j + 1) * BLOCK] = block
    y, x = rows.start - top * BLOCK, cols.start - left * BLOCK
    return whole[:, y : y + rows.stop - rows.start, x : x + cols.stop - cols.start]


def window_condition(plan: CityPlan, heights: Field, trusted: bool, site: int, rows: slice, cols: slice) -> Condition:
    """Return what the network is conditioned on in a window: layout and transmitter."""
    grid, transmitter = plan.part(rows, cols), plan.transmitter(plan.sites[site])
    geometry = site_geometry(grid, transmitter, heights, around=plan.grid)
    own = np.ascontiguousarray(heights[rows, cols])
    planes = torch.as_tensor(stack_site(grid.shape, own, trusted, geometry))[None]
    steering = scalars(grid.cell_m, transmitter.carrier_hz)
    return Condition(planes, torch.zeros(1, EVIDENCE_PLANES, *grid.shape), steering)


def make_window(plan: CityPlan, heights: Field, trusted: bool, task: Task, draws: int) -> dict[str, Field]:
    """Return mean and var (channel, row, col), and draws (draw, channel, row, col), of a window in physical units.

    Raises:
        ModelError: if the prior cannot be loaded.
        ComputationError: if the network's answer is not finite.
    """
    rows, cols = plan.window(task.row, task.col)
    network, _ = prior_of(plan.prior)
    condition = window_condition(plan, heights, trusted, task.site, rows, cols)
    found = posterior_mean(network, condition, symmetrise=False)
    order = [[q.name for q in MAP_CHANNELS].index(name) for name in CHANNELS]
    scale = np.array([quantity(name).scale for name in CHANNELS], np.float32)[:, None, None]
    mean = _decoded(found.mean[0, order].float().numpy())
    var = np.zeros_like(mean) if found.var is None else found.var[0, order].float().numpy() * scale**2
    drawn = [_decoded(one[order]) for one in _draws(plan, network, condition, task, rows, cols, draws)]
    return {"mean": mean, "var": var, "draws": np.stack(drawn) if drawn else np.zeros((0, *mean.shape), np.float32)}


def _draws(
    plan: CityPlan, network: MapDenoiser, condition: Condition, task: Task, rows: slice, cols: slice, draws: int
) -> list[Field]:
    sampler, out = FewStepSampler(plan.steps), []
    for begin in range(0, draws, BATCH):
        chosen = range(begin, min(begin + BATCH, draws))

        def noise(step: int, chosen: range = chosen) -> torch.Tensor:
            made = [city_noise(plan.seed, task.name, k, step, rows, cols) for k in chosen]
            return torch.as_tensor(np.stack(made))

        state, repeated = sampler.start(noise(0)), condition.repeat(len(chosen))
        while state.index > 0:
            last = state.index == 1
            state = sampler.step(network, state, torch.zeros_like(state.x) if last else noise(state.index), repeated)
        out += list(state.x.float().numpy())
    return out


def _decoded(latent: Field) -> Field:
    return np.stack([quantity(name).decode(latent[k]) for k, name in enumerate(CHANNELS)])
