"""Rotated boxes, polygons, polylines and points in a real browser: drawn, edited, interpolated, undone and kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.editor import drag, go_to, on_page, wait_until_saved

Point = tuple[float, float]
ALLOWED_PX = 3
"""A pointer is on whole pixels of the screen, which shows the video smaller."""


def click(page: Page, *points: Point) -> None:
    for point in points:
        page.mouse.move(*on_page(page, *point))
        page.mouse.down()
        page.mouse.up()


def numbers(page: Page) -> list[float]:
    """What the selected shape consists of on this frame: x and y in px of each point, or centre, sides and angle."""
    script = """() => {
      const { queries, session } = framewise.store
      const shape = queries.shapeAt([...session.selection.value][0], session.frame.value)
      const bytes = shape.kind === 'points' ? Math.floor(shape.payload.length / 9) * 8 : shape.payload.length
      return [...new Float32Array(shape.payload.slice(0, bytes).buffer)]
    }"""
    found: list[float] = page.evaluate(script)
    return found


def near(found: list[float], *wanted: float) -> bool:
    return found == pytest.approx(wanted, abs=ALLOWED_PX)


def draw_sign(page: Page) -> None:
    """A rotated box: one side, then how far the opposite one lies."""
    page.keyboard.press("4")
    page.keyboard.press("n")
    drag(page, (300, 200), (500, 200))
    click(page, (400, 300))


def clicked(hotkey: str) -> Callable[[Page], None]:
    """Draws four points with the label of a key."""

    def draw(page: Page) -> None:
        page.keyboard.press(hotkey)
        page.keyboard.press("n")
        click(page, *CORNERS)
        page.keyboard.press("Enter")

    return draw


CORNERS: list[Point] = [(300, 200), (500, 200), (500, 300), (300, 300)]
FLAT = [value for corner in CORNERS for value in corner]
KINDS = {
    # How it is drawn, what it is then, what dragging the grip at (500, 300) by (60, 40) makes of it.
    "rotated box": (draw_sign, [400, 250, 200, 100, 0], [430, 270, 260, 140, 0]),
    "polygon": (clicked("5"), FLAT, [300, 200, 500, 200, 560, 340, 300, 300]),
    "polyline": (clicked("6"), FLAT, [300, 200, 500, 200, 560, 340, 300, 300]),
    "points": (clicked("7"), FLAT, [300, 200, 500, 200, 560, 340, 300, 300]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_drawn_edited_interpolated_undone_and_kept(editor: Page, kind: str) -> None:
    draw, drawn, edited = KINDS[kind]
    draw(editor)
    assert near(numbers(editor), *drawn)
    go_to(editor, 10)
    drag(editor, (500, 300), (560, 340))
    assert near(numbers(editor), *edited)
    go_to(editor, 5)
    assert near(numbers(editor), *[(a + b) / 2 for a, b in zip(drawn, edited, strict=True)])
    go_to(editor, 10)
    editor.keyboard.press("Control+z")
    editor.wait_for_function(
        "framewise.store.queries.rowAt([...framewise.store.session.selection.value][0], 10) === null"
    )
    editor.keyboard.press("Control+Shift+z")
    wait_until_saved(editor)
    track = editor.evaluate("[...framewise.store.session.selection.value][0]")
    editor.reload()
    editor.wait_for_selector("#stage[data-frame]")
    go_to(editor, 10)
    editor.evaluate("track => framewise.store.session.select(track)", track)
    editor.wait_for_function("track => framewise.store.queries.shapeAt(track, 10)", arg=track)
    assert near(numbers(editor), *edited)


def test_a_polygon_is_sliced_and_joined_again(editor: Page) -> None:
    clicked("5")(editor)
    editor.keyboard.press("Alt+j")
    click(editor, (400, 150), (400, 350))
    editor.keyboard.press("Enter")
    bounds = """() => [...framewise.store.session.selection.value].map((track) =>
      framewise.store.queries.shapeAt(track, 0).bounds.map(Math.round))"""
    left, right = sorted(editor.evaluate(bounds))
    assert near(left, 300, 200, 400, 300)
    assert near(right, 400, 200, 500, 300)
    editor.keyboard.press("Shift+j")
    [joined] = editor.evaluate(bounds)
    assert near(joined, 300, 200, 500, 300)
    wait_until_saved(editor)
