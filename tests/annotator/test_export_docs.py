from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotator.formats import FORMATS
from annotator.formats.base import Format
from annotator.management.commands import export_docs


def test_the_page_of_formats_is_fresh() -> None:
    assert export_docs.TARGET.read_text() == export_docs.page(), "Run `make docs`."


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.id)
def test_it_says_what_each_format_takes_writes_offers_and_loses(fmt: Format) -> None:
    text = export_docs.page()
    choices = [{option.id: value} for option in fmt.options for value, _ in option.choices]
    losses = [limit.words for chosen in ({}, *choices) for limit in fmt.limits(chosen)]
    offered = [f"`{value}`: {words}" for option in fmt.options for value, words in option.choices]
    said = [f"## {fmt.label}", fmt.takes, fmt.writes, *offered, *(f"- {words}\n" for words in losses)]
    assert [words for words in said if words not in text] == []


def test_it_says_what_a_reader_tells() -> None:
    text = export_docs.page()
    assert "- cuboids became polygons of their outline\n" in text
    assert "- detections that belong to no track (id -1) were left out\n" in text


def test_a_stale_page_fails_the_check_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_docs, "TARGET", tmp_path / "formats.md")
    with pytest.raises(CommandError, match="make docs"):
        call_command("export_docs", check=True)
    call_command("export_docs")
    call_command("export_docs", check=True)
