"""What is a map? Grids, quantities, radio maps, observations and sites; readers and writers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openckm.maps.grid import Grid as Grid
from openckm.maps.grid import utm_crs as utm_crs
from openckm.maps.observations import AreaReading, RasterReading
from openckm.maps.observations import Observations as Observations
from openckm.maps.observations import Points as Points
from openckm.maps.observations import join_points as join_points
from openckm.maps.quantity import CHANNELS, Quantity
from openckm.maps.quantity import quantity as quantity
from openckm.maps.radiomap import QUANTILES as QUANTILES
from openckm.maps.radiomap import RadioMap as RadioMap
from openckm.maps.site import Layout as Layout
from openckm.maps.site import Transmitter as Transmitter
from openckm.maps.symmetry import SYMMETRIES as SYMMETRIES
from openckm.maps.symmetry import apply_symmetry as apply_symmetry
from openckm.maps.symmetry import inverse_symmetry as inverse_symmetry

_LATE = {
    "DriveTest": "csv",
    "DriveTestReport": "csv",
    "GreyScale": "pixels",
    "ZarrMap": "zarr_map",
    "aggregate_cells": "cells",
    "atomic_folder": "atomic",
    "atomic_path": "atomic",
    "read_drive_test": "csv",
    "read_geotiff": "geotiff",
    "read_layout": "layouts",
    "read_zarr": "zarrio",
    "render_png": "png",
    "write_geotiff": "geotiff",
    "write_png": "png",
    "write_zarr": "zarrio",
}
"""Readers and writers, by the module that holds them; they are loaded on first use."""

if TYPE_CHECKING:
    from openckm.maps.atomic import atomic_folder as atomic_folder
    from openckm.maps.atomic import atomic_path as atomic_path
    from openckm.maps.cells import aggregate_cells as aggregate_cells
    from openckm.maps.csv import DriveTest, read_drive_test
    from openckm.maps.csv import DriveTestReport as DriveTestReport
    from openckm.maps.geotiff import read_geotiff, write_geotiff
    from openckm.maps.layouts import read_layout
    from openckm.maps.pixels import GreyScale
    from openckm.maps.png import render_png as render_png
    from openckm.maps.png import write_png
    from openckm.maps.zarr_map import ZarrMap as ZarrMap
    from openckm.maps.zarrio import read_zarr, write_zarr

__all__ = [
    "AreaReading",
    "CHANNELS",
    "DriveTest",
    "GreyScale",
    "Quantity",
    "RasterReading",
    "read_drive_test",
    "read_geotiff",
    "read_layout",
    "read_zarr",
    "write_geotiff",
    "write_png",
    "write_zarr",
]


def __getattr__(name: str) -> Any:
    """Load readers and writers on first use, so that `import openckm.maps` stays light."""
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(f"openckm.maps.{_LATE[name]}"), name)
    raise AttributeError(f"module 'openckm.maps' has no attribute {name!r}")
