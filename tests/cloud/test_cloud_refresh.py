"""Refreshing: what passes the gate becomes a new model with its lineage, what does not leaves nothing behind."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from openckm.cloud.anchor import Anchored, as_published
from openckm.cloud.gate import Verdict
from openckm.cloud.refresh import RefreshOptions, ReplaySet, next_version, refresh
from openckm.cloud.suite import score_models
from openckm.errors import ModelError, OptionError
from openckm.priors.pretrained import load_prior
from openckm.store.weights import digest
from openckm.training.samples import TrainingSet
from worlds import save_tiny, tiny_denoiser

OPTIONS = RefreshOptions(steps=30, batch=4, learning_rate=5e-3, weights=(0.5, 1.0), anchor=0.1, ema=0.8)
"""The parent is a random network, so that a few steps improve it everywhere."""


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("parent") / "model")


def run(parent, store, suite, folder: Path, **more):
    options = more.pop("options", OPTIONS)
    return refresh(parent, folder / "new", store, suite, ["newtown"], folder / "work", options=options, **more)


@pytest.fixture(scope="module")
def published(parent, store, suite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    return folder, run(parent, store, suite, folder)


def test_what_passes_is_a_new_model_that_says_where_it_comes_from(published, parent, store, suite):
    folder, report = published
    assert report.status == "published" and report.verdict.publish
    card = load_prior(folder / "new")[1]
    old = load_prior(parent)[1]
    assert (card.name, card.version, card.schema) == (old.name, "0.1.0", 2)
    lineage = card.lineage
    assert (lineage.parent, lineage.parent_sha256) == (old.version, old.sha256)
    assert (lineage.regions, lineage.replayed, lineage.suite) == (("newtown",), ("oldtown",), suite.digest)
    assert lineage.samples == 4 * 10 + 8 * 20
    assert lineage.gate == report.verdict.ratios() and lineage.gate["newtown/rmse_db"] < 1
    assert card.metrics.keys() == {"newtown_rmse_db", "oldtown_rmse_db"}
    assert "a town (CC-BY-4.0)" in card.credits and "refreshed on" in card.training_data
    assert {p.name for p in folder.iterdir()} == {"new", "work"}
    assert json.loads((folder / "work" / "report.json").read_text())["status"] == "published"


def test_what_was_judged_is_what_was_published_to_the_bit(published, suite):
    folder, report = published
    net = load_prior(folder / "new")[0]
    again = score_models(suite, {"new": net})["new"]
    by_score = {(c.region, c.score): c.new for c in report.verdict.comparisons}
    for region in ("oldtown", "newtown"):
        values = [s.values["rmse_db:site"] for s in again if s.region == region]
        assert by_score[region, "rmse_db:site"] == pytest.approx(float(np.mean(values)), rel=1e-12)


def test_interrupted_training_publishes_the_same_bits(published, parent, store, suite, tmp_path):
    first = run(parent, store, suite, tmp_path, seconds=0.0)
    assert (first.status, first.verdict, first.step) == ("unfinished", None, 0)
    assert not (tmp_path / "new").exists()
    count = 0

    def killed(what: str, done: int, total: int) -> None:
        nonlocal count
        count += 1
        if count > 19:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(parent, store, suite, tmp_path, progress=killed)
    again = run(parent, store, suite, tmp_path)
    assert again.status == "published"
    weights = "new/weights.safetensors"
    assert digest(tmp_path / weights) == digest(published[0] / weights)


def test_a_refused_version_leaves_nothing_but_its_report(published, parent, store, suite, tmp_path, monkeypatch):
    shutil.copytree(published[0] / "work", tmp_path / "work")  # the same training, judged at another weight
    monkeypatch.setattr("openckm.cloud.judge.decide", lambda *_: Verdict(False, ("oldtown, rmse_db: forgets",), ()))
    report = run(parent, store, suite, tmp_path, options=replace(OPTIONS, weights=(0.75,)))
    assert (report.step, report.weight) == (OPTIONS.steps, 0.75)
    assert (report.status, report.verdict.reasons) == ("refused", ("oldtown, rmse_db: forgets",))
    assert {p.name for p in tmp_path.iterdir()} == {"work"}
    assert json.loads((tmp_path / "work" / "report.json").read_text())["verdict"]["publish"] is False


def test_steps_that_change_nothing_are_refused_by_the_gate_itself(parent, store, suite, tmp_path):
    small = replace(suite, items=tuple(i for i in suite.items if i.part == "test" or i.seed % 3 == 0))
    still = RefreshOptions(steps=2, batch=1, learning_rate=1e-9, weights=(1.0,))
    report = run(parent, store, small, tmp_path, options=still)
    assert report.status == "refused"
    assert any("no sure improvement" in reason for reason in report.verdict.reasons)
    assert not (tmp_path / "new").exists()


def test_no_scene_of_the_suite_is_trained_on(parent, store, suite, tmp_path, monkeypatch):
    read, plain = [], type(store).read
    monkeypatch.setattr(type(store), "read", lambda self, entry: (read.append(entry), plain(self, entry))[1])
    run(parent, store, suite, tmp_path, seconds=0.0)
    assert len(read) > 20 and {entry.region for entry in read} == {"oldtown", "newtown"}
    assert not {entry.scene for entry in read} & set(suite.scenes)


def test_a_work_folder_of_another_refresh_is_refused(parent, store, suite, tmp_path):
    run(parent, store, suite, tmp_path, seconds=0.0)
    with pytest.raises(ModelError, match="holds another refresh"):
        run(parent, store, suite, tmp_path, seconds=0.0, options=RefreshOptions(seed=1))


def test_what_does_not_fit_is_refused_before_any_work(published, parent, store, suite, tmp_path):
    calls = [
        (lambda: run(parent, store, suite, published[0]), ModelError, "there is something already"),
        (lambda: run(parent, store, suite, tmp_path, version="0.0.1"), OptionError, "does not follow the parent's"),
        (lambda: run(parent, store, suite, tmp_path, version="2"), OptionError, "wanted three numbers"),
        (
            lambda: refresh(parent, tmp_path / "n", store, suite, ["oldtown", "newtown"], tmp_path / "w"),
            OptionError, "at least one old one",
        ),
        (lambda: refresh(parent, tmp_path / "n", store, suite, [], tmp_path / "w"), OptionError, "at least one new"),
        (lambda: refresh(parent, tmp_path / "n", store, suite, ["oslo"], tmp_path / "w"), OptionError, "oslo"),
    ]  # fmt: skip
    for call, error, message in calls:
        with pytest.raises(error, match=message):
            call()
    assert list(tmp_path.iterdir()) == []


WRONG = [
    {"steps": 0}, {"replay": 1.0}, {"nothing": -0.1}, {"weights": ()}, {"weights": (0.0, 1.0)}, {"anchor": -1.0},
    {"learning_rate": 0.0}, {"ema": 1.0},
]  # fmt: skip


@pytest.mark.parametrize("bad", WRONG)
def test_options_out_of_range(bad):
    with pytest.raises(OptionError):
        RefreshOptions(**bad)


def test_replay_has_its_share_and_batches_are_functions_of_the_step(store):
    sets = {name: TrainingSet(store.read(e) for e in store.of(name)[:6]) for name in ("oldtown", "newtown")}
    sets["oldtown"].steering[:, 1], sets["newtown"].steering[:, 1] = 1.0, 2.0  # marks where an item comes from
    source = ReplaySet(sets["oldtown"], sets["newtown"], RefreshOptions(replay=0.4, batch=8))
    seen = torch.cat([source.batch(step).condition.scalars[:, 1] for step in range(60)])
    told = seen[seen > 0]
    share = float((told == 1.0).float().mean())
    assert abs(share - 0.4) < 4 * (0.24 / len(told)) ** 0.5
    assert torch.equal(source.batch(7).clean, source.batch(7).clean)
    assert source.batch(0).clean.shape[-1] == 32 and source.batch(1).clean.shape[-1] == 16
    assert len(source.batch(0).clean) == 8 and len(source.batch(1).clean) == 16
    with pytest.raises(OptionError, match="no old map to replay"):
        ReplaySet(None, sets["newtown"], RefreshOptions(replay=0.4))


def test_an_anchored_network_begins_at_its_parent_and_interpolates_to_the_trained_one():
    base = tiny_denoiser(1)
    anchored = Anchored(base)
    x, level = torch.randn(2, 5, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([0.3, 2.0])
    assert torch.equal(anchored(x, level).mean, base(x, level).mean)
    with torch.no_grad():
        for k, delta in enumerate(anchored.deltas):
            delta += 0.01 * torch.randn(delta.shape, generator=torch.Generator().manual_seed(k))
    assert torch.equal(anchored.interpolated(0.0)(x, level).mean, base(x, level).mean)
    torch.testing.assert_close(anchored.interpolated(1.0)(x, level).mean, anchored(x, level).mean)
    pairs = zip(base.parameters(), anchored.interpolated(0.5).parameters(), anchored.interpolated(1.0).parameters(),
                strict=True)  # fmt: skip
    for a, b, c in pairs:
        torch.testing.assert_close(b, (a + c) / 2)
    assert torch.equal(base(x, level).mean, tiny_denoiser(1)(x, level).mean)  # the parent is not changed
    with pytest.raises(OptionError):
        anchored.interpolated(1.1)


def test_the_anchor_pulls_towards_the_parent_not_towards_zero():
    anchored = Anchored(tiny_denoiser(1))
    with torch.no_grad():
        for delta in anchored.deltas:
            delta += 0.1
    optimiser = torch.optim.AdamW(anchored.parameters(), lr=0.1, weight_decay=5.0)
    for delta in anchored.deltas:
        delta.grad = torch.zeros_like(delta)
    optimiser.step()
    assert all(torch.allclose(delta, torch.full_like(delta, 0.05)) for delta in anchored.deltas)
    assert len(list(anchored.parameters())) == len(list(tiny_denoiser(1).parameters()))


def test_as_published_is_what_a_model_folder_gives_back(tmp_path):
    net = tiny_denoiser(5)
    back = load_prior(save_tiny(tmp_path / "m", net))[0].state_dict()
    assert all(torch.equal(value, back[name]) for name, value in as_published(net).state_dict().items())


def test_versions_count_up():
    assert [next_version(v) for v in ("0.1.0", "1.9.7")] == ["0.2.0", "1.10.0"]
