"""Layers of a map are sent as numbers that the browser colours: 16 bits a cell, with scale and offset stated.

A layer is one JSON line, padded with blanks so that the numbers begin at an even place, and then rows x cols unsigned
16-bit numbers (little-endian, row 0 is north): value = offset + scale * number, and NOTHING where the map says nothing.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.edge.change import CHANGE
from openckm.errors import OptionError
from openckm.maps.buildings.ground import Ground
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout
from openckm.service.page.places import corners, to_page

LAYERS = ("mean", "std", "p05", "p10", "p90", "p95", "direction", "building", "change", "change_std")
MEDIA_TYPE = "application/vnd.openckm.layer"
NOTHING = 65535
"""The number of a cell of which the map says nothing."""
_STEPS = 65534
_GAIN = "gain_db"


def encode_layer(radiomap: RadioMap, layer: str, outage_below: float | None = None) -> bytes:
    """Return a layer as bytes.

    Args:
        radiomap: the map.
        layer: one of LAYERS, or "outage".
        outage_below: threshold of the outage [unit of the map]; for "outage" alone.

    Raises:
        OptionError: if there is no such layer, or outage is asked for without a threshold.
    """
    values, unit = _values_of(radiomap, layer, outage_below)
    grid = radiomap.grid
    facts = {"layer": layer, "cell_m": grid.cell_m, "crs": grid.crs, "unit": unit, "corners": corners(grid)}
    return encode_values(values, ends_of(values), facts)


def encode_values(values: NDArray[np.floating], ends: tuple[float, float], facts: dict[str, Any]) -> bytes:
    """Return rows of values as bytes.

    Args:
        values: the values of the cells [unit], NaN where nothing is said, shape (rows, cols).
        ends: smallest and largest value that the 16 bits reach; what lies beyond is clamped.
        facts: further lines of the head.
    """
    low, high = ends
    scale = (high - low) / _STEPS if high > low else 1.0
    with np.errstate(invalid="ignore"):
        steps = np.clip(np.round((values - low) / scale), 0, _STEPS)
        numbers = np.where(np.isfinite(values), steps, NOTHING).astype("<u2")
    head = {
        "rows": values.shape[0], "cols": values.shape[1], "scale": scale, "offset": low, "nothing": NOTHING,
        "low": low, "high": high, **facts,
    }  # fmt: skip
    line = json.dumps(head).encode()
    line += b" " * ((len(line) + 1) % 2) + b"\n"
    return line + numbers.tobytes()


def layers_of(radiomap: RadioMap) -> tuple[str, ...]:
    """Return the names of the layers that a map has; every map has an outage, too."""
    has = set(radiomap.channels)
    lacks = {
        "direction": not {"aoa_cos", "aoa_sin"} <= has, "building": "building" not in has,
        "change": CHANGE not in has, "change_std": CHANGE not in has,
        **{f"p{round(100 * q):02d}": not _keeps(radiomap, q) for q in (0.05, 0.1, 0.9, 0.95)},
    }  # fmt: skip
    return (*(name for name in LAYERS if not lacks.get(name, False)), "outage")


def _keeps(radiomap: RadioMap, level: float) -> bool:
    return any(abs(level - float(q)) < 1e-9 for q in radiomap.dataset["q"].values)


def _values_of(radiomap: RadioMap, layer: str, outage_below: float | None = None) -> tuple[NDArray[np.float64], str]:
    """Return the values of a layer, NaN where the map says nothing, and their unit; errors as `encode_layer`."""
    unit = str(radiomap.provenance.get("unit", "dB"))
    channel = _GAIN if _GAIN in radiomap.channels else radiomap.channels[0]  # of RSRQ, SINR or throughput, its own
    if layer == "outage":
        if outage_below is None:
            raise OptionError("outage wants a threshold: give `below`")
        found, unit = radiomap.with_outage(outage_below, channel).outage(), "1"
    elif layer == "mean":
        found = radiomap.mean(channel)
    elif layer == "std":
        found, unit = radiomap.std(channel), ("dB" if channel == _GAIN else unit)
    elif layer in ("p05", "p10", "p90", "p95"):
        found = radiomap.quantile(int(layer[1:]) / 100, channel)
    elif layer in ("change", "change_std") and CHANGE in radiomap.channels:
        found, unit = (radiomap.mean(CHANGE) if layer == "change" else radiomap.std(CHANGE)), "dB"
    elif layer == "direction" and {"aoa_cos", "aoa_sin"} <= set(radiomap.channels):
        found, unit = np.degrees(np.arctan2(radiomap.mean("aoa_sin"), radiomap.mean("aoa_cos"))), "degrees"
    elif layer == "building" and "building" in radiomap.channels:
        return np.asarray(radiomap.mean("building"), dtype=np.float64), "1"
    else:
        raise OptionError(f"layer {layer!r}: this map has {', '.join(layers_of(radiomap))}")
    return np.where(radiomap.valid, np.asarray(found, dtype=np.float64), np.nan), unit


def ends_of(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the smallest and the largest value that is finite; 0 and 1 where none is."""
    good = values[np.isfinite(values)]
    return (float(good.min()), float(good.max())) if good.size else (0.0, 1.0)


def buildings_geojson(layout: Layout) -> dict[str, Any]:
    """Return the buildings of a layout as GeoJSON polygons in EPSG:4326, with `height` [m] and `assumed`.

    Outlines follow the cells. `assumed` is true where nobody stated the height of a building; of a layout that does not
    tell its buildings apart, where it states the height of fewer than half of them.
    """
    from rasterio.features import shapes

    grid = layout.grid
    height = np.round(layout.height_m).astype(np.int32)
    height[layout.building & (height == 0)] = 1
    assumed = np.full(grid.shape, layout.height_known <= 0.5) if layout.assumed is None else layout.assumed
    kinds = 2 * height + assumed  # buildings that touch are apart where their height or its source differs
    features = []
    for shape, kind in shapes(kinds.astype(np.int32), mask=height > 0, transform=grid.transform):
        rings = [_degrees(grid, ring) for ring in shape["coordinates"]]
        properties = {"height": float(kind // 2), "assumed": bool(kind % 2)}
        polygon = {"type": "Polygon", "coordinates": rings}
        features.append({"type": "Feature", "geometry": polygon, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


def encode_heights(layout: Layout) -> bytes:
    """Return the heights of the buildings on the map and around it [m] as bytes: they stand in the line of sight."""
    wide = layout if layout.around is None else layout.around
    grid, values = wide.grid, wide.height_m.astype(np.float64)
    facts = {"layer": "height", "cell_m": grid.cell_m, "crs": grid.crs, "unit": "m", "corners": corners(grid)}
    return encode_values(values, (0.0, max(float(values.max()), 1.0)), facts)


def ground_geojson(ground: Ground, grid: Grid) -> dict[str, Any]:
    """Return streets (`rank` 0 to 3) and water of a layout as GeoJSON in EPSG:4326."""
    import shapely

    drawn = [(shape, {"kind": "street", "rank": rank}) for shape, rank in ground.streets]
    drawn += [(shape, {"kind": "water"}) for shape in ground.water]
    drawn += [(shape, {"kind": "river"}) for shape in ground.rivers]
    features = []
    if drawn:
        array = np.array([shape for shape, _ in drawn], dtype=object)
        moved = shapely.transform(array, partial(_places, grid))
        shapes = (json.loads(text) for text in shapely.to_geojson(moved))
        features = [
            {"type": "Feature", "properties": facts, "geometry": shape}
            for shape, (_, facts) in zip(shapes, drawn, strict=True)
        ]
    return {"type": "FeatureCollection", "features": features, "left_out": ground.left_out}


def _places(grid: Grid, corners_m: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = to_page(grid.crs, *corners_m.T)
    return np.asarray(np.round(np.stack([lon, lat], axis=1), 7), dtype=np.float64)


def _degrees(grid: Grid, ring: list[tuple[float, float]]) -> list[list[float]]:
    x, y = np.array(ring).T
    lon, lat = to_page(grid.crs, x, y)
    return [[round(float(a), 7), round(float(b), 7)] for a, b in zip(lon, lat, strict=True)]
