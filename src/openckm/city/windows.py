"""What the network says of one window of a city: mean, variance and draws of gain and direction, in latent code.

Noise belongs to the city: a draw's noise in a block of 64 x 64 cells is a function of (seed, site, draw, number of the
field, block), so that two windows see the same noise where they overlap, and a window made alone is the one made with
all others. Buildings cut the line to the transmitter wherever they stand in the city, inside the window or not.

A site with readings is averaged over the 8 orientations and drawn in them in turn, as `ckm construct` does; a site
without is asked once, in its canonical pose, as `ckm predict --by prior` does.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.city.plan import CHANNELS, CityPlan, Task
from openckm.errors import ComputationError
from openckm.infer.draws import batch_size, draw_maps
from openckm.infer.exact.ancestral import AncestralSampler
from openckm.infer.spread.calibration import Calibration, prior_calibration
from openckm.maps.observations import Points
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import CHANNELS as MAP_CHANNELS
from openckm.maps.rays.machine import can_launch
from openckm.maps.site import Layout
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, evidence_planes, scalars, stack_site
from openckm.priors.denoiser import Denoised, MapDenoiser, planes_of
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import load_prior
from openckm.priors.ray_planes import REACH, rays_fact, site_rays

BLOCK = 64
ORIGIN = 2**20
"""Number of the city's first block, so that blocks beside the city have numbers, too."""
ORDER = [[q.name for q in MAP_CHANNELS].index(name) for name in CHANNELS]
Field = NDArray[np.float32]
Part = tuple[slice, slice]


@lru_cache(maxsize=2)
def prior_of(folder: Path | None) -> tuple[MapDenoiser, str, Calibration | None]:
    """Return the network of a city, its name, and the calibration of its spread, loaded once a process."""
    network, card = load_prior(folder)
    return network, f"{card.name} {card.version}", prior_calibration(folder, card.sha256)


def city_noise(seed: int, site: str, draw: int, number: int, rows: slice, cols: slice) -> Field:
    """Return standard normal noise of a window, (channels, rows, cols), a function of the city's cells."""
    top, left = rows.start // BLOCK, cols.start // BLOCK
    down, right = -(-rows.stop // BLOCK) - top, -(-cols.stop // BLOCK) - left
    whole = np.empty((len(MAP_CHANNELS), down * BLOCK, right * BLOCK), np.float32)
    key = zlib.crc32(site.encode())
    for i in range(down):
        for j in range(right):
            rng = np.random.default_rng([seed, key, draw, number, ORIGIN + top + i, ORIGIN + left + j])
            block = rng.standard_normal((len(MAP_CHANNELS), BLOCK, BLOCK), dtype=np.float32)
            whole[:, i * BLOCK : (i + 1) * BLOCK, j * BLOCK : (j + 1) * BLOCK] = block
    y, x = rows.start - top * BLOCK, cols.start - left * BLOCK
    return whole[:, y : y + rows.stop - rows.start, x : x + cols.stop - cols.start]


class CityNoise:
    """All noise of one draw in one window: field after field, each a function of the city's cells.

    Args:
        key: seed of the city, name of the site, number of the draw.
        part: rows and columns of the window.
        turn: orientation (0-7) in which the draw runs; its noise is turned with it.
    """

    def __init__(self, key: tuple[int, str, int], part: Part, turn: int) -> None:
        self.key, self.part, self.turn, self.number = key, part, turn, 0

    def standard_normal(self, shape: tuple[int, ...]) -> torch.Tensor:
        """Return the next field; where it is larger than the window, that of the cells beside it."""
        rows, cols = _seen(self.part, self.turn, (shape[-2], shape[-1]))
        made = city_noise(*self.key, self.number, rows, cols)
        self.number += 1
        return torch.as_tensor(apply_symmetry(self.turn, made, MAP_CHANNELS))


def _seen(part: Part, turn: int, shape: tuple[int, int]) -> Part:
    """Return the cells of the city that lie in a turned frame of some shape, whose corner is the window's."""
    corner = apply_symmetry(turn, np.array([[0, 0], [1, 1]])), apply_symmetry(turn, np.array([[0, 1], [0, 1]]))
    out = []
    for index, side in zip(corner, part, strict=True):
        begin = int(side.start if index[0, 0] == 0 else side.stop - 1)
        down, right = int(index[1, 0] - index[0, 0]), int(index[0, 1] - index[0, 0])
        ends = (begin, begin + down * (shape[0] - 1), begin + right * (shape[1] - 1))
        out.append(slice(min(ends), max(ends) + 1))
    return out[0], out[1]


def city_rays(plan: CityPlan, layout: Layout, site: int) -> Field:
    """Return the planes of rays of a site over the cells that it reaches; without any plane where none are launched.

    They are launched once, in the whole city, so that a window has the planes that `ckm construct` would give it.
    """
    rows, cols = plan.reached(site)
    grid, reads = plan.part(rows, cols), "rays" in planes_of(prior_of(plan.prior)[0])
    launched = reads and can_launch()
    made = site_rays(grid, layout, plan.seen(site), within=plan.grid, keep=False) if launched else None
    return np.zeros((0, *grid.shape), np.float32) if made is None else made


def rays_words(plan: CityPlan, layout: Layout, site: int, planes: Field) -> dict[str, str]:
    """Return what a map's provenance says of the rays of a site, {} where the network reads none."""
    condition = Condition.nothing(1, (1, 1), plan.cell_m)
    if len(planes):
        condition = replace(condition, rays=torch.as_tensor(np.array(planes[None, :, :1, :1])))
    said = rays_fact(condition, planes_of(prior_of(plan.prior)[0]), layout, plan.seen(site))
    if len(planes) and planes.shape[1:] != plan.grid.shape:
        said = {name: f"{words}, over {REACH} cells from the antenna each way" for name, words in said.items()}
    return said


def rays_within(plan: CityPlan, planes: Field, site: int, part: Part) -> Field | None:
    """Return the planes of rays of a window, 0 beyond the cells that a site reaches; None without rays."""
    if not len(planes):
        return None
    out = np.zeros((len(planes), *plan.part(*part).shape), np.float32)
    reached = plan.reached(site)
    seen = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(part, reached, strict=True)]
    if all(s.stop > s.start for s in seen):
        into, of = (
            tuple(slice(s.start - o.start, s.stop - o.start) for s, o in zip(seen, box, strict=True))
            for box in (part, reached)
        )
        out[:, into[0], into[1]] = planes[:, of[0], of[1]]
    return out


def window_condition(plan: CityPlan, layout: Layout, site: int, part: Part, rays: Field | None = None) -> Condition:
    """Return what the network is conditioned on in a window before any reading: layout, transmitter and rays."""
    rows, cols = part
    grid, transmitter = plan.part(rows, cols), plan.seen(site)
    geometry = site_geometry(grid, transmitter, layout.height_m, around=plan.grid)
    own = np.ascontiguousarray(layout.height_m[rows, cols])
    return plain_condition(plan, site, stack_site(grid.shape, own, layout.height_known > 0.5, geometry), rays)


def plain_condition(plan: CityPlan, site: int, planes: Field, rays: Field | None = None) -> Condition:
    """Return the condition of a window without readings from its planes of site and rays, (planes, rows, cols)."""
    steering = scalars(plan.cell_m, plan.sites[site].carrier_hz)
    empty = torch.zeros(1, EVIDENCE_PLANES, *planes.shape[-2:])
    shown = None if rays is None else torch.as_tensor(rays)[None]
    return Condition(torch.as_tensor(planes)[None], empty, steering, rays=shown)


def with_readings(plan: CityPlan, condition: Condition, part: Part, tables: Sequence[Points]) -> Condition:
    """Return the condition of a window with the readings that lie in it."""
    grid = plan.part(*part)
    inside = tuple(t.subset(np.flatnonzero(grid.contains(t.x, t.y))) for t in tables)
    return replace(condition, evidence=torch.as_tensor(evidence_planes(grid, inside))[None])


def ask_window(plan: CityPlan, condition: Condition, task: Task, *, symmetrise: bool) -> dict[str, Field]:
    """Return mean and var (channel, row, col) of a window in latent code.

    Raises:
        ModelError: if the prior cannot be loaded.
        ComputationError: if the network's answer is not finite.
    """
    network = prior_of(plan.prior)[0]
    found = posterior_mean(network, condition, symmetrise=symmetrise)
    mean = found.mean[0, ORDER].float().numpy()
    var = np.zeros_like(mean) if found.var is None else found.var[0, ORDER].float().numpy()
    if not (np.isfinite(mean).all() and np.isfinite(var).all()):
        raise ComputationError(f"{task}: the network's answer is not finite; please report the input")
    return {"mean": mean, "var": var}


def draw_window(plan: CityPlan, condition: Condition, task: Task, *, symmetrise: bool) -> Field:
    """Return the draws of a window (draw, channel, row, col) in latent code.

    Raises:
        ComputationError: if the network's answer is not finite.
    """
    network, sampler, part = prior_of(plan.prior)[0], AncestralSampler(plan.steps), plan.window(task.row, task.col)
    shape, drawn = plan.part(*part).shape, []
    for begin in range(0, plan.draws, batch_size(shape)):
        chosen = range(begin, min(begin + batch_size(shape), plan.draws))
        made = draw_maps(
            network, condition, chosen, plan.seed, sampler, symmetrise=symmetrise,
            noise=lambda k, turn: CityNoise((plan.seed, task.name, k), part, turn),
        )  # fmt: skip
        drawn.append(made[:, ORDER])
    return np.concatenate(drawn) if drawn else np.zeros((0, len(CHANNELS), *shape), np.float32)


def other_folds(plan: CityPlan, conditions: Sequence[Condition]) -> dict[str, Field]:
    """Return what the network says of the gain of a window given each fold's complement: (fold, row, col) each."""
    found: Denoised = posterior_mean(prior_of(plan.prior)[0], Condition.join(conditions), symmetrise=False)
    mean = found.mean[:, 0].float().numpy()
    return {
        "others_mean": mean,
        "others_var": np.zeros_like(mean) if found.var is None else found.var[:, 0].float().numpy(),
    }
