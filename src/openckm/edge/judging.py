"""Blocks that were not used judge what a site has taught its prior, and how much of it is added.

Along the weight w of what was learnt, the squared error is close to a convex parabola that begins at that of the prior,
while the paired bootstrap's interval widens with w: a site has some 25 blocks, and few of them hold most of the
readings. So the weights are asked in order, from the smallest, and the largest is taken up to which every one is better
with a chance of 19 in 20; where w hurts, every greater weight does, so this asks nested questions, and all of them
together are wrong in one case in 20 like the first alone. The same blocks then judge the map that is made with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.edge.lesson import Lesson
from openckm.errors import MeasurementError, OptionError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.nn.memory import give_back, straight_from_system
from openckm.priors.adapted import block_of
from openckm.priors.adapter import DOWN, with_factors
from openckm.priors.denoiser import MapDenoiser
from openckm.store.delta import LEAST_GAIN, Delta

WEIGHTS = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0)
"""Shares of what was learnt that judging blocks are asked about, in this order."""
RESAMPLES, CHANCE = 4000, 0.95
Factors = Mapping[str, NDArray[np.float16]]
Adding = Callable[[MapDenoiser, Factors], MapDenoiser]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What judging blocks say of a weight: squared errors of each block [dB^2], ratio of RMSE, its upper end."""

    weight: float
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    ratio: float
    high: float

    @property
    def helps(self) -> bool:
        """Whether the error falls by LEAST_GAIN at least, and beyond its interval."""
        return self.ratio <= 1.0 - LEAST_GAIN and self.high < 1.0


def weighed(
    net: MapDenoiser, taught: Sequence[tuple[Lesson, Factors]], blocks: int, seed: int, add: Adding = with_factors
) -> Verdict:  # fmt: skip
    """Return the verdict on the largest weight up to which every one is better, or on the smallest where it is not.

    Args:
        net: the prior.
        taught: the lesson of every fold and what was learnt in it.
        blocks: the number of blocks in all.
        seed: the seed of the bootstrap.
        add: returns the prior with what was learnt, to which a weight is given already.
    """
    before = by_block([(lesson, net) for lesson, _ in taught], blocks)
    verdict: Verdict | None = None
    for weight in WEIGHTS:
        models = ((lesson, add(net, scaled(found, weight))) for lesson, found in taught)
        after = by_block(models, blocks)
        ratio, high = judged(before, after, seed)
        if verdict is None or high < 1.0:
            verdict = Verdict(weight, before, after, ratio, high)
        if not high < 1.0:
            break
    if verdict is None:
        raise OptionError("no weight to judge")
    return verdict


def by_block(models: Iterable[tuple[Lesson, MapDenoiser]], blocks: int) -> NDArray[np.float64]:
    """Return the sum of squared errors [dB^2] in every block, each predicted by the fold that never saw it."""
    total = np.zeros(blocks)
    for lesson, model in models:
        error = lesson.errors(model, lesson.known, ~lesson.known, symmetrise=True)
        np.add.at(total, lesson.block[~lesson.known], error**2)
        del model  # or it lives on while the next one is made
        give_back()
    return total


def scaled(factors: Factors, weight: float) -> dict[str, NDArray[np.float16]]:
    """Return factors whose differences are those of others times a weight."""
    return {name: (value if name.endswith(DOWN) else value * np.float16(weight)) for name, value in factors.items()}


def judged(before: NDArray[np.float64], after: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Return the ratio of RMSE and the upper end of its one-sided interval by bootstrap over blocks."""
    rng = np.random.default_rng([seed, 9])
    drawn = rng.integers(len(before), size=(RESAMPLES, len(before)))
    ratios = np.sqrt(after[drawn].sum(1) / before[drawn].sum(1))
    return float(np.sqrt(after.sum() / before.sum())), float(np.quantile(ratios, CHANCE))


def rmse(squared: NDArray[np.float64], count: int) -> float:
    """Return the RMSE [dB] of so many cells from the sums of squared errors of their blocks."""
    return round(float(np.sqrt(squared.sum() / count)), 4)


def map_rmse(
    observations: Observations, grid: Grid, model: MapDenoiser, delta: Delta, most: int
) -> tuple[float, float]:  # fmt: skip
    """Return the error of the whole of `ckm construct` on every fold's blocks [dB], from the readings of the others.

    Args:
        observations: readings and base station.
        grid: the cells of the map.
        model: the prior, or the prior with the delta, which then answers for a block by the fold that never saw it.
        delta: says which block is whose.
        most: cells whose readings are told at most; of more, so many are taken at random, the same for every model.

    Returns:
        The error, and which share of the other folds' cells with readings was told.

    Raises:
        MeasurementError: if the base station is not known.
    """
    points, tower = observations.gain_points(), observations.transmitter
    if tower is None:
        raise MeasurementError("to adapt to a site, the base station must be known: give its place")
    known = {(int(e), int(n)): int(f) for e, n, f in delta.blocks}
    blocks = block_of(points.x, points.y, (tower.x, tower.y), delta.block_m)
    fold = np.array([known.get((int(e), int(n)), -1) for e, n in blocks])  # -1: left out of the map, as of the lesson
    row, col = grid.index_of(points.x, points.y)
    cell = row * grid.shape[1] + col
    value = points.kind == "exact"  # what is a limit alone has no error
    method = OpenCKM(LoadedPrior(model, delta.model))
    squared, told, others = [], 0, 0
    with straight_from_system():
        give_back()
        for k in range(delta.folds):
            own, theirs = value & (fold == k), (fold >= 0) & (fold != k)
            known_cells = np.unique(cell[theirs])
            chosen = np.random.default_rng([k, 11]).permutation(known_cells)[:most]
            told, others = told + len(chosen), others + len(known_cells)
            given = replace(observations, points=(points.subset(theirs & np.isin(cell, chosen)),))
            asked, place = np.unique(cell[own], return_inverse=True)
            belief = method.again(None, given, grid, cells=asked)
            squared.append((belief.mean[place] - points.value[own]) ** 2)
            del belief
            give_back()
    return round(float(np.sqrt(np.mean(np.concatenate(squared)))), 4), told / others
