"""The embedded real measurements: RSRP of the LTE CBRS cells A-D on Duke University's West Campus.

Four sector carriers of one base station, walked with two phones, in one 512 m window of 128 x 128 cells of 4 m. The
window of the original protocol is turned north by longitude and latitude; UTM's north is turned from it by 1.2
degrees here, so the UTM window is the one (moved by 5.75 m east and 8 m north) whose counts of readings and of
observed cells agree with the published ones within 0.6 %.

References:
    "Geo2SigMap: High-Fidelity RF Signal Mapping Using Geographic Databases", Li et al., 2023 (arXiv 2312.14303).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.site import Layout, Transmitter

DUKE_CELLS = ("A", "B", "C", "D")
"""The cells that are embedded, all of the published table; E and F of the same campaign are not in it."""

DUKE_GRID = Grid((128, 128), 4.0, (685430.89, 3986078.23), "EPSG:32617")
"""The window of cells A-D: 512 m x 512 m, UTM zone 17 north."""

READING_SIGMA_DB = 4.0
"""Standard deviation of one reading [dB], the spread of one phone's readings within a cell (3.1 to 4.5 dB by cell)."""

_TX_LAT, _TX_LON, _TX_HEIGHT_M = 35.999186254897836, -78.9397858960648, 24.0
_BEARING_DEG = {"A": 212.0, "B": 212.0, "C": 30.0, "D": 30.0}
_CARRIER_HZ = {"A": 3.69e9, "B": 3.64e9, "C": 3.58e9, "D": 3.56e9}


@dataclass(frozen=True)
class DukeCell:
    """One carrier of the base station with everything that is known of it.

    Attributes:
        name: "A" to "D".
        points: its readings of RSRP [dBm] in the window, shape (n,), coordinates in the grid's CRS.
        grid: the window.
        transmitter: position, height, carrier and boresight (clockwise from north).
        layout: the buildings from OpenStreetMap (four of 75 state their levels, the rest is assumed).
    """

    name: str
    points: Points
    grid: Grid
    transmitter: Transmitter
    layout: Layout

    def observations(self, keep: NDArray[np.bool_] | None = None, *, site: bool = True) -> Observations:
        """Return the evidence that the kept readings, shape (n,), make; `site` adds layout and transmitter."""
        points = self.points if keep is None else self.points.subset(keep)
        if not site:
            return Observations(points=(points,), crs=self.grid.crs)
        return Observations(points=(points,), layout=self.layout, transmitter=self.transmitter, crs=self.grid.crs)


def duke_cell(name: str) -> DukeCell:
    """Return one of the embedded cells.

    Args:
        name: "A", "B", "C" or "D".

    Raises:
        OptionError: if no such cell is embedded.

    References:
        "Geo2SigMap: High-Fidelity RF Signal Mapping Using Geographic Databases", Li et al., 2023.
    """
    if name not in DUKE_CELLS:
        raise OptionError(f"unknown Duke cell {name!r}: wanted one of {', '.join(DUKE_CELLS)}")
    x, y = DUKE_GRID.from_lonlat(_TX_LON, _TX_LAT)
    transmitter = Transmitter(
        float(x), float(y), _TX_HEIGHT_M, _CARRIER_HZ[name], _BEARING_DEG[name], name=f"Duke CBRS {name}"
    )
    return DukeCell(name, _points(name), DUKE_GRID, transmitter, _layout())


def duke_layout_geojson() -> bytes:
    """Return the embedded building layout of the site, a GeoJSON file."""
    return _asset("layout.geojson").read_bytes()


def _asset(name: str) -> Traversable:
    return files("openckm").joinpath("assets", "duke", name)


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, ...], ...]:
    lines = gzip.decompress(_asset("readings.csv.gz").read_bytes()).decode().splitlines()
    return tuple(tuple(line.split(",")) for line in lines[1:])


def _points(name: str) -> Points:
    numbered = [(k, row) for k, row in enumerate(_table(), start=1) if row[0] == name]
    lat, lon, rsrp = (np.array([float(row[i]) for _, row in numbered]) for i in (1, 2, 4))
    x, y = DUKE_GRID.from_lonlat(lon, lat)
    n = len(numbered)
    return Points(
        x, y, rsrp, np.full(n, READING_SIGMA_DB), np.full(n, "exact"), np.full(n, -np.inf), np.full(n, np.inf),
        np.array([row[3] for _, row in numbered]), np.array([k for k, _ in numbered]), "gain_db", "dBm",
        f"Duke CBRS cell {name}, geo2sigmap, Apache-2.0",
    )  # fmt: skip


@lru_cache(maxsize=1)
def _layout() -> Layout:
    from openckm.maps.layouts import read_layout

    with as_file(_asset("layout.geojson")) as path:
        return read_layout(path, DUKE_GRID)
