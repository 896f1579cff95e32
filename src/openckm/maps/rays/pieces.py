"""Straight pieces of a stepped outline.

The midpoints of an outline's unit sides are cut where they leave their chord by more than TOLERANCE (Douglas and
Peucker); neighbours are joined again, the straightest pair first, while their midpoints lie within STRAIGHT of one line
(those of a straight wall lie within 0.5 of it, whatever its direction); and each cut moves to where the midpoints on
its two sides lie nearest to their lines. Pieces run around the outline without a first one, so that a turned outline
has the turned pieces.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openckm._compiled import machine_code

TOLERANCE, STRAIGHT = 0.8, 0.56
"""Greatest distance of midpoints from a chord, and from a fitted line [cells]."""
REACH = 3
"""How far a cut may move [midpoints]."""


@machine_code(reorder=False)
def cut(points: Any) -> Any:
    """Return the indices at which pieces of a closed outline begin, rising; piece k ends before the next one begins.

    Args:
        points: midpoints of its sides in order; shape (n, 2).
    """
    n = points.shape[0]
    begins = _split(points)
    _settle(points, begins)
    while begins.shape[0] > 3:
        best, where = STRAIGHT, -1
        count = begins.shape[0]
        for k in range(count):
            first, last = begins[k - 1], begins[(k + 1) % count]
            off = _off_line(points, first, (last - first - 1) % n + 1)
            if off < best - 1e-9:
                best, where = off, k
        if where < 0:
            break
        begins = np.concatenate((begins[:where], begins[where + 1 :]))
    _settle(points, begins)
    return np.sort(begins % n)


@machine_code(reorder=False)
def _settle(points: Any, begins: Any) -> None:
    """Move every cut to where the sum of squared distances from the lines on its two sides is least."""
    n, count = points.shape[0], begins.shape[0]
    old = begins.copy()
    for k in range(count):
        before, here, behind = old[k - 1], old[k], old[(k + 1) % count]
        left, right = (here - before - 1) % n + 1, (behind - here - 1) % n + 1
        one, other = _line(points, before, left), _line(points, here, right)
        best, where = 1e30, 0
        for move in range(-min(REACH, left // 2), min(REACH, right // 2) + 1):
            total = 0.0
            for j in range(-REACH, REACH + 1):
                px, py = points[(here + j) % n, 0], points[(here + j) % n, 1]
                mx, my, nx, ny = one if j < move else other
                total += ((px - mx) * nx + (py - my) * ny) ** 2
            if total < best - 1e-9:
                best, where = total, move
        begins[k] = here + where


@machine_code(reorder=False)
def _split(points: Any) -> Any:
    """Return the indices that the simplification keeps, rising; the point farthest from the middle is one."""
    n = points.shape[0]
    mx, my = points[:, 0].mean(), points[:, 1].mean()
    start = int(np.argmax((points[:, 0] - mx) ** 2 + (points[:, 1] - my) ** 2))
    keep = np.zeros(n, np.bool_)
    keep[start] = True
    firsts, lasts = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    firsts[0], lasts[0] = start, start + n
    waiting = 1
    while waiting > 0:
        waiting -= 1
        first, last = firsts[waiting], lasts[waiting]
        x0, y0 = points[first % n, 0], points[first % n, 1]
        dx, dy = points[last % n, 0] - x0, points[last % n, 1] - y0
        length = math.hypot(dx, dy)
        worst, at = -1.0, -1
        for k in range(first + 1, last):
            ex, ey = points[k % n, 0] - x0, points[k % n, 1] - y0
            off = abs(dx * ey - dy * ex) / length if length > 1e-9 else math.hypot(ex, ey)
            if off > worst:
                worst, at = off, k
        if worst > TOLERANCE:
            keep[at % n] = True
            firsts[waiting], lasts[waiting] = first, at
            firsts[waiting + 1], lasts[waiting + 1] = at, last
            waiting += 2
    return np.nonzero(keep)[0]


@machine_code(reorder=False)
def _line(points: Any, first: int, count: int) -> Any:
    """Return middle and unit normal (mx, my, nx, ny) of the line fitted to so many points from the first on."""
    n = points.shape[0]
    mx, my = 0.0, 0.0
    for k in range(count):
        mx += points[(first + k) % n, 0] / count
        my += points[(first + k) % n, 1] / count
    xx, xy, yy = 0.0, 0.0, 0.0
    for k in range(count):
        ex, ey = points[(first + k) % n, 0] - mx, points[(first + k) % n, 1] - my
        xx, xy, yy = xx + ex * ex, xy + ex * ey, yy + ey * ey
    turn = 0.5 * math.atan2(2.0 * xy, xx - yy)
    return mx, my, -math.sin(turn), math.cos(turn)


@machine_code(reorder=False)
def _off_line(points: Any, first: int, count: int) -> float:
    """Return how far so many points from the first on lie at most from the line fitted to them."""
    mx, my, nx, ny = _line(points, first, count)
    worst = 0.0
    for k in range(count):
        at = (first + k) % points.shape[0]
        worst = max(worst, abs((points[at, 0] - mx) * nx + (points[at, 1] - my) * ny))
    return worst
