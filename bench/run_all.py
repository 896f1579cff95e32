"""Runs every benchmark, quick or in full, and says what differs from the committed rows by more than the intervals.

    python bench/run_all.py OUT [--full] [--bench NAME ...] [--against bench/results]

Quick runs need no data but the sample in bench/sample. A row differs where its 95 % interval and that of the committed
row do not meet. A quick run has maps of few cities, over which a bootstrap is too sure: for k cities its interval is
stretched to Student's with k - 1 degrees of freedom. Not compared are rows of a single case or city, ratios over
another rival than the committed row's (the best is another one on other maps), seconds and memory. Of many rows that
are compared, a few differ by chance. Benchmarks of data that no clone holds are left out, which is said, unless their
variable names it. The exit status is 1 if a benchmark failed, 0 otherwise: a difference is for the reader to judge.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from scipy import stats

from openckm.errors import OpenCKMError
from openckm.evaluate.registry import OWN_DATA, bench, bench_names
from openckm.evaluate.report.rows import write_report

HERE = Path(__file__).resolve().parent
NOT_COMPARED = re.compile(r"second|_s$|ms$|_mb$|mib|_mbit_|speed_up|peak_rise|off_the_line|^gain$|gain_over_bare")
"""Metrics that belong to the machine and its load."""
SAME = 1e-3
"""What a value may move by, for its own size: a file's bytes follow its date and signatures."""
Row = dict[str, Any]


def rows_of(path: Path) -> dict[tuple[str, ...], Row]:
    """Return the rows of a report by method, task, split and metric."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return {(r["method"], r["task"], r["split"], r["metric"]): r for r in rows}


def compared(found: dict[tuple[str, ...], Row], committed: dict[tuple[str, ...], Row]) -> dict[tuple[str, ...], str]:
    """Return, for each row that can be compared, the line that says how it differs; "" where the intervals meet."""
    lines = {}
    for key in sorted(found.keys() & committed.keys()):
        new, old = found[key], committed[key]
        if NOT_COMPARED.search(key[3]) or new["cases"] == 1 or new["over"] != old.get("over", ""):
            continue
        cities = len(new["cities"])
        if cities == 1:
            continue
        low, high = _stretched(new, cities) if cities else (new["ci_low"], new["ci_high"])
        apart = low > old["ci_high"] + SAME * abs(old["value"]) or high < old["ci_low"] - SAME * abs(old["value"])
        lines[key] = f"{', '.join(key)}: {_interval(new)}, committed {_interval(old)}" if apart else ""
    return lines


def _stretched(row: Row, cities: int) -> tuple[float, float]:
    """Return the interval by Student's t in the place of that of the bootstrap, whose variance lacks 1/k of it."""
    factor = float(stats.t.ppf(0.975, cities - 1) / stats.norm.ppf(0.975)) * (cities / (cities - 1)) ** 0.5
    value = row["value"]
    return value - factor * (value - row["ci_low"]), value + factor * (row["ci_high"] - value)


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
        if not committed.is_file():
            print("  no committed rows", flush=True)
            continue
        lines = compared(found, rows_of(committed))
        apart = [line for line in lines.values() if line]
        print(f"  {len(lines)} rows compared with the committed ones, {len(apart)} differ", flush=True)
        for line in apart:
            print(f"  differs: {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
