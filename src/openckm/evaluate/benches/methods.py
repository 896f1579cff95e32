"""The methods that benchmarks compare, loaded when they are asked for."""

from __future__ import annotations

import logging
from typing import cast

import numpy as np
from numpy.typing import NDArray

from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.reconstructor import Reconstructor

_log = logging.getLogger(__name__)


CLASSICAL = (
    "log_distance", "nearest", "inverse_distance", "kriging", "universal_kriging", "universal_kriging_layout",
    "universal_kriging_rays", "universal_kriging_phones", "universal_kriging_phones_other",
    "universal_kriging_layout_phones", "boosted_trees",
    "boosted_trees_rays", "boosted_trees_phones", "rays_alone", "best_classical",
)  # fmt: skip
"""Names of the classical methods: a table compares with the best of them on its row, and names it."""
NEED_SITE = tuple(name for name in CLASSICAL if name.startswith(("log_distance", "universal", "boosted", "rays")))
"""Those that need the transmitter."""
SITE_BLIND = ("kriging", "nearest", "inverse_distance")
"""Those that make nothing of layout and transmitter: their score on the readings alone counts for both tasks."""


def baseline_methods() -> list[Reconstructor]:
    """Return all classical rivals: simple ones, and those of `classical_methods`."""
    from openckm.baselines import InverseDistance, LogDistance, Nearest

    simple = (LogDistance(), Nearest(), InverseDistance())
    return [*(cast(Reconstructor, method) for method in simple), *classical_methods(phones=True)]


def classical_methods(*, phones: bool = False) -> list[Reconstructor]:
    """Return the classical rivals that are worth beating; trees are left out, with a notice, without a library of them.

    Args:
        phones: whether the readings come from several phones, so that their offsets are worth knowing.
    """
    from openckm.baselines import BestClassical, BoostedTrees, Kriging, MapAlone, UniversalKriging
    from openckm.baselines.trees import trees_available

    with_rays = UniversalKriging(layout=True, maps=ray_fields, name="universal_kriging_rays")
    methods: list[object] = [Kriging(), UniversalKriging(), UniversalKriging(layout=True), with_rays]
    methods += [UniversalKriging(phones=True), UniversalKriging(layout=True, phones=True)] if phones else []
    if trees_available():
        methods += [BoostedTrees(phones=phones), BoostedTrees(maps=ray_fields, name="boosted_trees_rays")]
    else:
        _log.warning("neither LightGBM nor scikit-learn is installed: the benchmark runs without boosted trees")
    methods += [MapAlone(_rays_gain, name="rays_alone"), BestClassical()]
    return [cast(Reconstructor, method) for method in methods]


def _rays_gain(observations: Observations, grid: Grid) -> NDArray[np.float64] | None:
    """Return the gain by rays alone [dB]; None where there are none."""
    from openckm.infer.ray_map import ray_map

    found = ray_map(observations, grid)
    return None if found is None else found.mean


def ray_fields(observations: Observations, grid: Grid) -> dict[str, NDArray[np.floating]]:
    """Return what rays bring over free space, plane by plane, as further maps of a site for classical methods.

    Args:
        observations: layout and transmitter; where one of them is not known, there are no rays.
        grid: the cells, those of the layout.
    """
    from openckm.priors.planes import RAY_PLANES
    from openckm.priors.ray_planes import site_rays

    rays = site_rays(grid, observations.layout, observations.transmitter)
    return {} if rays is None else dict(zip(RAY_PLANES[:-1], rays[:-1], strict=True))


def product_methods() -> list[Reconstructor]:
    """Return OpenCKM's own method as it ships."""
    from openckm.infer.construct import OpenCKM

    return [OpenCKM()]
