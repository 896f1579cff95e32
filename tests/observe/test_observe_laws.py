"""Every operator obeys the laws of its kind, and the laws can fail."""

from __future__ import annotations

import operator_laws as laws
import pytest
import torch

from openckm.errors import GridError
from openckm.observe import ALL_OPERATORS, Domain, Identity, LinearOperator, Truncate, map_domain
from openckm.observe import operators as operators_module
from openckm.observe.offset import FieldOffset

entries = pytest.mark.parametrize("entry", ALL_OPERATORS, ids=lambda e: e.name)
linear = pytest.mark.parametrize(
    "entry", [e for e in ALL_OPERATORS if isinstance(e.make(), LinearOperator)], ids=lambda e: e.name
)


def test_names_are_unique_and_every_class_is_listed():
    assert len({e.name for e in ALL_OPERATORS}) == len(ALL_OPERATORS)
    listed = {type(e.make()).__name__ for e in ALL_OPERATORS}
    wanted = {"Mask", "Downsample", "Select", "PointSample", "Truncate", "Quantize", "QuantizeAngle", "Joint",
              "QuantizeDirection", "StraightThrough", "AffineOffset", "Compose", "LinearCompose"}  # fmt: skip
    assert wanted <= listed


@entries
def test_equals_its_reference(entry):
    laws.check_reference(entry.make())


@entries
def test_keeps_dtype_and_device(entry):
    laws.check_dtype_and_device(entry.make())


@entries
def test_samples_do_not_mix(entry):
    laws.check_batch_independent(entry.make())


@linear
def test_linear(entry):
    laws.check_linear(entry.make())


@linear
def test_adjoint(entry):
    laws.check_adjoint(entry.make())
    laws.check_dense_adjoint(entry.make())


@pytest.mark.parametrize("entry", [e for e in ALL_OPERATORS if e.idempotent], ids=lambda e: e.name)
def test_idempotent(entry):
    laws.check_idempotent(entry.make())


@pytest.mark.parametrize("entry", [e for e in ALL_OPERATORS if e.differentiable], ids=lambda e: e.name)
def test_gradient(entry):
    laws.check_gradient(entry.make())


@pytest.mark.parametrize("entry", [e for e in ALL_OPERATORS if e.straight_through], ids=lambda e: e.name)
def test_straight_through_is_hard_forward_and_identity_backward(entry):
    operator = entry.make()
    laws.check_straight_through(operator)
    x = laws.inputs(operator, dtype=torch.float32)
    assert torch.equal(operator(x), operator.hard(x))


@entries
def test_support_broadcasts_and_zeros_lie_outside(entry):
    operator = entry.make()
    support = operator.support()
    y = operator(laws.inputs(operator))
    assert support.dtype == torch.bool
    torch.broadcast_to(support, y.shape)


_DOMAIN = Domain(("gain_db",), "latent", (4, 6))


class _WrongAdjoint(operators_module.Downsample):
    def apply_adjoint(self, y):
        return torch.nn.functional.interpolate(y, scale_factor=self.factor)


class _NotLinear(Identity):
    def apply(self, x):
        return x + 1.0


class _MixesBatch(Identity):
    def apply(self, x):
        return x - x.mean(dim=0)


class _SoftTruncate(Truncate):
    def apply(self, x):
        return x.clamp(self.low, self.high) * 0.9


class _WrongGradient(Identity):
    def apply(self, x):
        return x.detach() + 0.5 * (x - x.detach())


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        (laws.check_adjoint, _WrongAdjoint(_DOMAIN, 2)),
        (laws.check_dense_adjoint, _WrongAdjoint(_DOMAIN, 2)),
        (laws.check_linear, _NotLinear(_DOMAIN)),
        (laws.check_batch_independent, _MixesBatch(_DOMAIN)),
        (laws.check_idempotent, _SoftTruncate(_DOMAIN, -0.5, 0.5)),
        (laws.check_reference, _SoftTruncate(_DOMAIN, -0.5, 0.5)),
        (laws.check_straight_through, _WrongGradient(_DOMAIN)),
    ],
)
def test_the_laws_catch_broken_operators(law, broken):
    with pytest.raises(AssertionError):
        law(broken)


def test_the_gradient_law_catches_a_wrong_gradient():
    with pytest.raises((AssertionError, RuntimeError)):
        laws.check_gradient(_WrongGradient(_DOMAIN))


def test_a_known_field_is_an_operator_like_any_other():
    operator = FieldOffset(map_domain((8, 12), channels=("gain_db",)), torch.linspace(-1.0, 2.0, 96).view(1, 8, 12))
    laws.check_reference(operator)
    laws.check_dtype_and_device(operator)
    with pytest.raises(GridError):
        FieldOffset(operator.domain, torch.zeros(8, 12))
