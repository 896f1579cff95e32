"""No combination of operators, devices, noise, evidence and method gives a value that is not finite, or far off.

A few are tried unless OPENCKM_COMBINATIONS says how many; the methods take turns.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_evidence import DOMAIN, GAIN, SHAPE, largest_reading, random_likelihood

from openckm.errors import ComputationError, OptionError
from openckm.infer.choose import METHODS
from openckm.infer.posterior_draws import sample_posterior
from openckm.observe import Gaussian, IntervalCensored, Likelihood, Mask, Select
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.exact import GaussianField, torus_spectrum
from worlds import tiny_denoiser

COMBINATIONS = int(os.environ.get("OPENCKM_COMBINATIONS", "48"))
FIRST = int(os.environ.get("OPENCKM_FIRST_COMBINATION", "0"))
PRIOR = GaussianField.stationary(torch.zeros(SHAPE), torus_spectrum(SHAPE[1:], 2.0, 0.5).expand(SHAPE))
NETWORK = tiny_denoiser(widths=(8, 8))
TRIED = (*METHODS, "auto")
WITHOUT_GRADIENT = {"daps"}
"""Methods that refuse readings whose likelihood is flat."""
LEVELS = {"daps": 12}
"""Methods that leave the noise of a level in the map until they come to the next one: few levels leave it high."""
FAR = 20.0
"""Values beyond this many times 1 + the largest reading are absurd; a blur undone magnifies what it can."""


def sound(method: str, seed: int, likelihood: Likelihood, denoiser: Denoiser = NETWORK) -> bool:
    """Whether short draws are finite and not absurd; readings that a method refuses by a clear error count as such."""
    rng = np.random.default_rng([seed, TRIED.index(method)])
    told = Condition.nothing(1, SHAPE[1:])
    if rng.random() < 0.5:
        told.evidence[:, 2] = torch.as_tensor(rng.random(SHAPE[1:]) < 0.3)
        told.evidence[:, :2] = float(rng.normal())
    steps = int(rng.integers(1, 5)) + LEVELS.get(method, 0)
    try:
        draws = sample_posterior(denoiser, likelihood, SHAPE, told, method=method, steps=steps, draws=2, seed=seed).maps
    except ComputationError:
        return False
    except OptionError:
        return method in WITHOUT_GRADIENT
    return bool(torch.isfinite(draws).all()) and float(draws.abs().max()) < FAR * (1.0 + largest_reading(likelihood))


def stays_sound(seed: int, denoiser: Denoiser = NETWORK) -> bool:
    """Whether the method whose turn it is stays finite and sane on a combination."""
    likelihood = random_likelihood(np.random.default_rng([seed]), PRIOR)
    return sound(TRIED[seed % len(TRIED)], seed, likelihood, denoiser)


@settings(max_examples=16, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(1_000_000, 2**31))
def test_any_combination_stays_sound(seed):
    assert stays_sound(seed)


def test_combinations_counted_from_0_stay_sound():
    assert [seed for seed in range(FIRST, FIRST + COMBINATIONS) if not stays_sound(seed)] == []


def test_diffpir_stays_finite_behind_a_preconditioner_and_weak_readings():
    likelihood = random_likelihood(np.random.default_rng([2352919]), PRIOR)
    assert all(sound(method, 2352919, likelihood) for method in TRIED)


def test_daps_stays_sound_where_areas_are_read_in_linear_power():
    """Their curvature grows twentyfold as single cells begin to dominate."""
    assert sound("daps", 339, random_likelihood(np.random.default_rng([339]), PRIOR))


def of_gain(observed: torch.Tensor, sigma: float, censored: bool) -> Likelihood:
    read = Mask(GAIN, observed) @ Select(DOMAIN, "gain_db")
    y = torch.where(observed, 0.7, 0.0)[None, None]
    return IntervalCensored(read, y - 0.1, y + torch.inf, sigma) if censored else Gaussian(read, y, sigma)


@pytest.mark.parametrize("method", TRIED)
@pytest.mark.parametrize("censored", [False, True])
@pytest.mark.parametrize("sigma", [1e-4, 0.1, 10.0])
def test_nothing_observed_and_everything_observed_stay_finite(method, censored, sigma):
    for observed in (torch.zeros(8, 8, dtype=torch.bool), torch.ones(8, 8, dtype=torch.bool)):
        assert sound(method, 1, of_gain(observed, sigma, censored))


def test_everything_observed_exactly_in_all_channels_stays_finite():
    everything = Gaussian(Mask(DOMAIN, torch.ones(8, 8, dtype=torch.bool)), PRIOR.draw(1, torch.Generator()), 1e-4)
    assert all(sound(method, 2, everything) for method in TRIED)


@pytest.mark.parametrize("factor", [float("nan"), 1e4])
def test_the_check_can_fail(factor):
    class Broken(Denoiser):
        def forward(self, x, sigma, condition=None):
            return Denoised(factor * torch.ones_like(x), torch.ones_like(x))

    half = torch.arange(64).view(8, 8) % 2 == 0
    assert not sound("jfs", 0, of_gain(half, 0.1, False), Broken())
    assert not any(stays_sound(seed, Broken()) for seed in (0, 2, 5))
