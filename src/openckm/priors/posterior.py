"""The posterior mean in one call, and what the 8 symmetries of the square do to a condition.

At sigma_max the noisy map holds no information, so D(x, sigma_max | condition) = E[x_0 | condition] (Tweedie's
formula). Averaging over the 8 orientations of the square makes the answer exactly equivariant, and better.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.maps.quantity import CHANNELS, Quantity
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.priors.conditioning import SITE_PLANES, Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.schedules import EDM

__all__ = ["SITE_QUANTITIES", "move_condition", "posterior_mean"]


def _site_quantity(name: str) -> Quantity:
    if name == "bearing_east":
        return Quantity(name, "1", -1.0, 1.0, "east")
    if name == "bearing_north":
        return Quantity(name, "1", -1.0, 1.0, "north")
    return Quantity(name, "1", -np.inf, np.inf)


SITE_QUANTITIES = tuple(_site_quantity(name) for name in SITE_PLANES)
"""The site planes as quantities, so that a symmetry can turn the bearing with the grid."""


def move_condition(k: int, condition: Condition) -> Condition:
    """Return the condition of the map moved by symmetry k (0-7)."""
    site = apply_symmetry(k, condition.site.numpy(), SITE_QUANTITIES)
    return Condition(torch.as_tensor(site), _move_evidence(k, condition.evidence), condition.scalars)


def posterior_mean(
    denoiser: Denoiser,
    condition: Condition,
    *,
    symmetrise: bool = True,
    seed: int = 0,
    bf16: bool = True,
    enough: Callable[[], bool] | None = None,
) -> Denoised:
    """Return mean and variance of the map given a condition, [B, C, H, W] in latent code, in one call per orientation.

    Args:
        denoiser: the prior.
        condition: what is known, a batch of B.
        symmetrise: average over the 8 orientations (8 calls) instead of one.
        seed: of the uninformative start.
        bf16: autocast to bfloat16.
        enough: asked after every orientation; True ends the averaging with those that there are.
    """
    answers: list[Denoised] = []
    for k in SYMMETRIES if symmetrise else (0,):
        answers.append(_oriented(k, denoiser, condition, seed, bf16))
        if enough is not None and enough():
            break
    mean = torch.stack([a.mean for a in answers]).mean(0)
    if any(a.var is None for a in answers):
        return Denoised(mean, None)
    return Denoised(mean, torch.stack([a.var for a in answers if a.var is not None]).mean(0))


def _oriented(k: int, denoiser: Denoiser, condition: Condition, seed: int, bf16: bool) -> Denoised:
    moved = move_condition(k, condition) if k else condition
    shape = (len(CHANNELS), *moved.site.shape[-2:])
    top = EDM().sigma_max
    start = top * torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed))
    levels = torch.full((moved.site.shape[0],), top)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        denoised: Denoised = denoiser(start.expand(len(levels), -1, -1, -1), levels, moved)
    if k == 0:
        return denoised
    back = inverse_symmetry(k)
    mean = torch.as_tensor(apply_symmetry(back, denoised.mean.numpy(), CHANNELS))
    var = None if denoised.var is None else torch.as_tensor(_move_variance(back, denoised.var.numpy()))
    return Denoised(mean, var)


def _move_variance(k: int, var: NDArray[np.float32]) -> NDArray[np.float32]:
    """Variances do not change sign; those of the direction's components swap under odd quarter turns."""
    moved = apply_symmetry(k, var)
    if k % 2:
        moved[:, [1, 2]] = moved[:, [2, 1]]
    return moved


def _move_evidence(k: int, evidence: Tensor) -> Tensor:
    """Move low, high and weight of gain and direction; a component that changes sign swaps its bounds."""
    planes = apply_symmetry(k, evidence.numpy())
    east, north = planes[:, 3:6].copy(), planes[:, 6:9].copy()
    for _ in range(k % 4):
        east, north = _negated(north), east
    planes[:, 3:6] = _negated(east) if k >= 4 else east
    planes[:, 6:9] = north
    return torch.as_tensor(planes)


def _negated(interval: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([-interval[:, 1], -interval[:, 0], interval[:, 2]], axis=1)
