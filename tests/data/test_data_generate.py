"""Shards: format, resuming, corrupt files, full disks and determinism, with a stub instead of the tracer."""

import errno
import logging
import os

import numpy as np
import pytest

from openckm.data import generate as module
from openckm.data.generate import GenerateOptions, generate, make_scene
from openckm.data.raytrace import AOA_BINS, TracedField
from openckm.data.scenes import draw_scene
from openckm.data.shards import read_shard
from openckm.errors import ComputationError, OptionError

OPTIONS = GenerateOptions(maps=5, seed=3, cells=16, cell_sizes_m=(4.0,), rays=10, real_share=0.0)


def stub(scene, average_seeds):
    """Free-space gain from the transmitter, direction towards it."""
    east, north = scene.trace.centres()
    fields = []
    for a in scene.antennas:
        dx, dy = a.x_m - east, a.y_m - north
        gain = (0.01 / np.hypot(np.hypot(dx, dy), a.z_m)) ** 2
        turn = (np.degrees(np.arctan2(dy, dx)) + 180.0) / 360.0 * AOA_BINS
        number = np.clip(np.floor(turn).astype(int), 0, AOA_BINS - 1)
        spectrum, offset = (np.zeros((AOA_BINS, *gain.shape), np.float32) for _ in range(2))
        np.put_along_axis(spectrum, number[None], gain[None].astype(np.float32), 0)
        np.put_along_axis(offset, number[None], (gain * (turn - number - 0.5))[None].astype(np.float32), 0)
        fields.append(TracedField(gain, spectrum, offset))
    return fields


def run(out, options=OPTIONS, tracer=stub):
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
        assert int(file["rays"]) == 10 and int(file["average_seeds"]) == 1


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

    def forbidden(scene, average_seeds):
        raise ComputationError("the tracer must not run")

    again = run(tmp_path, tracer=forbidden)
    assert (again.made, again.kept) == (0, first.made)
    more = run(tmp_path, GenerateOptions(**{**OPTIONS.__dict__, "maps": first.made + 1}))
    assert more.kept == first.made and more.made >= 1
    assert all(p.read_bytes() == raw for p, raw in before.items())


def test_two_processes_make_the_same_shards(tmp_path):
    one = run(tmp_path / "one")
    two = run(tmp_path / "two", GenerateOptions(**{**OPTIONS.__dict__, "processes": 2}))
    assert [p.name for p in two.shards] == [p.name for p in one.shards]
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
    alone = make_scene(OPTIONS, 1, stub)
    with np.load(report.shards[1]) as file:
        assert all(np.array_equal(file[k], v, equal_nan=v.dtype.kind == "f") for k, v in alone.items())


def test_a_full_disk_leaves_finished_shards_and_no_fragments(tmp_path, monkeypatch):
    first = run(tmp_path, GenerateOptions(**{**OPTIONS.__dict__, "maps": 1}))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(ComputationError, match="No space left"):
        run(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(first.shards)


def test_a_failing_tracer_leaves_finished_shards(tmp_path):
    first = run(tmp_path, GenerateOptions(**{**OPTIONS.__dict__, "maps": 1}))

    def failing(scene, average_seeds):
        raise ComputationError("out of memory")

    with pytest.raises(ComputationError, match="out of memory"):
        run(tmp_path, tracer=failing)
    assert sorted(tmp_path.iterdir()) == sorted(first.shards)


def test_scenes_that_are_hardly_covered_are_drawn_again(tmp_path):
    seen = []

    def dark_at_first(scene, average_seeds):
        fields = stub(scene, average_seeds)
        seen.append(scene.trace_seed)
        return fields if len(seen) > 1 else [TracedField(0 * f.gain, 0 * f.spectrum, f.offset) for f in fields]

    make_scene(OPTIONS, 0, dark_at_first)
    assert len(set(seen)) == 2

    def dark(scene, average_seeds):
        return [TracedField(0 * f.gain, 0 * f.spectrum, f.offset) for f in stub(scene, 1)]

    with pytest.raises(ComputationError, match="no sensible window"):
        make_scene(OPTIONS, 0, dark)


def test_drawn_scenes_are_sensible():
    options = GenerateOptions(seed=8, real_share=0.0, cells=64, cell_sizes_m=(2.0,))
    scenes = [s for k in range(12) if (s := draw_scene(options, k, 0)) is not None]
    assert len(scenes) >= 6
    for s in scenes:
        assert 0.05 <= (s.height_m > 0).mean() <= 0.75 and 1 <= len(s.antennas) <= 4
        assert s.trace.margin_m >= 64 and 0.4e9 <= s.carrier_hz <= 8e9
        assert all(max(abs(a.x_m), abs(a.y_m)) <= s.trace.half_m + 100 and a.z_m >= 4 for a in s.antennas)


def test_a_very_weak_gain_neither_overflows_nor_counts_as_heard():
    def weak(scene, average_seeds):
        fields = stub(scene, average_seeds)
        for f in fields:
            f.gain[:, 0] = 1e-40
        return fields

    arrays = make_scene(OPTIONS, 0, weak)
    assert np.all(arrays["gain_cdb"][:, :, 0] == -32768) and np.all(arrays["aoa_deg"][:, :, 0] == -999)


@pytest.mark.parametrize(
    "bad", [{"maps": 0}, {"cell_sizes_m": ()}, {"cell_sizes_m": (0.1,)}, {"real_share": 2.0}, {"split": "all"}]
)
def test_bad_options_are_refused(bad):
    with pytest.raises(OptionError):
        GenerateOptions(**bad)
