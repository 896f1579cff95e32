"""What the tags of a polygon say: whether it is a building that stands on the ground, and how high it is.

Heights are metres unless they say feet; "12;15" and "2-3" are taken at the larger number, "~12" at 12. The height of a
building is its height tag, else 3.2 m for every storey, else unknown. The keys are those of OpenStreetMap, Overture,
Microsoft's footprints, CityJSON and the French and German cadastres.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["STOREY_M", "TALLEST_M", "height_of", "is_part", "no_building", "parse_height", "parse_levels"]

STOREY_M = 3.2
"""Height taken for one storey [m]."""
TALLEST_M = 900.0
"""No building is higher; a larger number is no height in metres [m]."""
_HEIGHT_KEYS = ("height", "height_m", "building:height", "est_height", "measuredheight", "hauteur", "altura", "hoehe",
                "gebaeudehoehe", "bldg_height", "roof_height_m")  # fmt: skip
_LEVEL_KEYS = (
    "building:levels",
    "levels",
    "num_floors",
    "storeysaboveground",
    "nb_etages",
    "floors",
    "building_levels",
)
_NO = (None, "", "no", "none", False, 0, "0", "false")
_OTHER_AREAS = ("landuse", "natural", "leisure", "amenity", "boundary", "place", "waterway", "water", "highway",
                "railway", "area:highway", "aeroway", "power", "barrier", "tourism", "sport")  # fmt: skip
_ROOFS = ("roof", "carport", "canopy")
_FT, _INCH = 0.3048, 0.0254
_ABOUT = re.compile(r"^\s*(?:~|≈|>=?|<=?|ca\.?|circa|about|approx\.?)\s*", re.IGNORECASE)
_FEET = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:'|′|’|ft\.?|feet|foot)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|″|”|''|in)?)?", re.IGNORECASE
)
_METRES = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:m\.?|metres?|meters?|mètres?|meter)?\+?", re.IGNORECASE)


def parse_height(text: object) -> float:
    """Return a height [m] from a tag: 12, "12.5", "12 m", "40 ft", "41'6\\"", "~12", "12;15"; NaN where it is none.

    Of several heights the largest counts. What is not positive, or higher than any building, is none.
    """
    if isinstance(text, bool) or text is None:
        return math.nan
    found = [_one_height(part) for part in _parts(str(text))]
    return max(found) if found and all(math.isfinite(v) for v in found) else math.nan


def parse_levels(text: object) -> float:
    """Return a number of storeys: 3, "2.5", "3;4" and "2-3" (the larger); NaN where it is none."""
    if isinstance(text, bool) or text is None:
        return math.nan
    numbers = [re.fullmatch(r"\s*(-?\d+(?:[.,]\d+)?)\s*", part) for part in _parts(str(text))]
    return max(float(m[1].replace(",", ".")) for m in numbers if m) if numbers and all(numbers) else math.nan


def height_of(tags: Mapping[str, Any], height_column: str | None = None) -> float:
    """Return the height that tags state [m], NaN where they state none.

    Args:
        tags: tags or properties of a polygon.
        height_column: the only key to look at, or None for the usual ones.
    """
    if height_column is not None:
        return parse_height(tags.get(height_column))
    low = {key.lower(): value for key, value in tags.items()}
    stated = [parse_height(low[key]) for key in _HEIGHT_KEYS if key in low]
    storeys = [parse_levels(low[key]) * STOREY_M for key in _LEVEL_KEYS if key in low]
    return next((h for h in [*stated, *storeys] if math.isfinite(h) and 0 < h <= TALLEST_M), math.nan)


def is_part(tags: Mapping[str, Any]) -> bool:
    """Say whether a polygon is a part of a building inside its outline (OpenStreetMap's building:part)."""
    return tags.get("building:part") not in _NO and tags.get("building") in _NO


def no_building(tags: Mapping[str, Any], told: bool) -> str:
    """Return why a polygon is no obstacle on the ground, "" where it is one.

    Args:
        tags: tags or properties of the polygon.
        told: whether the file tells buildings by a `building` property.
    """
    if told and tags.get("building") in _NO and not is_part(tags):
        return "that are no buildings"
    other = next((key for key in _OTHER_AREAS if tags.get(key) not in _NO), None)
    if not told and other is not None and not math.isfinite(height_of(tags)):
        return f"that are {other}={tags[other]}, not buildings"
    if str(tags.get("location", "")).lower() in ("underground", "subway") or tags.get("is_underground") in (
        True,
        "true",
        1,
    ):
        return "that are underground"
    if parse_levels(tags.get("layer")) < 0 or parse_levels(tags.get("level")) < 0:
        return "that are underground"
    if parse_levels(tags.get("building:levels")) == 0 and not math.isfinite(parse_height(tags.get("height"))):
        return "without a storey above ground"
    if str(tags.get("building", "")).lower() in _ROOFS or str(tags.get("building:part", "")).lower() in _ROOFS:
        return "that are roofs, open below"
    above = parse_height(tags.get("min_height")) > 2.0 or parse_levels(tags.get("building:min_level")) >= 1
    return "that begin above the ground" if above and not is_part(tags) else ""  # a part stands on its building


def _parts(text: str) -> list[str]:
    plain = _ABOUT.sub("", text.strip().replace("\u2013", "-"))
    return [p for p in re.split(r"\s*;\s*|(?<=\d)\s*-\s*(?=\d)|(?<=\d)\s*(?:to|bis)\s*(?=\d)", plain) if p.strip()]


def _one_height(text: str) -> float:
    feet = _FEET.fullmatch(text.strip())
    if feet:
        value = float(feet[1]) * _FT + float(feet[2] or 0) * _INCH
    else:
        metres = _METRES.fullmatch(text.strip())
        value = float(metres[1].replace(",", ".")) if metres else math.nan
    return value if 0 < value <= TALLEST_M else math.nan
