"""Rows of learning curves: what networks of several sizes reach, and what a larger one would by the same law.

With equally many samples, ln RMSE is taken to be a straight line in ln (number of weights). Three sizes leave one
degree of freedom to see whether it is one; a network several times larger lies outside of them, so its row is an
extrapolation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.scores.bootstrap import Interval, interval_of, resampled_weights
from openckm.evaluate.scores.scoring import Score, summary_rows

METRICS = ("rmse_db", "ssim", "parameters_m", "cpu_minutes")
LARGE, LARGE_M = "radiomamba, extrapolated", 8.6
"""The published configuration, and how many weights it has [million] (rows "cost" of benchmark "mamba")."""


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of all networks, and for each number of samples those of the published size, extrapolated.

    Args:
        scores: one of each network, number of samples (`split`) and map; `parameters_m` is among their values.
    """
    rows = summary_rows(scores, METRICS)
    for task, split in dict.fromkeys((s.task, s.split) for s in scores):
        here = [s for s in scores if (s.task, s.split) == (task, split)]
        if len({s.method for s in here}) > 2:
            large, halved = _extrapolated(here)
            count = len({s.case for s in here})
            rows.append(plain_row(LARGE, task, split, "rmse_db", large, count, cases=count))
            rows.append(plain_row(LARGE, task, split, "rmse_db, weights doubled", halved, count, cases=count))
    return rows


def _extrapolated(scores: Sequence[Score]) -> tuple[Interval, Interval]:
    """Return the RMSE [dB] at LARGE_M, and the factor of the RMSE when the number of weights doubles."""
    names = list(dict.fromkeys(s.method for s in scores))
    of = {name: {s.case: s for s in scores if s.method == name} for name in names}
    cases = list(of[names[0]])
    error = np.array([[of[name][case].values["rmse_db"] for case in cases] for name in names])
    weights = resampled_weights([of[names[0]][case].city for case in cases], len(cases))
    means = np.concatenate([error.mean(1)[None], (weights @ error.T) / weights.sum(1, keepdims=True)])
    size = np.log([next(iter(of[name].values())).values["parameters_m"] for name in names])
    slope, level = np.polyfit(size, np.log(means).T, 1)  # ln RMSE = level + slope ln (weights)
    large, doubled = np.exp(level + slope * np.log(LARGE_M)), np.exp(slope * np.log(2.0))
    return interval_of(float(large[0]), large[1:]), interval_of(float(doubled[0]), doubled[1:])
