"""Which column has which role: by the names that are known, by what the user said, and what to say when none fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openckm.errors import MeasurementError, OptionError, UnitError
from openckm.maps.tables.columns import format_of
from openckm.maps.tables.networks import network_kind, of_neighbours, words_in
from openckm.maps.tables.numbers import GOOD, read_word
from openckm.maps.tables.roles import OTHER_ROLES, POSITION_ROLES, ROLES, VALUE_ROLES, plain, plain_names, unit_in
from openckm.maps.tables.table import TableFile

_WANTED = (
    "wanted a position (lon and lat in degrees, or x/easting and y/northing in metres with crs=...) and a value"
    " (rsrp or rssi in dBm, path_loss or gain_db in dB; or rsrq, sinr, throughput)"
)
_NEVER = frozenset((
    "delta", "diff", "difference", "std", "stddev", "dev", "sigma", "var", "variance", "count", "num", "range",
    "threshold", "offset", "error",
))  # fmt: skip
"""Words of columns that are about a reading, but are none."""
_SELDOM = frozenset((
    "min", "max", "minimum", "maximum", "scell", "secondary", "scc", "high", "low", "noise", "tx", "transmit", "eirp",
))  # fmt: skip
"""Words of columns that are the reading where no other column is."""
_STRONGEST = ("best", "strongest", "top", "dominant", "max")
_ENOUGH = 3


def assign_columns(
    file: TableFile, columns: Mapping[str, str] | None, without: Sequence[str] = ()
) -> tuple[dict[str, int], list[str]]:
    """Return the column index of each role that the file has, and sentences on what was chosen among several.

    Args:
        file: the file of readings.
        columns: role -> column name where the file's own names do not tell; a role is a key of ROLES or one of its
            known names ("rssi", "easting", ...); a column may be given by its place, "#3".
        without: roles or columns that are not to be used for anything.

    Raises:
        OptionError: if `columns` names a role that does not exist, or one role twice.
        MeasurementError: if a column is missing or stands twice.
        UnitError: if the file holds received power as well as path loss or gain, and `columns` does not choose.
    """
    explicit = _explicit(file, columns or {})
    banned = ignored_columns(file, without)
    notes: list[str] = []
    found = dict(explicit)
    for role in ROLES:
        if role not in explicit and role not in {_role_named(name) for name in without}:
            index = _find(file, role, banned | set(explicit.values()), notes)
            if index is not None:
                found[role] = index
    for group in ((*VALUE_ROLES, *OTHER_ROLES), POSITION_ROLES):
        chosen = [role for role in group if role in explicit]
        if chosen:
            found = {role: index for role, index in found.items() if role not in group or role in chosen}
    if not any(role in found for role in (*VALUE_ROLES, *OTHER_ROLES)):
        _look_inside_names(file, found, banned, notes)
    found = _one_value(file, found, notes)
    return _one_position(file, found), notes


def ignored_columns(file: TableFile, without: Sequence[str]) -> set[int]:
    """Return the indices of the columns that the user named as not to be used.

    Raises:
        OptionError: if a name is neither a column nor a role.
    """
    found: set[int] = set()
    for name in without:
        here = {i for i, header in enumerate(file.header) if plain(name) in plain_names(header) or f"#{i + 1}" == name}
        if not here and _role_named(name) is None:
            raise OptionError(
                f"without={name!r}: {file.label} has no such column, and it is no role; the file has"
                f" {', '.join(file.header)}"
            )
        found |= here
    return found


def _explicit(file: TableFile, columns: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, name in columns.items():
        role = _role_named(key)
        if role == "rsrp" and plain(key).endswith("rssi") and any("rsrp" in plain(header) for header in file.header):
            role = "wideband"  # beside RSRP, RSSI is all power in the band
        if role is None:
            raise OptionError(f"columns= has the unknown key {key!r}: wanted one of {', '.join(ROLES)}")
        if role in found:
            raise OptionError(f"columns={dict(columns)!r} names the role {role!r} twice; keep one")
        found[role] = file.column(name, f"(asked for as {key!r})")
    return found


def _role_named(key: str) -> str | None:
    """Return the role that a key of `columns` means, the first of those it could be."""
    for role, what in ROLES.items():
        if plain(key) == plain(role) or plain(key) in {plain(name) for name in what.names}:
            return role
    bare = plain_names(key)[-1] if plain_names(key) else ""
    return next((r for r, what in ROLES.items() if bare in {plain(n) for n in what.names}), None)


def _find(file: TableFile, role: str, banned: set[int], notes: list[str]) -> int | None:
    names = {plain(name): rank for rank, name in reversed(list(enumerate(ROLES[role].names)))}
    ranked = sorted(
        (min(names[text] for text in plain_names(header) if text in names), i)
        for i, header in enumerate(file.header)
        if i not in banned and any(text in names for text in plain_names(header))
    )
    if role in VALUE_ROLES:
        ranked = _that_are_readings(file, ranked)
    if not ranked and role in ("lon", "lat"):
        ranked = _that_end_in(file, role, banned, notes)
    if not ranked:
        return None
    if role in ("lon", "lat"):
        ranked = _that_move(file, ranked, notes)
        second = [repr(file.header[i]) for _, i in ranked[1:4] if file.header[i] != file.header[ranked[0][1]]]
        if second:
            notes.append(f"the {role} is {file.header[ranked[0][1]]!r}; {', '.join(second)} was not used")
    if role == "rsrp":
        ranked = _that_can_be_power(file, ranked, notes)
    same = [i for _, i in ranked if file.header[i] == file.header[ranked[0][1]]]
    if len(same) > 1 and role not in ("device", "sigma", "kind", "low", "high"):
        name, places = file.header[same[0]], " or ".join(f"#{i + 1}" for i in same)
        raise MeasurementError(
            f"{file.label}: the column {name!r} stands {len(same)} times; name one by its place, {places}, with"
            f" columns={{{role!r}: '#{same[0] + 1}'}}"
        )
    if len(ranked) > 1 and role in VALUE_ROLES:
        others = ", ".join(repr(file.header[i]) for _, i in ranked[1:5])
        notes.append(f"the value is {file.header[ranked[0][1]]!r}; {others} could be one too and was not used")
    return ranked[0][1]


def _that_move(file: TableFile, ranked: list[tuple[int, int]], notes: list[str]) -> list[tuple[int, int]]:
    """Return the columns of a coordinate without those that hold one place in all first rows, where others do not."""
    sample = file.sample()
    places = {i: {row[i] for row in sample if i < len(row) and row[i]} for _, i in ranked}
    moving = [(rank, i) for rank, i in ranked if len(places[i]) > 1]
    if len(sample) > _ENOUGH and moving and moving[0] != ranked[0] and len(places[ranked[0][1]]) == 1:
        still, taken = file.header[ranked[0][1]], file.header[moving[0][1]]
        notes.append(
            f"{still!r} is the same place in every row, and {taken!r} is not: {taken!r} was taken as the position"
        )
        return moving
    return ranked


def _that_are_readings(file: TableFile, ranked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the columns without neighbours and spreads; the lowest, the highest and secondary cells come last."""
    good = [
        (rank, i) for rank, i in ranked if not (of_neighbours(file.header[i]) or _NEVER & set(words_in(file.header[i])))
    ]
    return sorted(good, key=lambda item: bool(_SELDOM & set(words_in(file.header[item[1]]))))


def _that_end_in(file: TableFile, role: str, banned: set[int], notes: list[str]) -> list[tuple[int, int]]:
    """Return columns in whose names "lat" stands, "rx_lat", where no name is known; not those of transmitters."""
    words = {"lat", "latitude"} if role == "lat" else {"lon", "lng", "long", "longitude"}
    found = [
        (0, i) for i, header in enumerate(file.header)
        if i not in banned and words & set(words_in(header)) and network_kind(header) is None
    ]  # fmt: skip
    if len(found) == 1:
        notes.append(f"the column {file.header[found[0][1]]!r} was taken as the {role} of the readings")
    return found if len(found) == 1 else []


def _that_can_be_power(file: TableFile, ranked: list[tuple[int, int]], notes: list[str]) -> list[tuple[int, int]]:
    """Return the columns without those whose first rows hold no received power (bars, percent, storeys)."""

    def possible(i: int) -> bool:
        cells = [read_word(row[i], format_of("rsrp", "")) for row in file.sample() if i < len(row)]
        value = [cell.value for cell in cells if cell.state == GOOD]
        linear = unit_in(file.header[i]) in ("w", "mw", "uw", "nw", "pw")
        return not value or linear or any(ROLES["rsrp"].low <= v < 0 for v in value)

    good = [(rank, i) for rank, i in ranked if possible(i)] if len(ranked) > 1 else ranked
    if good and good[0] != ranked[0]:
        notes.append(f"{file.header[ranked[0][1]]!r} holds no power in dBm: {file.header[good[0][1]]!r} was taken")
    return good or ranked


def _look_inside_names(file: TableFile, found: dict[str, int], banned: set[int], notes: list[str]) -> None:
    """Take a column with "rsrp" in its name, else one of dBm, where it is the only one that can be the reading."""
    for telling in (["rsrp" in plain(header) for header in file.header], [unit_in(h) == "dbm" for h in file.header]):
        ranked = [(0, i) for i, said in enumerate(telling) if said and i not in banned]
        inside = [i for _, i in _that_are_readings(file, ranked)]
        plainly = [i for i in inside if not _SELDOM & set(words_in(file.header[i]))]
        inside = plainly or [i for i in inside if "rsrp" in plain(file.header[i])]
        if inside:
            break
    if len(inside) == 1:
        found["rsrp"] = inside[0]
        notes.append(f"the column {file.header[inside[0]]!r} was taken as the received power")
        if any(word in plain(file.header[inside[0]]) for word in _STRONGEST):
            notes.append(
                "WARNING: this is the power of whichever cell was strongest; a map is of one cell, and between two of"
                " them these readings are of neither"
            )
    elif inside:
        names = ", ".join(repr(file.header[i]) for i in inside[:8])
        raise MeasurementError(
            f"{file.label}: several columns could be the received power: {names}; choose one with"
            f" columns={{'rsrp': {file.header[inside[0]]!r}}}"
        )


def _one_value(file: TableFile, found: dict[str, int], notes: list[str]) -> dict[str, int]:
    units = {role: file.header[found[role]] for role in VALUE_ROLES[:3] if role in found}
    if len(units) > 1:
        names = " and ".join(f"{name!r} ({role})" for role, name in units.items())
        raise UnitError(
            f"{file.label} mixes units: {names}; choose one with"
            f" columns={{{next(iter(units))!r}: {next(iter(units.values()))!r}}}"
        )
    values = [role for role in (*VALUE_ROLES, *OTHER_ROLES) if role in found]
    if not values:
        bare = all(_looks_like_number(cell) for cell in file.header[-3:])
        hint = (
            "; its first line holds numbers, so it has no header: put a line of names above it, e.g. lon,lat,rsrp"
            if bare
            else f"; {_WANTED}; name it with columns={{'rsrp': '<column>'}}"
        )
        raise MeasurementError(f"{file.label}: no column holds a value; the file has {', '.join(file.header)}{hint}")
    for role in values[1:]:
        if role in OTHER_ROLES and values[0] in VALUE_ROLES:
            continue  # a file of power holds quality, too
        notes.append(f"the value is {file.header[found[values[0]]]!r}; {file.header[found[role]]!r} was not used")
    return {role: index for role, index in found.items() if role not in values[1:]}


def _one_position(file: TableFile, found: dict[str, int]) -> dict[str, int]:
    for pair in (("lon", "lat"), ("x", "y"), ("lonlat",), ("latlon",), ("crossing",)):
        if all(role in found for role in pair):
            return {role: i for role, i in found.items() if role not in POSITION_ROLES or role in pair}
    partner = {"lon": "lat", "lat": "lon", "x": "y", "y": "x"}
    half = next((role for role in partner if role in found), None)
    missing = f"there is {half} but no {partner[half]}" if half else "no column holds a position"
    raise MeasurementError(
        f"{file.label}: {missing}; the file has {', '.join(file.header)}; {_WANTED};"
        " name them with columns={'lon': '<column>', 'lat': '<column>'}"
    )


def _looks_like_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
