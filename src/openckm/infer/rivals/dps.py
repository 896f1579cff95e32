r"""P1's Algorithm 2 draws a map from prior and likelihood by predictor, Langevin corrector and constraint.

One step, from index i (x_i = alpha_i x_0 + sigma_i z) to i - 1. With rho = alpha_i / alpha_(i-1) and
g^2 = sigma_i^2 - rho^2 sigma_(i-1)^2, which are sqrt(1 - beta_i) and beta_i for VP, 1 and the growth of sigma^2 for VE:

    xhat_0 = D(x_i / alpha_i, sigma_i / alpha_i)                            progressive estimate
    s = (alpha_i xhat_0 - x_i) / sigma_i^2                                  score

    reading "printed": Algorithm 2 as printed, one network call
        x' = x_i / rho + (g^2 / rho) s + g (sigma_(i-1) / sigma_i) z        ancestral predictor
        x' = x' + eps s + sqrt(2 eps) z,  eps = 2 rho^2 (snr sigma_i)^2     corrector, s held fixed

    reading "released": what P1's published code runs, three network calls (for M = 1)
        x' = (2 - rho) x_i + g^2 s + g z                                    reverse-diffusion predictor
        x' = x' + eps s(x') + sqrt(2 eps) z                                 corrector
        eps = 2 rho^2 (snr |z| / |s(x')|)^2

    x_(i-1) = x' - zeta G                                                   observation constraint
        "normalised"    G = grad |y - A(xhat_0)|                            released code, and the text after Eq. 24
        "printed"       G = grad |y - A(xhat_0)|^2 / |y - A(xhat_0)|^2      Algorithm 2 as printed
        "unnormalised"  G = -b grad ln p(y | xhat_0)                        Eq. 20 and 22; b: the factor of s in x'

Gradients are taken at x_i. What is mended here: Eq. 17 and 20 print the predictor's noise as
sqrt((1 - alpha_i)(1 - abar_(i-1)) / (1 - abar_i)) in a step from i + 1 to i, mixing indices; Algorithm 2 has them
right, and so has this module: the noise is 0 at the last step. The released code takes norms over the whole batch, so
that a draw depends on its neighbours: here every norm is of one draw. It divides the score by the continuous
sigma(1e-5) = 0.0010 at the last step where the chain has 0.0071: here score and estimate share one sigma.
Draw k is a function of (seed, k) alone.

DPS is not the posterior: it puts the mean of x_0 where its distribution should stand. Exact figures for a Gaussian
field of 4 x 4 cells, six of them read with noise 0.2, under Eq. 22 with zeta = 1 (`tests/infer/test_dps.py`), the shift
of the mean in posterior standard deviations and the ratio of the standard deviation to the posterior's:

    N, M                     2000, 0   300, 1   2000, 1   8000, 1
    mean's shift             0.18      0.04     0.19      0.39
    spread at read cells     0.78      0.93     1.39      1.86
    spread at hidden cells   0.93      0.96     1.07      1.17

Without a corrector it is over-confident. The corrector follows the prior alone, with steps that do not shrink with N:
the finer the chain, the more it forgets the evidence. The constraint as printed, grad |r|^2 / |r|^2 = 2 grad |r| / |r|,
grows as the residual falls and chatters: no zeta brought the residual near the noise, hence the default "normalised".

References:
    P1: A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Algorithm 2 and Eqs 13-24.
    Diffusion Posterior Sampling for General Noisy Inverse Problems. H. Chung et al., 2023, Algorithm 1.
    Score-Based Generative Modeling through Stochastic Differential Equations. Y. Song et al., 2021, Algorithms 2-5.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.infer.exact.samplers import Progress, condition_of, device_of, draw_generator, draw_noise
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoiser
from openckm.priors.schedules import EDM, VP, Schedule

Maps = Float[Tensor, "k c h w"]
_TINY = 1e-30


@dataclass(frozen=True)
class DPSOptions:
    """How Algorithm 2 runs; the defaults are P1's.

    Attributes:
        schedule: VP or VE (any schedule works); the denoiser is the same for all.
        steps: N, steps of the chain.
        corrector_steps: M, Langevin steps in each.
        snr: size of a Langevin step, relative to the noise; P1's released code has 0.16.
        zeta: strength of the observation constraint: 13 for the normalised one on P1's latent scale (1 = 100 dB),
            which scales with the latent unit; 1 is Bayes' rule for the unnormalised one.
        constraint: the gradient that is taken, see the module.
        reading: the predictor and corrector, see the module.
        final_denoise: return D(x_0, sigma_1) in place of x_0, which keeps a trace of noise.
        level_limit: largest sigma / alpha at which the denoiser was trained; VP starts beyond it (151 for N = 2000),
            and a noisier map is shrunk to this level first.
        batch: maps per network call, at most; it changes no draw.
    """

    schedule: Schedule = VP()  # noqa: RUF009 - a frozen value
    steps: int = 2000
    corrector_steps: int = 1
    snr: float = 0.16
    zeta: float = 13.0
    constraint: Literal["normalised", "printed", "unnormalised"] = "normalised"
    reading: Literal["printed", "released"] = "printed"
    final_denoise: bool = False
    level_limit: float = EDM.sigma_max
    batch: int = 8

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            OptionError: if one is out of range.
        """
        if self.steps < 1 or self.corrector_steps < 0 or self.batch < 1:
            raise OptionError(
                f"steps={self.steps}, corrector_steps={self.corrector_steps}, batch={self.batch}:"
                " wanted at least 1, 0 and 1"
            )
        if not (self.snr >= 0 and self.zeta >= 0 and self.level_limit > 0 and math.isfinite(self.zeta)):
            raise OptionError(
                f"snr={self.snr}, zeta={self.zeta}, level_limit={self.level_limit}: wanted zeta and snr of 0 or more"
            )
        if self.constraint not in ("normalised", "printed", "unnormalised"):
            raise OptionError(f"constraint={self.constraint!r}: wanted normalised, printed or unnormalised")
        if self.reading not in ("printed", "released"):
            raise OptionError(f"reading={self.reading!r}: wanted printed or released")


@dataclass(frozen=True)
class DPSState:
    """Where the chain stands.

    Attributes:
        index: i; x lies at (alpha_i, sigma_i), and 0 is done.
        x: maps [K, C, H, W].
        estimate: progressive estimate xhat_0 of the last step [K, C, H, W], or None at the start.
        forwards: network evaluations so far, per draw.
        vjps: vector-Jacobian products so far, per draw.
    """

    index: int
    x: Maps
    estimate: Maps | None = None
    forwards: int = 0
    vjps: int = 0


@dataclass(frozen=True)
class DPSResult:
    """What Algorithm 2 found and what it cost.

    Attributes:
        draws: maps [K, C, H, W] in latent code.
        forwards: network evaluations per draw.
        vjps: vector-Jacobian products through the network per draw.
        steps: steps done.
        finished: False if the deadline came first; the draws are then the progressive estimates of that moment.
        seconds: wall time [s].
    """

    draws: Maps
    forwards: int
    vjps: int
    steps: int
    finished: bool
    seconds: float


class _Step(NamedTuple):
    """The numbers of the step from i to i - 1: x' = shrink x + drift s + noise z, then Langevin."""

    alpha: float
    sigma: float
    shrink: float
    drift: float
    noise: float
    rho: float


class DPS:
    """Algorithm 2 for one prior and one likelihood; `start` and `step` take state and noise and return a state."""

    def __init__(self, denoiser: Denoiser, likelihood: Likelihood, options: DPSOptions | None = None) -> None:
        self.denoiser, self.likelihood, self.options = denoiser, likelihood, options or DPSOptions()
        self._alpha, self._sigma = self.options.schedule.discretise(self.options.steps)

    def numbers(self, index: int) -> _Step:
        """Return the numbers of the step from `index` to `index - 1`."""
        alpha, sigma = float(self._alpha[index]), float(self._sigma[index])
        rho = alpha / float(self._alpha[index - 1])  # rho = alpha_i / alpha_(i-1)
        below = float(self._sigma[index - 1])
        g2 = max(sigma**2 - rho**2 * below**2, 0.0)  # g^2 = sigma_i^2 - rho^2 sigma_(i-1)^2
        if self.options.reading == "printed":
            return _Step(alpha, sigma, 1.0 / rho, g2 / rho, g2**0.5 * below / sigma, rho)  # P1, Eq. 13 and Algorithm 2
        return _Step(alpha, sigma, 2.0 - rho, g2, g2**0.5, rho)  # Song et al., Appendix E

    def start(self, noise: Maps) -> DPSState:
        """Return the state x_N made from standard normal maps [K, C, H, W]."""
        return DPSState(self.options.steps, noise * float(self._sigma[-1]))

    def step(self, state: DPSState, noises: Float[Tensor, "m k c h w"], condition: Condition | None = None) -> DPSState:
        """Return the state after one step.

        Args:
            state: the state of the chain; its index must be above 0.
            noises: standard normal maps [1 + M, K, C, H, W], the predictor's first.
            condition: what is known besides the measurement, batch size 1 or K.

        Raises:
            OptionError: if the chain is done or the noise or condition does not fit.
            ComputationError: if values stopped being finite.
        """
        count, options = state.x.shape[0], self.options
        if state.index < 1 or noises.shape != (1 + options.corrector_steps, *state.x.shape):
            raise OptionError(
                f"step from index {state.index} with noise {tuple(noises.shape)}: wanted an index of at least 1 and"
                f" noise {(1 + options.corrector_steps, *state.x.shape)}"
            )
        given = condition_of(condition, count)
        parts = [self._advance(state.index, state.x[c], noises[:, c], g) for c, g in self._chunks(count, given)]
        x, estimate = (torch.cat(maps) for maps in zip(*parts, strict=True))
        self._check(x, state.index)
        again = 0 if options.reading == "printed" else 1 + options.corrector_steps
        calls = state.forwards + 1 + again, state.vjps + int(options.zeta > 0)
        return DPSState(state.index - 1, x, estimate, *calls)

    def _advance(self, index: int, x: Tensor, noises: Tensor, condition: Condition | None) -> tuple[Tensor, Tensor]:
        number, options = self.numbers(index), self.options
        estimate, gradient = self._constrain(number, x, condition)
        score = (number.alpha * estimate - x) / number.sigma**2  # P1, Eq. 12 by Tweedie's formula
        if options.reading == "released":
            score = self._score(number, x, condition)  # the released code computes it a second time
        moved = (
            number.shrink * x + number.drift * score + number.noise * noises[0]
        )  # P1, Eq. 13: the prior regularisation
        for noise in noises[1:]:
            if options.reading == "released":
                score = self._score(number, moved, condition)
                eps = self._langevin(number, _norm(noise) / _norm(score).clamp(min=_TINY))
            else:
                eps = self._langevin(number, torch.full_like(x[:, :1, :1, :1], number.sigma))
            moved = moved + eps * score + (2.0 * eps).sqrt() * noise  # P1, Algorithm 2: the Langevin corrector
        return moved - options.zeta * gradient, estimate  # P1, Eq. 22, with the G that was chosen

    def _langevin(self, number: _Step, size: Tensor) -> Tensor:
        return 2.0 * number.rho**2 * (self.options.snr * size) ** 2  # Song et al., Algorithms 4 and 5

    def _constrain(self, number: _Step, x: Tensor, condition: Condition | None) -> tuple[Tensor, Tensor]:
        """Return the progressive estimate and G."""
        if self.options.zeta == 0:
            with torch.no_grad():
                return self._denoise(number, x, condition), torch.zeros_like(x)
        with torch.enable_grad():
            variable = x.detach().requires_grad_()
            estimate = self._denoise(number, variable, condition)
            loss = self._misfit(number, estimate)
            (gradient,) = torch.autograd.grad(loss.sum(), variable)
        return estimate.detach(), gradient

    def _misfit(self, number: _Step, estimate: Tensor) -> Tensor:
        """Return, per draw, a number whose gradient is G."""
        if self.options.constraint == "unnormalised":
            return -number.drift * self.likelihood.log_prob(estimate)  # P1, Eq. 22
        norm: Tensor = torch.linalg.vector_norm(self.likelihood.residual(estimate).flatten(1), dim=1)
        if self.options.constraint == "normalised":
            return norm
        return torch.as_tensor(norm**2 / (norm.detach() ** 2).clamp(min=_TINY))

    @torch.no_grad()
    def _score(self, number: _Step, x: Tensor, condition: Condition | None) -> Tensor:
        return (number.alpha * self._denoise(number, x, condition) - x) / number.sigma**2

    def _denoise(self, number: _Step, x: Tensor, condition: Condition | None) -> Tensor:
        """Return E[x_0 | x_i]: D(x / alpha, sigma / alpha), with the level kept within the trained range."""
        level, limit = number.sigma / number.alpha, self.options.level_limit
        scale = 1.0 / number.alpha
        if level > limit:
            scale *= math.sqrt((limit**2 + SIGMA_DATA**2) / (level**2 + SIGMA_DATA**2))
        sigma = torch.full((x.shape[0],), min(level, limit), device=x.device)
        mean: Tensor = self.denoiser(x * scale, sigma, condition).mean
        return mean.to(x.dtype)

    def finish(self, state: DPSState, condition: Condition | None = None) -> DPSState:
        """Return the state with D(x_0, sigma_1) in place of x_0: the trace of noise removed."""
        given = condition_of(condition, state.x.shape[0])
        last = self.numbers(1)._replace(alpha=1.0)
        with torch.no_grad():
            parts = [self._denoise(last, state.x[c], g) for c, g in self._chunks(state.x.shape[0], given)]
        return replace(state, x=torch.cat(parts), forwards=state.forwards + 1)

    def _chunks(self, count: int, condition: Condition | None) -> Iterator[tuple[slice, Condition | None]]:
        for begin in range(0, count, self.options.batch):
            part = slice(begin, begin + self.options.batch)
            yield part, None if condition is None else condition.select(part)

    def _check(self, x: Tensor, index: int) -> None:
        bad = ~torch.isfinite(x).flatten(1).all(1)
        if bool(bad.any()):
            raise ComputationError(
                f"Algorithm 2, step {self.options.steps - index + 1} of {self.options.steps}: {int(bad.sum())} of"
                f" {len(bad)} draws are no longer finite; lower zeta (now {self.options.zeta:g}) or take more steps"
            )


def _norm(x: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(x.flatten(1), dim=1)
    return norm.view(-1, 1, 1, 1)


def sample_dps(
    denoiser: Denoiser,
    likelihood: Likelihood,
    shape: tuple[int, int, int],
    options: DPSOptions | None = None,
    draws: int = 1,
    seed: int = 0,
    condition: Condition | None = None,
    *,
    deadline_s: float | None = None,
    progress: Progress | None = None,
) -> DPSResult:
    """Return draws [K, C, H, W] in latent code by P1's Algorithm 2, and what they cost.

    Args:
        denoiser: the prior.
        likelihood: the likelihood of one measurement (its readings have batch size 1), the same for every draw; the
            two normalised
            constraints want residuals in the latent scale.
        shape: channels, rows and columns of a map.
        options: see `DPSOptions`; P1's by default.
        draws: K.
        seed: draw k is a function of (seed, k) alone.
        condition: what is known besides (the site), batch size 1 or K.
        deadline_s: stop after the step during which this time [s] ran out; None means no limit.
        progress: is called with (steps done, steps in all) after every step.

    Raises:
        OptionError: if an option is out of range.
        ComputationError: if values stopped being finite; the message says what to change.
    """
    if draws < 1:
        raise OptionError(f"draws={draws}: wanted at least 1")
    begun = time.monotonic()
    method = DPS(denoiser, likelihood, options)
    device, steps = device_of(denoiser), method.options.steps
    generators = [draw_generator(seed, k) for k in range(draws)]
    state = method.start(draw_noise(generators, shape, device))
    late = False
    while state.index > 0 and not late:
        layers = [draw_noise(generators, shape, device) for _ in range(1 + method.options.corrector_steps)]
        state = method.step(state, torch.stack(layers), condition)
        if progress is not None:
            progress(steps - state.index, steps)
        late = deadline_s is not None and time.monotonic() - begun > deadline_s
    return _result(method, state, condition, begun)


def _result(method: DPS, state: DPSState, condition: Condition | None, begun: float) -> DPSResult:
    finished = state.index == 0
    if finished and method.options.final_denoise:
        state = method.finish(state, condition)
    draws = state.x if finished or state.estimate is None else state.estimate
    done = method.options.steps - state.index
    return DPSResult(draws, state.forwards, state.vjps, done, finished, time.monotonic() - begun)
