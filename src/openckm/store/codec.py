"""Weights as float32, bfloat16 or 8-bit integers, and back to float32. No torch here.

    fp32    the values
    bf16    the upper half of the float32 bits, rounded to nearest even, kept as uint16
    int8    w[o, ...] ≈ s[o] q[o, ...],  s[o] = max |w[o, ...]| / 127,  q = round(w / s): symmetric, one scale per
            output channel, weights only; vectors (biases, norms) are few and stay float32

A tensor says by its type how it is to be read; the scales of `name` are kept as the float32 tensor `name:scale`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ModelError, OptionError

PRECISIONS = ("fp32", "bf16", "int8")
SCALE = ":scale"
"""What follows a tensor's name in the name of its scales."""
_TOP = 127
"""Largest magnitude of an 8-bit weight; −128 is not used, so that the code is symmetric."""
Array = NDArray[np.generic]
Floats = NDArray[np.float32]


def encode(arrays: Mapping[str, Array], precision: str) -> dict[str, Array]:
    """Return weights in one of `PRECISIONS`, ready for `write_weights`.

    Args:
        arrays: finite real tensors by name, output channels first.
        precision: "fp32", "bf16" or "int8".

    Raises:
        OptionError: if the precision is unknown.
        ModelError: if a tensor is not real and finite, or is named like scales.
    """
    if precision not in PRECISIONS:
        raise OptionError(f"precision {precision!r} is unknown: choose one of {', '.join(PRECISIONS)}")
    result: dict[str, Array] = {}
    for name, array in arrays.items():
        if name.endswith(SCALE):
            raise ModelError(f"tensor {name!r}: names that end in {SCALE!r} are kept for scales; rename it")
        if not np.issubdtype(array.dtype, np.floating) or not np.isfinite(array).all():
            raise ModelError(f"tensor {name!r} of type {array.dtype} is not real and finite: it cannot be a weight")
        values = np.asarray(array, np.float32)
        if precision == "int8" and values.ndim > 1:
            result[name], result[name + SCALE] = _to_int8(values)
        else:
            result[name] = _to_bf16(values) if precision == "bf16" else values
    return result


def decode(arrays: Mapping[str, Array]) -> dict[str, Floats]:
    """Return weights of any of `PRECISIONS` as new float32 arrays, from what `read_weights` gave.

    Raises:
        ModelError: if a tensor is of another type, or its scales are missing, of the wrong shape, or impossible.
    """
    names = [name for name in arrays if not _is_scale(name, arrays)]
    return {name: _value(name, arrays) for name in names}


def precision_of(arrays: Mapping[str, Array]) -> str:
    """Return in which of `PRECISIONS` the weights are kept.

    Raises:
        ModelError: if a tensor is of a type that none of them has, or bfloat16 is mixed with others.
    """
    kinds = {array.dtype.name for array in arrays.values()}
    for precision, allowed in (("fp32", {"float32"}), ("bf16", {"uint16"}), ("int8", {"int8", "float32"})):
        if kinds and kinds <= allowed:
            return precision
    raise ModelError(
        f"weights of types {sorted(kinds)}: wanted float32, bfloat16 kept as uint16, or int8 with float32 scales;"
        " fetch the model again"
    )


def _is_scale(name: str, arrays: Mapping[str, Array]) -> bool:
    return name.endswith(SCALE) and name.removesuffix(SCALE) in arrays


def _value(name: str, arrays: Mapping[str, Array]) -> Floats:
    array = arrays[name]
    if array.dtype == np.float32:
        return np.array(array, np.float32)
    if array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    if array.dtype != np.int8:
        raise ModelError(
            f"tensor {name!r} is of type {array.dtype}: wanted float32, bfloat16 kept as uint16, or int8; fetch the"
            " model again"
        )
    return _from_int8(name, np.asarray(array, np.int8), arrays.get(name + SCALE))


def _to_bf16(values: Floats) -> NDArray[np.uint16]:
    bits = np.ascontiguousarray(values).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _to_int8(values: Floats) -> tuple[NDArray[np.int8], Floats]:
    rows = values.reshape(len(values), -1)
    scale = (np.abs(rows).max(axis=1, initial=0.0) / _TOP).astype(np.float32)
    scale = np.where(scale > 0, scale, np.float32(1.0))
    codes = np.clip(np.rint(rows / scale[:, None]), -_TOP, _TOP).astype(np.int8)
    return codes.reshape(values.shape), scale


def _from_int8(name: str, codes: NDArray[np.int8], scale: Array | None) -> Floats:
    wanted = codes.shape[:1]
    if scale is None or scale.dtype != np.float32 or codes.ndim < 2 or scale.shape != wanted:
        found = "none" if scale is None else f"{scale.dtype} of shape {scale.shape}"
        raise ModelError(f"tensor {name!r}: wanted float32 scales of shape {wanted}, found {found}; fetch it again")
    factors = np.asarray(scale, np.float32)
    if not (np.isfinite(factors) & (factors > 0)).all():
        raise ModelError(f"tensor {name!r}: a scale that is not positive and finite; fetch the model again")
    return codes.astype(np.float32) * factors.reshape(-1, *(1,) * (codes.ndim - 1))
