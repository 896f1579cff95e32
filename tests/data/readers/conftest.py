"""Tiny data sets in their published layouts, made by code, and the real samples where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_datasets import ANTENNA, BLOCK, SIDE, SITES, cells, patch_pictures, save, save_frames, world

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Return the path of a real sample, or skip."""

    def find(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"shared data {name} is not on this machine ({SHARED})")
        return SHARED / name

    return find


@pytest.fixture
def seer(tmp_path: Path) -> Path:
    """A RadioMapSeer of maps 1, 2 and 3, two transmitters each, DPM and carsDPM."""
    root, pictures = tmp_path / "RadioMapSeer", world()
    for number in (1, 2, 3):
        save(root / "png/buildings_complete" / f"{number}.png", pictures["buildings"])
        save(root / "png/cars" / f"{number}.png", pictures["cars"])
        for k in (0, 1):
            save(root / "gain/DPM" / f"{number}_{k}.png", pictures["gain"] - 10 * k)
            save(root / "gain/carsDPM" / f"{number}_{k}.png", pictures["gain"])
            save(root / "png/antennas" / f"{number}_{k}.png", pictures["antenna"])
    return root


@pytest.fixture
def seer3d(tmp_path: Path) -> Path:
    """A RadioMap3DSeer of map 7 with one transmitter on the roof's edge."""
    root, pictures = tmp_path / "RadioMap3DSeer", world()
    roof = np.where(pictures["buildings"] > 0, 128, 0)
    antenna = np.zeros((SIDE, SIDE), np.uint8)
    antenna[BLOCK[0].start, BLOCK[1].start] = 128
    save(root / "png/buildingsWHeight/7.png", roof)
    save(root / "png/antennasWHeight/7_0.png", antenna)
    save(root / "gain/7_0.png", pictures["gain"])
    return root


@pytest.fixture
def ckm(tmp_path: Path) -> Path:
    """P1's two trees: scene BJ1 (two stations) in train, NJ5 in eval."""
    root, (gain, angle) = tmp_path / "data", patch_pictures()
    for part, scene, names in (("train", "BJ1", ("BS1_0_0", "BS10_0_1")), ("eval", "NJ5", ("BS2_6_6",))):
        for name in names:
            save(root / f"CKM_gain_128/{part}/{scene}_image_128/{scene}_128_{name}.png", gain)
            save(root / f"CKM_AoA_128/{part}/{scene}_image_128_AoA/{scene}_128_{name}_AoA.png", angle)
    return root


@pytest.fixture
def radio3d(tmp_path: Path) -> Path:
    """UrbanRadio3D's demo: azimuth and delay of map 3, transmitter X=60 Y=155, four frames; path loss of map 5."""
    root = tmp_path / "UrbanRadio3D"
    east, north, distance = cells()
    azimuth = np.rint(np.mod(np.arctan2(north, east), 2 * np.pi) * 255 / (2 * np.pi))
    delay = np.rint(distance / distance.max() * 255)
    gain = world()["gain"]
    for picture in (azimuth, delay, gain):
        picture[picture == 0] = 1
        picture[BLOCK] = 0
    up = SIDE - 1 - ANTENNA[0]
    save_frames(root / "Doa_Azi" / f"3_{ANTENNA[1]}_{up}.gif", azimuth)
    save_frames(root / "Delay" / f"3_{ANTENNA[1]}_{up}.gif", delay)
    save_frames(root / "pathloss" / f"5_{up}_{ANTENNA[1]}.gif", gain)
    return root


@pytest.fixture
def bands(tmp_path: Path) -> Path:
    """BRATLab's maps as matrices: area 1 in all bands, 40 x 50 cells, three sites."""
    from scipy.io import savemat

    root = tmp_path / "bratlab"
    row, col = np.indices((40, 50))
    for k, mhz in enumerate((1750, 2750, 3750, 4750, 5750), start=1):
        power = (
            -20.0 * np.log10(mhz / 1750)
            - 25.0
            - 30 * np.log10(np.maximum(np.min([np.hypot(row - r, col - c) for r, c in SITES], axis=0), 1.0))
        )
        power[20:25, 5:10] = 0.0
        folder = root / f"receivedpower_{mhz}MHz_mat"
        folder.mkdir(parents=True)
        savemat(folder / f"TOTAL_REC_{mhz}MHz_1.mat", {f"powers{k}": power})
    (root / "stations_position.txt").write_text(" ".join(f"{r} {c}" for r, c in SITES) + "\n")
    return root
