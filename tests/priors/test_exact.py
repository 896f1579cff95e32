"""The exact priors, against brute force: matrices, quadrature, autograd, simulation."""

import math

import pytest
import torch

from openckm.errors import ComputationError, InputError
from openckm.priors.exact import GaussianField, GaussianMixture, torus_spectrum

SHAPE = (2, 3, 4)
COUNT = 24


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_dense(seed: int = 0) -> GaussianField:
    root = torch.randn(COUNT, COUNT, generator=generator(seed), dtype=torch.float64) / 5
    return GaussianField.dense(torch.randn(SHAPE, generator=generator(seed + 1)), root @ root.T)


def stationary() -> GaussianField:
    spectrum = torch.stack([torus_spectrum((3, 4), 1.0, 0.5), torus_spectrum((3, 4), 2.0, 0.8)])
    return GaussianField.stationary(torch.randn(SHAPE, generator=generator(9)), spectrum)


def mixture() -> GaussianMixture:
    return GaussianMixture([1.0, 2.0, 1.0], [random_dense(1), random_dense(5), stationary()])


def maps(count: int = 3) -> torch.Tensor:
    return torch.randn(count, *SHAPE, generator=generator(7), dtype=torch.float64)


LEVELS = torch.tensor([0.05, 0.7, 12.0])


@pytest.mark.parametrize("field", [random_dense(), stationary()])
def test_denoiser_is_the_conditional_mean_of_a_joint_gaussian(field):
    x, covariance = maps(), field.covariance()
    got = field(x, LEVELS)
    for k, level in enumerate(LEVELS):
        noisy = covariance + float(level) ** 2 * torch.eye(COUNT, dtype=torch.float64)
        gain = covariance @ torch.linalg.inv(noisy)
        mean = field.mean.flatten() + gain @ (x[k] - field.mean).flatten()
        torch.testing.assert_close(got.mean[k].flatten(), mean)
        torch.testing.assert_close(got.var[k].flatten(), (covariance - gain @ covariance).diagonal())


@pytest.mark.parametrize("prior", [random_dense(), stationary(), mixture()])
def test_score_is_the_gradient_of_the_log_density(prior):
    x = maps().requires_grad_()
    (gradient,) = torch.autograd.grad(prior.log_marginal(x, LEVELS).sum(), x)
    torch.testing.assert_close(prior.score(x, LEVELS), gradient, rtol=1e-5, atol=1e-6)


def test_log_density_is_that_of_a_multivariate_normal():
    for field in (random_dense(), stationary()):
        noisy = field.covariance() + 0.49 * torch.eye(COUNT, dtype=torch.float64)
        normal = torch.distributions.MultivariateNormal(field.mean.flatten(), noisy)
        got = field.log_marginal(maps(), torch.full((3,), 0.7, dtype=torch.float64))
        torch.testing.assert_close(got, normal.log_prob(maps().flatten(1)))


def test_variance_of_the_mean_is_the_derivative_of_the_denoiser():
    """Tweedie's second formula: Cov[x_0 | x] = sigma^2 dD/dx; it also holds for a mixture."""
    for prior in (random_dense(), mixture()):
        x, level = maps(1), torch.tensor([0.6])
        jacobian = torch.autograd.functional.jacobian(lambda v, p=prior, s=level: p(v, s).mean, x).reshape(COUNT, COUNT)
        torch.testing.assert_close(prior(x, level).var.flatten(), 0.36 * jacobian.diagonal(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("prior", [stationary(), mixture()])
def test_draws_have_the_stated_moments(prior):
    count = 6000
    draws = prior.draw(count, generator(3)).flatten(1)
    variance = prior.variance().flatten()
    torch.testing.assert_close(variance, prior.covariance().diagonal())
    off = (draws.mean(0) - prior.mean.flatten()) / (variance / count).sqrt()
    assert float(off.abs().max()) < 4.0
    fourth = ((draws - draws.mean(0)) ** 4).mean(0) - variance**2
    spread = (draws.var(0) - variance) / (fourth / count).sqrt()
    assert float(spread.abs().max()) < 4.0
    assert float(((draws.var(0) * 1.15 - variance) / (fourth / count).sqrt()).abs().max()) > 4.0  # it can fail


def test_posterior_is_bayes_rule_in_precision_form():
    field = random_dense()
    operator = torch.randn(5, COUNT, generator=generator(4), dtype=torch.float64)
    reading = torch.randn(5, generator=generator(5), dtype=torch.float64)
    told = field.posterior(operator, reading, 0.3)
    prior = torch.linalg.inv(field.covariance())
    covariance = torch.linalg.inv(prior + operator.T @ operator / 0.09)
    mean = covariance @ (prior @ field.mean.flatten() + operator.T @ reading / 0.09)
    torch.testing.assert_close(told.mean.flatten(), mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(told.covariance(), covariance, rtol=1e-4, atol=1e-6)
    twice = field.posterior(operator[:2], reading[:2], 0.3).posterior(operator[2:], reading[2:], 0.3)
    torch.testing.assert_close(twice.mean, told.mean, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(twice.covariance(), told.covariance(), rtol=1e-6, atol=1e-8)


def test_evidence_is_the_density_of_the_reading():
    field = stationary()
    operator = torch.randn(4, COUNT, generator=generator(4), dtype=torch.float64)
    reading = torch.tensor([0.3, -0.2, 1.0, 0.0])
    spread = operator @ field.covariance() @ operator.T + 0.04 * torch.eye(4, dtype=torch.float64)
    normal = torch.distributions.MultivariateNormal(operator @ field.mean.flatten(), spread)
    assert field.log_evidence(operator, reading, 0.2) == pytest.approx(float(normal.log_prob(reading.double())))


def test_mixture_posterior_against_a_grid():
    """One cell, where p(x | y) can be integrated."""
    parts = [GaussianField.dense(torch.full((1, 1, 1), m), torch.tensor([[v]])) for m, v in ((-1.0, 0.04), (0.8, 0.25))]
    told = GaussianMixture([0.6, 0.4], parts).posterior(torch.tensor([[1.0]]), torch.tensor([-0.1]), 0.5)
    x = torch.linspace(-4, 4, 20001, dtype=torch.float64)
    density = sum(
        w * torch.exp(-0.5 * (x - m) ** 2 / v) / math.sqrt(v) for w, m, v in ((0.6, -1.0, 0.04), (0.4, 0.8, 0.25))
    )
    density = density * torch.exp(-0.5 * (-0.1 - x) ** 2 / 0.25)
    density = density / density.sum()
    mean = float((x * density).sum())
    assert float(told.mean) == pytest.approx(mean, abs=1e-6)
    assert float(told.variance()) == pytest.approx(float((x**2 * density).sum()) - mean**2, abs=1e-6)


def test_mixture_denoiser_against_a_weighted_sample():
    """Two cells, where importance sampling from the prior works: effective sample size above a thousand."""
    parts = [
        GaussianField.dense(torch.full((1, 1, 2), m), torch.tensor([[0.3, r], [r, 0.2]]))
        for m, r in ((-0.7, 0.2), (0.6, -0.1))
    ]
    prior, level = GaussianMixture([0.4, 0.6], parts), 0.5
    x = torch.tensor([[[[0.1, -0.3]]]], dtype=torch.float64)
    sample = prior.draw(50_000, generator(12))
    weight = torch.softmax(-0.5 * ((sample - x) ** 2).flatten(1).sum(1) / level**2, 0)
    assert float(1.0 / (weight**2).sum()) > 1000
    mean = torch.einsum("k,kchw->chw", weight, sample)
    error = (weight**2 @ ((sample - mean) ** 2).flatten(1)).sqrt()  # of self-normalised importance sampling
    got = prior(x, torch.tensor([level]))
    assert float(((got.mean[0] - mean).flatten() / error).abs().max()) < 4.0
    assert float(((got.mean[0] + 0.03 - mean).flatten() / error).abs().max()) > 4.0
    square = torch.einsum("k,kchw->chw", weight, (sample - mean) ** 2)
    torch.testing.assert_close(got.var[0], square, rtol=0.05, atol=0.0)


def test_answers_keep_the_input_dtype_and_follow_the_batch():
    for prior in (stationary(), mixture()):
        got = prior(maps().float(), LEVELS)
        assert got.mean.dtype == got.var.dtype == torch.float32
        assert got.mean.shape == got.var.shape == (3, *SHAPE)
        alone = prior(maps()[1:2].float(), LEVELS[1:2])
        torch.testing.assert_close(alone.mean[0], got.mean[1])


def test_torus_spectrum_has_the_stated_size_and_length():
    spectrum = torus_spectrum((64, 64), 3.0, 0.5)
    field = GaussianField.stationary(torch.zeros(1, 64, 64), spectrum)
    assert float(field.variance()[0, 0, 0]) == pytest.approx(0.25)
    correlation = torch.fft.ifft2(spectrum).real[0] / torch.fft.ifft2(spectrum).real[0, 0]
    assert float(correlation[3]) == pytest.approx(math.exp(-1.0), abs=0.06)  # exp(-distance / length)


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianField.dense(torch.zeros(1, 2, 2), torch.eye(3)),
        lambda: GaussianField.dense(torch.zeros(1, 2, 2), -torch.eye(4)),
        lambda: GaussianField.dense(torch.zeros(2, 2), torch.eye(4)),
        lambda: GaussianField.stationary(torch.zeros(1, 4, 4), torch.ones(3, 4)),
        lambda: GaussianField.stationary(torch.zeros(1, 4, 4), -torch.ones(4, 4)),
        lambda: GaussianField.stationary(torch.zeros(1, 4, 4), torch.arange(16.0).view(4, 4)),
        lambda: GaussianField.stationary(torch.zeros(5, 32, 32), torch.ones(32, 32)).covariance(),
        lambda: GaussianMixture([], []),
        lambda: GaussianMixture([0.0, 1.0], [stationary(), stationary()]),
        lambda: GaussianMixture([1.0, 1.0], [stationary(), GaussianField.dense(torch.zeros(1, 1, 1), torch.eye(1))]),
        lambda: stationary().posterior(torch.zeros(2, 5), torch.zeros(2), 0.1),
        lambda: torus_spectrum((4, 4), 0.0, 1.0),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(InputError):
        make()


def test_a_singular_reading_is_an_error():
    with pytest.raises(ComputationError, match="larger noise_std"):
        random_dense().posterior(torch.zeros(2, COUNT), torch.zeros(2), 0.0)
