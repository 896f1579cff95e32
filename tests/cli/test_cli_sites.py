"""`ckm construct --sites`: one drive test, all cells, one map each."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from drive_files import BS, GRID, lonlat, places, plane

from openckm.edge.several import construct_sites
from openckm.errors import InputError, OptionError
from openckm.maps.sites_csv import read_sites
from openckm.maps.zarrio import read_zarr

SHAPE = {"cell": 4.0, "size": 32}


def drive(folder: Path) -> Path:
    """Write a drive test of two cells of one mast, PCI 11 and 12, the second 6 dB below the first."""
    path = folder / "drive.csv"
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["lon", "lat", "rsrp", "PCI"])
        for number, pci in enumerate((11, 12)):
            dx, dy = places(60, number)
            lon, lat = lonlat(dx, dy)
            for row in zip(lon, lat, plane(dx, dy) - 6.0 * number, strict=True):
                out.writerow([*(f"{v:.7f}" for v in row), pci])
    return path


def sites(folder: Path, rows: list[str] | None = None) -> Path:
    path = folder / "sites.csv"
    head = "name,lon,lat,azimuth,PCI"
    path.write_text("\n".join([head, *(rows or [f"north,{BS[0]},{BS[1]},0,11", f"south,{BS[0]},{BS[1]},180,12"])]))
    return path


def test_every_cell_of_a_drive_test_gets_its_map(tmp_path, tiny_prior, ckm):
    folder = tmp_path / "maps"
    told = ckm(
        "construct", drive(tmp_path), "--sites", sites(tmp_path), "-o", folder, "--cell", 4, "--size", 32,
        "--prior", tiny_prior, "--no-check", "--draws", 0,
    ).out  # fmt: skip
    assert {p.name for p in folder.iterdir()} == {"north.tif", "south.tif"}
    assert "cell north" in told and "correlation with south" in told and "60 of 120 rows" in told
    means = {}
    for name in ("north", "south"):
        with rasterio.open(folder / f"{name}.tif") as file:
            means[name] = file.read(1)
    x, y = (part - c for part, c in zip(GRID.centres(), GRID.from_lonlat(*BS), strict=True))
    truth = plane(x, y)
    for number, name in enumerate(("north", "south")):
        assert np.sqrt(np.mean((means[name] - truth + 6.0 * number) ** 2)) < 3.0
    ckm(
        "construct", drive(tmp_path), "--sites", sites(tmp_path), "-o", tmp_path / "maps.zarr", "--cell", 4,
        "--size", 32, "--prior", tiny_prior, "--no-check", "--draws", 2,
    )  # fmt: skip
    for name, mean in means.items():
        kept = read_zarr(tmp_path / "maps.zarr" / name)
        np.testing.assert_allclose(kept.mean(), mean, atol=1e-3)
        assert kept.draws().shape == (2, 32, 32)


def test_each_record_holds_the_readings_as_they_were_read(tmp_path, tiny_prior):
    """An antenna's pattern is taken off what a map is inferred from, not off what is shown of the readings."""
    known = {"pattern": "3gpp:65,15,30", "cell_m": 4.0, "size": 32, "power_dbm": 43.0}
    listed = [replace(site, **known) for site in read_sites(sites(tmp_path))]
    jobs = construct_sites(drive(tmp_path), listed, prior=tiny_prior, check=False, draws=0)
    for number, job in enumerate(jobs.values()):
        dx, dy = places(60, number)
        heard = job.observations.gain_points().value
        np.testing.assert_allclose(np.sort(heard), np.sort(plane(dx, dy) - 6.0 * number), atol=1e-6)
        assert "the stated transmit power of 43 dBm is not used" in job.summary()
        assert job.given.field is not None
        assert not np.allclose(np.sort(job.given.observations.gain_points().value), np.sort(heard), atol=1.0)


def test_a_site_must_say_which_rows_are_its_own(tmp_path, tiny_prior):
    path = tmp_path / "sites.csv"
    path.write_text(f"name,lon,lat\nnorth,{BS[0]},{BS[1]}\nsouth,{BS[0]},{BS[1]}\n")
    with pytest.raises(OptionError, match="which rows of the file are its own"):
        construct_sites(drive(tmp_path), read_sites(path), prior=tiny_prior)
    with pytest.raises(OptionError, match="no site"):
        construct_sites(drive(tmp_path), (), prior=tiny_prior)


def test_a_cell_without_readings_is_named(tmp_path, tiny_prior):
    listed = read_sites(sites(tmp_path, [f"east,{BS[0]},{BS[1]},90,99"]))
    with pytest.raises(InputError, match=r"cell east: .*99"):
        construct_sites(drive(tmp_path), listed, prior=tiny_prior, check=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bs", f"{BS[0]},{BS[1]}"], "leave --bs"),
        (["--png", "a.png"], "--sites with --png"),
        (["--strict"], "--strict"),
    ],
)
def test_what_cannot_be_combined_is_refused_and_nothing_is_written(tmp_path, ckm, options, message):
    folder = tmp_path / "maps"
    told = ckm("construct", drive(tmp_path), "--sites", sites(tmp_path), "-o", folder, *options)
    assert told.status == 2 and message in told.complaint and not folder.exists()


def test_the_rows_of_no_listed_cell_are_said_and_every_cell_has_its_record(tmp_path, tiny_prior, ckm):
    only = [f"north,{BS[0]},{BS[1]},0,11"]
    done = ckm(
        "construct", drive(tmp_path), "--sites", sites(tmp_path, only), "-o", tmp_path / "maps", "--cell", 4,
        "--size", 32, "--prior", tiny_prior, "--no-check", "--draws", 0, "--report", tmp_path / "r.json",
    )  # fmt: skip
    assert done.status == 0 and "60 of 120 rows are of no cell in the list" in done.out, done
    read = json.loads((tmp_path / "r.json").read_text())["cells"]["north"]["reading"]
    assert read["rows_read"] == read["kept"] + sum(read["left_out"].values()) == 120


def test_older_maps_and_further_evidence_of_several_cells_come_from_folders(tmp_path, tiny_prior, ckm):
    """Last month's folder of maps and a raster of averages: each cell takes its own, and is told where it has none."""
    common = ("construct", drive(tmp_path), "--sites", sites(tmp_path), "--cell", 4, "--size", 32, "--prior",
              tiny_prior, "--no-check", "--draws", 0)  # fmt: skip
    ckm(*common, "-o", tmp_path / "alone")
    last, more = tmp_path / "last", tmp_path / "more"
    last.mkdir()
    more.mkdir()
    with rasterio.open(tmp_path / "alone" / "north.tif") as file:
        profile, bands, tags = file.profile, file.read(), file.tags()
        described, units = file.descriptions, [file.tags(k) for k in range(1, file.count + 1)]
    bands[1] = 1.0  # last month's drive was a long one
    with rasterio.open(last / "north.tif", "w", **profile) as file:
        file.write(bands)
        file.update_tags(**tags)
        for k, (name, own) in enumerate(zip(described, units, strict=True), start=1):
            file.set_band_description(k, name)
            file.update_tags(k, **own)
    corner = [GRID.to_lonlat(GRID.x[k], GRID.y[j]) for k, j in ((2, 2), (12, 2), (12, 12), (2, 12), (2, 2))]
    ring = [[float(lon), float(lat)] for lon, lat in corner]
    area = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {"value": -150.0, "sigma": 1.0}}  # fmt: skip
    (more / "south.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    told = ckm(*common, "-o", tmp_path / "now", "--before", last, "--before-age", 1, "--evidence", more).out
    assert "the map before, 1 days old, counts as" in told
    assert f"{last} holds nothing of this cell" in " ".join(told.split()), "the south had no older map"
    assert f"{more} holds nothing of this cell" in " ".join(told.split()), "the north had no other instrument"
    mean, std = {}, {}
    for folder in ("alone", "now"):
        for name in ("north", "south"):
            with rasterio.open(tmp_path / folder / f"{name}.tif") as file:
                mean[folder, name], std[folder, name] = file.read(1), file.read(2)
    moved = mean["now", "south"] - mean["alone", "south"]
    assert moved[2:13, 2:13].mean() < -3.0, "the average over the area says that it is weak"
    assert std["now", "north"].mean() < 0.9 * std["alone", "north"].mean(), "the older map counts"


def test_folders_that_hold_nothing_or_would_be_overwritten_are_refused(tmp_path, ckm):
    empty = tmp_path / "empty"
    empty.mkdir()
    common = ("construct", drive(tmp_path), "--sites", sites(tmp_path))
    refused = ckm(*common, "-o", tmp_path / "maps", "--before", empty)
    assert refused.status == 2 and "holds nothing of north, south: wanted north.tif" in refused.complaint
    refused = ckm(*common, "-o", tmp_path / "maps", "--before", drive(tmp_path))
    assert refused.status == 2 and "is no folder" in refused.complaint
    refused = ckm(*common, "-o", empty, "--before", empty)
    assert refused.status == 2 and "would be lost" in refused.complaint and not list(empty.iterdir())
