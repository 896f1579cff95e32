"""What a whole city costs: time and memory of `ckm city` run as a user runs it, in processes of its own.

The town is made of blocks on a square lattice about the middle of a UTM zone, where a box of whole kilometres has as
many. The peak of a run is the sum of the peaks of all its processes (each the most that was ever resident, libraries
that they share counted in each), so it bounds what they held at one time. Processor time is that of all processes.

    growth     1, 2 and 4 km2 of one site: time against area, and the peak
    sites      2 x 2 km at 2 m, 8 draws: one site without a drive test, one with, and what ten of them come to
    large      2 x 2 km at 2 m, 10 sites of which one has a drive test, 8 draws
    workers    two processes over one, beside two processes of the bare network over one; wall-clock time
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openckm.errors import ComputationError
from openckm.evaluate.report.rows import Row
from openckm.nn.memory import resident_mb

MERIDIAN, _EQUATOR_M, ZONE = 27.0, 6_672_000.0, "EPSG:32635"
"""Middle of a UTM zone, and the northing of the town's southern edge [m]."""
POLL_S = 0.25
READINGS = 400
GROWTH = ((1000, 1000), (1000, 2000), (2000, 2000))
_BARE_CALLS = 60
BARE = """
import sys, time, torch
from openckm.infer.tiles import TileOptions
from openckm.nn.arithmetic import arithmetic, set_arithmetic
from openckm.priors.conditioning import Condition
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import load_prior
torch.set_num_threads(1)
set_arithmetic(arithmetic())
side = TileOptions().cells
network, blank = load_prior(None)[0], Condition.nothing(1, (side, side), 2.0)
posterior_mean(network, blank, symmetrise=False)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[1])):
    posterior_mean(network, blank, symmetrise=False)
"""


@dataclass(frozen=True)
class Spent:
    """What a run took.

    Attributes:
        cpu_s: processor time of all its processes [s].
        wall_s: wall-clock time [s].
        peak_mb: sum of the largest resident memory of each of its processes [MB].
        processes: how many there were.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    processes: int


def measured(command: Sequence[str], folder: Path) -> Spent:
    """Run a command of `ckm` in a session of its own and return what it took; Linux only, for its /proc.

    Raises:
        ComputationError: if the command fails; the message ends with what it said.
    """
    log = folder / "log.txt"
    begun = time.monotonic()
    with log.open("ab") as out:
        words = [sys.executable, "-m", "openckm.cli.main", *command]
        process = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True)
        peaks: dict[int, float] = {}
        while True:
            for pid in _members(process.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), resident_mb("VmHWM", pid))
            done, status, used = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            time.sleep(POLL_S)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ComputationError(f"ckm {' '.join(command)} ended with {process.returncode}: {log.read_text()[-500:]}")
    return Spent(used.ru_utime + used.ru_stime, time.monotonic() - begun, sum(peaks.values()), len(peaks))


def _members(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                behind = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            if int(behind[3]) == session:
                found.append(int(entry.name))
    return found


def town(folder: Path, wide_m: int, tall_m: int, sites: int, tests: int = 0) -> list[str]:
    """Write the files of a town, and return the arguments of `ckm city` that say what it is made of.

    Args:
        folder: to write into.
        wide_m: extent from west to east [m].
        tall_m: extent from south to north [m].
        sites: base stations.
        tests: how many of them, the last ones, have a drive test.
    """
    from openckm.maps.grid import reproject

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    west, south = 500_000.0 - wide_m // 2, _EQUATOR_M
    _blocks(folder / "town.geojson", (west, south, wide_m, tall_m), rng)
    x, y = west + rng.uniform(60, wide_m - 60, sites), south + rng.uniform(60, tall_m - 60, sites)
    lon, lat = reproject(ZONE, "EPSG:4326", x, y)
    lines = [f"site-{k},{lon[k]:.7f},{lat[k]:.7f},35,46" for k in range(sites)]
    (folder / "sites.csv").write_text("name,lon,lat,height,power_dbm\n" + "\n".join(lines) + "\n")
    corners = np.array([[west + 1, west + wide_m - 1], [south + 1, south + tall_m - 1]])
    (w, e), (s, n) = reproject(ZONE, "EPSG:4326", *corners)
    said = ["--layout", str(folder / "town.geojson"), "--sites", str(folder / "sites.csv")]
    said += ["--bbox", f"{w:.7f},{s:.7f},{e:.7f},{n:.7f}"]
    for k in range(sites - tests, sites):
        (folder / "tests").mkdir(exist_ok=True)
        px, py = west + rng.uniform(5, wide_m - 5, READINGS), south + rng.uniform(5, tall_m - 5, READINGS)
        away = np.hypot(np.hypot(px - x[k], py - y[k]), 30)
        value = -60 - 35 * np.log10(away / 30) + 6 * rng.standard_normal(READINGS)
        a, b = reproject(ZONE, "EPSG:4326", px, py)
        rows = [f"{i:.7f},{j:.7f},{v:.1f}" for i, j, v in zip(a, b, value, strict=True)]
        (folder / "tests" / f"site-{k}.csv").write_text("lon,lat,rsrp\n" + "\n".join(rows) + "\n")
    return [*said, "--observations", str(folder / "tests")] if tests else said


def _blocks(path: Path, box: tuple[float, float, float, float], rng: np.random.Generator) -> None:
    """Write buildings of 20 to 50 m side and 6 to 30 m height, one a lattice square of 67 m."""
    from openckm.maps.grid import reproject

    west, south, wide, tall = box
    features = []
    for x in np.arange(west, west + wide, 67.0):
        for y in np.arange(south, south + tall, 67.0):
            a, b = x + rng.uniform(20, 50), y + rng.uniform(20, 50)
            lon, lat = reproject(ZONE, "EPSG:4326", np.array([x, a, a, x, x]), np.array([y, y, b, b, y]))
            ring = [[float(i), float(j)] for i, j in zip(lon, lat, strict=True)]
            tags = {"building": "yes", "height": float(rng.integers(6, 30))}
            shape = {"type": "Polygon", "coordinates": [ring]}
            features.append({"type": "Feature", "properties": tags, "geometry": shape})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def _row(task: str, split: str, metric: str, value: float, cells: int, spent: Spent) -> Row:
    return Row("openckm", task, split, metric, value, value, value, cells, 0, spent.wall_s, spent.peak_mb)


def sites(folder: Path, *, quick: bool = False, steps: int = 8) -> list[Row]:
    """Return what one site of `large` costs, without a drive test and with one, and what ten of them come to.

    The sites of a city are made one after the other and share nothing but the layout, so that ten cost the sum and
    hold at one time what one holds.
    """
    side, draws = (300, 1) if quick else (2000, 8)
    rows, found, cells = [], [], (side // 2) ** 2
    for tests, kind in ((0, "without a drive test"), (1, "with a drive test")):
        place = folder / str(tests)
        command = ["city", *town(place, side, side, 1, tests), "--draws", str(draws), "--steps", str(steps)]
        spent = measured([*command, "--workers", "2", "-o", str(place / "made.zarr")], place)
        found.append(spent)
        rows += _cost(f"{side / 1e3:g} x {side / 1e3:g} km, 1 site {kind}", draws, steps, spent, cells)
    cpu, wall = (9 * a + b for a, b in ((found[0].cpu_s, found[1].cpu_s), (found[0].wall_s, found[1].wall_s)))
    whole = Spent(cpu, wall, max(one.peak_mb for one in found), found[0].processes)
    return rows + _cost(f"{side / 1e3:g} x {side / 1e3:g} km, 10 sites by their sum", draws, steps, whole, 10 * cells)


def _cost(what: str, draws: int, steps: int, spent: Spent, cells: int) -> list[Row]:
    split = f"{what}, {draws} draws of {steps} steps, 2 workers"
    numbers = {"cpu_s": spent.cpu_s, "wall_s": spent.wall_s, "peak_of_all_processes_mb": spent.peak_mb}
    return [_row("city", split, name, value, cells, spent) for name, value in numbers.items()]


def large(folder: Path, *, quick: bool = False, steps: int = 8) -> list[Row]:
    """Return what 2 x 2 km at 2 m with 10 sites, one of them with a drive test, and 8 draws of some steps cost."""
    side, sites, tests, draws = (300, 2, 0, 1) if quick else (2000, 10, 1, 8)
    command = ["city", *town(folder, side, side, sites, tests), "--draws", str(draws)]
    command += ["--steps", str(steps), "--workers", "2", "-o", str(folder / "made.zarr")]
    spent = measured(command, folder)
    return _cost(f"{side / 1e3:g} x {side / 1e3:g} km, {sites} sites", draws, steps, spent, (side // 2) ** 2 * sites)


def growth(folder: Path, *, quick: bool = False) -> list[Row]:
    """Return time and peak of one site over 1, 2 and 4 km2, and how far they are from a line and from flat."""
    rows, areas, found = [], GROWTH[:1] if quick else GROWTH, []
    for wide, tall in areas:
        place = folder / f"{wide}-{tall}"
        spent = measured(["city", *town(place, wide, tall, 1), "--draws", "1", "-o", str(place / "made.zarr")], place)
        found.append(spent)
        split, cells = f"{wide * tall / 1e6:g} km2, 1 site, 1 draw, 1 worker", wide * tall // 4
        rows.append(_row("city against area", split, "cpu_s", spent.cpu_s, cells, spent))
        rows.append(_row("city against area", split, "peak_of_all_processes_mb", spent.peak_mb, cells, spent))
    if len(found) > 2:
        area, cpu = np.array([w * t / 1e6 for w, t in areas]), np.array([one.cpu_s for one in found])
        line = np.polyval(np.polyfit(area, cpu, 1), area)
        peak = np.array([one.peak_mb for one in found])
        off, rise = float(np.abs(cpu / line - 1).max()), float(peak.max() / peak.min() - 1)
        rows.append(_row("city against area", "1 to 4 km2", "off_the_line", off, 0, found[-1]))
        rows.append(_row("city against area", "1 to 4 km2", "peak_rise", rise, 0, found[-1]))
    return rows


def workers(folder: Path, *, quick: bool = False) -> list[Row]:
    """Return the gain of two workers over one in wall-clock time, beside two processes of the bare network over one."""
    side, sites = (300, 1) if quick else (1000, 2)
    given = town(folder, side, side, sites)
    found = [
        measured(["city", *given, "--draws", "2", "--workers", str(n), "-o", str(folder / f"made-{n}.zarr")], folder)
        for n in (1, 2)
    ]
    calls = 2 if quick else _BARE_CALLS
    alone, both = _bare(1, calls), _bare(2, calls)
    gain, bare = found[0].wall_s / found[1].wall_s, 2.0 * alone / both
    split = f"{side / 1e3:g} x {side / 1e3:g} km, {sites} sites, 2 draws"
    return [
        _row("two workers over one", split, "gain", gain, 0, found[1]),
        _row("two workers over one", "bare network, two processes", "gain", bare, 0, found[1]),
        _row("two workers over one", split, "gain_over_bare", gain / bare, 0, found[1]),
    ]


def _bare(processes: int, calls: int) -> float:
    """Return the wall-clock time in which each of some processes calls the network so often [s]."""
    words = [sys.executable, "-c", BARE, str(calls)]
    own = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    running = [subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=own) for _ in range(processes)]
    for one in running:
        if one.stdout is None or one.stdout.readline().strip() != "ready":
            raise ComputationError("a process of the bare network did not start")
    begun = time.monotonic()
    for one in running:
        if one.stdin is not None:
            one.stdin.write("\n")
            one.stdin.flush()
    codes = [one.wait() for one in running]
    taken = time.monotonic() - begun
    if any(codes):
        raise ComputationError("a process of the bare network died")
    return taken
