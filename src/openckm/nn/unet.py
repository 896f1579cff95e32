"""A convolutional U-Net on pixel-unshuffled maps, steered by scalars, with attention at its coarsest level.

Sources: O. Ronneberger, P. Fischer, T. Brox, U-Net, 2015; T. Karras, M. Aittala, T. Aila, S. Laine, Elucidating the
Design Space of Diffusion-Based Generative Models, 2022 (the role it plays here).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError
from openckm.nn.layers import Attention, FourierEmbedding, ResBlock, group_norm, zero_init
from openckm.nn.recompute import POLICIES, check_policy, recomputed


@dataclass(frozen=True)
class UNetOptions:
    """Size of a U-Net.

    Attributes:
        inputs: input planes.
        outputs: output planes.
        scalars: steering scalars.
        widths: channels of each level, finest first.
        blocks: residual blocks per level, in the encoder and in the decoder.
        unshuffle: factor by which pixels are folded into channels at the entrance.
        steering: length of the steering vector.
    """

    inputs: int
    outputs: int
    scalars: int = 1
    widths: tuple[int, ...] = (48, 96, 144, 192)
    blocks: int = 2
    unshuffle: int = 2
    steering: int = 192

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return int(self.unshuffle * 2 ** (len(self.widths) - 1))


class UNet(nn.Module):
    """Maps planes [B, inputs, H, W] and scalars [B, scalars] to [B, outputs, H, W]; H, W divisible by `multiple`.

    Attributes:
        recompute: one of `policies`; what of the levels is recomputed in the backward pass.
        policies: those that this network knows.
    """

    policies = POLICIES[:-1]

    def __init__(self, options: UNetOptions) -> None:
        super().__init__()
        self.options, self.recompute = options, "none"
        fold, steering, widths = options.unshuffle**2, options.steering, options.widths
        self.embed = FourierEmbedding()
        embedded = options.scalars * 2 * self.embed.get_buffer("omega").numel()
        self.steer = nn.Sequential(nn.Linear(embedded, steering), nn.SiLU(), nn.Linear(steering, steering), nn.SiLU())
        self.entrance = nn.Conv2d(options.inputs * fold, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList()
        previous = widths[0]
        for width in widths:
            stage = [ResBlock(previous if k == 0 else width, width, steering) for k in range(options.blocks)]
            self.encoder.append(nn.ModuleList(stage))
            previous = width
        self.middle = nn.ModuleList([ResBlock(previous, previous, steering), ResBlock(previous, previous, steering)])
        self.attention = Attention(previous)
        self.decoder = nn.ModuleList()
        for width in reversed(widths):
            stage = [ResBlock(previous + width if k == 0 else width, width, steering) for k in range(options.blocks)]
            self.decoder.append(nn.ModuleList(stage))
            previous = width
        self.exit_norm = group_norm(previous)
        self.exit = zero_init(nn.Conv2d(previous, options.outputs * fold, 3, padding=1))

    def forward(self, planes: Tensor, scalars: Tensor) -> Tensor:
        """Run the network.

        Raises:
            OptionError: if the map sides are not divisible by `options.multiple`.
        """
        step = self.options.multiple
        if planes.shape[-2] % step or planes.shape[-1] % step:
            raise OptionError(f"map of {tuple(planes.shape[-2:])} cells: each side must be divisible by {step}; pad it")
        steering = self.steer(self.embed(scalars))
        x = self.entrance(functional.pixel_unshuffle(planes, self.options.unshuffle))
        skips = []
        for level, stage in enumerate(self.encoder):
            if level:
                x = functional.avg_pool2d(x, 2)
            x = self._through(stage, x, steering)
            skips.append(x)
        x = self.middle[1](self.attention(self.middle[0](x, steering)), steering)
        for level, stage in enumerate(self.decoder):
            if level:
                x = functional.interpolate(x, scale_factor=2, mode="nearest")
            x = torch.cat([x, skips.pop()], dim=1)
            x = self._through(stage, x, steering)
        x = self.exit(functional.silu(self.exit_norm(x)))
        return functional.pixel_shuffle(x, self.options.unshuffle)

    def _through(self, stage: nn.Module, x: Tensor, steering: Tensor) -> Tensor:
        blocks = list(_blocks(stage))
        if self.recompute == "none":
            for block in blocks:
                x = block(x, steering)
            return x
        return torch.as_tensor(recomputed(blocks, check_policy(self.recompute, self.policies), x, steering))


def _blocks(stage: nn.Module) -> nn.ModuleList:
    if not isinstance(stage, nn.ModuleList):
        raise OptionError(f"a stage of the U-Net must be a ModuleList, got {type(stage).__name__}")
    return stage
