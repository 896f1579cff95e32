"""Real measured sets beside Duke's: read as a user reads them, each on the grid that its readings ask for.

The sets are published by others and lie in a folder that the user names; none is part of this package.

| set | what | origin |
|---|---|---|
| duke | LTE CBRS on a campus, cells A-D | functions-lab/geo2sigmap, Apache-2.0 |
| powder | 462.7 MHz, a hand-held transmitter heard by fixed receivers | Zenodo 7259895, MIT |
| recife | GSM 1800 along streets | timotrob/SVR_PATHLOSS |
| lora | LoRa on a campus, one gateway | kk-079/dataset |
| indoor | path loss at 3.5 GHz in a library | Meneses et al., CC BY 4.0 |
| uav | LTE from a drone at 60 m, two cells | Zenodo 17677745, GPL-3.0 |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from openckm.data.readers.measured import indoor_path_loss, powder_receivers, powder_rss
from openckm.errors import OptionError
from openckm.evaluate.worlds.duke import duke_cell
from openckm.maps.csv import read_drive_test
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.site import Transmitter

CELLS = 128
"""Cells along the longer side of each map."""
_LORA_HZ, _GSM_HZ, _LTE_HZ = 4.7e8, 1.8e9, 1.8e9
_RECIFE_BTS = (-34.8927, -8.068361)
"""Place of BTS_01; the published longitude lost a digit."""
_LORA_PIXEL = (528.0, 764.0)
_UAV = "measured_uav_lte/raw_dataset.zip/Measured Data/60m.csv"


@dataclass(frozen=True, eq=False)
class RealSet:
    """Readings of one transmitter with what is known of its site.

    Attributes:
        name: the name of the set.
        grid: cells of the map.
        observations: readings, and the transmitter and layout where they are known.
    """

    name: str
    grid: Grid
    observations: Observations

    @property
    def points(self) -> Points:
        """The readings."""
        return self.observations.points[0]


def real_set(name: str, folder: Path) -> RealSet:
    """Return a set by its name.

    Args:
        name: a key of REAL_SETS.
        folder: holds the folders of the published sets.

    Raises:
        OptionError: if there is no such set.
        MeasurementError: if its files are missing or not as published.
    """
    if name not in REAL_SETS:
        raise OptionError(f"unknown set {name!r}: wanted one of {', '.join(REAL_SETS)}")
    return REAL_SETS[name](folder)


def _placed(name: str, points: Points, crs: str | None, transmitter: Transmitter | None) -> RealSet:
    """Return a set on the square grid that holds its readings, and the transmitter where it is near."""
    x, y = points.x, points.y
    extent = max(float(np.ptp(x)), float(np.ptp(y)), 1.0)
    cell_m = max(1.0, math.ceil(2 * extent / CELLS) / 2)
    middle = (float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2)
    size = 16 * math.ceil((extent / cell_m + 2) / 16)
    grid = Grid((size, size), cell_m, (middle[0] - size * cell_m / 2, middle[1] + size * cell_m / 2), crs)
    return RealSet(name, grid, Observations(points=(points,), transmitter=transmitter, crs=crs))


def _duke(_: Path) -> RealSet:
    cell = duke_cell("A")
    return RealSet("duke", cell.grid, cell.observations(np.ones(len(cell.points), dtype=bool)))


def _powder(receiver: str) -> Callable[[Path], RealSet]:
    def read(folder: Path) -> RealSet:
        seen = powder_rss(folder / "measured_powder_rss", receiver, antenna_height_m=10.0)
        if receiver not in powder_receivers(folder / "measured_powder_rss"):
            raise OptionError(f"no receiver {receiver!r}")
        return _placed("powder", seen.points[0], seen.crs, seen.transmitter)

    return read


def _recife(folder: Path) -> RealSet:
    drive = read_drive_test(folder / "measured_gsm_recife/measurements.csv", where={"BTS_ID": "BTS_01"})
    plane = drive.report.crs or ""
    x, y = Grid((1, 1), 1.0, (0.0, 0.0), plane).from_lonlat(*_RECIFE_BTS)
    tower = Transmitter(float(x), float(y), 41.0, _GSM_HZ, 220.0, 8.0, "BTS_01")
    return _placed("recife", drive.points, plane, tower)


def _lora(folder: Path) -> RealSet:
    path = folder / "measured_lora_szu/G1.csv"
    drive = read_drive_test(path)
    pixels = read_drive_test(path, columns={"x": "Pixel_X", "y": "Pixel_Y"}).points
    # The gateway is given in pixels of a metre; a similarity fitted to the readings turns them into the plane.
    known = np.column_stack([pixels.x, pixels.y, np.ones(len(pixels))])
    turned, *_ = np.linalg.lstsq(known, np.column_stack([drive.points.x, drive.points.y]), rcond=None)
    x, y = np.array([*_LORA_PIXEL, 1.0]) @ turned
    gateway = Transmitter(float(x), float(y), 100.0, _LORA_HZ, name="G1")
    return _placed("lora", drive.points, drive.report.crs, gateway)


def _indoor(folder: Path) -> RealSet:
    seen = indoor_path_loss(folder / "measured_indoor_3g5", "Library", "C1")
    return _placed("indoor", seen.points[0], None, seen.transmitter)


def _uav(pci: str) -> Callable[[Path], RealSet]:
    def read(folder: Path) -> RealSet:
        value, cell = "RSRP (LTE pcell)", "Physical cell identity (LTE pcell)"
        drive = read_drive_test(folder / _UAV, columns={"rsrp": value}, where={cell: pci})
        return _placed(f"uav {pci}", drive.points, drive.report.crs, None)

    return read


def _named(name: str, read: Callable[[Path], RealSet]) -> Callable[[Path], RealSet]:
    return lambda folder: replace(read(folder), name=name)


REAL_SETS: dict[str, Callable[[Path], RealSet]] = {
    "duke": _duke,
    "powder bes": _named("powder bes", _powder("cbrssdr1-bes-comp")),
    "powder honors": _named("powder honors", _powder("cbrssdr1-honors-comp")),
    "recife": _recife,
    "lora": _lora,
    "indoor": _indoor,
    "uav 409": _named("uav 409", _uav("409")),
    "uav 173": _named("uav 173", _uav("173")),
}
"""The sets by name; each is read from the folder that holds the published sets."""
