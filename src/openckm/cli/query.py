"""`ckm query`: ask finished maps."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from openckm.errors import InputError, OptionError

if TYPE_CHECKING:
    from openckm.atlas import MapView

console = Console(highlight=False, soft_wrap=True, emoji=False)
_PLACE = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?,[-+]?[\d.]+(e[-+]?\d+)?|nan,.*|.*,nan", re.IGNORECASE)
_THRESHOLD = re.compile(r"([-+]?\d+(?:\.\d*)?)\s*(dBm|dB)?", re.IGNORECASE)
_UNITS = {"dbm": "dBm", "db": "dB"}


@dataclass(frozen=True)
class _Asked:
    """What was asked, besides the maps."""

    lon: list[float]
    lat: list[float]
    above: float | None
    unit: str | None
    as_json: bool


def query(
    maps_and_places: Annotated[
        list[str],
        typer.Argument(
            metavar="MAP... [LON,LAT]...",
            help="GeoTIFFs, Zarr folders, cities, or names in --store; then places in degrees.",
        ),
    ],
    store: Annotated[Path | None, typer.Option(help="Folder of a store whose maps are asked by name.")] = None,
    points: Annotated[Path | None, typer.Option(help="CSV with the columns lon and lat, or GeoJSON points.")] = None,
    route: Annotated[Path | None, typer.Option(help="Line to go along: GeoJSON, WKT, or CSV with lon and lat.")] = None,
    spacing: Annotated[float, typer.Option(help="Metres between samples of the route.")] = 5.0,
    area: Annotated[Path | None, typer.Option(help="Polygon: GeoJSON or WKT.")] = None,
    above: Annotated[
        str | None, typer.Option(help="Threshold in dBm, e.g. -95; dB for maps of path gain, e.g. -120dB.")
    ] = None,
    polygons: Annotated[Path | None, typer.Option(help="Write where the map lies above --above as GeoJSON.")] = None,
    contours: Annotated[Path | None, typer.Option(help="Write the line of --above as GeoJSON.")] = None,
    servers: Annotated[
        bool, typer.Option("--servers", help="Which cell serves, by how much; with --route, handovers.")
    ] = False,
    users: Annotated[bool, typer.Option("--users", help="Associate the points as users; print the objective.")] = False,
    beams: Annotated[bool, typer.Option("--beams", help="Best beam of an array at each point.")] = False,
    power: Annotated[float | None, typer.Option(help="Transmit power in dBm, for maps of path gain.")] = None,
    offset: Annotated[float, typer.Option(help="Handover: dB by which the other cell must be stronger.")] = 3.0,
    hysteresis: Annotated[float, typer.Option(help="Handover: hysteresis in dB.")] = 1.0,
    trigger: Annotated[float, typer.Option(help="Handover: metres over which it must stay so.")] = 10.0,
    bandwidth: Annotated[float, typer.Option(help="SINR: bandwidth in MHz.")] = 20.0,
    noise_figure: Annotated[float, typer.Option(help="SINR: noise figure of the receiver in dB.")] = 7.0,
    load: Annotated[float, typer.Option(help="SINR: share of time that other cells send, 0 to 1.")] = 0.5,
    elements: Annotated[int, typer.Option(help="Beams: elements of the array.")] = 8,
    element_spacing: Annotated[float, typer.Option(help="Beams: wavelengths between elements.")] = 0.5,
    facing: Annotated[float, typer.Option(help="Beams: direction that the array faces, degrees from north.")] = 0.0,
    any_time: Annotated[bool, typer.Option("--any-time", help="Compare maps of different times.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask finished maps: at places, along a route, over an area, for servers, handovers and beams.

    The answer at a place is that of the cell that holds it. Statements on a whole route or area are made draw by draw.
    """
    from openckm.atlas import HandoverRule, LinearArray, Radio
    from openckm.atlas.places import read_geometry

    views, asked = _split(maps_and_places, store, points, power, above, as_json)
    radio, rule = Radio(bandwidth * 1e6, noise_figure, load), HandoverRule(offset, hysteresis, trigger)
    line = None if route is None else read_geometry(route, "line")
    found: dict[str, Any] = {}
    if line is not None and not servers:
        found |= _routes(views, asked, line, spacing)
    if servers or users:
        found |= _network(views, asked, line, spacing, radio, rule, (servers, users, any_time))
    if beams:
        found |= _beams(views, asked, LinearArray(elements, element_spacing, facing))
    if area is not None:
        found |= _areas(views, asked, read_geometry(area, "polygon"))
    if asked.lon and not (servers or users or beams):
        found |= _points(views, asked)
    _print(found, _write_shapes(views, asked, polygons, contours), asked)


def _routes(views: Sequence[MapView], asked: _Asked, line: Any, spacing: float) -> dict[str, Any]:
    from openckm.atlas import ask_route
    from openckm.atlas.records import route_record

    routes = [ask_route(v, _sampled(line, v, spacing), above=asked.above, unit=asked.unit) for v in views]
    return {"routes": [route_record(one, v.name) for one, v in zip(routes, views, strict=True)]}


def _beams(views: Sequence[MapView], asked: _Asked, array: Any) -> dict[str, Any]:
    from openckm.atlas import ask_beams
    from openckm.atlas.records import beams_record

    return {"beams": [beams_record(ask_beams(v, array, *_places(asked)), v.name) for v in views]}


def _areas(views: Sequence[MapView], asked: _Asked, polygon: Any) -> dict[str, Any]:
    from openckm.atlas import ask_area
    from openckm.atlas.records import area_record

    level = _needed(asked, "--area")
    return {"areas": [area_record(ask_area(v, polygon, level, unit=asked.unit), v.name) for v in views]}


def _points(views: Sequence[MapView], asked: _Asked) -> dict[str, Any]:
    from openckm.atlas import ask_points
    from openckm.atlas.records import points_record

    how: dict[str, Any] = {"below": asked.above, "unit": asked.unit, "outside": len(views) > 1}
    answers = [points_record(ask_points(v, asked.lon, asked.lat, **how), v.name) for v in views]
    _require_said_somewhere(answers, asked)
    return {"points": answers}


def _print(found: dict[str, Any], written: list[Path], asked: _Asked) -> None:
    """Print the answers, and which files were written.

    Raises:
        OptionError: if there is neither.
    """
    if not found and not written:
        raise OptionError("nothing is asked: give LON,LAT, --points, --route, --area, --polygons or --contours")
    if asked.as_json:
        files = {"written": [str(path) for path in written]} if written else {}
        console.print(json.dumps(found | files, indent=1), markup=False)
        return
    console.print("\n".join(_lines(found, asked)), markup=False)
    for path in written:
        console.print(f"  wrote    {path}", markup=False)


def _split(
    texts: list[str], store: Path | None, points: Path | None, power: float | None, above: str | None, as_json: bool
) -> tuple[list[MapView], _Asked]:
    """Tell maps from places, open the maps, and read the places."""
    from openckm.atlas import MapStore, open_maps
    from openckm.atlas.places import read_points
    from openckm.cli.options import lon_lat

    for text in texts:
        if text.startswith("--"):
            raise OptionError(f"there is no option {text}: see ckm query --help")
    names = [text for text in texts if not _PLACE.fullmatch(text)]
    places = [lon_lat(text, "place") for text in texts if _PLACE.fullmatch(text)]
    if not names:
        raise OptionError("which map is asked? Give a GeoTIFF, a Zarr folder, or a name and --store DIR")
    kept = None if store is None else MapStore(store)
    views: list[MapView] = []
    for name in names:
        views += open_maps(name) if kept is None or Path(name).exists() else [kept.open(name)]
    if power is not None:
        views = [view.in_dbm(power) if view.unit() == "dB" else view for view in views]
    lon, lat = [p[0] for p in places], [p[1] for p in places]
    if points is not None:
        more = read_points(points)
        lon, lat = lon + more[0].tolist(), lat + more[1].tolist()
    level, unit = (None, None) if above is None else threshold(above)
    return views, _Asked(lon, lat, level, unit, as_json)


def threshold(text: str, flag: str = "--above") -> tuple[float, str]:
    """Return a threshold and its unit: dBm, unless the text says dB.

    Raises:
        OptionError: if it is no number with such a unit.
    """
    found = _THRESHOLD.fullmatch(text.strip())
    if found is None:
        raise OptionError(f"{flag} {text!r}: wanted a number of dBm, e.g. -95, or of dB with its unit, e.g. -120dB")
    return float(found[1]), _UNITS[(found[2] or "dBm").lower()]


def _sampled(line: Any, view: MapView, spacing: float) -> Any:
    from openckm.atlas import Route

    return Route.of(line, view.grid, spacing_m=spacing)


def _places(asked: _Asked) -> tuple[list[float], list[float]]:
    if not asked.lon:
        raise OptionError("at which places? Give LON,LAT after the map, or --points FILE")
    return asked.lon, asked.lat


def _needed(asked: _Asked, flag: str) -> float:
    if asked.above is None:
        raise OptionError(f"{flag} wants a threshold: give --above DBM")
    return asked.above


def _network(
    views: Sequence[MapView], asked: _Asked, line: Any, spacing: float, radio: Any, rule: Any,
    wanted: tuple[bool, bool, bool],
) -> dict[str, Any]:  # fmt: skip
    """Answer what takes several cells: servers, handovers, association."""
    from openckm.atlas import ask_handovers, ask_servers, associate, equal_power
    from openckm.atlas.records import association_record, handovers_record, servers_record

    servers, users, any_time = wanted
    found: dict[str, Any] = {}
    if line is not None:
        route = _sampled(line, views[0], spacing)
        found["handovers"] = handovers_record(ask_handovers(views, route, rule, any_time=any_time))
    if servers and (asked.lon or line is None):
        found["servers"] = servers_record(ask_servers(views, *_places(asked), radio=radio, any_time=any_time))
    if users:
        best = ask_servers(views, *_places(asked), radio=radio, any_time=any_time)
        if best.sinr_db is None:
            raise OptionError("association wants received power [dBm]: give --power DBM for maps of path gain")
        chosen = associate(best.power, radio)
        split = {
            name: equal_power(best.sinr_db[chosen.cell == c], radio)
            for c, name in enumerate(best.names) if (chosen.cell == c).any()
        }  # fmt: skip
        found["users"] = association_record(chosen, best.names, split)
    return found


def _require_said_somewhere(answers: list[dict[str, Any]], asked: _Asked) -> None:
    """With several maps a place may lie outside some; outside all is an error."""
    if len(answers) > 1:
        for k in range(len(asked.lon)):
            if not any(answer["points"][k]["said"] for answer in answers):
                raise InputError(
                    f"place {asked.lon[k]:g},{asked.lat[k]:g} lies outside every map, or in a building:"
                    " no map says anything"
                )


def _write_shapes(views: Sequence[MapView], asked: _Asked, polygons: Path | None, contours: Path | None) -> list[Path]:
    from openckm.atlas import contours as lines_of
    from openckm.atlas import coverage
    from openckm.cli.outputs import require_writable_file
    from openckm.maps.atomic import atomic_path

    written = []
    for path, flag in ((polygons, "--polygons"), (contours, "--contours")):
        if path is None:
            continue
        require_writable_file(path, (".geojson", ".json"))
        level = _needed(asked, flag)
        if flag == "--polygons":
            features = [coverage(view, level, unit=asked.unit) for view in views]
        else:
            features = [feature for view in views for feature in lines_of(view, [level])["features"]]
        with atomic_path(path) as aside:
            aside.write_text(json.dumps({"type": "FeatureCollection", "features": features}) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _lines(found: dict[str, Any], asked: _Asked) -> list[str]:
    from openckm.cli.query_lines import lines_of

    return lines_of(found, list(zip(asked.lon, asked.lat, strict=True)))
