"""Columns of pandas or of a library of vector files as numbers of a role: the units, scales and words of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.maps.tables.numbers import EMPTY, GOOD, NO_NUMBER, Format, decimal_of, read_word
from openckm.maps.tables.roles import ROLES, Role
from openckm.maps.tables.table import Numbers

if TYPE_CHECKING:
    import pandas as pd

_PLAIN = Role((), "", {})
_TELLING = 5000
"""Different words that are looked at to tell the decimal sign of a column."""


def format_of(role: str, decimal: str) -> Format:
    """Return how the numbers of a role may be written."""
    what = ROLES.get(role, _PLAIN)
    return Format(what.units or {}, decimal, degrees=what.unit == "deg", thousands=what.unit == "m")


def numbers_of(column: pd.Series[Any] | NDArray[Any], role: str, decimal: str = "") -> Numbers:
    """Return a column as numbers of a role, with the state of each cell.

    Args:
        column: numbers or words.
        role: a key of ROLES, which says what units may stand behind the numbers.
        decimal: "," or "." where the first rows show it; "" lets the words of the column tell.
    """
    import pandas as pd

    series = column if isinstance(column, pd.Series) else pd.Series(column)
    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype):
        value = series.to_numpy(dtype=np.float64, na_value=np.nan)
        state = np.where(np.isfinite(value), GOOD, np.where(np.isnan(value), EMPTY, NO_NUMBER)).astype(np.uint8)
        return Numbers(value, state)
    code, words = pd.factorize(series, use_na_sentinel=True)
    how = format_of(role, decimal or decimal_of(words[:_TELLING]))
    found = [read_word(word, how) for word in words]
    value = np.array([word.value for word in found] + [np.nan])
    state = np.array([word.state for word in found] + [EMPTY], dtype=np.uint8)
    return Numbers(value[code], state[code])
