"""Real measurements as observations: POWDER's received powers outdoors, and path loss in three indoor places.

POWDER (Zenodo 7259895, MIT): a hand-held transmitter of 1 W at 462.7 MHz at some 5,000 places of a campus, heard by
fixed receivers; by reciprocity each receiver is a base station and the places sample its map. Readings are dB relative
to the device, so they are given as dBm of an unknown transmit power. -101 says that the receiver did not take part or
heard nothing, and which of the two is not stated, so these rows are left out. tx_x_coord is the latitude.

Indoor (Meneses et al., CC BY 4.0): path loss [dB] at 3.5 GHz on the crossings of a lettered and numbered grid. The
files give distances instead of coordinates; the grids below reproduce all 2,290 distances within 1 cm, and every file
is held to that when it is read. A path loss below 0 dB is a slip of the published table (Comms C2 has one, whose sign
was lost) and is left out. East and north are the letters' and against the numbers' sense: a local plane whose true
orientation is not known. The height of the antenna is known as a difference to the receiver only.
"""

from __future__ import annotations

import ast
import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openckm.data.readers.base import folder_at, require_choice
from openckm.errors import MeasurementError, OptionError
from openckm.maps.csv import read_drive_test
from openckm.maps.grid import Grid, reproject
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Transmitter
from openckm.maps.tables import Table, read_table

_ABSENT_DB = -101.0
_POWDER_HZ = 462.7e6
_INDOOR_HZ = 3.5e9
_LARGEST_JSON = 64_000_000
"""Bytes of the largest list of receivers or samples that is read."""


@dataclass(frozen=True)
class IndoorGrid:
    """The grid of one indoor place.

    Attributes:
        spacing_m: distance between neighbouring crossings [m].
        letter: column of the transmitter, A is 1.
        number: row of the transmitter.
    """

    spacing_m: float
    letter: int
    number: int


INDOOR_PLACES = {"Comms": IndoorGrid(1.0, 5, 29), "Library": IndoorGrid(1.355, 14, 16), "SSE": IndoorGrid(1.0, 14, 10)}
_INDOOR_RISE_M = {"C1": 0.0, "C2": 1.215}
"""Height of the transmitter above the receiver in each configuration [m]."""
_LARGEST_SLIPS = 0.01
"""Share of rows of a file that may hold a path loss below 0 dB."""
_LABEL = re.compile(r"([A-Z])-(\d+)")


def powder_receivers(folder: str | os.PathLike[str]) -> dict[str, tuple[float, float]]:
    """Return (lon, lat) [degrees] of the fixed receivers by name.

    Args:
        folder: holds location_coordinates.json.

    Raises:
        MeasurementError: if the file is missing or of another kind.
    """
    path = folder_at(folder, "POWDER's measurements") / "location_coordinates.json"
    try:
        places = ast.literal_eval(_text(path))
        return {str(n): (float(p[1]), float(p[0])) for n, p in places.items() if p is not None}
    except (ValueError, SyntaxError, TypeError, IndexError, AttributeError, RecursionError, MemoryError) as error:
        raise MeasurementError(f"{path}: wanted names with (lat, lon) or None ({error}); fetch it again") from error


def powder_rss(
    folder: str | os.PathLike[str],
    receiver: str,
    *,
    grid: Grid | None = None,
    split: str | None = None,
    sigma_db: float = 3.0,
    antenna_height_m: float | None = None,
) -> Observations:
    """Return the powers that one fixed receiver heard from a single transmitter, with the receiver as base station.

    Args:
        folder: holds single_tx.csv, location_coordinates.json and splits/.
        receiver: name of the receiver, a column of single_tx.csv.
        grid: keep the readings in this grid; None keeps all, in their UTM zone.
        split: keep the samples of splits/<split>.json ("random_test", "grid_test", "april", "indoor", "off_campus").
        sigma_db: noise of a reading [dB].
        antenna_height_m: height of the receiver's antenna [m], which the data set does not tell; None leaves the
            transmitter out of the observations.

    Raises:
        MeasurementError: if a file, the receiver or a reading is missing or bad.
        OutsideGrid: if no reading lies in the grid.
        GridError: if the grid has no CRS.
        OptionError: if sigma_db or the height does not make sense.
    """
    root = folder_at(folder, "POWDER's measurements")
    places = powder_receivers(root)
    if receiver not in places:
        raise MeasurementError(f"{root}: no fixed receiver {receiver!r}; wanted one of {', '.join(sorted(places))}")
    drive = read_drive_test(
        root / "single_tx.csv", grid=grid, columns={"lat": "tx_x_coord", "lon": "tx_y_coord", "rsrp": receiver},
        sigma_db=sigma_db, device=receiver, where=None if split is None else {"timestamp": _samples(root, split)},
    )  # fmt: skip
    heard = drive.points.subset(drive.points.value > _ABSENT_DB)
    if not len(heard):
        raise MeasurementError(f"{root}: {receiver} heard none of the samples chosen; choose another receiver or split")
    plane = drive.report.crs
    transmitter = None
    if antenna_height_m is not None and plane is not None:
        x, y = reproject("EPSG:4326", plane, *places[receiver])
        transmitter = Transmitter(float(x), float(y), antenna_height_m, _POWDER_HZ, name=receiver)
    return Observations(points=(heard,), transmitter=transmitter, crs=plane)


def indoor_path_loss(
    folder: str | os.PathLike[str],
    place: str,
    configuration: Literal["C1", "C2"] = "C1",
    *,
    sigma_db: float = 3.0,
    receiver_height_m: float = RECEIVER_HEIGHT_M,
) -> Observations:
    """Return the path losses of one place and configuration as gains [dB] in a local plane, letters to the east.

    Args:
        folder: holds PL_Data.
        place: "Comms", "Library" or "SSE".
        configuration: height of the transmitter, "C1" as high as the receiver, "C2" 1.215 m above it.
        sigma_db: noise of a reading [dB].
        receiver_height_m: height of the receiver [m], which the files do not tell; the transmitter's follows from it.

    Raises:
        MeasurementError: if the file is missing, or a label, distance or path loss in it is bad.
        OptionError: if there is no such place or configuration.
    """
    require_choice("place", place, tuple(INDOOR_PLACES))
    require_choice("configuration", configuration, tuple(_INDOOR_RISE_M))
    if not (np.isfinite(sigma_db) and sigma_db > 0):
        raise OptionError(f"sigma_db={sigma_db!r}: wanted a positive number of dB, the noise of one reading")
    site, rise = INDOOR_PLACES[place], _INDOOR_RISE_M[configuration]
    table = read_table(folder_at(folder, "the indoor path losses") / "PL_Data" / f"PL_{place}_{configuration}.csv")
    letter, number = _crossings(table)
    x, y = letter * site.spacing_m, -number * site.spacing_m
    home = site.letter * site.spacing_m, -site.number * site.spacing_m
    _require_distances(table, np.sqrt((x - home[0]) ** 2 + (y - home[1]) ** 2 + rise**2))
    loss = _column(table, "PL (dB)")
    _require_losses(table, loss)
    points = Points.exact(x, y, -loss, sigma=sigma_db, unit="dB", source=table.file.name)
    transmitter = Transmitter(*home, receiver_height_m + rise, _INDOOR_HZ, name=f"{place} {configuration}")
    kept = replace(points, row=table.row).subset(loss >= 0)
    return Observations(points=(kept,), transmitter=transmitter)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise MeasurementError(f"{path} has {path.stat().st_size} bytes, more than {_LARGEST_JSON}: a wrong file?")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MeasurementError(f"cannot read {path}: {error}; check that the data set is whole") from error


def _samples(root: Path, split: str) -> list[str]:
    path = root / "splits" / f"{split}.json"
    try:
        return list(dict(json.loads(_text(path))))
    except (ValueError, TypeError) as error:
        raise MeasurementError(f"{path}: wanted samples by time stamp ({error}); fetch the file again") from error


def _column(table: Table, name: str) -> NDArray[np.float64]:
    if name not in table.header:
        raise MeasurementError(
            f"{table.file.label}: there is no column {name!r}; the file has {', '.join(table.header)}"
        )
    return table.require_numbers(table.header.index(name))


def _crossings(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if "Coord." not in table.header:
        raise MeasurementError(
            f"{table.file.label}: there is no column 'Coord.'; the file has {', '.join(table.header)}"
        )
    labels = table.text(table.header.index("Coord.")).tolist()
    found = [_LABEL.fullmatch(label) for label in labels]
    for i, label in enumerate(found):
        if label is None:
            raise MeasurementError(f"{table.at(i)}: {labels[i]!r}, wanted a crossing such as E-12; correct the row")
    pairs = [(ord(m[1]) - ord("A") + 1.0, float(m[2])) for m in found if m]
    letter, number = np.asarray(pairs, np.float64).T
    return letter, number


def _require_losses(table: Table, loss: NDArray[np.float64]) -> None:
    wrong = loss < 0
    if wrong.mean() > _LARGEST_SLIPS:
        i = int(np.argmax(wrong))
        raise MeasurementError(
            f"{table.at(i)}: the path loss is {loss[i]:g} dB and {int(wrong.sum())} of {len(loss)} rows are below 0;"
            " wanted positive losses: are these gains?"
        )


def _require_distances(table: Table, distance: NDArray[np.float64]) -> None:
    stated = _column(table, "Distance (m)")
    good = np.abs(stated - distance) < 0.01
    if not good.all():
        i = int(np.argmin(good))
        raise MeasurementError(
            f"{table.at(i)}: the distance is {stated[i]:g} m, but its crossing is {distance[i]:.3f} m from the"
            " transmitter; the row, or the grid of this place, is not the published one"
        )
