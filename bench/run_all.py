"""Runs every benchmark, quick or in full, and says what differs from the committed rows by more than the intervals.

    python bench/run_all.py OUT [--full] [--bench NAME ...] [--against bench/results]

Quick runs need no data but the sample in bench/sample. A row differs where its 95 % interval and that of the committed
row do not meet; a quick run has fewer maps, so its intervals are wide, and a row of a single case has none and is not
compared; nor are seconds and memory. Benchmarks of data that no clone holds are left out, which is said, unless their
variable names it. The exit status is 1 if a benchmark failed, 0 otherwise: a difference is for the reader to judge.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from openckm.errors import OpenCKMError
from openckm.evaluate.registry import OWN_DATA, bench, bench_names
from openckm.evaluate.report.rows import write_report

HERE = Path(__file__).resolve().parent
NOT_COMPARED = ("seconds", "latency_ms", "memory_mb", "speed_up", "seconds_ratio", "peak_mb")
"""Metrics that belong to the machine and its load."""
Row = dict[str, Any]


def rows_of(path: Path) -> dict[tuple[str, ...], Row]:
    """Return the rows of a report by method, task, split and metric."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return {(r["method"], r["task"], r["split"], r["metric"]): r for r in rows}


def differences(found: dict[tuple[str, ...], Row], committed: dict[tuple[str, ...], Row]) -> list[str]:
    """Return a line for each row whose interval does not meet that of the committed row."""
    lines = []
    for key in found.keys() & committed.keys():
        new, old = found[key], committed[key]
        apart = new["ci_low"] > old["ci_high"] or new["ci_high"] < old["ci_low"]
        if apart and key[3] not in NOT_COMPARED and new.get("cases") != 1:
            lines.append(f"{', '.join(key)}: {_interval(new)}, committed {_interval(old)}")
    return sorted(lines)


def _interval(row: Row) -> str:
    return f"{row['value']:.4g} [{row['ci_low']:.4g}, {row['ci_high']:.4g}]"


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description="Run all benchmarks and compare with the committed rows.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--full", action="store_true", help="all maps, as the committed rows; hours")
    parser.add_argument("--bench", action="append", choices=bench_names())
    parser.add_argument("--against", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in arguments.bench or bench_names():
        begun, used = time.perf_counter(), sum(os.times()[:4])
        path = arguments.out / f"{name}.json"
        if name in OWN_DATA and OWN_DATA[name] not in os.environ:
            print(f"{name}: left out, {OWN_DATA[name]} names no folder with its data", flush=True)
            continue
        try:
            write_report(path, name, bench(name)(not arguments.full))
        except OpenCKMError as error:
            failed.append(name)
            print(f"{name}: failed: {error}", flush=True)
            continue
        found, committed = rows_of(path), arguments.against / f"{name}.json"
        wall, cpu = time.perf_counter() - begun, sum(os.times()[:4]) - used
        print(f"{name}: {len(found)} rows in {wall:.0f} s, {cpu:.0f} s of processor", flush=True)
        for line in differences(found, rows_of(committed)) if committed.is_file() else ["no committed rows"]:
            print(f"  differs: {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
