"""The refined mean is that of a Gaussian process around what the network said."""

from __future__ import annotations

import pytest
import torch
from fields import gain_domain

from openckm.errors import GridError
from openckm.infer.exact.jfs import JFSOptions
from openckm.infer.exact.spectrum import Covariance, Spectrum
from openckm.infer.refine import refined_mean
from openckm.observe import Gaussian, IntervalCensored, Mask, Select
from openckm.observe.operators import Domain
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser

SIDE, SIGMA = 16, 0.1
CHANNELS = ("gain_db", "aoa_cos", "aoa_sin", "building", "covered")


class Said(Denoiser):
    """A network that always says the same mean, with a variance that differs from cell to cell."""

    def __init__(self, mean: torch.Tensor, var: torch.Tensor) -> None:
        super().__init__()
        self.mean, self.var, self.calls = mean, var, 0

    def forward(self, x, sigma, condition=None):
        self.calls += 1
        return Denoised(self.mean.expand_as(x), self.var.expand_as(x))


class Short(Spectrum):
    """Correlations exp(-lag / 2), whatever the level."""

    def covariance(self, denoised, level):
        size = (2 * SIDE, 2 * SIDE)
        line = torch.minimum(torch.arange(size[0]), size[0] - torch.arange(size[0])).float()
        lags = torch.exp(-torch.sqrt(line[:, None] ** 2 + line[None] ** 2) / 2.0)
        density = torch.fft.rfft2(lags).real.clamp(min=0.0).expand(denoised.mean.shape[1], -1, -1)
        return Covariance(density, size, denoised.var.sqrt())


@pytest.fixture
def network():
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(1, 5, SIDE, SIDE, generator=generator)
    return Said(mean, 0.05 + 0.2 * torch.rand(1, 5, SIDE, SIDE, generator=generator))


def gain_mask(kept):
    domain = Domain(CHANNELS, "latent", (SIDE, SIDE))
    return Mask(domain.only("gain_db"), kept) @ Select(domain, "gain_db")


def half():
    return torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(4)) < 0.5


def test_it_is_the_gaussian_process_of_the_residual(network):
    kept = half()
    y = torch.where(kept, torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(5)), 0.0)
    likelihood = Gaussian(gain_mask(kept), y, SIGMA)
    exactly = JFSOptions(iterations=60, tolerance=0.03)
    found = refined_mean(network, likelihood, nothing(), symmetrise=False, spectrum=Short(), options=exactly)
    assert network.calls == 1

    seen = kept.flatten()
    row, col = (t.flatten().float() for t in torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij"))
    lag = torch.sqrt((row[:, None] - row[None]) ** 2 + (col[:, None] - col[None]) ** 2)
    scale = network.var[0, 0].flatten().sqrt()
    cov = scale[:, None] * torch.exp(-lag / 2.0) * scale[None]
    residual = (y - network.mean[:, :1]).flatten()[seen]
    gain = torch.linalg.solve(cov[seen][:, seen] + SIGMA**2 * torch.eye(int(seen.sum())), residual)
    exact = network.mean[0, 0].flatten() + cov[:, seen] @ gain
    assert float((found.mean[0, 0].flatten() - exact).abs().max()) < 0.02
    assert torch.equal(found.mean[:, 1:], network.mean[:, 1:]), "channels that nobody read were moved"


def test_limits_are_kept(network):
    above = network.mean[:, :1] + 1.0
    limits = IntervalCensored(gain_mask(torch.ones(SIDE, SIDE, dtype=torch.bool)), above, above + 0.5, 0.02)
    found = refined_mean(network, limits, nothing(), symmetrise=False, spectrum=Short()).mean[:, :1]
    inside = (found > above - 0.06) & (found < above + 0.56)
    assert float(inside.float().mean()) > 0.99


def test_no_readings_leave_what_the_network_said(network):
    nobody = Gaussian(gain_mask(torch.zeros(SIDE, SIDE, dtype=torch.bool)), torch.zeros(1, 1, SIDE, SIDE), SIGMA)
    found = refined_mean(network, nobody, nothing(), symmetrise=False, spectrum=Short())
    assert torch.equal(found.mean, network.mean)


def test_readings_of_other_maps_are_refused(network):
    other = gain_domain(SIDE + 1)
    with pytest.raises(GridError):
        refined_mean(
            network,
            Gaussian(Mask(other, torch.ones(SIDE + 1, SIDE + 1)), torch.zeros(1, 1, SIDE + 1, SIDE + 1), SIGMA),
            nothing(),
            symmetrise=False,
            spectrum=Short(),
        )


def nothing() -> Condition:
    return Condition.nothing(1, (SIDE, SIDE))
