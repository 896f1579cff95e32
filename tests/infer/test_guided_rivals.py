"""mmps, DiffPIR and DAPS on a Gaussian field: mmps is exact, the others move towards the posterior."""

from __future__ import annotations

import pytest
import torch
from fields import field, gain_domain, levels, noisy, told
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.flux.stages import Chain, noised
from openckm.infer.exact.jfs import JFS
from openckm.infer.exact.samplers import FewStepSampler, draw_generator, draw_noise
from openckm.infer.exact.spectrum import WhiteSpectrum
from openckm.infer.rivals.daps import DAPS
from openckm.infer.rivals.diffpir import RenoiseSampler, diffpir
from openckm.infer.rivals.mmps import MMPS
from openckm.observe import Downsample, Gaussian, IntervalCensored, Mask, Quantize, simulate
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.exact import GaussianField
from openckm.priors.schedules import EDM, VP


def cases():
    domain = gain_domain()
    generator = torch.Generator().manual_seed(0)
    return {
        "points": Mask(domain, torch.rand(8, 8, generator=generator) < 0.2),
        "blocks": Downsample(domain, 2, "mean"),
    }


@pytest.mark.parametrize("name", ["points", "blocks"])
def test_mmps_is_exact_on_a_gaussian_field(name):
    prior = field()
    likelihood, posterior = told(prior, cases()[name], 0.1)
    for level in (0.05, 0.5, 5.0):
        x = noisy(prior, level)
        exact = posterior(x, levels(level)).mean
        for spectrum in (None, WhiteSpectrum()):
            guided = MMPS(prior, likelihood, spectrum, 25)
            torch.testing.assert_close(guided(x, levels(level)).mean, exact, rtol=0, atol=2e-4)
            assert guided.evaluations == 1 + 2 * (25 + 1)
    short = MMPS(prior, likelihood, WhiteSpectrum(), 1)(x, levels(level)).mean
    assert float((short - exact).abs().max()) > 0.01  # the bound can fail


def test_mmps_draws_without_gradients_outside_and_for_intervals():
    prior, domain = field(), gain_domain()
    generator = torch.Generator().manual_seed(1)
    mask = Mask(domain, torch.rand(8, 8, generator=generator) < 0.5)
    device = Quantize(domain, step=0.3)
    y = device(simulate(mask, prior.draw(1, generator), 0.02, generator))
    likelihood = IntervalCensored.of_device(device, mask, y, 0.02)
    draws = FewStepSampler(8, order=1).run(MMPS(prior, likelihood), (1, 8, 8), [draw_generator(0, k) for k in range(4)])
    assert not draws.requires_grad
    beyond = likelihood.residual(draws).abs()[:, mask.observed.flatten()]
    assert float((beyond <= 0.06).double().mean()) >= 0.995


def test_mmps_without_readings_is_the_prior():
    prior = field()
    nothing = Gaussian(Mask(gain_domain(), torch.zeros(8, 8, dtype=torch.bool)), torch.zeros(1, 1, 8, 8).double(), 0.1)
    x = noisy(prior, 0.4)
    torch.testing.assert_close(MMPS(prior, nothing)(x, levels(0.4)).mean, prior(x, levels(0.4)).mean)


def error(draws: Tensor, posterior: GaussianField) -> float:
    return float((draws.double().mean(0) - posterior.mean).square().mean().sqrt())


@pytest.mark.parametrize("guidance", [MMPS, JFS])
def test_a_guided_second_stage_turns_draws_of_the_prior_into_draws_of_the_posterior(guidance):
    """Two stages (P2): the first knows no readings, and the second, which does, is a guided denoiser."""
    prior, numbers = field(), list(range(60))
    likelihood, posterior = told(prior, cases()["blocks"], 0.1)
    first = Chain(prior, None, seed=4).cold(8, numbers, (1, 8, 8))
    second = Chain(guidance(prior, likelihood), None, seed=4)
    found = second.second(noised(first, 5.0, 4, numbers), 5.0, 8, numbers)
    assert error(first, posterior) > 3 * error(found, posterior), "the first stage knows no readings"
    assert error(found, posterior) < 2 * float((posterior.variance() / len(numbers)).mean().sqrt())
    assert float(found.double().var(0).mean()) == pytest.approx(float(posterior.variance().mean()), rel=0.25)


@pytest.mark.parametrize("name", ["points", "blocks"])
def test_rivals_move_the_prior_towards_the_posterior(name):
    prior = field()
    likelihood, posterior = told(prior, cases()[name], 0.1)
    generators = [draw_generator(0, k) for k in range(40)]
    short = EDM(0.01, 5.0)
    start = error(FewStepSampler(10).run(prior, (1, 8, 8), generators), posterior)
    runs = {
        "diffpir": RenoiseSampler(20, schedule=short).run(diffpir(prior, likelihood), (1, 8, 8), generators),
        "daps": DAPS(likelihood, 15, 3, 40, schedule=short).run(prior, (1, 8, 8), generators),
    }
    for draws in runs.values():
        assert error(draws, posterior) < 0.85 * start
        y, seen = likelihood.y, likelihood.operator.support().expand_as(likelihood.y)
        misfit = (likelihood.operator(draws.double()) - y)[seen.expand(len(draws), *seen.shape[1:])]
        assert float(misfit.square().mean().sqrt()) < 0.25


@pytest.mark.parametrize("name", ["points", "box"])
def test_fresh_noise_lets_a_white_belief_correct_itself(name):
    side = 16
    prior, domain = field(side, 4.0), gain_domain(side)
    seen = torch.rand(side, side, generator=torch.Generator().manual_seed(0)) < 0.2
    if name == "box":
        seen = torch.ones(side, side, dtype=torch.bool)
        seen[4:12, 4:12] = False
    likelihood, posterior = told(prior, Mask(domain, seen), 0.05)
    found = {}
    for zeta in (0.3, 1.0):
        generators = [draw_generator(0, k) for k in range(16)]
        sampler = RenoiseSampler(20, zeta, EDM(0.01, 5.0))
        drawn = sampler.run(diffpir(prior, likelihood), (1, side, side), generators)
        singly = sum(error(one[None], posterior) for one in drawn) / len(drawn)
        found[zeta] = singly, error(drawn, posterior)
    assert found[1.0][0] < 0.85 * found[0.3][0]
    assert found[1.0][1] < 0.95 * found[0.3][1]
    assert RenoiseSampler().zeta == 1.0


def test_renoise_with_all_noise_new_forgets_the_past():
    prior = field()
    generators = [draw_generator(2, 0)]
    sigma = EDM(0.01, 5.0).discretise(2)[1]
    start, fresh = draw_noise([draw_generator(2, 0)], (1, 8, 8)), None
    for zeta in (1.0, 0.0):
        source = [draw_generator(2, 0)]
        found = RenoiseSampler(2, zeta, EDM(0.01, 5.0)).run(prior, (1, 8, 8), source)
        mean = prior(float(sigma[2]) * start, sigma[2:].float()).mean
        replay = [draw_generator(2, 0)]
        draw_noise(replay, (1, 8, 8))
        fresh = draw_noise(replay, (1, 8, 8)) if zeta else (float(sigma[2]) * start - mean) / float(sigma[2])
        expected = prior(mean + float(sigma[1]) * fresh, sigma[1:2].float()).mean
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    together = RenoiseSampler(4).run(prior, (1, 8, 8), [draw_generator(3, k) for k in range(3)])
    alone = RenoiseSampler(4).run(prior, (1, 8, 8), [draw_generator(3, 2)])
    torch.testing.assert_close(together[2:], alone, atol=1e-5, rtol=1e-5)
    seen: list[tuple[int, int]] = []
    RenoiseSampler(3).run(prior, (1, 8, 8), generators, progress=lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)]


class Broken(Denoiser):
    def forward(self, x, sigma, condition=None):
        return Denoised(x * float("nan"), None)


def test_bad_arguments_are_refused():
    prior = field()
    likelihood, _ = told(prior, cases()["points"], 0.1)
    for make in (lambda: MMPS(prior, likelihood, iterations=0),
                 lambda: diffpir(prior, likelihood, 0.0), lambda: RenoiseSampler(0), lambda: RenoiseSampler(zeta=1.5),
                 lambda: RenoiseSampler(schedule=VP()), lambda: DAPS(likelihood, 0),
                 lambda: DAPS(likelihood, step=2.5)):  # fmt: skip
        with pytest.raises(OptionError):
            make()
    stairs = Gaussian(Quantize(gain_domain(), step=0.3), torch.zeros(1, 1, 8, 8), 0.1)
    with pytest.raises(OptionError, match="gradient"):
        DAPS(stairs)
    generators = [draw_generator(0, 0)]
    with pytest.raises(ComputationError):
        RenoiseSampler(2).run(Broken(), (1, 8, 8), generators)
    with pytest.raises(ComputationError):
        DAPS(likelihood, 2, 1, 1).run(Broken(), (1, 8, 8), generators)
