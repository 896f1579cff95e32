"""Small files as people have them (../shared/cases), by the commands of their READMEs: read, or refused, as expected.

Skipped where the folder is not at hand; tests/maps/test_maps_people_files.py and test_maps_layouts_odd.py make the
same kinds of files by code.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
if not CASES.is_dir():
    CASES = Path(__file__).parents[3].parent / "shared" / "cases"
BS = "11.5760,48.1370"


@pytest.fixture
def case(ckm, tmp_path, tiny_prior):
    """Return a function that runs `ckm construct` on a case and gives what it printed, and its report."""

    def run(folder: str, name: str, *more: object, bs: str | None = BS):
        if not CASES.is_dir():
            pytest.skip("shared/cases is not at hand")
        file = next(CASES.glob(f"{folder}_*")) / name
        layout = [file.parent / a if k and more[k - 1] == "--layout" else a for k, a in enumerate(more)]
        place = [] if bs is None else ["--bs", bs]
        done = ckm(
            "construct", file, *place, "--cell", "4", "--size", "64", "--draws", "0", "--no-check", "--prior",
            tiny_prior,            "-o", tmp_path / "map.tif", "--report", tmp_path / "map.json", *layout,
        )  # fmt: skip
        if done.status:
            return done.complaint, None
        return done.out, json.loads((tmp_path / "map.json").read_text())["reading"]

    return run


def used(report):
    """Return (rows read, rows used), and see that every row is accounted for."""
    assert report["rows_read"] == report["kept"] + sum(report["left_out"].values())
    return report["rows_read"], report["kept"]


@pytest.mark.parametrize(
    ("folder", "name", "rows", "said"),
    [
        ("01", "01_networksurvey.csv", (11, 6), "2 lines above the header were skipped"),
        ("02", "01b_networksurvey_nocomments.csv", (120, 60), "60 of neighbouring cells (column servingCell)"),
        ("04", "03_maxint.csv", None, "2147483647, which stands for nothing"),
        ("05", "04_zero.csv", None, "0, which stands for nothing"),
        ("06", "06_emptycells.csv", None, "without a value"),
        ("07", "05_minus140floor.csv", (60, 60), "the end of LTE RSRP reports, are limits"),
        ("08", "08_decimalcomma.csv", (7, 7), "RSRP [dBm] from -78.5 to -59.5"),
        ("09", "09_sep.csv", (6, 6), "skipped"),
        ("10", "10_dbm_suffix.csv", (7, 7), "rsrp [dBm] from -78 to -59"),
        ("13", "19_track.gpx", (60, 60), "rsrp [dBm] from -98 to -59"),
        ("13", "19b_points.geojson", (60, 60), "rsrp [dBm] from -98 to -59"),
        ("14", "17_utf16.csv", (60, 60), "rsrp [dBm] from -98 to -59"),
        ("15", "40_kind.csv", (9, 9), "holds LTE, which are no kinds of reading"),
    ],
)
def test_files_that_are_read(case, folder, name, rows, said):
    text, report = case(folder, name)
    assert report is not None and said in text, text
    read, kept = used(report)
    assert rows is None or (read, kept) == rows
    assert rows is not None or 0 < kept < read


@pytest.mark.parametrize(
    ("folder", "name", "words"),
    [
        ("03", "11_mixed_pci.csv", ["'PCI' has 3 values", "36 20, 101 20, 205 20", "--where PCI=36"]),
        ("11", "07_towercollector.csv", ["'cell_id' has 2 values", "1000 30, 1001 30", "--where cell_id=1000"]),
        ("13", "45_kml.kml", ["no column holds a value", "--column rsrp=<column>"]),
        ("15", "28_std_col.csv", ["'std' is '0'", "--no-column std"]),
    ],
)
def test_files_that_are_refused_with_the_remedy(case, folder, name, words):
    text, report = case(folder, name)
    assert report is None
    assert not [word for word in words if word not in text], text


def test_the_remedies_work(case):
    assert used(case("03", "11_mixed_pci.csv", "--where", "PCI=36")[1]) == (60, 20)
    assert "read as one field on request" in case("03", "11_mixed_pci.csv", "--mix", "PCI")[0]
    assert used(case("11", "07_towercollector.csv", "--where", "cell_id=1000")[1]) == (60, 30)
    assert used(case("15", "28_std_col.csv", "--no-column", "sigma")[1]) == (9, 9)


def test_state_plane_feet_are_where_they_are(case):
    text, report = case("12", "16_feet_2263.csv", "--crs", "EPSG:2263", bs="-73.98,40.75")
    assert report is not None, text
    assert (report["kept"], report["crs"]) == (7, "EPSG:32618")


def test_readings_outside_are_a_warning_with_the_extent_that_would_hold_them(case):
    text, report = case("19", "52_linear_far.csv")
    assert report["outside"] > 50
    assert "readings lie outside the map" in text and "--size" in text and "--centre" in text


@pytest.mark.parametrize(
    ("folder", "layout", "cells", "said"),
    [
        ("16", "L2_underground.geojson", 25, "1 that are underground"),
        ("18", "R1_nodata9999_untagged.tif", 300, "9999 (25% of the raster) is no height"),
        ("18", "R6_mask255.tif", 300, "mask of 0 and 255"),
        ("20", "L8_parts.geojson", 25, "1 parts say the height"),
        ("21", "L5_lines.geojson", 35, "buildings cover"),
        ("21", "L6_overpass.json", 25, "buildings cover"),
    ],
)
def test_layouts_that_are_read(case, tmp_path, folder, layout, cells, said):
    text, report = case(folder, "base.csv", "--layout", layout)
    assert report is not None and said in text, text
    with rasterio.open(tmp_path / "map.tif") as raster:
        band = raster.read(1, masked=True)
    assert int(np.ma.getmaskarray(band).sum()) == cells


@pytest.mark.parametrize(
    ("folder", "layout", "words"),
    [
        ("17", "L7_landuse.geojson", ["landuse=residential", "amenity=school", "no building"]),
        ("21", "L3c_swapped.geojson", ["latitude before longitude", "swapped"]),
    ],
)
def test_layouts_that_are_refused(case, folder, layout, words):
    text, report = case(folder, "base.csv", "--layout", layout)
    assert report is None
    assert not [word for word in words if word not in text], text


def test_odd_heights_are_read(case):
    from openckm.maps import Grid, read_layout

    if not CASES.is_dir():
        pytest.skip("shared/cases is not at hand")
    grid = Grid.centred(11.576, 48.137, shape=(64, 64), cell_m=4.0)
    layout = read_layout(next(CASES.glob("20_*")) / "L1_heights.geojson", grid)
    found = sorted({round(float(h), 2) for h in np.unique(layout.height_m)} - {0.0})
    assert found == [
        8.0,
        9.6,
        10.0,
        12.0,
        12.19,
        12.65,
        12.8,
        15.0,
    ]  # 2.5 and 2-3 storeys, unknown, 12, 40', 41'6", 4, 12;15
    assert layout.height_known == pytest.approx(0.9)
