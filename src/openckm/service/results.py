"""A map becomes bytes for the wire, as JSON, GeoTIFF, or a zipped Zarr folder, all made in memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import numpy as np

from openckm.errors import OptionError
from openckm.maps.geotiff import encode_geotiff
from openckm.maps.provenance import dump_provenance
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarrio import encode_zarr

MEDIA = {"json": "application/json", "geotiff": "image/tiff", "zarr": "application/zip"}
"""Media type of each format; Zarr comes as a zip of the folder."""


def encode_result(
    radiomap: RadioMap, form: str, channels: Collection[str] = ("gain_db",), draws: bool = False
) -> bytes:
    """Return a map in one of the formats of MEDIA.

    Args:
        radiomap: the map.
        form: "json", "geotiff" or "zarr".
        channels: the channels that JSON holds; GeoTIFF holds the first; Zarr holds all.
        draws: whether JSON and GeoTIFF hold the draws that were made, if any were; Zarr always does.

    Raises:
        OptionError: if there is no such format or channel.
    """
    unknown = sorted(set(channels) - set(radiomap.channels))
    if unknown or not channels:
        raise OptionError(f"channels {unknown}: this map has {', '.join(radiomap.channels)}")
    if form == "json":
        return _document(radiomap, channels, draws)
    if form not in MEDIA:
        raise OptionError(f"format {form!r}: wanted one of {', '.join(MEDIA)}")
    if form == "geotiff":
        return encode_geotiff(radiomap, next(iter(channels)), draws=draws and "draws" in radiomap.dataset)
    return encode_zarr(radiomap)


def _document(radiomap: RadioMap, channels: Collection[str], draws: bool) -> bytes:
    """Return the map in JSON, made plane by plane: as numbers of Python, all of it would take ten times the memory."""
    grid, outage = radiomap.grid, radiomap.outage_threshold
    place = {"rows": grid.shape[0], "cols": grid.shape[1], "cell_m": grid.cell_m, "origin": list(grid.origin)}
    provenance = json.loads(dump_provenance(radiomap.provenance), parse_constant=lambda _: None)
    chance = None if outage is None else {"below": _json(outage), "probability": _plane(radiomap.outage())}
    return _object(
        {
            "grid": _json(place | {"crs": grid.crs}),
            "channels": _object({name: _channel(radiomap, name, draws) for name in channels}),
            "valid": _json(radiomap.valid.tolist()),
            "outage": _json(None) if chance is None else _object(chance),
            "provenance": _json(provenance),
        }
    )


def _channel(radiomap: RadioMap, name: str, draws: bool) -> bytes:
    levels = [float(q) for q in radiomap.dataset["q"].values]
    channel = {
        "mean": _plane(radiomap.mean(name)),
        "std": _plane(radiomap.std(name)),
        "quantiles": _object({f"{q:g}": _plane(radiomap.quantile(q, name)) for q in levels}),
    }
    if draws and "draws" in radiomap.dataset:
        channel["draws"] = b"[" + b",".join(_plane(one) for one in radiomap.draws(name)) + b"]"
    return _object(channel)


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _object(parts: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(_json(name) + b":" + part for name, part in parts.items()) + b"}"


def _plane(values: np.ndarray) -> bytes:
    """Rows of numbers with five digits after the point: far below any reading's noise, and a third the size."""
    return _json(np.round(values.astype(np.float64), 5).tolist())
