"""What a Framewise JSON may say. Shapes are decoded by the thousand, and so by structs; the rest by models, whose
messages say more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from annotator.formats.bounds import MOST_ATTRIBUTES, MOST_LABELS
from annotator.ontology import AttributeKind
from tracking.shapes.skeletons import Skeleton

HIGHEST_FRAME = 2**31
MOST_CLICKS = 200
"""That a mask was clicked with."""
Frame = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_FRAME)]
Confidence = Annotated[float, msgspec.Meta(ge=0, le=1)]
Side = Annotated[int, msgspec.Meta(ge=1, le=65_536)]
Corner = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
Run = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Point = tuple[float, float]
SeenPoint = tuple[float, float, Literal[0, 1, 2]]


class BoxIn(msgspec.Struct, forbid_unknown_fields=True):
    """A shape that is a box, as nearly all of them are."""

    frame: Frame
    box: tuple[float, float, float, float]
    confidence: Confidence = 1.0
    keyframe: bool = True
    outside: bool = False
    occluded: bool = False
    doubtful: bool = False


class MaskIn(msgspec.Struct, forbid_unknown_fields=True):
    left: Corner
    top: Corner
    width: Side
    height: Side
    counts: list[Run]


class ClickedIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a mask was clicked with: x, y and whether on the object; `alone`: it came of that alone."""

    clicks: Annotated[list[tuple[float, float, bool]], msgspec.Meta(max_length=MOST_CLICKS)] = []
    box: tuple[float, float, float, float] | None = None
    alone: bool = False


class ShapeIn(msgspec.Struct, forbid_unknown_fields=True):
    """A shape of any kind."""

    frame: Frame
    box: tuple[float, float, float, float] | None = None
    rotated_box: tuple[float, float, float, float, float] | None = None
    polygon: list[Point] | None = None
    polyline: list[Point] | None = None
    points: list[SeenPoint] | None = None
    skeleton: list[SeenPoint] | None = None
    mask: MaskIn | None = None
    clicked: ClickedIn | None = None
    tag: bool | None = None
    confidence: Confidence = 1.0
    keyframe: bool = True
    outside: bool = False
    occluded: bool = False
    doubtful: bool = False


def _at_most(most: int) -> Callable[[object], object]:
    """A list of no more than that is looked at; pydantic itself counts only what it could take."""

    def check(value: object) -> object:
        if isinstance(value, list) and len(value) > most:
            raise PydanticCustomError("too_many", f"{most:,} of them may be there; {len(value):,} came")
        return value

    return check


MOST_JUDGED = 100_000
"""Spans of one track with a verdict."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class JudgedIn(_Part):
    """A verdict on a span of a track's frames."""

    first: int = Field(ge=0, le=2**31)
    last: int = Field(ge=0, le=2**31)
    verdict: Literal["accepted", "rejected", "check"]
    reason: str = Field("", max_length=500)
    by: str = ""
    at: str = ""


def _apart(spans: list[JudgedIn]) -> list[JudgedIn]:
    if any(span.first > span.last for span in spans) or any(one.last >= other.first for one, other in pairwise(spans)):
        raise PydanticCustomError("apart", "spans rise and don't overlap; these don't")
    return spans


class TrackIn(_Part):
    """A track but for its shapes."""

    number: int = Field(ge=1, le=2**31)
    label: str
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    source: str = "person"
    verdict: Literal["", "accepted", "rejected"] = ""
    verdicts: Annotated[list[JudgedIn], BeforeValidator(_at_most(MOST_JUDGED)), AfterValidator(_apart)] = []
    attributes: dict[str, Any] = {}
    frame_attributes: dict[str, list[tuple[int, Any]]] = {}
    candidate: bool = False
    shapes: list[Any]


class AttributeIn(_Part):
    name: str
    kind: AttributeKind
    per_frame: bool = False
    choices: list[str] = []
    default: Any = None


class LabelIn(_Part):
    name: str = Field(min_length=1, max_length=80)
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    attributes: Annotated[list[AttributeIn], BeforeValidator(_at_most(MOST_ATTRIBUTES))] = []
    skeleton: Skeleton | None = None


class VideoIn(_Part):
    name: str = ""
    width: int = Field(0, ge=0)
    height: int = Field(0, ge=0)
    frame_count: int = Field(0, ge=0)
    fps: float = Field(0, ge=0, allow_inf_nan=False)


class HeadIn(_Part):
    """A file but for its tracks. ``tracking``: how they were made, which nothing is made of."""

    format: Literal["framewise"]
    version: Literal[1]
    video: VideoIn = VideoIn()
    labels: Annotated[list[LabelIn], BeforeValidator(_at_most(MOST_LABELS))] = []
    tracking: Any = None
    tracks: list[Any]
