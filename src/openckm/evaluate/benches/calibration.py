"""Benchmark "calibration": do the stated error bars hold, on held-out cities and on real measurements?

Tasks: `gain` and `gain_points` as in "heldout" (0.5 and 2 % of the cells given), `duke` as in "duke" (both splits).
Scores of the normal belief of each cell: coverage and width of the 90 % interval, CRPS (and its ratio to the best
classical method's), rms spread over RMSE and spread-skill slope (1 is right), Kolmogorov distance of the PIT, Brier
score of P(gain < -110 dB), or of RSRP < -110 dBm; of the draws, how uneven the truth's rank among them is. Where the
truth is noisy, beliefs and draws get its noise. Task `direction`: mean error of the angle of arrival, and CRPS and
energy score of its draws, beside the bearing of the transmitter.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from openckm.data.shards import TracedMap
from openckm.evaluate.benches.duke import duke_cases
from openckm.evaluate.benches.heldout import TASKS, heldout_case, load_heldout
from openckm.evaluate.benches.methods import NEED_SITE, SITE_BLIND, classical_methods, product_methods
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row
from openckm.evaluate.scores.circular import circular_crps, energy_score, mean_angular_error
from openckm.evaluate.scores.ensemble import (
    brier,
    pit_distance,
    pit_normal,
    rank_histogram,
    rank_unevenness,
    spread_skill,
)
from openckm.evaluate.scores.metrics import coverage, crps_gaussian, interval_width, rmse, widened
from openckm.evaluate.scores.scoring import Score, Truth, case_of, city_of, ratio_rows, summary_rows
from openckm.evaluate.worlds.duke import DUKE_CELLS, duke_cell
from openckm.evaluate.worlds.folders import data_folder
from openckm.evaluate.worlds.splits import SPLITS
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter
from openckm.reconstructor import Reconstructor

METRICS = (
    "coverage_90", "width_90_db", "crps_db", "rmse_db", "spread_ratio", "spread_skill_slope", "pit_distance",
    "outage_brier", "rank_unevenness",
)  # fmt: skip
DIRECTION_METRICS = ("angle_error_deg", "angle_crps_deg", "direction_energy")
FRACTIONS = (0.005, 0.02)
OUTAGE_DB = -110.0
DRAWS = 8
MAPS, QUICK_MAPS = 60, 5
SEEDS, QUICK_SEEDS = 3, 1


def run(
    quick: bool = False,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
    methods: Sequence[Reconstructor] | None = None,
    maps: int | None = None,
    cells: Sequence[str] = DUKE_CELLS,
) -> Results:
    """Return the rows of the benchmark.

    Args:
        quick: 5 maps and one seed of the real cells instead of 60 and 3.
        progress: called as progress(what, done, total).
        data_dir: folder of shards (*.npz); None means `data_folder("test")`.
        methods: the methods to compare; None means the classical ones and OpenCKM.
        maps: number of maps; overrides `quick`.
        cells: names of the real radio cells.

    Raises:
        InputError: if the folder holds no usable shards.
        OpenCKMError: whatever a method raises.
    """
    chosen = [*classical_methods(), *product_methods()] if methods is None else methods
    traced = load_heldout(data_dir or data_folder("test", quick), maps or (QUICK_MAPS if quick else MAPS))
    seeds = range(QUICK_SEEDS if quick else SEEDS)
    total, done = len(traced) + len(cells) * len(SPLITS) * len(seeds), 0
    scores: list[Score] = []
    angles: list[Score] = []
    for k, one in enumerate(traced):
        for fraction in FRACTIONS:
            found, turned = _heldout(chosen, one, fraction, k)
            scores, angles = scores + found, angles + turned
        done += 1
        if progress is not None:
            progress(f"{one.city}, map {k}", done, total)
    for name in cells:
        for split in SPLITS:
            scores += _duke(chosen, name, split, seeds)
            done += len(seeds)
            if progress is not None:
                progress(f"cell {name}, {split}", done, total)
    return Results(table([*scores, *angles]), [*scores, *angles])


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    return summary_rows(scores, (*METRICS, *DIRECTION_METRICS)) + ratio_rows(scores, "crps_db", "crps_ratio")


def belief_scores(answer: RadioMap, truth: Truth, *, outage: float = OUTAGE_DB, seed: int = 0) -> dict[str, float]:
    """Return the METRICS of a map's gain over the scored cells.

    Args:
        answer: a map with at least one draw.
        truth: what it is scored by.
        outage: threshold of the outage that is scored [unit of the map].
        seed: of the noise that draws get where the truth has some.

    Raises:
        OptionError: if the map is not finite where it is scored, has no draws, or nothing is scored.
    """
    at = (truth.row, truth.col)
    mean, own = (np.asarray(a[at], np.float64) for a in (answer.mean(), answer.std()))
    std = np.hypot(own, truth.noise_db)
    low, high = widened(mean, answer.quantile(0.05)[at], answer.quantile(0.95)[at], truth.noise_db)
    error = rmse(mean, truth.value)
    draws = np.asarray(answer.draws()[:, at[0], at[1]], np.float64)
    draws = draws + np.random.default_rng(seed).standard_normal(draws.shape) * truth.noise_db
    return {
        "coverage_90": coverage(low, high, truth.value),
        "width_90_db": interval_width(low, high),
        "crps_db": crps_gaussian(mean, std, truth.value),
        "rmse_db": error,
        "spread_ratio": float(np.sqrt(np.mean(std**2)) / error),
        "spread_skill_slope": spread_skill(mean, std, truth.value).slope,
        "pit_distance": pit_distance(pit_normal(mean, std, truth.value)),
        "outage_brier": brier(pit_normal(mean, std, np.full(mean.shape, outage)), truth.value < outage),
        "rank_unevenness": rank_unevenness(rank_histogram(draws, truth.value, seed=seed)),
    }


def direction_scores(answer: RadioMap, traced: TracedMap, truth: Truth) -> dict[str, float]:
    """Return the DIRECTION_METRICS of a map with draws, over the scored cells whose direction is known."""
    angle = traced.aoa_rad[truth.row, truth.col].astype(np.float64)
    known = np.isfinite(angle)
    at = (truth.row[known], truth.col[known])
    estimate = np.arctan2(answer.mean("aoa_sin")[at], answer.mean("aoa_cos")[at])
    drawn = np.arctan2(answer.draws("aoa_sin"), answer.draws("aoa_cos"))[:, at[0], at[1]]
    return {
        "angle_error_deg": float(np.rad2deg(mean_angular_error(estimate, angle[known]))),
        "angle_crps_deg": float(np.rad2deg(circular_crps(drawn, angle[known]))),
        "direction_energy": energy_score(drawn, angle[known]),
    }


def _heldout(
    methods: Sequence[Reconstructor], traced: TracedMap, fraction: float, k: int
) -> tuple[list[Score], list[Score]]:
    scores: list[Score] = []
    angles: list[Score] = []
    for task in TASKS[::-1]:
        observations, truth = heldout_case(traced, task, fraction, k)
        where = (task, f"{fraction:.1%}", case_of(traced, k), city_of(traced))
        for method in methods:
            if method.name in SITE_BLIND and task == "gain":
                scores += [replace(s, task=task) for s in scores if s.method == method.name]
                continue
            if observations.transmitter is None and method.name in NEED_SITE:
                continue
            answer, seconds = _answer(method, observations, traced.grid, k)
            scores.append(_score(method, answer, truth, where, seconds, 0))
            if task == "gain" and "aoa_cos" in answer.channels:
                values = direction_scores(answer, traced, truth)
                angles.append(replace(scores[-1], task="direction", values=values))
                if traced.transmitter is not None:
                    angles.append(_bearing_score(angles[-1], traced, truth, traced.transmitter))
    return scores, angles


def _bearing_score(like: Score, traced: TracedMap, truth: Truth, transmitter: Transmitter) -> Score:
    """The rival that says: it comes from where the transmitter stands. A certain belief, so its CRPS is its error."""
    x, y = traced.grid.x[truth.col], traced.grid.y[truth.row]
    angle = traced.aoa_rad[truth.row, truth.col].astype(np.float64)
    known = np.isfinite(angle)
    bearing = np.arctan2(transmitter.y - y, transmitter.x - x)[known]
    error = float(np.rad2deg(mean_angular_error(bearing, angle[known])))
    certain = energy_score(np.stack([bearing, bearing]), angle[known])
    values = {"angle_error_deg": error, "angle_crps_deg": error, "direction_energy": certain}
    return replace(like, method="bearing", values=values, network_evaluations=0, seconds=0.0)


def _duke(methods: Sequence[Reconstructor], name: str, split: str, seeds: range) -> list[Score]:
    cell = duke_cell(name)
    scores = []
    for seed, given, truth in duke_cases(cell, split, seeds):
        for method in methods:
            answer, seconds = _answer(method, given, cell.grid, seed)
            scores.append(_score(method, answer, truth, ("duke", split, f"Duke {name}", name), seconds, seed))
    return scores


def _answer(method: Reconstructor, observations: Observations, grid: Grid, seed: int) -> tuple[RadioMap, float]:
    started = time.perf_counter()
    answer = method.reconstruct(observations, grid, draws=DRAWS, seed=seed)
    return answer, time.perf_counter() - started


def _score(
    method: Reconstructor, answer: RadioMap, truth: Truth, where: tuple[str, str, str, str], seconds: float, seed: int
) -> Score:
    return Score(
        method.name, *where, belief_scores(answer, truth, seed=seed), truth.value.size,
        int(answer.provenance.get("network_evaluations", 0)), seconds, seed,
    )  # fmt: skip
