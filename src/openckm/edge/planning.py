"""This module says where to drive next: to which cells, and along which streets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.edge.older import MONTH_DAYS, OLDER
from openckm.edge.prepared import Prepared, prepare, together
from openckm.edge.reading import SIGMA_DB, ReadingOptions, from_keywords, read_evidence
from openckm.edge.several import INSTRUMENTS, MAPS, of_cells
from openckm.errors import OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.covariance import EnsembleCovariance
from openckm.infer.model import Posterior
from openckm.infer.plan import Choice, choose_cells
from openckm.infer.route import drive, reachable, within_length
from openckm.maps.atomic import atomic_path
from openckm.maps.csv import DriveTestReport, Files
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site_plan import SitePlan
from openckm.observe.likelihood import Likelihood
from openckm.side_by_side import sharing_out

__all__ = ["MeasurementPlan", "plan", "write_plan"]

Mask = NDArray[np.bool_]
_MOST_STOPS = 200


@dataclass(frozen=True)
class Stop:
    """A place to measure.

    Attributes:
        lon: longitude [degrees].
        lat: latitude [degrees].
        rank: 1 is the place that reduces the expected error most.
        std_db: standard deviation of the map there today [dB].
        rmse_reduction_db: the fall of the map's expected RMSE, given the places of smaller rank [dB].
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
        stops: the stops in the order of the drive.
        route: (longitude, latitude) of the drive [degrees].
        length_m: its length [m].
        rmse_before_db: expected RMSE of the map over the cells that matter today [dB].
        rmse_after_db: the expected RMSE after the drive [dB].
        belief: "exact" (covariances of the process fitted to the readings) or "draws" (an ensemble of the prior's).
        readings: measured cells that the plan starts from.
        maps: maps that the drive is for; errors are root mean squares over all of them.
        read: what was read of the files of readings, one report a map; none before the first drive.
        notes: what was assumed, one sentence each.
    """

    stops: tuple[Stop, ...]
    route: tuple[tuple[float, float], ...]
    length_m: float
    rmse_before_db: float
    rmse_after_db: float
    belief: str
    readings: int
    maps: int = 1
    read: tuple[DriveTestReport, ...] = ()
    notes: tuple[str, ...] = ()

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
            "maps": self.maps, "read": [report.as_dict() for report in self.read], "assumed": list(self.notes),
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
        assumed = [f"  assumed  {note}" for note in self.notes]
        read = "".join(f"{line}\n" for line in [*(x for one in self.read for x in one.lines()), *assumed])
        return (
            f"{read}  plan     {len(self.stops)} places"
            + (f" for {self.maps} maps" if self.maps > 1 else "")
            + f" from {source}\n"
            f"  expect   RMSE {self.rmse_before_db:.2f} dB today, {self.rmse_after_db:.2f} dB after the drive"
            f" (the best single place: {best.rmse_reduction_db:.3f} dB)\n"
            f"  route    {self.length_m:.0f} m along free cells"
        )


@sharing_out()
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
    budget_km: float | None = None,
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
        seed: the seed of everything random.
        prior: model folder; None for the embedded prior.
        evidence: file of readings by other instruments, as for `construct`.
        before: an older map of the site, as for `construct`.
        before_age_days: its age [days].
        budget_km: longest drive [km]; None for any.
        on_progress: called with (what, done, in all) while the work goes on.
        **loose: attributes of `SitePlan` and of `ReadingOptions` one by one, as for `construct`.

    Raises:
        InputError: if anything given cannot be used.
        ModelError: if the prior cannot be loaded.
    """
    site, reading = from_keywords(site, reading, loose)
    read = None if measurements is None else read_evidence(measurements, site, reading)
    given = prepare(
        read, site, reading.sigma_db, evidence=evidence, before=before, before_age_days=before_age_days
    )  # fmt: skip
    method = OpenCKM(prior=None if prior is None else Path(prior))
    made = plan_on(
        method, given.observations, given.grid, count=count, start=start, sigma_db=reading.sigma_db, seed=seed,
        progress=on_progress, likelihood=given.likelihood, budget_km=budget_km,
    )  # fmt: skip
    return replace(made, **_record([given]))


@sharing_out()
def plan_sites(
    measurements: Files | None,
    sites: Sequence[SitePlan],
    *,
    reading: ReadingOptions | None = None,
    count: int = 20,
    start: tuple[float, float] | None = None,
    seed: int = 0,
    prior: str | os.PathLike[str] | None = None,
    evidence: str | os.PathLike[str] | None = None,
    before: str | os.PathLike[str] | None = None,
    before_age_days: float = MONTH_DAYS,
    budget_km: float | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> MeasurementPlan:
    """Return where to measure next for the maps of several radio cells at once: a drive reads all of them.

    All maps are on one grid, about the middle of the base stations where the plans name no centre.

    Args:
        measurements: file of readings of all cells, or several files, or None before the first drive.
        sites: one plan a cell, with equal cell side, size and centre.
        reading: how the file is read; its noise is that of future readings, too.
        count: places to propose.
        start: (longitude, latitude) where the drive begins [degrees], or None.
        seed: the seed of everything random.
        prior: model folder; None for the embedded prior.
        evidence: folder of further instruments' readings, a file a cell, as for `construct_sites`.
        before: folder of older maps, one a cell, as for `construct_sites`.
        before_age_days: their age [days].
        budget_km: longest drive [km]; None for any.
        on_progress: called with (what, done, in all) while the work goes on.

    Raises:
        InputError: if anything given cannot be used.
        OptionError: if there is no site, one has no place, or the maps are on different grids.
    """
    known = [site.place for site in sites if site.place is not None]
    if not known or len(known) < len(sites):
        raise OptionError("a plan for several cells wants the place of every base station")
    lon, lat = (float(v) for v in np.mean(known, axis=0))
    how = reading or ReadingOptions()
    _require_possible(count, how.sigma_db, budget_km)
    older, further = of_cells(before, sites, MAPS), of_cells(evidence, sites, INSTRUMENTS)
    given: dict[str, Prepared] = {}
    for site in sites:
        own = site if site.centre is not None else replace(site, centre=(lon, lat))
        read = None if measurements is None else read_evidence(measurements, own, how.of_cell(own))
        given[site.name] = prepare(
            read, own, how.sigma_db, evidence=further.get(site.name), before=older.get(site.name),
            before_age_days=before_age_days,
        )  # fmt: skip
    first = next(iter(given.values()))
    grids = {one.grid for one in given.values()}
    if len(grids) > 1:
        raise OptionError(f"maps on {len(grids)} grids: give all cells one cell side, size and centre, or plan each")
    method = OpenCKM(prior=None if prior is None else Path(prior))
    cells, likelihoods = together(given)
    believed = method.posteriors(cells, seed=seed, progress=on_progress, likelihoods=likelihoods)
    made = _planned(
        list(believed.values()), _free(first.observations, first.grid), first.grid, count, start, how.sigma_db, seed,
        method.steps, budget_km,
    )  # fmt: skip
    return replace(made, **_record(list(given.values())))


def _record(given: Sequence[Prepared]) -> dict[str, Any]:
    """Return what was read and assumed of all maps, sentences that hold for several once."""
    return {
        "read": tuple(one.report for one in given if one.report is not None),
        "notes": tuple(dict.fromkeys(note for one in given for note in one.notes)),
    }


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
    budget_km: float | None = None,
) -> MeasurementPlan:
    """Return where to measure next, given observations on a grid with a CRS; arguments and errors as for `plan`."""
    _require_possible(count, sigma_db, budget_km)
    posterior = method.posterior(observations, grid, seed=seed, progress=progress, likelihood=likelihood)
    return _planned(
        [posterior], _free(observations, grid), grid, count, start, sigma_db, seed, method.steps, budget_km
    )  # fmt: skip


def _require_possible(count: int, sigma_db: float, budget_km: float | None) -> None:
    if not 1 <= count <= _MOST_STOPS:
        raise OptionError(f"count={count}: wanted 1 to {_MOST_STOPS} places")
    if not 0 < sigma_db < 100:
        raise OptionError(f"sigma_db={sigma_db}: wanted a positive number of dB")
    if budget_km is not None and not 0 < budget_km < np.inf:
        raise OptionError(f"budget_km={budget_km}: wanted a positive number of kilometres")


def _planned(
    believed: Sequence[Posterior], free: Mask, grid: Grid, count: int, start: tuple[float, float] | None,
    sigma_db: float, seed: int, steps: int | None, budget_km: float | None,
) -> MeasurementPlan:  # fmt: skip
    """Return where to measure next, given beliefs about maps on one grid."""
    begin = None if start is None else _cell(grid, start, free)
    streets = reachable(free, begin)
    each = [_measured(one, grid) for one in believed]
    measured = np.all(each, axis=0)  # what one cell lacks is worth a drive
    padded = np.zeros(believed[0].scene.grid.shape, dtype=bool)
    open_cells = padded.copy()
    padded[: grid.shape[0], : grid.shape[1]] = free
    open_cells[: grid.shape[0], : grid.shape[1]] = streets & ~measured
    if not open_cells.any():
        raise OptionError("every cell that can be reached was measured already: there is nothing to plan")
    covariances = [one.covariance(seed=seed, steps=steps) for one in believed]

    def chosen(candidates: NDArray[np.intp], most: int) -> tuple[Choice, NDArray[np.intp]]:
        found = choose_cells(covariances, np.flatnonzero(padded), candidates, most, noise_db=sigma_db, seed=seed)
        row, col = np.divmod(found.cell, padded.shape[1])
        return found, np.asarray(row * grid.shape[1] + col, np.intp)

    choice, stops = chosen(np.flatnonzero(open_cells), count if budget_km is None else _MOST_STOPS)
    if budget_km is not None:
        kept = within_length(streets, grid.cell_m, stops, 1000.0 * budget_km, begin)[:count]
        choice, stops = chosen(choice.cell[kept], len(kept))
    row, col = np.divmod(stops, grid.shape[1])
    route = drive(streets, grid.cell_m, stops, begin)
    reduction = -np.diff(choice.rmse_db)
    lon, lat = grid.to_lonlat(grid.x[col], grid.y[row])
    places = tuple(
        Stop(float(lon[k]), float(lat[k]), int(k) + 1, float(choice.std_db[k]), float(reduction[k]))
        for k in route.order
    )
    belief = "draws" if any(isinstance(c, EnsembleCovariance) for c in covariances) else "exact"
    return MeasurementPlan(
        places, _line(grid, route.cells), route.length_m, float(choice.rmse_db[0]), float(choice.rmse_db[-1]), belief,
        int(np.sum(each)), len(believed),
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
