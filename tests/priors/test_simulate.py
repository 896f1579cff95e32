"""Simulated evidence: where readings stand, what they say, and that the truth is compatible with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.maps.quantity import AOA_COS, BUILDING, COVERED, GAIN
from openckm.priors.conditioning import EVIDENCE_PLANES, LATENT_BOUND
from openckm.training.simulate import (
    EvidenceOptions,
    _cosine_range,
    _scattered,
    block_evidence,
    block_means,
    draw_pattern,
    simulate_evidence,
)
from worlds import blocks_layout, centred_grid, gaussian_field

GRID = centred_grid(48)
CELLS = EvidenceOptions(none=0.0, offset=0.0, blocks=0.0)
PLAIN = replace(CELLS, saturate=0.0, quantise=0.0, sensitivity=0.0, direction=0.0, dense_direction=0.0)


def world(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Latent state [5, H, W] of a map with buildings and outage, and where it has a gain."""
    building = blocks_layout(GRID, seed, count=6).building
    outage = np.zeros(GRID.shape, bool)
    outage[30:, :12] = True
    x, y = GRID.centres()
    angle = np.arctan2(30.0 - y, -20.0 - x)
    known = ~building & ~outage
    physical = (gaussian_field(GRID, seed, mean=-110.0, std=20.0), np.cos(angle), np.sin(angle), building, known)
    channels = (GAIN, AOA_COS, AOA_COS, BUILDING, COVERED)
    return np.stack([c.encode(v) for c, v in zip(channels, physical, strict=True)]), known


STATE, KNOWN = world()
FREE = STATE[3] < 0


def planes(seed: int, options: EvidenceOptions) -> np.ndarray:
    return simulate_evidence(STATE, KNOWN, options, np.random.default_rng(seed))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_patterns_stay_outside_buildings(seed):
    pattern = draw_pattern(FREE, EvidenceOptions(), np.random.default_rng(seed))
    assert pattern.shape == FREE.shape and pattern.dtype == bool
    assert not (pattern & ~FREE).any()


@pytest.mark.parametrize("shape", [(16, 16), (5, 7), (64, 48)])
def test_patterns_of_any_size_and_of_a_map_without_free_cells(shape):
    sizes = []
    for seed in range(60):
        sizes.append(draw_pattern(np.ones(shape, bool), EvidenceOptions(), np.random.default_rng(seed)).sum())
        assert not draw_pattern(np.zeros(shape, bool), EvidenceOptions(), np.random.default_rng(seed)).any()
    assert len(set(sizes)) > 5


def test_densities_span_the_range_asked_for():
    """Scattered points follow their density; over all patterns the share of cells spans two decades."""
    rng = np.random.default_rng(0)
    for density in (0.01, 0.1, 0.4):
        count = sum(int(_scattered(FREE, density, rng).sum()) for _ in range(20))
        trials = 20 * int(FREE.sum())
        assert abs(count / trials - density) < 5 * np.sqrt(density * (1 - density) / trials)
    shares = [draw_pattern(FREE, EvidenceOptions(), np.random.default_rng(s)).mean() for s in range(300)]
    assert np.quantile(shares, 0.1) < 0.01 and np.quantile(shares, 0.9) > 0.2
    low = replace(EvidenceOptions(), density=(0.001, 0.002))
    sparse = [draw_pattern(FREE, low, np.random.default_rng(s)).mean() for s in range(300)]
    assert np.median(sparse) < 0.02 < np.median(shares)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_planes_are_consistent(seed):
    options = replace(CELLS, saturate=0.3, quantise=0.3, sensitivity=0.4, direction=0.5)
    got = planes(seed, options)
    assert got.shape == (EVIDENCE_PLANES, *GRID.shape) and got.dtype == np.float32
    assert np.isfinite(got).all()
    low, high, weight = got[0::3], got[1::3], got[2::3]
    assert (low <= high).all()
    assert (np.abs(got[:2]) <= LATENT_BOUND).all()
    assert ((weight >= 0) & (weight <= 1)).all()
    assert (low[weight == 0] == 0).all() and (high[weight == 0] == 0).all()
    assert not (weight[0] > 0)[~FREE].any()
    assert not (weight[1:] > 0)[:, ~KNOWN].any()
    told = [(w > 0).any() for w in weight[1:]]
    assert ((weight[1] > 0) == (weight[2] > 0)).all() or sum(told) == 1  # the vector, or one component alone


def test_outage_is_only_ever_reported_as_not_heard():
    options = replace(PLAIN, sensitivity=1.0)
    heard, silent = 0, 0
    for seed in range(30):
        got = planes(seed, options)
        told = (got[2] > 0) & FREE & ~KNOWN
        assert (got[0][told] == -LATENT_BOUND).all()
        silent += int(told.sum())
        heard += int((planes(seed, PLAIN)[2] > 0)[~KNOWN].sum())
    assert silent > 50 and heard == 0


def test_none_probability():
    count = 400
    empty = sum(not planes(seed, replace(PLAIN, none=0.3)).any() for seed in range(count))
    assert abs(empty / count - 0.3) < 5 * np.sqrt(0.3 * 0.7 / count)
    assert not planes(0, replace(PLAIN, none=1.0)).any()


def test_noise_is_as_large_as_the_weight_says():
    options = replace(PLAIN, noise_db=(4.0, 4.0), density=(0.4, 0.4))
    errors = []
    for seed in range(20):
        got = planes(seed, options)
        seen = got[2] > 0
        np.testing.assert_allclose(got[2][seen], 0.5, atol=1e-6)
        assert (got[0] == got[1]).all()
        errors.append((got[0] - STATE[0])[seen] * GAIN.scale)
    together = np.concatenate(errors)
    assert len(together) > 2000
    assert together.std() == pytest.approx(4.0, rel=0.06)
    assert abs(together.mean()) < 5 * 4.0 / np.sqrt(len(together))


class Quiet(np.random.Generator):
    """A generator without noise: its normal variates are 0."""

    def standard_normal(self, *args: object, **more: object) -> np.ndarray:
        return np.zeros_like(super().standard_normal(*args, **more))


def quiet(seed: int) -> Quiet:
    return Quiet(np.random.PCG64(seed))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_without_noise_every_interval_holds_the_truth(seed):
    options = replace(CELLS, saturate=0.4, quantise=0.5, sensitivity=0.4, direction=1.0)
    got = simulate_evidence(STATE, KNOWN, options, quiet(seed))
    for low, high, weight, truth in zip(got[0::3], got[1::3], got[2::3], STATE[:3], strict=True):
        seen = (weight > 0) & KNOWN
        clipped = np.clip(truth, -LATENT_BOUND, LATENT_BOUND)[seen]
        assert (low[seen] - 1e-4 <= clipped).all()
        assert (clipped <= high[seen] + 1e-4).all()


def test_a_component_alone_is_told_in_a_third_of_the_cases():
    options = replace(PLAIN, direction=1.0, dense_direction=1.0)
    lone = [((got := planes(seed, options))[5] > 0).any() != (got[8] > 0).any() for seed in range(200)]
    assert abs(np.mean(lone) - 1 / 3) < 5 * np.sqrt(2 / 9 / 200)


def test_an_offset_is_common_to_all_readings_of_a_map():
    options = replace(PLAIN, offset=1.0, offset_db=6.0)
    offsets = []
    for seed in range(80):
        got = simulate_evidence(STATE, KNOWN, replace(options, noise_db=(1e-6, 1e-6)), np.random.default_rng(seed))
        error = (got[0] - STATE[0])[got[2] > 0] * GAIN.scale
        if error.size:
            assert np.ptp(error) < 1e-2
            offsets.append(float(error.mean()))
    assert np.std(offsets) == pytest.approx(6.0, rel=0.35)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_block_means_are_of_the_known_cells(factor):
    means, seen = block_means(STATE[:3], KNOWN, factor)
    for row, col in ((0, 0), (3, 4), (5, 2)):
        block = (slice(row * factor, (row + 1) * factor), slice(col * factor, (col + 1) * factor))
        assert seen[row, col] == KNOWN[block].any()
        if seen[row, col]:
            wanted = [channel[block][KNOWN[block]].mean() for channel in STATE[:3]]
            np.testing.assert_allclose(means[:, row, col], wanted, atol=1e-5)
    assert seen.shape == (48 // factor, 48 // factor)


def test_block_averages_are_told_to_all_cells_of_their_block():
    options = replace(PLAIN, blocks=1.0, noise_db=(4.0, 4.0))
    for seed in range(20):
        got = planes(seed, options)
        assert got.shape == (EVIDENCE_PLANES, *GRID.shape) and (got[0] == got[1]).all()
        np.testing.assert_allclose(np.unique(got[2]), [0.0, 0.5], atol=1e-6)
        corner = got[:, ::2, ::2]
        assert (got[:, 1::2, 1::2] == corner).all() and (got[:, ::2, 1::2] == corner).all()
        assert (got[2][KNOWN] > 0).all()


def test_cells_beyond_the_last_whole_block_are_told_nothing():
    got = block_evidence(np.ones((1, 2, 2), np.float32), np.ones((2, 2), bool), 4, 0.0, (10, 9))
    assert (got[:3, :8, :8] == 1).all()
    assert not got[:, 8:].any() and not got[:, :, 8:].any() and not got[3:].any()


def test_noise_really_breaks_intervals():
    """The property above is one that noisy readings do not have, so it can fail."""
    got = planes(1, replace(PLAIN, noise_db=(8.0, 8.0), density=(0.4, 0.4)))
    seen = (got[2] > 0) & KNOWN
    assert seen.sum() > 20
    assert (np.abs(got[0] - STATE[0])[seen] > 1e-4).mean() > 0.9


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    centre=st.floats(-7.0, 7.0), half=st.floats(0.0, np.pi), inside=st.floats(-1.0, 1.0), turn=st.sampled_from([0, 1])
)
def test_a_wedge_holds_the_components_of_its_directions(centre, half, inside, turn):
    low, high = _cosine_range(np.array([centre - turn * np.pi / 2]), half)
    angle = centre + inside * half
    component = np.sin(angle) if turn else np.cos(angle)
    assert low[0] - 1e-9 <= component <= high[0] + 1e-9


@settings(max_examples=60, deadline=None, derandomize=True)
@given(centre=st.floats(-4.0, 4.0), half=st.floats(0.0, 1.5))
def test_a_wedge_is_no_wider_than_it_must_be(centre, half):
    low, high = _cosine_range(np.array([centre]), half)
    dense = np.cos(centre + np.linspace(-half, half, 2001))
    assert low[0] == pytest.approx(dense.min(), abs=1e-5)
    assert high[0] == pytest.approx(dense.max(), abs=1e-5)


def test_evidence_is_a_function_of_the_generator():
    options = EvidenceOptions()
    assert all(np.array_equal(planes(seed, options), planes(seed, options)) for seed in range(20))
    assert len({planes(seed, replace(options, none=0.0)).tobytes() for seed in range(20)}) == 20
    before = STATE.copy()
    planes(3, options)
    np.testing.assert_array_equal(STATE, before)


def test_averages_of_the_direction_may_be_of_one_component_alone():
    told = []
    for seed in range(12):
        options = EvidenceOptions(none=0.0, offset=0.0, blocks=1.0, dense_direction=1.0, lone_average=1.0)
        planes = simulate_evidence(STATE, KNOWN, options, np.random.default_rng(seed))
        told.append([bool(planes[3 * k : 3 * k + 3].any()) for k in range(3)])
    assert all(gain for gain, _, _ in told)
    assert all(cosine != sine for _, cosine, sine in told)
    assert {cosine for _, cosine, _ in told} == {False, True}
