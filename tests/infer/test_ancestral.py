"""Draws that step through the belief: exact moments of a Gaussian field in three steps, ranks of the truth, devices."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from fields import field, gain_domain, told
from standard_errors import worst

from openckm.errors import ComputationError, OptionError
from openckm.infer.exact.ancestral import AncestralSampler, Believing, DrawsBelief
from openckm.infer.exact.guided import Noisy
from openckm.infer.exact.jfs import JFS, JFSOptions
from openckm.infer.exact.samplers import FewStepSampler, draw_generator
from openckm.infer.posterior_draws import SCHEDULE, sample_posterior
from openckm.observe import Gaussian, IntervalCensored, Mask
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.schedules import VP

SHAPE = (1, 8, 8)
SHARP = JFSOptions(iterations=200, tolerance=1e-3)


def scattered(sigma: float = 0.1, share: float = 0.3):
    prior = field()
    mask = torch.rand(8, 8, generator=torch.Generator().manual_seed(0)) < share
    return prior, *told(prior, Mask(gain_domain(), mask), sigma)


def generators(count: int) -> list[torch.Generator]:
    return [draw_generator(5, k) for k in range(count)]


def test_three_steps_draw_the_exact_posterior_of_a_gaussian_field():
    prior, likelihood, posterior = scattered()
    true = (posterior.mean.flatten(), posterior.covariance())
    guided = JFS(prior, likelihood, options=SHARP)
    draws = AncestralSampler(3, SCHEDULE).run(guided, SHAPE, generators(2000))
    assert worst(draws, *true) < 4.5  # of 2,144 standard normal numbers
    mean_instead = FewStepSampler(3, 1.0, 1, SCHEDULE).run(guided, SHAPE, generators(2000))
    assert worst(mean_instead, *true) > 10.0  # the comparison can fail


def test_without_readings_three_steps_draw_the_exact_prior():
    prior = field()
    draws = AncestralSampler(3, SCHEDULE).run(prior, SHAPE, generators(2000))
    assert worst(draws, prior.mean.flatten(), prior.covariance()) < 4.5


def test_a_denoiser_told_the_readings_draws_with_the_right_spread():
    _, _, posterior = scattered()
    draws = AncestralSampler(8, SCHEDULE).run(posterior, SHAPE, generators(400)).double()
    ratio = (draws.var(0).mean() / posterior.variance().mean()).sqrt()
    assert 0.93 < float(ratio) < 1.07
    old = FewStepSampler(8, 1.0, 1, SCHEDULE).run(posterior, SHAPE, generators(400)).double()
    assert float((old.var(0).mean() / posterior.variance().mean()).sqrt()) < 0.85


@pytest.mark.parametrize("method", ["jfs", "auto"])
def test_the_truth_ranks_anywhere_among_the_draws(method):
    prior, draws, fields, sigma = field(12), 9, 40, 0.1
    counts = np.zeros(draws + 1)
    for number in range(fields):
        generator = torch.Generator().manual_seed(number)
        truth = prior.draw(1, generator)
        mask = torch.rand(12, 12, generator=generator) < 0.1
        y = torch.where(mask, truth + sigma * torch.randn(truth.shape, generator=generator, dtype=torch.float64), 0.0)
        likelihood = Gaussian(Mask(gain_domain(12), mask), y.float(), sigma)
        shape = (1, 12, 12)
        made = sample_posterior(prior, likelihood, shape, method=method, draws=draws, seed=number).maps
        counts += np.bincount((made < truth).sum(0).flatten(), minlength=draws + 1)
    ends = (counts[0] + counts[-1]) / counts.sum() * (draws + 1) / 2
    assert 0.8 < ends < 1.25  # with the mean in place of a draw it is 2.0


def test_draws_behind_a_limit_have_the_spread_of_the_true_posterior():
    """Where a receiver says "below the limit", draws are compared with weighted draws of the prior itself."""
    prior = field(4, 1.0)
    limit, sigma = 0.2, 0.05
    mask = torch.tensor([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1]], dtype=torch.bool)
    low = torch.full((1, 1, 4, 4), -math.inf)
    likelihood = IntervalCensored(Mask(gain_domain(4), mask), low, torch.full_like(low, limit), sigma)
    many = prior.draw(40_000, torch.Generator().manual_seed(1))
    weight = torch.special.ndtr((limit - many[:, 0, mask]) / sigma).prod(1)
    weight = weight / weight.sum()
    mean = (weight[:, None, None, None] * many).sum(0)
    std = ((weight[:, None, None, None] * (many - mean) ** 2).sum(0)).sqrt()
    guided = JFS(prior, likelihood, options=JFSOptions(200, 1e-3, rounds=4, shared=0.0))
    draws = AncestralSampler(16, SCHEDULE).run(guided, (1, 4, 4), generators(1500)).double()
    assert float(((draws.mean(0) - mean) / std).abs().max()) < 0.15
    assert 0.9 < float((draws.std(0) / std).mean()) < 1.1
    assert float((draws.std(0) / std)[:, mask].min()) > 0.8 and float((draws.std(0) / std)[:, mask].max()) < 1.2


def test_a_draw_is_a_function_of_its_generator():
    prior, likelihood, _ = scattered()
    guided = JFS(prior, likelihood, options=SHARP)
    together = AncestralSampler(4, SCHEDULE).run(guided, SHAPE, generators(3))
    alone = AncestralSampler(4, SCHEDULE).run(guided, SHAPE, generators(3)[2:])
    torch.testing.assert_close(together[2:], alone, atol=1e-4, rtol=1e-4)


def test_what_draws_from_its_belief():
    prior, likelihood, _ = scattered()
    assert isinstance(JFS(prior, likelihood), DrawsBelief) and isinstance(Believing(prior), DrawsBelief)
    assert not isinstance(prior, DrawsBelief)
    x, sigma = torch.randn(2, *SHAPE), torch.full((2,), 0.4)
    torch.testing.assert_close(Believing(prior)(x, sigma).mean, prior(x, sigma).mean)
    drawn = Believing(prior).draw_clean(Noisy(x, 0.4, None), generators(2))
    assert drawn.shape == x.shape and not torch.allclose(drawn, prior(x, sigma).mean)


def test_bad_options_and_values_are_refused():
    with pytest.raises(OptionError):
        AncestralSampler(0)
    with pytest.raises(OptionError, match="alpha"):
        AncestralSampler(4, VP())

    class Broken(Denoiser):
        def forward(self, x, sigma, condition=None):
            return Denoised(x * float("nan"), torch.ones_like(x))

    with pytest.raises(ComputationError):
        AncestralSampler(2).run(Broken(), SHAPE, generators(1))


def test_progress_is_reported_and_may_stop_the_sampler():
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        AncestralSampler(4, SCHEDULE).run(field(), SHAPE, generators(1), None, stop)
    assert seen == [(1, 4), (2, 4)]
