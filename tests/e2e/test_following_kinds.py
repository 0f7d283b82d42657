"""Other kinds of geometry than boxes are followed live in the browser: started, corrected on the way, taken up by
another agent after a ``kill -9``, ended outside of the picture, and undone. That each of these holds for every kind is
tried without a browser, in ``tests/annotator/actions/runs/test_kinds.py`` and ``tests/tracking/test_session.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import THING, moving_things, thing_at
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
from tests.tracking.geometry import as_kind
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import payload_of, row_of, shape_of
from tracking.shapes.values import Box, GeometryKind, moved

FRAMES = 120
CORRECTED = 20
BY = 30
"""How far, in px, the correction drags the object down."""
NUDGES = 6
KINDS: dict[GeometryKind, str] = {
    # The demo project's label for it.
    "rotated_box": "sign",
    "polygon": "area",
    "polyline": "lane",
    "points": "landmarks",
    "mask": "region",
}
MODEL = "carrying"
AGENT = "framewise agent"


@pytest.fixture(scope="module")
def video(client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    clip: Path = moving_things(tmp_path_factory.mktemp("clips") / "kinds.mp4", FRAMES)
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


def put_down(page: Page, kind: GeometryKind, box: Box) -> str:
    """A new track with a keyframe of ``kind`` on this frame; how people draw each is tried elsewhere."""
    row = row_of(as_kind(kind, box), 0, Flag.KEYFRAME, 1.0)
    script = """([label, kind, bounds, payload]) => {
      const { store, editor } = framewise
      const frame = store.session.frame.value
      const { id } = store.config.labels.find(({ name }) => name === label)
      const track = store.transact('Draw', (tx) => {
        const made = tx.createTrack({ label: id })
        const row = { frame, kind, keyframe: true, predicted: false, outside: false, occluded: false, doubtful: false,
                      confidence: 1, bounds, payload: new Uint8Array(payload) }
        tx.putRows(made, [row])
        return made
      })
      store.session.select(track)
      return track
    }"""
    track: str = page.evaluate(script, [KINDS[kind], kind, list(row.bounds), list(row.payload)])
    return track


def start(page: Page, kind: GeometryKind) -> None:
    track_with(page, MODEL, "masks" if kind == "mask" else "points")
    page.keyboard.press("t")


def moved_row(kind: GeometryKind, box: Box, frame: int, flags: Flag = Flag.PREDICTED) -> Row:
    return row_of(moved(as_kind(kind, box), frame, 0), frame, flags, 0.9)


def is_where(row: Row, expected: Row, allowed: float = 0.01) -> bool:
    return row.kind == expected.kind and row.bounds == pytest.approx(expected.bounds, abs=allowed)


def stored(client: Client, video: int) -> dict[str, list[Row]]:
    layer: int = client.editor_config(video)["layer"]["id"]
    return dict(rows_stored(client, layer, FRAMES))


@pytest.mark.parametrize("kind", ["polygon", "points", "mask"])
def test_it_is_followed_corrected_on_the_way_and_undone(
    person: Page, product: Product, client: Client, video: int, kind: GeometryKind
) -> None:
    page = opened(person, product, video)
    box = thing_at(0, 0)
    track = put_down(page, kind, box)
    start(page, kind)
    wait_for_row(page, track, CORRECTED + 10)
    go_to(page, CORRECTED)
    by = correct(page, track, kind)
    wait_until_runs_end(page)
    wait_until_saved(page)

    rows = stored(client, video)[track]
    assert [row.frame for row in rows] == list(range(FRAMES))
    assert list(keyframes(rows)) == [0, CORRECTED]
    assert {row.kind for row in rows} == {moved_row(kind, box, 0).kind}
    assert all(is_where(row, moved_row(kind, box, row.frame)) for row in rows[:CORRECTED])
    low = [row.bounds[1] - box.y1 for row in rows[CORRECTED:]]
    # The pointer is on whole pixels of a screen that shows the video larger.
    assert low == pytest.approx([low[0]] * len(low), abs=0.01)
    assert low[0] == pytest.approx(by, abs=2)
    assert payload_of(shape_of(rows[CORRECTED + 1])) == rows[CORRECTED + 1].payload

    for _ in range(NUDGES if kind == "points" else 1):
        page.keyboard.press("Control+z")
    wait_until_saved(page)
    rows = stored(client, video)[track]
    assert list(keyframes(rows)) == [0]
    assert is_where(next(row for row in rows if row.frame == CORRECTED), moved_row(kind, box, CORRECTED))


def correct(page: Page, track: str, kind: GeometryKind) -> int:
    """Move the object down on this frame; returns how far, in px."""
    page.evaluate("track => framewise.store.session.select(track)", track)
    if kind == "points":
        # Each of them is a grip of its own; together they move by the keyboard.
        for _ in range(NUDGES):
            page.keyboard.press("Alt+ArrowDown")
        return NUDGES
    x, y = inside(page, track)
    drag(page, (x, y), (x, y + BY))
    return BY


def inside(page: Page, track: str) -> tuple[float, float]:
    """A place on the object's outline or area to take it by, away from its grips."""
    script = """(track) => {
      const shape = framewise.store.queries.shapeAt(track, framewise.store.session.frame.value)
      const [x1, y1, x2, y2] = shape.bounds
      return [x1 + (x2 - x1) / 3, y1 + (y2 - y1) / 3]
    }"""
    x, y = page.evaluate(script, track)
    return x, y


@pytest.mark.faults
def test_another_agent_goes_on_with_it(person: Page, product: Product, client: Client, video: int) -> None:
    kind: GeometryKind = "mask"
    page = opened(person, product, video)
    box = thing_at(1, 0)
    track = put_down(page, kind, box)
    start(page, kind)
    wait_for_row(page, track, 25)
    product.kill(AGENT)
    wait_for_row(page, track, FRAMES - 1)
    wait_until_runs_end(page)
    rows = stored(client, video)[track]
    assert [row.frame for row in rows] == list(range(FRAMES))
    assert all(is_where(row, moved_row(kind, box, row.frame)) for row in rows)


def test_it_ends_outside_when_it_leaves_the_picture(person: Page, product: Product, client: Client, video: int) -> None:
    kind: GeometryKind = "polyline"
    page = opened(person, product, video)
    box = Box(250, 60, 250 + THING[0], 60 + THING[1])
    track = put_down(page, kind, box)
    start(page, kind)
    wait_for_row(page, track, 55)
    wait_until_runs_end(page)
    rows = stored(client, video)[track]
    assert rows[-1].flags & Flag.OUTSIDE
    # Its left side is at the frame's right side, x = 320, on frame 70.
    assert 60 <= rows[-1].frame <= 71
    assert page.evaluate("([track, at]) => framewise.store.queries.shapeAt(track, at) === null", [track, FRAMES - 1])


def test_settings_of_a_model_reach_it(person: Page, product: Product, client: Client, video: int) -> None:
    page = opened(person, product, video)
    track = put_down(page, "polygon", thing_at(2, 0))
    track_with(page, MODEL, "points")
    page.get_by_text("Settings of Carrying").click()
    page.get_by_label("pace").fill("0")
    page.get_by_label("pace").press("Tab")
    page.locator("#stage").focus()
    page.keyboard.press("t")
    wait_for_row(page, track, 10)
    page.keyboard.press("Escape")
    rows = stored(client, video)[track]
    assert {row.bounds for row in rows} == {rows[0].bounds}


def test_one_press_tracks_all_kinds_on_the_frame(person: Page, product: Product, client: Client, video: int) -> None:
    page = opened(person, product, video)
    go_to(page, 100)
    for family in ("points", "masks"):
        track_with(page, MODEL, family)
    made = [put_down(page, kind, Box(20 + 40 * at, 130, 50 + 40 * at, 160)) for at, kind in enumerate(KINDS)]
    page.evaluate("tracks => framewise.store.session.selection.value = new Set(tracks)", made)
    page.keyboard.press("t")
    for track in made:
        wait_for_row(page, track, FRAMES - 1)
    expect(page.locator("[data-run=failed]")).to_have_count(0)
