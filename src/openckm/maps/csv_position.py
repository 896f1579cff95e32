"""Where the rows of a drive test lie: degrees or metres into the plane of a grid, with the usual mix-ups caught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, MeasurementError, OptionError
from openckm.maps.csv_table import Table
from openckm.maps.grid import Grid, reproject, utm_crs

if TYPE_CHECKING:
    from pyproj import CRS

__all__ = ["locate"]

_FAR_M = 500_000.0
_WGS84 = "EPSG:4326"
Floats = NDArray[np.float64]


def locate(
    table: Table, roles: dict[str, int], grid: Grid | None, crs: str | None
) -> tuple[Floats, Floats, str | None]:
    """Return (x, y) [m] of every row, each of shape (n,), and the CRS that they are in.

    The CRS is the grid's; without a grid, the UTM zone of the points (degrees) or `crs` itself (metres).

    Raises:
        MeasurementError: if coordinates are out of range, swapped, in degrees where metres are wanted, or far apart.
        OptionError: if `crs` is missing or does not fit the columns.
    """
    if "lon" in roles:
        return _from_degrees(table, roles, grid, crs)
    return _from_metres(table, roles, grid, crs)


def _from_degrees(
    table: Table, roles: dict[str, int], grid: Grid | None, crs: str | None
) -> tuple[Floats, Floats, str | None]:
    _require_geographic(table, crs)
    lon, lat = table.numbers(roles["lon"]), table.numbers(roles["lat"])
    _require_degrees(table, lon, lat)
    plane = _plane_of(table, lon, lat) if grid is None else grid.crs
    if plane is None:
        raise GridError(
            f"{table.path} gives lon and lat, but the grid has no CRS to put them in; make the grid with"
            " Grid.centred(lon, lat, ...) or give it a crs"
        )
    source = crs or _WGS84
    x, y = reproject(source, plane, lon, lat)
    if grid is None:
        _require_together(table, x, y)
    elif not grid.contains(x, y).any() and grid.contains(*reproject(source, plane, lat, lon)).all():
        raise MeasurementError(
            f"{table.path}: no point lies in the grid, but all do once {table.header[roles['lon']]!r} and"
            f" {table.header[roles['lat']]!r} are swapped (row {int(table.row[0])}: lon={lon[0]}, lat={lat[0]});"
            " swap the two columns, or say columns={'lon': ..., 'lat': ...}"
        )
    return x, y, plane


def _require_geographic(table: Table, crs: str | None) -> None:
    if crs is None:
        return
    if not _parse_crs(crs).is_geographic:
        raise OptionError(
            f"{table.path} gives lon and lat in degrees, but crs={crs!r} is a projected one; crs describes x/y columns:"
            " leave it out, and choose the plane with grid=..."
        )


def _require_degrees(table: Table, lon: Floats, lat: Floats) -> None:
    good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    if good.all():
        return
    i = int(np.argmin(good))
    swapped = bool(((np.abs(lon) <= 90) & (np.abs(lat) <= 180)).all())
    hint = (
        "the two columns look swapped: exchange them, or say columns={'lon': ..., 'lat': ...}"
        if swapped
        else "if these are metres, say columns={'x': ..., 'y': ...} and crs='EPSG:...'"
    )
    raise MeasurementError(
        f"{table.at(i)}: lon={lon[i]}, lat={lat[i]}, wanted degrees with longitude in [-180, 180] and latitude in"
        f" [-90, 90]; {hint}"
    )


def _plane_of(table: Table, lon: Floats, lat: Floats) -> str:
    try:
        return utm_crs(float(np.median(lon)), float(np.median(lat)))
    except GridError as error:
        raise MeasurementError(f"{table.path}: {error}") from error


def _require_together(table: Table, x: Floats, y: Floats) -> None:
    finite = np.isfinite(x) & np.isfinite(y)
    middle = (float(np.median(x[finite])), float(np.median(y[finite]))) if finite.any() else (0.0, 0.0)
    near = finite & (np.hypot(np.where(finite, x - middle[0], 0), np.where(finite, y - middle[1], 0)) < _FAR_M)
    if not near.all():
        i = int(np.argmin(near))
        raise MeasurementError(
            f"{table.at(i)} lies more than {_FAR_M / 1000:.0f} km from the middle of the points (a position without a"
            " GPS fix?); remove the row, or give grid=... to keep only the points of an area"
        )


def _from_metres(
    table: Table, roles: dict[str, int], grid: Grid | None, crs: str | None
) -> tuple[Floats, Floats, str | None]:
    x, y = table.numbers(roles["x"]), table.numbers(roles["y"])
    plane = crs if grid is None else grid.crs
    _require_metres(table, roles, x, y, grid, crs)
    if crs is None and plane is not None:
        raise OptionError(
            f"{table.path} gives x and y without saying in which plane; say crs='EPSG:...' (the grid is in {plane})"
        )
    if crs is not None and plane is None:
        raise OptionError(f"crs={crs!r} was given, but the grid is a local plane without one; give the grid a crs")
    if crs is not None and plane is not None and crs != plane:
        x, y = reproject(crs, plane, x, y)
    return x, y, plane


def _require_metres(
    table: Table, roles: dict[str, int], x: Floats, y: Floats, grid: Grid | None, crs: str | None
) -> None:
    if crs is not None:
        parsed = _parse_crs(crs)
        if not parsed.is_projected or {axis.unit_name for axis in parsed.axis_info[:2]} != {"metre"}:
            raise OptionError(f"crs={crs!r} is not in metres: for degrees call the columns lon and lat, without crs")
    if not ((np.abs(x) <= 180).all() and (np.abs(y) <= 90).all()):
        return
    in_local_grid = grid is not None and grid.crs is None and bool(grid.contains(x, y).any())
    tight = len(x) > 1 and float(np.ptp(x)) < 0.5 and float(np.ptp(y)) < 0.5
    if crs is not None or (tight and not in_local_grid):
        names = f"{table.header[roles['x']]!r} and {table.header[roles['y']]!r}"
        raise MeasurementError(
            f"{table.at(0)}: x={x[0]}, y={y[0]}: {names} look like degrees, wanted metres; if they are degrees, say"
            " columns={'lon': ..., 'lat': ...} and leave crs out"
        )


def _parse_crs(crs: str) -> CRS:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise OptionError(f"unknown crs {crs!r}: wanted an EPSG code such as 'EPSG:32617'") from error
