"""The smart tool in a real browser: clicked, accepted, followed, corrected by clicks while the run goes on; exported,
and imported again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import (
    go_to,
    keyframes,
    on_page,
    opened,
    rows_stored,
    serious,
    track_with,
    wait_for_row,
    wait_until_runs_end,
    wait_until_saved,
)
from tracking.shapes.bitmaps import spread
from tracking.shapes.chunks import Kind, Row
from tracking.shapes.payloads import shape_of
from tracking.types import Box, Mask

SIZE = (180, 320)
"""Height and width of the video, in px."""
FRAMES = 90
CORRECTED = 30
MODEL = "carrying"


def body(frame: int) -> Box:
    return Box(60 + frame, 60, 130 + frame, 110)


def load(frame: int) -> Box:
    """What the body carries, of another colour."""
    return Box(80 + frame, 30, 110 + frame, 60)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("clips") / "carried.mp4"
    noise = np.random.default_rng(1).normal(0, 4, (*SIZE, 3))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "15"})
        stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        for frame in range(FRAMES):
            image = np.full((*SIZE, 3), (90, 120, 90), np.float64)
            for box, colour in ((body(frame), (220, 120, 40)), (load(frame), (40, 60, 200))):
                image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = colour
            picture = np.clip(image + noise, 0, 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def video(client: Client, clip: Path) -> int:
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def answered(page: Page) -> None:
    expect(page.locator(".smart-status")).to_have_attribute("data-stage", "answered")


def click_at(page: Page, x: float, y: float) -> None:
    page.mouse.click(*on_page(page, x, y))


def export_and_import(page: Page, label: str, folder: Path, layer: str) -> int:
    """The layer as a file of a format, brought into a new layer by the editor's menu. Returns that one's id."""
    page.get_by_role("button", name="Export", exact=True).click()
    panel = page.get_by_role("dialog", name="Export and import")
    panel.get_by_label(label).check()
    panel.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        panel.get_by_role("link", name=".zip").click(timeout=60_000)
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    panel.get_by_label("A new layer").check()
    panel.get_by_label("Name of the new layer").fill(layer)
    panel.locator("input[type=file]").set_input_files(file)
    shown = panel.get_by_role("link", name=f"Show “{layer}”")
    expect(shown).to_be_in_viewport(timeout=60_000)
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    assert serious(page, "color-contrast") == []
    (number,) = parse_qs(urlsplit(shown.get_attribute("href") or "").query)["layer"]
    return int(number)


def pixels(rows: Sequence[Row]) -> dict[int, bytes]:
    """The masks of rows, by frame, as all pixels of the picture."""
    masks = {row.frame: shape_of(row) for row in rows}
    return {frame: spread(mask, SIZE).tobytes() for frame, mask in masks.items() if isinstance(mask, Mask)}


@pytest.mark.parametrize(("theme", "label"), [("light", "DAVIS masks"), ("dark", "MOTS")])
def test_an_object_is_clicked_accepted_followed_corrected_by_clicks_exported_and_imported_again(
    person: Page,
    product: Product,
    client: Client,
    video: int,
    tmp_path: Path,
    theme: Literal["light", "dark"],
    label: str,
) -> None:
    person.emulate_media(color_scheme=theme)
    page = opened(person, product, video)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.keyboard.press("Shift+S")
    expect(page.locator(".smart-status")).to_have_text("Ready: click on an object, or drag a box around it.")
    click_at(page, 95, 85)
    answered(page)
    page.keyboard.down("Alt")
    click_at(page, 95, 45)
    page.keyboard.up("Alt")
    expect(page.locator(".smart-status")).to_contain_text("2 clicks")
    assert serious(page) == []
    page.keyboard.press("Enter")
    track: str = page.evaluate("[...framewise.store.session.selection.value][0]")

    track_with(page, MODEL, "masks")
    page.keyboard.press("t")
    wait_for_row(page, track, CORRECTED + 5)
    go_to(page, CORRECTED)
    page.keyboard.press("Shift+S")
    click_at(page, 95 + CORRECTED, 45)
    answered(page)
    page.locator("[data-command='draw.finish']").click()
    wait_until_runs_end(page)
    wait_until_saved(page)

    layer: int = client.editor_config(video)["layer"]["id"]
    rows = rows_stored(client, layer, FRAMES)[track]
    assert {row.kind for row in rows} == {Kind.MASK}
    assert [row.frame for row in rows] == list(range(FRAMES))
    assert list(keyframes(rows)) == [0, CORRECTED]
    for row in rows:
        top = body(row.frame).y1 if row.frame < CORRECTED else load(row.frame).y1
        expected = (body(row.frame).x1, top, body(row.frame).x2, body(row.frame).y2)
        assert row.bounds == pytest.approx(expected, abs=3), row.frame

    again = export_and_import(page, label, tmp_path, theme)
    (back,) = rows_stored(client, again, FRAMES).values()
    assert pixels(back) == pixels(rows)


def test_clicks_are_there_again_after_a_reload_and_are_gone_on_from(
    person: Page, product: Product, client: Client, video: int
) -> None:
    page = opened(person, product, video)
    page.keyboard.press("Shift+S")
    expect(page.locator(".smart-status")).to_have_text("Ready: click on an object, or drag a box around it.")
    click_at(page, 95, 85)
    answered(page)
    page.keyboard.press("Enter")
    track: str = page.evaluate("[...framewise.store.session.selection.value][0]")
    wait_until_saved(page)

    page = opened(person, product, video)
    page.evaluate("track => framewise.store.session.select(track)", track)
    page.keyboard.press("Shift+S")
    page.wait_for_function("framewise.editor.keptClicks.value?.points.length === 1")
    assert page.evaluate("framewise.editor.keptClicks.value.points.map(({ positive }) => positive)") == [True]
    page.keyboard.down("Alt")
    click_at(page, 95, 45)
    page.keyboard.up("Alt")
    answered(page)
    expect(page.locator(".smart-status")).to_contain_text("2 clicks")
    page.keyboard.press("Enter")
    wait_until_saved(page)
    layer: int = client.editor_config(video)["layer"]["id"]
    told = client.get(f"/api/layers/{layer}/clicked", track=track, frame=0)
    assert [click["positive"] for click in told["clicks"]] == [True, False]
    assert told["alone"]
