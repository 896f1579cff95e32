"""A CSV file as columns of text with row and line numbers, and the numbers in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError

__all__ = ["Scalar", "Table", "Where", "read_table"]

Scalar = str | int | float
Where = Mapping[str, Scalar | Sequence[Scalar]]
_DELIMITERS = ",;\t|"
_CONTAINERS = {b"PK": "an Excel workbook or a zip file", b"\x1f\x8b": "a gzip file", b"PAR1": "a Parquet file"}


@dataclass(frozen=True)
class Table:
    """The rows of a CSV file as text.

    Attributes:
        path: the file, for messages.
        header: column names as the file writes them.
        cells: text of every cell, cells[i][j] of row i and column j.
        row: number of each row, 1 is the first data row, shape (n,).
        line: line of the file on which each row ends, shape (n,).
    """

    path: Path
    header: tuple[str, ...]
    cells: list[list[str]]
    row: NDArray[np.int64]
    line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cells)

    def at(self, i: int) -> str:
        """Return "file, row r (line l)" of the i-th row, for messages."""
        return f"{self.path}, row {int(self.row[i])} (line {int(self.line[i])})"

    def text(self, column: int) -> list[str]:
        """Return the stripped text of a column, one entry per row."""
        return [cells[column].strip() for cells in self.cells]

    def numbers(self, column: int, rows: Sequence[int] | None = None) -> NDArray[np.float64]:
        """Return a column as finite numbers, shape (n,), or only those of the given rows.

        Raises:
            MeasurementError: naming file, row and column of the first cell that is empty, text, NaN or infinite.
        """
        wanted = range(len(self)) if rows is None else rows
        values = np.empty(len(wanted))
        for k, i in enumerate(wanted):
            values[k] = self._number(i, column)
        return values

    def _number(self, i: int, column: int) -> float:
        text = self.cells[i][column].strip()
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            hint = "write a decimal point, not a comma" if _decimal_comma(text) else "correct or remove the row"
            raise MeasurementError(
                f"{self.at(i)}: column {self.header[column]!r} holds {text!r}, wanted a finite number; {hint}"
            )
        return value

    def pick(self, keep: Sequence[int]) -> Table:
        """Return the rows of the given indices; they keep their row and line numbers."""
        index = np.asarray(keep, dtype=np.intp)
        return replace(self, cells=[self.cells[i] for i in keep], row=self.row[index], line=self.line[index])

    def select(self, where: Where) -> Table:
        """Return the rows whose columns hold the wanted value, or one of the wanted values.

        Raises:
            MeasurementError: if a column is unknown, or no row is left.
        """
        table = self
        for name, wanted in where.items():
            table = table._select_one(name, wanted)
        return table

    def _select_one(self, name: str, wanted: Scalar | Sequence[Scalar]) -> Table:
        if name not in self.header:
            raise MeasurementError(
                f"{self.path}: there is no column {name!r} to choose rows by; the file has {', '.join(self.header)}"
            )
        choices = [wanted] if isinstance(wanted, str | int | float) else list(wanted)
        text = self.text(self.header.index(name))
        kept = [i for i, cell in enumerate(text) if any(_same(cell, choice) for choice in choices)]
        if not kept:
            raise MeasurementError(
                f"{self.path}: no row has {name} = {' or '.join(map(str, choices))}; the column holds {_sample(text)}"
            )
        return self.pick(kept)


def read_table(path: Path) -> Table:
    """Read a CSV file (comma, semicolon, tab or bar between the cells; UTF-8, or Windows text).

    Raises:
        MeasurementError: if the file cannot be read, is empty or no CSV, or a row does not fit the header.
    """
    text = _decode(path, _read_bytes(path))
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    if not first:
        raise MeasurementError(f"{path} is empty: wanted a header line with column names, then one row per reading")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        header, rows, lines = _split(text, delimiter)
    except csv.Error as error:
        raise MeasurementError(f"{path} is not a CSV file ({error}); export the readings as CSV with UTF-8") from error
    if not rows:
        raise MeasurementError(f"{path} holds a header but no rows; wanted one row per reading")
    table = Table(path, tuple(header), rows, np.arange(1, len(rows) + 1), np.asarray(lines, dtype=np.int64))
    _require_rectangular(table)
    return table


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MeasurementError(f"cannot read {path}: {error.strerror or error}; check the path") from error


def _decode(path: Path, data: bytes) -> str:
    for magic, what in _CONTAINERS.items():
        if data.startswith(magic):
            raise MeasurementError(f"{path} is {what}, not a CSV file; export the readings as CSV with UTF-8")
    if b"\0" in data:
        raise MeasurementError(f"{path} is a binary file, not a CSV file; export the readings as CSV with UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _split(text: str, delimiter: str) -> tuple[list[str], list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            continue
        rows.append(cells)
        lines.append(reader.line_num)
    return header, rows, lines


def _require_rectangular(table: Table) -> None:
    width = len(table.header)
    for i, cells in enumerate(table.cells):
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            raise MeasurementError(
                f"{table.at(i)} has {len(cells)} cells, the header has {width}; correct the row (a value that holds"
                " the separator must stand in quotes)"
            )


def _same(cell: str, wanted: Scalar) -> bool:
    if cell == str(wanted):
        return True
    try:
        return float(cell) == float(wanted)
    except ValueError:
        return False


def _sample(text: Sequence[str], most: int = 8) -> str:
    distinct = sorted(set(text))
    return ", ".join(map(repr, distinct[:most])) + (f" and {len(distinct) - most} more" if len(distinct) > most else "")


def _decimal_comma(text: str) -> bool:
    return text.count(",") == 1 and text.replace(",", "").replace("-", "").isdigit()
