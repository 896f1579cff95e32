"""The queue of an edge is bounded and fair between tokens, and has a few workers on one model.

Jobs that run at the same time share passes of the network (`openckm.service.batching`), which is why there are a few
and not one; more than a few would each take longer, in more memory. An answer is a function of request, seed and
version alone, to the last bit, whoever else asks at the same time. Tokens take turns, and none may take every worker,
so that nobody waits for somebody else's hundred maps.

A job's evidence is forgotten when it ends, its result when it expires, is deleted, or must make room. Nothing is kept
on disk: a restart forgets jobs, which the same request and seed give again.
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
import traceback
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from openckm.errors import OpenCKMError
from openckm.infer.draws import OutOfTime
from openckm.maps.radiomap import RadioMap
from openckm.service.batching import passes_of
from openckm.service.config import Limits
from openckm.service.model_keeper import Model

_log = logging.getLogger("openckm.edge")
_TICK_S = 0.5
_STOP_S = 30.0
_TOO_LATE = ("deadline", "the deadline passed while the job waited; ask for more time, or later")
ENDING = (
    "ending",
    "this node is about to end and did not begin this job: send the request again, to another node or later",
)
"""The error of a job that still waited when the node was asked to end."""


def where(error: BaseException) -> str:
    """Return what kind of error was raised at which lines: all of it that a log may hold, for its text may be data."""
    frames = traceback.extract_tb(error.__traceback__)
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"


class Busy(Exception):
    """No further job is taken.

    Attributes:
        retry_s: when to ask again [s].
    """

    def __init__(self, retry_s: int) -> None:
        super().__init__(f"the queue is full: ask again in {retry_s} s")
        self.retry_s = retry_s


class Draining(Exception):
    """The service is about to end and takes no jobs."""


class Cancelled(Exception):
    """The job was deleted while it ran."""


class Ticket(Protocol):
    """What running work knows of its job."""

    @property
    def left_s(self) -> float:
        """Time that is left [s]."""
        ...

    def report(self, what: str, done: int, total: int) -> None:
        """Note the progress; raises Cancelled if nobody wants the result any more."""
        ...


Work = Callable[[Model, Ticket], RadioMap]
State = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(eq=False)
class Job:
    """A job: its ticket while it runs, its result afterwards.

    Attributes:
        id: 128 random bits.
        owner: name of the token.
        kind: the kind of request.
        end: monotonic time of its deadline [s].
        work: what is to be done; forgotten when it ends.
        state: queued, running, done, failed or cancelled.
        progress: what is being done, steps done, steps in all.
        error: (code, message) of a failed job.
        result: the result of a job that is done.
        version: the version of the model that it ran on.
        ended: monotonic time of its end [s].
        run_s: time that it ran [s].
        fetched: whether its result was asked for.
    """

    id: str
    owner: str
    kind: str
    end: float
    work: Work | None
    state: State = "queued"
    progress: tuple[str, int, int] = ("waiting", 0, 1)
    error: tuple[str, str] | None = None
    result: RadioMap | None = None
    version: str = ""
    ended: float = math.inf
    run_s: float = 0.0
    fetched: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def left_s(self) -> float:
        """Time that is left [s]."""
        return self.end - time.monotonic()

    @property
    def bytes(self) -> int:
        """Size of its result [bytes]."""
        return 0 if self.result is None else int(self.result.dataset.nbytes)

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self.state in ("done", "failed", "cancelled")

    def report(self, what: str, done: int, total: int) -> None:
        """Note the progress.

        Raises:
            Cancelled: if the job was deleted.
        """
        self.progress = (what, done, total)
        if self._stop.is_set():
            raise Cancelled

    def require_time(self) -> None:
        """Return if the job may go on.

        Raises:
            Cancelled: if the job was deleted.
            OutOfTime: if its deadline has passed.
        """
        if self._stop.is_set():
            raise Cancelled
        if self.left_s <= 0:
            raise OutOfTime

    def stop(self) -> None:
        """Ask running work to end."""
        self._stop.set()


class JobQueue:
    """Jobs of all tokens and the workers that run them.

    Args:
        limits: how many are taken and kept.
        model: returns the model in use; None while there is none.
        on_end: called with every job that ended.
    """

    def __init__(
        self, limits: Limits, model: Callable[[], Model | None], on_end: Callable[[Job], None] | None = None
    ) -> None:
        self.limits, self._model, self._on_end = limits, model, on_end or (lambda _: None)
        self._changed = threading.Condition()  # on a lock that its holder may take again
        self._jobs: dict[str, Job] = {}
        self._waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        self._running: set[Job] = set()
        self._mean_s, self._ending, self._stopped = 1.0, False, False
        self._workers = [
            threading.Thread(target=self._work, name=f"ckm-jobs-{k}", daemon=True) for k in range(limits.running)
        ]
        self._clock = threading.Thread(target=self._watch, name="ckm-clock", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        for thread in (*self._workers, self._clock):
            thread.start()

    def drain(self) -> None:
        """Take no further jobs, and end those that wait at once; those that run go on."""
        with self._changed:
            self._ending = True
            for job in [job for own in self._waiting.values() for job in own]:
                job.error = ENDING
                self._finish(job, "failed")
            self._waiting.clear()

    @property
    def ending(self) -> bool:
        """Whether no further job is taken."""
        return self._ending

    def idle(self) -> bool:
        """Return whether nothing waits or runs, and every result was fetched."""
        with self._changed:
            return not any(not job.over or (job.state == "done" and not job.fetched) for job in self._jobs.values())

    def stop(self) -> None:
        """Take no further jobs, cancel what waits and runs, and end the workers."""
        with self._changed:
            self._ending = self._stopped = True
            for job in self._jobs.values():
                job.stop()
            self._changed.notify_all()
        end = time.monotonic() + _STOP_S
        for thread in self._workers:
            if thread.is_alive():
                thread.join(timeout=max(end - time.monotonic(), 0.0))

    def require_room(self, owner: str) -> None:
        """Refuse a job that would not be taken now, before anybody reads its evidence.

        Raises:
            Busy: if the queue, or the owner's part of it, is full.
            Draining: if the service is about to end.
        """
        with self._changed:
            self._sweep()
            if self._ending:
                raise Draining
            own = self._waiting.get(owner, ())
            if self.waiting >= self.limits.queue or len(own) >= self.limits.queue_per_token:
                raise Busy(min(max(math.ceil(self._mean_s * max(self.waiting, 1) / self.limits.running), 1), 600))

    def submit(self, owner: str, kind: str, work: Work, deadline_s: float) -> Job:
        """Take a job.

        Raises:
            Busy: if the queue, or the owner's part of it, is full.
            Draining: if the service is about to end.
        """
        with self._changed:
            self.require_room(owner)
            job = Job(secrets.token_urlsafe(16), owner, kind, time.monotonic() + deadline_s, work)
            self._jobs[job.id] = job
            self._waiting.setdefault(owner, deque()).append(job)
            self._changed.notify_all()
            return job

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return sum(len(own) for own in self._waiting.values())

    @property
    def running(self) -> int:
        """Jobs that run."""
        return len(self._running)

    @property
    def kept_bytes(self) -> int:
        """Results in memory [bytes]."""
        with self._changed:
            return sum(job.bytes for job in self._jobs.values())

    def find(self, owner: str, job_id: str) -> Job | None:
        """Return a job of this owner; None if there is none, also where it is somebody else's."""
        with self._changed:
            self._sweep()
            job = self._jobs.get(job_id)
            return job if job is not None and job.owner == owner else None

    def place(self, job: Job) -> int:
        """Return how many jobs of the same owner wait before this one."""
        with self._changed:
            own = list(self._waiting.get(job.owner, ()))
            return own.index(job) if job in own else 0

    def remove(self, job: Job) -> None:
        """Cancel a job, or forget its result."""
        with self._changed:
            self._jobs.pop(job.id, None)
            own = self._waiting.get(job.owner)
            waits = own is not None and job in own
            if own is not None and waits:
                own.remove(job)
            job.stop()
            if waits:
                self._finish(job, "cancelled")
            elif job.over:
                job.result = None

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._run(job)
            del job  # else a result would be kept here until the next job comes

    def _watch(self) -> None:
        """Sweep while long jobs keep the workers busy, too."""
        with self._changed:
            while not self._stopped:
                self._sweep()
                self._changed.wait(timeout=_TICK_S)

    def _next(self) -> Job | None:
        """Wait for a job; tokens take turns. None at the end."""
        with self._changed:
            while not self._stopped:
                self._sweep()
                taken = Counter(job.owner for job in self._running)
                for owner, own in list(self._waiting.items()):
                    if not own:
                        del self._waiting[owner]
                    elif taken[owner] < self.limits.running_per_token and self._model() is not None:
                        self._waiting.move_to_end(owner)
                        job = own.popleft()
                        self._running.add(job)
                        return job
                self._changed.wait(timeout=1.0)
        return None

    def _run(self, job: Job) -> None:
        model, work, begun = self._model(), job.work, time.monotonic()
        state: State = "failed"
        error: tuple[str, str] | None = None
        result: RadioMap | None = None
        if model is None or work is None:
            error = ("no_model", "the model was withdrawn before this job began; submit it again later")
        elif job.left_s <= 0:
            error = _TOO_LATE
        else:
            job.state, job.version = "running", model.card.version
            try:
                with passes_of(job):
                    result, state = work(model, job), "done"
            except Cancelled:
                state = "cancelled"
            except OutOfTime:
                what, done, total = job.progress
                error = (
                    "deadline",
                    f"the deadline passed when {done} of {total} of {what!r} were done: there was nothing to answer"
                    " yet; ask for more time",
                )
            except OpenCKMError as failure:
                error = ("refused", str(failure))
            except Exception as failure:  # noqa: BLE001 - one job must not end the worker; its text may hold readings
                error = ("internal", "the node could not do this; its log names the place")
                _log.error("job %s failed with %s", job.id, where(failure))
        with self._changed:
            job.run_s = time.monotonic() - begun
            self._mean_s += 0.2 * (job.run_s - self._mean_s)
            self._running.discard(job)
            job.result, job.error = (result if job.id in self._jobs else None), error
            self._finish(job, state)
            self._make_room(job.owner)
            self._changed.notify_all()

    def _finish(self, job: Job, state: State) -> None:
        job.state, job.ended, job.work = state, time.monotonic(), None
        _log.info("job %s of %s: %s, %.2f s, model %s", job.id, job.owner, state, job.run_s, job.version or "none")
        self._on_end(job)

    def _sweep(self) -> None:
        """Forget results that expired, and fail jobs whose deadline passed while they waited."""
        now = time.monotonic()
        for own in self._waiting.values():
            for job in [j for j in own if j.left_s <= 0]:
                own.remove(job)
                job.error = _TOO_LATE
                self._finish(job, "failed")
                self._make_room(job.owner)
        for job in [j for j in self._jobs.values() if j.over and now - j.ended > self.limits.result_s]:
            self._forget(job)

    def _make_room(self, owner: str) -> None:
        """Forget the oldest finished jobs of a token that has too many, and of whoever fills the memory most."""
        own = [job for job in self._jobs.values() if job.owner == owner and job.over]
        for job in sorted(own, key=lambda j: j.ended)[: max(len(own) - self.limits.kept_per_token, 0)]:
            self._forget(job)
        while (kept := [j for j in self._jobs.values() if j.bytes]) and len(kept) > 1:
            if sum(job.bytes for job in kept) <= self.limits.result_bytes:
                return
            share = {j.owner: sum(k.bytes for k in kept if k.owner == j.owner) for j in kept}
            most = max(share, key=lambda name: share[name])
            self._forget(min((j for j in kept if j.owner == most), key=lambda j: j.ended))

    def _forget(self, job: Job) -> None:
        del self._jobs[job.id]
        job.result = None
