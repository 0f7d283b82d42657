"""The ``framewise`` command as a whole: help that teaches, models, weights."""

from __future__ import annotations

import hashlib
from dataclasses import replace
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


def framewise(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("command", ["serve", "agent", "track", "export", "import", "evaluate", "weights import"])
def test_help_teaches_by_example(command: str) -> None:
    result = framewise(*command.split(), "--help")

    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"framewise {command}" in result.output


def test_it_tells_its_version() -> None:
    assert framewise("--version").output.strip() == f"framewise {__version__}"


def test_models_say_what_they_lack(weights: Path) -> None:
    assert "needs model.bin" in framewise("models").output

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


def test_weights_without_an_address_say_where_they_are_offered(weights: Path) -> None:
    result = framewise("weights", "download", "drifting")

    assert result.exit_code == 1
    assert "https://example.org" in result.stderr


def test_an_agent_without_a_server_address_is_told_how() -> None:
    result = framewise("agent", "--server", "label.example.org", "--token", "t")

    assert result.exit_code == 1
    assert "http://" in result.stderr


def test_evaluation_without_ground_truth_says_what_it_needs(tmp_path: Path) -> None:
    result = framewise("evaluate", tmp_path)

    assert result.exit_code == 1
    assert "ground truth" in result.stderr
