"""The main job for a browser: what would be read of files in memory, and their maps by the code of `ckm construct`."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from openckm.edge.construction import Construction, construct
from openckm.edge.reading import ReadingOptions
from openckm.errors import InputError, MeasurementError
from openckm.infer.construct import LoadedPrior
from openckm.infer.draws import OutOfTime
from openckm.maps.csv import read_drive_test
from openckm.maps.grid import reproject
from openckm.maps.observations import Points
from openckm.maps.radiomap import RadioMap
from openckm.maps.site_plan import SitePlan
from openckm.maps.tables.inspection import inspect_file
from openckm.service.model_keeper import Model
from openckm.service.page.layers import buildings_geojson
from openckm.service.page.uploads import Upload, in_given_names
from openckm.service.queue import Ticket, Work

__all__ = ["DriveRequest", "Record", "Records", "command_of", "drive_work", "encode_points", "preview"]

_Degrees = Annotated[float, Field(allow_inf_nan=False, ge=-360.0, le=360.0)]
_Text = Annotated[str, Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteBody(_Strict):
    """A site as `SitePlan` has it; degrees, metres and hertz."""

    place: tuple[_Degrees, _Degrees] | None = None
    height_m: float = Field(default=24.0, gt=0, le=1000)
    carrier_hz: float = Field(default=3.5e9, ge=1e8, le=1e11)
    azimuth_deg: _Degrees | None = None
    downtilt_deg: float = Field(default=6.0, ge=-90, le=90)
    cell_m: float | None = Field(default=None, gt=0, le=1000)
    size: int | None = Field(default=None, ge=16, le=1024)
    centre: tuple[_Degrees, _Degrees] | None = None


class ReadingBody(_Strict):
    """How a file of readings is read, as `ReadingOptions` has it."""

    where: dict[_Text, _Text] = Field(default_factory=dict, max_length=16)
    columns: dict[_Text, _Text] = Field(default_factory=dict, max_length=32)
    crs: _Text | None = None
    sigma_db: float = Field(default=4.0, gt=0, le=100)
    without: tuple[_Text, ...] = Field(default=(), max_length=32)
    skip_bad: bool = False
    mix: tuple[_Text, ...] = Field(default=(), max_length=32)

    def options(self) -> ReadingOptions:
        """Return the options as the main job takes them."""
        return ReadingOptions(**self.model_dump())


class DriveRequest(_Strict):
    """What map is wanted of which files."""

    readings: tuple[str, ...] = Field(min_length=1, max_length=8)
    layout: str | None = None
    site: SiteBody = SiteBody()
    reading: ReadingBody = ReadingBody()
    draws: int = Field(default=8, ge=0, le=64)
    seed: int = Field(default=0, ge=0, lt=2**32)
    check: bool = True
    deadline_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Record:
    """What is to be said of a map beside its numbers.

    Attributes:
        document: summary, status, self-check, what was read and assumed, and how to make the map again.
        buildings: GeoJSON of the layout, or None.
    """

    def __init__(self, job: Construction, command: str) -> None:
        check = None
        if job.check is not None:
            check = {"verdict": job.check.verdict(), "status": job.check.status, "held": job.check.held,
                     "scores": [asdict(score) for score in job.check.scores]}  # fmt: skip
        self.document: dict[str, Any] = {
            "summary": job.summary(), "status": job.status, "check": check, "assumed": list(job.notes),
            "reading": job.read.as_dict(), "unit": job.radiomap.provenance.get("unit", "dB"), "command": command,
            "draws": int(job.radiomap.dataset.sizes.get("draw", 0)), "channels": list(job.radiomap.channels),
            "provenance": job.radiomap.provenance,
        }  # fmt: skip
        layout = job.observations.layout
        self.buildings = None if layout is None else buildings_geojson(layout)


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


def preview(upload: Upload, reading: ReadingBody) -> dict[str, Any]:
    """Return what would be read of a file of readings: the guesses of `ckm inspect` as plain values.

    Raises:
        InputError: if the file cannot be opened as a table at all.
    """
    found = inspect_file(upload.path, reading.options().keywords())
    report = None if found.report is None else found.report.as_dict() | {"source": upload.name}
    return {
        "header": list(found.header), "roles": dict(found.roles), "rows": found.rows,
        "first": [list(row) for row in found.first],
        "cells": {name: dict(counts) for name, counts in found.cells.items()}, "times": found.times, "span": found.span,
        "trouble": in_given_names(found.trouble, upload), "report": report,
        "suggestion": {
            "where": dict(found.where), "columns": dict(found.columns), "without": list(found.without),
            "crs": found.crs or None, "skip_bad": found.skip_bad,
        },
    }  # fmt: skip


def encode_points(upload: Upload, reading: ReadingBody, most: int) -> tuple[bytes, int]:
    """Return readings as little-endian float32 triples (longitude, latitude, value), and how many there are in all.

    Where there are more than `most`, every k-th is returned, so that they lie over the whole drive.

    Raises:
        InputError: if the file cannot be read.
    """
    drive = read_drive_test([upload.path], **reading.options().keywords())
    points: Points = drive.points
    step = max(1, -(-len(points) // most))
    x, y = points.x[::step], points.y[::step]
    lon, lat = (
        (x / 111_320.0, y / 111_320.0) if drive.report.crs is None else reproject(drive.report.crs, "EPSG:4326", x, y)
    )
    return np.stack([lon, lat, points.value[::step]], axis=1).astype("<f4").tobytes(), len(points)


def drive_work(request: DriveRequest, readings: list[Upload], layout: Upload | None, records: Records) -> Work:
    """Return the work of a request: the main job on files in memory, with the model of the node."""
    site = SitePlan(**request.site.model_dump(), layout=None if layout is None else layout.path)
    command = command_of(request, readings, layout)

    def work(model: Model, ticket: Ticket) -> RadioMap:
        if ticket.left_s <= 0:
            raise OutOfTime
        card = model.card
        try:
            made = construct(
                [upload.path for upload in readings], site, reading=request.reading.options(), draws=request.draws,
                seed=request.seed, deadline_s=ticket.left_s, check=request.check, on_progress=ticket.report,
                prior=LoadedPrior(model.denoiser, f"{card.name} {card.version}", model.calibration),
            )  # fmt: skip
        except InputError as error:
            raise MeasurementError(in_given_names(str(error), *readings, *([layout] if layout else []))) from None
        names = {str(u.path): u.name for u in (*readings, *([layout] if layout else []))}
        made = replace(made, read=replace(made.read, source=", ".join(u.name for u in readings)))
        records.keep(ticket, Record(made, command))
        made.radiomap.provenance["files"] = list(names.values())
        return made.radiomap

    return work


def command_of(request: DriveRequest, readings: list[Upload], layout: Upload | None) -> str:
    """Return the command that makes the same map."""
    site, reading = request.site, request.reading
    words = ["ckm", "construct", *(upload.name for upload in readings)]
    if site.place is not None:
        words += ["--bs", f"{site.place[0]:.7g},{site.place[1]:.7g}"]
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
