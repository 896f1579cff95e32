"""Layouts as people have them: drawn some metres beside the truth, and without some of the buildings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap
from openckm.maps.site import Layout

MISSING = 0.1
"""Share of the buildings that a misdrawn layout lacks."""
SHIFT_M = 3.0
"""Standard deviation of the shift of a whole layout, along each axis [m]; at most twice as much is drawn."""


def misdrawn(traced: TracedMap, rng: np.random.Generator) -> TracedMap:
    """Return a map with a layout beside the truth: all of it is shifted by whole cells, and some buildings are missing.

    The gains stay those of the true buildings, so that readings lie where they were made: in a building that is drawn
    at the wrong place, too. Window and surroundings are cut from one and the same misdrawn layout.

    Args:
        traced: a map with its true layout.
        rng: draws the shift (at least one cell) and which buildings are missing.
    """
    seen = traced.layout if traced.around is None else traced.around
    rows, cols = traced.grid.shape
    top, left = (seen.grid.shape[0] - rows) // 2, (seen.grid.shape[1] - cols) // 2
    height = _without_some(_shifted(seen.height_m, traced.grid.cell_m, rng), rng)
    window = Layout(
        traced.grid, np.ascontiguousarray(height[top : top + rows, left : left + cols]),
        traced.layout.height_known, traced.layout.source,
    )  # fmt: skip
    around = None if traced.around is None else replace(traced.around, height_m=height)
    return replace(traced, layout=window, around=around)


def _shifted(height: NDArray[np.float32], cell_m: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """The heights moved by some cells; what is moved in from outside is free."""
    from scipy import ndimage

    metres = np.clip(rng.normal(0.0, SHIFT_M, 2), -2.0 * SHIFT_M, 2.0 * SHIFT_M)
    down, right = (int(n) for n in np.rint(metres / cell_m))
    if down == right == 0:
        down = 1
    return np.asarray(ndimage.shift(height, (down, right), order=0, cval=0.0), np.float32)


def _without_some(height: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    from scipy import ndimage

    label, count = ndimage.label(height > 0)
    kept = np.concatenate([[True], rng.random(count) >= MISSING])
    return np.where(kept[label], height, np.float32(0.0))
