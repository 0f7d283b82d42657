"""Layers beside the main one: ground truth comes into one of its own, is compared with, and taken over."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import opened, serious_in_each_theme, wait_for, wait_until_saved


def track(number: int, left: float, frames: range) -> dict[str, object]:
    shapes = [{"frame": frame, "box": [left, 100, left + 80, 200], "keyframe": True} for frame in frames]
    return {"number": number, "label": "car", "shapes": shapes}


def document(*tracks: dict[str, object]) -> bytes:
    return json.dumps({"format": "framewise", "version": 1, "tracks": tracks}).encode()


def import_into(page: Page, file: Path, layer: str) -> None:
    """Import a file into a new layer of ground truth by the editor's menu."""
    page.get_by_role("button", name="Export", exact=True).click()
    panel = page.get_by_role("dialog", name="Export and import")
    panel.get_by_label("Framewise JSON").check()
    panel.get_by_label("A new layer").check()
    panel.get_by_label("Name of the new layer").fill(layer)
    panel.locator("input[type=file]").set_input_files(file)
    expect(panel.get_by_role("link", name=f"Show “{layer}”")).to_be_visible(timeout=60_000)


def test_ground_truth_in_a_layer_of_its_own_is_compared_with_and_taken_over(
    person: Page, product: Product, client: Client, video: int, tmp_path: Path
) -> None:
    truth = tmp_path / "truth.json"
    truth.write_bytes(document(track(1, 100, range(24)), track(2, 400, range(24))))
    client.http.post(
        f"/api/layers/{client.editor_config(video)['layer']['id']}/imports",
        data={"format": "framewise"},
        files={"file": ("in.json", document(track(1, 100, range(24)), track(3, 900, range(5, 10))))},
        headers=client.headers,
    ).raise_for_status()
    page = opened(person, product, video)
    wait_for(page, "framewise.store.queries.shapesAt(0).length === 1")
    import_into(page, truth, "truth")
    assert page.evaluate("framewise.store.queries.shapesAt(0).length") == 1
    page.get_by_role("link", name="Show “truth”").click()
    page.wait_for_selector("#stage[data-frame]")
    wait_for(page, "globalThis.framewise?.store.queries.shapesAt(0).length === 2")

    page.get_by_role("button", name="truth", exact=True).click()
    menu = page.get_by_role("dialog", name="Layers of this video")
    expect(menu.get_by_role("link").filter(has_text="track")).to_have_text(
        ["mainMain · 2 tracks", "truthGround truth · 2 tracks"]
    )
    assert serious_in_each_theme(page) == []
    menu.get_by_role("link", name="main").click()
    page.wait_for_selector("#stage[data-frame]")
    page.get_by_role("button", name="main", exact=True).click()
    menu.get_by_role("button", name="Take tracks of “truth” over").click()
    dialog = page.get_by_role("dialog", name="Take tracks over")
    dialog.get_by_role("button", name="Take 2 tracks over").click()
    wait_for(page, "framewise.store.queries.shapesAt(0).length === 3")
    page.keyboard.press("Control+z")
    wait_until_saved(page)
    wait_for(page, "framewise.store.queries.shapesAt(0).length === 1")

    walk_through_the_differences(page, menu)

    page.get_by_role("button", name="main", exact=True).click()
    menu.get_by_role("button", name="Delete “truth”").click()
    question = page.get_by_role("dialog", name="Delete the layer “truth”?")
    expect(question).to_contain_text("2 tracks with 48 stored shapes")
    question.get_by_role("button", name="Delete the layer").click()
    expect(page.get_by_text("Deleted the layer “truth”.")).to_be_visible()
    assert [layer["name"] for layer in client.http.get(f"/api/videos/{video}/layers").json()["layers"]] == ["main"]


def walk_through_the_differences(page: Page, menu: Locator) -> None:
    """The truth has a car more, and the layer that is shown has one on five frames that isn't there."""
    page.get_by_role("button", name="main", exact=True).click()
    menu.get_by_role("button", name="Compare with “truth”").click()
    panel = page.get_by_role("region", name="Comparison")
    rows = panel.get_by_role("list", name="Differences").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("0.23Missedcar 2"), re.compile("5.9Extracar 3")], timeout=60_000)
    # 24 of 48 boxes are found and 5 too many, all that are found perfectly.
    expect(panel.get_by_role("row", name="All")).to_contain_text("67.345.3100.062.339.60")
    wait_for(page, "framewise.store.comparing.layer.value.queries.shapesAt(0).length === 2")
    page.locator("#stage").focus()
    page.keyboard.press("Alt+.")
    page.keyboard.press("Alt+.")
    page.wait_for_selector("#stage[data-frame='5']")
    assert page.evaluate("framewise.editor.selected().length") == 1
    page.keyboard.press("Alt+,")
    page.wait_for_selector("#stage[data-frame='0']")
    assert serious_in_each_theme(page) == []
    panel.get_by_role("button", name="Take car 2 over").click()
    wait_for(page, "framewise.store.queries.shapesAt(0).length === 2")
    panel.get_by_role("button", name="Compare again").click()
    expect(rows).to_have_text([re.compile("5.9Extracar 3")], timeout=60_000)
    page.keyboard.press("Alt+v")
    assert page.evaluate("framewise.store.comparing.overlay.value") is False
    panel.get_by_role("button", name="End the comparison").click()
    expect(panel).to_be_hidden()
