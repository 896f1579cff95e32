"""Pictures and files of tiny data sets, made by code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256
ANTENNA = (100, 60)  # row, column
BLOCK = (slice(40, 80), slice(150, 200))  # rows, columns of the one building
SITES = ((10, 12), (10, 38), (30, 25))  # rows, columns of the three sites of an area


def save(path: Path, grey: NDArray[np.generic], **options: object) -> Path:
    """Write a picture, its folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(grey, np.uint8)).save(path, **options)
    return path


def cells() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return east and north distance from the cells to the antenna [m], and the distance, on 1 m cells."""
    row, col = np.indices((SIDE, SIDE))
    east, north = ANTENNA[1] - col, row - ANTENNA[0]
    return east, north, np.hypot(east, north)


def world() -> dict[str, NDArray[np.uint8]]:
    """Return the pictures of a RadioMapSeer map: a free-space-like gain, one building, one antenna, two cars."""
    distance = cells()[2]
    gain = np.clip(250 - 90 * np.log10(np.maximum(distance, 1.0)), 0, 255).astype(np.uint8)
    buildings, antenna, cars = (np.zeros((SIDE, SIDE), np.uint8) for _ in range(3))
    buildings[BLOCK] = 255
    antenna[ANTENNA] = 255
    cars[120:122, 30:35] = cars[41:43, 148:153] = 255  # the second one reaches into the building
    return {"gain": gain, "buildings": buildings, "antenna": antenna, "cars": cars}


def patch_pictures(side: int = 128) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return P1's pictures of gain and angle: a station at row 100, column 60, a building, and a silent corner."""
    east, north, distance = (a[:side, :side] for a in cells())
    gain_db = -60.0 - 30.0 * np.log10(np.maximum(distance, 1.0))
    theta = np.degrees(np.arctan2(north, east))
    gain = np.rint((gain_db + 250.0) / 200.0 * 255)
    angle = np.rint(((theta + 180.0) / 360.0 * 18 / 19 + 1 / 19) * 255)
    gain[20:40, 90:120] = angle[20:40, 90:120] = 0
    gain[:5, :5] = 0
    return gain.astype(np.uint8), angle.astype(np.uint8)


def save_frames(path: Path, grey: NDArray[np.generic], count: int = 4) -> Path:
    """Write a GIF of frames that differ in one free cell, so that none is merged with the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = []
    for k in range(count):
        frame = np.asarray(grey, np.uint8).copy()
        frame[0, 0] = 10 + k
        frames.append(Image.fromarray(frame))
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path
