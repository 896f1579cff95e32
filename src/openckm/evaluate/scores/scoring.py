"""Scoring one map, and summing up many scores into the rows of a table.

Where the truth is itself a noisy average (real measurements), the belief is about the map and the truth is map plus
noise of a known spread: intervals and draws are widened by it before they are scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.scores.bootstrap import mean_interval, ratio_interval
from openckm.evaluate.scores.metrics import coverage, crps_draws, crps_gaussian, interval_width, rmse, widened
from openckm.maps.radiomap import RadioMap

__all__ = ["METRICS", "Score", "Truth", "ratio_rows", "ratio_rows_over", "score_map", "summary_rows"]

METRICS = ("rmse_db", "coverage_90", "crps_db", "width_90_db")


@dataclass(frozen=True)
class Truth:
    """What a map is scored by.

    Attributes:
        row: rows of the scored cells, shape (n,).
        col: columns of the scored cells, shape (n,).
        value: true values [unit of the map], shape (n,).
        noise_db: standard deviation of their noise [dB], shape (n,); 0 where the truth is exact.
    """

    row: NDArray[np.intp]
    col: NDArray[np.intp]
    value: NDArray[np.float64]
    noise_db: NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """The scores of one map by one method.

    Attributes:
        method: name of the method.
        task: what was asked.
        split: which evidence was given.
        cluster: unit of resampling (radio cell, city).
        values: score by metric name.
        n: cells scored.
        network_evaluations: network evaluations that the map took.
        seconds: wall-clock time that the map took [s].
    """

    method: str
    task: str
    split: str
    cluster: str
    values: dict[str, float]
    n: int
    network_evaluations: int
    seconds: float


def score_map(answer: RadioMap, truth: Truth, *, seed: int = 0) -> dict[str, float]:
    """Return the METRICS of a map's gain over the scored cells.

    The CRPS is the fair one of the map's draws where it holds at least two, else that of a normal belief.

    Raises:
        OptionError: if the map is not finite where it is scored, or nothing is scored.
    """
    at = (truth.row, truth.col)
    mean = np.asarray(answer.mean()[at], np.float64)
    low, high = widened(mean, answer.quantile(0.05)[at], answer.quantile(0.95)[at], truth.noise_db)
    return {
        "rmse_db": rmse(mean, truth.value),
        "coverage_90": coverage(low, high, truth.value),
        "crps_db": _crps(answer, mean, truth, seed),
        "width_90_db": interval_width(low, high),
    }


def _crps(answer: RadioMap, mean: NDArray[np.float64], truth: Truth, seed: int) -> float:
    at = (truth.row, truth.col)
    if "draws" in answer.dataset and answer.dataset.sizes["draw"] >= 2:
        draws = np.asarray(answer.draws()[:, at[0], at[1]], np.float64)
        noise = np.random.default_rng(seed).standard_normal(draws.shape) * truth.noise_db
        return crps_draws(draws + noise, truth.value)
    return crps_gaussian(mean, np.hypot(answer.std()[at], truth.noise_db), truth.value)


def summary_rows(scores: Sequence[Score], metrics: Sequence[str] = METRICS) -> list[Row]:
    """Return one row per method, task, split and metric: the mean over maps, its interval over clusters."""
    return [_row(group, metric) for group in _groups(scores) for metric in metrics]


def ratio_rows(scores: Sequence[Score], metric: str = "rmse_db", name: str = "rmse_ratio") -> list[Row]:
    """Return each other method's mean score over the best kriging's, paired by map, per task and split.

    Args:
        scores: of several methods on the same maps.
        metric: which score; lower is better.
        name: what the ratio is called.
    """
    rows = []
    for task, split in dict.fromkeys((s.task, s.split) for s in scores):
        here = [s for s in scores if (s.task, s.split) == (task, split)]
        by_method = {m: [s for s in here if s.method == m] for m in dict.fromkeys(s.method for s in here)}
        rivals = {m: group for m, group in by_method.items() if m.endswith("kriging")}
        if not rivals:
            continue
        rival = min(rivals.values(), key=lambda group: float(np.mean([s.values[metric] for s in group])))
        rows += [_ratio_row(group, rival, metric, name) for m, group in by_method.items() if m not in rivals]
    return rows


def ratio_rows_over(scores: Sequence[Score], task: str, split: str, rival: str, metric: str = "rmse_db") -> list[Row]:
    """Return each other method's mean score over one rival's, paired by map, named "METRIC over RIVAL".

    Args:
        scores: of several methods on the same maps.
        task: which task.
        split: which evidence.
        rival: name of the method in the denominator; without scores of it there are no rows.
        metric: which score; lower is better.
    """
    here = [s for s in scores if (s.task, s.split) == (task, split)]
    bottom = [s for s in here if s.method == rival]
    others = [m for m in dict.fromkeys(s.method for s in here) if m != rival]
    groups = [[s for s in here if s.method == m] for m in others] if bottom else []
    return [_ratio_row(group, bottom, metric, f"{metric} over {rival}") for group in groups]


def _ratio_row(group: Sequence[Score], rival: Sequence[Score], metric: str, name: str) -> Row:
    top, bottom = ([s.values[metric] for s in scores] for scores in (group, rival))
    found = ratio_interval(top, bottom, [s.cluster for s in group])
    return _cost_row(group, name, (found.value, found.low, found.high))


def _groups(scores: Sequence[Score]) -> Iterator[list[Score]]:
    groups: dict[tuple[str, str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.task, score.split, score.method), []).append(score)
    yield from groups.values()


def _row(group: Sequence[Score], metric: str) -> Row:
    found = mean_interval([s.values[metric] for s in group], [s.cluster for s in group])
    return _cost_row(group, metric, (found.value, found.low, found.high))


def _cost_row(group: Sequence[Score], metric: str, interval: tuple[float, float, float]) -> Row:
    first = group[0]
    return Row(
        first.method, first.task, first.split, metric, *interval, sum(s.n for s in group),
        max(s.network_evaluations for s in group), float(np.mean([s.seconds for s in group])), peak_mb(),
    )  # fmt: skip
