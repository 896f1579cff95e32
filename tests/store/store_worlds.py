"""Tiny models and repositories in memory, and the means to attack them, for the tests of the store. No torch."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from securesystemslib.signer import CryptoSigner, Signer
from tuf.api.metadata import MetaFile
from tuf.ngclient.fetcher import FetcherInterface

from openckm.store import ModelCard, write_weights
from openckm.store.attachments import ATTACHMENTS
from openckm.store.codec import encode
from openckm.store.fetch import FsspecFetcher
from openckm.store.keys import Keys
from openckm.store.publish import Repository
from openckm.store.roles import TIMESTAMP, Chain
from openckm.store.storage import Storage
from openckm.store.update import UpdateOptions, Updater

_COUNT = itertools.count()
Edit = Callable[[bytes], bytes | Iterator[bytes] | Exception]


def save_model(
    folder: Path, version: str = "1.0.0", *, name: str = "tiny", seed: int = 0, attached: bool = False
) -> Path:
    """Write a model of a few kilobytes; versions share a tensor, differ a little in one and wholly in another.

    With `attached` there are a calibration, another one of each version, and spectra, the same of all.
    """
    rng, step = np.random.default_rng(seed), np.random.default_rng([seed, *map(int, version.split("."))])
    weights = {
        "first.weight": rng.standard_normal((16, 8, 3, 3)), "first.bias": rng.standard_normal(16),
        "middle.weight": rng.standard_normal((8, 16, 3, 3)), "outer.weight": step.standard_normal((8, 16, 3, 3)),
    }  # fmt: skip
    weights["middle.weight"] += 0.01 * step.standard_normal(weights["middle.weight"].shape)
    arrays = encode({key: value.astype(np.float32) for key, value in weights.items()}, "bf16")
    card = ModelCard(
        name, version, {"class": "Tiny"}, ("gain_db",), {"gain_db": (-160.0, -40.0)}, (2.0, 4.0), (1e9, 4e9), 16,
        "none", "tests", {"rmse_db": 1.0}, "Apache-2.0", "nobody",
        write_weights(folder / "weights.safetensors", arrays),
    )  # fmt: skip
    (folder / "card.json").write_text(card.to_json())
    if attached:
        (folder / "calibration.json").write_text(calibration_text(card.sha256, 1.0 + float(step.random())))
        (folder / "warm.json").write_text(warm_text(card.sha256))
        (folder / "spectrum.safetensors").write_bytes(spectrum_bytes())
    return folder


def calibration_text(sha256: str, factor: float = 1.0) -> str:
    """Return a calibration of one family, bound to weights."""
    family = {"distance_m": [2.0, 8.0], "factor": [factor, 1.0], "half_width": 2.0, "alpha": 0.1, "maps": 9}
    raw = {"schema": 1, "sha256": sha256, "measured_on": "9 maps", "families": {"site/dB/exact": family}}
    return json.dumps(raw)


def warm_text(sha256: str) -> str:
    """Return a rule of warm starts, bound to weights."""
    rule = {"sha256": sha256, "scale": 0.02, "steps": [0], "near": [0.4], "excess": 1.5, "measured_on": "4 places"}
    return json.dumps(rule)


@cache
def spectrum_bytes() -> bytes:
    """Return spectra of white errors at two levels, always the same bytes."""
    lags = np.zeros((2, 5, 3, 3), np.float32)
    lags[:, :, 0, 0] = 1.0
    return save({"levels": np.array([0.1, 1.0]), "lags": lags}, {"relative": "1", "pad": "2"})


def content(folder: Path) -> dict[str, bytes]:
    """Return card and weights of a model folder, and what lies beside them."""
    names = [name for name in ATTACHMENTS if (folder / name).exists()]
    return {name: (folder / name).read_bytes() for name in ("card.json", "weights.safetensors", *names)}


class MemoryKeys(Keys):
    """Keys that are never written."""

    def __init__(self) -> None:
        self.held: dict[str, list[Signer]] = {}

    def signers(self, role: str) -> list[Signer]:
        return list(self.held.get(role, []))

    def fresh(self, role: str, count: int) -> list[Signer]:
        made: list[Signer] = [CryptoSigner.generate_ed25519() for _ in range(count)]
        self.held.setdefault(role, []).extend(made)
        return made

    def retire(self, role: str, keyids: Collection[str]) -> None:
        self.held[role] = [s for s in self.held[role] if s.public_key.keyid not in keyids]


class World:
    """A repository in memory, its keys, a folder for models, and edges."""

    def __init__(self, folder: Path, *, policy: object = None, days_ago: float = 0.0) -> None:
        self.folder, self.url, self.keys = folder, f"memory://world{next(_COUNT)}", MemoryKeys()
        self.now = lambda: datetime.now(UTC) - timedelta(days=days_ago)
        self.repository = Repository.create(self.url, self.keys, policy, now=self.now)
        self.root = self.repository.trust_root
        self.storage = Storage(self.url)

    def copy(self, folder: Path) -> World:
        """Return another world in the same state, its models and edges in another folder."""
        other = copy(self)
        other.folder, other.url, other.keys = folder, f"memory://world{next(_COUNT)}", MemoryKeys()
        other.keys.held = {role: list(held) for role, held in self.keys.held.items()}
        other.storage = Storage(other.url)
        other.put(self.files())
        other.repository = Repository(other.url, other.keys, self.root, now=self.now)
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return other

    def model(self, version: str, **more: object) -> Path:
        """Return the folder of a version, made on first use."""
        folder = self.folder / "made" / version
        return folder if folder.exists() else save_model(folder, version, **more)

    def publish(self, version: str, channel: str = "stable", **more: object) -> dict[str, bytes]:
        """Publish a version in bf16 and return its content."""
        self.repository.publish(self.model(version, **more), channel, precisions=("bf16",))
        return content(self.model(version))

    def edge(self, name: str = "edge", fetcher: FetcherInterface | None = None, **options: object) -> Updater:
        """Return the updater of a cache, with or without a man in the middle."""
        chosen = UpdateOptions(**options) if options else None
        return Updater(self.root, self.url, self.folder / name, options=chosen, fetcher=fetcher)

    def files(self) -> dict[str, bytes]:
        """Return every file of the repository."""
        return {p: self.storage.read(p) for folder in ("metadata", "targets") for p in self.storage.list(folder)}

    def put(self, files: dict[str, bytes]) -> None:
        """Write files into the repository as somebody who has the storage, but no key."""
        for path, data in files.items():
            self.storage.write(path, data)

    def forge(self, lowest: str, edit: Callable[[Chain], None], holds: dict[str, list[Signer]]) -> None:
        """Change documents and sign them, and those that depend on them, with the keys that an attacker holds."""
        chain = Chain.load(self.storage, self.root)
        edit(chain)
        online = ("targets", "snapshot", "timestamp")
        for role in online[online.index(lowest) :]:
            document = getattr(chain, role)
            if role == "snapshot":
                chain.snapshot.signed.meta["targets.json"] = _meta(chain.targets)
            if role == "timestamp":
                chain.timestamp.signed.snapshot_meta = _meta(chain.snapshot)
            document.signed.version += 1
            document.signatures.clear()
            for signer in holds.get(role, []):
                document.sign(signer, append=True)
            path = TIMESTAMP if role == "timestamp" else f"metadata/{document.signed.version}.{role}.json"
            self.storage.write(path, document.to_bytes())


def _meta(document: object) -> MetaFile:
    return MetaFile.from_data(document.signed.version, document.to_bytes(), ["sha256"])


class Middle(FetcherInterface):
    """Somebody between an edge and the repository: remembers what was asked, and changes what matches."""

    def __init__(self, url: str, edits: dict[str, Edit] | None = None) -> None:
        self._inner, self.edits = FsspecFetcher(url), edits or {}
        self.asked: list[str] = []
        self.sent = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.asked.append(url)
        edit = next((e for pattern, e in self.edits.items() if re.search(pattern, url)), None)
        if edit is None:
            return self._counted(self._inner.fetch(url))
        changed = edit(b"".join(self._inner.fetch(url)))
        if isinstance(changed, Exception):
            raise changed
        return self._counted(iter([changed]) if isinstance(changed, bytes) else changed)

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.sent += len(piece)
            yield piece


def flipped(data: bytes) -> bytes:
    """Return data of the same length with one bit changed in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def endless(_: bytes) -> Iterator[bytes]:
    """Yield zeros for ever; a test that reads for ever fails after a minute."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        yield bytes(65536)
