"""The spread of K draws of a sampler is brought to the right one, as far as it was measured.

Against the exact posterior of a Gaussian field (`openckm.evaluate.samplers.exact_field`: 24 cells of 256 read, or means
of blocks) the standard deviation of draws over the true one is RATIO. jfs and "conditioned" need none: on 64 x 64
windows of validation cities, where the prior is a learnt one, 90 % intervals of 4 to 16 draws by jfs hold from 87 %
(a clipped, coarse receiver) to 95 % (scattered cells hidden) of what is hidden. Draws of the others are stretched about
their mean by 1 / RATIO, so that draws, std, quantiles and outage of one answer agree. Algorithm 2 (dps) approaches its
posterior with its steps and its strength, which the user chooses: nothing is corrected, and it is said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATIO = {"jfs": 1.0, "conditioned": 1.0, "mmps": 0.63, "diffpir": 0.75, "daps": 1.31}
"""Standard deviation of draws over that of the exact posterior of a Gaussian field, by method."""


def right_spread(draws: NDArray[np.float32], method: str) -> NDArray[np.float32]:
    """Return draws (draw, ...) stretched about their mean to the right spread.

    Args:
        draws: the number of draws of one map.
        method: the method of `openckm.infer.posterior_draws` that drew them.
    """
    ratio = RATIO.get(method, 1.0)
    if ratio == 1.0 or len(draws) < 2:
        return draws
    mean = draws.mean(0)
    return np.asarray(mean + (draws - mean) / np.float32(ratio), np.float32)


def spread_words(method: str, count: int) -> str:
    """Return what is to be said of the spread of a map made of `count` draws of a method."""
    if count < 2:
        return "none: a single draw tells no spread"
    words = f"of {count} draws; quantiles and outage by Student's t"
    if method not in RATIO:
        return f"{words}; not calibrated: it depends on the steps and the strength of {method!r}"
    if RATIO[method] == 1.0:
        return f"{words}; right for a Gaussian field, whatever the steps"
    factor = 1.0 / RATIO[method]
    return f"{words}; draws were stretched {factor:.2f} times about their mean, as measured on a Gaussian field"
