"""The catalogue of a store of maps: one SQLite file with an R*Tree over what each map covers on the globe."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import MapStoreError
from openckm.maps.grid import Grid

CATALOGUE = "maps.sqlite"
_SCHEMA_VERSION = 1
PATIENCE_S = 30.0
"""How long a process waits for another that writes [s]."""
_APPLICATION = 0x0C4B4D00
_TABLES = """
CREATE TABLE map (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, folder TEXT NOT NULL UNIQUE,
    added TEXT NOT NULL, time TEXT NOT NULL, site TEXT NOT NULL, channels TEXT NOT NULL, unit TEXT NOT NULL, crs TEXT,
    west REAL NOT NULL, south REAL NOT NULL, east REAL NOT NULL, north REAL NOT NULL, rows INTEGER NOT NULL,
    cols INTEGER NOT NULL, cell_m REAL NOT NULL, draws INTEGER NOT NULL, sha256 TEXT NOT NULL, provenance TEXT NOT NULL,
    bytes INTEGER NOT NULL, UNIQUE (name, version));
CREATE VIRTUAL TABLE place USING rtree(id, west, east, south, north);
"""


@dataclass(frozen=True)
class Entry:
    """A map in a store.

    Attributes:
        name: the name of the map.
        version: counted from 1 for each name.
        folder: the folder of the map within the store.
        added: when it was added (ISO 8601, UTC).
        time: the time that the map is of (ISO 8601).
        site: name of the site, "" where unknown.
        channels: names of the channels.
        unit: the unit of the gain: "dB", or "dBm" for received power.
        crs: the CRS of the grid, or None for a local plane.
        bounds: (west, south, east, north) on the grid's plane [m].
        shape: (rows, columns).
        cell_m: cell side [m].
        draws: posterior draws that are kept.
        sha256: the SHA-256 of the map's metadata.
        provenance: where the map comes from.
        bytes: the number of bytes that the map takes on disk.
    """

    name: str
    version: int
    folder: str
    added: str
    time: str
    site: str
    channels: tuple[str, ...]
    unit: str
    crs: str | None
    bounds: tuple[float, float, float, float]
    shape: tuple[int, int]
    cell_m: float
    draws: int
    sha256: str
    provenance: dict[str, Any]
    bytes: int

    @property
    def grid(self) -> Grid:
        """The cells."""
        return Grid(self.shape, self.cell_m, (self.bounds[0], self.bounds[3]), self.crs)

    @property
    def moment(self) -> datetime:
        """Time that the map is of."""
        return datetime.fromisoformat(self.time)


@contextlib.contextmanager
def connect(folder: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
    """Open the catalogue of a store; a writer holds it alone until the block ends, and an error undoes all of it.

    Raises:
        MapStoreError: if there is none, it is of a newer program, damaged, read-only, full or busy.
    """
    path = folder / CATALOGUE
    if not write and not path.is_file():
        raise MapStoreError(f"{folder} is no store of maps: it lacks {CATALOGUE}; `ckm maps add` makes one")
    try:
        base = _opened(path, "rwc" if write else "ro")
    except sqlite3.Error as error:
        raise _refused(folder, error) from error
    try:
        with contextlib.closing(base):
            _require_version(base, folder, write)
            if write:
                base.execute("BEGIN IMMEDIATE")
            try:
                yield base
            except BaseException:
                if base.in_transaction:
                    base.execute("ROLLBACK")
                raise
            if base.in_transaction:
                base.execute("COMMIT")
    except sqlite3.Error as error:
        raise _refused(folder, error) from error


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file; what a writer that was killed left half-written is undone first, which a reader cannot do."""

    def connected(how: str) -> sqlite3.Connection:
        uri = f"{path.resolve().as_uri()}?mode={how}"
        return sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, isolation_level=None)

    base = connected(mode)
    try:
        base.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError as error:
        base.close()
        if mode != "ro" or "readonly" not in str(error):
            raise
        with contextlib.closing(connected("rw")) as writer:
            writer.execute("PRAGMA user_version").fetchone()
        base = connected(mode)
    except BaseException:
        base.close()
        raise
    return base


def _require_version(base: sqlite3.Connection, folder: Path, write: bool) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version > _SCHEMA_VERSION:
        raise MapStoreError(
            f"{folder} is a store of version {version}, this program knows {_SCHEMA_VERSION}: update openckm"
        )
    if version == _SCHEMA_VERSION:
        return
    (tables,) = base.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables or not write:
        raise MapStoreError(f"{folder / CATALOGUE} is no catalogue of maps: choose another folder")
    base.execute("BEGIN IMMEDIATE")
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version == 0:  # nobody made the tables meanwhile
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                base.execute(statement)
        base.execute(f"PRAGMA application_id = {_APPLICATION}")
        base.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    base.execute("COMMIT")


def _refused(folder: Path, error: sqlite3.Error) -> MapStoreError:
    text = str(error)
    advice = {
        "locked": "another process writes; try again",
        "readonly": "the folder or disk is read-only: choose another, or ask for write permission",
        "full": "the disk is full: make room and add the map again",
        "malformed": "the catalogue is damaged or was cut off: restore it from a backup",
        "not a database": "the catalogue is damaged or was cut off: restore it from a backup",
        "unable to open": "check that the folder exists and may be written",
    }
    remedy = next((words for key, words in advice.items() if key in text), "check the folder, its permissions and disk")
    return MapStoreError(f"the store of maps {folder} cannot be used ({text}): {remedy}")


def footprint(grid: Grid) -> tuple[float, float, float, float] | None:
    """Return (west, east, south, north) [degrees] that hold a grid, or None for a local plane."""
    if grid.crs is None:
        return None
    west, south, east, north = grid.bounds
    along = np.linspace(0.0, 1.0, 9)
    x = np.r_[west + along * (east - west), west + along * (east - west), np.full(9, west), np.full(9, east)]
    y = np.r_[np.full(9, south), np.full(9, north), south + along * (north - south), south + along * (north - south)]
    lon, lat = grid.to_lonlat(x, y)
    room = 1e-6  # the R*Tree keeps 32-bit floats, rounded outwards; curved edges bulge less than this between samples
    return float(lon.min()) - room, float(lon.max()) + room, float(lat.min()) - room, float(lat.max()) + room


_COLUMNS = (
    "name, version, folder, added, time, site, channels, unit, crs, west, south, east, north, rows, cols, cell_m,"
    " draws, sha256, provenance, bytes"
)


def rows_of(base: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> list[Entry]:
    """Return the entries that a condition selects, by name, the newest version first."""
    query = f"SELECT {_COLUMNS} FROM map WHERE {where} ORDER BY name, version DESC"
    return [_entry(row) for row in base.execute(query, values)]


def insert(base: sqlite3.Connection, entry: Entry) -> None:
    """Add an entry and what it covers."""
    west, south, east, north = entry.bounds
    values = (
        entry.name, entry.version, entry.folder, entry.added, entry.time, entry.site, json.dumps(entry.channels),
        entry.unit, entry.crs, west, south, east, north, *entry.shape, entry.cell_m, entry.draws, entry.sha256,
        json.dumps(entry.provenance, sort_keys=True), entry.bytes,
    )  # fmt: skip
    marks = ", ".join("?" * len(values))
    made = base.execute(f"INSERT INTO map ({_COLUMNS}) VALUES ({marks})", values)
    covered = footprint(entry.grid)
    if covered is not None:
        base.execute("INSERT INTO place VALUES (?, ?, ?, ?, ?)", (made.lastrowid, *covered))


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        name=row[0], version=row[1], folder=row[2], added=row[3], time=row[4], site=row[5],
        channels=tuple(json.loads(row[6])), unit=row[7], crs=row[8], bounds=(row[9], row[10], row[11], row[12]),
        shape=(row[13], row[14]), cell_m=row[15], draws=row[16], sha256=row[17], provenance=json.loads(row[18]),
        bytes=row[19],
    )  # fmt: skip
