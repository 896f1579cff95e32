"""The main job runs for a browser: files in memory are previewed, and made into maps by the code of `ckm construct`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from openckm.edge.construction import Construction, construct
from openckm.edge.reading import Evidence
from openckm.errors import InputError, MeasurementError
from openckm.infer.construct import LoadedPrior
from openckm.infer.draws import OutOfTime
from openckm.maps.csv import DriveTestReport, read_drive_test
from openckm.maps.observations import Points
from openckm.maps.radiomap import RadioMap
from openckm.maps.site_plan import SitePlan
from openckm.maps.tables.inspection import inspect_file
from openckm.service.model_keeper import Model
from openckm.service.page.bodies import DriveRequest, Edits, ReadingBody
from openckm.service.page.places import to_page
from openckm.service.page.records import Made, Record, Records
from openckm.service.page.uploads import Upload, Uploads, in_given_names
from openckm.service.queue import Ticket, Work

_LOCAL = "local"
_UNKNOWN = "EPSG:CODE"  # `ckm inspect` has it where a person has to say which
_WHAT_IF = {"kind": "edit", "status": "what if"}


@dataclass(frozen=True)
class Painted:
    """What was painted on a map.

    Attributes:
        edits: the edits as they were sent.
        edit: what they make of the evidence.
        of: job of the map that they were painted on.
        widening: factor on the spread of the map that they were painted on.
    """

    edits: Edits
    edit: Callable[[Evidence], Evidence]
    of: str
    widening: float = 1.0


def _edits(painted: Painted | None) -> Edits:
    return Edits() if painted is None else painted.edits


@dataclass(frozen=True)
class Files:
    """The files of a request.

    Attributes:
        readings: the readings of the drive test.
        layout: the layout of the buildings, or None.
    """

    readings: list[Upload]
    layout: Upload | None

    @classmethod
    def of(cls, uploads: Uploads, owner: str, request: DriveRequest) -> Files:
        """Return the files that a request names.

        Raises:
            InputError: if one is gone.
        """
        readings = [uploads.find(owner, one, "readings") for one in request.readings]
        return cls(readings, None if request.layout is None else uploads.find(owner, request.layout, "layout"))

    @property
    def every(self) -> list[Upload]:
        """All of them."""
        return [*self.readings, *([] if self.layout is None else [self.layout])]

    def named(self, report: DriveTestReport) -> DriveTestReport:
        """Return what was read of the readings, with the names that their owner gave the files."""
        return replace(
            report, source=", ".join(upload.name for upload in self.readings),
            notes=tuple(in_given_names(note, *self.every) for note in report.notes),
        )  # fmt: skip

    def site(self, request: DriveRequest) -> SitePlan:
        """Return the site of a request with its layout."""
        path = None if self.layout is None else self.layout.path
        local = (request.reading.crs or "").lower() == _LOCAL
        return SitePlan(**request.site.model_dump(), layout=path, local=local)


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
            "crs": None if found.crs in ("", _UNKNOWN) else found.crs, "skip_bad": found.skip_bad,
        },
    }  # fmt: skip


def encode_points(upload: Upload, reading: ReadingBody, most: int) -> tuple[bytes, int]:
    """Return readings as little-endian float32 triples (longitude, latitude, value), and their number in the file.

    The first triple is an origin in whole degrees, from which all others count: 32 bits are too few for a metre on the
    globe. Where there are more than `most` readings, every k-th is returned, so that they lie over the whole drive.

    Raises:
        InputError: if the file cannot be read.
    """
    drive = read_drive_test([upload.path], **reading.options().keywords())
    points: Points = drive.points
    step = max(1, -(-len(points) // most))
    lon, lat = to_page(drive.report.crs, points.x[::step], points.y[::step])
    origin = np.floor([lon.min(), lat.min()]) if len(lon) else np.zeros(2)
    triples = np.stack([lon - origin[0], lat - origin[1], points.value[::step]], axis=1)
    return np.concatenate([[[*origin, 0.0]], triples]).astype("<f4").tobytes(), len(points)


def prior_of(model: Model) -> LoadedPrior:
    """Return the node's model as a prior."""
    return LoadedPrior(model.denoiser, f"{model.card.name} {model.card.version}", model.calibration)


def drive_work(request: DriveRequest, files: Files, records: Records, painted: Painted | None = None) -> Work:
    """Return the work of a request: the main job on files in memory, with the model of the node.

    A map of painted readings is not tested on them, for nobody made them: its spread is widened as that of the map that
    they were painted on.

    Args:
        request: what is wanted.
        files: the files of the request.
        records: the records that the map's own is kept among.
        painted: what was painted, or None.
    """
    site = files.site(request)

    def work(model: Model, ticket: Ticket) -> RadioMap:
        if ticket.left_s <= 0:
            raise OutOfTime
        try:
            made = construct(
                [upload.path for upload in files.readings], site, reading=request.reading.options(),
                draws=request.draws, seed=request.seed, deadline_s=ticket.left_s,
                check=request.check and painted is None, on_progress=ticket.report, prior=prior_of(model),
                edit=None if painted is None else painted.edit,
            )  # fmt: skip
        except InputError as error:
            raise MeasurementError(in_given_names(str(error), *files.every)) from None
        if painted is not None and painted.widening != 1.0:
            made = replace(made, radiomap=made.radiomap.with_wider_spread(painted.widening))
        made = _in_given_names(made, files)
        observations = made.observations
        facts = Made(request, made.radiomap.grid, observations.layout, observations.transmitter, _edits(painted))
        record = Record.of(made, facts, files.readings, files.layout)
        if painted is not None:
            record = replace(record, document=record.document | _WHAT_IF | {"of": painted.of})
        records.keep(ticket, record)
        made.radiomap.provenance["files"] = [upload.name for upload in files.every]
        return made.radiomap

    return work


def _in_given_names(made: Construction, files: Files) -> Construction:
    """Return a construction whose words name files as their owner does."""
    observations, layout = made.observations, made.observations.layout
    if layout is not None:
        named = replace(layout, source=in_given_names(layout.source, *files.every))
        observations = replace(observations, layout=named)
    notes = tuple(in_given_names(note, *files.every) for note in made.notes)
    return replace(made, read=files.named(made.read), observations=observations, notes=notes)
