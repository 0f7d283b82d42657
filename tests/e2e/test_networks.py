"""The page Neural networks: weights for a machine without internet, what is in a machine's memory, its log, how many
runs a workspace has, and models that are tried on a frame."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things
from tests.e2e.editor import serious_in_each_theme
from tests.tracking.weighty import CONTENT, MODEL


@pytest.fixture
def networks(person: Page, product: Product, client: Client) -> Page:
    """The page of the demo workspace."""
    workspace = re.findall(r"/workspaces/(\d+)/", client.http.get("/").text)[0]
    person.goto(f"{product.url}/workspaces/{workspace}/networks/")
    return person


def test_weights_are_uploaded_once_got_by_a_machine_and_its_model_is_loaded_pinned_and_let_go(
    networks: Page, tmp_path: Path
) -> None:
    person = networks
    machine = person.get_by_role("article", name="This server")
    # It tells its load every few seconds.
    expect(machine.locator(".chart-line").first).to_be_attached(timeout=60_000)

    row = person.locator(f"tr[data-model={MODEL}]")
    row.get_by_role("button", name="Get Weighty").click()
    dialog = person.get_by_role("dialog", name="Get Weighty")
    expect(dialog.get_by_text("Its authors only link to it")).to_be_visible()
    for content, outcome in ((bytes(len(CONTENT)), "has the SHA-256"), (CONTENT, "On this server")):
        file = tmp_path / "whatever it is called here.bin"
        file.write_bytes(content)
        dialog.get_by_label("Upload weighty.bin").set_input_files(file)
        expect(dialog.get_by_text(outcome)).to_be_visible(timeout=60_000)

    get = dialog.get_by_role("button", name="Get it")
    expect(get).to_be_disabled()
    dialog.get_by_label("I accept this licence, and use it for nothing commercial").check()
    get.click()
    expect(row.locator(".badge.accepted")).to_have_text("This server", timeout=60_000)
    expect(row.get_by_role("button", name="Get Weighty")).to_have_count(0)

    memory = machine.get_by_role("region", name="Models in the memory of This server")
    memory.get_by_label("Load before it is needed:").select_option(MODEL)
    weighty = memory.get_by_role("listitem").filter(has_text="Weighty")
    expect(weighty).to_contain_text("about 4", timeout=60_000)
    expect(weighty).to_contain_text("idle for")
    pin = weighty.get_by_role("button", name="Pin Weighty")
    pin.click()
    expect(pin).to_have_attribute("aria-pressed", "true")
    expect(weighty.get_by_role("button", name="Unload Weighty")).to_have_count(0)
    pin.click()
    weighty.get_by_role("button", name="Unload Weighty").click()
    expect(weighty).to_have_count(0)


def test_the_log_of_a_machine_is_followed_filtered_and_fetched(networks: Page) -> None:
    machine = networks.get_by_role("article", name="This server")
    machine.get_by_text("Log", exact=True).click()
    lines = machine.get_by_label("Log of This server")
    expect(lines).to_contain_text("Connected to", timeout=60_000)
    machine.get_by_label("Lines with").fill("connected to")
    expect(machine.get_by_text(re.compile(r"^[1-9]\d* of \d+ lines"))).to_be_visible()
    with networks.expect_download() as download:
        machine.get_by_role("button", name="Download").click()
    kept = download.value.path().read_text()
    assert "Connected to ws://" in kept
    assert "Bearer" not in kept
    machine.get_by_label("Lines with").fill("never said")
    expect(machine.get_by_text(re.compile(r"^0 of \d+ lines"))).to_be_visible()


def test_a_workspace_is_limited_and_freed_again(networks: Page) -> None:
    limit = networks.get_by_label("Runs of this workspace at once:")
    for typed in ("3", ""):
        with networks.expect_response(lambda response: response.url.endswith("/limit") and response.ok):
            limit.fill(typed)
            limit.press("Enter")
        networks.reload()
        expect(limit).to_have_value(typed)


@pytest.fixture(scope="module")
def tried(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a video in which things move a pixel a frame to the right."""
    clip = moving_things(tmp_path_factory.mktemp("clips") / "tried on.mp4", 66)
    client.until_ready(client.upload(client.demo_project(), clip))
    return clip.name


def try_dialog(page: Page, group: str, model: str, video: str) -> Locator:
    """The dialog that tries a model, with the video chosen."""
    page.locator(".segment").filter(has_text=group).click()
    page.get_by_role("button", name=f"Try {model} on a frame").click()
    dialog = page.get_by_role("dialog", name=f"Try {model} on a frame")
    dialog.get_by_label("Video", exact=True).fill(video.split(".")[0])
    dialog.get_by_role("list", name="Videos").get_by_role("button", name=video).click()
    return dialog


def begin(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Try", exact=True).click()


def painted(picture: Locator, left: float, right: float) -> int:
    """How many pixels of what is drawn over a picture aren't see-through, between two shares of its width."""
    script = """(canvas, [left, right]) => {
      const from = Math.round(canvas.width * left)
      const across = Math.round(canvas.width * right) - from
      const { data } = canvas.getContext('2d').getImageData(from, 0, across, canvas.height)
      return data.filter((value, index) => index % 4 === 3 && value > 0).length
    }"""
    count: int = picture.locator("canvas").evaluate(script, [left, right])
    return count


def test_a_box_is_drawn_and_followed_over_the_next_frames_shown_as_a_strip(networks: Page, tried: str) -> None:
    dialog = try_dialog(networks, "Boxes", "Carrying", tried)
    begun = dialog.get_by_role("button", name="Try", exact=True)
    expect(begun).to_be_disabled()
    expect(dialog.get_by_text("Click on an object, or drag a box around it.")).to_have_count(1)
    picture = dialog.locator(".try-subject .try-picture")
    place = picture.bounding_box()
    assert place is not None
    mouse = networks.mouse
    mouse.move(place["x"] + 0.1 * place["width"], place["y"] + 0.2 * place["height"])
    mouse.down()
    mouse.move(place["x"] + 0.3 * place["width"], place["y"] + 0.6 * place["height"], steps=4)
    mouse.up()
    begun.click()
    expect(dialog.locator(".try-outcome")).to_contain_text(re.compile(r"^9 frames · \d+\.\d+ s, "))
    strip = dialog.get_by_role("list", name="Frame by frame")
    expect(strip.get_by_role("button")).to_have_count(9)
    strip.get_by_role("button", name="Frame 8", exact=True).click()
    expect(dialog.get_by_alt_text(f"Frame 8 of {tried}")).to_be_visible()
    assert painted(picture, 0.12, 0.33) > 500
    assert painted(picture, 0.5, 1) == 0
    assert serious_in_each_theme(networks) == []

    # By keys alone: aim, click, try.
    dialog.get_by_role("list", name="Videos").get_by_role("button", name=tried).click()
    canvas = dialog.get_by_role("application")
    canvas.focus()
    for key in ("ArrowLeft", "Shift+ArrowUp", "Enter"):
        networks.keyboard.press(key)
    begun.press("Enter")
    expect(dialog.locator(".try-outcome")).to_contain_text("9 frames")
    networks.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_detector_shows_what_it_finds_on_a_frame_and_on_a_picture_of_one_s_own(
    networks: Page, tried: str, tmp_path: Path
) -> None:
    dialog = try_dialog(networks, "Finding objects", "Watching", tried)
    outcome = dialog.locator(".try-outcome")
    dialog.get_by_label("Frame", exact=True).fill("60")
    dialog.get_by_label("Frame", exact=True).press("Enter")
    begin(dialog)
    expect(outcome).to_contain_text(re.compile(r"^3 objects · \d"))
    dialog.get_by_label(re.compile("^At least")).fill("95")
    expect(outcome).to_contain_text("0 objects · 3 less sure are left out")

    noise, picture = tmp_path / "noise.png", tmp_path / "own.png"
    noise.write_bytes(b"no picture")
    Image.new("RGB", (640, 360), (90, 120, 90)).save(picture)
    dialog.locator("input[type=file]").set_input_files(noise)
    expect(dialog.get_by_role("alert")).to_contain_text("be read as a picture")
    dialog.locator("input[type=file]").set_input_files(picture)
    expect(dialog.get_by_alt_text("own.png")).to_be_visible()
    dialog.get_by_label(re.compile("^At least")).fill("50")
    begin(dialog)
    expect(outcome).to_contain_text("1 object ·")
    assert serious_in_each_theme(networks) == []
