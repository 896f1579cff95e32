"""Chunks: a file is cut without gaps where its tensors end, and whatever is packed comes back to the bit."""

from __future__ import annotations

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from openckm.errors import ModelError
from openckm.store import chunks
from openckm.store.chunks import KINDS, cut, pack, unpack
from openckm.store.codec import PRECISIONS, encode


def file_of(shapes: dict[str, tuple[int, ...]], precision: str = "bf16", seed: int = 0, change: float = 0.0) -> bytes:
    rng, step = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    values = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    moved = {name: value + change * step.standard_normal(value.shape) for name, value in values.items()}
    return save(encode({name: value.astype(np.float32) for name, value in moved.items()}, precision))


SHAPES = {"a": (300, 3), "b": (7,), "c": (2, 2), "d": (400, 5), "e": (9,)}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_pieces_follow_each_other_and_hold_one_type(precision, small_chunks):
    content = file_of(SHAPES, precision)
    pieces = cut(content)
    assert [p.offset for p in pieces] == [0, *np.cumsum([p.length for p in pieces])[:-1]]
    assert sum(p.length for p in pieces) == len(content)
    assert all(p.length <= chunks.CHUNK_BYTES for p in pieces[1:]) and len(pieces) > 3
    assert all(p.length % np.dtype(KINDS[p.kind][0]).itemsize == 0 for p in pieces)
    assert pieces[0].kind == "bytes" and b"data_offsets" in content[: pieces[0].length]


def test_the_cut_depends_on_the_shapes_only(small_chunks):
    assert cut(file_of(SHAPES, seed=1)) == cut(file_of(SHAPES, seed=2))


def test_a_change_of_one_tensor_changes_its_chunks_only(small_chunks):
    shapes = {"a": (40, 16), "b": (40, 16), "c": (40, 16)}
    one = file_of(shapes)
    other = bytearray(one)
    other[-1] ^= 1
    changed = [p for p in cut(one) if one[p.offset : p.offset + p.length] != other[p.offset : p.offset + p.length]]
    assert len(changed) == 1 and len(cut(one)) == 7


def test_small_tensors_share_a_chunk():
    assert len(cut(file_of({f"t{k}": (3,) for k in range(50)}))) == 2


@settings(max_examples=60)
@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=64), st.binary(max_size=64))
def test_whole_and_difference_come_back_to_the_bit(kind, raw, base):
    """For any bytes, infinities and what is no number included."""
    width = np.dtype(KINDS[kind][0]).itemsize
    length = min(len(raw), len(base)) // width * width
    raw, base = raw[:length], base[:length]
    assert unpack(pack(raw, kind), length, kind) == raw
    if length:
        assert unpack(pack(raw, kind, base), length, kind, base) == raw


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_difference_of_a_refresh_is_shorter(precision):
    old, new = (file_of({"w": (100, 100)}, precision, change=change) for change in (0.0, 0.003))
    piece = cut(new)[-1]
    raw, base = (f[piece.offset : piece.offset + piece.length] for f in (new, old))
    whole, difference = len(pack(raw, piece.kind)), len(pack(raw, piece.kind, base))
    assert difference < {"fp32": 0.85, "bf16": 0.6, "int8": 0.4}[precision] * whole
    assert len(pack(raw, piece.kind, raw)) < 100


def test_the_order_of_the_integers_is_that_of_the_floats():
    values = np.array([-np.inf, -2.0, -1.0, -1e-30, -0.0, 0.0, 1e-30, 1.0, 1.5, np.inf], np.float32)
    assert (np.diff(chunks._ordered(values.view(np.uint32), "fp32").astype(np.int64)) > 0).all()


def test_a_bomb_is_not_unpacked():
    """A payload that would become more than the chunk may hold is refused before it is unpacked."""
    bomb = zstandard.ZstdCompressor().compress(bytes(2**24))
    with pytest.raises(ModelError, match="says that it holds 16777216 bytes: wanted 64"):
        unpack(bomb, 64, "bytes")
    unsaid = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(2**24))
    with pytest.raises(ModelError, match="wanted 64"):
        unpack(unsaid, 64, "bytes")


@pytest.mark.parametrize("payload", [b"", b"anything", pack(bytes(64), "bytes")[:-3], pack(bytes(63), "bytes")])
def test_payloads_that_are_none_are_refused(payload):
    with pytest.raises(ModelError):
        unpack(payload, 64, "bytes")


def test_a_base_of_another_length_is_refused():
    with pytest.raises(ModelError):
        unpack(pack(bytes(64), "bytes"), 64, "bytes", bytes(60))
    with pytest.raises(ModelError):
        unpack(pack(bytes(6), "bytes"), 6, "fp32")


@pytest.mark.parametrize("what", ["empty", "cut", "longer", "text", "whole numbers", "gap"])
def test_what_is_no_weight_file_is_not_cut(what):
    good = file_of(SHAPES)
    spoilt = {
        "empty": b"", "cut": good[:-1], "longer": good + b"x", "text": b"\x05\0\0\0\0\0\0\0hello",
        "whole numbers": save({"n": np.arange(3, dtype=np.int64)}), "gap": good.replace(b"[0,", b"[2,", 1),
    }  # fmt: skip
    with pytest.raises(ModelError, match="not a safetensors file of weights"):
        cut(spoilt[what])
