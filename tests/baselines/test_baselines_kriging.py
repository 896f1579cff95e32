"""Kriging against a dense textbook oracle; the variogram fit against known truths."""

import numpy as np
import pytest

from openckm.baselines import Kriging, UniversalKriging, kriging
from openckm.baselines.variogram import Variogram, correlation, fit_variogram
from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.site import Transmitter

GRID = Grid((9, 11), 5.0)
VARIOGRAM = Variogram("exponential", 30.0, 60.0, 4.0)


def tiny_points(n=12, seed=3, sigma=0.5):
    rng = np.random.default_rng(seed)
    cell = rng.choice(GRID.shape[0] * GRID.shape[1], n, replace=False)
    row, col = np.divmod(cell, GRID.shape[1])
    return Points.exact(GRID.x[col], GRID.y[row], rng.normal(-90, 6, n), sigma=sigma)


def dense_oracle(points, drift_at, drift_on, variogram, targets):
    """Cressie (1993), section 3.4.5: generalised least squares, then simple kriging of the residual."""
    xy = np.column_stack([points.x, points.y])

    def cov(a, b):
        return variogram.covariance(np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)))

    k = cov(xy, xy) + variogram.nugget * np.eye(len(xy))
    c = cov(xy, targets)
    inverse = np.linalg.inv(k)
    information = drift_at.T @ inverse @ drift_at
    beta = np.linalg.solve(information, drift_at.T @ inverse @ points.value)
    mean = drift_on @ beta + c.T @ inverse @ (points.value - drift_at @ beta)
    lack = drift_on.T - drift_at.T @ inverse @ c
    variance = variogram.sill - np.einsum("it,ij,jt->t", c, inverse, c)
    return mean, variance + np.einsum("pt,pq,qt->t", lack, np.linalg.inv(information), lack)


def targets():
    return np.column_stack([a.ravel() for a in GRID.centres()])


def test_ordinary_kriging_is_the_dense_oracle(monkeypatch):
    points = tiny_points()
    monkeypatch.setattr(kriging, "fit_variogram", lambda *a, **k: VARIOGRAM)
    answer = Kriging().reconstruct(Observations(points=(points,)), GRID, draws=0)
    one, all_ones = np.ones((len(points), 1)), np.ones((99, 1))
    mean, variance = dense_oracle(points, one, all_ones, VARIOGRAM, targets())
    np.testing.assert_allclose(answer.mean().ravel(), mean, atol=1e-4)
    np.testing.assert_allclose(answer.std().ravel() ** 2, variance - 0.25, rtol=1e-4)


def test_universal_kriging_is_the_dense_oracle(monkeypatch):
    points = tiny_points()
    tx = Transmitter(10.0, -20.0, 25.0, 3.5e9, bearing_deg=None)
    monkeypatch.setattr(kriging, "fit_variogram", lambda *a, **k: VARIOGRAM)
    answer = UniversalKriging().reconstruct(Observations(points=(points,), transmitter=tx), GRID, draws=0)

    def drift(x, y):
        return np.column_stack([np.ones(len(x)), 10 * np.log10(np.sqrt((x - 10) ** 2 + (y + 20) ** 2 + 23.5**2))])

    at, on = drift(points.x, points.y), drift(*targets().T)
    mean, variance = dense_oracle(points, at, on, VARIOGRAM, targets())
    np.testing.assert_allclose(answer.mean().ravel(), mean, atol=1e-4)
    np.testing.assert_allclose(answer.std().ravel() ** 2, variance - 0.25, rtol=1e-4)


def test_universal_kriging_agrees_with_pykrige():
    from pykrige.uk import UniversalKriging as Theirs

    points = tiny_points(30)
    rng = np.random.default_rng(8)
    at, on = rng.normal(size=(30, 1)), rng.normal(size=(99, 1))
    with np.errstate(invalid="ignore"):
        theirs = Theirs(
            points.x, points.y, points.value, drift_terms=["specified"], specified_drift=[at[:, 0]],
            variogram_model="exponential", variogram_parameters={"psill": 30.0, "range": 60.0, "nugget": 4.0},
            exact_values=False,
        )  # fmt: skip
        x, y = targets().T
        mean, variance = theirs.execute("points", x, y, specified_drift_arrays=[on[:, 0]])
    ours = kriging.universal(points, VARIOGRAM, np.insert(at, 0, 1, axis=1), targets(), np.insert(on, 0, 1, axis=1))
    np.testing.assert_allclose(ours[0].ravel(), mean, atol=1e-6)
    np.testing.assert_allclose(ours[1].ravel(), variance, atol=1e-6)


def test_universal_kriging_recovers_an_exact_drift():
    rng = np.random.default_rng(0)
    tx = Transmitter(20.0, -20.0, 30.0, 3.5e9, bearing_deg=70.0, downtilt_deg=4.0)
    from openckm.maps.propagation import site_geometry

    geometry = site_geometry(GRID, tx)
    field = -40.0 + 1.6 * geometry.free_space_db + 0.8 * geometry.pattern_db
    cell = rng.choice(field.size, 40, replace=False)
    row, col = np.divmod(cell, GRID.shape[1])
    points = Points.exact(GRID.x[col], GRID.y[row], field[row, col], sigma=0.1)
    seen = Observations(points=(points,), transmitter=tx)
    answer = UniversalKriging().reconstruct(seen, GRID, draws=0)
    np.testing.assert_allclose(answer.mean(), field, atol=0.02)
    plain = Kriging().reconstruct(seen, GRID, draws=0)
    assert np.abs(plain.mean() - field).max() > 0.1  # the drift is what does it


@pytest.mark.parametrize("model", ["exponential", "spherical"])
def test_the_fit_finds_the_variogram_that_made_the_data(model):
    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 600, (400, 2))
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    truth = Variogram(model, 40.0, 150.0, 6.0)
    factor = np.linalg.cholesky(truth.covariance(distance) + truth.nugget * np.eye(400))
    fits = [fit_variogram(xy, factor @ rng.standard_normal(400) - 90, np.ones((400, 1)), models=(model,))
            for _ in range(5)]  # fmt: skip
    assert np.median([f.nugget for f in fits]) == pytest.approx(6.0, rel=0.35)
    assert np.median([f.psill for f in fits]) == pytest.approx(40.0, rel=0.35)
    assert np.median([f.range_m for f in fits]) == pytest.approx(150.0, rel=0.4)


def test_local_kriging_stays_close_to_global(monkeypatch):
    rng = np.random.default_rng(2)
    grid = Grid((24, 24), 5.0)
    cell = rng.choice(24 * 24, 150, replace=False)
    row, col = np.divmod(cell, 24)
    value = -80 + 8 * np.sin(grid.x[col] / 25) + rng.normal(0, 1, 150)
    seen = Observations(points=(Points.exact(grid.x[col], grid.y[row], value, sigma=1.0),))
    whole = Kriging().reconstruct(seen, grid, draws=0)
    monkeypatch.setattr(kriging, "GLOBAL_LIMIT", 100)
    local = Kriging().reconstruct(seen, grid, draws=0)
    assert np.abs(local.mean() - whole.mean()).max() < 0.5
    assert not np.array_equal(local.mean(), whole.mean())


def test_correlation_models_match_pykrige():
    from pykrige.variogram_models import exponential_variogram_model, spherical_variogram_model

    h = np.linspace(0.0, 300.0, 50)
    for model, theirs in (("exponential", exponential_variogram_model), ("spherical", spherical_variogram_model)):
        ours = 7.0 * (1 - correlation(model, h, 120.0)) + 2.0
        np.testing.assert_allclose(ours, theirs([7.0, 120.0, 2.0], h), atol=1e-12)


def test_an_unknown_model_is_refused():
    with pytest.raises(OptionError, match="unknown variogram model 'cubic'"):
        Kriging(models=("cubic",)).reconstruct(Observations(points=(tiny_points(),)), GRID)
