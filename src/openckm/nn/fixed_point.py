"""A grid of fixed-point numbers on which additions are exact, so that what was added can be taken away to the bit.

A number is brought onto the grid as x -> g round(x / g) (1), g = 2^-12, with the rounding's derivative taken as 1
(straight-through). Sums of multiples of g below 2^24 g = 4096 are exact in float32.

References:
    Y. Bengio, N. Léonard, A. Courville, Estimating or propagating gradients through stochastic neurons for conditional
    computation, 2013.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

GRID = 2.0**-12
"""Step g of the grid that states lie on in exact mode."""
LIMIT = 2048.0
"""Largest magnitude of a state in exact mode; a Haar transform of such values is still exact."""


class _Rounded(torch.autograd.Function):
    """g round(x / g), whose derivative is taken as 1."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.round(x * (1.0 / GRID)).mul_(GRID)  # (1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


def on_grid(x: Tensor) -> Tensor:
    """Return x as float32 on the grid of fixed-point numbers; the derivative of the rounding is taken as 1."""
    return torch.as_tensor(_Rounded.apply(x.float()))  # type: ignore[no-untyped-call]
