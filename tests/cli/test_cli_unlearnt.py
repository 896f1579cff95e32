"""RSRQ, SINR, RSSI and throughput make a map with their own unit, and the summary says that no prior knows them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from drive_files import BS_TEXT, CENTRE, GRID, lonlat, places, texts, write_csv

from openckm.edge.construction import construct
from openckm.errors import OptionError


def field(dx, dy):
    """A smooth field of unit spread that no level or plane explains."""
    return np.sin(dx / 22.0) + np.cos(dy / 17.0)


KINDS = {
    "RSRQ (dB)": ("rsrq_db", "dB", -12.0, 2.0, 0.6), "ss_sinr": ("sinr_db", "dB", 11.0, 5.0, 1.5),
    "DL throughput [Mbit/s]": ("throughput_mbps", "Mbit/s", 60.0, 20.0, 5.0),
    "download [kbit/s]": ("throughput_mbps", "Mbit/s", 60.0, 20.0, 5.0),
}  # fmt: skip
"""Column -> channel, unit, level, spread of the field, noise."""


def drive(path, column, count=400, more=()):
    _, _, level, size, noise = KINDS.get(column, ("", "", -60.0, 5.0, 1.0))
    dx, dy = places(count)
    value = level + size * field(dx, dy) + np.random.default_rng(1).normal(0.0, noise, count)
    value = value * 1000 if "kbit" in column else value
    lon, lat = lonlat(dx, dy)
    return write_csv(path, {"lon": texts(lon), "lat": texts(lat), **dict(more), column: texts(value, 4)})


@pytest.mark.parametrize("column", list(KINDS))
def test_each_makes_a_map_in_its_unit_that_says_what_it_is(ckm, tmp_path, column):
    channel, unit, level, size, noise = KINDS[column]
    file = drive(tmp_path / "drive.csv", column)
    done = ckm("construct", file, "--bs", BS_TEXT, "--cell", "4", "--size", "32", "-o", tmp_path / "map.tif", "--png",
               tmp_path / "map.png", "--report", tmp_path / "map.json", "--draws", "2")  # fmt: skip
    assert done.status == 0, done.err
    words = " ".join(done.out.split())
    assert "no prior knows" in words and "from the readings alone" in words and f" {unit}" in words
    with rasterio.open(tmp_path / "map.tif") as raster:
        mean, std, tags = raster.read(1), raster.read(2), raster.tags()
    assert (tags["OPENCKM_CHANNEL"], tags["OPENCKM_UNIT"]) == (channel, unit)
    x, y = GRID.centres()
    truth = level + size * field(x - CENTRE[0], y - CENTRE[1])
    error = mean - truth
    assert np.sqrt(np.mean(error**2)) < 0.45 * size < truth.std()
    assert 0.8 < np.mean(np.abs(error) < 1.645 * std) <= 1.0
    assert (tmp_path / "map.png").stat().st_size > 10_000
    record = json.loads((tmp_path / "map.json").read_text())
    assert record["provenance"]["quantity"] == channel and record["reading"]["unit"] == unit
    assert record["status"] in ("trusted", "widened")
    assert noise / 2 < record["provenance"]["noise"] < size


def test_power_comes_first_and_quality_when_it_is_asked_for(ckm, tmp_path, tiny_prior):
    power = texts(np.full(400, -80.0) + np.arange(400) % 7, 1)
    file = drive(tmp_path / "drive.csv", "RSRQ (dB)", more={"RSRP": power}.items())
    job = construct(file, bs=tuple(map(float, BS_TEXT.split(","))), cell_m=4.0, size=32, draws=0, check=False,
                    prior=tiny_prior)  # fmt: skip
    assert job.read.unit == "dBm" and job.radiomap.channels[0] == "gain_db"
    asked = construct(file, cell_m=4.0, size=32, columns={"rsrq": "RSRQ (dB)"}, draws=0, check=False)
    assert asked.radiomap.channels == ("rsrq_db",) and asked.read.value_max < 0


def test_rssi_beside_rsrp_is_all_power_of_the_band(tmp_path):
    file = drive(tmp_path / "drive.csv", "RSSI", more={"RSRP": texts(np.full(400, -90.0), 1)}.items())
    job = construct(file, cell_m=4.0, size=32, columns={"rssi": "RSSI"}, draws=0, check=False)
    assert job.radiomap.channels == ("rssi_dbm",) and job.radiomap.provenance["unit"] == "dBm"
    assert "no prior knows RSSI" in job.summary()


def test_what_speaks_of_power_alone_is_refused_beside_it(tmp_path):
    file = drive(tmp_path / "drive.csv", "RSRQ (dB)")
    with pytest.raises(OptionError, match="an older map: of RSRQ"):
        construct(file, cell_m=4.0, size=32, before=tmp_path / "old.tif")


def test_other_commands_say_that_only_construct_knows_it(ckm, tmp_path, tiny_prior):
    file = drive(tmp_path / "drive.csv", "RSRQ (dB)")
    done = ckm("plan", file, "--bs", BS_TEXT, "--size", "32", "--prior", tiny_prior, "-o", tmp_path / "plan.geojson")
    assert done.status and "of which no prior knows anything" in done.complaint
