from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from annotator.announce import publish
from annotator.announce.notices import Notice
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent, make_world


@pytest.fixture
def desk(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> Iterator[Desk]:
    world = make_world()
    make_agent(world)
    notices: list[Notice] = []
    # A test is one transaction: what is told on commit is told at once.
    monkeypatch.setattr(publish, "_send_on_commit", notices.append)
    yield Desk(world, notices)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def redis() -> Iterator[str]:
    """The address of a Redis of its own."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    port = free_port()
    process = subprocess.Popen(
        [server, "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--loglevel", "warning"]
    )
    try:
        _until_open(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _until_open(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "Redis did not start."
            time.sleep(0.02)
        else:
            return
