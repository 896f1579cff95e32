"""The noise of the ray-traced truth itself, printed beside the errors that it bounds from below."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openckm.data.shards import TracedMap
from openckm.evaluate.scores.scoring import Score, case_of, city_of

_FLOOR = "tracer_floor"
"""Method name of the scores."""


def floor_scores(maps: Sequence[TracedMap], *, task: str, split: str, metric: str) -> list[Score]:
    """Return the floor of each map that states one (see `openckm.data.averaging`).

    Args:
        maps: the truth.
        task: the task of the scores.
        split: the split of the scores.
        metric: the metric of the scores, one in dB.
    """
    return [
        Score(_FLOOR, task, split, case_of(traced, k), city_of(traced), {metric: traced.floor_db}, 1, 0, 0.0)
        for k, traced in enumerate(maps)
        if math.isfinite(traced.floor_db)
    ]
