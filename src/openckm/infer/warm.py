"""An answer may begin with an earlier one: this is the protocol between a reconstructor and what remembers answers.

A reconstructor asks three things of a `WarmJob`, in this order: the same answer again (`recall`), latent draws to begin
with in the place of a cold chain (`draws`), and to keep what it made (`keep`). Nothing here knows how that is done;
`openckm.flux` does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from openckm.infer.model import Posterior
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.priors.denoiser import Denoiser


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, with everything that decides its answer.

    Attributes:
        observations: the evidence.
        grid: the cells asked for.
        draws: posterior draws asked for.
        denoiser: the prior; its weights count.
        settings: everything else that decides the answer, by name.
    """

    observations: Observations
    grid: Grid
    draws: int
    denoiser: Denoiser
    settings: Mapping[str, Any]


class WarmJob(Protocol):
    """One question to a memory of answers."""

    def recall(self) -> RadioMap | None:
        """Return the answer that exactly this question had before, or None."""
        ...

    def draws(self, answer: Posterior) -> NDArray[np.float32] | None:
        """Return latent draws (draw, channel, row, col) of the posterior on its padded grid, or None to start cold."""
        ...

    def keep(
        self, answer: Posterior | None, latent: NDArray[np.float32], radiomap: RadioMap, *, calls: int, whole: bool
    ) -> RadioMap:
        """Keep an answer and return it as it will be recalled, with what happened in its provenance.

        Args:
            answer: the posterior; None of a map that must not be carried over.
            latent: the draws that the map was made of, (draw, channel, row, col), latent code.
            radiomap: the map.
            calls: network calls that it took.
            whole: whether it is all that was asked for, and not what a deadline allowed.
        """
        ...


class WarmStart(Protocol):
    """A memory of answers."""

    def ask(self, asked: Asked) -> WarmJob:
        """Return the job of one question."""
        ...

    def exactly(self) -> WarmStart | None:
        """Return the same memory for questions that must be answered cold, or exactly as before."""
        ...
