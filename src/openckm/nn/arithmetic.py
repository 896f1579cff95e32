"""Which arithmetic networks compute in: float32, or bfloat16 where the processor has instructions for it.

bfloat16 convolutions take half the time of float32 on processors with AVX-512-BF16 or AMX, and four to six times as
long on those without (most laptops). So the choice belongs to the machine, is made once per process, and nothing else
casts: a network runs inside `cast`, and weights, noise, solves and scores stay in float32. Answers are the same to the
last bit only within one arithmetic, so provenance says which it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from torch.nn import functional

from openckm.errors import OptionError

Arithmetic = Literal["fp32", "bf16"]
_ARITHMETICS = ("auto", *get_args(Arithmetic))
"""What may be chosen; "auto" asks the processor."""

_chosen: Arithmetic | None = None


def arithmetic() -> Arithmetic:
    """Return the arithmetic of this process; the processor is asked on the first call, unless one was set."""
    global _chosen
    if _chosen is None:
        _chosen = _fast_here()
    return _chosen


def set_arithmetic(choice: str) -> Arithmetic:
    """Set the arithmetic of this process and return it.

    Args:
        choice: "fp32", "bf16", or "auto" for what the processor does fast.

    Raises:
        OptionError: if it is none of these.
    """
    global _chosen
    if choice not in _ARITHMETICS:
        raise OptionError(f"arithmetic {choice!r}: wanted one of {', '.join(_ARITHMETICS)}")
    _chosen = _fast_here() if choice == "auto" else "bf16" if choice == "bf16" else "fp32"
    return _chosen


@contextmanager
def using(choice: str) -> Iterator[Arithmetic]:
    """Compute in another arithmetic inside a `with` block; of the whole process, so for one thread at a time."""
    global _chosen
    before = _chosen
    try:
        yield set_arithmetic(choice)
    finally:
        _chosen = before


def cast(device: str) -> torch.autocast:
    """Return the context in which a network runs on a kind of device ("cpu", "cuda")."""
    enabled, cached = arithmetic() == "bf16", torch.is_autocast_cache_enabled()
    return torch.autocast(device, torch.bfloat16, enabled=enabled, cache_enabled=cached)


def _fast_here() -> Arithmetic:
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "fp32"
    if _has("avx512_bf16") or _has("amx_tile"):
        return "bf16"
    return "bf16" if _seconds(torch.bfloat16) < _seconds(torch.float32) else "fp32"


def _has(feature: str) -> bool:
    asked = getattr(torch.cpu, f"_is_{feature}_supported", None)
    return bool(asked and asked())


def _seconds(kind: torch.dtype) -> float:
    """Return how long a convolution of the network's kind takes [s], the best of three: AVX-512 alone is in doubt."""
    planes = torch.zeros(1, 64, 32, 32, dtype=kind).contiguous(memory_format=torch.channels_last)
    weights = torch.zeros(64, 64, 3, 3, dtype=kind).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    with torch.no_grad():
        for _ in range(4):  # the first pass prepares kernels
            begun = time.perf_counter()
            functional.conv2d(planes, weights, padding=1)
            best = min(best, time.perf_counter() - begun)
    return best
