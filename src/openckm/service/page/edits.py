"""What was painted on a map becomes evidence: readings left out, a drive that nobody made yet, single readings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from shapely import contains_xy
from shapely.geometry import Polygon

from openckm.edge.reading import Evidence
from openckm.errors import MeasurementError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.radiomap import RadioMap
from openckm.service.page.bodies import Edits
from openckm.service.page.places import from_page

_PAINTED = "painted"


def edited(evidence: Evidence, edits: Edits, base: RadioMap, sigma_db: float, seed: int) -> Evidence:
    """Return evidence with what was painted.

    Readings along a track are one draw of the base map, or its mean where it has no draws, with noise: one way that
    the drive could go. Their noise is what was fitted to the file's own readings.

    Args:
        evidence: the evidence as it was read.
        edits: what was painted.
        base: the map that it was painted on.
        sigma_db: stated noise of one reading [dB].
        seed: the seed of that noise.

    Raises:
        MeasurementError: if no reading is left, or a painted one lies outside the map.
    """
    grid, observations = evidence.grid, evidence.observations
    tables, left_out = [], 0
    for points in observations.points:
        keep = ~_inside(points, edits, grid)
        left_out += int((~keep).sum())
        tables.append(points.subset(keep))
    added = _added(edits, base, observations.gain_points(), sigma_db, seed)
    tables += [] if added is None else [added]
    kept = tuple(p for p in tables if len(p))
    if not kept:
        raise MeasurementError("no reading is left: paint smaller holes, or add readings")
    count = 0 if added is None else len(added)
    note = f"painted: {left_out} readings left out, {count} added"
    report = replace(evidence.report, notes=(*evidence.report.notes, note))
    return replace(evidence, observations=replace(observations, points=kept), report=report)


def _inside(points: Points, edits: Edits, grid: Grid) -> NDArray[np.bool_]:
    inside = np.zeros(len(points), dtype=bool)
    for ring in edits.holes:
        x, y = from_page(grid, *np.array(ring).T)
        inside |= contains_xy(Polygon(np.stack([x, y], axis=1)), points.x, points.y)
    return inside


def _added(edits: Edits, base: RadioMap, own: Points, sigma_db: float, seed: int) -> Points | None:
    """Return painted readings by the commonest device; those along tracks lie a cell apart, where the map speaks."""
    grid, rng = base.grid, np.random.default_rng([seed, 22])
    x, y, value = [], [], []
    likely = base.draws()[0] if "draws" in base.dataset else base.mean()
    factors = list(base.provenance.get("noise_factor", {}).values())  # fitted noise over what was stated
    noise = sigma_db * (float(np.mean(factors)) if factors else 1.0)
    for line in edits.tracks:
        east, north = _along(*from_page(grid, *np.array(line).T), grid.cell_m)
        on = grid.contains(east, north)
        at = grid.index_of(east[on], north[on])
        said = base.valid[at]
        x.append(east[on][said])
        y.append(north[on][said])
        value.append(likely[at][said] + noise * rng.standard_normal(int(said.sum())))
    if edits.readings:
        lon, lat, read = np.array(edits.readings).T
        east, north = from_page(grid, lon, lat)
        if not grid.contains(east, north).all():
            raise MeasurementError("a painted reading lies outside the map: paint it inside")
        x.append(east)
        y.append(north)
        value.append(read)
    if not sum(map(len, x)):
        return None
    names, count = np.unique(own.device, return_counts=True)
    return Points.exact(
        np.concatenate(x), np.concatenate(y), np.concatenate(value), sigma=sigma_db, unit=own.unit, source=_PAINTED,
        device=str(names[count.argmax()]) if len(names) else "",
    )  # fmt: skip


def _along(x: NDArray[np.float64], y: NDArray[np.float64], step_m: float) -> tuple[NDArray[np.float64], ...]:
    way = np.r_[0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y)))]
    at = np.arange(0.0, way[-1] + 1e-9, step_m)
    return np.interp(at, way, x), np.interp(at, way, y)
