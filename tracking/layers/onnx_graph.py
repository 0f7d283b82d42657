"""ONNX graphs of others, run by onnxruntime."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tracking.types import TrackingError
from tracking.weights import WeightsError

KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class Graph:
    """A graph that takes one batch of pictures.

    ``height``, ``width``: of its pictures, None where it takes any. ``batch``: how many it takes, None: any number.

    Raises:
        WeightsError: it can't be read, or takes something else. TrackingError: it can't be run on that device.
    """

    def __init__(self, path: Path, *, device: str = "auto", channels_last: bool = False) -> None:
        self.file = path.name
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=_providers(device))
        except TrackingError:
            raise
        except Exception as error:  # onnxruntime's own exceptions share no public base
            reason = str(error).strip().split("\n")[0]
            raise WeightsError(
                f"Weights must be a readable ONNX graph; {path.name} isn't ({reason}). Get or export it again."
            ) from error
        self._input = self._pictures_input()
        shape = [side if isinstance(side, int) else None for side in self._input.shape]
        if len(shape) != 4 or shape[3 if channels_last else 1] not in (3, None):
            raise WeightsError(
                f"A detector's graph takes RGB pictures, as (N, 3, H, W) or (N, H, W, 3); the input {self._input.name} "
                f"of {path.name} is {self._input.shape}. Check its layout."
            )
        self.batch = shape[0]
        self.height, self.width = shape[1:3] if channels_last else shape[2:4]

    def _pictures_input(self) -> Any:
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in KINDS:
            told = ", ".join(f"{each.name}: {each.type}" for each in inputs)
            raise WeightsError(
                f"A detector's graph takes one batch of pictures, float32, float16 or uint8; {self.file} takes: {told}."
            )
        return inputs[0]

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(each.name for each in self._session.get_outputs())

    @property
    def names(self) -> tuple[str, ...]:
        """Class names as exporters note them in the graph (``names``: a list, or a dictionary by index); none: ()."""
        noted: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        try:
            names = ast.literal_eval(noted.get("names", "()"))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return ()
        if isinstance(names, dict):
            names = [names.get(index, str(index)) for index in range(len(names))]
        return tuple(map(str, names)) if isinstance(names, (list, tuple)) else ()

    def run(self, batch: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Every output by its name; floating ones as float32.

        Args:
            batch: pictures in the layout of the graph; one after the other where it takes one at a time.
        """
        if self.batch is not None and len(batch) != self.batch:
            if self.batch != 1:
                raise WeightsError(
                    f"{self.file} takes {self.batch} pictures at a time. Export it for one, or for any number."
                )
            parts = [self.run(batch[index : index + 1]) for index in range(len(batch))]
            return {name: np.concatenate([part[name] for part in parts]) for name in self.outputs}
        given = np.ascontiguousarray(batch, KINDS[self._input.type])
        try:
            found = self._session.run(None, {self._input.name: given})
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            raise TrackingError(f"{self.file} can't look at pictures of {given.shape} ({reason}).") from error
        return {
            name: value.astype(np.float32, copy=False) if np.issubdtype(value.dtype, np.floating) else value
            for name, value in zip(self.outputs, map(np.asarray, found), strict=True)
        }


def _providers(device: str) -> list[str]:
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cpu" or (device == "auto" and not has_cuda):
        return ["CPUExecutionProvider"]
    if device not in ("auto", "cuda"):
        raise TrackingError(f"A device is auto, cpu or cuda; {device!r} came. Choose one of them.")
    if not has_cuda:
        raise TrackingError(
            "The installed onnxruntime can't use a GPU. Install onnxruntime-gpu in its place, or choose the device cpu."
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]
