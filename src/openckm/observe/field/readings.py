"""The readings of a field are checked here: places, values or limits, noise, rows of H, and their devices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import block_diag, csr_matrix, identity

from openckm.errors import InputError
from openckm.observe.field.marginal import Hyper, Sample

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FieldReadings:
    """n readings with their rows of H.

    Attributes:
        xy: places [m], shape (n, 2), or (n, 3) with the number of the field that is read; of P support points where
            readings are sums over several of them.
        y: values [unit of y]; a limit's is where the search for its site begins, shape (n,).
        sigma: standard deviation of the noise as stated [unit of y], shape (n,).
        design: rows H_i, shape (n, p).
        prior_mean: b0, shape (p,).
        prior_std: shape (p,); inf for no prior, 0 for a known coefficient.
        low: lower end of what was read; equal to `high` for a plain reading, shape (n,).
        high: upper end, shape (n,).
        group: the group of the noise, 0 to groups - 1, shape (n,).
        fixed: variance that stands in for the noise of a reading [unit of y squared], NaN where the noise is its own,
            shape (n,): of the site of a limit, or of a reading that is out of line.
        parts: weights of the support points in every reading, shape (n, P); None where a reading is of one place.
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
    parts: csr_matrix | None = None

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
        kept = {name: getattr(self, name)[keep] for name in names if name != "xy" or self.parts is None}
        return replace(self, **kept, parts=None if self.parts is None else self.parts[keep])

    def points(self) -> FieldReadings:
        """Return the readings of single places alone, their places with them."""
        if self.parts is None:
            return self
        single = np.flatnonzero((np.diff(self.parts.indptr) == 1) & (self.parts.max(axis=1).toarray().ravel() == 1.0))
        kept = self.subset(single)
        return replace(kept, xy=self.xy[self.parts[single].indices], parts=None)

    def extended(
        self, xy: Array, y: Array, variance: Array, design: Array, parts: csr_matrix | None = None,
        low: Array | None = None, high: Array | None = None,
    ) -> FieldReadings:  # fmt: skip
        """Return these readings followed by k more, whose noise is known.

        Args:
            xy: places of the support points [m], shape (P, 2) or (P, 3).
            y: values [unit of y], shape (k,).
            variance: the variance of the noise [unit of y squared], shape (k,).
            design: their rows of H, shape (k, p).
            parts: weights of the support points, shape (k, P); None where k = P and a reading is of one place.
            low: lower ends, shape (k,); None where all are values.
            high: upper ends, shape (k,).
        """
        more, own = len(y), self.parts
        if parts is not None or own is not None:
            first = identity(len(self.y), format="csr") if own is None else own
            own = csr_matrix(block_diag((first, identity(more, format="csr") if parts is None else parts)))
        low, high = (y if low is None else low), (y if high is None else high)
        return replace(
            self, xy=np.concatenate([self.xy, xy]), y=np.r_[self.y, y], sigma=np.r_[self.sigma, np.sqrt(variance)],
            design=np.concatenate([self.design, design]), low=np.r_[self.low, low], high=np.r_[self.high, high],
            group=np.r_[self.group, np.zeros(more, np.intp)],
            fixed=np.r_[self.fixed, np.where(low < high, np.nan, variance)], parts=own,
        )  # fmt: skip

    def sample(self) -> Sample:
        """Return what hyperparameters are estimated from: the readings of single places."""
        points = self.points()
        own = np.isnan(points.fixed)
        return Sample(
            points.xy, points.resid, np.where(own, points.sigma**2, points.fixed), points.design * points.scale,
            points.flat, np.where(own, points.group, -1),
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
    if n < 0 or place.shape != (n, 2) or rows.shape != (n, p) or std.shape != (p,) or noise.shape not in ((), (n,)):
        raise InputError(
            f"xy {place.shape}, y {value.shape}, sigma {noise.shape}, H {rows.shape}, prior mean {mean.shape} and std"
            f" {std.shape}: wanted (n, 2), (n,), (n,), (n, p), (p,) and (p,)"
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
    if xy.shape[1] == 3:  # readings of different fields are no neighbours
        xy = xy * np.array([1.0, 1.0, 1e7])
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
