"""A map in a Zarr folder, read and written window by window: how maps that do not fit into memory are kept.

Format 2 is Zarr 3. Its arrays are mean and std (channel, y, x), quantile (q, channel, y, x), valid (y, x) and, where
there are some, draws (draw, channel, y, x) and outage (y, x). A chunk holds 256 x 256 cells of one plane. Chunks of
large maps lie in shards of 1024 x 1024 cells, or, where tiles are written one by one, in shards of all planes of one
chunk's cells. Every chunk is written and carries a checksum, so that a chunk that is missing or cut off is an error
and never a hole that reads as NaN. Format 1 (Zarr 2, written by version 0.1.0) is read as well.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.provenance import dump_provenance, load_provenance
from openckm.maps.radiomap import QUANTILES, RadioMap

FORMAT = 2
CHUNK, SHARD = 256, 1024
"""Sides of a chunk and of a shard [cells]."""
_DIMS: dict[str, tuple[str, ...]] = {
    "mean": ("channel", "y", "x"),
    "std": ("channel", "y", "x"),
    "quantile": ("q", "channel", "y", "x"),
    "draws": ("draw", "channel", "y", "x"),
    "valid": ("y", "x"),
    "outage": ("y", "x"),
}
_NEEDED = ("mean", "std", "quantile", "valid", "channel", "q", "x", "y")
_CHUNK_KEY = re.compile(r"(^|/)c(/\d+)+$")
_Sharding = Literal["cells", "planes"]


def is_zarr(path: Path) -> bool:
    """Say whether a folder is the root of a Zarr store, of either version."""
    return (path / ".zgroup").is_file() or (path / "zarr.json").is_file()


class ZarrMap:
    """One map in a Zarr folder.

    Attributes:
        path: the folder.
        grid: the cells.
        channels: names of the channels.
        levels: quantile levels.
        draws: number of posterior draws, 0 if there are none.
        provenance: where the map comes from.
        attributes: further attributes of the map, such as its `belief`.
    """

    def __init__(self, path: Path, group: Any) -> None:
        self.path, self._group = path, group
        attributes = dict(group.attrs)
        _require_format(attributes.get("openckm_format"), group, path)
        self.grid = _grid(str(attributes["openckm_grid"]), path)
        self.provenance = load_provenance(str(attributes["openckm_provenance"]), str(path))
        self.attributes = {k: v for k, v in attributes.items() if not k.startswith(("openckm_", "_"))}
        self.channels = tuple(str(name) for name in np.asarray(group["channel"][:]))
        self.levels = tuple(float(q) for q in np.asarray(group["q"][:]))
        self._arrays = {name: group[name] for name in _DIMS if name in group}
        self.draws = int(self._arrays["draws"].shape[0]) if "draws" in self._arrays else 0
        shape = self._arrays["mean"].shape
        if shape != (len(self.channels), *self.grid.shape):
            raise InputError(f"{path}: its values have shape {shape}, its grid {self.grid.shape}; write the map again")

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the arrays that the map has: mean, std, quantile, valid, and draws and outage where kept."""
        return tuple(self._arrays)

    def facts(self, variable: str) -> dict[str, Any]:
        """Return the attributes of an array, such as the threshold of `outage`."""
        return {k: v for k, v in dict(self._arrays[variable].attrs).items() if k not in _OF_FORMAT}

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, writable: bool = False) -> ZarrMap:
        """Open a map; only its metadata is read.

        Raises:
            InputError: if the folder is missing, is not a map of this format, or was cut off.
            GridError: if the grid it states is malformed.
        """
        import zarr

        source = Path(path)
        if not is_zarr(source):
            raise InputError(f"{source} is not a Zarr folder: wanted a map of write_zarr; check the path")
        try:
            whole = not (source / ".zgroup").is_file()
            store = _whole_store(source) if whole and not writable else source
            group = zarr.open_group(store, mode="r+" if writable else "r")
            return cls(source, group)
        except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise _cut_off(source, error) from error
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise _cut_off(source, error) from error

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        grid: Grid,
        channels: Sequence[str],
        *,
        levels: Sequence[float] = QUANTILES,
        draws: int = 0,
        sharding: _Sharding = "cells",
        provenance: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
        outage: Mapping[str, Any] | None = None,
        store: Any = None,
    ) -> ZarrMap:
        """Make the template of a map, without values, and return it for writing.

        Args:
            path: folder to make.
            grid: the cells.
            channels: names of the channels.
            levels: quantile levels.
            draws: number of posterior draws, 0 for none.
            sharding: "cells" puts 4 x 4 chunks of a plane into one file where the map is large; "planes" puts all
                planes of one chunk's cells into one file, so that a task which makes one tile writes whole files.
            provenance: where the map comes from.
            attributes: further attributes of the map.
            outage: attributes of the array `outage`, which is made if they are given.
            store: a Zarr store to make it in, in place of the folder, such as `zarr.storage.MemoryStore`.

        Raises:
            InputError: if the provenance is not JSON.
        """
        import zarr

        place = Path(path) if store is None else store
        root: dict[str, Any] = {
            "openckm_format": FORMAT,
            "openckm_grid": json.dumps(
                {"shape": grid.shape, "cell_m": grid.cell_m, "origin": grid.origin, "crs": grid.crs}
            ),
            "openckm_provenance": dump_provenance(provenance or {}),
        }
        group = zarr.open_group(place, mode="w", zarr_format=3, attributes={**dict(attributes or {}), **root})
        sizes = {"channel": len(channels), "q": len(levels), "draw": draws, "y": grid.shape[0], "x": grid.shape[1]}
        for name, dims in _DIMS.items():
            if (name == "draws" and not draws) or (name == "outage" and outage is None):
                continue
            extra = dict(outage or {}) if name == "outage" else {}
            _make_array(group, name, dims, sizes, sharding, extra, grid.crs)
        _make_coordinates(group, grid, channels, levels)
        with warnings.catch_warnings(action="ignore"):  # a warning that other programs may not know consolidation
            zarr.consolidate_metadata(group.store)
        return cls(Path(path), zarr.open_group(place, mode="r+"))

    def read(
        self, variable: str, rows: slice, cols: slice, *, channel: str | None = None, index: int | slice = slice(None)
    ) -> NDArray[Any]:
        """Return a window of an array.

        Args:
            variable: one of `variables`.
            rows: the rows of the window.
            cols: the columns of the window.
            channel: the channel whose plane is wanted, for arrays with a channel; None for all channels.
            index: draw or quantile, or several, for arrays with draws or quantiles.

        Raises:
            InputError: if a chunk is missing or damaged.
            OptionError: if there is no such array or channel.
        """
        selection = self._selection(variable, rows, cols, channel, index)
        try:
            values = self._arrays[variable][selection]
        except InputError:
            raise
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise _cut_off(self.path, error) from error
        array: NDArray[Any] = np.asarray(values)
        return array.astype(bool) if variable == "valid" else array

    def write(self, rows: slice, cols: slice, values: Mapping[str, NDArray[Any]]) -> None:
        """Write a window of some arrays, each with all of its channels, quantiles and draws.

        A window that covers whole chunks (or shards) may be written while others write theirs.
        """
        for name, array in values.items():
            selection = self._selection(name, rows, cols, None, slice(None))
            self._arrays[name][selection] = np.asarray(array, self._arrays[name].dtype)

    def load(self) -> RadioMap:
        """Return the whole map in memory.

        Raises:
            InputError: if a chunk is missing or damaged.
        """
        import xarray as xr

        names = {"y": "row", "x": "col"}
        every = (slice(0, self.grid.shape[0]), slice(0, self.grid.shape[1]))
        held = {
            name: (tuple(names.get(d, d) for d in _DIMS[name]), self.read(name, *every), self.facts(name))
            for name in self.variables
        }
        coords = {
            "channel": list(self.channels), "q": list(self.levels),
            "x": ("col", self.grid.x), "y": ("row", self.grid.y),
        }  # fmt: skip
        return RadioMap(xr.Dataset(held, coords=coords, attrs=self.attributes), self.grid, self.provenance)

    def _selection(
        self, variable: str, rows: slice, cols: slice, channel: str | None, index: int | slice
    ) -> tuple[int | slice, ...]:
        if variable not in self._arrays:
            raise OptionError(f"{self.path} holds no {variable!r}: it holds {', '.join(self.variables)}")
        if channel is not None and channel not in self.channels:
            raise OptionError(f"this map has no channel {channel!r}: it has {', '.join(self.channels)}")
        plane: int | slice = slice(None) if channel is None else self.channels.index(channel)
        chosen = {"q": index, "draw": index, "channel": plane, "y": rows, "x": cols}
        return tuple(chosen[dim] for dim in _DIMS[variable])


_OF_FORMAT = ("grid_mapping", "_ARRAY_DIMENSIONS", "_FillValue", "coordinates", "dtype")


def _make_array(
    group: Any, name: str, dims: tuple[str, ...], sizes: dict[str, int], sharding: _Sharding, extra: dict[str, Any],
    crs: str | None,
) -> None:  # fmt: skip
    from zarr.codecs import ZstdCodec

    shape = tuple(sizes[d] for d in dims)
    chunk = tuple(min(sizes[d], CHUNK) if d in ("y", "x") else 1 for d in dims)
    shard: tuple[int, ...] | None = None
    if sharding == "planes" and len(dims) == 4:
        shard = (sizes[dims[0]], 1, *chunk[2:])
    elif sharding == "cells" and max(shape[-2:]) > SHARD:
        shard = tuple(
            -(-min(s, SHARD) // c) * c if d in ("y", "x") else 1 for s, c, d in zip(shape, chunk, dims, strict=True)
        )
    whole = name == "valid"
    attributes = extra | ({} if crs is None else {"grid_mapping": "spatial_ref"})
    group.create_array(
        name, shape=shape, chunks=chunk, shards=shard, dtype="bool" if whole else "float32",
        fill_value=False if whole else float("nan"), compressors=ZstdCodec(level=3, checksum=True),
        dimension_names=dims, config={"write_empty_chunks": True}, attributes=attributes,
    )  # fmt: skip


def _make_coordinates(group: Any, grid: Grid, channels: Sequence[str], levels: Sequence[float]) -> None:
    names = group.create_array("channel", shape=(len(channels),), dtype=str, dimension_names=("channel",))
    names[:] = np.asarray(channels, dtype=object)
    for name, values in (("q", np.asarray(levels, np.float64)), ("x", grid.x), ("y", grid.y)):
        made = group.create_array(name, shape=values.shape, dtype="float64", dimension_names=(name,))
        made[:] = values
    if grid.crs is not None:
        from pyproj import CRS

        parsed = CRS.from_user_input(grid.crs)
        mapping = {**parsed.to_cf(), "spatial_ref": parsed.to_wkt()}
        group.create_array("spatial_ref", shape=(), dtype="int64", attributes=mapping)[...] = 0


def _whole_store(path: Path) -> Any:
    """A store of a folder in which a chunk that is not there is an error, as every chunk was written."""
    from zarr.storage import LocalStore

    class WholeStore(LocalStore):
        async def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
            found = await super().get(key, *args, **kwargs)
            if found is None and _CHUNK_KEY.search(key):
                raise InputError(
                    f"{path} lacks its chunk {key}: the map was cut off, is not finished or was removed meanwhile;"
                    " copy or make it again"
                )
            return found

    return WholeStore(path, read_only=True)


def _cut_off(source: Path, error: Exception) -> InputError:
    reason = f"{type(error).__name__}: {error}"
    return InputError(f"{source} cannot be read as a Zarr folder ({reason}); copy or write the map again")


def _require_format(version: object, group: Any, source: Path) -> None:
    if version not in (1, FORMAT):
        newer = isinstance(version, int) and version > FORMAT
        raise InputError(
            f"{source}: openckm_format is {version!r}, this program reads 1 and {FORMAT}; "
            + ("it was written by a newer openckm: update this one" if newer else "wanted a map of write_zarr")
        )
    missing = [name for name in _NEEDED if name not in group]
    if missing:
        raise InputError(f"{source} lacks {', '.join(missing)}: the map is not complete; copy or write it again")


def _grid(text: str, source: Path) -> Grid:
    try:
        stated = json.loads(text)
        rows, cols = stated["shape"]
        west, north = stated["origin"]
        cell_m, crs = float(stated["cell_m"]), stated["crs"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{source}: its openckm_grid {text!r} cannot be read ({error}); write the map again"
        ) from error
    return Grid((int(rows), int(cols)), cell_m, (float(west), float(north)), crs)
