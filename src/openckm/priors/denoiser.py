"""Denoisers: what do maps look like? D(x, sigma | condition) = E[x_0 | x_0 + sigma z = x, condition].

EDM preconditioning of a raw network F:
    D(x, sigma) = c_skip x + c_out F(c_in x, ln(sigma) / 4),
    c_skip = sd^2 / (sigma^2 + sd^2),  c_out = sigma sd / sqrt(sigma^2 + sd^2),  c_in = 1 / sqrt(sigma^2 + sd^2)
with sd = 0.5, the standard deviation of latent channels (`openckm.maps.quantity`). The network also says how wrong it
expects to be: the variance of x_0 - D per cell and channel. At sigma_max with evidence, D is the posterior mean
E[x | y] in one call; with no evidence it is the foundation prior.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.maps.quantity import CHANNELS
from openckm.nn.arithmetic import cast
from openckm.nn.reversible_unet import ReversibleUNet, ReversibleUNetOptions
from openckm.nn.unet import UNet, UNetOptions
from openckm.priors.conditioning import (
    EVIDENCE_PLANES,
    INTERPOLATION_SCALES,
    Condition,
)
from openckm.priors.planes import SITE_PLANES, count_planes

__all__ = ["Denoised", "Denoiser", "MapDenoiser"]

SIGMA_DATA = 0.5


class Denoised(NamedTuple):
    """Mean and variance (or None) of the clean map, each [B, C, H, W] in latent code."""

    mean: Tensor
    var: Tensor | None


class Denoiser(ABC, nn.Module):
    """E[x_0 | x_0 + sigma z = x, condition].

    Attributes:
        turns: whether its maps turn with the condition, as a network's do that has seen all orientations; False of one
            that holds a map of its own. Set it per class or per object.
    """

    turns: bool = True

    @abstractmethod
    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W] at noise levels sigma [B]."""

    def score(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Tensor:
        """Return grad log p_sigma(x) = (D(x, sigma) - x) / sigma^2, [B, C, H, W] (Tweedie; P1, Eq. 12)."""
        mean: Tensor = self(x, sigma, condition).mean
        return (mean - x) / sigma.view(-1, 1, 1, 1) ** 2  # Tweedie's formula: P1, Eq. 12


@dataclass(frozen=True)
class MapDenoiserOptions:
    """What the shipped denoiser is made of.

    Attributes:
        widths: channels of the U-Net's levels.
        blocks: residual blocks per level.
        planes: groups of further planes that it reads, by the names of `openckm.priors.planes.PLANE_GROUPS`.
    """

    widths: tuple[int, ...] = (48, 80, 112, 144)
    blocks: int = 2
    planes: tuple[str, ...] = ()


SIZES = {
    "xs": MapDenoiserOptions((24, 32, 48, 64), 1),
    "s": MapDenoiserOptions(),
    "m": MapDenoiserOptions((96, 160, 224, 288), 2),
}
"""Sizes by name: 0.8, 5.2 and 18.9 million parameters, for experiments, a CPU and a GPU."""


class MapDenoiser(Denoiser):
    """The U-Net denoiser over all channels of a map, conditioned on the site and on the evidence where they are known.

    Attributes:
        folder: the folder of its weights and of what was measured of them; None for the prior shipped in
            the package and for one that was never written.
        sizes: options by name; the card's architecture holds the options' fields and the name of the class.
    """

    folder: Path | None = None
    sizes: ClassVar[Mapping[str, MapDenoiserOptions]] = SIZES

    def __init__(self, options: MapDenoiserOptions | None = None) -> None:
        super().__init__()
        self.options = options or self.sizes["s"]
        self.channels = len(CHANNELS)
        planes = self.channels + len(SITE_PLANES) + EVIDENCE_PLANES + 2 * len(INTERPOLATION_SCALES)
        self.network = self._network(planes + count_planes(self.options.planes))
        for parameter in self.network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def _network(self, planes: int) -> UNet | ReversibleUNet:
        return UNet(UNetOptions(planes, 2 * self.channels, 3, self.options.widths, self.options.blocks))

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return int(self.network.options.multiple)

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise latent maps x [B, 5, H, W] at noise levels sigma [B]; no condition means the unconditional prior."""
        given = Condition.nothing(x.shape[0], (x.shape[-2], x.shape[-1])) if condition is None else condition
        level = sigma.to(x.dtype).view(-1, 1, 1, 1)
        norm = (level**2 + SIGMA_DATA**2).sqrt()  # Karras et al., 2022, Table 1: 1 / c_in
        spread = given.interpolated
        parts = [x / norm, given.site, given.evidence, spread]
        parts += [given.group(name).to(x) for name in self.options.planes]
        planes = torch.cat(parts, dim=1)
        steering = torch.cat([sigma.to(x.dtype)[:, None].log() / 4.0, given.scalars.to(x)], dim=1)
        with cast(planes.device.type):
            raw = self.network(planes.contiguous(memory_format=torch.channels_last), steering).float()
        mean, log_var = raw.split(self.channels, dim=1)
        out_scale = level * SIGMA_DATA / norm
        mean = (SIGMA_DATA / norm) ** 2 * x + out_scale * mean  # Karras et al., 2022, Table 1: c_skip x + c_out F
        return Denoised(mean, out_scale**2 * torch.exp(log_var.clamp(-10.0, 3.0)))


def planes_of(denoiser: Denoiser) -> tuple[str, ...]:
    """Return the groups of further planes that a denoiser reads; none where it states no options, as exact priors."""
    return tuple(getattr(getattr(denoiser, "options", None), "planes", ()))


def with_planes(denoiser: MapDenoiser, groups: Sequence[str]) -> MapDenoiser:
    """Return a copy of a denoiser that reads further groups of planes, and answers as before until it is trained.

    The new planes stand behind the old ones, and their weights begin at zero.

    Args:
        denoiser: it is not changed.
        groups: names of groups; those that it reads already stay where they are.

    Raises:
        ModelError: if a group is unknown.
    """
    more = tuple(g for g in groups if g not in denoiser.options.planes)
    wider = type(denoiser)(replace(denoiser.options, planes=denoiser.options.planes + more))
    values = {name: value.clone() for name, value in denoiser.state_dict().items()}
    entrance = values["network.entrance.weight"]
    room = wider.network.entrance.weight.shape[1] - entrance.shape[1]
    values["network.entrance.weight"] = functional.pad(entrance, (0, 0, 0, 0, 0, room))
    wider.load_state_dict(values)
    return wider.train(denoiser.training)


@dataclass(frozen=True)
class ReversibleMapDenoiserOptions(MapDenoiserOptions):
    """Size of a reversible denoiser.

    Attributes:
        injector: add what is known of site and evidence to every body, pooled to its level.
        exact: keep the network's state on a grid, so that recomputing it is exact to the bit.
    """

    widths: tuple[int, ...] = (48, 96, 144, 160)
    injector: bool = True
    exact: bool = True


class ReversibleMapDenoiser(MapDenoiser):
    """The denoiser with a reversible U-Net, whose training keeps the final state of its interior alone.

    Sizes have the parameters of `SIZES` within 3 %, with the injector and without.
    """

    sizes: ClassVar[Mapping[str, MapDenoiserOptions]] = {
        "xs": ReversibleMapDenoiserOptions((24, 32, 40, 52), 2),
        "s": ReversibleMapDenoiserOptions(),
    }

    def _network(self, planes: int) -> ReversibleUNet:
        options = self.options
        if not isinstance(options, ReversibleMapDenoiserOptions):
            options = ReversibleMapDenoiserOptions(options.widths, options.blocks)
        first = self.channels
        injected = tuple((first + value, first + weight) for value, weight in _WEIGHTED) if options.injector else ()
        return ReversibleUNet(
            ReversibleUNetOptions(
                planes, 2 * self.channels, 3, options.widths, options.blocks, injected=injected, exact=options.exact
            )
        )


def _weighted() -> tuple[tuple[int, int], ...]:
    """Of every plane of site and evidence its index and that of the plane that says where it is known."""
    known = {"building": "building_known", "height": "height_known"}
    geometry = ("free_space", "pattern", "bearing_east", "bearing_north", "obstruction", "diffraction")
    known |= dict.fromkeys(geometry, "transmitter_known")
    site = [(k, SITE_PLANES.index(known.get(name, name))) for k, name in enumerate(SITE_PLANES)]
    first = len(SITE_PLANES)
    return (*site, *((first + k, first + 3 * (k // 3) + 2) for k in range(EVIDENCE_PLANES)))


_WEIGHTED = _weighted()
ARCHITECTURES: dict[str, type[MapDenoiser]] = {
    "MapDenoiser": MapDenoiser,
    "ReversibleMapDenoiser": ReversibleMapDenoiser,
}
"""Classes of denoisers by the name that a model card calls them."""
