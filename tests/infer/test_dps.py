"""Algorithm 2 against exact answers: moments propagated through its affine steps, and the true posterior."""

import math

import pytest
import torch
from affine_dps import Problem, posterior_moments, ve_moments, vp_moments
from standard_errors import scores, worst

from openckm.infer.rivals.dps import DPS, DPSOptions
from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import Domain, Mask
from openckm.priors.exact import GaussianField, GaussianMixture, torus_spectrum
from openckm.priors.schedules import VE, VP

DRAWS, STEPS = 3000, 200
SEEN = [0, 3, 5, 6, 9, 14]
HIDDEN = [k for k in range(16) if k not in SEEN]


class World:
    """A 4 x 4 field, six of its cells read with noise, as the sampler and as the oracle see it."""

    def __init__(self, noise_std: float = 0.25) -> None:
        generator = torch.Generator().manual_seed(3)
        mean = torch.linspace(-0.4, 0.4, 16, dtype=torch.float64).view(1, 4, 4)
        covariance = GaussianField.stationary(mean, torus_spectrum((4, 4), 1.0, 0.5)).covariance()
        self.field = GaussianField.dense(mean, covariance)
        observed = torch.zeros(16, dtype=torch.bool)
        observed[SEEN] = True
        operator = Mask(Domain(("gain_db",), "latent", (4, 4)), observed.view(1, 4, 4))
        truth = self.field.draw(1, generator)
        reading = truth.flatten()[SEEN] + noise_std * torch.randn(6, generator=generator, dtype=torch.float64)
        image = torch.zeros(16, dtype=torch.float64).index_put((torch.tensor(SEEN),), reading).view(1, 1, 4, 4)
        self.likelihood = Gaussian(operator, image, noise_std)
        self.problem = Problem(mean.flatten(), covariance, operator.dense()[SEEN], reading, noise_std)
        self.truth = truth


def run(world, options: DPSOptions, draws: int = DRAWS, seed: int = 0, denoiser=None) -> torch.Tensor:
    """Return draws of Algorithm 2, its noise taken in bulk from one generator (quicker than one per draw)."""
    method = DPS(denoiser or world.field, world.likelihood, options)
    generator = torch.Generator().manual_seed(seed)
    shape = (draws, *world.field.mean.shape)
    state = method.start(torch.randn(shape, generator=generator))
    while state.index:
        state = method.step(state, torch.randn(1 + options.corrector_steps, *shape, generator=generator))
    return state.x


def bayes(schedule, reading: str, corrector: int, **changes) -> DPSOptions:
    base = {"steps": STEPS, "zeta": 1.0, "constraint": "unnormalised", "batch": DRAWS, "level_limit": math.inf}
    return DPSOptions(schedule, reading=reading, corrector_steps=corrector, **(base | changes))


CASES = [("printed", 0), ("printed", 1), ("printed", 2), ("released", 0)]


@pytest.mark.parametrize(("reading", "corrector"), CASES)
def test_vp_draws_have_the_moments_of_the_affine_recursion(reading, corrector):
    world = World()
    draws = run(world, bayes(VP(), reading, corrector))
    assert worst(draws, *vp_moments(world.problem, STEPS, reading, 1.0, corrector)) < 4.0


@pytest.mark.parametrize(("reading", "corrector"), [("printed", 1), ("released", 0)])
def test_ve_draws_have_the_moments_of_the_affine_recursion(reading, corrector):
    world, schedule = World(), VE()
    draws = run(world, bayes(schedule, reading, corrector))
    assert worst(draws, *ve_moments(world.problem, schedule.discretise(STEPS)[1], reading, 1.0, corrector)) < 4.0


def test_the_comparison_catches_wrong_samplers():
    world = World()
    draws = run(world, bayes(VP(), "printed", 1))
    right = vp_moments(world.problem, STEPS, "printed", 1.0, 1)
    assert worst(draws, *right) < 4.0
    wrong = {
        "corrector forgotten": vp_moments(world.problem, STEPS, "printed", 1.0, 0),
        "another predictor": vp_moments(world.problem, STEPS, "released", 1.0, 1),
        "constraint 20 % too weak": vp_moments(world.problem, STEPS, "printed", 0.8, 1),
        "another schedule": vp_moments(world.problem, STEPS, "printed", 1.0, 1, high=7.0),
        "the posterior, which DPS is not": posterior_moments(world.problem),
    }
    for what, moments in wrong.items():
        assert worst(draws, *moments) > 5.0, what
    assert worst(0.95 * draws + 0.05 * right[0].view(1, 4, 4), *right) > 4.0  # 5 % of the noise missing
    assert float(scores(draws, *right).square().mean()) == pytest.approx(1.0, abs=0.5)


@pytest.mark.parametrize("schedule", [VP(), VE()])
def test_without_a_constraint_the_draws_have_the_priors_moments(schedule):
    world = World()
    options = bayes(schedule, "printed", 1, zeta=0.0, steps=800, batch=1500)
    draws = run(world, options, draws=1500)
    assert worst(draws, world.problem.mean, world.problem.covariance) < 4.0


def test_released_reading_with_its_corrector_keeps_the_priors_spread():
    """Its step sizes depend on the norm of the score, so that nothing is affine; few values make it 17 % too wide."""
    world = World()
    world.field = GaussianField.stationary(torch.full((1, 8, 8), 0.3), torus_spectrum((8, 8), 1.0, 0.5))
    draws = run(world, bayes(VP(), "released", 1, zeta=0.0, steps=500, batch=400), draws=400).double()
    assert float(draws.var(0).mean()) / 0.25 == pytest.approx(1.0, abs=0.07)
    error = float((draws.mean() - 0.3) / (world.field.spectrum.max() / 64 / 400).sqrt())
    assert abs(error) < 4.0


@pytest.mark.parametrize("reading", ["printed", "released"])
def test_the_chains_error_against_the_prior_falls_as_one_over_steps(reading):
    problem = World().problem
    true = problem.covariance.diagonal().mean()
    error = [abs(float(vp_moments(problem, n, reading, 0.0, 0)[1].diagonal().mean() / true) - 1.0) for n in (400, 1600)]
    assert error[0] < 0.05
    assert 3.0 < error[0] / error[1] < 6.0


def test_how_far_algorithm_2_is_from_the_posterior():
    """The numbers that the module states; they are exact (no draws), for noise 0.2 and zeta = 1."""
    problem = World(0.2).problem
    exact_mean, exact = posterior_moments(problem)

    def distance(steps: int, corrector: int) -> tuple[float, float, float]:
        mean, covariance = vp_moments(problem, steps, "printed", 1.0, corrector)
        ratio = (covariance.diagonal() / exact.diagonal()).sqrt()
        shift = ((mean - exact_mean) ** 2 / exact.diagonal()).mean().sqrt()
        return float(shift), float(ratio[SEEN].mean()), float(ratio[HIDDEN].mean())

    assert distance(2000, 0) == pytest.approx((0.18, 0.78, 0.93), abs=0.01)
    assert distance(300, 1) == pytest.approx((0.04, 0.93, 0.96), abs=0.01)
    assert distance(2000, 1) == pytest.approx((0.19, 1.39, 1.07), abs=0.01)
    assert distance(8000, 1) == pytest.approx((0.39, 1.86, 1.17), abs=0.01)  # the corrector follows the prior alone


def test_mode_weights_of_a_mixture():
    near, far = torch.full((1, 4, 4), -0.6), torch.full((1, 4, 4), 0.6)
    covariance = GaussianField.stationary(near, torus_spectrum((4, 4), 1.0, 0.15)).covariance()
    mixture = GaussianMixture([0.3, 0.7], [GaussianField.dense(m, covariance) for m in (near, far)])
    world = World()
    draws = run(world, bayes(VP(), "printed", 1, zeta=0.0, steps=600), denoiser=mixture)
    share = float((draws.mean((1, 2, 3)) > 0).double().mean())
    error = math.sqrt(0.3 * 0.7 / DRAWS)
    assert abs(share - 0.7) < 4.0 * error
    assert abs(share - 0.65) > 4.0 * error  # the bound can fail
    assert worst(draws[draws.mean((1, 2, 3)) > 0], far, covariance) < 4.0


@pytest.mark.parametrize(
    ("constraint", "zeta", "seen", "hidden"), [("normalised", 0.1, 0.3, 0.85), ("printed", 0.02, 0.75, 0.95)]
)
def test_normalised_constraints_bring_cells_closer_to_the_truth(constraint, zeta, seen, hidden):
    """The printed form chatters: 2 grad |r| / |r| grows as the residual shrinks; no zeta brought it near the noise."""
    world = World(noise_std=0.05)
    error = {}
    for strength in (0.0, zeta):
        options = bayes(VP(), "printed", 1, zeta=strength, constraint=constraint, steps=300, batch=256)
        off = (run(world, options, draws=256).double() - world.truth).flatten(1)
        error[strength] = (float(off[:, SEEN].square().mean().sqrt()), float(off[:, HIDDEN].square().mean().sqrt()))
    assert error[zeta][0] < seen * error[0.0][0]
    assert error[zeta][1] < hidden * error[0.0][1]
