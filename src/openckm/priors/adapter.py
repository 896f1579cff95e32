"""Low-rank differences to a prior: what a site can teach without sending its maps.

Every weight W of a convolution or a linear layer, seen as a matrix [outputs, inputs x window], gets

    W + U D,      U [outputs, r],  D [r, inputs x window],      r a few,                                        (1)

with U = 0 and D random at the start, so that the network begins as its parent; only U and D are trained. Vectors
(biases, norms) stay. Factors of the shipped prior are 4 % of its weights at r = 4, whatever they were trained on.
W + U D is made when its layer runs and given up afterwards, and made again where the layer's level is recomputed: so
neither a second copy of the weights nor the gradients of all of them lie in memory at once.

References:
    E. Hu et al., LoRA: Low-rank adaptation of large language models, 2021, Section 4.1.
"""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

from openckm.errors import ModelError, OptionError
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser

UP, DOWN = ":up", ":down"
"""What follows a weight's name in the names of its factors."""
Floats = NDArray[np.floating]


class Pupil(Denoiser):
    """A denoiser whose parameters are differences to the weights of a parent that stays as it is."""

    @abstractmethod
    def factors(self) -> dict[str, NDArray[np.float16]]:
        """Return what was learnt, by name."""


class _Added(nn.Module):
    """W -> W + U D, in the weights' own precision whatever the network computes in."""

    def __init__(self, up: nn.Parameter, down: nn.Parameter) -> None:
        super().__init__()
        self.up, self.down = up, down

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight of the adapted layer."""
        with torch.autocast(weight.device.type, enabled=False):
            return weight + (self.up @ self.down).view_as(weight)  # (1)


class LowRank(Pupil):
    """A denoiser whose parameters are the factors U and D of the differences to a parent's weights.

    Args:
        parent: it is not changed.
        rank: r.
        seed: the seed of D at the start.

    Raises:
        OptionError: if the rank is below 1.
    """

    def __init__(self, parent: MapDenoiser, rank: int, seed: int = 0) -> None:
        super().__init__()
        if rank < 1:
            raise OptionError(f"rank {rank}: wanted at least 1")
        generator = torch.Generator().manual_seed(seed)
        self._names = list(adaptable(parent))
        ups, downs = [], []
        for rows, cols in adaptable(parent).values():
            ups.append(torch.zeros(rows, rank))
            downs.append(torch.randn(rank, cols, generator=generator) / math.sqrt(cols))
        self.ups, self.downs = nn.ParameterList(ups), nn.ParameterList(downs)
        pairs = {name: _Added(u, d) for name, u, d in zip(self._names, self.ups, self.downs, strict=True)}
        # in a tuple: no parameters of this module
        self._parent = (_adding(_lent(parent).requires_grad_(False), pairs),)

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W] at noise levels sigma [B]."""
        denoised: Denoised = self._parent[0](x, sigma, condition)
        return denoised

    @property
    def parent(self) -> MapDenoiser:
        """The parent, its own module with the same weights: how it recomputes may be set."""
        return self._parent[0]

    def factors(self) -> dict[str, NDArray[np.float16]]:
        """Return U and D of every weight as "NAME:up" and "NAME:down"."""
        made = {}
        for name, up, down in zip(self._names, self.ups, self.downs, strict=True):
            made[name + UP] = up.detach().cpu().numpy().astype(np.float16)
            made[name + DOWN] = down.detach().cpu().numpy().astype(np.float16)
        return made


def adaptable(parent: MapDenoiser) -> dict[str, tuple[int, int]]:
    """Return the weights that are adapted, by name, as the shape of their matrix (outputs, inputs x window)."""
    found = {}
    for name, parameter in parent.named_parameters():
        if parameter.ndim > 1:
            found[name] = (parameter.shape[0], parameter.numel() // parameter.shape[0])
    return found


def difference(parent: MapDenoiser, factors: Mapping[str, Floats]) -> dict[str, Tensor]:
    """Return U D of every weight, by name, in its shape; arguments and errors as for `with_factors`."""
    shapes = {name: p.shape for name, p in parent.named_parameters()}
    return {name: (up @ down).view(shapes[name]) for name, up, down in _pairs(parent, factors)}  # U D of (1)


def with_factors(parent: MapDenoiser, factors: Mapping[str, Floats]) -> MapDenoiser:
    """Return a prior that adds U D to the weights which its parent lends it, ready to use.

    Like an adapter's, its weights are made when their layer runs: no second copy of them lies in memory.

    Args:
        parent: the prior that the factors were trained on.
        factors: the factors as `LowRank.factors` gives them; finite.

    Raises:
        ModelError: if the names or shapes are not those of the parent.
    """
    pairs = {name: _Added(*(nn.Parameter(part) for part in (up, down))) for name, up, down in _pairs(parent, factors)}
    return _adding(_lent(parent), pairs).requires_grad_(False).train(False)


def _pairs(parent: MapDenoiser, factors: Mapping[str, Floats]) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Yield the name of every weight that is adapted, with its U and D."""
    wanted = adaptable(parent)
    if set(factors) != {name + end for name in wanted for end in (UP, DOWN)}:
        raise ModelError("the factors are not those of this prior's weights: they were trained on another network")
    for name, (rows, cols) in wanted.items():
        up, down = (torch.as_tensor(np.asarray(factors[name + end], np.float32)) for end in (UP, DOWN))
        if up.ndim != 2 or down.ndim != 2 or up.shape[0] != rows or down.shape != (up.shape[1], cols):
            raise ModelError(
                f"factors of {name}: {tuple(up.shape)} and {tuple(down.shape)}, wanted ({rows}, r) and (r, {cols})"
            )
        yield name, up, down


def _lent(parent: MapDenoiser) -> MapDenoiser:
    """Return a copy of a prior; a frozen one lends its weights, which are never written."""
    lent = {} if any(p.requires_grad for p in parent.parameters()) else {id(p): p for p in parent.parameters()}
    return copy.deepcopy(parent, lent)


def _adding(child: MapDenoiser, pairs: Mapping[str, _Added]) -> MapDenoiser:
    """Let the layers of a prior add U D to their weights, by name, as they run."""
    for name, added in pairs.items():
        layer, _, weight = name.rpartition(".")
        parametrize.register_parametrization(child.get_submodule(layer), weight, added, unsafe=True)
    return child  # unsafe: the check of shapes would compute every weight once
