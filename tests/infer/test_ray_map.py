"""Is the rays' own map an expert that the engine takes, and does it say what the rays say?"""

from dataclasses import replace

import numpy as np
import pytest

from openckm.infer.construct import OpenCKM
from openckm.infer.ray_map import ray_map
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.propagation import site_geometry
from openckm.maps.rays import trace_rays
from openckm.maps.site import Layout, Transmitter
from openckm.priors.ray_planes import FAINTEST_DB

GRID = Grid((32, 32), 4.0)
TX = Transmitter(40.3, -61.0, 14.0)


def given():
    height = np.zeros(GRID.shape, np.float32)
    height[4:9, 14:26] = 12.0
    height[14:28, 20:24] = 25.0
    return Observations(layout=Layout(GRID, height), transmitter=TX)


def test_it_holds_the_gain_by_rays():
    found, what = ray_map(given(), GRID), given()
    total = trace_rays(GRID, what.layout, TX).total
    free = ~what.layout.building
    wanted = 10 * np.log10(np.maximum(total, 1e-30))
    geometry = site_geometry(GRID, TX)
    strong = free & (wanted > geometry.free_space_db + FAINTEST_DB + 1)
    np.testing.assert_allclose(found.mean[strong], wanted[strong], atol=1e-2)
    assert np.isfinite(found.mean).all() and found.mean[free].min() >= geometry.free_space_db.min() + FAINTEST_DB - 1
    shaded = free & (site_geometry(GRID, TX, what.layout.height_m).diffraction_db > 10)
    assert found.std[shaded].min() > found.std[50 // 4, 40 // 4]


def test_without_layout_or_transmitter_there_is_none():
    assert ray_map(replace(given(), layout=None), GRID) is None
    assert ray_map(replace(given(), transmitter=None), GRID) is None


def test_the_engine_takes_it_and_without_readings_answers_by_it():
    expert = ray_map(given(), GRID)
    belief = OpenCKM(symmetrise=False).posterior(given(), GRID, maps=[expert])
    free = ~given().layout.building
    gap = np.abs(belief.to_map(GRID).mean() - expert.mean)[free]
    assert np.median(gap) == pytest.approx(0.0, abs=0.5)
