"""A node exports counts and times to Prometheus, and never a reading, a place or a name of a job."""

from __future__ import annotations

import math
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from openckm.nn.memory import peak_mb
from openckm.service.connections import ConnectionLimiter
from openckm.service.model_keeper import ALARMS, ModelKeeper
from openckm.service.queue import Job, JobQueue

_SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


_WARM = {
    "exact": "Requests answered by an earlier answer.", "similar": "Requests that began at an earlier ensemble.",
    "miss": "Requests with nothing near.", "fallback": "Requests whose near answer did not fit.",
    "unusable": "Requests for which the store failed.", "calls_saved": "Network calls that earlier answers saved.",
}  # fmt: skip


class Metrics:
    """The metrics of one service, with a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(name, words, labels, registry=self.registry)

        self._jobs = Counter("ckm_jobs", "Jobs that ended.", ("kind", "state"), registry=self.registry)
        self._seconds = Histogram(
            "ckm_job_seconds", "Time that jobs ran.", ("kind",), buckets=_SECONDS, registry=self.registry
        )
        self._requests = Counter("ckm_requests", "Requests answered.", ("route", "status"), registry=self.registry)
        self._waiting = gauge("ckm_jobs_waiting", "Jobs in the queue.")
        self._running = gauge("ckm_jobs_running", "Jobs that run.")
        self._kept = gauge("ckm_results_bytes", "Results in memory.")
        self._alarm = gauge("ckm_alarm", "1 while an alarm is raised.", "kind")
        self._model = gauge("ckm_model_info", "The model in use.", "name", "version")
        self._updates = gauge("ckm_model_updates", "Times that another model was put to use.")
        self._polls = gauge("ckm_update_polls", "Updates that were tried.")
        self._received = gauge("ckm_update_received_bytes", "Bytes received by updates.")
        self._memory = gauge(
            "ckm_peak_memory_bytes", "Largest resident memory so far; 0 where the system does not say."
        )
        self._passes = gauge("ckm_network_passes", "Passes of the model in use, by jobs that shared one.", "jobs")
        self._connections = gauge("ckm_connections", "Connections that are open.")
        self._turned_away = gauge("ckm_connections_refused", "Connections refused: every place was being answered.")
        self._silent = gauge("ckm_connections_ended", "Connections ended for their silence, or to make room.")
        self._warm = {how: Counter(f"ckm_flux_{how}", words, registry=self.registry) for how, words in _WARM.items()}
        self._seen = dict.fromkeys(_WARM, 0)
        self._warm_bytes = gauge("ckm_flux_bytes", "Bytes of answers that are kept.")

    def job(self, job: Job) -> None:
        """Count a job that ended."""
        self._jobs.labels(job.kind, job.state).inc()
        self._seconds.labels(job.kind).observe(job.run_s)

    def request(self, route: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()

    def text(
        self, keeper: ModelKeeper, queue: JobQueue, limiter: ConnectionLimiter | None, memory: Mapping[str, int]
    ) -> bytes:
        """Return everything in Prometheus' text format; `memory` says how requests used earlier answers."""
        for how, seen in self._seen.items():
            counter, now = self._warm[how], memory.get(how, 0)
            counter.inc(max(now - seen, 0))
            self._seen[how] = max(now, seen)
        self._warm_bytes.set(memory.get("bytes", 0))
        raised = {alarm.kind for alarm in keeper.alarms}
        for kind in ALARMS:
            self._alarm.labels(kind).set(int(kind in raised))
        self._model.clear()
        self._passes.clear()
        if (model := keeper.model) is not None:
            self._model.labels(model.card.name, model.card.version).set(1)
            for jobs, count in dict(model.denoiser.scheduler.batches).items():
                self._passes.labels(str(jobs)).set(count)
        if limiter is not None:
            self._connections.set(len(limiter))
            self._turned_away.set(limiter.refused)
            self._silent.set(limiter.ended)
        self._waiting.set(queue.waiting)
        self._running.set(queue.running)
        self._kept.set(queue.kept_bytes)
        self._updates.set(keeper.updates)
        self._polls.set(keeper.polls)
        self._received.set(keeper.received_bytes)
        self._memory.set(_peak_memory_bytes())
        return generate_latest(self.registry)


def _peak_memory_bytes() -> int:
    """Largest resident memory of this process so far [bytes]; 0 where the system does not say (Windows)."""
    largest = peak_mb()
    return 0 if math.isnan(largest) else round(largest * 2**20)
