r"""The exact Mamba-1 scan without a GPU, in one of two ways.

Where no gradient is wanted and a token has states enough to be worth a call (`WIDE`), tokens are taken one by one, but
their decays, inputs and answers in blocks: each exponential is computed once, and a token costs one multiply-add.

Else all chunks of a sequence go side by side, forward and backward. A sequence of L tokens becomes K steps of L / K
chunks. With P = exp(A sum dt) of a whole chunk,

    1. every chunk is run from a zero state; only its last state s is kept
    2. chunk by chunk, h_start' = P h_start + s                      (L / K small steps)                        (1)
    3. every chunk is run again from its true first state, and answers

so that each exponential is of dt A <= 0 and no cumulated decay is ever divided by. Backward, with the adjoint

    g_t = dL/dy_t C_t + exp(dt_{t+1} A) g_{t+1}                                                                 (2)

the same three passes run from the end, over the states that are made again from the chunks' first ones. Chunks lie
along the last axis, so that every elementwise step is a run over contiguous memory, and channels are taken in blocks
whose states fit into a core's cache. Exponentials are powers of 2, which torch computes several times faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

LOG2_E = 1.0 / math.log(2.0)
BLOCK = 131_072
"""States of a block of channels, as many as a second-level cache and the cost of a call allow for."""
SERIAL = 196_608
"""States of a block of tokens, as many as that too."""


WIDE = 4096
"""States of a token, all sequences together, from which tokens are taken one by one."""


def exact_scan(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Return y [B, L, E] of `openckm.nn.selective_scan.selective_scan` without skip; all arguments are float32."""
    learning = torch.is_grad_enabled() and any(t.requires_grad for t in (x, dt, a, b, c))
    serial = x.device.type == "cpu" and not learning and x.shape[0] * a.numel() >= WIDE
    return (serial_scan if serial else chunked_scan)(x, dt, a, b, c)


def serial_scan(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Return what `exact_scan` does, tokens one by one; no gradient passes."""
    (batch, length, channels), states = x.shape, a.shape[1]
    rates = (a.t() * LOG2_E).contiguous()
    dt, u, b, c = (t.transpose(0, 1).contiguous() for t in (dt, dt * x, b, c))
    size = min(length, max(1, SERIAL // (batch * a.numel())))
    decay, state = torch.empty(2, size, batch, states, channels, device=x.device)
    y = torch.empty(length, batch, 1, channels, device=x.device)
    last = torch.zeros(batch, states, channels, device=x.device)
    for k in range(0, length, size):
        count = min(size, length - k)
        span = slice(k, k + count)
        torch.mul(dt[span, :, None], rates, out=decay[:count]).exp2_()
        torch.mul(u[span, :, None], b[span, ..., None], out=state[:count])
        before = last
        for passing, now in zip(decay[:count].unbind(), state[:count].unbind(), strict=True):
            before = now.addcmul_(passing, before)  # P3, Eq. 14
        last = before.clone()
        answers = y[span].view(-1, 1, channels)
        torch.bmm(c[span].view(-1, 1, states), state[:count].view(-1, states, channels), out=answers)  # P3, Eq. 15
    return y[:, :, 0].transpose(0, 1)


def chunked_scan(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Return what `exact_scan` does, chunks side by side."""
    length = x.shape[1]
    steps = steps_of(length)
    room = -length % steps
    if room:
        x, dt, b, c = (functional.pad(t, (0, 0, 0, room)) for t in (x, dt, b, c))
    y: Tensor = _ChunkedScan.apply(x, dt, a, b, c, steps)  # type: ignore[no-untyped-call]
    return y[:, :length]


def steps_of(length: int) -> int:
    """Return K, the tokens of a chunk, for a sequence: about half the root of its length, 1 to 128."""
    return int(min(128, max(1, 2 ** round(math.log2(max(length, 1)) / 2 - 1))))


class _Parts(NamedTuple):
    """A sequence cut into chunks; G chunks of all items lie along the last axis."""

    dt: Tensor  # [K, E, G]
    u: Tensor  # dt x, [K, E, G]
    a: Tensor  # [E, N]
    b: Tensor  # [K, N, G]
    c: Tensor  # [K, N, G]
    batch: int

    @property
    def binary(self) -> Tensor:
        """A / ln 2: exp(dt A) = 2^(dt binary)."""
        return self.a * LOG2_E

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        steps, channels, chunks = self.dt.shape
        return int(steps), int(channels), int(self.a.shape[1]), int(chunks)

    def blocks(self) -> Iterator[slice]:
        _, channels, states, chunks = self.sizes
        size = max(1, BLOCK // (states * chunks))
        return (slice(k, min(k + size, channels)) for k in range(0, channels, size))


def _cut(t: Tensor, steps: int) -> Tensor:
    """[B, L, F] -> [K, F, B L / K]."""
    batch, length, features = t.shape
    chunks = batch * (length // steps)
    return t.reshape(chunks, steps * features).t().contiguous().view(steps, features, chunks)


def _join(t: Tensor, batch: int) -> Tensor:
    """[K, F, G] -> [B, L, F]."""
    steps, features, chunks = t.shape
    return t.reshape(steps * features, chunks).t().contiguous().view(batch, -1, features)


class _ChunkedScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, steps: int) -> Tensor:
        parts = _Parts(_cut(dt, steps), _cut(dt * x, steps), a, _cut(b, steps), _cut(c, steps), x.shape[0])
        last = torch.empty(*a.shape, parts.sizes[-1], device=x.device)
        for block in parts.blocks():
            last[block] = _run(parts, block, torch.zeros_like(last[block]))
        first = _carry(_whole_decay(parts), last, parts.batch)
        y = torch.empty_like(parts.dt)
        for block in parts.blocks():
            _run(parts, block, first[block].clone(), y)
        ctx.save_for_backward(x, dt, a, b, c, first)
        ctx.steps = steps
        return _join(y, parts.batch)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, dt, a, b, c, first = ctx.saved_tensors
        steps = ctx.steps
        parts = _Parts(_cut(dt, steps), _cut(dt * x, steps), a, _cut(b, steps), _cut(c, steps), x.shape[0])
        found = _Adjoint(parts, first, _cut(grads[0].contiguous(), steps))
        d_u, d_dt, d_b, d_c = (_join(t, parts.batch) for t in (found.u, found.dt, found.b, found.c))
        return d_u * dt, d_dt + d_u * x, found.a, d_b, d_c, None


def _run(parts: _Parts, block: slice, state: Tensor, y: Tensor | None = None) -> Tensor:
    """Run every chunk of a block of channels from `state` [e, N, G], changed in place; fill y where it is given."""
    rates = parts.binary[block, :, None]
    scratch = torch.empty_like(state)
    answers = [None] * len(parts.dt) if y is None else y[:, block].unbind()
    inputs = (parts.dt[:, block, None].unbind(), parts.u[:, block, None].unbind(), parts.b.unbind(), parts.c.unbind())
    for dt, u, b, c, answer in zip(*inputs, answers, strict=True):
        state.mul_(torch.mul(dt, rates, out=scratch).exp2_()).addcmul_(u, b)  # P3, Eq. 12, 14
        if answer is not None:
            torch.sum(torch.mul(state, c, out=scratch), 1, out=answer)  # P3, Eq. 15
    return state


def _whole_decay(parts: _Parts) -> Tensor:
    """Return P = exp(A sum dt) of every chunk, [E, N, G]."""
    return torch.exp2(parts.dt.sum(0)[:, None] * parts.binary[:, :, None])  # P of (1)


def _carry(decay: Tensor, last: Tensor, batch: int, *, back: bool = False) -> Tensor:
    """Return the state that enters each chunk, [E, N, G]: h' = decay h + last from chunk to chunk (or from the end)."""
    shape = (*last.shape[:2], batch, last.shape[2] // batch)
    passing, added = (t.reshape(shape).permute(3, 0, 1, 2).contiguous() for t in (decay, last))
    entering = torch.zeros_like(added)
    order = range(len(added) - 1, 0, -1) if back else range(len(added) - 1)
    step = -1 if back else 1
    for k in order:
        torch.addcmul(added[k], passing[k], entering[k], out=entering[k + step])  # (1)
    return entering.permute(1, 2, 3, 0).reshape(last.shape).contiguous()


class _Adjoint:
    """The gradients of all arguments, given those of y [K, E, G]."""

    def __init__(self, parts: _Parts, first: Tensor, d_y: Tensor) -> None:
        self.parts, self.first, self.d_y, self.binary = parts, first, d_y, parts.binary
        self.u, self.dt = torch.empty_like(parts.u), torch.empty_like(parts.dt)
        self.a, self.b, self.c = torch.empty_like(parts.a), torch.zeros_like(parts.b), torch.zeros_like(parts.c)
        leaving = torch.empty_like(first)
        for block in parts.blocks():
            leaving[block] = self._from_zero(block)
        entering = _carry(_whole_decay(parts), leaving, parts.batch, back=True)
        for block in parts.blocks():
            self._finish(block, entering[block])

    def _decay(self, t: int, block: slice, out: Tensor) -> Tensor:
        torch.mul(self.parts.dt[t, block, None], self.binary[block, :, None], out=out)
        return out.exp2_()

    def _from_zero(self, block: slice) -> Tensor:
        """Run the adjoint of every chunk from zero; return what flows out at its beginning, exp(dt_1 A) g_1."""
        state = torch.zeros_like(self.first[block])
        scratch = torch.empty_like(state)
        for t in range(self.parts.dt.shape[0] - 1, -1, -1):
            state.addcmul_(self.d_y[t, block, None], self.parts.c[t])
            state.mul_(self._decay(t, block, scratch))  # (2), from zero
        return state

    def _finish(self, block: slice, flow: Tensor) -> None:
        """Make the states again, then run the adjoint from what flows in at the chunks' ends, [e, N, G]."""
        parts, steps = self.parts, self.parts.dt.shape[0]
        rates = parts.a[block, :, None]
        states = torch.empty(steps + 1, *flow.shape, device=flow.device)
        decays = torch.empty(steps, *flow.shape, device=flow.device)
        states[0] = self.first[block]
        for t in range(steps):
            torch.mul(states[t], self._decay(t, block, decays[t]), out=states[t + 1])
            states[t + 1].addcmul_(parts.u[t, block, None], parts.b[t])
        d_a = torch.zeros_like(flow)
        scratch, flow = torch.empty_like(flow), flow.clone()
        for t in range(steps - 1, -1, -1):
            d_y = self.d_y[t, block, None]
            flow.addcmul_(d_y, parts.c[t])  # (2)
            self.c[t] += torch.mul(states[t + 1], d_y, out=scratch).sum(0)
            self.b[t] += torch.mul(flow, parts.u[t, block, None], out=scratch).sum(0)
            torch.sum(torch.mul(flow, parts.b[t], out=scratch), 1, out=self.u[t, block])
            flow.mul_(decays[t])
            torch.mul(flow, states[t], out=scratch)
            d_a.addcmul_(scratch, parts.dt[t, block, None])
            torch.sum(scratch.mul_(rates), 1, out=self.dt[t, block])
        self.a[block] = d_a.sum(-1)
