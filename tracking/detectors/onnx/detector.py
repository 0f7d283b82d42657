"""Any detector in ONNX that a JSON file beside it describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.detectors.onnx.description import Description, Output, read
from tracking.layers.candidates import Candidates, Choice, Floats, cells, corners, from_cells
from tracking.layers.canvas_detector import CanvasDetector
from tracking.layers.onnx_graph import Graph
from tracking.types import TrackingError
from tracking.weights import WeightsError


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
    """The detector of ``weights``, a path whose name with ``.json`` in place of ``.onnx`` is its description.

    Raises:
        WeightsError: either can't be read, or they don't fit each other. TrackingError: for a setting without meaning.
    """
    if precision not in ("auto", "float32"):
        raise TrackingError(f"An ONNX file says how precisely it computes; precision {precision!r} came. Leave it out.")
    path = Path(weights)
    told = read(path.with_suffix(".json"))
    graph = Graph(path, device=device, channels_last=told.input.layout == "NHWC")
    size = _size(told, graph, image_size)
    names = told.classes or graph.names
    if not names:
        raise WeightsError(f'{path.name} names no classes itself: write "classes": ["first", …] into its description.')
    named = {name for name in (told.output.boxes, told.output.scores, told.output.labels) if name}
    if unknown := named - set(graph.outputs):
        raise WeightsError(
            f"{path.name} has the outputs {', '.join(graph.outputs)}; {', '.join(sorted(unknown))} came."
        )
    looking = _Looking(graph, told, len(names), confidence)
    choice = Choice(names, confidence, overlap, classes)
    fit, fill = told.input.fit, told.input.fill
    return CanvasDetector(looking, choice, canvas=lambda height, width: size, fit=fit, fill=fill)


def _size(told: Description, graph: Graph, image_size: int) -> tuple[int, int]:
    wanted = (image_size, image_size) if image_size else told.input.size or (graph.height or 0, graph.width or 0)
    fixed = (graph.height or wanted[0], graph.width or wanted[1])
    if wanted != fixed:
        raise TrackingError(
            f"{graph.file} takes pictures of {fixed[1]} x {fixed[0]} px only; {wanted[1]} x {wanted[0]} came."
        )
    if 0 in wanted:
        raise WeightsError(
            f'{graph.file} takes any size of pictures: write "size": [height, width] into its description.'
        )
    return wanted


class _Looking:
    def __init__(self, graph: Graph, told: Description, classes: int, least: float) -> None:
        self._graph, self._told, self._classes, self._least = graph, told, classes, least

    def __call__(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        found = self._graph.run(self._given(canvases))
        out = self._told.output
        boxes = found[out.boxes].swapaxes(1, 2) if out.turned and found[out.boxes].ndim == 3 else found[out.boxes]
        if boxes.ndim != 3 or len(boxes) != len(canvases) or boxes.shape[2] < 4:
            raise WeightsError(f"Boxes come as (N, M, 4 …); {self._graph.file} gives {boxes.shape} for {out.boxes}.")
        scores, labels = self._scores(found, boxes)
        boxes = _corners(boxes[..., :4], out, canvases.shape[1], canvases.shape[2])
        sure = scores >= self._least
        return [
            Candidates(boxes[place][sure[place]], scores[place][sure[place]], labels[place][sure[place]])
            for place in range(len(canvases))
        ]

    def _given(self, canvases: NDArray[np.uint8]) -> NDArray[Any]:
        told = self._told.input
        pictures = canvases[..., ::-1] if told.colours == "BGR" else canvases
        given = (pictures.astype(np.float32) * told.scale - np.array(told.mean)) / np.array(told.deviation)
        return np.asarray(given if told.layout == "NHWC" else given.transpose(0, 3, 1, 2), np.float32)

    def _scores(self, found: Mapping[str, NDArray[Any]], boxes: Floats) -> tuple[Floats, NDArray[np.intp]]:
        """(N, M) each: how sure, and of which class."""
        out, first = self._told.output, 5 if self._told.output.objectness else 4
        told = found[out.scores] if out.scores else boxes[..., first:]
        expected = boxes.shape[:2] if out.labels else (*boxes.shape[:2], self._classes)
        if told.shape != expected:
            raise WeightsError(
                f"Scores come as {expected} for {self._classes} classes; {self._graph.file} gives {told.shape}."
            )
        scores = _sigmoid(told) if out.logits else told
        if out.objectness:
            objects = boxes[..., 4:5] if not out.labels else boxes[..., 4]
            scores = scores * (_sigmoid(objects) if out.logits else objects)
        if not out.labels:
            labels = scores.argmax(2)
            return np.clip(np.take_along_axis(scores, labels[..., None], 2)[..., 0], 0, 1).astype(np.float32), labels
        labels = found[out.labels].astype(np.intp)
        if labels.shape != expected:
            raise WeightsError(f"Labels come as {expected}; {self._graph.file} gives {labels.shape}.")
        known = (labels >= 0) & (labels < self._classes)
        return np.clip(np.where(known, scores, -1), -1, 1).astype(np.float32), np.where(known, labels, 0)


def _corners(boxes: Floats, out: Output, height: int, width: int) -> Floats:
    if out.strides:
        grid = cells(height, width, out.strides)
        if len(grid) != boxes.shape[1]:
            raise WeightsError(f"With these strides there are {len(grid)} boxes; the graph gives {boxes.shape[1]}.")
        boxes = from_cells(boxes, grid)
    if out.unit == "share":
        boxes = boxes * np.array([width, height] * 2, np.float32)
    if out.form == "xyxy":
        return boxes.astype(np.float32)
    if out.form == "xywh":
        return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], -1).astype(np.float32)
    return np.stack([corners(each) for each in boxes])


def _sigmoid(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -50, 50))), np.float32)
