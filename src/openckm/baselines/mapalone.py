"""A map of the site that was made without readings, at the level of the readings: v = m(s) + b + e.

With what rays bring as the map, it says how far a layout goes without any learning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.answer import Answer, Baseline, Belief
from openckm.baselines.cells import MIN_CELLS, cell_means, noise_variance
from openckm.errors import MeasurementError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations


@dataclass(frozen=True)
class MapAlone(Baseline):
    """A map and the mean of the residuals; their spread is the uncertainty, draws are independent.

    Attributes:
        map_of: makes the map [dB], shape grid.shape, from what is known of a site; None where that is too little.
        name: name in tables.
    """

    map_of: Callable[[Observations, Grid], NDArray[np.floating] | None]
    name: str = "map_alone"

    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return the map at the level of the readings; see `Baseline.believe`.

        Raises:
            MeasurementError: if fewer than three cells of the map hold usable readings.
            OptionError: if the map cannot be made of what is known of the site.
        """
        found = self.map_of(observations, grid)
        if found is None:
            raise OptionError(f"{self.name} needs a layout and a transmitter; give both")
        given = cell_means(observations, grid)
        cells = given.subset(grid.contains(given.x, given.y))
        if len(cells) < MIN_CELLS:
            raise MeasurementError(
                f"{self.name}: {len(cells)} cells of the map hold readings; give {MIN_CELLS} or more"
            )
        residual = cells.value - found[grid.index_of(cells.x, cells.y)]
        spread = float(np.var(residual, ddof=1))
        std = np.sqrt(max(spread * (1.0 + 1.0 / len(cells)) - min(noise_variance(cells), spread), 0.0))
        return Answer(
            Belief(found + residual.mean(), np.full(grid.shape, std)),
            cells,
            {"cells_off_the_map": len(given) - len(cells)},
        )
