"""Whom the buildings of a file are to be credited to: what the file says of itself, or the marks of OpenStreetMap.

Who draws a map with OpenStreetMap's data has to name its contributors and the licence (openstreetmap.org/copyright).
Its exports carry the ids of its objects: "way/27458925" in `@id` or `osm_id`, numbers in `osm_way_id` or `osmid`, and
Overture names it as the data set of a building's `sources`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OSM = "© OpenStreetMap contributors, ODbL 1.0"
"""The credit that OpenStreetMap asks for, and its licence."""
_SAID = ("openckm_licence", "attribution", "copyright", "credits", "licence", "license")
_IDS = ("osm_id", "osm_way_id", "osmid")
_KINDS = ("way", "relation")
_LONGEST = 200


def said_credit(document: object) -> str:
    """Return the credit that a document or a raster's tags state, in one line of at most 200 letters; "" for none."""
    if not isinstance(document, Mapping):
        return ""
    plain = {str(name).lower().removeprefix("tifftag_"): value for name, value in document.items()}
    words = [" ".join(value.split()) for name in _SAID if isinstance(value := plain.get(name), str)]
    said = "; ".join(dict.fromkeys(word for word in words if word))
    if "openstreetmap" in said.lower() and "contributors" not in said.lower():
        return OSM
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def credit_of(buildings: Iterable[Mapping[str, Any]]) -> str:
    """Return OpenStreetMap's credit where the tags of any building show that it comes from there, else ""."""
    return OSM if any(_is_osm(tags) for tags in buildings) else ""


def _is_osm(tags: Mapping[str, Any]) -> bool:
    names = {name.lower() for name in tags}
    if names & set(_IDS):
        return True
    number = tags.get("@id", tags.get("id"))
    if number is not None and (tags.get("type") in _KINDS or tags.get("element") in _KINDS):
        return True
    return str(number).startswith(("way/", "relation/")) or "OpenStreetMap" in str(tags.get("sources", ""))
