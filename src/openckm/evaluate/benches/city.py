"""Bench `city`: what it costs to ask finished maps, and to make many sites' maps over a city.

Times are processor seconds of the process, which a busy machine does not stretch much; bars of `docs/protocol.md` are
for two idle cores. Whole cities are `openckm.evaluate.benches.city_cost`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from shapely.geometry import LineString

from openckm.atlas import (
    MapStore,
    MapView,
    Route,
    ask_handovers,
    ask_points,
    coverage,
    open_map,
)
from openckm.atlas.catalogue import Entry, connect, insert
from openckm.errors import ComputationError
from openckm.evaluate.benches import city_cost
from openckm.evaluate.benches.city_joint import joint_rows, joint_scores
from openckm.evaluate.benches.city_seams import seam_rows, seam_scores
from openckm.evaluate.benches.heldout import load_heldout
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row, peak_mb
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.worlds.folders import data_folder
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarr_map import ZarrMap

ORIGIN, UTM = (385_000.0, 6_672_000.0), "EPSG:32635"
_SEAM_MAPS, _JOINT_MAPS = 12, 53
Floats = NDArray[np.float32]


def run(quick: bool = False, progress: Progress | None = None, **_: Path) -> Results:
    """Return the rows of the benchmark, with the scores of the maps of seams and joint statements.

    Args:
        quick: a smaller map, store and city.
        progress: called as progress(what, done, total).
    """
    on_progress = progress or (lambda *_: None)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ckm-bench-") as name:
        folder = Path(name)
        parts: list[tuple[str, Callable[[], list[Row]]]] = [
            ("points", lambda: _points(folder, quick)), ("route", lambda: _route(quick)),
            ("store", lambda: _store(folder, quick)), ("coverage", lambda: _coverage(quick)),
            ("growth", lambda: city_cost.growth(folder / "growth", quick=quick)),
            ("workers", lambda: city_cost.workers(folder / "workers", quick=quick)),
            ("sites", lambda: city_cost.sites(folder / "sites", quick=quick)),
            ("city", lambda: city_cost.large(folder / "large", quick=quick)),
        ]  # fmt: skip
        for k, (what, part) in enumerate(parts):
            on_progress(what, k, len(parts) + 2)
            rows += part()
        on_progress("seams", len(parts), len(parts) + 2)
        maps = load_heldout(data_folder("test", quick), 1 if quick else max(_SEAM_MAPS, _JOINT_MAPS))
        scores = seam_scores(maps[:_SEAM_MAPS], folder / "seams")
        on_progress("joint", len(parts) + 1, len(parts) + 2)
        scores += joint_scores(maps)
    return Results([*rows, *table(scores)], scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows that come from the scores of maps."""
    return [*seam_rows(scores), *joint_rows(scores)]


def _row(task: str, metric: str, value: float, n: int, seconds: float, split: str = "") -> Row:
    return Row("openckm", task, split, metric, value, value, value, n, 0, seconds, peak_mb())


def _field(shape: tuple[int, int], seed: int, width: float = 8.0) -> Floats:
    rng = np.random.default_rng(seed)
    found = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), width)
    return np.asarray(-95 + 9 * found / found.std(), np.float32)


def _points(folder: Path, quick: bool) -> list[Row]:
    side, count = (1024, 10**5) if quick else (4096, 10**6)
    grid = Grid((side, side), 2.0, ORIGIN, UTM)
    made = ZarrMap.create(folder / "big.zarr", grid, ["gain_db"], provenance={"unit": "dBm"})
    mean = _field(grid.shape, 0)
    for top in range(0, side, 1024):
        rows, cols = slice(top, top + 1024), slice(0, side)
        part = mean[rows][None]
        levels = np.stack([part + 4 * q for q in (-1.64, -1.28, 0, 1.28, 1.64)]).astype(np.float32)
        made.write(rows, cols, {"mean": part, "std": 0 * part + 4, "quantile": levels, "valid": part[0] < -70})
    del mean
    rng = np.random.default_rng(1)
    west, south, east, north = grid.bounds
    lon, lat = grid.to_lonlat(rng.uniform(west, east, count), rng.uniform(south + 1e-3, north, count))
    begun, clock = time.process_time(), time.perf_counter()
    ask_points(open_map(folder / "big.zarr"), lon, lat)
    taken, wall = time.process_time() - begun, time.perf_counter() - clock
    split = f"{side} x {side}"
    numbers = {"cpu_s": taken, "wall_s": wall, "peak_mb": peak_mb()}
    return [_row("points", name, value, count, wall, split) for name, value in numbers.items()]


def _route(quick: bool) -> list[Row]:
    count, cells, draws = (1000 if quick else 10_000), 10, 16
    grid = Grid((512, 512), 2.0, ORIGIN, UTM)
    views = []
    for c in range(cells):
        base = _field(grid.shape, c, 20.0)
        drawn = np.stack([base + 0.4 * (_field(grid.shape, 100 * c + k, 6.0) + 95) for k in range(draws)])
        radiomap = RadioMap.from_gaussian(
            grid, base[None], 0 * base[None] + 4, ["gain_db"], draws=drawn[:, None], provenance={"unit": "dBm"}
        )
        views.append(MapView.of(radiomap, f"cell {c}"))
    west, south, east, north = grid.bounds
    x = np.linspace(west + 5, east - 5, count)
    y = (south + north) / 2 + 300 * np.sin(np.linspace(0, 9, count))
    route = Route.of(LineString(np.c_[x, y]), grid, crs=None)
    begun = time.process_time()
    ask_handovers(views, route)
    taken = time.process_time() - begun
    return [_row("route with handovers", "cpu_s", taken, count, taken, f"{cells} cells, {draws} draws")]


def _store(folder: Path, quick: bool) -> list[Row]:
    count = 500 if quick else 10_000
    store = MapStore(folder / "store", create=True)
    first = store.add(_small(), "m0")
    with connect(store.folder, write=True) as base:
        for k in range(1, count):
            insert(base, _moved(first, k))
    lon, lat = first.grid.to_lonlat(first.bounds[0] + 10, first.bounds[3] - 10)
    taken = []
    for _ in range(5):
        begun = time.process_time()
        found = MapStore(folder / "store").entries(at=(float(lon), float(lat)))
        taken.append(time.process_time() - begun)
        if first.name not in [e.name for e in found]:
            raise ComputationError("the store did not find the map at the point: please report it")
    middle = float(np.median(taken))
    return [_row("open a store and find a point", "cpu_s", middle, count, middle, f"{count} maps")]


def _small() -> RadioMap:
    grid = Grid((32, 32), 4.0, ORIGIN, UTM)
    mean = _field(grid.shape, 0)[None]
    return RadioMap.from_gaussian(grid, mean, 0 * mean + 4, ["gain_db"], provenance={"unit": "dBm"})


def _moved(entry: Entry, k: int) -> Entry:
    from dataclasses import replace

    shift = 100.0 * k
    west, south, east, north = entry.bounds
    along = (shift % 20_000, -(shift // 20_000) * 100.0)
    bounds = (west + along[0], south + along[1], east + along[0], north + along[1])
    return replace(entry, name=f"m{k}", folder=f"{k}.zarr", bounds=bounds)


def _coverage(quick: bool) -> list[Row]:
    side = 256 if quick else 1024
    grid = Grid((side, side), 2.0, ORIGIN, UTM)
    valid = _field(grid.shape, 3, 3.0) < -88
    radiomap = RadioMap.from_gaussian(
        grid, _field(grid.shape, 2, 6.0)[None], np.full((1, side, side), 4, np.float32), ["gain_db"], valid=valid,
        provenance={"unit": "dBm"},
    )  # fmt: skip
    begun = time.process_time()
    found = coverage(MapView.of(radiomap), -95.0)["properties"]
    taken = time.process_time() - begun
    off = abs(found["square_m"] / (found["cells"] * 4.0) - 1.0)
    split = f"{side} x {side}"
    return [
        _row("coverage polygons", "cpu_s", taken, side * side, taken, split),
        _row("coverage polygons", "area_off", off, side * side, taken, split),
    ]
