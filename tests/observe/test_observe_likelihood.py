"""Likelihoods against scipy and high-precision values, in both tails, and per sample."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from openckm.errors import GridError, InputError, OptionError, UnitError
from openckm.maps import Grid, Points
from openckm.observe import (
    Domain,
    Gaussian,
    Identity,
    IntervalCensored,
    Mask,
    Product,
    Quantize,
    Truncate,
    points_likelihood,
    simulate,
)
from openckm.observe.likelihood import log_interval_probability

DOMAIN = Domain(("gain_db",), "latent", (3, 4))


def log_interval(mean: float, low: float, high: float, sigma: float = 1.0) -> float:
    values = [torch.tensor(v, dtype=torch.float64) for v in (mean, low, high, sigma)]
    return log_interval_probability(*values).item()


def reference(low: float, high: float) -> float:
    """log integral of the standard normal density, scaled by its largest value so that no tail underflows."""
    if low + high > 0:
        low, high = -high, -low
    peak = min(max(0.0, low), high)
    top = -0.5 * peak**2
    start = max(low, peak - 40.0 / max(1.0, abs(peak)) - 40.0 * (abs(peak) < 1))
    value, _ = quad(lambda t: math.exp(-0.5 * t * t - top), start, high, epsabs=0, epsrel=1e-12)
    return top + math.log(value) - 0.5 * math.log(2 * math.pi)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 1.0), (-0.2, 3.0), (5.0, 6.0), (-41.0, -40.0), (300.0, 300.5), (-1000.0, -999.9), (2.0, 2.0005),
     (-50.0, -49.9995), (0.0, 1e-6), (-8.0, 8.0), (1.0, 1.002)],
)  # fmt: skip
def test_interval_probability_in_both_tails(low, high):
    assert log_interval(0.0, low, high) == pytest.approx(reference(low, high), rel=1e-7, abs=1e-12)


def test_interval_probability_at_its_ends():
    inf = math.inf
    assert log_interval(0.3, -inf, inf) == 0.0
    assert log_interval(0.3, -inf, 1.0) == pytest.approx(norm.logcdf(0.7))
    assert log_interval(0.3, 1.0, inf) == pytest.approx(norm.logsf(0.7))
    assert log_interval(0.3, 1.0, 1.0, 0.5) == pytest.approx(norm.logpdf(1.0, 0.3, 0.5))
    assert log_interval(0.0, 1e8, inf) == pytest.approx(-0.5e16, rel=1e-12)


def test_interval_probability_for_vanishing_noise():
    for sigma in (1e-3, 1e-6, 1e-12):
        assert log_interval(0.5, 0.0, 1.0, sigma) == pytest.approx(0.0, abs=1e-12)
        assert log_interval(1.5, 0.0, 1.0, sigma) == pytest.approx(-0.125 / sigma**2, rel=1e-3)


def test_interval_gradient_is_right_and_finite_everywhere():
    inf = math.inf
    low = torch.tensor([-1.0, -inf, 2.0, -inf, 0.7, 1.0, 5e4, 1e6, -3.0, -inf], dtype=torch.float64)
    high = torch.tensor([1.0, 0.0, inf, inf, 0.7, 1.0002, 5e4 + 1, inf, -2.9995, -1e6], dtype=torch.float64)
    mean = torch.full_like(low, 0.3).requires_grad_()
    sigma = torch.tensor(0.5, dtype=torch.float64)
    value = log_interval_probability(mean, low, high, sigma)
    (gradient,) = torch.autograd.grad(value.sum(), mean)
    assert torch.isfinite(value).all() and torch.isfinite(gradient).all()
    step = 1e-5
    shifted = [log_interval_probability(mean.detach() + s, low, high, sigma) for s in (step, -step)]
    torch.testing.assert_close(gradient, (shifted[0] - shifted[1]) / (2 * step), rtol=2e-5, atol=1e-7)


def test_gaussian_matches_scipy_and_counts_the_support_only():
    observed = np.zeros((3, 4), dtype=np.bool_)
    observed[0] = True
    mask = Mask(DOMAIN, observed)
    x = torch.randn(2, 1, 3, 4, dtype=torch.float64)
    y = simulate(mask, x[:1], 0.3, torch.Generator().manual_seed(0))
    likelihood = Gaussian(mask, y, 0.3)
    expected = norm.logpdf(y[:, 0, 0], x[:, 0, 0], 0.3).sum(axis=1)
    np.testing.assert_allclose(likelihood.log_prob(x), expected)
    residual = likelihood.residual(x)
    assert residual.shape == (2, 12) and (residual[:, 4:] == 0).all()
    np.testing.assert_allclose(residual[:, :4], (y - x)[:, 0, 0])


def test_samples_of_a_batch_do_not_mix():
    x = torch.randn(5, 1, 3, 4)
    y = torch.randn(1, 1, 3, 4)
    both = Product(Gaussian(Identity(DOMAIN), y, 0.2), IntervalCensored(Identity(DOMAIN), y - 1, y + 1, 0.1))
    torch.testing.assert_close(both.log_prob(x)[2:3], both.log_prob(x[2:3]))
    torch.testing.assert_close(both.residual(x)[2:3], both.residual(x[2:3]))
    assert both.residual(x).shape == (5, 24) and both.log_prob(x).dtype == torch.float32


def test_probabilities_of_all_readings_of_a_quantiser_sum_to_one():
    before, device = Identity(DOMAIN), Quantize(DOMAIN, levels=(-1.0, 0.0, 0.5, 2.0))
    x = torch.full((1, 1, 3, 4), 0.2, dtype=torch.float64)
    total = 0.0
    for level in (-1.0, 0.0, 0.5, 2.0):
        y = torch.full_like(x, level)
        total += math.exp(IntervalCensored.of_device(device, before, y, 0.4).log_prob(x).item() / 12)
    assert total == pytest.approx(1.0)


def test_truncated_readings_are_the_tobit_model():
    device = Truncate(DOMAIN, -0.5, 0.5)
    y = torch.tensor([-0.5, 0.5, 0.1], dtype=torch.float64)[:, None].expand(1, 1, 3, 4).contiguous()
    x = torch.full((1, 1, 3, 4), 0.2, dtype=torch.float64)
    value = IntervalCensored.of_device(device, Identity(DOMAIN), y, 0.4).log_prob(x).item()
    one = norm.logcdf((-0.5 - 0.2) / 0.4) + norm.logsf((0.5 - 0.2) / 0.4) + norm.logpdf(0.1, 0.2, 0.4)
    assert value == pytest.approx(4 * one)
    residual = IntervalCensored.of_device(device, Identity(DOMAIN), y, 0.4).residual(x)
    np.testing.assert_allclose(residual.reshape(3, 4)[:, 0], [-0.7, 0.3, -0.1])


def test_likelihoods_refuse_what_does_not_fit():
    y = torch.zeros(1, 1, 3, 4)
    with pytest.raises(OptionError):
        Gaussian(Identity(DOMAIN), y, 0.0)
    with pytest.raises(GridError):
        Gaussian(Identity(DOMAIN), y[..., :3], 1.0)
    with pytest.raises(GridError, match="sigma"):
        Gaussian(Identity(DOMAIN), y, torch.ones(5))
    with pytest.raises(InputError, match="interval"):
        IntervalCensored(Identity(DOMAIN), y + 1, y, 1.0)
    with pytest.raises(InputError):
        IntervalCensored(Identity(DOMAIN), y * math.nan, y, 1.0)
    with pytest.raises(InputError):
        IntervalCensored(Identity(DOMAIN), y + math.inf, y + math.inf, 1.0)
    with pytest.raises(InputError):
        Product()
    other = Domain(("gain_db",), "db", (3, 4))
    with pytest.raises(InputError):
        Product(Gaussian(Identity(DOMAIN), y, 1.0), Gaussian(Identity(other), y, 1.0))
    with pytest.raises(UnitError):
        IntervalCensored.of_device(Truncate(other, -1.0, 1.0), Identity(DOMAIN), y, 1.0)


def test_points_of_all_kinds_make_a_likelihood_in_latent_scale():
    grid = Grid((3, 4), 10.0)
    xs, ys = np.array([5.0, 15.0, 25.0, 35.0]), np.full(4, -5.0)
    points = Points.exact(xs, ys, np.array([-60.0, -120.0, -40.0, -70.0]), sigma=2.0)
    low, high = np.array([-np.inf] * 3 + [-75.0]), np.array([np.inf] * 3 + [-65.0])
    points = replace(points, kind=np.array(["exact", "below", "above", "interval"]), low=low, high=high)
    gain = np.array([-91.0, -155.0, -75.0, -98.0])
    x = torch.zeros(1, 5, 3, 4, dtype=torch.float64)
    x[0, 0, 0] = torch.as_tensor((gain + 100.0) / 40.0)
    value = points_likelihood(points, grid, offset=30.0).log_prob(x).item()
    power = gain + 30.0
    expected = norm.logpdf(-60.0, power[0], 2.0) + math.log(40.0)
    expected += norm.logcdf(-120.0, power[1], 2.0) + norm.logsf(-40.0, power[2], 2.0)
    expected += math.log(norm.cdf(-65.0, power[3], 2.0) - norm.cdf(-75.0, power[3], 2.0))
    assert value == pytest.approx(expected, rel=1e-5)
    with pytest.raises(InputError):
        points_likelihood(points.subset(np.zeros(4, dtype=np.bool_)), grid)


def test_the_gradient_of_a_narrow_interval_is_finite_and_right_beside_wide_ones():
    """Where one formula is not used its stand-in must not spoil the gradient of the other."""
    mean = torch.tensor([0.3, -2.0, 0.1, 5.0], dtype=torch.float64, requires_grad=True)
    low = torch.tensor([0.0, -2.1, 0.1, 4.0], dtype=torch.float64)
    high = low + torch.tensor([1e-9, 1e-12, 0.0, 3.0], dtype=torch.float64)
    sigma = torch.ones((), dtype=torch.float64)
    log_interval_probability(mean, low, high, sigma).sum().backward()
    middle = 0.5 * (low + high)
    want = middle - mean.detach()  # d/dm of -(z - m)^2 / 2, for a width that is nothing
    z = [(end - mean.detach()[3]).item() for end in (low[3], high[3])]
    want[3] = -(norm.pdf(z[1]) - norm.pdf(z[0])) / (norm.cdf(z[1]) - norm.cdf(z[0]))
    torch.testing.assert_close(mean.grad, want, atol=1e-6, rtol=1e-6)
