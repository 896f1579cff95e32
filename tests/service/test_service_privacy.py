"""What was measured stays on the node: in no log, in no file, in nothing that is sent, however a job ends."""

from __future__ import annotations

import http.server
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from node_worlds import WATCHER, auth, client_of, config, evidence_request, save_tiny, site_request

from openckm.service.config import EdgeConfig
from openckm.service.model_keeper import ModelKeeper
from openckm.service.node import Node
from openckm.store import KeyFolder, Repository

SECRET, PLACE = -83.918273645, 17.236481957
"""A reading, and the easting where it was taken."""
TRACES = [b"83.9182", b"17.2364", *(np.array(value, "<f8").tobytes() for value in (SECRET, PLACE))]


HOUSE = [[17.0, -17.0], [30.0, -17.0], [30.0, -30.0], [17.0, -30.0], [17.0, -17.0]]
PLACED = {
    "layout": {"geojson": {"type": "FeatureCollection", "crs": None, "features": [
        {"type": "Feature", "properties": {"height": 9}, "geometry": {"type": "Polygon", "coordinates": [HOUSE]}}]}}
}  # fmt: skip
"""A layout in GeoJSON, which once passed through a file."""


class Recorder(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and keeps all that clients send."""

    def __init__(self, *args, kept, **more):
        self.kept = kept
        super().__init__(*args, **more)

    def parse_request(self):
        self.kept.append(self.raw_requestline)
        good = super().parse_request()
        if good:
            self.kept.append(str(self.headers).encode() + self.rfile.read(int(self.headers.get("Content-Length", 0))))
        return good

    def log_message(self, *_):
        """Be quiet."""


@pytest.fixture
def cloud(tmp_path):
    """A repository behind a web server: its publisher, its port, and what was sent to it."""
    repository = Repository.create(str(tmp_path / "repository"), KeyFolder(tmp_path / "keys"))
    (tmp_path / "root.json").write_bytes(repository.trust_root)
    repository.publish(save_tiny(tmp_path / "1.0.0"), "stable", precisions=("bf16",))
    kept: list[bytes] = []
    handler = partial(Recorder, kept=kept, directory=str(tmp_path / "repository"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield repository, server.server_port, kept
    server.shutdown()
    server.server_close()


@pytest.fixture
def connects(monkeypatch) -> list:
    """Addresses that anything in this process connects to."""
    seen, connect = [], socket.socket.connect

    def noted(self, address):
        seen.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    return seen


def marked(**more) -> dict:
    """Return a request that holds the secret reading."""
    request = site_request(**more)
    points = request["points"][0]
    points["x"][3], points["value"][3] = PLACE, SECRET
    return request


def every_end(client) -> set[str]:
    """Let jobs with the secret end in every way, fetch what there is in every format, and return the states."""
    readings = [[SECRET, -95.0], [-100.0, -105.0]]
    evidence = evidence_request()
    evidence["likelihood"]["y"] = readings
    slow = evidence_request(method="dps", steps=2000, draws=8, deadline_s=60.0)
    slow["likelihood"]["y"] = readings
    states = set()
    for request in (marked(outage_below=-95.0, **PLACED), evidence, marked(deadline_s=1e-6)):
        place = client.post("/v1/jobs", json=request, headers=auth()).headers["Location"]
        states.add(client.get(place, params={"wait_s": 60}, headers=auth()).json()["state"])
        for form in ("json", "geotiff", "zarr"):
            found = client.get(f"{place}/result", params={"format": form, "draws": True}, headers=auth())
            states |= {"200"} if found.status_code == 200 else set()
    place = client.post("/v1/jobs", json=slow, headers=auth()).headers["Location"]
    states.add({204: "cancelled"}[client.delete(place, headers=auth()).status_code])
    malformed = marked()
    malformed["points"][0]["sigma"] = -1.0
    states.add(str(client.post("/v1/jobs", json=malformed, headers=auth()).status_code))
    return states


NO_FILE_MAY_GROW = """
import json, resource, signal, sys
from pathlib import Path
sys.path[:0] = [str(Path(sys.argv[1])), sys.argv[2]]
from node_worlds import Still, auth, client_of, config, tiny_model
from test_service_privacy import every_end, marked
from openckm.service.node import Node

place = Path(sys.argv[3])
node = Node(config(), Still(tiny_model(place / "1.0.0")))
before = sorted(p.name for p in place.iterdir())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
probe = place / "probe"
try:
    written = probe.write_bytes(b"x") == 1
except OSError:
    written = False
probe.unlink()
with client_of(node) as client:
    states = every_end(client)
print(json.dumps([written, sorted(states), before == sorted(p.name for p in place.iterdir())]))
"""


def test_a_node_whose_files_may_not_grow_by_a_byte_answers_in_every_format(tmp_path):
    """So nothing that a client sent can be on disk, however the node ends, signal 9 included."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", NO_FILE_MAY_GROW, str(here), str(here.parent), str(tmp_path)]
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == [False, ["200", "422", "cancelled", "done", "failed"], True]


def left_traces(content: bytes) -> list[bytes]:
    return [trace for trace in TRACES if trace in content]


def test_the_search_below_finds_a_reading_that_is_there():
    assert left_traces(str(marked()).encode()) == TRACES[:2]
    assert left_traces(np.array([0.0, SECRET, PLACE]).tobytes()) == TRACES[2:]


def test_observations_never_leave_the_node(cloud, tmp_path, connects, caplog, monkeypatch):
    """Jobs end in every way while the node updates: the cloud gets requests for files, disk and logs get nothing."""
    repository, port, kept = cloud
    caplog.set_level(logging.DEBUG)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    raw = {"url": f"http://127.0.0.1:{port}", "trust_root": "root.json", "cache": "cache"}
    keeper = ModelKeeper(EdgeConfig.of({"repository": raw}, tmp_path))
    assert keeper.update()
    with client_of(Node(config(), keeper)) as client:
        states = every_end(client)
        repository.publish(save_tiny(tmp_path / "1.0.1", "1.0.1", 1), "stable", precisions=("bf16",))
        assert keeper.update()
        states |= every_end(client)
        metrics = client.get("/metrics", headers=auth(WATCHER)).content
    assert states == {"200", "done", "failed", "cancelled", "422"}
    assert keeper.updates == 1
    assert {address[:2] for address in connects} == {("127.0.0.1", port)}
    assert len(kept) > 10
    assert all(line.startswith(b"GET /") for line in kept[::2])
    assert left_traces(b"".join(kept)) == []
    assert left_traces(metrics) == []
    assert "done" in caplog.text
    assert left_traces(caplog.text.encode()) == []
    assert list(temporary.iterdir()) == []
    files = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert any(path.name == "weights.safetensors" for path in files)
    assert {path.name for path in files if left_traces(path.read_bytes())} == set()
