"""Readings averaged per grid cell: one entry per cell that was visited, at the cell centre.

For n readings v_i [dB or dBm] with noise sigma_i of a cell
    v_cell = 10 log10( 1/n sum_i 10^(v_i / 10) )                    (linear mean; plain mean for unit "1")
    sigma_cell^2 = sigma_shadow^2 + (1/n^2) sum_i sigma_i^2
where sigma_shadow stands for what averaging does not remove: the place within the cell and, where the readings of all
devices are averaged together, the device's own offset. Where devices are kept apart, readings of one cell and device
that contradict each other, i.e. scatter more than their noise explains (beyond the 99.9 % quantile of chi-square),
count with the noise that they show.
The linear mean of readings with noise lies above the mean in dB (by 1 dB for 3 dB of noise); that is the convention of
radio maps and is not corrected.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points

Floats = NDArray[np.float64]
_CONTRADICTION = 0.999
"""Quantile of chi-square beyond which the readings of a cell contradict each other."""


def aggregate_cells(points: Points, grid: Grid, *, shadow_sigma_db: float = 2.0, by_device: bool = False) -> Points:
    """Return one reading per visited cell (and device), in row-major order of the cells.

    The order of the points does not matter.

    A cell with an exact reading becomes one exact reading. A limit or an interval that the exact readings' average
    respects says nothing more, and is left out; one that it does not respect counts with its limit (below, above) or
    value (interval): power that was not heard is at most the limit, and to leave it out would bias the cell upwards.
    A cell without an exact reading stays censored at the tightest limit of its readings; where they leave a lower and
    an upper limit, it is an interval.

    Args:
        points: readings of one quantity, all within the grid.
        grid: the cells.
        shadow_sigma_db: what averaging does not remove [dB, or the readings' unit]; 0 for independent noise alone.
        by_device: keep the readings of different devices apart: one reading per visited cell and device.

    Returns:
        Readings at cell centres with `count` the number averaged, `row` the first row of the cell and `device` the
        names of its devices joined by "+".

    Raises:
        OutsideGrid: if a point lies outside the grid.
        OptionError: if shadow_sigma_db is negative or not finite.
    """
    if not (math.isfinite(shadow_sigma_db) and shadow_sigma_db >= 0):
        raise OptionError(f"shadow_sigma_db={shadow_sigma_db!r}: wanted a number of dB that is not negative")
    if len(points) == 0:
        return replace(points, count=np.zeros(0, dtype=np.int64))
    row, col = grid.index_of(points.x, points.y)
    device = np.unique(points.device, return_inverse=True)[1] if by_device else np.zeros(len(points), np.intp)
    order = np.lexsort((points.row, device, row * grid.shape[1] + col))
    ordered, cell, device = points.subset(order), (row * grid.shape[1] + col)[order], device[order]
    starts = _starts(cell, device)
    says = _says_more(ordered, starts)
    if not says.all():
        ordered, cell, device = ordered.subset(says), cell[says], device[says]
        starts = _starts(cell, device)
    entries = _merge(ordered, starts, shadow_sigma_db, by_device)
    at_row, at_col = np.divmod(cell[starts], grid.shape[1])
    return replace(entries, x=grid.x[at_col], y=grid.y[at_row])


def _starts(cell: NDArray[np.intp], device: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where runs of one cell and device begin."""
    return np.flatnonzero(np.r_[True, (cell[1:] != cell[:-1]) | (device[1:] != device[:-1])])


def _says_more(points: Points, starts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """False for limits that the exact readings of their run respect on average, shape (n,)."""
    exact = points.kind == "exact"
    run = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(points)]))
    mixed = ~exact & (np.bincount(run, exact)[run] > 0)
    if not mixed.any():
        return np.ones(len(points), bool)
    heard = np.flatnonzero(exact)
    first = np.searchsorted(heard, starts)
    own = np.unique(run[heard])
    mean = np.full(len(starts), np.nan)
    mean[own] = _mean_of_runs(points.subset(heard), first[own], np.bincount(run[heard])[own])
    low = np.where(points.kind == "above", points.value, points.low)
    high = np.where(points.kind == "below", points.value, points.high)
    return np.asarray(~(mixed & (mean[run] >= low) & (mean[run] <= high)))


def _merge(points: Points, starts: NDArray[np.intp], shadow_sigma: float, scatter: bool) -> Points:
    """Return one entry per run of readings; runs begin at `starts`."""
    count = np.diff(np.r_[starts, len(points)])
    value = _mean_of_runs(points, starts, count)
    sigma = np.sqrt(shadow_sigma**2 + _noise_of_runs(points, starts, count, scatter))
    entries = replace(
        points.subset(starts), value=value, sigma=sigma, device=_joined_devices(points, starts),
        kind=np.full(len(starts), "exact", dtype="<U8"), low=np.full(len(starts), -np.inf),
        high=np.full(len(starts), np.inf), count=np.add.reduceat(_counts(points), starts),
    )  # fmt: skip
    heard = np.logical_or.reduceat(points.kind == "exact", starts)
    for k in np.flatnonzero(~heard):
        _censor(entries, int(k), points.subset(np.arange(starts[k], starts[k] + count[k])))
    return entries


def _mean_of_runs(points: Points, starts: NDArray[np.intp], count: NDArray[np.intp]) -> Floats:
    if points.unit not in ("dB", "dBm"):
        return np.asarray(np.add.reduceat(points.value, starts) / count, dtype=np.float64)
    power = np.add.reduceat(10.0 ** (points.value / 10.0), starts) / count
    return np.asarray(10.0 * np.log10(power), dtype=np.float64)


def _noise_of_runs(points: Points, starts: NDArray[np.intp], count: NDArray[np.intp], scatter: bool) -> Floats:
    """Variance of the mean of each run: of the stated noise, or, if `scatter`, of a scatter beyond the noise."""
    stated = np.asarray(np.add.reduceat(points.sigma**2, starts) / count**2)
    if not scatter or (count < 2).all():
        return stated
    from scipy.special import chdtri

    mean = np.add.reduceat(points.value, starts) / count
    square = np.add.reduceat((points.value - np.repeat(mean, count)) ** 2, starts)
    free = np.maximum(count - 1, 1)
    scattered = (count > 1) & (square > chdtri(free, 1.0 - _CONTRADICTION) * stated * count)
    return np.asarray(np.where(scattered, square / free / count, stated))


def _counts(points: Points) -> NDArray[np.int64]:
    return np.ones(len(points), dtype=np.int64) if points.count is None else points.count


def _joined_devices(points: Points, starts: NDArray[np.intp]) -> NDArray[np.str_]:
    runs = np.split(points.device, starts[1:])
    return np.asarray(["+".join(dict.fromkeys(sorted(map(str, run)))) for run in runs])


def _censor(entries: Points, k: int, run: Points) -> None:
    """Write the joint censored reading of a run without exact readings into entry k."""
    low, high = np.where(run.kind == "above", run.value, run.low), np.where(run.kind == "below", run.value, run.high)
    floor, ceiling = float(low.max()), float(high.min())
    crossed = False
    if floor > ceiling:  # noise made the limits cross: the truth lies about between them, and the noise is as large
        entries.sigma[k] = float(np.hypot(run.sigma.max(), floor - ceiling))
        floor, ceiling = ceiling, floor
        crossed = True
    tightest = int(np.argmax(low)) if math.isfinite(floor) and not math.isfinite(ceiling) else int(np.argmin(high))
    if not crossed:
        entries.sigma[k] = run.sigma[tightest]
    if math.isfinite(floor) and math.isfinite(ceiling):
        entries.kind[k], entries.low[k], entries.high[k] = "interval", floor, ceiling
        entries.value[k] = (floor + ceiling) / 2
    elif math.isfinite(ceiling):
        entries.kind[k], entries.value[k] = "below", ceiling
    elif math.isfinite(floor):
        entries.kind[k], entries.value[k] = "above", floor
    else:  # intervals without an end say nothing, and stay so
        entries.kind[k] = "interval"
