"""Tasks side by side in threads of this process, each of which computes with one thread.

A library that shares out one product of matrices or one convolution over threads makes its threads wait for each other
many times a second, and they spin while they wait: the maps and matrices here are too small for that to pay. So inside
`sharing_out`, BLAS and torch compute every call with one thread, and whole tasks (a batch of orientations, a set of
held-back readings, a rival) run at the same time. An answer does not depend on how many threads there are.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

Result = TypeVar("Result")
Other = TypeVar("Other")
MOST_THREADS = 4
"""Each further one takes up to a quarter of a gigabyte, and few works have more tasks than that at a time."""


@dataclass(frozen=True)
class _Team:
    """Threads beside the caller's own.

    Attributes:
        helpers: how many.
        pool: where they wait.
    """

    helpers: int
    pool: ThreadPoolExecutor


_TEAM: ContextVar[_Team | None] = ContextVar("team", default=None)


def thread_count() -> int:
    """Return how many tasks run at a time: OMP_NUM_THREADS where it is set, else the processors that we may use."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdecimal() and int(stated) > 0:
        return min(int(stated), MOST_THREADS)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_THREADS)


@contextmanager
def sharing_out(threads: int | None = None) -> Iterator[None]:
    """Inside, `side_by_side` runs tasks at the same time, and BLAS and torch compute with one thread each.

    It may also decorate a function. Inside another one it changes nothing.

    Args:
        threads: tasks that run at a time; None for `thread_count`.
    """
    count = thread_count() if threads is None else threads
    if count < 2 or _TEAM.get() is not None:
        yield
        return
    with _blas_alone(), _torch_alone(), ThreadPoolExecutor(count - 1, "openckm", _set_torch_alone) as pool:
        before = _TEAM.set(_Team(count - 1, pool))
        try:
            yield
        finally:
            _TEAM.reset(before)


def side_by_side(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return what each task returns, in their order; outside `sharing_out` they run one after the other.

    A task may call this function itself: who waits for tasks works at them, so nothing waits for a thread.

    Raises:
        Exception: what the first of the tasks that failed raised, once all have ended.
    """
    team = _TEAM.get()
    if team is None or len(tasks) < 2:
        return [task() for task in tasks]
    left = deque((Future[Result](), task, copy_context()) for task in tasks)
    made = [future for future, _, _ in left]

    def work() -> None:
        while left:
            try:
                future, task, context = left.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                future.set_result(context.run(task))
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is wanted
                future.set_exception(error)

    for _ in range(min(team.helpers, len(tasks) - 1)):
        team.pool.submit(work)
    work()
    failures = [error for future in made if (error := future.exception()) is not None]
    if failures:
        raise failures[0]
    return [future.result() for future in made]


def both(first: Callable[[], Result], second: Callable[[], Other]) -> tuple[Result, Other]:
    """Return what two tasks return; see `side_by_side`."""
    tasks: list[Callable[[], Any]] = [first, second]
    made = side_by_side(tasks)
    return made[0], made[1]


class _Alone:
    """One thread for every call of BLAS in this process, as long as anybody asks for it."""

    def __init__(self) -> None:
        self.lock, self.users, self.limits = Lock(), 0, None  # type: tuple[Lock, int, Any]

    def enter(self) -> None:
        from threadpoolctl import threadpool_limits

        with self.lock:
            self.users += 1
            if self.users == 1:
                self.limits = threadpool_limits(1, user_api="blas")

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.limits.restore_original_limits()


_ALONE = _Alone()


@contextmanager
def _blas_alone() -> Iterator[None]:
    _ALONE.enter()
    try:
        yield
    finally:
        _ALONE.leave()


def _set_torch_alone() -> None:
    """Let torch compute with one thread for what this thread asks; the number belongs to the thread that sets it."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@contextmanager
def _torch_alone() -> Iterator[None]:
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 1
    _set_torch_alone()
    try:
        yield
    finally:
        if torch is not None:
            torch.set_num_threads(before)
