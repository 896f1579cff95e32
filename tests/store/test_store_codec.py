"""Precisions: what is written comes back as near as its bits allow, and nothing else is taken for weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from openckm.errors import ModelError, OptionError
from openckm.store.codec import PRECISIONS, SCALE, decode, encode, precision_of

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)
TENSORS = arrays(np.float32, array_shapes(min_dims=1, max_dims=4, max_side=5), elements=FLOATS)


@settings(max_examples=50)
@given(TENSORS)
def test_fp32_is_exact(tensor):
    np.testing.assert_array_equal(decode(encode({"w": tensor}, "fp32"))["w"], tensor)


@settings(max_examples=50)
@given(TENSORS)
def test_bf16_is_the_nearest_with_ties_to_even(tensor):
    """Against the definition: of the two neighbours with 16 zero bits, the nearer, of equals the even one."""
    got = decode(encode({"w": tensor}, "bf16"))["w"]
    below = (tensor.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    above = ((tensor.view(np.uint32) & np.uint32(0xFFFF0000)) + np.uint32(0x10000)).view(np.float32)
    down, up = np.abs(tensor - below), np.abs(above - tensor)
    even = (below.view(np.uint32) >> 16) % 2 == 0
    np.testing.assert_array_equal(got, np.where((down < up) | ((down == up) & even), below, above))


@settings(max_examples=50)
@given(TENSORS)
def test_int8_is_within_half_a_step_of_its_channel(tensor):
    got = decode(encode({"w": tensor}, "int8"))["w"]
    if tensor.ndim == 1:
        np.testing.assert_array_equal(got, tensor)
        return
    top = np.abs(tensor).reshape(len(tensor), -1).max(axis=1).astype(np.float64)
    error = np.abs(got.astype(np.float64) - tensor).reshape(len(tensor), -1).max(axis=1)
    assert (error <= np.maximum(top * (0.5 / 127) * (1 + 1e-5), 1e-37)).all()


def test_int8_scales_belong_to_output_channels():
    weight = np.array([[1.0, -0.5], [100.0, 3.0]], np.float32)
    coded = encode({"w": weight}, "int8")
    np.testing.assert_allclose(coded["w" + SCALE], [1 / 127, 100 / 127])
    np.testing.assert_array_equal(coded["w"], [[127, -64], [127, 4]])


def test_channels_of_zeros_stay_zeros():
    np.testing.assert_array_equal(decode(encode({"w": np.zeros((3, 2), np.float32)}, "int8"))["w"], np.zeros((3, 2)))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_precision_is_recognised_and_coding_twice_changes_nothing(precision):
    rng = np.random.default_rng(0)
    weights = {"w": rng.standard_normal((4, 3)).astype(np.float32), "b": rng.standard_normal(4).astype(np.float32)}
    coded = encode(weights, precision)
    assert precision_of(coded) == precision
    again = encode(decode(coded), precision)
    assert again.keys() == coded.keys()
    assert all(np.array_equal(again[name], coded[name]) for name in coded)
    assert all(value.flags.writeable and value.dtype == np.float32 for value in decode(coded).values())


def test_what_is_no_weight_is_refused():
    good = np.ones((2, 2), np.float32)
    for arrays_, message in (
        ({"w": np.ones(3, np.int64)}, "'w' of type int64 is not real and finite"),
        ({"w": np.array([1.0, np.nan], np.float32)}, "not real and finite"),
        ({"w" + SCALE: good}, "kept for scales"),
    ):
        with pytest.raises(ModelError, match=message):
            encode(arrays_, "int8")
    with pytest.raises(OptionError, match="precision 'fp8' is unknown: choose one of fp32, bf16, int8"):
        encode({"w": good}, "fp8")


SPOILT = {
    "no scales": ({"w": np.ones((2, 2), np.int8)}, "found none"),
    "scales of another shape": (
        {"w": np.ones((2, 2), np.int8), "w:scale": np.ones(3, np.float32)}, r"shape \(2,\), found float32 of shape \(3"
    ),
    "scales of another type": ({"w": np.ones((2, 2), np.int8), "w:scale": np.ones(2, np.uint16)}, "found uint16"),
    "negative scale": ({"w": np.ones((2, 2), np.int8), "w:scale": -np.ones(2, np.float32)}, "not positive"),
    "endless scale": ({"w": np.ones((2, 2), np.int8), "w:scale": np.array([1, np.inf], np.float32)}, "and finite"),
    "vector": ({"w": np.ones(2, np.int8), "w:scale": np.ones(2, np.float32)}, "wanted float32 scales"),
    "other type": ({"w": np.ones(2, np.int32)}, "is of type int32: wanted float32, bfloat16"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_spoilt_weights_are_refused(what):
    with pytest.raises(ModelError, match=SPOILT[what][1]):
        decode(SPOILT[what][0])


@pytest.mark.parametrize("kinds", [(), (np.int32,), (np.uint16, np.float32), (np.float64,)])
def test_no_precision_is_made_of_other_types(kinds):
    with pytest.raises(ModelError, match="wanted float32, bfloat16 kept as uint16, or int8"):
        precision_of({str(k): np.ones(2, kind) for k, kind in enumerate(kinds)})
