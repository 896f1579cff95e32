"""What drawn mutants showed that no test had asked (bench/results/mutants.csv), each with its answer."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from openckm.errors import OptionError
from openckm.evaluate.scores.ensemble import pit_normal
from openckm.evaluate.scores.fields import energy_distance
from openckm.evaluate.scores.metrics import crps_draws
from openckm.infer.exact.spectrum import FittedSpectrum
from openckm.infer.rivals.diffpir import diffpir
from openckm.infer.route import visit_order
from openckm.infer.spread.calibration import isolation
from openckm.maps.buildings.height_names import unusual_heights
from openckm.maps.buildings.rasters import _nothings
from openckm.maps.buildings.tags import parse_levels
from openckm.maps.csv import join_drive_tests, read_drive_test
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.pixels import GreyScale
from openckm.maps.png import render_png
from openckm.maps.propagation import site_geometry
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter
from openckm.observe.likelihood import Gaussian
from openckm.observe.masks import _free_windows
from openckm.observe.operators import Domain, Identity
from worlds import GaussianDenoiser


def test_two_draws_are_enough_for_an_energy_distance():
    # 2 E|X - Y| - E|X - X'| - E|Y - Y'| of {0, 1} and {0, 3}: mean |x - y| = (0 + 3 + 1 + 2) / 4, pairs 1 and 3
    assert energy_distance([[0.0], [1.0]], [[0.0], [3.0]]) == pytest.approx(2 * 1.5 - 1.0 - 3.0)


def test_one_value_that_is_not_finite_among_good_ones_is_refused():
    assert pit_normal([0.0], [1.0], [0.0]) == pytest.approx(0.5)
    with pytest.raises(OptionError, match="finite"):
        pit_normal([np.nan], [1.0], [0.0])


def test_two_draws_of_a_single_cell_have_a_crps():
    assert crps_draws([[1.0], [3.0]], [2.0]) == pytest.approx(1.0 - 0.5 * 2.0)


def test_a_strength_below_one_is_a_strength():
    domain = Domain(("gain_db",), "latent", (8, 8))
    readings = Gaussian(Identity(domain), torch.zeros(1, 1, 8, 8), 0.1)
    assert diffpir(GaussianDenoiser(torch.zeros(1, 8, 8), 0.5), readings, 0.5) is not None


def test_at_its_own_levels_a_spectrum_is_what_was_measured():
    lags = torch.rand(3, 2, 3, 3, generator=torch.Generator().manual_seed(0)) + 0.5
    levels = torch.tensor([0.1, 0.5, 2.0])
    spectrum = FittedSpectrum(levels, lags, False)
    for k, level in enumerate(levels.tolist()):
        torch.testing.assert_close(spectrum._at(level).float(), lags[k], rtol=1e-4, atol=1e-5)


def test_a_scale_may_span_less_than_a_decibel():
    assert GreyScale(-100.0, 0.5).span_db == 0.5
    with pytest.raises(OptionError, match="positive span"):
        GreyScale(-100.0, 0.0)


def test_the_largest_byte_beside_two_heights_stands_for_nothing():
    assert _nothings(np.array([0.0, 12.0, 255.0], np.float32), np.array([5, 4, 3])) == [255.0]


def test_a_plain_reading_is_bounded_on_neither_side():
    points = Points.exact(1.0, 2.0, -80.0, sigma=2.0)
    assert (points.low[0], points.high[0]) == (-np.inf, np.inf)


def test_a_wall_lower_than_a_metre_counts_where_the_antenna_is_lower_still():
    grid = Grid((5, 40), 2.0)
    height = np.zeros(grid.shape, np.float32)
    height[:, 10] = 0.95
    geometry = site_geometry(grid, Transmitter(19.0, -5.0, 0.5, 3.5e9), height)
    assert geometry.obstruction_m[2, 39] > 0.0 and geometry.obstruction_m[2, 3] == 0.0


def test_no_stretch_of_a_route_turned_round_makes_it_shorter():
    for seed, first in itertools.product(range(12), (True, False)):
        xy = np.random.default_rng(seed).uniform(0, 100, (18, 2))
        distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
        order = visit_order(distance, from_first=first).tolist()
        assert sorted(order) == list(range(18)) and (order[0] == 0 or not first)
        length = sum(distance[a, b] for a, b in itertools.pairwise(order))
        for i, k in itertools.combinations(range(int(first), 18), 2):
            turned = order[:i] + order[i : k + 1][::-1] + order[k + 1 :]
            assert sum(distance[a, b] for a, b in itertools.pairwise(turned)) > length - 1e-6


def test_a_picture_has_at_most_1200_dots_an_inch():
    mean = np.zeros((1, 4, 4), np.float32)
    made = RadioMap.from_gaussian(Grid((4, 4), 2.0), mean, mean + 1, ["gain_db"])
    with pytest.raises(OptionError, match="1200"):
        render_png(made, dpi=1201)


def test_a_window_just_as_large_as_the_map_fits():
    assert _free_windows(np.zeros((4, 5), bool), 4, 5).tolist() == [[True]]
    assert _free_windows(np.zeros((4, 5), bool), 5, 5).size == 0


def drive_test(tmp_path, *lines, name="drive.csv", **options):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_drive_test(path, **options)


@pytest.mark.parametrize(("west", "south"), [("W", "S"), ("w", "s"), ("West", "South"), ("oeste", "sur")])
def test_a_drive_in_the_south_west_lies_there_whatever_word_says_so(tmp_path, west, south):
    rows = [f"{43.2 + k / 1e4},{west},{22.9},{south},{-90 - k}" for k in range(4)]
    points = drive_test(tmp_path, "lon,lon_dir,lat,lat_dir,rsrp", *rows, crs="EPSG:4326").points
    signed = [f"{-43.2 - k / 1e4},{-22.9},{-90 - k}" for k in range(4)]
    same = drive_test(tmp_path, "lon,lat,rsrp", *signed, name="signed.csv", crs="EPSG:4326").points
    assert np.allclose(points.x, same.x) and np.allclose(points.y, same.y)


@pytest.mark.parametrize(
    "nothing",
    ["2147483647", "-2147483648", "4294967295", "65535", "-32768", "9999", "-9999", "-999", "9.96920996838687e36",
     "-3.4028234663852886e38", "1e20"],
)  # fmt: skip
def test_what_files_write_for_no_reading_is_no_reading(tmp_path, nothing):
    """Full scale of the usual whole numbers, the nines of surveyors, the fill values of NetCDF and of rasters."""
    rows = [f"24.94,60.17{k},{-90 - k}" for k in range(8)] + [f"24.94,60.18{k},{nothing}" for k in range(3)]
    drive = drive_test(tmp_path, "lon,lat,rsrp", *rows, crs="EPSG:4326")
    assert sorted(drive.points.value) == [-97.0 + k for k in range(8)] and drive.report.rows_read == 11


def test_two_drives_together_reach_from_the_weakest_to_the_strongest(tmp_path):
    drives = [
        drive_test(tmp_path, "lon,lat,rsrp", f"24.94,60.17,{a}", f"24.94,60.18,{b}", name=f"{a}.csv", crs="EPSG:4326")
        for a, b in ((-90, -80), (-101, -99))
    ]
    report = join_drive_tests(drives).report
    assert (report.value_min, report.value_max, report.kept) == (-101.0, -80.0, 4)


def test_storeys_in_roman_numerals_are_counted():
    numerals = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
    assert [parse_levels(numeral) for numeral in numerals] == list(range(1, 13))


@pytest.mark.parametrize(
    ("name", "metres"), [("bldg_height_ft", 3.048), ("height_feet", 3.048), ("height_cm", 0.1), ("height_mm", 0.01)]
)
def test_a_height_is_in_the_unit_that_its_property_names(name, metres):
    heights, said = unusual_heights([{name: 10.0}, {name: 20.0}])
    assert np.allclose(heights, [metres, 2 * metres]) and name in said[0]


@pytest.mark.parametrize(
    ("unit", "mbit_s"),
    [("bit/s", 8e-6), ("kbit/s", 8e-3), ("Mbit/s", 8.0), ("Gbit/s", 8e3), ("byte/s", 64e-6), ("kbyte/s", 64e-3),
     ("Mbyte/s", 64.0), ("Gbyte/s", 64e3)],
)  # fmt: skip
def test_eight_of_any_unit_of_throughput_are_so_many_megabits_a_second(tmp_path, unit, mbit_s):
    rows = [f"24.94,60.17{k},8" for k in range(4)]
    points = drive_test(tmp_path, f"lon,lat,throughput ({unit})", *rows, crs="EPSG:4326").points
    assert points.unit == "Mbit/s" and np.allclose(points.value, mbit_s, rtol=1e-12)


def test_a_plain_drive_test_is_bounded_on_neither_side(tmp_path):
    points = drive_test(tmp_path, "lon,lat,rsrp", "24.94,60.17,-90", "24.95,60.17,-91", crs="EPSG:4326").points
    assert (points.low == -np.inf).all() and (points.high == np.inf).all()


def test_how_alone_a_cell_is_does_not_depend_on_which_side_of_the_map_is_longer():
    # 8 x 32 cells of 5 m are 6,400 m2, 1,600 for each of four readings: half of their side is 20 m
    scene = SimpleNamespace(cells=np.arange(4), shape=(8, 32), grid=Grid((8, 32), 5.0))
    assert np.allclose(isolation(scene, np.array([10.0, 40.0])), [0.5, 2.0])
