"""Benchmark "active": how many measurements does it take, if one may choose where?

On held-out maps with a known site, 8 cells drawn at random are measured, then 16, 32, 64 and 128 in all, with 2 dB of
noise, chosen by each strategy among the free covered cells from what it knows so far:

    greedy     largest expected reduction of the map's variance (`openckm.infer.plan`)
    variance   largest variance of the cell itself, given those chosen before
    random     at random
    grid       the nearest cells to the nodes of a square lattice of that many, all measured anew

The same method (OpenCKM, one orientation) makes the map of each; its RMSE is over all free covered cells. The metric
`measurements_ratio` is how many measurements a strategy needs for the RMSE that random choice has with 128, over 128:
log-linear interpolation on the mean curves, interval by bootstrap over cities, all strategies on the same maps.
`saved_percent` says the same as the share of the measurements that the strategy saves, below 0 where it wastes them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap
from openckm.evaluate.benches.heldout import NOISE_DB, load_heldout
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.scores.bootstrap import resampled_weights
from openckm.evaluate.scores.metrics import rmse
from openckm.evaluate.scores.scoring import Score, case_of, city_of, summary_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.infer.construct import OpenCKM
from openckm.infer.plan import choose_cells
from openckm.maps.observations import Observations, Points

COUNTS = (8, 16, 32, 64, 128)
STRATEGIES = ("greedy", "variance", "random", "grid")
MAPS, QUICK_MAPS = 40, 3
SPLIT = "site known"
Index = NDArray[np.intp]
Array = NDArray[np.float64]


@benchmark("data_dir")
def run(
    setup: Setup, method: OpenCKM | None = None, maps: int | None = None, counts: Sequence[int] = COUNTS
) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means 3 maps instead of 40.
        method: the method that makes the maps; None means the product in one orientation.
        maps: number of maps; overrides `quick`.
        counts: numbers of measurements, ascending.

    Raises:
        InputError: if the folder holds no usable shards.
    """
    chosen = method or OpenCKM(symmetrise=False)
    traced = load_heldout(setup.maps(), maps or (QUICK_MAPS if setup.quick else MAPS))
    scores: list[Score] = []
    for k, one in enumerate(traced):
        for strategy in STRATEGIES:
            scores += _curve(chosen, one, strategy, counts, k)
        setup.tell(f"{one.city}, map {k}", k + 1, len(traced))
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    counts = sorted({int(s.task.split()[0]) for s in scores})
    return summary_rows(scores, ("rmse_db",)) + _savings(scores, counts)


def needed(counts: Sequence[int], error: Array, target: float) -> float:
    """Return how many measurements bring the error down to `target`, log-linear between the counts.

    Before the first count it is the first; beyond the last the last stretch is continued, to 4 times the last count.

    Args:
        counts: numbers of measurements, ascending.
        error: RMSE at each; made non-increasing first.
        target: RMSE that is wanted.
    """
    curve = np.minimum.accumulate(np.asarray(error, np.float64))
    place = np.log(np.asarray(counts, np.float64))
    if target >= curve[0]:
        return float(counts[0])
    below = int(np.argmax(curve <= target)) if (curve <= target).any() else len(curve) - 1
    fall = curve[below - 1] - curve[below]
    if fall <= 0:
        return float(4 * counts[-1])
    at = place[below - 1] + (curve[below - 1] - target) / fall * (place[below] - place[below - 1])
    return float(min(np.exp(at), 4 * counts[-1]))


def lattice_cells(covered: NDArray[np.bool_], count: int) -> Index:
    """Return the flat indices of different covered cells nearest to the nodes of a square lattice of about `count`."""
    rows, cols = np.nonzero(covered)
    side = int(np.ceil(np.sqrt(count)))
    r, c = (((np.arange(side) + 0.5) / side) * n for n in covered.shape)
    nodes = np.stack(np.meshgrid(r, c, indexing="ij"), axis=-1).reshape(-1, 2)
    kept = nodes[np.unique(np.linspace(0, len(nodes) - 1, count).round().astype(int))]
    taken = np.zeros(rows.size, dtype=bool)
    out = []
    for row, col in kept:
        distance = (rows + 0.5 - row) ** 2 + (cols + 0.5 - col) ** 2
        best = int(np.argmin(np.where(taken, np.inf, distance)))
        taken[best] = True
        out.append(rows[best] * covered.shape[1] + cols[best])
    return np.asarray(out, dtype=np.intp)


def _curve(method: OpenCKM, traced: TracedMap, strategy: str, counts: Sequence[int], k: int) -> list[Score]:
    """Measure, map and score at every count; cells chosen before stay measured, except by the grid."""
    cells = np.flatnonzero(traced.covered)
    noisy = traced.gain_db.ravel() + NOISE_DB * np.random.default_rng([k, 5]).standard_normal(traced.gain_db.size)
    rng = np.random.default_rng([k, 6])
    order = rng.permutation(cells)
    known: Index = order[: counts[0]]
    scores = []
    for step, count in enumerate(counts):
        started = time.process_time()
        if strategy == "grid":
            known = lattice_cells(traced.covered, count)
        elif strategy == "random":
            known = order[:count]
        posterior = method.posterior(_observations(traced, known, noisy), traced.grid, seed=k)
        mean = posterior.scene.crop(posterior.gain.mean.reshape(posterior.scene.grid.shape))
        values = {"rmse_db": rmse(mean[traced.covered], traced.gain_db[traced.covered])}
        if strategy in ("greedy", "variance") and step + 1 < len(counts):
            more = choose_cells(
                posterior.covariance(), _padded(cells, traced, posterior.scene.grid.shape[1]),
                _padded(np.setdiff1d(cells, known), traced, posterior.scene.grid.shape[1]), counts[step + 1] - count,
                noise_db=NOISE_DB, criterion="reduction" if strategy == "greedy" else "variance", seed=k,
            )  # fmt: skip
            row, col = np.divmod(more.cell, posterior.scene.grid.shape[1])
            known = np.r_[known, row * traced.grid.shape[1] + col]
        seconds = time.process_time() - started
        scores.append(
            Score(strategy, f"{count} measurements", SPLIT, case_of(traced, k), city_of(traced), values, cells.size,
                  posterior.evaluations, seconds)
        )  # fmt: skip
    return scores


def _padded(cells: Index, traced: TracedMap, columns: int) -> Index:
    """Flat indices on the padded grid of flat indices on the map's."""
    row, col = np.divmod(cells, traced.grid.shape[1])
    return np.asarray(row * columns + col, dtype=np.intp)


def _observations(traced: TracedMap, cells: Index, noisy: NDArray[np.floating]) -> Observations:
    row, col = np.divmod(cells, traced.grid.shape[1])
    points = Points.exact(
        traced.grid.x[col], traced.grid.y[row], noisy[cells].astype(np.float64), sigma=NOISE_DB, unit="dB",
        source=traced.scene,
    )  # fmt: skip
    layout = replace(traced.layout, around=traced.around)
    return Observations(points=(points,), layout=layout, transmitter=traced.transmitter)


def _savings(scores: Sequence[Score], counts: Sequence[int]) -> list[Row]:
    """How many measurements each strategy needs for random choice's last RMSE, over the last count."""
    curves = {s: _table([x for x in scores if x.method == s], counts) for s in STRATEGIES}
    clusters = [s.city for s in scores if s.method == "random" and s.task == f"{counts[0]} measurements"]
    weights = resampled_weights(clusters, len(clusters))
    rows = []
    for strategy in STRATEGIES:
        if strategy == "random":
            continue
        value = _ratio(curves[strategy].mean(0), curves["random"].mean(0), counts)
        own, rival = (weights @ curves[m] / weights.sum(1, keepdims=True) for m in (strategy, "random"))
        low, high = np.quantile([_ratio(a, b, counts) for a, b in zip(own, rival, strict=True)], [0.025, 0.975])
        mine = [s for s in scores if s.method == strategy]
        calls, seconds = max(s.network_evaluations for s in mine), float(np.mean([s.seconds for s in mine]))
        saved = 100.0 * (1.0 - value), 100.0 * (1.0 - float(high)), 100.0 * (1.0 - float(low))
        ratio = value, float(low), float(high)
        for metric, found in (("measurements_ratio", ratio), ("saved_percent", saved)):
            where = (strategy, f"RMSE of {counts[-1]} random measurements", SPLIT, metric)
            rows.append(plain_row(*where, found, len(clusters), calls=calls, seconds=seconds, cases=len(clusters)))
    return rows


def _table(scores: Sequence[Score], counts: Sequence[int]) -> Array:
    """RMSE of each map at each count, shape (maps, counts)."""
    found = {(s.case, int(s.task.split()[0])): s.values["rmse_db"] for s in scores}
    return np.array([[found[case, count] for count in counts] for case in dict.fromkeys(s.case for s in scores)])


def _ratio(own: Array, rival: Array, counts: Sequence[int]) -> float:
    return needed(counts, own, float(np.minimum.accumulate(rival)[-1])) / counts[-1]
