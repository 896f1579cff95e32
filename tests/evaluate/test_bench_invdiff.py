"""Bench invdiff: are scores those of the answer, and are gains paired by map and seed?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.evaluate.test_evaluate_heldout import write_shard
from tests.worlds import tiny_denoiser
from typer.testing import CliRunner

from openckm.cli.main import app
from openckm.data.readers.seer import map_numbers
from openckm.errors import OptionError
from openckm.evaluate.benches import invdiff as bench
from openckm.evaluate.benches.heldout import load_heldout
from openckm.evaluate.benches.invdiff import SHARES, World, rival_scores, scores_of, table
from openckm.evaluate.scores.scoring import Score
from openckm.priors.conditioning import Condition
from openckm.training.samples import TrainingSet


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    write_shard(folder / "a.npz", maps=2)
    return load_heldout(folder, 10)


def test_the_truth_has_no_error_and_a_shift_has_its_own(held):
    for shift in (0.0, 3.0):
        answers = iter([m for m in held for _ in SHARES])
        scores = scores_of(
            "a", 1, lambda *_, s=shift, a=answers: np.nan_to_num(next(a).gain_db) + s, World((), held), 8, 1
        )
        assert len(scores) == 2 * len(SHARES) and {s.split for s in scores} == {"1%", "3%", "10%"}
        assert all(s.values["rmse_db"] == pytest.approx(shift, abs=1e-3) for s in scores)


@pytest.mark.parametrize("rival", bench.RIVALS)
def test_a_rival_errs_less_with_more_readings_than_a_flat_map(held, rival, monkeypatch):
    monkeypatch.setattr(bench, "embedded_prior", lambda: (tiny_denoiser(), None))
    scores = rival_scores(rival, World((), held[:1]))
    flat = scores_of(
        "flat", 0, lambda s, g, grid: np.full(grid.shape, g.points[0].value.mean()), World((), held[:1]), 8, 0
    )
    assert scores[-1].values["rmse_db"] < flat[-1].values["rmse_db"]
    assert all(np.isfinite(list(s.values.values())).all() for s in scores)


def test_gains_are_paired_by_map_and_seed():
    one = Score("plain", "gain", "1%", "a", "x", {"psnr_db": 30.0, "rmse_db": 6.0, "ssim": 0.9, "nmse": 0.1}, 5, 1, 0.0)
    scores = [replace(one, seed=1), replace(one, method="reversible", seed=1, values=one.values | {"psnr_db": 31.0})]
    scores += [replace(one, seed=2, values=one.values | {"psnr_db": 20.0})]  # of a seed without its twin
    row = next(r for r in table(scores) if r.metric == "psnr_gain_db")
    assert (row.method, row.value, row.cases) == ("plain over reversible", pytest.approx(-1.0), 1)


def test_arms_of_more_samples_are_compared_with_their_twin_of_as_many_and_with_themselves():
    one = Score("", "gain", "1%", "a", "x", {"psnr_db": 30.0, "rmse_db": 6.0, "ssim": 0.9, "nmse": 0.1}, 5, 1, 0.0)
    names = {"reversible": 30.0, "reversible at 9 samples": 30.5, "no_injector": 29.0, "no_injector at 9 samples": 31.0}
    scores = [replace(one, method=name, values=one.values | {"psnr_db": v}) for name, v in names.items()]
    assert {r.method: r.value for r in table(scores) if r.metric == "psnr_gain_db"} == {
        "no_injector over reversible": pytest.approx(-1.0),
        "no_injector at 9 samples over reversible at 9 samples": pytest.approx(0.5),
        "reversible at 9 samples over reversible": pytest.approx(0.5),
    }


@pytest.fixture
def seer(tmp_path):
    """A RadioMap3DSeer of one city for training, and one for testing, brighter by 10 grey levels."""
    root = tmp_path / "RadioMap3DSeer"
    antenna, roof = np.zeros((256, 256), np.uint8), np.zeros((256, 256), np.uint8)
    roof[40:90, 60:120], antenna[60, 80] = 128, 128
    row, col = np.mgrid[:256, :256]
    gain = np.where(roof > 0, 0, 200 - 0.4 * np.hypot(row - 60, col - 80)).astype(np.uint8)
    for split, brighter in (("train", 0), ("test", 10)):
        number = map_numbers(split)[0]
        for name, picture in (
            (f"gain/{number}_0.png", gain + np.uint8(brighter) * (gain > 0)),
            (f"png/buildingsWHeight/{number}.png", roof),
            (f"png/antennasWHeight/{number}_0.png", antenna),
        ):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture.astype(np.uint8)).save(root / name)
    return root


def test_radiomap3dseer_is_learnt_from_and_scored_on_in_its_own_sets_and_scale(seer, tmp_path, monkeypatch):
    options = bench.InvdiffOptions(
        steps=1, chain_steps=1, batch=1, seeds=(1,), arms=("reversible", "radiounet", "chain_1"), maps=1
    )
    monkeypatch.setattr(bench, "embedded_prior", lambda: (tiny_denoiser(), None))
    monkeypatch.setattr(bench, "RIVALS", ("kriging",))
    learnt = []
    monkeypatch.setattr(bench, "TrainingSet", lambda maps, how: learnt.extend(maps) or TrainingSet(maps, how))
    rows = bench.run(options=options, radiomap3dseer=seer, keep=tmp_path).rows
    assert {r.task for r in rows} == {"radiomap3dseer"}
    assert [m.city for m in learnt] == [f"radiomapseer_{map_numbers('train')[0]}"]
    found = {(r.method, r.metric): r.value for r in rows if r.split == "10%"}
    assert {m for m, metric in found if metric == "psnr_db"} == {
        "reversible", "radiounet", "chain_1", "shipped prior", "kriging"
    }  # fmt: skip
    error = found["kriging", "rmse_db"]
    assert error < 3.0, "the test city is a smooth field"
    assert found["kriging", "psnr_db"] == pytest.approx(20 * np.log10(36.0 / error), abs=0.1), "of its 36 dB"


def test_radiounet_is_told_what_the_others_are_and_has_as_many_weights():
    net = bench.RadioUNetMean()
    ours = sum(p.numel() for p in bench._network("reversible", "xs").parameters())
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(ours, rel=0.03)
    given = Condition.nothing(1, (64, 64))
    x, level = torch.randn(1, 5, 64, 64), torch.ones(1)
    mean = net(x, level, given).mean
    assert torch.equal(mean, net(x + 1.0, 40.0 * level, given).mean), "a map in one call, whatever noise it is shown"
    for part in ("site", "evidence"):
        shown = replace(given, **{part: getattr(given, part) + torch.rand(1, 1, 64, 64)})
        assert not torch.equal(net(x, level, shown).mean, mean), part


def test_a_data_set_of_another_benchmark_is_refused(seer):
    with pytest.raises(OptionError, match="--radiomap3dseer belongs to benchmark 'invdiff'"):
        CliRunner().invoke(app, ["bench", "p1", "--radiomap3dseer", str(seer)], catch_exceptions=False)
