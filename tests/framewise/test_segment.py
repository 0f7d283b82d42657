"""``framewise segment``: clicks on a picture into a mask."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.framewise.test_cli import framewise
from tests.tracking.test_segmenters import picture


@pytest.fixture
def image(tmp_path: Path) -> Path:
    Image.fromarray(picture()).save(tmp_path / "block.png")
    return tmp_path / "block.png"


def test_it_writes_a_mask_of_the_pictures_size(image: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"

    said = framewise("segment", image, "--point", "70,55,+", "--point", "130,100,-", "--out", out)

    assert said.exit_code == 0, said.output
    mask = np.asarray(Image.open(out))
    assert mask.shape == (120, 160)
    assert sorted(np.unique(mask)) == [0, 255]
    assert mask[55, 70] == 255
    assert mask[100, 130] == 0
    assert "% of the picture" in said.output


def test_a_mask_is_corrected_by_clicks(image: Path, tmp_path: Path) -> None:
    old = np.zeros((120, 160), np.uint8)
    old[30:80, 40:100] = 255
    old[90:110, 120:150] = 255
    Image.fromarray(old).save(tmp_path / "old.png")

    framewise("segment", image, "--mask", tmp_path / "old.png", "--point", "135,100,-", "-o", tmp_path / "new.png")

    new = np.asarray(Image.open(tmp_path / "new.png"))
    assert new[100, 135] == 0
    assert new[55, 70] == 255


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--point", "70,55"], r"x,y,\+"),
        (["--point", "70,nan,+"], r"x,y,\+"),
        (["--box", "9,9,1,1"], "x1,y1,x2,y2"),
        (["--point", "500,55,+"], "160 x 120"),
        (["--point", "70,55,-"], "positive click"),
        ([], "positive click"),
        (["--point", "70,55,+", "--model", "nothing"], "framewise-click"),
        (["--point", "70,55,+", "--out", "mask.jpg"], "PNG"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    image: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    out = [] if "--out" in arguments else ["--out", tmp_path / "mask.png"]

    told = framewise("segment", image, *arguments, *out)

    assert told.exit_code == 1
    assert re.search(said, told.output)
    assert not (tmp_path / "mask.png").exists()


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")

    told = framewise("segment", tmp_path / "a.jpg", "--point", "1,1,+", "-o", tmp_path / "mask.png")

    assert told.exit_code == 1
    assert "image file" in told.output
