"""Where the maps of the benchmarks lie.

    test          $OPENCKM_TEST_DATA          held-out cities, which methods are scored on
    validation    $OPENCKM_VALIDATION_DATA    the cities that constants are chosen on
    train         $OPENCKM_TRAIN_DATA         training and validation cities, for the benchmark that trains

Where a variable is not set, a quick run takes the sample that lies in the repository (`bench/sample`), and any other
the folder openckm/NAME in the user's cache. `make bench-data` makes the full sets (`bench/make_data.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

VARIABLES = {
    "test": "OPENCKM_TEST_DATA", "validation": "OPENCKM_VALIDATION_DATA", "train": "OPENCKM_TRAIN_DATA",
}  # fmt: skip
"""The environment variable of each set."""


def data_folder(name: Literal["test", "validation", "train"], quick: bool = False) -> Path:
    """Return the folder of a set of maps, whether it is there or not.

    Args:
        name: the name of the set.
        quick: whether the sample in the repository will do.
    """
    sample = sample_folder() / name
    if quick and sample.is_dir() and not os.environ.get(VARIABLES[name]):
        return sample
    return cached_folder(name, VARIABLES[name])


def cached_folder(name: str, variable: str) -> Path:
    """Return the folder that an environment variable names, else openckm/NAME in the user's cache."""
    if os.environ.get(variable):
        return Path(os.environ[variable])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "openckm" / name


def sample_folder() -> Path:
    """Return the folder of the sample of maps in a clone of the repository, whether it is there or not."""
    return Path(__file__).resolve().parents[4] / "bench" / "sample"
