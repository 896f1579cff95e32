"""`ckm query` and `ckm maps`: what a person types, and what comes back."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "atlas"))
from atlas_worlds import make_map

from openckm.cli.main import app
from openckm.errors import OpenCKMError
from openckm.maps import write_geotiff, write_zarr


def ckm(*words):
    done = CliRunner().invoke(app, [str(w) for w in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Two cells' maps, with a place that both say something of."""
    folder = tmp_path_factory.mktemp("town")
    made = {name: make_map(k, shape=(120, 120), direction=True) for k, name in enumerate(("east", "west"))}
    for name, radiomap in made.items():
        write_zarr(radiomap, folder / f"{name}.zarr")
        write_geotiff(radiomap, folder / f"{name}.tif", draws=True)
    both = made["east"].valid & made["west"].valid
    row, col = (int(v) for v in np.argwhere(both)[5000])
    x, y = made["east"].grid.centres()
    lon, lat = made["east"].grid.to_lonlat(x[row, col], y[row, col])
    return folder, made, (row, col), f"{float(lon)!r},{float(lat)!r}"


def line_of(folder, made, name="line.geojson"):
    west, south, east, north = made["east"].grid.bounds
    lon, lat = made["east"].grid.to_lonlat(np.array([west + 9, east - 9]), np.array([south + 9, north - 9]))
    line = {"type": "LineString", "coordinates": np.c_[lon, lat].tolist()}
    (folder / name).write_text(json.dumps(line))
    return folder / name


@pytest.mark.parametrize("ending", ["tif", "zarr"])
def test_a_place_with_a_negative_longitude(town, ending):
    folder, made, (row, col), place = town
    assert place.startswith("-7")
    told = ckm("query", folder / f"east.{ending}", place, "--above", "-95")
    assert f"{made['east'].mean()[row, col]:.1f} dBm" in told
    answer = json.loads(ckm("query", folder / f"east.{ending}", place, "--above=-95", "--json"))["points"][0]
    assert answer["points"][0]["mean"] == pytest.approx(float(made["east"].mean()[row, col]))
    assert answer["points"][0]["outage"] == pytest.approx(
        float(made["east"].with_outage(-95.0).outage()[row, col]), rel=1e-5
    )


def test_routes_areas_servers_users_and_beams(town, tmp_path):
    folder, made, _, place = town
    line = line_of(folder, made)
    told = ckm("query", folder / "east.zarr", "--route", line, "--above=-95")
    assert "without a break: probability" in told
    assert "share above" in told
    both = ckm("query", folder / "east.zarr", folder / "west.zarr", place, "--servers", "--route", line)
    assert "handovers:" in both
    assert "dB ahead" in both
    lon, lat = (float(v) for v in place.split(","))
    (tmp_path / "p.csv").write_text(f"lon,lat\n{lon},{lat}\n{lon},{lat}\n")
    users = ckm("query", folder / "east.zarr", folder / "west.zarr", "--points", tmp_path / "p.csv", "--users")
    assert "association, proportional fair: objective" in users
    assert "with equal power and band: sum of rates" in users
    assert "dB below the ideal" in ckm("query", folder / "east.zarr", place, "--beams", "--elements", 16)
    west, south, east, north = made["east"].grid.bounds
    x, y = made["east"].grid.to_lonlat(
        np.array([west + 20, east - 20, east - 20]), np.array([south + 20, south + 20, north - 20])
    )
    ring = ", ".join(f"{a} {b}" for a, b in [*zip(x, y, strict=True), (x[0], y[0])])
    (tmp_path / "a.wkt").write_text(f"POLYGON(({ring}))")
    assert "of the area" in ckm("query", folder / "east.zarr", "--area", tmp_path / "a.wkt", "--above=-95")
    told = ckm(
        "query", folder / "east.tif", "--above=-95", "--polygons", tmp_path / "c.geojson", "--contours",
        tmp_path / "l.json",
    )  # fmt: skip
    assert told.count("wrote") == 2
    assert json.loads((tmp_path / "c.geojson").read_text())["features"][0]["geometry"]["type"] == "MultiPolygon"


def test_every_question_has_its_answer_as_json(town, tmp_path):
    """What a program gets: one document, whatever is asked, also where files are written."""
    folder, made, _, place = town
    line = line_of(folder, made)
    east, west = folder / "east.zarr", folder / "west.zarr"
    ring = json.loads(line.read_text())["coordinates"]
    ring = [ring[0], [ring[1][0], ring[0][1]], ring[1], ring[0]]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    questions = {
        "points": [east, place], "routes": [east, "--route", line, "--above=-95"],
        "servers": [east, west, place, "--servers"],
        "handovers": [east, west, "--route", line, "--servers"], "users": [east, west, place, "--users"],
        "areas": [east, "--area", tmp_path / "a.geojson", "--above=-95"],
        "beams": [east, place, "--beams"], "written": [east, "--above=-95", "--contours", tmp_path / "l.geojson"],
    }  # fmt: skip
    for name, words in questions.items():
        said = json.loads(ckm("query", *words, "--json"))
        assert list(said) == [name]
        assert said[name]
    radio = ["--noise-figure", 3, "--bandwidth", 10, "--load", 1]
    before, after = (
        json.loads(ckm("query", east, west, place, "--servers", "--json", *more))["servers"]["points"][0]["sinr_db"]
        for more in ([], radio)
    )
    assert after != before
    users = json.loads(ckm("query", east, west, place, "--users", "--json"))["users"]
    assert users["rule"] == "proportional fair"
    assert isinstance(users["objective"], float)
    assert all(isinstance(split["objective_bps"], float) for split in users["equal_power"].values())
    beam = json.loads(ckm("query", east, place, "--beams", "--json"))["beams"][0]["points"][0]
    assert 0 <= beam["probability"] <= 1
    assert beam["loss_db"] >= 0


def test_a_store_from_the_command_line(town, tmp_path):
    folder, _, _, place = town
    store = tmp_path / "store"
    assert "added    town/east version 1" in ckm("maps", "add", folder / "east.zarr", "town/east", "--store", store)
    ckm("maps", "add", folder / "west.zarr", "town/west", "--store", store, "--site", "mast", "--time", "2026-05-01")
    assert "2 maps in" in ckm("maps", "list", "--store", store)
    assert json.loads(ckm("maps", "list", "--store", store, "--site", "mast", "--json"))[0]["name"] == "town/west"
    assert "2 maps in" in ckm("maps", "list", "--store", store, f"--at={place}")
    assert json.loads(ckm("maps", "show", "town/west", "--store", store))["time"].startswith("2026-05-01")
    assert "dBm" in ckm("query", "town/east", place, "--store", store)
    assert "removed  town/east, version 1" in ckm("maps", "remove", "town/east", "--store", store)
    assert "1 maps in" in ckm("maps", "list", "--store", store)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["query", "{place}"], "which map is asked"),
        (["query", "east.zarr"], "nothing is asked"),
        (["query", "east.zarr", "{place}", "--abve", "3"], "there is no option --abve"),
        (["query", "east.zarr", "{place}", "--above", "strong"], "wanted a number of dBm"),
        (["query", "east.zarr", "{place}", "--above=-95dB"], "means nothing on"),
        (["query", "east.zarr", "nan,36"], "longitude must lie in"),
        (["query", "east.zarr", "36,-178.9"], "swapped"),
        (["query", "east.zarr", "24.9,60.2"], "lie outside"),
        (["query", "east.zarr", "west.zarr", "24.9,60.2"], "outside every map"),
        (["query", "none.zarr", "{place}"], "there is no map"),
        (["query", "none", "{place}", "--store", "nowhere"], "no store of maps"),
        (["query", "east.zarr", "--beams"], "at which places"),
        (["query", "east.tif", "{place}", "--beams"], "has no direction of arrival"),
        (["query", "east.zarr", "--contours", "l.json"], "wants a threshold"),
        (["query", "east.zarr", "--area", "bad.wkt", "--above=-95"], "neither WKT nor GeoJSON"),
        (["query", "east.zarr", "{place}", "--users", "--load", "3"], "load within"),
        (["maps", "add", "east.zarr", "a b", "--store", "s"], "map name"),
        (["maps", "add", "east.zarr", "a", "--store", "s", "--time", "soon"], "wanted a date or time"),
        (["maps", "list", "--store", "nowhere"], "no store of maps"),
    ],
)
def test_questions_that_cannot_be(town, monkeypatch, words, told):
    folder, _, _, place = town
    monkeypatch.chdir(folder)
    (folder / "bad.wkt").write_text("POLYGON((0 0")
    with pytest.raises(OpenCKMError, match=told):
        ckm(*[word.format(place=place) for word in words])
