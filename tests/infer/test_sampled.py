"""Evidence that cannot be brought in exactly is sampled by the same one call: no second engine, and no refusal."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openckm.errors import GridError, OptionError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.draws import OutOfTime
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.observe.likelihood import Likelihood
from openckm.observe.operators import map_domain
from openckm.observe.spec import likelihood_from_spec
from worlds import tiny_denoiser

SIDE = 48
GRID = Grid((SIDE, SIDE), 4.0)
METHOD = OpenCKM(LoadedPrior(tiny_denoiser(0), "tiny"), steps=4, symmetrise=False, calibrated=False)
NOTHING = Observations()


def of(channel, y, **steps):
    chain = [{"type": "select", "channels": [channel]}]
    chain += [{"type": name, **how} for name, how in steps.items()]
    spec = {"type": "gaussian", "operator": {"type": "chain", "steps": chain}, "y": y.tolist(), "unit": "physical"}
    return likelihood_from_spec(spec | {"sigma": 1.0 if channel == "gain_db" else 0.05}, map_domain(GRID.shape))


def every_cell():
    """The gain of all cells: more readings than are brought in at once."""
    row, col = np.mgrid[:SIDE, :SIDE]
    gain = -90.0 - 0.5 * col + 6.0 * np.sin(row / 6.0)
    return gain, of("gain_db", gain)


@pytest.mark.parametrize("draws", [0, 1, 4])
def test_a_map_read_in_every_cell_agrees_with_its_readings(draws):
    gain, likelihood = every_cell()
    found = METHOD.reconstruct(NOTHING, GRID, draws=draws, likelihood=likelihood)
    assert np.sqrt(np.mean((found.mean() - gain) ** 2)) < 1.5, "readings are good to 1 dB"
    assert found.provenance["draw_by"] == ("jfs" if draws else "mean") and found.provenance["unit"] == "dB"
    if draws > 1:
        drawn = found.draws()
        np.testing.assert_allclose(found.mean(), drawn.mean(0), atol=1e-4)
        np.testing.assert_allclose(found.std(), drawn.std(0, ddof=1), atol=1e-4)


def test_the_direction_may_be_read_too():
    east = np.full((6, 6), 0.6)
    likelihood = of("aoa_cos", east, downsample={"factor": 8, "kernel": "mean"})
    found = METHOD.reconstruct(NOTHING, GRID, draws=3, likelihood=likelihood)
    blocks = found.mean("aoa_cos").reshape(6, 8, 6, 8).mean(axis=(1, 3))
    np.testing.assert_allclose(blocks, east, atol=0.15)


def test_a_few_averages_of_the_gain_need_no_sampler():
    """The closed form answers, and asking for jfs by name gives nearly the same blocks."""
    wanted = np.array([[-80.0, -95.0], [-100.0, -105.0]])
    likelihood = of("gain_db", wanted, downsample={"factor": 24, "kernel": "mean"})
    exact, drawn = (
        OpenCKM(METHOD.prior, steps=4, symmetrise=False, calibrated=False, draw_by=by).reconstruct(
            NOTHING, GRID, draws=4, likelihood=likelihood
        )
        for by in ("conditioned", "jfs")
    )
    assert "draw_by" not in exact.provenance and exact.provenance["further_evidence"]["readings"] == 4
    for found in (exact, drawn):
        np.testing.assert_allclose(found.mean().reshape(2, 24, 2, 24).mean(axis=(1, 3)), wanted, atol=2.5)


def test_what_a_deadline_cuts_is_the_mean_and_says_so():
    _, likelihood = every_cell()
    cut = METHOD.reconstruct(NOTHING, GRID, draws=4, likelihood=likelihood, deadline_s=1e-6)
    assert "draws" not in cut.dataset and cut.provenance["draw_by"] == "mean"
    assert "upper bound" in cut.provenance["spread"]


class Odd(Likelihood):
    """An instrument for which no site is known."""

    domain = map_domain(GRID.shape)

    def residual(self, x):
        return (x[:, 0].mean((1, 2)) - 0.2)[:, None] / 0.1

    def log_prob(self, x):
        return -0.5 * (self.residual(x) ** 2).sum(1)


def test_an_instrument_without_a_site_is_drawn_by_algorithm_2_or_not_at_all():
    short = OpenCKM(METHOD.prior, steps=3, symmetrise=False)
    assert short.reconstruct(NOTHING, GRID, draws=2, likelihood=Odd()).provenance["draw_by"] == "dps"
    with pytest.raises(OutOfTime):
        short.reconstruct(NOTHING, GRID, draws=0, likelihood=Odd())


def test_a_sampler_beside_readings_at_points_and_odd_sides_are_refused():
    _, likelihood = every_cell()
    x = np.arange(5.0) * 20 + 2
    points = Observations(points=(Points.exact(x, -x, -80 - x / 10, sigma=1.0, unit="dB"),))
    with pytest.raises(OptionError, match="readings at points"):
        OpenCKM(METHOD.prior, draw_by="jfs").reconstruct(points, GRID, likelihood=likelihood)
    odd = Grid((SIDE, 20), 4.0)
    domain = map_domain(odd.shape)
    spec = {"type": "gaussian", "operator": {"type": "select", "channels": ["aoa_cos"]}, "sigma": 0.1}
    read = likelihood_from_spec(spec | {"y": np.zeros(odd.shape).tolist()}, domain)
    with pytest.raises(GridError, match="divides"):
        METHOD.reconstruct(NOTHING, odd, likelihood=read)
    assert torch.isfinite(read.log_prob(torch.zeros(1, *domain.full_shape))).all()
