"""People talk about what they see: written, called, answered, resolved and told of between two browsers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.conftest import cookies_of
from tests.e2e.editor import draw_box, go_to, opened, serious_in_each_theme, wait_until_saved
from tests.e2e.test_gone import PASSWORD, join
from tracking.types import Box

FRAMES = 24


@pytest.fixture
def name(client: Client) -> str:
    """Of an annotator."""
    name = f"zoe{uuid.uuid4().hex[:6]}"
    join(client, name)
    return name


@pytest.fixture
def zoe(product: Product, name: str, browser: Browser) -> Iterator[Page]:
    with Client(product.url, name, PASSWORD) as hers:
        hers.prefer_defaults()
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_cookies(cookies_of(hers))
    yield context.new_page()
    context.close()


def test_an_issue_is_opened_heard_of_answered_and_resolved_by_keyboard_between_two_browsers(
    product: Product, editor: Page, zoe: Page, name: str, video: int
) -> None:
    opened(zoe, product, video)
    go_to(editor, 5)
    draw_box(editor, Box(200, 200, 400, 400))
    wait_until_saved(editor)

    # Written about the selected object, calling her by the beginning of her name.
    editor.keyboard.press("Alt+c")
    field = editor.get_by_role("textbox", name="New comment")
    expect(field).to_be_focused()
    editor.keyboard.type(f"Is it one, @{name[:5]}")
    expect(editor.get_by_role("option", name=re.compile(name))).to_be_visible()
    editor.keyboard.press("Enter")
    expect(field).to_have_value(f"Is it one, @{name} ")
    editor.keyboard.type("or two?")
    # A reload loses nothing of it.
    editor.reload()
    editor.wait_for_selector("#stage[data-frame]")
    editor.keyboard.press("F4")
    editor.get_by_role("button", name="Go on writing").click()
    expect(field).to_have_value(f"Is it one, @{name} or two?")
    field.press("Control+Enter")
    expect(editor.locator(".comment-text")).to_have_text(f"Is it one, @{name} or two?")
    expect(editor.locator(".call")).to_have_text(f"@{name}")

    # She hears of it at once, and goes there by the bell.
    bell = zoe.get_by_role("button", name="Notifications, 1 unread")
    expect(bell).to_be_visible()
    expect(zoe.locator(".notice")).to_contain_text("mentioned you in issue 1")
    bell.focus()
    zoe.keyboard.press("Enter")
    link = zoe.get_by_role("link", name=re.compile("mentioned you in issue 1"))
    expect(link).to_be_visible()
    assert serious_in_each_theme(zoe) == []
    link.focus()
    zoe.keyboard.press("Enter")
    expect(zoe.locator("#stage")).to_have_attribute("data-frame", "5")
    expect(zoe.locator(".issue-pin")).to_have_text("1")
    expect(zoe.get_by_role("button", name="Notifications", exact=True)).to_be_visible()

    # What she answers is seen live; without a connection nothing of it is lost.
    answer = zoe.get_by_role("textbox", name="Answer")
    answer.fill("Two.")
    zoe.context.set_offline(True)
    answer.press("Control+Enter")
    expect(zoe.get_by_role("alert")).to_contain_text("What you typed is kept here.")
    zoe.context.set_offline(False)
    expect(zoe.locator("[data-saved]")).to_have_attribute("data-saved", "saved")
    answer.press("Control+Enter")
    expect(zoe.locator(".comment-text")).to_have_count(2)
    expect(editor.locator(".comment-text").nth(1)).to_have_text("Two.")
    assert serious_in_each_theme(editor) == []

    # The object goes and comes back, the issue stays.
    editor.get_by_role("button", name="person 1 \N{MIDDLE DOT} frame 5").press("Enter")
    editor.wait_for_selector("#stage[data-frame='5']")
    editor.locator("#stage").focus()
    editor.keyboard.press("Control+Shift+Delete")
    editor.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).press("Enter")
    for page in (editor, zoe):
        expect(page.locator(".thread-head")).to_contain_text("Its object was deleted")
    editor.keyboard.press("Control+z")
    for page in (editor, zoe):
        expect(page.locator(".thread-head")).not_to_contain_text("Its object was deleted")
    expect(editor.locator(".issue-pin")).to_be_visible()

    # She resolves it.
    zoe.get_by_role("button", name="Resolve").press("Enter")
    expect(editor.locator(".thread-head")).to_contain_text(re.compile("Resolved by"))
