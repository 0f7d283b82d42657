"""What detections look like, by a network whose answer is the mean of each colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tracking.association.tiny_onnx import mean_colours
from tracking.association.appearance import BATCH, MEAN, STD, Appearance
from tracking.detection import Detection
from tracking.types import Box, Frame, TrackingError

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    file = tmp_path / "colours.onnx"
    file.write_bytes(mean_colours(("n", 3, 8, 4)))
    return file


def picture() -> Frame:
    """Red on the left, blue on the right."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, :40], image[:, 40:] = RED, BLUE
    return Frame(0, image)


def look_of(colour: tuple[int, int, int]) -> np.ndarray:
    normalised = (np.array(colour, np.float32) / 255 - MEAN) / STD
    return np.asarray(normalised / np.linalg.norm(normalised))


def at(x: float, y: float, width: float = 20, height: float = 40) -> Detection:
    return Detection(Box.from_xywh(x, y, width, height), 0.9, "person")


def test_a_look_is_what_the_network_says_of_the_picture_inside_the_box(network: Path) -> None:
    red, blue = Appearance(network).looks(picture(), [at(5, 5), at(50, 10)])
    assert red.appearance is not None and blue.appearance is not None
    np.testing.assert_allclose(red.appearance, look_of(RED), atol=1e-5)
    np.testing.assert_allclose(blue.appearance, look_of(BLUE), atol=1e-5)
    assert (red.box, red.label) == (at(5, 5).box, "person")


def test_what_isnt_on_the_picture_has_no_look(network: Path) -> None:
    outside = [at(-30, 0), at(0, 200), at(5, 5, 0.2, 0.2), Detection(Box(0, 0, np.nan, 5), 0.9)]
    told = Appearance(network).looks(picture(), [*outside, at(-10, -10)])
    assert [one.appearance is None for one in told] == [True, True, True, True, False]


@pytest.mark.parametrize("count", [0, 1, BATCH + 3])
@pytest.mark.parametrize("batch", ["n", 1])
def test_any_number_goes_through_networks_of_any_batch(tmp_path: Path, count: int, batch: str | int) -> None:
    (tmp_path / "net.onnx").write_bytes(mean_colours((batch, 3, 8, 4)))
    told = Appearance(tmp_path / "net.onnx").looks(picture(), [at(number % 20, 5, 15) for number in range(count)])
    assert len(told) == count
    for one in told:
        np.testing.assert_allclose(one.appearance, look_of(RED), atol=1e-5)


def test_what_is_no_such_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(TrackingError, match=r"text.onnx isn't one"):
        Appearance(tmp_path / "text.onnx")
    (tmp_path / "grey.onnx").write_bytes(mean_colours(("n", 1, 8, 4)))
    with pytest.raises(TrackingError, match=r"must take one input \(n, 3, height, width\); it takes .*1, 8, 4"):
        Appearance(tmp_path / "grey.onnx")
