"""OpenCKM: channel knowledge maps from whatever evidence a radio engineer has, with calibrated uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openckm import _moved

__version__ = "0.2.0"

_PUBLIC = {
    "Grid": "openckm.maps.grid",
    "Layout": "openckm.maps.site",
    "Observations": "openckm.maps.observations",
    "Points": "openckm.maps.observations",
    "RadioMap": "openckm.maps.radiomap",
    "SitePlan": "openckm.maps.site_plan",
    "Transmitter": "openckm.maps.site",
    "OpenCKM": "openckm.infer.construct",
    "Reconstructor": "openckm.reconstructor",
    "WarmOptions": "openckm.flux.warm",
    "construct": "openckm.edge.construction",
}

if TYPE_CHECKING:
    from openckm.edge.construction import construct as construct
    from openckm.flux.warm import WarmOptions as WarmOptions
    from openckm.infer.construct import OpenCKM as OpenCKM
    from openckm.maps.grid import Grid as Grid
    from openckm.maps.observations import Observations as Observations
    from openckm.maps.observations import Points as Points
    from openckm.maps.radiomap import RadioMap as RadioMap
    from openckm.maps.site import Layout as Layout
    from openckm.maps.site import Transmitter as Transmitter
    from openckm.maps.site_plan import SitePlan as SitePlan
    from openckm.reconstructor import Reconstructor as Reconstructor

__all__ = ["__version__", *sorted(_PUBLIC)]

_moved.install()


def __getattr__(name: str) -> Any:
    """Load public names on first use, so that `import openckm` stays light."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'openckm' has no attribute {name!r}")
