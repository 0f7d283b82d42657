"""A model applied to videos of a project: with its processes killed on the way, and as a manager sees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things
from tests.e2e.editor import rows_stored
from tests.e2e.test_faults import AGENT, PATIENCE_S, WEB
from tracking.types import Box

FRAMES = 120
START = Box(10, 20, 50, 60)
LIGHT_AND_DARK = ("light", "dark")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_things(tmp_path_factory.mktemp("clips") / "applied.mp4", FRAMES)


@pytest.fixture
def videos(client: Client, clip: Path) -> list[int]:
    """Two videos, each with a track that begins on frame 0."""
    found = [client.upload(client.demo_project(), clip) for _ in range(2)]
    for video in found:
        client.until_open(video)
        config = client.editor_config(video)
        with client.live(config["layer"]["id"]) as live:
            live.draw(label=config["labels"][0]["id"], frame=0, box=START)
    return found


def until(client: Client, sweep: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """How it stands once that is so; the server may be away meanwhile."""
    deadline = monotonic() + 2 * PATIENCE_S
    stands: dict[str, Any] = {}
    while monotonic() < deadline:
        try:
            stands = client.get(f"/api/sweeps/{sweep}")
        except httpx.HTTPError:
            stands = {}
        if stands and reached(stands):
            return stands
        sleep(0.2)
    raise AssertionError(f"It never came that far: {stands}")


def begin(client: Client, videos: list[int]) -> str:
    body = {"id": str(uuid4()), "pipeline": "continue", "model": "slow", "videos": videos, "destination": "layer"}
    return str(client.post(f"/api/projects/{client.demo_project()}/sweeps", body)["id"])


@pytest.mark.faults
def test_it_goes_on_where_it_was_when_its_agent_and_the_server_are_killed(
    product: Product, client: Client, videos: list[int]
) -> None:
    sweep = begin(client, videos)
    until(client, sweep, lambda stands: stands["videos"][0]["done"] > 20)
    product.kill(AGENT)
    until(client, sweep, lambda stands: stands["videos"][1]["done"] > 20)
    product.kill(WEB)
    stands = until(client, sweep, lambda stands: stands["state"] == "done")

    assert [video["state"] for video in stands["videos"]] == ["done", "done"]
    for video in stands["videos"]:
        (rows,) = rows_stored(client, video["layer"], FRAMES).values()
        # The model moves its box by one pixel a frame from whatever it was given: a slip would stay to the end.
        assert [(row.frame, row.bounds) for row in rows] == [
            (frame, (START.x1 + frame, START.y1, START.x2 + frame, START.y2)) for frame in range(FRAMES)
        ]


def test_a_manager_begins_pauses_goes_on_and_cancels(
    person: Page, product: Product, client: Client, videos: list[int]
) -> None:
    person.goto(f"{product.url}/projects/{client.demo_project()}/apply/")
    person.get_by_label("Model", exact=True).select_option("slow")
    expect(person.get_by_role("button", name="Begin")).to_be_disabled()
    look(person, "before")
    for video in videos:
        person.locator(f"[data-video='{video}']").get_by_role("checkbox").check()
    person.get_by_label("Name of the layer").fill("slow try")
    person.get_by_role("button", name="Begin").click()

    card = person.get_by_role("article").first
    expect(card.get_by_role("heading")).to_have_text("Continue every track with Slow")
    expect(card.locator("tr[data-state=running]")).to_have_count(1)
    card.get_by_role("button", name="Pause").click()
    expect(card.get_by_text("paused it.")).to_be_visible()
    look(person, "paused")
    card.get_by_role("button", name="Go on").click()
    expect(card.locator("tr[data-state=done]")).to_have_count(1)
    card.get_by_role("button", name="Cancel").click()
    card.get_by_role("button", name="Cancel and keep what is there").click()
    expect(card).to_have_attribute("data-state", "cancelled")
    expect(card.locator("tr[data-state=done]")).to_contain_text("slow try")
    look(person, "cancelled")


def test_objects_are_found_in_an_empty_video_and_taken_over_into_its_main_layer(
    person: Page, product: Product, client: Client, clip: Path
) -> None:
    video = client.upload(client.demo_project(), clip)
    client.until_open(video)
    config = client.editor_config(video)
    person.goto(f"{product.url}/projects/{client.demo_project()}/apply/")
    person.get_by_label("Find and track objects").check()
    person.get_by_label("Detector", exact=True).select_option("things")
    person.get_by_label("Followed by", exact=True).select_option("drifting")
    # What others mapped before is remembered.
    person.get_by_label("Label of car").select_option(label="car")
    person.get_by_label("to", exact=True).fill("19")
    person.locator(f"[data-video='{video}']").get_by_role("checkbox").check()
    preview = person.get_by_role("region", name="Preview on one frame")
    preview.get_by_label("frame", exact=True).fill("55")
    person.keyboard.press("Alt+Shift+D")
    expect(preview).to_contain_text("3 objects are found", timeout=60_000)
    expect(preview.get_by_role("row", name="car")).to_contain_text("3")
    person.get_by_label("% sure").fill("95")
    expect(preview).to_contain_text("3 not sure enough")
    person.get_by_label("% sure").fill("")
    expect(preview).to_contain_text("3 objects are found")
    look(person, "find")
    person.get_by_role("button", name="Begin").click()

    card = person.get_by_role("article").filter(has_text="Find objects with")
    row = card.locator("tbody tr")
    expect(row).to_have_attribute("data-state", "done")
    row.get_by_role("button", name="Take over").click()
    expect(row.get_by_role("status")).to_have_text("1 track taken over")
    look(person, "taken-over")
    (rows,) = rows_stored(client, config["layer"]["id"], FRAMES).values()
    assert [row.frame for row in rows] == list(range(20))


def look(page: Page, name: str) -> None:
    """Pictures for whoever asks for them."""
    folder = os.environ.get("FRAMEWISE_PICTURES", "")
    for theme in LIGHT_AND_DARK if folder else ():
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        for width in (1280, 420):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{theme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 720})
