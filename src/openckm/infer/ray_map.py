"""Rays alone make a map of a site, which can be handed in as one more expert (`maps=` of `OpenCKM`).

It knows reflections and bent rays that a prior which was not shown them has to guess, and it knows nothing of what the
layout does not hold: beside readings, the blend weighs it by how well it foretells those that it has not seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from openckm.infer.extended import MeanMap
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.propagation import site_geometry
from openckm.priors.ray_planes import over_free_space_db, site_rays

__all__ = ["ray_map"]

_SEEN_DB, _HIDDEN_DB = 3.0, 12.0
"""Errors of rays where the antenna is seen and elsewhere, on held-out maps, rounded up [dB]."""


def ray_map(observations: Observations, grid: Grid) -> MeanMap | None:
    """Return the gain by rays [dB] of what is known of a site; None without layout or transmitter.

    Cells within buildings, where rays bring nothing, have the value of the nearest free one.

    Args:
        observations: layout and transmitter; readings are not looked at.
        grid: the cells, those of the layout.
    """
    transmitter, layout = observations.transmitter, observations.layout
    rays = site_rays(grid, layout, transmitter)
    if rays is None or transmitter is None or layout is None:
        return None
    geometry = site_geometry(grid, transmitter, layout.height_m)
    gain = geometry.free_space_db + geometry.pattern_db + over_free_space_db(rays)
    std = np.where(geometry.diffraction_db > 0, _HIDDEN_DB, _SEEN_DB)
    return MeanMap("rays", _outdoors(gain, layout.building), std)


def _outdoors(gain: NDArray[np.floating], built: NDArray[np.bool_]) -> NDArray[np.float64]:
    if built.all() or not built.any():
        return np.asarray(gain, np.float64)
    nearest = ndimage.distance_transform_edt(built, return_distances=False, return_indices=True)
    return np.asarray(gain[tuple(nearest)], np.float64)
