"""Makes the figure of memory: a training step's peak along the depth of a stack (computed) and of a chain (measured).

python docs/memory_figure.py            from bench/results/memory.json
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]
STACK = re.compile(r"(\d+) blocks, 4 maps of 64 x 64, fp32, computed")
CHAIN = re.compile(r"T = (\d+), (plain|reversible) U-Net, 2 maps of 64 x 64, fp32")


def curves(rows: list[dict[str, Any]], pattern: re.Pattern[str], metric: str) -> dict[str, list[tuple[int, float]]]:
    """Return (depth, MiB) by policy, of the rows whose split fits a pattern."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        fits = pattern.fullmatch(row["split"])
        if fits and row["metric"] == metric:
            inside = f", {fits[2]} U-Net" if pattern.groups > 1 else ""
            found.setdefault(row["method"] + inside, []).append((int(fits[1]), row["value"]))
    return {name: sorted(points) for name, points in found.items()}


def main() -> None:
    """Draw the stack on the left and the chain on the right, with the weights' gradients as the floor."""
    rows = json.loads((ROOT / "bench" / "results" / "memory.json").read_text(encoding="utf-8"))["rows"]
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
    for axis, pattern, what in zip(axes, (STACK, CHAIN), ("blocks", "steps T of the chain"), strict=True):
        for name, points in curves(rows, pattern, "peak_mib").items():
            style = "--" if "reversible U-Net" in name else "-"
            axis.plot(*zip(*points, strict=True), style, marker="o", ms=3, label=name)
        for name, points in curves(rows, pattern, "floor_mib").items():
            if "reversible U-Net" not in name:
                axis.plot(*zip(*points, strict=True), ":", color="black", label="gradients of the weights")
        axis.set(xscale="log", yscale="log", xlabel=what)
        axis.set_xscale("log", base=2)
        axis.legend(fontsize=7)
    axes[0].set_ylabel("peak of a training step [MiB]")
    figure.savefig(ROOT / "docs" / "figures" / "memory.png", dpi=110)


if __name__ == "__main__":
    main()
