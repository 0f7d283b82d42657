from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotator.management.commands import export_types


@pytest.fixture(scope="module")
def text() -> str:
    return export_types.generated()


def test_the_generated_types_are_fresh(text: str) -> None:
    assert export_types.TARGET.read_text() == text, "Run `make types`."


@pytest.mark.parametrize(
    "line",
    [
        "@description Chosen by the client, the same when it is sent again.",
        "readonly '/api/layers/{layer_id}/overview': {",
        "export type ServerMessage =",
        "export type WindowOut =",
    ],
)
def test_the_api_the_messages_and_their_docs_are_in_it(text: str, line: str) -> None:
    assert line in text


def test_a_stale_file_fails_the_check_with_the_command_that_mends_it(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "generated.ts"
    monkeypatch.setattr(export_types, "TARGET", target)
    target.write_text(text.replace("readonly frames_per_bin: number", "readonly bin_frames: number"))
    with pytest.raises(CommandError, match="make types"):
        call_command("export_types", check=True)
    call_command("export_types")
    call_command("export_types", check=True)


def test_where_node_lacks_packages_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_types, "FRONTEND", tmp_path)
    with pytest.raises(CommandError, match="make setup"):
        call_command("export_types", check=True)


def test_without_node_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CommandError, match="Install Node"):
        call_command("export_types", check=True)
