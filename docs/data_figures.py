"""Makes the figure of the data card: a few ray-traced maps of each kind, with and without vehicles.

python docs/data_figures.py --layouts DIR       DIR holds the layouts of real cities; needs the extra `raytrace`
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from openckm.data.generate import ATTEMPTS, GenerateOptions, make_scene, write_shard
from openckm.data.raytrace import single_thread
from openckm.data.scenes import draw_scene
from openckm.data.shards import TracedMap, read_shard

FIGURE = Path(__file__).resolve().parent / "figures" / "data_kinds.png"
KINDS = (
    ("munich", 1.0), ("san_francisco", 2.0), ("rotterdam", 1.0), ("los_angeles_1", 1.0),
    ("procedural-grid", 2.0), ("procedural-organic", 4.0), ("procedural-suburban", 2.0), ("procedural-highrise", 4.0),
)  # fmt: skip
"""City and cell size [m] of each column."""
TEST = ("san_francisco", "rotterdam")


def one_map(city: str, cell_m: float, layouts: Path) -> TracedMap:
    """Trace the first sensible scene of a city or kind, with vehicles."""
    real = not city.startswith("procedural")
    options = GenerateOptions(
        split="test" if city in TEST else "train", seed=20, cell_sizes_m=(cell_m,), vehicles=1.0, transmitters=1,
        real_share=float(real), cities=(city,) if real else (), layouts_dir=layouts,
    )  # fmt: skip
    number = next(k for k in range(200) if _shows(options, k, city))
    with tempfile.TemporaryDirectory() as folder, single_thread():
        path = Path(folder) / "scene.npz"
        write_shard(path, make_scene(options, number))
        return next(read_shard(path))


def _shows(options: GenerateOptions, number: int, city: str) -> bool:
    scene = next((s for a in range(ATTEMPTS) if (s := draw_scene(options, number, a)) is not None), None)
    return scene is not None and scene.city == city and len(scene.vehicles) > 8


def draw(maps: list[TracedMap]) -> None:
    """Heights, gain, direction and what vehicles change, from top to bottom."""
    figure, axes = plt.subplots(4, len(maps), figsize=(1.75 * len(maps), 7.2), layout="constrained")
    labels = ("height [m]", "gain [dB]", "direction of the\nstrongest path [deg]", "with vehicles minus\nwithout [dB]")
    for k, traced in enumerate(maps):
        built, moving = traced.layout.building, _moving(traced)
        rows = (
            (np.where(built, traced.layout.height_m, np.nan), "viridis", 0, 60),
            (traced.gain_db, "viridis", -150, -60),
            (np.degrees(traced.aoa_rad), "twilight", -180, 180),
            (moving.gain_db - traced.gain_db, "coolwarm", -12, 12),
        )
        for row, (values, colours, low, high) in enumerate(rows):
            axis = axes[row, k]
            shown = axis.imshow(values, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
            if row:
                axis.imshow(np.where(built, 0.6, np.nan), cmap="Greys", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            if k == len(maps) - 1:
                figure.colorbar(shown, ax=axes[row], label=labels[row], shrink=0.9)
        _mark(axes[0, k], traced)
    figure.savefig(FIGURE, dpi=110)
    plt.close(figure)


def _moving(traced: TracedMap) -> TracedMap:
    """Return the map with vehicles, which the chosen scenes have."""
    if traced.dynamic is None:
        raise ValueError(f"{traced.scene}: no map with vehicles")
    return traced.dynamic


def _mark(axis: Any, traced: TracedMap) -> None:
    """Title, vehicles in red and the transmitter, where it lies inside the window."""
    rows, cols = traced.grid.shape
    source, vehicles = traced.transmitter, _moving(traced).vehicle_m
    if source is None or vehicles is None:
        raise ValueError(f"{traced.scene}: no transmitter or no vehicles")
    row, col = np.array([-source.y, source.x]) / traced.grid.cell_m - 0.5
    name, carrier = traced.city.removeprefix("procedural-"), source.carrier_hz / 1e9
    axis.set_title(f"{name}\n{traced.grid.cell_m:g} m, {carrier:g} GHz", size=8)
    axis.contour(vehicles > 0, [0.5], colors="red", linewidths=0.4)
    axis.plot(col, row, "r^", ms=4)
    axis.set(xlim=(-0.5, cols - 0.5), ylim=(rows - 0.5, -0.5))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layouts", type=Path, required=True)
    chosen = parser.parse_args()
    draw([one_map(city, cell_m, chosen.layouts) for city, cell_m in KINDS])
