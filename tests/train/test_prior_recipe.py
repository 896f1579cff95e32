"""The recipe of the shipped prior: stages go on from one another, so does an interrupted run, and the card tells."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from openckm.errors import OpenCKMError
from openckm.priors.pretrained import load_prior
from published_sets import published

RECIPE = Path(__file__).resolve().parents[2] / "train" / "prior.py"


@pytest.fixture
def recipe(monkeypatch):
    spec = importlib.util.spec_from_file_location("prior_recipe", RECIPE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "prior_recipe", module)
    spec.loader.exec_module(module)
    stages = (module.Stage(2, 1, 1e-3, 0.0), module.Stage(4, 1, 1e-3, 0.5))
    monkeypatch.setattr(module, "RECIPES", {"xs": stages})
    return module


def shard(path: Path, layout: str, seed: int, maps: int = 3, side: int = 64, split: str | None = None) -> None:
    rng = np.random.default_rng(seed)
    gain = -90.0 + np.cumsum(np.cumsum(rng.normal(0, 0.2, (maps, side, side)), 1), 2).clip(-20, 20)
    height = np.zeros((maps, side, side), np.uint16)
    height[:, 5:15, 20:30] = 120
    np.savez(
        path, gain_cdb=np.where(height > 0, -32768, np.round(gain * 100)).astype(np.int16),
        aoa_deg=np.full(gain.shape, 90, np.int16), height_dm=height,
        tx=np.array([[30.0 + 8 * k, 40.0, 20.0, np.nan, np.nan] for k in range(maps)]),
        layout=np.array([layout] * maps), carrier_hz=np.full(maps, 3.5e9), antenna=np.array(["iso"] * maps),
        cell_m=np.full(maps, 2.0), **({} if split is None else {"split": np.array([split] * maps)}),
    )  # fmt: skip


def run(module, monkeypatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["prior.py", "--threads", "1", "--batch", "2", *map(str, arguments)])
    module.main()


@pytest.fixture
def maps(tmp_path):
    folder = tmp_path / "maps"
    folder.mkdir()
    for number, layout in enumerate(("munich", "florence", "san_francisco")):
        shard(folder / f"{layout}.npz", layout, number)
    return folder


def test_stages_follow_one_another_and_the_card_tells(recipe, maps, tmp_path, monkeypatch, capsys):
    common = ("--recipe", "xs", "--data", maps, "--out", tmp_path / "run")
    run(recipe, monkeypatch, *common, "--publish", tmp_path / "prior")
    said = capsys.readouterr().out
    assert "3 training maps, 3 validation maps" in said, "a held-out city was read"
    assert "step 0 -> 2 of 2" in said
    assert "step 2 -> 4 of 4" in said
    _, card = load_prior(tmp_path / "prior")
    assert card.name == "openckm-prior-xs"
    assert "4 steps" in card.recipe
    assert card.metrics["validation_rmse_db"] > 0
    assert "san_francisco" not in card.training_data
    with pytest.raises(OpenCKMError, match="prior"):
        run(recipe, monkeypatch, *common, "--publish", tmp_path / "prior")


def test_procedural_cities_are_trained_on_by_the_set_that_their_shard_states(recipe, maps):
    """Their names are the same in all sets; only their seeds differ."""
    for number, split in enumerate(("train", "validation", "test")):
        shard(maps / f"{split}-1-000000.npz", "procedural-grid", 10 + number, split=split)
    read = recipe.traced_maps([maps], None)
    assert sorted(m.scene for m in read.seen) == ["munich"] * 3 + ["train-1-000000"] * 3
    assert sorted(m.scene for m in read.held) == ["florence"] * 3 + ["validation-1-000000"] * 3


def test_a_held_out_city_stays_held_out_whatever_a_shard_states(recipe, maps):
    shard(maps / "wrong.npz", "sionna_florence", 20, split="train")
    assert {m.scene for m in recipe.traced_maps([maps], None).seen} == {"munich"}
    shard(maps / "strange.npz", "munich", 21, split="training")
    with pytest.raises(OpenCKMError, match=r"set 'training', wanted one of train, validation, test"):
        recipe.traced_maps([maps], None)


def test_time_that_runs_out_leaves_a_run_to_go_on_with(recipe, maps, tmp_path, monkeypatch, capsys):
    common = ("--recipe", "xs", "--data", maps, "--out", tmp_path / "run")
    run(recipe, monkeypatch, *common, "--minutes", 0, "--publish", tmp_path / "prior")
    assert "run again to go on" in capsys.readouterr().out
    assert not (tmp_path / "prior").exists()
    run(recipe, monkeypatch, *common)
    assert "step 2 -> 4 of 4" in capsys.readouterr().out


def test_hours_are_those_of_the_steps(recipe):
    lines = [{"step": 50, "steps_per_s": 1.0}, {"step": 50, "rmse_db": 9.0}, {"step": 100, "steps_per_s": 0.5}]
    assert recipe.hours_of([json.loads(json.dumps(line)) for line in lines]) == pytest.approx(150 / 3600, abs=0.01)


def test_a_prior_of_ckmimagenet_is_trained_published_and_scored_by_p1(recipe, tmp_path, monkeypatch, capsys):
    from openckm.evaluate.benches import p1

    data, _ = published(tmp_path / "data", {"train": ("BJ1", "BJ2", "NJ1"), "eval": ("NJ5",)})
    common = ("--recipe", "xs", "--ckmimagenet", data, "--out", tmp_path / "run", "--publish", tmp_path / "prior")
    with pytest.raises(SystemExit):
        run(recipe, monkeypatch, *common)
    assert "--cell-m and --carrier-hz" in capsys.readouterr().err
    run(recipe, monkeypatch, *common, "--cell-m", 2, "--carrier-hz", 28e9)
    assert "2 training maps, 1 validation maps" in capsys.readouterr().out
    _, card = load_prior(tmp_path / "prior")
    assert "for evaluation only" in card.licence
    assert "2 patches of CKMImageNet" in card.training_data and "BJ1 held out" in card.training_data
    monkeypatch.setattr(p1, "few_step_methods", lambda denoiser: [])
    small = p1.BenchOptions(size=64, windows=1, draws=1, chains=1, steps=2, sweep=1, zetas=(1.0,), tasks=("sr2",))
    rows = p1.run(ckmimagenet=data, prior=tmp_path / "prior", nets_dir=tmp_path, options=small)
    own = {r.method: r for r in rows if (r.task, r.split, r.metric) == ("sr2", "corrected", "gain_rmse_db")}
    assert {"nearest", "kriging", "openckm", "dps"} <= set(own)
    assert set(own["openckm"].cities) == {"NJ5"}


def test_one_scene_cannot_train_and_validate(recipe, tmp_path, monkeypatch):
    data, _ = published(tmp_path / "data", {"train": ("BJ1",), "eval": ("NJ5",)})
    given = ("--ckmimagenet", data, "--cell-m", 2, "--carrier-hz", 28e9, "--out", tmp_path / "run")
    with pytest.raises(OpenCKMError, match="BJ1"):
        run(recipe, monkeypatch, *given)


def test_with_misdrawn_layouts_every_training_map_is_seen_twice_and_the_card_says_so(recipe, tmp_path, monkeypatch):
    folder = tmp_path / "maps"
    folder.mkdir()
    for number, layout in enumerate(("munich", "florence")):
        shard(folder / f"{layout}-{number:06d}.npz", layout, number)
    told = recipe.traced_maps([folder], tmp_path / "rays", True)
    assert [m.scene for m in told.seen] == ["munich-000000"] * 6
    assert len(told.seen_rays) == len(told.layouts) == 6
    first, second = told.layouts[:3], told.layouts[3:]
    assert all((a.height_m != b.height_m).any() for a, b in zip(first, second, strict=True))
    assert all(m.layout is a for m, a in zip(told.seen, first, strict=False)), "the first of both is the truth"
    assert [m.scene for m in told.held] == ["florence-000001"] * 3, "maps that judge have their true layout, once"
    assert "misdrawn" in told.facts["training_data"]
    with pytest.raises(SystemExit):
        run(recipe, monkeypatch, "--data", folder, "--misdrawn", "--out", tmp_path / "run")
