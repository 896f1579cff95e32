"""Documents and failures of the node's maps beside what OGC API EDR 1.1 demands of them, member by member.

The rules are those of the standard's OpenAPI documents (`collection`, `link`, `extent`, `parameterNames`, `units` and
`exception`), restated here: what must be there, and of which kind.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from numbers import Real

import pytest
from test_service_maps import client, place, said_cell, town  # noqa: F401 - fixtures

QUERIES = {"position", "trajectory", "area", "cube", "locations"}
CONFORMANCE = re.compile(r"http://www\.opengis\.net/spec/ogcapi-[a-z]+-\d/\d\.\d/conf/[a-z0-9-]+")


def require_link(link):
    assert isinstance(link["href"], str)
    assert link["href"].startswith("http")
    assert isinstance(link["rel"], str)
    for name in ("type", "title", "hreflang"):
        assert isinstance(link.get(name, ""), str)


def require_unit(unit):
    assert "label" in unit or "symbol" in unit
    symbol = unit.get("symbol")
    assert isinstance(symbol, str | type(None)) or {"value", "type"} <= set(symbol)


def require_parameter(name, parameter):
    assert parameter["type"] == "Parameter"
    assert isinstance(parameter["observedProperty"]["label"], str | dict)
    require_unit(parameter["unit"])
    assert parameter.get("id", name) == name
    assert {"method"} <= set(parameter["measurementType"])


def require_extent(extent):
    spatial, temporal = extent["spatial"], extent["temporal"]
    assert isinstance(spatial["crs"], str)
    for box in spatial["bbox"]:
        assert len(box) in (4, 6)
        assert all(isinstance(v, Real) for v in box)
    assert isinstance(temporal["trs"], str)
    for interval in temporal["interval"]:
        assert len(interval) == 2
        for moment in interval:
            assert moment is None or datetime.fromisoformat(moment)


def require_collection(found):
    wanted = {"links", "id", "extent", "data_queries", "parameter_names", "output_formats", "crs"}
    assert wanted <= set(found)
    for link in found["links"]:
        require_link(link)
    require_extent(found["extent"])
    assert found["parameter_names"]
    for name, parameter in found["parameter_names"].items():
        require_parameter(name, parameter)
    assert set(found["data_queries"]) == QUERIES
    for name, query in found["data_queries"].items():
        require_link(query["link"])
        variables = query["link"]["variables"]
        assert variables["query_type"] == name
        assert variables["default_output_format"] in variables["output_formats"]
        assert set(variables["output_formats"]) <= set(found["output_formats"])
    assert all(isinstance(name, str) for name in [*found["crs"], *found["output_formats"]])


def test_landing_page_and_conformance(client):  # noqa: F811
    page = client.get("/").json()
    assert {"title", "links"} <= set(page)
    for link in page["links"]:
        require_link(link)
    assert {"self", "service-desc", "conformance", "data"} <= {link["rel"] for link in page["links"]}
    said = client.get("/conformance").json()["conformsTo"]
    assert said
    assert all(CONFORMANCE.fullmatch(one) for one in said)


def test_collections_and_their_members(client):  # noqa: F811
    found = client.get("/collections").json()
    for link in found["links"]:
        require_link(link)
    for one in found["collections"]:
        require_collection(one)
        alone = client.get(f"/collections/{one['id']}").json()
        assert alone == one


def test_every_link_of_a_collection_leads_somewhere(client):  # noqa: F811
    one = client.get("/collections/town:east").json()
    for link in one["links"]:
        answer = client.get(link["href"].removeprefix("http://testserver"))
        assert answer.status_code in (200, 400), link  # a query without its coordinates
    for name in ("/openapi.json", "/conformance", "/collections"):
        assert client.get(name).status_code == 200


def test_the_openapi_document_has_the_paths_of_the_standard(client):  # noqa: F811
    paths = client.get("/openapi.json").json()["paths"]
    named = {re.sub(r"\{\w+\}", "{}", path) for path in paths}
    assert {"/", "/conformance", "/collections", "/collections/{}"} <= named
    for query in QUERIES:
        assert f"/collections/{{}}/{query}" in named
    for query in QUERIES - {"locations"}:
        assert {"get", "post"} <= set(paths[next(p for p in paths if p.endswith(f"/{query}"))])


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/collections/none", {}, 404),
        ("/collections/town:east/position", {}, 400),
        ("/collections/town:east/position", {"coords": "POINT(24.9 60.2)"}, 404),
        ("/collections/town:east/position", {"coords": "POINT(0 0)", "threshold": "1"}, 422),
    ],
)
def test_failures_have_the_members_of_an_exception(client, path, asked, status):  # noqa: F811
    answer = client.get(path, params=asked)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert isinstance(body["code"], str)
    assert body["description"] == body["error"]["message"]
    assert body["code"] == body["error"]["code"]


def test_a_coverage_names_its_reference_systems_and_axes(client, town):  # noqa: F811
    """What any reader of CoverageJSON looks for: axes by the domain's type, one reference system for each."""
    made = town[1]["east"]
    lon, lat = place(made, *said_cell(made))
    asked = {"coords": f"POINT({lon!r} {lat!r})"}
    found = client.get("/collections/town:east/position", params=asked).json()
    assert found["type"] == "Coverage"
    assert {"x", "y"} <= set(found["domain"]["axes"])
    referenced = [c for one in found["domain"]["referencing"] for c in one["coordinates"]]
    assert sorted(referenced) == sorted(set(found["domain"]["axes"]))
    assert set(found["ranges"]) == set(found["parameters"])
    for one in found["ranges"].values():
        assert len(one["values"]) == math.prod(one.get("shape", [1]))


def test_geojson_has_the_members_of_the_standard(client, town):  # noqa: F811
    """Of `edrFeatureCollectionGeoJSON`: each feature says its time, parameters, label, and where it is asked."""
    made = town[1]["east"]
    lon, lat = place(made, *said_cell(made))
    names = ["gain_db", "gain_db_std"]
    asked = {"coords": f"POINT({lon!r} {lat!r})", "parameter-name": ",".join(names), "f": "GeoJSON"}
    at_place = client.get("/collections/town:east/position", params=asked).json()
    sites = client.get("/collections/town:east/locations").json()
    for found in (at_place, sites):
        assert found["type"] == "FeatureCollection"
        for feature in found["features"]:
            assert feature["type"] == "Feature"
            said = feature["properties"]
            assert datetime.fromisoformat(said["datetime"])
            assert said["parameter-name"] and all(isinstance(name, str) for name in said["parameter-name"])
            assert isinstance(said["label"], str)
            answer = client.get(said["edrqueryendpoint"].removeprefix("http://testserver"))
            assert answer.status_code in (200, 400), "a query without its coordinates"
    assert at_place["features"][0]["properties"]["parameter-name"] == names
    assert [p["id"] for p in at_place["parameters"]] == names
    for parameter in at_place["parameters"]:
        assert parameter["type"] == "Parameter"
        assert "label" in parameter["observedProperty"]
        require_unit(parameter["unit"])
    known = client.get("/collections/town:east").json()["parameter_names"]
    assert set(sites["features"][0]["properties"]["parameter-name"]) == set(known)
