"""What every reader of a published data set has in common: a lazy sequence, file listings, and errors that name files.

A reader lists files when it is made (one listing per folder, no picture is opened) and decodes a record when it is
asked for. What is missing is found while listing: it stops the reader, or, with missing="skip", it is left out and
named in `left_out`.
"""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Generic, Literal, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError, OptionError
from openckm.maps.grid import Grid

Missing = Literal["error", "skip"]
"""What to do about records of which a file is missing: stop, or leave them out and list them."""
_KeyT = TypeVar("_KeyT")
_RecordT = TypeVar("_RecordT", covariant=True)
SHOWN = 5
"""Missing files named in a message; the rest are counted."""


class MapDataset(Sequence[_RecordT], ABC, Generic[_KeyT, _RecordT]):
    """Records of a data set in a fixed order; a slice is a data set of the same kind that shares the listing.

    Attributes:
        folder: the folder of the data set.
        keys: what each record is called.
        left_out: files that were missing, for the records that missing="skip" left out.
    """

    def __init__(self, folder: Path, keys: Sequence[_KeyT], left_out: Sequence[str] = ()) -> None:
        self.folder, self.keys, self.left_out = folder, tuple(keys), tuple(left_out)

    @abstractmethod
    def read(self, key: _KeyT) -> _RecordT:
        """Decode the record of a key.

        Raises:
            InputError: naming the file that is missing, damaged, or of another kind or size.
        """

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> _RecordT: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> _RecordT | Self:
        if isinstance(index, slice):
            return self._with(self.keys[index])
        return self.read(self.keys[index])

    def where(self, keep: Callable[[_KeyT], bool]) -> Self:
        """Return the records whose key passes a test, e.g. `lambda key: key.scene == "NJ5"`."""
        return self._with(tuple(key for key in self.keys if keep(key)))

    def _with(self, keys: tuple[_KeyT, ...]) -> Self:
        chosen = copy.copy(self)
        chosen.keys = keys
        return chosen


Needed = tuple[str, Path]
"""What a file is ("AoA", "buildings") and where it must be."""


def complete(
    wanted: Iterable[tuple[_KeyT, Sequence[Needed]]], missing: Missing, present: Callable[[Path], bool], remedy: str
) -> tuple[tuple[_KeyT, ...], tuple[str, ...]]:
    """Return the keys all of whose files are there, and the files that are not.

    Args:
        wanted: each key with the files that it needs.
        missing: stop at missing files, or leave their records out.
        present: whether a file is there.
        remedy: what to do about missing files, for the message.

    Raises:
        InputError: if files are missing and `missing` is "error", naming the first few; if nothing is left.
    """
    keys: list[_KeyT] = []
    gone: dict[str, None] = {}
    for key, files in wanted:
        lacking = [f"{path} ({what})" for what, path in files if not present(path)]
        gone.update(dict.fromkeys(lacking))
        if not lacking:
            keys.append(key)
    if gone and (missing == "error" or not keys):
        first = "; ".join(list(gone)[:SHOWN])
        more = f"; and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        raise InputError(f"{len(gone)} files are missing: {first}{more}; {remedy}, or say missing='skip' to go without")
    return tuple(keys), tuple(gone)


def folder_at(path: str | os.PathLike[str], what: str) -> Path:
    """Return the path of an existing folder.

    Raises:
        InputError: if there is none.
    """
    folder = Path(path)
    if not folder.is_dir():
        state = "is a file, not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {state}: wanted the folder of {what}; check the path, and unpack the archive there")
    return folder


def names_in(folder: Path, suffix: str, what: str) -> frozenset[str]:
    """Return the names of the files in a folder that end with a suffix (case does not matter).

    Raises:
        InputError: if the folder does not exist or holds no such file.
    """
    with os.scandir(folder_at(folder, what)) as entries:
        names = frozenset(e.name for e in entries if e.name.lower().endswith(suffix) and not e.name.startswith("."))
    if not names:
        raise InputError(f"{folder} holds no {suffix} file: wanted {what}; check the path, or unpack the archive")
    return names


def require_choice(name: str, value: object, choices: Sequence[object]) -> None:
    """Refuse a value of an option that is none of its choices.

    Raises:
        OptionError: naming the choices.
    """
    if value not in choices:
        raise OptionError(f"{name}={value!r}: wanted one of {', '.join(map(repr, choices))}")


def at_pixel(grid: Grid, picture: NDArray[np.uint8], path: Path) -> tuple[float, float, int]:
    """Return (x, y) [m] and the grey level of the one lit pixel of a transmitter picture, shape grid.shape.

    Raises:
        InputError: if no pixel or more than one is lit.
    """
    rows, cols = np.nonzero(picture)
    if len(rows) != 1:
        raise InputError(f"{path}: {len(rows)} pixels are lit, wanted one, at the transmitter; fetch the file again")
    row, col = int(rows[0]), int(cols[0])
    return float(grid.x[col]), float(grid.y[row]), int(picture[row, col])
