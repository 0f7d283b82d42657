"""Two layers of a video compared: scores, and where they differ."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Router
from pydantic import Field

from annotator.access import access_layer
from annotator.actions import comparisons
from annotator.api.people import signed_in
from annotator.models import Comparison
from annotator.operations import Message

router = Router(tags=["layers"])

DifferenceKind = Literal["missed", "extra", "switch", "overlap", "label"]


class ScoresOut(Message):
    """How well tracks of a label (null: all, whatever their labels) agree with the reference's. Shares are in [0, 1],
    `mota` may be below; null: the reference has no box of the label."""

    label: int | None
    reference_boxes: int
    compared_boxes: int
    hota: float | None
    deta: float | None
    assa: float | None
    idf1: float | None
    mota: float | None
    switches: float | None = Field(description="How often a track of the reference goes on under another one.")


class DifferenceOut(Message):
    """A stretch of frames, both ends included, on which two tracks differ. `missed`: only the reference has it;
    `extra`: only the compared one; `switch`: from here on it goes on under another track; `overlap`: they overlap by
    less than half; `label`: the labels differ. `overlap`: the lowest in it."""

    kind: DifferenceKind
    first: int
    last: int
    reference: UUID | None
    compared: UUID | None
    overlap: float


class ComparisonReport(Message):
    """`boxes`: how many boxes differ, by kind; `chart`: the same in equal parts of the video. `not_listed`: further
    differences. `by_bounds`: tracks with shapes that aren't boxes, which count by their bounds; `frame_tags`: tracks
    that say something of frames, which aren't compared."""

    scores: list[ScoresOut] = []
    scores_missing: str = Field("", description="Why there are no scores; empty: there are.")
    differences: list[DifferenceOut] = []
    not_listed: int = 0
    boxes: dict[DifferenceKind, int] = {}
    chart: dict[DifferenceKind, list[int]] = {}
    by_bounds: int = 0
    frame_tags: int = 0


class ComparisonOut(Message):
    """`progress` in [0, 1]; `message`: why it failed. `current`: both layers still are as they were compared."""

    reference: int
    compared: int
    reference_revision: int
    compared_revision: int
    state: Literal["queued", "running", "done", "failed"]
    progress: float
    message: str
    current: bool
    report: ComparisonReport


@router.post(
    "/layers/{layer_id}/comparisons/{reference_id}", response=ComparisonOut, summary="Compare with a reference"
)
def compare(request: HttpRequest, layer_id: int, reference_id: int) -> dict[str, Any]:
    """Begins in the background, unless both layers are as they were compared last: ask how it stands by GET."""
    user = signed_in(request)
    compared = access_layer(user, layer_id, "view")
    reference = access_layer(user, reference_id, "view")
    return _out(comparisons.begin_comparison(user=user, reference=reference, compared=compared))


@router.get("/layers/{layer_id}/comparisons/{reference_id}", response=ComparisonOut, summary="How it compares")
def get_comparison(request: HttpRequest, layer_id: int, reference_id: int) -> dict[str, Any]:
    """404 where they were never compared so."""
    user = signed_in(request)
    compared = access_layer(user, layer_id, "view")
    found = comparisons.find_comparison(reference=access_layer(user, reference_id, "view"), compared=compared)
    if found is None:
        raise Http404("These layers were not compared yet.")
    return _out(found)


def _out(found: Comparison) -> dict[str, Any]:
    done = found.state == "done"
    return {
        "reference": found.reference_id,
        "compared": found.compared_id,
        "reference_revision": found.reference_revision,
        "compared_revision": found.compared_revision,
        "state": found.state,
        "progress": found.progress,
        "message": found.message,
        "current": done and comparisons.is_current(found),
        "report": found.report if done else {},
    }
