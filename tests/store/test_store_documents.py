"""Signed documents: what they may say, and that a document which says anything else is refused before it is used."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.errors import ModelError, OptionError, RepositoryAttacked
from openckm.store.documents import MAX_CHUNK, Attachment, Chunk, Delta, Manifest, Release, check_name
from openckm.store.weights import MAX_BYTES

SHA = "0123456789abcdef" * 4
CHUNK = Chunk(SHA, 100, "bf16", "chunks/a.zst", (Delta(SHA, "deltas/a-b.zst"),))
MANIFEST = Manifest("tiny", "1.0.0", "bf16", "models/tiny/1.0.0/bf16.card.json", SHA, 200, (CHUNK, CHUNK))
BESIDE = {
    "name": "calibration.json",
    "chunk": {"sha256": SHA, "length": 100, "kind": "bytes", "target": "chunks/c.zst", "deltas": []},
}
RELEASE = Release("stable", 3, "tiny", "1.1.0", {"bf16": "models/tiny/1.1.0/bf16.json"}, ("1.0.0", "1.1.0"), ("0.9.0",))


def test_documents_come_back():
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    assert Release.from_json(RELEASE.to_json()) == RELEASE
    more = replace(MANIFEST, attachments=(Attachment("calibration.json", CHUNK),))
    assert Manifest.from_json(more.to_json()) == more and more.everything == (CHUNK, CHUNK, CHUNK)
    nothing = Release("candidate", 1, "", "", {}, (), ())
    assert Release.from_json(nothing.to_json()) == nothing


@pytest.mark.parametrize("document", [MANIFEST, RELEASE], ids=["manifest", "release"])
def test_a_document_of_a_later_format_is_no_attack(document):
    raw = {**json.loads(document.to_json()), "schema": 2, "colour": "red"}
    with pytest.raises(ModelError, match=r"schema 2, this program reads 1: update OpenCKM"):
        type(document).from_json(json.dumps(raw).encode())


MANIFESTS = {
    "name": ["", "Tiny", "../tiny", "a/b", "-x", "x" * 65, 3, None], "version": ["", "1.0", "1.0.0-x", "../1.0.0", 1],
    "precision": ["fp8", "", None], "card": ["", "card.json", "/etc/passwd", "models/../card.json", "a//b", "a/.b"],
    "sha256": ["", SHA[:-1], SHA.upper(), None], "length": [0, -1, 199, 201, MAX_BYTES + 1, 200.0, "200", True],
    "chunks": [[], [1], [{}], None, "chunks"], "schema": [0, -1, 2.0, "1", None], "colour": ["red"],
    "attachments": [None, 3, "x", [1], [{}], [{"name": "calibration.json", "chunk": {}}], [BESIDE, BESIDE],
                    [{**BESIDE, "name": "../card.json"}], [{**BESIDE, "name": "weights.safetensors"}],
                    [{**BESIDE, "name": ["x"]}], [{**BESIDE, "chunk": {**BESIDE["chunk"], "length": 2**19}}]],
}  # fmt: skip
CHUNKS = {
    "sha256": ["", None], "length": [0, -1, MAX_CHUNK + 1, 100.0, None], "kind": ["fp8", None, 3],
    "target": ["", "x", "../x", "a/../b", "a/b?c", "http://a/b"], "deltas": [None, [1], [{"base": SHA}]],
    "colour": ["red"],
}  # fmt: skip
RELEASES = {
    "channel": ["", "../x", 3], "number": [0, -1, "1", 1.5, True], "name": ["", "A", None], "version": ["", "x", None],
    "precisions": [{}, {"fp8": "a/b"}, {"bf16": "../a"}, {"bf16": 3}, None, ["bf16"]],
    "history": [None, 3, ["x"], [3], "1.0.0"], "revoked": [None, ["1.1.0"], [None]], "schema": [0], "colour": ["red"],
}  # fmt: skip


def cases(table):
    return [(key, value) for key, values in table.items() for value in values]


@pytest.mark.parametrize(("key", "value"), cases(MANIFESTS))
def test_a_manifest_that_cannot_be_is_refused(key, value):
    raw = {**json.loads(MANIFEST.to_json()), key: value}
    with pytest.raises(RepositoryAttacked, match="a signed document of the repository is not valid"):
        Manifest.from_json(json.dumps(raw).encode())


@pytest.mark.parametrize(("key", "value"), cases(CHUNKS))
def test_a_chunk_that_cannot_be_is_refused(key, value):
    raw = json.loads(MANIFEST.to_json())
    raw["chunks"][0][key] = value
    with pytest.raises(RepositoryAttacked, match="is not valid"):
        Manifest.from_json(json.dumps(raw).encode())


@pytest.mark.parametrize(("key", "value"), cases(RELEASES))
def test_a_release_that_cannot_be_is_refused(key, value):
    raw = {**json.loads(RELEASE.to_json()), key: value}
    with pytest.raises(RepositoryAttacked, match="is not valid"):
        Release.from_json(json.dumps(raw).encode())


LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=8)
JSON = st.recursive(LEAVES, lambda x: st.lists(x) | st.dictionaries(st.text(max_size=8), x), max_leaves=6)


@settings(max_examples=50)
@given(st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_refused_and_nothing_else_is_raised(content):
    for kind in (Manifest, Release):
        with pytest.raises(RepositoryAttacked):
            kind.from_json(content)


def test_deep_nesting_is_refused():
    with pytest.raises(RepositoryAttacked):
        Manifest.from_json(b"[" * 100_000)


def test_more_than_is_allowed_is_refused_even_if_it_adds_up():
    many = MAX_BYTES // MAX_CHUNK + 1
    with pytest.raises(RepositoryAttacked, match="length of the weights"):
        replace(MANIFEST, length=many * MAX_CHUNK, chunks=(replace(CHUNK, length=MAX_CHUNK),) * many)


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "..", ".a", "-a", "a" * 65, "ä", "a\n", 3])
def test_names_that_are_not_safe_in_paths_are_refused(name):
    with pytest.raises(OptionError, match="wanted 1 to 64 small letters"):
        check_name(name, "channel")
