"""Tasks run at the same time, each with one thread of BLAS and torch; answers and errors are as one after the other."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar
from functools import partial

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from openckm.side_by_side import both, sharing_out, side_by_side, thread_count

NAME: ContextVar[str] = ContextVar("name", default="nobody")


def blas_threads() -> set[int]:
    return {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}


@pytest.fixture
def many_threads():
    """BLAS and torch as a user's process has them."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_results_come_in_the_order_of_the_tasks(threads):
    def task(k):
        time.sleep(0.01 * (5 - k))
        return k

    with sharing_out(threads):
        assert side_by_side([partial(task, k) for k in range(5)]) == list(range(5))


@pytest.mark.parametrize(("threads", "together"), [(1, 1), (3, 3)])
def test_so_many_tasks_run_at_the_same_time(threads, together):
    running, most, lock = 0, 0, threading.Lock()

    def task():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1

    with sharing_out(threads):
        side_by_side([task] * 6)
    assert most == together


def test_outside_the_tasks_run_one_after_the_other_in_the_callers_thread():
    assert side_by_side([threading.get_ident] * 3) == [threading.get_ident()] * 3


def test_tasks_of_tasks_do_not_wait_for_a_thread_for_ever():
    def tree(depth):
        return 1 if depth == 0 else sum(side_by_side([partial(tree, depth - 1)] * 3))

    with sharing_out(2):
        assert tree(4) == 81


def test_who_waits_helps_with_the_tasks_of_others():
    """One short task beside a long one that has tasks of its own: both threads work at these."""
    seen = set()

    def part():
        seen.add(threading.get_ident())
        time.sleep(0.02)

    with sharing_out(2):
        both(lambda: time.sleep(0.01), lambda: side_by_side([part] * 8))
        assert len(seen) == 2
        seen.clear()
        both(lambda: side_by_side([part] * 8), lambda: time.sleep(0.01))
    assert len(seen) == 2


def test_the_first_error_is_raised_when_all_have_ended():
    ended = []

    def task(k):
        time.sleep(0.02 * (3 - k))
        if k < 2:
            raise ValueError(f"task {k}")
        ended.append(k)

    with sharing_out(3), pytest.raises(ValueError, match="task 0"):
        side_by_side([partial(task, k) for k in range(3)])
    assert ended == [2]


@pytest.mark.usefixtures("many_threads")
def test_inside_every_thread_computes_with_one_thread_and_afterwards_all_is_as_before():
    before = blas_threads()

    def found():
        np.linalg.cholesky(np.eye(3))
        time.sleep(0.05)
        return threading.get_ident(), torch.get_num_threads(), blas_threads()

    with sharing_out(2):
        inside = side_by_side([found, found])
    assert len({thread for thread, _, _ in inside}) == 2
    assert all(of_torch == 1 and of_blas == {1} for _, of_torch, of_blas in inside)
    assert torch.get_num_threads() == 2 and blas_threads() == before


def test_a_task_sees_the_context_of_who_asked():
    token = NAME.set("somebody")
    with sharing_out(2):
        found = side_by_side([lambda: (time.sleep(0.02), NAME.get())[1]] * 2)
    NAME.reset(token)
    assert found == ["somebody", "somebody"]


def test_two_tasks_of_two_kinds():
    with sharing_out(2):
        assert both(lambda: 1, lambda: "one") == (1, "one")


@pytest.mark.parametrize(("stated", "wanted"), [("1", 1), ("3", 3), ("64", 4)])
def test_the_user_says_how_many_threads(monkeypatch, stated, wanted):
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    assert thread_count() == wanted


def test_without_a_word_of_the_user_there_is_a_thread_for_each_processor(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= thread_count() <= 4
