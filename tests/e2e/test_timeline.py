"""The timeline under a real pointer: dragging in time, choosing frames, zooming, finding rows."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.editor import draw_box, frame_of, go_to, serious, wait_until_saved
from tracking.types import Box

FRAMES = 48
NAMES_PX, HEAD_PX, ROW_PX = 200, 74, 24
"""The column of names, what lies above the rows, and one row."""


def place(page: Page, frame: float, row: float) -> tuple[float, float]:
    """Where a frame's middle lies on the page, with the whole video in view. Rows count from 0; -1 is the ruler."""
    area = page.locator("#timeline").bounding_box()
    assert area is not None
    x = area["x"] + NAMES_PX + (frame + 0.5) * (area["width"] - NAMES_PX) / FRAMES
    return x, area["y"] + (HEAD_PX + (row + 0.5) * ROW_PX if row >= 0 else 26)


def drag_along(page: Page, row: float, start: float, end: float) -> None:
    page.mouse.move(*place(page, start, row))
    page.mouse.down()
    page.mouse.move(*place(page, (start + end) / 2, row))
    page.mouse.move(*place(page, end, row))
    page.mouse.up()


def keyframes_of(page: Page, track: str) -> list[int]:
    script = (
        """track => [...Array(48).keys()].filter((frame) => framewise.store.queries.rowAt(track, frame)?.keyframe)"""
    )
    found: list[int] = page.evaluate(script, track)
    return found


def test_a_keyframe_is_dragged_in_time_and_undo_takes_it_back(editor: Page) -> None:
    track = draw_box(editor, Box(200, 150, 400, 300))
    go_to(editor, 20)
    editor.keyboard.press("k")
    drag_along(editor, 0, 20, 30)
    assert keyframes_of(editor, track) == [0, 30]
    assert frame_of(editor) == 30, "The playhead goes along, to show what the keyframe is about."
    editor.keyboard.press("Control+z")
    assert keyframes_of(editor, track) == [0, 20]
    wait_until_saved(editor)


def test_shift_and_drag_choose_frames_and_escape_drops_them(editor: Page) -> None:
    editor.keyboard.down("Shift")
    drag_along(editor, -1, 10, 19)
    editor.keyboard.up("Shift")
    chosen = "framewise.store.session.range.value"
    assert editor.evaluate(chosen) == [10, 19]
    drag_along(editor, -1, 19.5, 29.4)
    assert editor.evaluate(chosen) == [10, 29]
    editor.keyboard.press("Escape")
    assert editor.evaluate(chosen) is None


def test_rows_are_found_and_walked_through_by_keys(editor: Page) -> None:
    first = draw_box(editor, Box(500, 150, 600, 300))
    second = draw_box(editor, Box(700, 150, 800, 300))
    editor.get_by_label("Find rows of the timeline").fill("no such thing")
    assert editor.evaluate("framewise.editor.list.shown.value.length") == 0
    editor.get_by_label("Find rows of the timeline").fill("")
    editor.locator("#timeline").focus()
    editor.keyboard.press("ArrowUp")
    assert editor.evaluate("[...framewise.store.session.selection.value]") == [first]
    editor.keyboard.press("ArrowDown")
    assert editor.evaluate("[...framewise.store.session.selection.value]") == [second]
    wait_until_saved(editor)
    assert serious(editor) == []


def test_the_timeline_says_what_lies_under_the_pointer(editor: Page) -> None:
    draw_box(editor, Box(200, 350, 400, 500))
    editor.mouse.move(*place(editor, 0, 0))
    expect(editor.locator(".timeline-tip")).to_contain_text("Keyframe")
    editor.mouse.move(*place(editor, 40, -1))
    expect(editor.locator(".timeline-tip")).to_contain_text("Frame 40")
    editor.mouse.move(100, 100)
    expect(editor.locator(".timeline-tip")).to_be_hidden()
