"""The picture of a construction shows readings, map, spread and kriging side by side, on common scales."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openckm.edge.construction import Construction
from openckm.maps.atomic import atomic_path
from openckm.maps.cells import aggregate_cells
from openckm.maps.png import draw_credit
from openckm.maps.radiomap import RadioMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANEL, _BAR = 0.19, 0.008
"""Widths of a panel and of a colour bar [share of the figure]."""


def write_comparison(job: Construction, rival: RadioMap, path: str | os.PathLike[str], title: str = "") -> None:
    """Draw readings, OpenCKM's mean and spread, and a rival's mean into one PNG.

    Args:
        job: the construction.
        rival: another method's map of the same evidence.
        path: PNG file to write, whole or not at all.
        title: text above the panels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 3.9))  # placed by hand: matplotlib's layout would cost as much as the drawing
    FigureCanvasAgg(figure)
    axes = [figure.add_axes((left, 0.13, _PANEL, 0.7)) for left in (0.055, 0.256, 0.457, 0.74)]
    unit = str(job.radiomap.provenance.get("unit", "dB"))
    low, high = (float(v) for v in np.percentile(job.radiomap.mean()[job.radiomap.valid], (1, 99)))
    gain = {"vmin": low, "vmax": high, "cmap": "viridis"}
    _readings(axes[0], job, gain)
    shown = _panel(axes[1], job.radiomap, job.radiomap.mean(), "OpenCKM, mean", gain)
    _panel(axes[2], rival, rival.mean(), f"{rival.provenance.get('method', 'rival')}, mean", gain)
    label = f"received power [{unit}]" if unit == "dBm" else "gain [dB]"
    figure.colorbar(shown, cax=figure.add_axes((0.655, 0.13, _BAR, 0.7)), label=label)
    spread = {"vmin": 0.0, "vmax": float(np.percentile(job.radiomap.std(), 99)), "cmap": "magma"}
    figure.colorbar(
        _panel(axes[3], job.radiomap, job.radiomap.std(), "OpenCKM, standard deviation", spread),
        cax=figure.add_axes((0.938, 0.13, _BAR, 0.7)), label="[dB]",
    )  # fmt: skip
    axes[0].set_ylabel("north [m]")
    for other in axes[1:]:
        other.tick_params(labelleft=False)
    figure.suptitle(title)
    draw_credit(figure, job.radiomap)
    with atomic_path(Path(path)) as aside:
        figure.savefig(aside, format="png", dpi=130)


def _extent(job_map: RadioMap) -> tuple[float, float, float, float]:
    half_width, half_height = job_map.grid.width_m / 2, job_map.grid.height_m / 2
    return (-half_width, half_width, -half_height, half_height)


def _panel(axes: Axes, radiomap: RadioMap, field: Any, name: str, style: dict[str, Any]) -> Any:
    axes.set_facecolor("#b8b8b8")
    shown = axes.imshow(np.where(radiomap.valid, field, np.nan), extent=_extent(radiomap), **style)
    axes.set_title(name, fontsize=10)
    axes.set_xlabel("east [m]")
    return shown


def _readings(axes: Axes, job: Construction, style: dict[str, Any]) -> None:
    grid = job.radiomap.grid
    cells = aggregate_cells(job.observations.gain_points(), grid, shadow_sigma_db=0.0)
    left, _, bottom, _ = _extent(job.radiomap)
    axes.imshow(np.where(job.radiomap.valid, np.nan, 1.0), extent=_extent(job.radiomap), cmap="Greys", vmin=0, vmax=3)
    axes.scatter(cells.x - grid.origin[0] + left, cells.y - grid.bounds[1] + bottom, c=cells.value, s=3, **style)
    axes.plot(0, 0, marker="^", color="crimson", markersize=7)
    axes.set_title(f"{len(cells)} measured cells", fontsize=10)
    axes.set_xlabel("east [m]")
