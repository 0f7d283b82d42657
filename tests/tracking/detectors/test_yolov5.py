"""YOLOv5 from files as its authors' code writes them: pickled modules, which are never imported here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.golden import goldfill
from tests.golden.check import official_keys
from tracking.coco import COCO
from tracking.detectors.yolov5.detector import create, smallest
from tracking.detectors.yolov5.network import Yolov5Network, loaded
from tracking.types import Frame
from tracking.weights import WeightsError


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterable[type[nn.Module]]:
    """A module of the authors' package: it is there while files are written, and mustn't be when they're read."""
    package = ModuleType("models")
    package.common = ModuleType("models.common")  # type: ignore[attr-defined]
    kind = type("Conv", (nn.Module,), {"__module__": "models.common"})
    package.common.Conv = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "models", package)
    monkeypatch.setitem(sys.modules, "models.common", package.common)
    return [kind]


def official(prefix: str = "") -> dict[str, Tensor]:
    """Filled tensors by the keys of the official yolov5n.pt."""
    keys = {key: value for key, value in official_keys("yolov5").items() if key.startswith(prefix)}
    filled = {key: goldfill.fill_(key, shape, dtype) for key, (shape, dtype) in keys.items()}
    return {key: torch.from_numpy(np.asarray(value)) for key, value in filled.items()}


def written(path: Path, kinds: Any, tensors: Mapping[str, Tensor], names: object = None, entry: str = "model") -> Path:
    """``tensors`` pickled in modules that lie in each other as their keys say, in float16."""
    (kind,) = kinds
    root = kind()
    for key, tensor in tensors.items():
        *owners, leaf = key.split(".")
        module = root
        for owner in owners:
            if owner not in module._modules:
                module.add_module(owner, kind())
            module = module._modules[owner]
        value = tensor.half() if tensor.is_floating_point() else tensor
        if leaf in ("weight", "bias"):
            module.register_parameter(leaf, nn.Parameter(value, requires_grad=False))
        else:
            module.register_buffer(leaf, value)
    root.names = list(COCO) if names is None else names
    torch.save({"epoch": -1, "model": None, "ema": None, entry: root}, path)
    for module in ("models", "models.common"):
        del sys.modules[module]
    return path


@pytest.mark.parametrize("entry", ["model", "ema"])
def test_an_official_file_fills_the_network_without_its_authors_code(tmp_path: Path, kinds: Any, entry: str) -> None:
    tensors = official()
    network, names = loaded(written(tmp_path / "n.pt", kinds, tensors, entry=entry))
    assert "models" not in sys.modules
    assert names == COCO
    ours = network.state_dict()
    assert len(ours) == len(tensors)
    for place, key in {
        "stem.conv.weight": "model.0.conv.weight",
        "stages.2.blocks.1.second.norm.running_var": "model.6.m.1.cv2.bn.running_var",
        "merges.1.around.conv.weight": "model.17.cv2.conv.weight",
        "joins.0.joined.norm.bias": "model.20.cv3.bn.bias",
        "pool.joined.conv.weight": "model.9.cv2.conv.weight",
        "laterals.1.conv.weight": "model.14.conv.weight",
        "returns.0.conv.weight": "model.18.conv.weight",
        "heads.2.bias": "model.24.m.2.bias",
        "anchors": "model.24.anchors",
    }.items():
        assert ours[place].dtype == torch.float32
        assert ours[place] == pytest.approx(tensors[key].half().float())


def test_rows_tell_of_boxes_by_cell_and_anchor() -> None:
    """xy = (2 s - 0.5 + cell) stride, wh = (2 s)^2 anchor."""
    network = Yolov5Network(smallest_form())
    network.anchors.copy_(torch.tensor([[1.25, 1.625], [2.0, 3.75], [4.125, 2.875]]).expand(3, 3, 2))
    told = torch.full((1, 3 * 85, 2, 4), -20.0)
    at = told.view(1, 3, 85, 2, 4)[0, 1, :, 1, 2]  # the second anchor of the cell in column 2, row 1
    at[:6] = torch.logit(torch.tensor([0.75, 0.5, 0.5, 0.25, 0.9, 0.8]))

    rows = network._rows(1, told)[0]

    assert rows.shape == (3 * 2 * 4, 85)
    best = rows[rows[:, 4].argmax()]
    assert best[:6].tolist() == pytest.approx([(1.5 - 0.5 + 2) * 16, 1.5 * 16, 2 * 16, 0.25 * 3.75 * 16, 0.9, 0.8])


def smallest_form() -> Any:
    network = smallest()._look.network  # type: ignore[attr-defined]
    return network.form


def test_a_frame_lies_in_the_middle_of_a_canvas_of_whole_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def told(network: Yolov5Network, given: Tensor) -> Tensor:
        seen.append(given)
        return torch.tensor([[[32.0, 16.0, 16.0, 8.0, 1.0, 0.75] + [0.1] * 79]])

    monkeypatch.setattr(Yolov5Network, "forward", told)
    red = np.zeros((12, 32, 3), np.uint8)
    red[..., 0] = 255

    ((found,),) = smallest(confidence=0.5).detect([Frame(0, red)])

    assert seen[0].shape == (1, 3, 32, 64)
    assert seen[0][0, :, 4, 0].tolist() == [1, 0, 0]
    assert seen[0][0, :, 3, 0].tolist() == pytest.approx([114 / 255] * 3)
    assert seen[0][0, :, 28, 0].tolist() == pytest.approx([114 / 255] * 3)
    assert [found.box.x1, found.box.y1, found.box.x2, found.box.y2] == pytest.approx([12, 4, 20, 8])
    assert found.confidence == pytest.approx(0.75)


def test_class_names_may_be_a_dictionary(tmp_path: Path, kinds: Any) -> None:
    names = {index: f"class {index}" for index in range(80)}
    path = written(tmp_path / "n.pt", kinds, official(), names=names)
    assert create(weights=str(path), device="cpu", classes=["class 7"]).classes == tuple(names.values())


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"model.0.conv.weight": torch.zeros(4, 3, 3, 3), "model.22.dfl.conv.weight": torch.zeros(1)}, "anchor-free"),
        ({"model.0.conv.conv.weight": torch.zeros(4, 12, 3, 3)}, "version 5 or earlier"),
        ({"model.0.conv.weight": torch.zeros(4, 3, 6, 6), "model.24.proto.weight": torch.zeros(1)}, "segments"),
        ({"conv1.weight": torch.zeros(1)}, "another network"),
    ],
)
def test_another_network_is_refused_by_its_name(
    tmp_path: Path, kinds: Any, tensors: dict[str, Tensor], said: str
) -> None:
    with pytest.raises(WeightsError, match=f"{said}.*v7.0"):
        loaded(written(tmp_path / "n.pt", kinds, tensors))


def test_missing_parameters_and_names_are_told(tmp_path: Path, kinds: Any) -> None:
    tensors = official()
    with pytest.raises(WeightsError, match="names each of its classes, here 80"):
        loaded(written(tmp_path / "n.pt", kinds, tensors, names=["person"]))
    sys.modules["models"], sys.modules["models.common"] = ModuleType("models"), ModuleType("models.common")
    sys.modules["models.common"].Conv = kinds[0]  # type: ignore[attr-defined]
    del tensors["model.13.cv1.conv.weight"]
    with pytest.raises(WeightsError, match=r"1 missing: merges\.0\.through\.conv\.weight"):
        loaded(written(tmp_path / "m.pt", kinds, tensors))


class Hostile:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def test_a_file_that_asks_for_code_to_be_run_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "was-here"
    torch.save({"model": Hostile(os.mkdir, str(trace))}, tmp_path / "n.pt")
    with pytest.raises(WeightsError, match="Don't use this file"):
        loaded(tmp_path / "n.pt")
    assert not trace.exists()


def test_modules_that_lie_in_themselves_are_refused(tmp_path: Path, kinds: Any) -> None:
    root = kinds[0]()
    root._modules["again"] = root
    torch.save({"model": root}, tmp_path / "n.pt")
    with pytest.raises(WeightsError, match="don't end"):
        loaded(tmp_path / "n.pt")
