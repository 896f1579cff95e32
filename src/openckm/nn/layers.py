"""Layers of the U-Nets: residual blocks steered by a vector, and one block of global attention."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a group norm with groups of about 16 channels."""
    groups = max(g for g in range(1, channels // 16 + 1) if channels % g == 0) if channels >= 16 else 1
    return nn.GroupNorm(groups, channels, eps=1e-5)


def zero_init(layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
    """Set a layer's weights to zero, so that the block which it closes starts as the identity."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class FourierEmbedding(nn.Module):
    """Sines and cosines of scalars at geometrically spaced frequencies: [B, n] -> [B, n * 2 * frequencies]."""

    def __init__(self, frequencies: int = 12, lowest: float = 0.25, highest: float = 16.0) -> None:
        super().__init__()
        omega = torch.exp(torch.linspace(math.log(lowest), math.log(highest), frequencies))
        self.register_buffer("omega", omega, persistent=False)

    def forward(self, scalars: Tensor) -> Tensor:
        """Embed scalars of shape [B, n]."""
        angle = scalars[..., None] * self.get_buffer("omega")
        return torch.cat([angle.sin(), angle.cos()], dim=-1).flatten(1)


class ResBlock(nn.Module):
    """x + conv(silu(scale * norm(conv(silu(norm(x)))) + shift)), scale and shift from the steering vector.

    Source: W. Peebles, S. Xie, Scalable Diffusion Models with Transformers, 2023 (adaptive norm); P. Dhariwal,
    A. Nichol, Diffusion Models Beat GANs on Image Synthesis, 2021.
    """

    def __init__(self, inputs: int, outputs: int, steering: int) -> None:
        super().__init__()
        self.norm1 = group_norm(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = group_norm(outputs)
        self.conv2 = zero_init(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.steer = nn.Linear(steering, 2 * outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, steering: Tensor) -> Tensor:
        """Map [B, inputs, H, W] and [B, steering] to [B, outputs, H, W]."""
        return torch.as_tensor(self.skip(x) + self.branch(x, steering))

    def branch(self, x: Tensor, steering: Tensor, added: Tensor | None = None) -> Tensor:
        """Return what the block adds to its skip; `added` [B, inputs, H, W] joins the first norm's output."""
        h = self.norm1(x) if added is None else self.norm1(x) + added
        h = self.conv1(functional.silu(h))
        scale, shift = self.steer(steering)[:, :, None, None].chunk(2, dim=1)
        return torch.as_tensor(self.conv2(functional.silu(self.norm2(h) * (1 + scale) + shift)))


class Attention(nn.Module):
    """Multi-head self-attention over all positions of a small feature map, added to its input."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = group_norm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zero_init(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C, H, W]."""
        return torch.as_tensor(x + self.branch(x))

    def branch(self, x: Tensor) -> Tensor:
        """Return what the attention adds to its input."""
        batch, channels, rows, cols = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, 3, self.heads, channels // self.heads, rows * cols)
        q, k, v = qkv.transpose(-1, -2).unbind(1)
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return torch.as_tensor(self.out(mixed.transpose(-1, -2).reshape(batch, channels, rows, cols)))
