"""The grid of a radio map: square cells on a projected plane, row 0 in the north, column 0 in the west.

A point (x, y) [m, x east, y north] lies in the cell
    col = floor((x - x_west) / cell_m),    row = floor((y_north - y) / cell_m).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import GridError, OutsideGrid

if TYPE_CHECKING:
    from affine import Affine


def utm_crs(lon: float, lat: float) -> str:
    """Return the EPSG code of the UTM zone (WGS 84) that holds a point.

    Args:
        lon: longitude [degrees east].
        lat: latitude [degrees north].

    Raises:
        GridError: if the pair is not a longitude and a latitude that UTM covers.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -84 <= lat <= 84):
        raise GridError(
            f"cannot place lon={lon}, lat={lat}: wanted a longitude in [-180, 180] and a latitude in [-84, 84]"
            " (degrees); check that the two are not swapped"
        )
    zone = min(int((lon + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


@dataclass(frozen=True)
class Grid:
    """Square cells on a projected plane.

    Attributes:
        shape: (rows, columns).
        cell_m: cell side [m].
        origin: (x_west, y_north) of the north-west corner [m] in `crs`.
        crs: a projected CRS in metres by EPSG code ("EPSG:32617"), or None for a local plane.

    Raises:
        GridError: if the shape or cell size is not positive and finite, or the CRS is not metric.
    """

    shape: tuple[int, int]
    cell_m: float
    origin: tuple[float, float] = (0.0, 0.0)
    crs: str | None = None

    def __post_init__(self) -> None:
        if len(self.shape) != 2 or any(int(n) != n or n < 1 for n in self.shape):
            raise GridError(f"grid shape {self.shape!r}: wanted two positive whole numbers (rows, columns)")
        if not (math.isfinite(self.cell_m) and self.cell_m > 0):
            raise GridError(f"cell size {self.cell_m!r}: wanted a positive number of metres")
        if len(self.origin) != 2 or not all(math.isfinite(v) for v in self.origin):
            raise GridError(f"grid origin {self.origin!r}: wanted finite (x_west, y_north) in metres")
        if self.crs is not None:
            _require_metric(self.crs)

    @classmethod
    def centred(cls, lon: float, lat: float, *, shape: tuple[int, int], cell_m: float) -> Grid:
        """Return a UTM grid whose centre is the given point (lon, lat in degrees, WGS 84)."""
        crs = utm_crs(lon, lat)
        x, y = reproject("EPSG:4326", crs, lon, lat)
        rows, cols = shape
        return cls(shape, cell_m, (float(x) - cols * cell_m / 2, float(y) + rows * cell_m / 2), crs)

    def grown(self, cells: int) -> Grid:
        """Return the grid with so many cells more on each side."""
        rows, cols = self.shape
        west, north = self.origin
        rim = cells * self.cell_m
        return Grid((rows + 2 * cells, cols + 2 * cells), self.cell_m, (west - rim, north + rim), self.crs)

    @property
    def width_m(self) -> float:
        """East-west extent [m]."""
        return self.shape[1] * self.cell_m

    @property
    def height_m(self) -> float:
        """North-south extent [m]."""
        return self.shape[0] * self.cell_m

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(x_west, y_south, x_east, y_north) [m]."""
        west, north = self.origin
        return (west, north - self.height_m, west + self.width_m, north)

    @property
    def x(self) -> NDArray[np.float64]:
        """Cell-centre eastings [m], shape (columns,)."""
        return np.asarray(self.origin[0] + (np.arange(self.shape[1]) + 0.5) * self.cell_m, dtype=np.float64)

    @property
    def y(self) -> NDArray[np.float64]:
        """Cell-centre northings [m], shape (rows,), descending."""
        return np.asarray(self.origin[1] - (np.arange(self.shape[0]) + 0.5) * self.cell_m, dtype=np.float64)

    @property
    def transform(self) -> Affine:
        """The affine pixel-to-plane transform that GeoTIFF writers want."""
        from affine import Affine

        return Affine(self.cell_m, 0.0, self.origin[0], 0.0, -self.cell_m, self.origin[1])

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cell-centre coordinates (x, y) [m], each of shape (rows, columns)."""
        x, y = np.meshgrid(self.x, self.y)
        return x, y

    def contains(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
        """Say for each point [m] whether it lies in the grid (north and west edges belong to it)."""
        row, col = self._raw_index(x, y)
        rows, cols = self.shape
        return np.asarray((row >= 0) & (row < rows) & (col >= 0) & (col < cols))

    def index_of(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return (row, column) of each point [m].

        Raises:
            OutsideGrid: naming the first point that lies outside the grid.
        """
        inside = np.atleast_1d(self.contains(x, y))
        if not inside.all():
            k = int(np.argmin(inside))
            px, py = float(np.atleast_1d(x)[k]), float(np.atleast_1d(y)[k])
            raise OutsideGrid(
                f"{int((~inside).sum())} of {inside.size} points lie outside the grid; the first is number {k}"
                f" at x={px:.1f} m, y={py:.1f} m, the grid spans {tuple(round(b, 1) for b in self.bounds)}"
                f" [m, {self.crs or 'local plane'}]; crop the points or enlarge the grid"
            )
        row, col = self._raw_index(x, y)
        return row.astype(np.intp), col.astype(np.intp)

    def to_lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (lon, lat) [degrees, WGS 84] of points given in this grid's plane [m]."""
        return reproject(self._require_crs(), "EPSG:4326", x, y)

    def from_lonlat(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (x, y) [m] in this grid's plane of points given in degrees (WGS 84)."""
        return reproject("EPSG:4326", self._require_crs(), lon, lat)

    def _raw_index(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        col = np.floor((np.asarray(x, dtype=np.float64) - self.origin[0]) / self.cell_m)
        row = np.floor((self.origin[1] - np.asarray(y, dtype=np.float64)) / self.cell_m)
        return row, col

    def _require_crs(self) -> str:
        if self.crs is None:
            raise GridError("this grid has no CRS, so it cannot be turned into longitude and latitude; give it one")
        return self.crs


def reproject(
    source: str, target: str, first: ArrayLike, second: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates (x or lon first) moved from one CRS to another; inf where the target does not reach."""
    from pyproj import Transformer

    a, b = Transformer.from_crs(source, target, always_xy=True).transform(
        np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    )
    return np.asarray(a), np.asarray(b)


def _require_metric(crs: str) -> None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        parsed = CRS.from_user_input(crs)
    except CRSError as error:
        raise GridError(f"unknown CRS {crs!r}: wanted an EPSG code such as 'EPSG:32617'") from error
    units = {axis.unit_name for axis in parsed.axis_info[:2]}
    if not parsed.is_projected or units != {"metre"}:
        raise GridError(
            f"CRS {crs!r} is in {'/'.join(sorted(units)) or 'unknown units'}: a grid needs a projected CRS in metres"
            " (for degrees, use the UTM zone, e.g. Grid.centred(lon, lat, ...))"
        )
