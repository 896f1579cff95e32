"""The readings of a field, checked: places, values or limits, noise, rows of H, and the devices they came from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import InputError
from openckm.observe.field.marginal import Hyper, Sample

__all__ = ["FieldReadings", "checked_readings", "join_neighbours"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FieldReadings:
    """n readings with their rows of H.

    Attributes:
        xy: positions [m], shape (n, 2).
        y: values [unit of y]; a limit's is where the search for its site begins, shape (n,).
        sigma: standard deviation of the noise as stated [unit of y], shape (n,).
        design: rows H_i, shape (n, p).
        prior_mean: b0, shape (p,).
        prior_std: shape (p,); inf for no prior, 0 for a known coefficient.
        low: lower end of what was read; equal to `high` for a plain reading, shape (n,).
        high: upper end, shape (n,).
        group: of the noise, 0 to groups - 1, shape (n,).
        fixed: variance that stands in for the noise of a reading [unit of y squared], NaN where the noise is its own,
            shape (n,): of the site of a limit, or of a reading that is out of line.
    """

    xy: Array
    y: Array
    sigma: Array
    design: Array
    prior_mean: Array
    prior_std: Array
    low: Array
    high: Array
    group: NDArray[np.intp]
    fixed: Array

    @property
    def flat(self) -> NDArray[np.bool_]:
        """Coefficients without a prior, shape (p,)."""
        return np.isinf(self.prior_std)

    @property
    def scale(self) -> Array:
        """S: prior standard deviations, 1 where there is no prior, shape (p,)."""
        return np.where(self.flat, 1.0, self.prior_std)

    @property
    def limited(self) -> NDArray[np.bool_]:
        """Readings that are limits or intervals, shape (n,)."""
        return self.low < self.high

    @property
    def groups(self) -> int:
        """Number of groups of noise."""
        return int(self.group.max(initial=0)) + 1

    @property
    def resid(self) -> Array:
        """Readings less the prior mean, y - H b0, shape (n,)."""
        return self.y - self.design @ self.prior_mean

    def noise(self, hyper: Hyper) -> Array:
        """Return the variance of every reading's noise [unit of y squared], shape (n,)."""
        return np.where(np.isnan(self.fixed), hyper.noise(self.sigma, self.group), self.fixed)

    def subset(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> FieldReadings:
        """Return some of the readings."""
        names = ("xy", "y", "sigma", "design", "low", "high", "group", "fixed")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def sample(self) -> Sample:
        """Return what hyperparameters are estimated from."""
        own = np.isnan(self.fixed)
        return Sample(
            self.xy, self.resid, np.where(own, self.sigma**2, self.fixed), self.design * self.scale, self.flat,
            np.where(own, self.group, -1),
        )  # fmt: skip


def checked_readings(
    xy: ArrayLike, y: ArrayLike, sigma: float | ArrayLike, design: ArrayLike, prior_mean: ArrayLike,
    prior_std: ArrayLike, low: ArrayLike | None = None, high: ArrayLike | None = None, group: ArrayLike | None = None,
) -> FieldReadings:  # fmt: skip
    """Return readings that were checked; arguments as for `openckm.observe.field.discrepancy.fit_discrepancy`.

    Raises:
        InputError: if shapes disagree, a value is not finite, sigma is not positive, or an interval ends before it
            begins.
    """
    place, value, rows, mean, std = (np.asarray(a, dtype=np.float64) for a in (xy, y, design, prior_mean, prior_std))
    noise = np.asarray(sigma, dtype=np.float64)
    n = value.shape[0] if value.ndim == 1 else -1
    p = mean.shape[0] if mean.ndim == 1 else -1
    if n < 1 or place.shape != (n, 2) or rows.shape != (n, p) or std.shape != (p,) or noise.shape not in ((), (n,)):
        raise InputError(
            f"xy {place.shape}, y {value.shape}, sigma {noise.shape}, H {rows.shape}, prior mean {mean.shape} and std"
            f" {std.shape}: wanted (n, 2), (n,), (n,), (n, p), (p,) and (p,) with n at least 1"
        )
    if not all(np.isfinite(a).all() for a in (place, value, rows, mean, noise)):
        raise InputError("readings, places, sigma, H and prior mean must be finite; remove the bad rows")
    if not (noise > 0).all() or not (std >= 0).all():
        raise InputError("sigma must be positive for every reading, prior_std 0 or more (inf for no prior)")
    ends = [value if end is None else np.asarray(end, np.float64) for end in (low, high)]
    groups = np.zeros(n, np.intp) if group is None else np.asarray(group, np.intp)
    if any(part.shape != (n,) for part in (*ends, groups)) or not (ends[0] <= ends[1]).all() or (groups < 0).any():
        raise InputError(f"low, high and group: wanted ({n},) each, low at most high, groups numbered from 0")
    return FieldReadings(
        place, value, np.broadcast_to(noise, (n,)).copy(), rows, mean, std, ends[0], ends[1], groups, np.full(n, np.nan)
    )


def join_neighbours(xy: Array, limit: int) -> tuple[NDArray[np.intp], float]:
    """Return the place of each reading and the side [m] of the joining cells: as small as keeps places <= limit."""
    if len(xy) <= limit:
        return np.arange(len(xy)), 0.0
    corner = xy.min(axis=0)
    extent = max(float((xy - corner).max()), 1e-6)

    def places(side: float) -> NDArray[np.intp]:
        _, label = np.unique(np.floor((xy - corner) / side), axis=0, return_inverse=True)
        return np.asarray(label, dtype=np.intp).reshape(-1)

    low, high = extent * 1e-6, 2.0 * extent
    for _ in range(24):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if places(middle).max() < limit else (middle, high)
    return places(high), high
