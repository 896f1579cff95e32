"""Metrics against numerical integration, the bootstrap against its promise, the splits against theirs."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from openckm.errors import OptionError
from openckm.evaluate.scores.bootstrap import mean_interval, ratio_interval
from openckm.evaluate.scores.metrics import (
    coverage,
    crps_draws,
    crps_gaussian,
    interval_width,
    mae,
    rmse,
    rmse_sine,
    widened,
)
from openckm.evaluate.worlds.splits import block_split, random_split, split_cells


@pytest.mark.parametrize(("mean", "std", "truth"), [(0.0, 1.0, 0.3), (-90.0, 7.0, -71.0), (2.0, 0.1, 2.0)])
def test_gaussian_crps_is_the_integral_of_its_definition(mean, std, truth):
    below = quad(lambda t: norm.cdf(t, mean, std) ** 2, mean - 12 * std, truth)[0]
    above = quad(lambda t: (1 - norm.cdf(t, mean, std)) ** 2, truth, max(truth, mean) + 12 * std)[0]
    assert crps_gaussian([mean], [std], [truth]) == pytest.approx(below + above, rel=1e-5)


def test_fair_crps_of_draws_is_unbiased_for_the_gaussian_one():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 40_000)
    for k in (2, 5):
        found = crps_draws(rng.normal(0.4, 1.5, (k, truth.size)), truth)
        exact = crps_gaussian(np.full(truth.size, 0.4), np.full(truth.size, 1.5), truth)
        assert found == pytest.approx(exact, abs=0.02)


def test_crps_of_draws_is_the_double_sum():
    rng = np.random.default_rng(1)
    x, v = rng.normal(size=(6, 3)), rng.normal(size=3)
    pairs = np.abs(x[:, None] - x[None]).sum((0, 1)) / (2 * 6 * 5)
    assert crps_draws(x, v) == pytest.approx(np.mean(np.abs(x - v).mean(0) - pairs))


def test_errors_and_intervals_by_hand():
    assert rmse([0.0, 3.0], [0.0, 0.0]) == pytest.approx(np.sqrt(4.5))
    assert mae([0.0, 3.0], [0.0, 0.0]) == pytest.approx(1.5)
    assert coverage([0, 0, 0, 0], [1, 1, 1, 1], [0.5, 1.0, 1.5, -0.1]) == pytest.approx(0.5)
    assert interval_width([0, 0], [1, 3]) == pytest.approx(2.0)
    assert rmse_sine([0.0, np.pi / 2], [np.pi, -np.pi / 2]) == pytest.approx(np.sqrt(2.0))


def test_widened_intervals_of_a_normal_belief_cover_noisy_truths():
    rng = np.random.default_rng(2)
    mean, n = rng.normal(size=20_000), 20_000
    low, high = widened(mean, mean - 1.6449 * 2, mean + 1.6449 * 2, np.full(n, 3.0))
    truth = mean + rng.normal(0, 2, n) + rng.normal(0, 3, n)
    assert coverage(low, high, truth) == pytest.approx(0.9, abs=0.01)
    assert coverage(mean - 3.29, mean + 3.29, truth) < 0.75  # without widening it would not


@pytest.mark.parametrize("call", [
    lambda: rmse([1.0], [1.0, 2.0]), lambda: rmse([], []), lambda: mae([np.nan], [0.0]),
    lambda: crps_gaussian([0.0], [0.0], [0.0]), lambda: crps_draws([[1.0]], [1.0]),
])  # fmt: skip
def test_what_cannot_be_scored_is_refused(call):
    with pytest.raises(OptionError):
        call()


def simulated_scores(rng):
    shift = np.repeat(rng.normal(0, 1.0, 30), 4)  # 30 clusters of 4 maps that share a shift
    return 5.0 + shift + rng.normal(0, 0.3, 120), np.repeat(np.arange(30), 4)


def test_the_cluster_bootstrap_covers_the_truth_and_the_plain_one_does_not():
    rng = np.random.default_rng(3)
    hits = {"cluster": 0, "plain": 0}
    for k in range(200):
        values, clusters = simulated_scores(rng)
        for name, unit in (("cluster", clusters), ("plain", np.arange(120))):
            found = mean_interval(values, unit, seed=k, resamples=400)
            hits[name] += found.low <= 5.0 <= found.high
    assert hits["cluster"] > 0.87 * 200
    assert hits["plain"] < 0.80 * 200


def test_paired_ratios_are_narrower_than_what_the_maps_differ_by():
    rng = np.random.default_rng(4)
    difficulty = rng.uniform(2, 12, 60)
    found = ratio_interval(0.8 * difficulty * rng.uniform(0.97, 1.03, 60), difficulty, np.arange(60))
    assert found.value == pytest.approx(0.8, abs=0.02)
    assert found.low < found.value < found.high
    assert found.high - found.low < 0.02


def test_the_bootstrap_is_repeatable_and_refuses_bad_input():
    values, clusters = simulated_scores(np.random.default_rng(5))
    assert mean_interval(values, clusters, seed=1) == mean_interval(values, clusters, seed=1)
    assert mean_interval(values, clusters, seed=1) != mean_interval(values, clusters, seed=2)
    single = mean_interval([1.0, 2.0, 3.0], ["a", "a", "a"])
    assert single.low < 2.0 < single.high
    with pytest.raises(OptionError):
        mean_interval([1.0], [1, 2])
    with pytest.raises(OptionError):
        ratio_interval([1.0], [0.0], [1])


def test_random_split_gives_200_cells_and_repeats():
    mask = random_split(1000, seed=1)
    assert mask.sum() == 200
    np.testing.assert_array_equal(mask, random_split(1000, seed=1))
    assert not np.array_equal(mask, random_split(1000, seed=2))
    with pytest.raises(OptionError):
        random_split(200, seed=0)


def test_block_split_never_cuts_a_block_and_hides_half_of_them():
    rng = np.random.default_rng(0)
    row, col = rng.integers(0, 128, 900), rng.integers(0, 128, 900)
    mask = block_split(row, col, 4.0, seed=3)
    label = (row // 16) * 8 + col // 16
    per_block = {b: set(mask[label == b].tolist()) for b in np.unique(label)}
    assert all(len(kinds) == 1 for kinds in per_block.values())
    assert sum(True in kinds for kinds in per_block.values()) == len(per_block) // 2
    np.testing.assert_array_equal(mask, split_cells("block", row, col, 4.0, 3))
    assert not np.array_equal(mask, block_split(row, col, 4.0, seed=4))


def test_splits_that_cannot_be_are_refused():
    with pytest.raises(OptionError, match="unknown split 'stripes'"):
        split_cells("stripes", np.arange(9), np.arange(9), 4.0, 0)
    with pytest.raises(OptionError, match="one block"):
        block_split(np.zeros(5, int), np.arange(5), 4.0, 0)
