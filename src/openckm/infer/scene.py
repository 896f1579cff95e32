"""A scene holds the evidence on one map as experts work with it: one reading per cell and device, planes, and a design.

Readings y_i [dB or dBm] of cell i by device d are modelled as

    y_i = offset + b_d + slope (m(s_i) - m_bar) + pattern(bearing_i) + indoor_i + delta(s_i) + eps_i  (1)

m is the map that the learned prior predicts, m_bar its average over the readings, offset the unknown transmit power,
b_d how much higher the device reads than the mean device (0 +- 4 dB; the sum over devices is 0), pattern the standard's
sector and smooth harmonics around the known boresight, delta the discrepancy. Everything but m and delta is linear with
a Gaussian prior (`openckm.observe.field.nuisance`). The map is that of the mean device, or of one that is named, or of
whatever device is at hand (ANY_DEVICE): where each device read parts of the map of its own, what another drive will
read there has the level of the device that reads there.

A reading is a value, or a limit (below, above, an interval) of y_i: all count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import GridError, MeasurementError
from openckm.infer.extended import ExtendedReadings, MeanMap, extended_readings
from openckm.maps.antenna import PEAK_DBI
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points
from openckm.maps.propagation import site_geometry
from openckm.maps.site import Layout, Transmitter
from openckm.observe.field.matern import Matern
from openckm.observe.field.nuisance import Basis, join, level_column, map_column, pattern_columns
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, evidence_planes, moving_planes, scalars, site_planes
from openckm.priors.ray_planes import add_rays, over_free_space_db

Array = NDArray[np.float64]
SHADOW_SIGMA_DB = 0.5
"""What averaging the readings of a cell does not remove [dB]: the place within the cell."""
ANY_DEVICE = "any"
"""Name that stands for whatever device is at hand: readings count as they come, and no device has a level."""
OLDER = "map before"
"""Name of the device of the readings that an older map of the site stands for."""
MIN_READINGS = 3
"""Readings without which nothing is fitted."""
_TRANSMIT = "transmit power"
"""Coefficient of what received power holds beyond the gain, where gains were read, too."""
_LEVEL_STD_DB = 30.0
"""How far the level of readings may be from their average where no map is believed [dB]."""
_UNHEARD_DB = -30.0
"""Power over free space that is taken where no ray arrives: indoors, or out of their reach [dB]."""
DEVICE_STD_DB = 4.0
"""How much devices differ in level [dB]."""
_MOST_DEVICES = 50
"""Devices with a level of their own; beyond it, those with the fewest readings share one."""
_OWN_NOISE = 20
"""Readings from which a device has a noise of its own; the others share one."""
NARROW = 2.0
"""Width of an interval [its noise] up to which it counts as its middle, give or take its width."""
_PLAUSIBLE = {"dBm": (-250.0, 10.0), "dB": (-400.0, 60.0)}
"""What a radio can read, by unit: nothing receives more than 10 dBm, and a path gains nothing."""


@dataclass(frozen=True, eq=False)
class Sisters:
    """What other cells of the mast read, as readings of a field that they share with this one.

    Attributes:
        xy: places and the number of the sister's field (1, 2, ...; 0 is the cell itself), shape (k, 3).
        value: residuals of the sisters [dB], shape (k,).
        variance: the variance of their noise [dB^2], shape (k,).
        components: the field of all cells, in the deviation and length of this one.
        correlation: the correlation with each sister, by name.
    """

    xy: Array
    value: Array
    variance: Array
    components: tuple[Matern, ...]
    correlation: dict[str, float]


@dataclass(frozen=True, eq=False)
class Scene:
    """Evidence on a grid that the network can take (sides divisible by its multiple).

    Attributes:
        grid: the padded grid; its north-west corner is that of the grid asked for.
        shape: rows and columns asked for.
        cells: one reading per visited cell and device, at cell centres; None where there are none.
        used: the readings that say anything (all but intervals without an end), shape (len(cells),).
        extra: readings of other quantities (direction), for the evidence planes.
        layout: buildings on the padded grid, or None.
        transmitter: or None.
        condition: site planes and scalars, no measurements.
        reference: name of the device whose map is wanted; None for the mean device.
        extended: readings of more than one cell, or None.
        maps: whole maps that were handed in, on the padded grid.
        sisters: what other cells of the mast read, or None.
        levels: levels of the devices and their deviations [dB] that other cells found, each of shape (devices,).
        wanted: flat index of the cells whose belief is wanted, shape (m,); None for all cells.
    """

    grid: Grid
    shape: tuple[int, int]
    cells: Points | None
    used: NDArray[np.bool_]
    extra: tuple[Points, ...]
    layout: Layout | None
    transmitter: Transmitter | None
    condition: Condition
    reference: str | None = None
    extended: ExtendedReadings | None = None
    maps: tuple[MeanMap, ...] = ()
    sisters: Sisters | None = None
    levels: tuple[Array, Array] | None = None
    wanted: NDArray[np.intp] | None = None

    @property
    def asked(self) -> NDArray[np.intp] | slice:
        """What picks the wanted cells out of an array over all cells."""
        return slice(None) if self.wanted is None else self.wanted

    @property
    def unit(self) -> str:
        """Unit of the readings: "dBm", or "dB" where there are none."""
        return "dB" if self.cells is None else self.cells.unit

    @cached_property
    def readings(self) -> Points:
        """The readings that are used; a narrow interval counts as its middle, give or take its width.

        Raises:
            GridError: if there are none.
        """
        if self.cells is None:
            raise GridError("this scene holds no gain readings")
        chosen = self.cells.subset(self.used)
        two = (chosen.kind == "interval") & np.isfinite(chosen.low) & np.isfinite(chosen.high)
        low, high = np.where(two, chosen.low, 0.0), np.where(two, chosen.high, 0.0)
        width = high - low
        narrow = two & (width <= NARROW * chosen.sigma)
        middle = np.where(narrow, (low + high) / 2, chosen.value)
        noise = np.sqrt(chosen.sigma**2 + np.where(narrow, width, 0.0) ** 2 / 12.0)
        return replace(chosen, value=middle, sigma=noise, kind=np.where(narrow, "exact", chosen.kind))

    @property
    def plain(self) -> NDArray[np.bool_]:
        """The used readings that are values and not limits, shape (n,)."""
        return np.zeros(0, bool) if self.cells is None else np.asarray(self.readings.kind == "exact")

    @property
    def fitted(self) -> bool:
        """Whether the readings can tell level and nuisances: three values, or limits where the level is known."""
        if self.cells is None:
            return False
        if self.extended is not None:
            return True
        enough = int(self.plain.sum()) if self.unit == "dBm" else int(self.used.sum())
        return enough >= MIN_READINGS

    @property
    def visited(self) -> int:
        """Number of cells with a reading that is used."""
        return 0 if self.cells is None else len(np.unique(self.index))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper end of what each used reading says [unit], equal for values, each of shape (n,)."""
        kind, value = self.readings.kind, self.readings.value
        low = np.select([kind == "below", kind == "interval"], [np.full(len(value), -np.inf), self.readings.low], value)
        high = np.select(
            [kind == "above", kind == "interval"], [np.full(len(value), np.inf), self.readings.high], value
        )
        return np.asarray(low), np.asarray(high)

    @cached_property
    def devices(self) -> tuple[str, ...]:
        """Names of the devices with a level of their own, in order; "(others)" for those that share one."""
        names, counts = np.unique(self.readings.device, return_counts=True)
        if not len(names):
            return ("",)
        if len(names) <= _MOST_DEVICES:
            return tuple(map(str, names))
        kept = np.sort(names[np.argsort(-counts, kind="stable")[: _MOST_DEVICES - 1]])
        return (*map(str, kept), "(others)")

    @cached_property
    def device(self) -> NDArray[np.intp]:
        """Number of each used reading's device among `devices`, shape (n,)."""
        number = {name: k for k, name in enumerate(self.devices)}
        return np.asarray([number.get(str(d), len(number) - 1) for d in self.readings.device], dtype=np.intp)

    @property
    def noise_number(self) -> NDArray[np.intp]:
        """Whose noise each device has: 0 for those with few readings, shape (devices,)."""
        own = np.bincount(self.device, minlength=len(self.devices)) >= _OWN_NOISE
        return np.asarray(np.where(own, np.cumsum(own) - int(own.all()), 0), dtype=np.intp)

    @property
    def noise_group(self) -> NDArray[np.intp]:
        """Whose noise each used reading has, shape (n,)."""
        return np.asarray(self.noise_number[self.device], dtype=np.intp)

    @cached_property
    def contrasts(self) -> Array:
        """Level of each device in terms of the coefficients, shape (devices, devices - 1): orthonormal, sums are 0."""
        count = len(self.devices)
        return np.linalg.qr(np.eye(count)[:, :-1] - 1.0 / count)[0] if count > 1 else np.zeros((1, 0))

    @cached_property
    def map_level(self) -> Array:
        """Level of the map's device in terms of the coefficients, shape (devices - 1,): of today's phones, or of one.

        Raises:
            MeasurementError: if the device whose map is wanted read nothing.
        """
        if self.reference is None:  # an older map is no phone: its level was that of another transmit power
            today = np.array(self.devices) != OLDER
            return np.asarray(self.contrasts[today].mean(axis=0) if today.any() else self.contrasts.mean(axis=0))
        if self.reference not in self.devices:
            raise MeasurementError(
                f"the map of device {self.reference!r} is wanted, the readings are by {', '.join(self.devices)}"
            )
        return np.asarray(self.contrasts[self.devices.index(self.reference)])

    @property
    def index(self) -> NDArray[np.intp]:
        """Flat cell index of each used reading, shape (n,)."""
        row, col = self.grid.index_of(self.readings.x, self.readings.y)
        return np.asarray(row * self.grid.shape[1] + col, dtype=np.intp)

    @property
    def places(self) -> Array:
        """Cell centres of the whole padded grid [m], shape (cells, 2), or (cells, 3) where fields are numbered."""
        x, y = (part.ravel() for part in self.grid.centres())
        return np.stack([x, y] if self.sisters is None else [x, y, np.zeros(len(x))], axis=1)

    def design(self, mean_db: Array) -> Basis:
        """Return the rows of H of every cell for a predicted map [dB], shape (cells,), slope column centred.

        Raises:
            MeasurementError: if the device whose map is wanted read nothing.
        """
        centre = float(mean_db[self.index].mean()) if len(self.index) else float(mean_db.mean())
        power = self.unit == "dBm"
        share = (0.5 if power else 1.0) / (1 + len(self.maps))  # of the slopes' sum
        known_level = not power or self.extended is not None
        parts = [
            level_column(mean_db.size, mean=centre if known_level else 0.0, std=3.0 if known_level else np.inf),
            map_column(mean_db - centre, mean=share, std=0.3),  # (1): slope (m - m_bar)
            *(self._handed_in(one, share) for one in self.maps),
        ]
        if self.transmitter is not None:
            parts += _antenna(self.grid, self.transmitter, known_level)  # (1): pattern
        if self.layout is not None:
            parts.append(_indoor(self.layout))  # (1): indoor
        if power and known_level:  # gains beside received power: the transmit power is a coefficient of its own
            column = np.ones((mean_db.size, 1))
            parts.append(Basis(column, (_TRANSMIT,), ("dBm",), np.zeros(1), np.array([np.inf])))
        if len(self.devices) > 1 or self.reference is not None:
            parts.append(self._device_columns(mean_db.size))  # (1): b_d
        return join(*parts)

    def bare_design(self) -> Basis:
        """Return the rows of H of every cell without the prior's map: level, distance, antenna, rays, devices."""
        x, y = (part.ravel() for part in self.grid.centres())
        value = self.readings.value
        parts = [level_column(len(x), mean=float(value.mean()) if len(value) else 0.0, std=_LEVEL_STD_DB)]
        if (base := self.transmitter) is not None:
            # Eq. 1 of `openckm.infer.trend`: 10 log10 r
            far = 10.0 * np.log10(np.hypot(np.hypot(x - base.x, y - base.y), base.height_m))
            far -= float(far[self.index].mean()) if len(self.index) else 0.0
            parts.append(Basis(far[:, None], ("distance slope",), ("dB/dB",), np.array([-3.0]), np.array([3.0])))
            if self.unit == "dBm" and base.azimuth_rad is not None:
                parts += _antenna(self.grid, base, known_level=False)
        if (rays := self._rays_db()) is not None:
            rays -= float(rays[self.index].mean()) if len(self.index) else 0.0
            parts.append(Basis(rays[:, None], ("rays slope",), ("dB/dB",), np.array([0.5]), np.array([0.5])))
        if len(self.devices) > 1 or self.reference is not None:
            parts.append(self._device_columns(len(x)))
        return join(*parts)

    def _rays_db(self) -> Array | None:
        """Return the power of rays over free space [dB] of every cell; None where none were launched."""
        if self.condition.rays is None:
            return None
        over = over_free_space_db(self.condition.rays[0].numpy()).ravel()
        return np.where(over == 0.0, _UNHEARD_DB, over)

    def _handed_in(self, one: MeanMap, share: float) -> Basis:
        """The column of a map that was handed in, about its level at the readings."""
        column = one.mean.ravel() - one.mean.ravel()[self.index if len(self.index) else slice(None)].mean()
        return Basis(column[:, None], (f"{one.name} slope",), ("dB/dB",), np.array([share]), np.array([0.3]))

    def rows(self, matrix: Array) -> Array:
        """Return the rows of H of the used readings, each of its own device, from those of every cell, shape (n, p)."""
        rows = matrix[self.index]
        if self.contrasts.shape[1]:
            rows[:, matrix.shape[1] - self.contrasts.shape[1] :] = self.contrasts[self.device]
        return rows

    def _device_columns(self, cells: int) -> Basis:
        """The columns of the devices' levels, on the map those of the device whose map it is."""
        count = self.contrasts.shape[1]
        names = tuple(f"device contrast {k + 1}" for k in range(count))
        mean, std = np.zeros(count), np.full(count, DEVICE_STD_DB)
        if self.levels is not None:
            mean = self.contrasts.T @ self.levels[0]
            std = np.sqrt((self.contrasts.T**2) @ self.levels[1] ** 2)
        return Basis(np.tile(self.map_level, (cells, 1)), names, ("dB",) * count, mean, std)

    def with_evidence(self, gain: Points | None) -> Condition:
        """Return the condition with these gain readings [dB] (and the scene's directions) as evidence."""
        tables = (() if gain is None else (gain,)) + self.extra
        planes = (
            evidence_planes(self.grid, tables) if tables else np.zeros((EVIDENCE_PLANES, *self.grid.shape), np.float32)
        )
        return replace(self.condition, evidence=torch.as_tensor(planes)[None])

    @property
    def valid(self) -> NDArray[np.bool_] | None:
        """False inside buildings, of the shape asked for; None where no layout is known."""
        return None if self.layout is None else ~self.layout.building[: self.shape[0], : self.shape[1]]

    def crop(self, field: NDArray[np.floating]) -> NDArray[np.floating]:
        """Cut (..., rows, cols) of the padded grid down to the shape asked for."""
        return field[..., : self.shape[0], : self.shape[1]]


def prepare_scene(
    observations: Observations, grid: Grid, multiple: int, reference: str | None = None,
    maps: Sequence[MeanMap] = (), condition: Condition | None = None, planes: Sequence[str] = (),
) -> Scene:  # fmt: skip
    """Return the scene of some observations on a grid.

    Args:
        observations: the evidence, in the grid's CRS.
        grid: the cells asked for.
        multiple: the network's sides must be divisible by this.
        reference: name of the device whose map is wanted; None for the mean device, ANY_DEVICE for those at hand.
        maps: whole maps that someone else predicted, on the grid asked for.
        condition: what the network is conditioned on besides readings, where somebody else makes it; None to make it.
        planes: groups of planes that the network reads; rays are launched only for one that reads them.

    Raises:
        GridError: if the CRS of observations or layout is not the grid's.
        OutsideGrid: if a reading lies outside the grid.
        MeasurementError: if there are values that no radio can read.
        InputError: if an area, raster or operator cannot be used.
    """
    if observations.crs != grid.crs:
        raise GridError(
            f"the observations are in {observations.crs or 'a local plane'}, the grid in {grid.crs or 'a local plane'};"
            " bring the readings into the grid's CRS (read_drive_test does so when it is given the grid)"
        )
    padded = replace(grid, shape=(_up(grid.shape[0], multiple), _up(grid.shape[1], multiple)))
    layout = None if observations.layout is None else _pad(observations.layout, grid, padded)
    gain = [p for p in observations.points if p.quantity == "gain_db" and len(p)]
    cells = None
    if gain:
        points = observations.gain_points()
        _require_plausible(points)
        if reference == ANY_DEVICE:
            points, reference = replace(points, device=np.full(len(points), "")), None
        cells = aggregate_cells(points, grid, shadow_sigma_db=SHADOW_SIGMA_DB, by_device=True)
    extended = extended_readings(observations, grid, padded)
    if cells is None and extended is not None:
        nothing = np.zeros(0)
        cells = Points.exact(nothing, nothing, nothing, sigma=1.0, unit="dB")
    used = np.zeros(0, bool) if cells is None else _usable(cells)
    extra = tuple(p for p in observations.points if p.quantity in ("aoa_cos", "aoa_sin") and len(p))
    for table in extra:
        grid.index_of(table.x, table.y)
    if condition is None:
        condition = _site_condition(observations, grid, padded, layout)
        condition = add_rays(condition, planes, padded, observations.layout, observations.transmitter)
    return Scene(
        padded, grid.shape, cells, used, extra, layout, observations.transmitter, condition, reference, extended,
        tuple(one.padded(grid, padded) for one in maps),
    )  # fmt: skip


def _site_condition(observations: Observations, grid: Grid, padded: Grid, layout: Layout | None) -> Condition:
    """Return what the network is conditioned on before any reading: layout, transmitter and vehicles."""
    carrier = None if observations.transmitter is None else observations.transmitter.carrier_hz
    vehicles = None if observations.vehicles is None else _pad(observations.vehicles, grid, padded, "vehicles").height_m
    if vehicles is not None and layout is not None:
        vehicles = np.where(layout.building, np.float32(0.0), vehicles)
    return Condition(
        torch.as_tensor(site_planes(padded, layout, observations.transmitter))[None],
        torch.zeros(1, EVIDENCE_PLANES, *padded.shape),
        scalars(grid.cell_m, carrier),
        None if vehicles is None else torch.as_tensor(moving_planes(vehicles))[None],
    )


def _usable(cells: Points) -> NDArray[np.bool_]:
    """False for intervals without an end, which say nothing, shape (len(cells),)."""
    return np.asarray((cells.kind != "interval") | np.isfinite(cells.low) | np.isfinite(cells.high))


def _require_plausible(points: Points) -> None:
    low, high = _PLAUSIBLE.get(points.unit, (-np.inf, np.inf))
    bad = (points.value < low) | (points.value > high)
    if bad.any():
        k = int(np.argmax(bad))
        raise MeasurementError(
            f"{points.source or 'observations'}, row {int(points.row[k])}: {points.value[k]:g} {points.unit}"
            f" ({int(bad.sum())} such readings): no radio reads that, wanted {low:g} to {high:g} {points.unit};"
            " leave these rows out, or name the right column and unit"
        )


def _up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple


def _pad(layout: Layout, grid: Grid, padded: Grid, what: str = "the layout stands") -> Layout:
    if layout.grid != grid:
        raise GridError(f"{what} on {layout.grid}, the map on {grid}: read the layout onto the map's grid")
    room = [(0, p - g) for p, g in zip(padded.shape, grid.shape, strict=True)]
    unknown = None if layout.unknown is None else np.pad(layout.unknown, room, constant_values=True)
    ground = None if layout.ground_m is None else np.pad(layout.ground_m, room, mode="edge")
    return replace(layout, grid=padded, height_m=np.pad(layout.height_m, room), unknown=unknown, ground_m=ground)


def _antenna(grid: Grid, transmitter: Transmitter, known_level: bool) -> list[Basis]:
    """Smooth harmonics about the boresight, and the standard's pattern: a slope below 1 shrinks it in the map too."""
    x, y = grid.centres()
    bearing = np.arctan2(y - transmitter.y, x - transmitter.x).ravel() - (transmitter.azimuth_rad or 0.0)
    parts = [pattern_columns(bearing, order=2, std=1.0 if known_level else 1.5)]
    if transmitter.azimuth_rad is not None and not known_level:
        gain = site_geometry(grid, transmitter).pattern_db.astype(np.float64).ravel() - PEAK_DBI
        parts.append(Basis(gain[:, None], ("TR 38.901 pattern",), ("dB/dB",), np.array([0.4]), np.array([0.3])))
    return parts


def _indoor(layout: Layout) -> Basis:
    column = layout.building.astype(np.float64).ravel()[:, None]
    return Basis(column, ("indoor",), ("dB",), np.array([-3.0]), np.array([6.0]))
