"""`ckm plan`: where to measure next, as GeoJSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openckm.cli.groups import Chance, Further, PlanSite, Reading, grouped
from openckm.cli.options import ArithmeticOption, lon_lat, require_ranges
from openckm.cli.outputs import require_writable_file
from openckm.cli.progress import stages
from openckm.cli.wording import for_command_line
from openckm.errors import OptionError

console = Console(highlight=False, soft_wrap=True, emoji=False)


@grouped
def plan(
    output: Annotated[Path, typer.Option("--output", "-o", help="GeoJSON to write: a point per place, and the route.")],
    site: PlanSite,
    reading: Reading,
    further: Further,
    chance: Chance,
    measurements: Annotated[
        list[Path] | None, typer.Argument(help="What was measured so far; leave out before the first drive.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="Places to propose.")] = 20,
    budget_km: Annotated[float | None, typer.Option(help="Longest drive in kilometres.")] = None,
    start: Annotated[
        str | None, typer.Option(help="Where the drive begins, LON,LAT; otherwise at one of the places.")
    ] = None,
    arithmetic: ArithmeticOption = "auto",
) -> None:
    """Say where to measure next: the places that reduce the map's expected error most, and a drive along streets.

    Each point of the GeoJSON (EPSG:4326) says by how much the expected RMSE falls when it is measured after the points
    of smaller rank; `visit` is its turn on the drive. Streets are the cells outside buildings: give a layout.
    """
    from openckm.edge.planning import plan as run
    from openckm.edge.planning import plan_sites, write_plan
    from openckm.maps.sites_csv import read_sites

    require_writable_file(output, (".geojson", ".json"), (*(measurements or ()), site.layout))
    require_ranges(budget_km=budget_km)
    if (site.bs is None) == (site.sites is None):
        raise OptionError("give the base station by --bs, or the cells of a mast by --sites")
    how = {"reading": reading.options(), "count": count, "start": None if start is None else lon_lat(start, "--start"),
           "budget_km": budget_km, **further.keywords(), **vars(chance)}  # fmt: skip
    one = site.plan()
    with stages("planning") as on_progress:
        if site.sites is None:
            made = run(measurements or None, one, on_progress=on_progress, **how)
        else:
            made = plan_sites(measurements or None, read_sites(site.sites, one), on_progress=on_progress, **how)
    write_plan(made, output)
    console.print(for_command_line(made.summary()), markup=False)
    console.print(f"  wrote    {output}", markup=False)
