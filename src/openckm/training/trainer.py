"""Training a prior from unlabeled maps: the loop around the objective (`openckm.training.objective`).

A step takes the gradients of N = processes x `accumulate` batches, process r those numbered step N + r `accumulate` and
on, and descends on their mean; data and noise of batch k are functions of (seed, k). So a training resumes exactly, and
two processes follow the same curve as one that accumulates two batches: one of twice the batch.
"""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress
from safetensors import SafetensorError
from torch import Tensor

from openckm.errors import ComputationError, InputError, ModelError, OptionError
from openckm.maps.atomic import atomic_path
from openckm.priors.denoiser import Denoiser
from openckm.priors.schedules import EDM, Schedule
from openckm.training.ema import CHECKPOINT, PowerAverages, posthoc_average
from openckm.training.log import TrainingLog
from openckm.training.objective import Batch, TrainOptions, denoising_loss
from openckm.training.parallel import Processes

__all__ = ["Batch", "TrainOptions", "Trainer", "denoising_loss"]


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
        processes: Processes | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Prepare training.

        Args:
            denoiser: trained in place, where it is (CPU or GPU).
            batches: the batch of a number, a deterministic function of it; numbers count steps, or `accumulate` x
                processes batches per step.
            options: how to train.
            folder: checkpoint.pt, log.jsonl and the averages' snapshots go here; an existing checkpoint is resumed.
            schedule: how times are drawn; EDM by default.
            validate: scores of the averaged model, logged at every checkpoint (by process 0).
            processes: the processes that train together, from `openckm.training.parallel.joined`; alone by default.
            progress: display to which a progress bar is added.

        Raises:
            ComputationError: if the processes do not stand at the same step.
            ModelError: if the checkpoint in the folder does not fit the denoiser.
            OptionError: if `accumulate` or `snapshot_every` is below 1.
        """
        if min(options.accumulate, options.snapshot_every) < 1:
            raise OptionError(
                f"accumulate={options.accumulate}, snapshot_every={options.snapshot_every}: wanted at least 1 of each"
            )
        self.denoiser, self.batches, self.options, self.folder = denoiser, batches, options, folder
        self.schedule, self.validate = schedule or EDM(), validate
        self.processes = processes or Processes()
        folder.mkdir(parents=True, exist_ok=True)
        self.optimiser = torch.optim.AdamW(
            denoiser.parameters(), lr=options.learning_rate, betas=(0.9, 0.99), weight_decay=options.weight_decay
        )
        self.averages = [[p.detach().clone() for p in self._parameters()] for _ in options.ema]
        self.power = PowerAverages(dict(denoiser.named_parameters()), options.power_ema, folder)
        self.step = 0
        self._resume()
        self.processes.same_start(self.step, self._parameters())
        self.log = TrainingLog(
            folder, options.steps, tensorboard=options.tensorboard, progress=progress, silent=not self.processes.leads
        )

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint."""
        return self.folder / CHECKPOINT

    def run(self, seconds: float = math.inf) -> int:
        """Train until the last step or until `seconds` have passed; return the step reached.

        Raises:
            ComputationError: if the loss or its gradient is not finite, another process has failed, or the checkpoint
                cannot be written; the last checkpoint stays usable.
        """
        begun = saved = time.monotonic()
        losses: list[float] = []
        try:
            while self.processes.agree(self.step < self.options.steps and time.monotonic() - begun < seconds):
                losses.append(self._advance())
                if self.step % self.options.log_every == 0:
                    self.log.losses(self.step, sum(losses) / len(losses), self._rate())
                    losses.clear()
                if time.monotonic() - saved > self.options.checkpoint_s:
                    self._checkpoint()
                    saved = time.monotonic()
            self._checkpoint()
            self.processes.agree(True)  # nobody leaves before the checkpoint is there
        finally:
            self.log.close()
        return self.step

    def _advance(self) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        loss, maps = self._gradient()
        norm = torch.nn.utils.clip_grad_norm_(self._parameters(), self.options.clip)
        self._check(float(norm), "gradient's norm")  # before it can reach the weights
        self.optimiser.step()
        self.step += 1
        self._average()
        self.log.advance(self.step, maps)
        return loss

    def _gradient(self) -> tuple[float, int]:
        """Leave the mean gradient of all batches of a step; return their mean loss and how many maps they hold."""
        done = False
        try:
            loss, maps = self._own_gradient()
            done = True
        finally:
            if not done:
                self.processes.abandon(self._parameters())
        return self.processes.average(self._parameters(), loss, maps)

    def _own_gradient(self) -> tuple[float, int]:
        self.optimiser.zero_grad(set_to_none=True)
        per_process = self.options.accumulate
        first = (self.step * self.processes.count + self.processes.rank) * per_process
        total, maps = 0.0, 0
        for number in range(first, first + per_process):
            generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + number)
            batch = self.batches(number).to(self._parameters()[0].device)
            loss = denoising_loss(self.denoiser, batch, self.schedule, self.options, generator) / per_process
            value = float(loss.detach())
            self._check(value, "loss")
            loss.backward()  # type: ignore[no-untyped-call]
            total, maps = total + value, maps + len(batch.clean)
        return total, maps

    def _parameters(self) -> list[Tensor]:
        return list(self.denoiser.parameters())

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
        parameters = [p.detach() for p in self._parameters()]
        for decay, average in zip(self.options.ema, self.averages, strict=True):
            keep = min(decay, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(average, parameters, 1.0 - keep)
        self.power.update(dict(self.denoiser.named_parameters()))
        if self.options.power_ema and self.processes.leads and self.step % self.options.snapshot_every == 0:
            with self._writing("its averages"):
                self.power.snapshot(self.step)

    @contextmanager
    def averaged(self, which: int = -1, *, sigma_rel: float | None = None) -> Iterator[Denoiser]:
        """Lend the denoiser with its averaged weights.

        Args:
            which: index into `options.ema`.
            sigma_rel: relative width of an average made after training instead, up to the last checkpoint.

        Raises:
            ModelError, OptionError: as `openckm.training.ema.posthoc_average`.
        """
        values = self.averages[which] if sigma_rel is None else list(posthoc_average(self.folder, sigma_rel).values())
        own = [p.detach().clone() for p in self._parameters()]
        try:
            self._load(values)
            yield self.denoiser
        finally:
            self._load(own)

    def _load(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self._parameters(), values, strict=True):
                parameter.copy_(value)

    def _checkpoint(self) -> None:
        if not self.processes.leads:
            return
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
            "power": self.power.state(),
            "options": asdict(self.options),
        }
        with self._writing("a checkpoint"), atomic_path(self.checkpoint) as aside:
            torch.save(state, aside)
        self.log.checkpoint(self.step, scores)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, InputError, SafetensorError) as error:
            raise ComputationError(
                f"training step {self.step}: {what} cannot be written into {self.folder} ({error}); the last checkpoint"
                " is good: make room on the disk and run again to resume from there"
            ) from error

    def _resume(self) -> None:
        if not self.checkpoint.exists():
            self.power.resume(None, 0)
            return
        try:
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            self.denoiser.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self._resume_averages([list(average) for average in state["averages"]])
            self.step = int(state["step"])
            self.power.resume(state.get("power"), self.step)
        except (RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
            raise ModelError(
                f"{self.checkpoint}: cannot resume from this checkpoint ({error}); it belongs to another network or is"
                " broken: move it away to start afresh"
            ) from error

    def _resume_averages(self, kept: list[list[Tensor]]) -> None:
        if len(kept) != len(self.averages):
            raise ValueError(f"it keeps {len(kept)} averages, the options name {len(self.averages)}")
        for own, average in zip(self.averages, kept, strict=True):
            for value, old in zip(own, average, strict=True):
                value.copy_(old)
