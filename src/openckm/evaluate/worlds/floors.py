"""The noise of the ray-traced truth itself, printed beside the errors that it bounds from below."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openckm.data.shards import TracedMap
from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.scores.bootstrap import mean_interval

__all__ = ["FLOOR", "floor_rows"]

FLOOR = "tracer_floor"
"""Method name of the rows."""


def floor_rows(maps: Sequence[TracedMap], clusters: Sequence[str], *, task: str, split: str, metric: str) -> list[Row]:
    """Return one row: the mean floor of the maps that state one (see `openckm.data.averaging`), or none at all.

    Args:
        maps: the truth; n of the row counts those that state a floor.
        clusters: unit of resampling of each map.
        task: of the row.
        split: of the row.
        metric: of the row, one in dB.
    """
    stated = [k for k, traced in enumerate(maps) if math.isfinite(traced.floor_db)]
    if not stated:
        return []
    found = mean_interval([maps[k].floor_db for k in stated], [clusters[k] for k in stated])
    return [Row(FLOOR, task, split, metric, found.value, found.low, found.high, len(stated), 0, 0.0, peak_mb())]
