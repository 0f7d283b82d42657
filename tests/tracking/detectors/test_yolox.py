"""YOLOX computes what its authors' code computes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.golden import goldfill
from tests.golden.check import RELATIVE_ERROR, Golden
from tracking.detectors.yolox.detector import create, smallest
from tracking.detectors.yolox.network import STRIDES, YoloxNetwork, build
from tracking.layers.candidates import cells, from_cells
from tracking.layers.csp import folded
from tracking.types import Frame
from tracking.weights import WeightsError

CANVAS = goldfill.texture_u8("input.canvas", 64, 96)
each = pytest.mark.parametrize("size", ["nano", "tiny"])


def of(size: str) -> Golden:
    golden = Golden("yolox", f"golden_{size}.npz", f"keys_{size}.json")
    assert goldfill.crc(CANVAS) == golden.arrays["canvas_crc"]
    return golden


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@each
@torch.inference_mode()
def test_rows_and_boxes_are_the_authors(size: str) -> None:
    golden = of(size)
    network = build(golden.tensors(), "filled")
    picture = torch.from_numpy(np.ascontiguousarray(CANVAS[..., ::-1].transpose(2, 0, 1)[None])).float()
    rows = network(picture)
    golden.assert_close("rows", rows)
    golden.assert_close("rows", folded(network)(picture))
    golden.assert_close("boxes", from_cells(rows.numpy(), cells(64, 96, STRIDES))[..., :4])


def filled(tmp_path: Path, classes: int = 80) -> Path:
    tensors = of("nano").tensors()
    for key in [key for key in tensors if "cls_preds" in key]:
        tensors[key] = tensors[key][:classes]
    torch.save({"start_epoch": 300, "model": tensors, "optimizer": {}}, tmp_path / "mine.pth")
    return tmp_path / "mine.pth"


def test_a_frame_lies_in_the_corner_and_its_channels_are_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the authors' ``preproc`` puts it: 114 beside and below, blue first, values as they are."""
    seen: list[torch.Tensor] = []

    def told(network: YoloxNetwork, given: torch.Tensor) -> torch.Tensor:
        seen.append(given)
        rows = torch.zeros(1, 84, 85)
        rows[0, 9] = torch.tensor([0.5, 0.25, math.log(3), math.log(2), 1.0] + [0.9] + [0.1] * 79)
        return rows

    monkeypatch.setattr(YoloxNetwork, "forward", told)
    red = np.zeros((20, 40, 3), np.uint8)
    red[..., 0] = 200

    ((found,),) = smallest().detect([Frame(0, red)])

    assert seen[0].shape == (1, 3, 64, 64)
    assert seen[0][0, :, 10, 10].tolist() == [0, 0, 200]
    assert seen[0][0, :, 31, 63].tolist() == [0, 0, 200]
    assert seen[0][0, :, 32, 0].tolist() == [114, 114, 114]
    # Cell 9 is the second of the second row of the grid with cells of 8 px; a px of the frame is 1.6 px of the canvas.
    assert found.label == "person"
    assert found.confidence == pytest.approx(0.9)
    assert list(found.box.centre) == pytest.approx([1.5 * 8 / 1.6, 1.25 * 8 / 1.6])
    assert [found.box.width, found.box.height] == pytest.approx([3 * 8 / 1.6, 2 * 8 / 1.6])


def test_classes_that_are_not_cocos_are_named_beside_the_file(tmp_path: Path) -> None:
    path = filled(tmp_path, classes=2)
    with pytest.raises(WeightsError, match=r"2 classes.*mine\.json"):
        create(weights=str(path), device="cpu")
    path.with_suffix(".json").write_text(json.dumps({"classes": ["cup", "spoon", "fork"]}))
    with pytest.raises(WeightsError, match="knows 2 classes"):
        create(weights=str(path), device="cpu")
    path.with_suffix(".json").write_text(json.dumps({"classes": ["cup", "spoon"]}))
    assert create(weights=str(path), device="cpu").classes == ("cup", "spoon")


def test_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"model": {"backbone.backbone.stem.0.conv.weight": torch.zeros(1)}}, tmp_path / "darknet.pth")
    with pytest.raises(WeightsError, match=r"yolox_darknet\.onnx"):
        create(weights=str(tmp_path / "darknet.pth"))


@each
def test_a_missing_or_doubled_key_is_named(size: str) -> None:
    tensors = of(size).tensors()
    del tensors["head.stems.1.conv.weight"]
    with pytest.raises(WeightsError, match=r"1 missing: heads\.1\.stem"):
        build(tensors, "filled")


def test_the_golden_is_not_of_a_network_that_says_nothing() -> None:
    for size in ("nano", "tiny"):
        assert of(size).arrays["rows"].std(axis=(0, 1)).min() > RELATIVE_ERROR
