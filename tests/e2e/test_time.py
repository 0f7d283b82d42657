"""Work along time in a real browser: on tracks of which most lies beyond what is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import FPS, long_clip
from tests.e2e.editor import go_to, opened, rows_stored, serious, wait_until_saved
from tracking.shapes.chunks import Flag, Row

SECONDS = 40
FRAMES = SECONDS * FPS


@pytest.fixture(scope="module")
def video(product: Product, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Id of a video of four windows of frames."""
    clip = long_clip(tmp_path_factory.mktemp("clips") / "time.mp4", SECONDS)
    with Client(product.url) as client:
        number = client.upload(client.demo_project(), clip)
        client.until_ready(number)
    return number


def given(page: Page, first: int, last: int, y: float) -> str:
    """A track of predicted boxes that go right, quickly at first and then slowly, with a keyframe at the beginning."""
    script = """([first, last, y]) => framewise.store.transact('Given', (tx) => {
      const track = tx.createTrack({ label: framewise.editor.config.labels[0].id })
      const row = (frame) => {
        const x = Math.min(frame, 300) + (frame - Math.min(frame, 300)) / 4
        const keyframe = frame === first
        return { frame, kind: 'box', keyframe, predicted: !keyframe, outside: false, occluded: false, doubtful: false,
          confidence: 0.9, bounds: [x, y, x + 60, y + 40], payload: new Uint8Array(0) }
      }
      tx.putRows(track, Array.from({ length: last - first + 1 }, (_, index) => row(first + index)))
      return track
    })"""
    track: str = page.evaluate(script, [first, last, y])
    wait_until_saved(page)
    return track


def select(page: Page, *tracks: str) -> None:
    page.evaluate("tracks => framewise.store.session.select(...tracks)", list(tracks))


def stored(client: Client, page: Page, track: str) -> Sequence[Row]:
    wait_until_saved(page)
    return rows_stored(client, page.evaluate("framewise.editor.config.layer.id"), FRAMES).get(track, [])


def reopened(page: Page, product: Product, video: int) -> Page:
    """The editor anew, with the first two windows loaded and the others slow to come."""
    page.route(re.compile(r"/window\?first=(512|768)&last=\d+$"), lambda _route: None)
    opened(page, product, video)
    page.wait_for_function("framewise.store.loader.covers(0)")
    assert not page.evaluate("framewise.store.loader.covers(900)")
    return page


def test_a_track_is_thinned_out_as_a_whole_and_comes_back_with_undo(person: Page, product: Product, video: int) -> None:
    track = given(opened(person, product, video), 0, FRAMES - 1, 20)
    page = reopened(person, product, video)
    select(page, track)
    page.keyboard.press("Shift+K")
    dialog = page.get_by_role("dialog", name="Thin out")
    expect(dialog).to_contain_text("1,000")
    assert serious(page) == []
    dialog.get_by_role("button", name="Thin out").click()
    with Client(product.url) as client:
        rows = stored(client, page, track)
        assert [row.frame for row in rows] == pytest.approx([0, 300, FRAMES - 1], abs=12)
        assert all(row.flags & Flag.KEYFRAME for row in rows)
        page.keyboard.press("Control+z")
        assert len(stored(client, page, track)) == FRAMES


def test_a_split_takes_along_what_is_not_loaded_and_merging_brings_it_back(
    person: Page, product: Product, video: int
) -> None:
    track = given(opened(person, product, video), 0, FRAMES - 1, 80)
    page = reopened(person, product, video)
    select(page, track)
    go_to(page, 100)
    page.keyboard.press("Alt+m")
    page.wait_for_function("track => !framewise.store.session.selection.value.has(track)", arg=track)
    tail: str = page.evaluate("[...framewise.store.session.selection.value][0]")
    with Client(product.url) as client:
        assert [row.frame for row in stored(client, page, track)] == list(range(100))
        assert [row.frame for row in stored(client, page, tail)] == list(range(100, FRAMES))
        select(page, tail, track)
        page.keyboard.press("m")
        page.wait_for_function("track => framewise.store.records.track(track).deleted", arg=tail)
        assert [row.frame for row in stored(client, page, track)] == list(range(FRAMES))


def test_where_two_tracks_are_at_odds_a_person_chooses(person: Page, product: Product, video: int) -> None:
    page = opened(person, product, video)
    one, other = given(page, 0, 150, 140), given(page, 120, 200, 150)
    select(page, one, other)
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Merge tracks")
    conflict = dialog.get_by_label(re.compile("Whose shapes are kept: Frames 120.150"))
    assert serious(page) == []
    conflict.select_option(value=other)
    dialog.get_by_role("button", name="Merge", exact=True).click()
    with Client(product.url) as client:
        rows = stored(client, page, one)
        assert [row.frame for row in rows] == list(range(201))
        assert [rows[frame].bounds[1] for frame in (119, 120, 150)] == [140, 150, 150]


def test_a_range_of_a_track_is_shifted_in_time(person: Page, product: Product, video: int) -> None:
    page = opened(person, product, video)
    track = given(page, 10, 40, 200)
    select(page, track)
    page.keyboard.press("Control+e")
    dialog = page.get_by_role("dialog", name="Change a range")
    dialog.get_by_label("First frame").fill("30")
    dialog.get_by_label("Last frame").fill("40")
    dialog.get_by_label("Shift in time").check()
    dialog.get_by_label("Frames later").fill("800")
    assert serious(page) == []
    dialog.get_by_role("button", name="Shift in time").click()
    with Client(product.url) as client:
        shown = [row.frame for row in stored(client, page, track) if not row.flags & Flag.OUTSIDE]
        assert shown == [*range(10, 30), *range(830, 841)]
