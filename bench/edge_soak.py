"""Ten minutes of load on one edge, with updates and restarts: no answer lost or wrong, and memory that stays flat.

    python bench/edge_soak.py --seconds 600 --json out/soak.json

One process is the edge (`ckm edge run`), of a repository in a folder where a new version of a small untrained prior is
published again and again. Clients ask for maps of several kinds, all the time, and compare every answer with what the
same request gives here, by the library alone, on the version that the answer names: to the last bit. In the first
third the edge is told to end, or killed, and started again, now and then; after that it runs without a break, and its
resident memory is sampled. A client whose job is gone with a restart sends the same request again; a request without an
answer within two minutes is lost. The exit status is 1 if one was lost or wrong, or memory grew.
"""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openckm.evaluate.benches.edge import node_request
from openckm.evaluate.nodes import NodeProcess, free_ports
from openckm.nn.memory import resident_mb
from openckm.priors.denoiser import MapDenoiser, MapDenoiserOptions
from openckm.priors.pretrained import save_prior
from openckm.service.answers import plan
from openckm.service.config import Limits
from openckm.service.model_keeper import Model
from openckm.service.requests import parse
from openckm.service.results import encode_result
from openckm.store import KeyFolder, Repository

PATIENCE_S = 120.0
GROWTH = 1.1
"""Memory of the last third of the calm time over that of its second third, at most."""
CARD: dict[str, Any] = {
    "name": "soak", "cell_m": (1.0, 8.0), "carrier_hz": (1e9, 6e9), "training_data": "none", "recipe": "bench",
    "metrics": {"rmse_db": 1.0}, "licence": "Apache-2.0", "credits": "nobody",
}  # fmt: skip


class Unhurried:
    """A ticket of a job that may take its time, and has nobody to report to."""

    left_s = 600.0

    def report(self, what: str, done: int, total: int) -> None:
        """Tell nobody."""


def library_answer(request: dict[str, Any], model: Model, *, draws: bool = False) -> bytes:
    """Return the result of a request as the library computes it here, in the node's JSON."""
    limits = Limits()
    work = plan(parse(json.dumps(request).encode(), limits), model, limits)
    return encode_result(work(model, Unhurried()), "json", draws=draws)


def requests() -> list[dict[str, Any]]:
    """Return requests of several kinds and shapes."""
    out: list[dict[str, Any]] = []
    for seed, side in enumerate((16, 16, 24, 32)):
        out.append(node_request("site", side, seed) | {"draws": 2, "symmetrise": seed % 2 == 0})
        out.append(node_request("jfs", side, seed) | {"draws": 3, "steps": 4})
        out.append(node_request("mean", side, seed))
    return out


@dataclass
class Book:
    """What every request must be answered, and what was seen.

    Attributes:
        models: by version.
        seen: counts of answers by version, and of what happened.
        wrong: answers that are not those of the library.
        lost: requests without an answer.
        memory: (seconds, resident bytes) of the edge while nothing restarts it.
    """

    models: dict[str, Model] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    _known: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, request: dict[str, Any], answer: dict[str, Any]) -> bool:
        """Compare an answer with the library's on the same version."""
        version, key = answer["provenance"]["version"], json.dumps(request, sort_keys=True)
        with self._lock:
            if (key, version) not in self._known:
                known = library_answer(request, self.models[version], draws=True)
                self._known[key, version] = without_time(json.loads(known))
            good = without_time(answer) == self._known[key, version]
            self.seen[f"version {version}"] += 1
            if not good:
                self.wrong.append(f"{request['kind']} with seed {request['seed']} on {version}")
            return good

    def flat(self) -> tuple[bool, float]:
        """Return whether memory stayed flat, and its growth from the second third of the time to the last."""
        values = np.array([size for _, size in self.memory], np.float64)
        third = len(values) // 3
        if not third:
            return False, float("nan")
        growth = float(np.median(values[-third:]) / np.median(values[third:-third]))
        return growth <= GROWTH, growth


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the seconds that it took."""
    kept = {key: value for key, value in answer["provenance"].items() if key != "seconds"}
    return answer | {"provenance": kept}


def memory_of(edge: NodeProcess) -> int:
    """Return the resident memory of a node [bytes]."""
    found = resident_mb("VmRSS", edge.process.pid)
    if not found:
        raise RuntimeError(f"the edge, process {edge.process.pid}, is not there")
    return round(found * 2**20)


def answer_of(edge: NodeProcess, request: dict[str, Any], book: Book, end: float) -> dict[str, Any] | None:
    """Return the answer to a request, sent as often as restarts make it necessary; None if it is lost."""
    while time.monotonic() < end:
        try:
            sent = edge.client.call("POST", "/v1/jobs", request)
            if sent.status != 202:
                book.seen[f"told {sent.status}"] += 1
                time.sleep(0.3)
                continue
            place, state = f"/v1/jobs/{sent.fields['id']}", "queued"
            while state in ("queued", "running"):
                state = edge.client.call("GET", f"{place}?wait_s=10").fields.get("state", "gone")
            if state == "done":
                found = edge.client.call("GET", f"{place}/result?draws=true")
                if found.status == 200:
                    edge.client.call("DELETE", place)
                    return found.fields
            book.seen[f"sent again: {state}"] += 1
        except (OSError, http.client.HTTPException, ValueError):
            book.seen["sent again: no connection"] += 1
            time.sleep(0.2)
    return None


def client(edge: NodeProcess, book: Book, number: int, end: float) -> None:
    """Ask until the time is over."""
    rng, kinds = np.random.default_rng([number, 13]), requests()
    while time.monotonic() < end:
        request = kinds[int(rng.integers(len(kinds)))]
        found = answer_of(edge, request, book, time.monotonic() + PATIENCE_S)
        if found is None:
            book.lost.append(f"{request['kind']} with seed {request['seed']}")
        else:
            book.check(request, found)


class Cloud:
    """A repository in a folder, of versions that differ in every weight."""

    def __init__(self, folder: Path, book: Book) -> None:
        self.folder, self.book, self.count = folder, book, 0
        self.repository = Repository.create(str(folder / "repository"), KeyFolder(folder / "keys"))
        (folder / "root.json").write_bytes(self.repository.trust_root)

    def publish(self) -> None:
        """Publish the next version, once it is known here what it answers with."""
        version = f"1.0.{self.count}"
        torch.manual_seed(self.count)
        made = MapDenoiser(MapDenoiserOptions((8, 8), 1))
        save_prior(self.folder / version, made, version=version, **CARD)
        self.book.models[version] = Model.load(self.folder / version)
        self.repository.publish(self.folder / version, "stable", precisions=("bf16",))
        self.count += 1


def soak(seconds: float, clients: int, folder: Path, on_progress: Callable[[str], None] = print) -> Book:
    """Run the load and return what was seen.

    Args:
        seconds: of load; restarts in the first third of it [s].
        clients: at the same time.
        folder: for everything.
        on_progress: called with a line now and then.
    """
    book = Book()
    cloud = Cloud(folder, book)
    cloud.publish()
    (port,) = free_ports(1)
    config = folder / "edge.toml"
    config.write_text(
        f'[repository]\nurl = "{folder / "repository"}"\ntrust_root = "root.json"\ncache = "cache"\n'
        f"update_interval_s = 1\nretry_s = 1\n[server]\nport = {port}\nthreads = 1\ndrain_s = 5\n",
        encoding="utf-8",
    )
    edge = NodeProcess(["edge", "run", "--config", str(config)], port, log=folder / "edge.log")
    begun, every = time.monotonic(), max(seconds / 30.0, 4.0)
    threads = [threading.Thread(target=client, args=(edge, book, k, begun + seconds)) for k in range(clients)]
    for thread in threads:
        thread.start()
    turn = 0
    try:
        while (now := time.monotonic() - begun) < seconds:
            if now > (turn + 1) * every:
                turn += 1
                if turn % 2:
                    cloud.publish()
                elif now < seconds / 3.0:
                    edge.again(signal.SIGKILL if turn % 4 else signal.SIGTERM)
                    book.seen["restarts"] += 1
                on_progress(f"{now:5.0f} s  {dict(book.seen)}, wrong {len(book.wrong)}, lost {len(book.lost)}")
            if now > seconds / 3.0:
                book.memory.append((now, memory_of(edge)))
            time.sleep(0.5)
        for thread in threads:
            thread.join()
    finally:
        edge.stop()
    return book


def main() -> int:
    """Run it as the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="ckm-soak-") as folder:
        book = soak(given.seconds, given.clients, Path(folder), lambda line: print(line, flush=True))
    good, growth = book.flat()
    report = {
        "seconds": given.seconds, "clients": given.clients, "seen": dict(book.seen), "wrong": book.wrong,
        "lost": book.lost, "memory_growth": growth, "memory_bytes": [size for _, size in book.memory][:: max(
            len(book.memory) // 60, 1)],
    }  # fmt: skip
    print(f"wrong {len(book.wrong)}, lost {len(book.lost)}, memory {growth:.3f} times what it was")
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(bool(book.wrong or book.lost or not good))


if __name__ == "__main__":
    sys.exit(main())
