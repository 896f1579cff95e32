"""The model card: what a weight file is, what it was trained on, what it may be asked, and its checksum."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from openckm.errors import ModelError

__all__ = ["SCHEMA", "ModelCard"]

SCHEMA = 1
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class ModelCard:
    """What is known of a published model. Unknown keys are refused when a card is read.

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
        licence: of the weights.
        credits: who must be credited.
        sha256: checksum of the weight file (hexadecimal).
        schema: version of this card's layout.
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
    schema: int = field(default=SCHEMA)

    def __post_init__(self) -> None:
        if not _VERSION.fullmatch(self.version):
            raise ModelError(f"model card {self.name!r}: version {self.version!r} is not of the form 1.2.3")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ModelError(f"model card {self.name!r}: sha256 must be 64 hexadecimal digits")
        if self.schema != SCHEMA:
            raise ModelError(
                f"model card {self.name!r} has schema {self.schema}, this program reads schema {SCHEMA}: update OpenCKM"
            )

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read a card.

        Raises:
            ModelError: if the file is missing, is not JSON, has unknown or missing keys, or a value that cannot be.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ModelError(
                f"{path}: no model card there; give the folder of a model, or reinstall OpenCKM"
            ) from error
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: not a readable model card ({error}); fetch it again") from error
        known = {f.name for f in fields(cls)}
        if not isinstance(raw, dict) or set(raw) - known or (known - {"schema"}) - set(raw):
            keys = set(raw) if isinstance(raw, dict) else set()
            raise ModelError(
                f"{path}: unknown keys {sorted(keys - known)}, missing keys {sorted(known - {'schema'} - keys)};"
                " the card does not fit this version of OpenCKM: update it, or choose another model"
            )
        try:
            for key in ("channels", "cell_m", "carrier_hz"):
                raw[key] = tuple(raw[key])
            raw["ranges"] = {name: tuple(pair) for name, pair in raw["ranges"].items()}
            return cls(**raw)
        except ModelError as error:
            raise ModelError(f"{path}: {error}; fetch the model again") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{path}: a value of the wrong type ({error}); fetch the model again") from error

    def to_json(self) -> str:
        """Return the card as JSON text with a newline at the end."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"
