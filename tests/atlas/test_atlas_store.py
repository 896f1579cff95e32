"""A store of maps: whole or not at all, many at once, and never a reading in it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray
from atlas_worlds import ORIGIN, make_map

from openckm.atlas import MapStore, MapView, ask_points, open_map
from openckm.atlas.catalogue import CATALOGUE
from openckm.atlas.store import STALE_S, kept_provenance
from openckm.errors import InputError, MapStoreError, OptionError
from openckm.maps.zarr_map import ZarrMap


@pytest.fixture
def store(tmp_path):
    return MapStore(tmp_path / "store", create=True)


def test_a_map_comes_back_by_name_with_its_newest_version(store, radiomap):
    first = store.add(radiomap, "town/a", time=datetime(2026, 1, 2, tzinfo=UTC))
    second = store.add(make_map(7), "town/a", site="mast 3")
    store.add(make_map(8), "town/b")
    assert (first.version, second.version) == (1, 2)
    assert [(e.name, e.version) for e in store.entries()] == [("town/a", 2), ("town/b", 1)]
    assert [e.version for e in store.entries(versions=True)] == [2, 1, 1]
    assert [e.name for e in store.entries(site="mast 3")] == ["town/a"]
    assert store.find("town/a", 1).time.startswith("2026-01-02")
    again = MapStore(store.folder).open("town/a", 1)
    x, y = radiomap.grid.centres()
    answer = ask_points(again, x.ravel(), y.ravel(), crs=None)
    np.testing.assert_array_equal(answer.mean[answer.said], radiomap.mean()[radiomap.valid])
    assert again.draws == 16
    entry = store.find("town/a")
    assert (entry.unit, entry.crs, entry.shape, entry.cell_m) == ("dBm", "EPSG:32617", (60, 80), 2.0)
    assert entry.bounds == radiomap.grid.bounds
    assert len(entry.sha256) == 64
    assert entry.bytes > 1000


def test_maps_are_found_by_place(store):
    for k in range(6):
        store.add(make_map(k, origin=(ORIGIN[0] + 160 * k, ORIGIN[1])), f"m{k}")
    store.add(make_map(9, crs=None), "plane")
    west, south, east, north = store.find("m3").grid.bounds
    lon, lat = store.find("m3").grid.to_lonlat((west + east) / 2, (south + north) / 2)
    assert [e.name for e in store.entries(at=(float(lon), float(lat)))] == ["m3"]
    assert store.entries(at=(24.9, 60.2)) == []
    with pytest.raises(InputError, match="swapped"):
        store.entries(at=(36.0, -178.9))


def test_a_map_in_a_folder_is_copied_window_by_window(store, radiomap, tmp_path, monkeypatch):
    """However large it is, it is never in memory as a whole; every value, level and attribute is there afterwards."""
    from openckm.maps import zarrio

    radiomap.dataset["outage"] = (("row", "col"), np.full(radiomap.grid.shape, 0.25, np.float32), {"threshold": -95.0})
    zarrio.write_zarr(radiomap, tmp_path / "a.zarr")
    view, whole = open_map(tmp_path / "a.zarr"), ZarrMap.load
    monkeypatch.setattr(zarrio, "SHARD", 32)
    monkeypatch.setattr(ZarrMap, "load", lambda self: pytest.fail("the whole map was read"))
    entries = [store.add(view, "a"), store.add(view.source, "a")]
    monkeypatch.setattr(ZarrMap, "load", whole)
    for entry in entries:
        xarray.testing.assert_identical(store.view(entry).source.load().dataset, view.source.load().dataset)


def test_removing_takes_a_version_or_all(store, radiomap):
    for _ in range(3):
        store.add(radiomap, "a")
    view = store.open("a", 2)
    assert [e.version for e in store.remove("a", 2)] == [2]
    with pytest.raises(InputError, match=r"no map a version 2: it has versions 3, 1"):
        store.open("a", 2)
    with pytest.raises(InputError, match="removed meanwhile"):
        view.take("mean", np.array([1]), np.array([1]))
    assert store.add(radiomap, "a").version == 4
    assert len(store.remove("a")) == 3
    assert list((store.folder / "maps").iterdir()) == []
    with pytest.raises(InputError, match="it has no map at all"):
        store.open("a")


@pytest.mark.parametrize("name", ["", "../a", "a b", "/a", ".a", "x" * 201, "a/../b"])
def test_names_that_cannot_be(store, radiomap, name):
    with pytest.raises(OptionError, match="map name"):
        store.add(radiomap, name)


def test_what_is_no_store(tmp_path, radiomap):
    with pytest.raises(MapStoreError, match="is no store of maps"):
        MapStore(tmp_path / "none")
    (tmp_path / CATALOGUE).write_bytes(b"no catalogue" * 100)
    with pytest.raises(MapStoreError, match="damaged or was cut off"):
        MapStore(tmp_path)
    (tmp_path / CATALOGUE).unlink()
    with sqlite3.connect(tmp_path / CATALOGUE) as base:
        base.execute("CREATE TABLE other (id INTEGER)")
    base.close()
    with pytest.raises(MapStoreError, match="is no catalogue of maps"):
        MapStore(tmp_path)


def test_a_newer_store_says_to_update(store):
    base = sqlite3.connect(store.folder / CATALOGUE)
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(MapStoreError, match="version 99, this program knows 1: update openckm"):
        MapStore(store.folder)


def test_a_store_that_was_cut_off(store, radiomap):
    entry = store.add(radiomap, "a")
    root = store.path(entry) / "zarr.json"
    text = root.read_text()
    root.write_text(text.replace('"seed"', '"seet"') + " ")
    with pytest.raises(MapStoreError, match="is not the map that was added"):
        store.open("a")
    root.unlink()
    with pytest.raises(MapStoreError, match="is not the map that was added"):
        store.open("a")
    content = (store.folder / CATALOGUE).read_bytes()
    (store.folder / CATALOGUE).write_bytes(content[: len(content) // 2])
    with pytest.raises(MapStoreError, match="damaged or was cut off"):
        MapStore(store.folder).entries()


def test_a_full_disk_leaves_the_store_as_it_was(store, radiomap, monkeypatch):
    store.add(radiomap, "a")
    before = sorted(str(p) for p in store.folder.rglob("*"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openckm.atlas.store._flush", full)
    with pytest.raises(MapStoreError, match="the disk is full: make room"):
        store.add(radiomap, "b")
    assert sorted(str(p) for p in store.folder.rglob("*")) == before
    assert [e.name for e in store.entries()] == ["a"]


def test_a_read_only_store_is_read_and_says_so_when_written(store, radiomap, monkeypatch):
    store.add(radiomap, "a")

    def refuse(*_args, **_more):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("openckm.atlas.store.write_map_folder", refuse)
    assert MapStore(store.folder).open("a").draws == 16
    with pytest.raises(MapStoreError, match="the disk is read-only"):
        store.add(radiomap, "b")
    (store.folder / CATALOGUE).chmod(0o444)
    if os.geteuid() == 0:  # root writes anyway: ask SQLite itself
        base = sqlite3.connect(f"{(store.folder / CATALOGUE).as_uri()}?mode=ro", uri=True)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            base.execute("DELETE FROM map")
        base.close()


# --- no reading in a store


SECRET = [-87.125, -93.375, -71.625]


def test_no_readings_counts_or_rows_of_a_file_are_kept(store, radiomap):
    """Whatever provenance says of measurements, the store's files and catalogue do not."""
    rng = np.random.default_rng(0)
    radiomap.provenance |= {
        "readings": SECRET, "rows": [17, 18, 19], "counts": {"3,4": 7}, "file": "/home/anna/drive.csv",
        "nuisances": {"offset": (31.5, 1.5), "lots": list(range(1000))}, "residuals": rng.normal(size=500),
        "report": {"first_row": {"lon": 24.94, "rsrp": -87.125}}, "seed": 3,
    }  # fmt: skip
    radiomap.dataset["count"] = (("row", "col"), rng.integers(0, 9, radiomap.grid.shape))
    radiomap.dataset["readings"] = (("reading",), np.array(SECRET))
    entry = store.add(radiomap, "a")
    assert entry.provenance["left_out"] == ["counts", "file", "nuisances", "readings", "report", "residuals", "rows"]
    assert entry.provenance["seed"] == 3
    held = b"".join(path.read_bytes() for path in store.folder.rglob("*") if path.is_file())
    for trace in (b"-87.125", b"anna", b"first_row", b'"3,4"', np.array(SECRET).tobytes(), b'residuals": ['):
        assert trace not in held
    assert not (store.path(entry) / "count").exists()
    assert not (store.path(entry) / "readings").exists()


def test_the_search_for_readings_can_fail(tmp_path, radiomap):
    from openckm.maps import write_zarr

    radiomap.provenance["readings"] = SECRET
    write_zarr(radiomap, tmp_path / "a.zarr")
    held = b"".join(path.read_bytes() for path in (tmp_path / "a.zarr").rglob("*") if path.is_file())
    assert b"-87.125" in held


def test_what_a_construction_says_of_itself_is_kept():
    facts = {"unit": "dBm", "seed": 0, "prior": "x 1", "nuisances": {"offset": (1.0, 2.0)}, "status": "trusted"}
    assert kept_provenance(facts) == facts


# --- several processes, and ones that are killed

ADD = """
import sys
sys.path.insert(0, {tests!r})
from atlas_worlds import make_map
from openckm.atlas import MapStore
store, made = MapStore({folder!r}), make_map(0, shape=(200, 200), draws=4)
print("ready", flush=True)
for k in range({count}):
    store.add(made, {name!r})
    print("added", flush=True)
"""


def adding(store, name, count):
    code = ADD.format(tests=str(Path(__file__).parent), folder=str(store.folder), count=count, name=name)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_two_processes_add_while_a_third_reads(store):
    processes = [adding(store, name, 6) for name in ("a", "a")]
    seen = 0
    while any(p.poll() is None for p in processes):
        for entry in store.entries(versions=True):
            view = store.view(entry)
            assert np.isfinite(view.take("mean", np.array([10]), np.array([10]))).all()
            seen += 1
    assert all(p.wait() == 0 for p in processes)
    for p in processes:
        p.stdout.close()
    assert sorted(e.version for e in store.entries(versions=True)) == list(range(1, 13))
    assert seen


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_point_leaves_whole_maps_alone(store):
    rng = np.random.default_rng(5)
    left = []
    for k in range(80):
        if k >= 20 and left:
            break
        process = adding(store, f"m{k}", 50)
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for entry in store.entries(versions=True):
            view = store.view(entry)
            view.source.load()
        whole = {e.folder for e in store.entries(versions=True)}
        left = [p for p in (store.folder / "maps").iterdir() if p.name not in whole]
    assert left, "no kill hit a map half-written: the test is too gentle"
    for path in left:
        for one in (path, *path.rglob("*")):
            os.utime(one, (time.time() - 2 * STALE_S,) * 2)
    store.add(make_map(1), "last")
    assert {p.name for p in (store.folder / "maps").iterdir()} == whole | {store.find("last").folder}


def test_what_is_being_written_is_not_swept(store, radiomap):
    fresh = store.folder / "maps" / ".half.zarr"
    fresh.mkdir()
    (fresh / "zarr.json").write_text("{}")
    store.add(radiomap, "a")
    assert fresh.exists()


def test_no_torch():
    code = (
        "import sys, openckm.atlas as a; [getattr(a, n) for n in a.__all__];"
        "print([m for m in ('torch', 'openckm.infer', 'openckm.observe', 'openckm.priors') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_map_with_a_power_put_on_is_not_added(store):
    with pytest.raises(OptionError, match="as it was read"):
        store.add(MapView.of(make_map(unit="dB")).in_dbm(46.0), "a")


def test_the_entry_is_json(store, radiomap):
    json.dumps(store.add(radiomap, "a").provenance)
