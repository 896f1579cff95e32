"""A whole radio map with its draws as a Zarr folder, CRS kept; `openckm.maps.zarr_map` reads and writes its windows.

The dimensions of the file are (draw, q, channel, y, x) and the CRS is a CF grid mapping `spatial_ref`, so that xarray
with rioxarray finds it.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import InputError
from openckm.maps.atomic import atomic_folder
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarr_map import SHARD, ZarrMap, is_zarr

_VARIABLES = ("mean", "std", "quantile", "valid", "draws", "outage")


def write_zarr(radiomap: RadioMap, path: str | os.PathLike[str]) -> None:
    """Write a whole map (all channels, quantiles and draws) as a Zarr folder, whole or not at all.

    Args:
        radiomap: the map.
        path: folder to write; an old map of that name is replaced, any other folder is refused.

    Raises:
        InputError: if the parent folder does not exist, `path` is something else than a map, or the provenance is
            not JSON.
    """
    target = Path(path)
    if target.is_dir() and any(target.iterdir()) and not is_zarr(target):
        raise InputError(f"{target} is a folder that holds something else than a map; choose another name")
    with atomic_folder(target) as aside:
        write_map_folder(radiomap, aside)


def write_zarrs(radiomaps: Mapping[str, RadioMap], path: str | os.PathLike[str]) -> None:
    """Write several maps as the groups of one Zarr folder, whole or not at all; `read_zarr(path / name)` reads one.

    Args:
        radiomaps: the maps by the name of their group.
        path: folder to write; an old Zarr folder of that name is replaced, any other folder is refused.

    Raises:
        InputError: as for `write_zarr`.
    """
    import zarr

    target = Path(path)
    if target.is_dir() and any(target.iterdir()) and not is_zarr(target):
        raise InputError(f"{target} is a folder that holds something else than maps; choose another name")
    with atomic_folder(target) as aside:
        zarr.open_group(aside, mode="w", attributes={"openckm_maps": list(radiomaps)})
        for name, radiomap in radiomaps.items():
            write_map_folder(radiomap, aside / name)


def encode_zarr(radiomap: RadioMap) -> bytes:
    """Return a whole map as a zip of its Zarr folder, made in memory: nothing of it touches a disk.

    Raises:
        InputError: if the provenance is not JSON.
    """
    from zarr.storage import MemoryStore

    held: dict[str, Any] = {}
    write_map_folder(radiomap, Path("map.zarr"), MemoryStore(held))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(held):
            archive.writestr(name, held[name].to_bytes())
    return content.getvalue()


def write_map_folder(radiomap: RadioMap, folder: Path, store: Any = None) -> None:
    """Write a whole map into a fresh folder, which the caller puts into its place, or into a Zarr store.

    Raises:
        InputError: if the provenance is not JSON.
    """
    dataset, grid = radiomap.dataset, radiomap.grid
    outage = dict(dataset["outage"].attrs) if "outage" in dataset else None
    made = ZarrMap.create(
        folder, grid, radiomap.channels, levels=[float(q) for q in dataset["q"].values],
        draws=dataset.sizes["draw"] if "draws" in dataset else 0, provenance=radiomap.provenance,
        attributes=_plain(dataset.attrs), outage=outage, store=store,
    )  # fmt: skip
    every = slice(0, grid.shape[0]), slice(0, grid.shape[1])
    made.write(*every, {name: dataset[name].values for name in _VARIABLES if name in dataset})


def copy_map(source: ZarrMap, folder: Path, provenance: Mapping[str, Any]) -> None:
    """Copy a map window by window into a fresh folder, which the caller puts into its place, with another provenance.

    One array of SHARD x SHARD cells is in memory at a time, however large the map is.

    Raises:
        InputError: if a chunk is missing or damaged, or the provenance is not JSON.
    """
    made = ZarrMap.create(
        folder, source.grid, source.channels, levels=source.levels, draws=source.draws, provenance=provenance,
        attributes=source.attributes, outage=source.facts("outage") if "outage" in source.variables else None,
    )  # fmt: skip
    for top, left in product(*(range(0, side, SHARD) for side in source.grid.shape)):
        rows, cols = (slice(a, min(a + SHARD, n)) for a, n in zip((top, left), source.grid.shape, strict=True))
        for name in source.variables:
            made.write(rows, cols, {name: source.read(name, rows, cols)})


def read_zarr(path: str | os.PathLike[str]) -> RadioMap:
    """Read a map that `write_zarr` wrote, of this version or of version 0.1.0.

    Raises:
        InputError: if the folder is missing, is not a map of this format, or was cut off.
        GridError: if the grid it states is malformed.
    """
    return ZarrMap.open(path).load()


def _plain(attributes: dict[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON holds them."""
    return {str(k): v.item() if isinstance(v, np.generic) else v for k, v in attributes.items()}
