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
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from typing import Any, TypeVar

Result = TypeVar("Result")
Other = TypeVar("Other")
_MOST_THREADS = 4
"""Each further one takes up to a quarter of a gigabyte, and few works have more tasks than that at a time."""


class _Team:
    """Tasks that wait, and the threads that work at them.

    Attributes:
        lists: what is left of each call of `side_by_side` that has not ended, the newest last.
        changed: notified when there is a further task, and when one has ended; it guards `lists`.
        closed: whether the helpers may go.
    """

    def __init__(self) -> None:
        self.lists: list[deque[_Task]] = []
        self.changed = Condition()
        self.closed = False

    def work(self, ended: Callable[[], bool]) -> None:
        """Work at whatever waits, the newest call's tasks first, until `ended`; where nothing waits, wait."""
        while True:
            with self.changed:
                while not ended() and not any(self.lists):
                    self.changed.wait()
                if ended():
                    return
                task = next(tasks for tasks in reversed(self.lists) if tasks).popleft()
            task()
            with self.changed:
                self.changed.notify_all()

    def help(self) -> None:
        """Work until the team is closed, in a thread of its own."""
        _set_torch_alone()
        self.work(lambda: self.closed)


@dataclass(frozen=True)
class _Task:
    """What is to be done, in whose context, and what came of it."""

    work: Callable[[], Any]
    context: Context
    future: Future[Any]

    def __call__(self) -> None:
        try:
            self.future.set_result(self.context.run(self.work))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is wanted
            self.future.set_exception(error)


_TEAM: ContextVar[_Team | None] = ContextVar("team", default=None)


def thread_count() -> int:
    """Return how many tasks run at a time: OMP_NUM_THREADS where it is set, else the processors that we may use."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdecimal() and int(stated) > 0:
        return min(int(stated), _MOST_THREADS)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_THREADS)


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
    team = _Team()
    helpers = [Thread(target=team.help, name=f"openckm-{k}", daemon=True) for k in range(1, count)]
    with _blas_alone(), _torch_alone():
        for helper in helpers:
            helper.start()
        before = _TEAM.set(team)
        try:
            yield
        finally:
            _TEAM.reset(before)
            with team.changed:
                team.closed = True
                team.changed.notify_all()
            for helper in helpers:
                helper.join()


def side_by_side(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return what each task returns, in their order; outside `sharing_out` they run one after the other.

    A task may call this function itself: who waits for tasks works at those that nobody has begun.

    Raises:
        Exception: what the first of the tasks that failed raised, once all have ended.
    """
    team = _TEAM.get()
    if team is None or len(tasks) < 2:
        return [task() for task in tasks]
    made = [_Task(task, copy_context(), Future()) for task in tasks]
    waiting = deque(made)
    with team.changed:
        team.lists.append(waiting)
        team.changed.notify_all()
    team.work(lambda: all(task.future.done() for task in made))
    with team.changed:
        team.lists[:] = [tasks for tasks in team.lists if tasks is not waiting]
    failures = [error for task in made if (error := task.future.exception()) is not None]
    if failures:
        raise failures[0]
    return [task.future.result() for task in made]


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
