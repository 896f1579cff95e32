"""The point estimate: what is picked, what it is made of, and what a deadline leaves of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openckm.errors import GridError, OptionError
from openckm.infer import estimate
from openckm.infer.choose import choose_estimate
from openckm.infer.estimate import posterior_estimate
from openckm.infer.posterior_draws import sample_posterior
from openckm.observe import Gaussian, Likelihood, Mask, Select, map_domain
from openckm.priors.conditioning import Condition
from worlds import tiny_denoiser

SIDE = 16
DOMAIN = map_domain((SIDE, SIDE))


def of(share: float) -> Likelihood:
    mask = Mask(DOMAIN.only("gain_db"), torch.arange(SIDE**2).view(SIDE, SIDE) < SIDE**2 * share)
    return Gaussian(mask @ Select(DOMAIN, "gain_db"), torch.full((1, 1, SIDE, SIDE), 0.3), 0.1)


def told(share: float) -> Condition:
    found = Condition.nothing(1, (SIDE, SIDE))
    seen = torch.arange(SIDE**2).view(SIDE, SIDE) < SIDE**2 * share
    found.evidence[0, :3] = torch.stack([0.3 * seen, 0.3 * seen, 0.9 * seen])
    return found


class Odd(Likelihood):
    """A likelihood without sites."""

    def __init__(self) -> None:
        self.domain = DOMAIN

    def log_prob(self, x):
        return -(x**2).flatten(1).sum(1)

    def residual(self, x):
        return x.flatten(1)


@pytest.fixture(scope="module")
def denoiser():
    return tiny_denoiser(widths=(8, 8))


def test_the_rule_of_the_estimate():
    assert choose_estimate(of(0.5), told(0.5)) == "jfs"
    assert choose_estimate(of(0.5)) == choose_estimate(of(0.5), told(0.0)) == "jfs"
    assert choose_estimate(of(0.02), told(0.02)) == choose_estimate(of(0.0)) == "refined"
    assert choose_estimate(Odd(), told(0.5)) == "dps"


def test_dense_readings_are_left_to_draws_that_are_not_told_of_them_twice(denoiser):
    likelihood, condition = of(0.5), told(0.5)
    found = posterior_estimate(denoiser, likelihood, condition, draws=2, seed=3)
    shape, untold = DOMAIN.full_shape, condition.without_evidence()
    drawn = sample_posterior(denoiser, likelihood, shape, untold, method="jfs", draws=2, mean=True, seed=3)
    torch.testing.assert_close(found.mean, drawn.maps.mean(0, keepdim=True))
    assert (found.method, found.network_evaluations) == ("jfs", drawn.network_evaluations)


@pytest.mark.parametrize(("method", "cost"), [("refined", 8), ("jfs", 10)])
def test_the_method_can_be_named(denoiser, method, cost):
    found = posterior_estimate(denoiser, of(0.02), told(0.02), method=method, draws=2)
    assert (found.method, found.network_evaluations) == (method, cost)
    assert bool(torch.isfinite(found.mean).all()) and found.mean.shape == (1, *DOMAIN.full_shape)


def test_what_is_late_leaves_the_refined_mean(denoiser):
    method = "jfs"
    found = posterior_estimate(denoiser, of(0.5), told(0.5), method=method, deadline_s=1e-9)
    assert (found.method, found.network_evaluations) == ("refined", 8), "a small map is asked in 8 orientations at once"
    assert bool(torch.isfinite(found.mean).all())
    in_time = posterior_estimate(denoiser, of(0.5), told(0.5), method=method, draws=2, deadline_s=60.0)
    without = posterior_estimate(denoiser, of(0.5), told(0.5), method=method, draws=2)
    assert in_time.method == method and torch.equal(in_time.mean, without.mean)


def test_readings_without_sites_are_estimated_by_algorithm_2(denoiser, monkeypatch):
    asked = []

    def short(*args, **options):
        asked.append(options["method"])
        return sample_posterior(*args, **options, steps=2)

    monkeypatch.setattr(estimate, "sample_posterior", short)
    found = posterior_estimate(denoiser, Odd(), told(0.5), draws=2)
    assert (found.method, asked) == ("dps", ["dps"]) and np.isfinite(found.mean.numpy()).all()


def test_bad_arguments_are_refused(denoiser):
    for change in ({"method": "magic"}, {"draws": 0}, {"deadline_s": 0.0}, {"deadline_s": float("nan")}):
        with pytest.raises(OptionError):
            posterior_estimate(denoiser, of(0.5), told(0.5), **change)
    with pytest.raises(GridError):
        posterior_estimate(denoiser, of(0.5), Condition.nothing(1, (32, 32)))
