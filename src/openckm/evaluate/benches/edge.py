"""Benchmark "edge": a node as a process of its own, and clients of it over loopback.

    edge, METHOD, N clients      requests per second; latency from sending a request to holding its map [s]
    edge, cold start             from starting the process with a cached model to holding the first map [s]
    update, PRECISION            time and bytes of a first update, of one that finds nothing new, and of a refresh
    PRECISION                    RMSE with the weights as published, over that with fp32 of the same weights

The methods are the product's own on a site request (`site`, 8 orientations; `site_1`, one), the mean of any likelihood
in one step (`mean`), 4 draws by `jfs`, and one draw by each of the other samplers that a request may name, as it is set
by default (`dps`: 50 steps in place of 2,000). Every client sends its next request when it holds the last map; a
request that is asked to come back later does, and its waiting counts. The prior is the shipped one, published by a key
made for the benchmark; its weights were shipped in bf16, so that what bf16 loses against them is nothing by
construction, and what int8 loses is what is to be seen. Another prior, in fp32, may be named by $OPENCKM_EDGE_PRIOR. A
refresh of the prior, a model folder of a later version, is named by $OPENCKM_EDGE_REFRESH; without it there are no rows
about refreshes.
"""

from __future__ import annotations

import http.client
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ComputationError
from openckm.evaluate.benches.heldout import heldout_case, load_heldout
from openckm.evaluate.nodes import Client, NodeProcess, free_ports
from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.scores.scoring import Score, ask, case_of, city_of, ratio_rows, summary_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.infer.construct import OpenCKM
from openckm.store import KeyFolder, Repository, UpdateOptions, Updater

_PRIOR_VARIABLE = "OPENCKM_EDGE_PRIOR"
PRECISIONS = ("fp32", "bf16", "int8")
_REFRESH_VARIABLE = "OPENCKM_EDGE_REFRESH"
_SAMPLERS = {"jfs": (4, None), "mmps": (1, None), "diffpir": (1, None), "daps": (1, None), "dps": (1, 50)}
"""Draws of a request, and steps where they are not those of the method."""
METHODS = ("site", "site_1", "mean", *_SAMPLERS)
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class EdgeOptions:
    """How much is run.

    Attributes:
        clients: numbers of clients at the same time.
        requests: the requests of each client, and method.
        least: requests of all clients together, at least.
        starts: cold starts.
        maps: held-out maps of the comparison of precisions.
        side: the side of a map that clients ask for [cells].
        methods: some of METHODS.
    """

    clients: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    requests: int = 1
    least: int = 8
    starts: int = 5
    maps: int = 24
    side: int = 64
    methods: tuple[str, ...] = METHODS


QUICK = EdgeOptions(clients=(1, 4), requests=1, least=4, starts=1, maps=2, side=32)


@benchmark("data_dir")
def run(setup: Setup, options: EdgeOptions | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means few requests on small maps.
        options: how much is run; overrides `quick`.

    Raises:
        ComputationError: if the node does not start, or loses a request.
    """
    chosen = options or (QUICK if setup.quick else EdgeOptions())
    with tempfile.TemporaryDirectory(prefix="ckm-bench-") as name:
        folder = Path(name)
        given = os.environ.get(_PRIOR_VARIABLE)
        prior = Path(given) if given else Path(str(files("openckm.assets") / "prior_s"))
        repository = Repository.create(str(folder / "repository"), KeyFolder(folder / "keys"))
        repository.publish(prior, "stable", precisions=PRECISIONS)
        (folder / "root.json").write_bytes(repository.trust_root)
        rows, models = _updates(folder, repository.trust_root)
        scores = _accuracy(models, setup.maps(), chosen.maps)
        rows += table(scores)
        rows += _starts(folder, chosen, setup.tell)
        rows += _loads(folder, chosen, setup.tell)
        refreshed = os.environ.get(_REFRESH_VARIABLE)
        rows += _refresh(folder, repository, Path(refreshed)) if refreshed else []
    return Results(rows, scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows about accuracy from their cases; those of times and bytes are of no case."""
    return summary_rows(scores, ("rmse_db",)) + ratio_rows(scores, rivals=PRECISIONS[:1])


def _updates(folder: Path, root: bytes) -> tuple[list[Row], dict[str, Path]]:
    """Update an empty cache, and one that is up to date, in every precision."""
    rows, models = [], {}
    for precision in PRECISIONS:
        cache = folder / f"cache_{precision}"
        updater = Updater(root, str(folder / "repository"), cache, options=UpdateOptions(precision=precision))
        for split in ("first", "nothing new"):
            models[precision], found = _update(updater, precision, split)
            rows += found
    return rows, models


def _refresh(folder: Path, repository: Repository, refreshed: Path) -> list[Row]:
    """Publish a refresh of the model that the caches hold, and update them."""
    repository.publish(refreshed, "stable", precisions=PRECISIONS)
    rows = []
    for precision in PRECISIONS:
        cache, options = folder / f"cache_{precision}", UpdateOptions(precision=precision)
        updater = Updater(repository.trust_root, str(folder / "repository"), cache, options=options)
        rows += _update(updater, precision, "refresh")[1]
    return rows


def _update(updater: Updater, precision: str, split: str) -> tuple[Path, list[Row]]:
    begun = time.perf_counter()
    model = updater.update()
    seconds = time.perf_counter() - begun
    received = 0 if updater.report is None else updater.report.received
    return model, [
        _row("update", precision, split, "seconds", [seconds]),
        _row("update", precision, split, "bytes", [float(received)]),
    ]


def _accuracy(models: dict[str, Path], data: Path, count: int) -> list[Score]:
    """Return the scores of held-out maps in every precision, 2 % of their free cells read and the site known."""
    scores = []
    for k, traced in enumerate(load_heldout(data, count)):
        known, truth = heldout_case(traced, "gain", 0.02, k)
        for precision in PRECISIONS:
            method = OpenCKM(prior=models[precision], symmetrise=False, name=precision)
            where = ("openckm", "2.0%", case_of(traced, k), city_of(traced))
            scores.append(ask(method, known, traced.grid, truth, where, seed=k)[0])
    return scores


def _starts(folder: Path, options: EdgeOptions, progress: Progress) -> list[Row]:
    """Start the node with a cached model and time the first map."""
    waits = []
    for k in range(options.starts):
        begun = time.perf_counter()
        with _node(folder) as node:
            node.client.ask(node_request("site_1", 32, k))
            waits.append(time.perf_counter() - begun)
        progress("cold starts", k + 1, options.starts)
    return [_row("edge", "cold start", "site_1, 32 x 32", "seconds", waits)]


def _loads(folder: Path, options: EdgeOptions, progress: Progress) -> list[Row]:
    rows, total, done = [], len(options.methods) * len(options.clients), 0
    with _node(folder) as node:
        for method in options.methods:
            node.client.ask(node_request(method, options.side, 0))
            for clients in options.clients:
                waits, seconds = _load(node.client, method, clients, options)
                task, split = f"{method}, {options.side} x {options.side}", f"{clients} clients"
                found = {"requests_per_s": len(waits) / seconds}
                found |= {f"latency_p{level}_s": float(np.percentile(waits, level)) for level in (50, 95, 99)}
                rows += [plain_row("edge", task, split, m, v, len(waits), seconds=seconds) for m, v in found.items()]
                done += 1
                progress("load", done, total)
    return rows


def _load(client: Client, method: str, clients: int, options: EdgeOptions) -> tuple[NDArray[np.float64], float]:
    """Return how long every request took [s], and all of them together."""
    each = max(options.requests, -(-options.least // clients))
    waits: list[float] = []
    lost: list[str] = []

    def work(number: int) -> None:
        for k in range(each):
            begun = time.perf_counter()
            try:
                client.ask(node_request(method, options.side, number * each + k))
            except (OSError, ComputationError, http.client.HTTPException, ValueError) as error:
                lost.append(repr(error))
            waits.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if lost:
        raise ComputationError(f"{len(lost)} of {clients * each} requests were lost; the first: {lost[0]}")
    return np.array(waits), time.perf_counter() - begun


def node_request(method: str, side: int, seed: int) -> dict[str, Any]:
    """Return a request for a map of so many cells a side by one of METHODS; its readings are functions of the seed."""
    rng = np.random.default_rng([seed, 12])
    request: dict[str, Any] = {
        "grid": {"rows": side, "cols": side, "cell_m": 4.0}, "seed": seed, "deadline_s": _PATIENCE_S,
        "transmitter": {"x": 2.0 * side, "y": -2.0 * side},
    }  # fmt: skip
    if method in ("site", "site_1"):
        x, y = rng.uniform(1.0, 4.0 * side - 1.0, (2, 60))
        points = {"x": x.tolist(), "y": (-y).tolist(), "value": rng.normal(-95.0, 8.0, 60).tolist(), "unit": "dB"}
        return request | {"kind": "site", "points": [points], "draws": 0, "symmetrise": method == "site"}
    steps = [{"type": "select", "channels": ["gain_db"]}, {"type": "downsample", "factor": 8, "kernel": "mean"}]
    y = rng.normal(-95.0, 8.0, (side // 8, side // 8)).tolist()
    likelihood = {"type": "gaussian", "unit": "physical", "sigma": 1.0, "y": y,
                  "operator": {"type": "chain", "steps": steps}}  # fmt: skip
    draws, count = _SAMPLERS.get(method, (0, None))
    return request | {"kind": "evidence", "likelihood": likelihood, "method": method, "draws": draws, "steps": count}


def _node(folder: Path) -> NodeProcess:
    """Start a node with the bf16 model that is in its cache."""
    (port,) = free_ports(1)
    config = folder / "edge.toml"
    config.write_text(
        f'[repository]\nurl = "{folder / "repository"}"\ntrust_root = "root.json"\ncache = "cache_bf16"\n'
        f"[server]\nport = {port}\ndrain_s = 0\n[limits]\nqueue = 64\nqueue_per_token = 64\nkept_per_token = 128\n"
        "running_per_token = 4\n",
        encoding="utf-8",
    )
    return NodeProcess(["edge", "run", "--config", str(config)], port).started()


def _row(method: str, task: str, split: str, metric: str, values: list[float]) -> Row:
    """Return the median of a few values, with the least and the most as its interval."""
    middle = float(np.median(values))
    return plain_row(method, task, split, metric, (middle, min(values), max(values)), len(values), seconds=middle)
