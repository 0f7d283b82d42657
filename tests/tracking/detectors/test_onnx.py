"""Any ONNX detector that a JSON file beside it describes. Graphs are written here byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracking import catalog
from tracking.detection import Detection
from tracking.types import Frame, TrackingError

RED = Frame(0, np.full((20, 40, 3), (200, 0, 0), np.uint8))
ROWS = np.array(
    [[[32, 32, 16, 8, 0.5, 0.1, 0.9], [10, 32, 8, 8, 0.9, 0.8, 0.1], [32, 32, 8, 8, 0.1, 1, 0]]], np.float32
)


def _field(number: int, value: bytes | str | int) -> bytes:
    """One field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _value(name: str, shape: tuple[int, ...], kind: int = 1) -> bytes:
    dims = b"".join(_field(1, _field(1, side)) for side in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, dims)))


def graph(path: Path, outputs: dict[str, np.ndarray], size: int = 64) -> Path:
    """A graph that answers every picture (1, 3, size, size) with ``outputs``."""
    body = _field(2, "graph")
    for name, array in outputs.items():
        kind = 7 if array.dtype == np.int64 else 1
        body += _field(1, _field(1, f"{name}0") + _field(2, name) + _field(4, "Identity"))
        dims = b"".join(_field(1, side) for side in array.shape)
        body += _field(5, dims + _field(2, kind) + _field(8, f"{name}0") + _field(9, array.tobytes()))
    body += _field(11, _value("images", (1, 3, size, size)))
    for name, array in outputs.items():
        body += _field(12, _value(name, array.shape, 7 if array.dtype == np.int64 else 1))
    path.write_bytes(_field(1, 8) + _field(7, body) + _field(8, _field(1, "") + _field(2, 17)))
    return path


def found(path: Path, outputs: dict[str, np.ndarray], **told: Any) -> list[Detection]:
    description = {"classes": ["cup", "spoon"], **told}
    graph(path / "mine.onnx", outputs).with_suffix(".json").write_text(json.dumps(description))
    (detections,) = catalog.open_detector(str(path / "mine.onnx"), confidence=0.3).detect([RED])
    return detections


def edges(one: Detection) -> list[float]:
    return [one.box.x1, one.box.y1, one.box.x2, one.box.y2]


def test_rows_with_objectness_in_the_middle_of_a_canvas(tmp_path: Path) -> None:
    first, second = found(tmp_path, {"rows": ROWS}, output={"boxes": "rows", "objectness": True})
    assert (first.label, second.label) == ("cup", "spoon")
    assert first.confidence == pytest.approx(0.72)
    # A px of the frame is 1.6 px of the canvas, 16 px of which are free above.
    assert edges(second) == pytest.approx([24 / 1.6, 12 / 1.6, 40 / 1.6, 20 / 1.6])


def test_boxes_scores_and_labels_apart_as_shares_of_a_stretched_picture(tmp_path: Path) -> None:
    outputs = {
        "boxes": np.array([[[0.25, 0.5, 0.75, 1.0], [0, 0, 1, 1]]], np.float32),
        "scores": np.array([[2.0, -3.0]], np.float32),
        "labels": np.array([[1, 0]], np.int64),
    }
    output = {"boxes": "boxes", "scores": "scores", "labels": "labels", "form": "xyxy", "unit": "share", "logits": True}
    (one,) = found(tmp_path, outputs, input={"fit": "stretch"}, output=output)
    assert (one.label, one.confidence) == ("spoon", pytest.approx(1 / (1 + np.exp(-2))))
    assert edges(one) == pytest.approx([10, 10, 30, 20])


def test_turned_rows_without_objectness_in_the_corner(tmp_path: Path) -> None:
    turned = np.ascontiguousarray(ROWS[..., [0, 1, 2, 3, 5, 6]].swapaxes(1, 2))
    turned[:, 1] = 8
    output = {"boxes": "rows", "turned": True, "form": "xywh"}
    seen = found(tmp_path, {"rows": turned}, input={"fit": "corner"}, output=output)
    assert [one.label for one in seen] == ["cup", "spoon", "cup"]
    assert edges(seen[0]) == pytest.approx([20, 5, 25, 10])


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"output": {}}, "output.boxes: Field required"),
        ({"output": {"boxes": "rows"}, "input": {"colors": "RGB"}}, "input.colors"),
        ({"output": {"boxes": "bxs"}}, "outputs rows; bxs came"),
        ({"output": {"boxes": "rows"}, "input": {"size": [32, 32]}}, "64 x 64 px only"),
        ({"output": {"boxes": "rows"}, "classes": []}, "names no classes"),
        ({"output": {"boxes": "rows"}, "classes": ["a"]}, "for 1 classes"),
        ({"output": {"boxes": "rows", "objectness": True, "strides": [8]}}, "64 boxes; the graph gives 3"),
    ],
)
def test_a_description_that_does_not_fit_is_told_in_words(tmp_path: Path, told: dict[str, Any], said: str) -> None:
    with pytest.raises(TrackingError, match=said):
        found(tmp_path, {"rows": ROWS}, **told)


def test_a_graph_without_description_says_what_it_needs(tmp_path: Path) -> None:
    graph(tmp_path / "mine.onnx", {"rows": ROWS})
    with pytest.raises(TrackingError, match=r"JSON file beside it; mine\.json"):
        catalog.open_detector(str(tmp_path / "mine.onnx"))
