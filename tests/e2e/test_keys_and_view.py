"""Keys of one's own, the palette, the view, fingers, and what the page remembers, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.conftest import sign_in
from tests.e2e.editor import frame_of, on_page, opened, selected_box

KEPT_MS = 1500
"""After so long the page has sent what it keeps with the account."""


def test_a_key_of_ones_own_holds_at_once_and_after_a_reload(editor: Page) -> None:
    editor.keyboard.press("?")
    dialog = editor.get_by_role("dialog", name="Keyboard help")
    dialog.get_by_role("button", name="Change keys").click()
    dialog.get_by_label("Find an action or a key").fill("next frame")
    dialog.get_by_role("button", name="Add key for Next frame").click()
    editor.keyboard.press("k")
    expect(dialog.get_by_role("alert")).to_contain_text("Keyframe on or off")
    dialog.get_by_role("button", name="Take it").click()
    editor.keyboard.press("Escape")
    editor.keyboard.press("k")
    assert frame_of(editor) == 1
    editor.wait_for_timeout(KEPT_MS)
    editor.reload()
    editor.wait_for_selector("#stage[data-frame]")
    editor.keyboard.press("k")
    assert frame_of(editor) == 1
    expect(editor.get_by_role("button", name="Next frame")).to_have_attribute("title", "Next frame (F)")


def test_the_palette_goes_to_a_frame_and_gives_the_keys_back(editor: Page) -> None:
    editor.keyboard.press("Control+k")
    field = editor.get_by_role("combobox", name="Action, label, track number or frame")
    field.fill("17")
    field.press("Enter")
    expect(field).to_be_hidden()
    editor.keyboard.press("f")
    assert frame_of(editor) == 18


def test_a_frame_is_gone_to_by_its_number_and_a_range_played_in_a_loop(editor: Page) -> None:
    editor.keyboard.press("`")
    editor.keyboard.type("9")
    editor.keyboard.press("Enter")
    assert frame_of(editor) == 9
    editor.evaluate("framewise.store.session.range.value = [3, 6]")
    editor.keyboard.press("Alt+l")
    editor.keyboard.press("Shift+Space")
    played = "(n => n >= 3 && n <= 6)(framewise.store.session.frame.value)"
    editor.wait_for_function(f"{played} && framewise.store.session.speed.value === -1")
    editor.wait_for_timeout(600)
    assert editor.evaluate(f"{played} && framewise.store.session.playing.value"), "It goes round."
    editor.keyboard.press("Shift+Space")
    assert editor.evaluate("framewise.store.session.playing.value") is False


def test_a_box_is_drawn_where_the_pointer_is_in_a_turned_view(editor: Page) -> None:
    editor.keyboard.press("Alt+r")
    at = """([x, y]) => {
      const { scale, x: left, y: top } = framewise.store.session.view.value
      const stage = document.getElementById('stage').getBoundingClientRect()
      return [stage.left + left - y * scale, stage.top + top + x * scale]
    }"""
    editor.keyboard.press("b")
    editor.mouse.move(*editor.evaluate(at, [300, 200]))
    editor.mouse.down()
    editor.mouse.move(*editor.evaluate(at, [500, 400]), steps=3)
    editor.mouse.up()
    box = selected_box(editor)
    assert box == pytest.approx([300, 200, 500, 400], abs=4), "A pixel of the page is three of the video here."


def test_fingers_draw_and_two_of_them_zoom(browser: Browser, product: Product, video: int) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, has_touch=True)
    page = context.new_page()
    sign_in(page, product.url)
    opened(page, product, video)
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    page.keyboard.press("b")
    start, end = on_page(page, 200, 150), on_page(page, 400, 300)
    fingers("touchStart", start)
    fingers("touchMove", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    fingers("touchMove", end)
    fingers("touchEnd")
    assert selected_box(page) == pytest.approx([200, 150, 400, 300], abs=4)
    before = page.evaluate("framewise.store.session.view.value.scale")
    fingers("touchStart", (400, 300))
    fingers("touchStart", (400, 300), (600, 300))
    fingers("touchMove", (300, 300), (700, 300))
    fingers("touchEnd")
    assert page.evaluate("framewise.store.session.view.value.scale") == pytest.approx(2 * before, rel=0.05)
    assert page.evaluate("framewise.store.session.selection.value.size") == 1, "Two fingers draw and choose nothing."
    context.close()


def test_the_page_is_divided_as_it_was_left(editor: Page) -> None:
    grip = editor.get_by_role("separator", name="Width of the panels")
    grip.focus()
    before = int(grip.get_attribute("aria-valuenow") or 0)
    grip.press("ArrowLeft")
    expect(grip).to_have_attribute("aria-valuenow", str(before + 24))
    editor.wait_for_timeout(KEPT_MS)
    editor.reload()
    expect(grip).to_have_attribute("aria-valuenow", str(before + 24))


def test_newcomers_are_shown_around_once_and_may_go_on_at_once(
    person: Page, product: Product, client: Client, video: int
) -> None:
    client.prefer(tour=None)
    page = opened(person, product, video)
    tour = page.get_by_role("dialog", name="Draw an object")
    expect(tour).to_be_visible()
    page.keyboard.press("f")
    assert frame_of(page) == 1, "The card leaves the keys to the picture."
    tour.get_by_role("button", name="Next").click()
    expect(page.get_by_role("dialog", name="Let it be followed")).to_be_visible()
    page.get_by_role("button", name="Skip").click()
    page.wait_for_timeout(KEPT_MS)
    page.reload()
    page.wait_for_selector("#stage[data-frame]")
    expect(page.get_by_role("button", name="Skip")).to_be_hidden()


def test_escape_closes_a_menu_wherever_the_focus_is_and_one_menu_is_open_at_a_time(editor: Page) -> None:
    files = editor.get_by_role("dialog", name="Export and import")
    view = editor.get_by_role("dialog", name="View options")
    editor.get_by_role("button", name="Export").click()
    expect(files).to_be_visible()
    editor.keyboard.press("F2")
    expect(view).to_be_visible()
    expect(files).to_be_hidden()
    editor.keyboard.press("Escape")
    expect(view).to_be_hidden()
    editor.get_by_role("button", name="Export").click()
    editor.keyboard.press("Escape")
    expect(files).to_be_hidden()
