"""The end-to-end networks: what they are given, that they learn, resume and travel; tiny sizes."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from p1_worlds import smooth_map, smooth_shard

from openckm.errors import InputError, ModelError
from openckm.evaluate.p1 import training as p1_training
from openckm.evaluate.p1.nets import KINDS, PICTURE_PLANES, default_nets_dir, is_tuned, load_net, net_maps, tasks_of
from openckm.evaluate.p1.tasks import TASKS, p1_case
from openckm.evaluate.p1.training import NetOptions, WindowSet, net_batch, train_net
from openckm.maps.grid import Grid
from openckm.priors.posterior import posterior_mean
from openckm.priors.schedules import EDM
from worlds import tiny_card, tiny_denoiser

TINY = NetOptions(samples=16, batch=4, size=32, widths=(8, 8), blocks=1, learning_rate=3e-3)
RECIPE = Path(__file__).parents[2] / "train" / "p1_nets.py"


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    return smooth_map(tmp_path_factory.mktemp("map"))


@pytest.fixture(scope="module")
def windows(traced):
    return WindowSet([traced])


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_a_function_of_the_step(windows, kind):
    first, clean, weight = net_batch(kind, windows, TINY, 0)
    assert clean.shape == weight.shape == (4, 3, 32, 32)
    again = net_batch(kind, windows, TINY, 0)
    torch.testing.assert_close(again[0][0], first[0])
    torch.testing.assert_close(again[1], clean)
    assert not torch.equal(net_batch(kind, windows, TINY, 1)[0][0], first[0])
    assert len(tasks_of(kind)) in (1, 4)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if is_tuned(kind)])
def test_a_network_that_is_tuned_is_told_what_the_product_is(windows, kind):
    (start, levels, told), clean, _ = net_batch(kind, windows, TINY, 0)
    assert start.shape == (4, 5, 32, 32)
    assert bool((levels == EDM().sigma_max).all())
    assert bool((told.evidence[:, 2] > 0).flatten(1).any(1).all())
    assert not told.evidence[:, 3:6].any(), "the cosine is never read"
    assert bool((told.site[:, 1] == 1).all()), "the layout is told"
    assert not told.site[:, 10].any(), "the transmitter is not"
    pictured = net_batch(kind.removesuffix("_tuned"), windows, TINY, 0)
    torch.testing.assert_close(pictured[1], clean)  # the same windows as of the network from nothing
    if kind == "iprandom_tuned":
        read = told.evidence[:, 2] > 0
        assert float((told.evidence[:, 0] - clean[:, 0])[read].abs().median()) < 0.1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not is_tuned(kind)])
def test_a_picture_and_its_base_are_close_to_the_readings(windows, kind):
    (planes, base), clean, weight = net_batch(kind, windows, TINY, 0)
    assert planes.shape == (4, PICTURE_PLANES, 32, 32)
    assert base.shape == clean.shape
    if kind in ("ipbox", "iprandom", "sr2"):  # jtqr: half of whose gains are truncated
        near = (base - clean)[:, 0][weight[:, 0] == 1].abs().median()
        assert near < 0.1, "most readings are close to the truth"
    assert not base[:, 1].any(), "the cosine is never read"


def test_training_resumes_where_it_stopped_and_ends_with_a_card(windows, traced, tmp_path):
    cases = {task: [p1_case(traced, task, 0)] for task in TASKS}
    whole = train_net("sr2", windows, TINY, tmp_path / "a", validation=cases, data="two maps")
    assert train_net("sr2", windows, TINY, tmp_path / "b", seconds=0.0) is None
    assert not (tmp_path / "b" / "sr2.json").exists()
    half = NetOptions(**{**vars(TINY), "checkpoint_s": 0.0})
    stop_after(2, windows, half, tmp_path / "b")
    resumed = train_net("sr2", windows, TINY, tmp_path / "b")
    assert resumed.sha256 == whole.sha256
    assert whole.samples_seen == 16
    assert set(whole.validation) == {"sr2"}
    net, card = load_net(tmp_path / "a", "sr2")
    assert card == whole
    maps = net_maps(net, cases["sr2"])
    assert maps.shape == (1, 3, 64, 64)
    scored = cases["sr2"][0].readings.scored
    rmse = 40 * np.sqrt(np.mean((maps[0, 0] - cases["sr2"][0].truth[0])[scored] ** 2))
    assert rmse == pytest.approx(card.validation["sr2"], abs=0.01)


def stop_after(steps, windows, options, folder):
    from openckm.evaluate.p1.training import _Run

    run = _Run("sr2", options, folder, windows)
    for _ in range(steps):
        run.advance()
    run.save([])


def test_a_tuned_network_begins_as_the_prior(windows, traced, tmp_path):
    prior = tiny_denoiser(gain=0.3), tiny_card()
    cases = {task: [p1_case(traced, task, 0)] for task in TASKS}
    untouched = NetOptions(**{**vars(TINY), "tuned_rate": 0.0})
    card = train_net("iprandom_tuned", windows, untouched, tmp_path / "a", prior=prior, validation=cases)
    assert card.start == f"{prior[1].name} {prior[1].version}"
    assert card.widths == prior[0].options.widths
    net, _ = load_net(tmp_path / "a", "iprandom_tuned")
    said = posterior_mean(prior[0], cases["iprandom"][0].condition, symmetrise=False).mean[:, :3].float().numpy()
    np.testing.assert_allclose(net_maps(net, cases["iprandom"]), said, atol=1e-6)
    train_net("iprandom_tuned", windows, TINY, tmp_path / "b", prior=prior)
    assert not np.allclose(net_maps(load_net(tmp_path / "b", "iprandom_tuned")[0], cases["iprandom"]), said, atol=1e-4)
    np.testing.assert_array_equal(
        posterior_mean(prior[0], cases["iprandom"][0].condition, symmetrise=False).mean[:, :3].float().numpy(), said
    )  # the prior itself stays as it was
    with pytest.raises(InputError, match="begins as the prior"):
        train_net("sr2_tuned", windows, TINY, tmp_path / "c")


def test_a_network_learns_what_it_is_shown(windows, tmp_path, monkeypatch):
    options = NetOptions(samples=80, batch=2, size=16, widths=(16, 16), blocks=1, learning_rate=2e-3)
    inputs, clean, weight = shown = net_batch("iprandom", windows, options, 0)
    monkeypatch.setattr(p1_training, "net_batch", lambda *_: shown)
    train_net("iprandom", windows, options, tmp_path)
    net, _ = load_net(tmp_path, "iprandom")
    before, after = (float((weight * (x - clean) ** 2).mean()) for x in (inputs[1], net(*inputs)))
    assert after < 0.65 * before


def test_broken_or_missing_networks_say_what_to_do(windows, tmp_path, monkeypatch):
    train_net("ipbox", windows, TINY, tmp_path)
    path = tmp_path / "ipbox.json"
    card = json.loads(path.read_text())
    for wrong in ({**card, "sha256": "0" * 64}, {**card, "widths": [8, 16]}, {**card, "more": 1}, {"kind": "ipbox"}):
        path.write_text(json.dumps(wrong))
        with pytest.raises(ModelError):
            load_net(tmp_path, "ipbox")
    with pytest.raises(ModelError, match=r"train/p1_nets\.py"):
        load_net(tmp_path, "jtqr")
    other = NetOptions(**{**vars(TINY), "samples": 32})
    with pytest.raises(ModelError, match="16 samples"):
        train_net("ipbox", windows, other, tmp_path)
    with pytest.raises(InputError, match="unknown network"):
        train_net("other", windows, TINY, tmp_path)
    with pytest.raises(InputError, match="no training maps"):
        WindowSet([])
    with pytest.raises(InputError, match="wanted one size"):
        WindowSet([smooth_map(tmp_path), replace(smooth_map(tmp_path), grid=Grid((64, 64), 4.0))])
    with pytest.raises(InputError, match="no window"):
        monkeypatch.setattr(windows, "knowns", [np.zeros_like(known) for known in windows.knowns])
        net_batch("sr2", windows, TINY, 0)
    monkeypatch.setenv("OPENCKM_P1_NETS", str(tmp_path / "there"))
    assert default_nets_dir() == tmp_path / "there"
    monkeypatch.delenv("OPENCKM_P1_NETS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_nets_dir() == tmp_path / "openckm" / "p1_nets"


def test_the_recipe_trains_what_it_is_asked_for(tmp_path, monkeypatch, capsys):
    smooth_shard(tmp_path / "train.npz")
    (tmp_path / "val").mkdir()
    smooth_shard(tmp_path / "val" / "val.npz", maps=1)
    with np.load(tmp_path / "val" / "val.npz") as file:
        arrays = dict(file)
    arrays["layout"] = np.array(["florence"])
    np.savez(tmp_path / "val" / "val.npz", **arrays)
    spec = importlib.util.spec_from_file_location("p1_nets_recipe", RECIPE)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    monkeypatch.setattr(
        sys, "argv",
        ["p1_nets.py", "--data", str(tmp_path), "--validation", str(tmp_path / "val"), "--out", str(tmp_path / "nets"),
         "--net", "jtqr", "--samples", "8", "--batch", "4", "--size", "32", "--widths", "8", "8"],
    )  # fmt: skip
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    recipe.main()
    assert "2 training maps, 1 validation maps" in capsys.readouterr().out
    net, card = load_net(tmp_path / "nets", "jtqr")
    assert net.options.widths == card.widths == (8, 8)
    assert card.validation["jtqr"] > 0
    assert [p.name for p in (tmp_path / "nets").glob("*.json")] == ["jtqr.json"]
