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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openckm.evaluate.report.rows import Row, peak_mb
from openckm.evaluate.samplers.methods import Drawn
from openckm.evaluate.samplers.tasks import SamplerCase
from openckm.evaluate.scores.bootstrap import Interval, mean_interval, ratio_interval
from openckm.maps.quantity import AOA_SIN, GAIN

__all__ = [
    "MEAN_8", "MEAN_OF", "ONE_CALL", "SINGLE", "SamplerScores", "mean_of_8", "sampler_ratios", "sampler_rows",
]  # fmt: skip

ONE_CALL, SINGLE, MEAN_8 = "one call", "single", "mean of 8"
MEAN_OF = 8
SLACK = 3.0
"""Deviations of the noise by which a value may leave its interval."""
_RATIOS = (("gain_rmse_db", "gain_ratio"), ("sine_rmse", "sine_ratio"), ("saturated_rmse_db", "saturated_ratio"))


@dataclass(eq=False)
class SamplerScores:
    """What a method scored on the cases of a task.

    Attributes:
        method: its name.
        task: the task.
        values: split -> metric -> score of each case, by the case's number.
        clusters: unit of resampling of each case, by its number.
        seconds: wall-clock time per draw [s], by the case's number.
        evaluations: network evaluations per draw.
        strength: its tuning constant.
    """

    method: str
    task: str
    values: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)
    clusters: dict[int, str] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    evaluations: int = 0
    strength: float = 0.0

    def add(self, number: int, case: SamplerCase, drawn: Drawn) -> None:
        """Score the draws for a case."""
        maps, self.evaluations = drawn.maps, drawn.evaluations
        self.clusters[number], self.seconds[number] = case.cluster, drawn.seconds
        alone = ONE_CALL if len(maps) == 1 else SINGLE
        for metric, (draws, truth) in _parts(case, maps).items():
            single = np.sqrt(((draws - truth) ** 2).mean(1)).mean()
            self._put(alone, metric, number, float(single))
            if len(maps) > 1:
                self._put(MEAN_8, metric, number, mean_of_8(draws, truth))
        shares = _inside(case, maps)
        if shares is not None:
            self._put(alone, "inside_share", number, float(shares.mean()))
            self._put(alone, "inside_share_least", number, float(shares.min()))

    def cost(self, split: str) -> int:
        """Return the network evaluations of an answer."""
        return self.evaluations * (MEAN_OF if split == MEAN_8 else 1)

    def _put(self, split: str, metric: str, number: int, value: float) -> None:
        self.values.setdefault(split, {}).setdefault(metric, {})[number] = value


def mean_of_8(draws: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the RMSE of the mean of 8 draws, from draws (K, cells) against the truth (cells,), K of at least 2."""
    if len(draws) >= MEAN_OF:
        return float(np.sqrt(((draws[:MEAN_OF].mean(0) - truth) ** 2).mean()))
    one = float(((draws - truth) ** 2).mean())
    spread = float(draws.var(0, ddof=1).mean())
    return float(np.sqrt(max(one - (1.0 - 1.0 / MEAN_OF) * spread, one / MEAN_OF)))


def _parts(
    case: SamplerCase, maps: NDArray[np.float32]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:  # fmt: skip
    """Return metric -> draws (K, cells) and truth (cells,)."""
    gain, truth = (np.asarray(GAIN.decode(a), np.float64) for a in (maps[:, 0], case.truth[0]))
    found = {"gain_rmse_db": (gain[:, case.scored], truth[case.scored])}
    if case.sine:
        sine = np.clip(AOA_SIN.decode(maps[:, 2].astype(np.float64)), -1.0, 1.0)
        told = np.asarray(AOA_SIN.decode(case.truth[2]), np.float64)
        found["sine_rmse"] = (np.asarray(sine[:, case.scored], np.float64), told[case.scored])
    if case.saturated.any():
        found["saturated_rmse_db"] = (gain[:, case.saturated], truth[case.saturated])
    return found


def _inside(case: SamplerCase, maps: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return the share of censored readings whose interval each draw respects (K,), or None if none is censored."""
    censored = np.isfinite(case.low) | np.isfinite(case.high)
    if not censored.any():
        return None
    values, slack = maps[:, [0, 2]], SLACK * case.sigma
    inside = (values >= case.low - slack) & (values <= case.high + slack)
    return np.asarray(inside[:, censored].mean(1))


def sampler_rows(scores: Sequence[SamplerScores], splits: str = "") -> list[Row]:
    """Return one row per method, task, split and metric; n counts cases, intervals are over clusters.

    Args:
        scores: of the methods.
        splits: name of the split in place of the scores' own.
    """
    rows = []
    for s in scores:
        for split, metrics in s.values.items():
            for metric, values in metrics.items():
                found = mean_interval(list(values.values()), [s.clusters[k] for k in values])
                rows.append(_row(s, split, splits or split, metric, found, len(values)))
    return rows


def sampler_ratios(scores: Sequence[SamplerScores], pairs: Sequence[tuple[str, str, str, str]]) -> list[Row]:
    """Return ratios of RMSE, network evaluations and time, of a method over another on the cases that both answered.

    Args:
        scores: of the methods.
        pairs: (method, split, rival, its split).
    """
    by = {(s.task, s.method): s for s in scores}
    rows: list[Row] = []
    for task in dict.fromkeys(s.task for s in scores):
        for method, split, rival, against in pairs:
            top, bottom = by.get((task, method)), by.get((task, rival))
            if top is not None and bottom is not None:
                rows += _ratios(top, split, bottom, against)
    return rows


def _ratios(top: SamplerScores, split: str, bottom: SamplerScores, against: str) -> Iterator[Row]:
    name = f"{split}, over {bottom.method} {against}"
    for metric, ratio in _RATIOS:
        above, below = (s.values.get(k, {}).get(metric, {}) for s, k in ((top, split), (bottom, against)))
        both = [k for k in above if k in below]
        if both:
            found = ratio_interval([above[k] for k in both], [below[k] for k in both], [top.clusters[k] for k in both])
            yield _row(top, split, name, ratio, found, len(both))
    both = [k for k in top.seconds if k in bottom.seconds]
    if both and split in top.values and against in bottom.values:
        calls = top.cost(split) / max(bottom.cost(against), 1)
        yield _row(top, split, name, "network_ratio", Interval(calls, calls, calls), len(both))
        times = [
            [s.seconds[k] * (MEAN_OF if s_split == MEAN_8 else 1) for k in both]
            for s, s_split in ((top, split), (bottom, against))
        ]
        found = ratio_interval(times[0], times[1], [top.clusters[k] for k in both])
        yield _row(top, split, name, "seconds_ratio", found, len(both))


def _row(s: SamplerScores, split: str, shown: str, metric: str, found: Interval, n: int) -> Row:
    draws = MEAN_OF if split == MEAN_8 else 1
    seconds = float(np.mean(list(s.seconds.values()))) * draws
    return Row(
        s.method, s.task, shown, metric, found.value, found.low, found.high, n, s.cost(split), seconds, peak_mb()
    )  # fmt: skip
