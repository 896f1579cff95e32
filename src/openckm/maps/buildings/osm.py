"""Building outlines of OpenStreetMap extracts (XML or PBF) by pyosmium: closed ways and multipolygon relations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from openckm.errors import LayoutError
from openckm.maps.buildings.outlines import Footprints, Polygon, footprints_of

__all__ = ["read_osm"]

_KEYS = ("building", "building:part")


def read_osm(path: Path, height_column: str | None) -> Footprints:
    """Read the buildings of an OpenStreetMap file; objects that are not in the order of their ids are sorted.

    Raises:
        LayoutError: if the file cannot be read or holds no building.
    """
    try:
        polygons, relations = _areas(path)
    except (RuntimeError, OSError) as error:
        if "order" not in str(error).lower() and "sorted" not in str(error).lower():
            raise _unreadable(path, error) from error
        polygons, relations = _sorted_areas(path)
    drawn = sum(1 for p in polygons if p.tags.get("") == "relation")
    left_out = {"without all of their members": relations - drawn} if relations > drawn else {}
    polygons = [Polygon(p.outline, {k: v for k, v in p.tags.items() if k}, p.problem) for p in polygons]
    if not polygons:
        more = f"; {relations} relations lack members" if relations else ""
        raise LayoutError(f"{path} holds no building (ways or multipolygons tagged building=...){more}")
    return footprints_of(polygons, "EPSG:4326", str(path), height_column, left_out)


def _areas(path: Path) -> tuple[list[Polygon], int]:
    """Return the tagged areas of a file, and how many tagged multipolygon relations it has."""
    import osmium
    import shapely

    maker = osmium.geom.WKBFactory()
    found: list[Polygon] = []
    relations = 0
    wanted = osmium.filter.KeyFilter(*_KEYS)
    for thing in osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter(*_KEYS)).with_filter(wanted):
        if isinstance(thing, osmium.osm.Relation):
            relations += int(thing.tags.get("type") == "multipolygon")
        elif isinstance(thing, osmium.osm.Area):
            tags: dict[str, Any] = {tag.k: tag.v for tag in thing.tags}
            tags[""] = "way" if thing.from_way() else "relation"
            try:
                found.append(Polygon(shapely.from_wkb(maker.create_multipolygon(thing)), tags))
            except (RuntimeError, shapely.errors.ShapelyError) as error:
                found.append(Polygon(None, tags, str(error)))
    return found, relations


def _sorted_areas(path: Path) -> tuple[list[Polygon], int]:
    """Sort the objects of a file by their kind and id, as the assembly of areas wants them, and read it."""
    import osmium

    with tempfile.TemporaryDirectory() as folder:
        ordered = Path(folder) / "sorted.osm.pbf"
        try:
            reader = osmium.MergeInputReader()
            reader.add_file(str(path))
            with osmium.SimpleWriter(str(ordered)) as writer:
                reader.apply(writer)
            return _areas(ordered)
        except (RuntimeError, OSError) as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> LayoutError:
    return LayoutError(f"{path} cannot be read as OpenStreetMap data: {error}; download the extract again")
