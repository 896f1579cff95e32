"""What a job does once it is its turn: a request and a model to a map.

Everything that can be checked without the network is checked when the request comes; `plan` returns the work.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import GridError, InputError, OptionError
from openckm.infer.assimilate import spread_after
from openckm.infer.choose import choose_method
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.draws import OutOfTime
from openckm.infer.exact.spectrum import default_spectrum
from openckm.infer.exact.terms import terms_of
from openckm.infer.posterior_draws import sample_posterior
from openckm.infer.refine import refined_mean
from openckm.infer.spread.drawn import right_spread, spread_words
from openckm.infer.tiles import Tiled
from openckm.infer.warm import Asked, WarmStart
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.quantity import AOA_COS, AOA_SIN, BUILDING, CHANNELS, GAIN
from openckm.maps.radiomap import RadioMap
from openckm.nn.arithmetic import arithmetic
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import EVIDENCE_PLANES, Condition, scalars, site_planes
from openckm.service.config import Limits
from openckm.service.model_keeper import Model
from openckm.service.queue import Ticket, Work
from openckm.service.requests import EvidenceRequest, SiteRequest
from openckm.store.card import ModelCard

_OUTPUT = (GAIN, AOA_COS, AOA_SIN, BUILDING)
_RESERVE = 0.15
"""Share of its time after which the draws of an evidence job give way to the mean, which takes a moment itself."""


def plan(request: SiteRequest | EvidenceRequest, model: Model, limits: Limits, start: WarmStart | None = None) -> Work:
    """Return the work of a request.

    Args:
        request: what is asked.
        model: in use now, which says what sides evidence wants; the job runs on the one in use when its turn comes,
            whatever sides that one would want (`openckm.service.batching.SharedDenoiser`).
        limits: of the edge.
        start: where the answer may begin.

    Raises:
        InputError: if the evidence cannot be used.
    """
    grid = request.grid.build(limits)
    if isinstance(request, SiteRequest):
        observed = request.observations(limits, grid)
        return lambda current, ticket: _site(request, observed, grid, current, ticket, start)
    if request.stream is not None:
        raise OptionError("a stream takes site requests: an evidence request is recalled exactly, or made anew")
    multiple = model.card.grid_multiple
    if grid.shape[0] % multiple or grid.shape[1] % multiple:
        raise GridError(f"{grid.shape} cells: evidence wants rows and columns that are multiples of {multiple}")
    likelihood, site = request.build(limits, grid), request.site(grid)
    _require_answer(request, likelihood)

    def evidence(current: Model, ticket: Ticket) -> RadioMap:
        if start is None:
            return _evidence(request, likelihood, site, grid, current, ticket)
        said = request.model_dump(exclude={"deadline_s", "warm", "stream", "grid", "outage_below"})
        settings = {"request": said, "arithmetic": arithmetic()}
        job = start.ask(Asked(site, grid, request.draws, current.denoiser, settings))
        made = job.recall()
        if made is None:
            bare = request.model_copy(update={"outage_below": None})
            made = _evidence(bare, likelihood, site, grid, current, ticket)
            whole = not request.draws or len(made.dataset.get("draws", ())) == request.draws
            calls = int(made.provenance.get("network_evaluations", 0))
            made = job.keep(None, np.zeros((0, 1, 1, 1), np.float32), made, calls=calls, whole=whole)
        return made if request.outage_below is None else made.with_outage(request.outage_below)

    return evidence


def _site(
    request: SiteRequest, observed: Observations, grid: Grid, model: Model, ticket: Ticket, start: WarmStart | None
) -> RadioMap:
    left = ticket.left_s
    if left <= 0:
        raise OutOfTime
    card = model.card
    prior = LoadedPrior(model.denoiser, f"{card.name} {card.version}", model.calibration)
    method = OpenCKM(prior, symmetrise=request.symmetrise, warm=start)
    made = method.reconstruct(
        observed, grid, draws=request.draws, seed=request.seed, deadline_s=left, progress=ticket.report
    )
    left_out = int(made.provenance.get("orientations_left_out", 0))
    drawn = len(made.dataset.get("draws", ()))
    made.provenance |= _facts(model.card, grid, observed, drawn, request.draws, left_out)
    if request.outage_below is None:
        return made
    units = {table.unit for table in observed.points if table.quantity == "gain_db"}
    if units and made.provenance["unit"] not in units:
        raise OptionError(
            f"outage_below means nothing on a map in {made.provenance['unit']}: too few readings in dBm to know the"
            " transmit power; give at least 3, or leave it out"
        )
    return made.with_outage(request.outage_below)


def _evidence(
    request: EvidenceRequest, likelihood: Likelihood, site: Observations, grid: Grid, model: Model, ticket: Ticket
) -> RadioMap:
    begun, condition = time.monotonic(), _condition(site, grid)
    shape = (len(CHANNELS), *grid.shape)
    method = choose_method(likelihood) if request.method == "auto" else request.method
    valid = None if site.layout is None else ~site.layout.building
    facts: dict[str, Any] = {"method": method, "unit": "dB", "seed": request.seed}
    made, drawn = None, 0
    denoiser = Tiled(model.denoiser, model.denoiser.multiple)  # no pass is larger than a tile, so nobody waits for it
    if method != "mean" and request.draws:
        try:
            found = sample_posterior(
                denoiser, likelihood, shape, condition, method=method, steps=request.steps, draws=request.draws,
                seed=request.seed, spectrum=model.spectrum, progress=_Clock(ticket),
            )  # fmt: skip
            facts["network_evaluations"], drawn = found.network_evaluations, request.draws
            maps = np.stack([q.decode(found.maps[:, i].numpy()) for i, q in enumerate(_OUTPUT)], axis=1)
            maps[:, :3] = right_spread(maps[:, :3], method)  # buildings are or are not: nothing to stretch
            if len(maps) > 1 or not _has_sites(likelihood):
                said = facts | {"spread": spread_words(method, len(maps))}
                made = RadioMap.from_draws(grid, maps, [q.name for q in _OUTPUT], valid=valid, provenance=said)
            else:
                made = _mean(likelihood, condition, grid, model, facts, valid, ticket, late=True, drawn=maps)
        except OutOfTime:
            if not _has_sites(likelihood):
                raise
            facts["method"] = "mean"
    if made is None:
        made = _mean(likelihood, condition, grid, model, facts, valid, ticket, late=method != "mean")
    left_out = 0 if drawn else int(made.provenance.get("orientations_left_out", 0))
    made.provenance |= _facts(model.card, grid, site, drawn, 0 if method == "mean" else request.draws, left_out)
    made.provenance["seconds"] = time.monotonic() - begun
    return made if request.outage_below is None else made.with_outage(request.outage_below)


def _mean(
    likelihood: Likelihood, condition: Condition, grid: Grid, model: Model, facts: dict[str, Any],
    valid: NDArray[np.bool_] | None, ticket: Ticket, late: bool, drawn: NDArray[np.float32] | None = None,
) -> RadioMap:  # fmt: skip
    """Mean by the network and one step in closed form; late, one orientation has to do.

    A single draw has no spread: it goes with the mean's.
    """
    calls, begun = 0, time.monotonic()

    def enough() -> bool:
        nonlocal calls
        calls += 1
        ticket.report("posterior mean", calls, 8)
        return late or ticket.left_s < 1.5 * (time.monotonic() - begun) / calls  # the next would come too late

    tiled = Tiled(model.denoiser, model.denoiser.multiple)
    found = refined_mean(tiled, likelihood, condition, spectrum=model.spectrum, enough=enough)
    var = torch.zeros_like(found.mean) if found.var is None else found.var
    scale = np.array([q.scale for q in _OUTPUT], np.float32)[:, None, None]
    mean = np.stack([q.decode(found.mean[0, i].numpy()) for i, q in enumerate(_OUTPUT)])
    std = np.asarray(var[0, : len(_OUTPUT)].sqrt().numpy() * scale, np.float32)
    words = "that of the prior given the site: an upper bound"
    after = spread_after(found, likelihood, model.spectrum or default_spectrum(tiled))
    if after is not None:
        std[0] = after.reshape(std[0].shape)
        words = "of gain_db in closed form; of other channels that of the prior given the site: an upper bound"
    said = facts | {
        "network_evaluations": calls + facts.get("network_evaluations", 0),
        "orientations_left_out": 8 - calls,
        "spread": words,
    }
    return RadioMap.from_gaussian(
        grid, mean, std, [q.name for q in _OUTPUT], draws=drawn, valid=valid, provenance=said
    )  # fmt: skip


class _Clock:
    """Reports the steps of a sampler, and ends it when most of the time has passed."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket, self.reserve_s = ticket, _RESERVE * max(ticket.left_s, 0.0)
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        self.ticket.report("draws", done, total)
        now = time.monotonic()
        self.reserve_s, self.last = max(self.reserve_s, 2.0 * (now - self.last)), now  # a step more, and the mean
        if done < total and self.ticket.left_s < self.reserve_s:
            raise OutOfTime


def _condition(site: Observations, grid: Grid) -> Condition:
    planes = torch.as_tensor(site_planes(grid, site.layout, site.transmitter))[None]
    carrier = None if site.transmitter is None else site.transmitter.carrier_hz
    return Condition(planes, torch.zeros((1, EVIDENCE_PLANES, *grid.shape)), scalars(grid.cell_m, carrier))


def _has_sites(likelihood: Likelihood) -> bool:
    try:
        terms_of(likelihood)
    except OptionError:
        return False
    return True


def _require_answer(request: EvidenceRequest, likelihood: Likelihood) -> None:
    """Refuse what no method can answer, before it waits."""
    if request.method == "told":
        raise InputError("method 'told' uses readings in the network's planes alone: send a site request")
    if request.method in ("auto", "dps") and request.draws:
        return
    if not _has_sites(likelihood):
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
