"""What a city is made of: its box, cells, sites and files, and how it is cut into windows and tiles.

A window is what the network sees at once; windows overlap, and what they say is blended by the weights of
`openckm.infer.tiles`. A tile is what one task writes: a chunk of the result, of 256 x 256 cells. Both lie on lattices
of the city, so that a window or tile is the same whoever makes it.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm import __version__
from openckm.errors import InputError, LayoutError, OptionError
from openckm.infer.tiles import TileOptions, tile_options, tile_starts, tile_weights
from openckm.maps.grid import Grid, reproject, utm_crs
from openckm.maps.site import Transmitter
from openckm.maps.site_plan import SitePlan
from openckm.maps.zarr_map import CHUNK
from openckm.priors.planes import RAY_PLANES
from openckm.priors.ray_planes import REACH

WINDOW = TileOptions().cells
MULTIPLE = 16
"""Sides of windows and city are divisible by this, as the shipped networks want."""
MOST_CELLS = 10**9
_BYTES_A_CELL = 4.0
CHANNELS = ("gain_db", "aoa_cos", "aoa_sin")
_CALLS_TESTED = 8 + 8 + 4
"""Network calls on a window of a site with readings: orientations without and with them, and folds."""
CHECKS = 4
"""Parts of a self-check."""
_CALLS_CHECKED = CHECKS * (1 + 4)
"""Network calls of the self-check on a window with readings."""
_RAY_BYTES = 65.0
"""Memory of launching rays, a cell [bytes]."""
_LAUNCH_S = 25.0
_LAUNCH_POWER = 1.4
"""Processor time of rays over 1024 x 1024 cells [s], and the power of the number of cells that it grows with: 0.6 s
over 256 x 256, 3.5 s over 512 x 512 (AMD EPYC)."""


@dataclass(frozen=True)
class Task:
    """One piece of work on a city.

    Attributes:
        kind: "rays" (of a site, once), "window" (the network), "fit" (what belongs to a site), "evidence" (the network
            given the readings), "weights" (of the two experts), "check" (a part of the self-check), "verdict" (its
            result), "tile" (a chunk of a site's map) or "network" (a chunk of best server, margin and SINR).
        site: number of the site, -1 for all.
        row: the row of the window or tile on its lattice, or the part of the self-check.
        col: the column of the window or tile.
        name: the name of the site.
    """

    kind: str
    site: int = -1
    row: int = 0
    col: int = 0
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.row},{self.col}" + (f" of site {self.name}" if self.name else "")


@dataclass(frozen=True)
class Estimate:
    """What a city costs.

    Attributes:
        windows: calls of the network are made on so many windows, over all sites.
        tiles: chunks that are written, over all sites.
        calls: network calls on windows, at most.
        bytes: the number of bytes of the result and of what is kept while it is made, at most [bytes].
        memory: the memory of one process, about [bytes].
        ray_seconds: processor time of launching the rays of all sites, about [s].
    """

    windows: int
    tiles: int
    calls: int
    bytes: int
    memory: int
    ray_seconds: float


@dataclass(frozen=True)
class CityPlan:
    """A city that is wanted.

    Attributes:
        layout: file of the building layout.
        sites: base stations, each with a name of its own.
        bbox: (west, south, east, north) [degrees].
        output: folder to make.
        observations: folder with a drive test <name>.csv for sites that have one, or None.
        cell_m: cell side [m].
        draws: posterior draws that are kept.
        seed: the seed of everything random.
        steps: network calls per draw.
        prior: model folder; None for the shipped prior.
        sigma_db: noise of a reading where a file states none [dB].
        window_cells: side of what the network sees at once [cells], as `OpenCKM.tile_cells` of `openckm.infer`.
        check: whether sites with a drive test get the self-check of `ckm construct`.
    """

    layout: Path
    sites: tuple[SitePlan, ...]
    bbox: tuple[float, float, float, float]
    output: Path
    observations: Path | None = None
    cell_m: float = 2.0
    draws: int = 0
    seed: int = 0
    steps: int = 8
    prior: Path | None = None
    sigma_db: float = 4.0
    window_cells: int = WINDOW
    check: bool = True

    @cached_property
    def grid(self) -> Grid:
        """The city's cells, in the UTM zone of its middle; sides are whole multiples of 16 cells.

        Raises:
            InputError: if the box cannot be, or would have more cells than anybody can wait for.
        """
        west, south, east, north = self.bbox
        if not all(math.isfinite(v) for v in self.bbox) or max(abs(west), abs(east)) > 180 or max(-south, north) > 84:
            raise InputError(f"--bbox {self.bbox}: wanted west,south,east,north in degrees, longitude first")
        if west > east:
            raise InputError(f"--bbox {self.bbox}: it lies across the antimeridian, or west and east are swapped")
        if west == east or south >= north:
            raise InputError(f"--bbox {self.bbox}: a box of no area: wanted west < east and south < north")
        if not (math.isfinite(self.cell_m) and 0.1 <= self.cell_m <= 1000):
            raise OptionError(f"--cell {self.cell_m}: wanted a number of metres in [0.1, 1000]")
        crs = utm_crs((west + east) / 2, (south + north) / 2)
        along = np.linspace(0, 1, 17)
        lon = np.r_[west + along * (east - west), west + along * (east - west), np.full(17, west), np.full(17, east)]
        lat = np.r_[
            np.full(17, south), np.full(17, north), south + along * (north - south), south + along * (north - south)
        ]
        x, y = reproject("EPSG:4326", crs, lon, lat)
        left, top = math.floor(x.min() / self.cell_m) * self.cell_m, math.ceil(y.max() / self.cell_m) * self.cell_m
        shape = tuple(
            -(-math.ceil(extent / self.cell_m) // MULTIPLE) * MULTIPLE for extent in (top - y.min(), x.max() - left)
        )
        cells = shape[0] * shape[1]
        if cells > MOST_CELLS:
            size = cells * (8 + self.draws) * len(CHANNELS) * _BYTES_A_CELL * len(self.sites) / 1e12
            raise InputError(
                f"--bbox {self.bbox} at {self.cell_m:g} m has {cells:.1e} cells: {len(self.sites)} sites would take"
                f" {size:.0f} TB and about {cells / (0.75 * WINDOW) ** 2 * len(self.sites):.0e} network calls;"
                " choose a smaller box or larger cells"
            )
        return Grid((shape[0], shape[1]), self.cell_m, (float(left), float(top)), crs)

    def checked(self) -> CityPlan:
        """Return the plan after a look at everything that can be known before work begins.

        Raises:
            InputError: if box, sites, layout or drive tests cannot be used.
        """
        if not 0 <= self.draws <= 64 or self.seed < 0 or self.steps < 1:
            raise OptionError(
                f"{self.draws} draws, seed {self.seed}, {self.steps} steps: wanted 0 to 64, 0 or more, 1 or more"
            )
        if not self.sites:
            raise InputError("a city wants at least one site")
        if not self.layout.is_file():
            raise LayoutError(
                f"the layout {self.layout} is not there: wanted GeoJSON, OSM XML or PBF, or a height raster"
            )
        names = [site.name for site in self.sites]
        strange = [name for name in names if not name.strip() or Path(name).name != name or not name.isprintable()]
        if strange:
            raise InputError(
                f"site name {strange[0]!r}: a drive test is called like its site, so wanted a name that a file can have"
            )
        folders = {folder_of(k, name) for k, name in enumerate(names)}
        if len(set(names)) != len(names) or len(folders) != len(names):
            twice = sorted({n for n in names if names.count(n) > 1})
            raise InputError(f"two sites are called {', '.join(twice)}: give each cell a name of its own")
        for site in self.sites:
            transmitter = self.transmitter(site)
            if not bool(self.grid.contains(transmitter.x, transmitter.y)):
                raise InputError(
                    f"site {site.name} at {site.place} lies outside the box {self.bbox}: enlarge the box, or"
                    " leave it out"
                )
        if self.observations is not None:
            self._require_known_tests(set(names))
        return self

    def _require_known_tests(self, names: set[str]) -> None:
        folder = self.observations
        if folder is None or not folder.is_dir():
            raise InputError(
                f"--observations {folder}: wanted a folder with a drive test NAME.csv for each site that has one"
            )
        strange = sorted(p.name for p in folder.glob("*.csv") if p.stem not in names)
        if strange:
            raise InputError(
                f"{folder} holds {', '.join(strange)} without a site of that name (sites: {', '.join(sorted(names))}):"
                " rename the files, or add the sites"
            )

    def transmitter(self, site: SitePlan) -> Transmitter:
        """Return a site's transmitter on the city's plane.

        Raises:
            InputError: if its place is not known.
        """
        found = site.transmitter(self.grid)
        if found is None:
            raise InputError(f"site {site.name} has no place: give lon and lat")
        return found

    def seen(self, number: int) -> Transmitter:
        """Return a site's transmitter as the network sees it: isotropic where a file has the antenna's pattern."""
        site = self.sites[number]
        found = self.transmitter(site)
        return found if site.pattern is None else replace(found, bearing_deg=None)

    def seed_of(self, number: int) -> int:
        """Return the seed of a site's discrepancy: draws of two sites have nothing in common."""
        return zlib.crc32(f"{self.seed} {self.sites[number].name}".encode())

    def test_of(self, site: SitePlan) -> Path | None:
        """Return the file of a site's drive test, or None."""
        if self.observations is None:
            return None
        path = self.observations / f"{site.name}.csv"
        return path if path.is_file() else None

    @cached_property
    def starts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """First row of each row of windows, and first column of each column of windows."""
        how = tile_options(self.window_cells)
        rows, cols = (tile_starts(n, how.cells, how.overlap, MULTIPLE) for n in self.grid.shape)
        return rows, cols

    @cached_property
    def weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights of windows along the rows and along the columns of the city, (windows, side)."""
        down, right = (
            tile_weights(starts, side, self.window_cells, tile_options(self.window_cells).margin)
            for starts, side in zip(self.starts, self.grid.shape, strict=True)
        )
        return down, right

    def window(self, row: int, col: int) -> tuple[slice, slice]:
        """Return the cells of a window."""
        top, left = self.starts[0][row], self.starts[1][col]
        size, (rows, cols) = self.window_cells, self.grid.shape
        return slice(top, min(top + size, rows)), slice(left, min(left + size, cols))

    def tile(self, row: int, col: int) -> tuple[slice, slice]:
        """Return the cells of a tile."""
        rows, cols = self.grid.shape
        return (
            slice(row * CHUNK, min((row + 1) * CHUNK, rows)), slice(col * CHUNK, min((col + 1) * CHUNK, cols)),
        )  # fmt: skip

    def part(self, rows: slice, cols: slice) -> Grid:
        """Return the grid of a window of the city."""
        west, north = self.grid.origin
        corner = (west + cols.start * self.cell_m, north - rows.start * self.cell_m)
        return replace(self.grid, shape=(rows.stop - rows.start, cols.stop - cols.start), origin=corner)

    def reached(self, site: int) -> tuple[slice, slice]:
        """Return the cells of the city that rays of a site are followed over."""
        tower = self.transmitter(self.sites[site])
        row, col = (int(v) for v in self.grid.index_of(tower.x, tower.y))
        rows, cols = (
            slice(max(at - REACH, 0), min(at + REACH + 1, side))
            for at, side in zip((row, col), self.grid.shape, strict=True)
        )
        return rows, cols

    def windows(self, site: int) -> Iterator[Task]:
        """Yield the windows of a site."""
        for i in range(len(self.starts[0])):
            for j in range(len(self.starts[1])):
                yield Task("window", site, i, j, self.sites[site].name)

    def tiles(self, site: int = -1) -> Iterator[Task]:
        """Yield the tiles of a site, or those of the network for -1."""
        rows, cols = (-(-n // CHUNK) for n in self.grid.shape)
        name = self.sites[site].name if site >= 0 else ""
        for i in range(rows):
            for j in range(cols):
                yield Task("tile" if site >= 0 else "network", site, i, j, name)

    def estimate(self) -> Estimate:
        """Return what the city costs."""
        windows = len(list(self.windows(0))) * len(self.sites)
        predicted = sum(self.test_of(site) is None for site in self.sites)
        drawn, tested = self.steps * self.draws, len(self.sites) - predicted
        each = _CALLS_TESTED + _CALLS_CHECKED * self.check + drawn
        calls = windows // len(self.sites) * (predicted * (1 + drawn) + tested * each)
        cells = self.grid.shape[0] * self.grid.shape[1]
        planes = (7 + self.draws) * len(CHANNELS)
        reached = min(cells, (2 * REACH + 1) ** 2)
        kept = cells * _BYTES_A_CELL * (planes * len(self.sites) + (2 + self.draws) * len(CHANNELS) * 1.8)
        kept += 2 * _BYTES_A_CELL * len(RAY_PLANES) * reached
        memory = 900e6 + self.window_cells**2 * (self.draws + 8) * len(CHANNELS) * 40 + cells * _BYTES_A_CELL
        memory += _RAY_BYTES * reached
        tiles = len(list(self.tiles(0))) * len(self.sites)
        return Estimate(
            windows, tiles, calls, int(kept), int(memory), sum(map(self._ray_seconds, range(len(self.sites))))
        )

    def _ray_seconds(self, site: int) -> float:
        """Return about the processor time that launching a site's rays takes [s]."""
        rows, cols = self.reached(site)
        return float(_LAUNCH_S * ((rows.stop - rows.start) * (cols.stop - cols.start) / 1024**2) ** _LAUNCH_POWER)

    def inputs(self) -> dict[str, str]:
        """Return what decides the result, by name, as short texts that can be compared."""
        found = {
            "box": repr(self.bbox), "cell": repr(self.cell_m), "draws": repr(self.draws), "seed": repr(self.seed),
            "steps": repr(self.steps), "sigma": repr(self.sigma_db), "openckm": __version__,
            "window": repr(self.window_cells), "check": repr(self.check),
            "layout": _digest(self.layout),
            "prior": "shipped" if self.prior is None else _digest(self.prior / "card.json"),
        }  # fmt: skip
        for site in self.sites:
            stated = {k: repr(v) for k, v in asdict(site).items() if k != "layout"}
            test = self.test_of(site)
            stated["test"] = "" if test is None else _digest(test)
            stated["pattern"] = "" if site.pattern is None else _pattern_digest(site.pattern)
            found[f"site {site.name}"] = hashlib.sha256(repr(sorted(stated.items())).encode()).hexdigest()
        return found


def folder_of(number: int, name: str) -> str:
    """Return the folder of a site's map within the city's."""
    return f"sites/{number:04d}-{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}"


def _pattern_digest(pattern: str | os.PathLike[str]) -> str:
    """Return what names an antenna pattern: its text, or the checksum of its file."""
    return _digest(Path(pattern)) if Path(pattern).is_file() else str(pattern)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error})") from error
