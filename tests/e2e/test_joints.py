"""A skeleton in the browser: placed, tracked, one joint corrected on the way, exported, and imported again."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things
from tests.e2e.editor import (
    drag,
    go_to,
    keyframes,
    opened,
    rows_stored,
    track_with,
    wait_for_row,
    wait_until_runs_end,
    wait_until_saved,
)
from tracking.shapes.chunks import Row
from tracking.shapes.payloads import shape_of
from tracking.shapes.values import Skeleton

FRAMES = 120
CORRECTED, REACHED = 20, 45
"""The run has come to the second when a joint is corrected on the first."""
JOINT = 0
BY = 12
TRANSFER_S = 60
SLIP = 6
"""See ``trackers.Slipping``."""


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip: Path = moving_things(tmp_path_factory.mktemp("clips") / "joints.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def test_one_joint_is_done_again_and_all_comes_out_and_in_as_it_is(
    person: Page, product: Product, client: Client, video: int
) -> None:
    page = opened(person, product, video)
    page.keyboard.press("j")
    drag(page, (40, 30), (120, 150))
    wait_until_saved(page)
    (track,) = stored(client, video)
    track_with(page, "slipping", "points")
    page.keyboard.press("t")
    wait_for_row(page, track, REACHED)
    go_to(page, CORRECTED)
    before = stored(client, video)[track]
    x, y = joints(before[CORRECTED])[JOINT].tolist()
    drag(page, (x, y), (x, y + BY))
    wait_until_runs_end(page)
    wait_until_saved(page)

    rows = stored(client, video)[track]
    assert [row.frame for row in rows] == list(range(FRAMES))
    assert list(keyframes(rows)) == [0, CORRECTED]
    assert_only_the_joint_was_done_again(before, rows)

    transfer(client, f"/api/layers/{layer(client, video)}/imports", exported(client, video))
    copy = next(shapes for name, shapes in stored(client, video).items() if name != track)
    assert [(row.frame, row.flags, row.bounds, row.payload) for row in copy] == [
        (row.frame, row.flags, row.bounds, row.payload) for row in rows
    ]


def assert_only_the_joint_was_done_again(before: list[Row], rows: list[Row]) -> None:
    for was, now in zip(before, rows, strict=False):
        others = np.delete(joints(now) - joints(was), JOINT, axis=0)
        assert np.abs(others).max() < 0.01, f"other joints moved on frame {now.frame}"
        down = joints(now)[JOINT, 1] - joints(was)[JOINT, 1]
        expected = 0 if now.frame < CORRECTED else BY if now.frame == CORRECTED else BY + SLIP
        # The pointer is on whole pixels of a screen that shows the video larger.
        assert down == pytest.approx(expected, abs=1), f"on frame {now.frame}"


def joints(row: Row) -> NDArray[np.float32]:
    shape = shape_of(row)
    assert isinstance(shape, Skeleton)
    return shape.xy


def stored(client: Client, video: int) -> dict[str, list[Row]]:
    return dict(rows_stored(client, layer(client, video), FRAMES))


def layer(client: Client, video: int) -> int:
    number: int = client.editor_config(video)["layer"]["id"]
    return number


def exported(client: Client, video: int) -> bytes:
    begun = client.post(f"/api/layers/{layer(client, video)}/exports", {"format": "framewise"})
    return client.http.get(done(client, begun)["file"]).raise_for_status().content


def transfer(client: Client, address: str, content: bytes) -> None:
    begun = client.http.post(
        address, data={"format": "framewise"}, files={"file": ("tracks.json", content)}, headers=client.headers
    )
    done(client, begun.raise_for_status().json())


def done(client: Client, begun: dict[str, Any]) -> dict[str, Any]:
    """A transfer once it is over."""
    deadline = monotonic() + TRANSFER_S
    while (found := client.get(f"/api/transfers/{begun['id']}"))["state"] in ("queued", "running"):
        assert monotonic() < deadline
        sleep(0.1)
    assert found["state"] == "done", found["message"]
    return dict(found)
