"""The benchmark of rays: its rows on a tiny map, what each method may know, and ratios over the first prior."""

from dataclasses import replace

import numpy as np
import pytest

from openckm.data.shards import read_shards
from openckm.evaluate.benches import heldout as bench_heldout
from openckm.evaluate.benches import rays as bench_rays
from openckm.evaluate.benches.heldout import heldout_case
from openckm.evaluate.scores.scoring import Score
from openckm.infer.ray_map import ray_map
from worlds import save_tiny, shard_arrays


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A held-out map whose antenna stands above the roofs."""
    monkeypatch.setattr(bench_heldout, "MIN_FREE_CELLS", 100)
    arrays = shard_arrays(count=1, side=32)
    arrays["tx"][:, 2] = 60.0
    (tmp_path / "test").mkdir()
    np.savez_compressed(tmp_path / "test" / "t.npz", **arrays)
    return tmp_path / "test"


def test_the_rows(folder, tmp_path, monkeypatch):
    save_tiny(tmp_path / "priors" / "older")
    monkeypatch.setenv(bench_rays.PRIORS_VARIABLE, str(tmp_path / "priors"))
    rows = bench_rays.run(data_dir=folder, maps=1)
    found = {(r.method, r.task, r.split, r.metric): r for r in rows}
    version = bench_rays.embedded_prior()[1].version
    for name in ("older", version):
        assert (name, "prior", "nothing read", "rmse_db") in found
        assert (f"{name}, readings alone", "prior", "2.0% read", "rmse_db") in found
        assert (f"{name}, readings alone", "prior", "nothing read", "rmse_db") not in found
    ratio = found[version, "prior", "0.5% read", "rmse_db over older"].value
    parts = (found[name, "prior", "0.5% read", "rmse_db"].value for name in (version, "older"))
    assert ratio == pytest.approx(next(parts) / next(parts), rel=1e-4)
    older = [found[name, "prior", "2.0% read", "rmse_db"].value for name in ("older", "older, no rays")]
    assert older[0] == older[1], "a prior that reads no rays answers the same without"
    for split in ("heights known", "heights unknown"):
        assert ("0.35 RadioMamba, 0.35 prior, 0.3 rays", "predict", split, "rmse_db over RadioMamba") in found
        level = found["prior", "predict", split, "level_db"].value
        assert found["prior", "predict", split, "level_size_db"].value == pytest.approx(abs(level))
    assert ("with rays", "construct", "2.0%", "rmse_db over construct") in found


def test_of_trials_only_their_own_answers_are_scored(folder, tmp_path, monkeypatch):
    for name in ("0.4.0", "607 maps", "900 maps"):
        save_tiny(tmp_path / "priors" / name)
    monkeypatch.setenv(bench_rays.PRIORS_VARIABLE, str(tmp_path / "priors"))
    monkeypatch.setattr(bench_rays, "_predicted", lambda *_: ())
    monkeypatch.setattr(bench_rays, "_constructed", lambda *_: ())
    found = {(r.method, r.split, r.metric) for r in bench_rays.run(data_dir=folder, maps=1)}
    shipped = bench_rays.embedded_prior()[1].version
    for method in ("0.4.0", "607 maps", "900 maps", "0.4.0, no rays", f"{shipped}, no rays"):
        assert (method, "nothing read", "rmse_db") in found
    assert not any(m.startswith(("607 maps,", "900 maps,", "607 maps 0.7")) for m, _, _ in found)


def test_rays_alone_are_the_rays_map_at_the_level_of_the_readings(folder):
    (traced,) = read_shards(sorted(folder.glob("*.npz")))
    for share in (0.0, 0.02):
        given, _ = heldout_case(traced, "gain", share, 0)
        gain = dict(bench_rays._answers({}, given, traced.grid))["rays alone"][0]
        off = gain - ray_map(given, traced.grid).mean
        assert np.ptp(off) < 1e-9
        if share:
            row, col = traced.grid.index_of(given.points[0].x, given.points[0].y)
            assert np.median(given.points[0].value - gain[row, col]) == pytest.approx(0.0, abs=1e-9)
        else:
            assert not given.points and off.max() == 0.0


def test_deep_shadow_and_direction_are_scored_where_they_are(folder):
    (traced,) = read_shards(sorted(folder.glob("*.npz")))
    _, truth = heldout_case(traced, "gain", 0.0, 0)
    deep = np.zeros(traced.grid.shape, bool)
    deep[truth.row[:7], truth.col[:7]] = True
    gain = traced.gain_db.astype(float) + np.where(deep, 3.0, 1.0)
    turned = traced.aoa_rad.astype(float) + np.deg2rad(30.0)
    errors = bench_rays._errors((gain, np.cos(turned), np.sin(turned)), truth, deep, traced)
    assert errors["deep_db"] == pytest.approx(3.0)
    assert errors["rmse_db"] == pytest.approx(np.sqrt((7 * 9.0 + truth.value.size - 7) / truth.value.size))
    assert errors["direction_deg"] == pytest.approx(30.0, abs=1e-3)


def test_a_mixture_doubts_where_its_maps_differ():
    maps = {"a": (np.zeros((1, 1)), np.ones((1, 1))), "b": (np.full((1, 1), 4.0), np.ones((1, 1)))}
    mean, std = bench_rays._mixture({"a": 0.75, "b": 0.25}, maps)
    assert (mean[0, 0], std[0, 0]) == (pytest.approx(1.0), pytest.approx(2.0))  # 0.75 (1 + 1) + 0.25 (1 + 9) = 4


def test_heights_that_are_not_known_are_ten_metres_around_the_map_too(folder):
    (traced,) = read_shards(sorted(folder.glob("*.npz")))
    flat = bench_rays.flattened(replace(traced, around=traced.layout))
    for layout in (flat.layout, flat.around):
        assert (
            np.array_equal(layout.height_m, np.where(traced.layout.building, 10.0, 0.0)) and layout.height_known == 0.0
        )


def test_the_first_prior_is_the_one_that_others_are_compared_with():
    scores = [
        Score(name, "prior", "nothing read", "m", "c", {"rmse_db": value}, 9, 1, 0.0)
        for name, value in (("0.4.0", 10.0), ("0.5.0", 8.0))
    ]
    (row,) = (r for r in bench_rays.table(scores) if r.over)
    assert (row.method, row.metric, row.value) == ("0.5.0", "rmse_db over 0.4.0", pytest.approx(0.8))


def test_trials_are_compared_with_the_one_that_differs_in_one_thing_too():
    values = {"0.4.0": 10.0, "607 maps": 8.0, "607 maps, misdrawn": 8.4, "0.5.0": 7.0}
    scores = [Score(name, "prior", "nothing read", "m", "c", {"rmse_db": v}, 9, 1, 0.0) for name, v in values.items()]
    found = {(r.method, r.over): r.value for r in bench_rays.table(scores) if r.over}
    assert found[("607 maps, misdrawn", "607 maps")] == pytest.approx(1.05)
    assert found[("607 maps, misdrawn", "0.4.0")] == pytest.approx(0.84)
    assert {m for m, over in found if over == "607 maps"} == {"607 maps, misdrawn"}
