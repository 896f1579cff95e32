"""Averages of traces over seeds, and the noise that stays in them.

Let g_1 .. g_n be a cell's gain under n seeds, G their mean. What is scored is theta = 10 log10 G, whose error is
estimated by leaving out one seed at a time (jackknife), theta_i = 10 log10 of the mean without g_i:

    error^2 = (n - 1) / n  sum_i (theta_i - mean theta_i)^2.

A map's floor is the RMS of it over covered cells. In deep shadow, where few rays carry the power, the logarithm of
a mean lies too low by about half the error squared (in nepers); both are there when rays are, neither sees paths
that no seed has found. Cells heard by one seed alone have an error of 100 % of their power: 10 / ln 10 dB.

References:
    Efron and Stein, The jackknife estimate of variance, 1981.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.data.raytrace import TracedField
from openckm.errors import OptionError

__all__ = ["Averaging", "average", "floor_db"]

Field = NDArray[np.float64]
ALONE_DB = 10.0 / float(np.log(10.0))
"""Error of a cell that only one seed has found [dB]."""


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


def average(
    trace: Callable[[int], TracedField], averaging: Averaging, covered: Callable[[Field], NDArray[np.bool_]]
) -> tuple[TracedField, float, int]:
    """Return the mean of power over seeds, its noise [dB] (NaN for one seed) and the number of seeds.

    Args:
        trace: gives the field of seed 0, 1, 2, ...
        averaging: how many seeds.
        covered: tells the cells that count from the mean gain.
    """
    first = trace(0)
    gains, spectrum, offset = [first.gain], first.spectrum.astype(np.float32), first.offset.astype(np.float32)
    least = averaging.seeds if averaging.floor_db is None else max(2, averaging.seeds)
    most = least if averaging.floor_db is None else averaging.most
    floor = float("nan")
    for seed in range(1, most):
        field = trace(seed)
        gains.append(field.gain)
        spectrum, offset = spectrum + field.spectrum, offset + field.offset
        if len(gains) >= least:
            floor = floor_db(gains, covered(np.mean(gains, axis=0)))
            if averaging.floor_db is not None and not floor > averaging.floor_db:
                break
    n = len(gains)
    return TracedField(np.mean(gains, axis=0), spectrum / np.float32(n), offset / np.float32(n)), floor, n
