"""The same frames by two people: made, compared, decided by keyboard, merged and taken back."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import opened, serious_in_each_theme, wait_for
from tests.e2e.test_gone import PASSWORD, join

MS = 60_000


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing(client: Client, video: int) -> Iterator[None]:
    """Jobs of its video would stand among those of other tests."""
    yield
    client.http.delete(f"/api/videos/{video}", headers=client.headers).raise_for_status()


def drawn(client: Client, layer: int, *lefts: float) -> None:
    """Objects that stand still in all frames, in a copy."""
    tracks = [
        {
            "number": number,
            "label": "car",
            "shapes": [{"frame": frame, "box": [left, 100, left + 80, 200], "keyframe": True} for frame in (0, 9)],
        }
        for number, left in enumerate(lefts, 1)
    ]
    document = json.dumps({"format": "framewise", "version": 1, "tracks": tracks}).encode()
    files = {"file": ("in.json", document)}
    sent = client.http.post(
        f"/api/layers/{layer}/imports", data={"format": "framewise"}, files=files, headers=client.headers
    )
    transfer = f"/api/transfers/{sent.raise_for_status().json()['id']}"
    while (state := client.get(transfer)["state"]) != "done":
        assert state in ("queued", "running"), client.get(transfer)


def test_two_people_agree_in_part_and_a_manager_decides_the_rest_by_keyboard(
    person: Page, product: Product, client: Client, video: int
) -> None:
    names = [f"{name}{uuid.uuid4().hex[:6]}" for name in ("ann", "ben")]
    for name in names:
        join(client, name)
    page, project = person, client.demo_project()
    page.goto(f"{product.url}/projects/{project}/jobs/")
    made = page.get_by_role("region", name="Make a consensus")
    made.get_by_label("Video").select_option(str(video))
    made.get_by_label("Last frame").fill("9")
    for name in names:
        made.get_by_label(name).check()
    made.get_by_role("button", name="Make a consensus").click()
    expect(page.get_by_text("0 of 2 copies submitted")).to_be_visible(timeout=MS)

    number = int(re.findall(r"/consensus/(\d+)/", page.url)[0])
    copies = client.get(f"/api/consensus/{number}")["copies"]
    drawn(client, copies[0]["layer"], 100, 400)
    drawn(client, copies[1]["layer"], 104, 900)
    for name, copy in zip(names, copies, strict=True):
        with Client(product.url, name, PASSWORD) as theirs:
            theirs.post(f"/api/jobs/{copy['job']}/steps", {"step": "submit"})
    while client.get(f"/api/consensus/{number}")["state"] != "done":
        page.wait_for_timeout(200)
    page.reload()

    # Half of the boxes belong together.
    expect(page.get_by_role("table", name="IDF1").get_by_role("link").first).to_have_text("50 %")
    expect(page.get_by_role("listitem").filter(has_text=f"Only {names[1]} has an object")).to_have_count(1)
    assert serious_in_each_theme(page) == []
    expect(page.get_by_role("status").filter(has_text="2 of 2 to decide")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("t")
    expect(page.get_by_role("status").filter(has_text="1 of 2 to decide")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_text("Everything is decided.")).to_be_visible()
    page.get_by_role("button", name="Merge").click()
    facts = page.locator("#outcome")
    expect(facts).to_contain_text("2, with 4 stored shapes", timeout=MS)
    expect(facts).to_contain_text("1 with too few votes that nobody took")

    opened(page, product, video)
    wait_for(page, "framewise.store.queries.shapesAt(5).length === 2")
    page.goto(f"{product.url}/consensus/{number}/")
    page.get_by_role("button", name="Take the merge back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take the merge back").click()
    expect(page.get_by_text("Taken back: 2 tracks went.")).to_be_visible(timeout=MS)

    # A difference is looked at in the editor, the two copies beside each other.
    page.locator("#differences").get_by_role("link", name=re.compile("^Frames 0")).first.click()
    expect(page.get_by_text(re.compile("“Consensus .* copy .*” against “Consensus"))).to_be_visible(timeout=MS)
