"""Boxes and polygons are followed as masks, live: corrected on the way, and taken up by another agent."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import TOPS, moving_things, thing_at
from tests.e2e.editor import (
    drag,
    draw_box,
    go_to,
    keyframes,
    opened,
    rows_stored,
    serious_in_each_theme,
    track_with,
    wait_for_row,
    wait_until_runs_end,
    wait_until_saved,
)
from tests.e2e.test_following_kinds import AGENT, put_down
from tracking.shapes.chunks import Kind
from tracking.types import Box, iou

FRAMES = 90
CORRECTED = 15
MODEL = "masking-along"


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip: Path = moving_things(tmp_path_factory.mktemp("clips") / "as-mask.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


@pytest.mark.faults
def test_they_keep_their_kind_through_a_correction_and_the_loss_of_the_agent(
    person: Page, product: Product, client: Client, video: int
) -> None:
    page = opened(person, product, video)
    box, polygon = draw_box(page, thing_at(0, 0)), put_down(page, "polygon", thing_at(2, 0))
    track_with(page, MODEL, "masks")
    page.get_by_label("Follow boxes and polygons as masks").check()
    assert serious_in_each_theme(page) == []
    page.locator("#stage").focus()
    page.evaluate("tracks => { framewise.store.session.selection.value = new Set(tracks) }", [box, polygon])
    page.keyboard.press("t")
    wait_for_row(page, box, CORRECTED + 8)
    expect(page.locator("[data-run]")).to_have_count(1)
    go_to(page, CORRECTED)
    page.evaluate("track => framewise.store.session.select(track)", box)
    # The box is moved down, to the next thing; its mask is found there.
    x, y = thing_at(0, CORRECTED).centre
    drag(page, (x, y), (x, y + TOPS[1] - TOPS[0]))
    wait_for_row(page, box, CORRECTED + 25)
    product.kill(AGENT)
    wait_until_runs_end(page)
    wait_until_saved(page)

    layer: int = client.editor_config(video)["layer"]["id"]
    stored = rows_stored(client, layer, FRAMES)
    assert {row.kind for row in stored[box]} == {Kind.BOX}
    assert {row.kind for row in stored[polygon]} == {Kind.POLYGON}
    assert list(keyframes(list(stored[box]))) == [0, CORRECTED]
    for track, things in ((box, (0, 1)), (polygon, (2, 2))):
        assert [row.frame for row in stored[track]] == list(range(FRAMES))
        for row in stored[track]:
            thing = things[row.frame >= CORRECTED]
            assert iou(Box(*row.bounds), thing_at(thing, row.frame)) > 0.6, (thing, row.frame)
