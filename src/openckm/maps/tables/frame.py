"""A file of readings whose columns are in memory: of a workbook, a track, or a library of vector files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.tables.columns import numbers_of
from openckm.maps.tables.numbers import decimal_of
from openckm.maps.tables.table import Table, TableFile, words_of

_SAMPLE_ROWS = 400


class FrameFile(TableFile):
    """Columns in memory.

    Args:
        label: what messages call the file.
        name: its name.
        columns: values by name, one array each, all of one length.
        notes: what was found before the rows.
        crs: CRS of the coordinates in the columns "geometry x" and "geometry y", None where they are degrees or absent.
        first_line: line of the first row, for workbooks; 0 where there are no lines.
    """

    def __init__(
        self,
        label: str,
        name: str,
        columns: Sequence[tuple[str, NDArray[Any]]],
        notes: Sequence[str] = (),
        crs: str | None = None,
        first_line: int = 0,
    ) -> None:
        self.label, self.name, self.notes, self.crs = label, name, tuple(notes), crs
        self.header = tuple(title for title, _ in columns)
        self._columns = [values for _, values in columns]
        self._first_line = first_line

    def sample(self) -> list[Sequence[str]]:
        """Return the first rows as text."""
        n = min(_SAMPLE_ROWS, self._length())
        return [[_text(column[i]) for column in self._columns] for i in range(n)]

    def load(self, numbers: Mapping[int, str], words: Sequence[int], skip_bad: bool = False) -> tuple[Table, int]:
        """Return the rows with the wanted columns (see `TableFile.load`)."""
        import pandas as pd

        if not self._length():
            raise MeasurementError(f"{self.label} holds a header but no rows; wanted one row per reading")
        signs = {sign for c in numbers if (sign := self._decimal(c)) and self._columns[c].dtype == object}
        common = next(iter(signs)) if len(signs) == 1 else ""
        read = {c: numbers_of(self._columns[c], role, self._decimal(c) or common) for c, role in numbers.items()}
        text = {
            c: words_of(pd.Series([_text(v) or None for v in self._columns[c]], dtype=object).astype("category"))
            for c in words
            if c not in read
        }
        return Table(self, np.arange(1, self._length() + 1), read, text), 0

    def at(self, row: int) -> str:
        """Return "file, row r", with the line of a workbook."""
        return super().at(row) + (f" (line {self._first_line + row - 1})" if self._first_line else "")

    def cell(self, row: int, column: int) -> str:
        """Return the text of a cell."""
        return _text(self._columns[column][row - 1])

    def _decimal(self, column: int) -> str:
        values = self._columns[column]
        return decimal_of(values[:_SAMPLE_ROWS]) if values.dtype == object else "."

    def _length(self) -> int:
        return len(self._columns[0]) if self._columns else 0


def from_records(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, NDArray[Any]]]:
    """Return columns by name, in the order in which the records name them; what a record lacks is None."""
    names = list(dict.fromkeys(name for record in records for name in record))
    return [(name, _column([record.get(name) for record in records])) for name in names]


def _column(values: list[Any]) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _text(value: object) -> str:
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    return str(value).strip()
