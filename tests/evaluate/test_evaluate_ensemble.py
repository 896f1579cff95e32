"""Scores of uncertainty: exact on cases worked by hand, and within standard errors where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from openckm.errors import OptionError
from openckm.evaluate.scores.circular import angular_error, circular_crps, energy_score, mean_angular_error
from openckm.evaluate.scores.ensemble import (
    brier,
    pit_distance,
    pit_normal,
    rank_histogram,
    rank_unevenness,
    spread_skill,
)


def world(seed=0, count=20000, factor=1.0):
    """Mean, stated spread and truth: the true spread is `factor` times the stated one, and varies from cell to cell."""
    rng = np.random.default_rng(seed)
    std = np.exp(rng.uniform(-1, 1.5, count))
    mean = rng.normal(-90, 10, count)
    return mean, std, mean + factor * std * rng.standard_normal(count)


def test_pit_is_the_normal_distribution_function():
    np.testing.assert_allclose(
        pit_normal([0.0, 1.0, -2.0], [1.0, 2.0, 0.5], [0.0, 3.0, -3.0]), [0.5, norm.cdf(1), norm.cdf(-2)], rtol=1e-12
    )


def test_pit_distance_is_kolmogorovs():
    rng = np.random.default_rng(0)
    for values in (rng.random(50), rng.random(7) ** 2, np.array([0.5]), np.array([0.0, 1.0, 1.0])):
        assert pit_distance(values) == pytest.approx(kstest(values, "uniform").statistic)
    assert pit_distance(pit_normal(*world())) < 2.0 / np.sqrt(20000)
    assert pit_distance(pit_normal(*world(factor=1.3))) > 5.0 / np.sqrt(20000)


def test_ranks_by_hand_and_ties_by_lot():
    draws = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0]])
    assert rank_histogram(draws, np.array([0.0, 1.5, 3.0, 1.5])).tolist() == [1, 2, 1]
    ties = rank_histogram(np.zeros((3, 4000)), np.zeros(4000))
    assert np.abs(ties / 4000 - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 4000)


def test_rank_histogram_is_flat_for_alike_draws_only():
    rng = np.random.default_rng(1)
    alike = rank_histogram(rng.standard_normal((7, 8000)), rng.standard_normal(8000))
    assert np.abs(alike / 8000 - 1 / 8).max() < 4 * np.sqrt(7 / 64 / 8000)
    narrow = rank_histogram(0.5 * rng.standard_normal((7, 8000)), rng.standard_normal(8000))
    assert narrow[0] > 2 * alike[0] and narrow[-1] > 2 * alike[-1], "the truth falls out of a narrow ensemble"
    assert rank_unevenness(narrow) > 0.2 > 0.03 > rank_unevenness(alike)
    assert rank_unevenness([4, 0]) == 0.5 and rank_unevenness([1, 1, 1]) == 0.0


def test_spread_skill_finds_the_factor_and_the_order():
    for factor in (0.5, 1.0, 2.0):
        found = spread_skill(*world(factor=factor))
        assert found.slope == pytest.approx(factor, rel=0.03)
        assert found.correlation > 0.99
        assert (np.diff(found.spread) > 0).all() and len(found.error) == 10
    blind = spread_skill(np.zeros(20000), world()[1], np.random.default_rng(3).standard_normal(20000))
    assert abs(blind.correlation) < 0.9 and np.ptp(blind.error) < 0.1


def test_spread_of_an_ensemble_gets_its_factor():
    rng = np.random.default_rng(2)
    draws, truth = rng.standard_normal((4, 60000)), rng.standard_normal(60000)
    mean, std = draws.mean(0), draws.std(0, ddof=1)
    rms = np.sqrt(np.mean(std**2))
    exact = spread_skill(mean, np.full(60000, rms), truth, draws=4)
    assert exact.slope == pytest.approx(1.0, rel=0.02)
    assert spread_skill(mean, np.full(60000, rms), truth).slope == pytest.approx(np.sqrt(5 / 4), rel=0.02)


def test_spread_skill_by_hand():
    found = spread_skill([0, 0, 0, 0], [1, 1, 2, 2], [1, -1, 3, 5], bins=2)
    np.testing.assert_allclose(found.spread, [1, 2])
    np.testing.assert_allclose(found.error, [1, np.sqrt(17)])
    assert found.slope == pytest.approx((1 + 2 * np.sqrt(17)) / 5)
    assert found.correlation == pytest.approx(1.0)


def test_brier_by_hand_and_is_proper():
    assert brier([0.0, 1.0, 0.25], [False, True, True]) == pytest.approx(0.5625 / 3)
    mean, std, truth = world(4)
    stated = [brier(norm.cdf((-95 - mean) / (f * std)), truth < -95) for f in (0.5, 1.0, 2.0)]
    assert stated[1] < stated[0] and stated[1] < stated[2]


def test_angles_wrap():
    np.testing.assert_allclose(
        angular_error(np.deg2rad([350, 0, 190, 720]), np.deg2rad([10, 180, -170, 0])), np.deg2rad([20, 180, 0, 0]),
        atol=1e-12,
    )  # fmt: skip
    assert mean_angular_error([0.0, np.pi / 2], [0.0, 0.0]) == pytest.approx(np.pi / 4)


def test_circular_crps_by_hand():
    draws = np.deg2rad([[10.0], [-10.0], [20.0]])
    pairs = np.deg2rad(20 + 10 + 30) / 3
    assert circular_crps(draws, [0.0]) == pytest.approx(np.deg2rad(40 / 3) - 0.5 * pairs)
    chord = [2 * np.sin(np.deg2rad(a) / 2) for a in (10, 10, 20, 20, 10, 30)]
    assert energy_score(draws, [0.0]) == pytest.approx(sum(chord[:3]) / 3 - 0.5 * sum(chord[3:]) / 3)


def test_circular_crps_of_uniform_draws_is_exact_in_mean():
    """E d(X, v) = pi / 2 and E d(X, X') = pi / 2 for uniform directions, so the score is pi / 4; chord: 4/pi, 2/pi."""
    rng = np.random.default_rng(5)
    draws = rng.uniform(-np.pi, np.pi, (5, 20000))
    assert circular_crps(draws, np.zeros(20000)) == pytest.approx(np.pi / 4, abs=0.02)
    chord = quad(lambda a: 2 * np.sin(a / 2) / np.pi, 0, np.pi)[0]
    assert energy_score(draws, np.zeros(20000)) == pytest.approx(chord / 2, abs=0.02)


@pytest.mark.parametrize("score", [circular_crps, energy_score])
def test_circular_scores_are_proper(score):
    rng = np.random.default_rng(6)
    truth = rng.normal(3.0, 0.4, 20000)
    right, narrow, wide, off = (score(rng.normal(m, s, (6, 20000)), truth)
                                for m, s in ((3.0, 0.4), (3.0, 0.15), (3.0, 0.9), (3.4, 0.4)))  # fmt: skip
    assert right < min(narrow, wide, off)


@pytest.mark.parametrize(
    "call",
    [
        lambda: pit_normal([1.0], [0.0], [1.0]),
        lambda: pit_normal([1.0], [1.0, 2.0], [1.0]),
        lambda: pit_distance([]),
        lambda: pit_distance([1.2]),
        lambda: rank_histogram(np.zeros((2, 3)), np.zeros(4)),
        lambda: rank_histogram(np.full((2, 3), np.nan), np.zeros(3)),
        lambda: rank_unevenness([0, 0]),
        lambda: spread_skill([1.0], [0.0], [1.0]),
        lambda: spread_skill([1.0], [1.0], [np.inf]),
        lambda: spread_skill([1.0], [1.0], [1.0], bins=0),
        lambda: brier([1.1], [True]),
        lambda: brier([], []),
        lambda: mean_angular_error([0.0, 1.0], [0.0]),
        lambda: angular_error([np.nan], [0.0]),
        lambda: circular_crps([[0.0]], [0.0]),
        lambda: energy_score(np.zeros((3, 2)), np.zeros(3)),
    ],
)
def test_what_cannot_be_scored_is_refused(call):
    with pytest.raises(OptionError):
        call()
