"""A task in a process of its own, which is forked from a parent that has loaded everything: that takes milliseconds.

No connection to a database crosses the fork: the parent closes its own before, and both open new ones. The parent has
no thread of its own and holds no lock; numpy's BLAS, which has threads, ends and begins them around a fork by itself.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import psutil
from django.db import connection, connections
from django_tasks_db.models import DBTaskResult

from annotator.actions.background import Allowance

log = logging.getLogger(__name__)

OUT_OF_MEMORY = 86
"""The exit code of a process that was refused memory."""
PR_SET_PDEATHSIG = 1
PATIENCE_MS = 600_000
"""How long a task waits for a turn to write to SQLite: nobody sits in front of it."""
PAGE = resource.getpagesize()


class TaskProcess:
    """The process that does one task."""

    def __init__(self, result: DBTaskResult[Any, Any], allowed: Allowance, nice: int) -> None:
        self.result = result
        self.allowed = allowed
        self.began = time.monotonic()
        connections.close_all()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        parent = os.getpid()
        self._inherited = _resident(parent)
        self.pid = os.fork()
        if not self.pid:
            _be_the_process(result, allowed, parent, nice)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def memory(self) -> int:
        """Bytes that it took: what it had from its parent doesn't count."""
        return max(_resident(self.pid) - self._inherited, 0)

    def exit_code(self) -> int | None:
        """What it ended with, negative for a signal; None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def kill(self) -> None:
        """End it at once and wait until it is gone: its transaction is rolled back then."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _be_the_process(result: DBTaskResult[Any, Any], allowed: Allowance, parent: int, nice: int) -> NoReturn:
    code = 1
    try:
        _settle(allowed, parent, nice)
        code = _carry_out(result)
    except MemoryError:
        code = OUT_OF_MEMORY
    except BaseException:
        log.exception("The process of %s can't go on", result.task_path)
    finally:
        logging.shutdown()
        os._exit(code)


def _settle(allowed: Allowance, parent: int, nice: int) -> None:
    """Be ended by the parent alone, and with it; keep to the limits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        # Refused memory ends a task in good order; the parent, which looks now and then, would let it overshoot.
        most = _private_bytes() + allowed.memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        with suppress(OSError):
            # When the whole machine's memory runs out, this goes first, not the web process.
            Path("/proc/self/oom_score_adj").write_text("500")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(nice)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")


def _resident(pid: int) -> int:
    """Bytes that a process holds beside mapped files; 0 once it ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(resident) - int(shared)) * PAGE
    except (OSError, ValueError):
        pass  # It ended, or this is no Linux.
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def _private_bytes() -> int:
    """What counts against RLIMIT_DATA already."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    return kilobytes * 1024


def _carry_out(result: DBTaskResult[Any, Any]) -> int:
    try:
        value = result.task.call(*result.args_kwargs["args"], **result.args_kwargs["kwargs"])
    except MemoryError:
        raise
    except Exception as error:
        log.exception("%s%s failed", result.task_path, result.args_kwargs["args"])
        result.set_failed(error)
    else:
        result.set_successful(value)
    return 0
