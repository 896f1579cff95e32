"""The embeddings of a store in memory, and a search through all of them, without an index of its own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from openckm.flux.key import EMBEDDING


class Neighbours:
    """Embeddings by space. What others add is read before a search; what others remove is found out when it is hit."""

    def __init__(self) -> None:
        self._last = 0
        self._spaces: dict[str, _Space] = {}
        self._where: dict[int, str] = {}
        self._lock = threading.Lock()

    def refresh(self, db: sqlite3.Connection) -> None:
        """Read the rows that were entered since the last time."""
        with self._lock:
            rows = db.execute(
                "SELECT id, space, owner, embedding FROM entries WHERE id > ? AND source ORDER BY id", (self._last,)
            ).fetchall()
            for number, space, owner, content in rows:
                self._last = number
                if len(content) == 4 * EMBEDDING:
                    self._spaces.setdefault(space, _Space()).add(number, owner, content)
                    self._where[number] = space

    def forget(self, number: int) -> None:
        """Leave out an entry that is gone."""
        with self._lock:
            space = self._where.pop(number, None)
            if space is not None:
                self._spaces[space].forget(number)

    def search(
        self, space: str, owners: Collection[str], embedding: NDArray[np.float32], count: int
    ) -> list[tuple[int, float]]:
        """Return up to `count` numbers of entries of these owners, nearest first, with their distances."""
        with self._lock:
            part = self._spaces.get(space)
            return [] if part is None else part.search(owners, embedding, count)


class _Space:
    """Entries that may be neighbours of each other."""

    def __init__(self) -> None:
        self._count = 0
        self._vectors = np.zeros((64, EMBEDDING), np.float32)
        self._numbers = np.zeros(64, np.int64)
        self._owners = np.zeros(64, np.int64)
        self._names: dict[str, int] = {}

    def add(self, number: int, owner: str, content: bytes) -> None:
        if self._count == len(self._numbers):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
            self._numbers = np.concatenate([self._numbers, np.zeros_like(self._numbers)])
            self._owners = np.concatenate([self._owners, np.zeros_like(self._owners)])
        self._vectors[self._count] = np.frombuffer(content, "<f4")
        self._numbers[self._count] = number
        self._owners[self._count] = self._names.setdefault(owner, len(self._names))
        self._count += 1

    def forget(self, number: int) -> None:
        at = np.flatnonzero(self._numbers[: self._count] == number)
        self._owners[at] = -1

    def search(self, owners: Collection[str], embedding: NDArray[np.float32], count: int) -> list[tuple[int, float]]:
        allowed = [self._names[o] for o in owners if o in self._names]
        here = np.flatnonzero(np.isin(self._owners[: self._count], allowed))
        if not len(here):
            return []
        squared = ((self._vectors[here] - embedding) ** 2).sum(1)
        best = np.argpartition(squared, min(count, len(here)) - 1)[:count]
        best = best[np.argsort(squared[best], kind="stable")]
        return [(int(self._numbers[here[k]]), float(np.sqrt(squared[k]))) for k in best]
