"""A small job beside a large one: how long does it take, whoever it belongs to? With a clock of the test's own."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.service.fairness import FairShares


@dataclass
class Simulated:
    """A job: pairs of (pause before a pass [s], duration of the pass [s])."""

    token: str
    steps: list[tuple[float, float]]
    begun: float = 0.0
    ended: float = 0.0
    had: float = 0.0
    passes: list[float] = field(default_factory=list)

    @property
    def alone_s(self) -> float:
        return sum(pause + duration for pause, duration in self.steps)


def run(jobs: list[Simulated], fifo: bool = False) -> None:
    """Let one network serve the jobs in the order that FairShares says, or first come, first served."""
    shares, waiting, come = FairShares(), [], []
    for k, job in enumerate(jobs):
        heapq.heappush(come, (job.begun + job.steps[0][0], k, 0))
    now = 0.0
    while come or waiting:
        while come and come[0][0] <= now:
            when, k, step = heapq.heappop(come)
            shares.arrive(jobs[k].token, k)
            waiting.append((when, k, step))
        if not waiting:
            now = come[0][0]
            continue
        order = (lambda one: one[0]) if fifo else (lambda one: shares.order(jobs[one[1]].token, one[1]))
        first = min(waiting, key=order)
        _, k, step = first
        job, duration = jobs[k], jobs[k].steps[step][1]
        held = float("-inf") if fifo else shares.held_until(job.token, k, duration)
        if held > now:
            now = min(held, come[0][0]) if come else held
            continue
        waiting.remove(first)
        shares.withdraw(job.token, k)
        shares.begin(job.token, k)
        now += duration
        shares.charge(job.token, k, duration, now)
        job.had += duration
        job.passes.append(now)
        if step + 1 < len(job.steps):
            heapq.heappush(come, (now + job.steps[step + 1][0], k, step + 1))
        else:
            job.ended = now
            shares.leave(job.token, k)
    assert len(shares) == 0


def beside(small: list[tuple[float, float]], large_s: float, same_token: bool, **how) -> Simulated:
    """Return a small job that begins while a large one of very many passes is under way."""
    needed = 4 * sum(a + b for a, b in small) + 10 * large_s
    large = Simulated("large", [(0.001, large_s)] * int(needed / large_s + 1))
    one = Simulated("large" if same_token else "small", small, begun=1.5 * large_s)
    run([large, one], **how)
    return one


@pytest.mark.parametrize("same_token", [False, True])
@pytest.mark.parametrize("pause_s", [0.0, 0.001, 0.02, 0.3, 2.0])
def test_a_small_job_ends_within_three_times_its_time_alone_and_one_pass(same_token, pause_s):
    one = beside([(pause_s, 0.02)] * 40, 1.0, same_token)
    assert one.ended - one.begun <= 3 * one.alone_s + 1.0


def test_first_come_first_served_would_not_hold_that():
    """The bar above is one that the old rule fails: each small pass waited for a large one."""
    one = beside([(0.001, 0.02)] * 40, 1.0, False, fifo=True)
    assert one.ended - one.begun > 10 * one.alone_s


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.001, 0.5)), min_size=1, max_size=30),
    st.floats(0.5, 4.0),
    st.booleans(),
)
def test_whatever_the_passes_and_pauses_are(small, large_s, same_token):
    one = beside(small, large_s, same_token)
    assert one.ended - one.begun <= 3 * one.alone_s + large_s + 1e-6


def test_tokens_share_the_network_equally_however_many_jobs_they_have():
    many = [Simulated("many", [(0.0, 0.1)] * 400) for _ in range(5)]
    one = Simulated("one", [(0.0, 0.3)] * 60)
    run([*many, one])
    until = one.ended
    theirs = sum(0.1 for job in many for end in job.passes if end <= until)
    assert abs(theirs - one.had) < 0.6
    halves = [sum(1 for end in job.passes if end <= until) for job in many]
    assert max(halves) - min(halves) <= 1, "and a token's jobs share its part"


def test_nobody_saves_up_time_by_asking_for_nothing():
    busy = Simulated("busy", [(0.0, 0.1)] * 400)
    late = Simulated("late", [(0.0, 0.1)] * 100, begun=20.0)
    run([busy, late])
    served = sum(1 for end in busy.passes if 20.0 < end <= late.ended)
    assert served >= 95


def test_alone_nobody_waits():
    one = Simulated("a", [(0.1, 0.2)] * 20)
    run([one])
    assert one.ended == pytest.approx(one.alone_s)


def test_what_left_is_forgotten():
    shares = FairShares()
    for k in range(1000):
        shares.arrive("a", k)
        shares.withdraw("a", k)
        shares.charge("a", k, 1.0, float(k))
        shares.leave("a", k)
    shares.leave("a", "never came")
    shares.charge("a", 3, 1.0, 0.0)
    assert len(shares) == 0
