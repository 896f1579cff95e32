"""Several cells' maps asked together: which serves, by how much, where a route is handed over, and SINR.

SINR of cell s at a place, in linear power [mW], with noise N and loads l_i (the share of time that a cell sends):

    SINR_s = P_s / (N + sum_{i != s} l_i P_i),      N = -174 dBm/Hz + 10 log10(B) + NF

Handover is the event A3 of 3GPP TS 38.331, 5.5.4.4, along a line in place of time: it is entered where
P_n - hysteresis > P_s + offset, left where P_n + hysteresis < P_s + offset, and the cell changes once it was not left
over the trigger distance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.atlas.joint import Spread, spread_of
from openckm.atlas.places import WGS84, Route
from openckm.atlas.points import ask_points
from openckm.atlas.view import GAIN_CHANNEL, MapView
from openckm.errors import OptionError, OutsideGrid, UnitError
from openckm.maps.grid import Grid, reproject

_THERMAL_DBM_HZ = -174.0
Floats = NDArray[np.float64]
_SAME_TIME = timedelta(days=1)


@dataclass(frozen=True)
class Radio:
    """What a receiver and its neighbours are like.

    Attributes:
        bandwidth_hz: the bandwidth of the channel [Hz].
        noise_figure_db: the noise figure of the receiver [dB].
        load: share of time that the other cells send, from 0 to 1; one number for all of them.
    """

    bandwidth_hz: float = 20e6
    noise_figure_db: float = 7.0
    load: float = 0.5

    def __post_init__(self) -> None:
        good = math.isfinite(self.bandwidth_hz) and self.bandwidth_hz > 0 and 0 <= self.load <= 1
        if not (good and 0 <= self.noise_figure_db <= 50):
            raise OptionError(
                f"{self}: wanted a positive bandwidth [Hz], a noise figure within [0, 50] dB and a load within [0, 1]"
            )

    @property
    def noise_dbm(self) -> float:
        """Noise power [dBm]."""
        return _THERMAL_DBM_HZ + 10.0 * math.log10(self.bandwidth_hz) + self.noise_figure_db


@dataclass(frozen=True)
class HandoverRule:
    """When a cell hands over to another.

    Attributes:
        offset_db: the level by which the other must be stronger [dB].
        hysteresis_db: added before, taken off afterwards [dB].
        trigger_m: way over which it must stay so [m].
    """

    offset_db: float = 3.0
    hysteresis_db: float = 1.0
    trigger_m: float = 10.0

    def __post_init__(self) -> None:
        values = (self.offset_db, self.hysteresis_db, self.trigger_m)
        if not all(math.isfinite(v) for v in values) or min(self.hysteresis_db, self.trigger_m) < 0:
            raise OptionError(f"{self}: wanted finite numbers, a hysteresis [dB] and a distance [m] of 0 or more")


@dataclass(frozen=True, eq=False)
class Servers:
    """Which cell serves at n places.

    Attributes:
        names: the names of the cells.
        power: mean of each cell [unit], NaN where its map says nothing, shape (cell, n).
        best: number of the strongest cell, -1 where no map says anything, shape (n,).
        margin_db: the level by which it is stronger than the second [dB], inf where there is no second, shape (n,).
        chance: probability that it is the strongest, from the draws; None where a map holds none. Shape (n,).
        sinr_db: the SINR of the strongest, from the means; None on maps that are not in dBm. Shape (n,).
        unit: the unit of the powers.
    """

    names: tuple[str, ...]
    power: Floats
    best: NDArray[np.intp]
    margin_db: Floats
    chance: Floats | None
    sinr_db: Floats | None
    unit: str


@dataclass(frozen=True, eq=False)
class Handovers:
    """Where a route is handed over.

    Attributes:
        names: the names of the cells.
        count: number of handovers, over the draws.
        chance: share of draws with a handover at each sample, shape (n,).
        places: for each stretch with handovers: way to its middle [m], from, to, probability; most probable pairs, in
            order along the route.
    """

    names: tuple[str, ...]
    count: Spread
    chance: Floats
    places: tuple[tuple[float, str, str, float], ...]


def _require_alike(views: Sequence[MapView], *, any_time: bool = False) -> str:
    """Return the unit of the gain that all maps share.

    Raises:
        OptionError: if there is no map, two have one name, or their times differ by more than a day.
        UnitError: if they are in different units.
    """
    if not views:
        raise OptionError("no map to ask: give at least one")
    names = [view.name for view in views]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise OptionError(f"two maps are called {', '.join(twice)}: give each a name of its own")
    units = {view.unit() for view in views}
    if len(units) > 1:
        which = ", ".join(f"{view.name} in {view.unit()}" for view in views)
        raise UnitError(f"maps of different units cannot be compared ({which}): give the transmit power of those in dB")
    stated = sorted((view.time, view.name) for view in views if view.time is not None)
    if not any_time and stated and stated[-1][0] - stated[0][0] > _SAME_TIME:
        raise OptionError(
            f"{stated[0][1]} is of {stated[0][0]:%Y-%m-%d}, {stated[-1][1]} of {stated[-1][0]:%Y-%m-%d}: maps of"
            " different times are compared on request alone (--any-time)"
        )
    return units.pop()


def ask_servers(
    views: Sequence[MapView], first: ArrayLike, second: ArrayLike, *, crs: str | None = WGS84,
    radio: Radio | None = None, any_time: bool = False,
) -> Servers:  # fmt: skip
    """Return which of several cells serves at places, by the means of their maps.

    Args:
        views: one map a cell.
        first: longitudes [degrees], or eastings [m] where `crs` says so, shape (n,).
        second: latitudes [degrees], or northings [m], shape (n,).
        crs: the CRS of the places; None if they lie on the plane that all maps share.
        radio: the receiver and the load that the SINR is made of; None for the usual ones.
        any_time: whether maps of different times may be compared.

    Raises:
        OutsideGrid: if a place lies outside every map.
        UnitError: if the maps are in different units.
        OptionError: as `_require_alike`.
    """
    unit = _require_alike(views, any_time=any_time)
    answers = [ask_points(v, first, second, crs=crs, outside=True) for v in views]
    _require_somewhere(np.stack([a.row >= 0 for a in answers]), first, second)
    power = np.stack([a.mean for a in answers])
    best, margin = strongest(power)
    chance = None
    if min(v.draws for v in views) >= 2:
        drawn = _drawn(views, [(a.row, a.col, a.said) for a in answers])
        chance = (np.argmax(np.where(np.isnan(drawn), -np.inf, drawn), 1) == best).mean(0)
        chance = np.where(best < 0, np.nan, chance)
    sinr = sinr_db(power, best, radio or Radio()) if unit == "dBm" else None
    return Servers(tuple(v.name for v in views), power, best, margin, chance, sinr, unit)


def strongest(power: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the number of the strongest cell (-1 if none) and its margin [dB], from (cell, ...) with NaN for none."""
    filled = np.where(np.isnan(power), -np.inf, power)
    best = np.argmax(filled, axis=0)
    top = np.take_along_axis(filled, best[None], 0)[0]
    np.put_along_axis(filled, best[None], -np.inf, 0)
    with np.errstate(invalid="ignore"):
        margin = top - filled.max(0)
    nobody = np.isneginf(top)
    return np.where(nobody, -1, best), np.where(nobody, np.nan, margin)


def sinr_db(power_dbm: Floats, serving: NDArray[np.intp], radio: Radio) -> Floats:
    """Return the SINR [dB] of the serving cell; NaN where none serves.

    Args:
        power_dbm: the power of each cell, NaN where its map says nothing (it counts as silent there), shape (cell,
            ...).
        serving: number of the serving cell, -1 for none, shape (...).
        radio: noise and load.
    """
    linear = np.where(np.isnan(power_dbm), 0.0, 10.0 ** (power_dbm / 10.0))
    own = np.take_along_axis(linear, np.maximum(serving, 0)[None], 0)[0]
    others = linear.sum(0) - own
    noise = 10.0 ** (radio.noise_dbm / 10.0)
    with np.errstate(divide="ignore"):
        found = 10.0 * np.log10(own / (noise + radio.load * np.maximum(others, 0.0)))
    return np.asarray(np.where((serving < 0) | (own == 0), np.nan, found), np.float64)


def ask_handovers(
    views: Sequence[MapView], route: Route, rule: HandoverRule | None = None, *, any_time: bool = False
) -> Handovers:
    """Return where a route is handed over, draw by draw; draw k of all maps makes one world.

    Args:
        views: one map a cell.
        route: its samples; spaced closer than the trigger distance.
        rule: when a cell hands over.
        any_time: whether maps of different times may be compared.

    Raises:
        OptionError: if a map holds no draws, or as `_require_alike`.
        OutsideGrid: if a sample lies outside every map.
        UnitError: if the maps are in different units.
    """
    _require_alike(views, any_time=any_time)
    for view in views:
        view.require_draws("where a handover happens")
    cells = []
    for view in views:
        x, y = _on_plane_of(view.grid, route)
        inside = view.grid.contains(x, y)
        row, col = np.full(len(x), -1, np.intp), np.full(len(x), -1, np.intp)
        row[inside], col[inside] = view.grid.index_of(x[inside], y[inside])
        said = inside.copy()
        said[inside] = view.take("valid", row[inside], col[inside]).astype(bool)
        cells.append((row, col, said))
    _require_somewhere(np.stack([row >= 0 for row, _, _ in cells]), route.x, route.y)
    serving = handovers(_drawn(views, cells), route.distance_m, rule or HandoverRule())
    return _summary(tuple(v.name for v in views), serving, route.distance_m)


def handovers(power: Floats, distance_m: Floats, rule: HandoverRule) -> NDArray[np.intp]:
    """Return the serving cell at each sample of a route, -1 before any was heard, shape (draw, n).

    Args:
        power: the power of each cell [dB], NaN where nothing is known, shape (draw, cell, n).
        distance_m: way to each sample [m], ascending, shape (n,).
        rule: when a cell hands over.
    """
    draws, _, count = power.shape
    filled = np.ascontiguousarray(np.moveaxis(np.where(np.isnan(power), -np.inf, power), 2, 0))
    serving = np.full((count, draws), -1, np.intp)
    each = np.arange(draws)
    now, other, since = np.full(draws, -1, np.intp), np.full(draws, -1, np.intp), np.zeros(draws)
    enter, leave = rule.offset_db + rule.hysteresis_db, rule.offset_db - rule.hysteresis_db
    for k in range(count):
        here = filled[k]
        best = here.argmax(1)
        top = here[each, best]
        heard = top > -np.inf
        own = np.where(now >= 0, here[each, now], -np.inf)
        lost = heard & (own == -np.inf)  # nothing is known of the serving cell here: the strongest takes over at once
        running = (other >= 0) & (here[each, other] >= own + leave) & heard & ~lost
        fresh = heard & ~lost & (top > own + enter) & ~(running & (other == best))
        other = np.where(fresh, best, np.where(running, other, -1))
        since = np.where(fresh, distance_m[k], since)
        moves = (other >= 0) & (distance_m[k] - since >= rule.trigger_m)
        now = np.where(lost, best, np.where(moves, other, now))
        other = np.where(lost | moves, -1, other)
        serving[k] = now
    return serving.T


def _summary(names: tuple[str, ...], serving: NDArray[np.intp], distance_m: Floats) -> Handovers:
    changed = (serving[:, 1:] != serving[:, :-1]) & (serving[:, :-1] >= 0)
    chance = np.r_[0.0, changed.mean(0)]
    places = []
    draw, at = np.nonzero(changed)
    pairs = np.stack([serving[draw, at], serving[draw, at + 1]], 1)
    for source, target in np.unique(pairs, axis=0) if len(pairs) else []:
        mine = (pairs == (source, target)).all(1)
        where = np.sort(distance_m[at[mine] + 1])
        for group in np.split(where, np.flatnonzero(np.diff(where) > _gap(distance_m)) + 1):
            share = min(1.0, len(group) / len(serving))
            places.append((float(np.median(group)), names[source], names[target], share))
    return Handovers(names, spread_of(changed.sum(1).astype(np.float64)), chance, tuple(sorted(places)))


def _gap(distance_m: Floats) -> float:
    """Handovers of draws farther apart than this [m] are different places: a twentieth of the route."""
    return float(max(distance_m[-1] / 20.0, 3 * np.median(np.diff(distance_m))))


def _drawn(
    views: Sequence[MapView], cells: Sequence[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]]
) -> Floats:
    """Return draws (draw, cell, n), as many as every map holds, NaN where a map says nothing."""
    count = min(view.draws for view in views)
    out = np.full((count, len(views), len(cells[0][0])), np.nan)
    for k, (view, (row, col, said)) in enumerate(zip(views, cells, strict=True)):
        if said.any():
            out[:, k, said] = view.take("draws", row[said], col[said], channel=GAIN_CHANNEL, index=slice(0, count))
    return out


def _on_plane_of(grid: Grid, route: Route) -> tuple[Floats, Floats]:
    if route.crs == grid.crs:
        return route.x, route.y
    if route.crs is None or grid.crs is None:
        raise OptionError("a route or map without a CRS cannot be asked with maps that have one")
    return reproject(route.crs, grid.crs, route.x, route.y)


def _require_somewhere(inside: NDArray[np.bool_], first: ArrayLike, second: ArrayLike) -> None:
    anywhere = inside.any(0)
    if not anywhere.all():
        k = int(np.argmin(anywhere))
        a, b = float(np.atleast_1d(first)[k]), float(np.atleast_1d(second)[k])
        raise OutsideGrid(
            f"{int((~anywhere).sum())} of {anywhere.size} places lie outside every map; the first is number {k} at"
            f" ({a:g}, {b:g}): leave them out, or give a map that holds them"
        )
