"""A kept map keeps its layout: buildings, streets and water, for its line of sight and what lies under it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

from openckm.atlas import Entry
from openckm.errors import InputError
from openckm.maps.buildings.kept import KEPT_LAYOUT, decode_layout, encode_layout
from openckm.maps.site import Layout
from openckm.service.map_shelf import MapShelf
from openckm.service.wire import failure

EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}
"""A collection without features."""
_GROUND = "ground.json.gz"
_NO_LAYOUT = (
    "this map was kept without a building layout, so that lines of sight are not known: make it with a layout on the"
    " page and keep it again, or add it by `ckm maps add --layout FILE`"
)


def layout_files(layout: Layout | None, ground: Mapping[str, Any] | None) -> dict[str, bytes]:
    """Return the files that keep a layout, and the streets and water of its file, beside a map; none without one.

    Raises:
        LayoutError: if the layout is too large to be kept.
    """
    if layout is None:
        return {}
    files = {KEPT_LAYOUT: encode_layout(layout)}
    if ground and ground.get("features"):
        files[_GROUND] = gzip.compress(json.dumps(ground).encode(), 6)
    return files


def kept_check(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a kept map says of its self-check, as a city's maps do: scores alone, and no reading."""
    check = document.get("check")
    if check is None:
        return None
    return {"verdict": check["verdict"], "held_back": check["held"], "scores": check["scores"]}


def shown_check(provenance: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the self-check of a kept map as the page shows it, None where none was made or kept."""
    check = provenance.get("self_check")
    if not isinstance(check, Mapping) or "scores" not in check:
        return None
    return {
        "verdict": check["verdict"], "status": provenance.get("status", "unchecked"), "held": check["held_back"],
        "scores": check["scores"], "reasons": list(provenance.get("refused_because", [])),
    }  # fmt: skip


def kept_layout(shelf: MapShelf, entry: Entry) -> Layout:
    """Return the layout of a kept map.

    Raises:
        HTTPException: 404 if it was kept without one.
        LayoutError: if its file is damaged.
    """
    content = shelf.store.file(entry, KEPT_LAYOUT)
    if content is None:
        raise failure(404, "not_found", _NO_LAYOUT)
    return decode_layout(content, entry.grid)


def kept_ground(shelf: MapShelf, entry: Entry) -> dict[str, Any]:
    """Return streets and water of a kept map's layout as GeoJSON; empty where none was kept.

    Raises:
        InputError: if the file is damaged.
    """
    content = shelf.store.file(entry, _GROUND)
    if content is None:
        return EMPTY
    try:
        found: dict[str, Any] = json.loads(gzip.decompress(content))
    except (OSError, EOFError, ValueError) as error:
        raise InputError(
            f"the streets that were kept with {entry.name} are damaged ({error}): keep it again"
        ) from error
    return found


def layout_facts(shelf: MapShelf, entry: Entry) -> dict[str, Any]:
    """Return whether a kept map has a layout, and why it has none."""
    has = (shelf.store.path(entry) / KEPT_LAYOUT).is_file()
    return {"layout": has, **({} if has else {"no_layout": _NO_LAYOUT})}
