"""A store, a suite and a parent that the tests of this folder share; none of them is changed by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from openckm.cloud.ingest import MapStore
from openckm.cloud.suite import Suite, freeze


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> MapStore:
    """Two regions, 36 maps of 36 scenes each."""
    from regions import store_of

    return store_of(tmp_path_factory.mktemp("cloud") / "store", oldtown=36, newtown=36)


@pytest.fixture(scope="session")
def suite(store: MapStore, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """About half of the scenes of either region are held back."""
    folder: Path = tmp_path_factory.mktemp("cloud") / "suite"
    return freeze(store, folder, {"oldtown": 0.6, "newtown": 0.6}, most=9)
