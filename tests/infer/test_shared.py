"""Several cells of one mast: what they have in common is found, and what one reads tells of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import InputError, MeasurementError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.shared import MOST_SHARED, _Residual, correlation, loadings
from openckm.maps.observations import Observations, join_points
from openckm.observe.field.matern import Matern, covariance, variances
from worlds import GaussianDenoiser, centred_grid, gaussian_field, readings, state_of_gain, transmitter_near

GRID = centred_grid(32)
MAST = transmitter_near(GRID)
SHARED, OWN = gaussian_field(GRID, 0, std=8.0, length_m=30.0), gaussian_field(GRID, 1, std=8.0, length_m=30.0)


def method() -> OpenCKM:
    wrong = GaussianDenoiser(state_of_gain(gaussian_field(GRID, 9, std=4.0)))
    return OpenCKM(prior=LoadedPrior(wrong, "stub"), symmetrise=False)


def cell(field: np.ndarray, seed: int, count: int, keep=lambda row, col: row >= 0) -> Observations:
    points = readings(GRID, field, 400, seed, noise=1.5, unit="dBm", offset=10.0 * seed)
    row, col = GRID.index_of(points.x, points.y)
    return Observations(points=(points.subset(np.flatnonzero(keep(row, col))[:count]),), transmitter=MAST)


def rms(answer, truth) -> float:
    return float(np.sqrt(np.mean((answer.mean() - truth) ** 2)))


def test_what_a_sister_reads_tells_of_a_cell_where_it_was_not_measured():
    """Half of the map was driven for one cell alone; its sister shadows alike there."""
    first, second = SHARED, 0.9 * SHARED + np.sqrt(1 - 0.81) * OWN
    west = cell(first, 1, 120, lambda row, col: col < 16)
    everywhere = cell(second, 2, 240)
    alone = method().reconstruct(west, GRID, draws=0)
    together = method().several({"A": (west, GRID), "B": (everywhere, GRID)}, draws=1)
    truth = first + 10.0
    east = np.s_[:, 18:]
    before, after = (float(np.sqrt(np.mean((a.mean()[east] - truth[east]) ** 2))) for a in (alone, together["A"]))
    assert after < 0.75 * before, (before, after)
    assert together["A"].provenance["sisters"]["B"] > 0.6
    inside = np.abs(together["A"].mean()[east] - truth[east]) < 1.645 * together["A"].std()[east]
    assert 0.75 < inside.mean() < 0.99
    assert together["A"].draws().shape == (1, 32, 32)


def test_a_stranger_tells_nothing_and_does_no_harm():
    first = cell(SHARED, 1, 120)
    far = replace(MAST, x=MAST.x + 500.0)
    alone = method().reconstruct(first, GRID, draws=0)
    strangers = {"A": (first, GRID), "B": (cell(OWN, 2, 240), GRID)}
    together = method().several(strangers, draws=0)
    assert abs(together["A"].provenance["sisters"].get("B", 0.0)) < 0.4
    assert rms(together["A"], SHARED + 10.0) < 1.06 * rms(alone, SHARED + 10.0)
    elsewhere = {"A": (first, GRID), "B": (replace(cell(SHARED, 2, 240), transmitter=far), GRID)}
    apart = method().several(elsewhere, draws=0)
    assert apart["A"].provenance["sisters"] == {}, "another mast shares nothing"
    np.testing.assert_allclose(apart["A"].mean(), alone.mean(), atol=1e-4)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.85])
def test_the_correlation_of_two_cells_is_found(rho):
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        xy = rng.uniform(0, 300, (240, 2))
        root = np.linalg.cholesky(covariance(xy, xy, (Matern(0.5, 50.0, 1.0),)) + 1e-9 * np.eye(240))
        one, two = root @ rng.standard_normal(240), root @ rng.standard_normal(240)
        other = rho * one + np.sqrt(1 - rho**2) * two
        parts = [
            _Residual(xy, std * f + rng.standard_normal(240), np.ones(240), std, 50.0, 0.1)
            for std, f in ((6.0, one), (9.0, other))
        ]
        found.append(correlation(*parts, np.random.default_rng(1)))
    assert abs(np.mean(found) - rho) < 0.12, found


def test_loadings_of_two_shared_fields_give_back_their_correlations():
    rng = np.random.default_rng(0)
    for _ in range(5):
        true = rng.uniform(-0.65, 0.65, (5, 2))
        matrix = true @ true.T
        np.fill_diagonal(matrix, 1.0)
        found = loadings(matrix)
        off = ~np.eye(5, dtype=bool)
        np.testing.assert_allclose((found @ found.T)[off], matrix[off], atol=0.05)
        assert ((found**2).sum(1) <= MOST_SHARED**2 + 1e-9).all()
    pair = loadings(np.array([[1.0, 0.7], [0.7, 1.0]]))
    assert (pair @ pair.T)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert not loadings(np.eye(3)).any()


def test_fields_are_numbered_in_the_third_coordinate():
    table = ((1.0, 0.5), (0.5, 4.0))
    kernel = (Matern(0.5, 10.0, 2.0, table),)
    xy = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [10.0, 0.0, 1.0]])
    cov = covariance(xy, xy, kernel, 1.0)
    want = 4.0 * np.array([[1, 0.5, 0.5 / np.e], [0.5, 4, 4 / np.e], [0.5 / np.e, 4 / np.e, 4]]) + np.eye(3)
    np.testing.assert_allclose(cov, want)
    np.testing.assert_allclose(variances(xy, kernel, 1.0), np.diag(want))


def test_phones_are_the_same_in_all_cells():
    """One cell has two phones in few readings: their levels are those that its sister knows."""
    rng = np.random.default_rng(3)

    def two_phones(field: np.ndarray, seed: int, count: int) -> Observations:
        points = readings(GRID, field, count, seed, noise=1.5, unit="dBm")
        phone = np.where(rng.random(count) < 0.5, "A", "B")
        value = points.value + np.where(phone == "A", 3.0, -3.0)
        return Observations(points=(replace(points, device=phone, value=value),), transmitter=MAST)

    few, many = two_phones(SHARED, 1, 12), two_phones(OWN, 2, 200)
    alone = method().reconstruct(few, GRID, draws=0).provenance["devices"]["A"]
    together = method().several({"few": (few, GRID), "many": (many, GRID)}, draws=0)["few"].provenance["devices"]["A"]
    assert together[1] < 0.8 * alone[1] and abs(together[0] - 3.0) < 3 * together[1]


def test_cells_in_different_planes_are_refused():
    one = replace(GRID, crs="EPSG:32617")
    seen = replace(cell(SHARED, 1, 60), crs="EPSG:32617")
    with pytest.raises(InputError, match="different CRS"):
        method().several({"A": (cell(SHARED, 1, 60), GRID), "B": (seen, one)}, draws=0)


def test_one_table_with_the_cells_of_its_readings_makes_the_same_maps():
    """Readings of two cells in one table are never one map; told apart by their cell, they are as if given apart."""
    apart = {"A": cell(SHARED, 1, 80), "B": cell(SHARED, 2, 80)}
    tables = [replace(o.points[0], cell=np.full(80, name)) for name, o in apart.items()]
    mixed = Observations(points=(join_points(tables),), transmitter=MAST)
    with pytest.raises(MeasurementError, match=r"2 radio cells \(A, B\)"):
        method().reconstruct(mixed, GRID, draws=0)
    told = method().several({name: (one, GRID) for name, one in mixed.by_cell().items()}, draws=0)
    given = method().several({name: (one, GRID) for name, one in apart.items()}, draws=0)
    for name in apart:
        np.testing.assert_array_equal(told[name].mean(), given[name].mean())
    moved = mixed.by_cell({"A": MAST, "B": replace(MAST, height_m=40.0)})
    assert moved["B"].transmitter.height_m == 40.0 and len(moved["A"].points[0]) == 80
    with pytest.raises(MeasurementError, match="without a"):
        mixed.by_cell({"A": MAST})
    with pytest.raises(MeasurementError, match="say nothing"):
        replace(mixed, points=(*mixed.points, apart["A"].points[0])).by_cell()
