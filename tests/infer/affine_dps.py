"""Algorithm 2 on a Gaussian field with linear Gaussian readings: every step is affine, so moments propagate exactly.

Written out from P1's equations, apart from the code under test: matrices, float64, no autograd, no denoiser class.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

Moments = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Problem:
    """x_0 ~ N(mean, covariance), y = A x_0 + N(0, sigma^2)."""

    mean: Tensor
    covariance: Tensor
    operator: Tensor
    reading: Tensor
    sigma: float


def vp_numbers(steps: int, low: float = 0.1, high: float = 20.0) -> tuple[Tensor, Tensor, Tensor]:
    """Return beta_i, abar_i, abar_(i-1) of i = 1..N."""
    beta = torch.linspace(low, high, steps, dtype=torch.float64) / steps
    abar = torch.cumprod(1.0 - beta, 0)
    return beta, abar, torch.cat([torch.ones(1, dtype=torch.float64), abar[:-1]])


def vp_moments(
    problem: Problem, steps: int, reading: str, zeta: float, corrector: int, snr: float = 0.16, high: float = 20.0
) -> Moments:
    """Return mean and covariance of Algorithm 2's result for VP with the unnormalised constraint (Eqs 13, 20, 22)."""
    one = torch.eye(len(problem.mean), dtype=torch.float64)
    mean, covariance = torch.zeros_like(problem.mean), one
    beta, abar, below = vp_numbers(steps, high=high)
    mean, covariance = mean, float(1.0 - abar[-1]) * one  # the chain starts from the marginal's own sigma_N
    for i in reversed(range(steps)):
        b, a, a1 = float(beta[i]), float(abar[i]), float(below[i])
        if reading == "printed":
            shrink, drift, noise2 = (1 - b) ** -0.5, b * (1 - b) ** -0.5, b * (1 - a1) / (1 - a)
        else:
            shrink, drift, noise2 = 2 - (1 - b) ** 0.5, b, b
        eps = 2 * (1 - b) * snr**2 * (1 - a) * corrector
        numbers = (a**0.5, (1 - a) ** 0.5, shrink, drift, noise2, eps)
        mean, covariance = _advance(problem, numbers, zeta, mean, covariance)
    return mean, covariance


def ve_moments(
    problem: Problem, sigmas: Tensor, reading: str, zeta: float, corrector: int, snr: float = 0.16
) -> Moments:
    """Return the same for VE; sigmas are sigma_0 = 0 .. sigma_N."""
    one = torch.eye(len(problem.mean), dtype=torch.float64)
    mean, covariance = torch.zeros_like(problem.mean), float(sigmas[-1]) ** 2 * one
    for i in reversed(range(1, len(sigmas))):
        s, s1 = float(sigmas[i]), float(sigmas[i - 1])
        g2 = s**2 - s1**2
        noise2 = g2 * s1**2 / s**2 if reading == "printed" else g2
        numbers = (1.0, s, 1.0, g2, noise2, 2 * snr**2 * s**2 * corrector)
        mean, covariance = _advance(problem, numbers, zeta, mean, covariance)
    return mean, covariance


def _advance(problem: Problem, numbers: tuple[float, ...], zeta: float, mean: Tensor, covariance: Tensor) -> Moments:
    alpha, sigma, shrink, drift, noise2, eps = numbers
    one = torch.eye(len(mean), dtype=torch.float64)
    prior = problem.covariance
    gain = prior @ torch.linalg.inv(prior + (sigma / alpha) ** 2 * one)  # E[x_0 | x_i] = gain x_i / alpha + rest
    rest = (one - gain) @ problem.mean
    score, score_0 = (gain - one) / sigma**2, alpha * rest / sigma**2
    jacobian = gain / alpha
    pull = zeta * drift * jacobian.T @ problem.operator.T / problem.sigma**2
    matrix = shrink * one + (drift + eps) * score - pull @ problem.operator @ jacobian
    shift = (drift + eps) * score_0 + pull @ (problem.reading - problem.operator @ rest)
    return matrix @ mean + shift, matrix @ covariance @ matrix.T + (noise2 + 2 * eps) * one


def posterior_moments(problem: Problem) -> Moments:
    """Return mean and covariance of x_0 given y."""
    precision = problem.operator.T @ problem.operator / problem.sigma**2 + torch.linalg.inv(problem.covariance)
    covariance = torch.linalg.inv(precision)
    told = problem.operator.T @ problem.reading / problem.sigma**2
    return covariance @ (told + torch.linalg.inv(problem.covariance) @ problem.mean), covariance
