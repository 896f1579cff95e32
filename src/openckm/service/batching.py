"""One network for jobs that run at the same time: calls of the same shape that meet are run as one batch.

A job whose call finds the network free runs it, with those that wait for the same shape and arithmetic; one that finds
it busy waits, and is answered by whoever runs next, the oldest first. Nobody waits for company: alone, a call runs at
once. A batch costs less than its maps one by one: the weights are read once for all of them.

An answer must not depend on who else asks at the time, to the last bit. Arithmetic in batches of another size may round
differently, which is a matter of the machine's kernels and of the shape, not of the values: so when calls first meet in
a batch of some size, its maps are also run one by one, and that size is used from then on only if every bit is equal.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional

from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser

__all__ = ["PassScheduler", "SharedDenoiser"]

Tensors = tuple[Tensor, ...]
MOST_CELLS = 8 * 128 * 128
"""Cells of all maps of a batch: more would cost memory and save nothing."""
MOST_MAPS = 32
_KNOWN = 1024
"""Shapes and sizes whose arithmetic is remembered."""


@dataclass(eq=False)
class _Call:
    function: Callable[..., Tensors]
    inputs: Tensors
    key: Hashable
    done: bool = False
    found: Tensors | None = None
    error: Exception | None = None

    @property
    def maps(self) -> int:
        return len(self.inputs[0])

    @property
    def cells(self) -> int:
        return self.maps * int(self.inputs[0].shape[-2] * self.inputs[0].shape[-1])


@dataclass(eq=False)
class PassScheduler:
    """Runs a function for threads that call it, one batch at a time.

    Attributes:
        batches: how often how many calls were run together.
    """

    batches: Counter[int] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[_Call] = field(default_factory=list)
    _exact: OrderedDict[Hashable, bool] = field(default_factory=OrderedDict)
    _busy: bool = False

    def run(self, function: Callable[..., Tensors], inputs: Tensors, key: Hashable) -> Tensors:
        """Return function(*inputs), perhaps out of a batch with other calls of the same key.

        Args:
            function: of tensors with maps along the first axis, each map on its own; returns tensors likewise.
            inputs: tensors [B, ...], the first one [B, ..., rows, cols].
            key: equal of calls that may share a batch: function, shapes, and what else its arithmetic depends on.
        """
        call = _Call(function, inputs, key)
        with self._changed:
            self._waiting.append(call)
        while (chosen := self._turn(call)) is not None:
            try:
                self._answer(chosen)
            finally:
                with self._changed:
                    self._busy = False
                    for one in chosen:
                        one.done = True
                    self._changed.notify_all()
        if call.error is not None:
            raise call.error
        if call.found is None:
            raise RuntimeError("the batch that held this call was interrupted")
        return call.found

    def _turn(self, call: _Call) -> list[_Call] | None:
        """Wait until the call is answered (None), or it is this thread's turn to run the calls returned."""
        with self._changed:
            while self._busy and not call.done:
                self._changed.wait()
            if call.done:
                return None
            self._busy = True
            first, *others = self._waiting
            chosen, maps, cells = [first], first.maps, first.cells
            for one in others:
                if one.key == first.key and maps + one.maps <= MOST_MAPS and cells + one.cells <= MOST_CELLS:
                    chosen.append(one)
                    maps, cells = maps + one.maps, cells + one.cells
            self._waiting = [one for one in self._waiting if one not in chosen]
            return chosen

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

    def _check(self, call: _Call, sizes: set[int], joined: Tensors, found: Tensors) -> bool:
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
        planes = (x, given.site, given.evidence, *(() if given.moving is None else (given.moving,)))
        if any(room):
            planes = tuple(_mirrored(part, room) for part in planes)
        inputs = (*planes[:3], sigma, given.scalars, *planes[3:])
        if torch.is_grad_enabled() and any(part.requires_grad for part in inputs):
            found = self._run(*inputs)
        else:
            found = self.scheduler.run(self._run, inputs, _key(inputs))
        mean, *var = (part[..., :rows, :cols] for part in found)
        return Denoised(mean, var[0] if var else None)

    def _run(
        self, x: Tensor, site: Tensor, evidence: Tensor, sigma: Tensor, scalars: Tensor, moving: Tensor | None = None
    ) -> Tensors:
        mean, var = super().forward(x, sigma, Condition(site, evidence, scalars, moving))
        return (mean,) if var is None else (mean, var)


def _key(inputs: Tensors) -> Hashable:
    """What must be equal for calls to share a batch: each map's shape, and this thread's arithmetic."""
    told = tuple((tuple(part.shape[1:]), part.dtype, str(part.device)) for part in inputs)
    device = inputs[0].device.type
    cast = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    return told, cast, torch.is_grad_enabled(), torch.is_inference_mode_enabled()


def _mirrored(part: Tensor, room: Sequence[int]) -> Tensor:
    """Return planes with so many columns and rows more at the end."""
    for axis, more in ((-1, room[0]), (-2, room[1])):
        mode = "reflect" if more < part.shape[axis] else "replicate"
        part = functional.pad(part, (0, more, 0, 0) if axis == -1 else (0, 0, 0, more), mode=mode)
    return part


def _same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are equal to the last bit; not-a-number is equal to itself."""
    return a.shape == b.shape and torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))
