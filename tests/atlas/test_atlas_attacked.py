"""A store of maps under attack: adders and removers at once, maps removed under a reader, odd names, disks that end."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from atlas_worlds import make_map

from openckm.atlas import MapStore
from openckm.errors import InputError, MapStoreError, OptionError

HEAD = """
import sys
sys.path.insert(0, {tests!r})
from atlas_worlds import make_map
from openckm.atlas import MapStore
from openckm.errors import OpenCKMError
store, made = MapStore({folder!r}), make_map(0, shape=(120, 120), draws=2)
print("ready", flush=True)
"""
ADDS_AND_REMOVES = """
for k in range(8):
    store.add(made, "a")
    store.add(made, {own!r})
    try:
        store.remove("a")
    except OpenCKMError as error:
        assert "holds no map a" in str(error), error
print("done", flush=True)
"""
REMOVES = """
for k in range(40):
    store.add(made, "a")
    print("added", flush=True)
    store.remove("a")
    print("removed", flush=True)
"""


@pytest.fixture
def store(tmp_path):
    return MapStore(tmp_path / "store", create=True)


def process_of(store, code, **told):
    text = HEAD.format(tests=str(Path(__file__).parent), folder=str(store.folder)) + code.format(**told)
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def require_whole(store):
    """Every row has its folder, and every folder that is not being written has its row; every map can be read."""
    entries = store.entries(versions=True)
    for entry in entries:
        assert np.isfinite(store.view(entry).take("mean", np.array([5]), np.array([5]))).all()
    base = sqlite3.connect(store.folder / "maps.sqlite")
    try:
        (rows,), (places,) = (base.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("map", "place"))
        assert rows == places == len(entries)
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        base.close()
    return {e.folder for e in entries}


def test_two_processes_add_and_remove_one_name_at_once(store):
    both = [process_of(store, ADDS_AND_REMOVES, own=f"own{k}") for k in range(2)]
    seen = set()
    while any(p.poll() is None for p in both):
        for entry in store.entries(versions=True):
            try:
                values = store.view(entry).take("mean", np.array([5]), np.array([5]))
            except (MapStoreError, InputError) as error:
                assert "removed" in str(error), error
                seen.add("removed")
            else:
                assert np.isfinite(values).all()
                seen.add("read")
    for p in both:
        out, err = p.communicate()
        assert (p.returncode, out.splitlines()[-1]) == (0, "done"), err
    whole = require_whole(store)
    assert {p.name for p in (store.folder / "maps").iterdir()} == whole
    assert [store.find(f"own{k}").version for k in range(2)] == [8, 8]
    assert "read" in seen


def test_a_map_that_is_removed_while_it_is_read_is_an_error_that_says_so(store):
    """A reader that opened a map goes on with what it has read; the next window says that the map is gone."""
    store.add(make_map(0, shape=(300, 300)), "a")
    view = store.open("a")
    assert np.isfinite(view.take("mean", np.array([5]), np.array([5]))).all()
    store.remove("a")
    with pytest.raises(InputError, match=r"removed meanwhile"):
        view.take("mean", np.array([290]), np.array([290]))
    with pytest.raises(InputError, match=r"holds no map a: it has no map at all"):
        store.open("a")


@pytest.mark.parametrize(
    "name",
    [
        "", " a", "a b", "a\n", "a\x00b", "../a", "a/../../b", "/a", ".a", "-a", "ä", "a'; DROP TABLE map; --", "a\\b",
        "地图", "a" * 201, "a%2f..", "a?x=1", "a#b",
    ],
)  # fmt: skip
def test_odd_names_are_refused_and_nothing_is_left(store, name):
    with pytest.raises(OptionError, match="wanted letters, digits and"):
        store.add(make_map(0), name)
    with pytest.raises(InputError, match="holds no map"):
        store.find(name)
    assert list((store.folder / "maps").iterdir()) == []


@pytest.mark.parametrize("name", ["a/b", "a.b", "2026-11-29", "A+B_c", "x" * 200, "town/site-1/new"])
def test_names_that_may_be_are_kept_to_the_letter(store, name):
    store.add(make_map(0), name)
    assert [e.name for e in MapStore(store.folder).entries()] == [name]
    assert store.remove(name)[0].name == name


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
try:
    store.add(made, "b")
except OpenCKMError as error:
    print(type(error).__name__, str(error), flush=True)
else:
    print("added", flush=True)
"""


@pytest.mark.parametrize("most", [100, 3_000, 20_000])
def test_a_disk_that_ends_leaves_the_store_as_it_was(store, most):
    """The operating system itself refuses the write, at the metadata, at a chunk, at the catalogue's journal."""
    store.add(make_map(1), "a")
    before = require_whole(store)
    p = process_of(store, LIMITED, most=most)
    out, err = p.communicate()
    assert p.returncode == 0, err
    said = out.splitlines()[-1]
    assert said.startswith("MapStoreError"), said
    assert "cannot be" in said
    assert require_whole(store) == before
    assert {q.name for q in (store.folder / "maps").iterdir()} == before
    store.add(make_map(2), "b")


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_removes_leaves_no_row_without_a_folder(store):
    rng = np.random.default_rng(6)
    for _ in range(20):
        process = process_of(store, REMOVES)
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        require_whole(store)
