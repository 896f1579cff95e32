"""The loss against its formulas: P1's score matching, EDM's raw network, and the levels that are drawn."""

from __future__ import annotations

import pytest
import torch
from gaussian_toy import SHAPE, SpectralDenoiser, batches, options

from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA
from openckm.priors.schedules import EDM, VE, VP
from openckm.training.objective import Batch, denoising_loss, draw_levels, draw_noise, loss_at


def some_denoiser() -> SpectralDenoiser:
    torch.manual_seed(3)
    denoiser = SpectralDenoiser()
    torch.nn.init.normal_(denoiser.net[-1].weight, std=0.3)
    return denoiser


def times(schedule) -> tuple[torch.Tensor, torch.Tensor]:
    """Times whose levels the denoiser serves."""
    return schedule.sample_time(torch.linspace(0.05, 0.8, 128))


@pytest.mark.parametrize("schedule", [VP(), VE(), EDM()])
def test_the_score_weight_is_algorithm_1(schedule):
    """sigma^2 || -z / sigma - s(x_t, t) ||^2 with x_t = alpha x_0 + sigma z, as it is printed."""
    denoiser, clean = some_denoiser(), batches(0).clean
    alpha, sigma = (t.view(-1, 1, 1, 1) for t in times(schedule))
    z = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    x_t = alpha * clean + sigma * z
    level = (sigma / alpha).flatten()
    score = (alpha * denoiser(x_t / alpha, level).mean - x_t) / sigma**2
    printed = (sigma**2 * (-z / sigma - score) ** 2).mean()
    plain = options(weight="score", variance_weight=0.0)
    assert loss_at(denoiser, batches(0), level, z, plain).item() == pytest.approx(printed.item(), rel=1e-4)


def test_the_edm_weight_is_the_raw_networks_squared_error():
    denoiser, clean = some_denoiser(), batches(0).clean
    level = times(EDM())[1]
    z = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    column = level.view(-1, 1, 1, 1)
    x, norm = clean + column * z, (column**2 + SIGMA_DATA**2).sqrt()
    skip, out = (SIGMA_DATA / norm) ** 2, column * SIGMA_DATA / norm
    raw = (denoiser(x, level).mean - skip * x) / out
    target = (clean - skip * x) / out
    expected = ((raw - target) ** 2).mean().item()
    got = loss_at(denoiser, batches(0), level, z, options(variance_weight=0.0)).item()
    assert got == pytest.approx(expected, rel=1e-4)


def test_the_raw_networks_target_has_unit_variance_at_every_level():
    generator = torch.Generator().manual_seed(0)
    clean = SIGMA_DATA * torch.randn(256, *SHAPE, generator=generator)
    z = torch.randn(clean.shape, generator=generator)
    batch = Batch(clean, Condition.nothing(256, (8, 8)), torch.ones_like(clean))
    lazy = SpectralDenoiser()  # a raw network that says 0
    for level in (0.01, 0.3, 2.0, 40.0):
        loss = loss_at(lazy, batch, torch.full((256,), level), z, options(variance_weight=0.0))
        assert loss.item() == pytest.approx(1.0, abs=0.03)


def test_the_variance_is_scored_by_its_likelihood():
    denoiser, level = some_denoiser(), torch.ones(128)
    z = torch.randn(128, *SHAPE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mean, var = denoiser(batches(0).clean + z, level)
        whole, part = (loss_at(denoiser, batches(0), level, z, options(variance_weight=w)).item() for w in (0.1, 0.0))
    assert var is not None
    normal = torch.distributions.Normal(mean, var.sqrt()).log_prob(batches(0).clean).mean().item()
    scale = 0.5 * torch.log(torch.tensor((1 + SIGMA_DATA**2) / SIGMA_DATA**2)).item()
    half_log_two_pi = 0.5 * torch.log(torch.tensor(2 * torch.pi)).item()
    assert whole - part == pytest.approx(0.1 * (-normal - half_log_two_pi + scale), rel=1e-4)


def test_levels_beyond_the_denoisers_range_are_moved_to_its_ends():
    uniform = torch.linspace(1e-6, 1 - 1e-6, 20_001)
    alpha, sigma = VP().sample_time(uniform)
    wanted, got = sigma / alpha, draw_levels(VP(), uniform)
    assert (float(wanted.min()), float(wanted.max())) < (0.002, 200.0)
    assert float(wanted.max()) > 150.0
    assert (float(got.min()), float(got.max())) == pytest.approx((EDM.sigma_min, EDM.sigma_max))
    inside = (wanted >= EDM.sigma_min) & (wanted <= EDM.sigma_max)
    torch.testing.assert_close(got[inside], wanted[inside])
    assert float((wanted > EDM.sigma_max).float().mean()) == pytest.approx(0.14, abs=0.005)
    assert float((wanted < EDM.sigma_min).float().mean()) == pytest.approx(0.0002, abs=0.0001)


@pytest.mark.parametrize("schedule", [VP(), VE(), EDM()])
@pytest.mark.parametrize("weight", ["edm", "score"])
def test_no_single_draw_dominates(schedule, weight):
    """Every level that is drawn is a true denoising problem of a size that training can bear."""
    spread = []
    for k in range(20):
        generator = torch.Generator().manual_seed(k)
        loss = denoising_loss(SpectralDenoiser(), batches(k), schedule, options(weight=weight), generator)
        spread.append(loss.item())
    assert max(spread) < 3.0


def test_posterior_items_start_from_the_top():
    level, z = draw_noise(batches(0), EDM(), options(posterior_share=0.5), torch.Generator().manual_seed(0))
    assert 0.3 < float((level == EDM.sigma_max).float().mean()) < 0.7
    assert z.shape == batches(0).clean.shape
