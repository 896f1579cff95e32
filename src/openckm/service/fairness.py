"""This module says whose pass of the network is next: tokens share its time equally, and a token's jobs share its part.

This is start-time fair queueing on two levels. Every flow (a token; a job of a token) has a virtual time, the seconds
of passes that it has had, and the flow with the least goes next. A flow that comes back after a pause begins at the
virtual time of the pass that began last, so that nobody saves up time by asking for nothing. A pass of T seconds
therefore costs a small job a wait of T once, after which it has T seconds of passes before the large job has its next.

Between two passes a job computes for a moment by itself. If a large pass began whenever a small job pauses, the small
one would wait for a large pass before each of its own. So a pass that is expected to take T seconds is held for up to
T / 2 where a job that is owed time had its last pass less than T / 2 ago. With t the passes of the small job and g its
pauses, its time beside any number of passes of one large job is then at most

    sum over the passes of 2 t   +   sum over the pauses of 3 g   +   T,

which is three times its time alone and one pass. Pure code without threads and clocks.

References:
    P. Goyal, H. Vin, H. Cheng, Start-time fair queueing, 1996.
    S. Iyer, P. Druschel, Anticipatory scheduling: a disk scheduling framework to overcome deceptive idleness, 2001.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

_HOLD = 0.5
"""For which part of its own duration a pass is held for a job that is owed time and pauses."""
Order = tuple[float, float]


@dataclass
class _Flow:
    """What a token or a job has had.

    Attributes:
        time: its virtual time [s].
        pending: calls that wait or run.
        ended: time at which its last pass ended [s].
    """

    time: float = 0.0
    pending: int = 0
    ended: float = float("-inf")


class FairShares:
    """The account of who had how much of the network."""

    def __init__(self) -> None:
        self._tokens: dict[str, _Flow] = {}
        self._jobs: dict[str, dict[Hashable, _Flow]] = {}
        self._begun = 0.0
        self._begun_in: dict[str, float] = {}

    def __len__(self) -> int:
        return sum(len(jobs) for jobs in self._jobs.values())

    def arrive(self, token: str, job: Hashable) -> None:
        """Note that a call of a job waits."""
        flow = self._tokens.setdefault(token, _Flow(self._begun))
        if not flow.pending:
            flow.time = max(flow.time, self._begun)
        flow.pending += 1
        least = self._begun_in.setdefault(token, 0.0)
        own = self._jobs.setdefault(token, {}).setdefault(job, _Flow(least))
        if not own.pending:
            own.time = max(own.time, least)
        own.pending += 1

    def withdraw(self, token: str, job: Hashable) -> None:
        """Note that a call waits no more, served or not."""
        self._tokens[token].pending -= 1
        self._jobs[token][job].pending -= 1

    def order(self, token: str, job: Hashable) -> Order:
        """Return what calls are ordered by, the least first."""
        return self._tokens[token].time, self._jobs[token][job].time

    def begin(self, token: str, job: Hashable) -> None:
        """Note that a pass of a job begins."""
        self._begun, self._begun_in[token] = self.order(token, job)

    def charge(self, token: str, job: Hashable, seconds: float, now: float) -> None:
        """Note that a job has had so many seconds of a pass that ended now."""
        for flow in (self._tokens.get(token), self._jobs.get(token, {}).get(job)):
            if flow is not None:  # a job may have left while its call was in somebody else's pass
                flow.time += seconds
                flow.ended = now

    def held_until(self, token: str, job: Hashable, expected_s: float) -> float:
        """Return until when the pass of a job, which is the next in order, waits for one that is owed time."""
        own, hold = self.order(token, job), _HOLD * expected_s
        paused = [
            flow.ended + hold
            for name, jobs in self._jobs.items()
            for key, flow in jobs.items()
            if not flow.pending and (name, key) != (token, job) and self._owed(name, flow) < own
        ]
        return max(paused, default=float("-inf"))

    def leave(self, token: str, job: Hashable) -> None:
        """Forget a job that ended, and its token if it has no other."""
        jobs = self._jobs.get(token, {})
        jobs.pop(job, None)
        if not jobs:
            self._jobs.pop(token, None)
            self._begun_in.pop(token, None)
            gone = self._tokens.pop(token, None)
            if gone is not None and not self._tokens:
                self._begun = 0.0

    def _owed(self, token: str, flow: _Flow) -> Order:
        """Return the order that a paused job would have if it came back now."""
        of_token = self._tokens[token]
        time = of_token.time if of_token.pending else max(of_token.time, self._begun)
        return time, max(flow.time, self._begun_in.get(token, 0.0))
