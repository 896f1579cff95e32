"""The one call that every method answers, kriging included."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap


@runtime_checkable
class Reconstructor(Protocol):
    """Turns evidence into a map with its uncertainty."""

    @property
    def name(self) -> str:
        """Name of the method, as benchmark rows carry it."""
        ...

    def reconstruct(
        self,
        observations: Observations,
        grid: Grid,
        *,
        draws: int = 8,
        seed: int = 0,
        deadline_s: float | None = None,
    ) -> RadioMap:
        """Return the map on `grid` given the observations.

        For readings in dBm the map is in dBm too (received power: gain plus the transmit offset); for readings in dB
        it is the gain. Provenance says which under the key "unit".

        Args:
            observations: the evidence; its coordinates are in the grid's CRS.
            grid: the cells to answer for.
            draws: number of posterior draws; 0 asks for mean and spread alone.
            seed: every draw k is a function of (seed, k) alone.
            deadline_s: the time the answer may take [s]; None means no limit.

        Raises:
            InputError: if the evidence cannot be used.
        """
        ...
