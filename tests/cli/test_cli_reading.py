"""What a user has, and what is not known: no base station, no size, several files, metres indoors; `ckm inspect`."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio


def walk(path, *, local=False, far=False, columns="lon,lat,rsrp", more=()):
    """Write a spiral of 60 readings around (11.576, 48.137), or around (20, 12) m."""
    k = np.arange(60)
    x, y = (10 + 1.5 * k) * np.cos(0.4 * k), (10 + 1.5 * k) * np.sin(0.4 * k)
    rsrp = -40 - 22 * np.log10(np.hypot(x, y))
    x, y = (x * 40, y * 40) if far else (x, y)
    place = (x / 5 + 20, y / 5 + 12) if local else (11.576 + x / 74_300, 48.137 + y / 111_200)
    rows = [
        f"{a:.6f},{b:.6f},{v:.1f}" + "".join(f",{m(i)}" for m in more)
        for i, (a, b, v) in enumerate(zip(*place, rsrp, strict=True))
    ]
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


@pytest.fixture
def construct(ckm, tmp_path, tiny_prior):
    """Return a function that runs `ckm construct` and gives what was printed and the map's file."""

    def run(*arguments):
        out = tmp_path / "map.tif"
        done = ckm("construct", *arguments, "--draws", "0", "--no-check", "--prior", tiny_prior, "-o", out)
        return done, out

    return run


def test_the_base_station_may_be_left_out_and_the_map_follows_the_readings(construct, tmp_path):
    done, out = construct(walk(tmp_path / "a.csv"))
    assert done.status == 0, done.err
    assert "the base station is not known" in done.out
    assert "the map follows the readings: 64 x 64 cells of 4 m" in done.out
    with rasterio.open(out) as raster:
        assert raster.shape == (64, 64) and raster.crs.to_epsg() == 32632
        assert np.isfinite(raster.read(1)).all()


def test_a_wide_drive_gets_larger_cells_and_holds_all_readings(construct, tmp_path):
    done, out = construct(walk(tmp_path / "a.csv", far=True), "--bs", "11.576,48.137")
    assert "60 of 60 rows used" in done.out and "cells of 40 m" in done.out
    with rasterio.open(out) as raster:
        assert max(raster.shape) <= 256 and raster.res[0] == 40


def test_a_given_size_that_leaves_readings_out_says_what_would_hold_them(construct, tmp_path):
    path = walk(tmp_path / "a.csv", far=True)
    done, _ = construct(path, "--bs", "11.576,48.137", "--cell", "20", "--size", "64")
    assert "readings lie outside the map and are not used; --size" in done.out
    words = done.out.split("--size ")[1].split()
    size, cell, centre = words[0], words[2], words[4]
    done, _ = construct(path, "--bs", "11.576,48.137", "--cell", cell, "--size", size, "--centre", centre)
    assert "60 of 60 rows used" in done.out


def test_indoors_metres_need_no_crs(construct, tmp_path):
    path = walk(tmp_path / "a.csv", local=True, columns="x,y,rsrp")
    done, out = construct(path, "--crs", "local", "--bs", "20,12")
    assert done.status == 0, done.err
    assert "cells of 1 m around x" in done.out
    with rasterio.open(out) as raster:
        assert raster.crs is None and raster.bounds.left < 2 < 38 < raster.bounds.right
    assert "--crs local" in construct(path, "--bs", "11.5,48.1")[0].complaint


def test_several_files_are_one_campaign(construct, tmp_path):
    a, b = walk(tmp_path / "a.csv"), walk(tmp_path / "b.csv")
    done, _ = construct(a, b, "--bs", "11.576,48.137")
    assert "a.csv, b.csv: 120 of 120 rows used" in done.out


def test_the_report_accounts_for_every_row(construct, tmp_path):
    path = walk(tmp_path / "a.csv", more=(lambda i: 36 + (i % 4 == 0),), columns="lon,lat,rsrp,PCI")
    with path.open("a") as file:
        file.write("11.576,48.137,,36\n11.576,48.137,loud,36\n")
    how = ("--bs", "11.576,48.137", "--where", "PCI=36", "--skip-bad", "--report", tmp_path / "r.json")
    done, _ = construct(path, *how)
    record = json.loads((tmp_path / "r.json").read_text())
    reading = record["reading"]
    assert reading["rows_read"] == 62 == reading["kept"] + sum(reading["left_out"].values())
    assert reading["left_out"] == {"not chosen by PCI": 15, "without a value": 1, "rows whose rsrp is no number": 1}
    assert record["provenance"]["reading"] == reading
    assert "left out 15 not chosen by PCI; 1 without a value; 1 rows whose rsrp is no number" in done.out


def test_inspect_shows_what_would_be_read_and_makes_nothing(ckm, tmp_path):
    path = walk(
        tmp_path / "a.csv",
        more=(lambda i: 36 + (i % 4 == 0), lambda i: f"12:00:{i:02d}"),
        columns="lon,lat,rsrp,PCI,time",
    )
    before = sorted(tmp_path.iterdir())
    done = ckm("inspect", path)
    assert done.status == 0 and sorted(tmp_path.iterdir()) == before
    parts = (
        "60 rows, 5 columns", "rsrp  -> rsrp [dBm]", "PCI: 2 values (rows: 36 45, 37 15)", "12:00:00 to 12:00:59",
        "extent",         "has 2 values", f"ckm construct {path} --where PCI=36 --bs LON,LAT -o map.tif",
    )  # fmt: skip
    for part in parts:
        assert part in done.out, part


def test_inspect_of_what_cannot_be_read_names_the_reason(ckm, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert "no column holds a value" in ckm("inspect", tmp_path / "a.csv").out
    assert "cannot read" in ckm("inspect", tmp_path / "none.csv").complaint


def test_metres_without_a_plane_are_refused_with_the_zone_that_the_file_tells(ckm, tmp_path):
    lines = [f"{691500 + 2 * i},{5334700 + i},32U,{-60 - i / 4}" for i in range(60)]
    path = tmp_path / "utm.csv"
    path.write_text("\n".join(["easting,northing,zone,rsrp", *lines]))
    done = ckm("construct", path, "-o", tmp_path / "map.tif")
    assert done.status == 2 and "say --crs EPSG:32632, or --crs local" in done.complaint
    assert "--crs EPSG:32632 --bs LON,LAT" in ckm("inspect", path).out
    path.write_text(path.read_text().replace("32U,-60.0", "33U,-60.0"))
    assert "several zones of coordinates" in ckm("inspect", path).out
