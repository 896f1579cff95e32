"""Training a prior from unlabeled maps: P1's Algorithm 1 (score matching), in its VP, VE and EDM forms.

Algorithm 1 draws x_0, a time and z, forms x_t = alpha x_0 + sigma z (Eq. 11), and descends on
    || -z / sigma - s(x_t, t) ||^2,       s = (alpha D(x_t / alpha, sigma / alpha) - x_t) / sigma^2,
which, since z / sigma = (x_t - alpha x_0) / sigma^2, is (alpha / sigma^2)^2 || D - x_0 ||^2: score matching is weighted
denoising. The schedules differ in how times are drawn. The default weight is EDM's, (s^2 + sd^2) / (s sd)^2 with
s = sigma / alpha, under which the raw network's loss has unit variance at every noise level (T. Karras et al., 2022,
Table 1); P1's released code weighs the score by sigma^2 (epsilon prediction), which is the option `weight="score"`.

A share of the steps is spent at sigma_max, where the denoiser with evidence is the posterior mean E[x | y].
"""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from openckm.errors import ComputationError, ModelError
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoised, Denoiser
from openckm.priors.schedules import EDM, Schedule

__all__ = ["Batch", "TrainOptions", "Trainer", "denoising_loss"]


class Batch(NamedTuple):
    """Clean latent maps [B, C, H, W], what is told of them, and the loss weight of every value [B, C, H, W]."""

    clean: Tensor
    condition: Condition
    weight: Tensor


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
        posterior_share: share of the items that are denoised from sigma_max.
        variance_weight: weight of the predicted variance's log-likelihood.
        ema: decay rates of the averaged copies of the weights.
        weight: "edm", or "score" for P1's epsilon weighting.
        bf16: autocast to bfloat16.
        checkpoint_s: seconds between checkpoints.
        log_every: steps between lines of the log.
        seed: of all noise.
    """

    steps: int = 8000
    decay_steps: int = 2000
    warmup_steps: int = 200
    learning_rate: float = 6e-4
    weight_decay: float = 1e-4
    clip: float = 1.0
    posterior_share: float = 0.4
    variance_weight: float = 0.05
    ema: tuple[float, ...] = (0.998, 0.9995)
    weight: Literal["edm", "score"] = "edm"
    bf16: bool = True
    checkpoint_s: float = 300.0
    log_every: int = 50
    seed: int = 0


def denoising_loss(
    denoiser: Denoiser, batch: Batch, schedule: Schedule, options: TrainOptions, generator: torch.Generator
) -> Tensor:
    """Return the weighted denoising loss of Algorithm 1 [scalar]."""
    clean = batch.clean
    count = clean.shape[0]
    alpha, sigma = schedule.sample_time(torch.rand(count, generator=generator))
    level = sigma / alpha
    posterior = torch.rand(count, generator=generator) < options.posterior_share
    level = torch.where(posterior, torch.full_like(level, EDM().sigma_max), level)
    noise = torch.randn(clean.shape, generator=generator)
    with torch.autocast("cpu" if clean.device.type == "cpu" else "cuda", torch.bfloat16, enabled=options.bf16):
        denoised = denoiser(clean + level.view(-1, 1, 1, 1) * noise, level, batch.condition)
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


class Trainer:
    """Runs the training loop; resumes exactly: every step's data and noise are functions of (seed, step)."""

    def __init__(
        self,
        denoiser: Denoiser,
        batches: Callable[[int], Batch],
        options: TrainOptions,
        folder: Path,
        *,
        schedule: Schedule | None = None,
        validate: Callable[[Denoiser], dict[str, float]] | None = None,
    ) -> None:
        """Prepare training.

        Args:
            denoiser: trained in place.
            batches: batch of a step, a deterministic function of the step.
            options: how to train.
            folder: checkpoint.pt and log.jsonl go here; an existing checkpoint is resumed.
            schedule: how times are drawn; EDM by default.
            validate: scores of the averaged model, logged at every checkpoint.

        Raises:
            ModelError: if the checkpoint in the folder does not fit the denoiser.
        """
        self.denoiser, self.batches, self.options, self.folder = denoiser, batches, options, folder
        self.schedule = schedule or EDM()
        self.validate = validate
        folder.mkdir(parents=True, exist_ok=True)
        self.optimiser = torch.optim.AdamW(
            denoiser.parameters(), lr=options.learning_rate, betas=(0.9, 0.99), weight_decay=options.weight_decay
        )
        self.averages = [[p.detach().clone() for p in denoiser.parameters()] for _ in options.ema]
        self.step = 0
        if self.checkpoint.exists():
            self._resume()

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint."""
        return self.folder / "checkpoint.pt"

    def run(self, seconds: float = math.inf) -> int:
        """Train until the last step or until `seconds` have passed; return the step reached.

        Raises:
            ComputationError: if the loss or its gradient is not finite; the last checkpoint stays usable.
        """
        begun = saved = time.monotonic()
        losses: list[float] = []
        while self.step < self.options.steps and time.monotonic() - begun < seconds:
            losses.append(self._advance())
            if self.step % self.options.log_every == 0:
                rate = len(losses) / max(time.monotonic() - begun, 1e-9)
                recent = losses[-self.options.log_every :]
                self._log(loss=sum(recent) / len(recent), learning_rate=self._rate(), steps_per_s=rate)
            if time.monotonic() - saved > self.options.checkpoint_s:
                self._checkpoint()
                saved = time.monotonic()
        self._checkpoint()
        return self.step

    def _advance(self) -> float:
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        loss = denoising_loss(self.denoiser, self.batches(self.step), self.schedule, self.options, generator)
        value = float(loss.detach())
        self._check(value, "loss")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.denoiser.parameters(), self.options.clip)
        self._check(float(norm), "gradient's norm")  # before it can reach the weights
        self.optimiser.step()
        self.step += 1
        self._average()
        return value

    def _check(self, value: float, what: str) -> None:
        if not math.isfinite(value):
            raise ComputationError(
                f"training step {self.step}: the {what} is {value}; the weights of the last checkpoint in"
                f" {self.folder} are good: lower the learning rate and run again to resume from there"
            )

    def _rate(self) -> float:
        o = self.options
        rise = min(1.0, (self.step + 1) / max(o.warmup_steps, 1))
        fall = min(1.0, (o.steps - self.step) / max(o.decay_steps, 1))
        return o.learning_rate * rise * fall

    def _average(self) -> None:
        parameters = [p.detach() for p in self.denoiser.parameters()]
        for decay, average in zip(self.options.ema, self.averages, strict=True):
            keep = min(decay, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(average, parameters, 1.0 - keep)

    @contextmanager
    def averaged(self, which: int = -1) -> Iterator[Denoiser]:
        """Lend the denoiser with its averaged weights (index into `options.ema`)."""
        own = [p.detach().clone() for p in self.denoiser.parameters()]
        try:
            self._load(self.averages[which])
            yield self.denoiser
        finally:
            self._load(own)

    def _load(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.denoiser.parameters(), values, strict=True):
                parameter.copy_(value)

    def _checkpoint(self) -> None:
        scores: dict[str, float] = {}
        if self.validate is not None:
            for k, decay in enumerate(self.options.ema):
                with self.averaged(k) as model:
                    scores |= {f"{name}@{decay}": value for name, value in self.validate(model).items()}
        state: dict[str, Any] = {
            "step": self.step,
            "model": self.denoiser.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "averages": self.averages,
            "options": asdict(self.options),
        }
        aside = self.checkpoint.with_suffix(".part")
        torch.save(state, aside)
        aside.replace(self.checkpoint)
        self._log(checkpoint=True, **scores)

    def _resume(self) -> None:
        try:
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            self.denoiser.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.averages = [list(average) for average in state["averages"]]
            self.step = int(state["step"])
        except (RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
            raise ModelError(
                f"{self.checkpoint}: cannot resume from this checkpoint ({error}); it belongs to another network or is"
                " broken: move it away to start afresh"
            ) from error

    def _log(self, **entry: float | bool) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, "time": round(time.time(), 1), **entry}) + "\n")
