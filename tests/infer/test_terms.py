"""A likelihood taken apart says what the whole says: at a belief without width, the sites' masses are its density."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from random_evidence import DOMAIN, GAIN, SHAPE, random_likelihood
from torch import Tensor

from openckm.errors import OptionError
from openckm.infer.exact.terms import Term, Turn, squared, terms_of
from openckm.observe import (
    AffineOffset,
    AreaAverage,
    Domain,
    Downsample,
    Gaussian,
    IntervalCensored,
    Likelihood,
    Mask,
    PointSample,
    PositionBlur,
    Product,
    QuantizeAngle,
    Select,
    Truncate,
    map_domain,
    straight_through,
)
from openckm.priors.exact import GaussianField, torus_spectrum

NARROW = 1e-16
PRIOR = GaussianField.stationary(torch.zeros(SHAPE), torus_spectrum(SHAPE[1:], 2.0, 0.5).expand(SHAPE))


def log_prob_of(terms: list[Term], x: Tensor) -> float:
    total = 0.0
    for term in terms:
        value = term.operator(x)
        logs = term.site.moments(value, torch.full_like(value, NARROW)).log_mass
        seen = term.site.support.expand(1, *term.operator.range.full_shape)[:, : logs.shape[1]]
        total += float(torch.where(seen, logs, 0.0).sum())
    return total


@pytest.mark.parametrize("seed", range(40))
def test_terms_multiply_to_the_likelihood(seed):
    rng = np.random.default_rng([11, seed])
    likelihood = random_likelihood(rng, PRIOR)
    x, other = (PRIOR.draw(1, torch.Generator().manual_seed(k + seed)) for k in (0, 1000))
    for drawn in (x, other):
        drawn[:, 2].clamp_(-0.69, 0.69)  # sites of the sine know that none lies beyond 1, the device takes any
    terms = terms_of(likelihood)
    # some sites leave out constants: differences between maps must agree
    found, wanted = (
        log_prob_of(terms, x) - log_prob_of(terms, other),
        likelihood.log_prob(x) - likelihood.log_prob(other),
    )
    assert found == pytest.approx(float(wanted), rel=2e-3, abs=0.02)


def test_operators_are_linearised_with_their_adjoint():
    x = PRIOR.draw(2, torch.Generator().manual_seed(0))
    d = PRIOR.draw(2, torch.Generator().manual_seed(1))
    operators = [AreaAverage.blocks(DOMAIN, 2), AffineOffset(GAIN, -90.0, 40.0, "db") @ Select(DOMAIN, "gain_db"),
                 Downsample(DOMAIN, 2)]  # fmt: skip
    for operator in operators:
        y = operator(x)
        linear = Term(operator, terms_of(Gaussian(operator, y, 0.1))[0].site).at(x)
        torch.testing.assert_close(linear.value, y)
        moved = (operator(x + 1e-6 * d) - y) / 1e-6
        torch.testing.assert_close(linear.forward(d), moved, rtol=1e-4, atol=1e-4)
        w = torch.randn_like(y)
        left, right = (linear.forward(d) * w).sum(), (linear.adjoint(w) * d).sum()
        assert float(left) == pytest.approx(float(right), rel=1e-9)


def test_squared_entries_carry_variances():
    vector = DOMAIN.only("aoa_cos", "aoa_sin")
    turn = Turn(Select(DOMAIN, "aoa_cos", "aoa_sin"), torch.rand(1, 8, 8).double() * 6.0)
    sharp = [Mask(DOMAIN, torch.rand(8, 8) < 0.5), PointSample(DOMAIN, np.array([1, 1, 3]), np.array([2, 2, 0])),
             AffineOffset(GAIN, 1.0, 40.0, "db") @ Select(DOMAIN, "gain_db"),
             turn @ Mask(vector, torch.rand(8, 8) < 0.5) @ Select(DOMAIN, "aoa_cos", "aoa_sin")]  # fmt: skip
    for operator in sharp:
        linear = operator.linear if isinstance(operator, AffineOffset) else operator
        matrix = torch.stack([linear(e[None]).flatten() - linear(torch.zeros(1, *SHAPE).double()).flatten()
                              for e in torch.eye(320, dtype=torch.float64).view(320, *SHAPE)], 1)  # fmt: skip
        square = squared(operator)
        assert square is not None
        torch.testing.assert_close(square.dense(), matrix**2, rtol=1e-9, atol=1e-9)
    for operator in (Downsample(DOMAIN, 2), PositionBlur(DOMAIN, np.array([1.0]), np.array([2.0]), 1.0)):
        assert squared(operator) is None and squared(operator @ Mask(DOMAIN, torch.ones(8, 8) > 0)) is None


def test_straight_through_devices_get_the_sites_of_the_hard_ones():
    y = torch.zeros(1, 1, 8, 8)
    device = straight_through(Truncate(GAIN, -0.5, 0.5)) @ Select(DOMAIN, "gain_db")
    (term,) = terms_of(Gaussian(device, y, 0.1))
    assert type(term.site).__name__ == "ClipSite"


def test_a_building_tells_nothing_of_the_angle():
    building = torch.zeros(8, 8, dtype=torch.bool)
    building[2:4] = True
    domain = map_domain((8, 8), "pixel", ("aoa_sin",))
    (term,) = terms_of(Gaussian(QuantizeAngle(domain, 24, building), torch.full((1, 1, 8, 8), 0.5), 0.01))
    assert torch.equal(~term.site.support[0, 0], building)


def test_what_has_no_site_is_refused():
    class Odd(Likelihood):
        domain = Domain(("gain_db",), "latent", (4, 4))

        def log_prob(self, x):
            return x.flatten(1).sum(1)

        def residual(self, x):
            return x.flatten(1)

    with pytest.raises(OptionError, match="dps"):
        terms_of(Odd())
    after = AffineOffset(GAIN, 1.0) @ Truncate(GAIN, -0.5, 0.5)
    with pytest.raises(OptionError, match="after a device"):
        terms_of(Gaussian(after, torch.zeros(1, 1, 8, 8), 0.1))
    plain = Gaussian(Select(DOMAIN, "gain_db"), torch.zeros(1, 1, 8, 8), 0.1)
    low = torch.full((1, 1, 8, 8), -math.inf)
    both = Product(plain, IntervalCensored(Select(DOMAIN, "gain_db"), low, low + math.inf if False else -low, 0.1))
    assert [t.exact for t in terms_of(both)] == [True, False]
