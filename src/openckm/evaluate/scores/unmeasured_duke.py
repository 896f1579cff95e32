"""How well a map made from layout and transmitter alone fits real readings: the residual after one offset.

The transmit power of Duke's cells is not known, and a network that is given no reading cannot know it: the score is the
standard deviation of reading minus map over the measured cells [dB], each cell of the radio network for itself.
`free_space` is 20 log10 of the distance, what no map at all would say.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.worlds.duke import DUKE_CELLS, duke_cell
from openckm.maps.cells import aggregate_cells
from openckm.maps.observations import Observations
from openckm.reconstructor import Reconstructor

METRIC = "residual_std_db"


def unmeasured_scores(methods: Mapping[str, Reconstructor]) -> Iterator[Score]:
    """Yield the scores of every method and of free space, on every cell of the radio network.

    Raises:
        OpenCKMError: whatever a method raises.
    """
    for name in DUKE_CELLS:
        cell = duke_cell(name)
        means = aggregate_cells(cell.points, cell.grid, shadow_sigma_db=0.0)
        row, col = cell.grid.index_of(means.x, means.y)
        tx = cell.transmitter
        distance_m = np.sqrt((means.x - tx.x) ** 2 + (means.y - tx.y) ** 2 + tx.height_m**2)
        free = -20.0 * np.log10(distance_m)
        yield _score("free_space", name, means.value - free, 0, 0.0)
        site = Observations(layout=cell.layout, transmitter=cell.transmitter, crs=cell.grid.crs)
        for method, predictor in methods.items():
            begun = time.perf_counter()
            answer = predictor.reconstruct(site, cell.grid, draws=0)
            seconds = time.perf_counter() - begun
            calls = int(answer.provenance.get("network_evaluations", 0))
            yield _score(method, name, means.value - answer.mean()[row, col], calls, seconds)


def _score(method: str, cell: str, residual: NDArray[np.float64], calls: int, seconds: float) -> Score:
    values = {METRIC: float(np.std(residual))}
    return Score(method, "duke", "alone", f"Duke {cell}", cell, values, residual.size, calls, seconds)
