"""Processes die by ``kill -9``, models raise, connections break: what people did and were promised is there all the
same."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client, LiveChannel
from framewise.bench.product import Product
from tests.e2e.clips import FPS, long_clip, moving_things, thing_at
from tests.e2e.editor import (
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
from tracking.types import Box

pytestmark = pytest.mark.faults

FRAMES = 150
START = Box(10, 20, 50, 60)
AGENT, WEB, PROXIES = "framewise agent", "annotator.asgi", "framewise_worker --queue playback"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", FRAMES)


@pytest.fixture
def video(client: Client, clip: Path) -> int:
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def test_a_run_goes_on_where_its_killed_agent_stopped(product: Product, client: Client, video: int) -> None:
    config = client.editor_config(video)
    with client.live(config["layer"]["id"]) as live:
        track = live.draw(label=config["labels"][0]["id"], frame=0, box=START)
        run = live.run(prompts=[(track, 0)], first=0, last=FRAMES - 1, model="slow")
        stored = stored_until(live, lambda frames: len(frames) >= 30)
        product.kill(AGENT)
        stored += stored_until(live, lambda frames: FRAMES - 1 in frames)
        live.until_ended(run)

    assert sorted(stored) == list(range(1, FRAMES)), "Each frame is stored once."
    rows = rows_stored(client, config["layer"]["id"], FRAMES)[track]
    # The model moves its box by one pixel a frame from whatever it was given: a slip would stay to the end.
    assert [(row.frame, row.bounds) for row in rows] == [
        (frame, (START.x1 + frame, START.y1, START.x2 + frame, START.y2)) for frame in range(FRAMES)
    ]


def test_the_web_process_is_killed_while_people_edit_and_track(
    person: Page, product: Product, client: Client, video: int
) -> None:
    page = opened(person, product, video)
    layer: int = client.editor_config(video)["layer"]["id"]
    track_with(page, "slow")
    tracked = draw_box(page, thing_at(0, 0))
    page.keyboard.press("t")
    wait_for_row(page, tracked, 20)
    acknowledged = draw_box(page, thing_at(1, 0))
    wait_until_saved(page)

    in_flight = draw_many(page, 10)
    product.kill(WEB)
    expect(page.locator("[data-saved=offline]")).to_be_visible()
    unsent = draw_box(page, thing_at(2, 0))

    wait_until_saved(page)
    wait_until_runs_end(page)
    stored = rows_stored(client, layer, FRAMES)
    assert set(stored) == {tracked, acknowledged, unsent, *in_flight}
    assert all(list(keyframes(rows)) == [0] for rows in stored.values())
    assert [row.frame for row in stored[tracked]] == list(range(FRAMES))
    assert rows_here(page, tracked, FRAMES) == {row.frame: list(row.bounds) for row in stored[tracked]}


def test_a_proxy_begins_again_when_its_worker_was_killed(product: Product, client: Client, tmp_path: Path) -> None:
    seconds = 60
    video = client.upload(client.demo_project(), long_clip(tmp_path / "long.mp4", seconds))
    until_making_the_proxy(client, video)
    product.kill(PROXIES)

    state = client.get(f"/api/videos/{video}")
    assert (state["state"], state["proxy_state"]) == ("ready", "making")
    assert client.http.get(f"/api/videos/{video}/proxy.mp4").status_code == 404
    assert client.http.get(f"/api/videos/{video}/frames/700.jpg").status_code == 200
    assert client.until_ready(video)["frame_count"] == seconds * FPS
    assert client.http.head(f"/api/videos/{video}/proxy.mp4").status_code == 200
    assert_nothing_left_over(product)


def test_a_model_that_raises_fails_its_run_and_nothing_else(
    person: Page, product: Product, client: Client, video: int
) -> None:
    page = opened(person, product, video)
    agent = product.children(AGENT)
    track_with(page, "broken")
    track = draw_box(page, thing_at(0, 0))
    page.keyboard.press("t")
    expect(page.locator("[data-run=failed]").get_by_role("alert")).to_contain_text("out of luck")

    track_with(page, "drifting")
    go_to(page, 0)
    page.keyboard.press("t")
    wait_for_row(page, track, FRAMES - 1)
    assert product.children(AGENT) == agent


def stored_until(live: LiveChannel, enough: Callable[[list[int]], bool]) -> list[int]:
    """Frames of predictions, as the events say that they were stored, until they are enough."""
    frames: list[int] = []
    for message in live.messages(PATIENCE_S):
        if message["type"] == "event" and message["kind"] == "predictions":
            frames += [frame for _, first, last in message["touched"] for frame in range(first, last + 1)]
            if enough(frames):
                return frames
    raise AssertionError("unreachable")


def draw_many(page: Page, count: int) -> list[str]:
    """Draw boxes faster than a person could; returns the ids of their tracks."""
    script = """(count) => [...Array(count).keys()].map((index) => framewise.store.transact('Draw box', (tx) => {
      const track = tx.createTrack({ label: framewise.editor.config.labels[0].id })
      const bounds = [200 + index, 10, 240 + index, 40]
      tx.putRow(track, { frame: 0, kind: 'box', keyframe: true, predicted: false, outside: false, occluded: false,
                         doubtful: false, confidence: 1, bounds, payload: new Uint8Array(0) })
      return track
    }))"""
    tracks: list[str] = page.evaluate(script, count)
    return tracks


def until_making_the_proxy(client: Client, video: int) -> None:
    """Wait until a part of the proxy has been made, and not all of it."""
    deadline = time.monotonic() + PATIENCE_S
    while (state := client.get(f"/api/videos/{video}"))["proxy_progress"] <= 0.1:
        assert time.monotonic() < deadline, f"The proxy was not being made after {PATIENCE_S} s: {state}"
        time.sleep(0.05)


def assert_nothing_left_over(product: Product) -> None:
    """Only whole files of videos that are ready."""
    media = product.data / "media"
    assert not list((media / "uploads").iterdir())
    for folder in (media / "videos").iterdir():
        files = {path.name for path in folder.iterdir()}
        # Only of what browsers can decode themselves is it told where its packets lie, and where its groups are short
        # it needs no proxy.
        assert files - {"packets.bin", "proxy.mp4"} == {"source", "index.npz", "strip.jpg"}
