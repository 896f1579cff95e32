"""The discrepancy process against dense textbook formulas, brute force, and simulated fields."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import binom, kstest, multivariate_normal

from openckm.errors import InputError, OptionError
from openckm.observe import (
    DiscrepancyOptions,
    Hyper,
    Matern,
    MaternPrior,
    NuggetPrior,
    condition,
    fit_discrepancy,
)
from openckm.observe.field.conditional import _normal_at
from openckm.observe.field.marginal import NoisePrior, Sample, _Objective
from openckm.observe.field.matern import covariance, spectral_draw

TWO = Hyper((Matern(0.5, 40.0, 3.0), Matern(1.5, 200.0, 2.0)), 0.7)
MEAN, STD = np.array([-80.0, 1.0]), np.array([10.0, 0.3])
FLAT = np.array([np.inf, 0.3])
TRUE_BETA = np.array([-77.0, 0.8])


def world(n: int, hyper: Hyper, seed: int = 0, extent: float = 600.0, new: int = 25):
    """Readings and truth of a simulated field: (xy, y, sigma, H), (xy*, truth*, H*)."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, extent, (n + new, 2))
    h = np.c_[np.ones(n + new), rng.normal(0, 5, n + new)]
    cov = covariance(xy, xy, hyper.components, hyper.nugget_std) + 1e-9 * np.eye(n + new)
    truth = h @ TRUE_BETA + np.linalg.cholesky(cov) @ rng.standard_normal(n + new)
    sigma = rng.uniform(0.5, 1.5, n)
    y = truth[:n] + rng.standard_normal(n) * sigma
    return (xy[:n], y, sigma, h[:n]), (xy[n:], truth[n:], h[n:])


def test_matern_values_and_length_gradient():
    d = np.array([0.0, 10.0, 55.0])
    np.testing.assert_allclose(Matern(0.5, 20.0, 2.0)(d), 4 * np.exp(-d / 20))
    r = np.sqrt(3) * d / 20
    np.testing.assert_allclose(Matern(1.5, 20.0, 2.0)(d), 4 * (1 + r) * np.exp(-r))
    for nu in (0.5, 1.5):
        step = 1e-6
        up, down = (Matern(nu, 20.0 * np.exp(s), 2.0)(d) for s in (step, -step))
        gradient = Matern(nu, 20.0, 2.0).with_length_gradient(d)[1]
        np.testing.assert_allclose(gradient, (up - down) / (2 * step), atol=1e-8)
    for bad in ((2.5, 1.0, 1.0), (0.5, 0.0, 1.0), (0.5, 1.0, -1.0)):
        with pytest.raises(OptionError):
            Matern(*bad)


def test_prediction_is_the_conditional_of_the_joint_gaussian():
    (xy, y, sigma, h), (xs, _, hs) = world(60, TWO)
    fit = condition(xy, y, sigma, h, MEAN, STD, TWO)
    prior = np.diag(STD**2)
    joint = h @ prior @ h.T + covariance(xy, xy, TWO.components) + np.diag(sigma**2 + TWO.nugget_std**2)
    cross = hs @ prior @ h.T + covariance(xs, xy, TWO.components)
    own = hs @ prior @ hs.T + covariance(xs, xs, TWO.components) + np.eye(len(xs)) * TWO.nugget_std**2
    gain = cross @ np.linalg.inv(joint)
    belief = fit.predict(xs, hs)
    np.testing.assert_allclose(belief.mean, hs @ MEAN + gain @ (y - h @ MEAN), rtol=1e-8)
    np.testing.assert_allclose(belief.std**2, np.diag(own - gain @ cross.T), rtol=1e-7)
    reading = fit.predict(xs, hs, sigma=2.0)
    np.testing.assert_allclose(reading.std**2, belief.std**2 + 4.0)
    beta = prior @ h.T @ np.linalg.inv(joint)
    np.testing.assert_allclose(fit.beta_mean, MEAN + beta @ (y - h @ MEAN), rtol=1e-8)
    np.testing.assert_allclose(fit.beta_cov, prior - beta @ h @ prior, rtol=1e-6, atol=1e-9)
    expected = multivariate_normal(h @ MEAN, joint).logpdf(y)
    assert fit.report().log_marginal == pytest.approx(expected, rel=1e-9)


def test_without_a_prior_it_is_universal_kriging():
    (xy, y, sigma, h), (xs, _, hs) = world(50, TWO)
    fit = condition(xy, y, sigma, h, np.zeros(2), np.full(2, np.inf), TWO)
    noisy = covariance(xy, xy, TWO.components) + np.diag(sigma**2 + TWO.nugget_std**2)
    system = np.block([[noisy, h], [h.T, np.zeros((2, 2))]])
    right = np.vstack([covariance(xy, xs, TWO.components), hs.T])
    weights = np.linalg.solve(system, right)
    belief = fit.predict(xs, hs)
    np.testing.assert_allclose(belief.mean, weights[:50].T @ y, rtol=1e-8)
    np.testing.assert_allclose(
        belief.std**2, TWO.variance + TWO.nugget_std**2 - np.einsum("ij,ij->j", weights, right), rtol=1e-7
    )
    wide = condition(xy, y, sigma, h, np.zeros(2), np.full(2, 1e5), TWO).predict(xs, hs)
    np.testing.assert_allclose(belief.mean, wide.mean, rtol=1e-4)


def test_a_known_coefficient_stays_as_it_is():
    (xy, y, sigma, h), (xs, _, hs) = world(40, TWO)
    fit = condition(xy, y, sigma, h, MEAN, np.array([0.0, 0.3]), TWO)
    assert fit.beta_mean[0] == MEAN[0] and fit.beta_cov[0, 0] == 0
    less = condition(xy, y - MEAN[0], sigma, h[:, 1:], MEAN[1:], STD[1:], TWO)
    np.testing.assert_allclose(fit.predict(xs, hs).mean - MEAN[0], less.predict(xs, hs[:, 1:]).mean)


def test_no_coefficients_at_all():
    (xy, y, sigma, h), (xs, _, _) = world(30, TWO)
    none = np.zeros(0)
    fit = condition(xy, y - y.mean(), sigma, h[:, :0], none, none, TWO)
    one = condition(xy, y - y.mean(), sigma, h[:, :1], np.zeros(1), np.zeros(1), TWO)
    np.testing.assert_allclose(fit.predict(xs, np.zeros((25, 0))).std, one.predict(xs, np.ones((25, 1))).std)
    assert fit.sample(xs, np.zeros((25, 0)), 2, np.random.default_rng(0)).shape == (2, 25)


@pytest.mark.parametrize("std", [STD, FLAT], ids=["prior", "flat"])
def test_leave_one_out_equals_brute_force(std):
    (xy, y, sigma, h), _ = world(30, TWO)
    held = condition(xy, y, sigma, h, MEAN, std, TWO).loo()
    for i in range(30):
        keep = np.arange(30) != i
        rest = condition(xy[keep], y[keep], sigma[keep], h[keep], MEAN, std, TWO)
        mean, spread = rest.predict(xy[i : i + 1], h[i : i + 1], sigma=sigma[i])
        assert held.mean[i] == pytest.approx(mean[0], rel=1e-8)
        assert held.std[i] == pytest.approx(spread[0], rel=1e-8)


@pytest.mark.parametrize("std", [STD, FLAT], ids=["prior", "flat"])
def test_leave_blocks_out_equals_brute_force(std):
    (xy, y, sigma, h), _ = world(40, TWO)
    labels = np.array(["north", "south", "east"])[np.arange(40) % 3]
    held = condition(xy, y, sigma, h, MEAN, std, TWO).leave_blocks_out(labels)
    for label in np.unique(labels):
        out = labels == label
        rest = condition(xy[~out], y[~out], sigma[~out], h[~out], MEAN, std, TWO)
        mean, spread = rest.predict(xy[out], h[out], sigma=sigma[out])
        np.testing.assert_allclose(held.mean[out], mean, rtol=1e-8)
        np.testing.assert_allclose(held.std[out], spread, rtol=1e-8)


def test_joining_readings_of_one_place_is_exact():
    (xy, y, sigma, h), (xs, _, hs) = world(20, TWO)
    rng = np.random.default_rng(5)
    pick = np.r_[np.arange(20), rng.integers(0, 20, 25)]
    args = (xy[pick], y[pick] + rng.normal(size=45), sigma[pick] * rng.uniform(0.8, 1.2, 45), h[pick], MEAN, FLAT, TWO)
    full = condition(*args)
    joined = condition(*args, DiscrepancyOptions(max_readings=20))
    assert (full.report().places, joined.report().places) == (45, 20)
    labels = np.arange(45) % 4
    pairs = [(full.predict(xs, hs), joined.predict(xs, hs)), (full.loo(), joined.loo()),
             (full.leave_blocks_out(labels), joined.leave_blocks_out(labels))]  # fmt: skip
    for exact, quick in pairs:
        np.testing.assert_allclose(quick.mean, exact.mean, rtol=1e-7)
        np.testing.assert_allclose(quick.std, exact.std, rtol=1e-7)


def test_joining_neighbours_changes_little_and_is_reported():
    (xy, y, sigma, h), (xs, _, hs) = world(800, TWO)
    full = condition(xy, y, sigma, h, MEAN, STD, TWO).predict(xs, hs)
    joined = condition(xy, y, sigma, h, MEAN, STD, TWO, DiscrepancyOptions(max_readings=600))
    report = joined.report()
    assert report.places <= 600 and 0 < report.joined_m < 30
    assert np.abs(joined.predict(xs, hs).mean - full.mean).mean() < 0.5 * full.std.mean()


@pytest.mark.parametrize("std", [STD, FLAT], ids=["prior", "flat"])
def test_gradient_of_the_marginal_likelihood(std):
    (xy, y, sigma, h), _ = world(40, TWO)
    flat = np.isinf(std)
    priors = (MaternPrior(0.5, 40.0), MaternPrior(1.5, 200.0))
    xy[1] = xy[0]
    group = np.arange(40) % 3 - 1
    sample = Sample(xy, y - h @ MEAN, sigma**2, h * np.where(flat, 1, std), flat, group)
    objective = _Objective(sample, priors, NuggetPrior(), NoisePrior(), 2)
    for theta in objective.starts(4):
        error = check_grad(lambda t: objective(t)[0], lambda t: objective(t)[1], theta, epsilon=1e-6)
        assert error < 1e-3 * max(1.0, float(np.abs(objective(theta)[1]).max()))


def test_hyperparameters_are_recovered_and_the_fit_is_deterministic():
    truth = Hyper((Matern(0.5, 80.0, 4.0),), 1.0)
    (xy, y, sigma, h), _ = world(400, truth, seed=2, extent=1000.0)
    fit = fit_discrepancy(xy, y, sigma, h, MEAN, FLAT)
    assert 2.8 < fit.hyper.components[0].std < 5.5
    assert 40 < fit.hyper.components[0].length_m < 160
    assert fit.hyper == fit_discrepancy(xy, y, sigma, h, MEAN, FLAT).hyper
    assert abs(fit.beta_mean[1] - 0.8) < 4 * np.sqrt(fit.beta_cov[1, 1])
    names = [p.name for p in fit.report().parameters]
    assert names == ["beta[0]", "beta[1]", "delta[0] Matérn 0.5 std", "delta[0] Matérn 0.5 length", "nugget std"]


def test_no_discrepancy_in_the_data_gives_next_to_none_in_the_fit():
    for seed in range(3):
        (xy, y, sigma, h), (xs, truth, hs) = world(400, Hyper((Matern(0.5, 50.0, 0.0),), 0.0), seed=seed)
        fit = fit_discrepancy(xy, y, sigma, h, MEAN, FLAT)
        assert fit.hyper.variance < 0.05 * np.mean(sigma**2)
        assert np.abs(fit.predict(xs, hs).mean - truth).max() < 0.5


def test_a_useless_map_gives_ordinary_kriging_of_the_readings():
    truth = Hyper((Matern(0.5, 120.0, 5.0),), 0.5)
    (xy, y, sigma, h), (xs, _, _) = world(300, truth, seed=3)
    rng = np.random.default_rng(9)
    y = y - 0.8 * h[:, 1]
    noise, noise_new = rng.normal(0, 5, 300), rng.normal(0, 5, 25)
    fit = fit_discrepancy(xy, y, sigma, np.c_[np.ones(300), noise], [0.0, 1.0], [np.inf, np.inf])
    with_map = fit.predict(xs, np.c_[np.ones(25), noise_new])
    alone = fit_discrepancy(xy, y, sigma, np.ones((300, 1)), [0.0], [np.inf])
    kriging = alone.predict(xs, np.ones((25, 1)))
    assert abs(fit.beta_mean[1]) < 4 * np.sqrt(fit.beta_cov[1, 1]) < 0.2
    rms = np.sqrt(np.mean((with_map.mean - kriging.mean) ** 2))
    assert rms < 0.15 * kriging.std.mean()
    np.testing.assert_allclose(with_map.std, kriging.std, rtol=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside, total = 0, 0
    truth = Hyper((Matern(0.5, 60.0, 4.0),), 0.5)
    for seed in range(20):
        (xy, y, sigma, h), (xs, value, hs) = world(150, truth, seed=100 + seed)
        belief = fit_discrepancy(xy, y, sigma, h, MEAN, STD, DiscrepancyOptions(starts=2)).predict(xs, hs)
        inside += int((np.abs(value - belief.mean) < 1.6449 * belief.std).sum())
        total += len(value)
    low, high = binom.ppf([0.0005, 0.9995], total, 0.9)
    assert low <= inside <= high, f"{inside} of {total}"


def test_spectral_draws_have_the_covariance_of_the_kernel():
    grid = np.stack(np.meshgrid(np.arange(3) * 30.0, 1e6 + np.arange(4) * 30.0), -1).reshape(-1, 2)
    loose = np.array([[7.0, 1e6 + 11.0], [40.0, 1e6 + 95.0]])
    rng = np.random.default_rng(0)
    draws = np.array([np.concatenate(spectral_draw(loose, grid, TWO.components, rng, 64)) for _ in range(6000)])
    exact = covariance(np.r_[loose, grid], np.r_[loose, grid], TWO.components)
    error = np.cov(draws.T) - exact
    spread = np.sqrt((exact**2 + np.outer(np.diag(exact), np.diag(exact))) / 6000)
    assert np.abs(error / spread).max() < 5.0
    assert np.abs(draws.mean(axis=0)).max() < 5 * np.sqrt(TWO.variance / 6000)


@pytest.mark.parametrize("std", [STD, FLAT], ids=["prior", "flat"])
def test_conditional_draws_have_the_exact_mean_and_covariance(std):
    (xy, y, sigma, h), _ = world(25, TWO, extent=150.0)
    xs = np.stack(np.meshgrid(np.arange(4) * 45.0, np.arange(3) * 50.0), -1).reshape(-1, 2)
    hs = np.c_[np.ones(12), np.linspace(-5, 5, 12)]
    fit = condition(xy, y, sigma, h, MEAN, std, TWO, DiscrepancyOptions(features=64))
    draws = fit.sample(xs, hs, 2500, np.random.default_rng(0))
    prior = np.diag(np.where(np.isinf(std), 1e4, std) ** 2)
    joint = h @ prior @ h.T + covariance(xy, xy, TWO.components) + np.diag(sigma**2 + TWO.nugget_std**2)
    cross = hs @ prior @ h.T + covariance(xs, xy, TWO.components)
    exact = (
        hs @ prior @ hs.T + covariance(xs, xs, TWO.components, TWO.nugget_std) - cross @ np.linalg.solve(joint, cross.T)
    )
    spread = np.sqrt((exact**2 + np.outer(np.diag(exact), np.diag(exact))) / 2500)
    assert np.abs((np.cov(draws.T) - exact) / spread).max() < 5.0
    belief = fit.predict(xs, hs)
    assert np.abs((draws.mean(axis=0) - belief.mean) / belief.std).max() < 5 / np.sqrt(2500)


def test_parts_of_a_map_fit_together():
    """One draw at the parts of a map is the draw at the whole, what each new place has of its own included."""
    (xy, y, sigma, h), _ = world(60, TWO)
    fit = condition(xy, y, sigma, h, MEAN, STD, TWO)
    east, north = (v.ravel() for v in np.meshgrid(np.arange(0.0, 600, 20), np.arange(0.0, 600, 20)))
    places, rows = np.c_[east, north], np.c_[np.ones(900), np.zeros(900)]
    whole = fit.sample(places, rows, 1, np.random.default_rng(5))[0]
    west = east < 300
    for part in (west, ~west, np.random.default_rng(0).permutation(900)[:200]):
        alone = fit.sample(places[part], rows[part], 1, np.random.default_rng(5))[0]
        np.testing.assert_allclose(alone, whole[part], atol=1e-9)


def test_what_new_places_have_of_their_own_is_normal_and_independent():
    """Neighbours, rows and columns of a grid, other draws and other parts of a map have nothing in common."""
    grid = np.stack(np.meshgrid(500_000.3 + np.arange(300) * 2.0, 6_672_000.7 + np.arange(300) * 2.0), -1)
    one, other = (_normal_at(grid.reshape(-1, 2), key).reshape(300, 300) for key in (11, 12))
    assert kstest(one.ravel(), "norm").pvalue > 0.01
    limit = 4.5 / 300.0  # standard errors of a correlation of 90,000 pairs
    pairs = [(one, other), (one[:150], one[150:]), (one[:, :150], one[:, 150:])]
    pairs += [(one[1:], one[:-1]), (one[:, 1:], one[:, :-1]), (one[1:, 1:], one[:-1, :-1])]
    for first, second in pairs:
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 1.5 * limit
    np.testing.assert_array_equal(_normal_at(grid[7, 9:12], 11), one[7, 9:12])


def test_a_draw_does_not_depend_on_how_many_follow():
    (xy, y, sigma, h), (xs, _, hs) = world(30, TWO)
    fit = condition(xy, y, sigma, h, MEAN, STD, TWO)
    many = fit.sample(xs, hs, 5, np.random.default_rng(3))
    np.testing.assert_allclose(fit.sample(xs, hs, 2, np.random.default_rng(3)), many[:2], rtol=1e-10)
    assert np.abs(many[0] - many[1]).max() > 0.1
    assert fit.sample(xs, hs, 0, np.random.default_rng(3)).shape == (0, 25)


def test_eight_maps_of_128_by_128_cells_from_500_readings_take_seconds_of_cpu():
    (xy, y, sigma, h), _ = world(500, TWO)
    fit = condition(xy, y, sigma, h, MEAN, STD, TWO)
    xs = np.stack(np.meshgrid(np.arange(128) * 5.0, np.arange(128) * 5.0), -1).reshape(-1, 2)
    start = time.process_time()
    fit.sample(xs, np.ones((128 * 128, 2)), 8, np.random.default_rng(0))
    assert time.process_time() - start < 20.0


def test_bad_input_is_refused_with_reasons():
    (xy, y, sigma, h), (xs, _, hs) = world(30, TWO)
    with pytest.raises(InputError, match="wanted"):
        condition(xy[:5], y, sigma, h, MEAN, STD, TWO)
    with pytest.raises(InputError, match="finite"):
        condition(xy, np.where(y > -75, np.nan, y), sigma, h, MEAN, STD, TWO)
    with pytest.raises(InputError, match="positive"):
        condition(xy, y, 0.0, h, MEAN, STD, TWO)
    with pytest.raises(InputError, match="identify"):
        condition(xy, y, sigma, h[:, [0, 0]], MEAN, np.full(2, np.inf), TWO)
    with pytest.raises(InputError, match="names"):
        condition(xy, y, sigma, h, MEAN, STD, TWO, names=["offset"])
    fit = condition(xy, y, sigma, h, MEAN, FLAT, TWO)
    with pytest.raises(InputError, match="rows of H"):
        fit.predict(xs, hs[:, :1])
    with pytest.raises(InputError, match="finite"):
        fit.predict(xs, hs * np.nan)
    with pytest.raises(InputError, match="labels"):
        fit.leave_blocks_out(np.zeros(4))
    with pytest.raises(InputError, match="without block"):
        fit.leave_blocks_out(np.zeros(30))
    with pytest.raises(OptionError):
        fit.sample(xs, hs, -1, np.random.default_rng(0))
    for bad in ({"components": ()}, {"starts": 0}, {"max_readings": 0}):
        with pytest.raises(OptionError):
            DiscrepancyOptions(**bad)
    for prior in (lambda: MaternPrior(length_log_sd=0.0), lambda: NuggetPrior(std=0.0)):
        with pytest.raises(OptionError):
            prior()


def test_a_handful_of_readings_is_enough_to_run():
    for n in (1, 2, 5):
        (xy, y, sigma, h), (xs, _, hs) = world(n, TWO)
        belief = fit_discrepancy(xy, y, sigma, h, MEAN, STD).predict(xs, hs)
        assert np.isfinite(belief.mean).all() and (belief.std > 0).all()


def test_importing_the_discrepancy_loads_no_torch():
    code = (
        "import sys, openckm.observe; from openckm.observe import fit_discrepancy, harmonics;"
        " sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_covariance_between_two_sets_is_the_block_of_the_joint_one():
    (xy, y, sigma, h), (xs, _, hs) = world(40, TWO, seed=3)
    fit = condition(xy, y, sigma, h, MEAN, STD, TWO)
    a, b = slice(0, 10), slice(10, 25)
    found = fit.cross_covariance(xs[a], hs[a], xs[b], hs[b])
    prior = np.diag(STD**2)
    joint = h @ prior @ h.T + covariance(xy, xy, TWO.components) + np.diag(sigma**2 + TWO.nugget_std**2)
    left, right = (hs[s] @ prior @ h.T + covariance(xs[s], xy, TWO.components) for s in (a, b))
    own = hs[a] @ prior @ hs[b].T + covariance(xs[a], xs[b], TWO.components)
    np.testing.assert_allclose(found, own - left @ np.linalg.solve(joint, right.T), atol=1e-8)


def test_beyond_what_a_factor_holds_the_mean_is_that_of_all_readings():
    """On a grid of cells: coefficients and mean as from the dense solve, draws about them, a spread that is no smaller.

    Readings of one place, noise of their own, and a coefficient without a prior are among them.
    """
    rng = np.random.default_rng(0)
    cells = np.stack(np.meshgrid(7.0 + 2.0 * np.arange(40), -2.0 * np.arange(40)), -1).reshape(-1, 2)
    pick = rng.permutation(len(cells))[:600]
    xy = cells[np.r_[pick, pick[:20]]]
    y, sigma = 0.1 * xy[:, 0] + rng.normal(0, 5, len(xy)), rng.uniform(1, 3, len(xy))
    design, everywhere = (np.column_stack([np.ones(len(p)), p[:, 0] / 50]) for p in (xy, cells))
    hyper = Hyper((Matern(0.5, 20.0, 6.0),), 1.2)
    exact, few = (
        condition(xy, y, sigma, design, [0.0, 0.0], [np.inf, 1.0], hyper, DiscrepancyOptions(max_readings=most))
        for most in (10**6, 150)
    )
    assert few.report().places <= 150 and few.report().joined_m > 4.0
    np.testing.assert_allclose(few.beta_mean, exact.beta_mean, atol=1e-5)
    truth, found = exact.predict(cells, everywhere), few.predict(cells, everywhere)
    np.testing.assert_allclose(found.mean, truth.mean, atol=1e-4)
    np.testing.assert_allclose(few.mean(cells[:7], everywhere[:7]), truth.mean[:7], atol=1e-4)
    assert found.std.mean() > truth.std.mean() and (found.std > 0.9 * truth.std).mean() > 0.95
    drawn = few.sample(cells, everywhere, 60, np.random.default_rng(1))
    assert abs(float(np.mean((drawn.mean(0) - truth.mean) / found.std))) < 4.0 / np.sqrt(60)
    scattered = xy + rng.uniform(-0.5, 0.5, xy.shape)  # on no grid the joined model stands
    loose = condition(
        scattered, y, sigma, design, [0.0, 0.0], [np.inf, 1.0], hyper, DiscrepancyOptions(max_readings=150)
    )
    assert np.isfinite(loose.predict(cells, everywhere).mean).all()
