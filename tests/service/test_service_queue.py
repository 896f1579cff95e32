"""The queue: bounded, fair, cancellable, with deadlines, and forgetful."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref

import numpy as np
import pytest
from node_worlds import Still, auth, client_of, config, evidence_request, site_request, tiny_model

from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.priors.posterior import one_by_one
from openckm.service.answers import plan
from openckm.service.batching import MOST_CELLS, PassScheduler
from openckm.service.config import Limits
from openckm.service.node import Node
from openckm.service.queue import ENDING, Busy, Draining, JobQueue
from openckm.service.requests import parse


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")


def a_map(side: int = 4) -> RadioMap:
    plane = np.zeros((1, side, side), np.float32)
    return RadioMap.from_gaussian(Grid((side, side), 1.0), plane, plane + 1.0, ["gain_db"])


class Gate:
    """Work that waits until it is let through, and notes who came when."""

    def __init__(self) -> None:
        self.open, self.begun, self.order = threading.Event(), threading.Event(), []

    def work(self, name: str = ""):
        def run(model, ticket):
            self.begun.set()
            while not self.open.wait(0.01):
                ticket.report("waiting", 0, 1)
            self.order.append(name)
            return a_map()

        return run


@pytest.fixture
def make(model):
    made = []

    def build(**limits):
        queue = JobQueue(Limits(**{"running": 1} | limits), lambda: model)
        queue.start()
        made.append(queue)
        return queue

    yield build
    for queue in made:
        queue.stop()


def until(holds, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_full_queue_says_when_to_come_back_and_tokens_have_parts_of_it(make):
    queue, gate = make(queue=3, queue_per_token=2), Gate()
    queue.submit("a", "t", gate.work(), 60)
    until(lambda: queue.running)
    for _ in range(2):
        queue.submit("a", "t", gate.work(), 60)
    with pytest.raises(Busy) as busy:
        queue.submit("a", "t", gate.work(), 60)
    assert 1 <= busy.value.retry_s <= 600
    queue.submit("b", "t", gate.work(), 60)
    with pytest.raises(Busy):
        queue.submit("c", "t", gate.work(), 60)
    gate.open.set()
    until(queue_empty := lambda: not queue.waiting and not queue.running)
    assert queue_empty()
    assert queue.submit("c", "t", gate.work(), 60)


def test_tokens_take_turns(make):
    queue, gate = make(), Gate()
    for k in range(3):
        queue.submit("many", "t", gate.work(f"many {k}"), 60)
    until(lambda: queue.running)
    last = queue.submit("one", "t", gate.work("one"), 60)
    gate.open.set()
    until(lambda: last.over and len(gate.order) == 4)
    assert gate.order.index("one") <= 1 + 1
    assert gate.order[-1] == "many 2"


def test_cancel_waiting_and_running(make):
    queue, gate = make(), Gate()
    running, waiting = queue.submit("a", "t", gate.work("r"), 60), queue.submit("a", "t", gate.work("w"), 60)
    until(lambda: running.state == "running")
    queue.remove(waiting)
    assert (waiting.state, waiting.work) == ("cancelled", None)
    queue.remove(running)
    until(lambda: running.over)
    assert (running.state, running.result, gate.order) == ("cancelled", None, [])
    assert queue.find("a", running.id) is None


def test_a_deadline_that_passes_in_the_queue_fails_the_job(make):
    queue, gate = make(), Gate()
    queue.submit("a", "t", gate.work(), 60)
    late = queue.submit("a", "t", gate.work(), 0.01)
    time.sleep(0.05)
    gate.open.set()
    until(lambda: late.over)
    assert (late.state, late.error[0]) == ("failed", "deadline")


def test_evidence_is_forgotten_when_a_job_ends_and_its_result_when_it_expires(make):
    class Evidence:
        pass

    queue = make()
    evidence = Evidence()
    told = weakref.ref(evidence)

    def bound(held):
        return lambda model, ticket: (held, a_map())[1]

    job = queue.submit("a", "t", bound(evidence), 60)
    del evidence
    until(lambda: job.over)
    until(lambda: (gc.collect(), told() is None)[1])
    assert job.result is not None
    queue.limits = Limits(result_s=0.01)
    until(lambda: queue.find("a", job.id) is None)
    assert job.result is None


def test_results_are_bounded_in_number_and_bytes(make):
    queue = make(kept_per_token=3, result_bytes=3 * int(a_map().dataset.nbytes))
    for name in ("a", "b", "a", "b", "a", "b", "a"):
        job = queue.submit(name, "t", lambda model, ticket: a_map(), 60)
        until(lambda job=job: job.over)
    assert job.result is not None
    until(lambda: queue.kept_bytes <= 3 * a_map().dataset.nbytes)


def test_what_nobody_foresaw_fails_one_job_and_tells_no_reading(make, caplog):
    queue = make()

    def broken(model, ticket):
        raise RuntimeError("reading -83.25")

    job = queue.submit("a", "t", broken, 60)
    until(lambda: job.over)
    assert (job.state, job.error[0]) == ("failed", "internal")
    assert "RuntimeError" in caplog.text
    assert "-83.25" not in caplog.text + job.error[1]
    good = queue.submit("a", "t", lambda model, ticket: a_map(), 60)
    until(lambda: good.state == "done")


def test_a_node_about_to_end_takes_nothing_and_finishes_what_it_has(make):
    queue, gate = make(), Gate()
    job = queue.submit("a", "t", gate.work(), 60)
    until(gate.begun.is_set)
    waiting = queue.submit("a", "t", gate.work(), 60)
    queue.drain()
    with pytest.raises(Draining):
        queue.submit("a", "t", gate.work(), 60)
    assert (waiting.state, waiting.error, waiting.work) == ("failed", ENDING, None), "at once, while another runs on"
    assert job.state == "running"
    gate.open.set()
    until(lambda: job.state == "done")
    assert not queue.idle()
    job.fetched = True
    assert queue.idle()


def test_told_to_end_a_client_that_waits_gets_503_with_the_reason_at_once(model):
    """Over HTTP: what runs ends and is handed out, what waits is answered while it still runs."""
    node, gate = Node(config({"running": 1}), Still(model)), Gate()
    with client_of(node) as client:
        running = node.queue.submit("planner", "t", gate.work(), 60)
        until(gate.begun.is_set)
        place = client.post("/v1/jobs", json=site_request(), headers=auth()).headers["Location"]
        threading.Timer(0.3, node.queue.drain).start()
        begun = time.monotonic()
        answer = client.get(place, params={"wait_s": 50}, headers=auth())
        assert time.monotonic() - begun < 10.0
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ending")
        assert "about to end" in answer.json()["error"]["message"]
        assert answer.headers["Retry-After"] == "5"
        assert client.get(f"{place}/result", headers=auth()).status_code == 503
        assert client.post("/v1/jobs", json=site_request(), headers=auth()).status_code == 503
        assert running.state == "running"
        gate.open.set()
        told = client.get(f"/v1/jobs/{running.id}", params={"wait_s": 30}, headers=auth())
        assert told.json()["state"] == "done"
        assert client.get(f"/v1/jobs/{running.id}/result", headers=auth()).status_code == 200


def test_over_http_429_cancel_and_deadline(model):
    service = Node(config({"queue": 1, "queue_per_token": 1, "running": 1}), Still(model))
    slow = evidence_request(method="dps", steps=2000, draws=64)
    with client_of(service) as client:
        running = client.post("/v1/jobs", json=slow, headers=auth()).headers["Location"]
        until(lambda: service.queue.running)
        waiting = client.post("/v1/jobs", json=site_request(), headers=auth()).headers["Location"]
        refused = client.post("/v1/jobs", json=site_request(), headers=auth())
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
        assert 1 <= int(refused.headers["Retry-After"]) <= 600
        until(lambda: client.get(running, headers=auth()).json()["done"] > 0)
        assert client.get(f"{running}/result", headers=auth()).status_code == 409
        assert client.delete(running, headers=auth()).status_code == 204
        state = client.get(waiting, params={"wait_s": 30}, headers=auth()).json()
        assert state["state"] == "done"
        short = slow | {"deadline_s": 4.0}
        place = client.post("/v1/jobs", json=short, headers=auth()).headers["Location"]
        begun = time.monotonic()
        state = client.get(place, params={"wait_s": 30}, headers=auth()).json()
        assert time.monotonic() - begun < 20.0
        found = client.get(f"{place}/result", headers=auth()).json()
        assert (state["state"], found["provenance"]["draws"]) == ("done", 0)
        assert "0 of 64 draws: the deadline came first" in found["provenance"]["notes"]


def test_a_waiting_job_fails_at_its_deadline_though_another_runs_on(make):
    queue, gate = make(), Gate()
    long = queue.submit("a", "t", gate.work(), 60)
    until(gate.begun.is_set)
    late = queue.submit("b", "t", gate.work(), 0.1)
    until(lambda: late.over)
    assert (late.state, late.error[0], late.work) == ("failed", "deadline", None)
    assert (long.state, queue.waiting) == ("running", 0)
    gate.open.set()
    until(lambda: long.over)
    assert long.state == "done"


def test_jobs_run_together_but_one_token_leaves_a_worker_to_the_others(make):
    queue, gate = make(running=3, running_per_token=2), Gate()
    many = [queue.submit("many", "t", gate.work(), 60) for _ in range(4)]
    until(lambda: queue.running == 2)
    time.sleep(0.05)
    assert (queue.running, queue.waiting) == (2, 2)
    one = queue.submit("one", "t", lambda model, ticket: a_map(), 60)
    until(lambda: one.state == "done")
    gate.open.set()
    until(lambda: all(job.state == "done" for job in many))


def test_jobs_that_fail_while_they_wait_do_not_pile_up(make):
    queue, gate = make(kept_per_token=3, queue=100, queue_per_token=100), Gate()
    queue.submit("a", "t", gate.work(), 60)
    until(lambda: queue.running)
    late = [queue.submit("a", "t", gate.work(), 0.001) for _ in range(20)]
    until(lambda: all(job.over for job in late))
    assert sum(queue.find("a", job.id) is not None for job in late) == 3
    gate.open.set()


class Hurried:
    """A ticket whose time is over when it is asked a second time."""

    def __init__(self) -> None:
        self.asked = 0

    @property
    def left_s(self) -> float:
        self.asked += 1
        return 1e-4 if self.asked == 1 else 0.0

    def report(self, what, done, total):
        """Nobody listens."""


def test_what_the_deadline_cut_stands_in_the_answer(model):
    """Draws and orientations that were left out are counted, in words, for a site and for any likelihood."""
    for request, told in (
        (site_request(draws=4, symmetrise=True), "14 orientations left out of the mean: the deadline came first"),
        (evidence_request(draws=4), "7 orientations left out of the mean: the deadline came first"),
    ):
        work = plan(parse(json.dumps(request).encode(), Limits()), model, Limits())
        with one_by_one():  # one orientation a pass, as of a large map
            notes = work(model, Hurried()).provenance["notes"]
        assert told in notes
        assert "0 of 4 draws: the deadline came first" in notes


def test_an_evidence_job_on_a_large_map_runs_in_passes_of_a_tile(model, monkeypatch):
    sizes = []
    inner = PassScheduler._run_chosen

    def noted(self, chosen):
        sizes.append(sum(call.cells for call in chosen))
        return inner(self, chosen)

    monkeypatch.setattr(PassScheduler, "_run_chosen", noted)
    request = evidence_request(grid={"rows": 512, "cols": 512, "cell_m": 4.0}, method="mean", draws=0)
    request["likelihood"]["operator"]["steps"][1]["factor"] = 256
    work = plan(parse(json.dumps(request).encode(), Limits()), model, Limits())
    made = work(model, Hurried())
    assert made.grid.shape == (512, 512)
    assert sizes and max(sizes) <= MOST_CELLS == 4 * 128 * 128
