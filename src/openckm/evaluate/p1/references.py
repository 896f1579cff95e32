"""Simple answers to P1's tasks, without a network: what the readings say by themselves.

    nearest   the nearest reading: the block's average for `sr2`, the reading itself for `jtqr`
    cubic     piecewise cubic interpolation between the readings (Clough-Tocher), the nearest one outside their hull
    kriging   ordinary kriging from the NEIGHBOURS nearest readings, exponential variogram by restricted likelihood

A block's average stands at the block's centre. Cubic interpolation and kriging make nothing of a truncated reading:
they answer no `jtqr`. The cosine of the direction, never read, is not claimed (NaN).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CloughTocher2DInterpolator
from scipy.spatial import cKDTree

from openckm.baselines.variogram import fit_variogram
from openckm.errors import OptionError
from openckm.evaluate.p1.tasks import FACTOR, P1Case

Points = NDArray[np.float64]
NEIGHBOURS = 24
FIT_POINTS = 250
"""Readings from which the variogram is fitted."""


def reference_tasks(name: str) -> tuple[str, ...]:
    """Return the tasks that a reference answers."""
    inpainting = ("ipbox", "iprandom", "sr2")
    return (*inpainting, "jtqr") if name == "nearest" else inpainting


def reference_map(name: str, case: P1Case) -> NDArray[np.float32]:
    """Return gain, cosine (NaN) and sine in latent code (3, rows, cols), right on the scored cells alone.

    Raises:
        OptionError: if the reference is unknown or does not answer the task.
    """
    if name not in REFERENCES or case.task not in reference_tasks(name):
        raise OptionError(f"reference {name!r} for {case.task!r}: wanted one of {', '.join(REFERENCES)}, and its tasks")
    readings = case.readings
    step = FACTOR if case.task == "sr2" else 1
    places = np.argwhere(readings.read).astype(np.float64) * step + 0.5 * (step - 1)
    targets = np.argwhere(readings.scored).astype(np.float64)
    answer = np.full(case.truth.shape, np.nan, dtype=np.float32)
    for channel, y in zip((0, 2), readings.y, strict=True):
        answer[channel][readings.scored] = REFERENCES[name](places, y[readings.read].astype(np.float64), targets)
    return answer


def _nearest(places: Points, values: Points, targets: Points) -> Points:
    return np.asarray(values[cKDTree(places).query(targets)[1]])


def _cubic(places: Points, values: Points, targets: Points) -> Points:
    found = CloughTocher2DInterpolator(places, values)(targets)
    return np.where(np.isnan(found), _nearest(places, values, targets), found)


def _kriging(places: Points, values: Points, targets: Points) -> Points:
    """Ordinary kriging of the field without its nugget, which is taken as noise (Cressie, 1993, section 3.2)."""
    some = np.random.default_rng(0).permutation(len(values))[:FIT_POINTS]
    variogram = fit_variogram(places[some], values[some], np.ones((len(some), 1)))
    count = min(NEIGHBOURS, len(values))
    near = cKDTree(places).query(targets, k=np.arange(1, count + 1))[1]
    around = places[near]
    apart = np.linalg.norm(around[:, :, None] - around[:, None], axis=-1)
    system = np.ones((len(targets), count + 1, count + 1))
    system[:, :count, :count] = variogram.covariance(apart) + variogram.nugget * np.eye(count)
    system[:, count, count] = 0.0
    right = np.ones((len(targets), count + 1))
    right[:, :count] = variogram.covariance(np.linalg.norm(around - targets[:, None], axis=-1))
    weights = np.linalg.solve(system, right[..., None])[:, :count, 0]
    return np.asarray((weights * values[near]).sum(1))


REFERENCES: dict[str, Callable[[Points, Points, Points], Points]] = {
    "nearest": _nearest,
    "cubic": _cubic,
    "kriging": _kriging,
}
"""The references by name."""
