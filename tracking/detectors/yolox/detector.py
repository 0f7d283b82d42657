"""YOLOX as a detector: what its network is given, and what becomes of its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tracking.coco import COCO
from tracking.detectors.yolox.network import STRIDES, YoloxNetwork, loaded
from tracking.layers.candidates import Candidates, Choice, Floats, best_of_rows, cells, from_cells
from tracking.layers.canvas_detector import CanvasDetector, checked_side
from tracking.layers.csp import folded
from tracking.layers.on_device import NetworkOnDevice
from tracking.layers.onnx_graph import Graph
from tracking.types import TrackingError
from tracking.warm import held
from tracking.weights import WeightsError, weights_path

SOURCE = "https://github.com/Megvii-BaseDetection/YOLOX"
LARGEST_STRIDE = 32
TINY_WIDTH = 24
"""Networks whose stem has no more channels look at 416 px, larger ones at 640 px."""
Rows = Callable[[NDArray[np.uint8]], Floats]
"""Canvases (N, H, W, 3), BGR -> rows (N, cells, 5 + classes) as the network tells them."""


def create(
    *,
    weights: str,
    side: int = 0,
    confidence: float = 0.25,
    overlap: float = 0.45,
    image_size: int = 0,
    classes: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> CanvasDetector:
    """YOLOX with an official file, ``.onnx`` or ``.pth``: a path, or its name in the weights folder.

    ``side``: of the square canvas unless ``image_size`` says another one, which a ``.pth`` alone can take; 0: the
    authors' for the size of the network.
    """
    path = Path(weights)
    if path.name == weights:
        path = weights_path(weights, model="YOLOX", licence="Apache-2.0", source=SOURCE)
    if path.suffix == ".onnx":
        if precision not in ("auto", "float32"):
            raise TrackingError(
                f"An ONNX file says how precisely it computes; precision {precision!r} came. Leave it out."
            )
        return _of_graph(path, confidence, overlap, image_size, classes, device)
    network = held(lambda: _read(path), path)
    side = side or (416 if network.width <= TINY_WIDTH else 640)
    choice = Choice(_names(path, network.classes), confidence, overlap, classes)
    return _of_network(network, choice, checked_side(image_size, LARGEST_STRIDE, side), device, precision)


def _read(path: Path) -> YoloxNetwork:
    network = loaded(path)
    folded(network.eval())  # before others may use it, too
    return network


def _of_graph(
    path: Path, confidence: float, overlap: float, image_size: int, classes: Sequence[str], device: str
) -> CanvasDetector:
    graph = held(lambda: Graph(path, device=device), path, device)
    if graph.height is None or graph.width is None:
        raise WeightsError(
            f"An official YOLOX graph takes pictures of one size; {path.name} takes any. Describe it by JSON."
        )
    if image_size not in (0, graph.height, graph.width):
        raise TrackingError(
            f"{path.name} takes pictures of {graph.width} x {graph.height} px only; image_size {image_size} came. "
            "Leave it at 0, or take the .pth file."
        )
    size = graph.height, graph.width
    rows = partial(_graph_rows, graph)
    count = rows(np.zeros((1, *size, 3), np.uint8)).shape[2] - 5
    choice = Choice(graph.names or _names(path, count), confidence, overlap, classes)
    return _detector(rows, choice, size)


def _graph_rows(graph: Graph, canvases: NDArray[np.uint8]) -> Floats:
    (rows,) = list(graph.run(canvases.transpose(0, 3, 1, 2).astype(np.float32)).values())[:1]
    expected = len(cells(canvases.shape[1], canvases.shape[2], STRIDES))
    if rows.ndim != 3 or rows.shape[1] != expected or rows.shape[2] < 6:
        raise WeightsError(
            f"YOLOX tells of {expected} cells, (1, {expected}, 5 + classes); {graph.file} gives {rows.shape}. If it is "
            "another detector, describe it by JSON."
        )
    return rows


def _of_network(network: YoloxNetwork, choice: Choice, side: int, device: str, precision: str) -> CanvasDetector:
    return _detector(_TorchRows(network, device=device, precision=precision), choice, (side, side))


class _TorchRows(NetworkOnDevice):
    def __init__(self, network: YoloxNetwork, *, device: str, precision: str) -> None:
        super().__init__(folded(network.eval()), device=device, precision=precision)

    def __call__(self, canvases: NDArray[np.uint8]) -> Floats:
        return self.computed(lambda: self._rows(canvases), torch.OutOfMemoryError, lambda: None)

    def _rows(self, canvases: NDArray[np.uint8]) -> Floats:
        given = torch.from_numpy(np.ascontiguousarray(canvases)).to(self.compute.device).permute(0, 3, 1, 2)
        rows = self.network(given.to(torch.float32, memory_format=torch.channels_last))
        return np.asarray(rows.float().cpu().numpy(), np.float32)


def _detector(rows: Rows, choice: Choice, size: tuple[int, int]) -> CanvasDetector:
    grid = cells(*size, STRIDES)

    def look(canvases: NDArray[np.uint8]) -> list[Candidates]:
        told = rows(canvases[..., ::-1])
        return [_candidates(each, grid, choice.confidence) for each in told]

    return CanvasDetector(look, choice, canvas=lambda height, width: size, fit="corner")


def _candidates(rows: Floats, grid: Floats, least: float) -> Candidates:
    possible = rows[:, 4] >= least  # a score is this times something up to 1
    return best_of_rows(from_cells(rows[possible], grid[possible]), least, objectness=True)


def _names(path: Path, count: int) -> tuple[str, ...]:
    """Names of classes, which YOLOX's files don't hold: of a JSON file beside them, else COCO's 80."""
    beside = path.with_suffix(".json")
    if beside.is_file():
        try:
            names = json.loads(beside.read_text("utf-8"))["classes"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WeightsError(f'Class names are written {{"classes": ["first", …]}}; {beside.name} isn\'t.') from error
        if isinstance(names, list) and len(names) == count and all(isinstance(name, str) for name in names):
            return tuple(names)
        raise WeightsError(f"{path.name} knows {count} classes; {beside.name} must name as many, each by a text.")
    if count != len(COCO):
        raise WeightsError(
            f"{path.name} knows {count} classes, not COCO's {len(COCO)}, and YOLOX's files don't name them. Write "
            f'{{"classes": ["first", …]}} into {beside.name} beside it.'
        )
    return COCO


def _size(name: str, side: int) -> Callable[..., CanvasDetector]:
    def create_size(*, weights: str = f"yolox_{name}.onnx", **settings: object) -> CanvasDetector:
        return create(weights=weights, side=side, **settings)  # type: ignore[arg-type]

    return create_size


nano, tiny, small, medium = _size("nano", 416), _size("tiny", 416), _size("s", 640), _size("m", 640)
large, extra, darknet = _size("l", 640), _size("x", 640), _size("darknet", 640)


def smallest(**settings: object) -> CanvasDetector:
    """The smallest YOLOX that there can be, with the same random weights each time, for 64 x 64 px; for tests."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = YoloxNetwork(width=8, depth=1, classes=len(COCO), separable=True)
    kept = {name: value for name, value in settings.items() if name in ("confidence", "overlap")}
    choice = Choice(COCO, **kept, wanted=settings.get("classes", ()))  # type: ignore[arg-type]
    return _of_network(network, choice, 64, "cpu", "float32")
