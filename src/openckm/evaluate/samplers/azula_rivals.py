r"""azula's posterior samplers around the same prior: independent implementations to be measured against.

    azula_dps        `DPSSampler`, x_s <- x_s - zeta grad |y - A(xhat)|                       3 STEPS network calls
    azula_diffpir    `DiffPIRDenoiser` under `DDPMSampler`, lambda the weight of the prior    STEPS
    azula_pigdm      `PGDMSampler`, eta the share of fresh noise; takes no noise level        3 STEPS
    azula_mmps       `MMPSDenoiser` under `DDPMSampler`, k iterations of GMRES                STEPS (1 + 2 (k + 1))

All on azula's variance preserving schedule between noise levels of 0.01 and 10 latent units (alpha to 0.1). Linear
readings are conditions as they are, devices by straight-through gradients (its DiffPIR wants a linear A, and answers no
task with a device); A is flattened to the readings there are. The
pseudo-inverse of PiGDM is that of the readings without their device, exact as no cell is read twice. azula's DPS takes
the norm over the whole batch, so its zeta belongs to a number of draws.

azula is no dependency of the package (`make rivals` installs it, without torchvision, which these samplers do not use).
deepinv cannot be measured here: it imports torchvision unconditionally, which does not work beside the pinned torch.

References:
    Diffusion Posterior Sampling for General Noisy Inverse Problems. H. Chung et al., 2023.
    Denoising Diffusion Models for Plug-and-Play Image Restoration. Y. Zhu et al., 2023.
    Pseudoinverse-Guided Diffusion Models for Inverse Problems. J. Song et al., 2023.
    Learning Diffusion Priors from Observations by Expectation Maximization. F. Rozet, G. Andry, F. Lanusse, G. Louppe,
    2024.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.evaluate.p1.tasks import DEVICE_TASKS, P1Case
from openckm.evaluate.samplers.methods import CaseMethod
from openckm.infer.exact.samplers import condition_of
from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import LinearOperator, Operator
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoiser

_ALPHA_MIN, _SIGMA_MIN = 0.1, 0.01
"""Ends of the schedule: the noise level sigma / alpha goes from 10 to 0.01."""
_NEEDED = ("azula", "einops", "tqdm")


def linear_of(operator: Operator) -> LinearOperator | None:
    """Return what an operator is before its device: L of D(L x), with D straight-through or nothing.

    Args:
        operator: one of `P1Case.straight`.
    """
    from openckm.infer.exact.terms import linear_part
    from openckm.observe.nonlinear import StraightThrough
    from openckm.observe.operators import Compose, Identity

    if isinstance(operator, StraightThrough):
        return Identity(operator.domain)
    if isinstance(operator, Compose):
        outer, inner = linear_of(operator.outer), linear_of(operator.inner)
        both = None if outer is None or inner is None else outer @ inner
        return both if isinstance(both, LinearOperator) else None
    return linear_part(operator)


def azula_found() -> bool:
    """Return whether azula and what it needs are installed."""
    return all(find_spec(name) is not None for name in _NEEDED)


class Flat:
    """Readings as azula wants them: vectors y = A(x) + n of flattened maps.

    Args:
        straight: the readings, with straight-through gradients where there is a device.

    Raises:
        OptionError: if the operator is not linear but for a straight-through device.
    """

    def __init__(self, straight: Gaussian) -> None:
        linear = linear_of(straight.operator)
        if linear is None:
            raise OptionError("azula's samplers take readings that are linear, or so before their device")
        self._operator, self._linear, self._shape = straight.operator, linear, straight.domain.full_shape
        self._inner = straight.operator.range.full_shape
        seen = straight.operator.support().expand(1, *self._inner).to(straight.y.dtype)
        norm = linear(linear.adjoint(seen)).flatten()
        self._seen = (seen.flatten() > 0) & (norm > 0)  # a block without a known cell tells nothing
        self._norm = norm[self._seen].float()
        self.y = straight.y.flatten(1)[:, self._seen].float()
        self.var = (straight.sigma**2).expand_as(straight.y).flatten(1)[0, self._seen].float()

    def forward(self, x: Tensor) -> Tensor:
        """Return A(x) [B, M] of flattened maps [B, N], with the derivatives of A without its device, both ways."""
        straight = self._apply(self._linear, x)
        held = _hold(x)
        return straight + _hold(self._apply(self._operator, held) - self._apply(self._linear, held))

    def pseudo_inverse(self, y: Tensor) -> Tensor:
        """Return the flattened maps [B, N] of least norm that the operator without its device brings to y [B, M]."""
        return self._back(y / self._norm.to(y))

    def _apply(self, operator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return torch.as_tensor(operator(x.reshape(len(x), *self._shape)).flatten(1)[:, self._seen])

    def _back(self, y: Tensor) -> Tensor:
        whole = torch.zeros((len(y), self._seen.numel()), dtype=y.dtype)
        whole[:, self._seen] = y
        return torch.as_tensor(self._linear.adjoint(whole.reshape(len(y), *self._inner)).flatten(1))


class _Hold(torch.autograd.Function):
    """The identity with a derivative of zero in reverse and in forward mode (`detach` keeps that of forward mode)."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Tensor:
        return torch.zeros_like(grads[0])

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        return torch.zeros_like(tangents[0])


def _hold(x: Tensor) -> Tensor:
    return torch.as_tensor(_Hold.apply(x))  # type: ignore[no-untyped-call]


def _azula_denoiser(denoiser: Denoiser, shape: tuple[int, int, int], condition: Condition | None) -> Any:
    """Return a prior in azula's protocol, on flattened maps: q(X | x_t) with mean D(x_t / alpha, sigma / alpha).

    Args:
        denoiser: the prior.
        shape: channels, rows and columns of a map.
        condition: what is known besides the readings, of one map.
    """
    from azula.denoise import Denoiser as AzulaDenoiser
    from azula.denoise import DiracPosterior
    from azula.noise import VPSchedule

    class Adapter(AzulaDenoiser):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.prior, self.schedule = denoiser, VPSchedule(_ALPHA_MIN, _SIGMA_MIN)

        def forward(self, x_t: Tensor, t: Tensor, **kwargs: Any) -> Any:
            alpha, sigma = (s.to(x_t) for s in self.schedule(t))
            level = (sigma / alpha).expand(len(x_t))
            given = condition_of(condition, len(x_t))
            mean = self.prior((x_t / alpha).unflatten(1, shape), level, given).mean
            return DiracPosterior(mean=mean.to(x_t.dtype).flatten(1))

    return Adapter()


@dataclass(frozen=True, eq=False)
class AzulaRival(CaseMethod):
    """One of azula's samplers.

    Attributes:
        denoiser: the prior.
        name: in tables.
        make: builds the sampler from prior, readings, steps and tuning constant.
        cost: network evaluations per step, by the tuning constant.
        steps: the number of steps of the sampler.
        draws: per case, in one batch.
        strengths: values of its tuning constant that are tried.
        strength: the value where nothing is tried.
        linear: whether it takes linear readings alone (no device).
    """

    denoiser: Denoiser
    name: str
    make: Callable[[Any, Flat, int, float], Any]
    cost: Callable[[float], int]
    steps: int
    draws: int
    strengths: tuple[float, ...]
    strength: float = 1.0
    linear: bool = False

    def answers(self, task: str) -> bool:
        """Return whether it takes the readings of a task."""
        return not (self.linear and task in DEVICE_TASKS)

    def draw(self, case: P1Case, seed: int, strength: float) -> tuple[Tensor, int, float]:
        """Return draws [K, C, H, W] in latent code, network evaluations per draw, and the seconds of all draws.

        Raises:
            ComputationError: if values stopped being finite.
        """
        begun = time.perf_counter()
        prior = _azula_denoiser(self.denoiser, case.shape, case.condition.without_evidence())
        sampler = self.make(prior, Flat(case.straight), self.steps, strength)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            size = case.shape[0] * case.shape[1] * case.shape[2]
            maps = sampler(sampler.init((self.draws, size), var=torch.tensor(SIGMA_DATA**2)))
        if not bool(torch.isfinite(maps).all()):
            raise ComputationError(f"{self.name}: values stopped being finite with its constant at {strength:g}")
        seconds = time.perf_counter() - begun
        return maps.unflatten(1, case.shape).detach(), self.steps * self.cost(strength), seconds


def azula_rivals(denoiser: Denoiser, *, steps: int, few: int, chain_draws: int, draws: int) -> list[AzulaRival]:
    """Return azula's samplers.

    Args:
        denoiser: the prior.
        steps: the number of steps of DPS.
        few: the few of the others.
        chain_draws: draws of DPS per case.
        draws: draws of the others per case.
    """
    return [
        AzulaRival(denoiser, "azula_dps", _dps, lambda _: 3, steps, chain_draws, (0.3, 1.0, 3.0, 10.0)),
        AzulaRival(denoiser, "azula_diffpir", _diffpir, lambda _: 1, few, draws, (0.1, 1.0, 10.0, 100.0), linear=True),
        AzulaRival(denoiser, "azula_pigdm", _pigdm, lambda _: 3, few, draws, (0.0, 0.5, 1.0)),
        AzulaRival(denoiser, "azula_mmps", _mmps, lambda k: 1 + 2 * (int(k) + 1), few, draws, (1.0, 3.0)),
    ]


def _dps(prior: Any, readings: Flat, steps: int, zeta: float) -> Any:
    from azula.guidance import DPSSampler

    return DPSSampler(prior, readings.y, readings.forward, zeta, steps=steps, silent=True)


def _diffpir(prior: Any, readings: Flat, steps: int, weight: float) -> Any:
    from azula.guidance import DiffPIRDenoiser
    from azula.sample import DDPMSampler

    guided = DiffPIRDenoiser(prior, readings.y, readings.forward, readings.var, weight, "cg", 3)
    return DDPMSampler(guided, steps=steps, silent=True)


def _pigdm(prior: Any, readings: Flat, steps: int, eta: float) -> Any:
    from azula.guidance import PGDMSampler

    return PGDMSampler(
        prior, readings.y, readings.forward, readings.pseudo_inverse, eta=eta, steps=steps, silent=True
    )  # fmt: skip


def _mmps(prior: Any, readings: Flat, steps: int, iterations: float) -> Any:
    from azula.guidance import MMPSDenoiser
    from azula.linalg.covariance import DiagonalCovariance
    from azula.sample import DDPMSampler

    guided = MMPSDenoiser(
        prior, readings.y, readings.forward, DiagonalCovariance(readings.var), iterations=int(iterations)
    )  # fmt: skip
    return DDPMSampler(guided, steps=steps, silent=True)
