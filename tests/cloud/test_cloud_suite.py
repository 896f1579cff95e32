"""A suite asks the same of every model, for ever: frozen, hashed, and kept apart from what is trained on."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from openckm.cloud.evaluate import evaluate_models
from openckm.cloud.suite import Pattern, Suite, freeze, score_models
from openckm.data.shards import latent_state
from openckm.errors import InputError, ModelError, OptionError
from openckm.maps.quantity import GAIN
from worlds import GaussianDenoiser, tiny_denoiser


def test_a_suite_is_read_as_it_was_frozen(suite):
    again = Suite.read(suite.folder)
    assert again == suite
    assert again.digest == suite.digest
    assert {p.stem for p in (suite.folder / "maps").iterdir()} == {item.sha256 for item in suite.items}


def test_parts_and_training_share_no_scene(store, suite):
    by_part = [{i.scene for i in suite.items if i.part == part} for part in ("validation", "test")]
    assert by_part[0] and by_part[1] and not by_part[0] & by_part[1]
    assert set(suite.scenes) >= by_part[0] | by_part[1]
    free = {entry.scene for entry in store.entries.values()} - set(suite.scenes)
    assert len(free) > 15


def test_scenes_are_held_back_whole_also_where_a_part_takes_few_maps(store, tmp_path):
    small, whole = (
        freeze(store, tmp_path / str(most), {"oldtown": 0.6, "newtown": 0.6}, most=most) for most in (3, 99)
    )
    assert len(small.items) == 12
    assert small.scenes == whole.scenes


def test_the_same_maps_freeze_to_the_same_digest_and_others_do_not(store, suite, tmp_path):
    assert freeze(store, tmp_path / "again", {"oldtown": 0.6, "newtown": 0.6}, most=9).digest == suite.digest
    assert freeze(store, tmp_path / "other", {"oldtown": 0.7, "newtown": 0.6}, most=9).digest != suite.digest


def spoiled(suite, folder):
    return shutil.copytree(suite.folder, folder)


def test_a_changed_suite_is_refused(suite, tmp_path):
    folder = spoiled(suite, tmp_path / "suite")
    raw = json.loads((folder / "suite.json").read_text())
    raw["items"][0]["seed"] += 1
    (folder / "suite.json").write_text(json.dumps(raw))
    with pytest.raises(InputError, match="changed after it was frozen"):
        Suite.read(folder)
    (folder / "suite.json").write_text("{")
    with pytest.raises(InputError, match="not a readable suite"):
        Suite.read(folder)
    with pytest.raises(InputError, match="make one with `ckm cloud suite`"):
        Suite.read(tmp_path)


def test_a_changed_map_of_a_suite_is_refused(suite, tmp_path):
    folder = spoiled(suite, tmp_path / "suite")
    one, other = sorted((folder / "maps").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    with pytest.raises(InputError, match="another map than its name says"):
        for part in ("validation", "test"):
            score_models(Suite.read(folder), {"tiny": tiny_denoiser()}, part)


def test_scores_are_functions_of_model_and_suite_alone(suite):
    one, two = tiny_denoiser(1), tiny_denoiser(2)
    alone = score_models(suite, {"one": one})["one"]
    beside = score_models(Suite.read(suite.folder), {"two": two, "one": one})
    assert beside["one"] == alone
    assert beside["two"] != alone
    assert {s.region for s in alone} == {"oldtown", "newtown"}
    names = {f"rmse_db:{p.name}" for p in suite.patterns} | {f"denoise:{level:g}" for level in suite.levels}
    assert all(set(s.values) == names for s in alone)


def test_scores_are_the_errors_that_they_say(suite):
    """A model that always answers with one constant map: its errors can be written down."""
    guess = torch.zeros(5, 32, 32)
    guess[0] = 0.25
    found = score_models(suite, {"constant": GaussianDenoiser(guess, 0.0)})["constant"]
    for score in found:
        item = next(item for item in suite.items if item.sha256 == score.map)
        traced = suite.map(item)
        gain = traced.gain_db[traced.covered]
        want = float(np.sqrt(np.mean((GAIN.decode(np.float32(0.25)) - gain.astype(float)) ** 2)))
        assert score.values["rmse_db:site"] == pytest.approx(want, rel=1e-5)
        assert score.values["rmse_db:points_2"] == pytest.approx(want, rel=0.05)  # other cells are hidden
        state, known = latent_state(traced)
        scored = np.ones_like(state, bool)
        scored[:3] = known
        off = (guess.numpy() - state)[scored]
        assert score.values["denoise:0.4"] == pytest.approx(float(np.sqrt(np.mean(off**2))) / 0.4, rel=1e-5)


def test_a_model_that_gives_what_is_not_finite_is_named(suite):
    with pytest.raises(OptionError, match="model broken gives what is not finite on map"):
        score_models(suite, {"broken": GaussianDenoiser(torch.full((5, 32, 32), torch.nan))})


def test_rows_of_a_model_and_its_ratios_to_another(suite, tiny_prior):
    rows = evaluate_models(suite, tiny_prior, tiny_prior)
    assert {row.task for row in rows} == {"oldtown", "newtown"}
    ratios = [row for row in rows if row.metric.endswith("_ratio")]
    assert {(row.value, row.ci_low, row.ci_high) for row in ratios} == {(1.0, 1.0, 1.0)}
    assert {row.split for row in ratios} >= {"overall", "site", "0.1"}
    single = [row for row in rows if row.metric == "rmse_db"]
    assert all(row.ci_low <= row.value <= row.ci_high and row.method == "tiny 0.0.1" for row in single)


def test_what_cannot_be_frozen_is_named(store, suite, tmp_path):
    with pytest.raises(ModelError, match="there is something already"):
        freeze(store, suite.folder, {"oldtown": 0.5})
    with pytest.raises(OptionError, match="has no map of oslo"):
        freeze(store, tmp_path / "a", {"oslo": 0.5})
    with pytest.raises(OptionError, match="no scene of oldtown falls into"):
        freeze(store, tmp_path / "b", {"oldtown": 1e-9})
    with pytest.raises(OptionError, match="shares in"):
        freeze(store, tmp_path / "c", {"oldtown": 1.5})
    with pytest.raises(OptionError, match="something known"):
        Pattern("nothing", 0.0, False)
