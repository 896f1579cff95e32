"""What rays say of a site, as planes for a network: powers over free space in latent scale, and a direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from openckm.maps.grid import Grid
from openckm.maps.propagation import site_geometry
from openckm.maps.rays import RayField, RayOptions, trace_rays
from openckm.maps.site import Layout, Transmitter
from openckm.priors.planes import RAY_PLANES

__all__ = ["ray_planes", "stack_rays"]

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
