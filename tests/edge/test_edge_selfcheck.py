"""The self-check: which cells it holds back, what it tells the methods, and its scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from openckm.baselines import Kriging
from openckm.edge.construction import after_check
from openckm.edge.selfcheck import DRAWS, FEWEST, WIDEST, Score, SelfCheck, held_back, self_check
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
def test_four_sets_of_whole_blocks_are_held_back_about_a_tenth_each_and_none_twice(grid, seed):
    cells = drive(grid, seed=seed)
    masks = held_back(cells, grid, seed)
    label = block_of(cells, grid)
    assert len(masks) == DRAWS == 4
    assert np.sum(masks, axis=0).max() == 1
    for held in masks:
        blocks = [held[label == k] for k in np.unique(label)]
        assert all(block.all() or not block.any() for block in blocks)
        largest = max(len(block) for block in blocks)
        assert 0.1 * len(cells) <= held.sum() < 0.1 * len(cells) + largest
        assert sum(block.any() for block in blocks) > 1


def test_few_readings_are_held_back_in_larger_parts():
    cells = drive(count=24)
    masks = held_back(cells, GRID, 0)
    assert np.sum(masks) >= 15 and max(m.sum() for m in masks) < 12


def test_choice_of_blocks_is_a_function_of_the_seed():
    cells = drive()
    masks = [np.stack(held_back(cells, GRID, seed)) for seed in range(6)]
    for seed, mask in enumerate(masks):
        np.testing.assert_array_equal(np.stack(held_back(cells, GRID, seed)), mask)
    assert len({mask.tobytes() for mask in masks}) > 3


def test_scores_equal_a_direct_computation():
    field = gaussian_field(GRID, 0)
    std = np.linspace(0.5, 4.0, field.size).reshape(field.shape)
    points = drive(noise=2.0)
    methods = (Stub(field + 1.5, std, "first"), Stub(-95.0, 1.0, "second"))
    check = self_check(methods, evidence(points), GRID, seed=4)
    assert [(draws, seed) for _, draws, seed in methods[0].calls] == [(0, 4)] * 4
    lefts = [cells_of(given.points[0]) for given, _, _ in methods[0].calls]
    place = list(zip(*(i.tolist() for i in GRID.index_of(points.x, points.y)), strict=True))
    masks = np.array([[cell not in left for cell in place] for left in lefts])
    assert masks.sum(0).max() == 1
    held = masks.any(0)
    assert (check.held, check.given, check.draws, check.limits) == (held.sum(), (~held).sum(), 4, 0)
    for (given, _, _), mask in zip(methods[0].calls, masks, strict=True):
        np.testing.assert_array_equal(given.points[0].row, points.row[~mask])
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
    tables = [call[0].points[0] for call in method.calls]
    assert check.held + check.given == 200
    assert sum(200 - len(cells_of(table)) for table in tables) == check.held
    assert all(len(table) > len(cells_of(table)) and set(table.kind) == {"exact", "below"} for table in tables)


def test_every_method_gets_the_same_evidence():
    methods = tuple(Stub(-95.0, 5.0) for _ in range(3))
    self_check(methods, evidence(drive()), GRID, seed=1)
    for number in range(4):
        tables = [method.calls[number][0].points[0] for method in methods]
        assert all(np.array_equal(table.row, tables[0].row) for table in tables)
    assert all(len(method.calls) == 4 for method in methods)


def test_the_best_of_the_rivals_is_scored():
    field = gaussian_field(GRID, 0)
    rivals = (Stub(field + 9.0, 5.0, "bad"), Stub(field + 1.0, 5.0, "good"), Stub(field + 4.0, 5.0, "fair"))
    check = self_check((Stub(field, 2.0, "openckm"), *rivals), evidence(drive()), GRID)
    assert [score.method for score in check.scores] == ["openckm", "good"]


def test_a_classical_method_is_scored_as_if_it_were_asked_for_the_whole_map():
    """Kriging at the held-back places alone, with the variogram of all, against maps of what is given."""
    points = drive(count=250, noise=1.0)

    class Whole:
        name = "whole"

        def reconstruct(self, observations, grid, **how):
            return Kriging().reconstruct(observations, grid, **how)

    check = self_check((Whole(), Kriging()), evidence(points), GRID)
    whole, short = check.scores
    assert short.rmse_db == pytest.approx(whole.rmse_db, rel=0.1)
    assert short.coverage_90 == pytest.approx(whole.coverage_90, abs=0.06)


def test_what_two_phones_read_apart_is_no_error_of_a_map_that_knows_it():
    """A map of the mean phone, its provenance saying how each phone reads, predicts the readings of either."""
    field = gaussian_field(GRID, 0)
    points = drive(count=300, noise=1.0)
    device = np.where(np.arange(300) % 2 == 0, "a", "b")
    points = replace(points, device=device, value=points.value + np.where(device == "a", 4.0, -4.0))

    class Knows(Stub):
        def reconstruct(self, observations, grid, **how):
            made = super().reconstruct(observations, grid, **how)
            made.provenance["devices"] = {"a": (4.0, 0.1), "b": (-4.0, 0.1)}
            return made

    knows, blind = (self_check((m,), evidence(points), GRID).scores[0] for m in (Knows(field, 1.0), Stub(field, 1.0)))
    assert knows.rmse_db < 1.4 < 3.8 < blind.rmse_db
    assert knows.coverage_90 > 0.8 > blind.coverage_90


def test_held_back_limits_are_scored_by_whether_the_interval_reaches_them():
    """Where nothing was heard, a map that says weak respects the limits, and one that says strong is widened."""
    field = gaussian_field(GRID, 0)
    points = drive(count=400, noise=1.0)
    floor = np.quantile(points.value, 0.5)
    heard = points.value >= floor
    points = replace(points, kind=np.where(heard, "exact", "below"), value=np.where(heard, points.value, floor))
    weak, strong = (
        self_check((Stub(m, 1.0),), evidence(points), GRID) for m in (field, np.maximum(field, floor + 4.0))
    )
    assert weak.limits == strong.limits > 50 and weak.held < 200
    assert weak.scores[0].limits_respected > 0.95 and strong.scores[0].limits_respected < 0.1
    assert weak.status == "trusted" and strong.status != "trusted" and strong.widening > 1.2
    assert (
        "limits are reached"
        in SelfCheck(500, 100, (Score("openckm", 5.0, 0.9, 1.0, 0.4, 1.5), Score("kriging", 6.0, 0.9))).verdict()
    )


def test_a_difference_within_what_blocks_would_change_is_called_equal():
    field = gaussian_field(GRID, 0)
    rng = np.random.default_rng(0)
    own, twin = (Stub(field + rng.normal(0, 3.0, GRID.shape), 3.0, name) for name in ("openckm", "twin"))
    check = self_check((own, twin), evidence(drive()), GRID)
    assert check.equal and "equal to that of twin" in check.verdict()
    far = self_check((own, Stub(field + 12.0, 3.0, "far")), evidence(drive()), GRID)
    assert not far.equal and "below that of far" in far.verdict()
    assert 0.0 < check.error_db < 1.0


def test_too_few_cells():
    with pytest.raises(MeasurementError, match=r"fill 19 cells.*give more readings or leave the self-check out"):
        self_check((Stub(-95.0, 5.0),), evidence(drive(count=19)), GRID)
    assert self_check((Stub(-95.0, 5.0),), evidence(drive(count=20)), GRID).held >= FEWEST


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
    masks = held_back(points, grid, seed)
    assert 0.1 * 81 <= np.sum(masks) <= 17


def test_censored_cells_are_no_truth():
    points = drive(count=40)
    unheard = replace(points, kind=np.full(len(points), "below"))
    with pytest.raises(MeasurementError, match="fill 0 cells"):
        self_check((Stub(-95.0, 5.0),), evidence(unheard), GRID)


@pytest.mark.parametrize(
    "own, rival, coverage, said, not_said",
    [
        (5.0, 6.0, 0.9, ["OpenCKM's error is below that of kriging"], ["trust", "wider", "above"]),
        (7.0, 6.0, 0.9, ["OpenCKM's error is above that of kriging"], ["trust", "wider", "below"]),
        (5.0, 6.0, 0.74, ["below", "only 74%", "spread of the map was widened", "measure where it matters"], ["wider"]),
        (7.0, 6.0, 1.0, ["above", "wider than they need to be"], ["trust"]),
        (5.0, 6.0, 0.75, ["below"], ["trust", "wider"]),
        (5.0, 6.0, 0.99, ["below"], ["trust", "wider"]),
    ],
)
def test_verdict(own, rival, coverage, said, not_said):
    check = SelfCheck(90, 50, (Score("openckm", own, coverage), Score("kriging", rival, 0.1)))
    text = check.verdict()
    assert text.endswith(".")
    assert text.count(".") == 1
    assert all(part in text for part in said)
    assert not any(part in text for part in not_said)


def checked(own=(5.0, 0.9, 1.0), rival=6.0, held=200, average=12.0):
    return SelfCheck(900, held, (Score("openckm", *own), Score("kriging", rival, 0.9)), average)


@pytest.mark.parametrize(
    ("check", "status"),
    [
        (checked(), "trusted"),
        (checked((5.0, 0.76, 1.4)), "trusted"),
        (checked((5.0, 0.74, 1.5)), "widened"),
        (checked((5.0, 0.30, WIDEST - 0.1)), "widened"),
        (checked((5.0, 0.30, WIDEST + 0.1)), "refused"),
        (checked((9.1, 0.9, 1.0)), "refused"),
        (checked((8.9, 0.9, 1.0)), "trusted"),
        (checked((8.9, 0.9, 1.0), average=5.9), "refused"),
        (checked((9.1, 0.3, 9.0), held=FEWEST - 1), "unchecked"),
        (checked(held=6), "unchecked"),
        (checked((9.1, 0.3, 9.0), held=FEWEST), "refused"),
    ],
)
def test_status(check, status):
    assert check.status == status
    assert bool(check.reasons) == (status == "refused")
    assert (check.widening > 1.0) == (check.scores[0].needed > 1.0 and (status != "trusted" and check.held != 6))
    assert check.widening <= WIDEST


def test_six_held_back_readings_are_no_reason_to_trust_a_map():
    check = checked(held=6)
    assert check.status == "unchecked" and check.widening == 1.0
    assert "only 6 readings could be held back" in check.verdict() and "trusted" not in check.verdict()
    poor = checked((5.0, 0.2, 3.0), held=6)
    assert poor.status == "unchecked" and 1.0 < poor.widening < 3.0 and "widened by" in poor.verdict()


def test_refusal_says_why_and_what_to_do():
    text = checked((20.0, 0.3, 4.2), average=6.0).verdict()
    for part in ("REFUSED", "4.2 times as wide", "3.3 times kriging's", "errs by 6.0 dB only", "or use kriging"):
        assert part in text


def test_few_readings_widen_less():
    widths = [checked((5.0, 0.5, 2.0), held=held).widening for held in (2, 20, 2000)]
    assert 1.0 < widths[0] < widths[1] < widths[2] < 2.0
    assert widths[2] == pytest.approx(2.0, rel=0.01)


def test_needed_factor_brings_nine_tenths_inside():
    field = gaussian_field(GRID, 0)
    points = drive(noise=0.01)
    rng = np.random.default_rng(0)
    (sure,) = self_check((Stub(field + rng.normal(0, 3.0, GRID.shape), 0.8),), evidence(points), GRID).scores
    assert sure.coverage_90 < 0.6 and sure.needed == pytest.approx(3.0 / 0.8, rel=0.5)
    rng = np.random.default_rng(0)
    again = Stub(field + rng.normal(0, 3.0, GRID.shape), 0.8 * sure.needed * 1.02)
    assert 0.9 <= self_check((again,), evidence(points), GRID).scores[0].coverage_90 < 1.0


def test_average_of_the_given_cells_is_scored_too():
    points = drive()
    check = self_check((Stub(-95.0, 5.0),), evidence(points), GRID, seed=2)
    order = np.lexsort((points.x, -points.y))  # the check sees cells in row-major order
    value = points.value[order]
    off = [value[held] - value[~held].mean() for held in held_back(points.subset(order), GRID, 2)]
    assert check.average_db == pytest.approx(np.sqrt(np.mean(np.concatenate(off) ** 2)), rel=1e-6)


def test_a_map_is_widened_and_labelled_by_its_check():
    field = np.full((1, *GRID.shape), -90.0, np.float32)

    def made():
        return RadioMap.from_gaussian(GRID, field, np.full_like(field, 2.0), ["gain_db"])

    unchecked, kept, wide = (after_check(made(), c) for c in (None, checked(), checked((5.0, 0.5, 2.0), held=10**6)))
    assert [m.provenance["status"] for m in (unchecked, kept, wide)] == ["unchecked", "trusted", "widened"]
    assert [float(m.std()[0, 0]) for m in (unchecked, kept)] == [2.0, 2.0]
    assert wide.std()[0, 0] == pytest.approx(4.0, rel=1e-3)
    refused = after_check(made(), checked((9.1, 0.9, 1.0)))
    assert refused.provenance["status"] == "refused" and "kriging" in refused.provenance["refused_because"][0]
