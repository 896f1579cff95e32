"""P1's four tasks: what is hidden, what is read, and that likelihood, evidence and picture tell the same."""

import numpy as np
import pytest
import torch
from p1_worlds import smooth_map

from openckm.errors import GridError, LayoutError, OptionError
from openckm.evaluate.p1 import tasks as p1_tasks
from openckm.evaluate.p1.tasks import (
    TASKS,
    Window,
    box_sides,
    latent_of_picture,
    p1_case,
    p1_evidence,
    p1_intervals,
    p1_readings,
    windows_of,
)
from openckm.maps.pixels import gain_to_pixel, sine_to_pixel
from openckm.maps.quantity import AOA_SIN, GAIN
from openckm.observe.masks import BOX_SIDES
from openckm.observe.nonlinear import joint_truncate_quantize
from openckm.observe.operators import map_domain

QUIET = 1e-9
"""Noise [pixel] that leaves readings as the device gives them."""


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    return smooth_map(tmp_path_factory.mktemp("map"))


def whole(case):
    """The true map with building and covered channels, [1, 5, H, W]."""
    return torch.as_tensor(np.concatenate([case.truth, np.zeros_like(case.truth[:2])]))[None]


def state_of(case):
    building = np.where(case.readings.building, 0.5, -0.5)[None]
    return np.concatenate([case.truth, building, building]).astype(np.float32)


@pytest.mark.parametrize("task", TASKS)
def test_the_truth_fits_its_readings_and_a_wrong_map_does_not(traced, task):
    case = p1_case(traced, task, 3)
    x = whole(case)
    wrong = x + 0.3
    for likelihood in (case.likelihood, case.straight):
        right = float(likelihood.log_prob(x))
        assert np.isfinite(right)
        assert right > float(likelihood.log_prob(wrong)) + 100
    left = case.straight.residual(x).reshape(2, -1).numpy()
    told = np.broadcast_to(case.readings.read, case.readings.y.shape).reshape(2, -1)
    share = 1.0 if task != "sr2" else np.sqrt(np.mean(block_shares(case)[case.readings.read] ** 2))
    assert not left[~told].any()
    assert left[0][told[0]].std() * GAIN.scale == pytest.approx(2.0 * share, rel=0.08)
    assert left[1][told[1]].std() * AOA_SIN.scale == pytest.approx(0.01 / 0.35 * share, rel=0.08)


def block_shares(case):
    rows, cols = case.readings.known.shape
    return case.readings.known.reshape(rows // 2, 2, cols // 2, 2).mean((1, 3))


@pytest.mark.parametrize("task", ["ipbox", "iprandom"])
def test_only_free_covered_cells_are_hidden_and_scored(traced, task):
    for seed in range(5):
        readings = p1_case(traced, task, seed).readings
        assert not (readings.scored & readings.read).any()
        np.testing.assert_array_equal(readings.scored | readings.read, readings.known)
        np.testing.assert_array_equal(readings.known, traced.covered)
        assert (readings.y[:, ~readings.read] == 0).all()
        if task == "ipbox":
            rows, cols = np.nonzero(readings.scored)
            sides = np.ptp(rows) + 1, np.ptp(cols) + 1
            assert readings.scored.sum() == sides[0] * sides[1]
            assert 2 <= min(sides) <= max(sides) < 25, "half of P1's sides on half of its map"


def test_averages_count_known_cells_alone(traced):
    case = p1_case(traced, "sr2", 0)
    quiet = p1_readings("sr2", state_of(case), case.readings.known, np.random.default_rng(0), sigma=QUIET)
    known, gain = case.readings.known, case.truth[0]
    for r, c in ((0, 0), (2, 3), (5, 7), (31, 31), (31, 20)):
        cells = [(i, j) for i in (2 * r, 2 * r + 1) for j in (2 * c, 2 * c + 1) if known[i, j]]
        assert quiet.read[r, c] == bool(cells)
        if cells:
            assert quiet.y[0, r, c] == pytest.approx(np.mean([gain[i, j] for i, j in cells]), abs=1e-5)
    np.testing.assert_array_equal(case.readings.scored, known)


def test_the_joint_device_is_the_one_in_pixels(traced):
    case = p1_case(traced, "jtqr", 0)
    known = case.readings.known
    quiet = p1_readings("jtqr", state_of(case), known, np.random.default_rng(0), sigma=QUIET)
    domain = map_domain(traced.grid.shape, "pixel", ("gain_db", "aoa_sin"))
    sine = np.clip(AOA_SIN.decode(case.truth[2]), -1, 1)
    pixels = np.stack([gain_to_pixel(GAIN.decode(case.truth[0])), sine_to_pixel(sine)])
    wanted = joint_truncate_quantize(domain, np.zeros_like(known))(torch.as_tensor(pixels)[None])[0].numpy()
    got = np.stack([gain_to_pixel(GAIN.decode(quiet.y[0])), sine_to_pixel(AOA_SIN.decode(quiet.y[1]))])
    apart = np.abs(got - wanted)
    assert apart[0][known].max() < 1e-4
    off_edge = known & (np.rint(np.degrees(traced.aoa_rad)) % 15 != 0)  # on an edge, rounding picks the sector
    assert off_edge.sum() > 0.8 * known.sum()
    assert apart[1][off_edge].max() < 1e-4
    assert case.saturated.any()
    assert (GAIN.decode(case.truth[0])[case.saturated] > -110).all()
    assert not p1_case(traced, "sr2", 0).saturated.any()


def test_the_intervals_of_the_joint_device_hold_the_truth(traced):
    case = p1_case(traced, "jtqr", 1)
    low, high = p1_intervals(case.readings)
    known, slack = case.readings.known, 3 * case.readings.sigma
    truth = case.truth[[0, 2]]
    inside = (truth >= low - slack) & (truth <= high + slack)
    assert inside[0][known].mean() > 0.99
    assert inside[1][known].mean() > 0.97
    assert np.isinf(low[:, ~known]).all()
    saturated = case.saturated
    assert np.isinf(high[0][saturated]).mean() > 0.99
    assert (low[0][saturated] <= GAIN.encode(-110.0) + 1e-6).all()
    assert np.isfinite(high[1][known]).all()


def test_a_lower_end_that_is_too_high_is_seen(traced, monkeypatch):
    monkeypatch.setattr(p1_tasks, "P1_HIGH", 0.75)
    case = p1_case(traced, "jtqr", 1)
    truth = GAIN.decode(case.truth[0])[case.saturated]
    assert (truth > -100).all()


@pytest.mark.parametrize("task", TASKS)
def test_evidence_planes_say_what_the_readings_say(traced, task):
    case = p1_case(traced, task, 2)
    planes, readings = p1_evidence(case.readings), case.readings
    assert not planes[3:6].any()
    np.testing.assert_array_equal(case.condition.evidence[0].numpy(), planes)
    told = readings.read if task != "sr2" else np.kron(readings.read, np.ones((2, 2), dtype=bool))
    value = readings.y if task != "sr2" else np.kron(readings.y, np.ones((2, 2), dtype=np.float32))
    for k, first, sigma in ((0, 0, 0.05), (1, 6, 0.02)):
        low, high, weight = planes[first : first + 3]
        np.testing.assert_allclose(weight, told / (1 + (sigma / 0.1) ** 2), rtol=1e-5)
        assert (low <= high).all()
        if task != "jtqr":
            np.testing.assert_allclose(low[told], value[k][told], rtol=1e-6)
            np.testing.assert_array_equal(low, high)
    site = case.condition.site[0].numpy()
    np.testing.assert_array_equal(site[0] > 0, traced.layout.building)
    assert not site[2:].any(), "heights and transmitter are not told"


def test_the_picture_is_p1s(traced):
    for task in TASKS:
        case = p1_case(traced, task, 4)
        readings, gain = case.readings, case.picture[0]
        np.testing.assert_array_equal(case.picture[2] > 0, readings.building)
        void = ~readings.known
        void[::2] &= np.roll(void, -1, 0)[::2] | (task != "sr2")
        corner = gain[-4:, -4:]
        level = -0.6 if task == "jtqr" else -1.0
        assert np.abs(corner - level).max() < 0.1
        latent = latent_of_picture(torch.as_tensor(case.picture)[None])[0].numpy()
        if task != "sr2":
            np.testing.assert_allclose(latent[0][readings.read], readings.y[0][readings.read], atol=1e-5)
            np.testing.assert_allclose(latent[2][readings.read], readings.y[1][readings.read], atol=1e-5)
        if task in ("ipbox", "iprandom"):
            assert np.abs(gain[readings.scored]).max() < 0.1
            assert gain[readings.scored].std() == pytest.approx(0.02, rel=0.5)


def test_a_case_is_a_function_of_seed_task_and_window(traced):
    window = Window(0, 32, 32)
    one, same = p1_case(traced, "iprandom", 5, window), p1_case(traced, "iprandom", 5, window)
    np.testing.assert_array_equal(one.readings.y, same.readings.y)
    np.testing.assert_array_equal(one.picture, same.picture)
    other = p1_case(traced, "iprandom", 6, window)
    assert (one.readings.read != other.readings.read).any()
    assert one.truth.shape == (3, 32, 32)
    np.testing.assert_allclose(GAIN.decode(one.truth[0]), traced.gain_db[:32, 32:], atol=0.01)


def test_windows_lie_side_by_side_and_have_free_cells(traced):
    assert [w[:2] for w in windows_of(traced, 32)] == [(0, 0), (0, 32), (32, 0), (32, 32)]
    assert windows_of(traced, 48) == [Window(0, 0, 48)]
    assert windows_of(traced, 4) != [Window(r, c, 4) for r in range(0, 64, 4) for c in range(0, 64, 4)]


def test_as_large_a_share_is_hidden_on_windows_of_every_size():
    assert box_sides((128, 128)) == BOX_SIDES
    assert box_sides((64, 64)) == (2, 25) and box_sides((32, 32)) == (2, 12)


def test_what_cannot_be_is_refused(traced):
    with pytest.raises(OptionError, match="ipbox, iprandom, sr2, jtqr"):
        p1_case(traced, "denoise", 0)
    with pytest.raises(GridError, match="64 x 64"):
        p1_case(traced, "sr2", 0, Window(40, 0, 32))
    with pytest.raises(LayoutError, match="no box"):
        p1_case(traced, "ipbox", 0, Window(0, 6, 1))
