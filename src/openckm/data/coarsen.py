"""Maps of coarser cells from finer ones, by averages of power: a 2 m map also teaches what a 4 m map looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap
from openckm.errors import GridError


def coarsen(traced: TracedMap, factor: int = 2) -> TracedMap:
    """Return the map on cells `factor` times as wide.

    A coarse cell is built when most of its cells are, covered when one of its free cells is; its gain is the average
    power over its covered cells, its direction that of the strongest of them, its height their tallest building's. So
    too for the map with vehicles: a vehicle stands on a coarse cell when it does on most of its cells. The coherent
    gain belongs to points and is left out; the noise of the fine map is unknown to the coarse one.

    Args:
        traced: the fine map; its sides must be divisible by `factor`.
        factor: cells joined along each side.

    Raises:
        GridError: if the sides are not divisible.
    """
    rows, cols = traced.grid.shape
    if rows % factor or cols % factor:
        raise GridError(f"map of {rows} x {cols} cells: wanted sides divisible by {factor}")
    grid = replace(traced.grid, shape=(rows // factor, cols // factor), cell_m=traced.grid.cell_m * factor)
    height = _tiles(traced.layout.height_m, factor)
    built = (height > 0).mean(-1) > 0.5
    power = np.nan_to_num(10.0 ** (_tiles(traced.gain_db, factor).astype(np.float64) / 10.0))
    heard = (power > 0).sum(-1)
    vehicle = None if traced.vehicle_m is None else _tiles(traced.vehicle_m, factor)
    parked = np.zeros(grid.shape, np.bool_) if vehicle is None else (vehicle > 0).mean(-1) > 0.5
    covered = (heard > 0) & ~built & ~parked
    gain = np.where(covered, 10.0 * np.log10(np.maximum(power.sum(-1), 1e-40) / np.maximum(heard, 1)), np.nan)
    strongest = power.argmax(-1)[..., None]
    aoa = np.take_along_axis(_tiles(traced.aoa_rad, factor), strongest, -1)[..., 0]
    return replace(
        traced,
        grid=grid,
        gain_db=gain.astype(np.float32),
        aoa_rad=np.where(covered, aoa, np.nan).astype(np.float32),
        layout=replace(traced.layout, grid=grid, height_m=np.where(built, height.max(-1), 0.0).astype(np.float32)),
        floor_db=float("nan"),
        vehicle_m=None if vehicle is None else np.where(parked, vehicle.max(-1), 0.0).astype(np.float32),
        dynamic=None if traced.dynamic is None else coarsen(traced.dynamic, factor),
        coherent_db=None,
    )


def _tiles(field: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Cells of each coarse cell along the last axis, (rows, cols, factor * factor)."""
    rows, cols = field.shape
    split = field.reshape(rows // factor, factor, cols // factor, factor)
    return np.asarray(split.swapaxes(1, 2).reshape(rows // factor, cols // factor, factor**2))
