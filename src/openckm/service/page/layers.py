"""Layers of a map as numbers for a browser, which colours them itself: 16 bits a cell, with scale and offset stated.

A layer is one JSON line, padded with blanks so that the numbers begin at an even place, and then rows x cols unsigned
16-bit numbers (little-endian, row 0 is north): value = offset + scale * number, and NOTHING where the map says nothing.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout

__all__ = ["LAYERS", "MEDIA_TYPE", "NOTHING", "buildings_geojson", "corners", "encode_layer"]

LAYERS = ("mean", "std", "p10", "p90", "direction", "building")
MEDIA_TYPE = "application/vnd.openckm.layer"
NOTHING = 65535
"""The number of a cell of which the map says nothing."""
_STEPS = 65534


def corners(grid: Grid) -> list[list[float]]:
    """Return the map's corners as [longitude, latitude] [degrees]: north-west, north-east, south-east, south-west.

    A map without a CRS lies at longitude and latitude 0, a degree being 111,320 m.
    """
    west, south, east, north = grid.bounds
    x, y = np.array([west, east, east, west]), np.array([north, north, south, south])
    if grid.crs is None:
        lon, lat = x / 111_320.0, y / 111_320.0
    else:
        lon, lat = grid.to_lonlat(x, y)
    return [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]


def encode_layer(radiomap: RadioMap, layer: str, outage_below: float | None = None) -> bytes:
    """Return a layer as bytes.

    Args:
        radiomap: the map.
        layer: one of LAYERS, or "outage".
        outage_below: threshold of the outage [unit of the map]; for "outage" alone.

    Raises:
        OptionError: if there is no such layer, or outage is asked for without a threshold.
    """
    values, unit = _values(radiomap, layer, outage_below)
    low, high = _ends(values)
    scale = (high - low) / _STEPS if high > low else 1.0
    with np.errstate(invalid="ignore"):
        numbers = np.where(np.isfinite(values), np.round((values - low) / scale), NOTHING)
    grid = radiomap.grid
    head: dict[str, Any] = {
        "layer": layer, "rows": grid.shape[0], "cols": grid.shape[1], "cell_m": grid.cell_m, "crs": grid.crs,
        "unit": unit, "scale": scale, "offset": low, "nothing": NOTHING, "low": low, "high": high,
        "corners": corners(grid),
    }  # fmt: skip
    line = json.dumps(head).encode()
    line += b" " * ((len(line) + 1) % 2) + b"\n"
    return line + numbers.astype("<u2").tobytes()


def _values(radiomap: RadioMap, layer: str, outage_below: float | None) -> tuple[NDArray[np.float64], str]:
    unit = str(radiomap.provenance.get("unit", "dB"))
    if layer == "outage":
        if outage_below is None:
            raise OptionError("outage wants a threshold: give `below`")
        found, unit = radiomap.with_outage(outage_below).outage(), "1"
    elif layer == "mean":
        found = radiomap.mean()
    elif layer == "std":
        found, unit = radiomap.std(), "dB"
    elif layer in ("p10", "p90"):
        found = radiomap.quantile(0.1 if layer == "p10" else 0.9)
    elif layer == "direction" and {"aoa_cos", "aoa_sin"} <= set(radiomap.channels):
        found, unit = np.degrees(np.arctan2(radiomap.mean("aoa_sin"), radiomap.mean("aoa_cos"))), "degrees"
    elif layer == "building" and "building" in radiomap.channels:
        return np.asarray(radiomap.mean("building"), dtype=np.float64), "1"
    else:
        raise OptionError(f"layer {layer!r}: this map has {', '.join((*LAYERS, 'outage'))}")
    return np.where(radiomap.valid, np.asarray(found, dtype=np.float64), np.nan), unit


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    good = values[np.isfinite(values)]
    return (float(good.min()), float(good.max())) if good.size else (0.0, 1.0)


def buildings_geojson(layout: Layout) -> dict[str, Any]:
    """Return the buildings of a layout as GeoJSON polygons in EPSG:4326, with `height` [m] and `assumed`.

    Outlines follow the cells. `assumed` is true where the layout states the height of fewer than half of the buildings,
    so that the height drawn is mostly the one that was taken for granted.
    """
    from rasterio.features import shapes

    grid = layout.grid
    height = np.round(layout.height_m).astype(np.int32)
    height[layout.building & (height == 0)] = 1
    features = []
    for shape, value in shapes(height, mask=height > 0, transform=grid.transform):
        rings = [_degrees(grid, ring) for ring in shape["coordinates"]]
        features.append(
            {
                "type": "Feature", "geometry": {"type": "Polygon", "coordinates": rings},
                "properties": {"height": float(value), "assumed": layout.height_known <= 0.5},
            }
        )  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _degrees(grid: Grid, ring: list[tuple[float, float]]) -> list[list[float]]:
    x, y = np.array(ring).T
    lon, lat = (x / 111_320.0, y / 111_320.0) if grid.crs is None else grid.to_lonlat(x, y)
    return [[round(float(a), 7), round(float(b), 7)] for a, b in zip(lon, lat, strict=True)]
