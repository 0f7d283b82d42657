"""A run whose model hangs: its card says so, stopping ends it at once, and others go on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.editor import draw_box, track_with, wait_for_row, wait_until_runs_end

FRAMES = 40


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip = moving_things(tmp_path_factory.mktemp("clips") / "stalled.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def test_a_run_that_hangs_says_so_and_can_be_stopped(editor: Page) -> None:
    track_with(editor, "hanging")
    first = draw_box(editor, thing_at(0, 0))
    editor.keyboard.press("t")
    wait_for_row(editor, first, 4)
    card = editor.locator("[data-run=running]")
    expect(card).to_contain_text(
        re.compile(r"No progress for \d+ s\. Stop it and start it again, or wait\."), timeout=30_000
    )

    card.get_by_role("button", name="Stop").click()
    expect(card).to_have_count(0)

    track_with(editor, "carrying")
    second = draw_box(editor, thing_at(1, 0))
    editor.keyboard.press("t")
    wait_for_row(editor, second, FRAMES - 1)
    wait_until_runs_end(editor)
