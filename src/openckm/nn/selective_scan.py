r"""The selective scan: a linear recurrence whose decay, input and output maps depend on the token.

    h_t[e, n] = exp(dt_t[e] A[e, n]) h_{t-1}[e, n] + dt_t[e] B_t[n] x_t[e],      h_0 = 0
    y_t[e]    = sum_n C_t[n] h_t[e, n] + D[e] x_t[e]

dt > 0, A < 0. (P3, Eq. 12-15, with the first-order input map dt B of Mamba's released code in the place of Eq. 13.)
Three ways to the same numbers:

    selective_scan_reference   token by token, as it stands above: slow, the oracle of the tests
    selective_scan             exact for any A[e, n] (Mamba-1): where no gradient is wanted and numba is installed, as
                               machine code (`openckm.nn.selective_scan_compiled`), else by torch
                               (`openckm.nn.selective_scan_s6`)
    state_space_dual           one decay A[head] for all channels and states of a head: matrix products (Mamba-2,
                               `openckm.nn.selective_scan_ssd`)

All return the type of x and compute in float32 whatever comes in, with autocast off; the products of the last are of
the type of x. No power of a decay is ever formed by dividing cumulated ones, so that no decay is too strong.

On a GPU the kernels of the package mamba-ssm are used where it is installed and can be loaded.

References:
    RadioMamba: Breaking the Accuracy-Efficiency Trade-Off in Radio Map Construction via a Hybrid Mamba-UNet. H. Jia,
    N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025 (P3).
    Mamba: Linear-Time Sequence Modeling with Selective State Spaces. A. Gu, T. Dao, 2023, Eq. 2a-2b, Algorithm 2.
    Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality. T. Dao,
    A. Gu, 2024, Section 6.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from openckm._compiled import can_compile
from openckm.errors import OptionError
from openckm.nn.selective_scan_compiled import compiled_scan
from openckm.nn.selective_scan_s6 import exact_scan
from openckm.nn.selective_scan_ssd import dual_scan


def chunk_of(states: int) -> int:
    """Return the tokens of a chunk of `state_space_dual` for N states: twice as many, 16 to 128."""
    return min(128, max(16, 2 * states))


def selective_scan_reference(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None = None) -> Tensor:
    """Return the scan [B, L, E], token by token; arguments and errors as `selective_scan`."""
    _check(x, dt, a, b, c, d)
    with torch.autocast(x.device.type, enabled=False):
        inputs, steps, ins, outs = (t.float() for t in (x, dt, b, c))
        state = torch.zeros(x.shape[0], *a.shape, device=x.device)
        answers = []
        for t in range(x.shape[1]):
            decay = torch.exp(steps[:, t, :, None] * a.float())  # P3, Eq. 12
            state = decay * state + (steps[:, t] * inputs[:, t])[:, :, None] * ins[:, t, None, :]  # P3, Eq. 14
            answers.append((state * outs[:, t, None, :]).sum(-1))  # P3, Eq. 15
        y = torch.stack(answers, dim=1)
        return _with_skip(y, inputs, d).to(x.dtype)


def runs_compiled(*tensors: Tensor | None) -> bool:
    """Say whether a scan of these is machine code: on a CPU, numba installed, no gradient wanted."""
    given = [t for t in tensors if t is not None]
    learning = torch.is_grad_enabled() and any(t.requires_grad for t in given)
    return can_compile() and not learning and all(t.device.type == "cpu" for t in given)


def selective_scan(
    x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None = None, *,
    softplus: bool = False,
) -> Tensor:  # fmt: skip
    """Return the scan [B, L, E] of a batch of sequences, exact for any A.

    Args:
        x: tokens [B, L, E].
        dt: step sizes, positive [B, L, E]; any numbers with `softplus`.
        a: A, negative [E, N].
        b: input maps [B, L, N].
        c: output maps [B, L, N].
        d: skip D [E], or None.
        softplus: make step sizes of dt by log(1 + exp(dt)).

    Raises:
        OptionError: if shapes do not fit.

    References:
        Mamba: Linear-Time Sequence Modeling with Selective State Spaces. A. Gu, T. Dao, 2023, Algorithm 2.
    """
    _check(x, dt, a, b, c, d)
    if x.device.type == "meta":
        return torch.empty_like(x)
    if runs_compiled(x, dt, a, b, c, d):
        return compiled_scan(x, dt, a, b, c, d, soft=softplus)
    with torch.autocast(x.device.type, enabled=False):
        inputs, steps, rates, ins, outs = (t.float() for t in (x, dt, a, b, c))
        steps = functional.softplus(steps) if softplus else steps  # P3, Eq. 9
        if (kernels := fused_kernels(x.device)) is not None:
            turned = [t.transpose(1, 2).contiguous() for t in (inputs, steps, ins, outs)]
            skip = None if d is None else d.float()
            fused = kernels.selective_scan_fn(turned[0], turned[1], rates.contiguous(), turned[2], turned[3], D=skip)
            return torch.as_tensor(fused).transpose(1, 2).to(x.dtype)
        return _with_skip(exact_scan(inputs, steps, rates, ins, outs), inputs, d).to(x.dtype)


def state_space_dual(
    x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None = None, *,
    chunk: int | None = None, both: bool = False,
) -> Tensor:  # fmt: skip
    """Return the scan [B, L, E] where the E = H P channels of H heads share one step and one decay per head.

    Equal to `selective_scan` with A[e, n] = a[head of e] and dt_t[e] = dt_t[head of e].

    Args:
        x: tokens [B, L, E]; channel e belongs to head e // P.
        dt: step sizes, positive [B, L, H].
        a: A, negative [H].
        b: input maps [B, L, N].
        c: output maps [B, L, N].
        d: skip D [H], or None.
        chunk: tokens that are treated by one matrix product; None means `chunk_of(N)`.
        both: add the answers of the sequences read from the end, at little more than the cost of one direction.

    Raises:
        OptionError: if shapes do not fit.

    References:
        Transformers are SSMs. T. Dao, A. Gu, 2024, Section 6 (block decomposition).
    """
    heads, chunk = a.shape[0], chunk_of(b.shape[-1]) if chunk is None else chunk
    if x.ndim != 3 or a.ndim != 1 or dt.shape != (*x.shape[:2], heads) or x.shape[2] % heads or chunk < 1:
        raise OptionError(
            f"tokens {tuple(x.shape)}, steps {tuple(dt.shape)}, A {tuple(a.shape)}, chunk {chunk}: wanted [B, L, H P],"
            " [B, L, H], [H] and a positive chunk"
        )
    if b.shape != c.shape or b.shape[:2] != x.shape[:2]:
        raise OptionError(f"maps B {tuple(b.shape)}, C {tuple(c.shape)}: wanted [B, L, N] of tokens {tuple(x.shape)}")
    if x.device.type == "meta":
        return torch.empty_like(x)
    with torch.autocast(x.device.type, enabled=False):
        steps, rates, ins, outs = (t.float() for t in (dt, a, b, c))
        by_head = x.reshape(*x.shape[:2], heads, -1)
        skip = None if d is None else d.float()
        if (kernels := fused_kernels(x.device)) is not None:
            y = kernels.dual(by_head.float(), steps, rates, ins, outs, skip, chunk)
            if both:
                turned = [t.flip(1) for t in (by_head.float(), steps, ins, outs)]
                y = y + kernels.dual(turned[0], turned[1], rates, turned[2], turned[3], skip, chunk).flip(1)
        else:
            y = dual_scan(by_head, steps, rates, ins, outs, skip, chunk, both=both)
        return torch.as_tensor(y).flatten(2).to(x.dtype)


class _Kernels:
    """The two functions of mamba-ssm that are used."""

    def __init__(self) -> None:
        self.selective_scan_fn: Any = import_module("mamba_ssm.ops.selective_scan_interface").selective_scan_fn
        combined = import_module("mamba_ssm.ops.triton.ssd_combined")
        self.mamba_chunk_scan_combined: Any = combined.mamba_chunk_scan_combined

    def dual(
        self, x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None, chunk: int
    ) -> Tensor:  # fmt: skip
        """Return the scan with heads of contiguous tensors; arguments as `dual_scan`."""
        given = (x.contiguous(), dt.contiguous(), a, b[:, :, None].contiguous(), c[:, :, None].contiguous())
        return torch.as_tensor(self.mamba_chunk_scan_combined(*given, chunk, D=d))


def fused_kernels(device: torch.device) -> _Kernels | None:
    """Return the kernels of mamba-ssm for tensors on a GPU, None elsewhere and where they cannot be loaded."""
    return _loaded() if device.type == "cuda" else None


@cache
def _loaded() -> _Kernels | None:
    if find_spec("mamba_ssm") is None:
        return None
    try:
        return _Kernels()
    except (ImportError, AttributeError, RuntimeError) as error:
        warnings.warn(
            f"mamba-ssm is installed and cannot be used ({error}): scans run by torch; build it with its CUDA kernels",
            RuntimeWarning, stacklevel=2,
        )  # fmt: skip
        return None


def _with_skip(y: Tensor, x: Tensor, d: Tensor | None) -> Tensor:
    return y if d is None else y + x * d.float()


def _check(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None) -> None:
    good = x.ndim == 3 and a.ndim == 2 and dt.shape == x.shape and a.shape[0] == x.shape[2] and x.shape[1] > 0
    maps = (*x.shape[:2], a.shape[-1])
    if not good or b.shape != maps or c.shape != maps or (d is not None and d.shape != a.shape[:1]):
        shapes = ", ".join(str(tuple(t.shape)) for t in (x, dt, a, b, c))
        raise OptionError(f"scan of x, dt, A, B, C of shapes {shapes}: wanted [B, L, E] twice, [E, N], [B, L, N] twice")
