"""Finished maps: a store that keeps them, and questions that they answer. Nothing here loads a network.

    from openckm.atlas import MapStore, open_map, ask_points

    view = open_map("map.zarr")                     # or MapStore("maps").open("name")
    ask_points(view, [24.94], [60.17], below=-110)  # mean, std, 90 % interval and outage of the cell

Questions are pure functions of maps: `ask_points`, `ask_route`, `ask_area`, `ask_servers`, `ask_handovers`,
`ask_beams`, `coverage`, `contours`, `associate`, `equal_power`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

_HOMES = {
    "AreaAnswer": "areas",
    "Beams": "beams",
    "Entry": "catalogue",
    "HandoverRule": "servers",
    "Handovers": "servers",
    "LinearArray": "beams",
    "MapStore": "store",
    "MapView": "view",
    "PointAnswers": "points",
    "Radio": "servers",
    "Route": "places",
    "RouteAnswer": "routes",
    "Servers": "servers",
    "ask_area": "areas",
    "ask_beams": "beams",
    "ask_handovers": "servers",
    "ask_points": "points",
    "ask_route": "routes",
    "ask_servers": "servers",
    "associate": "allocation",
    "contours": "areas",
    "coverage": "areas",
    "equal_power": "allocation",
    "geometry": "places",
    "open_map": "view",
    "open_maps": "view",
}
"""Public names by the module that holds them; they are loaded on first use."""

if TYPE_CHECKING:
    from openckm.atlas.allocation import associate as associate
    from openckm.atlas.allocation import equal_power as equal_power
    from openckm.atlas.areas import AreaAnswer as AreaAnswer
    from openckm.atlas.areas import ask_area, contours
    from openckm.atlas.areas import coverage as coverage
    from openckm.atlas.beams import Beams as Beams
    from openckm.atlas.beams import LinearArray as LinearArray
    from openckm.atlas.beams import ask_beams
    from openckm.atlas.catalogue import Entry as Entry
    from openckm.atlas.places import Route, geometry
    from openckm.atlas.points import PointAnswers as PointAnswers
    from openckm.atlas.points import ask_points
    from openckm.atlas.routes import RouteAnswer as RouteAnswer
    from openckm.atlas.routes import ask_route
    from openckm.atlas.servers import HandoverRule as HandoverRule
    from openckm.atlas.servers import Handovers as Handovers
    from openckm.atlas.servers import Radio as Radio
    from openckm.atlas.servers import Servers as Servers
    from openckm.atlas.servers import ask_handovers, ask_servers
    from openckm.atlas.store import MapStore
    from openckm.atlas.view import MapView, open_map
    from openckm.atlas.view import open_maps as open_maps

__all__ = [
    "ask_area",
    "ask_beams",
    "ask_handovers",
    "ask_points",
    "ask_route",
    "ask_servers",
    "contours",
    "geometry",
    "MapStore",
    "MapView",
    "open_map",
    "Route",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `import openckm.atlas` stays light."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"openckm.atlas.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'openckm.atlas' has no attribute {name!r}")
