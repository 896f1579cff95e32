"""How fast the page is: makes what it is measured on, serves it, and runs page/test/browser/measure.mjs on it.

    python bench/page.py prepare FOLDER           a map of 4096 x 4096 cells in a store, a drive test of 1,000,000 rows
    python bench/page.py serve FOLDER             a node with both and with Duke's map made; ends with Ctrl+C
    python bench/page.py measure FOLDER PART      one PART of the bars: look, city, million, killed, or all

The bars are wall-clock times: run `measure` where nothing else runs. A part takes two to four minutes. `killed` starts
nodes of its own at the next port; the others want `serve`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "page"
PORT = 8497
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


def asked(path: str, body: Any = None, raw: bytes | None = None) -> Any:
    """Return what the node answers."""
    kind = "application/json" if raw is None else "application/octet-stream"
    content = raw if raw is not None else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", content, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def serve(folder: Path) -> None:
    """Serve until the end; the address of Duke's map lies in the folder."""
    words = ["serve", "--no-open", "--port", str(PORT), "--store", str(folder / "maps")]
    node = subprocess.Popen([sys.executable, "-m", "openckm.cli.main", *words])
    try:
        for _ in range(600):
            try:
                asked("/ready")
                break
            except OSError:
                time.sleep(0.2)
        demo = asked("/v1/demos/duke", {})
        request = {
            "readings": [demo["files"]["readings"]["id"]], "layout": demo["files"]["layout"]["id"],
            "site": demo["site"], "reading": demo["reading"], "check": False,
        }  # fmt: skip
        job = asked("/v1/drives", request)["id"]
        while asked(f"/v1/jobs/{job}?wait_s=30")["state"] in ("queued", "running"):
            pass
        (folder / "address").write_text(f"#map={job}&tab=map")
        print("ready", flush=True)
        signal.pause()
    finally:
        node.kill()


def measure(folder: Path, part: str, runs: int) -> None:
    """Run one part of the bars, and print what it gave."""
    address = (folder / "address").read_text() if part in ("look", "all") else ""
    city = "#map=store%3Alarge&tab=map" if part in ("city", "all") else ""
    million = str(folder / "million.csv") if part in ("million", "all") else ""
    words = ["node", "test/browser/measure.mjs", f"http://127.0.0.1:{PORT}/", address, city, million, ""]
    if part == "killed":
        serving = [sys.executable, "-m", "openckm.cli.main", "serve", "--no-open", "--port", str(PORT + 1)]
        words[2], words[6] = f"http://127.0.0.1:{PORT + 1}/", shlex.join(serving)
    done = subprocess.run(
        words, cwd=PAGE, env={**os.environ, "RUNS": str(runs)}, capture_output=True, text=True, check=True
    )
    (folder / f"{part}.json").write_text(done.stdout)
    print(done.stdout)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("prepare", "serve", "measure"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("part", nargs="?", default="all", choices=("look", "city", "million", "killed", "all"))
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.step == "measure":
        measure(given.folder, given.part, given.runs)
    else:
        {"prepare": prepare, "serve": serve}[given.step](given.folder)


if __name__ == "__main__":
    main()
