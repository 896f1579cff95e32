"""Vehicles in streets: metal boxes in rows along facades.

Rows are the curves at a fixed distance from the buildings: parked cars and vans nearest, moving vehicles of all
kinds in lanes further out. A vehicle lies along the curve's chord, hence along the street and its nearest facade.
Where a street is narrower than twice the distance there is no such curve, and no vehicle. Courtyards stay empty.
Boxes stand on the ground without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from shapely import STRtree
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from openckm.data.prisms import Prism


@dataclass(frozen=True)
class VehicleKind:
    """Sizes of one kind of vehicle, drawn evenly between their ends.

    Attributes:
        name: the name of the kind.
        length_m: least and greatest length [m].
        width_m: least and greatest width [m].
        height_m: least and greatest height [m].
        parked: share among parked vehicles.
        moving: share among moving vehicles.
    """

    name: str
    length_m: tuple[float, float]
    width_m: tuple[float, float]
    height_m: tuple[float, float]
    parked: float
    moving: float


KINDS = (
    VehicleKind("car", (3.9, 4.9), (1.7, 1.9), (1.45, 1.75), 0.88, 0.74),
    VehicleKind("van", (4.9, 6.0), (1.9, 2.1), (1.95, 2.7), 0.12, 0.13),
    VehicleKind("bus", (11.0, 12.5), (2.5, 2.55), (3.0, 3.3), 0.0, 0.05),
    VehicleKind("truck", (7.0, 12.0), (2.4, 2.55), (3.2, 4.0), 0.0, 0.08),
)
ROWS_M = (3.2, 6.6, 10.0, 13.4)
"""Distances of the rows' middles from the facades [m]; the first one is parked."""
_PARKED_GAP_M, _MOVING_GAP_M = (0.6, 2.0), (4.0, 35.0)
_MOVING_SHARE = 0.5
"""Occupancy of a lane over that of the parked row."""
CLEAR_M = 0.4
"""Least distance to buildings and other vehicles [m]."""
_YARD_M2 = 4000.0
"""Rows around less ground than this, closed in by buildings, are courtyards."""
STRAIGHT = 0.98
"""Least chord over arc below a vehicle: it does not stand across a corner."""


def draw_vehicles(rng: Generator, buildings: Sequence[Prism], half_m: float, *, most: int = 120) -> tuple[Prism, ...]:
    """Return boxes in the streets of the square [-half_m, half_m]^2, apart from each other and from buildings.

    Args:
        rng: the only source of randomness.
        buildings: prisms around the origin, x east, y north [m].
        half_m: half the side of the square [m].
        most: vehicles at most; a random choice of them stays.
    """
    if not buildings:
        return ()
    blocks = shapely.union_all(np.array([b.polygon for b in buildings], dtype=object), grid_size=0.01)
    occupancy = float(rng.uniform(0.15, 0.7))
    placed: list[Prism] = []
    for number, distance in enumerate(ROWS_M):
        for line in _rows(blocks, distance, half_m):
            placed += _along(rng, line, occupancy * (1.0 if number == 0 else _MOVING_SHARE), parked=number == 0)
    order = rng.permutation(len(placed))
    return _apart([placed[k] for k in order], blocks, most)


def _rows(blocks: BaseGeometry, distance: float, half_m: float) -> Iterator[LineString]:
    """Yield the curves at a distance from all buildings, cut to the square."""
    square = shapely.box(-half_m, -half_m, half_m, half_m)
    grown = shapely.simplify(blocks.buffer(distance, quad_segs=3), 0.2)
    for part in getattr(grown, "geoms", [grown]):
        rings = [part.exterior, *(r for r in part.interiors if Polygon(r).area > _YARD_M2)]
        for ring in rings:
            cut = shapely.line_merge(ring.intersection(square))
            yield from (g for g in getattr(cut, "geoms", [cut]) if isinstance(g, LineString) and g.length > 8.0)


def _along(rng: Generator, line: LineString, occupancy: float, *, parked: bool) -> Iterator[Prism]:
    """Yield vehicles one after the other along a curve."""
    shares = np.array([k.parked if parked else k.moving for k in KINDS])
    gap = _PARKED_GAP_M if parked else _MOVING_GAP_M
    at = float(rng.uniform(0.0, 10.0))
    while at < line.length:
        kind = KINDS[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
        length, width, height = (float(rng.uniform(*ends)) for ends in (kind.length_m, kind.width_m, kind.height_m))
        wanted = rng.random() < occupancy
        if wanted and at + length <= line.length:
            ends = shapely.get_coordinates([line.interpolate(at), line.interpolate(at + length)])
            if np.hypot(*(ends[1] - ends[0])) > STRAIGHT * length:
                yield Prism(_box(ends, length, width), height)
        at += length + float(rng.uniform(*gap))


def _box(ends: np.ndarray, length: float, width: float) -> Polygon:
    along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    across = np.array([-along[1], along[0]])
    corners = [s * 0.5 * length * along + t * 0.5 * width * across for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return Polygon([ends.mean(axis=0) + c for c in corners])


def _apart(placed: Sequence[Prism], blocks: BaseGeometry, most: int) -> tuple[Prism, ...]:
    """Keep, in the order given, vehicles that are clear of buildings and of those kept before."""
    shapes = [p.polygon for p in placed]
    if not shapes:
        return ()
    shapely.prepare(blocks)
    clear = shapely.disjoint(blocks, shapely.buffer(shapes, CLEAR_M, quad_segs=1))
    near: list[list[int]] = [[] for _ in shapes]
    for a, b in STRtree(shapes).query(shapes, predicate="dwithin", distance=CLEAR_M).T.tolist():
        near[a].append(b)
    kept: list[int] = []
    taken: set[int] = set()
    for k in range(len(shapes)):
        if len(kept) == most:
            break
        if clear[k] and not taken.intersection(near[k]):
            kept.append(k)
            taken.add(k)
    return tuple(placed[k] for k in kept)
