"""Tiles of stored maps: does every pixel have the value of its cell, zoomed in, and of its average, zoomed out?"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from node_worlds import Still, client_of, tiny_model
from test_service_page import layer_of

from openckm.atlas import MapStore
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.service.config import EdgeConfig, MapsConfig, ServerConfig
from openckm.service.node import Node

SIDE = 700
GRID = Grid.centred(24.94, 60.17, shape=(SIDE, SIDE), cell_m=2.0)


def field(seed=0, grid=GRID):
    rng = np.random.default_rng(seed)
    return rng.normal(-90, 10, (1, *grid.shape)).astype(np.float32)


def a_map(seed=0, grid=GRID):
    valid = np.random.default_rng(9).random(grid.shape) > 0.1
    mean = field(seed, grid)
    return RadioMap.from_gaussian(
        grid, mean, np.full_like(mean, 4.0), ["gain_db"], valid=valid,
        provenance={"unit": "dBm", "time": datetime(2026, 5, 1, tzinfo=UTC).isoformat()},
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store") / "maps"
    store = MapStore(folder, create=True)
    for name, made in (
        ("city/a", a_map(0)), ("city/b", a_map(1)), ("plane", a_map(2, Grid((600, 600), 2.0, (0.0, 0.0)))),
        ("small", a_map(3, Grid.centred(24.94, 60.17, shape=(40, 40), cell_m=2.0))),
    ):  # fmt: skip
        store.add(made, name)
    model = tiny_model(tmp_path_factory.mktemp("model"))
    config = EdgeConfig(server=ServerConfig(page=True), maps=MapsConfig(folder=folder))
    with client_of(Node(config, Still(model))) as made_client:
        yield made_client


def centre(z, x, y, row, col):
    """Longitude and latitude of a pixel's centre."""
    n = 2**z * 256
    lon = (x * 256 + col + 0.5) / n * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * (y * 256 + row + 0.5) / n))))
    return lon, lat


def tile_at(lon, lat, z):
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)
    return x, y


def fetch(client, map_, z, x, y, **more):
    query = "&".join(f"{k}={v}" for k, v in more.items())
    answer = client.get(f"/v1/maps/{map_}/tiles/{z}/{x}/{y}?{query}")
    assert answer.status_code == 200, answer.text
    return layer_of(answer.content)


def test_zoomed_in_every_pixel_has_the_value_of_its_cell(client):
    z = 18
    x, y = tile_at(24.94, 60.17, z)
    told, values = fetch(client, "city:a", z, x, y, layer="mean")
    assert told["averaged"] == 1 and told["unit"] == "dBm" and values.shape == (256, 256)
    rows, cols = np.random.default_rng(1).integers(0, 256, (2, 1000))
    lon, lat = centre(z, x, y, rows, cols)
    east, north = GRID.from_lonlat(lon, lat)
    border = [np.abs(np.mod(v / 2.0, 1) - 0.5) > 0.47 for v in (east - GRID.bounds[0], GRID.bounds[3] - north)]
    sure = ~(border[0] | border[1])  # near a border the warp's own arithmetic may choose the neighbour
    made = a_map(0)
    at = GRID.index_of(east, north)
    wanted = np.where(made.valid[at], made.mean()[at], np.nan)
    assert sure.sum() > 800
    np.testing.assert_allclose(values[rows, cols][sure], wanted[sure], atol=0.51 * told["scale"] + 1e-5)


def test_zoomed_out_a_pixel_is_the_average_of_power_and_says_of_how_many_cells(client):
    x, y = tile_at(24.94, 60.17, 14)
    told, values = fetch(client, "city:a", 14, x, y, layer="mean")
    assert told["averaged"] == 2
    made = a_map(0)
    power = np.where(made.valid, 10 ** (made.mean().astype(float) / 10), 0.0)
    total, count = (v.reshape(SIDE // 2, 2, SIDE // 2, 2).sum(axis=(1, 3)) for v in (power, made.valid))
    blocks = 10 * np.log10(np.where(count > 0, total, 1.0) / np.maximum(count, 1))
    inside = np.isfinite(values)
    rows, cols = np.nonzero(inside)
    east, north = GRID.from_lonlat(*centre(14, x, y, rows, cols))
    row, col = np.floor((GRID.bounds[3] - north) / 4).astype(int), np.floor((east - GRID.bounds[0]) / 4).astype(int)
    ok = (row >= 0) & (col >= 0) & (row < SIDE // 2) & (col < SIDE // 2)
    error = values[rows, cols][ok] - blocks[row[ok], col[ok]]
    assert np.median(np.abs(error)) < 1e-2 and (np.abs(error) < 0.02).mean() > 0.9


def test_all_tiles_of_a_map_share_one_scale_and_one_beside_it_is_empty(client):
    x, y = tile_at(24.94, 60.17, 17)
    heads = [fetch(client, "city:a", 17, x + k, y)[0] for k in (0, 1)]
    assert {(h["scale"], h["offset"]) for h in heads} == {(heads[0]["scale"], heads[0]["offset"])}
    _, beside = fetch(client, "city:a", 17, 0, 0)
    assert np.isnan(beside).all()


@pytest.mark.parametrize("address", ["30/0/0", "3/9/0", "3/-1/0", "3/0/8"])
def test_a_tile_that_cannot_be_is_refused(client, address):
    answer = client.get(f"/v1/maps/city:a/tiles/{address}?layer=mean")
    assert answer.status_code == 404 and "wanted a zoom" in answer.json()["error"]["message"]


def test_a_map_without_crs_lies_at_the_page_s_own_origin(client):
    told, values = fetch(client, "plane", 18, *tile_at(300 / 111_320, -300 / 111_320, 18), layer="mean")
    assert told["crs"] is None and np.isfinite(values).mean() > 0.8


def test_the_best_server_is_the_strongest_of_the_group(client):
    told, values = fetch(client, "city:a", 18, *tile_at(24.94, 60.17, 18), layer="server")
    assert told["names"] == ["city/a", "city/b"] or told["names"] == ["city:a", "city:b"]
    x, y = tile_at(24.94, 60.17, 18)
    rows, cols = np.random.default_rng(2).integers(0, 256, (2, 400))
    at = GRID.index_of(*GRID.from_lonlat(*centre(18, x, y, rows, cols)))
    a, b = a_map(0), a_map(1)
    wanted = np.where(a.valid[at], (b.mean()[at] > a.mean()[at]).astype(float), np.nan)
    found = values[rows, cols]
    assert np.mean((found == wanted) | (np.isnan(found) & np.isnan(wanted))) > 0.95


def test_a_small_map_comes_whole_and_a_large_one_says_that_it_does_not(client):
    _, values = layer_of(client.get("/v1/maps/small/layers/mean").content)
    made = a_map(3, Grid.centred(24.94, 60.17, shape=(40, 40), cell_m=2.0))
    np.testing.assert_allclose(values[made.valid], made.mean()[made.valid], atol=0.01)
    large = client.get("/v1/maps/city:a/layers/mean")
    assert large.status_code == 400 and "come in tiles" in large.json()["error"]["message"]
    assert client.get("/v1/maps/city:a/record").json()["tiles"] is True


def test_browsers_get_the_page_and_programs_what_the_node_offers(client):
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html") and "<aside" in page.text
    told = client.get("/", headers={"Accept": "application/json"})
    assert told.status_code == 200 and told.json()["title"] == "OpenCKM maps"


def test_outage_wants_a_threshold(client):
    x, y = tile_at(24.94, 60.17, 18)
    assert client.get(f"/v1/maps/city:a/tiles/18/{x}/{y}?layer=outage").status_code == 400
    told, values = fetch(client, "city:a", 18, x, y, layer="outage", below=-90)
    assert told["unit"] == "1" and np.nanmin(values) >= 0 and np.nanmax(values) <= 1
