"""The check of a layer: begin it, and what it found."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from annotator.access import access_layer
from annotator.actions.inspecting import begin_inspection
from annotator.models import Inspection, Layer
from annotator.operations import Message

router = Router(tags=["inspections"])


class RuleOut(Message):
    """`title` and `says`: a few words, and a sentence with its limits."""

    id: str
    title: str
    says: str


class FindingOut(Message):
    """One thing that a rule finds. `track` and `other` are ids, `name` is what people call it; "": of the layer as a
    whole. `first` and `last` are both part of it; null: it isn't of any frames."""

    rule: str
    grade: Literal["error", "warning", "hint"]
    words: str
    track: UUID | Literal[""]
    name: str
    other: UUID | Literal[""]
    first: int | None
    last: int | None


class QueueItemOut(Message):
    """A span that a machine made, to be looked at; `other` is a second track where two come close. `chance` of a frame
    in it being wrong is in [0, 1]; without `reasons` nothing is unusual. `pictures`: frame, x1, y1, x2, y2 in px."""

    track: UUID
    other: UUID | Literal[""]
    name: str
    first: int
    last: int
    worst: int = Field(description="The frame that is most likely wrong.")
    chance: float
    wrong: float = Field(description="Frames that are expected to be wrong.")
    reasons: list[str]
    pictures: list[tuple[int, float, float, float, float]]


class LooksOut(Message):
    """On how many frames looks were compared; `problem`: why not on all that were wanted, empty: there is none."""

    frames_wanted: int
    frames_seen: int
    problem: str


class ResultOut(Message):
    """The worst findings come first; `left_out` says of which rules there are more, and how many. In the queue the
    spans that are most likely wrong come first; `queue_left_out` more are behind them."""

    queue: list[QueueItemOut]
    queue_left_out: int
    looks: LooksOut | None = Field(None, description="null: this check is older than comparing looks.")
    findings: list[FindingOut]
    left_out: dict[str, int]
    rules: list[RuleOut]
    tracks: int
    shapes: int
    compared_every: int = Field(description="Tracks were compared with each other on every so-many-th frame.")
    seconds: float


class InspectionOut(Message):
    """The latest check. The result is of `revision`; the layer's is `current` by now."""

    state: Literal["none", "queued", "running", "done", "failed"]
    message: str
    revision: int | None
    current: int
    result: ResultOut | None


@router.get("/{layer_id}/inspection", response=InspectionOut, summary="What the latest check of a layer found")
def get_inspection(request: HttpRequest, layer_id: int) -> HttpResponse:
    layer = access_layer(request.user, layer_id, "view")
    return _answer(layer, Inspection.objects.filter(layer=layer).first())


@router.post("/{layer_id}/inspection", response=InspectionOut, summary="Check a layer")
def inspect_layer(request: HttpRequest, layer_id: int) -> HttpResponse:
    """In the background: ask again until `state` is `done` or `failed`. Nothing is done where the result is of the
    present revision."""
    layer = access_layer(request.user, layer_id, "view")
    begin_inspection(layer)
    return _answer(layer, Inspection.objects.filter(layer=layer).first())


def _answer(layer: Layer, inspection: Inspection | None) -> HttpResponse:
    """What was found is sent as it is kept: it may be thousands of findings."""
    fields = {
        "state": inspection.state if inspection else "none",
        "message": inspection.message if inspection else "",
        "revision": inspection.revision if inspection else None,
        "current": layer.revision,
        "result": msgspec.Raw(inspection.result if inspection and inspection.result else b"null"),
    }
    return HttpResponse(msgspec.json.encode(fields), content_type="application/json")
