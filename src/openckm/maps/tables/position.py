"""Where the rows of a drive test lie: degrees or metres into the plane of a grid, with the usual mix-ups caught."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, MeasurementError, OptionError
from openckm.maps.grid import Grid, reproject, utm_crs
from openckm.maps.tables.account import Account
from openckm.maps.tables.numbers import EMPTY, GOOD, NO_NUMBER, tidy
from openckm.maps.tables.table import Numbers, Table
from openckm.maps.tables.values import leave_out_nothings, require_readable, scaled

if TYPE_CHECKING:
    from pyproj import CRS

_FAR_M = 500_000.0
_WGS84 = "EPSG:4326"
_WKT = re.compile(r"(?:SRID=4326;)?\s*POINT\s*Z?M?\s*\(\s*(\S+)\s+(\S+?)(?:\s+\S+)*\s*\)", re.IGNORECASE)
_CROSSING = re.compile(r"([A-Za-z])\s*[-_/ ]?\s*(\d{1,3})")
_JSON_POINT = re.compile(r"\{.*\"coordinates\"\s*:\s*(\[[^\]]*\]).*\}")
_PAIR = re.compile(r"[(\[]?\s*(-?\d+(?:\.\d+)?)\s*[,;/\s]\s*(-?\d+(?:\.\d+)?)(?:\s*[,;]\s*-?\d+(?:\.\d+)?)?\s*[)\]]?")
Floats = NDArray[np.float64]
_ENOUGH = 10
_AREA_SLACK_DEG = 3.0
"""Coordinates may lie so far outside the area that their CRS is made for [degrees]."""
_POOR_FIX_M = 50.0
"""A position that is stated to be off by more is worth a warning [m]."""
_Poor = tuple[Callable[[Floats], NDArray[np.bool_]], str]
_POOR: Mapping[str, _Poor] = {
    "hdop": (lambda v: v > 10, "above 10"),
    "satellites": (lambda v: v < 4, "below 4"),
    "fix": (lambda v: v == 0, "of 0, none"),
}
"""What says that a position is no good, by role."""
_SOME, _STILL_SHARE, _STILL_TIMES = 100_000, 0.2, 5
"""Readings that are looked at; share of them at one place, and times the usual count of a place, that is said."""


def clean_positions(
    account: Account, roles: dict[str, int], skip_bad: bool, spacing_m: float | None = None
) -> dict[str, int]:
    """Leave out the rows without a position, and return the roles, lon and lat (or x and y) in place of a pair.

    Args:
        account: the rows.
        roles: column of each role.
        skip_bad: leave rows out that cannot be read.
        spacing_m: distance between neighbouring crossings of a lettered and numbered grid [m], for positions as "E-12".

    Raises:
        MeasurementError: if a coordinate is text, or degrees are out of range or swapped.
    """
    both = next((role for role in ("lonlat", "latlon") if role in roles), None)
    if both is not None:
        roles = _split_pairs(account, roles, both)
    if "crossing" in roles:
        roles = _split_crossings(account, roles, spacing_m)
    pair = ("lon", "lat") if "lon" in roles else ("x", "y")
    for role in pair:
        leave_out_nothings(account, roles[role], role, "a position")
        require_readable(account, roles[role], role, skip_bad)
    table = account.table
    if pair == ("lon", "lat"):
        _apply_sides(account, roles)
        table = account.table
        lon, lat = scaled(table, roles["lon"], "lon"), scaled(table, roles["lat"], "lat")
        account.leave_out((lon == 0) & (lat == 0), "at longitude 0, latitude 0, which stands for no position")
        _require_degrees(account, roles, skip_bad)
    if not len(account.table):
        raise MeasurementError(
            f"{table.file.label}: no row has a position ({account.read} rows were read); check the file"
        )
    return roles


_SIDES = {"n": 1, "north": 1, "nord": 1, "norte": 1, "e": 1, "east": 1, "ost": 1, "est": 1, "este": 1, "s": -1,
          "south": -1, "süd": -1, "sud": -1, "sur": -1, "w": -1, "west": -1, "ouest": -1, "oeste": -1}  # fmt: skip


def _apply_sides(account: Account, roles: dict[str, int]) -> None:
    """Turn degrees negative where a column of its own, or the column's own name, says south or west.

    Raises:
        MeasurementError: if the column says something else, or "north" of a negative latitude.
    """
    for role, side in (("lon", "lon_side"), ("lat", "lat_side")):
        if side not in roles:
            _apply_side_of_name(account, roles[role])
            continue
        table, words = account.table, account.table.words[roles[side]]
        signs = np.array([_SIDES.get(word.strip().lower(), 0) for word in words.words] or [0])[words.code]
        old = table.numbers[roles[role]]
        wrong = (signs == 0) | ((signs == 1) & (old.value < 0))
        if wrong.any():
            i = int(np.argmax(wrong))
            raise MeasurementError(
                f"{table.at(i)}: {table.header[roles[side]]!r} says {table.cell(i, roles[side])!r} of"
                f" {old.value[i]:g} degrees, wanted N, S, E or W that fits ({int(wrong.sum())} such rows); or leave the"
                f" column out with without={table.header[roles[side]]!r}"
            )
        turned = Numbers(np.where(signs < 0, -np.abs(old.value), old.value), old.state)
        account.table = Table(table.file, table.row, {**table.numbers, roles[role]: turned}, table.words)


_NEGATIVE = re.compile(
    r"[\[({]?\s*(?:°|deg(?:rees)?)?\s*(?:W|S|west|south)\s*[\])}]?$|^(?:west|south)\b", re.IGNORECASE
)
_IN_BRACKETS = re.compile(r"[\[({].*[\])}]$|°|deg|west|south", re.IGNORECASE)


def _apply_side_of_name(account: Account, column: int) -> None:
    """Turn positive degrees negative where the column's name says south or west: "Longitude (W)"."""
    table, name = account.table, account.table.header[column].strip()
    ending = re.sub(r"^(?:longitude|lon|lng|latitude|lat)[_ ]?", "", name, flags=re.IGNORECASE)
    if not (_NEGATIVE.search(ending.strip() or "-") and _IN_BRACKETS.search(ending)):
        return
    old = table.numbers[column]
    if (old.value > 0).all():
        turned = Numbers(-old.value, old.state)
        account.table = Table(table.file, table.row, {**table.numbers, column: turned}, table.words)
        account.note(f"the column {name!r} counts degrees to the west or south, and was turned negative")


def position_notes(table: Table, roles: dict[str, int]) -> list[str]:
    """Return warnings on positions that are one place, coarser than a map's cells, or stated to be poor."""
    pair = ("lon", "lat") if "lon" in roles else ("x", "y")
    x, y = (table.numbers[roles[role]].value for role in pair)
    notes = []
    if len(x) >= _ENOUGH and np.ptp(x) == 0 and np.ptp(y) == 0:
        notes.append(
            f"WARNING: all {len(x)} readings lie at one place; are these the columns of the readings' positions?"
        )
    elif pair == ("lon", "lat") and len(x) >= _ENOUGH:
        digits = next((d for d in range(4) if all(np.allclose(v, np.round(v, d), atol=1e-9) for v in (x, y))), None)
        if digits is not None:
            step = 10.0**-digits
            notes.append(
                f"WARNING: positions are given to {step:g} degrees ({step * 111_200:.0f} m), far coarser than a"
                " map's cells"
            )
    notes += _standing_still(x, y)
    for role, (is_poor, words) in _POOR.items():
        if role in roles:
            cell = table.numbers[roles[role]]
            count = int(((cell.state == GOOD) & is_poor(cell.value)).sum())
            if count:
                name = table.header[roles[role]]
                notes.append(f"WARNING: {count} of {len(x)} readings have {name!r} {words}: their places may be wrong")
    if "accuracy" in roles:
        cell = table.numbers[roles["accuracy"]]
        poor = (cell.state == GOOD) & (scaled(table, roles["accuracy"], "accuracy") > _POOR_FIX_M)
        if poor.any():
            notes.append(
                f"WARNING: {int(poor.sum())} of {len(x)} readings state an accuracy of their position worse than"
                f" {_POOR_FIX_M:g} m ({table.header[roles['accuracy']]}, up to {cell.value[poor].max():g})"
            )
    return notes


def _standing_still(x: Floats, y: Floats) -> list[str]:
    """Return a sentence where many readings share one place to the last digit, and the others do not."""
    every = max(1, len(x) // _SOME)
    _, counts = np.unique(x[::every] + 1j * y[::every], return_counts=True)
    most, usual = int(counts.max(initial=0)), float(np.median(counts)) if len(counts) else 0.0
    if len(counts) < 2 or most < _ENOUGH or most < _STILL_SHARE * counts.sum() or most < _STILL_TIMES * usual:
        return []
    about = "" if every == 1 else "about "
    return [
        f"{about}{most * every} of {len(x)} readings are at one place: a position that stood still while others moved?"
    ]


def _split_pairs(account: Account, roles: dict[str, int], both: str) -> dict[str, int]:
    """Add columns lon and lat of a column that holds both, as "48.1, 11.5" or "POINT (11.5 48.1)"."""
    table, column = account.table, roles[both]
    words = table.words[column]
    lon, lat, state = np.full(len(words.words), np.nan), np.full(len(words.words), np.nan), []
    for k, word in enumerate(map(_pair_of_json, words.words)):
        wkt, plain = _WKT.fullmatch(word.strip()), _PAIR.fullmatch(tidy(word))
        match = wkt or plain
        state.append(GOOD if match else EMPTY if not word else NO_NUMBER)
        if match:
            first, second = float(match[1]), float(match[2])
            east_first = wkt is not None or both == "lonlat" or word.strip().startswith("[")
            lon[k], lat[k] = (first, second) if east_first else (second, first)
    name = table.header[column]
    order = (
        "longitude, latitude" if both == "lonlat" or any(map(_WKT.fullmatch, words.words)) else "latitude, longitude"
    )
    account.note(f"the column {name!r} was read as {order}")
    return _with_pair(account, roles, both, ("lon", "lat"), (lon, lat), np.array(state, dtype=np.uint8))


def _pair_of_json(word: str) -> str:
    """Return "[11.5, 48.1]" of a GeoJSON point, and any other word as it is."""
    match = _JSON_POINT.fullmatch(word.strip())
    return match[1] if match else word


def _split_crossings(account: Account, roles: dict[str, int], spacing_m: float | None) -> dict[str, int]:
    """Add columns x and y of crossings such as "E-12": letters go east, numbers south."""
    table, column = account.table, roles["crossing"]
    name = table.header[column]
    if spacing_m is None:
        raise OptionError(
            f"{table.file.label}: {name!r} holds crossings of a grid ({table.words[column].words[0]!r}); say how far"
            " apart they are with spacing_m=..."
        )
    found = [_CROSSING.fullmatch(word.strip()) for word in table.words[column].words]
    x = np.array([(ord(m[1].upper()) - ord("A") + 1) * spacing_m if m else np.nan for m in found])
    y = np.array([-int(m[2]) * spacing_m if m else np.nan for m in found])
    words = table.words[column].words
    state = np.array(
        [GOOD if m else NO_NUMBER if w else EMPTY for m, w in zip(found, words, strict=True)], dtype=np.uint8
    )
    account.note(
        f"crossings of {name!r} lie {spacing_m:g} m apart: letters go east (A is {spacing_m:g}), numbers south"
    )
    return _with_pair(account, roles, "crossing", ("x", "y"), (x, y), state)


def _with_pair(
    account: Account,
    roles: dict[str, int],
    old: str,
    new: tuple[str, str],
    values: tuple[Floats, Floats],
    state: NDArray[np.uint8],
) -> dict[str, int]:
    """Return the roles with two columns of numbers, one value a word, in place of the column of words."""
    table, column = account.table, roles[old]
    code, file, n = table.words[column].code, table.file, len(table.file.header)
    file.header = (*file.header, *(f"{table.header[column]} ({role})" for role in new))
    more = {n + k: Numbers(value[code], state[code]) for k, value in enumerate(values)}
    account.table = Table(file, table.row, {**table.numbers, **more}, table.words)
    return {role: index for role, index in roles.items() if role != old} | {role: n + k for k, role in enumerate(new)}


def locate(
    table: Table, roles: dict[str, int], grid: Grid | None, crs: str | None
) -> tuple[Floats, Floats, str | None]:
    """Return (x, y) [m] of every row, each of shape (n,), and the CRS that they are in.

    The CRS is the grid's; without a grid, the UTM zone of the points (degrees, or a plane that is not in metres) or
    `crs` itself (metres).

    Raises:
        MeasurementError: if coordinates are swapped, in degrees where metres are wanted, or far apart.
        OptionError: if `crs` is missing or does not fit the columns.
    """
    if "lon" in roles:
        return _from_degrees(table, roles, grid, crs)
    return _from_metres(table, roles, grid, crs)


def _from_degrees(
    table: Table, roles: dict[str, int], grid: Grid | None, crs: str | None
) -> tuple[Floats, Floats, str | None]:
    _require_geographic(table, crs)
    lon, lat = scaled(table, roles["lon"], "lon"), scaled(table, roles["lat"], "lat")
    plane = _plane_of(table, lon, lat) if grid is None else grid.crs
    if plane is None:
        raise GridError(
            f"{table.file.label} gives lon and lat, but the grid has no CRS to put them in; make the grid with"
            " Grid.centred(lon, lat, ...) or give it a crs"
        )
    source = crs or _WGS84
    x, y = reproject(source, plane, lon, lat)
    if grid is None:
        _require_together(table, x, y)
    elif not grid.contains(x, y).any() and grid.contains(*reproject(source, plane, lat, lon)).all():
        raise MeasurementError(
            f"{table.file.label}: no point lies in the grid, but all do once {table.header[roles['lon']]!r} and"
            f" {table.header[roles['lat']]!r} are swapped (row {int(table.row[0])}: lon={lon[0]}, lat={lat[0]});"
            " swap the two columns, or say columns={'lon': ..., 'lat': ...}"
        )
    return x, y, plane


def _require_geographic(table: Table, crs: str | None) -> None:
    if crs is None:
        return
    if not _parse_crs(crs).is_geographic:
        raise OptionError(
            f"{table.file.label} gives lon and lat in degrees, but crs={crs!r} is a projected one; crs describes"
            " x/y columns:"
            " leave it out, and choose the plane with grid=..."
        )


def _require_degrees(account: Account, roles: dict[str, int], skip_bad: bool) -> None:
    table = account.table
    lon, lat = scaled(table, roles["lon"], "lon"), scaled(table, roles["lat"], "lat")
    good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    if good.all():
        return
    if skip_bad and good.any():
        account.leave_out(~good, "whose position is no longitude and latitude")
        return
    i = int(np.argmin(good))
    swapped = bool(((np.abs(lon) <= 90) & (np.abs(lat) <= 180)).all())
    hint = (
        "the two columns look swapped: exchange them, or say columns={'lon': ..., 'lat': ...}"
        if swapped
        else "if these are metres, say columns={'x': ..., 'y': ...} and crs='EPSG:...'"
    )
    if bool(((lon >= 0) & (lon <= 360) & (np.abs(lat) <= 90)).all()):
        hint = "longitudes go from 0 to 360 here: subtract 360 where they are above 180"
    if not good.any() and np.median(np.abs(lat)) > 1e4 and np.median(np.abs(lon)) > 1e4:
        hint = "numbers this large are degrees times 1e6 or 1e7: call the columns lon_e7 and lat_e7; " + hint
    raise MeasurementError(
        f"{table.at(i)}: lon={lon[i]}, lat={lat[i]}, wanted degrees with longitude in [-180, 180] and latitude in"
        f" [-90, 90] ({int((~good).sum())} such rows); {hint}; or leave such rows out with skip_bad=True"
    )


def _plane_of(table: Table, lon: Floats, lat: Floats) -> str:
    try:
        return utm_crs(float(np.median(lon)), float(np.median(lat)))
    except GridError as error:
        raise MeasurementError(f"{table.file.label}: {error}") from error


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
    crs = crs or getattr(table.file, "crs", None)
    local = crs is not None and crs.strip().lower() == "local"
    metric = crs is not None and not local and _is_metric(table, crs)
    x, y = (_metres(table, roles[role], role, convert=crs is None or local or metric) for role in ("x", "y"))
    _require_metres(table, roles, x, y, grid, None if local else crs)
    if crs is not None and not local:
        _require_area(table, roles, crs, x, y)
    plane = (None if local or crs is None else crs if metric else _zone_of(crs, x, y)) if grid is None else grid.crs
    if (crs is None or local) and plane is not None:
        raise OptionError(
            f"{table.file.label} gives x and y without saying in which plane; say crs='EPSG:...' (the grid is in"
            f" {plane}), or crs='local' for a plane of its own, with the base station in the same metres"
        )
    if crs is not None and not local and plane is None:
        raise OptionError(f"crs={crs!r} was given, but the grid is a local plane without one; give the grid a crs")
    if crs is not None and plane is not None and crs != plane:
        x, y = reproject(crs, plane, x, y)
    return x, y, plane


def _require_area(table: Table, roles: dict[str, int], crs: str, x: Floats, y: Floats) -> None:
    """Refuse coordinates that lie far outside the area for which their CRS was made.

    Raises:
        MeasurementError: if they do, naming the swap of the two where that is the reason.
    """
    area = _parse_crs(crs).area_of_use
    middle = float(np.median(x)), float(np.median(y))
    if area is None or _is_within(crs, middle, area.bounds):
        return
    names = f"{table.header[roles['x']]!r} and {table.header[roles['y']]!r}"
    lon, lat = (float(v) for v in reproject(crs, _WGS84, *middle))
    swapped = _is_within(crs, middle[::-1], area.bounds)
    hint = "are they in another zone, in kilometres or in feet?"
    if swapped:
        east, north = table.header[roles["y"]], table.header[roles["x"]]
        hint = f"they do once the two are swapped: say columns={{'x': {east!r}, 'y': {north!r}}}"
    raise MeasurementError(
        f"{table.file.label}: {names} ({middle[0]:.10g}, {middle[1]:.10g}) lie at {lon:.2f}, {lat:.2f}"
        f" degrees in {crs}, which is made for {area.name} {tuple(round(b, 1) for b in area.bounds)} [west south east"
        f" north]; {hint}"
    )


def _is_within(crs: str, place: tuple[float, ...], bounds: tuple[float, ...]) -> bool:
    lon, lat = (float(v) for v in reproject(crs, _WGS84, *place))
    west, south, east, north = bounds
    across = east < west  # the area crosses the 180th meridian
    beside = _AREA_SLACK_DEG
    fits = (lon >= west - beside or lon <= east + beside) if across else west - beside <= lon <= east + beside
    return fits and south - beside <= lat <= north + beside


def _metres(table: Table, column: int, role: str, convert: bool) -> Floats:
    """Return coordinates; where the CRS has its own unit (feet), the unit in the column's name says the same again."""
    return scaled(table, column, role) if convert else table.numbers[column].value


def _zone_of(crs: str, x: Floats, y: Floats) -> str:
    lon, lat = reproject(crs, _WGS84, float(np.median(x)), float(np.median(y)))
    return utm_crs(float(lon), float(lat))


def _is_metric(table: Table, crs: str) -> bool:
    """Say whether a projected CRS is in metres; feet are as good, as the projection knows their length."""
    parsed = _parse_crs(crs)
    if not parsed.is_projected:
        raise OptionError(
            f"crs={crs!r} is not in metres or feet: for degrees call the columns lon and lat, without crs"
        )
    return {axis.unit_name for axis in parsed.axis_info[:2]} == {"metre"}


def _require_metres(
    table: Table, roles: dict[str, int], x: Floats, y: Floats, grid: Grid | None, crs: str | None
) -> None:
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
