"""UrbanRadio3D: path loss, azimuth, elevation and delay at several receiver heights, as frames of 256 x 256 cells.

    the demo     pathloss/<map>_<X>_<Y>.gif, Doa_Azi/..., DoA_Ele/..., Delay/... (or ToA/...): a frame per height
    the full set .../h<k>/<map>_X<x>_Y<y>.png: path loss at a receiver height of k metres

Checked on the demo (194 files): grey 0 is a building in every kind. Azimuth is grey 2 pi / 255 [rad], counter-clockwise
from east, from the receiver to the transmitter, row 0 north: within 4 to 30 m of the transmitter the concentration of
the error is 0.94 on average (0.77 at least) and its mean below 7 degrees in each of 140 frames. The transmitter stands
at row 255 - Y, column X in the kinds of direction and delay, but at row 255 - X, column Y in path loss, so one name
means two places, and path loss cannot be joined to the others. Delay is proportional to grey (correlation with distance
0.91 or more), each frame scaled to its own maximum: it is decoded by giving grey 255 the delay of the farthest free
cell, an estimate. Path loss is brighter near the transmitter in all 41 files that name one.

Not known: the decibels of path loss (along lines of sight 0 to 255 spans about 75 dB), so a scale must be given; the
angle of elevation, whose scale differs between frames, so its level is given as it is; receiver heights of the demo;
height and carrier of the transmitter. From the literature: 1 m cells, and the naming of the full set, not at hand.

References:
    X. Wang et al., RadioDiff-3D: A 3D x 3D radio map dataset and generative diffusion based benchmark, 2025.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openckm.data.readers.base import MapDataset, Missing, Needed, complete, folder_at, names_in, require_choice
from openckm.data.readers.images import read_frames, read_grey
from openckm.data.shards import TracedMap
from openckm.errors import InputError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.pixels import GreyScale
from openckm.maps.propagation import SPEED_OF_LIGHT
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M, Layout, Transmitter

Kind = Literal["pathloss", "azimuth", "elevation", "delay"]
_FOLDERS: dict[Kind, tuple[str, ...]] = {
    "pathloss": ("pathloss",), "azimuth": ("Doa_Azi",), "elevation": ("DoA_Ele",), "delay": ("Delay", "ToA"),
}  # fmt: skip
SHAPE = (256, 256)
CREDIT = "MIT, UNIC Lab"
_NAME = re.compile(r"(\d+)(?:_X?(\d+)_Y?(\d+))?\.(?:gif|png)", re.IGNORECASE)
_HEIGHT = re.compile(r"h(\d+)")
_REMEDY = "the kinds asked for must hold the same records: ask for fewer kinds"


@dataclass(frozen=True)
class UrbanRadio3DOptions:
    """How UrbanRadio3D is read.

    Attributes:
        kinds: what a record holds: ("pathloss",), or one or more of "azimuth", "elevation", "delay".
        scale: gain of grey levels [dB]; wanted for path loss, the data set does not tell it.
        cell_m: cell side [m].
        transmitter_height_m: height of the transmitters above ground [m], None where nobody tells.
        carrier_hz: carrier frequency [Hz], None where nobody tells.
        missing: what to do where one of the kinds, or a height, is missing.

    Raises:
        OptionError: if a value does not make sense.
    """

    kinds: tuple[Kind, ...] = ("pathloss",)
    scale: GreyScale | None = None
    cell_m: float = 1.0
    transmitter_height_m: float | None = None
    carrier_hz: float | None = None
    missing: Missing = "error"

    def __post_init__(self) -> None:
        require_choice("missing", self.missing, ("error", "skip"))
        if not self.kinds or len(set(self.kinds)) != len(self.kinds):
            raise OptionError(f"kinds={self.kinds!r}: wanted one or more different ones of {', '.join(_FOLDERS)}")
        for kind in self.kinds:
            require_choice("kinds", kind, tuple(_FOLDERS))
        if "pathloss" in self.kinds and len(self.kinds) > 1:
            raise OptionError(
                f"kinds={self.kinds!r}: path loss is of other transmitters than the directions and delays of the same"
                " name (X and Y are exchanged); open it by itself, with kinds=('pathloss',)"
            )
        if "pathloss" in self.kinds and self.scale is None:
            raise OptionError(
                "the decibels of UrbanRadio3D's path loss are not documented: say scale=GreyScale(floor_db, span_db);"
                " along lines of sight grey 0 to 255 spans about 75 dB"
            )


@dataclass(frozen=True, order=True)
class FrameKey:
    """The name of one record.

    Attributes:
        number: number of the city map.
        place: the two numbers X and Y of the file's name, () where it has none.
    """

    number: int
    place: tuple[int, ...] = ()


@dataclass(frozen=True)
class RadioFrames:
    """What one transmitter gives at several receiver heights; kinds that were not asked for are None.

    Attributes:
        grid: the cells.
        building: cells without a receiver (grey 0 in every kind), (frames, rows, cols).
        gain_db: gain [dB], NaN in buildings, (frames, rows, cols).
        aoa_rad: azimuth the strongest path comes from, counter-clockwise from east [rad], NaN where its grey is 0.
        elevation_level: elevation on the frame's own unknown scale [0-1], NaN where its grey is 0.
        delay_s: estimated delay [s], NaN where its grey is 0.
        place: (x, y) of the transmitter [m], None where the name does not tell.
        transmitter: the transmitter, where its height and carrier are stated as well.
        receiver_height_m: height of the receivers of each frame [m], None where nobody tells.
        city: name of the city map.
    """

    grid: Grid
    building: NDArray[np.bool_]
    gain_db: NDArray[np.float32] | None
    aoa_rad: NDArray[np.float32] | None
    elevation_level: NDArray[np.float32] | None
    delay_s: NDArray[np.float32] | None
    place: tuple[float, float] | None
    transmitter: Transmitter | None
    receiver_height_m: tuple[float, ...] | None
    city: str

    def traced(self, frame: int = 0) -> TracedMap:
        """Return the gain of one frame as a map; building heights are assumed, the transmitter may be None.

        Raises:
            InputError: if the frames hold no gain.
        """
        if self.gain_db is None:
            raise InputError(f"{self.city} holds directions or delays but no gain: open it with kinds=('pathloss',)")
        height = np.where(self.building[frame], DEFAULT_BUILDING_HEIGHT_M, 0.0).astype(np.float32)
        return TracedMap(
            grid=self.grid, gain_db=self.gain_db[frame], aoa_rad=np.full(self.grid.shape, np.nan, np.float32),
            layout=Layout(self.grid, height, 0.0, f"UrbanRadio3D {self.city}", CREDIT), transmitter=self.transmitter,
            city=self.city, scene=self.city,
        )  # fmt: skip


class UrbanRadio3D(MapDataset[FrameKey, RadioFrames]):
    """UrbanRadio3D, the demo or path loss of the full set; every record holds all its frames."""

    def __init__(self, folder: str | os.PathLike[str], options: UrbanRadio3DOptions) -> None:
        """List the records.

        Args:
            folder: holds the folders of the kinds, or somewhere below it the folders h1, h2, ...
            options: how to read.

        Raises:
            InputError: if a folder or file is missing or misnamed.
        """
        self.options = options
        root = folder_at(folder, "UrbanRadio3D")
        self._folders = _demo_folders(root, options.kinds)
        self._levels = {} if self._folders else _height_folders(root, options.kinds)
        self._folders |= {f"h{k}": folders for k, folders in self._levels.items()}
        suffix = ".png" if self._levels else ".gif"
        self._files = {what: _listed(folders, suffix) for what, folders in self._folders.items()}
        every = sorted(set().union(*self._files.values()))
        wanted = ((key, self._needed(key)) for key in every)
        present = {path for files in self._files.values() for path in files.values()}
        super().__init__(root, *complete(wanted, options.missing, present.__contains__, _REMEDY))

    def read(self, key: FrameKey) -> RadioFrames:
        """Decode the frames of a record.

        Raises:
            InputError: if a picture is missing, damaged, or of another kind or size, or the record is not listed.
        """
        if any(key not in files for files in self._files.values()):
            raise InputError(f"{key} is not in {self.folder}; take one of its `keys`")
        grey = self._grey(key)
        lengths = {len(frames) for frames in grey.values()}
        if len(lengths) > 1:
            raise InputError(f"{key} in {self.folder}: kinds of {sorted(lengths)} frames; fetch the files again")
        options, grid = self.options, Grid(SHAPE, self.options.cell_m)
        building = np.logical_and.reduce([frames == 0 for frames in grey.values()])
        place = _place(grid, key, "pathloss" in grey)
        return RadioFrames(
            grid=grid, building=building,
            gain_db=options.scale.decode(grey["pathloss"], building) if options.scale and "pathloss" in grey else None,
            aoa_rad=_azimuth(grey["azimuth"]) if "azimuth" in grey else None,
            elevation_level=_level(grey["elevation"]) if "elevation" in grey else None,
            delay_s=_delay(grid, grey["delay"], place) if "delay" in grey else None,
            place=place, transmitter=_transmitter(place, options),
            receiver_height_m=tuple(float(k) for k in self._levels) or None, city=f"urbanradio3d_{key.number}",
        )  # fmt: skip

    def _grey(self, key: FrameKey) -> dict[str, NDArray[np.uint8]]:
        if self._levels:
            return {"pathloss": np.stack([read_grey(files[key], SHAPE) for files in self._files.values()])}
        return {kind: read_frames(files[key], SHAPE) for kind, files in self._files.items()}

    def _needed(self, key: FrameKey) -> list[Needed]:
        name = (
            f"{key.number}_X{key.place[0]}_Y{key.place[1]}.png"
            if self._levels and key.place
            else ("_".join(map(str, (key.number, *key.place))) + ".gif")
        )
        return [(what, files.get(key, self._folders[what][0] / name)) for what, files in self._files.items()]


def _demo_folders(root: Path, kinds: tuple[Kind, ...]) -> dict[str, tuple[Path, ...]]:
    """Return the folder of each kind, none if the demo is not there at all."""
    found = {kind: (root / name,) for kind in kinds for name in reversed(_FOLDERS[kind]) if (root / name).is_dir()}
    for kind in kinds if found else ():
        if kind not in found:
            raise InputError(f"{root} has no folder {_FOLDERS[kind][0]}: fetch it, or leave {kind!r} out of kinds")
    return {kind: found[kind] for kind in kinds} if found else {}


def _height_folders(root: Path, kinds: tuple[Kind, ...]) -> dict[int, tuple[Path, ...]]:
    found: dict[int, list[Path]] = {}
    for pattern in ("h*", "*/h*", "*/*/h*"):
        for path in sorted(root.glob(pattern)):
            name = _HEIGHT.fullmatch(path.name)
            if name and path.is_dir():
                found.setdefault(int(name[1]), []).append(path)
    if not found or kinds != ("pathloss",):
        names = ", ".join(_FOLDERS[kind][0] for kind in kinds)
        raise InputError(f"{root} holds no folder {names}, nor path loss in folders h1, h2, ...; unpack the set there")
    return {k: tuple(found[k]) for k in sorted(found)}


def _listed(folders: tuple[Path, ...], suffix: str) -> dict[FrameKey, Path]:
    files: dict[FrameKey, Path] = {}
    for folder in folders:
        for name in sorted(names_in(folder, suffix, "UrbanRadio3D's pictures")):
            found = _NAME.fullmatch(name)
            if found is None:
                raise InputError(f"{folder / name}: wanted a name such as <map>_<X>_<Y>{suffix}; move it elsewhere")
            key = FrameKey(int(found[1]), () if found[2] is None else (int(found[2]), int(found[3])))
            if key in files:
                raise InputError(f"{folder / name} and {files[key]} are the same record; open one of their folders")
            files[key] = folder / name
    return files


def _place(grid: Grid, key: FrameKey, pathloss: bool) -> tuple[float, float] | None:
    if not key.place:
        return None
    up, right = key.place if pathloss else key.place[::-1]
    return (right + 0.5) * grid.cell_m, (up + 0.5) * grid.cell_m - grid.height_m


def _transmitter(place: tuple[float, float] | None, options: UrbanRadio3DOptions) -> Transmitter | None:
    if place is None or options.transmitter_height_m is None or options.carrier_hz is None:
        return None
    return Transmitter(*place, options.transmitter_height_m, options.carrier_hz)


def _azimuth(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    turned = np.exp(1j * grey.astype(np.float64) * (2.0 * np.pi / 255.0))
    return _shown(grey, np.angle(turned))


def _level(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _shown(grey, grey / 255.0)


def _shown(grey: NDArray[np.uint8], values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.where(grey == 0, np.nan, values).astype(np.float32)


def _delay(grid: Grid, grey: NDArray[np.uint8], place: tuple[float, float] | None) -> NDArray[np.float32]:
    """Grey 255 of a frame is the straight delay of its farthest free cell; NaN without a transmitter to count from."""
    if place is None:
        return np.full(grey.shape, np.nan, np.float32)
    x, y = grid.centres()
    distance = np.hypot(x - place[0], y - place[1])
    farthest = np.where(grey == 0, 0.0, distance).max((1, 2), keepdims=True)
    return _shown(grey, grey / 255.0 * farthest / SPEED_OF_LIGHT)
