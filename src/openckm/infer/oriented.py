"""Each draw has an orientation of its own: a denoiser turns maps before and after the network sees them.

A network is not quite equivariant. If draw k is denoised in orientation k mod 8 of the square, the average over 8 draws
is an average over the orientations too, at no cost, while readings and samplers see every map upright.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from openckm.errors import OptionError
from openckm.maps.quantity import CHANNELS
from openckm.maps.symmetry import SYMMETRIES, inverse_symmetry
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import move_conditions

_EAST, _NORTH = (next(i for i, c in enumerate(CHANNELS) if c.symmetry == s) for s in ("east", "north"))


def orientation(draw: int, square: bool = True) -> int:
    """Return the symmetry of the square (0-7) in which a draw is denoised; of a rectangle, one that keeps its shape."""
    return draw % len(SYMMETRIES) if square else 2 * draw % len(SYMMETRIES)


def turn_maps(k: int, maps: Tensor, *, signed: bool = True) -> Tensor:
    """Return complete maps [B, 5, H, W] moved by symmetry k, the direction vector with them; differentiable.

    Args:
        k: element of the group, 0-7; see `openckm.maps.symmetry`.
        maps: latent maps, or their variances.
        signed: whether values change sign with the direction's components; variances do not.
    """
    moved = torch.rot90(maps, k % 4, (-2, -1))
    if k >= 4:
        moved = moved.flip(-1)
    planes = list(moved.unbind(1))
    east, north = planes[_EAST], planes[_NORTH]
    for _ in range(k % 4):
        east, north = (-north if signed else north), east
    planes[_EAST], planes[_NORTH] = (-east if signed and k >= 4 else east), north
    return torch.stack(planes, dim=1)


class Oriented(Denoiser):
    """A denoiser of complete maps, each item of the batch in its own orientation.

    Args:
        denoiser: the prior.
        poses: the symmetry of each item (0-7); odd quarter turns need square maps.
        condition: what is known of each item, upright, or None; it is turned once, here.
    """

    turns = False  # it holds the condition of each map, turned already

    def __init__(self, denoiser: Denoiser, poses: Sequence[int], condition: Condition | None) -> None:
        super().__init__()
        self.denoiser, self.poses = denoiser, tuple(poses)
        self._told = None if condition is None else move_conditions(self.poses, condition)

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise upright maps; the condition is the one given when this was made.

        Raises:
            OptionError: if the batch is another one, or a condition is given here.
        """
        if len(x) != len(self.poses) or condition is not None:
            raise OptionError(f"{len(x)} maps for {len(self.poses)} orientations, whose condition was given before")
        moved = torch.cat([turn_maps(k, x[i : i + 1]) for i, k in enumerate(self.poses)])
        found: Denoised = self.denoiser(moved, sigma, self._told)
        back = [inverse_symmetry(k) for k in self.poses]
        mean = torch.cat([turn_maps(k, found.mean[i : i + 1]) for i, k in enumerate(back)])
        if found.var is None:
            return Denoised(mean, None)
        return Denoised(mean, torch.cat([turn_maps(k, found.var[i : i + 1], signed=False) for i, k in enumerate(back)]))
