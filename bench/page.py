"""How fast the page is: makes what it is measured on, serves it, and runs page/test/browser/measure.mjs on it.

    python bench/page.py prepare FOLDER           a map of 4096 x 4096 cells in a store, a drive test of 1,000,000 rows
    python bench/page.py serve FOLDER             a node with both and with Duke's map made; ends with Ctrl+C
    python bench/page.py measure FOLDER PART      one PART of the bars: look, city, million, killed, heap
    python bench/page.py report FOLDER --json F   the rows of all parts, and of each run the cases beside them

The bars are wall-clock times: run `measure` where nothing else runs. A part takes one to two minutes, `heap` (five
minutes of panning, and no time is taken) six. `killed` starts nodes of its own at the next port; the others want
`serve`. A report is made of parts that were measured on one state of the page alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openckm.evaluate.nodes import NodeProcess
from openckm.evaluate.report.medians import table
from openckm.evaluate.report.rows import Results, write_report
from openckm.evaluate.scores.scoring import Score

PAGE = Path(__file__).resolve().parents[1] / "page"
PORT = 8497
PARTS = ("look", "million", "city", "killed", "heap")
SIDE, ROWS = 4096, 1_000_000
CENTRE = (24.94, 60.17)


def prepare(folder: Path) -> None:
    """Make the large map and the long drive test."""
    from scipy.ndimage import gaussian_filter

    from openckm.atlas import MapStore
    from openckm.maps.grid import Grid
    from openckm.maps.radiomap import RadioMap

    rng = np.random.default_rng(0)
    grid = Grid.centred(*CENTRE, shape=(SIDE, SIDE), cell_m=2.0)
    mean = -95 + 400 * gaussian_filter(rng.standard_normal(grid.shape), 20).astype(np.float32)
    made = RadioMap.from_gaussian(
        grid, mean[None], np.full((1, *grid.shape), 5.0, np.float32), ["gain_db"],
        valid=gaussian_filter(rng.standard_normal(grid.shape), 12) > -0.03, provenance={"unit": "dBm"},
    )  # fmt: skip
    MapStore(folder / "maps", create=True).add(made, "large")
    way = np.cumsum(rng.standard_normal((ROWS, 2)) * 1e-5, axis=0)
    value = np.round(-90 + 12 * np.sin(way[:, 0] * 800) + rng.standard_normal(ROWS) * 5)
    table = np.column_stack([CENTRE[0] + way[:, 0], CENTRE[1] + way[:, 1] / 2, value])
    np.savetxt(
        folder / "million.csv", table, fmt=("%.6f", "%.6f", "%d"), delimiter=",", header="lon,lat,rsrp", comments=""
    )


def serve(folder: Path) -> None:
    """Serve until the end; the address of Duke's map lies in the folder."""
    words = ["serve", "--no-open", "--port", str(PORT), "--store", str(folder / "maps")]
    with NodeProcess(words, PORT).started() as node:
        demo = node.client.call("POST", "/v1/demos/duke", {}).fields
        request = {
            "readings": [demo["files"]["readings"]["id"]], "layout": demo["files"]["layout"]["id"],
            "site": demo["site"], "reading": demo["reading"], "check": False,
        }  # fmt: skip
        job = node.client.call("POST", "/v1/drives", request).fields["id"]
        while node.client.get(f"/v1/jobs/{job}?wait_s=30")["state"] in ("queued", "running"):
            pass
        (folder / "address").write_text(f"#map={job}&tab=map")
        print("ready", flush=True)
        signal.pause()


@dataclass(frozen=True)
class Bar:
    """What measure.mjs calls a number, and what a row calls it; `scale` is what one of its units is in the row's."""

    task: str
    split: str
    metric: str
    scale: float = 1.0


SECONDS = 1e-3
BARS = {
    "paint": Bar("the page opens", "first contentful paint", "wall_s", SECONDS),
    "packed_kB": Bar("the page opens", "script for the first paint, packed", "kb"),
    "startLongestTask": Bar("the page opens", "longest task", "ms"),
    "map": Bar("map of 128 x 128 cells", "drawn and idle", "wall_s", SECONDS),
    "range": Bar("map of 128 x 128 cells", "slider of the range to a changed frame", "ms"),
    "opacity": Bar("map of 128 x 128 cells", "slider of the opacity to a changed frame", "ms"),
    "threshold": Bar("map of 128 x 128 cells", "slider of the threshold to a changed frame", "ms"),
    "hover": Bar("map of 128 x 128 cells", "hover to a value", "ms"),
    "asked": Bar("map of 128 x 128 cells", "requests of sliders and hover", "count"),
    "predictions": Bar("dragging a transmitter, 128 x 128", "predictions shown", "a_second"),
    "newestLast": Bar("dragging a transmitter, 128 x 128", "the newest is shown last", "share"),
    "millionPreview": Bar("drive test of 1,000,000 rows", "preview", "wall_s", SECONDS),
    "millionPoints": Bar("drive test of 1,000,000 rows", "all points drawn", "wall_s", SECONDS),
    "millionLongestTask": Bar("drive test of 1,000,000 rows", "longest task", "ms"),
    "zoom": Bar("city of 4096 x 4096 cells", "zoom to all tiles drawn", "wall_s", SECONDS),
    "pan": Bar("city of 4096 x 4096 cells", "pan to all tiles drawn", "wall_s", SECONDS),
    "heap": Bar("city of 4096 x 4096 cells", "heap after 5 minutes of panning", "mb"),
    "panned": Bar("city of 4096 x 4096 cells", "moves in 5 minutes of panning", "count"),
    "missed": Bar("a node is killed and started again", "said so", "wall_s", SECONDS),
    "found": Bar("a node is killed and started again", "the page goes on after it is back", "wall_s", SECONDS),
    "kept": Bar("a node is killed and started again", "what was typed is still there", "share"),
    "elsewhere": Bar("all of the above", "requests to other hosts", "count"),
}


def page_commit() -> str:
    """Return the last commit that changed the page, its measurements or its routes."""
    paths = ("page", "src/openckm/assets/page", "src/openckm/service/page")
    words = ["git", "rev-list", "-1", "HEAD", "--", *paths]
    return subprocess.run(words, cwd=PAGE.parent, capture_output=True, text=True, check=True).stdout.strip()


def measure(folder: Path, part: str, runs: int) -> None:
    """Run one part of the bars, and print and keep what each run gave."""
    address = (folder / "address").read_text() if part == "look" else ""
    city = "#map=store%3Alarge&tab=map" if part in ("city", "heap") else ""
    million = str(folder / "million.csv") if part == "million" else ""
    words = ["node", "test/browser/measure.mjs", f"http://127.0.0.1:{PORT}/", address, city, million, ""]
    if part == "killed":
        serving = [sys.executable, "-m", "openckm.cli.main", "serve", "--no-open", "--port", str(PORT + 1)]
        words[2], words[6] = f"http://127.0.0.1:{PORT + 1}/", shlex.join(serving)
    given = {**os.environ, "RUNS": str(runs), "PAN_S": "300" if part == "heap" else "0"}
    done = subprocess.run(words, cwd=PAGE, env=given, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found["errors"]:
        raise SystemExit(f"the page wrote errors to the console: {found['errors']}")
    (folder / f"{part}.json").write_text(json.dumps({**found, "commit": page_commit()}))
    print(done.stdout)


def report(folder: Path, path: Path) -> None:
    """Write the rows of all parts, with the runs beside them as cases.

    What several parts measure (the first paint) is taken of the first one alone.
    """
    parts = {name: json.loads((folder / f"{name}.json").read_text()) for name in PARTS}
    made = {(part["commit"], part["browser"]) for part in parts.values()}
    if len(made) > 1:
        raise SystemExit(f"these parts were not measured on one page in one browser: {sorted(made)}")
    runs: dict[str, list[float]] = {}
    for part in parts.values():
        runs = {**part["ms"], **runs}
    runs["elsewhere"] = [float(len(part["elsewhere"])) for part in parts.values()]
    scores = [
        Score("page", bar.task, bar.split, f"run {k + 1}", "", {bar.metric: bar.scale * value}, 1, 0, 0.0, k)
        for name, bar in BARS.items()
        for k, value in enumerate(runs[name])
    ]
    commit, browser = made.pop()
    write_report(path, "page", Results(table(scores), scores), by=browser, commit=commit)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("prepare", "serve", "measure", "report"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("part", nargs="?", default="look", choices=PARTS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, default=PAGE.parent / "bench" / "results" / "page.json")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.step == "measure":
        measure(given.folder, given.part, given.runs)
    elif given.step == "report":
        report(given.folder, given.json)
    else:
        {"prepare": prepare, "serve": serve}[given.step](given.folder)


if __name__ == "__main__":
    main()
