"""Questions are asked about a map of files: painted readings, a planned antenna, another method, where to measure.

Each is a job whose result is a map on the same cells, so that the page sees, swipes and subtracts all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.best import BestClassical
from openckm.edge.change import AntennaChange, changed_map
from openckm.edge.planning import plan_on
from openckm.edge.prepared import Prepared, prepare
from openckm.edge.reading import Evidence, read_evidence
from openckm.errors import InputError, MeasurementError
from openckm.infer.construct import OpenCKM
from openckm.infer.spread.normal import Z_90
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site_plan import SitePlan
from openckm.service.model_keeper import Model
from openckm.service.page.bodies import ChangeAsk, CompareAsk, EditAsk, PlanAsk
from openckm.service.page.drives import Files, Painted, drive_work, prior_of
from openckm.service.page.edits import edited
from openckm.service.page.places import from_page, to_page
from openckm.service.page.records import Made, Record, Records
from openckm.service.page.uploads import in_given_names
from openckm.service.queue import Ticket, Work


@dataclass(frozen=True, eq=False)
class Base:
    """The map that a question is about.

    Attributes:
        id: the id of its job.
        radiomap: the map itself.
        record: what is said of it.
        made: what it was made of.
        files: the files of its request.
    """

    id: str
    radiomap: RadioMap
    record: Record
    made: Made
    files: Files

    def evidence(self) -> Evidence:
        """Read the readings again, with what was painted; they are kept in the uploads alone."""
        request = self.made.request
        found = read_evidence([u.path for u in self.files.readings], self.site, request.reading.options())
        if not self.made.edits.any:
            return found
        return edited(found, self.made.edits, self.radiomap, request.reading.sigma_db, request.seed)

    @property
    def site(self) -> SitePlan:
        """The site of its request."""
        return self.files.site(self.made.request)

    def given(self) -> Prepared:
        """Return what the map was inferred from, read again."""
        return prepare(self.evidence(), self.site, self.made.request.reading.sigma_db)


def ask_work(
    question: EditAsk | ChangeAsk | CompareAsk | PlanAsk, base: Base, records: Records,
    other: Callable[[], RadioMap] | None = None,
) -> Work:  # fmt: skip
    """Return the work of a question.

    Args:
        question: what is asked.
        base: the map that it is asked about.
        records: the records that the answer's own is kept among.
        other: reads the map that is compared with, where it comes from a file or a store.
    """
    request = base.made.request
    if isinstance(question, EditAsk):
        edits, sigma = question.edits, request.reading.sigma_db

        def edit(found: Evidence) -> Evidence:
            return edited(found, edits, base.radiomap, sigma, request.seed)

        widening = float(base.radiomap.provenance.get("widened_by", 1.0))
        return drive_work(request, base.files, records, Painted(edits, edit, base.id, widening))

    def work(model: Model, ticket: Ticket) -> RadioMap:
        try:
            if isinstance(question, ChangeAsk):
                radiomap, record = _change(base, question, model, ticket)
            elif isinstance(question, PlanAsk):
                radiomap, record = _plan(base, question, model, ticket)
            else:
                radiomap, record = _compare(base, question, model, ticket, other)
        except InputError as error:
            raise MeasurementError(in_given_names(str(error), *base.files.every)) from None
        records.keep(ticket, replace(record, document=record.document | {"of": base.id}))
        return radiomap

    return work


def _change(base: Base, question: ChangeAsk, model: Model, ticket: Ticket) -> tuple[RadioMap, Record]:
    change = AntennaChange(question.azimuth_deg, question.downtilt_deg, question.power_db)
    radiomap = changed_map(
        OpenCKM(prior_of(model)), base.given(), change, seed=base.made.request.seed,
        widening=float(base.radiomap.provenance.get("widened_by", 1.0)), on_progress=ticket.report,
    )  # fmt: skip
    radiomap.provenance["status"] = base.radiomap.provenance.get("status", "unchecked")
    words = f"{base.record.document['command']} " + " ".join(
        f"--then {name}={value:g}" for name, value in (
            ("azimuth", question.azimuth_deg), ("downtilt", question.downtilt_deg), ("power", question.power_db or None)
        ) if value is not None
    )  # fmt: skip
    summary = (
        f"The antenna as planned: {change.words()}. Offsets and shadows are those of today's readings; what the"
        " readings said of the antenna's pattern turns with it."
    )
    return radiomap, base.record.followed("change", radiomap, summary=summary, command=words)


def _plan(base: Base, question: PlanAsk, model: Model, ticket: Ticket) -> tuple[RadioMap, Record]:
    given, start = base.given(), question.start
    if given.grid.crs is None:
        raise MeasurementError("a route to drive wants a map with a CRS: this one is drawn in metres of its own plane")
    made = plan_on(
        OpenCKM(prior_of(model)), given.observations, given.grid, count=question.count, start=start,
        sigma_db=base.made.request.reading.sigma_db, seed=base.made.request.seed, progress=ticket.report,
    )  # fmt: skip
    made = replace(
        made, read=() if given.report is None else (base.files.named(given.report),),
        notes=tuple(in_given_names(note, *base.files.every) for note in given.notes),
    )  # fmt: skip
    facts = {"rmse_before_db": made.rmse_before_db, "rmse_after_db": made.rmse_after_db, "length_m": made.length_m}
    record = base.record.followed("plan", base.radiomap, summary=made.summary(), plan_facts=facts)
    return base.radiomap, replace(record, plan=made.geojson())


def _compare(
    base: Base, question: CompareAsk, model: Model, ticket: Ticket, other: Callable[[], RadioMap] | None
) -> tuple[RadioMap, Record]:
    ticket.report("the other map", 0, 1)
    if question.by in ("file", "stored") and other is not None:
        found = onto(other(), base.radiomap.grid)
        found, words = _same_level(found, base.radiomap)
        scores = _scores(base, found)
        name = question.name or "the file"
        return found, base.record.followed("compare", found, name=name, summary=words, scores=scores)
    seen = base.evidence()
    if question.by == "classical":
        made = BestClassical().reconstruct(seen.observations, seen.grid, draws=0, seed=base.made.request.seed)
        chosen = str(made.provenance["chosen"]).replace("_", " ")
        summary = f"{chosen}: the best of the classical methods by cross-validation on the same readings."
        made.provenance["unit"] = base.radiomap.provenance.get("unit", "dB")
        return made, base.record.followed("compare", made, name=chosen, summary=summary)
    given = prepare(seen, base.site, base.made.request.reading.sigma_db)
    bare = replace(given.observations, points=())
    made = given.whole(OpenCKM(prior_of(model)).reconstruct(bare, given.grid, draws=0, progress=ticket.report))
    cells = aggregate_cells(seen.observations.gain_points(), seen.grid)
    at = seen.grid.index_of(cells.x, cells.y)
    offset = float(np.mean(cells.value - made.mean()[at])) if cells.unit == "dBm" else 0.0
    made = made.shifted(offset, cells.unit)
    summary = "What the prior says of the site without a reading" + (
        f", {offset:+.1f} dB for a level that is the readings' own." if offset else "."
    )
    return made, base.record.followed("compare", made, name="without readings", summary=summary)


def onto(radiomap: RadioMap, grid: Grid) -> RadioMap:
    """Return a map on other cells: each has the value of the old cell at its centre, or none.

    Raises:
        MeasurementError: if the two do not meet, or only one of them has a CRS.
    """
    old = radiomap.grid
    if old == grid:
        return radiomap
    if (old.crs is None) != (grid.crs is None):
        raise MeasurementError(
            "one of the two maps has a CRS and the other has none: they cannot be laid on each other"
        )
    x, y = (c.ravel() for c in grid.centres())
    if old.crs != grid.crs:
        x, y = from_page(old, *to_page(grid.crs, x, y))
    inside = old.contains(x, y)
    if not inside.any():
        raise MeasurementError("the two maps have no place in common")
    row, col = old.index_of(x[inside], y[inside])

    def moved(values: NDArray[Any]) -> NDArray[np.float32]:
        out = np.full(grid.shape, np.nan, np.float32)
        out.flat[np.flatnonzero(inside)] = values[row, col]
        return out

    valid = np.nan_to_num(moved(radiomap.valid.astype(np.float32))) > 0
    mean, std = (np.where(valid, moved(v), 0.0)[None].astype(np.float32) for v in (radiomap.mean(), radiomap.std()))
    return RadioMap.from_gaussian(grid, mean, std, ["gain_db"], valid=valid, provenance=radiomap.provenance)


def _same_level(found: RadioMap, base: RadioMap) -> tuple[RadioMap, str]:
    unit, own = (str(m.provenance.get("unit", "dB")) for m in (base, found))
    if unit == own:
        return found, ""
    both = found.valid & base.valid
    offset = float(np.mean(base.mean()[both] - found.mean()[both])) if both.any() else 0.0
    return found.shifted(offset, unit), f"That map is in {own}: it was moved by {offset:+.1f} dB to this one's level."


def _scores(base: Base, truth: RadioMap) -> dict[str, float]:
    """Return how far the base map is off another, over cells of which both say something."""
    both = truth.valid & base.radiomap.valid
    if not both.any():
        raise MeasurementError("there is no cell of which both maps say something")
    error = (base.radiomap.mean() - truth.mean())[both]
    inside = np.abs(error) <= Z_90 * base.radiomap.std()[both]
    return {
        "cells": int(both.sum()), "rmse_db": float(np.sqrt(np.mean(error**2))), "bias_db": float(error.mean()),
        "coverage_90": float(inside.mean()),
    }  # fmt: skip
