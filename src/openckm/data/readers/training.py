"""Maps of a data set as the training set wants them: gains, of one shape and cell size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from openckm.data.coarsen import coarsen
from openckm.data.readers.urbanradio3d import RadioFrames
from openckm.data.shards import TracedMap
from openckm.errors import InputError, OptionError
from openckm.maps.site import Layout

__all__ = ["training_maps"]


def training_maps(
    records: Iterable[object],
    *,
    shape: tuple[int, int] = (128, 128),
    cell_m: float | None = None,
    least_covered: float = 0.05,
) -> Iterator[TracedMap]:
    """Yield maps of one shape from the records of a data set, for `openckm.training.samples.TrainingSet`.

    Each map is averaged to wider cells where asked for, and cut into tiles that do not overlap; what is left over on
    the far sides is shared between both. Of frames at several receiver heights the first is taken.

    Args:
        records: a data set, or a slice of one.
        shape: rows and columns of the tiles.
        cell_m: cell side wanted [m], a multiple of the data set's; None keeps it.
        least_covered: tiles with a smaller share of covered cells are left out.

    Raises:
        InputError: if a record is not the gain of one transmitter, or smaller than a tile.
        OptionError: if the cell size is no multiple, or a value does not make sense.
    """
    if min(shape) < 1 or not 0 <= least_covered <= 1:
        raise OptionError(f"{shape=}, {least_covered=}: wanted positive sides and a share in [0, 1]")
    for record in records:
        traced = _coarse(_gain_map(record), cell_m)
        for tile in _tiles(traced, shape):
            if tile.covered.mean() >= least_covered:
                yield tile


def _gain_map(record: object) -> TracedMap:
    if isinstance(record, RadioFrames):
        return record.traced()
    if not isinstance(record, TracedMap):
        raise InputError(
            f"a {type(record).__name__} is not the gain of one transmitter, as training maps are; use another data set"
        )
    return record


def _coarse(traced: TracedMap, cell_m: float | None) -> TracedMap:
    if cell_m is None:
        return traced
    factor = round(cell_m / traced.grid.cell_m)
    if factor < 1 or not math.isclose(factor * traced.grid.cell_m, cell_m, rel_tol=1e-6):
        raise OptionError(f"cell_m={cell_m!r}: the maps have cells of {traced.grid.cell_m} m; wanted a multiple")
    if factor == 1:
        return traced
    rows, cols = ((n // factor) * factor for n in traced.grid.shape)
    return coarsen(_cut(traced, 0, 0, (rows, cols)), factor)


def _tiles(traced: TracedMap, shape: tuple[int, int]) -> Iterator[TracedMap]:
    counts = [have // want for have, want in zip(traced.grid.shape, shape, strict=True)]
    if 0 in counts:
        raise InputError(f"{traced.scene} has {traced.grid.shape} cells, fewer than a tile of {shape}; ask for less")
    margins = [(have - n * want) // 2 for have, n, want in zip(traced.grid.shape, counts, shape, strict=True)]
    for i, j in np.ndindex(counts[0], counts[1]):
        yield _cut(traced, margins[0] + i * shape[0], margins[1] + j * shape[1], shape)


def _cut(traced: TracedMap, top: int, left: int, shape: tuple[int, int]) -> TracedMap:
    """Return a window of a map; coordinates stay those of the whole."""
    if (top, left, shape) == (0, 0, traced.grid.shape):
        return traced
    west, north = traced.grid.origin
    cell, window = traced.grid.cell_m, (slice(top, top + shape[0]), slice(left, left + shape[1]))
    grid = replace(traced.grid, shape=shape, origin=(west + left * cell, north - top * cell))
    layout: Layout = replace(traced.layout, grid=grid, height_m=traced.layout.height_m[window])
    return replace(
        traced, grid=grid, gain_db=traced.gain_db[window], aoa_rad=traced.aoa_rad[window], layout=layout,
        vehicle_m=None if traced.vehicle_m is None else traced.vehicle_m[window],
        coherent_db=None if traced.coherent_db is None else traced.coherent_db[window],
        dynamic=None if traced.dynamic is None else _cut(traced.dynamic, top, left, shape),
    )  # fmt: skip
