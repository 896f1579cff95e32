r"""The exact scan, and what a Mamba layer does around it, as machine code: no gradient passes.

numba compiles it at the first call (some seconds, kept on disk for the next process); without numba the same text runs
as plain Python, which only its tests do. Each exponential is computed once, states stay in a first-level cache, and a
sequence is read from its end in place. Tasks are blocks of channels or tokens, shared among as many threads as torch
uses. Tokens are float32, or bfloat16 as its 16 bits; all that is computed is float32:

    convolve   x_t = silu(bias + sum_k w_k u_{t - K + 1 + k}),  from the end  silu(bias + sum_k w_k u_{t + K - 1 - k})
    scan       dt = log(1 + exp(raw)) or raw,    h = 2^(dt a) h + dt x B,    y = C . h + D x,     a = A / ln 2
               and the sum of both readings, times silu(z) where a gate is given

2^p is a polynomial in p - k, |p - k| <= 1/2, its exponent raised by k: exact at p = 0, within 3e-7 elsewhere. The
logarithm of 1 + q, 0 <= q <= 1, is q times a polynomial, within 4e-8. Both interpolate at Chebyshev's nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm._compiled import machine_code

Numbers = NDArray[Any]
_STATES = 3072
"""States of a block of channels: they and their rates fill three quarters of a first-level cache."""
SMALL = 1_000_000
"""Below so many updates threads cost more than they bring."""
F = np.float32
LOG2_E, LEAST, _ROUND = F(1.4426950408889634), F(-126.0), F(12582912.0)
"""A number plus _ROUND (1.5 * 2^23) is rounded to a whole one, which is then in its last bits."""
_E1, _E2, _E3, _E4, _E5 = (F(v) for v in (0.69314718, 0.24022349, 0.05550381, 0.00966636852, 0.00133813025))
_L0, L1, L2, _L3, _L4 = (F(v) for v in (0.99999996593, -0.49999444976, 0.33318121707, -0.24835398997, 0.19076880731))
_L5, _L6, _L7, _L8 = (F(v) for v in (-0.13602247612, 0.07751608662, -0.02907406461, 0.0051261021234))


@machine_code(reorder=False)
def _exp2(p: Any) -> Any:
    """Return 2^p for p <= 0; below 2^-126 it is that."""
    p = max(p, LEAST)
    shifted = F(p + _ROUND)
    f = p - (shifted - _ROUND)
    series = F(F(1.0) + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * _E5)))))
    return np.int32(series.view(np.int32) + (shifted.view(np.int32) << np.int32(23))).view(np.float32)


@machine_code(reorder=False)
def _softplus(v: Any) -> Any:
    """Return log(1 + exp(v))."""
    q = _exp2(-abs(v) * LOG2_E)
    series = _L3 + q * (_L4 + q * (_L5 + q * (_L6 + q * (_L7 + q * _L8))))
    return max(v, F(0.0)) + q * (_L0 + q * (L1 + q * (L2 + q * series)))


@machine_code(reorder=False)
def _silu(v: Any) -> Any:
    """Return v / (1 + exp(-v))."""
    q = _exp2(-abs(v) * LOG2_E)
    return v * (F(1.0) if v >= F(0.0) else q) / (F(1.0) + q)


@machine_code(reorder=False)
def _widen(row: Any, to: Any, narrow: bool) -> None:
    """Copy a row of float32, or of the 16 bits of bfloat16, to float32."""
    if narrow:
        for k in range(to.shape[0]):
            to[k] = np.uint32(np.uint32(row[k]) << np.uint32(16)).view(np.float32)
    else:
        for k in range(to.shape[0]):
            to[k] = row[k]


@machine_code(reorder=False)
def _store(row: Any, to: Any, narrow: bool) -> None:
    """Copy a row of float32 to float32, or round it to the 16 bits of bfloat16."""
    if narrow:
        for k in range(to.shape[0]):
            bits = np.float32(row[k]).view(np.uint32)
            odd = (bits >> np.uint32(16)) & np.uint32(1)
            rounded = np.uint32(bits + np.uint32(0x7FFF) + odd) >> np.uint32(16)
            to[k] = rounded if row[k] == row[k] else np.uint32(0x7FC0)
    else:
        for k in range(to.shape[0]):
            to[k] = row[k]


@machine_code(reorder=True)
def _convolve(u: Any, taps: Any, bias: Any, x: Any, first: int, last: int, back: bool, narrow: bool) -> None:
    """Fill tokens first to last of the reading, of x [L, E], for u [L, E or more], taps [K, E] and a bias [E]."""
    (reach, channels), length = taps.shape, u.shape[0]
    seen, total = np.zeros((reach, channels), np.float32), np.zeros(channels, np.float32)
    for i in range(max(first - reach + 1, 0), last):
        _widen(u[length - 1 - i if back else i, :channels], seen[i % reach], narrow)
        if i < first:
            continue
        total[:] = bias
        for k in range(reach):
            row = seen[(i + 1 + k) % reach]  # of token i - K + 1 + k; 0 before the first
            for e in range(channels):
                total[e] += taps[k, e] * row[e]
        for e in range(channels):
            total[e] = _silu(total[e])
        _store(total, x[length - 1 - i if back else i], narrow)


@machine_code(reorder=True)
def _scan(
    x: Any, dt: Any, a: Any, b: Any, c: Any, d: Any, y: Any, z: Any, first: int, last: int,
    back: bool, add: bool, gate: bool, narrow: bool, soft: bool,
) -> None:  # fmt: skip
    """Fill channels first to last of y [L, E] for x, dt [L, E], a [E, N], B, C [L, N], D [E], gates z [L, any + E]."""
    length, channels, states, beside = x.shape[0], last - first, a.shape[1], z.shape[1] - x.shape[1]
    state, rates = np.zeros((channels, states), np.float32), a[first:last].copy()
    ins, outs = np.zeros(states, np.float32), np.zeros(states, np.float32)
    token, step = np.zeros(channels, np.float32), np.zeros(channels, np.float32)
    answer, other = np.zeros(channels, np.float32), np.zeros(channels, np.float32)
    for i in range(length):
        t = length - 1 - i if back else i
        _widen(x[t, first:last], token, narrow)
        _widen(dt[t, first:last], step, narrow)
        _widen(b[t], ins, narrow)
        _widen(c[t], outs, narrow)
        if soft:
            for e in range(channels):
                step[e] = _softplus(step[e])
        for e in range(channels):
            wide, given, total = step[e], step[e] * token[e], F(0.0)
            for n in range(states):
                now = _exp2(wide * rates[e, n]) * state[e, n] + given * ins[n]
                state[e, n] = now
                total += now * outs[n]
            answer[e] = total + d[first + e] * token[e]
        if add:
            _widen(y[t, first:last], other, narrow)
            for e in range(channels):
                answer[e] += other[e]
        if gate:
            _widen(z[t, beside + first : beside + last], other, narrow)
            for e in range(channels):
                answer[e] *= _silu(other[e])
        _store(answer, y[t, first:last], narrow)


def compiled_convolution(u: Tensor, taps: Tensor, bias: Tensor, *, both: bool) -> Tensor:
    """Return silu of the short causal convolution [W B, L, E], in the type of u; with `both` read from the end too.

    Args:
        u: tokens [B, L, E or more]; channels beyond E are not read.
        taps: w [E, K], the last one for the token itself.
        bias: [E].
        both: answer the sequences read from the end as well (W = 2), behind the others, in the order of the tokens.
    """
    narrow = u.dtype == torch.bfloat16
    weights = np.ascontiguousarray(taps.detach().float().numpy().T)
    start = bias.detach().float().numpy()
    ways, (batch, length, _) = 1 + both, u.shape
    answer = torch.empty(ways * batch, length, len(taps), dtype=torch.bfloat16 if narrow else torch.float32)
    inputs, x = _numbers(u, narrow), _numbers(answer, narrow)
    parts = np.linspace(0, length, torch.get_num_threads() + 1).astype(int).tolist()

    def run(k: int, part: int) -> None:
        _convolve(inputs[k % batch], weights, start, x[k], parts[part], parts[part + 1], k >= batch, narrow)

    _share(run, [(k, p) for k in range(len(x)) for p in range(len(parts) - 1)], answer.numel() * taps.shape[1])
    return answer.to(u.dtype)


def compiled_scan(
    x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor | None = None, gates: Tensor | None = None, *,
    soft: bool = False, both: bool = False,
) -> Tensor:  # fmt: skip
    """Return y [B, L, E] of `openckm.nn.selective_scan.selective_scan`, in the type of x.

    Args:
        x: tokens [W B, L, E].
        dt: step sizes [W B, L, E], before softplus where `soft`.
        a: A [E, N].
        b: input maps [W B, L, N].
        c: output maps [W B, L, N].
        d: skip D [E], or None.
        gates: z [B, L, E or more], its last E channels; silu(z) multiplies the answer. None for no gate.
        soft: whether softplus makes step sizes of dt.
        both: the second half of the batch (W = 2) is read from the end and added to the first.
    """
    given = [x, dt, b, c] + ([] if gates is None else [gates])
    narrow = all(t.dtype == torch.bfloat16 for t in given)
    rates = np.ascontiguousarray(a.detach().float().numpy() * LOG2_E)
    skip = np.zeros(len(rates), np.float32) if d is None else d.detach().float().numpy()
    tokens, steps, ins, outs, *rest = (_numbers(t, narrow) for t in given)
    batch = len(tokens) // (1 + both)
    answer = torch.empty(batch, *x.shape[1:], dtype=torch.bfloat16 if narrow else torch.float32)
    y = _numbers(answer, narrow)
    z, gated = rest[0] if rest else y, bool(rest)
    size = max(1, min(_STATES // rates.shape[1], -(-len(rates) // torch.get_num_threads())))

    def run(k: int, first: int) -> None:
        last = min(first + size, len(rates))
        for way in range(1 + both):
            at = k + way * batch
            _scan(tokens[at], steps[at], rates, ins[at], outs[at], skip, y[k], z[k], first, last,
                  way == 1, way == 1, gated and way == both, narrow, soft)  # fmt: skip

    _share(run, [(k, e) for e in range(0, len(rates), size) for k in range(batch)], x.numel() * rates.shape[1])
    return answer.to(x.dtype)


def _share(run: Callable[[int, int], None], tasks: Sequence[tuple[int, int]], work: int) -> None:
    """Do tasks on as many threads as torch uses."""
    threads = min(torch.get_num_threads(), len(tasks))
    if threads < 2 or work < SMALL:
        for task in tasks:
            run(*task)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, *zip(*tasks, strict=True)))


def _numbers(t: Tensor, narrow: bool) -> Numbers:
    t = t.detach().contiguous()
    return t.view(torch.int16).numpy().view(np.uint16) if narrow else t.float().numpy()
