"""What detections look like, by a network for finding people (or other things) again that the person brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tracking.detection import Detection
from tracking.types import Box, Frame, TrackingError

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
BATCH = 32
"""Objects that go through the network at once: what bounds the memory."""


class Appearance:
    """A re-identification network as ONNX, such as OSNet (Zhou et al., 2019, https://arxiv.org/abs/1905.00953): one
    input (n, 3, height, width) of RGB in [0, 1], normalised as ImageNet is, and one output (n, d).

    Raises:
        TrackingError: the file can't be read, or isn't such a network.
    """

    def __init__(self, file: Path) -> None:
        try:
            self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has many, without a common ancestor
            raise TrackingError(
                f"Looks are compared by a network as an .onnx file; {file} isn't one: {error}"
            ) from None
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        if len(inputs) != 1 or len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
            came = ", ".join(f"{one.name} {one.shape}" for one in inputs)
            raise TrackingError(f"The network of {file} must take one input (n, 3, height, width); it takes {came}.")
        self._input, self._height, self._width = inputs[0].name, int(shape[2]), int(shape[3])
        self._one_by_one = isinstance(shape[0], int)

    def looks(self, frame: Frame, detections: Sequence[Detection]) -> list[Detection]:
        """The same detections with ``appearance``, but for those of which nothing is on the picture."""
        crops = [self._crop(frame, detection.box) for detection in detections]
        shown = [row for row, crop in enumerate(crops) if crop is not None]
        vectors = self._vectors([crop for crop in crops if crop is not None])
        told = list(detections)
        for row, vector in zip(shown, vectors, strict=True):
            told[row] = replace(detections[row], appearance=vector)
        return told

    def _crop(self, frame: Frame, box: Box) -> NDArray[np.float32] | None:
        """(3, height, width); None: less than a pixel of it is on the picture."""
        if not np.isfinite(box).all():
            return None
        x1, y1, x2, y2 = (round(value) for value in box.clipped(frame.width, frame.height))
        if x2 <= x1 or y2 <= y1:
            return None
        part = cv2.resize(frame.image[y1:y2, x1:x2], (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        normalised = (part.astype(np.float32) / 255 - MEAN) / STD
        return np.asarray(normalised.transpose(2, 0, 1), np.float32)

    def _vectors(self, crops: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """One of unit length for each."""
        vectors: list[NDArray[np.float32]] = []
        size = 1 if self._one_by_one else BATCH
        for start in range(0, len(crops), size):
            (out,) = self._session.run(None, {self._input: np.stack(crops[start : start + size])})[:1]
            flat = np.asarray(out, np.float32).reshape(len(out), -1)
            vectors += list(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12))
        return vectors
