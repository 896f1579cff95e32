"""Operators and likelihoods go to JSON and come back the same; hostile descriptions are refused with a reason."""

from __future__ import annotations

import json
import math

import pytest
import torch

from openckm.errors import InputError
from openckm.observe import ALL_OPERATORS, Downsample, Gaussian, IntervalCensored, Product, Select, map_domain
from openckm.observe.operators import Domain, LinearOperator, Operator, PointSample
from openckm.observe.spec import (
    OperatorCodec,
    SpecLimits,
    likelihood_from_spec,
    likelihood_to_spec,
    operator_from_spec,
    operator_kinds,
    operator_to_spec,
    register_operator,
)
from openckm.observe.wedge import AngularSector

MAP = map_domain((8, 12))
GAIN = {"type": "select", "channels": ["gain_db"]}


def wire(spec):
    """What arrives at the other end."""
    return json.loads(json.dumps(spec, allow_nan=False))


def states(operator: Operator, count: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    x = 0.4 * torch.randn(count, *operator.domain.full_shape, generator=generator, dtype=torch.float64)
    return x.abs() + 0.01 if operator.domain.scale == "linear" else x


@pytest.mark.parametrize("entry", ALL_OPERATORS, ids=lambda e: e.name)
def test_every_operator_of_the_catalogue_comes_back_the_same(entry):
    operator = entry.make()
    back = operator_from_spec(wire(operator_to_spec(operator)), operator.domain)
    x = states(operator)
    assert (back.domain, back.range, back.elementwise) == (operator.domain, operator.range, operator.elementwise)
    assert isinstance(back, LinearOperator) == isinstance(operator, LinearOperator)
    assert torch.allclose(back(x), operator(x), rtol=1e-12)
    assert torch.equal(back.support().expand(1, *back.range.full_shape), operator.support().expand(
        1, *operator.range.full_shape))  # fmt: skip


def test_the_comparison_above_can_fail():
    spec = operator_to_spec(next(e for e in ALL_OPERATORS if e.name == "points").make())
    operator, other = operator_from_spec(spec, MAP), operator_from_spec(spec | {"rows": [1, 3, 3, 7, 0]}, MAP)
    assert not torch.equal(operator(states(operator)), other(states(operator)))


def test_likelihoods_come_back_the_same():
    points = PointSample(MAP, torch.tensor([0, 3]).numpy(), torch.tensor([1, 7]).numpy())
    direction = operator_from_spec({"type": "select", "channels": ["aoa_cos", "aoa_sin"]}, MAP)
    angle = torch.full((1, 8, 12), 0.3)
    y = torch.tensor([[[0.1, -0.2]]])
    whole = Product(
        Gaussian(points, y, 0.1), Gaussian(points, y, torch.tensor([[[0.1, 0.3]]])),
        IntervalCensored(points, torch.tensor([[[-math.inf, 0.0]]]), torch.tensor([[[0.4, math.inf]]]), 0.2),
        AngularSector(direction, angle, angle + 0.5, 0.05),
    )  # fmt: skip
    back = likelihood_from_spec(wire(likelihood_to_spec(whole)), MAP)
    x = states(points).float()
    assert torch.allclose(back.log_prob(x), whole.log_prob(x), rtol=1e-6)
    assert not torch.allclose(back.log_prob(x), whole.log_prob(x + 0.1), rtol=1e-3)


def test_readings_of_a_device_become_an_interval():
    spec = {"type": "device", "device": {"type": "quantize", "step": 0.5}, "before": GAIN,
            "y": torch.zeros(1, 8, 12).tolist(), "sigma": 0.1}  # fmt: skip
    found = likelihood_from_spec(spec, MAP)
    assert isinstance(found, IntervalCensored)
    assert (float(found.low.max()), float(found.high.min())) == (-0.25, 0.25)
    spec = spec | {"device": {"type": "quantize_direction", "sectors": 8},
                   "before": {"type": "select", "channels": ["aoa_cos", "aoa_sin"]},
                   "y": torch.ones(2, 8, 12).tolist()}  # fmt: skip
    assert isinstance(likelihood_from_spec(spec, MAP), AngularSector)


def test_physical_readings_are_brought_to_the_code():
    spec = {"type": "gaussian", "operator": {"type": "points", "rows": [0], "cols": [0]}, "sigma": 4.0,
            "unit": "physical", "y": [[-60.0]]}  # fmt: skip
    found = likelihood_from_spec(spec, MAP)
    assert isinstance(found, Gaussian)
    assert (float(found.y), round(float(found.sigma), 6)) == (1.0, 0.1)


class Doubled(LinearOperator):
    """A sensor that nobody thought of."""

    def __init__(self, domain: Domain) -> None:
        self.domain = self.range = domain

    def apply(self, x):
        return 2.0 * x

    def apply_adjoint(self, y):
        return 2.0 * y


def test_a_new_kind_is_registered_once(monkeypatch):
    from openckm.observe import spec as module

    monkeypatch.setattr(module, "_CODECS", dict(module._CODECS))
    codec = OperatorCodec(Doubled, lambda fields, domain: Doubled(domain), lambda operator: {})
    with pytest.raises(InputError, match="no description"):
        operator_to_spec(Doubled(MAP))
    register_operator("doubled", codec)
    assert "doubled" in operator_kinds()
    chain = operator_from_spec({"type": "chain", "steps": [GAIN, {"type": "doubled"}]}, MAP)
    assert operator_to_spec(chain)["steps"][1] == {"type": "doubled"}
    with pytest.raises(InputError, match="taken"):
        register_operator("doubled", codec)


def nested(depth: int) -> dict:
    spec = {"type": "identity"}
    for _ in range(depth):
        spec = {"type": "chain", "steps": [spec]}
    return spec


HOSTILE = {
    "no object": (7, "wanted an object"),
    "no type": ({}, "'type' is missing"),
    "unknown kind": ({"type": "__import__"}, "unknown operator"),
    "unknown field": ({"type": "identity", "path": "/etc/passwd"}, "unknown fields"),
    "deep": (nested(40), "nested"),
    "many": ({"type": "chain", "steps": [{"type": "identity"}] * 250 + [nested(10)]}, "parts"),
    "NaN": ({"type": "scaling", "gain": math.nan}, "finite"),
    "huge": ({"type": "scaling", "gain": 10**400}, "finite"),
    "true is no number": ({"type": "scaling", "gain": True}, "finite"),
    "text is no number": ({"type": "scaling", "gain": "1"}, "finite"),
    "ragged": ({"type": "mask", "observed": [[True], [True, False]]}, "lengths"),
    "mask of numbers": ({"type": "mask", "observed": [[1.0]]}, "true and false"),
    "bytes too few": ({"type": "mask", "observed": {"dtype": "bool", "shape": [8, 12], "data": "AAAA"}}, "bytes"),
    "bytes claimed": (
        {"type": "mask", "observed": {"dtype": "bool", "shape": [10**6, 10**6], "data": ""}}, "numbers"),
    "pickle": ({"type": "mask", "observed": {"dtype": "object", "shape": [1], "data": ""}}, "dtype"),
    "outside": ({"type": "points", "rows": [99], "cols": [0]}, "outside"),
    "sectors": ({"type": "chain", "steps": [
        {"type": "select", "channels": ["aoa_cos", "aoa_sin"]},
        {"type": "quantize_direction", "sectors": 10**9}]}, "whole number"),
    "factor": ({"type": "downsample", "factor": 3}, "divide"),
    "kernel": ({"type": "downsample", "factor": 2, "kernel": "x"}, "bicubic"),
    "scale": ({"type": "affine_offset", "offset": 0.0, "scale": "volts"}, "unknown scale"),
    "scales mixed": ({"type": "chain", "steps": [GAIN, {"type": "db_to_linear"}]}, "'db'"),
    "rows of points nested": ({"type": "points", "rows": [[0]], "cols": [[0]]}, "wanted"),
    "area without cells": ({"type": "area_average", "areas": [{"cells": [], "weights": []}]}, "holds"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_description_is_refused_with_a_reason(name):
    spec, reason = HOSTILE[name]
    with pytest.raises(InputError, match=reason):
        operator_from_spec(spec, MAP)


def test_windows_of_blurred_positions_count_against_the_limit():
    spec = {"type": "position_blur", "rows": [1.0] * 50, "cols": [1.0] * 50, "sigma_cells": [1e9]}
    with pytest.raises(InputError, match="more than 1000 numbers"):
        operator_from_spec(spec, MAP, SpecLimits(entries=1000))
    assert operator_from_spec(spec | {"sigma_cells": [0.0]}, MAP, SpecLimits(entries=1000)).range.shape == (50,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"y": [[0.0, 1.0]]}, "shape"),
        ({"sigma": 0.0}, "positive"),
        ({"sigma": -1.0}, "positive"),
        ({"y": [[math.inf]]}, "NaN or infinite"),
        ({"y": [[1e300]]}, "beyond 1e"),
        ({"unit": "furlong"}, "unit"),
        ({"type": "nosuch"}, "unknown likelihood"),
        ({"type": "product", "parts": []}, "list"),
    ],
)
def test_a_hostile_likelihood_is_refused_with_a_reason(change, reason):
    good = {"type": "gaussian", "operator": {"type": "points", "rows": [0], "cols": [0]}, "y": [[0.0]], "sigma": 1.0}
    assert likelihood_from_spec(good, MAP)
    with pytest.raises(InputError, match=reason):
        likelihood_from_spec(good | change, MAP)


def test_a_description_of_as_many_parts_as_allowed_is_read_and_one_more_is_not():
    blocks = Downsample(MAP.only("gain_db"), 2, "mean") @ Select(MAP, "gain_db")
    spec = likelihood_to_spec(Gaussian(blocks, torch.zeros(1, 1, 4, 6), 1.0))
    parts = json.dumps(spec).count('"type"')
    assert likelihood_from_spec(wire(spec), MAP, SpecLimits(nodes=parts)).domain == MAP
    with pytest.raises(InputError, match="parts"):
        likelihood_from_spec(wire(spec), MAP, SpecLimits(nodes=parts - 1))
