"""Real services of a test's own, that can be stopped and started again: PostgreSQL, Redis, and a small disk."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from annotator.config import BucketAddress
from annotator.media.bucket import Bucket
from framewise.bench import services
from framewise.bench.product import free_port


class Postgres(services.Postgres):
    """The test is skipped where none is installed."""

    def __init__(self) -> None:
        with _skipping():
            super().__init__()


class Redis(services.Redis):
    """The test is skipped where none is installed."""

    def __init__(self) -> None:
        with _skipping():
            super().__init__()


@contextmanager
def _skipping() -> Iterator[None]:
    try:
        yield
    except services.NotInstalled as error:
        pytest.skip(str(error))


class S3:
    """An S3-compatible store (moto's server) that forgets everything. It is part of this process."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: Any = None

    def start(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def bucket(self, name: str, prefix: str = "") -> BucketAddress:
        """A new bucket."""
        address = BucketAddress(
            name=name,
            endpoint=self.url,
            region="us-east-1",
            access_key="tests",
            secret_key="of-tests",
            prefix=prefix,
            addressing="path",
        )
        Bucket(address)._client.create_bucket(Bucket=name)
        return address


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A disk of so many MiB at ``folder``; the test is skipped where nothing may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"A disk that is full needs a mount of its own, which isn't allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill the disk of a folder up to ``leave`` bytes; returns the file that is to be removed to make room again."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - leave
        try:
            while free > 0:
                free -= file.write(bytes(min(free, 2**16)))
        except OSError:
            pass
    return filler
