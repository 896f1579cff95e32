"""What stands between a base station and the cells that no prior knows: terrain and woods.

Their loss is taken off before anything is predicted or fitted, and put back on the map, as the pattern of an antenna
is: the prior knows flat ground with houses on it. Terrain takes its loss off the direct path. Woods take theirs off
every ray that runs through them, where the layout is known and rays can be launched: a cell that a reflection reaches
beside the wood loses less than the direct path does. The networks read rays without woods, as in training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M
from openckm.maps.site import Layout, Transmitter
from openckm.maps.site_plan import SitePlan
from openckm.maps.terrain import Terrain, read_terrain, terrain_loss_db
from openckm.maps.trees import FULL_STD_DB, most_attenuation_db, tree_loss_db

_TERRAIN_SHARE, _TERRAIN_MOST_DB = 0.5, 8.0
"""Assumed standard deviation of a diffraction loss: such a share of it, and no more than that [dB]."""
_LEAST_DB = 0.05
"""Loss below which a layer says nothing [dB]."""


@dataclass(frozen=True, eq=False)
class SiteLoss:
    """What terrain and woods take off the direct path to each cell.

    Attributes:
        loss_db: 0 or more [dB], shape grid.shape; None where neither says anything.
        std_db: standard deviation of what is taken off [dB], shape grid.shape; None with `loss_db`.
        terrain: the elevations, or None.
        notes: what was taken for what, with numbers, one sentence each.
    """

    loss_db: NDArray[np.float64] | None = None
    std_db: NDArray[np.float64] | None = None
    terrain: Terrain | None = None
    notes: tuple[str, ...] = ()


def site_loss(
    plan: SitePlan, transmitter: Transmitter | None, grid: Grid, receiver_m: float | None = None,
    layout: Layout | None = None,
) -> SiteLoss:  # fmt: skip
    """Return the loss by terrain and woods of a site.

    Args:
        plan: names the files.
        transmitter: the transmitter on the plane of the grid, or None where it is not known: then woods are not used.
        grid: cells of the map.
        receiver_m: height of the receivers above ground [m]; None for a phone in a hand.
        layout: the buildings that the plan's file holds, on the cells of the map; None where rays are not wanted: then
            woods attenuate the direct path.

    Raises:
        LayoutError: if a file cannot be used.
        OptionError: if terrain is given without the base station.
    """
    if plan.terrain is not None and transmitter is None:
        raise OptionError("terrain says nothing without the base station's place: give both, or neither")
    height = RECEIVER_HEIGHT_M if receiver_m is None else receiver_m
    total, variance, notes, terrain = np.zeros(grid.shape), np.zeros(grid.shape), [], None
    if plan.terrain is not None and transmitter is not None:
        terrain = read_terrain(plan.terrain, grid, transmitter)
        loss = terrain_loss_db(terrain, transmitter, grid, height)
        total += loss
        variance += np.minimum(_TERRAIN_SHARE * loss, _TERRAIN_MOST_DB) ** 2
        low, high = float(terrain.elevation_m.min()), float(terrain.elevation_m.max())
        notes.append(
            f"terrain {terrain.source} ({low:.0f} to {high:.0f} m): heights are above the ground; diffraction over the"
            f" profile (ITU-R P.526, Bullington) takes up to {loss.max():.1f} dB off, over 1 dB on"
            f" {np.mean(loss > 1.0):.0%} of the map"
        )
        notes += [f"{terrain.source}: {note}" for note in terrain.notes]
    if plan.trees and plan.layout is not None:
        notes += _add_woods(plan, transmitter, grid, layout, height, total, variance)
    if total.max() <= _LEAST_DB:
        return SiteLoss(None, None, terrain, tuple(notes))
    return SiteLoss(total, np.sqrt(variance), terrain, tuple(notes))


def _add_woods(
    plan: SitePlan, transmitter: Transmitter | None, grid: Grid, layout: Layout | None, receiver_m: float,
    total: NDArray[np.float64], variance: NDArray[np.float64],
) -> list[str]:  # fmt: skip
    from openckm.maps.buildings.woods import read_woods

    around = None if layout is None or layout.around is None else layout.around.grid
    woods, notes = read_woods(plan.layout or "", grid, around)
    if not woods.building.any():
        return []
    if transmitter is None:
        return [f"{note}; without the base station's place they are not used" for note in notes]
    loss, way = tree_loss_db(woods, transmitter, grid, receiver_m), "the direct path"
    if layout is not None:
        from openckm.priors.ray_planes import wood_loss_db

        by_rays = wood_loss_db(grid, layout, transmitter, woods, receiver_m)
        if by_rays is not None:
            loss, way = np.where(np.isnan(by_rays), loss, by_rays), "what rays bring"
    total += loss
    variance += (FULL_STD_DB * loss / most_attenuation_db(transmitter.carrier_hz)) ** 2
    lost = f"{loss.max():.1f} dB off {way}, over 1 dB on {np.mean(loss > 1.0):.0%} of the map"
    return [f"{notes[0]}: in leaf they take up to {lost} (ITU-R P.833); --no-trees leaves them out"]
