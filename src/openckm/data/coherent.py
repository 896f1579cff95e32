"""The coherent map, small-scale fading included: the gain of the sum of all paths at each cell's centre,

    g = | sum_n a_n exp(-2 pi j f tau_n) |^2,

over exact paths (line of sight, reflections, one diffraction), instead of the area mean of sum |a_n|^2.

Paths are searched by rays, for a fixed number of receivers at a time (the last batch is filled up): with too many
receivers at once, or too few rays, paths get lost without a word. So the search is repeated with twice the rays for
a probe of cells until their gains stay as they are.

References:
    P1: channel knowledge map construction by a diffusion prior, section IV-A (small-scale fading maps).
    Hoydis et al., Sionna RT: technical report, 2025.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError

if TYPE_CHECKING:
    from openckm.data.raytrace import Antenna, SceneTracer

Solve = Callable[[NDArray[np.float32], int], NDArray[np.float64]]
"""Gains [linear] at points (n, 3) [m], found by so many rays."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CoherentOptions:
    """How exact paths are searched.

    Attributes:
        batch: receivers at a time.
        samples: rays at first.
        most_samples: rays at most.
        max_depth: interactions at most.
        tolerance_db: change of a cell's gain that counts [dB].
        changed: share of probed cells that may change by more when the rays are doubled.
    """

    batch: int = 512
    samples: int = 10_000
    most_samples: int = 160_000
    max_depth: int = 3
    tolerance_db: float = 1.0
    changed: float = 0.02

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            OptionError: if a value is out of range.
        """
        if min(self.batch, self.samples, self.max_depth) < 1 or self.most_samples < self.samples:
            raise OptionError("batch, samples and max_depth must be at least 1, most_samples at least samples")
        if self.tolerance_db <= 0 or not 0 <= self.changed <= 1:
            raise OptionError("wanted: tolerance_db > 0 and 0 <= changed <= 1")


@dataclass(frozen=True)
class CoherentField:
    """A coherent map; row 0 = north, column 0 = west.

    Attributes:
        gain: |sum of paths|^2 at cell centres [linear], 0 where no path arrives; shape (cells, cells).
        samples: rays that searched.
        changed: share of probed cells that changed when the rays were last doubled.
    """

    gain: NDArray[np.float64]
    samples: int
    changed: float


def in_batches(solve: Solve, points: NDArray[np.float32], samples: int, batch: int) -> NDArray[np.float64]:
    """Return gains at points (n, 3) [m], solved `batch` at a time; the last batch is filled up by its first point."""
    result = np.zeros(len(points))
    for begin in range(0, len(points), batch):
        some = points[begin : begin + batch]
        full = np.concatenate([some, np.repeat(some[:1], batch - len(some), axis=0)])
        result[begin : begin + batch] = solve(full, samples)[: len(some)]
    return result


def converged_samples(solve: Solve, probe: NDArray[np.float32], options: CoherentOptions) -> tuple[int, float]:
    """Return the rays after which doubling changes few of the probed cells, and the share that it still changes.

    Args:
        solve: gives gains.
        probe: points (n, 3) [m].
        options: the places to begin and to stop.
    """
    samples = options.samples
    gain = in_batches(solve, probe, samples, options.batch)
    while True:
        more = in_batches(solve, probe, 2 * samples, options.batch)
        changed = _changed(gain, more, options.tolerance_db)
        if changed <= options.changed or 2 * samples > options.most_samples:
            return samples, changed
        samples, gain = 2 * samples, more


def _changed(gain: NDArray[np.float64], more: NDArray[np.float64], tolerance_db: float) -> float:
    floor = 1e-20
    level, other = (10.0 * np.log10(np.maximum(g, floor)) for g in (gain, more))
    return float((np.abs(other - level) > tolerance_db).mean())


def coherent_field(
    tracer: SceneTracer, antenna: Antenna, carrier_hz: float, seed: int, options: CoherentOptions | None = None
) -> CoherentField:
    """Return the coherent map of one transmitter.

    Args:
        tracer: the scene.
        antenna: the transmitter.
        carrier_hz: carrier [Hz].
        seed: the seed of the search and of the choice of probed cells.
        options: how paths are searched.

    Raises:
        RayTracerUnavailable: if sionna-rt cannot be used.
        ComputationError: if sionna-rt fails.
    """
    o = options or CoherentOptions()
    east, north = tracer.options.centres()
    free = tracer.height_m <= 0
    points = np.stack([east[free], north[free], np.full(free.sum(), tracer.options.receiver_m)], 1).astype(np.float32)
    gain = np.zeros(free.shape)
    if not len(points):
        return CoherentField(gain, 0, 0.0)

    def solve(some: NDArray[np.float32], samples: int) -> NDArray[np.float64]:
        return tracer.exact_gain(antenna, carrier_hz, some, samples=samples, max_depth=o.max_depth, seed=seed)

    chosen = np.random.default_rng([seed, 55]).permutation(len(points))[: o.batch]
    samples, changed = converged_samples(solve, points[chosen], o)
    if changed > o.changed:
        log.warning("coherent map: %.1f %% of cells still change with more than %d rays", 100 * changed, samples)
    gain[free] = in_batches(solve, points, samples, o.batch)
    return CoherentField(gain, samples, changed)
