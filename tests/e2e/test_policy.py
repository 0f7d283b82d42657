"""No page does what its Content Security Policy forbids: browsers leave it out, and say so only on the console."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.conftest import sign_in
from tests.e2e.editor import draw_box, go_to, opened, wait_for, wait_until_runs_end

LISTEN = """
  window.forbidden = JSON.parse(sessionStorage.getItem('forbidden') ?? '[]')
  document.addEventListener('securitypolicyviolation', (event) => {
    window.forbidden.push(`${location.pathname}: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`)
    sessionStorage.setItem('forbidden', JSON.stringify(window.forbidden))
  })
"""
PAGES = ("/", "/account/", "/people/", "/workspaces/new/", "/nowhere/", "/api/docs", "/admin/")
ADMIN = ("/admin/annotator/user/", "/admin/annotator/user/1/change/", "/admin/annotator/event/")


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


def test_the_policy_is_kept_on_every_page(console: Console, product: Product, client: Client) -> None:
    page = console.page
    sign_in(page, product.url)
    project = client.demo_project()
    of_project = [f"/projects/{project}/{tab}" for tab in ("", "jobs/", "labels/", "settings/")]
    page.goto(product.url)
    links = page.locator("a[href^='/workspaces/']").evaluate_all("links => links.map((link) => link.pathname)")
    workspace = next(link for link in links if re.fullmatch(r"/workspaces/\d+/", link))
    of_workspace = [f"{workspace}{tab}" for tab in ("", "members/", "networks/", "settings/", "projects/new/")]
    for address in (*PAGES, *ADMIN, *of_project, *of_workspace):
        page.goto(product.url + address)
        page.wait_for_load_state("networkidle")
    page.goto(f"{product.url}/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert console.forbidden() == []


def test_the_editor_plays_draws_tracks_and_saves_within_the_policy(
    console: Console, product: Product, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clip = moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", 60)
    video = client.upload(client.demo_project(), clip)
    client.until_ready(video)
    sign_in(console.page, product.url)
    page = opened(console.page, product, video)
    draw_box(page, thing_at(0, 0))
    page.keyboard.press("t")
    wait_until_runs_end(page)
    go_to(page, 30)
    wait_for(page, "['proxy', 'source'].includes(framewise.player.kind)")
    page.keyboard.press("Space")
    wait_for(page, "framewise.store.session.frame.value > 35")
    page.keyboard.press("Space")
    expect(page.locator("[data-saved]")).to_have_attribute("data-saved", "saved")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    assert console.forbidden() == []
