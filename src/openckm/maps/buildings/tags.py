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

STOREY_M = 3.2
"""Height taken for one storey [m]."""
TALLEST_M = 900.0
"""No building is higher; a larger number is no height in metres [m]."""
_HEIGHT_KEYS = ("height", "height_m", "building:height", "est_height", "measuredheight", "hauteur", "altura", "hoehe",
                "gebaeudehoehe", "bldg_height", "roof_height_m", "building_h")  # fmt: skip
_LEVEL_KEYS = (
    "building:levels",
    "levels",
    "num_floors",
    "storeysaboveground",
    "nb_etages",
    "floors",
    "building_levels",
    "building_l",  # as a Shapefile cuts building:levels
    "anzahlderoberirdischengeschosse",
    "aog",
)
_NO = (None, "", "no", "none", False, 0, "0", "false")
_OTHER_AREAS = ("landuse", "natural", "leisure", "amenity", "boundary", "place", "waterway", "water", "highway",
                "railway", "area:highway", "aeroway", "power", "barrier", "tourism", "sport")  # fmt: skip
_GONE = ("demolished", "razed", "planned", "proposed", "abgerissen", "geplant")
_ROOFS = ("roof", "carport", "canopy")
_FT, _INCH = 0.3048, 0.0254
_DOOR_M = 2.0
"""A building that begins higher stands on nothing a phone would meet [m]."""
_ABOUT = re.compile(r"^\s*(?:~|≈|>=?|<=?|ca\.?|circa|about|approx\.?|h\s*=)\s*|\s*\([^)]*\)\s*$", re.IGNORECASE)
_FEET = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:'|′|’|ft\.?|feet|foot)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|″|”|''|in)?)?", re.IGNORECASE
)
_METRES = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:m\.?|metres?|meters?|mètres?|meter|metros?|metri)?\+?", re.IGNORECASE)
_STOREYS = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:storeys?|stor(?:y|ies)|floors?|levels?|geschosse?|étages?|etages?|pisos?|plantas?)", re.I
)
_GROUND_PLUS = re.compile(r"(?:g|eg|r|rdc|gf|pb)\s*\+\s*(\d+)", re.IGNORECASE)  # ground floor and so many above
_ROMAN = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
    "XI": 11,
    "XII": 12,
}
_PAIR_OF_TAGS = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')


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
    found = [_one_level(part) for part in _parts(str(text))]
    return max(found) if found and all(math.isfinite(v) for v in found) else math.nan


def _one_level(text: str) -> float:
    """Return one number of storeys: "3", "3 floors", "G+2", "III", "2+1" (an attic counts); NaN where it is none."""
    plain = text.strip()
    above = _GROUND_PLUS.fullmatch(plain)
    if above:
        return 1.0 + float(above[1])
    if plain.upper() in _ROMAN:
        return float(_ROMAN[plain.upper()])
    attic = re.fullmatch(r"(\d+)\s*\+\s*(?:(\d+)|dg|d|attic|roof|comble)", plain, re.IGNORECASE)
    if attic:
        return float(attic[1]) + float(attic[2] or 1)
    number = re.fullmatch(r"(-?\d+(?:[.,]\d+)?)", plain) or _STOREYS.fullmatch(plain)
    return float(number[1].replace(",", ".")) if number else math.nan


def all_tags(tags: Mapping[str, Any]) -> dict[str, Any]:
    """Return tags with names in small letters, and with what GDAL put into `other_tags` ("layer"=>"-1")."""
    low = {str(key).lower(): value for key, value in tags.items()}
    packed = low.get("other_tags")
    more = dict(_PAIR_OF_TAGS.findall(packed)) if isinstance(packed, str) else {}
    return {**more, **{key: value for key, value in low.items() if value is not None or key not in more}}


def is_usual(name: str) -> bool:
    """Say whether a property is one of those in which heights and storeys are looked for first."""
    return name.lower() in (*_HEIGHT_KEYS, *_LEVEL_KEYS)


def unread_height(tags: Mapping[str, Any]) -> str:
    """Return what a polygon says of its height that cannot be read, "" where it says nothing or is understood."""
    if math.isfinite(height_of(tags)):
        return ""
    low = all_tags(tags)
    said = [str(low[key]) for key in (*_HEIGHT_KEYS, *_LEVEL_KEYS) if low.get(key) not in _NO]
    empty = ("nan", "-1", "-1.0", "0.0", "unknown", "null", "n/a")
    return next((text for text in said if text.strip().lower() not in empty), "")


def height_of(tags: Mapping[str, Any], height_column: str | None = None) -> float:
    """Return the height that tags state [m], NaN where they state none.

    Args:
        tags: tags or properties of a polygon.
        height_column: the only key to look at, or None for the usual ones.
    """
    if height_column is not None:
        return parse_height(tags.get(height_column))
    low = all_tags(tags)
    stated = [parse_height(low[key]) for key in _HEIGHT_KEYS if key in low]
    stated += [_one_level(str(low[k])) * STOREY_M for k in _HEIGHT_KEYS if k in low and _STOREYS.fullmatch(str(low[k]))]
    storeys = [parse_levels(low[key]) * STOREY_M for key in _LEVEL_KEYS if key in low]
    return next((h for h in [*stated, *storeys] if math.isfinite(h) and 0 < h <= TALLEST_M), math.nan)


def is_part(tags: Mapping[str, Any]) -> bool:
    """Say whether a polygon is a part of a building inside its outline (OpenStreetMap's building:part)."""
    low = all_tags(tags)
    return low.get("building:part") not in _NO and low.get("building") in _NO


def floats(tags: Mapping[str, Any]) -> bool:
    """Say whether a polygon begins above the ground: a part that counts only where a building stands below it."""
    low = all_tags(tags)
    return parse_height(low.get("min_height")) > _DOOR_M or any(
        parse_levels(low.get(key)) >= 1 for key in ("building:min_level", "min_level", "min_floor")
    )


def no_building(tags: Mapping[str, Any], tagged: bool) -> str:
    """Return why a polygon is no obstacle on the ground, "" where it is one.

    Args:
        tags: tags or properties of the polygon.
        tagged: whether the file marks buildings by a `building` property.
    """
    tags = all_tags(tags)
    if tagged and tags.get("building") in _NO and not is_part(tags):
        return "that are no buildings"
    if not tagged and tags.get("fclass") not in (*_NO, "building"):  # as Geofabrik names what a polygon is
        return f"that are {tags['fclass']}, not buildings"
    other = next((key for key in _OTHER_AREAS if tags.get(key) not in _NO), None)
    never = other in ("natural", "landuse", "water", "waterway", "highway", "area:highway")
    if not tagged and other is not None and (never or not math.isfinite(height_of(tags))):
        return f"that are {other}={tags[other]}, not buildings"
    gone = next((str(tags[key]) for key in ("status", "building", "state") if str(tags.get(key)).lower() in _GONE), "")
    if gone:
        return f"that are {gone}"
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
    if any(str(tags.get(key, "")).lower() in _ROOFS for key in ("building", "building:part", "class", "type")):
        return "that are roofs, open below"
    return "that begin above the ground" if floats(tags) and not is_part(tags) else ""  # a part stands on its building


def _parts(text: str) -> list[str]:
    plain = _ABOUT.sub("", text.strip().replace("\u2013", "-"))
    between = r"\s*;\s*|(?<=[\dm])\s*-\s*(?=\d)|(?<=[\dm])\s*(?:to|bis)\s*(?=\d)"
    return [p for p in re.split(between, plain) if p.strip()]


def _one_height(text: str) -> float:
    feet = _FEET.fullmatch(text.strip())
    if feet:
        value = float(feet[1]) * _FT + float(feet[2] or 0) * _INCH
    else:
        metres = None if re.search(r"\d,\d{3}\D*$", text) else _METRES.fullmatch(text.strip())  # 1,200: or 1200?
        value = float(metres[1].replace(",", ".")) if metres else math.nan
    return value if 0 < value <= TALLEST_M else math.nan
