"""The posterior mean in one call, and what the 8 symmetries of the square do to a condition.

At sigma_max the noisy map holds no information, so by Tweedie's formula

    D(x, sigma_max | condition) = E[x_0 | condition].                                                           (1)

Averaging over the 8 orientations of the square makes the answer exactly equivariant, and better; asking in the
canonical pose makes it equivariant in one call.

A network's direction is the mean of a few that it cannot tell apart; rays say exactly from where the strongest of them
comes, but not always which it is. So where rays were launched and the two are within _NEAR_DEG, the direction is that
of the rays, in the network's length; where a direction was read, the network's stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import OptionError
from openckm.maps.quantity import AOA_COS, AOA_SIN, CHANNELS
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.nn.memory import give_back
from openckm.priors.adapted import CrossFitted
from openckm.priors.canonical import canonical_poses
from openckm.priors.conditioning import EVIDENCE_CHANNELS, Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.planes import RAY_PLANES
from openckm.priors.schedules import EDM
from openckm.side_by_side import side_by_side

__all__ = ["posterior_mean"]

PASS_CELLS = 4 * 128 * 128
"""Cells per network call, about: more would not fit the caches of a small processor."""
_NEAR_DEG = 40.0
"""Angle within which rays' direction is taken for the network's, chosen on maps of validation cities [degrees]."""
_CELLS: ContextVar[int] = ContextVar("cells per network call", default=PASS_CELLS)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Inside, every call of the network is asked for one map in one orientation: slower, and in less memory."""
    before = _CELLS.set(1)
    try:
        yield
    finally:
        _CELLS.reset(before)


def move_conditions(poses: Sequence[int], condition: Condition) -> Condition:
    """Return a batch of conditions, each moved by a symmetry of its own (0-7)."""
    if len(set(poses)) == 1:
        return condition.turned(poses[0])
    return Condition.join([condition.select(slice(i, i + 1)).turned(k) for i, k in enumerate(poses)])


def posterior_mean(
    denoiser: Denoiser,
    condition: Condition,
    *,
    symmetrise: bool = True,
    seed: int = 0,
    enough: Callable[[], bool] | None = None,
) -> Denoised:
    """Return mean and variance of the map given a condition, [B, C, H, W] in latent code, in one call per orientation.

    Args:
        denoiser: the prior.
        condition: what is known, a batch of B.
        symmetrise: average over the 8 orientations (8 calls) instead of asking once, in the canonical pose of
            `openckm.priors.canonical`. Both commute with the symmetries exactly.
        seed: the seed of the uninformative start.
        enough: asked after every orientation; True ends the averaging with those that there are.

    Raises:
        OptionError: if orientations are to be averaged of a denoiser whose maps do not turn.
    """
    found = _asked(denoiser, condition, symmetrise, seed, enough)
    return Denoised(pointed(found.mean, condition), found.var)


def pointed(mean: Tensor, condition: Condition) -> Tensor:
    """Return a mean map [B, C, H, W], latent code, whose directions are those of the rays where they nearly are."""
    if condition.rays is None:
        return mean
    east, north, known = (condition.rays[:, RAY_PLANES.index(n)] for n in ("ray_east", "ray_north", "rays_known"))
    at = [CHANNELS.index(AOA_COS), CHANNELS.index(AOA_SIN)]
    cos, sin = mean[:, at[0]], mean[:, at[1]]  # both in one scale, 0 at 0
    length, one = torch.hypot(cos, sin), torch.hypot(east, north).clamp(min=1e-6)
    near = (cos * east + sin * north > math.cos(math.radians(_NEAR_DEG)) * length * one) & (known > 0)
    read = [3 * EVIDENCE_CHANNELS.index(q) + 2 for q in (AOA_COS, AOA_SIN)]
    near &= ~condition.evidence[:, read].flatten(1).any(1)[:, None, None]
    turned = mean.clone()
    for channel, towards in zip(at, (east, north), strict=True):
        turned[:, channel] = torch.where(near, length * towards / one, mean[:, channel])
    return turned


def _asked(
    denoiser: Denoiser, condition: Condition, symmetrise: bool, seed: int, enough: Callable[[], bool] | None
) -> Denoised:  # fmt: skip
    """Return what the network says, in one call per orientation."""
    if isinstance(denoiser, CrossFitted):
        return denoiser.joined(lambda own: _asked(own, condition, symmetrise, seed, enough))
    if not denoiser.turns and symmetrise:
        raise OptionError("this denoiser holds a map that does not turn: average no orientations (symmetrise=False)")
    if not symmetrise:
        poses = canonical_poses(condition) if denoiser.turns else [0] * len(condition.site)
        if _CELLS.get() < PASS_CELLS:
            return _one_after_another(poses, denoiser, condition, seed)
        return _posed(poses, denoiser, condition, seed)
    if enough is None:
        tasks = [partial(_turns, poses, denoiser, condition, seed) for poses in _passes(condition)]
        return _average([answer for some in side_by_side(tasks) for answer in some])
    answers: list[Denoised] = []
    for poses in _passes(condition):
        answers += _turns(poses, denoiser, condition, seed)
        late = [enough() for _ in poses]  # asked for each, for they are counted
        if any(late):
            break
    return _average(answers)


def _average(answers: Sequence[Denoised]) -> Denoised:
    mean = torch.stack([a.mean for a in answers]).mean(0)
    if any(a.var is None for a in answers):
        return Denoised(mean, None)
    return Denoised(mean, torch.stack([a.var for a in answers if a.var is not None]).mean(0))


def _passes(condition: Condition) -> list[list[int]]:
    """Return the orientations that are asked together: small maps all at once, each shape of a map by itself."""
    rows, cols = condition.site.shape[-2:]
    most = max(1, _CELLS.get() // (len(condition.site) * rows * cols))
    upright = list(SYMMETRIES) if rows == cols else [k for k in SYMMETRIES if k % 2 == 0]
    lying = [k for k in SYMMETRIES if k not in upright]
    return [
        group[begin : begin + most] for group in (upright, lying) for begin in range(0, len(group), most)
    ]  # fmt: skip


def _turns(poses: list[int], denoiser: Denoiser, condition: Condition, seed: int) -> list[Denoised]:
    """Return the answers of some orientations, each turned back, by one call of the network."""
    size = len(condition.site)
    together = Condition.join([condition] * len(poses))
    found = _posed([k for k in poses for _ in range(size)], denoiser, together, seed)
    return [
        Denoised(found.mean[i : i + size], None if found.var is None else found.var[i : i + size])
        for i in range(0, len(found.mean), size)
    ]


def _one_after_another(poses: list[int], denoiser: Denoiser, condition: Condition, seed: int) -> Denoised:
    """Return what `_posed` does, in one call of the network per item of the batch."""
    found = [_posed([k], denoiser, condition.select(slice(i, i + 1)), seed) for i, k in enumerate(poses)]
    var = [one.var for one in found if one.var is not None]
    return Denoised(torch.cat([one.mean for one in found]), torch.cat(var) if len(var) == len(found) else None)


def _posed(poses: list[int], denoiser: Denoiser, condition: Condition, seed: int) -> Denoised:
    """Return the answer for each item of the batch as asked in its own pose, turned back."""
    moved = move_conditions(poses, condition)
    top = EDM().sigma_max
    start = top * torch.randn(1, len(CHANNELS), *moved.site.shape[-2:], generator=torch.Generator().manual_seed(seed))
    levels = torch.full((len(poses),), top)
    with torch.no_grad():
        denoised: Denoised = denoiser(start.expand(len(levels), -1, -1, -1), levels, moved)  # (1)
    if _CELLS.get() < PASS_CELLS:
        give_back()  # what a call leaves is no room for the next one's
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
