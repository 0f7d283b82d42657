"""Masks and skeletons in a real browser: painted, erased, placed, undone, and the same on the server."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from annotator.formats.geometry import mask_bitmap, mask_window, vertices, visibilities
from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import drag, on_page, rows_stored, wait_until_saved
from tracking.shapes.chunks import Flag, Kind, Row


def stored(product: Product, video: int, kind: Kind) -> Row:
    """The latest object's row of a kind on frame 0, as the server has it."""
    with Client(product.url) as client:
        tracks = rows_stored(client, client.editor_config(video)["layer"]["id"], 24)
    return next(row for rows in reversed(tracks.values()) for row in rows if row.kind == kind and row.frame == 0)


def has_pixel(row: Row, x: int, y: int) -> bool:
    left, top, width, height = mask_window(row)
    inside = left <= x < left + width and top <= y < top + height
    return inside and bool(mask_bitmap(row)[y - top, x - left])


def test_a_mask_is_painted_erased_undone_and_kept(editor: Page, product: Product, video: int) -> None:
    editor.keyboard.press("u")
    editor.get_by_label("Size of the tip in px").fill("40")
    editor.get_by_label("Size of the tip in px").press("Enter")
    drag(editor, (300, 300), (500, 300))
    editor.keyboard.down("Alt")
    drag(editor, (400, 240), (400, 360))
    editor.keyboard.up("Alt")
    wait_until_saved(editor)
    painted = stored(product, video, Kind.MASK)
    assert painted.flags & Flag.KEYFRAME
    assert [has_pixel(painted, *place) for place in ((300, 300), (400, 300), (500, 300), (350, 340))] == [
        True,
        False,
        True,
        False,
    ]
    editor.locator("#stage").focus()
    editor.keyboard.press("Control+z")
    wait_until_saved(editor)
    whole = stored(product, video, Kind.MASK)
    assert has_pixel(whole, 400, 300)
    assert int(np.sum(mask_bitmap(whole))) == pytest.approx(200 * 40 + np.pi * 20**2, rel=0.05)
    editor.reload()
    editor.wait_for_selector("#stage[data-frame='0']")
    editor.wait_for_function(
        "framewise.store.queries.shapesAt(0).some(({ kind, payload }) => kind === 'mask' && payload.length > 16)"
    )


def test_a_mask_becomes_a_polygon_by_the_palette_and_a_mask_again_by_undo(editor: Page) -> None:
    editor.keyboard.press("u")
    drag(editor, (700, 500), (760, 520))
    kind = "() => framewise.store.queries.shapeAt([...framewise.store.session.selection.value][0], 0).kind"
    assert editor.evaluate(kind) == "mask"
    editor.keyboard.press("Control+k")
    editor.get_by_role("dialog").get_by_role("combobox").fill("make it a polygon")
    editor.get_by_role("option", name="Make it a polygon", selected=True).wait_for()
    editor.keyboard.press("Enter")
    assert editor.evaluate(kind) == "polygon"
    editor.keyboard.press("Control+z")
    assert editor.evaluate(kind) == "mask"


def test_the_inside_of_a_painted_ring_is_filled_with_a_click(editor: Page, product: Product, video: int) -> None:
    editor.keyboard.press("u")
    corners = [(100, 500), (260, 500), (260, 650), (100, 650), (100, 500)]
    editor.mouse.move(*on_page(editor, *corners[0]))
    editor.mouse.down()
    for corner in corners[1:]:
        editor.mouse.move(*on_page(editor, *corner), steps=4)
    editor.mouse.up()
    editor.get_by_role("button", name="Fill", exact=True).click()
    editor.mouse.click(*on_page(editor, 180, 575))
    wait_until_saved(editor)
    assert has_pixel(stored(product, video, Kind.MASK), 180, 575)


def test_a_skeleton_is_placed_and_its_joints_are_told_apart(editor: Page, product: Product, video: int) -> None:
    editor.keyboard.press("j")
    drag(editor, (900, 100), (1100, 500))
    joints = editor.locator("#joints .joint-list li")
    count = joints.count()
    joints.nth(1).get_by_role("radio").nth(1).click()
    joints.nth(2).get_by_role("radio").nth(2).click()
    wait_until_saved(editor)
    row = stored(product, video, Kind.SKELETON)
    assert visibilities(row)[:3] == [2, 1, 0]
    assert len(visibilities(row)) == count
    first = vertices(row)[0]
    drag(editor, tuple(first.tolist()), (float(first[0]) + 40, float(first[1]) + 30))
    wait_until_saved(editor)
    assert vertices(stored(product, video, Kind.SKELETON))[0] == pytest.approx([first[0] + 40, first[1] + 30], abs=3)
