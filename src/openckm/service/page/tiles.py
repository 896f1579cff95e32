"""Small stored maps are sent whole, large ones as tiles of the Web Mercator that are cut from a pyramid.

A tile is 256 x 256 numbers (`layers.encode_values`), all of one map on one scale. Zoomed in, a pixel has the value of
the cell that it lies in (nearest neighbour); zoomed out, the average of 2^k x 2^k cells, of power in linear scale where
the layer is a level, and the head says of how many. Pyramids are made when they are first asked for and kept in memory.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.atlas.view import MapView
from openckm.errors import OptionError, OutsideGrid
from openckm.maps.grid import Grid
from openckm.maps.radiomap import chance_below
from openckm.service.page.layers import NOTHING, encode_values, ends_of
from openckm.service.page.places import LOCAL_DEGREE_M, corners

_TILE = 256
"""Pixels along a side of a tile."""
WHOLE = 512
"""Sides up to which a map comes whole [cells]."""
_STORED_LAYERS = ("mean", "std", "p05", "p10", "p90", "p95")
_EQUATOR_M = 2 * math.pi * 6_378_137.0
_DEEPEST = 24
_STEPS = 65534
Floats = NDArray[np.float32]


def stored_layers(view: MapView, siblings: Sequence[MapView]) -> tuple[str, ...]:
    """Return the layers that a stored map has; the best server where other cells of its group lie on the same cells."""
    has = [n for n in _STORED_LAYERS if n in ("mean", "std") or _level(view, n) is not None]
    return (*has, "outage", *(["server"] if len(_alike(view, siblings)) > 1 else []))


def _stored_values(
    view: MapView, layer: str, below: float | None = None, siblings: Sequence[MapView] = ()
) -> tuple[Floats, str]:
    """Return the values of a layer of a stored map, NaN where it says nothing, and their unit.

    Raises:
        OptionError: if there is no such layer, or outage is asked for without a threshold.
        InputError: if the map is damaged.
    """
    rows, cols = (slice(0, n) for n in view.grid.shape)
    unit = view.unit()
    if layer in ("mean", "std"):
        found, unit = view.window(layer, rows, cols), ("dB" if layer == "std" else unit)
    elif (level := _level(view, layer)) is not None:
        found = view.window("quantile", rows, cols, index=level)
    elif layer == "outage":
        if below is None:
            raise OptionError("outage wants a threshold: give `below`")
        drawn = view.window("draws", rows, cols) if view.belief == "draws" else None
        found, unit = chance_below(below, view.window("mean", rows, cols), view.window("std", rows, cols), drawn), "1"
    elif layer == "server" and len(_alike(view, siblings)) > 1:
        return _best(_alike(view, siblings)), "server"
    else:
        raise OptionError(f"layer {layer!r}: this map has {', '.join(stored_layers(view, siblings))}")
    valid = view.window("valid", rows, cols).astype(bool)
    return np.where(valid, found, np.nan).astype(np.float32), unit


def _level(view: MapView, layer: str) -> int | None:
    if not (layer.startswith("p") and layer[1:].isdigit()):
        return None
    wanted = int(layer[1:]) / 100
    return next((k for k, q in enumerate(view.levels) if abs(q - wanted) < 1e-9), None)


def _alike(view: MapView, siblings: Sequence[MapView]) -> list[MapView]:
    return [one for one in siblings if one.grid == view.grid and one.unit() == view.unit()]


def _best(views: Sequence[MapView]) -> Floats:
    """Return the index of the strongest cell at each place, NaN where none says anything."""
    best: Floats | None = None
    index = np.full(views[0].grid.shape, np.nan, np.float32)
    for k, one in enumerate(views):
        mean, _ = _stored_values(one, "mean")
        mean = np.where(np.isfinite(mean), mean, -np.inf)
        better = mean > (-np.inf if best is None else best)
        index[better] = k
        best = mean if best is None else np.maximum(best, mean)
    return index


def _head_of(layer: str, unit: str, grid: Grid, siblings: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the head of a layer says of the map."""
    return {
        "layer": layer, "cell_m": grid.cell_m, "crs": grid.crs, "unit": unit, "corners": corners(grid),
        **({"names": list(siblings)} if layer == "server" else {}),
    }  # fmt: skip


def whole_layer(view: MapView, layer: str, below: float | None, siblings: Sequence[MapView]) -> bytes:
    """Return a layer of a stored map as bytes, every cell of it.

    Raises:
        OptionError: if there is no such layer, or the map is too large to come whole.
    """
    if max(view.grid.shape) > WHOLE:
        raise OptionError(
            f"{view.name} has {view.grid.shape[0]} x {view.grid.shape[1]} cells: beyond {WHOLE}, maps come in tiles"
        )
    values, unit = _stored_values(view, layer, below, siblings)
    names = [one.name for one in _alike(view, siblings)]
    return encode_values(values, ends_of(values), _head_of(layer, unit, view.grid, names))


@dataclass(eq=False)
class Pyramid:
    """A layer at all its sizes.

    Attributes:
        levels: 16-bit numbers of level k, an average of 2^k x 2^k cells each.
        ends: smallest and largest value.
        head: the head of every tile.
        grid: the grid of level 0.
    """

    levels: list[NDArray[np.uint16]]
    ends: tuple[float, float]
    head: dict[str, Any]
    grid: Grid
    _sets: dict[int, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size(self) -> int:
        """Size in memory, the rasters that are cut included [bytes]."""
        return 2 * sum(level.nbytes for level in self.levels)

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Return a tile; one beside the map is empty.

        Raises:
            OutsideGrid: if there is no such tile.
        """
        if not (0 <= z <= _DEEPEST and 0 <= x < 2**z and 0 <= y < 2**z):
            raise OutsideGrid(f"tile {z}/{x}/{y}: wanted a zoom up to {_DEEPEST}, and x and y within it")
        level = self._level_of(z, y)
        with self._lock:
            numbers = self._warped(level, z, x, y)
        scale = (self.ends[1] - self.ends[0]) / _STEPS or 1.0
        values = np.where(numbers == NOTHING, np.nan, self.ends[0] + scale * numbers.astype(np.float64))
        return encode_values(values, self.ends, {**self.head, "z": z, "x": x, "y": y, "averaged": 2**level})

    def _level_of(self, z: int, y: int) -> int:
        """Return the level whose cells are as large as a pixel of the tile, or somewhat smaller."""
        north = math.pi * (1 - 2 * (y + 0.5) / 2**z)
        metres = _EQUATOR_M / (_TILE * 2**z) / math.cosh(north)  # of a pixel on the ground
        wanted = math.floor(math.log2(max(metres / self.grid.cell_m, 1e-9)))
        return min(max(wanted, 0), len(self.levels) - 1)

    def _warped(self, level: int, z: int, x: int, y: int) -> NDArray[np.uint16]:
        from affine import Affine
        from rasterio.enums import Resampling
        from rasterio.vrt import WarpedVRT

        pixel = _EQUATOR_M / (_TILE * 2**z)
        corner = -_EQUATOR_M / 2 + x * _TILE * pixel, _EQUATOR_M / 2 - y * _TILE * pixel
        affine = Affine(pixel, 0.0, corner[0], 0.0, -pixel, corner[1])
        with WarpedVRT(
            self._raster(level), crs="EPSG:3857", transform=affine, width=_TILE, height=_TILE, nodata=NOTHING,
            src_nodata=NOTHING, resampling=Resampling.nearest,
        ) as warped:  # fmt: skip
            return np.asarray(warped.read(1))

    def _raster(self, level: int) -> Any:
        """Return a level as a raster in memory, on the plane that the page has: degrees where the map has no CRS."""
        if level not in self._sets:
            from affine import Affine
            from rasterio.io import MemoryFile

            values, size, unit = self.levels[level], self.grid.cell_m * 2**level, LOCAL_DEGREE_M
            west, north = self.grid.origin
            local = self.grid.crs is None
            scale = unit if local else 1.0
            memory = MemoryFile()
            with memory.open(
                driver="GTiff", width=values.shape[1], height=values.shape[0], count=1, dtype="uint16", tiled=True,
                crs="EPSG:4326" if local else self.grid.crs, nodata=NOTHING,
                transform=Affine(size / scale, 0.0, west / scale, 0.0, -size / scale, north / scale),
            ) as raster:  # fmt: skip
                raster.write(values, 1)
            self._sets[level] = (memory.open(), memory)
        return self._sets[level][0]


class Pyramids:
    """Pyramids of the layers that were asked for last.

    Args:
        most_bytes: the largest number of bytes of all [bytes]; the longest unused goes first, and one always stays.
    """

    def __init__(self, most_bytes: int = 512 * 2**20) -> None:
        self.most_bytes, self._lock = most_bytes, threading.Lock()
        self._kept: OrderedDict[tuple[str, str, float | None], Pyramid] = OrderedDict()

    def of(self, view: MapView, folder: str, layer: str, below: float | None, siblings: Sequence[MapView]) -> Pyramid:
        """Return the pyramid of a layer.

        Args:
            view: the map.
            folder: the folder that names this version of it.
            layer: its name.
            below: threshold of the outage [unit of the map].
            siblings: other cells of its group.

        Raises:
            OptionError: if there is no such layer.
            InputError: if the map is damaged.
        """
        key = folder, layer, below if layer == "outage" else None
        with self._lock:  # who asks for another tile of it meanwhile wants the same pyramid
            found = self._kept.get(key)
            if found is None:
                found = self._kept[key] = _pyramid(view, layer, below, siblings)
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(one.size for one in self._kept.values()) > self.most_bytes:
                self._kept.popitem(last=False)
            return found


def _pyramid(view: MapView, layer: str, below: float | None, siblings: Sequence[MapView]) -> Pyramid:
    values, unit = _stored_values(view, layer, below, siblings)
    ends = ends_of(values)
    scale = (ends[1] - ends[0]) / _STEPS or 1.0
    power, names = unit in ("dB", "dBm") and layer != "std", [one.name for one in _alike(view, siblings)]
    levels = []
    while True:
        with np.errstate(invalid="ignore"):
            steps = np.round((values - ends[0]) / scale)
            levels.append(np.where(np.isfinite(values), steps, NOTHING).astype(np.uint16))
        if max(values.shape) <= _TILE or layer == "server":
            break
        values = _halved(values, power)
    return Pyramid(levels, ends, _head_of(layer, unit, view.grid, names), view.grid)


def _halved(values: Floats, power: bool) -> Floats:
    """Return averages of 2 x 2 cells, of power in linear scale; cells that say nothing do not count."""
    room = [(0, n % 2) for n in values.shape]
    padded = np.pad(values, room, constant_values=np.nan)
    linear = np.power(np.float32(10.0), padded / np.float32(10.0)) if power else padded
    says = np.isfinite(linear)
    total = sum(np.where(says, linear, 0)[a::2, b::2] for a in (0, 1) for b in (0, 1))
    count = sum(says[a::2, b::2].astype(np.float32) for a in (0, 1) for b in (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.asarray(total / count, np.float32)
        return np.asarray(10 * np.log10(mean) if power else mean, np.float32)
