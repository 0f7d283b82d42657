"""Objects that nobody drew are found and followed live; what was followed for a short time is taken or dismissed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.editor import near, track_with, wait_for, wait_until_runs_end, wait_until_saved
from tests.e2e.test_apply import look

FRAMES = 60
THERE = "[...framewise.store.records.tracks.value.values()].filter(({ deleted }) => !deleted)"


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip = moving_things(tmp_path_factory.mktemp("clips") / "finding.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def test_found_objects_arrive_live_and_short_ones_are_taken_or_dismissed(editor: Page) -> None:
    track_with(editor, "carrying")
    editor.keyboard.press("Alt+Shift+D")
    preview = editor.get_by_role("region", name="Preview of detections")
    expect(preview).to_contain_text("1 object is found", timeout=60_000)
    expect(preview.get_by_role("row", name="car")).to_be_visible()
    look(editor, "preview")
    preview.get_by_role("button", name="Close").click()
    expect(preview).to_have_count(0)
    editor.get_by_role("button", name="Detect and track").click()
    wait_for(editor, f"{THERE}.some(({{ id }}) => framewise.store.queries.rowAt(id, 20) !== null)")
    assert editor.evaluate("framewise.store.runs.active().length") == 1

    candidates = editor.locator("#candidates li")
    expect(candidates).to_have_count(2)
    wait_until_runs_end(editor)
    first = editor.evaluate(f"{THERE}.find(({{ candidate }}) => !candidate).id")
    box = editor.evaluate("id => framewise.store.queries.rowAt(id, 30).bounds.map(Math.round)", first)
    thing = thing_at(0, 30)
    assert near(box, (int(thing.x1), int(thing.y1), int(thing.x2), int(thing.y2)))

    candidates.first.get_by_role("button").first.click()
    editor.keyboard.press("Shift+Y")
    expect(candidates).to_have_count(1)
    expect(editor.get_by_text("Took car")).to_be_visible()
    editor.keyboard.press("Shift+Q")
    expect(candidates).to_have_count(0)
    assert editor.evaluate(f"{THERE}.length") == 2
    wait_until_saved(editor)

    editor.reload()
    editor.wait_for_selector("#stage[data-frame]")
    wait_for(editor, f"{THERE}.length === 2 && framewise.store.history.canUndo.value !== null")
    for left in (1, 2):
        editor.keyboard.press("Control+z")
        expect(candidates).to_have_count(left)
    editor.keyboard.press("Control+z")
    wait_for(editor, f"{THERE}.length === 0")
    wait_until_saved(editor)


def test_what_a_typed_word_names_is_shown_on_a_frame_and_tracked(editor: Page) -> None:
    editor.get_by_text("Find new objects:").click()
    editor.locator(".find-settings select").first.select_option("naming")
    editor.keyboard.press("Shift+D")
    expect(editor.get_by_text("Type what to look for, for example")).to_be_visible()
    words = editor.get_by_label("What to look for")
    words.fill("road sign, car")
    words.press("Enter")
    preview = editor.get_by_role("region", name="Preview of detections")
    expect(preview.get_by_role("row", name="road sign")).to_be_visible(timeout=60_000)
    look(editor, "words")
    preview.get_by_role("button", name="Close").click()

    editor.get_by_role("button", name="Detect and track").click()
    dialog = editor.get_by_role("dialog", name="Classes and labels")
    dialog.get_by_label("road sign").select_option(label="car")
    look(editor, "words-dialog")
    dialog.get_by_role("button", name="Detect and track").click()
    wait_for(editor, f"{THERE}.some(({{ id }}) => framewise.store.queries.rowAt(id, 20) !== null)")
    wait_until_runs_end(editor)
    wait_until_saved(editor)
    label = editor.evaluate(f"framewise.store.config.labels.find(({{ id }}) => id === {THERE}[0].label).name")
    assert label == "car"
