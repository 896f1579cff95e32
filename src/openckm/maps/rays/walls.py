"""Walls from a height raster: its stepped outlines are cut into straight pieces, and a line is fitted to each.

A ray that crosses the side of a cell into a higher one is reflected by the wall that this side belongs to, so that a
wall which runs askew through the raster is one mirror and not a flight of stairs. The line of a piece runs through the
midpoints of its sides (`openckm.maps.rays.pieces`). Outlines surround cells of one height; where a raster has more than
MOST_OUTLINES of them (a surface model with roofs of many heights), its heights are rounded to STEP_M first, and then to
"built or not".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from openckm.maps.rays.machine import functions

WEST, EAST, NORTH, SOUTH = range(4)
"""Sides of a cell."""
MOST_OUTLINES = 3000
STEP_M = 3.0
CORNER = 25.0
SMALL = 12
"""Sides of an outline up to which no lines are fitted [cells]."""
TIE, MOST_STARTS = 1e-6, 8
"""Points within so much of the farthest are as far [cells^2], and how many of them are asked."""
_OUTWARDS = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
"""Normal of each side, (eastwards, southwards)."""
Field = NDArray[np.float64]


@dataclass(frozen=True)
class Walls:
    """Walls of a raster by the sides of its cells.

    Attributes:
        wall: number of the wall at each side, -1 where a side belongs to none; shape (rows, cols, 4).
        lines: each wall's unit normal, outwards (eastwards, southwards), and the offset of its line from the raster's
            corner along that normal [cells]; shape (walls, 3).
        corners: (x eastwards, y southwards) [cells] of a point right outside each corner of more than CORNER degrees
            where two walls stick out, and the height there [m]; shape (corners, 3).
        edges: upper edges of walls from (x, y) to (x, y) [cells], their outward normal, and their height [m]; shape
            (edges, 7).
    """

    wall: NDArray[np.int32]
    lines: Field
    corners: Field
    edges: Field


def fit_walls(height_m: NDArray[np.floating]) -> Walls:
    """Return the walls around the buildings of a raster.

    Args:
        height_m: the height of buildings [m], 0 where nothing is built; shape (rows, cols).
    """
    labels, rings = _outlines(height_m)
    wall = np.full((*height_m.shape, 4), -1, np.int32)
    lines: list[tuple[float, ...]] = []
    corners: list[tuple[float, ...]] = []
    edges: list[tuple[float, ...]] = []
    for value, ring in rings:
        fitted = _fit_ring(labels, value, ring, wall, lines)
        corners += _corners(fitted, height_m)
        edges += _edges(fitted, height_m)
    found = (np.array(many, np.float64).reshape(-1, n) for many, n in ((lines, 3), (corners, 3), (edges, 7)))
    return Walls(wall, *found)


def _outlines(height_m: NDArray[np.floating]) -> tuple[NDArray[np.int32], list[tuple[int, Field]]]:
    """Return heights as whole numbers, and the closed outlines of cells of one such number, (column, row)."""
    from rasterio.features import shapes

    for step in (0.1, STEP_M, np.inf):
        labels = np.where(height_m > 0, np.ceil(height_m / step), 0).astype(np.int32)
        if np.isinf(step):
            labels = (height_m > 0).astype(np.int32)
        found = [(int(v), s["coordinates"]) for s, v in shapes(labels, mask=labels > 0, connectivity=4)]
        if len(found) <= MOST_OUTLINES:
            break
    return labels, [(value, np.asarray(ring, np.float64)) for value, rings in found for ring in rings]


def _fit_ring(
    labels: NDArray[np.int32], value: int, ring: Field, wall: NDArray[np.int32], lines: list[tuple[float, ...]]
) -> list[tuple[Field, Field]]:  # fmt: skip
    """Enter the walls of one outline into both lists of `Walls`; return where each begins and its normal."""
    middle, row, col, side = _sides(labels, value, ring)
    begins = _cuts(middle, side)
    middle = np.roll(middle, -begins[0], axis=0)
    row, col, side = (np.roll(a, -begins[0]) for a in (row, col, side))
    ends = [*(begins - begins[0]), len(middle)]
    fitted: list[tuple[Field, Field]] = []
    for first, last in pairwise(ends):
        n = _normal(middle[first:last], _OUTWARDS[side[first:last]].sum(axis=0))
        wall[row[first:last], col[first:last], side[first:last]] = len(lines)
        lines.append((*n.astype(np.float32), middle[first:last].mean(axis=0) @ n))
        fitted.append((0.5 * (middle[first] + middle[first - 1]), n))
    return fitted


def _cuts(middle: Field, side: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the pieces of an outline begin, the same whichever way round it runs and wherever it begins.

    The walls of a rectangle, and of what is SMALL, are its sides. Elsewhere any of the points farthest from the middle
    may be the first; of all cuts, the one with the fewest pieces is taken, then the one with the least sum of squares
    about their lines, then the one whose ends lie farthest from the middle.
    """
    n = len(middle)
    corners = np.flatnonzero(side != np.roll(side, 1))
    if len(corners) == 4 or n <= SMALL:
        return corners
    away = ((middle - middle.mean(axis=0)) ** 2).sum(axis=1)
    starts = np.flatnonzero(away > away.max() - TIE)[:MOST_STARTS]
    begins, room = np.zeros(n + 1, np.int64), np.zeros((2, n + 1), np.int64)
    back = np.ascontiguousarray(middle[::-1])
    found: dict[bytes, NDArray[np.int64]] = {}
    cut = functions()["cut"]
    for start in starts:
        # two cuts may settle in one place: between them there is no wall
        one = np.unique(begins[: cut(middle, int(start), begins, room)])
        other = np.unique((n - begins[: cut(back, int(n - 1 - start), begins, room)]) % n)
        found |= {one.tobytes(): one, other.tobytes(): other}
    if len(found) == 1:
        return next(iter(found.values()))
    ends = ((0.5 * (middle + np.roll(middle, 1, axis=0)) - middle.mean(axis=0)) ** 2).sum(axis=1)

    def rank(cuts: NDArray[np.int64]) -> tuple[int, float, float]:
        return len(cuts), round(_misfit(middle, cuts), 6), -round(float(ends[cuts].sum()), 6)

    return min(found.values(), key=rank)


def _misfit(middle: Field, begins: NDArray[np.int64]) -> float:
    """Return the sum of squares of midpoints about the lines of their pieces [cells^2]."""
    turned = np.roll(middle, -begins[0], axis=0)
    total = 0.0
    for first, last in pairwise([*(begins - begins[0]), len(middle)]):
        points = turned[first:last] - turned[first:last].mean(axis=0)
        (xx, xy), (_, yy) = points.T @ points
        total += 0.5 * (xx + yy - np.hypot(xx - yy, 2.0 * xy))  # the lesser eigenvalue
    return float(total)


def _corners(fitted: list[tuple[Field, Field]], height_m: NDArray[np.floating]) -> list[tuple[float, ...]]:
    """Return the places right outside the corners of an outline at which walls stick out, with the heights there."""
    found: list[tuple[float, ...]] = []
    for k, (point, n) in enumerate(fitted):
        before = fitted[k - 1][1]
        outwards = n + before
        length = float(np.hypot(*outwards))
        along = fitted[(k + 1) % len(fitted)][0] - point
        if n @ before > np.cos(np.deg2rad(CORNER)) or length < 0.1 or along @ before >= 0:
            continue
        x, y = point + 0.75 * outwards / length
        top = _height_at(point - 0.5 * outwards / length, height_m)
        if top > 0 and _height_at(np.array([x, y]), height_m) <= 0:
            found.append((float(x), float(y), top))
    return found


def _edges(fitted: list[tuple[Field, Field]], height_m: NDArray[np.floating]) -> list[tuple[float, ...]]:
    """Return the upper edges of an outline's walls, where what lies before them is lower."""
    found: list[tuple[float, ...]] = []
    for k, (point, n) in enumerate(fitted):
        end = fitted[(k + 1) % len(fitted)][0]
        middle = 0.5 * (point + end)
        top, before = (_height_at(middle + reach * n, height_m) for reach in (-0.75, 0.75))
        if top > before:
            found.append((*point, *end, *n, top))
    return found


def _height_at(point: Field, height_m: NDArray[np.floating]) -> float:
    col, row = np.floor(point).astype(np.int64)
    rows, cols = height_m.shape
    return float(height_m[row, col]) if 0 <= row < rows and 0 <= col < cols else 0.0


def _sides(
    labels: NDArray[np.int32], value: int, ring: Field
) -> tuple[Field, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the unit sides of an outline: their midpoints, and row, column and side of the cell inside."""
    step = np.diff(ring, axis=0)
    length = np.abs(step).sum(axis=1).astype(np.int64)
    along = np.repeat(np.sign(step), length, axis=0)
    offset = np.concatenate([np.arange(n) for n in length]) + 0.5
    middle = np.repeat(ring[:-1], length, axis=0) + along * offset[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    inner = np.floor(middle + 0.25 * across).astype(np.int64)  # the cell on one hand, (column, row)
    rows, cols = labels.shape
    there = (inner[:, 0] >= 0) & (inner[:, 0] < cols) & (inner[:, 1] >= 0) & (inner[:, 1] < rows)
    hit = there & (labels[np.clip(inner[:, 1], 0, rows - 1), np.clip(inner[:, 0], 0, cols - 1)] == value)
    if 2 * hit.sum() < len(hit):  # the outline runs round the other way
        across = -across
        inner = np.floor(middle + 0.25 * across).astype(np.int64)
    outwards = -across
    side = np.where(
        outwards[:, 0] < 0, WEST, np.where(outwards[:, 0] > 0, EAST, np.where(outwards[:, 1] < 0, NORTH, SOUTH))
    )
    return middle, np.clip(inner[:, 1], 0, rows - 1), np.clip(inner[:, 0], 0, cols - 1), side


def _normal(points: Field, outwards: Field) -> Field:
    """Return the unit normal of the line through points, on the side that `outwards` shows."""
    if len(points) < 3:
        return np.asarray(outwards / max(float(np.hypot(*outwards)), 1e-9))
    centred = points - points.mean(axis=0)
    (xx, xy), (_, yy) = centred.T @ centred
    turn = 0.5 * np.arctan2(2.0 * xy, xx - yy)  # direction of the greater axis
    n = np.array([-np.sin(turn), np.cos(turn)])
    return n if n @ outwards >= 0 else -n
