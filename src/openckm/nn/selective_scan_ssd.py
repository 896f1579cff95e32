r"""The scan as matrix products (Mamba-2): one decay per head, g_t = dt_t A[head] <= 0.

With S_t the sum of g up to token t of its chunk and M_t = S_t - g_t / 2 its middle, what token j leaves for token i is

    C_i . B_j dt_j exp(S_i - S_j)              = C'_i . B'_j exp(-|M_i - M_j|)     read forwards,  j <= i       (1)
    C_i . B_j dt_j exp(S_{j-1} - S_{i-1})      = C'_i . B'_j exp(-|M_i - M_j|)     read backwards, j >= i       (2)

with C'_i = C_i exp(g_i / 2) and B'_j = B_j dt_j exp(-g_j / 2) (3): for a reading in both directions every chunk is one
matrix product with all of its tokens, where a token counts itself twice. Between chunks of Q tokens, with h and k the
states that enter from the left and from the right,

    y_i += C'_i (exp(M_i) h + exp(S_Q - M_i) k)                                                                 (4)
    h'   = exp(S_Q) h + sum_j exp(S_Q - M_j) B'_j x_j,      k' = exp(S_Q) k + sum_j exp(M_j) B'_j x_j           (5)

No exponent above is positive but -g / 2, and a decay below exp(-_FORGOTTEN), which is nothing in float32, is counted as
exp(-_FORGOTTEN); that also keeps S small enough for its differences to be exact. Decays are float32; products are of
the type of the tokens. Exponentials are powers of 2, which torch computes several times faster.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

LOG2_E = 1.0 / math.log(2.0)
BLOCK = 131_072
"""Weights between tokens at a time: chunks are treated in blocks that fit into a core's cache."""
_FORGOTTEN = 20.0
"""Strongest decay of one token that counts, as -ln: e^-20 = 2e-9."""


def dual_scan(
    x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None, chunk: int, *, both: bool = False
) -> Tensor:
    """Return y [B, L, H, P] of `openckm.nn.selective_scan.state_space_dual`, in the type of x.

    Args:
        x: tokens [B, L, H, P].
        dt: step sizes [B, L, H], float32 as all that follow.
        a: A [H].
        b: input maps [B, L, N].
        c: output maps [B, L, N].
        d: skip [H], or None.
        chunk: Q, tokens of a chunk.
        both: add the answers of the sequences read from the end.
    """
    batch, length, heads, width = x.shape
    size = min(chunk, length)
    room = -length % size
    if room:
        dt, b, c = (functional.pad(t, (0, 0, 0, room)) for t in (dt, b, c))
        x = functional.pad(x, (0, 0, 0, 0, 0, room))
    count = (length + room) // size
    x, dt, b, c = (t.reshape(batch * count, size, *t.shape[2:]) for t in (x, dt, b, c))
    tokens = x.transpose(1, 2).reshape(batch * count * heads, size, width)
    given = _given(dt, a, b, c, tokens.dtype, both)
    ends = (given.into.transpose(1, 2) @ tokens).float().view(batch, count, heads, -1, width)  # sums of (5)
    passing = given.passing.view(batch, count, heads)
    sides = torch.split(ends, b.shape[-1], 3)
    states = torch.cat([_carry(passing, side, k == 1) for k, side in enumerate(sides)], 3)
    states = states.view(len(tokens), -1, width).to(tokens.dtype)
    fields = (given.middle, given.ins, given.outs, tokens, given.out_of, states)
    blocks = zip(*(torch.split(t, max(1, BLOCK // size**2)) for t in fields), strict=True)
    y = torch.cat([_answer(m, i, o, t, r, s, both) for m, i, o, t, r, s in blocks])
    if d is not None:
        skip = (2.0 if both else 1.0) * d.to(tokens.dtype)
        y = torch.addcmul(y, tokens, skip.repeat(batch * count)[:, None, None])
    y = y.view(batch * count, heads, size, width)
    return y.transpose(1, 2).reshape(batch, count * size, heads, width)[:, :length]


class _Given(NamedTuple):
    """What chunks are given, heads beside chunks along the first axis."""

    middle: Tensor
    """M in units of ln 2, [c, Q]."""
    ins: Tensor
    """B', [c, Q, N]."""
    outs: Tensor
    """C', [c, Q, N]."""
    into: Tensor
    """What tokens leave in the states, [c, Q, N or 2 N]."""
    out_of: Tensor
    """What tokens take from the states, [c, Q, N or 2 N]."""
    passing: Tensor
    """exp(S_Q), [c]."""


def _given(dt: Tensor, a: Tensor, b: Tensor, c: Tensor, kind: torch.dtype, both: bool) -> _Given:
    """Return it, of chunks: dt [c, Q, H], A [H], B and C [c, Q, N]."""
    gain = ((dt * a).clamp(min=-_FORGOTTEN) * LOG2_E).transpose(1, 2).contiguous()  # log2 of the decays, [c, H, Q]
    summed = gain.cumsum(-1)
    middle, half = summed - 0.5 * gain, torch.exp2(0.5 * gain)
    ins = b[:, None] * (dt.transpose(1, 2) / half)[..., None]  # B' of (3)
    outs = c[:, None] * half[..., None]  # C' of (3)
    early, late = (torch.exp2(t)[..., None] for t in (middle, summed[..., -1:] - middle))
    into = torch.cat([late * ins, early * ins], -1) if both else late * ins
    out_of = torch.cat([early * outs, late * outs], -1) if both else early * outs
    maps = [t.flatten(0, 1).to(kind) for t in (ins, outs, into, out_of)]
    return _Given(middle.flatten(0, 1), maps[0], maps[1], maps[2], maps[3], torch.exp2(summed[..., -1]).flatten())


def _answer(
    middle: Tensor, ins: Tensor, outs: Tensor, tokens: Tensor, out_of: Tensor, states: Tensor, both: bool
) -> Tensor:
    """Return what some chunks [c, Q, P] answer to their own tokens and to the states that enter."""
    weight = _Weights.apply(middle, outs @ ins.transpose(1, 2), both)  # type: ignore[no-untyped-call]
    return torch.baddbmm(weight @ tokens, out_of, states)  # (1), (2) and (4)


def _signs(size: int, like: Tensor) -> Tensor:
    """Return 1 where j <= i and -1 above, [Q, Q]."""
    return 2.0 * torch.ones(size, size, device=like.device).tril() - 1.0


class _Weights(torch.autograd.Function):
    """exp(-|M_i - M_j|) C'_i . B'_j of chunks [c, Q, Q], doubled for i = j or without j > i; M in units of ln 2."""

    @staticmethod
    def forward(ctx: Any, middle: Tensor, product: Tensor, both: bool) -> Tensor:
        size = middle.shape[-1]
        decay = middle[..., :, None] - middle[..., None, :]
        twice = torch.eye(size, device=middle.device) if both else torch.zeros(1, device=middle.device)
        torch.addcmul(twice, decay, _signs(size, middle), out=decay).exp2_()
        decay = (decay if both else decay.tril_()).to(product.dtype)
        weight = decay * product  # (1), (2)
        ctx.save_for_backward(decay, weight)
        return weight

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        decay, weight = ctx.saved_tensors
        slope = (grads[0] * weight).float()
        slope *= _signs(slope.shape[-1], slope)
        return (slope.sum(-1) - slope.sum(-2)) / LOG2_E, grads[0] * decay, None


def _carry(passing: Tensor, ends: Tensor, back: bool) -> Tensor:
    entering: Tensor = _Carry.apply(passing, ends, back)  # type: ignore[no-untyped-call]
    return entering


def _carried(passing: Tensor, ends: Tensor, back: bool) -> Tensor:
    """Return e [B, c, H, N, P] with e = 0 at the first chunk and then p e + s of the one before (or from the end)."""
    entering = torch.empty_like(ends)
    places, added, kept = entering.unbind(1), ends.unbind(1), passing[..., None, None].unbind(1)
    order = range(len(places))
    order = order[::-1] if back else order
    places[order[0]].zero_()
    for before, now in pairwise(order):
        torch.addcmul(added[before], kept[before], places[before], out=places[now])  # (5)
    return entering


class _Carry(torch.autograd.Function):
    """The state that enters each chunk, for p [B, c, H] and s [B, c, H, N, P]."""

    @staticmethod
    def forward(ctx: Any, passing: Tensor, ends: Tensor, back: bool) -> Tensor:
        entering = _carried(passing, ends, back)
        ctx.save_for_backward(passing, entering)
        ctx.back = back
        return entering

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        """The gradient of s is what is carried the other way: it does not hold a chunk's own gradient."""
        passing, entering = ctx.saved_tensors
        d_ends = _carried(passing, grads[0].contiguous(), not ctx.back)
        return (d_ends * entering).sum((3, 4)), d_ends, None
