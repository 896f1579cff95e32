r"""Terrain from a raster of elevations, and what it takes off a radio path that flat ground would not.

Antennas and buildings stand on the ground: their heights are above it. Along the profile from the base station to each
cell, with elevations h_i at distances d_i of d in all, the loss by diffraction is that of the Bullington construction

    nu = max_i [h_i + C d_i (d - d_i) - line_i] sqrt(2 d / (lambda d_i (d - d_i)))         line of sight (Eq. 51-52)
    nu = the same at the Bullington point, where the horizon rays of both ends meet        beyond it     (Eq. 53-56)
    L  = J(nu) + [1 - exp(-J(nu) / 6)] (10 + 0.02 d / km)                                                (Eq. 50, 57)

with J the knife edge's (`openckm.maps.propagation`) and C = 1 / (2 a) for an Earth of a = 8500 km. What is returned is
L of the profile less L of flat ground: a prior knows flat ground.

References:
    ITU-R P.526-15, section 4.5.1 (Bullington model), and section 4.1 (knife edge).
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError
from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M, SPEED_OF_LIGHT, knife_edge_db
from openckm.maps.site import Transmitter

EARTH_M = 8.5e6
"""Effective radius of the Earth [m], 4/3 of its own."""
SAMPLES = 128
"""Points of a profile between its ends."""
LOWEST_M, _HIGHEST_M = -500.0, 9000.0
_MOST_MISSING = 0.2
"""Share of the area without an elevation up to which gaps are filled by their nearest neighbours."""
_FEET = ("ft", "foot", "feet", "us survey foot", "us-ft")

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Terrain:
    """Elevations on a grid that holds the map and the base station.

    Attributes:
        grid: the cells.
        elevation_m: above any one level [m], shape grid.shape.
        source: name of the file.
        notes: what was filled, one sentence each.
    """

    grid: Grid
    elevation_m: NDArray[np.float32]
    source: str = ""
    notes: tuple[str, ...] = ()

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the elevation of places [m], of any shape, between cell centres by straight lines."""
        from scipy.ndimage import map_coordinates

        row = (self.grid.origin[1] - np.atleast_1d(y)) / self.grid.cell_m - 0.5
        col = (np.atleast_1d(x) - self.grid.origin[0]) / self.grid.cell_m - 0.5
        found = map_coordinates(self.elevation_m.astype(np.float64), [row, col], order=1, mode="nearest")
        return np.asarray(found, dtype=np.float64).reshape(np.shape(x))


def read_terrain(path: str | os.PathLike[str], grid: Grid, transmitter: Transmitter | None = None) -> Terrain:
    """Read a raster of elevations (GeoTIFF, ASCII grid, .hgt: whatever GDAL reads) around a map.

    Args:
        path: the file; its first band is elevation above any one level, in metres unless it says feet.
        grid: cells of the map.
        transmitter: the transmitter, which the terrain has to reach, where it stands outside the map.

    Raises:
        LayoutError: if the file cannot be read, has no CRS where the map has one, does not cover the map, or holds
            numbers that are no elevations.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError
    from rasterio.warp import Resampling, reproject

    source, wide = Path(path), _holding(grid, transmitter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(source) as raster:
                if (raster.crs is None) != (grid.crs is None):
                    raise LayoutError(
                        f"{source}: one of terrain and map has no CRS ({raster.crs}, {grid.crs}); write the raster with"
                        " its CRS (gdal_edit.py -a_srs EPSG:...)"
                    )
                values = raster.read(1, masked=True).astype(np.float32).filled(np.nan)
                values = values * np.float32(raster.scales[0]) + np.float32(raster.offsets[0])
                feet = str(raster.units[0] or "").lower() in _FEET
                values = np.where((values > LOWEST_M) & (values < _HIGHEST_M), values, np.nan).astype(np.float32)
                found = np.full(wide.shape, np.nan, dtype=np.float32)
                flat = "EPSG:3857"  # stands in for the shared plane where neither side has a CRS
                reproject(
                    values, found, src_transform=raster.transform, src_crs=raster.crs or flat, src_nodata=np.nan,
                    dst_transform=wide.transform, dst_crs=wide.crs or flat, dst_nodata=np.nan,
                    resampling=Resampling.bilinear,
                )  # fmt: skip
    except RasterioError as error:
        raise LayoutError(f"cannot read {source} as a raster of elevations: {error}; export it again") from error
    if feet:
        found = found * np.float32(0.3048)
    filled, notes = _filled(found, source)
    return Terrain(
        wide, filled, source.name, (*(["elevations in feet were turned into metres"] if feet else []), *notes)
    )


def _holding(grid: Grid, transmitter: Transmitter | None) -> Grid:
    """Return a grid of the same cells that holds the map, the transmitter, and a rim of two cells."""
    west, south, east, north = grid.bounds
    if transmitter is not None:
        west, east = min(west, transmitter.x), max(east, transmitter.x)
        south, north = min(south, transmitter.y), max(north, transmitter.y)
    size = grid.cell_m
    left, up = (math.ceil((a - b) / size) + 2 for a, b in ((grid.origin[0], west), (north, grid.origin[1])))
    rows = math.ceil((grid.origin[1] + up * size - south) / size) + 2
    columns = math.ceil((east - grid.origin[0] + left * size) / size) + 2
    return Grid((rows, columns), size, (grid.origin[0] - left * size, grid.origin[1] + up * size), grid.crs)


def _filled(found: NDArray[np.float32], source: Path) -> tuple[NDArray[np.float32], list[str]]:
    from scipy.ndimage import distance_transform_edt

    missing = ~np.isfinite(found)
    if missing.mean() > _MOST_MISSING:
        raise LayoutError(
            f"{source} says nothing of {missing.mean():.0%} of the area of the map and the base station; take a raster"
            " of elevations that covers it"
        )
    if not missing.any():
        return found, []
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return found[tuple(nearest)], [f"{missing.mean():.1%} of the area has no elevation and took its neighbours'"]


def terrain_loss_db(
    terrain: Terrain, transmitter: Transmitter, grid: Grid, receiver_m: float = RECEIVER_HEIGHT_M
) -> Floats:
    """Return what the terrain takes off the path to each cell beyond flat ground [dB], 0 or more, shape grid.shape.

    Args:
        terrain: the terrain, which holds the map and the transmitter.
        transmitter: its height is above the ground below it.
        grid: cells of the map.
        receiver_m: height of the receiver above the ground [m].
    """
    x, y = grid.centres()
    flat = np.maximum(np.hypot(x - transmitter.x, y - transmitter.y), grid.cell_m)
    heights = lambda t: terrain.at(transmitter.x + t * (x - transmitter.x), transmitter.y + t * (y - transmitter.y))  # noqa: E731
    ends = float(terrain.at(np.array(transmitter.x), np.array(transmitter.y))), terrain.at(x, y)
    rough = _bullington_db(heights, flat, ends[0] + transmitter.height_m, ends[1] + receiver_m, transmitter.carrier_hz)
    level = _bullington_db(
        lambda t: np.zeros(grid.shape), flat, transmitter.height_m, np.full(grid.shape, receiver_m),
        transmitter.carrier_hz,
    )  # fmt: skip
    return np.maximum(rough - level, 0.0)


def _bullington_db(
    heights: Callable[[float], Floats], d: Floats, start: float, end: Floats, carrier_hz: float
) -> Floats:
    """Return the diffraction loss of profiles [dB].

    Args:
        heights: elevation at a share of the way to each cell [m].
        d: length of the way [m].
        start: height of the antenna above the elevations' level [m].
        end: the height of the receivers [m].
        carrier_hz: carrier frequency [Hz].
    """
    wavelength = SPEED_OF_LIGHT / carrier_hz
    up, down, nu = (np.full(d.shape, -np.inf) for _ in range(3))
    for t in (np.arange(SAMPLES) + 0.5) / SAMPLES:
        here, there = t * d, (1.0 - t) * d
        top = heights(float(t)) + here * there / (2.0 * EARTH_M)  # the bulge of the Earth
        up = np.maximum(up, (top - start) / here)  # Eq. 51: slope of the horizon ray of the base station
        down = np.maximum(down, (top - end) / there)  # Eq. 54: that of the receiver
        line = start + t * (end - start)
        nu = np.maximum(nu, (top - line) * np.sqrt(2.0 * d / (wavelength * here * there)))  # Eq. 52
    beyond = up >= (end - start) / d  # Eq. 51: transhorizon
    point = np.clip((end - start + down * d) / np.maximum(up + down, 1e-12), 1e-3 * d, d - 1e-3 * d)  # Eq. 55
    line = start + point / d * (end - start)
    bend = (start + up * point - line) * np.sqrt(2.0 * d / (wavelength * point * (d - point)))  # Eq. 56
    edge = knife_edge_db(np.where(beyond, bend, nu))
    return np.asarray(edge + (1.0 - np.exp(-edge / 6.0)) * (10.0 + 0.02 * d / 1000.0))  # Eq. 50, 57
