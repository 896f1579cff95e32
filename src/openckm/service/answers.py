"""A job makes a map of a request and a model, once it is its turn.

Everything that can be checked without the network is checked when the request comes; `plan` returns the work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from openckm.errors import GridError, InputError, OptionError
from openckm.infer.choose import has_sites
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.draws import OutOfTime
from openckm.infer.warm import Asked, WarmStart
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.nn.arithmetic import arithmetic
from openckm.observe.likelihood import Likelihood
from openckm.service.config import Limits
from openckm.service.model_keeper import Model
from openckm.service.queue import Ticket, Work
from openckm.service.requests import EvidenceRequest, SiteRequest
from openckm.store.card import ModelCard


def plan(request: SiteRequest | EvidenceRequest, model: Model, limits: Limits, start: WarmStart | None = None) -> Work:
    """Return the work of a request.

    Args:
        request: what is asked.
        model: the model in use now, which says what sides evidence wants; the job runs on the one in use when its turn
            comes, whatever sides that one would want (`openckm.service.batching.SharedDenoiser`).
        limits: the limits of the edge.
        start: the earlier answer at which this one may begin.

    Raises:
        InputError: if the evidence cannot be used.
    """
    grid = request.grid.build(limits)
    if isinstance(request, SiteRequest):
        observed = request.observations(limits, grid)
        return lambda current, ticket: _answer(request, observed, None, grid, current, ticket, start)
    if request.stream is not None and request.method != "auto":
        raise OptionError(f"method {request.method!r} draws for itself, which no stream carries over: want 'auto'")
    multiple = model.card.grid_multiple
    if grid.shape[0] % multiple or grid.shape[1] % multiple:
        raise GridError(f"{grid.shape} cells: evidence wants rows and columns that are multiples of {multiple}")
    likelihood, site = request.build(limits, grid), request.site(grid)
    _require_answer(request, likelihood)

    def evidence(current: Model, ticket: Ticket) -> RadioMap:
        if start is None or request.stream is not None:
            return _answer(request, site, likelihood, grid, current, ticket, start)
        said = request.model_dump(exclude={"deadline_s", "warm", "stream", "grid", "outage_below"})
        settings = {"request": said, "arithmetic": arithmetic()}
        job = start.ask(Asked(site, grid, request.draws, current.denoiser, settings))
        made = job.recall()
        if made is None:
            bare = request.model_copy(update={"outage_below": None})
            made = _answer(bare, site, likelihood, grid, current, ticket, None)
            whole = not request.draws or len(made.dataset.get("draws", ())) == request.draws
            calls = int(made.provenance.get("network_evaluations", 0))
            made = job.keep(None, np.zeros((0, 1, 1, 1), np.float32), made, calls=calls, whole=whole)
        return made if request.outage_below is None else made.with_outage(request.outage_below)

    return evidence


def _answer(
    request: SiteRequest | EvidenceRequest, observed: Observations, likelihood: Likelihood | None, grid: Grid,
    model: Model, ticket: Ticket, start: WarmStart | None,
) -> RadioMap:  # fmt: skip
    """Return what the product's one method says, of readings at points or of any other evidence."""
    left = ticket.left_s
    if left <= 0:
        raise OutOfTime
    card = model.card
    method = OpenCKM(LoadedPrior(model.denoiser, f"{card.name} {card.version}", model.calibration), warm=start)
    draws = request.draws
    if isinstance(request, SiteRequest):
        method = replace(method, symmetrise=request.symmetrise)
    elif request.method == "mean":
        draws = 0
    else:
        method = replace(
            method, steps=request.steps, draw_by="conditioned" if request.method == "auto" else request.method
        )
    made = method.reconstruct(
        observed, grid, draws=draws, seed=request.seed, deadline_s=left, progress=ticket.report, likelihood=likelihood
    )
    left_out = int(made.provenance.get("orientations_left_out", 0))
    made.provenance |= _facts(card, grid, observed, len(made.dataset.get("draws", ())), draws, left_out)
    if request.outage_below is None:
        return made
    units = {table.unit for table in observed.points if table.quantity == "gain_db"}
    if units and made.provenance["unit"] not in units:
        raise OptionError(
            f"outage_below means nothing on a map in {made.provenance['unit']}: too few readings in dBm to know the"
            " transmit power; give at least 3, or leave it out"
        )
    return made.with_outage(request.outage_below)


def _require_answer(request: EvidenceRequest, likelihood: Likelihood) -> None:
    """Refuse what no method can answer, before it waits."""
    if request.method == "conditioned":
        raise InputError("method 'conditioned' uses readings in the network's planes alone: send a site request")
    if request.method in ("auto", "dps") and request.draws:
        return
    if not has_sites(likelihood):
        raise InputError(
            "no sites are known for a part of this likelihood (see the documentation): ask for method 'dps' or 'auto'"
            " and at least 1 draw"
        )


def _facts(
    card: ModelCard, grid: Grid, site: Observations, drawn: int, wanted: int, left_out: int = 0
) -> dict[str, Any]:
    """Return what is to be said of an answer: model, what the deadline cut, and where the model was not trained."""
    notes = []
    if drawn < wanted:
        notes.append(f"{drawn} of {wanted} draws: the deadline came first")
    if left_out > 0:
        notes.append(f"{left_out} orientations left out of the mean: the deadline came first")
    low, high = card.cell_m
    if not low <= grid.cell_m <= high:
        notes.append(f"cells of {grid.cell_m:g} m: the model was trained on {low:g} to {high:g} m")
    if site.transmitter is not None and not card.carrier_hz[0] <= site.transmitter.carrier_hz <= card.carrier_hz[1]:
        notes.append(f"{site.transmitter.carrier_hz / 1e9:g} GHz: outside what the model was trained on")
    return {
        "model": card.name, "version": card.version, "weights_sha256": card.sha256, "arithmetic": arithmetic(),
        "draws": drawn, "notes": notes,
    }  # fmt: skip
