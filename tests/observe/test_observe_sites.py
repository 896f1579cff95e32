"""Per-cell sites against brute-force integration, in both tails, and without NaN for any finite input."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from brute import in_the_plane, on_the_line
from scipy.stats import norm

from openckm.observe.nonlinear import Quantize, QuantizeAngle, QuantizeDirection
from openckm.observe.operators import Domain, map_domain
from openckm.observe.sites import (
    ClipSite,
    IntervalSite,
    NormalSite,
    Site,
    Stairs,
    StairSite,
    equivalent,
    truncated_moments,
)
from openckm.observe.wedge import Vector, wedge_moments

INF = math.inf
YES = torch.ones(1, dtype=torch.bool)


def t(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


def agrees(site: Site, log_site, mean: float, var: float, kinks: tuple[float, ...] = (), rel: float = 1e-6) -> None:
    found = site.moments(t(mean), t(var))
    log_mass, centre, spread = on_the_line(log_site, mean, var, kinks)
    assert found.log_mass.item() == pytest.approx(log_mass, rel=1e-7, abs=1e-6)
    assert abs(found.mean.item() - centre) < 1e-6 * math.sqrt(spread) + 1e-12 * abs(centre)
    assert found.var.item() == pytest.approx(spread, rel=max(rel, 1e-6))


ENDS = [(-1.0, 1.0), (5.0, 6.0), (30.0, 31.0), (30.0, INF), (-INF, -30.0), (-31.0, -30.0), (0.0, 1e-6), (-INF, 3.0),
        (-8.0, 8.0), (-20.0, 20.0), (-0.1, 50.0), (-INF, INF), (1.0, 1.002), (29.9, 30.0), (100.0, 101.0)]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), ENDS)
@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_moments_of_a_cut_normal(low, high, scale):
    def inside(z):
        return np.where((z >= scale * low) & (z <= scale * high), 0.0, -INF)

    kinks = tuple(scale * e for e in (low, high) if math.isfinite(e))
    found = truncated_moments(t(0.0), t(scale**2), t(scale * low), t(scale * high))
    log_mass, mean, var = on_the_line(inside, 0.0, scale**2, kinks)
    assert found.log_mass.item() == pytest.approx(log_mass, rel=1e-7, abs=1e-6)
    assert abs(found.mean.item() - mean) < 1e-6 * math.sqrt(var)
    assert found.var.item() == pytest.approx(var, rel=1e-5)


def test_single_precision_is_quick_and_nearly_as_good():
    generator = torch.Generator().manual_seed(0)
    mean, size = (torch.randn(2000, generator=generator, dtype=torch.float64) for _ in range(2))
    mean, width = 3.0 * mean, 10.0**size
    high = torch.where(torch.rand(2000, generator=generator) < 0.3, INF, 0.5 * width)
    exact = truncated_moments(mean, torch.ones_like(mean), -0.5 * width, high)
    single = (part.float() for part in (mean, torch.ones_like(mean), -0.5 * width, high))
    found = truncated_moments(*single)
    assert found.mean.dtype == torch.float32
    assert float(((found.mean.double() - exact.mean) / exact.var.sqrt()).abs().max()) < 1e-4
    assert float((found.var.double() / exact.var - 1.0).abs().max()) < 1e-3
    assert float((found.log_mass.double() - exact.log_mass).abs().max()) < 1e-4


def test_the_far_tail_of_a_cut_normal_is_exponential():
    for far in (1e4, 1e6):
        found = truncated_moments(t(0.0), t(1.0), t(far), t(INF))
        assert (found.mean.item() - far) * far == pytest.approx(1.0, abs=1e-3)
        assert found.var.item() * far**2 == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("mean", "var", "sigma"), [(0.0, 1.0, 0.3), (2.0, 0.01, 0.02), (-3.0, 0.01, 0.1), (0.3, 4.0, 2.0)]
)
@pytest.mark.parametrize(("low", "high"), [(-0.2, 0.4), (-INF, 0.0), (0.1, INF), (0.5, 0.5)])
def test_noise_before_the_device(mean, var, sigma, low, high):
    def log_site(z):
        if low == high:
            return norm.logpdf(low, z, sigma)
        above = norm.logcdf((high - z) / sigma), norm.logcdf((low - z) / sigma)
        below = norm.logsf((low - z) / sigma), norm.logsf((high - z) / sigma)
        pair = [np.where(z > 0.5 * (max(low, -9) + min(high, 9)), a, b) for a, b in zip(above, below, strict=True)]
        return pair[0] + np.log1p(-np.exp(np.minimum(pair[1] - pair[0], -1e-300)))

    agrees(IntervalSite(t(low), t(high), t(sigma), YES), log_site, mean, var)


@pytest.mark.parametrize(("mean", "var"), [(0.0, 1.0), (3.0, 0.01), (-3.0, 0.01), (0.35, 0.04), (30.0, 1.0)])
@pytest.mark.parametrize("y", [-0.5, 0.4, 0.1, 0.43, 2.0])
def test_clip_then_noise(mean, var, y):
    def log_site(z):
        return norm.logpdf(y, np.clip(z, -0.5, 0.4), 0.05)

    agrees(ClipSite(-0.5, 0.4, t(y), t(0.05), YES), log_site, mean, var, (-0.5, 0.4))


def test_a_range_open_at_one_end_is_clipped_at_the_other_alone():
    def log_site(z):
        return norm.logpdf(0.2, np.maximum(z, 0.1), 0.05)

    agrees(ClipSite(0.1, INF, t(0.2), t(0.05), YES), log_site, 0.0, 0.5, (0.1,))


DOMAIN = Domain(("gain_db",), "latent", (1, 1))
DEVICES = [Quantize(DOMAIN, step=0.3, origin=0.1), Quantize(DOMAIN, levels=(-1.0, -0.2, 0.0, 0.7, 3.0)),
           QuantizeAngle(map_domain((1, 1), "pixel", ("aoa_sin",)), 24, np.zeros((1, 1), bool)),
           QuantizeAngle(map_domain((1, 1), "pixel", ("aoa_sin",)), 6, np.zeros((1, 1), bool))]  # fmt: skip


@pytest.mark.parametrize("device", DEVICES, ids=["step", "levels", "24 sectors", "6 sectors"])
@pytest.mark.parametrize(
    ("mean", "var", "y", "sigma"), [(0.0, 0.5, 0.55, 0.05), (0.9, 0.001, 0.2, 0.1), (0.6, 0.04, 0.6, 0.01)]
)
def test_stairs_then_noise(device, mean, var, y, sigma):
    stairs = device.stairs()

    def log_site(z):
        value = torch.as_tensor(z).view(-1, 1, 1, 1)
        log_density = norm.logpdf(y, device(value).flatten().numpy(), sigma)
        return np.where((value.flatten() >= stairs.ends[0]) & (value.flatten() <= stairs.ends[1]), log_density, -np.inf)

    numbers = torch.arange(-12.0, 12.0, dtype=torch.float64)
    edges = stairs.bin(numbers, numbers)[1][stairs.exists(numbers)]
    kinks = tuple(e for e in (*edges.tolist(), *stairs.ends) if abs(e) < 3.0)
    agrees(StairSite(stairs, t(y), t(sigma), YES), log_site, mean, var, kinks)


def test_no_sine_lies_beyond_1():
    """A belief that leans over the end of the sine stays within it, whatever the sector that was read."""
    stairs = DEVICES[2].stairs()
    assert stairs.ends == pytest.approx((0.3, 1.0))
    for y in (0.32, 0.7, 0.984, 0.997):
        for mean in (-0.5, 0.2, 1.1, 2.0):
            found = StairSite(stairs, t(y), t(0.01), YES).moments(t(mean), t(0.02))
            assert 0.3 <= found.mean.item() <= 1.0 and 0.0 < found.var.item() < 0.02
            assert abs(found.mean.item() - y) < 0.06, "the sector that was read, or the next one near the ends"


def test_stairs_name_the_bins_of_their_device():
    for device in DEVICES:
        stairs = device.stairs()
        x = torch.linspace(-2.0, 2.0, 401, dtype=torch.float64).clamp(*stairs.ends)
        low, high, level = stairs.bin(stairs.index(x), x)
        assert bool(((low <= x + 1e-12) & (x <= high + 1e-12)).all())
        torch.testing.assert_close(level, device(x.view(-1, 1, 1, 1)).flatten(), rtol=0, atol=1e-12)


def test_fine_stairs_are_uniform_noise():
    mean, var, sigma, step = 0.2, 0.3, 0.5, 0.01
    found = StairSite(Stairs(step), t(0.7), t(sigma), YES).moments(t(mean), t(var))
    expected = NormalSite(t(0.7), t(math.sqrt(sigma**2 + step**2 / 12)), YES).moments(t(mean), t(var))
    assert found.mean.item() == pytest.approx(expected.mean.item()) and found.var.item() == pytest.approx(
        expected.var.item()
    )


def test_the_equivalent_site_has_the_same_effect():
    mean, var = torch.tensor([0.0, 1.0, -4.0], dtype=torch.float64), torch.tensor([1.0, 0.1, 0.5], dtype=torch.float64)
    site = IntervalSite(torch.full_like(mean, 0.2), torch.full_like(mean, 0.5), torch.full_like(mean, 0.01), YES)
    tilted = site.moments(mean, var)
    precision, shift = equivalent(tilted, mean, var)
    after = 1.0 / (1.0 / var + precision)
    torch.testing.assert_close(after, tilted.var, rtol=1e-6, atol=0)
    torch.testing.assert_close(after * (mean / var + shift), tilted.mean, rtol=1e-6, atol=1e-9)


def test_a_site_that_widens_a_belief_keeps_its_mean():
    stairs = Stairs(edges=torch.tensor([-1.0, 1.0], dtype=torch.float64), levels=torch.tensor([0.0, 5.0, 0.0]).double())
    mean, var = t(0.3), t(1.0)
    tilted = StairSite(stairs, t(0.0), t(0.1), YES).moments(mean, var)  # everywhere but in the middle
    assert tilted.var > var
    precision, shift = equivalent(tilted, mean, var)
    assert precision.item() == 0.0
    assert (var * (mean / var + shift)).item() == pytest.approx(tilted.mean.item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_finite_input_gives_nan(dtype):
    rng = np.random.default_rng(0)
    n = 20_000

    def wild(count: int) -> torch.Tensor:
        return torch.as_tensor(rng.choice([-1, 1], count) * 10.0 ** rng.uniform(-6, 6, count), dtype=dtype)

    mean, y, ends = wild(n), wild(n), torch.sort(torch.stack([wild(n), wild(n)]), 0).values
    var, sigma = (torch.as_tensor(10.0 ** rng.uniform(-10, 6, n), dtype=dtype) for _ in range(2))
    low = torch.where(torch.as_tensor(rng.random(n) < 0.2), -INF, ends[0])
    high = torch.where(torch.as_tensor(rng.random(n) < 0.2), INF, ends[1])
    seen = torch.ones(n, dtype=torch.bool)
    sites = [NormalSite(y, sigma, seen), IntervalSite(low, high, sigma, seen), ClipSite(-0.5, 0.7, y, sigma, seen),
             ClipSite(-INF, 0.7, y, sigma, seen), StairSite(Stairs(0.3), y, sigma, seen),
             StairSite(DEVICES[1].stairs(), y, sigma, seen)]  # fmt: skip
    for site in sites:
        found = site.moments(mean, var)
        assert bool(torch.isfinite(found.mean).all()) and bool(torch.isfinite(found.var).all())
        assert bool((found.var >= 0).all())
        assert all(bool(torch.isfinite(v).all()) for v in equivalent(found, mean, var))


WEDGES = [((30.0, 0.0), (1, 0, 1), 0.5, 1.0), ((30.0, 0.0), (1, 0, 1), 1.5, 2.0), ((30.0, 0.0), (1, 0, 1), 2.5, 3.0),
          ((0.0, 0.0), (1, 0, 1), 2.5, 3.0), ((0.5, -0.5), (0.04, 0.03, 0.09), -1.0, 1.5),
          ((-0.7, 0.1), (0.2, -0.1, 0.1), 2.9, 3.5), ((0.6, 0.2), (1e-4, 0, 4e-4), 0.0, 0.262),
          ((0.1, 0.1), (0.02, 0.01, 0.2), -2.0, 3.9)]  # fmt: skip


@pytest.mark.parametrize(("mean", "cov", "low", "high"), WEDGES)
def test_wedges(mean, cov, low, high):
    matrix = np.array([[cov[0], cov[1]], [cov[1], cov[2]]], float)
    log_mass, centre, spread = in_the_plane(np.array(mean), matrix, low, high)
    belief = Vector(*(t(float(v)) for v in (*mean, *cov)))
    for nodes, tolerance in ((28, 3e-4), (14, 5e-3)):
        found = wedge_moments(belief, t(low), t(high), 0.0, nodes)
        v = found.vector
        deviation = np.sqrt(np.diag(spread))
        assert found.log_mass.item() == pytest.approx(log_mass, abs=tolerance)
        assert (np.abs(np.array([v.east.item(), v.north.item()]) - centre) < tolerance * deviation).all()
        got = np.array([[v.ee.item(), v.en.item()], [v.en.item(), v.nn.item()]])
        assert (np.abs(got - spread) < 3 * tolerance * np.outer(deviation, deviation)).all()


def test_a_wedge_with_noise_before_the_device_is_one_of_a_wider_belief():
    belief = Vector(*(t(v) for v in (0.5, -0.3, 0.04, 0.02, 0.09)))
    found = wedge_moments(belief, t(0.2), t(1.1), 0.01)
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal([0.5, -0.3], [[0.04, 0.02], [0.02, 0.09]], 400_000)
    p = x + 0.1 * rng.standard_normal(x.shape)
    inside = x[(np.arctan2(p[:, 1], p[:, 0]) > 0.2) & (np.arctan2(p[:, 1], p[:, 0]) < 1.1)]
    error = inside.std(0) / math.sqrt(len(inside))
    assert (np.abs(inside.mean(0) - [found.vector.east.item(), found.vector.north.item()]) < 4 * error).all()
    assert math.exp(found.log_mass.item()) == pytest.approx(len(inside) / len(x), rel=4 / math.sqrt(len(inside)))
    assert np.cov(inside.T)[0, 1] == pytest.approx(
        found.vector.en.item(), abs=4 * error.prod() * math.sqrt(len(inside))
    )


def test_wedges_all_round_add_up_and_the_whole_circle_says_nothing():
    belief = Vector(*(t(v) for v in (0.1, 0.2, 0.3, -0.1, 0.2)))
    edges = np.linspace(-math.pi, math.pi, 9)
    parts = [wedge_moments(belief, t(a), t(b)) for a, b in pairwise(edges)]
    assert sum(math.exp(p.log_mass.item()) for p in parts) == pytest.approx(1.0, abs=1e-6)
    whole = wedge_moments(belief, t(0.3), t(0.3 + 2 * math.pi))
    assert whole.log_mass.item() == pytest.approx(0.0, abs=1e-6)
    for got, wanted in zip(whole.vector, belief, strict=True):
        assert got.item() == pytest.approx(wanted.item(), abs=1e-6)


def test_no_finite_belief_gives_nan_in_a_wedge():
    rng = np.random.default_rng(1)
    n = 5000

    def wild(low: float, high: float) -> torch.Tensor:
        return torch.as_tensor(10.0 ** rng.uniform(low, high, n))

    sign = [torch.as_tensor(rng.choice([-1.0, 0.0, 1.0], n)) for _ in range(2)]
    ee, nn = wild(-8, 4), wild(-8, 4)
    en = torch.as_tensor(rng.uniform(-0.99, 0.99, n)) * (ee * nn).sqrt()
    belief = Vector(sign[0] * wild(-6, 4), sign[1] * wild(-6, 4), ee, en, nn)
    low = torch.as_tensor(rng.uniform(-7, 7, n))
    high = low + torch.as_tensor(rng.choice([1e-6, 0.1, 1.0, 3.0, 6.28, 2 * math.pi], n))
    found = wedge_moments(belief, low, high, 1e-4)
    assert all(bool(torch.isfinite(v).all()) for v in found.vector)
    assert bool((found.vector.ee > 0).all()) and bool((found.vector.nn > 0).all())


def test_sector_bounds_hold_the_direction():
    device = QuantizeDirection(map_domain((4, 5)).only("aoa_cos", "aoa_sin"), 7)
    x = torch.randn(3, 2, 4, 5, dtype=torch.float64)
    low, high = device.sector_bounds(x)
    angle = torch.atan2(x[:, 1], x[:, 0])
    assert bool(((low <= angle) & (angle <= high)).all())
    torch.testing.assert_close(high - low, torch.full_like(low, 2 * math.pi / 7))
