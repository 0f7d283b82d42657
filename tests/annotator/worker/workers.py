"""Real jobs workers beside a test, on its database and its media."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from django.db import connection

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0


@dataclass
class Worker:
    process: subprocess.Popen[str]
    log: Path

    def tasks(self) -> list[int]:
        """The processes of its tasks."""
        try:
            return [child.pid for child in psutil.Process(self.process.pid).children()]
        except psutil.NoSuchProcess:
            return []

    def until_task(self) -> int:
        """The process of a task, as soon as there is one."""
        until(lambda: bool(self.tasks()), f"a task runs; {self.log.read_text()[-2000:]}")
        return self.tasks()[0]

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def working(data: Path, *arguments: str, **environment: str) -> Iterator[Worker]:
    """A jobs worker, with the test's database; ``data``: its folder, whose ``media`` is the test's."""
    environment = {**os.environ, "FRAMEWISE_DATA": str(data), **environment}
    if connection.vendor == "sqlite":
        name = data / "framewise.sqlite3"
        if not name.is_symlink():
            name.symlink_to(connection.settings_dict["NAME"])
    else:
        whole = environment["FRAMEWISE_DATABASE_URL"].rpartition("/")[0]
        environment["FRAMEWISE_DATABASE_URL"] = f"{whole}/{connection.settings_dict['NAME']}"
    log = data / "worker.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "framewise_worker", *arguments],
            cwd=ROOT,
            env={**environment, "DJANGO_SETTINGS_MODULE": "annotator.settings"},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Worker(process, log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"After {seconds:g} s it is not so that {what}."
        time.sleep(0.02)
