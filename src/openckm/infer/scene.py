"""The evidence on one map, brought into the form that experts work with: one reading per cell, planes, and a design.

Readings y_i [dB or dBm] of cell i are modelled as

    y_i = offset + slope (m(s_i) - m_bar) + pattern(bearing_i) + indoor_i + delta(s_i) + eps_i

m is the map that the learned prior predicts, m_bar its average over the readings, offset the unknown transmit power,
pattern the standard's sector and smooth harmonics around the known boresight, delta the discrepancy. Everything but
m and delta is linear with a Gaussian prior (`openckm.observe.field.nuisance`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import GridError
from openckm.maps.antenna import PEAK_DBI
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import site_geometry
from openckm.maps.site import Layout, Transmitter
from openckm.observe.field.nuisance import Basis, join, map_column, offset_columns, pattern_columns
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, evidence_planes, scalars, site_planes

__all__ = ["Scene", "prepare_scene"]

Array = NDArray[np.float64]
SHADOW_SIGMA_DB = 0.5
"""What averaging the readings of a cell does not remove [dB]: the place within the cell, the device's own level."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Evidence on a grid that the network can take (sides divisible by its multiple).

    Attributes:
        grid: the padded grid; its north-west corner is that of the grid asked for.
        shape: rows and columns asked for.
        cells: one reading per visited cell, at cell centres; may be empty.
        used: the readings that linear experts can use (exact, or intervals with two ends), shape (len(cells),).
        extra: readings of other quantities (direction), for the evidence planes.
        layout: buildings on the padded grid, or None.
        transmitter: or None.
        condition: site planes and scalars, no measurements.
    """

    grid: Grid
    shape: tuple[int, int]
    cells: Points | None
    used: NDArray[np.bool_]
    extra: tuple[Points, ...]
    layout: Layout | None
    transmitter: Transmitter | None
    condition: Condition

    @property
    def unit(self) -> str:
        """Unit of the readings: "dBm", or "dB" where there are none."""
        return "dB" if self.cells is None else self.cells.unit

    @property
    def readings(self) -> Points:
        """The readings that linear experts use; an interval counts as its middle, give or take its width.

        Raises:
            GridError: if there are none.
        """
        if self.cells is None:
            raise GridError("this scene holds no gain readings")
        chosen = self.cells.subset(self.used)
        width = np.where(chosen.kind == "interval", chosen.high - chosen.low, 0.0)
        return replace(chosen, sigma=np.sqrt(chosen.sigma**2 + width**2 / 12.0))

    @property
    def index(self) -> NDArray[np.intp]:
        """Flat cell index of each used reading, shape (n,)."""
        row, col = self.grid.index_of(self.readings.x, self.readings.y)
        return np.asarray(row * self.grid.shape[1] + col, dtype=np.intp)

    @property
    def places(self) -> Array:
        """Cell centres of the whole padded grid [m], shape (cells, 2)."""
        x, y = self.grid.centres()
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def design(self, mean_db: Array) -> Basis:
        """Return the rows of H of every cell for a predicted map [dB], shape (cells,), slope column centred."""
        centre = float(mean_db[self.index].mean())
        known_level = self.unit == "dB"
        parts = [
            offset_columns(
                np.full(mean_db.size, ""), mean=centre if known_level else 0.0, std=3.0 if known_level else np.inf
            ),
            map_column(mean_db - centre, mean=1.0 if known_level else 0.5, std=0.3),
        ]
        if self.transmitter is not None:
            parts += _antenna(self.grid, self.transmitter, known_level)
        if self.layout is not None:
            parts.append(_indoor(self.layout))
        return join(*parts)

    def with_evidence(self, gain: Points | None) -> Condition:
        """Return the condition with these gain readings [dB] (and the scene's directions) as evidence."""
        tables = (() if gain is None else (gain,)) + self.extra
        planes = (
            evidence_planes(self.grid, tables) if tables else np.zeros((EVIDENCE_PLANES, *self.grid.shape), np.float32)
        )
        return replace(self.condition, evidence=torch.as_tensor(planes)[None])

    @property
    def valid(self) -> NDArray[np.bool_] | None:
        """False inside buildings, of the shape asked for; None where no layout is known."""
        return None if self.layout is None else ~self.layout.building[: self.shape[0], : self.shape[1]]

    def crop(self, field: NDArray[np.floating]) -> NDArray[np.floating]:
        """Cut (..., rows, cols) of the padded grid down to the shape asked for."""
        return field[..., : self.shape[0], : self.shape[1]]


def prepare_scene(observations: Observations, grid: Grid, multiple: int) -> Scene:
    """Return the scene of some observations on a grid.

    Args:
        observations: the evidence, in the grid's CRS.
        grid: the cells asked for.
        multiple: the network's sides must be divisible by this.

    Raises:
        GridError: if the CRS of observations or layout is not the grid's.
        OutsideGrid: if a reading lies outside the grid.
        MeasurementError: if there are rasters or areas among the observations.
    """
    observations.require_points_only("this reconstructor")
    if observations.crs != grid.crs:
        raise GridError(
            f"the observations are in {observations.crs or 'a local plane'}, the grid in {grid.crs or 'a local plane'};"
            " bring the readings into the grid's CRS (read_drive_test does so when it is given the grid)"
        )
    padded = replace(grid, shape=(_up(grid.shape[0], multiple), _up(grid.shape[1], multiple)))
    layout = None if observations.layout is None else _pad(observations.layout, grid, padded)
    gain = [p for p in observations.points if p.quantity == "gain_db" and len(p)]
    cells = aggregate_cells(observations.gain_points(), grid, shadow_sigma_db=SHADOW_SIGMA_DB) if gain else None
    used = np.zeros(0, bool) if cells is None else _usable(cells)
    extra = tuple(p for p in observations.points if p.quantity in ("aoa_cos", "aoa_sin") and len(p))
    for table in extra:
        grid.index_of(table.x, table.y)
    carrier = None if observations.transmitter is None else observations.transmitter.carrier_hz
    condition = Condition(
        torch.as_tensor(site_planes(padded, layout, observations.transmitter))[None],
        torch.zeros(1, EVIDENCE_PLANES, *padded.shape),
        scalars(grid.cell_m, carrier),
    )
    return Scene(padded, grid.shape, cells, used, extra, layout, observations.transmitter, condition)


def _usable(cells: Points) -> NDArray[np.bool_]:
    """True for exact readings and for intervals with two ends, shape (len(cells),)."""
    ends = np.isfinite(cells.low) & np.isfinite(cells.high)
    return np.asarray((cells.kind == "exact") | ((cells.kind == "interval") & ends))


def _up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple


def _pad(layout: Layout, grid: Grid, padded: Grid) -> Layout:
    if layout.grid != grid:
        raise GridError(f"the layout stands on {layout.grid}, the map on {grid}: read the layout onto the map's grid")
    room = [(0, p - g) for p, g in zip(padded.shape, grid.shape, strict=True)]
    return replace(layout, grid=padded, height_m=np.pad(layout.height_m, room))


def _antenna(grid: Grid, transmitter: Transmitter, known_level: bool) -> list[Basis]:
    """Smooth harmonics about the boresight, and the standard's pattern: a slope below 1 shrinks it in the map too."""
    x, y = grid.centres()
    bearing = np.arctan2(y - transmitter.y, x - transmitter.x).ravel() - (transmitter.azimuth_rad or 0.0)
    parts = [pattern_columns(bearing, None, order=2, std=1.0 if known_level else 1.5)]
    if transmitter.azimuth_rad is not None and not known_level:
        gain = site_geometry(grid, transmitter).pattern_db.astype(np.float64).ravel() - PEAK_DBI
        parts.append(Basis(gain[:, None], ("TR 38.901 pattern",), ("dB/dB",), np.array([0.4]), np.array([0.3])))
    return parts


def _indoor(layout: Layout) -> Basis:
    column = layout.building.astype(np.float64).ravel()[:, None]
    return Basis(column, ("indoor",), ("dB",), np.array([-3.0]), np.array([6.0]))
