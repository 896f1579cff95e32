r"""Readings of more than one cell become rows over the cells: averages over areas, and cells of rasters.

    y = 10 log10 sum_c w_c 10^(z_c / 10) + n,     sum_c w_c = 1                                     (1)

Such an average of power is linearised about a map m: its weights become w_c 10^(m_c / 10) over their sum, i.e. the
strong cells count, and what is left is a constant. The level of m cancels. The posterior's mean is the next m: two
rounds suffice, for the weights change little (Gauss-Newton).

References:
    Bayesian filtering and smoothing. S. Särkkä, 2013, Section 10.4 (iterated extended updates).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack

from openckm.errors import GridError, InputError
from openckm.maps.grid import Grid
from openckm.maps.observations import AreaReading, Observations, RasterReading

Array = NDArray[np.float64]
MOST = 1500
"""Readings of one raster, at most: beyond it, blocks of its cells are averaged."""


@dataclass(frozen=True, eq=False)
class MeanMap:
    """A whole map handed in as one more expert: a one-pass prediction, or an older map.

    Attributes:
        name: the name of the expert, in the summary.
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
    """Averages of the gain's power over several cells of a padded grid.

    Attributes:
        weights: the weights of the cells in each reading, their sum 1, shape (k, cells).
        value: readings [dB], shape (k,).
        sigma: standard deviation of their noise [dB], shape (k,).
        names: what they are called, with how many there are of each.
    """

    weights: csr_matrix
    value: Array
    sigma: Array
    names: tuple[tuple[str, int], ...]

    def __len__(self) -> int:
        return len(self.value)

    def linearised(self, around: Array) -> tuple[csr_matrix, Array]:
        """Return the rows (k, cells) of the linear readings about a map [dB], (cells,), and what to take off values."""
        level = around - around.max()
        power = 10.0 ** (level / 10.0)  # (1): 10^(z_c / 10)
        total = np.maximum(self.weights @ power, 1e-300)
        # its slope: w_c 10^(m_c / 10) over their sum
        rows = csr_matrix(diags(1.0 / total) @ self.weights @ diags(power))
        rows.eliminate_zeros()
        return rows, np.asarray(10.0 * np.log10(total) - rows @ level)  # (1) less the slope times m


def extended_readings(observations: Observations, grid: Grid, padded: Grid) -> ExtendedReadings | None:
    """Return what is read of more than one cell, or None where there is nothing such.

    Args:
        observations: the evidence, with averages over areas and rasters of the gain, in the grid's CRS.
        grid: the cells asked for.
        padded: the same grid continued to the south and east.

    Raises:
        InputError: if an area or a raster is of another quantity than the gain.
        GridError: if an area or a raster lies outside the grid.
    """
    tables = [_area(a, grid) for a in observations.areas] + [_raster(r, grid) for r in observations.rasters]
    if not tables:
        return None
    weights, value, sigma, names = zip(*tables, strict=True)
    counts = {name: sum(len(v) for v, n in zip(value, names, strict=True) if n == name) for name in names}
    return ExtendedReadings(
        _padded(csr_matrix(vstack(weights)), grid, padded), np.concatenate(value), np.concatenate(sigma),
        tuple(counts.items()),
    )  # fmt: skip


def _padded(weights: csr_matrix, grid: Grid, padded: Grid) -> csr_matrix:
    """Return rows over the cells of the padded grid."""
    coordinates = weights.tocoo()
    row, col = np.divmod(coordinates.col, grid.shape[1])
    cells = padded.shape[0] * padded.shape[1]
    moved = (coordinates.data, (coordinates.row, row * padded.shape[1] + col))
    return csr_matrix(moved, shape=(weights.shape[0], cells))


_Table = tuple[csr_matrix, Array, Array, str]
"""Weights over the cells, values, deviations of their noise, and what they are called."""


def _area(area: AreaReading, grid: Grid) -> _Table:
    from openckm.observe.areas import cells_within

    _require_gain(area.quantity, "an area")
    cells = cells_within(area, grid)
    shape = (1, grid.shape[0] * grid.shape[1])
    weights = csr_matrix((np.full(len(cells), 1.0 / len(cells)), (np.zeros(len(cells), np.intp), cells)), shape=shape)
    return weights, np.array([area.value], np.float64), np.array([area.sigma], np.float64), "averages over areas"


def _raster(raster: RasterReading, grid: Grid) -> _Table:
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
    return weights, 10.0 * np.log10(power), np.full(len(count), float(raster.sigma)), "cells of a raster"


def _blocks(row: NDArray[np.intp], col: NDArray[np.intp], block: int) -> NDArray[np.intp]:
    return np.asarray((row // block) * 2**20 + col // block, dtype=np.intp)


def _require_gain(quantity: str, what: str) -> None:
    if quantity != "gain_db":
        raise InputError(f"{what} of {quantity}: this model is of gain_db; sample the direction with jfs instead")
