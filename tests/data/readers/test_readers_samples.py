"""Published samples at hand: the conventions that the readers claim to have been checked, checked again."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from openckm.data.readers import open_dataset
from openckm.data.readers.checks import gain_slope, pointing
from openckm.errors import InputError
from openckm.maps.pixels import RADIOMAPSEER_THRESHOLDED, GreyScale

SAMPLES = "radiomapseer_3dseer_usc_samples"


def copied(shared, root, **files):
    """Copy files of the samples into the published layout; names are given with / as __."""
    for source, target in files.items():
        path = root / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared(f"{SAMPLES}/{source.replace('__', '/')}.png"), path)
    return root


def in_sight(traced, count=400):
    """Return some cells from which no building stands before the transmitter, found by walking the lines."""
    tx, built = traced.transmitter, traced.layout.building
    row0, col0 = (int(v) for v in traced.grid.index_of(tx.x, tx.y))
    rng = np.random.default_rng(0)
    cells = []
    for row, col in rng.integers(0, 256, (4000, 2)):
        steps = np.linspace(0.0, 1.0, 512)
        line = np.rint(row0 + steps * (row - row0)).astype(int), np.rint(col0 + steps * (col - col0)).astype(int)
        if not built[line].any() and traced.covered[row, col] and np.hypot(row - row0, col - col0) > 5:
            cells.append((row, col))
    assert len(cells) > count
    return tuple(np.array(cells).T), (row0, col0)


@pytest.fixture
def street(shared, tmp_path):
    root = copied(
        shared, tmp_path, Radiomapseer__image__0_0="gain/DPM/0_0.png",
        Radiomapseer__antenna__0_0="png/antennas/0_0.png",
        Radiomapseer__png__buildings_complete__0="png/buildings_complete/0.png",
    )  # fmt: skip
    return open_dataset("radiomapseer", root, scale=RADIOMAPSEER_THRESHOLDED)[0]


def test_radiomapseer_falls_along_lines_of_sight_as_in_free_space(street):
    tx = street.transmitter
    assert tuple(int(v) for v in street.grid.index_of(tx.x, tx.y)) == (187, 108)
    assert 0.2 < street.layout.building.mean() < 0.3
    (row, col), (row0, col0) = in_sight(street)
    gain = street.gain_db[row, col]
    slope, at_one = np.polyfit(np.log10(np.hypot(row - row0, col - col0)), gain, 1)
    assert slope == pytest.approx(-20.0, abs=2.0)
    assert at_one == pytest.approx(-20 * np.log10(4 * np.pi * 5.9e9 / 299792458.0), abs=4.0)


def test_radiomapseer_is_strongest_at_its_transmitter(street):
    row0, col0 = 187, 108
    assert street.gain_db[row0, col0] == np.nanmax(street.gain_db)


@pytest.fixture
def roofs(shared, tmp_path):
    root = copied(
        shared, tmp_path, Radiomapseer3d__gain__0_0="gain/0_0.png",
        Radiomapseer3d__png__antennasWHeight__0_0="png/antennasWHeight/0_0.png",
        Radiomapseer3d__png__buildingsWHeight__0="png/buildingsWHeight/0.png",
    )  # fmt: skip
    return open_dataset("radiomap3dseer", root)[0]


def test_radiomap3dseer_heights_and_orientation_are_those_of_the_outlines(shared, roofs):
    path = shared(f"{SAMPLES}/Radiomapseer3d/polygon/buildings/0.json")
    hits = {"north up": [], "south up": []}
    for outline, (height,) in json.loads(path.read_text()):
        ring = np.asarray(outline[0] if np.ndim(outline) == 3 else outline, float)[:-1]
        east, north = ring.mean(0)
        for name, row in (("north up", 255 - north), ("south up", north)):
            found = float(roofs.layout.height_m[int(np.clip(row, 0, 255)), int(np.clip(east, 0, 255))])
            hits[name].append(found > 0 and abs(found - height) < 0.04)
    assert sum(hits["north up"]) == 57 and sum(hits["south up"]) < 10


def test_radiomap3dseer_antenna_stands_on_a_roof_and_gain_falls(roofs):
    tx = roofs.transmitter
    row, col = (int(v) for v in roofs.grid.index_of(tx.x, tx.y))
    assert (row, col) == (179, 176)
    assert tx.height_m == pytest.approx(float(roofs.layout.height_m[row, col]) + 3.0, abs=1e-3)
    assert gain_slope(roofs.grid, roofs.gain_db, tx.x, tx.y) < -15
    assert -111 < np.nanmin(roofs.gain_db) < np.nanmax(roofs.gain_db) <= -75


def test_a_colour_map_is_not_a_gain(shared, tmp_path):
    root = copied(
        shared, tmp_path, linzhu__289_0="gain/DPM/289_0.png", Radiomapseer__antenna__0_0="png/antennas/289_0.png",
        Radiomapseer__png__buildings_complete__0="png/buildings_complete/289.png",
    )  # fmt: skip
    with pytest.raises(InputError, match=r"289_0\.png is a picture in colour"):
        open_dataset("radiomapseer", root)[0]


def test_urbanradio3d_directions_point_at_the_transmitter_and_delay_grows(shared):
    data = open_dataset(
        "urbanradio3d", shared("urbanradio3d_demo"), kinds=("azimuth", "elevation", "delay"), missing="skip"
    )
    assert len(data) == 35 and len(data.left_out) == 43
    for frames in data[::6]:
        assert frames.building.shape == (4, 256, 256)
        for k in range(4):
            found = pointing(frames.grid, frames.aoa_rad[k], *frames.place)
            assert found.concentration > 0.75 and abs(found.offset_deg) < 8
        x, y = frames.grid.centres()
        distance = np.hypot(x - frames.place[0], y - frames.place[1])
        known = np.isfinite(frames.delay_s[0])
        assert np.corrcoef(frames.delay_s[0][known], distance[known])[0, 1] > 0.9


def test_urbanradio3d_path_loss_falls_with_distance(shared):
    data = open_dataset("urbanradio3d", shared("urbanradio3d_demo"), scale=GreyScale(-130.0, 75.0))
    assert len(data) == 42
    assert [key.number for key in data.keys if not key.place] == [1]
    for frames in data.where(lambda key: key.place != ())[::6]:
        assert gain_slope(frames.grid, frames.gain_db[0], *frames.place) < -10


def test_bratlab_sites_stand_at_the_peaks_and_bands_differ_by_frequency(shared):
    data = open_dataset("bratlab", shared("bratlab_multiband_winprop"), cell_m=1.0)
    assert len(data) == 50
    for low, high in zip(data[::15], data[2::15], strict=True):
        for tx in low.transmitters:
            row, col = (int(v) for v in low.grid.index_of(tx.x, tx.y))
            assert np.nanmax(low.power_dbm[row - 4 : row + 5, col - 4 : col + 5]) > -25.6
        np.testing.assert_array_equal(low.layout.building, high.layout.building)
        strong = low.power_dbm > -40
        assert strong.sum() > 1000
        fall = (low.power_dbm - high.power_dbm)[strong]
        np.testing.assert_allclose(fall, 20 * np.log10(3750 / 1750), atol=0.15)
