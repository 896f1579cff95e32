"""The held-out benchmark on a tiny shard that is made here."""

import numpy as np
import pytest

from openckm.data.shards import read_shards
from openckm.data.split import TEST_CITIES, VALIDATION_CITIES, is_held_out
from openckm.errors import InputError
from openckm.evaluate.benches import heldout as bench_heldout
from openckm.evaluate.benches.heldout import FRACTIONS, heldout_case, load_heldout, run
from openckm.evaluate.worlds.folders import VARIABLES, data_folder, sample_folder
from openckm.reconstructor import Reconstructor


def write_shard(path, maps=3, size=64, **more):
    rng = np.random.default_rng(0)
    row, col = np.mgrid[:size, :size] * 2.0
    gain = np.stack([-70 - 25 * np.log10(np.hypot(row - 40, col - 30 - 8 * k) + 20) for k in range(maps)])
    gain += np.cumsum(np.cumsum(rng.normal(0, 0.2, gain.shape), 1), 2) * 0.2
    height = np.zeros((maps, size, size), np.uint16)
    height[:, 5:15, 20:30] = 120
    cdb = np.where(height > 0, -32768, np.round(gain * 100)).astype(np.int16)
    tx = np.array([[30.0 + 8 * k, 40.0, 20.0, np.nan, np.nan] for k in range(maps)])
    np.savez(
        path, gain_cdb=cdb, aoa_deg=np.full(cdb.shape, 90, np.int16), height_dm=height, tx=tx,
        layout=np.array(["town"] * maps), carrier_hz=np.full(maps, 3.5e9), antenna=np.array(["iso"] * maps),
        cell_m=np.full(maps, 2.0), **more,
    )  # fmt: skip


class Copy:
    """Kriging under another name, as a stand-in for the product."""

    name = "copy"

    def reconstruct(self, observations, grid, **options):
        from openckm.baselines import Kriging

        return Kriging().reconstruct(observations, grid, **options)


def test_hidden_and_given_cells_are_free_covered_and_apart(tmp_path):
    write_shard(tmp_path / "a.npz")
    traced = load_heldout(tmp_path, 10)[0]
    free = int(traced.covered.sum())
    for fraction in FRACTIONS:
        given, truth = heldout_case(traced, "gain", fraction, 0)
        row, col = traced.grid.index_of(given.points[0].x, given.points[0].y)
        mask = np.zeros(traced.grid.shape, int)
        np.add.at(mask, (row, col), 1)
        np.add.at(mask, (truth.row, truth.col), 1)
        np.testing.assert_array_equal(mask == 1, traced.covered)
        assert len(given.points[0]) == max(round(fraction * free), 3)
        noise = given.points[0].value - traced.gain_db[row, col]
        assert fraction < 0.1 or np.std(noise) == pytest.approx(2.0, rel=0.2)
    alone, _ = heldout_case(traced, "gain_points", 0.02, 0)
    assert alone.layout is None
    assert alone.transmitter is None


def test_the_bench_gives_rows_per_task_and_density_and_paired_ratios(tmp_path, monkeypatch):
    write_shard(tmp_path / "a.npz", maps=2)
    monkeypatch.setattr(bench_heldout, "product_methods", lambda: [Copy()])
    assert isinstance(Copy(), Reconstructor)
    rows = run(data_dir=tmp_path, maps=2, fractions=(0.02,))
    value = {(r.method, r.task, r.metric): r for r in rows}
    assert value["kriging", "gain_points", "rmse_db"].value < 6.0
    assert ("universal_kriging", "gain", "rmse_db") in value
    assert ("universal_kriging", "gain_points", "rmse_db") not in value
    ratio = value["copy", "gain_points", "rmse_ratio"]
    assert (ratio.value, ratio.ci_low, ratio.ci_high) == pytest.approx((1.0, 1.0, 1.0))
    assert all(r.split == "2.0%" for r in rows), "shards without a floor have no row for it"


def test_the_noise_of_the_truth_is_printed_where_shards_state_it(tmp_path):
    write_shard(tmp_path / "a.npz", maps=2, floor_db=np.array([0.6, 1.0]))
    write_shard(tmp_path / "b.npz", maps=1)
    rows = run(data_dir=tmp_path, maps=3, methods=[], fractions=(0.02,))
    assert [(r.method, r.task, r.metric, r.n) for r in rows] == [("tracer_floor", "gain", "rmse_db", 2)]
    assert rows[0].value == pytest.approx(0.8)


def test_maps_are_spread_over_the_shards(tmp_path):
    for name in ("a", "b", "c"):
        write_shard(tmp_path / f"{name}.npz", maps=2)
    assert [m.scene for m in load_heldout(tmp_path, 3)] == ["a", "b", "c"]
    assert len(load_heldout(tmp_path, 99)) == len(list(read_shards(sorted(tmp_path.glob("*.npz")))))


def test_missing_data_says_how_to_make_it(tmp_path):
    with pytest.raises(InputError, match="ckm data generate --split test"):
        run(data_dir=tmp_path)


def test_maps_lie_where_the_variable_says_else_in_the_sample_or_the_cache(tmp_path, monkeypatch):
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, str(tmp_path / "there"))
        assert data_folder(name) == data_folder(name, quick=True) == tmp_path / "there"
        monkeypatch.delenv(variable)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert data_folder(name) == tmp_path / "openckm" / name
        assert data_folder(name, quick=True) == sample_folder() / name


def test_the_sample_is_small_and_of_many_held_out_cities():
    files = sorted(sample_folder().rglob("*.npz"))
    assert sum(f.stat().st_size for f in files) < 3e6
    maps = load_heldout(sample_folder() / "test", 99)
    cities = {m.city for m in maps}
    assert len(maps) >= 16 and len(cities & set(TEST_CITIES)) >= 8
    assert not any(is_held_out(m.city, TEST_CITIES) for m in read_shards([f for f in files if "test" not in f.parts]))
    assert {m.city for m in read_shards([f for f in files if "validation" in f.parts])} >= set(VALIDATION_CITIES)
    assert max(m.floor_db for m in maps) < 1.0
    assert "OpenStreetMap" in (sample_folder() / "README.md").read_text()
