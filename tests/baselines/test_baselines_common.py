"""What all baselines promise through the one call."""

import numpy as np
import pytest

from openckm.baselines import (
    BestClassical,
    BoostedTrees,
    InverseDistance,
    Kriging,
    LogDistance,
    MapAlone,
    Nearest,
    UniversalKriging,
)
from openckm.baselines.answer import correlated_field
from openckm.baselines.neighbours import _error_variance
from openckm.baselines.variogram import Variogram
from openckm.errors import GridError, MeasurementError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import site_geometry
from openckm.maps.site import Layout, Transmitter
from openckm.reconstructor import Reconstructor

GRID = Grid((16, 20), 4.0, (1000.0, 2000.0))
TX = Transmitter(1040.0, 1970.0, 24.0, 3.6e9, bearing_deg=30.0)
METHODS = [
    LogDistance(), Nearest(), InverseDistance(), Kriging(), UniversalKriging(),
    UniversalKriging(layout=True, phones=True), BoostedTrees(), BestClassical(),
    MapAlone(lambda _, grid: site_geometry(grid, TX).free_space_db),
]  # fmt: skip
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)


def observations(n=40, seed=0, unit="dBm", **site):
    rng = np.random.default_rng(seed)
    row, col = np.divmod(rng.choice(16 * 20, n, replace=False), 20)
    value = -90 + 6 * np.sin(GRID.x[col] / 12) + rng.normal(0, 2, n)
    points = Points.exact(GRID.x[col], GRID.y[row], value, sigma=1.0, unit=unit)
    return Observations(points=(points,), transmitter=TX, **site)


@every_method
def test_the_answer_has_unit_mean_spread_and_draws(method):
    answer = method.reconstruct(observations(), GRID, draws=3, seed=1)
    assert isinstance(method, Reconstructor)
    assert answer.channels == ("gain_db",)
    assert answer.provenance["unit"] == "dBm"
    assert answer.provenance["method"] == method.name
    assert answer.provenance["seconds"] > 0
    assert answer.draws().shape == (3, 16, 20)
    assert (answer.std() > 0).all()
    assert (answer.quantile(0.05) < answer.mean()).all()


@every_method
def test_draw_k_depends_on_seed_and_k_alone(method):
    few = method.reconstruct(observations(), GRID, draws=2, seed=4).draws()
    many = method.reconstruct(observations(), GRID, draws=3, seed=4).draws()
    other = method.reconstruct(observations(), GRID, draws=2, seed=5).draws()
    np.testing.assert_array_equal(few, many[:2])
    assert not np.array_equal(few, other)


@every_method
def test_draws_have_the_stated_spread(method):
    answer = method.reconstruct(observations(), GRID, draws=300, seed=0)
    z = (answer.draws() - answer.mean()) / answer.std()
    per_cell = z.var(0)  # its mean over cells has standard error < sqrt(2 / 300)
    assert per_cell.mean() == pytest.approx(1.0, abs=4 * np.sqrt(2 / 300))
    assert np.abs(z.mean(0)).max() < 5 / np.sqrt(300)


@every_method
def test_a_shift_of_the_readings_shifts_the_map(method):
    seen = observations()
    points = seen.points[0]
    moved = Points.exact(points.x, points.y, points.value + 30.0, sigma=1.0)
    first = method.reconstruct(seen, GRID, draws=0)
    second = method.reconstruct(Observations(points=(moved,), transmitter=TX), GRID, draws=0)
    np.testing.assert_allclose(second.mean() - first.mean(), 30.0, atol=2e-3)
    np.testing.assert_allclose(second.std(), first.std(), rtol=1e-3)


@every_method
def test_buildings_are_not_valid(method):
    height = np.zeros(GRID.shape, np.float32)
    height[3:6, 4:9] = 12.0
    answer = method.reconstruct(observations(layout=Layout(GRID, height)), GRID, draws=0)
    np.testing.assert_array_equal(answer.valid, height == 0)
    assert method.reconstruct(observations(), GRID, draws=0).valid.all()


@every_method
def test_too_few_cells_are_refused_by_their_number(method):
    points = Points.exact(np.full(9, 1001.0), np.full(9, 1999.0), np.arange(9.0) - 90, sigma=1.0)
    with pytest.raises(MeasurementError, match="fill 1 cells"):
        method.reconstruct(Observations(points=(points,), transmitter=TX), GRID)


@every_method
def test_another_crs_is_refused(method):
    seen = observations(crs="EPSG:32617")
    with pytest.raises(GridError, match="EPSG:32617"):
        method.reconstruct(seen, GRID)


@every_method
def test_negative_draws_are_refused(method):
    with pytest.raises(OptionError, match="draws=-1"):
        method.reconstruct(observations(), GRID, draws=-1)


@every_method
def test_readings_outside_the_grid_count_and_censored_ones_do_not(method):
    seen = observations()
    inner = seen.points[0]
    outside = Points.exact(np.array([990.0, 1090.0]), np.array([2011.0, 1900.0]), np.array([-60.0, -60.0]), sigma=1.0)
    row, col = GRID.index_of(inner.x, inner.y)
    free = next(k for k in range(320) if k not in set((row * 20 + col).tolist()))
    silent = Points.exact(GRID.x[[free % 20]], GRID.y[[free // 20]], np.array([-140.0]), sigma=1.0)
    silent.kind[:] = "below"
    base = method.reconstruct(seen, GRID, draws=0)
    deaf = method.reconstruct(Observations(points=(inner, silent), transmitter=TX), GRID, draws=0)
    wide = method.reconstruct(Observations(points=(inner, outside), transmitter=TX), GRID, draws=0)
    if "limits_left_out" in deaf.provenance and method.name not in ("boosted_trees", "best_classical"):
        np.testing.assert_array_equal(base.mean(), deaf.mean())
        assert deaf.provenance["limits_left_out"] == 1
    assert np.abs(base.mean() - deaf.mean()).max() < 6.0  # of 50 dB that the limit lies below its neighbours
    off = wide.provenance.get("cells_off_the_map", 0)
    assert wide.provenance["cells_observed"] == base.provenance["cells_observed"] + 2 - off
    assert off == (2 if method.name == "map_alone" else 0)


@pytest.mark.parametrize("method", [LogDistance(), UniversalKriging(), BoostedTrees()], ids=lambda m: m.name)
def test_methods_that_need_the_transmitter_say_so(method):
    with pytest.raises(OptionError, match=r"needs the transmitter"):
        method.reconstruct(Observations(points=observations().points), GRID)


def test_constant_readings_give_a_constant_map():
    seen = Observations(points=(Points.exact(np.array([1002.0, 1030.0, 1070.0]), np.array([1998.0, 1950.0, 1970.0]),
                                             np.full(3, -77.0), sigma=1.0),), transmitter=TX)  # fmt: skip
    for method in (Nearest(), InverseDistance(), Kriging()):
        np.testing.assert_allclose(method.reconstruct(seen, GRID, draws=0).mean(), -77.0, atol=1e-3)


def test_log_distance_recovers_its_own_model_and_its_spread():
    rng = np.random.default_rng(7)
    geometry = site_geometry(GRID, TX)
    field = -20.0 + 1.7 * geometry.free_space_db + 0.9 * geometry.pattern_db
    row, col = np.divmod(np.arange(320), 20)
    value = field[row, col] + rng.normal(0, 5.0, 320)
    points = Points.exact(GRID.x[col], GRID.y[row], value, sigma=0.1)
    answer = LogDistance().reconstruct(Observations(points=(points,), transmitter=TX), GRID, draws=0)
    assert np.sqrt(np.mean((answer.mean() - field) ** 2)) < 1.5  # 5 dB / sqrt(320 / 3) = 0.5 expected
    assert answer.std().mean() == pytest.approx(5.0, rel=0.12)


def test_a_map_alone_is_the_map_at_the_level_of_the_readings():
    rng = np.random.default_rng(3)
    field = site_geometry(GRID, TX).free_space_db
    row, col = np.divmod(np.arange(320), 20)
    points = Points.exact(GRID.x[col], GRID.y[row], field[row, col] + 31.0 + rng.normal(0, 4.0, 320), sigma=0.1)
    answer = MapAlone(lambda *_: field).reconstruct(Observations(points=(points,)), GRID, draws=0)
    assert np.ptp(answer.mean() - field) < 1e-3 and (answer.mean() - field)[0, 0] == pytest.approx(31.0, abs=0.8)
    assert answer.std().mean() == pytest.approx(4.0, rel=0.12)
    with pytest.raises(OptionError, match="needs a layout"):
        MapAlone(lambda *_: None).reconstruct(Observations(points=(points,)), GRID)
    one = Observations(points=(points.subset(np.arange(320) == 0),))
    with pytest.raises(MeasurementError, match="at least 3"):
        MapAlone(lambda *_: field).reconstruct(one, GRID)


def test_nearest_takes_the_nearest_reading():
    x, y = np.array([1002.0, 1070.0, 1030.0]), np.array([1998.0, 1998.0, 1942.0])  # cell centres
    answer = Nearest().reconstruct(
        Observations(points=(Points.exact(x, y, np.array([-50.0, -60, -70]), sigma=1.0),)), GRID
    )
    gx, gy = GRID.centres()
    distance = np.hypot(gx[..., None] - x, gy[..., None] - y)
    taken = np.argmin(np.abs(answer.mean()[..., None] - np.array([-50.0, -60, -70])), axis=-1)
    at_taken = np.take_along_axis(distance, taken[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(at_taken, distance.min(-1), atol=1e-9)
    assert set(np.unique(answer.mean()).round(3)) == {-50.0, -60.0, -70.0}


def test_error_variance_of_weights_is_the_variance_of_simulated_errors():
    rng = np.random.default_rng(1)
    variogram = Variogram("exponential", 20.0, 40.0, 3.0)
    where = np.array([[0.0, 0.0], [8.0, 3.0], [-5.0, 12.0], [20.0, -9.0]])
    weight = np.array([0.6, 0.3, 0.1])
    distance = np.hypot(*(where[:, None] - where[None]).transpose(2, 0, 1))
    factor = np.linalg.cholesky(variogram.covariance(distance) + 3.0 * np.eye(4))
    z = rng.standard_normal((200_000, 4)) @ factor.T
    simulated = np.var(z[:, 0] - z[:, 1:] @ weight)
    stated = _error_variance(weight[None], distance[None, 0, 1:], where[None, 1:], variogram)[0]
    assert stated == pytest.approx(simulated, rel=0.02)


def test_correlated_fields_have_the_variograms_correlation():
    variogram = Variogram("exponential", 9.0, 40.0, 1.0)
    fields = np.stack([correlated_field(variogram, GRID, np.random.default_rng(k)) for k in range(3000)])
    assert fields.var() == pytest.approx(1.0, abs=0.05)
    for lag in (1, 3):
        expected = 0.9 * np.exp(-3 * lag * 4.0 / 40.0)
        assert np.mean(fields[:, :, lag:] * fields[:, :, :-lag]) == pytest.approx(expected, abs=0.04)
