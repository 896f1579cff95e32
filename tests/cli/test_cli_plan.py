"""`ckm plan`, `--outage-threshold` and `--strict` end to end: files of a user in, files and exit status out."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
import xarray as xr
from drive_files import BS, BS_TEXT, SIDE, drive_columns, write_csv, write_layout

from openckm.edge import construction as edge_job
from openckm.edge.selfcheck import Score, SelfCheck

QUICK = ("--bs", BS_TEXT, "--size", SIDE)


@pytest.fixture
def drive(tmp_path):
    return write_csv(tmp_path / "drive.csv", drive_columns(60))


@pytest.fixture
def prior(tiny_prior):
    return ("--prior", tiny_prior)


def test_plan_writes_places_and_route(ckm, drive, prior, tmp_path):
    layout = write_layout(tmp_path / "layout.geojson")
    output = tmp_path / "plan.geojson"
    done = ckm("plan", drive, *QUICK, *prior, "--layout", layout, "--count", 5, "--start", BS_TEXT, "-o", output)
    assert done.status == 0 and done.err == ""
    assert "5 places from covariances fitted to 60 measured cells" in done.out
    assert "along free cells" in done.out and str(output) in done.out
    features = json.loads(output.read_text())["features"]
    assert [f["geometry"]["type"] for f in features] == ["Point"] * 5 + ["LineString"]
    assert features[-1]["geometry"]["coordinates"][0] == pytest.approx(list(BS), abs=1e-4)
    gain = [f["properties"]["expected_rmse_reduction_db"] for f in features[:-1]]
    assert min(gain) > 0 and f"{max(gain):.3f} dB" in done.out


def test_a_plan_says_what_was_read_and_left_out(ckm, drive, prior, tmp_path):
    text = drive.read_text().splitlines()
    drive.write_text("\n".join([*text, *(",".join(["", *line.split(",")[1:]]) for line in text[1:4])]) + "\n")
    output = tmp_path / "plan.json"
    done = ckm("plan", drive, *QUICK, *prior, "--count", 2, "-o", output)
    assert done.status == 0 and "60 of 63 rows used" in done.out and "left out 3 without a" in done.out, done
    read = json.loads(output.read_text())["features"][-1]["properties"]["read"][0]
    assert read["rows_read"] == read["kept"] + sum(read["left_out"].values()) == 63


def test_plan_before_the_first_drive(ckm, prior, tmp_path):
    done = ckm("plan", *QUICK, *prior, "--count", 3, "-o", tmp_path / "plan.json")
    assert done.status == 0 and "too few readings" in done.out
    assert len(json.loads((tmp_path / "plan.json").read_text())["features"]) == 4


def test_one_drive_for_all_cells_of_a_mast_no_longer_than_asked_for(ckm, prior, tmp_path):
    sites = tmp_path / "sites.csv"
    sites.write_text(f"name,lon,lat,azimuth\nnorth,{BS_TEXT},0\nsouth,{BS_TEXT},180\n")
    output = tmp_path / "plan.json"
    done = ckm("plan", "--sites", sites, "--size", SIDE, *prior, "--count", 6, "--budget-km", "0.1", "-o", output)
    assert done.status == 0 and "for 2 maps" in done.out, done
    assert json.loads(output.read_text())["features"][-1]["properties"]["length_m"] <= 100.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "plan.tif"), "ends in .geojson or .json"),
        (("-o", "no/plan.geojson"), "does not exist"),
        (("-o", "."), "ends in .geojson"),
        (("-o", "p.geojson", "--start", "11.5"), "--start '11.5': wanted LON,LAT"),
        (("-o", "p.geojson", "--start", "48.1,111.0"), "look swapped"),
        (("-o", "p.geojson", "--start", "12.0,48.1"), "outside the grid"),
        (("-o", "p.geojson", "--sigma", "0"), "--sigma 0: wanted a number of dB"),
        (("-o", "p.geojson", "--cell", "-1"), "--cell -1"),
        (("-o", "p.geojson", "--budget-km", "0"), "--budget-km 0"),
        (("-o", "p.geojson", "--sites", "s.csv"), "by --bs, or the cells of a mast by --sites"),
        (("-o", "p.geojson", "--where", "PCI"), "wanted NAME=VALUE"),
        (("-o", "p.geojson", "--layout", "gone.geojson"), "gone.geojson"),
    ],
)
def test_bad_plans_end_with_one_line_and_no_file(ckm, drive, prior, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = ckm("plan", drive, *QUICK, *prior, *arguments)
    assert done.status == 2 and said in done.complaint
    assert sorted(tmp_path.iterdir()) == before


def test_plan_does_not_overwrite_its_input(ckm, prior, tmp_path):
    layout = write_layout(tmp_path / "layout.geojson")
    old = layout.read_bytes()
    done = ckm("plan", *QUICK, *prior, "--layout", layout, "-o", layout)
    assert done.status == 2 and "one of the files that are read" in done.complaint
    assert layout.read_bytes() == old


def test_outage_is_a_band_and_a_variable(ckm, drive, prior, tmp_path):
    tif, zarr = tmp_path / "map.tif", tmp_path / "map.zarr"
    done = ckm(
        "construct", drive, *QUICK, *prior, "--draws", 0, "--no-check", "--outage-threshold", -95, "-o", tif,
        "--zarr", zarr,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "outage   below -95 dBm" in done.out
    with rasterio.open(tif) as raster:
        assert raster.descriptions[5] == "outage"
        mean, outage = raster.read(1), raster.read(6)
    assert ((outage > 0.5) == (mean < -95)).mean() > 0.999
    assert 0 <= outage.min() < 0.5 < outage.max() <= 1
    np.testing.assert_array_equal(xr.open_zarr(zarr)["outage"].values, outage)


@pytest.mark.parametrize("value", ["nan", "-400"])
def test_outage_threshold_must_make_sense(ckm, drive, prior, tmp_path, value):
    done = ckm("construct", drive, *QUICK, *prior, "--outage-threshold", value, "-o", tmp_path / "map.tif")
    assert done.status == 2 and "--outage-threshold" in done.complaint


def test_outage_in_dbm_on_a_map_without_a_level_is_refused(ckm, prior, tmp_path):
    few = write_csv(tmp_path / "few.csv", drive_columns(2))
    done = ckm("construct", few, *QUICK, *prior, "--outage-threshold", -110, "-o", tmp_path / "map.tif")
    assert done.status == 2 and "too few readings to tell the transmit power" in done.complaint
    assert not (tmp_path / "map.tif").exists()


def misfit(*_, **__):
    return SelfCheck(90, 40, (Score("openckm", 20.0, 0.2, 5.0), Score("kriging", 6.0, 0.9)), 7.0)


def test_strict_refuses_with_3_and_writes_nothing(ckm, drive, prior, tmp_path, monkeypatch):
    monkeypatch.setattr(edge_job, "self_check", misfit)
    given = ("construct", drive, *QUICK, *prior, "--draws", 0, "-o", tmp_path / "map.tif")
    done = ckm(*given, "--strict")
    assert done.status == 3 and "nothing was written" in done.complaint
    assert "REFUSED" in done.out and "status   refused" in done.out
    assert not (tmp_path / "map.tif").exists()
    done = ckm(*given)
    assert done.status == 0 and "status   refused" in done.out
    with rasterio.open(tmp_path / "map.tif") as raster:
        assert json.loads(raster.tags()["OPENCKM_PROVENANCE"])["status"] == "refused"


def test_strict_passes_a_map_that_may_be_trusted(ckm, drive, tmp_path, monkeypatch, prior):
    good = SelfCheck(90, 40, (Score("openckm", 5.0, 0.9, 1.0), Score("kriging", 6.0, 0.9)), 7.0)
    monkeypatch.setattr(edge_job, "self_check", lambda *_, **__: good)
    done = ckm("construct", drive, *QUICK, *prior, "--draws", 0, "--strict", "-o", tmp_path / "map.tif")
    assert done.status == 0 and "status   trusted" in done.out
    done = ckm("construct", drive, *QUICK, *prior, "--strict", "--no-check", "-o", tmp_path / "map.tif")
    assert done.status == 2 and "--strict asks the self-check" in done.complaint
