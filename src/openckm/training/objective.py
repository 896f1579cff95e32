"""What a prior is trained to minimise: P1's Algorithm 1 (score matching), in its VP, VE and EDM forms.

Algorithm 1 draws x_0, a time and z, forms x_t = alpha x_0 + sigma z (Eq. 11), and descends on
    || -z / sigma - s(x_t, t) ||^2,       s = (alpha D(x_t / alpha, sigma / alpha) - x_t) / sigma^2,
which, since z / sigma = (x_t - alpha x_0) / sigma^2, is (alpha / sigma^2)^2 || D - x_0 ||^2: score matching is weighted
denoising, and with l = sigma / alpha the denoiser's input is x_t / alpha = x_0 + l z under every schedule. Schedules
differ in how often they draw a level l. The default weight is EDM's, (l^2 + sd^2) / (l sd)^2, under which the raw
network's loss has unit variance at every level (T. Karras et al., Elucidating the Design Space of Diffusion-Based
Generative Models, 2022, Table 1); P1's released code weighs the score by sigma^2 (prediction of z), l^-2, which is the
option `weight="score"`.

VP's continuous chain reaches levels from 1e-3 to 150, beyond the range [0.005, 40] that the denoiser serves and the
samplers ask for. Such draws (0.02 % and 14 % of them) are moved to the nearer end of the range, input and weight with
them: they remain true denoising problems.

A share of the items is denoised from sigma_max, where the denoiser with evidence is the posterior mean E[x | y].
Maps that are noisy or lack cells are treated as `openckm.priors.imperfect` derives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoised, Denoiser
from openckm.priors.imperfect import (
    added_std,
    as_noisy,
    check_noise,
    check_seen,
    evident,
    forget_missing,
    restate_noise,
)
from openckm.priors.schedules import EDM, Schedule

__all__ = ["TrainOptions"]

_BISECTIONS = 30


class Batch(NamedTuple):
    """Latent maps and their conditions; make imperfect ones with `imperfect_batch`.

    Attributes:
        clean: maps [B, C, H, W].
        condition: the condition of the network.
        weight: loss weight of every value [B, C, H, W].
        noise: standard deviation of the noise that the maps already carry [B, C], latent, 0 for clean; None: all clean.
        seen: cells that the maps have, [B, C, H, W] or [B, 1, H, W], boolean; None: all.
    """

    clean: Tensor
    condition: Condition
    weight: Tensor
    noise: Tensor | None = None
    seen: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        given = self.condition
        condition = given.each(lambda part: part.to(device))
        noise, seen = (None if t is None else t.to(device) for t in (self.noise, self.seen))
        return Batch(self.clean.to(device), condition, self.weight.to(device), noise, seen)


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    Attributes:
        steps: optimiser steps in all.
        decay_steps: the learning rate falls linearly to 0 over the last so many steps.
        warmup_steps: it rises linearly over the first so many.
        learning_rate: AdamW's, at its height.
        weight_decay: AdamW's.
        clip: bound on the gradient norm.
        accumulate: batches per step and process; their gradients are averaged.
        posterior_share: share of the items that are denoised from sigma_max.
        variance_weight: weight of the predicted variance's log-likelihood.
        ema: decay rates of the averaged copies of the weights.
        power_ema: relative widths of the averages from which others are made after training (`openckm.training.ema`).
        snapshot_every: steps between snapshots of those, each as large as as many copies of the weights.
        weight: "edm", or "score" for P1's weighting.
        checkpoint_s: seconds between checkpoints.
        log_every: steps between lines of the log.
        tensorboard: also log for TensorBoard (needs the extra `train`).
        seed: the seed of all noise.
    """

    steps: int = 8000
    decay_steps: int = 2000
    warmup_steps: int = 200
    learning_rate: float = 6e-4
    weight_decay: float = 1e-4
    clip: float = 1.0
    accumulate: int = 1
    posterior_share: float = 0.4
    variance_weight: float = 0.05
    ema: tuple[float, ...] = (0.998, 0.9995)
    power_ema: tuple[float, ...] = (0.05, 0.10)
    snapshot_every: int = 1000
    weight: Literal["edm", "score"] = "edm"
    checkpoint_s: float = 300.0
    log_every: int = 50
    tensorboard: bool = False
    seed: int = 0


def imperfect_batch(batch: Batch, *, noise: Tensor | None = None, seen: Tensor | None = None) -> Batch:
    """Return a batch, its evidence drawn from the maps as they are, made fit to learn from noisy or incomplete maps.

    The evidence carries the noise of the map beside its own, cells with evidence of noisy channels carry no loss, and
    missing cells neither tell anything nor carry loss.

    Args:
        batch: maps as they are; values in missing cells do not matter.
        noise: standard deviation of their noise [B, C], latent; 0 for clean.
        seen: cells that they have, boolean, [B, C, H, W] or [B, 1, H, W].

    Raises:
        InputError: if a shape does not fit, the mask is not boolean or a noise level is out of range.
    """
    clean, weight, evidence = batch.clean, batch.weight, batch.condition.evidence
    if seen is not None:
        check_seen(seen, clean)
        clean, weight = clean.where(seen, 0.0), weight.where(seen, 0.0)
        evidence = forget_missing(evidence, seen)
    if noise is not None:
        check_noise(noise, clean)
        shared = evident(evidence, clean.shape[1]) & (noise > 0)[:, :, None, None]
        weight = weight.where(~shared, 0.0)
        evidence = restate_noise(evidence, noise)
    condition = replace(batch.condition, evidence=evidence)
    return Batch(clean, condition, weight, noise, seen)


def draw_levels(schedule: Schedule, uniform: Tensor, above: Tensor | None = None) -> Tensor:
    """Return the noise levels sigma / alpha that uniform numbers in (0, 1) stand for, same shape.

    Args:
        schedule: its level must not fall with time.
        uniform: the draws.
        above: levels are drawn above these, same shape, from the schedule's distribution cut there; None: 0.
    """
    if above is not None:
        begin = _share_below(schedule, above)
        uniform = begin + (1.0 - begin) * uniform
    alpha, sigma = schedule.sample_time(uniform)
    return (sigma / alpha).clamp(EDM.sigma_min, EDM.sigma_max)


def _share_below(schedule: Schedule, level: Tensor) -> Tensor:
    """The uniform number from which on the schedule's level is above the one given (bisection), 0 for level 0."""
    low, high = torch.zeros_like(level), torch.ones_like(level)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = draw_levels(schedule, middle) > level
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return torch.where(level > 0, high, 0.0)


def draw_noise(
    batch: Batch, schedule: Schedule, options: TrainOptions, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return noise levels [B] and standard normal noise [B, C, H, W] of a batch, drawn on the CPU.

    Levels of noisy maps are drawn above their noise; incomplete maps are denoised from sigma_max.
    """
    count = batch.clean.shape[0]
    uniform = torch.rand(count, generator=generator)
    level = draw_levels(schedule, uniform, None if batch.noise is None else batch.noise.amax(1).cpu())
    posterior = torch.rand(count, generator=generator) < options.posterior_share
    if batch.seen is not None:
        posterior |= ~batch.seen.flatten(1).all(1).cpu()
    level = torch.where(posterior, torch.full_like(level, EDM.sigma_max), level)
    return level, torch.randn(batch.clean.shape, generator=generator)


def denoising_loss(
    denoiser: Denoiser, batch: Batch, schedule: Schedule, options: TrainOptions, generator: torch.Generator
) -> Tensor:
    """Return the weighted denoising loss of Algorithm 1 [scalar]."""
    level, noise = draw_noise(batch, schedule, options, generator)
    return loss_at(denoiser, batch, level.to(batch.clean.device), noise.to(batch.clean.device), options)


def loss_at(denoiser: Denoiser, batch: Batch, level: Tensor, noise: Tensor, options: TrainOptions) -> Tensor:
    """Return the weighted denoising loss [scalar] at given noise levels [B] and standard normal noise [B, C, H, W]."""
    column = level.view(-1, 1, 1, 1)
    x = batch.clean + (column if batch.noise is None else added_std(level, batch.noise)) * noise
    if batch.seen is not None:
        x = x.where(batch.seen, column * noise)
    denoised = denoiser(x, level, batch.condition)
    if batch.noise is not None:
        denoised = as_noisy(denoised, x, level, batch.noise)
    return _weigh(denoised, batch, level, options)


def _weigh(denoised: Denoised, batch: Batch, level: Tensor, options: TrainOptions) -> Tensor:
    shape = (-1, 1, 1, 1)
    factor = (level**2 + SIGMA_DATA**2) / (level * SIGMA_DATA) ** 2 if options.weight == "edm" else level**-2
    squared = (denoised.mean - batch.clean) ** 2
    loss = (factor.view(shape) * squared * batch.weight).mean()
    if denoised.var is not None and options.variance_weight > 0:
        surprise = denoised.var.log() + squared.detach() / denoised.var + factor.log().view(shape)
        loss = loss + 0.5 * options.variance_weight * (surprise * batch.weight).mean()
    return loss
