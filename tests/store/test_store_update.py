"""Updating: what is fetched and what is not, what happens when it is cut off, and what an edge keeps."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from store_worlds import Middle, World, content, flipped, save_model
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import TargetFile

from openckm.errors import ModelError, OptionError, RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.store import ModelCard, chunks
from openckm.store.cache import Cache, Staged
from openckm.store.update import UpdateOptions, Updater
from openckm.store.weights import write_aside


def chunks_asked(middle: Middle) -> list[str]:
    return [url for url in middle.asked if "/chunks/" in url or "/deltas/" in url]


def test_the_model_arrives_as_it_was_published(world):
    want = world.publish("1.0.0")
    told: list[tuple[int, int]] = []
    edge = world.edge()
    assert edge.current() is None
    folder = edge.update(progress=lambda done, total: told.append((done, total)))
    assert content(folder) == want
    assert folder == edge.current() == edge.report.folder
    assert told[0][0] == 0 and told[-1] == (len(want["weights.safetensors"]),) * 2 and told == sorted(told)
    assert (edge.report.changed, edge.report.differences, edge.report.present) == (True, 0, 0)
    assert edge.report.whole == len(told) - 1 > 5


def test_an_update_without_news_costs_one_document(world):
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    first = edge.update()
    middle.asked.clear()
    assert edge.update() == first
    assert [url.rpartition("/")[2] for url in middle.asked] == ["2.root.json", "timestamp.json"]
    assert not edge.report.changed and edge.report.received < 1000


def test_a_refresh_sends_only_what_changed(world):
    """One tensor is the same, one a little different, one new: nothing, differences, whole chunks."""
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    edge.update()
    middle.asked.clear()
    want = world.publish("2.0.0")
    assert content(edge.update()) == want
    report = edge.report
    assert (report.present, report.differences, report.whole) == (5, 3, 3)
    assert len(chunks_asked(middle)) == 6
    fresh = world.edge("fresh")
    fresh.update()
    assert report.received < fresh.report.received


def test_going_back_to_a_version_that_is_kept_fetches_no_weights(world):
    old = world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    edge.update()
    world.publish("2.0.0")
    edge.update()
    world.repository.rollback("stable")
    middle.asked.clear()
    assert content(edge.update()) == old
    assert chunks_asked(middle) == [] and edge.report.changed


@pytest.mark.parametrize("cut_after", [0, 1, 4, 9])
def test_an_interrupted_download_goes_on_where_it_stopped(world, cut_after):
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge, left = world.edge(fetcher=middle), [cut_after]

    def cut(data: bytes) -> bytes:
        if not left[0]:
            raise OSError("the line is dead")
        left[0] -= 1
        return data

    middle.edits = {"/chunks/": cut}
    with pytest.raises(RepositoryUnreachable, match=r"the line is dead|Failed to download"):
        edge.update()
    assert edge.current() is None and list((edge._cache.models).iterdir()) == []
    middle.edits = {}
    middle.asked.clear()
    assert content(world.edge(fetcher=middle).update()) == content(world.model("1.0.0"))
    assert len(chunks_asked(middle)) == 11 - cut_after


class Killed(BaseException):
    """An edge that is no more."""


def test_killed_at_any_step_an_update_leaves_the_old_or_the_new(world, monkeypatch):
    """Before and after every change that an update makes on disk; the random kind is in test_store_kill.py."""
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 2048)
    old = world.publish("1.0.0")
    world.edge("start").update()
    new = world.publish("2.0.0")
    left, states = [0], []

    def counted(change):
        def step(*arguments):
            for act in (lambda: None, lambda: change(*arguments)):
                act()
                if not left[0]:
                    raise Killed
                left[0] -= 1

        return step

    monkeypatch.setattr("openckm.store.cache.Staged.put", counted(Staged.put))
    monkeypatch.setattr("openckm.store.cache.write_aside", counted(write_aside))
    monkeypatch.setattr("openckm.store.cache.Path.rename", counted(Path.rename))
    for steps in range(100):
        shutil.copytree(world.folder / "start", world.folder / "edge")
        left[0] = steps
        try:
            world.edge().update()
        except Killed:
            states.append(content(world.edge().current()))
            left[0] = 1000
            assert content(world.edge().update()) == new
            shutil.rmtree(world.folder / "edge")
        else:
            break
    assert states == [old] * states.count(old) + [new] * states.count(new)
    assert states.count(old) > 10 and states.count(new) >= 1


def test_damage_to_what_is_on_its_way_is_mended(world):
    world.publish("1.0.0")
    middle = Middle(world.url, {"/chunks/": lambda _: OSError("no")})
    edge = world.edge(fetcher=middle)
    with pytest.raises(RepositoryUnreachable):
        edge.update()
    (part,) = edge._cache.staging.iterdir()
    (part / "weights.safetensors").write_bytes(b"anything")
    (part / ".card.json.123.part").write_bytes(b"half")
    middle.edits = {}
    folder = edge.update()
    assert content(folder) == content(world.model("1.0.0"))
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "manifest.json", "weights.safetensors"]


def test_a_cached_model_that_rots_is_not_used_and_fetched_again(world):
    old = world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    new = world.publish("2.0.0")
    path = edge.update() / "weights.safetensors"
    path.write_bytes(flipped(path.read_bytes()))
    assert content(edge.current()) == old, "the version before is whole"
    assert content(edge.update()) == new == content(edge.current())
    assert edge.report.present > 5, "only the rotten chunk is fetched"


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"installed": [{"folder": 3}]}', b'{"installed": 7}'])
def test_a_list_of_models_that_rots_is_made_anew(world, spoilt):
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    (edge._cache.folder / "state.json").write_bytes(spoilt)
    assert edge.current() is None
    assert edge.current() is None
    assert content(edge.update()) == content(edge.current())
    assert edge.report.whole == edge.report.differences == 0, "the model itself is still there"


def test_offline_the_last_good_model_is_found(world):
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    had = edge.update()
    for failure in (OSError("no route"), DownloadHTTPError("busy", 503), DownloadHTTPError("gone", 404)):
        middle.edits = {"timestamp": lambda _, failure=failure: failure}
        with pytest.raises(RepositoryUnreachable, match=r"cannot be read now.*the model in use was kept"):
            edge.update()
        assert [type(alarm) for alarm in edge.alarms] == [RepositoryUnreachable]
    assert Updater(world.root, "http://127.0.0.1:9", world.folder / "edge").current() == had


def test_of_two_mirrors_the_one_that_answers_is_used(world, tmp_path):
    world.publish("1.0.0")
    edge = Updater(world.root, ["memory://no-such-place", world.url], tmp_path / "edge")
    assert content(edge.update()) == content(world.model("1.0.0"))
    assert [type(alarm) for alarm in edge.alarms] == [RepositoryUnreachable]
    edge = Updater(world.root, ["memory://no-such-place", "memory://nor-here"], tmp_path / "edge")
    with pytest.raises(RepositoryUnreachable, match="no-such-place"):
        edge.update()
    assert len(edge.alarms) == 2


def test_an_attack_is_the_louder_alarm(world, tmp_path):
    world.publish("1.0.0")
    middle = Middle(world.url, {"timestamp": flipped})
    inner = middle._inner.fetch
    middle._inner.fetch = lambda url: inner(url.replace("memory://attacked", world.url))
    edge = Updater(world.root, ["memory://no-such-place", "memory://attacked"], tmp_path / "edge", fetcher=middle)
    with pytest.raises(RepositoryAttacked, match=r"memory://attacked.*the model in use was kept"):
        edge.update()


def test_a_model_that_the_edge_cannot_run_is_refused_before_its_weights(world):
    world.publish("1.0.0")
    middle = Middle(world.url)

    def runs(card: ModelCard) -> None:
        if card.version != "1.0.0":
            raise ModelError(f"version {card.version} needs a newer program")

    edge = Updater(world.root, world.url, world.folder / "edge", accept=runs, fetcher=middle)
    had = edge.update()
    world.publish("2.0.0")
    middle.asked.clear()
    with pytest.raises(ModelError, match=r"version 2\.0\.0 needs a newer program"):
        edge.update()
    assert edge.current() == had and chunks_asked(middle) == []


def test_a_card_of_a_later_format_is_refused_with_the_advice_to_update(world):
    world.publish("1.0.0")
    edge = world.edge()
    had = edge.update()
    folder = world.model("2.0.0")
    world.publish("2.0.0")
    card = json.loads((folder / "card.json").read_text())
    data = json.dumps({**card, "colour": "red"}).encode()
    path = "models/tiny/2.0.0/bf16.card.json"

    def change(chain) -> None:
        target = TargetFile.from_data(path, data, ["sha256"])
        chain.targets.signed.targets[path] = target
        world.put({f"targets/models/tiny/2.0.0/{target.hashes['sha256']}.bf16.card.json": data})

    world.forge("targets", change, world.keys.held)
    with pytest.raises(ModelError, match=r"unknown keys \['colour'\].*update it"):
        edge.update()
    assert edge.current() == had


def test_old_models_are_pruned(world):
    edge = world.edge(keep=2)
    for k in range(4):
        world.publish(f"1.{k}.0")
        edge.update()
    names = sorted(path.name for path in edge._cache.models.iterdir())
    assert [name.split("-")[1] for name in names] == ["1.2.0", "1.3.0"]
    documents = sorted(path.name for path in edge._cache.documents.iterdir())
    assert len(documents) == 3 and not any("1.2.0" in name for name in documents)
    assert list(edge._cache.staging.iterdir()) == []


def test_the_quota_is_honoured_before_anything_is_fetched(world):
    world.publish("1.0.0")
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle, quota_bytes=2**20)
    with pytest.raises(StoreError, match=r"quota is 1048576.*raise the quota"):
        edge.update()
    assert chunks_asked(middle) == [] and edge.current() is None


def test_under_a_tight_quota_the_oldest_model_goes_and_the_one_in_use_stays(world, monkeypatch):
    monkeypatch.setattr("openckm.store.update.MAX_DOCUMENT", 1000)
    wide = world.edge(keep=3)
    for k in range(2):
        world.publish(f"1.{k}.0")
        wide.update()
    sizes = list(wide._cache.sizes().values())
    tight = world.edge(keep=3, quota_bytes=2 * max(sizes) + 3000)
    world.publish("1.2.0")
    tight.update()
    assert [row.version for row in tight._cache.installed()] == ["1.2.0", "1.1.0"]
    assert sum(tight._cache.sizes().values()) < 2 * max(sizes) + 3000
    assert content(tight.current()) == content(world.model("1.2.0"))


def test_a_revoked_model_is_used_no_more_even_offline(world):
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    world.repository.revoke("1.0.0")
    with pytest.raises(StoreError, match=r"offers nothing, wanted 'bf16'.*unless it was revoked"):
        edge.update()
    assert edge.current() is None


def test_what_a_channel_does_not_offer_is_said(world):
    with pytest.raises(StoreError, match="nothing was ever offered on channel 'stable'"):
        world.edge().update()
    world.publish("1.0.0")
    with pytest.raises(StoreError, match=r"offers \['bf16'\], wanted 'int8'"):
        world.edge(precision="int8").update()


def test_two_updates_of_one_cache_do_not_meet(world):
    world.publish("1.0.0")
    edge = world.edge(lock_s=0.05)
    with edge._cache.locked(1.0), pytest.raises(StoreError, match="another update is at work"):
        world.edge(lock_s=0.05).update()
    assert edge.update()


@pytest.mark.parametrize("trust_root", [b"", b"{}", b"[1]", "targets"])
def test_a_trust_root_that_is_none_is_refused_at_once(world, trust_root):
    root = world.storage.read("metadata/1.targets.json") if trust_root == "targets" else trust_root
    with pytest.raises(StoreError, match="the trust root is not a signed root"):
        Updater(root, world.url, world.folder / "edge")


@pytest.mark.parametrize(
    ("change", "message"),
    [({"precision": "fp8"}, "'fp8' is unknown"), ({"keep": 0}, "positive"), ({"quota_bytes": -1}, "positive")],
)
def test_options_that_cannot_be(change, message):
    with pytest.raises(OptionError, match=message):
        UpdateOptions(**change)


def test_addresses_and_channels_that_cannot_be(world):
    with pytest.raises(OptionError, match="wanted the address"):
        Updater(world.root, [], world.folder / "edge")
    with pytest.raises(OptionError, match=r"channel '\.\./stable'"):
        Updater(world.root, world.url, world.folder / "edge", "../stable")
    with pytest.raises(StoreError, match="no such kind of address here"):
        Updater(world.root, "gopher://somewhere", world.folder / "edge").update()


def test_a_cache_that_cannot_be_written_is_said(world, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="the cache cannot be used"):
        Updater(world.root, world.url, tmp_path / "file")


def test_a_full_disk_leaves_the_old_model(world, monkeypatch):
    world.publish("1.0.0")
    edge = world.edge()
    had = edge.update()
    world.publish("2.0.0")

    def full(self, offset, data):
        with self._cache.guarded():
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("openckm.store.cache.Staged.put", full)
        with pytest.raises(StoreError, match=r"No space left on device.*check space and rights"):
            edge.update()
    assert edge.current() == had
    assert content(edge.update()) == content(world.model("2.0.0"))


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


@contextmanager
def web_server(folder):
    """Serve a folder on loopback as any web server would, and yield the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/models"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_folder_behind_a_web_server(world, tmp_path):
    def upload() -> None:
        for path, data in world.files().items():
            (tmp_path / "www/models" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "www/models" / path).write_bytes(data)

    first = world.publish("1.0.0")
    upload()
    with web_server(tmp_path / "www") as url:
        edge = Updater(world.root, f"{url}/", tmp_path / "edge")
        assert content(edge.update()) == first
        second = world.publish("2.0.0")
        upload()
        assert content(edge.update()) == second
        assert edge.report.differences > 0
        shutil.rmtree(tmp_path / "www/models/metadata")
        with pytest.raises(RepositoryUnreachable, match=r"DownloadHTTPError.*404"):
            edge.update()
    with pytest.raises(RepositoryUnreachable, match=r"no answer.*refused"):
        edge.update()
    assert content(edge.current()) == second


def test_left_overs_of_killed_updates_are_removed(world):
    world.publish("1.0.0")
    edge = world.edge()
    edge.update()
    cache: Cache = edge._cache
    for path in (cache.metadata / "tmp1234", cache.folder / ".state.json.12.part", cache.documents / "old.json"):
        path.write_bytes(b"half")
    save_model(cache.staging / "tiny-0.9.0-bf16-0")
    save_model(cache.models / "tiny-0.8.0-bf16-0")
    world.publish("1.1.0")
    edge.update()
    names = {path.name for path in cache.folder.rglob("*")}
    assert not names & {"tmp1234", ".state.json.12.part", "old.json", "tiny-0.9.0-bf16-0", "tiny-0.8.0-bf16-0"}


def test_edges_of_one_world_do_not_share(tmp_path, small_chunks):
    world = World(tmp_path)
    world.publish("1.0.0")
    world.publish("2.0.0", "candidate")
    stable = Updater(world.root, world.url, tmp_path / "a", "stable")
    candidate = Updater(world.root, world.url, tmp_path / "b", "candidate")
    assert content(stable.update()) == content(world.model("1.0.0"))
    assert content(candidate.update()) == content(world.model("2.0.0"))
