"""Work in processes: all of it is done, a death is survived or named, nothing outlives its parent."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest
import runner_work
from clusters import cluster_in

from openckm import runner
from openckm.errors import ClusterUnavailable, ComputationError, InputError
from openckm.runner import in_processes, run


@pytest.mark.parametrize("workers", [1, 3])
def test_every_item_is_done_once(workers):
    done = list(run(runner_work.square, range(20), workers=workers))
    assert sorted((d.item, d.result) for d in done) == [(k, k * k) for k in range(20)]
    assert {d.attempts for d in done} == {1}


def test_results_come_in_order_where_they_are_wanted_so():
    assert list(in_processes(runner_work.slow_first, range(12), 3)) == list(range(12))


def test_items_without_end_are_taken_a_few_at_a_time():
    taken = []

    def items():
        for k in itertools.count():
            taken.append(k)
            yield k

    with contextlib.closing(in_processes(runner_work.slow_first, items(), 2)) as results:
        assert next(results) == 0
    assert len(taken) <= 8


def test_items_may_wait_for_others():
    """None says that there is nothing to do until more is finished: the second stage begins after the first."""
    finished = []

    def items():
        yield from (1, 2, 3)
        while len(finished) < 3:
            yield None
        yield from (4, 5)

    for done in run(runner_work.square, items(), workers=2):
        finished.append(done.item)
    assert sorted(finished[:3]) == [1, 2, 3]
    assert sorted(finished[3:]) == [4, 5]


def test_no_item_is_no_work():
    assert list(run(runner_work.square, [], workers=2)) == []


def test_an_error_of_the_work_ends_the_run():
    with pytest.raises(InputError, match="three is no number"):
        list(run(runner_work.refuse, range(6), workers=2))


def test_an_item_is_tried_again_when_its_process_dies(tmp_path):
    done = {d.item: d for d in run(runner_work.DiesOften(str(tmp_path), 2), range(6), workers=2, retries=2)}
    assert sorted(done) == list(range(6))
    assert done[2].attempts == 3
    assert done[1].attempts == 1


def test_what_kills_every_process_is_named(tmp_path):
    with pytest.raises(
        ComputationError, match=r"died at 2 in 3 attempts \(SIGKILL, for want of memory.*fewer processes"
    ):
        list(run(runner_work.DiesOften(str(tmp_path), 99), range(6), workers=2, retries=2))
    with pytest.raises(ComputationError, match="at its only attempt"):
        list(in_processes(runner_work.DiesOften(str(tmp_path / ".."), 10**6), range(6), 2))


def test_processes_compute_with_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    threads, pid = next(iter(run(runner_work.environment, [0]))).result
    assert threads == "1"
    assert pid != os.getpid()
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_processes_end_with_their_parent(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import runner_work\nfrom openckm.runner import run\n"
        f"if __name__ == '__main__':\n    list(run(runner_work.wait_long, [{str(tmp_path / 'pid')!r}]))\n"
    )
    (tmp_path / "main.py").write_text(code)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "main.py")])
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("the process outlived its parent")


# --- clusters


def test_a_cluster_that_is_not_there(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("openckm.runner.CONNECT_S", 1.0)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(ClusterUnavailable, match="no Dask scheduler answers"):
            list(run(runner_work.square, [1], cluster=address))


def test_dask_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterUnavailable, match=r"openckm\[city\]"):
        list(run(runner_work.square, [1], cluster="tcp://127.0.0.1:9"))


@pytest.fixture
def cluster(tmp_path):
    """The address of a cluster of another process."""
    pytest.importorskip("distributed")
    with cluster_in(tmp_path) as (_, address):
        yield address


@pytest.mark.slow
def test_a_cluster_that_is_lost_meanwhile_is_named(tmp_path, monkeypatch):
    """The scheduler ends while its workers work: the run ends with an error, and does not wait for ever."""
    pytest.importorskip("distributed")
    monkeypatch.setattr("openckm.runner.CONNECT_S", 2.0)
    with cluster_in(tmp_path) as (process, address):
        begun = tmp_path / "begun"

        def kill():
            while not begun.exists():
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(ClusterUnavailable, match=r"was lost at .*what is finished is kept"):
            list(run(runner_work.wait_long, [str(begun)], cluster=address))
        killer.join()


@pytest.mark.parametrize(("without", "cancelled"), [(1, False), (99, True)])
def test_what_waits_for_workers_that_never_come_back_is_cancelled(monkeypatch, without, cancelled):
    """A worker that died is replaced in a moment; where none takes its place, the run must not wait for ever."""
    monkeypatch.setattr("openckm.runner.WORKERLESS_S", 0.4)

    class Client:
        futures: ClassVar = {"one": 1}
        asked = 0
        cancelled = threading.Event()

        def nthreads(self):
            self.asked += 1
            return {} if self.asked <= without else {"worker": 1}

        def cancel(self, futures, force):
            assert futures == ["one"] and force
            self.cancelled.set()

    client = Client()
    client.cancelled.clear()
    with runner._while_workers_live(client, "finished") as finished:
        assert finished == "finished"
        assert client.cancelled.wait(5.0 if cancelled else 1.0) == cancelled


@pytest.mark.slow
def test_a_cluster_does_the_same(cluster, monkeypatch, tmp_path):
    done = list(run(runner_work.square, range(20), cluster=cluster))
    assert sorted((d.item, d.result) for d in done) == [(k, k * k) for k in range(20)]
    with pytest.raises(InputError, match="three is no number"):
        list(run(runner_work.refuse, range(6), cluster=cluster))
    with monkeypatch.context() as newer:  # before workers die: it takes them a moment to come back
        newer.setattr("openckm.__version__", "99.0")
        with pytest.raises(ClusterUnavailable, match=r"this program is 99\.0: install the same version"):
            list(run(runner_work.square, [1], cluster=cluster))
    died = runner_work.DiesOften(tmp_path / "always", 99)
    died.folder.mkdir()
    with pytest.raises(ComputationError, match=r"died at 2 more often than the scheduler allows.*want of memory"):
        list(run(died, range(4), cluster=cluster))
