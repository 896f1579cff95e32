"""Jobs that run at the same time share one network: fair turns, passes of bounded size, batches of calls that meet.

The network runs one pass at a time. A call of many maps, or of large ones, is cut into passes of at most MOST_CELLS
cells (one map, where a single map has more), always in the same way, whoever else asks. Whose pass is next is decided
by `openckm.service.fairness`; calls of the same shape and arithmetic that wait at that moment are run with it as one
batch, which costs less than its maps one by one: the weights are read once for all of them. Alone, a call runs at once.
A call that waits leaves when its job's deadline comes or its job is deleted.

An answer must not depend on who else asks at the time, to the last bit. Arithmetic in batches of another size may round
differently, which is a matter of the machine's kernels and of the shape, not of the values: so when calls first meet in
a batch of some size, its maps are also run one by one, and that size is used from then on only if every bit is equal.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser
from openckm.service.fairness import FairShares

_Tensors = tuple[Tensor, ...]
MOST_CELLS = 4 * 128 * 128
"""Cells of all maps of a pass: more would save nothing, and everybody else waits for the whole of it."""
_MOST_MAPS = 32
_KNOWN = 1024
"""Shapes and sizes whose arithmetic is remembered."""
_TICK_S = 0.1
"""How often a waiting call looks whether its job was deleted [s]."""


class Caller(Protocol):
    """The job that calls of the network belong to."""

    @property
    def owner(self) -> str:
        """Name of its token."""
        ...

    @property
    def id(self) -> str:
        """Its number."""
        ...

    @property
    def left_s(self) -> float:
        """Time that is left [s]."""
        ...

    def require_time(self) -> None:
        """Raise what ends the job's work if its deadline has passed or it was deleted."""
        ...


_CALLER: ContextVar[tuple[Caller, set[PassScheduler]] | None] = ContextVar("caller", default=None)


@contextmanager
def passes_of(caller: Caller) -> Iterator[None]:
    """Calls of the network inside are those of a job: its token's share and its deadline count for them."""
    used: set[PassScheduler] = set()
    before = _CALLER.set((caller, used))
    try:
        yield
    finally:
        _CALLER.reset(before)
        for scheduler in used:
            scheduler.forget(caller)


@dataclass(eq=False)
class _Call:
    function: Callable[..., _Tensors]
    inputs: _Tensors
    key: Hashable
    token: str
    job: Hashable
    done: bool = False
    found: _Tensors | None = None
    error: Exception | None = None

    @property
    def maps(self) -> int:
        return len(self.inputs[0])

    @property
    def cells(self) -> int:
        return self.maps * int(self.inputs[0].shape[-2] * self.inputs[0].shape[-1])


@dataclass(eq=False)
class PassScheduler:
    """Runs a function for threads that call it, one pass at a time, in fair turns.

    Attributes:
        batches: how often how many calls were run together.
    """

    batches: Counter[int] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[_Call] = field(default_factory=list)
    _exact: OrderedDict[Hashable, bool] = field(default_factory=OrderedDict)
    _shares: FairShares = field(default_factory=FairShares)
    _busy: bool = False
    _cell_s: float = 0.0

    def run(self, function: Callable[..., _Tensors], inputs: _Tensors, key: Hashable) -> _Tensors:
        """Return function(*inputs), cut into passes, each perhaps in a batch with other calls of the same key.

        Args:
            function: the function of tensors with maps along the first axis, each map on its own; returns tensors
                likewise.
            inputs: tensors [B, ...], the first one [B, ..., rows, cols].
            key: equal of calls that may share a batch: function, shapes, and what else its arithmetic depends on.

        Raises:
            OutOfTime, Cancelled: if the deadline of the job comes, or the job is deleted, before the last pass began.
        """
        cells = int(inputs[0].shape[-2] * inputs[0].shape[-1])
        size = max(1, min(_MOST_MAPS, MOST_CELLS // max(cells, 1)))
        count = len(inputs[0])
        if count <= size:
            return self._pass(function, inputs, key)
        parts = [
            self._pass(function, tuple(one[begin : begin + size] for one in inputs), key)
            for begin in range(0, count, size)
        ]
        return tuple(torch.cat(part) for part in zip(*parts, strict=True))

    def forget(self, caller: Caller) -> None:
        """Forget a job whose work has ended."""
        with self._changed:
            self._shares.leave(caller.owner, caller.id)
            self._changed.notify_all()

    def _pass(self, function: Callable[..., _Tensors], inputs: _Tensors, key: Hashable) -> _Tensors:
        """Return function(*inputs) by one pass, which this thread runs, or one that runs the same for others."""
        caller, used = _CALLER.get() or (None, set())
        token, job = ("", threading.get_ident()) if caller is None else (caller.owner, caller.id)
        used.add(self)
        call = _Call(function, inputs, key, token, job)
        chosen = self._turn(call, caller)
        if chosen:
            self._run_chosen(chosen)
        if caller is None:
            with self._changed:
                self._shares.leave(token, job)
        if call.error is not None:
            raise call.error
        if call.found is None:
            raise RuntimeError("the batch that held this call was interrupted")
        return call.found

    def _turn(self, call: _Call, caller: Caller | None) -> list[_Call]:
        """Wait until the call is answered (nothing is returned), or it is its turn to run the calls returned."""
        with self._changed:
            self._waiting.append(call)
            self._shares.arrive(call.token, call.job)
            try:
                while not call.done:
                    if caller is not None:
                        caller.require_time()
                    held_s = self._held_s(call)
                    if held_s <= 0:
                        return self._choose(call)
                    self._changed.wait(held_s if caller is None else min(held_s, max(caller.left_s, 0.0)))
            finally:
                self._shares.withdraw(call.token, call.job)
                if call in self._waiting:
                    self._waiting.remove(call)
                    self._changed.notify_all()
        return []

    def _held_s(self, call: _Call) -> float:
        """Return how long [s] this call is to wait before it looks again; 0 if it is its turn."""
        if self._busy or call not in self._waiting:
            return _TICK_S
        if min(self._waiting, key=lambda one: self._shares.order(one.token, one.job)) is not call:
            return _TICK_S
        until = self._shares.held_until(call.token, call.job, self._cell_s * call.cells)
        return min(until - time.monotonic(), _TICK_S)

    def _choose(self, first: _Call) -> list[_Call]:
        """Return the calls of the pass that begins now: the first, and those that may share it, in their order."""
        self._busy = True
        self._shares.begin(first.token, first.job)
        chosen, maps, cells = [first], first.maps, first.cells
        for one in sorted(self._waiting, key=lambda one: self._shares.order(one.token, one.job)):
            fits = maps + one.maps <= _MOST_MAPS and cells + one.cells <= MOST_CELLS
            if one is not first and one.key == first.key and fits:
                chosen.append(one)
                maps, cells = maps + one.maps, cells + one.cells
        self._waiting = [one for one in self._waiting if one not in chosen]
        return chosen

    def _run_chosen(self, chosen: Sequence[_Call]) -> None:
        begun = time.monotonic()
        try:
            self._answer(chosen)
        finally:
            now = time.monotonic()
            with self._changed:
                self._busy = False
                each = (now - begun) / sum(one.cells for one in chosen)
                self._cell_s = each if self._cell_s == 0.0 else 0.7 * self._cell_s + 0.3 * each
                for one in chosen:
                    one.done = True
                    self._shares.charge(one.token, one.job, each * one.cells, now)
                self._changed.notify_all()

    def _answer(self, calls: Sequence[_Call]) -> None:
        if len(calls) > 1:
            try:
                if self._together(calls):
                    self.batches[len(calls)] += 1
                    return
            except Exception:  # noqa: BLE001 - whose fault it is shows when each runs by itself
                pass
        for call in calls:
            try:
                call.found = call.function(*call.inputs)
            except Exception as error:  # noqa: BLE001 - it belongs to the thread that called
                call.error = error
            self.batches[1] += 1

    def _together(self, calls: Sequence[_Call]) -> bool:
        """Answer calls out of one batch; False if that would change a bit of an answer."""
        joined = tuple(torch.cat(parts) for parts in zip(*(call.inputs for call in calls), strict=True))
        sizes = {call.maps for call in calls} | {len(joined[0])}
        if any(self._exact.get((calls[0].key, size)) is False for size in sizes):
            return False
        found = calls[0].function(*joined)
        if not self._check(calls[0], sizes, joined, found):
            return False
        ends = list(accumulate((call.maps for call in calls), initial=0))
        for call, begin, end in zip(calls, ends, ends[1:], strict=False):
            call.found = tuple(part[begin:end].clone() for part in found)
        return True

    def _check(self, call: _Call, sizes: set[int], joined: _Tensors, found: _Tensors) -> bool:
        """Return whether batches of these sizes answer as their maps one by one; ask the machine where it is new."""
        key, function = call.key, call.function
        unknown = [size for size in sizes if size > 1 and (key, size) not in self._exact]
        if unknown:
            alone = [function(*(part[n : n + 1] for part in joined)) for n in range(len(joined[0]))]
            singly = tuple(torch.cat(parts) for parts in zip(*alone, strict=True))
            for size in unknown:
                batch = found if size == len(joined[0]) else function(*(part[:size] for part in joined))
                self._exact[key, size] = all(_same(a, b[:size]) for a, b in zip(batch, singly, strict=True))
        for size in sizes:
            if (key, size) in self._exact:
                self._exact.move_to_end((key, size))
        good = all(self._exact.get((key, size), True) for size in sizes)
        while len(self._exact) > _KNOWN:
            self._exact.popitem(last=False)
        return good


class SharedDenoiser(MapDenoiser):
    """A denoiser for several threads at once, which share batches, on maps of any size.

    Maps whose sides the network's strides do not divide are mirrored beyond their edge and cut again.
    """

    def __init__(self, denoiser: MapDenoiser) -> None:
        """Share a denoiser, whose weights stay where they are."""
        Denoiser.__init__(self)
        self.options, self.channels, self.network = denoiser.options, denoiser.channels, denoiser.network
        self.turns, self.folder = denoiser.turns, denoiser.folder
        self.scheduler = PassScheduler()
        self.train(False)

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, 5, H, W] at noise levels sigma [B]; see `MapDenoiser`."""
        rows, cols = (int(n) for n in x.shape[-2:])
        given = Condition.nothing(len(x), (rows, cols)) if condition is None else condition
        room = [-cols % self.multiple, -rows % self.multiple]
        more = [given.group(name) for name in self.options.planes]
        planes = (x, given.site, given.evidence, *more)
        if any(room):
            planes = tuple(_mirrored(part, room) for part in planes)
        inputs = (*planes[:3], sigma, given.scalars, *planes[3:])
        learns = torch.is_grad_enabled() and any(part.requires_grad for part in inputs)
        key = object() if learns else _key(inputs)  # nobody shares a pass that gradients go back through
        found = self.scheduler.run(self._run, inputs, key)
        mean, *var = (part[..., :rows, :cols] for part in found)
        return Denoised(mean, var[0] if var else None)

    def _run(
        self, x: Tensor, site: Tensor, evidence: Tensor, sigma: Tensor, scalars: Tensor, *more: Tensor
    ) -> _Tensors:
        parts = dict(zip(self.options.planes, more, strict=True))
        mean, var = super().forward(
            x, sigma, Condition(site, evidence, scalars, parts.get("vehicles"), parts.get("rays"))
        )
        return (mean,) if var is None else (mean, var)


def _key(inputs: _Tensors) -> Hashable:
    """What must be equal for calls to share a batch: each map's shape, and whether gradients are wanted."""
    kinds = tuple((tuple(part.shape[1:]), part.dtype, str(part.device)) for part in inputs)
    return kinds, torch.is_grad_enabled(), torch.is_inference_mode_enabled()


def _mirrored(part: Tensor, room: Sequence[int]) -> Tensor:
    """Return planes with so many columns and rows more at the end."""
    for axis, more in ((-1, room[0]), (-2, room[1])):
        mode = "reflect" if more < part.shape[axis] else "replicate"
        part = functional.pad(part, (0, more, 0, 0) if axis == -1 else (0, 0, 0, more), mode=mode)
    return part


def _same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are equal to the last bit; not-a-number is equal to itself."""
    return a.shape == b.shape and torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))
