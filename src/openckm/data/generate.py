"""Generating ray-traced maps: one .npz shard per scene, resumable, each scene a function of (seed, its
number).

Shard arrays, n maps of one window: gain_cdb int16 (n, rows, cols), hundredths of dB, -32768 = building or
outage; aoa_deg int16, counter-clockwise from east, -999 = none; height_dm uint16, 0 = free; tx float64 (n,
5): x eastwards and y SOUTHWARDS from the window's north-west corner, z above ground [m], azimuth
counter-clockwise from east and downtilt [deg], NaN = isotropic; layout, carrier_hz, antenna, cell_m, split,
seed (n,); rays, average_seeds. Row 0 = north, column 0 = west.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import zipfile
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from openckm.data.raytrace import SceneTracer, TracedField, mean_field, require_tracer, single_thread
from openckm.data.scenes import GenerateOptions, Scene, draw_scene
from openckm.errors import ComputationError, OpenCKMError

__all__ = ["GenerateOptions", "Report", "Tracer", "generate", "make_scene"]

NO_GAIN, NO_AOA = -32768, -999
ATTEMPTS = 40
Arrays = dict[str, NDArray[Any]]
Tracer = Callable[[Scene, int], list[TracedField]]
"""Traces all transmitters of a scene, averaging that many seeds."""
Outcome = tuple[Path, int, str]
"""A shard, its number of maps, and whether it was made, kept or remade."""
log = logging.getLogger(__name__)


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


def trace_scene(scene: Scene, average_seeds: int) -> list[TracedField]:
    """Trace a scene by sionna-rt.

    Raises:
        RayTracerUnavailable: if sionna-rt cannot be used.
        ComputationError: if the tracer fails.
    """
    tracer = SceneTracer(scene.buildings, scene.trace)
    seeds = range(scene.trace_seed, scene.trace_seed + average_seeds)
    return [mean_field([tracer.trace(a, scene.carrier_hz, s) for s in seeds]) for a in scene.antennas]


def make_scene(options: GenerateOptions, number: int, tracer: Tracer = trace_scene) -> Arrays:
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
        free = scene.height_m <= 0
        fields = tracer(scene, options.average_seeds)
        floor = 10.0 ** (options.outage_db / 10.0)
        good = [float((f.gain[free] > floor).mean()) >= 0.3 for f in fields]
        if any(good):
            kept = [k for k, ok in enumerate(good) if ok]
            scene = replace(scene, antennas=tuple(scene.antennas[k] for k in kept))
            return _arrays(scene, [fields[k] for k in kept], options)
    raise ComputationError(f"scene {number}: no sensible window in {ATTEMPTS} draws; use another seed or layout")


def _arrays(scene: Scene, fields: list[TracedField], options: GenerateOptions) -> Arrays:
    n, half = len(fields), scene.trace.half_m
    free = scene.height_m <= 0
    gain = np.full((n, *free.shape), NO_GAIN, np.int16)
    aoa = np.full((n, *free.shape), NO_AOA, np.int16)
    for k, f in enumerate(fields):
        heard = free & (f.gain > 10.0 ** (options.outage_db / 10.0))
        cdb = np.clip(np.rint(1000.0 * np.log10(np.maximum(f.gain, 1e-32))), -32000, 32000)
        gain[k][heard] = cdb[heard].astype(np.int16)
        aoa[k][heard] = np.rint(f.aoa_deg()[heard]).astype(np.int16)
    nan = float("nan")
    place = [
        (
            a.x_m + half,
            half - a.y_m,
            a.z_m,
            *((nan, nan) if a.azimuth_deg is None else (a.azimuth_deg, a.downtilt_deg)),
        )
        for a in scene.antennas
    ]
    height = np.clip(np.rint(scene.height_m * 10), (scene.height_m > 0).astype(float), 65535).astype(np.uint16)
    return {
        "gain_cdb": gain,
        "aoa_deg": aoa,
        "height_dm": np.repeat(height[None], n, 0),
        "tx": np.array(place, np.float64),
        "layout": np.array([scene.city] * n),
        "carrier_hz": np.full(n, scene.carrier_hz),
        "antenna": np.array(["iso" if a.azimuth_deg is None else "tr38901" for a in scene.antennas]),
        "cell_m": np.full(n, scene.trace.cell_m),
        "split": np.array([options.split] * n),
        "seed": np.full(n, options.seed, np.int64),
        "rays": np.array(options.rays, np.int64),
        "average_seeds": np.array(options.average_seeds, np.int64),
    }


def count_maps(path: Path) -> int:
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
    aside = path.with_name(f".{path.stem}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            np.savez_compressed(file, **cast(dict[str, Any], arrays))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ComputationError(
            f"{path}: cannot be written ({error}); free some space and run again, finished shards are kept"
        ) from error


def generate(options: GenerateOptions, out_dir: Path, *, tracer: Tracer = trace_scene, progress: bool = True) -> Report:
    """Generate maps into `out_dir` until there are `options.maps`; finished shards are kept, so it resumes.

    Args:
        options: what to generate.
        out_dir: folder of the shards, made if missing.
        tracer: traces a scene; sionna-rt unless a test says otherwise.
        progress: whether to show a progress bar.

    Raises:
        RayTracerUnavailable: if sionna-rt or its LLVM library cannot be used.
        ComputationError: if the tracer fails or the disk is full; finished shards stay usable.
        LayoutError: if a layout file is missing or malformed.
    """
    if tracer is trace_scene:
        require_tracer()
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ComputationError(f"{out_dir}: cannot be made ({error})") from error
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
    return Report(made, kept, remade, tuple(shards))


def _shards(options: GenerateOptions, out_dir: Path, tracer: Tracer) -> Generator[Outcome, None, None]:
    """Yield shards in order of their scenes, finished or made; without end."""
    numbers = itertools.count()
    if options.processes == 1:
        yield from (_one(options, out_dir, number, tracer) for number in numbers)
    context = multiprocessing.get_context("spawn")
    running: deque[Future[Outcome]] = deque()
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        while True:
            while len(running) < options.processes:
                running.append(pool.submit(_one, options, out_dir, next(numbers), tracer))
            try:
                yield running.popleft().result()
            except BrokenProcessPool as error:
                raise ComputationError(
                    "a tracing process died, for want of memory perhaps; use fewer processes or rays and run "
                    "again, finished shards are kept"
                ) from error


def _one(options: GenerateOptions, out_dir: Path, number: int, tracer: Tracer) -> Outcome:
    path = out_dir / f"{options.split}-{options.seed}-{number:06d}.npz"
    there = path.exists()
    if there and (count := count_maps(path)):
        return path, count, "kept"
    if there:
        log.warning("%s is not readable; it is made again", path)
    try:
        if tracer is trace_scene:
            with single_thread():
                arrays = make_scene(options, number, tracer)
        else:
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
