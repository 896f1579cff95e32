"""`ckm construct`: a map from a drive test, or the maps of all cells of a list of sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from openckm.cli.change import planned, write_change
from openckm.cli.flux import warm_options
from openckm.cli.options import (
    ArithmeticOption,
    BeforeAge,
    BeforeFile,
    Columns,
    Crs,
    EvidenceFile,
    LayoutFile,
    Measurements,
    Mix,
    NoColumns,
    Nothing,
    ReceiverHeight,
    ReportFile,
    Sigma,
    SkipBad,
    Spacing,
    TerrainFile,
    ThenOption,
    Trees,
    Where,
    place,
    reading_options,
    require_ranges,
)
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


def construct(
    measurements: Measurements,
    output: Annotated[Path, typer.Option("--output", "-o", help="GeoTIFF to write (bands mean, std, p10, p50, p90).")],
    bs: Annotated[
        str | None, typer.Option(help="Base station as LON,LAT in degrees (X,Y in metres with --crs local).")
    ] = None,
    sites: Annotated[
        Path | None,
        typer.Option(
            help="CSV of cells (name, lon, lat, azimuth, PCI ...): all their maps, into --output, a folder or a .zarr."
        ),
    ] = None,
    azimuth: Annotated[
        float | None, typer.Option(help="Sector boresight, degrees clockwise from north; omit for omnidirectional.")
    ] = None,
    layout: LayoutFile = None,
    terrain: TerrainFile = None,
    trees: Trees = True,
    cell: Annotated[
        float | None, typer.Option(help="Cell side in metres; follows the readings (4 or more) when left out.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=16, max=2048, help="Cells along each side; follows the readings when left out."),
    ] = None,
    centre: Annotated[
        str | None, typer.Option(help="Centre of the map, LON,LAT; the base station, or the readings' when left out.")
    ] = None,
    height: Annotated[float, typer.Option(help="Antenna height above ground in metres.")] = 24.0,
    carrier: Annotated[float, typer.Option(help="Carrier frequency in GHz.")] = 3.5,
    downtilt: Annotated[float, typer.Option(help="Downtilt in degrees.")] = 6.0,
    pattern: Annotated[
        str | None, typer.Option(help="Antenna pattern: .msi, .pln, .ant, or 3gpp:BEAMWIDTH,PEAK_DBI.")
    ] = None,
    where: Where = None,
    column: Columns = None,
    no_column: NoColumns = None,
    crs: Crs = None,
    sigma: Sigma = 4.0,
    skip_bad: SkipBad = False,
    mix: Mix = None,
    heaps: Annotated[
        bool,
        typer.Option("--heaps/--no-heaps", help="Take values heaped at a report's end (-140, -44 dBm) for limits."),
    ] = True,
    device: Annotated[
        str | None,
        typer.Option(help="Map as this device reads, 'any' for whatever is at hand; by default as the mean device."),
    ] = None,
    nothing: Nothing = None,
    spacing: Spacing = None,
    receiver_height: ReceiverHeight = None,
    draws: Annotated[int, typer.Option(min=0, max=64, help="Posterior draws to make (kept by --zarr).")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    deadline: Annotated[
        float | None, typer.Option(help="Seconds the reconstruction may take; fewer draws then.")
    ] = None,
    prior: Annotated[Path | None, typer.Option(help="Model folder; the embedded prior by default.")] = None,
    delta: Annotated[Path | None, typer.Option(help="What this site taught the prior (`ckm edge adapt`).")] = None,
    png: Annotated[Path | None, typer.Option(help="Also draw the mean into this PNG.")] = None,
    zarr: Annotated[
        Path | None, typer.Option(help="Also keep the whole map with its draws in this Zarr folder.")
    ] = None,
    report: ReportFile = None,
    evidence: EvidenceFile = None,
    draw_by: Annotated[
        str, typer.Option(help="Who draws: conditioned (the network), or dps (P1's Algorithm 2: minutes a draw).")
    ] = "conditioned",
    before: BeforeFile = None,
    before_age: BeforeAge = 30.0,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Hold the readings back in blocks first, four times over.")
    ] = True,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing and exit with 3 if the self-check refuses the map.")
    ] = False,
    outage_threshold: Annotated[
        float | None, typer.Option(help="Add the band P(value below this), in dBm (dB for gains), e.g. -110.")
    ] = None,
    arithmetic: ArithmeticOption = "auto",
    warm: Annotated[
        Path | None, typer.Option(help="Folder of earlier answers: the same map again at once, draws of similar ones.")
    ] = None,
    then: ThenOption = None,
) -> None:
    """Construct a georeferenced map with its uncertainty from a drive test."""
    from openckm.maps.site_plan import SitePlan

    change = None if not then else planned(then, sites)
    _require_room(output, png, zarr, report, (*measurements, layout, evidence, before), several=sites is not None)
    require_ranges(
        cell=cell, height=height, carrier=carrier, azimuth=azimuth, downtilt=downtilt, before_age=before_age,
        deadline=deadline, outage_threshold=outage_threshold,
    )  # fmt: skip
    if strict and not check:
        raise OptionError("--strict asks the self-check, which --no-check leaves out: give one of the two")
    site = SitePlan(place(bs, "--bs", crs), height, carrier * 1e9, azimuth, downtilt, layout, cell, size,
                    place(centre, "--centre", crs), pattern=pattern, terrain=terrain, trees=trees)  # fmt: skip
    reading = reading_options(where, column, no_column, crs, sigma, skip_bad, mix, nothing, spacing, receiver_height)
    how = {"reading": replace(reading, heaps=heaps), "draws": draws, "seed": seed, "prior": prior, "device": device,
           "check": check}  # fmt: skip
    if sites is not None:
        _require_of_each(
            draw_by=None if draw_by == "conditioned" else draw_by, delta=delta, png=png, zarr=zarr,
            outage_threshold=outage_threshold, strict=strict or None,
        )  # fmt: skip
        each = {"evidence": evidence, "before": before, "before_age_days": before_age}
        _several(measurements, sites, output, site, report, how | each)
        return
    more = {"deadline_s": deadline, "delta": delta, "outage_threshold": outage_threshold, "evidence": evidence,
            "before": before, "before_age_days": before_age, "draw_by": _drawer(draw_by),
            "warm": None if warm is None else warm_options(warm)}  # fmt: skip
    job = _one(measurements, site, how | more, strict)
    written = _written(job, output, png, zarr, report)
    if change is not None:
        with stages("the antenna as planned") as on_progress:
            written += write_change(job, change, output, prior, delta, seed, on_progress)
    console.print(for_command_line(job.summary()), markup=False)
    console.print("  wrote    " + ", ".join(str(path) for path in written), markup=False)


def _require_room(
    output: Path, png: Path | None, zarr: Path | None, report: Path | None, inputs: tuple[Path | None, ...],
    several: bool,
) -> None:  # fmt: skip
    """Refuse outputs that cannot be written, or that are inputs, before any work."""
    from openckm.cli.outputs import require_writable, require_writable_file

    if not several:
        require_writable(output, png, zarr, inputs)
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


def _written(job: Construction, output: Path, png: Path | None, zarr: Path | None, report: Path | None) -> list[Path]:
    from openckm.cli.outputs import write_outputs, write_record

    written = write_outputs(job, output, png, zarr)
    return written if report is None else [*written, write_record(job, report)]


def _drawer(name: str) -> Literal["conditioned", "dps"]:
    if name == "conditioned":
        return "conditioned"
    if name == "dps":
        return "dps"
    raise OptionError(f"--draw-by {name}: wanted conditioned or dps")
