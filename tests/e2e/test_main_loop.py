"""The way of an object through the product, in a browser: upload, draw, track, correct, export, import; with somebody
else there, and without a connection."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.conftest import sign_in
from tests.e2e.editor import (
    drag,
    draw_box,
    go_to,
    keyframes,
    opened,
    rows_here,
    rows_stored,
    track_with,
    wait_for_row,
    wait_until_runs_end,
    wait_until_saved,
)
from tracking.types import Box, iou

FRAMES = 150
CORRECTED = 30
EARLY = 15
"""So many frames of the second object are there when the first one is corrected."""
TOP, MIDDLE, BOTTOM = 0, 1, 2


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", FRAMES)


@pytest.fixture
def video(client: Client, clip: Path) -> int:
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def test_an_object_is_tracked_live_corrected_and_exported(
    person: Page, product: Product, client: Client, clip: Path, tmp_path: Path
) -> None:
    page = person
    video = upload(page, product, client.demo_project(), clip)
    opened(page, product, video)
    assert page.evaluate("framewise.player.kind") != "images"
    layer: int = client.editor_config(video)["layer"]["id"]
    track_with(page, "unhurried")

    first = draw_box(page, thing_at(TOP, 0))
    page.keyboard.press("t")
    wait_for_row(page, first, 3)
    second = draw_box(page, thing_at(BOTTOM, 0))
    expect(page.locator("[data-run=running]")).to_have_count(1)
    page.keyboard.press("t")
    wait_for_row(page, second, EARLY)
    before = rows_here(page, second, EARLY)

    wait_for_row(page, first, CORRECTED + 10)
    go_to(page, CORRECTED)
    correct(page, first, thing_at(MIDDLE, CORRECTED))
    wait_until_runs_end(page)
    wait_until_saved(page)
    assert rows_here(page, second, EARLY) == before

    stored = rows_stored(client, layer, FRAMES)
    check_tracked(stored[first], {0: TOP, CORRECTED: MIDDLE})
    check_tracked(stored[second], {0: BOTTOM})
    assert rows_here(page, first, FRAMES) == {row.frame: list(row.bounds) for row in stored[first]}

    exported = export(page, tmp_path)
    tracks = json.loads(exported.read_text())["tracks"]
    assert [len(track["shapes"]) for track in tracks] == [FRAMES, FRAMES]
    marked = [[shape["frame"] for shape in track["shapes"] if shape["keyframe"]] for track in tracks]
    assert marked == [[0, CORRECTED], [0]]
    bring_back(page, exported)
    page.wait_for_function("framewise.store.queries.shapesAt(framewise.store.session.frame.value).length === 4")
    again = list(rows_stored(client, layer, FRAMES).values())
    assert again == [stored[first], stored[second]] * 2


def upload(page: Page, product: Product, project: int, clip: Path) -> int:
    """Upload on the project page and wait until the video can be opened; returns its id."""
    page.goto(f"{product.url}/projects/{project}/")
    cards = page.locator(".video-card[data-video]")
    expect(cards.first).to_be_visible()
    known = {card.get_attribute("data-video") for card in cards.all()}
    page.locator("[data-uploads] input[type=file]").set_input_files(clip)
    page.wait_for_function(
        "known => [...document.querySelectorAll('[data-video][data-state=ready]')]"
        ".some((card) => !known.includes(card.dataset.video))",
        arg=list(known),
        timeout=60_000,
    )
    (new,) = {card.get_attribute("data-video") for card in cards.all()} - known
    assert new is not None
    expect(page.locator(f"[data-video='{new}'] a")).to_have_attribute("href", re.compile(f"/videos/{new}/edit/"))
    return int(new)


def correct(page: Page, track: str, wanted: Box) -> None:
    """Select an object and drag it so that its centre is that of ``wanted``."""
    page.evaluate("track => framewise.store.session.select(track)", track)
    x1, y1, x2, y2 = page.evaluate(
        "track => framewise.store.queries.shapeAt(track, framewise.store.session.frame.value).bounds", track
    )
    drag(page, ((x1 + x2) / 2, (y1 + y2) / 2), ((wanted.x1 + wanted.x2) / 2, (wanted.y1 + wanted.y2) / 2))


def check_tracked(rows: list[Any], things: dict[int, int]) -> None:
    """Each frame is there once, in order; ``things``: where keyframes are, and which thing the box is on from there."""
    assert [row.frame for row in rows] == list(range(FRAMES))
    assert set(keyframes(rows)) == set(things)
    thing = -1
    for row in rows:
        thing = things.get(row.frame, thing)
        assert iou(Box(*row.bounds), thing_at(thing, row.frame)) > 0.5, f"frame {row.frame}"


def export(page: Page, folder: Path) -> Path:
    page.get_by_role("button", name="Export").click()
    panel = page.get_by_role("dialog", name="Export and import")
    panel.get_by_role("radio", name=re.compile("Framewise")).check()
    panel.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        panel.get_by_role("link", name=re.compile(r"\.json")).click(timeout=30_000)
    target = folder / "export.json"
    download.value.save_as(target)
    return target


def bring_back(page: Page, file: Path) -> None:
    panel = page.get_by_role("dialog", name="Export and import")
    panel.locator("input[type=file]").set_input_files(file)
    expect(panel.get_by_text(re.compile("2 tracks with .* read"))).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")


def test_undo_and_redo_go_on_after_a_reload(person: Page, product: Product, video: int) -> None:
    page = opened(person, product, video)
    draw_box(page, thing_at(TOP, 0))
    page.keyboard.press("Control+z")
    shows(page, 0)
    page.keyboard.press("Control+Shift+z")
    shows(page, 1)
    draw_box(page, thing_at(BOTTOM, 0))
    wait_until_saved(page)

    page.reload()
    undo, redo = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Redo")
    expect(undo).to_be_enabled()
    shows(page, 2)
    page.keyboard.press("Control+z")
    shows(page, 1)
    page.keyboard.press("Control+z")
    shows(page, 0)
    expect(undo).to_be_disabled()
    wait_until_saved(page)

    page.reload()
    expect(redo).to_be_enabled()
    shows(page, 0)
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    shows(page, 2)
    expect(redo).to_be_disabled()


def test_two_people_see_each_other_and_what_the_other_does(
    person: Page, browser: Browser, product: Product, video: int
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    other = context.new_page()
    sign_in(other, product.url)
    page, other = opened(person, product, video), opened(other, product, video, "?frame=7")
    expect(page.get_by_role("button", name=re.compile("Go to .* on frame 7"))).to_be_visible()

    track = draw_box(page, thing_at(TOP, 0))
    wait_for_row(other, track, 0)
    go_to(other, 0)
    expect(page.get_by_role("button", name=re.compile("Go to .* on frame 0"))).to_be_visible()
    correct(other, track, thing_at(MIDDLE, 0))
    page.wait_for_function(
        "([track, top]) => framewise.store.queries.rowAt(track, 0).bounds[1] > top", arg=[track, thing_at(TOP, 0).y2]
    )
    wait_until_saved(other)
    assert rows_here(page, track, 1) == rows_here(other, track, 1)

    context.close()
    expect(page.get_by_role("list", name="Also here").get_by_role("button")).to_have_count(0)


def test_what_is_drawn_without_a_connection_arrives_when_it_is_back(
    person: Page, product: Product, client: Client, video: int
) -> None:
    page = opened(person, product, video)
    layer: int = client.editor_config(video)["layer"]["id"]
    kept = draw_box(page, thing_at(TOP, 0))
    wait_until_saved(page)
    cut_off(page)
    drawn = [draw_box(page, thing_at(row, 0)) for row in (MIDDLE, BOTTOM)]
    correct(page, kept, Box(200, 20, 236, 50))
    expect(page.locator("[data-saved=offline]")).to_contain_text("3 changes kept in this browser")
    assert set(rows_stored(client, layer, FRAMES)) == {kept}

    page.context.set_offline(False)
    wait_until_saved(page)
    stored = rows_stored(client, layer, FRAMES)
    assert {track: list(keyframes(rows)) for track, rows in stored.items()} == {kept: [0], drawn[0]: [0], drawn[1]: [0]}
    assert stored[kept][0].bounds[0] == pytest.approx(200, abs=3)


def cut_off(page: Page) -> None:
    """Take the network away; a live channel that is open would otherwise be left open."""
    page.context.set_offline(True)
    expect(page.locator("[data-saved]")).to_have_attribute("data-saved", "offline", timeout=60_000)


def shows(page: Page, count: int) -> None:
    """Wait until so many objects are on frame 0."""
    script = "count => globalThis.framewise?.store.queries.shapesAt(0).length === count"
    page.wait_for_function(script, arg=count)
