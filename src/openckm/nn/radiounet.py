"""RadioUNet: two U-Nets one after the other, the second given the first one's answer (a "W").

Each goes down by max-pooling to 1/64 of the side and up by transposed convolutions, with skips at every resolution and
the input itself at the end; convolutions and rectifiers only. 13.27 million parameters for three planes.

References:
    RadioUNet: Fast Radio Map Estimation with Convolutional Neural Networks. R. Levie, C. Yapar, G. Kutyniok, G. Caire,
    2021, Section IV, and the layer sizes of its released code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from openckm.errors import OptionError


class _Layer(NamedTuple):
    """A convolution with rectifier: output channels, side of the kernel, and what it divides the resolution by."""

    width: int
    kernel: int
    pool: int


FIRST = (
    (_Layer(6, 3, 1), _Layer(40, 5, 2), _Layer(50, 5, 2), _Layer(60, 5, 1), _Layer(100, 5, 2), _Layer(100, 3, 1),
     _Layer(150, 5, 2), _Layer(300, 5, 2), _Layer(500, 5, 2)),
    (300, 150, 100, 100, 60, 50, 40, 20),
)  # fmt: skip
_SECOND = (
    (_Layer(20, 3, 1), _Layer(30, 5, 2), _Layer(40, 5, 2), _Layer(50, 5, 1), _Layer(60, 5, 2), _Layer(70, 3, 1),
     _Layer(90, 5, 2), _Layer(110, 5, 2), _Layer(150, 5, 2)),
    (110, 90, 70, 60, 50, 40, 30, 20),
)  # fmt: skip
LAST = 20
"""Channels before the answer."""


@dataclass(frozen=True)
class RadioUNetOptions:
    """Size of a RadioUNet.

    Attributes:
        inputs: input planes.
        share: share of the published channels in every layer; 1 is the published size.
        rectified: whether answers are rectified, as published; without, they can correct a base downwards too.
    """

    inputs: int = 3
    share: float = 1.0
    rectified: bool = True

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return 64


class RadioUNet(nn.Module):
    """Maps planes [B, inputs, H, W] to the answers of both U-Nets, each [B, 1, H, W]."""

    def __init__(self, options: RadioUNetOptions | None = None) -> None:
        super().__init__()
        self.options = o = options or RadioUNetOptions()
        self.first = _U(o.inputs, *_scaled(FIRST, o.share), o.rectified)
        self.second = _U(o.inputs + 1, *_scaled(_SECOND, o.share), o.rectified)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, planes: Tensor, source: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run both; `source` is taken for the sake of a common call and not used.

        Raises:
            OptionError: if the map sides are not divisible by 64.
        """
        if planes.shape[-2] % self.options.multiple or planes.shape[-1] % self.options.multiple:
            raise OptionError(f"map of {tuple(planes.shape[-2:])} cells: each side must be divisible by 64; pad it")
        planes = planes.contiguous(memory_format=torch.channels_last)
        rough = self.first(planes)
        return rough, self.second(torch.cat([planes, rough.to(planes.dtype)], dim=1))


Sizes = tuple[tuple[_Layer, ...], tuple[int, ...]]


def _scaled(sizes: Sizes, share: float) -> Sizes:
    down, up = sizes
    return (
        tuple(layer._replace(width=max(1, round(share * layer.width))) for layer in down),
        tuple(max(1, round(share * width)) for width in up),
    )


class _U(nn.Module):
    def __init__(self, inputs: int, down: tuple[_Layer, ...], up: tuple[int, ...], rectified: bool) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        width = inputs
        for layer in down:
            self.down.append(_convolution(width, layer))
            width = layer.width
        self.up = nn.ModuleList()
        for k, answer in enumerate(up):
            below = down[len(down) - 1 - k]
            joined = width if k == 0 else width + below.width
            self.up.append(_upwards(joined, answer, below, fine=k >= 4))
            width = answer
        self.near = nn.Sequential(nn.Conv2d(width + down[0].width + inputs, LAST, 5, padding=2), nn.ReLU())
        self.answer, self.rectified = nn.Conv2d(LAST + inputs, 1, 5, padding=2), rectified

    def forward(self, planes: Tensor) -> Tensor:
        skips = [planes]
        for layer in self.down:
            skips.append(layer(skips[-1]))
        x = skips.pop()
        for k, layer in enumerate(self.up):
            x = layer(x if k == 0 else torch.cat([x, skips.pop()], dim=1))
        x = self.near(torch.cat([x, skips.pop(), planes], dim=1))
        answer = torch.as_tensor(self.answer(torch.cat([x, planes], dim=1)))
        return answer.relu() if self.rectified else answer


def _convolution(inputs: int, layer: _Layer) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Conv2d(inputs, layer.width, layer.kernel, padding=layer.kernel // 2), nn.ReLU()]
    return nn.Sequential(*parts, *([nn.MaxPool2d(layer.pool)] if layer.pool > 1 else []))


def _upwards(inputs: int, outputs: int, undone: _Layer, *, fine: bool) -> nn.Sequential:
    """Undo a layer of the way down: a transposed convolution where it pooled, else a convolution of its kernel."""
    if undone.pool == 1:
        return nn.Sequential(nn.Conv2d(inputs, outputs, undone.kernel, padding=undone.kernel // 2), nn.ReLU())
    kernel = 6 if fine else 4
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, padding=kernel // 2 - 1), nn.ReLU())
