"""The readings in the columns of a table: units, report indices, limits, and the numbers that stand for nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.tables.account import Account
from openckm.maps.tables.numbers import ABOVE, AMBIGUOUS, BELOW, EMPTY, GOOD, NO_NUMBER, UNIT, tidy
from openckm.maps.tables.roles import INDEX_ROLES, ROLES, plain, unit_in
from openckm.maps.tables.table import Numbers, Table

_FOREIGN_UNITS = frozenset((
    "%", "percent", "v", "mv", "uv", "bars", "mbit/s", "mbps", "kbit/s", "kbps", "ms", "s", "counts", "count",
    "raw", "adc",
    "lsb", "steps", "a.u.", "au", "pixel", "pixels", "px", "grad", "gon", "arcsec", "degmin",
))  # fmt: skip
"""Units in a header that are none of a received power, a loss, a gain or a position."""
_UNIT_LIKE = re.compile(r"[\d./*x·]*d?b[a-zµ/]*[\d/*x·].*|[\d./*x·]*d?b(?:fs|c|i|d|uv|mv|v|\w?/hz).*|d{2,3}mm.*|nmea")
"""What looks like a unit: "0.1dbm", "dbm/hz", "dbfs", "dbuv/m", "ddmm.mmmm"."""
_BEYOND = 1000.0
"""No power, loss or gain in dB reaches it; what does stands for nothing where most other rows do not [dB]."""
_ISOLATED_ROWS, _ISOLATED_DB = 3, 15.0
_REPORT_ENDS = (-140.0, -141.0, -156.0, -157.0, -44.0, -31.0)
_HEAP_ROWS, _HEAP_SHARE, _NEAR_DB = 10, 0.05, 3.0
_REMEDY = {
    "rsrp": (
        "a positive number is a path loss (say columns={'path_loss': <column>}) or a report index (say"
        " columns={'rsrp_index': <column>} for LTE, index - 141 dBm; columns={'rsrp_index_nr': <column>} for 5G,"
        " index -"
        " 157 dBm; columns={'asu': <column>} for Android's ASU, - 140 dBm; columns={'rxlev_index': <column>} for GSM,"
        " index - 111 dBm); numbers that stand for a missing value:"
        " remove these rows, or leave them out with skip_bad=True"
    ),
    "path_loss": "a negative number is a gain (say columns={'gain': <column>}) or a received power ('rsrp')",
    "gain": "a positive number is a path loss (say columns={'path_loss': <column>})",
}
_GSM, _LATER = frozenset(("gsm", "edge", "gprs", "2g")), frozenset(("lte", "nr", "4g", "5g", "lteca", "5gnr", "nrnsa",
    "nrsa", "5gnsa", "5gsa", "endc", "ltem", "nbiot", "4gca"))  # fmt: skip
_KINDS = {
    "": "exact", "0": "exact", "false": "exact", "no": "exact", "exact": "exact", "0.0": "exact", "nan": "exact",
    "1": "unheard", "true": "unheard", "yes": "unheard", "censored": "unheard", "not heard": "unheard",
    "1.0": "unheard", "unheard": "unheard", "below": "below", "above": "above", "interval": "interval",
}  # fmt: skip
_RULE = re.compile(r"[-+=|: ]{3,}|\(\d+ rows?\)")
"""A line that a database draws between rows, or its count below them."""
_UNIT_WORDS = frozenset(
    ("deg", "degree", "degrees", "dbm", "db", "m", "metres", "meters", "grad", "degrés", "grados", "°")
)


def scaled(table: Table, column: int, role: str) -> NDArray[np.float64]:
    """Return a column in the unit of its role: what its name says of scale and unit is applied.

    Raises:
        MeasurementError: if the name states a unit that the role does not have.
    """
    name, what, value = table.header[column], ROLES[role], table.numbers[column].value
    unit = unit_in(name)
    if what.unit and unit.lower() not in (what.units or {}) and (unit in _FOREIGN_UNITS or _UNIT_LIKE.fullmatch(unit)):
        raise MeasurementError(
            f"{table.file.label}: the column {name!r} has the unit {unit}, wanted {what.unit or 'text'} for"
            f" {role}; choose"
            f" another column with columns={{{role!r}: '<column>'}}, or turn its numbers into {what.unit}"
        )
    if what.units and unit in what.units:
        value = np.asarray(what.units[unit](value), dtype=np.float64)
    if role in ("lon", "lat"):
        scale = 1e-7 if plain(name).endswith("e7") else 1e-6 if plain(name).endswith("e6") else 1.0
        value = value * scale if scale != 1.0 else value
    return value * what.step + what.offset if what.offset else value


def require_readable(account: Account, column: int, role: str, skip_bad: bool) -> NDArray[np.bool_]:
    """Leave out the rows whose cell holds no number, where that has a reason; return which rows are kept.

    Raises:
        MeasurementError: naming the first cell that is text, or has a foreign unit or two readings.
    """
    table = account.table
    state = table.numbers[column].state
    keep = np.ones(len(table), dtype=bool)
    bad = (state == NO_NUMBER) | (state == UNIT) | (state == AMBIGUOUS)
    if bad.any():
        header = _header_rows(table, column, bad)
        keep = account.leave_out(header, "rows that repeat the header, name the units or rule a line")
        table, bad = account.table, bad[keep]
    if not bad.any():
        return keep
    if skip_bad:
        kept = account.leave_out(bad, f"rows whose {table.header[column]} is no number")
        keep[keep] = kept
        return keep
    i = int(np.argmax(bad))
    raise table.bad_cell(i, column, _hint(int(table.numbers[column].state[i]), role, int(bad.sum())))


def _header_rows(table: Table, column: int, bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows hold the column's own name again, a unit, or a ruled line."""
    found = np.zeros(len(table), dtype=bool)
    name = table.header[column].strip().lower()
    for i in np.flatnonzero(bad)[:50]:
        cell = table.cell(int(i), column).strip().lower()
        found[i] = tidy(cell) == tidy(name) or cell.strip("[]()") in _UNIT_WORDS or _RULE.fullmatch(cell) is not None
    return found


def _hint(state: int, role: str, count: int) -> str:
    more = f" ({count} such rows)" if count > 1 else ""
    if state == UNIT:
        return (
            f"its unit does not fit {ROLES[role].unit}{more}; choose another column, correct or remove the row, or"
            " leave such rows out with skip_bad=True"
        )
    if state == AMBIGUOUS:
        return f"which can be read in two ways{more}; write it with a decimal point and without grouping its digits"
    return f"correct or remove the row, or leave such rows out with skip_bad=True{more}"


def leave_out_nothings(
    account: Account, column: int, role: str, what: str, more: Sequence[float] = ()
) -> NDArray[np.bool_]:
    """Leave out the rows whose cell is empty or holds a number that stands for nothing; return which are kept.

    Args:
        account: the rows.
        column: index of the column.
        role: its role, which knows the usual numbers.
        what: what a row without it lacks.
        more: further numbers that the user says stand for nothing.
    """
    cell = account.table.numbers[column]
    keep = account.leave_out(cell.state == EMPTY, f"without {what}")
    value = account.table.numbers[column].value
    for nothing in (*ROLES[role].nothings, *more):
        rows = value == nothing
        if rows.any():
            name = account.table.header[column]
            keep[keep] = account.leave_out(rows, f"whose {name} is {nothing:.17g}, which stands for nothing")
            value = account.table.numbers[column].value
    return keep


def choose_index(
    account: Account, roles: dict[str, int], role: str, names: Mapping[int, str]
) -> tuple[dict[str, int], str]:
    """Return the roles and the one of the values, Android's ASU as that of the technology that the rows name.

    Args:
        account: the rows.
        roles: column of each role.
        role: the one of the values.
        names: the columns that name something of the network, and what.

    Raises:
        MeasurementError: if all rows name a technology whose ASU has two meanings.
    """
    if role != "asu":
        return roles, role
    column, table = roles[role], account.table
    name = table.header[column]
    kinds = {plain(w) for c, kind in names.items() if kind == "technology" for w in table.words[c].counts()} - {""}
    if kinds and kinds <= _GSM:
        account.note(f"the column {name!r} was read as GSM's: steps of 2 dB from -113 dBm")
        return {("asu_gsm" if key == role else key): index for key, index in roles.items()}, "asu_gsm"
    if kinds and not kinds & (_GSM | _LATER):
        raise MeasurementError(
            f"{table.file.label}: {name!r} is the ASU of {', '.join(sorted(kinds)).upper()}, which phones count from"
            " -113, -115, -116 or -120 dBm; choose a column in dBm with columns={'rsrp': '<column>'}, or say"
            f" columns={{'rscp_index': {name!r}}} (index - 116 dBm)"
        )
    account.note(f"the column {name!r} was read as LTE's and 5G's: steps of 1 dB from -140 dBm")
    cell = table.numbers[column]
    known = cell.value[(cell.state == GOOD) & ~np.isin(cell.value, ROLES[role].nothings)]
    if not kinds and known.size and known.max() <= ROLES["asu_gsm"].high:
        account.note(
            f"WARNING: no {name!r} is above {known.max():g}, which would be -{140 - known.max():g} dBm: if it is GSM's"
            f" (2 dB a step from -113 dBm), say columns={{'asu_gsm': {name!r}}}"
        )
    return roles, role


def read_values(
    account: Account, roles: Mapping[str, int], role: str, skip_bad: bool, nothing: Sequence[float] = ()
) -> dict[str, NDArray[Any]]:
    """Return value, kind, low and high of the rows that hold a reading, as gains [dB] or received power [dBm].

    Raises:
        MeasurementError: if a value is text or out of range, no row holds one, or a kind is unknown.
    """
    column = roles[role]
    leave_out_nothings(account, column, role, "a value", nothing)
    require_readable(account, column, role, skip_bad)
    _leave_out_beyond(account, column, role)
    if not len(account.table):
        raise MeasurementError(f"{account.table.file.label}: no row holds a value in {account.table.header[column]!r}"
                               f" ({_in_words(account)}); {_other_rows(account)}choose another column")  # fmt: skip
    _warn_of_heap(account, column)
    family = "rsrp" if role in INDEX_ROLES else role
    _require_range(account, column, role, family, skip_bad)
    table = account.table
    value = scaled(table, column, role)
    kind = _read_kinds(account, roles, table)
    kind = _limits(table.numbers[column], kind, value, role)
    low, high = _bounds(table, roles, kind)
    if role == "path_loss":  # gain = -loss turns every bound around
        value, low, high = -value, -high, -low
        kind = _mapped(kind, {"below": "above", "above": "below"})
    return {"value": value, "kind": _mapped(kind, {"unheard": "below"}), "low": low, "high": high}


def _warn_of_heap(account: Account, column: int) -> None:
    """Say so where readings share the lowest or highest number, far from all others: a floor, or a mark for nothing."""
    value = account.table.numbers[column].value
    lowest = float(value.min())
    if len(value) >= _HEAP_ROWS and lowest == value.max():
        account.note(f"WARNING: all {len(value)} readings are {lowest:g}: is this the column of what was measured?")
        return
    for end, others in ((lowest, value[value > lowest]), (float(value.max()), value[value < value.max()])):
        alike = len(value) - len(others)
        if alike >= _ISOLATED_ROWS and len(others) and float(np.abs(others - end).min()) >= _ISOLATED_DB:
            what = "the end of a standard's reports: limits, or marks" if end in _REPORT_ENDS else "a mark"
            account.note(
                f"WARNING: {alike} of {len(value)} readings are all {end:g}, and no other is within"
                f" {_ISOLATED_DB:g} dB of it: {what} for nothing? nothing={[end]!r} leaves them out"
            )
            return
    if lowest in _REPORT_ENDS:
        return  # the ends of a standard's reports are limits, and read so
    heap = value == lowest
    near = (value > lowest) & (value <= lowest + _NEAR_DB)
    if heap.sum() >= _HEAP_ROWS and heap.mean() >= _HEAP_SHARE and heap.sum() > 3 * near.sum():
        account.note(
            f"WARNING: {int(heap.sum())} of {len(value)} readings are {lowest:g}, the lowest number, and few near it: a"
            f" floor of the receiver, or a mark for nothing? nothing={[lowest]!r} leaves them out"
        )


def _leave_out_beyond(account: Account, column: int, role: str) -> None:
    """Leave out numbers that no reading can be, such as -9.91e37 or -1048576, where most rows hold readings."""
    beyond = np.abs(account.table.numbers[column].value) >= _BEYOND
    if ROLES[role].units in (None, {}) or role == "throughput" or not 0 < beyond.sum() < 0.5 * len(beyond):
        return
    for number in np.unique(account.table.numbers[column].value[beyond]):
        rows = account.table.numbers[column].value == number
        name = account.table.header[column]
        account.leave_out(rows, f"whose {name} is {number:.10g}, which stands for nothing")


def _require_range(account: Account, column: int, role: str, family: str, skip_bad: bool) -> None:
    table, what = account.table, ROLES[role]
    value = scaled(table, column, role)
    bad = ~((value >= what.low * what.step + what.offset) & (value <= what.high * what.step + what.offset))
    if not bad.any():
        return
    if skip_bad and not bad.all():
        account.leave_out(bad, f"whose {table.header[column]} is out of range")
        return
    i = int(np.argmax(bad))
    lowest, highest = what.low, what.high
    remedy = _REMEDY.get(family, "remove these rows, or leave them out with skip_bad=True")
    if role == "rsrp" and ((value < 0) & (value / 10 >= lowest) & (value / 10 <= highest)).all():
        remedy = "these look like tenths of a dB: divide the column by 10"
    raise MeasurementError(
        f"{table.at(i)}: {table.header[column]!r} is {table.numbers[column].value[i]:g}, wanted a {role} in"
        f" [{lowest:g},"
        f" {highest:g}] {ROLES[family].unit} ({int(bad.sum())} of {len(value)} rows are out of this range);"
        f" {remedy}"
    )


def _read_kinds(account: Account, roles: Mapping[str, int], table: Table) -> NDArray[np.str_]:
    """Return the kind of each reading: exact, unheard, below, above or interval.

    Raises:
        MeasurementError: if some words of the column are kinds and others are not.
    """
    if "kind" not in roles:
        return np.broadcast_to(np.array("exact"), len(table))
    column = roles["kind"]
    words = table.words[column]
    name = table.header[column]
    if not any(w.lower() in _KINDS and w for w in words.words):
        if any(words.words):
            shown = ", ".join(sorted(w for w in words.words if w)[:4])
            account.note(f"the column {name!r} holds {shown}, which are no kinds of reading, and was not used")
        return np.broadcast_to(np.array("exact"), len(table))
    kinds = np.array([_KINDS.get(w.lower(), "") for w in words.words])
    unknown = (kinds == "")[words.code]
    if unknown.any():
        i = int(np.argmax(unknown))
        raise MeasurementError(
            f"{table.at(i)}: {name!r} is {words.words[words.code[i]]!r}, wanted exact, below, above or interval,"
            f" or 0/1 (1: not heard); or leave the column out with without={name!r}"
        )
    return np.asarray(kinds[words.code])


def _limits(cell: Numbers, kind: NDArray[np.str_], value: NDArray[np.float64], role: str) -> NDArray[np.str_]:
    """Return the kinds with what the cells say: "< -120", and the ends of a report's range of indices."""
    what = ROLES[role]
    below, above = cell.state == BELOW, cell.state == ABOVE
    if role in INDEX_ROLES and role != "asu":
        low, high = (end * what.step + what.offset for end in (what.low, what.high))
        below, above = below | (value <= low), above | (value >= high)
    if not (below.any() or above.any()):
        return kind
    return np.where(below, "below", np.where(above, "above", kind)).astype("<U8")


def _bounds(table: Table, roles: Mapping[str, int], kind: NDArray[np.str_]) -> tuple[NDArray[Any], NDArray[Any]]:
    low, high = (np.broadcast_to(np.array(v), len(table)) for v in (-np.inf, np.inf))
    rows = kind == "interval"
    if not rows.any():
        return low, high
    if "low" not in roles or "high" not in roles:
        raise MeasurementError(
            f"{table.at(int(np.argmax(rows)))} is an interval, but the file has no columns low and high; add them"
        )
    low, high = low.copy(), high.copy()
    for role, side in (("low", low), ("high", high)):
        cell = table.numbers[roles[role]]
        wrong = rows & (cell.state != GOOD)
        if wrong.any():
            raise table.bad_cell(int(np.argmax(wrong)), roles[role])
        side[rows] = cell.value[rows]
    if (low > high).any():
        i = int(np.argmax(low > high))
        raise MeasurementError(f"{table.at(i)}: the interval's low end is above its high end; exchange the two")
    return low, high


def _mapped(kind: NDArray[np.str_], new: Mapping[str, str]) -> NDArray[np.str_]:
    if kind.strides == (0,):
        return kind
    out = kind.astype("<U8")
    for old, word in new.items():
        out[kind == old] = word
    return out


def _other_rows(account: Account) -> str:
    """Return a hint where positions and readings stand on different rows, as in logs of events; else nothing."""
    without = account.left_out.get("without a position", 0), account.left_out.get("without a value", 0)
    if without[1] == account.read and account.table.file.name.lower().endswith((".xlsx", ".xlsm")):
        return "formulas have no value before a spreadsheet has opened and saved them: do so, or give CSV; or "
    if min(without) < 0.2 * account.read:
        return ""
    return "positions and readings stand on different rows: fill the positions down, and give the file again; or "


def _in_words(account: Account) -> str:
    return "; ".join(f"{count} rows {reason}" for reason, count in account.left_out.items()) or "0 rows"
