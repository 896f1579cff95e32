"""This module limits who may be connected, so that silent or slow clients cannot use all connections up.

A connection either waits (for the rest of a request's head, a TLS handshake, the next request) or is being answered.
What waits has `head_s` and then goes. When all places of an address are taken, its connection that has waited longest
gives way to the new one; when all places are, the one of whichever address has most. So no number of silent connections
keeps anybody out; a newcomer is turned away only when every place is being answered. The limiter counts sockets as the
system hands them over, before TLS. An address is an IPv4 address or an IPv6 network of 64 bits: so many belong to
whoever has one.

A client that takes no more of its answer for `head_s` is cut off, too: an answer on its way holds memory. One that is
answered before it has sent all of its body may send on for a while, and what it sends is dropped: were the connection
closed over bytes that nobody read, the system would reset it, and the answer be lost with it (RFC 9112, Section 9.6).
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from openckm.errors import OptionError

Key = tuple[str, int]
_SEND_BUFFER = 2**18
"""Bytes of an answer that the system may hold of a connection: it would hold megabytes for clients that take none."""
_LINGER_S, _LINGER_BYTES = 5.0, 2**26
"""How long, and how much of it, the rest of a refused body is taken and dropped."""


@dataclass(frozen=True)
class ConnectionLimits:
    """How many may be connected, and how long they may be silent.

    Attributes:
        most: connections, of all addresses.
        per_address: connections of one address; None behind a proxy, where all have its.
        head_s: longest wait for a request's head, for the next one, or for a client to take what it asked for [s].
    """

    most: int = 512
    per_address: int | None = 64
    head_s: float = 15.0


class ConnectionLimiter:
    """Keeps account of the connections of a service; it lives in the event loop's thread."""

    def __init__(self, options: ConnectionLimits) -> None:
        self.options = options
        self._waiting: OrderedDict[Key, tuple[_Connection, asyncio.TimerHandle]] = OrderedDict()
        self._answered: dict[Key, _Connection] = {}
        self._of: Counter[str] = Counter()
        self.refused, self.ended = 0, 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._answered)

    def enter(self, connection: _Connection) -> bool:
        """Let a connection in, if need be in the place of the one that waited longest; False if there is no room."""
        most = self.options.per_address
        full = most is not None and self._of[connection.address] >= most and not self._give_way(connection.address)
        if not full and len(self) >= self.options.most:
            full = not self._give_way(None)
        if full:
            self.refused += 1
            return False
        old = self._answered.get(connection.key) or self._waiting.get(connection.key, (None,))[0]
        if old is not None:  # its port was used again: the system has ended it
            self.left(old)
        self._of[connection.address] += 1
        connection.bound(self.options.head_s)
        self._wait(connection)
        return True

    def answers(self, key: Key) -> None:
        """Note that the head of a request has come: whoever sent it has all time until the answer."""
        if (held := self._waiting.pop(key, None)) is not None:
            connection, timer = held
            timer.cancel()
            self._answered[key] = connection

    def waits(self, key: Key) -> None:
        """Note that an answer was given; if one was under way, the time for the next request begins."""
        if (connection := self._answered.pop(key, None)) is not None:
            self._wait(connection)

    def left(self, connection: _Connection) -> None:
        """Note that a connection was closed."""
        held = self._waiting.get(connection.key)
        if held is not None and held[0] is connection:
            del self._waiting[connection.key]
            held[1].cancel()
        elif self._answered.get(connection.key) is connection:
            del self._answered[connection.key]
        else:
            return
        self._of[connection.address] -= 1
        if not self._of[connection.address]:
            del self._of[connection.address]

    def _wait(self, connection: _Connection) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[connection.key] = connection, loop.call_later(self.options.head_s, self._end, connection)

    def _give_way(self, address: str | None) -> bool:
        """End what waited longest of an address; of whichever has most connections where none is named."""
        waiting = [connection for connection, _ in self._waiting.values()]
        if address is None and waiting:
            address = max(waiting, key=lambda connection: self._of[connection.address]).address
        found = next((connection for connection in waiting if connection.address == address), None)
        if found is not None:
            self._end(found)
        return found is not None

    def _end(self, connection: _Connection) -> None:
        """End a connection that waits: its transport sees the end of the stream and closes."""
        self.ended += 1
        self.left(connection)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            connection.close()


class _Listener(socket.socket):
    """A listening socket whose connections pass the limiter."""

    def __init__(self, limiter: ConnectionLimiter, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self.limiter = limiter

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection that was let in.

        Raises:
            ConnectionAbortedError: if it was turned away, as if the client had gone before it was accepted.
        """
        accepted, address = super().accept()
        connection = _Connection(self.limiter, address, accepted)
        if not self.limiter.enter(connection):
            connection.close()
            raise ConnectionAbortedError
        return connection, address


class _Connection(socket.socket):
    """A connection that reports to the limiter when it is closed."""

    def __init__(self, limiter: ConnectionLimiter, address: Any, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.limiter, self.key, self.address = limiter, _key(address), _address_of(str(address[0]))

    def bound(self, seconds: float) -> None:
        """Bound what the system holds of it, and how long [s] without any of it arriving, where the system can."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, math.ceil(1000 * seconds))

    def close(self) -> None:
        """Close it."""
        super().close()
        self.limiter.left(self)


class _Protocol(H11Protocol):
    """HTTP that reports to the limiter what a connection does, and drops clients that take nothing of their answer."""

    limiter: ConnectionLimiter
    _key: Key = ("", 0)
    _stalled: asyncio.TimerHandle | None = None
    _lingers: asyncio.TimerHandle | None = None
    _room = _LINGER_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._key = _key(transport.get_extra_info("peername") or ("", 0))
        self.transport = _Lingering(transport, self)  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._lingers is None:
            super().data_received(data)
            return
        self._room -= len(data)
        if self._room < 0:
            self.transport.close()

    def ends(self, transport: asyncio.Transport) -> None:
        """Close the connection, but let a client that still sends its body finish first: it reads the answer after."""
        if self._lingers is not None or self.conn.their_state is not h11.SEND_BODY or transport.is_closing():
            transport.close()
            return
        self._lingers = self.loop.call_later(_LINGER_S, transport.close)
        if transport.can_write_eof():
            transport.write_eof()
        self.flow.resume_reading()

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self.limiter.answers(self._key)

    def on_response_complete(self) -> None:
        self.limiter.waits(self._key)
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.limiter.options.head_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._moves()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._moves()
        if self._lingers is not None:
            self._lingers.cancel()
        super().connection_lost(exc)

    def _moves(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class _Lingering:
    """A transport that asks its protocol how to close."""

    def __init__(self, transport: asyncio.Transport, protocol: _Protocol) -> None:
        self._transport, self._protocol = transport, protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Close it, at once or when the client has sent what it was sending."""
        self._protocol.ends(self._transport)

    def is_closing(self) -> bool:
        """Whether it is closed, or only waits for the rest of a body."""
        return self._protocol._lingers is not None or self._transport.is_closing()


class _Wire(asyncio.Transport):
    """A connection to nobody, which takes what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = False

    def write(self, data: Any) -> None:
        """Take it."""

    def is_closing(self) -> bool:
        return self.ended

    def close(self) -> None:
        self.ended = True

    abort = close


class _Noted(ConnectionLimiter):
    """Notes in which order a protocol reports what a connection does."""

    def __init__(self) -> None:
        super().__init__(ConnectionLimits())
        self.seen: list[str] = []

    def answers(self, key: Key) -> None:
        self.seen.append("answers")

    def waits(self, key: Key) -> None:
        self.seen.append("waits")


async def _answer_nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def _rehearsal(protocol: type[H11Protocol], noted: _Noted) -> bool:
    """Let a protocol answer a request and stall once; return whether its limiter heard, and ended the stall."""
    config = uvicorn.Config(_answer_nothing, loop="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    made: Any = protocol(config=config, server_state=ServerState(), app_state={})
    made.connection_made(_Wire())
    made.data_received(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for _ in range(10):
        await asyncio.sleep(0)
    made.pause_writing()
    stalled = made._stalled is not None
    made.resume_writing()
    moves = made._stalled is None
    made.connection_lost(None)
    return noted.seen == ["answers", "waits"] and stalled and moves


def require_hooks(base: type[H11Protocol] = H11Protocol) -> None:
    """Answer one request in memory, and refuse to serve if uvicorn's protocol does not report what a connection does.

    The class is private to uvicorn: another version may call its methods in another way, or not at all, and the limits
    would then be open without a word.

    Raises:
        OptionError: if it does not.
    """
    noted = _Noted()
    loop = asyncio.new_event_loop()
    try:
        good = loop.run_until_complete(_rehearsal(type("Rehearsed", (_Protocol, base), {"limiter": noted}), noted))
    except (AttributeError, TypeError, KeyError, AssertionError):
        good = False
    finally:
        loop.close()
    if not good:
        raise OptionError(
            f"uvicorn {uvicorn.__version__} does not report what its connections do, so silent clients could not be"
            " cut off, and nothing is served: install the version that openckm asks for (pip install 'openckm[edge]')"
        )


def protocol_for(limiter: ConnectionLimiter) -> type[H11Protocol]:
    """Return the protocol of connections that passed a limiter."""
    return type("Protocol", (_Protocol,), {"limiter": limiter})


def listen_at(
    limiter: ConnectionLimiter, host: str, port: int, on_listening: Callable[[str, int], None] | None = None
) -> list[socket.socket]:
    """Return bound sockets of an address, whose connections pass the limiter.

    Args:
        limiter: the limiter that they pass.
        host: name or address.
        port: 0 for any that is free.
        on_listening: called with each address and port.

    Raises:
        OptionError: if the address is unknown or taken.
    """
    made: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ):
            listener = _Listener(limiter, family, kind, protocol)
            made.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            if on_listening is not None:
                on_listening(*listener.getsockname()[:2])
    except OSError as error:
        for one in made:
            one.close()
        raise OptionError(f"server.host {host!r}, server.port {port}: cannot listen there ({error})") from error
    return made


def _key(address: Any) -> Key:
    return str(address[0]), int(address[1])


def _address_of(host: str) -> str:
    """Return whose an address is: itself, or its network of 64 bits."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(ipaddress.IPv6Network((address, 64), strict=False)) if mapped is None else str(mapped)
