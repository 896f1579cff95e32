"""The methods that benchmarks compare, loaded when they are asked for."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import cast

from openckm.reconstructor import Reconstructor

__all__ = ["baseline_methods", "default_methods", "kriging_methods", "product_methods"]

_PRODUCT = "openckm.infer.construct"
_log = logging.getLogger(__name__)


def baseline_methods() -> list[Reconstructor]:
    """Return the classical rivals."""
    from openckm.baselines import InverseDistance, Kriging, LogDistance, Nearest, UniversalKriging

    methods = (LogDistance(), Nearest(), InverseDistance(), Kriging(), UniversalKriging())
    return [cast(Reconstructor, method) for method in methods]


def kriging_methods() -> list[Reconstructor]:
    """Return the strongest rivals alone."""
    from openckm.baselines import Kriging, UniversalKriging

    return [cast(Reconstructor, method) for method in (Kriging(), UniversalKriging())]


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


def default_methods() -> list[Reconstructor]:
    """Return the baselines and OpenCKM's own method."""
    return [*baseline_methods(), *product_methods()]
