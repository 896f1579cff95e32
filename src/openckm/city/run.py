"""Making a city: the template first, then every task once, then the layers that compare the sites.

CITY.zarr/city.json                 the folder of each site's map, and whether all of it is finished
CITY.zarr/sites/0000-NAME           a map like any other: mean, std, quantiles, draws
CITY.zarr/network                   best server, margin and SINR
CITY.zarr/work                      what is kept until all is finished; manifest.sqlite says what is
"""

from __future__ import annotations

import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from openckm.atlas.servers import Radio
from openckm.atlas.view import CITY_FILE
from openckm.city.fit import unit_of
from openckm.city.manifest import Manifest
from openckm.city.plan import CHANNELS, CHECKS, CityPlan, Task, folder_of
from openckm.city.windows import prior_of
from openckm.city.work import NETWORK, CityWork, verdict_of
from openckm.errors import InputError
from openckm.maps.atomic import atomic_path
from openckm.maps.layouts import read_layout
from openckm.maps.provenance import dump_provenance, load_provenance
from openckm.maps.zarr_map import CHUNK, ZarrMap
from openckm.nn.arithmetic import arithmetic
from openckm.runner import run

_BEYOND_M = 100.0
"""Way from the last building of the layout beyond which a site may stand outside the layout [m]."""
Report = Callable[[str, int, int], None]
"""Called with (what, tasks done, tasks in all)."""


def make_city(
    plan: CityPlan,
    *,
    workers: int = 1,
    cluster: str | None = None,
    radio: Radio | None = None,
    on_progress: Report | None = None,
) -> Path:
    """Make a city, or go on with one that was begun with the same inputs, and return its folder.

    Args:
        plan: what is wanted.
        workers: processes of this machine; 0 does the work in this one.
        cluster: address of a Dask scheduler whose workers see the same files, or None.
        radio: the receiver and the load that the SINR is made of.
        on_progress: called as tasks are finished.

    Raises:
        InputError: if the plan cannot be, or the folder holds a city of other inputs; the message says which differ.
        ComputationError: if processes die at one task three times; the message names it. What is finished is kept.
        ClusterUnavailable: if the cluster cannot be used.
    """
    plan = plan.checked()
    folder = plan.output / "work"
    if plan.output.exists() and not folder.is_dir() and any(plan.output.iterdir()):
        if (plan.output / CITY_FILE).is_file():
            raise InputError(f"{plan.output} is a finished city: choose another output, or remove it")
        raise InputError(f"{plan.output} holds something else than a city: choose another output")
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(folder / "manifest.sqlite", plan.inputs())
    height_known = _heights(plan, folder)
    how = _arithmetic(folder)
    units = [unit_of(plan, k) for k in range(len(plan.sites))]
    work = CityWork(plan, height_known, len(set(units)) == 1, how, radio or Radio())
    _template(plan, units, how, manifest)
    stages = _Stages(_stages(plan, work.comparable), manifest, plan)
    with closing(run(work, stages.tasks(), workers=workers, cluster=cluster)) as finished:
        for one in finished:
            stages.finish(one.item)
            if on_progress is not None:
                on_progress(stages.name, stages.done, stages.total)
    _finish(plan)
    return plan.output


class _Stages:
    """The tasks of a city, none handed out before those that it needs are finished.

    A site's stages need each other in their order, and the last one, of all sites, needs all. While a stage waits for
    its last tasks, those of the next site are handed out, so that no process stands idle; never of a later one, whose
    windows would only take room.
    """

    def __init__(self, stages: list[tuple[str, list[Task]]], manifest: Manifest, plan: CityPlan) -> None:
        self.names = [name for name, _ in stages]
        self.left = [deque(manifest.left(tasks)) for _, tasks in stages]
        self.open = [len(left) for left in self.left]
        self.site = [tasks[0].site if tasks[0].site >= 0 else len(plan.sites) for _, tasks in stages]
        self.number = {(tasks[0].kind, tasks[0].site): k for k, (_, tasks) in enumerate(stages)}
        self.manifest, self.plan, self.name = manifest, plan, ""
        self.total = sum(len(tasks) for _, tasks in stages)
        self.done = self.total - sum(self.open)
        for (kind, site), k in self.number.items():
            if kind == "tile" and not self.open[k]:
                _close(plan, site)  # the run may have been killed before

    def tasks(self) -> Iterator[Task | None]:
        """Yield what is left to do; None while there is nothing to do until more is finished."""
        while any(self.left):
            k = self._ready()
            yield None if k is None else self.left[k].popleft()

    def _ready(self) -> int | None:
        """Return the first stage with a task that can be done, or None."""
        waited: set[int] = set()
        first = min(site for site, count in zip(self.site, self.open, strict=True) if count)
        for k, site in enumerate(self.site):
            if site > first + 1 or (site == len(self.plan.sites) and waited):
                return None
            if self.left[k] and site not in waited:
                return k
            if self.open[k]:
                waited.add(site)
        return None

    def finish(self, task: Task) -> None:
        """Enter a task that is finished, and close a site with its last one."""
        self.manifest.finish(task)
        k = self.number[task.kind, task.site]
        self.done, self.open[k], self.name = self.done + 1, self.open[k] - 1, self.names[k]
        if task.kind == "tile" and not self.open[k]:
            _close(self.plan, task.site)


def _stages(plan: CityPlan, comparable: bool) -> list[tuple[str, list[Task]]]:
    """Return the tasks in the order in which they need each other, a site after the other."""
    stages: list[tuple[str, list[Task]]] = []
    for k, site in enumerate(plan.sites):
        stages.append((f"{site.name}: rays", [Task("rays", k, name=site.name)]))
        stages.append((f"{site.name}: windows", list(plan.windows(k))))
        if plan.test_of(site) is not None:
            stages.append((f"{site.name}: fit", [Task("fit", k, name=site.name)]))
            evidence = [replace(task, kind="evidence") for task in plan.windows(k)]
            stages.append((f"{site.name}: windows with readings", evidence))
            stages.append((f"{site.name}: weights", [Task("weights", k, name=site.name)]))
            if plan.check:
                parts = [Task("check", k, part, name=site.name) for part in range(CHECKS)]
                stages.append((f"{site.name}: self-check", parts))
                stages.append((f"{site.name}: verdict", [Task("verdict", k, name=site.name)]))
        stages.append((f"{site.name}: tiles", list(plan.tiles(k))))
    if comparable:
        stages.append(("best server", list(plan.tiles())))
    return stages


def _heights(plan: CityPlan, folder: Path) -> float:
    """Read the layout once, onto the city's cells; return the share of its buildings whose height was stated."""
    path, stated = folder / "heights.npy", folder / "layout.json"
    if not (path.is_file() and stated.is_file()):
        layout = read_layout(plan.layout, plan.grid)
        if layout.around is not None:  # what stands beyond the box sends rays into it
            with atomic_path(folder / "around.npy") as aside:
                np.save(aside, layout.around.height_m)
        with atomic_path(path) as aside:
            np.save(aside, layout.height_m)
        with atomic_path(stated) as aside:
            aside.write_text(json.dumps({"height_known": layout.height_known, "licence": layout.licence}))
    return float(json.loads(stated.read_text())["height_known"])


def _arithmetic(folder: Path) -> str:
    """Return the arithmetic of a city: that of the machine that began it, so that every tile is made in the same."""
    path = folder / "arithmetic"
    if not path.is_file():
        with atomic_path(path) as aside:
            aside.write_text(arithmetic(), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _template(plan: CityPlan, units: list[str], how: str, manifest: Manifest) -> None:
    """Make every array of the result, without values, where that was not done yet."""
    ready = Task("template")
    if not manifest.left([ready]):
        return
    import zarr

    shutil.rmtree(plan.output / "sites", ignore_errors=True)
    (plan.output / "sites").mkdir()
    prior = prior_of(plan.prior)[1]
    for k, site in enumerate(plan.sites):
        measured = plan.test_of(site) is not None
        facts = {
            "unit": units[k], "seed": plan.seed, "prior": prior, "draws": plan.draws, "site": _site_facts(plan, k),
            "method": "openckm" if measured else "predict", "made_by": "city", "arithmetic": how,
            "status": "unchecked", "notes": [*_beyond(plan, k), *_unchecked(plan, measured)],
        }  # fmt: skip
        ZarrMap.create(
            plan.output / folder_of(k, site.name), plan.grid, CHANNELS, draws=plan.draws, sharding="planes",
            provenance=facts, attributes={"belief": "normal"},
        )  # fmt: skip
    shutil.rmtree(plan.output / "network", ignore_errors=True)
    group: Any = zarr.open_group(plan.output / "network", mode="w", zarr_format=3)
    group.attrs["sites"] = [site.name for site in plan.sites]
    for name in NETWORK:
        whole = name == "best"
        group.create_array(
            name, shape=plan.grid.shape, chunks=tuple(min(n, CHUNK) for n in plan.grid.shape),
            dtype="int16" if whole else "float32", fill_value=-1 if whole else float("nan"), dimension_names=("y", "x"),
            config={"write_empty_chunks": True},
        )  # fmt: skip
    _write_city(plan, finished=False)
    manifest.finish(ready)


def _unchecked(plan: CityPlan, measured: bool) -> list[str]:
    """Return why a map will not be checked; nothing where it will."""
    if not measured:
        return ["no self-check: the site has no drive test"]
    return [] if plan.check else ["self-check left out on request"]


def _beyond(plan: CityPlan, number: int) -> list[str]:
    """Return a warning where a site stands beyond all buildings of the layout, more than _BEYOND_M away."""
    built = np.load(plan.output / "work" / "heights.npy", mmap_mode="r") > 0
    name, tx = plan.sites[number].name, plan.transmitter(plan.sites[number])
    row, col = plan.grid.index_of(tx.x, tx.y)
    away = 0.0
    for lines, place in ((built.any(1), int(row)), (built.any(0), int(col))):
        held = np.flatnonzero(lines)
        if not len(held):
            return [f"WARNING: {plan.layout.name} has no building in the box: is it the layout of this place?"]
        away = max(away, (held[0] - place) * plan.cell_m, (place - held[-1]) * plan.cell_m)
    if away <= _BEYOND_M:
        return []
    return [
        f"WARNING: site {name} stands {away:.0f} m beyond the last building of {plan.layout.name}: if the layout ends"
        " there, the map takes for free what is built around the site; give a layout of the whole box"
    ]


def _site_facts(plan: CityPlan, number: int) -> dict[str, Any]:
    site = plan.sites[number]
    lon, lat = site.place or (None, None)
    return {
        "name": site.name, "lon": lon, "lat": lat, "height_m": site.height_m, "carrier_hz": site.carrier_hz,
        "azimuth_deg": site.azimuth_deg, "downtilt_deg": site.downtilt_deg, "power_dbm": site.power_dbm,
    }  # fmt: skip


def warnings_of(folder: Path) -> list[str]:
    """Return the warnings in the provenance of a city's maps, each once."""
    sites = json.loads((folder / CITY_FILE).read_text(encoding="utf-8"))["sites"].values()
    notes = [ZarrMap.open(folder / place).provenance for place in sites]
    found = [n for one in notes for n in [*one.get("notes", []), *one.get("reading", {}).get("notes", [])]]
    return [note for note in dict.fromkeys(found) if note.startswith("WARNING")]


def checks_of(folder: Path) -> list[str]:
    """Return one line on the self-check of each site of a city that has one."""
    sites = json.loads((folder / CITY_FILE).read_text(encoding="utf-8"))["sites"]
    found = {name: ZarrMap.open(folder / place).provenance for name, place in sites.items()}
    return [
        f"{name}: {facts['status']}. " + _check_words(facts["self_check"])
        for name, facts in found.items()
        if "self_check" in facts
    ]


def _check_words(said: dict[str, Any]) -> str:
    scores = "; ".join(
        f"{one['method']} RMSE {one['rmse_db']:.2f} dB, 90 % interval covers {one['coverage_90']:.0%}"
        for one in said.get("scores", ())
    )
    held = f"{said['held_back']} readings held back in blocks: {scores}. " if scores else ""
    return held + str(said["verdict"])


def _write_city(plan: CityPlan, *, finished: bool) -> None:
    sites = {site.name: folder_of(k, site.name) for k, site in enumerate(plan.sites)}
    facts = {"sites": sites, "finished": finished, "bbox": plan.bbox, "cell_m": plan.cell_m, "crs": plan.grid.crs}
    with atomic_path(plan.output / CITY_FILE) as aside:
        aside.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _close(plan: CityPlan, site: int) -> None:
    """Enter what became of a site's rays and readings, and how they checked it, into its map; remove its windows."""
    work = plan.output / "work"
    facts = work / f"facts-{site}.json"
    known = json.loads((work / f"rays-{site}.json").read_text(encoding="utf-8"))
    credit = json.loads((work / "layout.json").read_text(encoding="utf-8"))["licence"]
    known |= {"layout_credit": credit} if credit else {}
    if facts.is_file():
        known |= json.loads(facts.read_text(encoding="utf-8"))["facts"] | verdict_of(work, site)
    target = plan.output / folder_of(site, plan.sites[site].name) / "zarr.json"
    root = json.loads(target.read_text(encoding="utf-8"))
    held = load_provenance(root["attributes"]["openckm_provenance"], str(target))
    root["attributes"]["openckm_provenance"] = dump_provenance(held | known)
    with atomic_path(target) as aside:
        aside.write_text(json.dumps(root, indent=2), encoding="utf-8")
    for name in (f"window-{site}-*.npz", f"evidence-{site}-*.npz", f"rays-{site}.npy"):
        for path in work.glob(name):
            path.unlink()


def _finish(plan: CityPlan) -> None:
    _write_city(plan, finished=True)
    handle = os.open(plan.output, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    shutil.rmtree(plan.output / "work")
