"""The product as a person starts it, for measurements and end-to-end tests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
USERNAME = "admin"
PASSWORD = "correct-horse-battery"  # noqa: S105 (of throw-away installations)
START_S = 90.0
STOP_S = 30.0


@dataclass
class Product:
    """One running ``framewise serve`` with a data folder of its own."""

    url: str
    data: Path
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, data: Path, environment: Mapping[str, str] | None = None) -> Product:
        """Start everything on a free port and wait until it answers. Raises RuntimeError with its log."""
        port = free_port()
        data.mkdir(parents=True, exist_ok=True)
        log = data / "serve.log"
        settings = {"FRAMEWISE_DATA": str(data), "FRAMEWISE_ADMIN_PASSWORD": PASSWORD}
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 (our own command)
                [sys.executable, "-m", "framewise", "serve", "--port", str(port)],
                env={**os.environ, **settings, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            if "Framewise is running" in log.read_text(errors="replace"):
                return cls(url=f"http://127.0.0.1:{port}", data=data, log=log, process=process)
            time.sleep(0.1)
        process.kill()
        raise RuntimeError(f"framewise serve did not start within {START_S:.0f} s:\n{log.read_text(errors='replace')}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def children(self, pattern: str) -> list[int]:
        """Process ids of the supervised processes whose command line matches ``pattern``."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                parent = int(re.findall(r"PPid:\t(\d+)", (folder / "status").read_text())[0])
            except OSError:
                continue
            if parent == self.process.pid and re.search(pattern, command):
                found.append(int(folder.name))
        return found

    def kill(self, pattern: str) -> None:
        """``kill -9`` the one supervised process that matches."""
        (pid,) = self.children(pattern)
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
