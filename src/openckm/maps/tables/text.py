"""Text tables by pandas: only the wanted columns are read; a row is looked up slowly where a message has to name it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from openckm.errors import MeasurementError
from openckm.maps.tables.columns import numbers_of
from openckm.maps.tables.dialect import WHITESPACE, Dialect, sniff
from openckm.maps.tables.sources import HEAD_BYTES, Source, as_text
from openckm.maps.tables.table import Numbers, Table, TableFile, Words, join_words, words_of

if TYPE_CHECKING:
    import pandas as pd

_CHUNK_ROWS = 1 << 18
_NOTHING = ["n/a", "N/A", "NaN", "nan", "NULL", "null", "-", "--", "?", "none", "None", "n.a."]


class TextFile(TableFile):
    """A text table: comma, semicolon, tab, bar or blanks between the cells, in any common encoding."""

    def __init__(self, source: Source, named: Sequence[str] = ()) -> None:
        head = source.head()
        self._source, self.label, self.name = source, source.label, source.name
        self._dialect: Dialect = sniff(head, len(head) < HEAD_BYTES, source.label, named)
        self._encoding = self._dialect.encoding
        self.header, self.notes = self._dialect.header, self._dialect.notes
        self._width = len(self.header)
        self._last: tuple[int, int, list[str]] | None = None

    @property
    def dialect(self) -> Dialect:
        """How the file is written."""
        return self._dialect

    def sample(self) -> list[Sequence[str]]:
        """Return the first rows as text."""
        return [list(row) for row in self._dialect.rows]

    def load(self, numbers: Mapping[int, str], words: Sequence[int], skip_bad: bool = False) -> tuple[Table, int]:
        """Return the rows with the wanted columns (see `TableFile.load`)."""
        try:
            table = self._load(numbers, words)
        except UnicodeDecodeError:  # the head was UTF-8 by chance, the rest is not
            self._encoding = "latin-1"
            table = self._load(numbers, words)
        if not len(table):
            raise MeasurementError(f"{self.label} holds a header but no rows; wanted one row per reading")
        more = table.words[self._width]
        long = np.array([bool(w) for w in more.words], dtype=bool)[more.code]
        short = np.isin(table.row, self._short_rows()) & ~long
        for rows in (long, short):
            if rows.any() and not skip_bad:
                raise self._unfit(int(table.row[int(np.argmax(rows))]), int(rows.sum()), fewer=rows is short)
        return table.pick(~(long | short)), int((long | short).sum())

    def _unfit(self, row: int, count: int, fewer: bool) -> MeasurementError:
        cells = len(self._cells(row))
        size = f"has {cells} cells, the header has {self._width}"
        hint = "correct the row (a value that holds the separator must stand in quotes)"
        if fewer:
            size = f"has fewer cells than the header, {cells} of {self._width}"
            hint = "between blanks nobody can tell which is missing; export the readings with commas"
        return MeasurementError(
            f"{self.at(row)} {size} ({count} such rows); {hint}, or leave such rows out with skip_bad=True"
        )

    def _short_rows(self) -> list[int]:
        """Return the numbers of rows that lack cells, where blanks separate them."""
        d, number = self._dialect, 0
        found: list[int] = []
        if d.separator != WHITESPACE:
            return found
        with self._source.open() as stream:
            text = as_text(stream, self._encoding)
            text.read(d.skip)
            for line in text:
                cells = line.split()
                if cells and not (d.comment and cells[0].startswith(d.comment)):
                    number += 1
                    found += [number] if len(cells) < self._width else []
        return found

    def at(self, row: int) -> str:
        """Return "file, row r (line l)"."""
        return f"{self.label}, row {row} (line {self._find(row)[1]})"

    def cell(self, row: int, column: int) -> str:
        """Return the text of a cell."""
        cells = self._cells(row)
        return cells[column] if column < len(cells) else ""

    def _load(self, numbers: Mapping[int, str], words: Sequence[int]) -> Table:
        text = sorted({*words, self._width} - set(numbers))
        read: dict[int, list[Any]] = {c: [] for c in (*numbers, *text)}
        common = self._dialect.decimal(list(numbers))
        decimal = {c: self._dialect.decimal([c]) or common for c in numbers}
        rows = 0
        for chunk in self._chunks(list(read), text, "," if "," in decimal.values() else "."):
            rows += len(chunk)
            for c, role in numbers.items():
                read[c].append(numbers_of(chunk[str(c)], role, decimal[c]))
            for c in text:
                read[c].append(words_of(chunk[str(c)]))
            del chunk
        return Table(
            self, np.arange(1, rows + 1), {c: _join(read[c]) for c in numbers if read[c]},
            {c: join_words(read[c]) if read[c] else Words(np.zeros(0, np.int32), ()) for c in text},
        )  # fmt: skip

    def _chunks(self, columns: Sequence[int], text: Sequence[int], decimal: str) -> Iterator[pd.DataFrame]:
        """Yield stretches of rows; a header of numbers stands for the file's own, one column wider than it."""
        import pandas as pd
        from pandas.errors import EmptyDataError, ParserError

        with self._source.open() as stream:
            try:
                reader = pd.read_csv(
                    self._stream(stream), sep=self._dialect.separator, header=0, index_col=False,  # type: ignore[call-overload]
                    dtype={str(c): "category" for c in text},
                    usecols=[str(c) for c in columns], na_values=_NOTHING, decimal=decimal,
                    chunksize=_CHUNK_ROWS,
                    skipinitialspace=True, low_memory=False,
                )  # fmt: skip
                with reader:
                    yield from reader
            except EmptyDataError:
                return
            except ParserError as error:
                raise MeasurementError(
                    f"{self.label} is not a whole table ({error}); look for a quote that is not closed, or export the"
                    " readings again"
                ) from error
            except (OSError, EOFError) as error:
                raise MeasurementError(f"cannot read {self.label}: {error}; the file is cut or broken") from error

    def _stream(self, stream: IO[bytes]) -> _Rows:
        d = self._dialect
        between = " " if d.separator == WHITESPACE else d.separator
        text = as_text(stream, self._encoding)
        text.read(d.skip)
        return _Rows(between.join(map(str, range(self._width + 1))) + "\n", text, d.comment)

    def _cells(self, row: int) -> list[str]:
        return self._find(row)[2]

    def _find(self, row: int) -> tuple[int, int, list[str]]:
        """Return (row, line, cells) of a data row by reading the file row by row."""
        if self._last is None or self._last[0] != row:
            try:
                self._last = self._scan(row)
            except csv.Error:  # a field beyond the limit of the csv module
                self._last = row, 0, []
        return self._last

    def _scan(self, row: int) -> tuple[int, int, list[str]]:
        d, number = self._dialect, 0
        with self._source.open() as stream:
            text = as_text(stream, self._encoding)
            text.read(d.skip)
            if d.separator == WHITESPACE:
                rows = ((i, line.split()) for i, line in enumerate(text, start=1))
            else:
                reader = csv.reader(text, delimiter=d.separator, skipinitialspace=True)
                rows = ((reader.line_num, cells) for cells in reader)
            for line, cells in rows:
                comment = bool(d.comment and cells and cells[0].lstrip().startswith(d.comment))
                number += int(bool(cells) and not comment and (len(cells) > 1 or bool(cells[0].strip())))
                if number == row:
                    return row, d.line + line, [cell.strip() for cell in cells]
        return row, 0, []


class _Rows:
    """A stream of text: a header of our own, then the rows of a file without its comment lines."""

    def __init__(self, header: str, text: IO[str], comment: str) -> None:
        self._ready, self._text, self._rest = header, text, ""
        self._comment = re.compile(rf"(?m)^[ \t]*{re.escape(comment)}[^\r\n]*(?:\r\n|\n|\r|$)") if comment else None

    def read(self, size: int = -1) -> str:
        """Return some text, at least one character where there is more to come."""
        if self._ready:
            ready, self._ready = self._ready, ""
            return ready
        while True:
            piece = self._text.read(size)
            if self._comment is None:
                return piece
            text = self._rest + piece
            cut = max(text.rfind("\n"), text.rfind("\r")) + 1 if piece else len(text)
            self._rest = text[cut:]
            kept = self._comment.sub("", text[:cut])
            if kept or not piece:
                return kept

    def readline(self) -> str:
        """Return a line; pandas' C reader calls `read` alone."""
        return self.read()

    def __iter__(self) -> Iterator[str]:
        while text := self.read(1 << 16):
            yield text


def _join(parts: Sequence[Numbers]) -> Numbers:
    if len(parts) == 1:
        return parts[0]
    return Numbers(np.concatenate([p.value for p in parts]), np.concatenate([p.state for p in parts]))
