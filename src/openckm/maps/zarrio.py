"""A whole radio map with its draws as a Zarr folder, CRS kept.

The dimensions of the file are (draw, q, channel, y, x) and the CRS is a CF grid mapping `spatial_ref`, so that xarray
with rioxarray finds it; every variable names it in its encoding, because `to_zarr(encoding=...)` drops it otherwise.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openckm.errors import InputError
from openckm.maps.atomic import atomic_folder
from openckm.maps.grid import Grid
from openckm.maps.provenance import dump_provenance, load_provenance
from openckm.maps.radiomap import RadioMap

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["read_zarr", "write_zarr"]

_FORMAT = 1
_VARIABLES = ("mean", "std", "quantile", "valid", "channel", "q", "x", "y")


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
    if target.is_dir() and any(target.iterdir()) and not _is_zarr(target):
        raise InputError(f"{target} is a folder that holds something else than a map; choose another name")
    grid = radiomap.grid
    attributes = {
        "openckm_format": _FORMAT,
        "openckm_grid": json.dumps(
            {"shape": grid.shape, "cell_m": grid.cell_m, "origin": grid.origin, "crs": grid.crs}
        ),
        "openckm_provenance": dump_provenance(radiomap.provenance),
    }
    dataset = radiomap.dataset.swap_dims(row="y", col="x").assign_attrs(attributes)
    if grid.crs is not None:
        dataset = _with_crs(dataset, grid.crs)
    with atomic_folder(target) as aside:
        dataset.to_zarr(aside, mode="w", zarr_format=2, consolidated=True, encoding=_encoding(dataset, grid.crs))


def read_zarr(path: str | os.PathLike[str]) -> RadioMap:
    """Read a map that `write_zarr` wrote.

    Raises:
        InputError: if the folder is missing, or is not a map of this format.
        GridError: if the grid it states is malformed.
    """
    import xarray as xr

    source = Path(path)
    if not _is_zarr(source):
        raise InputError(f"{source} is not a Zarr folder: wanted a map of write_zarr; check the path")
    try:
        with xr.open_zarr(source, chunks=None, decode_coords="all", consolidated=False) as opened:
            _require_format(opened, source)
            dataset = opened.load()
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{source} cannot be read as a Zarr folder ({error}); copy or write the map again") from error
    grid = _grid(str(dataset.attrs["openckm_grid"]), source)
    provenance = load_provenance(str(dataset.attrs["openckm_provenance"]), str(source))
    dataset = dataset.swap_dims(y="row", x="col").drop_vars("spatial_ref", errors="ignore")
    if dict(dataset["mean"].sizes) != {"channel": dataset.sizes["channel"], "row": grid.shape[0], "col": grid.shape[1]}:
        raise InputError(f"{source}: its values have sizes {dict(dataset['mean'].sizes)}, its grid {grid.shape}")
    dataset.attrs = {key: value for key, value in dataset.attrs.items() if not key.startswith("openckm_")}
    for variable in dataset.variables.values():
        variable.encoding = {}
    return RadioMap(dataset, grid, provenance)


def _is_zarr(path: Path) -> bool:
    return (path / ".zgroup").is_file() or (path / "zarr.json").is_file()


def _with_crs(dataset: xr.Dataset, crs: str) -> xr.Dataset:
    from pyproj import CRS

    parsed = CRS.from_user_input(crs)
    mapping = {**parsed.to_cf(), "spatial_ref": parsed.to_wkt()}
    return dataset.assign_coords(spatial_ref=((), np.int64(0), mapping))


def _encoding(dataset: xr.Dataset, crs: str | None) -> dict[str, dict[str, Any]]:
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in dataset.data_vars.items():
        chunk = [min(size, 256) if dim in ("x", "y") else 1 for dim, size in variable.sizes.items()]
        encoding[str(name)] = {"chunks": tuple(chunk)}
        if crs is not None and {"x", "y"} <= set(variable.dims):
            encoding[str(name)]["grid_mapping"] = "spatial_ref"
    return encoding


def _require_format(dataset: xr.Dataset, source: Path) -> None:
    version = dataset.attrs.get("openckm_format")
    if version != _FORMAT:
        raise InputError(
            f"{source}: openckm_format is {version!r}, this program reads {_FORMAT}; wanted a map of write_zarr (or a"
            " newer openckm)"
        )
    missing = [name for name in _VARIABLES if name not in dataset]
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
