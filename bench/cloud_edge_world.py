"""The world of the test bed: plausible maps made by code, a cloud that serves static files, and what may go wrong.

Maps are free space with losses behind box buildings: enough to show a system at work, nothing to judge accuracy by.
"""

from __future__ import annotations

import http.server
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from openckm.maps.grid import Grid
from openckm.maps.propagation import site_geometry
from openckm.maps.site import Transmitter

SIDE, CELL_M = 64, 4.0


def shard(seeds: range, city: str, loss_db: float) -> dict[str, Any]:
    """Return the arrays of a shard whose map k is a function of seeds[k]; buildings cost `loss_db` per metre."""
    parts: dict[str, list[Any]] = {"gain_cdb": [], "aoa_deg": [], "height_dm": [], "tx": []}
    for seed in seeds:
        rng = np.random.default_rng([seed, 9])
        grid = Grid((SIDE, SIDE), CELL_M)
        height = buildings(rng)
        x, south = rng.uniform(0.3, 0.7, 2) * grid.width_m
        transmitter = Transmitter(float(x), float(-south), 25.0, 3.5e9)
        geometry = site_geometry(grid, transmitter, height)
        shadow = np.minimum(loss_db * geometry.obstruction_m, 40.0)
        gain = geometry.free_space_db - shadow + rng.normal(0.0, 1.0, grid.shape)
        missing = height > 0
        parts["gain_cdb"].append(np.where(missing, -32768, np.rint(gain * 100)).astype(np.int16))
        angle = np.rad2deg(np.arctan2(geometry.sin, geometry.cos))
        parts["aoa_deg"].append(np.where(missing, -999, np.rint(angle)).astype(np.int16))
        parts["height_dm"].append(np.rint(height * 10).astype(np.uint16))
        parts["tx"].append([x, south, 25.0, np.nan, np.nan])
    count = len(seeds)
    return {
        **{key: np.stack(value) for key, value in parts.items()}, "layout": np.array([city] * count),
        "carrier_hz": np.full(count, 3.5e9), "cell_m": np.full(count, CELL_M), "antenna": np.array(["iso"] * count),
    }  # fmt: skip


def buildings(rng: np.random.Generator) -> Any:
    """Return the heights [m] of a dozen box buildings."""
    height = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(12):
        rows, cols = rng.integers(5, 12, 2)
        row, col = rng.integers(1, SIDE - rows), rng.integers(1, SIDE - cols)
        height[row : row + rows, col : col + cols] = rng.uniform(8.0, 30.0)
    return height


def write(path: Path, arrays: dict[str, Any]) -> Path:
    """Write a shard and return its path."""
    np.savez_compressed(path, **arrays)
    return path


class StaticCloud:
    """A web server of a folder of static files, and the network between it and the edges.

    An edge K asks for /K/...: what is done to its network is done to nobody else's. `cut` names edges that get no
    answer, `tampered` edges whose files come with one bit changed. `bytes` counts what leaves for an edge, headers
    included.
    """

    def __init__(self, folder: Path) -> None:
        self.cut: set[str] = set()
        self.tampered: set[str] = set()
        self.requests: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.other_methods = 0
        handler = partial(_Files, cloud=self, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, edge: str) -> str:
        """Return the repository's address for an edge."""
        return f"http://127.0.0.1:{self._server.server_port}/{edge}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Files(http.server.SimpleHTTPRequestHandler):
    """Serves the folder, edge by edge."""

    def __init__(self, *args: Any, cloud: StaticCloud, **more: Any) -> None:
        self.cloud = cloud
        super().__init__(*args, **more)

    def do_GET(self) -> None:
        """Serve a file or 404, with the headers that a plain web server sends, or nothing, or something else."""
        _, edge, path = self.path.split("/", 2)
        self.cloud.requests[edge] += 1
        if edge in self.cloud.cut:
            self.close_connection = True
            self.connection.close()
            return
        file = Path(self.directory) / path
        there = file.resolve().is_relative_to(Path(self.directory).resolve()) and file.is_file()
        content = file.read_bytes() if there else b""
        if there and edge in self.cloud.tampered:
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        self.cloud.bytes[edge] += len(content)
        try:
            self.send_response(200 if there else 404)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", '"0123456789abcdef"')
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the edge hung up
            self.close_connection = True

    def flush_headers(self) -> None:
        """Count the headers as they leave."""
        self.cloud.bytes[self.path.split("/", 2)[1]] += sum(len(line) for line in getattr(self, "_headers_buffer", ()))
        super().flush_headers()

    def do_POST(self) -> None:
        """Count what no edge should do: send something."""
        self.cloud.other_methods += 1
        self.send_error(405)

    do_PUT = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""
