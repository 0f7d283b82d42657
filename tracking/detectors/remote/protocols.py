"""What is asked of a model server, and what its answer means. One entry in ``PROTOCOLS`` for each protocol.

Roboflow Inference: https://inference.roboflow.com/ (its OpenAPI: ``/infer/object_detection``).
CVAT's serverless functions: https://docs.cvat.ai/docs/manual/advanced/serverless-tutorial/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tracking.detectors.remote.description import RemoteDescription
from tracking.layers.candidates import MOST

Number = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Asked:
    """One frame, and what of it is wanted. ``picture``: in base64. ``confidence`` and ``overlap`` in [0, 1]."""

    picture: str
    confidence: float
    overlap: float
    classes: Sequence[str]
    key: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as a server tells it: corners in px of the picture that it was sent; it may reach beyond it."""

    label: str
    confidence: float
    corners: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Protocol:
    """``path``: behind the server's address. ``body``: what is posted there, as JSON. ``seen``: from the answer, parsed
    from JSON; raises ValueError where it isn't one of this protocol."""

    path: str
    body: Callable[[RemoteDescription, Asked], dict[str, Any]]
    seen: Callable[[Any], list[Seen]]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Centred(_Answer):
    x: Number
    y: Number
    width: Number
    height: Number
    confidence: Number
    label: str = Field(alias="class")


class _Roboflow(_Answer):
    predictions: list[_Centred]


def _ask_roboflow(told: RemoteDescription, asked: Asked) -> dict[str, Any]:
    return {
        "model_id": told.model,
        "image": {"type": "base64", "value": asked.picture},
        "confidence": asked.confidence,
        "iou_threshold": asked.overlap,
        "max_detections": MOST,
        **({"class_filter": list(asked.classes)} if asked.classes else {}),
        **({"api_key": asked.key} if asked.key else {}),
    }


def _seen_by_roboflow(answer: Any) -> list[Seen]:
    # Asked of one picture it answers with an object, or with a list of one.
    (first,) = answer if isinstance(answer, list) else (answer,)
    found = _Roboflow.model_validate(first).predictions
    return [
        Seen(
            each.label,
            each.confidence,
            (
                each.x - each.width / 2,
                each.y - each.height / 2,
                each.x + each.width / 2,
                each.y + each.height / 2,
            ),
        )
        for each in found
    ]


class _Shape(_Answer):
    """``points``: x, y, x, y, … in px. ``confidence`` comes as a text as often as as a number."""

    label: str
    type: str
    points: list[Number] = Field([], max_length=100_000)
    mask: list[Number] = Field([], max_length=10_000_000)
    confidence: Number | None = None


_SHAPES = TypeAdapter(list[_Shape])


def _seen_by_cvat(answer: Any) -> list[Seen]:
    return [
        Seen(each.label, 1.0 if each.confidence is None else each.confidence, _bounds(each))
        for each in _SHAPES.validate_python(answer)
    ]


def _bounds(shape: _Shape) -> tuple[float, float, float, float]:
    if shape.type == "mask" and len(shape.mask) >= 4:
        # A mask ends with the px that it spans: left, top, right, bottom, each inclusive.
        left, top, right, bottom = shape.mask[-4:]
        return left, top, right + 1, bottom + 1
    if len(shape.points) < 4 or len(shape.points) % 2:
        raise ValueError(f"a {shape.type} has two points or more, x and y each; {len(shape.points)} numbers came")
    across, down = shape.points[::2], shape.points[1::2]
    return min(across), min(down), max(across), max(down)


PROTOCOLS: Mapping[str, Protocol] = {
    "roboflow": Protocol("/infer/object_detection", _ask_roboflow, _seen_by_roboflow),
    "cvat": Protocol("", lambda told, asked: {"image": asked.picture, "threshold": asked.confidence}, _seen_by_cvat),
}
"""By the name that a description has for it."""
