"""The split into training, validation and test sets: by city, fixed once.

No map of a test city is ever seen in training; procedural cities are split by their seeds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Literal

from openckm.errors import OptionError

Split = Literal["train", "validation", "test"]
FIRST_TEST_CITIES = ("rotterdam", "san_francisco")
"""The test cities of the first releases; results on them stay rows of their own, so that versions can be compared."""
TEST_CITIES = (
    *FIRST_TEST_CITIES, "chisinau_botanica", "cuenca", "heidelberg", "higashimurayama", "kathmandu", "nairobi",
    "new_york", "san_rafael",
)  # fmt: skip
VALIDATION_CITIES = ("florence", "krems", "odesa")
HELD_OUT = (*TEST_CITIES, *VALIDATION_CITIES)
"""Cities that no training run sees, and that `own-NAME` may not bring back in."""
NEIGHBOURS = ("chisinau", "kryzhanivka")
"""Places so close to a held-out city that they are left out of training, too."""
OWN = "own-"
TRAIN_CITIES = (
    "ankara", "appleton", "astana", "baltimore", "brumadinho", "chengdu_xipu", "chennai", "cotonou", "den_haag",
    "dortmund", "duke", "espoo", "essen", "etoile", "frederiksted", "granada_1", "granada_2", "helsinki", "highspire",
    "karlsruhe", "kotka", "lima", "lisbon", "london_lambeth", "los_angeles_1", "los_angeles_2", "los_angeles_3",
    "lucknow", "milan_bicocca", "monaco", "moscow_ostankino", "munich", "neudrossenfeld", "paris_pigalle",
    "philadelphia", "pretoria", "providence", "ruggell", "suwon", "triesenberg", "uummannaq", "vaduz", "washington",
    "zurich",
)  # fmt: skip
SEEDS: dict[Split, tuple[int, int]] = {
    "train": (0, 10**12),
    "validation": (10**12, 2 * 10**12),
    "test": (2 * 10**12, 3 * 10**12),
}
"""Seeds of procedural cities: first, and first beyond."""
SPLIT_SHA256 = "48b7cf8933784156054f79bb16150111a775f55cc4d26c1e97c2bcb7d8b8c9d1"
"""Fingerprint of the split; a test compares it, so that the split does not change unnoticed.

Changed three times since the first release: three neighbourhoods of Los Angeles joined the training set, then eight
cities the test set and two the validation set, then 34 towns the training set. No city moved.
"""


def split_of(city_name: str, procedural_seed: int | None = None) -> Split:
    """Return the set a city belongs to.

    Args:
        city_name: a real city, 'own-...' (a user's, always training), or 'procedural...' with its seed.
        procedural_seed: seed of a procedural city.

    Raises:
        OptionError: for an unknown city, a procedural one without a seed in range, or a user's own extract of a
            held-out city.
    """
    if city_name.startswith("procedural"):
        for split, (first, beyond) in SEEDS.items():
            if procedural_seed is not None and first <= procedural_seed < beyond:
                return split
        last = 3 * 10**12 - 1
        raise OptionError(f"procedural seed {procedural_seed} is in no set; seeds run from 0 to {last}")
    if city_name.startswith(OWN):
        if (name := city_name.removeprefix(OWN)) in (*HELD_OUT, *NEIGHBOURS):
            raise OptionError(
                f"city {city_name!r} is in no set: {name} is held out, or next to a held-out city, and a map of it in "
                "the training set would spoil every score; take the file out of the folder of layouts"
            )
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


def is_held_out(layout_name: str, names: Sequence[str] = HELD_OUT) -> bool:
    """Return whether a map's layout is that of a held-out city, whatever its file put in front of the city's name.

    Args:
        layout_name: name of the layout as a shard states it, such as "florence", "sionna_florence" or "own-florence".
            Procedural cities differ by their seeds, which the name does not hold: they are not held out.
        names: the cities meant; the test cities, say, instead of all.
    """
    bare = layout_name.removeprefix(OWN)
    return any(bare == city or bare.endswith(f"_{city}") for city in names)


def seed_range(split: Split) -> tuple[int, int]:
    """Return the first procedural seed of a set and the first beyond it."""
    return SEEDS[split]


def split_digest() -> str:
    """Return the SHA-256 of the split, as hexadecimal digits."""
    content = {"test": TEST_CITIES, "validation": VALIDATION_CITIES, "train": TRAIN_CITIES, "seeds": SEEDS}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
