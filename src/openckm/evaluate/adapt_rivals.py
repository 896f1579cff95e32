"""What benchmark `adapt` compares low-rank factors with: all weights of the network taught, or those of its last level.

They are taught by the same lessons, stopped by the same blocks, and as much of what was learnt is added as the same
judging blocks allow; only the parameters differ. Nothing of theirs is ever written as a delta.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from openckm.edge.judging import Verdict, scaled, weighed
from openckm.edge.teaching import AdaptOptions, Fold, blocks_with_readings, least_mb, plan_of, teach
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.priors.adapter import Floats, Pupil
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, MapDenoiser

RIVALS = ("full", "last")
RATE = 2e-4
"""Learning rate of the rivals: a tenth of that of the factors, whose products begin at 0."""


class Whole(Pupil):
    """A denoiser whose parameters are differences to some weights of a parent, of their own shapes; 0 at the start.

    Args:
        parent: it is not changed.
        names: which weights.
    """

    def __init__(self, parent: MapDenoiser, names: list[str]) -> None:
        super().__init__()
        lent = {id(p): p for p in parent.parameters()}
        self._parent, self._names = (copy.deepcopy(parent, lent).requires_grad_(False),), names
        own = dict(parent.named_parameters())
        self.more = nn.ParameterList([torch.zeros_like(own[name]) for name in names])

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W] at noise levels sigma [B]."""
        weights: dict[str, Tensor] = dict(self._parent[0].named_parameters())
        for name, more in zip(self._names, self.more, strict=True):
            weights[name] = weights[name] + more
        denoised: Denoised = functional_call(self._parent[0], weights, (x, sigma, condition))
        return denoised

    def factors(self) -> dict[str, NDArray[np.float16]]:
        """Return the differences."""
        pairs = zip(self._names, self.more, strict=True)
        return {name: more.detach().numpy().astype(np.float16) for name, more in pairs}


class FullFold(Fold):
    """A fold that teaches all weights."""

    def pupil(self) -> Pupil:
        """Return what is taught."""
        return Whole(self.net, [name for name, _ in self.net.named_parameters()])


class LastFold(Fold):
    """A fold that teaches the weights of the finest level on the way up, and of the output."""

    def pupil(self) -> Pupil:
        """Return what is taught."""
        return Whole(self.net, last_level(self.net))


def last_level(net: MapDenoiser) -> list[str]:
    """Return the names of the weights behind the last change of resolution, but for the first norm.

    The input of that norm wants no gradient here, and the backward pass of torch's group norm in channels-last layout
    ends the process where the weights alone want one (2.13, CPU).
    """
    last = f"network.decoder.{len(net.options.widths) - 1}."
    behind = [name for name, _ in net.named_parameters() if name.startswith((last, "network.exit"))]
    return [name for name in behind if not name.startswith(f"{last}0.norm1.")]


def added(net: MapDenoiser, found: Mapping[str, Floats]) -> MapDenoiser:
    """Return a copy of a prior with differences added."""
    child = copy.deepcopy(net)
    own = dict(child.named_parameters())
    with torch.no_grad():
        for name, more in found.items():
            own[name].add_(torch.as_tensor(np.asarray(more, np.float32)))
    return child.requires_grad_(False).train(False)


def rival(
    kind: str, observations: Observations, grid: Grid, net: MapDenoiser, work: Path, seed: int = 0
) -> tuple[MapDenoiser, Verdict]:
    """Return the prior taught in another way, the average over its folds, and what the judging blocks say of it.

    Args:
        kind: one of RIVALS.
        observations: readings, base station and layout.
        grid: the cells of the map.
        net: the prior.
        work: folder of checkpoints.
        seed: the seed of everything random.
    """
    options = AdaptOptions(minutes=1e6, seed=seed, learning_rate=RATE)
    dealt = blocks_with_readings(observations, grid, net, seed)
    plan = plan_of(net, options, grid.shape, least_mb(net, grid.shape))
    make = FullFold if kind == "full" else LastFold
    taught, _ = teach(observations, grid, net, dealt, options, plan, work, lambda *_: None, make)
    verdict = weighed(net, taught, len(dealt.blocks), seed, added)
    parts = [scaled(found, verdict.weight / len(taught)) for _, found in taught]
    mean = {name: np.stack([p[name] for p in parts]).sum(0, dtype=np.float32) for name in parts[0]}
    return added(net, mean), verdict
