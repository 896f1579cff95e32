"""An end-to-end network: readings in, map out, one call. The rival of prior and likelihood in P1's comparison.

It is the prior's own U-Net without time, and it answers what it is given plus a correction:
    x = base + F(planes)
where `base` is the readings themselves as a map. The correction starts at zero, so that little training goes far.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Section IV-B (end-to-end baselines of the identical backbone).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from openckm.nn.unet import UNet, UNetOptions


@dataclass(frozen=True)
class TaskNetOptions:
    """Size of an end-to-end network; the default widths are those of the shipped prior.

    Attributes:
        planes: input planes.
        outputs: output planes.
        widths: channels of each level, finest first.
        blocks: residual blocks per level.
    """

    planes: int = 3
    outputs: int = 3
    widths: tuple[int, ...] = (48, 80, 112, 144)
    blocks: int = 2


class TaskNet(nn.Module):
    """Maps planes [B, planes, H, W] and a base [B, outputs, H, W] to a map [B, outputs, H, W]."""

    def __init__(self, options: TaskNetOptions | None = None) -> None:
        super().__init__()
        self.options = options or TaskNetOptions()
        o = self.options
        self.network = UNet(UNetOptions(o.planes, o.outputs, 1, o.widths, o.blocks))
        for parameter in self.network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, planes: Tensor, base: Tensor) -> Tensor:
        """Return the map.

        Raises:
            OptionError: if the map sides are not divisible by the network's multiple.
        """
        steering = torch.zeros(planes.shape[0], 1, dtype=planes.dtype, device=planes.device)
        correction = self.network(planes.contiguous(memory_format=torch.channels_last), steering)
        return base + torch.as_tensor(correction).float()
