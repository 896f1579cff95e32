"""Evidence that a method cannot use is refused, never passed over."""

from __future__ import annotations

import numpy as np
import pytest

from openckm.baselines import Kriging
from openckm.errors import MeasurementError
from openckm.maps import AreaReading, Grid, Observations, RasterReading

GRID = Grid((32, 32), 4.0)
RASTER = RasterReading("gain_db", GRID, np.full((32, 32), -90.0, np.float32), 2.0)
AREA = AreaReading("gain_db", np.array([[0.0, 0.0], [9.0, 0.0], [9.0, -9.0]]), -90.0, 2.0)


@pytest.mark.parametrize("evidence", [Observations(rasters=(RASTER,)), Observations(areas=(AREA,))])
def test_rasters_and_areas_are_refused_with_a_remedy(evidence):
    with pytest.raises(MeasurementError, match="baseline"):
        Kriging().reconstruct(evidence, GRID)
