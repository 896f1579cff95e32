"""What a process does for a city: a window, a site's fit, a tile, or a tile of best server, margin and SINR.

Every task reads files that earlier tasks finished and writes files of its own, aside and then renamed, or whole shards
of the result; done twice, it writes the same bytes.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.atlas.servers import Radio, sinr_db, strongest
from openckm.city.fit import SiteFit, fit_site, read_test, rows_at
from openckm.city.plan import CHANNELS, CityPlan, Task, folder_of
from openckm.city.windows import make_window
from openckm.maps.observations import Points
from openckm.maps.radiomap import QUANTILES
from openckm.maps.zarr_map import ZarrMap

__all__ = ["NETWORK", "CityWork", "saved"]

NETWORK = ("best", "margin_db", "sinr_db")
Field = NDArray[np.float32]


@dataclass(frozen=True)
class CityWork:
    """The work on a city's tasks; it can be pickled.

    Attributes:
        plan: the city.
        trusted: whether building heights were mostly stated.
        comparable: whether all sites' maps are in one unit.
        radio: for the SINR.
    """

    plan: CityPlan
    trusted: bool
    comparable: bool
    radio: Radio = Radio()  # noqa: RUF009 - a frozen value

    def __call__(self, task: Task) -> None:
        """Do a task."""
        import torch

        torch.set_num_threads(1)  # sums in one order, whatever the machine
        {"window": self.window, "fit": self.fit, "tile": self.tile, "network": self.network}[task.kind](task)

    @property
    def folder(self) -> Path:
        """Where unfinished things lie."""
        return self.plan.output / "work"

    def window(self, task: Task) -> None:
        """Ask the network about a window; draws are wanted where no reading will make them."""
        site = self.plan.sites[task.site]
        draws = self.plan.draws if self.plan.test_of(site) is None else 0
        saved(self.window_file(task), **make_window(self.plan, self.heights(), self.trusted, task, draws))

    def window_file(self, task: Task) -> Path:
        """Return the file of a window."""
        return self.folder / f"window-{task.site}-{task.row}-{task.col}.npz"

    def fit(self, task: Task) -> None:
        """Look up the network's map at a site's readings; the fit itself follows from them."""
        readings = read_test(self.plan, task.site)
        row, col = self.plan.grid.index_of(readings.x, readings.y)
        mean = np.empty(len(readings), np.float64)
        for tile in self.plan.tiles(task.site):
            rows, cols = self.plan.tile(tile.row, tile.col)
            mine = (row >= rows.start) & (row < rows.stop) & (col >= cols.start) & (col < cols.stop)
            if mine.any():
                blended = self.blended(task.site, rows, cols, ("mean",))["mean"][0]
                mean[mine] = blended[row[mine] - rows.start, col[mine] - cols.start]
        saved(self.folder / f"fit-{task.site}.npz", mean=mean)

    def tile(self, task: Task) -> None:
        """Blend the windows of a tile, bring in the site's fit, and write the tile's shards."""
        rows, cols = self.plan.tile(task.row, task.col)
        found = self.blended(task.site, rows, cols, ("mean", "var", "draws"))
        mean, std, drawn = found["mean"], np.sqrt(found["var"]), found["draws"]
        building = self.heights()[rows, cols] > 0
        site = self.plan.sites[task.site]
        if self.plan.test_of(site) is not None:
            mean[0], std[0], gain = self.constructed(task, rows, cols, mean[0], building)
            drawn = np.repeat(mean[None], self.plan.draws, 0)
            if self.plan.draws:
                drawn[:, 0] = gain
        elif site.power_dbm is not None:
            mean[0] += np.float32(site.power_dbm)
            drawn[:, 0] += np.float32(site.power_dbm)
        from scipy.special import ndtri

        levels = np.stack([mean + np.float32(ndtri(q)) * std for q in QUANTILES])
        made = ZarrMap.open(self.plan.output / folder_of(task.site, site.name), writable=True)
        values = {"mean": mean, "std": std, "quantile": levels, "valid": ~building}
        made.write(rows, cols, values | ({"draws": drawn} if self.plan.draws else {}))

    def constructed(
        self, task: Task, rows: slice, cols: slice, mean: Field, building: NDArray[np.bool_]
    ) -> tuple[Field, Field, Field]:
        """Return mean, std and draws of a tile's gain, given the readings."""
        fitted, grid = self.fit_of(task.site), self.plan.part(rows, cols)
        x, y = (v.ravel() for v in grid.centres())
        tx = self.plan.transmitter(self.plan.sites[task.site])
        basis = rows_at(x, y, mean.ravel().astype(np.float64), building.ravel(), tx, fitted.centre, fitted.unit)
        places = np.stack([x, y], 1)
        belief = fitted.fit.predict(places, basis.matrix)
        drawn = np.empty((self.plan.draws, *grid.shape), np.float32)
        for k in range(self.plan.draws):  # the same child whatever the tile: one field over the whole city
            rng = np.random.default_rng([self.plan.seed, task.site, k, 5])
            one = fitted.fit.sample(places, basis.matrix, 1, rng)[0]
            drawn[k] = (belief.mean + fitted.factor * (one - belief.mean)).reshape(grid.shape)
        middle, spread = belief.mean.reshape(grid.shape), (fitted.factor * belief.std).reshape(grid.shape)
        return middle.astype(np.float32), spread.astype(np.float32), drawn

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

    def fit_of(self, site: int) -> SiteFit:
        """Return the fit of a site: the same in every process, as it follows from the same files."""
        key = (str(self.folder), site)
        if key not in _FITS:
            _FITS.clear()
            _FITS[key] = _fit(self, site)
        return _FITS[key]

    def blended(self, site: int, rows: slice, cols: slice, names: tuple[str, ...]) -> dict[str, Field]:
        """Return windows' arrays blended over some cells by the weights of `openckm.infer.tiles`."""
        down, right = self.plan.weights
        out: dict[str, Any] = {}
        for task in self.plan.windows(site):
            r, c = self.plan.window(task.row, task.col)
            top, bottom = max(r.start, rows.start), min(r.stop, rows.stop)
            left, end = max(c.start, cols.start), min(c.stop, cols.stop)
            if top >= bottom or left >= end:
                continue
            weight = down[task.row, top:bottom, None] * right[task.col, None, left:end]
            with np.load(self.window_file(task), allow_pickle=False) as held:
                for name in names:
                    part = held[name][..., top - r.start : bottom - r.start, left - c.start : end - c.start]
                    shape = (*part.shape[:-2], rows.stop - rows.start, cols.stop - cols.start)
                    into = out.setdefault(name, np.zeros(shape, np.float64))
                    into[..., top - rows.start : bottom - rows.start, left - cols.start : end - cols.start] += (
                        weight * part
                    )
        return {name: values.astype(np.float32) for name, values in out.items()}


@lru_cache(maxsize=2)
def _heights(path: Path) -> Field:
    found: Field = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


_FITS: dict[tuple[str, int], SiteFit] = {}
"""The fit of the site that a process works at."""


def _fit(work: CityWork, site: int) -> SiteFit:
    readings: Points = read_test(work.plan, site)
    with np.load(work.folder / f"fit-{site}.npz", allow_pickle=False) as held:
        mean = np.asarray(held["mean"], np.float64)
    row, col = work.plan.grid.index_of(readings.x, readings.y)
    return fit_site(work.plan, site, readings, mean, np.asarray(work.heights()[row, col] > 0))


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
