"""What a map says along a route: each sample's cell, and, draw by draw, whether it is served without a break."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.atlas.joint import Chance, Spread, chance_of, spread_of
from openckm.atlas.places import Route
from openckm.atlas.points import PointAnswers, ask_points, require_unit
from openckm.atlas.view import GAIN_CHANNEL, MapView
from openckm.errors import InputError


@dataclass(frozen=True, eq=False)
class RouteAnswer:
    """What a map says along a route.

    Attributes:
        route: its samples.
        points: what the map says of the cell of each.
        left_out: samples of which the map says nothing (in buildings); the statements below leave them out.
        unbroken: chance that every sample lies at or above the threshold, or None where no threshold was given.
        share: share of the route's length at or above the threshold, or None.
        longest_break_m: length of the longest stretch below the threshold [m], or None.
    """

    route: Route
    points: PointAnswers
    left_out: int
    unbroken: Chance | None = None
    share: Spread | None = None
    longest_break_m: Spread | None = None


def ask_route(
    view: MapView, route: Route, *, above: float | None = None, unit: str | None = None, channel: str = GAIN_CHANNEL
) -> RouteAnswer:
    """Return what a map says along a route.

    Args:
        view: the map.
        route: on the map's plane (`Route.of`).
        above: threshold [unit] of the statements on the whole route, which need draws; None for the cells alone.
        unit: the unit of the threshold; it must be the map's. None takes the map's.
        channel: the channel that is asked.

    Raises:
        OutsideGrid: if a sample lies outside the map.
        OptionError: if a threshold is given and the map holds no draws, or there is no such channel.
        UnitError: if the threshold is in another unit than the map.
        InputError: if the map says nothing along the whole route.
    """
    if above is not None:
        require_unit(view, above, unit, channel)
        view.require_draws("whether a route is served without a break")
    points = ask_points(view, route.x, route.y, crs=None, channel=channel, below=above)
    left_out = int(np.count_nonzero(~points.said))
    if left_out == len(points):
        raise InputError(f"{view.name} says nothing along the whole route: it runs in buildings alone")
    if above is None:
        return RouteAnswer(route, points, left_out)
    said = points.said
    served = view.take("draws", points.row[said], points.col[said], channel=channel) >= above
    weights, place = sample_weights(route)[said], route.distance_m[said]
    return RouteAnswer(
        route, points, left_out, chance_of(np.asarray(served.all(1))), spread_of(served @ weights / weights.sum()),
        spread_of(_longest_break(served, weights, place, route)),
    )  # fmt: skip


def sample_weights(route: Route) -> NDArray[np.float64]:
    """Return the length of route that each sample stands for [m], half the way to its neighbours, shape (n,)."""
    steps = np.diff(route.distance_m)
    return np.asarray((np.r_[steps, 0.0] + np.r_[0.0, steps]) / 2.0, np.float64)


def _longest_break(
    served: NDArray[np.bool_], weights: NDArray[np.float64], place: NDArray[np.float64], route: Route
) -> NDArray[np.float64]:
    """Return the longest run of samples that are not served [m], one a draw."""
    run, longest = np.zeros(len(served)), np.zeros(len(served))
    for k in range(served.shape[1]):
        run = np.where(served[:, k], 0.0, run + weights[k])
        longest = np.maximum(longest, run)
    return longest
