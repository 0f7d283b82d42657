"""Uploading on the project's page: progress, pause, cancel, and going on where it was broken off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.test_player_frames import READ_BACK
from tests.media.clips import write_clip

pytestmark = pytest.mark.e2e

CHUNK = 4 * 2**20
UPLOADS = "**/api/uploads/*"


@pytest.fixture(scope="module")
def project(product: Product) -> Iterator[int]:
    with Client(product.url) as client:
        yield client.demo_project()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A video of three chunks: padded, as some cameras pad."""
    path = write_clip(tmp_path / "padded.mp4", 30)
    with path.open("ab") as file:
        file.write(bytes(2 * CHUNK + 1000))
    return path


class Chunks:
    """Stands between page and server: notes at which offsets chunks are sent, and holds or breaks some."""

    def __init__(self, page: Page) -> None:
        self.offsets: list[int] = []
        self.broken = 0
        self.held_from = 10**12
        page.route(UPLOADS, self._pass)

    def _pass(self, route: Route) -> None:
        request = route.request
        if request.method != "PATCH":
            route.continue_()
            return
        offset = int(request.headers["upload-offset"])
        self.offsets.append(offset)
        if offset >= self.held_from:
            return
        if offset and self.broken:
            self.broken -= 1
            route.abort("connectionreset")
        else:
            route.continue_()


def choose(page: Page, product: Product, project: int, file: Path) -> Locator:
    page.goto(f"{product.url}/projects/{project}/")
    page.locator("[data-uploads] input[type=file]").set_input_files(file)
    return page.locator(".video-card", has_text=file.name).first


def choose_and_hold(page: Page, product: Product, project: int, file: Path, chunks: Chunks) -> Locator:
    """Upload a file up to its second chunk: the first is answered, the second asked for and held."""
    chunks.held_from = CHUNK
    with page.expect_request(lambda request: request.headers.get("upload-offset") == str(CHUNK)):
        card = choose(page, product, project, file)
    expect(card).to_contain_text("Uploading 50 %")
    return card


def kept_uploads(product: Product) -> list[Path]:
    return list((product.data / "media" / "uploads").glob("*"))


def test_a_connection_that_breaks_costs_no_byte_twice(person: Page, product: Product, project: int, clip: Path) -> None:
    chunks = Chunks(person)
    chunks.broken = 2
    card = choose(person, product, project, clip)
    expect(card).to_have_attribute("data-state", "ready", timeout=30_000)
    assert chunks.offsets == [0, CHUNK, CHUNK, CHUNK, 2 * CHUNK]
    expect(card).to_contain_text("30 frames")
    card.get_by_role("link").first.click()
    person.wait_for_selector("#stage[data-frame='0']")


def test_a_cancelled_upload_leaves_nothing(person: Page, product: Product, project: int, clip: Path) -> None:
    clip = clip.rename(clip.with_name("cancelled.mp4"))
    card = choose_and_hold(person, product, project, clip, Chunks(person))
    assert kept_uploads(product)
    with person.expect_response(lambda answer: answer.request.method == "DELETE"):
        card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_count(0)
    assert not kept_uploads(product)


def test_a_paused_upload_goes_on(person: Page, product: Product, project: int, clip: Path) -> None:
    chunks = Chunks(person)
    clip = clip.rename(clip.with_name("paused.mp4"))
    card = choose_and_hold(person, product, project, clip, chunks)
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("Paused")
    chunks.held_from = 10**12
    card.get_by_role("button", name="Resume").click()
    expect(card).to_have_attribute("data-state", "ready", timeout=30_000)
    assert chunks.offsets == [0, CHUNK, CHUNK, 2 * CHUNK]


def test_an_upload_goes_on_in_another_page_where_the_first_was_closed(
    person: Page, product: Product, project: int, clip: Path
) -> None:
    chunks = Chunks(person)
    clip = clip.rename(clip.with_name("closed.mp4"))
    choose_and_hold(person, product, project, clip, chunks)
    # The held chunk dies with its page. Taking the route away instead would let it through to the server.
    chunks.offsets.clear()
    chunks.held_from = 10**12
    expect(choose(person, product, project, clip)).to_have_attribute("data-state", "ready", timeout=30_000)
    assert chunks.offsets == [CHUNK, 2 * CHUNK]


def test_an_uploaded_video_is_open_before_its_proxy_and_exact_before_and_after(
    person: Page, product: Product, project: int, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "early.mp4", 900, size=(640, 360), options={"preset": "ultrafast", "g": "250"})
    card = choose(person, product, project, clip)
    expect(card).to_have_attribute("data-state", "ready", timeout=30_000)
    expect(card).to_contain_text("Ready to label")
    card.get_by_role("link").first.click()
    person.wait_for_selector("#stage[data-frame='0']")
    assert person.evaluate("window.framewise.player.kind") == "source"
    frames = [700, 3, 299, 300]
    assert person.evaluate(READ_BACK, frames) == frames
    preparation = person.locator("[data-preparation]")
    expect(preparation).to_contain_text("Quick seeking")
    person.wait_for_function("window.framewise.player.kind === 'proxy'", timeout=60_000)
    assert person.evaluate(READ_BACK, frames) == frames
    expect(preparation).to_have_count(0)
    assert person.evaluate("window.framewise.editor.preparation.value.strip.every") > 0


def test_a_video_that_seeks_quickly_itself_gets_no_proxy_and_says_so(
    person: Page, product: Product, project: int, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "quick.mp4", 100, options={"preset": "veryfast", "g": "12", "bf": "3"})
    card = choose(person, product, project, clip)
    expect(card).to_have_attribute("data-state", "ready", timeout=30_000)
    expect(card).to_contain_text("Needs no copy for quick seeking", timeout=30_000)
    card.get_by_role("link").first.click()
    person.wait_for_selector("#stage[data-frame='0']")
    assert person.evaluate("window.framewise.player.kind") == "source"
    frames = [70, 3, 99, 0, 12, 11]
    assert person.evaluate(READ_BACK, frames) == frames
    expect(person.locator("[data-preparation]")).to_have_count(0)
