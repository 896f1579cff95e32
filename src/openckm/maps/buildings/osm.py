"""Building outlines of OpenStreetMap extracts (XML or PBF) by pyosmium: closed ways and multipolygon relations."""

from __future__ import annotations

import bz2
import gzip
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from openckm.errors import LayoutError
from openckm.maps.buildings.credit import OSM
from openckm.maps.buildings.outlines import Footprints, Polygon, footprints_of
from openckm.maps.tables.records import missing_from

_END_BYTES = 1 << 13
_KEYS = ("building", "building:part")


def read_osm(path: Path, height_column: str | None) -> Footprints:
    """Read the buildings of an OpenStreetMap file; objects that are not in the order of their ids are sorted.

    Raises:
        LayoutError: if the file cannot be read or holds no building.
    """
    polygons, relations = _areas_in_any_order(path, _KEYS)
    drawn = sum(1 for p in polygons if p.tags.get("") == "relation")
    left_out = {"without all of their members": relations - drawn} if relations > drawn else {}
    polygons = [Polygon(p.outline, {k: v for k, v in p.tags.items() if k}, p.problem) for p in polygons]
    if not polygons:
        more = f"; {relations} relations lack members" if relations else ""
        raise LayoutError(f"{path} holds no building (ways or multipolygons tagged building=...){more}")
    found = footprints_of(polygons, "EPSG:4326", str(path), height_column, left_out)
    return replace(found, notes=(*missing_from({"remark": _remark(path)}, 0), *found.notes), credit=OSM)


def _remark(path: Path) -> str:
    """Return what Overpass wrote at the end of a file in XML, as "runtime error: Query timed out", else nothing."""
    if path.suffix == ".pbf":
        return ""
    end, read = b"", gzip.open if path.suffix == ".gz" else bz2.open if path.suffix == ".bz2" else open
    with cast("IO[bytes]", read(path, "rb")) as stream:
        while piece := stream.read(1 << 20):
            end = (end + piece)[-_END_BYTES:]
    found = re.search(rb"<remark>(.*?)</remark>", end, re.DOTALL)
    return found[1].decode("utf-8", "replace").strip() if found else ""


def osm_polygons(path: Path, keys: Sequence[str]) -> list[Polygon]:
    """Return the areas of an OpenStreetMap file that have one of the tags.

    Raises:
        LayoutError: if the file cannot be read.
    """
    polygons, _ = _areas_in_any_order(path, keys)
    return [Polygon(p.outline, {k: v for k, v in p.tags.items() if k}, p.problem) for p in polygons]


def osm_lines(path: Path, keys: Sequence[str]) -> list[Polygon]:
    """Return the ways of an OpenStreetMap file that have one of the tags, as lines; those that lack nodes are left out.

    Raises:
        LayoutError: if the file cannot be read.
    """
    import osmium
    import shapely

    maker, found = osmium.geom.WKBFactory(), []
    try:
        ways = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for way in ways.with_filter(osmium.filter.KeyFilter(*keys)):
            if isinstance(way, osmium.osm.Way):
                try:
                    line = shapely.from_wkb(maker.create_linestring(way))
                except RuntimeError:  # a node is missing, or there is one alone
                    continue
                found.append(Polygon(line, {tag.k: tag.v for tag in way.tags}))
    except (RuntimeError, OSError) as error:
        raise _unreadable(path, error) from error
    return found


def _areas_in_any_order(path: Path, keys: Sequence[str]) -> tuple[list[Polygon], int]:
    try:
        return _areas(path, keys)
    except (RuntimeError, OSError) as error:
        if "order" not in str(error).lower() and "sorted" not in str(error).lower():
            raise _unreadable(path, error) from error
        return _sorted_areas(path, keys)


def _areas(path: Path, keys: Sequence[str]) -> tuple[list[Polygon], int]:
    """Return the tagged areas of a file, and how many tagged multipolygon relations it has."""
    import osmium
    import shapely

    maker = osmium.geom.WKBFactory()
    found: list[Polygon] = []
    relations = 0
    wanted = osmium.filter.KeyFilter(*keys)
    for thing in osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter(*keys)).with_filter(wanted):
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


def _sorted_areas(path: Path, keys: Sequence[str]) -> tuple[list[Polygon], int]:
    """Sort the objects of a file by their kind and id, as the assembly of areas wants them, and read it."""
    import osmium

    with tempfile.TemporaryDirectory() as folder:
        ordered = Path(folder) / "sorted.osm.pbf"
        try:
            reader = osmium.MergeInputReader()
            reader.add_file(str(path))
            with osmium.SimpleWriter(str(ordered)) as writer:
                reader.apply(writer)
            return _areas(ordered, keys)
        except (RuntimeError, OSError) as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> LayoutError:
    return LayoutError(f"{path} cannot be read as OpenStreetMap data: {error}; download the extract again")
