"""The log of a training: lines of JSON always, TensorBoard's event files and a progress bar where wanted."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

from rich.progress import Progress

_LOG_FILE = "log.jsonl"
_EVENTS = "tensorboard"

_log = logging.getLogger(__name__)


class TrainingLog:
    """Writes log.jsonl, and where wanted TensorBoard's events and a progress bar; nothing in a process that is not to.

    `maps_per_s` and `steps_per_s` are of the time since the last line.
    """

    def __init__(
        self, folder: Path, steps: int, *, tensorboard: bool = False, progress: Progress | None = None,
        silent: bool = False,
    ) -> None:  # fmt: skip
        """Prepare; files are opened at the first line.

        Args:
            folder: the folder of the training; must exist.
            steps: steps in all.
            tensorboard: write events into the subfolder "tensorboard"; without the package, a notice says so.
            progress: a started bar display of rich, to which a bar is added.
            silent: write and show nothing.
        """
        self.folder, self.steps, self.tensorboard, self.progress = folder, steps, tensorboard, progress
        self.silent = silent
        self._writer: Any = None
        self._bar = None if progress is None or silent else progress.add_task("training", total=steps)
        self._since, self._steps, self._maps = time.monotonic(), 0, 0

    def advance(self, step: int, maps: int) -> None:
        """Count a step that took in so many maps."""
        self._steps, self._maps = self._steps + 1, self._maps + maps
        if self.progress is not None and self._bar is not None:
            self.progress.update(self._bar, completed=step)

    def losses(self, step: int, loss: float, learning_rate: float) -> None:
        """Write the mean loss since the last line, the learning rate and the throughput."""
        now = time.monotonic()
        seconds = max(now - self._since, 1e-9)
        speed = {"steps_per_s": self._steps / seconds, "maps_per_s": self._maps / seconds}
        self._since, self._steps, self._maps = now, 0, 0
        if self.progress is not None and self._bar is not None:
            self.progress.update(self._bar, description=f"loss {loss:.4g}, {speed['maps_per_s']:.3g} maps/s")
        self._write(step, "training", {"loss": loss, "learning_rate": learning_rate, **speed})

    def checkpoint(self, step: int, scores: dict[str, float]) -> None:
        """Write that a checkpoint was kept, with its validation scores."""
        self._write(step, "validation", scores, {"checkpoint": True})
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Close the event file; a later line opens another."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write(self, step: int, group: str, values: dict[str, float], marks: dict[str, bool] | None = None) -> None:
        if self.silent:
            return
        self._line({"step": step, "time": round(time.time(), 1), **(marks or {}), **values})
        if self.tensorboard and self._writer is None:
            self._open(step)
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def _open(self, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            self.tensorboard = False
            notice = f"no TensorBoard events: {error}; install openckm[train] for them. {_LOG_FILE} holds the same"
            _log.warning("%s", notice)
            self._line({"step": step, "time": round(time.time(), 1), "notice": notice})
            return
        self._writer = SummaryWriter(str(self.folder / _EVENTS), purge_step=step)

    def _line(self, entry: dict[str, Any]) -> None:
        with (self.folder / _LOG_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
