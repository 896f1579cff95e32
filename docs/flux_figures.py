"""Makes the figure of warm starts: how far trajectories of equal noise are apart, along the noise level.

python docs/flux_figures.py            from bench/results/flux.json
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Draw distances above and the bound on the divergence below."""
    rows = json.loads((ROOT / "bench" / "results" / "flux.json").read_text(encoding="utf-8"))["rows"]
    rows = [row for row in rows if row["method"] == "trajectory"]
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
    for change in dict.fromkeys(row["task"] for row in rows):
        for axis, metric in zip(axes, ("distance", "bound_nats"), strict=True):
            found = [(float(r["split"][2:]), r["value"]) for r in rows if r["task"] == change and r["metric"] == metric]
            found = [(level, value) for level, value in found if level > 0 and value > 0]
            axis.loglog([level for level, _ in found], [value for _, value in found], label=change.replace("_", " "))
    axes[0].set_ylabel(r"$|x_s - x'_s|_2$ [latent units]")
    axes[1].set_ylabel(r"$|x_0 - x'_0|^2 / 2 s^2$ [nats]")
    axes[1].axhline(1.0, color="black", lw=0.6)
    for axis in axes:
        axis.set_xlabel("noise level s")
    axes[0].legend(fontsize=8)
    figure.savefig(ROOT / "docs" / "figures" / "flux.png", dpi=110)


if __name__ == "__main__":
    main()
