"""`ckm edge adapt`: teach the prior a site, on the site; `ckm construct --delta` uses what it learnt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openckm.cli.cloud_common import REFUSED, complaints, console
from openckm.cli.options import (
    ArithmeticOption,
    Columns,
    Crs,
    LayoutFile,
    Measurements,
    Mix,
    NoColumns,
    Sigma,
    SkipBad,
    Where,
    place,
    reading_options,
    require_ranges,
)
from openckm.cli.progress import stages


def adapt(
    measurements: Measurements,
    bs: Annotated[str, typer.Option(help="Base station as LON,LAT in degrees (X,Y in metres with --crs local).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Delta to write; an older one there is replaced.")],
    azimuth: Annotated[
        float | None, typer.Option(help="Sector boresight, degrees clockwise from north; omit for omnidirectional.")
    ] = None,
    layout: LayoutFile = None,
    cell: Annotated[float | None, typer.Option(help="Cell side in metres; follows the readings when left out.")] = None,
    size: Annotated[
        int | None, typer.Option(min=16, max=2048, help="Cells along each side; follows the readings when left out.")
    ] = None,
    height: Annotated[float, typer.Option(help="Antenna height above ground in metres.")] = 24.0,
    carrier: Annotated[float, typer.Option(help="Carrier frequency in GHz.")] = 3.5,
    downtilt: Annotated[float, typer.Option(help="Downtilt in degrees.")] = 6.0,
    where: Where = None,
    column: Columns = None,
    no_column: NoColumns = None,
    crs: Crs = None,
    sigma: Sigma = 4.0,
    skip_bad: SkipBad = False,
    mix: Mix = None,
    prior: Annotated[Path | None, typer.Option(help="Model folder; the embedded prior by default.")] = None,
    budget_mb: Annotated[float, typer.Option(help="Memory above the loaded prior that it may take, in MiB.")] = 256.0,
    minutes: Annotated[float, typer.Option(help="Minutes it may take.")] = 10.0,
    rank: Annotated[int, typer.Option(min=1, max=16, help="Rank of the differences of a fold.")] = 4,
    place_name: Annotated[str, typer.Option("--place", help="Place in the delta's card, as coarse as you like.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX name under which the delta may be handed on; none if empty.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    arithmetic: ArithmeticOption = "auto",
) -> None:
    """Teach the prior this site by hiding blocks of its own readings; nothing leaves the machine.

    The delta is written only if readings that were held back say that it helps; otherwise exit status 3, and an older
    delta stays. Interrupted, the same command goes on.
    """
    from openckm.cli.outputs import require_writable_file
    from openckm.edge.adapt import adapt as run
    from openckm.edge.teaching import AdaptOptions
    from openckm.maps.site_plan import SitePlan

    require_writable_file(output, (".delta",), (*measurements, layout))
    require_ranges(
        cell=cell, height=height, carrier=carrier, azimuth=azimuth, downtilt=downtilt, minutes=minutes,
        budget_mb=budget_mb,
    )  # fmt: skip
    options = AdaptOptions(budget_mb, minutes, rank, place=place_name, licence=licence, seed=seed)
    site = SitePlan(place(bs, "--bs", crs), height, carrier * 1e9, azimuth, downtilt, layout, cell, size)
    with stages("adapting to the site") as on_progress:
        done = run(
            measurements, output, site, options=options, prior=prior, on_progress=on_progress,
            reading=reading_options(where, column, no_column, crs, sigma, skip_bad, mix),
        )  # fmt: skip
    console.print(done.summary(), markup=False)
    if not done.kept:
        complaints.print("ckm: what was learnt does not help on readings that were held back; nothing was written")
        raise typer.Exit(REFUSED)
    console.print(f"  wrote    {output}: use it with `ckm construct --delta {output}`", markup=False)
