"""Real cells by phone: the tasks of benchmark "duke" in which every method knows which phone read what.

The truth is the mean of a 4 m cell *by one phone*, and the prediction is for that phone: map plus the phone's level.

    alone            the readings of the given cells
    sister known     all readings of the other radio cell of the sector, too
    sister hidden    the same, but what is hidden of the one is hidden of the other
    limits at 50 %   alone, but given readings below their median (20 %: their quantile) are known to be below it alone;
    limits at 20 %   `rmse_ratio_all_heard` is over the same method when all are heard

The rival is universal kriging with the phones' shares as a drift, and the sister's kriged map as another where it is
known: the same rights. The published table holds A-D; E and F of the campaign are not in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from openckm.evaluate.registry import Progress
from openckm.evaluate.scores.metrics import coverage, crps_gaussian, interval_width, rmse
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.sweep import sweep
from openckm.evaluate.worlds.duke import DUKE_CELLS, DukeCell, duke_cell
from openckm.evaluate.worlds.splits import random_split, split_cells
from openckm.infer.construct import OpenCKM
from openckm.infer.spread.normal import Z_90
from openckm.maps.cells import aggregate_cells
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap

PROTOCOLS = ("alone", "sister known", "sister hidden", "limits at 50 %", "limits at 20 %")
QUICK_PROTOCOLS = ("alone", "limits at 50 %")
"""What a quick run asks: a map of two cells at once takes minutes of processor time."""
SISTERS = {"A": "B", "B": "A", "C": "D", "D": "C"}
"""The other radio cell of the same sector."""
SPLITS = ("random", "block")
Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PhoneCase:
    """One task.

    Attributes:
        cell: the radio cell.
        given: what the method may use.
        sister: the same of the other radio cell, or None.
        at: flat index of each scored cell, shape (n,).
        phone: the phone whose reading it is, shape (n,).
        value: mean of its readings [dBm], shape (n,).
        noise_db: standard deviation of that mean [dB], shape (n,).
        weak: whether it lies below the limit of the task, shape (n,).
    """

    cell: DukeCell
    given: Observations
    sister: Observations | None
    at: Index
    phone: NDArray[np.str_]
    value: Array
    noise_db: Array
    weak: NDArray[np.bool_]


def phone_cases(protocol: str, split: str, seed: int, cells: Sequence[str] = DUKE_CELLS) -> Iterator[PhoneCase]:
    """Yield the task of every radio cell.

    Args:
        protocol: one of PROTOCOLS.
        split: "random", "block", or a number of cells that are read.
        seed: the seed of what is given.
        cells: names of the radio cells.

    Raises:
        OptionError: if the split is unknown.
    """
    for name in cells:
        cell = duke_cell(name)
        grid, columns = cell.grid, cell.grid.shape[1]
        truth = aggregate_cells(cell.points, grid, shadow_sigma_db=0.0, by_device=True)
        at = _flat(truth, cell)
        visited, back = np.unique(at, return_inverse=True)
        row, col = np.divmod(visited, columns)
        if split in SPLITS:
            given = split_cells(split, row, col, grid.cell_m, seed)
        else:
            given = random_split(len(visited), seed, int(split))
        seen = cell.points.subset(np.isin(_flat(cell.points, cell), visited[given]))
        limit = -np.inf
        if protocol.startswith("limits"):
            limit = float(np.quantile(seen.value, float(protocol.split()[2]) / 100.0))
            seen = _cut(seen, limit)
        hidden = ~given[back]
        sister = _sister(protocol, cell, row[~given], col[~given], split)
        yield PhoneCase(
            cell, replace(cell.observations(), points=(seen,)), sister, at[hidden], truth.device[hidden],
            truth.value[hidden], truth.sigma[hidden], truth.value[hidden] < limit,
        )  # fmt: skip


def _flat(points: Points, cell: DukeCell) -> Index:
    row, col = cell.grid.index_of(points.x, points.y)
    return np.asarray(row * cell.grid.shape[1] + col, dtype=np.intp)


def _cut(points: Points, limit: float) -> Points:
    silent = points.value < limit
    return replace(points, kind=np.where(silent, "below", points.kind), value=np.maximum(points.value, limit))


def _sister(protocol: str, cell: DukeCell, row: Index, col: Index, split: str) -> Observations | None:
    """Readings of the other radio cell; "hidden" leaves out its readings in the hidden cells, or their blocks."""
    if not protocol.startswith("sister"):
        return None
    other = duke_cell(SISTERS[cell.name])
    if protocol == "sister known":
        return other.observations()
    side = round(64.0 / cell.grid.cell_m) if split == "block" else 1
    there = other.grid.index_of(other.points.x, other.points.y)
    hidden = np.unique(row // side * 4096 + col // side)
    return other.observations(~np.isin(there[0] // side * 4096 + there[1] // side, hidden))


def phone_scores(
    seeds: Sequence[int],
    *,
    protocols: Sequence[str] = PROTOCOLS,
    splits: Sequence[str] = SPLITS,
    cells: Sequence[str] = DUKE_CELLS,
    method: OpenCKM | None = None,
    progress: Progress | None = None,
    workers: int = 0,
) -> list[Score]:
    """Return the scores of the product and of its rival on every radio cell, protocol, split and seed.

    Args:
        seeds: the seeds of what is given.
        protocols: some of PROTOCOLS.
        splits: "random", "block", or numbers of cells that are read.
        cells: names of the radio cells.
        method: the product; None means as it ships.
        progress: called as progress(what, done, total).
        workers: processes, as for `openckm.evaluate.sweep.sweep`.
    """
    cases = list(product(protocols, splits, seeds, cells))
    return sweep(_PhoneWork(method), cases, workers=workers, progress=progress)


@dataclass(frozen=True)
class _PhoneWork:
    """The scores of the product, None as it ships, and of its rival on a case (protocol, split, seed, radio cell)."""

    method: OpenCKM | None

    def __call__(self, case: tuple[str, str, int, str]) -> list[Score]:
        protocol, split, seed, cell = case
        own = self.method or _product()
        (one,) = phone_cases(protocol, split, seed, [cell])
        return [_ours(own, one, protocol, split, seed), _rival(one, protocol, split, seed)]


@cache
def _product() -> OpenCKM:
    return OpenCKM()


def _ours(method: OpenCKM, case: PhoneCase, protocol: str, split: str, seed: int) -> Score:
    started = time.perf_counter()
    if case.sister is None:
        answer = method.reconstruct(case.given, case.cell.grid, draws=0, seed=seed)
    else:
        both = {"own": (case.given, case.cell.grid), "sister": (case.sister, case.cell.grid)}
        answer = method.several(both, draws=0, seed=seed)["own"]
    levels = {name: mean for name, (mean, _) in answer.provenance.get("devices", {}).items()}
    return _score(method.name, answer, levels, case, protocol, split, seed, time.perf_counter() - started)


def _rival(case: PhoneCase, protocol: str, split: str, seed: int) -> Score:
    from openckm.baselines import UniversalKriging

    started = time.perf_counter()
    method = UniversalKriging(phones=True, other=case.sister)
    answer = method.reconstruct(case.given, case.cell.grid, draws=0, seed=seed)
    stated = dict(answer.provenance.get("phone_offsets_db", {}))
    return _score(
        method.name, answer, _every_level(stated, case.given.gain_points(), case), case, protocol, split, seed,
        time.perf_counter() - started,
    )  # fmt: skip


def _every_level(stated: Mapping[str, float], readings: Points, case: PhoneCase) -> dict[str, float]:
    """Return the level of every phone over the map of the average share, from those of all but the commonest phone."""
    names = np.unique(readings.device)
    levels = {str(name): float(stated.get(str(name), 0.0)) for name in names}
    if len(names) == 2 and len(stated) == 1:
        where, phone = _flat(readings, case.cell), readings.device
        second = next(iter(stated))
        cells, back = np.unique(where, return_inverse=True)
        share = float(np.mean(np.bincount(back, phone == second, len(cells)) / np.bincount(back)))
        first = next(str(name) for name in names if str(name) != second)
        levels[first] = -share * levels[second] / max(1.0 - share, 1e-6)  # the share's mean is the map's
    return levels


def _score(
    name: str, answer: RadioMap, levels: Mapping[str, float], case: PhoneCase, protocol: str, split: str, seed: int,
    seconds: float,
) -> Score:  # fmt: skip
    level = np.array([levels.get(str(phone), 0.0) for phone in case.phone])
    mean = answer.mean().ravel()[case.at].astype(np.float64) + level
    spread = np.hypot(answer.std().ravel()[case.at], case.noise_db)
    low, high = mean - Z_90 * spread, mean + Z_90 * spread
    values = {
        "rmse_db": rmse(mean, case.value), "coverage_90": coverage(low, high, case.value),
        "crps_db": crps_gaussian(mean, spread, case.value), "width_90_db": interval_width(low, high),
    }  # fmt: skip
    if case.weak.any():
        values["bias_unheard_db"] = float(np.mean((mean - case.value)[case.weak]))
    evaluations = int(answer.provenance.get("network_evaluations", 0))
    city = f"Duke {case.cell.name}"
    return Score(name, protocol, split, city, case.cell.name, values, len(mean), evaluations, seconds, seed)
