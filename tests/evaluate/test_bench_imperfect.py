"""The benchmark of imperfect training maps: its arms see the same windows, and its rows are paired."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openckm.data.shards import read_shards
from openckm.errors import InputError
from openckm.evaluate.benches.imperfect import ARMS, ImperfectMaps, ImperfectOptions, run
from openckm.evaluate.registry import bench
from openckm.training.samples import TrainingSet
from worlds import shard_arrays

TINY = ImperfectOptions(steps=2, batch=2, maps=2, train_maps=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("shards")
    for name, city in (("a", "munich"), ("b", "sionna_florence"), ("c", "rotterdam")):
        arrays = shard_arrays(count=4, side=32, seed=ord(name))
        arrays["layout"] = np.array([city] * 4)
        np.savez(home / f"{name}.npz", **arrays)
    return home


def test_rows_are_those_of_all_arms_and_training_resumes(folder, tmp_path):
    done = []
    rows = run(data_dir=folder, keep=tmp_path, options=[TINY], progress=lambda *step: done.append(step))
    asked = ARMS[:-1]  # the foundation prior never saw a reading
    assert [(r.method, r.metric) for r in rows if r.task == "posterior_mean"] == [
        *((arm, "rmse_db") for arm in asked), *((arm, "rmse_ratio") for arm in asked[1:])
    ]  # fmt: skip
    ways = {r.method for r in rows if r.task == "iprandom" and r.metric == "rmse_db"}
    assert ways == {"clean", "clean, layout read", "clean, one call", "foundation"}
    assert len(done) == len(ARMS)
    assert {r.split for r in rows} == {"3 training maps"}
    value = {(r.method, r.task, r.metric): r.value for r in rows}
    for arm in ARMS[1:]:
        ratio = value[arm, "denoise_4_db", "rmse_db"] / value["clean", "denoise_4_db", "rmse_db"]
        assert value[arm, "denoise_4_db", "rmse_ratio"] == pytest.approx(ratio)
    logs = sorted(tmp_path.rglob("log.jsonl"))
    assert len(logs) == len(ARMS)
    before = [path.read_text() for path in tmp_path.rglob("log.jsonl")]
    again = run(data_dir=folder, keep=tmp_path, options=[TINY])
    assert [r.value for r in again] == [r.value for r in rows]
    assert all("loss" not in path.read_text().removeprefix(text) for path, text in zip(logs, before, strict=False))


def test_arms_differ_in_noise_alone(folder):
    traced = list(read_shards([folder / "a.npz"]))
    options = ImperfectOptions(batch=8, clean_share=0.5)
    maps = ImperfectMaps(TrainingSet(traced, options.conditions()), options)
    clean, ambient, naive, tenth, alone = (maps.batches(arm)(3) for arm in ARMS)
    assert not alone.condition.site.any() and not alone.condition.evidence.any(), (
        "the foundation prior is shown nothing"
    )
    assert ambient.noise is not None
    noisy = ambient.noise[:, 0] > 0
    assert 0 < int(noisy.sum()) < 8
    assert torch.equal(naive.clean, ambient.clean)
    assert torch.equal(naive.clean[~noisy], clean.clean[~noisy])
    assert torch.equal(naive.clean[:, 3:], clean.clean[:, 3:])
    spread = (naive.clean - clean.clean)[noisy].std((0, 2, 3))
    torch.testing.assert_close(spread[:3], torch.tensor([0.25, 0.1, 0.1]), rtol=0.1, atol=0.0)
    assert torch.equal(naive.condition.site, clean.condition.site)
    told = clean.condition.evidence[:, 2] > 0
    assert torch.equal(naive.condition.evidence[:, 2], clean.condition.evidence[:, 2])
    assert bool((ambient.condition.evidence[:, 2] <= naive.condition.evidence[:, 2]).all())
    assert float(ambient.weight[:, 0][noisy[:, None, None] & told].sum()) == 0.0
    assert torch.equal(ambient.weight[~noisy], clean.weight[~noisy])
    kept = TrainingSet([traced[k] for k in maps.chosen], options.conditions()).states
    assert all(any(np.isclose(s.std(), own.std(), rtol=0.5) for own in kept) for s in tenth.clean.numpy())
    assert torch.equal(maps.batches("naive")(3).clean, naive.clean)


def test_the_same_noise_whenever_a_map_is_drawn(folder):
    maps = ImperfectMaps(TrainingSet(read_shards([folder / "a.npz"]), TINY.conditions()), TINY)
    again = ImperfectMaps(TrainingSet(read_shards([folder / "a.npz"]), TINY.conditions()), TINY)
    assert np.array_equal(maps.noisy.states, again.noisy.states)
    assert not np.array_equal(maps.noisy.states, maps.clean.states)


def test_both_kinds_of_maps_are_needed(tmp_path, folder):
    (tmp_path / "a.npz").write_bytes((folder / "a.npz").read_bytes())
    with pytest.raises(InputError, match="0 of florence"):
        run(data_dir=tmp_path, options=[TINY])


def test_it_is_registered():
    assert bench("imperfect") is run


def test_a_layout_that_is_read_is_no_condition(folder):
    """P1 reads the layout as a channel: the truth's own buildings fit that reading, others do not."""
    from openckm.data.shards import latent_state
    from openckm.evaluate.benches.imperfect import LAYOUT_SIGMA, _p1_cases, _with_layout_read

    traced = next(iter(read_shards([folder / "a.npz"])))
    case = next(c for _, c in _p1_cases(traced, 0) if c.task == "iprandom")
    read = _with_layout_read(case)
    assert not read.condition.site.any() and not read.condition.evidence.any()
    assert torch.equal(read.condition.scalars[:, 0], case.condition.scalars[:, 0])
    truth = torch.as_tensor(latent_state(traced)[0])[None].float()
    wrong = truth.clone()
    wrong[:, 3] = -wrong[:, 3]
    layout = read.likelihood.parts[1]
    assert float(layout.residual(truth).abs().max()) < LAYOUT_SIGMA
    assert float(layout.residual(wrong).abs().min()) > 0.9
    assert read.likelihood.parts[0] is case.likelihood
