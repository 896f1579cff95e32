"""Ten thousand edges that poll one repository: requests and bytes per day, against downloading models.

    ckm cloud refresh PARENT -o REFRESHED ...
    python bench/fleet.py PARENT REFRESHED --json bench/results/fleet.json

First everything is measured on a real repository, over HTTP on loopback: what a poll without news, a first fetch and an
update from PARENT to REFRESHED ask for, headers included, in each precision. Then the fleet is played second by second:
every edge polls at its own phase (or all at the full minute, as by cron), a release comes at the middle of the day, and
an edge that finds it fetches at the speed of its line. Rows:

    gb_per_day          bytes that leave the cloud in a day
    requests_per_s      mean over the day
    peak_requests_per_s in the busiest second
    peak_mbit_per_s     in the busiest second

for a day without a release and one with it; `poll, differences` is what OpenCKM does, `poll, whole model` fetches the
whole model in this precision at a release, and `download daily` has no versions: each edge fetches the model once a
day.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cloud_edge_world import StaticCloud
from numpy.typing import NDArray

from openckm.evaluate.report.rows import Row, plain_row, write_report
from openckm.store import KeyFolder, Repository, UpdateOptions, Updater

DAY_S = 86_400
EDGES = 10_000
POLL_S = 600
LINE_MBIT_S = 10.0
PRECISIONS = ("fp32", "bf16", "int8")
FETCHES = {"poll": "poll without news", "update": "update, differences", "whole": "update, whole model"}


@dataclass(frozen=True)
class Cost:
    """What something asked for: requests, and bytes that left the cloud, headers included."""

    requests: int
    bytes: int


def measured(parent: Path, refreshed: Path) -> dict[tuple[str, str], Cost]:
    """Return what a poll, a first fetch, an update, and one without differences cost, by (what, precision)."""
    found: dict[tuple[str, str], Cost] = {}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        repository = Repository.create(str(place / "repository"), KeyFolder(place / "keys"))
        cloud = StaticCloud(place / "repository")

        def cost(cache: str, precision: str) -> Cost:
            before = Cost(cloud.requests["edge"], cloud.bytes["edge"])
            options = UpdateOptions(precision=precision)
            Updater(repository.trust_root, cloud.url("edge"), place / cache, options=options).update()
            return Cost(cloud.requests["edge"] - before.requests, cloud.bytes["edge"] - before.bytes)

        repository.publish(parent, "stable", PRECISIONS)
        for precision in PRECISIONS:
            cost(precision, precision)
            found["poll", precision] = cost(precision, precision)
        repository.publish(refreshed, "stable", PRECISIONS)
        for precision in PRECISIONS:
            found["update", precision] = cost(precision, precision)
            found["whole", precision] = cost(f"fresh-{precision}", precision)
        cloud.close()
    return found


def played(
    poll: Cost, update: Cost, *, release: bool, together: bool, polling: bool = True, seed: int = 0
) -> dict[str, float]:
    """Play one day of the fleet and return its numbers.

    Args:
        poll: cost of a poll without news.
        update: cost of fetching what a release brings, the poll that finds it included.
        release: whether one comes at noon.
        together: all edges poll at the same seconds, instead of each at its own phase.
        polling: whether edges poll at all, or each fetches `update` once in the day.
        seed: of the phases.
    """
    rng = np.random.default_rng(seed)
    phase = np.zeros(EDGES, np.int64) if together else rng.integers(0, POLL_S, EDGES)
    requests, sent = np.zeros(2 * DAY_S), np.zeros(2 * DAY_S)
    if polling:
        times = (phase[:, None] + np.arange(0, DAY_S, POLL_S)[None]).ravel()
        add(requests, times, poll.requests)
        add(sent, times, poll.bytes)
    noon = DAY_S // 2
    if polling and release:
        begins = noon + (phase - noon) % POLL_S
        spread(requests, begins, update.requests - poll.requests, update.bytes)
        spread(sent, begins, update.bytes - poll.bytes, update.bytes)
    if not polling:
        begins = np.zeros(EDGES, np.int64) if together else rng.integers(0, DAY_S, EDGES)
        spread(requests, begins, update.requests, update.bytes)
        spread(sent, begins, update.bytes, update.bytes)
    return {
        "gb_per_day": float(sent.sum() / 1e9),
        "requests_per_s": float(requests.sum() / DAY_S),
        "peak_requests_per_s": float(requests.max()),
        "peak_mbit_per_s": float(sent.max() * 8 / 1e6),
    }


def add(total: NDArray[np.float64], times: NDArray[np.int64], amount: float) -> None:
    """Add an amount at each of some seconds."""
    total += amount * np.bincount(times, minlength=len(total))


def spread(total: NDArray[np.float64], begins: NDArray[np.int64], amount: float, size: int) -> None:
    """Add an amount from each of some seconds on, evenly over the time that so many bytes take on an edge's line."""
    seconds = max(int(np.ceil(size * 8 / (LINE_MBIT_S * 1e6))), 1)
    for k in range(seconds):
        add(total, begins + k, amount / seconds)


def rows_of(costs: dict[tuple[str, str], Cost], seconds: float) -> list[Row]:
    """Return the table: what was measured, and what the fleet makes of it."""
    rows: list[Row] = []

    for (what, precision), one in costs.items():
        where = (FETCHES[what], "one edge", precision)
        rows.append(plain_row(*where, "bytes", one.bytes, seconds=seconds))
        rows.append(plain_row(*where, "requests", one.requests, seconds=seconds))
    for precision in PRECISIONS:
        poll, update, whole = (costs[what, precision] for what in ("poll", "update", "whole"))
        at_once = {"update": update, "release": True, "together": True}
        days: list[tuple[str, str, dict[str, Any]]] = [
            ("poll, differences", "day without release", {"update": update, "release": False, "together": False}),
            ("poll, differences", "day with release", {"update": update, "release": True, "together": False}),
            ("poll, differences", "day with release, all at once", at_once),
            ("poll, whole model", "day with release", {"update": whole, "release": True, "together": False}),
            ("download daily", "any day", {"update": whole, "release": True, "together": False, "polling": False}),
        ]
        for method, task, how in days:
            for metric, value in played(poll, **how).items():
                rows.append(plain_row(method, task, precision, metric, value, EDGES, seconds=seconds))
    return rows


def main() -> None:
    """Measure, play, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parent", type=Path, help="model folder that edges have")
    parser.add_argument("refreshed", type=Path, help="its refresh")
    parser.add_argument("--json", type=Path, required=True, help="file to write")
    arguments = parser.parse_args()
    begun = time.perf_counter()
    costs = measured(arguments.parent, arguments.refreshed)
    for (what, precision), one in costs.items():
        print(f"{what:<8} {precision:<5} {one.requests:>4} requests {one.bytes:>12,} bytes", flush=True)
    write_report(arguments.json, "fleet", rows_of(costs, time.perf_counter() - begun))


if __name__ == "__main__":
    main()
