"""Tiny worlds made by code for the tests of `openckm.maps`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from openckm.maps import Grid, RadioMap

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
LON, LAT = -78.9398, 35.9992


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Return the path of a real file of the shared data, or skip."""

    def find(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"shared data {name} is not on this machine ({SHARED})")
        return SHARED / name

    return find


@pytest.fixture
def grid() -> Grid:
    """12 x 16 cells of 5 m in UTM zone 17, centred on (LON, LAT)."""
    return Grid.centred(LON, LAT, shape=(12, 16), cell_m=5.0)


@pytest.fixture
def radiomap(grid: Grid) -> RadioMap:
    """Received power with four draws of two channels, a tenth of the cells not valid."""
    rng = np.random.default_rng(1)
    draws = np.stack([rng.normal(-95, 8, (4, *grid.shape)), rng.uniform(-1, 1, (4, *grid.shape))], axis=1)
    return RadioMap.from_draws(
        grid, draws.astype(np.float32), ["gain_db", "aoa_sin"], valid=rng.random(grid.shape) > 0.1,
        provenance={"method": "test", "unit": "dBm", "seed": np.int64(3), "steps": (1, 2), "note": "größer"},
    )  # fmt: skip


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of CSV files: csv_file("lon,lat,rsrp", "1,2,-90", ...)."""

    def write(*lines: str, name: str = "drive.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return path

    return write
