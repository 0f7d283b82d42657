from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from framewise.bench.product import free_port
from tests.media.streaming import BLOCK, BLOCKS
from tracking.protocol import MESSAGE_BYTES


@pytest.fixture
def port() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "annotator.web", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen([*command, "tests.media.streaming:application"]) as server:
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
