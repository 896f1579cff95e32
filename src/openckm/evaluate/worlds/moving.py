"""Frames of a place that changes little by little, as what a network is conditioned on and what is true there.

The changes are those of `openckm.data.sequences`, and three of our own: `added` (the vehicles of frame 0 appear in an
empty street; one frame), `built` (a house that was missing stands there; one frame) and `readings` (nothing moves; 0,
then 0.5 to 2 % of the free covered cells have been read, with 2 dB of noise).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.data.generate import NO_GAIN
from openckm.data.sequences import FRAMES, MOVES_M, SCORED, read_arrays
from openckm.errors import InputError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.quantity import GAIN
from openckm.maps.site import Layout, Transmitter
from openckm.observe.likelihood import Gaussian, Likelihood
from openckm.observe.operators import Mask, map_domain
from openckm.priors.conditioning import (
    EVIDENCE_PLANES,
    Condition,
    evidence_planes,
    moving_planes,
    scalars,
    site_planes,
)
from openckm.priors.ray_planes import site_rays

CHANGES = ("vehicles", "added", *(f"move_{m:g}" for m in MOVES_M), "readings", "house", "built")
ONE_FRAME = ("added", "built")
"""Changes that happen once."""
READ = (0.005, 0.02)
"""Share of the free covered cells read in frame 1, and in the last one."""
SIGMA_DB = 2.0
Vehicles = Literal["plane", "burnt", "none"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One question and what is true.

    Attributes:
        condition: a batch of one.
        truth: gain [dB], NaN inside buildings, vehicles and outage, or None of a frame that was not traced.
        scored: cells that count, or None.
        readings: what was read, [dB], or None.
    """

    condition: Condition
    truth: NDArray[np.float64] | None
    scored: NDArray[np.bool_] | None
    readings: Points | None = None


@dataclass(frozen=True, eq=False)
class Place:
    """A file of sequences.

    Attributes:
        number: the number of the place.
        arrays: the arrays of the file.
        vehicles: how a network is shown vehicles: as planes, burnt into the layout as if they were houses, or not.
        rays: whether rays are launched in every frame, for a network that reads their planes.
    """

    number: int
    arrays: dict[str, Any]
    vehicles: Vehicles = "none"
    rays: bool = False

    @property
    def city(self) -> str:
        """Name of the city; of an invented one, with the number of the place."""
        name = str(self.arrays["city"])
        return f"{name} {self.number}" if name.startswith("procedural") else name

    @cached_property
    def grid(self) -> Grid:
        """The cells."""
        rows, cols = self.arrays["height_dm"].shape
        return Grid((int(rows), int(cols)), float(self.arrays["cell_m"]))

    def frame(self, change: str, number: int, vehicles: Vehicles | None = None) -> Frame:
        """Return a frame.

        Args:
            change: one of CHANGES.
            number: 0 to FRAMES.
            vehicles: see the class; the place's own by default.

        Raises:
            OptionError: for another change or number.
        """
        if change not in CHANGES or not 0 <= number <= FRAMES:
            raise OptionError(f"frame {number} of {change!r}: wanted 0 to {FRAMES} of one of {', '.join(CHANGES)}")
        arrays, shown = self.arrays, vehicles or self.vehicles
        height = np.asarray(self._standing(change, number) / 10, np.float32)
        moves = change.startswith("move_") and number
        site = arrays[f"{change}_tx"][number] if moves else arrays["tx"]
        stands = self._vehicles(change, number)
        truth, scored = self._truth(change, number, height > 0, stands)
        readings = self._readings(number) if change == "readings" and number else None
        condition = self._condition(height, site, stands, shown, readings)
        if readings is not None and scored is not None:
            scored = scored.copy()
            scored[self.grid.index_of(readings.x, readings.y)] = False
        return Frame(condition, truth, scored, readings)

    def likelihood(self, frame: Frame) -> Likelihood | None:
        """Return the likelihood of a frame's readings on a latent map, or None where nothing was read."""
        if frame.readings is None:
            return None
        domain = map_domain(self.grid.shape)
        seen, value = torch.zeros(domain.full_shape, dtype=torch.bool), torch.zeros(1, *domain.full_shape)
        row, col = self.grid.index_of(frame.readings.x, frame.readings.y)
        seen[0, row, col] = True
        value[0, 0, row, col] = torch.as_tensor(GAIN.encode(frame.readings.value))
        return Gaussian(Mask(domain, seen), value, SIGMA_DB / GAIN.scale)

    def _standing(self, change: str, number: int) -> NDArray[np.uint16]:
        """Heights of houses [dm]; `built` begins where `house` is in frame 1."""
        if (change == "house" and number) or (change == "built" and not number):
            return np.asarray(self.arrays["house_dm"][max(number, 1)])
        return np.asarray(self.arrays["height_dm"])

    def _vehicles(self, change: str, number: int) -> NDArray[np.float32] | None:
        """Heights of vehicles [m]; None where the street is empty."""
        if change == "vehicles" or (change == "added" and number):
            frame = number if change == "vehicles" else 0
            return np.asarray(self.arrays["vehicles_dm"][frame].astype(np.float32) / 10)
        return None

    def _truth(
        self, change: str, number: int, built: NDArray[np.bool_], stands: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None]:
        key, index = f"{change}_gain_cdb", None
        if change == "built":
            key, index = ("base_gain_cdb", 0) if number else ("house_gain_cdb", 0)
        elif change == "readings" or (number == 0 and change != "vehicles"):
            key, index = "base_gain_cdb", 0
        elif change == "added":
            key, index = "vehicles_gain_cdb", 0
        elif number in SCORED:
            index = SCORED.index(number) - (0 if change == "vehicles" else 1)
        if index is None:
            return None, None
        centi = self.arrays[key][index]
        free = (centi != NO_GAIN) & ~built
        if stands is not None:
            free &= stands <= 0
        return np.where(centi == NO_GAIN, np.nan, centi / 100.0), free

    def _readings(self, number: int) -> Points:
        truth = np.where(self.arrays["base_gain_cdb"][0] == NO_GAIN, np.nan, self.arrays["base_gain_cdb"][0] / 100.0)
        free = np.isfinite(truth) & (self.arrays["height_dm"] <= 0)
        row, col = np.nonzero(free)
        rng = np.random.default_rng([19, self.number])
        order = rng.permutation(len(row))
        noise = rng.normal(0.0, SIGMA_DB, len(row))
        share = READ[0] + (READ[1] - READ[0]) * (number - 1) / (FRAMES - 1)
        chosen = order[: max(3, round(share * len(row)))]
        row, col = row[chosen], col[chosen]
        value = truth[row, col] + noise[chosen]
        return Points.exact(self.grid.x[col], self.grid.y[row], value, sigma=SIGMA_DB, unit="dB", source="sequence")

    def _condition(
        self, height: NDArray[np.float32], site: NDArray[np.float64], stands: NDArray[np.float32] | None,
        shown: Vehicles, readings: Points | None,
    ) -> Condition:  # fmt: skip
        carrier = float(self.arrays["carrier_hz"])
        bearing = None if np.isnan(site[3]) else 90.0 - float(site[3])
        tilt = 0.0 if bearing is None else float(site[4])
        transmitter = Transmitter(float(site[0]), -float(site[1]), float(site[2]), carrier, bearing, tilt)
        if shown == "burnt" and stands is not None:
            height = np.maximum(height, stands)
        layout = Layout(self.grid, height, source="sequence")
        planes = site_planes(self.grid, layout, transmitter, heights_known=True)
        launched = site_rays(self.grid, layout, transmitter) if self.rays else None
        evidence = np.zeros((EVIDENCE_PLANES, *self.grid.shape), np.float32)
        if readings is not None:
            evidence = evidence_planes(self.grid, (readings,))
        moving = None
        if shown == "plane":
            moving = moving_planes(np.zeros(self.grid.shape, np.float32) if stands is None else stands)
        return Condition(
            torch.as_tensor(planes)[None],
            torch.as_tensor(evidence)[None],
            scalars(self.grid.cell_m, carrier),
            None if moving is None else torch.as_tensor(moving)[None],
            None if launched is None else torch.tensor(launched)[None],
        )


def read_places(
    folder: Path, vehicles: Vehicles = "none", numbers: Sequence[int] | None = None, *, rays: bool = False
) -> list[Place]:
    """Return the finished places of a folder, in order.

    Args:
        folder: the folder of `bench/flux_sequences.py`.
        vehicles: how a network is shown vehicles, see `Place`.
        numbers: the numbers of the places; None for all.
        rays: whether rays are launched, for a network that reads their planes.

    Raises:
        InputError: if there is none.
    """
    places = []
    for path in sorted(folder.glob("[0-9]*.npz")):
        arrays = read_arrays(path)
        if "house" in arrays.get("changes_made", ()) and (numbers is None or int(path.stem) in numbers):
            places.append(Place(int(path.stem), arrays, vehicles, rays))
    if not places:
        raise InputError(f"{folder}: no finished sequences; make them with bench/flux_sequences.py")
    return places
