"""Antenna patterns against the standard's numbers; linear regression against its textbook formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from openckm.errors import InputError, OptionError
from openckm.observe import (
    Basis,
    boresight_offsets,
    element_gain_dbi,
    fit_linear,
    harmonics,
    join,
    map_column,
    offset_columns,
    pattern_columns,
)


def test_element_gain_of_the_standard():
    degrees = np.radians
    assert element_gain_dbi(0.0) == 8.0
    assert element_gain_dbi(degrees(32.5)) == pytest.approx(5.0)
    assert element_gain_dbi(0.0, degrees(-32.5)) == pytest.approx(5.0)
    assert element_gain_dbi(degrees(180.0)) == pytest.approx(-22.0)
    assert element_gain_dbi(degrees(95.0), degrees(80.0)) == pytest.approx(-22.0)
    assert element_gain_dbi(degrees(32.5 - 360.0)) == pytest.approx(5.0)
    assert element_gain_dbi(np.zeros((2, 3))).shape == (2, 3)


def test_offsets_from_a_tilted_boresight():
    tilt, azimuth = math.radians(10.0), math.radians(30.0)
    ahead = np.array([math.cos(azimuth) * math.cos(tilt), math.sin(azimuth) * math.cos(tilt), -math.sin(tilt)]) * 50.0
    assert boresight_offsets(*ahead, azimuth, tilt) == pytest.approx((0.0, 0.0), abs=1e-12)
    below = boresight_offsets(math.cos(azimuth), math.sin(azimuth), -math.tan(math.radians(15.0)), azimuth, tilt)
    assert below == pytest.approx((0.0, math.radians(5.0)))
    left = boresight_offsets(-math.sin(azimuth), math.cos(azimuth), 0.0, azimuth, tilt)
    assert left == pytest.approx((math.pi / 2, 0.0), abs=1e-12)


def test_harmonics_turn_with_the_azimuth():
    bearing = np.linspace(-3, 3, 7)
    waves = harmonics(bearing, 0.4, 2)
    np.testing.assert_allclose(waves[:, 3], np.sin(2 * (bearing - 0.4)))
    np.testing.assert_allclose(waves, harmonics(bearing + 1.0, 1.4, 2))
    with pytest.raises(OptionError):
        harmonics(bearing, 0.0, -1)


def test_regression_matches_the_textbook_and_its_limits():
    rng = np.random.default_rng(0)
    h, y, sigma = rng.normal(size=(40, 3)), rng.normal(size=40), rng.uniform(0.5, 2, 40)
    basis = Basis(h, ("a", "b", "c"), ("dB",) * 3, np.array([1.0, 0.0, 2.0]), np.array([0.5, 2.0, 1.0]))
    fit = fit_linear(y, sigma, basis)
    precision = np.diag(basis.prior_std**-2.0) + h.T @ np.diag(sigma**-2) @ h
    mean = np.linalg.solve(precision, basis.prior_mean / basis.prior_std**2 + h.T @ (y / sigma**2))
    np.testing.assert_allclose(fit.mean, mean)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(precision))
    np.testing.assert_allclose(fit.predict(h[:4])[1] ** 2, np.diag(h[:4] @ fit.covariance @ h[:4].T))
    line = fit.report()[1]
    assert (line.name, line.unit, line.mean) == ("b", "dB", pytest.approx(mean[1]))
    free = Basis(h, basis.names, basis.units, basis.prior_mean, np.full(3, np.inf))
    np.testing.assert_allclose(fit_linear(y, np.ones(40), free).mean, np.linalg.lstsq(h, y, rcond=None)[0])
    known = Basis(h, basis.names, basis.units, basis.prior_mean, np.zeros(3))
    np.testing.assert_array_equal(fit_linear(y, sigma, known).mean, basis.prior_mean)


def test_power_and_pattern_of_a_sector_are_recovered():
    rng = np.random.default_rng(1)
    n, azimuth = 400, 0.7
    bearing, gain = rng.uniform(-np.pi, np.pi, n), rng.normal(-100, 15, n)
    device = np.where(rng.random(n) < 0.5, "a", "b")
    pattern = element_gain_dbi(bearing - azimuth, peak_dbi=0.0) + 2.0 * np.sin(bearing - azimuth)
    y = 46.0 + gain + pattern + np.where(device == "a", 1.5, -1.5) + rng.normal(0, 2, n)
    basis = join(map_column(gain + 100.0), offset_columns(device), pattern_columns(bearing, azimuth))
    fit = fit_linear(y + 100.0, np.full(n, 2.0), basis)
    value, spread = dict(zip(fit.names, fit.mean, strict=True)), dict(zip(fit.names, fit.std, strict=True))
    for name, truth in (("map slope", 1.0), ("TR 38.901 pattern", 1.0), ("pattern sin 1", 2.0)):
        assert abs(value[name] - truth) < 4 * spread[name]
    assert value["offset of a"] - value["offset of b"] == pytest.approx(3.0, abs=1.0)
    few = fit_linear(y[:3] + 100.0, np.full(3, 2.0), pattern_columns(bearing[:3], azimuth))
    assert few.std[0] < 0.26


def test_columns_for_omnidirectional_antennas_and_single_devices():
    assert pattern_columns(np.zeros(4), None, order=2).names == (
        "pattern cos 1", "pattern sin 1", "pattern cos 2", "pattern sin 2",
    )  # fmt: skip
    assert pattern_columns(np.zeros(4), 0.1, order=0).names == ("TR 38.901 pattern",)
    assert offset_columns(["x", "x"]).names == ("offset",)
    unseen = offset_columns(["x", "z"], names=["x", "y"])
    np.testing.assert_array_equal(unseen.matrix, [[1, 1, 0], [1, 0, 0]])


def test_bases_that_do_not_fit_are_refused():
    one = offset_columns(["x"] * 3)
    with pytest.raises(InputError, match="join"):
        join(one, one)
    with pytest.raises(InputError, match="join"):
        join(one, map_column(np.zeros(4)))
    with pytest.raises(InputError):
        Basis(np.zeros((3, 2)), ("a",), ("dB",), np.zeros(1), np.ones(1))
    with pytest.raises(InputError):
        map_column(np.array([np.nan]))
    with pytest.raises(InputError, match="identify"):
        fit_linear(np.zeros(3), np.ones(3), Basis(np.zeros((3, 1)), ("a",), ("dB",), np.zeros(1), np.array([np.inf])))
    with pytest.raises(InputError):
        fit_linear(np.zeros(3), np.zeros(3), one)
    with pytest.raises(InputError):
        fit_linear(np.zeros(4), np.ones(4), one)
