"""Rows of what was measured several times over: the median of the runs, from the least to the largest of them.

Of five independent runs, the least and the largest hold the true median with 94 % between them (two runs in 2^5 lie
all on one side of it), which is as near to a 95 % interval as five runs come.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.scoring import Score


def table(scores: Sequence[Score]) -> list[Row]:
    """Return a row for each method, task, split and metric, in the order of the scores.

    Args:
        scores: one for each run, whose `seed` numbers it.
    """
    runs: dict[tuple[str, str, str, str], list[float]] = {}
    for score in scores:
        for metric, value in score.values.items():
            runs.setdefault((score.method, score.task, score.split, metric), []).append(value)
    return [plain_row(*key, (median(v), min(v), max(v)), len(v), cases=len(v)) for key, v in runs.items()]
