"""Two layers of a video compared: scores, and where they differ."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Router
from pydantic import Field

from annotator.access import access_layer, access_video, hidden_layers
from annotator.actions import comparisons
from annotator.api.people import signed_in
from annotator.models import Comparison, Layer
from annotator.operations import Message

router = Router(tags=["layers"])

State = Literal["queued", "running", "done", "failed", "cancelled"]
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


class NamedTrack(Message):
    """A track as it was called when it was compared."""

    label: int
    number: int


class ComparisonReport(Message):
    """`boxes`: how many boxes differ, by kind; `chart`: the same in equal parts of the video. `tracks`: those of the
    differences, by their ids; `not_listed`: further differences. `by_bounds`: tracks with shapes that aren't boxes,
    which count by their bounds; `frame_tags`: tracks that say something of frames, which aren't compared."""

    scores: list[ScoresOut] = []
    scores_missing: str = Field("", description="Why there are no scores; empty: there are.")
    differences: list[DifferenceOut] = []
    tracks: dict[str, NamedTrack] = {}
    not_listed: int = 0
    boxes: dict[DifferenceKind, int] = {}
    chart: dict[DifferenceKind, list[int]] = {}
    by_bounds: int = 0
    frame_tags: int = 0


class ComparisonOut(Message):
    """`progress` in [0, 1]; `message`: why it failed. `compared_at`: when the report was made, which stays while they
    are compared anew; null: there is none yet, and nothing in it. `changed`: the layers that aren't as they were then;
    `current`: none is."""

    reference: int
    compared: int
    reference_revision: int
    compared_revision: int
    state: State
    progress: float
    message: str
    compared_at: datetime | None
    changed: list[int]
    current: bool
    report: ComparisonReport


class ComparedOut(Message):
    """A comparison that was made, in a line. Scores are of all labels together; null: there are none."""

    reference: int
    compared: int
    state: State
    compared_at: datetime
    current: bool
    by: str = Field(description="Who asked for it; empty: nobody who is still here.")
    hota: float | None
    idf1: float | None
    mota: float | None
    switches: float | None


@router.get("/videos/{video_id}/comparisons", response=list[ComparedOut], summary="Comparisons of a video's layers")
def list_comparisons(request: HttpRequest, video_id: int) -> list[dict[str, Any]]:
    """Those that were made of layers which the reader sees, the latest first."""
    user = signed_in(request)
    video = access_video(user, video_id, "view")
    shown = video.layers.exclude(pk__in=hidden_layers(user, video.project).values("pk"))
    return [_line(found) for found in comparisons.comparisons_of(shown)]


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
    return _found(access_layer(user, layer_id, "view"), access_layer(user, reference_id, "view"))


@router.delete(
    "/layers/{layer_id}/comparisons/{reference_id}", response=ComparisonOut, summary="Cancel a comparison under way"
)
def cancel(request: HttpRequest, layer_id: int, reference_id: int) -> dict[str, Any]:
    """What was found before stays. 404 where they were never compared so."""
    user = signed_in(request)
    compared, reference = access_layer(user, layer_id, "view"), access_layer(user, reference_id, "view")
    comparisons.cancel_comparison(reference=reference, compared=compared)
    return _found(compared, reference)


def _found(compared: Layer, reference: Layer) -> dict[str, Any]:
    found = comparisons.find_comparison(reference=reference, compared=compared)
    if found is None:
        raise Http404("These layers were not compared yet.")
    return _out(found)


def _out(found: Comparison) -> dict[str, Any]:
    changed = comparisons.changed_since(found)
    return {
        "reference": found.reference_id,
        "compared": found.compared_id,
        "reference_revision": found.reference_revision,
        "compared_revision": found.compared_revision,
        "state": found.state,
        "progress": found.progress,
        "message": found.message,
        "compared_at": found.finished_at,
        "changed": changed,
        "current": found.state == "done" and not changed,
        "report": found.report if found.finished_at is not None else {},
    }


def _line(found: Any) -> dict[str, Any]:
    overall = found.overall or {}
    revisions = (found.reference_revision, found.compared_revision)
    return {
        "reference": found.reference_id,
        "compared": found.compared_id,
        "state": found.state,
        "compared_at": found.finished_at,
        "current": revisions == (found.reference.revision, found.compared.revision),
        "by": str(found.created_by or ""),
        **{name: overall.get(name) for name in ("hota", "idf1", "mota", "switches")},
    }
