"""Statements on many cells at once, made draw by draw: cells are not independent, draws are.

A statement's 90 % interval lies between order statistics of its values on K draws. If the truth is exchangeable with
the draws, d_(i) <= truth <= d_(K + 1 - i) holds with probability (K + 1 - 2 i) / (K + 1); between order statistics it
is interpolated. K draws can claim (K - 1) / (K + 1) at most: with fewer than 19 the interval is that wide and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

LEVEL = 0.9


@dataclass(frozen=True)
class Spread:
    """A number that draws differ in.

    Attributes:
        mean: average over the draws.
        low: lower end of the interval.
        high: upper end.
        level: probability that the interval claims; 0.9, or less where there are too few draws for that.
        draws: how many draws it comes from.
    """

    mean: float
    low: float
    high: float
    level: float
    draws: int

    def record(self) -> dict[str, Any]:
        """Return it as plain numbers, for JSON."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "level": self.level, "draws": self.draws}


@dataclass(frozen=True)
class Chance:
    """The probability of a statement, as K draws tell it.

    Attributes:
        value: (draws in which it holds + 1/2) / (K + 1).
        low: lower end of the 90 % interval of that probability, as K draws are few.
        high: upper end.
        held: draws in which it holds.
        draws: K.
    """

    value: float
    low: float
    high: float
    held: int
    draws: int

    def record(self) -> dict[str, Any]:
        """Return it as plain numbers, for JSON."""
        return {"probability": self.value, "low": self.low, "high": self.high, "held": self.held, "draws": self.draws}


def spread_of(values: NDArray[np.floating], level: float = LEVEL) -> Spread:
    """Return the spread of a statement's values, one a draw, shape (draw,)."""
    count = len(values)
    claimed = min(level, (count - 1) / (count + 1))
    tail = (1.0 - claimed) / 2.0
    low, high = np.quantile(values.astype(np.float64), [tail, 1.0 - tail], method="weibull")
    return Spread(float(np.mean(values)), float(low), float(high), float(claimed), count)


def chance_of(held: NDArray[np.bool_]) -> Chance:
    """Return the probability of a statement that holds in some draws, shape (draw,).

    References:
        Jeffreys' interval. L. D. Brown, T. T. Cai, A. DasGupta, Interval estimation for a binomial proportion, 2001.
    """
    count, yes = len(held), int(np.count_nonzero(held))
    low = 0.0 if yes == 0 else float(betaincinv(yes + 0.5, count - yes + 0.5, 0.05))
    high = 1.0 if yes == count else float(betaincinv(yes + 0.5, count - yes + 0.5, 0.95))
    return Chance((yes + 0.5) / (count + 1.0), low, high, yes, count)
