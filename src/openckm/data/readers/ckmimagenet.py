"""CKMImageNet as P1 uses it: 128 x 128 pictures of gain and of angle of arrival in two parallel trees.

    CKM_gain_128/{train,eval}/<SCENE>_image_128/<SCENE>_128_BS<k>_<i>_<j>.png
    CKM_AoA_128/{train,eval}/<SCENE>_image_128_AoA/<SCENE>_128_BS<k>_<i>_<j>_AoA.png

Grey p = grey / 255 of a gain picture is g = -250 + 200 p [dB], of an AoA picture theta = (p - 1/19) / (18/19) 360 - 180
[degrees]; a building is an AoA pixel below 1e-3. The files tell neither cell size, nor base station, nor carrier, nor
heights: cells must be given a size, the transmitter is None, and building heights are marked as assumed.

From the literature and not checked, since no sample was at hand: the scales (the paper, Section IV-A, and its code),
that theta is an azimuth counter-clockwise from east, towards where the path comes from, and that the top row is north.
Each is an option; `openckm.data.readers.checks.pointing` about the strongest cell of a patch that holds its base
station tells whether they are right.

References:
    Z. Wu, D. Wu, S. Fu, Y. Qiu, Y. Zeng, CKMImageNet: A dataset for AI-based channel knowledge map, 2025.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openckm.data.readers.base import MapDataset, Missing, Needed, complete, folder_at, names_in, require_choice
from openckm.data.readers.images import read_grey
from openckm.data.shards import TracedMap
from openckm.errors import InputError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.pixels import P1_GAIN_DB, GreyScale, aoa_from_pixel, from_grey
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M, Layout

Part = Literal["train", "eval"]
PARTS: tuple[Part, ...] = ("train", "eval")
_LICENCE = "none stated (MIT on a later copy of the repository)"
SCALE = GreyScale(P1_GAIN_DB[0], P1_GAIN_DB[1] - P1_GAIN_DB[0])
"""Gain of grey levels in P1: -250 dB, and 200 dB above it."""
_NAME = re.compile(r"(?P<scene>.+)_(?P<side>\d+)_BS(?P<station>\d+)_(?P<row>\d+)_(?P<col>\d+)\.png", re.IGNORECASE)
_REMEDY = "gain and AoA trees must hold the same patches: fetch what is missing"


@dataclass(frozen=True)
class AngleConvention:
    """What the zero and the sense of a file's angles are.

    Attributes:
        zero_deg: azimuth, counter-clockwise from east, of the file's angle 0 [degrees]; 180 where the files hold the
            direction of travel instead of arrival, 90 where they count from north.
        clockwise: whether the file's angles grow clockwise.

    Raises:
        OptionError: if zero_deg is not finite.
    """

    zero_deg: float = 0.0
    clockwise: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.zero_deg):
            raise OptionError(f"{self}: wanted a finite azimuth [degrees]")

    def azimuth_rad(self, angle_deg: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return azimuths counter-clockwise from east [rad, -pi to pi] of a file's angles [degrees], any shape."""
        turned = np.deg2rad(self.zero_deg + (-1.0 if self.clockwise else 1.0) * angle_deg.astype(np.float64))
        return np.arctan2(np.sin(turned), np.cos(turned)).astype(np.float32)


@dataclass(frozen=True)
class CkmImageNetOptions:
    """How CKMImageNet is read.

    Attributes:
        cell_m: cell side [m]; the files do not tell it.
        part: "train", "eval", or None for both.
        scale: gain of grey levels [dB].
        angles: zero and sense of the angles.
        building_pixel: an AoA pixel below this is a building [0-1].
        rows_from_south: whether the top row of the pictures is the south.
        side: rows and columns of the pictures.
        gain_tree: name of the folder of gain pictures.
        aoa_tree: name of the folder of AoA pictures.
        missing: what to do where one of the two pictures is missing.

    Raises:
        OptionError: if a value does not make sense.
    """

    cell_m: float
    part: Part | None = None
    scale: GreyScale = SCALE
    angles: AngleConvention = field(default_factory=AngleConvention)
    building_pixel: float = 1e-3
    rows_from_south: bool = False
    side: int = 128
    gain_tree: str = "CKM_gain_128"
    aoa_tree: str = "CKM_AoA_128"
    missing: Missing = "error"

    def __post_init__(self) -> None:
        require_choice("part", self.part, (*PARTS, None))
        require_choice("missing", self.missing, ("error", "skip"))
        if not (math.isfinite(self.cell_m) and self.cell_m > 0 and self.side > 0):
            raise OptionError(f"cell_m={self.cell_m!r}, side={self.side!r}: wanted positive numbers (metres, pixels)")
        if not 0 < self.building_pixel <= 1 / 19:
            raise OptionError(f"building_pixel={self.building_pixel!r}: wanted a value in (0, 1/19]")


@dataclass(frozen=True, order=True)
class Patch:
    """The name of one patch.

    Attributes:
        part: "train" or "eval".
        scene: name of the scene, e.g. "BJ1".
        station: number of the base station.
        row: row of the patch among those of its base station.
        col: column of the patch.
    """

    part: Part
    scene: str
    station: int
    row: int
    col: int


class CkmImageNet(MapDataset[Patch, TracedMap]):
    """CKMImageNet; every record is a map without a transmitter on a grid of its own."""

    def __init__(self, folder: str | os.PathLike[str], options: CkmImageNetOptions) -> None:
        """List the patches.

        Args:
            folder: holds the two trees.
            options: how to read.

        Raises:
            InputError: if a folder or file is missing or misnamed.
        """
        self.options = options
        root = folder_at(folder, "CKMImageNet")
        gain, aoa = (_tree(root / tree, options, what) for tree, what in
                     ((options.gain_tree, "gain"), (options.aoa_tree, "AoA")))  # fmt: skip
        self._files = {patch: (gain.get(patch), aoa.get(patch)) for patch in sorted(gain.keys() | aoa.keys())}
        wanted = ((patch, _needed(root, options, patch, *pair)) for patch, pair in self._files.items())
        present = {path for pair in self._files.values() for path in pair if path is not None}
        super().__init__(root, *complete(wanted, options.missing, present.__contains__, _REMEDY))

    @property
    def least_gain_db(self) -> float:
        """Gain [dB] below which a free cell has none: grey 0 says that much or less."""
        return self.options.scale.floor_db

    def read(self, key: Patch) -> TracedMap:
        """Decode a patch.

        Raises:
            InputError: if a picture is missing, damaged, or of another kind or size, or the patch is not listed.
        """
        options = self.options
        gain_path, aoa_path = self._files.get(key, (None, None))
        if gain_path is None or aoa_path is None:
            raise InputError(f"{key} is not in {self.folder}; take one of its `keys`")
        shape = (options.side, options.side)
        level, angle = read_grey(gain_path, shape), read_grey(aoa_path, shape)
        if options.rows_from_south:
            level, angle = level[::-1], angle[::-1]
        pixel = from_grey(angle)
        building = pixel < options.building_pixel
        silent = building | (level == 0)
        azimuth = options.angles.azimuth_rad(aoa_from_pixel(pixel))
        grid = Grid(shape, options.cell_m)
        height = np.where(building, DEFAULT_BUILDING_HEIGHT_M, 0.0).astype(np.float32)
        return TracedMap(
            grid=grid, gain_db=options.scale.decode(level, silent), aoa_rad=np.where(silent, np.nan, azimuth),
            layout=Layout(grid, height, 0.0, f"CKMImageNet {key.scene}", _LICENCE), transmitter=None,
            city=key.scene, scene=f"{key.scene}_BS{key.station}",
        )  # fmt: skip


def _needed(
    root: Path, options: CkmImageNetOptions, patch: Patch, gain: Path | None, aoa: Path | None
) -> tuple[Needed, Needed]:
    name = f"{patch.scene}_{options.side}_BS{patch.station}_{patch.row}_{patch.col}"
    folder = f"{patch.scene}_image_{options.side}"
    return (
        ("gain", gain or root / options.gain_tree / patch.part / folder / f"{name}.png"),
        ("AoA", aoa or root / options.aoa_tree / patch.part / f"{folder}_AoA" / f"{name}_AoA.png"),
    )


def _tree(tree: Path, options: CkmImageNetOptions, what: str) -> dict[Patch, Path]:
    folder_at(tree, f"CKMImageNet's {what} pictures")
    found: dict[Patch, Path] = {}
    parts = PARTS if options.part is None else (options.part,)
    for part in parts:
        if options.part is None and not (tree / part).is_dir():
            continue
        for path in _pictures(folder_at(tree / part, f"CKMImageNet's {what} pictures")):
            patch = _patch(part, path, options.side, "_AoA" if what == "AoA" else "")
            if patch in found:
                raise InputError(f"{path} and {found[patch]} are both {what} of {patch}; remove one")
            found[patch] = path
    if not found:
        raise InputError(f"{tree} holds no pictures in {' or '.join(parts)}; unpack the {what} pictures there")
    return found


def _pictures(part: Path) -> Iterator[Path]:
    for scene in sorted(p for p in part.iterdir() if p.is_dir()):
        for name in sorted(names_in(scene, ".png", "the pictures of a scene")):
            yield scene / name


def _patch(part: Part, path: Path, side: int, suffix: str) -> Patch:
    stem = path.name[: -len(".png")]
    tail = suffix and stem.lower().endswith(suffix.lower())
    found = _NAME.fullmatch(stem[: len(stem) - len(suffix)] + ".png") if tail or not suffix else None
    if found is None or int(found["side"]) != side:
        wanted = f"<SCENE>_{side}_BS<k>_<i>_<j>{suffix}.png"
        raise InputError(f"{path}: wanted a name such as {wanted}; move the file elsewhere or correct its name")
    return Patch(part, found["scene"], *(int(found[k]) for k in ("station", "row", "col")))
