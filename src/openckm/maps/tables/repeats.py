"""Rows that stand in a file twice, and columns beside the reading that change what the readings are worth.

An export that was appended to itself, or joined with a table of several matches, holds the same rows again. Each would
count as a measurement of its own, and the map would be surer of itself than it may be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from openckm.maps.tables.account import Account
from openckm.maps.tables.dialect import TIMES
from openckm.maps.tables.networks import words_in
from openckm.maps.tables.numbers import GOOD
from openckm.maps.tables.roles import plain
from openckm.maps.tables.table import Table, TableFile

AGAIN = "that stand in the file twice"
_WORTH_A_LOOK = 0.01
"""Share of readings with the place and the value of another one from which on whole rows are compared."""
_WORTH_A_WORD = 0.4
"""Share of such readings that is said where no column of times tells whether the rows were written twice."""
_NUMBERS_OF_ROWS = frozenset(("", "id", "index", "row", "no", "nr", "fid", "unnamed", "ogcfid", "objectid"))
_LOUD_DB = 12.0
"""Noise of a reading that no radio has [dB]; a column that states more is of something else."""
_ALTITUDES = frozenset(("altitude", "alt", "elevation", "ele", "height", "höhe", "hohe", "altitud", "hauteur"))
_SOME, _FEWEST, _MOST_ROWS = 20_000, 12, 1_000_000
"""Readings looked at for others of the same time and place, at most and at least; rows whose times are read."""
_INSTANT_DB, _MOST_NAMES = 6.0, 40
"""What readings of one instant and place have to span to be of several cells [dB]; fading and steps span less."""
_CLIMB_M = 25.0
"""Altitudes that differ by more are those of a hill or of a drone [m]."""
_DATE = re.compile(r"\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?=\D|$)")
_EPOCH = re.compile(r"(1\d{9})(?:\d{3})?(?:\.\d*)?")


def repeated_rows(account: Account, *columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows are those of an earlier row again, in every cell, shape (n,).

    Where no column of times tells whether a row was written twice, rows alike in place and value are said.

    Args:
        account: the rows.
        columns: places and values, shape (n,) each, in which rows have to be alike before their cells are compared.
    """
    table = account.table
    alike = _again(np.unique(np.column_stack(columns), axis=0, return_inverse=True)[1].ravel())
    if alike.mean() <= _WORTH_A_LOOK:
        return np.zeros(len(table), dtype=bool)
    cells = [i for i, name in enumerate(table.file.header) if plain(name).rstrip("0123456789") not in _NUMBERS_OF_ROWS]
    cells = [i for i in cells if i < _width(table.file)]
    if not any(word in plain(table.file.header[i]) for i in cells for word in TIMES):
        if alike.mean() >= _WORTH_A_WORD:
            account.note(f"WARNING: {int(alike.sum())} of {len(table)} readings have the place and the value of another"
                         " one, and no column of times tells whether rows stand in the file twice")  # fmt: skip
        return np.zeros(len(table), dtype=bool)
    whole, _ = table.file.load({}, tuple(cells), True)
    at = np.searchsorted(whole.row, table.row)
    key = np.zeros(len(table), dtype=np.int64)
    for column in cells:
        key = _keyed_by(key, whole.words[column].code[at])
    return _again(key)


def note_instants(account: Account, x: NDArray[np.float64], y: NDArray[np.float64], value: NDArray[np.float64]) -> None:
    """Say where most readings share time and place with others of quite another value, as those of several cells do.

    Args:
        account: the rows.
        x: their places [m], shape (n,).
        y: the same, northwards.
        value: their values [dB], shape (n,).
    """
    file, few = account.table.file, slice(0, _SOME)
    place = np.unique(x[few] + 1j * y[few], return_inverse=True)[1]
    if len(place) < _FEWEST or _differing(place, value[few]) < _INSTANT_DB:
        return
    names = range(_width(file)) if len(account.table) <= _MOST_ROWS else ()  # times of more would fill the memory
    times = [i for i in names if any(word in plain(file.header[i]) for word in TIMES)]
    if not times and len(set(np.bincount(place).tolist())) > 1:
        return  # whoever stands still measures the same place at different times
    sample = [row for row in file.sample() if row]
    telling = [
        i for i in names if i not in times and 2 <= len({row[i] for row in sample if i < len(row)}) <= _MOST_NAMES
    ]
    found = file.load({}, (*times, *telling), True)[0] if times or telling else account.table
    at = np.searchsorted(found.row, account.table.row[few])
    key = place
    for column in times:
        key = _keyed_by(key, found.words[column].code[at])
    spread = _differing(key, value[few])
    if spread < _INSTANT_DB:
        return
    apart = [file.header[c] for c in telling if _tells_apart(found.words[c].code[at], key)]
    hint = f" Column {apart[0]!r} tells them apart: choose one with where={{{apart[0]!r}: ...}}" if apart else ""
    what = "time and place" if times else "place, where no column tells times,"
    account.note(
        f"WARNING: readings of the same {what} differ by {spread:.0f} dB (median): are they of several cells, beams or"
        f" antennas?{hint}"
    )


def note_days(account: Account) -> None:
    """Say of how many days the readings are, where they are of several: a network may have changed between them."""
    file = account.table.file
    times = [i for i in range(_width(file)) if any(word in plain(file.header[i]) for word in TIMES)]
    if not times or len(account.table) > _MOST_ROWS:
        return
    found = file.load({}, tuple(times), True)[0]
    at = np.searchsorted(found.row, account.table.row)
    for column in times:
        words = found.words[column]
        days = sorted({day for k in np.unique(words.code[at]) if (day := _day_of(words.words[k]))})
        if len(days) > 1:
            span = f", {days[0]} to {days[-1]}" if days[0][4] == "-" else ""
            account.note(
                f"the readings are of {len(days)} days{span} (column {file.header[column]!r}), and make one map: if the"
                " network changed between them, give the days apart"
            )
            return


def _day_of(text: str) -> str:
    """Return the date of a time as it is written, or of seconds or milliseconds since 1970; "" where it has none."""
    if match := _DATE.search(text):
        return match[0]
    if match := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(match[1]), UTC).date().isoformat()
    return ""


def _keyed_by(key: NDArray[np.integer], code: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return keys of rows that are the same where both the key and the cell's code are, shape (n,)."""
    both = key.astype(np.int64) * (int(code.max(initial=0)) + 1) + code
    return np.unique(both, return_inverse=True)[1].ravel().astype(np.int64)


def _differing(key: NDArray[np.integer], value: NDArray[np.float64]) -> float:
    """Return the median, over rows, of what the values of the rows with the same key span; 0 where most stand alone."""
    low, high = np.full(int(key.max()) + 1, np.inf), np.full(int(key.max()) + 1, -np.inf)
    np.minimum.at(low, key, value)
    np.maximum.at(high, key, value)
    return float(np.median((high - low)[key]))


def _tells_apart(code: NDArray[np.integer], key: NDArray[np.integer]) -> bool:
    """Say whether a column of few different cells has another one in every row of a key."""
    count = int(code.max(initial=0)) + 1
    return 2 <= count <= _MOST_NAMES and len(np.unique(key * np.int64(count) + code)) == len(key)


def _width(file: TableFile) -> int:
    """Return the number of columns of the file itself, without those that were made of others."""
    return min([len(file.header), *(len(row) for row in file.sample()[:1])])


def _again(key: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which entries equal an earlier one, shape (n,)."""
    found = np.ones(len(key), dtype=bool)
    found[np.unique(key, return_index=True)[1]] = False
    return found


def note_noise(account: Account, table: Table, column: int) -> None:
    """Say that the noise of each reading is taken from a column, and warn where it is larger than that of any radio."""
    typical, name = float(np.median(table.numbers[column].value)), table.header[column]
    doubt = f"WARNING: the noise of a reading is taken from column {name!r}, {typical:g} dB typically: is it in dB?" \
            f" without={name!r} leaves it out"  # fmt: skip
    account.note(doubt if typical > _LOUD_DB else
                 f"the noise of each reading is taken from column {name!r} ({typical:g} dB typically)")  # fmt: skip


def note_altitudes(account: Account, roles: Mapping[str, int]) -> None:
    """Say that a column of altitudes is not used, where it spans more than a street does."""
    file = account.table.file
    if "height" in roles:
        return
    for i, name in enumerate(file.header):
        if not _ALTITUDES & set(words_in(name)) or i in roles.values() or "tx" in words_in(name):
            continue
        whole, _ = file.load({i: "height"}, (), True)
        cell = whole.numbers[i]
        at = np.searchsorted(whole.row, account.table.row)
        value = cell.value[at][cell.state[at] == GOOD]
        if len(value) and float(np.ptp(np.quantile(value, (0.02, 0.98)))) > _CLIMB_M:
            account.note(
                f"column {name!r} goes from {value.min():g} to {value.max():g} m and was not used: if it is height"
                f" above ground, say columns={{'height': {name!r}}}"
            )
