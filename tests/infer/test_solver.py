"""The preconditioned solve on dense readings: the answer of a dense solve, in far fewer products than without."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from fields import gain_domain

from openckm.infer.exact.solver import Sites, System, conjugate_residuals, generalised_conjugate_residuals
from openckm.infer.exact.spectrum import Covariance
from openckm.infer.exact.terms import Term
from openckm.observe import Downsample, Mask
from openckm.observe.sites import NormalSite

SIDE, NOISE, DEVIATION, LENGTH = 24, 0.05, 0.3, 5.0
SIZE = (40, 40)


def smooth_covariance(scale: torch.Tensor) -> Covariance:
    """Exponential correlation, on a torus wide enough that the map does not meet itself."""
    rows, cols = (torch.minimum(torch.arange(n), n - torch.arange(n)).double() for n in SIZE)
    lag = torch.sqrt(rows[:, None] ** 2 + cols[None] ** 2)
    density = torch.fft.rfft2(torch.exp(-lag / LENGTH)).real.clamp(min=0.0)
    return Covariance(density[None], SIZE, scale)


def hole() -> torch.Tensor:
    kept = torch.ones(SIDE, SIDE, dtype=torch.bool)
    kept[6:16, 8:20] = False
    return kept


def system(operator, sigma: torch.Tensor, scale: torch.Tensor) -> System:
    y = torch.zeros((1, *operator.range.full_shape), dtype=torch.float64)
    support = operator.support().expand(y.shape)
    term = Term(operator, NormalSite(y, sigma, support))
    precision = torch.where(support, sigma.double() ** -2, 0.0).expand(y.shape)
    generator = torch.Generator().manual_seed(3)
    shift = precision * torch.randn(y.shape, generator=generator, dtype=torch.float64)
    zero = torch.zeros((1, 1, SIDE, SIDE), dtype=torch.float64)
    return System(smooth_covariance(scale), [0], (1, SIDE, SIDE), [term.at(zero)], [Sites(precision, shift)])


def even() -> torch.Tensor:
    return torch.full((1, 1, SIDE, SIDE), DEVIATION, dtype=torch.float64)


def uneven() -> torch.Tensor:
    ramp = torch.linspace(0.5, 2.0, SIDE, dtype=torch.float64)
    return DEVIATION * ramp.expand(1, 1, SIDE, SIDE)


def products_needed(one: System, target: torch.Tensor, precondition) -> int:
    """The least number of iterations, of powers of 2, after which the residual is below a tenth of the noise."""
    limit = 0.1 * one.count.double().sqrt()
    count = 1
    while count < 4096:
        w = conjugate_residuals(one.product, target, torch.zeros_like(target), count, limit, precondition)
        if bool(((target - one.product(w)).norm(dim=1, keepdim=True) <= limit).all()):
            return count
        count *= 2
    raise AssertionError("no convergence")


CASES = {
    "hole": lambda d: Mask(d, hole()),
    "most": lambda d: Mask(d, torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(1)) < 0.9),
    "blocks": lambda d: Downsample(d, 2, "mean"),
}


@pytest.mark.parametrize("scale", [even(), uneven()], ids=["even", "uneven"])
@pytest.mark.parametrize("name", CASES)
def test_dense_readings_take_few_products(name, scale):
    one = system(CASES[name](gain_domain(SIDE)), torch.tensor(NOISE), scale)
    target = one.target(torch.zeros_like(scale))
    plain, helped = (products_needed(one, target, p) for p in (None, one.precondition))
    assert helped <= 32
    assert plain >= 2 * helped


def test_the_answer_is_that_of_a_dense_solve():
    one = system(CASES["hole"](gain_domain(SIDE)), torch.tensor(NOISE), uneven())
    target = one.target(torch.zeros((1, 1, SIDE, SIDE), dtype=torch.float64))
    columns = torch.eye(target.shape[1], dtype=torch.float64)
    dense = torch.cat([one.product(column[None]) for column in columns])
    exact = one.spread(torch.linalg.solve(dense, target[0])[None])
    moved, _ = one.solve(torch.zeros_like(exact), 60, 1e-8)
    assert float((moved - exact).abs().max()) < 1e-5 * float(exact.abs().max())


def test_the_preconditioner_is_symmetric_and_positive():
    one = system(CASES["hole"](gain_domain(SIDE)), torch.tensor(NOISE), uneven())
    seen = (one.root > 0).double()
    a, b = (seen * torch.randn(seen.shape, generator=torch.Generator().manual_seed(k)).double() for k in (1, 2))
    left, right = (float((x * one.precondition(y)).sum()) for x, y in ((a, b), (b, a)))
    assert left == pytest.approx(right, rel=1e-9)
    assert float((a * one.precondition(a)).sum()) > 0


def test_vague_readings_beside_sharp_ones_do_not_spoil_it():
    """As a clipped region beside a measured one: precisions nine orders of magnitude apart."""
    sigma = torch.full((1, 1, SIDE, SIDE), NOISE)
    sigma[..., SIDE // 2 :] = 1e3
    one = system(CASES["hole"](gain_domain(SIDE)), sigma, even())
    target = one.target(torch.zeros((1, 1, SIDE, SIDE), dtype=torch.float64))
    assert products_needed(one, target, one.precondition) <= 32


def test_generalised_conjugate_residuals_solve_what_is_neither_symmetric_nor_positive():
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(3, 12, 12, generator=generator, dtype=torch.float64) + 3.0 * torch.eye(12)
    target = torch.randn(3, 12, generator=generator, dtype=torch.float64)
    assert float(torch.linalg.eigvals(matrix).imag.abs().max()) > 0.5
    assert bool((torch.linalg.eigvalsh(matrix + matrix.mT) < 0).any())

    def product(v):
        return (matrix @ v[:, :, None])[:, :, 0]

    residuals = [
        (target - product(generalised_conjugate_residuals(product, target, count))).norm(dim=1) for count in range(13)
    ]
    assert all(bool((after <= before + 1e-9).all()) for before, after in pairwise(residuals))
    assert float(residuals[-1].max()) < 1e-8 < 1e-2 < float(residuals[4].max())


def test_a_guess_no_better_than_nothing_costs_one_product_and_spoils_nothing():
    one = system(Mask(gain_domain(SIDE), hole()), NOISE * torch.ones(1, 1, SIDE, SIDE), even())
    zero = torch.zeros_like(even())
    exact, w = one.solve(zero, 200, 1e-6)
    target = one.target(zero)
    limit = 1e-3 * one.count.double().sqrt()
    for guess, least in ((target, 1.0), (-3.0 * w, 1.0), (0.999 * w, 1e-2)):
        begun = conjugate_residuals(one.product, target, guess, 0, limit, one.precondition)
        assert float((target - one.product(begun)).norm() / target.norm()) <= least + 1e-9
        found = one.spread(conjugate_residuals(one.product, target, guess, 60, limit, one.precondition))
        assert torch.allclose(found, exact, atol=1e-3)


def test_maps_that_have_not_moved_are_no_guess():
    one = system(Mask(gain_domain(SIDE), hole()), NOISE * torch.ones(1, 1, SIDE, SIDE), even())
    asked = []
    product = one.product
    one.product = lambda w: asked.append(1) or product(w)
    zero = torch.zeros_like(even())
    without = one.solve(zero, 20, 0.3)[0]
    cost = len(asked)
    with_zero = one.solve(zero, 20, 0.3, zero)[0]
    assert torch.equal(with_zero, without) and len(asked) == 2 * cost
