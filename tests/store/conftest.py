"""A repository in memory for each test, with chunks small enough that tiny models have several."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openckm.store import chunks


@pytest.fixture(autouse=True)
def no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing is for losses of power, which no test can bring about; it would cost these tests most of their time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut weight files into chunks of at most a kilobyte."""
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 1024)


@pytest.fixture
def world(tmp_path: Path, small_chunks: None):
    """A repository in memory without models."""
    from store_worlds import World

    return World(tmp_path)
