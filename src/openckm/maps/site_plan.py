"""One noun for a site: where the base station stands, how it radiates, and which map is wanted around it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site import Transmitter

if TYPE_CHECKING:
    from typing import Self

DEFAULT_CELL_M = 4.0
"""Cell side where neither the user nor the readings say [m]."""
DEFAULT_SIZE = 128
"""Cells along a side where neither the user nor the readings say."""
_BS = "bs"
"""The keyword of `place` in calls that take a site's arguments one by one, as `--bs` does on the command line."""


@dataclass(frozen=True)
class SitePlan:
    """A site and the map that is wanted around it.

    Attributes:
        place: (longitude, latitude) of the base station [degrees, WGS 84], or None where nobody knows it.
        height_m: antenna height above ground [m].
        carrier_hz: carrier frequency [Hz].
        azimuth_deg: boresight of a sector antenna, clockwise from north [degrees]; None for an omnidirectional one.
        downtilt_deg: downtilt of the boresight [degrees].
        layout: file of the building layout (GeoJSON, OSM XML or PBF, height raster), or None.
        cell_m: cell side of the map [m]; None lets it follow the readings (4 m, or more for a wide drive).
        size: cells along each side of the map; None lets it follow the readings (128 without any).
        centre: (longitude, latitude) of the map's centre [degrees]; None centres it on the base station.
        power_dbm: transmit power with everything between radio and antenna [dBm], or None where it is to be estimated.
        pattern: file of the antenna pattern, or None for the standard's (3GPP TR 38.901) sector.
        name: the name of the site or cell, "" where it has none.
        cells: column of the measurement file -> the value there that names this cell, e.g. {"PCI": "101"}.
        terrain: file of a raster of elevations (GeoTIFF), above any one level, or None for flat ground.
        trees: whether woods of the layout's file (natural=wood, landuse=forest) attenuate what passes through them.
        local: whether `place` and `centre` are (x, y) [m] on a plane of their own (indoors), instead of degrees.
    """

    place: tuple[float, float] | None = None
    height_m: float = 24.0
    carrier_hz: float = 3.5e9
    azimuth_deg: float | None = None
    downtilt_deg: float = 6.0
    layout: str | os.PathLike[str] | None = None
    cell_m: float | None = None
    size: int | None = None
    centre: tuple[float, float] | None = None
    power_dbm: float | None = None
    pattern: str | os.PathLike[str] | None = None
    name: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)
    local: bool = False
    terrain: str | os.PathLike[str] | None = None
    trees: bool = True

    @classmethod
    def of(cls, site: Self | None, loose: Mapping[str, Any]) -> Self:
        """Return the site that is given as a whole, or one by one as keywords (`bs` stands for `place`).

        Args:
            site: the site as a whole, or None.
            loose: attributes of a SitePlan by name; they replace those of `site`.

        Raises:
            OptionError: if a keyword is no attribute of a site.
        """
        known = {f.name for f in fields(cls)}
        named = {("place" if name == _BS else name): value for name, value in loose.items()}
        unknown = sorted(set(named) - known)
        if unknown:
            raise OptionError(f"{', '.join(unknown)}: a site has no such attribute; it has {', '.join(sorted(known))}")
        return replace(cls() if site is None else site, **named)

    def grid(self) -> Grid:
        """Return the cells of the map, in the UTM zone of its centre or on a plane of its own.

        Raises:
            OptionError: if neither the base station's place nor the map's centre is known.
        """
        centre = self.place if self.centre is None else self.centre
        if centre is None:
            raise OptionError("where is the map to be? Give the place of the base station, or the map's centre")
        size, cell_m = self.size or DEFAULT_SIZE, self.cell_m or DEFAULT_CELL_M
        if self.local:
            return Grid((size, size), cell_m, (centre[0] - size * cell_m / 2, centre[1] + size * cell_m / 2))
        return Grid.centred(*centre, shape=(size, size), cell_m=cell_m)

    def transmitter(self, grid: Grid) -> Transmitter | None:
        """Return the transmitter on the plane of a grid, or None where its place is not known."""
        if self.place is None:
            return None
        x, y = self.place if self.local else grid.from_lonlat(*self.place)
        return Transmitter(
            float(x), float(y), self.height_m, self.carrier_hz, self.azimuth_deg, self.downtilt_deg, self.name
        )

    def observations(self, grid: Grid) -> Observations:
        """Return what is known of the site before anything is measured: layout and transmitter.

        Raises:
            LayoutError: if the layout cannot be read.
        """
        from openckm.maps.layouts import read_layout

        buildings = None if self.layout is None else read_layout(self.layout, grid)
        return Observations(layout=buildings, transmitter=self.transmitter(grid), crs=grid.crs)
