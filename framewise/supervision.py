"""Processes that are started together, restarted when they die and stopped together."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO

from rich.console import Console

GRACE_S = 10.0
"""How long a process may take to stop before it is killed."""
STABLE_S = 30.0
"""A process that lived this long is restarted at once when it dies; one that keeps dying waits up to ``BACKOFF_S``."""
BACKOFF_S = 15.0
PR_SET_PDEATHSIG = 1

console = Console()


@dataclass
class Child:
    """One supervised process. ``final``: exit codes with which it ends for good; ``ended``: the one that it ended
    with."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0
    final: frozenset[int] = frozenset()
    ended: int | None = None
    log: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 (our own commands)
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Of its own group, so that Ctrl-C reaches only the supervisor, which stops the others in order.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (one libc call)
        )
        self.started_at = time.monotonic()
        assert self.process.stdout is not None  # noqa: S101 (for the type checker: PIPE was asked for)
        self.log = threading.Thread(target=_copy_lines, args=(self.name, self.process.stdout), daemon=True)
        self.log.start()

    def check(self, now: float) -> None:
        """Start it if it is due; notice its death and decide when it is due again, if ever."""
        if self.process is None:
            if self.ended is None and now >= self.due_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if code in self.final:
            self.process, self.ended = None, code
            return
        lived = now - self.started_at
        self.failures = 0 if lived >= STABLE_S else self.failures + 1
        wait = 0.0 if self.failures == 0 else min(0.5 * 2 ** (self.failures - 1), BACKOFF_S)
        console.print(f"[yellow]{self.name} ended ({_reason(code)}); starting it again in {wait:.1f} s.[/]")
        self.process = None
        self.due_at = now + wait

    def stop(self) -> None:
        """Ask it to end; kill it when it does not within the grace."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def supervise(children: Iterable[Child], *, ready: Callable[[], bool] = lambda: True) -> int:
    """Keep processes going until Ctrl-C or SIGTERM, or until one has ended for good; then stop them all.

    Args:
        ready: asked again and again until it says that they can be used.

    Returns:
        The exit code of the one that ended for good, else 0.
    """
    children = list(children)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    announced = False
    try:
        while not stopping.is_set() and all(child.ended is None for child in children):
            now = time.monotonic()
            for child in children:
                child.check(now)
            announced = announced or ready()
            stopping.wait(0.2)
    finally:
        console.print("Stopping …")
        # The web process last: the agent and the worker still have things to hand over.
        for child in reversed(children):
            child.stop()
    return next((child.ended for child in children if child.ended is not None), 0)


def _copy_lines(name: str, lines: IO[str]) -> None:
    for line in lines:
        console.print(f"[dim]{name:>5} |[/] ", end="")
        console.print(line.rstrip(), markup=False, highlight=False)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _die_with_parent() -> None:
    """In the child: be told to end when the supervisor dies in whatever way (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
