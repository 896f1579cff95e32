"""Generating ray-traced maps: one .npz shard per scene, resumable, each scene a function of (seed, its
number).

Shard arrays, n maps of one window: gain_cdb int16 (n, rows, cols), hundredths of dB, -32768 = building or
outage; aoa_deg int16, counter-clockwise from east, -999 = none; height_dm uint16, 0 = free; around_dm uint16, the same
heights on the window and a rim of the traced surroundings, equally wide on all sides; tx float64 (n,
5): x eastwards and y SOUTHWARDS from the window's north-west corner, z above ground [m], azimuth
counter-clockwise from east and downtilt [deg], NaN = isotropic; layout, carrier_hz, antenna, cell_m, split,
antenna_cuts_db (n, 721) where the antenna is of one's own: peak [dBi], then losses of the horizontal and the vertical
cut; seed, floor_db (RMS error of the average over seeds [dB], NaN = one seed), average_seeds (n,); rays; recipe, the
options that decide what is in the shard. Row 0 = north, column 0 = west.

Scenes with vehicles hold the same maps a second time, traced with them: dynamic_gain_cdb, dynamic_aoa_deg,
dynamic_floor_db, dynamic_average_seeds as above, and vehicle_dm uint16 (n, rows, cols), 0 = none. Cells whose
centre lies on a vehicle have neither gain nor direction there. Coherent scenes hold coherent_cdb int16 (n, rows,
cols), the gain of the coherent sum of paths at cell centres, without vehicles, and coherent_changed (n,), the share
of probed cells that changed by more than 1 dB when the rays that search for paths were doubled.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import logging
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from openckm.data.averaging import average
from openckm.data.cities import available
from openckm.data.coherent import CoherentField, coherent_field
from openckm.data.guidance import Guide
from openckm.data.prisms import heights_at
from openckm.data.raytrace import Antenna, SceneTracer, TracedField, require_tracer, single_thread
from openckm.data.scenes import GenerateOptions as GenerateOptions
from openckm.data.scenes import Scene, draw_scene
from openckm.errors import ComputationError, OpenCKMError, OptionError
from openckm.maps.antenna_file import read_pattern
from openckm.maps.atomic import atomic_path
from openckm.runner import in_processes

NO_GAIN, NO_AOA = -32768, -999
ATTEMPTS = 40
_COVERED_SHARE = 0.3
"""Least share of the free cells that a map covers."""
Arrays = dict[str, NDArray[Any]]
_Outcome = tuple[Path, int, str]
"""A shard, its number of maps, and whether it was made, kept or remade."""
log = logging.getLogger(__name__)


class SceneTraces:
    """What can be traced in a scene, by sionna-rt; each call is one trace."""

    def __init__(self, scene: Scene) -> None:
        """Remember the scene; its geometry is built when first needed."""
        self.scene = scene

    @functools.cached_property
    def _static(self) -> SceneTracer:
        return SceneTracer(self.scene.buildings, self.scene.trace)

    @functools.cached_property
    def _dynamic(self) -> SceneTracer:
        return SceneTracer(self.scene.buildings, self.scene.trace, self.scene.vehicles)

    def field(self, antenna: Antenna, seed: int, *, vehicles: bool, guide: Guide | None = None) -> TracedField:
        """Return the field of one transmitter under one seed and a guide, with or without the vehicles.

        Raises:
            RayTracerUnavailable: if sionna-rt cannot be used.
            ComputationError: if the tracer fails.
        """
        tracer = self._dynamic if vehicles else self._static
        return tracer.trace(antenna, self.scene.carrier_hz, self.scene.trace_seed + seed, guide)

    def coherent(self, antenna: Antenna) -> CoherentField:
        """Return the coherent map of one transmitter, without vehicles.

        Raises:
            RayTracerUnavailable: if sionna-rt cannot be used.
            ComputationError: if the tracer fails.
        """
        return coherent_field(self._static, antenna, self.scene.carrier_hz, self.scene.trace_seed)


Tracer = Callable[[Scene], SceneTraces]


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes:
        made: maps made now.
        kept: maps found finished.
        remade: shards found corrupt and made anew.
        shards: files, in order of their scenes.
    """

    made: int
    kept: int
    remade: int
    shards: tuple[Path, ...]


def make_scene(options: GenerateOptions, number: int, tracer: Tracer = SceneTraces) -> Arrays:
    """Return the shard of one scene; senseless draws (open fields, hardly covered) are drawn again, always
    the same way.

    Raises:
        ComputationError: if no draw is sensible.
        OpenCKMError: whatever the tracer or the layouts raise.
    """
    for attempt in range(ATTEMPTS):
        scene = draw_scene(options, number, attempt)
        if scene is None:
            continue
        traces = tracer(scene)
        maps = [m for a in scene.antennas if (m := _one_map(traces, a, options)) is not None]
        if maps:
            return _shard(scene, maps, options)
    raise ComputationError(f"scene {number}: no sensible window in {ATTEMPTS} draws; use another seed or layout")


def _one_map(traces: SceneTraces, antenna: Antenna, options: GenerateOptions) -> Arrays | None:
    """Trace a transmitter; None where it covers too little."""
    scene = traces.scene
    free = scene.height_m <= 0
    least = 10.0 ** (options.outage_db / 10.0)
    first = traces.field(antenna, 0, vehicles=False)
    if float((first.gain[free] > least).mean()) < _COVERED_SHARE:
        return None
    result: Arrays = {"tx": _place(antenna, scene.trace.half_m)}
    vehicle_m = heights_at(scene.vehicles, *scene.trace.centres())
    for prefix, open_cells in (("", free), ("dynamic_", free & (vehicle_m <= 0)))[: 2 if scene.vehicles else 1]:

        def trace(seed: int, guide: Guide, dynamic: bool = bool(prefix)) -> TracedField:
            return first if seed == 0 and not dynamic else traces.field(antenna, seed, vehicles=dynamic, guide=guide)

        def heard(gain: NDArray[np.float64], cells: NDArray[np.bool_] = open_cells) -> NDArray[np.bool_]:
            return np.asarray(cells & (gain > least))

        mean, floor, seeds = average(trace, options.averaging, heard)
        result[f"{prefix}gain_cdb"] = _hundredths(mean.gain, heard(mean.gain))
        result[f"{prefix}aoa_deg"] = np.where(heard(mean.gain), np.rint(mean.aoa_deg()), NO_AOA).astype(np.int16)
        result[f"{prefix}floor_db"] = np.array(floor)
        result[f"{prefix}average_seeds"] = np.array(seeds, np.int64)
    if scene.vehicles:
        result["vehicle_dm"] = _decimetres(vehicle_m)
    if options.coherent:
        exact = traces.coherent(antenna)
        result["coherent_cdb"] = _hundredths(exact.gain, free & (exact.gain > least))
        result["coherent_changed"] = np.array(exact.changed)
    return result


def _place(a: Antenna, half_m: float) -> NDArray[np.float64]:
    sector = (np.nan, np.nan) if a.azimuth_deg is None else (a.azimuth_deg, a.downtilt_deg)
    return np.array([a.x_m + half_m, half_m - a.y_m, a.z_m, *sector])


def _hundredths(gain: NDArray[np.float64], heard: NDArray[np.bool_]) -> NDArray[np.int16]:
    cdb = np.clip(np.rint(1000.0 * np.log10(np.maximum(gain, 1e-32))), -32000, 32000)
    return np.where(heard, cdb, NO_GAIN).astype(np.int16)


def _decimetres(height_m: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.clip(np.rint(height_m * 10), (height_m > 0).astype(float), 65535).astype(np.uint16)


def _shard(scene: Scene, maps: list[Arrays], options: GenerateOptions) -> Arrays:
    n = len(maps)
    pattern = scene.antennas[0].pattern
    sector = "tr38901" if pattern is None else pattern.name
    antenna = ["iso" if np.isnan(m["tx"][3]) else sector for m in maps]
    cuts = {} if pattern is None else {"antenna_cuts_db": np.repeat(pattern.as_array()[None], n, 0)}
    return {
        **cuts,
        **{key: np.stack([m[key] for m in maps]) for key in maps[0]},
        "height_dm": np.repeat(_decimetres(scene.height_m)[None], n, 0),
        "around_dm": np.repeat(_decimetres(_around(scene))[None], n, 0),
        "layout": np.array([scene.city] * n),
        "carrier_hz": np.full(n, scene.carrier_hz),
        "antenna": np.array(antenna),
        "cell_m": np.full(n, scene.trace.cell_m),
        "split": np.array([options.split] * n),
        "seed": np.full(n, options.seed, np.int64),
        "rays": np.array(options.rays, np.int64),
        "recipe": np.array(recipe(options)),
    }


def _around(scene: Scene) -> NDArray[np.float64]:
    """Return the heights of buildings [m] on the window and on the whole cells of the margin around it."""
    trace = scene.trace
    rim = int(trace.margin_m // trace.cell_m)
    return heights_at(scene.buildings, *replace(trace, cells=trace.cells + 2 * rim).centres())


def recipe(options: GenerateOptions) -> str:
    """Return, as JSON, the options that decide what a scene's shard holds."""
    content = {k: v for k, v in asdict(options).items() if k not in ("maps", "processes", "layouts_dir", "pattern")}
    if options.pattern is not None:
        content["antenna_cuts_db"] = read_pattern(options.pattern).as_array().tolist()
    layouts = sorted(options.cities or available(options.layouts_dir))
    if options.averaging.floor_db is not None:
        content["guided"] = True
    return json.dumps({**content, "layouts": layouts}, sort_keys=True)


def _count_maps(path: Path) -> int:
    """Return the number of maps of a finished shard, 0 for a missing or unreadable one."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            gain, tx = file["gain_cdb"], file["tx"]
            return len(gain) if len(gain) == len(tx) and file["aoa_deg"].shape == gain.shape else 0
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return 0


def write_shard(path: Path, arrays: Arrays) -> None:
    """Write a shard aside, then rename it.

    Raises:
        ComputationError: if the disk is full or cannot be written; nothing half-written stays.
    """
    try:
        with atomic_path(path) as aside, aside.open("wb") as file:
            np.savez_compressed(file, **cast(dict[str, Any], arrays))
    except OSError as error:
        raise ComputationError(
            f"{path}: cannot be written ({error}); free some space and run again, finished shards are kept"
        ) from error


def generate(options: GenerateOptions, out_dir: Path, *, tracer: Tracer = SceneTraces, progress: bool = True) -> Report:
    """Generate maps into `out_dir` until there are `options.maps`; finished shards are kept, so it resumes.

    Args:
        options: what to generate.
        out_dir: folder of the shards, made if missing.
        tracer: what can be traced in a scene; sionna-rt unless a test says otherwise.
        progress: whether to show a progress bar.

    Raises:
        RayTracerUnavailable: if sionna-rt or its LLVM library cannot be used.
        ComputationError: if the tracer fails or the disk is full; finished shards stay usable.
        LayoutError: if a layout file is missing or malformed.
    """
    if tracer is SceneTraces:
        require_tracer()
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ComputationError(f"{out_dir}: cannot be made ({error})") from error
    _clear_fragments(options, out_dir)
    before = set(_all_shards(options, out_dir))
    made = kept = remade = 0
    shards: list[Path] = []
    with (
        _bar(options.maps, progress) as advance,
        contextlib.closing(_shards(options, out_dir, tracer)) as all_shards,
    ):
        for path, count, was in all_shards:
            shards.append(path)
            kept, made, remade = (
                kept + count * (was == "kept"),
                made + count * (was != "kept"),
                remade + (was == "remade"),
            )
            advance(count)
            if kept + made >= options.maps:
                break
    _clear_fragments(options, out_dir)
    for ahead in set(_all_shards(options, out_dir)) - before - set(shards):
        ahead.unlink()  # made while others were awaited: a folder is the same whatever the number of processes
    return Report(made, kept, remade, tuple(shards))


def _all_shards(options: GenerateOptions, out_dir: Path) -> Iterator[Path]:
    return out_dir.glob(f"{options.split}-{options.seed}-*.npz")


def _clear_fragments(options: GenerateOptions, out_dir: Path) -> None:
    """Remove what a process that was killed has left half-written."""
    for path in out_dir.glob(f".{options.split}-{options.seed}-*.npz"):
        path.unlink(missing_ok=True)


def _shards(options: GenerateOptions, out_dir: Path, tracer: Tracer) -> Generator[_Outcome, None, None]:
    """Yield shards in order of their scenes, finished or made; without end."""
    work = functools.partial(_one, options, out_dir, tracer)
    finished = _finished(options, out_dir)
    yield from ((path, count, "kept") for path, count in finished)
    yield from in_processes(work, itertools.count(len(finished)), options.processes)


def _finished(options: GenerateOptions, out_dir: Path) -> list[tuple[Path, int]]:
    """Return the finished shards from the first scene on, without gap, until there are enough maps."""
    found: list[tuple[Path, int]] = []
    total = 0
    while total < options.maps and (count := _count_maps(path := _shard_path(options, out_dir, len(found)))):
        found.append((path, count))
        total += count
        _require_same_recipe(path, options)
    return found


def _shard_path(options: GenerateOptions, out_dir: Path, number: int) -> Path:
    """Return the file of a scene."""
    return out_dir / f"{options.split}-{options.seed}-{number:06d}.npz"


def _require_same_recipe(path: Path, options: GenerateOptions) -> None:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        stated = str(file["recipe"]) if "recipe" in file else None
    if stated is not None and stated != recipe(options):
        raise OptionError(
            f"{path} was made with other options ({stated}; now {recipe(options)}); use another folder or seed, or the "
            "same options"
        )


def _one(options: GenerateOptions, out_dir: Path, tracer: Tracer, number: int) -> _Outcome:
    path = _shard_path(options, out_dir, number)
    there = path.exists()
    if there and (count := _count_maps(path)):
        _require_same_recipe(path, options)
        return path, count, "kept"
    if there:
        log.warning("%s is not readable; it is made again", path)
    try:
        with single_thread() if tracer is SceneTraces else contextlib.nullcontext():
            arrays = make_scene(options, number, tracer)
    except OpenCKMError as error:
        log.error("scene %d failed: %s; finished shards in %s stay usable", number, error, out_dir)
        raise
    write_shard(path, arrays)
    return path, len(arrays["gain_cdb"]), "remade" if there else "made"


@contextlib.contextmanager
def _bar(total: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar over maps; gives a function that advances it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("ray tracing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not shown) as progress:
        task = progress.add_task("maps", total=total)
        yield lambda count: progress.advance(task, count)
