"""Excel workbooks (.xlsx) by openpyxl: the first sheet that holds readings, or the one that the path names."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from openckm.errors import MeasurementError
from openckm.maps.tables.frame import FrameFile
from openckm.maps.tables.roles import OTHER_ROLES, POSITION_ROLES, VALUE_ROLES, plain, role_of
from openckm.maps.tables.sources import Source

_PREAMBLE_LINES = 120
_HIDDEN = re.compile(rb'<(?:\w+:)?row\b[^>]*\shidden="(?:1|true)"')


def open_workbook(source: Source, named: Sequence[str] = ()) -> FrameFile:
    """Return the first sheet of a workbook whose header has a position and a value, or the names that the user gave.

    Raises:
        MeasurementError: if openpyxl is not installed, the file is broken, or no sheet holds readings.
    """
    try:
        import openpyxl
    except ImportError:
        raise MeasurementError(
            f"{source.label} is an Excel workbook: install openckm[files] to read it, or save the sheet as CSV"
        ) from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(source.whole()), read_only=True, data_only=True)
        wanted = source.wanted(book.sheetnames, "sheet")
        sheets = {name: [list(row) for row in book[name].iter_rows(values_only=True)] for name in wanted}
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError, AttributeError) as error:
        raise MeasurementError(
            f"{source.label} is no whole Excel workbook ({error}); save it again, or as CSV"
        ) from error
    scored = [(score, name, at) for name, rows in sheets.items() for at, score in [_header_of(rows, named)]]
    good = [item for item in scored if item[0] >= 2]
    if not good:
        raise MeasurementError(
            f"{source.label}: no sheet of {', '.join(sheets) or 'this empty workbook'} has a header line with a"
            " position"
            " and a value; name the columns in the first line of a sheet, e.g. lon, lat, rsrp"
        )
    _, name, at = good[0]
    file = _sheet(source, name, sheets[name], at, len(sheets))
    if len(good) > 1:
        others = ", ".join(repr(sheet) for _, sheet, _ in good[1:])
        how = f'give one as "{source.path}/{good[1][1]}"'
        file.notes = (*file.notes, f"WARNING: {others} of the workbook hold readings, too, and were not read; {how}")
    if hidden := _hidden_rows(book[name]):
        file.notes = (
            *file.notes,
            f"WARNING: {hidden} rows of the sheet {name!r} are hidden, by a filter or by hand, and were read as all"
            " others are; delete them, or choose rows by where",
        )
    return file


def _hidden_rows(sheet: Any) -> int:
    """Count the rows that the workbook hides: openpyxl says it only where the whole sheet is made of objects."""
    with sheet._get_source() as stream:
        return len(_HIDDEN.findall(stream.read()))


def _header_of(rows: list[list[Any]], named: Sequence[str]) -> tuple[int, int]:
    """Return (line, how many known names it has) of the best header of a sheet."""
    wanted, best = {plain(name) for name in named}, (0, 0)
    for at, row in enumerate(rows[:_PREAMBLE_LINES]):
        cells = [str(cell) for cell in row if isinstance(cell, str)]
        roles = {role for cell in cells if (role := role_of(cell)) in (*POSITION_ROLES, *VALUE_ROLES, *OTHER_ROLES)}
        score = len(roles) + 3 * len(wanted & {plain(cell) for cell in cells})
        if score > best[1]:
            best = (at, score)
    return best


def _sheet(source: Source, name: str, rows: list[list[Any]], at: int, sheets: int) -> FrameFile:
    header = ["" if cell is None else str(cell).strip() for cell in rows[at]]
    while header and not header[-1]:
        header.pop()
    body = [row for row in rows[at + 1 :] if any(cell is not None for cell in row)]
    columns = []
    for k, title in enumerate(header):
        column = np.empty(len(body), dtype=object)
        column[:] = [row[k] if k < len(row) else None for row in body]
        columns.append((title, column))
    notes = [f"the readings were taken from the sheet {name!r} of {sheets}"] if sheets > 1 else []
    notes += [f"{at} lines above the header were skipped"] if at else []
    return FrameFile(source.label, source.name, columns, notes, first_line=at + 2)
