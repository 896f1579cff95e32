r"""The scan as matrix products (Mamba-2): one decay per head, a_t = dt_t A[head].

With S_i the sum of a up to token i of its chunk, u = dt x, and h the state that enters the chunk,

    y_i = sum_{j <= i} (C_i . B_j) exp(S_i - S_j) u_j  +  exp(S_i) C_i h
    h'  = exp(S_Q) h + sum_j exp(S_Q - S_j) B_j u_j

Differences of S are taken before the exponential and are never positive for j <= i. A decay below exp(-FORGOTTEN) is
nothing in float32 and is counted as exp(-FORGOTTEN), which keeps S small enough for its differences to be exact.
Exponentials are powers of 2, which torch computes several times faster.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["dual_scan"]

LOG2_E = 1.0 / math.log(2.0)
BLOCK = 196_608
"""Numbers of an intermediate product at a time: chunks are treated in blocks that fit into a core's cache."""
FORGOTTEN = 20.0
"""Strongest decay of one token that counts, as -ln: e^-20 = 2e-9."""


def dual_scan(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None, chunk: int) -> Tensor:
    """Return y [B, L, H, P] of `openckm.nn.selective_scan.state_space_dual`, in the type of x.

    Args:
        x: tokens [B, L, H, P].
        dt: step sizes [B, L, H], float32 as all that follow.
        a: A [H].
        b: input maps [B, L, N].
        c: output maps [B, L, N].
        d: skip [H], or None.
        chunk: Q, tokens of a chunk.
    """
    batch, length, heads, width = x.shape
    size = min(chunk, length)
    room = -length % size
    if room:
        dt, b, c = (functional.pad(t, (0, 0, 0, room)) for t in (dt, b, c))
        x = functional.pad(x, (0, 0, 0, 0, 0, room))
    count = (length + room) // size
    x, dt, b, c = (t.reshape(batch * count, size, *t.shape[2:]) for t in (x, dt, b, c))
    total = ((dt * a).clamp(min=-FORGOTTEN) * LOG2_E).cumsum(1)  # S, [B c, Q, H]
    step = max(1, BLOCK // (heads * size * max(size, width)))
    tokens, steps, sums, ins, outs = (torch.split(t, step) for t in (x, dt, total, b, c))
    parts = [_within(*block) for block in zip(tokens, steps, sums, ins, outs, strict=True)]
    ends = torch.cat([end for _, end in parts])
    passing = torch.exp2(total[:, -1])
    entering: Tensor = _Carry.apply(  # type: ignore[no-untyped-call]
        passing.reshape(batch, count, heads), ends.reshape(batch, count, -1, heads, width)
    )
    states = torch.split(entering.reshape(ends.shape), step)
    answers = []
    for (y, _), told, state, summed, token in zip(parts, outs, states, sums, tokens, strict=True):
        y = y + (told @ state).reshape(y.shape) * torch.exp2(summed)[..., None]
        answers.append((y if d is None else y + token * d[:, None]).to(x.dtype))
    return torch.cat(answers).reshape(batch, count * size, heads, width)[:, :length]


def _within(x: Tensor, dt: Tensor, total: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return what chunks of x [c, Q, H, P] answer from zero [c, Q, H, P], and their last states [c, N, H P]."""
    u = x * dt[..., None]
    weight = _lower(total.transpose(1, 2)) * (c @ b.transpose(1, 2))[:, None]
    left = torch.exp2(total[:, -1:] - total)[..., None]
    return (weight @ u.transpose(1, 2)).transpose(1, 2), b.transpose(1, 2) @ (u * left).flatten(2)


def _lower(total: Tensor) -> Tensor:
    """Return exp(S_i - S_j) for j <= i and 0 above, [..., Q, Q]; what is masked is masked before the exponential."""
    size = total.shape[-1]
    above = torch.ones(size, size, dtype=torch.bool, device=total.device).triu(1)
    return (total[..., :, None] - total[..., None, :]).masked_fill(above, -torch.inf).exp2()


class _Carry(torch.autograd.Function):
    """State that enters each chunk: h_0 = 0, h_{k+1} = p_k h_k + s_k, for p [B, c, H] and s [B, c, N, H, P]."""

    @staticmethod
    def forward(ctx: Any, passing: Tensor, ends: Tensor) -> Tensor:
        entering = torch.empty_like(ends)
        entering[:, 0] = 0.0
        rows = zip(ends.unbind(1), passing[:, :, None, :, None].unbind(1), strict=True)
        places = entering.unbind(1)
        for (end, kept), now, then in zip(rows, places, places[1:], strict=False):
            torch.addcmul(end, kept, now, out=then)
        ctx.save_for_backward(passing, entering)
        return entering

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        passing, entering = ctx.saved_tensors
        d_ends = torch.empty_like(entering)
        d_ends[:, -1] = 0.0
        kept = passing[:, :, None, :, None].unbind(1)
        slopes, places = grads[0].unbind(1), d_ends.unbind(1)
        for k in range(len(places) - 2, -1, -1):
            torch.addcmul(slopes[k + 1], kept[k + 1], places[k + 1], out=places[k])
        return (d_ends * entering).sum((2, 4)), d_ends
