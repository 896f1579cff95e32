"""Data sets of others in their published layout, tiny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def published(folder: Path, scenes: Mapping[str, Sequence[str]]) -> tuple[Path, np.ndarray]:
    """CKMImageNet: a patch for each scene of each part, gain falling and angles pointing away from a station.

    Returns the folder and the grey levels of the gain.
    """
    row, col = np.mgrid[:128, :128]
    distance = np.hypot(row - 60, col - 50) + 3
    gain = np.clip(230 - 60 * np.log10(distance), 1, 255).astype(np.uint8)
    theta = np.degrees(np.arctan2(row - 60, 50 - col))
    angle = np.rint(255 * (1 / 19 + (theta + 180) / 360 * 18 / 19)).astype(np.uint8)
    gain[90:100, 20:50] = angle[90:100, 20:50] = 0
    for part, names in scenes.items():
        for k, scene in enumerate(names):
            name = f"{scene}_128_BS{k + 1}_0_{k}"
            for path, picture in ((f"CKM_gain_128/{part}/{scene}_image_128/{name}.png", gain),
                                  (f"CKM_AoA_128/{part}/{scene}_image_128_AoA/{name}_AoA.png", angle)):  # fmt: skip
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(folder / path)
    return folder, gain
