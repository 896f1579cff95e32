"""`ckm edge contribute`: what an edge gives back, by its owner's word; maps and readings stay."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openckm.cli.cloud_common import console, progress_bar
from openckm.errors import InputError

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

    from openckm.store import KeyFolder

edge_app = typer.Typer(
    help="An edge: a service that keeps its model up to date, and what it gives back.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip


@edge_app.command("contribute")
def contribute(
    model: Annotated[Path, typer.Argument(help="Folder of the prior that this edge runs.")],
    maps: Annotated[list[Path], typer.Argument(help="Shards (.npz) of this edge's own maps, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; look at it, then hand it over.")],
    contributor: Annotated[str, typer.Option(help="Who is to be credited.")],
    licence: Annotated[str, typer.Option(help="SPDX name of the licence it is given under, e.g. CC-BY-4.0.")],
    region: Annotated[str, typer.Option(help="Where the maps are, as coarsely as you like.")],
    opt_in: Annotated[
        bool, typer.Option("--opt-in", help="Yes, make a contribution; without this nothing is made.")
    ] = False,
    statistics_only: Annotated[
        bool, typer.Option("--statistics-only", help="Ten numbers about the maps, and no weights.")
    ] = False,
    rank: Annotated[int, typer.Option(min=1, max=8, help="Rank of the differences.")] = 4,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 300,
    learning_rate: Annotated[float, typer.Option(help="Learning rate at its height.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    keys: Annotated[
        Path | None, typer.Option(help="Folder of this contributor's key, to sign with (`ckm edge key`).")
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(help="Train with noise of so many clipped gradients, and state epsilon; leaves the numbers out."),
    ] = None,
    delta: Annotated[float, typer.Option(help="With noise: chance with which the bound may fail.")] = 1e-5,
) -> None:
    """Make a contribution to the prior from this edge's own maps: low-rank differences and ten numbers, no map.

    Nothing is sent: the file is yours to look at and to hand over, or not.
    """
    from openckm.edge.contribute import ContributeOptions, Giver, write_contribution
    from openckm.edge.contribute import contribute as run
    from openckm.edge.private_training import NoiseOptions

    if output.exists():
        raise InputError(f"{output}: there is something already; choose another file, or remove it")
    shards = [shard for path in maps for shard in (sorted(path.glob("*.npz")) if path.is_dir() else [path])]
    options = ContributeOptions(
        rank=rank, steps=0 if statistics_only else steps, learning_rate=learning_rate, seed=seed,
        noise=None if noise is None else NoiseOptions(multiplier=noise, delta=delta),
    )  # fmt: skip
    signer = None if keys is None else _signer(keys)
    with progress_bar() as progress:
        made = run(
            model, shards, Giver(contributor, licence, region), opt_in=opt_in, options=options, progress=progress
        )
    size = write_contribution(output, made, signer)
    console.print(json.dumps(made.describe(), indent=1), markup=False)
    signed = "unsigned: the cloud takes it only with --unsigned" if signer is None else "signed"
    console.print(f"{size} bytes in {output}, {signed}: this, and nothing else, is what you hand over", markup=False)


@edge_app.command("key")
def key(
    keys: Annotated[Path, typer.Option(help="Folder of this contributor's key; made if there is none.")],
    contributor: Annotated[str, typer.Option(help="Who is to be credited, as in contributions.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Public file to write, for the cloud (*.json).")],
) -> None:
    """Make the key that signs contributions, and the public file by which the cloud knows it."""
    from openckm.store.contributors import contributor_signer, write_contributor

    write_contributor(output, contributor, contributor_signer(_folder(keys), make=True))
    console.print(f"{output} is not secret: hand it to the cloud in a way that both trust; {keys} is", markup=False)


def _signer(keys: Path) -> Signer:
    from openckm.store.contributors import contributor_signer

    return contributor_signer(_folder(keys))


def _folder(keys: Path) -> KeyFolder:
    from openckm.store import KeyFolder

    return KeyFolder(keys, os.environ.get("OPENCKM_PASSPHRASE") or None)
