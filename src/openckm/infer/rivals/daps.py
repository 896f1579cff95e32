r"""DAPS (decoupled annealing posterior sampling) is a rival that is known from images.

Where guided denoisers average, DAPS samples: at each noise level s it takes a clean map from p(x_0 | x_s, y), as
N(x_0; xhat, r^2 I) p(y | x_0) with xhat from a few steps of the probability-flow ODE and r = s, by Langevin dynamics,
and adds fresh noise of the next level:

    xhat = ODE(x_s, s -> 0)                                                                         (1)
    x <- x - eta grad[ |x - xhat|^2 / (2 r^2) - ln p(y | x) ] + sqrt(2 eta) z      repeated         (2)
    x_s' = x + s' z                                                                                 (3)

The step eta is `step` over the largest curvature, 1 / r^2 plus that of the likelihood, by power iteration: where an
operator is not linear (areas read in linear power) anew every few steps. Where it is steeper still, the pull of a step
is bounded by one latent unit.

References:
    Improving Diffusion Inverse Problem Solving with Decoupled Noise Annealing. B. Zhang, W. Chu, J. Berner, C. Meng,
    A. Anandkumar, Y. Song, 2024, Algorithm 1 and Eq. 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.infer.exact.samplers import FewStepSampler, Progress, condition_of, device_of, draw_noise
from openckm.infer.exact.terms import Term, linear_part, terms_of
from openckm.observe.likelihood import Likelihood
from openckm.observe.sites import IntervalSite, NormalSite
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser
from openckm.priors.schedules import EDM, Schedule

_POWER_STEPS = 12
_RENEWED = 5
"""Langevin steps after which the curvature of operators that are not linear is found anew."""


@dataclass(frozen=True)
class DAPS:
    """The sampler above.

    Attributes:
        likelihood: the likelihood of one measurement; its logarithm must have a useful gradient (plain and interval
            readings).
        steps: noise levels.
        ode_steps: network calls at each level.
        langevin_steps: the number of Langevin steps at each level.
        step: size of a Langevin step over the largest that is stable.
        schedule: the schedule of the noise levels; it must have alpha = 1 (EDM or VE).
    """

    likelihood: Likelihood
    steps: int = 30
    ode_steps: int = 4
    langevin_steps: int = 50
    step: float = 0.3
    schedule: Schedule = EDM()  # noqa: RUF009 - a frozen value

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            OptionError: if one is out of range, or the likelihood is flat almost everywhere.
        """
        if min(self.steps, self.ode_steps, self.langevin_steps) < 1 or not 0.0 < self.step < 2.0:
            raise OptionError(f"{self}: wanted at least one step of each kind, and a step between 0 and 2")
        for term in terms_of(self.likelihood):
            if not isinstance(term.site, NormalSite | IntervalSite):
                raise OptionError(
                    f"DAPS follows gradients, and readings behind {type(term.site).__name__} have none: state them as"
                    " intervals (IntervalCensored), or use jfs"
                )

    @property
    def evaluations(self) -> int:
        """Network calls per draw."""
        return self.steps * self.ode_steps

    def run(
        self,
        denoiser: Denoiser,
        shape: tuple[int, int, int],
        generators: Sequence[torch.Generator],
        condition: Condition | None = None,
        progress: Progress | None = None,
    ) -> Float[Tensor, "k c h w"]:
        """Return one map [C, H, W] per generator, all in one batch.

        Raises:
            ComputationError: if values stopped being finite.
        """
        device, given = device_of(denoiser), condition_of(condition, len(generators))
        sigma = self.schedule.discretise(self.steps)[1].tolist()
        x = sigma[-1] * draw_noise(generators, shape, device)
        curvature = _Curvature(terms_of(self.likelihood))
        for index in range(self.steps, 0, -1):
            clean = self._denoise(denoiser, x, sigma[index], given)
            clean = self._langevin(clean, sigma[index], curvature, generators, shape)
            x = clean + sigma[index - 1] * draw_noise(generators, shape, device) if index > 1 else clean  # (3)
            if not bool(torch.isfinite(x).all()):
                raise ComputationError("DAPS: values stopped being finite; take a smaller step")
            if progress is not None:
                progress(self.steps - index + 1, self.steps)
        return torch.as_tensor(x)

    def _denoise(self, denoiser: Denoiser, x: Tensor, level: float, condition: Condition | None) -> Tensor:
        """Follow the probability-flow ODE from a noise level to 0."""
        low = min(0.01, 0.5 * level)
        flow = FewStepSampler(self.ode_steps, 0.0, 1, EDM(low, level))
        state = flow.start(x / level)
        while state.index > 0:
            state = flow.step(denoiser, state, torch.zeros_like(x), condition)
        return torch.as_tensor(state.x)

    def _langevin(
        self, centre: Tensor, level: float, curvature: _Curvature, generators: Sequence[torch.Generator],
        shape: tuple[int, int, int],
    ) -> Tensor:  # fmt: skip
        x: Tensor = centre
        for done in range(self.langevin_steps):
            if done % _RENEWED == 0:
                eta = self.step / (level**-2 + curvature.at(x))  # eta: `step` over the largest curvature
            with torch.enable_grad():
                variable = x.detach().requires_grad_()
                (pull,) = torch.autograd.grad(self.likelihood.log_prob(variable).sum(), variable)
            noise = draw_noise(generators, shape, x.device)
            x = x + (eta * (pull - (x - centre) / level**2)).clamp(-1.0, 1.0) + (2.0 * eta) ** 0.5 * noise  # (2)
        return x


class _Curvature:
    """Largest eigenvalue of A' L A, with L the precision of the noise and A the operators at a map."""

    def __init__(self, terms: list[Term]) -> None:
        self.terms = terms
        self.varies = any(linear_part(t.operator) is None for t in terms)
        self.found: float | None = None

    def at(self, x: Tensor) -> float:
        """Return the largest among those of maps x [K, C, H, W]."""
        if self.found is None or self.varies:
            self.found = _largest(self.terms, x)
        return self.found


def _largest(terms: list[Term], x: Tensor) -> float:
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(x.shape, generator=generator).to(x)
    linears = [t.at(x) for t in terms]
    v = v / v.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    for _ in range(_POWER_STEPS):
        total = torch.zeros_like(v)
        for term, linear in zip(terms, linears, strict=True):
            seen = term.site.support.to(x.device)
            image = linear.forward(v)
            total = total + linear.adjoint(torch.where(seen, image / _sigma(term).to(image) ** 2, 0.0))
        size = total.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        v = total / size.clamp(min=1e-30)
    return float(size.max())


def _sigma(term: Term) -> Tensor:
    if isinstance(term.site, NormalSite | IntervalSite):
        return term.site.sigma
    raise OptionError(f"no noise is known for {type(term.site).__name__}")
