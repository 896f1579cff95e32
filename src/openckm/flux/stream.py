"""A place that is asked about again and again while vehicles drive, readings arrive or the transmitter is moved.

The next posterior begins at the last ensemble that was drawn cold: its residuals are carried over to the new one-call
mean, until they no longer fit (`openckm.flux.fallback`) or the place has changed too much; then draws are cold once.
Residuals are never carried over from a carried ensemble, so a stream does not drift. New readings enter by the one-call
posterior. Everything is held in memory, and nothing is written.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import GridError, OptionError
from openckm.flux.start import Kind, Source, WarmRule
from openckm.flux.warm import CARRIED, carried
from openckm.infer.construct import OpenCKM
from openckm.infer.model import Posterior
from openckm.infer.sampled import SampledPosterior
from openckm.infer.warm import Asked
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout, Transmitter
from openckm.priors.denoiser import Denoiser

__all__ = ["Stream"]


class StreamMemory:
    """The last cold ensemble of one stream; a `WarmStart` of `openckm.infer`.

    Args:
        grid: the stream's cells; another grid is refused.
        rule: how far the ensemble may be carried over.
        kind: how it is carried over.

    Raises:
        OptionError: if draws cannot be carried over in this way.
    """

    def __init__(self, grid: Grid, rule: WarmRule | None = None, kind: Kind = "centred") -> None:
        if kind not in CARRIED:
            raise OptionError(f"kind {kind!r}: wanted one of {', '.join(CARRIED)}")
        self.grid, self.rule, self.kind = grid, rule or WarmRule(), kind
        self.frames, self.colds, self.calls_saved = 0, 0, 0
        self.denoiser: Denoiser | None = None
        self.source: Source | None = None
        self.seed = 0
        self.lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Memory of the ensemble [bytes]."""
        return 0 if self.source is None else 4 * (self.source.draws.numel() + 2 * self.source.belief.mean.numel())

    def ask(self, asked: Asked) -> _StreamJob:
        """Return the job of the next frame.

        Raises:
            GridError: if it is of another grid.
        """
        self.require_grid(asked.grid)
        return _StreamJob(self, asked)

    def require_grid(self, grid: Grid) -> None:
        """Refuse a question of another grid.

        Raises:
            GridError: if it is.
        """
        if grid != self.grid:
            raise GridError(f"this stream is of {self.grid}, and the question of {grid}: begin another stream")

    def exactly(self) -> None:
        """A stream holds no answers, so what must be answered cold is."""
        return


class _StreamJob:
    """One frame; see `openckm.infer.warm.WarmJob`."""

    def __init__(self, memory: StreamMemory, asked: Asked) -> None:
        self.memory, self.asked = memory, asked
        self.said: dict[str, Any] = {"how": "miss"}

    def recall(self) -> RadioMap | None:
        """Return None: every frame is a question of its own."""
        return None

    def draws(self, answer: Posterior) -> NDArray[np.float32] | None:
        """Return latent draws carried over from the last cold ensemble, or None to start cold."""
        with self.memory.lock:
            source, denoiser, seed = self.memory.source, self.memory.denoiser, self.memory.seed
        if isinstance(answer, SampledPosterior):
            self.said["why"] = "this evidence is sampled, and what is sampled is not carried over"
            return None
        if source is None or self.asked.draws < 2:
            return None
        same = denoiser is self.asked.denoiser and seed == self.asked.settings.get("seed")
        if not same or len(source.draws) < self.asked.draws or source.draws.shape[1:] != answer.denoised.mean.shape[1:]:
            self.said["why"] = "other weights, another seed or more draws than the stream holds"
            return None
        held = Source(source.draws[: self.asked.draws], source.belief)
        return carried(held, answer, self.memory.rule, self.memory.kind, self.said)

    def keep(
        self, answer: Posterior | None, latent: NDArray[np.float32], radiomap: RadioMap, *, calls: int, whole: bool
    ) -> RadioMap:
        """Hold a cold ensemble for the next frame, and return the map with what happened in its provenance."""
        similar = self.said["how"] == "similar"
        saved = int(self.asked.settings.get("steps", 0)) * len(latent) if similar else 0
        with self.memory.lock:
            self.memory.frames += 1
            self.memory.calls_saved += saved
            if not similar:
                self.memory.colds += 1
                if answer is not None and whole and len(latent) > 1:
                    draws = torch.from_numpy(np.ascontiguousarray(latent))
                    self.memory.source = Source(draws, answer.denoised)
                    self.memory.denoiser, self.memory.seed = self.asked.denoiser, self.asked.settings.get("seed", 0)
            frame = self.memory.frames
        self.said |= {"stream_frame": frame, "calls": calls, "calls_saved": saved}
        radiomap.provenance["warm"] = dict(self.said)
        return radiomap


class Stream:
    """A place that is asked about again and again.

    Args:
        observations: what is known at the beginning.
        grid: the cells.
        method: the reconstructor; the product's own with the embedded prior by default.
        rule: how far an ensemble may be carried over; that of the prior by default.
        draws: posterior draws of every frame.
        seed: the seed of everything random.

    Raises:
        OptionError: if there are fewer than two draws.
    """

    def __init__(
        self, observations: Observations, grid: Grid, *, method: OpenCKM | None = None, rule: WarmRule | None = None,
        draws: int = 8, seed: int = 0,
    ) -> None:  # fmt: skip
        if draws < 2:
            raise OptionError(f"draws={draws}: a stream carries an ensemble over, wanted at least 2")
        self.observations, self.grid, self.draws, self.seed = observations, grid, draws, seed
        self.memory = StreamMemory(grid, rule)
        self.method = replace(method or OpenCKM(), warm=self.memory)

    def update(
        self, *, readings: Points | None = None, transmitter: Transmitter | None = None,
        vehicles: Layout | None = None, deadline_s: float | None = None,
    ) -> RadioMap:  # fmt: skip
        """Return the posterior after a change.

        Args:
            readings: the readings that arrived; those that were there stay.
            transmitter: where it stands now.
            vehicles: what stands in the streets now, as a layout on the grid.
            deadline_s: time that it may take [s].

        Raises:
            InputError: if what arrived cannot be used; the stream stays as it was.
        """
        changed = self.observations
        if readings is not None:
            changed = replace(changed, points=(*changed.points, readings))
        if transmitter is not None:
            changed = replace(changed, transmitter=transmitter)
        if vehicles is not None:
            changed = replace(changed, vehicles=vehicles)
        made = self.method.reconstruct(changed, self.grid, draws=self.draws, seed=self.seed, deadline_s=deadline_s)
        self.observations = changed
        return made

    def forget_readings(self) -> None:
        """Leave out all readings from the next frame on."""
        self.observations = replace(self.observations, points=())
