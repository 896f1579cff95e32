"""Benchmark "heldout": ray-traced maps of cities that no prior was trained on, a few noisy cells of each given.

Tasks: `gain` (layout and transmitter known) and `gain_points` (the readings alone). FRACTIONS of the free covered cells
are given with 2 dB of noise and the hidden ones are scored: how large the error is, and whether the stated spread is
the true one (`openckm.evaluate.scores.scoring.score_map`). `rmse_ratio` and `crps_ratio` are a method's mean score over
that of the best classical method of the row, which they name, on the same maps, paired. Fewer maps are asked the shares
of _RARE. Every _DRAWN-th map is asked for draws, too, at the shares of _OFTEN: the truth's rank among them is scored,
and, as task `direction`, the error of the angle of arrival and CRPS and energy score of its draws, beside the bearing
of the transmitter. Numbers are means over maps, intervals by bootstrap over cities. `tracer_floor` is the noise of the
truth itself, over the maps that state it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap, read_shards
from openckm.errors import InputError
from openckm.evaluate.benches.methods import NEED_SITE, SITE_BLIND, classical_methods, product_methods
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.scores.circular import circular_crps, energy_score, mean_angular_error
from openckm.evaluate.scores.scoring import Score, Truth, ask, belief_rows, case_of, city_of
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.sweep import sweep
from openckm.evaluate.worlds.floors import floor_scores
from openckm.evaluate.worlds.folders import VARIABLES
from openckm.evaluate.worlds.splits import evenly
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import RadioMap
from openckm.reconstructor import Reconstructor

_OFTEN = (0.005, 0.02)
_RARE = {0.001: 2, 0.05: 4, 0.1: 4}
"""Shares that are asked of every second, or every fourth, map alone."""
FRACTIONS, _QUICK_FRACTIONS = (*_OFTEN, *_RARE), (0.001, *_OFTEN)
TASKS = ("gain_points", "gain")
NOISE_DB = 2.0
DRAWS, _DRAWN = 8, 8
MAPS, QUICK_MAPS = 80, 6
MIN_FREE_CELLS = 2000
DIRECTION_METRICS = ("angle_error_deg", "angle_crps_deg", "direction_energy")


@benchmark("data_dir", "workers")
def run(
    setup: Setup, methods: Sequence[Reconstructor] | None = None, maps: int | None = None,
    fractions: Sequence[float] | None = None,
) -> Results:  # fmt: skip
    """Return the rows of the benchmark.

    Args:
        setup: quick means 6 maps instead of 80, and shares up to 2 %.
        methods: the methods to compare; None means the classical ones and OpenCKM.
        maps: number of maps; overrides `quick`.
        fractions: shares of the free covered cells that are given; overrides `quick`.

    Raises:
        InputError: if the folder holds no usable shards.
        OpenCKMError: whatever a method raises.
    """
    folder, count = setup.maps(), maps or (QUICK_MAPS if setup.quick else MAPS)
    work = _HeldoutWork(None if methods is None else tuple(methods), folder, count)
    traced, asked = _traced(folder, count), fractions or (_QUICK_FRACTIONS if setup.quick else FRACTIONS)
    cases = [(k, share) for k in range(len(traced)) for share in asked if k % _RARE.get(share, 1) == 0]
    scores = sweep(work, cases, workers=setup.workers, progress=setup.progress)
    scores += floor_scores(traced, task="gain", split="all", metric="rmse_db")
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return belief_rows(scores, DIRECTION_METRICS)


@dataclass(frozen=True)
class _HeldoutWork:
    """The scores of methods on a case (number of the map, share that is read); None means every method there is."""

    methods: tuple[Reconstructor, ...] | None
    folder: Path
    maps: int

    def __call__(self, case: tuple[int, float]) -> list[Score]:
        number, fraction = case
        methods = _every_method() if self.methods is None else self.methods
        return map_scores(methods, _traced(self.folder, self.maps)[number], fraction, number)


@cache
def _every_method() -> tuple[Reconstructor, ...]:
    return (*classical_methods(), *product_methods())


@lru_cache(maxsize=1)
def _traced(folder: Path, maps: int) -> list[TracedMap]:
    """Return the maps, read once a process."""
    return load_heldout(folder, maps)


def load_heldout(folder: Path, maps: int) -> list[TracedMap]:
    """Return up to `maps` maps with at least MIN_FREE_CELLS free covered cells, spread evenly over the shards' maps.

    Raises:
        InputError: if the folder holds no usable shards.
    """
    paths = sorted(folder.glob("*.npz"))
    usable = [m for m in read_shards(paths) if int(m.covered.sum()) >= MIN_FREE_CELLS]
    if not usable:
        raise InputError(
            f"no held-out maps in {folder}: make them with `make bench-data` or `ckm data generate --split test`, say"
            f" where they are with the variable {VARIABLES['test']}, or run --quick on the sample in a clone"
        )
    return evenly(usable, maps)


def heldout_case(traced: TracedMap, task: str, fraction: float, seed: int) -> tuple[Observations, Truth]:
    """Return the evidence of a task on a map and the truth at its hidden free covered cells.

    Args:
        traced: the map.
        task: one of TASKS.
        fraction: share of the free covered cells that is read, 3 at least; 0 reads none.
        seed: the seed of which are read, and of their noise.
    """
    row, col = np.nonzero(traced.covered)
    rng = np.random.default_rng([seed, round(fraction * 1e4)])
    given = np.zeros(row.size, dtype=bool)
    given[rng.choice(row.size, max(round(fraction * row.size), 3) if fraction else 0, replace=False)] = True
    gain: NDArray[np.float64] = traced.gain_db[row, col].astype(np.float64)
    noisy = gain[given] + NOISE_DB * rng.standard_normal(int(given.sum()))
    x, y = traced.grid.x[col[given]], traced.grid.y[row[given]]
    read = Points.exact(x, y, noisy, sigma=NOISE_DB, unit="dB", source=f"{traced.scene}, {fraction:.1%}")
    points = (read,) if len(read) else ()
    truth = Truth(row[~given], col[~given], gain[~given], np.zeros(int((~given).sum())))
    if task == "gain_points":
        return Observations(points=points), truth
    layout = replace(traced.layout, around=traced.around)
    return Observations(points=points, layout=layout, transmitter=traced.transmitter), truth


def map_scores(methods: Sequence[Reconstructor], traced: TracedMap, fraction: float, number: int) -> list[Score]:
    """Return the scores of methods on one map; what makes nothing of the site is asked once for both tasks.

    Args:
        methods: which.
        traced: the map.
        fraction: share of its free covered cells that is given.
        number: its number among the maps, which is the seed of what is given.
    """
    draws = DRAWS if fraction in _OFTEN and number % _DRAWN == 0 else 0
    scores: list[Score] = []
    for task in TASKS:
        observations, truth = heldout_case(traced, task, fraction, number)
        where = (task, f"{fraction:.1%}", case_of(traced, number), city_of(traced))
        for method in methods:
            if task == "gain" and method.name in SITE_BLIND:
                scores += [replace(s, task=task) for s in scores if s.method == method.name]
            elif task == "gain" or method.name not in NEED_SITE:
                found, answer = ask(method, observations, traced.grid, truth, where, draws=draws, seed=number)
                scores.append(found)
                if task == "gain" and draws and "aoa_cos" in answer.channels:
                    scores += _directions(found, answer, traced, truth)
    return scores


def _directions(like: Score, answer: RadioMap, traced: TracedMap, truth: Truth) -> Iterator[Score]:
    """Yield the scores of a map's direction, and of the rival that says: it comes from where the transmitter stands."""
    angle = traced.aoa_rad[truth.row, truth.col].astype(np.float64)
    known = np.isfinite(angle)
    at, angle = (truth.row[known], truth.col[known]), angle[known]
    mean = np.arctan2(answer.mean("aoa_sin")[at], answer.mean("aoa_cos")[at])
    drawn = np.arctan2(answer.draws("aoa_sin"), answer.draws("aoa_cos"))[:, at[0], at[1]]
    yield replace(like, task="direction", values=_angles(mean, drawn, angle))
    if traced.transmitter is not None:
        x, y = traced.grid.x[at[1]], traced.grid.y[at[0]]
        bearing = np.arctan2(traced.transmitter.y - y, traced.transmitter.x - x)
        certain = _angles(bearing, np.stack([bearing, bearing]), angle)
        yield replace(like, task="direction", method="bearing", values=certain, network_evaluations=0, seconds=0.0)


def _angles(mean: NDArray[np.float64], drawn: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float]:
    return {
        "angle_error_deg": float(np.rad2deg(mean_angular_error(mean, truth))),
        "angle_crps_deg": float(np.rad2deg(circular_crps(drawn, truth))),
        "direction_energy": energy_score(drawn, truth),
    }
