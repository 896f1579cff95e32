"""What rays bring to the cells of a map: power and direction by reflections, and what gets over the roofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, OptionError
from openckm.maps.antenna import sector_gain_db
from openckm.maps.grid import Grid
from openckm.maps.propagation import RECEIVER_HEIGHT_M, SPEED_OF_LIGHT
from openckm.maps.rays.kernel import FAN, STACK, TRAIL
from openckm.maps.rays.machine import can_launch, functions
from openckm.maps.rays.materials import (
    GROUND_M,
    MOST_BOUNCES,
    WALL_M,
    ground_reflectance,
    permittivity,
    wall_reflectance,
)
from openckm.maps.rays.walls import fit_walls
from openckm.maps.site import Layout, Transmitter
from openckm.maps.trees import most_attenuation_db, specific_attenuation, wood_attenuation_db

CARRIERS_HZ = (0.4e9, 100e9)
"""Carriers at which materials are defined [Hz]."""
MARGIN_M = 128.0
"""How far beyond a map buildings are looked at, where the layout has them [m]."""
BLOCK = 256
"""Side of the part of a map whose arrivals are held at once [cells]: about 900 bytes a cell."""
_ELEVATIONS, _COSINES, _PATTERN_AZIMUTHS = 721, 128, 720
Field = NDArray[np.float64]
Box = tuple[slice, slice]


@dataclass(frozen=True)
class RayOptions:
    """How rays are launched.

    Attributes:
        azimuths: fans that leave the antenna; None means 8192, and 1024 where llvmlite is not there.
        bounces: reflections off walls, at most (the ground comes on top).
        bins: sectors of azimuth among which the strongest arrival is looked for.
        wall: material of walls, `openckm.maps.rays.materials.material`.
        lossless: whether walls and ground reflect everything; for tests of the laws.

    Raises:
        OptionError: if a number is out of range.
    """

    azimuths: int | None = None
    bounces: int = 5
    bins: int = 36
    wall: str = "concrete"
    lossless: bool = False

    def __post_init__(self) -> None:
        if (self.azimuths is not None and self.azimuths < 8) or not 0 <= self.bounces <= MOST_BOUNCES or self.bins < 4:
            raise OptionError(
                f"rays: wanted at least 8 azimuths, 0 to {MOST_BOUNCES} bounces and at least 4 bins, got"
                f" azimuths={self.azimuths}, bounces={self.bounces}, bins={self.bins}"
            )

    @property
    def fans(self) -> int:
        """Number of fans that leave the antenna."""
        return self.azimuths or (8192 if can_launch() else 1024)


@dataclass(frozen=True)
class RayField:
    """What rays bring to the cells of a map; each field of shape grid.shape, 0 on built cells.

    Powers are path gains with the antenna pattern [linear], averaged over the cell and summed over paths without regard
    to their phases.

    Attributes:
        straight: the power by the straight line, where nothing stands in it.
        ground: the power by the straight line and the ground.
        reflected: the power by walls, with or without the ground.
        corners: around one upright corner that the antenna sees.
        eaves: over one upper edge of a wall that the antenna sees.
        over_roofs: what the straight line over up to three edges of roofs brings beyond that, where it is not free.
        roof_loss_db: loss over those edges [dB], 0 where the line is free by far.
        strongest: the power by the strongest arrival, a sector of azimuth.
        strongest_cos: east component of the unit vector towards where it comes from; 0 where nothing arrives.
        strongest_sin: north component of the same vector.
        sum_cos: east component of the power-weighted mean vector of all arrivals, of length 1 at most.
        sum_sin: north component of the same vector.
        fates: solid angle [sr] of the launched rays by what became of them: left the raster, stayed above the
            receivers, ended at a wall (last bounce or too weak), dropped for want of room.
    """

    straight: Field
    ground: Field
    reflected: Field
    corners: Field
    eaves: Field
    over_roofs: Field
    roof_loss_db: Field
    strongest: Field
    strongest_cos: Field
    strongest_sin: Field
    sum_cos: Field
    sum_sin: Field
    fates: Field

    @property
    def total(self) -> Field:
        """Sum of all powers."""
        return self.straight + self.ground + self.reflected + self.corners + self.eaves + self.over_roofs


def trace_rays(
    grid: Grid,
    layout: Layout,
    transmitter: Transmitter,
    options: RayOptions | None = None,
    *,
    receiver_m: float = RECEIVER_HEIGHT_M,
    crown_m: NDArray[np.float32] | None = None,
) -> RayField:
    """Return what rays bring to the cells of a map.

    Nothing in it is random: the same site gives the same field. What runs through a wood loses by the metre, whichever
    way it came (`openckm.maps.trees`).

    Args:
        grid: cells of the map.
        layout: buildings on these cells, or on a larger grid of the same cells (whatever surrounds the map).
        transmitter: position, height, carrier and antenna; it may stand outside.
        options: how rays are launched.
        receiver_m: height of the receivers [m].
        crown_m: height of woods on the cells of the layout [m], 0 where there are none; None where nobody knows any.

    Raises:
        GridError: if the layout's cells are not those of the map, or the woods stand on others.
        OptionError: if the carrier lies outside 0.4-100 GHz, where materials are defined.
    """
    found: dict[str, Field] = {}
    for part, field in trace_parts(grid, layout, transmitter, options, receiver_m=receiver_m, crown_m=crown_m):
        for name, values in vars(field).items():
            if name == "fates":  # those of all rays, the same for every part
                found[name] = values
            else:
                found.setdefault(name, np.zeros(grid.shape))[part] = values
    return RayField(**found)


def trace_parts(
    grid: Grid, layout: Layout, transmitter: Transmitter, options: RayOptions | None = None, *,
    receiver_m: float = RECEIVER_HEIGHT_M, crown_m: NDArray[np.float32] | None = None,
) -> Iterator[tuple[Box, RayField]]:  # fmt: skip
    """Yield the field of `trace_rays` part by part, BLOCK x BLOCK cells at most, so that no caller need hold it whole.

    Args:
        grid, layout, transmitter, options, receiver_m, crown_m: as for `trace_rays`.

    Raises:
        GridError: if the layout's cells are not those of the map, or the woods stand on others.
        OptionError: if the carrier lies outside 0.4-100 GHz, where materials are defined.
    """
    options = options or RayOptions()
    top, left, rows, cols = _window(grid, layout.grid)
    height = np.ascontiguousarray(layout.height_m, np.float32)
    walls, (pattern, reflected, ground) = fit_walls(height), _tables(transmitter, options)
    crown = _woods(crown_m, height)
    gamma, limit = specific_attenuation(transmitter.carrier_hz), most_attenuation_db(transmitter.carrier_hz)
    place = _place(transmitter, layout.grid)
    wavelength = SPEED_OF_LIGHT / transmitter.carrier_hz
    sources = corner_sources(walls.corners, height, place, grid.cell_m, wavelength)
    turn = 2.0 * np.pi / options.fans
    unit = turn / grid.cell_m**2
    run = functions()
    stack, trail, tops = (np.zeros(n) for n in ((STACK + 1, FAN), (STACK + 1, TRAIL), 4 * sum(height.shape) + 8))
    for row, col in product(range(0, rows, BLOCK), range(0, cols, BLOCK)):
        part = slice(row, min(row + BLOCK, rows)), slice(col, min(col + BLOCK, cols))
        shape, first = (part[0].stop - row, part[1].stop - col), (top + row, left + col)
        into, fates = np.zeros((3 * options.bins + 6, *shape)), np.zeros((2, 4))
        loss, metres = np.zeros(shape), np.zeros(shape)
        run["launch"](
            height, walls.wall, walls.lines, sources, *place, receiver_m, grid.cell_m, options.fans,
            options.fans // 16, options.bounces, *first, stack, pattern, reflected, ground, crown, gamma, limit, trail,
            into, fates,
        )  # fmt: skip
        run["eaves"](
            height, walls.edges, *place, receiver_m, grid.cell_m, wavelength, *first, pattern, 1.0 / unit, crown,
            gamma, limit, into,
        )  # fmt: skip
        run["roof_edges"](
            height, *place, receiver_m, grid.cell_m, wavelength, *first, crown, tops, loss, metres
        )  # fmt: skip
        woods = wood_attenuation_db(metres, transmitter.carrier_hz)
        into *= unit * (wavelength / (4.0 * np.pi)) ** 2
        line = _line(grid.x[part[1]], grid.y[part[0]], transmitter, receiver_m, wavelength)
        built = height[first[0] : first[0] + shape[0], first[1] : first[1] + shape[1]] > 0
        yield part, RayField(**_gather(into, loss, woods, line, built), fates=fates[0] * turn)


def _window(grid: Grid, around: Grid) -> tuple[int, int, int, int]:
    """Return first row and column, rows and columns of the map within the raster of the layout."""
    col = (grid.origin[0] - around.origin[0]) / grid.cell_m
    row = (around.origin[1] - grid.origin[1]) / grid.cell_m
    fits = grid.cell_m == around.cell_m and max(abs(row - round(row)), abs(col - round(col))) < 1e-3
    row, col = round(row), round(col)
    if (
        not fits
        or min(row, col) < 0
        or any(first + n > m for first, n, m in zip((row, col), grid.shape, around.shape, strict=True))
    ):
        raise GridError(f"layout on {around}: wanted the cells of the map, {grid}, and perhaps more around them")
    return row, col, grid.shape[0], grid.shape[1]


def _woods(crown_m: NDArray[np.float32] | None, height: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the height of woods where nothing is built, without rows where there are none."""
    if crown_m is None or not crown_m.any():
        return np.zeros((0, 0), np.float32)
    if crown_m.shape != height.shape:
        raise GridError(f"woods on {crown_m.shape} cells, buildings on {height.shape}: wanted the same cells")
    return np.ascontiguousarray(np.where(height > 0, 0.0, crown_m), np.float32)


def _place(transmitter: Transmitter, around: Grid) -> tuple[float, float, float]:
    x = (transmitter.x - around.origin[0]) / around.cell_m
    y = (around.origin[1] - transmitter.y) / around.cell_m
    return float(x), float(y), float(transmitter.height_m)


def corner_sources(
    corners: Field, height: NDArray[np.float32], place: tuple[float, float, float], cell_m: float, wavelength: float
) -> Field:
    """Return the corners that the antenna sees, as sources of bent fans, (corners, 7).

    Each is (x, y) in cells, its distance from the antenna [m], the slopes from and to at which the antenna's rays get
    there over all that stands between and below the corner's top, the direction in which they come, and nu / root for
    a bend of 1 rad.
    """
    tx, ty, tz = place
    kept = []
    for x, y, top in corners:
        flat = float(np.hypot(x - tx, y - ty))
        t = np.arange(1, int(4.0 * flat) + 1) / (int(4.0 * flat) + 1)
        row, col = (np.floor(a + (b - a) * t).astype(np.int64) for a, b in ((ty, y), (tx, x)))
        there = (row >= 0) & (row < height.shape[0]) & (col >= 0) & (col < height.shape[1]) & (t * flat > 0.75)
        above = np.zeros(len(t))
        above[there] = height[row[there], col[there]]
        built = above > 0
        low = max(-1e4, float(((above[built] - tz) / (t[built] * flat * cell_m)).max(initial=-1e4)))
        high = (top - tz) / max(flat * cell_m, 1e-9)
        if flat >= 1.0 and low < high:
            kept.append((x, y, flat * cell_m, low, high, np.arctan2(y - ty, x - tx), np.sqrt(2.0 / wavelength)))
    return np.array(kept).reshape(-1, 7)


def _tables(transmitter: Transmitter, options: RayOptions) -> tuple[Field, Field, Field]:
    """Return the antenna's power by azimuth and elevation, and what walls and ground reflect (see `launch`)."""
    elevation = np.linspace(-0.5 * np.pi, 0.5 * np.pi, _ELEVATIONS)
    pattern = np.ones((1, _ELEVATIONS))
    if transmitter.azimuth_rad is not None:
        azimuth = -2.0 * np.pi * (np.arange(_PATTERN_AZIMUTHS) + 0.5) / _PATTERN_AZIMUTHS  # fans leave clockwise
        tilted = elevation + np.deg2rad(transmitter.downtilt_deg)
        pattern = 10.0 ** (0.1 * sector_gain_db(azimuth[:, None] - transmitter.azimuth_rad, tilted[None]))
    flat = np.linspace(0.0, 1.0, _COSINES)
    if options.lossless:
        return pattern, np.ones((_COSINES, _ELEVATIONS + 1)), np.ones(_ELEVATIONS)
    waves = transmitter.carrier_hz / SPEED_OF_LIGHT
    wall = permittivity(options.wall, transmitter.carrier_hz)
    walls = wall_reflectance(wall, WALL_M * waves, np.maximum(flat, 0.5 / _COSINES), elevation)
    earth = permittivity("ground", transmitter.carrier_hz)
    walls = np.concatenate([walls, walls.max(axis=1, keepdims=True)], axis=1)
    return pattern, walls, ground_reflectance(earth, GROUND_M * waves, elevation)


def _line(
    x: Field, y: Field, tx: Transmitter, receiver_m: float, wavelength: float
) -> tuple[Field, Field, Field]:  # fmt: skip
    """Return free space along the straight line with the antenna [linear], and the direction towards the antenna.

    The cells are those of all columns x [m] by all rows y [m].
    """
    x, y = np.meshgrid(x, y)
    east, north = tx.x - x, tx.y - y
    flat = np.hypot(east, north)
    rise = tx.height_m - receiver_m
    power = (wavelength / (4.0 * np.pi)) ** 2 / np.maximum(flat**2 + rise**2, 1.0)
    if tx.azimuth_rad is not None:
        azimuth, elevation = np.arctan2(-north, -east), np.arctan2(-rise, np.maximum(flat, 1e-6))
        tilted = elevation + np.deg2rad(tx.downtilt_deg)
        power = power * 10.0 ** (0.1 * sector_gain_db(azimuth - tx.azimuth_rad, tilted))
    safe = np.maximum(flat, 1e-6)
    return power, east / safe, north / safe


def _gather(
    into: Field, loss: Field, woods: Field, line: tuple[Field, ...], built: NDArray[np.bool_]
) -> dict[str, Field]:  # fmt: skip
    """Return the fields of a `RayField` by name, from what was deposited in a part of the map."""
    bins = (len(into) - 6) // 3
    spectrum, east, north, kinds = np.split(into, (bins, 2 * bins, 3 * bins))
    power, cos, sin = line
    straight = kinds[0]
    over = np.where(built, 0.0, power * 10.0 ** (-0.1 * (loss + woods)))
    over = np.where((loss > 0) & (straight < over), np.maximum(over - straight - kinds[5], 0.0), 0.0)
    bearing = np.floor(np.mod(np.arctan2(-sin, cos) / (2.0 * np.pi), 1.0) * bins).astype(np.int64) % bins
    for part, share in ((spectrum, 1.0), (east, cos), (north, sin)):  # what comes over the roofs arrives from there
        there = np.take_along_axis(part, bearing[None], 0)
        np.put_along_axis(part, bearing[None], there + over * share, 0)
    best = spectrum.argmax(axis=0)[None]
    strongest, *moment = (np.take_along_axis(part, best, 0)[0] for part in (spectrum, east, north))
    length = np.maximum(np.hypot(*moment), 1e-300)
    total = np.maximum(spectrum.sum(axis=0), 1e-300)
    return {
        "straight": straight, "ground": kinds[1], "reflected": kinds[2] + kinds[3], "corners": kinds[4],
        "eaves": kinds[5], "over_roofs": over, "roof_loss_db": loss, "strongest": strongest,
        "strongest_cos": moment[0] / length, "strongest_sin": moment[1] / length,
        "sum_cos": east.sum(axis=0) / total, "sum_sin": north.sum(axis=0) / total,
    }  # fmt: skip
