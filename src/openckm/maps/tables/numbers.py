"""Numbers as people write them: decimal commas, thousands, units behind the number, degrees and minutes, "< -120".

A word is one cell of text. It is read once for each different word of a column, so a column of a million readings in
whole dB costs a hundred readings. What a word means is a value and a state; nothing is guessed: a word that has two
readings ("989,840" as metres) has the state AMBIGUOUS, and who asked for the column says so to the user.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

GOOD, EMPTY, NO_NUMBER, BELOW, ABOVE, AMBIGUOUS, UNIT = range(7)
"""State of a cell: a number; nothing; text; "< number"; "> number"; two readings; a unit that does not belong here."""

_NOTHING = frozenset((
    "", "na", "n/a", "#n/a", "n.a.", "n.a", "nan", "null", "none", "nil", "-", "--", "---", "?", ".", "..", "...", "*",
    "**", "unknown", "unavailable", "invalid", "undefined", "missing", "void", "nodata", "nd", "n/d", "s/d", "k.a.",
    "k.a", "nr", "n.r.", "np", "#value!", "#wert!", "#ref!", "#div/0!", "#num!", "#null!", "<na>", "-nan", "1.#qnan",
    "-1.#ind", "1.#ind", "keine", "unbekannt", "inconnu", "inconnue", "desconocido", "<null>", "(null)", "[null]",
    "{}", "[]", "\\n", "not available", "not measured", "no data", "no value", "no signal", "keine angabe",
    "nicht verfügbar", "non disponible", "no disponible", "sin datos", "no service", "out of service",
))  # fmt: skip
_DASHES = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2012": "-", "\u2014": "-", "\ufe63": "-", "\uff0d": "-"})
_BLANKS = re.compile(r"[\u00a0\u2007\u2009\u200a\u202f\u200b\ufeff]")
_NUMBER = re.compile(
    r"(?P<limit>[<>≤≥]=?)?\s*(?P<about>[~≈]|ca\.?|approx\.?)?\s*"
    r"(?P<number>[-+]?(?:\d[\d.,' ]*|[.,]\d+)(?:[eE][-+]?\d+)?)"
    r"\s*(?P<unit>[^\d\s].*)?$"
)
_DEGREES = re.compile(
    r"(?P<before>[NSEWO])?\s*(?P<sign>-)?(?P<d>\d+(?:[.,]\d+)?)\s*[°ºd˚]?\s*(?:(?P<m>\d+(?:[.,]\d+)?)\s*['′’m´]\s*"
    r"(?:(?P<s>\d+(?:[.,]\d+)?)\s*(?:\"|″|”|''|′′|´´|s))?)?\s*(?P<after>[NSEWO])?",
    re.IGNORECASE,
)
_SEXAGESIMAL = re.compile(r"(-?)(\d{1,3}):(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?P<sep>[.,' ])\d{3}(?:(?P=sep)\d{3})*")


@dataclass(frozen=True)
class Word:
    """What one cell says.

    Attributes:
        value: the number, in the unit that the format wants; NaN where there is none.
        state: GOOD, EMPTY, NO_NUMBER, BELOW, ABOVE, AMBIGUOUS or UNIT.
    """

    value: float
    state: int


@dataclass(frozen=True)
class Format:
    """How the numbers of a column are written.

    Attributes:
        units: for each unit that may stand behind the number (lower case, no blanks) what it does to the number.
        decimal: "," or "." where the column tells, "" where it does not.
        degrees: whether "N 48°08'13\"" is a number.
        thousands: whether "989,840" may mean 989840 (metres); it cannot in degrees, dB and dBm.
    """

    units: Mapping[str, Callable[[float], float]]
    decimal: str = ""
    degrees: bool = False
    thousands: bool = False


_ABSENT, _TEXT = Word(math.nan, EMPTY), Word(math.nan, NO_NUMBER)


def tidy(text: object) -> str:
    """Return a cell without the blanks and quotes around it, with plain minus signs and blanks."""
    return _BLANKS.sub(" ", str(text)).translate(_DASHES).strip().strip("\"'").strip()


def is_nothing(text: object) -> bool:
    """Say whether a cell is empty or a word for nothing, such as "n/a"."""
    plain = _BLANKS.sub(" ", str(text)).strip().strip("\"'").lower()
    return plain in _NOTHING or tidy(text).lower() in _NOTHING or plain.strip("#\x1a") == ""  # Excel's "####", DOS' end


def read_word(text: object, how: Format) -> Word:
    """Return what one cell says, read as a number of the given format."""
    if is_nothing(text):
        return _ABSENT
    plain = tidy(text)
    if how.degrees and (found := _from_degrees(plain)) is not None:
        return found
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return _TEXT
    value, sure = _digits(match["number"].strip(), how)
    if value is None:
        return _TEXT if sure else Word(math.nan, AMBIGUOUS)
    unit = unit_key(match["unit"] or "").strip(".")
    if unit and unit not in how.units:
        return Word(value, UNIT)
    value = how.units[unit](value) if unit else value
    state = GOOD if match["limit"] is None else BELOW if match["limit"][0] in "<≤" else ABOVE
    return Word(value, state) if math.isfinite(value) else _TEXT


def unit_key(text: str) -> str:
    """Return a unit without blanks and in lower case; a capital B for bytes is written out, "MB/s" is "mbyte/s"."""
    bytes_too = re.sub(r"^([kKMG]?)B(?:/s|ps)$|^([kKMG]?)[Bb]ytes?(?:/s| per second)$", r"\1\2byte/s", text.strip())
    return re.sub(r"\s+", "", bytes_too.lower()).replace("µ", "u").replace("μ", "u")


def decimal_of(words: Iterable[object]) -> str:
    """Return "," or "." where a column's words tell which of the two is its decimal sign, else ""."""
    comma = point = False
    for text in words:
        plain = re.sub(r"\s.*|[^\d.,]", "", tidy(text).replace("'", "")) if not is_nothing(text) else ""
        if "," in plain and "." in plain:
            return "," if plain.rindex(",") > plain.rindex(".") else "."
        grouped = _GROUPED.fullmatch(plain) is not None
        if plain.count(",") > 1 and grouped:
            return "."
        if plain.count(".") > 1 and grouped:
            return ","
        comma |= plain.count(",") == 1 and not grouped
        point |= plain.count(".") == 1 and not grouped
    return "" if comma == point else "," if comma else "."


def _digits(number: str, how: Format) -> tuple[float | None, bool]:
    """Return the number, and where there is none whether that is sure (text) or not (two readings)."""
    plain = number.replace("'", "").replace(" ", "")
    if plain != number and not _GROUPED.match(number):
        return None, True
    if "," in plain and "." in plain:
        last, other = (",", ".") if plain.rindex(",") > plain.rindex(".") else (".", ",")
        if plain.count(last) > 1 or not _GROUPED.fullmatch(plain[: plain.rindex(last)]):
            return None, True
        return _float(plain.replace(other, "").replace(last, ".")), True
    sign = "," if "," in plain else "."
    if plain.count(sign) > 1:
        return (_float(plain.replace(sign, "")) if _GROUPED.fullmatch(plain) else None), True
    if sign == "," and "," in plain and how.thousands and _GROUPED.fullmatch(plain):
        if how.decimal == "":
            return None, False
        return _float(plain.replace(",", "" if how.decimal == "." else ".")), True
    if sign == "." and "." in plain and how.decimal == "," and how.thousands and _GROUPED.fullmatch(plain):
        return _float(plain.replace(".", "")), True
    return _float(plain.replace(",", ".")), True


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _from_degrees(text: str) -> Word | None:
    """Return degrees from degrees, minutes and seconds, or from a number with a point of the compass."""
    if colons := _SEXAGESIMAL.fullmatch(text):
        text = "{}{}°{}'{}\"".format(*colons.groups())
    match = _DEGREES.fullmatch(text)
    if match is None or not (match["m"] or match["before"] or match["after"]):
        return None
    point = (match["before"] or match["after"] or "").upper()
    if point == "O":  # Ost is the east of a German, ouest and oeste the west of a Frenchman and a Spaniard
        return Word(math.nan, AMBIGUOUS)
    parts = [float((match[k] or "0").replace(",", ".")) for k in ("d", "m", "s")]
    if parts[1] >= 60 or parts[2] >= 60 or (match["before"] and match["after"]):
        return _TEXT
    size = parts[0] + parts[1] / 60 + parts[2] / 3600
    negative = (point in ("S", "W") and point != "") != (match["sign"] is not None)
    return Word(-size if negative else size, GOOD)
