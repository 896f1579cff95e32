"""What is known of a site, as columns of a linear mean: the transmitter, the layout, the phones, another cell's field.

    transmitter   10 log10(d / m),   G(azimuth, elevation) [dBi] of TR 38.901 where the boresight is known
    layout        log(1 + obstruction / 5 m),   diffraction over the worst edge [dB],   built over,   in line of sight
    phones        share of each phone in a cell's readings (all but the commonest phone); on the map, the average share
    field         another cell's map of the same site: co-kriging with an external drift
    maps          any further maps of the site, what rays bring among them

Columns are centred and scaled by the spread at the observed cells, which keeps kriging systems well conditioned and
leaves every prediction as it is. The transmitter's columns are always used. A further one is used where it says
something at the observed cells that those before it do not: at least _MIN_SIDE cells on either side of its mean, at
least _MIN_NEW of its spread unexplained, and _MIN_PER_COLUMN cells for each column in all. On the map it is clipped to
REACH spreads, for a straight line is no law beyond what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.cells import covering
from openckm.errors import OptionError
from openckm.maps.antenna import sector_gain_db
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import RECEIVER_HEIGHT_M, SiteGeometry, site_geometry
from openckm.maps.site import Layout, Transmitter

_MIN_SPREAD = 1e-6
_MIN_SIDE = 5
_MIN_NEW = 0.15
_MIN_PER_COLUMN = 6
REACH = 4.0
PHONE = "phone "
Floats = NDArray[np.float64]
Column = tuple[str, Floats, Floats]
"""A name, the values at the observed cells, shape (n,), and those on the grid in row-major order, (rows * cols,)."""
Maps = Callable[[Observations, Grid], Mapping[str, NDArray[np.floating]]]
"""What makes further maps of a site from all that is known of it: fields of shape grid.shape by name."""


@dataclass(frozen=True)
class SiteDrift:
    """Standardised drift columns.

    Attributes:
        names: what each column is.
        at_cells: the values at the observed cells, shape (n, p).
        on_grid: the values at all cells of the grid in row-major order, shape (rows * cols, p).
        scales: centre and spread that each further column was standardised by, by its name.
    """

    names: tuple[str, ...]
    at_cells: Floats
    on_grid: Floats
    scales: dict[str, tuple[float, float]] = field(default_factory=dict)

    def unseen(self) -> Floats:
        """Return `at_cells` as the map sees them: with the average share of each phone, which is 0 here, (n, p)."""
        phone = np.array([name.startswith(PHONE) for name in self.names], bool)
        return np.where(phone, 0.0, self.at_cells)

    def with_columns(self, columns: list[Column]) -> SiteDrift:
        """Return this drift and those of the columns that say something new at the observed cells."""
        drift = self
        for name, near, far in columns:
            if (scale := _scale(near, drift.at_cells)) is not None:
                centre, spread = scale
                added = ((near - centre) / spread, ((far - centre) / spread).clip(-REACH, REACH))
                drift = SiteDrift(
                    (*drift.names, name), np.column_stack([drift.at_cells, added[0]]),
                    np.column_stack([drift.on_grid, added[1]]), {**drift.scales, name: scale},
                )  # fmt: skip
        return drift

    def phone_offsets(self, coefficient: Floats) -> dict[str, float]:
        """Return what each phone reads above the map [dB]: those with a column, by name.

        Args:
            coefficient: the coefficient of the columns, shape (p,) [dB].
        """
        phones = [(name, float(c)) for name, c in zip(self.names, coefficient, strict=True) if name.startswith(PHONE)]
        rest = -sum(c * self.scales[name][0] / self.scales[name][1] for name, c in phones)
        return {name.removeprefix(PHONE): rest + c / self.scales[name][1] for name, c in phones}


def require_transmitter(observations: Observations, method: str) -> Transmitter:
    """Return the known transmitter.

    Raises:
        OptionError: if the observations hold none.
    """
    if observations.transmitter is None:
        raise OptionError(f"{method} needs the transmitter's position: give one, or use a method that works without it")
    return observations.transmitter


def site_drift(transmitter: Transmitter | None, cells: Points, grid: Grid, *, pattern: bool = True) -> SiteDrift:
    """Return the drift columns of a transmitter; those that do not vary over the observed cells are left out.

    Without a transmitter there is no column.
    """
    x, y = (a.ravel() for a in grid.centres())
    if transmitter is None:
        return SiteDrift((), np.zeros((len(cells), 0)), np.zeros((x.size, 0)))
    near = _columns(transmitter, cells.x, cells.y)
    far = _columns(transmitter, x, y)
    names = [name for name in near if pattern or name != "pattern"]
    used = [name for name in names if float(near[name].std()) > _MIN_SPREAD]
    centre = np.array([near[name].mean() for name in used])
    spread = np.array([near[name].std() for name in used])

    def stack(columns: dict[str, Floats], n: int) -> Floats:
        raw = np.column_stack([columns[name] for name in used]) if used else np.zeros((n, 0))
        return np.asarray((raw - centre) / spread)

    return SiteDrift(tuple(used), stack(near, len(cells)), stack(far, x.size))


def layout_columns(observations: Observations, cells: Points, grid: Grid) -> list[Column]:
    """Return what the buildings between transmitter and cell say; nothing where either is not known."""
    if observations.layout is None or observations.transmitter is None:
        return []
    wide = covering(grid, cells)
    built_m = _heights(observations.layout, wide)
    geometry = site_geometry(wide, observations.transmitter, built_m)
    near = wide.index_of(cells.x, cells.y)
    far = wide.index_of(*(a.ravel() for a in grid.centres()))
    return [(name, f[near], f[far]) for name, f in _layout_fields(geometry, built_m).items()]


def _layout_fields(geometry: SiteGeometry, built_m: NDArray[np.float32]) -> dict[str, Floats]:
    fields = {
        "obstruction": np.log1p(geometry.obstruction_m / 5.0),
        "diffraction": geometry.diffraction_db,
        "built_over": built_m > 0,
        "line_of_sight": geometry.obstruction_m < 1e-6,
    }
    return {name: np.asarray(f, np.float64) for name, f in fields.items()}


def _heights(layout: Layout, grid: Grid) -> NDArray[np.float32]:
    """Return the layout's heights on another grid by its nearest cell [m]; outside the layout nothing is built."""
    if layout.grid == grid:
        return layout.height_m
    x, y = grid.centres()
    row = np.floor((layout.grid.origin[1] - y) / layout.grid.cell_m).astype(int)
    col = np.floor((x - layout.grid.origin[0]) / layout.grid.cell_m).astype(int)
    inside = (row >= 0) & (row < layout.grid.shape[0]) & (col >= 0) & (col < layout.grid.shape[1])
    height = np.zeros(grid.shape, np.float32)
    height[inside] = layout.height_m[row[inside], col[inside]]
    return height


def phone_columns(observations: Observations, cells: Points, grid: Grid) -> list[Column]:
    """Return each phone's share in the readings of a cell, the commonest phone's left out; nothing of a single phone.

    The map is that of the average share, so that no phone's offset is in it.
    """
    readings = observations.gain_points()
    names, phone, count = np.unique(readings.device, return_inverse=True, return_counts=True)
    if len(names) < 2:
        return []
    wide = covering(grid, readings)
    where = np.ravel_multi_index(wide.index_of(readings.x, readings.y), wide.shape)
    at = np.ravel_multi_index(wide.index_of(cells.x, cells.y), wide.shape)
    total = np.bincount(where, minlength=wide.shape[0] * wide.shape[1])[at]
    columns: list[Column] = []
    for k in np.argsort(-count)[1:]:
        share = np.bincount(where[phone == k], minlength=wide.shape[0] * wide.shape[1])[at] / total
        columns.append((f"{PHONE}{names[k]}", share, np.full(grid.shape[0] * grid.shape[1], share.mean())))
    return columns


def map_columns(maps: Mapping[str, NDArray[np.floating]], cells: Points, grid: Grid) -> list[Column]:
    """Return maps on the grid, each of shape grid.shape, as columns by name; a map is continued beyond its rim."""
    row = np.floor((grid.origin[1] - cells.y) / grid.cell_m).astype(int).clip(0, grid.shape[0] - 1)
    col = np.floor((cells.x - grid.origin[0]) / grid.cell_m).astype(int).clip(0, grid.shape[1] - 1)
    fields = ((name, np.asarray(values, np.float64)) for name, values in maps.items())
    return [(name, values[row, col], values.ravel()) for name, values in fields]


def _scale(near: Floats, before: Floats) -> tuple[float, float] | None:
    """Return centre and spread of a column at the cells, or None where it says too little beside those before it."""
    n, p = before.shape
    centre, spread = float(near.mean()), float(near.std())
    above = int((near > centre).sum())
    if spread < 1e-3 or min(above, n - above) < _MIN_SIDE or n < _MIN_PER_COLUMN * (p + 2):
        return None
    column, known = (near - centre) / spread, np.insert(before, 0, 1.0, axis=1)
    unexplained = column - known @ np.linalg.lstsq(known, column, rcond=None)[0]
    return (centre, spread) if float(unexplained.std()) >= _MIN_NEW else None


def _columns(transmitter: Transmitter, x: Floats, y: Floats) -> dict[str, Floats]:
    dx, dy = x - transmitter.x, y - transmitter.y
    flat = np.hypot(dx, dy)
    rise = transmitter.height_m - RECEIVER_HEIGHT_M
    columns = {"log_distance": 10.0 * np.log10(np.maximum(np.hypot(flat, rise), 1.0))}
    if transmitter.azimuth_rad is not None:
        azimuth = np.arctan2(dy, dx) - transmitter.azimuth_rad
        elevation = np.arctan2(-rise, np.maximum(flat, 1e-6)) + np.deg2rad(transmitter.downtilt_deg)
        columns["pattern"] = sector_gain_db(azimuth, elevation)
    return columns
