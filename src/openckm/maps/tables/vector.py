"""Readings as points of vector files: GPX, KML and GeoJSON by their own text, all others by GDAL, Parquet by Arrow.

GDAL's GPX driver passes over values in `<extensions>`, and its KML driver over "RSRP: -90" in a description; both are
what apps write. So these two are read here, element by element.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from openckm.errors import MeasurementError
from openckm.maps.tables.frame import FrameFile, from_records
from openckm.maps.tables.records import documents_in, flat_rows, missing_from, records_of
from openckm.maps.tables.roles import OTHER_ROLES, VALUE_ROLES, role_of
from openckm.maps.tables.sources import Source

_DEGREES = ("geometry lon", "geometry lat")
_METRES = ("geometry x", "geometry y")
_PAIR = re.compile(r"([A-Za-z][\w .\-()\[\]/]{0,40}?)\s*[:=]\s*([-+\u2212]?\d+(?:[.,]\d+)?(?:\s*dBm?)?|\w[\w:.\-]*)")
_TAG = re.compile(r"<[^>]*>")
EXTRA = "install openckm[files] to read it"


def open_geojson(source: Source) -> FrameFile:
    """Return the points of a GeoJSON file, as a collection or one feature a line.

    Raises:
        MeasurementError: if it is not GeoJSON, or holds no points.
    """
    text = source.whole().decode("utf-8-sig", errors="replace")
    features, crs, part = _features(text, source.label)
    records = []
    for feature in features:
        geometry, properties = feature.get("geometry") or {}, feature.get("properties") or {}
        places = list(_places(geometry))
        for row in flat_rows(properties) if places else ():
            records += [row | dict(zip(_DEGREES, place[:2], strict=False)) for place in places]
    kinds = Counter(str((f.get("geometry") or {}).get("type")) for f in features)
    others = [f"{n} {kind}" for kind, n in sorted(kinds.items()) if kind not in ("Point", "MultiPoint", "None")]
    notes = [f"features that are no points were passed over: {', '.join(others)}"] if others else []
    if kinds["MultiPoint"] and len(records) > len(features):
        raise MeasurementError(
            f"{source.label} holds {kinds['MultiPoint']} MultiPoint of several places with one reading for"
            " all: wanted a point with its own reading each"
        )
    notes += part
    return _points(source, records, sorted(kinds), crs, notes)


def open_xml(source: Source) -> FrameFile:
    """Return the points of a GPX or KML file with what their elements, extensions and descriptions say.

    Raises:
        MeasurementError: if it is neither, broken, or holds no points.
    """
    try:
        root = ElementTree.fromstring(source.whole())
    except ElementTree.ParseError as error:
        raise MeasurementError(f"{source.label} is broken XML ({error}); export the track again") from error
    kind = _local(root.tag)
    if kind == "gpx":
        return _points(
            source, [_gpx_point(e) for e in root.iter() if _local(e.tag) in ("trkpt", "wpt", "rtept")], ["track"]
        )
    if kind == "kml":
        return _points(source, list(_kml_points(root, "")), ["Placemark"])
    raise MeasurementError(
        f"{source.label} is XML of the kind <{kind}>: wanted GPX or KML; export the readings as CSV, GPX or KML"
    )


def open_parquet(source: Source) -> FrameFile:
    """Return a Parquet file, plain or with points as geometry (GeoParquet).

    Raises:
        MeasurementError: if pyarrow is not installed, or the file is broken.
    """
    import shapely

    try:
        import pyarrow
        import pyarrow.parquet as pq
    except ImportError:
        raise MeasurementError(f"{source.label} is a Parquet file: {EXTRA}, or export the readings as CSV") from None
    try:
        table = pq.read_table(io.BytesIO(source.whole()))
    except (pyarrow.ArrowException, OSError) as error:
        raise MeasurementError(f"{source.label} is no whole Parquet file ({error}); write it again") from error
    geo = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
    place = geo.get("primary_column", "geometry") if geo else _column_of_points(table)
    if place not in table.column_names:
        return FrameFile(source.label, source.name, _plain_columns(table))
    stated = (geo.get("columns") or {}).get(place, {})
    crs = _parquet_crs(stated.get("crs", "OGC:CRS84"))
    values = table[place].to_pylist()
    if stated.get("encoding") == "point":  # GeoArrow's own: a struct of x and y
        values = [None if v is None else shapely.Point(v["x"], v["y"]).wkb for v in values]
    columns = [*_plain_columns(table.drop_columns([place])), *_coordinates(source, values, crs)]
    notes = [] if geo else [f"the column {place!r} was read as points in degrees: the file states no CRS"]
    return FrameFile(source.label, source.name, columns, notes, crs=None if _is_wgs84(crs) else crs)


def _column_of_points(table: Any) -> str | None:
    """Return the column of a Parquet file without metadata that holds points as WKB, None where there is none."""
    import pyarrow
    import shapely

    for field in table.schema:
        if pyarrow.types.is_binary(field.type) or pyarrow.types.is_large_binary(field.type):
            some = [v for v in table[field.name].slice(0, 50).to_pylist() if v]
            shapes = shapely.from_wkb(np.array(some, dtype=object), on_invalid="ignore")
            if some and all(
                s is not None and s.geom_type == "Point" and abs(s.x) <= 180 >= 2 * abs(s.y) for s in shapes
            ):
                return str(field.name)
    return None


def _plain_columns(table: Any) -> list[tuple[str, NDArray[Any]]]:
    """Return the columns of an Arrow table: members of structures by their own names, lists as text, no bytes."""
    from pyarrow import types

    own = set(table.column_names)
    while any(types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    ends = Counter(name.rsplit(".", 1)[-1] for name in table.column_names)
    found = []
    for field, column in zip(table.schema, table.columns, strict=True):
        short = field.name.rsplit(".", 1)[-1]
        name = short if field.name not in own and ends[short] == 1 else field.name
        if types.is_nested(field.type):
            found.append((name, np.array([json.dumps(v, default=str) for v in column.to_pylist()], dtype=object)))
        elif not (types.is_binary(field.type) or types.is_large_binary(field.type)):
            found.append((name, column.to_pandas().to_numpy()))
    return found


def open_vector(source: Source) -> FrameFile:
    """Return the first layer with points and readings of a file of GDAL: GeoPackage, Shapefile, FlatGeobuf and others.

    Where the path names a layer, it is that one.

    Where no layer holds points, it is the first table with columns of positions and readings, as of an app's data base.

    Raises:
        MeasurementError: if pyogrio is not installed, the file is broken, or no layer holds points.
    """
    try:
        import pyogrio
    except ImportError:
        raise MeasurementError(f"{source.label} is a file of GDAL: {EXTRA}, or export the readings as CSV") from None
    place = f"/vsizip/{source.path}/{source.member}" if source.packed == "zip" else str(source.path)
    try:
        layers = [(str(name), str(kind)) for name, kind in pyogrio.list_layers(place)]
        asked = source.wanted([name for name, _ in layers], "layer")
        layers = [layer for layer in layers if layer[0] in asked]
        points = [name for name, kind in layers if "Point" in kind or "Unknown" in kind]
        tables = [
            name for name, kind in layers if kind == "None" and _has_readings(pyogrio.read_info(place, layer=name))
        ]
        if not points and tables:
            meta, _, _, fields = pyogrio.raw.read(place, layer=tables[0], read_geometry=False)
            notes = [f"the readings were taken from the table {tables[0]!r} of {len(layers)}"]
            return FrameFile(source.label, source.name, _named_arrays(meta, fields), notes)
        if not points:
            raise MeasurementError(
                f"{source.label} holds {', '.join(f'{n} ({k})' for n, k in layers) or 'no layer'}: wanted a layer"
                " of points"
            )
        valued = [name for name in points if _has_value(pyogrio.read_info(place, layer=name))]
        points = [*valued, *(name for name in points if name not in valued)]
        meta, _, geometry, fields = pyogrio.raw.read(place, layer=points[0])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError) as error:
        raise MeasurementError(f"cannot read {source.label}: {error}; export the readings again") from error
    columns, crs = _named_arrays(meta, fields), meta["crs"]
    notes = [f"the readings were taken from the layer {points[0]!r} of {len(layers)}"] if len(layers) > 1 else []
    others = points[1:] if len(valued) != 1 else []  # layers without readings are those of other things
    if others:
        notes.append(f"WARNING: the layers {', '.join(map(repr, others))} hold points, too, and were not read; give"
                     f' one as "{source.path}/{others[0]}"')  # fmt: skip
    if crs is None and _in_degrees(geometry):
        crs = "EPSG:4326"
        notes.append("the file states no CRS, and its coordinates were read as degrees")
    columns += _coordinates(source, geometry, crs)
    return FrameFile(source.label, source.name, columns, notes, None if _is_wgs84(crs) else crs)


def _has_readings(info: Mapping[str, Any]) -> bool:
    return {"lon", "lat"} <= {role_of(str(name)) for name in info["fields"]} and _has_value(info)


def _has_value(info: Mapping[str, Any]) -> bool:
    return any(role_of(str(name)) in (*VALUE_ROLES, *OTHER_ROLES) for name in info["fields"])


def _named_arrays(meta: Mapping[str, Any], fields: Sequence[NDArray[Any]]) -> list[tuple[str, NDArray[Any]]]:
    return [(str(name), _plain_array(values)) for name, values in zip(meta["fields"], fields, strict=True)]


def _points(
    source: Source, records: Sequence[Mapping[str, Any]], kinds: Sequence[str], crs: str | None = None,
    notes: Sequence[str] = (),
) -> FrameFile:  # fmt: skip
    if not records:
        raise MeasurementError(
            f"{source.label} holds no points, but {', '.join(kinds) or 'nothing'}: wanted points with a reading each"
        )
    columns = from_records(records)
    if crs is not None:
        columns = [(dict(zip(_DEGREES, _METRES, strict=True)).get(name, name), values) for name, values in columns]
    return FrameFile(source.label, source.name, columns, notes, crs=crs)


def _features(text: str, label: str) -> tuple[list[dict[str, Any]], str | None, list[str]]:
    """Return the features of GeoJSON or the records of other JSON, their CRS, None for degrees, and notes."""
    try:
        documents = documents_in(text)
    except ValueError as error:
        raise MeasurementError(f"{label} is not JSON ({error}): wanted GeoJSON with points") from error
    document = documents[0] if len(documents) == 1 else documents
    if isinstance(document, dict) and document.get("type") == "Feature":
        return [document], None, []
    if isinstance(document, dict) and isinstance(document.get("features"), list):
        name = ((document.get("crs") or {}).get("properties") or {}).get("name")
        found = [f for f in document["features"] if isinstance(f, dict)]
        part = missing_from(document, len(found))
        return found, None if name is None or _is_wgs84(name) else _epsg(str(name)), part
    records = None if isinstance(document, dict) and "elements" in document else records_of(document)
    if records is None:
        what = "raw Overpass JSON" if isinstance(document, dict) and "elements" in document else "JSON, but not GeoJSON"
        raise MeasurementError(f"{label} is {what}: wanted a FeatureCollection of points with their readings")
    features = [r if "geometry" in r else {"geometry": None, "properties": r} for r in records]
    return features, None, missing_from(document, len(records))


def _places(geometry: Mapping[str, Any]) -> Iterator[Sequence[float]]:
    places = geometry.get("coordinates") or []
    if geometry.get("type") == "Point" and len(places) >= 2:
        yield places
    elif geometry.get("type") == "MultiPoint":
        yield from places
    elif not geometry:
        yield ()


def _local(tag: object) -> str:
    return str(tag).rsplit("}", 1)[-1]


def _gpx_point(element: ElementTree.Element) -> dict[str, Any]:
    record: dict[str, Any] = {"geometry lon": element.get("lon"), "geometry lat": element.get("lat")}
    for child in element.iter():
        text = (child.text or "").strip()
        if child is not element and not len(child) and text:
            record.setdefault(_local(child.tag), text)
            record |= {k: v for k, v in _pairs(text).items() if k not in record}
    return record


def _kml_points(element: ElementTree.Element, folder: str) -> Iterator[dict[str, Any]]:
    """Yield the points below an element of KML, each with the name of the innermost folder that holds it."""
    for child in element:
        tag = _local(child.tag)
        if tag == "Placemark" and (point := _kml_point(child)):
            yield point | ({"folder": folder} if folder else {})
        elif tag in ("Document", "Folder"):
            name = next((e.text or "" for e in child if _local(e.tag) == "name"), "").strip()
            yield from _kml_points(child, name if tag == "Folder" else folder)


def _kml_point(element: ElementTree.Element) -> dict[str, Any] | None:
    record: dict[str, Any] = {}
    for child in element.iter():
        tag, text = _local(child.tag), (child.text or "").strip()
        if tag == "coordinates" and len(text.split()) == 1:
            lon, lat, *_ = (*text.split(","), "", "")
            record |= {"geometry lon": lon, "geometry lat": lat}
        elif tag == "Data":
            record[str(child.get("name"))] = "".join(v.text or "" for v in child if _local(v.tag) == "value").strip()
        elif tag == "SimpleData":
            record[str(child.get("name"))] = text
        elif tag in ("name", "description", "when") and text:
            record.setdefault(tag, text)
            record |= {k: v for k, v in _pairs(text).items() if k not in record}
    return record if "geometry lon" in record else None


def _pairs(text: str) -> dict[str, str]:
    """Return what a text says as "RSRP: -90 dBm<br>PCI: 36"."""
    found = {}
    for piece in re.split(r"[\r\n;|]|<br\s*/?>|</tr>|</li>|,(?=\s*[A-Za-z])", text):
        match = _PAIR.fullmatch(_TAG.sub(" ", piece.replace("</td><td>", ":").replace("</th><td>", ":")).strip())
        if match:
            found[match[1].strip()] = match[2].strip()
    return found


def _coordinates(source: Source, geometry: Any, crs: str | None) -> list[tuple[str, NDArray[Any]]]:
    import shapely

    shapes = shapely.from_wkb(np.asarray(list(geometry), dtype=object))
    single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    kinds = {shapely.GeometryType(int(k)).name for k in np.unique(shapely.get_type_id(shapes))} - {"POINT", "MISSING"}
    if kinds:
        raise MeasurementError(f"{source.label} holds {', '.join(sorted(kinds))}: wanted points with a reading each")
    names = _DEGREES if _is_wgs84(crs) else _METRES
    return list(zip(names, (shapely.get_x(shapes), shapely.get_y(shapes)), strict=True))


def _in_degrees(geometry: Any) -> bool:
    import shapely

    west, south, east, north = shapely.total_bounds(shapely.from_wkb(np.asarray(list(geometry), dtype=object)))
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _plain_array(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(str).astype(object) if values.dtype.kind in "Mm" else values


def _is_wgs84(crs: str | None) -> bool:
    return crs is not None and re.search(r"CRS:?84|EPSG:{1,2}4326$", str(crs).upper()) is not None


def _epsg(name: str) -> str:
    match = re.search(r"EPSG:{1,2}(\d+)$", name, re.IGNORECASE)
    return f"EPSG:{match[1]}" if match else name


def _parquet_crs(crs: object) -> str | None:
    from pyproj import CRS

    return None if crs is None else CRS.from_user_input(crs if isinstance(crs, str) else json.dumps(crs)).to_string()
