"""Objects, labels and attributes at the side and beside the object: by pointer and by keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from framewise.bench.videos import moving_object
from tests.e2e.editor import drag, draw_box, go_to, on_page, opened, serious_in_each_theme, wait_until_saved
from tracking.types import Box

FRAMES = 24
THREE = [Box(100, 100, 220, 220), Box(300, 100, 420, 220), Box(500, 100, 620, 220)]


def attribute(name: str, kind: str, *, per_frame: bool, choices: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": None, "name": name, "kind": kind, "per_frame": per_frame, "choices": choices, "default": None}


@pytest.fixture(scope="module")
def video(product: Product, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Id of a short video of 1280 x 720 px; its project has a label with attributes, and a frame tag."""
    clip = tmp_path_factory.mktemp("clips") / "panels.mp4"
    moving_object(clip, FRAMES)
    with Client(product.url) as client:
        form = {"name": "Panels", "labels": "person\ncar\nrain"}
        page = client.http.post("/workspaces/1/projects/new/", data=form, headers=client.headers).raise_for_status()
        project = int(re.findall(r"/projects/(\d+)/", str(page.url))[0])
        labels = client.get(f"/api/projects/{project}/labels")
        labels[2]["geometry_kinds"] = ["tag"]
        labels[0]["attributes"] = [
            attribute("pose", "select", per_frame=True, choices=("walks", "sits", "lies")),
            attribute("plate", "text", per_frame=False),
        ]
        path = f"/api/projects/{project}/labels"
        client.http.put(path, json={"labels": labels}, headers=client.headers).raise_for_status()
        number = client.upload(project, clip)
        client.until_ready(number)
    return number


@pytest.fixture
def editor(person: Page, product: Product, video: int) -> Page:
    """The editor on a layer that is empty again."""
    page = opened(person, product, video)
    page.evaluate(
        """() => {
          const { store } = framewise
          const tracks = [...store.records.tracks.value.values()].filter((track) => !track.deleted)
          store.transact('Clear', (tx) => tracks.forEach((track) => tx.updateTrack(track.id, { deleted: true })))
        }"""
    )
    wait_until_saved(page)
    return page


def tracks(page: Page) -> list[dict[str, Any]]:
    script = "[...framewise.store.records.tracks.value.values()].filter((track) => !track.deleted)"
    found: list[dict[str, Any]] = page.evaluate(script)
    return found


def test_attributes_are_set_by_keyboard_alone_and_kept(editor: Page) -> None:
    draw_box(editor, THREE[0])
    editor.keyboard.press("Shift+A")
    expect(editor.get_by_role("radio", name="walks")).to_be_focused()
    editor.keyboard.press("2")
    expect(editor.get_by_role("radio", name="sits")).to_be_checked()
    editor.keyboard.press("Tab")
    editor.keyboard.type("AB")
    # What else happens to the object meanwhile leaves what is being typed alone.
    track: str = editor.evaluate("[...framewise.store.session.selection.value][0]")
    recolour = "framewise.store.transact('Recolour', (tx) => tx.updateTrack(id, { colour: '#123456' }))"
    editor.evaluate(f"(id) => {{ {recolour} }}", track)
    expect(editor.get_by_label("Colour of the selected objects")).to_have_value("#123456")
    editor.keyboard.type(" 12")
    editor.keyboard.press("Enter")
    expect(editor.locator("#stage")).to_be_focused()
    wait_until_saved(editor)
    editor.reload()
    editor.wait_for_function("globalThis.framewise?.store.records.tracks.value.size > 0")
    (kept,) = tracks(editor)
    assert sorted(kept["attributes"].values()) == ["AB 12"]
    assert list(kept["frame_attributes"].values()) == [[[0, "sits"]]]


def test_several_rows_are_picked_with_shift_and_changed_in_one_step_of_undo(editor: Page) -> None:
    for box in THREE:
        draw_box(editor, box)
    rows = editor.locator(".object-name")
    rows.first.click()
    rows.last.click(modifiers=["Shift"])
    before = [track["label"] for track in tracks(editor)]
    editor.get_by_label("Label of the selected objects", exact=True).select_option(index=1)
    assert len({track["label"] for track in tracks(editor)} - set(before)) == 1
    editor.keyboard.press("Control+z")
    assert [track["label"] for track in tracks(editor)] == before
    # What is still on its way would come among the objects of the next test.
    wait_until_saved(editor)


def test_a_number_that_is_taken_is_refused_with_a_word(editor: Page) -> None:
    for box in THREE[:2]:
        draw_box(editor, box)
    wait_until_saved(editor)
    first, second = sorted(track["number"] for track in tracks(editor))
    number = editor.get_by_label("Number of the selected track")
    number.fill(str(first))
    number.press("Enter")
    expect(editor.locator(".notice")).to_contain_text(f"The number {first} belongs to")
    expect(number).to_have_value(str(second))


def test_the_right_button_opens_the_menu_and_dragged_it_pans(editor: Page) -> None:
    draw_box(editor, THREE[1])
    menu = editor.get_by_role("menu")
    drag(editor, (360, 160), (420, 200), button="right")
    expect(menu).to_have_count(0)
    editor.mouse.click(*on_page(editor, 360, 160), button="right")
    expect(menu).to_be_visible()
    menu.get_by_role("menuitem", name="Occluded on or off").click()
    expect(menu).to_have_count(0)
    assert editor.evaluate("framewise.editor.visibleShapes()[0].occluded")


def test_a_frame_tag_begins_and_ends_with_its_key(editor: Page) -> None:
    rain = editor.locator("#frame-tags").get_by_role("button", name="rain")
    go_to(editor, 5)
    editor.keyboard.press("3")
    expect(rain).to_have_attribute("aria-pressed", "true")
    go_to(editor, 12)
    editor.keyboard.press("3")
    expect(rain).to_have_attribute("aria-pressed", "false")
    wait_until_saved(editor)
    editor.reload()
    editor.wait_for_selector("#stage[data-frame]")
    go_to(editor, 11)
    expect(rain).to_have_attribute("aria-pressed", "true")


def test_how_objects_look_is_remembered(editor: Page) -> None:
    with editor.expect_response("**/api/me/preferences"):
        editor.keyboard.press("Alt+]")
    editor.reload()
    editor.wait_for_selector("#stage[data-frame]")
    assert editor.evaluate("framewise.editor.display.fill.value") == pytest.approx(0.1)


def test_panels_bar_and_menus_are_accessible(editor: Page) -> None:
    draw_box(editor, THREE[0])
    assert serious_in_each_theme(editor) == []
    editor.get_by_role("button", name="Filter and order").click()
    assert serious_in_each_theme(editor) == []
    editor.keyboard.press("Escape")
    editor.get_by_role("button", name="How objects look").click()
    assert serious_in_each_theme(editor) == []
    editor.keyboard.press("Escape")
    editor.keyboard.press("Shift+F10")
    assert serious_in_each_theme(editor) == []
