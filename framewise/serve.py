"""``framewise serve``: the web process, two jobs workers and a local agent, started together, restarted when they die
and stopped together."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import sys
from contextlib import suppress
from pathlib import Path

from rich.panel import Panel

from framewise.processes import jobs_command, web_command
from framewise.supervision import Child, console, supervise

PATIENCE_S = 30
"""How long the local agent waits without a word for the web process, which starts beside it."""


class ServeError(Exception):
    """Why the product can't be started, for the person at the terminal."""


def serve(*, host: str = "127.0.0.1", port: int = 8000, agent: bool = True, demo: bool = True) -> None:
    """Prepare the data folder, then run everything until Ctrl-C.

    Args:
        host: address to listen on; ``0.0.0.0`` for everybody on the network.
        port: TCP port of the web process.
        agent: whether to run the local agent.
        demo: whether to make the demo project and its login on a fresh data folder.

    Raises:
        ServeError: when the port or the data folder is in use.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    from django.conf import settings

    data = Path(settings.DATA_DIR)
    with _alone_in(data):
        _require_free_port(host, port)
        token = secrets.token_urlsafe(32)
        login = _prepare(data, token=token, demo=demo)
        children = _children(host=host, port=port, token=token, agent=agent)
        url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"  # noqa: S104 (comparison only)
        supervise(children, ready=lambda: _announce(host, port, url, login))


def _prepare(data: Path, *, token: str, demo: bool) -> str:
    """Migrate, make the demo and let the local agent in. Returns the login to show; empty when there is none."""
    import django

    django.setup()
    from django.core.management import call_command

    from annotator.actions.agents import admit_local_agent
    from annotator.private import close_to_others

    if closed := close_to_others(data):
        console.print(f"Other accounts of this machine could reach {closed} files and folders in {data}: no longer.")
    console.print("Preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    admit_local_agent(token=token)
    if demo:
        call_command("demo", verbosity=0)
    from django.db import connections

    connections.close_all()
    note = data / "demo_login"
    return note.read_text().strip() if note.exists() else ""


def _children(*, host: str, port: int, token: str, agent: bool) -> list[Child]:
    base = {**os.environ, "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    children = [
        # glibc gives each thread a heap, and the system nothing back of one that was once full of masks.
        Child("web", web_command(host, port), {"MALLOC_ARENA_MAX": "2", **base}),
        Child("jobs", jobs_command("--queue", "default"), base),
        Child("video", jobs_command("--queue", "playback"), base),
    ]
    if agent:
        local = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 (comparison only)
        command = [python, "-m", "framewise", "agent", "--no-restart", "--name", "local"]
        command += ["--server", f"http://{local}:{port}", "--patience", str(PATIENCE_S)]
        # In the environment, not among the arguments: every user of a machine can read those.
        children.append(Child("agent", command, {**base, "FRAMEWISE_AGENT_TOKEN": token}))
    return children


def _announce(host: str, port: int, url: str, login: str) -> bool:
    """Tell where the product is, once it answers. Returns whether it did."""
    with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        console.print(Panel(f"[bold]{url}[/]\n{login}".strip(), title="Framewise is running", expand=False))
        console.print("Ctrl-C stops it.")
        return True
    return False


class _alone_in:
    """Holds the data folder, so that two supervisors never share one database."""

    def __init__(self, data: Path) -> None:
        self.path = data / "serve.lock"

    def __enter__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.path.open("w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ServeError(
                "One `framewise serve` uses a data folder at a time, and another one is running on this one. "
                f"Stop it, or choose another folder with FRAMEWISE_DATA: {self.path.parent}"
            ) from error

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _require_free_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"Port {port} of {host} can't be used ({error.strerror}). Choose another one: framewise serve --port N"
            ) from error
