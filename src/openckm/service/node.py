"""An edge holds, while it runs, its configuration, model, queue, metrics, and who waits for what."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from openckm.service.config import EdgeConfig
from openckm.service.connections import ConnectionLimiter
from openckm.service.map_shelf import MapShelf
from openckm.service.memory import NodeMemory
from openckm.service.metrics import Metrics
from openckm.service.model_keeper import ModelKeeper
from openckm.service.queue import Job, JobQueue

_BODIES, _BODIES_OF_ONE = 16, 4
"""Bodies of the largest size that may be in memory until they are read into requests: of all tokens, and of one."""
_WORKERS = 2
"""Bodies that are read, and results that are written, at the same time: each may take many times its size."""


class Shares:
    """Memory that is lent to tokens; it lives in the event loop's thread.

    Args:
        total: the bytes that all may have [bytes].
        own: the bytes that one may have, unless it has nothing yet [bytes].
    """

    def __init__(self, total: int, own: int) -> None:
        self.total, self.own, self._held = total, own, Counter[str]()

    def take(self, owner: str, size: int) -> bool:
        """Lend so many bytes to a token; False if it, or all together, would have too much."""
        mine, all_of_it = self._held[owner], self._held.total()
        if (mine and mine + size > self.own) or (all_of_it and all_of_it + size > self.total):
            return False
        self._held[owner] += size
        return True

    def give(self, owner: str, size: int) -> None:
        """Take bytes back from a token."""
        self._held[owner] -= size
        if self._held[owner] <= 0:
            del self._held[owner]


class Turns:
    """A few places for work that takes a moment, lent to tokens in turn; it lives in the event loop's thread.

    Args:
        places: the number that work at the same time.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[None]:
        """Hold a place: each token that waits gets one before any gets a second."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(owner)
        try:
            yield
        finally:
            self._hand_on()

    async def _wait(self, owner: str) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._hand_on()  # it was handed over in the moment in which nobody wanted it any more
            raise

    def _hand_on(self) -> None:
        while self._waiting:
            owner, places = self._waiting.popitem(last=False)
            place = places.popleft()
            if places:
                self._waiting[owner] = places  # at the end: it is everybody else's turn first
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


class Node:
    """Configuration, model, queue and metrics of one edge.

    Args:
        config: the configuration of the edge.
        keeper: the keeper of its model; made from the configuration if None.
    """

    def __init__(self, config: EdgeConfig, keeper: ModelKeeper | None = None) -> None:
        self.config, self.metrics, self.memory = config, Metrics(), NodeMemory(config)
        self.shelf = None if config.maps is None else MapShelf(config.maps.folder)
        self.keeper = keeper or ModelKeeper(config)
        self.queue = JobQueue(config.limits, lambda: self.keeper.model, self._ended)
        self.parsers, self.writers = Turns(_WORKERS), Turns(_WORKERS)
        self.bodies = Shares(_BODIES * config.limits.body_bytes, _BODIES_OF_ONE * config.limits.body_bytes)
        self.answers = Shares(config.limits.result_bytes, config.limits.result_bytes // 2)
        self.limiter: ConnectionLimiter | None = None
        self.begun = time.time()
        self._lock = threading.Lock()
        self._waiters: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    async def wait_for(self, job: Job, seconds: float) -> None:
        """Wait until a job ends, or for so long [s]."""
        if job.over or seconds <= 0:
            return
        entry = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._waiters.setdefault(job.id, []).append(entry)
        try:
            if not job.over:
                with suppress(TimeoutError):
                    await asyncio.wait_for(entry[1].wait(), seconds)
        finally:
            with self._lock:
                others = [one for one in self._waiters.pop(job.id, ()) if one is not entry]
                if others:
                    self._waiters[job.id] = others

    def metrics_text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return self.metrics.text(self.keeper, self.queue, self.limiter, self.memory.counts())

    def _ended(self, job: Job) -> None:
        self.metrics.job(job)
        with self._lock:
            waiters = self._waiters.pop(job.id, [])
        for loop, event in waiters:
            with suppress(RuntimeError):  # of a loop that was closed meanwhile
                loop.call_soon_threadsafe(event.set)
