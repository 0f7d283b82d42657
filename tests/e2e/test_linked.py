"""What a detector sees is linked into tracks: begun on the page Apply, and with its agent killed on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.editor import rows_stored
from tests.e2e.test_faults import AGENT, stored_until
from tracking.shapes.chunks import Row

FRAMES = 100
ALL_THERE = 50
"""The frame from which on the detector sees all three things instead of one."""


@pytest.fixture
def video(client: Client, tmp_path: Path) -> int:
    number = client.upload(client.demo_project(), moving_things(tmp_path / "linked.mp4", FRAMES))
    client.until_open(number)
    return number


def thing_of(rows: list[Row]) -> int:
    """Which thing a track is of, on each of its frames, from the first to the last one."""
    frames = [row.frame for row in rows]
    assert frames == list(range(frames[0], FRAMES)), "Every frame once, and none is missing."
    (thing,) = {
        which
        for which in range(3)
        if all(abs(a - b) < 2 for a, b in zip(rows[0].bounds, _bounds(which, frames[0]), strict=True))
    }
    for row in rows:
        assert row.bounds == pytest.approx(_bounds(thing, row.frame), abs=2)
    return thing


def _bounds(which: int, frame: int) -> tuple[float, float, float, float]:
    box = thing_at(which, frame)
    return box.x1, box.y1, box.x2, box.y2


def assert_each_thing_is_one_track(client: Client, layer: int) -> None:
    tracks = list(rows_stored(client, layer, FRAMES).values())
    assert sorted(thing_of(rows) for rows in tracks) == [0, 1, 2]
    begun = sorted(rows[0].frame for rows in tracks)
    # An association may wait for a second look before it believes in an object.
    assert begun[0] <= 1 and all(ALL_THERE <= frame <= ALL_THERE + 2 for frame in begun[1:])


@pytest.mark.faults
def test_a_killed_agent_loses_nothing_that_is_linked_and_the_next_one_goes_on_with_the_same_tracks(
    product: Product, client: Client, video: int
) -> None:
    config = client.editor_config(video)
    (car,) = (label["id"] for label in config["labels"] if label["name"] == "car")
    find = {"finder": "watching", "every": 1, "labels": {"car": car}, "linked": "bytetrack"}
    with client.live(config["layer"]["id"]) as live:
        run = live.run(prompts=[], first=0, last=FRAMES - 1, model="drifting", options={"find": find})
        stored_until(live, lambda frames: ALL_THERE + 10 in frames)
        product.kill(AGENT)
        ended = live.until_ended(run)
    assert ended["state"] == "done"
    assert_each_thing_is_one_track(client, config["layer"]["id"])


def test_a_detector_and_what_links_its_boxes_are_applied_to_a_video(
    person: Page, product: Product, client: Client, video: int
) -> None:
    person.goto(f"{product.url}/projects/{client.demo_project()}/apply/")
    person.get_by_label("Find and track objects").check()
    person.get_by_label("Detector", exact=True).select_option("watching")
    person.get_by_label("Linked by", exact=True).select_option("bytetrack")
    expect(person.get_by_label("It looks at every")).to_have_value("1")
    person.get_by_label("What is corrected is followed by", exact=True).select_option("drifting")
    person.get_by_label("to the main layer, of videos where nobody annotated").check()
    person.locator(f"[data-video='{video}']").get_by_role("checkbox").check()
    person.get_by_role("button", name="Begin").click()

    card = person.get_by_role("article").first
    expect(card).to_contain_text("ByteTrack")
    expect(card.locator("tbody tr")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(card.get_by_role("cell", name="3", exact=True)).to_be_visible()
    assert_each_thing_is_one_track(client, client.editor_config(video)["layer"]["id"])
