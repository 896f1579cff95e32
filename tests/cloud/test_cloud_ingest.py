"""Contributed maps: what is right is kept under its content, what is not is quarantined for the reason it is wrong."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from regions import GIVEN, shard_of, write

from openckm.cloud import ingest as module
from openckm.cloud.checks import CheckOptions
from openckm.cloud.ingest import Contribution, MapStore, ingest
from openckm.cloud.mapfile import content_digest, fingerprint, one_map, read_arrays, read_map, scene_digest
from openckm.errors import InputError, OptionError
from openckm.maps.quantity import AOA_COS, AOA_SIN
from openckm.maps.symmetry import apply_symmetry


@pytest.fixture
def arrays():
    return shard_of([1, 2, 3])


def turned(arrays, k: int):
    """The same maps moved by a symmetry of the square: fields, direction and transmitter."""
    moved = dict(arrays)
    for key in ("gain_cdb", "height_dm"):
        moved[key] = np.ascontiguousarray(apply_symmetry(k, arrays[key]))
    angle = np.deg2rad(arrays["aoa_deg"].astype(float))
    vector = apply_symmetry(k, np.stack([np.cos(angle), np.sin(angle)], 1), (AOA_COS, AOA_SIN))
    known = apply_symmetry(k, arrays["aoa_deg"]) != -999
    degrees = np.rint(np.rad2deg(np.arctan2(vector[:, 1], vector[:, 0])))
    moved["aoa_deg"] = np.where(known, degrees, -999).astype(np.int16)
    side = arrays["gain_cdb"].shape[-1] * 4.0
    tx = arrays["tx"].copy()
    for _ in range(k % 4):
        tx[:, 0], tx[:, 1] = tx[:, 1].copy(), side - tx[:, 0]
    if k >= 4:
        tx[:, 0] = side - tx[:, 0]
    moved["tx"] = tx
    return moved


def test_good_maps_are_kept_under_their_content_with_their_origin(tmp_path, arrays):
    shard = write(tmp_path / "a.npz", arrays)
    report = ingest(tmp_path / "store", [shard], GIVEN)
    assert (len(report.accepted), report.known, report.quarantined, report.reference) == (3, 0, (), 0)
    store = MapStore(tmp_path / "store")
    assert store.regions == {"oldtown": 3}
    for k in range(3):
        one = one_map(read_arrays(shard), k)
        entry = store.entries[content_digest(one)]
        assert (entry.contributor, entry.licence, entry.source) == ("a town", "CC-BY-4.0", "made by code")
        assert (entry.received, entry.shape, entry.cell_m, entry.carrier_hz) == ("2026-01-02", (32, 32), 4.0, 3.5e9)
        traced = store.read(entry)
        assert (traced.city, traced.scene) == ("oldtown", scene_digest(one))
        np.testing.assert_allclose(
            traced.gain_db[traced.covered], arrays["gain_cdb"][k][traced.covered] / 100, atol=1e-4
        )
    assert {p.name for p in (tmp_path / "store" / "maps").iterdir()} == {f"{sha}.npz" for sha in store.entries}


@pytest.mark.parametrize("k", [0, 1, 5])
def test_a_map_that_comes_again_is_known_also_turned_renamed_and_recompressed(tmp_path, arrays, k):
    ingest(tmp_path / "store", [write(tmp_path / "a.npz", arrays)], GIVEN)
    again = turned(arrays, k) | {"layout": np.array(["elsewhere"] * 3)}
    np.savez(tmp_path / "b.npz", **again)
    report = ingest(tmp_path / "store", [tmp_path / "b.npz"], GIVEN)
    assert (len(report.accepted), report.known, report.quarantined) == (0, 3, ())
    assert MapStore(tmp_path / "store").regions == {"oldtown": 3}


def test_a_turned_map_is_as_right_as_the_map(tmp_path, arrays):
    for k in (1, 4, 7):
        report = ingest(tmp_path / f"store{k}", [write(tmp_path / f"{k}.npz", turned(arrays, k))], GIVEN)
        assert len(report.accepted) == 3, report.quarantined


def spoil(key, function, where=slice(None)):
    def spoiled(arrays):
        changed = arrays[key].copy()
        changed[where] = function(changed[where])
        return arrays | {key: changed}

    return spoiled


def where_known(key, missing, function):
    """A mix-up that keeps the code for "nothing"."""
    return lambda a: a | {key: np.where(a[key] == missing, missing, np.rint(function(a[key]))).astype(np.int16)}


def gains(function):
    return where_known("gain_cdb", -32768, function)


def degrees(function):
    return where_known("aoa_deg", -999, function)


WRONG = {
    "gain in whole dB": (gains(lambda v: v // 100), "looks like whole dB"),
    "path loss": (gains(np.negative), "a gain is negative"),
    "nothing known": (spoil("gain_cdb", lambda v: np.full_like(v, -32768)), "too few"),
    "carrier in GHz": (spoil("carrier_hz", lambda v: v / 1e9), "looks like GHz or MHz"),
    "heights in metres": (spoil("height_dm", lambda v: v // 10), "looks like metres"),
    "a tower of 2 km": (spoil("height_dm", lambda v: v * 60), "a building of"),
    "radians": (degrees(np.deg2rad), "looks like radians"),
    "clockwise from north": (degrees(lambda v: (90 - v) % 360), "counter-clockwise from east"),
    "direction of travel": (degrees(lambda v: (v + 360) % 360 - 180), "where the path comes from"),
    "no direction": (spoil("aoa_deg", lambda v: np.full_like(v, -999)), "no direction anywhere"),
    "carrier off by 1000": (spoil("carrier_hz", lambda v: v * 25), "exceeds free space"),
    "transmitter far away": (spoil("tx", lambda v: v + 2000.0, (slice(None), 0)), "more than a map's side away"),
    "no height": (spoil("tx", lambda v: 0 * v, (slice(None), 2)), "m above ground"),
    "cells": (spoil("cell_m", lambda v: 0 * v), "cells of 0 m"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_mix_up_is_quarantined_by_name(tmp_path, arrays, what):
    change, message = WRONG[what]
    report = ingest(tmp_path / "store", [write(tmp_path / "a.npz", change(arrays))], GIVEN)
    assert report.accepted == ()
    assert len(report.quarantined) == 3
    for one in report.quarantined:
        assert message in "; ".join(one.reasons), one.reasons
        assert (tmp_path / "store" / "quarantine" / one.file).is_file()
    assert not list((tmp_path / "store").glob("maps/*"))


def test_good_maps_of_a_shard_pass_beside_bad_ones(tmp_path, arrays):
    arrays["carrier_hz"][1] = 3.5
    report = ingest(tmp_path / "store", [write(tmp_path / "a.npz", arrays)], GIVEN)
    assert len(report.accepted) == 2
    assert [one.shard for one in report.quarantined] == ["a.npz, map 1"]


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("gain_cdb.npy", bytes(3 * 2**20))


def lying(path):
    """A header that promises far more numbers than there are."""
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (99999999, 9999, 9999), }"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("gain_cdb.npy", header.ljust(127) + b"\n")


UNREADABLE = {
    "no archive": (lambda p: p.write_bytes(b"hello"), "not a readable shard"),
    "bomb": (bomb, "unpacks to"),
    "lying header": (lying, "not a readable shard"),
    "pickle": (lambda p: np.savez(p, gain_cdb=np.array([{}], dtype=object)), "not a readable shard"),
    "missing arrays": (lambda p: np.savez(p, gain_cdb=np.zeros((1, 32, 32), np.int16)), "has no aoa_deg"),
    "floats": (lambda p: np.savez(p, **(shard_of([1]) | {"gain_cdb": np.zeros((1, 32, 32))})), "gain_cdb is float64"),
    "shapes": (lambda p: np.savez(p, **(shard_of([1]) | {"tx": np.zeros((1, 4))})), "tx is float64 of shape"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_no_shard_is_quarantined_whole(tmp_path, monkeypatch, what):
    monkeypatch.setattr("openckm.cloud.mapfile.MAX_SHARD", 2 * 2**20)
    spoil_file, message = UNREADABLE[what]
    spoil_file(tmp_path / "a.npz")
    report = ingest(tmp_path / "store", [tmp_path / "a.npz"], GIVEN)
    assert report.accepted == ()
    assert message in report.quarantined[0].reasons[0]
    assert (tmp_path / "store" / "quarantine" / "unreadable-a.npz").read_bytes() == (tmp_path / "a.npz").read_bytes()


def test_outliers_wait_for_a_reviewer(tmp_path):
    options = CheckOptions(reference=12)
    ingest(tmp_path / "store", [write(tmp_path / "a.npz", shard_of(list(range(12))))], GIVEN, options=options)
    odd = shard_of([77])
    rng = np.random.default_rng(0)
    rough = odd["gain_cdb"] - rng.integers(0, 6000, odd["gain_cdb"].shape)
    odd["gain_cdb"] = np.where(odd["gain_cdb"] == -32768, -32768, rough).astype(np.int16)
    report = ingest(tmp_path / "store", [write(tmp_path / "b.npz", odd)], GIVEN, options=options)
    assert report.reference == 12
    assert "an outlier: " in "; ".join(report.quarantined[0].reasons)
    waiting = tmp_path / "store" / "quarantine" / report.quarantined[0].file
    again = ingest(tmp_path / "store", [waiting], GIVEN, options=options)
    assert again.accepted == () and waiting.exists()
    by = Contribution("a town", "CC-BY-4.0", "made by code", reviewed_by="R. Viewer")
    passed = ingest(tmp_path / "store", [waiting], by, options=options)
    assert passed.accepted[0].reviewed_by == "R. Viewer"
    assert not waiting.exists() and MapStore(tmp_path / "store").quarantined == {}


def test_a_reviewer_cannot_wave_through_what_contradicts_physics(tmp_path, arrays):
    by = Contribution("a town", "CC-BY-4.0", "made by code", reviewed_by="R. Viewer")
    shard = write(tmp_path / "a.npz", WRONG["direction of travel"][0](arrays))
    assert ingest(tmp_path / "store", [shard], by).accepted == ()


def test_the_order_of_shards_does_not_matter(tmp_path):
    paths = [write(tmp_path / f"{k}.npz", shard_of([k, k + 50])) for k in range(4)]
    for name, order in (("x", paths), ("y", paths[::-1])):
        ingest(tmp_path / name, order, GIVEN)
    assert MapStore(tmp_path / "x").entries == MapStore(tmp_path / "y").entries


def test_killed_before_the_manifest_the_store_is_as_before_and_the_same_command_goes_on(tmp_path, arrays, monkeypatch):
    first, second = write(tmp_path / "a.npz", arrays), write(tmp_path / "b.npz", shard_of([5, 6]))
    ingest(tmp_path / "store", [first], GIVEN)
    before = MapStore(tmp_path / "store").entries

    def killed(self) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MapStore, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            ingest(tmp_path / "store", [second], GIVEN)
    assert MapStore(tmp_path / "store").entries == before
    assert len(ingest(tmp_path / "store", [second], GIVEN).accepted) == 2
    assert len(MapStore(tmp_path / "store").entries) == 5


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "", "proprietary"])
def test_maps_that_may_not_teach_a_free_prior_are_refused(licence):
    with pytest.raises(OptionError, match="cannot teach a prior"):
        Contribution("a town", licence, "made by code")
    with pytest.raises(OptionError, match="contributor and a source"):
        Contribution(" ", "MIT", "made by code")


def test_a_file_that_holds_another_map_than_its_name_says_is_refused(tmp_path, arrays):
    ingest(tmp_path / "store", [write(tmp_path / "a.npz", arrays)], GIVEN)
    one, other, _ = sorted((tmp_path / "store" / "maps").iterdir())
    one.write_bytes(other.read_bytes())
    with pytest.raises(InputError, match="another map than its name says"):
        read_map(one, "oldtown")


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 9}', '{"schema": 1, "maps": [{}], "quarantined": []}'])
def test_a_broken_manifest_is_named(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError, match=r"manifest\.json: not a readable manifest"):
        MapStore(tmp_path)


def test_missing_shards_and_regions_are_named(tmp_path, arrays):
    with pytest.raises(InputError, match=r"no shards to ingest: .*none\.npz"):
        ingest(tmp_path / "store", [tmp_path / "none.npz"], GIVEN)
    ingest(tmp_path / "store", [write(tmp_path / "a.npz", arrays)], GIVEN)
    with pytest.raises(OptionError, match="has no map of oslo; it has oldtown"):
        MapStore(tmp_path / "store").of("oslo")


def test_digests_tell_maps_apart_and_keep_scenes_together(arrays):
    one, two = one_map(arrays, 0), one_map(arrays, 1)
    assert content_digest(one) != content_digest(two)
    assert fingerprint(one) != fingerprint(two)
    assert scene_digest(one) != scene_digest(two)
    same_scene = one | {"gain_cdb": one["gain_cdb"] - 1}
    assert scene_digest(same_scene) == scene_digest(one) and fingerprint(same_scene) != fingerprint(one)
    moved = one_map(turned(arrays, 6), 0)
    assert content_digest(moved) != content_digest(one)
    assert (fingerprint(moved), scene_digest(moved)) == (fingerprint(one), scene_digest(one))


def test_regions_of_layout_names():
    names = {"procedural-grid-17": "procedural", "sionna_munich": "munich", "osm_espoo": "espoo", "oslo": "oslo"}
    assert {name: module.region_of(name) for name in names} == names


def test_the_manifest_is_plain_json(tmp_path, arrays):
    ingest(tmp_path / "store", [write(tmp_path / "a.npz", arrays)], GIVEN)
    raw = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert {"sha256", "scene", "licence", "contributor", "statistics"} <= set(raw["maps"][0])
