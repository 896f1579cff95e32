"""`ckm edge`: looked over, updated by hand, and run as a process of its own until told to end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from openckm.service.config import token_hash
from openckm.store import KeyFolder, Repository


@pytest.fixture
def told(tmp_path, tiny_prior):
    """A configuration of an edge of a repository with one version, on a free port."""
    repository = Repository.create(str(tmp_path / "repository"), KeyFolder(tmp_path / "keys"))
    repository.publish(tiny_prior, "stable", precisions=("bf16",))
    (tmp_path / "root.json").write_bytes(repository.trust_root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "edge.toml"
    path.write_text(
        f'[repository]\nurl = "{tmp_path / "repository"}"\ntrust_root = "root.json"\ncache = "cache"\n'
        f'[server]\nport = {port}\nthreads = 1\n[[token]]\nname = "a"\nsha256 = "{token_hash("word")}"\n'
        'scopes = ["jobs"]\n'
    )
    return path, port


def test_token_prints_a_word_and_its_hash(ckm):
    done = ckm("edge", "token")
    word, digest = re.fullmatch(r"token  (\S+)\nsha256 (\S+)\n", done.out).groups()
    assert token_hash(word) == digest


def test_update_and_check(ckm, told, tmp_path):
    path, port = told
    done = ckm("edge", "check", "--config", path)
    assert (done.status, "none yet" in done.out) == (0, True)
    assert ckm("edge", "update", "--config", path).status == 0
    done = ckm("edge", "check", "--config", path)
    assert f"http://127.0.0.1:{port}" in done.out
    assert "none yet" not in done.out
    (tmp_path / "repository").rename(tmp_path / "away")
    done = ckm("edge", "update", "--config", path)
    assert (done.status, "cloud_unreachable" in done.complaint) == (2, True)
    assert "in use: " in done.out


def test_a_bad_configuration_is_one_line(ckm, tmp_path):
    (tmp_path / "edge.toml").write_text("[server]\nhostt = 1\n")
    done = ckm("edge", "run", "--config", tmp_path / "edge.toml")
    assert (done.status, "server.hostt" in done.complaint) == (2, True)


def ask(port: int, path: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer word", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.loads(reply.read())


def test_run_serves_and_finishes_accepted_jobs_when_told_to_end(ckm, told):
    path, port = told
    ckm("edge", "update", "--config", path)
    command = [sys.executable, "-m", "openckm.cli.main", "edge", "run", "--config", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + 60
            while True:
                try:
                    assert ask(port, "/ready")["ready"]
                    break
                except (urllib.error.URLError, ConnectionError):
                    assert time.monotonic() < end
                    assert process.poll() is None
                    time.sleep(0.05)
            grid = {"rows": 16, "cols": 16, "cell_m": 4.0}
            made = ask(port, "/v1/jobs", {"kind": "site", "grid": grid, "draws": 1})
            assert ckm("edge", "health", "--config", path).status == 0
            end = time.monotonic() + 60
            while ask(port, f"/v1/jobs/{made['id']}")["state"] == "queued":
                assert time.monotonic() < end
            process.send_signal(signal.SIGTERM)
            state = ask(port, f"/v1/jobs/{made['id']}?wait_s=30")
            assert state["state"] == "done"
            assert len(ask(port, f"/v1/jobs/{made['id']}/result")["channels"]["gain_db"]["mean"]) == 16
            _, log = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode in (0, -signal.SIGTERM)
    assert "model in use" in log
    assert "Traceback" not in log
    done = ckm("edge", "health", "--config", path)
    assert (done.status, "does not answer" in done.complaint) == (2, True)
