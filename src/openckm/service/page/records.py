"""A record says of a map what its numbers do not, and how to make it again: as a command, as Python, as a request."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from openckm.edge.construction import Construction
from openckm.maps.buildings.ground import read_ground
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout, Transmitter
from openckm.service.page.bodies import DriveRequest, Edits
from openckm.service.page.layers import ground_geojson, layers_of
from openckm.service.page.places import to_page
from openckm.service.page.uploads import Upload
from openckm.service.queue import Ticket


@dataclass(frozen=True, eq=False)
class Made:
    """What a map was made of, so that more can be asked of it. The readings themselves stay in the uploads alone.

    Attributes:
        request: the request of the map.
        grid: its cells.
        layout: the layout of its buildings, or None.
        transmitter: the transmitter of its site, or None.
        edits: what was painted before it was made.
    """

    request: DriveRequest
    grid: Grid
    layout: Layout | None
    transmitter: Transmitter | None
    edits: Edits


@dataclass(frozen=True, eq=False)
class Record:
    """What is to be said of a map beside its numbers.

    Attributes:
        document: summary, status, self-check, what was read and assumed, and how to make the map again.
        made: what it was made of; None where it cannot be asked further.
        plan: the places to measure next, as GeoJSON; None where that was not asked.
        layout: the layout of the map, or None.
        ground: streets and water of the layout's file as GeoJSON, or None.
    """

    document: dict[str, Any]
    made: Made | None = None
    plan: dict[str, Any] | None = None
    layout: Layout | None = None
    ground: dict[str, Any] | None = None

    @classmethod
    def of(cls, job: Construction, made: Made, readings: list[Upload], layout: Upload | None) -> Record:
        """Return the record of a construction."""
        check = None
        if job.check is not None:
            check = {
                "verdict": job.check.verdict(), "status": job.check.status, "held": job.check.held,
                "scores": [asdict(score) for score in job.check.scores], "reasons": list(job.check.reasons),
            }  # fmt: skip
        document = _map_facts(job.radiomap, made) | {
            "summary": job.summary(), "status": job.status, "check": check, "assumed": list(job.notes),
            "reading": job.read.as_dict(), "command": _command_of(made.request, readings, layout),
            "python": _python_of(made.request, readings, layout), "request": made.request.model_dump(mode="json"),
            "edits": made.edits.model_dump(mode="json"),
        }  # fmt: skip
        ground = None if layout is None else ground_geojson(read_ground(layout.path, made.grid), made.grid)
        return cls(document, made, None, made.layout, ground)

    def followed(self, kind: str, radiomap: RadioMap, **facts: Any) -> Record:
        """Return the record of a map that was asked for about this one."""
        kept = {k: self.document[k] for k in ("command", "python", "request", "edits") if k in self.document}
        status = radiomap.provenance.get("status", "unchecked")
        document = _map_facts(radiomap, self.made) | kept | {"status": status, "check": None, "kind": kind} | facts
        document.setdefault("summary", "")
        return replace(self, document=document, made=None, plan=None)


def _map_facts(radiomap: RadioMap, made: Made | None) -> dict[str, Any]:
    tower = None if made is None else made.transmitter
    site = None
    if tower is not None and made is not None:
        lon, lat = to_page(made.grid.crs, tower.x, tower.y)
        site = {
            "place": [float(lon), float(lat)], "azimuth_deg": tower.bearing_deg, "downtilt_deg": tower.downtilt_deg,
            "height_m": tower.height_m, "carrier_hz": tower.carrier_hz,
        }  # fmt: skip
    return {
        "kind": "construct", "unit": radiomap.provenance.get("unit", "dB"), "site": site, "crs": radiomap.grid.crs,
        "draws": int(radiomap.dataset.sizes.get("draw", 0)),
        "belief": str(radiomap.dataset.attrs.get("belief", "normal")), "channels": list(radiomap.channels),
        "shape": list(radiomap.grid.shape), "layers": list(layers_of(radiomap)),
        "layout": made is not None and made.layout is not None,
        "credit": "" if made is None or made.layout is None else made.layout.licence,
        "provenance": radiomap.provenance,
    }  # fmt: skip


class Records:
    """Records of maps by their job; a record goes when the queue forgets its job."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Ticket, Record] = WeakKeyDictionary()

    def keep(self, job: Ticket, record: Record) -> None:
        """Keep the record of a job."""
        self._kept[job] = record

    def find(self, job: Ticket) -> Record | None:
        """Return the record of a job, None where there is none."""
        return self._kept.get(job)


def _command_of(request: DriveRequest, readings: list[Upload], layout: Upload | None) -> str:
    """Return the command that makes the same map."""
    site, reading = request.site, request.reading
    words = ["ckm", "construct", *(upload.name for upload in readings)]
    for flag, place in (("--bs", site.place), ("--centre", site.centre)):
        words += [] if place is None else [flag, f"{place[0]:.9g},{place[1]:.9g}"]
    flags: list[tuple[str, object]] = [
        ("--azimuth", site.azimuth_deg), ("--layout", None if layout is None else layout.name), ("--cell", site.cell_m),
        ("--size", site.size), ("--height", site.height_m), ("--carrier", site.carrier_hz / 1e9),
        ("--downtilt", site.downtilt_deg), ("--crs", reading.crs), ("--sigma", reading.sigma_db),
        ("--draws", request.draws), ("--seed", request.seed),
    ]  # fmt: skip
    for flag, value in flags:
        words += [] if value is None else [flag, f"{value:g}" if isinstance(value, float) else str(value)]
    for flag, pairs in (("--where", reading.where), ("--column", reading.columns)):
        for name, value in pairs.items():
            words += [flag, f"{name}={value}"]
    for flag, names in (("--no-column", reading.without), ("--mix", reading.mix)):
        for name in names:
            words += [flag, name]
    words += ["--skip-bad"] if reading.skip_bad else []
    words += [] if request.check else ["--no-check"]
    return shlex.join([*words, "-o", "map.tif"])


def _python_of(request: DriveRequest, readings: list[Upload], layout: Upload | None) -> str:
    """Return the lines of Python that make the same map."""
    site = request.site.model_dump(exclude_defaults=True) | ({} if layout is None else {"layout": layout.name})
    reading = request.reading.model_dump(exclude_defaults=True)
    more = [f"reading=ReadingOptions({_arguments(reading)})"] if reading else []
    more += [f"draws={request.draws}", f"seed={request.seed}"] + ([] if request.check else ["check=False"])
    names = [upload.name for upload in readings]
    return "\n".join((
        "from openckm.edge import construct",
        *(["from openckm.edge.reading import ReadingOptions"] if reading else []),
        "from openckm.maps.geotiff import write_geotiff", "from openckm.maps.site_plan import SitePlan", "",
        f"job = construct({names!r}, SitePlan({_arguments(site)}), {', '.join(more)})",
        'print(job.summary())', 'write_geotiff(job.radiomap, "map.tif")',
    ))  # fmt: skip


def _arguments(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
