"""The shipped denoiser: shapes, preconditioning, what it is told, size."""

import pytest
import torch

from openckm.errors import OptionError
from openckm.nn.arithmetic import using
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, SIZES, MapDenoiser, MapDenoiserOptions


@pytest.fixture
def small() -> MapDenoiser:
    """Return a small denoiser whose last layer, zero at the start, is awake."""
    torch.manual_seed(0)
    denoiser = MapDenoiser(MapDenoiserOptions(widths=(8, 16, 16), blocks=1))
    torch.nn.init.normal_(denoiser.network.exit.weight, std=0.05)
    for name, parameter in denoiser.named_parameters():
        if name.endswith(("conv2.weight", "attention.out.weight")):
            torch.nn.init.normal_(parameter, std=0.05)
    return denoiser


def noisy(rows: int = 16, cols: int = 16, count: int = 2) -> torch.Tensor:
    return torch.randn(count, 5, rows, cols, generator=torch.Generator().manual_seed(1))


def told(rows: int = 16, cols: int = 16, count: int = 2) -> Condition:
    generator = torch.Generator().manual_seed(2)
    base = Condition.nothing(count, (rows, cols))
    return Condition(
        torch.rand(base.site.shape, generator=generator),
        torch.rand(base.evidence.shape, generator=generator),
        base.scalars,
    )


SIGMA = torch.tensor([0.1, 3.0])


@pytest.mark.parametrize(("rows", "cols"), [(16, 16), (32, 16), (16, 48)])
def test_shapes_of_sizes_that_divide(small, rows, cols):
    got = small(noisy(rows, cols), SIGMA, told(rows, cols))
    assert got.mean.shape == got.var.shape == (2, 5, rows, cols)
    assert bool((got.var > 0).all())


def test_sizes_that_do_not_divide_are_refused():
    denoiser = MapDenoiser()
    assert denoiser.multiple == 16
    with pytest.raises(OptionError, match="divisible by 16; pad it"):
        denoiser(noisy(16, 24), SIGMA)


def test_size_of_the_shipped_network():
    count = sum(p.numel() for p in MapDenoiser().parameters())
    assert 4.5e6 < count < 6e6
    assert count == pytest.approx(5.16e6, rel=0.01)


@pytest.mark.parametrize(("name", "count"), [("xs", 811_032), ("s", 5_162_536), ("m", 18_920_104)])
def test_named_sizes(name, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in MapDenoiser(SIZES[name]).parameters()) == count
    assert SIZES["s"] == MapDenoiserOptions()


def test_no_condition_is_the_empty_condition(small):
    bare, empty = small(noisy(), SIGMA), small(noisy(), SIGMA, Condition.nothing(2, (16, 16)))
    assert torch.equal(bare.mean, empty.mean)
    assert torch.equal(bare.var, empty.var)
    assert not torch.allclose(bare.mean, small(noisy(), SIGMA, told()).mean)


def test_forgotten_evidence_leaves_the_site(small):
    forgotten = small(noisy(), SIGMA, told().without_evidence()).mean
    base = told()
    site_alone = small(noisy(), SIGMA, Condition(base.site, torch.zeros_like(base.evidence), base.scalars)).mean
    assert torch.equal(forgotten, site_alone)
    assert not torch.allclose(forgotten, small(noisy(), SIGMA, base).mean)


def test_a_fresh_network_is_the_denoiser_of_white_noise():
    """Its last layer starts at 0: D = c_skip x, the answer for independent cells of standard deviation sigma_data."""
    x = noisy()
    got = MapDenoiser(MapDenoiserOptions(widths=(8, 16), blocks=1))(x, SIGMA)
    variance, noise = SIGMA_DATA**2, SIGMA.view(-1, 1, 1, 1) ** 2
    torch.testing.assert_close(got.mean, variance / (variance + noise) * x)
    torch.testing.assert_close(got.var, (variance * noise / (variance + noise)).expand(x.shape))


def test_maps_of_a_batch_do_not_mix(small):
    both, one = small(noisy(), SIGMA, told()).mean, noisy().clone()
    one[1] += 1.0
    changed = small(one, SIGMA, told()).mean
    torch.testing.assert_close(changed[0], both[0], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(changed[1], both[1])


def test_gradient_reaches_the_input_and_every_parameter(small):
    x = noisy().requires_grad_()
    got = small(x, SIGMA, told())
    (got.mean.square().sum() + got.var.sum()).backward()
    assert float(x.grad.abs().min()) > 0.0
    for name, parameter in small.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().max()) > 0.0, name


def test_the_gradient_is_the_derivative(small):
    double = small.double()
    x, along = noisy().double().requires_grad_(), noisy(count=2).flip(0).double()
    base = told()
    known = Condition(base.site.double(), base.evidence.double(), base.scalars.double())

    def total(value: torch.Tensor) -> torch.Tensor:
        return double(value, SIGMA.double(), known).mean.square().sum()

    (gradient,) = torch.autograd.grad(total(x), x)
    with torch.no_grad():
        slope = (total(x + 1e-2 * along) - total(x - 1e-2 * along)) / 2e-2
    assert float((gradient * along).sum()) == pytest.approx(float(slope), rel=1e-2)


@torch.no_grad()
@pytest.mark.parametrize("level", [0.005, 0.5, 40.0])
def test_bf16_is_finite_and_close(small, level):
    x, sigma = noisy() * (level**2 + 0.25) ** 0.5, torch.full((2,), level)
    exact = small(x, sigma, told())
    with using("bf16"):
        rough = small(x, sigma, told())
    assert bool(torch.isfinite(rough.mean).all() and torch.isfinite(rough.var).all())
    scale = level * SIGMA_DATA / (level**2 + SIGMA_DATA**2) ** 0.5
    assert float((rough.mean - exact.mean).abs().max()) < 0.1 * scale


def test_score_is_tweedies(small):
    got = small.score(noisy(), SIGMA)
    wanted = (small(noisy(), SIGMA).mean - noisy()) / SIGMA.view(-1, 1, 1, 1) ** 2
    torch.testing.assert_close(got, wanted)
