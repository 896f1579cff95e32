"""A small finished map, in memory and as a view."""

import pytest
from atlas_worlds import make_map

from openckm.atlas import MapView


@pytest.fixture
def radiomap():
    return make_map()


@pytest.fixture
def view(radiomap):
    return MapView.of(radiomap)
