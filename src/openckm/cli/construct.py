"""`ckm construct`: a map from a drive test, or the maps of all cells of a list of sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from openckm.cli.change import planned, write_change
from openckm.cli.flux import warm_options
from openckm.cli.groups import Beside, Chance, Further, MapSite, Reading, grouped
from openckm.cli.options import ArithmeticOption, Measurements, ReportFile, ThenOption, require_ranges
from openckm.cli.progress import stages
from openckm.cli.wording import for_command_line
from openckm.errors import OptionError

if TYPE_CHECKING:
    from openckm.edge.construction import Construction
    from openckm.maps.site_plan import SitePlan

console = Console(highlight=False, soft_wrap=True, emoji=False)
complaints = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
REFUSED = 3
"""Exit status of a map that `--strict` refuses; errors exit with 2."""


@dataclass(frozen=True, kw_only=True)
class How:
    """How the map is made and judged.

    Attributes:
        draws: how many draws are made.
        device: whose level the map has.
        heaps: whether heaped values are limits.
        check: whether readings are held back.
        draw_by: who draws.
        deadline: the time that there is [s].
        delta: what the site taught the prior.
        outage_threshold: the level of the band of outage.
        warm: the folder of earlier answers.
    """

    draws: Annotated[int, typer.Option(min=0, max=64, help="Posterior draws to make (kept by --zarr).")] = 8
    device: Annotated[
        str | None,
        typer.Option(help="Map as this device reads, 'any' for whatever is at hand; by default as the mean device."),
    ] = None
    heaps: Annotated[
        bool,
        typer.Option("--heaps/--no-heaps", help="Take values heaped at a report's end (-140, -44 dBm) for limits."),
    ] = True
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Hold the readings back in blocks first, four times over.")
    ] = True
    draw_by: Annotated[
        Literal["conditioned", "dps"],
        typer.Option(help="Who draws: conditioned (the network), or dps (P1's Algorithm 2: minutes a draw)."),
    ] = "conditioned"
    deadline: Annotated[float | None, typer.Option(help="Seconds the reconstruction may take; fewer draws then.")] = (
        None
    )
    delta: Annotated[Path | None, typer.Option(help="What this site taught the prior (`ckm edge adapt`).")] = None
    outage_threshold: Annotated[
        float | None, typer.Option(help="Add the band P(value below this), in dBm (dB for gains), e.g. -110.")
    ] = None
    warm: Annotated[
        Path | None, typer.Option(help="Folder of earlier answers: the same map again at once, draws of similar ones.")
    ] = None

    def of_any_map(self) -> dict[str, Any]:
        """Return what says something of several maps, too, as keywords of the library's calls."""
        return {"draws": self.draws, "device": self.device, "check": self.check}

    def of_one_map(self) -> dict[str, Any]:
        """Return the rest, which is of one map.

        Raises:
            OptionError: if a number is out of range.
        """
        require_ranges(deadline=self.deadline, outage_threshold=self.outage_threshold)
        return {
            "deadline_s": self.deadline, "delta": self.delta, "outage_threshold": self.outage_threshold,
            "draw_by": self.draw_by, "warm": None if self.warm is None else warm_options(self.warm),
        }  # fmt: skip


@grouped
def construct(
    measurements: Measurements,
    output: Annotated[Path, typer.Option("--output", "-o", help="GeoTIFF to write (bands mean, std, p10, p50, p90).")],
    site: MapSite,
    reading: Reading,
    further: Further,
    chance: Chance,
    beside: Beside,
    how: How,
    report: ReportFile = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing and exit with 3 if the self-check refuses the map.")
    ] = False,
    arithmetic: ArithmeticOption = "auto",
    then: ThenOption = None,
) -> None:
    """Construct a georeferenced map with its uncertainty from a drive test."""
    change = None if not then else planned(then, site.sites)
    inputs = (*measurements, site.layout, further.evidence, further.before)
    _require_room(output, beside, report, inputs, several=site.sites is not None)
    if strict and not how.check:
        raise OptionError("--strict asks the self-check, which --no-check leaves out: give one of the two")
    plan, alone = site.plan(reading.crs), how.of_one_map()
    given = {"reading": reading.options(heaps=how.heaps), **how.of_any_map(), **vars(chance), **further.keywords()}
    if site.sites is not None:
        _require_of_each(
            draw_by=None if how.draw_by == "conditioned" else how.draw_by, delta=how.delta, png=beside.png,
            zarr=beside.zarr, outage_threshold=how.outage_threshold, strict=strict or None,
        )  # fmt: skip
        _several(measurements, site.sites, output, plan, report, given)
        return
    job = _one(measurements, plan, given | alone, strict)
    written = _written(job, output, beside, report)
    if change is not None:
        with stages("the antenna as planned") as on_progress:
            written += write_change(job, change, output, chance.prior, how.delta, how.device, chance.seed, on_progress)
    console.print(for_command_line(job.summary()), markup=False)
    console.print("  wrote    " + ", ".join(str(path) for path in written), markup=False)


def _require_room(
    output: Path, beside: Beside, report: Path | None, inputs: tuple[Path | None, ...], several: bool
) -> None:
    """Refuse outputs that cannot be written, or that are inputs, before any work."""
    from openckm.cli.outputs import require_writable, require_writable_file

    if not several:
        require_writable(output, beside.png, beside.zarr, inputs)
    if report is not None:
        require_writable_file(report, (".json",), inputs)


def _require_of_each(**given: object) -> None:
    """Refuse what says something of one cell where the maps of several are made."""
    asked = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]
    if asked:
        raise OptionError(
            f"--sites with {', '.join(asked)}: --sites writes one GeoTIFF a cell, or one Zarr (-o NAME.zarr):"
            " leave these out, or construct such a cell by itself"
        )


def _several(
    measurements: list[Path], sites: Path, output: Path, site: SitePlan, report: Path | None, how: Mapping[str, Any]
) -> None:
    from openckm.cli.sites import construct_folder

    with stages("constructing the maps") as on_progress:
        summary, made = construct_folder(measurements, sites, output, site, on_progress, report, **how)
    console.print(for_command_line(summary), markup=False)
    console.print("  wrote    " + ", ".join(str(path) for path in made), markup=False)


def _one(measurements: list[Path], site: SitePlan, how: Mapping[str, Any], strict: bool) -> Construction:
    """Construct the map; where the self-check refuses it and that was asked to count, say so and end."""
    from openckm.edge.construction import construct as run

    with stages("constructing the map") as on_progress:
        job = run(measurements, site, on_progress=on_progress, **how)
    if strict and job.status == "refused":
        console.print(for_command_line(job.summary()), markup=False)
        complaints.print("ckm: refused by the self-check, nothing was written", markup=False)
        raise typer.Exit(REFUSED)
    return job


def _written(job: Construction, output: Path, beside: Beside, report: Path | None) -> list[Path]:
    from openckm.cli.outputs import write_outputs, write_record

    written = write_outputs(job, output, beside.png, beside.zarr)
    return written if report is None else [*written, write_record(job, report)]
