"""`ckm city`: many sites, many tiles, one folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from openckm.cli.options import ArithmeticOption
from openckm.errors import InputError, OptionError

if TYPE_CHECKING:
    from openckm.city import CityPlan

console = Console(highlight=False, soft_wrap=True, emoji=False)
_LINE_S = 60.0
"""Time between lines of progress where nobody looks at a terminal [s]."""


def city(
    layout: Annotated[
        Path, typer.Option(help="Buildings: GeoJSON, OSM XML (.osm), OSM PBF, or height raster (GeoTIFF).")
    ],
    sites: Annotated[Path, typer.Option(help="CSV, one row a cell: name, lon, lat, height, azimuth, carrier_ghz, ...")],
    bbox: Annotated[str, typer.Option(help="Box as W,S,E,N in degrees.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to make, e.g. city.zarr.")],
    observations: Annotated[
        Path | None, typer.Option(help="Folder with a drive test NAME.csv for sites that have one.")
    ] = None,
    cell: Annotated[float, typer.Option(help="Cell side in metres.")] = 2.0,
    draws: Annotated[int, typer.Option(min=0, max=64, help="Posterior draws to keep.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Network calls per draw.")] = 8,
    sigma: Annotated[float, typer.Option(help="Noise of one reading in dB where a file states none.")] = 4.0,
    prior: Annotated[Path | None, typer.Option(help="Model folder; the embedded prior by default.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes of this machine.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="Dask scheduler whose workers see the same files, tcp://...")
    ] = None,
    arithmetic: ArithmeticOption = "auto",
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Check each site that has a drive test, as ckm construct does.")
    ] = True,
    plan: Annotated[bool, typer.Option("--plan", help="Print tiles, memory and time, and make nothing.")] = False,
) -> None:
    """Make the maps of many sites over a whole city, tile by tile; run again, it goes on where it stopped."""
    from openckm.city import CityPlan, make_city
    from openckm.city.run import checks_of, warnings_of
    from openckm.maps.sites_csv import read_sites

    wanted = CityPlan(
        layout,
        read_sites(sites),
        _box(bbox),
        output,
        observations,
        cell,
        draws,
        seed,
        steps,
        prior,
        sigma,
        check=check,
    ).checked()
    if not output.resolve().parent.is_dir():
        raise InputError(f"output {output}: the folder {output.resolve().parent} does not exist; make it first")
    if cluster is not None and workers != 1:
        raise OptionError("--workers are processes of this machine, --cluster brings its own: give one of the two")
    _tell(wanted, workers)
    if plan:
        return
    begun = time.monotonic()
    make_city(wanted, workers=workers, cluster=cluster, on_progress=_progress())
    for line in checks_of(output):
        console.print(f"  check    {line}", markup=False)
    for note in warnings_of(output):
        console.print(f"  note     {note}", markup=False)
    console.print(f"  took     {time.monotonic() - begun:.0f} s", markup=False)
    console.print(f"  wrote    {output}: ask it with ckm query {output} LON,LAT --servers", markup=False)


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"--bbox {text!r}: wanted W,S,E,N in degrees, e.g. --bbox 24.93,60.16,24.96,60.18") from None
    return west, south, east, north


def _tell(wanted: CityPlan, workers: int) -> None:
    cost, (rows, cols) = wanted.estimate(), wanted.grid.shape
    tested = [site.name for site in wanted.sites if wanted.test_of(site) is not None]
    console.print(
        f"  city     {rows} x {cols} cells of {wanted.cell_m:g} m, {len(wanted.sites)} sites,"
        f" {len(tested)} with a drive test ({', '.join(tested) or 'none'}), {wanted.draws} draws", markup=False,
    )  # fmt: skip
    each = _seconds_a_call(wanted)
    minutes = (cost.calls * each + cost.ray_seconds) / workers / 60
    console.print(
        f"  work     rays of {len(wanted.sites)} sites, about {cost.ray_seconds:.0f} s; {cost.windows} windows,"
        f" {cost.tiles} tiles, {cost.calls} network calls of {each:.2f} s (one timed here):"
        f" about {minutes:.1f} min with {workers} processes", markup=False,
    )  # fmt: skip
    console.print(
        f"  needs    {cost.memory / 1e9:.1f} GB a process, at most {cost.bytes / 1e9:.2f} GB of disk", markup=False
    )


def _seconds_a_call(wanted: CityPlan) -> float:
    """Time one call of the network on one window, after one that warms up."""
    import torch

    from openckm.city.windows import prior_of
    from openckm.priors.conditioning import Condition
    from openckm.priors.posterior import posterior_mean

    network = prior_of(wanted.prior)[0]
    side = tuple(min(n, wanted.window_cells) for n in wanted.grid.shape)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(2):
        begun = time.process_time()
        posterior_mean(network, Condition.nothing(1, (side[0], side[1]), wanted.cell_m), symmetrise=False)
    torch.set_num_threads(threads)
    return time.process_time() - begun


def _progress() -> Callable[[str, int, int], None]:
    """Tell what is done: on a terminal each task in one line that changes, else a line a minute."""
    begun, last = time.monotonic(), 0.0
    first: int | None = None

    def show(what: str, done: int, total: int) -> None:
        nonlocal last, first
        first = done - 1 if first is None else first
        now = time.monotonic()
        left = (now - begun) / max(done - first, 1) * (total - done)
        line = f"  {done} of {total} tasks, {what}, about {left / 60:.1f} min left"
        if sys.stdout.isatty():
            console.print(line + "   ", end="\r" if done < total else "\n", markup=False)
        elif now - last >= _LINE_S or done == total:
            console.print(line, markup=False)
            last = now

    return show
