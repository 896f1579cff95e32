r"""P1's random masks for inpainting hide a box, or scattered cells; buildings are never hidden.

    box       height and width are whole numbers uniform in [5, 50); the box lies wholly in a building-free window
    scattered drop rate p ~ U(25 / 128^2, 2500 / 128^2) = U(0.001526, 0.1526), cells dropped independently

True means observed.

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model.
    S. Xiao, Y. Zeng, H. Rong, Y. Tang, 2026, Section IV-B.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError, OptionError

BOX_SIDES = (5, 50)
"""Sides of the hidden box [cells]: smallest, and one past the largest."""

_DROP_RATES = (25 / 128**2, 2500 / 128**2)  # P1, Section IV-B: 25 to 2500 cells of 128 x 128
"""Range of the share of hidden cells."""


def box_mask(
    building: NDArray[np.bool_], rng: np.random.Generator, *, sides: tuple[int, int] = BOX_SIDES, trials: int = 100
) -> NDArray[np.bool_]:
    """Return a mask that hides one box without buildings.

    A size is drawn, then a place uniformly among all places where a box of that size holds no building; if there is
    none, another size is drawn.

    Args:
        building: True on buildings, shape (rows, columns).
        rng: source of randomness.
        sides: smallest side and one past the largest [cells].
        trials: sizes tried.

    Returns:
        True where observed, shape (rows, columns).

    Raises:
        OptionError: if the sides are not 1 <= smallest < end.
        LayoutError: if no box of any drawn size fits between the buildings.
    """
    if not 1 <= sides[0] < sides[1]:
        raise OptionError(f"box sides {sides}: wanted 1 <= smallest < one past the largest")
    for _ in range(trials):
        height, width = (int(n) for n in rng.integers(sides[0], sides[1], size=2))
        rows, cols = np.nonzero(_free_windows(building, height, width))
        if len(rows):
            k = int(rng.integers(len(rows)))
            observed = np.ones(building.shape, dtype=np.bool_)
            observed[rows[k] : rows[k] + height, cols[k] : cols[k] + width] = False
            return observed
    raise LayoutError(
        f"no box of {sides[0]} to {sides[1] - 1} cells a side fits between the buildings of this"
        f" {building.shape[0]} x {building.shape[1]} map in {trials} tries ({float(building.mean()):.0%} built up):"
        " use another map or smaller sides"
    )


def random_mask(
    building: NDArray[np.bool_], rng: np.random.Generator, *, rates: tuple[float, float] = _DROP_RATES
) -> NDArray[np.bool_]:
    """Return a mask that hides scattered cells, none of them on a building.

    Args:
        building: True on buildings, shape (rows, columns).
        rng: source of randomness.
        rates: range of the share of hidden cells, uniform.

    Returns:
        True where observed, shape (rows, columns).

    Raises:
        OptionError: unless 0 <= rates[0] <= rates[1] <= 1.
    """
    if not 0 <= rates[0] <= rates[1] <= 1:
        raise OptionError(f"drop rates {rates}: wanted 0 <= low <= high <= 1")
    rate = rng.uniform(*rates)
    return np.asarray((rng.random(building.shape) >= rate) | building)


def _free_windows(building: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """True at the north-west corner of every height x width window without a building, by an integral image."""
    rows, cols = building.shape
    if height > rows or width > cols:
        return np.zeros((0, 0), dtype=np.bool_)
    total = np.zeros((rows + 1, cols + 1), dtype=np.int64)
    total[1:, 1:] = building.cumsum(axis=0).cumsum(axis=1)
    inside = total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    return np.asarray(inside == 0)
