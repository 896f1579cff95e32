"""A store of finished maps: a folder with one Zarr folder a map, and a catalogue in SQLite.

    STORE/maps.sqlite             name, version, time, site, channels, unit, CRS, box, cell, checksum, provenance
    STORE/maps/<id>.zarr          the values, and files beside them, such as the layout of the buildings

Adding a map is whole or not at all. The values are written aside, flushed to the disk, and then one transaction
renames the folder and enters its row; a process that is killed leaves at most a folder without a row, which is nowhere
seen and is swept by a later `add`. Versions are kept, a name means its newest one. Processes may add and read at the
same time. A map never holds readings: provenance is kept by a list of names, and values of which there is one a
reading, a cell or a row of a file are left out, by name, and said to be (`left_out` in the stored provenance).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openckm.atlas.catalogue import CATALOGUE, Entry, connect, insert, rows_of
from openckm.atlas.places import lon_lat_points
from openckm.atlas.view import MapView
from openckm.errors import InputError, MapStoreError, OptionError
from openckm.maps.provenance import dump_provenance
from openckm.maps.radiomap import RadioMap
from openckm.maps.zarr_map import ZarrMap
from openckm.maps.zarrio import copy_map, write_map_folder

KEPT = frozenset((
    "arithmetic", "cells_observed", "city", "discrepancy", "draws", "layout_credit", "licence", "map_slope",
    "method", "model", "name",
    "network_evaluations", "notes", "nuisances", "power_dbm", "precision", "predictor", "prior", "refused_because",
    "seconds", "seed", "self_check", "site", "spread", "status", "steps", "time", "transmit_offset_db",
    "transmit_offset_std_db", "unit", "version", "weight_of_evidence", "weights_sha256", "widened_by",
))  # fmt: skip
"""Facts of a map that a store keeps: what made it and with which options and weights, never what was measured."""
_MOST_ITEMS = 64
"""Items of a list or dictionary that is kept; longer ones may hold one number a reading."""
STALE_S = 3600.0
"""Time without a write after which a folder that no row names is swept [s]."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+/-]{0,199}")
_FILE = re.compile(r"[a-z]{1,20}(\.[a-z]{1,10}){1,2}")


class MapStore:
    """A folder of finished maps.

    Args:
        folder: the folder of the store.
        create: whether to make it where there is none.

    Raises:
        MapStoreError: if it is no store, or a newer one, or cannot be used.
    """

    def __init__(self, folder: str | os.PathLike[str], *, create: bool = False) -> None:
        self.folder = Path(folder)
        if create and not (self.folder / CATALOGUE).exists():
            self._make()
        with connect(self.folder, write=False):
            pass

    def add(
        self, made: RadioMap | ZarrMap | MapView, name: str, *, site: str = "", time: datetime | None = None,
        beside: Mapping[str, bytes] | None = None,
    ) -> Entry:  # fmt: skip
        """Add a map as the newest version of a name, whole or not at all.

        Args:
            made: the map.
            name: letters, digits and _ . + - /, at most 200.
            site: name of the site; by default what the map's provenance says.
            time: the time that the map is of; by default what its provenance says, else now.
            beside: files that are kept with the map by their names, which `file` returns; never readings.

        Raises:
            OptionError: if the name cannot be one, or that of a file.
            InputError: if the map's file is damaged or its provenance is not JSON.
            MapStoreError: if the store is read-only, full or busy.
        """
        if not _NAME.fullmatch(name) or ".." in name:
            raise OptionError(
                f"map name {name!r}: wanted letters, digits and _ . + - /, beginning with one of the first two"
            )
        for one in beside or {}:
            if not _FILE.fullmatch(one):
                raise OptionError(f"file name {one!r}: wanted small letters and an ending, such as layout.tif")
        stated = MapView.of(made)
        source = _as_it_was_read(made)
        moment = time or stated.time or datetime.now(UTC)
        facts = kept_provenance(stated.provenance)
        facts["time"] = moment.isoformat()
        called = site or str(stated.site.get("name", ""))
        folder = f"{secrets.token_hex(12)}.zarr"
        aside, target = self.folder / "maps" / f".{folder}", self.folder / "maps" / folder
        try:
            self._sweep()
            aside.parent.mkdir(exist_ok=True)
            if isinstance(source, ZarrMap):
                copy_map(source, aside, facts)
            else:
                write_map_folder(RadioMap(source.dataset, source.grid, facts), aside)
            for one, content in (beside or {}).items():
                (aside / one).write_bytes(content)
            _flush(aside)
            grid, channels = stated.grid, stated.channels
            west, south, east, north = grid.bounds
            entry = Entry(
                name=name, version=0, folder=folder, added=datetime.now(UTC).isoformat(), time=moment.isoformat(),
                site=called, channels=channels, unit=stated.unit() if "gain_db" in channels else "1",
                crs=grid.crs, bounds=(west, south, east, north), shape=grid.shape, cell_m=grid.cell_m,
                draws=stated.draws, sha256=_checksum(aside), provenance=json.loads(dump_provenance(facts)),
                bytes=_size(aside),
            )  # fmt: skip
            return self._enter(entry, aside, target)
        except OSError as error:
            raise _refused(self.folder, error) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def find(self, name: str, version: int | None = None) -> Entry:
        """Return the newest version of a name, or a certain one.

        Raises:
            InputError: if there is none.
            MapStoreError: if the store cannot be used.
        """
        with connect(self.folder, write=False) as base:
            found = rows_of(base, "name = ?", (name,))
            others = [row[0] for row in base.execute("SELECT DISTINCT name FROM map ORDER BY name LIMIT 8")]
        chosen = [one for one in found if version in (None, one.version)]
        if not chosen:
            has = (
                f"versions {', '.join(str(e.version) for e in found)}"
                if found
                else ", ".join(others) or "no map at all"
            )
            wanted = name if version is None else f"{name} version {version}"
            raise InputError(f"the store {self.folder} holds no map {wanted}: it has {has}")
        return chosen[0]

    def entries(
        self,
        *,
        at: tuple[float, float] | None = None,
        site: str | None = None,
        versions: bool = False,
    ) -> list[Entry]:
        """Return the maps of the store, by name, the newest version first.

        Args:
            at: only maps that hold this place, (longitude, latitude) [degrees].
            site: only maps of this site.
            versions: whether older versions are returned, too.

        Raises:
            InputError: if the place cannot be one.
            MapStoreError: if the store cannot be used.
        """
        where, values = ["1"], []
        if site is not None:
            where.append("site = ?")
            values.append(site)
        if not versions:
            where.append("version = (SELECT max(version) FROM map AS other WHERE other.name = map.name)")
        if at is not None:
            (lon,), (lat,) = lon_lat_points([at[0]], [at[1]])
            where.append("id IN (SELECT id FROM place WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?)")
            values += [lon, lon, lat, lat]
        with connect(self.folder, write=False) as base:
            found = rows_of(base, " AND ".join(where), tuple(values))
        return found if at is None else _that_hold(found, *at)

    def open(self, name: str, version: int | None = None) -> MapView:
        """Open a map to be asked; its values are read when they are needed.

        Raises:
            InputError: if there is none, or its folder is damaged.
            MapStoreError: if the store cannot be used, or the map's metadata are not those that were added.
        """
        return self.view(self.find(name, version))

    def view(self, entry: Entry) -> MapView:
        """Open the map of an entry to be asked; errors as `open`."""
        path = self.path(entry)
        if not path.is_dir():
            raise MapStoreError(
                f"{entry.name} version {entry.version} was removed from {self.folder} meanwhile, or its folder"
                f" maps/{entry.folder} was lost: ask again, or restore it"
            )
        if _checksum(path) != entry.sha256:
            raise MapStoreError(
                f"{entry.name} version {entry.version} in {self.folder} is not the map that was added: its metadata"
                " were changed or cut off; restore it, or remove it and add it again"
            )
        return MapView.of(ZarrMap.open(path), entry.name)

    def file(self, entry: Entry, name: str) -> bytes | None:
        """Return a file that is kept with a map, None where there is none of this name.

        Raises:
            MapStoreError: if it cannot be read.
        """
        try:
            return (self.path(entry) / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MapStoreError(f"{name} of {entry.name} in {self.folder} cannot be read: {error}") from error

    def path(self, entry: Entry) -> Path:
        """Return the Zarr folder of a map."""
        return self.folder / "maps" / entry.folder

    def remove(self, name: str, version: int | None = None) -> list[Entry]:
        """Remove a map with all its versions, or a certain version, and return what was removed.

        Raises:
            InputError: if there is none.
            MapStoreError: if the store cannot be used.
        """
        self.find(name, version)
        with connect(self.folder, write=True) as base:
            gone = [e for e in rows_of(base, "name = ?", (name,)) if version in (None, e.version)]
            for entry in gone:
                (key,) = base.execute("SELECT id FROM map WHERE folder = ?", (entry.folder,)).fetchone()
                base.execute("DELETE FROM place WHERE id = ?", (key,))
                base.execute("DELETE FROM map WHERE id = ?", (key,))
        for entry in gone:
            shutil.rmtree(self.path(entry), ignore_errors=True)
        return gone

    def _make(self) -> None:
        try:
            (self.folder / "maps").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refused(self.folder, error) from error
        with connect(self.folder, write=True):
            pass

    def _enter(self, entry: Entry, aside: Path, target: Path) -> Entry:
        with connect(self.folder, write=True) as base:
            if not aside.is_dir():
                raise MapStoreError(f"{aside} was swept, as nothing had been written for an hour: add the map again")
            (newest,) = base.execute("SELECT max(version) FROM map WHERE name = ?", (entry.name,)).fetchone()
            entered = replace(entry, version=(newest or 0) + 1)
            insert(base, entered)
            aside.rename(target)
            _flush_folder(target.parent)
        return entered

    def _sweep(self) -> None:
        """Remove folders without a row that nobody has written to for an hour: what killed processes left."""
        place = self.folder / "maps"
        if not place.is_dir():
            return
        with connect(self.folder, write=True) as base:
            named = {row[0] for row in base.execute("SELECT folder FROM map")}
            for path in place.iterdir():
                if path.name not in named and _age_s(path) > STALE_S:
                    shutil.rmtree(path, ignore_errors=True)


def kept_provenance(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a map that a store keeps, and under `left_out` the names of those that it does not."""
    kept = {key: value for key, value in provenance.items() if key in KEPT and _is_short(value)}
    left_out = sorted(set(provenance) - set(kept) - {"left_out"})
    return kept | ({"left_out": left_out} if left_out else {})


def _is_short(value: Any) -> bool:
    if isinstance(value, Mapping):
        return len(value) <= _MOST_ITEMS and all(_is_short(v) for v in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value) <= _MOST_ITEMS and all(_is_short(v) for v in value)
    return not hasattr(value, "__array__") or getattr(value, "size", 0) <= _MOST_ITEMS


def _as_it_was_read(made: RadioMap | ZarrMap | MapView) -> RadioMap | ZarrMap:
    """Return the map in memory, or the folder that it is copied from."""
    if not isinstance(made, MapView):
        return made
    source: Any = made.source
    if made.shift_db or not hasattr(source, "load"):
        raise OptionError("only a map as it was read can be added, without a transmit power put on it")
    if isinstance(source, ZarrMap):
        return source
    loaded: RadioMap = source.load()
    return loaded


def _that_hold(entries: list[Entry], lon: float, lat: float) -> list[Entry]:
    """The R*Tree finds boxes in degrees; the grid on its own plane decides."""
    places: dict[str, tuple[Any, Any]] = {}
    found = []
    for entry in entries:
        crs = str(entry.crs)
        if crs not in places:
            places[crs] = entry.grid.from_lonlat(lon, lat)
        x, y = (float(v) for v in places[crs])
        west, south, east, north = entry.bounds
        if west <= x < east and south < y <= north:
            found.append(entry)
    return found


def _checksum(folder: Path) -> str:
    try:
        return hashlib.sha256((folder / "zarr.json").read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _age_s(folder: Path) -> float:
    """Return the seconds since anything in a folder was written, zero if it is being renamed or removed meanwhile."""
    try:
        newest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except FileNotFoundError:
        return 0.0
    return time.time() - newest


def _flush(folder: Path) -> None:
    """Bring all files of a folder to the disk before a row names it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        else:
            _flush_folder(path)
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be flushed
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(folder: Path, error: OSError) -> MapStoreError:
    remedy = {
        errno.ENOSPC: "the disk is full: make room and add the map again; the store is as it was",
        errno.EDQUOT: "the quota is used up: make room and add the map again; the store is as it was",
        errno.EROFS: "the disk is read-only: choose another folder",
        errno.EACCES: "permission was denied: choose another folder, or ask for write permission",
    }.get(error.errno or 0, "check the folder, its permissions and the free space on the disk")
    return MapStoreError(f"the store of maps {folder} cannot be written ({error}): {remedy}")
