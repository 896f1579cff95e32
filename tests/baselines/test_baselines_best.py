"""What the stronger rivals know: the layout, the phones, limits, another cell; and who wins where."""

import numpy as np
import pytest

from openckm.baselines import BestClassical, BoostedTrees, Kriging, UniversalKriging, best_classical, trees
from openckm.baselines.cells import one_sided
from openckm.errors import ComputationError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import site_geometry
from openckm.maps.site import Layout, Transmitter

GRID = Grid((40, 40), 4.0)
TX = Transmitter(82.0, -10.0, 20.0, 3.5e9)


def city():
    height = np.zeros(GRID.shape, np.float32)
    for row in (8, 16, 24, 32):
        for col in (3, 13, 25, 33):
            height[row : row + 4, col : col + 5] = 15.0
    return Layout(GRID, height)


def pick(n, seed=0, region=None):
    """n distinct cells, of a region if one is given."""
    cells = np.flatnonzero(np.ones(GRID.shape, bool) if region is None else region)
    return np.divmod(np.random.default_rng(seed).choice(cells, n, replace=False), GRID.shape[1])


def points(field, row, col, *, noise=0.3, seed=1, **more):
    value = field[row, col] + noise * np.random.default_rng(seed).standard_normal(len(row))
    return Points.exact(GRID.x[col], GRID.y[row], value, sigma=max(noise, 0.1), **more)


def error(method, observations, field):
    return float(np.sqrt(np.mean((method.reconstruct(observations, GRID, draws=0).mean() - field) ** 2)))


def free_space():
    return 1.5 * site_geometry(GRID, TX).free_space_db.astype(float)


def shadowed(layout, per_db=0.8):
    return free_space() - per_db * site_geometry(GRID, TX, layout.height_m).diffraction_db


def test_kriging_that_knows_the_layout_finds_shadows_that_no_reading_is_near():
    layout = city()
    field = shadowed(layout)
    seen = Observations(points=(points(field, *pick(60)),), layout=layout, transmitter=TX)
    blind, sighted = error(UniversalKriging(), seen, field), error(UniversalKriging(layout=True), seen, field)
    assert sighted < 0.35 * blind
    used = UniversalKriging(layout=True).reconstruct(seen, GRID, draws=0).provenance["drift"]
    assert "diffraction" in used and "log_distance" in used


def test_a_layout_on_another_grid_counts_where_it_lies():
    coarse = city()
    fine = Layout(Grid((80, 80), 2.0), np.kron(coarse.height_m, np.ones((2, 2), np.float32)))
    field = shadowed(coarse)
    seen = Observations(points=(points(field, *pick(60)),), layout=fine, transmitter=TX)
    assert error(UniversalKriging(layout=True), seen, field) < 0.5 * error(UniversalKriging(), seen, field)


def test_readings_beyond_the_grid_may_lie_in_no_layout():
    layout = city()
    field = shadowed(layout)
    inner = points(field, *pick(60))
    outside = Points.exact(np.array([-30.0, 200.0]), np.array([-20.0, -190.0]), np.array([-110.0, -120.0]), sigma=0.3)
    seen = Observations(points=(inner, outside), layout=layout, transmitter=TX)
    assert np.isfinite(UniversalKriging(layout=True).reconstruct(seen, GRID, draws=0).mean()).all()


@pytest.mark.parametrize("method", [UniversalKriging(phones=True), BoostedTrees(phones=True)], ids=lambda m: m.name)
def test_a_phone_that_reads_high_does_not_bend_the_map(method):
    field = free_space()
    west = np.zeros(GRID.shape, bool)
    west[:, :24] = True
    east = np.zeros(GRID.shape, bool)
    east[:, 16:] = True
    first = points(field, *pick(90, 1, west), device="one")
    second = points(field + 9.0, *pick(60, 2, east), device="two", seed=3)
    seen = Observations(points=(first, second), transmitter=TX)
    answer = method.reconstruct(seen, GRID, draws=0)
    share = 60 / 150  # the map is that of the average reading
    assert np.mean(answer.mean() - field) == pytest.approx(9.0 * share, abs=1.2)
    assert (answer.mean() - field).std() < 0.5 * (
        UniversalKriging().reconstruct(seen, GRID, draws=0).mean() - field
    ).std()
    assert answer.provenance["phone_offsets_db"] == {"two": pytest.approx(9.0 * (1 - share), abs=1.2)}


def silent(row, col, limit):
    one = Points.exact(GRID.x[col], GRID.y[row], np.full(len(row), limit), sigma=1.0)
    one.kind[:] = "below"
    return one


@pytest.mark.parametrize("method", [Kriging(), UniversalKriging(), BoostedTrees()], ids=lambda m: m.name)
def test_where_nothing_was_heard_the_map_says_weak(method):
    field = np.where(np.arange(40)[None] < 20, -80.0, -125.0) * np.ones((40, 1))
    heard = np.broadcast_to(np.arange(40)[None] < 20, (40, 40))
    inner = points(field, *pick(80, 1, heard))
    seen = Observations(points=(inner, silent(*pick(80, 2, ~heard), -115.0)), transmitter=TX)
    answer = method.reconstruct(seen, GRID, draws=0)
    assert answer.mean()[:, 30:].mean() < -108.0
    assert answer.provenance["limits_at_their_value"] == 80 and answer.provenance["limits_left_out"] == 0


def test_limits_that_say_nothing_are_left_out_and_counted():
    field = free_space()
    row, col = pick(160)
    inner = points(field, row[:80], col[:80])
    loose = silent(row[80:], col[80:], float(field.max()) + 40.0)  # a limit far above everything: it says nothing
    seen, plain = Observations(points=(inner, loose), transmitter=TX), Observations(points=(inner,), transmitter=TX)
    answer = UniversalKriging().reconstruct(seen, GRID, draws=0)
    assert answer.provenance["limits_at_their_value"] == 0 and answer.provenance["limits_left_out"] == 80
    np.testing.assert_allclose(answer.mean(), UniversalKriging().reconstruct(plain, GRID, draws=0).mean(), atol=1e-3)


def test_the_error_of_a_limit_is_what_lies_on_its_wrong_side():
    table = UniversalKriging().table(
        Observations(points=(points(free_space(), *pick(40)), silent(*pick(9, 5), 50.0)), transmitter=TX), GRID
    )
    square = UniversalKriging().cross_validated(table)
    limits = one_sided(table.cells)
    assert limits.any() and (square[limits] == 0).all() and (square[~limits] > 0).all()


def test_another_cell_of_the_site_fills_what_this_one_did_not_measure():
    rng = np.random.default_rng(4)
    from scipy.ndimage import gaussian_filter

    shadow = gaussian_filter(rng.standard_normal(GRID.shape), 3.0)
    field = free_space() + 8.0 * shadow / shadow.std()
    left = np.broadcast_to(np.arange(40)[None] < 18, (40, 40))
    seen = Observations(points=(points(field, *pick(100, 1, left)),), transmitter=TX)
    other = Observations(points=(points(0.9 * field + 5.0, *pick(400, 2), seed=8),), transmitter=TX)
    alone = UniversalKriging().reconstruct(seen, GRID, draws=0).mean() - field
    both = UniversalKriging(other=other).reconstruct(seen, GRID, draws=0).mean() - field
    assert np.sqrt(np.mean(both[:, 22:] ** 2)) < 0.5 * np.sqrt(np.mean(alone[:, 22:] ** 2))


@pytest.mark.parametrize("kind", [UniversalKriging, BoostedTrees], ids=lambda k: k.__name__)
def test_a_further_map_that_is_right_is_used_and_one_that_says_nothing_is_not(kind):
    """Somebody else's picture of the shadows, in its own units and with an offset of its own."""
    layout = city()
    field = shadowed(layout, 1.5)
    seen = Observations(points=(points(field, *pick(120)),), layout=layout, transmitter=TX)
    right = kind(maps=lambda known, grid: {"somebody's": 0.1 * (field - free_space()) + 3.0})
    assert error(right, seen, field) < (0.6 if kind is UniversalKriging else 0.9) * error(kind(), seen, field)
    if kind is UniversalKriging:
        nothing = UniversalKriging(maps=lambda known, grid: {"flat": np.zeros(grid.shape)})
        assert error(nothing, seen, field) == pytest.approx(error(UniversalKriging(), seen, field))
        assert right.name == "universal_kriging_maps"


def test_rays_are_further_maps_of_the_classical_rivals_where_the_site_is_known():
    from openckm.evaluate.benches.methods import classical_methods, ray_fields

    layout = city()
    field = shadowed(layout)
    seen = Observations(points=(points(field, *pick(60)),), layout=layout, transmitter=TX)
    fields = ray_fields(seen, GRID)
    assert fields["ray_total"].shape == GRID.shape and np.ptp(fields["ray_total"]) > 0.3
    method = next(m for m in classical_methods() if m.name == "universal_kriging_rays")
    assert "ray_total" in method.reconstruct(seen, GRID, draws=0).provenance["drift"]
    assert ray_fields(Observations(points=seen.points, transmitter=TX), GRID) == {}


def curved(layout):
    """A mean that no straight line in the columns gives."""
    geometry = site_geometry(GRID, TX, layout.height_m)
    return free_space() - np.where(geometry.obstruction_m > 12.0, 14.0, 0.0) + 8.0 * (geometry.diffraction_db > 15.0)


@pytest.mark.parametrize("library", ["lightgbm", "sklearn"])
def test_trees_learn_what_no_straight_line_says(library, monkeypatch):
    pytest.importorskip(library)
    if library == "sklearn":
        monkeypatch.setattr(trees, "find_spec", lambda name: None if name == "lightgbm" else object())
    layout = city()
    field = curved(layout)
    seen = Observations(points=(points(field, *pick(500)),), layout=layout, transmitter=TX)
    assert error(BoostedTrees(), seen, field) < 0.9 * error(UniversalKriging(), seen, field)


def test_the_readings_choose_the_method_that_is_right_for_them():
    layout = city()
    straight = Observations(points=(points(shadowed(layout), *pick(80)),), layout=layout, transmitter=TX)
    choice = best_classical(straight, GRID)
    assert choice.method.name == "universal_kriging_layout"
    assert set(choice.rmse_db) == {"kriging", "universal_kriging", "universal_kriging_layout", "boosted_trees"}
    answer = BestClassical().reconstruct(straight, GRID, draws=0)
    np.testing.assert_array_equal(answer.mean(), choice.method.reconstruct(straight, GRID, draws=0).mean())
    assert answer.provenance["chosen"] == choice.method.name
    assert best_classical(Observations(points=straight.points), GRID).method.name == "kriging"


def test_a_candidate_that_cannot_be_solved_loses_and_none_at_all_is_an_error(monkeypatch):
    seen = Observations(points=(points(free_space(), *pick(40)),), transmitter=TX)

    def fails(*_, **__):
        raise ComputationError("singular")

    monkeypatch.setattr(UniversalKriging, "predict", fails)
    found = best_classical(seen, GRID)
    assert found.rmse_db["universal_kriging"] == np.inf and found.method.name != "universal_kriging"
    with pytest.raises(ComputationError, match="none of universal_kriging"):
        best_classical(seen, GRID, candidates=[UniversalKriging()])
