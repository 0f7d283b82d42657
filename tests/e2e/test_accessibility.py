"""No serious violation of accessibility rules, by axe, on any page, in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.conftest import sign_in
from tests.e2e.editor import draw_box, opened, serious, track_with, wait_for_row, wait_until_runs_end

NOT_OURS = ("/admin/", "/api/")


@pytest.fixture(params=["light", "dark"])
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """Somebody whose system asks for a theme, not signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=request.param)
    yield context.new_page()
    context.close()


def test_every_page_that_links_lead_to_is_accessible(visitor: Page, product: Product) -> None:
    visitor.goto(f"{product.url}/sign-in/")
    found = {"/sign-in/": serious(visitor)}
    sign_in(visitor, product.url)
    waiting, kinds = ["/"], {"/"}
    while waiting:
        address = waiting.pop()
        visitor.goto(product.url + address)
        visitor.wait_for_load_state("networkidle")
        found[address] = serious(visitor)
        for link in links(visitor):
            if (kind := re.sub(r"\d+", "N", link)) not in kinds:
                kinds.add(kind)
                waiting.append(link)
    assert {"/", "/projects/N/", "/videos/N/edit/"} <= kinds
    assert {address: problems for address, problems in found.items() if problems} == {}


def test_the_editor_is_accessible_while_a_run_goes_on_and_when_one_failed(
    visitor: Page, product: Product, tmp_path: Path
) -> None:
    frames = 60
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), moving_things(tmp_path / "things.mp4", frames))
        client.until_ready(video)
    sign_in(visitor, product.url)
    page = opened(visitor, product, video)
    track_with(page, "broken")
    draw_box(page, thing_at(0, 0))
    page.keyboard.press("t")
    expect(page.locator("[data-run=failed]")).to_be_visible()
    track_with(page, "unhurried")
    track = draw_box(page, thing_at(1, 0))
    page.keyboard.press("t")
    wait_for_row(page, track, 5)
    assert serious(page) == []
    wait_until_runs_end(page)
    assert serious(page) == []


def test_the_editor_is_accessible_with_its_overlays_open(visitor: Page, product: Product, tmp_path: Path) -> None:
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), moving_things(tmp_path / "overlays.mp4", 12))
        client.until_ready(video)
    sign_in(visitor, product.url)
    page = opened(visitor, product, video)
    found = {}
    page.keyboard.press("?")
    found["help"] = serious(page)
    page.get_by_role("button", name="Change keys").click()
    page.get_by_role("button", name="Add key for Next frame").click()
    page.keyboard.press("k")
    found["keys"] = serious(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("keyframe")
    found["palette"] = serious(page)
    page.keyboard.press("Escape")
    page.keyboard.press("F2")
    found["view"] = serious(page)
    page.keyboard.press("Escape")
    page.evaluate("framewise.editor.tour.start()")
    found["tour"] = serious(page)
    assert {overlay: problems for overlay, problems in found.items() if problems} == {}


def links(page: Page) -> list[str]:
    """Where the links of a page lead to within the product."""
    here = urlsplit(page.url).netloc
    targets = [urlsplit(target) for target in page.locator("a[href]").evaluate_all("links => links.map((a) => a.href)")]
    return [to.path for to in targets if to.netloc == here and not to.path.startswith(NOT_OURS)]
