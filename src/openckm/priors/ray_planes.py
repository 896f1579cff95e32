"""What rays say of a site, as planes for a network: powers over free space in latent scale, and a direction."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M, site_geometry
from openckm.maps.rays import CARRIERS_HZ, RayField, RayOptions, trace_parts
from openckm.maps.rays.machine import can_launch
from openckm.maps.site import Layout, Transmitter
from openckm.priors.conditioning import Condition
from openckm.priors.planes import RAY_PLANES

SCALE_DB, _LOWEST_DB, _HIGHEST_DB = 40.0, -100.0, 30.0
"""Unit of powers over free space, and the range to which they are cut [dB]."""
FAINTEST_DB = -70.0
"""Power over free space below which rays are not believed: something that they leave out is stronger [dB]."""
WIDE = 3.0
"""Width of the window in which reflected power is smoothed [cells]."""
_FRINGE = 12
"""Cells around a part of a map that this window sees: scipy's window ends at four widths."""
PART = 256
"""Side of the part of a map that is smoothed at once [cells]."""
REACH = 1024
"""Rays are followed so far from the antenna, eastwards, westwards, northwards and southwards [cells]."""
KEPT = 16
"""Sites whose planes are kept in memory, the last ones that were asked for."""
Planes = NDArray[np.float32]
Box = tuple[slice, slice]
_KEPT: OrderedDict[tuple[Any, ...], Planes] = OrderedDict()
_LOCK = Lock()


def ray_planes(
    grid: Grid, layout: Layout, transmitter: Transmitter, options: RayOptions | None = None,
    *, crown_m: NDArray[np.float32] | None = None, receiver_m: float = RECEIVER_HEIGHT_M,
) -> Planes:  # fmt: skip
    """Return the planes of rays of a site, shape (len(RAY_PLANES), rows, cols).

    Args:
        grid: the cells.
        layout: buildings on these cells, or on a larger grid of the same cells.
        transmitter: position, height, carrier and antenna.
        options: how rays are launched.
        crown_m, receiver_m: as for `trace_rays`.

    Raises:
        GridError: if the layout's cells are not those of the grid.
        OptionError: if the carrier lies outside 0.4-100 GHz, where materials are defined.
    """
    planes = np.zeros((len(RAY_PLANES), *grid.shape), np.float32)
    bounced, heard = np.zeros(grid.shape), np.zeros(grid.shape, bool)
    for part, field in trace_parts(grid, layout, transmitter, options, receiver_m=receiver_m, crown_m=crown_m):
        planes[:, *part] = _stacked(field, _free_space_db(_part(grid, part), transmitter))
        bounced[part], heard[part] = field.ground + field.reflected, field.total > 0
    wide = planes[RAY_PLANES.index("ray_reflected_wide")]
    for row, col in product(*(range(0, n, PART) for n in grid.shape)):
        part = _meet((slice(row, row + PART), slice(col, col + PART)), _place(grid, grid))
        free_space_db = _free_space_db(_part(grid, part), transmitter)
        wide[part] = _over(_smoothed(bounced, heard, part), free_space_db, heard[part])
    return planes


def add_rays(
    condition: Condition, groups: Sequence[str], grid: Grid, layout: Layout | None, transmitter: Transmitter | None,
    *, within: Grid | None = None,
) -> Condition:  # fmt: skip
    """Return the condition of one map with the planes of rays, where a network reads them and they can be launched.

    As plain Python they would take minutes: without llvmlite none are launched.

    Args:
        condition: what else the network is conditioned on.
        groups: groups of planes that the network reads.
        grid, layout, transmitter, within: as for `site_rays`.
    """
    if "rays" not in groups or not can_launch():
        return condition
    rays = site_rays(grid, layout, transmitter, within=within)
    return condition if rays is None else replace(condition, rays=torch.tensor(rays)[None])


def rays_fact(
    condition: Condition, groups: Sequence[str], layout: Layout | None, transmitter: Transmitter | None
) -> dict[str, str]:
    """Return what provenance says of the rays of a condition that `add_rays` made, {} for a network that reads none."""
    if "rays" not in groups:
        return {}
    if condition.rays is not None:
        options = RayOptions()
        return {"rays": f"used: {options.fans} azimuths, all elevations, up to {options.bounces} walls"}
    if layout is None or transmitter is None:
        return {"rays": "not launched: they need a layout and a transmitter"}
    if not can_launch():
        return {"rays": "not launched: llvmlite is not there"}
    if not _has_materials(transmitter):
        low, high = (edge / 1e9 for edge in CARRIERS_HZ)
        return {
            "rays": f"not launched: materials are known at {low:g}-{high:g} GHz, not at"
            f" {transmitter.carrier_hz / 1e9:g} GHz"
        }
    return {"rays": f"not launched: the map lies more than {REACH} cells from the antenna"}


def site_rays(
    grid: Grid, layout: Layout | None, transmitter: Transmitter | None, *, within: Grid | None = None,
    woods: Layout | None = None, receiver_m: float = RECEIVER_HEIGHT_M, keep: bool = True,
) -> Planes | None:  # fmt: skip
    """Return the planes of rays of what is known of a site; None where rays need more.

    Rays need a layout, a transmitter, and a carrier at which materials are known. Buildings around the map are those
    of `layout.around`; on the layout's own cells its own heights count. Rays are followed in the square of REACH
    cells around the antenna; beyond it the planes are 0, which says that none were launched.

    Args:
        grid: cells of the map, the layout's own, or more of them to the east and south, or a part of them.
        layout: buildings on the map.
        transmitter: the transmitter of the site.
        within: the whole map where `grid` is a part of it: the part has the planes of the whole.
        woods: crowns, on the layout's cells or those around them; None where what rays lose in woods is not wanted, as
            for networks, which have seen none.
        receiver_m: height of the receivers [m].
    """
    if layout is None or transmitter is None or not _has_materials(transmitter):
        return None
    whole = grid if within is None else within
    wide = layout.grid if layout.around is None else layout.around.grid
    row, col = _cell(wide, transmitter)
    reach = _meet(_place(wide, wide, whole), (slice(row - REACH, row + REACH + 1), slice(col - REACH, col + REACH + 1)))
    asked = _place(wide, grid)
    room = tuple(slice(s.start - _FRINGE, s.stop + _FRINGE) for s in asked)
    seen = _meet(_meet(_place(wide, whole), (room[0], room[1])), reach)
    if any(s.stop <= s.start for s in seen):
        return None
    around = _part(wide, reach)
    height = np.zeros(around.shape, np.float32)
    for known in (layout.around, layout):
        if known is not None:
            _paste(height, around, known)
    crown = None if woods is None else np.zeros(around.shape, np.float32)
    if woods is not None and crown is not None:
        _paste(crown, around, woods)
    make = _kept if keep else _launched
    made = make(_part(wide, seen), Layout(around, height), transmitter, crown, receiver_m)
    if seen == asked:
        return made
    planes, mine = np.zeros((len(RAY_PLANES), *grid.shape), np.float32), _meet(asked, seen)
    into = tuple(slice(m.start - a.start, m.stop - a.start) for m, a in zip(mine, asked, strict=True))
    of = tuple(slice(m.start - s.start, m.stop - s.start) for m, s in zip(mine, seen, strict=True))
    planes[:, into[0], into[1]] = made[:, of[0], of[1]]
    return planes


def _has_materials(transmitter: Transmitter) -> bool:
    return CARRIERS_HZ[0] <= transmitter.carrier_hz <= CARRIERS_HZ[1]


def _kept(
    grid: Grid, layout: Layout, transmitter: Transmitter, crown: NDArray[np.float32] | None, receiver_m: float
) -> Planes:  # fmt: skip
    """Return the planes of a site, which are made once for the last KEPT ones."""
    shapes = tuple(
        hashlib.sha256(np.ascontiguousarray(a).data).digest() for a in (layout.height_m, crown) if a is not None
    )
    key = grid, layout.grid, shapes, transmitter, receiver_m
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    planes = _launched(grid, layout, transmitter, crown, receiver_m)
    with _LOCK:
        _KEPT[key] = planes
        while len(_KEPT) > KEPT:
            _KEPT.popitem(last=False)
    return planes


def _launched(
    grid: Grid, layout: Layout, transmitter: Transmitter, crown: NDArray[np.float32] | None, receiver_m: float
) -> Planes:  # fmt: skip
    """Return the planes of a site, read-only."""
    planes = ray_planes(grid, layout, transmitter, crown_m=crown, receiver_m=receiver_m)
    planes.flags.writeable = False
    return planes


def _cell(grid: Grid, transmitter: Transmitter) -> tuple[int, int]:
    """Return the row and column of a transmitter, which may lie outside."""
    west, north = grid.origin
    return (
        int(np.floor((north - transmitter.y) / grid.cell_m)), int(np.floor((transmitter.x - west) / grid.cell_m))
    )  # fmt: skip


def _place(wide: Grid, *grids: Grid) -> Box:
    """Return the rows and columns that grids of the same cells span, counted from the corner of the first one."""
    corners = [
        (round((wide.origin[1] - g.origin[1]) / wide.cell_m), round((g.origin[0] - wide.origin[0]) / wide.cell_m))
        for g in grids
    ]
    (top, left), (bottom, right) = (
        [min(c[k] for c in corners) for k in range(2)],
        [max(c[k] + g.shape[k] for c, g in zip(corners, grids, strict=True)) for k in range(2)],
    )
    return slice(top, bottom), slice(left, right)


def _meet(one: Box, other: Box) -> Box:
    rows, cols = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, cols


def _part(wide: Grid, box: Box) -> Grid:
    """Return the grid of a box of cells, counted from the corner of a grid."""
    rows, cols = box
    west, north = wide.origin
    corner = (west + cols.start * wide.cell_m, north - rows.start * wide.cell_m)
    return replace(wide, shape=(rows.stop - rows.start, cols.stop - cols.start), origin=corner)


def _paste(height: NDArray[np.float32], grid: Grid, layout: Layout) -> None:
    """Write the heights of a layout where its cells are those of a raster."""
    own = _place(grid, layout.grid)
    rows, cols = _meet(own, _place(grid, grid))
    if rows.stop > rows.start and cols.stop > cols.start:
        height[rows, cols] = layout.height_m[
            rows.start - own[0].start : rows.stop - own[0].start, cols.start - own[1].start : cols.stop - own[1].start
        ]


def over_free_space_db(planes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the power of all rays over free space [dB], FAINTEST_DB at least, of each cell; 0 where none arrives.

    Args:
        planes: the planes as `ray_planes` returns them.
    """
    over = SCALE_DB * planes[RAY_PLANES.index("ray_total")].astype(np.float64)
    return np.asarray(np.maximum(over, FAINTEST_DB))


def wood_loss_db(
    grid: Grid, layout: Layout, transmitter: Transmitter, woods: Layout, receiver_m: float = RECEIVER_HEIGHT_M
) -> NDArray[np.float64] | None:
    """Return what woods take off the power of all rays to each cell [dB], shape grid.shape.

    It is NaN where no ray arrives, or only too weak a one; None where no rays can be launched.

    Args:
        grid, layout, transmitter, woods, receiver_m: as for `site_rays`.
    """
    if not can_launch():
        return None
    bare = site_rays(grid, layout, transmitter, receiver_m=receiver_m)
    wooded = site_rays(grid, layout, transmitter, woods=woods, receiver_m=receiver_m)
    if bare is None or wooded is None:
        return None
    (all_of, left), low = (SCALE_DB * planes[0].astype(np.float64) for planes in (bare, wooded)), _LOWEST_DB + 1e-3
    heard = (bare[-1] > 0) & (bare[0] != 0) & (left > low)
    return np.where(heard, np.maximum(all_of - left, 0.0), np.nan)


def _free_space_db(grid: Grid, transmitter: Transmitter) -> NDArray[np.float32]:
    """Return the gain of the straight line with the antenna, if nothing stood in it [dB], shape grid.shape."""
    geometry = site_geometry(grid, transmitter)
    return geometry.free_space_db + geometry.pattern_db


def _stacked(field: RayField, free_space_db: NDArray[np.float32]) -> Planes:
    """Return the planes of a part of a map, all but the one of smoothed power, which is left 0.

    On built cells, where rays bring nothing, powers are 0.
    """
    heard = field.total > 0
    planes = np.zeros((len(RAY_PLANES), *heard.shape), np.float32)
    planes[0] = _over(field.total, free_space_db, heard)
    planes[1] = _over(field.ground + field.reflected, free_space_db, heard)
    planes[3] = _over(field.corners + field.eaves, free_space_db, heard)
    planes[4] = np.clip(field.roof_loss_db, 0.0, -_LOWEST_DB) / SCALE_DB
    planes[5], planes[6], planes[7] = field.strongest_cos, field.strongest_sin, 1.0
    return planes


def _over(
    power: NDArray[np.float64], free_space_db: NDArray[np.float32], heard: NDArray[np.bool_]
) -> NDArray[np.float64]:  # fmt: skip
    """Return a power [linear] over free space in latent scale, 0 where nothing is heard."""
    over = 10.0 * np.log10(np.maximum(power, 1e-40)) - free_space_db
    return np.where(heard, np.clip(over, _LOWEST_DB, _HIGHEST_DB) / SCALE_DB, 0.0)


def _smoothed(bounced: NDArray[np.float64], heard: NDArray[np.bool_], part: Box) -> NDArray[np.float64]:
    """Return a part of the reflected power [linear], smoothed over the cells of the whole map that hear anything."""
    room = tuple(slice(max(s.start - _FRINGE, 0), s.stop + _FRINGE) for s in part)
    rows, cols = (slice(s.start - r.start, s.stop - r.start) for s, r in zip(part, room, strict=True))
    mass = ndimage.gaussian_filter(heard[room].astype(np.float64), WIDE)
    wide = ndimage.gaussian_filter(bounced[room], WIDE)
    return np.asarray(wide[rows, cols] / np.maximum(mass[rows, cols], 1e-3))
