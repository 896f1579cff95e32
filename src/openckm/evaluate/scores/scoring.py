"""Scoring one map, and summing up many scores into the rows of a table.

Where the truth is itself a noisy average (real measurements), the belief is about the map and the truth is map plus
noise of a known spread: intervals and draws are widened by it before they are scored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap
from openckm.errors import OptionError
from openckm.evaluate.benches.methods import CLASSICAL
from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.scores.bootstrap import mean_interval, ratio_interval
from openckm.evaluate.scores.ensemble import (
    brier,
    pit_distance,
    pit_normal,
    rank_histogram,
    rank_unevenness,
    spread_skill,
)
from openckm.evaluate.scores.metrics import coverage, crps_gaussian, interval_width, rmse, widened
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.reconstructor import Reconstructor

METRICS = (
    "rmse_db", "coverage_90", "crps_db", "width_90_db", "spread_ratio", "spread_skill_slope", "pit_distance",
    "outage_brier", "rank_unevenness",
)  # fmt: skip
_OUTAGE_DB = -110.0
"""Threshold of the outage that is scored, of gain [dB] or of RSRP [dBm]."""


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
    """The scores of one map by one method: one line of a benchmark's cases, rounded as they are kept there.

    Attributes:
        method: name of the method.
        task: what was asked.
        split: which evidence was given.
        case: name of the map or window that was asked for; with `seed` the unit of pairing between methods.
        city: where it lies; the unit of resampling. A procedural city's name ends with "/" and its scene.
        values: score by metric name.
        n: cells scored.
        network_evaluations: network evaluations that the map took.
        seconds: processor time that the map took [s].
        seed: the seed of the evidence.
    """

    method: str
    task: str
    split: str
    case: str
    city: str
    values: dict[str, float]
    n: int
    network_evaluations: int
    seconds: float
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", {name: round(float(value), 6) for name, value in self.values.items()})
        object.__setattr__(self, "seconds", float(f"{self.seconds:.4g}"))


def city_of(traced: TracedMap) -> str:
    """Return the city of a ray-traced map; every scene of a procedural kind is a city of its own."""
    return f"{traced.city}/{traced.scene}" if traced.city.startswith("procedural") else traced.city


def case_of(traced: TracedMap, number: int) -> str:
    """Return the name of a map's case, unlike that of every other map: a scene may hold several maps.

    Args:
        traced: the map.
        number: its number among the maps of the benchmark.
    """
    return f"{traced.scene}#{number}"


def ask(
    method: Reconstructor, observations: Observations, grid: Grid, truth: Truth, where: tuple[str, str, str, str],
    *, draws: int = 0, seed: int = 0,
) -> tuple[Score, RadioMap]:  # fmt: skip
    """Return the scores of a method on one map, and the map.

    Args:
        method: which.
        observations: the evidence.
        grid: the cells.
        truth: what the map is scored by.
        where: task, split, case and city of the scores.
        draws: the number of draws that are asked for.
        seed: the seed of the evidence, and of the draws.

    Raises:
        OpenCKMError: whatever the method raises.
    """
    begun = time.process_time()
    answer = method.reconstruct(observations, grid, draws=draws, seed=seed)
    cost = int(answer.provenance.get("network_evaluations", 0)), time.process_time() - begun
    return Score(method.name, *where, score_map(answer, truth, seed=seed), truth.value.size, *cost, seed), answer


def score_map(answer: RadioMap, truth: Truth, *, seed: int = 0) -> dict[str, float]:
    """Return the METRICS of the normal belief in a map's gain over the scored cells; ranks where it holds draws.

    Args:
        answer: the map.
        truth: what it is scored by.
        seed: the seed of the noise that draws get where the truth has some.

    Raises:
        OptionError: if the map is not finite where it is scored, or nothing is scored.
    """
    at = (truth.row, truth.col)
    mean, own = (np.asarray(a[at], np.float64) for a in (answer.mean(), answer.std()))
    std = np.hypot(own, truth.noise_db)
    low, high = widened(mean, answer.quantile(0.05)[at], answer.quantile(0.95)[at], truth.noise_db)
    error = rmse(mean, truth.value)
    found = {
        "rmse_db": error, "coverage_90": coverage(low, high, truth.value),
        "crps_db": crps_gaussian(mean, std, truth.value), "width_90_db": interval_width(low, high),
        "spread_ratio": float(np.sqrt(np.mean(std**2)) / max(error, 1e-9)),
        "spread_skill_slope": spread_skill(mean, std, truth.value).slope,
        "pit_distance": pit_distance(pit_normal(mean, std, truth.value)),
        "outage_brier": brier(pit_normal(mean, std, np.full(mean.shape, _OUTAGE_DB)), truth.value < _OUTAGE_DB),
    }  # fmt: skip
    if "draws" in answer.dataset and answer.dataset.sizes["draw"]:
        draws = np.asarray(answer.draws()[:, at[0], at[1]], np.float64)
        draws = draws + np.random.default_rng(seed).standard_normal(draws.shape) * truth.noise_db
        found["rank_unevenness"] = rank_unevenness(rank_histogram(draws, truth.value, seed=seed))
    return found


def _by_case(scores: Sequence[Score]) -> dict[tuple[str, int], Score]:
    """Return the scores of one method, task and split by case and seed.

    Raises:
        OptionError: if a case has two scores, so that one would stand for the other.
    """
    found: dict[tuple[str, int], Score] = {}
    for score in scores:
        if (score.case, score.seed) in found:
            raise OptionError(
                f"{score.method}, {score.task}, {score.split}: case {score.case!r}, seed {score.seed} is scored twice; "
                "give every map a name of its own"
            )
        found[score.case, score.seed] = score
    return found


def paired(scores: Sequence[Score], method: str, rival: str) -> list[tuple[Score, Score]]:
    """Return the scores of two methods on the cases that both answered, in the order of case and seed.

    Args:
        scores: those of one task and split.
        method: name of the one.
        rival: name of the other.
    """
    own, other = (_by_case([s for s in scores if s.method == name]) for name in (method, rival))
    return [(own[key], other[key]) for key in sorted(own.keys() & other.keys())]


def summary_rows(scores: Sequence[Score], metrics: Sequence[str] = METRICS) -> list[Row]:
    """Return one row per method, task, split and metric: the mean over maps, its interval over cities.

    A metric that a group of scores lacks has no row.

    Raises:
        OptionError: if a case has two scores.
    """
    rows = []
    for group in _groups(scores):
        _by_case(group)
        for metric in metrics:
            having = [s for s in group if metric in s.values]
            rows += [_row(having, metric)] if having else []
    return rows


def best_rival(scores: Sequence[Score], rivals: Sequence[str], metric: str = "rmse_db") -> str | None:
    """Return the rival with the least mean score, or None where none of them has a score.

    Args:
        scores: the scores of one task and split.
        rivals: names of the methods to choose from; the choice is by the truth, which favours the rivals.
        metric: which score; lower is better.
    """
    by_method = {m: [s.values[metric] for s in scores if s.method == m and metric in s.values] for m in rivals}
    means = {m: float(np.mean(values)) for m, values in by_method.items() if values}
    return min(means, key=lambda m: means[m]) if means else None


def ratio_rows(
    scores: Sequence[Score], metric: str = "rmse_db", name: str = "rmse_ratio", rivals: Sequence[str] = CLASSICAL
) -> list[Row]:
    """Return each other method's mean score over that of the best rival, paired by case, per task and split.

    Args:
        scores: the scores of several methods on the same maps.
        metric: which score; lower is better.
        name: what the ratio is called.
        rivals: names of the methods of which the best is the denominator, on each task and split for itself.
    """
    rows = []
    for task, split in dict.fromkeys((s.task, s.split) for s in scores):
        here = [s for s in scores if (s.task, s.split) == (task, split) and metric in s.values]
        best = best_rival(here, rivals, metric)
        if best is not None:
            rows += _ratios(here, best, metric, name, without=rivals)
    return rows


def belief_rows(scores: Sequence[Score], further: Sequence[str] = ()) -> list[Row]:
    """Return the METRICS and further ones of every method, and error and CRPS over the best classical method's.

    Args:
        scores: the scores of several methods on the same maps.
        further: names of further metrics.
    """
    ratios = ratio_rows(scores) + ratio_rows(scores, "crps_db", "crps_ratio")
    return summary_rows(scores, (*METRICS, *further)) + ratios


def ratio_rows_over(scores: Sequence[Score], task: str, split: str, rival: str, metric: str = "rmse_db") -> list[Row]:
    """Return each other method's mean score over one rival's, paired by case, named "METRIC over RIVAL".

    Args:
        scores: the scores of several methods on the same maps.
        task: which task.
        split: which evidence.
        rival: name of the method in the denominator; without scores of it there are no rows.
        metric: which score; lower is better.
    """
    here = [s for s in scores if (s.task, s.split) == (task, split) and metric in s.values]
    return _ratios(here, rival, metric, f"{metric} over {rival}")


def _ratios(here: Sequence[Score], rival: str, metric: str, name: str, without: Sequence[str] = ()) -> list[Row]:
    """Ratios on the cases that both answered."""
    bottom = _by_case([s for s in here if s.method == rival])
    rows = []
    for method in dict.fromkeys(s.method for s in here):
        top = _by_case([s for s in here if s.method == method])
        both = [key for key in top if key in bottom]
        if method == rival or method in without or not both:
            continue
        rows.append(replace(_ratio_row([top[k] for k in both], [bottom[k] for k in both], metric, name), over=rival))
    return rows


def _ratio_row(above: Sequence[Score], below: Sequence[Score], metric: str, name: str) -> Row:
    top, bottom = (np.array([s.values[metric] for s in group]) for group in (above, below))
    cities = _per_city(above, lambda at: top[at].mean() / bottom[at].mean())
    return _cost_row(above, name, ratio_interval(top, bottom, [s.city for s in above]), cities)


def _groups(scores: Sequence[Score]) -> Iterator[list[Score]]:
    groups: dict[tuple[str, str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.task, score.split, score.method), []).append(score)
    yield from groups.values()


def _row(group: Sequence[Score], metric: str) -> Row:
    values = np.array([s.values[metric] for s in group])
    cities = _per_city(group, lambda at: values[at].mean())
    return _cost_row(group, metric, mean_interval(values, [s.city for s in group]), cities)


def _per_city(group: Sequence[Score], statistic: Callable[[NDArray[np.intp]], float]) -> dict[str, float]:
    """The statistic of each city's scores; procedural cities are one column."""
    label = np.array([s.city.split("/")[0].split("-")[0] for s in group])
    return {str(city): round(float(statistic(np.flatnonzero(label == city))), 5) for city in np.unique(label)}


def _cost_row(
    group: Sequence[Score], metric: str, interval: tuple[float, float, float], cities: dict[str, float]
) -> Row:
    first = group[0]
    return Row(
        first.method, first.task, first.split, metric, *interval, sum(s.n for s in group),
        max(s.network_evaluations for s in group), float(np.mean([s.seconds for s in group])), peak_mb(),
        cases=len(group), cities=cities,
    )  # fmt: skip
