"""A radio map as a picture: colours with a bar in its unit, axes and a scale bar in metres, buildings in grey.

Below it stands whom the buildings are of, where the layout says so, as OpenStreetMap's licence asks for.
"""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.maps.atomic import atomic_path
from openckm.maps.geotiff import channel_unit
from openckm.maps.observations import Observations, Points
from openckm.maps.radiomap import QUANTILES, RadioMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

BOTH = "both"
"""The mean and the standard deviation side by side."""
LAYERS = ("mean", "std", *(f"p{round(100 * level):02d}" for level in QUANTILES))
"""What can be drawn of a channel."""

_NAMES = {
    "gain_db": "channel gain", "aoa_cos": "arrival cosine (east)", "aoa_sin": "arrival sine (north)", "rsrq_db": "RSRQ",
    "sinr_db": "SINR", "rssi_dbm": "RSSI", "throughput_mbps": "throughput",
}  # fmt: skip
_GREY = "#9a9a9a"


def write_png(
    radiomap: RadioMap,
    path: str | os.PathLike[str],
    channel: str = "gain_db",
    layer: str = "mean",
    *,
    observations: Observations | Points | None = None,
    limits: tuple[float, float] | None = None,
    title: str | None = None,
    dpi: int = 120,
) -> None:
    """Draw one layer of a map into a PNG file, whole or not at all.

    Args:
        radiomap: the map.
        path: file to write, ending in .png; an old one is replaced.
        channel: channel to draw.
        layer: "mean", "std", a quantile ("p05", "p10", "p50", "p90", "p95"), or "both" (mean and std side by side).
        observations: readings to mark, coloured on the map's scale where the layer is not "std"; censored hollow.
        limits: values [unit] at the ends of the colour bar; None takes the 1 and 99 % quantiles of the layer.
        title: text above the map; None says channel and layer.
        dpi: dots per inch of a figure about 6 inches wide.

    Raises:
        OptionError: if channel, layer, limits, dpi or the file's suffix do not exist or make sense.
        InputError: if the folder does not exist.
    """
    if Path(path).suffix.lower() != ".png":
        raise OptionError(f"{path}: a picture wants a name that ends in .png")
    picture = render_png(radiomap, channel, layer, observations=observations, limits=limits, title=title, dpi=dpi)
    with atomic_path(path) as aside:
        aside.write_bytes(picture)


def render_png(
    radiomap: RadioMap,
    channel: str = "gain_db",
    layer: str = "mean",
    *,
    observations: Observations | Points | None = None,
    limits: tuple[float, float] | None = None,
    title: str | None = None,
    dpi: int = 120,
) -> bytes:
    """Return the PNG file of one layer of a map as bytes; arguments and errors are those of `write_png`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not 20 <= dpi <= 1200:
        raise OptionError(f"dpi={dpi!r}: wanted a number in [20, 1200]")
    panels = ("mean", "std") if layer == BOTH else (layer,)
    height = min(max(6.0 * radiomap.grid.height_m / radiomap.grid.width_m, 2.5), 14.0)
    figure = Figure(figsize=(7.2 * len(panels), height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw_panel(axes, radiomap, channel, panel, observations, limits, title)
    draw_credit(figure, radiomap, observations)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def draw_credit(figure: Figure, radiomap: RadioMap, observations: Observations | Points | None = None) -> None:
    """Write below a figure whom the layout of its map is to be credited to; nothing where it is not known."""
    known = observations.layout_credit if isinstance(observations, Observations) else {}
    credit = (known | radiomap.provenance).get("layout_credit")
    if credit:
        figure.supxlabel(f"Buildings: {credit}", fontsize=7, x=0.99, ha="right", color="#444444")


def _draw_panel(
    axes: Axes,
    radiomap: RadioMap,
    channel: str,
    layer: str,
    observations: Observations | Points | None,
    limits: tuple[float, float] | None,
    title: str | None,
) -> None:
    """Draw one layer with its readings, transmitter, scale and colour bar."""
    image = _draw_map(axes, radiomap, _layer(radiomap, channel, layer), channel, layer, limits)
    _draw_points(axes, radiomap, image, channel, layer, observations)
    _draw_base_station(axes, radiomap, observations)
    _draw_scale_bar(axes, radiomap)
    unit = channel_unit(radiomap, channel)
    name = _name(channel, unit, layer)
    unit = "dB" if layer == "std" and unit == "dBm" else unit
    axes.figure.colorbar(image, ax=axes, label=name + ("" if unit == "1" else f" [{unit}]"))
    axes.set_title(name if title is None else title)


def _layer(radiomap: RadioMap, channel: str, layer: str) -> NDArray[np.float32]:
    """Return the layer with NaN where the map says nothing."""
    if layer not in LAYERS:
        raise OptionError(f"layer={layer!r}: wanted one of {', '.join(LAYERS)}")
    if layer in ("mean", "std"):
        values = radiomap.mean(channel) if layer == "mean" else radiomap.std(channel)
    else:
        values = radiomap.quantile(int(layer[1:]) / 100.0, channel)
    return np.where(radiomap.valid, values, np.nan).astype(np.float32)


def _draw_map(
    axes: Axes,
    radiomap: RadioMap,
    values: NDArray[np.float32],
    channel: str,
    layer: str,
    limits: tuple[float, float] | None,
) -> AxesImage:
    from matplotlib import colormaps

    low, high = _limits(values, channel, layer, limits)
    name = "magma" if layer == "std" else "coolwarm" if channel in ("aoa_cos", "aoa_sin") else "viridis"
    grid = radiomap.grid
    image = axes.imshow(
        np.ma.masked_invalid(values), cmap=colormaps[name].with_extremes(bad=_GREY), vmin=low, vmax=high,
        extent=(0.0, grid.width_m, 0.0, grid.height_m), origin="upper", interpolation="nearest",
    )  # fmt: skip
    axes.set_xlabel("east of the south-west corner [m]")
    axes.set_ylabel("north of the south-west corner [m]")
    return image


def _limits(
    values: NDArray[np.float32], channel: str, layer: str, limits: tuple[float, float] | None
) -> tuple[float, float]:
    if limits is not None:
        if not (all(math.isfinite(v) for v in limits) and limits[0] < limits[1]):
            raise OptionError(f"limits={limits!r}: wanted two finite numbers, the smaller first")
        return limits
    if layer != "std" and channel in ("aoa_cos", "aoa_sin"):
        return -1.0, 1.0
    shown = values[np.isfinite(values)]
    low, high = (float(v) for v in np.quantile(shown, (0.01, 0.99))) if shown.size else (0.0, 1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _draw_points(
    axes: Axes,
    radiomap: RadioMap,
    image: AxesImage,
    channel: str,
    layer: str,
    observations: Observations | Points | None,
) -> None:
    if observations is None:
        return
    tables = [observations] if isinstance(observations, Points) else observations.points
    west, south, _, _ = radiomap.grid.bounds
    for table in tables:
        if table.quantity != channel or len(table) == 0:
            continue
        exact = table.kind == "exact"
        low, high = image.get_clim()
        x, y = table.x - west, table.y - south
        if layer == "std" or table.unit != channel_unit(radiomap, channel):
            axes.scatter(x[exact], y[exact], s=9, c="white", edgecolors="black", linewidths=0.4)
        else:
            axes.scatter(
                x[exact], y[exact], s=9, c=table.value[exact], cmap=image.get_cmap(), vmin=low, vmax=high,
                edgecolors="black", linewidths=0.4,
            )  # fmt: skip
        axes.scatter(x[~exact], y[~exact], s=14, marker="v", facecolors="none", edgecolors="black", linewidths=0.6)
    axes.set_xlim(0.0, radiomap.grid.width_m)
    axes.set_ylim(0.0, radiomap.grid.height_m)


def _draw_base_station(axes: Axes, radiomap: RadioMap, observations: Observations | Points | None) -> None:
    """Mark the transmitter, and the direction of its sector; beside the map where it stands outside."""
    if not isinstance(observations, Observations) or observations.transmitter is None:
        return
    tower, (west, south, east, north) = observations.transmitter, radiomap.grid.bounds
    if not (west <= tower.x <= east and south <= tower.y <= north):
        return
    x, y = tower.x - west, tower.y - south
    axes.scatter([x], [y], s=70, marker="^", c="#d62728", edgecolors="white", linewidths=0.8, zorder=5)
    if tower.bearing_deg is not None:
        length, angle = 0.08 * radiomap.grid.width_m, math.radians(tower.bearing_deg)
        tip = (x + length * math.sin(angle), y + length * math.cos(angle))
        axes.annotate(
            "", xy=tip, xytext=(x, y), arrowprops={"arrowstyle": "->", "color": "#d62728", "lw": 1.6}, zorder=5
        )


def _draw_scale_bar(axes: Axes, radiomap: RadioMap) -> None:
    width, height = radiomap.grid.width_m, radiomap.grid.height_m
    length = _round_length(width / 4.0)
    x, y = 0.04 * width, 0.05 * height
    axes.plot([x, x + length], [y, y], color="white", linewidth=5, solid_capstyle="butt")
    axes.plot([x, x + length], [y, y], color="black", linewidth=2.5, solid_capstyle="butt")
    text = f"{length:g} m" if length < 1000 else f"{length / 1000:g} km"
    box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1.0}
    axes.text(x + length / 2, y + 0.02 * height, text, ha="center", va="bottom", fontsize=8, bbox=box)


def _round_length(length: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above `length`."""
    power = 10.0 ** math.floor(math.log10(length))
    return float(power * max(step for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)))


def _name(channel: str, unit: str, layer: str) -> str:
    name = "received power" if channel == "gain_db" and unit == "dBm" else _NAMES.get(channel, channel)
    return {"mean": f"{name}, mean", "std": f"{name}, standard deviation"}.get(layer, f"{name}, {layer[1:]} % quantile")
