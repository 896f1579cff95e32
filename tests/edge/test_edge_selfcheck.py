"""The self-check: which cells it holds back, what it tells the methods, and its scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from openckm.edge.selfcheck import Score, SelfCheck, held_back, self_check
from openckm.errors import MeasurementError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.radiomap import RadioMap
from worlds import evidence, gaussian_field, readings

GRID = Grid((32, 32), 4.0)
WIDE = Grid((24, 64), 4.0)


class Stub:
    """A method whose mean and spread are known; it keeps what it was given."""

    def __init__(self, mean, std, name="stub"):
        self.mean, self.std, self.name = mean, std, name
        self.calls = []

    def reconstruct(self, observations, grid, *, draws=8, seed=0, deadline_s=None):
        self.calls.append((observations, draws, seed))
        planes = (np.broadcast_to(field, grid.shape)[None].astype(np.float32) for field in (self.mean, self.std))
        return RadioMap.from_gaussian(grid, *planes, ["gain_db"])


def drive(grid=GRID, count=300, seed=0, noise=2.0):
    return readings(grid, gaussian_field(grid, seed), count, seed, noise=noise)


def cells_of(points, grid=GRID):
    return set(zip(*(index.tolist() for index in grid.index_of(points.x, points.y)), strict=True))


def block_of(points, grid):
    """Number of each reading's block: an eighth of the longer side."""
    side = max(grid.shape) // 8
    row, col = grid.index_of(points.x, points.y)
    return 1000 * (row // side) + col // side


@pytest.mark.parametrize("grid", [GRID, WIDE])
@pytest.mark.parametrize("seed", range(5))
def test_whole_blocks_are_held_back_about_a_tenth(grid, seed):
    cells = drive(grid, seed=seed)
    held = held_back(cells, grid, seed)
    label = block_of(cells, grid)
    blocks = [held[label == k] for k in np.unique(label)]
    assert all(block.all() or not block.any() for block in blocks)
    largest = max(len(block) for block in blocks)
    assert 0.1 * len(cells) <= held.sum() < 0.1 * len(cells) + largest
    assert sum(block.any() for block in blocks) > 1


def test_choice_of_blocks_is_a_function_of_the_seed():
    cells = drive()
    masks = [held_back(cells, GRID, seed) for seed in range(6)]
    for seed, mask in enumerate(masks):
        np.testing.assert_array_equal(held_back(cells, GRID, seed), mask)
    assert len({mask.tobytes() for mask in masks}) > 3


def test_scores_equal_a_direct_computation():
    field = gaussian_field(GRID, 0)
    std = np.linspace(0.5, 4.0, field.size).reshape(field.shape)
    points = drive(noise=2.0)
    methods = (Stub(field + 1.5, std, "first"), Stub(-95.0, 1.0, "second"))
    check = self_check(methods, evidence(points), GRID, seed=4)
    (given, draws, seed) = methods[0].calls[0]
    assert (draws, seed) == (0, 4)
    left = cells_of(given.points[0])
    held = np.array([cell not in left for cell in zip(*GRID.index_of(points.x, points.y), strict=True)])
    assert (check.held, check.given) == (held.sum(), (~held).sum())
    np.testing.assert_array_equal(given.points[0].row, points.row[~held])
    row, col = (index[held] for index in GRID.index_of(points.x, points.y))
    for score, method in zip(check.scores, methods, strict=True):
        mean, spread = np.broadcast_to(method.mean, GRID.shape), np.broadcast_to(method.std, GRID.shape)
        error = (mean[row, col] - points.value[held]).astype(float)
        belief = norm(scale=np.sqrt(spread[row, col] ** 2 + points.sigma[held] ** 2))
        inside = np.abs(error) <= belief.ppf(0.95)
        assert score.method == method.name
        assert score.rmse_db == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-4)
        assert score.coverage_90 == pytest.approx(inside.mean())
    assert len({score.coverage_90 for score in check.scores}) == 2


def test_noise_of_the_readings_widens_the_interval():
    field = gaussian_field(GRID, 0)
    points = drive(noise=2.0)
    knows = Stub(field, 0.0)
    (fair,) = self_check((knows,), evidence(points), GRID).scores
    (blind,) = self_check((knows,), evidence(replace(points, sigma=np.full(len(points), 1e-6))), GRID).scores
    assert 0.75 < fair.coverage_90 <= 1.0
    assert blind.coverage_90 < 0.1
    assert fair.rmse_db == pytest.approx(2.0, abs=0.8)


def test_readings_of_one_cell_are_one_truth():
    row, col = np.divmod(np.arange(0, 1024, 16), 32)
    place = np.repeat(GRID.x[col], 2), np.repeat(GRID.y[row], 2)
    points = Points.exact(*place, np.tile([-90.0, -80.0], len(row)), sigma=3.0, unit="dBm")
    mean = 10 * np.log10((1e-9 + 1e-8) / 2)
    (score,) = self_check((Stub(mean, 0.0),), evidence(points), GRID).scores
    assert score.rmse_db == pytest.approx(0.0, abs=1e-4)
    edge = norm.ppf(0.95) * 3.0 / np.sqrt(2)
    for shift, covered in ((edge - 0.01, 1.0), (edge + 0.01, 0.0)):
        (score,) = self_check((Stub(mean + shift, 0.0),), evidence(points), GRID).scores
        assert score.coverage_90 == covered


def test_no_reading_of_a_held_cell_is_given_censored_ones_neither():
    exact = drive(count=200)
    there = exact.subset(np.arange(0, 200, 2))
    unheard = replace(there, kind=np.full(len(there), "below"), value=there.value + 1.0)
    method = Stub(-95.0, 5.0)
    check = self_check((method,), evidence(exact, unheard), GRID)
    (table,) = method.calls[0][0].points
    assert check.held + check.given == 200
    assert len(cells_of(table)) == check.given
    assert len(table) > check.given
    assert set(table.kind) == {"exact", "below"}


def test_every_method_gets_the_same_evidence():
    methods = tuple(Stub(-95.0, 5.0) for _ in range(3))
    self_check(methods, evidence(drive()), GRID, seed=1)
    tables = [method.calls[0][0].points[0] for method in methods]
    assert all(np.array_equal(table.row, tables[0].row) for table in tables)
    assert all(len(method.calls) == 1 for method in methods)


def test_too_few_cells():
    with pytest.raises(MeasurementError, match=r"fill 19 cells.*give more readings or leave the self-check out"):
        self_check((Stub(-95.0, 5.0),), evidence(drive(count=19)), GRID)
    assert self_check((Stub(-95.0, 5.0),), evidence(drive(count=20)), GRID).held >= 2


def crowded(cells):
    """Return a reading in every cell of a square in the north-west; blocks are 8 cells a side."""
    grid, corner = Grid((64, 64), 4.0), Grid((cells, cells), 4.0)
    return grid, readings(corner, gaussian_field(corner, 0), cells * cells, 0)


def test_one_block_cannot_be_checked():
    grid, points = crowded(8)
    with pytest.raises(MeasurementError, match="more than one part of the map"):
        self_check((Stub(-95.0, 5.0),), evidence(points), grid)


@pytest.mark.parametrize("seed", range(6))
def test_a_block_with_most_of_the_cells_is_given(seed):
    grid, points = crowded(9)  # blocks of 64, 8, 8 and 1 cells
    held = held_back(points, grid, seed)
    assert 0.1 * 81 <= held.sum() <= 17


def test_censored_cells_are_no_truth():
    points = drive(count=40)
    unheard = replace(points, kind=np.full(len(points), "below"))
    with pytest.raises(MeasurementError, match="fill 0 cells"):
        self_check((Stub(-95.0, 5.0),), evidence(unheard), GRID)


@pytest.mark.parametrize(
    "own, rival, coverage, said, not_said",
    [
        (5.0, 6.0, 0.9, ["OpenCKM's error is below kriging's"], ["trust", "wider", "above"]),
        (7.0, 6.0, 0.9, ["OpenCKM's error is above kriging's"], ["trust", "wider", "below"]),
        (5.0, 6.0, 0.74, ["below", "only 74%", "do not trust the spread", "measure where it matters"], ["wider"]),
        (7.0, 6.0, 1.0, ["above", "wider than they need to be"], ["trust"]),
        (5.0, 6.0, 0.75, ["below"], ["trust", "wider"]),
        (5.0, 6.0, 0.99, ["below"], ["trust", "wider"]),
    ],
)
def test_verdict(own, rival, coverage, said, not_said):
    check = SelfCheck(90, 10, (Score("openckm", own, coverage), Score("kriging", rival, 0.1)))
    text = check.verdict()
    assert text.endswith(".")
    assert text.count(".") == 1
    assert all(part in text for part in said)
    assert not any(part in text for part in not_said)
