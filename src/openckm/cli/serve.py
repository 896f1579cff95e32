"""`ckm serve`: the page on this machine, where a map is made, seen and asked in the browser."""

from __future__ import annotations

import logging
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openckm.errors import StoreError

console = Console(highlight=False, soft_wrap=True, emoji=False)
_BODY_BYTES = 200 * 2**20
_READINGS = 2_000_000
_RESULT_S = 12 * 3600.0
"""Time that a map is kept on one's own machine, a working day [s]."""
_OPEN_S = 1.5


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8480,
    store: Annotated[
        Path | None,
        typer.Option(help="Folder of kept maps (`ckm maps`), made where there is none; else none are kept."),
    ] = None,
    basemap: Annotated[
        Path | None,
        typer.Option(help="Background map of the page: a PMTiles archive with streets and water, or with pictures."),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser once the node answers.")
    ] = True,
) -> None:
    """Serve the page to this machine alone: drop a drive test and a layout, and see the map with its doubt.

    Nothing leaves the machine, and nothing that is sent to the node is kept on its disk: maps alone go into --store.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        from openckm.service.config import EdgeConfig, Limits, MapsConfig, ServerConfig
        from openckm.service.serve import serve as run
    except ModuleNotFoundError as error:
        raise StoreError(f"the page needs the package {error.name}: pip install 'openckm[edge]'") from error
    limits = Limits(body_bytes=_BODY_BYTES, body_s=600.0, observations=_READINGS, deadline_s=3600.0, result_s=_RESULT_S)
    maps = None if store is None else MapsConfig(folder=store.resolve())
    config = EdgeConfig(
        server=ServerConfig(port=port, page=True, basemap=basemap and basemap.resolve()), limits=limits, maps=maps
    )
    address = f"http://127.0.0.1:{port}/"
    console.print(f"the page is at {address} (this machine alone; end with Ctrl+C)", markup=False)
    if open_page:
        later = threading.Timer(_OPEN_S, webbrowser.open, (address,))
        later.daemon = True
        later.start()
    run(config)
