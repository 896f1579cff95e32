"""Do the intervals of statements on whole routes and areas hold, on maps that the prior never saw?

Each held-out map is constructed from 2 % of its cells, with draws; routes and areas at random are asked what share of
them lies above a level, draw by draw (`openckm.atlas`), and the tracer's truth says how often the 90 % intervals hold.
Beside that: what cells that know nothing of each other would claim, a sum of independent coins, each with its cell's
chance of lying above the level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtr
from shapely.geometry import LineString

from openckm.atlas import MapView, Route, ask_area, ask_route
from openckm.atlas.areas import cells_within
from openckm.atlas.routes import sample_weights
from openckm.data.shards import TracedMap
from openckm.evaluate.benches.heldout import heldout_case
from openckm.evaluate.report.rows import Row
from openckm.evaluate.scores.scoring import Score, case_of, city_of, summary_rows
from openckm.infer.construct import OpenCKM
from openckm.infer.spread.normal import Z_90
from openckm.maps.radiomap import RadioMap

SHARE, DRAWS, _ASKED = 0.02, 24, 40
LEVELS = (0.3, 0.5, 0.7)
"""Quantiles of the map's own mean that are the levels asked for."""
LEAST_CELLS = 30
_ARTICLE = {"route": "a", "area": "an"}
Floats = NDArray[np.float64]
Progress = Callable[[int], None]


@dataclass(frozen=True)
class _Claim:
    """Two intervals of one share, and the truth."""

    joint: tuple[float, float]
    alone: tuple[float, float]
    truth: float


def joint_scores(traced: Sequence[TracedMap], on_progress: Progress | None = None) -> list[Score]:
    """Return how often the intervals of shares of each map's routes and areas hold, and how wide they are."""
    scores: list[Score] = []
    for k, one in enumerate(traced):
        observations, _ = heldout_case(one, "gain", SHARE, k)
        made = OpenCKM().reconstruct(observations, one.grid, draws=DRAWS, seed=k)
        scores += scores_of(made, one, k)
        if on_progress is not None:
            on_progress(k + 1)
    return scores


def scores_of(made: RadioMap, one: TracedMap, k: int) -> list[Score]:
    """Return the scores of one map's draws, and of independent cells, as case number `k`."""
    made.dataset["valid"].values[:] = one.covered
    view, rng = MapView.of(made, one.scene), np.random.default_rng([k, 31])
    mean, std = made.mean().astype(np.float64), made.std().astype(np.float64)
    levels = np.quantile(mean[one.covered], LEVELS)
    claims = {
        "route": _routes(one, view, mean, std, levels, rng), "area": _areas(one, view, mean, std, levels, rng)
    }  # fmt: skip
    calls, seconds = (float(made.provenance.get(name, 0)) for name in ("network_evaluations", "seconds"))
    return [
        Score(who, f"share of {_ARTICLE[kind]} {kind} above a level", f"{SHARE:.0%} read, {DRAWS} draws",
              case_of(one, k), city_of(one), _values([getattr(c, name) for c in found], [c.truth for c in found]),
              len(found), int(calls), seconds)
        for kind, found in claims.items() for who, name in (("draws", "joint"), ("independent cells", "alone"))
    ]  # fmt: skip


def joint_rows(scores: Sequence[Score]) -> list[Row]:
    """Return the table of the scores of `joint_scores`: means over maps, intervals over cities."""
    return summary_rows([s for s in scores if s.task.startswith("share of")], ("coverage_90", "width"))


def _routes(
    one: TracedMap, view: MapView, mean: Floats, std: Floats, levels: Floats, rng: np.random.Generator
) -> list[_Claim]:
    west, south, east, north = view.grid.bounds
    out: list[_Claim] = []
    while len(out) < _ASKED:
        ends = rng.uniform((west + 1e-6, south + 1e-6), (east, north), (2, 2))
        if np.hypot(*(ends[1] - ends[0])) < LEAST_CELLS * view.grid.cell_m:
            continue
        route = Route.of(LineString(ends), view.grid, crs=None, spacing_m=view.grid.cell_m)
        row, col = view.grid.index_of(route.x, route.y)
        said = one.covered[row, col]
        if said.sum() < LEAST_CELLS:
            continue
        level = float(rng.choice(levels))
        joint = ask_route(view, route, above=level).share
        weights = sample_weights(route)[said]
        if joint is not None:
            cells = mean[row, col][said], std[row, col][said], one.gain_db[row, col][said]
            out.append(_claim((joint.low, joint.high), cells, level, weights / weights.sum(), (row[said], col[said])))
    return out


def _areas(
    one: TracedMap, view: MapView, mean: Floats, std: Floats, levels: Floats, rng: np.random.Generator
) -> list[_Claim]:
    west, south, east, north = view.grid.bounds
    out: list[_Claim] = []
    while len(out) < _ASKED:
        side = rng.uniform(8, 48, 2) * view.grid.cell_m
        x, y = rng.uniform(west, east - side[0]), rng.uniform(south, north - side[1])
        polygon = shapely.box(x, y, x + side[0], y + side[1])
        rows, cols, inside = cells_within(view, polygon)
        said = inside & one.covered[rows, cols]
        if said.sum() < LEAST_CELLS:
            continue
        level = float(rng.choice(levels))
        joint = ask_area(view, polygon, level, crs=None).share
        cells = mean[rows, cols][said], std[rows, cols][said], one.gain_db[rows, cols][said]
        count = int(said.sum())
        out.append(_claim((joint.low, joint.high), cells, level, np.full(count, 1.0 / count), None))
    return out


def _claim(
    joint: tuple[float, float], cells: tuple[NDArray[np.floating], ...], level: float, weights: Floats,
    same: tuple[NDArray[np.intp], NDArray[np.intp]] | None,
) -> _Claim:  # fmt: skip
    """Return both claims: samples of one cell (`same`) are one coin."""
    mean, std, truth = cells
    chance = ndtr((mean - level) / np.maximum(std, 1e-6))
    own = np.arange(len(weights)) if same is None else np.unique(np.stack(same, 1), axis=0, return_inverse=True)[1]
    coin = np.bincount(own.ravel(), weights)
    spread = Z_90 * np.sqrt(np.sum(coin**2 * _per(chance * (1 - chance), own.ravel())))
    middle = float(np.sum(weights * chance))
    right = float(np.sum(weights * (truth >= level)))
    return _Claim(joint, (max(middle - spread, 0.0), min(middle + spread, 1.0)), right)


def _per(values: Floats, own: NDArray[np.intp]) -> Floats:
    return np.asarray(np.bincount(own, values) / np.bincount(own), np.float64)


def _values(claims: Sequence[tuple[float, float]], truth: Sequence[float]) -> dict[str, float]:
    """Return the share of intervals that hold the truth, and their mean width."""
    held = [_holds(interval, right) for interval, right in zip(claims, truth, strict=True)]
    return {"coverage_90": float(np.mean(held)), "width": float(np.mean([high - low for low, high in claims]))}


def _holds(interval: tuple[float, float], truth: float) -> bool:
    """Say whether an interval holds the truth, both to a part in a million."""
    return interval[0] - 1e-6 <= truth <= interval[1] + 1e-6
