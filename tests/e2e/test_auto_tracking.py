"""Tracking that looks after itself, in a browser: a correction redoes only what changes, a run goes on by itself, and
two ways are compared."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things
from tests.e2e.editor import (
    drag,
    draw_box,
    frame_of,
    go_to,
    opened,
    rows_here,
    track_with,
    wait_for_row,
    wait_until_runs_end,
    wait_until_saved,
)
from tests.e2e.trackers import AWAY, HOME

FRAMES = 120
CORRECTED = 20


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip = moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


@pytest.fixture
def page(person: Page, product: Product, video: int) -> Page:
    """The video in the editor, where the next run is done by the settling model."""
    opened(person, product, video)
    track_with(person, "settling")
    return person


def tracked(page: Page) -> str:
    """Draw a box, and track it until the run ends."""
    track = draw_box(page, HOME)
    page.keyboard.press("t")
    wait_for_row(page, track, 5)
    wait_until_runs_end(page)
    return track


def test_a_correction_redoes_only_what_changes(page: Page) -> None:
    track = tracked(page)
    before = rows_here(page, track, FRAMES)
    go_to(page, CORRECTED)
    drag(page, ((HOME.x1 + HOME.x2) / 2, HOME.y1 + 40), ((HOME.x1 + HOME.x2) / 2 + 30, HOME.y1 + 60))

    expect(page.locator("[data-run=done]")).to_contain_text(
        f"of {FRAMES - 1 - CORRECTED} frames redone", timeout=30_000
    )
    (redone, *_) = page.locator("[data-run=done] p").inner_text().removeprefix("Done: ").split()
    assert 10 <= int(redone) <= 20
    after = rows_here(page, track, FRAMES)
    assert next(frame for frame in before if after[frame] != before[frame]) == CORRECTED
    assert {frame: after[frame] for frame in range(CORRECTED + 20, FRAMES)} == {
        frame: before[frame] for frame in range(CORRECTED + 20, FRAMES)
    }

    page.keyboard.press("Control+z")
    wait_until_saved(page)
    assert rows_here(page, track, FRAMES) == before
    page.reload()
    wait_for_row(page, track, CORRECTED)
    assert rows_here(page, track, FRAMES) == before


def test_review_jumps_to_where_both_ways_disagree(page: Page) -> None:
    page.get_by_label("Check both ways").check()
    tracked(page)
    look = page.locator("[data-run=done]").get_by_role("button", name=f"doubtful frames, from {AWAY.start}")
    expect(look).to_be_visible(timeout=30_000)
    page.keyboard.press("Shift+R")
    page.wait_for_selector(f"#stage[data-frame='{AWAY.start}']")
    go_to(page, 0)
    look.click()
    assert frame_of(page) == AWAY.start


def test_a_bounded_run_goes_on_near_its_end(page: Page) -> None:
    page.get_by_label("Frames", exact=True).fill("30")
    page.get_by_label("Frames", exact=True).press("Tab")
    track = tracked(page)
    assert max(rows_here(page, track, FRAMES)) == 30
    go_to(page, 22)
    wait_for_row(page, track, 60)
    wait_until_runs_end(page)
    assert max(rows_here(page, track, FRAMES)) == 60
