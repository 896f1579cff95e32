"""One call for all methods: cost, chunks, orientations, the default's rule."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fields import field, gain_domain, told

from openckm.errors import ComputationError, GridError, OptionError
from openckm.infer.choose import METHODS, choose_estimate, choose_method, share_read
from openckm.infer.exact.terms import terms_of
from openckm.infer.oriented import Oriented, orientation, turn_maps
from openckm.infer.posterior_draws import STEPS, STRENGTHS, sample_posterior
from openckm.infer.rivals.dps import DPSOptions, sample_dps
from openckm.maps.quantity import CHANNELS
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.observe import Downsample, Gaussian, Likelihood, Mask, PointSample, Select, map_domain
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser, MapDenoiserOptions

SHAPE = (1, 8, 8)
MAP = (len(CHANNELS), 16, 16)


def reading(seed: int = 1):
    prior = field()
    mask = Mask(gain_domain(), torch.rand(8, 8, generator=torch.Generator().manual_seed(0)) < 0.3)
    return prior, *told(prior, mask, 0.1, seed)


def tiny() -> MapDenoiser:
    torch.manual_seed(0)
    denoiser = MapDenoiser(MapDenoiserOptions(widths=(8, 16), blocks=1)).eval()
    torch.nn.init.normal_(denoiser.network.exit.weight, std=0.02)
    return denoiser.requires_grad_(False)


def on_maps(shape: tuple[int, int] = (16, 16)) -> Gaussian:
    domain = map_domain(shape)
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(0)) < 0.2
    return Gaussian(
        Mask(domain.only("gain_db"), mask) @ Select(domain, "gain_db"), 0.3 * torch.ones(1, 1, *shape), 0.05
    )


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("conditioned", "dps")])
def test_every_method_draws_nearer_to_the_posterior_than_the_prior_does(method):
    prior, likelihood, posterior = reading()
    steps = 10 if method == "daps" else None
    found = sample_posterior(prior, likelihood, SHAPE, method=method, steps=steps, draws=10)
    assert found.maps.shape == (10, *SHAPE)
    off = (found.maps.double().mean(0) - posterior.mean).square().mean().sqrt()
    assert float(off) < 0.8 * float((prior.mean - posterior.mean).square().mean().sqrt())


def test_algorithm_2_is_one_of_them():
    prior, likelihood, _ = reading()
    plain = Gaussian(likelihood.operator, likelihood.y.float(), 0.1)
    found = sample_posterior(prior, plain, SHAPE, method="dps", steps=20, draws=2)
    own = sample_dps(prior, plain, SHAPE, DPSOptions(steps=20, zeta=STRENGTHS["dps"]), 2)
    assert torch.equal(found.maps, own.draws) and found.network_evaluations == 2 * 20 * 3


@pytest.mark.parametrize("method", STRENGTHS)
def test_the_tuning_constant_can_be_given(method):
    prior, likelihood, _ = reading()
    plain = Gaussian(likelihood.operator, likelihood.y.float(), 0.1)
    usual, same, other = (
        sample_posterior(prior, plain, SHAPE, method=method, steps=3, draws=1, strength=s).maps
        for s in (None, STRENGTHS[method], 0.5 * STRENGTHS[method])
    )
    assert torch.equal(usual, same) and not torch.allclose(usual, other)


@pytest.mark.parametrize(("method", "each"), [("jfs", 1), ("conditioned", 1), ("diffpir", 1), ("mmps", 9), ("daps", 4)])
def test_cost_is_counted_in_forward_passes(method, each):
    class Counting(Denoiser):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.calls = field(), 0

        def forward(self, x, sigma, condition=None):
            self.calls += len(x)
            return self.inner(x, sigma)

    _, likelihood, _ = reading()
    denoiser = Counting()
    found = sample_posterior(denoiser, likelihood, SHAPE, method=method, steps=3, draws=2)
    assert found.network_evaluations == 2 * 3 * each
    assert denoiser.calls == (2 * 3 * each if method != "mmps" else 2 * 3)
    assert STEPS[method] >= 1


def test_a_draw_is_a_function_of_seed_and_number():
    denoiser, likelihood = tiny(), on_maps((128, 128))
    shape = (len(CHANNELS), 128, 128)  # four to a batch
    few = sample_posterior(denoiser, likelihood, shape, steps=2, draws=2, seed=3)
    more = sample_posterior(denoiser, likelihood, shape, steps=2, draws=5, seed=3)
    torch.testing.assert_close(more.maps[:2], few.maps, atol=1e-5, rtol=1e-5)
    other = sample_posterior(denoiser, likelihood, shape, steps=2, draws=1, seed=4)
    assert float((other.maps[0] - few.maps[0]).abs().max()) > 0.01
    seen: list[tuple[int, int]] = []
    sample_posterior(denoiser, likelihood, shape, steps=2, draws=5, progress=lambda *at: seen.append(at))
    assert seen == [(4, 10), (8, 10), (9, 10), (10, 10)]


def test_conditions_follow_their_draws():
    class Watching(MapDenoiser):
        def forward(self, x, sigma, condition=None):
            self.seen = getattr(self, "seen", [])
            self.seen += condition.scalars[:, 0].tolist()
            return Denoised(torch.zeros_like(x), torch.ones_like(x))

    denoiser = Watching(MapDenoiserOptions(widths=(8,), blocks=1))
    base = Condition.nothing(3, (16, 16))
    each = Condition(base.site, base.evidence, torch.arange(6.0).view(3, 2))
    sample_posterior(denoiser, on_maps(), MAP, each, steps=1, draws=3)
    assert denoiser.seen == [0.0, 2.0, 4.0]
    with pytest.raises(OptionError, match="one per draw"):
        sample_posterior(denoiser, on_maps(), MAP, each, steps=1, draws=2)


@pytest.mark.parametrize("k", SYMMETRIES)
def test_turned_maps_are_those_of_the_symmetry(k):
    x = torch.randn(2, *MAP[:1], 8, 12)
    torch.testing.assert_close(turn_maps(k, x), torch.as_tensor(apply_symmetry(k, x.numpy(), CHANNELS)))
    torch.testing.assert_close(turn_maps(inverse_symmetry(k), turn_maps(k, x)), x)


def test_an_oriented_denoiser_turns_there_and_back():
    denoiser = tiny()
    x, sigma = torch.randn(3, *MAP), torch.full((3,), 0.4)
    base = Condition.nothing(1, (16, 16))
    told_site = Condition(torch.randn(base.site.shape), base.evidence, base.scalars)
    turns = (0, 3, 6)
    found = Oriented(denoiser, turns, told_site.repeat(3))(x, sigma)
    for i, k in enumerate(turns):
        moved = denoiser(turn_maps(k, x[i : i + 1]), sigma[:1], told_site.turned(k))
        torch.testing.assert_close(
            found.mean[i : i + 1], turn_maps(inverse_symmetry(k), moved.mean), atol=1e-5, rtol=1e-5
        )
    assert found.var is not None and bool((found.var > 0).all())
    assert [orientation(k, square=False) for k in range(5)] == [0, 2, 4, 6, 0]
    with pytest.raises(OptionError):
        Oriented(denoiser, (0,), None)(x, sigma)


def test_the_rule_of_the_default():
    domain = map_domain((16, 16))
    gain = Select(domain, "gain_db")
    nothing = Condition.nothing(1, (16, 16))
    evidence = nothing.evidence.clone()
    evidence[0, 2, 3, 4] = 0.5
    in_planes = Condition(nothing.site, evidence, nothing.scalars)

    def of(share: float) -> Likelihood:
        mask = Mask(domain.only("gain_db"), torch.arange(256).view(16, 16) < 256 * share)
        return Gaussian(mask @ gain, torch.zeros(1, 1, 16, 16), 0.1)

    few_points = Gaussian(PointSample(domain, np.array([1]), np.array([2])), torch.zeros(1, 1, 1), 0.1)
    blocks = Gaussian(Downsample(domain.only("gain_db"), 8) @ gain, torch.zeros(1, 1, 2, 2), 0.1)
    assert {choose_method(one) for one in (of(0.5), of(0.02), few_points, blocks)} == {"jfs"}
    assert choose_method(of(0.0)) == "conditioned"
    assert choose_estimate(of(0.02), in_planes) == choose_estimate(few_points, in_planes) == "refined"
    assert choose_estimate(of(0.5), in_planes) == choose_estimate(blocks, in_planes) == "jfs"
    assert {choose_estimate(one, nothing) for one in (of(0.5), of(0.02), blocks)} == {"jfs"}
    assert share_read(terms_of(of(0.25))) == 0.25

    class Odd(Likelihood):
        def __init__(self) -> None:
            self.domain = domain

        def log_prob(self, x):
            return x.flatten(1).sum(1)

        def residual(self, x):
            return x.flatten(1)

    assert choose_method(Odd()) == "dps"
    auto = sample_posterior(tiny(), of(0.5), MAP, method="auto", steps=2, draws=1)
    once = sample_posterior(tiny(), of(0.5), MAP, in_planes, method="auto", steps=2, draws=1)
    assert torch.equal(once.maps, auto.maps)
    same = sample_posterior(tiny(), of(0.5), MAP, method="jfs", steps=2, draws=1)
    assert torch.equal(auto.maps, same.maps)


def test_bad_arguments_are_refused():
    prior, likelihood, _ = reading()
    for change in ({"draws": 0}, {"steps": 0}, {"method": "magic"}, {"seed": -1}, {"strength": 1.0}):
        with pytest.raises(OptionError):
            sample_posterior(prior, likelihood, SHAPE, **change)
    with pytest.raises(GridError):
        sample_posterior(prior, likelihood, (1, 8, 9))

    class Broken(Denoiser):
        def forward(self, x, sigma, condition=None):
            return Denoised(x * float("nan"), torch.ones_like(x))

    with pytest.raises(ComputationError):
        sample_posterior(Broken(), likelihood, SHAPE, method="conditioned")


def test_chains_that_stop_early_scatter_less_about_the_same_mean():
    prior, likelihood, posterior = reading()
    ends = {
        mean: sample_posterior(prior, likelihood, SHAPE, draws=64, mean=mean, steps=24).maps.double()
        for mean in (False, True)
    }
    scatter = {mean: float(maps.std(0).mean()) for mean, maps in ends.items()}
    assert scatter[True] < 0.7 * scatter[False]
    prior_off = float((prior.mean - posterior.mean).square().mean().sqrt())
    for mean, maps in ends.items():
        off = float((maps.mean(0) - posterior.mean).square().mean().sqrt())
        assert off < 0.1 * prior_off, mean


def test_only_some_methods_stop_early():
    prior, likelihood, _ = reading()
    with pytest.raises(OptionError, match="dps"):
        sample_posterior(prior, likelihood, SHAPE, method="dps", mean=True)
