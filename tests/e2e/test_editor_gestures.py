"""The editor's gestures and keys in a real browser, at two window sizes and in both themes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.product import Product
from tests.e2e.editor import (
    drag,
    draw,
    draw_box,
    frame_of,
    go_to,
    near,
    on_page,
    opened,
    selected_box,
    serious_in_each_theme,
)
from tracking.types import Box

FRAMES = 48


def test_a_box_is_drawn_where_the_pointer_was_and_resized_by_its_corner(editor: Page) -> None:
    draw(editor, (200, 150), (400, 300))
    assert near(selected_box(editor), (200, 150, 400, 300))
    drag(editor, (400, 300), (500, 380))
    assert near(selected_box(editor), (200, 150, 500, 380))
    drag(editor, (300, 250), (350, 270))
    assert near(selected_box(editor), (250, 170, 550, 400))


def test_the_wheel_zooms_where_the_pointer_is_and_a_double_click_shows_the_whole_frame(editor: Page) -> None:
    whole = editor.evaluate("framewise.store.session.view.value.scale")
    place = on_page(editor, 900, 100)
    editor.mouse.move(*place)
    editor.mouse.wheel(0, -400)
    editor.wait_for_function("scale => framewise.store.session.view.value.scale > scale * 2", arg=whole)
    assert on_page(editor, 900, 100) == pytest.approx(place, abs=3), (
        "A pointer is on whole pixels, which zooming widens."
    )
    editor.mouse.dblclick(*place)
    assert editor.evaluate("framewise.store.session.view.value.scale") == pytest.approx(whole)


def test_the_picture_is_moved_with_the_middle_button_or_the_space_bar(editor: Page) -> None:
    before = editor.evaluate("framewise.store.session.view.value.x")
    drag(editor, (600, 300), (700, 300), button="middle")
    moved = editor.evaluate("framewise.store.session.view.value.x")
    assert moved > before + 20
    editor.keyboard.down("Space")
    drag(editor, (600, 300), (500, 300))
    editor.keyboard.up("Space")
    assert editor.evaluate("framewise.store.session.view.value.x") < moved - 20
    assert frame_of(editor) == 0, "Dragging with the space bar is no wish to play."


def test_a_path_shows_where_an_object_goes_and_a_click_on_it_goes_there(editor: Page) -> None:
    draw(editor, (100, 100), (140, 140))
    go_to(editor, 20)
    drag(editor, (120, 120), (920, 520))
    editor.keyboard.press("i")
    editor.mouse.click(*on_page(editor, 120 + 800 * 0.25, 120 + 400 * 0.25))
    editor.wait_for_selector("#stage[data-frame='5']")
    assert near(selected_box(editor), (300, 200, 340, 240)), "The object is still selected, and lies there."
    editor.keyboard.press("i")


def test_the_lasso_selects_what_it_goes_around(editor: Page) -> None:
    ids = [draw_box(editor, Box(x, 560, x + 60, 620)) for x in (600, 700, 900)]
    editor.keyboard.press("a")
    corners = [(585, 545), (775, 545), (775, 635), (585, 635), (585, 550)]
    editor.mouse.move(*on_page(editor, *corners[0]))
    editor.mouse.down()
    for corner in corners[1:]:
        editor.mouse.move(*on_page(editor, *corner), steps=5)
    editor.mouse.up()
    assert editor.evaluate("[...framewise.store.session.selection.value]") == ids[:2]


def test_space_plays_and_stops(editor: Page) -> None:
    editor.keyboard.press("Space")
    editor.wait_for_function("framewise.store.session.frame.value > 2")
    editor.keyboard.press("Space")
    assert editor.evaluate("framewise.store.session.playing.value") is False


def test_pressing_on_the_timeline_goes_there(editor: Page) -> None:
    area = editor.locator("#timeline").bounding_box()
    assert area is not None
    editor.mouse.click(area["x"] + area["width"] - 4, area["y"] + 10)
    editor.wait_for_selector(f"#stage[data-frame='{FRAMES - 1}']")
    expect(editor.get_by_role("slider", name="Playhead")).to_have_attribute("aria-valuenow", str(FRAMES - 1))


def test_keys_typed_into_a_field_are_no_commands(editor: Page) -> None:
    find = editor.get_by_label("Find objects by label or number")
    find.click()
    editor.keyboard.type("nf")
    assert (frame_of(editor), editor.evaluate("framewise.store.session.tool.value")) == (0, "select")
    editor.keyboard.press("Escape")
    editor.keyboard.press("f")
    assert frame_of(editor) == 1


def test_a_button_pressed_with_the_pointer_leaves_the_keys_to_the_picture(editor: Page) -> None:
    editor.get_by_role("button", name="Next frame").click()
    editor.keyboard.press("Space")
    editor.wait_for_function("framewise.store.session.playing.value")
    editor.keyboard.press("Space")


def test_undo_says_where_it_acted_and_offers_to_go_there(editor: Page) -> None:
    draw(editor, (700, 400), (800, 500))
    editor.keyboard.press("End")
    editor.keyboard.press("Control+z")
    notice = editor.get_by_role("status").filter(has_text="Undid")
    expect(notice).to_contain_text("frame 0")
    assert frame_of(editor) == FRAMES - 1
    notice.get_by_role("button", name="Go there").click()
    assert frame_of(editor) == 0


def test_a_whole_track_is_deleted_only_after_a_question(editor: Page) -> None:
    draw(editor, (900, 500), (1000, 600))
    editor.keyboard.press("Control+Shift+Delete")
    dialog = editor.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    assert near(selected_box(editor), (900, 500, 1000, 600))
    editor.keyboard.press("Control+Shift+Delete")
    dialog.get_by_role("button", name="Delete").click()
    assert selected_box(editor) is None


def test_the_help_finds_actions_by_word_and_by_key(editor: Page) -> None:
    editor.keyboard.press("?")
    help_ = editor.get_by_role("dialog", name="Keyboard help")
    help_.get_by_label("Find an action").fill("occluded")
    expect(help_.get_by_text("Occluded on or off")).to_be_visible()
    expect(help_.get_by_text("Next frame")).to_have_count(0)
    help_.get_by_label("Find an action").fill("ctrl+z")
    expect(help_.get_by_text("Undo")).to_be_visible()
    help_.get_by_role("button", name="Close").click()
    expect(help_).to_have_count(0)


def test_images_from_the_server_show_the_same_frame(person: Page, product: Product, video: int) -> None:
    page = opened(person, product, video, "?frame=7&images")
    page.wait_for_selector("#stage[data-frame='7']")
    assert page.evaluate("framewise.player.kind") == "images"


@pytest.fixture(params=[(1280, 720), (1920, 1080)], ids=["small", "large"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    width, height = request.param
    return width, height


def test_everything_is_in_view_and_accessible(
    person: Page, product: Product, video: int, size: tuple[int, int]
) -> None:
    width, height = size
    person.set_viewport_size({"width": width, "height": height})
    page = opened(person, product, video)
    draw(page, (300, 200), (400, 300))
    for name in ("Objects", "Tracking", "Timeline", "Playback"):
        expect(page.get_by_role("region", name=re.compile(f"^{name}$")).first).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]") == list(size)
    assert serious_in_each_theme(page) == []
    page.get_by_role("button", name="Export").click()
    page.get_by_role("radio", name="MOTChallenge").wait_for()
    assert serious_in_each_theme(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert serious_in_each_theme(page) == []
