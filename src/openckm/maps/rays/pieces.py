"""Straight pieces of a stepped outline.

The midpoints of an outline's unit sides are cut where they leave their chord by more than TOLERANCE (Douglas and
Peucker); neighbours are joined again, the straightest pair first, while their midpoints lie within STRAIGHT of one line
(those of a straight wall lie within 0.5 of it, whatever its direction); and each cut moves to where the midpoints on
its two sides lie nearest to their lines. `openckm.maps.rays.walls` asks for the pieces from every point that may be the
first, both ways round, so that a turned or mirrored outline has the turned or mirrored pieces.
"""

from __future__ import annotations

import math
from typing import Any

TOLERANCE, STRAIGHT = 0.8, 0.56
"""Greatest distance of midpoints from a chord, and from a fitted line [cells]."""
REACH = 3
"""How far a cut may move [midpoints]."""


def cut(points: Any, start: int, begins: Any, room: Any) -> int:
    """Write the indices at which pieces of a closed outline begin, rising, and return how many there are.

    Piece k ends before the next one begins.

    Args:
        points: midpoints of its sides in order; shape (n, 2).
        start: one of them where a piece begins before they are joined.
        begins: written here; shape (n + 1,).
        room: the memory to work in; shape (2, n + 1).
    """
    n = points.shape[0]
    count = _split(points, start, begins, room)
    _settle(points, begins, count, room)
    while count > 3:
        best, where = STRAIGHT, -1
        for k in range(count):
            first, last = begins[(k - 1 + count) % count], begins[(k + 1) % count]
            size = (last - first - 1) % n + 1
            mx, my, nx, ny = _line(points, first, size)
            off = 0.0
            for j in range(size):
                at = (first + j) % n
                off = max(off, abs((points[at, 0] - mx) * nx + (points[at, 1] - my) * ny))
            if off < best - 1e-9:
                best, where = off, k
        if where < 0:
            break
        count -= 1
        for k in range(where, count):
            begins[k] = begins[k + 1]
    _settle(points, begins, count, room)
    for k in range(count):
        begins[k] %= n
    for k in range(1, count):  # they rise but for a turn
        j = k
        while j > 0 and begins[j - 1] > begins[j]:
            kept = begins[j]
            begins[j] = begins[j - 1]
            begins[j - 1] = kept
            j -= 1
    return count


def _settle(points: Any, begins: Any, count: int, room: Any) -> None:
    """Move every cut to where the sum of squared distances from the lines on its two sides is least."""
    n = points.shape[0]
    for k in range(count):
        room[0, k] = begins[k]
    for k in range(count):
        before, here, behind = room[0, (k - 1 + count) % count], room[0, k], room[0, (k + 1) % count]
        left, right = (here - before - 1) % n + 1, (behind - here - 1) % n + 1
        lx, ly, la, lb = _line(points, before, left)
        rx, ry, ra, rb = _line(points, here, right)
        best, where = 1e30, 0
        for move in range(-min(REACH, left // 2), min(REACH, right // 2) + 1):
            total = 0.0
            for j in range(-REACH, REACH + 1):
                at = (here + j) % n
                if j < move:
                    off = (points[at, 0] - lx) * la + (points[at, 1] - ly) * lb
                else:
                    off = (points[at, 0] - rx) * ra + (points[at, 1] - ry) * rb
                total += off * off
            if total < best - 1e-9:
                best, where = total, move
        begins[k] = here + where


def _split(points: Any, start: int, begins: Any, room: Any) -> int:
    """Write the indices that the simplification keeps, rising; the start is one."""
    n = points.shape[0]
    for k in range(n):
        begins[k] = 0
    begins[start] = 1
    room[0, 0], room[1, 0] = start, start + n
    waiting = 1
    while waiting > 0:
        waiting -= 1
        first, last = room[0, waiting], room[1, waiting]
        x0, y0 = points[first % n, 0], points[first % n, 1]
        dx, dy = points[last % n, 0] - x0, points[last % n, 1] - y0
        length = math.hypot(dx, dy)
        worst, at = -1.0, 0
        for k in range(first + 1, last):
            ex, ey = points[k % n, 0] - x0, points[k % n, 1] - y0
            off = abs(dx * ey - dy * ex) / length if length > 1e-9 else math.hypot(ex, ey)
            if off > worst:
                worst, at = off, k
        if worst > TOLERANCE:
            begins[at % n] = 1
            room[0, waiting], room[1, waiting] = first, at
            room[0, waiting + 1], room[1, waiting + 1] = at, last
            waiting += 2
    count = 0
    for k in range(n):
        if begins[k] > 0:
            begins[count] = k
            count += 1
    return count


def _line(points: Any, first: int, count: int) -> Any:
    """Return middle and unit normal (mx, my, nx, ny) of the line fitted to so many points from the first on."""
    n = points.shape[0]
    mx, my, xx, xy, yy = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(count):
        mx += points[(first + k) % n, 0] / count
        my += points[(first + k) % n, 1] / count
    for k in range(count):
        ex, ey = points[(first + k) % n, 0] - mx, points[(first + k) % n, 1] - my
        xx += ex * ex
        xy += ex * ey
        yy += ey * ey
    turn = 0.5 * math.atan2(2.0 * xy, xx - yy)
    return mx, my, -math.sin(turn), math.cos(turn)
