"""The ``framewise`` command as a whole: help that teaches, models, weights."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from framewise import __version__
from framewise.cli import app
from tests.tracking.fakes import ENTRIES
from tracking import catalog
from tracking.catalog import Weights

CONTENT = b"parameters"
FILE = Weights("model.bin", size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest(), page="https://example.org")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights folder; the catalogue has one model that needs ``model.bin`` there."""
    entry = replace(ENTRIES[0], weights=(FILE,), weights_licence="MIT")
    monkeypatch.setattr(catalog, "TRACKERS", (entry,))
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def offering(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | None]]:
    """``model.bin`` can be downloaded, in parts too. Says which parts were asked for."""
    asked: list[str | None] = []

    class Offers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Range"])
            start = int(self.headers["Range"].split("=")[1].rstrip("-")) if self.headers["Range"] else 0
            self.send_response(416 if start >= len(CONTENT) else 206 if start else 200)
            self.send_header("Content-Length", str(len(CONTENT[start:])))
            self.end_headers()
            self.wfile.write(CONTENT[start:])

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Offers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = replace(FILE, url=f"http://127.0.0.1:{server.server_port}/model.bin")
        monkeypatch.setattr(catalog, "TRACKERS", (replace(catalog.TRACKERS[0], weights=(file,)),))
        yield asked
        server.shutdown()


def framewise(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize(
    "command", ["serve", "agent", "track", "join", "export", "import", "check", "evaluate", "weights import"]
)
def test_help_teaches_by_example(command: str) -> None:
    result = framewise(*command.split(), "--help")

    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"framewise {command}" in result.output


def test_it_tells_its_version() -> None:
    assert framewise("--version").output.strip() == f"framewise {__version__}"


def test_models_say_what_they_lack(weights: Path) -> None:
    assert "needs weights" in framewise("models").output

    weights.mkdir()
    (weights / "model.bin").write_bytes(CONTENT)

    assert "ready" in framewise("models").output


def test_weights_are_listed_with_their_licence(weights: Path) -> None:
    said = framewise("weights", "list").output
    assert all(part in said for part in ("model.bin", "MIT", "https://example.org"))


def test_weights_are_imported_under_their_official_name(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(CONTENT)

    assert framewise("weights", "import", tmp_path / "model.bin").exit_code == 0
    assert (weights / "model.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("other.bin", CONTENT, "official name"),
        ("model.bin", b"short", "10 bytes; this file has 5"),
        ("model.bin", b"PARAMETERS", "SHA-256"),
    ],
)
def test_a_file_that_is_something_else_is_refused(
    weights: Path, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)

    result = framewise("weights", "import", tmp_path / name)

    assert result.exit_code == 1
    assert says in result.stderr
    assert not (weights / "model.bin").exists()


def test_verify_tells_right_files_from_wrong_ones(weights: Path) -> None:
    weights.mkdir()
    (weights / "model.bin").write_bytes(CONTENT)
    assert "model.bin: right" in framewise("weights", "verify").stderr
    assert "model.bin  here\n" in framewise("weights", "list").output

    (weights / "model.bin").write_bytes(b"PARAMETERS")
    result = framewise("weights", "verify")
    assert (result.exit_code, "SHA-256" in result.stderr) == (1, True)
    assert "refused" in framewise("weights", "list").output
    assert "needs weights" in framewise("models").output


def test_verify_of_a_model_says_what_is_not_here(weights: Path) -> None:
    result = framewise("weights", "verify", "drifting")
    assert (result.exit_code, "model.bin: It isn't here." in result.stderr) == (1, True)


@pytest.mark.parametrize("already", [b"", CONTENT[:4], CONTENT])
def test_a_download_goes_on_where_it_stopped(weights: Path, offering: list[str | None], already: bytes) -> None:
    weights.mkdir()
    if already:
        (weights / "model.bin.partial").write_bytes(already)

    assert framewise("weights", "download", "drifting").exit_code == 0

    assert (weights / "model.bin").read_bytes() == CONTENT
    assert not (weights / "model.bin.partial").exists()
    assert offering == [f"bytes={len(already)}-" if already else None]


def test_a_download_that_is_something_else_leaves_nothing(weights: Path, offering: list[str | None]) -> None:
    weights.mkdir()
    (weights / "model.bin.partial").write_bytes(b"PARA")

    result = framewise("weights", "download", "drifting")

    assert (result.exit_code, "SHA-256" in result.stderr) == (1, True)
    assert list(weights.iterdir()) == []


def test_weights_without_an_address_say_where_they_are_offered(weights: Path) -> None:
    result = framewise("weights", "download", "drifting")

    assert result.exit_code == 1
    assert "https://example.org" in result.stderr


def test_an_agent_without_a_server_address_is_told_how() -> None:
    result = framewise("agent", "--server", "label.example.org", "--token", "t")

    assert result.exit_code == 78
    assert "http://" in result.stderr


def test_evaluation_without_ground_truth_says_what_it_needs(tmp_path: Path) -> None:
    result = framewise("evaluate", tmp_path)

    assert result.exit_code == 1
    assert "ground truth" in result.stderr
