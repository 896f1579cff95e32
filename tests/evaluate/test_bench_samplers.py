"""Benchmark "samplers" on a tiny shard with a tiny prior: its tasks, its scores, its rows, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from p1_worlds import smooth_map, smooth_shard

from openckm.errors import ComputationError, InputError, OptionError
from openckm.evaluate.benches import samplers as bench_samplers
from openckm.evaluate.benches.samplers import SamplerOptions, run
from openckm.evaluate.p1.tasks import ALL_TASKS as TASKS
from openckm.evaluate.p1.tasks import Window, p1_case
from openckm.evaluate.p1.windows import held_windows
from openckm.evaluate.samplers import methods as sampler_methods
from openckm.evaluate.samplers import product_field
from openckm.evaluate.samplers.azula_rivals import azula_found, linear_of
from openckm.evaluate.samplers.exact_field import FIELD_TASKS, FieldOptions, field_case, field_rows
from openckm.evaluate.samplers.methods import Drawn, DrawStore, OneCall, Ours, our_methods
from openckm.evaluate.samplers.scores import MEAN_8, ONE_CALL, SINGLE, case_scores, mean_of_8, sampler_ratios
from openckm.infer.exact.terms import terms_of
from openckm.maps.quantity import GAIN
from worlds import tiny_denoiser

WINDOW = Window(0, 0, 32)
SMALL = SamplerOptions(
    size=32, windows=2, chains=1, steps=2, full=1, full_steps=3, full_zeta=(("sr2", 2.0),), few=2, draws=2, sweep=1,
    timed=0, quick=True, rivals=False, tasks=("sr2", "points"),
    field=FieldOptions(fields=1, rival_fields=1, side=8, draws=4, rivals=("mmps",)), product=None,
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    smooth_shard(folder / "a.npz")
    smooth_shard(folder / "b.npz", near=-95.0)
    return folder


@pytest.fixture(scope="module")
def rows(data, tiny_prior):
    return run(data_dir=data, validation_dir=data, prior=tiny_prior, options=SMALL)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    traced = smooth_map(tmp_path_factory.mktemp("map"))
    return {task: p1_case(traced, task, 3, WINDOW) for task in TASKS}


@pytest.mark.parametrize("task", TASKS)
def test_the_truth_is_likelier_than_a_shifted_map(cases, task):
    case = cases[task]
    truth = torch.zeros(1, *case.shape)
    truth[0, :3] = torch.as_tensor(case.truth)
    for likelihood in (case.likelihood, case.smooth, case.straight):
        shifted = truth + 0.5
        assert float(likelihood.log_prob(truth)) > float(likelihood.log_prob(shifted))
    assert terms_of(case.likelihood)
    assert not (case.saturated & ~case.scored).any()
    assert case.condition.evidence.any()


def test_readings_of_a_saturated_receiver_end_at_the_quartiles(cases):
    case = cases["clip"]
    low, high = case.intervals
    censored = np.isfinite(low[0]) | np.isfinite(high[0])
    known = case.scored
    assert censored[known].mean() == pytest.approx(0.5, abs=0.15)
    assert case.saturated[known].mean() == pytest.approx(0.5, abs=0.02)
    gain = case.truth[0]
    slack = 3 * case.readings.sigma[0]
    inside = (gain >= low[0] - slack) & (gain <= high[0] + slack)
    assert inside[known].mean() > 0.99
    assert case.readings.channels == ("gain_db",) and cases["jtqr"].readings.channels == ("gain_db", "aoa_sin")
    assert np.isfinite(cases["jtqr"].intervals[0][1]).any() and not np.isfinite(cases["sr2"].intervals[0]).any()


def test_points_hide_all_but_two_percent(cases):
    case = cases["points"]
    told = case.condition.evidence[0, 2].numpy() > 0
    assert told.sum() == round(0.02 * (told.sum() + case.scored.sum()))
    assert not (told & case.scored).any()
    error = case.condition.evidence[0, 0].numpy()[told] - case.truth[0][told]
    assert 0.0 < np.abs(error).max() < 0.3


def test_cases_are_functions_of_their_seed(tmp_path, cases):
    traced = smooth_map(tmp_path)
    for task in ("clip", "points"):
        again, other = (p1_case(traced, task, seed, WINDOW) for seed in (3, 4))
        assert torch.equal(again.straight.y, cases[task].straight.y)
        assert not torch.equal(other.straight.y, again.straight.y)
    with pytest.raises(OptionError, match="unknown task"):
        p1_case(traced, "nosuch", 0, WINDOW)


@pytest.mark.parametrize("task", TASKS)
def test_the_linear_part_is_the_gradient_of_the_straight_through_operator(cases, task):
    operator = cases[task].straight.operator
    linear = linear_of(operator)
    x = torch.randn(1, *cases[task].shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = operator(x)
    w = torch.randn(y.shape, generator=torch.Generator().manual_seed(1))
    (pulled,) = torch.autograd.grad(y, x, w)
    torch.testing.assert_close(pulled, linear.adjoint(w))


def test_the_mean_of_8_is_found_from_fewer_draws():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200_000)
    draws = truth + 0.7 + 1.5 * rng.normal(size=(8, truth.size))
    exact = np.sqrt(0.7**2 + 1.5**2 / 8)
    assert mean_of_8(draws, truth) == pytest.approx(exact, rel=0.01)
    assert mean_of_8(draws[:2], truth) == pytest.approx(exact, rel=0.02)
    assert mean_of_8(draws[:4], truth) == pytest.approx(exact, rel=0.02)
    apart = np.stack([np.full(4, 3.0), np.full(4, -3.0)])
    assert mean_of_8(apart, np.zeros(4)) == pytest.approx(3.0 / np.sqrt(8))


def scores_of(case, method, shifts, seconds=1.0, evaluations=5):
    maps = np.stack([case.truth + np.float32(shift) for shift in shifts])
    return {s.split: s for s in case_scores(method, 0, case, Drawn(maps, evaluations, seconds))}


def test_scores_are_in_decibels_and_split_by_answer(cases):
    found = scores_of(cases["clip"], "a", [0.1] * 8)
    assert found[SINGLE].values["gain_rmse_db"] == pytest.approx(0.1 * GAIN.scale, rel=1e-4)
    assert found[MEAN_8].values["saturated_rmse_db"] == pytest.approx(0.1 * GAIN.scale, rel=1e-4)
    alone = scores_of(cases["sr2"], "b", [0.1])
    assert set(alone) == {ONE_CALL}
    assert "sine_rmse" not in found[SINGLE].values and "sine_rmse" in alone[ONE_CALL].values
    assert scores_of(cases["clip"], "a", [0.0, 0.0])[SINGLE].values["inside_share"] > 0.99
    assert scores_of(cases["clip"], "a", [9.0, 9.0])[SINGLE].values["inside_share"] < 0.7
    one_bad = scores_of(cases["clip"], "a", [0.0, 9.0])[SINGLE].values
    assert one_bad["inside_share_least"] < 0.7 < one_bad["inside_share"]
    assert (found[SINGLE].network_evaluations, found[MEAN_8].network_evaluations) == (5, 40)
    assert (found[SINGLE].seconds, found[MEAN_8].seconds) == (1.0, 8.0)


def test_ratios_are_of_error_cost_and_time(cases):
    both = (("jfs", [0.1] * 8, 1.0, 8), ("dps", [0.2] * 2, 4.0, 3000))
    scores = [s for one in both for s in scores_of(cases["sr2"], *one).values()]
    pairs = (("jfs", MEAN_8, "dps", SINGLE), ("jfs", MEAN_8, "none", SINGLE))
    found = {r.metric: r for r in sampler_ratios(scores, pairs)}
    assert found["gain_ratio"].value == pytest.approx(0.5, rel=1e-3)
    assert found["network_ratio"].value == pytest.approx(64 / 3000)
    assert found["seconds_ratio"].value == pytest.approx(8 / 4)
    assert found["gain_ratio"].split == "mean of 8, over dps single"


def test_every_method_has_rows_on_every_task(rows):
    found = {(r.task, r.method, r.split) for r in rows}
    for task in SMALL.tasks:
        assert {(task, m, ONE_CALL) for m in ("mmse", "mmse_8", "refined_1", "refined")} <= found
        for method in ("conditioned", "jfs", "mmps", "diffpir", "daps", "dps"):
            assert {(task, method, SINGLE), (task, method, MEAN_8)} <= found
        assert (task, "jfs", "mean of 8, over dps single") in found
        assert {(task, "dps_on_validation", f"constant {z:g}") for z in (1, 2, 4, 8, 16)} <= found
    by = {(r.task, r.method, r.split, r.metric): r for r in rows}
    assert by["sr2", "jfs", SINGLE, "gain_rmse_db"].n == 2
    assert by["sr2", "dps", SINGLE, "gain_rmse_db"].n == 1
    assert by["sr2", "dps", SINGLE, "gain_rmse_db"].network_evaluations == 3 * SMALL.steps
    assert by["sr2", "jfs", MEAN_8, "gain_rmse_db"].network_evaluations == 64


def test_algorithm_2_at_full_length_states_its_cost_on_p1s_tasks(rows, data, tiny_prior, monkeypatch):
    by = {(r.task, r.method, r.split, r.metric): r for r in rows}
    full = by["sr2", "dps_full", SINGLE, "gain_rmse_db"]
    assert (full.n, full.network_evaluations) == (1, 3 * SMALL.full_steps) and full.seconds > 0
    ratio = by["sr2", "jfs", "mean of 8, over dps_full single", "network_ratio"]
    assert ratio.value == pytest.approx(64 / (3 * SMALL.full_steps))
    assert not any(r.method == "dps_full" and r.task == "points" for r in rows)
    used = []
    real = Ours.draw
    monkeypatch.setattr(Ours, "draw", lambda self, *a: used.append((self.name, a[2])) or real(self, *a))
    for full in (0, 1):
        run(data_dir=data, prior=tiny_prior, options=replace(SMALL, full=full, tasks=("sr2",), windows=1, sweep=0))
        assert [zeta for name, zeta in used if name == "dps_full"] == [2.0] * full


def test_the_constant_with_the_least_error_on_validation_is_used(data, tiny_prior, monkeypatch):
    used = []
    real = Ours.draw

    def draw(self, case, seed, strength):
        used.append((self.name, strength))
        maps, cost, seconds = real(self, case, seed, strength)
        return maps + (0.0 if strength == 8.0 else 3.0) * (self.name == "dps"), cost, seconds

    monkeypatch.setattr(Ours, "draw", draw)
    small = SamplerOptions(**{**vars(SMALL), "tasks": ("points",), "windows": 1})
    run(data_dir=data, validation_dir=data, prior=tiny_prior, options=small)
    assert [s for name, s in used if name == "dps"][-1] == 8.0


def test_finished_answers_are_kept(cases, tmp_path, monkeypatch):
    keeper, method = DrawStore(tmp_path / "kept", "prior"), OneCall(tiny_denoiser())
    first = keeper.draw(method, cases["points"], 0, 0.0)
    monkeypatch.setattr(sampler_methods, "_drawn", lambda *_: pytest.fail("drawn again"))
    again = keeper.draw(method, cases["points"], 0, 0.0)
    np.testing.assert_array_equal(again.maps, first.maps)
    assert again.seconds == first.seconds
    with pytest.raises(pytest.fail.Exception):
        DrawStore(tmp_path / "kept", "another prior").draw(method, cases["points"], 0, 0.0)


def test_a_method_that_fails_on_a_case_is_left_out_there(cases, data, tiny_prior, monkeypatch):
    def fail(self, case, seed, strength):
        raise ComputationError("no")

    monkeypatch.setattr(Ours, "draw", fail)
    small = SamplerOptions(**{**vars(SMALL), "tasks": ("points",), "windows": 1, "sweep": 0, "field": None})
    found = run(data_dir=data, validation_dir=data, prior=tiny_prior, options=small)
    assert {r.method for r in found} == {"mmse", "mmse_8", "refined_1", "refined", "estimate", "jfs_mean"}


def test_timing_rows_state_seconds_on_whole_maps(tmp_path, tiny_prior, monkeypatch):
    monkeypatch.setattr(bench_samplers, "WHOLE", 64)
    smooth_shard(tmp_path / "a.npz", maps=1)
    small = SamplerOptions(**{**vars(SMALL), "tasks": ("points",), "windows": 1, "sweep": 0, "timed": 2})
    found = [r for r in run(data_dir=tmp_path, prior=tiny_prior, options=small) if r.task == "points, 64 x 64"]
    assert {(r.method, r.metric, r.n) for r in found} == {(m, "seconds", 2) for m in ("mmse", "refined_1", "jfs")}
    assert all(r.value > 0 for r in found)


def test_without_maps_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="OPENCKM_TEST_DATA"):
        held_windows(tmp_path, 32, 1)


def test_without_azula_its_samplers_are_left_out(data, tiny_prior, monkeypatch, caplog):
    monkeypatch.setattr(bench_samplers, "azula_found", lambda: False)
    small = SamplerOptions(**{**vars(SMALL), "tasks": ("points",), "windows": 1, "sweep": 0, "rivals": True})
    found = run(data_dir=data, prior=tiny_prior, options=small)
    assert not any(r.method.startswith("azula") for r in found)
    assert "make rivals" in caplog.text


def test_our_methods_have_distinct_names():
    names = [m.name for m in our_methods(tiny_denoiser(), steps=2, chain_draws=2, draws=2)]
    assert len(set(names)) == len(names)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
@pytest.mark.skipif(not azula_found(), reason="azula is not installed: make rivals")
class TestAzula:
    @pytest.mark.parametrize("task", TASKS)
    def test_flat_readings_have_the_derivatives_of_the_linear_part_both_ways(self, cases, task):
        from openckm.evaluate.samplers.azula_rivals import Flat

        case = cases[task]
        flat = Flat(case.straight)
        size = case.shape[0] * case.shape[1] * case.shape[2]
        x, v = (torch.randn(1, size, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
        value, pushed = torch.func.jvp(flat.forward, (x,), (v,))
        whole = case.straight.operator(x.unflatten(1, case.shape)).flatten()
        assert float((value[0][:, None] - whole).abs().min(1).values.max()) < 1e-5
        w = torch.randn(pushed.shape, generator=torch.Generator().manual_seed(2))
        _, pull = torch.func.vjp(flat.forward, x)
        torch.testing.assert_close((pushed * w).sum(), (pull(w)[0] * v).sum(), rtol=1e-3, atol=1e-3)
        assert float(pushed.abs().sum()) > 0

    @pytest.mark.parametrize("task", ["ipbox", "sr2", "points"])
    def test_the_pseudo_inverse_reproduces_the_readings(self, cases, task):
        from openckm.evaluate.samplers.azula_rivals import Flat

        flat = Flat(cases[task].straight)
        torch.testing.assert_close(flat.forward(flat.pseudo_inverse(flat.y)), flat.y, atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize("number", range(4))
    def test_azulas_samplers_move_towards_the_readings(self, cases, number):
        from openckm.evaluate.samplers.azula_rivals import azula_rivals
        from worlds import GaussianDenoiser

        case = cases["points"]
        prior = GaussianDenoiser(torch.zeros(case.shape), 0.5)
        rival = azula_rivals(prior, steps=40, few=12, chain_draws=2, draws=2)[number]
        maps, cost, _ = rival.draw(case, 0, rival.strength)
        seen = case.straight.operator.support().expand(1, *case.straight.operator.range.full_shape)
        misfit = (case.straight.operator(maps) - case.straight.y)[seen.expand(2, *seen.shape[1:])]
        start = case.straight.y[seen]
        assert float(misfit.square().mean()) < 0.25 * float(start.square().mean() + 0.25)
        assert cost == rival.steps * rival.cost(rival.strength)
        again, _, _ = rival.draw(case, 0, rival.strength)
        assert torch.equal(again, maps)

    def test_diffpir_answers_no_task_with_a_device(self):
        from openckm.evaluate.samplers.azula_rivals import azula_rivals

        answers = {
            r.name: r.answers("clip") for r in azula_rivals(tiny_denoiser(), steps=2, few=2, chain_draws=2, draws=2)
        }
        assert answers == {"azula_dps": True, "azula_diffpir": False, "azula_pigdm": True, "azula_mmps": True}


def test_draws_of_the_exact_posterior_pass_and_over_confident_ones_do_not():
    """The user's question of the rows against an exact field: do the draws spread as the truth does?"""
    options = FieldOptions(fields=30, rival_fields=30, side=12, readings=14, methods=("jfs",), rivals=("mmps",))
    found = {(r.task, r.method, r.metric): r.value for r in field_rows(options)}
    for task in FIELD_TASKS:
        assert 0.93 < found[task, "jfs", "spread_ratio"] < 1.07
        assert 0.8 < found[task, "jfs", "rank_ends"] < 1.25
        assert 0.87 < found[task, "jfs", "coverage_90"] < 0.93
        assert found[task, "mmps", "spread_ratio"] < 0.75 and found[task, "mmps", "rank_ends"] > 1.8


def test_the_product_whole_is_scored_against_the_exact_posterior(monkeypatch):
    """Two fields: the answer is near the exact one, and a noise that is not the stated one has rows of its own."""
    monkeypatch.setattr(product_field, "STATED", (3.0,))
    found = {(r.task, r.metric): r.value for r in product_field.product_rows(2, 1)}
    assert 0.9 < found["field, product", "rmse_over_exact"] < 1.3
    assert 0.7 < found["field, product", "coverage_90"] <= 1.0
    assert ("field, product, noise stated x 3", "coverage_90") in found


def test_a_case_of_the_exact_field_is_what_it_says():
    options = FieldOptions(side=8, readings=5)
    case = field_case(FIELD_TASKS[0], 3, options)
    again = field_case(FIELD_TASKS[0], 3, options)
    assert torch.equal(case.truth, again.truth) and torch.equal(case.likelihood.y, again.likelihood.y)
    read = case.likelihood.y[0, 0] != 0
    assert int(read.sum()) == 5
    assert float(case.posterior.variance()[0][read].max()) < options.noise**2
    assert float(case.posterior.variance()[0][~read].min()) > options.noise**2
    with pytest.raises(OptionError, match="unknown task"):
        field_case("field, rays", 0, options)
    with pytest.raises(OptionError, match="divisible"):
        FieldOptions(side=9)
