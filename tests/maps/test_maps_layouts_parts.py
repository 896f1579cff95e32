# ruff: noqa: E501
"""Layouts that are a part of what was asked, that hide heights in coordinates, or that stand in a table of text."""

import gzip
import json

import numpy as np
import pytest
from test_maps_layouts_odd import GRID, around, told, town
from test_maps_layouts_strangers import tiff

from openckm.errors import LayoutError
from openckm.maps import read_layout

ONE, OTHER = around(-20, -20, 0, 0), around(20, 20, 40, 32)


def feature(ring, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def collection(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features)} | more)


def read(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_layout(path, GRID)


@pytest.mark.parametrize(
    "more",
    [{"exceededTransferLimit": True}, {"properties": {"exceededTransferLimit": True}},
     {"numberMatched": 900, "numberReturned": 1}, {"totalFeatures": 900}, {"links": [{"rel": "next", "href": "x"}]}],
)  # fmt: skip
def test_a_part_of_an_answer_is_said_to_be_one(tmp_path, more):
    assert "a part of an answer" in told(read(tmp_path / "a.geojson", collection(feature(ONE, height=9), **more)))


def test_a_whole_answer_is_not(tmp_path):
    text = collection(feature(ONE, height=9), numberMatched=1, numberReturned=1, links=[{"rel": "self"}])
    assert told(read(tmp_path / "a.geojson", text)) == ""


def nodes(ring):
    return [{"type": "node", "id": k, "lon": x, "lat": y} for k, (x, y) in enumerate(ring[:-1], start=1)]


def test_what_overpass_broke_off_is_said(tmp_path):
    way = {"type": "way", "id": 9, "nodes": [1, 2, 3, 4, 1], "tags": {"building": "yes", "height": "9"}}
    remark = 'runtime error: Query timed out in "query" at line 3 after 26 seconds.'
    layout = read(tmp_path / "a.json", json.dumps({"elements": [*nodes(ONE), way], "remark": remark}))
    assert "timed out" in told(layout) and layout.building.sum() == 25
    points = "".join(f'<node id="{n["id"]}" lat="{n["lat"]}" lon="{n["lon"]}" version="1"/>' for n in nodes(ONE))
    refs = "".join(f'<nd ref="{k}"/>' for k in (1, 2, 3, 4, 1))
    xml = (f'<osm version="0.6">{points}<way id="9" version="1">{refs}<tag k="building" v="yes"/></way>'
           f"<remark> {remark.replace(chr(34), '')} </remark></osm>")  # fmt: skip
    assert "timed out" in told(read(tmp_path / "a.osm", xml))
    assert "timed out" in told(read(tmp_path / "a.osm.gz", gzip.compress(xml.encode())))


@pytest.mark.parametrize("suffix", ["geojson", "kml"])
def test_heights_in_the_third_coordinate_are_named(tmp_path, suffix):
    text = collection(feature([[x, y, 17.0] for x, y in ONE]))
    if suffix == "kml":
        pytest.importorskip("pyogrio")
        corners = " ".join(f"{x},{y},17" for x, y in ONE)
        text = (f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><Polygon><outerBoundaryIs><LinearRing>'
                f"<coordinates>{corners}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>")  # fmt: skip
    layout = read(tmp_path / f"a.{suffix}", text)
    assert layout.height_known == 0 and "third coordinate (17 to 17 m)" in told(layout)


def test_third_coordinates_of_nothing_or_beside_heights_are_not(tmp_path):
    assert told(read(tmp_path / "a.geojson", collection(feature([[x, y, 0.0] for x, y in ONE])))) == ""
    assert told(read(tmp_path / "b.geojson", collection(feature([[x, y, 7.0] for x, y in ONE], height=9)))) == ""


def test_tables_of_outlines(tmp_path):
    def wkt(ring):
        return "POLYGON ((" + ", ".join(f"{x} {y}" for x, y in ring) + "))"

    rows = [f'48.1,11.5,400,{sure},"{wkt(ring)}",8FWH' for ring, sure in ((ONE, 0.9), (OTHER, 0.6))]
    text = "\n".join(["latitude,longitude,area_in_meters,confidence,geometry,full_plus_code", *rows])
    for name, data in (("a.csv", text.encode()), ("a.csv.gz", gzip.compress(text.encode()))):
        layout = read(tmp_path / name, data)
        assert layout.building.sum() == 40 and layout.height_known == 0
        assert "1 of 2 outlines state a confidence below 0.65" in told(layout)
    lines = "\n".join(json.dumps(feature(ring, height=9.0)) for ring in (ONE, OTHER))
    assert read(tmp_path / "part-1.csv.gz", gzip.compress(lines.encode())).height_m.max() == 9
    with pytest.raises(LayoutError, match=r"no column of outlines.*a, b"):
        read(tmp_path / "b.csv", "a,b\n1,2\n")
    with pytest.raises(LayoutError, match="row 2"):
        read(tmp_path / "c.csv", f'WKT,height\n"{wkt(ONE)}",9\nPOLYGON((,8\n')


def test_rasters_of_nothing_are_refused_and_pits_are_counted(tmp_path):
    with pytest.raises(LayoutError, match="no value"):
        tiff(tmp_path / "a.tif", np.full((64, 64), np.nan, "f4"))
    pits = town().astype("f4")
    pits[:4, :4] = -20
    pits[4, :2] = -7
    assert "18 cells are below -2 m" in told(tiff(tmp_path / "b.tif", pits))
