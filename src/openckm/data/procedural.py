"""Invented cities: streets, blocks, plots and buildings as exact polygons, drawn from a seed.

A field of street lines cuts the ground into blocks; a block is set back from its streets, cut into plots and
built upon: perimeter blocks with courtyards, slabs, detached houses or towers, by kind. Streets bend and lie
at any angle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

from openckm.data.prisms import City, tidy
from openckm.errors import OptionError

Kind = Literal["grid", "organic", "suburban", "highrise"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Footprint = tuple[BaseGeometry, float]


def procedural_city(seed: int, kind: Kind, *, size_m: float = 900.0) -> City:
    """Return an invented city around the origin.

    Args:
        seed: fixes the city together with `kind` and `size_m`.
        kind: grid (perimeter blocks and slabs), organic (bent streets, old town), suburban (houses), highrise
            (towers).
        size_m: side of the square it fills [m].

    Raises:
        OptionError: for an unknown kind, a negative seed or a size below 50 m.
    """
    if kind not in KINDS or seed < 0 or size_m < 50:
        raise OptionError(
            f"procedural city wants kind in {KINDS}, seed >= 0, size_m >= 50; got {kind}, {seed}, {size_m}"
        )
    rng = np.random.default_rng([seed, KINDS.index(kind), 4711])
    square = shapely.box(-size_m / 2, -size_m / 2, size_m / 2, size_m / 2)
    footprints: list[Footprint] = []
    build = _BUILDERS[kind]
    centre = rng.uniform(-0.3, 0.3, 2) * size_m
    base = {"grid": 17.0, "organic": 13.0, "suburban": 6.5, "highrise": 35.0}[kind] * rng.uniform(0.75, 1.3)
    for block in _blocks(rng, kind, size_m):
        inside = block.intersection(square)
        if isinstance(inside, Polygon) and inside.area > 120 and rng.random() > 0.06:
            away = float(np.hypot(*(np.array(inside.centroid.coords[0]) - centre))) / size_m
            footprints += build(rng, inside, base * (1.25 - 0.7 * min(away, 0.7)))
    kept = [(g.intersection(square), h) for g, h in footprints]
    return City(f"procedural-{kind}", tidy(kept), "openckm procedural generator", "Apache-2.0", seed)


def _blocks(rng: Generator, kind: Kind, size_m: float) -> list[Polygon]:
    """Cut the ground by two families of street lines and set the blocks back from them."""
    pitch = {"grid": (70, 130), "organic": (45, 95), "suburban": (70, 140), "highrise": (80, 150)}[kind]
    bend = {"grid": 0.0, "organic": 0.28, "suburban": 0.15, "highrise": 0.05}[kind] * rng.uniform(0.5, 1.5)
    angle = rng.uniform(0, 180)
    skew = rng.normal(0, {"grid": 3, "organic": 15, "suburban": 8, "highrise": 4}[kind])
    lines = _family(rng, size_m, angle, pitch, bend) + _family(rng, size_m, angle + 90 + skew, pitch, bend)
    if rng.random() < 0.5:
        a = np.deg2rad(rng.uniform(0, 180))
        p, d = rng.uniform(-0.2, 0.2, 2) * size_m, np.array([np.cos(a), np.sin(a)]) * 2 * size_m
        lines.append(LineString([p - d, p + d]))
    outer = shapely.box(-size_m, -size_m, size_m, size_m)
    width = {"grid": (7, 13), "organic": (2.5, 7), "suburban": (6, 11), "highrise": (10, 20)}[kind]
    wide = rng.uniform(*width)
    blocks = polygonize(shapely.union_all([*lines, outer.exterior]))
    result = []
    for b in blocks:
        inner = b.buffer(-wide * rng.uniform(0.8, 1.3), join_style="mitre")
        result += [p for p in getattr(inner, "geoms", [inner]) if isinstance(p, Polygon) and p.area > 120]
    return result


def _family(rng: Generator, size_m: float, angle: float, pitch: tuple[float, float], bend: float) -> list[LineString]:
    lines, y = [], -0.9 * size_m
    x = np.linspace(-1.5 * size_m, 1.5 * size_m, 60 if bend else 2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    while y < 0.9 * size_m:
        shape = np.sin(x / size_m * 4.2 + phase[0] + y / size_m) + 0.5 * np.sin(x / size_m * 9.7 + phase[1])
        line = LineString(np.c_[x, y + bend * size_m * 0.16 * shape])
        lines.append(affinity.rotate(line, angle, origin=(0, 0)))
        y += rng.uniform(*pitch)
    return lines


def _plots(rng: Generator, area: Polygon, width: tuple[float, float]) -> list[Polygon]:
    """Cut an area into plots by lines across its longer side, first along its middle."""
    corner = _corners(area)
    sides = np.linalg.norm(np.diff(corner[:3], axis=0), axis=1)
    k = int(np.argmax(sides))
    along = (corner[k + 1] - corner[k]) / sides[k]
    across = np.array([-along[1], along[0]])
    middle = corner[:4].mean(0)
    reach = 2 * float(sides.max())
    cuts = [LineString([middle - reach * along, middle + reach * along])] if sides[1 - k] > 2.2 * width[0] else []
    at = -sides[k] / 2 + rng.uniform(*width)
    while at < sides[k] / 2 - 0.5 * width[0]:
        foot = middle + at * along
        cuts.append(LineString([foot - reach * across, foot + reach * across]))
        at += rng.uniform(*width)
    pieces = polygonize(shapely.union_all([*cuts, area.exterior]))
    return [p for p in pieces if p.representative_point().within(area)]


def _corners(area: BaseGeometry) -> NDArray[np.float64]:
    """Corners of the smallest rectangle around an area, the first one again at the end."""
    return shapely.get_coordinates(shapely.minimum_rotated_rectangle(area))


def _perimeter(rng: Generator, block: Polygon, height: float) -> list[Footprint]:
    """Terraces around a courtyard, one height per plot, sometimes a gap or a back building."""
    depth = rng.uniform(9, 15)
    yard = block.buffer(-depth, join_style="mitre")
    result: list[Footprint] = []
    for plot in _plots(rng, block, (14, 32)):
        if rng.random() < 0.07:
            continue
        part = plot.difference(yard) if yard.area > 150 else plot
        result.append((part, float(max(5.0, height * rng.normal(1.0, 0.17)))))
    if yard.area > 900 and rng.random() < 0.5:
        inner = yard.buffer(-rng.uniform(6, 10), join_style="mitre")
        result += (
            [(p, height * rng.uniform(0.3, 0.8)) for p in _plots(rng, inner, (15, 40))[::2] if p.area > 60]
            if (isinstance(inner, Polygon) and inner.area > 150)
            else []
        )
    return result


def _slabs(rng: Generator, block: Polygon, height: float) -> list[Footprint]:
    """Parallel slabs at an angle of their own."""
    depth, gap, angle = rng.uniform(10, 15), rng.uniform(18, 35), rng.uniform(0, 180)
    inner = block.buffer(-rng.uniform(2, 6), join_style="mitre")
    c = block.centroid
    result: list[Footprint] = []
    for k in range(-12, 13):
        y = c.y + k * (depth + gap)
        length = rng.uniform(30, 80)
        shift = rng.uniform(-10, 10)
        slab = shapely.box(c.x - length / 2 + shift, y, c.x + length / 2 + shift, y + depth)
        part = affinity.rotate(slab, angle, origin=(c.x, c.y)).intersection(inner)
        if part.area > 80:
            result.append((part, float(max(6.0, height * rng.uniform(0.7, 1.5)))))
    return result


def _grid(rng: Generator, block: Polygon, height: float) -> list[Footprint]:
    return (_perimeter if rng.random() < 0.72 else _slabs)(rng, block, height)


def _organic(rng: Generator, block: Polygon, height: float) -> list[Footprint]:
    if rng.random() < 0.05:
        inner = shapely.minimum_rotated_rectangle(block.buffer(-8))
        tower = Point(block.centroid).buffer(rng.uniform(4, 7), quad_segs=4)
        return [(inner.intersection(block), height * 1.4), (tower, height * rng.uniform(2.0, 3.5))]
    return _perimeter(rng, block, height)


def _suburban(rng: Generator, block: Polygon, height: float) -> list[Footprint]:
    result: list[Footprint] = []
    for plot in _plots(rng, block, (16, 34)):
        if plot.area < 150 or rng.random() < 0.1:
            continue
        c = plot.representative_point()
        w, d = rng.uniform(8, 15), rng.uniform(7, 11)
        house: BaseGeometry = shapely.box(c.x - w / 2, c.y - d / 2, c.x + w / 2, c.y + d / 2)
        if rng.random() < 0.4:
            house = house.union(shapely.box(c.x - w / 2, c.y - d / 2, c.x - w / 2 + 5, c.y + d))
        edge = _corners(plot)
        angle = np.degrees(np.arctan2(*(edge[1] - edge[0])[::-1])) + rng.normal(0, 4)
        turned = affinity.rotate(house, float(angle), origin=(c.x, c.y)).intersection(plot.buffer(-1.0))
        result.append((turned, float(max(3.5, height * rng.normal(1.0, 0.2)))))
    return result


def _highrise(rng: Generator, block: Polygon, height: float) -> list[Footprint]:
    """A podium with towers, or plots of mixed height."""
    if rng.random() < 0.4:
        return _perimeter(rng, block, height * rng.uniform(0.5, 1.2))
    result: list[Footprint] = [(block.buffer(-rng.uniform(1, 6), join_style="mitre"), float(rng.uniform(6, 18)))]
    for plot in _plots(rng, block, (35, 60)):
        tower = shapely.minimum_rotated_rectangle(plot.buffer(-rng.uniform(5, 9)))
        if rng.random() < 0.75 and tower.area > 150:
            result.append((tower.intersection(block), float(height * rng.lognormal(0.1, 0.45))))
    return result


_BUILDERS: dict[Kind, Callable[[Generator, Polygon, float], list[Footprint]]] = {
    "grid": _grid,
    "organic": _organic,
    "suburban": _suburban,
    "highrise": _highrise,
}
