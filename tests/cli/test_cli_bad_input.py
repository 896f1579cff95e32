"""Every bad input ends with status 2, one line that names the thing and the remedy, and no file written or changed."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from drive_files import BS, BS_TEXT, GRID, SIDE, drive_columns, lonlat, places, texts, write_csv, write_layout

from openckm.errors import ComputationError
from openckm.infer.construct import OpenCKM

ROW = 7
AT_ROW = f"drive.csv, row {ROW} (line {ROW + 1})"
OLD = b"a file of the user"


@dataclass
class Site:
    """A user's folder; a case spoils one thing of it."""

    folder: Path
    prior: Path

    def __post_init__(self) -> None:
        self.columns = drive_columns()
        self.output = self.folder / "map.tif"
        self.bs = BS_TEXT

    @property
    def drive(self) -> Path:
        """The measurements."""
        return self.folder / "drive.csv"

    def arguments(self, more: list[object]) -> list[object]:
        """Write the measurements, unless the case did, and return the command."""
        if self.columns is not None:
            write_csv(self.drive, self.columns)
        quick = ["--size", SIDE, "--draws", 0, "--no-check", "--prior", self.prior]
        return ["construct", self.drive, "--bs", self.bs, *quick, "-o", self.output, *more]

    def text(self, content: str) -> list[object]:
        """Make the measurements this text."""
        self.columns = None
        self.drive.write_text(content, encoding="utf-8")
        return []

    def cell(self, column: str, value: str) -> list[object]:
        """Put a value into one row of a column, which is made if missing."""
        self.columns.setdefault(column, ["2"] * len(self.columns["lon"]))
        self.columns[column][ROW - 1] = value
        return []

    def rename(self, **names: str) -> list[object]:
        """Give columns other names."""
        self.columns = {names.get(name, name): values for name, values in self.columns.items()}
        return []

    def moved(self, east_m: float) -> list[object]:
        """Move all readings."""
        dx, dy = places(40)
        self.columns["lon"], self.columns["lat"] = map(texts, lonlat(dx + east_m, dy))
        return []

    def swapped(self, outside: int = 0) -> list[object]:
        """Exchange longitude and latitude of all readings, some of which lie outside the map."""
        self.columns = drive_columns(outside=outside)
        self.columns["lon"], self.columns["lat"] = self.columns["lat"], self.columns["lon"]
        return []

    def metres(self, *more: object) -> list[object]:
        """Give the readings as x and y."""
        x, y = GRID.from_lonlat(*(list(map(float, self.columns[name])) for name in ("lon", "lat")))
        self.columns = {"x": texts(x, 2), "y": texts(y, 2), "rsrp": self.columns["rsrp"]}
        return list(more)

    def layout(self, name: str, content: str = "") -> list[object]:
        """Write a layout."""
        (self.folder / name).write_text(content, encoding="utf-8")
        return ["--layout", self.folder / name]

    def model(self, spoil: Callable[[Path], object]) -> list[object]:
        """Copy the prior and spoil the copy."""
        spoil(shutil.copytree(self.prior, self.folder / "model"))
        return ["--prior", self.folder / "model"]

    def set(self, **values: object) -> list[object]:
        """Set bs or output."""
        for name, value in values.items():
            setattr(self, name, value)
        return []


def cut(model: Path) -> None:
    weights = model / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def flip(model: Path) -> None:
    weights = model / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)


def card(model: Path, **changes: object) -> None:
    path = model / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def wider(model: Path) -> None:
    card(model, architecture={"class": "MapDenoiser", "widths": [8, 8, 8, 16], "blocks": 1})


def collection(geometry: str) -> str:
    return '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": ' + geometry + "}]}"


OPEN_RING = '{"type": "Polygon", "coordinates": [[[11.5, 48.1], [11.6, 48.1]]]}'
CASES = {
    # measurements
    "unknown columns": (lambda s: s.rename(lon="a", lat="b", rsrp="c"), ["the file has a, b, c", "name it with"]),
    "no position": (lambda s: s.rename(lon="a", lat="b"), ["drive.csv", "no column holds a pos", "name them"]),
    "mixed units": (lambda s: s.cell("path_loss", "100"), ["drive.csv", "mixes units", "choose one"]),
    "infinite": (lambda s: s.cell("rsrp", "inf"), [AT_ROW, "'inf'", "correct or remove the row", "--skip-bad"]),
    "text": (lambda s: s.cell("rsrp", "loud"), [AT_ROW, "'loud'", "correct or remove the row", "--skip-bad"]),
    "line break": (lambda s: s.cell("rsrp", "-80\n-81"), [f"row {ROW} ", "correct or remove the row"]),
    "a positive number": (lambda s: s.cell("rsrp", "80.5"), [AT_ROW, "remove these rows", "--column rsrp_index="]),
    "text position": (lambda s: s.cell("lat", "north"), [AT_ROW, "'lat'", "correct or remove the row"]),
    "several cells": (lambda s: s.cell("PCI", "7"), ["column 'PCI' has 2 values", "--where PCI=2", "--mix PCI"]),
    "outside": (lambda s: s.moved(40_000.0), ["drive.csv", "none of 40 points lies in the grid", "move the grid"]),
    "swapped columns": (lambda s: s.swapped(), ["drive.csv", "are swapped", "swap the two columns"]),
    "swapped columns of a wide drive": (lambda s: s.swapped(outside=3), ["drive.csv", "are swapped", "exchange them"]),
    "swapped bs": (lambda s: s.set(bs=f"{BS[1]},{BS[0]}"), ["drive.csv", "swapped", "longitude comes first"]),
    "impossible bs": (lambda s: s.set(bs="35.9,-98.9"), ["--bs '35.9,-98.9'", "longitude comes first"]),
    "nan bs": (lambda s: s.set(bs="nan,48"), ["--bs 'nan,48'", "longitude must lie in"]),
    "one number bs": (lambda s: s.set(bs="48"), ["--bs '48'", "e.g. --bs"]),
    "polar bs": (lambda s: s.set(bs="11,88"), ["lat=88", "swapped"]),
    "degrees as crs": (lambda s: s.metres("--crs", "EPSG:4326"), ["EPSG:4326", "not in metres or feet", "lon and lat"]),
    "unknown crs": (lambda s: s.metres("--crs", "EPSG:1"), ["EPSG:1", "wanted an EPSG code"]),
    "x and y without crs": (lambda s: s.metres(), ["drive.csv", "--crs EPSG:...", "EPSG:32632"]),
    "crs of degrees": (lambda s: ["--crs", "EPSG:32632"], ["drive.csv", "lon and lat", "leave it out"]),
    "empty": (lambda s: s.text(""), ["drive.csv is empty", "wanted a header line"]),
    "header only": (lambda s: s.text("lon,lat,rsrp\n"), ["drive.csv", "no rows", "wanted one row"]),
    "short row": (lambda s: s.text("lon,lat,rsrp\n11,48,-90\n11,48\n"), ["none of 1 points"]),
    "workbook": (lambda s: s.text("PK\x03\x04"), ["drive.csv", "zip", "whole"]),
    "missing file": (lambda s: s.set(columns=None), ["cannot read", "drive.csv", "check the path"]),
    "zero sigma in file": (lambda s: s.cell("sigma", "0"), [AT_ROW, "'sigma'", "positive"]),
    "negative sigma in file": (lambda s: s.cell("sigma", "-3"), [AT_ROW, "'sigma'", "positive"]),
    "nan sigma in file": (lambda s: s.cell("sigma", "nan"), [AT_ROW, "'sigma'", "finite"]),
    "infinite sigma in file": (lambda s: s.cell("sigma", "inf"), [AT_ROW, "'sigma'", "finite"]),
    "unknown where": (lambda s: ["--where", "PCI=A"], ["drive.csv", "no column 'PCI'", "the file has lon, lat, rsrp"]),
    "absent value": (lambda s: [*s.cell("PCI", "7"), "--where", "PCI=9"], ["drive.csv", "PCI = 9", "holds '2', '7'"]),
    "broken where": (lambda s: ["--where", "PCI"], ["'PCI'", "NAME=VALUE"]),
    "unknown column": (lambda s: ["--column", "rsrp=power"], ["drive.csv", "no column 'power'", "lon, lat, rsrp"]),
    "unknown role": (lambda s: ["--column", "colour=rsrp"], ["'colour'", "wanted one of lon, lat"]),
    # options
    **{
        f"{flag} {value}": (lambda s, flag=flag, value=value: [flag, value], [f"{flag} {value}", "wanted a number of"])
        for flag, values in {
            "--cell": ("nan", "0", "-4", "inf"), "--height": ("-5", "0", "nan"), "--carrier": ("0", "nan", "3.5e+09"),
            "--azimuth": ("nan", "inf"), "--downtilt": ("nan", "91"), "--sigma": ("nan", "0", "-3", "inf"),
            "--deadline": ("nan", "0", "-1"),
        }.items()
        for value in values
    },
    # layout
    "layout elsewhere": (
        lambda s: ["--layout", write_layout(s.folder / "far.geojson", 90_000.0)],
        ["far.geojson misses the area", "take a layout of this area"],
    ),
    "unknown layout": (lambda s: s.layout("plan.dwg"), ["plan.dwg", "wanted a name that ends in", ".geojson"]),
    "cut layout": (lambda s: s.layout("a.geojson", '{"type": "Feat'), ["a.geojson is not JSON", "wanted GeoJSON"]),
    "other json": (lambda s: s.layout("a.json", "[1, 2]"), ["a.json", "wanted a FeatureCollection"]),
    "no building": (lambda s: s.layout("a.geojson", collection("null")), ["a.geojson holds no building", "wanted"]),
    "open ring": (lambda s: s.layout("a.geojson", collection(OPEN_RING)), ["a.geojson", "building 1", "wanted rings"]),
    "broken raster": (lambda s: s.layout("a.tif", "no raster"), ["a.tif", "export the heights again"]),
    "broken osm": (lambda s: s.layout("a.osm", "no xml"), ["a.osm", "download the extract again"]),
    "missing layout": (lambda s: ["--layout", s.folder / "none.geojson"], ["none.geojson", "check the path"]),
    # prior
    "cut weights": (lambda s: s.model(cut), ["weights.safetensors", "corrupt or truncated", "fetch the model again"]),
    "one wrong bit": (lambda s: s.model(flip), ["weights.safetensors", "corrupt or truncated", "fetch the model"]),
    "no weights": (lambda s: s.model(lambda m: (m / "weights.safetensors").unlink()), ["weights.safetensors", "fetch"]),
    "missing model": (lambda s: ["--prior", s.folder / "none"], ["none/card.json", "give the folder of a model"]),
    "unknown key": (lambda s: s.model(lambda m: card(m, colour=1)), ["card.json", "['colour']", "does not fit"]),
    "no sha": (lambda s: s.model(lambda m: card(m, sha256="")), ["card.json", "sha256", "fetch the model again"]),
    "other network": (lambda s: s.model(wider), ["model", "do not fit the card's architecture", "fetch the model"]),
    # output
    "no folder": (lambda s: s.set(output=s.folder / "none" / "map.tif"), ["none/map.tif", "make it first"]),
    "wrong ending": (lambda s: s.set(output=s.folder / "map.txt"), ["map.txt", "ends in .tif"]),
    "wrong picture": (lambda s: ["--png", s.folder / "map.jpg"], ["map.jpg", "ends in .png"]),
    "wrong zarr": (lambda s: ["--zarr", s.folder / "map.nc"], ["map.nc", "ends in .zarr"]),
    "picture is a folder": (
        lambda s: ((s.folder / "a.png").mkdir(), ["--png", s.folder / "a.png"])[1],
        ["a.png is a folder", "choose another name"],
    ),
    "zarr is a file": (
        lambda s: ((s.folder / "a.zarr").write_text("mine"), ["--zarr", s.folder / "a.zarr"])[1],
        ["a.zarr exists", "choose another name"],
    ),
    "zarr is another folder": (
        lambda s: ((s.folder / "a.zarr" / "b").mkdir(parents=True), ["--zarr", s.folder / "a.zarr"])[1],
        ["a.zarr exists", "choose another name"],
    ),
}  # fmt: skip


@pytest.fixture
def site(tmp_path, tiny_prior) -> Site:
    return Site(tmp_path, tiny_prior)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def test_the_site_is_good_until_it_is_spoilt(site, ckm):
    done = ckm(*site.arguments([]))
    assert (done.status, done.err) == (0, "")
    assert site.output.is_file()


@pytest.mark.parametrize("name", CASES)
def test_bad_input(site, ckm, name):
    spoil, said = CASES[name]
    command = site.arguments(spoil(site))
    before = tree(site.folder)
    done = ckm(*command)
    assert done.status == 2
    assert not [part for part in said if part not in done.complaint], done.complaint
    assert tree(site.folder) == before, "something was written"
    if site.output.parent.is_dir():
        site.output.write_bytes(OLD)
        assert ckm(*command).status == 2
        assert tree(site.folder) == before | {site.output.name: OLD}, "an old output was touched"


@pytest.mark.parametrize("bad", ["folder", "input"])
def test_output_that_would_hurt(site, ckm, bad):
    more: list[object] = []
    if bad == "folder":
        site.output.mkdir()
    else:
        site.output.write_bytes(OLD)
        more = ["--layout", site.output]
    command = site.arguments(more)
    before = tree(site.folder)
    done = ckm(*command)
    assert done.status == 2
    assert "choose another name" in done.complaint
    assert tree(site.folder) == before


def fail_late(*_: object, **__: object) -> None:
    raise ComputationError("no convergence; give more readings")


def fill_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "map.tif")


@pytest.mark.parametrize(
    "target, failure, said",
    [
        ((OpenCKM, "reconstruct"), fail_late, "no convergence"),
        (("openckm.maps.atomic._flush",), fill_disk, "No space left on device"),
    ],
)
def test_late_failure_leaves_the_old_output(site, ckm, monkeypatch, target, failure, said):
    monkeypatch.setattr(*target, failure)
    site.output.write_bytes(OLD)
    command = site.arguments([])
    before = tree(site.folder)
    done = ckm(*command)
    assert done.status == 2
    assert said in done.complaint
    assert tree(site.folder) == before


@pytest.mark.parametrize("option", [("--size", "8"), ("--draws", "-1"), ("--seed", "x"), ("--colour", "red")])
def test_options_that_do_not_exist_or_parse(site, ckm, option):
    done = ckm(*site.arguments(list(option)))
    assert done.status == 2
    assert option[0] in done.err.splitlines()[-1]
    assert not site.output.exists()


def test_a_message_is_printed_as_it_is(site, ckm):
    named = site.folder / "[bold]:fire:  drive.csv"
    done = ckm("construct", named, "--bs", BS_TEXT, "-o", site.output)
    assert done.status == 2
    assert "[bold]:fire:" in done.complaint
