"""Documents that are well signed, by mistake or with stolen keys, and still cannot be: refused, the model stays."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import zstandard
from store_worlds import Middle, World, content
from tuf.api.metadata import TargetFile

from openckm.errors import RepositoryAttacked
from openckm.store.chunks import pack
from openckm.store.roles import Chain, stored_at

MANIFEST = "models/tiny/2.0.0/bf16.json"


@pytest.fixture
def edge(world):
    """An edge with version 1, and version 2 on offer."""
    world.publish("1.0.0")
    edge = world.edge(fetcher=Middle(world.url))
    edge.update()
    world.publish("2.0.0")
    return edge


def signed(world: World, path: str, data: bytes, length: int | None = None) -> None:
    """Sign other content for a target with all keys."""
    target = TargetFile.from_data(path, data, ["sha256"])
    target.length = length or target.length

    def change(chain: Chain) -> None:
        chain.targets.signed.targets[path] = target

    world.put({stored_at(target): data})
    world.forge("targets", change, world.keys.held)


def told(world: World, path: str) -> dict:
    chain = Chain.load(world.storage, world.root)
    return json.loads(world.storage.read(stored_at(chain.targets.signed.targets[path])))


def change_manifest(world: World, change: Callable[[dict], None]) -> None:
    raw = told(world, MANIFEST)
    change(raw)
    signed(world, MANIFEST, json.dumps(raw).encode())


def refused(edge, message: str) -> None:
    had, before = edge.current(), content(edge.current())
    with pytest.raises(RepositoryAttacked, match=message):
        edge.update()
    assert edge.current() == had and content(had) == before


def test_a_chunk_that_holds_something_else(world, edge):
    chunk = told(world, MANIFEST)["chunks"][-1]
    signed(world, chunk["target"], pack(bytes(chunk["length"]), chunk["kind"]))
    refused(edge, "does not hold what the model names")


def test_a_chunk_that_is_a_bomb(world, edge):
    chunk = told(world, MANIFEST)["chunks"][-1]
    signed(world, chunk["target"], zstandard.ZstdCompressor().compress(bytes(2**22)))
    refused(edge, "says that it holds 4194304 bytes")


def test_chunks_that_do_not_make_the_weights(world, edge):
    """Each is as signed, and so is the sum of lengths: two of one length have changed places."""

    def swap(raw: dict) -> None:
        lengths = [chunk["length"] for chunk in raw["chunks"]]
        first = next(k for k, length in enumerate(lengths) if lengths.count(length) > 1)
        second = lengths.index(lengths[first], first + 1)
        raw["chunks"][first], raw["chunks"][second] = raw["chunks"][second], raw["chunks"][first]

    change_manifest(world, swap)
    refused(edge, "the signed chunks do not make the signed weights")


def test_a_chunk_that_nobody_signed(world, edge):
    def rename(raw: dict) -> None:
        raw["chunks"][-1].update(target="chunks/nowhere.zst", deltas=[])

    change_manifest(world, rename)
    refused(edge, "chunks/nowhere.zst is named but not signed")


def test_a_manifest_of_another_version(world, edge):
    signed(world, MANIFEST, json.dumps({**told(world, MANIFEST), "version": "3.0.0"}).encode())
    refused(edge, "contradict each other")


def test_a_card_of_other_weights(world, edge):
    path = "models/tiny/2.0.0/bf16.card.json"
    signed(world, path, json.dumps({**told(world, path), "sha256": "0" * 64}).encode())
    refused(edge, "contradict each other")


@pytest.mark.parametrize("what", ["channels/stable.json", MANIFEST, "models/tiny/2.0.0/bf16.card.json", "chunk"])
def test_what_is_longer_than_it_may_be_is_not_even_fetched(world, edge, what):
    path = told(world, MANIFEST)["chunks"][-1]["target"] if what == "chunk" else what
    signed(world, path, b"long", length=2**30)
    edge._fetcher.asked.clear()
    refused(edge, "more than .* that it may")
    assert not any(path.rpartition("/")[2] in url for url in edge._fetcher.asked)


def test_weights_longer_than_any_may_be(world, edge):
    def grow(raw: dict) -> None:
        raw["chunks"] = [{**raw["chunks"][0], "length": 2**22}] * 65
        raw["length"] = 2**22 * 65

    change_manifest(world, grow)
    refused(edge, "the length of the weights cannot be")
