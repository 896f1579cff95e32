"""A drive along free cells visits a set of stops: shortest paths, nearest insertion, 2-opt.

Free cells are nodes; a step to one of the 8 neighbours costs its length, and a diagonal step is possible only where
both cells beside it are free, so that no corner of a building is cut. Stops are ordered by nearest insertion and
improved by 2-opt; the route is open: it need not return.

References:
    An Analysis of Several Heuristics for the Traveling Salesman Problem. D. J. Rosenkrantz, R. E. Stearns,
    P. M. Lewis, 1977 (nearest insertion: at most twice the shortest tour).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from openckm.errors import OptionError

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
GAIN = 1e-9


@dataclass(frozen=True, eq=False)
class Route:
    """A drive.

    Attributes:
        order: the order in which the stops are visited, as indices into them.
        cells: flat indices of the cells driven through, from the first to the last, shape (k,).
        length_m: its length [m].
    """

    order: Index
    cells: Index
    length_m: float


def street_graph(free: Mask, cell_m: float) -> csr_matrix:
    """Return the graph of steps [m] between free cells, (cells, cells), symmetric.

    Args:
        free: True where one can drive, shape (rows, cols).
        cell_m: cell side [m].
    """
    rows, cols = free.shape
    number = np.arange(rows * cols).reshape(rows, cols)
    edges = []
    for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, rows - dr), slice(max(0, -dc), cols - max(0, dc)))
        there = (slice(dr, rows), slice(max(0, dc), cols - max(0, -dc)))
        good = free[here] & free[there]
        if dr and dc:
            good = good & free[here[0], there[1]] & free[there[0], here[1]]
        edges.append((number[here][good], number[there][good], np.full(int(good.sum()), cell_m * np.hypot(dr, dc))))
    first, second, length = (np.concatenate(part) for part in zip(*edges, strict=True))
    one_way = csr_matrix((length, (first, second)), shape=(rows * cols, rows * cols))
    return one_way + one_way.T


def reachable(free: Mask, start: int | None = None) -> Mask:
    """Return the free cells that can be driven to from `start` (a flat index), or, without one, the largest such set.

    Raises:
        OptionError: if there is no free cell, or the start is not free.
    """
    if not free.any():
        raise OptionError("there is no free cell: nothing can be driven to; check the layout")
    if start is not None and not free.flat[start]:
        raise OptionError("the start lies inside a building; give a place on a street")
    _, label = connected_components(street_graph(free, 1.0), directed=False)
    counts = np.bincount(label[free.ravel()])
    wanted = label[start] if start is not None else int(np.argmax(counts))
    return np.asarray((label == wanted).reshape(free.shape) & free)


def visit_order(distance: Array, *, from_first: bool) -> Index:
    """Return an order of visits that makes a short open path.

    Args:
        distance: between all pairs of stops, shape (n, n), symmetric and finite.
        from_first: whether the path must begin at stop 0.

    Raises:
        OptionError: if a distance is not finite.
    """
    if not np.isfinite(distance).all():
        raise OptionError("some stops cannot be driven to from others; choose them among the reachable cells")
    path, left = [0], set(range(1, len(distance)))
    while left:
        waiting = sorted(left)
        nearest = waiting[int(np.argmin(distance[np.ix_(waiting, path)].min(1)))]
        path.insert(_best_place(path, nearest, distance, from_first), nearest)
        left.remove(nearest)
    return np.asarray(_two_opt(path, distance, from_first), dtype=np.intp)


def _best_place(path: list[int], stop: int, distance: Array, from_first: bool) -> int:
    """Return the position at which inserting a stop lengthens the path least."""
    before, after = np.array(path[:-1], dtype=int), np.array(path[1:], dtype=int)
    extra = distance[before, stop] + distance[stop, after] - distance[before, after]
    ends = [distance[path[-1], stop], np.inf if from_first else distance[path[0], stop]]
    costs = np.r_[extra, ends]
    best = int(np.argmin(costs))
    return best + 1 if best < len(extra) else (len(path) if best == len(extra) else 0)


def _two_opt(path: list[int], distance: Array, from_first: bool) -> list[int]:
    """Reverse stretches of an open path while that shortens it."""
    order, better = np.array(path), True
    while better:
        better = False
        for i in range(1 if from_first else 0, len(order) - 1):
            ends = np.arange(i + 1, len(order))
            head = distance[order[i - 1], order[ends]] - distance[order[i - 1], order[i]] if i else 0.0
            after = np.r_[order[ends[1:]], -1]
            tail = np.where(after >= 0, distance[order[i], after] - distance[order[ends], after], 0.0)
            change = head + tail
            k = int(np.argmin(change))
            if change[k] < -GAIN:
                order[i : ends[k] + 1] = order[i : ends[k] + 1][::-1]
                better = True
    return [int(k) for k in order]


def within_length(free: Mask, cell_m: float, stops: Index, most_m: float, start: int | None = None) -> Index:
    """Return which stops a drive of a given length can visit: each in turn is kept if the drive stays short enough.

    Args:
        free: True where one can drive, shape (rows, cols).
        cell_m: cell side [m].
        stops: flat indices of the cells to visit, the most wanted first.
        most_m: longest drive [m].
        start: flat index of the cell to begin at, or None.

    Returns:
        Indices into `stops`, in their order.

    Raises:
        OptionError: if not even one stop can be visited.
    """
    nodes = np.asarray(stops if start is None else np.r_[start, stops], dtype=np.intp)
    between = dijkstra(street_graph(free, cell_m), directed=False, indices=nodes)[:, nodes]
    first = [] if start is None else [0]
    kept = list(first)
    for stop in range(len(first), len(nodes)):
        trial = between[np.ix_([*kept, stop], [*kept, stop])]
        order = visit_order(trial, from_first=start is not None)
        if sum(trial[a, b] for a, b in pairwise(order)) <= most_m:
            kept.append(stop)
    if len(kept) == len(first):
        raise OptionError(
            f"no place can be reached within {most_m / 1000:g} km of the start: allow a longer drive, or start nearer"
        )
    return np.asarray(kept[len(first) :], dtype=np.intp) - len(first)


def drive(free: Mask, cell_m: float, stops: Index, start: int | None = None) -> Route:
    """Return a short drive through free cells that visits all stops, from `start` where one is given.

    Args:
        free: True where one can drive, shape (rows, cols).
        cell_m: cell side [m].
        stops: flat indices of the cells to visit, at least one.
        start: flat index of the cell to begin at, or None.

    Raises:
        OptionError: if there is no stop, or stops cannot be reached from each other or from the start.
    """
    if not len(stops):
        raise OptionError("a drive wants at least one stop")
    nodes = np.asarray(stops if start is None else np.r_[start, stops], dtype=np.intp)
    length, before = dijkstra(street_graph(free, cell_m), directed=False, indices=nodes, return_predecessors=True)
    order = visit_order(length[:, nodes], from_first=start is not None)
    cells = [int(nodes[order[0]])]
    for here, there in pairwise(order):
        leg = [int(nodes[there])]
        while leg[-1] != nodes[here]:
            leg.append(int(before[here, leg[-1]]))
        cells += leg[-2::-1]
    total = float(sum(length[a, nodes[b]] for a, b in pairwise(order)))
    visited = order if start is None else order[1:] - 1
    return Route(np.asarray(visited, dtype=np.intp), np.asarray(cells, dtype=np.intp), total)
