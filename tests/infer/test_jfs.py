"""jfs on priors with exact answers: linear readings, censored ones, and every combination without NaN."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from fields import field, gain_domain, levels, noisy, told
from random_evidence import SHAPE, random_likelihood
from standard_errors import worst

from openckm.errors import ComputationError, GridError, OptionError
from openckm.infer.exact.guided import levels_of
from openckm.infer.exact.jfs import JFS, Fit, JFSOptions
from openckm.infer.exact.samplers import FewStepSampler, draw_generator
from openckm.infer.exact.spectrum import Covariance, WhiteSpectrum
from openckm.observe import (
    AngularSector,
    AreaAverage,
    Domain,
    Downsample,
    Gaussian,
    IntervalCensored,
    Mask,
    PointSample,
    PositionBlur,
    Product,
    Quantize,
    QuantizeDirection,
    Select,
    Truncate,
    simulate,
)
from openckm.observe.sites import equivalent
from openckm.priors.denoiser import Denoised
from openckm.priors.exact import GaussianField, torus_spectrum

FINE = JFSOptions(iterations=300, tolerance=1e-6)
CASES = 60
"""Random combinations in `test_no_combination_gives_nan`; the release check runs 10,000."""


def operators():
    domain = gain_domain()
    generator = torch.Generator().manual_seed(0)
    return {
        "points": Mask(domain, torch.rand(8, 8, generator=generator) < 0.2),
        "nearly all": Mask(domain, torch.rand(8, 8, generator=generator) < 0.9),
        "hole": Mask(domain, torch.ones(8, 8, dtype=torch.bool).index_fill(0, torch.arange(2, 6), False)),
        "blocks": Downsample(domain, 2, "mean"),
        "bicubic": Downsample(domain, 2),
        "blur": PositionBlur(domain, np.array([1.0, 3.3, 6.0]), np.array([2.0, 4.5, 7.0]), 1.2),
        "repeated": PointSample(domain, np.array([1, 1, 5]), np.array([2, 2, 3])),
    }


@pytest.mark.parametrize("name", operators())
@pytest.mark.parametrize("level", [0.02, 0.3, 5.0])
def test_linear_readings_of_a_gaussian_field_are_exact(name, level):
    prior = field()
    likelihood, posterior = told(prior, operators()[name], 0.1)
    x = noisy(prior, level)
    found = JFS(prior, likelihood, options=FINE)(x, levels(level)).mean
    torch.testing.assert_close(found, posterior(x, levels(level)).mean, rtol=0, atol=1e-5)
    white = JFS(prior, likelihood, WhiteSpectrum(), FINE)(x, levels(level)).mean
    assert level < 0.1 or float((white - found).abs().max()) > 0.01  # the covariance matters, and the bound can fail


@pytest.mark.parametrize("name", ["points", "blocks", "blur"])
def test_draws_have_the_moments_of_the_exact_posterior(name):
    prior = field(4, 1.0)
    domain = gain_domain(4)
    operator = {"points": Mask(domain, torch.eye(4, dtype=torch.bool)), "blocks": Downsample(domain, 2, "mean"),
                "blur": PositionBlur(domain, np.array([0.0, 2.3]), np.array([1.0, 2.5]), 0.8)}[name]  # fmt: skip
    likelihood, posterior = told(prior, operator, 0.1)
    generators = [draw_generator(3, k) for k in range(600)]
    draws = FewStepSampler(60).run(JFS(prior, likelihood), (1, 4, 4), generators)
    moments = posterior.mean.flatten(), posterior.covariance()
    assert worst(draws, *moments) < 4.2
    assert worst(draws + 0.1, *moments) > 6.0


def importance(prior: GaussianField, likelihood, proposal_mean, proposal_cov, count: int = 60_000):
    """Return posterior mean, deviation and standard error of the mean by importance sampling."""
    generator = torch.Generator().manual_seed(5)
    size = proposal_mean.numel()
    eye = 1e-9 * torch.eye(size, dtype=torch.float64)
    root, own = (torch.linalg.cholesky(c + eye) for c in (proposal_cov, prior.covariance()))
    z = torch.randn((count, size), generator=generator, dtype=torch.float64)
    x = proposal_mean + z @ root.T
    white = torch.linalg.solve_triangular(own, (x - prior.mean.flatten()).T, upper=False)
    log_weight = -0.5 * (white**2).sum(0) + 0.5 * (z**2).sum(1) + likelihood.log_prob(x.view(-1, *prior.mean.shape))
    weight = torch.softmax(log_weight, 0)
    mean = weight @ x
    deviation = (weight @ (x - mean) ** 2).sqrt()
    return mean, deviation, float((weight**2).sum().sqrt())


def censored():
    domain = gain_domain(6)
    generator = torch.Generator().manual_seed(3)
    some = Mask(domain, torch.rand(6, 6, generator=generator) < 0.4)
    whole = Mask(domain, torch.ones(6, 6, dtype=torch.bool))
    device, clip = Quantize(domain, step=0.4), Truncate(domain, 0.1, 0.5)
    x = field(6).draw(1, generator)
    below = torch.full((1, 1, 6, 6), 0.1, dtype=torch.float64)
    open_end = torch.full_like(below, -math.inf)
    return {
        "bins before noise": IntervalCensored.of_device(device, some, device(simulate(some, x, 0.1, generator)), 0.1),
        "all in bins": IntervalCensored.of_device(device, whole, device(simulate(whole, x, 0.1, generator)), 0.1),
        "below sensitivity": IntervalCensored(some, open_end, below, 0.1),
        "clip, then noise": Gaussian(some @ clip, simulate(some @ clip, x, 0.1, generator), 0.1),
        "stairs, then noise": Gaussian(some @ device, simulate(some @ device, x, 0.15, generator), 0.15),
    }


@pytest.mark.parametrize(("name", "off"), [("bins before noise", 0.05), ("all in bins", 0.05),
                                           ("below sensitivity", 0.25),
                                           ("clip, then noise", 0.2), ("stairs, then noise", 0.25)])  # fmt: skip
def test_censored_readings_against_importance_sampling(name, off):
    prior, likelihood = field(6), censored()[name]
    guided = JFS(prior, likelihood, options=JFSOptions(iterations=200, tolerance=1e-5, rounds=6, shared=0.0))
    x = torch.zeros((1, 1, 6, 6), dtype=torch.float64)
    denoised = prior(x, levels(1e6, 1))  # all noise: what is found is E[x | y]
    fit = Fit(guided, denoised, guided.spectrum.covariance(denoised, 1e6))
    found = fit.run().mean.flatten()
    sites = torch.diag(fit.sites[0].precision.flatten() + 1e-12)
    own = prior.covariance()
    spread = own - own @ torch.linalg.solve(own + torch.linalg.inv(sites), own)
    reference, deviation, error = importance(prior, likelihood, found, 1.2 * spread)
    z = ((found - reference) / deviation).abs()
    assert float(z.max()) < off + 5.0 * error
    prior_z = ((prior.mean.flatten() - reference) / deviation).abs()
    assert float(prior_z.max()) > 2.0 * (off + 5.0 * error)  # the readings do matter


def test_sectors_turn_the_direction_into_their_wedge():
    prior = GaussianField.stationary(torch.zeros(2, 6, 6), torus_spectrum((6, 6), 2.0, 0.5))
    domain = Domain(("aoa_cos", "aoa_sin"), "latent", (6, 6))
    device = QuantizeDirection(domain, 8)
    x = prior.draw(1, torch.Generator().manual_seed(0))
    everything = Mask(domain, torch.ones(6, 6, dtype=torch.bool))
    before = AngularSector.of_device(device, everything, device(x), 0.02)
    after = Gaussian(everything @ device, device(x), 0.02)
    for likelihood in (before, after):
        guided = JFS(prior, likelihood, options=JFSOptions(iterations=100, rounds=6, shared=0.0))
        found = guided(torch.zeros_like(x), levels(1e5, 1)).mean
        gap = torch.atan2(found[:, 1], found[:, 0]) - torch.atan2(x[:, 1], x[:, 0])
        gap = torch.remainder(gap + math.pi, 2 * math.pi) - math.pi
        assert float(gap.abs().max()) < 2 * math.pi / 8
        assert float((found - x).square().mean()) < 0.35 * float(x.square().mean())


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_readings_of_a_device_that_say_the_same_count_as_fewer(shared):
    belief = Denoised(torch.zeros(1, 1, 8, 8, dtype=torch.float64), torch.ones(1, 1, 8, 8, dtype=torch.float64))
    alike = Covariance(torch.zeros(1, 8, 5, dtype=torch.float64).index_put_((torch.zeros(1, dtype=torch.long),) * 3,
                       torch.tensor(64.0, dtype=torch.float64)), (8, 8), torch.ones_like(belief.mean))  # fmt: skip
    domain = gain_domain()
    for cells in (4, 16, 64):
        some = Mask(domain, (torch.arange(64) < cells).view(8, 8))
        low, high = torch.zeros(1, 1, 8, 8), torch.full((1, 1, 8, 8), math.inf)
        method = JFS(field(), IntervalCensored(some, low, high, 0.1), options=replace(FINE, shared=shared))
        found = Fit(method, belief, alike).run().mean  # all cells are one and the same value z > 0
        site = method.terms[0].site.moments(belief.mean, torch.ones_like(belief.mean))
        precision, shift = equivalent(site, belief.mean, torch.ones_like(belief.mean))
        count = cells ** (1.0 - shared)
        wanted = float(count * shift[0, 0, 0, 0] / (1.0 + count * precision[0, 0, 0, 0]))
        torch.testing.assert_close(found, torch.full_like(found, wanted), rtol=1e-3, atol=1e-3)


def test_plain_readings_count_wholly():
    prior = field()
    likelihood, _ = told(prior, operators()["nearly all"], 0.1)
    x, some = noisy(prior, 0.3, 1), levels(0.3, 1)
    means = [JFS(prior, likelihood, options=replace(FINE, shared=s))(x, some).mean for s in (0.0, 1.0)]
    torch.testing.assert_close(*means)


def test_average_power_is_met_after_linearisation():
    prior, domain = field(8, std=0.2), gain_domain()
    operator = AreaAverage.blocks(domain, 4)
    x = prior.draw(1, torch.Generator().manual_seed(4))
    guided = JFS(prior, Gaussian(operator, operator(x), 0.01), options=FINE)
    found = guided(noisy(prior, 0.3, 1), levels(0.3, 1)).mean
    assert float((operator(found) - operator(x)).abs().max()) < 0.02
    assert float((operator(noisy(prior, 0.3, 1)) - operator(x)).abs().max()) > 0.1


def test_every_draw_respects_its_intervals():
    prior, domain = field(16), gain_domain(16)
    generator = torch.Generator().manual_seed(7)
    some = Mask(domain, torch.rand(16, 16, generator=generator) < 0.5)
    device = Quantize(domain, step=0.3)
    y = device(simulate(some, prior.draw(1, generator), 0.01, generator))
    likelihood = IntervalCensored.of_device(device, some, y, 0.01)
    draws = FewStepSampler(10, order=1).run(
        JFS(prior, likelihood), (1, 16, 16), [draw_generator(0, k) for k in range(8)]
    )
    beyond = likelihood.residual(draws).abs()[:, some.observed.flatten()]
    assert float((beyond <= 0.03).double().mean(1).min()) >= 0.995
    free = FewStepSampler(10, order=1).run(prior, (1, 16, 16), [draw_generator(0, k) for k in range(8)])
    assert float((likelihood.residual(free).abs()[:, some.observed.flatten()] <= 0.03).double().mean()) < 0.6


def run_cases(first: int, last: int) -> list[int]:
    """Run random combinations of operators, devices and noise through short chains; return those that fail."""
    prior = GaussianField.stationary(torch.zeros(SHAPE), torus_spectrum(SHAPE[1:], 2.0, 0.5).expand(SHAPE))
    bad = []
    for case in range(first, last):
        rng = np.random.default_rng([case])
        likelihood = random_likelihood(rng, prior)
        sampler = FewStepSampler(int(rng.integers(1, 5)), float(rng.random()), int(rng.integers(1, 3)))
        options = JFSOptions(int(rng.integers(1, 30)), float(10.0 ** rng.uniform(-3, 0)), int(rng.integers(1, 4)))
        spectrum = None if rng.random() < 0.7 else WhiteSpectrum()
        guided = JFS(prior, likelihood, spectrum, replace(options, shared=float(rng.random())))
        try:
            draws = sampler.run(guided, SHAPE, [draw_generator(case, k) for k in range(2)])
        except (ComputationError, RuntimeError):
            bad.append(case)
            continue
        if not bool(torch.isfinite(draws).all()):
            bad.append(case)
    return bad


def test_no_combination_gives_nan():
    assert run_cases(0, CASES) == []


def test_no_readings_leave_the_prior_and_all_of_them_fix_the_map():
    prior, domain = field(), gain_domain()
    x = noisy(prior, 0.5)
    nothing = Mask(domain, torch.zeros(8, 8, dtype=torch.bool))
    y = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    found = JFS(prior, Gaussian(nothing, y, 0.1))(x, levels(0.5)).mean
    torch.testing.assert_close(found, prior(x, levels(0.5)).mean)
    wide = IntervalCensored(nothing, y - math.inf, y + math.inf, 0.1)
    torch.testing.assert_close(JFS(prior, wide)(x, levels(0.5)).mean, found)
    truth = prior.draw(1, torch.Generator().manual_seed(0))
    everything = Mask(domain, torch.ones(8, 8, dtype=torch.bool))
    fixed = JFS(prior, Gaussian(everything, truth, 1e-3), options=FINE)(x, levels(0.5)).mean
    torch.testing.assert_close(fixed, truth.expand_as(fixed), rtol=0, atol=0.01)


def test_items_do_not_mix_and_levels_may_differ():
    prior = field()
    likelihood = Product(told(prior, operators()["points"], 0.1)[0],
                         IntervalCensored(operators()["hole"], torch.zeros(1, 1, 8, 8).double(),
                                          torch.full((1, 1, 8, 8), 0.4).double(), 0.05))  # fmt: skip
    guided = JFS(prior, likelihood)
    x = torch.cat([noisy(prior, 0.2, 2), noisy(prior, 3.0, 1)])
    sigma = torch.tensor([0.2, 0.2, 3.0], dtype=torch.float64)
    together = guided(x, sigma).mean
    alone = torch.cat([guided(x[i : i + 1], sigma[i : i + 1]).mean for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-9)
    assert [len(index) for _, index in levels_of(sigma)] == [2, 1]


def test_only_the_channels_that_are_read_are_solved_for():
    prior = GaussianField.stationary(torch.zeros(3, 8, 8), torus_spectrum((8, 8), 2.0, 0.5))
    domain = Domain(("gain_db", "aoa_cos", "aoa_sin"), "latent", (8, 8))
    y = torch.zeros(1, 1, 4, 4)
    guided = JFS(prior, Gaussian(Downsample(domain.only("aoa_sin"), 2) @ Select(domain, "aoa_sin"), y, 0.1))
    assert guided.channels == [2]
    x = noisy(prior, 0.3)
    found = guided(x, levels(0.3)).mean
    torch.testing.assert_close(found[:, :2], prior(x, levels(0.3)).mean[:, :2])


def test_bad_arguments_are_refused():
    prior = field()
    likelihood, _ = told(prior, operators()["points"], 0.1)
    for change in ({"iterations": 0}, {"rounds": 0}, {"tolerance": 0.0}, {"damping": 0.0}, {"damping": 1.5},
                   {"shared": -0.1}, {"shared": 1.1}):  # fmt: skip
        with pytest.raises(OptionError):
            JFSOptions(**change)
    with pytest.raises(GridError):
        JFS(prior, likelihood)(torch.zeros(1, 1, 8, 9), levels(1.0, 1))
