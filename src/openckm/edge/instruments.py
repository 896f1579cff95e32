"""A file holds evidence of any instrument: a likelihood as JSON (`openckm.observe.spec`), or areas as GeoJSON.

    {"type": "gaussian", "operator": {...}, "y": [...], "sigma": 2, "unit": "physical"}        as the node takes it
    {"type": "FeatureCollection", "features": [{"geometry": a polygon in degrees,
                                                "properties": {"value": -97.5, "sigma": 2}}]}   averages of power

Readings with "unit": "physical" are in the unit of the map: dBm where the drive test is, else dB.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import InputError, OpenCKMError
from openckm.maps.grid import Grid
from openckm.maps.observations import AreaReading
from openckm.observe.areas import areas_likelihood
from openckm.observe.likelihood import Likelihood
from openckm.observe.operators import map_domain
from openckm.observe.spec import likelihood_from_spec

_LARGEST = 32 * 2**20


def read_instruments(path: str | os.PathLike[str], grid: Grid) -> Likelihood:
    """Return the likelihood that a file describes, on maps of all channels in latent code.

    Args:
        path: JSON file.
        grid: the map's cells.

    Raises:
        InputError: if the file cannot be read or used; the message names it.
    """
    spec = _json(Path(path))
    try:
        if isinstance(spec, dict) and spec.get("type") == "FeatureCollection":
            return areas_likelihood([_area(one, k, grid) for k, one in enumerate(spec.get("features") or [])], grid)
        return likelihood_from_spec(spec, map_domain(grid.shape))
    except OpenCKMError as error:
        raise InputError(f"{path}: {error}") from error


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} holds {path.stat().st_size} bytes of evidence, at most {_LARGEST} are read")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: cannot be read as JSON ({error}); wanted a likelihood or areas as GeoJSON"
        ) from error


def _area(feature: Any, number: int, grid: Grid) -> AreaReading:
    """One polygon with its reading."""
    try:
        geometry, properties = feature["geometry"], feature["properties"]
        if geometry["type"] != "Polygon":
            raise InputError(f"feature {number} is a {geometry['type']}: wanted a Polygon")
        ring = np.asarray(geometry["coordinates"][0], np.float64)[:, :2]
        value, sigma = float(properties["value"]), float(properties["sigma"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"feature {number} lacks something ({error}): wanted a Polygon with the properties value and sigma"
        ) from error
    x, y = (ring[:, 0], ring[:, 1]) if grid.crs is None else grid.from_lonlat(ring[:, 0], ring[:, 1])
    return AreaReading("gain_db", np.stack([x, y], 1), value, sigma)
