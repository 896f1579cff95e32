"""Tracing where it counts: what the first seeds of a map tell the later ones, without a change of the mean.

**Launch.** Directions are points of the unit square, azimuth along one side and the launch rank of the elevation along
the other, so that even points are the launch without guidance. Let f_c be what a ray from a point adds to cell c, and
g_c the gain of the cell. The relative variances of all cells, which is what noise in dB is, add up to

    sum_c Var(g_c) / g_c^2  ~  int (sum_c f_c^2 / g_c^2) / q  dq,     least for   q  ~  sqrt(sum_c f_c^2 / g_c^2).

q is kept as a table over bins of the square. A share of the rays stays even, so that no ray weighs more than
1 / _EVEN_SHARE times its even weight and nothing that guidance overlooks is lost: the mean stays what it is.

References:
    Vorba et al., On-line learning of parametric mixture models for light transport simulation, 2014. Rath et al.,
    Variance-aware path guiding, 2020.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = (64, 128)
"""Rows (elevation) and columns (azimuth) of a table."""
_EVEN_SHARE = 0.25
"""Share of rays that leave as without guidance."""
Field = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of a diffracting edge and a cell, both flat numbers of shape (n,), cells counted from the south-west."""

    edge: NDArray[np.int64]
    cell: NDArray[np.int64]

    def mask(self, edges: int, free: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Return whether each edge and free cell are a pair, flat; `free` are the sorted numbers of free cells."""
        result = np.zeros((edges, len(free)), np.bool_)
        result[self.edge, np.searchsorted(free, self.cell)] = True
        return result.ravel()


def neighbourhood(found: Sequence[Pairs], free: NDArray[np.uint32], cells: int) -> Pairs:
    """Return the pairs found and those of the same edge with one of the eight cells around, if free; no pair twice.

    Args:
        found: pairs, some perhaps several times.
        free: flat numbers of the free cells.
        cells: rows and columns of the map.
    """
    edge = np.concatenate([np.zeros(0, np.int64), *(p.edge for p in found)])
    cell = np.concatenate([np.zeros(0, np.int64), *(p.cell for p in found)])
    open_cells = np.zeros(cells * cells, np.bool_)
    open_cells[free] = True
    codes = []
    for up, right in itertools.product((-1, 0, 1), repeat=2):
        row, col = cell // cells + up, cell % cells + right
        inside = (row >= 0) & (row < cells) & (col >= 0) & (col < cells)
        near = (row * cells + col)[inside]
        codes.append((edge[inside] * cells * cells + near)[open_cells[near]])
    code = np.unique(np.concatenate(codes))
    return Pairs(code // (cells * cells), code % (cells * cells))


@dataclass(frozen=True)
class Guide:
    """What earlier seeds tell a later one.

    Attributes:
        pairs: edges and cells that are traced more finely, for each group of edges; None = none.
        table: share of rays in each bin, shape BINS; None = even.
        expected: gain of the cells [linear], infinite where it does not matter, row 0 = north; the rays are scored
            against it. None = they are not.
    """

    pairs: tuple[Pairs | None, ...] | None = None
    table: Field | None = None
    expected: Field | None = None


def united(guides: Sequence[Guide]) -> Guide:
    """Return what several seeds of one map tell together: the mean of their tables, the pairs that any has found.

    Args:
        guides: the guides, with pairs of the same groups of edges; none tell nothing.
    """
    tables = [g.table for g in guides if g.table is not None]
    if not tables:
        return Guide()
    groups = zip(*(g.pairs or () for g in guides), strict=True)
    return Guide(tuple(_union(group) for group in groups), np.mean(tables, axis=0))


def _union(found: Sequence[Pairs | None]) -> Pairs | None:
    known = [np.stack([p.edge, p.cell]) for p in found if p is not None]
    if not known:
        return None
    edge, cell = np.unique(np.concatenate(known, axis=1), axis=1)
    return Pairs(edge, cell)


def mean_scores(x: Field, u: Field, scores: Field) -> Field:
    """Return the mean score of the rays in each bin, shape BINS, 0 where there is none.

    Args:
        x: azimuth of each ray, in [0, 1).
        u: launch rank of its elevation, in [0, 1).
        scores: sum over cells of the square of the ray's share in the cell's gain.
    """
    rows, cols = BINS
    index = np.minimum((u * rows).astype(np.intp), rows - 1) * cols + np.minimum((x * cols).astype(np.intp), cols - 1)
    count = np.bincount(index, minlength=rows * cols)
    total = np.bincount(index, scores, minlength=rows * cols)
    return np.asarray((total / np.maximum(count, 1)).reshape(BINS))


def launch_table(scores: Field) -> Field:
    """Return the share of rays that each bin gets, shape BINS, sum 1; even where no ray has scored."""
    root = np.sqrt(np.maximum(scores, 0.0))
    even = np.full(BINS, 1.0 / root.size)
    if not root.sum() > 0:
        return even
    return np.asarray(_EVEN_SHARE * even + (1.0 - _EVEN_SHARE) * root / root.sum())


def warp(table: Field, x: Field, u: Field) -> tuple[Field, Field, Field]:
    """Move even points so that bins get their shares; return azimuth, rank and weight of each ray.

    Args:
        table: shares of the bins, shape BINS, sum 1, all positive.
        x: in [0, 1).
        u: in [0, 1).
    """
    rows, cols = BINS
    of_row = table.sum(axis=1)
    ends = np.concatenate([[0.0], np.cumsum(of_row)])
    row = np.clip(np.searchsorted(ends, u, side="right") - 1, 0, rows - 1)
    rank = (row + np.clip((u - ends[row]) / of_row[row], 0.0, 1.0 - 1e-9)) / rows
    # one increasing list for all rows: row r covers [r, r + 1]
    within = np.cumsum(table / of_row[:, None], axis=1)
    edges = np.concatenate([np.arange(rows)[:, None] + np.zeros((rows, 1)), np.arange(rows)[:, None] + within], axis=1)
    place = np.searchsorted(edges.ravel(), row + x, side="right") - 1
    col = np.clip(place - row * (cols + 1), 0, cols - 1)
    share = table[row, col]
    azimuth = (col + np.clip((row + x - edges[row, col]) / (share / of_row[row]), 0.0, 1.0 - 1e-9)) / cols
    return azimuth, rank, 1.0 / (share * rows * cols)
