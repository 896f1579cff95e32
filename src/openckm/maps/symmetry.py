"""The 8 symmetries of the square acting on maps: the grid moves and the direction vector turns with it.

Element k = 4 f + r first turns the picture r quarter turns counter-clockwise, then, if f = 1, mirrors it left-right.
A quarter turn counter-clockwise sends the direction (c, s) to (-s, c); a left-right mirror sends it to (-c, s).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.quantity import Quantity

SYMMETRIES = tuple(range(8))
Number = TypeVar("Number", bound=np.generic)


def inverse_symmetry(k: int) -> int:
    """Return the element that undoes element k (mirrored elements undo themselves)."""
    _check(k)
    return k if k >= 4 else (4 - k) % 4


def apply_symmetry(k: int, maps: NDArray[Number], channels: Sequence[Quantity] | None = None) -> NDArray[Number]:
    """Return maps (..., channel, row, col) moved by symmetry k of the square.

    Args:
        k: element of the group, 0-7.
        maps: values in physical or latent code (both are odd in direction components), channel axis third from last.
        channels: the quantity of each channel; None treats every channel as a scalar.

    Raises:
        OptionError: if k is not 0-7, or a direction component comes without its partner.
    """
    _check(k)
    moved = np.rot90(maps, k % 4, axes=(-2, -1))
    if k >= 4:
        moved = moved[..., ::-1]
    moved = moved.copy()
    if channels is not None:
        _turn_vectors(k, moved, [c.symmetry for c in channels])
    return moved


def _turn_vectors(k: int, moved: NDArray[Number], symmetry: list[str]) -> None:
    if "east" not in symmetry and "north" not in symmetry:
        return
    if symmetry.count("east") != 1 or symmetry.count("north") != 1:
        raise OptionError("a direction needs both components (aoa_cos and aoa_sin) to be moved by a symmetry")
    i, j = symmetry.index("east"), symmetry.index("north")
    east, north = moved[..., i, :, :].copy(), moved[..., j, :, :].copy()
    for _ in range(k % 4):
        east, north = np.negative(north), east
    moved[..., i, :, :] = np.negative(east) if k >= 4 else east
    moved[..., j, :, :] = north


def _check(k: int) -> None:
    if k not in SYMMETRIES:
        raise OptionError(f"symmetry {k!r}: wanted a whole number 0-7")
