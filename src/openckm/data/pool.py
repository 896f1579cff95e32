"""Work in several processes of this machine, by a local Dask cluster; the results come in order."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, TypeVar

from openckm.errors import ComputationError, RayTracerUnavailable

__all__ = ["in_processes"]

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2
"""Items handed out per process, so that none waits for the next."""
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-ttl": None,
    "distributed.comm.timeouts.connect": "120s",
    "distributed.comm.timeouts.tcp": "120s",
    "distributed.worker.daemon": False,
    "distributed.logging.distributed": "critical",
    "distributed.admin.system-monitor.gil.enabled": False,
}
"""A process that dies is an error at once: what killed it would kill the next. One that is busy is no error."""


def in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> Generator[Result, None, None]:
    """Yield `work` of each item, in the order of the items, made in as many processes of one thread each.

    Args:
        work: a function that can be pickled.
        items: may go on without end; only a few are taken ahead of the results.
        processes: at least 1; with 1 the work is done here, without a cluster.

    Raises:
        RayTracerUnavailable: if several processes are asked for and Dask is not installed.
        ComputationError: if a process dies.
    """
    if processes == 1:
        yield from (work(item) for item in items)
        return
    with _client(processes) as client:
        from distributed.scheduler import KilledWorker

        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(client.submit(work, item, pure=False))
            if len(waiting) >= AHEAD * processes:
                yield _result(waiting.popleft(), KilledWorker)
        while waiting:
            yield _result(waiting.popleft(), KilledWorker)


def _result(future: Any, killed: type[Exception]) -> Any:
    try:
        return future.result()
    except killed as error:
        raise ComputationError(
            "a process died at its work, for want of memory perhaps; use fewer processes or rays and run again, what "
            "is finished is kept"
        ) from error


@contextlib.contextmanager
def _client(processes: int) -> Iterator[Any]:
    """A cluster on this machine that can be reached from this machine only, closed at the end."""
    try:
        import dask
        import distributed
    except ImportError as error:
        raise RayTracerUnavailable(
            f"several processes need Dask ({error}); pip install 'openckm[raytrace]', or use one process"
        ) from error
    local: Any = distributed.LocalCluster
    connect: Any = distributed.Client
    with (
        dask.config.set(SETTINGS),
        local(
            n_workers=processes,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: None means 8787, which another run may hold
            memory_limit=0,
            silence_logs=50,
        ) as cluster,
        connect(cluster, set_as_default=False) as client,
    ):
        yield client
