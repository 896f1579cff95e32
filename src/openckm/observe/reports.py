"""Phones report received power as the standards define it, in steps of 1 dB that are open at both ends.

    LTE  RSRP     index 0: below -140 dBm,  k: [k - 141, k - 140),  97: from -44 dBm    TS 36.133, Table 9.1.4-1
    NR   SS-RSRP  index 0: below -156 dBm,  k: [k - 157, k - 156),  126: from -31 dBm   TS 38.133, Table 10.1.6.1-1

A report is evidence about an interval, not a value with rounding noise: the ends are censored readings.
`RsrpReport.points` makes such evidence of the indices that phones log. Logs in dBm show the ends as heaps: many
readings with one value, the lowest or highest of all, at the very end of a table; `heaped_limits` takes these for the
limits that they are.

References:
    3GPP TS 36.133, Requirements for support of radio resource management (E-UTRA), clause 9.1.4.
    3GPP TS 38.133, NR; Requirements for support of radio resource management, clause 10.1.6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import MeasurementError, UnitError
from openckm.maps.observations import Points
from openckm.observe.nonlinear import Quantize
from openckm.observe.operators import Domain


@dataclass(frozen=True)
class RsrpReport:
    """A table of reports.

    Attributes:
        name: the name of the quantity.
        lowest: readings below it are reported as index 0 [dBm].
        highest: readings from it on are reported as the last index [dBm].
    """

    name: str
    lowest: int
    highest: int

    @property
    def last(self) -> int:
        """The largest index."""
        return self.highest - self.lowest + 1

    def device(self, domain: Domain) -> Quantize:
        """Return the operator from received power [dBm] to the middle of the reported step [dBm].

        Args:
            domain: one channel in 'db' scale, holding dBm (gain plus transmit power).

        Raises:
            UnitError: if the scale is another.
        """
        if domain.scale != "db":
            raise UnitError(
                f"{self.name} reports are of values in dBm, not in {domain.scale!r} scale: convert them first"
            )
        return Quantize(domain, levels=[self.lowest - 0.5 + k for k in range(self.last + 1)])

    def interval(self, index: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return low and high ends [dBm] of reported indices of any shape, infinite for the first and the last.

        Raises:
            MeasurementError: if an index is not a whole number of the table.
        """
        k = np.asarray(index, dtype=np.float64)
        good = (k >= 0) & (k <= self.last) & (k == np.floor(k))
        if not good.all():
            worst = float(k[~good].flat[0])
            raise MeasurementError(f"{self.name} report {worst:g}: wanted whole numbers 0 to {self.last}")
        low, high = self.lowest + k - 1.0, self.lowest + k
        return np.where(k == 0, -np.inf, low), np.where(k == self.last, np.inf, high)

    def points(
        self, x: ArrayLike, y: ArrayLike, index: ArrayLike, *, sigma: float, device: str = "", source: str = ""
    ) -> Points:
        """Return reports as readings [dBm]: below the first end, above the last, or within a step.

        Args:
            x: eastings [m], shape (n,).
            y: northings [m], shape (n,).
            index: reported indices, shape (n,).
            sigma: standard deviation of the phone's error before it rounds [dB].
            device: name of the phone.
            source: the file or device that the reports come from.

        Raises:
            MeasurementError: if an index is not of the table, or a position or sigma makes no sense.
        """
        low, high = (np.atleast_1d(end) for end in self.interval(index))
        below, above = np.isneginf(low), np.isposinf(high)
        value = np.where(below, high, np.where(above, low, 0.5 * (np.nan_to_num(low) + np.nan_to_num(high))))
        points = Points.exact(
            np.asarray(x, np.float64), np.asarray(y, np.float64), value, sigma=sigma, device=device, source=source
        )
        return replace(points, kind=np.select([below, above], ["below", "above"], "interval"), low=low, high=high)


LTE_RSRP = RsrpReport("LTE RSRP", -140, -44)
"""TS 36.133, Table 9.1.4-1."""
NR_RSRP = RsrpReport("NR SS-RSRP", -156, -31)
"""TS 38.133, Table 10.1.6.1-1."""


_HEAP = 3
"""Readings of one value from which they are a heap, at least; and how many times as many as in the step beside it."""


def heaped_limits(points: Points) -> tuple[Points, tuple[str, ...]]:
    """Return readings [dBm] with those heaped at an end of a report's range as limits, and a line about each heap.

    A heap is the lowest (highest) value of all readings of a device, lies at the end of a table of reports, and holds
    at least _HEAP readings and _HEAP times as many as the step of 1 dB beside it.

    Args:
        points: readings of power; those in another unit have no such ends and come back as they are.
    """
    if points.unit != "dBm" or not len(points):
        return points, ()
    kind, notes = points.kind.copy(), []
    ends = [(t.name, t.lowest, "below") for t in (LTE_RSRP, NR_RSRP)]
    ends += [(t.name, t.highest, "above") for t in (LTE_RSRP, NR_RSRP)]
    for device in np.unique(points.device):
        own = (points.device == device) & (points.kind == "exact")
        for name, end, side in ends:
            sign = 1.0 if side == "below" else -1.0
            depth = sign * (points.value - end)  # how far inside the range
            heap = own & (depth <= 0.0) & (depth > -2.0)
            beside = int((own & (depth > 0.0) & (depth <= 1.0)).sum())
            if heap.sum() < max(_HEAP, _HEAP * beside) or (own & (depth <= -2.0)).any():
                continue
            kind[heap] = side
            whose = f" of {device}" if str(device) else ""
            notes.append(
                f"{int(heap.sum())} readings{whose} at {end} dBm, the end of {name} reports, are limits"
                f" ({'at most' if side == 'below' else 'at least'} that)"
            )
    return replace(points, kind=kind), tuple(notes)
