"""Hostile and malformed requests are refused by a reason; none crashes the node or reaches somebody else's job."""

from __future__ import annotations

import base64
import gzip
import json
import time
import zlib

import numpy as np
import pytest
from node_worlds import (
    OTHER,
    PLANNER,
    Still,
    answer,
    auth,
    client_of,
    config,
    evidence_request,
    site_request,
    tiny_model,
)

from openckm.errors import LayoutError
from openckm.maps.grid import Grid
from openckm.service.node import Node
from openckm.service.requests import LayoutIn

LIMITS = {"body_bytes": 200_000, "cells": 1024, "side": 64, "observations": 100, "draws": 4, "steps": 50}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    model = tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")
    with client_of(Node(config(LIMITS), Still(model))) as client:
        yield client


def post(client, content, **headers):
    return client.post("/v1/jobs", content=content, headers=auth() | {"Content-Type": "application/json"} | headers)


def deep(levels: int) -> bytes:
    return b'{"kind":"evidence","likelihood":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


def numbers(rows: list[list[float]]) -> dict:
    """Return an array as requests may hold it in binary, where NaN is not a matter of JSON."""
    held = np.asarray(rows, "<f4")
    return {"dtype": "float32", "shape": list(held.shape), "data": base64.b64encode(held.tobytes()).decode()}


def changed(where: str, value: object, request: dict | None = None) -> bytes:
    """Return a request with one value replaced."""
    whole = json.loads(json.dumps(request or site_request()))
    *path, last = where.split(".")
    part = whole
    for key in path:
        part = part[int(key)] if isinstance(part, list) else part[key]
    part[int(last) if isinstance(part, list) else last] = value
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 422),
        (b"{", {}, 422),
        (b"\xff\xfe", {}, 422),
        (b"[]", {}, 422),
        (b"null", {}, 422),
        (deep(60), {}, 422),
        (deep(30_000), {}, 422),
        (b"[" * 100_000, {}, 422),
        (b"1" * 5000, {}, 422),
        (b" " * 200_001, {}, 413),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0)[:-4], {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0) + b"more", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413),
    ],
)
def test_a_body_that_cannot_be_is_refused(client, content, headers, status):
    sent = post(client, content, **headers)
    assert sent.status_code == status, sent.text[:300]
    assert set(sent.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("points.0.value.0", float("nan")),
        ("transmitter.x", 1e300),
        ("layout", {"height_m": [[1e30] * 16] * 16}),
        ("layout", {"height_m": numbers([[float("nan")] * 16] * 16)}),
        ("points.0.value.0", float("inf")),
        ("points.0.value.0", 10**400),
        ("points.0.value.0", "NaN"),
        ("points.0.value", [1.0]),
        ("points.0.sigma", -1.0),
        ("points.0.sigma", 0),
        ("points.0.x.0", 1e9),
        ("points.0.x.0", 1e308),
        ("points.0.unit", "1"),
        ("points.0.kind", "interval "),
        ("points", [{"x": [0.0] * 101, "y": [-1.0] * 101, "value": [0.0] * 101}]),
        ("grid.rows", 10**9),
        ("grid.rows", 0),
        ("grid.rows", 1.5),
        ("grid.cell_m", 0),
        ("grid.crs", "+init=/etc/passwd:1"),
        ("grid.crs", "EPSG:4326"),
        ("draws", 5),
        ("draws", -1),
        ("seed", 2**40),
        ("deadline_s", 0),
        ("transmitter.height_m", -5),
        ("transmitter.x", None),
        ("layout", {}),
        ("layout", {"height_m": [[1.0]]}),
        ("layout", {"height_m": [["a"]]}),
        ("layout", {"geojson": {}}),
        ("layout", {"geojson": {"type": "FeatureCollection", "features": 3}}),
        ("layout", {"geojson": {"type": "FeatureCollection", "features": [None]}}),
        ("layout", {"geojson": {"features": [{"geometry": {"type": "Polygon", "coordinates": [[["a"]]]}}]}}),
        ("layout", {"geojson": {"crs": "+init=/etc/passwd:1", "features": []}}),
        ("layout", {"geojson": "../../etc/passwd"}),
        ("prior", "/etc/passwd"),
        ("kind", "../site"),
    ],
)
def test_a_value_that_cannot_be_is_refused(client, where, value):
    sent = post(client, changed(where, value))
    assert sent.status_code == 422, sent.text
    assert "etc/passwd" not in sent.json()["error"]["message"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("grid.rows", 15),
        ("steps", 51),
        ("method", "conditioned"),
        ("likelihood", []),
        ("likelihood", {"type": "gaussian"}),
        ("likelihood.sigma", 0),
        ("likelihood.y", [[1.0]]),
        ("likelihood.y", [[1e300, -95.0], [-100.0, -105.0]]),
        ("likelihood.y", numbers([[float("nan"), -95.0], [-100.0, -105.0]])),
        ("likelihood.y", numbers([[float("inf"), -95.0], [-100.0, -105.0]])),
        ("likelihood.operator", {"type": "points", "rows": [10**6], "cols": [0]}),
        ("likelihood.operator.steps.1.factor", 10**12),
        ("likelihood", None),
        ("areas", [{"x": [0.0, 9.0], "y": [-1.0, -9.0], "value": -90.0}]),
        ("areas", [{"x": [0.0, 9.0, 9.0], "y": [-1.0, -9.0], "value": -90.0}]),
        ("areas", [{"x": [0.0, 9.0, 9e9], "y": [-1.0, -9.0, -1.0], "value": -90.0}]),
        ("areas", [{"x": [0.0, 9.0, 9.0, 0.0], "y": [-1.0, -9.0, -1.0, -9.0], "value": -90.0}]),
        ("areas", [{"x": [0.0, 9.0, 9.0], "y": [-1.0, -9.0, -1.0], "value": -90.0, "sigma": 0.0}]),
    ],
)
def test_evidence_that_cannot_be_is_refused(client, where, value):
    sent = post(client, changed(where, value, evidence_request()))
    assert sent.status_code == 422, sent.text


def leaves(part: object, path: tuple[str, ...] = ()) -> list[str]:
    """Return the dotted path of every number in a request."""
    if isinstance(part, dict):
        return [p for key, value in part.items() for p in leaves(value, (*path, key))]
    if isinstance(part, list):
        return [p for k, value in enumerate(part[:2]) for p in leaves(value, (*path, str(k)))]
    return [".".join(path)] if isinstance(part, int | float) and not isinstance(part, bool) else []


FULL = site_request(
    seed=1, deadline_s=9.0, outage_below=-100.0,
    transmitter={"x": 32.0, "y": -32.0, "height_m": 24.0, "carrier_hz": 3.5e9, "bearing_deg": 3.0, "downtilt_deg": 6.0},
    grid={"rows": 16, "cols": 16, "cell_m": 4.0, "origin": [0.0, 0.0]},
    layout={"height_m": [[0.0] * 16] * 16, "height_known": 1.0},
)  # fmt: skip
FULL["points"][0] |= {"low": [-90.0] * 12, "high": [-80.0] * 12, "sigma": [2.0] * 12}
AREAS = evidence_request(areas=[{"x": [1, 60, 60], "y": [-1, -1, -60], "value": -90.0, "sigma": 2.0}])


@pytest.mark.parametrize(
    ("request_", "where"),
    [(FULL, where) for where in leaves(FULL)] + [(AREAS, where) for where in leaves(AREAS)],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("value", [1e308, -1e308, 1e30])
def test_a_number_that_no_measurement_has_is_refused_when_it_comes(client, request_, where, value):
    """Not later, by a job that fails on numbers that are not finite."""
    assert client.get("/health").status_code == 200
    sent = post(client, changed(where, value, request_))
    assert sent.status_code == 422, (where, sent.text)


@pytest.mark.parametrize("value", [1e-300, 1e-12])
def test_a_noise_that_no_reading_has_is_refused(client, value):
    assert post(client, changed("points.0.sigma", value)).status_code == 422


def ring(corners: int) -> list[list[float]]:
    angle = np.linspace(0.0, 2 * np.pi, corners)
    return np.round(np.stack([24.94 + 1e-3 * np.cos(angle), 60.17 + 1e-3 * np.sin(angle)], 1), 12).tolist()


def layout_of(*geometries: dict) -> dict:
    features = [{"type": "Feature", "properties": {"height": 9}, "geometry": one} for one in geometries]
    return {"type": "FeatureCollection", "features": features}


GRID = Grid.centred(24.94, 60.17, shape=(64, 64), cell_m=4.0)
SMALL = {"type": "Polygon", "coordinates": [[[24.94, 60.17], [24.941, 60.17], [24.941, 60.171], [24.94, 60.17]]]}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (layout_of({"type": "Polygon", "coordinates": [ring(100_001)]}), "100001 corners"),
        (layout_of({"type": "MultiPolygon", "coordinates": [[ring(60_000)], [ring(60_000)]]}), "120000 corners"),
        (layout_of({"type": "GeometryCollection", "geometries": [{"coordinates": ring(100_001)}]}), "100001 corners"),
        (layout_of(*[SMALL] * 20_001), "20001 features"),
        ({"type": "Polygon", "coordinates": [ring(100_001)]}, "100001 corners"),
        (layout_of(SMALL) | {"geometry": {"coordinates": ring(100_001)}}, "100005 corners"),
    ],
    ids=["polygon", "multi", "collection", "features", "bare", "beside"],
)
def test_a_layout_of_too_many_corners_or_features_is_refused(document, reason):
    with pytest.raises(LayoutError, match=reason):
        LayoutIn(geojson=document).build(GRID)


def test_the_largest_layout_that_is_taken_is_read_in_a_bounded_time():
    many = [
        {"type": "Polygon", "coordinates": [(0.4 * (np.array(ring(6)) - [24.94, 60.17]) + [24.94, 60.17]).tolist()]}
        for _ in range(16_000)
    ]
    for document in (layout_of({"type": "Polygon", "coordinates": [ring(100_000)]}), layout_of(*many)):
        begun = time.process_time()
        layout = LayoutIn(geojson=document).build(GRID)
        assert time.process_time() - begun < 20.0
        assert layout.building.any()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/..%2f..%2fetc%2fpasswd", "/v1/jobs/%00", "/v1/jobs/x/result?format=/etc/passwd",
        "/v1/jobs/x/result?channel=../x", "/v1/jobs/" + "a" * 5000, "/v1/jobs/x?wait_s=nan", "/v1/jobs/x?wait_s=1e9",
        "/v1/../../etc/passwd", "/docs", "/v1/jobs/%f0%9f%92%a3",
    ],
)  # fmt: skip
def test_paths_lead_nowhere(client, path):
    for method in ("GET", "DELETE", "PUT"):
        sent = client.request(method, path, headers=auth())
        assert sent.status_code in (404, 405, 422)
        assert set(sent.json()["error"]) == {"code", "message"}


def test_after_all_that_the_node_answers_and_jobs_are_their_owners(client):
    assert answer(client, site_request())["provenance"]["version"] == "1.0.0"
    place = client.post("/v1/jobs", json=site_request(), headers=auth(PLANNER)).headers["Location"]
    assert client.get(place, headers=auth(OTHER)).status_code == 404
    packed = gzip.compress(json.dumps(site_request()).encode())
    assert post(client, packed, **{"Content-Encoding": "gzip"}).status_code == 202
    assert zlib.decompress(packed, wbits=31)


@pytest.mark.parametrize(
    ("areas", "reason"),
    [
        ([{"x": [1] * 5001, "y": [-2] * 5001, "value": -90.0}] * 4, "corners together"),
        ([{"x": [1, 60, 60, 1], "y": [-1, -1, -60, -60], "value": -90.0}] * 20, "cells together"),
        ([{"x": [1, 60, 60, 1], "y": [-1, -60, -1, -60], "value": -90.0}], "crosses itself"),
        ([{"x": [1, 60, 99], "y": [-1, -60, -1], "value": -90.0}], "beyond the grid"),
    ],
)
def test_areas_that_cost_too_much_or_are_none_are_refused_by_a_reason(client, areas, reason):
    sent = post(client, changed("areas", areas, evidence_request()))
    assert (sent.status_code, reason in sent.json()["error"]["message"]) == (422, True), sent.text


def test_a_large_outline_that_crosses_itself_is_refused_at_once(client):
    star = [[24.94 + 1e-3 * ((37 * k) % 400) / 400, 60.17 + 1e-3 * ((91 * k) % 400) / 400] for k in range(300)]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[*star, star[0]]]}}
    layout = {"geojson": {"type": "FeatureCollection", "features": [feature]}}
    grid = {"rows": 16, "cols": 16, "cell_m": 4.0, "centre": [24.94, 60.17]}
    sent = post(client, json.dumps({"kind": "site", "grid": grid, "layout": layout, "draws": 0}).encode())
    assert (sent.status_code, "crosses itself" in sent.json()["error"]["message"]) == (422, True)


def test_without_tokens_a_page_elsewhere_cannot_reach_this_machine(client, tmp_path):
    from openckm.service.config import EdgeConfig

    with client_of(Node(EdgeConfig(), Still(tiny_model(tmp_path / "m")))) as local:
        assert local.get("/health").status_code == 200
        assert local.get("/health", headers={"Host": "evil.example"}).status_code == 400
        form = local.post("/v1/jobs", content=json.dumps(site_request()), headers={"Content-Type": "text/plain"})
        assert form.status_code == 415
