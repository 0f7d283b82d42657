"""What a stranger can make the server write to disk, with the real process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from annotator.bodies import OF_ANYBODY
from framewise.bench.product import free_port
from tests.people import Team, client_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
MB = 1_000_000
ADDRESSES = ("/sign-in/", "/api/layers/1/imports", "/api/uploads/", "/api/me/preferences", "/admin/login/", "/nowhere")


@dataclass
class Web:
    port: int
    temporary: Path
    process: subprocess.Popen[bytes]

    def written(self) -> int:
        """Bytes in temporary files that the process holds, also in those without a name."""
        count = 0
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(OSError):
                if link.readlink().is_relative_to(self.temporary):
                    count += link.stat().st_size
        return count


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    if connection.vendor != "sqlite":
        pytest.skip("The process is given SQLite's file.")
    (tmp_path / "framewise.sqlite3").symlink_to(connection.settings_dict["NAME"])
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "annotator.web", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
    (tmp_path / "secret_key").write_text(django_settings.SECRET_KEY)
    settings = {
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "FRAMEWISE_DATA": str(tmp_path),
        "TMPDIR": str(temporary),
    }
    with subprocess.Popen([*command, "annotator.asgi:application"], env={**os.environ, **settings}) as process:
        try:
            while process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield Web(port, temporary, process)
        finally:
            process.terminate()


def send(web: Web, head: str, length: int, *, chunked: bool = False, written: int = 0) -> tuple[bytes, int]:
    """The answer to a body of so many bytes, and the most that lay on disk meanwhile. Its end is held back until
    ``written`` bytes lie there, or ten seconds."""
    most = 0
    piece = b"x" * 65_536
    frame = b"10000\r\n" + piece + b"\r\n" if chunked else piece
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as wire:
        how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
        wire.sendall(f"{head}\r\nHost: localhost\r\n{how}\r\n\r\n".encode())
        try:
            for _ in range(length // len(piece)):
                wire.sendall(frame)
                most = max(most, web.written())
            deadline = time.monotonic() + 10
            while most < written and time.monotonic() < deadline:
                time.sleep(0.01)
                most = max(most, web.written())
            wire.sendall(b"0\r\n\r\n" if chunked else b"x" * (length % len(piece)))
        except OSError:
            pass
        with suppress(OSError):
            return wire.recv(4096), max(most, web.written())
    return b"", most


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_stranger_s_body_is_refused_before_a_megabyte_of_it_is_written(address: str, chunked: bool, web: Web) -> None:
    kind = "Content-Type: multipart/form-data; boundary=x\r\nCookie: sessionid=made-up"
    answer, most = send(web, f"POST {address} HTTP/1.1\r\n{kind}", 20 * MB, chunked=chunked)
    assert most <= MB
    if answer:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 401")
        assert f"{OF_ANYBODY:,} bytes" in json.loads(body)["message"]


def test_somebody_signed_in_may_send_large_files(web: Web, team: Team) -> None:
    session = client_of(team.mona).cookies["sessionid"].value
    head = f"POST /api/layers/1/imports HTTP/1.1\r\nCookie: sessionid={session}"
    for chunked in (False, True):
        answer, most = send(web, head, 8 * MB, chunked=chunked, written=7 * MB)
        # Without the token of a form it goes no further; it was read whole.
        assert answer.startswith(b"HTTP/1.1 403")
        assert most >= 7 * MB


def test_a_form_of_a_stranger_is_read(web: Web) -> None:
    answer, _ = send(web, "POST /sign-in/ HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", 50_000)
    assert answer.startswith(b"HTTP/1.1 403")
