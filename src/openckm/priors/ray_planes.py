"""What rays say of a site, as planes for a network: powers over free space in latent scale, and a direction."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from openckm.maps.grid import Grid
from openckm.maps.propagation import site_geometry
from openckm.maps.rays import CARRIERS_HZ, RayField, RayOptions, trace_rays
from openckm.maps.site import Layout, Transmitter
from openckm.priors.planes import RAY_PLANES

SCALE_DB, LOWEST_DB, HIGHEST_DB = 40.0, -100.0, 30.0
"""Unit of powers over free space, and the range to which they are cut [dB]."""
WIDE = 3.0
"""Width of the window in which reflected power is smoothed [cells]."""
Planes = NDArray[np.float32]


def ray_planes(grid: Grid, layout: Layout, transmitter: Transmitter, options: RayOptions | None = None) -> Planes:
    """Return the planes of rays of a site, shape (len(RAY_PLANES), rows, cols).

    Args:
        grid: the cells.
        layout: buildings on these cells, or on a larger grid of the same cells.
        transmitter: position, height, carrier and antenna.
        options: how rays are launched.

    Raises:
        GridError: if the layout's cells are not those of the grid.
        OptionError: if the carrier lies outside 0.4-100 GHz, where materials are defined.
    """
    geometry = site_geometry(grid, transmitter)
    field = trace_rays(grid, layout, transmitter, options)
    return stack_rays(field, geometry.free_space_db + geometry.pattern_db)


def site_rays(grid: Grid, layout: Layout | None, transmitter: Transmitter | None) -> Planes | None:
    """Return the planes of rays of what is known of a site, kept for the next map of it; None where rays need more.

    Rays need a layout, a transmitter, and a carrier at which materials are known. Buildings around the map are those
    of `layout.around`; on the layout's own cells its own heights count.

    Args:
        grid: cells of the map, the layout's own or more of them to the east and south.
        layout: buildings on the map.
        transmitter: of the site.
    """
    if layout is None or transmitter is None or not CARRIERS_HZ[0] <= transmitter.carrier_hz <= CARRIERS_HZ[1]:
        return None
    wide = layout.grid if layout.around is None else layout.around.grid
    row = round((wide.origin[1] - layout.grid.origin[1]) / wide.cell_m)
    col = round((layout.grid.origin[0] - wide.origin[0]) / wide.cell_m)
    short = max(row + grid.shape[0] - wide.shape[0], col + grid.shape[1] - wide.shape[1], 0)
    height = np.zeros((wide.shape[0] + short, wide.shape[1] + short), np.float32)
    if layout.around is not None:
        height[: wide.shape[0], : wide.shape[1]] = layout.around.height_m
    height[row : row + layout.grid.shape[0], col : col + layout.grid.shape[1]] = layout.height_m
    around = Grid((height.shape[0], height.shape[1]), wide.cell_m, wide.origin, wide.crs)
    return _kept(grid, around, height.tobytes(), transmitter)


@lru_cache(maxsize=16)
def _kept(grid: Grid, around: Grid, height: bytes, transmitter: Transmitter) -> Planes:
    planes = ray_planes(grid, Layout(around, np.frombuffer(height, np.float32).reshape(around.shape)), transmitter)
    planes.flags.writeable = False
    return planes


def stack_rays(field: RayField, free_space_db: NDArray[np.floating]) -> Planes:
    """Return the planes of a field of rays; on built cells, where rays bring nothing, powers are 0.

    Args:
        field: what rays bring.
        free_space_db: gain of the straight line with the antenna, if nothing stood in it [dB], shape of the field.
    """
    heard = field.total > 0
    bounced = field.ground + field.reflected
    mass = ndimage.gaussian_filter(heard.astype(np.float64), WIDE)
    wide = ndimage.gaussian_filter(bounced, WIDE) / np.maximum(mass, 1e-3)
    powers = (field.total, bounced, wide, field.corners + field.eaves)
    planes = np.zeros((len(RAY_PLANES), *heard.shape), np.float32)
    for k, power in enumerate(powers):
        over = 10.0 * np.log10(np.maximum(power, 1e-40)) - free_space_db
        planes[k] = np.where(heard, np.clip(over, LOWEST_DB, HIGHEST_DB) / SCALE_DB, 0.0)
    planes[4] = np.clip(field.roof_loss_db, 0.0, -LOWEST_DB) / SCALE_DB
    planes[5], planes[6], planes[7] = field.strongest_cos, field.strongest_sin, 1.0
    return planes
