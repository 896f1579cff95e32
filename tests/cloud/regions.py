"""Plausible tiny maps made by code: free space, shadows behind box buildings, directions from the transmitter."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openckm.cloud.ingest import Contribution, MapStore, ingest
from openckm.maps.grid import Grid
from openckm.maps.propagation import site_geometry
from openckm.maps.site import Transmitter
from worlds import blocks_layout

GIVEN = Contribution("a town", "CC-BY-4.0", "made by code", received="2026-01-02")


def shard_of(seeds: list[int], *, side: int = 32, city: str = "oldtown", loss_db: float = 1.0) -> dict[str, np.ndarray]:
    """Return the arrays of a shard whose map k is a function of seeds[k]; buildings cost `loss_db` per metre."""
    parts: dict[str, list] = {"gain_cdb": [], "aoa_deg": [], "height_dm": [], "tx": []}
    for seed in seeds:
        rng = np.random.default_rng([seed, 9])
        grid = Grid((side, side), 4.0)
        height = blocks_layout(grid, seed, count=4).height_m
        x, south = rng.uniform(0.3, 0.7, 2) * grid.width_m
        tx = Transmitter(float(x), float(-south), 25.0, 3.5e9)
        geometry = site_geometry(grid, tx, height)
        gain = geometry.free_space_db - np.minimum(loss_db * geometry.obstruction_m, 60) + rng.normal(0, 1, grid.shape)
        missing = height > 0
        parts["gain_cdb"].append(np.where(missing, -32768, np.rint(gain * 100)).astype(np.int16))
        aoa = np.rad2deg(np.arctan2(geometry.sin, geometry.cos))
        parts["aoa_deg"].append(np.where(missing, -999, np.rint(aoa)).astype(np.int16))
        parts["height_dm"].append(np.rint(height * 10).astype(np.uint16))
        parts["tx"].append([x, south, 25.0, np.nan, np.nan])
    n = len(seeds)
    return {
        **{key: np.stack(value) for key, value in parts.items()}, "layout": np.array([city] * n),
        "carrier_hz": np.full(n, 3.5e9), "cell_m": np.full(n, 4.0), "antenna": np.array(["iso"] * n),
    }  # fmt: skip


def write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """Write a shard and return its path."""
    np.savez_compressed(path, **arrays)
    return path


def store_of(folder: Path, **regions: int) -> MapStore:
    """Return a store with so many maps of each region, each of a scene of its own."""
    for k, (city, count) in enumerate(regions.items()):
        seeds = [1000 * k + n for n in range(count)]
        shard = write(folder.parent / f"{city}.npz", shard_of(seeds, city=city, loss_db=1.0 + k))
        ingest(folder, [shard], GIVEN)
    return MapStore(folder)
