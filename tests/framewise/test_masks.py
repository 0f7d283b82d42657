"""Masks into and out of ``framewise track``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from framewise.cli import app
from framewise.prompts import TypedPrompt, numbers_of
from tracking.shapes.palette import palette
from tracking.types import Box

SIZE = (41, 61)
FRAMES = 6


@pytest.fixture(autouse=True)
def extra_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(FRAMES):
        Image.fromarray(np.full((*SIZE, 3), 20 * number, np.uint8)).save(folder / f"{number:03}.png")
    return folder


def indexed(file: Path, blocks: Mapping[int, tuple[slice, slice]], size: tuple[int, int] = SIZE) -> Path:
    """A palette PNG with blocks of indices."""
    pixels = np.zeros(size, np.uint8)
    for index, block in blocks.items():
        pixels[block] = index
    image = Image.fromarray(pixels)
    image.putpalette(palette())
    image.save(file)
    return file


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["track", *map(str, arguments), "--model", "anything"])
    return result.exit_code, result.output + result.stderr


def written(folder: Path) -> list[NDArray[np.uint8]]:
    return [np.asarray(Image.open(file)) for file in sorted(folder.iterdir())]


def test_objects_of_a_palette_come_out_by_their_numbers_frame_by_frame(images: Path, tmp_path: Path) -> None:
    one, three = (slice(4, 9), slice(3, 9)), (slice(20, 30), slice(10, 15))
    first = indexed(tmp_path / "first.png", {1: one, 3: three})
    code, said = run(images, "--mask", f"{first}@0", "--out-masks", tmp_path / "masks", "--out", tmp_path / "t.json")
    assert code == 0, said
    assert f"The masks are in {tmp_path / 'masks'}, 6 files" in said
    assert [file.name for file in sorted((tmp_path / "masks").iterdir())] == [f"{n:05}.png" for n in range(FRAMES)]
    with Image.open(tmp_path / "masks/00000.png") as image:
        assert (image.mode, image.getpalette()[:12]) == ("P", [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
    for number, pixels in enumerate(written(tmp_path / "masks")):  # the model moves all by a pixel a frame
        expected = np.roll(np.asarray(Image.open(first)), number, axis=1)
        assert np.array_equal(pixels, expected)
    assert [track["number"] for track in json.loads((tmp_path / "t.json").read_text())["tracks"]] == [1, 3]


def test_frames_without_objects_are_empty_masks(images: Path, tmp_path: Path) -> None:
    first = indexed(tmp_path / "first.png", {1: (slice(4, 9), slice(3, 9))})
    code, said = run(images, "--mask", f"{first}@3", "--first", 1, "--out-masks", tmp_path / "masks")
    assert code == 0, said
    assert [file.name for file in sorted((tmp_path / "masks").iterdir())] == [f"{n:05}.png" for n in range(1, FRAMES)]
    assert [bool(pixels.any()) for pixels in written(tmp_path / "masks")] == [False, False, True, True, True]


def test_what_overlaps_is_said_with_its_number(images: Path, tmp_path: Path) -> None:
    block = (slice(4, 9), slice(3, 9))
    masks = [f"{indexed(tmp_path / f'{name}.png', {1: block})}@0" for name in "ab"]
    code, said = run(images, "--mask", masks[0], "--mask", masks[1], "--out-masks", tmp_path / "masks")
    assert code == 0, said
    assert "On 6 of them objects overlap, by 180 px in all; there the higher number is shown." in said
    assert set(np.unique(written(tmp_path / "masks")[0])) == {0, 2}


def test_an_image_without_a_palette_is_one_object(images: Path, tmp_path: Path) -> None:
    pixels = np.zeros(SIZE, np.uint8)
    pixels[5:9, 5:9], pixels[6, 6] = 255, 100
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    code, said = run(images, "--mask", f"{tmp_path / 'grey.png'}@0", "--out-masks", tmp_path / "masks")
    assert code == 0, said
    assert set(np.unique(written(tmp_path / "masks")[0])) == {0, 1}


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [([0, 0], [1, 2]), ([3, 0, 1], [3, 2, 1]), ([1, 1, 2], [1, 3, 2]), ([0, 1], [2, 1])],
)
def test_objects_keep_the_numbers_of_their_files_where_these_are_free(wanted: list[int], numbers: list[int]) -> None:
    assert numbers_of([TypedPrompt(Box(0, 0, 1, 1), 0, number) for number in wanted]) == numbers


def test_what_can_not_be_written_is_refused_before_anything_is_computed(images: Path, tmp_path: Path) -> None:
    first = indexed(tmp_path / "first.png", {1: (slice(4, 9), slice(3, 9))})
    large = indexed(tmp_path / "large.png", {1: (slice(4, 9), slice(3, 9))}, (100, 200))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/old.png").touch()
    masks = tmp_path / "masks"
    for arguments, sentence in (
        (["--mask", f"{first}@0"], "give --out FILE.json, --out-masks FOLDER, or both"),
        (["--box", "1,2,9,9@0", "--out-masks", masks], "holds masks; a box was given"),
        (["--mask", f"{first}@0", "--out-masks", tmp_path / "full"], "this one holds 1 already"),
        (["--mask", f"{first}@0", "--out-masks", tmp_path / "no/masks"], "folder that exists around it"),
        (["--mask", f"{large}@0", "--out-masks", masks], "61 x 41 px; the one for frame 0 is 200 x 100 px"),
    ):
        code, said = run(images, *arguments)
        assert (code, sentence in said) == (1, True), said
    assert not masks.exists()
    assert list((tmp_path / "full").iterdir()) == [tmp_path / "full/old.png"]
