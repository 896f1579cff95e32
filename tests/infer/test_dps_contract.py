"""What Algorithm 2 promises besides its distribution: draws, cost, deadlines, errors, one step by hand."""

import math

import pytest
import torch
from torch import nn

from openckm.errors import ComputationError, OptionError
from openckm.infer.exact.samplers import draw_generator, draw_noise
from openckm.infer.rivals.dps import DPS, DPSOptions, DPSState, sample_dps
from openckm.nn.arithmetic import using
from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import Identity, Mask, map_domain
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser, MapDenoiserOptions
from openckm.priors.exact import GaussianField, torus_spectrum
from openckm.priors.schedules import VE, VP, Schedule

SHAPE = (1, 8, 8)
DOMAIN = map_domain((8, 8), channels=("gain_db",))


def field() -> GaussianField:
    return GaussianField.stationary(torch.full(SHAPE, 0.2), torus_spectrum((8, 8), 2.0, 0.5))


def half(sigma: float = 0.1, scale: float = 1.0) -> Gaussian:
    """Return a likelihood of readings 0.5 on the left half."""
    observed = torch.zeros(SHAPE, dtype=torch.bool)
    observed[:, :, :4] = True
    return Gaussian(Mask(DOMAIN, observed), torch.full((1, *SHAPE), 0.5), sigma)


class Watching(Denoiser):
    """A denoiser that notes how it was called."""

    def __init__(self, inner: Denoiser) -> None:
        super().__init__()
        self.inner = inner
        self.levels: list[float] = []
        self.batches: list[int] = []
        self.conditions: list[Condition | None] = []

    def forward(self, x, sigma, condition=None) -> Denoised:
        self.levels.append(float(sigma[0]))
        self.batches.append(len(x))
        self.conditions.append(condition)
        return self.inner(x, sigma, condition)


class Broken(Denoiser):
    def forward(self, x, sigma, condition=None) -> Denoised:
        return Denoised(torch.where(sigma.view(-1, 1, 1, 1) < 1.0, math.nan, 0.0) * x, None)


@pytest.mark.parametrize("reading", ["printed", "released"])
@pytest.mark.parametrize("constraint", ["normalised", "printed", "unnormalised"])
@pytest.mark.parametrize("schedule", [VP(), VE()])
def test_a_draw_does_not_depend_on_its_neighbours(reading, constraint, schedule):
    zeta = {"normalised": 0.1, "printed": 0.02, "unnormalised": 1.0}[constraint]
    options = DPSOptions(schedule, steps=60, zeta=zeta, constraint=constraint, reading=reading, batch=3)
    together = sample_dps(field(), half(0.5), SHAPE, options, draws=5, seed=4).draws
    for k in (0, 4):
        method = DPS(field(), half(0.5), options)
        generator = [draw_generator(4, k)]
        state = method.start(draw_noise(generator, SHAPE))
        while state.index:
            state = method.step(state, torch.stack([draw_noise(generator, SHAPE) for _ in range(2)]))
        torch.testing.assert_close(state.x[0], together[k], atol=1e-5, rtol=1e-5)
    assert float((together[0] - together[4]).abs().max()) > 0.1


def test_noise_is_a_function_of_seed_and_draw():
    first = draw_noise([draw_generator(1, 2)], SHAPE)
    assert torch.equal(first, draw_noise([draw_generator(1, 2)], SHAPE))
    for other in ((2, 1), (1, 3), (0, 2)):
        assert not torch.equal(first, draw_noise([draw_generator(*other)], SHAPE))
    with pytest.raises(OptionError, match="non-negative"):
        draw_generator(-1, 0)


@pytest.mark.parametrize(
    ("reading", "corrector", "forwards"), [("printed", 1, 1), ("printed", 3, 1), ("released", 1, 3), ("released", 2, 4)]
)
def test_cost_is_what_the_network_was_asked(reading, corrector, forwards):
    watched = Watching(field())
    options = DPSOptions(steps=10, zeta=0.1, corrector_steps=corrector, reading=reading, batch=2)
    result = sample_dps(watched, half(), SHAPE, options, draws=3)
    assert (result.forwards, result.vjps, result.steps, result.finished) == (10 * forwards, 10, 10, True)
    assert sum(watched.batches) == 3 * result.forwards
    assert max(watched.batches) == 2
    free = sample_dps(field(), half(), SHAPE, DPSOptions(steps=10, zeta=0.0, reading=reading))
    assert free.vjps == 0


def test_released_step_by_hand():
    """One step from P1's released equations, VP, N = 50, i = 20, worked out without the module."""
    exact, steps, index, zeta, snr = field(), 50, 20, 0.3, 0.16
    generator = torch.Generator().manual_seed(0)
    x, first, second = torch.randn(3, 2, *SHAPE, generator=generator).double().unbind(0)
    beta = (0.1 + 19.9 * torch.linspace(0, 1, steps).double()) / steps
    b, abar = float(beta[index - 1]), float(torch.cumprod(1 - beta, 0)[index - 1])
    std = (1 - abar) ** 0.5

    def score(value):
        point = value.detach().requires_grad_()
        at = exact.log_marginal(point / abar**0.5, torch.full((2,), std / abar**0.5))
        return torch.autograd.grad(at.sum(), point)[0]

    moved = (2 - (1 - b) ** 0.5) * x + b * score(x) + b**0.5 * first
    slope = score(moved)
    eps = 2 * (1 - b) * (snr * second.flatten(1).norm(dim=1) / slope.flatten(1).norm(dim=1)) ** 2
    eps = eps.view(-1, 1, 1, 1)
    moved = moved + eps * slope + (2 * eps).sqrt() * second
    point = x.detach().requires_grad_()
    estimate = exact(point / abar**0.5, torch.full((2,), std / abar**0.5)).mean
    norm = half().residual(estimate).norm(dim=1).sum()
    wanted = moved - zeta * torch.autograd.grad(norm, point)[0]

    options = DPSOptions(steps=steps, zeta=zeta, constraint="normalised", reading="released", level_limit=math.inf)
    state = DPS(exact, half(), options).step(DPSState(index, x), torch.stack([first, second]))
    torch.testing.assert_close(state.x, wanted, atol=1e-6, rtol=1e-6)
    assert state.index == index - 1


def test_constraints_are_the_stated_gradients():
    x = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    zero, index = torch.zeros(2, 2, *SHAPE, dtype=torch.float64), 30

    def pull(constraint: str, likelihood: Gaussian, zeta: float = 1.0) -> torch.Tensor:
        moved = [
            DPS(field(), likelihood, DPSOptions(steps=50, zeta=z, constraint=constraint))
            .step(DPSState(index, x), zero)
            .x
            for z in (0.0, zeta)
        ]
        return (moved[0] - moved[1]) / zeta

    method = DPS(field(), half(), DPSOptions(steps=50))
    number = method.numbers(index)

    def norm(value: torch.Tensor) -> torch.Tensor:
        level = torch.full((2,), number.sigma / number.alpha)
        return half().residual(field()(value / number.alpha, level).mean).norm(dim=1)

    generator = torch.Generator().manual_seed(2)
    along = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    slope = (norm(x + 1e-5 * along) - norm(x - 1e-5 * along)) / 2e-5  # per item: no other item's residual enters
    residual = norm(x)
    for constraint, factor in (
        ("normalised", 1.0), ("printed", 2.0 / residual), ("unnormalised", number.drift * residual / 0.1**2)
    ):  # fmt: skip
        got = (pull(constraint, half()) * along).flatten(1).sum(1)
        torch.testing.assert_close(got, slope * factor, rtol=1e-4, atol=1e-8)


def test_a_fitting_map_gives_no_pull_and_no_nan():
    flat = GaussianField.stationary(torch.full(SHAPE, 0.5), torch.full((8, 8), 1e-12))
    for constraint in ("normalised", "printed"):
        result = sample_dps(flat, half(), SHAPE, DPSOptions(steps=20, zeta=1.0, constraint=constraint))
        assert bool(torch.isfinite(result.draws).all())


@pytest.mark.parametrize("schedule", [VP(), VE()])
def test_score_and_estimate_share_one_sigma_to_the_last_step(schedule: Schedule):
    """Bug B4 of the released code: another sigma in the score than in the estimate, 7 times off at the last step."""
    exact, options = field(), DPSOptions(schedule, steps=2000, zeta=0.0, corrector_steps=0, level_limit=math.inf)
    method = DPS(exact, half(), options)
    for index in (1, 2, 3):
        number = method.numbers(index)
        x = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(index), dtype=torch.float64)
        point = (x * number.alpha).requires_grad_()
        at = exact.log_marginal(point / number.alpha, torch.tensor([number.sigma / number.alpha]))
        (score,) = torch.autograd.grad(at.sum(), point)
        state = method.step(DPSState(index, point.detach()), torch.zeros(1, 1, *SHAPE, dtype=torch.float64))
        wanted = number.shrink * point.detach() + number.drift * score
        torch.testing.assert_close(state.x, wanted, rtol=1e-5, atol=1e-7)
    assert method.numbers(1).noise == 0.0
    last = sample_dps(exact, half(), SHAPE, options)
    assert last.finished


def test_final_denoise_removes_the_trace_of_noise():
    rough = []
    for final in (False, True):
        options = DPSOptions(VE(sigma_min=0.2), steps=80, zeta=0.0, reading="released", final_denoise=final)
        result = sample_dps(field(), half(), SHAPE, options, draws=8)
        rough.append(float((result.draws - result.draws.roll(1, -1)).square().mean()))
        assert result.forwards == 3 * 80 + final
    assert rough[1] < 0.7 * rough[0]


def test_the_denoiser_is_asked_nothing_beyond_its_range():
    answers = []
    for limit, top in ((40.0, 40.0), (math.inf, 165.8)):
        watched = Watching(field())
        options = DPSOptions(steps=400, zeta=0.0, level_limit=limit)
        answers.append(sample_dps(watched, half(), SHAPE, options).draws)
        assert max(watched.levels) == pytest.approx(top, rel=0.001)
    torch.testing.assert_close(*answers, atol=0.02, rtol=0.02)


def test_deadline_returns_the_progressive_estimate():
    seen: list[tuple[int, int]] = []
    result = sample_dps(
        field(), half(), SHAPE, DPSOptions(steps=50, zeta=0.1), deadline_s=0.0, progress=lambda *at: seen.append(at)
    )
    assert (result.finished, result.steps, seen) == (False, 1, [(1, 50)])
    torch.testing.assert_close(result.draws, torch.full_like(result.draws, 0.2), atol=0.1, rtol=0.0)  # E[x_0 | noise]


def test_condition_follows_its_draws():
    watched = Watching(field())
    condition = Condition.nothing(3, (8, 8))
    condition = Condition(condition.site, condition.evidence, torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))
    sample_dps(watched, half(), SHAPE, DPSOptions(steps=1, zeta=0.1, batch=2), draws=3, condition=condition)
    assert [c.scalars[:, 0].tolist() for c in watched.conditions if c is not None] == [[0.0, 1.0], [2.0]]
    with pytest.raises(OptionError, match="wanted 1, or one per draw"):
        sample_dps(watched, half(), SHAPE, DPSOptions(steps=1), draws=5, condition=condition)


def test_divergence_says_what_to_do():
    with pytest.raises(ComputationError, match="lower zeta"):
        sample_dps(Broken(), half(), SHAPE, DPSOptions(steps=40))
    stiff = DPSOptions(steps=100, zeta=1e4, constraint="unnormalised")
    with pytest.raises(ComputationError, match=r"lower zeta \(now 10000\)"):
        sample_dps(field(), half(1e-3), SHAPE, stiff)


@pytest.mark.parametrize(
    "change",
    [{"steps": 0}, {"corrector_steps": -1}, {"snr": -0.1}, {"zeta": -1.0}, {"zeta": math.nan}, {"batch": 0},
     {"constraint": "square"}, {"reading": "paper"}, {"level_limit": 0.0}],
)  # fmt: skip
def test_bad_options_are_refused(change):
    with pytest.raises(OptionError):
        DPSOptions(**change)
    with pytest.raises(OptionError):
        sample_dps(field(), half(), SHAPE, DPSOptions(steps=1), draws=0)


def test_a_step_wants_its_noise():
    method = DPS(field(), half(), DPSOptions(steps=3))
    state = method.start(torch.zeros(1, *SHAPE))
    with pytest.raises(OptionError, match="noise"):
        method.step(state, torch.zeros(1, 1, *SHAPE))
    with pytest.raises(OptionError, match="index"):
        method.step(DPSState(0, state.x), torch.zeros(2, 1, *SHAPE))


def test_it_runs_on_the_map_denoiser():
    torch.manual_seed(0)
    denoiser = MapDenoiser(MapDenoiserOptions(widths=(8, 16), blocks=1)).eval()
    for module in denoiser.modules():  # the exit starts at zero, which would hide the network
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=0.05)
    domain = map_domain((16, 16))
    likelihood = Gaussian(Identity(domain), torch.zeros(1, 5, 16, 16), 0.1)
    for arithmetic in ("fp32", "bf16"):
        with using(arithmetic):
            result = sample_dps(denoiser, likelihood, (5, 16, 16), DPSOptions(steps=20, zeta=0.1), draws=2)
        assert result.draws.shape == (2, 5, 16, 16)
        assert result.draws.dtype == torch.float32
        assert bool(torch.isfinite(result.draws).all())
    assert all(p.grad is None for p in denoiser.parameters())
