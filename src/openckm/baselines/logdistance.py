"""Log-distance path loss with the antenna pattern, fitted to the readings by least squares.

    v = a + b 10 log10(d) + c G(azimuth, elevation) + e,      e ~ N(0, s^2) independent (shadowing)

The pattern's factor c is free: it takes up antennas that are narrower or wider than TR 38.901's.

References:
    "Wireless Communications: Principles and Practice", Rappaport, 2002, section 4.9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openckm.baselines.answer import Answer, Baseline, Belief
from openckm.baselines.cells import cell_means, noise_variance
from openckm.baselines.drift import require_transmitter, site_drift
from openckm.errors import MeasurementError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations


@dataclass(frozen=True)
class LogDistance(Baseline):
    """Least squares on [1, 10 log10 d, pattern]; the residuals' spread is the uncertainty, draws are independent.

    Attributes:
        name: name in tables.
    """

    name: str = "log_distance"

    def believe(self, observations: Observations, grid: Grid, seed: int) -> Answer:
        """Return the fit of all cells; see `Baseline.believe`.

        Raises:
            MeasurementError: if fewer cells hold usable readings than the model has unknowns plus one.
            OptionError: if the transmitter is not known.
        """
        transmitter = require_transmitter(observations, self.name)
        cells = cell_means(observations, grid)
        drift = site_drift(transmitter, cells, grid)
        design = np.column_stack([np.ones(len(cells)), drift.at_cells])
        dof = len(cells) - design.shape[1]
        if dof < 1:
            raise MeasurementError(
                f"{self.name} has {design.shape[1]} unknowns and {len(cells)} cells with readings; give more readings"
            )
        coefficient = np.linalg.lstsq(design, cells.value, rcond=None)[0]
        shadowing = float(((cells.value - design @ coefficient) ** 2).sum()) / dof
        noise = min(noise_variance(cells), shadowing)
        everywhere = np.column_stack([np.ones(drift.on_grid.shape[0]), drift.on_grid])
        leverage = ((everywhere @ np.linalg.pinv(design.T @ design)) * everywhere).sum(1)
        std = np.sqrt(np.maximum(shadowing * (1.0 + leverage) - noise, 0.0))
        belief = Belief((everywhere @ coefficient).reshape(grid.shape), std.reshape(grid.shape))
        return Answer(belief, cells, {"drift": drift.names})
