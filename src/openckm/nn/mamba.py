"""The Mamba layer: gate, short causal convolution, selective scan; read forwards and backwards with shared weights.

    (x, z) = W_in u,   x = silu(conv(x)),   (dt, B, C) = W_x x,   dt = softplus(W_dt dt + b)
    y = scan(x, dt, -exp(A_log), B, C, D) silu(z),   out = W_out y

Form "s6" is Mamba-1, with the names and shapes of its parameters in the package mamba-ssm, so that its checkpoints can
be read; form "ssd" has one step and one decay per head of `head` channels (Mamba-2's recurrence).

References:
    Mamba: Linear-Time Sequence Modeling with Selective State Spaces. A. Gu, T. Dao, 2023, Section 3.
    RadioMamba. H. Jia, N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025, Eq. 22-24.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError
from openckm.nn.selective_scan import selective_scan, state_space_dual

__all__ = ["Mamba", "MambaOptions"]

Form = Literal["s6", "ssd"]
STEP_RANGE = (1e-3, 0.1)
"""Step sizes at the start of a training lie between these, evenly in their logarithm."""


@dataclass(frozen=True)
class MambaOptions:
    """Size of a Mamba layer.

    Attributes:
        states: N, states per channel.
        kernel: width of the causal convolution [tokens].
        expand: E / D, inner channels per channel.
        form: "s6" (Mamba-1) or "ssd" (one decay per head).
        head: channels of a head, for "ssd"; at most E, which it must divide.
    """

    states: int = 32
    kernel: int = 4
    expand: int = 2
    form: Form = "s6"
    head: int = 32


class Mamba(nn.Module):
    """Maps sequences [B, L, D] to sequences [B, L, D], every token seeing those before it and, when asked, after it."""

    def __init__(self, width: int, options: MambaOptions | None = None) -> None:
        """Prepare a layer.

        Args:
            width: D, channels.
            options: sizes.

        Raises:
            OptionError: if the form is unknown or heads do not divide the inner channels.
        """
        super().__init__()
        self.options = o = options or MambaOptions()
        inner = o.expand * width
        self.heads = inner // min(o.head, inner)
        if o.form not in ("s6", "ssd") or inner % min(o.head, inner):
            raise OptionError(f"{o} for {width} channels: wanted form s6 or ssd, and heads that divide {inner}")
        self.rank = math.ceil(width / 16)
        steps = inner if o.form == "s6" else self.heads
        self.in_proj = nn.Linear(width, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, o.kernel, groups=inner, padding=o.kernel - 1)
        self.x_proj = nn.Linear(inner, self.rank + 2 * o.states, bias=False)
        self.dt_proj = nn.Linear(self.rank, steps)
        rates = torch.arange(1, o.states + 1).float().repeat(inner, 1) if o.form == "s6" else torch.ones(steps)
        self.A_log = nn.Parameter(rates.log())
        self.D = nn.Parameter(torch.ones(steps))
        self.out_proj = nn.Linear(inner, width, bias=False)
        self._start_steps()

    def _start_steps(self) -> None:
        nn.init.uniform_(self.dt_proj.weight, -(self.rank**-0.5), self.rank**-0.5)
        low, high = (math.log(v) for v in STEP_RANGE)
        step = torch.exp(low + (high - low) * torch.rand_like(self.dt_proj.bias))
        with torch.no_grad():
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))  # softplus^-1

    def forward(self, u: Tensor, *, backwards: bool = False) -> Tensor:
        """Return the answers to sequences u [B, L, D]; `backwards` adds those of the sequences read from the end."""
        x, z = self.in_proj(u).chunk(2, dim=-1)
        if not backwards:
            return torch.as_tensor(self.out_proj(self._causal(x) * functional.silu(z)))
        y = self._causal(torch.cat([x, x.flip(1)]))
        forth, back = y.chunk(2)
        return torch.as_tensor(self.out_proj((forth + back.flip(1)) * functional.silu(z)))

    def _causal(self, x: Tensor) -> Tensor:
        o = self.options
        x = functional.silu(self._convolve(x))
        told = self.x_proj(x)
        low, b, c = told.split([self.rank, o.states, o.states], dim=-1)
        dt = functional.softplus(self.dt_proj(low).float())
        a = -torch.exp(self.A_log.float())
        scan = selective_scan if o.form == "s6" else state_space_dual
        return scan(x, dt, a, b, c, self.D)

    def _convolve(self, x: Tensor) -> Tensor:
        taps = self.conv1d.weight[:, 0].to(x.dtype)
        y: Tensor = _CausalConvolution.apply(x.contiguous(), taps)  # type: ignore[no-untyped-call]
        return y if self.conv1d.bias is None else y + self.conv1d.bias.to(x.dtype)


class _CausalConvolution(torch.autograd.Function):
    """y_t = sum_k w[:, k] x_{t - K + 1 + k} for x [B, L, E] and taps w [E, K], x_t = 0 for t < 0.

    As a convolution of a picture of one row it is an order of magnitude faster on a CPU than as one of a sequence, and
    its gradient by x is one more of them; torch's own gradient is slow.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: Tensor) -> Tensor:
        ctx.save_for_backward(x, taps)
        return _row(x, taps)[:, : x.shape[1]]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, taps = ctx.saved_tensors
        d_y, width = grads[0].contiguous(), taps.shape[1]
        d_taps = torch.zeros_like(taps)
        for lag in range(min(width, x.shape[1])):
            d_taps[:, width - 1 - lag] = (d_y[:, lag:] * x[:, : x.shape[1] - lag]).sum((0, 1))
        return _row(d_y, taps.flip(1))[:, width - 1 :], d_taps


def _row(x: Tensor, taps: Tensor) -> Tensor:
    """Return the sums of K neighbours, zeros beyond the ends, [B, L + K - 1, E]."""
    picture = x.transpose(1, 2)[:, :, None]
    summed = functional.conv2d(picture, taps[:, None, None], padding=(0, taps.shape[1] - 1), groups=taps.shape[0])
    return summed[:, :, 0].transpose(1, 2)
