"""This module runs the node until it is asked to end; accepted jobs are then finished and handed out first."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from types import FrameType

import uvicorn

from openckm.errors import OptionError
from openckm.service.app import create_app
from openckm.service.config import EdgeConfig
from openckm.service.connections import ConnectionLimiter, ConnectionLimits, listen_at, protocol_for, require_hooks
from openckm.service.node import Node

__all__ = ["serve"]

_log = logging.getLogger("openckm.edge")
_FETCH_S = 20.0
"""How long a node that was asked to end waits for results to be fetched, once nothing runs any more [s]."""


class NodeServer(uvicorn.Server):
    """A server that, once asked to end, takes no more jobs and answers until those it has are fetched.

    Args:
        node: the node that it serves, as its configuration says.

    Raises:
        OptionError: if TLS cannot be set up with the files that are named.
    """

    def __init__(self, node: Node) -> None:
        server, limits = node.config.server, node.config.limits
        per_address = None if server.behind_proxy else limits.connections_per_address
        self.limiter = ConnectionLimiter(ConnectionLimits(limits.connections, per_address, limits.head_s))
        options = uvicorn.Config(
            create_app(node), host=server.host, port=server.port, access_log=False, log_config=None, ws="none",
            loop="asyncio", http=protocol_for(self.limiter), proxy_headers=False, server_header=False,
            ssl_certfile=server.tls_cert, ssl_keyfile=server.tls_key, timeout_graceful_shutdown=5,
            timeout_keep_alive=max(int(limits.head_s), 1),
        )  # fmt: skip
        try:
            options.load()
        except OSError as error:
            raise OptionError(
                f"server.tls_cert {server.tls_cert}, server.tls_key {server.tls_key}: not a certificate and its key in"
                f" PEM ({error})"
            ) from error
        super().__init__(options)
        self._node, self._told = node, False
        node.limiter = self.limiter

    def listen(self) -> list[socket.socket]:
        """Return the bound sockets to serve.

        Raises:
            OptionError: if the configured address is unknown or taken.
        """
        server = self._node.config.server
        return listen_at(self.limiter, server.host, server.port, _listening)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; asked a second time, end at once."""
        if self._told or self._node.queue.idle():
            super().handle_exit(sig, frame)
            return
        self._told = True
        self._node.queue.drain()
        loop = asyncio.get_running_loop()
        self._ending = loop.create_task(self._drained(sig, frame))

    async def _drained(self, sig: int, frame: FrameType | None) -> None:
        loop, queue, drain_s = asyncio.get_running_loop(), self._node.queue, self._node.config.server.drain_s
        end = loop.time() + drain_s
        fetched_by = end
        while not queue.idle() and loop.time() < min(end, fetched_by):
            if queue.running:
                fetched_by = end
            elif fetched_by == end:
                fetched_by = min(loop.time() + _FETCH_S, end - 1e-9)
            await asyncio.sleep(0.05)
        super().handle_exit(sig, frame)


def serve(config: EdgeConfig) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: the configuration of the edge.

    Raises:
        StoreError: if the trust root or the cache cannot be used.
        ModelError: if the shipped prior cannot be loaded.
        OptionError: if the address is taken, TLS cannot be set up, or uvicorn is of a version that cannot be bounded.
    """
    import torch

    from openckm.nn.arithmetic import set_arithmetic

    if config.server.threads is not None:
        torch.set_num_threads(config.server.threads)
    _log.info("networks compute in %s", set_arithmetic(config.model.arithmetic))
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # or clients could fill the log with their mistakes
    begun = time.monotonic()
    require_hooks()
    server = NodeServer(Node(config))
    sockets = server.listen()
    _log.info("ready after %.2f s", time.monotonic() - begun)
    server.run(sockets=sockets)


def _listening(host: str, port: int) -> None:
    _log.info("listening on %s port %d", host, port)
