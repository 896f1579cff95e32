"""How strong is it here, how sure are we, and does the same answer come from memory, Zarr and GeoTIFF?"""

import numpy as np
import pytest
from atlas_worlds import make_map
from scipy.special import ndtr

from openckm.atlas import MapView, ask_points, open_map
from openckm.errors import GridError, InputError, OptionError, OutsideGrid, UnitError
from openckm.maps import Grid, RadioMap, write_geotiff, write_zarr


def places(grid, count=50, seed=1):
    rng = np.random.default_rng(seed)
    west, south, east, north = grid.bounds
    return rng.uniform(west, east, count), rng.uniform(south + 1e-6, north, count)


def test_the_answer_at_a_place_is_that_of_its_cell(radiomap):
    x, y = places(radiomap.grid)
    lon, lat = radiomap.grid.to_lonlat(x, y)
    answer = ask_points(MapView.of(radiomap), lon, lat, below=-92.0)
    outage = radiomap.with_outage(-92.0).outage()
    for k in range(len(x)):
        row, col = int((radiomap.grid.origin[1] - y[k]) // 2.0), int((x[k] - radiomap.grid.origin[0]) // 2.0)
        assert answer.said[k] == radiomap.valid[row, col]
        if answer.said[k]:
            assert answer.mean[k] == radiomap.mean()[row, col]
            assert answer.std[k] == radiomap.std()[row, col]
            assert answer.low[k] == radiomap.quantile(0.05)[row, col]
            assert answer.high[k] == radiomap.quantile(0.95)[row, col]
            np.testing.assert_allclose(answer.outage[k], outage[row, col], rtol=1e-6)
        else:
            assert np.isnan([answer.mean[k], answer.std[k], answer.low[k], answer.outage[k]]).all()
            assert answer.rows()[k] == {
                "said": False, "mean": None, "std": None, "low_90": None, "high_90": None, "outage": None,
            }  # fmt: skip
    assert answer.unit == "dBm"
    assert "5 % and 95 %" in answer.interval


@pytest.mark.parametrize("count", [3, 400])
def test_memory_zarr_and_geotiff_say_the_same(tmp_path, count):
    radiomap = make_map(shape=(600, 1100), draws=4)
    write_zarr(radiomap, tmp_path / "a.zarr")
    write_geotiff(radiomap, tmp_path / "a.tif", draws=True)
    x, y = places(radiomap.grid, count)
    right = ask_points(MapView.of(radiomap), x, y, crs=None, below=-90.0)
    row, col = right.row, right.col
    for path in ("a.zarr", "a.tif"):
        view = open_map(tmp_path / path)
        answer = ask_points(view, x, y, crs=None, below=-90.0)
        np.testing.assert_array_equal(answer.said, right.said)
        np.testing.assert_array_equal(answer.mean, right.mean)
        np.testing.assert_array_equal(answer.outage, right.outage)
        drawn = view.take("draws", row, col)
        np.testing.assert_array_equal(drawn[:, right.said], radiomap.draws()[:, row, col][:, right.said])
    assert open_map(tmp_path / "a.zarr").draws == 4
    np.testing.assert_array_equal(ask_points(open_map(tmp_path / "a.zarr"), x, y, crs=None).low, right.low)
    tif = ask_points(open_map(tmp_path / "a.tif"), x, y, crs=None)
    assert tif.interval.startswith("mean -+ 1.645 std")
    np.testing.assert_allclose(tif.low, tif.mean - 1.6448536 * tif.std, rtol=1e-6)


def test_a_normal_map_has_a_normal_outage():
    grid = Grid((4, 4), 2.0, (0.0, 8.0))
    radiomap = RadioMap.from_gaussian(
        grid, np.full((1, 4, 4), -100, np.float32), np.full((1, 4, 4), 5, np.float32), ["gain_db"]
    )
    answer = ask_points(MapView.of(radiomap), [1.0], [1.0], crs=None, below=-95.0)
    np.testing.assert_allclose(answer.outage, ndtr(1.0), rtol=1e-6)


def test_path_gain_and_transmit_power_make_received_power():
    view = MapView.of(make_map(unit="dB"))
    x, y = places(view.grid)
    before, after = ask_points(view, x, y, crs=None), ask_points(view.in_dbm(46.0), x, y, crs=None)
    assert after.unit == "dBm"
    np.testing.assert_allclose(after.mean, before.mean + 46, rtol=1e-6)
    np.testing.assert_allclose(after.high, before.high + 46, rtol=1e-6)
    np.testing.assert_array_equal(after.std, before.std)
    with pytest.raises(UnitError, match="in dBm already"):
        view.in_dbm(46.0).in_dbm(1.0)


def test_a_place_outside_is_an_error_or_nothing_is_said(view):
    west, south, _, _ = view.grid.bounds
    with pytest.raises(OutsideGrid, match="1 of 2 points lie outside"):
        ask_points(view, [west + 1, west - 1], [south + 1, south + 1], crs=None)
    answer = ask_points(view, [west + 1, west - 1], [south + 1, south + 1], crs=None, outside=True)
    assert answer.row.tolist()[1] == -1
    assert not answer.said[1]


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (float("nan"), 36.0, "number 0 is longitude nan"),
        (36.0, -100.0, "look swapped: longitude comes first"),
        (200.0, 36.0, "within"),
        (-78.0, float("inf"), "within"),
    ],
)
def test_coordinates_that_cannot_be(view, lon, lat, words):
    with pytest.raises(InputError, match=words):
        ask_points(view, [lon], [lat])


def test_other_bad_questions(view):
    west, south, _, _ = view.grid.bounds
    at = ([west + 1], [south + 1])
    with pytest.raises(OptionError, match="unknown CRS 'EPSG:9'"):
        ask_points(view, *at, crs="EPSG:9")
    with pytest.raises(OptionError, match="no channel 'snr'"):
        ask_points(view, *at, crs=None, channel="snr")
    with pytest.raises(UnitError, match=r"-100 dB means nothing on map, which is in dBm"):
        ask_points(view, *at, crs=None, below=-100.0, unit="dB")
    with pytest.raises(UnitError, match="transmit power"):
        ask_points(MapView.of(make_map(unit="dB")), *at, crs=None, below=-100.0, unit="dBm")
    with pytest.raises(UnitError, match="path loss of 110 dB is a gain of -110"):
        ask_points(view, *at, crs=None, below=110.0)
    with pytest.raises(OptionError, match="finite"):
        ask_points(view, *at, crs=None, below=float("nan"))
    with pytest.raises(InputError, match="1 eastings and 2 northings"):
        ask_points(view, [1.0], [1.0, 2.0], crs=None)
    with pytest.raises(GridError, match="no CRS"):
        ask_points(MapView.of(make_map(crs=None)), [-78.0], [36.0])


def test_another_crs_leads_to_the_same_cell(view):
    x, y = places(view.grid, 5)
    lon, lat = view.grid.to_lonlat(x, y)
    from openckm.maps.grid import reproject

    other = reproject("EPSG:4326", "EPSG:3857", lon, lat)
    np.testing.assert_array_equal(ask_points(view, *other, crs="EPSG:3857").mean, ask_points(view, x, y, crs=None).mean)


def test_a_map_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="there is no map"):
        open_map(tmp_path / "none")
    with pytest.raises(InputError, match="cannot read"):
        open_map(tmp_path / "none.tif")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="not a Zarr folder"):
        open_map(tmp_path / "folder")
