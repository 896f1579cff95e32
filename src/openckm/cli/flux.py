"""`ckm flux`: what a folder of earlier answers holds, whether it is sound, and how to empty it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from openckm.errors import StoreError

if TYPE_CHECKING:
    from openckm.flux.cache import Cache
    from openckm.flux.warm import WarmOptions

flux_app = typer.Typer(
    help="Earlier answers that new ones may begin with (made by --warm FOLDER).", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip
console = Console(highlight=False, soft_wrap=True, emoji=False)
Folder = Annotated[Path, typer.Argument(help="Folder of earlier answers.")]
MB = 1e6


def warm_options(folder: Path) -> WarmOptions:
    """Return the options of `--warm FOLDER`."""
    from openckm.flux.warm import WarmOptions

    return WarmOptions(folder)


@flux_app.command()
def status(folder: Folder) -> None:
    """Say how many answers are kept, how large they are and what they have saved."""
    found = _open(folder).status()
    console.print(
        f"{folder}: {found.entries} answers of {found.owners} owners, {found.readings} of them with readings,"
        f" {found.bytes / MB:.1f} MB; used {found.hits} times, {found.calls} network calls saved",
        markup=False,
    )


@flux_app.command()
def verify(folder: Folder) -> None:
    """Read every file, and remove what is not what was kept."""
    sound, gone = _open(folder).verify()
    console.print(f"{folder}: {sound} answers are sound, {gone} files were not and are removed", markup=False)


@flux_app.command()
def clear(folder: Folder) -> None:
    """Remove every answer."""
    console.print(f"{folder}: {_open(folder).clear()} answers removed", markup=False)


def _open(folder: Path) -> Cache:
    """Open a store that is there; none is made."""
    from openckm.flux.cache import Cache

    if not folder.is_dir() or not (folder / "flux.json").is_file():
        raise StoreError(f"{folder} holds no earlier answers; give a folder that was used with --warm")
    return Cache(folder)
