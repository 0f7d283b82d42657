"""Reviewing between two browsers: what is accepted, changed, opened again and locked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.conftest import cookies_of
from tests.e2e.editor import drag, draw_box, go_to, opened, serious_in_each_theme, wait_until_saved
from tests.e2e.test_gone import PASSWORD, join
from tracking.types import Box

FRAMES = 24


@pytest.fixture
def zoe(product: Product, client: Client, browser: Browser) -> Iterator[Page]:
    """An annotator in a browser of her own."""
    name = f"zoe{uuid.uuid4().hex[:6]}"
    join(client, name)
    with Client(product.url, name, PASSWORD) as hers:
        hers.prefer_defaults()
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_cookies(cookies_of(hers))
    yield context.new_page()
    context.close()


@pytest.fixture
def locking(client: Client) -> Iterator[None]:
    """The project locks what is accepted."""

    def lock(answer: str) -> None:
        path = f"/projects/{client.demo_project()}/lock/"
        client.http.post(path, data={"locks": answer}, headers=client.headers)

    yield lock("yes")
    lock("no")


def select_first(page: Page) -> None:
    page.locator("#objects .object-name").first.click()


def test_a_reviewer_accepts_and_whoever_changes_it_opens_exactly_that_again(
    product: Product, client: Client, editor: Page, zoe: Page, video: int, request: pytest.FixtureRequest
) -> None:
    draw_box(editor, Box(200, 200, 400, 400))
    go_to(editor, 20)
    drag(editor, (300, 300), (500, 300))
    wait_until_saved(editor)
    opened(zoe, product, video)

    editor.keyboard.press("Alt+y")
    for page in (editor, zoe):
        expect(page.locator("#objects .verdict")).to_have_class("verdict accepted")

    # An annotator moves it in between: frames 1 to 19 are shown otherwise.
    go_to(zoe, 10)
    select_first(zoe)
    drag(zoe, (400, 300), (400, 420))
    reopened = editor.locator("#review .reopened li")
    expect(reopened).to_contain_text("frames 1\N{EN DASH}19")
    expect(editor.locator(".notice")).to_contain_text("changed what was reviewed: 19 frames from 1 on")
    expect(zoe.locator(".notice")).to_contain_text("19 frames from 1 on")
    reopened.locator(".reopened-what").click()
    editor.wait_for_function("framewise.editor.formerShapes().length === 1")
    former = editor.evaluate("framewise.editor.formerShapes()[0].bounds.map(Math.round)")
    assert abs(former[1] - 200) <= 3, "what was accepted is drawn where it was"

    # Her undo closes it, her redo opens it again.
    zoe.locator("#stage").focus()
    zoe.keyboard.press("Control+z")
    expect(editor.locator("#objects .verdict")).to_have_class("verdict accepted")
    expect(reopened).to_have_count(0)
    zoe.keyboard.press("Control+Shift+z")
    expect(reopened).to_have_count(1)
    assert serious_in_each_theme(editor) == []

    # What is rejected says why, to everybody.
    reopened.get_by_role("button", name="Reject").click()
    editor.get_by_label("What is wrong").fill("Too far down")
    editor.keyboard.press("Enter")
    expect(zoe.locator("#review")).to_contain_text("Too far down")
    expect(zoe.locator("#review").get_by_role("button", name="Accept")).to_have_count(0)

    # By keys alone: to what isn't reviewed, and accept all of it. Then it is locked for her.
    select_first(editor)
    editor.locator("#stage").focus()
    editor.keyboard.press("Alt+y")
    expect(zoe.locator("#objects .verdict")).to_have_class("verdict accepted")
    request.getfixturevalue("locking")
    expect(zoe.locator(".verdict-lock")).to_be_visible()
    go_to(zoe, 5)
    drag(zoe, (300, 340), (300, 500))
    expect(zoe.locator(".notice")).to_contain_text("Accepted and locked on frames 0\N{EN DASH}20")
