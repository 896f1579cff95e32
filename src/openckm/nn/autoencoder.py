"""A convolutional autoencoder of maps: 4 x 4 cells become one place of a few numbers, and come back.

It begins as the best linear code of blocks of 4 x 4 cells (principal components, `fit_linear`), with residual networks
around it that begin at zero: training can only add to what linear algebra gives at once. There is no normalisation, so
that levels are kept, and no bottleneck but the number of latent planes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError


@dataclass(frozen=True)
class AutoencoderOptions:
    """Size of an autoencoder.

    Attributes:
        channels: the channels of a map.
        latent: planes of the latent.
        width: channels at half the side; twice as many at a quarter.
        blocks: residual blocks at each side, in each direction.
    """

    channels: int = 5
    latent: int = 18
    width: int = 24
    blocks: int = 1

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
            _zero(nn.Conv2d(wide, o.latent, 3, padding=1)),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(o.latent, wide, 3, padding=1), *_blocks(wide, o.blocks),
            nn.Conv2d(wide, 4 * o.width, 3, padding=1), nn.PixelShuffle(2), *_blocks(o.width, o.blocks),
            _zero(nn.Conv2d(o.width, 4 * o.channels, 3, padding=1)), nn.PixelShuffle(2),
        )  # fmt: skip
        self.fold = nn.Conv2d(o.channels, o.latent, o.factor, stride=o.factor)
        self.unfold = nn.ConvTranspose2d(o.latent, o.channels, o.factor, stride=o.factor)
        self.register_buffer("centre", torch.zeros(o.latent))
        self.register_buffer("scale", torch.ones(o.latent))

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent of maps.

        Raises:
            OptionError: if the sides are not divisible by 4.
        """
        if x.shape[-2] % 4 or x.shape[-1] % 4:
            raise OptionError(f"maps of {tuple(x.shape[-2:])} cells: wanted sides divisible by 4; pad them")
        z: Tensor = self.fold(x) + self.encoder(x)
        return (z - self._plane("centre")) / self._plane("scale")

    def decode(self, z: Tensor) -> Tensor:
        """Return the maps of latents."""
        raw = z * self._plane("scale") + self._plane("centre")
        x: Tensor = self.unfold(raw) + self.decoder(raw)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return maps as they come back."""
        return self.decode(self.encode(x))

    @torch.no_grad()
    def fit_linear(self, maps: Tensor, weights: Tensor) -> None:
        """Set the linear part to the principal components of blocks of 4 x 4 cells.

        Args:
            maps: [B, C, H, W].
            weights: how much a channel's squared error counts, [C].
        """
        n, side = self.options.channels, self.options.factor
        blocks = functional.unfold(maps, side, stride=side).transpose(1, 2).reshape(-1, n * side**2).double()
        root = weights.double().sqrt().repeat_interleave(side**2)
        level = blocks.reshape(len(blocks), n, -1).mean((0, 2))  # one a channel, as a bias can say
        centred = (blocks - level.repeat_interleave(side**2)) * root
        vectors = torch.linalg.eigh(centred.T @ centred)[1].flip(1)[:, : self.options.latent]
        shape = (self.options.latent, n, side, side)
        self.fold.weight.copy_((vectors.T * root).reshape(shape))
        self.fold.bias.copy_(-(vectors.T @ (level.repeat_interleave(side**2) * root)))  # type: ignore[union-attr]
        self.unfold.weight.copy_((vectors.T / root).reshape(shape))
        self.unfold.bias.copy_(level)  # type: ignore[union-attr]

    @torch.no_grad()
    def standardise(self, maps: Tensor) -> None:
        """Fix shift and scale of the latent planes by some maps [B, C, H, W]."""
        z = self.fold(maps) + self.encoder(maps)
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


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [_Block(width) for _ in range(count)]
