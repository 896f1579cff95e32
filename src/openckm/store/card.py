"""The model card: what a weight file is, what it was trained on, what it may be asked, and its checksum."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from openckm.errors import ModelError
from openckm.store.lineage import Lineage

SCHEMA = 2
"""Newest layout of cards: 1, and 2 for those that state a lineage, so that older programs still read the others."""
_OPTIONAL = {"lineage", "schema"}
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class ModelCard:
    """What is known of a published model. Unknown keys are refused when a card is read.

    A card without a lineage has schema 1 and no key of that name.

    Attributes:
        name: model name.
        version: semantic version of the weights.
        architecture: class and sizes, enough to build the network.
        channels: names of the map channels, in order.
        ranges: physical range of each channel [its unit].
        cell_m: range of cell sizes it was trained on [m].
        carrier_hz: range of carriers [Hz].
        grid_multiple: map sides must be divisible by this many cells.
        training_data: what it was trained on, with counts.
        recipe: file under `train/` that made it, with steps and minutes.
        metrics: measured scores by name.
        licence: the licence of the weights.
        credits: who must be credited.
        sha256: checksum of the weight file (hexadecimal).
        lineage: how a refreshed model came from its parent, or None.
        schema: version of this card's layout; it follows from the lineage where it is left out.
    """

    name: str
    version: str
    architecture: dict[str, Any]
    channels: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]
    cell_m: tuple[float, float]
    carrier_hz: tuple[float, float]
    grid_multiple: int
    training_data: str
    recipe: str
    metrics: dict[str, float]
    licence: str
    credits: str
    sha256: str
    lineage: Lineage | None = None
    schema: int = field(default=0)

    def __post_init__(self) -> None:
        if not _VERSION.fullmatch(self.version):
            raise ModelError(f"model card {self.name!r}: version {self.version!r} is not of the form 1.2.3")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ModelError(f"model card {self.name!r}: sha256 must be 64 hexadecimal digits")
        wanted = 1 if self.lineage is None else 2
        if self.schema == 0:
            object.__setattr__(self, "schema", wanted)
        if self.schema != wanted:
            raise ModelError(
                f"model card {self.name!r} has schema {self.schema} {'with' if self.lineage else 'without'} a lineage,"
                f" wanted {wanted}"
            )

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read a card.

        Raises:
            ModelError: if the file is missing, is not JSON, has unknown or missing keys, or a value that cannot be.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise ModelError(
                f"{path}: no model card there; give the folder of a model, or reinstall OpenCKM"
            ) from error
        except OSError as error:
            raise ModelError(f"{path}: not a readable model card ({error}); fetch it again") from error
        return cls.from_json(content, str(path))

    @classmethod
    def from_json(cls, content: bytes, path: str) -> ModelCard:
        """Read a card from its text; `path` says in errors where that came from.

        Raises:
            ModelError: if it is not JSON, has unknown or missing keys, or a value that cannot be.
        """
        try:
            raw = json.loads(content.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path}: not a readable model card ({error}); fetch it again") from error
        known = {f.name for f in fields(cls)}
        keys = set(raw) if isinstance(raw, dict) else set()
        missing = known - _OPTIONAL - keys
        schema = raw.get("schema", 1) if isinstance(raw, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            raise ModelError(
                f"{path}: the card has schema {schema}, this program reads schemas 1 to {SCHEMA}: update OpenCKM, or"
                " choose another model"
            )
        if not isinstance(raw, dict) or keys - known or missing:
            raise ModelError(
                f"{path}: unknown keys {sorted(keys - known)}, missing keys {sorted(missing)};"
                " the card does not fit this version of OpenCKM: update it, or choose another model"
            )
        try:
            for key in ("channels", "cell_m", "carrier_hz"):
                raw[key] = tuple(raw[key])
            raw["ranges"] = {name: tuple(pair) for name, pair in raw["ranges"].items()}
            if raw.get("lineage") is not None:
                raw["lineage"] = Lineage.from_raw(raw["lineage"])
            return cls(**raw)
        except ModelError as error:
            raise ModelError(f"{path}: {error}; fetch the model again") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{path}: a value of the wrong type ({error}); fetch the model again") from error

    def to_json(self) -> str:
        """Return the card as JSON text with a newline at the end."""
        content = asdict(self)
        if self.lineage is None:
            del content["lineage"]
        return json.dumps(content, indent=2, sort_keys=True) + "\n"
