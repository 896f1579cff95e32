"""Benchmark "heldout": ray-traced maps of cities that no prior was trained on, a few noisy cells of each given.

Tasks: `gain` (layout and transmitter known) and `gain_points` (the readings alone). Of the free covered cells, 0.5, 2
or 10 % are given with 2 dB of noise, the hidden ones are scored. Numbers are means over maps, intervals by bootstrap
over cities; the metric `rmse_ratio` is a method's mean RMSE over that of the best classical method of the row, which it
names, on the same maps, paired. `tracer_floor` is the noise of the truth itself, over the maps that state it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap, read_shards
from openckm.errors import InputError
from openckm.evaluate.benches.methods import NEED_SITE, SITE_BLIND, classical_methods, product_methods
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.scores.scoring import Score, Truth, case_of, city_of, ratio_rows, score_map, summary_rows
from openckm.evaluate.worlds.floors import floor_scores
from openckm.evaluate.worlds.folders import VARIABLES, data_folder
from openckm.maps.observations import Observations, Points
from openckm.reconstructor import Reconstructor

FRACTIONS = (0.005, 0.02, 0.1)
TASKS = ("gain", "gain_points")
NOISE_DB = 2.0
DRAWS = 0
"""Every method here states a normal belief per cell, which is scored in closed form."""
MAPS, QUICK_MAPS = 80, 8
MIN_FREE_CELLS = 2000


def run(
    quick: bool = False,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
    methods: Sequence[Reconstructor] | None = None,
    maps: int | None = None,
    fractions: Sequence[float] | None = None,
) -> Results:
    """Return the rows of the benchmark.

    Args:
        quick: 8 maps instead of 80.
        progress: called as progress(what, done, total).
        data_dir: folder of shards (*.npz); None means `data_folder("test")`.
        methods: the methods to compare; None means the classical ones and OpenCKM.
        maps: number of maps; overrides `quick`.
        fractions: shares of the free covered cells that are given; None means FRACTIONS.

    Raises:
        InputError: if the folder holds no usable shards.
        OpenCKMError: whatever a method raises.
    """
    chosen = [*classical_methods(), *product_methods()] if methods is None else methods
    traced = load_heldout(data_dir or data_folder("test", quick), maps or (QUICK_MAPS if quick else MAPS))
    scores: list[Score] = []
    for k, one in enumerate(traced):
        for fraction in FRACTIONS if fractions is None else fractions:
            alone = _scores(chosen, one, "gain_points", fraction, k)
            with_site = _scores([m for m in chosen if m.name not in SITE_BLIND], one, "gain", fraction, k)
            blind = [replace(s, task="gain") for s in alone if s.method in SITE_BLIND]
            scores += [*blind, *with_site, *alone]
        if progress is not None:
            progress(f"{one.city}, map {k}", k + 1, len(traced))
    scores += floor_scores(traced, task="gain", split="all", metric="rmse_db")
    return Results(table(scores), scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return summary_rows(scores) + ratio_rows(scores)


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
    pick = np.unique(np.linspace(0, len(usable) - 1, min(maps, len(usable))).round().astype(int))
    return [usable[k] for k in pick]


def heldout_case(traced: TracedMap, task: str, fraction: float, seed: int) -> tuple[Observations, Truth]:
    """Return the evidence of a task on a map and the truth at its hidden free covered cells."""
    row, col = np.nonzero(traced.covered)
    rng = np.random.default_rng([seed, round(fraction * 1e4)])
    given = np.zeros(row.size, dtype=bool)
    given[rng.choice(row.size, max(round(fraction * row.size), 3), replace=False)] = True
    gain: NDArray[np.float64] = traced.gain_db[row, col].astype(np.float64)
    noisy = gain[given] + NOISE_DB * rng.standard_normal(int(given.sum()))
    x, y = traced.grid.x[col[given]], traced.grid.y[row[given]]
    points = Points.exact(x, y, noisy, sigma=NOISE_DB, unit="dB", source=f"{traced.scene}, {fraction:.1%}")
    truth = Truth(row[~given], col[~given], gain[~given], np.zeros(int((~given).sum())))
    if task == "gain_points":
        return Observations(points=(points,)), truth
    return Observations(points=(points,), layout=traced.layout, transmitter=traced.transmitter), truth


def _scores(methods: Sequence[Reconstructor], traced: TracedMap, task: str, fraction: float, seed: int) -> list[Score]:
    observations, truth = heldout_case(traced, task, fraction, seed)
    scores = []
    for method in methods:
        if observations.transmitter is None and method.name in NEED_SITE:
            continue
        started = time.perf_counter()
        answer = method.reconstruct(observations, traced.grid, draws=DRAWS, seed=seed)
        seconds = time.perf_counter() - started
        evaluations = int(answer.provenance.get("network_evaluations", 0))
        values = score_map(answer, truth, seed=seed)
        scores.append(
            Score(method.name, task, f"{fraction:.1%}", case_of(traced, seed), city_of(traced), values,
                  truth.value.size, evaluations, seconds)
        )  # fmt: skip
    return scores
