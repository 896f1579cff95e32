"""What lies under and in the way of a map on the page: streets, water, heights in the line of sight, a background."""

from __future__ import annotations

import json

import numpy as np
import pytest
from node_worlds import Still, auth, client_of, config, tiny_model
from test_service_page import GRID, layer_of, send
from test_service_page_asks import build
from typer.testing import CliRunner

from openckm.cli.main import app
from openckm.errors import OptionError
from openckm.maps import read_layout
from openckm.service.config import ServerConfig
from openckm.service.node import Node
from openckm.service.page.layers import buildings_geojson
from worlds import blocks_layout

ARCHIVE = b"PMTiles\x03" + bytes(range(256)) * 8


def with_basemap(folder, content=ARCHIVE):
    path = folder / "town.pmtiles"
    path.write_bytes(content)
    made = config()
    server = made.server.model_copy(update={"page": True, "basemap": path})
    return Node(made.model_copy(update={"server": server}), Still(tiny_model(folder / "model"))), path


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    node, path = with_basemap(tmp_path_factory.mktemp("base"))
    with client_of(node) as client:
        yield client, path


def town() -> bytes:
    """Houses of which the heights are stated, a street and a pond."""
    lon, lat = GRID.to_lonlat(np.array([GRID.bounds[0], GRID.bounds[2]]), np.array([GRID.bounds[1], GRID.bounds[3]]))
    street = {"type": "LineString", "coordinates": [[lon[0], lat[0]], [lon[1], lat[1]]]}
    ring = [[lon[0], lat[0]], [lon[1], lat[0]], [lon[1], lat[1]], [lon[0], lat[0]]]
    document = buildings_geojson(blocks_layout(GRID))
    for feature in document["features"]:
        feature["properties"]["building"] = "yes"
    document["features"] += [
        {"type": "Feature", "properties": {"highway": "secondary"}, "geometry": street},
        {"type": "Feature", "properties": {"natural": "water"}, "geometry": {"type": "Polygon", "coordinates": [ring]}},
    ]
    return json.dumps(document).encode()


def test_a_made_map_hands_out_the_streets_water_and_heights_of_its_layout(served):
    client, _ = served
    job = build(client, layout=send(client, town(), "layout", "town.geojson"))
    record = client.get(f"/v1/jobs/{job}/record", headers=auth()).json()
    ground = client.get(f"/v1/jobs/{job}/ground", headers=auth()).json()
    assert record["layout"] is True
    assert [f["properties"]["kind"] for f in ground["features"]] == ["street", "water"] and ground["left_out"] == 0
    head, heights = layer_of(client.get(f"/v1/jobs/{job}/heights", headers=auth()).content)
    assert head["unit"] == "m" and min(head["rows"], head["cols"]) >= GRID.shape[0], "also around the map"
    expected = blocks_layout(GRID).height_m
    row, col = ((n - m) // 2 for n, m in zip(heights.shape, GRID.shape, strict=True))
    on_map = heights[row : row + GRID.shape[0], col : col + GRID.shape[1]]
    np.testing.assert_allclose(on_map, np.round(expected), atol=0.6)
    buildings = client.get(f"/v1/jobs/{job}/buildings", headers=auth()).json()
    assert {f["properties"]["height"] for f in buildings["features"]} <= set(np.unique(np.round(expected)))


def test_a_building_of_which_nobody_stated_the_height_is_marked_and_its_neighbour_is_not(tmp_path):
    def box(left: int, right: int) -> dict:
        x, y = (
            np.array([GRID.x[left], GRID.x[right], GRID.x[right], GRID.x[left], GRID.x[left]]),
            np.array([GRID.y[5], GRID.y[5], GRID.y[12], GRID.y[12], GRID.y[5]]),
        )
        ring = [[float(a), float(b)] for a, b in zip(*GRID.to_lonlat(x, y), strict=True)]
        return {"type": "Polygon", "coordinates": [ring]}

    houses = [({"building": "yes", "height": 25}, box(3, 8)), ({"building": "yes"}, box(14, 20))]
    features = [{"type": "Feature", "properties": tags, "geometry": shape} for tags, shape in houses]
    path = tmp_path / "two.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    drawn = buildings_geojson(read_layout(path, GRID))["features"]
    assert {(f["properties"]["height"], f["properties"]["assumed"]) for f in drawn} == {(25.0, False), (10.0, True)}


def test_a_map_without_a_layout_has_no_heights_and_says_so(served):
    client, _ = served
    job = build(client, layout=None)
    assert client.get(f"/v1/jobs/{job}/record", headers=auth()).json()["layout"] is False
    assert client.get(f"/v1/jobs/{job}/ground", headers=auth()).json()["features"] == []
    answer = client.get(f"/v1/jobs/{job}/heights", headers=auth())
    assert answer.status_code == 404 and "without a building layout" in answer.json()["error"]["message"]


def test_a_background_map_is_handed_out_in_ranges_to_the_own_page_alone(served):
    client, path = served
    whole = client.get("/basemap.pmtiles")
    assert whole.status_code == 200 and whole.content == ARCHIVE
    assert "default-src 'none'" in whole.headers["content-security-policy"]
    part = client.get("/basemap.pmtiles", headers={"Range": "bytes=8-19"})
    assert part.status_code == 206 and part.content == ARCHIVE[8:20]
    assert part.headers["content-range"] == f"bytes 8-19/{len(ARCHIVE)}"
    beyond = client.get("/basemap.pmtiles", headers={"Range": f"bytes={len(ARCHIVE)}-{len(ARCHIVE) + 5}"})
    assert beyond.status_code == 416
    elsewhere = client.get("/basemap.pmtiles", headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    assert client.get("/v1/page").json()["basemap"] == "/basemap.pmtiles"
    path.rename(path.with_suffix(".moved"))
    gone = client.get("/basemap.pmtiles")
    path.with_suffix(".moved").rename(path)
    assert gone.status_code == 404 and "no longer there" in gone.json()["error"]["message"]


def test_a_node_without_a_background_offers_none(tmp_path):
    made = config()
    server = made.server.model_copy(update={"page": True})
    with client_of(Node(made.model_copy(update={"server": server}), Still(tiny_model(tmp_path)))) as client:
        assert client.get("/v1/page").json()["basemap"] is None
        assert client.get("/basemap.pmtiles").status_code == 404


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "no PMTiles"), (b"PMTiles\x02", "version 2"), (b"SQLite format 3\0", "no PMTiles")]
)
def test_a_file_that_is_no_archive_is_refused_before_the_node_starts(tmp_path, content, words):
    path = tmp_path / "town.pmtiles"
    path.write_bytes(content)
    told = CliRunner().invoke(app, ["serve", "--no-open", "--basemap", str(path)])
    assert isinstance(told.exception, OptionError)
    assert words in str(told.exception) and "version 3" in str(told.exception)


def test_a_background_without_a_page_is_refused(tmp_path):
    with pytest.raises(ValueError, match="page"):
        ServerConfig(basemap=tmp_path / "town.pmtiles")


def test_a_background_that_is_not_there_is_refused(tmp_path):
    told = CliRunner().invoke(app, ["serve", "--no-open", "--basemap", str(tmp_path / "none.pmtiles")])
    assert isinstance(told.exception, OptionError) and "none.pmtiles" in str(told.exception)
