"""A small shard of maps without specks, and cases made of it, for the tests of P1's tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openckm.data.shards import TracedMap, read_shards


def smooth_shard(
    path: Path, *, maps: int = 2, side: int = 64, floor_db: float | None = None, near: float = -80.0
) -> Path:
    """Write maps of 2 m cells: a gain of -80 to -140 dB about a transmitter, two buildings, one corner of outage."""
    row, col = np.mgrid[:side, :side] * 2.0
    gain, aoa = [], []
    for k in range(maps):
        north, west = 30.0 + 6.0 * k, 41.0
        distance = np.hypot(row - north, col - west)
        gain.append(near - 28.0 * np.log10(1.0 + distance / 8.0) + 4.0 * np.sin(row / 11.0 + k) * np.cos(col / 7.0))
        aoa.append(np.degrees(np.arctan2(row - north, west - col)))
    height = np.zeros((maps, side, side), np.uint16)
    height[:, 4:12, 6:14], height[:, side // 2 : side // 2 + 6, 3:9] = 120, 200
    missing = height > 0
    missing[:, -4:, -4:] = True
    arrays = {
        "gain_cdb": np.where(missing, -32768, np.rint(np.stack(gain) * 100)).astype(np.int16),
        "aoa_deg": np.where(missing, -999, np.rint(np.stack(aoa))).astype(np.int16), "height_dm": height,
        "tx": np.array([[41.0, 30.0 + 6.0 * k, 20.0, np.nan, np.nan] for k in range(maps)]),
        "layout": np.array(["town"] * maps), "carrier_hz": np.full(maps, 3.5e9), "antenna": np.array(["iso"] * maps),
        "cell_m": np.full(maps, 2.0),
    }  # fmt: skip
    if floor_db is not None:
        arrays["floor_db"] = np.full(maps, floor_db)
    np.savez(path, **arrays)
    return path


def smooth_map(folder: Path, **options: object) -> TracedMap:
    """Return the first map of such a shard."""
    return next(iter(read_shards([smooth_shard(folder / "one.npz", **options)])))
