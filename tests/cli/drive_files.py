"""A tiny drive test around a base station in Munich and a layout, written by code."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from openckm.maps.grid import Grid

BS = (11.575, 48.137)
BS_TEXT = f"{BS[0]},{BS[1]}"
SIDE = 32
GRID = Grid.centred(*BS, shape=(SIDE, SIDE), cell_m=4.0)
CENTRE = tuple(float(v) for v in GRID.from_lonlat(*BS))
LEVEL = -90.0
BUILDING = (-40.0, 36.0)
"""Centre of the only building, metres east and north of the base station."""


def plane(dx, dy):
    """Return the true received power [dBm]: no symmetry of the square leaves it as it is."""
    return LEVEL + 0.15 * np.asarray(dx) + 0.3 * np.asarray(dy)


def places(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return metres east and north of the base station of readings in different cells, away from cell borders."""
    rng = np.random.default_rng([seed, 11])
    row, col = np.divmod(rng.choice(SIDE * SIDE, count, replace=False), SIDE)
    jitter = rng.uniform(-1.5, 1.5, (2, count))
    return GRID.x[col] - CENTRE[0] + jitter[0], GRID.y[row] - CENTRE[1] + jitter[1]


def lonlat(dx, dy) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude and latitude of places east and north of the base station [m]."""
    return GRID.to_lonlat(CENTRE[0] + np.asarray(dx), CENTRE[1] + np.asarray(dy))


def texts(values, digits: int = 8) -> list[str]:
    """Return numbers as a CSV file writes them."""
    return [f"{value:.{digits}f}" for value in values]


def write_csv(path: Path, columns: Mapping[str, Sequence[str]]) -> Path:
    """Write columns of text as CSV and return the path."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def drive_columns(count: int = 40, seed: int = 0, outside: int = 0) -> dict[str, list[str]]:
    """Return the columns lon, lat and rsrp of a drive test; the last `outside` readings lie 500 m east of the map."""
    dx, dy = places(count, seed)
    value = plane(dx, dy) + np.random.default_rng([seed, 12]).normal(0.0, 1.0, count)
    dx = np.where(np.arange(count) >= count - outside, dx + 500.0, dx)
    lon, lat = lonlat(dx, dy)
    return {"lon": texts(lon), "lat": texts(lat), "rsrp": texts(value, 2)}


def square(dx: float, dy: float, half: float = 9.0) -> list[list[float]]:
    """Return the ring of a square around a place, [lon, lat] pairs."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    lon, lat = lonlat([dx + half * a for a, _ in corners], [dy + half * b for _, b in corners])
    return [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]


def write_layout(path: Path, dx: float = BUILDING[0], dy: float = BUILDING[1]) -> Path:
    """Write a GeoJSON file with one building whose height is stated, and return the path."""
    geometry = {"type": "Polygon", "coordinates": [square(dx, dy)]}
    feature = {"type": "Feature", "properties": {"building": "yes", "height": 12}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path
