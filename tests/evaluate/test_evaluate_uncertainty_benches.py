"""The benchmarks of error bars, of chosen places and of sparse readings, on a tiny world made here."""

from __future__ import annotations

import numpy as np
import pytest

from openckm.baselines import Kriging
from openckm.errors import InputError, OptionError
from openckm.evaluate.benches import active as bench_active
from openckm.evaluate.benches import heldout as bench_heldout
from openckm.evaluate.benches.active import lattice_cells, needed
from openckm.evaluate.benches.heldout import DIRECTION_METRICS, heldout_case, load_heldout
from openckm.evaluate.registry import BENCHES, bench
from openckm.evaluate.scores.scoring import METRICS, Truth, score_map
from openckm.evaluate.worlds.calibration import calibration_case, measure_calibration, residuals
from openckm.infer.construct import OpenCKM
from openckm.infer.scene import prepare_scene
from openckm.infer.spread.calibration import family_of
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from worlds import write_shard


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Four maps of 32 x 32 cells in two shards."""
    folder = tmp_path_factory.mktemp("shards")
    for k in range(2):
        write_shard(folder / f"s{k}.npz", count=2, seed=10 * k)
    return folder


@pytest.fixture(autouse=True)
def small_maps(monkeypatch):
    """Let maps of 32 x 32 cells count as usable."""
    monkeypatch.setattr(bench_heldout, "MIN_FREE_CELLS", 300)


def belief(factor=1.0, noise=0.0, seed=0, cells=60):
    """A map whose truth differs by `factor` times its stated spread, and its truth with noise."""
    rng = np.random.default_rng(seed)
    shape = (cells, cells)
    std = np.exp(rng.uniform(0.5, 2.0, shape))
    mean = rng.normal(-110, 10, shape)
    truth = mean + factor * std * rng.standard_normal(shape) + noise * rng.standard_normal(shape)
    draws = mean + std * rng.standard_normal((8, *shape))
    answer = RadioMap.from_gaussian(
        Grid(shape, 4.0), mean[None].astype(np.float32), std[None].astype(np.float32), ["gain_db"],
        draws=draws[:, None].astype(np.float32),
    )  # fmt: skip
    row, col = np.divmod(np.arange(cells * cells), cells)
    return answer, Truth(row, col, truth.ravel(), np.full(row.size, noise))


@pytest.mark.parametrize("noise", [0.0, 4.0])
def test_scores_of_a_belief_that_is_right(noise):
    found = score_map(*belief(noise=noise))
    assert set(found) == set(METRICS)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.02)
    assert found["spread_ratio"] == pytest.approx(1.0, abs=0.04)
    assert found["spread_skill_slope"] == pytest.approx(1.0, abs=0.06)
    assert found["pit_distance"] < 0.03 and found["rank_unevenness"] < 0.04


@pytest.mark.parametrize(("factor", "covered"), [(0.5, 0.999), (2.0, 0.589)])
def test_scores_of_a_belief_that_is_wrong(factor, covered):
    right, wrong = score_map(*belief()), score_map(*belief(factor))
    assert wrong["coverage_90"] == pytest.approx(covered, abs=0.03)
    assert wrong["spread_ratio"] == pytest.approx(1 / factor, rel=0.05)
    assert wrong["spread_skill_slope"] == pytest.approx(factor, rel=0.06)
    assert min(wrong[k] - right[k] for k in ("pit_distance", "rank_unevenness")) > 0.05


def test_heldout_says_of_every_method_whether_its_spread_is_the_true_one(shards, tiny_prior):
    methods = [Kriging(), OpenCKM(prior=tiny_prior, symmetrise=False, steps=2)]
    rows = bench_heldout.run(True, data_dir=shards, methods=methods, maps=1)
    found = {(r.method, r.task, r.split, r.metric): r for r in rows}
    for split in ("0.5%", "2.0%"):
        for task in ("gain", "gain_points"):
            for metric in METRICS:
                assert ("openckm", task, split, metric) in found and ("kriging", task, split, metric) in found
            ratio = found["openckm", task, split, "crps_ratio"].value
            own, rival = (found[m, task, split, "crps_db"].value for m in ("openckm", "kriging"))
            assert ratio == pytest.approx(own / rival)
        for metric in DIRECTION_METRICS:
            assert ("openckm", "direction", split, metric) in found and ("bearing", "direction", split, metric) in found
    same = [found["kriging", task, "2.0%", "rmse_db"].value for task in ("gain", "gain_points")]
    assert same[0] == same[1]


def test_needed_measurements_by_hand():
    counts = (8, 16, 32)
    assert needed(counts, np.array([10.0, 8.0, 6.0]), 8.0) == pytest.approx(16)
    assert needed(counts, np.array([10.0, 8.0, 6.0]), 9.0) == pytest.approx(np.sqrt(8 * 16))
    assert needed(counts, np.array([10.0, 8.0, 6.0]), 11.0) == 8
    assert needed(counts, np.array([10.0, 8.0, 6.0]), 5.0) == pytest.approx(32 * np.sqrt(2))
    assert needed(counts, np.array([10.0, 8.0, 9.0]), 7.0) == 128, "no fall to continue: 4 times the last"
    assert needed(counts, np.array([10.0, 12.0, 6.0]), 8.0) == pytest.approx(np.sqrt(16 * 32))


def test_lattice_is_spread_over_the_covered_cells():
    covered = np.random.default_rng(0).random((40, 60)) < 0.6
    for count in (1, 5, 9, 50):
        cells = lattice_cells(covered, count)
        assert len(np.unique(cells)) == len(cells) == count
        assert covered.ravel()[cells].all()
    row, col = np.divmod(lattice_cells(np.ones((40, 60), bool), 4), 60)
    assert sorted(zip(row.tolist(), col.tolist(), strict=True)) == [(9, 14), (9, 44), (29, 14), (29, 44)] or set(
        zip((row // 20).tolist(), (col // 30).tolist(), strict=True)
    ) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_active_bench_compares_four_strategies_on_the_same_maps(shards, tiny_prior):
    method = OpenCKM(prior=tiny_prior, symmetrise=False, steps=2)
    rows = bench_active.run(data_dir=shards, method=method, maps=2, counts=(8, 24))
    found = {(r.method, r.task, r.metric): r for r in rows}
    first = {s: found[s, "8 measurements", "rmse_db"].value for s in bench_active.STRATEGIES}
    assert first["greedy"] == first["variance"] == first["random"] != first["grid"]
    last = {s: found[s, "24 measurements", "rmse_db"].value for s in bench_active.STRATEGIES}
    assert len(set(last.values())) == 4
    assert last["greedy"] < first["greedy"]
    for strategy in ("greedy", "variance", "grid"):
        row = found[strategy, "RMSE of 24 random measurements", "measurements_ratio"]
        assert row.ci_low <= row.value <= row.ci_high and 8 / 24 <= row.value <= 4
        saved = found[strategy, "RMSE of 24 random measurements", "saved_percent"]
        ends = (saved.value, saved.ci_low, saved.ci_high)
        assert ends == pytest.approx([100 * (1 - r) for r in (row.value, row.ci_high, row.ci_low)])
    assert ("random", "RMSE of 24 random measurements", "measurements_ratio") not in found


def test_rare_shares_are_asked_of_fewer_maps_and_draws_of_fewer_still(shards):
    rows = bench_heldout.run(data_dir=shards, methods=[Kriging()], maps=4, fractions=(0.001, 0.02, 0.05))
    found = {(r.split, r.metric): r for r in rows if r.task == "gain"}
    assert [found[split, "rmse_db"].cases for split in ("0.1%", "2.0%", "5.0%")] == [2, 4, 1]
    assert found["5.0%", "rmse_db"].value < found["0.1%", "rmse_db"].value
    assert found["2.0%", "rank_unevenness"].cases == 1 and ("0.1%", "rank_unevenness") not in found
    assert {0.001, 0.005, 0.02, 0.05, 0.1} == set(bench_heldout.FRACTIONS)


@pytest.mark.parametrize("name", ["active", "heldout"])
def test_benches_are_registered_and_say_what_data_they_want(name, tmp_path):
    assert name in BENCHES
    with pytest.raises(InputError, match="ckm data generate --split test"):
        bench(name)(True, data_dir=tmp_path)


@pytest.mark.parametrize("family", ["site/dB/exact", "points/dBm/exact", "site/dB/limits", "transmitter/dB/exact"])
def test_a_calibration_case_is_of_its_family(shards, family):
    traced = load_heldout(shards, 4)[1]
    observations, scored, level = calibration_case(traced, family, 3)
    assert family_of(prepare_scene(observations, traced.grid, 16)) == family
    (points,) = observations.points
    row, col = traced.grid.index_of(points.x, points.y)
    assert not scored[row, col].any() and not (scored & ~traced.covered).any()
    assert scored.sum() + len(points) == traced.covered.sum()
    error = points.value - level - traced.gain_db[row, col]
    assert abs(error.mean()) < 4.0 and (level > 0) == ("dBm" in family)
    again, _, _ = calibration_case(traced, family, 3)
    np.testing.assert_array_equal(again.points[0].value, points.value)


def test_a_case_without_readings(shards):
    traced = load_heldout(shards, 4)[0]
    observations, scored, level = calibration_case(traced, "site/dB/none", 0)
    assert not observations.points and level == 0.0
    np.testing.assert_array_equal(scored, traced.covered)


def test_residuals_and_the_calibration_they_make(shards, tiny_prior):
    traced = load_heldout(shards, 4)
    method = OpenCKM(prior=tiny_prior, symmetrise=False, calibrated=False)
    one = residuals(method, traced[0], "points/dB/exact", 5)
    assert one.score.shape == one.distance_m.shape == one.isolation.shape
    assert (one.score >= 0).all() and (one.distance_m > 0).all() and (one.isolation > 0).all()
    with pytest.raises(OptionError, match="at least 9"):
        measure_calibration(traced, tiny_prior, ["points/dB/none"], symmetrise=False)
    told = []
    made = measure_calibration(
        traced * 3,
        tiny_prior,
        ["site/dB/none"],
        symmetrise=False,
        measured_on="tiny",
        progress=lambda *a: told.append(a),
    )
    assert made.families["site/dB/none"].maps == 12 and made.measured_on == "tiny"
    assert told[-1] == ("site/dB/none", 12, 12)
    assert made.families["site/dB/none"].half_width > 0


def test_heldout_case_still_scores_what_is_hidden(shards):
    traced = load_heldout(shards, 1)[0]
    observations, truth = heldout_case(traced, "gain", 0.001, 0)
    assert len(observations.points[0]) >= 3
    assert len(observations.points[0]) + truth.value.size == traced.covered.sum()
