"""Algorithm 2 as a method of the one call: readings in dBm, two phones, limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import MeasurementError, OptionError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.rivals import algorithm2
from openckm.infer.rivals.dps import DPSOptions
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from worlds import evidence, gaussian_field, readings, tiny_denoiser

GRID = Grid((32, 32), 4.0)
FIELD = gaussian_field(GRID, 3)


@pytest.fixture(scope="module")
def drive():
    """Two phones 8 dB apart, in dBm; what is weak was not heard."""
    points = readings(GRID, FIELD, 300, 1, noise=1.0, unit="dBm", offset=20.0)
    device = np.where(np.arange(300) % 2 == 0, "a", "b")
    value = points.value + np.where(device == "a", 4.0, -4.0)
    floor = float(np.quantile(value, 0.2))
    heard = value >= floor
    kind = np.where(heard, "exact", "below")
    return replace(points, device=device, value=np.where(heard, value, floor), kind=kind), floor


@pytest.fixture(scope="module")
def made(drive):
    points, _ = drive
    prior = LoadedPrior(tiny_denoiser(0), "tiny")
    with pytest.MonkeyPatch.context() as patch:
        short = DPSOptions(steps=15, zeta=2.0, final_denoise=True)
        patch.setattr(algorithm2.algorithm_2, "__defaults__", (short,))
        return [
            OpenCKM(prior, steps=2, symmetrise=False, calibrated=False, draw_by=by).reconstruct(
                evidence(points), GRID, draws=3
            )
            for by in ("conditioned", "dps")
        ]


def test_mean_and_spread_are_the_models_and_the_draws_another(made):
    told, dps = made
    np.testing.assert_array_equal(told.mean(), dps.mean())
    np.testing.assert_array_equal(told.std(), dps.std())
    assert np.abs(told.draws() - dps.draws()).max() > 0.5
    assert dps.provenance["draw_by"] == "dps" and dps.provenance["unit"] == "dBm" and "draw_by" not in told.provenance
    assert dps.provenance["network_evaluations"] > told.provenance["network_evaluations"] + 3 * 15


def test_draws_agree_with_readings_of_both_phones_and_with_limits(made, drive):
    (points, floor), (_, dps) = drive, made
    row, col = GRID.index_of(points.x, points.y)
    level = dps.provenance["devices"]
    at = dps.draws()[:, row, col] + np.array([level[str(d)][0] for d in points.device])
    heard = points.kind == "exact"
    assert np.abs(at - points.value)[:, heard].mean() < 3.0
    assert (at[:, ~heard] < floor + 4.0).mean() > 0.85


def test_without_readings_or_with_another_name_it_is_refused():
    method = OpenCKM(LoadedPrior(tiny_denoiser(0), "tiny"), steps=2, symmetrise=False, draw_by="dps")
    with pytest.raises(MeasurementError, match="Algorithm 2"):
        method.reconstruct(Observations(), GRID, draws=1)
    with pytest.raises(OptionError, match="wanted one of jfs"):
        replace(method, draw_by="magic").reconstruct(Observations(), GRID, draws=1)
