"""The provenance of a map as JSON text, and back: how files of maps say where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import InputError


def dump_provenance(provenance: Mapping[str, Any]) -> str:
    """Return provenance as JSON with sorted keys; numpy numbers and arrays, paths, sets and tuples become plain.

    Raises:
        InputError: naming the key whose value JSON cannot hold.
    """
    for key, value in provenance.items():
        try:
            json.dumps(value, default=_plain)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"provenance key {key!r} holds a {type(value).__name__} that JSON cannot hold ({error}); keep numbers,"
                " text, lists and dicts there"
            ) from error
    return json.dumps(dict(provenance), default=_plain, sort_keys=True, ensure_ascii=False)


def load_provenance(text: str, where: str) -> dict[str, Any]:
    """Return the provenance of JSON text that `where` (a file) holds.

    Raises:
        InputError: if the text is not a JSON object.
    """
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: its provenance is not JSON ({error}); write the map again") from error
    if not isinstance(loaded, dict):
        raise InputError(f"{where}: its provenance is a {type(loaded).__name__}, wanted a JSON object")
    return loaded


def _plain(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")
