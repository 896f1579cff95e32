"""The page has places as longitude and latitude, or as metres / 111,320 about (0, 0) on a plane of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.maps.grid import Grid, reproject

LOCAL_DEGREE_M = 111_320.0
"""Metres that are drawn as a degree where a map has no CRS."""
Floats = NDArray[np.float64]


def to_page(crs: str | None, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Return places of a plane [m] as the page has them [degrees]."""
    east, north = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if crs is None:
        return east / LOCAL_DEGREE_M, north / LOCAL_DEGREE_M
    return reproject(crs, "EPSG:4326", east, north)


def from_page(grid: Grid, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return places of the page [degrees] on the plane of a grid [m]."""
    return _from_page_on(grid.crs, lon, lat)


def _from_page_on(crs: str | None, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return places of the page [degrees] on a plane [m]."""
    east, north = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    if crs is None:
        return east * LOCAL_DEGREE_M, north * LOCAL_DEGREE_M
    return reproject("EPSG:4326", crs, east, north)


def corners(grid: Grid) -> list[list[float]]:
    """Return the map's corners on the page: north-west, north-east, south-east, south-west."""
    west, south, east, north = grid.bounds
    lon, lat = to_page(grid.crs, [west, east, east, west], [north, north, south, south])
    return [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]
