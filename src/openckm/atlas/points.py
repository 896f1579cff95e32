"""What a map says at places: mean, spread, 90 % interval and outage of the cell that holds each.

A cell is an average over its area: nothing is interpolated between cells. The interval is the map's own quantiles 5 %
and 95 % where it keeps them, else mean -+ 1.645 std, and the answer says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.atlas.places import WGS84, on_plane
from openckm.atlas.view import GAIN_CHANNEL, MapView
from openckm.errors import OptionError, OutsideGrid, UnitError
from openckm.maps.radiomap import chance_below

_NORMAL_90 = NormalDist().inv_cdf(0.95)
"""Half width of the 90 % interval of a normal law [standard deviations]."""
_LOW, _HIGH = 0.05, 0.95
_POSSIBLE = {"dBm": (-250.0, 60.0), "dB": (-350.0, 50.0)}
"""Thresholds that can be meant [unit]; a path loss of 110 dB given for a gain of -110 dB lies outside."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PointAnswers:
    """What a map says at n places.

    Attributes:
        x: easting on the map's plane [m], shape (n,).
        y: northing [m], shape (n,).
        row: the row of the cell, -1 outside the map, shape (n,).
        col: the column of the cell, -1 outside the map, shape (n,).
        said: whether the map says anything there: False in buildings and outside the map, shape (n,).
        mean: [unit], NaN where nothing is said, shape (n,).
        std: standard deviation [dB, or the unit], shape (n,).
        low: lower end of the 90 % interval [unit], shape (n,).
        high: upper end [unit], shape (n,).
        outage: P(value < below), shape (n,), or None where no threshold was given.
        below: the threshold [unit], or None.
        unit: the unit of the values.
        channel: the channel that was asked.
        interval: where the 90 % interval comes from, in words.
    """

    x: Floats
    y: Floats
    row: NDArray[np.intp]
    col: NDArray[np.intp]
    said: NDArray[np.bool_]
    mean: Floats
    std: Floats
    low: Floats
    high: Floats
    outage: Floats | None
    below: float | None
    unit: str
    channel: str
    interval: str

    def __len__(self) -> int:
        return len(self.x)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary a place, for JSON; what is not said is None."""
        named = {"mean": self.mean, "std": self.std, "low_90": self.low, "high_90": self.high}
        if self.outage is not None:
            named["outage"] = self.outage
        said = self.said.tolist()
        columns = {name: values.tolist() for name, values in named.items()}
        return [
            {"said": said[k], **{name: (v[k] if said[k] else None) for name, v in columns.items()}}
            for k in range(len(self))
        ]  # fmt: skip


def ask_points(
    view: MapView,
    first: ArrayLike,
    second: ArrayLike,
    *,
    crs: str | None = WGS84,
    channel: str = GAIN_CHANNEL,
    below: float | None = None,
    unit: str | None = None,
    outside: bool = False,
) -> PointAnswers:
    """Return what a map says at places.

    Args:
        view: the map.
        first: longitudes [degrees], or eastings [m] where `crs` says so, shape (n,).
        second: latitudes [degrees], or northings [m], shape (n,).
        crs: the CRS of the places; None if they lie on the map's plane.
        channel: the channel that is asked.
        below: threshold of the outage [unit], or None.
        unit: the unit of the threshold; it must be the map's. None takes the map's.
        outside: whether places outside the map are answered by "nothing is said" instead of an error.

    Raises:
        InputError: if a place cannot be one, or the map's file is damaged.
        OutsideGrid: if a place lies outside the map.
        OptionError: if the map has no such channel.
        UnitError: if the threshold is in another unit than the map.
    """
    x, y = on_plane(view.grid, first, second, crs)
    if below is not None:
        require_unit(view, below, unit, channel)
    inside = view.grid.contains(x, y)
    if not outside and not inside.all():
        view.grid.index_of(x, y)  # raises OutsideGrid and says where
        raise OutsideGrid("a place lies outside the map")
    row, col = np.full(len(x), -1, np.intp), np.full(len(x), -1, np.intp)
    row[inside], col[inside] = view.grid.index_of(x[inside], y[inside])
    found, said, interval = _of_cells(view, row[inside], col[inside], channel, below)
    whole = {name: _spread_out(values, inside) for name, values in found.items()}
    everywhere = np.zeros(len(x), bool)
    everywhere[inside] = said
    return PointAnswers(
        x, y, row, col, everywhere, whole["mean"], whole["std"], whole["low"], whole["high"], whole.get("outage"),
        below, view.unit(channel), channel, interval,
    )  # fmt: skip


def _of_cells(
    view: MapView, row: NDArray[np.intp], col: NDArray[np.intp], channel: str, below: float | None
) -> tuple[dict[str, Floats], NDArray[np.bool_], str]:
    said = view.take("valid", row, col, channel=channel).astype(bool)
    found = {name: view.take(name, row, col, channel=channel).astype(np.float64) for name in ("mean", "std")}
    if _LOW in view.levels and _HIGH in view.levels:
        interval = "quantiles 5 % and 95 % of the map"
        for name, level in (("low", _LOW), ("high", _HIGH)):
            index = view.levels.index(level)
            found[name] = view.take("quantile", row, col, channel=channel, index=index).astype(np.float64)
    else:
        interval = "mean -+ 1.645 std, as this map keeps no quantiles 5 % and 95 %"
        found["low"], found["high"] = (found["mean"] + sign * _NORMAL_90 * found["std"] for sign in (-1, 1))
    if below is not None:
        drawn = view.take("draws", row, col, channel=channel) if view.belief == "draws" and view.draws else None
        found["outage"] = chance_below(below, found["mean"], found["std"], drawn)
    for values in found.values():
        values[~said] = np.nan
    return found, said, interval


def _spread_out(values: Floats, inside: NDArray[np.bool_]) -> Floats:
    if inside.all():
        return values
    whole = np.full(len(inside), np.nan)
    whole[inside] = values
    return whole


def require_unit(view: MapView, threshold: float, unit: str | None, channel: str = GAIN_CHANNEL) -> None:
    """Check that a threshold can be one of a map.

    Raises:
        UnitError: if it is in another unit than the map, or beyond what values in that unit can be.
        OptionError: if it is not finite, or there is no such channel.
    """
    own = view.unit(channel)
    if unit is not None and unit != own:
        hint = (
            "; give the transmit power, so that path gain becomes received power"
            if (unit, own) == ("dBm", "dB")
            else ""
        )
        raise UnitError(f"a threshold of {threshold:g} {unit} means nothing on {view.name}, which is in {own}{hint}")
    if not np.isfinite(threshold):
        raise OptionError(f"threshold {threshold}: wanted a finite number of {own}")
    low, high = _POSSIBLE.get(own, (-np.inf, np.inf))
    if not low <= threshold <= high:
        raise UnitError(
            f"a threshold of {threshold:g} on a map in {own}: wanted a number within [{low:g}, {high:g}]; a path"
            " loss of 110 dB is a gain of -110 dB"
        )
