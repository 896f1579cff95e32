"""A weight file as chunks that travel one by one, whole or as a difference to a chunk that the receiver has.

The file is cut at the borders of its tensors: tensors smaller than `CHUNK_BYTES` share a chunk with their neighbours of
the same type, larger ones are cut into equal pieces. The cut depends on the names and shapes only, so a refresh of the
same network has the same cut, and a chunk whose tensors did not change is the same chunk.

What is sent is zstd of the byte planes (all first bytes, all second bytes, ...) of

    whole        u
    difference   zigzag(m(u) − m(base)),   zigzag(d) = 2 d for d ≥ 0, −2 d − 1 for d < 0

with u the values as unsigned integers and m the map under which the order of the integers is that of the floats:
close values have small differences, whose high bytes are nearly all zero. Arithmetic is modulo 2^bits, so every
pair of chunks has a difference and it is exact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ModelError

CHUNK_BYTES = 512 * 1024
"""Size that chunks are cut to [bytes]; the header of a file may be longer."""
LEVEL = 19
"""zstd's effort: packing is done once, by the publisher."""
KINDS: dict[str, tuple[type[np.unsignedinteger], bool]] = {
    "bytes": (np.uint8, False),
    "bf16": (np.uint16, True),
    "fp32": (np.uint32, True),
}
"""The integers a chunk is seen as, and whether they are the bits of floats (sign and magnitude)."""
_KIND_OF = {"F32": "fp32", "U16": "bf16", "I8": "bytes"}
_WIDTH = {"F32": 4, "U16": 2, "I8": 1}
_Integers = NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Piece:
    """A stretch of a weight file.

    Attributes:
        offset: the place at which it begins [bytes].
        length: its size [bytes].
        kind: key of `KINDS`.
    """

    offset: int
    length: int
    kind: str


def cut(content: bytes) -> tuple[Piece, ...]:
    """Return the pieces of a safetensors file, in order and without gaps.

    Raises:
        ModelError: if it is not a safetensors file of weights.
    """
    begin, tensors = _tensors(content)
    pieces = [Piece(0, begin, "bytes")]
    for kind, length in tensors:
        last = pieces[-1]
        if len(pieces) > 1 and last.kind == kind and last.length + length <= CHUNK_BYTES:
            pieces[-1] = Piece(last.offset, last.length + length, kind)
            continue
        for start in range(0, length, CHUNK_BYTES):
            offset = pieces[-1].offset + pieces[-1].length
            pieces.append(Piece(offset, min(CHUNK_BYTES, length - start), kind))
    return tuple(pieces)


def _tensors(content: bytes) -> tuple[int, list[tuple[str, int]]]:
    """Return where the values begin [bytes], and kind and length of each tensor that is not empty, in file order."""
    try:
        begin = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:begin])
        header.pop("__metadata__", None)
        spans = sorted((*row["data_offsets"], row["dtype"]) for row in header.values())
        kinds = [(_KIND_OF[kind], end - start, start, end, _WIDTH[kind]) for start, end, kind in spans if end > start]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"not a safetensors file of weights ({error!r}); write it with write_weights") from error
    ends = [0, *(end for _, _, _, end, _ in kinds)]
    if [start for _, _, start, _, _ in kinds] != ends[:-1] or begin + ends[-1] != len(content):
        raise ModelError("not a safetensors file of weights (gaps between tensors); write it with write_weights")
    if any(length % width for _, length, _, _, width in kinds):
        raise ModelError("not a safetensors file of weights (a tensor of broken length); write it with write_weights")
    return begin, [(kind, length) for kind, length, *_ in kinds]


def pack(raw: bytes, kind: str, base: bytes | None = None) -> bytes:
    """Return a chunk as it is sent: whole, or as its difference to a base of the same length."""
    import zstandard

    values = np.frombuffer(raw, KINDS[kind][0])
    if base is not None:
        values = _difference(values, np.frombuffer(base, KINDS[kind][0]), kind)
    planes = values.reshape(-1, 1).view(np.uint8).T
    return zstandard.ZstdCompressor(level=LEVEL).compress(np.ascontiguousarray(planes).tobytes())


def unpack(payload: bytes, length: int, kind: str, base: bytes | None = None) -> bytes:
    """Return a chunk from what was sent; never more than `length` bytes are made of it.

    Args:
        payload: what `pack` gave.
        length: the size of the chunk [bytes].
        kind: key of `KINDS`.
        base: the chunk that the difference was taken to, or None.

    Raises:
        ModelError: if the payload is not one of `pack` for a chunk of this length.
    """
    import zstandard

    dtype = np.dtype(KINDS[kind][0])
    try:
        parameters = zstandard.get_frame_parameters(payload)
        if parameters.content_size != length or length % dtype.itemsize or len(base or b"") not in (0, length):
            raise ModelError(f"a chunk says that it holds {parameters.content_size} bytes: wanted {length}")
        planes = zstandard.ZstdDecompressor().decompress(payload, max_output_size=length)
    except zstandard.ZstdError as error:
        raise ModelError(f"a chunk cannot be unpacked ({error}); fetch it again") from error
    stacked = np.frombuffer(planes, np.uint8).reshape(dtype.itemsize, -1)
    values: _Integers = np.ascontiguousarray(stacked.T).reshape(-1).view(dtype)
    if base is not None:
        values = _sum(values, np.frombuffer(base, dtype), kind)
    return values.tobytes()


def _difference(values: _Integers, base: _Integers, kind: str) -> _Integers:
    step = _ordered(values, kind) - _ordered(base, kind)
    negative = (step >> np.array(8 * step.itemsize - 1, step.dtype)).astype(bool)
    doubled = step << np.array(1, step.dtype)
    return np.where(negative, ~doubled, doubled)


def _sum(zigzag: _Integers, base: _Integers, kind: str) -> _Integers:
    one = np.array(1, zigzag.dtype)
    half = zigzag >> one
    step = np.where((zigzag & one).astype(bool), ~half, half)
    return _unordered(_ordered(base, kind) + step, kind)


def _ordered(values: _Integers, kind: str) -> _Integers:
    """Return the integers whose order is that of the floats: m(u) = ~u if the sign bit is set, u + 2^(bits-1) else."""
    if not KINDS[kind][1]:
        return values
    top = np.array(1 << (8 * values.itemsize - 1), values.dtype)
    return np.where((values & top).astype(bool), ~values, values | top)


def _unordered(values: _Integers, kind: str) -> _Integers:
    if not KINDS[kind][1]:
        return values
    top = np.array(1 << (8 * values.itemsize - 1), values.dtype)
    return np.where((values & top).astype(bool), values ^ top, ~values)
