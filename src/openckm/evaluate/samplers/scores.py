r"""Scores of the posterior samplers: a single draw, the mean of 8, and ratios of them, paired by case.

    single       mean over the draws of a draw's RMSE
    mean of 8    RMSE of the mean of 8 draws. From K < 8 independent draws with errors m and variance v per cell it is
                 MSE_8 = MSE_1 - (7/8) v, unbiased with the unbiased v over the draws; and at least MSE_1 / 8
    one call     RMSE of the answer of a method that does not draw

RMSE over the scored cells: gain [dB], sine of the direction where it is read, and the gain of the cells beyond the
range of a device. `inside_share` is the share of a draw's values within the interval of a censored reading, give or
take 3 deviations of the noise, averaged over the draws; `inside_share_least` that of the worst draw. Readings within
the range of a device are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.evaluate.p1.tasks import P1Case
from openckm.evaluate.report.rows import Row
from openckm.evaluate.samplers.methods import Drawn
from openckm.evaluate.scores.scoring import Score, ratio_rows_over, summary_rows
from openckm.maps.quantity import AOA_SIN, GAIN

ONE_CALL, SINGLE, MEAN_8 = "one call", "single", "mean of 8"
_MEAN_OF = 8
SLACK = 3.0
"""Deviations of the noise by which a value may leave its interval."""
METRICS = ("gain_rmse_db", "sine_rmse", "saturated_rmse_db", "inside_share", "inside_share_least", "seconds")
RATIOS = {
    "gain_rmse_db": "gain_ratio", "sine_rmse": "sine_ratio", "saturated_rmse_db": "saturated_ratio",
    "network_evaluations": "network_ratio", "seconds": "seconds_ratio",
}  # fmt: skip
RIVAL = "the rival"


def case_scores(method: str, number: int, case: P1Case, drawn: Drawn) -> list[Score]:
    """Return the scores of a method's draws for a case: of a draw, and of the mean of 8, each with its own cost."""
    alone = ONE_CALL if len(drawn.maps) == 1 else SINGLE
    values: dict[str, dict[str, float]] = {alone: {}, MEAN_8: {}}
    for metric, (draws, truth) in _parts(case, drawn.maps).items():
        values[alone][metric] = float(np.sqrt(((draws - truth) ** 2).mean(1)).mean())
        if len(draws) > 1:
            values[MEAN_8][metric] = mean_of_8(draws, truth)
    shares = _inside(case, drawn.maps)
    if shares is not None:
        values[alone] |= {"inside_share": float(shares.mean()), "inside_share_least": float(shares.min())}
    times = {MEAN_8: _MEAN_OF}
    return [
        Score(
            method, case.task, split, f"window {number}", case.city, found, 1,
            drawn.evaluations * times.get(split, 1), drawn.seconds * times.get(split, 1),
        )
        for split, found in values.items() if found
    ]  # fmt: skip


def mean_of_8(draws: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the RMSE of the mean of 8 draws, from draws (K, cells) against the truth (cells,), K of at least 2."""
    if len(draws) >= _MEAN_OF:
        return float(np.sqrt(((draws[:_MEAN_OF].mean(0) - truth) ** 2).mean()))
    one = float(((draws - truth) ** 2).mean())
    spread = float(draws.var(0, ddof=1).mean())
    return float(np.sqrt(max(one - (1.0 - 1.0 / _MEAN_OF) * spread, one / _MEAN_OF)))


def _parts(
    case: P1Case, maps: NDArray[np.float32]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:  # fmt: skip
    """Return metric -> draws (K, cells) and truth (cells,)."""
    gain, truth = (np.asarray(GAIN.decode(a), np.float64) for a in (maps[:, 0], case.truth[0]))
    found = {"gain_rmse_db": (gain[:, case.scored], truth[case.scored])}
    if "aoa_sin" in case.readings.channels:
        sine = np.clip(AOA_SIN.decode(maps[:, 2].astype(np.float64)), -1.0, 1.0)
        true = np.asarray(AOA_SIN.decode(case.truth[2]), np.float64)
        found["sine_rmse"] = (np.asarray(sine[:, case.scored], np.float64), true[case.scored])
    if case.saturated.any():
        found["saturated_rmse_db"] = (gain[:, case.saturated], truth[case.saturated])
    return found


def _inside(case: P1Case, maps: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return the share of censored readings whose interval each draw respects (K,), or None if none is censored."""
    low, high = case.intervals
    censored = np.isfinite(low) | np.isfinite(high)
    if not censored.any():
        return None
    values, slack = maps[:, [0, 2][: len(low)]], SLACK * case.readings.sigma
    inside = (values >= low - slack) & (values <= high + slack)
    return np.asarray(inside[:, censored].mean(1))


def sampler_rows(scores: Sequence[Score]) -> list[Row]:
    """Return one row per method, task, split and metric; n counts cases, intervals are over cities."""
    return summary_rows(scores, METRICS)


def sampler_ratios(scores: Sequence[Score], pairs: Sequence[tuple[str, str, str, str]]) -> list[Row]:
    """Return ratios of RMSE, network evaluations and time, of a method over another on the cases that both answered.

    Args:
        scores: the scores of the methods.
        pairs: (method, split, rival, its split).
    """
    rows: list[Row] = []
    for task in dict.fromkeys(s.task for s in scores):
        for method, split, rival, against in pairs:
            top, bottom = (
                [_with_cost(s) for s in scores if (s.task, s.method, s.split) == (task, *of)]
                for of in ((method, split), (rival, against))
            )
            rows += _ratios(top, [replace(s, method=RIVAL, split=split) for s in bottom], f"over {rival} {against}")
    return rows


def _with_cost(score: Score) -> Score:
    cost = {"network_evaluations": float(max(score.network_evaluations, 1)), "seconds": max(score.seconds, 1e-9)}
    return replace(score, values={**score.values, **cost})


def _scored(scores: Sequence[Score]) -> bool:
    """Whether there are scores of a task; those of a timing alone are in no ratio."""
    return any("gain_rmse_db" in s.values for s in scores)


def _ratios(top: Sequence[Score], bottom: Sequence[Score], name: str) -> list[Row]:
    rows: list[Row] = []
    for metric, ratio in RATIOS.items() if _scored(top) and _scored(bottom) else ():
        found = ratio_rows_over([*top, *bottom], top[0].task, top[0].split, RIVAL, metric)
        rows += [replace(row, split=f"{row.split}, {name}", metric=ratio, over=name.split()[1]) for row in found]
    return rows
