"""Seams of cities: traced maps made in many small windows, beside the same maps made in one.

Each map of 128 x 128 cells is a city of one site with windows of 64 x 64 cells, a quarter of which overlaps: every
fifth line of cells is a border of a window. Cells in overlaps are compared with the others by their error against the
tracer's truth, and steps of more than 3 dB between free neighbours across the borders of windows with those elsewhere.
Borders do not lie at random on a map with its mast in the middle; `one window` says what the same lines have without.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.city import CityPlan, make_city
from openckm.city.plan import folder_of
from openckm.data.shards import TracedMap
from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.scores.bootstrap import resampled_weights
from openckm.evaluate.scores.scoring import Score, case_of, city_of
from openckm.maps.grid import Grid
from openckm.maps.site_plan import SitePlan
from openckm.maps.zarr_map import ZarrMap

MERIDIAN, _EQUATOR, ZONE = 27.0, 111_000.0, "EPSG:32635"
"""Middle of a UTM zone, where north is up, and a northing in it [m]."""
WINDOW, STEP_DB, SHARE, NOISE_DB, _POWER_DBM = 64, 3.0, 0.02, 2.0, 40.0
DRAWS = 4
_REPORTED_DBM = (-160.0, -20.0)
"""Powers that a drive test can hold [dBm]; readings beyond them are left out."""
WHERE = ("there", "elsewhere")
"""In overlaps of windows or at their borders, and elsewhere."""
Floats = NDArray[np.float64]
Progress = Callable[[int], None]


def _city_of_map(traced: TracedMap, folder: Path, *, readings: bool, window: int, draws: int, seed: int) -> CityPlan:
    """Return the city of one traced map, with the files that it is made from."""
    folder.mkdir(parents=True, exist_ok=True)
    (rows, cols), cell = traced.grid.shape, traced.grid.cell_m
    west, north = round(500_000 / cell) * cell - cols // 2 * cell, round(_EQUATOR / cell) * cell
    grid = Grid((rows, cols), cell, (west, north), ZONE)
    _write_heights(folder / "heights.tif", grid, traced.layout.height_m)
    lon, lat = grid.to_lonlat(
        np.array([west + 0.02 * cell, west + (cols - 0.02) * cell]), np.array([north - (rows - 0.02) * cell, north])
        - 0.02 * cell * np.array([0, 1]),
    )  # fmt: skip
    tower = traced.transmitter
    if tower is None:
        raise ValueError(f"{traced.scene} has no transmitter")
    own_west, own_north = traced.grid.origin
    place = grid.to_lonlat(tower.x - own_west + west, tower.y - own_north + north)
    site = SitePlan(
        place=(float(place[0]), float(place[1])), height_m=tower.height_m, carrier_hz=tower.carrier_hz,
        azimuth_deg=tower.bearing_deg, downtilt_deg=tower.downtilt_deg, power_dbm=_POWER_DBM, name="site",
    )  # fmt: skip
    if readings:
        _write_readings(folder / "tests", traced, grid, seed)
    return CityPlan(
        folder / "heights.tif", (site,), (float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])),
        folder / f"made-{window}.zarr", folder / "tests" if readings else None, cell, draws, window_cells=window,
        check=False,
    )  # fmt: skip


def _write_heights(path: Path, grid: Grid, height_m: NDArray[np.float32]) -> None:
    import rasterio

    rows, cols = grid.shape
    how: dict[str, Any] = {
        "driver": "GTiff", "height": rows, "width": cols, "count": 1, "dtype": "float32", "crs": grid.crs,
        "transform": grid.transform,
    }  # fmt: skip
    with rasterio.open(path, "w", **how) as target:
        target.write(height_m.astype(np.float32), 1)


def _write_readings(folder: Path, traced: TracedMap, grid: Grid, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng([seed, 21])
    row, col = np.nonzero(traced.covered)
    given = rng.choice(len(row), max(20, int(SHARE * len(row))), replace=False)
    lon, lat = grid.to_lonlat(grid.x[col[given]], grid.y[row[given]])
    value = traced.gain_db[row[given], col[given]] + _POWER_DBM + NOISE_DB * rng.standard_normal(len(given))
    read = zip(lon, lat, value, strict=True)
    lines = [f"{a:.8f},{b:.8f},{v:.3f}" for a, b, v in read if _REPORTED_DBM[0] <= v <= _REPORTED_DBM[1]]
    (folder / "site.csv").write_text("lon,lat,rsrp\n" + "\n".join(lines) + "\n")


@dataclass
class _Sums:
    """What of the fields of one map is summed: squared errors and steps, in overlaps or at borders, and elsewhere."""

    squares: Floats
    cells: Floats
    jumps: Floats
    steps: Floats

    @classmethod
    def none(cls) -> _Sums:
        return cls(np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2))

    def values(self) -> dict[str, float]:
        """Return them by name, as the cases keep them."""
        return {f"{name}_{where}": float(v[k]) for name, v in vars(self).items() for k, where in enumerate(WHERE)}


def seam_scores(traced: Sequence[TracedMap], folder: Path, on_progress: Progress | None = None) -> list[Score]:
    """Return the sums of each map's seams, of the mean with readings and without, and of draws with readings.

    Maps whose mast stands beside them are left out: a city holds its sites.
    """
    scores = []
    traced = [one for one in traced if _holds_its_mast(one)]
    for k, one in enumerate(traced):
        for readings in (False, True):
            for window, how in ((WINDOW, "windows"), (one.grid.shape[0], "one window")):
                place = folder / f"{k}-{readings}"
                plan = _city_of_map(
                    one, place, readings=readings, window=window, draws=DRAWS if readings else 0, seed=k
                )  # fmt: skip
                begun = time.process_time()
                make_city(plan, workers=0)
                spent = time.process_time() - begun
                made = ZarrMap.open(plan.output / folder_of(0, "site")).load()
                lines = replace(plan, window_cells=WINDOW).starts
                evidence = "with readings" if readings else "predicted"
                fields = {f"{evidence}, mean": [made.mean()]} | (
                    {f"{evidence}, draws": made.draws()} if readings else {}
                )
                for split, every in fields.items():
                    sums = _Sums.none()
                    for field in every:
                        _add(sums, np.asarray(field), one, lines)
                    scores.append(
                        Score("openckm", f"seams, {split}", how, case_of(one, k), city_of(one), sums.values(),
                              int(sums.cells.sum()), 0, spent, k)
                    )  # fmt: skip
        if on_progress is not None:
            on_progress(k + 1)
    return scores


def seam_rows(scores: Sequence[Score]) -> list[Row]:
    """Return the table of the scores of `seam_scores`, all cells of all maps counting alike; intervals over cities.

    `ratio_over_one_window` is the ratio of the errors in overlaps and elsewhere, over the same ratio of the same cells
    of maps that were made in one window: what the windows add to it.
    """
    rows: list[Row] = []
    tasks = dict.fromkeys(s.task for s in scores if s.task.startswith("seams"))
    for task in tasks:
        splits = {how: [s for s in scores if (s.task, s.split) == (task, how)] for how in ("windows", "one window")}
        for how, found in splits.items():
            rows += [_row(task, how, name, found, of) for name, of in NUMBERS.items()]
        both = [one for found in splits.values() for one in found]
        rows.append(_row(task, "windows", "ratio_over_one_window", both, _over_one_window))
    return rows


def _pooled(scores: Sequence[Score], weight: Floats, name: str) -> Floats:
    """Return a sum in overlaps or at borders, and elsewhere, over weighted cases."""
    return np.array([weight @ [s.values[f"{name}_{where}"] for s in scores] for where in WHERE])


def _rmse(scores: Sequence[Score], weight: Floats) -> Floats:
    return np.asarray(np.sqrt(_pooled(scores, weight, "squares") / _pooled(scores, weight, "cells")))


def _share(scores: Sequence[Score], weight: Floats) -> Floats:
    return np.asarray(_pooled(scores, weight, "jumps") / _pooled(scores, weight, "steps"))


def _ratio(scores: Sequence[Score], weight: Floats) -> float:
    overlap, elsewhere = _rmse(scores, weight)
    return float(overlap / elsewhere)


def _over_one_window(scores: Sequence[Score], weight: Floats) -> float:
    """Return the ratio of windows over that of one window; the cases of both stand one after the other."""
    half = len(scores) // 2
    return _ratio(scores[:half], weight[:half]) / _ratio(scores[half:], weight[:half])


NUMBERS: dict[str, Callable[[Sequence[Score], Floats], float]] = {
    "rmse_overlap_db": lambda s, w: float(_rmse(s, w)[0]),
    "rmse_elsewhere_db": lambda s, w: float(_rmse(s, w)[1]),
    "rmse_ratio": _ratio,
    "jumps_at_borders": lambda s, w: float(_share(s, w)[0]),
    "jumps_elsewhere": lambda s, w: float(_share(s, w)[1]),
    "jumps_difference": lambda s, w: float(_share(s, w)[0] - _share(s, w)[1]),
}


def _row(
    task: str, how: str, name: str, scores: Sequence[Score], of: Callable[[Sequence[Score], Floats], float]
) -> Row:
    maps = len({s.case for s in scores})
    weights = resampled_weights([s.city for s in scores[:maps]], maps)
    again = [of(scores, np.tile(w, len(scores) // maps).astype(np.float64)) for w in weights]
    low, high = (float(v) for v in np.quantile(again, [0.025, 0.975]))
    value = of(scores, np.ones(len(scores)))
    seconds = float(np.mean([s.seconds for s in scores]))
    return Row("openckm", task, how, name, value, low, high, sum(s.n for s in scores), 0, seconds, peak_mb(), maps)


def _holds_its_mast(one: TracedMap) -> bool:
    return one.transmitter is not None and bool(one.grid.contains(one.transmitter.x, one.transmitter.y))


def _add(into: _Sums, field: NDArray[np.floating], traced: TracedMap, starts: tuple[tuple[int, ...], ...]) -> None:
    error = field - (traced.gain_db + _POWER_DBM)
    shared = np.zeros(field.shape, int)
    for begin in starts[0]:
        for left in starts[1]:
            shared[begin : begin + WINDOW, left : left + WINDOW] += 1
    for k, part in enumerate((shared > 1, shared == 1)):
        chosen = error[part & traced.covered]
        into.squares[k] += float(np.sum(chosen**2))
        into.cells[k] += chosen.size
    free = ~traced.layout.building
    for turned, open_, begins in ((field, free, starts[1]), (field.T, free.T, starts[0])):
        steps = np.abs(np.diff(turned, axis=1)) > STEP_DB
        pair = open_[:, 1:] & open_[:, :-1]
        border = np.zeros(steps.shape[1], bool)
        edges = {b for s in begins for b in (s, s + WINDOW) if 0 < b < turned.shape[1]}
        border[[b - 1 for b in sorted(edges)]] = True
        for k, lines in enumerate((border, ~border)):
            into.jumps[k] += float(steps[:, lines][pair[:, lines]].sum())
            into.steps[k] += float(pair[:, lines].sum())
