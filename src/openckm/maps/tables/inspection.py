"""What would be read of a file of readings: columns, cells, devices, times and extent, and what stands in the way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import InputError
from openckm.maps.tables.assign import assign_columns, ignored_columns
from openckm.maps.tables.dialect import TIMES
from openckm.maps.tables.files import open_table
from openckm.maps.tables.roles import ROLES, plain, unit_in
from openckm.maps.tables.table import Table, TableFile
from openckm.maps.tables.transmitters import mixture, name_columns, ready_where, serving_column

_FIRST_ROWS = 3
_MOST_NAMES = 8


@dataclass(frozen=True)
class Inspection:
    """What a file of readings holds.

    Attributes:
        path: the file.
        header: its columns.
        roles: column -> what it would be used for.
        cells: column that names a transmitter, network or technology -> rows by name.
        rows: rows of the file.
        first: the first rows as text.
        times: first and last of its times, None where it has none.
        report: what would be read, None where it cannot be read as it is.
        trouble: why it cannot be read as it is, "" where it can.
        span: (west, south, east, north) of the readings [degrees, or metres of a local plane], None where unknown.
        where: a choice of rows of one transmitter.
        columns: roles that the user named.
        without: columns that the user banned, or that stand in the way.
        crs: a CRS that would be needed, "" where none is.
        skip_bad: whether rows have to be left out that cannot be read.
    """

    path: Path
    header: tuple[str, ...]
    roles: Mapping[str, str]
    cells: Mapping[str, Mapping[str, int]]
    rows: int
    first: tuple[tuple[str, ...], ...]
    times: tuple[str, str] | None = None
    report: Any = None
    trouble: str = ""
    span: tuple[float, float, float, float] | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    crs: str = ""
    skip_bad: bool = False

    def lines(self) -> list[str]:
        """Return the inspection as text, one fact a line."""
        lines = [f"  file     {self.path}: {self.rows} rows, {len(self.header)} columns"]
        for name in self.header:
            use = f"  -> {self.roles[name]}" if name in self.roles else ""
            lines.append(f"  column   {name}{use}")
        for name, counts in self.cells.items():
            shown = ", ".join(f"{n} {c}" for n, c in list(counts.items())[:_MOST_NAMES])
            more = f", and {len(counts) - _MOST_NAMES} more" if len(counts) > _MOST_NAMES else ""
            lines.append(f"  names    {name}: {len(counts)} values (rows: {shown}{more})")
        if self.times is not None:
            lines.append(f"  times    {self.times[0]} to {self.times[1]}")
        if self.span is not None:
            lines.append("  extent   {:.6f}, {:.6f} to {:.6f}, {:.6f} (west, south to east, north)".format(*self.span))
        lines += [f"  row      {' | '.join(row)}" for row in self.first]
        lines += self.report.lines() if self.report is not None else []
        return lines + ([f"  trouble  {self.trouble}"] if self.trouble else [])


def inspect_file(path: str | os.PathLike[str], how: Mapping[str, Any]) -> Inspection:
    """Return what would be read of a file.

    Args:
        path: the file.
        how: keywords of `read_drive_test`.

    Raises:
        MeasurementError: if the file cannot be opened as a table at all.
    """
    file = open_table(path, tuple((how.get("columns") or {}).values()))
    roles, trouble = _roles(file, how)
    taken = set(roles.values())
    names = name_columns(file, taken | ignored_columns(file, how.get("without") or ()))
    times = [i for i, name in enumerate(file.header) if any(word in plain(name) for word in TIMES)][:1]
    table, _ = file.load({}, tuple({*names, *times}), True)
    found = Inspection(
        Path(path), file.header, _uses(file, roles, names), _cells(table, names), len(table),
        tuple(tuple(row) for row in file.sample()[:_FIRST_ROWS]), _span_of_times(table, times), trouble=trouble,
        columns=dict(how.get("columns") or {}), without=tuple(how.get("without") or ()),
        where=dict(how.get("where") or {}),
    )  # fmt: skip
    return _read(found, how) if not trouble else found


def _roles(file: TableFile, how: Mapping[str, Any]) -> tuple[dict[str, int], str]:
    try:
        roles, _ = assign_columns(file, how.get("columns"), how.get("without") or ())
    except InputError as error:
        return {}, str(error)
    return roles, ""


def _uses(file: TableFile, roles: Mapping[str, int], names: Mapping[int, str]) -> dict[str, str]:
    uses = {file.header[i]: f"names the {kind}" for i, kind in names.items()}
    serving = serving_column(file, set(roles.values()))
    if serving is not None:
        uses[file.header[serving]] = "tells the serving cell's rows"
    for role, i in roles.items():
        unit = unit_in(file.header[i]) or ROLES[role].unit
        uses[file.header[i]] = f"{role} [{unit}]" if unit else role
    return uses


def _cells(table: Table, names: Mapping[int, str]) -> dict[str, Mapping[str, int]]:
    return {table.header[i]: table.words[i].counts() for i in names}


def _span_of_times(table: Table, columns: list[int]) -> tuple[str, str] | None:
    words = sorted(w for i in columns for w in table.words[i].words if w)
    return (words[0], words[-1]) if words else None


def _read(found: Inspection, how: Mapping[str, Any]) -> Inspection:
    """Read the file, and where that fails try what the message proposes: one cell, or without bad rows."""
    from openckm.maps.csv import read_drive_test

    try:
        drive = read_drive_test(found.path, **how)
    except InputError as error:
        remedy = _remedy(found, dict(how))
        if remedy is None:
            return replace(found, trouble=str(error))
        found, how = replace(remedy[0], trouble=str(error)), remedy[1]
        try:
            drive = read_drive_test(found.path, **how)
        except InputError as again:
            return replace(found, trouble=f"{error}; then: {again}")
    crs = drive.report.crs_hint if drive.report.crs is None and not how.get("crs") else found.crs
    return replace(found, report=drive.report, span=_span(drive), crs=crs)


def _remedy(found: Inspection, how: dict[str, Any]) -> tuple[Inspection, dict[str, Any]] | None:
    from openckm.maps.csv import read_drive_test

    file = open_table(found.path, tuple((how.get("columns") or {}).values()))
    roles, _ = assign_columns(file, how.get("columns"), how.get("without") or ())
    names = name_columns(file, set(roles.values()))
    table, _ = file.load({}, tuple(names), True)
    where = dict(how.get("where") or {})
    mixed = mixture(table, names, where)
    tries: list[dict[str, Any]] = [{"skip_bad": True}]
    if mixed:
        choice = ready_where(table, names, mixed, where)
        tries = [{"where": choice}, {"where": choice, "skip_bad": True}, *tries]
    tries += [{"without": (role,)} for role in ("sigma", "kind") if role in roles]
    for change in tries:
        try:
            read_drive_test(found.path, **(how | change))
        except InputError:
            continue
        return replace(found, **change), how | change
    return None


def _span(drive: Any) -> tuple[float, float, float, float] | None:
    from openckm.maps.grid import reproject

    x, y, crs = drive.points.x, drive.points.y, drive.report.crs
    lon, lat = (x, y) if crs is None else reproject(crs, "EPSG:4326", x, y)
    return float(np.min(lon)), float(np.min(lat)), float(np.max(lon)), float(np.max(lat))
