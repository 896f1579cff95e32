"""Silent and slow clients, over real sockets on loopback: they go, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from node_worlds import PLANNER, Still, config, tiny_model

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.service import connections
from openckm.service.config import EdgeConfig
from openckm.service.connections import ConnectionLimiter, ConnectionLimits, _address_of, _Connection, listen_at
from openckm.service.node import Node, Shares, Turns
from openckm.service.serve import NodeServer


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")


@contextmanager
def serving(model, tls: tuple[Path, Path] | None = None, **limits):
    """Run a server in a thread; yield it and its port."""
    raw = {"port": 0} | ({} if tls is None else {"tls_cert": str(tls[0]), "tls_key": str(tls[1])})
    told = config(limits).model_copy(update={"server": EdgeConfig.of({"server": raw}, Path("/")).server})
    server = NodeServer(Node(told, Still(model)))
    sockets = server.listen()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=sockets)))
    thread.start()
    try:
        until(lambda: server.started)
        yield server, sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)


def until(holds, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def head(path: str, method: str = "GET", more: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {PLANNER}\r\n{more}\r\n".encode()


def ask(
    port: int, sent: bytes = head("/health", more="Connection: close\r\n"), tls: ssl.SSLContext | None = None
) -> str:
    """Send bytes on a connection of their own and return all that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        line = plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost")
        with line:
            line.sendall(sent)
            return rest(line).decode()


def rest(line: socket.socket) -> bytes:
    """Return all that comes until the other side ends."""
    found = b""
    try:
        while piece := line.recv(2**16):
            found += piece
    except ConnectionResetError:
        pass
    return found


def reply(line: socket.socket) -> bytes:
    """Return the next answer on a connection that stays."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += line.recv(1)
    size = int(found.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while size:
        piece = line.recv(size)
        found, size = found + piece, size - len(piece)
    return found


def silent(stack: ExitStack, port: int, count: int) -> list[socket.socket]:
    return [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30)) for _ in range(count)]


@pytest.mark.parametrize("limits", [{"connections": 8}, {"connections_per_address": 8}])
def test_silent_connections_keep_nobody_out(model, limits):
    with serving(model, head_s=60.0, **limits) as (server, port), ExitStack() as stack:
        held = silent(stack, port, 30)
        assert ask(port).startswith("HTTP/1.1 200")
        assert len(server.limiter) <= 8
        assert rest(held[0]) == b"", "the one that waited longest has given way"
        half = silent(stack, port, 8)
        for line in half:
            line.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        assert ask(port).startswith("HTTP/1.1 200")


def test_a_connection_that_is_answered_does_not_give_way_and_one_too_many_is_refused(model):
    with serving(model, head_s=60.0, connections=3) as (server, port), ExitStack() as stack:
        lines = silent(stack, port, 3)
        for line in lines:  # bodies on their way: being answered
            line.sendall(head("/v1/jobs", "POST", "Content-Type: application/json\r\nContent-Length: 9\r\n"))
        until(lambda: len(server.limiter._answered) == 3)
        assert ask(port) == ""
        assert server.limiter.refused == 1
        for line in lines:
            line.sendall(b"not json!")
            assert reply(line).startswith(b"HTTP/1.1 422")
        assert ask(port).startswith("HTTP/1.1 200")


def test_silence_ends_a_connection_before_within_and_after_a_request(model):
    with serving(model, head_s=1.0) as (server, port), ExitStack() as stack:
        never, within, after, dripping = silent(stack, port, 4)
        within.sendall(b"GET /health HTTP/1.1\r\nHost: lo")
        after.sendall(head("/health"))
        begun = time.monotonic()
        dripping.sendall(head("/health", "POST", "Content-Length: 1000000\r\n"))
        assert reply(after).startswith(b"HTTP/1.1 200")
        assert reply(dripping).startswith(b"HTTP/1.1 405")
        with pytest.raises(OSError, match=r"reset|pipe"):
            while time.monotonic() < begun + 20:  # a byte now and then does not buy time
                dripping.sendall(b"x")
                time.sleep(0.05)
        assert [rest(line) for line in (never, within, after)] == [b""] * 3
        until(lambda: len(server.limiter) == 0)
        assert server.limiter.ended >= 4


def test_a_kept_connection_is_used_again(model):
    with serving(model) as (server, port), ExitStack() as stack:
        (line,) = silent(stack, port, 1)
        for _ in range(3):
            line.sendall(head("/health"))
            assert reply(line).startswith(b"HTTP/1.1 200")
        assert len(server.limiter) == 1
        line.sendall(head("/health") * 2 + head("/ready", more="Connection: close\r\n"))
        assert rest(line).count(b"HTTP/1.1 200") == 3


def test_who_takes_nothing_of_a_result_is_cut_off_and_gives_its_memory_back(model):
    with serving(model, head_s=1.0) as (server, port), ExitStack() as stack:
        drawn = np.random.default_rng(0).normal(-90.0, 9.0, (32, 1, 64, 64)).astype(np.float32)
        made = RadioMap.from_draws(Grid((64, 64), 4.0), drawn, ["gain_db"])
        job = server._node.queue.submit("planner", "site", lambda model, ticket: made, 60)
        until(lambda: job.state == "done")
        line = stack.enter_context(socket.socket())
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        line.connect(("127.0.0.1", port))
        line.sendall(head(f"/v1/jobs/{job.id}/result?draws=true"))
        shares = server._node.answers
        until(lambda: shares._held.total() > 100_000)
        until(lambda: shares._held.total() == 0)
        until(lambda: len(server.limiter) == 0)
        whole = ask(port, head(f"/v1/jobs/{job.id}/result?draws=true", more="Connection: close\r\n"))
        assert len(json.loads(whole.split("\r\n\r\n", 1)[1])["channels"]["gain_db"]["draws"]) == 32


JSON = "Content-Type: application/json\r\n"


def test_a_length_stated_twice_is_refused(model):
    """A proxy on the way may believe one, this node the other: what follows would be somebody's smuggled request."""
    body = b"2\r\n{}\r\n0\r\n\r\n"
    with serving(model) as (server, port):
        both = head("/v1/jobs", "POST", JSON + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + body
        found = ask(port, both + head("/health"))
        assert found.startswith("HTTP/1.1 400")
        assert json.loads(found.rsplit("\r\n\r\n", 1)[1])["error"]["code"] == "malformed"
        assert found.count("HTTP/1.1") == 1, "and the connection ends"
        chunked = head("/v1/jobs", "POST", JSON + "Transfer-Encoding: chunked\r\nConnection: close\r\n") + body
        assert ask(port, chunked).startswith("HTTP/1.1 422"), "one of them is fine"
        until(lambda: len(server.limiter) == 0)


def test_a_body_beyond_the_limit_is_refused_before_it_comes(model):
    with serving(model, body_s=60.0) as (server, port):
        begun = time.monotonic()
        found = ask(port, head("/v1/jobs", "POST", JSON + "Content-Length: 99999999999999\r\n") + b"{")
        assert found.startswith("HTTP/1.1 413")
        assert "connection: close" in found.lower()
        assert time.monotonic() - begun < 10.0
        until(lambda: len(server.limiter) == 0)


def streamed(megabytes: int, *, chunked: bool) -> bytes:
    """Return a request whose body is that long, in pieces of a megabyte, whole."""
    piece = b" " * 2**20
    if not chunked:
        return head("/v1/jobs", "POST", f"{JSON}Content-Length: {megabytes * len(piece)}\r\n") + piece * megabytes
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for _ in range(megabytes)) + b"0\r\n\r\n"
    return head("/v1/jobs", "POST", JSON + "Transfer-Encoding: chunked\r\n") + body


def all_sent_then_read(port: int, sent: bytes, tls: ssl.SSLContext | None) -> bytes:
    """Send everything before anything is read, as simple clients do, and return what was answered."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=30)
    with plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost") as line:
        line.sendall(sent)
        found = b""
        while piece := line.recv(2**16):
            found += piece
        return found


@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_who_streams_more_than_the_limit_reads_why_it_was_refused(model, certificate, chunked, secret):
    """The rest of the body is taken and dropped: closing over unread bytes would reset the connection."""
    pair = certificate if secret else None
    trusting = ssl.create_default_context(cafile=str(certificate[0])) if secret else None
    with serving(model, pair, body_bytes=2**20) as (server, port):
        for _ in range(3):
            found = all_sent_then_read(port, streamed(24, chunked=chunked), trusting)
            assert found.startswith(b"HTTP/1.1 413") and b"too_large" in found
        until(lambda: len(server.limiter) == 0)
        assert server._node.bodies._held.total() == 0


def test_a_body_without_end_is_not_read_for_ever(model, monkeypatch):
    monkeypatch.setattr(connections, "_LINGER_S", 1.0)
    with serving(model, body_bytes=2**20) as (server, port):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(head("/v1/jobs", "POST", JSON + f"Content-Length: {2**40}\r\n"))
            with pytest.raises(OSError, match=r"reset|pipe"):
                while time.monotonic() < begun + 20:
                    line.sendall(b" " * 1000)
                    time.sleep(0.01)
        assert time.monotonic() - begun < 15
        until(lambda: len(server.limiter) == 0)


def test_who_hangs_up_leaves_nothing_in_the_log_but_a_count(model, caplog):
    caplog.set_level("INFO")
    with serving(model) as (server, port):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
                line.sendall(head("/v1/jobs", "POST", JSON + "Content-Length: 500000\r\n") + b"x" * 1000)
        until(lambda: len(server.limiter) == 0)
        until(lambda: b'status="499"} 5.0' in server._node.metrics_text())
        assert server._node.bodies._held.total() == 0, "and its memory is given back"
    assert not [r for r in caplog.records if r.levelname in ("WARNING", "ERROR", "CRITICAL") or r.exc_info]


def test_tokens_take_turns_at_the_few_places_of_the_parsers():
    order, turns = [], Turns(1)

    async def work(owner: str, k: int, go: asyncio.Event | None = None) -> None:
        async with turns.of(owner):
            order.append(f"{owner}{k}")
            await (asyncio.sleep(0) if go is None else go.wait())

    async def everybody() -> None:
        go = asyncio.Event()
        first = asyncio.create_task(work("many", 0, go))
        await asyncio.sleep(0)
        rest = [asyncio.create_task(work(owner, k)) for owner, k in (("many", 1), ("many", 2), ("many", 3), ("one", 1))]
        gone = asyncio.create_task(work("gone", 1))
        await asyncio.sleep(0)
        gone.cancel()
        go.set()
        await asyncio.gather(first, *rest)
        async with asyncio.timeout(5), turns.of("later"):
            pass

    asyncio.run(everybody())
    assert order == ["many0", "many1", "one1", "many2", "many3"]
    assert (turns._free, turns._waiting) == (1, {})


def test_shares_of_memory():
    shares = Shares(100, 50)
    assert shares.take("a", 90), "the first of all may be larger than its share"
    assert not shares.take("a", 1)
    assert not shares.take("b", 20)
    assert shares.take("b", 10)
    shares.give("a", 90)
    assert shares.take("b", 40)
    assert not shares.take("b", 1)


class Loop:
    """Timers that never come."""

    def call_later(self, *_):
        return self

    def cancel(self):
        pass


def test_who_has_most_connections_gives_way_first(monkeypatch):
    monkeypatch.setattr(asyncio, "get_running_loop", Loop)
    limiter, connections = ConnectionLimiter(ConnectionLimits(most=6, per_address=4)), []

    def enter(host: str) -> bool:
        plain, other = socket.socketpair(type=socket.SOCK_STREAM)
        other.close()
        connection = _Connection(limiter, (host, len(connections)), plain)
        monkeypatch.setattr(connection, "bound", lambda seconds: None)
        connections.append(connection)
        return limiter.enter(connection)

    try:
        for host in ("10.0.0.1", *["10.0.0.9"] * 6, "10.0.0.2", "10.0.0.3"):
            assert enter(host)
        assert limiter._of == {"10.0.0.1": 1, "10.0.0.9": 3, "10.0.0.2": 1, "10.0.0.3": 1}
        assert [key[1] for key in limiter._waiting] == [0, 4, 5, 6, 7, 8]
        for key in list(limiter._waiting):
            limiter.answers(key)
        assert not enter("10.0.0.4")
        limiter.waits(connections[5].key)
        assert enter("10.0.0.4")
        assert limiter._of["10.0.0.9"] == 2
    finally:
        for connection in connections:
            connection.close()
    assert (len(limiter), limiter._of) == (0, {})


def test_an_address_is_a_network_where_one_has_many():
    assert _address_of("192.0.2.7") == "192.0.2.7"
    assert _address_of("2001:db8::1") == _address_of("2001:db8::ffff:2%eth0") != _address_of("2001:db8:0:1::1")
    assert _address_of("::ffff:192.0.2.7") == "192.0.2.7"


def test_an_address_that_is_taken_or_unknown_is_one_sentence(model):
    with serving(model) as (_, port), pytest.raises(OptionError, match=rf"server.port {port}: cannot listen"):
        listen_at(ConnectionLimiter(ConnectionLimits()), "127.0.0.1", port)
    with pytest.raises(OptionError, match="cannot listen"):
        listen_at(ConnectionLimiter(ConnectionLimits()), "no.such.host.invalid", 0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost, signed by itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    (folder / "edge.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "edge.key").write_bytes(key.private_bytes(*form, plain))
    return folder / "edge.pem", folder / "edge.key"


def test_tls_is_spoken_and_silent_handshakes_keep_nobody_out(model, certificate):
    known = ssl.create_default_context(cafile=certificate[0])
    with serving(model, certificate, head_s=60.0, connections=6) as (server, port), ExitStack() as stack:
        held = silent(stack, port, 12)
        assert ask(port, tls=known).startswith("HTTP/1.1 200")
        assert ask(port) == "", "plain HTTP is not answered"
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(port, tls=ssl.create_default_context())
        old = ssl.create_default_context(cafile=certificate[0])
        with pytest.warns(DeprecationWarning):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, OSError)):
            ask(port, tls=old)
        assert rest(held[0]) == b""
        assert len(server.limiter) <= 6


def test_a_silent_handshake_ends(model, certificate):
    with serving(model, certificate, head_s=0.5) as (server, port), ExitStack() as stack:
        (line,) = silent(stack, port, 1)
        assert rest(line) == b""
        until(lambda: len(server.limiter) == 0)


def test_files_that_hold_no_certificate_are_one_sentence(model, tmp_path):
    (tmp_path / "edge.pem").write_text("nothing")
    with pytest.raises(OptionError, match="not a certificate"), serving(model, (tmp_path / "edge.pem",) * 2):
        pass
