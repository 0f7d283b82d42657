"""The two ONNX graphs of NanoTrack v2, run by onnxruntime.

Both graphs are fixed to one picture; the backbone's declares a search picture of 255 px, but being convolutional it
encodes a template of 127 px as well. onnxruntime holds graphs to what they declare, OpenCV doesn't: templates, one per
prompt, go through OpenCV.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tracking.weights import WeightsError, weights_path

BACKBONE = "nanotrack_backbone_sim.onnx"
HEAD = "nanotrack_head_sim.onnx"
SOURCE = "https://github.com/HonglinChu/SiamTrackers/tree/master/NanoTrack/models/nanotrackv2"

TEMPLATE_PX = 127
SEARCH_PX = 255
STRIDE = 16
GRID = 16

Float = NDArray[np.float32]


class Network(Protocol):
    """What the tracker asks of NanoTrack's networks."""

    def encode_template(self, crop: NDArray[np.uint8]) -> Float:
        """RGB picture (TEMPLATE_PX, TEMPLATE_PX, 3) -> features (1, 48, 8, 8)."""
        ...

    def compare(self, template: Float, crop: NDArray[np.uint8]) -> tuple[Float, Float]:
        """Look for a template in an RGB picture (SEARCH_PX, SEARCH_PX, 3).

        Returns: logits (2, GRID, GRID), class 1 is the object; distances (4, GRID, GRID) in px of the picture from a
        cell's point to the left, top, right and bottom edge of the box.
        """
        ...


class OnnxNetwork:
    """NanoTrack v2 as its authors publish it."""

    def __init__(self, backbone: Path, head: Path) -> None:
        self._template = _opencv(backbone)
        self._encoding = threading.Lock()
        self._backbone = _session(backbone)
        self._head = _session(head)

    def encode_template(self, crop: NDArray[np.uint8]) -> Float:
        with self._encoding:  # runs share it, and OpenCV's network keeps its input
            self._template.setInput(_blob(crop))
            return np.asarray(self._template.forward(), np.float32).copy()

    def compare(self, template: Float, crop: NDArray[np.uint8]) -> tuple[Float, Float]:
        (search,) = self._backbone.run(None, {"input": _blob(crop)})
        logits, distances = self._head.run(None, {"input1": template, "input2": search})
        return np.asarray(logits[0], np.float32), np.asarray(distances[0], np.float32)


class ColourNetwork:
    """A stand-in without weights: says of each cell how near its colour is to the template's. Its boxes are fixed."""

    def encode_template(self, crop: NDArray[np.uint8]) -> Float:
        middle = crop[TEMPLATE_PX // 4 : -TEMPLATE_PX // 4, TEMPLATE_PX // 4 : -TEMPLATE_PX // 4]
        return np.asarray(middle.mean((0, 1)), np.float32)

    def compare(self, template: Float, crop: NDArray[np.uint8]) -> tuple[Float, Float]:
        cells = np.asarray(cv2.resize(crop, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
        nearness = 1 - np.abs(cells - template).mean(2) / 128
        distances = np.full((4, GRID, GRID), TEMPLATE_PX / 4, np.float32)
        return np.stack([-nearness, nearness]), distances


def official() -> OnnxNetwork:
    """The networks from the weights folder. Raises WeightsError when a file isn't there or can't be read."""
    paths = [weights_path(file, model="NanoTrack v2", licence="Apache-2.0", source=SOURCE) for file in (BACKBONE, HEAD)]
    return OnnxNetwork(*paths)


def _blob(crop: NDArray[np.uint8]) -> Float:
    """(H, W, 3) RGB -> (1, 3, H, W) BGR in [0, 255], as the network was trained."""
    return np.ascontiguousarray(crop[:, :, ::-1].transpose(2, 0, 1)[None], np.float32)


def _session(path: Path) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no public base
        raise _unreadable(path, error) from error


def _opencv(path: Path) -> cv2.dnn.Net:
    try:
        return cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> WeightsError:
    reason = str(error).strip().split("\n")[0]
    return WeightsError(f"Weights must be a readable ONNX graph; {path.name} isn't ({reason}). Get it again: {SOURCE}")
