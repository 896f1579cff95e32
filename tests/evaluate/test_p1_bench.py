"""Benchmark "p1" on a tiny shard with a tiny prior: which rows there are, and that what is expensive is kept."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from p1_worlds import smooth_map, smooth_shard

from openckm.errors import InputError
from openckm.evaluate.benches import p1 as bench_p1
from openckm.evaluate.benches.p1 import BenchOptions, run
from openckm.evaluate.p1 import references as p1_references
from openckm.evaluate.p1.methods import few_step_methods
from openckm.evaluate.p1.tasks import TASKS, Window, p1_case
from openckm.evaluate.p1.training import NetOptions, WindowSet, train_net
from openckm.evaluate.p1.windows import cases_of as window_cases
from openckm.evaluate.p1.windows import held_windows
from openckm.evaluate.samplers.methods import DrawStore, OneCall, Ours
from published_sets import published
from worlds import GaussianDenoiser, tiny_card, tiny_denoiser

SMALL = BenchOptions(size=32, windows=3, draws=1, chains=2, steps=2, sweep=2, zetas=(0.5, 200.0))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    smooth_shard(folder / "a.npz", floor_db=0.8)
    smooth_shard(folder / "b.npz", near=-95.0, floor_db=1.2)
    return folder


@pytest.fixture(scope="module")
def nets(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("nets")
    options = NetOptions(samples=4, batch=4, size=32, widths=(8, 8), blocks=1)
    windows = WindowSet([place.traced for place in held_windows(data, SMALL.size, SMALL.windows)])
    for kind in ("ipbox", "sr2", "multi_task", "sr2_tuned", "multi_task_tuned"):
        train_net(kind, windows, options, folder, prior=(tiny_denoiser(), tiny_card()))
    return folder


@pytest.fixture(scope="module")
def rows(data, nets, tiny_prior):
    return bench(data_dir=data, validation_dir=data, nets_dir=nets, prior=tiny_prior, options=SMALL)


def bench(**options):
    """The benchmark without what is slow and of other modules: the fit of variograms, few-step sampling."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(p1_references, "FIT_POINTS", 40)
        patch.setattr(bench_p1, "few_step_methods", lambda denoiser: [])
        return run(**options)


def test_every_method_has_rows_under_every_protocol(rows):
    found = {(r.task, r.method, r.split) for r in rows}
    for task in TASKS:
        for method in ("nearest", "openckm_one_call", "openckm", "dps", "multi_task", "multi_task_tuned"):
            assert all((task, method, split) in found for split in ("corrected", "paper", "paper_snap")), (task, method)
        assert ((task, "single_task", "corrected") in found) == (task in ("ipbox", "sr2"))
        assert ((task, "kriging", "corrected") in found) == (task != "jtqr")
    metrics = {r.metric for r in rows if (r.task, r.method, r.split) == ("jtqr", "openckm", "corrected")}
    assert metrics == {"gain_rmse_db", "sine_rmse", "angle_deg", "saturated_rmse_db"}
    ratios = {r.metric for r in rows if (r.task, r.method, r.split) == ("jtqr", "openckm", "over dps")}
    assert ratios == {"gain_ratio", "sine_ratio", "saturated_ratio"}


def test_counts_and_costs_are_stated(rows):
    by = {(r.task, r.method, r.split, r.metric): r for r in rows}
    assert by["sr2", "openckm", "corrected", "gain_rmse_db"].n == 3
    assert by["sr2", "dps", "corrected", "gain_rmse_db"].n == 2
    assert by["sr2", "dps", "corrected", "gain_rmse_db"].network_evaluations == 3 * SMALL.steps
    assert by["sr2", "openckm", "corrected", "gain_rmse_db"].network_evaluations == 8 * 5
    assert by["sr2", "single_task", "corrected", "gain_rmse_db"].network_evaluations == 1
    assert by["sr2", "multi_task_tuned", "over single_task", "gain_ratio"].n == 3
    assert by["sr2", "tracer_floor", "corrected", "gain_rmse_db"].value == pytest.approx(1.0, abs=0.21)
    assert by["2 configurations", "single_task", "training cost", "training_runs"].value == 2
    assert by["8 configurations", "single_task", "training cost", "training_runs"].value == 8
    assert by["8 configurations", "single_task", "training cost", "labelled_samples"].value == 32
    assert by["2 configurations", "single_task", "training cost", "labelled_samples"].value == 8
    assert by["4 configurations", "multi_task_tuned", "training cost", "labelled_samples"].value == 4
    assert by["4 configurations", "multi_task", "training cost", "samples_seen"].value == 4
    assert by["1 configurations", "single_task", "training cost", "labelled_samples"].value == 4
    assert by["sr2", "openckm_one_call", "over single_task_tuned", "gain_ratio"].n == 3


def test_the_prior_is_trained_once_for_any_number_of_configurations():
    card = replace(tiny_card(), metrics={"training_hours": 2.0})
    rows = {(r.task, r.metric): r.value for r in bench_p1._prior_cost(card)}
    for k in (1, 8):
        assert rows[f"{k} configurations", "training_runs"] == 1
        assert rows[f"{k} configurations", "training_seconds"] == 7200
        assert rows[f"{k} configurations", "labelled_samples"] == 0
    assert not list(bench_p1._prior_cost(tiny_card()))  # a card that does not say


def test_the_sweep_is_reported_and_its_best_is_used(rows, data, nets, tiny_prior):
    sweep = {(r.task, r.split): r.value for r in rows if r.method == "dps_on_validation" and r.metric == "gain_rmse_db"}
    found = {task: {float(split[5:]): v for (t, split), v in sweep.items() if t == task} for task in TASKS}
    for error in found.values():
        assert set(SMALL.zetas) < set(error) and len(error) <= len(SMALL.zetas) + 3
        ends, best = (min(error), max(error)), min(error, key=error.__getitem__)
        assert best not in ends or len(error) == len(SMALL.zetas) + 3
    error = found["iprandom"]
    best, worst = min(error, key=error.__getitem__), max(error, key=error.__getitem__)
    fixed = {
        z: bench(
            data_dir=data, nets_dir=data, prior=tiny_prior,
            options=BenchOptions(**{**vars(SMALL), "sweep": 0, "tasks": ("iprandom",), "zeta": (("iprandom", z),)}),
        )
        for z in (best, worst)
    }  # fmt: skip
    value = {z: next(r.value for r in found if r.method == "dps") for z, found in fixed.items()}
    used = next(r.value for r in rows if (r.method, r.task, r.split) == ("dps", "iprandom", "corrected"))
    assert used == pytest.approx(value[best])
    assert used != pytest.approx(value[worst])
    assert not any(r.method == "single_task" for r in fixed[best])


def test_windows_are_of_2_m_cells_and_spread_over_the_shards(data, tmp_path):
    places = held_windows(data, 32, 4)
    assert len(places) == 4
    assert {p.traced.floor_db for p in places} == {0.8, 1.2}
    assert len(held_windows(data, 64, 99)) == 4
    with pytest.raises(InputError, match="OPENCKM_TEST_DATA"):
        held_windows(tmp_path, 64, 200)
    with pytest.raises(InputError, match="'ipbox'"):
        window_cases(held_windows(data, 1, 9), "ipbox")


def cases_of(folder, task="iprandom", count=2):
    traced = smooth_map(folder)
    return [p1_case(traced, task, k, Window(0, 32 * k, 32)) for k in range(count)]


def test_a_prior_that_knows_the_map_answers_it_by_every_method(tmp_path):
    case = cases_of(tmp_path)[0]
    state = torch.as_tensor(np.concatenate([case.truth, np.zeros_like(case.truth[:2])]))
    knowing = GaussianDenoiser(state)
    for method in (OneCall(knowing, "one"), Ours(knowing, "dps", 60, 1, strength=1e-6), *few_step_methods(knowing)):
        maps, _, _ = method.draw(case, 0, method.strength)
        np.testing.assert_allclose(maps[0, :3].numpy(), case.truth, atol=0.06, err_msg=method.name)


def test_chains_are_kept_by_strength_and_case(tmp_path):
    one, other = cases_of(tmp_path)
    store, chain = DrawStore(tmp_path / "kept", "a"), Ours(tiny_denoiser(), "dps", 2, 1, strength=1.0)
    for case, seed, strength, files in ((one, 0, 1.0, 1), (one, 0, 1.0, 1), (one, 0, 2.0, 2), (other, 1, 1.0, 3)):
        store.draw(chain, case, seed, strength)
        assert len(list((tmp_path / "kept").iterdir())) == files


def test_few_step_methods_give_a_draw_and_a_mean_of_eight(tmp_path):
    case, denoiser = cases_of(tmp_path)[0], tiny_denoiser()
    one, mean = few_step_methods(denoiser)
    drawn = [one.draw(case, seed, 0.0)[0][0] for seed in (0, 1)]
    assert (drawn[0] - drawn[1]).abs().mean() > 0.05, "two seeds, one draw"
    means = [mean.draw(case, seed, 0.0)[0][0] for seed in (0, 1)]
    assert (means[0] - means[1]).std() < 0.7 * (drawn[0] - drawn[1]).std()


@pytest.fixture
def ckmimagenet(tmp_path):
    return published(tmp_path, {"train": ("BJ1",), "eval": ("NJ5",)})[0]


def test_the_bench_runs_on_ckmimagenet_and_chooses_zeta_on_its_training_part(ckmimagenet, tiny_prior, tmp_path):
    options = replace(SMALL, size=64, windows=4, sweep=1, tasks=("iprandom",))
    rows = bench(ckmimagenet=ckmimagenet, prior=tiny_prior, nets_dir=tmp_path, options=options)
    own = {r.method: r for r in rows if (r.task, r.split, r.metric) == ("iprandom", "corrected", "gain_rmse_db")}
    assert {"nearest", "kriging", "openckm", "dps"} <= set(own)
    assert own["kriging"].cases == 4 and set(own["kriging"].cities) == {"NJ5"}
    assert own["kriging"].value < own["nearest"].value < 4.0
    assert {s.city for s in rows.scores if s.method == "dps"} == {"NJ5"}
    assert {s.city for s in rows.scores if s.method == "dps_on_validation"} == {"BJ1"}
    with pytest.raises(InputError):
        bench(ckmimagenet=tmp_path / "CKM_gain_128", prior=tiny_prior, nets_dir=tmp_path, options=options)
