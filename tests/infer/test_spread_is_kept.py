"""What keeps a stated spread honest, each tested by a world in which its absence would be seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from openckm.infer import stacking
from openckm.infer.spread.calibration import BOUNDS, NODES_M, SHRINK_MAPS, Residuals, fit_family
from openckm.infer.spread.conformal import risk_control
from openckm.infer.spread.normal import Z_90, draw_factor, factor_90
from openckm.infer.stacking import blend


def test_a_scene_does_not_judge_itself():
    """Each scene has its distances to itself and its own scale there: factors fitted on it too would flatter it."""
    rng = np.random.default_rng(0)
    maps = []
    for scene, distance in enumerate(NODES_M):
        wrong = 4.0 if scene % 2 else 1.0
        for _ in range(6):
            error = wrong * np.abs(rng.standard_normal(300))
            maps.append(Residuals(error, np.full(300, distance), np.ones(300), np.ones(300), f"s{scene}"))
    made = fit_family(maps)
    flattered = risk_control([m.score / made.scale(m.distance_m, m.isolation) for m in maps], 0.1).half_width
    assert made.half_width > 1.25 * flattered


def test_a_node_with_few_maps_keeps_near_the_factor_of_all():
    rng = np.random.default_rng(1)
    far = Residuals(8.0 * np.abs(rng.standard_normal(400)), np.full(400, 200.0), np.ones(400), np.ones(400), "far")
    near = [
        Residuals(np.abs(rng.standard_normal(400)), np.full(400, 2.0), np.ones(400), np.ones(400), f"s{k}")
        for k in range(12)
    ]
    made = fit_family([*near, far])
    overall = factor_90(np.concatenate([m.score for m in [*near, far]]))
    trust = 1.0 / (1.0 + SHRINK_MAPS)
    assert made.factor[-1] == pytest.approx(min(8.0**trust * overall ** (1 - trust), BOUNDS[1]), rel=0.15)
    assert made.factor[-1] < 3.0, "one map of eight times the error is no law"


def test_the_quantile_is_that_of_90_percent():
    score = np.abs(np.random.default_rng(2).standard_t(3, 200_000))
    assert factor_90(score) * Z_90 == pytest.approx(2.353, rel=0.02), "Student's t with 3 degrees: 5 % beyond 2.353"


def test_draws_of_a_spread_that_is_known_up_to_a_factor_hold_statements_on_many_cells():
    """A thousand cells, each right on average over maps, of which all are wrong by one factor: how many lie below -1?

    Draws that all have the stated spread agree on that number; truth lies outside their interval most of the time.
    """
    rng = np.random.default_rng(5)
    tau, cells, draws = 0.3, 1000, 39
    held = {0.0: [], tau: []}
    for world in range(300):
        right = np.mean(draw_factor(tau, 10**6 + world, 0) * rng.standard_normal(cells) < -1.0)
        for log_sd, inside in held.items():
            drawn = [np.mean(draw_factor(log_sd, world, k) * rng.standard_normal(cells) < -1.0) for k in range(draws)]
            inside.append(np.sort(drawn)[1] <= right <= np.sort(drawn)[-2])  # 36 of 40 by exchangeability
    assert np.mean(held[tau]) == pytest.approx(0.9, abs=0.06)
    assert np.mean(held[0.0]) < 0.6
    every = np.array([draw_factor(tau, 3, k) for k in range(200)])
    assert np.std(np.log(every)) == pytest.approx(tau, rel=0.05)
    inside = np.abs(every[:, None] * rng.standard_normal((200, 5000))) < Z_90
    assert np.mean(inside) == pytest.approx(0.9, abs=0.003), "a cell's 90 % interval stays what it was"
    assert draw_factor(0.0, 3, 7) == 1.0


def expert(n, error, block_error):
    """An expert whose single held-out readings miss by `error` stated deviations, and whole blocks by `block_error`."""
    rng = np.random.default_rng(3)
    sign = rng.standard_normal(n)
    fit = SimpleNamespace(
        leave_blocks_out=lambda _: SimpleNamespace(mean=block_error * sign, std=np.ones(n)),
        noise_std=lambda sigma, group: sigma,
    )
    said = SimpleNamespace(mean=torch.zeros(1, 1, 16, 16), var=torch.ones(1, 1, 16, 16))
    return SimpleNamespace(
        mean=np.zeros(256), std=np.ones(256), held_out=error * sign, held_out_std=np.ones(n), fit=fit, denoised=said
    )  # fmt: skip


def scene_of(n, columns=16):
    cells = np.random.default_rng(4).choice(columns * columns, n, replace=False)
    return SimpleNamespace(
        readings=SimpleNamespace(value=np.zeros(n), sigma=np.ones(n)), index=np.sort(cells), plain=np.ones(n, bool),
        unit="dBm", extended=None, noise_group=np.zeros(n, int), transmitter=None, layout=object(),
        grid=SimpleNamespace(shape=(columns, columns)), cells=None, asked=slice(None),
    )  # fmt: skip


@pytest.mark.parametrize(("block_error", "wanted"), [(1.0, 1.0), (3.0, 3.0)])
def test_the_spread_answers_to_whole_blocks_too(block_error, wanted):
    one = expert(120, 1.0, block_error)
    found = blend(scene_of(120), one, one)
    assert found.scale == pytest.approx(wanted, rel=0.3)
    np.testing.assert_allclose(found.std, found.scale)


def test_few_held_out_readings_leave_the_spread_alone():
    many, few = (blend(scene_of(n), expert(n, 3.0, 3.0), expert(n, 3.0, 3.0)).scale for n in (200, 6))
    assert many > 2.2 and 1.0 < few < 1.8


def test_readings_in_different_blocks_have_different_labels():
    scene = scene_of(256)
    label = stacking.blocks_of(scene)
    side = 16 / stacking.BLOCKS_A_SIDE
    row, col = np.divmod(scene.index, 16)
    place = {(int(r // side), int(c // side)) for r, c in zip(row, col, strict=True)}
    assert len(np.unique(label)) == len(place) > 4
