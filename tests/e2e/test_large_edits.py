"""Changes that are far larger than one message: they are saved, and keep no other from being saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.editor import draw_box, opened, rows_stored, wait_until_saved

FRAMES = 150
TRACKS, BOXES = 400, 120

DRAW_MANY = """([tracks, frames]) => framewise.store.transact('Draw many', (tx) => {
  for (let index = 0; index < tracks; index++) {
    const track = tx.createTrack({ label: framewise.editor.config.labels[0].id })
    const rows = [...Array(frames).keys()].map((frame) => ({
      frame, kind: 'box', keyframe: true, predicted: false, outside: false, occluded: false, doubtful: false,
      confidence: 1, bounds: [index % 200, 10, index % 200 + 30, 40], payload: new Uint8Array(0) }))
    tx.putRows(track, rows)
  }
})"""
CLEAR_ALL = """(last) => framewise.store.transact('Delete everything', (tx) => {
  for (const track of framewise.store.records.tracks.value.keys()) tx.removeRows(track, [[0, last]])
})"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", FRAMES)


def count_stored(client: Client, layer: int) -> int:
    return sum(len(rows) for rows in rows_stored(client, layer, FRAMES).values())


def test_an_edit_of_many_mebibytes_is_saved_taken_back_and_done_again(
    person: Page, product: Product, client: Client, clip: Path
) -> None:
    video = client.upload(client.demo_project(), clip)
    client.until_ready(video)
    layer: int = client.editor_config(video)["layer"]["id"]
    page = opened(person, product, video)
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: sizes.append(len(sent))))
    page.reload()
    page.wait_for_selector("#stage[data-frame]")
    page.evaluate(DRAW_MANY, [TRACKS, BOXES])
    wait_until_saved(page)
    assert count_stored(client, layer) == TRACKS * BOXES
    assert max(sizes) < 2**20 < sum(sizes)

    page.evaluate(CLEAR_ALL, FRAMES - 1)
    wait_until_saved(page)
    assert count_stored(client, layer) == 0
    page.keyboard.press("Control+z")
    drawn = draw_box(page, thing_at(1, 0))
    wait_until_saved(page)
    stored = rows_stored(client, layer, FRAMES)
    assert (len(stored), sum(len(rows) for rows in stored.values())) == (TRACKS + 1, TRACKS * BOXES + 1)
    assert drawn in stored
    page.reload()
    page.wait_for_selector("#stage[data-frame]")
    expect(page.locator("[data-saved]")).to_have_attribute("data-saved", "saved")
