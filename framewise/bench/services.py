"""Real services of a measurement's own, that can be stopped and started again: PostgreSQL and Redis."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from framewise.bench.product import free_port


class NotInstalled(RuntimeError):
    """A service isn't installed on this machine; the message says how to get it."""


class Postgres:
    """A server on a database of its own; ``url``: of its one database. ``close`` throws it away."""

    def __init__(self) -> None:
        self._become = as_ordinary_user()
        binaries = find_binaries()
        # Not below pytest's folder: any other run of pytest closes that to other accounts.
        self._folder = TemporaryDirectory(prefix="framewise-postgres-")
        folder = Path(self._folder.name)
        if self._become:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run(
            binaries / "initdb", "-D", folder / "db", "-U", "framewise", "--auth=trust", "--no-sync", "-E", "UTF8"
        )
        port = free_port()
        self.url = f"postgres://framewise@127.0.0.1:{port}/postgres"
        self._options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300"
        self._server: list[str | Path] = [binaries / "pg_ctl", "-D", folder / "db", "-w", "-l", folder / "log"]

    def start(self) -> None:
        self._run(*self._server, "-o", self._options, "start")

    def stop(self) -> None:
        """As if its machine lost its power."""
        self._run(*self._server, "-m", "immediate", "stop", check=False)

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()

    def _run(self, *command: str | Path, check: bool = True) -> None:
        subprocess.run(command, check=check, stdout=subprocess.DEVNULL, preexec_fn=self._become)  # noqa: S603


def find_binaries() -> Path:
    """The folder of the newest installed server's programs. Raises NotInstalled."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise NotInstalled("PostgreSQL is not installed: run scripts/apt-packages.")
    return found[-1].parent


def as_ordinary_user() -> Callable[[], None] | None:
    """PostgreSQL refuses to run as root: what its processes do first where root starts them."""
    if os.getuid() != 0:
        return None
    account = pwd.getpwnam("postgres")

    def become() -> None:
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)

    return become


class Redis:
    """A server that keeps nothing. Raises NotInstalled."""

    def __init__(self) -> None:
        found = shutil.which("redis-server")
        if found is None:
            raise NotInstalled("redis-server is not installed: run scripts/apt-packages.")
        self._port = free_port()
        self._command = [
            *(found, "--port", str(self._port), "--save", "", "--bind", "127.0.0.1", "--loglevel", "warning")
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)  # noqa: S603
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
