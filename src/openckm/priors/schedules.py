"""Noise schedules. A schedule is one pair of numbers per time, x_t = alpha(t) x_0 + sigma(t) z, z ~ N(0, I).

    VP   dx = -1/2 beta(t) x dt + sqrt(beta(t)) dw,  t in [0, 1]                      (P1, Eq. 9)
         x_i = sqrt(1 - beta_i) x_{i-1} + sqrt(beta_i) z                              (P1, Eq. 10)
         x_i = sqrt(abar_i) x_0 + sqrt(1 - abar_i) z                                  (P1, Eq. 11)
    VE   dx = sqrt(d sigma^2 / dt) dw;  alpha = 1, sigma_i = sigma_min (sigma_max / sigma_min)^t
    EDM  alpha = 1, sigma(t) = t, discretised with rho = 7

P1 is S. Xiao, Y. Zeng, H. Rong, Y. Tang, A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a
Foundation Prior Model, 2026. Any of them is served by one denoiser D(x, sigma): with s = sigma / alpha,
E[x_0 | x_t] = D(x_t / alpha, s), and the score is (alpha D - x_t) / sigma^2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from openckm.errors import OptionError


class Schedule(ABC):
    """One pair of numbers per time; discretised into N steps, index N is pure noise and index 0 is clean."""

    @abstractmethod
    def discretise(self, steps: int) -> tuple[Tensor, Tensor]:
        """Return (alpha, sigma) of indices 0..steps as float64 tensors of shape [steps + 1]; sigma[0] = 0.

        Raises:
            OptionError: if steps < 1.
        """

    @abstractmethod
    def sample_time(self, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Return (alpha, sigma) at the training times that uniform numbers in (0, 1) stand for, same shape."""


@dataclass(frozen=True)
class VP(Schedule):
    """Variance-preserving diffusion with linear beta(t) = beta_min + t (beta_max - beta_min); P1, Eq. 9-12."""

    beta_min: float = 0.1
    beta_max: float = 20.0

    def betas(self, steps: int) -> Tensor:
        """Return beta_1..beta_N of the discrete chain [steps], Eq. 10: beta(t_i) / N, kept below 1."""
        _positive(steps)
        t = torch.linspace(0.0, 1.0, steps, dtype=torch.float64)
        return ((self.beta_min + t * (self.beta_max - self.beta_min)) / steps).clamp(max=0.999)  # P1, Eq. 10: beta_i

    def discretise(self, steps: int) -> tuple[Tensor, Tensor]:
        """Return sqrt(abar_i) and sqrt(1 - abar_i), i = 0..N (Eq. 11), with abar_0 = 1."""
        abar = torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1.0 - self.betas(steps), 0)])
        return abar.sqrt(), (1.0 - abar).sqrt()  # P1, Eq. 11

    def sample_time(self, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Return the marginal of the continuous chain at t = uniform (kept above 1e-5)."""
        t = uniform.clamp(min=1e-5)
        log_alpha = -0.25 * t**2 * (self.beta_max - self.beta_min) - 0.5 * t * self.beta_min  # P1, Eq. 9, integrated
        return log_alpha.exp(), (-torch.expm1(2.0 * log_alpha)).sqrt()


@dataclass(frozen=True)
class VE(Schedule):
    """Variance-exploding diffusion: sigma grows geometrically from sigma_min to sigma_max.

    References:
        Y. Song et al., Score-Based Generative Modeling through Stochastic Differential Equations, 2021, Eq. 9, 30.
    """

    sigma_min: float = 0.005
    sigma_max: float = 40.0

    def discretise(self, steps: int) -> tuple[Tensor, Tensor]:
        """Return ones and the geometric sigmas, with sigma_0 = 0."""
        _positive(steps)
        grow = torch.linspace(0.0, 1.0, steps, dtype=torch.float64)
        sigma = self.sigma_min * (self.sigma_max / self.sigma_min) ** grow
        return torch.ones(steps + 1, dtype=torch.float64), torch.cat([torch.zeros(1, dtype=torch.float64), sigma])

    def sample_time(self, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Return ones and sigma at t = uniform."""
        return torch.ones_like(uniform), self.sigma_min * (self.sigma_max / self.sigma_min) ** uniform


@dataclass(frozen=True)
class EDM(Schedule):
    """sigma(t) = t, discretised evenly in sigma^(1/rho); trained on log-normal sigma.

    References:
        T. Karras, M. Aittala, T. Aila, S. Laine, Elucidating the Design Space of Diffusion-Based Generative Models,
        2022, Eq. 5 and Table 1.
    """

    sigma_min: float = 0.005
    sigma_max: float = 40.0
    rho: float = 7.0
    log_mean: float = -0.8
    log_std: float = 1.6

    def discretise(self, steps: int) -> tuple[Tensor, Tensor]:
        """Return ones and the sigmas, with sigma_0 = 0 and sigma_1 = sigma_min (sigma_max when steps is 1)."""
        _positive(steps)
        grow = torch.linspace(0.0, 1.0, steps, dtype=torch.float64) if steps > 1 else torch.ones(1, dtype=torch.float64)
        low, high = self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)
        sigma = (low + grow * (high - low)) ** self.rho
        return torch.ones(steps + 1, dtype=torch.float64), torch.cat([torch.zeros(1, dtype=torch.float64), sigma])

    def sample_time(self, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Return ones and log-normal sigma at the given quantiles, kept within [sigma_min, sigma_max]."""
        normal = torch.special.ndtri(uniform.clamp(1e-6, 1 - 1e-6))
        sigma = (self.log_mean + self.log_std * normal).exp().clamp(self.sigma_min, self.sigma_max)
        return torch.ones_like(uniform), sigma


def _positive(steps: int) -> None:
    if steps < 1:
        raise OptionError(f"steps={steps}: a schedule needs at least one step")
