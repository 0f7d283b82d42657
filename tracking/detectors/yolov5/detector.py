"""YOLOv5 as a detector: what its network is given, and what becomes of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tracking.coco import COCO
from tracking.detectors.yolov5.network import FINEST_STRIDE, Form, Yolov5Network, loaded
from tracking.layers.candidates import Candidates, Choice, best_of_rows
from tracking.layers.canvas_detector import CanvasDetector, checked_side
from tracking.layers.csp import folded
from tracking.layers.letterbox import enclosing
from tracking.layers.on_device import NetworkOnDevice
from tracking.warm import held
from tracking.weights import weights_path

SOURCE = "https://github.com/ultralytics/yolov5/releases/tag/v7.0"
LICENCE = "AGPL-3.0"


def create(
    *,
    weights: str,
    confidence: float = 0.25,
    overlap: float = 0.45,
    image_size: int = 0,
    classes: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> CanvasDetector:
    """YOLOv5 with a ``.pt`` file: a path, or its name in the weights folder.

    ``image_size``: of a frame's longer side in px, a multiple of the coarsest stride; 0: 640, or 1280 for the networks
    with four grids.
    """
    path = Path(weights)
    if path.name == weights:
        path = weights_path(weights, model="YOLOv5", licence=LICENCE, source=SOURCE)
    network, names = held(lambda: _read(path), path)
    return _detector(network, Choice(names, confidence, overlap, classes), image_size, device, precision)


def _read(path: Path) -> tuple[Yolov5Network, tuple[str, ...]]:
    network, names = loaded(path)
    folded(network.eval())  # before others may use it, too
    return network, names


class _Looking(NetworkOnDevice):
    def __init__(self, network: Yolov5Network, least: float, *, device: str, precision: str) -> None:
        super().__init__(folded(network.eval()), device=device, precision=precision)
        self._least = least

    def __call__(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        return self.computed(lambda: self._candidates(canvases), torch.OutOfMemoryError, lambda: None)

    def _candidates(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        given = torch.from_numpy(canvases).to(self.compute.device).permute(0, 3, 1, 2)
        rows = self.network(given.to(torch.float32, memory_format=torch.channels_last) / 255)
        return [best_of_rows(each, self._least, objectness=True) for each in rows.cpu().numpy()]


def _detector(network: Yolov5Network, choice: Choice, image_size: int, device: str, precision: str) -> CanvasDetector:
    coarsest = FINEST_STRIDE * 2 ** (network.form.levels - 1)
    longest = checked_side(image_size, coarsest, 640 if network.form.levels == 3 else 1280)
    look = _Looking(network, choice.confidence, device=device, precision=precision)
    canvas = partial(enclosing, longest=longest, multiple=coarsest)
    return CanvasDetector(look, choice, canvas=canvas, fit="centre")


def _size(name: str) -> Callable[..., CanvasDetector]:
    def create_size(*, weights: str = f"yolov5{name}.pt", **settings: object) -> CanvasDetector:
        return create(weights=weights, **settings)  # type: ignore[arg-type]

    return create_size


nano, small, medium, large, extra = map(_size, "nsmlx")
nano6, small6, medium6, large6, extra6 = (_size(f"{name}6") for name in "nsmlx")


def smallest(**settings: object) -> CanvasDetector:
    """The smallest YOLOv5 that there can be, with the same random weights each time, for 64 px; for tests."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Yolov5Network(Form((8, 16, 16, 16, 16), 1, 3, len(COCO)))
        network.anchors += torch.tensor([1.0, 2.0, 4.0])[None, :, None]
    kept = {name: value for name, value in settings.items() if name in ("confidence", "overlap")}
    choice = Choice(COCO, **kept, wanted=settings.get("classes", ()))  # type: ignore[arg-type]
    return _detector(network, choice, 64, "cpu", "float32")
