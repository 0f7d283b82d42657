"""No page does what its Content Security Policy forbids: browsers leave it out, and say so only on the console. None
has a serious violation of accessibility rules, by axe, in either theme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.conftest import sign_in
from tests.e2e.editor import (
    draw_box,
    go_to,
    opened,
    serious_in_each_theme,
    track_with,
    wait_for,
    wait_for_row,
    wait_until_runs_end,
)

FRAMES = 60
LISTEN = """
  window.forbidden = JSON.parse(sessionStorage.getItem('forbidden') ?? '[]')
  document.addEventListener('securitypolicyviolation', (event) => {
    window.forbidden.push(`${location.pathname}: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`)
    sessionStorage.setItem('forbidden', JSON.stringify(window.forbidden))
  })
"""
NOT_OURS = ("/admin/", "/api/")
ADMIN = ("/admin/", "/admin/annotator/user/", "/admin/annotator/user/1/change/", "/admin/annotator/event/")
KINDS = {
    *(
        "/",
        "/account/",
        "/account/two-factor/",
        "/people/",
        "/people/log/",
        "/people/storage/",
        "/workspaces/new/",
        "/nowhere/",
        "/videos/N/edit/",
    ),
    *(
        f"/projects/N/{tab}"
        for tab in ("", "jobs/", "review/", "labels/", "analytics/", "quality/", "apply/", "settings/")
    ),
    *(f"/workspaces/N/{tab}" for tab in ("", "members/", "networks/", "log/", "settings/", "projects/new/")),
}
"""What is visited for certain, whatever the links lead to."""


class Console:
    """A page, and what was forbidden on all that it showed, by its own events and by the browser's console."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        page.add_init_script(LISTEN)
        page.on("console", lambda message: self.said.append(message.text))

    def forbidden(self) -> list[str]:
        told: list[str] = self.page.evaluate("window.forbidden")
        return [*told, *(text for text in self.said if "Content Security Policy" in text)]


@pytest.fixture
def console(browser: Browser, product: Product) -> Iterator[Console]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=False)
    yield Console(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip = moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def test_every_page_keeps_to_its_policy_and_is_accessible(console: Console, product: Product) -> None:
    page = console.page
    page.goto(f"{product.url}/sign-in/")
    found = {"/sign-in/": serious_in_each_theme(page)}
    sign_in(page, product.url)
    waiting, kinds = ["/nowhere/", "/"], {"/nowhere/", "/"}
    while waiting:
        address = waiting.pop()
        visit(page, product, address)
        found[address] = serious_in_each_theme(page)
        for link in links(page):
            if (kind := re.sub(r"\d+", "N", link)) not in kinds:
                kinds.add(kind)
                waiting.append(link)
    assert kinds >= KINDS
    assert {address: problems for address, problems in found.items() if problems} == {}
    for address in ADMIN:
        visit(page, product, address)
    page.goto(f"{product.url}/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert console.forbidden() == []


def visit(page: Page, product: Product, address: str) -> None:
    page.goto(product.url + address)
    page.wait_for_load_state("networkidle")


def links(page: Page) -> list[str]:
    """Where the links of a page lead to within the product."""
    here = urlsplit(page.url).netloc
    targets = [urlsplit(target) for target in page.locator("a[href]").evaluate_all("links => links.map((a) => a.href)")]
    return [to.path for to in targets if to.netloc == here and not to.path.startswith(NOT_OURS)]


def test_the_editor_keeps_to_its_policy_and_is_accessible_while_runs_go_on_and_fail(
    console: Console, product: Product, video: int
) -> None:
    sign_in(console.page, product.url)
    page = opened(console.page, product, video)
    track_with(page, "broken")
    draw_box(page, thing_at(0, 0))
    page.keyboard.press("t")
    expect(page.locator("[data-run=failed]")).to_be_visible()
    track_with(page, "unhurried")
    track = draw_box(page, thing_at(1, 0))
    page.keyboard.press("t")
    wait_for_row(page, track, 5)
    found = {"running": serious_in_each_theme(page)}
    wait_until_runs_end(page)
    found["ended"] = serious_in_each_theme(page)
    assert {when: problems for when, problems in found.items() if problems} == {}

    page.locator("#stage").focus()
    go_to(page, 30)
    wait_for(page, "['proxy', 'source'].includes(framewise.player.kind)")
    page.keyboard.press("Space")
    wait_for(page, "framewise.store.session.frame.value > 35")
    page.keyboard.press("Space")
    expect(page.locator("[data-saved]")).to_have_attribute("data-saved", "saved")
    assert console.forbidden() == []


def test_the_editor_keeps_to_its_policy_and_is_accessible_with_its_overlays_open(
    console: Console, product: Product, video: int
) -> None:
    sign_in(console.page, product.url)
    page = opened(console.page, product, video)
    found = {}
    page.keyboard.press("?")
    found["help"] = serious_in_each_theme(page)
    page.get_by_role("button", name="Change keys").click()
    page.get_by_role("button", name="Add key for Next frame").click()
    page.keyboard.press("k")
    found["keys"] = serious_in_each_theme(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("keyframe")
    found["palette"] = serious_in_each_theme(page)
    page.keyboard.press("Escape")
    page.keyboard.press("F2")
    found["view"] = serious_in_each_theme(page)
    page.keyboard.press("Escape")
    page.evaluate("framewise.editor.tour.start()")
    found["tour"] = serious_in_each_theme(page)
    assert {overlay: problems for overlay, problems in found.items() if problems} == {}
    assert console.forbidden() == []
