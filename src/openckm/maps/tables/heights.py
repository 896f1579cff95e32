"""Receivers above the ground: a map is of one height, so readings of several are several maps.

A column of heights above ground (of a drone, a mast, a storey's phone) is looked at as a column of cells is: where it
holds heights that differ by more than they may, the file is refused with the heights that there are;
`receiver_height_m` chooses one of them, and the rows at other heights are left out and counted. Altitudes above sea
level are no heights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.tables.account import Account
from openckm.maps.tables.numbers import GOOD
from openckm.maps.tables.values import scaled

_APART_M = 3.0
"""Heights that differ by less belong to one map [m]; beyond 30 m, a tenth of the height."""
_SHARE = 0.1
_MOST = 8


def choose_height(account: Account, column: int, wanted: float | None) -> float | None:
    """Leave out the rows at other heights than the wanted one, and return the height of those that are kept [m].

    Args:
        account: the rows.
        column: the column of heights above ground.
        wanted: height above ground [m]; None where there is to be one only.

    Returns:
        The median height of the rows, or `wanted` where no row states one.

    Raises:
        MeasurementError: if there are several heights and none is wanted, or none is near the wanted one.
    """
    known, height = _heights(account, column)
    if not known.any():
        return wanted
    name = account.table.header[column]
    if wanted is None:
        low, high = float(height[known].min()), float(height[known].max())
        if high - low > _reach(high):
            shown = _levels(height[known])
            raise MeasurementError(
                f"{account.table.file.label} holds readings at several heights: column {name!r} goes from {low:g} to"
                f" {high:g} m (rows: {', '.join(f'{count} at {level:g} m' for level, count in shown)}). A map"
                " is of one height:"
                f" choose with receiver_height_m={shown[0][0]:g}, one map for each, or leave the column out with"
                f" without={name!r}"
            )
    else:
        near = known & (np.abs(height - wanted) <= _reach(wanted))
        if not near.any():
            shown = _levels(height[known])
            raise MeasurementError(
                f"{account.table.file.label}: no reading was made within {_reach(wanted):g} m of {wanted:g} m"
                " above ground;"
                f" column {name!r} has {', '.join(f'{count} at {level:g} m' for level, count in shown)}"
            )
        account.leave_out(known & ~near, f"at other heights than {wanted:g} m (column {name})")
        known, height = _heights(account, column)
    unknown = int((~known).sum())
    if unknown:
        account.note(f"{unknown} readings state no height ({name}) and were taken to be at that of the others")
    account.note(f"readings at {np.median(height[known]):g} m above ground (column {name})")
    return float(np.median(height[known]))


def _heights(account: Account, column: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    height = scaled(account.table, column, "height")
    return (account.table.numbers[column].state == GOOD) & np.isfinite(height), height


def _reach(height_m: float) -> float:
    return max(_APART_M, _SHARE * abs(height_m))


def _levels(height: NDArray[np.float64]) -> list[tuple[float, int]]:
    """Return the commonest heights, each with the rows within reach of it, the most frequent first."""
    left = np.sort(height)
    found: list[tuple[float, int]] = []
    while len(left) and len(found) < _MOST:
        values, counts = np.unique(np.round(left), return_counts=True)
        level = float(values[np.argmax(counts)])
        near = np.abs(left - level) <= _reach(level)
        if not near.any():
            break
        found.append((level, int(near.sum())))
        left = left[~near]
    return sorted(found, key=lambda pair: -pair[1])
