"""Building outlines in tables of text: a column of WKT beside others, as Google and many offices publish them."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openckm.errors import LayoutError
from openckm.maps.buildings.json_files import read_json
from openckm.maps.buildings.outlines import Footprints, Polygon, footprints_of, polygon_of
from openckm.maps.tables.roles import plain

if TYPE_CHECKING:
    import pandas as pd

_NAMES = ("geometry", "wkt", "geom", "thegeom", "wktgeom", "wktgeometry", "polygon", "footprint", "shape")
_UNSURE = 0.65
"""Google's own threshold of the confidence below which an outline may be none of a building."""


def read_csv(path: Path, height_column: str | None) -> Footprints:
    """Read the outlines of a table, in degrees; a file of this name that holds a feature a line is read as that.

    Raises:
        LayoutError: if it cannot be read, or has no column of outlines.
    """
    import pandas as pd

    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            lines = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        if lines:
            return read_json(path, height_column)
        table = pd.read_csv(path)
    except (OSError, EOFError, ValueError) as error:
        raise LayoutError(f"cannot read {path} as a table of outlines: {error}; export the layout again") from error
    place = next((str(name) for name in table.columns if plain(str(name)) in _NAMES), None)
    if place is None:
        raise LayoutError(
            f"{path} has no column of outlines as WKT; it has {', '.join(map(str, table.columns))}: call it geometry"
        )
    found = footprints_of(_polygons(table, place, path), "EPSG:4326", str(path), height_column)
    unsure = int((table["confidence"] < _UNSURE).sum()) if "confidence" in table else 0
    note = f"{unsure} of {len(table)} outlines state a confidence below {_UNSURE:g}, and were taken all the same"
    return replace(found, notes=(note, *found.notes)) if unsure else found


def _polygons(table: pd.DataFrame, place: str, path: Path) -> list[Polygon]:
    import pandas as pd
    import shapely

    rows, found = table.drop(columns=place).to_dict("records"), []
    for i, (text, row) in enumerate(zip(table[place], rows, strict=True)):
        shape = shapely.from_wkt(str(text), on_invalid="ignore")
        if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise LayoutError(
                f"{path}, row {i + 1}: {place!r} holds {str(text)[:40]!r}, wanted POLYGON or MULTIPOLYGON as WKT"
            )
        found.append(polygon_of(shape, {str(k): v for k, v in row.items() if pd.notna(v)}))
    return found
