"""Where to measure next: exact gains, greedy batches, the ensemble and its localisation, and the drive there."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from openckm.errors import OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.covariance import Covariance, EnsembleCovariance, ExactCovariance, gaspari_cohn
from openckm.infer.plan import choose_cells
from openckm.infer.route import drive, reachable, street_graph, visit_order, within_length
from openckm.maps.observations import Observations
from openckm.observe.field.discrepancy import Hyper, condition
from openckm.observe.field.matern import Matern, covariance
from worlds import centred_grid, evidence, gaussian_field, readings, transmitter_near

GRID = centred_grid(16)
PLACES = np.stack([a.ravel() for a in GRID.centres()], axis=1)
PRIOR = covariance(PLACES, PLACES, (Matern(0.5, 20.0, 8.0),))
ALL = np.arange(256)


class Dense(Covariance):
    def __init__(self, matrix):
        self.matrix = matrix

    def between(self, first, second):
        return self.matrix[np.ix_(first, second)]


def after(matrix, cells, noise):
    """The covariance after readings of some cells, by the textbook."""
    cells = list(cells)
    inner = matrix[np.ix_(cells, cells)] + noise**2 * np.eye(len(cells))
    return matrix - matrix[:, cells] @ np.linalg.solve(inner, matrix[cells])


def test_expected_rmse_after_each_cell_is_that_of_the_conditioned_field():
    targets = np.arange(0, 256, 3)
    found = choose_cells(Dense(PRIOR), targets, ALL, 6, noise_db=3.0)
    assert len(set(found.cell)) == 6
    for k in range(7):
        rest = np.diag(after(PRIOR, found.cell[:k], 3.0))[targets] if k else np.diag(PRIOR)[targets]
        assert found.rmse_db[k] == pytest.approx(np.sqrt(rest.mean()))
    np.testing.assert_allclose(found.std_db, 8.0)


def test_every_greedy_cell_is_the_best_of_all():
    found = choose_cells(Dense(PRIOR), ALL, ALL, 3, noise_db=2.0)
    for k in range(3):
        left = [np.trace(after(PRIOR, [*found.cell[:k], j], 2.0)) for j in ALL]
        assert left[found.cell[k]] == pytest.approx(min(left))


def test_of_several_maps_each_cell_is_the_best_for_all_of_them():
    other = covariance(PLACES, PLACES, (Matern(1.5, 40.0, 5.0),)) * np.outer(*[np.linspace(0.2, 1.5, 256)] * 2)
    found = choose_cells([Dense(PRIOR), Dense(other)], ALL, ALL, 3, noise_db=2.0)
    for k in range(3):
        left = [sum(np.trace(after(m, [*found.cell[:k], j], 2.0)) for m in (PRIOR, other)) for j in ALL]
        assert left[found.cell[k]] == pytest.approx(min(left))
        assert found.rmse_db[k + 1] == pytest.approx(np.sqrt(min(left) / 512))
    one = choose_cells(Dense(PRIOR), ALL, ALL, 3, noise_db=2.0)
    np.testing.assert_array_equal(choose_cells([Dense(PRIOR)] * 2, ALL, ALL, 3, noise_db=2.0).cell, one.cell)


def test_variance_criterion_takes_the_most_uncertain():
    matrix = PRIOR * np.outer(*[np.where(ALL == 77, 2.0, 1.0)] * 2)
    assert choose_cells(Dense(matrix), ALL, ALL, 1, noise_db=2.0, criterion="variance").cell[0] == 77
    assert choose_cells(Dense(matrix), np.arange(128, 256), np.arange(16), 1, noise_db=2.0).cell[0] < 16


def test_greedy_beats_random_and_variance_on_the_field_it_knows():
    rng = np.random.default_rng(0)
    greedy = choose_cells(Dense(PRIOR), ALL, ALL, 12, noise_db=2.0).rmse_db[-1]
    edge = choose_cells(Dense(PRIOR), ALL, ALL, 12, noise_db=2.0, criterion="variance").rmse_db[-1]
    random = [np.sqrt(np.diag(after(PRIOR, rng.choice(256, 12, False), 2.0)).mean()) for _ in range(20)]
    assert greedy < min(random) and greedy < edge


def fitted(count=30):
    """A process conditioned on readings, and its posterior covariance by the textbook, coefficients included."""
    points = readings(GRID, gaussian_field(GRID, 0), count, 0)
    row, col = GRID.index_of(points.x, points.y)
    cell = row * 16 + col
    design = np.stack([np.ones(256), PLACES[:, 0] / 30], axis=1)
    scale = np.array([5.0, 2.0])
    hyper = Hyper((Matern(0.5, 20.0, 8.0),), 1.5)
    fit = condition(PLACES[cell], points.value, 2.0, design[cell], np.array([-95.0, 0.0]), scale, hyper)
    joint = PRIOR + (design * scale**2) @ design.T + 1.5**2 * np.eye(256)
    return fit, design, cell, after(joint, cell, 2.0)


def test_cross_covariance_is_that_of_the_textbook():
    fit, design, cell, wanted = fitted()
    some = np.r_[cell[:3], 5, 200, 77]
    found = fit.cross_covariance(PLACES[some], design[some], PLACES, design)
    np.testing.assert_allclose(found, wanted[some], atol=1e-5)
    std = fit.predict(PLACES, design).std
    np.testing.assert_allclose(np.diag(fit.cross_covariance(PLACES, design, PLACES, design)), std**2, atol=1e-6)


def test_exact_covariance_follows_the_map_s_spread():
    fit, design, _, wanted = fitted()
    own = ExactCovariance(fit, PLACES, design)
    np.testing.assert_allclose(own.between(ALL, ALL), wanted, atol=1e-5)
    std = np.linspace(1, 9, 256)
    scaled = ExactCovariance(fit, PLACES, design, std).between(ALL, ALL)
    np.testing.assert_allclose(np.sqrt(np.diag(scaled)), std, rtol=1e-4)
    ratio = wanted / np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    np.testing.assert_allclose(scaled / np.outer(std, std), ratio, atol=1e-4)


def test_gaspari_cohn_is_a_correlation_of_compact_support():
    d = np.linspace(0, 12, 400)
    value = gaspari_cohn(d, 10.0)
    assert value[0] == 1.0 and (value[d >= 10] == 0).all() and (np.diff(value) <= 1e-12).all()
    assert gaspari_cohn(np.array([5.0]), 10.0)[0] == pytest.approx(5 / 24)
    gap = np.linalg.norm(PLACES[:, None] - PLACES[None], axis=2)
    assert np.linalg.eigvalsh(gaspari_cohn(gap, 40.0)).min() > -1e-9


def test_localised_ensemble_chooses_nearly_as_well_as_the_exact_covariance_and_better_than_a_bare_one():
    rng = np.random.default_rng(3)
    lower = np.linalg.cholesky(PRIOR + 1e-9 * np.eye(256))
    bare, local = [], []
    for _ in range(6):
        draws = (lower @ rng.standard_normal((256, 16))).T
        for kept, reach in ((bare, np.inf), (local, 60.0)):
            cells = choose_cells(EnsembleCovariance(draws, PLACES, reach), ALL, ALL, 12, noise_db=2.0).cell
            kept.append(np.sqrt(np.diag(after(PRIOR, cells, 2.0)).mean()))
    exact = choose_cells(Dense(PRIOR), ALL, ALL, 12, noise_db=2.0).rmse_db[-1]
    assert np.mean(local) < np.mean(bare)
    assert exact < np.mean(local) < 1.12 * exact


def test_ensemble_covariance_by_hand():
    draws = np.array([[0.0, 1.0], [2.0, 5.0]])
    found = EnsembleCovariance(draws, np.zeros((2, 2)), np.inf).between(np.array([0]), np.array([0, 1]))
    np.testing.assert_allclose(found, [[2.0, 4.0]])


def test_the_belief_is_exact_with_readings_and_an_ensemble_without(tiny_prior):
    method = OpenCKM(prior=tiny_prior, symmetrise=False, steps=2)
    seen = evidence(readings(GRID, gaussian_field(GRID, 0), 30, 0), transmitter=transmitter_near(GRID))
    posterior = method.posterior(seen, GRID)
    belief = posterior.covariance()
    assert isinstance(belief, ExactCovariance)
    np.testing.assert_allclose(np.sqrt(np.diag(belief.between(ALL, ALL))), posterior.gain.std, rtol=1e-3)
    bare = method.posterior(Observations(), GRID).covariance(draws=6, steps=2)
    assert isinstance(bare, EnsembleCovariance) and bare.draws.shape == (6, 256)


@pytest.mark.parametrize(
    "wrong",
    [{"count": 0}, {"noise_db": 0.0}, {"criterion": "luck"}, {"targets": ALL[:0]}, {"candidates": ALL[:0]}],
)
def test_impossible_plans_are_refused(wrong):
    options = {"targets": ALL, "candidates": ALL, "count": 2, "noise_db": 2.0} | wrong
    with pytest.raises(OptionError):
        choose_cells(Dense(PRIOR), **options)


def test_an_ensemble_of_one_is_refused():
    with pytest.raises(OptionError, match="at least 2"):
        EnsembleCovariance(np.zeros((1, 256)), PLACES)


def streets(*rows):
    return np.array([[c == "." for c in row] for row in rows])


def test_steps_go_to_neighbours_and_cut_no_corner():
    graph = street_graph(streets("..#", "#..", "..."), 2.0).toarray()
    assert graph[0, 1] == graph[1, 4] == 2.0
    assert graph[0, 4] == 0.0, "a building stands beside the diagonal"
    assert graph[4, 8] == pytest.approx(2 * np.sqrt(2))
    np.testing.assert_array_equal(graph, graph.T)
    assert graph[2].sum() == graph[3].sum() == 0.0


def test_reachable_is_the_start_s_part_or_the_largest():
    free = streets("..#.", "..#.", "..#.")
    np.testing.assert_array_equal(reachable(free), free & (np.arange(4) < 2))
    np.testing.assert_array_equal(reachable(free, 3), free & (np.arange(4) == 3))
    with pytest.raises(OptionError, match="inside a building"):
        reachable(free, 2)
    with pytest.raises(OptionError, match="no free cell"):
        reachable(np.zeros((2, 2), bool))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("from_first", [True, False])
def test_order_is_close_to_the_shortest(seed, from_first):
    place = np.random.default_rng(seed).random((7, 2))
    gap = np.linalg.norm(place[:, None] - place[None], axis=2)

    def length(order):
        return sum(gap[a, b] for a, b in pairwise(order))

    orders = [p for p in permutations(range(7)) if not from_first or p[0] == 0]
    found = visit_order(gap, from_first=from_first).tolist()
    assert sorted(found) == list(range(7))
    assert not from_first or found[0] == 0
    assert length(found) <= 1.15 * min(map(length, orders))


def test_a_drive_goes_round_the_building_and_its_length_is_that_of_its_steps():
    free = streets(".....", ".###.", ".###.", ".....")
    route = drive(free, 3.0, np.array([2, 17]), start=0)
    row, col = np.divmod(route.cells, 5)
    steps = np.stack([np.diff(row), np.diff(col)], axis=1)
    assert (np.abs(steps).max(1) == 1).all() and free[row, col].all()
    assert route.length_m == pytest.approx(3.0 * np.hypot(*steps.T).sum()) == 3.0 * (2 + 2 + 3 + 2)
    assert route.order.tolist() == [0, 1] and route.cells[0] == 0 and route.cells[-1] == 17


def test_a_drive_of_one_stop_and_one_at_the_start():
    free = np.ones((3, 3), bool)
    assert drive(free, 1.0, np.array([4])).length_m == 0.0
    route = drive(free, 1.0, np.array([4, 0]), start=4)
    assert route.order.tolist() == [0, 1] and route.length_m == pytest.approx(np.sqrt(2))
    with pytest.raises(OptionError, match="at least one stop"):
        drive(free, 1.0, np.array([], dtype=np.intp))
    with pytest.raises(OptionError, match="cannot be driven"):
        drive(streets(".#."), 1.0, np.array([0, 2]))


def test_a_drive_of_bounded_length_leaves_out_what_is_too_far():
    free, stops = np.ones((20, 20), bool), np.array([0, 19, 3, 20, 399])
    assert within_length(free, 1.0, stops, 5.0).tolist() == [0, 2, 3]
    assert within_length(free, 1.0, stops, 100.0).tolist() == [0, 1, 2, 3, 4]
    assert within_length(free, 1.0, stops, 2.0, start=399).tolist() == [4]
    assert drive(free, 1.0, stops[[0, 2, 3]]).length_m <= 5.0
    with pytest.raises(OptionError, match="longer drive"):
        within_length(free, 1.0, stops[:4], 2.0, start=399)
