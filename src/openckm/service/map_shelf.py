"""The shelf opens the maps of a node's store once, and looks them up by the names that addresses hold.

A collection's id is the map's name with ":" in place of "/", as an address splits at "/".
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openckm.atlas import Entry, MapStore, MapView
from openckm.atlas.catalogue import CATALOGUE
from openckm.errors import InputError, MapStoreError, OptionError
from openckm.maps.geotiff import encode_geotiff
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter

_MOST_OPEN = 32
"""Maps that are held open."""
_MOST_TIFF_CELLS = 4096 * 4096
"""Cells of a map that is given out as a GeoTIFF, which is made in memory."""


def id_of(name: str) -> str:
    """Return the id of a map's collection."""
    return name.replace("/", ":")


def name_of(collection: str) -> str:
    """Return the name of the map of a collection."""
    return collection.replace(":", "/")


class MapShelf:
    """The maps of a store, opened when they are first asked for.

    Args:
        folder: the folder of the store, which is made where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.store = MapStore(folder, create=True)
        self._lock = threading.Lock()
        self._views: OrderedDict[str, MapView] = OrderedDict()
        self._tiffs: OrderedDict[str, bytes] = OrderedDict()
        self._entries: dict[str, Entry] = {}
        self._stamp: tuple[int, int] = (0, 0)

    def entries(self) -> dict[str, Entry]:
        """Return the newest version of every map by its collection's id.

        Raises:
            MapStoreError: if the store cannot be used.
        """
        try:
            found = (self.store.folder / CATALOGUE).stat()
        except OSError as error:
            raise MapStoreError(f"the store of maps {self.store.folder} is gone ({error}): restore it") from error
        with self._lock:
            if self._stamp != (found.st_mtime_ns, found.st_size):  # another process, or this one, has written
                self._entries = {id_of(entry.name): entry for entry in self.store.entries()}
                self._stamp = (found.st_mtime_ns, found.st_size)
            return self._entries

    def entry(self, collection: str, version: int | None = None) -> Entry:
        """Return a map's entry, of its newest version or of a certain one.

        Raises:
            InputError: if there is none.
        """
        if version is not None:
            try:
                return self.store.find(name_of(collection), version)
            except InputError as error:
                raise InputError(
                    f"there is no map {name_of(collection)!r} of version {version} here: {error}"
                ) from None
        found = self.entries().get(collection)
        if found is None:
            raise InputError(f"there is no map {name_of(collection)!r} here: see /collections")
        return found

    def view(self, collection: str, version: int | None = None) -> MapView:
        """Return a map to be asked, its newest version or a certain one.

        Raises:
            InputError: if there is none, or it is damaged.
            MapStoreError: if the store cannot be used.
        """
        entry = self.entry(collection, version)
        with self._lock:
            view = self._views.get(entry.folder)
            if view is not None:
                self._views.move_to_end(entry.folder)
                return view
        view = self.store.view(entry)
        with self._lock:
            self._views[entry.folder] = view
            while len(self._views) > _MOST_OPEN:
                self._views.popitem(last=False)
        return view

    def siblings(self, collection: str) -> list[str]:
        """Return the collections of the cells that a map belongs to: all whose names begin like its own up to "/"."""
        group, sign, _ = collection.rpartition(":")
        return sorted(c for c in self.entries() if sign and c.rpartition(":")[0] == group) or [collection]

    def tiff(self, collection: str, version: int | None = None) -> tuple[bytes, Entry]:
        """Return a map as a cloud-optimised GeoTIFF, its newest version or a certain one.

        Raises:
            InputError: if there is no such map.
            OptionError: if it is too large to be made in memory.
        """
        entry = self.entry(collection, version)
        if entry.shape[0] * entry.shape[1] > _MOST_TIFF_CELLS:
            raise OptionError(
                f"{entry.name} has {entry.shape[0]} x {entry.shape[1]} cells: too many for one GeoTIFF here"
            )
        with self._lock:
            if entry.folder in self._tiffs:
                return self._tiffs[entry.folder], entry
        source: Any = self.view(collection, version).source
        content = encode_geotiff(source.load(), entry.channels[0])
        with self._lock:
            self._tiffs[entry.folder] = content
            while len(self._tiffs) > 2:
                self._tiffs.popitem(last=False)
        return content, entry

    def keep(
        self, made: RadioMap, name: str, known: Mapping[str, Any], beside: Mapping[str, bytes] | None = None
    ) -> Entry:
        """Add a map that was just made, with what is known of it beyond its provenance, and files of its layout.

        Raises:
            OptionError: if the name cannot be one.
            MapStoreError: if the store cannot be used.
        """
        known = {name: value for name, value in known.items() if value}
        facts = {**made.provenance, **known, "time": datetime.now(UTC).isoformat()}
        return self.store.add(RadioMap(made.dataset, made.grid, facts), name, beside=beside)


def site_facts(transmitter: Transmitter | None, grid: Grid) -> dict[str, Any]:
    """Return what a kept map says of its site: its place in degrees, or on the plane [m] where the grid has no CRS."""
    if transmitter is None:
        return {}
    facts: dict[str, Any] = {
        "name": transmitter.name or "site", "height_m": transmitter.height_m, "carrier_hz": transmitter.carrier_hz,
        "azimuth_deg": transmitter.bearing_deg, "downtilt_deg": transmitter.downtilt_deg,
    }  # fmt: skip
    if grid.crs is None:
        return facts | {"x": transmitter.x, "y": transmitter.y}
    lon, lat = grid.to_lonlat(transmitter.x, transmitter.y)
    return facts | {"lon": float(lon), "lat": float(lat)}
