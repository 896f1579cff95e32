"""A convolutional autoencoder of maps: 4 x 4 cells become one place of a few numbers, and come back.

Folding twice by 2 (pixel unshuffle) with residual blocks in between; no normalisation, so that levels are kept, and no
bottleneck but the number of latent planes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError

__all__ = ["AutoencoderOptions", "MapAutoencoder"]


@dataclass(frozen=True)
class AutoencoderOptions:
    """Size of an autoencoder.

    Attributes:
        channels: of a map.
        latent: planes of the latent.
        width: channels at half the side; twice as many at a quarter.
        blocks: residual blocks at each side, in each direction.
    """

    channels: int = 5
    latent: int = 16
    width: int = 48
    blocks: int = 2

    factor = 4
    """Cells along a side that become one place."""


class MapAutoencoder(nn.Module):
    """Maps [B, C, H, W] to latents [B, latent, H / 4, W / 4] and back; H and W divisible by 4.

    Latents are shifted and scaled to mean 0 and standard deviation 0.5 a plane, once they are known (`standardise`).
    """

    def __init__(self, options: AutoencoderOptions | None = None) -> None:
        super().__init__()
        self.options = o = options or AutoencoderOptions()
        wide = 2 * o.width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2), nn.Conv2d(4 * o.channels, o.width, 3, padding=1), *_blocks(o.width, o.blocks),
            nn.PixelUnshuffle(2), nn.Conv2d(4 * o.width, wide, 3, padding=1), *_blocks(wide, o.blocks),
            nn.Conv2d(wide, o.latent, 3, padding=1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(o.latent, wide, 3, padding=1), *_blocks(wide, o.blocks),
            nn.Conv2d(wide, 4 * o.width, 3, padding=1), nn.PixelShuffle(2), *_blocks(o.width, o.blocks),
            nn.Conv2d(o.width, 4 * o.channels, 3, padding=1), nn.PixelShuffle(2),
        )  # fmt: skip
        self.register_buffer("centre", torch.zeros(o.latent))
        self.register_buffer("scale", torch.ones(o.latent))

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent of maps.

        Raises:
            OptionError: if the sides are not divisible by 4.
        """
        if x.shape[-2] % 4 or x.shape[-1] % 4:
            raise OptionError(f"maps of {tuple(x.shape[-2:])} cells: wanted sides divisible by 4; pad them")
        z: Tensor = self.encoder(x)
        return (z - self._plane("centre")) / self._plane("scale")

    def decode(self, z: Tensor) -> Tensor:
        """Return the maps of latents."""
        x: Tensor = self.decoder(z * self._plane("scale") + self._plane("centre"))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return maps as they come back."""
        return self.decode(self.encode(x))

    @torch.no_grad()
    def standardise(self, maps: Tensor) -> None:
        """Fix shift and scale of the latent planes by some maps [B, C, H, W]."""
        z = self.encoder(maps)
        self.get_buffer("centre").copy_(z.mean((0, 2, 3)))
        self.get_buffer("scale").copy_(2.0 * z.std((0, 2, 3)).clamp(min=1e-6))

    def _plane(self, name: str) -> Tensor:
        return self.get_buffer(name)[:, None, None]


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x + self.second(functional.silu(self.first(functional.silu(x)))))


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [_Block(width) for _ in range(count)]
