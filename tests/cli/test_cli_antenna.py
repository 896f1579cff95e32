"""Power and antenna pattern: what a planner knows of the transmitter comes out in the map, in dBm."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from drive_files import BS_TEXT, SIDE, write_layout


@pytest.fixture
def predict(ckm, tmp_path, tiny_prior):
    """Return a function that predicts with the tiny prior and gives the mean and what was printed."""
    layout = write_layout(tmp_path / "city.geojson")

    def run(*more: object):
        done = ckm(
            "predict", "--layout", layout, "--tx", f"{BS_TEXT},20", "--size", SIDE, "--cell", 4, "--by", "prior",
            "--prior", tiny_prior, "-o", tmp_path / "map.tif", *more,
        )  # fmt: skip
        if done.status:
            return done.complaint, None, ""
        with rasterio.open(tmp_path / "map.tif") as file:
            return done.out, file.read(1), file.units[0]

    return run


def test_power_makes_received_power(predict):
    text, gain, unit = predict()
    assert unit == "dB" and "gain     from" in text
    text, power, unit = predict("--power", "43", "--cable-loss", "2")
    assert unit == "dBm" and "power    from" in text and "41.0 dBm into the antenna" in text
    np.testing.assert_allclose((power - gain)[np.isfinite(gain)], 41.0, atol=1e-3)
    _, radiated, _ = predict("--eirp", "41")
    np.testing.assert_allclose(radiated, power, atol=1e-3)


def test_eirp_counts_the_gain_of_the_antenna_once(predict):
    _, gain, _ = predict("--azimuth", "90")
    _, radiated, _ = predict("--azimuth", "90", "--eirp", "60")
    np.testing.assert_allclose(
        (radiated - gain)[np.isfinite(gain)], 52.0, atol=1e-3
    )  # 8 dBi of the standard's sector are in the gain


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--eirp", "60", "--power", "40"), "--eirp says all"), (("--cable-loss", "3"), "give the two together"),
        (("--pattern", "none.msi"), "check the path"), (("--power", "nan"), "wanted a number of dBm"),
    ],
)  # fmt: skip
def test_contradictions_are_named(predict, options, said):
    text, answer, _ = predict(*options)
    assert answer is None and said in text


def test_a_pattern_is_added_along_the_direct_path(predict):
    _, isotropic, _ = predict()
    text, pointed, _ = predict("--azimuth", "90", "--downtilt", "0", "--pattern", "3gpp:65,15,30")
    assert "antenna 3GPP 65 degrees, 15.0 dBi" in text
    added = pointed - isotropic
    middle = SIDE // 2
    assert np.nanmax(added) <= 15.01
    assert np.nanmedian(added[middle - 2 : middle + 2, -4:]) > 12.0  # far in the east, on the boresight
    assert np.nanmedian(added[middle - 2 : middle + 2, :4]) < -12.0


def test_unstated_heights_are_said(predict, tmp_path):
    text, _, _ = predict()
    assert "building heights are stated for 0% of the buildings only" in text or "buildings cover" in text


def test_construct_takes_a_pattern_off_the_readings_and_gives_it_back(ckm, tmp_path, tiny_prior):
    from drive_files import drive_columns, write_csv

    drive = write_csv(tmp_path / "drive.csv", drive_columns(60))
    common = (drive, "--bs", BS_TEXT, "--size", SIDE, "--cell", 4, "--draws", 0, "--no-check", "--prior", tiny_prior)
    done = ckm("construct", *common, "-o", tmp_path / "a.tif", "--azimuth", 0, "--pattern", "3gpp:65,15,30", "--png",
               tmp_path / "a.png")  # fmt: skip
    assert done.status == 0, done.err
    assert "antenna pattern 3gpp:65,15,30, along the direct path" in done.out
    with rasterio.open(tmp_path / "a.tif") as file:
        band = file.read(1)
    assert np.isfinite(band).any() and (tmp_path / "a.png").stat().st_size > 1000
    refused = ckm(
        "construct", drive, "--pattern", "3gpp:65", "--prior", tiny_prior, "-o", tmp_path / "b.tif", "--size", 64
    )
    assert "without the base station" in refused.complaint
