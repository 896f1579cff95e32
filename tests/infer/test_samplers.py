"""The few-step sampler against exact moments of a Gaussian field, of its posterior, and of a mixture's modes."""

import math

import pytest
import torch
from standard_errors import worst
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.infer.exact.samplers import FewStepSampler, condition_of, draw_generator, draw_noise, sample_prior
from openckm.nn.arithmetic import using
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser, MapDenoiserOptions
from openckm.priors.exact import GaussianField, GaussianMixture, torus_spectrum
from openckm.priors.schedules import EDM, VE, VP

SHAPE = (1, 4, 4)


def prior(mean: float = 0.3) -> GaussianField:
    return GaussianField.stationary(torch.full(SHAPE, mean), torus_spectrum((4, 4), 1.0, 0.5))


def posterior() -> GaussianField:
    """Return the prior told three cells, with noise 0.1: its denoiser is E[x_0 | x, y]."""
    rows = torch.eye(16)[[1, 6, 11]]
    return prior().posterior(rows, torch.tensor([0.9, -0.2, 0.4]), 0.1)


def affine_moments(field: GaussianField, steps: int, eta: float, order: int) -> tuple[Tensor, Tensor]:
    """Return mean [n] and covariance [n, n] of the sampler's result, by its recursion in each eigenvector (float64)."""
    sigma = EDM().discretise(steps)[1].tolist()
    values, vectors = torch.linalg.eigh(field.covariance())
    values = values.clamp(min=0.0)
    level = vectors.T @ field.mean.flatten()
    mean = [torch.zeros_like(level), torch.zeros_like(level)]  # of x and of the last D
    joint = torch.zeros(len(level), 2, 2, dtype=torch.float64)
    joint[:, 0, 0] = sigma[-1] ** 2
    for i in range(steps, 0, -1):
        high, low = sigma[i], sigma[i - 1]
        gain = values / (values + high**2)
        keep, slope = (low / high) ** (1 + eta), 0.0
        if order == 2 and 1 < i < steps:
            slope = math.log(high / low) / (2 * math.log(sigma[i + 1] / high))
        denoised = gain * mean[0] + (1 - gain) * level
        mean = [keep * mean[0] + (1 - keep) * ((1 + slope) * denoised - slope * mean[1]), denoised]
        step = torch.zeros_like(joint)
        step[:, 0, 0], step[:, 0, 1] = keep + (1 - keep) * (1 + slope) * gain, -(1 - keep) * slope
        step[:, 1, 0] = gain
        joint = step @ joint @ step.transpose(1, 2)
        joint[:, 0, 0] += low**2 * (1 - (low / high) ** (2 * eta))
    return vectors @ mean[0], vectors @ torch.diag(joint[:, 0, 0]) @ vectors.T


@pytest.mark.parametrize(("steps", "eta", "order"), [(8, 1.0, 2), (12, 0.0, 2), (10, 0.5, 2), (12, 1.0, 1)])
def test_draws_have_the_moments_of_the_recursion(steps, eta, order):
    field = posterior()
    draws = sample_prior(field, SHAPE, None, steps, 2000, 5, eta, order=order, batch=2000)
    assert worst(draws, *affine_moments(field, steps, eta, order)) < 4.0
    assert worst(draws, *affine_moments(field, steps, eta, 3 - order)) > 6.0  # the comparison can fail


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_draws_of_the_posterior_denoiser_converge_to_the_posterior(eta):
    field = posterior()
    true = (field.mean.flatten(), field.covariance())
    assert worst(sample_prior(field, SHAPE, None, 80, 1500, 1, eta, batch=1500), *true) < 4.0
    assert worst(sample_prior(field, SHAPE, None, 8, 1500, 1, eta, batch=1500, order=1), *true) > 6.0


@pytest.mark.parametrize("eta", [0.0, 1.0])
@pytest.mark.parametrize(("order", "low", "high"), [(1, 1.7, 2.4), (2, 3.0, 100.0)])
def test_error_of_the_spread_falls_with_the_order(eta, order, low, high):
    field = prior()

    def error(steps: int) -> float:
        return abs(float(affine_moments(field, steps, eta, order)[1].diagonal().mean()) - 0.25)

    assert low < error(80) / error(160) < high


def test_the_spread_table_of_the_module():
    spectrum = torus_spectrum((16, 16), 2.0, 0.5)
    wide = GaussianField.stationary(torch.zeros(1, 16, 16), spectrum)
    told = GaussianField.stationary(torch.zeros(1, 16, 16), spectrum * 0.05**2 / (spectrum + 0.05**2))

    def ratio(field: GaussianField, steps: int, eta: float, order: int) -> float:
        got = affine_moments(field, steps, eta, order)[1].diagonal().mean()
        return float((got / field.variance().mean()).sqrt())

    stated = {
        (8, 0.0, 2): (1.14, 0.93), (8, 1.0, 2): (1.14, 0.86), (12, 0.0, 2): (1.08, 1.02), (12, 1.0, 2): (1.14, 0.96),
        (16, 0.0, 2): (1.04, 1.04), (16, 1.0, 2): (1.10, 1.03), (16, 0.0, 1): (0.86, 0.80), (16, 1.0, 1): (0.76, 0.68),
    }  # fmt: skip
    for choice, (of_prior, of_posterior) in stated.items():
        assert ratio(wide, *choice) == pytest.approx(of_prior, abs=0.006)
        assert ratio(told, *choice) == pytest.approx(of_posterior, abs=0.006)


def test_mode_weights_of_a_mixtures_posterior():
    covariance = GaussianField.stationary(torch.zeros(SHAPE), torus_spectrum((4, 4), 1.0, 0.15)).covariance()
    modes = [GaussianField.dense(torch.full(SHAPE, m), covariance) for m in (-0.5, 0.5)]
    mixture = GaussianMixture([0.5, 0.5], modes)
    told = mixture.posterior(torch.full((1, 16), 1 / 16), torch.tensor([0.1]), 0.45)
    share = float(told.weights[1])
    assert 0.55 < share < 0.9
    count = 2000
    draws = sample_prior(told, SHAPE, None, 30, count, 2, 1.0, batch=count)
    got = float((draws.mean((1, 2, 3)) > 0).double().mean())
    error = math.sqrt(share * (1 - share) / count)
    assert abs(got - share) < 4.0 * error
    assert abs(got - 0.5) > 4.0 * error  # the bound can fail


@pytest.mark.parametrize("eta", [0.0, 0.7, 1.0])
def test_a_draw_does_not_depend_on_the_batch(eta):
    field = prior()
    together = sample_prior(field, SHAPE, None, 8, 7, 3, eta, batch=7)
    torch.testing.assert_close(sample_prior(field, SHAPE, None, 8, 7, 3, eta, batch=3), together, atol=1e-5, rtol=1e-5)
    alone = FewStepSampler(8, eta).run(field, SHAPE, [draw_generator(3, 5)])
    torch.testing.assert_close(alone[0], together[5], atol=1e-5, rtol=1e-5)
    assert float((together[5] - sample_prior(field, SHAPE, None, 8, 6, 4, eta)[5]).abs().max()) > 0.05


def test_eta_zero_is_a_function_of_the_first_noise():
    sampler, field = FewStepSampler(6, eta=0.0), prior()
    noise = draw_noise([draw_generator(0, 0)], SHAPE)
    ends = []
    for filler in (0.0, 9.0):
        state = sampler.start(noise)
        while state.index:
            state = sampler.step(field, state, torch.full_like(noise, filler))
        ends.append(state.x)
    torch.testing.assert_close(*ends)


class Watching(Denoiser):
    """Returns zero (or NaN) and notes the conditions it was given."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = value
        self.scalars: list[list[float]] = []

    def forward(self, x, sigma, condition=None) -> Denoised:
        self.scalars.append([] if condition is None else condition.scalars[:, 0].tolist())
        return Denoised(torch.full_like(x, self.value), None)


def condition(count: int) -> Condition:
    base = Condition.nothing(count, (4, 4))
    return Condition(base.site, base.evidence, torch.arange(2.0 * count).view(count, 2))


def test_conditions_follow_their_draws():
    watched = Watching()
    sample_prior(watched, SHAPE, condition(3), 1, 3, batch=2)
    assert watched.scalars == [[0.0, 2.0], [4.0]]
    watched = Watching()
    sample_prior(watched, SHAPE, condition(1), 1, 3, batch=2)
    assert watched.scalars == [[0.0, 0.0], [0.0]]
    with pytest.raises(OptionError, match="wanted 1, or one per draw"):
        sample_prior(watched, SHAPE, condition(2), 1, 3)
    assert condition_of(None, 4) is None


def test_progress_counts_over_batches():
    seen: list[tuple[int, int]] = []
    sample_prior(Watching(), SHAPE, None, 3, 5, batch=2, progress=lambda *at: seen.append(at))
    assert seen == [(k, 9) for k in range(1, 10)]


def test_values_that_are_not_finite_are_an_error():
    with pytest.raises(ComputationError, match="not finite"):
        sample_prior(Watching(math.nan), SHAPE, None, 3, 1)


@pytest.mark.parametrize(
    "change", [{"steps": 0}, {"eta": -0.1}, {"eta": 1.1}, {"eta": math.nan}, {"order": 3}, {"schedule": VP()},
               {"draws": 0}, {"batch": 0}]
)  # fmt: skip
def test_bad_options_are_refused(change):
    with pytest.raises(OptionError):
        sample_prior(Watching(), SHAPE, **change)


def test_any_schedule_without_shrinking_will_do():
    draws = sample_prior(prior(), SHAPE, None, 60, 400, schedule=VE(), batch=400)
    assert float(draws.double().var(0).mean()) / 0.25 == pytest.approx(1.0, abs=0.1)


def test_it_runs_on_the_map_denoiser_in_bf16():
    torch.manual_seed(0)
    denoiser = MapDenoiser(MapDenoiserOptions(widths=(8, 16), blocks=1)).eval()
    torch.nn.init.normal_(denoiser.network.exit.weight, std=0.02)
    told = Condition.nothing(1, (16, 16))
    drawn = []
    for arithmetic in ("fp32", "bf16"):
        with using(arithmetic):
            drawn.append(sample_prior(denoiser, (5, 16, 16), told, 6, 2))
    exact, rough = drawn
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, exact, atol=0.1, rtol=0.1)
    assert not torch.equal(rough, exact)


def test_a_chain_that_is_stopped_and_goes_on_from_its_state_ends_where_it_would_have():
    field, sampler = posterior(), FewStepSampler(6, eta=0.0, order=1)
    whole = sampler.run(field, SHAPE, [draw_generator(3, k) for k in range(4)])
    level = float(sampler.sigmas()[2])
    middle = sampler.run(field, SHAPE, [draw_generator(3, k) for k in range(4)], until=level)
    begin = sampler.start_from(middle, level)
    assert begin.index == 2
    rest = sampler.run(field, SHAPE, [draw_generator(9, k) for k in range(4)], begin=begin)
    torch.testing.assert_close(rest, whole)
    assert not torch.allclose(middle, whole, atol=1e-3)


def test_a_sampler_below_a_level_begins_there_and_refuses_levels_that_it_does_not_pass():
    short = FewStepSampler(16, order=1).below(0.8, 3)
    assert float(short.sigmas()[-1]) == pytest.approx(0.8) and len(short.sigmas()) == 4
    truth = posterior()
    exact = truth.mean + 0.0
    x = exact + 0.8 * draw_noise([draw_generator(0, k) for k in range(2000)], SHAPE)
    drawn = short.run(truth, SHAPE, [draw_generator(1, k) for k in range(2000)], begin=short.start_from(x, 0.8))
    mean = drawn.mean(0)
    assert float((mean - exact).abs().max()) < 5 * 0.5 / 2000**0.5
    with pytest.raises(OptionError, match=r"0\.8"):
        short.start_from(x, 0.5)
    with pytest.raises(OptionError, match="50"):
        FewStepSampler().below(50.0, 3)
    with pytest.raises(OptionError, match="begins at noise level"):
        FewStepSampler(schedule=VE()).below(1.0, 3)


def test_no_steps_are_left_at_the_lowest_level():
    with pytest.raises(OptionError, match="begins at noise level"):
        FewStepSampler(3).below(EDM().sigma_min, 3)


def test_a_single_draw_is_the_first_of_many():
    from worlds import tiny_denoiser

    one = sample_prior(tiny_denoiser(), (5, 16, 16), steps=2, draws=1, batch=1)
    many = sample_prior(tiny_denoiser(), (5, 16, 16), steps=2, draws=3, batch=2)
    torch.testing.assert_close(one, many[:1], atol=1e-4, rtol=0)
