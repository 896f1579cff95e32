"""The windows that benchmarks "p1" and "samplers" ask their tasks on: 2 m cells, side by side, spread over the maps."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openckm.data.readers.ckmimagenet import CkmImageNet, CkmImageNetOptions
from openckm.data.shards import TracedMap, read_shards
from openckm.errors import InputError, LayoutError
from openckm.evaluate.p1.tasks import P1Case, Window, p1_case, windows_of
from openckm.evaluate.worlds.splits import evenly

_log = logging.getLogger(__name__)
CELL_M = 2.0


@dataclass(frozen=True)
class Place:
    """A window of a map.

    Attributes:
        traced: the map.
        window: the part of it.
    """

    traced: TracedMap
    window: Window


def held_windows(folder: Path, size: int, windows: int) -> list[Place]:
    """Return up to so many usable windows of maps with 2 m cells, spread evenly over the shards' windows.

    Args:
        folder: the folder of shards.
        size: side of a window [cells].
        windows: how many.

    Raises:
        InputError: if there is none.
    """
    places = _places(read_shards(sorted(folder.glob("*.npz"))), size)
    if not places:
        raise InputError(
            f"no maps with {CELL_M:g} m cells in {folder}: make them with `ckm data generate` (split test or"
            " validation), or say where they are with OPENCKM_TEST_DATA and OPENCKM_VALIDATION_DATA"
        )
    return evenly(places, windows)


def published_windows(folder: Path, part: Literal["train", "eval"], size: int, windows: int) -> list[Place]:
    """Return up to so many usable windows of CKMImageNet, spread evenly over a part's patches.

    Args:
        folder: CKMImageNet.
        part: "train" or "eval".
        size: side of a window [cells].
        windows: how many.

    Raises:
        InputError: if there is none, or the folder is not CKMImageNet's.
    """
    data = CkmImageNet(folder, CkmImageNetOptions(CELL_M, part))
    places = _places((data[k] for k in evenly(range(len(data)), windows)), size)
    if not places:
        raise InputError(f"{folder}: no patch of CKMImageNet's part {part} has a usable window of {size} cells")
    return evenly(places, windows)


def _places(maps: Iterable[TracedMap], size: int) -> list[Place]:
    return [
        Place(traced, window)
        for traced in maps
        if traced.grid.cell_m == CELL_M and min(traced.grid.shape) >= size
        for window in windows_of(traced, size)
    ]


def cases_of(places: Sequence[Place], task: str) -> dict[int, P1Case]:
    """Return the cases of a task by their windows' numbers; windows without room for a hidden box have none.

    Raises:
        InputError: if no window has a case.
    """
    cases = {}
    for k, place in enumerate(places):
        try:
            cases[k] = p1_case(place.traced, task, k, place.window)
        except LayoutError as error:
            _log.info("window %d has no case: %s", k, error)
    if not cases:
        raise InputError(f"no window has a case of {task!r}: give more or other maps")
    return cases
