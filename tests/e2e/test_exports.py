"""What a format can't hold of a video's tracks is told before they are exported, with numbers."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import opened

TIMES = "\N{MULTIPLICATION SIGN}"
TOLD = re.compile("What the format can.t hold")
TRIANGLES = [{"frame": frame, "polygon": [[9, 9], [90, 9], [50, 60]], "keyframe": True} for frame in range(3)]
POLYGONS = {
    "number": 1,
    "label": "car",
    "colour": "#112233",
    "shapes": [
        {"frame": frame, "polygon": [[9, 9], [90, 9], [50, 60 + frame]], "keyframe": True} for frame in range(3)
    ],
}
PREDICTED = {
    "number": 2,
    "label": "car",
    "shapes": [{"frame": frame, "box": [5, 5, 50, 60], "keyframe": False} for frame in (0, 1)],
}


@pytest.fixture(scope="module")
def tracks(client: Client, video: int) -> None:
    layer = client.editor_config(video)["layer"]["id"]
    content = json.dumps({"format": "framewise", "version": 1, "tracks": [POLYGONS, PREDICTED]}).encode()
    client.http.post(
        f"/api/layers/{layer}/imports",
        data={"format": "framewise", "create_labels": "true"},
        files={"file": ("in.json", content)},
        headers=client.headers,
    ).raise_for_status()


def test_the_editors_menu_tells_what_each_format_loses(
    person: Page, product: Product, video: int, tracks: None
) -> None:
    page = opened(person, product, video)
    page.wait_for_function("globalThis.framewise?.store.queries.shapesAt(0).length === 2")
    page.get_by_role("button", name="Export").click()
    panel = page.get_by_role("dialog", name="Export and import")
    told = panel.get_by_role("region", name=TOLD)
    panel.get_by_label("Framewise JSON").check()
    expect(told).to_have_text("Nothing of what is there will be lost.")
    panel.get_by_label("MOTChallenge").check()
    expect(told.get_by_role("listitem")).to_have_text(
        [
            f"1 {TIMES} colours of single tracks have no place in MOTChallenge",
            f"3 {TIMES} polygon shapes become boxes, in 1 track",
            re.compile(f"2 {TIMES} predicted shapes become keyframes, .*, in 1 track"),
        ]
    )
    panel.get_by_label("Contents").select_option("results")
    expect(told.get_by_text(f"3 {TIMES} keyframes become predicted shapes, in 1 track")).to_be_visible()
    expect(panel.get_by_text("DanceTrack, SportsMOT")).to_be_visible()


def test_the_projects_dialog_tells_it_of_the_ticked_videos(
    person: Page, product: Product, client: Client, video: int, tracks: None
) -> None:
    person.goto(f"{product.url}/projects/{client.demo_project()}/")
    person.get_by_role("button", name="Export test_exports.mp4").click(timeout=60_000)
    dialog = person.get_by_role("dialog", name="Export annotations")
    dialog.get_by_label("CVAT for video").check()
    told = dialog.get_by_role("region", name=TOLD)
    expect(
        told.get_by_text(f"2 {TIMES} predicted shapes become keyframes, without a confidence, in 1 track")
    ).to_be_visible()
    dialog.get_by_label("test_exports.mp4").uncheck()
    expect(told).to_be_hidden()


def test_a_download_is_saved_under_the_name_of_its_video(
    person: Page, product: Product, client: Client, video: int, tracks: None
) -> None:
    """Chromium itself puts "_" for what joins emoji, and for signs that file systems don't take: none are in it."""

    def rename(name: str) -> None:
        client.http.patch(f"/api/videos/{video}", json={"name": name}, headers=client.headers).raise_for_status()

    rename("Überwachung кошка 猫 🐈 #3 (50%) %2e%2e; a=b.mp4")
    try:
        person.goto(f"{product.url}/projects/{client.demo_project()}/")
        person.locator(f"[data-video='{video}']").get_by_role("button", name=re.compile("^Export")).click()
        dialog = person.get_by_role("dialog", name="Export annotations")
        dialog.get_by_label("Framewise JSON").check()
        dialog.get_by_role("button", name="Export 1 video").click()
        link = dialog.locator("a[download]")
        expect(link).to_be_visible(timeout=30_000)
        with person.expect_download() as saved:
            link.click()
        by_address = link.get_attribute("href")
        with person.expect_download() as by_header:
            person.evaluate("address => { location.href = address }", by_address)
    finally:
        rename("test_exports.mp4")
    expected = "Überwachung кошка 猫 🐈 #3 (50%) %2e%2e; a=b-framewise.json"
    assert (saved.value.suggested_filename, by_header.value.suggested_filename) == (expected, expected)
