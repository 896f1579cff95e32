"""One loop for every training: steps and their gradients, checks, checkpoints, and going on where it stopped.

A training says what its losses are and how fast it learns; data and noise of a step are functions of (seed, step), so
an interrupted training goes on as it would have. A loss or gradient that is not finite never reaches the weights, and
no checkpoint is half-written.
"""

from __future__ import annotations

import math
import pickle
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from openckm.errors import Diverged, ModelError
from openckm.maps.atomic import atomic_path

CHECKPOINT = "checkpoint.pt"


class Loop(ABC):
    """A training that stands at a step.

    Attributes:
        folder: where the checkpoint lies.
        checkpoint: path of the checkpoint.
        network: what is trained.
        optimisers: the optimisers by name; each step uses them in this order, each on a loss of its own.
        step: optimiser steps done.
        seconds: processor time of the steps so far on a CPU, wall-clock time elsewhere [s].
    """

    def __init__(
        self, folder: Path, network: nn.Module, optimisers: Mapping[str, Optimizer], *, clip: float,
        checkpoint_s: float, file: str = CHECKPOINT, device: str = "cpu",
    ) -> None:  # fmt: skip
        """Make the folder; a subclass resumes when it is ready to.

        Args:
            folder: the folder of the checkpoint.
            network: trained in place.
            optimisers: the optimisers by name.
            clip: bound on the norm of a gradient.
            checkpoint_s: seconds between checkpoints.
            file: name of the checkpoint.
            device: the device whose clock counts.
        """
        self.folder, self.checkpoint = folder, folder / file
        self.network, self.optimisers = network, dict(optimisers)
        self.step, self.seconds = 0, 0.0
        self._clip, self._checkpoint_s = clip, checkpoint_s
        self._clock = time.process_time if device == "cpu" else time.monotonic
        folder.mkdir(parents=True, exist_ok=True)

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether the last step is done."""

    @property
    @abstractmethod
    def rate(self) -> float:
        """Learning rate of the next step."""

    @abstractmethod
    def gradients(self) -> Iterator[tuple[str, float]]:
        """Leave the gradient of an optimiser's loss at its weights and yield (its name, the loss).

        The optimiser steps before the next gradient is asked for.
        """

    def back(self, loss: Tensor, name: str = "") -> float:
        """Leave the gradient of a loss at the weights and return the loss.

        Raises:
            Diverged: if it is not finite.
        """
        value = float(loss.detach())
        self.check(value, "loss", name)
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        return value

    @property
    def what(self) -> str:
        """The training in words, for errors."""
        return "training"

    def run(self, seconds: float = math.inf) -> int:
        """Train to the last step or for so long [s]; return the step reached.

        Raises:
            Diverged: if a loss or gradient is not finite; the last checkpoint stays good.
        """
        begun = saved = time.monotonic()
        losses: list[float] = []
        while self.agreed(not self.done and time.monotonic() - begun < seconds):
            last = self._clock()
            losses.append(self.advance())
            self.seconds += self._clock() - last
            self.stepped(losses)
            if time.monotonic() - saved > self._checkpoint_s:
                self.save(losses)
                losses.clear()
                saved = time.monotonic()
        self.save(losses)
        return self.step

    def agreed(self, goes_on: bool) -> bool:
        """Return whether to take another step; processes that train together agree here."""
        return goes_on

    def stepped(self, losses: list[float]) -> None:
        """Look at the losses since the last checkpoint, after a step."""
        return

    def advance(self) -> float:
        """Take a step with every optimiser; return the first loss."""
        first = 0.0
        for k, (name, value) in enumerate(self.gradients()):
            self.descend(name)
            first = value if k == 0 else first
        self.step += 1
        return first

    def descend(self, name: str) -> None:
        """Move the weights of an optimiser along their clipped gradient."""
        optimiser = self.optimisers[name]
        for group in optimiser.param_groups:
            group["lr"] = self.rate
        weights = [p for group in optimiser.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(weights, self._clip)
        self.check(float(norm), "gradient's norm", name)  # before it can reach the weights
        optimiser.step()

    def check(self, value: float, what: str, name: str = "") -> None:
        """Stop the training where a value is not finite.

        Raises:
            Diverged: if it is not.
        """
        if not math.isfinite(value):
            of = f" of {name}" if name else ""
            raise Diverged(
                f"{self.what}, step {self.step}: the {what}{of} is {value}",
                f"the last checkpoint in {self.folder} is good: lower the learning rate and run again to resume from"
                " there",
            )

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "step": self.step, "seconds": self.seconds, "network": self.network.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "mark": self.mark(),
        }  # fmt: skip

    def mark(self) -> str:
        """Return what must not differ between a checkpoint and the training that resumes it."""
        return ""

    def load(self, state: dict[str, Any]) -> None:
        """Take up what a checkpoint kept.

        Raises:
            ValueError: if it is of another training.
        """
        if state["mark"] != self.mark():
            raise ValueError(
                f"it is of a training with other options or maps: {state['mark']}, this one: {self.mark()}"
            )
        self.network.load_state_dict(state["network"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])

    def save(self, losses: Sequence[float]) -> None:
        """Write the checkpoint, whole or not at all.

        Args:
            losses: since the last checkpoint.
        """
        with atomic_path(self.checkpoint) as aside:
            torch.save(self.state(), aside)

    def resume(self, device: torch.device | str = "cpu") -> None:
        """Go on from the checkpoint, where there is one.

        Raises:
            ModelError: if it belongs to another training or is broken.
        """
        if not self.checkpoint.exists():
            return
        try:
            self.load(torch.load(self.checkpoint, map_location=device, weights_only=True))
        except (RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
            raise ModelError(
                f"{self.checkpoint}: cannot resume from this checkpoint ({error}); it belongs to another network or is"
                " broken: move it away to start afresh"
            ) from error
