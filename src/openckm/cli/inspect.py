"""`ckm inspect`: what would be read of a file of readings, and the whole command to map it; nothing is made."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openckm.cli.groups import Columns, grouped
from openckm.cli.wording import for_command_line
from openckm.maps.tables.inspection import Inspection, inspect_file

console = Console(highlight=False, soft_wrap=True, emoji=False)


@grouped
def inspect(
    file: Annotated[Path, typer.Argument(help="File of readings: CSV, .xlsx, GPX, KML, GeoJSON, GeoPackage, ...")],
    columns: Columns,
) -> None:
    """Say what would be read of a file: columns, units, cells, devices, times, extent, and the command to map it."""
    how = columns.options()
    found = inspect_file(file, how.keywords())
    for line in found.lines():
        console.print(for_command_line(line), markup=False)
    console.print(f"  command  {_command(found, how.crs)}", markup=False)


def _command(found: Inspection, crs: str | None) -> str:
    words = ["ckm", "construct", str(found.path)]
    for flag, pairs in (("--column", found.columns), ("--where", found.where)):
        for name, value in pairs.items():
            words += [flag, f"{name}={value}"]
    for name in found.without:
        words += ["--no-column", name]
    words += ["--crs", crs or found.crs] if crs or found.crs else []
    words += ["--skip-bad"] if found.skip_bad else []
    return shlex.join(words) + " --bs LON,LAT -o map.tif"
