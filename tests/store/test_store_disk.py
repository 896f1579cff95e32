"""A disk that is full, or may only be read: typed errors with the folder and what to do, and revocations are obeyed."""

from __future__ import annotations

import json

import pytest
from disks import full, read_only
from store_worlds import World, content, save_model

from openckm.errors import StoreError
from openckm.store.keys import KeyFolder
from openckm.store.publish import Repository
from openckm.store.trust import Policy, RolePolicy
from openckm.store.update import Updater

ONE = RolePolicy(1, 1, 90.0)


@pytest.fixture
def edge(world) -> Updater:
    """An edge of a repository with versions 1.0.0 and 1.1.0, both of which it keeps."""
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    world.publish("1.1.0")
    edge.update()
    return edge


def test_the_disks_below_refuse_what_they_should(tmp_path):
    (tmp_path / "old").write_bytes(b"x")
    with full(), pytest.raises(OSError, match="too large"):
        (tmp_path / "new").write_bytes(b"x")
    with read_only(tmp_path):
        for act in (
            lambda: (tmp_path / "more").write_bytes(b""), lambda: (tmp_path / "old").unlink(),
            lambda: (tmp_path / "old").rename(tmp_path / "o"), lambda: (tmp_path / "folder").mkdir(),
        ):  # fmt: skip
            with pytest.raises(OSError, match="Read-only"):
                act()
        assert (tmp_path / "old").read_bytes() == b"x"


def snapshot(edge: Updater) -> dict[str, tuple[float, bytes]]:
    folder = edge._cache.folder
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def test_a_poll_without_news_writes_nothing(edge):
    before = snapshot(edge)
    had = edge.current()
    with full():
        assert edge.update() == had
    assert snapshot(edge) == before


@pytest.mark.parametrize("disk", ["full", "read-only"])
def test_news_for_a_disk_that_takes_nothing_are_an_error_with_folder_and_remedy(world, edge, disk):
    had, before = edge.current(), content(edge.current())
    want = world.publish("1.2.0")
    cache = edge._cache.folder
    with full() if disk == "full" else read_only(cache), pytest.raises(StoreError) as caught:
        edge.update()
    assert type(caught.value) is StoreError
    assert str(cache) in str(caught.value)
    assert "free some space" in str(caught.value)
    assert (edge.current(), content(had)) == (had, before)
    assert content(edge.update()) == want, "as soon as there is room again"


@pytest.mark.parametrize("disk", ["full", "read-only"])
def test_a_revocation_is_obeyed_before_anything_is_written(world, edge, disk):
    """With the version in use revoked, the edge goes back to the one before though its disk takes nothing."""
    assert content(edge.current()) == content(world.model("1.1.0"))
    world.repository.revoke("1.1.0")
    cache = edge._cache.folder
    with full() if disk == "full" else read_only(cache):
        with pytest.raises(StoreError, match="cannot be"):
            edge.update()
        assert content(edge.current()) == content(world.model("1.0.0"))
        assert [content(folder) for folder in edge.held()] == [content(world.model("1.0.0"))]
    again = world.edge()
    if disk == "full":
        assert content(again.current()) == content(world.model("1.0.0")), "after a restart, too: its files are gone"
    assert content(again.update()) == content(world.model("1.0.0"))
    assert [row.version for row in again._cache.installed()] == ["1.0.0"]


def test_a_read_only_cache_is_read_and_a_poll_says_that_it_is_one(world, edge):
    had = edge.current()
    with read_only(edge._cache.folder):
        assert world.edge().current() == had
        with pytest.raises(
            StoreError, match=r"edge: the cache cannot be written .*Read-only.*give this user the right"
        ):
            edge.update()
        assert edge.current() == had


def test_a_read_only_repository_is_an_error_with_folder_and_remedy(tmp_path, small_chunks):
    place, keys = tmp_path / "repository", KeyFolder(tmp_path / "keys")
    repository = Repository.create(str(place), keys, Policy(ONE, ONE, ONE, ONE))
    model, more = save_model(tmp_path / "made", "1.0.0"), save_model(tmp_path / "next", "1.1.0")
    with read_only(place):
        with pytest.raises(StoreError, match=r"repository: the repository cannot be written .*choose another place"):
            repository.publish(model, "stable", ("bf16",))
        with pytest.raises(StoreError, match=r"cannot be written .*choose another place"):
            Repository.create(str(place / "below"), keys)
    repository.publish(model, "stable", ("bf16",))
    with full(), pytest.raises(StoreError, match="cannot be written"):
        repository.publish(more, "stable", ("bf16",))
    edge = Updater(repository.trust_root, str(place), tmp_path / "edge")
    assert content(edge.update()) == content(model)


@pytest.mark.parametrize("name", ["state.json", "metadata/timestamp.json", "metadata/snapshot.json"])
@pytest.mark.parametrize("spoilt", [b"[" * 100_000, b'{"installed":' * 20_000, b"\xff" * 300, b""])
def test_a_deeply_nested_file_of_the_cache_is_a_file_that_rotted(world, edge, name, spoilt):
    path = edge._cache.folder / name
    path.write_bytes(spoilt)
    again = world.edge()
    again.current()
    assert content(again.update()) == content(world.model("1.1.0"))


def test_two_worlds_of_the_same_cache_do_not_share_what_was_revoked(tmp_path, small_chunks):
    """What one process remembers of revocations is what the repository said last, not a list that only grows."""
    world = World(tmp_path)
    world.publish("1.0.0")
    world.publish("1.1.0")
    edge = world.edge()
    edge.update()
    world.repository.revoke("1.1.0")
    edge.update()
    assert edge._revoked == {"1.1.0"}
    state = json.loads((edge._cache.folder / "state.json").read_bytes())
    assert [row["version"] for row in state["installed"]] == ["1.0.0"]
