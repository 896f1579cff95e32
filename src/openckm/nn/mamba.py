"""The Mamba layer: gate and selective scan; read forwards and backwards with shared weights.

Form "s6" is Mamba-1 with a short causal convolution, and has the names and shapes of the parameters of the package
mamba-ssm, so that its checkpoints can be read:

    (x, z) = W_in u,   x = silu(conv(x)),   (dt, B, C) = W_x x,   dt = softplus(W_dt dt + b)
    y = scan(x, dt, -exp(A_log), B, C, D) silu(z),   out = W_out y

Form "ssd" is made for matrix products: Mamba-2's one projection, one step and decay per head of `head` channels, and no
short convolution, so that both directions share steps and maps and every chunk of tokens is one product:

    (z, x, B, C, dt) = W_in u,   dt = softplus(dt + b),   y and out as above

References:
    Mamba: Linear-Time Sequence Modeling with Selective State Spaces. A. Gu, T. Dao, 2023, Section 3.
    Transformers are SSMs. T. Dao, A. Gu, 2024, Section 7 (parallel projections).
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
from openckm.nn.selective_scan import runs_compiled, selective_scan, state_space_dual
from openckm.nn.selective_scan_compiled import compiled_convolution, compiled_scan

Form = Literal["s6", "ssd"]
_STEP_RANGE = (1e-3, 0.1)
"""Step sizes at the start of a training lie between these, evenly in their logarithm."""


@dataclass(frozen=True)
class MambaOptions:
    """Size of a Mamba layer.

    Attributes:
        states: N, states per channel.
        kernel: width of the causal convolution of "s6" [tokens].
        expand: E / D, inner channels per channel.
        form: "s6" (Mamba-1) or "ssd" (matrix products).
        head: most channels of a head, for "ssd"; heads are as large as divides E.
    """

    states: int = 32
    kernel: int = 4
    expand: int = 2
    form: Form = "s6"
    head: int = 64


def mamba_layer(width: int, options: MambaOptions | None = None) -> Mamba | DualMamba:
    """Return a layer of the form that is asked for.

    Args:
        width: D, channels.
        options: form and sizes.

    Raises:
        OptionError: if the form is unknown.
    """
    o = options or MambaOptions()
    if o.form == "s6":
        return Mamba(width, o)
    if o.form == "ssd":
        return DualMamba(width, o)
    raise OptionError(f"{o}: wanted form s6 or ssd")


def _first_steps(count: int) -> Tensor:
    """Return what softplus turns into step sizes spread over _STEP_RANGE."""
    low, high = (math.log(v) for v in _STEP_RANGE)
    step = torch.exp(low + (high - low) * torch.rand(count))
    return step + torch.log(-torch.expm1(-step))


class DualMamba(nn.Module):
    """Maps sequences [B, L, D] to sequences [B, L, D] by matrix products; calls as those of `Mamba`."""

    def __init__(self, width: int, options: MambaOptions) -> None:
        """Prepare a layer.

        Args:
            width: D, channels.
            options: sizes.
        """
        super().__init__()
        self.options = o = options
        inner = o.expand * width
        self.heads = next(n for n in range(math.ceil(inner / o.head), inner + 1) if inner % n == 0)
        self.sizes = [inner, inner, o.states, o.states, self.heads]
        self.in_proj = nn.Linear(width, sum(self.sizes), bias=False)
        self.dt_bias = nn.Parameter(_first_steps(self.heads))
        self.A_log = nn.Parameter(torch.zeros(self.heads))
        self.D = nn.Parameter(torch.ones(self.heads))
        self.out_proj = nn.Linear(inner, width, bias=False)

    def forward(self, u: Tensor, *, backwards: bool = False) -> Tensor:
        """Return the answers to sequences u [B, L, D]; `backwards` adds those of the sequences read from the end."""
        z, x, b, c, dt = self.in_proj(u).split(self.sizes, dim=-1)
        steps = functional.softplus(dt.float() + self.dt_bias.float())  # P3, Eq. 9, of b, c and dt made by Eq. 10-11
        rates = -torch.exp(self.A_log.float())
        y = state_space_dual(x, steps, rates, b, c, self.D, both=backwards)
        return torch.as_tensor(self.out_proj(y * functional.silu(z)))


class Mamba(nn.Module):
    """Maps sequences [B, L, D] to sequences [B, L, D], every token seeing those before it and, when asked, after it."""

    def __init__(self, width: int, options: MambaOptions | None = None) -> None:
        """Prepare a layer.

        Args:
            width: D, channels.
            options: sizes.
        """
        super().__init__()
        self.options = o = options or MambaOptions()
        inner = o.expand * width
        self.rank = math.ceil(width / 16)
        self.in_proj = nn.Linear(width, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, o.kernel, groups=inner, padding=o.kernel - 1)
        self.x_proj = nn.Linear(inner, self.rank + 2 * o.states, bias=False)
        self.dt_proj = nn.Linear(self.rank, inner)
        self.A_log = nn.Parameter(torch.arange(1, o.states + 1).float().repeat(inner, 1).log())
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, width, bias=False)
        nn.init.uniform_(self.dt_proj.weight, -(self.rank**-0.5), self.rank**-0.5)
        with torch.no_grad():
            self.dt_proj.bias.copy_(_first_steps(inner))

    def forward(self, u: Tensor, *, backwards: bool = False) -> Tensor:
        """Return the answers to sequences u [B, L, D]; `backwards` adds those of the sequences read from the end."""
        if runs_compiled(u, *self.parameters()):
            return self._compiled(u, backwards)
        x, z = self.in_proj(u).chunk(2, dim=-1)
        if not backwards:
            return torch.as_tensor(self.out_proj(self._causal(x) * functional.silu(z)))
        y = self._causal(torch.cat([x, x.flip(1)]))
        forth, back = y.chunk(2)  # P3, Eq. 23 and 24
        return torch.as_tensor(self.out_proj((forth + back.flip(1)) * functional.silu(z)))

    def _compiled(self, u: Tensor, backwards: bool) -> Tensor:
        o, xz = self.options, self.in_proj(u)
        x = compiled_convolution(xz, self.conv1d.weight[:, 0], torch.as_tensor(self.conv1d.bias), both=backwards)
        low, b, c = self.x_proj(x).split([self.rank, o.states, o.states], dim=-1)
        inputs = (x, self.dt_proj(low), -torch.exp(self.A_log.float()), b, c, self.D, xz)
        return torch.as_tensor(self.out_proj(compiled_scan(*inputs, soft=True, both=backwards)))

    def _causal(self, x: Tensor) -> Tensor:
        o = self.options
        x = functional.silu(self._convolve(x))
        low, b, c = self.x_proj(x).split([self.rank, o.states, o.states], dim=-1)
        return selective_scan(x, self.dt_proj(low), -torch.exp(self.A_log.float()), b, c, self.D, softplus=True)

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
