"""What is a map? Grids, quantities, radio maps, observations and sites; readers and writers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openckm.maps.grid import Grid, utm_crs
from openckm.maps.observations import AreaReading, Observations, Points, RasterReading, join_points
from openckm.maps.quantity import CHANNELS, Quantity, quantity
from openckm.maps.radiomap import QUANTILES, RadioMap
from openckm.maps.site import Layout, Transmitter
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry

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
    from openckm.maps.atomic import atomic_folder, atomic_path
    from openckm.maps.cells import aggregate_cells
    from openckm.maps.csv import DriveTest, DriveTestReport, read_drive_test
    from openckm.maps.geotiff import read_geotiff, write_geotiff
    from openckm.maps.layouts import read_layout
    from openckm.maps.pixels import GreyScale
    from openckm.maps.png import render_png, write_png
    from openckm.maps.zarr_map import ZarrMap
    from openckm.maps.zarrio import read_zarr, write_zarr

__all__ = [
    "CHANNELS", "QUANTILES", "SYMMETRIES", "AreaReading", "DriveTest", "DriveTestReport", "GreyScale", "Grid", "Layout",
    "Observations", "Points", "Quantity", "RadioMap", "RasterReading", "Transmitter", "ZarrMap", "aggregate_cells",
    "apply_symmetry", "atomic_folder", "atomic_path", "inverse_symmetry", "join_points", "quantity", "read_drive_test",
    "read_geotiff", "read_layout", "read_zarr", "render_png", "utm_crs", "write_geotiff", "write_png", "write_zarr",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load readers and writers on first use, so that `import openckm.maps` stays light."""
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(f"openckm.maps.{_LATE[name]}"), name)
    raise AttributeError(f"module 'openckm.maps' has no attribute {name!r}")
