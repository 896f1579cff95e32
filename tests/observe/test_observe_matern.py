"""On a common grid covariances are looked up and summed by convolution: the same numbers as pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from openckm.observe.field import matern
from openckm.observe.field.matern import Matern, covariance, row_length, weighted_covariance

TERMS = (Matern(0.5, 40.0, 8.0), Matern(1.5, 100.0, 3.0))


def cells(rows: int, cols: int, cell_m: float = 4.0) -> np.ndarray:
    """Centres of a north-up grid far from the origin, row by row."""
    x, y = 5e5 + cell_m * np.arange(cols), 6.6e6 - cell_m * np.arange(rows)
    return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)


def by_pairs(first: np.ndarray, second: np.ndarray, nugget: float) -> np.ndarray:
    away = cdist(first[:, :2], second[:, :2])
    root = np.sqrt(3.0) * away / 100.0
    return 64.0 * np.exp(-away / 40.0) + 9.0 * (1 + root) * np.exp(-root) + nugget**2 * (away < 1e-3)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(matern, "_FEW_PAIRS", 1)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (12.0, -40.0), (-400.0, 200.0)])
@pytest.mark.parametrize("rows", [slice(0, None), slice(3, 9)])
def test_places_on_the_cells_of_a_grid(small, shift, rows):
    """Inside the grid, partly and wholly outside of it; the whole grid and some of its rows."""
    rng = np.random.default_rng(0)
    grid = cells(12, 9)
    first = grid[rng.integers(0, len(grid), 30)] + shift
    second = grid.reshape(12, 9, 2)[rows].reshape(-1, 2)
    assert matern._lattice(first, second) is not None
    wanted = by_pairs(first, second, 1.3)
    np.testing.assert_allclose(covariance(first, second, TERMS, 1.3), wanted, rtol=1e-11, atol=1e-11)
    weights = rng.normal(size=(3, 30))
    np.testing.assert_allclose(weighted_covariance(weights, first, second, TERMS, 1.3), weights @ wanted, atol=1e-9)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda first, second: (first + 0.3, second),
        lambda first, second: (first, second[:-4]),
        lambda first, second: (first, second[np.random.default_rng(1).permutation(len(second))]),
        lambda first, second: (first, second + 0.01 * np.random.default_rng(1).normal(size=second.shape)),
        lambda first, second: (first, np.stack([second[:, 0] ** 1.0001, second[:, 1]], 1)),
    ],
)
def test_places_that_share_no_grid(small, spoil):
    grid = cells(12, 9)
    first, second = spoil(grid[np.random.default_rng(0).integers(0, len(grid), 30)], grid)
    assert matern._lattice(first, second) is None
    wanted = by_pairs(first, second, 0.5)
    np.testing.assert_allclose(covariance(first, second, TERMS, 0.5), wanted, rtol=1e-11, atol=1e-11)
    weights = np.ones((1, 30))
    np.testing.assert_allclose(weighted_covariance(weights, first, second, TERMS, 0.5), weights @ wanted, atol=1e-9)


def test_fields_that_are_numbered_keep_their_factors(small):
    grid = cells(12, 9)
    first = np.c_[grid[::5], np.arange(len(grid[::5])) % 2]
    second = np.c_[grid, np.zeros(len(grid))]
    term = (Matern(0.5, 40.0, 8.0, ((1.0, 0.4), (0.4, 1.0))),)
    factor = np.where(first[:, 2] == 0, 1.0, 0.4)[:, None]
    wanted = factor * 64.0 * np.exp(-cdist(first[:, :2], grid) / 40.0)
    np.testing.assert_allclose(covariance(first, second, term), wanted, rtol=1e-11)
    weights = np.ones((1, len(first)))
    np.testing.assert_allclose(weighted_covariance(weights, first, second, term), weights @ wanted, rtol=1e-11)


def test_the_length_of_a_row():
    grid = cells(12, 9)
    assert row_length(grid) == 9 and row_length(grid[:9]) == 9
    assert row_length(grid[:-1]) == row_length(grid[::-1, ::-1]) == row_length(grid[:1]) == 1
