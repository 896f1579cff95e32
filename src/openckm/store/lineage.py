"""Where a refreshed model comes from, and what its gate found: the part of a model card that says so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import Any

from openckm.errors import ModelError


@dataclass(frozen=True)
class Lineage:
    """How a model was made from the one before it.

    Attributes:
        parent: version of the model it goes on from.
        parent_sha256: checksum of the parent's weight file (hexadecimal).
        regions: regions that it was refreshed on.
        replayed: regions whose maps were replayed, so that they are not forgotten.
        samples: training samples seen since the parent.
        weight: the share of the way between the parent (0) and the trained weights (1).
        suite: digest of the suite that its gate used (hexadecimal).
        gate: score of the model over the parent's by "region/score"; less than 1 is better.

    Raises:
        ModelError: if a value cannot be.
    """

    parent: str
    parent_sha256: str
    regions: tuple[str, ...]
    replayed: tuple[str, ...]
    samples: int
    weight: float
    suite: str
    gate: dict[str, float]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d+\.\d+\.\d+", self.parent):
            raise ModelError(f"lineage: parent version {self.parent!r} is not of the form 1.2.3")
        for name in ("parent_sha256", "suite"):
            if not re.fullmatch(r"[0-9a-f]{64}", getattr(self, name)):
                raise ModelError(f"lineage: {name} must be 64 hexadecimal digits")
        named = (*self.regions, *self.replayed, *self.gate)
        if not self.regions or not all(isinstance(name, str) and name for name in named):
            raise ModelError("lineage: regions and scores must be named, and there must be a region")
        if type(self.samples) is not int or self.samples < 0 or not 0.0 <= self.weight <= 1.0:
            raise ModelError(f"lineage: {self.samples} samples, weight {self.weight}: wanted a count and a share")
        if not all(math.isfinite(value) and value >= 0 for value in self.gate.values()):
            raise ModelError("lineage: a score of the gate is not a ratio")

    @classmethod
    def from_raw(cls, raw: Any) -> Lineage:
        """Return the lineage that a card's JSON holds.

        Raises:
            ModelError: if keys are unknown or missing, or a value cannot be.
            TypeError: if a value is of the wrong type.
        """
        known = {f.name for f in fields(cls)}
        if not isinstance(raw, dict) or set(raw) != known:
            keys = set(raw) if isinstance(raw, dict) else set()
            raise ModelError(f"lineage: unknown keys {sorted(keys - known)}, missing keys {sorted(known - keys)}")
        return cls(**{**raw, "regions": tuple(raw["regions"]), "replayed": tuple(raw["replayed"])})
