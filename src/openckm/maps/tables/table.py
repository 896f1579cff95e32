"""A table of readings: its header, and those of its columns that were asked for, as numbers or as words.

`TableFile` is a file that was opened: its header is known, its rows are not read. `load` reads the columns that are
wanted and no others, so that a file of five million rows and thirty columns costs what its four columns cost.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.tables.numbers import EMPTY, GOOD

if TYPE_CHECKING:
    import pandas as pd

Scalar = str | int | float
Where = Mapping[str, Scalar | Sequence[Scalar]]


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Attributes:
        value: the numbers, NaN where a cell holds none, shape (n,).
        state: state of each cell (see `numbers`), shape (n,).
    """

    value: NDArray[np.float64]
    state: NDArray[np.uint8]


@dataclass(frozen=True)
class Words:
    """A column of text, each different word once.

    Attributes:
        code: index of each row's word, shape (n,).
        words: the words.
    """

    code: NDArray[np.int32]
    words: tuple[str, ...]

    def text(self) -> NDArray[np.str_]:
        """Return the text of each row, shape (n,)."""
        return np.asarray(self.words or ("",), dtype=np.str_)[self.code]

    def counts(self) -> dict[str, int]:
        """Return how many rows hold each word, the most frequent first."""
        number = np.bincount(self.code, minlength=len(self.words))
        order = np.argsort(-number, kind="stable")
        return {self.words[i]: int(number[i]) for i in order if number[i]}


@dataclass(frozen=True)
class Table:
    """Rows of a file of readings.

    Attributes:
        file: the file they come from.
        row: number of each row, 1 is the first data row, shape (n,).
        numbers: columns of numbers that were read, by index.
        words: columns of text that were read, by index.
    """

    file: TableFile
    row: NDArray[np.int64]
    numbers: Mapping[int, Numbers] = field(default_factory=dict)
    words: Mapping[int, Words] = field(default_factory=dict)

    @property
    def header(self) -> tuple[str, ...]:
        """Column names as the file writes them."""
        return self.file.header

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def at(self, i: int) -> str:
        """Return "file, row r (line l)" of the i-th row, for messages."""
        return self.file.at(int(self.row[i]))

    def cell(self, i: int, column: int) -> str:
        """Return the text of one cell as the file writes it, for messages."""
        return self.file.cell(int(self.row[i]), column)

    def text(self, column: int) -> NDArray[np.str_]:
        """Return a column of text, shape (n,)."""
        return self.words[column].text()

    def require_numbers(self, column: int) -> NDArray[np.float64]:
        """Return a column all of whose cells have to be numbers, shape (n,).

        Raises:
            MeasurementError: naming file, row and column of the first cell that is not.
        """
        found = self.numbers[column]
        bad = found.state != GOOD
        if bad.any():
            raise self.bad_cell(int(np.argmax(bad)), column)
        return found.value

    def bad_cell(self, i: int, column: int, hint: str = "correct or remove the row") -> MeasurementError:
        """Return the error for a cell that holds no finite number."""
        return MeasurementError(
            f"{self.at(i)}: column {self.header[column]!r} holds {self.cell(i, column)!r}, wanted a finite"
            f" number; {hint}"
        )

    def pick(self, keep: NDArray[np.bool_]) -> Table:
        """Return the rows of a mask; they keep their row numbers."""
        if keep.all():
            return self
        return replace(
            self,
            row=self.row[keep],
            numbers={c: Numbers(n.value[keep], n.state[keep]) for c, n in self.numbers.items()},
            words={c: Words(w.code[keep], w.words) for c, w in self.words.items()},
        )

    def holds(self, name: str, wanted: Scalar | Sequence[Scalar]) -> NDArray[np.bool_]:
        """Say of each row whether the column of this name holds the wanted value, or one of the wanted values.

        Raises:
            MeasurementError: if the column is unknown, or no row holds it.
        """
        column = self.file.column(name, "to choose rows by")
        words = self.words[column]
        choices = [wanted] if isinstance(wanted, str | int | float) else list(wanted)
        texts, numbers = {str(c).strip() for c in choices}, {_number(c) for c in choices} - {None}
        good = np.array([w in texts or _number(w) in numbers for w in words.words], dtype=bool)
        found = good[words.code] if len(words.words) else np.zeros(len(self), dtype=bool)
        if not found.any():
            raise MeasurementError(
                f"{self.file.label}: no row has {name} = {' or '.join(map(str, choices))}; the column holds"
                f" {_sample(words)}"
            )
        return found


class TableFile(ABC):
    """A file of readings whose header is known and whose rows are not read yet.

    Attributes:
        label: what messages call the file.
        name: its name, for reports.
        header: column names as the file writes them.
        notes: what was found before the rows (lines skipped, the sheet taken), one sentence each.
    """

    label: str
    name: str
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @abstractmethod
    def sample(self) -> list[Sequence[str]]:
        """Return the first rows as text."""

    @abstractmethod
    def load(self, numbers: Mapping[int, str], words: Sequence[int], skip_bad: bool = False) -> tuple[Table, int]:
        """Return the rows with the wanted columns, and how many rows were left out because their cells do not fit.

        Args:
            numbers: index of each column of numbers, with its role.
            words: indices of the columns of text.
            skip_bad: leave rows out that do not fit the header instead of refusing the file.

        Raises:
            MeasurementError: if the file cannot be read, has no rows, or a row does not fit the header.
        """

    @abstractmethod
    def cell(self, row: int, column: int) -> str:
        """Return the text of a cell (row 1 is the first data row), for messages."""

    def at(self, row: int) -> str:
        """Return "file, row r", with the line where there are lines."""
        return f"{self.label}, row {row}"

    def column(self, name: str, why: str) -> int:
        """Return the index of a column by its name, or by its place as "#3".

        Raises:
            MeasurementError: if there is none, or several of the name.
        """
        if name.startswith("#") and name[1:].isdigit() and 1 <= int(name[1:]) <= len(self.header):
            return int(name[1:]) - 1
        found = [i for i, header in enumerate(self.header) if header == name]
        if not found:
            found = [i for i, header in enumerate(self.header) if header.strip().lower() == name.strip().lower()]
        if len(found) > 1:
            places = " or ".join(f"#{i + 1}" for i in found)
            raise MeasurementError(f"{self.label}: the column {name!r} stands {len(found)} times; name one as {places}")
        if not found:
            raise MeasurementError(
                f"{self.label}: there is no column {name!r} {why}; the file has {', '.join(self.header)}"
            )
        return found[0]


def words_of(series: pd.Series) -> Words:
    """Return a pandas column of categories as words; what is empty is the word ""."""
    categories = series.astype("category") if series.dtype != "category" else series
    code = categories.cat.codes.to_numpy().astype(np.int32)
    words = [str(w).strip() for w in categories.cat.categories]
    if (code < 0).any():
        words.append("")
        code[code < 0] = len(words) - 1
    distinct = list(dict.fromkeys(words))
    if len(distinct) < len(words):  # two words that differ by blanks alone are one
        place = {w: k for k, w in enumerate(distinct)}
        code = np.array([place[w] for w in words], dtype=np.int32)[code]
    return Words(code, tuple(distinct))


def join_words(parts: Sequence[Words]) -> Words:
    """Return several stretches of one column of text as one."""
    if len(parts) == 1:
        return parts[0]
    place: dict[str, int] = {}
    codes = []
    for part in parts:
        new = np.array([place.setdefault(w, len(place)) for w in part.words] or [0], dtype=np.int32)
        codes.append(new[part.code])
    return Words(np.concatenate(codes), tuple(place))


def _number(text: Scalar) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _sample(words: Words, most: int = 8) -> str:
    distinct = sorted(words.counts())
    return ", ".join(map(repr, distinct[:most])) + (f" and {len(distinct) - most} more" if len(distinct) > most else "")


def _empty_numbers(n: int) -> Numbers:
    """Return a column that holds nothing."""
    return Numbers(np.full(n, np.nan), np.full(n, EMPTY, dtype=np.uint8))
