"""`ckm`: construct a map, run the demo, benchmark, generate training maps. Only this layer prints and exits."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from openckm import __version__
from openckm.cli.city import city
from openckm.cli.cloud import cloud_app
from openckm.cli.construct import construct
from openckm.cli.edge import edge_app
from openckm.cli.flux import flux_app
from openckm.cli.inspect import inspect
from openckm.cli.maps import maps_app
from openckm.cli.plan import plan
from openckm.cli.predict import predict
from openckm.cli.progress import stages
from openckm.cli.query import query
from openckm.cli.serve import serve
from openckm.cli.wording import for_command_line
from openckm.errors import InputError, OpenCKMError, OptionError
from openckm.evaluate.registry import SWEEPS, bench_names

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


app.command("construct")(construct)
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
    radiomap3dseer: Annotated[
        Path | None, typer.Option(help="Folder of RadioMap3DSeer, whose maps `invdiff` trains and scores on instead.")
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=0, help=f"Processes for the cases of {', '.join(SWEEPS)}; 0 takes none but this one."),
    ] = 0,
) -> None:
    """Run a benchmark and print its table."""
    further: dict[str, Any] = _published(
        name, radiomapseer=radiomapseer, ckmimagenet=ckmimagenet, radiomap3dseer=radiomap3dseer
    )
    if workers:
        if name not in SWEEPS:
            raise OptionError(
                f"--workers: benchmark {name!r} is no list of cases as {', '.join(SWEEPS)} are; leave it out"
            )
        further["workers"] = workers
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


def _published(bench_name: str, **folders: Path | None) -> dict[str, Any]:
    """Return the folders of published data sets that were given, which must belong to the benchmark."""
    owner = {"radiomapseer": "mamba", "ckmimagenet": "p1", "radiomap3dseer": "invdiff"}
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
    gc.set_threshold(100_000, 20, 100)  # modules are loaded by the million objects, among which nothing is to collect
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
