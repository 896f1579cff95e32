r"""Readings of more than one cell: averages over areas, rasters, and any linear instrument, as rows over the cells.

    linear            y = sum_c w_c z_c + n
    power average     y = 10 log10 sum_c w_c 10^(z_c / 10) + n,     sum_c w_c = 1

A power average is linearised about a map m: its weights become w_c 10^(m_c / 10) over their sum, i.e. the strong cells
count, and what is left is a constant. The level of m cancels. The posterior's mean is the next m: two rounds suffice,
for the weights change little (Gauss-Newton).

References:
    Bayesian filtering and smoothing. S. Särkkä, 2013, Section 10.4 (iterated extended updates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack

from openckm.errors import GridError, InputError
from openckm.maps.grid import Grid
from openckm.maps.observations import AreaReading, Observations, RasterReading

__all__ = ["ExtendedReadings", "LinearReadings", "MeanMap", "extended_readings"]

Array = NDArray[np.float64]
MOST = 1500
"""Readings of one raster, at most: beyond it, blocks of its cells are averaged."""


@dataclass(frozen=True, eq=False)
class LinearReadings:
    """Readings of weighted sums of the map's cells, by any instrument that is linear or was linearised.

    Attributes:
        operator: A, shape (k, cells of the grid asked for, row-major). Rows need not sum to 1; the level of the
            transmitter and of the device is read with the row's sum.
        value: readings [unit], shape (k,). For a limit, the limit.
        sigma: standard deviation of the noise [same unit], positive, shape (k,).
        low: lower end of what was read, equal to `value` for a plain reading, -inf for an upper limit, shape (k,).
        high: upper end of what was read, equal to `value` for a plain reading, inf for a lower limit, shape (k,).
        name: what the readings are called in the summary.
        unit: "dB" for gains, or "dBm" for power received by the mean device, the transmit power included.

    Raises:
        InputError: if shapes disagree, or a number is not finite, or an interval ends before it begins.
    """

    operator: csr_matrix
    value: Array
    sigma: Array
    low: Array
    high: Array
    name: str = "readings of areas"
    unit: str = "dB"

    def __post_init__(self) -> None:
        k = self.operator.shape[0]
        shapes = [getattr(self, part).shape for part in ("value", "sigma", "low", "high")]
        if any(shape != (k,) for shape in shapes):
            raise InputError(f"{self.name}: an operator of {k} rows with arrays of shapes {shapes}: wanted ({k},) each")
        good = np.isfinite(self.value) & np.isfinite(self.sigma) & (self.sigma > 0) & (self.low <= self.high)
        if not (good.all() and np.isfinite(self.operator.data).all()):
            raise InputError(f"{self.name}: values and operator must be finite, sigma positive, low at most high")

    @classmethod
    def exact(cls, operator: csr_matrix, value: Array, sigma: Array, name: str = "readings of areas") -> LinearReadings:
        """Return plain readings, each of shape (k,)."""
        value = np.asarray(value, np.float64)
        return cls(operator, value, np.asarray(sigma, np.float64), value, value, name)


@dataclass(frozen=True, eq=False)
class MeanMap:
    """A whole map handed in as one more expert: a one-pass prediction, or an older map.

    Attributes:
        name: of the expert, in the summary.
        mean: the map [dB, up to the unknown level where readings are in dBm], shape of the grid asked for.
        std: its standard deviation [dB], same shape.
    """

    name: str
    mean: Array
    std: Array

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.std.shape != self.mean.shape:
            raise InputError(
                f"{self.name}: mean {self.mean.shape} and std {self.std.shape}: wanted one shape (rows, cols)"
            )
        if not (np.isfinite(self.mean).all() and np.isfinite(self.std).all() and (self.std >= 0).all()):
            raise InputError(f"{self.name}: mean and std must be finite, std 0 or more")

    def padded(self, grid: Grid, padded: Grid) -> MeanMap:
        """Return the map of `grid` continued to a padded grid by its last rows and columns.

        Raises:
            GridError: if it is of another shape than `grid`.
        """
        if self.mean.shape != grid.shape:
            raise GridError(f"{self.name}: a map of {self.mean.shape} cells, wanted {grid.shape}")
        room = [(0, p - g) for p, g in zip(padded.shape, grid.shape, strict=True)]
        return MeanMap(self.name, np.pad(self.mean, room, mode="edge"), np.pad(self.std, room, mode="edge"))


@dataclass(frozen=True, eq=False)
class ExtendedReadings:
    """Readings of more than one cell on a padded grid.

    Attributes:
        weights: of the cells in each reading, shape (k, cells).
        power: whether the weights average power and not decibels, shape (k,).
        value: readings [dB or dBm], shape (k,).
        sigma: standard deviation of their noise [dB], shape (k,).
        low: lower ends; equal to `value` for values, shape (k,).
        high: upper ends, shape (k,).
        of_gain: whether they are of the gain itself, without the transmit power, shape (k,).
        names: what they are called, with how many there are of each.
    """

    weights: csr_matrix
    power: NDArray[np.bool_]
    value: Array
    sigma: Array
    low: Array
    high: Array
    of_gain: NDArray[np.bool_]
    names: tuple[tuple[str, int], ...]

    def __len__(self) -> int:
        return len(self.value)

    def linearised(self, around: Array) -> tuple[csr_matrix, Array]:
        """Return the rows (k, cells) of the linear readings about a map [dB], (cells,), and what to take off values."""
        level = around - around.max()
        linear = 10.0 ** (level / 10.0)
        total = np.maximum(self.weights @ linear, 1e-300)
        bent = diags(1.0 / total) @ self.weights @ diags(linear)
        rows = diags(self.power.astype(float)) @ bent + diags((~self.power).astype(float)) @ self.weights
        constant = np.where(self.power, 10.0 * np.log10(total) - bent @ level, 0.0)
        kept = csr_matrix(rows)
        kept.eliminate_zeros()
        return kept, np.asarray(constant)


def extended_readings(
    observations: Observations, linear: Sequence[LinearReadings], grid: Grid, padded: Grid
) -> ExtendedReadings | None:
    """Return what is read of more than one cell, or None where there is nothing such.

    Args:
        observations: with averages over areas and rasters of the gain, in the grid's CRS.
        linear: readings by other instruments, over the cells of `grid`.
        grid: the cells asked for.
        padded: the same continued to the south and east.

    Raises:
        InputError: if an area or a raster is of another quantity than the gain, or an operator of another grid.
        GridError: if an area or a raster lies outside the grid.
    """
    parts = [_area(a, grid) for a in observations.areas] + [_raster(r, grid) for r in observations.rasters]
    tables = [_Table(*part) for part in parts]
    for one in linear:
        if one.operator.shape[1] != grid.shape[0] * grid.shape[1]:
            raise InputError(f"{one.name}: an operator over {one.operator.shape[1]} cells, the map is {grid.shape}")
        tables.append(_Table(one.operator, False, one.value, one.sigma, one.low, one.high, one.unit != "dBm", one.name))
    tables = [t for t in tables if len(t.value)]
    if not tables:
        return None
    names = [t.name for t in tables]
    counts = {name: sum(len(t.value) for t in tables if t.name == name) for name in dict.fromkeys(names)}
    joined = [np.concatenate([getattr(t, part) for t in tables]) for part in ("value", "sigma", "low", "high")]
    flags = [np.repeat([getattr(t, f) for t in tables], [len(t.value) for t in tables]) for f in ("power", "of_gain")]
    weights = _padded(csr_matrix(vstack([t.weights for t in tables])), grid, padded)
    return ExtendedReadings(
        weights, flags[0], joined[0], joined[1], joined[2], joined[3], flags[1], tuple(counts.items())
    )


@dataclass(frozen=True, eq=False)
class _Table:
    """Readings of one kind."""

    weights: csr_matrix
    power: bool
    value: Array
    sigma: Array
    low: Array
    high: Array
    of_gain: bool
    name: str


def _padded(weights: csr_matrix, grid: Grid, padded: Grid) -> csr_matrix:
    """Return rows over the cells of the padded grid."""
    coordinates = weights.tocoo()
    row, col = np.divmod(coordinates.col, grid.shape[1])
    cells = padded.shape[0] * padded.shape[1]
    moved = (coordinates.data, (coordinates.row, row * padded.shape[1] + col))
    return csr_matrix(moved, shape=(weights.shape[0], cells))


def _area(area: AreaReading, grid: Grid) -> tuple[csr_matrix, bool, Array, Array, Array, Array, bool, str]:
    from openckm.observe.areas import cells_within

    _require_gain(area.quantity, "an area")
    cells = cells_within(area, grid)
    shape = (1, grid.shape[0] * grid.shape[1])
    weights = csr_matrix((np.full(len(cells), 1.0 / len(cells)), (np.zeros(len(cells), np.intp), cells)), shape=shape)
    value = np.array([area.value], np.float64)
    return weights, True, value, np.array([area.sigma], np.float64), value, value, True, "averages over areas"


def _raster(raster: RasterReading, grid: Grid) -> tuple[csr_matrix, bool, Array, Array, Array, Array, bool, str]:
    """Each cell of a raster is an average over the map's cells within it; of very many cells, blocks are averaged."""
    _require_gain(raster.quantity, "a raster")
    if raster.grid.crs != grid.crs:
        raise GridError(f"a raster in {raster.grid.crs}, the map in {grid.crs}: warp it into the map's CRS first")
    x, y = (part.ravel() for part in grid.centres())
    west, north = raster.grid.origin
    col = np.floor((x - west) / raster.grid.cell_m).astype(np.intp)
    row = np.floor((north - y) / raster.grid.cell_m).astype(np.intp)
    inside = (row >= 0) & (row < raster.grid.shape[0]) & (col >= 0) & (col < raster.grid.shape[1])
    value = np.full(len(x), np.nan)
    value[inside] = raster.value[row[inside], col[inside]]
    known = np.isfinite(value)
    if not known.any():
        raise GridError("a raster knows no cell of the map; check its CRS and place")
    block = 1
    while len(np.unique(_blocks(row, col, block)[known])) > MOST:
        block += 1
    label = np.unique(_blocks(row, col, block)[known], return_inverse=True)[1]
    count = np.bincount(label)
    cells = np.flatnonzero(known)
    weights = csr_matrix((1.0 / count[label], (label, cells)), shape=(len(count), len(x)))
    power = np.bincount(label, 10.0 ** (value[known] / 10.0)) / count
    mean = 10.0 * np.log10(power)
    sigma = np.full(len(count), float(raster.sigma))
    return weights, True, mean, sigma, mean, mean, True, "cells of a raster"


def _blocks(row: NDArray[np.intp], col: NDArray[np.intp], block: int) -> NDArray[np.intp]:
    return np.asarray((row // block) * 2**20 + col // block, dtype=np.intp)


def _require_gain(quantity: str, what: str) -> None:
    if quantity != "gain_db":
        raise InputError(f"{what} of {quantity}: this model is of gain_db; sample the direction with jfs instead")
