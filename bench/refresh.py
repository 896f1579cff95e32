"""The table of refreshes: what the gate measured, from the reports that `ckm cloud refresh` leaves in its work folders.

    ckm cloud refresh V1 -o a --store store --suite suite --new helsinki --replay 0.4
    ckm cloud refresh V1 -o b --store store --suite suite --new helsinki --replay 0 --anchor 0
    python bench/refresh.py replay_40=a.work/report.json no_replay=b.work/report.json --json bench/results/refresh.json

A row is the error of the refreshed prior over its parent's on a region's test maps (less than 1 is better), with its
95 % bootstrap interval over scenes; `published` is 1 where the gate let the version pass, and `weight` is that of the
interpolation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from openckm.evaluate.report.rows import Row, write_report


def main() -> None:
    """Read the reports and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", metavar="NAME=REPORT", help="reports, each with the name of its row")
    parser.add_argument("--json", type=Path, required=True, help="file to write")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for text in arguments.reports:
        name, _, path = text.partition("=")
        rows += rows_of(name, json.loads(Path(path).read_text(encoding="utf-8")))
    write_report(arguments.json, "refresh", rows)


def rows_of(name: str, report: dict[str, Any]) -> list[Row]:
    """Return the rows of one report; it must be of a refresh that came to its gate."""
    found = report["verdict"]["comparisons"]
    calls = sum(":" in one["score"] for one in found if one["region"] == found[0]["region"])
    cost = (calls, report["score_s"], report["peak_mb"])
    rows = []
    for one in found:
        kind, _, which = one["score"].partition(":")
        task = f"{one['region']} ({'new' if one['new_region'] else 'old'})"
        ratio = one["ratio"]
        interval = (ratio["value"], ratio["low"], ratio["high"])
        rows.append(Row(name, task, which or "overall", f"{kind}_ratio", *interval, one["maps"], *cost))
    maps = sum(one["maps"] for one in found if one["score"] == "rmse_db")
    for metric, value in (("published", float(report["status"] == "published")), ("weight", report["weight"])):
        rows.append(Row(name, "gate", "all", metric, value, value, value, maps, *cost))
    return rows


if __name__ == "__main__":
    main()
