"""A map as bytes for the wire: JSON, GeoTIFF, or a zipped Zarr folder."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import OptionError
from openckm.maps.geotiff import write_geotiff
from openckm.maps.provenance import dump_provenance
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarrio import write_zarr

__all__ = ["MEDIA", "encode_result"]

MEDIA = {"json": "application/json", "geotiff": "image/tiff", "zarr": "application/zip"}
"""Media type of each format; Zarr comes as a zip of the folder."""


def encode_result(
    radiomap: RadioMap, form: str, channels: Collection[str] = ("gain_db",), draws: bool = False
) -> bytes:
    """Return a map in one of the formats of MEDIA.

    Args:
        radiomap: the map.
        form: "json", "geotiff" or "zarr".
        channels: that JSON holds; GeoTIFF holds the first; Zarr holds all.
        draws: whether JSON holds the draws.

    Raises:
        OptionError: if there is no such format or channel.
    """
    unknown = sorted(set(channels) - set(radiomap.channels))
    if unknown or not channels:
        raise OptionError(f"channels {unknown}: this map has {', '.join(radiomap.channels)}")
    if form == "json":
        return json.dumps(_document(radiomap, channels, draws), allow_nan=False).encode()
    if form not in MEDIA:
        raise OptionError(f"format {form!r}: wanted one of {', '.join(MEDIA)}")
    with tempfile.TemporaryDirectory(prefix="ckm-") as folder:
        if form == "geotiff":
            path = Path(folder) / "map.tif"
            write_geotiff(radiomap, path, channel=next(iter(channels)))
            return path.read_bytes()
        target = Path(folder) / "map.zarr"
        write_zarr(radiomap, target)
        return _zipped(target)


def _document(radiomap: RadioMap, channels: Collection[str], draws: bool) -> dict[str, Any]:
    grid = radiomap.grid
    levels = [float(q) for q in radiomap.dataset["q"].values]
    told = {
        name: {
            "mean": _rows(radiomap.mean(name)), "std": _rows(radiomap.std(name)),
            "quantiles": {f"{q:g}": _rows(radiomap.quantile(q, name)) for q in levels},
            **({"draws": _rows(radiomap.draws(name))} if draws and "draws" in radiomap.dataset else {}),
        }
        for name in channels
    }  # fmt: skip
    outage = radiomap.outage_threshold
    return {
        "grid": {"rows": grid.shape[0], "cols": grid.shape[1], "cell_m": grid.cell_m, "origin": list(grid.origin),
                 "crs": grid.crs},
        "channels": told,
        "valid": radiomap.valid.tolist(),
        "outage": None if outage is None else {"below": outage, "probability": _rows(radiomap.outage())},
        "provenance": json.loads(dump_provenance(radiomap.provenance), parse_constant=lambda _: None),
    }  # fmt: skip


def _rows(values: np.ndarray) -> Any:
    """Nested lists of numbers with five digits after the point: far below any reading's noise, and a third the size."""
    return np.round(values.astype(np.float64), 5).tolist()


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder).as_posix())
    return content.getvalue()
