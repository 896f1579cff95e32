"""Readers of published data sets, opened by name; each is loaded when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from importlib import import_module
from typing import Any

from openckm.data.readers.base import MapDataset as MapDataset
from openckm.errors import OptionError

__all__ = ["dataset_names", "open_dataset"]


@dataclass(frozen=True)
class DatasetEntry:
    """Where a reader lives.

    Attributes:
        module: module of the reader.
        reader: name of its class, made from a folder and options.
        options: name of the dataclass of its options.
        licence: what may be done with the data, in a line.
    """

    module: str
    reader: str
    options: str
    licence: str


DATASETS: Mapping[str, DatasetEntry] = {
    "ckmimagenet": DatasetEntry(
        "ckmimagenet", "CkmImageNet", "CkmImageNetOptions", "unclear: none stated, MIT on a later copy"
    ),
    "radiomapseer": DatasetEntry("radiomapseer", "RadioMapSeer", "RadioMapSeerOptions", "none stated: evaluation only"),
    "radiomap3dseer": DatasetEntry(
        "radiomap3dseer", "RadioMap3DSeer", "RadioMap3DSeerOptions", "none stated: evaluation only"
    ),
    "urbanradio3d": DatasetEntry("urbanradio3d", "UrbanRadio3D", "UrbanRadio3DOptions", "MIT"),
    "bratlab": DatasetEntry("bratlab", "Bratlab", "BratlabOptions", "MIT, one carrier states none: evaluation only"),
}  # fmt: skip
"""The data sets by name."""


def dataset_names() -> tuple[str, ...]:
    """Return the names of all data sets."""
    return tuple(DATASETS)


def open_dataset(name: str, folder: str | os.PathLike[str], **options: Any) -> MapDataset[Any, Any]:
    """Open a published data set: files are listed now, and decoded when a record is asked for.

    Args:
        name: one of `dataset_names()`.
        folder: the folder in which the data set was unpacked.
        options: fields of the reader's options, e.g. `scale=GreyScale(-147.0, 99.16)`, `cell_m=1.0`, `split="test"`.

    Raises:
        OptionError: if the name or an option is unknown, or an option that has no default is not given.
        InputError: if a folder or file is missing or misnamed.
    """
    if name not in DATASETS:
        raise OptionError(f"unknown data set {name!r}: wanted one of {', '.join(DATASETS)}")
    entry = DATASETS[name]
    module = import_module(f"openckm.data.readers.{entry.module}")
    kind = getattr(module, entry.options)
    known = {f.name for f in fields(kind)}
    wanted = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    for problem, names in (("unknown", options.keys() - known), ("missing", wanted - options.keys())):
        if names:
            listed, takes = (", ".join(sorted(group)) for group in (names, known))
            raise OptionError(f"{name}: {problem} options {listed}; it takes {takes}")
    reader: MapDataset[Any, Any] = getattr(module, entry.reader)(folder, kind(**options))
    return reader
