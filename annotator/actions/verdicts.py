"""Reviewers' verdicts on spans of tracks. An editor gives them as an operation of an edit; everybody else by this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from django.db.models import Max, Min

from annotator import access
from annotator.actions.edits.apply import apply_edit
from annotator.actions.edits.shape_draft import FrameRange
from annotator.actions.edits.spans import united
from annotator.actions.errors import ActionError
from annotator.announce.messages import Edit
from annotator.models import Event, Layer, Track, User
from annotator.operations import Operation, SpanVerdict, Verdict, VerdictsReplace

Given = Verdict | Literal[""]
"""A verdict, or none: what was said is taken away."""
WORDS: dict[str, str] = {
    "accepted": "Accepted",
    "rejected": "Rejected",
    "check": "To be checked:",
    "": "Without a verdict:",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verdict is on: some frames of a track; ``ranges`` None: from its first shape to its last."""

    track: UUID
    ranges: Sequence[FrameRange] | None = None


def give_verdict(
    *,
    user: User,
    layer_id: int,
    spans: Sequence[Judged],
    verdict: Given,
    reason: str = "",
    edit_id: UUID | None = None,
) -> Event:
    """Give one verdict on some spans, as one event, which its author may undo. The same ``edit_id`` again changes
    nothing.

    Raises:
        Http404, PermissionDenied: verdicts on this layer aren't the user's to give.
        ActionError: no span, a track without shapes or of another layer, a rejection without a reason.
    """
    layer = access.access_layer(user, layer_id, "review")
    if not spans:
        raise ActionError("A verdict is on a track or more; none was named.")
    operations: list[Operation] = [_operation(layer, each, verdict, reason) for each in spans]
    summary = _summary(layer, spans, verdict)
    edit = Edit(id=edit_id or uuid4(), operations=operations, undoes=None, base=None, summary=summary)
    return apply_edit(user=user, layer_id=layer_id, edit=edit)


def _operation(layer: Layer, judged: Judged, verdict: Given, reason: str) -> VerdictsReplace:
    ranges = united(_whole(layer, judged.track) if judged.ranges is None else judged.ranges)
    given = [SpanVerdict(first=first, last=last, verdict=verdict, reason=reason) for first, last in ranges if verdict]
    return VerdictsReplace(track=judged.track, ranges=ranges, spans=given)


def _whole(layer: Layer, track: UUID) -> list[FrameRange]:
    ends = layer.chunks.filter(track_id=track).aggregate(first=Min("first"), last=Max("last"))
    if ends["first"] is None:
        raise ActionError(f"A verdict is on shapes; track {track} has none on this layer.")
    return [(ends["first"], ends["last"])]


def _summary(layer: Layer, spans: Sequence[Judged], verdict: Given) -> str:
    if len({each.track for each in spans}) > 1:
        return f"{WORDS[verdict]} {len(spans)} tracks"
    track = Track.objects.filter(layer=layer, pk=spans[0].track).select_related("label").first()
    return f"{WORDS[verdict]} {track or 'a track'}"
