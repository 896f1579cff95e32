"""City layouts as prisms: footprints in metres with one height each, on flat ground.

A `City` is a tuple of polygons P_k (x east, y north [m]) and heights h_k [m]; the solid is the union of P_k x
[0, h_k]. `tidy` makes the P_k disjoint (where two overlap, the taller wins), so that the height field is
exact and the prisms share no volume. A rotation turns vertices, never a raster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree, affinity
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from openckm.errors import LayoutError

_MIN_AREA_M2 = 4.0
"""Footprints smaller than this are dropped."""
_GRID_M = 0.01
"""Vertices are snapped to this grid when footprints are made disjoint [m]."""


@dataclass(frozen=True)
class Prism:
    """One building part: a footprint and a height above ground [m]."""

    polygon: Polygon
    height_m: float


@dataclass(frozen=True)
class City:
    """A city layout on flat ground.

    Attributes:
        name: unique name, by which training and test sets are split.
        buildings: disjoint prisms; x east, y north [m].
        source: where the layout comes from.
        licence: its licence and the credit to give.
        seed: seed of a procedural city, None for a real one.
    """

    name: str
    buildings: tuple[Prism, ...]
    source: str
    licence: str
    seed: int | None = None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north end [m].

        Raises:
            LayoutError: if the city has no building.
        """
        if not self.buildings:
            raise LayoutError(f"city {self.name!r} has no buildings; give another layout file or area")
        box = shapely.total_bounds(np.array([b.polygon for b in self.buildings], dtype=object))
        return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _parts(shape: BaseGeometry) -> list[Polygon]:
    if isinstance(shape, Polygon):
        return [] if shape.is_empty else [shape]
    return [p for g in getattr(shape, "geoms", ()) for p in _parts(g)]


def _clean(shape: BaseGeometry) -> BaseGeometry:
    valid = shape if shape.is_valid else shapely.make_valid(shape)
    snapped = shapely.set_precision(MultiPolygon(_parts(valid)), _GRID_M)
    return shapely.simplify(snapped, 0.15)


def tidy(footprints: Iterable[tuple[BaseGeometry, float]], *, min_height_m: float = 2.0) -> tuple[Prism, ...]:
    """Return disjoint prisms; where footprints overlap, the taller wins.

    Args:
        footprints: pairs of polygon (or multi-polygon) [m] and height [m].
        min_height_m: lower ones are dropped.
    """
    kept = [(_clean(g), float(h)) for g, h in footprints if np.isfinite(h) and h >= min_height_m]
    kept = [(g, h) for g, h in kept if g.area >= _MIN_AREA_M2]
    kept.sort(key=lambda item: -item[1])
    shapes = [g for g, _ in kept]
    tree = STRtree(shapes)
    prisms: list[Prism] = []
    for k, (shape, height) in enumerate(kept):
        taller = [shapes[j] for j in tree.query(shape, predicate="intersects") if j < k]
        left = shapely.difference(shape, shapely.union_all(taller), grid_size=_GRID_M) if taller else shape
        prisms += [Prism(p, height) for p in _parts(left) if p.is_valid and p.area >= _MIN_AREA_M2]
    return tuple(prisms)


def turn(buildings: Sequence[Prism], angle_deg: float, centre: tuple[float, float]) -> tuple[Prism, ...]:
    """Return the prisms with `centre` [m] moved to the origin, turned counter-clockwise by `angle_deg`."""
    a = np.deg2rad(angle_deg)
    cos, sin = float(np.cos(a)), float(np.sin(a))
    x, y = centre
    matrix = [cos, -sin, sin, cos, -(cos * x - sin * y), -(sin * x + cos * y)]
    return tuple(Prism(affinity.affine_transform(b.polygon, matrix), b.height_m) for b in buildings)


def clip(buildings: Sequence[Prism], half_m: float) -> tuple[Prism, ...]:
    """Return the prisms cut to the square [-half_m, half_m]^2."""
    square = shapely.box(-half_m, -half_m, half_m, half_m)
    result: list[Prism] = []
    for b in buildings:
        if not b.polygon.intersects(square):
            continue
        cut = b.polygon if square.contains(b.polygon) else b.polygon.intersection(square)
        result += [Prism(p, b.height_m) for p in _parts(cut) if p.area >= _MIN_AREA_M2]
    return tuple(result)


def heights_at(buildings: Sequence[Prism], x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the height above ground at points [m]; 0 where no building stands.

    Args:
        buildings: prisms.
        x_m: east, any shape [m].
        y_m: north, same shape [m].
    """
    result = np.zeros(x_m.shape)
    if not buildings:
        return result
    points = shapely.points(x_m.ravel(), y_m.ravel())
    tree = STRtree([b.polygon for b in buildings])
    point, prism = tree.query(points, predicate="intersects")
    tops = np.array([b.height_m for b in buildings])
    np.maximum.at(result.reshape(-1), point, tops[prism])
    return result
