"""Two layers compared on a page of their own: asked for, cancelled, kept by its address, and walked through in the
editor."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from time import monotonic, sleep

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import serious_in_each_theme, wait_for

LAST = 23


def moving(number: int, left: float, top: float = 100, frames: Sequence[int] = (0, LAST)) -> dict[str, object]:
    shapes = [{"frame": frame, "box": [left, top, left + 80, top + 60], "keyframe": True} for frame in frames]
    return {"number": number, "label": "car", "shapes": shapes}


def brought(client: Client, layer: int, *tracks: dict[str, object]) -> None:
    """Import tracks into a layer."""
    answer = client.http.post(
        f"/api/layers/{layer}/imports",
        data={"format": "framewise"},
        files={"file": ("in.json", json.dumps({"format": "framewise", "version": 1, "tracks": tracks}).encode())},
        headers=client.headers,
    )
    answer.raise_for_status()
    deadline = monotonic() + 60
    while (found := client.get(f"/api/transfers/{answer.json()['id']}"))["state"] in ("queued", "running"):
        assert monotonic() < deadline, "The import didn't end."
        sleep(0.1)
    assert found["state"] == "done", found["message"]


def layer(client: Client, video: int, name: str, kind: str) -> int:
    answer = client.http.post(f"/api/videos/{video}/layers", json={"name": name, "kind": kind}, headers=client.headers)
    answer.raise_for_status()
    number: int = answer.json()["id"]
    return number


@pytest.fixture(scope="module")
def layers(client: Client, video: int) -> tuple[int, int]:
    """Ids of a model's layer and of the truth: that misses a car, has one that isn't there, and takes one for
    another."""
    yolo, truth = layer(client, video, "yolo", "model"), layer(client, video, "truth", "ground_truth")
    brought(client, truth, moving(1, 100), moving(2, 400), moving(3, 700))
    brought(
        client,
        yolo,
        moving(1, 100),
        moving(2, 900, frames=(5, 9)),
        moving(3, 700, frames=(0, 11)),
        moving(4, 700, frames=(12, LAST)),
    )
    return yolo, truth


def test_two_layers_are_compared_and_walked_through(
    person: Page, product: Product, client: Client, video: int, layers: tuple[int, int]
) -> None:
    yolo, truth = layers
    page = person
    page.goto(f"{product.url}/videos/{video}/compare/")
    expect(page.get_by_text("These two were not compared yet")).to_be_visible()
    page.get_by_label("Compare", exact=True).select_option(label="yolo (model output)")
    expect(page.get_by_label("against, taken as true")).to_have_value(str(truth))
    page.get_by_role("button", name="Compare", exact=True).click()
    scores = page.get_by_role("region", name="Scores").first
    row = scores.get_by_role("row", name="All labels")
    # Of 72 boxes 48 are found, 5 are extra, and one object goes on under another track.
    expect(row).to_contain_text("58.3 %", timeout=60_000)
    expect(row.get_by_role("cell").nth(5)).to_have_text("1")
    listed = page.locator(".compare-list tbody tr")
    expect(listed).to_have_text(
        [
            re.compile(r"0.23Missedcar 2."),
            re.compile(r"5.9Extra.car 2"),
            re.compile(r"12Switched identitycar 3car 4100 %"),
        ]
    )
    assert serious_in_each_theme(page) == []

    page.get_by_label("Extra").uncheck()
    expect(listed).to_have_count(2)
    page.get_by_label("Extra").check()
    # The address is all that another person needs.
    address = page.url
    assert f"compared={yolo}&reference={truth}" in address
    page.goto(f"{product.url}/projects/")
    page.goto(address)
    expect(listed).to_have_count(3)
    expect(page.get_by_role("button", name="Compare again")).to_be_disabled()
    made = page.get_by_role("region", name="Compared so far").first
    expect(made.get_by_role("row", name=re.compile("yolo"))).to_contain_text("58.3 %")

    page.get_by_role("link", name=re.compile("5.9")).click()
    page.wait_for_selector("#stage[data-frame='5']")
    panel = page.get_by_role("region", name="Comparison")
    expect(panel).to_contain_text("“yolo” against “truth”", timeout=60_000)
    wait_for(page, "framewise.store.comparing.current.value?.kind === 'extra'")
    assert page.evaluate("framewise.editor.selected().length") == 1
    wait_for(page, "framewise.store.comparing.layer.value.queries.shapesAt(5).length === 3")
    page.locator("#stage").focus()
    page.keyboard.press("Alt+.")
    page.wait_for_selector("#stage[data-frame='12']")

    brought(client, truth, moving(4, 1000))
    panel.get_by_role("link", name="Scores and differences on a page of their own").click()
    expect(page.get_by_text("“truth” has changed since; what is shown is of how it was.")).to_be_visible()
    page.get_by_role("button", name="Compare again").click()
    expect(listed).to_have_count(4, timeout=60_000)
    page.get_by_role("button", name="Swap").click()
    expect(page.get_by_text("These two were not compared yet")).to_be_visible()
    assert f"compared={truth}&reference={yolo}" in page.url


def test_one_that_is_cancelled_ends(person: Page, product: Product, client: Client, video: int) -> None:
    many = [moving(1 + number, number % 40 * 25, number // 40 * 16) for number in range(1600)]
    crowd, other = layer(client, video, "crowd", "model"), layer(client, video, "other crowd", "model")
    brought(client, crowd, *many)
    brought(client, other, *many)
    page = person
    page.goto(f"{product.url}/videos/{video}/compare/?compared={crowd}&reference={other}")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("progressbar", name="Comparing")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The comparison was cancelled.")).to_be_visible()
    path = f"/api/layers/{crowd}/comparisons/{other}"
    assert client.http.get(path).json()["state"] == "cancelled"
    page.wait_for_timeout(1500)
    assert client.http.get(path).json()["compared_at"] is None
    page.reload()
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_enabled()
