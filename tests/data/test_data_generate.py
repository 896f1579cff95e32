"""Shards: format, resuming, corrupt files, full disks and determinism, with a stub instead of the tracer."""

import contextlib
import errno
import json
import logging
import os
import signal
import socket
from dataclasses import replace

import numpy as np
import pytest

from openckm.data.averaging import Averaging
from openckm.data.coarsen import coarsen
from openckm.data.coherent import CoherentField
from openckm.data.generate import GenerateOptions, generate, make_scene, recipe
from openckm.data.raytrace import AOA_BINS, TracedField
from openckm.data.scenes import draw_scene
from openckm.data.shards import read_shard
from openckm.errors import ComputationError, LayoutError, OptionError

OPTIONS = GenerateOptions(maps=5, seed=3, cells=16, cell_sizes_m=(4.0,), rays=10, real_share=0.0)


class Stub:
    """Free-space gain from the transmitter, direction towards it; vehicles cost 3 dB, seeds differ by `noise_db`."""

    noise_db = 0.0

    def __init__(self, scene):
        self.scene = scene

    def field(self, antenna, seed, *, vehicles, guide=None):
        east, north = self.scene.trace.centres()
        dx, dy = antenna.x_m - east, antenna.y_m - north
        gain = (0.01 / np.hypot(np.hypot(dx, dy), antenna.z_m)) ** 2 * (0.5 if vehicles else 1.0)
        rng = np.random.default_rng([self.scene.trace_seed, seed])
        gain = gain * 10.0 ** (self.noise_db * rng.standard_normal(gain.shape) / 10.0)
        turn = (np.degrees(np.arctan2(dy, dx)) + 180.0) / 360.0 * AOA_BINS
        number = np.clip(np.floor(turn).astype(int), 0, AOA_BINS - 1)
        spectrum, offset = (np.zeros((AOA_BINS, *gain.shape), np.float32) for _ in range(2))
        np.put_along_axis(spectrum, number[None], gain[None].astype(np.float32), 0)
        np.put_along_axis(offset, number[None], (gain * (turn - number - 0.5))[None].astype(np.float32), 0)
        return TracedField(gain, spectrum, offset)

    def coherent(self, antenna):
        return CoherentField(4.0 * self.field(antenna, 0, vehicles=False).gain, 1000, 0.01)


class Noisy(Stub):
    noise_db = 4.0


class Failing(Stub):
    def field(self, antenna, seed, *, vehicles, guide=None):
        raise ComputationError("out of memory")


class Dying(Stub):
    def field(self, antenna, seed, *, vehicles, guide=None):
        os.kill(os.getpid(), signal.SIGKILL)


def run(out, options=OPTIONS, tracer=Stub):
    return generate(options, out, tracer=tracer, progress=False)


def test_shards_have_the_documented_arrays(tmp_path):
    report = run(tmp_path)
    assert report.made >= 5 and report.kept == 0 and all(p.exists() for p in report.shards)
    with np.load(report.shards[0]) as file:
        n = len(file["tx"])
        assert file["gain_cdb"].shape == file["aoa_deg"].shape == file["height_dm"].shape == (n, 16, 16)
        types = {k: file[k].dtype for k in ("gain_cdb", "aoa_deg", "height_dm", "tx", "seed")}
        assert types == {"gain_cdb": np.int16, "aoa_deg": np.int16, "height_dm": np.uint16, "tx": np.float64,
                         "seed": np.int64}  # fmt: skip
        assert set(file["split"]) == {"train"} and set(file["cell_m"]) == {4.0}
        built = file["height_dm"] > 0
        assert np.all(file["gain_cdb"][built] == -32768) and np.all(file["aoa_deg"][built] == -999)
        assert np.all(file["gain_cdb"][~built] > -32768)
        assert int(file["rays"]) == 10 and np.isnan(file["floor_db"]).all() and set(file["average_seeds"]) == {1}


def test_the_reader_sees_the_transmitter_where_the_directions_point(tmp_path):
    for traced in read_shard(run(tmp_path).shards[0]):
        rows, cols = np.nonzero(traced.covered)
        east, north = (cols + 0.5) * 4.0, -(rows + 0.5) * 4.0
        t = traced.transmitter
        expected = np.arctan2(t.y - north, t.x - east)
        error = np.angle(np.exp(1j * (traced.aoa_rad[rows, cols] - expected)))
        assert np.abs(error).max() < np.deg2rad(1.0)


def test_a_finished_run_is_kept_and_a_larger_one_goes_on(tmp_path):
    first = run(tmp_path)
    before = {p: p.read_bytes() for p in first.shards}

    again = run(tmp_path, tracer=Failing)
    assert (again.made, again.kept) == (0, first.made)
    more = run(tmp_path, replace(OPTIONS, maps=first.made + 1))
    assert more.kept == first.made and more.made >= 1
    assert all(p.read_bytes() == raw for p, raw in before.items())
    run(tmp_path)
    assert all(p.exists() for p in more.shards)


@pytest.fixture
def held_dashboard():
    """The port of Dask's dashboard in use, as when maps are generated in another folder."""
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # held already
            taken.bind(("", 8787))
            taken.listen()
        yield


@pytest.mark.usefixtures("held_dashboard")
def test_two_processes_make_the_same_shards(tmp_path):
    one = run(tmp_path / "one")
    two = run(tmp_path / "two", replace(OPTIONS, processes=2))
    assert [p.name for p in two.shards] == [p.name for p in one.shards]
    assert sorted((tmp_path / "two").iterdir()) == sorted(two.shards)  # none that was made ahead is left
    for a, b in zip(one.shards, two.shards, strict=True):
        with np.load(a) as first, np.load(b) as second:
            assert all(np.array_equal(first[k], second[k], equal_nan=first[k].dtype.kind == "f") for k in first)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 broken", None])
def test_a_corrupt_shard_is_made_again_with_a_warning(tmp_path, caplog, damage):
    first = run(tmp_path)
    path = first.shards[0]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        second = run(tmp_path)
    assert second.remade == 1 and "made again" in caplog.text
    with np.load(path) as file:
        assert len(file["tx"]) == len(file["gain_cdb"])


def test_any_scene_can_be_made_alone(tmp_path):
    report = run(tmp_path)
    alone = make_scene(OPTIONS, 1, Stub)
    with np.load(report.shards[1]) as file:
        assert all(np.array_equal(file[k], v, equal_nan=v.dtype.kind == "f") for k, v in alone.items())


def test_a_full_disk_leaves_finished_shards_and_no_fragments(tmp_path, monkeypatch):
    first = run(tmp_path, replace(OPTIONS, maps=1))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ComputationError, match="No space left"):
        run(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(first.shards)


def test_a_failing_tracer_leaves_finished_shards(tmp_path):
    first = run(tmp_path, replace(OPTIONS, maps=1))

    with pytest.raises(ComputationError, match="out of memory"):
        run(tmp_path, tracer=Failing)
    assert sorted(tmp_path.iterdir()) == sorted(first.shards)


def test_scenes_that_are_hardly_covered_are_drawn_again(tmp_path):
    seen = []

    class DarkAtFirst(Stub):
        def field(self, antenna, seed, *, vehicles, guide=None):
            seen.append(self.scene.trace_seed)
            f = super().field(antenna, seed, vehicles=vehicles)
            return f if len(set(seen)) > 1 else TracedField(0 * f.gain, 0 * f.spectrum, f.offset)

    make_scene(OPTIONS, 0, DarkAtFirst)
    assert len(set(seen)) == 2

    class Dark(Stub):
        def field(self, antenna, seed, *, vehicles, guide=None):
            f = super().field(antenna, seed, vehicles=vehicles)
            return TracedField(0 * f.gain, 0 * f.spectrum, f.offset)

    with pytest.raises(ComputationError, match="no sensible window"):
        make_scene(OPTIONS, 0, Dark)


def test_drawn_scenes_are_sensible():
    options = GenerateOptions(seed=8, real_share=0.0, cells=64, cell_sizes_m=(2.0,))
    scenes = [s for k in range(12) if (s := draw_scene(options, k, 0)) is not None]
    assert len(scenes) >= 6
    for s in scenes:
        assert 0.05 <= (s.height_m > 0).mean() <= 0.75 and 1 <= len(s.antennas) <= 4
        assert s.trace.margin_m >= 64 and 0.9e9 <= s.carrier_hz <= 28e9
        assert all(max(abs(a.x_m), abs(a.y_m)) <= s.trace.half_m + 100 and a.z_m >= 5 for a in s.antennas)


def test_a_very_weak_gain_neither_overflows_nor_counts_as_heard():
    class Weak(Stub):
        def field(self, antenna, seed, *, vehicles, guide=None):
            f = super().field(antenna, seed, vehicles=vehicles)
            f.gain[:, 0] = 1e-40
            return f

    arrays = make_scene(OPTIONS, 0, Weak)
    assert np.all(arrays["gain_cdb"][:, :, 0] == -32768) and np.all(arrays["aoa_deg"][:, :, 0] == -999)


@pytest.mark.parametrize(
    "bad",
    [
        {"maps": 0}, {"cell_sizes_m": ()}, {"cell_sizes_m": (0.1,)}, {"real_share": 2.0}, {"split": "all"},
        {"vehicles": 1.5}, {"cities": ("rotterdam",)}, {"cities": ("atlantis",)},
        {"cities": ("munich",), "real_share": 0.0},
    ],
)  # fmt: skip
def test_bad_options_are_refused(bad):
    with pytest.raises(OptionError):
        GenerateOptions(**bad)


# Several processes ------------------------------------------------------------------------------------


def test_a_process_that_dies_is_named_and_finished_shards_are_kept(tmp_path):
    first = run(tmp_path, replace(OPTIONS, maps=1))
    with pytest.raises(ComputationError, match=r"a process died.*finished is kept"):
        run(tmp_path, replace(OPTIONS, processes=2), tracer=Dying)
    assert sorted(tmp_path.iterdir()) == sorted(first.shards)


def test_fragments_of_an_interrupted_run_are_cleared_away(tmp_path):
    (tmp_path / ".train-3-000000.0a1b2c.npz").write_bytes(b"half")
    (tmp_path / ".train-4-000000.0a1b2c.npz").write_bytes(b"of another run")
    report = run(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / ".train-4-000000.0a1b2c.npz", *report.shards])


def test_shards_of_other_options_are_not_taken_for_these(tmp_path):
    run(tmp_path)
    with pytest.raises(OptionError, match="made with other options"):
        run(tmp_path, replace(OPTIONS, rays=20))


def test_shards_without_a_recipe_are_kept(tmp_path):
    first = run(tmp_path)
    for path in first.shards:
        with np.load(path) as file:
            arrays = {k: file[k] for k in file if k != "recipe"}
        np.savez_compressed(path, **arrays)
    assert run(tmp_path, tracer=Failing).kept == first.made


# Vehicles, noise and fading ---------------------------------------------------------------------------


def test_scenes_with_vehicles_hold_both_variants(tmp_path):
    options = replace(OPTIONS, vehicles=1.0, cells=64, cell_sizes_m=(2.0,), maps=1)
    report = run(tmp_path, options)
    seen = 0
    for traced in read_shard(report.shards[0]):
        moving = traced.dynamic
        assert traced.vehicle_m is None and moving.dynamic is None and moving.layout is traced.layout
        stands = moving.vehicle_m > 0
        seen += stands.sum()
        assert not (stands & moving.layout.building).any()
        assert np.isnan(moving.gain_db[stands]).all() and np.isnan(moving.aoa_rad[stands]).all()
        assert np.isfinite(traced.gain_db[stands]).all()
        both = moving.covered
        assert np.allclose(traced.gain_db[both] - moving.gain_db[both], 3.01, atol=0.02)
        coarse = coarsen(traced)
        assert coarse.dynamic.grid == coarse.grid and coarse.dynamic.vehicle_m.shape == (32, 32)
        assert not (coarse.dynamic.covered & (coarse.dynamic.vehicle_m > 0)).any()
    assert seen > 20


def test_without_vehicles_there_is_no_second_map(tmp_path):
    traced = next(read_shard(run(tmp_path).shards[0]))
    assert traced.dynamic is None and traced.coherent_db is None and np.isnan(traced.floor_db)


def test_a_scene_is_the_same_with_and_without_its_vehicles():
    still, moving = (make_scene(replace(OPTIONS, vehicles=v), 2, Stub) for v in (0.0, 1.0))
    assert np.array_equal(still["gain_cdb"], moving["gain_cdb"]) and "dynamic_gain_cdb" in moving


def test_seeds_are_traced_until_the_noise_is_low_enough(tmp_path):
    options = replace(OPTIONS, averaging=Averaging(floor_db=1.5, most=40), maps=1)
    report = run(tmp_path, options, tracer=Noisy)
    with np.load(report.shards[0]) as file:
        # 4 dB per seed: the mean of n has about 4 / sqrt(n) dB
        assert np.all(file["floor_db"] <= 1.5) and np.all(file["floor_db"] > 1.2)
        assert np.all((file["average_seeds"] >= 6) & (file["average_seeds"] <= 14))
        told = file["floor_db"]
    assert [t.floor_db for t in read_shard(report.shards[0])] == pytest.approx(told)
    capped = make_scene(replace(options, averaging=Averaging(floor_db=0.5, most=4)), 0, Noisy)
    assert np.all(capped["average_seeds"] == 4) and np.all(capped["floor_db"] > 1.0)


def test_the_coherent_gain_is_kept_beside_the_mean(tmp_path):
    report = run(tmp_path, replace(OPTIONS, coherent=True, maps=1))
    for traced in read_shard(report.shards[0]):
        known = traced.covered
        assert np.allclose((traced.coherent_db - traced.gain_db)[known], 6.02, atol=0.02)
        assert np.isnan(traced.coherent_db[~known]).all()


def test_named_cities_that_fit_no_window_are_an_error(tmp_path):
    write_block(tmp_path)
    options = replace(OPTIONS, real_share=1.0, cities=("den_haag",), layouts_dir=tmp_path)
    with pytest.raises(LayoutError, match="too small for windows of 640 m; use cells of 1 m"):
        draw_scene(replace(options, cells=160), 0, 0)


def test_an_excerpt_is_traced_in_small_windows_around_its_buildings(tmp_path):
    write_block(tmp_path)
    options = replace(
        OPTIONS, real_share=1.0, cities=("den_haag",), layouts_dir=tmp_path, cells=128, cell_sizes_m=(1.0,)
    )
    scenes = [s for k in range(10) if (s := draw_scene(options, k, 0)) is not None]
    assert len(scenes) >= 5
    assert all(s.city == "den_haag" and 0.01 < (s.height_m > 0).mean() < 0.05 for s in scenes)


def write_block(folder):
    """A CityJSON file of one house of 20 m x 20 m, 10 m high."""
    ring = [(0, 0), (40, 0), (40, 40), (0, 40)]
    vertices = [[x, y, z] for z in (0, 20) for x, y in ring]
    surfaces = [[[3, 2, 1, 0]], [[4, 5, 6, 7]], [[0, 1, 5, 4]]]
    thing = {"type": "Building", "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": surfaces}]}
    model = {
        "transform": {"scale": [0.5] * 3, "translate": [0.0] * 3},
        "vertices": vertices,
        "CityObjects": {"a": thing},
    }
    (folder / "cityjson").mkdir()
    (folder / "cityjson" / "DH_01_subs.city.json").write_text(json.dumps(model))


def test_an_antenna_of_ones_own_is_in_every_shard_and_its_recipe(tmp_path):
    """Read for training, a map with it is that of an isotropic antenna, for that is what the networks know."""

    class Patterned(Stub):
        def field(self, antenna, seed, *, vehicles, guide=None):
            plain = super().field(antenna, seed, vehicles=vehicles, guide=guide)
            east, north = self.scene.trace.centres()
            off = 90.0 - np.degrees(np.arctan2(north - antenna.y_m, east - antenna.x_m)) - (90.0 - antenna.azimuth_deg)
            down = np.degrees(np.arctan2(antenna.z_m - 1.5, np.hypot(east - antenna.x_m, north - antenna.y_m)))
            tilt = antenna.downtilt_deg * np.cos(np.radians(off))
            return replace(plain, gain=plain.gain * 10 ** (antenna.pattern.gain_db(off, down - tilt) / 10))

    own, none = replace(OPTIONS, maps=2, pattern="3gpp:90,12"), replace(OPTIONS, maps=2)
    arrays = make_scene(own, 0, tracer=Patterned)
    assert np.isfinite(arrays["tx"][:, 3]).all() and set(arrays["antenna"]) == {"3GPP 90 degrees"}
    np.savez(tmp_path / "a.npz", **arrays)
    for traced in read_shard(tmp_path / "a.npz"):
        x, y = traced.grid.centres()
        tower = traced.transmitter
        free = 20 * np.log10(0.01 / np.hypot(np.hypot(x - tower.x, y - tower.y), tower.height_m))
        near = traced.covered & (np.hypot(x - tower.x, y - tower.y) > 2)
        np.testing.assert_allclose(traced.gain_db[near], free[near], atol=0.02)
        assert tower.bearing_deg is None and np.ptp(traced.pattern_db) > 5
    assert json.loads(recipe(own)) != json.loads(recipe(none)) and "pattern" not in recipe(none)
