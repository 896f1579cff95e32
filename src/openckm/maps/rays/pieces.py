"""Straight pieces of a stepped outline.

The midpoints of an outline's unit sides are cut where they leave their chord by more than TOLERANCE (Douglas and
Peucker), and neighbours are joined again, the straightest pair first, while their midpoints lie within STRAIGHT of one
line: those of a straight wall lie within 0.5 of it, whatever its direction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openckm._compiled import machine_code

__all__ = ["STRAIGHT", "TOLERANCE", "cut"]

TOLERANCE, STRAIGHT = 0.8, 0.56
"""Greatest distance of midpoints from a chord, and from a fitted line [cells]."""


@machine_code(reorder=False)
def cut(points: Any) -> Any:
    """Return the indices where pieces of a closed outline begin, and its last one.

    Args:
        points: midpoints of its sides in order, the first one again at the end; shape (n + 1, 2).
    """
    kept = _split(points)
    while kept.shape[0] > 3:
        best, where = STRAIGHT, -1
        for k in range(1, kept.shape[0] - 1):
            off = _off_line(points, kept[k - 1], kept[k + 1])
            if off < best:
                best, where = off, k
        if where < 0:
            break
        kept = np.concatenate((kept[:where], kept[where + 1 :]))
    return kept


@machine_code(reorder=False)
def _split(points: Any) -> Any:
    """Return the indices that the simplification keeps."""
    n = points.shape[0]
    keep = np.zeros(n, np.bool_)
    keep[0] = keep[n - 1] = True
    firsts, lasts = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    lasts[0] = n - 1
    waiting = 1
    while waiting > 0:
        waiting -= 1
        first, last = firsts[waiting], lasts[waiting]
        dx, dy = points[last, 0] - points[first, 0], points[last, 1] - points[first, 1]
        length = math.hypot(dx, dy)
        worst, at = -1.0, -1
        for k in range(first + 1, last):
            ex, ey = points[k, 0] - points[first, 0], points[k, 1] - points[first, 1]
            off = abs(dx * ey - dy * ex) / length if length > 1e-9 else math.hypot(ex, ey)
            if off > worst:
                worst, at = off, k
        if worst > TOLERANCE:
            keep[at] = True
            firsts[waiting], lasts[waiting] = first, at
            firsts[waiting + 1], lasts[waiting + 1] = at, last
            waiting += 2
    return np.nonzero(keep)[0]


@machine_code(reorder=False)
def _off_line(points: Any, first: int, last: int) -> float:
    """Return how far the points from first to last lie at most from the line fitted to them."""
    count = last - first + 1
    mx, my = 0.0, 0.0
    for k in range(first, last + 1):
        mx += points[k, 0] / count
        my += points[k, 1] / count
    xx, xy, yy = 0.0, 0.0, 0.0
    for k in range(first, last + 1):
        ex, ey = points[k, 0] - mx, points[k, 1] - my
        xx, xy, yy = xx + ex * ex, xy + ex * ey, yy + ey * ey
    turn = 0.5 * math.atan2(2.0 * xy, xx - yy)
    nx, ny = -math.sin(turn), math.cos(turn)
    worst = 0.0
    for k in range(first, last + 1):
        worst = max(worst, abs((points[k, 0] - mx) * nx + (points[k, 1] - my) * ny))
    return worst
