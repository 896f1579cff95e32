"""Streets and water of a layout's file: are those of the map found, in every kind of file, and nothing else?"""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from openckm.maps.buildings.ground import AROUND_M, read_ground
from openckm.maps.grid import Grid
from openckm.service.page.layers import ground_geojson

GRID = Grid.centred(24.94, 60.17, shape=(64, 64), cell_m=4.0)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """A place [m] from the middle of the map, as degrees."""
    west, south, east, north = GRID.bounds
    lon, lat = GRID.to_lonlat(np.array([(west + east) / 2 + x]), np.array([(south + north) / 2 + y]))
    return float(lon[0]), float(lat[0])


LINES = {
    "main": ([(-100, 0), (100, 0)], {"highway": "primary"}),
    "lane": ([(0, -100), (0, 100)], {"highway": "residential"}),
    "path": ([(-50, -50), (50, 50)], {"highway": "footway"}),
    "planned": ([(-90, 9), (90, 9)], {"highway": "proposed"}),
    "brook": ([(-100, 40), (100, 60)], {"waterway": "stream"}),
    "far": ([(9000, 0), (9100, 0)], {"highway": "primary"}),
    "wall": ([(-10, 0), (-10, 50)], {"barrier": "wall"}),
}
AREAS = {
    "pond": ([(20, 20), (60, 20), (60, 60), (20, 60), (20, 20)], {"natural": "water"}),
    "park": ([(-60, -60), (-20, -60), (-20, -20), (-60, -20), (-60, -60)], {"leisure": "park"}),
    "house": ([(-60, 20), (-40, 20), (-40, 40), (-60, 40), (-60, 20)], {"building": "yes", "height": "8"}),
}


def osm_file(path):
    nodes, ways, number = [], [], 0
    for way, (corners, tags) in enumerate([*LINES.values(), *AREAS.values()], start=1):
        refs = []
        first = number + 1
        for corner in corners if corners[0] != corners[-1] else corners[:-1]:
            number += 1
            lon, lat = lonlat(*corner)
            nodes.append(f'<node id="{number}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>')
            refs.append(number)
        refs += [first] if corners[0] == corners[-1] else []
        inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inside += "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        ways.append(f'<way id="{way}" version="1">{inside}</way>')
    path.write_text('<osm version="0.6">' + "".join([*nodes, *ways]) + "</osm>")
    return path


def features():
    lines = [("LineString", [lonlat(*c) for c in corners], tags) for corners, tags in LINES.values()]
    areas = [("Polygon", [[lonlat(*c) for c in corners]], tags) for corners, tags in AREAS.values()]
    return [
        {"type": "Feature", "properties": tags, "geometry": {"type": kind, "coordinates": coordinates}}
        for kind, coordinates, tags in [*lines, *areas]
    ]


def geojson_file(path):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features()}))
    return path


def lines_file(path):
    path.write_text("\n".join(json.dumps(one) for one in features()))
    return path


def overpass_file(path):
    elements = []
    for number, (corners, tags) in enumerate([*LINES.values(), *AREAS.values()], start=1):
        shape = [dict(zip(("lon", "lat"), lonlat(*c), strict=True)) for c in corners]
        elements.append({"type": "way", "id": number, "geometry": shape, "tags": tags})
    path.write_text(json.dumps({"version": 0.6, "elements": elements}))
    return path


def gpkg_file(path):
    pyogrio = pytest.importorskip("pyogrio")
    for layer, kinds in (("lines", "LineString"), ("areas", "Polygon")):
        chosen = [one for one in features() if one["geometry"]["type"] == kinds]
        names = ["building", "highway", "natural", "waterway"]
        data = [np.array([one["properties"].get(name) for one in chosen], dtype=object) for name in names]
        wkb = shapely.to_wkb([shapely.geometry.shape(one["geometry"]) for one in chosen])
        pyogrio.raw.write(
            path, np.array(wkb, dtype=object), data, names, layer=layer, geometry_type=kinds, crs="EPSG:4326",
            append=path.exists(), driver="GPKG",
        )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (osm_file, "a.osm"), (geojson_file, "a.geojson"), (lines_file, "a.geojsonl"), (overpass_file, "a.json"),
        (gpkg_file, "a.gpkg"),
    ],
)  # fmt: skip
def test_streets_and_water_of_the_map_are_found_in_every_kind_of_file(tmp_path, make, name):
    ground = read_ground(make(tmp_path / name), GRID)
    assert [rank for _, rank in ground.streets] == [0, 2, 3], "primary, residential, path; the planned one is none"
    assert [shape.length for shape, _ in ground.streets] == pytest.approx([200, 200, 100 * np.sqrt(2)], abs=0.05)
    assert len(ground.rivers) == 1 and ground.rivers[0].length == pytest.approx(np.hypot(200, 20), abs=0.05)
    assert len(ground.water) == 1 and ground.water[0].area == pytest.approx(1600, abs=1)
    told = ground_geojson(ground, GRID)
    assert [f["properties"]["kind"] for f in told["features"]] == ["street"] * 3 + ["water", "river"]
    lon, lat = told["features"][0]["geometry"]["coordinates"][0]
    assert (lon, lat) == pytest.approx(lonlat(-100, 0), abs=2e-7)


def test_what_reaches_beyond_the_map_is_cut(tmp_path):
    path = tmp_path / "long.geojson"
    line = {"type": "LineString", "coordinates": [lonlat(-50_000, 1), lonlat(50_000, 1)]}
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"highway": "motorway"}, "geometry": line},
        ]})
    )  # fmt: skip
    ((shape, rank),) = read_ground(path, GRID).streets
    assert rank == 0 and shape.length == pytest.approx(GRID.width_m + 2 * AROUND_M, rel=0.01)


def test_a_raster_holds_none_and_a_map_on_a_plane_of_its_own_takes_none_in_degrees(tmp_path):
    assert read_ground(tmp_path / "heights.tif", GRID).streets == []
    plane = Grid((8, 8), 4.0, (0.0, 0.0))
    assert read_ground(geojson_file(tmp_path / "a.geojson"), plane).streets == []


def test_the_smallest_streets_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("openckm.maps.buildings.ground.MOST", 1)
    ground = read_ground(geojson_file(tmp_path / "a.geojson"), GRID)
    assert [rank for _, rank in ground.streets] == [0] and ground.left_out == 2
