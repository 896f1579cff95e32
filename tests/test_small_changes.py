"""What drawn mutants showed that no test had asked (bench/results/mutants.csv), each with its answer."""

from __future__ import annotations

import itertools

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
from openckm.maps.buildings.rasters import _nothings
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
