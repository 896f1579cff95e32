"""Finished maps over HTTP: OGC API EDR by its documents and OWSLib, questions beyond it, Range requests and "keep"."""

import csv
import io
import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from covjson_pydantic.coverage import Coverage
from edr_pydantic.collections import Collection, Collections
from node_worlds import Still, auth, client_of, site_request, tiny_model

sys.path.insert(0, str(Path(__file__).parents[1] / "atlas"))
from atlas_worlds import make_map

from openckm.atlas import MapStore
from openckm.service.config import EdgeConfig, token_hash
from openckm.service.node import Node

MAPPER, JOBBER = "mapper-token", "jobber-token"
SITE = {"name": "mast", "lon": -78.89, "lat": 35.99, "height_m": 30.0}


def node_of(folder, model=None, **more):
    tokens = [
        {"name": "mapper", "sha256": token_hash(MAPPER), "scopes": ["jobs", "maps"]},
        {"name": "jobber", "sha256": token_hash(JOBBER), "scopes": ["jobs"]},
    ]
    config = EdgeConfig.of({"token": tokens, "maps": {"folder": str(folder)}, **more}, Path("/"))
    return Node(config, Still(model))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    store = MapStore(folder, create=True)
    made = {}
    for k, name in enumerate(("east", "west")):
        made[name] = make_map(k, shape=(90, 110), direction=True)
        lon, lat = made[name].grid.to_lonlat(*(np.array([v]) for v in (690_101.0, 3_985_901.0)))
        made[name].provenance["site"] = SITE | {"name": name, "lon": float(lon[0]), "lat": float(lat[0])}
        store.add(made[name], f"town/{name}")
    store.add(make_map(5, unit="dB", crs=None), "plane")
    return folder, made


@pytest.fixture(scope="module")
def client(town):
    with client_of(node_of(town[0])) as made:
        made.headers.update(auth(MAPPER))
        yield made


def place(made, row, col):
    x, y = made.grid.centres()
    lon, lat = made.grid.to_lonlat(x[row, col], y[row, col])
    return float(lon), float(lat)


def said_cell(made):
    row, col = np.argwhere(made.valid)[1234]
    return int(row), int(col)


# --- documents


def test_collections_are_what_the_standard_describes(client):
    found = Collections.model_validate_json(client.get("/collections").text)
    assert [c.id for c in found.collections] == ["plane", "town:east", "town:west"]
    one = Collection.model_validate_json(client.get("/collections/town:east").text)
    assert set(one.parameter_names.root) >= {"gain_db", "gain_db_std", "gain_db_p05", "gain_db_p95", "aoa_cos"}
    assert one.parameter_names.root["gain_db"].unit.symbol.value == "dBm"
    assert one.parameter_names.root["gain_db_std"].unit.symbol.value == "dB"
    assert one.crs == ["CRS84", "EPSG:4326", "EPSG:3857", "EPSG:32617"]
    west, south, east, north = one.extent.spatial.bbox[0]
    assert -79 < west < east < -78
    assert 35 < south < north < 37
    assert "rel" in client.get("/").json()["links"][0]
    assert any(c.endswith("edr-1/1.1/conf/core") for c in client.get("/conformance").json()["conformsTo"])


# --- queries


def test_a_position_in_all_formats(client, town):
    made = town[1]["east"]
    row, col = said_cell(made)
    lon, lat = place(made, row, col)
    asked = {"coords": f"POINT({lon!r} {lat!r})", "parameter-name": "gain_db,gain_db_p95"}
    answer = client.get("/collections/town:east/position", params=asked)
    assert answer.headers["content-type"].startswith("application/prs.coverage+json")
    found = Coverage.model_validate_json(answer.text)
    assert found.domain.domainType == "Point"
    assert answer.json()["ranges"]["gain_db"]["values"] == pytest.approx([float(made.mean()[row, col])])
    assert answer.json()["ranges"]["gain_db_p95"]["values"] == pytest.approx([float(made.quantile(0.95)[row, col])])
    feature = client.get("/collections/town:east/position", params=asked | {"f": "GeoJSON"}).json()["features"][0]
    assert feature["properties"]["gain_db"] == pytest.approx(float(made.mean()[row, col]))
    rows = list(
        csv.DictReader(io.StringIO(client.get("/collections/town:east/position", params=asked | {"f": "CSV"}).text))
    )
    assert float(rows[0]["gain_db [dBm]"]) == pytest.approx(float(made.mean()[row, col]), rel=1e-5)
    by_body = client.post("/collections/town:east/position", json=asked)
    assert by_body.json() == answer.json()
    x, y = made.grid.centres()
    metres = {
        "coords": f"POINT({x[row, col]} {y[row, col]})",
        "crs": "EPSG:32617",
        "parameter-name": "gain_db,gain_db_p95",
    }
    assert client.get("/collections/town:east/position", params=metres).json()["ranges"] == answer.json()["ranges"]


def test_a_trajectory(client, town):
    made = town[1]["east"]
    ways = [place(made, row, 10 + 8 * row) for row in range(0, 12, 2)]
    line = "LINESTRING(" + ", ".join(f"{a!r} {b!r}" for a, b in ways) + ")"
    answer = client.get(
        "/collections/town:east/trajectory", params={"coords": line, "parameter-name": "gain_db"}
    ).json()
    Coverage.model_validate_json(json.dumps(answer))
    assert answer["domain"]["domainType"] == "Trajectory"
    for k, row in enumerate(range(0, 12, 2)):
        col = 10 + 8 * row
        right = float(made.mean()[row, col]) if made.valid[row, col] else None
        got = answer["ranges"]["gain_db"]["values"][k]
        assert got is None if right is None else got == pytest.approx(right)


def test_areas_and_cubes_are_grids_in_the_maps_own_plane_and_points_elsewhere(client, town):
    made = town[1]["east"]
    west, _, _, north = made.grid.bounds
    box = [west + 20, north - 60, west + 80, north - 20]
    cube = client.get(
        "/collections/town:east/cube",
        params={"bbox": ",".join(map(str, box)), "crs": "EPSG:32617", "parameter-name": "gain_db"},
    ).json()  # fmt: skip
    Coverage.model_validate_json(json.dumps(cube))
    assert cube["domain"]["domainType"] == "Grid"
    assert cube["ranges"]["gain_db"]["shape"] == [1, 20, 30]
    right = np.where(made.valid, made.mean(), np.nan)[10:30, 10:40]
    got = np.array([np.nan if v is None else v for v in cube["ranges"]["gain_db"]["values"]]).reshape(20, 30)
    np.testing.assert_allclose(got, right, rtol=1e-6)
    corners = [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[1])]
    lon, lat = made.grid.to_lonlat(*np.array(corners).T)
    ring = ", ".join(f"{a!r} {b!r}" for a, b in zip(lon.tolist(), lat.tolist(), strict=True))
    area = client.post(
        "/collections/town:east/area", json={"coords": f"POLYGON(({ring}))", "parameter-name": "gain_db"}
    ).json()
    Coverage.model_validate_json(json.dumps(area))
    assert area["domain"]["domainType"] == "MultiPoint"
    assert 250 < len(area["ranges"]["gain_db"]["values"]) < 350


def test_locations_are_the_sites(client):
    found = client.get("/collections/town:east/locations").json()
    assert [f["id"] for f in found["features"]] == ["east"]
    answer = client.get("/collections/town:east/locations/east", params={"f": "GeoJSON"})
    assert answer.status_code == 200
    assert answer.json()["features"][0]["geometry"] == found["features"][0]["geometry"]
    assert client.get("/collections/town:east/locations/north").status_code == 404


@pytest.mark.parametrize(
    ("path", "asked", "status", "words"),
    [
        ("/collections/none", {}, 404, "no map 'none'"),
        ("/collections/town:east/position", {}, 400, "coords is missing"),
        ("/collections/town:east/position", {"coords": "POINT(24"}, 400, "neither WKT nor GeoJSON"),
        ("/collections/town:east/position", {"coords": "POINT(24.9 60.2)"}, 404, "outside"),
        ("/collections/town:east/position", {"coords": "POINT(36 -178.8)"}, 400, "swapped"),
        ("/collections/town:east/position", {"coords": "POINT(nan 3)"}, 400, "longitude nan"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "parameter-name": "snr"}, 400, "parameter-name"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "crs": "EPSG:2154"}, 400, "unknown CRS"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "f": "XML"}, 400, "f='XML'"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "z": "10"}, 400, "one height"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "datetime": "soon"}, 400, "wanted ISO 8601"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "datetime": "../2001-01-01"}, 404, "is none"),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "threshold": "1"}, 422, "threshold"),
        ("/collections/town:east/trajectory", {"coords": "LINESTRING(0 0, 0 0)"}, 400, "line of one point"),
        ("/collections/town:east/area", {"coords": "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"}, 400, "Self-intersection"),
        ("/collections/town:east/cube", {"bbox": "1,2,1,3"}, 400, "with an area"),
        ("/collections/town:east/cube", {"bbox": "179,0,-179,1"}, 400, "antimeridian"),
        ("/collections/town:east/cube", {}, 400, "bbox"),
    ],
)  # fmt: skip
def test_questions_that_cannot_be(client, path, asked, status, words):
    answer = client.get(path, params=asked)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]


def test_another_scope_or_none_is_refused(client, town):
    assert client.get("/collections", headers=auth(JOBBER)).status_code == 403
    assert client.get("/collections", headers=auth("nobody")).status_code == 401
    with client_of(Node(EdgeConfig(), Still(None))) as bare:
        assert bare.get("/collections").status_code == 404


# --- beyond the standard


def test_route_servers_and_beams(client, town):
    made = town[1]["east"]
    a, b = place(made, 5, 5), place(made, 80, 100)
    line = f"LINESTRING({a[0]!r} {a[1]!r}, {b[0]!r} {b[1]!r})"
    route = client.post("/v1/maps/town:east/route", json={"line": line, "above": -95.0, "samples": False}).json()
    assert 0 < route["unbroken"]["probability"] < 1
    assert route["share_above"]["draws"] == 16
    row, col = said_cell(made)
    point = list(place(made, row, col))
    both = client.post("/v1/maps/town:east/servers", json={"coords": [point], "line": line}).json()
    assert both["cells"] == ["town/east", "town/west"]
    assert both["points"][0]["server"] in both["cells"]
    assert "places" in both["handovers"]
    beams = client.post("/v1/maps/town:east/beams", json={"coords": [point], "elements": 16}).json()
    assert beams["array"]["elements"] == 16
    assert beams["points"][0]["beam"] is not None
    listed = client.get("/v1/maps").json()
    assert [one["id"] for one in listed] == ["plane", "town:east", "town:west"]
    bad = client.post("/v1/maps/town:east/route", json={"line": line, "above": -95.0, "unit": "dB"})
    assert bad.status_code == 400
    assert "means nothing" in bad.json()["error"]["message"]


def test_a_geotiff_by_ranges(client, town, tmp_path):
    whole = client.get("/v1/maps/town:east/map.tif")
    assert whole.headers["accept-ranges"] == "bytes"
    (tmp_path / "a.tif").write_bytes(whole.content)
    with rasterio.open(tmp_path / "a.tif") as raster:
        made = town[1]["east"]
        np.testing.assert_array_equal(raster.read(1)[made.valid], made.mean()[made.valid])
    size = len(whole.content)
    for asked, first, last in (
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, size - 1),
        ("bytes=-50", size - 50, size - 1),
    ):
        part = client.get("/v1/maps/town:east/map.tif", headers={"Range": asked})
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert part.content == whole.content[first : last + 1]
    beyond = client.get("/v1/maps/town:east/map.tif", headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    head = client.head("/v1/maps/town:east/map.tif")
    assert (head.headers["content-length"], head.content) == (str(size), b"")


# --- keep


def test_a_job_keeps_its_map_and_no_reading(tmp_path):
    node = node_of(tmp_path / "kept", tiny_model(tmp_path / "model"))
    with client_of(node) as client:
        client.headers.update(auth(MAPPER))
        sent = client.post("/v1/jobs", json=site_request(keep="site/a"))
        assert sent.status_code == 202, sent.text
        state = client.get(sent.headers["Location"], params={"wait_s": 60}).json()
        assert state["state"] == "done", state
        listed = client.get("/v1/maps").json()
        assert [(one["name"], one["version"]) for one in listed] == [("site/a", 1)]
        refused = client.post("/v1/jobs", json=site_request(keep="site/a"), headers=auth(JOBBER))
        assert refused.status_code == 403
        assert client.post("/v1/jobs", json=site_request(keep="../a")).status_code == 422
    held = b"".join(p.read_bytes() for p in (tmp_path / "kept").rglob("*") if p.is_file())
    assert b'"value"' not in held
    assert b"readings" not in held
    with client_of(Node(EdgeConfig(), Still(tiny_model(tmp_path / "again")))) as bare:
        answer = bare.post("/v1/jobs", json=site_request(keep="a"))
        assert answer.status_code == 422
        assert "keeps no maps" in answer.json()["error"]["message"]


# --- other programs


@pytest.fixture
def address(town):
    import uvicorn

    from openckm.service.app import create_app

    config = EdgeConfig.of({"maps": {"folder": str(town[0])}}, Path("/"))
    server = uvicorn.Server(uvicorn.Config(create_app(Node(config, Still(None))), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


def test_owslib_asks_a_map(address, town):
    edr = pytest.importorskip("owslib.ogcapi.edr")
    made = town[1]["east"]
    row, col = said_cell(made)
    lon, lat = place(made, row, col)
    found = edr.EnvironmentalDataRetrieval(f"{address}/")
    assert "town:east" in found.data()
    assert set(found.collection("town:east")["data_queries"]) == {"position", "area", "cube", "trajectory", "locations"}
    answer = found.query_data("town:east", "position", coords=f"POINT({lon!r} {lat!r})", parameter_names=["gain_db"])
    assert answer["ranges"]["gain_db"]["values"] == pytest.approx([float(made.mean()[row, col])])


def test_gdal_opens_a_map_by_its_address(address):
    with (
        rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
        rasterio.open(f"/vsicurl/{address}/v1/maps/town:east/map.tif") as r,
    ):
        assert r.count == 5
        assert r.shape == (90, 110)
