"""Jobs share passes of the network, and no answer shows it: the same bits with and without company."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest
import torch
from node_worlds import CARD, Still, auth, client_of, config, evidence_request, site_request, tiny_model

from openckm.infer.draws import OutOfTime
from openckm.priors.denoiser import MapDenoiser, MapDenoiserOptions
from openckm.priors.pretrained import load_prior, save_prior
from openckm.service import batching
from openckm.service.answers import plan
from openckm.service.batching import PassScheduler, SharedDenoiser, passes_of
from openckm.service.config import Limits
from openckm.service.model_keeper import Model
from openckm.service.node import Node
from openckm.service.queue import Cancelled, Job, JobQueue
from openckm.service.requests import parse


class Held:
    """A function of rows whose first call waits, so that others meet behind it."""

    def __init__(self, function=lambda x: (2.0 * x,)) -> None:
        self.function, self.sizes = function, []
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self, x):
        self.sizes.append(len(x))
        if len(self.sizes) == 1:
            self.inside.set()
            assert self.go.wait(20)
        return self.function(x)


def together(scheduler: PassScheduler, held: Held, inputs, keys=None) -> list:
    """Run the first input, and the others while it is under way; return what each got, or its error."""
    out: list = [None] * len(inputs)

    def call(k):
        try:
            (out[k],) = scheduler.run(held, (inputs[k],), keys[k] if keys else "same")
        except ValueError as error:
            out[k] = error

    threads = [threading.Thread(target=call, args=(k,)) for k in range(len(inputs))]
    threads[0].start()
    assert held.inside.wait(20)
    for k, thread in enumerate(threads[1:], 1):
        thread.start()
        end = time.monotonic() + 20
        while len(scheduler._waiting) < k:
            assert time.monotonic() < end
            time.sleep(0.001)
    held.go.set()
    for thread in threads:
        thread.join(20)
    return out


def rows(*sizes: int) -> list[torch.Tensor]:
    return [torch.randn((n, 2, 4, 4), generator=torch.Generator().manual_seed(n)) for n in sizes]


def test_calls_that_meet_are_one_batch_and_each_gets_its_own():
    scheduler, held, inputs = PassScheduler(), Held(), rows(1, 2, 3, 1)
    out = together(scheduler, held, inputs)
    assert all(torch.equal(a, 2.0 * b) for a, b in zip(out, inputs, strict=True))
    assert scheduler.batches == {1: 1, 3: 1}
    assert 6 in held.sizes


def test_calls_of_another_key_do_not_share():
    scheduler, held, inputs = PassScheduler(), Held(), rows(1, 2, 3)
    out = together(scheduler, held, inputs, ["a", "b", "c"])
    assert all(torch.equal(a, 2.0 * b) for a, b in zip(out, inputs, strict=True))
    assert (scheduler.batches, sorted(held.sizes)) == ({1: 3}, [1, 2, 3])


def test_a_batch_is_bounded(monkeypatch):
    monkeypatch.setattr(batching, "MOST_CELLS", 3 * 16)
    held = Held()
    together(PassScheduler(), held, rows(1, 2, 2, 1))
    assert max(held.sizes) == 3


def test_where_batches_round_differently_nothing_is_shared():
    """A function whose answer depends on how many maps it is given, as some kernels' last bit does."""
    scheduler, held, inputs = PassScheduler(), Held(lambda x: (x * (1.0 + 2.0**-23 * (len(x) > 2)),)), rows(1, 1, 2, 1)
    out = together(scheduler, held, inputs)
    assert all(torch.equal(a, b) for a, b in zip(out, inputs, strict=True))
    assert scheduler.batches == {1: 4}
    asked = len(held.sizes)
    held.inside.clear()
    held.sizes.clear()
    held.go.clear()
    together(scheduler, held, inputs)
    assert len(held.sizes) == 4 < asked, "what was found is remembered"


def test_one_call_that_fails_does_not_spoil_the_others():
    def picky(x):
        if (x > 100.0).any():
            raise ValueError("too large")
        return (2.0 * x,)

    scheduler, held, inputs = PassScheduler(), Held(picky), rows(1, 2, 3)
    inputs[1] = inputs[1] + 1000.0
    first, bad, last = together(scheduler, held, inputs)
    assert isinstance(bad, ValueError)
    assert torch.equal(first, 2.0 * inputs[0])
    assert torch.equal(last, 2.0 * inputs[2])


def test_sides_that_the_strides_do_not_divide_are_answered():
    torch.manual_seed(0)
    plain = MapDenoiser(MapDenoiserOptions((8, 8), 1)).requires_grad_(False)
    shared, sigma = SharedDenoiser(plain), torch.full((1,), 0.5)
    assert plain.multiple == 4
    with torch.no_grad():
        even = torch.randn(1, 5, 8, 8)
        assert torch.equal(shared(even, sigma).mean, plain(even, sigma).mean)
        odd = shared(even[..., :7, :5], sigma)
    assert odd.mean.shape == odd.var.shape == (1, 5, 7, 5)
    assert torch.isfinite(odd.mean).all()


def test_a_call_of_many_maps_runs_in_passes_of_bounded_size(monkeypatch):
    monkeypatch.setattr(batching, "MOST_CELLS", 3 * 16)
    sizes = []

    def double(x):
        sizes.append(len(x))
        return (2.0 * x,)

    (many,), (large,) = rows(8), [torch.randn((2, 2, 16, 16))]
    scheduler = PassScheduler()
    for given in (many, large):
        (found,) = scheduler.run(double, (given,), "k")
        assert torch.equal(found, 2.0 * given)
    assert sizes == [3, 3, 2, 1, 1], "and where one map has more cells than a pass, it is one map"


def test_every_call_runs_with_the_gradients_of_its_own_thread():
    """A waiting call is not run by a thread that wants no gradients where it does: that belongs to threads."""
    scheduler, held = PassScheduler(), Held()
    out = {}

    def call(name, wanted):
        def square(x):
            return (x @ x.mT,)

        x = torch.full((1, 2, 4, 4), 1.001, requires_grad=True)
        with torch.set_grad_enabled(wanted):
            (out[name],) = scheduler.run(square, (x,), batching._key((x,)))

    first = threading.Thread(target=lambda: scheduler.run(held, (rows(1)[0],), "first"))
    first.start()
    assert held.inside.wait(20)
    threads = [threading.Thread(target=call, args=(k, k % 2 == 0)) for k in range(6)]
    for thread in threads:
        thread.start()
    while len(scheduler._waiting) < 6:
        time.sleep(0.001)
    held.go.set()
    for thread in (first, *threads):
        thread.join(20)
    assert [out[k].requires_grad for k in range(6)] == [True, False] * 3


def job_of(owner: str, deadline_s: float = 60.0) -> Job:
    return Job(f"{owner}-{time.monotonic_ns()}", owner, "t", time.monotonic() + deadline_s, None)


@pytest.mark.parametrize(("ends", "error"), [("deadline", OutOfTime), ("deletion", Cancelled)])
def test_a_waiting_call_leaves_at_its_deadline_and_when_its_job_is_deleted(ends, error):
    """Today's pass goes on for 20 s; who waits behind it does not."""
    scheduler, held, told = PassScheduler(), Held(), {}
    first = threading.Thread(target=lambda: scheduler.run(held, (rows(1)[0],), "first"))
    first.start()
    assert held.inside.wait(20)
    job = job_of("a", 0.3 if ends == "deadline" else 60.0)

    def wait():
        try:
            with passes_of(job):
                scheduler.run(lambda x: (x,), (rows(2)[0],), "other")
        except (OutOfTime, Cancelled) as failure:
            told["error"], told["at"] = failure, time.monotonic()

    waiting = threading.Thread(target=wait)
    begun = time.monotonic()
    waiting.start()
    if ends == "deletion":
        threading.Timer(0.3, job.stop).start()
    waiting.join(10)
    assert isinstance(told["error"], error)
    assert 0.25 < told["at"] - begun < 5.0
    assert not held.go.is_set(), "the pass it waited for is still under way"
    assert scheduler._waiting == []
    held.go.set()
    first.join(20)
    assert scheduler.run(lambda x: (x + 1.0,), (rows(1)[0],), "third")


class Slow:
    """A network that takes 2 microseconds a cell, and nothing of the processor."""

    CELL_S = 2e-6

    def __call__(self, x):
        time.sleep(self.CELL_S * x.shape[0] * x.shape[-1] * x.shape[-2])
        return (x,)


def passes(scheduler: PassScheduler, job: Job, side: int, count: int) -> float:
    """Run so many passes of a job and return how long they took [s]."""
    begun, x = time.monotonic(), torch.zeros(1, 1, side, side)
    with passes_of(job):
        for _ in range(count):
            scheduler.run(Slow(), (x,), ("slow", side))
    return time.monotonic() - begun


@pytest.mark.parametrize("owner", ["small", "large"])
def test_beside_the_largest_job_a_small_one_ends_within_three_times_its_time_and_one_pass(owner):
    scheduler, large, stopped = PassScheduler(), job_of("large"), threading.Event()
    alone_s, pass_s = passes(scheduler, job_of("small"), 64, 30), Slow.CELL_S * 256 * 256

    def many():
        with passes_of(large):
            while not stopped.is_set():
                scheduler.run(Slow(), (torch.zeros(4, 1, 256, 256),), ("slow", 256))

    thread = threading.Thread(target=many)
    thread.start()
    time.sleep(0.2)
    try:
        beside_s = passes(scheduler, job_of(owner), 64, 30)
    finally:
        stopped.set()
        thread.join(20)
    assert beside_s <= 3 * alone_s + pass_s + 0.3, (beside_s, alone_s, pass_s)


def test_a_deadline_is_kept_within_one_pass_beside_the_largest_job():
    scheduler, stopped = PassScheduler(), threading.Event()
    pass_s, deadline_s = Slow.CELL_S * 256 * 256, 0.5

    def many():
        with passes_of(job_of("large")):
            while not stopped.is_set():
                scheduler.run(Slow(), (torch.zeros(4, 1, 256, 256),), ("slow", 256))

    thread = threading.Thread(target=many)
    thread.start()
    begun = time.monotonic()
    try:
        with pytest.raises(OutOfTime):
            passes(scheduler, job_of("small", deadline_s), 128, 1000)
        late_s = time.monotonic() - begun - deadline_s
    finally:
        stopped.set()
        thread.join(20)
    assert 0.0 <= late_s <= pass_s + 0.2


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")


def maps(service: Node, requests: list[dict]) -> list:
    """Return the draws and the mean of every request, sent at once."""
    out = []
    with client_of(service) as client:
        places = [client.post("/v1/jobs", json=request, headers=auth()).headers["Location"] for request in requests]
        for place in places:
            assert client.get(place, params={"wait_s": 60}, headers=auth()).json()["state"] == "done"
            made = service.queue.find("planner", place.rsplit("/", 1)[1]).result
            out.append((made.mean(), made.draws() if "draws" in made.dataset else np.zeros(0)))
    return out


def test_company_changes_no_bit_of_an_answer(model):
    requests = [evidence_request(seed=k, draws=1 + k % 3, steps=4) for k in range(4)]
    requests += [site_request(seed=k, draws=2) for k in range(3)] + [evidence_request(method="dps", steps=2)]
    model.denoiser.scheduler = PassScheduler()
    alone = maps(Node(config({"running": 1}), Still(model)), requests)
    assert set(model.denoiser.scheduler.batches) == {1}
    for _ in range(10):  # until some have met: two of them nearly always do at once
        shared = maps(Node(config({"running": 4, "running_per_token": 4}), Still(model)), requests)
        for (mean, drawn), (mean_too, drawn_too) in zip(alone, shared, strict=True):
            assert mean.tobytes() == mean_too.tobytes()
            assert drawn.tobytes() == drawn_too.tobytes()
        if max(model.denoiser.scheduler.batches) > 1:
            return
    pytest.fail("no two calls ever met")


def test_a_job_planned_for_one_model_runs_on_another_with_other_strides(model, tmp_path):
    """12 cells are a multiple of the strides of the model at submission, not of those of the one that answers."""
    save_prior(tmp_path / "m", MapDenoiser(MapDenoiserOptions((8, 8, 8), 1)), version="2.0.0", **CARD)
    denoiser, card = load_prior(tmp_path / "m")
    other = Model(SharedDenoiser(denoiser), card, None)
    assert (model.card.grid_multiple, card.grid_multiple) == (4, 8)
    sent = evidence_request(grid={"rows": 12, "cols": 12, "cell_m": 4.0})
    blocks = [[-90.0, -95.0, -100.0], [-93.0, -99.0, -100.0], [-96.0, -100.0, -104.0]]
    sent["likelihood"]["y"] = blocks
    sent["likelihood"]["operator"]["steps"][1]["factor"] = 4
    request = parse(json.dumps(sent).encode(), Limits())
    queue = JobQueue(Limits(), lambda: other)
    queue.start()
    try:
        job = queue.submit("a", "evidence", plan(request, model, Limits()), 60)
        end = time.monotonic() + 30
        while not job.over:
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        queue.stop()
    assert (job.state, job.version) == ("done", "2.0.0"), job.error
    assert np.abs(job.result.mean().reshape(3, 4, 3, 4).mean((1, 3)) - blocks).max() < 4.0
