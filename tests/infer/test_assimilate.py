"""Evidence of any instrument in the main job: against dense algebra, weighted draws, and what a user would ask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import InputError, MeasurementError, OptionError
from openckm.infer import assimilate as module
from openckm.infer.assimilate import BeliefCovariance, assimilate
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.covariance import Covariance
from openckm.infer.exact.spectrum import default_spectrum
from openckm.maps.grid import Grid
from openckm.maps.observations import AreaReading, Observations
from openckm.maps.quantity import GAIN
from openckm.observe import (
    AngularSector,
    Downsample,
    Gaussian,
    IntervalCensored,
    Mask,
    PointSample,
    Quantize,
    Select,
    map_domain,
)
from openckm.observe.areas import areas_likelihood
from openckm.priors.denoiser import Denoised
from openckm.priors.pretrained import embedded_prior
from worlds import evidence, gaussian_field, readings, tiny_denoiser

SIDE = 12
CELLS = np.arange(SIDE * SIDE)
GAIN_ONLY = ("gain_db",)


class Dense(Covariance):
    def __init__(self, matrix):
        self.matrix = matrix

    def between(self, first, second):
        return self.matrix[np.ix_(first, second)]


def belief(std=8.0, length=3.0):
    """Return mean, covariance and its factor of a field on 12 x 12 cells [dB]."""
    row, col = np.divmod(CELLS, SIDE)
    apart = np.hypot(row[:, None] - row, col[:, None] - col)
    matrix = std**2 * np.exp(-apart / length)
    return -90.0 + 0.5 * row, matrix, np.linalg.cholesky(matrix + 1e-9 * np.eye(len(matrix)))


def latent(value):
    return torch.as_tensor(GAIN.encode(value))


def test_block_means_give_the_dense_answer():
    mean, matrix, root = belief()
    rng = np.random.default_rng(0)
    truth = mean + root @ rng.standard_normal(len(mean))
    operator = Downsample(map_domain((SIDE, SIDE), channels=GAIN_ONLY), 4, "mean")
    y = truth.reshape(3, 4, 3, 4).mean((1, 3)) + rng.normal(0, 1.0, (3, 3))
    found = assimilate(
        mean,
        np.sqrt(np.diag(matrix)),
        Dense(matrix),
        Gaussian(operator, latent(y)[None, None], 1.0 / GAIN.scale),
        CELLS,
    )
    rows = operator.dense().double().numpy()
    spread = rows @ matrix @ rows.T + np.eye(9)
    lift = matrix @ rows.T @ np.linalg.inv(spread)
    np.testing.assert_allclose(found.mean, mean + lift @ (y.ravel() - rows @ mean), atol=2e-3)
    exact = matrix - lift @ rows @ matrix
    np.testing.assert_allclose(found.std, np.sqrt(np.diag(exact)), atol=2e-3)
    np.testing.assert_allclose(
        module.UpdatedCovariance(Dense(matrix), found).between(CELLS[:30], CELLS[5:50]), exact[:30, 5:50], atol=0.02
    )
    draws = np.stack([
        found.moved(mean + root @ np.random.default_rng(k).standard_normal(len(mean)), np.random.default_rng([k, 1]))
        for k in range(2000)
    ])  # fmt: skip
    np.testing.assert_allclose(draws.mean(0), found.mean, atol=5 * 8 / np.sqrt(2000))
    np.testing.assert_allclose(draws.std(0), found.std, rtol=0.08)
    assert found.facts["readings"] == 9 and 0.4 < found.facts["surprise"] < 1.7


def test_limits_give_what_weighted_draws_of_the_belief_give():
    mean, matrix, root = belief()
    mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    mask[2:11:6, 2:11:6] = True
    limit = -92.0
    top = torch.full((1, 1, SIDE, SIDE), float(GAIN.encode(limit)))
    low = torch.full_like(top, -np.inf)
    likelihood = IntervalCensored(Mask(map_domain((SIDE, SIDE), channels=GAIN_ONLY), mask), low, top, 2.0 / GAIN.scale)
    found = assimilate(mean, np.sqrt(np.diag(matrix)), Dense(matrix), likelihood, CELLS)
    here = mask.numpy().ravel()
    u = (mean + (root @ np.random.default_rng(0).standard_normal((len(mean), 200_000))).T)[:, :]
    weight = torch.special.ndtr(torch.as_tensor((limit - u[:, here]) / 2.0)).prod(1).numpy()
    weight /= weight.sum()
    exact = weight @ u
    spread = np.sqrt(weight @ (u - exact) ** 2)
    effective = 1.0 / np.sum(weight**2)
    assert effective > 200
    assert np.abs((found.mean - exact) / spread).max() < 4.0 / np.sqrt(effective) + 0.1
    np.testing.assert_allclose(found.std, spread, rtol=0.25)
    assert (found.mean[here] < limit + 1.0).all() and (mean[here] > limit).all()
    assert found.facts["limits"] == 4 and found.facts["surprise"] is None


def test_averages_of_power_are_met_in_power():
    """An area's reading is the average of its power; the updated map's own average agrees with an accurate one."""
    mean, matrix, _ = belief()
    grid = Grid((SIDE, SIDE), 4.0)
    square = np.array([(0.0, -24.0), (24.0, -24.0), (24.0, 0.0), (0.0, 0.0)])
    likelihood = areas_likelihood([AreaReading("gain_db", square, -75.0, 0.1)], grid, channels=GAIN_ONLY)
    found = assimilate(mean, np.sqrt(np.diag(matrix)), Dense(matrix), likelihood, CELLS)
    inside = found.mean.reshape(SIDE, SIDE)[:6, :6]
    assert 10 * np.log10(np.mean(10 ** (inside / 10))) == pytest.approx(-75.0, abs=0.4)
    assert abs(inside.mean() - -75.0) > 0.3  # the average of decibels is another number


def test_the_networks_own_errors_are_a_covariance():
    denoised = Denoised(torch.zeros(1, 5, 16, 16), torch.full((1, 5, 16, 16), 0.04))
    denoiser, _ = embedded_prior()
    std = np.full(256, 8.0)
    found = BeliefCovariance.of(denoised, default_spectrum(denoiser), 1.3, std)
    whole = found.between(np.arange(256), np.arange(256))
    np.testing.assert_allclose(np.diag(whole), 64.0, rtol=1e-6)
    assert np.linalg.eigvalsh(whole).min() > -1e-6 * 64
    assert 0.2 < whole[100, 101] / 64 < 0.999 and whole[0, 255] < 0.5 * whole[0, 1]


GRID = Grid((32, 32), 4.0)


@pytest.fixture(scope="module")
def world():
    """A field on 32 x 32 cells, read everywhere but in the east, and a prior that knows nothing of it."""
    field = gaussian_field(GRID, 3)
    points = readings(GRID, field, 300, 3, noise=1.0)
    west = points.subset(points.x < 64.0)
    prior = LoadedPrior(tiny_denoiser(0), "tiny")
    method = OpenCKM(prior, steps=2, symmetrise=False, calibrated=False)
    return field, west, method, method.reconstruct(evidence(west), GRID, draws=0)


def rmse(radiomap, field, part):
    return float(np.sqrt(np.mean((radiomap.mean() - field)[part] ** 2)))


EAST = np.s_[:, 20:]


def corners(west, south, east, north):
    return np.array([(west, south), (east, south), (east, north), (west, north)])


def block_means(field, first_col=16, side=4, sigma=0.5):
    found = []
    for r in range(0, 32, side):
        for c in range(first_col, 32, side):
            mean = 10 * np.log10(np.mean(10 ** (field[r : r + side, c : c + side] / 10)))
            box = corners(4.0 * c, -4.0 * (r + side), 4.0 * (c + side), -4.0 * r)
            found.append(AreaReading("gain_db", box, float(mean), sigma))
    return areas_likelihood(found, GRID)


def test_areas_where_nobody_drove_tell_the_map_there(world):
    field, west, method, before = world
    made = method.reconstruct(evidence(west), GRID, draws=6, likelihood=block_means(field))
    assert rmse(made, field, EAST) < 0.5 * rmse(before, field, EAST)
    assert made.std()[EAST].mean() < 0.8 * before.std()[EAST].mean()
    told = made.provenance["further_evidence"]
    assert told["readings"] == 32 and told["std_after_db"] < told["std_before_db"] and told["moved_db"] > 1.0
    drawn = made.draws()
    blocks = 10 * np.log10((10 ** (drawn / 10)).reshape(6, 8, 4, 8, 4).mean((2, 4)))[:, :, 4:]
    truth = 10 * np.log10((10 ** (field / 10)).reshape(8, 4, 8, 4).mean((1, 3)))[:, 4:]
    assert np.abs(blocks - truth).mean() < 2.0  # every draw holds what was read, not the mean alone
    assert 0.6 < drawn.std(0, ddof=1).mean() / made.std().mean() < 1.5


def test_where_nothing_was_heard_the_map_says_weak(world):
    """Limits by any instrument: cells of the east, where the truth is weak, were below the sensitivity."""
    field, west, method, before = world
    limit = np.quantile(field, 0.3)
    weak = np.zeros((32, 32), bool)
    weak[2:32:3, 21:32:3] = field[2:32:3, 21:32:3] < limit
    assert weak.sum() > 5
    top = torch.full((1, 1, 32, 32), float(GAIN.encode(limit)))
    read = Mask(map_domain((32, 32), channels=GAIN_ONLY), torch.as_tensor(weak))
    likelihood = IntervalCensored(read, torch.full_like(top, -np.inf), top, 1.0 / GAIN.scale)
    made = method.reconstruct(evidence(west), GRID, draws=0, likelihood=likelihood)
    assert (made.mean()[weak] < limit + 1.5).mean() > 0.9
    assert made.mean()[weak].mean() < before.mean()[weak].mean() and (made.std() <= before.std() + 1e-4).all()


def test_readings_of_a_coarse_device_and_of_points_in_any_order(world):
    """Points read again by another instrument count as if they had been in the file."""
    field, west, method, _ = world
    row, col = np.array([5, 17, 28]), np.array([25, 28, 22])
    domain = map_domain((32, 32))
    points = PointSample(domain, row, col)
    y = latent(field[row, col])[None, None]
    exact = method.reconstruct(evidence(west), GRID, draws=0, likelihood=Gaussian(points, y, 1.0 / GAIN.scale))
    assert np.abs(exact.mean()[row, col] - field[row, col]).max() < 2.0
    device = Quantize(points.range, step=6.0 / GAIN.scale, origin=float(GAIN.encode(0.0)))
    coarse = IntervalCensored.of_device(device, points, device(y), 0.5 / GAIN.scale)
    rough = method.reconstruct(evidence(west), GRID, draws=0, likelihood=coarse)
    assert np.abs(rough.mean()[row, col] - field[row, col]).max() < 5.0
    assert (rough.std()[row, col] > exact.std()[row, col]).all()


def test_an_instrument_alone_makes_a_map(world):
    field, _, method, _ = world
    made = method.reconstruct(Observations(), GRID, draws=2, likelihood=block_means(field, first_col=0))
    assert made.provenance["unit"] == "dB"
    blocks = 10 * np.log10((10 ** (made.mean() / 10)).reshape(8, 4, 8, 4).mean((1, 3)))
    truth = 10 * np.log10((10 ** (field / 10)).reshape(8, 4, 8, 4).mean((1, 3)))
    assert np.sqrt(np.mean((blocks - truth) ** 2)) < 1.5


def test_what_cannot_be_used_is_refused_in_words(world):
    field, west, method, _ = world
    domain = map_domain((32, 32))
    sine = Gaussian(PointSample(domain, np.array([1]), np.array([2]), "aoa_sin"), torch.zeros(1, 1, 1), 0.1)
    with pytest.raises(InputError, match="other channels than gain_db"):
        method.reconstruct(evidence(west), GRID, draws=0, likelihood=sine)
    read = Select(domain, "aoa_cos", "aoa_sin")
    sector = AngularSector(read, torch.full((1, 32, 32), -0.1), torch.full((1, 32, 32), 0.1), 0.1)
    with pytest.raises((InputError, OptionError)):
        method.reconstruct(evidence(west), GRID, draws=0, likelihood=sector)
    small = Downsample(map_domain((16, 16), channels=GAIN_ONLY), 4, "mean")
    with pytest.raises(InputError, match="own grid"):
        method.reconstruct(evidence(west), GRID, draws=0, likelihood=Gaussian(small, torch.zeros(1, 1, 4, 4), 0.1))
    nothing = Mask(map_domain((32, 32), channels=GAIN_ONLY), torch.zeros(32, 32, dtype=torch.bool))
    with pytest.raises(InputError, match="reads nothing"):
        method.reconstruct(evidence(west), GRID, draws=0, likelihood=Gaussian(nothing, torch.zeros(1, 1, 32, 32), 0.1))
    dbm = replace(west.subset(np.arange(2)), unit="dBm")
    with pytest.raises(MeasurementError, match="at least 3 readings"):
        method.reconstruct(evidence(dbm), GRID, draws=0, likelihood=block_means(field))


def test_too_many_readings_are_refused_before_any_work(world, monkeypatch):
    field, west, method, _ = world
    monkeypatch.setattr(module, "MOST_READINGS", 10)
    with pytest.raises(OptionError, match="at most 10"):
        method.reconstruct(evidence(west), GRID, draws=0, likelihood=block_means(field))
