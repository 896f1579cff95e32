r"""What benchmark "samplers" asks: P1's four tasks, a receiver that saturates, and sparse points, on one window each.

    ipbox, iprandom, sr2, jtqr    as in `openckm.evaluate.p1.tasks`
    clip      the gain of every free covered cell, read by a receiver whose range ends at the window's quartiles: half
              of the readings are saturated. Noise comes before the device: y = clip(x + n)
    points    the gain of POINTS of the free covered cells, y = x + n; the hidden ones are scored

The layout is known, the transmitter is not; noise has 0.01 of P1's pixels (2 dB). A method may be conditioned on a case
by

    likelihood    the right one, by intervals or sites where there is a device
    smooth        the same for methods that follow gradients: devices as intervals, noise before them
    straight      y = A(x) + n with straight-through gradients, as P1's Algorithm 2 and methods of others take it
    condition     evidence planes, for the network that was trained on them

References:
    P1: A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Section IV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from openckm.data.shards import TracedMap
from openckm.errors import OptionError
from openckm.evaluate.p1.tasks import (
    SIGMA_PIXEL,
    Cells,
    Field,
    P1Case,
    Window,
    p1_case,
    p1_intervals,
    window_state,
)
from openckm.evaluate.p1.tasks import TASKS as P1_TASKS
from openckm.evaluate.scores.scoring import city_of
from openckm.maps.pixels import P1_GAIN_DB
from openckm.maps.quantity import GAIN
from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood
from openckm.observe.nonlinear import Truncate, straight_through
from openckm.observe.operators import LinearOperator, Mask, Operator, Select, map_domain
from openckm.priors.conditioning import EVIDENCE_PLANES, LATENT_BOUND, SIGMA_REFERENCE, Condition, scalars, stack_site

TASKS = (*P1_TASKS, "clip", "points")
DEVICE_TASKS = ("jtqr", "clip")
"""Tasks whose readings come from a device that is not linear."""
POINTS = 0.02
"""Share of the free covered cells that are read in `points`."""
_QUARTILES = (0.25, 0.75)
"""Quantiles of a window's gain at which the range of the receiver of `clip` ends."""
_SIGMA = SIGMA_PIXEL * (P1_GAIN_DB[1] - P1_GAIN_DB[0]) / GAIN.scale


@dataclass(frozen=True, eq=False)
class SamplerCase:
    """One window under one task.

    Attributes:
        task: one of TASKS.
        truth: gain, cosine and sine in latent code (3, rows, cols).
        scored: cells that count.
        saturated: scored cells whose true gain lies beyond the range of the device.
        sine: whether the sine is read, and so scored.
        likelihood: p(y | x) on complete maps in latent code.
        smooth: the same with a gradient everywhere.
        straight: the same by straight-through gradients.
        condition: layout and evidence planes, batch size 1.
        low: lower ends of the intervals in which readings behind a device place gain and sine, latent
            (2, rows, cols); -inf where there is none.
        high: upper ends; inf where there is none.
        sigma: standard deviation of the noise of gain and sine, latent (2, 1, 1).
        city: where the window lies, the unit of resampling.
    """

    task: str
    truth: Field
    scored: Cells
    saturated: Cells
    sine: bool
    likelihood: Likelihood
    smooth: Likelihood
    straight: Gaussian
    condition: Condition
    low: Field
    high: Field
    sigma: Field
    city: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of a complete map."""
        channels, rows, cols = self.likelihood.domain.full_shape
        return channels, rows, cols


def sampler_case(traced: TracedMap, task: str, seed: int, window: Window) -> SamplerCase:
    """Return a task on a window of a map.

    Args:
        traced: the map.
        task: one of TASKS.
        seed: the seed of the mask and the noise; with the task and the window it determines the case.
        window: the part of the map.

    Raises:
        OptionError: if the task is unknown.
        GridError: if the window does not lie in the map.
        LayoutError: if no box fits between the buildings.
    """
    if task not in TASKS:
        raise OptionError(f"unknown task {task!r}: wanted one of {', '.join(TASKS)}")
    if task in P1_TASKS:
        return _of_p1(p1_case(traced, task, seed, window))
    state, known = window_state(traced, window)
    rng = np.random.default_rng([seed, TASKS.index(task), *window])
    noisy = (state[0] + _SIGMA * rng.standard_normal(known.shape)).astype(np.float32)
    condition = _site(state[3] > 0, traced.grid.cell_m)
    make = _clip if task == "clip" else _points
    return make(state, known, noisy, condition, rng, city_of(traced))


def linear_of(operator: Operator) -> LinearOperator | None:
    """Return what an operator is before its device: L of D(L x), with D straight-through or nothing.

    Args:
        operator: one of `SamplerCase.straight`.
    """
    from openckm.infer.exact.terms import linear_part
    from openckm.observe.nonlinear import StraightThrough
    from openckm.observe.operators import Compose, Identity

    if isinstance(operator, StraightThrough):
        return Identity(operator.domain)
    if isinstance(operator, Compose):
        outer, inner = linear_of(operator.outer), linear_of(operator.inner)
        both = None if outer is None or inner is None else outer @ inner
        return both if isinstance(both, LinearOperator) else None
    return linear_part(operator)


def _of_p1(case: P1Case) -> SamplerCase:
    r = case.readings
    low, high = p1_intervals(r) if case.task == "jtqr" else _nothing(r.known)
    exact = low == high
    return SamplerCase(
        case.task, case.truth, r.scored, case.saturated, True, case.likelihood, case.smooth, case.straight,
        case.condition, np.where(exact, -np.inf, low), np.where(exact, np.inf, high), r.sigma, case.city,
    )  # fmt: skip


def _clip(
    state: Field, known: Cells, noisy: Field, condition: Condition, rng: np.random.Generator, city: str
) -> SamplerCase:
    rows, cols = known.shape
    whole = map_domain((rows, cols))
    bottom, top = (float(q) for q in np.quantile(state[0][known], _QUARTILES))
    device = Truncate(whole.only("gain_db"), bottom, top)
    y = device(torch.as_tensor(np.where(known, noisy, 0.0).astype(np.float32))[None, None])
    read = Mask(device.domain, known) @ Select(whole, "gain_db")
    right = IntervalCensored.of_device(device, read, y, _SIGMA)
    ends = [end[0, 0].numpy() for end in (right.low, right.high)]
    _write(condition, ends[0], ends[1], known)
    inner = known & (ends[0] == ends[1])
    low, high = _nothing(known)
    low[0], high[0] = np.where(known & ~inner, ends[0], -np.inf), np.where(known & ~inner, ends[1], np.inf)
    return SamplerCase(
        "clip", state[:3].astype(np.float32), known, known & ((state[0] < bottom) | (state[0] > top)), False, right,
        right, Gaussian(Mask(device.range, known) @ straight_through(device) @ Select(whole, "gain_db"), y, _SIGMA),
        condition, low, high, np.full((2, 1, 1), _SIGMA, np.float32), city,
    )  # fmt: skip


def _points(
    state: Field, known: Cells, noisy: Field, condition: Condition, rng: np.random.Generator, city: str
) -> SamplerCase:
    rows, cols = known.shape
    whole = map_domain((rows, cols))
    free = np.flatnonzero(known)
    chosen = np.zeros(known.size, dtype=np.bool_)
    chosen[rng.choice(free, max(round(POINTS * free.size), 1), replace=False)] = True
    chosen_cells = chosen.reshape(known.shape)
    y = np.where(chosen_cells, noisy, 0.0).astype(np.float32)
    _write(condition, y, y, chosen_cells)
    read = Mask(whole.only("gain_db"), chosen_cells) @ Select(whole, "gain_db")
    plain = Gaussian(read, torch.as_tensor(y)[None, None], _SIGMA)
    return SamplerCase(
        "points", state[:3].astype(np.float32), known & ~chosen_cells, np.zeros_like(known), False, plain, plain, plain,
        condition, *_nothing(known), np.full((2, 1, 1), _SIGMA, np.float32), city,
    )  # fmt: skip


def _site(building: Cells, cell_m: float) -> Condition:
    """Return what is known of the site, with room for evidence."""
    rows, cols = building.shape
    site = stack_site((rows, cols), building.astype(np.float32), False, None)
    return Condition(torch.as_tensor(site)[None], torch.zeros(1, EVIDENCE_PLANES, rows, cols), scalars(cell_m, None))


def _write(condition: Condition, low: Field, high: Field, where: Cells) -> None:
    """Write readings of the gain into the evidence planes of a condition."""
    for k, end in enumerate((low, high)):
        condition.evidence[0, k] = torch.as_tensor(np.where(where, np.clip(end, -LATENT_BOUND, LATENT_BOUND), 0.0))
    condition.evidence[0, 2] = torch.as_tensor(where / (1.0 + (_SIGMA / SIGMA_REFERENCE) ** 2))


def _nothing(known: Cells) -> tuple[Field, Field]:
    shape = (2, *known.shape)
    return np.full(shape, -np.inf, np.float32), np.full(shape, np.inf, np.float32)
