"""What is traced in a scene: city, window, cell size, transmitters and vehicles, drawn from (seed, scene,
attempt) alone.

Cities with less footprint area than _MIN_BUILT_M2 are excerpts: a few houses, too small for large windows. They are
traced in windows of at most _EXCERPT_WINDOW_M around one of their buildings, amid open ground.

Nothing here traces a ray, so that the draw can be tested without a tracer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from openckm.data.averaging import Averaging
from openckm.data.cities import available, hull, load_city
from openckm.data.prisms import City, Prism, clip, heights_at, turn
from openckm.data.procedural import KINDS, procedural_city
from openckm.data.raytrace import Antenna, TraceOptions
from openckm.data.split import Split, seed_range, split_of
from openckm.data.vehicles import draw_vehicles
from openckm.errors import LayoutError, OptionError
from openckm.maps.antenna_file import read_pattern

CARRIERS_HZ = (0.9e9, 1.8e9, 2.1e9, 2.6e9, 3.5e9, 5.9e9, 8.0e9, 15e9, 28e9)
_CARRIER_SHARES = (0.1, 0.12, 0.08, 0.1, 0.3, 0.08, 0.08, 0.06, 0.08)
_MIN_BUILT_M2 = 20_000.0
"""Cities with less footprint area are excerpts."""
_EXCERPT_WINDOW_M = 130.0
"""Largest window of an excerpt [m]."""
_MIN_SHARE, _MIN_EXCERPT_SHARE, _MAX_SHARE = 0.05, 0.004, 0.75
"""Share of cells that are built, at least and at most."""


@dataclass(frozen=True)
class GenerateOptions:
    """What to generate.

    Attributes:
        maps: number of maps wanted in all; whole scenes are finished.
        split: set to generate: train, validation or test.
        seed: the seed of everything; a scene is a function of (seed, its number).
        cells: rows and columns of a map.
        cell_sizes_m: sides of a cell, drawn with equal chance [m].
        rays: rays per transmitter and seed.
        averaging: independent traces whose power is averaged.
        transmitters: most transmitters of one scene.
        real_share: chance of a real city instead of an invented one.
        cities: real cities to draw from; empty = all of the split.
        vehicles: chance that a scene is traced a second time with vehicles in its streets.
        coherent: whether the coherent gain at cell centres is traced as well, by exact paths (slow).
        layouts_dir: folder of further layouts; None = sionna-rt's scenes and invented cities only.
        processes: processes that trace; each uses one core.
        outage_db: gain below which a cell counts as outage [dB].
        pattern: antenna of all transmitters, which are sectors then: a file, or "3gpp:65,8"
            (`openckm.maps.antenna_file`); None draws isotropic ones and sectors by 3GPP TR 38.901.
    """

    maps: int = 100
    split: Split = "train"
    seed: int = 0
    cells: int = 128
    cell_sizes_m: tuple[float, ...] = (1.0, 2.0, 4.0)
    rays: int = 1_000_000
    averaging: Averaging = field(default_factory=Averaging)
    transmitters: int = 4
    real_share: float = 0.55
    cities: tuple[str, ...] = ()
    vehicles: float = 0.0
    coherent: bool = False
    layouts_dir: Path | None = None
    processes: int = 1
    outage_db: float = -200.0
    pattern: str | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            OptionError: if a value is out of range.
        """
        if min(self.maps, self.cells, self.rays, self.transmitters, self.processes) < 1:
            raise OptionError("maps, cells, rays, transmitters and processes must be at least 1")
        if not self.cell_sizes_m or not all(0.5 <= c <= 10 for c in self.cell_sizes_m):
            raise OptionError(f"cell sizes must lie in 0.5-10 m, got {self.cell_sizes_m}")
        if not 0 <= self.real_share <= 1 or self.seed < 0 or self.split not in ("train", "validation", "test"):
            raise OptionError("wanted: 0 <= real_share <= 1, seed >= 0, split train, validation or test")
        if not 0 <= self.vehicles <= 1:
            raise OptionError(f"share of scenes with vehicles: wanted a number in [0, 1], got {self.vehicles:g}")
        for city in self.cities:
            if (there := split_of(city)) != self.split:
                raise OptionError(f"city {city!r} belongs to the {there} set, not to {self.split}")
        if self.cities and self.real_share == 0:
            raise OptionError("cities are named, but real_share is 0: none of them would be drawn")


@dataclass(frozen=True)
class Scene:
    """One window and its transmitters.

    Attributes:
        city: name of the layout.
        buildings: prisms around the window's centre [m], x east, y north, window and margin.
        trace: window, margin and rays.
        carrier_hz: one carrier for all transmitters of the scene [Hz].
        antennas: transmitters, relative to the window's centre.
        height_m: height of buildings above ground at cell centres [m], row 0 = north.
        trace_seed: seed of the tracer.
        vehicles: boxes in the streets; empty = none is asked for, or there is no room.
    """

    city: str
    buildings: tuple[Prism, ...] = field(repr=False)
    trace: TraceOptions
    carrier_hz: float
    antennas: tuple[Antenna, ...]
    height_m: NDArray[np.float64] = field(repr=False)
    trace_seed: int
    vehicles: tuple[Prism, ...] = field(default=(), repr=False)


def draw_scene(options: GenerateOptions, number: int, attempt: int) -> Scene | None:
    """Return the scene that (seed, number, attempt) stands for, or None where the draw is no sensible window.

    Raises:
        LayoutError: if a layout file is missing or malformed, or no named city fits any window.
    """
    tag = ("train", "validation", "test").index(options.split)
    rng = np.random.default_rng([options.seed, number, attempt, tag])
    cell_m = float(rng.choice(options.cell_sizes_m))
    trace = TraceOptions(options.cells, cell_m, float(max(80.0, 48.0 + 12.0 * cell_m)), options.rays)
    city = _draw_city(rng, options, trace)
    centre, angle = _draw_window(rng, city, trace)
    buildings = clip(turn(city.buildings, angle, centre), trace.half_m + trace.margin_m)
    height = heights_at(buildings, *trace.centres())
    least = _MIN_EXCERPT_SHARE if _is_excerpt(city) else _MIN_SHARE
    if not least <= float((height > 0).mean()) <= _MAX_SHARE or not _inside(city, centre, angle, trace):
        return None
    count = int(rng.integers(max(1, options.transmitters - 1), options.transmitters + 1))
    pattern = None if options.pattern is None else read_pattern(options.pattern)
    sectored = rng.random() < 0.4 or pattern is not None
    antennas = tuple(a for _ in range(count) if (a := _draw_antenna(rng, buildings, trace, sectored)) is not None)
    antennas = tuple(replace(a, pattern=pattern) for a in antennas)
    carrier = float(rng.choice(CARRIERS_HZ, p=_CARRIER_SHARES))
    seed = int(rng.integers(2**31 - 1000))
    vehicles: tuple[Prism, ...] = ()
    if rng.random() < options.vehicles:
        vehicles = draw_vehicles(rng, buildings, trace.half_m)
    return Scene(city.name, buildings, trace, carrier, antennas, height, seed, vehicles) if antennas else None


def _draw_city(rng: Generator, options: GenerateOptions, trace: TraceOptions) -> City:
    if rng.random() < options.real_share:
        names = options.cities or [n for n in available(options.layouts_dir) if split_of(n) == options.split]
        small = 2.0 * trace.half_m <= _EXCERPT_WINDOW_M
        real = [c for n in names if not _is_excerpt(c := load_city(n, options.layouts_dir)) or small]
        if real:
            shares = np.sqrt([_built(c) for c in real])
            return real[int(rng.choice(len(real), p=shares / shares.sum()))]
        if options.cities:
            side = 2.0 * trace.half_m
            raise LayoutError(f"{', '.join(names)}: too small for windows of {side:g} m; use cells of 1 m")
    first, beyond = seed_range(options.split)
    seed = int(rng.integers(first, beyond))
    size = 2.0 * 1.42 * (trace.half_m + trace.margin_m)
    return procedural_city(seed, KINDS[int(rng.choice(4, p=(0.3, 0.35, 0.15, 0.2)))], size_m=size)


def _built(city: City) -> float:
    return float(sum(b.polygon.area for b in city.buildings))


def _is_excerpt(city: City) -> bool:
    return city.seed is None and _built(city) < _MIN_BUILT_M2


def _draw_window(rng: Generator, city: City, trace: TraceOptions) -> tuple[tuple[float, float], float]:
    """Draw centre [m] and rotation [deg]; the window's circle keeps to the city's bounds where it can."""
    angle = float(rng.uniform(0, 360))
    if city.seed is not None:
        return (0.0, 0.0), angle
    if _is_excerpt(city):
        areas = np.array([b.polygon.area for b in city.buildings])
        point = city.buildings[int(rng.choice(len(areas), p=areas / areas.sum()))].polygon.centroid
        x, y = (float(v) for v in rng.uniform(-0.4, 0.4, 2) * trace.half_m)
        return (point.x + x, point.y + y), angle
    west, south, east, north = city.bounds
    ends = []
    for low, high in ((west, east), (south, north)):
        reach = min(1.1 * trace.half_m, 0.48 * (high - low))
        ends.append(float(rng.uniform(low + reach, high - reach)))
    return (ends[0], ends[1]), angle


_HULLS: dict[str, shapely.geometry.base.BaseGeometry] = {}


def _inside(city: City, centre: tuple[float, float], angle: float, trace: TraceOptions) -> bool:
    """Whether at least 80 % of the window lies within the built-up area of a real city; excerpts have none."""
    if city.seed is not None or _is_excerpt(city):
        return True
    if city.name not in _HULLS:
        _HULLS[city.name] = hull(city.buildings)
    h = trace.half_m
    square = shapely.affinity.rotate(shapely.box(-h, -h, h, h), -angle, origin=(0, 0))
    window = shapely.affinity.translate(square, *centre)
    return bool(_HULLS[city.name].intersection(window).area >= 0.8 * window.area)


def _draw_antenna(rng: Generator, buildings: tuple[Prism, ...], trace: TraceOptions, sectored: bool) -> Antenna | None:
    """Draw a place on a roof or in a street, most inside the window, none more than 100 m outside."""
    reach = trace.half_m + (min(100.0, trace.margin_m - 8.0) if rng.random() < 0.12 else 0.0)
    roof = rng.random() < 0.65
    for _ in range(60):
        x, y = (float(v) for v in rng.uniform(-reach, reach, 2))
        ground = float(heights_at(buildings, np.array([x]), np.array([y]))[0])
        if (ground > 0) == roof:
            break
    else:
        return None
    z = ground + float(rng.uniform(2, 12)) if roof else float(rng.uniform(5, 15))
    if not sectored:
        return Antenna(x, y, z)
    # from the edge of the window a sector looks inwards, elsewhere anywhere
    away = max(abs(x), abs(y)) > 0.8 * trace.half_m
    inwards = np.degrees(np.arctan2(-y, -x)) + rng.uniform(-60, 60)
    azimuth = float((inwards if away else rng.uniform(0, 360)) % 360)
    return Antenna(x, y, z, azimuth, float(rng.uniform(0, 12)))
