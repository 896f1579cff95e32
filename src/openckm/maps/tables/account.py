"""What became of every row of a file: used, or left out, and why. The two always add up to what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openckm.maps.tables.table import Table


@dataclass
class Account:
    """The rows of one file, and why some of them are not used.

    Attributes:
        table: the rows that are still used.
        read: rows of the file.
        left_out: rows that are not used, by reason.
        notes: what was assumed or found about the file, one sentence each.
    """

    table: Table
    read: int
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, rows: NDArray[np.bool_], reason: str) -> NDArray[np.bool_]:
        """Take rows out for a reason, and return which of the rows so far are kept, shape (n,)."""
        count = int(rows.sum())
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + count
            self.table = self.table.pick(~rows)
        return ~rows

    def note(self, text: str) -> None:
        """Keep a sentence once."""
        if text not in self.notes:
            self.notes.append(text)


def in_words(left_out: Mapping[str, int]) -> str:
    """Return the rows left out as "3 without a value; 2 outside the map"."""
    return "; ".join(f"{count} {reason}" for reason, count in left_out.items())
