"""The two ways in which measured cells are split into given and scored ones, and the one in which few are picked.

random   200 observed cells, drawn at random, are given; all others are scored
block    the window is cut into blocks of 64 m; half of the blocks that hold observed cells are given, half scored
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError

Item = TypeVar("Item")
SPLITS = ("random", "block")
_RANDOM_GIVEN = 200
_BLOCK_M = 64.0


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Return up to `count` of some items, spread evenly over them."""
    pick = np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int))
    return [items[int(k)] for k in pick]


def split_cells(name: str, row: NDArray[np.intp], col: NDArray[np.intp], cell_m: float, seed: int) -> NDArray[np.bool_]:
    """Return which observed cells are given, shape (n,), by the split's name; the same arguments give the same split.

    Args:
        name: "random" or "block".
        row: rows of the observed cells, shape (n,).
        col: columns of the observed cells, shape (n,).
        cell_m: cell side [m].
        seed: seed of the split.

    Raises:
        OptionError: if the name is unknown or a split leaves nothing to give or to score.
    """
    if name == "random":
        return random_split(row.shape[0], seed)
    if name == "block":
        return block_split(row, col, cell_m, seed)
    raise OptionError(f"unknown split {name!r}: wanted one of {', '.join(SPLITS)}")


def random_split(cells: int, seed: int, given: int = _RANDOM_GIVEN) -> NDArray[np.bool_]:
    """Return a mask, shape (cells,), that is True at `given` cells drawn at random.

    Raises:
        OptionError: unless 1 <= given < cells.
    """
    if not 1 <= given < cells:
        raise OptionError(f"cannot give {given} of {cells} observed cells: wanted at least 1 and fewer than all")
    mask = np.zeros(cells, dtype=bool)
    mask[np.random.default_rng(seed).choice(cells, given, replace=False)] = True
    return mask


def block_split(
    row: NDArray[np.intp], col: NDArray[np.intp], cell_m: float, seed: int, block_m: float = _BLOCK_M
) -> NDArray[np.bool_]:
    """Return a mask, shape (n,), that is True in a random half of the blocks which hold observed cells.

    Of an odd number of blocks, the larger half is hidden.

    Raises:
        OptionError: if fewer than two blocks hold observed cells, or a block is smaller than a cell.
    """
    side = round(block_m / cell_m)
    if side < 1:
        raise OptionError(f"blocks of {block_m} m are smaller than the cells of {cell_m} m")
    label = (row // side) * (int(col.max(initial=0)) // side + 1) + col // side
    blocks = np.unique(label)
    if blocks.size < 2:
        raise OptionError("all observed cells lie in one block: nothing can be hidden; use smaller blocks")
    shuffled = np.random.default_rng(seed).permutation(blocks)
    return np.isin(label, shuffled[: blocks.size // 2])
