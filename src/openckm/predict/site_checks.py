"""What a prediction from layout and transmitter needs, and what cannot be predicted."""

from __future__ import annotations

from openckm.errors import GridError, LayoutError, OptionError, OutsideGrid
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.site import Layout, Transmitter


def require_site(observations: Observations, grid: Grid) -> tuple[Layout, Transmitter]:
    """Return the layout and the transmitter, which a one-pass prediction must have.

    Raises:
        OptionError: if there is no transmitter.
        LayoutError: if there is no layout, it holds no building on the map, or the transmitter stands in a building.
        GridError: if the layout stands on another grid, or the CRS of the observations is not the grid's.
        OutsideGrid: if the transmitter stands outside the map.
    """
    layout, transmitter = observations.layout, observations.transmitter
    if transmitter is None:
        raise OptionError("a prediction needs the transmitter: give its place, height and carrier")
    if layout is None:
        raise LayoutError("a prediction needs the building layout: give one, or reconstruct from readings without it")
    if observations.crs != grid.crs or layout.grid != grid:
        raise GridError(
            f"layout on {layout.grid}, transmitter in {observations.crs or 'a local plane'}, map on {grid}: read the"
            " layout onto the map's grid and give the transmitter in its CRS"
        )
    if not bool(grid.contains(transmitter.x, transmitter.y)):
        raise OutsideGrid(
            f"the transmitter at x={transmitter.x:.1f} m, y={transmitter.y:.1f} m stands outside the map, which spans"
            f" {tuple(round(b, 1) for b in grid.bounds)} [m, {grid.crs or 'local plane'}]; move or enlarge the map"
        )
    if not layout.building.any():
        raise LayoutError(
            f"the layout {layout.source or '(unnamed)'} holds no building on the map: there is nothing to predict from;"
            " check its place and CRS, or enlarge the map"
        )
    _require_outdoors(layout, transmitter)
    return layout, transmitter


def _require_outdoors(layout: Layout, transmitter: Transmitter) -> None:
    row, col = layout.grid.index_of(transmitter.x, transmitter.y)
    roof = float(layout.height_m[int(row.item()), int(col.item())])
    if roof > 0.0 and transmitter.height_m <= roof:
        stated = "" if layout.height_known > 0.5 else " (assumed: most heights of this layout are not stated)"
        raise LayoutError(
            f"the transmitter, {transmitter.height_m:g} m above ground, stands inside a building {roof:g} m high"
            f"{stated}: put it above the roof, or correct its place"
        )
