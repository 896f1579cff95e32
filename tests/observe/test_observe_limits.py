"""Limits, devices of unknown noise and readings out of line, against brute force and simulated fields."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from openckm.errors import InputError
from openckm.observe import DiscrepancyOptions, Hyper, Matern, condition, fit_discrepancy
from openckm.observe.field.marginal import NoisePrior
from openckm.observe.field.matern import covariance

ONE = np.ones((1, 1))


def field(
    n: int, seed: int, std: float = 8.0, length_m: float = 60.0
) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Places in a square of 400 m and a Gaussian field with an exponential covariance at them."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 400, (n, 2))
    root = np.linalg.cholesky(covariance(xy, xy, (Matern(0.5, length_m, std),)) + 1e-9 * np.eye(n))
    return xy, -90.0 + root @ rng.standard_normal(n), rng


def cut(y: np.ndarray, at: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, low and high ends of readings of which those below `at` are known to be below it alone."""
    weak = y < at
    return np.where(weak, at, y), np.where(weak, -np.inf, y), np.where(weak, at, y)


def test_a_limit_moves_the_belief_as_the_exact_posterior_says():
    """Three readings, one of them "below": mean and variance against importance sampling of the exact posterior."""
    hyper = Hyper((Matern(0.5, 50.0, 8.0),), 0.5)
    xy = np.array([[0.0, 0.0], [30.0, 0.0], [60.0, 10.0], [45.0, 5.0]])
    y, low, high = np.array([-80.0, -95.0, -85.0]), np.array([-80.0, -np.inf, -85.0]), np.array([-80.0, -95.0, -85.0])
    fit = condition(xy[:3], y, 2.0, np.ones((3, 1)), [-85.0], [10.0], hyper, low=low, high=high)
    belief = fit.predict(xy, np.ones((4, 1)))
    prior = covariance(xy, xy, hyper.components, 0.5) + 100.0 + 1e-9 * np.eye(4)
    draws = -85.0 + np.random.default_rng(0).standard_normal((2_000_000, 4)) @ np.linalg.cholesky(prior).T
    weight = norm.pdf(-80.0, draws[:, 0], 2.0) * norm.pdf(-85.0, draws[:, 2], 2.0) * norm.cdf(-95.0, draws[:, 1], 2.0)
    exact = (weight[:, None] * draws).sum(0) / weight.sum()
    spread = np.sqrt((weight[:, None] * (draws - exact) ** 2).sum(0) / weight.sum())
    error = spread / np.sqrt(weight.sum() ** 2 / (weight**2).sum())
    assert (np.abs(belief.mean - exact) < 0.15 + 4 * error).all(), (belief.mean, exact)
    np.testing.assert_allclose(belief.std, spread, rtol=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_was_heard_the_field_is_weak(seed):
    """Half of the readings are limits: the field there is found, and nearly as well as if all had been heard."""
    xy, truth, rng = field(500, seed)
    y = truth + 2.0 * rng.standard_normal(500)
    read, new = np.arange(400), np.arange(400, 500)
    value, low, high = cut(y[read], float(np.median(y)))
    basis, at = np.ones((400, 1)), np.ones((100, 1))
    sited = fit_discrepancy(xy[read], value, 2.0, basis, [-90.0], [np.inf], low=low, high=high)
    heard = fit_discrepancy(xy[read], y[read], 2.0, basis, [-90.0], [np.inf])
    kept = low == high
    left_out = fit_discrepancy(xy[read][kept], value[kept], 2.0, basis[kept], [-90.0], [np.inf])
    answers = [fit.predict(xy[new], at) for fit in (sited, heard, left_out)]
    rms = [float(np.sqrt(np.mean((b.mean - truth[new]) ** 2))) for b in answers]
    assert rms[0] < 1.25 * rms[1] and rms[0] < 0.85 * rms[2], rms
    assert 0.82 < np.mean(np.abs(answers[0].mean - truth[new]) < 1.645 * answers[0].std) < 0.97
    silent = np.flatnonzero(~kept)
    found = sited.predict(xy[silent], basis[silent]).mean
    assert abs(float(np.mean(found - truth[silent]))) < 1.5, "where nothing was heard, the map says weak"


def test_limits_that_say_nothing_change_nothing():
    xy, truth, rng = field(120, 5)
    y = truth + rng.standard_normal(120)
    hyper = Hyper((Matern(0.5, 60.0, 8.0),), 0.5)
    far = np.full(20, 60.0)
    low, high = np.r_[y[:100], np.full(20, -np.inf)], np.r_[y[:100], far]
    with_limits = condition(
        xy, np.r_[y[:100], far], 1.0, np.ones((120, 1)), [-90.0], [np.inf], hyper, low=low, high=high
    )
    without = condition(xy[:100], y[:100], 1.0, np.ones((100, 1)), [-90.0], [np.inf], hyper)
    np.testing.assert_allclose(
        with_limits.predict(xy, np.ones((120, 1))).mean, without.predict(xy, np.ones((120, 1))).mean, atol=0.02
    )


@pytest.mark.parametrize("stated", [0.4, 2.0, 10.0])
def test_the_noise_is_found_whatever_is_stated(stated):
    """True noise of 2 dB: stated five times too small, right, five times too large."""
    inside, scale = [], []
    for seed in range(6):
        xy, truth, rng = field(360, 20 + seed)
        y = truth + 2.0 * rng.standard_normal(360)
        options = DiscrepancyOptions(noise=NoisePrior(), starts=2)
        fit = fit_discrepancy(xy[:300], y[:300], stated, np.ones((300, 1)), [-90.0], [np.inf], options)
        belief = fit.predict(xy[300:], np.ones((60, 1)))
        inside.append(np.mean(np.abs(belief.mean - truth[300:]) < 1.645 * belief.std))
        scale.append(float(np.hypot(fit.noise_std(stated), fit.hyper.nugget_std)))
    assert 0.83 < np.mean(inside) < 0.96, inside
    assert 1.2 < np.mean(scale) < 3.0, scale


def test_two_readings_of_one_place_share_what_the_place_does_not_share_with_others():
    hyper = Hyper((Matern(0.5, 30.0, 2.0),), 5.0)
    xy = np.array([[0.0, 0.0], [0.0, 0.0], [100.0, 0.0]])
    fit = condition(xy, np.array([-70.0, -70.0, -90.0]), 1.0, np.ones((3, 1)), [-90.0], [1.0], hyper)
    belief = fit.predict(np.array([[0.0, 0.0], [1.0, 0.0]]), np.ones((2, 1)))
    prior = covariance(xy, xy, hyper.components, 5.0) + 1.0
    cross = covariance(xy[:1], xy, hyper.components, 5.0) + 1.0
    want = -90.0 + cross @ np.linalg.solve(prior + np.eye(3), np.array([20.0, 20.0, 0.0]))
    assert belief.mean[0] == pytest.approx(want[0], abs=1e-6) and belief.mean[0] > -72.0
    assert belief.mean[1] < -80.0, "a metre away there is another place"


def test_a_reading_out_of_line_is_marked_and_weighs_less():
    xy, truth, rng = field(300, 7)
    y = truth + 1.0 * rng.standard_normal(300)
    spoiled = y.copy()
    spoiled[[5, 120]] += (60.0,)
    options = DiscrepancyOptions(out_of_line=4.5, starts=2)
    fit = fit_discrepancy(xy, spoiled, 1.0, np.ones((300, 1)), [-90.0], [np.inf], options)
    marked = np.flatnonzero(~np.isnan(fit.readings.fixed))
    assert {5, 120} <= set(marked.tolist()) and len(marked) < 6
    clean = fit_discrepancy(xy, y, 1.0, np.ones((300, 1)), [-90.0], [np.inf], options)
    rest = np.ones((300, 1))
    gap = fit.predict(xy, rest).mean - clean.predict(xy, rest).mean
    assert np.abs(gap[[5, 120]]).max() < 8.0
    assert np.delete(np.abs(gap), [5, 120]).max() < 3.0


def test_ends_that_cross_are_refused():
    with pytest.raises(InputError, match="low at most high"):
        fit_discrepancy(np.zeros((1, 2)), [0.0], 1.0, ONE, [0.0], [1.0], low=[1.0], high=[0.0])
