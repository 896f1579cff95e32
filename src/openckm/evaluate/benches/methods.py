"""The methods that benchmarks compare, loaded when they are asked for."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import cast

from openckm.reconstructor import Reconstructor

_PRODUCT = "openckm.infer.construct"
_log = logging.getLogger(__name__)


CLASSICAL = (
    "log_distance", "nearest", "inverse_distance", "kriging", "universal_kriging", "universal_kriging_layout",
    "universal_kriging_phones", "universal_kriging_layout_phones", "boosted_trees", "boosted_trees_phones",
    "best_classical",
)  # fmt: skip
"""Names of the classical methods: a table compares with the best of them on its row, and names it."""
NEED_SITE = tuple(name for name in CLASSICAL if name.startswith(("log_distance", "universal", "boosted")))
"""Those that need the transmitter."""
SITE_BLIND = ("kriging", "nearest", "inverse_distance")
"""Those that make nothing of layout and transmitter: their score on the readings alone counts for both tasks."""


def baseline_methods() -> list[Reconstructor]:
    """Return all classical rivals: simple ones, and those of `classical_methods`."""
    from openckm.baselines import InverseDistance, LogDistance, Nearest

    simple = (LogDistance(), Nearest(), InverseDistance())
    return [*(cast(Reconstructor, method) for method in simple), *classical_methods(phones=True)]


def classical_methods(*, phones: bool = False) -> list[Reconstructor]:
    """Return the classical rivals that are worth beating; trees are left out, with a notice, without a library of them.

    Args:
        phones: whether the readings come from several phones, so that their offsets are worth knowing.
    """
    from openckm.baselines import BestClassical, BoostedTrees, Kriging, UniversalKriging
    from openckm.baselines.trees import trees_available

    methods: list[object] = [Kriging(), UniversalKriging(), UniversalKriging(layout=True)]
    methods += [UniversalKriging(phones=True), UniversalKriging(layout=True, phones=True)] if phones else []
    if trees_available():
        methods.append(BoostedTrees(phones=phones))
    else:
        _log.warning("neither LightGBM nor scikit-learn is installed: the benchmark runs without boosted trees")
    return [cast(Reconstructor, method) for method in (*methods, BestClassical())]


def product_methods() -> list[Reconstructor]:
    """Return OpenCKM's own method as it ships, or nothing, with a notice, where this version has none yet."""
    try:
        module = import_module(_PRODUCT)
    except ModuleNotFoundError as error:
        if error.name is None or not _PRODUCT.startswith(error.name):
            raise
        _log.warning("%s is not part of this version: the benchmark runs without it", _PRODUCT)
        return []
    return [module.OpenCKM()]
