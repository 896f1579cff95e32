"""Runs the service until it is told to end; accepted jobs are then finished and their results handed out first."""

from __future__ import annotations

import asyncio
import logging
from types import FrameType

import uvicorn

from openckm.edge.app import Service, create_app
from openckm.edge.config import EdgeConfig

__all__ = ["serve"]

_log = logging.getLogger("openckm.edge")
_CONNECTIONS = 512


class _Server(uvicorn.Server):
    """A server that, told to end, takes no more jobs and goes on answering until those it has are fetched."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service, self._told = service, False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; told twice, end at once."""
        if self._told or self._service.queue.idle():
            super().handle_exit(sig, frame)
            return
        self._told = True
        self._service.queue.drain()
        loop = asyncio.get_running_loop()
        self._ending = loop.create_task(self._drained(sig, frame))

    async def _drained(self, sig: int, frame: FrameType | None) -> None:
        end = asyncio.get_running_loop().time() + self._service.config.server.drain_s
        while not self._service.queue.idle() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
        super().handle_exit(sig, frame)


def serve(config: EdgeConfig) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: of the edge.

    Raises:
        StoreError: if the trust root or the cache cannot be used.
        ModelError: if the shipped prior cannot be loaded.
    """
    import torch

    if config.server.threads is not None:
        torch.set_num_threads(config.server.threads)
    service = Service(config)
    options = uvicorn.Config(
        create_app(service), host=config.server.host, port=config.server.port, access_log=False, log_config=None,
        ssl_certfile=config.server.tls_cert, ssl_keyfile=config.server.tls_key, server_header=False,
        limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=5, timeout_keep_alive=15,
    )  # fmt: skip
    _log.info("serving on %s port %d", config.server.host, config.server.port)
    _Server(options, service).run()
