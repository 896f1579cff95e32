"""`--terrain` and woods on the command line: what they take off is taken off, said, and can be left out."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from drive_files import BS_TEXT, CENTRE, GRID, lonlat, places, texts, write_csv

from openckm.maps.geotiff import read_geotiff
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter
from openckm.maps.terrain import read_terrain, terrain_loss_db
from openckm.maps.trees import most_attenuation_db

TX = Transmitter(*CENTRE, height_m=24.0, carrier_hz=3.5e9)


@pytest.fixture
def ridge(tmp_path):
    """A raster of elevations with a ridge of 40 m, 24 m east of the base station."""
    wide = Grid((48, 48), 4.0, (GRID.origin[0] - 32.0, GRID.origin[1] + 32.0), GRID.crs)
    x, _ = wide.centres()
    values = 500.0 + 40.0 * np.exp(-(((x - CENTRE[0] - 24.0) / 6.0) ** 2))
    path = tmp_path / "dem.tif"
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "height": 48, "width": 48, "crs": wide.crs}
    with rasterio.open(path, "w", **profile, transform=wide.transform) as raster:
        raster.write(values.astype("float32"), 1)
    return path


def layout(path, *woods):
    """A house in the north-west, and woods by their boxes, metres from the base station."""
    features = []
    for (west, south, east, north), tags in (((-50, 40, -42, 48), {"building": "yes", "height": 9}), *woods):
        dx, dy = np.array([west, east, east, west, west], float), np.array([south, south, north, north, south], float)
        ring = np.column_stack(lonlat(dx, dy)).tolist()
        features.append({"type": "Feature", "properties": tags, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_a_map_behind_a_ridge_is_right_with_the_terrain(ckm, tmp_path, tiny_prior, ridge):
    loss = terrain_loss_db(read_terrain(ridge, GRID, TX), TX, GRID)
    assert loss.max() > 15
    dx, dy = places(400)
    row, col = GRID.index_of(CENTRE[0] + dx, CENTRE[1] + dy)
    away = np.hypot(*(g - c for g, c in zip(GRID.centres(), CENTRE, strict=True)))
    truth = -70.0 - 25.0 * np.log10(np.hypot(away, 22.5) / 30)
    value = (truth - loss)[row, col] + np.random.default_rng(0).normal(0, 1, 400)
    given = dx < 30  # nothing was read on the far side of the ridge
    lon, lat = lonlat(dx[given], dy[given])
    drive = write_csv(tmp_path / "drive.csv", {"lon": texts(lon), "lat": texts(lat), "rsrp": texts(value[given], 2)})
    error = {}
    for name, more in (("flat", ()), ("hilly", ("--terrain", ridge))):
        done = ckm("construct", drive, "--bs", BS_TEXT, "--cell", "4", "--size", "32", "--draws", "0", "--no-check",
                   "--prior", tiny_prior, "-o", tmp_path / f"{name}.tif", *more)  # fmt: skip
        assert done.status == 0, done.err
        found = read_geotiff(tmp_path / f"{name}.tif").mean()
        error[name] = float(np.sqrt(np.mean((found - truth + loss)[row[~given], col[~given]] ** 2)))
    words = " ".join(done.out.split())
    assert "terrain dem.tif (500 to 5" in words and "heights are above the ground" in words and "P.526" in words
    assert error["hilly"] < 0.5 * error["flat"] and error["flat"] > 5


def test_woods_of_the_layout_are_taken_off_and_can_be_left_out(ckm, tmp_path, tiny_prior):
    file = layout(tmp_path / "town.geojson", ((20, -60, 60, 60), {"natural": "wood"}))
    maps = {}
    stds = {}
    for name, more in (("with", ()), ("without", ("--no-trees",))):
        done = ckm("predict", "--layout", file, "--tx", f"{BS_TEXT},24", "--cell", "4", "--size", "32", "--prior",
        tiny_prior,
                   "-o", tmp_path / f"{name}.tif", *more)  # fmt: skip
        assert done.status == 0, done.err
        maps[name], stds[name] = (f(read_geotiff(tmp_path / f"{name}.tif")) for f in (RadioMap.mean, RadioMap.std))
        assert ("woods cover " in " ".join(done.out.split())) == (name == "with")
    taken = maps["without"] - maps["with"]
    x, _ = GRID.centres()
    assert np.nanmax(np.abs(taken[x < CENTRE[0] + 15])) < 0.01 and 5 < np.nanmax(taken) < 40
    more = np.sqrt(np.maximum(stds["with"] ** 2 - stds["without"] ** 2, 0.0))
    np.testing.assert_allclose(more, 8.7 * taken / most_attenuation_db(3.5e9), atol=0.1)


def test_predict_lowers_the_map_behind_a_ridge(ckm, tmp_path, tiny_prior, ridge):
    file = layout(tmp_path / "town.geojson")
    maps = []
    for more in ((), ("--terrain", ridge)):
        done = ckm("predict", "--layout", file, "--tx", f"{BS_TEXT},24", "--cell", "4", "--size", "32", "--prior",
        tiny_prior,
                   "-o", tmp_path / "map.tif", *more)  # fmt: skip
        assert done.status == 0, done.err
        maps.append(read_geotiff(tmp_path / "map.tif"))
    loss = terrain_loss_db(read_terrain(ridge, GRID, TX), TX, GRID)
    east = GRID.centres()[0] > CENTRE[0] + 10  # away from the house
    np.testing.assert_allclose((maps[0].mean() - maps[1].mean())[east], loss[east], atol=0.05)
    # nobody knows a loss by diffraction to the decibel: the spread grows with it
    spread = np.hypot(maps[0].std(), np.minimum(0.5 * loss, 8.0))
    np.testing.assert_allclose(maps[1].std()[east], spread[east], rtol=0.01)
    assert (maps[1].std() - maps[0].std())[east].max() > 1.0


def test_terrain_without_a_base_station_or_of_elsewhere_is_refused(ckm, tmp_path, tiny_prior, ridge):
    dx, dy = places(60)
    lon, lat = lonlat(dx, dy)
    drive = write_csv(tmp_path / "drive.csv", {"lon": texts(lon), "lat": texts(lat), "rsrp": texts(-80 + 0.1 * dx, 2)})
    done = ckm(
        "construct", drive, "--size", "32", "--terrain", ridge, "--prior", tiny_prior, "-o", tmp_path / "map.tif"
    )
    assert done.status and "base station" in done.complaint
