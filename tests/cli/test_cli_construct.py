"""`ckm construct` end to end: files of a user in, a georeferenced map and its record out."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
import rasterio
import rioxarray  # noqa: F401  gives datasets their .rio
import xarray as xr
from drive_files import (
    BS_TEXT,
    BUILDING,
    CENTRE,
    GRID,
    SIDE,
    drive_columns,
    lonlat,
    places,
    plane,
    texts,
    write_csv,
    write_layout,
)
from pyproj import Transformer
from typer.testing import CliRunner

from openckm.cli.main import app

COUNT, OUTSIDE = 150, 5
QUICK = ("--size", SIDE, "--draws", 0, "--no-check")


def invoke(*arguments: object) -> str:
    """Run `ckm construct`, which must succeed and complain of nothing, and return what it printed."""
    done = CliRunner().invoke(app, ["construct", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return done.stdout


def bands(path: Path) -> np.ndarray:
    with rasterio.open(path) as raster:
        return raster.read()


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """One full run: lon/lat and RSRP, a layout, draws, self-check, all three outputs."""
    folder = tmp_path_factory.mktemp("drive")
    measurements = write_csv(folder / "drive.csv", drive_columns(COUNT, outside=OUTSIDE))
    layout = write_layout(folder / "layout.geojson")
    given = (measurements, "--bs", BS_TEXT, "--layout", layout, "--size", SIDE, "--sigma", 1, "--seed", 3)
    files = {name: folder / f"map.{name}" for name in ("tif", "png", "zarr")}
    printed = invoke(*given, "--draws", 2, "-o", files["tif"], "--png", files["png"], "--zarr", files["zarr"])
    return SimpleNamespace(folder=folder, given=given, printed=printed, **files)


def test_geotiff_has_bands_units_and_crs(job):
    with rasterio.open(job.tif) as raster:
        assert raster.descriptions == ("mean", "std", "p10", "p50", "p90")
        assert raster.units == ("dBm", "dB", "dBm", "dBm", "dBm")
        assert raster.crs.to_epsg() == 32632
        assert raster.shape == (SIDE, SIDE)
        assert raster.res == (4.0, 4.0)
        mean, std, p10, p50, p90 = raster.read()
    free = np.isfinite(mean)
    np.testing.assert_allclose(p50[free], mean[free], atol=1e-3)
    np.testing.assert_allclose((p90 - p10)[free], 2 * 1.2815516 * std[free], rtol=1e-3)
    assert std[free].min() > 0


def test_geotiff_is_georeferenced(job):
    with rasterio.open(job.tif) as raster:
        move = Transformer.from_crs("EPSG:4326", raster.crs, always_xy=True)
        x, y = move.transform(*(float(v) for v in BS_TEXT.split(",")))
        assert np.array(raster.bounds).reshape(2, 2).mean(0) == pytest.approx((x, y), abs=0.01)
        (at_bs,) = raster.sample([(x, y)], indexes=1)
        assert at_bs[0] == pytest.approx(float(plane(0, 0)), abs=3.0)
        dx, dy = (v[: COUNT - OUTSIDE] for v in places(COUNT))

        def rmse(across, up):
            found = np.array(list(raster.sample(np.transpose(move.transform(*lonlat(across, up))), indexes=1)))[:, 0]
            error = found - plane(dx, dy)
            return float(np.sqrt(np.nanmean(error**2)))

        assert rmse(dx, dy) < 3.0
        assert min(rmse(-dx, dy), rmse(dx, -dy), rmse(dy, dx)) > 6.0


def test_building_is_left_empty_where_it_stands(job):
    with rasterio.open(job.tif) as raster:
        empty = ~np.isfinite(raster.read(1))
        row, col = raster.index(CENTRE[0] + BUILDING[0], CENTRE[1] + BUILDING[1])
    assert empty.sum() == 16
    assert empty[row - 2 : row + 2, col - 2 : col + 2].all()


def test_picture_shows_something(job):
    picture = matplotlib.image.imread(job.png)
    assert min(picture.shape[:2]) > 300
    assert len(np.unique(picture[..., :3].reshape(-1, 3), axis=0)) > 50


def test_zarr_holds_the_same_map_with_its_draws(job):
    with xr.open_zarr(job.zarr, decode_coords="all") as opened:
        kept = opened.load()
    assert kept.draws.shape[0] == 2
    assert kept.rio.crs.to_epsg() == 32632
    mean = kept["mean"].sel(channel="gain_db").values
    tif = bands(job.tif)[0]
    np.testing.assert_array_equal(np.where(kept["valid"].values, mean, np.nan), tif)
    assert not np.array_equal(kept["draws"].values[0], kept["draws"].values[1])


def test_report_says_what_was_read_assumed_fitted_and_checked(job):
    text = job.printed
    kept = COUNT - OUTSIDE
    assert f"drive.csv: {kept} of {COUNT} rows used, rsrp [dBm]" in text
    assert f"left out {OUTSIDE} outside the map" in text
    assert re.search(r"read +layout\.geojson: buildings cover 2% of the map", text)
    assert re.search(r"assumed +antenna 24 m above ground, 3\.5 GHz, an omnidirectional antenna", text)
    assert "a single reading is off by 1 dB" in text
    assert re.search(r"fitted +transmit offset -?\d+\.\d ± \d+\.\d dB", text)
    assert re.search(r"took +\d+\.\d s", text)
    for path in (job.tif, job.png, job.zarr):
        assert str(path) in text.splitlines()[-1]


def test_report_compares_with_kriging_on_held_back_cells(job):
    found = re.search(r"check +(\d+) of (\d+) readings \(one a cell and device\) held back in 4 sets", job.printed)
    held, cells = int(found[1]), int(found[2])
    assert cells == COUNT - OUTSIDE
    assert 0.4 * cells <= held < 0.7 * cells
    scores = re.findall(r"(\w+) +RMSE +(\d+\.\d+) dB, 90 % interval covers (\d+)%", job.printed)
    assert scores[0][0] == "openckm" and len(scores) == 2
    assert all(0 < float(rmse) < 10 for _, rmse, _ in scores)
    assert " on your own held-back readings" in job.printed and "OpenCKM's error is" in job.printed


def test_same_seed_gives_the_same_map_with_or_without_the_check(job, tmp_path):
    again = ("-o", tmp_path / "map.tif", "--zarr", tmp_path / "map.zarr", "--no-check")
    invoke(*job.given, "--draws", 2, *again)
    np.testing.assert_array_equal(bands(tmp_path / "map.tif"), bands(job.tif))
    other = xr.open_zarr(tmp_path / "map.zarr")["draws"].values
    np.testing.assert_array_equal(other, xr.open_zarr(job.zarr)["draws"].values)
    invoke(*job.given, "--seed", 4, "--draws", 1, *again)
    assert not np.array_equal(xr.open_zarr(tmp_path / "map.zarr")["draws"].values[0], other[0])


def test_projected_path_loss_comes_out_as_gain(tmp_path):
    dx, dy = places(80)
    gain = plane(dx, dy) - 20.0
    move = Transformer.from_crs(GRID.crs, "EPSG:32633", always_xy=True)
    x, y = move.transform(CENTRE[0] + dx, CENTRE[1] + dy)
    columns = {"easting": texts(x, 2), "northing": texts(y, 2), "path_loss": texts(-gain, 2)}
    measurements = write_csv(tmp_path / "loss.csv", columns)
    output = tmp_path / "map.tif"
    printed = invoke(measurements, "--bs", BS_TEXT, "--crs", "EPSG:32633", *QUICK, "--sigma", 1, "-o", output)
    assert "80 of 80 rows used, path_loss [dB] from 84" in printed
    assert "no building layout" in printed
    assert "self-check left out on request" in printed
    with rasterio.open(output) as raster:
        assert set(raster.units) == {"dB"}
        found = np.array(list(raster.sample(np.transpose((CENTRE[0] + dx, CENTRE[1] + dy)), indexes=1)))[:, 0]
    assert np.sqrt(np.mean((found - gain) ** 2)) < 3.0


def test_rows_and_columns_can_be_chosen(tmp_path):
    chosen, other = drive_columns(50), drive_columns(30, seed=1)
    columns = {name: chosen[name] + other[name] for name in ("lon", "lat")}
    columns["power"] = chosen["rsrp"] + [f"{float(v) - 40:.1f}" for v in other["rsrp"]]
    columns["PCI"] = ["A"] * 50 + ["B"] * 30
    measurements = write_csv(tmp_path / "two.csv", columns)
    output = tmp_path / "map.tif"
    own = ("--where", "PCI=A", "--column", "rsrp=power", "--azimuth", 90, "-o", output)
    printed = invoke(measurements, "--bs", BS_TEXT, *QUICK, *own)
    assert "50 of 80 rows used, power [dBm]" in printed
    assert "a TR 38.901 sector at 90° from north, 6° down" in printed
    assert np.nanmean(bands(output)[0]) == pytest.approx(-90.0, abs=6.0)


def test_deadline_takes_draws_not_the_map(tmp_path, tiny_prior):
    measurements = write_csv(tmp_path / "drive.csv", drive_columns())
    files = ("-o", tmp_path / "map.tif", "--zarr", tmp_path / "map.zarr")
    hurry = ("--size", SIDE, "--draws", 4, "--no-check", "--deadline", 0.001, "--prior", tiny_prior)
    printed = invoke(measurements, "--bs", BS_TEXT, *hurry, *files)
    assert "tiny 0.0.1" in printed
    assert np.isfinite(bands(tmp_path / "map.tif")).all()
    assert "draws" not in xr.open_zarr(tmp_path / "map.zarr")


def test_too_few_readings_give_the_prior_and_say_so(tmp_path, tiny_prior):
    measurements = write_csv(tmp_path / "few.csv", drive_columns(2))
    args = ("--size", SIDE, "--draws", 0, "--prior", tiny_prior, "-o", tmp_path / "map.tif")
    printed = invoke(measurements, "--bs", BS_TEXT, *args)
    assert "fitted   nothing: too few readings" in printed
    assert "prior    tiny 0.0.1" in printed
    assert "no self-check: the readings fill 2 cells" in printed
    assert (tmp_path / "map.tif").is_file()
