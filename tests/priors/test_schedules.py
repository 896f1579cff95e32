"""Schedules: the chain of Eq. 10 has the marginals of Eq. 11, and the discrete and continuous forms agree."""

import math

import pytest
import torch

from openckm.errors import OptionError
from openckm.priors.schedules import EDM, VE, VP

ALL = [VP(), VE(), EDM()]


@pytest.mark.parametrize("schedule", ALL)
@pytest.mark.parametrize("steps", [1, 2, 10, 1000])
def test_discretised_from_clean_to_noise(schedule, steps):
    alpha, sigma = schedule.discretise(steps)
    assert alpha.shape == sigma.shape == (steps + 1,)
    assert alpha.dtype == sigma.dtype == torch.float64
    assert (float(alpha[0]), float(sigma[0])) == (1.0, 0.0)
    assert bool((sigma.diff() > 0).all())
    assert bool((alpha.diff() <= 0).all())


@pytest.mark.parametrize("schedule", ALL)
def test_no_steps_is_an_error(schedule):
    with pytest.raises(OptionError, match="at least one step"):
        schedule.discretise(0)


def test_vp_preserves_variance():
    alpha, sigma = VP().discretise(500)
    torch.testing.assert_close(alpha**2 + sigma**2, torch.ones_like(alpha))
    assert float(alpha[-1]) < 0.01


def simulate(betas: torch.Tensor, start: float, count: int) -> torch.Tensor:
    """Return x_N of the chain of Eq. 10, step by step."""
    generator = torch.Generator().manual_seed(0)
    x = torch.full((count,), start, dtype=torch.float64)
    for beta in betas:
        x = (1 - beta).sqrt() * x + beta.sqrt() * torch.randn(count, generator=generator, dtype=torch.float64)
    return x


def test_chain_of_eq_10_has_the_marginal_of_eq_11():
    schedule, steps, count, start = VP(), 100, 40_000, 2.0
    alpha, sigma = schedule.discretise(steps)
    for index in (1, 20, 60):
        x = simulate(schedule.betas(steps)[:index], start, count)
        mean, std = float(alpha[index]) * start, float(sigma[index])
        assert abs(float(x.mean()) - mean) < 4 * std / math.sqrt(count)
        assert abs(float(x.std()) / std - 1) < 4 / math.sqrt(2 * count)
    wrong = float(sigma[61]) / float(sigma[60])
    assert abs(wrong - 1) > 4 / math.sqrt(2 * count) or abs(float(alpha[61] / alpha[60]) - 1) > 0.02  # off by one shows


@pytest.mark.parametrize("steps", [1000, 2000])
def test_discrete_and_continuous_vp_agree(steps):
    schedule = VP()
    alpha, sigma = schedule.discretise(steps)
    time = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    smooth_alpha, smooth_sigma = schedule.sample_time(time)
    assert float((alpha[1:] - smooth_alpha).abs().max()) < 0.01
    assert float((sigma[1:] / smooth_sigma - 1).abs().max()) < 0.06  # 5 % at i = 1, where beta starts at t = 0
    assert float((sigma[10:] / smooth_sigma[9:] - 1).abs().max()) < 0.06
    assert float((sigma[1:] / schedule.sample_time(time - 0.5 / steps)[1] - 1).abs().max()) > 0.1  # a shift shows


def test_ve_is_geometric():
    schedule = VE(0.01, 100.0)
    sigma = schedule.discretise(9)[1]
    torch.testing.assert_close(sigma[2:] / sigma[1:-1], torch.full((8,), 10.0**0.5, dtype=torch.float64))
    assert (float(sigma[1]), float(sigma[-1])) == pytest.approx((0.01, 100.0))
    alpha, level = schedule.sample_time(torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(level, torch.tensor([0.01, 1.0, 100.0]))
    assert bool((alpha == 1).all())


def test_edm_is_even_in_its_root():
    schedule = EDM(0.01, 50.0, rho=7.0)
    sigma = schedule.discretise(12)[1][1:]
    root = sigma ** (1 / 7)
    torch.testing.assert_close(root.diff(), torch.full((11,), float(root[1] - root[0]), dtype=torch.float64))
    assert float(schedule.discretise(1)[1][-1]) == pytest.approx(50.0)


def test_edm_trains_on_log_normal_levels():
    schedule, count = EDM(1e-4, 1e4), 20_000
    uniform = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    logs = schedule.sample_time(uniform)[1].log()
    assert float(logs.mean()) == pytest.approx(-0.8, abs=1e-3)
    assert float(logs.std()) == pytest.approx(1.6, abs=0.01)
    low, high = EDM().sample_time(torch.tensor([0.0, 1.0]))[1].tolist()
    assert (low, high) == pytest.approx((0.005, 40.0))


@pytest.mark.parametrize("schedule", ALL)
def test_training_times_are_finite_at_both_ends(schedule):
    alpha, sigma = schedule.sample_time(torch.tensor([0.0, 1e-7, 0.5, 1.0 - 1e-7, 1.0]))
    assert bool(torch.isfinite(sigma / alpha).all())
    assert bool((sigma > 0).all())
