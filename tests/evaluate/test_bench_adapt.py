"""Bench adapt: do the rivals teach what they say, and are few readings scored or refused, never silently left out?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.edge.test_edge_adapt import GRID, QUICK, world
from tests.worlds import tiny_card, tiny_denoiser

from openckm.edge.judging import Verdict
from openckm.evaluate import adapt_rivals
from openckm.evaluate.adapt_rivals import Whole, added, last_level, rival
from openckm.evaluate.benches import adapt as bench
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.worlds.duke import duke_cell


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(adapt_rivals, "AdaptOptions", lambda **kw: replace(QUICK, steps=2, every=1, seed=kw["seed"]))
    monkeypatch.setattr(bench, "AdaptOptions", lambda **_: replace(QUICK, steps=2, every=1))
    monkeypatch.setattr(bench, "embedded_prior", lambda: (tiny_denoiser(), tiny_card()))


def test_the_last_level_is_what_lies_behind_the_last_change_of_resolution():
    net = tiny_denoiser()
    names = last_level(net)
    x, level = torch.randn(1, 5, 16, 16), torch.tensor([1.0])
    pupil = Whole(net, names)
    assert torch.equal(pupil(x, level).mean, net(x, level).mean), "it begins as the prior"
    pupil(x, level).mean.square().mean().backward()  # torch's own kernel ends the process where a norm's input is cut
    assert {name.split(".")[1] for name in names} == {"decoder", "exit_norm", "exit"}
    assert all(p.grad is not None for p in pupil.parameters()) and len(list(pupil.parameters())) == len(names)


@pytest.mark.parametrize("kind", adapt_rivals.RIVALS)
def test_a_rival_changes_its_own_weights_alone(kind, quick, tmp_path):
    net = tiny_denoiser()
    before = {name: p.clone() for name, p in net.named_parameters()}
    model, verdict = rival(kind, world(), GRID, net, tmp_path)
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    may = set(last_level(net)) if kind == "last" else set(before)
    assert changed and changed <= may and isinstance(verdict, Verdict)
    assert all(torch.equal(p, before[name]) for name, p in net.named_parameters()), "the prior itself stays"


def test_differences_are_added_to_a_copy():
    net = tiny_denoiser()
    name, weight = next((n, p) for n, p in net.named_parameters() if p.ndim == 4)
    child = added(net, {name: np.full(weight.shape, 0.5, np.float16)})
    assert torch.equal(dict(child.named_parameters())[name], weight + 0.5)


@pytest.mark.parametrize("count", bench.COUNTS)
def test_few_readings_are_taught_or_refused_and_scored_either_way(count, quick, tmp_path, monkeypatch):
    taught = []
    adapted = bench.adapt_to
    monkeypatch.setattr(bench, "adapt_to", lambda given, *a: taught.append(given) or adapted(given, *a))
    scores = bench._few_scores(duke_cell("D"), 0, tmp_path, count)
    found = {s.method: s for s in scores}
    assert set(found) == {"network", "network+delta", "judging blocks"}
    assert {(s.task, s.split) for s in scores} == {("few", f"{count} cells read")}
    assert len(taught[0].gain_points()) == count, "no more is given than it says"
    judged, (before, after) = found["judging blocks"].values, (found[m].values["rmse_db"] for m in list(found)[:2])
    if count < 60:
        assert judged == {"kept": 0.0} and before == after, "refused: the prior answers as it is"
    else:
        assert 0.5 < judged["judged_ratio"] < 2.0 and np.isfinite([before, after]).all()
        assert judged["kept"] or before == after


def test_ratios_are_paired_and_what_was_refused_has_a_row_of_its_own():
    one = Score("network", "duke", "block", "Duke A", "A", {"rmse_db": 8.0}, 5, 1, 0.0, 0)
    scores = [one, replace(one, method="network+last", values={"rmse_db": 6.0}), replace(one, seed=1)]
    scores += [replace(one, method="judging blocks", values={"kept": 0.0, "judged_ratio": 0.9, "judged_high": 1.1})]
    rows = {(r.method, r.metric): r for r in bench.table(scores)}
    assert rows["network+last", "rmse_ratio"].value == pytest.approx(0.75), "seed 1 has no pair"
    assert rows["network+last", "rmse_ratio"].cases == 1 and rows["judging blocks", "kept"].value == 0.0


def test_no_test_could_choose_better_than_the_better_map_of_each_case():
    one = Score("openckm", "duke", "block", "Duke A", "A", {"rmse_db": 8.0}, 5, 1, 0.0, 0)
    taught = replace(one, method="openckm+refused", values={"rmse_db": 6.0})
    scores = [one, replace(one, seed=1), taught, replace(taught, seed=1, values={"rmse_db": 9.0})]
    rows = {(r.method, r.metric): r for r in bench.table(scores)}
    assert rows["openckm+best", "rmse_db"].value == 7.0, "6 dB with the delta, 8 dB without"
    assert rows["openckm+best", "rmse_ratio"].value == pytest.approx(7 / 8)


def test_a_quick_run_teaches_one_cell_and_asks_for_nothing_dear(quick, tmp_path, monkeypatch):
    """It taught all four cells in full, each in seven ways: `make bench` would have taken an hour longer."""
    taught = []
    adapted = bench.adapt_to
    monkeypatch.setattr(bench, "adapt_to", lambda given, *a: taught.append(given) or adapted(given, *a))
    monkeypatch.setattr(bench, "_constructed", lambda cell, seed, given, truth, deltas, score: [
        score(name, {"rmse_db": 7.0}, 8, 0.0) for name in deltas
    ])  # fmt: skip
    rows = {(r.method, r.task) for r in bench.run(True, test_dir=tmp_path / "none")}
    assert len(taught) == 1
    assert {("network", "duke"), ("network+delta", "duke"), ("openckm", "duke")} <= rows
    assert not {m for m, _ in rows} & {"network+full", "network+last", "openckm+mate"}
