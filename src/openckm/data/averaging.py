"""Averages of traces over seeds, and the noise that stays in them.

Let g_1 .. g_n be a cell's gain under n seeds, G their mean. What is scored is theta = 10 log10 G, whose error is
estimated by leaving out one seed at a time (jackknife), theta_i = 10 log10 of the mean without g_i:

    error^2 = (n - 1) / n  sum_i (theta_i - mean theta_i)^2.

A map's floor is the RMS of it over covered cells. In deep shadow, where few rays carry the power, the logarithm of
a mean lies too low by about half the error squared (in nepers); both are there when rays are, neither sees paths
that no seed has found. Cells heard by one seed alone have an error of 100 % of their power: 10 / ln 10 dB.

**Guidance.** Where two seeds leave more noise than is wanted, two more are traced to learn where it comes from
(`openckm.data.guidance`), and the others look there. Those alone are averaged then: they have a third of the noise.
Seconds of one core for a floor of 1 dB, extrapolated from six seeds of one transmitter, without and with guidance:

    San Francisco, cells of 1, 2, 4, 4, 4 m    13, 24, 73, 98, 100    2, 8, 12, 15, 21
    suburban, cells of 1 m                     4                      0.2

References:
    Efron and Stein, The jackknife estimate of variance, 1981.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.data.guidance import Guide, united
from openckm.data.raytrace import TracedField
from openckm.errors import OptionError

Field = NDArray[np.float64]
ALONE_DB = 10.0 / float(np.log(10.0))
"""Error of a cell that only one seed has found [dB]."""
SCOUTS = 2
"""Seeds that tell the others where to look."""
LOOKED = 4
"""Seeds that look there, at least: two may agree and both have missed a corner."""


@dataclass(frozen=True)
class Averaging:
    """How many seeds are traced.

    Attributes:
        seeds: seeds at least.
        floor_db: noise below which no further seed is traced [dB]; None = `seeds` seeds, whatever their noise.
        most: seeds at most.
    """

    seeds: int = 1
    floor_db: float | None = None
    most: int = 16

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            OptionError: if a value is out of range.
        """
        if self.seeds < 1:
            raise OptionError(f"seeds that are averaged: wanted at least 1, got {self.seeds}")
        if self.floor_db is not None and not (0 < self.floor_db < 100 and self.most >= max(2, self.seeds)):
            raise OptionError(
                f"a noise floor wants 0 < floor_db < 100 and at least {max(2, self.seeds)} seeds allowed; "
                f"got {self.floor_db:g} dB, {self.most} seeds"
            )


def floor_db(gains: Sequence[Field], heard: NDArray[np.bool_]) -> float:
    """Return the RMS error [dB] of the mean of several traces over covered cells; NaN where it cannot be known.

    Args:
        gains: gain of each trace [linear], each of shape (rows, cols).
        heard: cells that count, same shape.
    """
    n = len(gains)
    g = np.stack(gains)[:, heard]
    if n < 2 or g.shape[1] == 0:
        return float("nan")
    rest = np.maximum(g.sum(axis=0) - g, 0.0)
    alone = (g > 0).sum(axis=0) < 2
    theta = 10.0 * np.log10(np.where(alone, 1.0, np.maximum(rest, 1e-300)))
    square = (n - 1) * theta.var(axis=0)
    return float(np.sqrt(np.mean(np.where(alone, ALONE_DB**2, square))))


class _Mean:
    """Traces of one kind: their gains, and the sums of the rest."""

    def __init__(self, covered: Callable[[Field], NDArray[np.bool_]]) -> None:
        self.covered = covered
        self.gains: list[Field] = []
        self.spectrum, self.offset = np.zeros((), np.float32), np.zeros((), np.float32)

    def add(self, field: TracedField) -> Guide | None:
        """Take a trace in; return what it tells further ones."""
        self.gains.append(field.gain)
        self.spectrum, self.offset = self.spectrum + field.spectrum, self.offset + field.offset
        return field.guide

    def floor(self) -> float:
        """Return the noise of the mean [dB], NaN of fewer than two traces."""
        return float("nan") if not self.gains else floor_db(self.gains, self.covered(np.mean(self.gains, axis=0)))

    def question(self) -> Guide:
        """Return what a scout is asked: to score its rays against the gain known so far."""
        gain = np.mean(self.gains, axis=0)
        return Guide(expected=np.where(self.covered(gain), gain, np.inf))

    def found(self) -> tuple[TracedField, float, int]:
        """Return the mean, its noise and the number of traces."""
        n = np.float32(len(self.gains))
        return TracedField(np.mean(self.gains, axis=0), self.spectrum / n, self.offset / n), self.floor(), int(n)


def average(
    trace: Callable[[int, Guide], TracedField], averaging: Averaging, covered: Callable[[Field], NDArray[np.bool_]]
) -> tuple[TracedField, float, int]:
    """Return the mean of power over seeds, its noise [dB] (NaN for one seed) and the number of seeds averaged.

    Args:
        trace: gives the field of seed 0, 1, 2, ... under a guide.
        averaging: how many seeds.
        covered: tells the cells that count from the mean gain.
    """
    goal = averaging.floor_db
    even = _Mean(covered)
    for seed in range(averaging.seeds if goal is None else max(2, averaging.seeds)):
        even.add(trace(seed, Guide()))
    if goal is None or not even.floor() > goal:
        return even.found()
    answers = [even.add(trace(seed, even.question())) for seed in _next(even, SCOUTS, averaging.most)]
    if not even.floor() > goal:
        return even.found()
    guide = united([g for g in answers if g is not None])
    looked = even if guide.table is None else _Mean(covered)
    for seed in _next(even, averaging.most, averaging.most):
        if len(looked.gains) >= LOOKED and not looked.floor() > goal:
            break
        looked.add(trace(seed, guide))
    return looked.found() if looked.floor() < even.floor() else even.found()


def _next(done: _Mean, wanted: int, most: int) -> range:
    """Return the numbers of the next seeds: so many as are wanted, if allowed."""
    return range(len(done.gains), min(len(done.gains) + wanted, most))
