"""Heights of buildings in properties of unusual names: "BLDG_HT", "heightroof", "NUMFLOORS", "roof_z" less "ground_z".

Where no building of a file has one of the usual properties (`tags`), the property whose name says height, the pair
whose names say roof and ground, or the one whose name says storeys is taken, and named.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.maps.buildings.tags import STOREY_M, is_usual, parse_height, parse_levels

_UNITS = {"ft": 0.3048, "feet": 0.3048, "cm": 0.01, "dm": 0.1, "mm": 0.001}
_HEIGHT = re.compile(
    r"height|heigh$|hoehe|hohe|höhe|hauteur|altura|altezza|hoogte|wysoko|hgt|bldg_?ht|ht_?(?:m|ft)?$|^ht_|^h$|rel_?h"
)
_ROOF = re.compile(
    r"(?:roof|dak|dach|top|max|toit).*(?:z|elev|h|alt|niveau)|(?:z|elev|h)_?(?:roof|dak|dach|top|max|toit)"
)
_GROUND = re.compile(r"(?:ground|maaiveld|base|terrain|boden|gelaende|sol|min).*(?:z|elev|h|alt|niveau)?$"
                     r"|(?:z|elev|h)_?(?:ground|maaiveld|base|terrain|boden|min|sol)")  # fmt: skip
_STOREYS = re.compile(
    r"stor(?:e?y|ie|ey)s|floors|levels|etagen|étages|etages|geschosse|pisos|plantas|piani|verdiepingen"
)
_ELEVATION = re.compile(r"elev|(?:^|_)z(?:_|$)|roof|dak|dach|h_max|_max")
_NOT_HEIGHT = re.compile(
    r"min|ground|base|eave|terrain|maaiveld|source|accuracy|type|method|conf|date|area|id$|elev|below|under"
)


@dataclass(frozen=True)
class _HeightColumn:
    """Where the heights of a file's buildings stand.

    Attributes:
        height_m: returns a building's height [m] from its tags, NaN where they state none.
        note: what was taken, one sentence.
    """

    height_m: Callable[[Mapping[str, Any]], float]
    note: str


def unusual_heights(buildings: Sequence[Mapping[str, Any]]) -> tuple[NDArray[np.float64], list[str]]:
    """Return the heights of buildings of no usual height property [m], NaN for none, shape (n,), and what was taken.

    Where no name tells, the sentence names the properties that hold numbers.
    """
    nothing = np.full(len(buildings), np.nan)
    names = Counter(
        str(name) for tags in buildings for name, value in tags.items()
        if _is_number(value) and not is_usual(str(name))
    )  # fmt: skip
    found = _find_heights(names)
    heights = nothing if found is None else np.array([found.height_m(tags) for tags in buildings])
    if found is not None and np.isfinite(heights).any():
        return heights, [found.note]
    elevations = [name for name in names if _ELEVATION.search(name.lower())]
    if not elevations:
        return nothing, []
    shown = ", ".join(map(repr, elevations[:6]))
    return nothing, [
        f"no building states its height; {shown} look like elevations: height above ground is that of the roof less"
        " that of the ground"
    ]


def _find_heights(names: Mapping[str, int]) -> _HeightColumn | None:
    """Return where buildings state their height, by the properties that hold numbers and how often; None for none."""
    heights = [n for n in names if _HEIGHT.search(n.lower()) and not _NOT_HEIGHT.search(n.lower())]
    if heights:
        best = max(heights, key=lambda n: (names[n], "max" in n.lower() or "roof" in n.lower()))
        scale = _scale_of(best)
        unit = "" if scale == 1.0 else f", in units of {scale:g} m"
        return _HeightColumn(
            lambda tags: parse_height(tags.get(best)) if scale == 1.0 else _number(tags.get(best)) * scale,
            f"heights were taken from the property {best!r}{unit}",
        )
    pair = _roof_and_ground(names)
    if pair is not None:
        roof, ground = pair
        return _HeightColumn(lambda tags: _positive(_number(tags.get(roof)) - _number(tags.get(ground))),
                            f"heights were taken as the property {roof!r} less {ground!r}")  # fmt: skip
    storeys = [n for n in names if _STOREYS.search(n.lower()) and not re.search(r"below|under|unter|base", n.lower())]
    if storeys:
        best = max(storeys, key=lambda n: names[n])
        return _HeightColumn(lambda tags: _positive(parse_levels(tags.get(best)) * STOREY_M),
                            f"storeys were taken from the property {best!r}, {STOREY_M:g} m each")  # fmt: skip
    return None


def _roof_and_ground(names: Mapping[str, int]) -> tuple[str, str] | None:
    """Return the two properties that say the elevation of roof and ground and differ in that word alone."""
    roofs = [n for n in names if _ROOF.search(n.lower())]
    grounds = [n for n in names if _GROUND.search(n.lower()) and n not in roofs]
    return (roofs[0], grounds[0]) if roofs and len(grounds) == 1 else None


def _scale_of(name: str) -> float:
    unit = re.search(r"[_ (\[](ft|feet|cm|dm|mm)[)\]]?$", name.lower())
    return _UNITS[unit[1]] if unit else 1.0


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and (math.isfinite(_number(value)) or math.isfinite(parse_height(value)))


def _number(value: object) -> float:
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        return math.nan


def _positive(value: float) -> float:
    return value if value > 0 else math.nan
