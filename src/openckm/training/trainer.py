"""Training a prior from unlabeled maps: the loop around the objective (`openckm.training.objective`).

A step takes the gradients of N = processes x `accumulate` batches, process r those numbered step N + r `accumulate` and
on, and descends on their mean; data and noise of batch k are functions of (seed, k). So a training resumes exactly, and
two processes follow the same curve as one that accumulates two batches: one of twice the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress
from safetensors import SafetensorError
from torch import Tensor

from openckm.errors import ComputationError, InputError, OptionError
from openckm.maps.atomic import atomic_path
from openckm.priors.denoiser import Denoiser
from openckm.priors.schedules import EDM, Schedule
from openckm.training.ema import PowerAverages, posthoc_average
from openckm.training.log import TrainingLog
from openckm.training.loop import Loop
from openckm.training.objective import Batch as Batch
from openckm.training.objective import TrainOptions as TrainOptions
from openckm.training.objective import denoising_loss as denoising_loss
from openckm.training.parallel import Processes

__all__ = ["Trainer"]


class Trainer(Loop):
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
        self.denoiser, self.batches, self.options = denoiser, batches, options
        self.schedule, self.validate = schedule or EDM(), validate
        self.processes = processes or Processes()
        self.optimiser = torch.optim.AdamW(
            denoiser.parameters(), lr=options.learning_rate, betas=(0.9, 0.99), weight_decay=options.weight_decay
        )
        super().__init__(folder, denoiser, {"": self.optimiser}, clip=options.clip, checkpoint_s=options.checkpoint_s)
        self.averages = [[p.detach().clone() for p in self._parameters()] for _ in options.ema]
        self.power = PowerAverages(dict(denoiser.named_parameters()), options.power_ema, folder)
        self._maps = 0
        self.resume()
        self.processes.same_start(self.step, self._parameters())
        self.log = TrainingLog(
            folder, options.steps, tensorboard=options.tensorboard, progress=progress, silent=not self.processes.leads
        )

    @property
    def done(self) -> bool:
        """Whether the last step is done."""
        return self.step >= self.options.steps

    @property
    def rate(self) -> float:
        """Learning rate of the next step: a linear rise, a height, a linear fall to 0."""
        o = self.options
        rise = min(1.0, (self.step + 1) / max(o.warmup_steps, 1))
        fall = min(1.0, (o.steps - self.step) / max(o.decay_steps, 1))
        return o.learning_rate * rise * fall

    def run(self, seconds: float = math.inf) -> int:
        """Train until the last step or until `seconds` have passed; return the step reached.

        Raises:
            ComputationError: if the loss or its gradient is not finite, another process has failed, or the checkpoint
                cannot be written; the last checkpoint stays usable.
        """
        try:
            super().run(seconds)
            self.processes.agree(True)  # nobody leaves before the checkpoint is there
        finally:
            self.log.close()
        return self.step

    def agreed(self, goes_on: bool) -> bool:
        """Return whether all processes take another step."""
        return self.processes.agree(goes_on)

    def stepped(self, losses: list[float]) -> None:
        """Log the losses since the last entry."""
        if self.step % self.options.log_every == 0:
            self.log.losses(self.step, sum(losses) / len(losses), self.rate)
            losses.clear()

    def advance(self) -> float:
        """Take a step, and the averages with it."""
        loss = super().advance()
        self._average()
        self.log.advance(self.step, self._maps)
        return loss

    def gradients(self) -> Iterator[tuple[str, float]]:
        """Yield once, with the mean gradient of all batches of the step."""
        loss, self._maps = self._gradient()
        yield "", loss

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
            self.check(value, "loss")
            loss.backward()  # type: ignore[no-untyped-call]
            total, maps = total + value, maps + len(batch.clean)
        return total, maps

    def _parameters(self) -> list[Tensor]:
        return list(self.denoiser.parameters())

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

    def save(self, losses: Sequence[float]) -> None:
        """Score the averages and write the checkpoint; the leading process alone."""
        if not self.processes.leads:
            return
        scores: dict[str, float] = {}
        if self.validate is not None:
            for k, decay in enumerate(self.options.ema):
                with self.averaged(k) as model:
                    scores |= {f"{name}@{decay}": value for name, value in self.validate(model).items()}
        with self._writing("a checkpoint"), atomic_path(self.checkpoint) as aside:
            torch.save(self.state(), aside)
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

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "step": self.step,
            "model": self.denoiser.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "averages": self.averages,
            "power": self.power.state(),
            "options": asdict(self.options),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        self.denoiser.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._resume_averages([list(average) for average in state["averages"]])
        self.step = int(state["step"])
        self.power.resume(state.get("power"), self.step)

    def resume(self, device: torch.device | str = "cpu") -> None:
        """Go on from the checkpoint, where there is one."""
        super().resume(device)
        if not self.checkpoint.exists():
            self.power.resume(None, 0)

    def _resume_averages(self, kept: list[list[Tensor]]) -> None:
        if len(kept) != len(self.averages):
            raise ValueError(f"it keeps {len(kept)} averages, the options name {len(self.averages)}")
        for own, average in zip(self.averages, kept, strict=True):
            for value, old in zip(own, average, strict=True):
                value.copy_(old)
