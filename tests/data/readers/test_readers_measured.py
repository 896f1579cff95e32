"""Importers of real measurements: tiny files in the published form, and the published files where they are at hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from openckm.data.readers.measured import INDOOR_PLACES, indoor_path_loss, powder_receivers, powder_rss
from openckm.errors import MeasurementError, OptionError
from openckm.maps.grid import Grid

LAT, LON = 40.765, -111.84


@pytest.fixture
def powder(tmp_path):
    rows = [(f"2022-04-25 14:0{k}:00", LAT + 0.001 * k, LON, -60.0 - k if k != 2 else -101) for k in range(5)]
    lines = ["timestamp,bus-1_rss,roof-comp,tx_x_coord,tx_y_coord", *(f"{t},-101,{v},{a},{o}" for t, a, o, v in rows)]
    (tmp_path / "single_tx.csv").write_text("\n".join(lines))
    (tmp_path / "location_coordinates.json").write_text(f'{{"bus-1": None,\n "roof-comp": ({LAT}, {LON}),\n}}')
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits/late.json").write_text(json.dumps({t: {} for t, *_ in rows[3:]}))
    return tmp_path


def test_readings_of_a_receiver_lie_where_the_sender_stood(powder):
    assert powder_receivers(powder) == {"roof-comp": (LON, LAT)}
    heard = powder_rss(powder, "roof-comp", antenna_height_m=12.0, sigma_db=4.0)
    points = heard.points[0]
    assert points.unit == "dBm" and points.row.tolist() == [1, 2, 4, 5] and heard.crs == "EPSG:32612"
    np.testing.assert_allclose(points.value, [-60, -61, -63, -64])
    assert (points.sigma == 4.0).all() and set(points.device) == {"roof-comp"}
    tx = heard.transmitter
    assert (tx.height_m, tx.carrier_hz, tx.name) == (12.0, 462.7e6, "roof-comp")
    distance = np.hypot(points.x - tx.x, points.y - tx.y)
    np.testing.assert_allclose(distance, np.array([0, 1, 3, 4]) * 111.06, atol=0.5)
    assert powder_rss(powder, "roof-comp").transmitter is None


def test_a_split_and_a_grid_choose_among_the_samples(powder):
    assert powder_rss(powder, "roof-comp", split="late").points[0].row.tolist() == [4, 5]
    grid = Grid.centred(LON, LAT, shape=(40, 40), cell_m=10.0)
    assert powder_rss(powder, "roof-comp", grid=grid).points[0].row.tolist() == [1, 2]


def test_what_is_wrong_with_powder_is_named(powder):
    with pytest.raises(MeasurementError, match="'bus-1'; wanted one of roof-comp"):
        powder_rss(powder, "bus-1")
    with pytest.raises(MeasurementError, match=r"early\.json"):
        powder_rss(powder, "roof-comp", split="early")
    (powder / "splits/late.json").write_text("[1, 2]")
    with pytest.raises(MeasurementError, match=r"late\.json: wanted samples"):
        powder_rss(powder, "roof-comp", split="late")
    with pytest.raises(OptionError, match="height"):
        powder_rss(powder, "roof-comp", antenna_height_m=-1.0)
    (powder / "location_coordinates.json").write_text("__import__('os').getcwd()")
    with pytest.raises(MeasurementError, match=r"location_coordinates\.json"):
        powder_receivers(powder)
    (powder / "location_coordinates.json").unlink()
    with pytest.raises(MeasurementError, match="cannot read"):
        powder_receivers(powder)


def test_a_receiver_that_heard_nothing_is_told(powder):
    path = powder / "single_tx.csv"
    path.write_text("\n".join(line.replace("-6", "-101,") if k == -1 else line for k, line in enumerate(
        ["timestamp,roof-comp,tx_x_coord,tx_y_coord", f"a,-101,{LAT},{LON}"])))  # fmt: skip
    with pytest.raises(MeasurementError, match="heard none"):
        powder_rss(powder, "roof-comp")


@pytest.fixture
def indoor(tmp_path):
    def write(*rows: str):
        (tmp_path / "PL_Data").mkdir(exist_ok=True)
        head = "\ufeffCoord.,Distance (m),Num_brick_wall,PL (dB),Comments"
        (tmp_path / "PL_Data/PL_SSE_C2.csv").write_text("\n".join([head, *rows, ",,,,"]), encoding="utf-8")
        return tmp_path

    return write


def test_crossings_become_metres(indoor):
    folder = indoor("N-9,1.573602555,0,60,", "M-10,1.573602555,2,70,near", "N-2,8.0917,0,80,")
    seen = indoor_path_loss(folder, "SSE", "C2", sigma_db=2.0, receiver_height_m=1.2)
    points, tx = seen.points[0], seen.transmitter
    assert points.unit == "dB" and points.value.tolist() == [-60, -70, -80] and (points.sigma == 2.0).all()
    np.testing.assert_allclose(points.x - tx.x, [0, -1, 0])
    np.testing.assert_allclose(points.y - tx.y, [1, 0, 8])
    assert tx.height_m == pytest.approx(1.2 + 1.215) and tx.carrier_hz == 3.5e9 and seen.crs is None


def test_what_is_wrong_with_indoor_files_is_named(indoor):
    with pytest.raises(MeasurementError, match=r"row 2 .*distance is 5 m.*1\.574 m"):
        indoor_path_loss(indoor("N-9,1.5736,0,60,", "M-10,5,0,70,"), "SSE", "C2")
    with pytest.raises(MeasurementError, match="'10-M', wanted a crossing"):
        indoor_path_loss(indoor("10-M,1.5736,0,60,"), "SSE", "C2")
    with pytest.raises(MeasurementError, match="1 of 1 rows are below 0"):
        indoor_path_loss(indoor("N-9,1.5736,0,-60,"), "SSE", "C2")
    with pytest.raises(MeasurementError, match="PL_SSE_C1"):
        indoor_path_loss(indoor("N-9,1.5736,0,60,"), "SSE", "C1")
    with pytest.raises(OptionError, match="'Library'"):
        indoor_path_loss(indoor("N-9,1.5736,0,60,"), "Kitchen")
    with pytest.raises(OptionError, match="sigma_db"):
        indoor_path_loss(indoor("N-9,1.5736,0,60,"), "SSE", "C2", sigma_db=0.0)


def test_a_slip_among_many_rows_is_left_out(indoor):
    rows = [f"N-9,1.5736,0,{60 + k % 7}," for k in range(120)]
    rows[50] = "N-9,1.5736,0,-60,"
    points = indoor_path_loss(indoor(*rows), "SSE", "C2").points[0]
    assert len(points) == 119 and 51 not in points.row


def test_powder_as_published(shared):
    folder = shared("measured_powder_rss")
    places = powder_receivers(folder)
    assert len(places) == 29 and "bus-6186" not in places
    heard = powder_rss(folder, "cbrssdr1-bes-comp", antenna_height_m=10.0)
    points, tx = heard.points[0], heard.transmitter
    assert len(points) == 5006 and points.value.min() > -101
    distance = np.hypot(points.x - tx.x, points.y - tx.y)
    assert np.polyfit(np.log10(distance), points.value, 1)[0] < -15
    test = powder_rss(folder, "cbrssdr1-bes-comp", split="random_test").points[0]
    assert 500 < len(test) < 1200 and set(test.row) < set(points.row)


@pytest.mark.parametrize("place", sorted(INDOOR_PLACES))
def test_indoor_as_published(shared, place):
    folder = shared("measured_indoor_3g5")
    counts = {"Comms": (718, 670), "Library": (343, 344), "SSE": (107, 107)}[place]
    for configuration, count in zip(("C1", "C2"), counts, strict=True):
        seen = indoor_path_loss(folder, place, configuration)
        points, tx = seen.points[0], seen.transmitter
        assert len(points) == count and points.value.max() < -45
        distance = np.maximum(np.hypot(points.x - tx.x, points.y - tx.y), 1.0)
        assert np.polyfit(np.log10(distance), points.value, 1)[0] < -20
