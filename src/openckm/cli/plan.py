"""`ckm plan`: where to measure next, as GeoJSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openckm.cli.options import (
    ArithmeticOption,
    BeforeAge,
    BeforeFile,
    Columns,
    Crs,
    EvidenceFile,
    LayoutFile,
    Mix,
    NoColumns,
    Nothing,
    ReceiverHeight,
    SkipBad,
    Spacing,
    Where,
    lon_lat,
    reading_options,
    require_ranges,
)
from openckm.cli.outputs import require_writable_file
from openckm.cli.progress import stages
from openckm.cli.wording import for_command_line
from openckm.errors import OptionError

console = Console(highlight=False, soft_wrap=True, emoji=False)


def plan(
    output: Annotated[Path, typer.Option("--output", "-o", help="GeoJSON to write: a point per place, and the route.")],
    measurements: Annotated[
        list[Path] | None, typer.Argument(help="What was measured so far; leave out before the first drive.")
    ] = None,
    bs: Annotated[
        str | None, typer.Option(help="Base station as LON,LAT in degrees; the map is centred on it.")
    ] = None,
    sites: Annotated[
        Path | None,
        typer.Option(help="CSV of cells (name, lon, lat, azimuth, PCI ...), instead of --bs: a drive for all of them."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="Places to propose.")] = 20,
    budget_km: Annotated[float | None, typer.Option(help="Longest drive in kilometres.")] = None,
    start: Annotated[
        str | None, typer.Option(help="Where the drive begins, LON,LAT; otherwise at one of the places.")
    ] = None,
    azimuth: Annotated[
        float | None, typer.Option(help="Sector boresight, degrees clockwise from north; omit for omnidirectional.")
    ] = None,
    layout: LayoutFile = None,
    cell: Annotated[float, typer.Option(help="Cell side in metres.")] = 4.0,
    size: Annotated[int, typer.Option(min=16, max=2048, help="Cells along each side; large maps in tiles.")] = 128,
    height: Annotated[float, typer.Option(help="Antenna height above ground in metres.")] = 24.0,
    carrier: Annotated[float, typer.Option(help="Carrier frequency in GHz.")] = 3.5,
    downtilt: Annotated[float, typer.Option(help="Downtilt in degrees.")] = 6.0,
    where: Where = None,
    column: Columns = None,
    no_column: NoColumns = None,
    crs: Crs = None,
    skip_bad: SkipBad = False,
    mix: Mix = None,
    nothing: Nothing = None,
    spacing: Spacing = None,
    receiver_height: ReceiverHeight = None,
    sigma: Annotated[float, typer.Option(help="Noise of one reading in dB, past and future.")] = 4.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    prior: Annotated[Path | None, typer.Option(help="Model folder; the embedded prior by default.")] = None,
    evidence: EvidenceFile = None,
    before: BeforeFile = None,
    before_age: BeforeAge = 30.0,
    arithmetic: ArithmeticOption = "auto",
) -> None:
    """Say where to measure next: the places that reduce the map's expected error most, and a drive along streets.

    Each point of the GeoJSON (EPSG:4326) says by how much the expected RMSE falls when it is measured after the points
    of smaller rank; `visit` is its turn on the drive. Streets are the cells outside buildings: give a layout.
    """
    from openckm.edge.planning import plan as run
    from openckm.edge.planning import plan_sites, write_plan
    from openckm.maps.site_plan import SitePlan
    from openckm.maps.sites_csv import read_sites

    require_writable_file(output, (".geojson", ".json"), (*(measurements or ()), layout))
    require_ranges(
        cell=cell, height=height, carrier=carrier, azimuth=azimuth, downtilt=downtilt, budget_km=budget_km,
    )  # fmt: skip
    begin = None if start is None else lon_lat(start, "--start")
    if (bs is None) == (sites is None):
        raise OptionError("give the base station by --bs, or the cells of a mast by --sites")
    site = SitePlan(None if bs is None else lon_lat(bs), height, carrier * 1e9, azimuth, downtilt, layout, cell, size)
    reading = reading_options(where, column, no_column, crs, sigma, skip_bad, mix, nothing, spacing, receiver_height)
    with stages("planning") as on_progress:
        if sites is not None:
            made = plan_sites(
                measurements or None, read_sites(sites, site), reading=reading, count=count, start=begin, seed=seed,
                prior=prior, evidence=evidence, before=before, before_age_days=before_age, budget_km=budget_km,
                on_progress=on_progress,
            )  # fmt: skip
        else:
            made = run(
                measurements or None, site, reading=reading, count=count, start=begin, seed=seed, prior=prior,
                evidence=evidence, before=before, before_age_days=before_age, budget_km=budget_km,
                on_progress=on_progress,
            )  # fmt: skip
    write_plan(made, output)
    console.print(for_command_line(made.summary()), markup=False)
    console.print(f"  wrote    {output}", markup=False)
