"""Outlines of buildings, and how they become cells.

A cell belongs to a building when its centre lies inside the outline (holes are outside). Where buildings overlap the
taller one wins; where parts of a building are drawn inside its outline, the parts say how high it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import LayoutError
from openckm.maps.buildings.credit import credit_of
from openckm.maps.buildings.height_names import unusual_heights
from openckm.maps.buildings.tags import all_tags, floats, height_of, is_part, no_building, unread_height
from openckm.maps.grid import Grid, reproject

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_TYPICAL_M = 40.0
"""In no town is every other building higher [m]."""
_ENOUGH = 2
_TALL_M = 300.0
"""Few buildings on Earth are higher [m]."""
_LARGE_M2 = 3000.0
"""No town's buildings are larger on average [m²]."""


@dataclass(frozen=True)
class Footprints:
    """Outlines of buildings in one CRS.

    Attributes:
        outlines: polygons or multipolygons, n of them.
        height_m: height of each [m], NaN where nobody stated one, shape (n,).
        crs: CRS of the coordinates ("EPSG:4326" for degrees), None for a local plane.
        part: whether each is a part inside the outline of another, shape (n,).
        floats: whether each begins above the ground, so that it counts only over another, shape (n,).
        left_out: polygons of the file that are no obstacle on the ground, or cannot be read, by reason.
        notes: what was mended, one sentence each.
        credit: whom the file is to be credited to, with its licence; "" where it does not say.
    """

    outlines: list[BaseGeometry]
    height_m: NDArray[np.float64]
    crs: str | None
    part: NDArray[np.bool_]
    floats: NDArray[np.bool_]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    credit: str = ""


@dataclass(frozen=True)
class Polygon:
    """One polygon of a file.

    Attributes:
        outline: its shape, None where it cannot be read.
        tags: its tags or properties.
        problem: why it cannot be read, "" where it can.
        third_m: mean of the third coordinates [m], NaN where there are none.
    """

    outline: BaseGeometry | None
    tags: Mapping[str, Any]
    problem: str = ""
    third_m: float = float("nan")


def polygon_of(shape: BaseGeometry, tags: Mapping[str, Any]) -> Polygon:
    """Return a shape, with or without third coordinates, as a polygon of a file."""
    import shapely

    third = float(shapely.get_coordinates(shape, include_z=True)[:, 2].mean()) if shape.has_z else float("nan")
    return Polygon(shapely.force_2d(shape), tags, third_m=third)


def footprints_of(
    polygons: Sequence[Polygon],
    crs: str | None,
    where: str,
    height_column: str | None = None,
    left_out: Mapping[str, int] | None = None,
) -> Footprints:
    """Return the buildings among the polygons of a file.

    Where any polygon has a `building` tag, only those with one (and not "no") are buildings; else all are that are not
    land use, water, a school's ground and the like. Underground ones, open roofs and those without a storey are left
    out and counted, as are outlines that are broken beyond mending; the others are mended.

    Args:
        polygons: the polygons.
        crs: their CRS, None for a local plane.
        where: name of the file, for messages.
        height_column: the property that holds the height, or None for the usual ones.
        left_out: polygons that the reader of the file left out already, by reason.

    Raises:
        LayoutError: if none is a building that can be read, or `height_column` is missing.
    """
    counts = dict(left_out or {})
    tagged = any({"building", "building:part"} & set(all_tags(p.tags)) for p in polygons)
    buildings = []
    for polygon in polygons:
        reason = no_building(polygon.tags, tagged)
        if reason:
            counts[reason] = counts.get(reason, 0) + 1
        else:
            buildings.append(polygon)
    good = [p for p in buildings if p.outline is not None]
    if not good:
        raise LayoutError(_nothing(where, polygons, buildings, counts))
    if height_column is not None and not any(height_column in p.tags for p in good):
        names = sorted({name for p in good for name in p.tags})
        raise LayoutError(f"{where}: no building has the property {height_column!r}; they have {', '.join(names)}")
    broken, notes = len(buildings) - len(good), []
    if broken:
        counts["whose outline is broken"] = broken
    outlines, mended = _mended([p.outline for p in good if p.outline is not None])
    if mended:
        notes.append(f"{mended} of {len(good)} outlines cross or repeat themselves and were mended")
    heights = np.array([height_of(p.tags, height_column) for p in good])
    if height_column is None and not np.isfinite(heights).any():
        heights, said = unusual_heights([p.tags for p in good])
        notes += said
        notes += _third_coordinates(good)
    unread = [text for p in good if height_column is None and (text := unread_height(p.tags))]
    if unread:
        shown = ", ".join(repr(text[:20]) for text in dict.fromkeys(unread[:60]))
        notes.append(f"{len(unread)} stated heights could not be read ({shown[:80]}), and count as unknown")
    part, above = (np.array([test(p.tags) for p in good], dtype=bool) for test in (is_part, floats))
    return Footprints(outlines, heights, crs, part, above, counts, tuple(notes), credit_of(p.tags for p in good))


def _third_coordinates(polygons: Sequence[Polygon]) -> list[str]:
    """Return a sentence where outlines without heights have third coordinates, which may be roofs or elevations."""
    third = np.array([p.third_m for p in polygons])
    third = third[np.isfinite(third) & (third != 0)]
    if not third.size:
        return []
    span = f"{third.min():.4g} to {third.max():.4g} m"
    return [f"{third.size} outlines have a third coordinate ({span}), which was not used: if it is their height above"
            " ground, give it as a property height"]  # fmt: skip


def _nothing(where: str, polygons: Sequence[Polygon], buildings: Sequence[Polygon], counts: Mapping[str, int]) -> str:
    if buildings:
        return (
            f"{where}: the outline of building 1 cannot be read ({buildings[0].problem}): wanted rings of at least four"
            " [lon, lat] pairs, the last equal to the first"
        )
    found = "; ".join(f"{count} {reason}" for reason, count in counts.items())
    return (
        f"{where} holds no building outline: {len(polygons)} polygons{f' ({found})' if found else ''}; wanted"
        " features of"
        " type Polygon or MultiPolygon with a property building (or without any that says they are something else);"
        " export the buildings"
    )


def warnings_of(footprints: Footprints, grid: Grid) -> list[str]:
    """Return warnings on outlines whose size or place is not that of buildings of this map."""
    import shapely

    notes, array = [], np.asarray(footprints.outlines, dtype=object)
    tall = footprints.height_m > _TALL_M
    if tall.any():
        most = float(np.nanmax(footprints.height_m))
        notes.append(
            f"WARNING: {int(tall.sum())} buildings are higher than {_TALL_M:g} m, up to {most:g} m; are heights"
            " in metres?"
        )
    stated = footprints.height_m[np.isfinite(footprints.height_m)]
    if len(stated) >= _ENOUGH and not tall.any() and float(np.median(stated)) > _TYPICAL_M:
        notes.append(
            f"WARNING: every other building is higher than {float(np.median(stated)):.0f} m; are heights in feet,"
            " decimetres, or above sea level?"
        )
    west, south, east, north = _grid_box(footprints, grid, "the layout")
    if footprints.crs == "EPSG:4326":
        turned = shapely.intersects(array, shapely.box(south, west, north, east))
        if turned.any() and not shapely.intersects(array[turned], shapely.box(west, south, east, north)).any():
            notes.append(
                f"WARNING: {int(turned.sum())} outlines lie on the map only once their two coordinates are"
                " exchanged, and were"
                " not used"
            )
    scale = grid.width_m * grid.height_m / ((east - west) * (north - south))  # m² for each unit of the outlines' plane
    mean = float(shapely.area(array).mean() * scale)
    if mean > _LARGE_M2 and not np.isfinite(footprints.height_m).any():
        notes.append(
            f"WARNING: these polygons have no heights and are {round(mean, -3):,.0f} m² large on average; are"
            " they buildings?"
        )
    return notes


def _mended(outlines: Sequence[BaseGeometry]) -> tuple[list[BaseGeometry], int]:
    import shapely

    array = np.asarray(outlines, dtype=object)
    bad = ~shapely.is_valid(array)
    return [_repaired(o) if b else o for o, b in zip(outlines, bad, strict=True)], int(bad.sum())


def rasterise(
    footprints: Footprints, grid: Grid, default_height_m: float, where: str
) -> tuple[NDArray[np.float32], float, NDArray[np.bool_]]:
    """Return building heights [m] on a grid, the share of its buildings with a stated height, and where it was assumed.

    The first and the last have shape grid.shape.

    Raises:
        LayoutError: if no building lies on the grid, or the CRS of one side is missing.
    """
    import shapely

    near = _crop(footprints, grid, where)
    moved = [_repaired(outline) for outline in _to_grid(near, grid, where).outlines]
    area = shapely.box(*grid.bounds)
    kept = [i for i, outline in enumerate(moved) if outline.intersects(area) and not outline.is_empty]
    if not kept:
        raise LayoutError(_misses(footprints, grid, where))
    known = np.isfinite(near.height_m[kept])
    heights = np.where(known, near.height_m[kept], default_height_m)
    part = near.part[kept]
    outlines = [moved[i] for i in kept]
    above = near.floats[kept]
    cells = _burn(outlines, heights, ~part, grid)
    stated = _burn(outlines, heights, ~part & known, grid)
    parts = _burn(outlines, heights, part & known & ~above, grid)
    ground = np.where(parts > 0, parts, cells)
    high = _burn(outlines, heights, part & known & above, grid)
    final = np.where((high > 0) & (ground > 0), np.maximum(high, parts), ground)
    return final, float(known.mean()), (cells > stated) & (parts == 0) & (high == 0)


def _burn(
    outlines: Sequence[BaseGeometry], heights: NDArray[np.float64], chosen: NDArray[np.bool_], grid: Grid
) -> NDArray[np.float32]:
    """Return the height of the tallest chosen outline on each cell [m], 0 where there is none."""
    from rasterio.features import rasterize

    order = [i for i in np.argsort(heights, kind="stable") if chosen[i]]  # the taller wins
    if not order:
        return np.zeros(grid.shape, dtype=np.float32)
    shapes = [(outlines[i], float(heights[i])) for i in order]
    cells = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, fill=0.0, dtype="float32")
    return np.asarray(cells, dtype=np.float32)


def _repaired(outline: BaseGeometry) -> BaseGeometry:
    """Return the outline without self-intersections, its areas only."""
    import shapely

    if outline.is_valid:
        return outline
    parts = shapely.get_parts(shapely.make_valid(outline))
    areas = [part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(areas)


def _bounds(outlines: Iterable[BaseGeometry]) -> tuple[float, float, float, float]:
    import shapely

    west, south, east, north = shapely.total_bounds(np.asarray(list(outlines), dtype=object))
    return float(west), float(south), float(east), float(north)


def _to_grid(footprints: Footprints, grid: Grid, where: str) -> Footprints:
    import shapely

    if footprints.crs == grid.crs:
        return footprints
    if footprints.crs is None or grid.crs is None:
        raise LayoutError(_no_crs(footprints, grid, where))
    moved = shapely.transform(np.asarray(footprints.outlines, dtype=object), _mover(footprints.crs, grid.crs))
    return replace(footprints, outlines=list(moved), crs=grid.crs)


def _crop(footprints: Footprints, grid: Grid, where: str) -> Footprints:
    """Drop what lies far from the grid before it is moved: projections are only sane near their area."""
    import shapely

    west, south, east, north = _grid_box(footprints, grid, where)
    pad_x, pad_y = 0.1 * (east - west), 0.1 * (north - south)
    area = shapely.box(west - pad_x, south - pad_y, east + pad_x, north + pad_y)
    keep = [i for i, outline in enumerate(footprints.outlines) if outline.intersects(area)]
    if not keep:
        raise LayoutError(_misses(footprints, grid, where))
    return replace(
        footprints, outlines=[footprints.outlines[i] for i in keep], height_m=footprints.height_m[keep],
        part=footprints.part[keep], floats=footprints.floats[keep],
    )  # fmt: skip


def _grid_box(footprints: Footprints, grid: Grid, where: str) -> tuple[float, float, float, float]:
    """Return the grid's bounding box in the CRS of the footprints."""
    import shapely

    if footprints.crs == grid.crs:
        return grid.bounds
    if footprints.crs is None or grid.crs is None:
        raise LayoutError(_no_crs(footprints, grid, where))
    edge = shapely.segmentize(shapely.box(*grid.bounds), max(grid.width_m, grid.height_m) / 16)
    return _bounds([shapely.transform(edge, _mover(grid.crs, footprints.crs))])


def _mover(source: str, target: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda xy: np.column_stack(reproject(source, target, xy[:, 0], xy[:, 1]))


def _no_crs(footprints: Footprints, grid: Grid, where: str) -> str:
    lacks, has = ("layout", grid.crs) if footprints.crs is None else ("grid", footprints.crs)
    remedy = (
        "export the layout with its CRS"
        if footprints.crs is None
        else "make the grid with Grid.centred(lon, lat, ...) or give it a crs"
    )
    return f"{where}: the {lacks} has no CRS, the other side is in {has}, so the two cannot be laid together; {remedy}"


def _misses(footprints: Footprints, grid: Grid, where: str) -> str:
    if all(outline.is_empty for outline in footprints.outlines):
        return f"{where} has {len(footprints.outlines)} buildings without an outline; export their polygons again"

    swapped = _swapped(footprints, grid, where)
    if swapped:
        return swapped

    def text(box: tuple[float, float, float, float]) -> str:
        return "({:.5f}, {:.5f}) to ({:.5f}, {:.5f})".format(*box)

    return (
        f"{where} misses the area: none of its {len(footprints.outlines)} buildings lies on the grid; the layout spans"
        f" {text(_bounds(footprints.outlines))}, the grid {text(_grid_box(footprints, grid, where))} [west south to"
        f" east north, {footprints.crs or 'm, local plane'}]; take a layout of this area or move the grid"
    )


def _swapped(footprints: Footprints, grid: Grid, where: str) -> str:
    """Return what to say where the layout lies on the grid once its two coordinates are exchanged, else ""."""
    import shapely

    west, south, east, north = _bounds(footprints.outlines)
    if not shapely.box(south, west, north, east).intersects(shapely.box(*_grid_box(footprints, grid, where))):
        return ""
    return (
        f"{where} gives latitude before longitude: its coordinates are swapped (the first is {west:.5f}, {south:.5f});"
        " exchange them, GeoJSON has longitude first"
    )
