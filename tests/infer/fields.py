"""Small Gaussian fields with exact answers, and readings of them, for tests of samplers."""

from __future__ import annotations

import torch
from torch import Tensor

from openckm.observe.likelihood import Gaussian
from openckm.observe.operators import Domain, LinearOperator
from openckm.priors.exact import GaussianField, torus_spectrum

GAIN = ("gain_db",)


def field(side: int = 8, length: float = 2.0, std: float = 0.5, mean: float = 0.3) -> GaussianField:
    return GaussianField.stationary(torch.full((1, side, side), mean), torus_spectrum((side, side), length, std))


def gain_domain(side: int = 8) -> Domain:
    return Domain(GAIN, "latent", (side, side))


def told(prior: GaussianField, operator: LinearOperator, sigma: float, seed: int = 1) -> tuple[Gaussian, GaussianField]:
    """Return the likelihood of simulated readings, and the exact posterior."""
    generator = torch.Generator().manual_seed(seed)
    clean = operator(prior.draw(1, generator))
    y = clean + sigma * torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    seen = operator.support().expand(1, *operator.range.full_shape).flatten()
    posterior = prior.posterior(operator.dense()[seen], y.flatten()[seen], sigma)
    return Gaussian(operator, torch.where(operator.support(), y, 0.0), sigma), posterior


def noisy(prior: GaussianField, level: float, count: int = 3, seed: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    clean = prior.draw(count, generator)
    return clean + level * torch.randn(clean.shape, generator=generator, dtype=torch.float64)


def levels(level: float, count: int = 3) -> Tensor:
    return torch.full((count,), level, dtype=torch.float64)
