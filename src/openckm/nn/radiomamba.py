"""RadioMamba: a U-Net of blocks that scan the map as a sequence and convolve it, side by side (P3, Section IV).

    block   y = [x + F(x)] + M(LN(x)),    F = BN 1x1 GELU BN DW3x3,    M = one Mamba, read forwards and backwards
    net     3x3 stem; per encoder stage: keep the skip, blocks, 2x2 convolution of stride 2; bottleneck blocks; per
            decoder stage: 2x2 transposed convolution, concatenate the skip, 1x1 fusion, blocks; 1x1 head

The default options are the published configuration: 8,604,337 parameters, counted by a test. Options give the paper's
ablations (Tables IV, Fig. 6), other scans (`openckm.nn.scan_orders`), a plain convolutional U-Net of the same frame,
and a fold of pixels into channels at the entrance, which divides the sequence.

References:
    RadioMamba: Breaking the Accuracy-Efficiency Trade-Off in Radio Map Construction via a Hybrid Mamba-UNet. H. Jia,
    N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025, Section IV, Eq. 21-25, and its released code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError
from openckm.nn.mamba import MambaOptions, mamba_layer
from openckm.nn.scan_orders import SCANS, Order, Scan, orders

_Branches = Literal["both", "conv", "mamba"]
_Convolution = Literal["separable", "standard"]


@dataclass(frozen=True)
class RadioMambaOptions:
    """Size and kind of a RadioMamba; the defaults are the published configuration.

    Attributes:
        inputs: input planes.
        outputs: output planes.
        widths: channels of each stage, finest first; the last is the bottleneck's.
        depths: blocks of each stage, in the encoder and again in the decoder; the last is the bottleneck's.
        mamba: the Mamba layers.
        scan: the order in which cells are read.
        branches: "both", or one alone (the ablations of Fig. 6).
        convolution: "separable", or "standard" for two full 3x3 convolutions (Table IV).
        fold: side of the squares of cells that become channels at the entrance; 1 folds nothing.
        scanned: the first stage that has Mamba branches; finer ones only convolve.

    Raises:
        OptionError: if a value is unknown or not positive.
    """

    inputs: int = 3
    outputs: int = 1
    widths: tuple[int, ...] = (48, 96, 192, 384)
    depths: tuple[int, ...] = (2, 3, 4, 4)
    mamba: MambaOptions = field(default_factory=MambaOptions)
    scan: Scan = "raster"
    branches: _Branches = "both"
    convolution: _Convolution = "separable"
    fold: int = 1
    scanned: int = 0

    def __post_init__(self) -> None:
        known = (
            self.scan in SCANS and self.branches in ("both", "conv", "mamba")
            and self.convolution in ("separable", "standard")
        )  # fmt: skip
        numbers = (self.inputs, self.outputs, self.fold, *self.widths, *self.depths)
        sized = len(self.widths) == len(self.depths) and min(numbers) >= 1 and 0 <= self.scanned < len(self.widths)
        if not known or not sized:
            raise OptionError(f"{self}: unknown scan, branches or convolution, or a size that is not positive")

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return int(self.fold * 2 ** (len(self.widths) - 1))


SMALL = RadioMambaOptions(
    widths=(32, 64, 128, 192), depths=(1, 1, 2, 2), mamba=MambaOptions(states=16, form="ssd"), fold=2, scanned=1
)
"""A small configuration for a CPU."""


class MambaConvBlock(nn.Module):
    """The two branches, added: [B, C, H, W] -> [B, C, H, W]."""

    def __init__(self, width: int, options: RadioMambaOptions) -> None:
        super().__init__()
        self.branches = options.branches
        if self.branches != "mamba":
            self.conv = _convolutions(width, options.convolution)
        if self.branches != "conv":
            self.norm = nn.LayerNorm(width)
            self.mamba = mamba_layer(width, options.mamba)

    def forward(self, x: Tensor, order: tuple[Order, ...] = (None,)) -> Tensor:
        """Return the block's answer, its Mamba branch reading the cells in these orders.

        Without the convolution branch the identity that belongs to it stays.
        """
        local = x if self.branches == "mamba" else x + self.conv(x)  # P3, Eq. 21
        return torch.as_tensor(local if self.branches == "conv" else local + self._scan(x, order))  # P3, Eq. 25

    def _scan(self, x: Tensor, order: tuple[Order, ...]) -> Tensor:
        rows, cols = x.shape[-2:]
        tokens = self.norm(x.flatten(2).transpose(1, 2))  # P3, Eq. 22
        answers = [self._read(tokens, one) for one in order]
        total = answers[0] if len(answers) == 1 else torch.stack(answers).sum(0)
        return torch.as_tensor(total.transpose(1, 2).reshape(x.shape[0], -1, rows, cols))

    def _read(self, tokens: Tensor, order: Order) -> Tensor:
        if order is None:
            return torch.as_tensor(self.mamba(tokens, backwards=True))  # P3, Eq. 23-24, added
        index = order.expand(len(tokens), -1)[..., None].expand_as(tokens)
        answer = torch.as_tensor(self.mamba(tokens.gather(1, index), backwards=True))
        return torch.zeros_like(answer).scatter(1, index, answer)


def _convolutions(width: int, kind: _Convolution) -> nn.Sequential:
    if kind == "separable":
        first = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        second = nn.Conv2d(width, width, 1, bias=False)
    else:
        first, second = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
    return nn.Sequential(first, nn.BatchNorm2d(width), nn.GELU(), second, nn.BatchNorm2d(width))


class _Stage(nn.Module):
    """Blocks at one resolution."""

    def __init__(self, place: int, options: RadioMambaOptions) -> None:
        super().__init__()
        width, depth = options.widths[place], options.depths[place]
        options = options if place >= options.scanned else replace(options, branches="conv")
        self.blocks = nn.ModuleList([MambaConvBlock(width, options) for _ in range(depth)])

    def forward(self, x: Tensor, order: tuple[tuple[Order, ...], ...]) -> Tensor:
        for k, block in enumerate(self.blocks):
            x = block(x, order[k % 2])
        return x


class RadioMamba(nn.Module):
    """Maps planes [B, inputs, H, W] to planes [B, outputs, H, W]; H, W divisible by `options.multiple`."""

    def __init__(self, options: RadioMambaOptions | None = None) -> None:
        super().__init__()
        self.options = o = options or RadioMambaOptions()
        pairs = list(zip(o.widths, o.widths[1:], strict=False))
        self.stem = nn.Conv2d(o.inputs * o.fold**2, o.widths[0], 3, padding=1)
        self.encoder = nn.ModuleList([_Stage(k, o) for k in range(len(pairs))])
        self.down = nn.ModuleList([nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairs])
        self.bottleneck = _Stage(len(pairs), o)
        self.up = nn.ModuleList([nn.ConvTranspose2d(coarse, fine, 2, stride=2) for fine, coarse in pairs])
        self.fuse = nn.ModuleList([nn.Conv2d(2 * fine, fine, 1) for fine, _ in pairs])
        self.decoder = nn.ModuleList([_Stage(k, o) for k in range(len(pairs))])
        self.head = nn.Conv2d(o.widths[0], o.outputs * o.fold**2, 1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, planes: Tensor, source: Tensor | None = None) -> Tensor:
        """Run the network.

        Args:
            planes: [B, inputs, H, W].
            source: (row, column) of the transmitter in cells [B, 2]; wanted by a scan along rays.

        Raises:
            OptionError: if the map sides are not divisible by `options.multiple`, or a transmitter is missing.
        """
        o = self.options
        if planes.shape[-2] % o.multiple or planes.shape[-1] % o.multiple:
            sides = tuple(planes.shape[-2:])
            raise OptionError(f"map of {sides} cells: each side must be divisible by {o.multiple}; pad or crop it")
        x = self.stem(functional.pixel_unshuffle(planes, o.fold).contiguous(memory_format=torch.channels_last))
        skips = []
        for stage, down in zip(self.encoder, self.down, strict=True):
            skips.append(x)
            x = down(stage(x, self._orders(x, planes, source)))
        x = self.bottleneck(x, self._orders(x, planes, source))
        for stage, up, fuse in reversed(list(zip(self.decoder, self.up, self.fuse, strict=True))):
            x = fuse(torch.cat([up(x), skips.pop()], dim=1))
            x = stage(x, self._orders(x, planes, source))
        return functional.pixel_shuffle(self.head(x), o.fold)

    def _orders(self, x: Tensor, planes: Tensor, source: Tensor | None) -> tuple[tuple[Order, ...], ...]:
        if self.options.branches == "conv":
            return (None,), (None,)
        rows, cols = (int(n) for n in x.shape[-2:])
        place = None if source is None else source.to(x.device)
        return orders(self.options.scan, (rows, cols), place, planes.shape[-2] / rows)
