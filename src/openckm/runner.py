"""Work over many items: in processes of this machine, or on a Dask cluster. Ray tracing, sweeps and cities share it.

Processes of this machine need nothing but Python: each takes one item at a time and computes with one thread. A process
that dies is replaced and its item tried again, as often as the caller allows; then the run ends with an error that
names the item and what killed the process. An error that the work itself raises ends the run at once, as it would come
again. What a process started ends when its parent does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from openckm.errors import ClusterUnavailable, ComputationError, OpenCKMError

Item = TypeVar("Item")
Result = TypeVar("Result")
_AHEAD = 2
"""Results that may wait for an earlier one, per process, where they are wanted in order."""
CONNECT_S = 20.0
"""Longest wait for a cluster to answer [s]."""
WORKERLESS_S = 60.0
"""How long a cluster may be without any worker until the run ends [s]; one that died is replaced in a few."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_SETTINGS = {
    "distributed.comm.timeouts.connect": f"{CONNECT_S:g}s",
    "distributed.comm.timeouts.tcp": "120s",
    "distributed.logging.distributed": "critical",
}


@dataclass(frozen=True)
class Done(Generic[Item, Result]):
    """An item and what the work made of it; attempts is 1 unless a process died at it."""

    item: Item
    result: Result
    attempts: int = 1


def in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> Generator[Result, None, None]:
    """Yield `work` of each item, in the order of the items, made in as many processes of one thread each.

    Args:
        work: a function that can be pickled.
        items: may go on without end; only a few are taken ahead of the results.
        processes: the number of processes, at least 1; with 1 the work is done here.

    Raises:
        ComputationError: if a process dies.
    """
    if processes == 1:
        yield from (work(item) for item in items)
        return
    waiting: dict[int, Result] = {}
    turn = 0
    numbered = enumerate(items)
    with contextlib.closing(_local(_Numbered(work), numbered, processes, 0, lambda: len(waiting))) as finished:
        for done in finished:
            waiting[done.item[0]] = done.result
            while turn in waiting:
                yield waiting.pop(turn)
                turn += 1


def run(
    work: Callable[[Item], Result], items: Iterable[Item | None], *, workers: int = 1, cluster: str | None = None,
    retries: int = 2,
) -> Generator[Done[Item, Result], None, None]:  # fmt: skip
    """Yield each item with what `work` made of it, as they are finished.

    Args:
        work: a function that can be pickled; with a cluster, one that every worker of it can import.
        items: items that can be pickled; None says that there is nothing to do until more is finished.
        workers: processes of this machine, 0 for none: the work is done here; not used with a cluster.
        cluster: address of a Dask scheduler, such as "tcp://10.0.0.5:8786", or None for this machine.
        retries: how often an item is tried again after the process of this machine that worked at it died; a cluster
            goes by its own setting.

    Raises:
        ComputationError: if processes die at one item more often than that; the message names it.
        ClusterUnavailable: if Dask is not installed, or the cluster does not answer or runs another version of OpenCKM.
    """
    if cluster is not None:
        yield from _on_cluster(work, items, cluster)
    elif workers == 0:
        yield from (Done(item, work(item)) for item in items if item is not None)
    else:
        yield from _local(work, items, workers, retries, lambda: 0)


@dataclass(frozen=True)
class _Numbered(Generic[Item, Result]):
    """The work on items that carry their number."""

    work: Callable[[Item], Result]

    def __call__(self, numbered: tuple[int, Item]) -> Result:
        return self.work(numbered[1])


@dataclass
class _Worker:
    """A process and the item that it works at."""

    process: Any
    link: Connection
    item: Any = None
    attempts: int = 0
    busy: bool = False


@dataclass
class _Pool:
    """Processes of this machine."""

    work: Callable[[Any], Any]
    size: int
    workers: list[_Worker] = field(default_factory=list)

    def start(self) -> _Worker:
        """Start a process; it begins with one thread, whatever this one has."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.work))
        with _single_threaded():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        """End all processes; one that is at work is not waited for."""
        for worker in self.workers:
            if worker.busy:
                worker.process.kill()
            else:
                with contextlib.suppress(OSError):
                    worker.link.send(None)
            worker.link.close()
        for worker in self.workers:
            worker.process.join(10)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()


def _local(
    work: Callable[[Any], Any], items: Iterable[Any], size: int, retries: int, held: Callable[[], int]
) -> Generator[Done[Any, Any], None, None]:
    """Hand items to processes and yield what they make of them; `held` says how many results still wait."""
    pool, source, again = _Pool(work, size), iter(items), deque[tuple[Any, int]]()
    try:
        exhausted = False
        while True:
            while not exhausted or again:
                if held() >= _AHEAD * size and any(w.busy for w in pool.workers):
                    break
                idle = next((w for w in pool.workers if not w.busy), None)
                if idle is None and len(pool.workers) >= size:
                    break
                if again:
                    item, attempts = again.popleft()
                else:
                    try:
                        item, attempts = next(source), 0
                    except StopIteration:
                        exhausted = True
                        continue
                    if item is None:
                        break
                _hand_out(idle or pool.start(), item, attempts)
            if not any(w.busy for w in pool.workers):
                if exhausted:
                    return
                continue
            yield from _collect(pool, again, retries)
    finally:
        pool.end()


def _hand_out(worker: _Worker, item: Any, attempts: int) -> None:
    worker.item, worker.attempts, worker.busy = item, attempts + 1, True
    with contextlib.suppress(OSError):  # a process that died just now is noticed when it is asked for its result
        worker.link.send((item,))


def _collect(pool: _Pool, again: deque[tuple[Any, int]], retries: int) -> Iterator[Done[Any, Any]]:
    """Yield what is finished; wait until something is."""
    busy = {w.link: w for w in pool.workers if w.busy}
    for link in wait(list(busy)):
        worker = busy[link]  # type: ignore[index]
        try:
            good, value = worker.link.recv()
        except (EOFError, OSError):
            _died(pool, worker, again, retries)
            continue
        worker.busy = False
        if not good:
            raise value
        yield Done(worker.item, value, worker.attempts)


def _died(pool: _Pool, worker: _Worker, again: deque[tuple[Any, int]], retries: int) -> None:
    worker.process.join()
    code = worker.process.exitcode
    worker.process.close()
    worker.link.close()
    pool.workers.remove(worker)
    if worker.attempts > retries:
        raise ComputationError(
            f"a process died at {worker.item} {_ordinal(worker.attempts)} ({_cause(code)}): use fewer processes, or"
            " smaller items (tiles, rays, draws), and run again; what is finished is kept"
        )
    again.append((worker.item, worker.attempts))


def _ordinal(attempts: int) -> str:
    return "at its only attempt" if attempts == 1 else f"in {attempts} attempts"


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit status {code}"
    name = signal.Signals(-code).name if -code in {s.value for s in signal.Signals} else f"signal {-code}"
    return f"{name}, for want of memory perhaps" if code == -9 else name


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(link: Connection, work: Callable[[Any], Any]) -> None:
    """What a process does: items in, results out, until its parent says so or is no more."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while (message := link.recv()) is not None:
            try:
                answer = (True, work(message[0]))
            except Exception as error:  # noqa: BLE001 - it is raised where the run was asked for
                if not isinstance(error, OpenCKMError):
                    error.add_note(traceback.format_exc())
                answer = (False, error)
            link.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _on_cluster(
    work: Callable[[Any], Any], items: Iterable[Any], address: str
) -> Generator[Done[Any, Any], None, None]:
    """Hand items to a cluster, a few ahead for each of its threads, and yield what it makes of them."""
    with _client(address) as client, contextlib.ExitStack() as stack:
        import distributed
        from distributed.scheduler import KilledWorker

        threads = sum(client.nthreads().values())
        source, names = iter(items), dict[Any, Any]()

        def submitted() -> Iterator[Any]:
            """Hand out items until enough are on their way, or there is none for the moment."""
            while len(names) < _AHEAD * threads and (item := next(source, None)) is not None:
                future = client.submit(work, item, pure=False, retries=0)
                names[future.key] = item
                yield future

        first = list(submitted())
        if not first:
            return
        each: Any = distributed.as_completed
        finished: Any = each(first, loop=client.loop)
        for future in stack.enter_context(_while_workers_live(client, finished)):
            item = names.pop(future.key)
            try:
                result = future.result()
            except KilledWorker as error:
                raise ComputationError(
                    f"workers of {address} died at {item} more often than the scheduler allows (its setting"
                    " distributed.scheduler.allowed-failures), for want of memory perhaps: give them more, or use"
                    " smaller items (tiles, rays, draws), and run again; what is finished is kept"
                ) from error
            except (CancelledError, OSError) as error:
                raise ClusterUnavailable(
                    f"the cluster at {address} was lost at {item} ({type(error).__name__}): start it again, and run"
                    " again; what is finished is kept"
                ) from error
            yield Done(item, result)
            for more in submitted():
                finished.add(more)


@contextlib.contextmanager
def _while_workers_live(client: Any, finished: Any) -> Iterator[Any]:
    """Yield what is finished; where all workers die and none takes their place, it is cancelled, and does not wait."""
    ended = threading.Event()

    def watch() -> None:
        without = 0.0
        while not ended.wait(min(1.0, WORKERLESS_S / 4)):
            without = 0.0 if client.nthreads() else without + min(1.0, WORKERLESS_S / 4)
            if without >= WORKERLESS_S:
                client.cancel(list(client.futures), force=True)
                return

    watcher = threading.Thread(target=_quietly, args=(watch,), daemon=True)
    watcher.start()
    try:
        yield finished
    finally:
        ended.set()
        watcher.join(CONNECT_S)


def _quietly(work: Callable[[], None]) -> None:
    """Do what fails where the scheduler is gone, of which those who wait for results hear, too."""
    with contextlib.suppress(Exception):
        work()


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    """A client of a cluster whose workers run this version of OpenCKM."""
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ClusterUnavailable(
            f"a cluster needs Dask ({error}); pip install 'openckm[city]', or work in processes of this machine"
        ) from error
    connect: Any = distributed.Client
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        try:
            client = stack.enter_context(connect(address, timeout=CONNECT_S, set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterUnavailable(
                f"no Dask scheduler answers at {address!r} ({type(error).__name__}: {error}): start one with `dask"
                " scheduler`, or leave the cluster out"
            ) from error
        _require_same_version(client, address)
        yield client


def _require_same_version(client: Any, address: str) -> None:
    from openckm import __version__

    if not client.nthreads():
        raise ClusterUnavailable(f"the cluster at {address!r} has no worker: start some with `dask worker {address}`")
    try:
        there = set(client.run(_version).values())
    except Exception as error:
        raise ClusterUnavailable(
            f"the workers at {address!r} cannot load OpenCKM ({error}): install it there"
        ) from error
    if there != {__version__}:
        versions = ", ".join(sorted(map(str, there)))
        raise ClusterUnavailable(
            f"the workers at {address!r} run OpenCKM {versions}, this program is {__version__}:"
            " install the same version"
        )


def _version() -> str:
    from openckm import __version__

    return __version__
