"""What a process does for a city: a window, a fit, a tile of a site's map, or a tile of best server, margin and SINR.

    rays      what rays say of a site, where the network reads it
  window    the network's map of a site in one window
    fit       the site expert, from the windows at the readings
    evidence  the network's map of a window given the readings, without each fold of them, and draws
    weights   the evidence expert, and how much each of the two counts
    check     a part of the readings held back and predicted from the rest
    verdict   what the self-check says of the site's map
    tile      mean, spread, quantiles and draws of a chunk of the site's map
    network   a chunk of the layers that compare the sites

Every task reads files that earlier tasks finished and writes files of its own, aside and then renamed, or whole shards
of the result; done twice, it writes the same bytes.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.atlas.servers import Radio, sinr_db, strongest
from openckm.city.cells import scene_at
from openckm.city.check import check_part, checked_site
from openckm.city.fit import SeenReadings, empty_scene, load, packed, read_site, scene_of, unit_of, unpacked
from openckm.city.plan import CHANNELS, CHECKS, CityPlan, Task, folder_of
from openckm.city.windows import (
    ask_window,
    city_rays,
    draw_window,
    other_folds,
    plain_condition,
    prior_of,
    rays_within,
    rays_words,
    window_condition,
    with_readings,
)
from openckm.infer.experts import (
    Expert,
    as_network_readings,
    evidence_belief,
    evidence_expert,
    folds_of,
    gain_of,
    site_belief,
    site_expert,
)
from openckm.infer.facts import explain
from openckm.infer.model import Posterior
from openckm.infer.scene import Scene
from openckm.infer.spread.calibration import calibrate
from openckm.infer.stacking import Blend, Weighing, blended, blocks_of, weigh
from openckm.infer.trend import trend_expert
from openckm.maps.antenna_file import pattern_field_db, read_pattern
from openckm.maps.atomic import atomic_path
from openckm.maps.provenance import dump_provenance
from openckm.maps.quantity import quantity
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout
from openckm.maps.zarr_map import ZarrMap
from openckm.nn.arithmetic import set_arithmetic
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised

NETWORK = ("best", "margin_db", "sinr_db")
Field = NDArray[np.float32]
Index = NDArray[np.intp]
_QUANTITIES = [quantity(name) for name in CHANNELS]


@dataclass(frozen=True)
class CityWork:
    """The work on a city's tasks; it can be pickled.

    Attributes:
        plan: the city.
        height_known: share of the buildings whose height was stated.
        comparable: whether all sites' maps are in one unit.
        arithmetic: the arithmetic in which the network computes, on every machine.
        radio: the receiver and the load that the SINR is made of.
    """

    plan: CityPlan
    height_known: float
    comparable: bool
    arithmetic: str
    radio: Radio = Radio()  # noqa: RUF009 - a frozen value

    def __call__(self, task: Task) -> None:
        """Do a task."""
        torch.set_num_threads(1)  # sums in one order, whatever the machine
        set_arithmetic(self.arithmetic)
        {
            "rays": self.rays, "window": self.window, "fit": self.fit, "evidence": self.evidence,
            "weights": self.weights, "check": self.check, "verdict": self.verdict, "tile": self.tile,
            "network": self.network,
        }[task.kind](task)  # fmt: skip

    @property
    def folder(self) -> Path:
        """Where unfinished things lie."""
        return self.plan.output / "work"

    def file(self, kind: str, site: int, *place: int) -> Path:
        """Return the file that a task leaves."""
        return self.folder / ("-".join(map(str, (kind, site, *place))) + ".npz")

    def rays(self, task: Task) -> None:
        """Launch the rays of a site, and keep what its map is to say of them."""
        planes = city_rays(self.plan, self.layout(), task.site)
        with atomic_path(self.folder / f"rays-{task.site}.json") as aside:
            aside.write_text(dump_provenance(rays_words(self.plan, self.layout(), task.site, planes)))
        with atomic_path(self.folder / f"rays-{task.site}.npy") as aside, aside.open("wb") as stream:
            np.save(stream, planes)

    def rays_in(self, task: Task) -> Field | None:
        """Return what rays say of a site in a window, or None without rays."""
        planes = np.load(self.folder / f"rays-{task.site}.npy", mmap_mode="r", allow_pickle=False)
        return rays_within(self.plan, planes, task.site, self.plan.window(task.row, task.col))

    def rays_at(self, site: int, cells: NDArray[np.intp]) -> Field | None:
        """Return what rays say of a site in some cells of the city, shape (planes, n), or None without rays."""
        planes = np.load(self.folder / f"rays-{site}.npy", mmap_mode="r", allow_pickle=False)
        if not len(planes):
            return None
        rows, cols = (s.start for s in self.plan.reached(site))
        row, col = np.divmod(cells, self.plan.grid.shape[1])
        row, col = row - rows, col - cols
        reached = (row >= 0) & (col >= 0) & (row < planes.shape[1]) & (col < planes.shape[2])
        out = np.zeros((len(planes), len(cells)), np.float32)
        out[:, reached] = planes[:, row[reached], col[reached]]
        return out

    def window(self, task: Task) -> None:
        """Ask the network about a window of a site; it is drawn from where no reading will change the draws."""
        plan, part = self.plan, self.plan.window(task.row, task.col)
        tested = plan.test_of(plan.sites[task.site]) is not None
        condition = window_condition(plan, self.layout(), task.site, part, self.rays_in(task))
        made = ask_window(plan, condition, task, symmetrise=tested)
        if tested:
            made["planes"] = condition.site[0].numpy()
        else:
            made["draws"] = draw_window(plan, condition, task, symmetrise=False)
        saved(self.file("window", task.site, task.row, task.col), **made)

    def fit(self, task: Task) -> None:
        """Fit a site's readings about the network's map of it, and bring them to the network's scale."""
        whole = replace(scene_of(self.plan, task.site), layout=self.layout())
        fold = folds_of(whole, self.plan.seed)
        here = scene_at(whole, whole.index, self.layout())
        known = self.said("window", task.site, whole.index)
        expert = site_expert(here, prior_of(self.plan.prior)[0], fold, symmetrise=True, known=known)
        seen = SeenReadings.of(as_network_readings(here, expert), fold)
        saved(self.file("fit", task.site), **packed(expert.fitted), **{f"seen_{k}": v for k, v in vars(seen).items()})

    def evidence(self, task: Task) -> None:
        """Ask the network about a window given the readings; where none lies in it, the answer is that without."""
        plan, part = self.plan, self.plan.window(task.row, task.col)
        scene, seen = scene_of(plan, task.site), self.seen(task.site)
        points = seen.points(scene)
        held, tables = load(self.file("window", task.site, task.row, task.col)), [points, *scene.extra]
        plain = self.plain_of(task, held)
        given = with_readings(plan, plain, part, tables)
        if any(plan.part(*part).contains(t.x, t.y).any() for t in tables):
            groups = [points.subset(seen.fold != group) for group in np.unique(seen.fold)]
            made = ask_window(plan, given, task, symmetrise=True)
            made |= other_folds(plan, [with_readings(plan, plain, part, [one, *scene.extra]) for one in groups])
        else:
            made = {"mean": held["mean"], "var": held["var"]}
        made["draws"] = draw_window(plan, given, task, symmetrise=True)
        saved(self.file("evidence", task.site, task.row, task.col), **made)

    def weights(self, task: Task) -> None:
        """Fit the readings about the network's map given them, and weigh the two experts."""
        plan, layout = self.plan, self.layout()
        whole = scene_of(plan, task.site)
        here = scene_at(whole, whole.index, layout, self.rays_at(task.site, np.unique(whole.index)))
        site = site_belief(here, self.said("window", task.site, whole.index), self.fitted("fit", task.site))
        known = self.said("evidence", task.site, whole.index), self.others(task.site, whole.index)
        fold = self.seen(task.site).fold
        expert = evidence_expert(here, prior_of(plan.prior)[0], fold, site, symmetrise=True, known=known)
        trend = trend_expert(here, site, fold)
        weighing = weigh(here, site, expert, blocks_of(whole), trend)
        facts = explain(here, site, expert, blended(here, site, expert, weighing, trend))
        facts["out_of_line"] = len(facts["out_of_line"])  # a map holds no reading
        facts["reading"] = read_site(plan, task.site).report.as_dict()
        with atomic_path(self.folder / f"facts-{task.site}.json") as aside:
            aside.write_text(dump_provenance({"weights": weighing.weights, "scale": weighing.scale, "facts": facts}))
        saved(self.file("weights", task.site), **packed(expert.fitted))

    def check(self, task: Task) -> None:
        """Hold a part of a site's readings back, and predict them from the rest."""
        saved(self.file("check", task.site, task.row), **check_part(self, task.site, task.row))

    def verdict(self, task: Task) -> None:
        """Score what was held back beside the classical methods, and say what becomes of the map."""
        parts = {k: load(self.file("check", task.site, k)) for k in range(CHECKS)}
        with atomic_path(self.folder / f"verdict-{task.site}.json") as aside:
            aside.write_text(dump_provenance(checked_site(self, task.site, parts)))

    def tile(self, task: Task) -> None:
        """Answer for a chunk of a site's map and write its shards."""
        rows, cols = self.plan.tile(task.row, task.col)
        site, grid = self.plan.sites[task.site], self.plan.part(rows, cols)
        building = self.heights()[rows, cols] > 0
        if self.plan.test_of(site) is not None:
            radiomap = self.constructed(task, rows, cols, building)
            widening = float(verdict_of(self.folder, task.site).get("widened_by", 1.0))
            radiomap = radiomap if widening == 1.0 else radiomap.with_wider_spread(widening)
        else:
            radiomap = self.predicted(task, rows, cols, building)
        if site.pattern is not None:
            field = pattern_field_db(read_pattern(site.pattern), self.plan.transmitter(site), grid)
            radiomap = radiomap.shifted(field, unit_of(self.plan, task.site))
        made = ZarrMap.open(self.plan.output / folder_of(task.site, site.name), writable=True)
        made.write(rows, cols, {str(name): v.values for name, v in radiomap.dataset.data_vars.items()})

    def predicted(self, task: Task, rows: slice, cols: slice, building: NDArray[np.bool_]) -> RadioMap:
        """Return a tile of a site without readings: the prior given the site, and the power where it is known."""
        cells = self.flat(rows, cols)
        here = scene_at(empty_scene(self.plan, task.site), cells, self.layout())
        denoised = self.said("window", task.site, cells)
        mean, var = (a[0] for a in gain_of(denoised))
        answer = self.posterior(here, denoised, Blend(mean, np.sqrt(var), 1.0, 1.0), None)
        radiomap = self.answered(answer, task, (rows, cols), building, "window", cells, slice(None))
        power = self.plan.sites[task.site].power_dbm
        return radiomap if power is None else radiomap.shifted(power, "dBm")

    def constructed(self, task: Task, rows: slice, cols: slice, building: NDArray[np.bool_]) -> RadioMap:
        """Return a tile of a site given its readings: the two experts on the tile's cells, as they were weighed."""
        scene, tile = scene_of(self.plan, task.site), self.flat(rows, cols)
        cells = np.union1d(tile, scene.index)
        at = np.searchsorted(cells, tile)
        here = scene_at(scene, cells, self.layout(), self.rays_at(task.site, cells))
        denoised = self.said("evidence", task.site, cells)
        site = site_belief(here, self.said("window", task.site, cells), self.fitted("fit", task.site))
        evidence = evidence_belief(here, denoised, self.fitted("weights", task.site), site, here.condition)
        weighed = json.loads((self.folder / f"facts-{task.site}.json").read_text())
        gain = blended(here, site, evidence, Weighing(weighed["weights"], weighed["scale"]), trend_expert(here, site))
        answer = self.posterior(here, denoised, gain, (site, evidence))
        return self.answered(answer, task, (rows, cols), building, "evidence", cells, at)

    def posterior(
        self, scene: Scene, denoised: Denoised, gain: Blend, experts: tuple[Expert, Expert] | None
    ) -> Posterior:
        """Return the belief about the cells of a scene, its spread as it was measured on validation maps."""
        network, _, calibration = prior_of(self.plan.prior)
        return Posterior(
            scene, network, denoised, scene.condition, calibrate(gain, scene, calibration)[0], experts
        )  # fmt: skip

    def answered(
        self, answer: Posterior, task: Task, part: tuple[slice, slice], building: NDArray[np.bool_], kind: str,
        cells: Index, at: slice | Index,
    ) -> RadioMap:  # fmt: skip
        """Return a tile's map: `at` says which of the cells of the scene are the tile's."""
        grid, plan = self.plan.part(*part), self.plan
        mean = np.stack([q.decode(answer.denoised.mean[0, i, 0].numpy()) for i, q in enumerate(_QUANTITIES)])[:, at]
        var = np.zeros_like(mean) if answer.denoised.var is None else answer.denoised.var[0, :, 0].numpy()[:, at]
        std = np.sqrt(var) * np.array([q.scale for q in _QUANTITIES])[:, None]
        mean[0], std[0] = answer.mean[at], answer.std[at]
        drawn = None
        if plan.draws:
            latent = self.blended(kind, task.site, cells, ("draws",))["draws"]
            made = [np.stack([q.decode(one[i]) for i, q in enumerate(_QUANTITIES)]) for one in latent]
            seed = plan.seed_of(task.site)
            gain = [answer.gain_draw(one[0].astype(np.float64), seed, k, at) for k, one in enumerate(made)]
            drawn = np.stack([one[:, at] for one in made])
            drawn[:, 0] = np.stack(gain)
            drawn = drawn.reshape(plan.draws, -1, *grid.shape).astype(np.float32)
        shape = (len(CHANNELS), *grid.shape)
        return RadioMap.from_gaussian(
            grid, mean.reshape(shape).astype(np.float32), std.reshape(shape).astype(np.float32), CHANNELS, draws=drawn,
            valid=~building, provenance={"unit": answer.scene.unit},
        )  # fmt: skip

    def network(self, task: Task) -> None:
        """Compare the sites of a tile and write its best server, margin and SINR."""
        import zarr

        rows, cols = self.plan.tile(task.row, task.col)
        power = []
        for k, site in enumerate(self.plan.sites):
            one = ZarrMap.open(self.plan.output / folder_of(k, site.name))
            power.append(one.read("mean", rows, cols, channel=CHANNELS[0]).astype(np.float64))
        stacked = np.stack(power)
        stacked[:, self.heights()[rows, cols] > 0] = np.nan
        best, margin = strongest(stacked)
        group: Any = zarr.open_group(self.plan.output / "network", mode="r+")
        group["best"][rows, cols] = best.astype(np.int16)
        group["margin_db"][rows, cols] = np.where(np.isfinite(margin), margin, np.nan).astype(np.float32)
        group["sinr_db"][rows, cols] = sinr_db(stacked, best, self.radio).astype(np.float32)

    def heights(self) -> Field:
        """Return the building heights of the city [m], as they lie on the disk."""
        return _heights(self.folder / "heights.npy")

    def layout(self) -> Layout:
        """Return the buildings of the city."""
        around = None
        if (self.folder / "around.npy").is_file():
            known = _heights(self.folder / "around.npy")
            around = Layout(self.plan.grid.grown((len(known) - self.plan.grid.shape[0]) // 2), known)
        return Layout(self.plan.grid, self.heights(), self.height_known, around=around)

    def flat(self, rows: slice, cols: slice) -> Index:
        """Return the flat indices of a rectangle of cells, row by row."""
        row, col = np.arange(rows.start, rows.stop), np.arange(cols.start, cols.stop)
        return np.asarray((row[:, None] * self.plan.grid.shape[1] + col[None]).ravel(), np.intp)

    def fitted(self, kind: str, site: int) -> Any:
        """Return an expert as it was fitted to a site's readings."""
        return unpacked(load(self.file(kind, site)))

    def plain_of(self, task: Task, window: Mapping[str, NDArray[Any]]) -> Condition:
        """Return what the network is conditioned on in a window before any reading, from what the window kept."""
        return plain_condition(self.plan, task.site, window["planes"], self.rays_in(task))

    def seen(self, site: int) -> SeenReadings:
        """Return a site's readings as the network is conditioned on them."""
        held = load(self.file("fit", site))
        return SeenReadings(**{k.removeprefix("seen_"): v for k, v in held.items() if k.startswith("seen_")})

    def said(self, kind: str, site: int, index: Index) -> Denoised:
        """Return what the network says of some cells, (1, channels, 1, cells) in latent code, in ascending order."""
        found = self.blended(kind, site, np.unique(index), ("mean", "var"))
        return Denoised(*(torch.as_tensor(found[name])[None, :, None] for name in ("mean", "var")))

    def others(self, site: int, index: Index) -> Denoised:
        """Return what the network says of the readings' cells without each fold of them, (folds, 1, 1, cells)."""
        found = self.blended("evidence", site, np.unique(index), ("others_mean", "others_var"))
        return Denoised(*(torch.as_tensor(found[name])[:, None, None] for name in ("others_mean", "others_var")))

    def blended(self, kind: str, site: int, cells: Index, names: tuple[str, ...]) -> dict[str, Field]:
        """Return arrays that the windows of a site left at some cells, (..., cells), blended."""

        def of(task: Task) -> dict[str, NDArray[Any]]:
            with np.load(self.file(kind, site, task.row, task.col), allow_pickle=False) as held:
                return {name: held[name] for name in names}

        return self.mixed(site, cells, of)

    def mixed(self, site: int, cells: Index, of: Callable[[Task], Mapping[str, NDArray[Any]]]) -> dict[str, Field]:
        """Return what `of` says of the windows at some cells, (..., cells), by the weights of `openckm.infer.tiles`."""
        down, right = self.plan.weights
        row, col = np.divmod(cells, self.plan.grid.shape[1])
        out: dict[str, Any] = {}
        for task in self.plan.windows(site):
            r, c = self.plan.window(task.row, task.col)
            mine = np.flatnonzero((row >= r.start) & (row < r.stop) & (col >= c.start) & (col < c.stop))
            if not len(mine):
                continue
            weight = down[task.row, row[mine]] * right[task.col, col[mine]]
            for name, values in of(task).items():
                part = values[..., row[mine] - r.start, col[mine] - c.start]
                into = out.setdefault(name, np.zeros((*part.shape[:-1], len(cells)), np.float64))
                into[..., mine] += weight * part
        return {name: values.astype(np.float32) for name, values in out.items()}


def verdict_of(folder: Path, site: int) -> dict[str, Any]:
    """Return what the self-check said of a site's map, for its provenance; empty where there was none."""
    path = folder / f"verdict-{site}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@lru_cache(maxsize=4)
def _heights(path: Path) -> Field:
    found: Field = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def saved(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays whole or not at all."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with aside.open("wb") as stream:
            save: Any = np.savez
            save(stream, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
