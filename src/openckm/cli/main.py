"""`ckm`: construct a map, run the demo, benchmark, generate training maps. Only this layer prints and exits."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console

from openckm import __version__
from openckm.cli.change import planned, write_change
from openckm.cli.city import city
from openckm.cli.cloud import cloud_app
from openckm.cli.edge import edge_app
from openckm.cli.flux import flux_app, warm_options
from openckm.cli.inspect import inspect
from openckm.cli.maps import maps_app
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
from openckm.cli.plan import plan
from openckm.cli.predict import predict
from openckm.cli.progress import stages
from openckm.cli.query import query
from openckm.cli.serve import serve
from openckm.cli.wording import for_command_line
from openckm.errors import InputError, OpenCKMError, OptionError
from openckm.evaluate.registry import bench_names

app = typer.Typer(
    name="ckm",
    help="Channel knowledge maps (radio maps) from whatever evidence you have, with calibrated uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Training and test maps.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")
app.add_typer(cloud_app, name="cloud")
app.add_typer(edge_app, name="edge")
app.add_typer(flux_app, name="flux")
app.add_typer(maps_app, name="maps")
console = Console(highlight=False, soft_wrap=True, emoji=False)
REFUSED = 3
"""Exit status of a map that `--strict` refuses; errors exit with 2."""
complaints = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"ckm {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Construct channel knowledge maps from measurements, layouts and a learned prior."""


@app.command()
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
        str, typer.Option(help="Who draws: told (the network), or dps (P1's Algorithm 2: minutes a draw).")
    ] = "told",
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
    from openckm.cli.outputs import require_writable, require_writable_file, write_outputs, write_record
    from openckm.edge.construction import construct as run
    from openckm.maps.site_plan import SitePlan

    change = None if not then else planned(then, sites)
    if sites is None:
        require_writable(output, png, zarr, (*measurements, layout, evidence, before))
    elif evidence is not None or before is not None or draw_by != "told":
        raise OptionError("--sites with --evidence, --before or --draw-by: construct those cells one by one")
    elif png is not None or zarr is not None or outage_threshold is not None or strict:
        raise OptionError(
            "--sites writes one GeoTIFF a cell, or one Zarr (-o NAME.zarr): leave --png, --zarr, --strict and outage"
            " out"
        )
    if report is not None:
        require_writable_file(report, (".json",), (*measurements, layout))
    require_ranges(
        cell=cell, height=height, carrier=carrier, azimuth=azimuth, downtilt=downtilt, before_age=before_age,
        deadline=deadline, outage_threshold=outage_threshold,
    )  # fmt: skip
    if strict and not check:
        raise OptionError("--strict asks the self-check, which --no-check leaves out: give one of the two")
    site = SitePlan(place(bs, "--bs", crs), height, carrier * 1e9, azimuth, downtilt, layout, cell, size,
                    place(centre, "--centre", crs), pattern=pattern, terrain=terrain, trees=trees)  # fmt: skip
    reading = replace(
        reading_options(where, column, no_column, crs, sigma, skip_bad, mix, nothing, spacing, receiver_height),
        heaps=heaps,
    )  # fmt: skip
    if sites is not None and delta is not None:
        raise OptionError("--delta is what one site taught the prior, --sites are several: leave one of them out")
    if sites is not None:
        from openckm.cli.sites import construct_folder

        with stages("constructing the maps") as on_progress:
            told, made = construct_folder(
                measurements, sites, output, site, on_progress, report, reading=reading, draws=draws, seed=seed,
                prior=prior, device=device, check=check,
            )  # fmt: skip
        console.print(for_command_line(told), markup=False)
        console.print("  wrote    " + ", ".join(str(path) for path in made), markup=False)
        return
    with stages("constructing the map") as on_progress:
        job = run(
            measurements, site, device=device, reading=reading,
            draws=draws, seed=seed, deadline_s=deadline, prior=prior, delta=delta, check=check,
            outage_threshold=outage_threshold,
            warm=None if warm is None else warm_options(warm),
            evidence=evidence, before=before, before_age_days=before_age, draw_by=_drawer(draw_by),
            on_progress=on_progress,
        )  # fmt: skip
    if strict and job.status == "refused":
        console.print(for_command_line(job.summary()), markup=False)
        complaints.print("ckm: refused by the self-check, nothing was written", markup=False)
        raise typer.Exit(REFUSED)
    written = write_outputs(job, output, png, zarr)
    if report is not None:
        written.append(write_record(job, report))
    if change is not None:
        with stages("the antenna as planned") as on_progress:
            written += write_change(job, change, output, prior, delta, seed, on_progress)
    console.print(for_command_line(job.summary()), markup=False)
    console.print("  wrote    " + ", ".join(str(path) for path in written), markup=False)


def _drawer(name: str) -> Literal["told", "dps"]:
    if name == "told":
        return "told"
    if name == "dps":
        return "dps"
    raise OptionError(f"--draw-by {name}: wanted told or dps")


app.command("inspect")(inspect)
app.command("city")(city)
app.command("plan")(plan)
app.command("predict")(predict)
app.command("query", context_settings={"ignore_unknown_options": True})(query)  # longitudes may be negative
app.command("serve")(serve)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for map, figure and report.")] = Path("demo-output"),
) -> None:
    """Construct the map of a real LTE cell (Duke CBRS cell A, embedded) beside kriging."""
    from openckm.cli.demo import run_demo

    with stages("constructing the map of Duke CBRS cell A") as on_progress:
        report, written = run_demo(out, on_progress)
    console.print(report, markup=False)
    console.print("  wrote    " + ", ".join(str(path) for path in written), markup=False)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help=f"Benchmark: {', '.join(bench_names())}.")],
    quick: Annotated[bool, typer.Option("--quick", help="Fewer seeds or maps: under 5 minutes on 2 cores.")] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the rows to this file.")] = None,
    radiomapseer: Annotated[
        Path | None, typer.Option(help="Folder of RadioMapSeer, whose test maps `mamba` scores networks on, too.")
    ] = None,
    ckmimagenet: Annotated[
        Path | None, typer.Option(help="Folder of CKMImageNet, whose patches `p1` runs on in place of held-out maps.")
    ] = None,
) -> None:
    """Run a benchmark and print its table."""
    further = _published(name, radiomapseer=radiomapseer, ckmimagenet=ckmimagenet)
    from rich.progress import Progress

    from openckm.evaluate.registry import bench as find
    from openckm.evaluate.report.rows import write_report
    from openckm.evaluate.report.table import as_table

    run = find(name)
    if json is not None and not json.resolve().parent.is_dir():
        raise InputError(f"--json {json}: the folder {json.resolve().parent} does not exist; make it first")
    with Progress(console=complaints) as progress:
        bar = progress.add_task(name, total=None)
        rows = run(
            quick, lambda what, done, total: progress.update(bar, description=what, completed=done, total=total),
            **further,
        )  # fmt: skip
    if json is not None:
        write_report(json, name, rows)
    console.print(as_table(rows, name))


def _published(bench_name: str, **folders: Path | None) -> dict[str, Path]:
    """Return the folders of published data sets that were given, which must belong to the benchmark."""
    owner = {"radiomapseer": "mamba", "ckmimagenet": "p1"}
    for option, folder in folders.items():
        if folder is not None and bench_name != owner[option]:
            raise OptionError(f"--{option} belongs to benchmark {owner[option]!r}, not to {bench_name!r}; leave it out")
    return {option: folder for option, folder in folders.items() if folder is not None}


@data_app.command("generate")
def generate(
    out: Annotated[Path, typer.Argument(help="Folder for the shards; finished ones are kept, missing ones are made.")],
    maps: Annotated[int, typer.Option(min=1, help="Number of maps to reach.")] = 1000,
    split: Annotated[str, typer.Option(help="train, validation or test: which cities are used.")] = "train",
    seed: Annotated[int, typer.Option(min=0, help="The set is a function of the seed and these options.")] = 0,
    cell: Annotated[
        list[float] | None, typer.Option(help="Cell sides in metres to draw from; may be repeated. Default: 1, 2, 4.")
    ] = None,
    rays: Annotated[int, typer.Option(min=1000, help="Rays per transmitter and seed.")] = 1_000_000,
    average_seeds: Annotated[int, typer.Option(min=1, help="Seeds averaged per map, at least.")] = 1,
    floor_db: Annotated[
        float | None, typer.Option(help="Trace further seeds until the map's own noise is below so many dB.")
    ] = None,
    most_seeds: Annotated[int, typer.Option(min=1, help="Seeds per map at most, with --floor-db.")] = 16,
    vehicles: Annotated[
        float, typer.Option(min=0, max=1, help="Share of scenes traced a second time with vehicles in the streets.")
    ] = 0.0,
    coherent: Annotated[
        bool, typer.Option("--coherent", help="Also trace small-scale fading by exact paths (slow).")
    ] = False,
    real_share: Annotated[float, typer.Option(min=0, max=1, help="Share of real cities among the scenes.")] = 0.55,
    city: Annotated[
        list[str] | None, typer.Option(help="Real city to draw from; may be repeated. Default: all of the split.")
    ] = None,
    layouts: Annotated[
        Path | None, typer.Option(help="Folder with city layouts; else the tracer's own cities.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Antenna of all transmitters: .msi, .pln, .ant, or 3gpp:BEAMWIDTH,PEAK_DBI.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Scenes traced at the same time.")] = 1,
) -> None:
    """Ray-trace maps of real and procedural cities (needs the extra `raytrace`)."""
    from openckm.cli.options import split_name
    from openckm.data.averaging import Averaging
    from openckm.data.generate import GenerateOptions
    from openckm.data.generate import generate as run

    options = GenerateOptions(
        maps=maps, split=split_name(split), seed=seed, cell_sizes_m=tuple(cell or (1.0, 2.0, 4.0)), rays=rays,
        averaging=Averaging(average_seeds, floor_db, most_seeds), vehicles=vehicles, coherent=coherent,
        real_share=real_share, cities=tuple(city or ()), layouts_dir=layouts, processes=processes,
        pattern=pattern,
    )  # fmt: skip
    report = run(options, out)
    console.print(f"{report.made} maps made, {report.kept} kept, {len(report.shards)} shards in {out}", markup=False)


def main() -> None:
    """Run `ckm`: an error of OpenCKM or of the file system becomes one line on stderr and exit status 2."""
    try:
        app()
    except OpenCKMError as error:
        _complain(str(error))
    except OSError as error:
        _complain(f"{error}; check the path, its permissions and the free space on the disk")


def _complain(message: str) -> NoReturn:
    complaints.print("ckm:", " ".join(for_command_line(message).split()), markup=False)
    sys.exit(2)


if __name__ == "__main__":
    main()
