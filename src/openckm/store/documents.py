"""The documents that owners sign beside the weights: what a model is made of, and what a channel offers.

A `Manifest` names every chunk of one model in one precision, by content. A `Release` says which model a channel offers
now; it is numbered, and going back to an older model is a new release. Both are signed targets of The Update Framework;
what is checked here is their form and their bounds, before anything is made of them. Pure code without I/O.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TypeVar

from openckm.errors import ModelError, OptionError, RepositoryAttacked
from openckm.store.attachments import ATTACHMENTS
from openckm.store.chunks import KINDS
from openckm.store.codec import PRECISIONS
from openckm.store.weights import MAX_BYTES

SCHEMA = 1
CHANNELS = ("stable", "candidate")
MAX_DOCUMENT = 2**20
"""Largest card, manifest or release that is read [bytes]."""
MAX_CHUNK = 4 * 2**20
"""Largest chunk [bytes]."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TARGET = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-][a-z0-9._-]*)+")
Document = TypeVar("Document", "Manifest", "Release")


@dataclass(frozen=True)
class Delta:
    """A chunk's difference to another: SHA-256 of the base, and the target that holds the difference."""

    base: str
    target: str

    def __post_init__(self) -> None:
        _check(bool(_SHA256.fullmatch(self.base)) and bool(_TARGET.fullmatch(self.target)), "a delta's base or target")


@dataclass(frozen=True)
class Chunk:
    """A stretch of the weight file: SHA-256, length [bytes], kind (see `chunks.KINDS`), target, and differences."""

    sha256: str
    length: int
    kind: str
    target: str
    deltas: tuple[Delta, ...] = ()

    def __post_init__(self) -> None:
        _check(bool(_SHA256.fullmatch(self.sha256)) and bool(_TARGET.fullmatch(self.target)), "a chunk's name")
        _check(type(self.length) is int and 0 < self.length <= MAX_CHUNK, "a chunk's length")
        _check(self.kind in KINDS, "a chunk's kind")


@dataclass(frozen=True)
class Attachment:
    """A file beside the weights: its name, one of `attachments.ATTACHMENTS`, and the one chunk that holds it."""

    name: str
    chunk: Chunk

    def __post_init__(self) -> None:
        _check(self.name in ATTACHMENTS and self.chunk.length <= ATTACHMENTS[self.name], "a file beside the weights")


@dataclass(frozen=True)
class Manifest:
    """One model in one precision.

    Attributes:
        name: the name of the model.
        version: the version of the model.
        precision: one of `codec.PRECISIONS`.
        card: target that holds the card.
        sha256: the SHA-256 of the weight file.
        length: the length of the weight file [bytes].
        chunks: the weight file, in order and without gaps.
        attachments: the files beside it.
    """

    name: str
    version: str
    precision: str
    card: str
    sha256: str
    length: int
    chunks: tuple[Chunk, ...]
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        _check(bool(_NAME.fullmatch(self.name)) and bool(_VERSION.fullmatch(self.version)), "name or version")
        _check(self.precision in PRECISIONS and bool(_TARGET.fullmatch(self.card)), "precision or card")
        _check(bool(_SHA256.fullmatch(self.sha256)), "the checksum of the weights")
        _check(type(self.length) is int and 0 < self.length <= MAX_BYTES, "the length of the weights")
        _check(sum(chunk.length for chunk in self.chunks) == self.length, "chunks that do not add up")
        names = [one.name for one in self.attachments]
        _check(len(names) == len(set(names)), "two files of one name")

    @property
    def everything(self) -> tuple[Chunk, ...]:
        """The chunks of the weight file, then those of the files beside it."""
        return (*self.chunks, *(one.chunk for one in self.attachments))

    @classmethod
    def from_json(cls, content: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            ModelError: if it is of a later format.
            RepositoryAttacked: if it is not one, or states what cannot be.
        """
        raw = _object(content)
        try:
            chunks = tuple(_chunk(row) for row in raw.pop("chunks"))
            beside = tuple(Attachment(row["name"], _chunk(row["chunk"])) for row in raw.pop("attachments", ()))
            return cls(**raw, chunks=chunks, attachments=beside)
        except (TypeError, KeyError) as error:
            _refuse(repr(error))

    def to_json(self) -> bytes:
        """Return the manifest as compact JSON."""
        return _dump(self)


@dataclass(frozen=True)
class Release:
    """What a channel offers.

    Attributes:
        channel: "stable" or "candidate".
        number: counts the releases of the channel from 1; a rollback counts on.
        name: the name of the model, or "" if the channel offers none.
        version: the version of the model, or "".
        precisions: target of the manifest, by precision.
        history: versions that the channel offered, oldest first, this one last.
        revoked: versions, on any channel, that must not be used any more.
    """

    channel: str
    number: int
    name: str
    version: str
    precisions: dict[str, str]
    history: tuple[str, ...]
    revoked: tuple[str, ...]

    def __post_init__(self) -> None:
        check_name(self.channel, "channel")
        _check(type(self.number) is int and self.number > 0, "the number of the release")
        versions = (*self.history, *self.revoked, *((self.version,) if self.version else ()))
        _check(all(isinstance(v, str) and _VERSION.fullmatch(v) for v in versions), "a version")
        _check(bool(_NAME.fullmatch(self.name)) if self.version else self.name == "", "the name of the model")
        known = set(self.precisions) <= set(PRECISIONS) and bool(self.precisions) == bool(self.version)
        _check(known and all(_TARGET.fullmatch(t) for t in self.precisions.values()), "the precisions")
        _check(self.version not in self.revoked, "a version that is offered and revoked")

    @classmethod
    def from_json(cls, content: bytes) -> Release:
        """Read a release.

        Raises:
            ModelError: if it is of a later format.
            RepositoryAttacked: if it is not one, or states what cannot be.
        """
        raw = _object(content)
        try:
            history, revoked = tuple(raw.pop("history")), tuple(raw.pop("revoked"))
            return cls(**raw, history=history, revoked=revoked)
        except (TypeError, KeyError, AttributeError) as error:
            _refuse(repr(error))
        except OptionError as error:
            _refuse(str(error))

    def to_json(self) -> bytes:
        """Return the release as compact JSON."""
        return _dump(self)


def check_name(name: str, what: str) -> None:
    """Refuse names that are not safe as parts of paths and addresses.

    Raises:
        OptionError: if the name has other than 1 to 64 small letters, digits, hyphens and underscores.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OptionError(f"{what} {name!r}: wanted 1 to 64 small letters, digits, '-' or '_', beginning with no sign")


def _object(content: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as error:
        _refuse(str(error))
    schema = raw.pop("schema", None) if isinstance(raw, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise ModelError(
            f"the repository's documents have schema {schema}, this program reads {SCHEMA}: update OpenCKM; the model"
            " in use was kept"
        )
    if schema != SCHEMA:
        _refuse(f"wanted an object of schema {SCHEMA}")
    return dict(raw)


def _chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(**{**row, "deltas": tuple(Delta(**delta) for delta in row["deltas"])})


def _dump(document: Document) -> bytes:
    return json.dumps({"schema": SCHEMA, **asdict(document)}, sort_keys=True, separators=(",", ":")).encode()


def _check(holds: bool, what: str) -> None:
    if not holds:
        _refuse(f"{what} cannot be")


def _refuse(why: str) -> NoReturn:
    raise RepositoryAttacked(
        f"a signed document of the repository is not valid ({why}); nothing was taken: ask who publishes it, or update"
        " OpenCKM"
    )
