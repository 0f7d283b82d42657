"""Safety in a real browser: the history, what was deleted, two people on one object, and no connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from framewise.bench.videos import moving_object
from tests.e2e.editor import drag, draw_box, go_to, near, opened, selected_box, serious, wait_until_saved
from tracking.types import Box

BOX = Box(200, 150, 400, 300)


@pytest.fixture
def video(product: Product, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Id of a short video of 1280 x 720 px in the demo project, with nothing on it."""
    clip = tmp_path_factory.mktemp("clips") / "history.mp4"
    moving_object(clip, 24)
    with Client(product.url) as client:
        number = client.upload(client.demo_project(), clip)
        client.until_ready(number)
    return number


@pytest.fixture
def bob(product: Product, person: Page, browser: Browser) -> Iterator[Page]:
    """Somebody else who annotates in the same workspace."""
    person.goto(f"{product.url}/workspaces/1/members/")
    person.get_by_label("Role", exact=True).select_option("annotator")
    person.get_by_role("button", name="Make a link").click()
    link = person.locator(".copy code").inner_text()
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(link)
    page.get_by_label("Full name").fill("Bob Builder")
    page.get_by_label("Username").fill("bob")
    page.get_by_label("E-mail").fill("bob@example.org")
    page.get_by_label("Password").fill("a-password-of-bob")
    page.get_by_role("button", name="Make my account and join").click()
    expect(page.get_by_role("heading", name="Demo", exact=True)).to_be_visible()
    yield page
    context.close()


def test_the_history_shows_goes_there_and_brings_back(person: Page, product: Product, video: int) -> None:
    page = opened(person, product, video)
    draw_box(page, BOX)
    for _ in range(5):
        page.keyboard.press("Alt+ArrowRight")
    go_to(page, 9)
    page.keyboard.press("Control+h")
    changes = page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")
    expect(changes).to_have_text([re.compile("Nudge .5"), re.compile("Draw")])
    changes.first.get_by_role("button", name=re.compile("^Nudge")).click()
    page.wait_for_selector("#stage[data-frame='0']")
    page.get_by_role("button", name="Bring back how it was at: Draw person").click()
    dialog = page.get_by_role("dialog", name="Bring back an earlier state")
    expect(dialog).to_contain_text("1 object and 1 shape change. This takes back 5 changes by")
    assert serious(page) == []
    dialog.get_by_role("button", name="Bring back").click()
    expect(changes.first).to_contain_text("Back to after “Draw person”")
    assert near(selected_box(page), (200, 150, 400, 300))
    page.keyboard.press("Control+z")
    assert near(selected_box(page), (205, 150, 405, 300))

    page.keyboard.press("Control+Shift+Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.keyboard.press("Control+Shift+h")
    expect(page.get_by_text("frame 0 · 1 shape")).to_be_visible()
    page.get_by_role("button", name="Restore person 1").click()
    expect(page.get_by_text("No deleted objects.")).to_be_visible()
    assert near(selected_box(page), (205, 150, 405, 300))


def test_two_people_on_one_object_lose_nothing(person: Page, bob: Page, product: Product, video: int) -> None:
    alice = opened(person, product, video)
    track = draw_box(alice, BOX)
    wait_until_saved(alice)
    opened(bob, product, video)
    bob.evaluate("track => framewise.store.session.select(track)", track)
    bob.context.set_offline(True)
    expect(bob.get_by_role("status").filter(has_text="Offline since")).to_contain_text("You can go on drawing")
    drag(bob, (300, 220), (320, 220))
    expect(bob.get_by_role("status").filter(has_text="Offline since")).to_contain_text("1 change is kept")
    drag(alice, (300, 220), (300, 260))
    wait_until_saved(alice)
    bob.context.set_offline(False)
    wait_until_saved(bob)
    expect(bob.get_by_text("Offline since")).to_have_count(0)

    card = bob.get_by_role("article").filter(has_text="changed the same")
    expect(card).to_contain_text("Yours came later and counts.")
    expect(alice.get_by_role("article")).to_contain_text("Bob Builder changed the same")
    alice.wait_for_function("framewise.store.session.selection.value.size === 1")
    for page in (alice, bob):
        assert near(selected_box(page), (220, 150, 420, 300))
    assert serious(bob) == []
    card.get_by_role("button", name="Use theirs").click()
    expect(card).to_have_count(0)
    theirs = "track => Math.round(framewise.store.queries.shapeAt(track, 0).bounds[1]) === 190"
    for page in (alice, bob):
        page.wait_for_function(theirs, arg=track)
        assert near(selected_box(page), (200, 190, 400, 340))

    alice.goto(f"{product.url}/workspaces/1/members/")
    alice.get_by_label("Role of Bob Builder").select_option("viewer")
    expect(bob.get_by_text("no longer edit it")).to_be_visible()
    expect(bob.get_by_role("button", name="Delete person 1")).to_have_count(0)
