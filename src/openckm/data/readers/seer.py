"""What RadioMapSeer and RadioMap3DSeer share: 701 city maps of 256 x 256 m with 80 transmitters each, and their split.

A picture is called <map>_<transmitter>.png where it depends on the transmitter, <map>.png where it does not. Row 0 is
north: the published outlines (y northwards) match the pictures by row = 255 - y on the sample at hand (57 of 60
building centres fall on the building, against 16 the other way up).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openckm.data.readers.base import Missing, Needed, complete, names_in, require_choice
from openckm.errors import InputError, OptionError
from openckm.maps.pixels import GreyScale

SeerSplit = Literal["train", "validation", "test"]
SPLITS: tuple[SeerSplit, ...] = ("train", "validation", "test")
SHAPE = (256, 256)
CREDIT = "none stated; Yapar, Levie, Kutyniok, Caire, IEEE DataPort"
_BOUNDS = {"train": (0, 501), "validation": (501, 601), "test": (601, 700)}
_NAME = re.compile(r"(\d+)_(\d+)\.png", re.IGNORECASE)
_REMEDY = "a gain picture wants its buildings and its antenna: fetch what is missing"


@dataclass(frozen=True, order=True)
class SeerKey:
    """The name of one record.

    Attributes:
        number: number of the city map.
        transmitter: number of the transmitter on it.
    """

    number: int
    transmitter: int


def map_numbers(split: SeerSplit) -> tuple[int, ...]:
    """Return the numbers of the city maps of a set: 501, 100 and 99 of the maps 1 to 700 (map 0 is in no set).

    The split of RadioUNet's code: numpy's legacy shuffle with seed 42 of 0 to 699, plus one; positions 0 to 500 train,
    501 to 600 validate, 601 to 699 test.

    Args:
        split: which set.

    Raises:
        OptionError: if there is no such set.

    References:
        R. Levie, C. Yapar, G. Kutyniok, G. Caire, RadioUNet: Fast radio map estimation with CNNs, 2021, and its code.
    """
    require_choice("split", split, SPLITS)
    order = np.arange(700)
    np.random.RandomState(42).shuffle(order)
    first, beyond = _BOUNDS[split]
    return tuple(int(k) + 1 for k in order[first:beyond])


def list_maps(
    folders: dict[str, Path], gain: str, per_map: Sequence[str], split: SeerSplit | None, maps: tuple[int, ...] | None,
    missing: Missing,
) -> tuple[tuple[SeerKey, ...], tuple[str, ...]]:  # fmt: skip
    """Return the keys of the gain pictures whose other pictures are there, and the files that are missing.

    Args:
        folders: the folder of the pictures of each kind.
        gain: the kind that is listed.
        per_map: kinds with one picture per city map; all others have one per transmitter.
        split: keep the maps of a set.
        maps: keep the maps of these numbers.
        missing: what to do where a picture is missing.

    Raises:
        InputError: if a folder, a picture or every map asked for is missing.
        OptionError: if split and maps are both given.
    """
    if split is not None and maps is not None:
        raise OptionError(f"split={split!r} and maps=... are both given: keep one")
    numbers = maps if split is None else map_numbers(split)
    present = {kind: names_in(folder, ".png", f"{kind} pictures") for kind, folder in folders.items()}
    keys = sorted(_key(folders[gain] / name) for name in present[gain])
    chosen = [key for key in keys if numbers is None or key.number in numbers]
    if not chosen:
        held = sorted({key.number for key in keys})
        raise InputError(
            f"{folders[gain]} holds none of the city maps asked for, only {len(held)} others,"
            f" numbers {held[0]} to {held[-1]}; choose another split or other maps"
        )
    lists = {folder: present[kind] for kind, folder in folders.items()}
    wanted = ((key, _needed(key, folders, gain, per_map)) for key in chosen)
    return complete(wanted, missing, lambda path: path.name in lists[path.parent], _REMEDY)


def picture(key: SeerKey, folder: Path, per_map: bool) -> Path:
    """Return where a picture of a record lies."""
    return folder / (f"{key.number}.png" if per_map else f"{key.number}_{key.transmitter}.png")


def decode_gain(
    level: NDArray[np.uint8], blocked: NDArray[np.bool_], scale: GreyScale, threshold: float
) -> NDArray[np.float32]:
    """Return gains [dB], NaN in obstacles and where the grey level is not above the threshold.

    Args:
        level: grey levels, any shape.
        blocked: cells without a receiver (buildings, cars), same shape.
        scale: gain of grey levels [dB].
        threshold: a share of the grey range [0-1]; 0 is grey 0.
    """
    return scale.decode(level, blocked | (level <= 255.0 * threshold))


def require_levels(threshold: float, **positive: float) -> None:
    """Refuse a threshold out of [0, 1) and numbers that are not positive.

    Raises:
        OptionError: naming the option.
    """
    if not 0.0 <= threshold < 1.0:
        raise OptionError(f"threshold={threshold!r}: wanted a share of the grey range in [0, 1), such as 0.2")
    for name, value in positive.items():
        if not (np.isfinite(value) and value > 0):
            raise OptionError(f"{name}={value!r}: wanted a positive number")


def _needed(key: SeerKey, folders: dict[str, Path], gain: str, per_map: Sequence[str]) -> list[Needed]:
    return [(kind, picture(key, folder, kind in per_map)) for kind, folder in folders.items() if kind != gain]


def _key(path: Path) -> SeerKey:
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise InputError(f"{path}: wanted a name such as <map>_<transmitter>.png; move the file elsewhere")
    return SeerKey(int(found[1]), int(found[2]))
