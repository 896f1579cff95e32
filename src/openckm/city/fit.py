"""What belongs to a site, fitted once from all its readings: the same posterior as `ckm construct`, in two steps.

    site       offset, slope, pattern, levels of the devices, limits and discrepancy about the network's map of the site
    evidence   the same about the network's map given the readings; how much each of the two counts

Both are `openckm.infer.experts`, asked at the cells with readings alone: what the network says there is blended from
its windows, and everything else is a function of place. The fits are kept as files, so that every tile, whoever makes
it, is made from the same numbers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.city.cells import Cells
from openckm.city.plan import MULTIPLE, CityPlan
from openckm.edge.reading import Evidence, ReadingOptions, isotropic, read_onto
from openckm.errors import InputError, MeasurementError
from openckm.infer.experts import Fitted
from openckm.infer.scene import MIN_READINGS, Scene, prepare_scene
from openckm.maps.observations import Observations, Points
from openckm.observe.field.discrepancy import DiscrepancyFit, Hyper, Matern
from openckm.observe.field.readings import FieldReadings
from openckm.priors.conditioning import Condition

Arrays = dict[str, NDArray[Any]]


def read_site(plan: CityPlan, number: int) -> Evidence:
    """Return a site's drive test as `ckm construct` reads it, on the city's cells, the antenna's pattern taken off.

    Raises:
        MeasurementError: if the file cannot be used, or there is none.
    """
    site = plan.sites[number]
    path = plan.test_of(site)
    if path is None:
        raise MeasurementError(f"site {site.name} has no drive test")
    options = ReadingOptions(where=dict(site.cells), sigma_db=plan.sigma_db)
    try:
        given = read_onto(plan.grid, path, replace(site, layout=None), options)
    except InputError as error:
        raise type(error)(f"site {site.name}: {error}") from error
    points = given.observations.gain_points()
    row, col = plan.grid.index_of(points.x, points.y)
    visited = Cells.of(plan.grid, row * plan.grid.shape[1] + col)
    bare, _, lost = isotropic(given.observations, visited, site, given.report.receiver_height_m)
    report = replace(given.report, notes=(*given.report.notes, *lost))
    return replace(given, observations=bare, report=report)


def scene_of(plan: CityPlan, number: int) -> Scene:
    """Return the evidence of a site on the whole grid of the city, without what the network is conditioned on.

    The file is read once a process.

    Raises:
        MeasurementError: if there are too few readings to fit anything.
    """
    path = plan.test_of(plan.sites[number])
    stat = None if path is None else path.stat()
    key = repr((path, stat and (stat.st_mtime_ns, stat.st_size), plan.grid, plan.sites[number], plan.sigma_db))
    if key not in _SCENES:
        _SCENES.clear()
        _SCENES[key] = _scene(plan, number)
    return _SCENES[key]


_SCENES: dict[str, Scene] = {}
"""The scene of the site that a process works at."""


def _scene(plan: CityPlan, number: int) -> Scene:
    scene = scene_from(plan, read_site(plan, number).observations)
    if not scene.fitted:
        path = plan.test_of(plan.sites[number])
        raise MeasurementError(
            f"{path}: {int(scene.plain.sum())} values in the box ({len(scene.used)} readings): wanted at least"
            f" {MIN_READINGS}, or no file"
        )
    return scene


def scene_from(plan: CityPlan, observations: Observations) -> Scene:
    """Return the scene of evidence on the city's grid, without what the network is conditioned on."""
    blank = Condition.nothing(1, (1, 1), plan.cell_m)
    return prepare_scene(observations, plan.grid, MULTIPLE, condition=blank)


def empty_scene(plan: CityPlan, number: int) -> Scene:
    """Return the scene of a site without any reading."""
    return scene_from(plan, Observations(transmitter=plan.seen(number), crs=plan.grid.crs))


def unit_of(plan: CityPlan, number: int) -> str:
    """Return the unit of a site's map: that of its readings, else dBm where its power is known."""
    site = plan.sites[number]
    if plan.test_of(site) is not None:
        return scene_of(plan, number).unit
    return "dB" if site.power_dbm is None else "dBm"


@dataclass(frozen=True, eq=False)
class SeenReadings:
    """The readings as the network is conditioned on them, each of shape (n,).

    Attributes:
        value: gain [dB]; of a limit, any value near it.
        low: lower end [dB].
        high: upper end [dB].
        sigma: standard deviation of the noise [dB].
        fold: the fold in which each is held out.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    sigma: NDArray[np.float64]
    fold: NDArray[np.intp]

    @classmethod
    def of(cls, points: Points, fold: NDArray[np.intp]) -> SeenReadings:
        """Return what is kept of readings that were brought to the network's scale."""
        return cls(points.value, points.low, points.high, points.sigma, fold)

    def points(self, scene: Scene) -> Points:
        """Return the readings of a scene at the network's scale."""
        return replace(
            scene.readings, value=self.value, low=self.low, high=self.high, sigma=self.sigma, unit="dB"
        )  # fmt: skip


def packed(fitted: Fitted) -> Arrays:
    """Return a fit as arrays.

    Raises:
        InputError: if it holds readings of more than one cell, which a drive test does not.
    """
    fit = fitted.fit
    if fit.readings.parts is not None or fitted.linear is not None:
        raise InputError("a city is fitted to readings of single cells: give areas and rasters to ckm construct")
    own = {f"readings_{f.name}": getattr(fit.readings, f.name) for f in fields(FieldReadings) if f.name != "parts"}
    said = {
        "components": [asdict(one) for one in fit.hyper.components], "nugget_std": fit.hyper.nugget_std,
        "noise_scale": list(fit.hyper.noise_scale), "names": list(fit.names), "max_readings": fit.max_readings,
    }  # fmt: skip
    return own | {
        "held_out": fitted.held_out, "held_out_std": fitted.held_out_std, "said": np.array(json.dumps(said)),
    }  # fmt: skip


def unpacked(arrays: Arrays) -> Fitted:
    """Return a fit from its arrays."""
    said = json.loads(str(arrays["said"]))
    own: dict[str, Any] = {
        f.name: arrays[f"readings_{f.name}"] for f in fields(FieldReadings) if f.name != "parts"
    }  # fmt: skip
    parts = tuple(Matern(one["nu"], one["length_m"], one["std"]) for one in said["components"])
    hyper = Hyper(parts, said["nugget_std"], tuple(said["noise_scale"]))
    fit = DiscrepancyFit(FieldReadings(**own), hyper, said["names"], max_readings=said["max_readings"])
    return Fitted(fit, arrays["held_out"], arrays["held_out_std"])


def load(path: Path) -> Arrays:
    """Return the arrays of a file."""
    with np.load(path, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}
