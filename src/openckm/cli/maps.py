"""`ckm maps`: a store of finished maps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openckm.errors import OptionError

maps_app = typer.Typer(
    help="A store of finished maps, kept by name and version.", no_args_is_help=True, rich_markup_mode=None
)
console = Console(highlight=False, soft_wrap=True, emoji=False)

_Store = Annotated[Path, typer.Option("--store", help="Folder of the store.")]
Name = Annotated[str, typer.Argument(help="Name of the map.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="A certain version; the newest by default.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@maps_app.command("add")
def add(
    map_: Annotated[
        Path, typer.Argument(metavar="MAP", help="GeoTIFF or Zarr folder of a map, or a city of `ckm city`.")
    ],
    name: Annotated[str, typer.Argument(help="Name to keep it by; a known name gets a new version.")],
    store: _Store,
    site: Annotated[str, typer.Option(help="Name of the site; by default what the map says.")] = "",
    time: Annotated[
        str | None, typer.Option(help="Time that the map is of, e.g. 2026-05-01; by default what it says, else now.")
    ] = None,
    layout: Annotated[
        Path | None, typer.Option(help="Buildings that are kept with the map, for its lines of sight on the page.")
    ] = None,
) -> None:
    """Add a map to a store, which is made if it is not there. A city's maps are added as NAME/SITE."""
    from openckm.atlas import MapStore, open_maps
    from openckm.atlas.view import CITY_FILE
    from openckm.maps import read_layout
    from openckm.maps.buildings.kept import KEPT_LAYOUT, encode_layout

    views = open_maps(map_)
    moment = None if time is None else _parse_time(time)
    kept = MapStore(store, create=True)
    for view in views:
        called = f"{name}/{view.name}" if (map_ / CITY_FILE).exists() else name
        beside = {} if layout is None else {KEPT_LAYOUT: encode_layout(read_layout(layout, view.grid))}
        entry = kept.add(view, called, site=site, time=moment, beside=beside)
        left = entry.provenance.get("left_out", [])
        console.print(
            f"  added    {entry.name} version {entry.version}: {entry.shape[0]} x {entry.shape[1]} cells of"
            f" {entry.cell_m:g} m, {entry.draws} draws, {entry.bytes / 1e6:.1f} MB", markup=False,
        )  # fmt: skip
        if left:
            console.print("  left out of its provenance: " + ", ".join(left), markup=False)


@maps_app.command("list")
def list_(
    store: _Store,
    at: Annotated[str | None, typer.Option(help="Only maps that hold this place, LON,LAT in degrees.")] = None,
    site: Annotated[str | None, typer.Option(help="Only maps of this site.")] = None,
    versions: Annotated[bool, typer.Option("--versions", help="Older versions, too.")] = False,
    as_json: _AsJson = False,
) -> None:
    """List the maps of a store."""
    from openckm.atlas import MapStore
    from openckm.atlas.records import entry_record
    from openckm.cli.options import lon_lat

    found = MapStore(store).entries(at=None if at is None else lon_lat(at, "--at"), site=site, versions=versions)
    if as_json:
        console.print(json.dumps([entry_record(e) for e in found], indent=1), markup=False)
        return
    for e in found:
        console.print(
            f"{e.name}  version {e.version}  {e.time[:16]}  {e.site or '-'}  {e.shape[0]} x {e.shape[1]} of"
            f" {e.cell_m:g} m"
            f"  {e.unit}  {e.draws} draws", markup=False,
        )  # fmt: skip
    console.print(f"{len(found)} maps in {store}", markup=False)


@maps_app.command("show")
def show(name: Name, store: _Store, version: Version = None) -> None:
    """Print what a store says of a map, as JSON."""
    from openckm.atlas import MapStore
    from openckm.atlas.records import entry_record

    console.print(json.dumps(entry_record(MapStore(store).find(name, version)), indent=1), markup=False)


@maps_app.command("remove")
def remove(name: Name, store: _Store, version: Version = None) -> None:
    """Remove a map with all its versions, or a certain version."""
    from openckm.atlas import MapStore

    gone = MapStore(store).remove(name, version)
    console.print(f"  removed  {name}, version {', '.join(str(e.version) for e in gone)}", markup=False)


def _parse_time(text: str) -> datetime:
    """Return a time of ISO 8601 text, in UTC where it names no zone.

    Raises:
        OptionError: if it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise OptionError(
            f"--time {text!r}: wanted a date or time such as 2026-05-01 or 2026-05-01T14:00+02:00"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
