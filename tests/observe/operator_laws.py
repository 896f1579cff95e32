"""The laws of operators, as functions that raise AssertionError; `test_observe_laws` runs them over one list."""

from __future__ import annotations

import torch
from torch import Tensor

from openckm.observe import LinearOperator, Operator


def inputs(operator: Operator, batch: int = 3, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, *operator.domain.full_shape)
    if operator.domain.scale in ("pixel", "linear"):
        return torch.rand(shape, generator=generator, dtype=dtype) * 0.7 + 0.3
    return torch.randn(shape, generator=generator, dtype=dtype)


def readings(operator: Operator, batch: int = 3, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((batch, *operator.range.full_shape), generator=generator, dtype=torch.float64)


def check_reference(operator: Operator) -> None:
    x = inputs(operator)
    expected = [torch.as_tensor(operator.reference(state.numpy())) for state in x]
    torch.testing.assert_close(operator(x), torch.stack(expected), rtol=1e-12, atol=1e-12)


def check_linear(operator: LinearOperator) -> None:
    first, second = inputs(operator), inputs(operator, seed=5)
    together = operator(2.0 * first - 0.3 * second)
    torch.testing.assert_close(together, 2.0 * operator(first) - 0.3 * operator(second), rtol=1e-10, atol=1e-10)


def check_adjoint(operator: LinearOperator) -> None:
    x, y = inputs(operator), readings(operator)
    left = (operator(x) * y).flatten(1).sum(1)
    right = (x * operator.adjoint(y)).flatten(1).sum(1)
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10)


def check_dense_adjoint(operator: LinearOperator) -> None:
    y = readings(operator)
    expected = (y.flatten(1) @ operator.dense()).reshape(len(y), *operator.domain.full_shape)
    torch.testing.assert_close(operator.adjoint(y), expected, rtol=1e-10, atol=1e-10)


def check_idempotent(operator: Operator) -> None:
    once = operator(inputs(operator))
    torch.testing.assert_close(operator(once), once, rtol=1e-12, atol=1e-12)


def check_dtype_and_device(operator: Operator) -> None:
    for dtype in (torch.float32, torch.float64):
        x = inputs(operator, dtype=dtype)
        y = operator(x)
        assert y.dtype == dtype and y.device == x.device
        assert tuple(y.shape) == (len(x), *operator.range.full_shape)
        assert operator(x.to("meta")).device.type == "meta"


def check_batch_independent(operator: Operator) -> None:
    x = inputs(operator, batch=4)
    torch.testing.assert_close(operator(x)[1:2], operator(x[1:2]), rtol=1e-13, atol=1e-13)


def check_gradient(operator: Operator) -> None:
    x = inputs(operator, batch=1).requires_grad_()
    assert torch.autograd.gradcheck(operator, (x,), eps=1e-7, atol=1e-5, rtol=1e-4)


def check_straight_through(operator: Operator) -> None:
    x = inputs(operator).requires_grad_()
    weight = readings(operator)
    (gradient,) = torch.autograd.grad((operator(x) * weight).sum(), x)
    torch.testing.assert_close(gradient, weight, rtol=0, atol=0)
