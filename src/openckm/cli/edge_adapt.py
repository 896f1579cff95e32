"""`ckm edge adapt`: teach the prior a site, on the site; `ckm construct --delta` uses what it learnt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openckm.cli.cloud_common import REFUSED, complaints, console
from openckm.cli.groups import Chance, Mast, Reading, grouped
from openckm.cli.options import ArithmeticOption, Measurements, require_ranges
from openckm.cli.progress import stages


@grouped
def adapt(
    measurements: Measurements,
    output: Annotated[Path, typer.Option("--output", "-o", help="Delta to write; an older one there is replaced.")],
    mast: Mast,
    reading: Reading,
    chance: Chance,
    budget_mb: Annotated[float, typer.Option(help="Memory above the loaded prior that it may take, in MiB.")] = 256.0,
    minutes: Annotated[float, typer.Option(help="Minutes it may take.")] = 10.0,
    rank: Annotated[int, typer.Option(min=1, max=16, help="Rank of the differences of a fold.")] = 4,
    place_name: Annotated[str, typer.Option("--place", help="Place in the delta's card, as coarse as you like.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX name under which the delta may be handed on; none if empty.")] = "",
    arithmetic: ArithmeticOption = "auto",
) -> None:
    """Teach the prior this site by hiding blocks of its own readings; nothing leaves the machine.

    The delta is written only if readings that were held back say that it helps; otherwise exit status 3, and an older
    delta stays. Interrupted, the same command goes on.
    """
    from openckm.cli.outputs import require_writable_file
    from openckm.edge.adapt import adapt as run
    from openckm.edge.teaching import AdaptOptions

    require_writable_file(output, (".delta",), (*measurements, mast.layout))
    require_ranges(minutes=minutes, budget_mb=budget_mb)
    options = AdaptOptions(budget_mb, minutes, rank, place=place_name, licence=licence, seed=chance.seed)
    site, how = mast.plan(reading.crs), reading.options()
    with stages("adapting to the site") as on_progress:
        done = run(
            measurements, output, site, options=options, prior=chance.prior, on_progress=on_progress, reading=how
        )
    console.print(done.summary(), markup=False)
    if not done.kept:
        complaints.print("ckm: what was learnt does not help on readings that were held back; nothing was written")
        raise typer.Exit(REFUSED)
    console.print(f"  wrote    {output}: use it with `ckm construct --delta {output}`", markup=False)
