"""The split into training, validation and test sets: by city, fixed once.

No map of a test city is ever seen in training; procedural cities are split by their seeds.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from openckm.errors import OptionError

__all__ = ["SPLIT_SHA256", "Split", "seed_range", "split_digest", "split_of"]

Split = Literal["train", "validation", "test"]
TEST_CITIES = ("rotterdam", "san_francisco")
VALIDATION_CITIES = ("florence",)
TRAIN_CITIES = (
    "den_haag", "duke", "espoo", "etoile", "helsinki", "los_angeles_1", "los_angeles_2", "los_angeles_3", "munich",
    "zurich",
)  # fmt: skip
SEEDS: dict[Split, tuple[int, int]] = {
    "train": (0, 10**12),
    "validation": (10**12, 2 * 10**12),
    "test": (2 * 10**12, 3 * 10**12),
}
"""Seeds of procedural cities: first, and first beyond."""
SPLIT_SHA256 = "120682f6788ec5b5640e8e17c8dd4264b8cf705eebacdb7d8545db784197d6e8"
"""Fingerprint of the split; a test compares it, so that the split does not change unnoticed.

Changed once since the first release: three neighbourhoods of Los Angeles joined the training set. No city moved.
"""


def split_of(city_name: str, procedural_seed: int | None = None) -> Split:
    """Return the set a city belongs to.

    Args:
        city_name: a real city, 'own-...' (a user's, always training), or 'procedural...' with its seed.
        procedural_seed: seed of a procedural city.

    Raises:
        OptionError: for an unknown city, or a procedural one without a seed in range.
    """
    if city_name.startswith("procedural"):
        for split, (first, beyond) in SEEDS.items():
            if procedural_seed is not None and first <= procedural_seed < beyond:
                return split
        last = 3 * 10**12 - 1
        raise OptionError(f"procedural seed {procedural_seed} is in no set; seeds run from 0 to {last}")
    if city_name.startswith("own-"):
        return "train"
    members: dict[Split, tuple[str, ...]] = {
        "train": TRAIN_CITIES,
        "validation": VALIDATION_CITIES,
        "test": TEST_CITIES,
    }
    for split, cities in members.items():
        if city_name in cities:
            return split
    raise OptionError(f"city {city_name!r} is in no set; add it to openckm.data.split before it is traced")


def seed_range(split: Split) -> tuple[int, int]:
    """Return the first procedural seed of a set and the first beyond it."""
    return SEEDS[split]


def split_digest() -> str:
    """Return the SHA-256 of the split, as hexadecimal digits."""
    content = {"test": TEST_CITIES, "validation": VALIDATION_CITIES, "train": TRAIN_CITIES, "seeds": SEEDS}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
