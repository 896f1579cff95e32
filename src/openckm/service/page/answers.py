"""The page's routes parse bodies here, and answer with plain JSON, pictures and contours of maps."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from openckm.atlas.areas import contours
from openckm.atlas.view import MapView
from openckm.errors import OptionError
from openckm.maps.png import render_png
from openckm.maps.provenance import dump_provenance
from openckm.maps.radiomap import RadioMap
from openckm.service.wire import failure

_MOST_LEVELS = 60
_Model = TypeVar("_Model", bound=BaseModel)


def plain(document: Any) -> JSONResponse:
    """Return a document as JSON in which what is not finite is null."""
    return JSONResponse(json.loads(dump_provenance(document), parse_constant=lambda _: None))


def parsed(model: type[_Model], content: bytes) -> _Model:
    """Return a request; raises the failure 422 that names the first thing that is wrong with it."""
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])[:80] or "the whole"
        raise failure(422, "invalid", f"{name}: {first['msg'][:200]}") from error


def contours_of(made: RadioMap | MapView, step: float) -> dict[str, Any]:
    """Return the lines of a map's mean at every multiple of a step [dB], as GeoJSON.

    Raises:
        OptionError: if that would be more than 60 levels.
    """
    view = MapView.of(made)
    rows, cols = (slice(0, n) for n in view.grid.shape)
    valid = view.window("valid", rows, cols).astype(bool)
    mean = view.window("mean", rows, cols)[valid]
    first, last = (math.ceil(mean.min() / step), math.floor(mean.max() / step)) if mean.size else (0, -1)
    if last - first >= _MOST_LEVELS:
        raise OptionError(f"a step of {step:g} dB makes {last - first + 1} lines: give a step of which there are fewer")
    return contours(view, [k * step for k in range(first, last + 1)])


def picture_of(radiomap: RadioMap, layer: str) -> bytes:
    """Return a map's layer as a PNG with axes, colour bar and scale bar, for browsers that draw none themselves."""
    return render_png(radiomap, layer=layer)
