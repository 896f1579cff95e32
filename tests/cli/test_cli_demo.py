"""`ckm demo` on the embedded real cell, and the command that it prints for doing the same by hand (slow)."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
import rasterio
from typer.testing import CliRunner

from openckm.cli.main import app
from openckm.evaluate.worlds.duke import duke_cell, duke_layout_geojson


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    out = tmp_path_factory.mktemp("a demo") / "out put"
    done = CliRunner().invoke(app, ["demo", "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return SimpleNamespace(out=out, printed=done.stdout)


def read(path: Path) -> np.ndarray:
    with rasterio.open(path) as raster:
        assert raster.crs.to_epsg() == 32617
        assert raster.units[0] == "dBm"
        return raster.read()


def test_demo_writes_its_files(demo):
    names = {"map.tif", "figure.png", "report.txt", "measurements.csv", "layout.geojson"}
    assert {path.name for path in demo.out.iterdir()} == names
    assert all(str(demo.out / name) in demo.printed for name in names)
    assert (demo.out / "layout.geojson").read_bytes() == duke_layout_geojson()
    with (demo.out / "measurements.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["rsrp"]) for row in rows] == duke_cell("A").points.value.tolist()
    picture = matplotlib.image.imread(demo.out / "figure.png")
    assert picture.shape[1] > 2 * picture.shape[0] > 800
    assert len(np.unique(picture[::4, ::4, :3].reshape(-1, 3), axis=0)) > 200


def test_demo_reports_with_credits(demo):
    report = (demo.out / "report.txt").read_text(encoding="utf-8")
    assert report.strip() in demo.printed
    for part in ("Apache-2.0", "geo2sigmap", "© OpenStreetMap contributors", "ODbL"):
        assert part in report
    for part in (
        "rows used, rsrp [dBm]",
        "212° from north",
        "transmit offset",
        "held back in",
        "openckm",
        "kriging",
    ):
        assert part in report


def test_same_by_hand_gives_the_same_map(demo):
    (line,) = [line for line in demo.printed.splitlines() if line.strip().startswith("ckm construct")]
    words = shlex.split(line)[1:]
    before = read(demo.out / "map.tif")
    (demo.out / "map.tif").unlink()
    done = CliRunner().invoke(app, [*words, "--no-check", "--draws", "0"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(read(demo.out / "map.tif"), before)
