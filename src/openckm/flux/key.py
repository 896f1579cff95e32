r"""What makes two questions the same, and what makes them alike.

The same: a SHA-256 over whole numbers alone, so that the key does not hang on how a machine rounds. Every number of the
question (heights, positions, readings, options) counts in millionths of its unit; a question that differs by less gets
the same answer. The key is made with the secret of who asks, so that nobody else can find an entry, or test a guess at
its readings, from the name under which it is kept.

Alike: heights pooled to 16 x 16 and the transmitter, projected to 64 numbers by a fixed matrix. Distances between such
vectors stand for distances between sites (Johnson and Lindenstrauss); what is near is then judged by its map.

References:
    W. Johnson, J. Lindenstrauss, Extensions of Lipschitz mappings into a Hilbert space, 1984.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError
from openckm.maps.grid import Grid
from openckm.maps.site import Layout, Transmitter

FORMAT = 1
"""Of keys and entries; entries of another one are never found."""
EMBEDDING = 64
_MILLIONTHS = 1e6
_POOLED = 16
_HEIGHT_M = 30.0
"""Height that counts as one in the embedding [m]."""
PLACE = 8.0
"""What a move of the transmitter across the whole map counts there."""
_OUTSIDE = {math.inf: 2**62, -math.inf: -(2**62)}


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a store.

    Attributes:
        key: the key of exactly this question, from this owner.
        space: the space of what neighbours must share: weights, grid, sampler, format.
        owner: who may find the answer; empty = anybody who may use the store.
        embedding: the embedding of the site, float32 (64,).
        readings: whether readings are part of it.
    """

    key: str
    space: str
    owner: str
    embedding: NDArray[np.float32]
    readings: bool


def canonical(value: Any) -> Any:
    """Return a value as whole numbers, texts and lists of them.

    Dataclasses become their fields (those that are not compared are left out), arrays their shape and numbers.

    Raises:
        InputError: for a value that has no such form, such as an operator written in Python.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return _whole(np.array([float(value)])).tolist()[0]
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Mapping):
        return [[canonical(k), canonical(v)] for k, v in sorted(value.items())]
    if isinstance(value, tuple | list):
        return [canonical(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        named = ((f.name, getattr(value, f.name)) for f in fields(value) if f.compare is not False)
        return [type(value).__name__, [[name, canonical(one)] for name, one in named]]
    raise InputError(f"{type(value).__name__} has no form by which it could be known again: ask without a warm start")


def _array(value: NDArray[Any]) -> Any:
    if value.dtype.kind in "OUS":
        return [list(value.shape), [canonical(v) for v in value.ravel().tolist()]]
    whole = _whole(value.astype(np.float64)) if value.dtype.kind == "f" else value.astype(np.int64)
    content = np.ascontiguousarray(whole, "<i8").tobytes()
    return [list(value.shape), hashlib.sha256(content).hexdigest()]


def _whole(value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Millionths, rounded; what is no number is a number of its own."""
    finite = np.isfinite(value) & (np.abs(value) < 2.0**42)
    found = np.rint(np.where(finite, value, 0.0) * _MILLIONTHS).astype(np.int64)
    for bound, code in _OUTSIDE.items():
        found[value == bound] = code
    found[np.isnan(value)] = 2**62 + 1
    large = np.isfinite(value) & ~finite  # beyond what 64 bits hold: to a millionth of its size
    if large.any():
        mantissa, exponent = np.frexp(value[large])
        found[large] = np.rint(mantissa * 2.0**40).astype(np.int64) * 4096 + exponent
    return found


def digest(value: Any, secret: bytes = b"") -> str:
    """Return the SHA-256 of a value's canonical form, under a secret where there is one (HMAC)."""
    content = json.dumps(canonical(value), separators=(",", ":"), ensure_ascii=True).encode()
    if secret:
        return hmac.new(secret, content, hashlib.sha256).hexdigest()
    return hashlib.sha256(content).hexdigest()


def secret_of(token: str) -> tuple[str, bytes]:
    """Return the name under which a token's entries are kept, and the secret of their keys.

    Neither tells the token.
    """
    content = token.encode()
    name = hmac.new(content, b"openckm flux owner", hashlib.sha256).hexdigest()
    return name[:32], hmac.new(content, b"openckm flux keys", hashlib.sha256).digest()


def embed(grid: Grid, layout: Layout | None, transmitter: Transmitter | None) -> NDArray[np.float32]:
    """Return the embedding of a site, float32 (64,)."""
    site = np.zeros(_POOLED * _POOLED + 8)
    if layout is not None:
        site[: _POOLED * _POOLED] = _pooled(layout.height_m / _HEIGHT_M).ravel() * 2.0
    if transmitter is not None:
        x0, y0 = float(grid.x[0]), float(grid.y[0])
        side = grid.cell_m * max(grid.shape)
        t = transmitter
        bearing = (0.0, 0.0) if t.bearing_deg is None else tuple(_circle(t.bearing_deg))
        site[_POOLED * _POOLED :] = (
            PLACE * (t.x - x0) / side, PLACE * (t.y - y0) / side, t.height_m / _HEIGHT_M,
            4 * math.log10(t.carrier_hz / 1e9), *bearing, t.downtilt_deg / 30.0, 1.0,
        )  # fmt: skip
    return np.asarray(_matrix() @ site, np.float32)


def _circle(degrees: float) -> tuple[float, float]:
    return math.sin(math.radians(degrees)), math.cos(math.radians(degrees))


def _pooled(field: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return means over 16 x 16 blocks as equal as can be."""
    found = np.asarray(field, np.float64)
    for axis in (0, 1):
        n = found.shape[axis]
        edges = np.linspace(0, n, _POOLED + 1)
        begin = np.minimum(np.floor(edges[:-1]).astype(int), n - 1)
        end = np.maximum(np.ceil(edges[1:]).astype(int), begin + 1)
        total = np.concatenate([np.zeros_like(found.take([0], axis)), np.cumsum(found, axis)], axis)
        width = (end - begin).reshape((-1, 1) if axis == 0 else (1, -1))
        found = (total.take(end, axis) - total.take(begin, axis)) / width
    return found


@lru_cache(maxsize=1)
def _matrix() -> NDArray[np.float64]:
    """The fixed projection: signs from a SHA-256 in counter mode, the same on every machine."""
    columns = _POOLED * _POOLED + 8
    bits = b"".join(
        hashlib.sha256(f"openckm flux {k}".encode()).digest() for k in range(-(-EMBEDDING * columns // 256))
    )
    signs = np.unpackbits(np.frombuffer(bits, np.uint8))[: EMBEDDING * columns].astype(np.float64) * 2 - 1
    return np.asarray(signs.reshape(EMBEDDING, columns) / math.sqrt(EMBEDDING))
