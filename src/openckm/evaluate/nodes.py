"""Nodes as processes of their own on loopback, and how benchmarks ask them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from openckm.errors import ComputationError

_START_S = 120.0
_END_S = 60.0


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that are free now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Reply(NamedTuple):
    """Status, body and header Retry-After of what a node answers."""

    status: int
    content: bytes
    retry: str | None

    @property
    def fields(self) -> dict[str, Any]:
        """The body as JSON; empty if there is none."""
        found: dict[str, Any] = json.loads(self.content) if self.content else {}
        return found


@dataclass
class Client:
    """Asks a node on a port of loopback, and waits for an answer so long [s]."""

    port: int
    wait_s: float = 300.0

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        """Return the reply to a request, whose body is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.wait_s)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            return Reply(reply.status, reply.read(), reply.headers["Retry-After"])
        finally:
            connection.close()

    def get(self, path: str) -> dict[str, Any]:
        """Return the fields of what lies at a path.

        Raises:
            ComputationError: if the node has no answer to that.
        """
        return _good(self.call("GET", path), 200).fields

    def ask(self, request: dict[str, Any]) -> bytes:
        """Return the result of a request; it comes back as often as the node asks it to.

        Raises:
            ComputationError: if the node refuses it, or it fails.
        """
        end = time.monotonic() + self.wait_s
        while (reply := self.call("POST", "/v1/jobs", request)).status in (429, 503) and time.monotonic() < end:
            time.sleep(min(float(reply.retry or 1), 5.0))
        place = f"/v1/jobs/{_good(reply, 202).fields['id']}"
        while self.get(f"{place}?wait_s=20")["state"] in ("queued", "running"):
            pass
        return _good(self.call("GET", f"{place}/result"), 200).content

    def ready(self) -> bool:
        """Return whether the node takes jobs."""
        try:
            return self.call("GET", "/ready").status == 200
        except OSError:
            return False


def _good(reply: Reply, wanted: int) -> Reply:
    if reply.status != wanted:
        raise ComputationError(f"the node answered {reply.status}: {reply.content[:300]!r}")
    return reply


class NodeProcess:
    """A node that runs while this is open (`with`): `ckm` with some words, on a port; `log` keeps what it says."""

    def __init__(self, words: Sequence[str], port: int, *, log: Path | None = None) -> None:
        self._words, self._log = [sys.executable, "-m", "openckm.cli.main", *words], log
        self.client, self.process = Client(port), self._start()

    def started(self) -> NodeProcess:
        """Return it once it takes jobs.

        Raises:
            ComputationError: if it does not within two minutes.
        """
        end = time.monotonic() + _START_S
        while not self.client.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise ComputationError(f"`{' '.join(self._words[2:])}` did not start: run it by hand to see why")
            time.sleep(0.01)
        return self

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._log or Path(os.devnull)).open("ab") as said:
            return subprocess.Popen(self._words, stderr=said)

    def again(self, how: signal.Signals) -> None:
        """End the process and start another."""
        self.process.send_signal(how)
        self.process.wait(timeout=_END_S)
        self.process = self._start()

    def stop(self) -> None:
        """End it for good."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=_END_S)
        self.process.kill()
        self.process.wait()
