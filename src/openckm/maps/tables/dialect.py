"""How a text table is written: encoding, separator, decimal sign, and where its header stands below preambles.

The header is the line whose cells are the most names that are known (see `roles`), or those that the user named. What
stands above it is a preamble: notes of an app ("# Created by ..."), Excel's "sep=;", the versions line of WiGLE.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openckm.errors import MeasurementError
from openckm.maps.tables.numbers import decimal_of, is_nothing
from openckm.maps.tables.roles import OTHER_ROLES, POSITION_ROLES, VALUE_ROLES, plain, role_of

WHITESPACE = r"\s+"
_SEPARATORS = (",", ";", "\t", "|")
_PREAMBLE_LINES = 120
_SAMPLE_ROWS = 400
_MOST_HEADER_LINES = 20
_COMMENT = re.compile(r"\s*(#|//|%)")
_SEP_LINE = re.compile(r"\s*\"?sep=(.)\"?[,;\t|\s]*", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_TELLING = (*POSITION_ROLES, *VALUE_ROLES, *OTHER_ROLES)
TIMES = ("time", "date", "zeit", "datum", "hora", "fecha", "heure", "stamp", "measuredat", "utc", "jour", "dia", "tag")
"""Words in the names of columns of times."""


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes:
        encoding: the encoding of the bytes.
        separator: one character, or WHITESPACE.
        header: column names.
        skip: characters from the beginning to the first data row.
        line: number of the header's line, 1 is the first.
        comment: what begins a comment line among the rows, "" where there are none.
        rows: cells of the first data rows.
        notes: what was skipped, one sentence each.
    """

    encoding: str
    separator: str
    header: tuple[str, ...]
    skip: int
    line: int
    comment: str
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    def decimal(self, columns: Sequence[int]) -> str:
        """Return "," or "." where the first rows of these columns tell the decimal sign, else ""."""
        return decimal_of(row[c] for c in columns for row in self.rows if c < len(row))


def sniff(head: bytes, whole: bool, label: str, named: Sequence[str] = ()) -> Dialect:
    """Return how a text table is written, from its first bytes.

    Args:
        head: the first bytes.
        whole: whether these are all of them.
        label: what messages call the file.
        named: column names that the user gave.

    Raises:
        MeasurementError: if the bytes are no text, or hold no line.
    """
    encoding = _encoding(head, whole, label)
    text = head.decode(encoding, errors="ignore" if not whole else "strict")
    lines = _joined(_lines(text, whole))
    forced = next((m[1] for line, _ in lines[:2] if (m := _SEP_LINE.fullmatch(line))), "")
    found = _find_header(lines, (forced,) if forced else _SEPARATORS, named)
    if found is None and not forced:
        found = _find_header(lines, (WHITESPACE,), named)
    if found is None:
        found = _first_line(lines, forced, label)
    separator, at = found
    above = [line for line, _ in lines[:at] if line.strip()]
    header = _split_line(_uncommented(lines[at][0]) if _is_commented(lines, at) else lines[at][0], separator)
    below = [line for line, _ in lines[at + 1 :] if line.strip()]
    marks = [m[1] for line in [*above, *below] if (m := _COMMENT.match(line))]
    comment = marks[0] if marks else ""
    rows = [_split_line(line, separator) for line in below if not (comment and line.lstrip().startswith(comment))]
    header, numbered = _with_row_numbers(header, rows[:_SAMPLE_ROWS])
    header = _with_split_dates(header, rows[:_SAMPLE_ROWS])
    notes = [f"{len(above)} lines above the header were skipped" if len(above) > 1 else
             f"the line above the header was skipped: {above[0].strip()[:60]!r}"] if above else []  # fmt: skip
    notes += ["the rows begin with numbers of the rows, which the header does not name"] if numbered else []
    while header and not header[-1]:
        header = header[:-1]  # a separator at the end of the line
    return Dialect(
        encoding, separator, tuple(header), lines[at][1], len(_lines(text[: lines[at][1]], True)), comment,
        tuple(map(tuple, rows[:_SAMPLE_ROWS])), tuple(notes),
    )  # fmt: skip


def _split_line(line: str, separator: str) -> list[str]:
    """Return the cells of one line, without blanks around them."""
    if separator == WHITESPACE:
        return line.split()
    try:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:  # a field beyond the limit of the csv module
        cells = [line]
    return [cell.strip() for cell in cells]


def _encoding(head: bytes, whole: bool, label: str) -> str:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    if max(even, odd) > min(len(head), 4096) // 5 and min(even, odd) == 0:
        return "utf-16-be" if even > odd else "utf-16-le"
    if b"\0" in head:
        raise MeasurementError(
            f"{label} is a binary file, not a table: wanted CSV or text, .xlsx, GPX, KML, GeoJSON, GeoPackage,"
            " Shapefile"
            " or Parquet; export the readings as one of these"
        )
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _lines(text: str, whole: bool) -> list[tuple[str, int]]:
    """Return each line with the place behind its end; the last one of a part of a file is left out."""
    found, begin = [], 0
    for match in re.finditer(r"\r\n|\n|\r", text):
        found.append((text[begin : match.start()], match.end()))
        begin = match.end()
    if text[begin:] and (whole or not found):
        found.append((text[begin:], len(text)))
    return found


def _joined(lines: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the lines with those in one where a quote is open at the end of one: a name of two lines in a header."""
    joined: list[tuple[str, int]] = []
    rest = iter(range(len(lines)))
    for k in rest:
        closed = k
        if k < _PREAMBLE_LINES and lines[k][0].count('"') % 2:
            ends = range(k + 1, min(k + 1 + _MOST_HEADER_LINES, len(lines)))
            closed = next((e for e in ends if sum(line.count('"') for line, _ in lines[k : e + 1]) % 2 == 0), k)
        joined.append(("\n".join(line for line, _ in lines[k : closed + 1]), lines[closed][1]))
        for _ in range(closed - k):
            next(rest)
    return joined


def _find_header(
    lines: Sequence[tuple[str, int]], separators: Sequence[str], named: Sequence[str]
) -> tuple[str, int] | None:
    """Return (separator, index of the line) of the best header, None where no line has two known names."""
    best, found = 1, None
    wanted = {plain(name) for name in named if not name.startswith("#")}
    for at, (line, _) in enumerate(lines[:_PREAMBLE_LINES]):
        for separator in separators:
            cells = _split_line(_uncommented(line) if _is_commented(lines, at) else line, separator)
            roles = {role for cell in cells if (role := role_of(cell)) in _TELLING}
            score = len(roles) + 3 * len(wanted & {plain(cell) for cell in cells})
            if score > best or (
                score == 1 and len(cells) > 1 and best == 1 and found is None and _has_both(roles, cells)
            ):
                best, found = score, (separator, at)
    return found


def _has_both(roles: set[str], cells: Sequence[str]) -> bool:
    return bool(roles & {"lonlat", "latlon"})


def _is_commented(lines: Sequence[tuple[str, int]], at: int) -> bool:
    """Say whether a line begins as a comment, but names as many columns as the row below it has (numpy's habit)."""
    line = lines[at][0]
    if not _COMMENT.match(line) or at + 1 >= len(lines) or _COMMENT.match(lines[at + 1][0]):
        return False
    return any(
        len(_split_line(_uncommented(line), s)) == len(_split_line(lines[at + 1][0], s)) > 2
        for s in (*_SEPARATORS, WHITESPACE)
    )


def _uncommented(line: str) -> str:
    return _COMMENT.sub("", line, count=1)


def _first_line(lines: Sequence[tuple[str, int]], forced: str, label: str) -> tuple[str, int]:
    start = 1 if forced else 0
    at = next(
        (i for i, (line, _) in enumerate(lines) if i >= start and line.strip() and not _COMMENT.match(line)), None
    )
    if at is None:
        raise MeasurementError(f"{label} is empty: wanted a header line with column names, then one row per reading")
    return forced or max(_SEPARATORS, key=lines[at][0].count), at


def _with_row_numbers(header: list[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], bool]:
    """Return the header with a nameless first column where the rows begin with their number, as R writes them."""
    wider = {len(row) - len(header) for row in rows if any(row)} == {1} and all(row[-1] for row in rows)
    first = [row[0].strip('"') for row in rows if row]
    if not wider or first not in ([str(k) for k in range(len(rows))], [str(k + 1) for k in range(len(rows))]):
        return header, False
    return ["", *header], True


def _with_split_dates(header: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the header with a further name where every row has a date whose own comma splits it in two cells."""
    more = {len(row) - len(header) for row in rows if any(row)}
    if len(more) != 1 or not 0 < next(iter(more)) <= 2 or not all(row[-1] for row in rows if row):
        return header
    extra = next(iter(more))
    for p, name in enumerate(header):
        if any(word in plain(name) for word in TIMES):
            wider = [*header[: p + 1], *(f"{name} (part {k + 2})" for k in range(extra)), *header[p + 1 :]]
            numeric = [
                i for i, n in enumerate(wider) if role_of(n) in ("lon", "lat", "x", "y", "rsrp", "path_loss", "gain")
            ]
            if numeric and all(_numeric(row[i]) for row in rows for i in numeric):
                return wider
    return header


def _numeric(cell: str) -> bool:
    return is_nothing(cell) or re.match(r"[-+\u2212]?\d", cell) is not None
