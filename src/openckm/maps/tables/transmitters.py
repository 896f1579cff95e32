"""Which transmitter the rows come from: serving cells before their neighbours, and no mixture without being asked.

A map is the field of one transmitter. Rows of several cells, beams, gateways, operators, technologies or bands in one
file are several fields; their average is none of them. So every column that names one of these is looked at, and where
it holds several values the file is refused with their counts and the choice to make.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.tables.account import Account
from openckm.maps.tables.networks import (
    NEIGHBOUR_WORDS,
    SERVING_NAMES,
    SERVING_NO,
    SERVING_WORDS,
    SERVING_YES,
    end_of,
    network_kind,
    of_neighbours,
    words_in,
)
from openckm.maps.tables.numbers import is_nothing
from openckm.maps.tables.roles import is_known, plain
from openckm.maps.tables.table import Table, TableFile, Words

_TECHNOLOGIES = frozenset((
    "lte", "nr", "gsm", "wcdma", "umts", "hspa", "hspap", "cdma", "evdo", "2g", "3g", "4g", "5g", "5gnr",
    "nrnsa", "nrsa",
    "endc", "wifi", "wlan", "bt", "ble", "bluetooth", "lora", "lorawan", "sigfox", "nbiot", "ltem", "catm1",
    "tetra", "edge",
    "gprs", "lteca", "tdscdma", "dect", "wimax", "zigbee", "5gnsa", "5gsa", "4gca",
))  # fmt: skip
UTM_ZONE = re.compile(r"(\d{1,2})\s*([a-z]?)", re.IGNORECASE)
_NR = "nr"
"""New Radio among technologies; among numbers it is "not reported"."""
_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}(?:[0-9A-Fa-f]{2}[:-]?){1,3}")
_OF_THE_PHONE = ("device", "phone", "receiver", "node", "user", "dev", "neigh", "nachbar", "supported", "sender_type")
_NO_NAME = frozenset(("2147483647", "-1", "268435455", "4294967295", "65535", "9223372036854775807", "-2147483648"))
_DIRECTIONS = frozenset(("ul", "dl", "uplink", "downlink", "uplk", "dwnlk"))
_FIXES = frozenset(("gps", "fused", "passive", "gnss"))
"""What a phone calls the provider of a position, which is no network."""
_OTHER_CELLS = frozenset(("scell", "secondary", "scc", "scg"))
_MEASURED_SHARE = 0.5
_FEWEST, _MOST_GROUPS, _GROUP_SHARE = 2, 12, 0.05
"""A column that nobody knows is named where it has so few values, the second of them in such a share of the rows."""
_HARMLESS = frozenset((
    "time", "date", "zeit", "datum", "hora", "heure", "fecha", "day", "hour", "minute", "second", "year", "month",
    "speed", "bearing", "heading", "course", "quality", "qual", "rsrq", "sinr", "snr", "rssnr", "cqi", "ri", "rank",
    "mcs", "bler", "count", "num", "samples", "battery", "temp", "temperature", "accuracy", "satellites", "sats", "fix",
    "hdop", "pdop", "vdop", "version", "asu", "rsrp", "rssi", "level", "rating", "range", "ping", "ta", "advance",
    "created", "updated", "rrc", "event", "message", "comment", "note", "remark", "bitrate", "kbit", "mbit",
    "humidity", "rain", "sigma", "std", "bandwidth", "bw", "latency", "throughput", "index", "row",
    "id", "tac", "lac", "path", "loss",
))  # fmt: skip
"""Words of columns whose values tell no fields apart, or are measured themselves."""
ALL = "all"
"""What `mix` holds where everything may be mixed."""


@dataclass(frozen=True)
class Named:
    """The names of transmitters in one column.

    Attributes:
        column: the column's name.
        kind: "transmitter", "beam", "network", "technology", "band", "storey", "zone" or "direction"; "" for unknown.
        counts: rows by name, the most frequent first.
    """

    column: str
    kind: str
    counts: Mapping[str, int]


def name_columns(file: TableFile, taken: set[int]) -> dict[int, str]:
    """Return the columns that name a transmitter, network or technology: index -> kind.

    In a table of several detected cells side by side ("PCI (detected) - 1", "RSRP (detected) - 1", ...)
    the columns that end otherwise than the value's are of other cells.
    """
    found = {i: kind for i, name in enumerate(file.header) if i not in taken and (kind := network_kind(name))}
    sample = file.sample()
    seen = {i: {row[i].strip().lower() for row in sample if i < len(row)} - {""} for i in found}
    found = {i: kind for i, kind in found.items() if not _says_no_name(file.header[i], seen[i])}
    found = {i: kind for i, kind in found.items() if kind != "zone" or all(map(UTM_ZONE.fullmatch, seen[i]))}
    found |= _by_contents(file, taken | set(found))
    values = [file.header[i] for i in sorted(taken) if _is_value(file.header[i])]
    of_value = {word for name in values for word in words_in(name)}
    found = {i: kind for i, kind in found.items() if not _of_another_cell(file.header[i], of_value)}
    value = next(map(end_of, values), "")
    if not value or value not in {end_of(file.header[i]) for i in found}:
        return found
    return {i: kind for i, kind in found.items() if end_of(file.header[i]) in ("", value)}


def _says_no_name(name: str, cells: set[str]) -> bool:
    """Say whether the cells of a column are yes and no, or sources of a position, though its name names something."""
    yes_no = is_known(name, SERVING_NAMES) and bool(cells) and cells <= SERVING_YES | SERVING_NO
    return yes_no or bool(cells & _FIXES)


def _of_another_cell(name: str, of_value: set[str]) -> bool:
    """Say whether a column is of a secondary cell, or of the other of LTE and NR, where the value's is not."""
    words = set(words_in(name))
    if words & _OTHER_CELLS and not of_value & _OTHER_CELLS:
        return True
    return any(
        {a} == words & {"lte", "nr"} and {b} == of_value & {"lte", "nr"} for a, b in (("lte", "nr"), ("nr", "lte"))
    )


def unknown_columns(file: TableFile, known: set[int]) -> set[int]:
    """Return the columns of which nobody knows what they tell, with so few values that they may tell fields apart."""
    sample, found = file.sample(), set()
    for i, name in enumerate(file.header):
        cells = {row[i].strip() for row in sample if i < len(row)}
        harmless = of_neighbours(name) or _HARMLESS & set(words_in(name)) or _is_of_the_phone(name)
        if i in known or harmless or not name.strip():
            continue
        if 1 <= len({c for c in cells if not is_nothing(c)}) <= _MOST_GROUPS:
            found.add(i)
    return found


def unknown_groups(table: Table, columns: Collection[int]) -> list[str]:
    """Return a sentence on columns of which nobody knows what they tell, and that divide the readings into groups."""
    seen = []
    for column in sorted(columns):
        counts = _counts(table.words[column])
        sizes = list(counts.values())
        if _FEWEST <= len(counts) <= min(_MOST_GROUPS, len(table) / 3) and sizes[1] >= _GROUP_SHARE * len(table):
            seen.append(_counted(Named(table.header[column], "", counts), 3))
    if not seen:
        return []
    more = f"; and {len(seen) - 4} columns more" if len(seen) > 4 else ""
    return [f"not used, though readings differ in it: {'; '.join(seen[:4])}{more}; if it tells transmitters, storeys or"
            " antennas apart, choose one with where=..."]  # fmt: skip


def _by_contents(file: TableFile, taken: set[int]) -> dict[int, str]:
    """Return columns of other names whose cells are names of technologies or addresses of stations."""
    found, sample = {}, file.sample()
    for i, name in enumerate(file.header):
        if i in taken or _is_of_the_phone(name):
            continue
        cells = {row[i].strip() for row in sample if i < len(row)}
        filled = {cell for cell in cells if not is_nothing(cell) or cell.lower() == _NR}
        if filled and all(plain(cell) in _TECHNOLOGIES for cell in cells if cell and cell != "-"):
            found[i] = "technology"
        elif filled and all(plain(cell) in _DIRECTIONS for cell in filled):
            found[i] = "direction"
        elif filled and all(_ADDRESS.fullmatch(cell) for cell in filled):
            found[i] = "transmitter"
    return found


def _is_of_the_phone(name: str) -> bool:
    return any(word in plain(name) for word in _OF_THE_PHONE)


def _is_value(name: str) -> bool:
    return any(word in plain(name) for word in ("rsrp", "rssi", "rscp", "level", "power", "signal", "loss"))


def serving_column(file: TableFile, taken: set[int]) -> int | None:
    """Return the column that tells the serving cell's rows from its neighbours', None where there is none."""
    free = [i for i in range(len(file.header)) if i not in taken]
    named = next((i for i in free if is_known(file.header[i], SERVING_NAMES)), None)
    return named if named is not None else next((i for i in free if _says_serving(file, i)), None)


def _says_serving(file: TableFile, column: int) -> bool:
    """Say whether the cells of a column are words for serving and neighbouring cells, of which both occur."""
    cells = {row[column].strip().lower() for row in file.sample() if column < len(row)} - {""}
    return bool(cells & SERVING_WORDS) and bool(cells & NEIGHBOUR_WORDS) and cells <= SERVING_WORDS | NEIGHBOUR_WORDS


def prefer_serving(account: Account, column: int) -> None:
    """Leave the rows of neighbouring cells out, where the column tells them."""
    table = account.table
    words, name = table.words[column], table.header[column]
    neighbours = "neigh" in plain(name)
    yes, no = (SERVING_NO, SERVING_YES) if neighbours else (SERVING_YES, SERVING_NO)
    serving = np.array([w.lower() in yes for w in words.words], dtype=bool)
    known = np.array(
        [w.lower() in yes or w.lower() in no or w.lower() in SERVING_YES | SERVING_NO for w in words.words]
    )
    if not known.all() or not serving.any():
        if len(words.counts()) > 1 or not known.all():
            account.note(
                f"the column {name!r} does not say which rows are of the serving cell, and was not used for that"
            )
        return
    account.leave_out(~serving[words.code], f"of neighbouring cells (column {name})")


def mixture(table: Table, names: Mapping[int, str], where: Mapping[str, object]) -> list[Named]:
    """Return the columns in which the rows have several names, except those that `where` chose by."""
    chosen = {name.strip().lower() for name in where}
    found = []
    for column, kind in names.items():
        counts = _counts(table.words[column])
        if len(counts) < 2 or table.header[column].strip().lower() in chosen:
            continue
        if kind == "band" and _is_measured(counts, len(table)):
            continue
        found.append(Named(table.header[column], kind, counts))
    return found


def _is_measured(counts: Mapping[str, int], rows: int) -> bool:
    """Say whether a column of frequencies holds measured ones, each of its own, rather than channels."""
    return len(counts) > max(20, _MEASURED_SHARE * rows)


def refuse_mixture(
    table: Table, names: Mapping[int, str], where: Mapping[str, object], allowed: Sequence[str]
) -> list[str]:
    """Return sentences on the names that are mixed on request.

    Args:
        table: the rows that are used.
        names: the columns that name a transmitter (see `name_columns`).
        where: how the rows were chosen.
        allowed: columns whose values may be mixed, or "all".

    Raises:
        MeasurementError: if rows of several transmitters are mixed that nobody asked for.
    """
    found = mixture(table, names, where)
    free = {name.strip().lower() for name in allowed}
    asked = [named for named in found if ALL in free or named.column.strip().lower() in free]
    refused = [named for named in found if named not in asked]
    if refused:
        raise MeasurementError(
            f"{table.file.label} holds readings of several {_kinds_in_words(refused)}:"
            f" {'; '.join(map(_counted, refused))}. A map is of one:"
            f" choose with where={ready_where(table, names, refused, where)!r}, or have them read as one field with"
            f" mix={[named.column for named in refused]!r}"
        )
    return [*(f"read as one field on request: {_counted(named)}" for named in asked), *_without_name(table, names)]


_KINDS = {"storey": "storeys", "zone": "zones of coordinates", "direction": "directions of the link"}


def _kinds_in_words(found: Sequence[Named]) -> str:
    return " and ".join(dict.fromkeys(_KINDS.get(named.kind, "transmitters") for named in found))


def _without_name(table: Table, names: Mapping[int, str]) -> list[str]:
    """Return sentences on rows that name no transmitter where all others name the same one."""
    notes = []
    for column, kind in names.items():
        counts = _counts(table.words[column])
        unnamed = len(table) - sum(counts.values())
        if kind in ("transmitter", "beam") and len(counts) == 1 and unnamed:
            only, name = next(iter(counts)), table.header[column]
            notes.append(
                f"WARNING: {unnamed} of {len(table)} readings name no {name}; they were read as of {only}, like"
                " the others:"
                f" where={{{name!r}: {only!r}}} leaves them out"
            )
    return notes


def runs_in(table: Table, columns: Collection[int]) -> list[str]:
    """Return sentences on columns that tell several drives apart, which are read as one field."""
    found = [Named(table.header[c], "run", _counts(table.words[c])) for c in sorted(columns)]
    return [
        f"readings of several drives are read as one field: {_counted(named)}"
        for named in found
        if len(named.counts) > 1
    ]


def names_in(table: Table, names: Mapping[int, str]) -> dict[str, dict[str, int]]:
    """Return how many rows have each name, by column; columns without a name are left out."""
    found = {table.header[column]: _counts(table.words[column]) for column in names}
    return {column: counts for column, counts in found.items() if counts}


def refuse_mixed_files(
    source: str, cells: Mapping[str, Mapping[str, int]], where: Mapping[str, object], allowed: Sequence[str]
) -> None:
    """Refuse files of one campaign that are each of one transmitter, but not of the same.

    Raises:
        MeasurementError: if a column has several names that nobody chose or asked to mix.
    """
    free = {name.strip().lower() for name in (*allowed, *where)}
    mixed = [Named(c, "transmitter", dict(n)) for c, n in cells.items() if len(n) > 1 and c.strip().lower() not in free]
    if mixed and ALL not in free:
        choice = {named.column: max(named.counts, key=lambda name: named.counts[name]) for named in mixed[:1]}
        raise MeasurementError(
            f"{source}: these files are of several transmitters: {'; '.join(map(_counted, mixed))}. A map is of one:"
            " choose"
            f" with where={choice!r}, or have them read as one field with mix={[named.column for named in mixed]!r}"
        )


def _counted(named: Named, most: int = 6) -> str:
    shown = [f"{name} {count}" for name, count in list(named.counts.items())[:most]]
    more = f", and {len(named.counts) - most} more" if len(named.counts) > most else ""
    return f"column {named.column!r} has {len(named.counts)} values (rows: {', '.join(shown)}{more})"


def ready_where(
    table: Table, names: Mapping[int, str], found: Sequence[Named], where: Mapping[str, object]
) -> dict[str, str]:
    """Return a choice of rows of one transmitter, the one with most rows; as few columns as do it."""
    rows = np.ones(len(table), dtype=bool)
    choice = {str(k): _one(v) for k, v in where.items()}
    rank = {"transmitter": 0, "beam": 1, "technology": 2, "band": 2}
    by_name = {table.header[c]: c for c in names}
    for named in sorted(found, key=lambda n: (rank.get(n.kind, 3), -len(n.counts))):
        words = table.words[by_name[named.column]]
        here = _counts(Words(words.code[rows], words.words))
        if len(here) > 1:
            top = next(iter(here))
            choice[named.column] = top
            rows &= _equal(words, top)
    return choice


def _one(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else str(next(iter(value)))  # type: ignore[call-overload]


def _equal(words: Words, name: str) -> NDArray[np.bool_]:
    return np.array([w == name for w in words.words], dtype=bool)[words.code]


def _counts(words: Words) -> dict[str, int]:
    """Return how many rows have each name; 36 and 36.0 are one, and what stands for no name is none."""
    counts: dict[str, int] = {}
    for word, n in words.counts().items():
        name = word[:-2] if word.endswith(".0") and word[:-2].isdigit() else word
        if (name.lower() == _NR or not is_nothing(name)) and name not in _NO_NAME:
            counts[name] = counts.get(name, 0) + n
    return counts
