"""Transport is exact where two posteriors differ by a shift, and the rule says where it must not be tried."""

import json
import math

import pytest
import torch

from openckm.errors import ModelError, OptionError
from openckm.flux.fallback import Readings, misfit
from openckm.flux.stages import Chain, merged_bound, noised
from openckm.flux.start import (
    KINDS,
    RULE_FILE,
    Source,
    WarmRule,
    centred,
    distance,
    prior_rule,
    start_level,
    transported,
)
from openckm.priors.denoiser import Denoised
from openckm.priors.exact import GaussianField, torus_spectrum

SHAPE = (5, 8, 8)
DRAWS = 4000


def field(mean: float, sd: float = 0.5) -> GaussianField:
    return GaussianField.stationary(torch.full(SHAPE, mean), torus_spectrum((8, 8), 1.5, sd))


def belief(f: GaussianField) -> Denoised:
    var = torch.diagonal(f.covariance()).reshape(1, *SHAPE).float()
    return Denoised(f.mean.reshape(1, *SHAPE).float(), var)


def drawn(f: GaussianField, count: int = DRAWS, seed: int = 0) -> torch.Tensor:
    values, vectors = torch.linalg.eigh(f.covariance())
    z = torch.randn(count, len(values), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = f.mean.flatten() + (z * values.clamp(min=0).sqrt()) @ vectors.T
    return x.reshape(count, *SHAPE).float()


def test_posteriors_that_differ_by_a_shift_are_transported_exactly():
    old, new = field(0.2), field(-0.7)
    x = transported(Source(drawn(old), belief(old)), belief(new))
    error = (x.mean(0) - new.mean.reshape(SHAPE)).abs().max()
    assert float(error) < 5 * 0.5 / DRAWS**0.5
    flat = x.flatten(1).double()
    covariance = (flat - flat.mean(0)).T @ (flat - flat.mean(0)) / (DRAWS - 1)
    assert float((covariance - new.covariance()).abs().max()) < 6 * 0.25 * math.sqrt(2 / DRAWS)
    copied = drawn(old)
    assert float((copied.mean(0) - new.mean.reshape(SHAPE)).abs().max()) > 0.8, "the test could not fail"


def test_scaled_residuals_have_the_predicted_size_and_plain_ones_keep_the_old():
    old, new = field(0.2, 0.4), field(0.1, 0.8)
    source = Source(drawn(old), belief(old))
    assert float(transported(source, belief(new), "scaled").var(0).mean()) == pytest.approx(0.64, rel=0.05)
    assert float(transported(source, belief(new)).var(0).mean()) == pytest.approx(0.16, rel=0.05)


def test_few_draws_about_their_own_mean_have_the_right_spread_and_exactly_the_new_mean():
    old, new = field(0.0), field(1.0)
    spread = []
    for k in range(400):
        x = transported(Source(drawn(old, 4, seed=k), belief(old)), belief(new), "centred")
        torch.testing.assert_close(x.mean(0), belief(new).mean[0], atol=1e-5, rtol=0)
        spread.append(float(((x - belief(new).mean) ** 2).mean()))
    assert sum(spread) / 400 == pytest.approx(0.25, rel=0.03)
    one = Source(drawn(old, 1), belief(old))
    torch.testing.assert_close(transported(one, belief(new), "centred"), transported(one, belief(new)))
    assert centred(drawn(old, 2)).sum(0).abs().max() < 1e-5


def test_a_second_stage_from_the_right_law_at_a_level_gives_the_posterior():
    f = field(0.3)
    chain = Chain(f, None, seed=2)
    numbers = list(range(2000))
    x = chain.second(noised(drawn(f, 2000), 0.6, 5, numbers), 0.6, 6, numbers)
    assert float((x.mean(0) - 0.3).abs().max()) < 5 * 0.5 / 2000**0.5
    assert float(x.var(0).mean()) == pytest.approx(0.25, rel=0.06)


def test_a_chain_cut_at_a_midpoint_and_taken_up_again_is_a_chain():
    f = field(0.3)
    chain = Chain(f, None, seed=2, eta=0.0, order=1)
    whole = chain.cold(10, range(6), SHAPE)
    middle = chain.cold(10, range(6), SHAPE, until=chain.level(10, 3))
    torch.testing.assert_close(chain.rest(middle, 10, 3, range(6)), whole)


@pytest.mark.parametrize("order", [1, 2])
def test_midpoints_of_one_chain_are_those_of_chains_cut_there(order):
    chain = Chain(field(0.3), None, seed=2, order=order)
    found = chain.states(10, range(4), SHAPE, (7, 3, 1))
    for kept, x in zip((7, 3, 1), found, strict=True):
        torch.testing.assert_close(x, chain.cold(10, range(4), SHAPE, until=chain.level(10, kept)))


def test_noise_of_a_second_stage_is_not_that_of_the_first():
    f = field(0.0)
    a = noised(torch.zeros(2, *SHAPE), 1.0, 3, [0, 1])
    b = Chain(f, None, seed=3).cold(1, [0, 1], SHAPE, until=40.0) / 40.0
    assert not torch.allclose(a, b, atol=1e-3) and not torch.equal(a[0], a[1])
    assert torch.equal(a[1], noised(torch.zeros(1, *SHAPE), 1.0, 3, [1])[0]), "a draw is a function of (seed, k) alone"


def test_the_start_level_grows_with_the_distance_of_the_whole_map_and_ends_where_nothing_is_saved():
    m, other = Denoised(torch.zeros(1, *SHAPE), None), Denoised(torch.ones(1, *SHAPE), None)
    assert distance(m, other) == pytest.approx(math.sqrt(4 * 64))
    assert start_level(10.0, 0.5, 40.0, 0.005) == pytest.approx(5.0)
    assert start_level(0.0, 0.5, 40.0, 0.005) == 0.005
    assert start_level(50.0, 0.5, 40.0, 0.005) is None
    for c, top, low in ((0.0, 40.0, 0.01), (math.inf, 40.0, 0.01), (1.0, 0.01, 0.01)):
        with pytest.raises(OptionError, match="positive c"):
            start_level(1.0, c, top, low)


def test_the_bound_is_the_divergence_of_two_normal_laws():
    x = torch.randn(200000, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2.0 + 1.5
    ratio = (-0.5 * ((x - 1.5) / 2) ** 2 + 0.5 * (x / 2) ** 2).mean()
    assert merged_bound(1.5, 2.0) == pytest.approx(float(ratio), rel=0.02)


def test_maps_that_do_not_fit_are_refused():
    source = Source(drawn(field(0.0), 2), belief(field(0.0)))
    with pytest.raises(OptionError, match="same channels and cells"):
        transported(source, Denoised(torch.zeros(1, 5, 8, 9), None))
    with pytest.raises(OptionError, match="predicted variances"):
        transported(source, Denoised(torch.zeros(1, *SHAPE), None), "scaled")
    for kind in set(KINDS) - {"transport", "scaled", "centred"}:
        with pytest.raises(OptionError, match="no transport"):
            transported(source, belief(field(0.0)), kind)


def test_a_rule_is_kept_beside_its_prior_and_bound_to_its_weights(tmp_path):
    rule = WarmRule("a" * 64, 0.03, (0, 2), (0.3, 0.6), 3.0)
    rule.write(tmp_path)
    assert prior_rule(tmp_path, "a" * 64) == rule
    assert [rule.steps_at(d, 100) for d in (0.0, 2.9, 3.1, 6.1)] == [0, 0, 2, None]
    with pytest.raises(ModelError, match="other weights"):
        prior_rule(tmp_path, "b" * 64)
    for broken in (
        "{",
        json.dumps({"scale": 1}),
        json.dumps({**json.loads((tmp_path / RULE_FILE).read_text()), "steps": [1]}),
    ):
        (tmp_path / RULE_FILE).write_text(broken)
        with pytest.raises(ModelError, match="not a readable rule"):
            prior_rule(tmp_path, "a" * 64)
    (tmp_path / RULE_FILE).unlink()
    assert prior_rule(tmp_path, "b" * 64) == WarmRule()


@pytest.mark.parametrize(
    "wrong",
    [{"scale": 0.0}, {"scale": math.nan}, {"steps": ()}, {"steps": (0, 1)}, {"steps": (-1,)}, {"near": (-1.0,)},
     {"excess": 0.0}, {"steps": (0, 0), "near": (0.5, 0.4)}],
)  # fmt: skip
def test_rules_out_of_range_are_refused(wrong):
    with pytest.raises(OptionError, match="wanted a positive scale"):
        WarmRule(**wrong)


def test_an_ensemble_that_fits_is_no_misfit_and_one_that_does_not_is():
    old, new = field(0.2), field(-0.4)
    source = Source(drawn(old, 8), belief(old))
    assert misfit(transported(source, belief(new)), belief(new), source).worst < 1.1
    elsewhere = transported(source, belief(new)) + 1.0
    assert misfit(elsewhere, belief(new), source).mean > 5
    narrow = field(-0.4, 0.1)
    assert misfit(transported(source, belief(narrow)), belief(narrow), source).spread > 10
    wide = field(-0.4, 2.0)
    found = misfit(transported(source, belief(wide)), belief(wide), source)
    assert found.spread < 0.2 and found.worst > 5


def test_readings_that_the_warm_draws_miss_are_a_misfit_and_readings_that_the_prior_misses_too_are_not():
    f = field(0.0)
    good = Source(drawn(f, 8), belief(f))
    truth = drawn(f, 1, seed=9)[0, 0].flatten()
    cell = torch.arange(0, 64, 3)
    read = Readings(cell, truth[cell], torch.full((len(cell),), 0.05))
    assert misfit(good.draws, belief(f), good, read).readings < 2.0
    assert misfit(0.1 * good.draws + 3.0, belief(f), good, read).readings > 10
    far = Readings(cell, truth[cell] + 4.0, torch.full((len(cell),), 0.05))
    assert misfit(good.draws, belief(f), good, far).readings < 2.0, "the prior errs here, whatever is reused"
    none = Readings(cell[:0], truth[:0], truth[:0])
    assert misfit(good.draws, belief(f), good, none).readings == 1.0
