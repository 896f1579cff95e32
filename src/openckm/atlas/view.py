"""A finished map to be asked: a GeoTIFF, a Zarr folder or a map in memory, read where it is asked and no further.

A cell is an average over its area, so that the answer at a place is that of its cell: nothing is interpolated.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError, OptionError, UnitError
from openckm.maps.geotiff import TiffMap
from openckm.maps.grid import Grid
from openckm.maps.quantity import CHANNELS
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarr_map import CHUNK, ZarrMap

_CACHE_BYTES = 64 * 2**20
"""Values of one map that are kept in memory, at most [bytes]."""
BLOCK = 4 * CHUNK
"""Side of the squares in which many points are looked up [cells]."""
FEW = 64
"""Points in a block up to which only the chunks that hold them are read."""
GAIN_CHANNEL = "gain_db"
CITY_FILE = "city.json"
"""File of a city's folder that names the folder of each site's map."""
Values = NDArray[Any]


class Source(Protocol):
    """What values are read from: `ZarrMap`, `TiffMap`, or a map in memory."""

    def read(
        self, variable: str, rows: slice, cols: slice, *, channel: str | None = None, index: int | slice = slice(None)
    ) -> Values:
        """Return a window of an array."""
        ...


class _InMemory:
    """A radio map as a source of windows."""

    def __init__(self, radiomap: RadioMap) -> None:
        self.arrays = {str(name): np.asarray(values.values) for name, values in radiomap.dataset.data_vars.items()}
        self.channels = radiomap.channels

    def read(
        self, variable: str, rows: slice, cols: slice, *, channel: str | None = None, index: int | slice = slice(None)
    ) -> Values:
        """Return a window of an array."""
        array = self.arrays[variable]
        plane: int | slice = slice(None) if channel is None else self.channels.index(channel)
        if array.ndim == 2:
            return array[rows, cols]
        return array[plane, rows, cols] if array.ndim == 3 else array[index, plane, rows, cols]


class _Cache:
    """Chunks that were read, the longest unused going first; shared by the views of one map."""

    def __init__(self) -> None:
        self.held: OrderedDict[tuple[Any, ...], Values] = OrderedDict()
        self.size, self.lock = 0, threading.Lock()

    def get(self, key: tuple[Any, ...]) -> Values | None:
        with self.lock:
            found = self.held.get(key)
            if found is not None:
                self.held.move_to_end(key)
            return found

    def put(self, key: tuple[Any, ...], values: Values) -> None:
        with self.lock:
            if key not in self.held:
                self.held[key] = values
                self.size += values.nbytes
            while self.size > _CACHE_BYTES and len(self.held) > 1:
                self.size -= self.held.popitem(last=False)[1].nbytes


@dataclass(frozen=True, eq=False)
class MapView:
    """A finished map to be asked. Make one with `open_map`.

    Attributes:
        source: what values are read from.
        grid: the cells.
        channels: names of the channels.
        levels: quantile levels that are kept.
        draws: number of posterior draws, 0 if there are none.
        provenance: where the map comes from.
        belief: "draws" if the map is made of its draws, else "normal".
        name: the name of the map, for messages.
        shift_db: added to the gain [dB], see `in_dbm`.
    """

    source: Source
    grid: Grid
    channels: tuple[str, ...]
    levels: tuple[float, ...]
    draws: int
    provenance: Mapping[str, Any]
    belief: str = "normal"
    name: str = "map"
    shift_db: float = 0.0
    _cache: _Cache = field(default_factory=_Cache, repr=False)

    @classmethod
    def of(cls, made: RadioMap | MapView | ZarrMap | TiffMap, name: str = "") -> MapView:
        """Return the view of a map."""
        if isinstance(made, MapView):
            return replace(made, name=name) if name else made
        if isinstance(made, RadioMap):
            levels = tuple(float(q) for q in made.dataset["q"].values)
            draws = int(made.dataset.sizes["draw"]) if "draws" in made.dataset else 0
            belief = str(made.dataset.attrs.get("belief", "normal"))
            return cls(_InMemory(made), made.grid, made.channels, levels, draws, made.provenance, belief, name or "map")
        belief = str(made.attributes.get("belief", "normal"))
        called = name or Path(made.path).name
        return cls(made, made.grid, made.channels, made.levels, made.draws, made.provenance, belief, called)

    def unit(self, channel: str = GAIN_CHANNEL) -> str:
        """Return the unit of a channel; that of the gain is "dB", or "dBm" for received power.

        Raises:
            OptionError: if there is no such channel.
        """
        self._require(channel)
        if channel == GAIN_CHANNEL:
            return str(self.provenance.get("unit", "dB"))
        return next((c.unit for c in CHANNELS if c.name == channel), "1")

    @property
    def time(self) -> datetime | None:
        """Time that the map is of, or None where its provenance does not say."""
        stated = self.provenance.get("time")
        try:
            return None if stated is None else datetime.fromisoformat(str(stated))
        except ValueError:
            return None

    @property
    def site(self) -> Mapping[str, Any]:
        """What is known of the base station: name, lon, lat, height_m, carrier_hz, power_dbm and so on."""
        held = self.provenance.get("site", {})
        return held if isinstance(held, Mapping) else {"name": str(held)}

    def in_dbm(self, power_dbm: float) -> MapView:
        """Return a map of path gain [dB] as one of received power [dBm], for a transmit power [dBm].

        Raises:
            UnitError: if the map is in dBm already.
        """
        if self.unit() != "dB":
            raise UnitError(f"{self.name} is in {self.unit()} already: a transmit power is for maps of path gain [dB]")
        stated = {**self.provenance, "unit": "dBm", "power_dbm": power_dbm}
        return replace(self, shift_db=self.shift_db + power_dbm, provenance=stated)

    def require_draws(self, what: str) -> int:
        """Return the number of draws.

        Raises:
            OptionError: if there are none, saying how to get them; `what` is the statement that needs them.
        """
        if self.draws < 2:
            raise OptionError(
                f"{what} is a statement on many cells at once, and {self.name} holds {self.draws or 'no'} draws: cells"
                " are not independent, so it cannot be had from their spreads. Make the map with draws and keep them:"
                " ckm construct ... --draws 16 --zarr map.zarr, or reconstruct(..., draws=16)"
            )
        return self.draws

    def window(
        self, variable: str, rows: slice, cols: slice, *, channel: str = GAIN_CHANNEL, index: int | slice = slice(None)
    ) -> Values:
        """Return a window of "mean", "std", "quantile", "draws" or "valid" [the channel's unit].

        Raises:
            OptionError: if there is no such channel or array.
            InputError: if the file is damaged.
        """
        self._require(channel)
        values = self.source.read(variable, rows, cols, channel=channel, index=index)
        if self.shift_db and channel == GAIN_CHANNEL and variable in ("mean", "quantile", "draws"):
            values = values + np.float32(self.shift_db)
        return values

    def take(
        self, variable: str, row: NDArray[np.intp], col: NDArray[np.intp], *, channel: str = GAIN_CHANNEL,
        index: int | slice = slice(None),
    ) -> Values:  # fmt: skip
        """Return the values of cells: (n,), or (draw or quantile, n) where several are asked for.

        Args:
            variable: as `window`.
            row: the row of each cell, within the grid, shape (n,).
            col: the column of each cell, shape (n,).
            channel: the channel whose values are wanted.
            index: draw or quantile, or several.
        """
        if isinstance(self.source, _InMemory):
            every = slice(0, self.grid.shape[0]), slice(0, self.grid.shape[1])
            return np.asarray(self.window(variable, *every, channel=channel, index=index)[..., row, col])
        wide = -(-self.grid.shape[1] // BLOCK)
        block = (row // BLOCK) * wide + col // BLOCK
        order = np.argsort(block, kind="stable")
        cuts = np.flatnonzero(np.diff(block[order])) + 1
        out: Values | None = None
        for chosen in np.split(order, cuts) if len(order) else []:
            part = self._of_block(variable, row[chosen], col[chosen], channel, index)
            if out is None:
                out = np.empty((*part.shape[:-1], len(row)), part.dtype)
            out[..., chosen] = part
        return np.empty(0, np.float32) if out is None else out

    def _of_block(
        self, variable: str, row: NDArray[np.intp], col: NDArray[np.intp], channel: str, index: int | slice
    ) -> Values:
        if len(row) > FEW:  # the box that holds them, at once
            top, left = int(row.min()), int(col.min())
            box = slice(top, int(row.max()) + 1), slice(left, int(col.max()) + 1)
            return np.asarray(self.window(variable, *box, channel=channel, index=index)[..., row - top, col - left])
        chunks = (row // CHUNK) * (self.grid.shape[1] // CHUNK + 1) + col // CHUNK
        parts: dict[int, Values] = {}
        for k, name in enumerate(chunks.tolist()):
            if name not in parts:
                parts[name] = self._chunk(variable, int(row[k]) // CHUNK, int(col[k]) // CHUNK, channel, index)
        return np.stack(
            [parts[n][..., r % CHUNK, c % CHUNK] for n, r, c in zip(chunks.tolist(), row, col, strict=True)], -1
        )

    def _chunk(self, variable: str, down: int, right: int, channel: str, index: int | slice) -> Values:
        key = (variable, down, right, channel, index if isinstance(index, int) else "all", self.shift_db)
        found = self._cache.get(key)
        if found is None:
            box = slice(down * CHUNK, (down + 1) * CHUNK), slice(right * CHUNK, (right + 1) * CHUNK)
            found = self.window(variable, *box, channel=channel, index=index)
            self._cache.put(key, found)
        return found

    def _require(self, channel: str) -> None:
        if channel not in self.channels:
            raise OptionError(f"{self.name} has no channel {channel!r}: it has {', '.join(self.channels)}")


def open_map(path: str | os.PathLike[str], name: str = "") -> MapView:
    """Open a finished map, a GeoTIFF of `write_geotiff` or a Zarr folder of `write_zarr`; values are read when asked.

    Args:
        path: the path of the file or folder.
        name: the name of the map in messages; that of the file by default.

    Raises:
        InputError: if it is missing or is no map.
    """
    source = Path(path)
    if source.suffix.lower() in (".tif", ".tiff"):
        return MapView.of(TiffMap.open(source), name)
    if not source.exists():
        raise InputError(
            f"there is no map {source}: wanted a GeoTIFF (.tif) or a Zarr folder (.zarr), or a name in --store"
        )
    return MapView.of(ZarrMap.open(source), name)


def open_maps(path: str | os.PathLike[str]) -> list[MapView]:
    """Open a map as `open_map`, or all sites' maps of a city that `ckm city` made, each by the name of its site.

    Raises:
        InputError: if there is no map, or the city is not finished.
    """
    source = Path(path)
    plan = source / CITY_FILE
    if not plan.is_file():
        return [open_map(source)]
    try:
        stated = json.loads(plan.read_text(encoding="utf-8"))
        sites = {str(name): str(folder) for name, folder in stated["sites"].items()}
    except (ValueError, KeyError, AttributeError) as error:
        raise InputError(f"{plan} cannot be read ({error}): make the city again, what is finished is kept") from error
    if not stated.get("finished"):
        raise InputError(f"the city {source} is not finished: run the same `ckm city` again, what is finished is kept")
    return [open_map(source / folder, name) for name, folder in sites.items()]
