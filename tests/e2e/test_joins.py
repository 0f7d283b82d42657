"""Proposed joins in a real browser: looked for, walked through, carried out and taken back by keyboard."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping

from playwright.sync_api import Page, expect

from framewise.bench.client import Client, LiveChannel
from framewise.bench.product import Product
from tests.e2e.editor import opened, serious_in_each_theme, wait_for, wait_until_saved
from tracking.shapes.chunks import Flag, Kind, Row, tables_of

WIDTH, HEIGHT = 200, 120


def moving(live: LiveChannel, label: int, top: float, lefts: Mapping[int, float]) -> str:
    """A track with a keyframe on each frame of ``lefts``; returns its id."""
    rows = [
        Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, (left, top, left + WIDTH, top + HEIGHT))
        for frame, left in lefts.items()
    ]
    track, edit = str(uuid.uuid4()), str(uuid.uuid4())
    replace = {
        "op": "shapes.replace",
        "track": track,
        "ranges": [[frame, frame] for frame in lefts],
        "tables": [base64.b64encode(table.pack()).decode() for table in tables_of(rows)],
    }
    create = {"op": "track.create", "track": track, "fields": {"label": label}}
    live.send(type="edit", id=edit, operations=[create, replace], summary="Draw box")
    live.until(lambda message: message["type"] == "event" and message["edit"] == edit)
    return track


def left_of(page: Page, track: str, frame: int) -> float | None:
    script = "([track, frame]) => framewise.store.queries.shapeAt(track, frame)?.bounds[0] ?? null"
    left: float | None = page.evaluate(script, [track, frame])
    return left


def test_two_tracklets_become_one_and_two_tracks_are_swapped(
    person: Page, product: Product, client: Client, video: int
) -> None:
    config = client.editor_config(video)
    label = config["labels"][0]["id"]
    with client.live(config["layer"]["id"]) as live:
        lost = moving(live, label, 100, {0: 200, 4: 200})
        found = moving(live, label, 100, {10: 206, 14: 206})
        turns = moving(live, label, 400, {0: 100, 10: 400, 20: 100})
        other = moving(live, label, 400, {0: 700, 10: 400, 20: 700})
    page = opened(person, product, video)

    page.keyboard.press("F7")
    panel = page.get_by_role("complementary", name="Proposed joins")
    listed = panel.get_by_role("listbox", name="Proposed joins")
    proposals = listed.get_by_role("option")
    expect(proposals).to_have_count(2, timeout=60_000)
    expect(panel).to_contain_text("4 objects were compared by where they go and by their colours.")
    join, swap = proposals.filter(has_text="5 frames between"), proposals.filter(has_text="Swap")
    expect(join.locator(".join-caption")).to_contain_text(["frame 4", "frame 10"])
    expect(swap.locator("img")).to_have_count(4)
    page.keyboard.press("ArrowDown")
    expect(proposals.first).to_have_attribute("aria-selected", "true")
    wait_for(
        page, "[...document.querySelectorAll('.join-picture img')].slice(0, 2).every((each) => each.naturalWidth > 0)"
    )
    assert serious_in_each_theme(page) == []

    join.click()
    assert sorted(page.evaluate("() => framewise.editor.selected()")) == sorted([lost, found])
    page.keyboard.press("a")
    expect(proposals).to_have_count(1)
    assert left_of(page, lost, 7) == 203 and left_of(page, lost, 14) == 206
    assert left_of(page, found, 10) is None
    page.keyboard.press("Control+z")
    expect(proposals).to_have_count(2)
    assert left_of(page, lost, 7) is None and left_of(page, found, 10) == 206

    swap.click()
    page.keyboard.press("a")
    expect(proposals).to_have_count(1)
    assert (left_of(page, turns, 20), left_of(page, other, 20)) == (700, 100)
    expect(join).to_have_attribute("aria-selected", "true")
    page.keyboard.press("d")
    expect(proposals).to_have_count(0)
    expect(panel).to_contain_text("1 was dismissed.")
    wait_until_saved(page)
    panel.get_by_role("button", name="Look again").click()
    expect(panel).to_contain_text("There is nothing to propose.")
