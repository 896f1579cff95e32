"""One point of a finished map by HTTP on loopback, connections kept: how long an answer takes, how many a second.

    python bench/maps_http.py --json bench/results/maps_http.json

A node with a folder of maps answers `/collections/{map}/position` in a process of its own; first one client asks, then
four at once. Wall times are those of this machine at this hour, and processor seconds a request are given beside them,
which other work hardly stretches.
"""

from __future__ import annotations

import argparse
import http.client
import os
import resource
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

import numpy as np

from openckm.atlas import MapStore
from openckm.evaluate.nodes import NodeProcess, free_ports
from openckm.evaluate.report.rows import Row, plain_row, write_report
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap


def main() -> None:
    """Measure, print, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ckm-http-") as name:
        rows = measured(Path(name), asked.requests)
    for row in rows:
        print(f"{row.task} | {row.split} | {row.metric} {row.value:.4g}")
    if asked.json is not None:
        write_report(asked.json, "maps_http", rows)


def measured(folder: Path, requests: int) -> list[Row]:
    """Return the rows of a node that runs in a process of its own."""
    grid = Grid((512, 512), 2.0, (385_000.0, 6_672_000.0), "EPSG:32635")
    mean = np.random.default_rng(0).normal(-95, 8, (1, 512, 512)).astype(np.float32)
    made = RadioMap.from_gaussian(grid, mean, np.full_like(mean, 4.0), ["gain_db"], provenance={"unit": "dBm"})
    MapStore(folder, create=True).add(made, "map")
    rng = np.random.default_rng(1)
    west, south, east, north = grid.bounds
    lon, lat = grid.to_lonlat(rng.uniform(west + 1, east - 1, requests), rng.uniform(south + 1, north - 1, requests))
    paths = [
        f"/collections/map/position?coords={quote(f'POINT({a} {b})')}&parameter-name=gain_db,gain_db_p05,gain_db_p95"
        for a, b in zip(lon.tolist(), lat.tolist(), strict=True)
    ]
    port = free_ports(1)[0]
    with NodeProcess(["serve", "--no-open", "--port", str(port), "--store", str(folder)], port).started() as node:
        return [row for clients in (1, 4) for row in _asked(port, node.process.pid, paths, clients)]


def _asked(port: int, pid: int, paths: list[str], clients: int) -> list[Row]:
    _ask(port, paths[:20], [])
    taken: list[list[float]] = [[] for _ in range(clients)]
    threads = [
        threading.Thread(target=_ask, args=(port, paths[k::clients], taken[k])) for k in range(clients)
    ]  # fmt: skip
    before, begun = _cpu_s(pid), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.monotonic() - begun, _cpu_s(pid) - before
    every = np.concatenate([np.array(t) for t in taken])
    numbers = {
        "p50_ms": 1e3 * float(np.quantile(every, 0.5)), "p95_ms": 1e3 * float(np.quantile(every, 0.95)),
        "a_second": len(every) / wall, "server_cpu_ms": 1e3 * cpu / len(every),
    }  # fmt: skip
    split = f"{clients} clients" if clients > 1 else "1 client"
    where = ("openckm", "one point by HTTP", split)
    return [plain_row(*where, metric, value, len(every), seconds=wall) for metric, value in numbers.items()]


def _ask(port: int, paths: list[str], taken: list[float]) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port)
    for path in paths:
        begun = time.perf_counter()
        link.request("GET", path)
        answer = link.getresponse()
        body = answer.read()
        taken.append(time.perf_counter() - begun)
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {body[:300]!r}")
    link.close()


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process [s]."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
