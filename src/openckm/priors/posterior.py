"""The posterior mean in one call, and what the 8 symmetries of the square do to a condition.

At sigma_max the noisy map holds no information, so D(x, sigma_max | condition) = E[x_0 | condition] (Tweedie's
formula). Averaging over the 8 orientations of the square makes the answer exactly equivariant, and better; asking in
the canonical pose makes it equivariant in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import OptionError
from openckm.maps.quantity import CHANNELS, Quantity
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.priors.canonical import canonical_poses
from openckm.priors.conditioning import SITE_PLANES, Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.schedules import EDM

__all__ = ["SITE_QUANTITIES", "move_condition", "move_conditions", "posterior_mean"]


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


def move_conditions(poses: Sequence[int], condition: Condition) -> Condition:
    """Return a batch of conditions, each moved by a symmetry of its own (0-7)."""
    if len(set(poses)) == 1:
        return move_condition(poses[0], condition) if poses[0] else condition
    parts = []
    for i, k in enumerate(poses):
        one = Condition(condition.site[i : i + 1], condition.evidence[i : i + 1], condition.scalars[i : i + 1])
        parts.append(move_condition(k, one))
    return Condition.join(parts)


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
        symmetrise: average over the 8 orientations (8 calls) instead of asking once, in the canonical pose of
            `openckm.priors.canonical`. Both commute with the symmetries exactly.
        seed: of the uninformative start.
        bf16: autocast to bfloat16.
        enough: asked after every orientation; True ends the averaging with those that there are.

    Raises:
        OptionError: if orientations are to be averaged of a denoiser whose maps do not turn.
    """
    if not denoiser.turns and symmetrise:
        raise OptionError("this denoiser holds a map that does not turn: average no orientations (symmetrise=False)")
    if not symmetrise:
        poses = canonical_poses(condition) if denoiser.turns else [0] * len(condition.site)
        return _posed(poses, denoiser, condition, seed, bf16)
    answers: list[Denoised] = []
    for k in SYMMETRIES:
        answers.append(_posed([k] * len(condition.site), denoiser, condition, seed, bf16))
        if enough is not None and enough():
            break
    mean = torch.stack([a.mean for a in answers]).mean(0)
    if any(a.var is None for a in answers):
        return Denoised(mean, None)
    return Denoised(mean, torch.stack([a.var for a in answers if a.var is not None]).mean(0))


def _posed(poses: list[int], denoiser: Denoiser, condition: Condition, seed: int, bf16: bool) -> Denoised:
    """Return the answer for each item of the batch as asked in its own pose, turned back."""
    moved = move_conditions(poses, condition)
    top = EDM().sigma_max
    start = top * torch.randn(1, len(CHANNELS), *moved.site.shape[-2:], generator=torch.Generator().manual_seed(seed))
    levels = torch.full((len(poses),), top)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        denoised: Denoised = denoiser(start.expand(len(levels), -1, -1, -1), levels, moved)
    back = [inverse_symmetry(k) for k in poses]
    mean = np.stack([apply_symmetry(k, m, CHANNELS) for k, m in zip(back, denoised.mean.numpy(), strict=True)])
    if denoised.var is None:
        return Denoised(torch.as_tensor(mean), None)
    var = np.stack([_move_variance(k, v) for k, v in zip(back, denoised.var.numpy(), strict=True)])
    return Denoised(torch.as_tensor(mean), torch.as_tensor(var))


def _move_variance(k: int, var: NDArray[np.float32]) -> NDArray[np.float32]:
    """Variances do not change sign; those of the direction's components swap under odd quarter turns."""
    moved = apply_symmetry(k, var)
    if k % 2:
        moved[[1, 2]] = moved[[2, 1]]
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
