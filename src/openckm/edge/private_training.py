"""Training with noise (DP-SGD on the factors of a difference) reveals little of any single map.

Each step takes every map with probability q, shortens the gradient of each to C, and adds noise to their sum,

    g = 1 / (q n)  ( sum_i  g_i min(1, C / ||g_i||)  +  N(0, (sigma C)^2 I) ).                      (1)

With or without any one map, what the steps give is then nearly the same: (epsilon, delta)-differential privacy for one
map more or less. How large epsilon is after T steps is a matter of q, sigma, T and delta alone, and is left to a
library (opacus, its accountant by Renyi divergences, an upper bound). Sampling and noise come from the system's
randomness, not from the seed of the options: who knew them could take the noise away.

What the bound does not cover: how many maps there are, and that a contribution was made at all.

References:
    M. Abadi et al., Deep learning with differential privacy, 2016, Algorithm 1.
    I. Mironov, K. Talwar, L. Zhang, Renyi differential privacy of the sampled Gaussian mechanism, 2019.
"""

from __future__ import annotations

import math
import secrets
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.priors.adapter import LowRank
from openckm.priors.schedules import EDM
from openckm.training.objective import TrainOptions, denoising_loss
from openckm.training.samples import TrainingSet


@dataclass(frozen=True)
class NoiseOptions:
    """How much noise.

    Attributes:
        multiplier: sigma, standard deviation of the noise in lengths of the longest gradient.
        clip: C, length to which the gradient of a map is shortened.
        delta: probability with which the bound may fail; well below 1 / number of maps.

    Raises:
        OptionError: if a value is out of range.
    """

    multiplier: float = 4.0
    clip: float = 0.1
    delta: float = 1e-5

    def __post_init__(self) -> None:
        if not (self.multiplier > 0 and self.clip > 0 and 0 < self.delta < 1):
            raise OptionError(f"{self}: wanted positive numbers, and a delta below 1")


def epsilon_of(noise: NoiseOptions, share: float, steps: int) -> float:
    """Return epsilon after so many steps.

    Args:
        noise: how much.
        share: q, probability that a map is in a step.
        steps: T.

    Raises:
        OptionError: if opacus is not installed.
    """
    try:
        from opacus.accountants import RDPAccountant
    except ModuleNotFoundError as error:
        raise OptionError(f"training with noise needs {error.name}: pip install 'openckm[private]'") from error
    accountant = RDPAccountant()
    accountant.history = [(noise.multiplier, share, steps)]
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # that another order might bound it tighter
        return float(accountant.get_epsilon(delta=noise.delta))


def train_with_noise(
    adapter: LowRank, maps: TrainingSet, plan: TrainOptions, batch: int, noise: NoiseOptions,
    on_step: Callable[[int], None] | None = None,
) -> float:  # fmt: skip
    """Train the factors of a difference in place, and return the epsilon that its steps cost.

    Args:
        adapter: the adapter that is trained.
        maps: the maps to learn from; one map is one unit of privacy.
        plan: steps, learning rate and objective.
        batch: maps per step, on average.
        noise: how much.
        on_step: called with the number of each step.

    Raises:
        ComputationError: if training diverges.
        OptionError: if opacus is not installed, or delta is not below 1 / number of maps.
    """
    count = len(maps)
    if noise.delta * count >= 1:
        raise OptionError(f"delta {noise.delta:g} with {count} maps: wanted less than {1 / count:.2g}")
    share = min(1.0, batch / count)
    spent = epsilon_of(noise, share, plan.steps)
    rng, generator = np.random.default_rng(secrets.randbits(128)), torch.Generator().manual_seed(secrets.randbits(63))
    parameters = list(adapter.parameters())
    descent = torch.optim.Adam(parameters, lr=plan.learning_rate)
    for step in range(plan.steps):
        if on_step is not None:
            on_step(step)
        chosen = np.flatnonzero(rng.random(count) < share)
        total = _clipped_sum(adapter, maps, chosen, plan, noise.clip, rng, generator)
        for parameter, part in zip(parameters, total, strict=True):
            # (1): N(0, (sigma C)^2 I)
            added = noise.multiplier * noise.clip * torch.randn(part.shape, generator=generator)
            parameter.grad = (part + added) / (share * count)  # (1): over q n
        descent.step()
    if not all(bool(torch.isfinite(parameter).all()) for parameter in parameters):
        raise ComputationError("training with noise diverged: choose a smaller learning rate, or less noise")
    return spent


def _clipped_sum(
    adapter: LowRank, maps: TrainingSet, chosen: NDArray[np.intp], plan: TrainOptions, clip: float,
    rng: np.random.Generator, generator: torch.Generator,
) -> list[Tensor]:  # fmt: skip
    """Return the sum over maps of their gradients, each shortened to `clip`."""
    parameters = list(adapter.parameters())
    total = [torch.zeros_like(parameter) for parameter in parameters]
    for k in chosen:
        loss = denoising_loss(adapter, maps.sample(np.array([k]), rng, fold=2), EDM(), plan, generator)
        parts = torch.autograd.grad(loss, parameters)
        length = math.sqrt(sum(float(part.double().square().sum()) for part in parts))
        for one, part in zip(total, parts, strict=True):
            one.add_(part, alpha=min(1.0, clip / max(length, 1e-30)))  # (1): g_i min(1, C / ||g_i||)
    return total
