"""The self-check of a site of a city: its readings held back in blocks and predicted, as `ckm construct` does.

What the network says of the site without readings and the hyperparameters of both experts are those of all readings;
each part is predicted from the rest by the network on the windows that hold its readings, unsymmetrised. The cells of
the check are the tiles that hold the readings and the site, so that its blocks suit a drive test and not the city.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.baselines.best import classical_candidates
from openckm.city.cells import scene_at
from openckm.city.fit import load, read_site, scene_from, scene_of
from openckm.city.plan import Task
from openckm.city.windows import ask_window, other_folds, prior_of, with_readings
from openckm.edge.selfcheck import HeldBack, SelfCheck, hold_back
from openckm.errors import MeasurementError
from openckm.infer.experts import as_network_readings, evidence_expert, folds_of, hyper_of, site_expert
from openckm.infer.facts import explain
from openckm.infer.scene import Scene
from openckm.infer.spread.calibration import calibrate
from openckm.infer.stacking import blended, blocks_of, weigh
from openckm.infer.trend import trend_expert
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.zarr_map import CHUNK
from openckm.priors.denoiser import Denoised

if TYPE_CHECKING:
    from openckm.city.work import CityWork

MOST_CELLS = 2048**2
"""Cells of a self-check, at most: its rivals hold their columns of all of them."""
Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Field:
    """Where a site is checked: some tiles of the city.

    Attributes:
        grid: their cells.
        rows: their rows in the city.
        cols: their columns in the city.
    """

    grid: Grid
    rows: slice
    cols: slice

    def in_city(self, cells: Index, columns: int) -> Index:
        """Return flat indices on the city, `columns` wide, of flat indices on the tiles."""
        row, col = np.divmod(cells, self.grid.shape[1])
        return np.asarray((row + self.rows.start) * columns + col + self.cols.start, np.intp)


def _field_of(work: CityWork, number: int) -> Field:
    """Return the tiles that hold a site and its readings.

    Raises:
        MeasurementError: if they are more cells than a self-check can be made on.
    """
    plan, scene = work.plan, scene_of(work.plan, number)
    tower = plan.transmitter(plan.sites[number])
    own = int(np.ravel_multi_index(tuple(int(v) for v in plan.grid.index_of(tower.x, tower.y)), plan.grid.shape))
    sides = []
    for place, side in zip(np.divmod(np.r_[scene.index, own], plan.grid.shape[1]), plan.grid.shape, strict=True):
        sides.append(slice(int(place.min()) // CHUNK * CHUNK, min((int(place.max()) // CHUNK + 1) * CHUNK, side)))
    rows, cols = sides
    grid = plan.part(rows, cols)
    if grid.shape[0] * grid.shape[1] > MOST_CELLS:
        raise MeasurementError(
            f"the drive test spans {grid.shape[0]} x {grid.shape[1]} cells, and a self-check holds {MOST_CELLS} at most"
        )
    return Field(grid, rows, cols)


def _held_back_of(work: CityWork, number: int) -> tuple[HeldBack, Field]:
    """Return what the self-check of a site holds back, and where it is made.

    Raises:
        MeasurementError: if there are too few measured cells to hold any back, or too many cells.
    """
    field, plan = _field_of(work, number), work.plan
    observations = read_site(plan, number).observations
    return hold_back(observations, field.grid, seed=plan.seed), field


def check_part(work: CityWork, number: int, part: int) -> dict[str, NDArray[Any]]:
    """Return what the readings that are left say of those that one part holds back; nothing where there is no part."""
    try:
        held, field = _held_back_of(work, number)
        if part >= len(held.parts):
            return {}
        one = held.parts[part]
        wanted = field.in_city(one.number, work.plan.grid.shape[1])
        mean, std, devices = _predicted(work, number, one.given, wanted)
    except MeasurementError:
        return {}  # `checked_site` meets the same and says it
    return {"mean": mean, "std": std, "devices": np.array(json.dumps(devices))}


def checked_site(work: CityWork, number: int, parts: Mapping[int, Mapping[str, NDArray[Any]]]) -> dict[str, Any]:
    """Return what the provenance of a site's map says of its self-check, from what each part was predicted to be."""
    try:
        held, field = _held_back_of(work, number)
        if len([1 for made in parts.values() if made]) < len(held.parts):
            raise MeasurementError("too few readings are left when some are held back")
        layout = work.layout()
        near = replace(layout, grid=field.grid, height_m=np.array(layout.height_m[field.rows, field.cols]))
        evidence = replace(held, observations=replace(held.observations, layout=near))
        check = evidence.scored([_Recalled(held, parts), *classical_candidates(evidence.observations)])
    except MeasurementError as error:
        return {"status": "unchecked", "widened_by": 1.0, "self_check": {"verdict": f"no self-check: {error}"}}
    return _check_facts(check)


def _check_facts(check: SelfCheck) -> dict[str, Any]:
    """Return a self-check as the provenance keeps it: scores alone, and no reading."""
    scores = [{"method": s.method, "rmse_db": s.rmse_db, "coverage_90": s.coverage_90} for s in check.scores]
    said = {"verdict": check.verdict(), "held_back": check.held, "limits": check.limits, "scores": scores}
    return {
        "status": check.status, "widened_by": check.widening, "refused_because": list(check.reasons),
        "self_check": said,
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Recalled:
    """The city's own method on the held-back cells, as it was asked before, part by part."""

    held: HeldBack
    parts: Mapping[int, Mapping[str, NDArray[Any]]]
    name: str = "openckm"

    def at_cells(
        self, observations: Observations, grid: Grid, cells: Index, seed: int
    ) -> tuple[Array, Array, Mapping[str, Any]]:
        """Return what was said of a part, which is known by its evidence."""
        part = next(k for k, one in enumerate(self.held.parts) if one.given is observations)
        made = self.parts[part]
        return made["mean"], made["std"], {"devices": json.loads(str(made["devices"]))}


def _predicted(
    work: CityWork, number: int, observations: Observations, wanted: Index
) -> tuple[Array, Array, dict[str, Any]]:
    """Return mean, spread and levels of the devices from some of the readings, of some cells of the city."""
    plan, layout, whole = work.plan, work.layout(), scene_of(work.plan, number)
    network, _, calibration = prior_of(plan.prior)
    scene = scene_from(plan, observations)
    if not scene.fitted:
        raise MeasurementError("too few readings are left when some are held back")
    fold = folds_of(replace(scene, layout=layout), plan.seed)
    cells = np.union1d(scene.index, wanted)
    here = scene_at(scene, cells, layout, work.rays_at(number, cells))
    here = replace(here, wanted=np.searchsorted(cells, wanted))
    hyper = [hyper_of(work.fitted(kind, number).fit.hyper, whole, here) for kind in ("fit", "weights")]
    said = work.said("window", number, cells)
    site = site_expert(here, network, fold, symmetrise=False, known=said, hyper=hyper[0])
    known = _asked_again(work, number, as_network_readings(here, site), fold, scene, cells)
    evidence = evidence_expert(here, network, fold, site, symmetrise=False, known=known, hyper=hyper[1])
    trend = trend_expert(here, site, fold)
    both = blended(here, site, evidence, weigh(here, site, evidence, blocks_of(scene), trend), trend)
    gain = calibrate(both, here, calibration)[0]
    return gain.mean, gain.std, explain(here, site, evidence, both)["devices"]


def _asked_again(
    work: CityWork, number: int, seen: Points, fold: Index, scene: Scene, cells: Index
) -> tuple[Denoised, Denoised]:
    """Return what the network says of cells given some of the readings, and given all folds of them but each."""
    plan, groups = work.plan, np.unique(fold)

    def of(task: Task) -> dict[str, NDArray[Any]]:
        part, tables = plan.window(task.row, task.col), [seen, *scene.extra]
        held = load(work.file("window", number, task.row, task.col))
        if not any(plan.part(*part).contains(t.x, t.y).any() for t in tables):
            blank = np.zeros((len(groups), *held["mean"].shape[1:]), np.float32)
            return {"mean": held["mean"], "var": held["var"], "others_mean": blank, "others_var": blank}
        plain = work.plain_of(task, held)
        made = ask_window(plan, with_readings(plan, plain, part, tables), task, symmetrise=False)
        some = [seen.subset(fold != group) for group in groups]
        return made | other_folds(plan, [with_readings(plan, plain, part, [one, *scene.extra]) for one in some])

    found = work.mixed(number, cells, of)
    tensors = {name: torch.as_tensor(values) for name, values in found.items()}
    return (
        Denoised(tensors["mean"][None, :, None], tensors["var"][None, :, None]),
        Denoised(tensors["others_mean"][:, None, None], tensors["others_var"][:, None, None]),
    )
