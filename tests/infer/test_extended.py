"""Averages over areas, rasters, other instruments and handed-in maps in the main job."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from openckm.errors import GridError, InputError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.extended import MeanMap, extended_readings
from openckm.maps.grid import Grid
from openckm.maps.observations import AreaReading, Observations, RasterReading
from openckm.observe.field.conditional import DiscrepancyFit
from openckm.observe.field.discrepancy import Hyper, Matern
from openckm.observe.field.matern import covariance
from openckm.observe.field.readings import checked_readings
from worlds import GaussianDenoiser, centred_grid, evidence, gaussian_field, readings, state_of_gain

GRID = centred_grid(32)
FIELD = gaussian_field(GRID, 0, std=8.0, length_m=40.0)
WRONG = GaussianDenoiser(state_of_gain(gaussian_field(GRID, 9, std=8.0, length_m=40.0)))
WEST, SOUTH, EAST, NORTH = GRID.bounds


def method(denoiser=WRONG, **options: object) -> OpenCKM:
    return OpenCKM(prior=LoadedPrior(denoiser, "stub"), symmetrise=False, **options)


def square(row: int, col: int, side: int) -> np.ndarray:
    """Outline of `side` x `side` cells from (row, col)."""
    west, north = GRID.origin[0] + col * GRID.cell_m, GRID.origin[1] - row * GRID.cell_m
    reach = side * GRID.cell_m
    return np.array([[west, north], [west + reach, north], [west + reach, north - reach], [west, north - reach]])


def power_mean(field: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(10 ** (field / 10))))


def test_sums_over_places_are_conditioned_on_as_the_joint_gaussian_says():
    """Three points and two averages, against dense algebra: mean, spread, leaving out, draws."""
    rng = np.random.default_rng(0)
    points, support, new = (rng.uniform(0, 100, (n, 2)) for n in (3, 12, 5))
    hyper = Hyper((Matern(0.5, 40.0, 6.0),), 1.0)
    parts = np.zeros((2, 12))
    parts[0, :6], parts[1, 4:] = 1 / 6, 1 / 8
    y, more = np.array([1.0, -2.0, 4.0]), np.array([3.0, -1.0])
    design = np.ones((3, 1))
    own = checked_readings(points, y, 0.5, design, [0.0], [3.0])
    every = own.extended(support, more, np.array([0.3, 0.2]), np.ones((2, 1)), csr_matrix(parts))
    fit = DiscrepancyFit(every, hyper, ["level"])
    places = np.concatenate([points, support, new])
    prior = covariance(places, places, hyper.components, 1.0) + 9.0
    read = np.zeros((5, 20))
    read[:3, :3] = np.eye(3)
    read[3:, 3:15] = parts
    noise = np.diag([0.25, 0.25, 0.25, 0.3, 0.2])
    gain = prior @ read.T @ np.linalg.inv(read @ prior @ read.T + noise)
    mean, cov = gain @ np.r_[y, more], prior - gain @ read @ prior
    belief = fit.predict(places, np.ones((20, 1)))
    np.testing.assert_allclose(belief.mean, mean, rtol=1e-7)
    np.testing.assert_allclose(belief.std, np.sqrt(np.diag(cov)), rtol=1e-6)
    drawn = fit.sample(places, np.ones((20, 1)), 3000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(0), mean, atol=5 * np.sqrt(np.diag(cov).max() / 3000))
    error = (np.cov(drawn.T) - cov) / np.sqrt((cov**2 + np.outer(np.diag(cov), np.diag(cov))) / 3000)
    assert np.abs(error).max() < 5.5
    held = fit.leave_blocks_out(np.array([0, 1, 1]))
    rest = DiscrepancyFit(every.subset(np.array([False, True, True, True, True])), hyper, ["level"])
    assert held.mean[0] == pytest.approx(float(rest.predict(points[:1], np.ones((1, 1))).mean[0]))


def test_where_an_area_is_known_to_be_weak_the_map_says_weak():
    points = readings(GRID, FIELD, 40, 0, noise=1.5)
    row, col = np.divmod(int(np.argmin(gaussian_filter(FIELD))), 32)
    row, col = int(np.clip(row - 4, 0, 24)), int(np.clip(col - 4, 0, 24))
    part = np.s_[row : row + 8, col : col + 8]
    inside = (np.abs(points.y - GRID.y[row + 4]) < 20) & (np.abs(points.x - GRID.x[col + 4]) < 20)
    told = AreaReading("gain_db", square(row, col, 8), power_mean(FIELD[part]), 0.5)
    around = evidence(points.subset(~inside))
    without = method().reconstruct(around, GRID, draws=0)
    with_area = method().reconstruct(replace(around, areas=(told,)), GRID, draws=0)
    assert abs(power_mean(with_area.mean()[part]) - told.value) < 1.5
    before, after = (np.sqrt(np.mean((a.mean()[part] - FIELD[part]) ** 2)) for a in (without, with_area))
    assert after < 0.8 * before
    assert with_area.std()[part].mean() < without.std()[part].mean()
    assert with_area.provenance["extended"] == {"averages over areas": 1}


def gaussian_filter(field: np.ndarray) -> np.ndarray:
    from scipy.ndimage import uniform_filter

    return uniform_filter(field, 8)


def test_areas_alone_make_a_map():
    areas = tuple(
        AreaReading("gain_db", square(r, c, 8), power_mean(FIELD[r : r + 8, c : c + 8]), 1.0)
        for r in range(0, 32, 8) for c in range(0, 32, 8)
    )  # fmt: skip
    answer = method().reconstruct(Observations(areas=areas), GRID, draws=2)
    error = np.sqrt(np.mean((answer.mean() - FIELD) ** 2))
    assert answer.provenance["unit"] == "dB" and error < 0.9 * FIELD.std()
    bare = method().reconstruct(Observations(), GRID, draws=0)
    assert error < 0.7 * np.sqrt(np.mean((bare.mean() - FIELD) ** 2))


def test_gains_of_areas_tell_the_transmit_power_of_readings_in_dbm():
    points = readings(GRID, FIELD, 60, 0, noise=1.5, unit="dBm", offset=43.0)
    areas = tuple(
        AreaReading("gain_db", square(r, c, 8), power_mean(FIELD[r : r + 8, c : c + 8]), 0.5)
        for r, c in ((0, 0), (8, 16), (20, 4))
    )  # fmt: skip
    answer = method().reconstruct(evidence(points).__class__(points=(points,), areas=areas), GRID, draws=0)
    mean, std = answer.provenance["nuisances"]["transmit power"]
    assert abs(mean - 43.0) < 4 * std < 8.0
    assert np.sqrt(np.mean((answer.mean() - FIELD - 43.0) ** 2)) < 5.0


def test_a_raster_is_evidence():
    coarse = Grid((8, 8), 4 * GRID.cell_m, GRID.origin)
    value = 10 * np.log10((10 ** (FIELD / 10)).reshape(8, 4, 8, 4).mean((1, 3)))
    raster = RasterReading("gain_db", coarse, value.astype(np.float32), 1.0)
    answer = method().reconstruct(Observations(rasters=(raster,)), GRID, draws=0)
    assert np.sqrt(np.mean((answer.mean() - FIELD) ** 2)) < 0.6 * FIELD.std()
    assert answer.provenance["extended"] == {"cells of a raster": 64}


def test_a_handed_in_map_is_used_as_far_as_the_readings_bear_it_out():
    points = readings(GRID, FIELD, 40, 0, noise=1.5)
    right = MeanMap("prediction", FIELD + 3.0, np.full(GRID.shape, 2.0))
    wrong = MeanMap("prediction", gaussian_field(GRID, 21, std=8.0), np.full(GRID.shape, 2.0))
    alone, helped, misled = (
        method().reconstruct(evidence(points), GRID, draws=0, maps=maps) for maps in ((), (right,), (wrong,))
    )
    rms = [float(np.sqrt(np.mean((a.mean() - FIELD) ** 2))) for a in (alone, helped, misled)]
    assert rms[1] < 0.6 * rms[0] and rms[2] < 1.15 * rms[0], rms
    assert helped.provenance["nuisances"]["prediction slope"][0] > 0.7
    nothing = method().reconstruct(Observations(), GRID, draws=0, maps=(right,))
    np.testing.assert_allclose(nothing.mean(), right.mean, atol=1e-3)
    np.testing.assert_allclose(nothing.std(), 2.0, atol=1e-3)


def test_power_averages_are_linearised_exactly_at_the_map_and_rows_sum_to_one():
    area = AreaReading("gain_db", square(3, 5, 6), -90.0, 1.0)
    found = extended_readings(Observations(areas=(area,)), GRID, GRID)
    rows, constant = found.linearised(FIELD.ravel())
    assert rows.sum() == pytest.approx(1.0)
    assert float((rows @ FIELD.ravel())[0] + constant[0]) == pytest.approx(power_mean(FIELD[3:9, 5:11]))
    moved, same = found.linearised(FIELD.ravel() + 300.0)
    np.testing.assert_allclose(moved.toarray(), rows.toarray(), atol=1e-12)
    assert same[0] == pytest.approx(constant[0])


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="aoa_cos"):
        area = AreaReading("aoa_cos", square(0, 0, 4), 0.5, 0.1)
        method().reconstruct(Observations(areas=(area,)), GRID)
    with pytest.raises(GridError, match="a map of"):
        method().reconstruct(Observations(), GRID, maps=(MeanMap("m", np.zeros((3, 3)), np.ones((3, 3))),))
