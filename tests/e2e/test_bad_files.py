"""Files that are no videos: the project page says what is wrong with each, and nothing of them stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.media.clips import cut, write_clip, write_empty, write_sound


def zero_bytes(folder: Path) -> Path:
    path = folder / "zero.mp4"
    path.touch()
    return path


def text(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("Dear diary, this is no video. " * 50)
    return path


def truncated(folder: Path) -> Path:
    """Its index stood at the end, which is gone."""
    return cut(write_clip(folder / "whole.mp4"), folder / "truncated.mp4", 0.6)


def sound(folder: Path) -> Path:
    return write_sound(folder / "sound.mp4")


def no_pictures(folder: Path) -> Path:
    return write_empty(folder / "no-pictures.mp4")


def picture(folder: Path) -> Path:
    path = folder / "picture.jpg"
    cv2.imwrite(str(path), np.zeros((90, 160, 3), np.uint8))
    return path


@pytest.fixture(scope="module")
def project(product: Product) -> Iterator[int]:
    with Client(product.url) as client:
        yield client.demo_project()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (zero_bytes, "empty"),
        (text, "no video"),
        (truncated, "truncated"),
        (sound, "no video"),
        (no_pictures, "frame"),
        (picture, "no video"),
    ],
)
def test_the_page_says_what_is_wrong_and_nothing_stays(
    person: Page, product: Product, project: int, tmp_path: Path, make: Callable[[Path], Path], message: str
) -> None:
    file = make(tmp_path)
    before = media_of(product)
    person.goto(f"{product.url}/projects/{project}/")
    person.locator("[data-uploads] input[type=file]").set_input_files(file)
    card = person.locator(".video-card", has_text=file.name)
    problem = card.get_by_role("alert")
    expect(problem).to_contain_text(message, ignore_case=True, timeout=30_000)
    expect(card.get_by_role("button", name="Try again")).to_have_count(0)
    assert media_of(product) == before
    take_away(card)
    expect(card).to_have_count(0)


def media_of(product: Product) -> set[str]:
    """Every file that the product keeps of videos and uploads."""
    media = product.data / "media"
    return {str(path) for kind in ("uploads", "videos") for path in (media / kind).rglob("*")}


def take_away(card: Locator) -> None:
    """Cancel an upload that was refused; remove a video that could not be prepared."""
    if card.get_attribute("data-state") == "uploading":
        card.get_by_role("button", name="Cancel").click()
    else:
        card.get_by_role("button", name="Remove").click()
        card.get_by_role("button", name="Remove it").click()
