"""From a model folder to the files that are published: card and manifest in each precision, chunks and differences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openckm.errors import RepositoryAttacked, StoreError
from openckm.store.attachments import read_attachments, rebound
from openckm.store.card import ModelCard
from openckm.store.chunks import cut, pack, unpack
from openckm.store.codec import decode, encode, precision_of
from openckm.store.documents import MAX_DOCUMENT, Attachment, Chunk, Delta, Manifest, check_name
from openckm.store.weights import read_weights, weight_file

CARD_FILE = "card.json"
WEIGHT_FILE = "weights.safetensors"
MANIFEST_FILE = "manifest.json"
_WORTH = 0.9
"""A difference is published if it is shorter than this part of the whole chunk."""


@dataclass(frozen=True)
class Model:
    """A model as its files: card, weight file, and what lies beside it, by name."""

    card: ModelCard
    weights: bytes
    attachments: dict[str, bytes]

    def files(self) -> dict[str, bytes]:
        """Return the content of the model's folder, by name."""
        return {**self.attachments, WEIGHT_FILE: self.weights, CARD_FILE: self.card.to_json().encode()}


@dataclass(frozen=True)
class Base:
    """A model that receivers may have: its manifest and the bytes of its chunks."""

    manifest: Manifest
    raw: tuple[bytes, ...]


@dataclass(frozen=True)
class Package:
    """What is published of a model in one precision: the manifest, and the content of every target by its path."""

    manifest: Manifest
    files: dict[str, bytes]


def manifest_path(name: str, version: str, precision: str) -> str:
    """Return the target of a manifest."""
    return f"models/{name}/{version}/{precision}.json"


def read_model(folder: Path) -> Model:
    """Return a model folder, its files checked against each other.

    Raises:
        ModelError: if one is missing or damaged, or they do not belong together.
        OptionError: if the name cannot be part of an address.
    """
    card = ModelCard.read(folder / CARD_FILE)
    check_name(card.name, "model name")
    read_weights(folder / WEIGHT_FILE, card.sha256)
    return Model(card, (folder / WEIGHT_FILE).read_bytes(), read_attachments(folder, card.sha256))


def recode(model: Model, precision: str) -> Model:
    """Return a model in another precision; what is in it already stays as it is, to the bit.

    Raises:
        ModelError: if the weights are in none.
        OptionError: if the precision is unknown.
    """
    from safetensors.numpy import load

    arrays = load(model.weights)
    if precision_of(arrays) == precision:
        return model
    coded = weight_file(encode(decode(arrays), precision))
    card = replace(model.card, sha256=hashlib.sha256(coded).hexdigest())
    return Model(card, coded, rebound(model.attachments, model.card.sha256, card.sha256, precision))


def package(model: Model, precision: str, bases: Sequence[Base] = ()) -> Package:
    """Return what is to be published of a model.

    Args:
        model: its files.
        precision: what its weights are kept in.
        bases: models that receivers may have, to which differences are taken.

    Raises:
        ModelError: if it is not a weight file.
        StoreError: if the card is too long.
    """
    card, content = model.card, model.weights
    folder = manifest_path(card.name, card.version, precision).removesuffix(".json")
    files = {f"{folder}.card.json": card.to_json().encode()}
    chunks = []
    for index, piece in enumerate(cut(content)):
        raw = content[piece.offset : piece.offset + piece.length]
        whole = _whole(raw, piece.kind, files)
        deltas: dict[Delta, None] = {}  # in order, each once
        for base in bases:
            delta = _delta(raw, piece.kind, whole.sha256, base, index, len(files[whole.target]))
            if delta:
                deltas[delta[0]] = None
                files[delta[0].target] = delta[1]
        chunks.append(replace(whole, deltas=tuple(deltas)))
    beside = tuple(Attachment(name, _whole(raw, "bytes", files)) for name, raw in sorted(model.attachments.items()))
    manifest = Manifest(
        card.name, card.version, precision, f"{folder}.card.json", card.sha256, len(content), tuple(chunks), beside
    )
    files[f"{folder}.json"] = manifest.to_json()
    if max(len(files[f"{folder}.json"]), len(files[f"{folder}.card.json"])) > MAX_DOCUMENT:
        raise StoreError(f"the card or manifest of {card.name} {card.version} is longer than {MAX_DOCUMENT} bytes")
    return Package(manifest, files)


def _whole(raw: bytes, kind: str, files: dict[str, bytes]) -> Chunk:
    """Put a chunk among the files that are to be published, and return it."""
    sha256 = hashlib.sha256(raw).hexdigest()
    target = f"chunks/{sha256[:32]}.zst"
    files[target] = pack(raw, kind)
    return Chunk(sha256, len(raw), kind, target)


def unpacked(manifest: Manifest, payloads: Sequence[bytes]) -> Base:
    """Return a published model as a base for differences, from the whole payloads of its chunks.

    Raises:
        ModelError: if one cannot be unpacked.
    """
    raw = tuple(unpack(p, c.length, c.kind) for p, c in zip(payloads, manifest.chunks, strict=True))
    return Base(manifest, raw)


def assembled(manifest: Manifest, card: bytes, payloads: Sequence[bytes]) -> Model:
    """Return a published model from its card and the whole payloads of `Manifest.everything`.

    Raises:
        ModelError: if a payload cannot be unpacked, or the card is of a later format.
        RepositoryAttacked: if the chunks do not make the weights that the card speaks of.
    """
    raw = [unpack(p, c.length, c.kind) for p, c in zip(payloads, manifest.everything, strict=True)]
    count = len(manifest.chunks)
    weights, stated = b"".join(raw[:count]), ModelCard.from_json(card, manifest.card)
    if not hashlib.sha256(weights).hexdigest() == manifest.sha256 == stated.sha256:
        raise RepositoryAttacked(f"the signed chunks of {manifest.name} {manifest.version} do not make its weights")
    beside = {one.name: content for one, content in zip(manifest.attachments, raw[count:], strict=True)}
    return Model(stated, weights, beside)


def _delta(raw: bytes, kind: str, sha256: str, base: Base, index: int, whole: int) -> tuple[Delta, bytes] | None:
    """Return the difference to the base's chunk at the same place; None if it is the same, unlike, or not worth it."""
    if index >= len(base.raw):
        return None
    old = base.manifest.chunks[index]
    if old.sha256 == sha256 or (old.kind, old.length) != (kind, len(raw)):
        return None
    payload = pack(raw, kind, base.raw[index])
    if len(payload) > _WORTH * whole:
        return None
    return Delta(old.sha256, f"deltas/{sha256[:24]}-{old.sha256[:24]}.zst"), payload
