"""The planes in which a network sees what is known: their names, their order, and what a turn does to them.

Every prior reads the site planes and the evidence planes. Further planes come in groups, which a network may read or
not: a card names the groups of its network in `architecture.planes`. They stand behind all other inputs, so that a
network that is given a group more, with weights of zero, answers as before.

    vehicles   vehicle (1 on a cell whose centre a vehicle stands on), vehicle_height, vehicles_known (1 where somebody
               has looked, whether or not there are any)
    rays       what rays bring over free space (`openckm.priors.ray_planes`): all power, what is reflected at cells' own
               width and smoothed, what is bent around edges, the loss over up to three roofs; east and north component
               of the direction towards the strongest arrival; rays_known (1 where rays were launched)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from openckm.errors import ModelError
from openckm.maps.quantity import Quantity

SITE_PLANES = (
    "building", "building_known", "height", "height_known", "free_space", "pattern", "bearing_east",
    "bearing_north", "obstruction", "diffraction", "transmitter_known",
)  # fmt: skip
STATIC_PLANES = ("building", "building_known", "height", "height_known")
"""The site planes that do not depend on the transmitter."""
MOVING_PLANES = ("vehicle", "vehicle_height", "vehicles_known")
RAY_PLANES = (
    "ray_total", "ray_reflected", "ray_reflected_wide", "ray_bent", "roof_loss", "ray_east", "ray_north", "rays_known",
)  # fmt: skip
PLANE_GROUPS: dict[str, tuple[str, ...]] = {"vehicles": MOVING_PLANES, "rays": RAY_PLANES}
"""The groups that a card may name."""
_TURNS: dict[str, Literal["east", "north"]] = {
    "bearing_east": "east", "bearing_north": "north", "ray_east": "east", "ray_north": "north",
}  # fmt: skip


def quantities(names: Sequence[str]) -> tuple[Quantity, ...]:
    """Return planes as quantities, so that a symmetry can turn their values with the grid."""
    found = []
    for name in names:
        ends = (-1.0, 1.0) if name in _TURNS else (-np.inf, np.inf)
        found.append(Quantity(name, "1", *ends, _TURNS.get(name, "scalar")))
    return tuple(found)


SITE_QUANTITIES = quantities(SITE_PLANES)
"""The site planes as quantities."""


def count_planes(groups: Sequence[str]) -> int:
    """Return how many planes some groups have.

    Raises:
        ModelError: if a group is unknown or named twice.
    """
    unknown = [g for g in groups if g not in PLANE_GROUPS]
    if unknown or len(set(groups)) != len(groups):
        raise ModelError(
            f"groups of planes {list(groups)}: wanted each of {sorted(PLANE_GROUPS)} at most once; update OpenCKM or"
            " choose another model"
        )
    return sum(len(PLANE_GROUPS[g]) for g in groups)
