r"""Invertible changes of resolution: pixels folded into channels, and the orthonormal Haar transform.

The Haar transform of 2 x 2 pixels (a b; c d) is

    LL = (a + b + c + d) / 2,   LH = (b - a + d - c) / 2,   HL = (c - a + d - b) / 2,   HH = (d - b - c + a) / 2,  (1)

rotations by 45 degrees along columns, then along rows. A rotation by t is three shears (lifting),

    y += p x,    x -= sin(t) y,    y += p x,      p = tan(t / 2),                                               (2)

and a shear may round what it adds to any grid and stays invertible exactly: on the grid of
`openckm.nn.fixed_point` the transform gives back the bits of its input, and differs from the orthonormal one by a few
steps of the grid. Its derivative is taken as the orthonormal one's. Every map here has log |det| = 0: foldings
permute, shears have a unit diagonal, and the rotation's determinant is +1.

`Down` transforms both streams and sends the coarse channels down; those that are left stay in the state, where `Up`
finds them: a split instead of the copy and the concatenation of a U-Net's skips.

References:
    I. Daubechies, W. Sweldens, Factoring wavelet transforms into lifting steps, 1998. L. Dinh, J. Sohl-Dickstein,
    S. Bengio, Density estimation using real NVP, 2017 (multi-scale splits).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from openckm.errors import OptionError
from openckm.nn.fixed_point import GRID
from openckm.nn.reversible import Move, State

_SIN = math.sqrt(0.5)
_TAN = math.sqrt(2.0) - 1.0


def fold(x: Tensor, factor: int = 2) -> Tensor:
    """Fold factor x factor pixels into channels: [B, C, H, W] -> [B, C factor^2, H / factor, W / factor].

    Raises:
        OptionError: if a side is not divisible by the factor.
    """
    _require_sides(x, factor)
    return functional.pixel_unshuffle(x, factor)


def unfold(x: Tensor, factor: int = 2) -> Tensor:
    """Undo `fold`.

    Raises:
        OptionError: if the channels are not divisible by factor^2.
    """
    if x.shape[1] % factor**2:
        raise OptionError(f"{x.shape[1]} channels: wanted a number divisible by {factor**2} to be spread over pixels")
    return functional.pixel_shuffle(x, factor)


def haar(x: Tensor, *, exact: bool = False) -> Tensor:
    """Return LL, LH, HL and HH of 2 x 2 pixels: [B, C, H, W] -> [B, 4 C, H / 2, W / 2].

    Args:
        x: the maps; on the grid of `openckm.nn.fixed_point` in exact mode.
        exact: round the shears to the grid, so that `unhaar` gives back x to the bit.

    Raises:
        OptionError: if a side is odd.
    """
    _require_sides(x, 2)
    return torch.as_tensor(_Haar.apply(x, exact, False))  # type: ignore[no-untyped-call]


def unhaar(x: Tensor, *, exact: bool = False) -> Tensor:
    """Undo `haar`: [B, 4 C, H, W] -> [B, C, 2 H, 2 W].

    Raises:
        OptionError: if the channels are not divisible by 4.
    """
    if x.shape[1] % 4:
        raise OptionError(f"{x.shape[1]} channels: wanted a number divisible by 4, the bands of a Haar transform")
    return torch.as_tensor(_Haar.apply(x, exact, True))  # type: ignore[no-untyped-call]


class _Haar(torch.autograd.Function):
    """The transform, or its inverse; its derivative is the orthonormal transform, whose transpose is its inverse."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, exact: bool, back: bool) -> Tensor:
        ctx.back = back
        return _backward(x, exact) if back else _forward(x, exact)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return (_forward if ctx.back else _backward)(grads[0], False), None, None


def _forward(x: Tensor, exact: bool) -> Tensor:
    low, high = _turned(x[..., 0::2], x[..., 1::2], exact)
    bands = [
        *_turned(low[..., 0::2, :], low[..., 1::2, :], exact),
        *_turned(high[..., 0::2, :], high[..., 1::2, :], exact),
    ]
    return torch.cat([bands[0], bands[2], bands[1], bands[3]], dim=1)  # (1): LL, LH, HL, HH


def _backward(x: Tensor, exact: bool) -> Tensor:
    ll, lh, hl, hh = x.chunk(4, dim=1)
    low, high = (torch.stack(_unturned(a, b, exact), dim=-2).flatten(-3, -2) for a, b in ((ll, hl), (lh, hh)))
    return torch.stack(_unturned(low, high, exact), dim=-1).flatten(-2, -1)


def _turned(a: Tensor, b: Tensor, exact: bool) -> tuple[Tensor, Tensor]:
    """Return ((a + b) / sqrt 2, (b - a) / sqrt 2)."""
    if not exact:
        return (a + b) * _SIN, (b - a) * _SIN
    b = b - _shear(a, _TAN)  # (2) with t = -45 degrees
    a = a + _shear(b, _SIN)
    return a, b - _shear(a, _TAN)


def _unturned(a: Tensor, b: Tensor, exact: bool) -> tuple[Tensor, Tensor]:
    if not exact:
        return (a - b) * _SIN, (a + b) * _SIN
    b = b + _shear(a, _TAN)
    a = a - _shear(b, _SIN)
    return a, b + _shear(a, _TAN)


def _shear(x: Tensor, by: float) -> Tensor:
    return torch.round(x * (by / GRID)).mul_(GRID)


class Down(Move):
    """Half the resolution: of every stream's 4 C Haar channels, the first `keep` go on, the others stay behind.

    Args:
        keep: channels of a stream on the coarser level, from C to 4 C.
        exact: stay on the grid.
    """

    def __init__(self, keep: int, *, exact: bool = True) -> None:
        super().__init__()
        self.keep, self.exact = keep, exact

    def forward(self, state: State, context: State) -> State:
        """Map (x1, x2, ...) to (coarse x1, coarse x2, the rest of x1, the rest of x2, ...).

        Raises:
            OptionError: if there are not so many channels, or a side is odd.
        """
        bands = [haar(x, exact=self.exact) for x in state[:2]]
        if not all(x.shape[1] <= self.keep <= 4 * x.shape[1] for x in state[:2]):
            raise OptionError(f"{self.keep} channels of {state[0].shape[1]}: wanted from as many to 4 times as many")
        coarse = [_packed(b[:, : self.keep]) for b in bands]
        return (*coarse, *(_packed(b[:, self.keep :]) for b in bands), *state[2:])

    def inverse(self, state: State, context: State) -> State:
        """Undo `forward`."""
        return _joined(state, self.exact)


class Up(Move):
    """Twice the resolution: a stream's coarse channels and those that `Down` left, transformed back.

    Args:
        keep: channels of a stream on the coarser level, as `Down` had it.
        exact: stay on the grid.
    """

    def __init__(self, keep: int, *, exact: bool = True) -> None:
        super().__init__()
        self.keep, self.exact = keep, exact
        self._down = Down(keep, exact=exact)

    def forward(self, state: State, context: State) -> State:
        """Map (coarse x1, coarse x2, the rest of x1, the rest of x2, ...) to (x1, x2, ...)."""
        return _joined(state, self.exact)

    def inverse(self, state: State, context: State) -> State:
        """Undo `forward`."""
        return self._down.forward(state, context)


def _joined(state: State, exact: bool) -> State:
    fine = [unhaar(torch.cat([x, rest], dim=1), exact=exact) for x, rest in zip(state[:2], state[2:4], strict=True)]
    return (*(_packed(x) for x in fine), *state[4:])


def _packed(x: Tensor) -> Tensor:
    """A state always lies in memory in one way, so that kernels add up in one order."""
    return x.contiguous(memory_format=torch.channels_last)


def _require_sides(x: Tensor, factor: int) -> None:
    if x.shape[-2] % factor or x.shape[-1] % factor:
        raise OptionError(f"map of {tuple(x.shape[-2:])} cells: each side must be divisible by {factor}; pad it")
