from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from annotator.web import MOST_UNTAKEN
from framewise.bench.product import free_port
from tests.media.streaming import BLOCK, BLOCKS, WHY
from tracking.protocol import MESSAGE_BYTES

STALLED_S = 8
MIB = 2**20


@pytest.fixture
def port() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "annotator.web", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "FRAMEWISE_STALLED_S": str(STALLED_S)}
    with subprocess.Popen([*command, "tests.media.streaming:application"], env=environment) as server:
        try:
            while server.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()


def blocks_sent(port: int) -> int:
    """How many blocks the application got rid of, once that no longer grows."""
    count, before = 0, -1
    while count != before or not count:
        time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sent") as answer:
            before, count = count, int(answer.read())
    return count


def test_a_reader_that_stalls_holds_the_sender_back_and_gets_the_rest_later(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        reader.sendall(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        head = reader.recv(1000)
        assert b"200" in head
        # What is under way is in the buffers of the two sockets, not in the server's memory.
        assert blocks_sent(port) < BLOCKS / 3
        received = len(head)
        while piece := reader.recv(2**20):
            received += len(piece)
        assert received > BLOCKS * len(BLOCK)
        assert blocks_sent(port) == BLOCKS


def test_a_reader_that_leaves_does_not_disturb_the_next(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as reader:
        reader.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        reader.recv(1000)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert sum(len(piece) for piece in iter(lambda: answer.read(2**20), b"")) == BLOCKS * len(BLOCK)


def test_messages_of_heavy_shapes_are_taken_up_to_the_length_that_is_told(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/", max_size=None, compression=None) as socket:
        socket.send("x" * MESSAGE_BYTES)
        assert socket.recv() == str(MESSAGE_BYTES)
        with pytest.raises(ConnectionClosed):
            socket.send("x" * (MESSAGE_BYTES + 2**20))
            socket.recv()


def test_the_other_side_reads_why_its_connection_was_closed(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/") as socket:
        socket.send("end")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409
    # As much of it as a socket's last word may have.
    assert 100 < len(closed.value.rcvd.reason.encode()) <= 123
    assert WHY.startswith(closed.value.rcvd.reason)


def memory_of(port: int) -> int:
    """Bytes that the server which listens on a port has in memory."""
    listening = (each for each in psutil.net_connections("tcp") if each.laddr and each.laddr.port == port)
    pid = next(each.pid for each in listening if each.status == psutil.CONN_LISTEN)
    return int(psutil.Process(pid).memory_info().rss)


def shake_hands(port: int, path: str) -> socket.socket:
    """A WebSocket by hand, whose reader takes nothing after the handshake."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=30)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
    peer.sendall(
        f"GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b"101" in peer.recv(1000)
    return peer


def frame_of(text: bytes, *, opcode: int = 1) -> bytes:
    """A masked frame of a client (RFC 6455); the mask is zeros."""
    head = bytes([0x80 | opcode])
    if len(text) < 126:
        return head + bytes([0x80 | len(text)]) + bytes(4) + text
    return head + bytes([0x80 | 127]) + struct.pack(">Q", len(text)) + bytes(4) + text


def test_a_socket_whose_reader_never_reads_costs_little_and_is_ended(port: int) -> None:
    with shake_hands(port, "/") as reader:
        before = memory_of(port)
        reader.sendall(frame_of(b"300"))
        assert blocks_sent(port) < 30
        assert memory_of(port) - before < 16 * MIB
        assert_ended(reader)


def test_pings_of_one_who_never_reads_cost_little(port: int) -> None:
    with shake_hands(port, "/") as reader:
        reader.sendall(frame_of(b"300"))
        time.sleep(0.5)
        before = memory_of(port)
        pings = frame_of(b"x" * 100, opcode=9) * 10_000
        with suppress(OSError):
            for _ in range(30):
                reader.sendall(pings)
        assert memory_of(port) - before < 16 * MIB


def test_messages_that_nobody_takes_are_not_read_without_end(port: int) -> None:
    with shake_hands(port, "/slow/") as writer:
        before = memory_of(port)
        writer.settimeout(2)
        with suppress(TimeoutError):
            for _ in range(300):
                writer.sendall(frame_of(b"x" * MIB))
        assert memory_of(port) - before < 2 * MOST_UNTAKEN + 16 * MIB


def test_a_download_whose_reader_never_reads_is_ended(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        before = memory_of(port)
        reader.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert blocks_sent(port) < BLOCKS / 3
        assert memory_of(port) - before < 16 * MIB
        assert_ended(reader)


def test_a_reader_that_is_only_slow_gets_everything(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/", max_size=None, compression=None) as reader:
        reader.send("40")
        for _ in range(40):
            assert reader.recv() == BLOCK
            time.sleep(0.05)


def assert_ended(reader: socket.socket) -> None:
    """The server ends the connection, though nothing was read of it."""
    time.sleep(STALLED_S + 2)
    with pytest.raises(OSError):
        for _ in range(20):
            reader.sendall(frame_of(b"still here"))
            time.sleep(0.1)
