"""What a JSON file beside an ONNX detector says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tracking.layers.canvas_detector import LARGEST_SIDE
from tracking.layers.letterbox import GREY, Fit
from tracking.weights import WeightsError

Three = tuple[float, float, float]
MOST_BYTES = 2**20
TOLD = 5
"""So many mistakes are spelt out."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Input(_Part):
    """Pictures, each channel times ``scale``, minus ``mean``, over ``deviation``. ``size``: height and width in px; it
    may be left out where the graph takes one size only."""

    size: tuple[int, int] | None = None
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    colours: Literal["RGB", "BGR"] = "RGB"
    scale: float = 1 / 255
    mean: Three = (0, 0, 0)
    deviation: Three = (1, 1, 1)
    fit: Fit = "centre"
    fill: int = Field(GREY, ge=0, le=255)

    @model_validator(mode="after")
    def _check(self) -> Input:
        if self.size is not None and not all(0 < side <= LARGEST_SIDE for side in self.size):
            raise ValueError(f"size is a height and a width from 1 to {LARGEST_SIDE}")
        if 0 in self.deviation:
            raise ValueError("deviation has no 0")
        return self


class Output(_Part):
    """``boxes``: the output that holds them, (N, M, 4 + …), or (N, 4 + …, M) where ``turned``. What follows a box in
    its row are scores, after one for objectness where ``objectness``; unless ``scores`` names an output of them, (N, M,
    C), or with ``labels`` (N, M), whose classes are then in the output ``labels``, (N, M)."""

    boxes: str
    scores: str = ""
    labels: str = ""
    form: Literal["cxcywh", "xywh", "xyxy"] = "cxcywh"
    unit: Literal["px", "share"] = "px"
    turned: bool = False
    objectness: bool = False
    logits: bool = False
    strides: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Output:
        if self.labels and not self.scores:
            raise ValueError("labels need an output for scores")
        if self.strides and (self.form != "cxcywh" or self.unit != "px" or min(self.strides) < 1):
            raise ValueError("with strides, which are 1 or more, boxes are cxcywh in px")
        return self


class Description(_Part):
    classes: tuple[str, ...] = ()
    input: Input = Input()
    output: Output


def read(path: Path) -> Description:
    """Raises WeightsError naming what is wrong and where."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"A description has {MOST_BYTES} bytes at most; {path.name} has more.")
        return Description.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(
            f"A detector in ONNX is described by a JSON file beside it; {path.name} can't be read ({error}). See "
            "tracking/detectors/onnx/README.md."
        ) from error
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors()[:TOLD]]
        raise WeightsError(f"{path.name} doesn't describe a detector. {'; '.join(wrong)}.") from error
