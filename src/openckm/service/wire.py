"""Bytes come in within their limits and go out in pieces, and errors have one shape."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import HTTPException, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from openckm.service.config import Token
from openckm.service.node import Node

_PIECE = 2**16
"""Bytes of an answer that are handed to a connection at a time: it takes more when these are on their way."""


class ErrorBody(BaseModel):
    """What went wrong: a word for programs, a sentence for people."""

    code: str
    message: str


class ErrorAnswer(BaseModel):
    """Every failure looks like this."""

    error: ErrorBody


def error_body(code: str, message: str) -> dict[str, Any]:
    """Return the body of a failure."""
    return {"error": {"code": code, "message": message}}


def failure(status: int, code: str, message: str, retry_s: int | None = None) -> HTTPException:
    """Return a failure to raise, with when to come back [s] where that helps."""
    headers = {} if retry_s is None else {"Retry-After": str(retry_s)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return HTTPException(status, error_body(code, message), headers)


def fails(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how a route's failures are described."""
    return {status: {"model": ErrorAnswer} for status in statuses}


@asynccontextmanager
async def body_of(
    request: Request, node: Node, token: Token, media: tuple[str, ...] = ("application/json",)
) -> AsyncIterator[bytes]:
    """Lend the body of a request, decompressed, within the limits of size, time and the token's share of memory.

    Raises:
        HTTPException: 400, 408, 413, 415 or 429.
    """
    limits, held = node.config.limits, 0
    if _stated_length(request) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind not in media or coding not in ("identity", "gzip"):
        raise failure(415, "unsupported", f"wanted {' or '.join(media)}, as it is or compressed by gzip")

    def take(size: int) -> None:
        nonlocal held
        if not node.bodies.take(token.name, size):
            raise failure(429, "busy", "too many large requests are on their way: send one after another", 1)
        held += size

    content = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for piece in request.stream():
                if len(content) + len(piece) > limits.body_bytes:
                    raise _too_large(limits.body_bytes)
                take(len(piece))
                content += piece
        if coding == "gzip":
            packed, content = bytes(content), bytearray()
            content = bytearray(await run_in_threadpool(_unpacked, packed, limits.body_bytes))
            take(len(content))
        yield bytes(content)
    except TimeoutError as error:
        raise failure(408, "too_slow", f"the body did not come within {limits.body_s:g} s") from error
    finally:
        node.bodies.give(token.name, held)


def _unpacked(content: bytes, most: int) -> bytes:
    """Return what gzip packed, stopping at the limit."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(content, most + 1)
    except zlib.error as error:
        raise failure(400, "malformed", "the body is not what gzip makes") from error
    if len(found) > most:
        raise _too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise failure(400, "malformed", "the body is not one whole gzip stream")
    return found


def _stated_length(request: Request) -> int:
    """Return the length [bytes] that a request states of its body, 0 if it states none."""
    try:
        return int(request.headers.get("content-length", "0"))
    except ValueError:
        return 0


def _too_large(most: int) -> HTTPException:
    """413, and an end to the connection: the rest of the body is not waited for."""
    refused = failure(413, "too_large", f"more than {most} bytes, as sent or decompressed: send less")
    refused.headers = {**(refused.headers or {}), "Connection": "close"}
    return refused


class Pieces(Response):
    """An answer that a connection takes piece by piece, so that one that takes none does not keep it for ever.

    Args:
        content: the whole.
        media_type: the media type of it.
        done: called when it was sent, or nobody wants it any more.
    """

    def __init__(self, content: bytes, media_type: str, done: Callable[[], None]) -> None:
        super().__init__(content, media_type=media_type)
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            content = memoryview(self.body)
            for begin in range(0, len(content), _PIECE):
                piece = bytes(content[begin : begin + _PIECE])
                await send({"type": "http.response.body", "body": piece, "more_body": begin + _PIECE < len(content)})
        finally:
            self._done()
