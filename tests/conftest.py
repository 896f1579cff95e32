"""Makes `worlds` importable from every folder of tests, and shares what is dear to make."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a saved tiny random prior."""
    from worlds import save_tiny

    return save_tiny(tmp_path_factory.mktemp("prior"))
