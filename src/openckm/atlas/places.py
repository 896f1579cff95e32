"""Places that are asked about: points, lines and polygons from numbers, WKT, GeoJSON and CSV, brought to a map's plane.

Longitude comes first. What cannot be a place is refused: numbers that are not finite or out of range, a polygon that
crosses itself, a line of one point.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import from_wkt
from shapely.errors import GEOSException, ShapelyError
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from openckm.errors import GridError, InputError, OptionError
from openckm.maps.grid import Grid, reproject

WGS84 = "EPSG:4326"
_GeometryKind = Literal["point", "line", "polygon"]
Floats = NDArray[np.float64]
_MOST_SAMPLES = 2_000_000
_KINDS: dict[str, tuple[str, ...]] = {
    "point": ("Point",), "line": ("LineString",), "polygon": ("Polygon", "MultiPolygon"),
}  # fmt: skip
_LON, _LAT = ("lon", "lng", "long", "longitude", "x_lon"), ("lat", "latitude", "y_lat")


@dataclass(frozen=True, eq=False)
class Route:
    """A line sampled on a map's plane.

    Attributes:
        x: easting of each sample [m], shape (n,).
        y: northing of each sample [m], shape (n,).
        distance_m: way along the line from its start to each sample [m], shape (n,).
        crs: the CRS of x and y, or None for a local plane.
    """

    x: Floats
    y: Floats
    distance_m: Floats
    crs: str | None

    @classmethod
    def of(cls, line: LineString, grid: Grid, *, spacing_m: float | None = None, crs: str | None = WGS84) -> Route:
        """Return a line's samples: its vertices, or places every `spacing_m` metres from its start, and its end.

        Args:
            line: at least two points.
            grid: the grid of the map that is asked; samples lie on its plane.
            spacing_m: way between samples [m]; None takes the line's own vertices.
            crs: the CRS of the line; None if it lies on the grid's plane.

        Raises:
            InputError: if the line cannot be a route.
            OptionError: if the spacing is not a positive number, or there would be more than 2,000,000 samples.
        """
        moved_line = moved(line, grid, crs)
        x, y = np.asarray(moved_line.coords, np.float64)[:, :2].T
        along = np.r_[0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y)))]
        if not along[-1] > 0:
            raise InputError("the route is a line of no length: wanted at least two different points")
        if spacing_m is None:
            return cls(x, y, along, grid.crs)
        if not (math.isfinite(spacing_m) and spacing_m > 0):
            raise OptionError(f"spacing {spacing_m}: wanted a positive number of metres")
        if along[-1] / spacing_m > _MOST_SAMPLES:
            raise OptionError(
                f"a route of {along[-1]:.0f} m in steps of {spacing_m:g} m has more than {_MOST_SAMPLES:,} samples:"
                " choose a longer spacing"
            )
        wanted = np.arange(0.0, along[-1], spacing_m)
        wanted = np.r_[wanted, along[-1]] if along[-1] - wanted[-1] > 1e-9 else wanted
        return cls(np.interp(wanted, along, x), np.interp(wanted, along, y), wanted, grid.crs)


def lon_lat_points(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes [degrees] as arrays, checked.

    Raises:
        InputError: naming the first pair that cannot be one.
    """
    first, second = (np.atleast_1d(np.asarray(v, np.float64)) for v in (lon, lat))
    if first.shape != second.shape or first.ndim != 1:
        raise InputError(f"{first.size} longitudes and {second.size} latitudes: wanted as many of each")
    bad = ~((np.abs(first) <= 180) & (np.abs(second) <= 90))
    if bad.any():
        k = int(np.argmax(bad))
        a, b = float(first[k]), float(second[k])
        swapped = abs(b) <= 180 and abs(a) <= 90
        hint = "; they look swapped: longitude comes first" if swapped and math.isfinite(a + b) else ""
        raise InputError(
            f"place number {k} is longitude {a:g}, latitude {b:g}: wanted numbers within [-180, 180] and"
            f" [-90, 90]{hint}"
        )
    return first, second


def on_plane(grid: Grid, first: ArrayLike, second: ArrayLike, crs: str | None = WGS84) -> tuple[Floats, Floats]:
    """Return coordinates (x or longitude first) on a grid's plane [m].

    Args:
        grid: the grid of the map that is asked.
        first: longitudes [degrees] or eastings [m], shape (n,).
        second: latitudes [degrees] or northings [m], shape (n,).
        crs: the CRS of the coordinates; None if they lie on the grid's plane.

    Raises:
        InputError: if a coordinate is not finite or out of range, or the CRS is unknown.
        GridError: if the grid has no CRS and the coordinates have one.
    """
    if crs == WGS84:
        lon, lat = lon_lat_points(first, second)
        if grid.crs is None:
            raise GridError("this map has no CRS, so that no longitude lies on it: ask it in metres on its own plane")
        return grid.from_lonlat(lon, lat)
    x, y = (np.atleast_1d(np.asarray(v, np.float64)) for v in (first, second))
    if x.shape != y.shape:
        raise InputError(f"{x.size} eastings and {y.size} northings: wanted as many of each")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        k = int(np.argmin(np.isfinite(x) & np.isfinite(y)))
        raise InputError(f"place number {k} is ({x[k]:g}, {y[k]:g}): wanted finite numbers of metres")
    if crs is None or crs == grid.crs:
        return x, y
    _require_crs(crs)
    if grid.crs is None:
        raise GridError(f"this map has no CRS: it cannot be asked in {crs}, but in metres on its own plane")
    return reproject(crs, grid.crs, x, y)


def _require_crs(crs: str) -> None:
    """Check the name of a CRS.

    Raises:
        OptionError: if nobody knows it.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(crs)
    except CRSError as error:
        raise OptionError(f"unknown CRS {crs!r}: wanted an EPSG code such as 'EPSG:4326' or 'EPSG:32617'") from error


def geometry(text: str, kind: _GeometryKind, where: str = "the geometry") -> Any:
    """Return the point, line or polygon of a text in WKT or GeoJSON.

    Args:
        text: WKT such as "LINESTRING(24.9 60.1, 24.95 60.2)", or GeoJSON: a geometry, or a feature or a collection of
            one.
        kind: "point", "line" or "polygon" (which may have several parts).
        where: what messages call it.

    Raises:
        InputError: if the text is neither, or the geometry is another, empty or crosses itself.
    """
    found = _parsed(text.strip(), where)
    if found.geom_type not in _KINDS[kind]:
        raise InputError(f"{where} is a {found.geom_type}: wanted a {' or '.join(_KINDS[kind])}")
    if found.is_empty:
        raise InputError(f"{where} is empty: wanted a {kind} with coordinates")
    if kind == "line" and len(set(found.coords)) < 2:
        raise InputError(f"{where} is a line of one point: wanted at least two different points")
    if kind == "polygon" and not found.is_valid:
        raise InputError(
            f"{where} is no proper polygon ({explain_validity(found)}): mend it, e.g. by shapely.make_valid"
        )
    return found


def _parsed(text: str, where: str) -> BaseGeometry:
    if text.startswith("{"):
        try:
            raw = json.loads(text)
            if raw.get("type") == "FeatureCollection":
                features = raw["features"]
                if len(features) != 1:
                    raise InputError(f"{where} holds {len(features)} features: wanted one; ask for each by itself")
                raw = features[0]
            made: BaseGeometry = shape(raw["geometry"] if raw.get("type") == "Feature" else raw)
        except InputError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, GEOSException, ShapelyError) as error:
            raise InputError(f"{where} cannot be read as GeoJSON ({type(error).__name__}: {error})") from error
        return made
    try:
        found: BaseGeometry = from_wkt(text)
    except (GEOSException, ShapelyError) as error:
        raise InputError(
            f"{where} is neither WKT nor GeoJSON ({' '.join(str(error).split())[:120]}): wanted e.g."
            " 'POINT(24.94 60.17)' or 'LINESTRING(24.94 60.17, 24.95 60.18)', longitude first"
        ) from error
    return found


def moved(found: BaseGeometry, grid: Grid, crs: str | None = WGS84) -> Any:
    """Return a geometry on a grid's plane; arguments and errors as `on_plane`."""
    if found.is_empty:
        raise InputError("the geometry is empty: wanted coordinates")
    return shapely.transform(found, lambda xy: np.stack(on_plane(grid, xy[:, 0], xy[:, 1], crs), 1))


def as_geojson(found: BaseGeometry, grid: Grid) -> dict[str, Any]:
    """Return a geometry on a grid's plane as GeoJSON, in degrees where the grid has a CRS."""
    if grid.crs is None:
        return dict(mapping(found))
    return dict(mapping(shapely.transform(found, lambda xy: np.stack(grid.to_lonlat(xy[:, 0], xy[:, 1]), 1))))


def read_geometry(path: str | os.PathLike[str], kind: _GeometryKind) -> Any:
    """Read a line or polygon from a file: GeoJSON, WKT, or, for a line, a CSV of longitudes and latitudes.

    Raises:
        InputError: if the file cannot be read or holds something else.
    """
    source = Path(path)
    if source.suffix.lower() == ".csv":
        lon, lat = read_points(source)
        if kind == "line" and len(lon) < 2:
            raise InputError(f"{source} holds {len(lon)} places: a line wants at least two")
        points = list(zip(lon.tolist(), lat.tolist(), strict=True))
        made = LineString(points) if kind == "line" else Polygon(points)
        return geometry(made.wkt, kind, str(source))
    return geometry(_text(source), kind, str(source))


def read_points(path: str | os.PathLike[str]) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes [degrees] of a CSV with such columns, or of GeoJSON points.

    Raises:
        InputError: if the file cannot be read, lacks the columns, or a value is none.
    """
    source = Path(path)
    if source.suffix.lower() in (".geojson", ".json"):
        return lon_lat_points(*_geojson_points(_text(source), source))
    import pandas as pd

    try:
        table = pd.read_csv(source)
    except (OSError, ValueError) as error:
        raise InputError(f"{source} cannot be read as CSV ({error}): wanted the columns lon and lat") from error
    columns = {str(name).strip().lower(): name for name in table.columns}
    chosen = [next((columns[n] for n in names if n in columns), None) for names in (_LON, _LAT)]
    if None in chosen:
        raise InputError(f"{source} has the columns {', '.join(map(str, table.columns))}: wanted lon and lat [degrees]")
    values = [pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64) for name in chosen]
    bad = ~np.isfinite(values[0] + values[1])
    if bad.any():
        raise InputError(
            f"{source}: {int(bad.sum())} of {len(bad)} rows hold no number for longitude or latitude; the first is line"
            f" {int(np.argmax(bad)) + 2}"
        )
    return lon_lat_points(*values)


def _geojson_points(text: str, source: Path) -> tuple[list[float], list[float]]:
    try:
        raw = json.loads(text)
        parts = raw["features"] if raw.get("type") == "FeatureCollection" else [raw]
        found = [shape(part["geometry"] if part.get("type") == "Feature" else part) for part in parts]
        points = [p for one in found for p in getattr(one, "geoms", [one])]
    except (ValueError, KeyError, TypeError, AttributeError, GEOSException, ShapelyError) as error:
        raise InputError(f"{source} cannot be read as GeoJSON ({type(error).__name__}: {error})") from error
    if not points or not all(isinstance(p, Point) for p in points):
        raise InputError(f"{source} holds other things than points: wanted points alone")
    return [p.x for p in points], [p.y for p in points]


def _text(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source} cannot be read ({error}): wanted GeoJSON or WKT") from error


def require_area(area: Polygon | MultiPolygon) -> None:
    """Check that a polygon encloses something.

    Raises:
        InputError: if it has no area.
    """
    if not area.area > 0:
        raise InputError("the polygon encloses no area: wanted at least three corners that do not lie on one line")
