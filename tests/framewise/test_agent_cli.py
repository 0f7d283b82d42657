"""``framewise agent``: what it checks, what it keeps, and the service that it installs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from framewise import checks, kept, service
from framewise.cli import app
from tracking.devices import Device
from tracking.protocol import PROTOCOL, Check, Release
from tracking.release import release

TOKEN = "a-token"


class FakeServer(ThreadingHTTPServer):
    """Answers what an agent asks over HTTP; ``reported`` is what was checked. It knows no WebSockets."""

    version, protocol, behind_s = release(), PROTOCOL, 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.reported: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeServer

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._say(401, b"{}")
        elif self.path == "/api/agents/version":
            said = Release(version=self.server.version, protocol=self.server.protocol, now=time.time())
            said.now -= self.server.behind_s
            self._say(200, said.model_dump_json().encode())
        else:
            self._say(502, b"")

    def do_POST(self) -> None:
        self.server.reported.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._say(204, b"")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as serving:
        thread = Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user whose machine has nothing yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path / "weights"))
    for name in ("FRAMEWISE_SERVER", "FRAMEWISE_AGENT_TOKEN", "FRAMEWISE_AGENT_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(checks, "_ask_torch", lambda: answered('["2.13.0+cpu", null, false, ""]'))


def answered(said: str, code: int = 0, problem: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, said, problem)


def checked(server: FakeServer, token: str = TOKEN) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and what the server was told, by name."""
    arguments = ["agent", "--server", server.url, "--token", token, "--check"]
    code = CliRunner().invoke(app, arguments).exit_code
    return code, {check["name"]: check for check in server.reported[-1]["checks"]}


def test_what_fails_is_named_with_its_mend_and_the_server_is_told(server: FakeServer) -> None:
    server.protocol, server.version, server.behind_s = PROTOCOL + 1, "0.2.0", 120.0
    code, found = checked(server)
    assert code == 1
    assert {name for name, check in found.items() if check["state"] == "failed"} >= {"WebSocket", "Version"}
    assert "status 502" in found["WebSocket"]["said"]
    assert "proxy" in found["WebSocket"]["mend"]
    assert f"speaks protocol {PROTOCOL}; the server is 0.2.0 and speaks {PROTOCOL + 1}" in found["Version"]["said"]
    assert f"{server.url}/connect.py" in found["Version"]["mend"]
    assert found["Clock"]["state"] == "warned"
    assert "120 s ahead of" in found["Clock"]["said"]
    assert found["Python"]["state"] == found["Server"]["state"] == "passed"


def test_an_agent_of_another_version_that_is_understood_is_only_warned_about(server: FakeServer) -> None:
    server.version = "0.1.0+src.000000000000"
    assert checked(server)[1]["Version"]["state"] == "warned"


def test_a_revoked_token_is_said_to_be_one(server: FakeServer) -> None:
    code, found = checked(server, "another")
    assert code == 1
    assert "revoked" in found["Server"]["said"]
    assert "Version" not in found


def test_a_server_out_of_reach_is_a_failed_check_and_no_traceback(tmp_path: Path) -> None:
    with httpx.Client(base_url="http://127.0.0.1:9") as http:
        found = checks.reach(http)
    assert isinstance(found, Check)
    assert "http://127.0.0.1:9 can't be reached" in found.said


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        ('["2.13.0+cpu", null, false, ""]', "failed", "the GPU would stay idle"),
        ('["2.13.0+cu130", "13.0", false, ""]', "failed", "built for CUDA 13.0 and can't use the GPU"),
        ('["2.13.0+cu130", "13.0", true, "no kernel image"]', "failed", "no kernel image"),
        ('["2.13.0+cu130", "13.0", true, ""]', "passed", "computes on the GPU"),
    ],
)
def test_a_gpu_that_pytorch_leaves_idle_is_named(
    said: str, state: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "gpus", lambda: [Device(name="GPU", kind="cuda", memory_bytes=8)])
    found = checks.torch(lambda: answered(said))
    assert (found.state, words in found.said) == (state, True)
    assert bool(found.mend) == (state == "failed")


def test_a_pytorch_that_cannot_be_loaded_is_said_by_its_last_words() -> None:
    found = checks.torch(lambda: answered("", 1, "Traceback\nModuleNotFoundError: No module named 'torch'\n"))
    assert (found.state, "No module named 'torch'" in found.said) == ("failed", True)


def test_an_nvidia_card_without_its_driver_is_found_on_the_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, vendor, kind in (("a", "0x10de", "0x030000"), ("b", "0x10de", "0x040300"), ("c", "0x8086", "0x030000")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(vendor + "\n")
        (tmp_path / name / "class").write_text(kind + "\n")
    assert checks.nvidia_cards(tmp_path) == 1
    monkeypatch.setattr(checks, "gpus", list)
    monkeypatch.setattr(checks, "nvidia_cards", lambda: 1)
    assert checks.driver().state == "failed"


def test_a_folder_that_nobody_may_write_to_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = checks.disk("Disk of videos", tmp_path / "file" / "below")
    assert (found.state, "FRAMEWISE_CACHE" in found.mend) == ("failed", True)


def test_without_address_or_token_it_says_where_they_come_from() -> None:
    ended = CliRunner().invoke(app, ["agent"])
    assert ended.exit_code == 2
    assert "Neural networks" in ended.output


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A service manager that writes down what it is told."""
    told = tmp_path / "told"
    for name in ("systemctl", "loginctl"):
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f'#!/bin/sh\necho {name} "$@" >> "{told}"\n')
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return told


def test_a_service_is_shown_installed_for_reboots_and_taken_away(
    systemd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "check_machine", lambda *arguments, **more: True)
    arguments = ["agent", "--server", "https://label.example.org", "--token", TOKEN, "--install-service"]
    refused = CliRunner().invoke(app, arguments, input="n\n")
    assert refused.exit_code == 1
    assert "ExecStart=" in refused.output
    assert not service.unit_file().exists()

    agreed = CliRunner().invoke(app, arguments, input="y\n")
    assert agreed.exit_code == 0, agreed.output
    unit = service.unit_file().read_text()
    assert TOKEN not in unit
    assert "-m framewise agent --no-restart --runs 4" in unit
    assert "WantedBy=default.target" in unit
    assert systemd.read_text().splitlines()[-4:] == [
        "systemctl --user daemon-reload",
        "systemctl --user enable framewise-agent",
        "systemctl --user restart framewise-agent",
        "loginctl enable-linger",
    ]
    assert kept.load() == {kept.SERVER: "https://label.example.org", kept.TOKEN: TOKEN}
    assert (kept.home() / "agent.env").stat().st_mode & 0o777 == 0o600

    assert CliRunner().invoke(app, ["agent", "--uninstall-service"]).exit_code == 0
    assert not service.unit_file().exists()
    assert CliRunner().invoke(app, ["agent", "--uninstall-service"]).exit_code == 1


def test_paths_with_spaces_and_percents_are_quoted_for_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_AGENT_HOME", "/a b/100%")
    assert 'Environment="FRAMEWISE_AGENT_HOME=/a b/100%%"' in service.unit("http://a", [])


def test_a_kept_token_is_sent_to_its_own_server_alone(server: FakeServer) -> None:
    kept.save("https://label.example.org", TOKEN)
    ended = CliRunner().invoke(app, ["agent", "--server", server.url, "--check"])
    assert ended.exit_code == 2
    assert not server.reported
