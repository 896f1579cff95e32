"""A place that changes little by little: vehicles drive, the transmitter is moved, a house is pulled down.

A sequence is one window of a city in FRAMES + 1 frames. Frame 0 is what a cache may already hold; frames 1 to 20 are
asked for one after the other. Only the frames in SCORED are traced, for these alone are scored.

    move_D     the transmitter takes a step of D metres in every frame, in a direction of its own; it turns back at the
               ends of the window and stays above roofs
    vehicles   those in the lanes drive 2 to 10 m in every frame, straight on, and turn back before an obstacle; those
               at the kerb stay
    added      the vehicles of frame 0 appear in a street without any (one frame; both maps belong to the others)
    house      in every frame one house, another one each time, is missing

A file holds, for every change, `CHANGE_gain_cdb` int16 (scored frames, rows, cols), as in `openckm.data.generate`, and
`CHANGE_floor_db`; `CHANGE_tx` (frames, 5) for moves; `vehicles_dm` and `house_dm` uint16 (frames, rows, cols); and
what is true of all of them: height_dm, tx, carrier_hz, cell_m, city, antenna.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely import affinity

from openckm.data.averaging import Averaging, average
from openckm.data.generate import NO_GAIN
from openckm.data.prisms import Prism, heights_at
from openckm.data.raytrace import Antenna, SceneTracer
from openckm.data.scenes import GenerateOptions, Scene, draw_scene
from openckm.data.vehicles import CLEAR_M, ROWS_M, draw_vehicles
from openckm.errors import ComputationError
from openckm.maps.atomic import atomic_path

FRAMES = 20
"""Frames after the first."""
SCORED = (0, 1, 5, 20)
"""Frames that are traced."""
MOVES_M = (2.0, 4.0, 10.0, 20.0, 40.0)
"""Steps of the transmitter [m]."""
SPEED_M = (2.0, 10.0)
"""How far a vehicle drives between two frames [m]."""
_ROOM_M = 2.0
"""Least height of a transmitter above what stands below it [m]."""
EDGE_M = 8.0
"""A transmitter that walks stays this far inside the window [m]."""
COVERED = 0.5
"""Least share of the free cells that the first frame covers."""
ATTEMPTS = 60
HOUSE_M2 = 60.0
"""Ground of a house that may be missing, at least, within the window."""
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class SequenceOptions:
    """What is traced.

    Attributes:
        scenes: how the places are drawn; one cell size, one transmitter each.
        averaging: the averaging of the tracer's seeds.
    """

    scenes: GenerateOptions
    averaging: Averaging = Averaging(2, 1.0, 40)  # noqa: RUF009 - a frozen value


def walk(
    rng: Generator, antenna: Antenna, buildings: Sequence[Prism], half_m: float, step_m: float
) -> tuple[Antenna, ...]:
    """Return the transmitter in frames 0 to FRAMES, every step of `step_m` metres [m], inside the window."""
    path, reach = [antenna], half_m - EDGE_M
    for _ in range(FRAMES):
        last = path[-1]
        for _ in range(200):
            angle = rng.uniform(0, 2 * np.pi)
            x, y = last.x_m + step_m * np.cos(angle), last.y_m + step_m * np.sin(angle)
            if max(abs(x), abs(y)) <= max(reach, max(abs(last.x_m), abs(last.y_m))):
                break
        ground = float(heights_at(buildings, np.array([x]), np.array([y]))[0])
        path.append(replace(antenna, x_m=float(x), y_m=float(y), z_m=max(antenna.z_m, ground + _ROOM_M)))
    return tuple(path)


def drive(
    rng: Generator, vehicles: Sequence[Prism], buildings: Sequence[Prism], half_m: float
) -> tuple[tuple[Prism, ...], ...]:
    """Return the vehicles in frames 0 to FRAMES.

    Args:
        rng: the only source of randomness.
        vehicles: in frame 0, apart from each other and from buildings.
        buildings: obstacles.
        half_m: half the side of the window, which no vehicle leaves [m].
    """
    blocks = shapely.union_all([b.polygon for b in buildings])
    shapely.prepare(blocks)
    now, frames = list(vehicles), [tuple(vehicles)]
    moving = [v.polygon.centroid.distance(blocks) > 0.5 * (ROWS_M[0] + ROWS_M[1]) for v in now]
    ways = [_heading(v) * rng.choice([-1.0, 1.0]) * rng.uniform(*SPEED_M) for v in now]
    for _ in range(FRAMES):
        for k, vehicle in enumerate(now):
            if not moving[k]:
                continue
            others = [v.polygon for j, v in enumerate(now) if j != k]
            for _ in range(2):  # ahead, or else back
                moved = affinity.translate(vehicle.polygon, *ways[k])
                if _free(moved, blocks, others, half_m):
                    now[k] = Prism(moved, vehicle.height_m)
                    break
                ways[k] = -ways[k]
        frames.append(tuple(now))
    return tuple(frames)


def _heading(vehicle: Prism) -> NDArray[np.float64]:
    """The unit vector along the longer side of a box."""
    corners = shapely.get_coordinates(vehicle.polygon)
    sides = np.diff(corners[:3], axis=0)
    longest = sides[int(np.argmax(np.hypot(*sides.T)))]
    return np.asarray(longest / np.hypot(*longest))


def _free(shape: Any, blocks: Any, others: Sequence[Any], half_m: float) -> bool:
    west, south, east, north = shape.bounds
    if min(west, south) < -half_m or max(east, north) > half_m or blocks.dwithin(shape, CLEAR_M):
        return False
    return not bool(shapely.dwithin(others, shape, CLEAR_M).any()) if others else True


def _houses(rng: Generator, scene: Scene) -> list[int]:
    """Numbers of the buildings that are missing in frames 1 to FRAMES, each at least HOUSE_M2 large in the window."""
    square = shapely.box(*(scene.trace.half_m * np.array([-1, -1, 1, 1])))
    antenna = shapely.Point(scene.antennas[0].x_m, scene.antennas[0].y_m)
    large = [
        k
        for k, b in enumerate(scene.buildings)
        if b.polygon.intersection(square).area >= HOUSE_M2 and not b.polygon.intersects(antenna)
    ]
    order = rng.permutation(large).tolist() if large else []
    return [int(order[k % len(order)]) for k in range(FRAMES)] if order else []


def make_sequence(options: SequenceOptions, number: int, path: Path) -> bool:
    """Trace the sequences of one place into a file; what is there already is kept, so that it goes on where it stopped.

    Args:
        options: what is traced.
        number: the number of the place; together with the options it says all.
        path: the path of the file.

    Returns:
        Whether there was anything left to do.

    Raises:
        ComputationError: if no draw gives a place with room for all changes.
    """
    done = read_arrays(path)
    scene, rng = _place(options, number)
    before = len(done)
    for change, arrays in _changes(options, scene, rng, done):
        done |= arrays
        _write(path, done | {"changes_made": np.array([*done.get("changes_made", []), change])})
        done = read_arrays(path)
    return len(done) > before


def read_arrays(path: Path) -> Arrays:
    """Return the arrays of a file of sequences; none of a missing one."""
    if not path.exists():
        return {}
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def _write(path: Path, arrays: Arrays) -> None:
    with atomic_path(path) as aside, aside.open("wb") as file:
        np.savez_compressed(file, **cast(dict[str, Any], arrays))


def _place(options: SequenceOptions, number: int) -> tuple[Scene, Generator]:
    """Draw a place whose transmitter stands inside, with houses to spare and vehicles in its streets."""
    for attempt in range(ATTEMPTS):
        scene = draw_scene(options.scenes, number, attempt)
        if scene is None:
            continue
        rng = np.random.default_rng([options.scenes.seed, number, attempt, 19])
        scene = replace(scene, vehicles=draw_vehicles(rng, scene.buildings, scene.trace.half_m))
        antenna = scene.antennas[0]
        inside = max(abs(antenna.x_m), abs(antenna.y_m)) < scene.trace.half_m - EDGE_M
        if inside and len(scene.vehicles) >= 5 and _houses(np.random.default_rng(0), scene):
            first = SceneTracer(scene.buildings, scene.trace).trace(antenna, scene.carrier_hz, scene.trace_seed)
            if float((first.gain[scene.height_m <= 0] > 1e-20).mean()) >= COVERED:
                return scene, rng
    raise ComputationError(f"place {number}: no draw of {ATTEMPTS} has room for all changes; use other cities")


def _changes(options: SequenceOptions, scene: Scene, rng: Generator, done: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Yield every change that is not there yet, with its arrays."""
    half, antenna, there = scene.trace.half_m, scene.antennas[0], set(done.get("changes_made", []))
    walks = {f"move_{m:g}": walk(rng, antenna, scene.buildings, half, m) for m in MOVES_M}
    vehicles = drive(rng, scene.vehicles, scene.buildings, half)
    missing = _houses(rng, scene)
    centres = scene.trace.centres()
    still = SceneTracer(scene.buildings, scene.trace)
    if "base" not in there:
        yield "base", _common(scene) | _traced("base", options, scene, [(still, antenna)])
    if "vehicles" not in there:
        tracers = [(SceneTracer(scene.buildings, scene.trace, vehicles[f]), antenna) for f in SCORED]
        heights = np.stack([_decimetres(heights_at(v, *centres)) for v in vehicles])
        yield "vehicles", {"vehicles_dm": heights} | _traced("vehicles", options, scene, tracers)
    for change, path in walks.items():
        if change not in there:
            found = _traced(change, options, scene, [(still, path[f]) for f in SCORED[1:]])
            yield change, {f"{change}_tx": np.stack([_site(a, half) for a in path])} | found
    if "house" not in there:
        left = [scene.buildings] + [tuple(b for k, b in enumerate(scene.buildings) if k != gone) for gone in missing]
        heights = np.stack([_decimetres(heights_at(b, *centres)) for b in left])
        tracers = [(SceneTracer(left[f], scene.trace), antenna) for f in SCORED[1:]]
        yield "house", {"house_dm": heights} | _traced("house", options, scene, tracers)


def _common(scene: Scene) -> Arrays:
    return {
        "height_dm": _decimetres(scene.height_m),
        "tx": _site(scene.antennas[0], scene.trace.half_m),
        "carrier_hz": np.array(scene.carrier_hz),
        "cell_m": np.array(scene.trace.cell_m),
        "city": np.array(scene.city),
    }


def _traced(
    change: str, options: SequenceOptions, scene: Scene, frames: Sequence[tuple[SceneTracer, Antenna]]
) -> Arrays:
    gains, floors = [], []
    for tracer, antenna in frames:
        free = tracer.height_m <= 0

        def trace(seed: int, guide: Any, tracer: SceneTracer = tracer, antenna: Antenna = antenna) -> Any:
            return tracer.trace(antenna, scene.carrier_hz, scene.trace_seed + seed, guide)

        def covered(gain: NDArray[np.float64], free: NDArray[np.bool_] = free) -> NDArray[np.bool_]:
            return free & (gain > 1e-20)

        mean, floor, _ = average(trace, options.averaging, covered)
        centi = np.clip(np.rint(1000.0 * np.log10(np.maximum(mean.gain, 1e-32))), -32000, 32000)
        gains.append(np.where(covered(mean.gain), centi, NO_GAIN).astype(np.int16))
        floors.append(floor)
    return {f"{change}_gain_cdb": np.stack(gains), f"{change}_floor_db": np.array(floors)}


def _site(a: Antenna, half_m: float) -> NDArray[np.float64]:
    sector = (np.nan, np.nan) if a.azimuth_deg is None else (a.azimuth_deg, a.downtilt_deg)
    return np.array([a.x_m + half_m, half_m - a.y_m, a.z_m, *sector])


def _decimetres(height_m: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.clip(np.rint(height_m * 10), (height_m > 0).astype(float), 65535).astype(np.uint16)
