"""Where to drive next: cells whose readings reduce the map's expected error most, and a route along streets to them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.edge.instruments import read_instruments
from openckm.edge.older import MONTH_DAYS, OLDER, older_readings, read_older
from openckm.edge.reading import SIGMA_DB, ReadingOptions, from_keywords, read_evidence
from openckm.errors import OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.covariance import EnsembleCovariance
from openckm.infer.model import Posterior
from openckm.infer.plan import choose_cells
from openckm.infer.route import drive, reachable
from openckm.maps.atomic import atomic_path
from openckm.maps.csv import Files
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site_plan import SitePlan
from openckm.observe.likelihood import Likelihood

__all__ = ["MeasurementPlan", "Stop", "plan", "plan_on", "write_plan"]

Mask = NDArray[np.bool_]
MOST_STOPS = 200


@dataclass(frozen=True)
class Stop:
    """A place to measure.

    Attributes:
        lon: longitude [degrees].
        lat: latitude [degrees].
        rank: 1 is the place that reduces the expected error most.
        std_db: standard deviation of the map there today [dB].
        rmse_reduction_db: by how much the expected RMSE of the map falls, given the places of smaller rank [dB].
    """

    lon: float
    lat: float
    rank: int
    std_db: float
    rmse_reduction_db: float


@dataclass(frozen=True)
class MeasurementPlan:
    """Where to measure next.

    Attributes:
        stops: in the order of the drive.
        route: (longitude, latitude) of the drive [degrees].
        length_m: its length [m].
        rmse_before_db: expected RMSE of the map over the cells that matter today [dB].
        rmse_after_db: the same after the drive [dB].
        belief: "exact" (covariances of the process fitted to the readings) or "draws" (an ensemble of the prior's).
        readings: measured cells that the plan starts from.
    """

    stops: tuple[Stop, ...]
    route: tuple[tuple[float, float], ...]
    length_m: float
    rmse_before_db: float
    rmse_after_db: float
    belief: str
    readings: int

    def geojson(self) -> dict[str, Any]:
        """Return the plan as a GeoJSON feature collection in EPSG:4326: a point per stop, then the route."""
        features: list[dict[str, Any]] = [
            _feature(
                "Point", [stop.lon, stop.lat],
                {
                    "visit": k, "rank": stop.rank, "std_db": round(stop.std_db, 3),
                    "expected_rmse_reduction_db": round(stop.rmse_reduction_db, 4),
                },
            )
            for k, stop in enumerate(self.stops, start=1)
        ]  # fmt: skip
        facts = {
            "length_m": round(self.length_m, 1), "expected_rmse_before_db": round(self.rmse_before_db, 3),
            "expected_rmse_after_db": round(self.rmse_after_db, 3), "belief": self.belief, "readings": self.readings,
        }  # fmt: skip
        features.append(_feature("LineString", [list(p) for p in self.route], facts))
        return {"type": "FeatureCollection", "features": features}

    def summary(self) -> str:
        """Return the plan in a few lines of text."""
        source = {
            "exact": f"covariances fitted to {self.readings} measured cells",
            "draws": "an ensemble of the prior's draws, as there are too few readings to fit any covariance",
        }[self.belief]
        best = min(self.stops, key=lambda stop: stop.rank)
        return (
            f"  plan     {len(self.stops)} places from {source}\n"
            f"  expect   RMSE {self.rmse_before_db:.2f} dB today, {self.rmse_after_db:.2f} dB after the drive"
            f" (the best single place: {best.rmse_reduction_db:.3f} dB)\n"
            f"  route    {self.length_m:.0f} m along free cells"
        )


def plan(
    measurements: Files | None,
    site: SitePlan | None = None,
    *,
    reading: ReadingOptions | None = None,
    count: int = 20,
    start: tuple[float, float] | None = None,
    seed: int = 0,
    prior: str | os.PathLike[str] | None = None,
    evidence: str | os.PathLike[str] | None = None,
    before: str | os.PathLike[str] | None = None,
    before_age_days: float = MONTH_DAYS,
    on_progress: Callable[[str, int, int], None] | None = None,
    **loose: Any,
) -> MeasurementPlan:
    """Return where to measure next around a base station.

    Args:
        measurements: CSV of what was measured so far (see `openckm.edge.construct`), or None before the first
            drive.
        site: the base station and its map.
        reading: how the file is read; its noise is that of future readings, too.
        count: places to propose.
        start: (longitude, latitude) where the drive begins [degrees]; None lets it begin at its own first place.
        seed: of everything random.
        prior: model folder; None for the embedded prior.
        evidence: file of readings by other instruments, as for `construct`.
        before: an older map of the site, as for `construct`.
        before_age_days: its age [days].
        on_progress: called with (what, done, in all) while the work goes on.
        **loose: attributes of `SitePlan` and of `ReadingOptions` one by one, as for `construct`.

    Raises:
        InputError: if anything given cannot be used.
        ModelError: if the prior cannot be loaded.
    """
    site, reading = from_keywords(site, reading, loose)
    if measurements is None:
        grid = site.grid()
        observations = site.observations(grid)
    else:
        given = read_evidence(measurements, site, reading)
        observations, grid = given.observations, given.grid
    if before is not None:
        older = read_older(before, None if measurements is None else given.report.unit)
        observations = replace(
            observations, points=(*observations.points, older_readings(older, grid, before_age_days))
        )
    method = OpenCKM(prior=None if prior is None else Path(prior))
    return plan_on(
        method, observations, grid, count=count, start=start, sigma_db=reading.sigma_db, seed=seed,
        progress=on_progress, likelihood=None if evidence is None else read_instruments(evidence, grid),
    )  # fmt: skip


def plan_on(
    method: OpenCKM,
    observations: Observations,
    grid: Grid,
    *,
    count: int = 20,
    start: tuple[float, float] | None = None,
    sigma_db: float = SIGMA_DB,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
    likelihood: Likelihood | None = None,
) -> MeasurementPlan:
    """Return where to measure next, given observations on a grid with a CRS; arguments and errors as for `plan`."""
    if not 1 <= count <= MOST_STOPS:
        raise OptionError(f"count={count}: wanted 1 to {MOST_STOPS} places")
    if not 0 < sigma_db < 100:
        raise OptionError(f"sigma_db={sigma_db}: wanted a positive number of dB")
    posterior = method.posterior(observations, grid, seed=seed, progress=progress, likelihood=likelihood)
    free = _free(observations, grid)
    begin = None if start is None else _cell(grid, start, free)
    streets = reachable(free, begin)
    padded = np.zeros(posterior.scene.grid.shape, dtype=bool)
    open_cells = padded.copy()
    padded[: grid.shape[0], : grid.shape[1]] = free
    open_cells[: grid.shape[0], : grid.shape[1]] = streets & ~_measured(posterior, grid)
    if not open_cells.any():
        raise OptionError("every cell that can be reached was measured already: there is nothing to plan")
    covariance = posterior.covariance(seed=seed, steps=method.steps)
    choice = choose_cells(
        covariance, np.flatnonzero(padded), np.flatnonzero(open_cells), count, noise_db=sigma_db, seed=seed
    )
    row, col = np.divmod(choice.cell, padded.shape[1])
    route = drive(streets, grid.cell_m, row * grid.shape[1] + col, begin)
    reduction = -np.diff(choice.rmse_db)
    lon, lat = grid.to_lonlat(grid.x[col], grid.y[row])
    stops = tuple(
        Stop(float(lon[k]), float(lat[k]), int(k) + 1, float(choice.std_db[k]), float(reduction[k]))
        for k in route.order
    )
    belief = "draws" if isinstance(covariance, EnsembleCovariance) else "exact"
    return MeasurementPlan(
        stops, _line(grid, route.cells), route.length_m, float(choice.rmse_db[0]), float(choice.rmse_db[-1]), belief,
        posterior.scene.visited,
    )  # fmt: skip


def write_plan(made: MeasurementPlan, path: Path) -> None:
    """Write a plan as GeoJSON, whole or not at all.

    Raises:
        InputError: if the folder does not exist.
    """
    with atomic_path(path) as aside:
        aside.write_text(json.dumps(made.geojson(), indent=1) + "\n", encoding="utf-8")


def _free(observations: Observations, grid: Grid) -> Mask:
    return np.ones(grid.shape, dtype=bool) if observations.layout is None else ~observations.layout.building


def _measured(posterior: Posterior, grid: Grid) -> Mask:
    seen = np.zeros(grid.shape, dtype=bool)
    if posterior.scene.cells is not None:
        cells = posterior.scene.cells.subset(posterior.scene.cells.device != OLDER)
        seen[grid.index_of(cells.x, cells.y)] = True
    return seen


def _cell(grid: Grid, place: tuple[float, float], free: Mask) -> int:
    """Return the flat index of the free cell at a place, or of the nearest one when it lies in a building."""
    x, y = grid.from_lonlat(*place)
    row, col = (int(np.ravel(k)[0]) for k in grid.index_of(x, y))
    if free[row, col]:
        return row * grid.shape[1] + col
    rows, cols = np.nonzero(free)
    if not rows.size:
        raise OptionError("there is no free cell: nothing can be driven to; check the layout")
    k = int(np.argmin((rows - row) ** 2 + (cols - col) ** 2))
    return int(rows[k] * grid.shape[1] + cols[k])


def _line(grid: Grid, cells: NDArray[np.intp]) -> tuple[tuple[float, float], ...]:
    """Return the corners of a route as (lon, lat), straight stretches joined; at least two points."""
    row, col = np.divmod(cells, grid.shape[1])
    step = np.stack([np.diff(row), np.diff(col)], axis=1)
    turn = np.r_[True, (step[1:] != step[:-1]).any(1), True] if len(cells) > 1 else np.ones(len(cells), bool)
    row, col = row[turn], col[turn]
    lon, lat = grid.to_lonlat(grid.x[col], grid.y[row])
    points = tuple((float(a), float(b)) for a, b in zip(lon, lat, strict=True))
    return points if len(points) > 1 else points * 2


def _feature(kind: str, coordinates: list[Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
