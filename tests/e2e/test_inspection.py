"""The check of a layer in a real browser: a list to walk through by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import (
    draw_box,
    frame_of,
    go_to,
    serious_in_each_theme,
    track_with,
    wait_until_runs_end,
    wait_until_saved,
)
from tracking.types import Box

BOX = Box(200, 150, 400, 300)


def test_what_is_wrong_is_found_and_walked_through_by_keyboard(editor: Page) -> None:
    page = editor
    go_to(page, 5)
    track = draw_box(page, BOX)
    other = draw_box(page, BOX)
    wait_until_saved(page)
    go_to(page, 20)

    page.keyboard.press("F9")
    check = page.get_by_role("complementary", name="Check")
    listed = check.get_by_role("listbox", name="What the check found")
    found = listed.get_by_role("option")
    expect(found.filter(has_text="Duplicate")).to_have_count(1)
    expect(check).to_contain_text("2 objects, 2 shapes looked at.")
    expect(listed).to_be_focused()

    page.keyboard.press("ArrowDown")
    expect(found.first).to_have_attribute("aria-selected", "true")
    page.wait_for_function("() => framewise.editor.selected().length === 2")
    assert sorted(page.evaluate("() => framewise.editor.selected()")) == sorted([track, other])
    assert frame_of(page) == 5
    page.keyboard.press("Space")
    page.wait_for_function("() => framewise.editor.session.playing.value")
    page.keyboard.press("Space")
    page.wait_for_function("() => !framewise.editor.session.playing.value")
    assert serious_in_each_theme(page) == []

    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_be_focused()
    page.keyboard.press("Escape")
    page.evaluate("track => framewise.editor.session.select(track)", other)
    page.keyboard.press("Control+Shift+Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(check).to_contain_text("Something was changed since")
    wait_until_saved(page)
    check.get_by_role("button", name="Check again").click()
    expect(check).to_contain_text("1 object, 1 shape looked at.")
    expect(found.filter(has_text=re.compile("Duplicate"))).to_have_count(0)


def track_a_box(page: Page) -> None:
    """Draw one on the first frame, and have it followed to the end."""
    go_to(page, 0)
    draw_box(page, Box(500, 400, 640, 520))
    track_with(page, "unhurried")
    page.keyboard.press("t")
    page.wait_for_function("() => framewise.store.runs.active().length > 0")
    wait_until_runs_end(page)
    wait_until_saved(page)


def test_what_a_tracker_made_is_reviewed_by_keyboard(editor: Page) -> None:
    page = editor
    track_a_box(page)

    page.keyboard.press("Shift+F9")
    check = page.get_by_role("complementary", name="Check")
    listed = check.get_by_role("listbox", name="Review queue")
    queued = listed.get_by_role("option")
    expect(queued.first).to_be_visible()
    expect(queued.first.locator("img").first).to_be_attached()
    page.keyboard.press("ArrowDown")
    expect(queued.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("a")
    expect(queued.first).to_contain_text("Accepted")
    expect(check).not_to_contain_text("Something was changed since")
    page.keyboard.press("Home")
    page.keyboard.press("r")
    why = page.get_by_role("dialog").get_by_label("What is wrong")
    expect(why).to_be_focused()
    page.keyboard.press("Escape")
    expect(listed).to_be_focused()
    expect(queued.first).to_contain_text("Accepted")
    page.keyboard.press("r")
    expect(why).to_be_focused()
    page.keyboard.type("It is the shadow.")
    page.keyboard.press("Enter")
    expect(queued.first).to_contain_text("Rejected")
    page.wait_for_function(
        """() => [...framewise.store.records.tracks.value.values()]
          .some(({ verdicts }) => verdicts.some(({ reason }) => reason === 'It is the shadow.'))"""
    )
    assert serious_in_each_theme(page) == []
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_be_focused()


def test_the_project_tells_what_is_left_and_opens_the_editor_there(
    editor: Page, product: Product, client: Client, video: int
) -> None:
    page = editor
    track_a_box(page)
    name = page.evaluate("() => framewise.store.config.video.name")

    page.goto(f"{product.url}/projects/{client.demo_project()}/review/")
    row = page.get_by_role("row").filter(has=page.locator(f"a[href*='/videos/{video}/edit/']"))
    build = row.get_by_role("button", name=f"Build the queue of {name}")
    build.click()
    expect(build).to_have_count(0)
    expect(row).to_contain_text("Built")
    assert serious_in_each_theme(page) == []
    row.get_by_role("link", name=f"Review {name}").click()

    check = page.get_by_role("complementary", name="Check")
    queued = check.get_by_role("listbox", name="Review queue").get_by_role("option")
    expect(queued.first).to_have_attribute("aria-selected", "true")
    page.wait_for_function("() => framewise.editor.selected().length > 0")


def test_what_nobody_has_had_on_screen_is_told_until_somebody_has(editor: Page) -> None:
    page = editor
    track_a_box(page)
    page.keyboard.press("Shift+F9")
    check = page.get_by_role("complementary", name="Check")
    reasons = check.get_by_label("Spans that are listed")
    unseen = reasons.locator("option", has_text="Nobody has had it on screen yet.")
    expect(unseen).to_have_count(1)
    spans = int(str(unseen.text_content()).rpartition("(")[2].rstrip(")"))
    assert spans > 0
    reasons.select_option(value="Nobody has had it on screen yet.")
    expect(check.get_by_role("option", selected=False)).not_to_have_count(0)
    page.wait_for_function("(spans) => framewise.editor.inspection.queue.value.length === spans", arg=spans)
    assert serious_in_each_theme(page) == []

    # Each frame is looked at, and the page goes out of sight: that tells the server at once.
    for frame in range(page.evaluate("() => framewise.store.config.video.frame_count")):
        go_to(page, frame)
    page.evaluate(
        """() => {
          Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
          document.dispatchEvent(new Event('visibilitychange'))
          delete document.visibilityState
        }"""
    )
    go_to(page, 0)
    # Something has to change before the layer is checked again.
    draw_box(page, Box(100, 100, 140, 140))
    wait_until_saved(page)
    check.get_by_role("button", name="Check again").click()
    expect(unseen).to_have_count(0)
