"""Building outlines in JSON: GeoJSON (as a whole, or one feature a line), Overpass and CityJSON."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openckm.errors import LayoutError
from openckm.maps.buildings.credit import OSM, said_credit
from openckm.maps.buildings.outlines import Footprints, Polygon, footprints_of, polygon_of
from openckm.maps.tables.records import missing_from

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def read_json(path: Path, height_column: str | None) -> Footprints:
    """Read building outlines from GeoJSON, line-delimited GeoJSON, raw Overpass JSON or CityJSON.

    Coordinates of GeoJSON are WGS 84 degrees unless the file has a `crs` member: a name ("EPSG:32617"), or null for a
    local plane.

    Raises:
        LayoutError: if the file is none of these, has no building, lacks `height_column`, or gives metres without a
        CRS.
    """
    document, lines = _load(path)
    if lines is not None and lines[0].get("type") == "CityJSON":
        return _cityjson(path, lines[0], height_column, lines[1:])
    if isinstance(document, dict) and str(document.get("geometryType", "")).startswith("esri"):
        from openckm.maps.buildings.vector import read_vector

        found = read_vector(path, height_column)  # GDAL reads Esri's JSON
        return _with_missing(found, document, len(document.get("features") or ()))
    if lines is not None:
        return geojson_footprints({"type": "FeatureCollection", "features": lines}, str(path), height_column)
    if isinstance(document, dict) and "elements" in document:
        polygons, missing = _overpass(document["elements"])
        found = footprints_of(polygons, "EPSG:4326", str(path), height_column, missing)
        return replace(_with_missing(found, document, 0), credit=OSM)
    if isinstance(document, dict) and document.get("type") == "CityJSON":
        return _cityjson(path, document, height_column)
    return geojson_footprints(document, str(path), height_column)


def geojson_footprints(document: object, where: str, height_column: str | None = None) -> Footprints:
    """Return the building outlines of a GeoJSON document in memory; errors as `read_json`.

    Args:
        document: the document as `json.loads` returns it.
        where: what errors call it.
        height_column: the property that holds the height, or None for the usual ones.
    """
    polygons, crs, others = _geojson_polygons(document, where)
    counts = {"that are points, lines or nothing": others} if others else {}
    return _with_missing(footprints_of(polygons, crs, where, height_column, counts), document, len(polygons) + others)


def _with_missing(footprints: Footprints, document: object, count: int) -> Footprints:
    """Return outlines with the credit that their document states, and a warning where it says that it is a part."""
    credit = said_credit(document) or footprints.credit
    return replace(footprints, notes=(*missing_from(document, count), *footprints.notes), credit=credit)


def json_polygons(path: Path) -> tuple[list[Polygon], str | None]:
    """Return all areas of a file, buildings or not, and the CRS of their coordinates; none of CityJSON.

    Raises:
        LayoutError: if the file is no JSON of a known kind.
    """
    document = _collection(path)
    if isinstance(document, dict) and "elements" in document:
        return _overpass(document["elements"])[0], "EPSG:4326"
    if isinstance(document, dict) and document.get("type") == "CityJSON":
        return [], None
    polygons, crs, _ = _geojson_polygons(document, str(path))
    return polygons, crs


def json_lines(path: Path) -> tuple[list[Polygon], str | None]:
    """Return all lines of a file with their tags, and the CRS of their coordinates; none of CityJSON.

    Raises:
        LayoutError: if the file is no JSON of a known kind.
    """
    document = _collection(path)
    if isinstance(document, dict) and "elements" in document:
        elements = document["elements"]
        nodes = {e["id"]: (e["lon"], e["lat"]) for e in elements if e.get("type") == "node" and "lon" in e}
        ways = [(_line(e, nodes), e.get("tags") or {}) for e in elements if e.get("type") == "way"]
        drawn = [({"type": "LineString", "coordinates": way}, tags) for way, tags in ways if len(way) > 1 and tags]
        return [_polygon(*one) for one in drawn], "EPSG:4326"
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return [], None
    features = [f for f in _features(str(path), document) if _is_line(f.get("geometry"))]
    return [_polygon(f["geometry"], _properties(f)) for f in features], _geojson_crs(str(path), document)


def _is_line(geometry: object) -> bool:
    return isinstance(geometry, dict) and geometry.get("type") in ("LineString", "MultiLineString")


def _geojson_polygons(document: object, where: str) -> tuple[list[Polygon], str | None, int]:
    """Return the areas of a GeoJSON document, their CRS, and the number of its features that are none."""
    if not isinstance(document, dict) or "type" not in document:
        raise LayoutError(f"{where} is JSON but not GeoJSON: wanted a FeatureCollection with building outlines")
    features = [{**f, "geometry": _areas(f.get("geometry"))} for f in _features(where, document)]
    crs = _geojson_crs(where, document)
    polygons = [_polygon(f["geometry"], _properties(f)) for f in features if _is_area(f["geometry"])]
    others = len(features) - len(polygons)
    if crs == "EPSG:4326":
        _require_degrees(where, [p.outline for p in polygons if p.outline is not None])
    return polygons, crs, others


def _load(path: Path) -> tuple[Any, list[dict[str, Any]] | None]:
    """Return the document, or the features where each stands on a line of its own."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
        return json.loads(text), None
    except (ValueError, UnicodeDecodeError, OSError, EOFError) as error:
        try:
            lines = [json.loads(line.strip("\x1e, ")) for line in text.splitlines() if line.strip("\x1e, ")]
        except (ValueError, NameError):
            lines = []
        kinds = {line.get("type") if isinstance(line, dict) else None for line in lines}
        if not lines or not (kinds <= {"Feature"} or kinds <= {"CityJSON", "CityJSONFeature"}):
            raise LayoutError(f"{path} is not JSON ({error}): wanted GeoJSON with building outlines") from error
        return None, lines


def _collection(path: Path) -> Any:
    """Return the document; of features that stand on lines of their own, the collection of them."""
    document, lines = _load(path)
    return document if lines is None else {"type": "FeatureCollection", "features": lines}


def _features(where: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    kind = document["type"]
    if kind == "FeatureCollection":
        found = document.get("features")
        if not isinstance(found, list) or not all(isinstance(f, dict) for f in found):
            raise LayoutError(f"{where}: a FeatureCollection without a list of features; export the layout again")
        return found
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise LayoutError(f"{where} is a {kind!r}: wanted a GeoJSON FeatureCollection with building outlines")


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    nested = found.get("tags") if isinstance(found, dict) else None  # as some converters of Overpass write them
    return {**nested, **found} if isinstance(nested, dict) and found else found if isinstance(found, dict) else {}


def _areas(geometry: object) -> object:
    """Return the areas of a collection as one geometry, and any other geometry as it is."""
    if not isinstance(geometry, dict) or geometry.get("type") != "GeometryCollection":
        return geometry
    parts = [part for part in geometry.get("geometries") or [] if _is_area(part)]
    rings = [ring for p in parts for ring in ([p["coordinates"]] if p["type"] == "Polygon" else p["coordinates"])]
    return {"type": "MultiPolygon", "coordinates": rings} if rings else None


def _is_area(geometry: object) -> bool:
    return isinstance(geometry, dict) and geometry.get("type") in ("Polygon", "MultiPolygon")


def _polygon(geometry: dict[str, Any], tags: Mapping[str, Any]) -> Polygon:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        return polygon_of(shape(geometry), tags)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        return Polygon(None, tags, str(error))


def _geojson_crs(where: str, document: dict[str, Any]) -> str | None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if "crs" not in document:
        return "EPSG:4326"
    if document["crs"] is None:
        return None
    try:
        name = document["crs"]["properties"]["name"]
        parsed = CRS.from_user_input(name)
    except (CRSError, KeyError, TypeError) as error:
        raise LayoutError(f"{where}: unknown crs {document['crs']!r}: wanted a name such as EPSG:32617") from error
    return "EPSG:4326" if str(name).upper().endswith("CRS84") else parsed.to_string()


def _require_degrees(where: str, outlines: Sequence[BaseGeometry]) -> None:
    import shapely

    if not outlines:
        return
    west, south, east, north = (float(v) for v in shapely.total_bounds(list(outlines)))
    if west < -180 or east > 180 or south < -180 or north > 180:
        raise LayoutError(
            f"{where} has no CRS, and its coordinates ({west:.1f}, {south:.1f}) to ({east:.1f}, {north:.1f}) are no"
            ' degrees; add "crs": {"type": "name", "properties": {"name": "EPSG:..."}}, or export it in EPSG:4326'
        )


def _overpass(elements: Sequence[Mapping[str, Any]]) -> tuple[list[Polygon], dict[str, int]]:
    """Return the polygons of Overpass elements, and how many buildings could not be drawn for want of members."""
    nodes = {e["id"]: (e["lon"], e["lat"]) for e in elements if e.get("type") == "node" and "lon" in e}
    ways = {e["id"]: line for e in elements if e.get("type") == "way" and (line := _line(e, nodes))}
    polygons, missing = [], 0
    members: set[int] = set()
    for element in elements:
        if element.get("type") == "relation" and element.get("tags"):
            polygon, used = _relation(element, ways)
            members |= used
            missing += polygon is None
            polygons += [polygon] if polygon is not None else []
    for element in elements:
        tags = element.get("tags")
        if element.get("type") == "way" and tags and (element["id"] not in members or "building" in tags):
            line = ways.get(element["id"], [])
            if len(line) >= 4 and line[0] == line[-1]:
                polygons.append(_polygon({"type": "Polygon", "coordinates": [line]}, tags))
            elif "building" in tags:
                missing += 1
    return polygons, {"without all of their members": missing} if missing else {}


def _line(way: Mapping[str, Any], nodes: Mapping[int, tuple[float, float]]) -> list[tuple[float, float]]:
    if "geometry" in way:
        return [(p["lon"], p["lat"]) for p in way["geometry"] if p]
    refs = way.get("nodes") or []
    return [nodes[r] for r in refs] if all(r in nodes for r in refs) else []


def _relation(
    relation: Mapping[str, Any], ways: Mapping[int, list[tuple[float, float]]]
) -> tuple[Polygon | None, set[int]]:
    import shapely

    rings: dict[bool, list[Any]] = {True: [], False: []}
    used: set[int] = set()
    for member in relation.get("members") or []:
        if member.get("type") != "way":
            continue
        line = _line(member, {}) if "geometry" in member else ways.get(member.get("ref"), [])
        if len(line) < 2:
            return None, used
        used.add(int(member.get("ref", -1)))
        rings[member.get("role") != "inner"].append(shapely.LineString(line))
    outer, inner = (shapely.polygonize(rings[side]) for side in (True, False))
    shape = shapely.difference(shapely.union_all(outer), shapely.union_all(inner))
    return (None if shape.is_empty else Polygon(shape, relation["tags"])), used


def _cityjson(
    path: Path, document: dict[str, Any], height_column: str | None, features: Sequence[Mapping[str, Any]] = ()
) -> Footprints:
    """Return each building of a CityJSON file, or of its features by line, as what it covers, as high as it reaches."""
    scale, shift = (document.get("transform") or {}).get("scale", [1, 1, 1]), None
    shift = (document.get("transform") or {}).get("translate", [0, 0, 0])
    try:
        polygons = []
        for part in (document, *features):
            points = [tuple(v[k] * scale[k] + shift[k] for k in range(3)) for v in part["vertices"]]
            objects = [o for o in part["CityObjects"].values() if str(o.get("type", "")).startswith("Building")]
            polygons += [p for o in objects if (p := _city_object(o, points)) is not None]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise LayoutError(f"{path} is no whole CityJSON file ({error!r}); export it again") from error
    metadata = document.get("metadata") or {}
    name = str(metadata.get("referenceSystem") or (metadata.get("crs") or {}).get("epsg", ""))
    if not name:
        raise LayoutError(f"{path}: the CityJSON file has no referenceSystem; export it with its CRS")
    code = name.rstrip("/").replace("::", ":").replace("/", ":").rsplit(":", 1)[-1]
    return footprints_of(polygons, _flat(f"EPSG:{code}", path), str(path), height_column)


def _flat(name: str, path: Path) -> str:
    """Return the horizontal part of a CRS with heights."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        raise LayoutError(f"{path}: unknown CRS {name!r} ({error})") from error
    flat = crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()
    return str(flat.to_string())


def _city_object(thing: Mapping[str, Any], points: Sequence[tuple[float, ...]]) -> Polygon | None:
    import shapely

    faces = [
        ring for geometry in thing.get("geometry") or [] for ring in _outer_rings(geometry.get("boundaries") or [])
    ]
    heights = [points[i][2] for ring in faces for i in ring]
    if not heights:
        return None  # its parts have the geometry
    flat = [shapely.Polygon([points[i][:2] for i in ring]) for ring in faces if len(ring) >= 3]
    shape = shapely.union_all([p if p.is_valid else p.buffer(0) for p in flat if p.area > 1e-6])
    tags = {"building": "yes", **(thing.get("attributes") or {})}
    rise = max(heights) - min(heights)
    if not any(key.lower() in ("height", "measuredheight") for key in tags) and rise > 0 and math.isfinite(rise):
        tags["height"] = rise
    return None if shape.is_empty else Polygon(shape, tags)


def _outer_rings(boundaries: Sequence[Any]) -> Iterator[Sequence[int]]:
    """Yield the outer ring of every surface, however deep solids and shells are nested."""
    if boundaries and isinstance(boundaries[0], int):
        yield boundaries
    elif boundaries and isinstance(boundaries[0], list) and boundaries[0] and isinstance(boundaries[0][0], int):
        yield boundaries[0]
    else:
        for part in boundaries:
            yield from _outer_rings(part)
